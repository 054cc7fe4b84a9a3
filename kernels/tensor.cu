// tensor: the ceiling of the tensor units in the formats of compute capability 8.0. Work, exactness and layout: tensor.cuh.
#include "tensor.cuh"

struct Fp16 : OfFp16 {
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_f16(d, a, b); }
};

struct Bf16 : Fp16 {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_b16(s, index); }
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_bf16(d, a, b); }
};

// The values of FP16, as FP32 words.
struct Tf32 {
    typedef float Result;
    static const u32 PER_WORD = 1;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) {
        return __float_as_uint(f16_value(draw_f16(s, index)));
    }
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80000000u : 0; }
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_tf32(d, a, b); }
};

struct Int8 : OfInt8 {
    static __device__ __forceinline__ void step(u32 (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_s8(d, a, b); }
};

// FP64 takes two instructions to a tile. The body is short, since where there are next to no FP64 units the assembler paces each
// instruction with dozens of NOPs.
struct Fp64 {
    static const u32 BODY = 4;
    static __device__ __forceinline__ void step(double (&d)[4], double upper, double lower, double b) {
        mma_f64(d[0], d[1], upper, b);
        mma_f64(d[2], d[3], lower, b);
    }
};

TENSOR(fp64, Doubles<Fp64>)
TENSOR(fp16, Words<Fp16>)
TENSOR(bf16, Words<Bf16>)
TENSOR(tf32, Words<Tf32>)
TENSOR(int8, Words<Int8>)
