//! What a card is by its figures, whatever it is called.

use serde::{Deserialize, Serialize};

use crate::catalogue::Gpu;
use crate::catalogue::fingerprint::{self, Likeness};
use crate::contract::judge::shown;
use crate::device::ProvenanceKind;
use crate::evidence::DeviceEvidence;

/// A card of the catalogue, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Class {
    pub card: String,
    pub by: By,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// It is called so, and none of its figures speaks against that.
    Name,
    /// It is called otherwise, but its figures are nearest to this card's.
    Figures,
}

/// Of what a card is sold with, the shares that a driver may name: it keeps some for itself, and some count in powers of two.
const PLAUSIBLE: [f64; 2] = [0.85, 1.15];

/// `None` for a driver on a CPU, for a part of a card, where too few figures count, and where they are like no card's.
pub(super) fn class(device: &DeviceEvidence) -> Option<(&'static Gpu, By)> {
    let identity = device.identity.as_ref()?;
    let is_part = device.told().is_some_and(|told| told.is_part);
    if identity.provenance.kind() == ProvenanceKind::Software || is_part {
        return None;
    }
    let likeness = fingerprint::likeness(identity, &shown::measured(device))?;
    let has_its_memory = |gpu: &Gpu| has_memory_of(identity.memory_bytes, gpu);
    let called = as_called(&likeness).filter(|gpu| has_its_memory(gpu));
    called.map(|gpu| (gpu, By::Name)).or_else(|| {
        let nearest = likeness.nearest.iter().find(|near| near.is_like() && has_its_memory(near.gpu))?;
        Some((nearest.gpu, By::Figures))
    })
}

/// Whether a driver that names so much memory may be that of such a card. Its word makes no card, and can show that it is none: how
/// much was filled may be a part of it only.
pub fn has_memory_of(told_bytes: Option<u64>, gpu: &Gpu) -> bool {
    let [least, most] = PLAUSIBLE;
    let mut sizes = gpu.memory_sizes().map(|gb| gb * 1e9).peekable();
    let Some(told) = told_bytes.filter(|_| sizes.peek().is_some()) else { return true };
    sizes.any(|bytes| (least..=most).contains(&(told as f64 / bytes)))
}

fn as_called(likeness: &Likeness) -> Option<&'static Gpu> {
    let called = likeness.called.as_ref()?;
    // What the machine says of itself is no figure: a power limit may be lowered by whoever runs the card.
    let is_right = called.contradictions.iter().all(|one| one.is_own_word);
    (called.id_of.is_none() && is_right).then_some(called.gpu)
}
