// The counterparts of kernels/sm100.cuh, written from the PTX ISA (9.0), not from the kernels: whatever one of both has misread shows as a
// disagreement. Included by cpu_kernels.h. Products are made as late as they may be, or at once, by turns.
#pragma once

namespace cpu {

// What .kind a product is of, as far as tensor units of 10.0 and 10.3 do it here.
enum class Family { F16, TF32, F8F6F4, I8 };

void take_tensor(void *address, unsigned columns);
void take_no_more();
void give_tensor_back(unsigned address, unsigned columns);
void fence_tensor(bool before);
void start_tensor_product(Family family, unsigned sums, unsigned long long a, unsigned long long b, unsigned product, bool add);
void arrive_when_made(void *barrier);
void load_tensor(unsigned *to, unsigned count, unsigned address);
bool elected();
unsigned of_all(unsigned value);

}  // namespace cpu

inline unsigned of_all(unsigned value) {
    return cpu::of_all(value);
}

inline bool is_elected() {
    return cpu::elected();
}

template <int COLUMNS>
inline void tensor_take(unsigned *shared) {
    cpu::take_tensor(shared, COLUMNS);
}

inline void tensor_take_no_more() {
    cpu::take_no_more();
}

template <int COLUMNS>
inline void tensor_give_back(unsigned address) {
    cpu::give_tensor_back(address, COLUMNS);
}

inline void tensor_before_meeting() {
    cpu::fence_tensor(true);
}

inline void tensor_after_meeting() {
    cpu::fence_tensor(false);
}

inline void product_f16(unsigned sums, unsigned long long a, unsigned long long b, unsigned product, bool add) {
    cpu::start_tensor_product(cpu::Family::F16, sums, a, b, product, add);
}

inline void product_tf32(unsigned sums, unsigned long long a, unsigned long long b, unsigned product, bool add) {
    cpu::start_tensor_product(cpu::Family::TF32, sums, a, b, product, add);
}

inline void product_f8(unsigned sums, unsigned long long a, unsigned long long b, unsigned product, bool add) {
    cpu::start_tensor_product(cpu::Family::F8F6F4, sums, a, b, product, add);
}

inline void product_i8(unsigned sums, unsigned long long a, unsigned long long b, unsigned product, bool add) {
    cpu::start_tensor_product(cpu::Family::I8, sums, a, b, product, add);
}

inline void arrive_when_made(unsigned long long *barrier) {
    cpu::arrive_when_made(barrier);
}

template <int COUNT>
inline void tensor_load(unsigned (&to)[COUNT], unsigned address) {
    cpu::load_tensor(to, COUNT, address);
}
