// mma_sm75: products on the tensor units of compute capability 7.5. Work, exactness and tiles: mma.cuh.
// Layout: there are no copies that registers do not see, and 64 KB of shared memory to a multiprocessor.
#include "mma.cuh"
#include "sm75.cuh"

struct Fp16 {
    typedef unsigned short Element;
    typedef float Result;
    static __device__ __forceinline__ void step(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { step_f16_sm75(d, a, b); }
};

struct Int8 {
    typedef unsigned char Element;
    typedef u32 Result;
    static __device__ __forceinline__ void step(u32 (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { step_s8_sm75(d, a, b); }
};

// How slabs come: through registers, while the one before is multiplied, into one of two stages. That is all that shared memory holds, and
// no two blocks share a multiprocessor.
template <class S, bool WHOLE>
struct Carried : Feed<S, WHOLE> {
    using Feed<S, WHOLE>::Feed;
    static const u32 STAGES = 2, BLOCKS = 1;
    static const u32 DOWN = THREADS / CHUNKS;
    // What this thread has in hand of the slab that is multiplied next.
    uint4 of_a[ROWS / DOWN], of_b[32 * S::ACROSS / DOWN];

    template <u32 EACH>
    static __device__ __forceinline__ void load(uint4 (&to)[EACH], const typename Feed<S, WHOLE>::From &from, u64 begin) {
#pragma unroll
        for (u32 i = 0; i < EACH; i++) to[i] = from.load(i * DOWN, begin + threadIdx.x % CHUNKS * 16);
    }
    template <u32 HEIGHT, u32 EACH>
    static __device__ __forceinline__ void put(Slab<HEIGHT> &to, const uint4 (&from)[EACH]) {
#pragma unroll
        for (u32 i = 0; i < EACH; i++) to.chunks[to.place(threadIdx.x / CHUNKS + i * DOWN, threadIdx.x % CHUNKS)] = from[i];
    }
    __device__ __forceinline__ void take(u64 begin) {
        load(of_a, this->a, begin);
        load(of_b, this->b, begin);
    }
    __device__ __forceinline__ void first(u32, u32) { take(0); }
    // Adds the products of the slab at `begin`, and takes the next.
    __device__ __forceinline__ void turn(S &sums, u32 stage, u64 begin, u32 row, u32 column) {
        Stage<S::ACROSS> &here = this->stages[stage];
        put(here.a, of_a);
        put(here.b, of_b);
        // This slab is there, and all are through with the one before it: the next to be put may take its place.
        __syncthreads();
        take(begin + SLAB);
#pragma unroll
        for (u32 step = 0; step < S::STEPS; step++) sums.add(typename S::Fragments(here, row, column, step));
    }
    static __device__ __forceinline__ void last() {}
};

MMA(sm75_fp16, Carried, Carried, Fp16)
MMA(sm75_int8, Carried, Carried, Int8)
