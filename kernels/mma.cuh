// mma: the kernels on the tensor units, for any format: c = a b with a of m x k and b stored transposed, n x k, both row-major (mma.sync).
// Work: 2 m n k operations; each block reads ROWS rows of a and its columns as rows of b, SLAB bytes of k at a time.
// Exactness: products are exact and sums of integers below 2^24 too, in any order; else the units round as they like.
// Layout: eight warps as 2 x 4 make a tile, each 64 rows of results and a quarter of the columns: 32 of them where two blocks share a
// multiprocessor, 64 where one has it for itself, which halves what is read from shared memory for each product. Slabs are on their way
// into shared memory STAGES - 1 ahead. What lies outside the matrices is zero.
#pragma once

#include "common.cuh"
#include "tiles.cuh"

#define THREADS 256
#define ROWS 128
#define SLAB 64
#define CHUNKS (SLAB / 16)

// Rows of chunks of 16 bytes, permuted so that eight rows of one column of chunks lie in different banks.
template <u32 HEIGHT>
struct alignas(16) Slab {
    uint4 chunks[HEIGHT * CHUNKS];

    static __device__ __forceinline__ u32 place(u32 row, u32 chunk) {
        return row * CHUNKS + (chunk ^ (row / 2 % CHUNKS));
    }
    __device__ __forceinline__ const uint4 *at(u32 row, u32 chunk) const {
        return &chunks[place(row, chunk)];
    }
};

// What the warps of a block multiply at a time, where each makes ACROSS parts of 8 columns.
template <u32 ACROSS>
struct Stage {
    Slab<ROWS> a;
    Slab<32 * ACROSS> b;
};

// What a thread brings of a matrix, from row `first` on. WHOLE where rows are multiples of 16 bytes.
template <class Element, bool WHOLE>
struct Matrix {
    const unsigned char *bytes, *from;
    u64 row_bytes;
    // Rows from this thread's first on.
    u32 left;

    __device__ __forceinline__ Matrix(const Element *matrix, u32 rows, u64 row_bytes, u32 first)
        : bytes((const unsigned char *)matrix), row_bytes(row_bytes) {
        const u32 row = first + threadIdx.x / CHUNKS;
        from = bytes + row * row_bytes;
        left = row < rows ? rows - row : 0;
    }

    // Starts to bring HEIGHT rows, SLAB bytes from `begin` on.
    template <u32 HEIGHT>
    __device__ __forceinline__ void fetch(Slab<HEIGHT> &to, u64 begin) const {
        const u32 chunk = threadIdx.x % CHUNKS;
        const u64 at = begin + chunk * 16;
#pragma unroll
        for (u32 down = 0; down < HEIGHT; down += THREADS / CHUNKS) {
            uint4 *place = &to.chunks[to.place(threadIdx.x / CHUNKS + down, chunk)];
            if (WHOLE) {
                const bool inside = down < left && at < row_bytes;
                copy_async(place, inside ? from + down * row_bytes + at : bytes, inside ? 16 : 0);
            } else {
                *place = load(down, at);
            }
        }
    }

    // The 16 bytes at `at` of the row that lies `down` below this thread's first.
    __device__ __forceinline__ uint4 load(u32 down, u64 at) const {
        const bool inside = down < left && at < row_bytes;
        const unsigned char *what = from + down * row_bytes + at;
        if (!WHOLE) return gathered(what, inside ? row_bytes - at : 0);
        return inside ? *(const uint4 *)what : make_uint4(0, 0, 0, 0);
    }

    // The first 16 bytes at `from`, of which `left` are of the row; zero beyond it.
    static __device__ __forceinline__ uint4 gathered(const unsigned char *from, u64 left) {
        const u32 EACH = 16 / sizeof(Element);
        union {
            uint4 vector;
            Element parts[EACH];
        } raw;
        raw.vector = make_uint4(0, 0, 0, 0);
#pragma unroll
        for (u32 i = 0; i < EACH; i++) {
            if (i * sizeof(Element) < left) raw.parts[i] = ((const Element *)from)[i];
        }
        return raw.vector;
    }
};

// The results of one warp in a format whose values fill words. An instruction takes 32 bytes of k of 16 rows of a and 8 rows of b,
// whatever the format, and thread 4 g + t of a warp holds 4 bytes of row g at byte 4 t (PTX ISA, "Matrix Fragments for mma"), which is
// what ldmatrix gives. So all of them share all code but the instruction, `F::step`.
template <class F, u32 PARTS>
struct Words {
    typedef typename F::Element Element;
    typedef typename F::Result Result;
    // How many blocks share a multiprocessor.
    static const u32 ACROSS = PARTS, STEPS = 2, BLOCKS = PARTS == 4 ? 2 : 1;
    Result parts[4][ACROSS][4];

    // What one step multiplies, from a row of each matrix on.
    struct Fragments {
        u32 left[4][4], right[ACROSS][2];

        Fragments() = default;
        __device__ __forceinline__ Fragments(const Stage<ACROSS> &stage, u32 row, u32 column, u32 step) {
            const u32 lane = threadIdx.x % 32;
#pragma unroll
            for (u32 i = 0; i < 4; i++) {
                load_matrices(left[i], stage.a.at(row + 16 * i + lane % 16, 2 * step + lane / 16));
            }
#pragma unroll
            for (u32 j = 0; j < ACROSS; j += 2) {
                u32 two[4];
                load_matrices(two, stage.b.at(column + 8 * j + lane / 16 * 8 + lane % 8, 2 * step + lane / 8 % 2));
                right[j][0] = two[0];
                right[j][1] = two[1];
                right[j + 1][0] = two[2];
                right[j + 1][1] = two[3];
            }
        }
    };

    __device__ __forceinline__ void add(const Fragments &of) {
#pragma unroll
        for (u32 i = 0; i < 4; i++) {
#pragma unroll
            for (u32 j = 0; j < ACROSS; j++) F::step(parts[i][j], of.left[i], of.right[j]);
        }
    }
};

// The same in FP64. An instruction takes 4 values of k of 8 rows of each matrix, and thread 4 g + t holds value t of row g (PTX ISA,
// "Matrix Fragments for mma.m8n8k4"). Which value of k is which is free as long as a and b agree: a thread takes two side by side, for
// two instructions, in one load for which eight threads read all of two rows.
struct Doubles {
    typedef double Element;
    typedef double Result;
    static const u32 ACROSS = 4, STEPS = 1, BLOCKS = 1;
    double parts[4][ACROSS][4];

    struct alignas(16) Two {
        double of[2];
    };

    struct Fragments {
        Two upper[4], lower[4], right[ACROSS];

        __device__ __forceinline__ Fragments(const Stage<ACROSS> &stage, u32 row, u32 column, u32) {
            const u32 g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
            for (u32 i = 0; i < 4; i++) {
                upper[i] = *(const Two *)stage.a.at(row + 16 * i + g, t);
                lower[i] = *(const Two *)stage.a.at(row + 16 * i + 8 + g, t);
                right[i] = *(const Two *)stage.b.at(column + 8 * i + g, t);
            }
        }
    };

    __device__ __forceinline__ void add(const Fragments &of) {
#pragma unroll
        for (u32 half = 0; half < 2; half++) {
#pragma unroll
            for (u32 i = 0; i < 4; i++) {
#pragma unroll
                for (u32 j = 0; j < ACROSS; j++) {
                    double(&d)[4] = parts[i][j];
                    mma_f64(d[0], d[1], of.upper[i].of[half], of.right[j].of[half]);
                    mma_f64(d[2], d[3], of.lower[i].of[half], of.right[j].of[half]);
                }
            }
        }
    }
};

// Where slabs lie, and what brings them there.
template <class S, bool WHOLE>
struct Feed {
    typedef Matrix<typename S::Element, WHOLE> From;
    Stage<S::ACROSS> *const stages;
    const From a, b;

    __device__ __forceinline__ Feed(const From &a, const From &b) : stages((Stage<S::ACROSS> *)launched_shared()), a(a), b(b) {}
};

// By copies that registers do not see.
template <class S, bool WHOLE>
struct Copied : Feed<S, WHOLE> {
    using Feed<S, WHOLE>::Feed;
    // What 48 KB hold, or 96 KB.
    static const u32 STAGES = S::ACROSS == 4 ? 3 : 4, BLOCKS = S::BLOCKS;

    __device__ __forceinline__ void fetch(u32 stage, u64 begin) const {
        this->a.fetch(this->stages[stage].a, begin);
        this->b.fetch(this->stages[stage].b, begin);
        commit_copies();
    }
    // Orders the slab that takes the place of the last.
    __device__ __forceinline__ void fetch_next(u32 stage, u64 begin) const {
        fetch(stage == 0 ? STAGES - 1 : stage - 1, begin + (STAGES - 1) * SLAB);
    }
    // Until the next slab that is multiplied has come, and all are through with the one that the next to be fetched takes the place of.
    static __device__ __forceinline__ void meet() {
        wait_for_copies<STAGES - 2>();
        __syncthreads();
    }
    __device__ __forceinline__ void first(u32, u32) const {
#pragma unroll 1
        for (u32 slab = 0; slab < STAGES - 1; slab++) fetch(slab, slab * SLAB);
    }
    // Adds the products of the slab at `begin`, and orders another.
    __device__ __forceinline__ void turn(S &sums, u32 stage, u64 begin, u32 row, u32 column) const {
        meet();
        // Registers are scarce where two blocks share them, and one has products for the units while the other orders.
        if (BLOCKS > 1) fetch_next(stage, begin);
#pragma unroll
        for (u32 step = 0; step < S::STEPS; step++) {
            const typename S::Fragments fragments(this->stages[stage], row, column, step);
            // Ordered as soon as the units have something to do.
            if (BLOCKS == 1 && step == 0) fetch_next(stage, begin);
            sums.add(fragments);
        }
    }
    static __device__ __forceinline__ void last() { wait_for_copies<0>(); }
};

// The same for a block that is alone on its multiprocessor: what the first step of a slab multiplies is in registers before the second step
// of the slab before it begins, so that the units have work while all wait for one another.
template <class S, bool WHOLE>
struct Ahead : Copied<S, WHOLE> {
    using Copied<S, WHOLE>::Copied;
    using Copied<S, WHOLE>::STAGES;
    typename S::Fragments now;

    __device__ __forceinline__ void first(u32 row, u32 column) {
        Copied<S, WHOLE>::first(row, column);
        this->meet();
        now = typename S::Fragments(this->stages[0], row, column, 0);
    }
    __device__ __forceinline__ void turn(S &sums, u32 stage, u64 begin, u32 row, u32 column) {
        const typename S::Fragments later(this->stages[stage], row, column, 1);
        this->fetch_next(stage, begin);
        sums.add(now);
        this->meet();
        now = typename S::Fragments(this->stages[stage == STAGES - 1 ? 0 : stage + 1], row, column, 0);
        sums.add(later);
    }
};

// A tile, by the sums `S` of each warp from slabs as `F` brings them.
template <class S, class F>
__device__ __forceinline__ void product(
    const typename S::Element *a, const typename S::Element *b, typename S::Result *c, u32 m, u32 n, u64 row_bytes, u64 *counters
) {
    const u32 COLUMNS = 32 * S::ACROSS;
    u32 row, column;
    place_of_block((m + ROWS - 1) / ROWS, (n + COLUMNS - 1) / COLUMNS, row, column);
    row *= ROWS;
    column *= COLUMNS;
    typedef typename F::From From;
    F feed(From(a, m, row_bytes, row), From(b, n, row_bytes, column));
    const u32 warp = threadIdx.x / 32;
    const u32 warp_row = warp / 4 * 64, warp_column = warp % 4 * 8 * S::ACROSS;
    feed.first(warp_row, warp_column);
    S sums = {};
    u32 stage = 0, done = 0;
#pragma unroll 1
    for (u64 begin = 0; begin < row_bytes; begin += SLAB) {
        feed.turn(sums, stage, begin, warp_row, warp_column);
        const u64 rest = row_bytes - begin;
        done += (u32)(rest < SLAB ? rest : SLAB) / sizeof(typename S::Element);
        opaque(done);
        stage = stage == F::STAGES - 1 ? 0 : stage + 1;
    }
    feed.last();
    count(counters, store_parts(sums.parts, c, m, n, row + warp_row, column + warp_column) * done);
}

// By the columns of its tile and by how slabs come; then the sums. Rows that are no multiples of 16 bytes have the narrower tile alone.
#define PRODUCT(name, columns, F, ...)                                                                               \
    typedef __VA_ARGS__ name##_##columns;                                                                            \
    extern "C" __global__ void __launch_bounds__(THREADS, F<name##_##columns, true>::BLOCKS) mma_##name##_##columns( \
        const name##_##columns::Element *a, const name##_##columns::Element *b, name##_##columns::Result *c, u32 m,  \
        u32 n, u32 k, u64 *counters                                                                                  \
    ) {                                                                                                              \
        typedef name##_##columns S;                                                                                  \
        const u64 row_bytes = (u64)k * sizeof(S::Element);                                                           \
        if (row_bytes % 16 == 0) {                                                                                   \
            product<S, F<S, true>>(a, b, c, m, n, row_bytes, counters);                                              \
        } else if (columns == 128) {                                                                                 \
            product<S, F<S, false>>(a, b, c, m, n, row_bytes, counters);                                             \
        }                                                                                                            \
    }
#define MMA(name, NARROW, WIDE, V) PRODUCT(name, 128, NARROW, Words<V, 4>) PRODUCT(name, 256, WIDE, Words<V, 8>)
