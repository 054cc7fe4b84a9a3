// tensor_umma: the ceiling of the tensor units by the large Blackwells' own path to them (tcgen05): tiles of 128 x 256 results, each fed
// the same matrices over and over from shared memory (reference::mma_tile). Nothing else is read; a result is stored once, at the end.
// Work: 2 x 128 x 256 x k operations per step with 32 bytes of k, TILE_STEPS steps to a turn.
// Exactness: as the reference on integers, in any order of sums; what sums keep in FP8 is not known to us.
// Layout: four warps have one tile, a block two, and neither waits for the other: one multiplies while the other changes its matrix. Each
// has half of the tensor memory for its sums, and each thread has a row. A step reads 96 bytes of shared memory a cycle, of about 128.
// No wait lasts for ever: who waits too long leaves without counting.
#pragma once

#include "sm100.cuh"
#include "tensor_wide.cuh"

#define ROWS GROUP
#define WARPS (GROUP / 32)
#define TENSOR_COLUMNS (GROUPS * COLUMNS)
// Columns that a thread has in registers at a time.
#define AT_ONCE 32

struct Shared {
    Matrices<ROWS> tiles[GROUPS];
    // A phase is a turn whose products are made.
    u64 made[GROUPS];
    // Steps that were started, of all turns so far.
    u32 steps[GROUPS];
    // Who has waited too long.
    u32 late[GROUPS];
    // Where the tensor memory is.
    u32 tensor;
};

// What of its own a thread changes is its row, by its first results: word w by that of column 2 (w % 4) + w / 4.
template <class F>
__device__ __forceinline__ void change(Matrices<ROWS> &mine, const u32 (&results)[8], u32 bits) {
    const u32 row = threadIdx.x % GROUP;
#pragma unroll
    for (u32 w = 0; w < ROW_WORDS; w++) {
        const bool inverted = bits >> (4 * (row % 8) + w % 4) & 1;
        *mine.word(row, w) ^= F::changed(F::result(results[2 * (w % 4) + w / 4]), inverted);
    }
}

// One warp, of which one thread starts a turn's products.
template <class F>
__device__ __forceinline__ void multiply(Shared &shared, u32 group, u32 sums) {
    const u32 product = product_descriptor(F::SUMS, F::FORMAT, ROWS, COLUMNS);
    const Matrices<ROWS> &tile = shared.tiles[group];
    const u64 a = slab_descriptor(shared_address(tile.a)), b = further(a, sizeof tile.a);
    if (is_elected()) {
        u32 steps = shared.steps[group];
#pragma unroll 1
        for (u32 i = 0; i < TILE_STEPS / BODY; i++) {
#pragma unroll
            for (u32 j = 0; j < BODY; j++) F::step(sums, a, b, product, i + j > 0);
            steps += BODY;
            opaque(steps);
        }
        shared.steps[group] = steps;
        barrier_arrive(&shared.made[group], 0);
        arrive_when_made(&shared.made[group]);
    }
    __syncwarp();
}

// Stores a thread's row. How many results that were.
__device__ __forceinline__ u32 store(u32 *to, u32 sums) {
#pragma unroll 1
    for (u32 at = 0; at < COLUMNS; at += AT_ONCE) {
        u32 part[AT_ONCE];
        tensor_load(part, sums + at);
        if (!to) continue;
#pragma unroll
        for (u32 q = 0; q < AT_ONCE; q += 4) *(uint4 *)(to + at + q) = make_uint4(part[q], part[q + 1], part[q + 2], part[q + 3]);
    }
    return to ? COLUMNS : 0;
}

// Four warps. How many units they have done.
template <class F>
__device__ __forceinline__ u32 turn_all(Shared &shared, u32 warp, u32 turns, u32 *to) {
    const u32 group = warp / WARPS, first = warp % WARPS * 32;
    const u32 sums = of_all(shared.tensor) + group * COLUMNS;
    u32 results[8] = {};
    bool in_time = true;
#pragma unroll 1
    for (u32 turn = 0; turn < turns; turn++) {
        change<F>(shared.tiles[group], results, hash(0, turn));
        // What was written must be seen by the units, whoever wrote it; and what others have read of the sums they have read.
        publish_shared();
        tensor_before_meeting();
        warpgroup_barrier(group);
        tensor_after_meeting();
        // All of the four warps come to one answer.
        if (shared.late[group]) return 0;
        if (first == 0) multiply<F>(shared, group, sums);
        in_time = !__any_sync(0xFFFFFFFFu, !wait(&shared.made[group], turn % 2));
        if (!in_time) {
            shared.late[group] = 1;
            continue;
        }
        tensor_after_meeting();
        tensor_load(results, sums + first * TENSOR_LANE);
    }
    return in_time ? store(to, sums + first * TENSOR_LANE) * shared.steps[group] : 0;
}

template <class F>
__device__ __forceinline__ void tiles(
    u32 first, u32 end, u32 turns, const Source &source, typename F::Result *out, u64 *counters
) {
    unsigned char *const memory = launched_shared();
    Shared &shared = *(Shared *)(memory + (1024 - shared_address(memory) % 1024) % 1024);
    const u32 warp = of_all(threadIdx.x / 32), group = warp / WARPS;
    if (threadIdx.x == 0) {
        for (u32 i = 0; i < GROUPS; i++) {
            // When the products are made, and when it is written how many.
            barrier_init(&shared.made[i], 2);
            shared.steps[i] = shared.late[i] = 0;
        }
        publish_barriers();
    }
    if (warp == 0) {
        tensor_take<TENSOR_COLUMNS>(&shared.tensor);
        tensor_take_no_more();
    }
    const u64 tile = first + (u64)blockIdx.x * GROUPS + group;
#pragma unroll 1
    for (u32 i = threadIdx.x % GROUP; i < (ROWS + COLUMNS) * ROW_WORDS; i += GROUP) {
        *shared.tiles[group].word(i / ROW_WORDS, i % ROW_WORDS) =
            drawn_word<F>(source, (tile * (ROWS + COLUMNS) * ROW_WORDS + i) * F::PER_WORD);
    }
    // What other threads have drawn is changed by the first turn, which writes what it read.
    publish_shared();
    tensor_before_meeting();
    __syncthreads();
    tensor_after_meeting();
    u32 *const to = (u32 *)out + (tile * ROWS + threadIdx.x % GROUP) * COLUMNS;
    count(counters, turn_all<F>(shared, warp, turns, tile < end ? to : nullptr));
    tensor_before_meeting();
    __syncthreads();
    tensor_after_meeting();
    if (warp == 0) tensor_give_back<TENSOR_COLUMNS>(shared.tensor);
}

#define FORMAT(name, Of, sums, format, read, instruction)                                                                 \
    struct name : Of {                                                                                               \
        static const u32 SUMS = sums, FORMAT = format;                                                               \
        static __device__ __forceinline__ Of::Result result(u32 bits) { return read(bits); }                         \
        static __device__ __forceinline__ void step(u32 d, u64 a, u64 b, u32 product, bool add) {                    \
            instruction(d, a, b, product, add);                                                                      \
        }                                                                                                            \
    };

#define TILES(name, F)                                                                                               \
    extern "C" __global__ void __launch_bounds__(GROUPS * GROUP, 1) tensor_umma_##name(                              \
        u32 first, u32 end, u32 turns, u64 seed, u32 distribution, u32 magnitude, F::Result *out, u64 *counters      \
    ) {                                                                                                              \
        tiles<F>(first, end, turns, Source{seed, distribution, magnitude}, out, counters);                           \
    }
