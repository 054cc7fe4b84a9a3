//! What simulated memory holds: rules that compute any word on demand, and snapshots of ranges that rules refer to.
//! Owns evaluation and its cost; must not know addresses, buffers or time.

use std::cell::OnceCell;
use std::rc::Rc;

use super::digests::digest_words;
use super::hashing::{self, Tree};
use super::together::Added;
use crate::device::Op;
use crate::device::draw::{self, Distribution};
use crate::device::op::{Chains, Precision, Shape, StreamKind, TILE_STEPS, TileShape, ring_after};
use crate::device::reference;

/// Steps of arithmetic that one look at memory may cost (about as many as the design executes at all).
pub const STEPS_MAX: f64 = (1u64 << 28) as f64;

/// What simulated tensor units make.
pub const TILE: TileShape = TileShape::Warp;
/// Words evaluated at a time.
const CHUNK: usize = 1 << 12;

/// Matrices up to this many elements are kept once they have been evaluated.
const KEPT_ELEMENTS_MAX: u64 = 1 << 22;

/// The content of a run of 32-bit words, as a function of the index in that run.
#[derive(Debug)]
pub enum Rule {
    /// What memory holds before anything was written.
    Zero,
    /// `pattern(seed, first_word + i)`
    Pattern { seed: u64, first_word: u64 },
    /// Elements of `value_bits(precision, distribution, seed, ..)`.
    Drawn { precision: Precision, distribution: Distribution, seed: u64 },
    /// Elements of the extended output under `key`, see [`Op::Expand`].
    Expanded { precision: Precision, bits: u32, key: [u32; 8] },
    /// Cells from `first` on, see [`Op::Cells`].
    Cells { first: u64, key: [u32; 8] },
    /// Words from the host, or results that were computed at once.
    Words(Rc<[u32]>),
    /// The result of a GEMM.
    Product(Box<Product>),
    /// The result of a STREAM kernel with arithmetic in it.
    Stream { kind: StreamKind, a: Source, b: Source },
    /// The nodes of a hash tree.
    Tree(Box<Tree>),
    /// What several cards gave, added up.
    Added(Added),
    /// Two words for each row of the source.
    Digest { src: Source, row_words: u32 },
    /// Results of multiply-add chains; the lane that is off, if any.
    Fma {
        precision: Precision,
        chains: Chains,
        rounds: u32,
        distribution: Distribution,
        seed: u64,
        wrong: Option<u64>,
    },
    /// Results of tiles on tensor units; the one that is off, if any.
    Mma { precision: Precision, turns: u32, distribution: Distribution, seed: u64, wrong: Option<u64> },
    /// One word in `stride_words` links to the next slot; between them lies what was there before.
    Ring { slots: u32, stride_words: u32, seed: u64, under: Source },
    /// One word: what was there before, plus `times` the sum of all words of the source.
    Sum { before: Source, sum: Rc<Total>, times: u32 },
}

/// A matrix product that has not been computed.
#[derive(Debug)]
pub struct Product {
    pub precision: Precision,
    pub shape: Shape,
    pub a: Source,
    pub b: Source,
    /// The element whose lowest bit is off, if any.
    pub wrong: Option<u64>,
    /// All of `b`, widened, where it is small enough to keep.
    pub b_values: OnceCell<Vec<f64>>,
}

/// A sum over a source, computed at most once.
#[derive(Debug)]
pub struct Total {
    pub src: Source,
    pub value: OnceCell<u32>,
}

/// A run of words as they stood when the snapshot was taken, faults of the cells included.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub words: u64,
    /// In order of `at`, without overlap; words that no piece covers are zero.
    pub pieces: Vec<Piece>,
    /// In order; single words that differ from what their piece says.
    pub patches: Vec<(u64, u32)>,
}

#[derive(Clone, Debug)]
pub struct Piece {
    pub at: u64,
    pub words: u64,
    pub rule: Rc<Rule>,
    /// Index into the rule's run of the piece's first word.
    pub offset: u64,
}

impl Rule {
    /// Writes the words from index `from` into `out`.
    pub fn evaluate(&self, from: u64, out: &mut [u32]) {
        match self {
            Rule::Zero => out.fill(0),
            Rule::Pattern { seed, first_word } => {
                fill(out, |i| draw::pattern(*seed, first_word.wrapping_add(from + i)));
            }
            Rule::Drawn { precision, distribution, seed } => {
                fill(out, |i| drawn_word(*precision, *distribution, *seed, from + i));
            }
            Rule::Expanded { precision, bits, key } => {
                reference::expanded_words(*precision, *bits, key, from, out);
            }
            Rule::Cells { first, key } => hashing::cells(*first, key, from, out),
            Rule::Words(words) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                let rest = words.get(from..).unwrap_or_default();
                let have = rest.len().min(out.len());
                out[..have].copy_from_slice(&rest[..have]);
                out[have..].fill(0);
            }
            Rule::Product(product) => product.evaluate(from, out),
            Rule::Stream { kind, a, b } => stream(*kind, a, b, from, out),
            Rule::Tree(tree) => tree.evaluate(from, out),
            Rule::Added(added) => added.evaluate(from, out),
            Rule::Digest { src, row_words } => digest_words(src, *row_words, from, out),
            Rule::Fma { precision, chains, rounds, distribution, seed, wrong } => {
                let lane = |lane: u64| {
                    let bits =
                        reference::fma_lane(*precision, *chains, *rounds, *distribution, *seed, lane as u32);
                    bits ^ u64::from(*wrong == Some(lane))
                };
                wide(precision.result_bytes(), from, out, lane);
            }
            Rule::Mma { precision, turns, distribution, seed, wrong } => {
                let each = u64::from(TILE.results());
                let mut tile = (u64::MAX, Vec::new());
                wide(precision.result_bytes(), from, out, |result| {
                    if tile.0 != result / each {
                        let index = result / each;
                        let results =
                            reference::mma_tile(TILE, *precision, *turns, *distribution, *seed, index as u32);
                        tile = (index, results);
                    }
                    tile.1[(result % each) as usize] ^ u64::from(*wrong == Some(result))
                });
            }
            Rule::Ring { slots, stride_words, seed, under } => {
                under.read(from, out);
                let stride = u64::from(*stride_words);
                let first = from.next_multiple_of(stride);
                for index in (first..from + out.len() as u64).step_by(*stride_words as usize) {
                    let next = ring_after(*slots, *seed, (index / stride) as u32, 1);
                    out[(index - from) as usize] = next * stride_words;
                }
            }
            Rule::Sum { before, sum, times } => {
                before.read(from, out);
                if let (0, Some(word)) = (from, out.first_mut()) {
                    *word = word.wrapping_add(sum.value().wrapping_mul(*times));
                }
            }
        }
    }

    /// About how many steps one word costs.
    pub fn steps_per_word(&self) -> f64 {
        match self {
            Rule::Zero | Rule::Words(_) | Rule::Pattern { .. } | Rule::Drawn { .. } => 1.0,
            // A compression for each 64 bytes.
            Rule::Expanded { .. } => 64.0,
            // A whole cell for one word: a step for each byte.
            Rule::Cells { .. } => Op::CELL_BYTES as f64,
            Rule::Product(product) => f64::from(product.shape.k),
            Rule::Added(added) => added.steps_per_word(),
            Rule::Stream { a, b, .. } => 1.0 + a.steps_per_word() + b.steps_per_word(),
            // One word costs its whole tree.
            Rule::Tree(tree) => 1.0 + tree.steps_to_come(),
            Rule::Digest { src, row_words } => {
                (f64::from(*row_words) * src.steps_per_word() / 2.0).min(STEPS_MAX)
            }
            Rule::Fma { chains, rounds, .. } => f64::from(*rounds) * f64::from(chains.accumulators),
            // One word costs its whole tile.
            Rule::Mma { precision, turns, .. } => {
                let steps = f64::from(*turns) * f64::from(TILE_STEPS);
                steps * f64::from(TILE.results()) * f64::from(precision.tile_depth())
            }
            Rule::Ring { under, .. } => 1.0 + under.steps_per_word(),
            Rule::Sum { before, sum, .. } => before.steps_per_word() + sum.src.steps().min(STEPS_MAX),
        }
    }

    /// About how many steps a look at so many words costs.
    fn steps(&self, words: u64) -> f64 {
        if let Rule::Tree(tree) = self {
            return words as f64 + tree.steps_to_come();
        }
        // And little for its neighbours, where they are wanted too.
        if let Rule::Cells { .. } = self {
            return (words * 4).next_multiple_of(Op::CELL_BYTES) as f64;
        }
        let steps = words as f64 * self.steps_per_word();
        // Digests that would cost more are not computed row by row.
        if matches!(self, Rule::Digest { .. }) { steps.min(STEPS_MAX) } else { steps }
    }

    /// How many rules stand on one another.
    pub fn depth(&self) -> u32 {
        match self {
            Rule::Zero
            | Rule::Words(_)
            | Rule::Pattern { .. }
            | Rule::Drawn { .. }
            | Rule::Expanded { .. }
            | Rule::Cells { .. }
            | Rule::Fma { .. }
            | Rule::Mma { .. } => 1,
            Rule::Product(product) => 1 + product.a.depth().max(product.b.depth()),
            Rule::Stream { a, b, .. } => 1 + a.depth().max(b.depth()),
            Rule::Tree(tree) => 1 + tree.src.depth(),
            Rule::Added(added) => added.depth(),
            Rule::Digest { src, .. } => 1 + src.depth(),
            Rule::Ring { under, .. } => 1 + under.depth(),
            Rule::Sum { before, sum, .. } => 1 + before.depth().max(sum.src.depth()),
        }
    }

    /// Equal rules have equal fingerprints; others differ but for chance.
    pub fn fingerprint(&self) -> u64 {
        match self {
            Rule::Zero => blend(0, &[]),
            Rule::Pattern { seed, first_word } => blend(1, &[*seed, *first_word]),
            Rule::Drawn { precision, distribution, seed } => {
                blend(2, &[*precision as u64, spread(*distribution), *seed])
            }
            Rule::Expanded { precision, bits, key } => {
                let key = key.iter().fold(11, |sum, word| blend(sum, &[u64::from(*word)]));
                blend(key, &[*precision as u64, u64::from(*bits)])
            }
            Rule::Cells { first, key } => {
                key.iter().fold(13 ^ *first, |sum, word| blend(sum, &[u64::from(*word)]))
            }
            Rule::Tree(tree) => tree.fingerprint(),
            Rule::Added(added) => added.fingerprint(),
            Rule::Words(words) => words.iter().fold(3, |sum, word| blend(sum, &[u64::from(*word)])),
            Rule::Product(p) => blend(p.sound_fingerprint(), &[p.wrong.map_or(0, |i| i + 1)]),
            Rule::Stream { kind, a, b } => blend(5, &[*kind as u64, a.fingerprint(), b.fingerprint()]),
            Rule::Digest { src, row_words } => blend(6, &[src.fingerprint(), u64::from(*row_words)]),
            Rule::Fma { precision, chains, rounds, distribution, seed, wrong } => blend(
                7,
                &[
                    *precision as u64,
                    u64::from(chains.accumulators),
                    u64::from(chains.stride),
                    u64::from(*rounds),
                    spread(*distribution),
                    *seed,
                    wrong.map_or(0, |i| i + 1),
                ],
            ),
            Rule::Ring { slots, stride_words, seed, under } => {
                blend(8, &[u64::from(*slots), u64::from(*stride_words), *seed, under.fingerprint()])
            }
            Rule::Mma { precision, turns, distribution, seed, wrong } => {
                let wrong = wrong.map_or(0, |i| i + 1);
                blend(10, &[*precision as u64, u64::from(*turns), spread(*distribution), *seed, wrong])
            }
            Rule::Sum { before, sum, times } => {
                blend(9, &[before.fingerprint(), sum.src.fingerprint(), u64::from(*times)])
            }
        }
    }
}

impl Rule {
    /// The fingerprint as if no element of a product were wrong.
    pub fn sound_fingerprint(&self) -> u64 {
        if let Rule::Product(product) = self { product.sound_fingerprint() } else { self.fingerprint() }
    }
}

impl Product {
    fn sound_fingerprint(&self) -> u64 {
        let Shape { m, n, k } = self.shape;
        let shape = [u64::from(m), u64::from(n), u64::from(k)];
        blend(blend(4, &shape), &[self.precision as u64, self.a.fingerprint(), self.b.fingerprint()])
    }
}

fn spread(distribution: Distribution) -> u64 {
    match distribution {
        Distribution::Integers { magnitude } => 2 + u64::from(magnitude),
        Distribution::Normal => 0,
        Distribution::Wide => 1,
    }
}

pub fn blend(start: u64, parts: &[u64]) -> u64 {
    parts.iter().fold(start ^ 0x9E37_79B9_7F4A_7C15, |sum, part| {
        let low = u64::from(draw::hash(sum, *part));
        let high = u64::from(draw::hash(!sum, part.rotate_left(17)));
        high << 32 | low
    })
}

fn fill(out: &mut [u32], mut word: impl FnMut(u64) -> u32) {
    for (i, slot) in (0..).zip(out) {
        *slot = word(i);
    }
}

/// Splits results of 4 or 8 bytes into words.
fn wide(bytes: u64, from: u64, out: &mut [u32], mut bits: impl FnMut(u64) -> u64) {
    if bytes == 4 {
        fill(out, |i| bits(from + i) as u32);
        return;
    }
    let mut last = None;
    for (index, slot) in (from..).zip(out) {
        let value = last.filter(|(i, _)| *i == index / 2).map_or_else(|| bits(index / 2), |(_, bits)| bits);
        last = Some((index / 2, value));
        *slot = (value >> (32 * (index & 1))) as u32;
    }
}

/// Word `index` of an array of drawn elements.
fn drawn_word(precision: Precision, distribution: Distribution, seed: u64, index: u64) -> u32 {
    let value = |i| draw::value_bits(precision, distribution, seed, i);
    if precision.bytes() == 8 {
        return (value(index / 2) >> (32 * (index & 1))) as u32;
    }
    let each = 4 / precision.bytes();
    (0..each).fold(0, |word, i| word | (value(each * index + i) << (32 / each * i)) as u32)
}

fn stream(kind: StreamKind, a: &Source, b: &Source, from: u64, out: &mut [u32]) {
    let mut right = [0; CHUNK];
    for (start, part) in (from..).step_by(CHUNK).zip(out.chunks_mut(CHUNK)) {
        a.read(start, part);
        let right = &mut right[..part.len()];
        b.read(start, right);
        for (slot, b) in part.iter_mut().zip(right) {
            let (a, b) = (f32::from_bits(*slot), f32::from_bits(*b));
            *slot = match kind {
                StreamKind::Read | StreamKind::Write | StreamKind::Copy => *slot,
                StreamKind::Scale => (StreamKind::SCALAR * a).to_bits(),
                StreamKind::Add => (a + b).to_bits(),
                StreamKind::Triad => StreamKind::SCALAR.mul_add(b, a).to_bits(),
            };
        }
    }
}

impl Product {
    fn evaluate(&self, from: u64, out: &mut [u32]) {
        let (columns, k) = (u64::from(self.shape.n), u64::from(self.shape.k));
        let result_bytes = self.precision.result_bytes();
        let each = result_bytes / 4;
        if columns * k <= KEPT_ELEMENTS_MAX {
            self.b_values.get_or_init(|| self.b.elements(self.precision, 0, columns * k));
        }
        let mut row = (u64::MAX, Vec::new());
        let mut index = from;
        let mut out = out;
        // Row by row, so that a row of `a` is evaluated once.
        while !out.is_empty() {
            let current = index / each / columns;
            if row.0 != current {
                row = (current, self.a.elements(self.precision, current * k, k));
            }
            let row_end = (current + 1) * columns * each;
            let (now, later) = out.split_at_mut(out.len().min((row_end - index) as usize));
            wide(result_bytes, index, now, |element| self.element(&row.1, element));
            index = row_end;
            out = later;
        }
    }

    fn element(&self, a: &[f64], index: u64) -> u64 {
        let k = u64::from(self.shape.k);
        let column = index % u64::from(self.shape.n);
        let bits = match self.b_values.get() {
            Some(kept) => {
                let start = (column * k) as usize;
                reference::dot(self.precision, a, &kept[start..start + k as usize])
            }
            None => reference::dot(self.precision, a, &self.b.elements(self.precision, column * k, k)),
        };
        bits ^ u64::from(self.wrong == Some(index))
    }
}

impl Total {
    /// The sum; where it would cost too much, a word that is equal for equal sources.
    fn value(&self) -> u32 {
        *self.value.get_or_init(|| {
            if self.src.steps() > STEPS_MAX {
                return self.src.fingerprint() as u32;
            }
            let mut sum = 0u32;
            self.src.each_chunk(|_, words| sum = words.iter().fold(sum, |sum, word| sum.wrapping_add(*word)));
            sum
        })
    }
}

impl Source {
    pub fn of(words: &[u32]) -> Self {
        let rule = Rc::new(Rule::Words(words.into()));
        let words = words.len() as u64;
        Self { words, pieces: vec![Piece { at: 0, words, rule, offset: 0 }], patches: Vec::new() }
    }

    /// Reads words from index `from`; beyond the end they are zero.
    pub fn read(&self, from: u64, out: &mut [u32]) {
        let end = from + out.len() as u64;
        let mut done = from;
        let first = self.pieces.partition_point(|piece| piece.at + piece.words <= from);
        for piece in self.pieces[first..].iter().take_while(|piece| piece.at < end) {
            let start = piece.at.max(from);
            let stop = end.min(piece.at + piece.words);
            out[(done - from) as usize..(start - from) as usize].fill(0);
            piece.rule.evaluate(
                piece.offset + (start - piece.at),
                &mut out[(start - from) as usize..(stop - from) as usize],
            );
            done = stop;
        }
        out[(done - from) as usize..].fill(0);
        let first = self.patches.partition_point(|(at, _)| *at < from);
        for (at, word) in self.patches[first..].iter().take_while(|(at, _)| *at < end) {
            out[(at - from) as usize] = *word;
        }
    }

    /// Calls `see` with the index of the first word and the words, piece by piece, in order.
    pub fn each_chunk(&self, mut see: impl FnMut(u64, &[u32])) {
        let mut chunk = [0; CHUNK];
        for from in (0..self.words).step_by(CHUNK) {
            let part = &mut chunk[..(self.words - from).min(CHUNK as u64) as usize];
            self.read(from, part);
            see(from, part);
        }
    }

    /// Elements as the reference computes with them.
    fn elements(&self, precision: Precision, from: u64, count: u64) -> Vec<f64> {
        let bytes = precision.bytes();
        let first = from * bytes / 4;
        let mut words = vec![0; ((from + count) * bytes).div_ceil(4).saturating_sub(first) as usize];
        self.read(first, &mut words);
        (from..from + count)
            .map(|i| {
                let at = i * bytes - first * 4;
                let word = u64::from(words[(at / 4) as usize]);
                let bits = match bytes {
                    8 => word | u64::from(words[(at / 4 + 1) as usize]) << 32,
                    4 => word,
                    2 => word >> (8 * (at % 4)) & 0xFFFF,
                    _ => word >> (8 * (at % 4)) & 0xFF,
                };
                reference::element(precision, bits)
            })
            .collect()
    }

    /// About how many steps reading all of it costs.
    pub fn steps(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.rule.steps(piece.words)).sum()
    }

    /// The mean over all words: one costly word among many cheap ones is no reason to give up.
    pub fn steps_per_word(&self) -> f64 {
        (self.steps() / self.words.max(1) as f64).max(1.0)
    }

    pub fn depth(&self) -> u32 {
        self.pieces.iter().map(|piece| piece.rule.depth()).max().unwrap_or(0)
    }

    pub fn fingerprint(&self) -> u64 {
        self.print(Rule::fingerprint)
    }

    pub fn print(&self, of: fn(&Rule) -> u64) -> u64 {
        let pieces = self.pieces.iter().fold(self.words, |sum, piece| {
            blend(sum, &[piece.at, piece.words, piece.offset, of(&piece.rule)])
        });
        self.patches.iter().fold(pieces, |sum, (at, word)| blend(sum, &[*at, u64::from(*word)]))
    }
}
