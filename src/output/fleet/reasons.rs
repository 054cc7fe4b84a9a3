//! Why nodes are not accepted, as tables tell it: what several cards of a node lack alike stands once, and what is about identity first.
//! Owns that order and what is alike; must not know how it is drawn.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::mem::discriminant;

use super::super::advice::NAMES_MAX;
use super::super::rows;
use crate::contract::{Amount, Reason, Verdict};
use crate::fleet::nodes::State;
use crate::fleet::row::Lacking;
use crate::fleet::words::Said;
use crate::fleet::{Answer, Because, NodeAnswer, Why};
use crate::language::{Language, say};

/// One reason.
pub struct Told {
    /// The cards that have it, or the node.
    pub on: String,
    pub clause: String,
    pub because: String,
}

/// Nodes that are not accepted, those with a card that is not what or where it should be first.
pub fn bad(answer: &Answer) -> Vec<&NodeAnswer> {
    let mut bad: Vec<&NodeAnswer> =
        answer.nodes.iter().filter(|node| node.state != State::Accepted).collect();
    bad.sort_by_key(|node| Reverse(node.reasons.iter().map(urgency).max()));
    bad
}

/// The reasons of a node, each once.
pub fn of(node: &NodeAnswer, language: Language) -> Vec<Told> {
    let mut groups: Vec<Vec<&Why>> = Vec::new();
    for why in &node.reasons {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| alike(first, why))) {
            Some(group) => group.push(why),
            None => groups.push(vec![why]),
        }
    }
    groups.sort_by_key(|group| Reverse(group.iter().map(|why| urgency(why)).max()));
    groups.iter().filter_map(|group| told(group, node, language)).collect()
}

/// Of so many nodes it is told first what they lack together.
pub const NODES_MANY: usize = NAMES_MAX + 1;

/// How many nodes do not meet a clause.
pub struct Tally {
    pub clause: String,
    pub failed: usize,
    pub undecided: usize,
}

/// What nodes lack together, what most of them lack first.
pub fn by_clause(nodes: &[&NodeAnswer]) -> Vec<Tally> {
    let mut clauses: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for node in nodes {
        let mut worst: BTreeMap<&str, Verdict> = BTreeMap::new();
        for why in &node.reasons {
            let verdict = worst.entry(&why.clause).or_insert(why.verdict);
            *verdict = why.verdict.max(*verdict);
        }
        for (clause, verdict) in worst {
            let [failed, undecided] = clauses.entry(clause).or_default();
            match verdict {
                Verdict::Fail => *failed += 1,
                Verdict::Inconclusive => *undecided += 1,
                Verdict::Pass => {}
            }
        }
    }
    let tally = |(clause, [failed, undecided]): (&str, [usize; 2])| {
        let clause = clause.to_owned();
        Tally { clause, failed, undecided }
    };
    let mut tallies: Vec<Tally> = clauses.into_iter().map(tally).collect();
    tallies.sort_by_key(|tally| Reverse((tally.failed, tally.undecided)));
    tallies
}

/// That a card is in two nodes speaks against both, before anything that it delivers.
fn urgency(why: &Why) -> u8 {
    match &why.because {
        Because::Claimed { .. } => 2,
        Because::Lacking(lacking) if lacking.identity => 1,
        Because::Lacking(_) | Because::Doubted(_) => 0,
    }
}

/// Whether two cards lack the same, be it by other figures.
fn alike(a: &Why, b: &Why) -> bool {
    let same = match (&a.because, &b.because) {
        (Because::Lacking(a), Because::Lacking(b)) => lack_alike(a, b),
        (a, b) => a == b,
    };
    same && a.clause == b.clause && a.verdict == b.verdict
}

fn lack_alike(a: &Lacking, b: &Lacking) -> bool {
    let found = match (&a.found, &b.found) {
        (Some(Amount::Number { unit: a, .. }), Some(Amount::Number { unit: b, .. })) => a == b,
        (a, b) => a == b,
    };
    let because = a.because == b.because
        || (is_of_figures(&a.because) && discriminant(&a.because) == discriminant(&b.because));
    found && because && a.demanded == b.demanded
}

/// Whether a reason differs from card to card by figures alone.
fn is_of_figures(because: &Reason) -> bool {
    matches!(because, Reason::DeliveredTooLittle { .. } | Reason::DeliveredOpen { .. })
}

fn told(group: &[&Why], node: &NodeAnswer, language: Language) -> Option<Told> {
    let first = group.first()?;
    let cards: Vec<&str> = group.iter().filter_map(|why| why.card.as_deref()).collect();
    let on = match cards[..] {
        [] => say!(language, "whole-node"),
        [_, _, ..] if cards.len() == node.cards.len() => say!(language, "all-cards", count = cards.len()),
        _ => language.list(&cards),
    };
    let because = span(group, language).unwrap_or_else(|| first.because.said(language));
    Some(Told { on, clause: first.clause.clone(), because })
}

/// What was demanded of several cards, from where to where their figures lie, and why that is not enough. `None` where all is one.
fn span(group: &[&Why], language: Language) -> Option<String> {
    let lacking = group.iter().filter_map(|why| match &why.because {
        Because::Lacking(lacking) => Some(lacking),
        Because::Claimed { .. } | Because::Doubted(_) => None,
    });
    let found = lacking.clone().filter_map(|lacking| match lacking.found {
        Some(Amount::Number { value, unit }) => Some((value, unit)),
        Some(Amount::Ratio { .. } | Amount::Text { .. }) | None => None,
    });
    let (low, unit) = found.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let (high, _) = found.max_by(|a, b| a.0.total_cmp(&b.0))?;
    if low == high {
        return None;
    }
    let worst = lacking.clone().max_by(|a, b| a.short.unwrap_or(0.0).total_cmp(&b.short.unwrap_or(0.0)))?;
    let because = worst.because.said(language);
    let because = match lacking.clone().all(|one| one.because == worst.because) {
        true => because,
        false => say!(language, "of-the-worst", because = because),
    };
    let (demanded, [low, high]) = match &worst.demanded {
        Some(Amount::Number { value: bound, unit: of }) if *of == unit => {
            // With the digits that tell the bound from either end.
            let [[one, low], [other, high]] = [low, high].map(|figure| unit.apart(*bound, figure));
            (Some(if one.len() > other.len() { one } else { other }), [low, high])
        }
        demanded => {
            (demanded.as_ref().map(|amount| amount.said(language)), [low, high].map(|end| unit.format(end)))
        }
    };
    let found = rows::from_to(&low, &high);
    Some(match demanded {
        Some(demanded) => say!(language, "finding-demanded-found", demanded, found, because),
        None => say!(language, "finding-found", found, because),
    })
}
