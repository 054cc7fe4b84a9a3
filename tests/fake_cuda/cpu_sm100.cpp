// What compute capabilities 10.0 and 10.3 have beside Hopper's: tensor memory, and products that have their sums there (tcgen05). Written
// from the PTX ISA; each part says from which section.
// A kernel that breaks a rule aborts the process and says which.

#include "cpu_kernels.h"
#include "sm100.cuh"

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>

namespace cpu {

namespace {

const unsigned WARP = 32, LANES = 128, COLUMNS = 512, GRAIN = 32;
// The columns of every product here.
const unsigned WIDTH = 256;
// What nobody has written yet: no number, whether read as one of FP32 or not.
const uint32_t GARBAGE = 0xFFC0DEAD;

// "Instruction descriptor", the table of .kind::tf32, .kind::f16, .kind::f8f6f4 and .kind::i8, lowest bits first.
struct Fields {
    uint32_t selector : 2, sparse : 1, saturate : 1, sums : 2, reserved_6 : 1, a : 3, b : 3, negate_a : 1, negate_b : 1, a_across : 1,
        b_across : 1, columns : 6, reserved_23 : 1, rows : 5, reserved_29 : 1, shift : 2;
};

// "Shared memory descriptor".
struct Rows {
    uint64_t start : 14, unused_14 : 2, leading : 14, unused_30 : 2, stride : 14, version : 3, base : 3, absolute : 1, zeros : 8, swizzle : 3;
};

template <class To, class From>
To fields(From bits) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &bits, sizeof to);
    return to;
}

// Something that the tensor unit of a block has still to do for one of its threads: a product, or an arrival where there is no kind.
struct Job {
    unsigned thread;
    const Kind *kind;
    unsigned column;
    Rows a, b;
    bool add;
    unsigned barrier;

    bool touches(unsigned first, unsigned count) const {
        return kind && column < first + count && first < column + WIDTH;
    }
};

// The tensor memory of one block's multiprocessor, and what its unit has to do, those of each thread in order.
struct Tensor {
    uint32_t cells[LANES][COLUMNS];
    bool taken[COLUMNS / GRAIN] = {};
    bool may_take = true, was_taken = false;
    std::deque<Job> jobs;
};
thread_local std::vector<std::unique_ptr<Tensor>> tensors;

// What a thread must fence ("tcgen05.fence"): it has met others since it last made sure of what they did, or loaded since it last made
// sure that they see it.
struct Unfenced {
    bool met, loaded;
};
thread_local std::vector<Unfenced> threads;

Tensor &tensor(unsigned rank) {
    if (tensors.size() <= rank) tensors.resize(rank + 1);
    if (!tensors[rank]) tensors[rank].reset(new Tensor());
    return *tensors[rank];
}

Unfenced &me() {
    const unsigned index = rank() * blockDim.x + threadIdx.x;
    if (threads.size() <= index) threads.resize(index + 1);
    return threads[index];
}

void must_be_taken(const Tensor &of, unsigned column, unsigned count) {
    for (unsigned c = column; c < column + count; c++) {
        if (c >= COLUMNS || !of.taken[c / GRAIN]) broken("tensor memory that this block has not taken");
    }
}

// All lanes of a warp come here with one value.
unsigned agreed(unsigned value, const char *what) {
    const auto *all = (const unsigned *)exchange(&value, sizeof value);
    for (unsigned lane = 0; lane < WARP; lane++) {
        if (all[lane] != value) broken(what);
    }
    return value;
}

unsigned checked_columns(unsigned columns) {
    if (columns < GRAIN || columns > COLUMNS || (columns & (columns - 1)) != 0) broken("a number of columns that cannot be taken");
    return agreed(columns, "lanes that differ about tensor memory");
}

const Kind FP16{16, Sum::FP32, [](const unsigned char *bytes, float *values) {
    decode_all<unsigned short>(bytes, values, [](unsigned bits) { return f16_value(bits); });
}};
const Kind BF16{16, Sum::FP32, [](const unsigned char *bytes, float *values) {
    decode_all<unsigned short>(bytes, values, [](unsigned bits) { return __uint_as_float(bits << 16); });
}};
const Kind TF32{8, Sum::FP32, [](const unsigned char *bytes, float *values) {
    decode_all<unsigned>(bytes, values, [](unsigned bits) { return __uint_as_float(bits & ~0x1FFFu); });
}};
// How many bits these sums keep is not documented: no more than Hopper's here.
const Kind E4M3{32, Sum::SHORT, [](const unsigned char *bytes, float *values) {
    decode_all<unsigned char>(bytes, values, [](unsigned bits) { return e4m3_value(bits); });
}};
const Kind E5M2{32, Sum::SHORT, [](const unsigned char *bytes, float *values) {
    decode_all<unsigned char>(bytes, values, [](unsigned bits) { return e5m2_value(bits); });
}};
const Kind INT8{32, Sum::INT32, [](const unsigned char *bytes, float *values) {
    decode_all<signed char>(bytes, values, [](int value) { return (float)value; });
}};

// The formats that each kind's descriptor may name: what stands in its fields for both matrices, and for sums.
const Kind *kind_of(Family family, const Fields &of) {
    struct Row {
        Family family;
        unsigned format, sums;
        const Kind *kind;
    };
    static const Row rows[] = {
        {Family::F16, 0, 1, &FP16}, {Family::F16, 1, 1, &BF16}, {Family::TF32, 2, 1, &TF32},
        {Family::F8F6F4, 0, 1, &E4M3}, {Family::F8F6F4, 1, 1, &E5M2}, {Family::I8, 1, 2, &INT8},
    };
    const auto fits = [&](const Row &row) {
        return row.family == family && row.format == of.a && row.format == of.b && row.sums == of.sums;
    };
    const auto row = std::find_if(std::begin(rows), std::end(rows), fits);
    return row == std::end(rows) ? nullptr : row->kind;
}

// What is wrong with an instruction descriptor, of products that are made here.
const char *fault_of(Family family, const Fields &of) {
    const bool more = of.selector || of.sparse || of.saturate || of.reserved_6 || of.negate_a || of.negate_b || of.reserved_23 || of.reserved_29;
    if (more || of.shift) return "an instruction descriptor with other bits set";
    if (!kind_of(family, of)) return "an instruction descriptor with formats that this kind of product has not";
    if (of.a_across || of.b_across) return "a product of matrices that are not along k";
    return of.rows == LANES >> 4 && of.columns == WIDTH >> 3 ? nullptr : "a product of another shape than 128 x 256";
}

// "Canonical Layouts", that along k with a swizzle of 128 bytes: as cpu_sm90.cpp has it. "Matrix Base offset": 0 only where the pattern
// begins at a multiple of 1024 bytes.
const char *fault_of(const Rows &of, unsigned rows) {
    if (of.version != 1) return "a shared memory descriptor without the constant that these have";
    if (of.swizzle != 2) return "a shared memory descriptor of another swizzling than of 128 bytes";
    if (of.unused_14 || of.unused_30 || of.zeros || of.absolute) return "a shared memory descriptor with other bits set";
    if (of.base != 0 || (of.start << 4 & 0x380) != 0) return "a pattern that begins elsewhere";
    // Columns of 128 bytes, within which chunks are permuted.
    const Shared &mine = shared(rank());
    const unsigned first = of.start << 4 & ~127u, eights = (rows / 8 - 1) * (of.stride << 4);
    const bool across = (of.start << 4) % 128 > 96;
    return !across && first >= mine.launched && first + eights + 1024 <= mine.end ? nullptr : "rows outside of what they may be";
}

void read_rows(const Kind &kind, const Rows &of, unsigned rank, unsigned first, unsigned rows, float *values) {
    for (unsigned row = first; row < first + rows; row++, values += kind.values) {
        unsigned char bytes[32];
        for (unsigned chunk = 0; chunk < 2; chunk++) {
            const unsigned plain = (of.start << 4) + row / 8 * (of.stride << 4) + row % 8 * 128 + chunk * 16;
            std::memcpy(bytes + 16 * chunk, in_shared(rank, plain ^ (plain >> 7 & 7) << 4, 16), 16);
        }
        kind.decode(bytes, values);
    }
}

// "Data path layout organization", M = 128 of one block: lane r is row r, column c is column c, from the address of the sums on.
template <class Number>
void make(Tensor &of, const Job &job, unsigned rank) {
    static thread_local float a[16 * 32], b[WIDTH * 32];
    static thread_local Number sums[16][WIDTH];
    read_rows(*job.kind, job.b, rank, 0, WIDTH, b);
    for (unsigned first = 0; first < LANES; first += 16) {
        read_rows(*job.kind, job.a, rank, first, 16, a);
        for (unsigned row = 0; row < 16; row++) {
            uint32_t *const cells = of.cells[first + row] + job.column;
            if (job.add) {
                std::memcpy(sums[row], cells, sizeof sums[row]);
            } else {
                std::memset(sums[row], 0, sizeof sums[row]);
            }
        }
        add_products(*job.kind, a, b, sums);
        for (unsigned row = 0; row < 16; row++) std::memcpy(of.cells[first + row] + job.column, sums[row], sizeof sums[row]);
    }
}

// "tcgen05.mma" of one thread and shape are made in order, and arrivals ("tcgen05.commit") when all of that thread before them are; what
// several threads have started comes in any order.
void do_next(unsigned rank) {
    Tensor &of = tensor(rank);
    const unsigned thread = of.jobs[random() % of.jobs.size()].thread;
    const auto first = std::find_if(of.jobs.begin(), of.jobs.end(), [&](const Job &job) { return job.thread == thread; });
    const Job job = *first;
    of.jobs.erase(first);
    if (!job.kind) {
        arrive_at(rank, job.barrier);
    } else if (job.kind->sum == Sum::INT32) {
        make<int32_t>(of, job, rank);
    } else {
        make<float>(of, job, rank);
    }
    moved();
}

void order(const Job &job) {
    Tensor &of = tensor(rank());
    for (const Job &other : of.jobs) {
        if (job.kind && other.thread != job.thread && other.touches(job.column, WIDTH)) broken("two threads' products into one place, in no order");
    }
    of.jobs.push_back(job);
    while (!of.jobs.empty() && random() % 4 == 0) do_next(rank());
}

// Which bit of every product's descriptors is wrong: those of a, of b, and of the instruction, one after the other. Such a product that
// breaks a rule is not made. None where it is less than 0.
std::atomic<int> flipped{-1};

void flip(unsigned long long &a, unsigned long long &b, unsigned &product) {
    const int bit = flipped;
    if (bit >= 0 && bit < 64) a ^= 1ull << bit;
    if (bit >= 64 && bit < 128) b ^= 1ull << (bit - 64);
    if (bit >= 128) product ^= 1u << (bit - 128);
}

// So many bits of a descriptor from `first` on.
constexpr uint64_t part(uint64_t descriptor, unsigned first, unsigned count) {
    return descriptor >> first & ((1ull << count) - 1);
}

// Wherever rows lie, and at every step along k, the descriptors that kernels make say so, and nothing else.
constexpr bool rows_are_said() {
    for (uint64_t address = 0; address < 1 << 18; address += 1024) {
        for (uint64_t k = 0; k < 128; k += 32) {
            const uint64_t of = further(slab_descriptor((u32)address), (u32)k);
            if (part(of, 0, 14) * 16 != address + k || part(of, 32, 14) * 16 != 1024) return false;
            if (part(of, 14, 2) || part(of, 30, 2) || part(of, 46, 3) != 1 || part(of, 49, 12) || part(of, 61, 3) != 2) return false;
        }
    }
    return true;
}
static_assert(rows_are_said());

constexpr bool products_are_said() {
    for (u32 rows = 64; rows <= 256; rows += 64) {
        for (u32 columns = 8; columns <= 256; columns += 8) {
            for (u32 formats = 0; formats < 32; formats++) {
                const u32 sums = formats % 4, format = formats / 4, of = product_descriptor(sums, format, rows, columns);
                const bool kinds = part(of, 4, 2) == sums && part(of, 7, 3) == format && part(of, 10, 3) == format;
                const bool sizes = part(of, 17, 6) * 8 == columns && part(of, 24, 5) * 16 == rows;
                if (!kinds || !sizes || part(of, 0, 4) || part(of, 6, 1) || part(of, 13, 4) || part(of, 23, 1) || part(of, 29, 3)) return false;
            }
        }
    }
    return true;
}
static_assert(products_are_said());

}  // namespace

extern "C" void cpu_flip(int bit) {
    flipped = bit;
}

// "tcgen05.alloc": by a whole warp; what it gives is written to shared memory. Here a block has its multiprocessor for itself.
void take_tensor(void *address, unsigned columns) {
    checked_columns(columns);
    if (threadIdx.x % WARP != 0) return;
    Tensor &of = tensor(rank());
    if (!of.may_take) broken("tensor memory taken after the right to was given up");
    const unsigned grains = columns / GRAIN;
    unsigned first = 0;
    // Wherever there is room, and not at 0 where that can be avoided.
    if (columns < COLUMNS) first = grains;
    for (unsigned g = first; g < first + grains; g++) {
        if (of.taken[g]) broken("more tensor memory than there is: this waits for ever");
        of.taken[g] = true;
    }
    of.was_taken = takes_tensor = true;
    for (auto &lane : of.cells) std::fill(lane + first * GRAIN, lane + (first + grains) * GRAIN, GARBAGE);
    const unsigned at = first * GRAIN;
    std::memcpy(in_shared(rank(), shared_window(address), sizeof at), &at, sizeof at);
}

// "tcgen05.relinquish_alloc_permit".
void take_no_more() {
    agreed(0, "lanes that differ about tensor memory");
    tensor(rank()).may_take = false;
}

// "tcgen05.dealloc": what was taken, when nothing uses it any more.
void give_tensor_back(unsigned address, unsigned columns) {
    agreed(address, "lanes that differ about tensor memory");
    checked_columns(columns);
    if (me().met) broken("tensor memory given back without a fence after meeting others");
    if (threadIdx.x % WARP != 0) return;
    Tensor &of = tensor(rank());
    if (!of.jobs.empty()) broken("tensor memory given back while products are made");
    if (address % GRAIN != 0) broken("tensor memory given back that was not taken so");
    must_be_taken(of, address, columns);
    for (unsigned g = address / GRAIN; g < (address + columns) / GRAIN; g++) of.taken[g] = false;
}

void fence_tensor(bool before) {
    (before ? me().loaded : me().met) = false;
}

void start_tensor_product(Family family, unsigned sums, unsigned long long a, unsigned long long b, unsigned product, bool add) {
    flip(a, b, product);
    const Fields of = fields<Fields>((uint32_t)product);
    const Job job{threadIdx.x, kind_of(family, of), sums & 0xFFFF, fields<Rows>((uint64_t)a), fields<Rows>((uint64_t)b), add, 0};
    for (const char *why : {fault_of(family, of), fault_of(job.a, LANES), fault_of(job.b, WIDTH)}) {
        if (why && flipped >= 0) return;
        if (why) broken(why);
    }
    if (sums >> 16 != 0) broken("sums that begin in another lane than the first");
    must_be_taken(tensor(rank()), sums & 0xFFFF, WIDTH);
    if (me().met) broken("a product without a fence after meeting others");
    order(job);
}

void arrive_when_made(void *barrier) {
    order(Job{threadIdx.x, nullptr, 0, {}, {}, false, shared_window(barrier)});
}

// "tcgen05.ld" of .32x32b, with the wait for it: warp w reaches lanes 32 (w % 4) to 32 (w % 4) + 31 ("Access restrictions"), and each of its
// threads gets columns of the lane of its number among these.
void load_tensor(unsigned *to, unsigned count, unsigned address) {
    agreed(address, "lanes that differ about where they load from");
    const unsigned first = address >> 16, column = address & 0xFFFF, lane = threadIdx.x % WARP;
    if (first != threadIdx.x / WARP % 4 * WARP) broken("lanes of the tensor memory that another warp reaches");
    Tensor &of = tensor(rank());
    must_be_taken(of, column, count);
    if (me().met) broken("a load from tensor memory without a fence after meeting others");
    for (const Job &job : of.jobs) {
        if (job.touches(column, count)) broken("a load of sums that are still being made");
    }
    std::memcpy(to, of.cells[first + lane] + column, count * sizeof *to);
    me().loaded = true;
}

// "elect.sync".
bool elected() {
    agreed(1, "");
    return threadIdx.x % WARP == 0;
}

unsigned of_all(unsigned value) {
    return agreed(value, "lanes that differ about what is the same for all of a warp");
}

void tensor_meets() {
    if (takes_tensor && me().loaded) broken("loads from tensor memory that no fence puts before meeting others");
}

void tensor_met() {
    if (takes_tensor) me().met = true;
}

bool make_late_product() {
    for (unsigned rank = 0; rank < tensors.size(); rank++) {
        if (!tensors[rank] || tensors[rank]->jobs.empty()) continue;
        do_next(rank);
        return true;
    }
    return false;
}

void tensors_end() {
    if (!takes_tensor) return;
    for (const auto &of : tensors) {
        if (!of) continue;
        if (!of->jobs.empty()) broken("a block ends while its products are made");
        for (const bool taken : of->taken) {
            if (taken) broken("a block ends without giving back its tensor memory");
        }
        if (of->was_taken && of->may_take) broken("a block keeps others from taking tensor memory");
    }
    tensors.clear();
    takes_tensor = false;
    threads.clear();
}

}  // namespace cpu
