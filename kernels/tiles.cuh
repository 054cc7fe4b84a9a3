// tiles: the order in which blocks take the tiles of a product: eight rows of tiles at a time, so that what they share is in the L2
// cache. And the way of a warp's results to memory.
#pragma once

#include "ptx.cuh"

// Tile row and column of tile `index`: columns of eight tile rows, one after the other.
__device__ __forceinline__ void place_of(u32 index, u32 tile_rows, u32 tile_columns, u32 &row, u32 &column) {
    const u32 HIGH = 8;
    const u32 first = index / (HIGH * tile_columns) * HIGH;
    const u32 inside = index % (HIGH * tile_columns);
    const u32 height = tile_rows - first < HIGH ? tile_rows - first : HIGH;
    row = first + inside % height;
    column = inside / height;
}

// The same for the tile of this block.
__device__ __forceinline__ void place_of_block(u32 tile_rows, u32 tile_columns, u32 &row, u32 &column) {
    place_of(blockIdx.x, tile_rows, tile_columns, row, column);
}

// Two results side by side.
template <class Result>
struct alignas(2 * sizeof(Result)) Pair {
    Result left, right;
};

// Writes two results that stand at columns `q` and `q + 1` of the `columns` that are left of a row, as far as they lie inside, and counts
// them. Where rows are even they go in one store, or sectors of memory would come in halves.
template <class Result>
__device__ __forceinline__ void store_pair(Result *to, Result left, Result right, u32 q, u32 columns, bool even, u32 &stored) {
    if (even) {
        if (q < columns) {
            *(Pair<Result> *)(to + q) = Pair<Result>{left, right};
            stored += 2;
        }
    } else {
        if (q < columns) {
            to[q] = left;
            stored++;
        }
        if (q + 1 < columns) {
            to[q + 1] = right;
            stored++;
        }
    }
}

// Writes what lies inside of a warp's results, 4 x ACROSS parts of 16 x 8 as the tensor units leave them, and says how many that were.
template <class Result, u32 ACROSS>
__device__ __forceinline__ u32 store_parts(const Result (&parts)[4][ACROSS][4], Result *c, u32 m, u32 n, u32 row, u32 column) {
    const u32 lane = threadIdx.x % 32;
    column += lane % 4 * 2;
    const u32 columns = column < n ? n - column : 0;
    u32 stored = 0;
#pragma unroll
    for (u32 down = 0; down < 8; down++) {
        const u32 r = row + 8 * down + lane / 4;
        if (r >= m) continue;
        Result *const to = c + ((u64)r * n + column);
#pragma unroll
        for (u32 j = 0; j < ACROSS; j++) {
            const Result(&of)[4] = parts[down / 2][j];
            store_pair(to, of[down % 2 * 2], of[down % 2 * 2 + 1], 8 * j, columns, n % 2 == 0, stored);
        }
    }
    return stored;
}
