// tiles: the order in which blocks take the tiles of a product. Eight rows of tiles at a time, so that what they share
// is in the L2 cache.
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
