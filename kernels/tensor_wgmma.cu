// tensor_wgmma: the ceiling of the tensor units by Hopper's own path to them (compute capability 9.0): tiles of 64 x 256 results, each fed
// the same matrices over and over from shared memory (reference::mma_tile). Nothing else is read; a result is stored once, at the end.
// Work: 2 x 64 x 256 x k operations per step with 32 bytes of k, TILE_STEPS steps to a turn.
// Exactness: as the reference on integers, in any order of sums; in FP8 the sums themselves keep about 14 bits.
// Layout: a warpgroup has one tile, a block two, and neither waits for the other: one multiplies while the other changes its matrix.
#include "tensor_wide.cuh"

#define ROWS 64

// What a product needs to know of 8 x n rows of 128 bytes in shared memory ("Matrix Descriptor Format").
__device__ __forceinline__ u64 descriptor(const void *rows) {
    const u64 start = (shared_address(rows) & 0x3FFFF) >> 4;
    const u64 eight_rows = 8 * ROW_BYTES >> 4;
    return start | 1ull << 16 | eight_rows << 32 | 1ull << 62;
}

// What of its own a thread changes lies in rows g and g + 8 of its warp's 16, in words t and t + 4; so do its first results.
template <class F>
__device__ __forceinline__ void change(Matrices<ROWS> &mine, const typename F::Result (&d)[128], bool inverted) {
    const u32 row = threadIdx.x % GROUP / 32 * 16 + threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    *mine.word(row, t) ^= F::changed(d[0], inverted);
    *mine.word(row, t + 4) ^= F::changed(d[1], inverted);
    *mine.word(row + 8, t) ^= F::changed(d[2], inverted);
    *mine.word(row + 8, t + 4) ^= F::changed(d[3], inverted);
}

template <class F>
__device__ __forceinline__ void tiles(
    u32 first, u32 end, u32 turns, const Source &source, typename F::Result *out, u64 *counters
) {
    unsigned char *const memory = launched_shared();
    Matrices<ROWS> *const all = (Matrices<ROWS> *)(memory + (1024 - shared_address(memory) % 1024) % 1024);
    const u32 group = threadIdx.x / GROUP;
    Matrices<ROWS> &mine = all[group];
    const u64 tile = first + (u64)blockIdx.x * GROUPS + group;
#pragma unroll 1
    for (u32 i = threadIdx.x % GROUP; i < (ROWS + COLUMNS) * ROW_WORDS; i += GROUP) {
        *mine.word(i / ROW_WORDS, i % ROW_WORDS) =
            drawn_word<F>(source, (tile * (ROWS + COLUMNS) * ROW_WORDS + i) * F::PER_WORD);
    }
    // The first turn changes nothing, but writes what it read; and other threads have drawn it.
    warpgroup_barrier(group);
    const u64 a = descriptor(mine.a), b = descriptor(mine.b);
    typename F::Result d[128] = {};
    u32 steps = 0;
#pragma unroll 1
    for (u32 turn = 0; turn < turns; turn++) {
        change<F>(mine, d, hash(0, turn) >> threadIdx.x % 32 & 1);
        // What was written must be seen by the units, whoever wrote it.
        publish_shared();
        warpgroup_barrier(group);
        wgmma_fence(d);
#pragma unroll 1
        for (u32 i = 0; i < TILE_STEPS / BODY; i++) {
#pragma unroll
            for (u32 j = 0; j < BODY; j++) F::step(d, a, b, i + j > 0);
            steps += BODY;
            opaque(steps);
        }
        wgmma_commit();
        wgmma_wait<0>(d);
        // Nobody changes what another warp's products still read.
        warpgroup_barrier(group);
    }
    u32 stored = 0;
    if (tile < end) {
        const u32 row = threadIdx.x % GROUP / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
        typename F::Result *const to = out + (tile * ROWS + row) * COLUMNS + column;
#pragma unroll
        for (u32 e = 0; e < 128; e++) to[e / 2 % 2 * 8 * COLUMNS + e / 4 * 8 + e % 2] = d[e];
        stored = 128;
    }
    count(counters, steps * stored);
}

#define FORMAT(name, Of, instruction)                                                                                \
    struct name : Of {                                                                                               \
        static __device__ __forceinline__ void step(Of::Result (&d)[128], u64 a, u64 b, bool add) { instruction(d, a, b, add); } \
    };
FORMAT(Fp16, OfFp16, wgmma_f16)
FORMAT(Bf16, OfBf16, wgmma_bf16)
FORMAT(Tf32, OfTf32, wgmma_tf32)
FORMAT(E4m3, OfE4m3, wgmma_e4m3)
FORMAT(E5m2, OfE5m2, wgmma_e5m2)
FORMAT(Int8, OfInt8, wgmma_s8)

#define TILES(name, F)                                                                                               \
    extern "C" __global__ void __launch_bounds__(GROUPS * GROUP, 1) tensor_wgmma_##name(                             \
        u32 first, u32 end, u32 turns, u64 seed, u32 distribution, u32 magnitude, F::Result *out, u64 *counters      \
    ) {                                                                                                              \
        tiles<F>(first, end, turns, Source{seed, distribution, magnitude}, out, counters);                           \
    }

TILES(fp16, Fp16)
TILES(bf16, Bf16)
TILES(tf32, Tf32)
TILES(fp8_e4m3, E4m3)
TILES(fp8_e5m2, E5m2)
TILES(int8, Int8)
