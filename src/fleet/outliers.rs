//! Cards that lag behind the fleet, though each may meet its clauses.
//! Owns the test: robust, one-sided, and with the chance of a single false alarm in the whole fleet held to 1 %.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::f64::consts::PI;

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

/// Figures by metric, as its place in [`METRICS`], and model.
type Groups<'a> = BTreeMap<(u16, &'a str), Vec<Figure<'a>>>;

/// All cards that are outliers by the last report of their node that decides.
///
/// For each metric and model, deviations from the median in units of the median absolute deviation; their chances among so many
/// normal figures, of which few have heavier tails; Holm's procedure over all figures of the fleet (S. Holm, 1979), whatever depends on what.
pub fn outliers(nodes: &[Node<'_>]) -> Vec<Outlier> {
    let mut groups = Groups::new();
    for (node, row) in nodes.iter().filter_map(|node| Some((node, node.decisive()?))) {
        for card in &row.cards {
            for (metric, value) in &card.medians {
                let figure = Figure { node: &node.name, card: &card.selector, value: *value };
                groups.entry((*metric, &card.name)).or_default().push(figure);
            }
        }
    }
    far_off(groups)
}

fn far_off(groups: Groups<'_>) -> Vec<Outlier> {
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
    let tail = Tail::among(figures.len());
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
        (tail.beyond(deviations), outlier)
    };
    figures.iter().map(outlier).collect()
}

/// How far figures lie from the median of so many in units of the median absolute deviation, where they are normal.
///
/// By chance that deviation is far too small, the more often the fewer cards there are: it is where one more than half of them lie that
/// near to one another, so the chance of a distance falls as its power by half of their number, which is that of Student's t with so many
/// degrees of freedom. Beyond one in a hundred the distances are at most [`WIDER`] times as great as those of t, as simulated for
/// 8 to 96 cards; the tests simulate what follows.
struct Tail {
    freedom: f64,
    /// Of the density at its middle.
    ln_height: f64,
}

const WIDER: f64 = 1.15;
/// More is as good as normal.
const FREEDOM_MAX: usize = 1000;

impl Tail {
    fn among(figures: usize) -> Self {
        let freedom = (figures / 2).clamp(2, FREEDOM_MAX);
        // The ratio of the gamma functions of half of one more and of half of it, from that of 1 on.
        let ratio = (1..freedom).fold(1.0 / PI.sqrt(), |ratio, of| of as f64 / 2.0 / ratio);
        Self { freedom: freedom as f64, ln_height: libm::log(ratio) - libm::log(freedom as f64 * PI) / 2.0 }
    }

    /// An upper bound on the chance of one so far off or farther: as Mills' ratio bounds the tail of a normal distribution.
    fn beyond(&self, deviations: f64) -> f64 {
        let t = deviations / WIDER;
        if t <= 1.0 {
            return 1.0;
        }
        let ln_power = libm::log1p(t * t / self.freedom) * (self.freedom - 1.0) / 2.0;
        libm::exp(self.ln_height - ln_power) / t * self.freedom / (self.freedom - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::draw;

    #[test]
    fn chances_are_bounds_of_the_tail_of_t() {
        // Of 8 cards, from tables of Student's t with 4 degrees of freedom; of very many, of the normal distribution.
        for (cards, t, tail) in [
            (8, 3.747, 0.01),
            (8, 7.173, 0.001),
            (8, 13.034, 1e-4),
            (20, 2.764, 0.01),
            (20, 4.144, 0.001),
            (100_000, 3.0, 0.001_349_9),
            (100_000, 5.0, 2.866_5e-7),
        ] {
            let bound = Tail::among(cards).beyond(t * WIDER);
            assert!(bound >= tail && bound < 1.5 * tail, "{cards}, {t}: {bound}");
        }
    }

    /// Normal figures, the same for the same seed.
    struct Normal {
        seed: u64,
        drawn: u64,
    }

    impl Normal {
        fn next(&mut self) -> f64 {
            let mut uniform = || {
                self.drawn += 1;
                (f64::from(draw::hash(self.seed, self.drawn)) + 0.5) / (f64::from(u32::MAX) + 1.0)
            };
            let (radius, turn) = (uniform(), uniform());
            (-2.0 * libm::log(radius)).sqrt() * libm::cos(2.0 * PI * turn)
        }
    }

    /// How many are found in a fleet of cards that differ by so much, of which the first is slower in so many metrics, by this share.
    fn found(normal: &mut Normal, cards: usize, metrics: usize, spread: f64, slow: (usize, f64)) -> usize {
        let names: Vec<String> = (0..cards).map(|card| card.to_string()).collect();
        let rates = (0u16..).zip(METRICS.iter()).filter(|(_, row)| row.kind.is_rate());
        let mut groups = Groups::new();
        for (at, (metric, _)) in rates.take(metrics).enumerate() {
            let figure = |card: usize| {
                let speed = if card == 0 && at < slow.0 { 1.0 - slow.1 } else { 1.0 };
                Figure { node: "n", card: &names[card], value: speed * (1.0 + spread * normal.next()) }
            };
            groups.insert((metric, "X"), (0..cards).map(figure).collect());
        }
        assert_eq!(groups.len(), metrics);
        far_off(groups).len()
    }

    /// What the pages promise: of fleets without a bad card, at most one in a hundred has one that is called so. Three standard
    /// deviations more is what chance explains.
    #[test]
    fn good_fleets_are_rarely_suspected() {
        for (cards, fleets) in [(8, 2000), (9, 1000), (16, 1000), (33, 500), (96, 300)] {
            for metrics in [1, 10, 30] {
                let mut normal = Normal { seed: 11 + cards as u64 * 100 + metrics as u64, drawn: 0 };
                let alarms =
                    (0..fleets).filter(|_| found(&mut normal, cards, metrics, 0.02, (0, 0.0)) > 0).count();
                let most = 0.01 * f64::from(fleets);
                assert!(
                    alarms as f64 <= most + 3.0 * most.sqrt(),
                    "{cards} cards, {metrics} metrics: {alarms} of {fleets}"
                );
            }
        }
    }

    #[test]
    fn a_card_that_is_a_fifth_slower_is_found_among_eight() {
        // Among 30 metrics what chance does to one is far: who is slow in three of them may hide.
        for (metrics, slow, least) in [(1, 1, 195), (10, 10, 195), (30, 30, 195), (30, 3, 150)] {
            let mut normal = Normal { seed: 5, drawn: 0 };
            let hit = (0..200).filter(|_| found(&mut normal, 8, metrics, 0.01, (slow, 0.2)) == 1).count();
            assert!(hit >= least, "{metrics} metrics, {slow} slow: {hit} of 200");
        }
    }
}
