// CUDA C++ as g++ understands it: what kernels/*.cu use of the language and of ptx.cuh, for one CPU.
// Included before every kernel source. The blocks run on a few OS threads, the threads of a block as fibers of one of
// them (see cpu_kernels.cpp), so that barriers and shuffles mean what they mean on a GPU.
#pragma once

#include <chrono>
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
// Reached without a call: it lies in a library that keeps little for each thread.
#define QUICK __attribute__((tls_model("initial-exec")))
extern constinit thread_local Now now QUICK;

void block_barrier();
// "bar.sync": so many threads of the block meet at this barrier of its 16.
void named_barrier(unsigned number, unsigned threads);
// What the 32 threads of a warp bring, in the order of the threads.
constexpr std::size_t EXCHANGE_BYTES = 48;
const void *exchange(const void *mine, std::size_t bytes);
void start_copy(void *to, const void *from, unsigned bytes);
void commit_copies();
void finish_copies(std::size_t pending);
[[noreturn]] void broken(const char *why);

// Lets the others go on, and says that this thread only looks for something. What nobody's progress brings comes late: copies, and
// at last time itself.
void look_again();
void moved();
// The same numbers every time.
unsigned long long random();

// The shared memory of block `rank` of this cluster, as an address of 32 bits names it: `launched` is where that begins which the
// launch gave.
struct Shared {
    unsigned char *bytes;
    unsigned launched, end;
    // Registers that warpgroups have given, and nobody has taken.
    unsigned registers;
    // Whether any thread is left that may use it.
    bool live;
};
Shared &shared(unsigned rank);
unsigned char *launched();
unsigned rank();
unsigned cluster();
void meet_cluster();

// cpu_sm90.cpp: makes one of the copies that are still to come, if there is one; lets the one of this number of a launch never come.
// What must hold when a cluster ends.
bool make_late_copy();
void lose_box(unsigned number);
void warpgroups_end();
// Whether a block of the cluster that this thread runs has taken tensor memory.
extern constinit thread_local bool takes_tensor QUICK;
// cpu_sm100.cpp: what a thread must have fenced before it meets others, and after; makes one of the products into tensor memory that are
// still to be made, if there is one; what must hold when a cluster ends.
void tensor_meets();
void tensor_met();
bool make_late_product();
void tensors_end();
// By how much the clock has been put forward, in nanoseconds.
extern thread_local unsigned long long skipped_ns;

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
// Every block runs on one OS thread from its beginning to its end; those of a cluster on the same, and have none of this.
#define __shared__ static thread_local
#define __cluster_dims__(...)
#define __grid_constant__
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

template <class T>
inline const T *of_the_warp(const T &mine) {
    static_assert(sizeof mine <= cpu::EXCHANGE_BYTES);
    return static_cast<const T *>(cpu::exchange(&mine, sizeof mine));
}

inline unsigned __shfl_xor_sync(unsigned mask, unsigned value, int distance) {
    if (mask != 0xFFFFFFFFu) cpu::broken("a shuffle over part of a warp");
    return of_the_warp(value)[(threadIdx.x % 32) ^ (unsigned)distance];
}

inline void __syncwarp() {
    of_the_warp(0);
}

inline bool __any_sync(unsigned mask, bool mine) {
    if (mask != 0xFFFFFFFFu) cpu::broken("a vote of part of a warp");
    const bool *const all = of_the_warp(mine);
    bool any = false;
    for (int lane = 0; lane < 32; lane++) any |= all[lane];
    return any;
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

inline unsigned byte_perm(unsigned a, unsigned b, unsigned choice) {
    const unsigned long long bytes = (unsigned long long)b << 32 | a;
    unsigned d = 0;
    for (unsigned i = 0; i < 4; i++) d |= (unsigned)(bytes >> 8 * (choice >> 4 * i & 7) & 0xFF) << 8 * i;
    return d;
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

// The same in BF16, which is the high half of FP32. Of finite values.
inline unsigned fma_bf16x2(unsigned a, unsigned b, unsigned c) {
    const auto half = [&](int at) {
        const auto wide = [&](unsigned bits) { return bits_as<float>(bits >> at << 16); };
        const unsigned sum = bits_as<unsigned>(fmaf(wide(a), wide(b), wide(c)));
        return (sum + 0x7FFF + (sum >> 16 & 1)) >> 16;
    };
    return half(0) | half(16) << 16;
}

inline uint4 load_from_l2(const uint4 *from) {
    return *from;
}

// As many units as the driver for tests says.
inline unsigned unit_count() {
    return 4;
}

inline unsigned unit_id() {
    return blockIdx.x % unit_count();
}

inline unsigned long long shared_clock() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return (unsigned long long)std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

inline unsigned long long unit_clock() {
    return shared_clock();
}

inline unsigned char *launched_shared() {
    return cpu::launched();
}

// Tensor units: a warp does together what its threads each hold a part of.

inline void load_matrices(unsigned (&to)[4], const void *row) {
    const void *const *rows = of_the_warp(row);
    const unsigned lane = threadIdx.x % 32;
    for (unsigned i = 0; i < 4; i++) {
        std::memcpy(&to[i], static_cast<const char *>(rows[8 * i + lane / 4]) + 4 * (lane % 4), 4);
    }
}

// The parts of a and b that a thread holds: bytes 4 t and 16 + 4 t of rows g and g + 8 of a, and of row g of b.
struct Fragments {
    unsigned a[4], b[2];
};

// c + a b for one thread's results: columns 2 t and 2 t + 1 of rows g and g + 8. `value` is value i of a word.
template <unsigned VALUES, class Result, class Value>
inline void mma(Result (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Value value) {
    const Fragments *const parts = of_the_warp(Fragments{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}});
    const unsigned lane = threadIdx.x % 32;
    for (unsigned e = 0; e < 4; e++) {
        const unsigned row = lane / 4, column = lane % 4 * 2 + e % 2;
        for (unsigned word = 0; word < 8; word++) {
            const unsigned left = parts[4 * row + word % 4].a[word / 4 * 2 + e / 2];
            const unsigned right = parts[4 * column + word % 4].b[word / 4];
            for (unsigned i = 0; i < VALUES; i++) d[e] = value(left, right, i, d[e]);
        }
    }
}

inline void mma_f16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma<2>(d, a, b, [](unsigned left, unsigned right, unsigned i, float sum) {
        return fmaf(f16_value(left >> 16 * i & 0xFFFF), f16_value(right >> 16 * i & 0xFFFF), sum);
    });
}

inline void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma<2>(d, a, b, [](unsigned left, unsigned right, unsigned i, float sum) {
        return fmaf(__uint_as_float(left >> 16 * i << 16), __uint_as_float(right >> 16 * i << 16), sum);
    });
}

// The unit does not look at the low 13 bits.
inline void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma<1>(d, a, b, [](unsigned left, unsigned right, unsigned, float sum) {
        return fmaf(__uint_as_float(left & ~0x1FFFu), __uint_as_float(right & ~0x1FFFu), sum);
    });
}

inline float e4m3_value(unsigned bits) {
    // Its bits as those of an FP16 with a bias less by 8; all ones are left out, which none of ours draws.
    return 256.0f * f16_value((bits & 0x80) << 8 | (bits & 0x7F) << 7);
}

inline float e5m2_value(unsigned bits) {
    return f16_value(bits << 8);
}

// Sums in FP8 are short, as Ada's and Hopper's units have them: what lies below 13 binary places of the largest exponent among the
// products of a step and the sum so far is cut off each of them, and off the new sum below its own.
namespace cpu {

inline int exponent(float value) {
    return (int)(bits_as<unsigned>(value) >> 23 & 0xFF) - 127;
}

// 2^(13 - exponent), and what it undoes. Smaller exponents than of any product make no difference.
inline float scale(int exponent) {
    return bits_as<float>((unsigned)(127 + 13 - (exponent > -60 ? exponent : -60)) << 23);
}

inline float cut(float value, float scale) {
    return (float)(int)(value * scale) / scale;
}

}  // namespace cpu

template <class Value>
inline void mma_fp8(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Value value) {
    const Fragments *const parts = of_the_warp(Fragments{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}});
    const unsigned lane = threadIdx.x % 32;
    for (unsigned e = 0; e < 4; e++) {
        const unsigned row = lane / 4, column = lane % 4 * 2 + e % 2;
        float products[32];
        int largest = cpu::exponent(d[e]);
        for (unsigned i = 0; i < 32; i++) {
            const unsigned word = i / 4;
            const float left = value(parts[4 * row + word % 4].a[word / 4 * 2 + e / 2] >> 8 * (i % 4) & 0xFF);
            const float right = value(parts[4 * column + word % 4].b[word / 4] >> 8 * (i % 4) & 0xFF);
            products[i] = left * right;
            const int exponent = cpu::exponent(left) + cpu::exponent(right);
            if (exponent > largest) largest = exponent;
        }
        const float scale = cpu::scale(largest);
        float sum = cpu::cut(d[e], scale);
        for (const float product : products) sum += cpu::cut(product, scale);
        d[e] = cpu::cut(sum, cpu::scale(cpu::exponent(sum)));
    }
}

inline void mma_e4m3(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_fp8(d, a, b, e4m3_value);
}

inline void mma_e5m2(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_fp8(d, a, b, e5m2_value);
}

inline void mma_s8(unsigned (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma<1>(d, a, b, [](unsigned left, unsigned right, unsigned, unsigned sum) { return dp4a(left, right, sum); });
}

// The instructions of compute capability 7.5: of the first half of k alone ("Matrix Fragments for mma.m16n8k8"), and of the first eight
// rows too ("Matrix Fragments for mma.m8n8k16"). What a larger one knows beyond that is zero.
inline void mma_f16_k8(float (&d)[4], unsigned a0, unsigned a1, unsigned b) {
    mma_f16(d, {a0, a1, 0, 0}, {b, 0});
}

inline void mma_s8_k16(unsigned &d0, unsigned &d1, unsigned a, unsigned b) {
    unsigned d[4] = {d0, d1, 0, 0};
    mma_s8(d, {a, 0, 0, 0}, {b, 0});
    d0 = d[0];
    d1 = d[1];
}

// Rows of 4 DEPTH values of k: of each 4 a thread holds value t of ROWS rows of a, which are g, g + 8, and of row g of b; its results are
// columns 2 t and 2 t + 1 of these rows. Element ROWS i + j of a is of the i-th 4 of k, and of row g + 8 j.
template <unsigned ROWS, unsigned DEPTH>
inline void mma_f64_of(double (&d)[2 * ROWS], const double (&a)[ROWS * DEPTH], const double (&b)[DEPTH]) {
    struct Held {
        double a[ROWS * DEPTH], b[DEPTH];
    } mine;
    std::memcpy(mine.a, a, sizeof a);
    std::memcpy(mine.b, b, sizeof b);
    const Held *const all = of_the_warp(mine);
    const unsigned row = threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
    for (unsigned k = 0; k < 4 * DEPTH; k++) {
        for (unsigned e = 0; e < 2 * ROWS; e++) {
            const double left = all[4 * row + k % 4].a[k / 4 * ROWS + e / 2];
            d[e] = std::fma(left, all[4 * (column + e % 2) + k % 4].b[k / 4], d[e]);
        }
    }
}

inline void mma_f64(double &d0, double &d1, double a, double b) {
    double d[2] = {d0, d1};
    mma_f64_of<1, 1>(d, {a}, {b});
    d0 = d[0];
    d1 = d[1];
}

// "Matrix Fragments for mma.m16n8k4".
inline void mma_f64_k4(double (&d)[4], double a0, double a1, double b) {
    mma_f64_of<2, 1>(d, {a0, a1}, {b});
}

// "Matrix Fragments for mma.m16n8k8".
inline void mma_f64_k8(double (&d)[4], const double (&a)[4], const double (&b)[2]) {
    mma_f64_of<2, 2>(d, a, b);
}

// Copies are made as late as they may be, at the wait, so that a kernel that does not wait reads what was there before.
inline void copy_async(void *shared, const void *global, unsigned bytes) {
    cpu::start_copy(shared, global, bytes);
}

inline void commit_copies() {
    cpu::commit_copies();
}

template <int PENDING>
inline void wait_for_copies() {
    cpu::finish_copies(PENDING);
}

#include "cpu_sm90.h"
#include "cpu_sm100.h"
