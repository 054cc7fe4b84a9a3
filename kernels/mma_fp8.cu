// mma_fp8: products on the tensor units in FP8, from compute capability 8.9 on. Work, exactness and layout: mma.cuh.
// Hopper's units take FP8 by wgmma only; there the assembler would make two FP16 products of each of these.
#include "mma.cuh"

struct E4m3 {
    typedef unsigned char Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_e4m3(d, a, b); }
};

struct E5m2 {
    typedef unsigned char Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_e5m2(d, a, b); }
};

MMA(fp8_e4m3, Copied, Ahead, E4m3)
MMA(fp8_e5m2, Copied, Ahead, E5m2)
