//! Which cards a device's figures look like, and what of them speaks against the card that it is called.
//! Owns the comparison with the catalogue; must not know how figures were made, and judges nothing: every card is by its own word what
//! it is called, and a slow one may be a slow one of that kind.

use super::{Gpu, gpus, named_by, of, peak_of};
use crate::device::Identity;
use crate::evidence::metric::MetricName;

/// A figure of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub metric: MetricName,
    /// In the metric's unit.
    pub value: f64,
    /// The device may have more than this.
    pub at_least: bool,
}

/// What a device looks like.
#[derive(Clone, Debug)]
pub struct Likeness {
    /// The nearest cards of the catalogue, the nearest first.
    pub nearest: Vec<Near>,
    /// The card that the device is called, where the catalogue has it; of several, the nearest.
    pub called: Option<Called>,
}

#[derive(Clone, Copy, Debug)]
pub struct Near {
    pub gpu: &'static Gpu,
    /// Root mean square over all traits of how far each is from the middle of what is plausible of this card: 1 is its edge.
    pub distance: f64,
}

#[derive(Clone, Debug)]
pub struct Called {
    pub gpu: &'static Gpu,
    /// What the device is by its PCI id, where that is another.
    pub id_of: Option<&'static Gpu>,
    /// The farthest off first.
    pub contradictions: Vec<Contradiction>,
}

/// A trait that a healthy card of that kind does not have, nor a slow one.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    pub what: String,
    pub measured: Shown,
    pub catalogue: Shown,
}

/// A number that is to be shown in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// Of the metric.
    Number(f64),
    /// One to so many.
    Ratio(f64),
}

/// The distance up to which a device looks like a card.
const LIKE: f64 = 1.5;

impl Near {
    pub fn is_like(&self) -> bool {
        self.distance <= LIKE
    }
}

/// How many cards are named.
const NEAREST: usize = 3;
/// So many traits make a likeness.
const TRAITS_MIN: usize = 4;
/// The distance of a trait that the catalogue has no figure for, so that the least known card is not like everything.
const UNKNOWN: f64 = 1.5;
/// So far off a trait is at most, so that one alone does not decide.
const FAR: f64 = 4.0;

/// What can be compared.
enum Trait {
    /// A figure itself, and what shares of the catalogue's are plausible.
    Figure(&'static str, [f64; 2]),
    /// One figure over another, which neither clock nor power limit changes much.
    Ratio(&'static str, &'static str, [f64; 2]),
}

/// Cards throttle, so that rates may be low; boost clocks in datasheets are not the highest. Bandwidth of memory is lost to little else
/// than how it is used, and what reads it may come from caches. Units are whole. The ratio of two rates of vector units is a property of the chip.
const TRAITS: [Trait; 13] = [
    Trait::Figure("census.units.count", [0.999, 1.001]),
    Trait::Figure("memory.filled.bytes", [0.85, 1.08]),
    Trait::Figure("stream.triad.rate", [0.6, 1.05]),
    Trait::Figure("fma.fp64.rate", [0.5, 1.25]),
    Trait::Figure("fma.fp32.rate", [0.5, 1.25]),
    Trait::Figure("gemm.fp64.rate", [0.4, 1.25]),
    Trait::Figure("gemm.tf32.rate", [0.4, 1.25]),
    Trait::Figure("gemm.fp16.rate", [0.4, 1.25]),
    Trait::Figure("gemm.bf16.rate", [0.4, 1.25]),
    Trait::Figure("gemm.int8.rate", [0.4, 1.25]),
    Trait::Figure("gemm.fp8_e4m3.rate", [0.4, 1.25]),
    Trait::Ratio("fma.fp64.rate", "fma.fp32.rate", [0.75, 1.33]),
    Trait::Ratio("gemm.bf16.rate", "fma.fp32.rate", [0.45, 1.6]),
];

/// One trait of a device.
struct Seen {
    what: &'static Trait,
    value: f64,
    at_least: bool,
}

impl Trait {
    fn seen(&'static self, figures: &[Figure]) -> Option<Seen> {
        let find = |name: &str| figures.iter().find(|figure| figure.metric.as_str() == name);
        let (value, at_least) = match self {
            Trait::Figure(name, _) => find(name).map(|figure| (figure.value, figure.at_least))?,
            Trait::Ratio(above, below, _) => {
                let (above, below) = (find(above)?, find(below)?);
                // Of two figures that may both be more, nothing is known of the ratio.
                if below.at_least {
                    return None;
                }
                (above.value / below.value, above.at_least)
            }
        };
        (value.is_finite() && value > 0.0).then_some(Seen { what: self, value, at_least })
    }

    fn plausible(&self) -> [f64; 2] {
        match self {
            Trait::Figure(_, plausible) | Trait::Ratio(_, _, plausible) => *plausible,
        }
    }

    /// What the catalogue says of it: several numbers where a card comes with several sizes of memory.
    fn of_card(&self, gpu: &Gpu) -> Vec<f64> {
        let of = |name: &str| MetricName::parse(name).ok().and_then(|metric| peak_of(gpu, &metric));
        match self {
            Trait::Figure("census.units.count", _) => gpu.units.map(f64::from).into_iter().collect(),
            Trait::Figure("memory.filled.bytes", _) => gpu.memory_sizes().map(|gb| gb * 1e9).collect(),
            Trait::Figure(name, _) => of(name).into_iter().collect(),
            Trait::Ratio(above, below, _) => {
                of(above).zip(of(below)).map(|(a, b)| a / b).into_iter().collect()
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Trait::Figure(name, _) => (*name).to_owned(),
            Trait::Ratio(above, below, _) => format!("{above} : {below}"),
        }
    }

    fn shown(&self, value: f64) -> Shown {
        match self {
            Trait::Figure(..) => Shown::Number(value),
            Trait::Ratio(..) => Shown::Ratio(value),
        }
    }
}

impl Seen {
    /// How far this is from the middle of what is plausible of a card, in halves of that range, and what the catalogue says.
    fn from(&self, gpu: &Gpu) -> Option<(f64, f64)> {
        let [low, high] = self.what.plausible();
        let (middle, half) = ((low * high).sqrt(), (high / low).ln() / 2.0);
        let away = |says: f64| {
            let away = (self.value / says / middle).ln() / half;
            // What may be more is never too little.
            if self.at_least { away.max(0.0) } else { away.abs() }
        };
        let all = self.what.of_card(gpu).into_iter().filter(|says| *says > 0.0);
        all.map(|says| (away(says), says)).min_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// What a device with these figures looks like. `None` where there are too few of them.
pub fn likeness(identity: &Identity, figures: &[Figure]) -> Option<Likeness> {
    let seen: Vec<Seen> = TRAITS.iter().filter_map(|one| one.seen(figures)).collect();
    if seen.len() < TRAITS_MIN {
        return None;
    }
    let mut nearest: Vec<Near> = gpus().iter().filter_map(|gpu| near(&seen, gpu)).collect();
    nearest.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    nearest.truncate(NEAREST);
    Some(Likeness { nearest, called: called(identity, &seen) })
}

/// A name is what a lessee sees, a PCI id what drivers go by. Where they differ the name is asked about.
fn called(identity: &Identity, seen: &[Seen]) -> Option<Called> {
    let by_id: Vec<&'static Gpu> = of(identity).collect();
    let by_name: Vec<&'static Gpu> = named_by(&identity.name).collect();
    let both = by_name.iter().copied().filter(|gpu| by_id.iter().any(|other| other.name == gpu.name));
    let mut candidates: Vec<&'static Gpu> = both.collect();
    let differ = candidates.is_empty() && !by_name.is_empty();
    if candidates.is_empty() {
        candidates = if differ { by_name } else { by_id.clone() };
    }
    let distance = |gpu: &'static Gpu| near(seen, gpu).map_or(f64::INFINITY, |near| near.distance);
    let gpu = candidates.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let id_of = by_id.first().copied().filter(|_| differ);
    Some(Called { gpu, id_of, contradictions: contradictions(seen, gpu) })
}

/// `None` where the catalogue knows too little of a card.
fn near(seen: &[Seen], gpu: &'static Gpu) -> Option<Near> {
    let known: Vec<Option<(f64, f64)>> = seen.iter().map(|one| one.from(gpu)).collect();
    let squares = known.iter().map(|one| one.map_or(UNKNOWN, |(away, _)| away.min(FAR)).powi(2));
    let distance = (squares.sum::<f64>() / seen.len() as f64).sqrt();
    (known.iter().flatten().count() >= TRAITS_MIN).then_some(Near { gpu, distance })
}

fn contradictions(seen: &[Seen], gpu: &Gpu) -> Vec<Contradiction> {
    let off = |one: &'_ Seen| one.from(gpu).filter(|(away, _)| *away > 1.0);
    let mut found: Vec<(f64, Contradiction)> = Vec::new();
    for one in seen {
        let Some((away, says)) = off(one) else { continue };
        let [measured, catalogue] = [one.value, says].map(|value| one.what.shown(value));
        found.push((away, Contradiction { what: one.what.name(), measured, catalogue }));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, contradiction)| contradiction).collect()
}

#[cfg(test)]
mod tests;
