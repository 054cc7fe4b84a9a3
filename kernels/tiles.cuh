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

// Writes what lies inside of a warp's results, 4 x ACROSS parts of 16 x 8 as the tensor units leave them, and says how many that were.
// Two lie side by side; where rows are even they go in one store, or sectors of memory would come in halves.
template <class Result, u32 ACROSS>
__device__ __forceinline__ u32 store_parts(const Result (&parts)[4][ACROSS][4], Result *c, u32 m, u32 n, u32 row, u32 column) {
    struct alignas(2 * sizeof(Result)) Pair {
        Result of[2];
    };
    const u32 lane = threadIdx.x % 32;
    u32 stored = 0;
#pragma unroll
    for (u32 i = 0; i < 4; i++) {
#pragma unroll
        for (u32 j = 0; j < ACROSS; j++) {
#pragma unroll
            for (u32 down = 0; down < 2; down++) {
                const u32 r = row + 16 * i + 8 * down + lane / 4, q = column + 8 * j + lane % 4 * 2;
                const Pair pair = {{parts[i][j][2 * down], parts[i][j][2 * down + 1]}};
                Result *const to = &c[(u64)r * n + q];
                if (r < m && q + 1 < n && n % 2 == 0) {
                    *(Pair *)to = pair;
                    stored += 2;
                } else if (r < m) {
#pragma unroll
                    for (u32 e = 0; e < 2; e++) {
                        if (q + e < n) {
                            to[e] = pair.of[e];
                            stored++;
                        }
                    }
                }
            }
        }
    }
    return stored;
}
