// sm100: the instructions of compute capabilities 10.0 and 10.3 alone, as functions: tensor memory and the products that have their sums
// there (tcgen05). Section titles are those of the PTX ISA. What else these have of Hopper's, such as copies of boxes, is in sm90.cuh.
// A compiler for another machine brings functions of the same names (tests/fake_cuda/cpu_sm100.h).
#pragma once

#include "ptx.cuh"

// Tensor memory has 128 lanes of 512 columns of 32 bits. An address is a lane in the upper half of a word, and a column in the lower.
#define TENSOR_LANE (1u << 16)

// What a product needs to know of 8 x n rows of 128 bytes at this address of shared memory that lie as boxes do that are copied by "128B
// swizzle" ("Shared memory descriptor"), row after row along k:
//     bits  0-13  where they begin, in units of 16 bytes
//     bits 16-29  unused here, where a row is one swizzled run: 1, as is usual
//     bits 32-45  from eight rows to the next eight, in units of 16 bytes
//     bits 46-48  001, by which these differ from Hopper's
//     bits 49-51  0: the pattern begins at a multiple of 1024 bytes
//     bits 61-63  2: the permutation of 128 bytes
constexpr __device__ __forceinline__ u64 slab_descriptor(u32 address) {
    const u64 start = (address & 0x3FFFF) >> 4, eight_rows = 8 * 128 >> 4;
    return start | 1ull << 16 | eight_rows << 32 | 1ull << 46 | 2ull << 61;
}

// The same so many bytes further on: along k within a row's 128 bytes, or at the next multiple of 1024.
constexpr __device__ __forceinline__ u64 further(u64 descriptor, u32 bytes) {
    return descriptor + (bytes >> 4);
}

// What a product is of ("Instruction descriptor", that of .kind::f16, .kind::tf32, .kind::f8f6f4 and .kind::i8), dense, neither negated
// nor saturated, with both matrices along k:
//     bits  4-5   the format of sums: 1 FP32, 2 INT32
//     bits  7-9   the format of a, and 10-12 of b: FP16 0, BF16 1, TF32 2; E4M3 0, E5M2 1; signed bytes 1
//     bits 17-22  columns / 8
//     bits 24-28  rows / 16
constexpr __device__ __forceinline__ u32 product_descriptor(u32 sums, u32 format, u32 rows, u32 columns) {
    return sums << 4 | format << 7 | format << 10 | (columns >> 3) << 17 | (rows >> 4) << 24;
}
#define SUMS_FP32 1
#define SUMS_INT32 2

#ifdef __CUDACC__

// A value that is the same in all threads of a warp, as one that the compiler knows to be the same: the instructions below take such.
__device__ __forceinline__ u32 of_all(u32 value) {
    return __shfl_sync(0xFFFFFFFFu, value, 0);
}

// True in one thread of a warp that is here as a whole ("elect.sync").
__device__ __forceinline__ bool is_elected() {
    u32 elected;
    asm volatile("{ .reg .pred p; elect.sync _|p, 0xFFFFFFFF; selp.u32 %0, 1, 0, p; }" : "=r"(elected) : : "memory");
    return elected != 0;
}

// Takes so many columns of all lanes of the tensor memory, a power of two from 32 on, and writes their address to shared memory. By one
// warp, the same that gives them back; waits until there are so many ("tcgen05.alloc").
template <int COLUMNS>
__device__ __forceinline__ void tensor_take(u32 *shared) {
    asm volatile(
        "tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%0], %1;" : : "r"(shared_address(shared)), "n"(COLUMNS) : "memory"
    );
}

// Lets other blocks take what there is: this one takes no more.
__device__ __forceinline__ void tensor_take_no_more() {
    asm volatile("tcgen05.relinquish_alloc_permit.cta_group::1.sync.aligned;" : : : "memory");
}

// Every block gives back what it has taken.
template <int COLUMNS>
__device__ __forceinline__ void tensor_give_back(u32 address) {
    asm volatile("tcgen05.dealloc.cta_group::1.sync.aligned.b32 %0, %1;" : : "r"(address), "n"(COLUMNS) : "memory");
}

// Puts what this thread has done with tensor memory before what others do after they have met it; and what it does from here on after what
// those did that it has met ("tcgen05.fence").
__device__ __forceinline__ void tensor_before_meeting() {
    asm volatile("tcgen05.fence::before_thread_sync;" : : : "memory");
}

__device__ __forceinline__ void tensor_after_meeting() {
    asm volatile("tcgen05.fence::after_thread_sync;" : : : "memory");
}

// Starts a product of rows of a and b, 32 bytes of each, both by descriptor, into tensor memory: added to what is there, or in its place.
// By one thread; products of one thread are made in their order ("tcgen05.mma").
#define TENSOR_PRODUCT(name, kind)                                                                                   \
    __device__ __forceinline__ void name(u32 sums, u64 a, u64 b, u32 product, bool add) {                            \
        asm volatile(                                                                                                \
            "{ .reg .pred p; setp.ne.b32 p, %4, 0; tcgen05.mma.cta_group::1.kind::" kind " [%0], %1, %2, %3, p; }"   \
            :                                                                                                        \
            : "r"(sums), "l"(a), "l"(b), "r"(product), "r"((u32)add)                                                 \
            : "memory"                                                                                               \
        );                                                                                                           \
    }
TENSOR_PRODUCT(product_f16, "f16")
TENSOR_PRODUCT(product_tf32, "tf32")
TENSOR_PRODUCT(product_f8, "f8f6f4")
TENSOR_PRODUCT(product_i8, "i8")
#undef TENSOR_PRODUCT

// Arrives at the barrier when all products are made that this thread has started ("tcgen05.commit").
__device__ __forceinline__ void arrive_when_made(u64 *barrier) {
    asm volatile(
        "tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%0];" : : "r"(shared_address(barrier)) : "memory"
    );
}

// Columns from `address` on of the lane of each thread, which is there when this returns. Warp w of a block reaches lanes 32 (w % 4) to
// 32 (w % 4) + 31, of which `address` is the first ("tcgen05.ld", .32x32b).
#define TO(i) "=r"(to[i]), "=r"(to[i + 1]), "=r"(to[i + 2]), "=r"(to[i + 3])
__device__ __forceinline__ void tensor_load(u32 (&to)[8], u32 address) {
    asm volatile(
        "tcgen05.ld.sync.aligned.32x32b.x8.b32 {%0, %1, %2, %3, %4, %5, %6, %7}, [%8];\n\ttcgen05.wait::ld.sync.aligned;"
        : TO(0), TO(4)
        : "r"(address)
        : "memory"
    );
}

__device__ __forceinline__ void tensor_load(u32 (&to)[32], u32 address) {
    asm volatile(
        "tcgen05.ld.sync.aligned.32x32b.x32.b32 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, [%32];\n\ttcgen05.wait::ld.sync.aligned;"
        : TO(0), TO(4), TO(8), TO(12), TO(16), TO(20), TO(24), TO(28)
        : "r"(address)
        : "memory"
    );
}
#undef TO

#endif
