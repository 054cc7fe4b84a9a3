// tensor_wide: what the ceilings of tensor units have in common that multiply from shared memory: the matrices of a tile as these units take
// them, and each format as tensor.cu has it.
// Layout: 32 of every 128 bytes of shared memory are used, which lie as wgmma.cu has them ("128B swizzle"): chunk c of 16 bytes of row r at
// place c ^ r % 8.
#pragma once

#include "common.cuh"
#include "sm90.cuh"

// As src/device/op.rs has it.
#define TILE_STEPS 64
// Steps that the loop's body writes out.
#define BODY 16
#define GROUP 128
#define GROUPS 2
#define COLUMNS 256
#define ROW_BYTES 128
#define ROW_WORDS 8

// The rows of both matrices of one tile. The permutation repeats every 1024 bytes of address.
template <u32 ROWS>
struct alignas(1024) Matrices {
    unsigned char a[ROWS * ROW_BYTES];
    unsigned char b[COLUMNS * ROW_BYTES];

    __device__ __forceinline__ u32 *word(u32 row, u32 word) {
        return (u32 *)(a + row * ROW_BYTES + (word / 4 ^ row % 8) * 16 + word % 4 * 4);
    }
};

template <class F>
__device__ __forceinline__ u32 drawn_word(const Source &s, u64 first) {
    u32 bits = 0;
#pragma unroll 1
    for (u32 e = 0; e < F::PER_WORD; e++) bits |= F::draw(s, first + e) << 32 / F::PER_WORD * e;
    return bits;
}

// How many values of a format a word holds, and which bits of a word a result changes.
struct Halves {
    typedef float Result;
    static const u32 PER_WORD = 2;
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80008000u : 0; }
};

struct OfFp16 : Halves {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_f16(s, index); }
};

struct OfBf16 : Halves {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_b16(s, index); }
};

struct OfTf32 {
    typedef float Result;
    static const u32 PER_WORD = 1;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) {
        return __float_as_uint(f16_value(draw_f16(s, index)));
    }
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80000000u : 0; }
};

struct Quarters {
    typedef float Result;
    static const u32 PER_WORD = 4;
    static __device__ __forceinline__ u32 changed(float d, bool inverted) { return (d < 0) != inverted ? 0x80808080u : 0; }
};

struct OfE4m3 : Quarters {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_e4m3(s, index); }
};

struct OfE5m2 : Quarters {
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_e5m2(s, index); }
};

struct OfInt8 {
    typedef u32 Result;
    static const u32 PER_WORD = 4;
    static __device__ __forceinline__ u32 draw(const Source &s, u64 index) { return draw_i8(s, index); }
    static __device__ __forceinline__ u32 changed(u32 d, bool) { return d; }
};
