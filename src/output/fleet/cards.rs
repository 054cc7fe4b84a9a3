//! The answer as one row for each card, and one for each node of a list that never came: what CSV and Parquet hold.
//! Owns the columns; how they are written is each form's business.

use std::collections::BTreeSet;

use crate::evidence::metric::METRICS;
use crate::fleet::listed::Listed;
use crate::fleet::row::Card;
use crate::fleet::{Answer, NodeAnswer};

/// Columns of text, before one for each metric in its base unit.
pub const HEADER: [&str; COLUMNS] = [
    "node",
    "state",
    "healthy",
    "report",
    "card",
    "name",
    "ids",
    "verdict",
    "lacking",
    "kind",
    "level",
    "pci_address",
    "report_sha256",
];
const COLUMNS: usize = 13;

/// Which metrics any card has, in the order of the table of all.
pub struct Cards<'a> {
    answer: &'a Answer,
    metrics: BTreeSet<u16>,
}

/// The texts under [`HEADER`], and the figures under [`Cards::metrics`].
pub struct CardRow {
    pub texts: [String; COLUMNS],
    pub figures: Vec<Option<f64>>,
}

impl<'a> Cards<'a> {
    pub fn of(answer: &'a Answer) -> Self {
        let cards = answer.nodes.iter().flat_map(|node| &node.cards);
        Self {
            answer,
            metrics: cards.flat_map(|card| card.medians.iter().map(|(metric, _)| *metric)).collect(),
        }
    }

    pub fn metrics(&self) -> impl Iterator<Item = &'static str> {
        self.metrics.iter().filter_map(|at| METRICS.get(usize::from(*at))).map(|row| row.name.as_str())
    }

    pub fn rows(&self) -> impl Iterator<Item = CardRow> {
        let cards = self.answer.nodes.iter().flat_map(|node| node.cards.iter().map(move |card| (node, card)));
        let came = cards.map(|(node, card)| self.row(node, card));
        let others = self.answer.listed.iter().flat_map(without_cards).map(|[node, state, report]| {
            let mut texts = [const { String::new() }; COLUMNS];
            (texts[0], texts[1], texts[3]) = (node, state, report);
            CardRow { texts, figures: vec![None; self.metrics.len()] }
        });
        came.chain(others)
    }

    fn row(&self, node: &NodeAnswer, card: &Card) -> CardRow {
        let ids: Vec<&str> = card.ids.iter().map(String::as_str).collect();
        let lacking: Vec<&str> = card.lacking.iter().map(|lacking| lacking.clause.as_str()).collect();
        let texts = [
            node.name.clone(),
            node.state.name().to_owned(),
            node.healthy.to_string(),
            node.report.clone().unwrap_or_default(),
            card.selector.clone(),
            card.name.clone(),
            ids.join("; "),
            card.verdict.name().to_owned(),
            lacking.join("; "),
            card.kind.map_or(String::new(), |kind| kind.to_string()),
            node.level.map_or(String::new(), |level| format!("{level:?}")),
            card.pci_address.clone().unwrap_or_default(),
            node.report_sha256.clone().unwrap_or_default(),
        ];
        let figure = |metric: &u16| card.medians.iter().find(|(at, _)| at == metric).map(|(_, value)| *value);
        CardRow { texts, figures: self.metrics.iter().map(figure).collect() }
    }
}

/// Name, state and report of what has no cards that count.
fn without_cards(listed: &Listed) -> impl Iterator<Item = [String; 3]> {
    let never = listed.never_reported.iter().map(|name| [name.clone(), "missing".to_owned(), String::new()]);
    let strangers = listed
        .strangers
        .iter()
        .map(|of| [of.node.clone().unwrap_or_default(), "not listed".to_owned(), of.report.clone()]);
    never.chain(strangers)
}
