// fma: register-resident multiply-add chains, one lane per thread (FP16: two lanes, packed).
// Work: 2 operations per step (8 for packed bytes), no memory traffic but one result per lane.
// Exactness: FP64, FP32, integers as the reference, bit for bit; FP16 rounds once where the reference rounds twice.
#include "fma.cuh"

// Each precision says how many steps its loop's body holds: enough that the loop itself does not count, few enough for
// the instruction cache. Those that take every issue slot need the longest.
struct Fp64 {
    typedef double Value;
    typedef double Result;
    static const u32 LANES = 1;
    static const int BODY = 128;
    static __device__ __forceinline__ Value start(const Source &s, u64 index, u64) { return (double)draw_f32(s, index); }
    static __device__ __forceinline__ Value multiplier(u32 bits) { return (double)__uint_as_float(bits); }
    static __device__ __forceinline__ Value step(Value a, Value m, Value c) { return fma(a, m, c); }
    static __device__ __forceinline__ Result part(Value x, u32) { return x; }
};

struct Fp32 {
    typedef float Value;
    typedef float Result;
    static const u32 LANES = 1;
    static const int BODY = 512;
    static __device__ __forceinline__ Value start(const Source &s, u64 index, u64) { return draw_f32(s, index); }
    static __device__ __forceinline__ Value multiplier(u32 bits) { return __uint_as_float(bits); }
    static __device__ __forceinline__ Value step(Value a, Value m, Value c) { return fmaf(a, m, c); }
    static __device__ __forceinline__ Result part(Value x, u32) { return x; }
};

// `next` is how many indices further the other lane's value lies.
struct Fp16 {
    typedef u32 Value;
    typedef float Result;
    static const u32 LANES = 2;
    static const int BODY = 512;
    static __device__ __forceinline__ Value start(const Source &s, u64 index, u64 next) {
        return draw_f16(s, index) | draw_f16(s, index + next) << 16;
    }
    static __device__ __forceinline__ Value multiplier(u32 bits) {
        return f16_bits(__uint_as_float(bits)) * 0x10001u;
    }
    static __device__ __forceinline__ Value step(Value a, Value m, Value c) { return fma_f16x2(a, m, c); }
    static __device__ __forceinline__ Result part(Value x, u32 lane) { return f16_value(x >> 16 * lane & 0xFFFF); }
};

struct Int32 {
    typedef u32 Value;
    typedef u32 Result;
    static const u32 LANES = 1;
    static const int BODY = 256;
    static __device__ __forceinline__ Value start(const Source &s, u64 index, u64) { return draw_i32(s, index); }
    static __device__ __forceinline__ Value multiplier(u32 bits) { return bits; }
    static __device__ __forceinline__ Value step(Value a, Value m, Value c) { return mad(a, m, c); }
    static __device__ __forceinline__ Result part(Value x, u32) { return x; }
};

struct Int8 {
    typedef u32 Value;
    typedef u32 Result;
    static const u32 LANES = 1;
    static const int BODY = 256;
    static __device__ __forceinline__ Value start(const Source &s, u64 index, u64) { return hash(s.seed, index); }
    static __device__ __forceinline__ Value multiplier(u32 bits) { return bits; }
    static __device__ __forceinline__ Value step(Value a, Value m, Value c) { return dp4a(a, m, c); }
    static __device__ __forceinline__ Result part(Value x, u32) { return x; }
};

WIDE(fp64, Fp64)
WIDE(fp32, Fp32)
WIDE(int32, Int32)
NARROW(fp16, Fp16)
NARROW(int8, Int8)
