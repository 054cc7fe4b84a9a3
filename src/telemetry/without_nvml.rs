//! Stands for NVML in a build without it: says so wherever NVML would be asked.

use super::{Attestation, Fact, NvmlFound, Reading, Telemetry};
use crate::device::{Identity, Unsupported};

const WHY: &str = "this build has no NVML; build it with --features nvml";

pub fn found() -> Result<NvmlFound, String> {
    Err(WHY.to_owned())
}

pub fn open(_: &Identity) -> Result<Card, Vec<Fact>> {
    Err(vec![Fact { name: "nvml.library", value: Err(Unsupported::us(WHY)) }])
}

pub fn attest(_: &Identity, _: &[u8; 32]) -> Result<Attestation, String> {
    Err(WHY.to_owned())
}

/// There is none.
pub enum Card {}

impl Card {
    pub fn pci_address(&self) -> Option<String> {
        match *self {}
    }
}

impl Telemetry for Card {
    fn read(&mut self) -> Option<Reading> {
        match *self {}
    }
}
