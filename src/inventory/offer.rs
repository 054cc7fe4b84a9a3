//! Many inventory certificates as one: so many cards of each class, by what they reach.
//! Owns what counts and is counted once; must not know how it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::{Card, Inventory, KIND, Quality};
use crate::device::{ProvenanceKind, same};
use crate::evidence::metric::MetricName;
use crate::evidence::stats::middle;
use crate::exit::Exit;
use crate::fleet::envelopes::{self, Job, Unreadable};
use crate::fleet::intake::{Cause, Refusal, Refused};
use crate::seal::TrustList;

/// What can be offered at a moment.
#[derive(Clone, Debug, Serialize)]
pub struct Offer {
    pub as_of: Timestamp,
    /// Certificates that count.
    pub certificates: usize,
    /// Older ones of the same nodes.
    pub replaced: usize,
    /// Signed statements of other kinds.
    pub others: usize,
    pub classes: Vec<ClassOffer>,
    /// Cards that are not offered.
    pub set_aside: Vec<SetAside>,
    /// Cards that are in several nodes, where they are not counted.
    pub doubles: Vec<Double>,
    pub lapsed: Vec<Lapsed>,
    pub refused: Vec<Refused>,
}

/// All cards of one class that are not known to be worse than others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassOffer {
    pub class: String,
    pub kind: ProvenanceKind,
    pub cards: usize,
    /// Those that are called otherwise.
    pub by_figures: usize,
    /// Those of which it is not known what healthy cards reach.
    pub uncompared: usize,
    pub rates: Vec<Reach>,
}

/// What the cards of a class that have this figure reach, in the metric's unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reach {
    pub metric: MetricName,
    pub cards: usize,
    pub least: f64,
    pub median: f64,
    pub sum: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetAside {
    pub node: String,
    pub card: String,
    pub quality: Quality,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Double {
    pub node: String,
    pub card: String,
    /// Where it is counted.
    pub first: String,
}

/// A certificate that says nothing of the moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lapsed {
    pub source: String,
    pub measured: Timestamp,
    pub valid_until: Timestamp,
}

/// What cards are bought for, as far as it was measured.
const RATES: [&str; 7] = [
    "gemm.bf16.rate",
    "gemm.fp8_e4m3.rate",
    "sustain.bf16.rate",
    "fma.fp64.rate",
    "fma.fp32.rate",
    "stream.triad.rate",
    "memory.filled.bytes",
];

/// One certificate, and where it lies.
struct Found {
    source: String,
    inventory: Inventory,
}

enum Came {
    Found(Box<Found>),
    Refused(Refused),
    Other,
}

/// Reads and sums everything under `paths`, see [`envelopes::each`].
pub fn offer(paths: &[PathBuf], trust: &TrustList, as_of: Timestamp) -> Result<Offer, Unreadable> {
    let all = envelopes::each(paths, |job| came(job, trust))?;
    let (mut found, mut refused, mut others) = (Vec::new(), Vec::new(), 0);
    for came in all {
        match came {
            Came::Found(one) => found.push(*one),
            Came::Refused(one) => refused.push(one),
            Came::Other => others += 1,
        }
    }
    Ok(summed(found, refused, others, as_of))
}

fn came(job: Job, trust: &TrustList) -> Came {
    let opened = match envelopes::open(job, trust) {
        Ok(opened) => opened,
        Err(refused) => return Came::Refused(refused),
    };
    if !KIND.is_of(opened.verified.bytes()) {
        return Came::Other;
    }
    match Inventory::from_verified(&opened.verified) {
        Ok(inventory) => Came::Found(Box::new(Found { source: opened.source, inventory })),
        Err(why) => Came::Refused(Refused {
            source: opened.source,
            what: Refusal::Unreadable,
            why: Cause::Told(why.to_string()),
        }),
    }
}

fn summed(found: Vec<Found>, refused: Vec<Refused>, others: usize, as_of: Timestamp) -> Offer {
    let (covering, lapsed): (Vec<Found>, Vec<Found>) =
        found.into_iter().partition(|found| found.inventory.covers(as_of));
    let lapsed = lapsed.into_iter().map(|Found { source, inventory }| Lapsed {
        source,
        measured: inventory.measured.0,
        valid_until: inventory.valid_until.0,
    });
    let all = covering.len();
    let newest = newest(covering);
    let (mut counted, mut set_aside, mut doubles) = (Vec::new(), Vec::new(), Vec::new());
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, inventory) in &newest {
        for card in &inventory.cards {
            let shown = card.shown();
            // A board in two nodes is there once; in one it may carry several cards.
            let counts = |id: &str, first: &str| first != name || !same::is_of_board(id);
            let known = card
                .ids
                .iter()
                .find_map(|id| first.get(id.as_str()).copied().filter(|first| counts(id, first)));
            first.extend(card.ids.iter().map(|id| (id.as_str(), name.as_str())));
            let is_doubtful = !inventory.is_sound() || card.ids.is_empty();
            let quality = if is_doubtful { card.quality().max(Quality::Doubtful) } else { card.quality() };
            match (known, quality) {
                (Some(first), _) => {
                    doubles.push(Double { node: name.clone(), card: shown, first: first.to_owned() });
                }
                (None, Quality::Good | Quality::Uncompared) => counted.push(card),
                (None, quality) => set_aside.push(SetAside { node: name.clone(), card: shown, quality }),
            }
        }
    }
    Offer {
        as_of,
        certificates: newest.len(),
        replaced: all - newest.len(),
        others,
        classes: classes(&counted),
        set_aside,
        doubles,
        lapsed: lapsed.collect(),
        refused,
    }
}

/// The newest of each node, in the order of time. A node without a name is its cards.
fn newest(mut found: Vec<Found>) -> Vec<(String, Inventory)> {
    found.sort_by(|a, b| (a.inventory.measured, &a.source).cmp(&(b.inventory.measured, &b.source)));
    let mut kept: Vec<(String, Inventory)> = Vec::new();
    for Found { source, inventory } in found {
        let same = |other: &Inventory| match (&other.node, &inventory.node) {
            (Some(a), Some(b)) => a == b,
            (None, None) => ids(other) == ids(&inventory) && !ids(other).is_empty(),
            (Some(_), None) | (None, Some(_)) => false,
        };
        kept.retain(|(_, other)| !same(other));
        kept.push((inventory.node.clone().unwrap_or(source), inventory));
    }
    kept
}

fn ids(inventory: &Inventory) -> BTreeSet<&str> {
    inventory.cards.iter().flat_map(|card| &card.ids).map(String::as_str).collect()
}

fn classes(cards: &[&Card]) -> Vec<ClassOffer> {
    let mut by_class: BTreeMap<(&str, bool), Vec<&Card>> = BTreeMap::new();
    for card in cards {
        let Some(class) = &card.class else { continue };
        let is_simulated = card.kind == Some(ProvenanceKind::Simulated);
        by_class.entry((&class.card, is_simulated)).or_default().push(card);
    }
    let class = |((class, is_simulated), cards): ((&str, bool), Vec<&Card>)| ClassOffer {
        class: class.to_owned(),
        kind: if is_simulated { ProvenanceKind::Simulated } else { ProvenanceKind::Hardware },
        cards: cards.len(),
        uncompared: cards.iter().filter(|card| card.quality() == Quality::Uncompared).count(),
        by_figures: cards.iter().filter(|card| card.is_by_figures()).count(),
        rates: RATES.iter().filter_map(|metric| reach(metric, &cards)).collect(),
    };
    by_class.into_iter().map(class).collect()
}

fn reach(metric: &str, cards: &[&Card]) -> Option<Reach> {
    let values: Vec<f64> = cards.iter().filter_map(|card| Some(card.figure(metric)?.value)).collect();
    Some(Reach {
        metric: MetricName::parse(metric).ok()?,
        cards: values.len(),
        least: values.iter().copied().reduce(f64::min)?,
        sum: values.iter().sum(),
        median: middle(values)?,
    })
}

impl Offer {
    /// See the help of `assay fleet inventory`.
    pub fn exit(&self) -> Exit {
        let all = [
            (!self.refused.is_empty(), Exit::Signature),
            (!self.doubles.is_empty(), Exit::Identity),
            (self.classes.is_empty() || !self.lapsed.is_empty(), Exit::Inconclusive),
        ];
        all.into_iter().filter_map(|(is, exit)| is.then_some(exit)).fold(Exit::Pass, Exit::worst)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::contract::when::When;
    use crate::inventory::{CatalogueName, FORMAT};
    use crate::report::TrustLevel;

    /// A certificate of cards with these names each.
    fn certified(node: &str, cards: &[&[&str]]) -> Found {
        let at = "2026-06-01T00:00:00Z".parse().unwrap();
        let card = |ids: &&[&str]| Card {
            selector: String::new(),
            name: String::new(),
            kind: Some(ProvenanceKind::Hardware),
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            class: None,
            figures: Vec::new(),
            refused: Vec::new(),
        };
        let catalogue = CatalogueName { version: String::new(), sha256: String::new(), overlays: Vec::new() };
        let inventory = Inventory {
            format: FORMAT,
            tool_version: String::new(),
            report_sha256: String::new(),
            node: Some(node.to_owned()),
            measured: When(at),
            valid_until: When(at),
            level: TrustLevel::L0,
            catalogue,
            is_finished: true,
            conflicts: Vec::new(),
            cards: cards.iter().map(card).collect(),
        };
        Found { source: node.to_owned(), inventory }
    }

    #[test]
    fn a_board_carries_several_cards_and_is_in_one_node() {
        let doubles = |found: Vec<Found>| {
            let offer = summed(found, Vec::new(), 0, "2026-06-01T00:00:00Z".parse().unwrap());
            offer.doubles.into_iter().map(|double| (double.node, double.first)).collect::<Vec<_>>()
        };
        let board: &[&[&str]] = &[&["serial 1", "uuid a"], &["serial 1", "uuid b"]];
        assert_eq!(doubles(vec![certified("a", board)]), []);
        let twice: &[&[&str]] = &[&["uuid a"], &["uuid a"]];
        assert_eq!(doubles(vec![certified("a", twice)]), [("a".to_owned(), "a".to_owned())]);
        let other = certified("b", &[&["serial 1", "uuid c"]]);
        assert_eq!(doubles(vec![certified("a", board), other]), [("b".to_owned(), "a".to_owned())]);
    }
}
