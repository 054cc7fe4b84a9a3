// What compute capability 9.0 does beside its threads: barriers that count bytes, copies of boxes, products of warpgroups, registers
// that change hands. Written from the PTX ISA and the driver's interface; each part says from which section.
// A kernel that breaks a rule aborts the process and says which.

#include "cpu_kernels.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>

namespace cpu {

thread_local unsigned long long skipped_ns = 0;

unsigned char *in_shared(unsigned rank, unsigned address, unsigned bytes) {
    const Shared &there = shared(rank);
    if (address < there.launched || address + bytes > there.end) broken("shared memory that the launch did not give");
    if (!there.live) broken("shared memory of a block that has ended");
    return there.bytes + address;
}

namespace {

const unsigned WARP = 32, GROUP_WARPS = 4;

// "Contents of the mbarrier object": phase, arrivals that are missing, arrivals of a phase, and bytes that are missing; here with a mark
// by which one that was made is known.
struct Bits {
    uint64_t mark : 2, phase : 1, expected : 20, pending : 20;
    int64_t bytes : 21;
};
const unsigned MARK = 2;

struct State {
    unsigned char *at;
    Bits bits;

    State(unsigned rank, unsigned address) : at(in_shared(rank, address, sizeof bits)) {
        std::memcpy(&bits, at, sizeof bits);
        if (address % 8 != 0) broken("a barrier that is not aligned to 8 bytes");
        if (bits.mark != MARK) broken("a barrier that was not made");
    }
    // "Phase Completion of the mbarrier object": when no arrival and no byte is missing; then all begins anew.
    void save() {
        if (bits.pending == 0 && bits.bytes == 0) {
            bits.phase ^= 1;
            bits.pending = bits.expected;
        }
        std::memcpy(at, &bits, sizeof bits);
        moved();
    }
};

// "expect-tx operation" where `by` is more than 0, "complete-tx operation" where it is less.
void add_bytes(Bits &bits, long by) {
    const long sum = (long)bits.bytes + by;
    if (sum >= 1 << 20 || sum <= -(1 << 20)) broken("more bytes than a barrier can count");
    bits.bytes = sum;
}

// What the driver for tests makes of a matrix (tests/fake_cuda/work.rs).
struct Map {
    uint64_t mark, address, columns, rows, stride, box_columns, box_rows, element_bytes, swizzle, unused[7];
};
const uint64_t MAP = 0x50414D59415353ull;
const uint64_t SWIZZLE_NONE = 0, SWIZZLE_128B = 3;

// A box that is still to come to one block.
struct Box {
    Map map;
    unsigned rank, to, barrier;
    int x, y;
};
thread_local std::vector<Box> boxes;
std::atomic<unsigned> ordered{0};
unsigned lost_box = 0;

// "Tensor Data Movement": a box row by row; what of it lies outside the tensor is zero and counts like the rest.
// "Swizzling modes": of every 128 bytes of shared memory the chunks of 16 are permuted by the number of these 128 bytes, modulo 8.
void bring(const Box &box) {
    const Map &map = box.map;
    const unsigned row_bytes = (unsigned)(map.box_columns * map.element_bytes);
    const unsigned bytes = row_bytes * (unsigned)map.box_rows;
    unsigned char *const base = in_shared(box.rank, box.to, bytes) - box.to;
    for (unsigned r = 0; r < map.box_rows; r++) {
        for (unsigned c = 0; c < row_bytes; c += map.element_bytes) {
            const int64_t x = box.x + (int64_t)(c / map.element_bytes), y = box.y + (int64_t)r;
            const bool inside = x >= 0 && y >= 0 && x < (int64_t)map.columns && y < (int64_t)map.rows;
            unsigned place = box.to + r * row_bytes + c;
            if (map.swizzle == SWIZZLE_128B) place ^= (place >> 7 & 7) << 4;
            const auto *from = (const unsigned char *)(map.address + y * map.stride + x * map.element_bytes);
            if (inside) {
                std::memcpy(base + place, from, map.element_bytes);
            } else {
                std::memset(base + place, 0, map.element_bytes);
            }
        }
    }
    State state(box.rank, box.barrier);
    add_bytes(state.bits, -(long)bytes);
    state.save();
}

// Registers of a warp's threads that are the unit's: from where, and their values.
struct Sums {
    void *at[WARP];
    uint32_t values[WARP][128];
    unsigned pending;
};

struct Product {
    const Kind *kind;
    unsigned long long a, b;
    bool add;
    Sums *sums;
};

// What a warp has under way.
struct Warp {
    // Those since the last commit come last.
    std::vector<std::vector<Product>> groups{1};
    std::vector<std::unique_ptr<Sums>> sums;
    bool fenced = false;
    // Of all products so far: the warps of a group must order the same.
    unsigned long long digest = 0;
    unsigned registers = 0;
    // What the warp did together, and how much of it each lane knows of.
    unsigned acts = 0, known[WARP] = {};
};
thread_local std::vector<Warp> warps;

unsigned warp_index() {
    return rank() * (blockDim.x / WARP) + threadIdx.x / WARP;
}

Warp &warp() {
    const unsigned index = warp_index();
    if (warps.size() <= index) warps.resize(index + 1);
    return warps[index];
}

// All lanes of the warp come here; the first to go on acts for all.
template <class Mine, class Act>
void together(const Mine &mine, Act act) {
    const auto *all = (const Mine *)exchange(&mine, sizeof mine);
    Warp &me = warp();
    const unsigned lane = threadIdx.x % WARP;
    if (++me.known[lane] <= me.acts) return;
    me.acts++;
    act(me, all);
}

// "Matrix Descriptor Format", and of "Canonical Layouts" that for K-major and 128-byte swizzling: ((8,m),(T,2k)):((8T,SBO),(1,T)) in
// elements, of which T are 16 bytes, under Swizzle<3,4,3>: bits 4 to 6 of the address are permuted by bits 7 to 9.
const unsigned char *operand(unsigned long long descriptor, unsigned row, unsigned chunk) {
    const unsigned start = (descriptor & 0x3FFF) << 4;
    const unsigned stride = (descriptor >> 32 & 0x3FFF) << 4;
    if (descriptor >> 62 != 1) broken("a descriptor of another swizzling than of 128 bytes");
    // "Base offset": 0 only where the pattern begins at a multiple of 1024 bytes.
    if ((descriptor >> 49 & 7) != 0 || (start & 0x380) != 0) broken("a pattern that begins elsewhere");
    const unsigned plain = start + row / 8 * stride + row % 8 * 128 + chunk * 16;
    return in_shared(rank(), plain ^ (plain >> 7 & 7) << 4, 16);
}

void read_rows(const Kind &kind, unsigned long long descriptor, unsigned first, unsigned rows, float *values) {
    for (unsigned row = 0; row < rows; row++) {
        unsigned char bytes[32];
        for (unsigned chunk = 0; chunk < 2; chunk++) std::memcpy(bytes + 16 * chunk, operand(descriptor, first + row, chunk), 16);
        kind.decode(bytes, values + row * kind.values);
    }
}

// Adds the products of 16 rows of a and 256 of b, one value of k after the other.
template <class Number>
void multiply(const Kind &kind, const float *a, const float *b, Number (*sums)[256]) {
    static thread_local Number turned[32][256];
    for (unsigned column = 0; column < 256; column++) {
        for (unsigned i = 0; i < kind.values; i++) turned[i][column] = (Number)b[column * kind.values + i];
    }
    for (unsigned row = 0; row < 16; row++) {
        for (unsigned i = 0; i < kind.values; i++) {
            const Number left = (Number)a[row * kind.values + i];
            for (unsigned column = 0; column < 256; column++) {
                if constexpr (std::is_same_v<Number, float>) {
                    sums[row][column] = fmaf(left, turned[i][column], sums[row][column]);
                } else {
                    sums[row][column] += left * turned[i][column];
                }
            }
        }
    }
}

// The same of all 32 at once, in short sums: those of cpu_kernels.h.
void multiply_short(const float *a, const float *b, float (*sums)[256]) {
    static thread_local float turned[32][256];
    static thread_local int exponents[32][256];
    for (unsigned column = 0; column < 256; column++) {
        for (unsigned i = 0; i < 32; i++) {
            turned[i][column] = b[column * 32 + i];
            exponents[i][column] = exponent(turned[i][column]);
        }
    }
    for (unsigned row = 0; row < 16; row++) {
        int largest[256];
        float scales[256], total[256];
        for (unsigned column = 0; column < 256; column++) largest[column] = exponent(sums[row][column]);
        for (unsigned i = 0; i < 32; i++) {
            const int left = exponent(a[row * 32 + i]);
            for (unsigned column = 0; column < 256; column++) largest[column] = std::max(largest[column], left + exponents[i][column]);
        }
        for (unsigned column = 0; column < 256; column++) {
            scales[column] = scale(largest[column]);
            total[column] = cut(sums[row][column], scales[column]);
        }
        for (unsigned i = 0; i < 32; i++) {
            const float left = a[row * 32 + i];
            for (unsigned column = 0; column < 256; column++) total[column] += cut(left * turned[i][column], scales[column]);
        }
        for (unsigned column = 0; column < 256; column++) {
            sums[row][column] = cut(total[column], scale(exponent(total[column])));
        }
    }
}

// "Register Fragments", accumulator D of m64nNk*: warp w of the group has rows 16 w to 16 w + 15; value i of a thread is of row
// lane / 4 of these, 8 more where bit 1 of i is set, and of column 8 (i / 4) + 2 (lane % 4) + i % 2.
template <class Number>
void run(const Product &product) {
    static thread_local float a[16 * 32], b[256 * 32];
    static thread_local Number sums[16][256];
    read_rows(*product.kind, product.a, threadIdx.x / WARP % GROUP_WARPS * 16, 16, a);
    read_rows(*product.kind, product.b, 0, 256, b);
    const auto each = [&](auto act) {
        for (unsigned lane = 0; lane < WARP; lane++) {
            for (unsigned i = 0; i < 128; i++) {
                act(product.sums->values[lane][i], sums[lane / 4 + i / 2 % 2 * 8][i / 4 * 8 + lane % 4 * 2 + i % 2]);
            }
        }
    };
    each([&](uint32_t bits, Number &sum) {
        if (product.add) {
            std::memcpy(&sum, &bits, sizeof sum);
        } else {
            sum = 0;
        }
    });
    add_products(*product.kind, a, b, sums);
    each([](uint32_t &bits, Number sum) { std::memcpy(&bits, &sum, sizeof bits); });
}

// What a thread sees in registers that are not its own: no number.
const int POISON = 0xFF;

// From now on the unit has these registers.
Sums *lend(Warp &me, void *const *at) {
    for (auto &sums : me.sums) {
        if (sums->at[0] == at[0]) return sums.get();
    }
    if (!me.fenced) broken("a product without a fence since its registers were the thread's");
    me.sums.emplace_back(new Sums());
    Sums &sums = *me.sums.back();
    for (unsigned lane = 0; lane < WARP; lane++) {
        sums.at[lane] = at[lane];
        std::memcpy(sums.values[lane], at[lane], sizeof sums.values[lane]);
        std::memset(at[lane], POISON, sizeof sums.values[lane]);
    }
    return &sums;
}

void give_back(Warp &me) {
    for (auto &sums : me.sums) {
        if (sums->pending > 0) continue;
        for (unsigned lane = 0; lane < WARP; lane++) std::memcpy(sums->at[lane], sums->values[lane], sizeof sums->values[lane]);
        sums.reset();
        me.fenced = false;
    }
    me.sums.erase(std::remove(me.sums.begin(), me.sums.end(), nullptr), me.sums.end());
}

}  // namespace

void add_products(const Kind &kind, const float *a, const float *b, float (*sums)[256]) {
    if (kind.sum == Sum::SHORT) {
        multiply_short(a, b, sums);
    } else {
        multiply(kind, a, b, sums);
    }
}

void add_products(const Kind &kind, const float *a, const float *b, int32_t (*sums)[256]) {
    multiply(kind, a, b, sums);
}

unsigned shared_window(const void *pointer) {
    const Shared &mine = shared(rank());
    const auto *at = static_cast<const unsigned char *>(pointer);
    if (at < mine.bytes || at >= mine.bytes + mine.end) broken("an address outside this block's shared memory");
    return (unsigned)(at - mine.bytes);
}

unsigned long long clock_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return (unsigned long long)std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() + skipped_ns;
}

// "mbarrier.init".
void barrier_init(void *barrier, unsigned arrivals) {
    if (arrivals < 1 || arrivals >= 1 << 20) broken("a barrier for no arrivals, or too many");
    const Bits bits{MARK, 0, arrivals, arrivals, 0};
    std::memcpy(in_shared(rank(), shared_window(barrier), sizeof bits), &bits, sizeof bits);
}

// "mbarrier.arrive", with .expect_tx where there are bytes; the expectation comes first. In another block: "mapa", the same place.
void arrive(unsigned rank, unsigned address, unsigned bytes) {
    State state(rank, address);
    if (state.bits.pending == 0) broken("more arrivals than the barrier was made for");
    add_bytes(state.bits, bytes);
    state.bits.pending--;
    state.save();
}

void barrier_arrive(void *barrier, unsigned rank, unsigned bytes) {
    arrive(rank, shared_window(barrier), bytes);
}

void arrive_at(unsigned rank, unsigned address) {
    arrive(rank, address, 0);
}

// "mbarrier.try_wait.parity": true for the phase before the current one.
bool barrier_passed(void *barrier, unsigned parity) {
    if (parity > 1) broken("a parity that is neither 0 nor 1");
    if (State(rank(), shared_window(barrier)).bits.phase != parity) return true;
    look_again();
    return false;
}

// "cp.async.bulk.tensor": to the same place, and counted at the same barrier, of each block in the mask.
void load_box(void *to, const void *map, void *barrier, unsigned x, unsigned y, unsigned blocks) {
    Box box{{}, 0, shared_window(to), shared_window(barrier), (int)x, (int)y};
    std::memcpy(&box.map, map, sizeof box.map);
    if (box.map.mark != MAP || (uintptr_t)map % 64 != 0) broken("no map of a matrix");
    if (box.to % 128 != 0) broken("a box for shared memory that is not aligned to 128 bytes");
    if (box.map.swizzle != SWIZZLE_NONE && box.map.swizzle != SWIZZLE_128B) broken("a swizzling that this one does not know");
    if (blocks == 0 || blocks >> cluster() != 0) broken("a box for blocks that are not in the cluster");
    for (box.rank = 0; box.rank < cluster(); box.rank++) {
        if ((blocks >> box.rank & 1) == 0) continue;
        if (++ordered == lost_box) continue;
        State(box.rank, box.barrier);
        if (random() % 2 == 0) {
            bring(box);
        } else {
            boxes.push_back(box);
        }
    }
}

bool make_late_copy() {
    if (boxes.empty() || random() % 2 == 0) {
        if (make_late_product()) return true;
        if (boxes.empty()) return false;
    }
    std::swap(boxes[random() % boxes.size()], boxes.back());
    const Box box = boxes.back();
    boxes.pop_back();
    bring(box);
    return true;
}

void lose_box(unsigned number) {
    ordered = 0;
    lost_box = number;
}

// "setmaxnreg": a warpgroup gives registers to the block, or waits until it has enough of those that were given.
void set_registers(unsigned count, bool more) {
    if (count < 24 || count > 256 || count % 8 != 0) broken("a number of registers that a thread cannot have");
    together(count, [&](Warp &me, const unsigned *) {
        // As many as a launch gives where one block has all of a multiprocessor.
        if (me.registers == 0) me.registers = 65536 / blockDim.x / 8 * 8;
        if (more ? count < me.registers : count > me.registers) broken("registers given by taking, or taken by giving");
        unsigned &pool = shared(rank()).registers;
        const unsigned before = me.registers * WARP, after = count * WARP;
        while (more && pool < after - before) look_again();
        pool += before - after;
        warp().registers = count;
        moved();
    });
}

// "wgmma.mma_async": here it is made when somebody waits for it, with what the shared memory holds then.
void start_product(const Kind &kind, void *sums, unsigned long long a, unsigned long long b, bool add) {
    struct Order {
        void *sums;
        unsigned long long a, b;
        uintptr_t kind;
    };
    together(Order{sums, a, b, (uintptr_t)&kind | (add ? 1 : 0)}, [](Warp &me, const Order *all) {
        void *at[WARP];
        for (unsigned lane = 0; lane < WARP; lane++) {
            const Order &order = all[lane];
            at[lane] = order.sums;
            if (order.a != all->a || order.b != all->b || order.kind != all->kind) broken("lanes that differ about a product");
        }
        Sums *const lent = lend(me, at);
        lent->pending++;
        me.groups.back().push_back(Product{(const Kind *)(all->kind & ~(uintptr_t)1), all->a, all->b, (all->kind & 1) != 0, lent});
        for (const unsigned long long part : {all->a, all->b, (unsigned long long)all->kind}) me.digest = (me.digest ^ part) * 0x100000001B3;
    });
}

// "wgmma.fence".
void fence_products() {
    together('f', [](Warp &me, const char *) { me.fenced = true; });
}

// "wgmma.commit_group".
void commit_products() {
    together('c', [](Warp &me, const char *) { me.groups.emplace_back(); });
}

// "wgmma.wait_group": for all groups but the latest `pending`.
void wait_for_products(unsigned pending) {
    together(pending, [](Warp &me, const unsigned *pending) {
        while (me.groups.size() > *pending + 1) {
            for (const Product &product : me.groups.front()) {
                if (product.kind->sum == Sum::INT32) {
                    run<int32_t>(product);
                } else {
                    run<float>(product);
                }
                product.sums->pending--;
            }
            me.groups.erase(me.groups.begin());
        }
        give_back(me);
    });
}

void warpgroups_end() {
    if (!boxes.empty()) broken("a cluster ends with boxes on their way to it");
    for (unsigned i = 0; i < warps.size(); i++) {
        if (!warps[i].sums.empty()) broken("a warp ends with products under way");
        if (warps[i].digest != warps[i / GROUP_WARPS * GROUP_WARPS].digest) broken("warps of a group that differ about its products");
    }
    warps.clear();
    tensors_end();
}

}  // namespace cpu
