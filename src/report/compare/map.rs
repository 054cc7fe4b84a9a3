//! Whether two latency maps are of one die: how far each unit is from the cache that all share, in one report and in the other.
//! Owns their correlation and its interval; must not know names.

use std::collections::BTreeMap;

use super::{Because, When, differing, unsound};
use crate::evidence::metric::MetricName;
use crate::evidence::{DeviceEvidence, Measurement, Value};

const METRIC: &str = "census.l2.cycles";

/// What maps of one die reach and those of two do not. Published are 1.00 for one L40 and 0.63 for two (Basaran and Alpay, "Non-Uniform
/// L2 Cache Latency Across the Streaming Multiprocessors of an NVIDIA L40", arXiv 2606.22588, 2026); nothing of it is calibrated on
/// hardware of ours. Therefore a map that differs never decides alone, and one that agrees only supports.
pub const ONE_DIE: f64 = 0.9;

/// Fewer give no interval that is worth anything.
const UNITS_MIN: usize = 8;

/// The normal deviate that [`super::LEVEL`] leaves half of its rest above.
const DEVIATE: f64 = 2.575_829_303_548_900_4;

#[derive(Clone, Debug, PartialEq)]
pub enum Maps {
    Agree(Likeness),
    Differ(Likeness),
    /// The interval holds both.
    Open(Likeness),
    /// The halves of one measurement do not agree with each other, so that it tells no unit from another.
    Silent(When),
    Incomparable(Because),
}

/// Pearson's correlation, which removes each side's own mean, over so many units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    pub r: f64,
    pub low: f64,
    pub high: f64,
    pub units: usize,
}

/// `None` where one of them has no map.
pub(super) fn maps(before: &DeviceEvidence, after: &DeviceEvidence) -> Option<Maps> {
    let metric = MetricName::parse(METRIC).ok()?;
    let (a, b) = before.measurement(&metric).zip(after.measurement(&metric))?;
    let why = differing((before, &a.conditions), (after, &b.conditions))
        .or_else(|| Some(Because::Unsound(unsound(before, a)?, Some(When::Before))))
        .or_else(|| Some(Because::Unsound(unsound(after, b)?, Some(When::After))));
    Some(why.map_or_else(|| compared(a, b), Maps::Incomparable))
}

fn compared(before: &Measurement, after: &Measurement) -> Maps {
    let (a, b) = (by_unit(before), by_unit(after));
    let both: Vec<[[f64; 2]; 2]> = a.iter().filter_map(|(unit, on)| Some([*on, *b.get(unit)?])).collect();
    if both.len() < UNITS_MIN {
        return Maps::Incomparable(Because::TooFewUnits { units: both.len(), needed: UNITS_MIN });
    }
    for (side, when) in [(0, When::Before), (1, When::After)] {
        let halves = likeness(both.iter().map(|on| on[side]));
        if halves.is_none_or(|halves| halves.low < ONE_DIE) {
            return Maps::Silent(when);
        }
    }
    let sum = |on: [f64; 2]| on[0] + on[1];
    match likeness(both.iter().map(|on| on.map(sum))) {
        Some(likeness) if likeness.low >= ONE_DIE => Maps::Agree(likeness),
        Some(likeness) if likeness.high < ONE_DIE => Maps::Differ(likeness),
        Some(likeness) => Maps::Open(likeness),
        None => Maps::Silent(When::After),
    }
}

fn by_unit(m: &Measurement) -> BTreeMap<u32, [f64; 2]> {
    match &m.value {
        Value::ByUnit { units, .. } => {
            units.iter().map(|on| (on.unit, on.cycles.map(|c| c as f64))).collect()
        }
        Value::Timed(_)
        | Value::Count { .. }
        | Value::Share { .. }
        | Value::AtLeast { .. }
        | Value::Lengths(_) => BTreeMap::new(),
    }
}

/// With the interval of R. A. Fisher's z ("On the probable error of a coefficient of correlation deduced from a small sample",
/// Metron 1, 1921): atanh r is nearly normal, too large by r / 2 (n - 1), with variance 1 / (n - 3). `None` where one side does not
/// vary.
fn likeness(pairs: impl Iterator<Item = [f64; 2]> + Clone) -> Option<Likeness> {
    let units = pairs.clone().count();
    let n = units as f64;
    let mean = |side: usize| pairs.clone().map(|pair| pair[side]).sum::<f64>() / n;
    let means = [mean(0), mean(1)];
    let product = |i: usize, j: usize| {
        pairs.clone().map(|pair| (pair[i] - means[i]) * (pair[j] - means[j])).sum::<f64>()
    };
    let r = (product(0, 1) / (product(0, 0) * product(1, 1)).sqrt()).clamp(-1.0, 1.0);
    let (z, wide) = (libm::atanh(r) - r / (2.0 * (n - 1.0)), DEVIATE / (n - 3.0).sqrt());
    let is_known = r.is_finite() && wide.is_finite();
    is_known.then(|| Likeness { r, low: libm::tanh(z - wide), high: libm::tanh(z + wide), units })
}
