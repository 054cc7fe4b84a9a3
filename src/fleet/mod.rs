//! Many signed reports as one answer: what was promised, what came, what is good, which cards are not.
//! Owns the answer and the order in which it is put together; must not know files' forms or how anything is shown.

pub mod availability;
pub mod chance;
pub mod delivery;
pub mod intake;
pub mod launch;
pub mod listed;
pub mod money;
pub mod names;
pub mod nodes;
pub mod outliers;
pub mod plan;
pub mod row;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::contract::{Contract, Parsed};
use crate::exit::Exit;
use availability::Availability;
use delivery::Milestone;
use intake::{Intake, Refusal, Refused};
use listed::Listed;
use money::Money;
use names::Names;
use nodes::{Claim, Node, State};
use outliers::Outlier;
use row::{Card, Lacking, Row};

/// Everything that many reports come to under one contract.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub contract: String,
    pub contract_sha256: String,
    /// By the clock of whoever counts.
    pub as_of: Timestamp,
    pub counts: Counts,
    /// `None` where no list was given.
    pub listed: Option<Listed>,
    pub milestones: Vec<Milestone>,
    pub nodes: Vec<NodeAnswer>,
    pub outliers: Vec<Outlier>,
    pub refused: Vec<Refused>,
    pub availability: Option<Availability>,
    pub money: Option<Money>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Reports that count: where there is a list, those of nodes in it.
    pub reports: usize,
    /// Copies of reports that count already.
    pub repeated: usize,
    /// Signed statements of other kinds.
    pub others: u64,
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
    pub state: State,
    pub healthy: bool,
    pub reports: usize,
    /// Reports that failed before the last that decides.
    pub failed_before: usize,
    pub since: Option<Timestamp>,
    /// The report that decides.
    pub report: Option<String>,
    pub reasons: Vec<Why>,
    /// As that report has them.
    pub cards: Vec<Card>,
}

/// Why a node is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// Selector and name of the card; `None` where it is the node.
    pub card: Option<String>,
    /// The clause, or [`DUPLICATE`], or that of a [`nodes::Doubt`].
    pub clause: String,
    pub because: String,
}

/// The clause that no contract has: one card in two nodes.
pub const DUPLICATE: &str = "fleet.duplicate";

/// What counts, from when to when.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub since: Option<Timestamp>,
    pub as_of: Timestamp,
}

/// Counts everything. Of a node that is not in `list` nothing counts.
pub fn answer(parsed: &Parsed, intake: Intake, span: Span, list: Option<&Names<'_>>) -> Answer {
    let contract = &parsed.contract;
    let Intake { rows, mut refused, others } = intake;
    let (mut rows, repeated) = counted(contract, rows, span, &mut refused);
    let listed = list.map(|names| Listed::split(names, &mut rows));
    let nodes = nodes::group(&rows);
    let milestones = delivery::milestones(&contract.delivery, &nodes, span.as_of);
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
        reports: rows.len(),
        repeated,
        others,
        contracted: contract.delivery.nodes().map(std::num::NonZeroU32::get),
        promised,
        delivered,
        healthy: count(nodes.iter().filter(|node| node.is_healthy())),
        accepted: in_state(State::Accepted),
        undecided: in_state(State::Undecided),
        rejected: in_state(State::Rejected),
        missing: promised.saturating_sub(delivered).max(never),
    };
    Answer {
        contract: contract.id.clone(),
        contract_sha256: parsed.sha256.clone(),
        as_of: span.as_of,
        counts,
        listed,
        milestones,
        outliers: outliers::outliers(&nodes),
        availability: availability::availability(&rows),
        money: money::money(contract, &nodes, span.as_of),
        nodes: nodes.iter().map(node_answer).collect(),
        refused,
    }
}

/// Rows that count, in the order of time, and how many were copies of others. What does not count is refused.
fn counted(
    contract: &Contract,
    mut rows: Vec<Row>,
    span: Span,
    refused: &mut Vec<Refused>,
) -> (Vec<Row>, usize) {
    rows.sort_by_key(|row| row.started);
    let mut repeated = 0;
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    let mut by_samples: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    let mut payloads: BTreeSet<[u8; 32]> = BTreeSet::new();
    for row in rows {
        if !payloads.insert(row.payload) {
            repeated += 1;
        } else if let Some(why) = out_of_time(contract, &row, span) {
            refused.push(Refused { source: row.source, what: Refusal::OutOfTime, why });
        } else if let Some(at) = row.samples.and_then(|samples| by_samples.get(&samples)).copied() {
            let first: &Row = &kept[at];
            if first.node == row.node && first.started == row.started {
                // The same run was sealed or judged again: the later word counts.
                repeated += 1;
                kept[at] = row;
            } else {
                let why = format!("every sample of it is that of {}", first.source);
                refused.push(Refused { source: row.source, what: Refusal::Replayed, why });
            }
        } else {
            by_samples.extend(row.samples.map(|samples| (samples, kept.len())));
            kept.push(row);
        }
    }
    (kept, repeated)
}

fn out_of_time(contract: &Contract, row: &Row, span: Span) -> Option<String> {
    let Span { since, as_of } = span;
    if row.started > as_of {
        return Some(format!("it says that it began at {}, which is yet to come", row.started));
    }
    if let Some(since) = since.filter(|since| row.started < *since) {
        return Some(format!("it began at {}, before {since}", row.started));
    }
    let excluded = contract
        .exclusions
        .iter()
        .find(|excluded| (excluded.from.0..excluded.until.0).contains(&row.started));
    excluded.map(|excluded| {
        format!("the contract excludes {} to {}: {}", excluded.from, excluded.until, excluded.reason)
    })
}

fn node_answer(node: &Node<'_>) -> NodeAnswer {
    let claims = node.claims.iter().map(|claim| {
        let Claim { card, of, first, again } = claim;
        Why {
            card: Some(card.clone()),
            clause: DUPLICATE.to_owned(),
            because: format!("{again} and {first} of node {of} name the same card"),
        }
    });
    let doubts = node.doubts().into_iter().map(|doubt| Why {
        card: None,
        clause: doubt.clause().to_owned(),
        because: doubt.to_string(),
    });
    let row = node.decisive();
    let name = |selector: &str| {
        let card = row.and_then(|row| row.cards.iter().find(|card| card.selector == selector));
        card.map_or_else(|| selector.to_owned(), |card| format!("{selector} ({})", card.name))
    };
    let lacking = node.lacking().into_iter().map(|(card, lacking)| {
        let Lacking { clause, because, .. } = lacking;
        Why { card: card.map(name), clause: clause.clone(), because: because.clone() }
    });
    NodeAnswer {
        name: node.name.clone(),
        state: node.state(),
        healthy: node.is_healthy(),
        reports: node.reports.len(),
        failed_before: node.failed_before(),
        since: node.since(),
        report: row.map(|row| row.source.clone()),
        reasons: claims.chain(doubts).chain(lacking).collect(),
        cards: row.map_or(Vec::new(), |row| row.cards.clone()),
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}

impl Answer {
    /// What was recomputed and counted decides; see the README for the codes.
    pub fn exit(&self) -> Exit {
        let refused = |what: &[Refusal]| self.refused.iter().any(|refused| what.contains(&refused.what));
        let double = self.nodes.iter().flat_map(|node| &node.reasons).any(|why| why.clause == DUPLICATE);
        let short = self.milestones.iter().any(|milestone| milestone.is_over && milestone.lacking > 0);
        let never = self.listed.as_ref().is_some_and(|listed| !listed.never_reported.is_empty());
        let all = [
            (
                refused(&[Refusal::Unreadable, Refusal::UnknownKey, Refusal::Changed, Refusal::Contradicts]),
                Exit::Signature,
            ),
            (double || refused(&[Refusal::Replayed]), Exit::Identity),
            (short || never || self.counts.rejected > 0, Exit::Fail),
            (self.counts.undecided > 0 || self.counts.delivered == 0, Exit::Inconclusive),
        ];
        all.into_iter().filter_map(|(is, exit)| is.then_some(exit)).fold(Exit::Pass, Exit::worst)
    }
}
