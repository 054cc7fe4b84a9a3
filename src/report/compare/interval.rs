//! The interval of a ratio of two means, from samples that follow each other in time.
//! Owns how wide it is; must not know what the numbers mean.
//!
//! Heat and clocks make neighbours alike, and samples that are alike say less than as many independent ones. How much they hang
//! together is itself known badly, from eight samples not at all: it is estimated from above, or the worst is assumed. So a short
//! series shows only gross changes. A bootstrap of so few samples looks far surer than it is, and missed in a third of cases.

use super::{Because, Ratio, When};
use crate::evidence::mean::{BATCHES, Mean, normal_quantile, paired};

/// The share of comparisons in which all intervals together cover the true ratios, for samples whose neighbours correlate by no
/// more than 0.8; where there are more than a hundred, by more.
pub const LEVEL: f64 = 0.99;
/// Fewer samples give no interval.
pub const SAMPLES_MIN: usize = 8;

/// Fewer samples say nothing of how they hang together.
const SHORT: usize = 20;
/// What is assumed of these: their neighbours correlate by so much. It is more than [`LEVEL`] promises, because so few of them
/// also seem to vary less than they do.
const CORRELATION_SHORT: f64 = 0.9;
/// No more correlation than this is assumed of any.
const CORRELATION_MAX: f64 = 0.95;

/// `error` is the chance that the interval may have to miss the true ratio. Student's on the logarithm, each side with its own
/// variance and degrees of freedom (in the manner of Cochran, Biometrics 20, 1964: no surer than is right).
pub(super) fn ratio_of_means(before: &[f64], after: &[f64], error: f64) -> Result<Ratio, Because> {
    for (samples, when) in [(before, When::Before), (after, When::After)] {
        if samples.len() < SAMPLES_MIN {
            let samples = samples.len();
            return Err(Because::TooFewSamples { when, samples, needed: SAMPLES_MIN });
        }
    }
    let quantile = normal_quantile(error / 2.0);
    let [(before, off), (after, other_off)] = [before, after].map(|samples| mean(samples, quantile));
    let (value, reach) = (after / before, libm::hypot(off, other_off));
    if !(before > 0.0 && after > 0.0 && value.is_finite() && reach.is_finite()) {
        return Err(Because::NothingAboveZero);
    }
    Ok(Ratio { value, low: value * libm::exp(-reach), high: value * libm::exp(reach) })
}

/// The mean of so many samples, and how far off it may be, as a share of it.
fn mean(samples: &[f64], quantile: f64) -> (f64, f64) {
    let (mut batches, mut length) = (samples.to_vec(), 1.0);
    while batches.len() >= BATCHES {
        (batches, length) = (paired(&batches), length * 2.0);
    }
    let mean = Mean::of(&batches);
    let correlation = if samples.len() < SHORT { CORRELATION_SHORT } else { mean.correlation };
    (mean.value / length, mean.reach(quantile, correlation.min(CORRELATION_MAX)))
}
