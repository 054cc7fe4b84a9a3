//! Carries out ops on simulated memory: by rule where that is enough, at once where a later look could not tell.
//! Owns the effects of ops; the meaning is the reference's. Must not know time or errors to inject.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::content::{Piece, Product, Rule, STEPS_MAX, Source, TILE, Total};
use super::hashing::Tree;
use super::memory::{Extent, Memory};
use super::scan;
use crate::device::op::{Precision, Route, Shape, StreamKind, Tally, ring_after};
use crate::device::{Buf, Op};

/// Rules stand on at most so many others before their words are computed.
const DEPTH_MAX: u32 = 24;
/// A word that costs more than this is worth keeping, where there are not too many of them.
const STREAM_STEPS_MAX: f64 = 1024.0;
const KEPT_WORDS_MAX: u64 = 1 << 22;
/// Runs of an op that changes its own input.
const IN_PLACE_MAX: u32 = 64;

/// Results that come out wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wrong {
    /// Element of every product, modulo their number.
    pub gemm_element: Option<u64>,
    /// Result of every run of tiles, modulo their number.
    pub mma_result: Option<u64>,
    /// Lane of every multiply-add run, modulo their number.
    pub fma_lane: Option<u64>,
    /// Element of what every collective leaves here, modulo their number.
    pub collective_element: Option<u64>,
    /// Unit whose first element of every product and first lane of every multiply-add run are wrong, if it has any.
    pub unit: Option<u64>,
    /// How many units there are.
    pub units: u64,
}

/// Units take products in tiles of so many elements, one share of them after the other, and lanes in blocks of so many, by turns.
const TILE_ELEMENTS: u64 = 128 * 128;
const BLOCK_LANES: u64 = 128;

impl Wrong {
    fn element(&self, elements: u64) -> Option<u64> {
        let share = elements.div_ceil(TILE_ELEMENTS).div_ceil(self.units.max(1)) * TILE_ELEMENTS;
        let of_unit = self.unit.map(|unit| unit * share).filter(|first| *first < elements);
        self.gemm_element.and_then(|element| element.checked_rem(elements)).or(of_unit)
    }

    fn lane(&self, lanes: u64) -> Option<u64> {
        let of_unit = self.unit.map(|unit| unit * BLOCK_LANES).filter(|first| *first < lanes);
        self.fma_lane.and_then(|lane| lane.checked_rem(lanes)).or(of_unit)
    }
}

/// Runs `op`, whose needs are met, `repeat` times. The return is what the host counts itself in one execution.
pub fn execute(memory: &mut Memory, op: &Op, repeat: u32, wrong: Wrong) -> Result<Option<u32>, String> {
    match *op {
        Op::Fill { dst, words, first_word, seed } => {
            memory.store(part(memory, dst, words), Rc::new(Rule::Pattern { seed, first_word }));
        }
        Op::Scan { src, words, first_word, seed, tally } => {
            let src = memory.snapshot(part(memory, src, words));
            note(memory, tally, &scan::scan(&src, first_word, seed), repeat);
        }
        Op::Flip { dst, word, mask } => {
            let at = part(memory, dst, word).base + word;
            memory.set(at, memory.word(at) ^ if repeat % 2 == 1 { mask } else { 0 });
        }
        Op::Draw { dst, elements, precision, distribution, seed } => {
            draw(memory, dst, elements * precision.bytes(), Rule::Drawn { precision, distribution, seed });
        }
        Op::Expand { dst, elements, precision, bits, key } => {
            draw(memory, dst, elements * precision.bytes(), Rule::Expanded { precision, bits, key });
        }
        Op::Cells { dst, cells, first, key } => {
            memory.store(part(memory, dst, cells * Op::CELL_BYTES / 4), Rc::new(Rule::Cells { first, key }));
        }
        Op::Tree { src, chunks, out, key } => {
            distinct(op, src, out)?;
            let src = memory.snapshot(part(memory, src, chunks * Op::CHUNK_BYTES / 4));
            let at = part(memory, out, Op::tree_nodes(chunks) * Op::NODE_BYTES / 4);
            keep(memory, at, Rule::Tree(Box::new(Tree::over(src, key))))?;
        }
        Op::Digest { src, rows, row_words, out } => {
            distinct(op, src, out)?;
            let src = memory.snapshot(part(memory, src, rows * u64::from(row_words)));
            keep(memory, part(memory, out, 2 * rows), Rule::Digest { src, row_words })?;
        }
        Op::Stream { kind, a, b, c, elements } => {
            let at = |memory: &Memory, buf| part(memory, buf, elements);
            let [a, b, c] = [at(memory, a), at(memory, b), at(memory, c)];
            stream(memory, kind, [a, b, c], repeat)?;
        }
        Op::Reread { src, words, passes, sum } => {
            distinct(op, src, sum)?;
            let (src, sum) = (part(memory, src, words), part(memory, sum, 1));
            read_all(memory, src, sum, passes.wrapping_mul(repeat))?;
        }
        Op::Fma { .. } | Op::Mma { .. } => chains(memory, op, wrong),
        Op::Gemm { precision, shape, a, b, c, .. } => {
            distinct(op, a, c)?;
            distinct(op, b, c)?;
            gemm(memory, precision, shape, [a, b, c], wrong)?;
        }
        Op::Ring { dst, slots, stride_bytes, seed } => {
            ring(memory, dst, [slots, stride_bytes / 4], seed)?;
        }
        Op::Chase { ring, hops, state } => {
            let ring = memory.extent(ring).unwrap_or(Extent { base: 0, words: 0 });
            let state = part(memory, state, 1).base;
            let end = chase(memory, ring, memory.word(state), u64::from(hops) * u64::from(repeat));
            memory.set(state, end);
        }
        // Units and time are the world's business, see `ends` and `put`; other memories that of `together.rs`.
        Op::Census { .. } | Op::Walk { .. } | Op::Lend { .. } | Op::Collective { .. } => {}
        Op::Copy { route, buf, words, seed } => {
            if let Route::BothWays(to) = route {
                distinct(op, buf, to)?;
            }
            return Ok(copy(memory, route, buf, words, seed));
        }
    }
    Ok(None)
}

/// Results of multiply-adds that stay in registers, one of which may be off.
fn chains(memory: &mut Memory, op: &Op, wrong: Wrong) {
    if let Op::Fma { precision, chains, rounds, lanes, distribution, seed, out } = *op {
        let lanes = u64::from(lanes);
        let wrong = wrong.lane(lanes);
        let rule = Rule::Fma { precision, chains, rounds, distribution, seed, wrong };
        memory.store(part(memory, out, lanes * precision.result_bytes() / 4), Rc::new(rule));
    }
    if let Op::Mma { precision, turns, tiles, distribution, seed, out, .. } = *op {
        let results = u64::from(tiles) * u64::from(TILE.results());
        let wrong = wrong.mma_result.and_then(|result| result.checked_rem(results));
        let rule = Rule::Mma { precision, turns, distribution, seed, wrong };
        memory.store(part(memory, out, results * precision.result_bytes() / 4), Rc::new(rule));
    }
}

fn draw(memory: &mut Memory, dst: Buf, bytes: u64, rule: Rule) {
    let rule = Rc::new(rule);
    draw_tail(memory, part(memory, dst, bytes / 4), &rule, bytes % 4);
    memory.store(part(memory, dst, bytes / 4), rule);
}

/// Adds what a scan found to a tally, as often as it was done.
fn note(memory: &mut Memory, tally: Buf, found: &Tally, repeat: u32) {
    let at = part(memory, tally, Tally::BYTES as u64 / 4);
    let mut total = read_tally(&memory.snapshot(at));
    scan::add(&mut total, found, repeat);
    memory.store_source(at, &Source::of(&words_of(&total.encode())));
}

fn ring(memory: &mut Memory, dst: Buf, [slots, stride_words]: [u32; 2], seed: u64) -> Result<(), String> {
    let at = part(memory, dst, u64::from(slots) * u64::from(stride_words));
    let under = between_slots(memory.snapshot(at), stride_words);
    keep(memory, at, Rule::Ring { slots, stride_words, seed, under })
}

/// Where `hops` dependent loads lead from each of these words of a ring.
pub fn ends(memory: &Memory, ring: Buf, starts: impl Iterator<Item = u32>, hops: u32) -> Vec<u32> {
    let ring = memory.extent(ring).unwrap_or(Extent { base: 0, words: 0 });
    starts.map(|start| chase(memory, ring, start, hops.into())).collect()
}

/// Writes `words` to the beginning of `buf`.
pub fn put(memory: &mut Memory, buf: Buf, words: &[u32]) {
    memory.store_source(part(memory, buf, words.len() as u64), &Source::of(words));
}

/// The first `words` words of `buf`.
fn part(memory: &Memory, buf: Buf, words: u64) -> Extent {
    Extent { base: memory.extent(buf).map_or(0, |extent| extent.base), words }
}

/// Ops that read their input more than once must not overwrite it.
fn distinct(op: &Op, input: Buf, output: Buf) -> Result<(), String> {
    if input == output { Err(format!("{} writes over its own input", op.name())) } else { Ok(()) }
}

fn gemm(
    memory: &mut Memory,
    precision: Precision,
    shape: Shape,
    [a, b, c]: [Buf; 3],
    wrong: Wrong,
) -> Result<(), String> {
    let area = |rows: u32, columns: u32| u64::from(rows) * u64::from(columns);
    let side = |memory: &Memory, buf, rows| {
        memory.snapshot(part(memory, buf, (area(rows, shape.k) * precision.bytes()).div_ceil(4)))
    };
    let (a, b) = (side(memory, a, shape.m), side(memory, b, shape.n));
    let elements = area(shape.m, shape.n);
    let wrong = wrong.element(elements);
    let product = Product { precision, shape, a, b, wrong, b_values: OnceCell::new() };
    let at = part(memory, c, elements * precision.result_bytes() / 4);
    keep(memory, at, Rule::Product(Box::new(product)))
}

/// What the host counts of a copy that came to it.
fn copy(memory: &mut Memory, route: Route, buf: Buf, words: u64, seed: u64) -> Option<u32> {
    let from = part(memory, buf, words);
    match route {
        Route::HostToDevice(_) | Route::FromPeer(_) => {
            memory.store(from, Rc::new(Rule::Pattern { seed, first_word: 0 }))
        }
        Route::DeviceToHost(_) | Route::BothWays(_) => {
            let found = scan::scan(&memory.snapshot(from), 0, seed);
            if let Route::BothWays(to) = route {
                let to = part(memory, to, words);
                memory.store(to, Rc::new(Rule::Pattern { seed: !seed, first_word: 0 }));
            }
            return Some((found.words_checked - found.words_wrong) as u32);
        }
        Route::Within(to) => {
            let source = memory.snapshot(from);
            memory.store_source(part(memory, to, words), &source);
        }
    }
    None
}

/// Stores `rule`, or its words where looking at them later would cost too much.
pub fn keep(memory: &mut Memory, at: Extent, rule: Rule) -> Result<(), String> {
    let steps = rule.steps_per_word();
    let streamed = matches!(rule, Rule::Stream { .. }) && steps > STREAM_STEPS_MAX;
    if rule.depth() <= DEPTH_MAX && !streamed {
        memory.store(at, Rc::new(rule));
        return Ok(());
    }
    if at.words > KEPT_WORDS_MAX || at.words as f64 * steps > STEPS_MAX {
        return Err(format!(
            "the simulation does not follow results of results over {} words; draw the inputs anew, or use less",
            at.words
        ));
    }
    let mut words = vec![0; at.words as usize];
    rule.evaluate(0, &mut words);
    memory.store(at, Rc::new(Rule::Words(words.into())));
    Ok(())
}

/// Elements that do not fill the last word leave the rest of it as it was.
fn draw_tail(memory: &mut Memory, whole: Extent, rule: &Rule, bytes: u64) {
    if bytes > 0 {
        let mut word = [0];
        rule.evaluate(whole.words, &mut word);
        let drawn = (1u32 << (8 * bytes)) - 1;
        let at = whole.base + whole.words;
        memory.set(at, word[0] & drawn | memory.word(at) & !drawn);
    }
}

fn stream(memory: &mut Memory, kind: StreamKind, [a, b, c]: [Extent; 3], repeat: u32) -> Result<(), String> {
    let in_place = match kind {
        StreamKind::Write | StreamKind::Copy => false,
        StreamKind::Read | StreamKind::Scale => a.base == c.base,
        StreamKind::Add | StreamKind::Triad => a.base == c.base || b.base == c.base,
    };
    if in_place && repeat > IN_PLACE_MAX {
        return Err(format!("the simulation runs a stream in place at most {IN_PLACE_MAX} times in a row"));
    }
    let (passes, times) = if in_place { (repeat, 1) } else { (repeat.min(1), repeat) };
    for _ in 0..passes {
        match kind {
            StreamKind::Read => read_all(memory, a, c, times)?,
            StreamKind::Write => memory.store(c, Rc::new(Rule::Pattern { seed: 0, first_word: 0 })),
            StreamKind::Copy => {
                let source = memory.snapshot(a);
                memory.store_source(c, &source);
            }
            StreamKind::Scale => {
                let (a, b) = (memory.snapshot(a), Source { words: c.words, ..Source::default() });
                keep(memory, c, Rule::Stream { kind, a, b })?;
            }
            StreamKind::Add | StreamKind::Triad => {
                let (a, b) = (memory.snapshot(a), memory.snapshot(b));
                keep(memory, c, Rule::Stream { kind, a, b })?;
            }
        }
    }
    Ok(())
}

/// Adds the sum of `a`, `times` over, to the first word of `c`. Repeated sums of the same words are one rule.
fn read_all(memory: &mut Memory, a: Extent, c: Extent, times: u32) -> Result<(), String> {
    let src = memory.snapshot(a);
    let c = Extent { base: c.base, words: 1 };
    let before = memory.snapshot(c);
    if let ([Piece { rule, offset: 0, .. }], []) = (&before.pieces[..], &before.patches[..])
        && let Rule::Sum { before, sum, times: already } = &**rule
        && same(&sum.src, &src)
    {
        let times = already.wrapping_add(times);
        let rule = Rule::Sum { before: before.clone(), sum: sum.clone(), times };
        memory.store(c, Rc::new(rule));
        return Ok(());
    }
    let sum = Rc::new(Total { src, value: OnceCell::new() });
    keep(memory, c, Rule::Sum { before, sum, times })
}

/// Whether two snapshots hold the same words because nothing was written between them.
fn same(a: &Source, b: &Source) -> bool {
    let place = |piece: &Piece| (piece.at, piece.words, piece.offset);
    a.words == b.words
        && a.patches == b.patches
        && a.pieces.len() == b.pieces.len()
        && a.pieces.iter().zip(&b.pieces).all(|(a, b)| place(a) == place(b) && Rc::ptr_eq(&a.rule, &b.rule))
}

/// What of a snapshot a new ring leaves visible. Slots of earlier rings of the same stride are covered by the new
/// one, so what lay between them stands for them; else rings would pile up.
fn between_slots(source: Source, stride_words: u32) -> Source {
    let stride = u64::from(stride_words);
    if stride == 1 {
        return Source { words: source.words, ..Source::default() };
    }
    let mut pieces = Vec::new();
    let mut patches = BTreeMap::new();
    for piece in source.pieces {
        match &*piece.rule {
            Rule::Ring { stride_words: old, under, .. }
                if *old == stride_words && piece.offset % stride == piece.at % stride =>
            {
                let (from, to) = (piece.offset, piece.offset + piece.words);
                let inside = under.patches.iter().filter(|(at, _)| (from..to).contains(at));
                patches.extend(inside.map(|(at, word)| (piece.at + (at - from), *word)));
                let inner = under.pieces.iter().filter(|p| p.at < to && p.at + p.words > from);
                pieces.extend(inner.map(|p| {
                    let (start, end) = (p.at.max(from), to.min(p.at + p.words));
                    Piece {
                        at: piece.at + (start - from),
                        words: end - start,
                        rule: p.rule.clone(),
                        offset: p.offset + (start - p.at),
                    }
                }));
            }
            Rule::Zero
            | Rule::Pattern { .. }
            | Rule::Drawn { .. }
            | Rule::Expanded { .. }
            | Rule::Cells { .. }
            | Rule::Words(_)
            | Rule::Product(_)
            | Rule::Tree(_)
            | Rule::Stream { .. }
            | Rule::Digest { .. }
            | Rule::Fma { .. }
            | Rule::Mma { .. }
            | Rule::Added(_)
            | Rule::Ring { .. }
            | Rule::Sum { .. } => pieces.push(piece),
        }
    }
    patches.extend(source.patches);
    let patches = patches.into_iter().filter(|(at, _)| !at.is_multiple_of(stride)).collect();
    Source { words: source.words, pieces, patches }
}

/// A ring as it was written, and which of its slots no longer hold their link.
struct Links {
    slots: u32,
    stride: u32,
    seed: u64,
    broken: Vec<u32>,
}

/// Loads that are followed one by one, where links are broken.
const LOADS_MAX: u32 = 1 << 16;

/// Where `hops` dependent loads lead. Along intact links this takes no time; a walk that meets broken ones too often
/// to follow stops on the way.
fn chase(memory: &Memory, ring: Extent, start: u32, mut hops: u64) -> u32 {
    let source = memory.snapshot(ring);
    let links = links(&source);
    let mut at = start;
    for _ in 0..LOADS_MAX {
        if let Some(links) = links.as_ref().filter(|l| at.is_multiple_of(l.stride) && at / l.stride < l.slots)
        {
            let slot = at / links.stride;
            let to_broken = links.broken.iter().map(|broken| links.distance(slot, *broken)).min();
            let jump = to_broken.map_or(hops, |distance| distance.min(hops));
            at = ring_after(links.slots, links.seed, slot, jump) * links.stride;
            hops -= jump;
        }
        if hops == 0 {
            break;
        }
        let mut word = [0];
        if u64::from(at) < ring.words {
            source.read(u64::from(at), &mut word);
        }
        at = word[0];
        hops -= 1;
    }
    at
}

/// The ring at the start of a snapshot, where there is a whole one.
fn links(source: &Source) -> Option<Links> {
    let piece = source.pieces.first()?;
    let Rule::Ring { slots, stride_words: stride, seed, .. } = *piece.rule else { return None };
    let words = u64::from(slots) * u64::from(stride);
    let whole = piece.at == 0 && piece.offset == 0 && piece.words == words;
    let on_slot = |(word, _): &&(u64, u32)| *word < words && word.is_multiple_of(u64::from(stride));
    let broken = source.patches.iter().filter(on_slot).map(|(word, _)| (word / u64::from(stride)) as u32);
    whole.then(|| Links { slots, stride, seed, broken: broken.collect() })
}

/// Words that the ring at the start of a snapshot spans.
pub fn ring_words(source: &Source) -> Option<u64> {
    links(source).map(|links| u64::from(links.slots) * u64::from(links.stride))
}

impl Links {
    /// Hops from one slot to another. The low k bits of a congruence of full period repeat every 2^k hops, so the
    /// distance is found bit by bit.
    fn distance(&self, from: u32, to: u32) -> u64 {
        let mut hops = 0;
        for bit in 0..self.slots.trailing_zeros() {
            let low_bits = (2u32 << bit) - 1;
            if (ring_after(self.slots, self.seed, from, hops) ^ to) & low_bits != 0 {
                hops |= 1 << bit;
            }
        }
        hops
    }
}

fn read_tally(source: &Source) -> Tally {
    let mut words = [0; Tally::BYTES / 4];
    source.read(0, &mut words);
    let mut bytes = [0; Tally::BYTES];
    for (slot, word) in bytes.chunks_exact_mut(4).zip(words) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    Tally::decode(&bytes)
}

/// Bytes as memory words; the length is a multiple of 4.
pub fn words_of(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}
