//! Memory under load: a region filled with another pattern each time and read back, word for word.

use super::super::spare_bytes;
use super::products::fault;
use super::watch::Watch;
use crate::device::draw;
use crate::device::op::Tally;
use crate::device::{Buf, Identity, Op, Provenance};
use crate::engine::bench::Bench;
use crate::engine::{Trouble, check};
use crate::evidence::Check;
use crate::evidence::sustain::Fault;

pub struct Memory {
    region: Buf,
    words: u64,
    tally: Buf,
    seed: u64,
    sweeps: u64,
}

impl Memory {
    pub fn prepare(bench: &mut Bench, identity: &Identity, seed: u64) -> Result<(Self, Check), Trouble> {
        let wanted = match identity.provenance {
            Provenance::Software { .. } => 64 << 20,
            Provenance::Hardware | Provenance::Simulated { .. } => 8 << 30,
        };
        let bytes = wanted.min(spare_bytes(identity) / 4).min(identity.buffer_bytes_max) / 1024 * 1024;
        let words = bytes / 4;
        let fill = |dst| Op::Fill { dst, words, first_word: 0, seed };
        bench.supports(&fill(Buf::NONE))?;
        let (region, tally) = (bench.alloc(bytes)?, bench.alloc(Tally::BYTES as u64)?);
        let op = fill(region);
        bench.once(&op)?;
        let check = check::holds_pattern(bench, &op, region, words, seed)?;
        Ok((Self { region, words, tally, seed, sweeps: 0 }, check))
    }

    /// One sweep.
    pub fn run(&mut self, bench: &mut Bench, watch: &mut Watch) -> Result<(), Trouble> {
        let Self { region, words, tally, .. } = *self;
        let seed = draw::derived(self.seed, self.sweeps);
        self.sweeps += 1;
        bench.once(&Op::Fill { dst: region, words, first_word: 0, seed })?;
        bench.write(tally, 0, &[0; Tally::BYTES])?;
        bench.once(&Op::Scan { src: region, words, first_word: 0, seed, tally })?;
        let found = check::read_tally(bench, tally, words)?;
        watch.checked(words);
        for example in &found.examples {
            let expected = Some(draw::pattern(seed, example.word));
            let got = Some(example.got);
            watch.wrong(bench, Fault { word: Some(example.word), expected, got, ..fault("memory") })?;
        }
        watch.more_wrong(found.words_wrong.saturating_sub(found.examples.len() as u64));
        Ok(())
    }
}
