//! The products of `gemm` again, by the library of the card's vendor where the machine has it: what users of that library get, beside what
//! our kernels reach. Checked in the same way; its absence is no failure, and our own figures never come from it.

use super::{Probe, gemm};
use crate::device::Identity;
use crate::device::op::Maker;
use crate::engine::Settings;
use crate::engine::case::Case;

/// How fast does the vendor's own library multiply, if it is here?
pub const PROBE: Probe = Probe { name: "vendor", cases };

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    if !identity.details.contains_key(Identity::VENDOR_LIBRARY) {
        return Vec::new();
    }
    gemm::cases_by(Maker::Vendor, PROBE.name, identity, settings)
}
