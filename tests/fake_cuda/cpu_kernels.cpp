// Runs a kernel: blocks over a few OS threads, the threads of a block as fibers that take turns at barriers.
// A kernel that breaks the rules of barriers or shuffles aborts the process and says how.

#include "cpu_kernels.h"

#include <algorithm>
#include <atomic>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <ucontext.h>
#include <vector>

namespace cpu {

constinit thread_local Now now QUICK{};
constinit thread_local bool takes_tensor QUICK = false;

void broken(const char *why) {
    std::fprintf(stderr, "kernel on the CPU: %s\n", why);
    std::abort();
}

unsigned long long random() {
    static thread_local unsigned long long state QUICK = 0x9E3779B97F4A7C15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// As tests/fake_cuda/kernels.rs has it. Blocks come in clusters, side by side; shared memory is what each block is given.
struct Launch {
    unsigned x, y, threads, cluster, shared, lost_box;
};

namespace {

const unsigned WARP = 32;
const std::size_t STACK = 64 * 1024;

// Passed by all of a group when the last of them has come.
struct Barrier {
    unsigned live = 0, arrived = 0, turn = 0;

    void left() {
        live--;
        release();
    }
    void release() {
        if (live > 0 && arrived == live) {
            arrived = 0;
            turn++;
        }
    }
};

struct Warp {
    Barrier barrier;
    // For how many turns it is held up.
    unsigned held = 0;
    // Two sets by turns: a lane may be in the next exchange before all have read the values of the last.
    alignas(16) char values[2][WARP * EXCHANGE_BYTES];
};

// A copy into shared memory that may not have been made yet.
struct Copy {
    void *to;
    uint4 data;
};

// Stacks go from launch to launch: to have them made anew each time would be a fifth of all work.
class Stacks {
  public:
    char *take() {
        const std::lock_guard<std::mutex> lock(mutex);
        if (free.empty()) return new char[STACK];
        char *const stack = free.back();
        free.pop_back();
        return stack;
    }
    void give_back(char *stack) {
        const std::lock_guard<std::mutex> lock(mutex);
        free.push_back(stack);
    }

  private:
    std::mutex mutex;
    std::vector<char *> free;
} stacks;

struct GiveBack {
    void operator()(char *stack) const { stacks.give_back(stack); }
};

struct Fiber {
    // Those that this thread has started since its last commit come last.
    std::vector<std::vector<Copy>> copies;
    ucontext_t birth;
    jmp_buf here;
    std::unique_ptr<char[], GiveBack> stack;
    bool born = false, done = true;
};

// One block of a cluster.
struct Cta {
    Barrier barrier;
    // By their numbers. `live` is how many threads the first to come has said.
    Barrier named[16];
    Dim place;
    Shared shared;
};

// The fibers of one OS thread, kept for all clusters of a launch: those of its first block, then those of the next.
struct Cluster {
    const Entry *entry = nullptr;
    void *const *arguments = nullptr;
    std::vector<Fiber> fibers;
    std::vector<Warp> warps;
    std::vector<Cta> ctas;
    Barrier barrier;
    jmp_buf scheduler;
    unsigned running = 0;
    // Something has happened since the scheduler last looked.
    bool moved = false;
    // Somebody has looked for something in vain.
    bool looked = false;
    std::unique_ptr<unsigned char[]> memory;
};
constinit thread_local Cluster *block QUICK = nullptr;

Cta &here() {
    return block->ctas[block->running / now.block_size.x];
}

void yield() {
    if (!_setjmp(block->fibers[block->running].here)) _longjmp(block->scheduler, 1);
}

void pass(Barrier &barrier) {
    const unsigned turn = barrier.turn;
    barrier.arrived++;
    barrier.release();
    block->moved = true;
    while (barrier.turn == turn) yield();
    block->moved = true;
}

void life() {
    for (;;) {
        block->entry->call(block->arguments);
        if (!block->fibers[block->running].copies.empty()) broken("a thread ends with copies on their way");
        block->fibers[block->running].done = true;
        block->warps[block->running / WARP].barrier.left();
        here().barrier.left();
        here().shared.live = here().barrier.live > 0;
        block->barrier.left();
        block->moved = true;
        yield();
    }
}

void resume(unsigned index) {
    Fiber &fiber = block->fibers[index];
    block->running = index;
    now.thread = Dim{index % now.block_size.x, 0, 0};
    now.block = here().place;
    if (_setjmp(block->scheduler)) return;
    if (fiber.born) _longjmp(fiber.here, 1);
    fiber.born = true;
    // Staggered, or all stacks would compete for the same lines of the cache.
    const std::size_t stagger = index % 128 * 192;
    fiber.stack.reset(stacks.take());
    getcontext(&fiber.birth);
    fiber.birth.uc_stack.ss_sp = fiber.stack.get();
    fiber.birth.uc_stack.ss_size = STACK - stagger;
    fiber.birth.uc_link = nullptr;
    makecontext(&fiber.birth, life, 0);
    setcontext(&fiber.birth);
}

// Runs the threads of a warp until all of them are done or wait for the rest of the block. Whether any has moved.
bool run_warp(unsigned first, unsigned end) {
    bool moved = false;
    do {
        block->moved = false;
        for (unsigned t = first; t < end; t++) {
            if (!block->fibers[t].done) resume(t);
        }
        moved |= block->moved;
    } while (block->moved);
    return moved;
}

// What a multiprocessor keeps for itself of its shared memory, and where a launch's part may begin: 16 bytes are promised, no more.
const unsigned RESERVED = 1024, LAUNCHED = RESERVED + 16;
const unsigned char GARBAGE = 0xA5;

// The warps of a cluster keep no step, nor those of a block that uses tensor memory: by chance one is held up, for as long as others find
// something to do.
bool held_up(unsigned &held) {
    if (block->ctas.size() == 1 && !takes_tensor) return false;
    if (held == 0 && random() % 16 == 0) held = 1 + random() % 64;
    return held > 0 && held-- > 0;
}

void let_all_go() {
    for (Warp &warp : block->warps) warp.held = 0;
}

void run_cluster(Dim first, const Launch &launch) {
    const unsigned threads = launch.threads * launch.cluster;
    if (block->fibers.size() < threads) block->fibers.resize(threads);
    block->warps.assign((threads + WARP - 1) / WARP, Warp());
    block->ctas.assign(launch.cluster, Cta());
    const unsigned each = (LAUNCHED + launch.shared + 1023) / 1024 * 1024;
    if (launch.shared > 0 && !block->memory) block->memory.reset(new unsigned char[each * launch.cluster]);
    if (launch.shared > 0) std::memset(block->memory.get(), GARBAGE, each * launch.cluster);
    for (unsigned i = 0; i < launch.cluster; i++) {
        Cta &cta = block->ctas[i];
        cta.barrier.live = launch.threads;
        cta.place = Dim{first.x + i, first.y, 0};
        cta.shared = Shared{block->memory.get() + each * i, LAUNCHED, LAUNCHED + launch.shared, 0, true};
    }
    for (unsigned t = 0; t < threads; t++) {
        block->fibers[t].done = false;
        block->warps[t / WARP].barrier.live++;
    }
    block->barrier = Barrier();
    block->barrier.live = threads;
    unsigned skips = 0;
    while (block->barrier.live > 0) {
        bool moved = false, held = false;
        block->looked = false;
        for (unsigned from = 0; from < threads; from += WARP) {
            if (held_up(block->warps[from / WARP].held)) {
                held = true;
            } else {
                moved |= run_warp(from, std::min(from + WARP, threads));
            }
        }
        if (held && !moved) let_all_go();
        if (held || moved || make_late_copy()) continue;
        // Whoever looks at a clock meanwhile may give up.
        if (!block->looked || ++skips > 100) broken("all threads of a block wait for ever");
        skipped_ns += 1000000000;
    }
    warpgroups_end();
}

void run_blocks(const Entry *entry, void *const *arguments, const Launch &launch, std::atomic<uint64_t> &next) {
    Cluster mine;
    mine.entry = entry;
    mine.arguments = arguments;
    block = &mine;
    now.grid = Dim{launch.x, launch.y, 1};
    now.block_size = Dim{launch.threads, 1, 1};
    const unsigned across = launch.x / launch.cluster;
    const uint64_t clusters = (uint64_t)across * launch.y;
    for (uint64_t i = next++; i < clusters; i = next++) {
        run_cluster(Dim{(unsigned)(i % across) * launch.cluster, (unsigned)(i / across), 0}, launch);
    }
}

}  // namespace

void block_barrier() {
    tensor_meets();
    pass(here().barrier);
    tensor_met();
}

// "bar.sync": whole warps come, and all of them with one number of threads.
void named_barrier(unsigned number, unsigned threads) {
    if (number == 0 || number >= 16 || threads % WARP != 0) broken("a barrier of another number, or for part of a warp");
    Barrier &barrier = here().named[number];
    if (barrier.arrived == 0) barrier.live = threads;
    if (barrier.live != threads) broken("threads that differ about how many meet at a barrier");
    pass(barrier);
}

void meet_cluster() {
    pass(block->barrier);
}

Shared &shared(unsigned rank) {
    if (rank >= block->ctas.size()) broken("there is no such block in the cluster");
    return block->ctas[rank].shared;
}

unsigned char *launched() {
    const Shared &mine = shared(rank());
    return mine.bytes + mine.launched;
}

unsigned rank() {
    return block->running / now.block_size.x;
}

unsigned cluster() {
    return (unsigned)block->ctas.size();
}

void look_again() {
    block->looked = true;
    yield();
}

void moved() {
    block->moved = true;
}

const void *exchange(const void *mine, std::size_t bytes) {
    Warp &warp = block->warps[block->running / WARP];
    if (warp.barrier.live != WARP) broken("an exchange in a warp that some threads have left");
    char *values = warp.values[warp.barrier.turn % 2];
    std::memcpy(values + block->running % WARP * bytes, mine, bytes);
    pass(warp.barrier);
    return values;
}

// The bytes are read now, since what a kernel may not change while it is copied nobody here changes, and written late.
void start_copy(void *to, const void *from, unsigned bytes) {
    if ((uintptr_t)to % 16 != 0 || (bytes > 0 && (uintptr_t)from % 16 != 0)) broken("a copy that is not aligned to 16 bytes");
    Copy copy{to, {}};
    std::memcpy(&copy.data, from, bytes);
    auto &copies = block->fibers[block->running].copies;
    if (copies.empty()) copies.emplace_back();
    copies.back().push_back(copy);
}

void commit_copies() {
    auto &copies = block->fibers[block->running].copies;
    if (copies.empty()) copies.emplace_back();
    copies.emplace_back();
}

void finish_copies(std::size_t pending) {
    auto &copies = block->fibers[block->running].copies;
    // The last group is the one that is not committed yet.
    while (copies.size() > pending + 1) {
        for (const Copy &copy : copies.front()) std::memcpy(copy.to, &copy.data, sizeof copy.data);
        copies.erase(copies.begin());
    }
    if (copies.size() == 1 && copies.front().empty()) copies.clear();
}

}  // namespace cpu

static std::vector<cpu::Entry> &all() {
    static std::vector<cpu::Entry> entries;
    return entries;
}

cpu::Table::Table(std::vector<Entry> entries) {
    all().insert(all().end(), entries.begin(), entries.end());
}

static const cpu::Entry *find(const char *name) {
    for (const cpu::Entry &entry : all()) {
        if (std::strcmp(entry.name, name) == 0) return &entry;
    }
    return nullptr;
}

// How many arguments a kernel has, and their sizes into `sizes` (room for 16); -1 where there is no such kernel.
extern "C" int cpu_kernel(const char *name, unsigned *sizes) {
    const cpu::Entry *entry = find(name);
    if (!entry || entry->sizes.size() > 16) return -1;
    std::copy(entry->sizes.begin(), entry->sizes.end(), sizes);
    return (int)entry->sizes.size();
}

extern "C" void cpu_launch(const char *name, const cpu::Launch *launch, void *const *arguments) {
    const cpu::Entry *entry = find(name);
    if (!entry) cpu::broken("no such kernel");
    std::atomic<uint64_t> next{0};
    cpu::lose_box(launch->lost_box);
    const auto work = [&] { cpu::run_blocks(entry, arguments, *launch, next); };
    const uint64_t threads = (uint64_t)launch->x * launch->y * launch->threads;
    const unsigned helpers = threads < 4096 ? 0 : std::thread::hardware_concurrency() - 1;
    std::vector<std::thread> others;
    for (unsigned i = 0; i < helpers; i++) others.emplace_back(work);
    work();
    for (std::thread &other : others) other.join();
}
