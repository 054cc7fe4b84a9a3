// tensor_wgmma: the ceiling of the tensor units by Hopper's own path to them (compute capability 9.0): tiles of 64 x 256 results, each fed
// the same matrices over and over from shared memory (reference::mma_tile). Nothing else is read; a result is stored once, at the end.
// Work: 2 x 64 x 256 x k operations per step with 32 bytes of k, TILE_STEPS steps to a turn.
// Exactness: as the reference on integers, in any order of sums; in FP8 the sums themselves keep about 14 bits.
// Layout: a warpgroup has one tile, a block two, and neither waits for the other: one multiplies while the other changes its matrix. 32 of
// every 128 bytes of shared memory are used, which lie as wgmma.cu has them ("128B swizzle"): chunk c of 16 bytes of row r at place c ^ r % 8.
#include "common.cuh"
#include "sm90.cuh"

// As src/device/op.rs has it.
#define TILE_STEPS 64
// Steps that the loop's body writes out.
#define BODY 16
#define GROUP 128
#define GROUPS 2
#define ROWS 64
#define COLUMNS 256
#define ROW_BYTES 128
#define ROW_WORDS 8

// The rows of both matrices of one tile. The permutation repeats every 1024 bytes of address.
struct alignas(1024) Matrices {
    unsigned char a[ROWS * ROW_BYTES];
    unsigned char b[COLUMNS * ROW_BYTES];

    __device__ __forceinline__ u32 *word(u32 row, u32 word) {
        return (u32 *)(a + row * ROW_BYTES + (word / 4 ^ row % 8) * 16 + word % 4 * 4);
    }
};

// What a product needs to know of 8 x n rows of 128 bytes in shared memory ("Matrix Descriptor Format").
__device__ __forceinline__ u64 descriptor(const void *rows) {
    const u64 start = (shared_address(rows) & 0x3FFFF) >> 4;
    const u64 eight_rows = 8 * ROW_BYTES >> 4;
    return start | 1ull << 16 | eight_rows << 32 | 1ull << 62;
}

template <class F>
__device__ __forceinline__ u32 drawn_word(const Source &s, u64 first) {
    u32 bits = 0;
#pragma unroll 1
    for (u32 e = 0; e < F::PER_WORD; e++) bits |= F::draw(s, first + e) << 32 / F::PER_WORD * e;
    return bits;
}

// What of its own a thread changes lies in rows g and g + 8 of its warp's 16, in words t and t + 4; so do its first results.
template <class F>
__device__ __forceinline__ void change(Matrices &mine, const typename F::Result (&d)[128], bool inverted) {
    const u32 row = threadIdx.x % GROUP / 32 * 16 + threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    *mine.word(row, t) ^= F::changed(d[0], inverted);
    *mine.word(row, t + 4) ^= F::changed(d[1], inverted);
    *mine.word(row + 8, t) ^= F::changed(d[2], inverted);
    *mine.word(row + 8, t + 4) ^= F::changed(d[3], inverted);
}

template <class F>
__device__ __forceinline__ void tiles(
    u32 first, u32 end, u32 turns, const Source &source, typename F::Result *out, u64 *counters
) {
    unsigned char *const memory = launched_shared();
    Matrices *const all = (Matrices *)(memory + (1024 - shared_address(memory) % 1024) % 1024);
    const u32 group = threadIdx.x / GROUP;
    Matrices &mine = all[group];
    const u64 tile = first + (u64)blockIdx.x * GROUPS + group;
#pragma unroll 1
    for (u32 i = threadIdx.x % GROUP; i < (ROWS + COLUMNS) * ROW_WORDS; i += GROUP) {
        *mine.word(i / ROW_WORDS, i % ROW_WORDS) =
            drawn_word<F>(source, (tile * (ROWS + COLUMNS) * ROW_WORDS + i) * F::PER_WORD);
    }
    // The first turn changes nothing, but writes what it read; and other threads have drawn it.
    warpgroup_barrier(group);
    const u64 a = descriptor(mine.a), b = descriptor(mine.b);
    typename F::Result d[128] = {};
    u32 steps = 0;
#pragma unroll 1
    for (u32 turn = 0; turn < turns; turn++) {
        change<F>(mine, d, hash(0, turn) >> threadIdx.x % 32 & 1);
        // What was written must be seen by the units, whoever wrote it.
        publish_shared();
        warpgroup_barrier(group);
        wgmma_fence(d);
#pragma unroll 1
        for (u32 i = 0; i < TILE_STEPS / BODY; i++) {
#pragma unroll
            for (u32 j = 0; j < BODY; j++) F::step(d, a, b, i + j > 0);
            steps += BODY;
            opaque(steps);
        }
        wgmma_commit();
        wgmma_wait<0>(d);
        // Nobody changes what another warp's products still read.
        warpgroup_barrier(group);
    }
    u32 stored = 0;
    if (tile < end) {
        const u32 row = threadIdx.x % GROUP / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
        typename F::Result *const to = out + (tile * ROWS + row) * COLUMNS + column;
#pragma unroll
        for (u32 e = 0; e < 128; e++) to[e / 2 % 2 * 8 * COLUMNS + e / 4 * 8 + e % 2] = d[e];
        stored = 128;
    }
    count(counters, steps * stored);
}

// Each format as tensor.cu has it: how many of its values a word holds, and which bits of a word a result changes.
struct Fp16 {
    typedef float Result;
    static const u32 PER_WORD = 2;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_f16(s, index); }
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80008000u : 0; }
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_f16(d, a, b, add); }
};

struct Bf16 : Fp16 {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_b16(s, index); }
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_bf16(d, a, b, add); }
};

struct Tf32 {
    typedef float Result;
    static const u32 PER_WORD = 1;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) {
        return __float_as_uint(f16_value(draw_f16(s, index)));
    }
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80000000u : 0; }
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_tf32(d, a, b, add); }
};

struct E4m3 {
    typedef float Result;
    static const u32 PER_WORD = 4;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_e4m3(s, index); }
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80808080u : 0; }
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_e4m3(d, a, b, add); }
};

struct E5m2 : E4m3 {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_e5m2(s, index); }
    static __device__ __forceinline__ void step(float (&d)[128], u64 a, u64 b, bool add) { wgmma_e5m2(d, a, b, add); }
};

struct Int8 {
    typedef u32 Result;
    static const u32 PER_WORD = 4;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_i8(s, index); }
    static __device__ __forceinline__ u32 changed(u32 d, bool) { return d; }
    static __device__ __forceinline__ void step(u32 (&d)[128], u64 a, u64 b, bool add) { wgmma_s8(d, a, b, add); }
};

#define TILES(name, F)                                                                                               \
    extern "C" __global__ void __launch_bounds__(GROUPS * GROUP, 1) tensor_wgmma_##name(                             \
        u32 first, u32 end, u32 turns, u64 seed, u32 distribution, u32 magnitude, F::Result *out, u64 *counters      \
    ) {                                                                                                              \
        tiles<F>(first, end, turns, Source{seed, distribution, magnitude}, out, counters);                           \
    }

TILES(fp16, Fp16)
TILES(bf16, Bf16)
TILES(tf32, Tf32)
TILES(fp8_e4m3, E4m3)
TILES(fp8_e5m2, E5m2)
TILES(int8, Int8)
