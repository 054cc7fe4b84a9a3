//! Clauses that are decided over all cards of the fleet: how many meet them, and which do not.
//! Owns the counting and the fleet's median; whether a card has a figure at all was judged with its report.

use serde::{Deserialize, Serialize};

use super::nodes::Node;
use super::row::{Card, Lacking};
use super::waivers::Waivers;
use crate::contract::{Clause, Contract, Reason, Rule, Scope, Severity, Verdict};
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
    /// Where the bound is a share of it: the median over all cards that have a figure.
    pub median: Option<f64>,
    pub waived: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FailedCard {
    pub node: String,
    /// Selector and name.
    pub card: String,
    /// The share of the bound that is missing, where that is a number.
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
enum Is {
    Met,
    Failed(Option<f64>),
    Undecided,
}

fn decide(clause: &Clause, fleet: &[(&Node<'_>, &Card)], waivers: &Waivers) -> OverFleet {
    let median = of_median(clause).and_then(|(metric, _)| {
        let figures = fleet.iter().filter(|(_, card)| has_figure(clause, card));
        middle(figures.filter_map(|(_, card)| card.median(metric)).collect())
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

fn is(clause: &Clause, card: &Card, median: Option<f64>) -> Is {
    if let Some((metric, bound)) = of_median(clause) {
        let figure = card.median(metric).filter(|_| has_figure(clause, card));
        let Some((figure, median)) = figure.zip(median) else { return Is::Undecided };
        return bound.of(figure, median, clause.guard.as_ref().map_or(0.0, |guard| guard.value()));
    }
    match lacking(clause, card) {
        None => Is::Met,
        Some(Lacking { verdict: Verdict::Fail, short, .. }) => Is::Failed(*short),
        Some(_) => Is::Undecided,
    }
}

fn lacking<'a>(clause: &Clause, card: &'a Card) -> Option<&'a Lacking> {
    card.lacking.iter().find(|lacking| lacking.clause == clause.id)
}

/// Whether nothing is open but the fleet's median.
fn has_figure(clause: &Clause, card: &Card) -> bool {
    lacking(clause, card).is_some_and(|lacking| lacking.because == Reason::DecidedOverFleet)
}

/// A share of the fleet's median, and on which side of it a card must lie.
struct Bound {
    share: f64,
    is_least: bool,
}

impl Bound {
    fn of(&self, figure: f64, median: f64, guard: f64) -> Is {
        let bound = self.share * median;
        let short = if self.is_least { 1.0 - figure / bound } else { figure / bound - 1.0 };
        if !short.is_finite() || short.abs() <= guard && guard > 0.0 {
            Is::Undecided
        } else if short > 0.0 {
            Is::Failed(Some(short.min(1.0)))
        } else {
            Is::Met
        }
    }
}

fn of_median(clause: &Clause) -> Option<(&str, Bound)> {
    let (figure, bound, is_least) = match &clause.rule {
        Rule::AtLeast { figure, bound } => (figure, bound, true),
        Rule::AtMost { figure, bound } => (figure, bound, false),
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => return None,
    };
    let share = bound.share().filter(|_| bound.is_of_fleet())?.share;
    Some((figure.metric.as_str(), Bound { share, is_least }))
}
