//! Statistics over samples. Pure; the verifier runs the same code.
//! Owns quantiles and summaries; must not know what the numbers mean.

use serde::{Deserialize, Serialize};

/// The statistic that a clause is judged on. None counts the better half of the samples alone: contracts that ask for it are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stat {
    Min,
    P1,
    P5,
    P50,
    Mean,
    /// All work over all time: the harmonic mean of rates. What it demands is decided on an interval.
    Delivered,
    P95,
    P99,
    Max,
    /// The last in time: what is left of a rate after hours.
    Last,
}

impl Stat {
    pub const ALL: [Stat; 10] = [
        Stat::Min,
        Stat::P1,
        Stat::P5,
        Stat::P50,
        Stat::Mean,
        Stat::Delivered,
        Stat::P95,
        Stat::P99,
        Stat::Max,
        Stat::Last,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Stat::Min => "min",
            Stat::P1 => "p1",
            Stat::P5 => "p5",
            Stat::P50 => "p50",
            Stat::Mean => "mean",
            Stat::Delivered => "delivered",
            Stat::P95 => "p95",
            Stat::P99 => "p99",
            Stat::Max => "max",
            Stat::Last => "last",
        }
    }

    /// The statistic of `values`; `None` where there are none or one is not finite.
    pub fn of(self, values: &[f64]) -> Option<f64> {
        if values.is_empty() || values.iter().any(|v| !v.is_finite()) {
            return None;
        }
        if self == Stat::Last {
            return values.last().copied();
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(self.of_sorted(&sorted))
    }

    fn of_sorted(self, sorted: &[f64]) -> f64 {
        let rank = |percent: f64| {
            // Nearest rank: the smallest value that at least this share of the samples does not exceed.
            let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
            sorted[rank.clamp(1, sorted.len()) - 1]
        };
        match self {
            Stat::Min => sorted[0],
            Stat::P1 => rank(1.0),
            Stat::P5 => rank(5.0),
            Stat::P50 => rank(50.0),
            Stat::Mean => sorted.iter().sum::<f64>() / sorted.len() as f64,
            Stat::Delivered => sorted.len() as f64 / sorted.iter().map(|rate| 1.0 / rate).sum::<f64>(),
            Stat::P95 => rank(95.0),
            Stat::P99 => rank(99.0),
            Stat::Max | Stat::Last => sorted[sorted.len() - 1],
        }
    }
}

/// What a report prints of a series of samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    pub count: u64,
    pub min: f64,
    pub p5: f64,
    pub p50: f64,
    pub mean: f64,
    pub p95: f64,
    pub max: f64,
}

impl Summary {
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            count: sorted.len() as u64,
            min: Stat::Min.of_sorted(&sorted),
            p5: Stat::P5.of_sorted(&sorted),
            p50: Stat::P50.of_sorted(&sorted),
            mean: Stat::Mean.of_sorted(&sorted),
            p95: Stat::P95.of_sorted(&sorted),
            max: Stat::Max.of_sorted(&sorted),
        })
    }
}

/// Between the two in the middle where there are two: of two values neither is the measure of the other.
pub fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some((values[last / 2] + values[last.div_ceil(2)]) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank_by_hand() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(Stat::P5.of(&values), Some(1.0));
        assert_eq!(Stat::P50.of(&values), Some(10.0));
        assert_eq!(Stat::P95.of(&values), Some(19.0));
        assert_eq!(Stat::Mean.of(&values), Some(10.5));
        assert_eq!(Stat::P99.of(&[7.0]), Some(7.0));
        assert_eq!(Stat::Delivered.of(&[2.0, 6.0]), Some(3.0));
    }

    #[test]
    fn nothing_and_nonsense_have_no_statistic() {
        for stat in Stat::ALL {
            assert_eq!(stat.of(&[]), None);
            assert_eq!(stat.of(&[1.0, f64::NAN]), None);
            assert_eq!(stat.of(&[1.0, f64::INFINITY]), None);
        }
        assert_eq!(Summary::of(&[]), None);
    }
}
