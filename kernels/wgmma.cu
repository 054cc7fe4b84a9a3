// wgmma: the product of mma.cuh on Hopper's own path to its tensor units: c = a b with a of m x k and b stored transposed, n x k.
// Rows of a and b are multiples of 16 bytes. Work and exactness: mma.cuh; in FP8 the sums themselves keep about 14 bits.
// Layout: a cluster of two blocks makes 256 x 256 results, each block 128 rows of them, in turns until all are made. In a block one
// thread orders boxes of 128 rows by SLAB bytes of k, up to STAGES slabs ahead: the block's own rows of a, and half of the rows of b
// for both blocks. Two warpgroups multiply, 64 x 256 results each, and write them while the next slabs come.
// A box lies in shared memory as both the copies and the products know it: rows of 128 bytes, of which each eight are
// permuted ("128B swizzle").
// Outside the matrices copies bring zeros. No wait lasts for ever: who waits too long leaves without counting.
#include "common.cuh"
#include "sm90.cuh"
#include "tiles.cuh"

#define CLUSTER 2
#define CONSUMERS 2
#define GROUP 128
#define THREADS (GROUP * (1 + CONSUMERS))
#define ROWS 128
#define COLUMNS 256
#define BOX_ROWS 128
#define SLAB 128
#define STAGES 4
// 168 registers per thread at launch: 384 x 168 = 128 x 40 + 256 x 232.
#define PRODUCER_REGISTERS 40
#define CONSUMER_REGISTERS 232
#define PATIENCE_NS 2000000000ull

// One slab of both matrices.
struct alignas(1024) Stage {
    unsigned char a[ROWS * SLAB];
    unsigned char b[COLUMNS * SLAB];
};

struct Pipeline {
    Stage stages[STAGES];
    // A phase of `full` is a slab that has come, one of `empty` a slab that all warps of the cluster are through with.
    u64 full[STAGES];
    u64 empty[STAGES];
};

// Where in the pipeline somebody is: the stage, and the parity of the round.
struct Turn {
    u32 stage, round;

    __device__ __forceinline__ void next() {
        stage = stage == STAGES - 1 ? 0 : stage + 1;
        round ^= stage == 0 ? 1 : 0;
    }
};

// The tiles of one cluster.
struct Tiles {
    u32 rows, columns, first, step;

    __device__ __forceinline__ Tiles(u32 m, u32 n)
        : rows((m + CLUSTER * ROWS - 1) / (CLUSTER * ROWS)), columns((n + COLUMNS - 1) / COLUMNS),
          first(blockIdx.x / CLUSTER), step(gridDim.x / CLUSTER) {}

    __device__ __forceinline__ u32 end() const {
        return rows * columns;
    }

    // The first row and column of this block's part of a tile.
    __device__ __forceinline__ void place(u32 tile, u32 &row, u32 &column) const {
        place_of(tile, rows, columns, row, column);
        row = (row * CLUSTER + cluster_rank()) * ROWS;
        column *= COLUMNS;
    }
};

// False where the phase did not end in time.
__device__ __forceinline__ bool wait(u64 *barrier, u32 parity) {
    if (barrier_passed(barrier, parity)) return true;
    const u64 begun = nanoseconds();
    while (!barrier_passed(barrier, parity)) {
        if (nanoseconds() - begun > PATIENCE_NS) return false;
    }
    return true;
}

// One thread.
__device__ __forceinline__ void produce(Pipeline &pipeline, const TensorMap *a, const TensorMap *b, const Tiles &tiles, u32 slabs) {
    const u32 half = cluster_rank() * BOX_ROWS;
    Turn turn = {0, 0};
    for (u32 tile = tiles.first; tile < tiles.end(); tile += tiles.step) {
        u32 row, column;
        tiles.place(tile, row, column);
        for (u32 slab = 0; slab < slabs; slab++, turn.next()) {
            // The phase before the first counts as ended: all stages begin empty.
            if (!wait(&pipeline.empty[turn.stage], turn.round ^ 1)) return;
            Stage &stage = pipeline.stages[turn.stage];
            u64 *full = &pipeline.full[turn.stage];
            // Whole boxes count, whatever of them lies outside, and what the other block orders for this one.
            barrier_expect(full, sizeof(Stage));
            load_box(stage.a, a, full, slab * SLAB, row);
            load_box_to(stage.b + half * SLAB, b, full, slab * SLAB, column + half, (1 << CLUSTER) - 1);
        }
    }
}

// What a product needs to know of 8 x n rows of 128 bytes in shared memory: where they begin, eight rows to the next
// eight, and the permutation ("Matrix Descriptor Format").
__device__ __forceinline__ u64 descriptor(const void *rows) {
    const u64 start = (shared_address(rows) & 0x3FFFF) >> 4;
    const u64 eight_rows = 8 * SLAB >> 4;
    return start | 1ull << 16 | eight_rows << 32 | 1ull << 62;
}

// This warp is through with a stage: the producers of all blocks learn it.
__device__ __forceinline__ void release(u64 *empty) {
    const u32 lane = threadIdx.x % 32;
    if (lane < CLUSTER) barrier_arrive(empty, lane);
}

template <class Result>
struct alignas(8) Pair {
    Result left, right;
};

// Writes what lies inside of this thread's results, rows g and g + 8 and columns 2 t and 2 t + 1 of each eight, and says how many that
// were ("Register Fragments").
template <class Result>
__device__ __forceinline__ u32 store(const Result (&sums)[128], Result *c, u32 m, u32 n, u32 row, u32 column) {
    const u32 lane = threadIdx.x % 32;
    column += lane % 4 * 2;
    const u32 columns = column < n ? n - column : 0;
    u32 stored = 0;
#pragma unroll
    for (u32 half = 0; half < 2; half++) {
        const u32 r = row + lane / 4 + 8 * half;
        if (r >= m) continue;
        Result *to = c + ((u64)r * n + column);
#pragma unroll
        for (u32 eight = 0; eight < COLUMNS / 8; eight++) {
            const u32 q = 8 * eight;
            const Pair<Result> pair = {sums[4 * eight + 2 * half], sums[4 * eight + 2 * half + 1]};
            if (n % 2 == 0) {
                if (q < columns) {
                    *(Pair<Result> *)(to + q) = pair;
                    stored += 2;
                }
            } else {
                if (q < columns) {
                    to[q] = pair.left;
                    stored++;
                }
                if (q + 1 < columns) {
                    to[q + 1] = pair.right;
                    stored++;
                }
            }
        }
    }
    return stored;
}

// A warpgroup. How many units it has done.
template <class P>
__device__ __forceinline__ u32 consume(Pipeline &pipeline, typename P::Result *c, u32 m, u32 n, u64 row_bytes, const Tiles &tiles, u32 slabs) {
    const u32 group = threadIdx.x / GROUP - 1;
    const u32 warp = threadIdx.x % GROUP / 32;
    typename P::Result sums[128] = {};
    Turn turn = {0, 0};
    u32 units = 0;
    for (u32 tile = tiles.first; tile < tiles.end(); tile += tiles.step) {
        u32 done = 0;
        u64 *before = nullptr;
        for (u32 slab = 0; slab < slabs; slab++, turn.next()) {
            // All of a warp come to one answer, and to the products together.
            if (__any_sync(0xFFFFFFFFu, !wait(&pipeline.full[turn.stage], turn.round))) {
                wgmma_wait<0>(sums);
                return units;
            }
            const Stage &stage = pipeline.stages[turn.stage];
            const u64 a = descriptor(stage.a + group * 64 * SLAB), b = descriptor(stage.b);
            wgmma_fence(sums);
#pragma unroll
            for (u32 step = 0; step < SLAB / 32; step++) {
                P::step(sums, a + (step * 32 >> 4), b + (step * 32 >> 4), step > 0 || slab > 0);
            }
            wgmma_commit();
            // The products of the slab before are made.
            wgmma_wait<1>(sums);
            if (before) release(before);
            before = &pipeline.empty[turn.stage];
            const u64 rest = row_bytes - (u64)slab * SLAB;
            done += (u32)(rest < SLAB ? rest : SLAB) / sizeof(typename P::Element);
            opaque(done);
        }
        wgmma_wait<0>(sums);
        if (before) release(before);
        u32 row, column;
        tiles.place(tile, row, column);
        units += store(sums, c, m, n, row + group * 64 + warp * 16, column) * done;
    }
    return units;
}

template <class P>
__device__ __forceinline__ void product(
    const TensorMap *a, const TensorMap *b, typename P::Result *c, u32 m, u32 n, u32 k, u64 *counters
) {
    // The permutation repeats every 1024 bytes of address.
    const u64 memory = (u64)launched_shared();
    Pipeline &pipeline = *(Pipeline *)(memory + (1024 - shared_address((void *)memory) % 1024) % 1024);
    if (threadIdx.x == 0) {
        for (u32 stage = 0; stage < STAGES; stage++) {
            barrier_init(&pipeline.full[stage], 1);
            barrier_init(&pipeline.empty[stage], CLUSTER * CONSUMERS * GROUP / 32);
        }
        publish_barriers();
    }
    cluster_barrier();
    const Tiles tiles(m, n);
    const u64 row_bytes = (u64)k * sizeof(typename P::Element);
    const u32 slabs = (u32)((row_bytes + SLAB - 1) / SLAB);
    if (threadIdx.x < GROUP) {
        give_registers<PRODUCER_REGISTERS>();
        if (threadIdx.x == 0) produce(pipeline, a, b, tiles, slabs);
    } else {
        take_registers<CONSUMER_REGISTERS>();
        count(counters, consume<P>(pipeline, c, m, n, row_bytes, tiles, slabs));
    }
    // No block leaves while another may still write to its shared memory.
    cluster_barrier();
}

struct Fp16 {
    typedef unsigned short Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_f16(d, a, b, add); }
};

struct Bf16 : Fp16 {
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_bf16(d, a, b, add); }
};

struct Tf32 {
    typedef float Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_tf32(d, a, b, add); }
};

struct E4m3 {
    typedef unsigned char Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_e4m3(d, a, b, add); }
};

struct E5m2 : E4m3 {
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_e5m2(d, a, b, add); }
};

struct Int8 {
    typedef unsigned char Element;
    typedef u32 Result;
    static __device__ __forceinline__ void step(u32 (&d)[128], u64 a, u64 b, bool add) { wgmma_s8(d, a, b, add); }
};

#define PRODUCT(name, P)                                                                                             \
    extern "C" __global__ void __cluster_dims__(CLUSTER, 1, 1) __launch_bounds__(THREADS, 1) wgmma_##name##_128(     \
        const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, P::Result *c, u32 m, u32 n, u32 k, \
        u64 *counters                                                                                                \
    ) {                                                                                                              \
        product<P>(&a, &b, c, m, n, k, counters);                                                                    \
    }

PRODUCT(fp16, Fp16)
PRODUCT(bf16, Bf16)
PRODUCT(tf32, Tf32)
PRODUCT(fp8_e4m3, E4m3)
PRODUCT(fp8_e5m2, E5m2)
PRODUCT(int8, Int8)
