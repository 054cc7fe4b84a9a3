// census: on which unit each block runs, when, and when time passed it by.
// Work: one for every block. Not the same from run to run; src/device/census.rs says what a record holds and obeys.
// Layout: one block for each record. Its first thread watches the clocks, the others only take their room.
#include "common.cuh"

#define RECORD_WORDS 32
#define RECORD_HEAD 8
#define RECORD_GAPS 8

__device__ __forceinline__ void watch(u64 *record, u64 spin_ns, u64 gap_ns) {
    const u64 begin = shared_clock(), begin_cycles = unit_clock();
    u64 now = begin, cycles = begin_cycles, longest = 0, gaps = 0;
    while (now - begin < spin_ns) {
        const u64 next = shared_clock(), next_cycles = unit_clock();
        const u64 passed = next - now;
        if (passed > longest) longest = passed;
        if (passed >= gap_ns) {
            if (gaps < RECORD_GAPS) {
                u64 *gap = record + RECORD_HEAD + 3 * gaps;
                gap[0] = now;
                gap[1] = passed;
                gap[2] = next_cycles - cycles;
            }
            gaps++;
        }
        now = next;
        cycles = next_cycles;
    }
    record[0] = (u64)unit_id() | (u64)unit_count() << 32;
    record[1] = begin;
    record[2] = now;
    record[3] = begin_cycles;
    record[4] = cycles;
    record[5] = longest;
    record[6] = gaps;
    record[7] = 0;
}

KERNEL(1024) census(u64 *out, u64 spin_ns, u64 gap_ns, u64 *counters) {
    if (threadIdx.x == 0) watch(out + (u64)blockIdx.x * RECORD_WORDS, spin_ns, gap_ns);
    count(counters, threadIdx.x == 0);
}
