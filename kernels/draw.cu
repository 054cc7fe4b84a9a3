// draw: seeded elements of any format, as they lie in memory.
// Work: the bytes written; 1 or 2 hashes of 9 integer operations each per element. Exact.
// Layout: a thread makes 16 bytes at a time, blocks stride over the range; block 0 takes what is left, element by
// element. Element 0 of the pointer is element `at` of the draw.
#include "common.cuh"

// Each format: its element in memory, and how one is drawn.
struct Fp64 {
    typedef double Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return (double)draw_f32(s, i); }
};

struct Fp32 {
    typedef float Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return draw_f32(s, i); }
};

struct Tf32 {
    typedef float Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return f16_value(draw_f16(s, i)); }
};

struct Bf16 {
    typedef unsigned short Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return (Element)draw_b16(s, i); }
};

struct Fp16 {
    typedef unsigned short Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return (Element)draw_f16(s, i); }
};

struct E4m3 {
    typedef unsigned char Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return (Element)draw_e4m3(s, i); }
};

struct E5m2 {
    typedef unsigned char Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return (Element)draw_e5m2(s, i); }
};

struct Int32 {
    typedef u32 Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return draw_i32(s, i); }
};

struct Int8 {
    typedef unsigned char Element;
    static __device__ __forceinline__ Element element(const Source &s, u64 i) { return (Element)draw_i8(s, i); }
};

template <class P>
__device__ __forceinline__ void draw(
    uint4 *dst, u64 elements, u64 at, const Source &source, u64 *counters
) {
    const u32 PER = 16 / sizeof(typename P::Element);
    const u64 vectors = elements / PER;
    u32 done = 0;
    for (u64 v = global_thread(); v < vectors; v += (u64)gridDim.x * blockDim.x) {
        union {
            uint4 vector;
            typename P::Element parts[PER];
        } made;
#pragma unroll
        for (u32 i = 0; i < PER; i++) made.parts[i] = P::element(source, at + v * PER + i);
        dst[v] = made.vector;
        done += PER;
    }
    const u64 last = vectors * PER + threadIdx.x;
    if (blockIdx.x == 0 && last < elements) {
        ((typename P::Element *)dst)[last] = P::element(source, at + last);
        done++;
    }
    count(counters, done);
}

#define DRAW(name, P)                                                                                                \
    KERNEL(256) draw_##name(                                                                                         \
        uint4 *dst, u64 elements, u64 at, u64 seed, u32 distribution, u32 magnitude, u64 *counters                   \
    ) {                                                                                                              \
        draw<P>(dst, elements, at, Source{seed, distribution, magnitude}, counters);                                 \
    }

DRAW(fp64, Fp64)
DRAW(fp32, Fp32)
DRAW(tf32, Tf32)
DRAW(fp16, Fp16)
DRAW(bf16, Bf16)
DRAW(fp8_e4m3, E4m3)
DRAW(fp8_e5m2, E5m2)
DRAW(int32, Int32)
DRAW(int8, Int8)
