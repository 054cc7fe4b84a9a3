//! Simulated memory: allocations, the map from addresses to rules, cells that do not keep what they are given.
//! Owns addresses, in 32-bit words; must not know ops or time. Cost grows with the number of writes, never with bytes.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::content::{Piece, Rule, Source};
use crate::device::Buf;

/// Where buffers start, in words: 256 bytes, as GPU allocators do.
const ALIGN_WORDS: u64 = 64;

/// What is wrong with one word of memory, seen by every read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub inverted: u32,
    pub stuck_at_one: u32,
    pub stuck_at_zero: u32,
}

impl Cell {
    fn seen(self, word: u32) -> u32 {
        ((word ^ self.inverted) | self.stuck_at_one) & !self.stuck_at_zero
    }
}

/// The whole memory of one card.
#[derive(Debug)]
pub struct Memory {
    /// Words that are really there; an address is taken modulo this.
    real_words: u64,
    /// Sum that allocations may reach, in words.
    limit_words: u64,
    /// Runs of content by real address; what no run covers is zero.
    runs: BTreeMap<u64, Run>,
    /// Single words that were written over their run.
    written: BTreeMap<u64, u32>,
    cells: BTreeMap<u64, Cell>,
    buffers: BTreeMap<Buf, Extent>,
    buffers_made: u32,
}

#[derive(Debug)]
struct Run {
    words: u64,
    rule: Rc<Rule>,
    offset: u64,
}

/// Where a buffer lies in the address space that the card claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub base: u64,
    pub words: u64,
}

impl Memory {
    pub fn new(claimed_words: u64, real_words: u64, limit_words: u64) -> Self {
        Self {
            real_words: real_words.max(1),
            limit_words: limit_words.min(claimed_words),
            runs: BTreeMap::new(),
            written: BTreeMap::new(),
            cells: BTreeMap::new(),
            buffers: BTreeMap::new(),
            buffers_made: 0,
        }
    }

    /// Breaks the cell at a byte address.
    pub fn break_cell(&mut self, byte: u64, how: impl FnOnce(&mut Cell)) {
        how(self.cells.entry(byte / 4 % self.real_words).or_default());
    }

    /// First fit, from address 0. `None` where no room is left.
    pub fn alloc(&mut self, words: u64) -> Option<Buf> {
        let used: u64 = self.buffers.values().map(|extent| extent.words).sum();
        if words > self.limit_words.checked_sub(used)? {
            return None;
        }
        let mut extents: Vec<Extent> = self.buffers.values().copied().collect();
        extents.sort_by_key(|extent| extent.base);
        let mut base = 0;
        for extent in extents {
            if base + words <= extent.base {
                break;
            }
            base = (extent.base + extent.words).next_multiple_of(ALIGN_WORDS);
        }
        if base + words > self.limit_words {
            return None;
        }
        let buf = Buf(self.buffers_made);
        self.buffers_made = self.buffers_made.checked_add(1).filter(|made| *made != Buf::NONE.0)?;
        self.buffers.insert(buf, Extent { base, words });
        Some(buf)
    }

    /// The content stays where it is, as on a real card.
    pub fn free(&mut self, buf: Buf) {
        self.buffers.remove(&buf);
    }

    pub fn extent(&self, buf: Buf) -> Option<Extent> {
        self.buffers.get(&buf).copied()
    }

    /// The first `words` words of an extent, as a read would see them now.
    pub fn snapshot(&self, at: Extent) -> Source {
        let mut source = Source { words: at.words, ..Source::default() };
        for (start, words, logical) in self.real_pieces(at) {
            let end = start + words;
            for (from, run) in self.runs_from(start).take_while(|(from, _)| **from < end) {
                let first = start.max(*from);
                source.pieces.push(Piece {
                    at: logical + (first - start),
                    words: end.min(from + run.words) - first,
                    rule: run.rule.clone(),
                    offset: run.offset + (first - from),
                });
            }
            let mut patches: BTreeMap<u64, u32> =
                self.written.range(start..end).map(|(at, w)| (*at, *w)).collect();
            for (at, cell) in self.cells.range(start..end) {
                let held = patches.get(at).copied().unwrap_or_else(|| self.held(*at));
                if cell.seen(held) != held {
                    patches.insert(*at, cell.seen(held));
                }
            }
            source.patches.extend(patches.into_iter().map(|(at, word)| (logical + (at - start), word)));
        }
        source
    }

    /// Makes `rule` the content of an extent.
    pub fn store(&mut self, at: Extent, rule: Rc<Rule>) {
        self.store_from(at, rule, 0);
    }

    fn store_from(&mut self, at: Extent, rule: Rc<Rule>, offset: u64) {
        let pieces: Vec<_> = self.real_pieces(at).collect();
        for (start, words, logical) in pieces {
            let new = Run { words, rule: rule.clone(), offset: offset + logical };
            match self.runs.get_mut(&start).filter(|run| run.words == words && self.written.is_empty()) {
                // A buffer is mostly written as a whole, as before.
                Some(same) => *same = new,
                None => {
                    self.clear(start, start + words);
                    self.runs.insert(start, new);
                }
            }
        }
    }

    /// Makes the words of a snapshot the content of an extent of the same size.
    pub fn store_source(&mut self, at: Extent, source: &Source) {
        // Where the extent wraps onto itself, only its last words stay.
        let first = at.words.saturating_sub(self.real_words);
        let kept = Extent { base: at.base + first, words: at.words - first };
        let pieces: Vec<_> = self.real_pieces(kept).collect();
        for (start, words, _) in pieces {
            self.clear(start, start + words);
        }
        for piece in &source.pieces {
            let start = piece.at.max(first);
            let end = (piece.at + piece.words).min(at.words);
            if start < end {
                let extent = Extent { base: at.base + start, words: end - start };
                self.store_from(extent, piece.rule.clone(), piece.offset + (start - piece.at));
            }
        }
        for (word, value) in source.patches.iter().filter(|(word, _)| (first..at.words).contains(word)) {
            self.set(at.base + word, *value);
        }
    }

    /// One word as a read sees it.
    pub fn word(&self, address: u64) -> u32 {
        let at = address % self.real_words;
        let held = self.written.get(&at).copied().unwrap_or_else(|| self.held(at));
        self.cells.get(&at).map_or(held, |cell| cell.seen(held))
    }

    pub fn set(&mut self, address: u64, word: u32) {
        self.written.insert(address % self.real_words, word);
    }

    /// What the run at a real address says.
    fn held(&self, at: u64) -> u32 {
        let mut word = [0];
        if let Some((from, run)) = self.runs.range(..=at).next_back()
            && at < from + run.words
        {
            run.rule.evaluate(run.offset + (at - from), &mut word);
        }
        word[0]
    }

    /// The runs that reach beyond `start`, in order.
    fn runs_from(&self, start: u64) -> impl Iterator<Item = (&u64, &Run)> {
        let before = self.runs.range(..start).next_back();
        before.filter(|(from, run)| *from + run.words > start).into_iter().chain(self.runs.range(start..))
    }

    /// Forgets what real addresses hold.
    fn clear(&mut self, start: u64, end: u64) {
        let stale: Vec<u64> = self.written.range(start..end).map(|(at, _)| *at).collect();
        for at in stale {
            self.written.remove(&at);
        }
        let touched: Vec<u64> =
            self.runs_from(start).take_while(|(from, _)| **from < end).map(|(f, _)| *f).collect();
        for from in touched {
            let Some(run) = self.runs.remove(&from) else { continue };
            if from < start {
                let left = Run { words: start - from, rule: run.rule.clone(), offset: run.offset };
                self.runs.insert(from, left);
            }
            if from + run.words > end {
                let right = Run {
                    words: from + run.words - end,
                    rule: run.rule.clone(),
                    offset: run.offset + (end - from),
                };
                self.runs.insert(end, right);
            }
        }
    }

    /// The real ranges behind an extent: start, words, and the index within the extent.
    fn real_pieces(&self, at: Extent) -> impl Iterator<Item = (u64, u64, u64)> + use<> {
        let (real, Extent { base, words }) = (self.real_words, at);
        let mut done = 0;
        std::iter::from_fn(move || {
            if done == words {
                return None;
            }
            let start = (base + done) % real;
            let piece = (start, (words - done).min(real - start), done);
            done += piece.1;
            Some(piece)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::device::draw;

    fn read(memory: &Memory, at: Extent) -> Vec<u32> {
        let mut words = vec![0; at.words as usize];
        memory.snapshot(at).read(0, &mut words);
        words
    }

    proptest::proptest! {
        /// Any order of overlapping writes leaves what plain memory would hold.
        #[test]
        fn the_map_equals_plain_memory(
            real in 60u64..200,
            writes in proptest::collection::vec((0u64..200, 1u64..180, 0u64..4), 1..12),
        ) {
            let mut memory = Memory::new(400, real, 400);
            memory.break_cell(4 * 21, |cell| cell.inverted = 8);
            memory.break_cell(4 * 22, |cell| cell.stuck_at_one = 1);
            let mut plain = vec![0u32; real as usize];
            for (base, words, kind) in writes {
                let at = Extent { base, words };
                match kind {
                    0 => memory.set(base, 77),
                    1 => {
                        let source = memory.snapshot(at);
                        let copy = read(&memory, at);
                        memory.store_source(Extent { base: base + 3, words }, &source);
                        for (i, word) in (0..).zip(copy) {
                            plain[((base + 3 + i) % real) as usize] = word;
                        }
                    }
                    _ => memory.store(at, Rc::new(Rule::Pattern { seed: kind, first_word: base })),
                }
                for i in 0..words {
                    let slot = &mut plain[((base + i) % real) as usize];
                    match kind {
                        0 if i == 0 => *slot = 77,
                        0 | 1 => {}
                        _ => *slot = draw::pattern(kind, base + i),
                    }
                }
                let mut expected = plain.clone();
                expected[21] ^= 8;
                expected[22] |= 1;
                proptest::prop_assert_eq!(read(&memory, Extent { base: 0, words: real }), expected.clone());
                for i in 0..real {
                    proptest::prop_assert_eq!(memory.word(i), expected[i as usize]);
                }
            }
        }
    }

    #[test]
    fn freed_room_is_given_out_again_and_the_limit_holds() {
        let mut memory = Memory::new(1000, 1000, 640);
        let first = memory.alloc(100).unwrap();
        let second = memory.alloc(200).unwrap();
        assert_eq!(memory.extent(second).unwrap(), Extent { base: 128, words: 200 });
        assert_eq!(memory.alloc(400), None);
        memory.free(first);
        let third = memory.alloc(128).unwrap();
        assert_eq!(memory.extent(third).unwrap().base, 0);
        assert_ne!(third, first);
    }
}
