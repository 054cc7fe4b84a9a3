// pattern: fill, scan, flip. The address pattern over 32-bit words, and the tally of what differs.
// Work: 4 bytes per word written (fill) or read (scan); 2 multiplications per word. Exact.
// Layout: a block takes tiles of blockDim.x * V 16-byte vectors, gridDim.x tiles apart; block 0 takes the last words,
// up to three. Word `word` of the pointers is word `at + word` of its buffer and `first_word + word` of the pattern.
#include "common.cuh"

template <int V>
__device__ __forceinline__ void fill(uint4 *dst, u64 words, u64 first_word, u64 seed, u64 *counters) {
    const u64 vectors = words / 4;
    const u32 tile = blockDim.x * V;
    u32 done = 0;
    for (u64 first = (u64)blockIdx.x * tile; first < vectors; first += (u64)gridDim.x * tile) {
#pragma unroll
        for (int k = 0; k < V; k++) {
            const u64 v = first + threadIdx.x + k * blockDim.x;
            if (v < vectors) {
                dst[v] = pattern4(seed, first_word + 4 * v);
                done += 4;
            }
        }
    }
    const u64 last = 4 * vectors + threadIdx.x;
    if (blockIdx.x == 0 && last < words) {
        ((u32 *)dst)[last] = pattern(seed, first_word + last);
        done++;
    }
    count_of_block(counters, done);
}

// Fields of the tally, 64 bits each, in the order of src/device/op.rs.
#define CHECKED 0
#define WRONG 1
#define SET 2
#define CLEARED 3
#define MASK 4
#define PLACES 5
#define EXAMPLES 16

// Books one wrong word. It was read once: a second look might see something else.
__device__ __noinline__ void note(u64 *tally, u64 word, u32 got, u32 expected) {
    const u32 wrong = got ^ expected;
    atomicAdd(&tally[SET], (u64)__popc(wrong & got));
    atomicAdd(&tally[CLEARED], (u64)__popc(wrong & expected));
    atomicOr(&tally[MASK], (u64)wrong);
    const u64 slot = atomicAdd(&tally[WRONG], (u64)1);
    if (slot < EXAMPLES) {
        tally[PLACES + 2 * slot] = word;
        tally[PLACES + 2 * slot + 1] = got;
    }
}

__device__ __forceinline__ void compare(u64 *tally, u64 word, u32 got, u32 expected) {
    if (got != expected) note(tally, word, got, expected);
}

__device__ __forceinline__ void compare4(u64 *tally, u64 word, uint4 got, uint4 expected) {
    const u32 wrong = (got.x ^ expected.x) | (got.y ^ expected.y) | (got.z ^ expected.z) | (got.w ^ expected.w);
    if (wrong == 0) return;
    compare(tally, word, got.x, expected.x);
    compare(tally, word + 1, got.y, expected.y);
    compare(tally, word + 2, got.z, expected.z);
    compare(tally, word + 3, got.w, expected.w);
}

template <int V>
__device__ __forceinline__ void scan(
    const uint4 *src, u64 words, u64 first_word, u64 seed, u64 at, u64 *tally, u64 *counters
) {
    const u64 vectors = words / 4;
    const u32 tile = blockDim.x * V;
    u32 done = 0;
    for (u64 first = (u64)blockIdx.x * tile; first < vectors; first += (u64)gridDim.x * tile) {
        const u64 v = first + threadIdx.x;
        if (first + tile <= vectors) {
            uint4 got[V];
#pragma unroll
            for (int k = 0; k < V; k++) got[k] = src[v + k * blockDim.x];
#pragma unroll
            for (int k = 0; k < V; k++) {
                const u64 word = 4 * (v + k * blockDim.x);
                compare4(tally, at + word, got[k], pattern4(seed, first_word + word));
            }
            done += 4 * V;
        } else {
            for (u64 i = v; i < vectors; i += blockDim.x) {
                compare4(tally, at + 4 * i, src[i], pattern4(seed, first_word + 4 * i));
                done += 4;
            }
        }
    }
    const u64 last = 4 * vectors + threadIdx.x;
    if (blockIdx.x == 0 && last < words) {
        compare(tally, at + last, ((const u32 *)src)[last], pattern(seed, first_word + last));
        done++;
    }
    count_of_block(counters, done);
}

#define FORM(V)                                                                                                      \
    KERNEL(1024) fill_x##V(uint4 *dst, u64 words, u64 first_word, u64 seed, u64 *counters) {                         \
        fill<V>(dst, words, first_word, seed, counters);                                                             \
    }                                                                                                                \
    KERNEL(1024) scan_x##V(                                                                                          \
        const uint4 *src, u64 words, u64 first_word, u64 seed, u64 at, u64 *tally, u64 *counters                     \
    ) {                                                                                                              \
        scan<V>(src, words, first_word, seed, at, tally, counters);                                                  \
    }

FORM(1)
FORM(2)
FORM(4)

// Runs last in a scan, as one thread: what the kernels counted becomes the tally's number of words checked.
KERNEL(32) fold(u64 *tally, const u64 *counters) {
    if (threadIdx.x != 0) return;
    u64 sum = 0;
    for (int i = 0; i < 256; i++) sum += counters[i * 4];
    tally[CHECKED] += sum;
}

KERNEL(32) flip(u32 *word, u32 mask, u64 *counters) {
    if (threadIdx.x == 0) atomicXor(word, mask);
    count(counters, threadIdx.x == 0);
}
