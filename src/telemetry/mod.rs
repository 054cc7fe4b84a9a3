//! What the machine says about itself while it works: clocks, power, heat, error counters.
//! Owns the trait and the choice of a source; must not know probes. Every value is the machine's own word.

mod attestation;
mod fact;
pub mod host;
mod nvidia;
#[cfg_attr(not(feature = "nvml"), path = "without_nvml.rs")]
mod nvml;
mod reading;
mod sysfs;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::device::{Identity, ProvenanceKind};
pub use attestation::Attestation;
pub use fact::{About, FACTS, Fact, words};
pub use reading::{Reading, Throttle};

/// A source of readings and facts for one device.
pub trait Telemetry {
    /// The current reading; a reading never fails. Where a sensor says nothing its field is `None`, and where there is
    /// no source at all there is no reading.
    fn read(&mut self) -> Option<Reading>;

    /// What does not change, asked once before measuring begins.
    fn facts(&mut self) -> Vec<Fact> {
        Vec::new()
    }
}

/// Telemetry of a device that has none.
pub struct Absent;

impl Telemetry for Absent {
    fn read(&mut self) -> Option<Reading> {
        None
    }
}

/// PCI vendor id.
pub const NVIDIA: u32 = 0x10de;

/// The best source for a device: NVML for NVIDIA cards, else what the Linux kernel tells of a card on PCI. Opens nothing
/// before it is first asked.
pub fn for_device(identity: &Identity) -> Box<dyn Telemetry> {
    for_device_under(identity, Path::new("/"))
}

/// The same on a system whose /proc and /sys lie below `root`.
pub fn for_device_under(identity: &Identity, root: &Path) -> Box<dyn Telemetry> {
    if identity.provenance.kind() != ProvenanceKind::Hardware {
        return Box::new(Absent);
    }
    // Its driver drives no other cards; who made them the kernel says, which is not everywhere to be seen.
    if identity.vendor_id == Some(NVIDIA) || identity.backend == "cuda" {
        return Box::new(nvidia::Nvidia::new(identity, root));
    }
    match identity.pci_address.as_deref().and_then(|address| sysfs::Card::find(root, address)) {
        Some(card) => Box::new(card.watched()),
        None => Box::new(Absent),
    }
}

/// What of the host is nearest to a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// `None` on machines without such nodes.
    pub numa_node: Option<u64>,
    /// As the kernel lists them, such as `0-15,32-47`.
    pub cpus: Option<String>,
}

/// What is near the card at a PCI address, on a system whose /sys lies below `root`, if the kernel lists the card.
pub fn near(root: &Path, address: &str) -> Option<Near> {
    sysfs::Card::find(root, address).map(|card| card.near())
}

/// What the kernel names the card at a PCI address by among all that there are, 32 lower-case hex digits, where its driver gives such a name.
pub fn unique_id(root: &Path, address: &str) -> Option<String> {
    Some(format!("{:0>32}", sysfs::Card::find(root, address)?.unique_id()?))
}

/// Has the card of a device sign `nonce`, or says why it does not: few cards can, and only where the machine was set up for it.
/// Runs the vendor's code.
pub fn attest(identity: &Identity, nonce: &[u8; 32]) -> Result<Attestation, String> {
    match (identity.provenance.kind(), identity.vendor_id) {
        (ProvenanceKind::Hardware, Some(NVIDIA)) => nvml::attest(identity, nonce),
        (ProvenanceKind::Hardware, _) => Err("only of NVIDIA cards is it known how to ask".to_owned()),
        (ProvenanceKind::Software | ProvenanceKind::Simulated, _) => {
            Err("it is no card of a vendor's, which alone could sign".to_owned())
        }
    }
}

/// The NVML of this machine, as `assay list` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NvmlFound {
    pub version: String,
    pub driver: String,
    pub cards: u32,
    /// Path of the library.
    pub library: Option<String>,
}

/// Looks for NVML, or says why there is none. Runs the vendor's code: workers only.
pub fn nvml() -> Result<NvmlFound, String> {
    nvml::found()
}
