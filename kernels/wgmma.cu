// wgmma: the product of mma.cuh on Hopper's own path to its tensor units: c = a b with a of m x k and b stored transposed, n x k.
// Rows of a and b are multiples of 16 bytes. Work and exactness: mma.cuh; in FP8 the sums themselves keep about 14 bits.
// Layout: pipeline.cuh; a cluster of two blocks makes 256 x 256 results, each block 128 rows of them. Two warpgroups of a block
// multiply, 64 x 256 results each, and write them while the next slabs come.
#include "pipeline.cuh"

struct Wide {
    static const u32 CLUSTER = 2, COLUMNS = 256, STAGES = 4;
};

// What a product needs to know of 8 x n rows of 128 bytes in shared memory: where they begin, eight rows to the next
// eight, and the permutation ("Matrix Descriptor Format").
__device__ __forceinline__ u64 descriptor(const void *rows) {
    const u64 start = (shared_address(rows) & 0x3FFFF) >> 4;
    const u64 eight_rows = 8 * SLAB >> 4;
    return start | 1ull << 16 | eight_rows << 32 | 1ull << 62;
}

// Writes what lies inside of this thread's results, rows g and g + 8 and columns 2 t and 2 t + 1 of each eight, and says how many that
// were ("Register Fragments").
template <class Result>
__device__ __forceinline__ u32 store(const Result (&sums)[128], Result *c, u32 m, u32 n, u32 row, u32 column) {
    const u32 lane = threadIdx.x % 32;
    column += lane % 4 * 2;
    const u32 columns = column < n ? n - column : 0;
    u32 stored = 0;
#pragma unroll
    for (u32 half = 0; half < 2; half++) {
        const u32 r = row + lane / 4 + 8 * half;
        if (r >= m) continue;
        Result *to = c + ((u64)r * n + column);
#pragma unroll
        for (u32 eight = 0; eight < Wide::COLUMNS / 8; eight++) {
            store_pair(to, sums[4 * eight + 2 * half], sums[4 * eight + 2 * half + 1], 8 * eight, columns, n % 2 == 0, stored);
        }
    }
    return stored;
}

// A warpgroup. How many units it has done.
template <class P>
__device__ __forceinline__ u32 multiply(
    Pipeline<Wide> &pipeline, typename P::Result *c, u32 m, u32 n, u64 row_bytes, const Tiles<Wide> &tiles, u32 slabs
) {
    const u32 group = threadIdx.x / GROUP - 1;
    const u32 warp = threadIdx.x % GROUP / 32;
    typename P::Result sums[128] = {};
    Turn<Wide> turn = {0, 0};
    u32 units = 0;
    for (u32 tile = tiles.first; tile < tiles.end(); tile += tiles.step) {
        u32 done = 0;
        u64 *before = nullptr;
        for (u32 slab = 0; slab < slabs; slab++, turn.next()) {
            // All of a warp come to one answer, and to the products together.
            if (__any_sync(0xFFFFFFFFu, !wait(&pipeline.full[turn.stage], turn.round))) {
                wgmma_wait<0>(sums);
                return units;
            }
            const Stage<Wide> &stage = pipeline.stages[turn.stage];
            const u64 a = descriptor(stage.a + group * 64 * SLAB), b = descriptor(stage.b);
            wgmma_fence(sums);
#pragma unroll
            for (u32 step = 0; step < SLAB / 32; step++) {
                P::step(sums, a + (step * 32 >> 4), b + (step * 32 >> 4), step > 0 || slab > 0);
            }
            wgmma_commit();
            // The products of the slab before are made.
            wgmma_wait<1>(sums);
            if (before) release<Wide>(before);
            before = &pipeline.empty[turn.stage];
            done += depth(row_bytes, slab, sizeof(typename P::Element));
            opaque(done);
        }
        wgmma_wait<0>(sums);
        if (before) release<Wide>(before);
        u32 row, column;
        tiles.place(tile, row, column);
        units += store(sums, c, m, n, row + group * 64 + warp * 16, column) * done;
    }
    return units;
}

template <class P>
__device__ __forceinline__ void product(
    const TensorMap *a, const TensorMap *b, typename P::Result *c, u32 m, u32 n, u32 k, u64 *counters
) {
    const u64 row_bytes = (u64)k * sizeof(typename P::Element);
    pipelined<Wide>(a, b, m, n, row_bytes, counters, [=](Pipeline<Wide> &pipeline, const Tiles<Wide> &tiles, u32 slabs) {
        return multiply<P>(pipeline, c, m, n, row_bytes, tiles, slabs);
    });
}

struct Fp16 {
    typedef unsigned short Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_f16(d, a, b, add); }
};

struct Bf16 : Fp16 {
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_bf16(d, a, b, add); }
};

struct Tf32 {
    typedef float Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_tf32(d, a, b, add); }
};

struct E4m3 {
    typedef unsigned char Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_e4m3(d, a, b, add); }
};

struct E5m2 : E4m3 {
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_e5m2(d, a, b, add); }
};

struct Int8 {
    typedef unsigned char Element;
    typedef u32 Result;
    static __device__ __forceinline__ void step(u32 (&d)[128], u64 a, u64 b, bool add) { wgmma_s8(d, a, b, add); }
};

#define PRODUCT(name, P)                                                                                             \
    extern "C" __global__ void __cluster_dims__(Wide::CLUSTER, 1, 1) __launch_bounds__(THREADS, 1) wgmma_##name##_256(     \
        const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, P::Result *c, u32 m, u32 n, u32 k, \
        u64 *counters                                                                                                \
    ) {                                                                                                              \
        product<P>(&a, &b, c, m, n, k, counters);                                                                    \
    }

PRODUCT(fp16, Fp16)
PRODUCT(bf16, Bf16)
PRODUCT(tf32, Tf32)
PRODUCT(fp8_e4m3, E4m3)
PRODUCT(fp8_e5m2, E5m2)
PRODUCT(int8, Int8)
