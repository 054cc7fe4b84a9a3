//! What was proved of a node to a witness, and which challenge its report answers.
//! Owns the reduction of a proof, to which node it belongs, and whether it is enough; whether it holds is checked where it is read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::nodes::{Claim, Node};
use super::row::{Lacking, Row};
use crate::contract::finding::id;
use crate::contract::proof::Floor;
use crate::contract::when::{Moment, When};
use crate::contract::{Amount, Contract, Reason, Severity, Verdict};
use crate::device::same::{self, Facts};
use crate::proof::attestation::Attested;
use crate::proof::level::TrustLevel;
use crate::proof::statement::{Held, Outcome, Proof};
use crate::seal::Verified;
use crate::units::Unit;

/// One proof whose signature, challenge and transcript hold.
#[derive(Clone, Debug)]
pub struct Proved {
    /// Where it was read.
    pub source: String,
    /// The node that the challenge names.
    pub node: Option<String>,
    /// UUIDs by the prover's own word, as [`super::row::Card::ids`] has them.
    pub ids: BTreeSet<String>,
    /// Cards by the keys that their vendor attests.
    pub attested: BTreeSet<String>,
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
    /// Memory that each GPU held, and what was read of it a second at least. Absent where a GPU held none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_floor_per_s: Option<f64>,
}

impl Proved {
    /// `None` where it has no time.
    pub fn of(source: String, proof: &Proof, verified: &Verified, node: Option<String>) -> Option<Self> {
        let at: Timestamp = proof.at.parse().ok()?;
        let gpus = &proof.figures.gpus;
        let held: Option<Vec<&Held>> = gpus.iter().map(|gpu| gpu.memory.as_ref()).collect();
        let held = held.unwrap_or_default();
        let attested = gpus.iter().filter_map(|gpu| match gpu.attestation.as_ref()? {
            Attested::Verified(card) => Some(format!("attested sha256:{}", card.key_sha256)),
            Attested::Absent { .. } => None,
        });
        Some(Self {
            source,
            node,
            ids: gpus.iter().flat_map(|gpu| same::names(Some(&Facts::of(&gpu.identity)), [])).collect(),
            attested: attested.collect(),
            held: proof.outcome == Outcome::Held,
            summary: ProofSummary {
                sha256: verified.sha256(),
                challenge_sha256: proof.challenge_sha256.clone(),
                at: When(at),
                level: proof.level(),
                gpus: u32::try_from(gpus.len()).unwrap_or(u32::MAX),
                floor_per_s: gpus.iter().map(|gpu| gpu.floor_per_s).reduce(f64::min).unwrap_or(0.0),
                memory_bytes: held.iter().map(|held| held.bytes).min(),
                memory_floor_per_s: held.iter().map(|held| held.floor_bytes_per_s).reduce(f64::min),
            },
        })
    }

    /// Whether it is about this node: by the name in the challenge, else by a card.
    fn is_of(&self, node: &Node<'_>) -> bool {
        match &self.node {
            Some(name) => *name == node.name,
            None => node.reports.iter().any(|row| self.has_card_of(row)),
        }
    }

    /// The same of one report.
    pub fn is_of_report(&self, row: &Row) -> bool {
        match (&self.node, &row.node) {
            (Some(challenged), Some(named)) => challenged == named,
            (Some(_) | None, _) => self.has_card_of(row),
        }
    }

    fn has_card_of(&self, row: &Row) -> bool {
        row.cards.iter().any(|card| !self.ids.is_disjoint(&card.ids))
    }

    /// What was proved, where it held.
    pub fn held(&self) -> Option<&ProofSummary> {
        self.held.then_some(&self.summary)
    }
}

/// A proof of the cards of one report, and what of the contract it leaves open.
#[derive(Clone, Debug)]
pub struct Beside {
    pub proved: Proved,
    pub unproved: Vec<Lacking>,
}

impl Beside {
    pub fn new(proved: Proved, row: &Row, contract: Option<&Contract>) -> Self {
        let unproved = contract.map_or(Vec::new(), |contract| unproved(contract, row, proved.held()));
        Self { proved, unproved }
    }

    /// Whether the proof held, and is all that the contract demands.
    pub fn holds(&self) -> bool {
        self.proved.held && self.unproved.is_empty()
    }
}

/// Tells each node what was proved of it, and what was not and must be.
pub fn join(nodes: &mut [Node<'_>], proofs: &[Proved], contract: &Contract) {
    claim(nodes, proofs);
    for node in nodes {
        node.proof = proof_of(node, proofs);
        let Some(row) = node.decisive() else { continue };
        let is_enough = |proof: &Proved| proof.held && unproved(contract, row, proof.held()).is_empty();
        node.was_proved = proofs.iter().any(|proof| proof.is_of(node) && is_enough(proof));
        node.unproved = unproved(contract, row, node.proof.as_ref());
    }
}

/// A card that its vendor attests in two nodes is one: that in which it was seen later claims it.
fn claim(nodes: &mut [Node<'_>], proofs: &[Proved]) {
    let mut in_time: Vec<&Proved> = proofs.iter().filter(|proof| proof.held).collect();
    in_time.sort_by_key(|proof| (proof.summary.at, &proof.summary.sha256));
    let mut seen: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for proof in in_time {
        let Some(at) = nodes.iter().position(|node| proof.is_of(node)) else { continue };
        let again = &proof.summary.sha256;
        for card in &proof.attested {
            let (of, first) = *seen.entry(card).or_insert((at, again));
            if of != at {
                let of = nodes[of].name.clone();
                let [first, again] = [first, again].map(|sha256| format!("proof sha256:{sha256}"));
                nodes[at].claims.push(Claim { card: card.clone(), of, first, again });
            }
        }
    }
}

/// The last proof of a node, where that one held: a later failure counts.
fn proof_of(node: &Node<'_>, proofs: &[Proved]) -> Option<ProofSummary> {
    let of_node = proofs.iter().filter(|proof| proof.is_of(node));
    let last =
        of_node.max_by(|a, b| (a.summary.at, &a.summary.sha256).cmp(&(b.summary.at, &b.summary.sha256)));
    last.and_then(Proved::held).cloned()
}

/// What a contract demands to be proved and was not of the cards of this report. It is no failure: more may be true than was
/// proved.
fn unproved(contract: &Contract, row: &Row, proof: Option<&ProofSummary>) -> Vec<Lacking> {
    let Some(demanded) = &contract.proof else { return Vec::new() };
    let Some(proof) = proof else { return vec![lacking(id::PROOF, None, Reason::NotProved)] };
    if proof.level < demanded.level {
        let because = Reason::ProvedAtLevel { is: proof.level, demanded: demanded.level };
        return vec![lacking(id::PROOF, None, because)];
    }
    if (proof.gpus as usize) < row.cards.len() {
        // Cards that took no part were not proved.
        return vec![lacking(id::PROOF, None, Reason::NotProved)];
    }
    let work = below(id::PROOF, &demanded.floor, proof.floor_per_s, Unit::OpPerSecond, row);
    let memory = demanded.memory.as_ref().and_then(|memory| {
        let (agreed, held) = (memory.held.0.value(), proof.memory_bytes.unwrap_or(0) as f64);
        if held < agreed {
            return Some(lacking(id::PROOF_MEMORY, Some(([agreed, held], Unit::Byte)), Reason::ProvedLittle));
        }
        let rate = proof.memory_floor_per_s.unwrap_or(0.0);
        below(id::PROOF_MEMORY, &memory.floor, rate, Unit::BytePerSecond, row)
    });
    work.into_iter().chain(memory).collect()
}

/// A floor that what was proved stays below.
fn below(clause: &str, floor: &Floor, proved: f64, unit: Unit, row: &Row) -> Option<Lacking> {
    let metric = floor.metric();
    let fastest = row.cards.iter().filter_map(|card| card.median(metric.as_str())).reduce(f64::max);
    let Some(fastest) = fastest else {
        return Some(lacking(clause, None, Reason::NotMeasured { metric: metric.to_string() }));
    };
    let bound = floor.share() * fastest;
    (proved < bound).then(|| lacking(clause, Some(([bound, proved], unit)), Reason::ProvedLittle))
}

/// With what is demanded and what was found, where both are known.
fn lacking(clause: &str, amounts: Option<([f64; 2], Unit)>, because: Reason) -> Lacking {
    let amounts = amounts.map(|(values, unit)| values.map(|value| Amount::Number { value, unit }));
    let [demanded, found] = amounts.map_or([None, None], |amounts| amounts.map(Some));
    Lacking {
        clause: clause.to_owned(),
        severity: Severity::Must,
        verdict: Verdict::Inconclusive,
        demanded,
        found,
        because,
        short: None,
        identity: false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn node(name: &str) -> Node<'static> {
        let (reports, claims, waived) = (Vec::new(), Vec::new(), Vec::new());
        let (name, unproved) = (name.to_owned(), Vec::new());
        Node { name, reports, claims, waived, proof: None, unproved, was_proved: false }
    }

    fn proved(node: &str, day: u32, card: &str) -> Proved {
        let at = format!("2026-06-{day:02}T00:00:00Z").parse().unwrap();
        let summary = ProofSummary {
            sha256: format!("{node} {day}"),
            challenge_sha256: String::new(),
            at: When(at),
            level: TrustLevel::L3,
            gpus: 1,
            floor_per_s: 1.0,
            memory_bytes: None,
            memory_floor_per_s: None,
        };
        let attested = BTreeSet::from([card.to_owned()]);
        let (source, ids) = (String::new(), BTreeSet::new());
        Proved { source, node: Some(node.to_owned()), ids, attested, held: true, summary }
    }

    #[test]
    fn a_card_that_is_attested_in_two_nodes_is_claimed_by_the_later() {
        let mut nodes = [node("a"), node("b"), node("c")];
        let unheld = Proved { held: false, ..proved("c", 4, "one") };
        let proofs = [
            proved("b", 2, "one"),
            proved("a", 1, "one"),
            proved("a", 3, "one"),
            proved("c", 3, "two"),
            unheld,
        ];
        claim(&mut nodes, &proofs);
        let [card, of, first, again] =
            ["one", "a", "proof sha256:a 1", "proof sha256:b 2"].map(str::to_owned);
        assert_eq!(nodes.map(|node| node.claims), [vec![], vec![Claim { card, of, first, again }], vec![]]);
    }
}
