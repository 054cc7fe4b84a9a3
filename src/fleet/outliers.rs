//! Cards that lag behind the fleet, though each may meet its clauses.
//! Owns the test: robust, one-sided, and with the chance of a single false alarm in the whole fleet held to 1 %.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use super::nodes::Node;
use crate::evidence::metric::{Kind, METRICS};
use crate::evidence::stats::middle;
use crate::units::Unit;

/// A figure that so few healthy cards have that this is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlier {
    pub node: String,
    pub card: String,
    pub metric: String,
    pub figure: f64,
    /// The median of all cards of that name.
    pub median: f64,
    pub unit: Unit,
    /// How many robust standard deviations it lies on the bad side.
    pub deviations: f64,
    /// In how many metrics the card is one; this is the worst.
    pub metrics: usize,
}

/// The chance that any card of a fleet without a bad one is called an outlier.
const FAMILY_ERROR: f64 = 0.01;
/// Fewer cards have no common measure.
const CARDS_MIN: usize = 8;
/// Cards of one kind differ; what differs by less than this is nobody's concern.
const SHARE_MIN: f64 = 0.02;
/// Of the median absolute deviation to the standard deviation, of normal figures.
const MAD_TO_DEVIATION: f64 = 1.4826;
/// No fleet is more even than this share of its median: figures of few samples could be equal by chance.
const EVEN: f64 = 0.002;

/// One figure among those of the same metric and model.
struct Figure<'a> {
    node: &'a str,
    card: &'a str,
    value: f64,
}

/// All cards that are outliers by the last report of their node that decides.
///
/// For each metric and model, deviations from the median in units of the median absolute deviation; their chances under a
/// normal distribution; Holm's procedure over all figures of the fleet (S. Holm, 1979).
pub fn outliers(nodes: &[Node<'_>]) -> Vec<Outlier> {
    let mut groups: BTreeMap<(u16, &str), Vec<Figure<'_>>> = BTreeMap::new();
    for (node, row) in nodes.iter().filter_map(|node| Some((node, node.decisive()?))) {
        for card in &row.cards {
            for (metric, value) in &card.medians {
                let figure = Figure { node: &node.name, card: &card.selector, value: *value };
                groups.entry((*metric, &card.name)).or_default().push(figure);
            }
        }
    }
    let mut tested: Vec<(f64, Outlier)> = groups
        .into_iter()
        .filter(|(_, figures)| figures.len() >= CARDS_MIN)
        .flat_map(|((metric, _), figures)| test(metric, &figures))
        .collect();
    tested.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let count = tested.len();
    let significant = tested
        .into_iter()
        .enumerate()
        .take_while(|(at, (chance, _))| *chance <= FAMILY_ERROR / (count - at) as f64);
    let far = significant
        .map(|(_, (_, outlier))| outlier)
        .filter(|outlier| (outlier.figure / outlier.median - 1.0).abs() >= SHARE_MIN);
    worst_of_each_card(far)
}

/// One line for each card, the farthest first.
fn worst_of_each_card(far: impl Iterator<Item = Outlier>) -> Vec<Outlier> {
    let mut cards: BTreeMap<(String, String), Outlier> = BTreeMap::new();
    for outlier in far {
        match cards.entry((outlier.node.clone(), outlier.card.clone())) {
            Entry::Vacant(place) => {
                place.insert(outlier);
            }
            Entry::Occupied(mut place) => {
                let metrics = place.get().metrics + 1;
                if outlier.deviations > place.get().deviations {
                    place.insert(outlier);
                }
                place.get_mut().metrics = metrics;
            }
        }
    }
    let mut cards: Vec<Outlier> = cards.into_values().collect();
    cards.sort_by(|a, b| b.deviations.total_cmp(&a.deviations));
    cards
}

/// Every figure of one metric and model with its chance.
fn test(metric: u16, figures: &[Figure<'_>]) -> Vec<(f64, Outlier)> {
    let Some(row) = METRICS.get(usize::from(metric)) else { return Vec::new() };
    let Kind::Number(unit) = row.kind else { return Vec::new() };
    // Less is worse for rates, more for times; counts and shares have bounds of their own.
    let sign = if row.kind.is_rate() {
        -1.0
    } else if unit == Unit::Nanosecond {
        1.0
    } else {
        return Vec::new();
    };
    let Some(median) = middle(figures.iter().map(|figure| figure.value).collect()) else { return Vec::new() };
    let apart = middle(figures.iter().map(|figure| (figure.value - median).abs()).collect()).unwrap_or(0.0);
    let deviation = (MAD_TO_DEVIATION * apart).max(EVEN * median.abs());
    let outlier = |figure: &Figure<'_>| {
        let deviations = if deviation > 0.0 { sign * (figure.value - median) / deviation } else { 0.0 };
        let outlier = Outlier {
            node: figure.node.to_owned(),
            card: figure.card.to_owned(),
            metric: row.name.clone(),
            figure: figure.value,
            median,
            unit,
            deviations,
            metrics: 1,
        };
        (beyond(deviations), outlier)
    };
    figures.iter().map(outlier).collect()
}

/// An upper bound on the chance of a normal figure beyond so many deviations: the density over the distance (Mills' ratio).
fn beyond(deviations: f64) -> f64 {
    if deviations <= 1.0 {
        return 1.0;
    }
    (-deviations * deviations / 2.0).exp() / (deviations * (2.0 * std::f64::consts::PI).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_bounds_of_the_normal_tail() {
        for (deviations, tail) in [(2.0, 0.022_750), (3.0, 0.001_349_9), (5.0, 2.866_5e-7), (8.0, 6.221e-16)]
        {
            let bound = beyond(deviations);
            assert!(bound >= tail && bound < 1.25 * tail, "{deviations}: {bound}");
        }
    }
}
