//! The vocabulary of GPU work: what an operation computes, on what, and how much work that is.
//! Owns meaning and arithmetic of work; must not know launches, grids or any backend.

use serde::{Deserialize, Serialize};

pub use super::collective::Collective;
use super::draw::Distribution;
pub use super::precision::Precision;
pub use super::sequences::{fma_multiplier_words, fma_multipliers, ring_after, ring_step};
pub use super::tally::{Tally, WrongWord};
pub use super::tile::{TILE_STEPS, TileShape};

/// A handle to device memory, given out by [`super::Device::alloc`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Buf(pub u32);

impl Buf {
    /// Stands for "any buffer" where only the kind of an op matters.
    pub const NONE: Buf = Buf(u32::MAX);
}

/// The STREAM kernels over FP32 elements (J. McCalpin, STREAM), and the two halves they consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Adds every 32-bit word of `a`, wrapping, to word 0 of `c`.
    Read,
    /// `c[i] = pattern(0, i)`, as 32-bit words.
    Write,
    /// `c[i] = a[i]`
    Copy,
    /// `c[i] = 3 a[i]`
    Scale,
    /// `c[i] = a[i] + b[i]`
    Add,
    /// `c[i] = a[i] + 3 b[i]`
    Triad,
}

impl StreamKind {
    pub const ALL: [StreamKind; 6] = [
        StreamKind::Read,
        StreamKind::Write,
        StreamKind::Copy,
        StreamKind::Scale,
        StreamKind::Add,
        StreamKind::Triad,
    ];

    /// The factor of scale and triad. An integer, so that integer data stays exact, fused or not.
    pub const SCALAR: f32 = 3.0;

    pub fn name(self) -> &'static str {
        match self {
            StreamKind::Read => "read",
            StreamKind::Write => "write",
            StreamKind::Copy => "copy",
            StreamKind::Scale => "scale",
            StreamKind::Add => "add",
            StreamKind::Triad => "triad",
        }
    }

    /// Arrays moved per element, as STREAM counts: no write-allocate traffic.
    pub fn arrays(self) -> u64 {
        match self {
            StreamKind::Read | StreamKind::Write => 1,
            StreamKind::Copy | StreamKind::Scale => 2,
            StreamKind::Add | StreamKind::Triad => 3,
        }
    }
}

/// The recurrence of [`Op::Fma`]: each lane holds `accumulators` values `x`, and one round is, in order of j,
/// `x[j] = x[(j + stride) mod accumulators] * m + x[j]` with `m` alternating between two multipliers.
///
/// A stride of 0 makes the chains independent, 1 couples neighbours, 4 couples neighbouring 4-vectors. Coupling
/// keeps schedulers from running one chain after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Chains {
    pub accumulators: u32,
    pub stride: u32,
}

/// Whose code multiplies in [`Op::Gemm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Maker {
    /// Kernels of ours.
    Ours,
    /// The library of the card's vendor, where the machine has it: to compare with, and never needed. It counts no work.
    Vendor,
}

/// Rows by columns by depth of a matrix product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Shape {
    pub m: u32,
    pub n: u32,
    pub k: u32,
}

/// By what means bytes cross the link between host and device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Means {
    /// By the copy engines, from or to pinned host memory.
    Pinned,
    /// As `Pinned`, and no repeat begins before the one before it has ended: one transfer is the unit of work.
    InTurn,
    /// From or to ordinary host memory, which the driver stages as it likes.
    Pageable,
    /// By a kernel that itself reads or writes pinned host memory.
    Kernel,
}

/// Between which memories [`Op::Copy`] moves data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// Host memory holding `pattern(seed, 0..)` to the buffer.
    HostToDevice(Means),
    /// The buffer to host memory; the host then counts the words that equal `pattern(seed, 0..)`.
    DeviceToHost(Means),
    /// The buffer to host memory, counted as above, and at the same time pinned memory holding `pattern(!seed, 0..)` to this
    /// other buffer.
    BothWays(Buf),
    /// The memory of another device, which holds `pattern(seed, 0..)`, to the buffer. Counted from 0 in the order in which
    /// [`super::inventory::open_together`] was given them.
    FromPeer(u32),
    /// The buffer to another buffer of the same device, by the driver's own copy.
    Within(Buf),
}

impl Route {
    /// In words, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Route::HostToDevice(_) => "this way of copying from the host",
            Route::DeviceToHost(_) => "this way of copying to the host",
            Route::BothWays(_) => "copies both ways at once",
            Route::FromPeer(_) => "copies from another device",
            Route::Within(_) => "copies within a device",
        }
    }
}

/// One operation. Its meaning is the code in [`super::reference`]; all backends must agree with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// `dst[w] = pattern(seed, first_word + w)` for 32-bit words `w < words`.
    Fill {
        dst: Buf,
        words: u64,
        first_word: u64,
        seed: u64,
    },
    /// Compares with what `Fill` writes and adds what it finds to the [`Tally`] in `tally`.
    Scan {
        src: Buf,
        words: u64,
        first_word: u64,
        seed: u64,
        tally: Buf,
    },
    /// `dst[word] ^= mask`: the canary that proves `Scan` can see.
    Flip {
        dst: Buf,
        word: u64,
        mask: u32,
    },
    /// `dst[i] = value_bits(precision, distribution, seed, i)` for `i < elements`.
    Draw {
        dst: Buf,
        elements: u64,
        precision: Precision,
        distribution: Distribution,
        seed: u64,
    },
    /// `dst[i]` is the number in the low `bits` bits (two's complement) of byte `i` of the extended output of BLAKE3 keyed
    /// with `key` (as little-endian words) over no bytes, for `i < elements`, a multiple of [`Op::EXPAND_ELEMENTS`].
    /// Eight bits at most in INT8, six in FP16, BF16 and FP32; there are no other formats.
    Expand {
        dst: Buf,
        elements: u64,
        precision: Precision,
        bits: u32,
        key: [u32; 8],
    },
    /// Cells `first..first + cells` of the memory that `key` stands for, see [`super::reference::cell`]: slow to make, since each
    /// line of a cell is hashed from the one before it many times over.
    Cells {
        dst: Buf,
        cells: u64,
        first: u64,
        key: [u32; 8],
    },
    /// The hash tree of BLAKE3 over `chunks` (a power of two from 2 to [`Op::TREE_CHUNKS_MAX`]) times [`Op::CHUNK_BYTES`]
    /// bytes, under a key (as little-endian words) where there is one. [`Op::NODE_BYTES`] bytes of `out` for each node: the
    /// chunks in order, then each level of parents; the last node is the hash of all bytes.
    Tree {
        src: Buf,
        chunks: u64,
        out: Buf,
        key: Option<[u32; 8]>,
    },
    /// For each row of `row_words` 32-bit words, two words `sum((w[i] ^ i) * odd(i))` to `out` (see the reference).
    Digest {
        src: Buf,
        rows: u64,
        row_words: u32,
        out: Buf,
    },
    Stream {
        kind: StreamKind,
        a: Buf,
        b: Buf,
        c: Buf,
        elements: u64,
    },
    /// Adds every 32-bit word of `src`, `passes` times over and wrapping, to word 0 of `sum`. Not from caches of single units.
    /// `words` is a multiple of [`Op::REREAD_WORDS`].
    Reread {
        src: Buf,
        words: u64,
        passes: u32,
        sum: Buf,
    },
    /// `lanes` independent recurrences of `rounds` rounds (even), started from drawn values; each lane's sum of
    /// accumulators goes to `out`, [`Precision::result_bytes`] each.
    Fma {
        precision: Precision,
        chains: Chains,
        rounds: u32,
        lanes: u32,
        distribution: Distribution,
        seed: u64,
        out: Buf,
    },
    /// `tiles` independent products of small matrices that need not leave their unit: each of `turns` turns adds the
    /// product of a drawn matrix of k columns and a drawn one of k rows [`TILE_STEPS`] times over, k being
    /// [`Precision::tile_depth`], and what its first eight columns are changes the first matrix for the next. The last turn's
    /// results, as many rows and columns as `shape` has, go to `out`, row-major, [`Precision::result_bytes`] each.
    Mma {
        shape: TileShape,
        precision: Precision,
        turns: u32,
        tiles: u32,
        distribution: Distribution,
        seed: u64,
        out: Buf,
    },
    /// `c = a b`, with `a` of m x k, `b` stored transposed as n x k, `c` of m x n, all row-major.
    /// Sums are in [`Precision::result_bytes`]: FP32 for FP32 and FP16, FP64 for FP64, INT32 for integers.
    Gemm {
        by: Maker,
        precision: Precision,
        shape: Shape,
        a: Buf,
        b: Buf,
        c: Buf,
    },
    /// Writes a ring of `slots` (a power of two) places, `stride_bytes` apart: each place's first word holds the word
    /// index of the next. The order is a full-period linear congruence, so nothing can prefetch it by stride.
    Ring {
        dst: Buf,
        slots: u32,
        stride_bytes: u32,
        seed: u64,
    },
    /// Follows the ring for `hops` dependent loads, from the word index in `state[0]`; leaves the place reached there.
    Chase {
        ring: Buf,
        hops: u32,
        state: Buf,
    },
    /// Runs so many blocks, each for `spin_ns`, and leaves a [`super::census::Record`] of each in `out`. What it says
    /// differs from run to run, so that there is no reference; [`super::census::broken`] is what must hold.
    Census {
        blocks: u32,
        spin_ns: u32,
        out: Buf,
    },
    /// Follows the ring for `hops` dependent loads in so many blocks at once, past the caches that units have to themselves, from
    /// [`super::walk::Way::start`] each, and leaves a [`super::walk::Record`] of each in `out`. On which unit a block runs and how
    /// long it takes differs from run to run; [`super::walk::broken`] is what must hold.
    Walk {
        ring: Buf,
        slots: u32,
        stride_bytes: u32,
        first: u32,
        hops: u32,
        blocks: u32,
        out: Buf,
    },
    Copy {
        route: Route,
        buf: Buf,
        words: u64,
        seed: u64,
    },
    /// Gives `from` to what all devices do together that were opened together, and `to` for what comes of it, in the place of
    /// what this device lent before, until it frees one of them.
    Lend {
        from: Buf,
        to: Buf,
    },
    /// Of FP32 elements, on all devices that were opened together, which are `ranks`, with what each has lent; `elements`
    /// as [`Collective::sizes`] says. One device starts it, for which it lasts until all have what they should.
    Collective {
        kind: Collective,
        ranks: u32,
        elements: u64,
    },
}

impl Op {
    /// A working set that is read again consists of so many words at a time, which is whole tiles in every launch form.
    pub const REREAD_WORDS: u64 = 8192;

    /// What one compression of BLAKE3 yields, an element from each byte.
    pub const EXPAND_ELEMENTS: u64 = 64;

    /// Of a hash tree, as BLAKE3 has them: what a leaf is made from, and what a node holds.
    pub const CHUNK_BYTES: u64 = 1024;
    pub const NODE_BYTES: u64 = 32;
    pub const TREE_CHUNKS_MAX: u64 = 1 << 20;

    /// Of [`Op::Cells`].
    pub const CELL_BYTES: u64 = 4096;

    /// Nodes of the hash tree over so many chunks, which are not 0.
    pub fn tree_nodes(chunks: u64) -> u64 {
        chunks.saturating_mul(2) - 1
    }

    /// What every chunk and parent of a tree begins with, and the flag that all of them carry: initial value or key
    /// (BLAKE3 specification, 2.2).
    pub fn tree_start(key: Option<[u32; 8]>) -> ([u32; 8], u32) {
        const INITIAL: [u32; 8] = [
            0x6A09_E667,
            0xBB67_AE85,
            0x3C6E_F372,
            0xA54F_F53A,
            0x510E_527F,
            0x9B05_688C,
            0x1F83_D9AB,
            0x5BE0_CD19,
        ];
        key.map_or((INITIAL, 0), |key| (key, 1 << 4))
    }

    /// Whether its numbers make sense whatever device it is for; `Err` says which does not.
    pub fn check(&self) -> Result<(), String> {
        if let Op::Expand { elements, precision, bits, .. } = *self {
            let name = precision.name();
            let most = match precision {
                Precision::Int8 => 8,
                Precision::Fp16 | Precision::Bf16 | Precision::Fp32 => 6,
                Precision::Fp64
                | Precision::Tf32
                | Precision::Fp8E4m3
                | Precision::Fp8E5m2
                | Precision::Int32 => return Err(format!("an expansion in {name}")),
            };
            if !(1..=most).contains(&bits) {
                return Err(format!("an expansion in {name} of {bits} bits: from 1 to {most}"));
            }
            if !elements.is_multiple_of(Self::EXPAND_ELEMENTS) {
                let each = Self::EXPAND_ELEMENTS;
                return Err(format!("an expansion of {elements} elements: must be a multiple of {each}"));
            }
        }
        if let Op::Tree { chunks, .. } = *self
            && !(chunks.is_power_of_two() && (2..=Self::TREE_CHUNKS_MAX).contains(&chunks))
        {
            let most = Self::TREE_CHUNKS_MAX;
            return Err(format!("a tree over {chunks} chunks: must be a power of two from 2 to {most}"));
        }
        if let Op::Fma { rounds, .. } = *self
            && !rounds.is_multiple_of(2)
        {
            return Err(format!("{rounds} rounds: multipliers come in pairs"));
        }
        if let Op::Ring { slots, stride_bytes: apart, .. } = *self
            && !(slots.is_power_of_two() && apart > 0 && apart.is_multiple_of(4))
        {
            return Err(format!("a ring of {slots} slots {apart} bytes apart: slots must be a power of two"));
        }
        Ok(())
    }

    /// As it stands in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Fill { .. } => "fill",
            Op::Scan { .. } => "scan",
            Op::Flip { .. } => "flip",
            Op::Draw { .. } => "draw",
            Op::Expand { .. } => "expand",
            Op::Cells { .. } => "cells",
            Op::Tree { .. } => "tree",
            Op::Digest { .. } => "digest",
            Op::Stream { .. } => "stream",
            Op::Reread { .. } => "reread",
            Op::Fma { .. } => "fma",
            Op::Mma { .. } => "mma",
            Op::Gemm { .. } => "gemm",
            Op::Ring { .. } => "ring",
            Op::Chase { .. } => "chase",
            Op::Census { .. } => "census",
            Op::Walk { .. } => "walk",
            Op::Copy { .. } => "copy",
            Op::Lend { .. } => "lend",
            Op::Collective { .. } => "collective",
        }
    }

    /// Units of work that the kernel itself must count in one execution: loop iterations really run times what each
    /// handles. Compared modulo 2^32. `None` where the driver or a library does the work.
    pub fn units(&self) -> Option<u64> {
        match *self {
            Op::Fill { words, .. } | Op::Scan { words, .. } => Some(words),
            Op::Flip { .. } => Some(1),
            Op::Draw { elements, .. } | Op::Stream { elements, .. } | Op::Expand { elements, .. } => {
                Some(elements)
            }
            Op::Cells { cells, .. } => Some(cells),
            Op::Tree { chunks, .. } => Some(Self::tree_nodes(chunks)),
            Op::Digest { rows, row_words, .. } => Some(rows.wrapping_mul(u64::from(row_words))),
            Op::Reread { words, passes, .. } => Some(words.wrapping_mul(u64::from(passes))),
            Op::Fma { rounds, lanes, .. } => Some(u64::from(rounds).wrapping_mul(u64::from(lanes))),
            Op::Mma { shape, turns, tiles, .. } => {
                Some(tile_steps(turns, tiles).wrapping_mul(u64::from(shape.results())))
            }
            Op::Gemm { by: Maker::Vendor, .. } | Op::Lend { .. } | Op::Collective { .. } => None,
            Op::Gemm { by: Maker::Ours, shape, .. } => {
                Some(u64::from(shape.m).wrapping_mul(u64::from(shape.n)).wrapping_mul(u64::from(shape.k)))
            }
            Op::Ring { slots, .. } => Some(u64::from(slots)),
            Op::Chase { hops, .. } => Some(u64::from(hops)),
            Op::Census { blocks, .. } => Some(u64::from(blocks)),
            Op::Walk { hops, blocks, .. } => Some(u64::from(hops) * u64::from(blocks)),
            Op::Copy { route, words, .. } => match route {
                Route::DeviceToHost(_) | Route::BothWays(_) | Route::HostToDevice(Means::Kernel) => {
                    Some(words)
                }
                Route::HostToDevice(Means::Pinned | Means::InTurn | Means::Pageable)
                | Route::FromPeer(_)
                | Route::Within(_) => None,
            },
        }
    }

    /// The work of one execution, from which rates are computed: operations of arithmetic ops, bytes of moving
    /// ops, hops of a chase or of all walks, transfers in turn, blocks of a census, bytes of bus bandwidth.
    pub fn work(&self) -> u64 {
        match *self {
            Op::Fill { words, .. } | Op::Scan { words, .. } => words * 4,
            Op::Flip { .. } => 4,
            Op::Draw { elements, precision, .. } | Op::Expand { elements, precision, .. } => {
                elements * precision.bytes()
            }
            Op::Cells { cells, .. } => cells * Self::CELL_BYTES,
            Op::Tree { chunks, .. } => chunks * Self::CHUNK_BYTES,
            Op::Digest { rows, row_words, .. } => rows * u64::from(row_words) * 4,
            Op::Stream { kind, elements, .. } => kind.arrays() * elements * 4,
            Op::Reread { words, passes, .. } => words * u64::from(passes) * 4,
            Op::Fma { precision, chains, rounds, lanes, .. } => {
                let per_step = if precision == Precision::Int8 { 8 } else { 2 };
                per_step * u64::from(chains.accumulators) * u64::from(rounds) * u64::from(lanes)
            }
            Op::Mma { shape, precision, turns, tiles, .. } => {
                2 * u64::from(shape.results()) * u64::from(precision.tile_depth()) * tile_steps(turns, tiles)
            }
            Op::Gemm { shape, .. } => 2 * u64::from(shape.m) * u64::from(shape.n) * u64::from(shape.k),
            Op::Ring { slots, stride_bytes, .. } => u64::from(slots) * u64::from(stride_bytes),
            Op::Chase { hops, .. } => u64::from(hops),
            Op::Census { blocks, .. } => u64::from(blocks),
            Op::Walk { hops, blocks, .. } => u64::from(hops) * u64::from(blocks),
            Op::Copy { route, words, .. } => match route {
                Route::HostToDevice(Means::InTurn) | Route::DeviceToHost(Means::InTurn) => 1,
                Route::HostToDevice(_) | Route::DeviceToHost(_) | Route::FromPeer(_) => words * 4,
                // In one direction and in the other; and read once and written once, as STREAM counts a copy.
                Route::BothWays(_) | Route::Within(_) => words * 8,
            },
            Op::Lend { .. } => 0,
            Op::Collective { kind, ranks, elements } => kind.bus_bytes(ranks, elements),
        }
    }
}

/// Steps of all tiles together.
fn tile_steps(turns: u32, tiles: u32) -> u64 {
    u64::from(TILE_STEPS) * u64::from(turns) * u64::from(tiles)
}

#[cfg(test)]
mod tests;
