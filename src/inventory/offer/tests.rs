//! What counts of many certificates, by hand.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::catalogue::bands::Basis;
use crate::contract::when::When;
use crate::inventory::class::{By, Class};
use crate::inventory::{FORMAT, Standing};
use crate::report::TrustLevel;

/// A certificate of cards with these names each.
fn certified(node: &str, cards: &[&[&str]]) -> Found {
    let at = "2026-06-01T00:00:00Z".parse().unwrap();
    let card = |ids: &&[&str]| Card {
        selector: String::new(),
        name: String::new(),
        kind: Some(ProvenanceKind::Hardware),
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        memory_bytes: None,
        slice: None,
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
        salt_sha256: None,
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

/// Of one node and one card, which computes wrong or is in order.
fn one(node: &str, at: &str, until: &str, is_wrong: bool) -> Found {
    let mut found = certified(node, &[&["uuid a"]]);
    found.source = format!("{node} {at}");
    found.inventory.measured = When(at.parse().unwrap());
    found.inventory.valid_until = When(until.parse().unwrap());
    let figure = |metric: &str, value: f64, standing: Standing| Figure {
        metric: MetricName::parse(metric).unwrap(),
        statistic: None,
        value,
        at_least: false,
        at_most: false,
        of_datasheet: None,
        healthy: Some(Healthy { low: 1.0, high: 1.0, basis: Basis::Own, overlay: None }),
        standing,
    };
    let card = &mut found.inventory.cards[0];
    card.class = Some(Class { card: "H200 SXM".to_owned(), by: By::Name });
    let errors = if is_wrong { Standing::Faulty } else { Standing::Healthy };
    card.figures = vec![
        figure("memory.errors.count", f64::from(u8::from(is_wrong)), errors),
        figure("memory.filled.bytes", 1.0, Standing::Healthy),
        figure("fma.fp32.rate", 1.0, Standing::Healthy),
    ];
    found
}

/// How many are offered, set aside, in two nodes.
fn counts(found: Vec<Found>) -> [usize; 3] {
    let offer = summed(found, Vec::new(), 0, "2026-06-20T00:00:00Z".parse().unwrap());
    [offer.classes.iter().map(|class| class.cards).sum(), offer.set_aside.len(), offer.doubles.len()]
}

#[test]
fn what_was_shown_last_of_a_card_counts() {
    let [old, new, lapsed, until] =
        ["2026-06-01T00:00:00Z", "2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z", "2026-07-01T00:00:00Z"];
    let good = |node: &str, at| one(node, at, until, false);
    let wrong = |node: &str, at| one(node, at, until, true);
    let without = || Found {
        inventory: Inventory { measured: When(lapsed.parse().unwrap()), ..certified_until(until, "a") },
        source: "without".to_owned(),
    };
    let cases = [
        ("of one node", vec![good("a", old), wrong("a", new)], [0, 1, 0]),
        ("mended in one node", vec![wrong("a", old), good("a", new)], [1, 0, 0]),
        ("bad in another", vec![good("a", old), wrong("b", new)], [0, 1, 1]),
        (
            "good in another, which is still called bad in the first",
            vec![wrong("a", old), good("b", new)],
            [0, 1, 1],
        ),
        ("bad at one time", vec![good("a", old), wrong("b", old)], [0, 1, 1]),
        ("shown bad by what lapsed", vec![good("a", old), one("a", new, lapsed, true)], [0, 1, 0]),
        ("bad, then gone", vec![wrong("a", old), without()], [0, 0, 0]),
        ("mended after that", vec![one("a", old, lapsed, true), good("a", new)], [1, 0, 0]),
        ("shown bad, then left out", vec![good("b", old), wrong("a", new), without()], [0, 1, 1]),
        (
            "bad before, then left out and moved",
            vec![wrong("a", old), without(), good("b", lapsed)],
            [1, 0, 0],
        ),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .filter_map(|(what, found, expected)| {
            let is = counts(found);
            (is != expected).then_some((what, is))
        })
        .collect();
    assert_eq!(wrong, []);
}

/// Of a node without cards.
fn certified_until(until: &str, node: &str) -> Inventory {
    let mut inventory = certified(node, &[]).inventory;
    inventory.valid_until = When(until.parse().unwrap());
    inventory
}

#[test]
fn what_is_summed_of_lower_bounds_is_one() {
    let mut cards: Vec<Card> = ["a", "b"]
        .map(|node| one(node, "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", false))
        .into_iter()
        .flat_map(|found| found.inventory.cards)
        .collect();
    let summed = |cards: &[Card]| reach("fma.fp32.rate", &cards.iter().collect::<Vec<_>>()).unwrap();
    assert!(!summed(&cards).at_least);
    cards[1].figures[2].at_least = true;
    assert!(summed(&cards).at_least && summed(&cards).sum == 2.0);
}
