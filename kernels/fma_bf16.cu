// fma: the chains of fma.cu in BF16, packed as FP16 is there; from compute capability 8.0 on.
// Work: as fma.cu.
// Exactness: rounds once where the reference rounds twice; small integers are exact either way.
#include "fma.cuh"

struct Bf16 {
    typedef u32 Value;
    typedef float Result;
    static const u32 LANES = 2;
    static const int BODY = 512;
    static __device__ __forceinline__ Value start(const Source &s, u64 index, u64 next) {
        return draw_b16(s, index) | draw_b16(s, index + next) << 16;
    }
    // BF16 is the high half of FP32.
    static __device__ __forceinline__ Value multiplier(u32 bits) { return (bits >> 16) * 0x10001u; }
    static __device__ __forceinline__ Value step(Value a, Value m, Value c) { return fma_bf16x2(a, m, c); }
    static __device__ __forceinline__ Result part(Value x, u32 lane) { return __uint_as_float(x >> 16 * lane << 16); }
};

NARROW(bf16, Bf16)
