//! A vendor's attestation: what a card signs over the challenge, with a key whose certificates lead to its vendor.
//! Owns what is checked of it and what came of that; must not know how it is fetched, nor the rest of a proof.
//!
//! All of it is checked offline. Not checked, because it takes the vendor's servers: whether a certificate was revoked since
//! (OCSP), and whether the firmware that the report measures is one that the vendor released (reference measurements, RIM).
//! It never ran against a card in confidential-computing mode; the layout and the checks agree with the sample of one (GH100)
//! that NVIDIA publishes with its own verifier.

mod chain;
pub mod roots;
mod spdm;

use jiff::Timestamp;
use p384::ecdsa::Signature;
use p384::ecdsa::signature::Verifier;
use serde::{Deserialize, Serialize};

use crate::telemetry::Attestation;
pub use roots::Roots;
use spdm::Report;

/// What is known of one card from its vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Attested {
    /// A card signed the challenge. Its certificates lead to the vendor's root.
    Verified(Card),
    /// The prover has none, by its own word. That is no failure.
    Absent { why: String },
}

/// Which card signed, by the certificates of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Card {
    /// What its vendor calls it, as RFC 4514 writes names.
    pub name: String,
    /// SHA-256 of its public key, which stays the same as long as there is the card.
    pub key_sha256: String,
    /// SHA-256 of the root's certificate.
    pub root_sha256: String,
    /// The driver that runs it, as the card has measured it; where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Its firmware, in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vbios: Option<String>,
}

/// What speaks against an attestation that is there. Never taken for an absent one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error("shows an attestation report that is malformed: {0}")]
    Report(&'static str),
    #[error("shows an attestation that was made for another challenge")]
    Nonce,
    #[error("shows an attestation report that is not signed by its key")]
    Signature,
    #[error("shows an attestation report of other firmware than its key belongs to")]
    Firmware,
    #[error("shows certificates of its attestation that do not hold: {0}")]
    Chain(&'static str),
    #[error(
        "is attested under a root that is not its vendor's (sha256 {0}); if you know it to be, name it with --attestation-root"
    )]
    Root(String),
    #[error("is attested twice")]
    Twice,
    #[error("and GPU {0} are attested by one card")]
    SameCard(usize),
}

/// Checks an attestation for the nonce that was asked with, at these times, under these roots.
pub fn check(
    attestation: &Attestation,
    nonce: &[u8; 32],
    at: &[Timestamp],
    roots: &Roots,
) -> Result<Card, Contradiction> {
    let report = Report::parse(&attestation.report).map_err(Contradiction::Report)?;
    if report.nonce != nonce {
        return Err(Contradiction::Nonce);
    }
    let certificates = chain::parse(&attestation.chain).map_err(Contradiction::Chain)?;
    let root = chain::check(&certificates, &roots.0, at).map_err(|why| match (why, certificates.last()) {
        (None, Some(last)) => Contradiction::Root(last.sha256()),
        (why, _) => Contradiction::Chain(why.unwrap_or("it is empty")),
    })?;
    let leaf = certificates.first().ok_or(Contradiction::Chain("it is empty"))?;
    let signature = Signature::from_slice(report.signature).map_err(|_| Contradiction::Signature)?;
    leaf.key().verify(report.signed, &signature).map_err(|_| Contradiction::Signature)?;
    if report.firmware().is_some_and(|digest| !leaf.mentions(digest)) {
        return Err(Contradiction::Firmware);
    }
    // The first key belongs to the firmware that the card runs, and the next, which vouches for it, to the card.
    let card = certificates.get(1).filter(|next| next.sha256() != root.sha256()).unwrap_or(leaf);
    Ok(Card {
        name: card.subject(),
        key_sha256: card.key_sha256(),
        root_sha256: root.sha256(),
        driver: report.driver(),
        vbios: report.vbios(),
    })
}
