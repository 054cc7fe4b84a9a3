//! The answer as one line per card, figures in base units, for spreadsheets. What is missing from a list has a line too.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::csv::guarded;
use crate::evidence::metric::METRICS;
use crate::fleet::listed::Listed;
use crate::fleet::words::Said;
use crate::fleet::{Answer, NodeAnswer};
use crate::language::Language;

const HEADER: [&str; 9] = ["node", "state", "healthy", "report", "card", "name", "ids", "verdict", "lacking"];

pub fn answer(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let cards = || answer.nodes.iter().flat_map(|node| node.cards.iter().map(move |card| (node, card)));
    let metrics: BTreeSet<u16> =
        cards().flat_map(|(_, card)| card.medians.iter().map(|(metric, _)| *metric)).collect();
    let mut writer = ::csv::Writer::from_writer(out);
    let names = metrics.iter().filter_map(|at| METRICS.get(usize::from(*at))).map(|row| row.name.as_str());
    writer.write_record(HEADER.into_iter().chain(names))?;
    let width = HEADER.len() + metrics.len();
    for (node, card) in cards() {
        let NodeAnswer { name, state, healthy, report, .. } = node;
        let ids: Vec<&str> = card.ids.iter().map(String::as_str).collect();
        let lacking: Vec<&str> = card.lacking.iter().map(|lacking| lacking.clause.as_str()).collect();
        let about = [
            guarded(name),
            state.said(Language::English),
            healthy.to_string(),
            guarded(report.as_deref().unwrap_or_default()),
            guarded(&card.selector),
            guarded(&card.name),
            guarded(&ids.join("; ")),
            card.verdict.name().to_owned(),
            guarded(&lacking.join("; ")),
        ];
        let median = |metric: &u16| {
            card.medians
                .iter()
                .find(|(at, _)| at == metric)
                .map_or(String::new(), |(_, value)| value.to_string())
        };
        writer.write_record(about.into_iter().chain(metrics.iter().map(median)))?;
    }
    for [node, state, report] in answer.listed.iter().flat_map(without_cards) {
        let about = [node, state, String::new(), report];
        writer.write_record(about.iter().map(String::as_str).chain(vec![""; width - about.len()]))?;
    }
    writer.flush()
}

/// Name, state and report of what has no cards that count.
fn without_cards(listed: &Listed) -> impl Iterator<Item = [String; 3]> {
    let never = listed.never_reported.iter().map(|name| [guarded(name), "missing".to_owned(), String::new()]);
    let strangers = listed.strangers.iter().map(|of| {
        [guarded(of.node.as_deref().unwrap_or_default()), "not listed".to_owned(), guarded(&of.report)]
    });
    never.chain(strangers)
}
