// tensor: the ceiling of the tensor units, for any format: tiles of 16 x 8 results, each fed the same fragments over and
// over (reference::mma_tile). Operands and results stay in registers; a result is stored once, at the end.
// Work: 2 x 16 x 8 x k operations per step with 32 bytes of k, TILE_STEPS steps to a turn.
// Exactness: as the reference on integers, in any order of sums; else the units round as they like.
// Layout: fragments as in mma.cuh. N tiles of a warp take turns, so that none waits for its own last step. What changes a
// fragment lies in the same thread.
#pragma once

#include "common.cuh"

// As src/device/op.rs has it.
#define TILE_STEPS 64

// Where a thread stands in its warp: 4 g + t.
struct Place {
    u32 g, t;
};

// A thread's operands of a tile are EACH registers, and BODY steps make a loop's body: enough that the loop itself does not
// count. The formats that fill words: bytes 4 t and 16 + 4 t of rows g and g + 8 of a, then of row g of b.
template <class F>
struct Words {
    typedef u32 Operand;
    typedef typename F::Result Result;
    static const u32 EACH = 6;
    static const u32 BODY = 16;

    static __device__ __forceinline__ Operand draw(const Source &s, u64 tile, u32 i, Place at) {
        const u32 row = i < 4 ? i % 2 * 8 : 16, word = i < 4 ? i / 2 * 4 : i % 2 * 4;
        const u64 first = ((tile * 24 + row + at.g) * 8 + word + at.t) * F::PER_WORD;
        u32 bits = 0;
#pragma unroll 1
        for (u32 e = 0; e < F::PER_WORD; e++) bits |= F::draw(s, first + e) << 32 / F::PER_WORD * e;
        return bits;
    }
    static __device__ __forceinline__ void step(Result (&d)[4], const Operand *x) {
        const u32 a[4] = {x[0], x[1], x[2], x[3]}, b[2] = {x[4], x[5]};
        F::step(d, a, b);
    }
    static __device__ __forceinline__ void change(Operand *x, const Result (&d)[4], bool inverted) {
        x[0] ^= F::changed(d[0], inverted);
        x[1] ^= F::changed(d[2], inverted);
        x[2] ^= F::changed(d[1], inverted);
        x[3] ^= F::changed(d[3], inverted);
    }
};

// How many of a format's values a word holds, and which bits of a word a result changes: the signs where it is negative or, inverted,
// where it is not; in INT8 those that are its own.
struct OfFp16 {
    typedef float Result;
    static const u32 PER_WORD = 2;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_f16(s, index); }
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80008000u : 0; }
};

struct OfInt8 {
    typedef u32 Result;
    static const u32 PER_WORD = 4;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_i8(s, index); }
    static __device__ __forceinline__ u32 changed(u32 d, bool) { return d; }
};

// FP64, which fills no words: value t of rows g and g + 8 of a, then of row g of b.
template <class F>
struct Doubles {
    typedef double Operand;
    typedef double Result;
    static const u32 EACH = 3;
    static const u32 BODY = F::BODY;

    static __device__ __forceinline__ Operand draw(const Source &s, u64 tile, u32 i, Place at) {
        return (double)draw_f32(s, (tile * 24 + i * 8 + at.g) * 4 + at.t);
    }
    static __device__ __forceinline__ void step(Result (&d)[4], const Operand *x) { F::step(d, x[0], x[1], x[2]); }
    static __device__ __forceinline__ void change(Operand *x, const Result (&d)[4], bool inverted) {
        x[0] = (d[0] < 0) != inverted ? -x[0] : x[0];
        x[1] = (d[2] < 0) != inverted ? -x[1] : x[1];
    }
};

// A thread's results are columns 2 t and 2 t + 1 of rows g and g + 8.
template <class P, int N>
__device__ __forceinline__ void tiles(
    u32 first, u32 end, u32 turns, const Source &source, typename P::Result *out, u64 *counters
) {
    const int OPERANDS = N * P::EACH;
    const u64 tile = first + global_thread() / 32 * N;
    const Place at{threadIdx.x % 32 / 4, threadIdx.x % 4};
    typename P::Operand x[OPERANDS] = {};
    // Shifted through, so that the code to draw an operand is there once.
#pragma unroll 1
    for (u32 i = 0; i < OPERANDS; i++) {
#pragma unroll
        for (int j = 0; j + 1 < OPERANDS; j++) x[j] = x[j + 1];
        x[OPERANDS - 1] = P::draw(source, tile + i / P::EACH, i % P::EACH, at);
    }
    typename P::Result d[N][4] = {};
    u32 steps = 0;
#pragma unroll 1
    for (u32 turn = 0; turn < turns; turn++) {
        const bool inverted = hash(0, turn) >> threadIdx.x % 32 & 1;
#pragma unroll
        for (int j = 0; j < N; j++) {
            P::change(&x[j * P::EACH], d[j], inverted);
            d[j][0] = d[j][1] = d[j][2] = d[j][3] = 0;
        }
#pragma unroll 1
        for (u32 i = 0; i < TILE_STEPS / P::BODY; i++) {
#pragma unroll
            for (int j = 0; j < (int)P::BODY * N; j++) P::step(d[j % N], &x[j % N * P::EACH]);
            steps += P::BODY;
            opaque(steps);
        }
    }
    u32 stored = 0;
#pragma unroll
    for (int j = 0; j < N; j++) {
        if (tile + j < end) {
#pragma unroll
            for (u32 e = 0; e < 4; e++) out[((tile + j) * 16 + at.g + e / 2 * 8) * 8 + 2 * at.t + e % 2] = d[j][e];
            stored += 4;
        }
    }
    count(counters, steps * stored);
}

#define TILES(name, P, n)                                                                                            \
    KERNEL(256) tensor_##name##_x##n(                                                                                \
        u32 first, u32 end, u32 turns, u64 seed, u32 distribution, u32 magnitude, P::Result *out, u64 *counters      \
    ) {                                                                                                              \
        tiles<P, n>(first, end, turns, Source{seed, distribution, magnitude}, out, counters);                        \
    }
// As src/device/cuda/forms.rs offers them.
#define TENSOR(name, P) TILES(name, P, 4) TILES(name, P, 8)
