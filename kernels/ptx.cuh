// ptx: the instructions that CUDA C++ has no plain word for, each as a function of 32-bit words.
// A compiler for another machine brings functions of the same names (tests/fake_cuda/cpu_kernels.h).
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;

#ifdef __CUDACC__

// a * b + c, wrapping. Written out, because a compiler that knows it as arithmetic folds whole chains of it into one.
__device__ __forceinline__ u32 mad(u32 a, u32 b, u32 c) {
    u32 d;
    asm("mad.lo.u32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// Four signed byte products, added to c, wrapping.
__device__ __forceinline__ u32 dp4a(u32 a, u32 b, u32 c) {
    u32 d;
    asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// Four bytes of the eight of a and b, which count from the lowest of a; the lowest digit of `choice` names the lowest byte.
__device__ __forceinline__ u32 byte_perm(u32 a, u32 b, u32 choice) {
    u32 d;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(choice));
    return d;
}

// Two FP16 multiply-adds side by side, each rounded once.
__device__ __forceinline__ u32 fma_f16x2(u32 a, u32 b, u32 c) {
    u32 d;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// The same in BF16, from compute capability 8.0 on.
__device__ __forceinline__ u32 fma_bf16x2(u32 a, u32 b, u32 c) {
    u32 d;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// The FP16 bits of a value, in the low half; and the value of the low half.
__device__ __forceinline__ u32 f16_bits(float value) {
    u32 bits;
    asm("{ .reg .b16 h; cvt.rn.f16.f32 h, %1; cvt.u32.u16 %0, h; }" : "=r"(bits) : "f"(value));
    return bits;
}

__device__ __forceinline__ float f16_value(u32 bits) {
    float value;
    asm("{ .reg .b16 h; cvt.u16.u32 h, %1; cvt.f32.f16 %0, h; }" : "=f"(value) : "r"(bits));
    return value;
}

// c + a b on the tensor units: fragments of 16 x 32 bytes, 8 x 32 bytes and 16 x 8 results, as the PTX ISA lays them out.
#define MMA_SYNC(name, Result, constraint, shape)                                                                    \
    __device__ __forceinline__ void name(Result (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {                     \
        asm("mma.sync.aligned." shape " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"             \
            : "+" constraint(d[0]), "+" constraint(d[1]), "+" constraint(d[2]), "+" constraint(d[3])                 \
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));                                     \
    }
MMA_SYNC(mma_f16, float, "f", "m16n8k16.row.col.f32.f16.f16.f32")
MMA_SYNC(mma_bf16, float, "f", "m16n8k16.row.col.f32.bf16.bf16.f32")
MMA_SYNC(mma_tf32, float, "f", "m16n8k8.row.col.f32.tf32.tf32.f32")
MMA_SYNC(mma_e4m3, float, "f", "m16n8k32.row.col.f32.e4m3.e4m3.f32")
MMA_SYNC(mma_e5m2, float, "f", "m16n8k32.row.col.f32.e5m2.e5m2.f32")
MMA_SYNC(mma_s8, u32, "r", "m16n8k32.row.col.s32.s8.s8.s32")

// The instructions that compute capability 7.5 has: half as deep in FP16, with what threads hold of bytes 0 to 15 alone; in INT8 of 8 rows
// of a as well, and the results of those.
__device__ __forceinline__ void mma_f16_k8(float (&d)[4], u32 a0, u32 a1, u32 b) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a0), "r"(a1), "r"(b));
}

__device__ __forceinline__ void mma_s8_k16(u32 &d0, u32 &d1, u32 a, u32 b) {
    asm("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};" : "+r"(d0), "+r"(d1) : "r"(a), "r"(b));
}

// Loads from the L2 cache, past the L1 cache, as often as it is written.
__device__ __forceinline__ uint4 load_from_l2(const uint4 *from) {
    uint4 x;
    asm volatile("ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w) : "l"(from));
    return x;
}

// The physical unit that runs this, and how many of them the device numbers.
__device__ __forceinline__ u32 unit_id() {
    u32 id;
    asm volatile("mov.u32 %0, %%smid;" : "=r"(id));
    return id;
}

__device__ __forceinline__ u32 unit_count() {
    u32 count;
    asm volatile("mov.u32 %0, %%nsmid;" : "=r"(count));
    return count;
}

// Nanoseconds by the clock that all units share, and cycles by this unit's own.
__device__ __forceinline__ u64 shared_clock() {
    u64 ns;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ns) : : "memory");
    return ns;
}

__device__ __forceinline__ u64 unit_clock() {
    u64 cycles;
    asm volatile("mov.u64 %0, %%clock64;" : "=l"(cycles) : : "memory");
    return cycles;
}

// The same in FP64, which has smaller fragments: 8 x 4, 8 x 4 and 8 x 8.
__device__ __forceinline__ void mma_f64(double &d0, double &d1, double a, double b) {
    asm("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};" : "+d"(d0), "+d"(d1) : "d"(a), "d"(b));
}

// And in those that Hopper has for it: 16 x 8, 8 x 8 and 16 x 8; and half as deep, 16 x 4 and 8 x 4.
__device__ __forceinline__ void mma_f64_k8(double (&d)[4], const double (&a)[4], const double (&b)[2]) {
    asm("mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+d"(d[0]), "+d"(d[1]), "+d"(d[2]), "+d"(d[3])
        : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(b[0]), "d"(b[1]));
}

__device__ __forceinline__ void mma_f64_k4(double (&d)[4], double a0, double a1, double b) {
    asm("mma.sync.aligned.m16n8k4.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+d"(d[0]), "+d"(d[1]), "+d"(d[2]), "+d"(d[3])
        : "d"(a0), "d"(a1), "d"(b));
}

// The shared memory that the launch gives; aligned to 16 bytes.
__device__ __forceinline__ unsigned char *launched_shared() {
    extern __shared__ __align__(16) unsigned char memory[];
    return memory;
}

__device__ __forceinline__ u32 shared_address(const void *shared) {
    u64 address;
    asm("cvta.to.shared.u64 %0, %1;" : "=l"(address) : "l"(shared));
    return (u32)address;
}

// Four matrices of 8 rows of 16 bytes: lane 8 i + r names row r of matrix i, and thread 4 r + t gets bytes 4 t to
// 4 t + 3 of row r of each.
__device__ __forceinline__ void load_matrices(u32 (&to)[4], const void *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
}

// Starts to copy `bytes` of 16 bytes into shared memory; the rest becomes zero.
__device__ __forceinline__ void copy_async(void *shared, const void *global, u32 bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :
                 : "r"(shared_address(shared)), "l"(global), "r"(bytes)
                 : "memory");
}

// Makes one group of what this thread has started since the last.
__device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;" : : : "memory");
}

// Waits for all groups of this thread but the latest `PENDING`.
template <int PENDING>
__device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" : : "n"(PENDING) : "memory");
}

#endif

// Makes a value one that the compiler cannot know: a counter stays a count of what ran.
__device__ __forceinline__ void opaque(u32 &value) {
    asm volatile("" : "+r"(value));
}
