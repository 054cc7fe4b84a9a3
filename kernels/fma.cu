// fma: register-resident multiply-add chains, one lane per thread (FP16: two lanes, packed).
// Work: 2 operations per step (8 for packed bytes), no memory traffic but one result per lane.
// Exactness: FP64, FP32, integers as the reference, bit for bit; FP16 rounds once where the reference rounds twice.
// Layout: a kernel for every recurrence of src/probes/fma.rs; the compiler writes BODY steps out to a loop turn.
#include "common.cuh"

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

// `rounds` rounds (even) of reference::run_chains.
template <class P, int N, int STRIDE, int ROUNDS>
__device__ __forceinline__ void run(typename P::Value (&x)[N], typename P::Value even, typename P::Value odd) {
#pragma unroll
    for (int round = 0; round < ROUNDS; round++) {
#pragma unroll
        for (int j = 0; j < N; j++) x[j] = P::step(x[(j + STRIDE) % N], round % 2 ? odd : even, x[j]);
    }
}

// `blocks` times the even number of rounds that fit a BODY, then `pairs` times two.
template <class P, int N, int STRIDE>
__device__ __forceinline__ void chains(
    u32 first, u32 end, u32 blocks, u32 pairs, const Source &source, u32 even, u32 odd, typename P::Result *out,
    u64 *counters
) {
    const int ROUNDS = P::BODY / N / 2 * 2;
    const u64 lane = first + global_thread() * P::LANES;
    u32 lanes = 0;
    u32 rounds = 0;
    if (lane < end) {
        lanes = end - lane < P::LANES ? (u32)(end - lane) : P::LANES;
        typename P::Value x[N] = {};
        // Shifted through, so that the code to draw a value is there once.
#pragma unroll 1
        for (int i = 0; i < N; i++) {
#pragma unroll
            for (int j = 0; j + 1 < N; j++) x[j] = x[j + 1];
            x[N - 1] = P::start(source, lane * N + i, N);
        }
        const typename P::Value m0 = P::multiplier(even), m1 = P::multiplier(odd);
#pragma unroll 1
        for (u32 i = 0; i < blocks; i++) {
            run<P, N, STRIDE, ROUNDS>(x, m0, m1);
            rounds += ROUNDS;
            opaque(rounds);
        }
#pragma unroll 1
        for (u32 i = 0; i < pairs; i++) {
            run<P, N, STRIDE, 2>(x, m0, m1);
            rounds += 2;
            opaque(rounds);
        }
        for (u32 l = 0; l < lanes; l++) {
            typename P::Result sum = P::part(x[0], l);
#pragma unroll
            for (int j = 1; j < N; j++) sum += P::part(x[j], l);
            out[lane + l] = sum;
        }
    }
    count(counters, rounds * lanes);
}

#define CHAINS(name, P, n, stride)                                                                                   \
    KERNEL(512) fma_##name##_##n##x##stride(                                                                         \
        u32 first, u32 end, u32 blocks, u32 pairs, u64 seed, u32 distribution, u32 magnitude, u32 even, u32 odd,     \
        P::Result *out, u64 *counters                                                                                \
    ) {                                                                                                              \
        chains<P, n, stride>(first, end, blocks, pairs, Source{seed, distribution, magnitude}, even, odd, out, counters); \
    }

// The recurrences that src/device/cuda/forms.rs offers.
#define WIDE(name, P)                                                                                                \
    CHAINS(name, P, 8, 0) CHAINS(name, P, 16, 0) CHAINS(name, P, 12, 1) CHAINS(name, P, 14, 1) CHAINS(name, P, 16, 4) \
    CHAINS(name, P, 32, 8)
#define NARROW(name, P) CHAINS(name, P, 8, 0) CHAINS(name, P, 16, 0) CHAINS(name, P, 16, 4)

WIDE(fp64, Fp64)
WIDE(fp32, Fp32)
WIDE(int32, Int32)
NARROW(fp16, Fp16)
NARROW(int8, Int8)
