// gemm: c = a b with a of m x k and b stored transposed, n x k, both row-major. The vector units' baseline.
// Work: 2 m n k operations; each block reads 2 TILE * DEPTH values of a and b per step of DEPTH.
// Exactness: every sum runs in the order of k with one rounding a step, as the reference's does: equal bit for bit.
// Layout: HIGH x WIDE threads make a tile of TILE x TILE, each DOWN x ACROSS results in groups of four by four. Tiles of
// a and b lie in shared memory, k slowest; the next ones are on their way in registers meanwhile. What lies outside the
// matrices is loaded as zero. Blocks take tiles eight rows high at a time, so that what they share is in the L2 cache.
#include "common.cuh"
#include "tiles.cuh"

// Each format: elements as they lie in memory, 16 bytes of them as values to compute with, and the step.
struct Fp64 {
    typedef double Element;
    typedef double Value;
    static const u32 VALUES = 2;
    static __device__ __forceinline__ void unpack(const uint4 &raw, Value *values) {
        values[0] = __hiloint2double((int)raw.y, (int)raw.x);
        values[1] = __hiloint2double((int)raw.w, (int)raw.z);
    }
    static __device__ __forceinline__ Value step(Value a, Value b, Value sum) { return fma(a, b, sum); }
};

struct Fp32 {
    typedef float Element;
    typedef float Value;
    static const u32 VALUES = 4;
    static __device__ __forceinline__ void unpack(const uint4 &raw, Value *values) {
        values[0] = __uint_as_float(raw.x);
        values[1] = __uint_as_float(raw.y);
        values[2] = __uint_as_float(raw.z);
        values[3] = __uint_as_float(raw.w);
    }
    static __device__ __forceinline__ Value step(Value a, Value b, Value sum) { return fmaf(a, b, sum); }
};

struct Fp16 {
    typedef unsigned short Element;
    typedef float Value;
    static const u32 VALUES = 8;
    static __device__ __forceinline__ void unpack(const uint4 &raw, Value *values) {
        const u32 words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
        for (int i = 0; i < 8; i++) values[i] = f16_value(words[i / 2] >> 16 * (i % 2) & 0xFFFF);
    }
    static __device__ __forceinline__ Value step(Value a, Value b, Value sum) { return fmaf(a, b, sum); }
};

struct Int32 {
    typedef u32 Element;
    typedef u32 Value;
    static const u32 VALUES = 4;
    static __device__ __forceinline__ void unpack(const uint4 &raw, Value *values) {
        values[0] = raw.x;
        values[1] = raw.y;
        values[2] = raw.z;
        values[3] = raw.w;
    }
    static __device__ __forceinline__ Value step(Value a, Value b, Value sum) { return mad(a, b, sum); }
};

// A value is four bytes of k.
struct Int8 : Int32 {
    typedef unsigned char Element;
    static __device__ __forceinline__ Value step(Value a, Value b, Value sum) { return dp4a(a, b, sum); }
};

// 16 bytes of row `row` from element `from` on; zero where the matrix ends. `whole` where rows are multiples of that.
template <class P>
__device__ __forceinline__ uint4 load(const typename P::Element *matrix, u32 row, u32 rows, u32 k, u64 from, bool whole) {
    typedef typename P::Element Element;
    const u32 EACH = 16 / sizeof(Element);
    union {
        uint4 vector;
        Element parts[EACH];
    } raw;
    raw.vector = make_uint4(0, 0, 0, 0);
    if (row < rows && from < k) {
        const Element *at = matrix + (u64)row * k + from;
        if (whole) {
            raw.vector = *(const uint4 *)at;
        } else {
#pragma unroll
            for (u32 i = 0; i < EACH; i++) {
                if (from + i < k) raw.parts[i] = at[i];
            }
        }
    }
    return raw.vector;
}

template <class P>
struct alignas(16) Four {
    typename P::Value values[4];
};

// How the threads of a block share a tile. WHOLE takes no matrices but those whose rows are multiples of 16 bytes: a branch at each
// load would keep the compiler from moving it, and another copy of the loop takes too many registers.
template <int ROWS, int COLUMNS, int SIDE, bool WHOLE_>
struct Share {
    static const u32 HIGH = ROWS, WIDE = COLUMNS, TILE = SIDE;
    static const u32 THREADS = HIGH * WIDE, DOWN = TILE / HIGH, ACROSS = TILE / WIDE;
    static const bool WHOLE = WHOLE_;
};
typedef Share<16, 16, 64, false> Small;
typedef Share<16, 8, 128, true> Large;

// Aligned as its groups of four are: they are loaded as one.
template <class P, class S, int DEPTH>
struct alignas(16) Tiles {
    typedef typename P::Value Value;
    // Rows of four more, so that they stay aligned and do not all begin in one bank.
    static const u32 PITCH = S::TILE + 4;
    static const u32 CHUNKS = DEPTH / P::VALUES;
    static const u32 LOADS = S::TILE * CHUNKS / S::THREADS;
    static const u32 EACH = 16 / sizeof(typename P::Element);
    static const u32 ELEMENTS = CHUNKS * EACH;

    Value a[DEPTH][PITCH];
    Value b[DEPTH][PITCH];

    static __device__ __forceinline__ void fetch(
        uint4 (&raw)[LOADS], const typename P::Element *matrix, u32 first, u32 rows, u32 k, u64 begin, bool whole
    ) {
#pragma unroll
        for (u32 i = 0; i < LOADS; i++) {
            const u32 chunk = threadIdx.x + i * S::THREADS;
            const u64 from = begin + chunk % CHUNKS * EACH;
            raw[i] = load<P>(matrix, first + chunk / CHUNKS, rows, k, from, whole);
        }
    }

    static __device__ __forceinline__ void place(Value (&tile)[DEPTH][PITCH], const uint4 (&raw)[LOADS]) {
#pragma unroll
        for (u32 i = 0; i < LOADS; i++) {
            const u32 chunk = threadIdx.x + i * S::THREADS;
            Value values[P::VALUES];
            P::unpack(raw[i], values);
#pragma unroll
            for (u32 j = 0; j < P::VALUES; j++) tile[chunk % CHUNKS * P::VALUES + j][chunk / CHUNKS] = values[j];
        }
    }

    // The values of one row of a tile that belong to thread row or column `lane` of `lanes`: a group of four of each turn.
    template <u32 lanes, u32 PER>
    static __device__ __forceinline__ void gather(Value (&mine)[PER], const Value (&row)[PITCH], u32 lane) {
#pragma unroll
        for (u32 g = 0; g < PER / 4; g++) {
            const Four<P> four = *(const Four<P> *)&row[4 * lanes * g + 4 * lane];
#pragma unroll
            for (u32 i = 0; i < 4; i++) mine[4 * g + i] = four.values[i];
        }
    }

    __device__ __forceinline__ void multiply(Value (&sums)[S::DOWN][S::ACROSS]) const {
#pragma unroll
        for (int d = 0; d < DEPTH; d++) {
            Value left[S::DOWN], right[S::ACROSS];
            gather<S::HIGH>(left, a[d], threadIdx.x / S::WIDE);
            gather<S::WIDE>(right, b[d], threadIdx.x % S::WIDE);
#pragma unroll
            for (u32 i = 0; i < S::DOWN; i++) {
#pragma unroll
                for (u32 j = 0; j < S::ACROSS; j++) sums[i][j] = P::step(left[i], right[j], sums[i][j]);
            }
        }
    }
};

template <class P, class S, int DEPTH>
__device__ __forceinline__ void product(
    const typename P::Element *a, const typename P::Element *b, typename P::Value *c, u32 m, u32 n, u32 k, u64 *counters
) {
    typedef Tiles<P, S, DEPTH> T;
    __shared__ T tiles;
    u32 row, column;
    place_of_block((m + S::TILE - 1) / S::TILE, (n + S::TILE - 1) / S::TILE, row, column);
    row *= S::TILE;
    column *= S::TILE;
    const bool whole = S::WHOLE || (u64)k * sizeof(typename P::Element) % 16 == 0;
    typename P::Value sums[S::DOWN][S::ACROSS] = {};
    uint4 next_a[T::LOADS], next_b[T::LOADS];
    T::fetch(next_a, a, row, m, k, 0, whole);
    T::fetch(next_b, b, column, n, k, 0, whole);
    u32 done = 0;
    for (u64 begin = 0; begin < k; begin += T::ELEMENTS) {
        T::place(tiles.a, next_a);
        T::place(tiles.b, next_b);
        __syncthreads();
        T::fetch(next_a, a, row, m, k, begin + T::ELEMENTS, whole);
        T::fetch(next_b, b, column, n, k, begin + T::ELEMENTS, whole);
        tiles.multiply(sums);
        done += k - begin < T::ELEMENTS ? (u32)(k - begin) : T::ELEMENTS;
        opaque(done);
        __syncthreads();
    }
    u32 results = 0;
#pragma unroll
    for (u32 i = 0; i < S::DOWN; i++) {
        const u32 r = row + i / 4 * 4 * S::HIGH + threadIdx.x / S::WIDE * 4 + i % 4;
#pragma unroll
        for (u32 j = 0; j < S::ACROSS; j++) {
            const u32 q = column + j / 4 * 4 * S::WIDE + threadIdx.x % S::WIDE * 4 + j % 4;
            if (r < m && q < n) {
                c[(u64)r * n + q] = sums[i][j];
                results++;
            }
        }
    }
    count(counters, results * done);
}

// Two blocks share a multiprocessor, so that one computes while the other waits.
#define GEMM(name, P, S, DEPTH, tile)                                                                                \
    extern "C" __global__ void __launch_bounds__(S::THREADS, 2) gemm_##name##_##tile(                                \
        const P::Element *a, const P::Element *b, P::Value *c, u32 m, u32 n, u32 k, u64 *counters                    \
    ) {                                                                                                              \
        product<P, S, DEPTH>(a, b, c, m, n, k, counters);                                                            \
    }

GEMM(fp64, Fp64, Small, 8, 64)
GEMM(fp32, Fp32, Small, 16, 64)
GEMM(fp32, Fp32, Large, 8, 128)
GEMM(fp16, Fp16, Small, 32, 64)
GEMM(fp16, Fp16, Large, 16, 128)
GEMM(int32, Int32, Small, 16, 64)
GEMM(int32, Int32, Large, 8, 128)
GEMM(int8, Int8, Small, 16, 64)
GEMM(int8, Int8, Large, 8, 128)
