//! Memory under load: all that the other loads leave holds a pattern while they run, is read back word for word, a buffer at a
//! time, and gets another pattern.

use super::super::memory::{Chunk, allocate, fill_op, scan_op};
use super::super::spare_bytes;
use super::products::fault;
use super::watch::Watch;
use crate::device::draw;
use crate::device::op::Tally;
use crate::device::{Buf, Identity, Provenance};
use crate::engine::bench::Bench;
use crate::engine::{Trouble, check};
use crate::evidence::Check;
use crate::evidence::sustain::Fault;

pub struct Memory {
    chunks: Vec<Chunk>,
    tally: Buf,
    seed: u64,
    /// How many buffers were read back.
    turns: u64,
    /// To fill and to check a buffer, before the load began.
    pub took_ns: u64,
}

/// Counts the words of a scan, of which the first is `first_word` of the pattern of `seed`, and tells examples of wrong ones.
pub fn tell(
    bench: &mut Bench,
    watch: &mut Watch,
    of: &str,
    (first_word, seed): (u64, u64),
    found: &Tally,
) -> Result<(), Trouble> {
    watch.checked(found.words_checked);
    for example in &found.examples {
        let word = first_word + example.word;
        let (expected, got) = (Some(draw::pattern(seed, word)), Some(example.got));
        watch.wrong(bench, Fault { word: Some(word), expected, got, ..fault(of) })?;
    }
    watch.more_wrong(found.words_wrong.saturating_sub(found.examples.len() as u64));
    Ok(())
}

impl Memory {
    /// Fills everything for the first time.
    pub fn prepare(bench: &mut Bench, identity: &Identity, seed: u64) -> Result<(Self, Check), Trouble> {
        let left = (spare_bytes(identity) / 100 * 95).saturating_sub(bench.held_bytes());
        let wanted = match identity.provenance {
            // Its memory is the host's, which others need.
            Provenance::Software { .. } => left.min(64 << 20),
            Provenance::Hardware | Provenance::Simulated { .. } => left,
        };
        // Before all others, which may leave no room for it.
        let tally = bench.alloc(Tally::BYTES as u64)?;
        let chunks = allocate(bench, wanted / 1024 * 1024, identity.buffer_bytes_max)?;
        let first = *chunks.first().ok_or_else(|| Trouble::Skipped("no memory is left".to_owned()))?;
        let mut memory = Self { chunks, tally, seed, turns: 0, took_ns: 0 };
        for turn in 0..memory.chunks.len() as u64 {
            memory.fill(bench, turn)?;
        }
        let begun_ns = bench.now_ns();
        let op = fill_op(&first, memory.seed_of(0));
        // The check has its own.
        bench.free(tally);
        let check = check::holds_pattern(bench, &op, first.buf, first.words, memory.seed_of(0))?;
        memory.took_ns = bench.now_ns() - begun_ns;
        memory.tally = bench.alloc(Tally::BYTES as u64)?;
        Ok((memory, check))
    }

    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.words * 4).sum()
    }

    /// The buffer whose turn it is.
    fn chunk(&self, turn: u64) -> Chunk {
        self.chunks[(turn % self.chunks.len() as u64) as usize]
    }

    /// Of the pattern that is read back in a turn: another one for each sweep of all buffers.
    fn seed_of(&self, turn: u64) -> u64 {
        draw::derived(self.seed, turn / self.chunks.len() as u64)
    }

    fn fill(&self, bench: &mut Bench, turn: u64) -> Result<(), Trouble> {
        bench.once(&fill_op(&self.chunk(turn), self.seed_of(turn)))?;
        Ok(())
    }

    /// Reads one buffer, which has held its pattern since all were read last, and fills it anew.
    pub fn run(&mut self, bench: &mut Bench, watch: &mut Watch) -> Result<(), Trouble> {
        let (chunk, seed) = (self.chunk(self.turns), self.seed_of(self.turns));
        let form = bench.any_form(&scan_op(&chunk, seed, self.tally))?;
        let (_, found) = check::scan_with(bench, &form, self.tally, chunk.words)?;
        tell(bench, watch, "memory", (chunk.first_word, seed), &found)?;
        self.fill(bench, self.turns + self.chunks.len() as u64)?;
        self.turns += 1;
        Ok(())
    }
}
