// common: the counter that proves the work, sums over warps and blocks, and the two generators of src/device/draw.rs,
// word for word. All kernels take pointers that are 256-byte aligned and block sizes that are multiples of 32.
#pragma once

#include "ptx.cuh"

// A kernel by its plain name, for blocks of up to `threads` threads.
#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)

#define GOLDEN 0x9E3779B1u

__device__ __forceinline__ u64 global_thread() {
    return (u64)blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ u32 warp_sum(u32 value) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(0xFFFFFFFFu, value, distance);
    }
    return value;
}

// The sum over the block, in thread 0; the others get something else.
__device__ __forceinline__ u32 block_sum(u32 value) {
    __shared__ u32 sums[32];
    const u32 sum = warp_sum(value);
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
    __syncthreads();
    const u32 part = threadIdx.x < blockDim.x / 32 ? sums[threadIdx.x] : 0;
    return threadIdx.x < 32 ? warp_sum(part) : part;
}

// Adds the units that this thread has really handled. Every thread of the warp must come here.
// 256 counters, one per 32-byte sector, so that blocks do not queue for one address. The host adds them up.
__device__ __forceinline__ void count(u64 *counters, u32 units) {
    const u32 sum = warp_sum(units);
    if (threadIdx.x % 32 == 0) atomicAdd(&counters[(blockIdx.x & 255) * 4], (u64)sum);
}

// The same by one addition for each block, where those of each warp would be felt. Every thread of the block must come here, and to no
// other sum over the block.
__device__ __forceinline__ void count_of_block(u64 *counters, u32 units) {
    const u32 sum = block_sum(units);
    if (threadIdx.x == 0) atomicAdd(&counters[(blockIdx.x & 255) * 4], (u64)sum);
}

// draw::pattern
__device__ __forceinline__ u32 pattern(u64 seed, u64 word) {
    const u32 low = (u32)word * GOLDEN + (u32)seed;
    return low ^ (u32)(word >> 32) * 0x85EBCA77u ^ (u32)(seed >> 32);
}

__device__ __forceinline__ uint4 pattern4(u64 seed, u64 word) {
    return make_uint4(pattern(seed, word), pattern(seed, word + 1), pattern(seed, word + 2), pattern(seed, word + 3));
}

__device__ __forceinline__ u32 mix(u32 x) {
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    return x ^ (x >> 16);
}

// draw::hash
__device__ __forceinline__ u32 hash(u64 seed, u64 index) {
    const u32 first = mix((u32)index ^ (u32)seed);
    return mix((first + (u32)(seed >> 32)) ^ (u32)(index >> 32) * GOLDEN);
}

// What is drawn from: 0 integers up to `magnitude`, 1 normal, 2 wide (draw::Distribution).
struct Source {
    u64 seed;
    u32 distribution;
    u32 magnitude;
};

__device__ __forceinline__ int integer(const Source &s, u32 h) {
    return (int)(h % (2 * s.magnitude + 1)) - (int)s.magnitude;
}

__device__ __forceinline__ int byte_sum(u32 h) {
    return (int)((h & 255) + ((h >> 8) & 255) + ((h >> 16) & 255) + (h >> 24)) - 510;
}

__device__ __forceinline__ float draw_f32(const Source &s, u64 index) {
    const u32 h = hash(s.seed, index);
    if (s.distribution == 0) return (float)integer(s, h);
    if (s.distribution == 1) {
        const u32 fine = hash(~s.seed, index) & 0x3FFF;
        return (float)(byte_sum(h) * 16384 + (int)fine) * (1.0f / 2097152.0f);
    }
    const u32 exponent = 127 - 8 + ((h >> 23) & 15);
    return __uint_as_float((h & 0x80000000u) | exponent << 23 | (h & 0x007FFFFFu));
}

// FP16 bits. Every value is exact in FP16.
__device__ __forceinline__ u32 draw_f16(const Source &s, u64 index) {
    const u32 h = hash(s.seed, index);
    if (s.distribution == 0) return f16_bits((float)integer(s, h));
    if (s.distribution == 1) return f16_bits((float)byte_sum(h) * (1.0f / 128.0f));
    const u32 exponent = 15 - 8 + ((h >> 10) & 15);
    return ((h >> 16) & 0x8000u) | exponent << 10 | (h & 0x03FFu);
}

// BF16 bits: the high half of FP32's. Every value is exact in BF16.
__device__ __forceinline__ u32 draw_b16(const Source &s, u64 index) {
    const u32 h = hash(s.seed, index);
    if (s.distribution == 0) return __float_as_uint((float)integer(s, h)) >> 16;
    if (s.distribution == 1) return __float_as_uint((float)(byte_sum(h) >> 2) * (1.0f / 32.0f)) >> 16;
    const u32 exponent = 127 - 8 + ((h >> 10) & 15);
    return ((h >> 16) & 0x8000u) | exponent << 7 | (h & 0x007Fu);
}

// Values of either FP8 format as FP16 bits, of which they have the leading ones.
__device__ __forceinline__ u32 draw_f8(const Source &s, u32 h, int fraction_bits) {
    if (s.distribution == 0) return f16_bits((float)integer(s, h));
    return f16_bits((float)(byte_sum(h) >> (7 - fraction_bits)) / (float)(1 << fraction_bits));
}

__device__ __forceinline__ u32 draw_e4m3(const Source &s, u64 index) {
    const u32 h = hash(s.seed, index);
    if (s.distribution == 2) return ((h >> 24) & 0x80u) | (h >> 10) % 15 << 3 | (h & 7u);
    const u32 half = draw_f8(s, h, 2);
    const u32 size = half & 0x7FFFu;
    return ((half >> 8) & 0x80u) | (size == 0 ? 0 : (size >> 7) - 64);
}

__device__ __forceinline__ u32 draw_e5m2(const Source &s, u64 index) {
    return (s.distribution == 2 ? draw_f16(s, index) : draw_f8(s, hash(s.seed, index), 1)) >> 8;
}

__device__ __forceinline__ u32 draw_i32(const Source &s, u64 index) {
    const u32 h = hash(s.seed, index);
    return s.distribution == 0 ? (u32)integer(s, h) : h;
}

__device__ __forceinline__ u32 draw_i8(const Source &s, u64 index) {
    const u32 h = hash(s.seed, index);
    return s.distribution == 0 ? (u32)integer(s, h) & 255 : h >> 24;
}
