// ptx: the instructions that CUDA C++ has no plain word for, each as a function of 32-bit words.
// A compiler for another machine brings functions of the same names (tests/fake_cuda/cpu_kernels.h).
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;

#ifdef __CUDACC__

// a * b + c, wrapping. Written out, because a compiler that knows it as arithmetic folds whole chains of it into one.
__device__ __forceinline__ u32 mad(u32 a, u32 b, u32 c) {
    u32 d;
    asm("mad.lo.u32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// Four signed byte products, added to c, wrapping.
__device__ __forceinline__ u32 dp4a(u32 a, u32 b, u32 c) {
    u32 d;
    asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// Two FP16 multiply-adds side by side, each rounded once.
__device__ __forceinline__ u32 fma_f16x2(u32 a, u32 b, u32 c) {
    u32 d;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// The FP16 bits of a value, in the low half; and the value of the low half.
__device__ __forceinline__ u32 f16_bits(float value) {
    u32 bits;
    asm("{ .reg .b16 h; cvt.rn.f16.f32 h, %1; cvt.u32.u16 %0, h; }" : "=r"(bits) : "f"(value));
    return bits;
}

__device__ __forceinline__ float f16_value(u32 bits) {
    float value;
    asm("{ .reg .b16 h; cvt.u16.u32 h, %1; cvt.f32.f16 %0, h; }" : "=f"(value) : "r"(bits));
    return value;
}

#endif

// Makes a value one that the compiler cannot know: a counter stays a count of what ran.
__device__ __forceinline__ void opaque(u32 &value) {
    asm volatile("" : "+r"(value));
}
