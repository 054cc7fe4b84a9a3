//! Which cards a device's figures look like, and what of them speaks against the card that it is called.
//! Owns the comparison with the catalogue; must not know how figures were made, and judges nothing: every card is by its own word what
//! it is called, and a slow one may be a slow one of that kind.

mod traits;

use super::{Gpu, gpus, named_by, of};
use crate::device::Identity;
use crate::evidence::metric::MetricName;
use traits::{Seen, TRAITS};

/// A figure of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub metric: MetricName,
    /// In the metric's unit.
    pub value: f64,
    /// The device may have more than this.
    pub at_least: bool,
}

/// What is known of a device beside what it is called.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    pub figures: Vec<Figure>,
    /// Rates that there are none of, since the card has no instructions for them.
    pub refused: Vec<MetricName>,
    /// Its power limit by default, and the one in force, in watts: the machine's own word.
    pub power_default_w: Option<f64>,
    pub power_limit_w: Option<f64>,
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
    /// The farthest off first; what the machine says itself comes last.
    pub contradictions: Vec<Contradiction>,
}

/// A trait that a healthy card of that kind does not have, nor a slow one.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    pub what: String,
    pub measured: Shown,
    pub catalogue: Shown,
    /// Nobody measured it: the machine says so itself.
    pub is_own_word: bool,
}

/// What is to be shown: numbers in their unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// Of the metric, or of the column of the catalogue.
    Number(f64),
    /// One to so many.
    Ratio(f64),
    /// It ran, and needs this compute capability.
    Needs(f64),
    /// The device has no instructions for it.
    Refused,
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

/// What such a device looks like. `None` where too little was measured.
pub fn likeness(identity: &Identity, measured: &Measured) -> Option<Likeness> {
    let seen: Vec<Seen> = TRAITS.iter().filter_map(|one| one.seen(identity, measured)).collect();
    if seen.iter().filter(|one| !one.what.is_own_word()).count() < TRAITS_MIN {
        return None;
    }
    let mut nearest: Vec<Near> = gpus().iter().filter_map(|gpu| near(&seen, gpu)).collect();
    nearest.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    nearest.truncate(NEAREST);
    Some(Likeness { nearest, called: called(identity, measured, &seen) })
}

/// A name is what a lessee sees, a PCI id what drivers go by. Where they differ the name is asked about.
fn called(identity: &Identity, measured: &Measured, seen: &[Seen]) -> Option<Called> {
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
    Some(Called { gpu, id_of, contradictions: contradictions(measured, seen, gpu) })
}

/// `None` where the catalogue knows too little of a card.
fn near(seen: &[Seen], gpu: &'static Gpu) -> Option<Near> {
    let counts = |one: &&Seen| !one.what.is_own_word();
    let known = seen.iter().filter(counts).map(|one| (one, one.from(gpu)));
    let known: Vec<Option<f64>> = known
        .filter(|(one, from)| from.is_some() || !one.what.is_left_out())
        .map(|(_, from)| from.map(|(away, _)| away))
        .collect();
    let squares = known.iter().map(|away| away.map_or(UNKNOWN, |away| away.min(FAR)).powi(2));
    let distance = (squares.sum::<f64>() / known.len() as f64).sqrt();
    (known.iter().flatten().count() >= TRAITS_MIN).then_some(Near { gpu, distance })
}

fn contradictions(measured: &Measured, seen: &[Seen], gpu: &Gpu) -> Vec<Contradiction> {
    let instructions = traits::instructions(measured, gpu).into_iter().map(|(what, measured, catalogue)| {
        (f64::INFINITY, Contradiction { what, measured, catalogue, is_own_word: false })
    });
    let mut found: Vec<(f64, Contradiction)> = instructions.collect();
    for one in seen {
        let Some((away, says)) = one.from(gpu).filter(|(away, _)| *away > 1.0) else { continue };
        let [measured, catalogue] = [one.value, says].map(|value| one.what.shown(value));
        let (what, is_own_word) = (one.what.name(), one.what.is_own_word());
        let contradiction = Contradiction { what, measured, catalogue, is_own_word };
        // A limit that nobody changed is the one by default.
        if found.iter().all(|(_, known)| *known != contradiction) {
            found.push((away, contradiction));
        }
    }
    found.sort_by(|a, b| a.1.is_own_word.cmp(&b.1.is_own_word).then(b.0.total_cmp(&a.0)));
    found.into_iter().map(|(_, contradiction)| contradiction).collect()
}

#[cfg(test)]
mod tests;
