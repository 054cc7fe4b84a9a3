//! What a fleet's summary stands on: dates, nodes with the reasons of each card, outliers, refused reports, availability, costs,
//! and how all of it was counted.
//! Owns these tables and how much of each is shown; must not count anything.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::fleet::delivery::Milestone;
use crate::fleet::intake::Refusal;
use crate::fleet::money::{Due, Money};
use crate::fleet::nodes::State;
use crate::fleet::words::Said;
use crate::fleet::{Answer, NodeAnswer, Why};
use crate::language::{Language, say};
use crate::output::advice;
use crate::output::fleet::heads;
use crate::output::html::frame::{Standing, fact, heads, name, prose};

/// Rows that a table has: as many as a fleet of 330 nodes needs, and not so many that a phone gives up.
const ROWS_MAX: usize = 400;
/// Reasons that one node shows.
const REASONS_MAX: usize = 8;

/// A table whose rows become blocks on a phone, where each cell says what it is.
pub(super) fn table(
    names: &[String],
    rows: impl Iterator<Item = Markup>,
    all: usize,
    language: Language,
) -> Markup {
    html! {
        div.scroll { table.stack {
            (heads(names))
            tbody { @for row in rows.take(ROWS_MAX) { (row) } }
        } }
        @if all > ROWS_MAX { p.note { (prose(&say!(language, "more-rows", count = all - ROWS_MAX))) } }
    }
}

pub(super) fn cell(names: &[String], at: usize, content: Markup) -> Markup {
    html! { td data-label=(names.get(at).map_or("", String::as_str)) { (content) } }
}

/// What may be one long word, such as a path.
pub(super) fn long(names: &[String], at: usize, content: Markup) -> Markup {
    html! { td.long data-label=(names.get(at).map_or("", String::as_str)) { (content) } }
}

pub(super) fn figure(names: &[String], at: usize, content: Markup) -> Markup {
    html! { td.figure data-label=(names.get(at).map_or("", String::as_str)) { (content) } }
}

pub fn milestones(answer: &Answer, language: Language) -> Markup {
    let names = heads::milestones(language);
    let late = |m: &Milestone| match (m.is_over, m.lacking) {
        (true, 1..) => say!(language, "count-days", count = m.days_late),
        (true, 0) if m.accepted_in_time < m.promised => say!(language, "milestone-met-late"),
        (true, 0) => say!(language, "milestone-met"),
        (false, _) => say!(language, "milestone-to-come"),
    };
    let row = |m: &Milestone| {
        html! { tr.wrong[m.is_over && m.lacking > 0] {
            th scope="row" { (m.due) }
            (figure(&names, 1, html! { (m.promised) }))
            (figure(&names, 2, html! { (m.in_time) }))
            (figure(&names, 3, html! { (m.accepted_in_time) }))
            (figure(&names, 4, html! { (m.lacking) }))
            (cell(&names, 5, html! { (late(m)) }))
        } }
    };
    html! {
        section {
            h2 { (say!(language, "title-milestones")) }
            @if answer.milestones.is_empty() { p { (say!(language, "no-milestones")) } }
            @else {
                (table(&names, answer.milestones.iter().map(row), answer.milestones.len(), language))
                p.note { (say!(language, "note-milestones")) }
            }
        }
    }
}

/// Nodes that are not accepted, and why; then the names of the others.
pub fn nodes(answer: &Answer, language: Language) -> Markup {
    let bad: Vec<&NodeAnswer> = answer.nodes.iter().filter(|node| node.state != State::Accepted).collect();
    let good: Vec<&NodeAnswer> = answer.nodes.iter().filter(|node| node.state == State::Accepted).collect();
    let names = heads::nodes(language);
    let rows = bad.iter().flat_map(|node| reasons(node, &names, language));
    let count = bad.iter().map(|node| node.reasons.len().clamp(1, REASONS_MAX)).sum();
    html! {
        section {
            h2 { (say!(language, "title-bad-nodes", count = bad.len())) }
            @if bad.is_empty() { p { (say!(language, "no-bad-nodes")) } }
            @else { (table(&names, rows, count, language)) }
            @if !good.is_empty() {
                details {
                    summary { (say!(language, "title-good-nodes", count = good.len())) }
                    ul.columns { @for node in &good {
                        li { (name(&node.name)) @if node.failed_before > 0 { " " span.note { (say!(language, "failed-before", count = node.failed_before)) } } }
                    } }
                }
            }
        }
    }
}

/// A row for each reason; the node and its state stand in the first.
fn reasons(node: &NodeAnswer, names: &[String], language: Language) -> Vec<Markup> {
    let standing = if node.state == State::Rejected { Standing::Bad } else { Standing::Open };
    let first = |at: usize| {
        html! {
            @if at == 0 {
                th scope="row" { (name(&node.name)) }
                td { (standing.badge(&node.state.said(language))) }
            } @else { th.again {} td.again {} }
        }
    };
    let row = |at: usize, why: &Why| {
        let more = node.reasons.len().saturating_sub(REASONS_MAX);
        html! { tr.first[at == 0] {
            (first(at))
            (long(names, 2, html! { @match &why.card { Some(card) => (name(card)), None => (say!(language, "whole-node")) } }))
            (cell(names, 3, name(&why.clause)))
            td.because {
                (prose(&why.because.said(language)))
                @if at + 1 == REASONS_MAX && more > 0 { " " span.note { (say!(language, "more-reasons", count = more)) } }
            }
        } }
    };
    if node.reasons.is_empty() {
        let none = say!(language, "no-reason");
        return vec![html! { tr.first { (first(0)) td.none {} td.none {} td.because { (none) } } }];
    }
    node.reasons.iter().take(REASONS_MAX).enumerate().map(|(at, why)| row(at, why)).collect()
}

pub fn outliers(answer: &Answer, language: Language) -> Markup {
    let names = heads::outliers(language);
    let rows = answer.outliers.iter().map(|o| {
        let metrics = say!(language, "count-metrics", count = o.metrics);
        html! { tr {
            th scope="row" { (name(&o.node)) }
            (long(&names, 1, name(&o.card)))
            (cell(&names, 2, html! { span.metric translate="no" { (o.metric) } }))
            (figure(&names, 3, html! { (o.unit.format(o.figure)) }))
            (figure(&names, 4, html! { (o.unit.format(o.median)) }))
            (figure(&names, 5, html! { (format!("{:.0}", o.deviations)) }))
            (cell(&names, 6, html! { (metrics) }))
        } }
    });
    html! {
        section {
            h2 { (say!(language, "title-outliers", count = answer.outliers.len())) }
            @if answer.outliers.is_empty() { p { (say!(language, "no-outliers")) } }
            @else {
                p.note { (say!(language, "note-outliers")) }
                (table(&names, rows, answer.outliers.len(), language))
            }
        }
    }
}

pub fn refused(answer: &Answer, language: Language) -> Markup {
    let names = heads::refused(language);
    let by_kind = Refusal::ALL
        .into_iter()
        .flat_map(|kind| answer.refused.iter().filter(move |refused| refused.what == kind));
    let rows = by_kind.map(|refused| {
        html! { tr {
            th scope="row" { (refused.what.said(language)) }
            (long(&names, 1, name(&refused.source)))
            td.because { (prose(&refused.why.said(language))) }
        } }
    });
    html! {
        section {
            h2 { (say!(language, "title-refused", count = answer.refused.len())) }
            @if answer.refused.is_empty() { p { (say!(language, "none-refused")) } }
            @else { (table(&names, rows, answer.refused.len(), language)) }
        }
    }
}

pub fn availability(answer: &Answer, language: Language) -> Markup {
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    html! {
        section {
            h2 { (say!(language, "title-availability")) }
            @match &answer.availability {
                None => p { (say!(language, "no-availability")) },
                Some(found) => {
                    p { (say!(
                        language,
                        "availability",
                        whole = found.whole,
                        reports = found.reports,
                        low = percent(found.share.0),
                        high = percent(found.share.1)
                    )) }
                    p { @match found.mtbf_hours_at_least {
                        Some(hours) => (say!(
                            language,
                            "mtbf",
                            failures = found.failures,
                            watched = format!("{:.1}", found.watched_hours),
                            hours = format!("{hours:.1}")
                        )),
                        None => (say!(language, "no-mtbf")),
                    } }
                }
            }
        }
    }
}

pub fn money(answer: &Answer, language: Language) -> Markup {
    html! {
        section {
            h2 { (say!(language, "title-money")) }
            @match &answer.money {
                None => p { (say!(language, "no-price")) },
                Some(found) => { (costs(found, language)) (dues(found, language)) }
            }
        }
    }
}

fn costs(found: &Money, language: Language) -> Markup {
    let amount = |amount: &Decimal| advice::money(amount, &found.currency, language);
    let units = [(&found.per_pflops_hour, "PFLOPS"), (&found.per_tbs_hour, "TB/s")];
    html! {
        p { @match &found.node_month {
            Some(month) => (say!(language, "node-month", amount = amount(month))),
            None => (say!(language, "no-node-month")),
        } }
        @for (costs, unit) in units { @for cost in costs {
            p { (say!(language, "cost-per-hour", unit = unit, metric = &cost.metric, amount = amount(&cost.cost))) }
        } }
    }
}

fn dues(found: &Money, language: Language) -> Markup {
    let names = heads::dues(language);
    let amount = |amount: &Decimal| advice::money(amount, &found.currency, language);
    let cuts = found.price_cuts_per_month.as_ref();
    let cuts = cuts.map(|cuts| say!(language, "each-month", amount = amount(cuts)));
    let cuts = cuts.unwrap_or_else(|| say!(language, "not-computable"));
    let credits = advice::total(found.credits.as_ref(), &found.currency, language);
    let rows = found.dues.iter().map(|due: &Due| {
        html! { tr {
            th scope="row" { (advice::remedy(due.kind, language)) }
            (cell(&names, 1, name(&advice::of(due, language))))
            (figure(&names, 2, html! { (due.count) }))
            (figure(&names, 3, html! { (advice::sum(due, &found.currency, language)) }))
            (figure(&names, 4, html! { (due.on.map_or("-".to_owned(), |on| on.to_string())) }))
            (figure(&names, 5, html! { (advice::claim_by(due, language)) }))
        } }
    });
    html! {
        @if found.dues.is_empty() { p { (say!(language, "nothing-due")) } }
        @else {
            (table(&names, rows, found.dues.len(), language))
            dl.facts {
                (fact(&say!(language, "sum-credits"), html! { b { (credits) } }))
                (fact(&say!(language, "sum-cuts"), html! { b { (cuts) } }))
            }
        }
    }
}

/// How everything was counted: what a reader who objects must know.
pub fn method(answer: &Answer, language: Language) -> Markup {
    let clocks =
        say!(language, "method-clocks", as_of = answer.as_of.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let sentences = [
        say!(language, "method-reports"),
        say!(language, "method-nodes"),
        say!(language, "method-accepted"),
        clocks,
        say!(language, "method-outliers"),
        say!(language, "method-money"),
        say!(language, "method-limits"),
    ];
    html! {
        section.method {
            h2 { (say!(language, "title-method")) }
            ul { @for sentence in &sentences { li { (prose(sentence)) } } }
        }
    }
}
