//! The answer on a terminal: the counts first, then what is wrong, then what is due.

use std::io::{self, Write};

use rust_decimal::Decimal;

use super::super::advice::{self, Decision};
use super::super::human::{BAD, GOOD, OPEN, steps};
use super::super::listing::print_table;
use super::super::page::Page;
use super::super::rows;
use super::heads;
use super::reasons::{self, Tally};
use crate::contract::escaped;
use crate::fleet::Answer;
use crate::fleet::availability::Availability;
use crate::fleet::intake::Refusal;
use crate::fleet::listed::Listed;
use crate::fleet::money::{Due, Money};
use crate::fleet::nodes::State;
use crate::fleet::over::OverFleet;
use crate::fleet::words::Said;
use crate::language::{Language, say};
use crate::units::Unit;

/// Rows of a table, and nodes of the one with reasons: a terminal is no place for thousands of lines; the other forms have them all.
const ROWS_MAX: usize = 40;

pub fn answer(answer: &Answer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let (id, sha256) = (say!(language, "quoted", text = escaped(&answer.contract)), &answer.contract_sha256);
    writeln!(out, "{}", say!(language, "fleet-contract", id = id, sha256 = sha256))?;
    let as_of = answer.as_of.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    writeln!(out, "{}", say!(language, "fleet-as-of", as_of = as_of, sources = sources(answer, language)))?;
    counts(answer, out)?;
    writeln!(out, "{}", fresh(answer, language))?;
    if let Some(found) = &answer.listed {
        listed(found, out)?;
    }
    milestones(answer, out)?;
    nodes(answer, out)?;
    over_fleet(answer, out)?;
    outliers(answer, out)?;
    refused(answer, out)?;
    if let Some(found) = &answer.availability {
        availability(found, out)?;
    }
    match &answer.money {
        Some(found) => money(found, out)?,
        None => writeln!(out, "\n{}", say!(language, "no-price"))?,
    }
    decision(answer, out)
}

/// What it comes to and what to do next: last, because that is where a reader of a terminal looks first.
fn decision(answer: &Answer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    writeln!(out)?;
    if answer.simulated() > 0 {
        writeln!(out, "{}", say!(language, "fleet-simulated", count = answer.simulated()))?;
    }
    let decision = Decision::of(answer);
    let style = match decision {
        Decision::Accepted => GOOD,
        Decision::NothingDue | Decision::Open => OPEN,
        Decision::Partial | Decision::Refused => BAD,
    };
    writeln!(out, "{style}{}{style:#}", decision.said(answer, language))?;
    if let Some(because) = advice::because(answer, language) {
        writeln!(out, "{because}")?;
    }
    steps(&advice::fleet(answer, language), out)
}

/// Which reports count, and how many do not.
fn sources(answer: &Answer, language: Language) -> String {
    let from = &answer.sources;
    let strangers = answer.listed.as_ref().map_or(0, |listed| listed.strangers.len());
    let some = |count: usize, said: fn(Language, usize) -> String| (count > 0).then(|| said(language, count));
    let parts = [
        Some(say!(language, "count-reports", count = from.reports)),
        some(from.by_other_text, |language, count| say!(language, "count-other-text", count = count)),
        some(from.repeated, |language, count| say!(language, "count-copies", count = count)),
        some(strangers, |language, count| say!(language, "count-strangers", count = count)),
        some(answer.refused.len(), |language, count| say!(language, "count-refused", count = count)),
        some(from.others as usize, |language, count| say!(language, "count-others", count = count)),
    ];
    language.list(parts.into_iter().flatten())
}

fn counts(answer: &Answer, out: &mut Page) -> io::Result<()> {
    let (counts, language) = (&answer.counts, out.language);
    let contracted = counts.contracted.map_or_else(|| say!(language, "not-named"), |nodes| nodes.to_string());
    let rows = [
        [say!(language, "row-contracted"), contracted, say!(language, "about-contracted")],
        [say!(language, "row-promised"), counts.promised.to_string(), say!(language, "about-promised")],
        [say!(language, "row-delivered"), counts.delivered.to_string(), say!(language, "about-delivered")],
        [say!(language, "state-missing"), counts.missing.to_string(), say!(language, "about-missing")],
        [say!(language, "row-healthy"), counts.healthy.to_string(), say!(language, "about-healthy")],
        [say!(language, "state-accepted"), counts.accepted.to_string(), say!(language, "about-accepted")],
        [say!(language, "state-rejected"), counts.rejected.to_string(), say!(language, "about-rejected")],
        [say!(language, "state-undecided"), counts.undecided.to_string(), say!(language, "about-undecided")],
    ];
    writeln!(out)?;
    print_table([say!(language, "head-nodes"), String::new(), String::new()], rows, out)
}

/// How many nodes' reports cannot be older than a challenge, and how many nodes have proved work to a witness.
fn fresh(answer: &Answer, language: Language) -> String {
    let proved = answer.nodes.iter().filter(|node| node.proof.is_some()).count();
    let (challenged, delivered) = (answer.challenged, answer.counts.delivered);
    let challenged = say!(language, "fleet-challenged", challenged = challenged, delivered = delivered);
    say!(language, "fleet-proved", challenged = challenged, proved = proved)
}

fn listed(listed: &Listed, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let Listed { nodes, sha256, never_reported, strangers } = listed;
    let count = never_reported.len();
    writeln!(out, "\n{}", say!(language, "listed", count = count, nodes = nodes, sha256 = sha256))?;
    let never = never_reported.iter().map(|name| [name.clone()]).collect();
    some([say!(language, "head-never-reported")], never, out)?;
    let name = |node: &Option<String>| node.clone().unwrap_or_else(|| say!(language, "no-name"));
    let rows: Vec<[String; 2]> = strangers.iter().map(|of| [name(&of.node), of.report.clone()]).collect();
    if !rows.is_empty() {
        writeln!(out)?;
    }
    some(heads::strangers(language), rows, out)
}

fn milestones(answer: &Answer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    if answer.milestones.is_empty() {
        return writeln!(out, "\n{}", say!(language, "no-milestones"));
    }
    let rows = answer.milestones.iter().map(|m| {
        [
            m.due.to_string(),
            m.promised.to_string(),
            m.in_time.to_string(),
            m.accepted_in_time.to_string(),
            m.lacking.to_string(),
            heads::late(m, language),
        ]
    });
    let head = heads::milestones(language);
    writeln!(out)?;
    print_table(head, rows, out)
}

/// A table of many, of which a terminal shows some.
fn some<const N: usize>(head: [String; N], all: Vec<[String; N]>, out: &mut Page) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let count = all.len();
    print_table(head, all.into_iter().take(ROWS_MAX), out)?;
    more(count, out)
}

/// Of so many some were not shown, perhaps.
fn more(all: usize, out: &mut Page) -> io::Result<()> {
    let (language, count) = (out.language, all.saturating_sub(ROWS_MAX));
    if count > 0 { writeln!(out, "{}", say!(language, "more-lines", count)) } else { Ok(()) }
}

fn nodes(answer: &Answer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let bad = reasons::bad(answer);
    if bad.len() >= reasons::NODES_MANY {
        let row = |tally: Tally| [tally.clause, tally.failed.to_string(), tally.undecided.to_string()];
        writeln!(out)?;
        some(heads::by_clause(language), reasons::by_clause(&bad).into_iter().map(row).collect(), out)?;
    }
    let rows = bad.iter().take(ROWS_MAX).flat_map(|node| {
        reasons::of(node, language)
            .into_iter()
            .map(|told| [node.name.clone(), node.state.said(language), told.on, told.clause, told.because])
    });
    let rows: Vec<[String; 5]> = rows.collect();
    if !rows.is_empty() {
        writeln!(out)?;
        print_table(heads::nodes(language), rows, out)?;
    }
    more(bad.len(), out)?;
    let good = answer.nodes.iter().filter(|node| node.state == State::Accepted);
    let again: Vec<[String; 2]> = good
        .filter(|node| node.failed_before > 0)
        .map(|node| [node.name.clone(), say!(language, "failed-before", count = node.failed_before)])
        .collect();
    if !again.is_empty() {
        writeln!(out)?;
    }
    some([say!(language, "head-accepted-node"), say!(language, "head-but")], again, out)
}

/// Clauses that no single node decides.
fn over_fleet(answer: &Answer, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let row = |over: &OverFleet| {
        let verdict = rows::verdict_word(over.verdict, language);
        [
            over.clause.clone(),
            rows::severity(over.severity, language),
            say!(language, "quorum-of", quorum = Unit::Share.format(over.quorum), cards = over.cards),
            over.met.to_string(),
            over.failed.len().to_string(),
            over.undecided.to_string(),
            if over.waived { say!(language, "verdict-waived", verdict = verdict) } else { verdict },
        ]
    };
    let head = heads::over_fleet(language);
    if !answer.over_fleet.is_empty() {
        writeln!(out)?;
    }
    some(head, answer.over_fleet.iter().map(row).collect(), out)?;
    let failed = answer.over_fleet.iter().flat_map(|over| {
        over.failed.iter().map(|failed| [over.clause.clone(), failed.node.clone(), failed.card.clone()])
    });
    let failed: Vec<[String; 3]> = failed.collect();
    if !failed.is_empty() {
        writeln!(out)?;
    }
    some(heads::not_met(language), failed, out)
}

fn outliers(answer: &Answer, out: &mut Page) -> io::Result<()> {
    if answer.outliers.is_empty() {
        return Ok(());
    }
    let language = out.language;
    writeln!(out, "\n{}", say!(language, "far-cards"))?;
    let rows = answer.outliers.iter().map(|o| {
        let (figure, median) = (o.unit.in_column(o.figure), o.unit.in_column(o.median));
        let metrics = say!(language, "count-metrics", count = o.metrics);
        let deviations = format!("{:.0}", o.deviations);
        [o.node.clone(), o.card.clone(), o.metric.clone(), figure, median, deviations, metrics]
    });
    let head = heads::outliers(language);
    some(head, rows.collect(), out)
}

fn refused(answer: &Answer, out: &mut Page) -> io::Result<()> {
    if answer.refused.is_empty() {
        return Ok(());
    }
    let language = out.language;
    let mut rows = Vec::new();
    for kind in Refusal::ALL {
        let of_kind = answer.refused.iter().filter(|refused| refused.what == kind);
        rows.extend(
            of_kind.map(|refused| [kind.said(language), refused.source.clone(), refused.why.said(language)]),
        );
    }
    writeln!(out)?;
    let head = heads::refused(language);
    some(head, rows, out)
}

fn availability(found: &Availability, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let (whole, reports) = (found.whole, found.reports);
    let (low, high) = (percent(found.share.0), percent(found.share.1));
    let share = say!(language, "availability", whole = whole, reports = reports, low = low, high = high);
    writeln!(out, "\n{share}")?;
    let hours = match found.mtbf_hours_at_least {
        Some(hours) => say!(
            language,
            "mtbf",
            failures = found.failures,
            watched = format!("{:.1}", found.watched_hours),
            hours = format!("{hours:.1}")
        ),
        None => say!(language, "no-mtbf"),
    };
    writeln!(out, "{hours}")
}

fn money(found: &Money, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let amount = |amount: &Decimal| advice::money(amount, &found.currency, language);
    let month = match &found.node_month {
        Some(month) => say!(language, "node-month", amount = amount(month)),
        None => say!(language, "no-node-month"),
    };
    writeln!(out, "\n{month}")?;
    for (costs, unit) in [(&found.per_pflops_hour, "PFLOPS"), (&found.per_tbs_hour, "TB/s")] {
        for cost in costs {
            let (metric, cost) = (&cost.metric, amount(&cost.cost));
            writeln!(
                out,
                "{}",
                say!(language, "cost-per-hour", unit = unit, metric = metric, amount = cost)
            )?;
        }
    }
    if found.dues.is_empty() {
        return writeln!(out, "{}", say!(language, "nothing-due"));
    }
    let row = |due: &Due| {
        let (remedy, of) = (advice::remedy(due.kind, language), advice::of(due, language));
        let sum = advice::sum(due, &found.currency, language);
        let on = due.on.map_or("-".to_owned(), |on| on.to_string());
        [remedy, of, due.count.to_string(), sum, on, advice::claim_by(due, language)]
    };
    let head = heads::dues(language);
    writeln!(out)?;
    some(head, found.dues.iter().map(row).collect(), out)?;
    let sum = |sum: &Option<Decimal>| advice::total(sum.as_ref(), &found.currency, language);
    let (credits, cuts) = (sum(&found.credits), sum(&found.price_cuts_per_month));
    writeln!(out, "{}", say!(language, "sums", credits = credits, cuts = cuts))
}
