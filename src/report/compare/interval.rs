//! The interval of a ratio of two medians, from samples that follow each other in time. Repeatable: no chance from outside.
//! Owns the resampling; must not know what the numbers mean.

use super::{Because, Ratio, When};
use crate::device::draw::derived;
use crate::evidence::stats::Stat;

/// The share of cases in which the interval covers the true ratio, for samples that are as steady as they look.
pub const LEVEL: f64 = 0.99;
/// Fewer samples give no interval.
pub const SAMPLES_MIN: usize = 8;

const RESAMPLES: usize = 2000;

/// Medians of blocks drawn again and again (circular block bootstrap): neighbours stay together, because heat and clocks
/// make them alike, and samples that are alike say less than as many independent ones. `name` picks the draws.
pub(super) fn ratio_of_medians(before: &[f64], after: &[f64], name: &str) -> Result<Ratio, Because> {
    for (samples, when) in [(before, When::Before), (after, When::After)] {
        if samples.len() < SAMPLES_MIN {
            let samples = samples.len();
            return Err(Because::TooFewSamples { when, samples, needed: SAMPLES_MIN });
        }
    }
    let medians = Stat::P50.of(before).zip(Stat::P50.of(after)).filter(|(a, b)| *a > 0.0 && *b > 0.0);
    let (a, b) = medians.ok_or(Because::NothingAboveZero)?;
    let mut draws = Draws::of(name);
    let (from, to) = (block_length(before), block_length(after));
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| resampled_median(after, to, &mut draws) / resampled_median(before, from, &mut draws))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| ratios[((share * RESAMPLES as f64) as usize).min(RESAMPLES - 1)];
    let tail = (1.0 - LEVEL) / 2.0;
    let value = b / a;
    Ok(Ratio { value, low: at(tail).min(value), high: at(1.0 - tail).max(value) })
}

/// Long enough that blocks hardly depend on each other: some times the stretch over which samples remember, at least the
/// cube root of their number, at most a quarter of them.
fn block_length(samples: &[f64]) -> usize {
    let n = samples.len();
    let least = (n as f64).cbrt().ceil();
    (3.0 * memory(samples)).ceil().clamp(least, (n as f64 / 4.0).max(least)) as usize
}

/// Over how many samples they remember (integrated autocorrelation time): 1 for independent ones. The sum ends where
/// correlation is no more than chance gives. Of ranks, so that one wild sample does not hide the rest.
fn memory(samples: &[f64]) -> f64 {
    let ranks = ranks(samples);
    let n = ranks.len() as f64;
    let mean = (n - 1.0) / 2.0;
    let product =
        |lag: usize| ranks.iter().zip(&ranks[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let whole = product(0);
    let chance = 2.0 / n.sqrt();
    let correlations = (1..ranks.len() / 2).map(|lag| product(lag) / whole).take_while(|r| *r > chance);
    1.0 + 2.0 * correlations.sum::<f64>()
}

/// Equal samples share their mean rank.
fn ranks(samples: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.sort_by(|a, b| samples[*a].total_cmp(&samples[*b]));
    let mut ranks = vec![0.0; samples.len()];
    let mut first = 0;
    for alike in order.chunk_by(|a, b| samples[*a] == samples[*b]) {
        let rank = first as f64 + (alike.len() as f64 - 1.0) / 2.0;
        alike.iter().for_each(|index| ranks[*index] = rank);
        first += alike.len();
    }
    ranks
}

fn resampled_median(samples: &[f64], block: usize, draws: &mut Draws) -> f64 {
    let n = samples.len();
    let mut drawn = Vec::with_capacity(n + block);
    while drawn.len() < n {
        let start = draws.below(n);
        drawn.extend((start..start + block).map(|index| samples[index % n]));
    }
    drawn.truncate(n);
    let middle = n.div_ceil(2) - 1;
    *drawn.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Numbers that look random and are always the same.
pub(super) struct Draws {
    seed: u64,
    drawn: u64,
}

impl Draws {
    pub(super) fn of(name: &str) -> Self {
        let seed = name.bytes().fold(0, |seed, byte| derived(seed, byte.into()));
        Self { seed, drawn: 0 }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.drawn += 1;
        derived(self.seed, self.drawn)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}
