// digest: two order-free 32-bit sums per row, see reference::digest.
// Work: 4 bytes read per word, 2 multiplications and 8 other integer operations. Exact.
// Layout: a block takes rows gridDim.x apart; its threads take neighbouring words, 16 bytes each where rows are
// multiples of that.
#include "common.cuh"

__device__ __forceinline__ u32 finish(u32 x) {
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    return x ^ (x >> 15);
}

__device__ __forceinline__ void add(u32 &low, u32 &high, u32 word, u32 i) {
    const u32 place = i * GOLDEN;
    low += finish(word ^ place);
    high += finish(word + place + 0x85EBCA77u);
}

KERNEL(256) digest(const u32 *src, u64 rows, u32 row_words, u32 *out, u64 *counters) {
    u32 done = 0;
    for (u64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const u32 *words = src + row * row_words;
        u32 low = 0, high = 0;
        if (row_words % 4 == 0) {
            for (u32 v = threadIdx.x; v < row_words / 4; v += blockDim.x) {
                const uint4 x = ((const uint4 *)words)[v];
                add(low, high, x.x, 4 * v);
                add(low, high, x.y, 4 * v + 1);
                add(low, high, x.z, 4 * v + 2);
                add(low, high, x.w, 4 * v + 3);
                done += 4;
            }
        } else {
            for (u64 i = threadIdx.x; i < row_words; i += blockDim.x) {
                add(low, high, words[i], (u32)i);
                done++;
            }
        }
        const u32 lows = block_sum(low);
        __syncthreads();
        const u32 highs = block_sum(high);
        __syncthreads();
        if (threadIdx.x == 0) {
            out[2 * row] = lows;
            out[2 * row + 1] = highs;
        }
    }
    count(counters, done);
}
