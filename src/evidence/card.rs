//! What of a device's evidence tells which card it is. Owns where that stands; what follows from it is the rule's business.

use std::collections::BTreeSet;

use super::DeviceEvidence;
use crate::device::same::{self, Facts};

/// The fact that names one board.
pub(super) const SERIAL: &str = "identity.nvml.serial";

impl DeviceEvidence {
    /// `None` where it was never opened. NVML may know of a division of the card that the device does not tell.
    pub fn told(&self) -> Option<Facts<'_>> {
        let own = Facts::of(self.identity.as_ref()?);
        let is_divided = self.values("identity.nvml.mig").any(|mig| mig == "enabled");
        Some(Facts { is_part: own.is_part || is_divided, ..own })
    }

    /// See [`same::names`].
    pub fn ids(&self) -> BTreeSet<String> {
        same::names(self.told().as_ref(), self.values(SERIAL))
    }

    fn values(&self, metric: &'static str) -> impl Iterator<Item = &str> {
        let facts = self.facts.iter().filter(move |fact| fact.metric.as_str() == metric);
        facts.map(|fact| fact.value.as_str())
    }
}
