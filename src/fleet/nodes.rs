//! Which reports are of one node, and what the node is worth by them.
//! Owns the grouping and each node's state; must not know dates or money.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::doubt::Doubt;
use super::proofs::ProofSummary;
use super::row::{Lacking, Row};
use super::waivers::Waivers;
use crate::contract::Verdict;

/// One node with all its reports, in the order of time.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub name: String,
    pub reports: Vec<&'a Row>,
    /// Other nodes that claim a card which was seen in this one first, or the reverse: this node came second.
    pub claims: Vec<Claim>,
    /// Clauses that it need not meet.
    pub waived: Vec<&'a str>,
    /// What was proved of it, where its last proof held.
    pub proof: Option<ProofSummary>,
    /// What was not proved of it and must be, by its last proof.
    pub unproved: Vec<Lacking>,
    /// Whether any proof of it was enough.
    pub was_proved: bool,
}

/// A card that two nodes say they have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub card: String,
    /// The node in which it was seen first.
    pub of: String,
    pub first: String,
    pub again: String,
}

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The last report that decides anything passes, and nothing casts doubt on it.
    Accepted,
    /// No report decides anything, or there is a doubt.
    Undecided,
    /// The last report that decides anything fails, or a card of it is another node's.
    Rejected,
}

impl State {
    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            State::Accepted => "accepted",
            State::Undecided => "undecided",
            State::Rejected => "rejected",
        }
    }
}

impl<'a> Node<'a> {
    pub fn state(&self) -> State {
        if !self.claims.is_empty() {
            return State::Rejected;
        }
        match self.decisive().map(|row| self.verdict(row)) {
            Some(Verdict::Pass) if self.doubts().is_empty() => State::Accepted,
            Some(Verdict::Pass) => State::Undecided,
            Some(Verdict::Fail) => State::Rejected,
            Some(Verdict::Inconclusive) | None => State::Undecided,
        }
    }

    /// What a report says of this node where waived clauses are left out.
    fn verdict(&self, row: &Row) -> Verdict {
        let unproved = self.unproved.iter().filter(|lacking| !self.waives(lacking));
        let verdicts = unproved.map(|lacking| lacking.verdict);
        verdicts.chain([row.verdict_but(&self.waived)]).max().unwrap_or(Verdict::Inconclusive)
    }

    pub fn waives(&self, lacking: &Lacking) -> bool {
        self.waived.contains(&lacking.clause.as_str())
    }

    /// Why a pass does not count: what is doubted of the report itself, cards that nothing tells from those of other nodes, or
    /// what came after it.
    pub fn doubts(&self) -> Vec<Doubt> {
        let unnamed = self.decisive().is_some_and(|row| !is_named(row)).then_some(Doubt::Unnamed);
        let unsound = self.reports.last().is_some_and(|row| !is_sound(row)).then_some(Doubt::Unsound);
        let of_itself = self.decisive().map_or(Vec::new(), |row| row.doubts.clone());
        of_itself.into_iter().chain(unnamed).chain(unsound).collect()
    }

    /// The last report that passes or fails, else the last of all.
    pub fn decisive(&self) -> Option<&'a Row> {
        let decided = self.reports.iter().rev().find(|row| self.verdict(row) != Verdict::Inconclusive);
        decided.or(self.reports.last()).copied()
    }

    /// When it was first there.
    pub fn since(&self) -> Option<Timestamp> {
        self.reports.first().map(|row| row.started)
    }

    /// When it has come: with its first report that passed, if ever enough was proved of it. Whatever fails later takes nothing of that.
    pub fn came(&self) -> Option<Timestamp> {
        let is_proved = self.was_proved || self.unproved.iter().all(|lacking| self.waives(lacking));
        let is_good = |row: &&&Row| {
            let passes = row.verdict_but(&self.waived) == Verdict::Pass;
            passes && is_named(row) && is_sound(row) && !self.is_claimed(row)
        };
        let first = self.reports.iter().find(is_good).filter(|_| is_proved).copied();
        first.or(self.decisive().filter(|_| self.state() == State::Accepted)).map(|row| row.started)
    }

    /// Whether a card of this report, or one of which it is not known in which it was, was seen in another node first.
    fn is_claimed(&self, row: &Row) -> bool {
        let has = |row: &Row, id: &str| row.cards.iter().any(|card| card.ids.contains(id));
        let claims = self.claims.iter().map(|claim| claim.card.as_str());
        claims.into_iter().any(|id| has(row, id) || !self.reports.iter().any(|row| has(row, id)))
    }

    /// Reports that failed before the last one that decides: a node that is measured until it passes shows them.
    pub fn failed_before(&self) -> usize {
        let decisive = self.decisive().map(|row| row.payload);
        self.reports
            .iter()
            .filter(|row| self.verdict(row) == Verdict::Fail && Some(row.payload) != decisive)
            .count()
    }

    /// Whether the last report found every device sound, whatever it delivers: nothing lost, nothing wrong, no contradiction.
    pub fn is_healthy(&self) -> bool {
        self.claims.is_empty() && self.reports.last().is_some_and(|row| is_sound(row))
    }

    /// What the decisive report lacks in `must` clauses, with the selector of the card where it is one.
    pub fn lacking(&self) -> Vec<(Option<&str>, &Lacking)> {
        let unproved = self.unproved.iter().map(|lacking| (None, lacking));
        self.decisive().map_or(Vec::new(), |row| row.musts().chain(unproved).collect())
    }
}

fn is_named(row: &Row) -> bool {
    !row.cards.is_empty() && row.cards.iter().all(|card| !card.ids.is_empty())
}

fn is_sound(row: &Row) -> bool {
    let lacking = row.lacking.iter().chain(row.cards.iter().flat_map(|card| &card.lacking));
    row.is_whole() && lacking.into_iter().all(|lacking| !lacking.identity)
}

/// Groups rows, which are in the order of time: by the name that the run was told, else by the cards that most of a report's
/// cards were seen with before.
///
/// Whether a card is one is another question here than within a run, which [`same`](crate::device::same::same) answers. Nodes have
/// equal addresses, so only names count; and a name in two nodes makes both claim that card, though a card may be moved honestly.
pub fn group<'a>(rows: &'a [Row], waivers: &'a Waivers) -> Vec<Node<'a>> {
    let mut nodes: Vec<Node<'a>> = Vec::new();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    // For each card the nodes that it was seen in, the first one first.
    let mut seen: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for row in rows {
        let ids: BTreeSet<&str> =
            row.cards.iter().flat_map(|card| card.ids.iter().map(String::as_str)).collect();
        let at = match &row.node {
            Some(name) => by_name.get(name).copied(),
            None => majority(&ids, &seen),
        };
        let at = at.unwrap_or_else(|| {
            let name = row.node.clone().unwrap_or_else(|| unnamed(&ids, nodes.len()));
            by_name.insert(name.clone(), nodes.len());
            nodes.push(Node {
                name,
                reports: Vec::new(),
                claims: Vec::new(),
                waived: Vec::new(),
                proof: None,
                unproved: Vec::new(),
                was_proved: false,
            });
            nodes.len() - 1
        });
        nodes[at].reports.push(row);
        for id in ids {
            let places = seen.entry(id).or_default();
            if places.iter().all(|(node, _)| *node != at) {
                places.push((at, &row.source));
            }
        }
    }
    let mut claims: BTreeMap<usize, BTreeSet<Claim>> = BTreeMap::new();
    for (card, places) in &seen {
        let Some(((of, first), others)) = places.split_first() else { continue };
        for (again, source) in others {
            let claim = Claim {
                card: (*card).to_owned(),
                of: nodes[*of].name.clone(),
                first: (*first).to_owned(),
                again: (*source).to_owned(),
            };
            claims.entry(*again).or_default().insert(claim);
        }
    }
    for (at, claims) in claims {
        nodes[at].claims = claims.into_iter().collect();
    }
    for node in &mut nodes {
        node.waived = waivers.of(&node.name);
    }
    nodes
}

/// The node that more than half of these cards were seen in.
fn majority(ids: &BTreeSet<&str>, seen: &BTreeMap<&str, Vec<(usize, &str)>>) -> Option<usize> {
    let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
    for id in ids {
        for (node, _) in seen.get(id).into_iter().flatten() {
            *votes.entry(*node).or_default() += 1;
        }
    }
    let (node, count) = votes.into_iter().max_by_key(|(_, count)| *count)?;
    (2 * count > ids.len()).then_some(node)
}

/// By its first card, else by its place.
fn unnamed(ids: &BTreeSet<&str>, place: usize) -> String {
    match ids.first() {
        Some(id) => format!("node of {id}"),
        None => format!("node {}", place + 1),
    }
}
