// stream: read, write, copy, scale, add, triad over 32-bit elements (J. McCalpin, STREAM), and reads from the L2 cache.
// Work: 4 bytes per element and array moved. Exact, and on integers free of rounding: the factor is 3.
// Layout: a block takes tiles of blockDim.x * V 16-byte vectors, gridDim.x tiles apart; a thread's vectors lie
// blockDim.x apart and are all loaded before the first is stored. Block 0 takes the last elements, up to three. Element
// 0 of the pointers is element `at` of the arrays.
#include "common.cuh"

__device__ __forceinline__ float real(u32 bits) {
    return __uint_as_float(bits);
}

__device__ __forceinline__ u32 bits(float value) {
    return __float_as_uint(value);
}

// What each kind loads, and what it makes of an element at index i.
struct Write {
    static const bool LOADS_A = false, LOADS_B = false;
    static __device__ __forceinline__ u32 make(u32, u32, u64 i) { return pattern(0, i); }
};

struct Copy {
    static const bool LOADS_A = true, LOADS_B = false;
    static __device__ __forceinline__ u32 make(u32 a, u32, u64) { return a; }
};

struct Scale {
    static const bool LOADS_A = true, LOADS_B = false;
    static __device__ __forceinline__ u32 make(u32 a, u32, u64) { return bits(3.0f * real(a)); }
};

struct Add {
    static const bool LOADS_A = true, LOADS_B = true;
    static __device__ __forceinline__ u32 make(u32 a, u32 b, u64) { return bits(real(a) + real(b)); }
};

struct Triad {
    static const bool LOADS_A = true, LOADS_B = true;
    static __device__ __forceinline__ u32 make(u32 a, u32 b, u64) { return bits(fmaf(3.0f, real(b), real(a))); }
};

template <class K>
__device__ __forceinline__ uint4 make4(uint4 a, uint4 b, u64 i) {
    return make_uint4(
        K::make(a.x, b.x, i), K::make(a.y, b.y, i + 1), K::make(a.z, b.z, i + 2), K::make(a.w, b.w, i + 3)
    );
}

template <class K, int V>
__device__ __forceinline__ void moved(
    const uint4 *__restrict__ a, const uint4 *__restrict__ b, uint4 *__restrict__ c, u64 elements, u64 at, u64 *counters
) {
    const uint4 none = make_uint4(0, 0, 0, 0);
    const u64 vectors = elements / 4;
    const u32 tile = blockDim.x * V;
    u32 done = 0;
    for (u64 first = (u64)blockIdx.x * tile; first < vectors; first += (u64)gridDim.x * tile) {
        const u64 v = first + threadIdx.x;
        if (first + tile <= vectors) {
            uint4 x[V], y[V];
#pragma unroll
            for (int k = 0; k < V; k++) {
                x[k] = K::LOADS_A ? a[v + k * blockDim.x] : none;
                y[k] = K::LOADS_B ? b[v + k * blockDim.x] : none;
            }
#pragma unroll
            for (int k = 0; k < V; k++) c[v + k * blockDim.x] = make4<K>(x[k], y[k], at + 4 * (v + k * blockDim.x));
            done += 4 * V;
        } else {
            for (u64 i = v; i < vectors; i += blockDim.x) {
                c[i] = make4<K>(K::LOADS_A ? a[i] : none, K::LOADS_B ? b[i] : none, at + 4 * i);
                done += 4;
            }
        }
    }
    const u64 last = 4 * vectors + threadIdx.x;
    if (blockIdx.x == 0 && last < elements) {
        const u32 x = K::LOADS_A ? ((const u32 *)a)[last] : 0, y = K::LOADS_B ? ((const u32 *)b)[last] : 0;
        ((u32 *)c)[last] = K::make(x, y, at + last);
        done++;
    }
    count_of_block(counters, done);
}

template <int V>
__device__ __forceinline__ void summed(const uint4 *__restrict__ a, u32 *c, u64 elements, u64 *counters) {
    const u64 vectors = elements / 4;
    const u32 tile = blockDim.x * V;
    u32 done = 0;
    u32 sum = 0;
    for (u64 first = (u64)blockIdx.x * tile; first < vectors; first += (u64)gridDim.x * tile) {
        const u64 v = first + threadIdx.x;
        if (first + tile <= vectors) {
            uint4 x[V];
#pragma unroll
            for (int k = 0; k < V; k++) x[k] = a[v + k * blockDim.x];
#pragma unroll
            for (int k = 0; k < V; k++) sum += x[k].x + x[k].y + x[k].z + x[k].w;
            done += 4 * V;
        } else {
            for (u64 i = v; i < vectors; i += blockDim.x) {
                const uint4 x = a[i];
                sum += x.x + x.y + x.z + x.w;
                done += 4;
            }
        }
    }
    const u64 last = 4 * vectors + threadIdx.x;
    if (blockIdx.x == 0 && last < elements) {
        sum += ((const u32 *)a)[last];
        done++;
    }
    const u32 all = block_sum(sum);
    if (threadIdx.x == 0) atomicAdd(c, all);
    count(counters, done);
}

// Tile after tile of a working set, from the L2 cache. Each pass begins one tile further, so that no block stays with its
// part of the cache.
template <int V>
__device__ __forceinline__ void resummed(
    const uint4 *a, u32 *c, u32 tiles, u32 first, u32 end, u64 *counters
) {
    u32 done = 0;
    u32 sum = 0;
    for (u32 i = first + blockIdx.x; i < end; i += gridDim.x) {
        const u32 tile = (i + i / tiles) % tiles;
        const uint4 *from = a + (u64)tile * (blockDim.x * V) + threadIdx.x;
        uint4 x[V];
#pragma unroll
        for (int k = 0; k < V; k++) x[k] = load_from_l2(from + k * blockDim.x);
#pragma unroll
        for (int k = 0; k < V; k++) sum += x[k].x + x[k].y + x[k].z + x[k].w;
        done += 4 * V;
    }
    const u32 all = block_sum(sum);
    if (threadIdx.x == 0) atomicAdd(c, all);
    count(counters, done);
}

#define MOVED(name, K, V)                                                                                            \
    KERNEL(1024) stream_##name##_x##V(                                                                               \
        const uint4 *a, const uint4 *b, uint4 *c, u64 elements, u64 at, u64 *counters                                \
    ) {                                                                                                              \
        moved<K, V>(a, b, c, elements, at, counters);                                                                \
    }
#define SUMMED(V)                                                                                                    \
    KERNEL(1024) stream_read_x##V(                                                                                   \
        const uint4 *a, const uint4 *, uint4 *c, u64 elements, u64, u64 *counters                                    \
    ) {                                                                                                              \
        summed<V>(a, (u32 *)c, elements, counters);                                                                  \
    }
#define ALL(V)                                                                                                       \
    MOVED(write, Write, V) MOVED(copy, Copy, V) MOVED(scale, Scale, V) MOVED(add, Add, V) MOVED(triad, Triad, V)     \
    SUMMED(V)

#define RESUMMED(V)                                                                                                  \
    KERNEL(1024) stream_reread_x##V(const uint4 *a, u32 *c, u32 tiles, u32 first, u32 end, u64 *counters) {           \
        resummed<V>(a, c, tiles, first, end, counters);                                                              \
    }

ALL(1)
ALL(2)
ALL(4)
RESUMMED(2)
RESUMMED(4)
