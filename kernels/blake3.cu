// blake3: elements expanded from a key, and hash trees, see reference::{expanded_words, tree}. Names, constants and rounds as in
// J. O'Connor, J.-P. Aumasson, S. Neves, Z. Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere" (2021).
// Work: for each 64 bytes one compression of 336 additions, 224 exclusive ors and 224 rotations of 32 bits. Exact.
// Layout: a thread makes whole compressions. Memory moves by 16 bytes, neighbouring threads at neighbouring places: what
// each of them needs or makes in a row changes hands in shared memory, warp by warp.
#include "common.cuh"

const u32 CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8, KEYED_HASH = 16;

#define IV0 0x6A09E667u
#define IV1 0xBB67AE85u
#define IV2 0x3C6EF372u
#define IV3 0xA54FF53Au

// A chain as a kernel is given it.
#define CHAIN u32 k0, u32 k1, u32 k2, u32 k3, u32 k4, u32 k5, u32 k6, u32 k7
#define GIVEN_CHAIN Chain{{k0, k1, k2, k3, k4, k5, k6, k7}}

const u32 BLOCK_BYTES = 64, BLOCKS_OF_CHUNK = 16;

// Eight words that go from one compression to the next.
struct Chain {
    u32 words[8];
};

template <u32 N>
__device__ __forceinline__ u32 rotated(u32 x) {
    return x >> N | x << (32 - N);
}

// Sums by multiplying with one, which the units for integers' products do beside those for logic and shifts: these alone would be
// the limit. `one` must be a value that no compiler knows.
__device__ __forceinline__ void quarter(u32 &a, u32 &b, u32 &c, u32 &d, u32 x, u32 y, u32 one) {
    a = mad(x, one, mad(b, one, a));
    d = byte_perm(d ^ a, 0, 0x1032);
    c = c + d;
    b = rotated<12>(b ^ c);
    a = mad(y, one, mad(b, one, a));
    d = byte_perm(d ^ a, 0, 0x0321);
    c = c + d;
    b = rotated<7>(b ^ c);
}

__device__ __forceinline__ void round(u32 (&v)[16], const u32 (&m)[16], u32 one) {
    quarter(v[0], v[4], v[8], v[12], m[0], m[1], one);
    quarter(v[1], v[5], v[9], v[13], m[2], m[3], one);
    quarter(v[2], v[6], v[10], v[14], m[4], m[5], one);
    quarter(v[3], v[7], v[11], v[15], m[6], m[7], one);
    quarter(v[0], v[5], v[10], v[15], m[8], m[9], one);
    quarter(v[1], v[6], v[11], v[12], m[10], m[11], one);
    quarter(v[2], v[7], v[8], v[13], m[12], m[13], one);
    quarter(v[3], v[4], v[9], v[14], m[14], m[15], one);
}

// All of it is written out, so that permuting only renames registers.
__device__ __forceinline__ void permute(u32 (&m)[16]) {
    const u32 next[16] = {
        m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8],
    };
#pragma unroll
    for (u32 i = 0; i < 16; i++) m[i] = next[i];
}

// The state after seven rounds.
__device__ __forceinline__ void compress(u32 (&v)[16], const Chain &chain, u32 (&m)[16], u64 counter, u32 bytes, u32 flags) {
    // All grids are flat.
    const u32 one = gridDim.y;
    const u32 rest[8] = {IV0, IV1, IV2, IV3, (u32)counter, (u32)(counter >> 32), bytes, flags};
#pragma unroll
    for (u32 i = 0; i < 8; i++) {
        v[i] = chain.words[i];
        v[i + 8] = rest[i];
    }
#pragma unroll
    for (u32 i = 0; i < 7; i++) {
        round(v, m, one);
        permute(m);
    }
}

__device__ __forceinline__ Chain chained(const Chain &chain, u32 (&m)[16], u64 counter, u32 bytes, u32 flags) {
    u32 v[16];
    compress(v, chain, m, counter, bytes, flags);
    Chain next;
#pragma unroll
    for (u32 i = 0; i < 8; i++) next.words[i] = v[i] ^ v[i + 8];
    return next;
}

__device__ __forceinline__ void spread(u32 (&m)[16], u32 at, uint4 x) {
    m[at] = x.x;
    m[at + 1] = x.y;
    m[at + 2] = x.z;
    m[at + 3] = x.w;
}

__device__ __forceinline__ void store(uint4 *out, const Chain &chain) {
    const u32 (&w)[8] = chain.words;
    out[0] = make_uint4(w[0], w[1], w[2], w[3]);
    out[1] = make_uint4(w[4], w[5], w[6], w[7]);
}

// Where unit `i` lies of a warp's 32 rows of four units of 16 bytes: so that neither whole rows by neighbours nor columns
// by all threads meet in one bank.
__device__ __forceinline__ u32 placed(u32 i) {
    return i ^ ((i >> 3) & 3);
}

// A chunk for each thread. Chunk 0 of the pointer is chunk `at` of the tree. The chain is what each starts from.
KERNEL(128) tree_chunks(const uint4 *src, u64 chunks, u64 at, uint4 *out, CHAIN, u32 keyed, u64 *counters) {
    __shared__ uint4 stages[4][128];
    uint4 *const stage = stages[threadIdx.x / 32];
    const u32 lane = threadIdx.x % 32;
    const u64 mine = global_thread(), first = mine - lane;
    // Of a block of 64 bytes of all 32 chunks, this thread loads the same part of every eighth.
    const uint4 *from = src + (first + lane / 4) * 64 + lane % 4;
    uint4 loaded[4];
    bool there[4];
#pragma unroll
    for (u32 i = 0; i < 4; i++) {
        there[i] = first + 8 * i + lane / 4 < chunks;
        loaded[i] = there[i] ? from[8 * 64 * i] : make_uint4(0, 0, 0, 0);
    }
    Chain chain = GIVEN_CHAIN;
#pragma unroll 1
    for (u32 block = 0; block < BLOCKS_OF_CHUNK; block++) {
#pragma unroll
        for (u32 i = 0; i < 4; i++) stage[placed(32 * i + lane)] = loaded[i];
        __syncwarp();
        u32 m[16];
#pragma unroll
        for (u32 i = 0; i < 4; i++) spread(m, 4 * i, stage[placed(4 * lane + i)]);
        __syncwarp();
        // The next ones come while this one is compressed.
        from += 4;
#pragma unroll
        for (u32 i = 0; i < 4; i++) {
            if (block + 1 < BLOCKS_OF_CHUNK && there[i]) loaded[i] = from[8 * 64 * i];
        }
        const u32 start = block == 0 ? CHUNK_START : 0, end = block + 1 == BLOCKS_OF_CHUNK ? CHUNK_END : 0;
        chain = chained(chain, m, at + mine, BLOCK_BYTES, keyed | start | end);
    }
    u32 done = 0;
    if (mine < chunks) {
        store(out + 2 * mine, chain);
        done = 1;
    }
    count(counters, done);
}

// `levels` levels of parents, each behind its children: `children` nodes from the pointer on, a power of two. A block makes
// what lies above 512 of them, so that it waits for no other. Nodes are aligned to 32 bytes, and so is the pointer.
KERNEL(256) tree_parents(uint4 *nodes, u32 children, u32 levels, CHAIN, u32 keyed, u64 *counters) {
    const Chain start = GIVEN_CHAIN;
    u32 done = 0;
    u32 mine = children / 2 < blockDim.x ? children / 2 : blockDim.x;
#pragma unroll 1
    for (u32 level = 0; level < levels; level++) {
        if (threadIdx.x < mine) {
            const u32 parent = blockIdx.x * mine + threadIdx.x;
            u32 m[16];
#pragma unroll
            for (u32 i = 0; i < 4; i++) spread(m, 4 * i, nodes[4 * parent + i]);
            const u32 root = children == 2 ? ROOT : 0;
            store(nodes + 2 * (children + parent), chained(start, m, 0, BLOCK_BYTES, keyed | PARENT | root));
            done++;
        }
        __syncthreads();
        nodes += 2 * children;
        children /= 2;
        mine /= 2;
    }
    count(counters, done);
}

// A cell for each thread, line by line; see reference::cell. Cell 0 of the pointer is cell `first`.
KERNEL(128) cells(uint4 *dst, u64 cells, u64 first, CHAIN, u64 *counters) {
    const u32 LINES = 64, TURNS = 64;
    const Chain key = GIVEN_CHAIN;
    const u64 mine = global_thread(), cell = first + mine;
    u32 done = 0;
    if (mine < cells) {
        uint4 *to = dst + 4 * LINES * mine;
        u32 line[16] = {};
#pragma unroll 1
        for (u32 number = 0; number < LINES; number++) {
#pragma unroll 1
            for (u32 turn = 0; turn < TURNS; turn++) {
                line[12] = (u32)cell;
                line[13] = (u32)(cell >> 32);
                line[14] = number;
                line[15] = turn;
                u32 v[16];
                compress(v, key, line, 0, BLOCK_BYTES, KEYED_HASH | CHUNK_START | CHUNK_END | ROOT);
#pragma unroll
                for (u32 i = 0; i < 8; i++) {
                    line[i] = v[i] ^ v[i + 8];
                    line[i + 8] = v[i + 8] ^ key.words[i];
                }
            }
#pragma unroll
            for (u32 i = 0; i < 4; i++) to[i] = make_uint4(line[4 * i], line[4 * i + 1], line[4 * i + 2], line[4 * i + 3]);
            to += 4;
        }
        done = 1;
    }
    count(counters, done);
}

// The low `bits` bits of bytes as signed numbers: what of each byte counts, its sign, and half of their range.
struct Low {
    u32 mask, sign, half;

    __device__ __forceinline__ explicit Low(u32 bits) {
        half = 1u << (bits - 1);
        sign = half * 0x01010101u;
        mask = (2 * half - 1) * 0x01010101u;
    }
    // Four bytes, each as the number plus `half`.
    __device__ __forceinline__ u32 raised(u32 x) const { return (x & mask) ^ sign; }
};

// The number in a byte of `raised`, exact: all are whole and far below 2^23.
__device__ __forceinline__ float number(const Low &low, u32 raised, u32 byte) {
    return __uint_as_float(byte_perm(raised, 0x4B000000u, 0x7540 | byte)) - (8388608.0f + (float)low.half);
}

// Each format: the bytes that 16 bytes of elements are made from, and how.
struct Int8 {
    typedef uint4 Bytes;
    static __device__ __forceinline__ u32 four(const Low &low, u32 x) {
        // A sign times what is above the bits.
        return (x & low.mask) | ((x & low.sign) / low.half) * (256 - 2 * low.half);
    }
    static __device__ __forceinline__ uint4 vector(const Low &low, uint4 x) {
        return make_uint4(four(low, x.x), four(low, x.y), four(low, x.z), four(low, x.w));
    }
};

struct Fp16 {
    typedef u64 Bytes;
    // 1024 + n has n in its last bits.
    static __device__ __forceinline__ u32 pair(const Low &low, u32 raised, u32 bytes) {
        return fma_f16x2(byte_perm(raised, 0x64646464u, bytes), 0x3C003C00u, (0xE400u + low.half) * 0x00010001u);
    }
    static __device__ __forceinline__ uint4 vector(const Low &low, u64 x) {
        const u32 a = low.raised((u32)x), b = low.raised((u32)(x >> 32));
        return make_uint4(pair(low, a, 0x4140), pair(low, a, 0x4342), pair(low, b, 0x4140), pair(low, b, 0x4342));
    }
};

struct Bf16 {
    typedef u64 Bytes;
    // The high halves of FP32.
    static __device__ __forceinline__ u32 pair(const Low &low, u32 raised, u32 byte) {
        const float first = number(low, raised, byte), second = number(low, raised, byte + 1);
        return byte_perm(__float_as_uint(first), __float_as_uint(second), 0x7632);
    }
    static __device__ __forceinline__ uint4 vector(const Low &low, u64 x) {
        const u32 a = low.raised((u32)x), b = low.raised((u32)(x >> 32));
        return make_uint4(pair(low, a, 0), pair(low, a, 2), pair(low, b, 0), pair(low, b, 2));
    }
};

struct Fp32 {
    typedef u32 Bytes;
    static __device__ __forceinline__ uint4 vector(const Low &low, u32 x) {
        const u32 a = low.raised(x);
        return make_uint4(
            __float_as_uint(number(low, a, 0)), __float_as_uint(number(low, a, 1)), __float_as_uint(number(low, a, 2)),
            __float_as_uint(number(low, a, 3))
        );
    }
};

// Each warp takes 32 compressions at a time, blocks stride over the range. Element 0 of the pointer is element `at` of the
// expansion; both and `elements` are multiples of 64.
template <class P>
__device__ __forceinline__ void expand(uint4 *dst, u64 elements, u64 at, u32 bits, const Chain &key, u64 *counters) {
    // Elements of a vector, and vectors that 16 bytes in shared memory are enough for.
    const u32 PER = sizeof(typename P::Bytes), VECTORS = 16 / PER;
    __shared__ uint4 stages[8][128];
    uint4 *const stage = stages[threadIdx.x / 32];
    const u32 lane = threadIdx.x % 32;
    const Low low(bits);
    u32 done = 0;
    for (u64 first = global_thread() - lane; first < elements / 64; first += (u64)gridDim.x * blockDim.x) {
        u32 v[16], none[16] = {};
        compress(v, key, none, at / 64 + first + lane, 0, KEYED_HASH | CHUNK_START | CHUNK_END | ROOT);
#pragma unroll
        for (u32 i = 0; i < 8; i++) {
            v[i] ^= v[i + 8];
            v[i + 8] ^= key.words[i];
        }
#pragma unroll
        for (u32 i = 0; i < 4; i++) {
            stage[placed(4 * lane + i)] = make_uint4(v[4 * i], v[4 * i + 1], v[4 * i + 2], v[4 * i + 3]);
        }
        __syncwarp();
        const u64 vectors = (elements - 64 * first) / PER;
        uint4 *const to = dst + 64 / PER * first;
#pragma unroll
        for (u32 i = 0; i < 64 / PER; i++) {
            const u32 vector = 32 * i + lane;
            const uint4 *const unit = stage + placed(vector / VECTORS);
            const uint4 made = P::vector(low, ((const typename P::Bytes *)unit)[vector % VECTORS]);
            if (vector < vectors) {
                to[vector] = made;
                done += PER;
            }
        }
        __syncwarp();
    }
    count(counters, done);
}

#define EXPAND(name, P)                                                                                              \
    KERNEL(256) expand_##name(                                                                                       \
        uint4 *dst, u64 elements, u64 at, u32 bits, CHAIN, u64 *counters                                             \
    ) {                                                                                                              \
        expand<P>(dst, elements, at, bits, GIVEN_CHAIN, counters);                                                   \
    }

EXPAND(int8, Int8)
EXPAND(fp16, Fp16)
EXPAND(bf16, Bf16)
EXPAND(fp32, Fp32)
