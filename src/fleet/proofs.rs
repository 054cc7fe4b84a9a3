//! What was proved of a node to a witness, and which challenge its report answers.
//! Owns the reduction of a proof, and to which node it belongs; whether it holds is checked where it is read.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::nodes::Node;
use crate::contract::when::{Moment, When};
use crate::proof::level::TrustLevel;
use crate::proof::statement::{Outcome, Proof};
use crate::seal::{Verified, sha256_hex};

/// One proof whose signature, challenge and transcript hold.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The node that the challenge names.
    pub node: Option<String>,
    /// UUIDs by the prover's own word, as [`super::row::Card::ids`] has them.
    pub ids: BTreeSet<String>,
    pub held: bool,
    pub summary: ProofSummary,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProofSummary {
    /// SHA-256 of the signed bytes.
    pub sha256: String,
    pub challenge_sha256: String,
    /// By the witness's clock.
    pub at: Moment,
    pub level: TrustLevel,
    pub gpus: u32,
    /// Operations on whole numbers a second that were done at least, by the slowest GPU.
    pub floor_per_s: f64,
}

impl Proved {
    /// `None` where it has no time.
    pub fn of(proof: &Proof, verified: &Verified, node: Option<String>) -> Option<Self> {
        let at: Timestamp = proof.at.parse().ok()?;
        let gpus = &proof.figures.gpus;
        let uuids = gpus.iter().filter_map(|gpu| gpu.identity.uuid.as_ref());
        Some(Self {
            node,
            ids: uuids.map(|uuid| format!("uuid {uuid}")).collect(),
            held: proof.outcome == Outcome::Held,
            summary: ProofSummary {
                sha256: sha256_hex(verified.bytes()),
                challenge_sha256: proof.challenge_sha256.clone(),
                at: When(at),
                level: proof.level(),
                gpus: u32::try_from(gpus.len()).unwrap_or(u32::MAX),
                floor_per_s: gpus.iter().map(|gpu| gpu.floor_per_s).reduce(f64::min).unwrap_or(0.0),
            },
        })
    }

    /// Whether it is about this node: by the name in the challenge, else by a card.
    fn is_of(&self, node: &Node<'_>) -> bool {
        match &self.node {
            Some(name) => *name == node.name,
            None => {
                node.reports.iter().any(|row| row.cards.iter().any(|card| !self.ids.is_disjoint(&card.ids)))
            }
        }
    }
}

/// The last proof of a node, where that one held: a later failure counts.
pub fn proof_of(node: &Node<'_>, proofs: &[Proved]) -> Option<ProofSummary> {
    let of_node = proofs.iter().filter(|proof| proof.is_of(node));
    let last =
        of_node.max_by(|a, b| (a.summary.at, &a.summary.sha256).cmp(&(b.summary.at, &b.summary.sha256)));
    last.filter(|proof| proof.held).map(|proof| proof.summary.clone())
}
