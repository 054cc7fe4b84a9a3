// walk: along the ring of chase.cu on all units at once, past the caches that they have to themselves.
// Work: one dependent load per hop and block. Where a walk ends is exact; src/device/walk.rs says what a record holds and obeys.
// Layout: one block for each record. Its first thread walks, from a place of its own, the others only take their room.
#include "common.cuh"

#define RECORD_WORDS 3

__device__ __forceinline__ u32 next(const u32 *places, u32 at) {
    return load_from_l2((const uint4 *)(places + at)).x;
}

// `stride` and the places are in words.
KERNEL(1024) walk(const u32 *places, u32 slots, u32 stride, u32 first, u32 hops, u64 *out, u64 *counters) {
    u32 done = 0;
    if (threadIdx.x == 0) {
        u32 at = (first + blockIdx.x) % slots * stride;
        const u64 begin = unit_clock();
#pragma unroll 1
        for (u32 i = 0; i < hops / 16; i++) {
#pragma unroll
            for (int hop = 0; hop < 16; hop++) at = next(places, at);
            done += 16;
            opaque(done);
        }
#pragma unroll 1
        for (u32 i = 0; i < hops % 16; i++) {
            at = next(places, at);
            done++;
            opaque(done);
        }
        const u64 end = unit_clock();
        u64 *const record = out + (u64)blockIdx.x * RECORD_WORDS;
        record[0] = (u64)unit_id() | (u64)unit_count() << 32;
        record[1] = at;
        record[2] = end - begin;
    }
    count(counters, done);
}
