// sm90: the instructions of compute capability 9.0 alone, as functions: clusters, barriers that count bytes, copies of boxes by the
// tensor memory accelerator, products of warpgroups. Section titles are those of the PTX ISA.
// A compiler for another machine brings functions of the same names (tests/fake_cuda/cpu_sm90.h).
#pragma once

#include "ptx.cuh"

// What the driver makes of a matrix for copies of boxes; opaque (CUtensorMap).
struct alignas(64) TensorMap {
    u64 opaque[16];
};

#ifdef __CUDACC__

__device__ __forceinline__ u64 nanoseconds() {
    u64 now;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    return now;
}

// This block's number in its cluster.
__device__ __forceinline__ u32 cluster_rank() {
    u32 rank;
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

// All threads of the cluster meet.
__device__ __forceinline__ void cluster_barrier() {
    asm volatile("barrier.cluster.arrive.release;\n\tbarrier.cluster.wait.acquire;" : : : "memory");
}

// The four warps of this warpgroup of the block meet, and no others; 0 is the barrier of the whole block ("bar").
__device__ __forceinline__ void warpgroup_barrier(u32 group) {
    asm volatile("bar.sync %0, 128;" : : "r"(1 + group) : "memory");
}

// A barrier in shared memory whose phases end after `arrivals` and all bytes that were expected ("mbarrier").
__device__ __forceinline__ void barrier_init(u64 *barrier, u32 arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" : : "r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

// Makes barriers that this thread has made ones that copies and other blocks of the cluster see.
__device__ __forceinline__ void publish_barriers() {
    asm volatile("fence.mbarrier_init.release.cluster;\n\tfence.proxy.async;" : : : "memory");
}

// Makes what this thread has written to shared memory something that products see, once its block has met.
__device__ __forceinline__ void publish_shared() {
    asm volatile("fence.proxy.async.shared::cta;" : : : "memory");
}

// Arrives, and lets the phase end no sooner than `bytes` have come as well.
__device__ __forceinline__ void barrier_expect(u64 *barrier, u32 bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" : : "r"(shared_address(barrier)), "r"(bytes) : "memory");
}

// Arrives at the barrier that block `rank` of the cluster has at this place.
__device__ __forceinline__ void barrier_arrive(u64 *barrier, u32 rank) {
    asm volatile(
        "{ .reg .b32 remote; mapa.shared::cluster.u32 remote, %0, %1; "
        "mbarrier.arrive.shared::cluster.b64 _, [remote]; }"
        :
        : "r"(shared_address(barrier)), "r"(rank)
        : "memory"
    );
}

// Whether the phase of this parity, the current or the last, has ended. Waits a little before it says no.
__device__ __forceinline__ bool barrier_passed(u64 *barrier, u32 parity) {
    u32 passed;
    asm volatile(
        "{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
        : "=r"(passed)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory"
    );
    return passed != 0;
}

// Starts to bring the box that begins at column `x` of row `y`; its bytes count at `barrier`.
__device__ __forceinline__ void load_box(void *shared, const TensorMap *map, u64 *barrier, u32 x, u32 y) {
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];"
        :
        : "r"(shared_address(shared)), "l"(map), "r"(x), "r"(y), "r"(shared_address(barrier))
        : "memory"
    );
}

// The same for all blocks of the cluster in `blocks`, a bit for each: to the same place, counted at the same barrier of each.
__device__ __forceinline__ void load_box_to(void *shared, const TensorMap *map, u64 *barrier, u32 x, u32 y, unsigned short blocks) {
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster "
        "[%0], [%1, {%2, %3}], [%4], %5;"
        :
        : "r"(shared_address(shared)), "l"(map), "r"(x), "r"(y), "r"(shared_address(barrier)), "h"(blocks)
        : "memory"
    );
}

// The registers that each thread of this warpgroup has from now on. Whoever wants more waits for what others give.
template <int COUNT>
__device__ __forceinline__ void give_registers() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" : : "n"(COUNT));
}

template <int COUNT>
__device__ __forceinline__ void take_registers() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" : : "n"(COUNT));
}

// Operands 0 to 127 by number, and as registers.
#define TEN(tens)                                                                                                    \
    "%" #tens "0, %" #tens "1, %" #tens "2, %" #tens "3, %" #tens "4, %" #tens "5, %" #tens "6, %" #tens "7, "       \
    "%" #tens "8, %" #tens "9, "
#define NUMBERS                                                                                                      \
    TEN() TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9) TEN(10) TEN(11)                             \
    "%120, %121, %122, %123, %124, %125, %126, %127"
#define FOUR(c, d, i) "+" c(d[i]), "+" c(d[i + 1]), "+" c(d[i + 2]), "+" c(d[i + 3])
#define SIXTEEN(c, d, i) FOUR(c, d, i), FOUR(c, d, i + 4), FOUR(c, d, i + 8), FOUR(c, d, i + 12)
#define REGISTERS(c, d)                                                                                              \
    SIXTEEN(c, d, 0), SIXTEEN(c, d, 16), SIXTEEN(c, d, 32), SIXTEEN(c, d, 48), SIXTEEN(c, d, 64), SIXTEEN(c, d, 80), \
    SIXTEEN(c, d, 96), SIXTEEN(c, d, 112)

// Starts a product of 64 rows of a and 256 of b, 32 bytes of each, both by descriptor, into a warpgroup's registers: added to what
// they hold, or in its place. Between fence and wait these registers are the unit's ("wgmma.mma_async").
#define WGMMA(name, Result, constraint, shape, scales)                                                               \
    __device__ __forceinline__ void name(Result (&d)[128], u64 a, u64 b, bool add) {                                 \
        asm volatile(                                                                                                \
            "{ .reg .pred p; setp.ne.b32 p, %130, 0; wgmma.mma_async.sync.aligned." shape " {" NUMBERS               \
            "}, %128, %129, p" scales "; }"                                                                          \
            : REGISTERS(constraint, d)                                                                               \
            : "l"(a), "l"(b), "r"((u32)add)                                                                          \
        );                                                                                                           \
    }
WGMMA(wgmma_f16, float, "f", "m64n256k16.f32.f16.f16", ", 1, 1, 0, 0")
WGMMA(wgmma_bf16, float, "f", "m64n256k16.f32.bf16.bf16", ", 1, 1, 0, 0")
WGMMA(wgmma_tf32, float, "f", "m64n256k8.f32.tf32.tf32", ", 1, 1")
WGMMA(wgmma_e4m3, float, "f", "m64n256k32.f32.e4m3.e4m3", ", 1, 1")
WGMMA(wgmma_e5m2, float, "f", "m64n256k32.f32.e5m2.e5m2", ", 1, 1")
WGMMA(wgmma_s8, u32, "r", "m64n256k32.s32.s8.s8", "")

// Hands registers to the unit.
#define WGMMA_FENCE(Result, constraint)                                                                              \
    __device__ __forceinline__ void wgmma_fence(Result (&d)[128]) {                                                  \
        asm volatile("wgmma.fence.sync.aligned;" : REGISTERS(constraint, d) : : "memory");                           \
    }
WGMMA_FENCE(float, "f")
WGMMA_FENCE(u32, "r")

// Makes one group of the products since the last.
__device__ __forceinline__ void wgmma_commit() {
    asm volatile("wgmma.commit_group.sync.aligned;" : : : "memory");
}

// Waits for all groups of this warpgroup but the latest `PENDING`; after 0 the registers are the thread's again.
#define WGMMA_WAIT(Result, constraint)                                                                               \
    template <int PENDING>                                                                                           \
    __device__ __forceinline__ void wgmma_wait(Result (&d)[128]) {                                                   \
        asm volatile("wgmma.wait_group.sync.aligned %128;" : REGISTERS(constraint, d) : "n"(PENDING) : "memory");    \
    }
WGMMA_WAIT(float, "f")
WGMMA_WAIT(u32, "r")

#undef TEN
#undef NUMBERS
#undef FOUR
#undef SIXTEEN
#undef REGISTERS
#undef WGMMA
#undef WGMMA_FENCE
#undef WGMMA_WAIT

#endif

#define PATIENCE_NS 2000000000ull

// False where the phase did not end in time.
__device__ __forceinline__ bool wait(u64 *barrier, u32 parity) {
    if (barrier_passed(barrier, parity)) return true;
    const u64 begun = nanoseconds();
    while (!barrier_passed(barrier, parity)) {
        if (nanoseconds() - begun > PATIENCE_NS) return false;
    }
    return true;
}
