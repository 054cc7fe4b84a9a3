// pipeline: slabs of both matrices of a product c = a b on their way into shared memory, a of m x k, b stored transposed, n x k: one
// thread of a block orders them, warps that multiply take them (compute capability 9.0).
// Rows of a and b are multiples of 16 bytes. What lies outside the matrices comes as zeros.
// Layout: a slab is SLAB bytes of k of ROWS rows of a and G::COLUMNS rows of b, up to G::STAGES of them ahead. It lies as copies of
// boxes leave it ("128B swizzle"): rows of eight chunks of 16 bytes, chunk c of row r at place c ^ r % 8. The blocks of a cluster make
// tiles of one below the other, and each orders its share of b for all. Blocks take tiles in turns until all are made.
// No wait lasts for ever: who waits too long leaves without counting.
#pragma once

#include "common.cuh"
#include "sm90.cuh"
#include "tiles.cuh"

#define CONSUMERS 2
#define GROUP 128
#define THREADS (GROUP * (1 + CONSUMERS))
#define ROWS 128
#define BOX_ROWS 128
#define SLAB 128
// 168 registers per thread at launch: 384 x 168 = 128 x 40 + 256 x 232.
#define PRODUCER_REGISTERS 40
#define CONSUMER_REGISTERS 232

// One slab of both matrices. The permutation repeats every 1024 bytes of address.
template <class G>
struct alignas(1024) Stage {
    unsigned char a[ROWS * SLAB];
    unsigned char b[G::COLUMNS * SLAB];
};

template <class G>
struct Pipeline {
    Stage<G> stages[G::STAGES];
    // A phase of `full` is a slab that has come, one of `empty` a slab that all warps of the cluster are through with.
    u64 full[G::STAGES];
    u64 empty[G::STAGES];
};

// Where in the pipeline somebody is: the stage, and the parity of the round.
template <class G>
struct Turn {
    u32 stage, round;

    __device__ __forceinline__ void next() {
        stage = stage == G::STAGES - 1 ? 0 : stage + 1;
        round ^= stage == 0 ? 1 : 0;
    }
};

// The tiles of one cluster.
template <class G>
struct Tiles {
    u32 rows, columns, first, step;

    __device__ __forceinline__ Tiles(u32 m, u32 n)
        : rows((m + G::CLUSTER * ROWS - 1) / (G::CLUSTER * ROWS)), columns((n + G::COLUMNS - 1) / G::COLUMNS),
          first(blockIdx.x / G::CLUSTER), step(gridDim.x / G::CLUSTER) {}

    __device__ __forceinline__ u32 end() const {
        return rows * columns;
    }

    // The first row and column of this block's part of a tile.
    __device__ __forceinline__ void place(u32 tile, u32 &row, u32 &column) const {
        place_of(tile, rows, columns, row, column);
        row = (row * G::CLUSTER + cluster_rank()) * ROWS;
        column *= G::COLUMNS;
    }
};

// One thread.
template <class G>
__device__ __forceinline__ void produce(Pipeline<G> &pipeline, const TensorMap *a, const TensorMap *b, const Tiles<G> &tiles, u32 slabs) {
    const u32 share = cluster_rank() * BOX_ROWS;
    Turn<G> turn = {0, 0};
    for (u32 tile = tiles.first; tile < tiles.end(); tile += tiles.step) {
        u32 row, column;
        tiles.place(tile, row, column);
        for (u32 slab = 0; slab < slabs; slab++, turn.next()) {
            // The phase before the first counts as ended: all stages begin empty.
            if (!wait(&pipeline.empty[turn.stage], turn.round ^ 1)) return;
            Stage<G> &stage = pipeline.stages[turn.stage];
            u64 *full = &pipeline.full[turn.stage];
            // Whole boxes count, whatever of them lies outside, and what other blocks order for this one.
            barrier_expect(full, sizeof(Stage<G>));
            load_box(stage.a, a, full, slab * SLAB, row);
            if (G::CLUSTER > 1) {
                load_box_to(stage.b + share * SLAB, b, full, slab * SLAB, column + share, (1 << G::CLUSTER) - 1);
            } else {
#pragma unroll
                for (u32 box = 0; box < G::COLUMNS; box += BOX_ROWS) load_box(stage.b + box * SLAB, b, full, slab * SLAB, column + box);
            }
        }
    }
}

// This warp is through with a stage: the producers of all blocks learn it.
template <class G>
__device__ __forceinline__ void release(u64 *empty) {
    const u32 lane = threadIdx.x % 32;
    if (lane < G::CLUSTER) barrier_arrive(empty, lane);
}

// The units of k in a slab.
__device__ __forceinline__ u32 depth(u64 row_bytes, u32 slab, u32 element_bytes) {
    const u64 rest = row_bytes - (u64)slab * SLAB;
    return (u32)(rest < SLAB ? rest : SLAB) / element_bytes;
}

// The first warpgroup orders, the others multiply: `consume` takes all slabs of all tiles and says how many units it did.
template <class G, class Consume>
__device__ __forceinline__ void pipelined(
    const TensorMap *a, const TensorMap *b, u32 m, u32 n, u64 row_bytes, u64 *counters, const Consume &consume
) {
    // Stays a pointer all the way, so that the compiler knows which memory it is.
    unsigned char *const memory = launched_shared();
    Pipeline<G> &pipeline = *(Pipeline<G> *)(memory + (1024 - shared_address(memory) % 1024) % 1024);
    if (threadIdx.x == 0) {
        for (u32 stage = 0; stage < G::STAGES; stage++) {
            barrier_init(&pipeline.full[stage], 1);
            barrier_init(&pipeline.empty[stage], G::CLUSTER * CONSUMERS * GROUP / 32);
        }
        publish_barriers();
    }
    cluster_barrier();
    const Tiles<G> tiles(m, n);
    const u32 slabs = (u32)((row_bytes + SLAB - 1) / SLAB);
    if (threadIdx.x < GROUP) {
        give_registers<PRODUCER_REGISTERS>();
        if (threadIdx.x == 0) produce(pipeline, a, b, tiles, slabs);
    } else {
        take_registers<CONSUMER_REGISTERS>();
        count(counters, consume(pipeline, tiles, slabs));
    }
    // No block leaves while another may still write to its shared memory.
    cluster_barrier();
}
