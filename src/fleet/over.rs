//! Clauses that are decided over all cards of the fleet: how many meet them, and which do not.
//! Owns the counting and the fleet's median; whether a card has a figure at all was judged with its report.

use serde::{Deserialize, Serialize};

use super::nodes::Node;
use super::row::{Card, Lacking, off};
use super::waivers::Waivers;
use crate::contract::{Bound, Clause, Contract, Reason, Rule, Scope, Severity, Side, Verdict};
use crate::evidence::stats::middle;

/// One clause over the fleet. Cards of nodes that claim another's card are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OverFleet {
    pub clause: String,
    pub severity: Severity,
    pub verdict: Verdict,
    /// The share of cards that must meet it.
    pub quorum: f64,
    pub cards: u32,
    pub met: u32,
    pub undecided: u32,
    pub failed: Vec<FailedCard>,
    /// Where the bound is a share of it: the median over all cards that have a figure, of which there must be at least three.
    pub median: Option<f64>,
    pub waived: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FailedCard {
    pub node: String,
    /// Selector and name.
    pub card: String,
    /// The share of the bound that is missing or too much, where that is a number.
    pub short: Option<f64>,
}

impl OverFleet {
    /// Whether the answer depends on it.
    pub fn decides(&self) -> bool {
        self.severity == Severity::Must && !self.waived
    }
}

pub fn over_fleet(contract: &Contract, nodes: &[Node<'_>], waivers: &Waivers) -> Vec<OverFleet> {
    let fleet: Vec<(&Node<'_>, &Card)> = nodes
        .iter()
        .filter(|node| node.claims.is_empty())
        .filter_map(|node| Some((node, node.decisive()?)))
        .flat_map(|(node, row)| row.cards.iter().map(move |card| (node, card)))
        .collect();
    let clauses = contract.clauses.iter().filter(|clause| clause.scope == Scope::Fleet);
    clauses.map(|clause| decide(clause, &fleet, waivers)).collect()
}

/// What a clause comes to on one card.
pub(super) enum Is {
    Met,
    /// By the share of the bound that is missing or too much, where that is a number.
    Failed(Option<f64>),
    Undecided,
}

/// The median of fewer is a card's own figure, or half of it.
const OF_MEDIAN_MIN: usize = 3;

fn decide(clause: &Clause, fleet: &[(&Node<'_>, &Card)], waivers: &Waivers) -> OverFleet {
    let median = of_median(clause).and_then(|(bound, _)| {
        let metric = bound.figure.metric.as_str();
        let figures = fleet.iter().filter(|(_, card)| has_figure(clause, card));
        let figures: Vec<f64> = figures.filter_map(|(_, card)| card.median(metric)).collect();
        if figures.len() < OF_MEDIAN_MIN { None } else { middle(figures) }
    });
    let (mut met, mut undecided, mut failed) = (0, 0, Vec::new());
    for (node, card) in fleet {
        match is(clause, card, median) {
            Is::Met => met += 1,
            Is::Undecided => undecided += 1,
            Is::Failed(short) => {
                failed.push(FailedCard { node: node.name.clone(), card: card.shown(), short })
            }
        }
    }
    let cards = u32::try_from(fleet.len()).unwrap_or(u32::MAX);
    let quorum = clause.quorum.as_ref().map_or(1.0, |quorum| quorum.value());
    // As whole cards, so that a share such as 0.99 is not missed by its last binary digit.
    let needed = (quorum * f64::from(cards) - 1e-9).ceil();
    let verdict = match (cards, f64::from(met) >= needed, f64::from(met + undecided) >= needed) {
        (0, _, _) => Verdict::Inconclusive,
        (_, true, _) => Verdict::Pass,
        (_, false, true) => Verdict::Inconclusive,
        (_, false, false) => Verdict::Fail,
    };
    OverFleet {
        clause: clause.id.clone(),
        severity: clause.severity,
        verdict,
        quorum,
        cards,
        met,
        undecided,
        failed,
        median,
        waived: waivers.everywhere(&clause.id),
    }
}

pub(super) fn is(clause: &Clause, card: &Card, median: Option<f64>) -> Is {
    let lacking = lacking(clause, card);
    // A card at fault has no figure that the fleet could be asked about.
    if let Some(Lacking { verdict: Verdict::Fail, short, .. }) = lacking {
        return Is::Failed(*short);
    }
    if let Some((bound, share)) = of_median(clause) {
        let figure = card.median(bound.figure.metric.as_str()).filter(|_| has_figure(clause, card));
        let Some((figure, median)) = figure.zip(median) else { return Is::Undecided };
        let guard = clause.guard.as_ref().map_or(0.0, |guard| guard.value());
        return beside(figure, share * median, bound.side, guard);
    }
    if lacking.is_none() { Is::Met } else { Is::Undecided }
}

fn lacking<'a>(clause: &Clause, card: &'a Card) -> Option<&'a Lacking> {
    card.lacking.iter().find(|lacking| lacking.clause == clause.id)
}

/// Whether nothing is open but the fleet's median.
fn has_figure(clause: &Clause, card: &Card) -> bool {
    lacking(clause, card).is_some_and(|lacking| lacking.because == Reason::DecidedOverFleet)
}

fn beside(figure: f64, bound: f64, side: Side, guard: f64) -> Is {
    if !(figure / bound).is_finite() || guard > 0.0 && (figure - bound).abs() <= guard * bound {
        Is::Undecided
    } else if figure != bound && (figure < bound) == (side == Side::Least) {
        Is::Failed(Some(off(figure, bound)))
    } else {
        Is::Met
    }
}

/// A bound that is a share of the fleet's median, and that share.
fn of_median(clause: &Clause) -> Option<(&Bound, f64)> {
    let Rule::Bound(bound) = &clause.rule else { return None };
    let share = bound.quantity.share().filter(|_| bound.quantity.is_of_fleet())?;
    Some((bound, share.share))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::evidence::metric::METRICS;

    const METRIC: &str = "link.d2h.rate";

    fn node() -> Node<'static> {
        let (reports, claims, waived, unproved) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Node { name: "n".to_owned(), reports, claims, waived, proof: None, unproved, was_proved: false }
    }

    /// A card with this figure, of which the clause is open for this reason.
    fn card(figure: f64, verdict: Verdict, because: Reason) -> Card {
        let at = METRICS.iter().position(|row| row.name == METRIC).unwrap() as u16;
        let open = Lacking {
            clause: "c".to_owned(),
            severity: Severity::Info,
            verdict,
            demanded: None,
            found: None,
            because,
            short: None,
            identity: false,
        };
        Card {
            selector: "x".to_owned(),
            name: "X".to_owned(),
            kind: None,
            pci_address: None,
            ids: Default::default(),
            verdict: Verdict::Pass,
            lacking: vec![open],
            medians: vec![(at, figure)],
        }
    }

    fn good(figure: f64) -> Card {
        card(figure, Verdict::Inconclusive, Reason::DecidedOverFleet)
    }

    fn over(cards: &[Card]) -> OverFleet {
        let clause = format!(
            "version = 1\nid = \"x\"\n[[clause]]\nid = \"m\"\nnever = \"xid\"\n[[clause]]\nid = \"c\"\nmetric = {METRIC:?}\n\
             statistic = \"p50\"\nat_least = \"100 % of fleet median\"\nscope = \"fleet\"\nquorum = \"50 %\"\n"
        );
        let contract = crate::contract::parse("c.toml", clause.as_bytes()).unwrap().contract;
        let node = node();
        let fleet: Vec<_> = cards.iter().map(|card| (&node, card)).collect();
        decide(&contract.clauses[1], &fleet, &Waivers::default())
    }

    #[test]
    fn few_cards_are_no_measure_of_themselves() {
        for cards in [&[5.0][..], &[5.0, 1.0]] {
            let over = over(&cards.iter().map(|figure| good(*figure)).collect::<Vec<_>>());
            assert_eq!((over.verdict, over.median), (Verdict::Inconclusive, None), "{cards:?}");
        }
        let over = over(&[good(5.0), good(5.0), good(1.0)]);
        assert_eq!((over.verdict, over.met, over.failed.len()), (Verdict::Pass, 2, 1));
    }

    #[test]
    fn a_card_at_fault_does_not_meet_it() {
        let bad = || card(9.0, Verdict::Fail, Reason::WrongResult { why: "w".to_owned() });
        let over = over(&[good(5.0), good(5.0), good(5.0), bad(), bad(), bad(), bad()]);
        assert_eq!((over.verdict, over.met, over.failed.len(), over.undecided), (Verdict::Fail, 3, 4, 0));
        assert_eq!(over.median, Some(5.0), "nor is its figure one");
    }
}
