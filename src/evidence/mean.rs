//! The mean of what follows in time, and how far off it may be: neighbours that are alike say less than as many that are not.
//! Owns what a series says of its own mean; must not know what is decided on it.

use std::f64::consts::TAU;

/// As soon as there are so many batches, each two become one.
pub const BATCHES: usize = 64;
/// The correlation of neighbours is believed to be higher than it seems by so many standard errors.
const CORRELATION_ERRORS: f64 = 2.0;
/// What differs by so small a share of the mean is equal: far more than rounding adds to sums of thousands, far less than any
/// clock shows.
const ROUNDING: f64 = 1e-12;

/// What batches of equal length, in the order of time, say of their mean.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    pub value: f64,
    /// An upper estimate of the correlation of neighbours, which may lie above 1.
    pub correlation: f64,
    variance: f64,
    count: f64,
}

impl Mean {
    /// Of at least two batches.
    pub fn of(batches: &[f64]) -> Self {
        let count = batches.len() as f64;
        let value = batches.iter().sum::<f64>() / count;
        let from_mean: Vec<f64> = batches.iter().map(|batch| batch - value).collect();
        let squares: f64 = from_mean.iter().map(|d| d * d).sum();
        // Sums of equal times differ by rounding, and all the same way: no correlation of theirs means anything.
        let squares = if squares <= count * (ROUNDING * value).powi(2) { 0.0 } else { squares };
        let correlation = correlation_at_most(&from_mean, squares);
        Self { value, correlation, variance: squares / (count - 1.0), count }
    }

    /// How far the true mean may lie to either side, as a share of this one, where neighbours correlate by `correlation` below 1, as
    /// in an autoregressive series. `quantile` is the normal one of the chance that each side may have.
    pub fn reach(&self, quantile: f64, correlation: f64) -> f64 {
        let variance = self.variance * (1.0 + correlation) / (1.0 - correlation);
        student_quantile(quantile, self.count - 1.0) * (variance / self.count).sqrt() / self.value
    }
}

/// Each two neighbours as one; what is left over at the end is dropped.
pub fn paired(batches: &[f64]) -> Vec<f64> {
    batches.chunks_exact(2).map(|pair| pair.iter().sum()).collect()
}

/// An upper estimate of the correlation of neighbours. The first two terms are the estimate and its known bias.
fn correlation_at_most(from_mean: &[f64], squares: f64) -> f64 {
    let count = from_mean.len() as f64;
    let products: f64 = from_mean.windows(2).map(|pair| pair[0] * pair[1]).sum();
    // Samples that are all alike hang together in no way that shows.
    let seen = if squares > 0.0 { products / squares } else { 0.0 };
    (seen + (1.0 + 3.0 * seen.max(0.0)) / count + CORRELATION_ERRORS / count.sqrt()).max(0.0)
}

/// What a standard normal variable exceeds with at most the chance `tail`: from the bound density / z on that chance
/// (Gordon, 1941), which is exact to 1 % for what is asked here.
pub fn normal_quantile(tail: f64) -> f64 {
    (0..60).fold(3.0, |z: f64, _| (-2.0 * libm::log(tail * z * TAU.sqrt())).max(1.0).sqrt())
}

/// Student's quantile that belongs to a normal one (Wallace, Annals of Mathematical Statistics 30, 1959).
fn student_quantile(normal: f64, freedom: f64) -> f64 {
    let z = normal * (8.0 * freedom + 3.0) / (8.0 * freedom + 1.0);
    (freedom * libm::expm1(z * z / freedom)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (tail, exact) in [(1e-3, 3.0902), (1e-5, 4.2649), (1e-7, 5.1993)] {
            let z = normal_quantile(tail);
            assert!(z >= exact && z < exact * 1.02, "{tail}: {z}");
        }
        // One chance in a thousand, and in a hundred thousand, with 19 degrees of freedom; and in 200 with seven.
        for (normal, freedom, exact) in
            [(3.0902, 19.0, 3.5794), (4.2649, 19.0, 5.6268), (2.5758, 7.0, 3.4995)]
        {
            let t = student_quantile(normal, freedom);
            assert!((t / exact - 1.0).abs() < 0.01, "{normal}: {t}");
        }
    }
}
