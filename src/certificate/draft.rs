//! Draws a certificate up from what a fleet's reports come to, so that whoever has the same reports gets the same one.
//! Owns what gets into it, and that no card can be told by it from outside.

use super::{
    CardName, Certificate, ClauseTally, ContractName, Decision, FORMAT, Grounds, NodeDecision, NodeList,
    Signatories,
};
use crate::contract::when::When;
use crate::contract::{Clause, Parsed, Scope, Severity, Verdict, finding};
use crate::fleet::nodes::State;
use crate::fleet::row::Card;
use crate::fleet::waivers::Waivers;
use crate::fleet::words::Said;
use crate::fleet::{Answer, DUPLICATE, NodeAnswer, Span, Why};
use crate::language::Language;
use crate::seal::Salt;

/// What the reports do not say.
pub struct Terms<'a> {
    pub parties: Signatories,
    pub decision: Decision,
    pub span: Span,
    pub waivers: &'a Waivers,
    pub salt: &'a Salt,
}

/// `answer` must have been counted by the same contract, span and waivers.
pub fn draft(parsed: &Parsed, answer: &Answer, terms: &Terms<'_>) -> Certificate {
    let Terms { parties, decision, span, waivers, salt } = terms;
    Certificate {
        format: FORMAT,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: ContractName { id: parsed.contract.id.clone(), sha256: parsed.sha256.clone() },
        parties: parties.clone(),
        decision: decision.clone(),
        as_of: When(span.as_of),
        since: span.since.map(When),
        list: answer.listed.as_ref().map(|listed| {
            // In an order that does not depend on that of a file.
            let mut never_reported = listed.never_reported.clone();
            never_reported.sort();
            NodeList { sha256: listed.sha256.clone(), nodes: listed.nodes, never_reported }
        }),
        counts: answer.counts.clone(),
        milestones: answer.milestones.clone(),
        clauses: tallies(parsed, answer),
        waivers: waivers.all().to_vec(),
        nodes: answer.nodes.iter().map(|node| decided(node, salt)).collect(),
        over_fleet: with_names(answer.over_fleet.clone(), answer, salt, |over| {
            over.iter_mut().flat_map(|over| &mut over.failed).map(|card| &mut card.node).collect()
        }),
        money: with_names(answer.money.clone(), answer, salt, |money| {
            money.iter_mut().flat_map(|money| &mut money.dues).flat_map(|due| &mut due.nodes).collect()
        }),
        salt_sha256: salt.sha256(),
    }
}

fn tallies(parsed: &Parsed, answer: &Answer) -> Vec<ClauseTally> {
    let of_nodes = |clause: &&Clause| clause.severity == Severity::Must && clause.scope != Scope::Fleet;
    let clauses = parsed.contract.clauses.iter().filter(of_nodes);
    let mut ids: Vec<&str> = clauses.map(|clause| clause.id.as_str()).collect();
    let all = || answer.nodes.iter().flat_map(|node| node.reasons.iter().chain(&node.waived));
    for why in all().filter(|why| !why.clause.starts_with("fleet.")) {
        if !ids.contains(&why.clause.as_str()) {
            ids.push(&why.clause);
        }
    }
    ids.iter().map(|clause| tally(clause, &answer.nodes)).collect()
}

fn tally(clause: &str, nodes: &[NodeAnswer]) -> ClauseTally {
    let mut tally = ClauseTally { clause: clause.to_owned(), met: 0, waived: 0, failed: 0, undecided: 0 };
    for node in nodes {
        let worst = node.reasons.iter().filter(|why| why.clause == clause).map(|why| why.verdict).max();
        let is_waived = node.waived.iter().any(|why| why.clause == clause);
        let of = match worst {
            Some(Verdict::Fail) => &mut tally.failed,
            Some(Verdict::Inconclusive) => &mut tally.undecided,
            Some(Verdict::Pass) | None if is_waived => &mut tally.waived,
            // A node without a report that decides has met nothing.
            Some(Verdict::Pass) | None if node.report_sha256.is_none() => &mut tally.undecided,
            Some(Verdict::Pass) | None => &mut tally.met,
        };
        *of += 1;
    }
    tally
}

fn decided(node: &NodeAnswer, salt: &Salt) -> NodeDecision {
    let ids = Ids { salt, are_hidden: node.salt_sha256.is_some() };
    let all = |whys: &[Why]| whys.iter().map(|why| grounds(why, &node.cards, &ids)).collect();
    NodeDecision {
        name: node_name(node, salt),
        state: node.state,
        report_sha256: node.report_sha256.clone(),
        level: node.level,
        challenge_sha256: node.challenge_sha256.clone(),
        proof: node.proof.clone(),
        first_report: node.since.map(When),
        cards: node.cards.iter().map(|card| card_name(card, &ids)).collect(),
        reasons: if node.state == State::Accepted { Vec::new() } else { all(&node.reasons) },
        waived: all(&node.waived),
    }
}

/// How the ids of a node's cards are hidden.
struct Ids<'a> {
    salt: &'a Salt,
    /// In the report already, behind the same salt.
    are_hidden: bool,
}

impl Ids<'_> {
    fn hide(&self, id: &str) -> String {
        match id.split_once(' ') {
            Some((_, hidden)) if self.are_hidden => hidden.to_owned(),
            Some(_) | None => self.salt.hide(id),
        }
    }
}

fn card_name(card: &Card, ids: &Ids<'_>) -> CardName {
    let mut hidden_ids: Vec<String> = card.ids.iter().map(|id| ids.hide(id)).collect();
    // In an order that tells nothing either.
    hidden_ids.sort();
    CardName { selector: card.selector.clone(), name: card.name.clone(), kind: card.kind, hidden_ids }
}

/// The same with the names of nodes as the certificate has them.
fn with_names<T>(mut of: T, answer: &Answer, salt: &Salt, names: impl Fn(&mut T) -> Vec<&mut String>) -> T {
    for name in names(&mut of) {
        if let Some(node) = answer.nodes.iter().find(|node| node.name == *name) {
            *name = node_name(node, salt);
        }
    }
    of
}

/// The name that the parties gave it. Nodes without one are called by a card, which is hidden.
fn node_name(node: &NodeAnswer, salt: &Salt) -> String {
    match node.is_named {
        true => node.name.clone(),
        false => format!("node {}", salt.hide(&node.name)),
    }
}

/// A text without the ids of these cards.
fn hidden(text: &str, cards: &[Card], ids: &Ids<'_>) -> String {
    let all = cards.iter().flat_map(|card| &card.ids);
    all.fold(text.to_owned(), |text, id| text.replace(id.as_str(), &ids.hide(id)))
}

/// Where sources disagree about a card, the reason quotes what they say, and paths of files are nobody else's business: the
/// report says both.
fn grounds(why: &Why, cards: &[Card], ids: &Ids<'_>) -> Grounds {
    let Why { card, clause, verdict, because } = why.clone();
    let (card, because) = match clause.as_str() {
        DUPLICATE => (card.map(|id| ids.hide(&id)), "another node has the same card".to_owned()),
        finding::id::CONFLICT | finding::id::DUPLICATE => {
            (card, "sources contradict one another about this card".to_owned())
        }
        _ => (card, hidden(&because.said(Language::English), cards, ids)),
    };
    Grounds { card, clause, verdict, because }
}
