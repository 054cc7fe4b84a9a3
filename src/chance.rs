//! Counts that chance decides: their distributions, and the exact intervals of the shares and rates behind them. Pure.
//!
//! Single chances come from Loader's saddle-point form ("Fast and accurate computation of binomial probabilities",
//! 2000), which takes no differences of large logarithms, so that lots of a million lose no digits. Tails are sums that
//! start at the greatest term and end where terms no longer count.

use std::f64::consts::TAU;

use libm::{exp, log, log1p};

/// A count with one peak in its distribution.
pub trait Count {
    /// The chance of exactly `k`.
    fn exactly(&self, k: u64) -> f64;

    /// `exactly(k + 1)` over `exactly(k)`, where the latter is above 0.
    fn step(&self, k: u64) -> f64;

    fn mean(&self) -> f64;

    /// The chance of `k` or fewer.
    fn at_most(&self, k: u64) -> f64 {
        // The side without the peak is the one that is added up without loss.
        if k as f64 >= self.mean() { 1.0 - self.upwards(k + 1) } else { self.downwards(k) }
    }

    /// The chance of `k` or more.
    fn at_least(&self, k: u64) -> f64 {
        match k.checked_sub(1) {
            None => 1.0,
            Some(below) if (below as f64) < self.mean() => 1.0 - self.downwards(below),
            Some(_) => self.upwards(k),
        }
    }

    /// All from `k` on, which must lie at or above the peak.
    fn upwards(&self, mut k: u64) -> f64 {
        let (mut term, mut sum) = (self.exactly(k), 0.0);
        while term > sum * f64::EPSILON / 16.0 {
            sum += term;
            term *= self.step(k);
            k += 1;
        }
        sum
    }

    /// All up to `k`, which must lie at or below the peak.
    fn downwards(&self, mut k: u64) -> f64 {
        let (mut term, mut sum) = (self.exactly(k), 0.0);
        while term > sum * f64::EPSILON / 16.0 {
            sum += term;
            if k == 0 {
                break;
            }
            k -= 1;
            term /= self.step(k);
        }
        sum
    }
}

/// Hits in `of` trials that each hit with the chance `share`.
#[derive(Clone, Copy, Debug)]
pub struct Binomial {
    pub of: u64,
    pub share: f64,
}

impl Count for Binomial {
    fn exactly(&self, k: u64) -> f64 {
        binomial(k, self.of, self.share, 1.0 - self.share)
    }

    fn step(&self, k: u64) -> f64 {
        (self.of as f64 - k as f64) / (k as f64 + 1.0) * (self.share / (1.0 - self.share))
    }

    fn mean(&self) -> f64 {
        self.of as f64 * self.share
    }
}

/// Events that come one by one and independently, so many on average.
#[derive(Clone, Copy, Debug)]
pub struct Poisson {
    pub mean: f64,
}

impl Count for Poisson {
    fn exactly(&self, k: u64) -> f64 {
        if k == 0 {
            return exp(-self.mean);
        }
        exp(-stirling_error(k) - deviance(k as f64, self.mean)) / (TAU * k as f64).sqrt()
    }

    fn step(&self, k: u64) -> f64 {
        self.mean / (k as f64 + 1.0)
    }

    fn mean(&self) -> f64 {
        self.mean
    }
}

/// Bad ones among `drawn` that are drawn, without putting any back, from a lot of which `bad` are.
#[derive(Clone, Copy, Debug)]
pub struct Hypergeometric {
    pub lot: u64,
    pub bad: u64,
    pub drawn: u64,
}

impl Count for Hypergeometric {
    fn exactly(&self, k: u64) -> f64 {
        let Self { lot, bad, drawn } = *self;
        if k > bad || k > drawn || drawn - k > lot - bad {
            return 0.0;
        }
        // As if every node were drawn by itself with the same chance, given that so many were drawn.
        let (drawn_share, left_share) = (drawn as f64 / lot as f64, (lot - drawn) as f64 / lot as f64);
        let of = |k, of| binomial(k, of, drawn_share, left_share);
        of(k, bad) * of(drawn - k, lot - bad) / of(drawn, lot)
    }

    fn step(&self, k: u64) -> f64 {
        let [lot, bad, drawn, k] = [self.lot, self.bad, self.drawn, k].map(|n| n as f64);
        (bad - k) * (drawn - k) / ((k + 1.0) * (lot - bad - drawn + k + 1.0))
    }

    fn mean(&self) -> f64 {
        self.bad as f64 * (self.drawn as f64 / self.lot as f64)
    }
}

/// The exact (Clopper-Pearson) interval of a share at this confidence, after `hits` in `of` trials.
pub fn share_interval(hits: u64, of: u64, confidence: f64) -> (f64, f64) {
    let tail = (1.0 - confidence) / 2.0;
    let count = |share| Binomial { of, share };
    let low = if hits == 0 { 0.0 } else { turn(1.0, |share| count(share).at_least(hits) < tail) };
    let high = if hits >= of { 1.0 } else { turn(1.0, |share| count(share).at_most(hits) > tail) };
    (low, high)
}

/// The mean time between failures that is reached at least, at this confidence, after `events` in `exposure`: the one-sided
/// lower bound, in the unit of `exposure`. The failures must come at a constant rate, and the time of looking be chosen
/// without regard to them.
pub fn mtbf_at_least(events: u64, exposure: f64, confidence: f64) -> f64 {
    exposure / most_expected(events, confidence)
}

/// The largest number of events to expect where so many came, with this confidence: the mean of a Poisson distribution that gives so
/// few or fewer that seldom (Garwood, Biometrika 28, 1936). Three where there were none, with 95 %.
pub fn most_expected(events: u64, confidence: f64) -> f64 {
    greatest_mean(events, 1.0 - confidence)
}

/// From here on tails are not added up, which would take long, but bounded by Chernoff's inequality: means come out greater by
/// less than 0.01 %.
const MANY: u64 = 100_000_000;

/// The mean above which so many events or fewer have a chance below `tail`.
fn greatest_mean(events: u64, tail: f64) -> f64 {
    let at_most = |mean| match events {
        MANY.. if mean <= events as f64 => 1.0,
        MANY.. => exp(-deviance(events as f64, mean)),
        _ => Poisson { mean }.at_most(events),
    };
    let is_below = |mean| at_most(mean) > tail;
    let mut top = events as f64 + 1.0;
    while is_below(top) {
        top *= 2.0;
    }
    turn(top, is_below)
}

/// Where between 0 and `top` `is_below` ceases to hold, to the last bit.
fn turn(top: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, top);
    loop {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        *(if is_below(middle) { &mut low } else { &mut high }) = middle;
    }
}

/// The chance of `k` hits in `n` trials with these chances to hit and to miss; both are given, since one may be so small
/// that it is lost in the difference of the other from 1.
fn binomial(k: u64, n: u64, hit: f64, miss: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    if k == 0 || k == n {
        let (each, other) = if k == 0 { (miss, hit) } else { (hit, miss) };
        // The logarithm of a chance near 1 is that of what it lacks.
        return if n == 0 {
            1.0
        } else if other < 0.5 {
            exp(n as f64 * log1p(-other))
        } else {
            exp(n as f64 * log(each))
        };
    }
    let (of, hits, misses) = (n as f64, k as f64, (n - k) as f64);
    let errors = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
    let exponent = errors - deviance(hits, of * hit) - deviance(misses, of * miss);
    exp(exponent) * (of / (TAU * hits * misses)).sqrt()
}

/// How far the logarithm of n! lies above that of Stirling's formula; n is above 0.
fn stirling_error(n: u64) -> f64 {
    let x = n as f64;
    if n < 16 {
        let factorial: u64 = (1..=n).product();
        return log(factorial as f64) - (x + 0.5) * log(x) + x - log(TAU) / 2.0;
    }
    let y = 1.0 / (x * x);
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - y / 1188.0) * y) * y) * y) / x
}

/// `x ln(x / mean) + mean - x`, also where the two are near to one another.
fn deviance(x: f64, mean: f64) -> f64 {
    let near = (x - mean) / (x + mean);
    if near.abs() >= 0.1 {
        return x * log(x / mean) + mean - x;
    }
    let (mut sum, mut power, mut odd) = ((x - mean) * near, 2.0 * x * near, 1.0);
    loop {
        power *= near * near;
        odd += 2.0;
        let next = sum + power / odd;
        if next == sum {
            return sum;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-4
    }

    /// To twelve digits.
    fn same(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
    }

    #[test]
    fn intervals_of_shares_are_those_of_the_tables() {
        let table = [
            ((0, 10), (0.0, 0.3085)),
            ((1, 10), (0.0025, 0.4450)),
            ((5, 10), (0.1871, 0.8129)),
            ((10, 10), (0.6915, 1.0)),
        ];
        for ((hits, of), (low, high)) in table {
            let found = share_interval(hits, of, 0.95);
            assert!(near(found.0, low) && near(found.1, high), "{hits} of {of}: {found:?}");
        }
        let (low, high) = share_interval(0, 20_000, 0.99);
        assert!(low == 0.0 && same(high, -libm::expm1(log(0.005) / 20_000.0)), "{high}");
        assert_eq!(share_interval(0, 0, 0.95), (0.0, 1.0));
    }

    #[test]
    fn bounds_of_rates_are_those_of_the_tables() {
        // The upper ends of intervals on both sides, with 95 %.
        for (events, high) in [(0, 3.6889), (1, 5.5716), (5, 11.6683), (10, 18.3904), (100, 121.6268)] {
            let found = most_expected(events, 0.975);
            assert!(near(found, high), "{events}: {found:?}");
            assert!(same(8000.0 / mtbf_at_least(events, 8000.0, 0.975), found));
        }
        // Half the quantiles of chi-square with 2 (r + 1) degrees of freedom.
        for (events, confidence, mean) in
            [(0, 0.6, 0.9163), (0, 0.95, 2.9957), (1, 0.9, 3.8897), (5, 0.9, 9.2747)]
        {
            let found = mtbf_at_least(events, 1000.0, confidence);
            assert!(near(1000.0 / found, mean), "{events}, {confidence}: {found}");
        }
    }

    #[test]
    fn what_is_to_be_expected_is_as_in_the_tables() {
        for (seen, expected) in
            [(0, 2.9957), (1, 4.7439), (2, 6.2958), (10, 16.9622), (50, 63.2871), (1000, 1053.6)]
        {
            let most = most_expected(seen, 0.95);
            assert!((most / expected - 1.0).abs() < 1e-4, "{seen}: {most}");
        }
        assert!((most_expected(1_000_000, 0.95) / 1_001_646.0 - 1.0).abs() < 1e-4);
    }

    #[test]
    fn very_many_events_take_no_time_and_lose_little() {
        let bound = |events: u64| most_expected(events, 0.95) / events as f64;
        let (exact, bounded) = (bound(MANY - 1), bound(MANY));
        assert!(exact < bounded && bounded < exact * 1.0001, "{exact} {bounded}");
        assert!((bound(u64::MAX) - 1.0).abs() < 1e-8);
    }

    /// Without factorials: the share of all ways to draw, each counted.
    #[test]
    fn the_hypergeometric_distribution_is_what_enumeration_finds() {
        for lot in 1..=9u64 {
            for (bad, drawn) in (0..=lot).flat_map(|bad| (0..=lot).map(move |drawn| (bad, drawn))) {
                let count = Hypergeometric { lot, bad, drawn };
                let ways = || (0..1u32 << lot).filter(|way| u64::from(way.count_ones()) == drawn);
                let share = |holds: &dyn Fn(u64) -> bool| {
                    let found = |way: u32| u64::from((way & ((1 << bad) - 1)).count_ones());
                    ways().filter(|way| holds(found(*way))).count() as f64 / ways().count() as f64
                };
                for k in 0..=lot + 1 {
                    let all = [count.exactly(k), count.at_most(k), count.at_least(k)];
                    let expected = [share(&|x| x == k), share(&|x| x <= k), share(&|x| x >= k)];
                    let is_near = all.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-13);
                    assert!(is_near, "{count:?}, {k}: {all:?} {expected:?}");
                }
            }
        }
    }

    #[test]
    fn large_lots_lose_no_digits() {
        // One bad node in a million: drawn with the share of nodes that are.
        let one = Hypergeometric { lot: 1_000_000, bad: 1, drawn: 123_456 };
        assert!(same(one.exactly(1), 0.123456) && same(one.exactly(0), 0.876544));
        // Two of them: by hand.
        let two = Hypergeometric { bad: 2, ..one };
        assert!(same(two.exactly(2), 0.123456 * 123_455.0 / 999_999.0), "{}", two.exactly(2));
        // Drawing and being bad are the same relation, seen from either side.
        let count = Hypergeometric { lot: 1_000_000, bad: 20_000, drawn: 3_000 };
        let turned = Hypergeometric { bad: 3_000, drawn: 20_000, ..count };
        for k in [0, 30, 60, 61, 90] {
            assert!(same(count.exactly(k), turned.exactly(k)), "{k}");
        }
        let sum: f64 = (0..=3_000).map(|k| count.exactly(k)).sum();
        assert!(same(sum, 1.0), "{sum}");
        assert!(same(count.at_most(60) + count.at_least(61), 1.0));
    }

    #[test]
    fn tails_add_up_and_sure_things_are_sure() {
        let half = Binomial { of: 2, share: 0.5 };
        assert!(same(half.at_least(1), 0.75) && same(half.at_most(1), 0.75) && half.at_least(0) == 1.0);
        for share in [0.0, 1.0] {
            let sure = Binomial { of: 5, share };
            let hits = if share == 0.0 { 0 } else { 5 };
            assert_eq!((sure.exactly(hits), sure.at_least(hits), sure.at_most(hits)), (1.0, 1.0, 1.0));
        }
        // 1 - 0.999999^1000000, and the chance of no event in 700 times its mean time.
        let rare = Binomial { of: 1_000_000, share: 1e-6 };
        assert!(same(rare.at_least(1), -libm::expm1(1e6 * log1p(-1e-6))));
        assert!(same(Poisson { mean: 700.0 }.at_most(0), exp(-700.0)));
        let sum: f64 = (0..200).map(|k| Poisson { mean: 50.0 }.exactly(k)).sum();
        assert!(same(sum, 1.0) && same(Poisson { mean: 50.0 }.at_most(199), 1.0));
    }
}
