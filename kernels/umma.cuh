// umma: the product of mma.cuh on the large Blackwells' own path to their tensor units (tcgen05): c = a b with a of m x k and b stored
// transposed, n x k. Rows of a and b are multiples of 16 bytes. Work and exactness: mma.cuh; what sums keep in FP8 is not known to us, and
// not relied on beyond what Hopper's keep.
// Layout: pipeline.cuh, of one block each, 128 x 256 results. One thread orders slabs, one multiplies, four warps write the results, all at
// the same time: sums lie in tensor memory, twice 256 columns, of which one set is written while the other is summed up.
// Why 128 x 256: a unit makes 8192 operations a cycle in FP16, so that a step of 32 bytes of k takes it 128 cycles, in which it reads
// (128 + 256) x 32 bytes of shared memory: 96 bytes a cycle of about 128. What boxes bring takes as much again where both go through one
// port; two blocks that make 256 x 256 together read and bring two thirds of it, and are what may be added.
#pragma once

#include "pipeline.cuh"
#include "sm100.cuh"

struct Wide {
    static const u32 CLUSTER = 1, COLUMNS = 256, STAGES = 4;
};

// Warps 0 to 3 reach a quarter of the lanes each, and write; then the one that orders and the one that multiplies.
#define WRITERS 4
#define ORDERER WRITERS
#define MULTIPLIER (WRITERS + 1)
#define BLOCK ((WRITERS + 2) * 32)
// All of the tensor memory.
#define SETS 2
#define TENSOR_COLUMNS (SETS * Wide::COLUMNS)
// Columns that a thread has in registers at a time.
#define AT_ONCE 32

struct Shared : Pipeline<Wide> {
    // A phase of `made` is a set of sums that is ready, one of `taken` a set that the writers are through with; `over` is the end of all.
    u64 made[SETS], taken[SETS], over;
    // The units of k that were multiplied into each set.
    u32 done[SETS];
    // Where the tensor memory is.
    u32 tensor;
};

// Which set of sums somebody is at, and the parity of the round.
struct Set {
    u32 index, round;

    __device__ __forceinline__ void next() {
        index = index == SETS - 1 ? 0 : index + 1;
        round ^= index == 0 ? 1 : 0;
    }
};

// A warp, of which one thread starts the products. It leaves early where it has waited too long.
template <class P>
__device__ __forceinline__ void multiply_all(Shared &shared, u64 row_bytes, const Tiles<Wide> &tiles, u32 slabs) {
    const u32 product = product_descriptor(P::SUMS, P::FORMAT, ROWS, Wide::COLUMNS), tensor = of_all(shared.tensor);
    Turn<Wide> turn = {0, 0};
    Set set = {0, 0};
    for (u32 tile = tiles.first; tile < tiles.end(); tile += tiles.step, set.next()) {
        // The phase before the first counts as ended: both sets begin empty. All of the warp come to one answer.
        if (__any_sync(0xFFFFFFFFu, !wait(&shared.taken[set.index], set.round ^ 1))) return;
        tensor_after_meeting();
        const u32 sums = tensor + set.index * Wide::COLUMNS;
        u32 done = 0;
        for (u32 slab = 0; slab < slabs; slab++, turn.next()) {
            if (__any_sync(0xFFFFFFFFu, !wait(&shared.full[turn.stage], turn.round))) return;
            tensor_after_meeting();
            const Stage<Wide> &stage = shared.stages[turn.stage];
            // One from the other, which lies behind it: which of two that are made alike ptxas takes first depends on where in memory it
            // has them, and no two builds are the same.
            const u64 a = slab_descriptor(shared_address(stage.a)), b = further(a, sizeof stage.a);
            if (is_elected()) {
#pragma unroll
                for (u32 step = 0; step < SLAB / 32; step++) {
                    P::step(sums, further(a, step * 32), further(b, step * 32), product, step > 0 || slab > 0);
                }
                arrive_when_made(&shared.empty[turn.stage]);
            }
            __syncwarp();
            done += depth(row_bytes, slab, sizeof(typename P::Element));
            opaque(done);
        }
        if (is_elected()) {
            shared.done[set.index] = done;
            barrier_arrive(&shared.made[set.index], 0);
            arrive_when_made(&shared.made[set.index]);
        }
        __syncwarp();
    }
}

// Writes the columns of a thread's row that lie inside, by 16 bytes where rows of c are multiples of that, and says how many that were.
__device__ __forceinline__ u32 write(const u32 (&sums)[AT_ONCE], u32 *to, u32 columns, bool whole) {
    u32 stored = 0;
#pragma unroll
    for (u32 q = 0; q < AT_ONCE; q += 4) {
        if (whole) {
            if (q < columns) {
                *(uint4 *)(to + q) = make_uint4(sums[q], sums[q + 1], sums[q + 2], sums[q + 3]);
                stored += 4;
            }
        } else {
#pragma unroll
            for (u32 i = q; i < q + 4; i++) {
                if (i < columns) {
                    to[i] = sums[i];
                    stored++;
                }
            }
        }
    }
    return stored;
}

// A warp of those that write. How many units it has done.
__device__ __forceinline__ u32 write_all(Shared &shared, u32 *c, u32 m, u32 n, const Tiles<Wide> &tiles) {
    const u32 first = threadIdx.x / 32 * 32, lane = threadIdx.x % 32;
    Set set = {0, 0};
    u32 units = 0;
    for (u32 tile = tiles.first; tile < tiles.end(); tile += tiles.step, set.next()) {
        // All of a warp come to one answer, and to the loads together.
        if (__any_sync(0xFFFFFFFFu, !wait(&shared.made[set.index], set.round))) return units;
        tensor_after_meeting();
        const u32 done = shared.done[set.index];
        u32 row, column, stored = 0;
        tiles.place(tile, row, column);
        row += first + lane;
#pragma unroll 1
        for (u32 at = 0; at < Wide::COLUMNS; at += AT_ONCE, column += AT_ONCE) {
            u32 sums[AT_ONCE];
            tensor_load(sums, shared.tensor + first * TENSOR_LANE + set.index * Wide::COLUMNS + at);
            if (row < m && column < n) stored += write(sums, c + ((u64)row * n + column), n - column, n % 4 == 0);
        }
        tensor_before_meeting();
        __syncwarp();
        if (lane == 0) barrier_arrive(&shared.taken[set.index], 0);
        units += stored * done;
    }
    return units;
}

// All of it. Whoever leaves early comes to the end as well, where the tensor memory is given back.
template <class P>
__device__ __forceinline__ void product(
    const TensorMap *a, const TensorMap *b, typename P::Result *c, u32 m, u32 n, u32 k, u64 *counters
) {
    // Stays a pointer all the way, so that the compiler knows which memory it is.
    unsigned char *const memory = launched_shared();
    Shared &shared = *(Shared *)(memory + (1024 - shared_address(memory) % 1024) % 1024);
    const u32 warp = of_all(threadIdx.x / 32);
    if (threadIdx.x == 0) {
        for (u32 stage = 0; stage < Wide::STAGES; stage++) {
            barrier_init(&shared.full[stage], 1);
            barrier_init(&shared.empty[stage], 1);
        }
        for (u32 set = 0; set < SETS; set++) {
            // When the products are made, and when it is written how many.
            barrier_init(&shared.made[set], 2);
            barrier_init(&shared.taken[set], WRITERS);
        }
        barrier_init(&shared.over, 1);
        publish_barriers();
    }
    if (warp == MULTIPLIER) {
        tensor_take<TENSOR_COLUMNS>(&shared.tensor);
        tensor_take_no_more();
        tensor_before_meeting();
    }
    __syncthreads();
    tensor_after_meeting();
    const u64 row_bytes = (u64)k * sizeof(typename P::Element);
    const Tiles<Wide> tiles(m, n);
    const u32 slabs = (u32)((row_bytes + SLAB - 1) / SLAB);
    if (warp < WRITERS) {
        count(counters, write_all(shared, (u32 *)c, m, n, tiles));
    } else if (warp == ORDERER) {
        if (is_elected()) produce(shared, a, b, tiles, slabs);
    } else {
        multiply_all<P>(shared, row_bytes, tiles, slabs);
        // Nothing is given back that products still use, whoever has left early.
        if (is_elected()) arrive_when_made(&shared.over);
        wait(&shared.over, 0);
    }
    __syncwarp();
    tensor_before_meeting();
    __syncthreads();
    tensor_after_meeting();
    if (warp == MULTIPLIER) tensor_give_back<TENSOR_COLUMNS>(shared.tensor);
}

#define PRODUCT(name, P)                                                                                             \
    extern "C" __global__ void __launch_bounds__(BLOCK, 1) umma_##name##_256(                                        \
        const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, P::Result *c, u32 m, u32 n, u32 k, \
        u64 *counters                                                                                                \
    ) {                                                                                                              \
        product<P>(&a, &b, c, m, n, k, counters);                                                                    \
    }
