//! How far what was signed can be trusted, in one word that comes first in every rendering.
//! Owns the levels; who reaches one is decided where it can be checked.

use serde::{Deserialize, Serialize};

/// How much stands on more than its author's word.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum TrustLevel {
    /// Self-declared: no device was measured, or a simulated one.
    L0,
    /// Measured, without a challenge from outside.
    L1,
    /// Measured under a challenge and timed by the verifier.
    L2,
    /// As L2, with the vendor's attestation bound to the same challenge.
    L3,
}
