// tensor_sm75: the ceiling of the tensor units of compute capability 7.5. Work, exactness and layout: tensor.cuh.
#include "sm75.cuh"
#include "tensor.cuh"

struct Fp16 : OfFp16 {
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { step_f16_sm75(d, a, b); }
};

struct Int8 : OfInt8 {
    static __device__ __forceinline__ void step(u32 (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { step_s8_sm75(d, a, b); }
};

TENSOR(sm75_fp16, Words<Fp16>)
TENSOR(sm75_int8, Words<Int8>)
