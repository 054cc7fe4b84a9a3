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
use crate::fleet::{Answer, NodeAnswer};
use crate::language::{Language, say};
use crate::output::advice;
use crate::output::fleet::heads;
use crate::output::fleet::reasons::{self, Tally, Told};
use crate::output::html::frame::{Standing, fact, heads_over, name, prose, scroll};

/// Rows that a table has, and nodes with their reasons: as many as a fleet of 330 nodes needs, and not so many that a phone gives up.
const ROWS_MAX: usize = 400;
/// Reasons that one node shows.
const REASONS_MAX: usize = 8;

/// A table whose rows become blocks on a phone, where each cell says what it is; `figures` are the places of columns that hold such.
pub(super) fn table(
    (names, figures): (&[String], &[usize]),
    rows: impl Iterator<Item = Markup>,
    all: usize,
    language: Language,
) -> Markup {
    let table = html! { table.stack { (heads_over(names, figures)) tbody { @for row in rows.take(ROWS_MAX) { (row) } } } };
    html! {
        (scroll(&names.join(&say!(language, "list-comma")), table))
        (more(all, language))
    }
}

/// That so many are more than are shown, where they are.
fn more(all: usize, language: Language) -> Markup {
    html! { @if all > ROWS_MAX { p.note { (prose(&say!(language, "more-rows", count = all - ROWS_MAX))) } } }
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
    let row = |m: &Milestone| {
        html! { tr.wrong[m.is_over && m.lacking > 0] {
            th scope="row" { (m.due) }
            (figure(&names, 1, html! { (m.promised) }))
            (figure(&names, 2, html! { (m.in_time) }))
            (figure(&names, 3, html! { (m.accepted_in_time) }))
            (figure(&names, 4, html! { (m.lacking) }))
            (cell(&names, 5, html! { (heads::late(m, language)) }))
        } }
    };
    html! {
        section {
            h2 { (say!(language, "title-milestones")) }
            @if answer.milestones.is_empty() { p { (say!(language, "no-milestones")) } }
            @else {
                (table((&names, &[1, 2, 3, 4]), answer.milestones.iter().map(row), answer.milestones.len(), language))
                p.note { (say!(language, "note-milestones")) }
            }
        }
    }
}

/// Nodes that are not accepted, and why; then the names of the others.
pub fn nodes(answer: &Answer, language: Language) -> Markup {
    let bad = reasons::bad(answer);
    let good: Vec<&NodeAnswer> = answer.nodes.iter().filter(|node| node.state == State::Accepted).collect();
    let names = heads::nodes(language);
    let title = say!(language, "title-bad-nodes", count = bad.len());
    let table = html! {
        table.stack {
            (heads_over(&names, &[]))
            @for node in bad.iter().take(ROWS_MAX) { tbody { (reasons(node, &names, language)) } }
        }
    };
    html! {
        section {
            h2 { (title) }
            @if bad.is_empty() { p { (say!(language, "no-bad-nodes")) } }
            @else {
                @if bad.len() >= reasons::NODES_MANY { (together(&bad, language)) }
                (scroll(&title, table)) (more(bad.len(), language))
            }
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

/// What many nodes lack together.
fn together(bad: &[&NodeAnswer], language: Language) -> Markup {
    let names = heads::by_clause(language);
    let tallies = reasons::by_clause(bad);
    let row = |tally: &Tally| {
        html! { tr {
            th scope="row" { (name(&tally.clause)) }
            (figure(&names, 1, html! { (tally.failed) }))
            (figure(&names, 2, html! { (tally.undecided) }))
        } }
    };
    table((&names, &[1, 2]), tallies.iter().map(row), tallies.len(), language)
}

/// A row for each reason; the node and its state stand beside all of them.
fn reasons(node: &NodeAnswer, names: &[String], language: Language) -> Markup {
    let standing = if node.state == State::Rejected { Standing::Bad } else { Standing::Open };
    let all = reasons::of(node, language);
    let (rows, more) = (all.len().clamp(1, REASONS_MAX), all.len().saturating_sub(REASONS_MAX));
    let first = html! {
        th scope="rowgroup" rowspan=(rows) { (name(&node.name)) }
        td rowspan=(rows) { (standing.badge(&node.state.said(language))) }
    };
    let row = |at: usize, told: &Told| {
        html! { tr.first[at == 0] {
            @if at == 0 { (first) }
            (long(names, 2, name(&told.on)))
            (cell(names, 3, name(&told.clause)))
            td.because {
                (prose(&told.because))
                @if at + 1 == REASONS_MAX && more > 0 { " " span.note { (say!(language, "more-reasons", count = more)) } }
            }
        } }
    };
    html! {
        @if all.is_empty() { tr.first { (first) td.none {} td.none {} td.because { (say!(language, "no-reason")) } } }
        @for (at, told) in all.iter().take(REASONS_MAX).enumerate() { (row(at, told)) }
    }
}

pub fn outliers(answer: &Answer, language: Language) -> Markup {
    let names = heads::outliers(language);
    let rows = answer.outliers.iter().map(|o| {
        let metrics = say!(language, "count-metrics", count = o.metrics);
        html! { tr {
            th scope="row" { (name(&o.node)) }
            (long(&names, 1, name(&o.card)))
            (cell(&names, 2, html! { span.metric translate="no" { (o.metric) } }))
            (figure(&names, 3, html! { (o.unit.in_column(o.figure)) }))
            (figure(&names, 4, html! { (o.unit.in_column(o.median)) }))
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
                (table((&names, &[3, 4, 5]), rows, answer.outliers.len(), language))
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
            @else { (table((&names, &[]), rows, answer.refused.len(), language)) }
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
            (table((&names, &[2, 3, 4]), rows, found.dues.len(), language))
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
