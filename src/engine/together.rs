//! Is what all devices did together right on every one of them? All of it is compared, with what a few lines compute.
//! Owns these comparisons; must not know timing, nor who moved the data.

use super::Trouble;
use super::bench::{Bench, Tuned};
use super::check::{DIGEST_WORDS, digest, in_parts};
use crate::device::draw::{self, Distribution};
use crate::device::op::{Collective, Precision};
use crate::device::{Buf, Op, reference};
use crate::evidence::Canary;

/// Blocks that are computed between two signs of life: a CPU has a second or two of work with them.
const BLOCKS_AT_ONCE: u64 = 1024;

/// A collective and the buffers of every rank.
pub struct Work {
    pub kind: Collective,
    pub elements: u64,
    pub distribution: Distribution,
    seed: u64,
    bufs: Vec<[Buf; 2]>,
}

impl Work {
    /// Integers so small that sums of all ranks are exact in FP32, in whatever order they are added.
    pub fn distribution(ranks: u32) -> Distribution {
        Distribution::Integers { magnitude: ((1 << 24) / ranks.max(1)).clamp(1, 1 << 16) }
    }

    /// Lets every rank have what it gives, and something else in the place of what it will have; lends both.
    pub fn prepare(bench: &mut Bench, kind: Collective, elements: u64, seed: u64) -> Result<Self, Trouble> {
        let ranks = bench.ranks();
        let distribution = Self::distribution(ranks);
        let mut work = Self { kind, elements, distribution, seed, bufs: Vec::new() };
        let [gives, has] = kind.sizes(ranks, elements);
        for rank in 0..ranks {
            bench.turn_to(rank);
            bench.progress(0, None)?;
            let [from, to] = [bench.alloc(gives * 4)?, bench.alloc(has * 4)?];
            bench.once(&Op::Lend { from, to })?;
            work.bufs.push([from, to]);
        }
        bench.turn_to(0);
        // Before there is anything in them.
        bench.make_ready(&Op::Collective { kind, ranks, elements })?;
        work.each(bench, |bench, rank, [from, to]| {
            let (precision, seed) = (Precision::Fp32, work.seed_of(rank));
            bench.once(&Op::Draw { dst: *from, elements: gives, precision, distribution, seed })?;
            bench.once(&Op::Fill { dst: *to, words: has, first_word: 0, seed: !seed }).map(drop)
        })?;
        Ok(work)
    }

    pub fn free(self, bench: &mut Bench) {
        for (rank, bufs) in (0..).zip(self.bufs) {
            bench.turn_to(rank);
            bufs.into_iter().for_each(|buf| bench.free(buf));
        }
        bench.turn_to(0);
    }

    pub fn form(&self, bench: &Bench) -> Result<Tuned, Trouble> {
        bench.any_form(&Op::Collective { kind: self.kind, ranks: bench.ranks(), elements: self.elements })
    }

    fn seed_of(&self, rank: u32) -> u64 {
        draw::derived(self.seed, u64::from(rank))
    }

    /// Elements that one rank, and all together, have afterwards.
    pub fn results(&self) -> [u64; 2] {
        let ranks = self.bufs.len() as u32;
        let [_, has] = self.kind.sizes(ranks, self.elements);
        [has, has * u64::from(ranks)]
    }

    /// The word that `rank` must have at `index`.
    fn word(&self, rank: u32, index: u64) -> u32 {
        let given = |from, index| {
            let bits = draw::value_bits(Precision::Fp32, self.distribution, self.seed_of(from), index);
            f32::from_bits(bits as u32)
        };
        self.kind.element([self.bufs.len() as u32, rank], self.elements, index, &given).to_bits()
    }

    /// Whether all ranks must have the same.
    fn is_same(&self) -> bool {
        self.kind != Collective::ReduceScatter
    }

    /// Works with every rank in turn, and with the first again in the end.
    fn each(
        &self,
        bench: &mut Bench,
        mut with: impl FnMut(&mut Bench, u32, &[Buf; 2]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let all = (0..).zip(&self.bufs).try_for_each(|(rank, bufs)| {
            bench.turn_to(rank);
            bench.progress(0, None)?;
            with(bench, rank, bufs)
        });
        bench.turn_to(0);
        all
    }

    /// Reads all that every rank has.
    pub fn is_right(&self, bench: &mut Bench) -> Result<(), Trouble> {
        let [has, _] = self.results();
        self.each(bench, |bench, rank, [_, to]| {
            let bytes = bench.read(*to, 0, has * 4)?;
            let wrong = (0..)
                .zip(bytes.chunks_exact(4))
                .find(|(index, bytes)| self.word(rank, *index).to_le_bytes() != **bytes);
            wrong.map_or(Ok(()), |(index, bytes)| {
                Err(Trouble::Wrong(format!(
                    "after {} element {index} of device {rank} is wrong: expected {}, got {}",
                    self.kind.name(),
                    hex::encode(self.word(rank, index).to_le_bytes()),
                    hex::encode(bytes)
                )))
            })
        })
    }

    /// The digests that ranks must have, by their places; of one rank where all must have the same. Of whole blocks.
    pub fn digests(&self, bench: &mut Bench) -> Result<Vec<Vec<u8>>, Trouble> {
        let [has, _] = self.results();
        let ranks = if self.is_same() { 1 } else { self.bufs.len() as u32 };
        let (blocks, each) = (has / u64::from(DIGEST_WORDS), u64::from(DIGEST_WORDS));
        let mut digests = Vec::new();
        for rank in 0..ranks {
            let of_block = |block: u64| {
                let words = (block * each..(block + 1) * each).map(|index| self.word(rank, index));
                reference::digest(words).map(u32::to_le_bytes).concat()
            };
            let mut digest = Vec::new();
            for from in (0..blocks).step_by(BLOCKS_AT_ONCE as usize) {
                bench.progress(0, None)?;
                let parts = in_parts(BLOCKS_AT_ONCE.min(blocks - from), &|part| {
                    part.flat_map(|block| of_block(from + block)).collect::<Vec<u8>>()
                });
                digest.extend(parts.concat());
            }
            digests.push(digest);
        }
        Ok(digests)
    }

    /// Compares what every rank has with its digest.
    pub fn has(&self, bench: &mut Bench, digests: &[Vec<u8>]) -> Result<(), Trouble> {
        let [has, _] = self.results();
        self.each(bench, |bench, rank, [_, to]| {
            let expected = &digests[rank as usize % digests.len()];
            let got = digest(bench, *to, has * 4)?;
            let wrong =
                got.chunks_exact(8).zip(expected.chunks_exact(8)).position(|(got, expected)| got != expected);
            match wrong {
                None if got.len() == expected.len() => Ok(()),
                _ => Err(Trouble::Wrong(format!(
                    "after {} the result of device {rank} is wrong in block {} of {}",
                    self.kind.name(),
                    wrong.unwrap_or_default(),
                    expected.len() / 8
                ))),
            }
        })
    }

    /// Flips a bit of the result of every rank.
    pub fn spoil(&self, bench: &mut Bench) -> Result<(), Trouble> {
        let [has, _] = self.results();
        self.each(bench, |bench, _, [_, to]| {
            bench.once(&Op::Flip { dst: *to, word: has / 2, mask: 1 << 20 }).map(drop)
        })
    }

    /// Whether `look` notices one flipped bit on the last rank; it is flipped back.
    pub fn planted(
        &self,
        bench: &mut Bench,
        look: impl Fn(&mut Bench) -> Result<(), Trouble>,
    ) -> Result<Canary, Trouble> {
        let [has, _] = self.results();
        let last = self.bufs.len() as u32 - 1;
        let flip = Op::Flip { dst: self.bufs[last as usize][1], word: has / 2, mask: 1 << 20 };
        bench.turn_to(last);
        bench.once(&flip)?;
        let seen = look(bench);
        bench.turn_to(last);
        bench.once(&flip)?;
        bench.turn_to(0);
        match seen {
            Err(Trouble::Wrong(_)) => Ok(Canary::Caught),
            Ok(()) => Ok(Canary::Missed),
            Err(other) => Err(other),
        }
    }
}
