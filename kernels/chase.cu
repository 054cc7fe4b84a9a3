// chase: a ring of dependent loads, and the walk along it.
// Work: ring: one word per slot; chase: one dependent load per hop, 16 hops per turn of the loop. Exact.
// Layout: ring: one thread per slot. Chase: one thread; the other lanes of its warp only help to count.
#include "common.cuh"

// Slot to next slot is x * a + c; `stride` and the places are in words.
KERNEL(256) ring(u32 *dst, u32 slots, u32 stride, u32 a, u32 c, u64 *counters) {
    const u64 slot = global_thread();
    const u32 mine = slot < slots;
    if (mine) dst[slot * stride] = (((u32)slot * a + c) & (slots - 1)) * stride;
    count(counters, mine);
}

KERNEL(32) chase(const u32 *places, u32 hops, u32 *state, u64 *counters) {
    u32 done = 0;
    if (threadIdx.x == 0) {
        u32 at = state[0];
#pragma unroll 1
        for (u32 i = 0; i < hops / 16; i++) {
#pragma unroll
            for (int hop = 0; hop < 16; hop++) at = places[at];
            done += 16;
            opaque(done);
        }
#pragma unroll 1
        for (u32 i = 0; i < hops % 16; i++) {
            at = places[at];
            done++;
            opaque(done);
        }
        state[0] = at;
    }
    count(counters, done);
}
