// CUDA C++ as g++ understands it: what kernels/*.cu use of the language and of ptx.cuh, for one CPU.
// Included before every kernel source. The blocks run on a few OS threads, the threads of a block as fibers of one of
// them (see cpu_kernels.cpp), so that barriers and shuffles mean what they mean on a GPU.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>
#if defined(__F16C__) && defined(__SSE4_1__)
#include <immintrin.h>
#endif

namespace cpu {

struct Dim {
    unsigned x, y, z;
};

// What a kernel can ask about itself. One per OS thread; set whenever another fiber goes on.
struct Now {
    Dim thread, block, block_size, grid;
};
extern constinit thread_local Now now;

void block_barrier();
unsigned shuffle_xor(unsigned value, unsigned distance);
[[noreturn]] void broken(const char *why);

// A kernel by name, and how to call it with the arguments that a launch points at.
struct Entry {
    const char *name;
    void (*call)(void *const *arguments);
    std::vector<unsigned> sizes;
};

// The kernels of one source, known from the moment the library is loaded.
struct Table {
    explicit Table(std::vector<Entry> entries);
};

template <auto KERNEL>
void called(void *const *arguments) {
    [&]<class... A>(void (*kernel)(A...)) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            kernel(*static_cast<A *>(arguments[I])...);
        }(std::index_sequence_for<A...>());
    }(KERNEL);
}

template <class... A>
std::vector<unsigned> sizes(void (*)(A...)) {
    return {sizeof(A)...};
}

}  // namespace cpu

#define ENTRY(kernel) cpu::Entry{#kernel, cpu::called<kernel>, cpu::sizes(kernel)},

#define __global__
#define __device__
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
// Every block runs on one OS thread from its beginning to its end.
#define __shared__ static thread_local
#define threadIdx (cpu::now.thread)
#define blockIdx (cpu::now.block)
#define blockDim (cpu::now.block_size)
#define gridDim (cpu::now.grid)

struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
    return uint4{x, y, z, w};
}

template <class To, class From>
inline To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

inline float __uint_as_float(unsigned bits) {
    return bits_as<float>(bits);
}

inline unsigned __float_as_uint(float value) {
    return bits_as<unsigned>(value);
}

inline double __hiloint2double(int high, int low) {
    return bits_as<double>((unsigned long long)(unsigned)high << 32 | (unsigned)low);
}

inline int __popc(unsigned value) {
    return __builtin_popcount(value);
}

inline void __syncthreads() {
    cpu::block_barrier();
}

inline unsigned __shfl_xor_sync(unsigned mask, unsigned value, int distance) {
    if (mask != 0xFFFFFFFFu) cpu::broken("a shuffle over part of a warp");
    return cpu::shuffle_xor(value, (unsigned)distance);
}

template <class T>
inline T atomicAdd(T *at, T value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

template <class T>
inline T atomicOr(T *at, T value) {
    return __atomic_fetch_or(at, value, __ATOMIC_RELAXED);
}

template <class T>
inline T atomicXor(T *at, T value) {
    return __atomic_fetch_xor(at, value, __ATOMIC_RELAXED);
}

// The counterparts of kernels/ptx.cuh.

inline unsigned mad(unsigned a, unsigned b, unsigned c) {
    return a * b + c;
}

inline unsigned f16_bits(float value) {
    return bits_as<unsigned short>((_Float16)value);
}

inline float f16_value(unsigned bits) {
    return (float)bits_as<_Float16>((unsigned short)bits);
}

#if defined(__F16C__) && defined(__SSE4_1__)

inline unsigned dp4a(unsigned a, unsigned b, unsigned c) {
    const __m128i left = _mm_cvtepi8_epi16(_mm_cvtsi32_si128((int)a));
    const __m128i right = _mm_cvtepi8_epi16(_mm_cvtsi32_si128((int)b));
    const unsigned long long sums = (unsigned long long)_mm_cvtsi128_si64(_mm_madd_epi16(left, right));
    return c + (unsigned)sums + (unsigned)(sums >> 32);
}

// Rounds twice, as the reference does.
inline unsigned fma_f16x2(unsigned a, unsigned b, unsigned c) {
    const auto wide = [](unsigned bits) { return _mm_cvtph_ps(_mm_cvtsi32_si128((int)bits)); };
    const __m128 sum = _mm_fmadd_ps(wide(a), wide(b), wide(c));
    return (unsigned)_mm_cvtsi128_si32(_mm_cvtps_ph(sum, _MM_FROUND_TO_NEAREST_INT));
}

#else

inline unsigned dp4a(unsigned a, unsigned b, unsigned c) {
    for (int i = 0; i < 32; i += 8) c += (unsigned)((int)(signed char)(a >> i) * (int)(signed char)(b >> i));
    return c;
}

inline unsigned fma_f16x2(unsigned a, unsigned b, unsigned c) {
    const auto half = [&](int at) { return f16_bits(fmaf(f16_value(a >> at & 0xFFFF), f16_value(b >> at & 0xFFFF), f16_value(c >> at & 0xFFFF))); };
    return half(0) | half(16) << 16;
}

#endif
