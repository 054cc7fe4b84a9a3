//! How long each of many times was, as a histogram. Owns its shape and the figures that follow, which the verifier computes
//! as well.

use serde::{Deserialize, Serialize};

use super::sustain::four_digits;

/// Times in nanoseconds to four digits, ascending, and how many there were of each. Empty where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lengths {
    pub times: Vec<(u64, u64)>,
}

/// More times than any census sees.
const TIMES_MAX: u64 = 100_000;

impl Lengths {
    pub fn of(all_ns: impl Iterator<Item = u64>) -> Self {
        let mut times = std::collections::BTreeMap::new();
        for ns in all_ns {
            *times.entry(four_digits(ns)).or_insert(0) += 1;
        }
        Self { times: times.into_iter().collect() }
    }

    pub fn count(&self) -> u64 {
        self.times.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// One figure for each time, in nanoseconds; a single 0 where there was none, so that a bound holds. None at all where there are
    /// more than a census sees: nobody measured those.
    pub fn figures(&self) -> Vec<f64> {
        match self.count() {
            0 => vec![0.0],
            1..=TIMES_MAX => self.times.iter().flat_map(|(ns, n)| (0..*n).map(|_| *ns as f64)).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_to_four_digits_and_counted() {
        let lengths = Lengths::of([2_003_999, 1_500_000, 2_003_001].into_iter());
        assert_eq!(lengths.times, [(1_500_000, 1), (2_004_000, 2)]);
        assert_eq!(lengths.figures(), [1.5e6, 2.004e6, 2.004e6]);
    }

    #[test]
    fn no_time_is_shorter_than_any_and_too_many_are_no_figure() {
        assert_eq!(Lengths::default().figures(), [0.0]);
        let of = |times: &[(u64, u64)]| Lengths { times: times.to_vec() }.figures();
        assert_eq!(of(&[(1, u64::MAX)]), [0.0; 0]);
        assert_eq!(of(&[(1, u64::MAX), (2, u64::MAX)]), [0.0; 0]);
    }
}
