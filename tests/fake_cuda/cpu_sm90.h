// The counterparts of kernels/sm90.cuh, written from the PTX ISA (9.0) and the driver's interface, not from the kernels: whatever one
// of both has misread shows as a disagreement. Included by cpu_kernels.h. What is asynchronous comes as late as it may, or at once, by
// turns.
#pragma once

namespace cpu {

enum class Sum { FP32, SHORT, INT32 };

// What one step of a product is made of, by format.
struct Kind {
    // Values in 32 bytes.
    unsigned values;
    // In what they are summed.
    Sum sum;
    // The values of 32 bytes.
    void (*decode)(const unsigned char *bytes, float *values);
};

unsigned shared_window(const void *pointer);
// Bytes of this or another block's shared memory, by their address in it.
unsigned char *in_shared(unsigned rank, unsigned address, unsigned bytes);
unsigned long long clock_ns();
void barrier_init(void *barrier, unsigned arrivals);
void barrier_arrive(void *barrier, unsigned rank, unsigned bytes);
// The same by a unit, at an address.
void arrive_at(unsigned rank, unsigned address);
bool barrier_passed(void *barrier, unsigned parity);
void load_box(void *to, const void *map, void *barrier, unsigned x, unsigned y, unsigned blocks);
void set_registers(unsigned count, bool more);
void start_product(const Kind &kind, void *sums, unsigned long long a, unsigned long long b, bool add);
void fence_products();
void commit_products();
void wait_for_products(unsigned pending);
// Adds the products of 16 rows of a and 256 of b, `kind.values` of each.
void add_products(const Kind &kind, const float *a, const float *b, float (*sums)[256]);
void add_products(const Kind &kind, const float *a, const float *b, int32_t (*sums)[256]);

template <class Element, class Decode>
void decode_all(const unsigned char *bytes, float *values, Decode decode) {
    for (unsigned i = 0; i < 32 / sizeof(Element); i++) {
        Element element;
        std::memcpy(&element, bytes + i * sizeof element, sizeof element);
        values[i] = decode(element);
    }
}

}  // namespace cpu

inline unsigned shared_address(const void *pointer) {
    return cpu::shared_window(pointer);
}

inline unsigned long long nanoseconds() {
    return cpu::clock_ns();
}

inline unsigned cluster_rank() {
    return cpu::rank();
}

inline void cluster_barrier() {
    cpu::meet_cluster();
}

inline void warpgroup_barrier(unsigned group) {
    cpu::tensor_meets();
    cpu::named_barrier(1 + group, 128);
    cpu::tensor_met();
}

inline void barrier_init(unsigned long long *barrier, unsigned arrivals) {
    cpu::barrier_init(barrier, arrivals);
}

inline void publish_barriers() {}

inline void publish_shared() {}

inline void barrier_expect(unsigned long long *barrier, unsigned bytes) {
    cpu::barrier_arrive(barrier, cpu::rank(), bytes);
}

inline void barrier_arrive(unsigned long long *barrier, unsigned rank) {
    cpu::tensor_meets();
    cpu::barrier_arrive(barrier, rank, 0);
}

inline bool barrier_passed(unsigned long long *barrier, unsigned parity) {
    const bool passed = cpu::barrier_passed(barrier, parity);
    if (passed) cpu::tensor_met();
    return passed;
}

inline void load_box(void *to, const void *map, unsigned long long *barrier, unsigned x, unsigned y) {
    cpu::load_box(to, map, barrier, x, y, 1u << cpu::rank());
}

inline void load_box_to(void *to, const void *map, unsigned long long *barrier, unsigned x, unsigned y, unsigned short blocks) {
    cpu::load_box(to, map, barrier, x, y, blocks);
}

template <int COUNT>
inline void give_registers() {
    cpu::set_registers(COUNT, false);
}

template <int COUNT>
inline void take_registers() {
    cpu::set_registers(COUNT, true);
}

inline void wgmma_f16(float (&d)[128], unsigned long long a, unsigned long long b, bool add) {
    static const cpu::Kind kind{16, cpu::Sum::FP32, [](const unsigned char *bytes, float *values) {
        cpu::decode_all<unsigned short>(bytes, values, [](unsigned bits) { return f16_value(bits); });
    }};
    cpu::start_product(kind, d, a, b, add);
}

inline void wgmma_bf16(float (&d)[128], unsigned long long a, unsigned long long b, bool add) {
    static const cpu::Kind kind{16, cpu::Sum::FP32, [](const unsigned char *bytes, float *values) {
        cpu::decode_all<unsigned short>(bytes, values, [](unsigned bits) { return __uint_as_float(bits << 16); });
    }};
    cpu::start_product(kind, d, a, b, add);
}

// The unit does not look at the low 13 bits.
inline void wgmma_tf32(float (&d)[128], unsigned long long a, unsigned long long b, bool add) {
    static const cpu::Kind kind{8, cpu::Sum::FP32, [](const unsigned char *bytes, float *values) {
        cpu::decode_all<unsigned>(bytes, values, [](unsigned bits) { return __uint_as_float(bits & ~0x1FFFu); });
    }};
    cpu::start_product(kind, d, a, b, add);
}

inline void wgmma_e4m3(float (&d)[128], unsigned long long a, unsigned long long b, bool add) {
    static const cpu::Kind kind{32, cpu::Sum::SHORT, [](const unsigned char *bytes, float *values) {
        cpu::decode_all<unsigned char>(bytes, values, [](unsigned bits) { return e4m3_value(bits); });
    }};
    cpu::start_product(kind, d, a, b, add);
}

inline void wgmma_e5m2(float (&d)[128], unsigned long long a, unsigned long long b, bool add) {
    static const cpu::Kind kind{32, cpu::Sum::SHORT, [](const unsigned char *bytes, float *values) {
        cpu::decode_all<unsigned char>(bytes, values, [](unsigned bits) { return e5m2_value(bits); });
    }};
    cpu::start_product(kind, d, a, b, add);
}

inline void wgmma_s8(unsigned (&d)[128], unsigned long long a, unsigned long long b, bool add) {
    static const cpu::Kind kind{32, cpu::Sum::INT32, [](const unsigned char *bytes, float *values) {
        cpu::decode_all<signed char>(bytes, values, [](int value) { return (float)value; });
    }};
    cpu::start_product(kind, d, a, b, add);
}

template <class Result>
inline void wgmma_fence(Result (&)[128]) {
    cpu::fence_products();
}

inline void wgmma_commit() {
    cpu::commit_products();
}

template <int PENDING, class Result>
inline void wgmma_wait(Result (&)[128]) {
    cpu::wait_for_products(PENDING);
}
