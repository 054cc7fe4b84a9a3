//! What of a device's evidence tells which card it is. Owns where that stands; what follows from it is the rule's business.

use std::collections::BTreeSet;

use super::DeviceEvidence;
use crate::device::same::{self, Facts};

/// The facts that name one board.
pub(super) const SERIALS: [&str; 2] = ["identity.nvml.serial", "identity.amdgpu.serial"];

impl DeviceEvidence {
    /// `None` where it was never opened. Its driver may know of a division of the card that the device does not tell.
    pub fn told(&self) -> Option<Facts<'_>> {
        let own = Facts::of(self.identity.as_ref()?);
        let is_divided = self.values("identity.nvml.mig").any(|mig| mig == "enabled")
            || self.values("identity.amdgpu.compute_partition").any(|mode| mode != "SPX");
        Some(Facts { is_part: own.is_part || is_divided, ..own })
    }

    /// See [`same::names`].
    pub fn ids(&self) -> BTreeSet<String> {
        same::names(self.told().as_ref(), self.serials())
    }

    /// The serial numbers of its board, by all that tell one.
    pub fn serials(&self) -> impl Iterator<Item = &str> {
        SERIALS.into_iter().flat_map(|metric| self.values(metric))
    }

    fn values(&self, metric: &'static str) -> impl Iterator<Item = &str> {
        let facts = self.facts.iter().filter(move |fact| fact.metric.as_str() == metric);
        facts.map(|fact| fact.value.as_str())
    }
}
