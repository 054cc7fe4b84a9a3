//! What a card is by its figures, whatever it is called.

use serde::{Deserialize, Serialize};

use crate::catalogue::Gpu;
use crate::catalogue::fingerprint::{self, Likeness};
use crate::contract::gate;
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

/// `None` for a driver on a CPU, where too few figures count, and where they are like no card's.
pub(super) fn class(device: &DeviceEvidence) -> Option<(&'static Gpu, By)> {
    let identity = device.identity.as_ref()?;
    if identity.provenance.kind() == ProvenanceKind::Software {
        return None;
    }
    let likeness = fingerprint::likeness(identity, &gate::measured(device))?;
    as_called(&likeness).map(|gpu| (gpu, By::Name)).or_else(|| {
        let nearest = likeness.nearest.first().filter(|nearest| nearest.is_like())?;
        Some((nearest.gpu, By::Figures))
    })
}

fn as_called(likeness: &Likeness) -> Option<&'static Gpu> {
    let called = likeness.called.as_ref()?;
    // What the machine says of itself is no figure: a power limit may be lowered by whoever runs the card.
    let is_right = called.contradictions.iter().all(|one| one.is_own_word);
    (called.id_of.is_none() && is_right).then_some(called.gpu)
}
