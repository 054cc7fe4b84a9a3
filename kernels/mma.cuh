// mma: the kernels on the tensor units, for any format: c = a b with a of m x k and b stored transposed, n x k, both row-major, on the tensor units (mma.sync).
// Work: 2 m n k operations; each block reads TILE rows of a and of b, SLAB bytes of k at a time.
// Exactness: products are exact and sums of integers below 2^24 too, in any order; else the units round as they like.
// Layout: an instruction takes 32 bytes of k of 16 rows of a and 8 rows of b, whatever the format, and thread 4 g + t of
// a warp holds 4 bytes of row g at byte 4 t (PTX ISA, "Matrix Fragments for mma"), which is what ldmatrix gives. So all
// formats share all code but the instruction, `P::step`. Eight warps as 2 x 4 make a tile, 64 x 32 results each. Slabs are on their
// way into shared memory STAGES - 1 ahead. What lies outside the matrices is zero.
#pragma once

#include "common.cuh"
#include "tiles.cuh"

#define THREADS 256
#define TILE 128
#define SLAB 64
#define STAGES 3
#define CHUNKS (SLAB / 16)

// Rows of chunks of 16 bytes, permuted so that eight rows of one column of chunks lie in different banks.
struct alignas(16) Slab {
    uint4 chunks[TILE * CHUNKS];

    static __device__ __forceinline__ u32 place(u32 row, u32 chunk) {
        return row * CHUNKS + (chunk ^ (row / 2 % CHUNKS));
    }
};

// A matrix as bytes. `whole` where rows are multiples of 16 bytes.
template <class P>
struct Matrix {
    const unsigned char *bytes;
    u32 rows;
    u64 row_bytes;
    bool whole;

    // Starts to bring TILE rows from `first` on, SLAB bytes from `begin` on.
    __device__ __forceinline__ void fetch(Slab &to, u32 first, u64 begin) const {
#pragma unroll
        for (u32 i = 0; i < TILE * CHUNKS / THREADS; i++) {
            const u32 chunk = threadIdx.x + i * THREADS;
            const u32 row = first + chunk / CHUNKS;
            const u64 at = begin + chunk % CHUNKS * 16;
            const bool inside = row < rows && at < row_bytes;
            const unsigned char *from = bytes + (inside ? row * row_bytes + at : 0);
            uint4 *place = &to.chunks[Slab::place(chunk / CHUNKS, chunk % CHUNKS)];
            if (whole) {
                copy_async(place, from, inside ? 16 : 0);
            } else {
                *place = gathered(from, inside ? row_bytes - at : 0);
            }
        }
    }

    // The first 16 bytes at `from`, of which `left` are of the row; zero beyond it.
    static __device__ __forceinline__ uint4 gathered(const unsigned char *from, u64 left) {
        typedef typename P::Element Element;
        const u32 EACH = 16 / sizeof(Element);
        union {
            uint4 vector;
            Element parts[EACH];
        } raw;
        raw.vector = make_uint4(0, 0, 0, 0);
#pragma unroll
        for (u32 i = 0; i < EACH; i++) {
            if (i * sizeof(Element) < left) raw.parts[i] = ((const Element *)from)[i];
        }
        return raw.vector;
    }
};

// The 64 x 32 results of one warp, as 4 x 4 of 16 x 8.
template <class P>
struct Sums {
    typename P::Result parts[4][4][4];

    __device__ __forceinline__ void add(const Slab &a, const Slab &b, u32 row, u32 column) {
        const u32 lane = threadIdx.x % 32;
#pragma unroll
        for (u32 step = 0; step < CHUNKS / 2; step++) {
            u32 left[4][4], right[4][2];
#pragma unroll
            for (u32 i = 0; i < 4; i++) {
                load_matrices(left[i], &a.chunks[Slab::place(row + 16 * i + lane % 16, 2 * step + lane / 16)]);
            }
#pragma unroll
            for (u32 j = 0; j < 4; j += 2) {
                u32 two[4];
                const u32 at = column + 8 * j + lane / 16 * 8 + lane % 8;
                load_matrices(two, &b.chunks[Slab::place(at, 2 * step + lane / 8 % 2)]);
                right[j][0] = two[0];
                right[j][1] = two[1];
                right[j + 1][0] = two[2];
                right[j + 1][1] = two[3];
            }
#pragma unroll
            for (u32 i = 0; i < 4; i++) {
#pragma unroll
                for (u32 j = 0; j < 4; j++) P::step(parts[i][j], left[i], right[j]);
            }
        }
    }
};

template <class P>
__device__ __forceinline__ void product(
    const typename P::Element *a, const typename P::Element *b, typename P::Result *c, u32 m, u32 n, u32 k, u64 *counters
) {
    __shared__ Slab left[STAGES], right[STAGES];
    u32 row, column;
    place_of_block((m + TILE - 1) / TILE, (n + TILE - 1) / TILE, row, column);
    row *= TILE;
    column *= TILE;
    const u64 row_bytes = (u64)k * sizeof(typename P::Element);
    const bool whole = row_bytes % 16 == 0;
    const Matrix<P> of_a{(const unsigned char *)a, m, row_bytes, whole};
    const Matrix<P> of_b{(const unsigned char *)b, n, row_bytes, whole};
    u64 next = 0;
    for (u32 stage = 0; stage < STAGES - 1; stage++, next += SLAB) {
        of_a.fetch(left[stage], row, next);
        of_b.fetch(right[stage], column, next);
        commit_copies();
    }
    const u32 warp = threadIdx.x / 32;
    const u32 warp_row = warp / 4 * 64, warp_column = warp % 4 * 32;
    Sums<P> sums = {};
    u32 stage = 0, done = 0;
    for (u64 begin = 0; begin < row_bytes; begin += SLAB, next += SLAB) {
        // This slab has come, and all are through with the one that the next to be fetched takes the place of.
        wait_for_copies<STAGES - 2>();
        __syncthreads();
        const u32 free = stage == 0 ? STAGES - 1 : stage - 1;
        of_a.fetch(left[free], row, next);
        of_b.fetch(right[free], column, next);
        commit_copies();
        sums.add(left[stage], right[stage], warp_row, warp_column);
        const u64 rest = row_bytes - begin;
        done += (u32)(rest < SLAB ? rest : SLAB) / sizeof(typename P::Element);
        opaque(done);
        stage = stage == STAGES - 1 ? 0 : stage + 1;
    }
    wait_for_copies<0>();
    count(counters, store_parts(sums.parts, c, m, n, row + warp_row, column + warp_column) * done);
}

#define MMA(name, P)                                                                                                 \
    extern "C" __global__ void __launch_bounds__(THREADS, 2) mma_##name##_128(                                       \
        const P::Element *a, const P::Element *b, P::Result *c, u32 m, u32 n, u32 k, u64 *counters                   \
    ) {                                                                                                              \
        product<P>(a, b, c, m, n, k, counters);                                                                      \
    }
