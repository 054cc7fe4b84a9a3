//! Many signed reports as one answer: what was promised, what came, what is good, which cards are not.
//! Owns the answer and the order in which it is put together; must not know files' forms or how anything is shown.

pub mod availability;
pub mod calendar;
pub mod delivery;
pub mod doubt;
pub mod envelopes;
pub mod intake;
pub mod launch;
pub mod listed;
pub mod money;
pub mod names;
pub mod nodes;
pub mod outliers;
pub mod over;
pub mod plan;
pub mod proofs;
pub mod row;
pub mod waivers;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contract::{Contract, Parsed, Verdict};
use crate::device::ProvenanceKind;
use crate::exit::Exit;
use crate::report::TrustLevel;
use availability::Availability;
use calendar::Calendar;
use delivery::Milestone;
use doubt::Doubt;
use intake::{Cause, Intake, Refusal, Refused};
use listed::Listed;
use money::Money;
use names::Names;
use nodes::{Claim, Node, State};
use outliers::Outlier;
use over::OverFleet;
use proofs::ProofSummary;
use row::{Card, Lacking, Row};
use waivers::Waivers;

/// Everything that many reports come to under one contract.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// Of the program that counted.
    pub tool_version: String,
    pub contract: String,
    pub contract_sha256: String,
    /// By the clock of whoever counts.
    pub as_of: Timestamp,
    pub sources: Sources,
    pub counts: Counts,
    /// Nodes whose deciding report was shown to answer a challenge.
    pub challenged: u32,
    /// `None` where no list was given.
    pub listed: Option<Listed>,
    pub milestones: Vec<Milestone>,
    pub nodes: Vec<NodeAnswer>,
    /// Clauses that no single node decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub over_fleet: Vec<OverFleet>,
    pub outliers: Vec<Outlier>,
    pub refused: Vec<Refused>,
    pub availability: Option<Availability>,
    pub money: Option<Money>,
}

/// What was read, but for what was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// Reports that count: where there is a list, those of nodes in it.
    pub reports: usize,
    /// Copies of reports that count already.
    pub repeated: usize,
    /// Of these reports those that were judged by another text of the contract, by terms that are the same.
    pub by_other_text: usize,
    /// Signed statements of other kinds.
    pub others: u64,
}

/// Numbers of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Counts {
    /// Nodes in all milestones; `None` where the contract names none.
    pub contracted: Option<u32>,
    /// Nodes promised by today.
    pub promised: u32,
    /// Nodes that reported.
    pub delivered: u32,
    /// Nodes of which no card is lost, wrong or another than it says.
    pub healthy: u32,
    pub accepted: u32,
    pub undecided: u32,
    pub rejected: u32,
    /// Promised by today and not delivered; where there is a list, at least those of it that never reported.
    pub missing: u32,
}

/// One node in the answer.
#[derive(Clone, Debug, Serialize)]
pub struct NodeAnswer {
    pub name: String,
    /// Whether its runs were told that name; else it is called by a card.
    pub is_named: bool,
    pub state: State,
    pub healthy: bool,
    pub reports: usize,
    /// Reports that failed before the last that decides.
    pub failed_before: usize,
    pub since: Option<Timestamp>,
    /// The report that decides.
    pub report: Option<String>,
    /// SHA-256 of its signed bytes.
    pub report_sha256: Option<String>,
    /// How far it can be trusted by itself.
    pub level: Option<TrustLevel>,
    /// SHA-256 of the challenge that this report was shown to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_sha256: Option<String>,
    /// SHA-256 of the salt that hides the ids of its cards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt_sha256: Option<String>,
    /// What was proved of it to a witness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofSummary>,
    pub reasons: Vec<Why>,
    /// What it lacks as well, and need not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Why>,
    /// As that report has them.
    pub cards: Vec<Card>,
}

/// Why a node is not accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// Selector, name and place of the card; `None` where it is the node.
    pub card: Option<String>,
    /// The clause, or [`DUPLICATE`], or that of a [`Doubt`].
    pub clause: String,
    pub verdict: Verdict,
    #[serde(serialize_with = "words::in_english")]
    pub because: Because,
}

/// The same for whoever says it in some language.
#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    /// This report and an earlier one of another node name the same card.
    Claimed {
        again: String,
        first: String,
        of: String,
    },
    Doubted(Doubt),
    Lacking(Lacking),
}

/// The clause that no contract has: one card in two nodes.
pub const DUPLICATE: &str = "fleet.duplicate";

/// What counts, from when to when.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub since: Option<Timestamp>,
    pub as_of: Timestamp,
}

impl Span {
    /// Why what began then does not count.
    fn leaves_out(self, began: Timestamp) -> Option<Cause> {
        if began > self.as_of {
            return Some(Cause::ToCome { began });
        }
        self.since.filter(|since| began < *since).map(|since| Cause::Before { began, since })
    }
}

/// Counts everything. Of a node that is not in `list` nothing counts.
pub fn answer(
    parsed: &Parsed,
    intake: Intake,
    span: Span,
    list: Option<&Names<'_>>,
    waivers: &Waivers,
) -> Answer {
    let contract = &parsed.contract;
    let Intake { rows, mut proofs, mut refused, others } = intake;
    let calendar = Calendar::new(&contract.exclusions);
    let (mut rows, repeated) = counted(contract, rows, (span, waivers), &mut refused);
    proofs.retain(|proof| match span.leaves_out(proof.summary.at.0) {
        None => true,
        Some(why) => {
            refused.push(Refused { source: proof.source.clone(), what: Refusal::OutOfTime, why });
            false
        }
    });
    let listed = list.map(|names| Listed::split(names, &mut rows));
    let mut nodes = nodes::group(&rows, waivers);
    proofs::join(&mut nodes, &proofs, contract);
    let milestones = delivery::milestones(&contract.delivery, &nodes, &calendar, span.as_of);
    let in_state = |state| count(nodes.iter().filter(|node| node.state() == state));
    let promised = milestones
        .iter()
        .filter(|milestone| milestone.is_over)
        .map(|milestone| milestone.promised)
        .max()
        .unwrap_or(0);
    let delivered = count(nodes.iter());
    let never = listed.as_ref().map_or(0, |listed| count(listed.never_reported.iter()));
    let counts = Counts {
        contracted: contract.delivery.nodes().map(std::num::NonZeroU32::get),
        promised,
        delivered,
        healthy: count(nodes.iter().filter(|node| node.is_healthy())),
        accepted: in_state(State::Accepted),
        undecided: in_state(State::Undecided),
        rejected: in_state(State::Rejected),
        missing: promised.saturating_sub(delivered).max(never),
    };
    let over_fleet = over::over_fleet(contract, &nodes, waivers);
    Answer {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: contract.id.clone(),
        contract_sha256: parsed.sha256.clone(),
        as_of: span.as_of,
        sources: Sources {
            reports: rows.len(),
            repeated,
            by_other_text: rows.iter().filter(|row| row.by_other_text).count(),
            others,
        },
        challenged: count(
            nodes.iter().filter(|node| node.decisive().is_some_and(|row| row.challenge.is_some())),
        ),
        counts,
        listed,
        milestones,
        outliers: outliers::outliers(&nodes),
        availability: availability::availability(&rows),
        money: money::money(contract, &nodes, &over_fleet, &calendar, span.as_of),
        nodes: nodes.iter().map(node_answer).collect(),
        refused,
        over_fleet,
    }
}

/// Rows that count, in the order of time, and how many were copies of others. What does not count is refused.
fn counted(
    contract: &Contract,
    mut rows: Vec<Row>,
    (span, waivers): (Span, &Waivers),
    refused: &mut Vec<Refused>,
) -> (Vec<Row>, usize) {
    // By what was signed, also where times are equal: files may have other names and another order elsewhere.
    rows.sort_by(|a, b| (a.started, &a.node, a.payload).cmp(&(b.started, &b.node, b.payload)));
    let mut repeated = 0;
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    let mut by_samples: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    let mut payloads: BTreeSet<[u8; 32]> = BTreeSet::new();
    for row in rows {
        if !payloads.insert(row.payload) {
            repeated += 1;
        } else if let Some(why) = out_of_time(contract, &row, (span, waivers)) {
            refused.push(Refused { source: row.source, what: Refusal::OutOfTime, why });
        } else if let Some(first) = kept.first().filter(|first: &&Row| first.salt != row.salt) {
            let why = Cause::OtherSalt { first: first.source.clone() };
            refused.push(Refused { source: row.source, what: Refusal::OtherSalt, why });
        } else if let Some(at) = row.samples.and_then(|samples| by_samples.get(&samples)).copied() {
            let first: &Row = &kept[at];
            if first.node == row.node && first.started == row.started {
                // The same run was sealed or judged again: the later word counts.
                repeated += 1;
                kept[at] = row;
            } else {
                let why = Cause::CopyOf { first: first.source.clone() };
                refused.push(Refused { source: row.source, what: Refusal::Replayed, why });
            }
        } else {
            by_samples.extend(row.samples.map(|samples| (samples, kept.len())));
            kept.push(row);
        }
    }
    (kept, repeated)
}

fn out_of_time(contract: &Contract, row: &Row, (span, waivers): (Span, &Waivers)) -> Option<Cause> {
    if let Some(why) = span.leaves_out(row.started) {
        return Some(why);
    }
    // What passes even then is as good as at any time.
    let waived = waivers.of(row.node.as_deref().unwrap_or_default());
    let passes = row.verdict_but(&waived) == Verdict::Pass;
    let excluded = contract
        .exclusions
        .iter()
        .filter(|_| !passes)
        .find(|excluded| (excluded.from.0..excluded.until.0).contains(&row.started));
    excluded.map(|excluded| Cause::Excluded {
        from: excluded.from.to_string(),
        until: excluded.until.to_string(),
        reason: excluded.reason.clone(),
    })
}

fn node_answer(node: &Node<'_>) -> NodeAnswer {
    let claims = node.claims.iter().map(|claim| {
        let Claim { card, of, first, again } = claim;
        Why {
            card: Some(card.clone()),
            clause: DUPLICATE.to_owned(),
            verdict: Verdict::Fail,
            because: Because::Claimed { again: again.clone(), first: first.clone(), of: of.clone() },
        }
    });
    let doubts = node.doubts().into_iter().map(|doubt| Why {
        card: None,
        clause: doubt.clause().to_owned(),
        verdict: Verdict::Inconclusive,
        because: Because::Doubted(doubt),
    });
    let row = node.decisive();
    let name = |selector: &str| {
        let card = row.and_then(|row| row.cards.iter().find(|card| card.selector == selector));
        card.map_or_else(|| selector.to_owned(), Card::shown)
    };
    let why = |(card, lacking): &(Option<&str>, &Lacking)| {
        let (clause, verdict) = (lacking.clause.clone(), lacking.verdict);
        Why { card: card.map(name), clause, verdict, because: Because::Lacking((*lacking).clone()) }
    };
    let (waived, lacking): (Vec<_>, Vec<_>) =
        node.lacking().into_iter().partition(|(_, lacking)| node.waives(lacking));
    NodeAnswer {
        name: node.name.clone(),
        is_named: node.reports.iter().any(|row| row.node.is_some()),
        state: node.state(),
        healthy: node.is_healthy(),
        reports: node.reports.len(),
        failed_before: node.failed_before(),
        since: node.since(),
        report: row.map(|row| row.source.clone()),
        level: row.map(|row| row.level),
        report_sha256: row.map(|row| hex::encode(row.payload)),
        challenge_sha256: row.and_then(|row| row.challenge.clone()),
        salt_sha256: row.and_then(|row| row.salt.clone()),
        proof: node.proof.clone(),
        reasons: claims.chain(doubts).chain(lacking.iter().map(why)).collect(),
        waived: waived.iter().map(why).collect(),
        cards: row.map_or(Vec::new(), |row| row.cards.clone()),
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}

impl Answer {
    /// Nodes that were only simulated: whatever is said of them, nothing was delivered.
    pub fn simulated(&self) -> usize {
        let is_simulated = |card: &Card| card.kind == Some(ProvenanceKind::Simulated);
        self.nodes.iter().filter(|node| node.cards.iter().any(is_simulated)).count()
    }

    /// What was recomputed and counted decides; see the README for the codes.
    pub fn exit(&self) -> Exit {
        let refused = |what: &[Refusal]| self.refused.iter().any(|refused| what.contains(&refused.what));
        let is_double = self.nodes.iter().flat_map(|node| &node.reasons).any(|why| why.clause == DUPLICATE);
        let never = self.listed.as_ref().is_some_and(|listed| !listed.never_reported.is_empty());
        let standing =
            standing(&self.counts, &self.milestones, &self.over_fleet, Doubts { is_double, never });
        standing.worst(Exit::worst_of([
            (refused(&Refusal::UNSOUND), Exit::Signature),
            (refused(&[Refusal::Replayed, Refusal::OtherSalt]), Exit::Identity),
        ]))
    }
}

/// What counts alone do not say.
#[derive(Clone, Copy, Debug)]
pub struct Doubts {
    /// A card is in two nodes.
    pub is_double: bool,
    /// A node of the list never reported.
    pub never: bool,
}

/// How a fleet ends by what was counted of it; the same for an answer and for a certificate.
pub fn standing(counts: &Counts, milestones: &[Milestone], over_fleet: &[OverFleet], doubts: Doubts) -> Exit {
    let short = milestones.iter().any(|milestone| milestone.is_over && milestone.lacking > 0);
    let over = |verdict| over_fleet.iter().any(|over| over.decides() && over.verdict == verdict);
    Exit::worst_of([
        (doubts.is_double, Exit::Identity),
        (short || doubts.never || counts.rejected > 0 || over(Verdict::Fail), Exit::Fail),
        (counts.undecided > 0 || counts.delivered == 0 || over(Verdict::Inconclusive), Exit::Inconclusive),
    ])
}
