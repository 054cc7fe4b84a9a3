//! What a card signs about itself with a key that its vendor vouches for. Owns the form in which it travels; must not know
//! whether it holds, which is for others to check.

/// A report that the card made for a nonce, and the certificates of the key that signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// As the card signed it; for NVIDIA's an SPDM 1.1 request for measurements and the answer (DMTF DSP0274).
    pub report: Vec<u8>,
    /// In PEM, from the key that signed towards the vendor's root.
    pub chain: Vec<u8>,
}

impl Attestation {
    /// No driver gives a longer report, or a longer chain. In bytes.
    pub const REPORT_MAX: usize = 8192;
    pub const CHAIN_MAX: usize = 16384;
}
