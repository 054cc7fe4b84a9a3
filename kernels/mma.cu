// mma: products on the tensor units in the formats of compute capability 8.0. Work, exactness and layout: mma.cuh.
#include "mma.cuh"

struct Fp16 {
    typedef unsigned short Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_f16(d, a, b); }
};

struct Bf16 : Fp16 {
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_bf16(d, a, b); }
};

struct Tf32 {
    typedef float Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_tf32(d, a, b); }
};

struct Int8 {
    typedef unsigned char Element;
    typedef u32 Result;
    static __device__ __forceinline__ void step(u32 (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_s8(d, a, b); }
};

MMA(fp16, Copied, Ahead, Fp16)
MMA(bf16, Copied, Ahead, Bf16)
MMA(tf32, Copied, Ahead, Tf32)
MMA(int8, Copied, Ahead, Int8)
PRODUCT(fp64, 128, Copied, Doubles)
