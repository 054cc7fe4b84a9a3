// dmma: products in FP64 on Hopper's tensor units, which only instructions of 16 rows keep busy: c = a b with a of m x k and b stored
// transposed, n x k. Rows of a and b are multiples of 16 bytes.
// Work: 2 m n k operations. Exactness: sums are in FP64, in any order.
// Layout: pipeline.cuh; a block makes 128 x 128 results, its eight warps as 2 x 4 of them 64 x 32 each. Thread 4 g + t holds values t and
// t + 4 of each 8 of k of rows g and g + 8 of a and of row g of b (PTX ISA, "Matrix Fragments for mma.m16n8k8"). Which value of k is
// which is free as long as a and b agree: so that half a warp meets all banks, and that each load fills the register it is used from,
// the threads of a row take every second value, from two chunks four apart.
#include "pipeline.cuh"

struct Square {
    static const u32 CLUSTER = 1, COLUMNS = 128, STAGES = 6;
};

// 8 values of k of 64 rows of a and 32 of b.
struct Fragments {
    double left[4][4], right[4][2];

    // From the first row of each matrix, values `step` of four.
    __device__ __forceinline__ void load(const unsigned char *a, const unsigned char *b, u32 step) {
        const u32 g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
        for (u32 half = 0; half < 2; half++) {
            // Rows further down differ by multiples of eight, so that their chunks lie alike.
            const u32 at = g * SLAB + ((t / 2 * 4 + 2 * step + half) ^ g) * 16 + t % 2 * 8;
#pragma unroll
            for (u32 i = 0; i < 4; i++) {
                left[i][2 * half] = *(const double *)(a + at + 16 * i * SLAB);
                left[i][2 * half + 1] = *(const double *)(a + at + (16 * i + 8) * SLAB);
                right[i][half] = *(const double *)(b + at + 8 * i * SLAB);
            }
        }
    }
};

// The 64 x 32 results of one warp, as 4 x 4 of 16 x 8.
struct Sums {
    double parts[4][4][4];

    __device__ __forceinline__ void add(const Fragments &of) {
#pragma unroll
        for (u32 i = 0; i < 4; i++) {
#pragma unroll
            for (u32 j = 0; j < 4; j++) mma_f64_k8(parts[i][j], of.left[i], of.right[j]);
        }
    }
};

// Writes what lies inside of a warp's results, and says how many that were.
__device__ __forceinline__ u32 store(const double (&parts)[4][4][4], double *c, u32 m, u32 n, u32 row, u32 column) {
    const u32 lane = threadIdx.x % 32;
    u32 stored = 0;
#pragma unroll
    for (u32 i = 0; i < 4; i++) {
#pragma unroll
        for (u32 j = 0; j < 4; j++) {
#pragma unroll
            for (u32 e = 0; e < 4; e++) {
                const u32 r = row + 16 * i + lane / 4 + e / 2 * 8;
                const u32 q = column + 8 * j + lane % 4 * 2 + e % 2;
                if (r < m && q < n) {
                    c[(u64)r * n + q] = parts[i][j][e];
                    stored++;
                }
            }
        }
    }
    return stored;
}

// A warp. How many units it has done.
__device__ __forceinline__ u32 multiply(
    Pipeline<Square> &pipeline, double *c, u32 m, u32 n, u64 row_bytes, const Tiles<Square> &tiles, u32 slabs
) {
    const u32 warp = threadIdx.x / 32 - GROUP / 32;
    const u32 warp_row = warp / 4 * 64, warp_column = warp % 4 * 32;
    Turn<Square> turn = {0, 0};
    // A stage is given back one slab later. Loads that are on their way when a barrier is reached may be overtaken by what the other
    // side does then; those of the slab before have filled their registers, since they were multiplied.
    u64 *before = nullptr;
    u32 units = 0;
    for (u32 tile = tiles.first; tile < tiles.end(); tile += tiles.step) {
        Sums sums = {};
        u32 done = 0;
        for (u32 slab = 0; slab < slabs; slab++, turn.next()) {
            // All of a warp come to one answer.
            if (__any_sync(0xFFFFFFFFu, !wait(&pipeline.full[turn.stage], turn.round))) return units;
            if (before) release<Square>(before);
            before = &pipeline.empty[turn.stage];
            const Stage<Square> &stage = pipeline.stages[turn.stage];
#pragma unroll
            for (u32 step = 0; step < SLAB / 64; step++) {
                Fragments of;
                of.load(stage.a + warp_row * SLAB, stage.b + warp_column * SLAB, step);
                sums.add(of);
            }
            done += depth(row_bytes, slab, sizeof(double));
            opaque(done);
        }
        u32 row, column;
        tiles.place(tile, row, column);
        units += store(sums.parts, c, m, n, row + warp_row, column + warp_column) * done;
    }
    return units;
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) dmma_fp64_128(
    const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, double *c, u32 m, u32 n, u32 k, u64 *counters
) {
    const u64 row_bytes = (u64)k * sizeof(double);
    pipelined<Square>(&a, &b, m, n, row_bytes, counters, [=](Pipeline<Square> &pipeline, const Tiles<Square> &tiles, u32 slabs) {
        return multiply(pipeline, c, m, n, row_bytes, tiles, slabs);
    });
}
