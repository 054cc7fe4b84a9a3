// tensor_fp8: the ceiling of the tensor units in FP8, where mma.sync reaches them (mma_fp8.cu says where). Work, exactness
// and layout: tensor.cuh.
#include "tensor.cuh"

struct E4m3 {
    typedef float Result;
    static const u32 PER_WORD = 4;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_e4m3(s, index); }
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80808080u : 0; }
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_e4m3(d, a, b); }
};

struct E5m2 : E4m3 {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_e5m2(s, index); }
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_e5m2(d, a, b); }
};

TENSOR(fp8_e4m3, Words<E4m3>)
TENSOR(fp8_e5m2, Words<E5m2>)
