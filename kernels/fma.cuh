// fma: multiply-add chains in any format, which `P` is: how values start, step and end, and how many steps the body of the loop holds.
// Layout: a kernel for every recurrence of src/probes/fma.rs; the compiler writes BODY steps out to a loop turn.
#pragma once

#include "common.cuh"

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
