//! What was measured between the devices of a node: the matrix of pairs, and what all did together.
//! Owns how it is laid out; the words are those of the other forms.

use maud::{Markup, html};

use super::frame::{heads, heads_over, name, scroll};
use crate::evidence::metric::peer_name;
use crate::evidence::stats::middle;
use crate::evidence::{Evidence, NodeEvidence};
use crate::language::{Language, say};
use crate::output::rows::{self, Matrix};

/// A pair that is so much slower than the median of all is worth a mark.
const NOTABLE: f64 = 0.1;

/// Nothing, where nobody asked for any of it.
pub fn section(evidence: &Evidence, language: Language) -> Markup {
    let Some(node) = &evidence.node else { return html! {} };
    let matrix = rows::peers(evidence, language);
    let (together, troubles) = (rows::together(node, language), rows::node_troubles(node, language));
    let title = say!(language, "title-between");
    html! {
        section {
            h2 { (title) }
            @if let Some(Matrix { about, head, rows }) = &matrix {
                p.note { (about) }
                (scroll(&title, html! { table {
                    (heads_over(head, &(1..head.len()).collect::<Vec<_>>()))
                    tbody { @for (row, cells) in (0u32..).zip(rows) { (pairs(node, row, cells)) } }
                } }))
            }
            @if !together.is_empty() {
                (scroll(&title, html! { table {
                    (heads(rows::measurements_head(language)))
                    tbody { @for [metric, cells @ ..] in &together { tr {
                        th.metric scope="row" { (metric) }
                        @for cell in cells { td { (cell) } }
                    } } }
                } }))
            }
            @if !troubles.is_empty() {
                (scroll(&title, html! { table {
                    (heads(rows::absences_head(language)))
                    tbody { @for [metric, why] in &troubles { tr { th.metric scope="row" { (metric) } td { (why) } } } }
                } }))
            }
        }
    }
}

/// From one device to each.
fn pairs(node: &NodeEvidence, from: u32, cells: &[String]) -> Markup {
    let Some((device, rates)) = cells.split_first() else { return html! {} };
    html! { tr {
        th scope="row" { (name(device)) }
        @for (to, rate) in (0u32..).zip(rates) {
            td.figure { @if is_slow(node, from, to) { span aria-hidden="true" { "\u{25bc} " } } (rate) }
        }
    } }
}

fn is_slow(node: &NodeEvidence, from: u32, to: u32) -> bool {
    let of_pairs = node.measurements.iter().filter(|m| m.metric.probe() == "peer");
    let median = middle(of_pairs.filter_map(|m| Some(m.summary()?.p50)).collect());
    let rate = node.measurements.iter().find(|m| m.metric.as_str() == peer_name(from, to));
    let rate = rate.and_then(|m| Some(m.summary()?.p50));
    rate.zip(median).is_some_and(|(rate, median)| rate < (1.0 - NOTABLE) * median)
}
