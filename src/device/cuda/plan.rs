//! From an op to launches: which kernel over which ranges of which buffers, with how many blocks.
//! Owns the cutting of work to time budgets; pure, must not call the driver.

mod hashing;

use super::gpu::Grid;
use super::kernels::{GemmForm, Kernel, Spread, Tile, Units};
use crate::device::op::{
    Buf, Means, Op, Precision, Route, Shape, StreamKind, Tally, fma_multiplier_words, ring_step,
};
use crate::device::{census, walk};

/// The largest grid in its one direction.
const BLOCKS_MAX: u64 = (1 << 31) - 1;
/// One launch should not last longer: a GPU that also drives a display kills what blocks it for seconds.
pub const LAUNCH_NS: u64 = 100_000_000;
/// The same where nothing is killed. At the end of each launch units stand idle, and a fast card does tens of times the work in a
/// nanosecond that budgets assume.
pub const UNWATCHED_LAUNCH_NS: u64 = 1_000_000_000;

/// What of a device decides about launches.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    pub units: u32,
    pub threads_per_unit: u32,
    /// Whether FP64 is as fast as a card for data centres has it.
    pub fast_fp64: bool,
    /// How long one launch may last: [`LAUNCH_NS`] or [`UNWATCHED_LAUNCH_NS`].
    pub launch_ns: u64,
}

impl Card {
    /// Blocks that fill the device once.
    fn resident(&self, block: u32) -> u64 {
        u64::from(self.units.max(1)) * u64::from((self.threads_per_unit / block).max(1))
    }

    /// Work that takes at most about as long as a launch may last where a unit does `slowest` of it per nanosecond.
    fn launch_work(&self, slowest: u64) -> u64 {
        u64::from(self.units.max(1)) * slowest * self.launch_ns
    }
}

/// The least that a multiprocessor of any generation does in a nanosecond, at a third of its clock: bytes, operations of vector units
/// by precision (the slowest FP64 has two units), of tensor units, and of products by what multiplies.
const BYTES_PER_NS: u64 = 1;
fn operations_per_ns(precision: Precision, card: &Card) -> u64 {
    if precision == Precision::Fp64 && !card.fast_fp64 { 1 } else { 30 }
}
fn tiles_per_ns(precision: Precision, card: &Card) -> u64 {
    if precision == Precision::Fp64 && !card.fast_fp64 { 1 } else { 50 }
}
fn products_per_ns(form: GemmForm, card: &Card) -> u64 {
    match form.units {
        Units::Vector => operations_per_ns(form.precision, card),
        Units::Tensor | Units::Turing => tiles_per_ns(form.precision, card),
        Units::Boxed => 100,
        Units::Warpgroup | Units::TensorMemory => 500,
    }
}

/// Stands among the buffers of a launch for the host memory that a copy by kernel reaches.
pub const HOST: Buf = Buf::NONE;

/// One argument of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    Number(u64),
    /// The address of byte `from` of a buffer, of which the kernel uses the bytes up to `end`.
    Range {
        buf: Buf,
        from: u64,
        end: u64,
    },
    /// `rows` rows of `row_bytes` bytes, from byte `from` of a buffer on, as copies of boxes know them.
    Map {
        buf: Buf,
        from: u64,
        rows: u64,
        row_bytes: u64,
    },
    /// The address of the ticket's counters.
    Counters,
}

/// One launch of one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    pub kernel: Kernel,
    pub blocks: u32,
    pub arguments: Vec<Argument>,
}

impl Launch {
    pub fn grid(&self) -> Grid {
        let kernel = self.kernel;
        Grid { blocks: self.blocks, block: kernel.block(), shared_bytes: kernel.shared_bytes() }
    }
}

/// One execution of an op.
#[derive(Debug, Default)]
pub struct Plan {
    pub launches: Vec<Launch>,
    /// Runs once at the end of a ticket, whatever the repeat.
    pub last: Option<Launch>,
}

/// The launches of one execution of `op` with `kernel` as its form. `None` where the two do not belong together.
pub fn plan(op: &Op, kernel: Kernel, card: &Card) -> Option<Plan> {
    let launches = match *op {
        Op::Fill { .. } => fill(op, kernel, card)?,
        Op::Scan { .. } => return scan(op, kernel, card),
        Op::Flip { dst, word, mask } => {
            let at = Argument::Range { buf: dst, from: word * 4, end: word * 4 + 4 };
            let arguments = vec![at, Argument::Number(u64::from(mask)), Argument::Counters];
            vec![Launch { kernel: Kernel::Flip, blocks: 1, arguments }]
        }
        Op::Draw { .. } => draw(op, card)?,
        Op::Expand { .. } => hashing::expand(op, card)?,
        Op::Cells { .. } => hashing::cells(op, card)?,
        Op::Tree { .. } => hashing::tree(op, card)?,
        Op::Digest { src, rows, row_words, out } => digest(src, rows, row_words, out, card),
        Op::Stream { .. } => stream(op, kernel, card)?,
        Op::Reread { .. } => reread(op, kernel, card)?,
        Op::Fma { .. } => fma(op, kernel, card)?,
        Op::Mma { .. } => mma(op, kernel, card)?,
        Op::Gemm { shape, a, b, c, .. } => gemm(kernel, shape, [a, b, c], card)?,
        Op::Ring { dst, slots, stride_bytes, seed } => vec![ring(dst, slots, stride_bytes, seed)],
        Op::Chase { ring, hops, state } => chase(ring, hops, state),
        Op::Census { blocks, spin_ns, out } => vec![census(blocks, spin_ns, out)],
        Op::Walk { .. } => vec![walk(op)?],
        Op::Copy { route, buf, words, .. } => match route {
            Route::HostToDevice(Means::Kernel) => stream(&copied(HOST, buf, words), kernel, card)?,
            Route::DeviceToHost(Means::Kernel) => stream(&copied(buf, HOST, words), kernel, card)?,
            Route::HostToDevice(_)
            | Route::DeviceToHost(_)
            | Route::BothWays(_)
            | Route::FromPeer(_)
            | Route::Within(_) => Vec::new(),
        },
        Op::Lend { .. } | Op::Collective { .. } => Vec::new(),
    };
    Some(Plan { launches, last: None })
}

/// A part of a range: where it begins and how long it is, in elements. It begins at a multiple of 64 elements.
struct Piece {
    first: u64,
    elements: u64,
}

impl Piece {
    fn range(&self, buf: Buf, bytes_each: u64) -> Argument {
        let from = self.first * bytes_each;
        Argument::Range { buf, from, end: from + self.elements * bytes_each }
    }

    fn count(&self) -> Argument {
        Argument::Number(self.elements)
    }
}

/// Cuts `elements` of `work_each` so that no launch takes too long.
fn pieces(elements: u64, work_each: u64, slowest: u64, card: &Card) -> impl Iterator<Item = Piece> {
    pieces_of(elements, work_each, slowest, card, 256)
}

/// The same into multiples of `whole`.
fn pieces_of(
    elements: u64,
    work_each: u64,
    slowest: u64,
    card: &Card,
    whole: u64,
) -> impl Iterator<Item = Piece> {
    let most = (card.launch_work(slowest) / work_each).max(whole) / whole * whole;
    (0..elements.div_ceil(most))
        .map(move |i| Piece { first: i * most, elements: most.min(elements - i * most) })
}

/// What all units do at the same time where each has one block: to launch less takes no less time, and leaves units idle.
fn by_all_units(of_block: u32, card: &Card) -> u64 {
    u64::from(card.units.max(1)) * u64::from(of_block)
}

/// A grid of at least one block: a range of no whole tile still has its last elements.
fn grid(blocks: u64) -> u32 {
    blocks.clamp(1, BLOCKS_MAX) as u32
}

/// The blocks for `vectors` 16-byte vectors.
fn tiles(vectors: u64, tile: Tile, card: &Card) -> u32 {
    let all = vectors.div_ceil(u64::from(tile.vectors * tile.block));
    grid(match tile.spread {
        Spread::Tiles => all,
        Spread::Resident => all.min(card.resident(tile.block)),
    })
}

fn fill(op: &Op, kernel: Kernel, card: &Card) -> Option<Vec<Launch>> {
    let (Op::Fill { dst, words, first_word, seed }, Kernel::Fill(tile)) = (*op, kernel) else { return None };
    let launch = |piece: Piece| {
        let start = first_word.wrapping_add(piece.first);
        let mut arguments = vec![piece.range(dst, 4)];
        arguments.extend([piece.elements, start, seed].map(Argument::Number));
        arguments.push(Argument::Counters);
        Launch { kernel, blocks: tiles(piece.elements / 4, tile, card), arguments }
    };
    Some(pieces(words, 4, BYTES_PER_NS, card).map(launch).collect())
}

fn scan(op: &Op, kernel: Kernel, card: &Card) -> Option<Plan> {
    let (Op::Scan { src, words, first_word, seed, tally }, Kernel::Scan(tile)) = (*op, kernel) else {
        return None;
    };
    let tally = Argument::Range { buf: tally, from: 0, end: Tally::BYTES as u64 };
    let launches = pieces(words, 4, BYTES_PER_NS, card).map(|piece| {
        let numbers = [piece.elements, first_word.wrapping_add(piece.first), seed, piece.first];
        let mut arguments = vec![piece.range(src, 4)];
        arguments.extend(numbers.map(Argument::Number));
        arguments.extend([tally, Argument::Counters]);
        Launch { kernel, blocks: tiles(piece.elements / 4, tile, card), arguments }
    });
    let launches = launches.collect();
    let last = Launch { kernel: Kernel::Fold, blocks: 1, arguments: vec![tally, Argument::Counters] };
    Some(Plan { launches, last: Some(last) })
}

fn draw(op: &Op, card: &Card) -> Option<Vec<Launch>> {
    let Op::Draw { dst, elements, precision, distribution, seed } = *op else { return None };
    let kernel = Kernel::Draw(precision);
    let bytes = precision.bytes();
    let launch = |piece: Piece| {
        let mut arguments = vec![piece.range(dst, bytes)];
        arguments.extend([piece.elements, piece.first, seed].map(Argument::Number));
        arguments.extend(distribution.words().map(|word| Argument::Number(u64::from(word))));
        arguments.push(Argument::Counters);
        let blocks = (piece.elements * bytes).div_ceil(16 * u64::from(kernel.block()));
        Launch { kernel, blocks: grid(blocks.min(8 * card.resident(kernel.block()))), arguments }
    };
    Some(pieces(elements, bytes, BYTES_PER_NS, card).map(launch).collect())
}

fn stream(op: &Op, kernel: Kernel, card: &Card) -> Option<Vec<Launch>> {
    let (Op::Stream { kind, a, b, c, elements }, Kernel::Stream(_, tile)) = (*op, kernel) else {
        return None;
    };
    let launch = |piece: Piece| {
        let none = Argument::Number(0);
        let [of_a, of_b, of_c] = [a, b, c].map(|buf| piece.range(buf, 4));
        let pointers = match kind {
            StreamKind::Read => [of_a, none, Argument::Range { buf: c, from: 0, end: 4 }],
            StreamKind::Write => [none, none, of_c],
            StreamKind::Copy | StreamKind::Scale => [of_a, none, of_c],
            StreamKind::Add | StreamKind::Triad => [of_a, of_b, of_c],
        };
        let mut arguments = pointers.to_vec();
        arguments.extend([piece.count(), Argument::Number(piece.first), Argument::Counters]);
        Launch { kernel, blocks: tiles(piece.elements / 4, tile, card), arguments }
    };
    Some(pieces(elements, 4 * kind.arrays(), BYTES_PER_NS, card).map(launch).collect())
}

fn reread(op: &Op, kernel: Kernel, card: &Card) -> Option<Vec<Launch>> {
    let (Op::Reread { src, words, passes, sum }, Kernel::Reread(tile)) = (*op, kernel) else { return None };
    let tile_words = u64::from(4 * tile.vectors * tile.block);
    let tiles = words / tile_words;
    let all = tiles * u64::from(passes);
    let most = (card.launch_work(BYTES_PER_NS) / (4 * tile_words)).max(1);
    let launch = |i: u64| {
        let (first, end) = (i * most, all.min((i + 1) * most));
        let mut arguments = vec![
            Argument::Range { buf: src, from: 0, end: words * 4 },
            Argument::Range { buf: sum, from: 0, end: 4 },
        ];
        arguments.extend([tiles, first, end].map(Argument::Number));
        arguments.push(Argument::Counters);
        Launch { kernel, blocks: grid((end - first).min(card.resident(tile.block))), arguments }
    };
    Some((0..all.div_ceil(most)).map(launch).collect())
}

fn copied(a: Buf, c: Buf, words: u64) -> Op {
    Op::Stream { kind: StreamKind::Copy, a, b: Buf::NONE, c, elements: words }
}

fn digest(src: Buf, rows: u64, row_words: u32, out: Buf, card: &Card) -> Vec<Launch> {
    let kernel = Kernel::Digest;
    let row_bytes = u64::from(row_words) * 4;
    pieces(rows, row_bytes.max(1), BYTES_PER_NS, card)
        .map(|piece| {
            let arguments = vec![
                piece.range(src, row_bytes),
                piece.count(),
                Argument::Number(u64::from(row_words)),
                piece.range(out, 8),
                Argument::Counters,
            ];
            let blocks = piece.elements.min(8 * card.resident(kernel.block()));
            Launch { kernel, blocks: grid(blocks), arguments }
        })
        .collect()
}

fn fma(op: &Op, kernel: Kernel, card: &Card) -> Option<Vec<Launch>> {
    let (Op::Fma { precision, rounds, lanes, distribution, seed, out, .. }, Kernel::Fma(form)) =
        (*op, kernel)
    else {
        return None;
    };
    let turn = form.rounds_per_turn().max(2);
    let multipliers = fma_multiplier_words(precision, distribution);
    let per_lane = (op.work() / u64::from(lanes.max(1))).max(1);
    let launch = |piece: Piece| {
        let end = piece.first + piece.elements;
        let words = [piece.first as u32, end as u32, rounds / turn, rounds % turn / 2];
        let [name, magnitude] = distribution.words();
        let mut arguments: Vec<Argument> = words.map(|word| Argument::Number(u64::from(word))).to_vec();
        arguments.push(Argument::Number(seed));
        arguments.extend(
            [name, magnitude].into_iter().chain(multipliers).map(|word| Argument::Number(u64::from(word))),
        );
        // The kernel writes to its lane's place in the whole.
        arguments.push(Argument::Range { buf: out, from: 0, end: end * precision.result_bytes() });
        arguments.push(Argument::Counters);
        let threads = piece.elements.div_ceil(u64::from(form.lanes()));
        Launch { kernel, blocks: grid(threads.div_ceil(u64::from(form.block))), arguments }
    };
    let slowest = operations_per_ns(precision, card);
    let whole = by_all_units(form.block * form.lanes(), card);
    Some(pieces_of(u64::from(lanes), per_lane, slowest, card, whole).map(launch).collect())
}

fn mma(op: &Op, kernel: Kernel, card: &Card) -> Option<Vec<Launch>> {
    let Op::Mma { shape, precision, turns, tiles, distribution, seed, out } = *op else { return None };
    let of_block = kernel.tiles_of_block()?;
    let per_tile = (op.work() / u64::from(tiles.max(1))).max(1);
    let tile_bytes = u64::from(shape.results()) * precision.result_bytes();
    let launch = |piece: Piece| {
        let end = piece.first + piece.elements;
        let [name, magnitude] = distribution.words().map(u64::from);
        let numbers = [piece.first, end, u64::from(turns), seed, name, magnitude];
        let mut arguments = numbers.map(Argument::Number).to_vec();
        // The kernel writes to its tile's place in the whole.
        arguments.push(Argument::Range { buf: out, from: 0, end: end * tile_bytes });
        arguments.push(Argument::Counters);
        Launch { kernel, blocks: grid(piece.elements.div_ceil(u64::from(of_block))), arguments }
    };
    let slowest = tiles_per_ns(precision, card);
    let whole = by_all_units(of_block, card);
    Some(pieces_of(u64::from(tiles), per_tile, slowest, card, whole).map(launch).collect())
}

fn gemm(kernel: Kernel, shape: Shape, [a, b, c]: [Buf; 3], card: &Card) -> Option<Vec<Launch>> {
    let Kernel::Gemm(form) = kernel else { return None };
    let (bytes, result) = (form.precision.bytes(), form.precision.result_bytes());
    let [m, n, k] = [shape.m, shape.n, shape.k].map(u64::from);
    // Rows that one launch may take: whole groups of eight tiles, as the kernel orders its blocks.
    let group = 8 * u64::from(form.rows() * form.cluster());
    let per_row = (2 * n * k).max(1);
    let rows = (card.launch_work(products_per_ns(form, card)) / per_row / group).max(1) * group;
    let launches = (0..m.div_ceil(rows))
        .map(|i| {
            let (first, end) = (i * rows, m.min((i + 1) * rows));
            let matrix = |buf, first: u64, end: u64| {
                let (from, row_bytes) = (first * k * bytes, k * bytes);
                match form.units {
                    Units::Vector | Units::Tensor | Units::Turing => {
                        Argument::Range { buf, from, end: end * row_bytes }
                    }
                    Units::Boxed | Units::Warpgroup | Units::TensorMemory => {
                        Argument::Map { buf, from, rows: end - first, row_bytes }
                    }
                }
            };
            let mut arguments = vec![matrix(a, first, end), matrix(b, 0, n)];
            arguments.push(Argument::Range { buf: c, from: first * n * result, end: end * n * result });
            arguments.extend([end - first, n, k].map(Argument::Number));
            arguments.push(Argument::Counters);
            Launch { kernel, blocks: gemm_blocks(form, end - first, n, card), arguments }
        })
        .collect();
    Some(launches)
}

/// A block for every tile; of those that take many tiles, as many as the device holds at a time.
fn gemm_blocks(form: GemmForm, m: u64, n: u64, card: &Card) -> u32 {
    let cluster = u64::from(form.cluster());
    let tiles = m.div_ceil(cluster * u64::from(form.rows())) * n.div_ceil(form.columns.into());
    match form.units {
        Units::Vector | Units::Tensor | Units::Turing => grid(tiles),
        Units::Boxed | Units::Warpgroup | Units::TensorMemory => {
            grid(tiles.min((u64::from(card.units) / cluster).max(1)) * cluster)
        }
    }
}

fn ring(dst: Buf, slots: u32, stride_bytes: u32, seed: u64) -> Launch {
    let kernel = Kernel::Ring;
    let (a, c) = ring_step(seed);
    let end = (u64::from(slots.max(1)) - 1) * u64::from(stride_bytes) + 4;
    let mut arguments = vec![Argument::Range { buf: dst, from: 0, end }];
    arguments.extend([slots, stride_bytes / 4, a, c].map(|word| Argument::Number(u64::from(word))));
    arguments.push(Argument::Counters);
    Launch { kernel, blocks: grid(u64::from(slots).div_ceil(u64::from(kernel.block()))), arguments }
}

/// Dependent loads take up to about a microsecond each.
pub const HOPS_MAX: u32 = 1 << 17;

fn chase(ring: Buf, hops: u32, state: Buf) -> Vec<Launch> {
    let kernel = Kernel::Chase;
    (0..hops.div_ceil(HOPS_MAX))
        .map(|i| {
            let hops = HOPS_MAX.min(hops - i * HOPS_MAX);
            let arguments = vec![
                Argument::Range { buf: ring, from: 0, end: 4 },
                Argument::Number(u64::from(hops)),
                Argument::Range { buf: state, from: 0, end: 4 },
                Argument::Counters,
            ];
            Launch { kernel, blocks: 1, arguments }
        })
        .collect()
}

fn census(blocks: u32, spin_ns: u32, out: Buf) -> Launch {
    let mut arguments =
        vec![Argument::Range { buf: out, from: 0, end: u64::from(blocks) * census::Record::BYTES }];
    arguments.extend([u64::from(spin_ns), census::Record::GAP_NS].map(Argument::Number));
    arguments.push(Argument::Counters);
    Launch { kernel: Kernel::Census, blocks: grid(blocks.into()), arguments }
}

fn walk(op: &Op) -> Option<Launch> {
    let Op::Walk { ring, slots, stride_bytes, first, hops, blocks, out } = *op else { return None };
    let end = u64::from(slots) * u64::from(stride_bytes);
    let mut arguments = vec![Argument::Range { buf: ring, from: 0, end }];
    arguments.extend([slots, stride_bytes / 4, first, hops].map(|word| Argument::Number(u64::from(word))));
    let end = u64::from(blocks) * walk::Record::BYTES;
    arguments.extend([Argument::Range { buf: out, from: 0, end }, Argument::Counters]);
    Some(Launch { kernel: Kernel::Walk, blocks: grid(blocks.into()), arguments })
}

#[cfg(test)]
mod tests;
