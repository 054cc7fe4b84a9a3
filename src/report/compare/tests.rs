//! What the interval of a ratio promises, on samples whose truth is known.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::interval::{LEVEL, ratio_of_means};
use super::{Asked, Change, Ratio, counted, decide, of_samples};
use crate::chance::{Binomial, Count};
use crate::device::draw::derived;
use crate::evidence::metric::{Better, MetricName};

/// Numbers that look random and are always the same.
struct Draws {
    seed: u64,
    drawn: u64,
}

impl Draws {
    fn of(name: &str) -> Self {
        let seed = name.bytes().fold(0, |seed, byte| derived(seed, byte.into()));
        Self { seed, drawn: 0 }
    }

    fn next(&mut self) -> u64 {
        self.drawn += 1;
        derived(self.seed, self.drawn)
    }
}

/// Samples around `level` with a noise of `share`, each of which keeps `keeps` of the deviation of the one before.
fn samples(draws: &mut Draws, n: usize, level: f64, share: f64, keeps: f64) -> Vec<f64> {
    let mut deviation = 0.0;
    let fresh = (1.0 - keeps * keeps).sqrt();
    let mut next = || {
        // The sum of twelve draws is close enough to a bell.
        let bell: f64 = (0..12).map(|_| (draws.next() >> 11) as f64 / (1u64 << 53) as f64).sum::<f64>() - 6.0;
        deviation = keeps * deviation + fresh * bell;
        level * (1.0 + share * deviation)
    };
    (0..n).map(|_| next()).collect()
}

/// How often the interval of a ratio that is 1 does not cover 1, in so many pairs of series.
fn misses(n: usize, keeps: f64) -> u64 {
    let mut draws = Draws::of("misses");
    let missed = |draws: &mut Draws| {
        let (a, b) = (samples(draws, n, 1e12, 0.02, keeps), samples(draws, n, 1e12, 0.02, keeps));
        let ratio = ratio_of_means(&a, &b, 1.0 - LEVEL).unwrap();
        ratio.low > 1.0 || ratio.high < 1.0
    };
    (0..PAIRS).filter(|_| missed(&mut draws)).count() as u64
}

const PAIRS: u64 = 4000;

/// No more often than is promised: a right program fails here once in a million times at most.
#[test]
fn intervals_miss_no_more_often_than_they_say() {
    for n in [8, 20, 50, 120] {
        for keeps in [0.0, 0.8] {
            let missed = misses(n, keeps);
            let chance = Binomial { of: PAIRS, share: 1.0 - LEVEL }.at_least(missed);
            assert!(chance > 1e-6 / 8.0, "{n} samples, {keeps}: {missed} of {PAIRS} missed");
        }
    }
}

const ERROR: f64 = 1.0 - LEVEL;

/// What a comparison of so many rows says of one.
fn verdict(a: &[f64], b: &[f64], rows: f64) -> Change {
    let asked = Asked { width: 0.01, error: ERROR / rows };
    of_samples(a, b, &MetricName::parse("stream.triad.rate").unwrap(), asked).0
}

#[test]
fn a_change_is_seen_and_the_same_twice_is_the_same() {
    let mut draws = Draws::of("change");
    let before = samples(&mut draws, 60, 4e12, 0.005, 0.3);
    let slower = samples(&mut draws, 60, 3.8e12, 0.005, 0.3);
    assert_eq!(verdict(&before, &before, 1.0), Change::Same);
    assert_eq!(verdict(&before, &slower, 1.0), Change::Degraded);
    assert_eq!(verdict(&slower, &before, 1.0), Change::Improved);
    assert!(ratio_of_means(&before[..7], &slower, ERROR).is_err());
    assert!(ratio_of_means(&[0.0; 9], &slower, ERROR).is_err());
}

/// Quick runs take eight samples, and a node has hundreds of metrics.
#[test]
fn a_short_series_shows_a_gross_change_and_nothing_less() {
    let mut draws = Draws::of("gross");
    let of = |draws: &mut Draws, level| samples(draws, 8, level, 0.003, 0.3);
    let (before, slower, slow) = (of(&mut draws, 4e12), of(&mut draws, 3.9e12), of(&mut draws, 3.2e12));
    assert_eq!(verdict(&before, &slower, 240.0), Change::Undecided);
    assert_eq!(verdict(&before, &slow, 240.0), Change::Degraded);
    assert_eq!(verdict(&[4e12; 8], &[4e12; 8], 240.0), Change::Same);
}

/// The more is compared, the less each row says, since one that degraded decides.
#[test]
fn rows_share_the_chance_to_err() {
    let mut draws = Draws::of("rows");
    let (a, b) = (samples(&mut draws, 60, 4e12, 0.02, 0.3), samples(&mut draws, 60, 4e12, 0.02, 0.3));
    let width = |error: f64| ratio_of_means(&a, &b, error).map(|ratio| ratio.high - ratio.low).unwrap();
    assert!(width(ERROR / 240.0) > 1.3 * width(ERROR), "{} {}", width(ERROR / 240.0), width(ERROR));
}

/// By hand: a variance of 12 / 7, nineteen times as much for what hangs together, of eight samples, Student's 3.499 for 7 degrees of
/// freedom, and two such series.
#[test]
fn an_interval_is_as_wide_as_it_is_by_hand() {
    let before = [100.0, 101.0, 99.0, 100.0, 102.0, 98.0, 101.0, 99.0];
    let Ratio { value, low, high } = ratio_of_means(&before, &before.map(|x| 2.0 * x), 0.01).unwrap();
    let reach = 2f64.sqrt() * 3.499 * (12.0 / 7.0 * 19.0 / 8.0f64).sqrt() / 100.0;
    assert_eq!(value, 2.0);
    for far in [libm::log(high / value), libm::log(value / low)] {
        // Our quantiles are on the safe side of the tables'.
        assert!((1.0..1.04).contains(&(far / reach)), "{far} and {reach}");
    }
}

#[test]
fn the_whole_interval_decides() {
    let change = |low: f64, high: f64| decide(Ratio { value: 1.0, low, high }, Better::More, 0.01).0;
    // What ends at the width lies neither below nor above it.
    assert_eq!(change(0.95, 0.99), Change::Undecided);
    assert_eq!(change(0.99, 1.005), Change::Same);
    assert_eq!(change(1.01, 1.5), Change::Same);
    assert_eq!(change(0.95, 0.98), Change::Degraded);
    assert_eq!(change(0.95, 0.995), Change::Undecided);
    assert_eq!(change(0.95, 1.5), Change::Undecided);
    assert_eq!(change(0.995, 1.005), Change::Same);
    assert_eq!(change(0.995, 1.5), Change::Same);
    assert_eq!(change(1.02, 1.5), Change::Improved);
    let latency = |low: f64, high: f64| decide(Ratio { value: 1.0, low, high }, Better::Less, 0.01).0;
    assert_eq!(latency(1.02, 1.05), Change::Degraded);
    assert_eq!(latency(0.5, 0.9), Change::Improved);
    assert_eq!(latency(1.0, 1.05), Change::Undecided);
}

/// A card that lost units is no better for it, whatever else is counted.
#[test]
fn fewer_errors_are_better_and_fewer_units_are_not() {
    let change =
        |metric: &str, before, after| counted(before, after, &MetricName::parse(metric).unwrap(), 0.01).0;
    for (metric, fewer, more) in [
        ("memory.errors.count", Change::Improved, Change::Degraded),
        ("census.units.count", Change::Degraded, Change::Improved),
    ] {
        assert_eq!(change(metric, 132, 131), fewer, "{metric}");
        assert_eq!(change(metric, 131, 132), more, "{metric}");
        assert_eq!(change(metric, 132, 132), Change::Same, "{metric}");
    }
    assert_eq!(change("memory.filled.bytes", 1000, 999), Change::Same);
    assert_eq!(change("memory.filled.bytes", 1000, 900), Change::Degraded);
}
