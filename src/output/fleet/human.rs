//! The answer on a terminal: the counts first, then what is wrong, then what is due.

use std::io::{self, Write};

use super::super::listing::print_table;
use super::super::page::Page;
use crate::fleet::availability::Availability;
use crate::fleet::intake::Refusal;
use crate::fleet::listed::Listed;
use crate::fleet::money::Money;
use crate::fleet::nodes::State;
use crate::fleet::{Answer, Counts};

/// A terminal is no place for thousands of lines; the other forms have them all.
const ROWS_MAX: usize = 40;

pub fn answer(answer: &Answer, out: &mut Page) -> io::Result<()> {
    writeln!(out, "contract {:?}, sha256 {}", answer.contract, answer.contract_sha256)?;
    writeln!(out, "as of {}, by {}", answer.as_of.strftime("%Y-%m-%d %H:%M:%S UTC"), sources(answer))?;
    counts(&answer.counts, out)?;
    if let Some(found) = &answer.listed {
        listed(found, out)?;
    }
    milestones(answer, out)?;
    nodes(answer, out)?;
    outliers(answer, out)?;
    refused(answer, out)?;
    if let Some(found) = &answer.availability {
        availability(found, out)?;
    }
    match &answer.money {
        Some(found) => money(found, out),
        None => writeln!(out, "\nthe contract names no price, so nothing is said of money"),
    }
}

fn sources(answer: &Answer) -> String {
    let Counts { reports, repeated, others, .. } = &answer.counts;
    let strangers = answer.listed.as_ref().map_or(0, |listed| listed.strangers.len());
    let mut text = format!("{} that count", counted(*reports, "report"));
    for (count, what) in [
        (*repeated, "copy of them"),
        (answer.refused.len(), "refused report"),
        (strangers, "report of nodes that are not in the list"),
        (*others as usize, "other statement"),
    ] {
        if count > 0 {
            text += &format!(", {}", counted(count, what));
        }
    }
    text
}

fn counted(count: usize, of: &str) -> String {
    match (count, of) {
        (1, _) => format!("1 {of}"),
        (_, "copy of them") => format!("{count} copies of them"),
        (_, "report of nodes that are not in the list") => {
            format!("{count} reports of nodes that are not in the list")
        }
        _ => format!("{count} {of}s"),
    }
}

fn counts(counts: &Counts, out: &mut Page) -> io::Result<()> {
    let contracted = counts.contracted.map_or("not named".to_owned(), |nodes| nodes.to_string());
    let rows = [
        ("contracted", contracted, "nodes in all milestones"),
        ("promised", counts.promised.to_string(), "by now"),
        ("delivered", counts.delivered.to_string(), "have reported"),
        ("missing", counts.missing.to_string(), "promised by now, or listed, and never reported"),
        ("healthy", counts.healthy.to_string(), "no card lost, wrong, or another than it says"),
        ("accepted", counts.accepted.to_string(), "the last report that decides passes"),
        ("rejected", counts.rejected.to_string(), "it fails, or a card is another node's too"),
        ("undecided", counts.undecided.to_string(), "no report decides anything"),
    ];
    writeln!(out)?;
    print_table(
        ["nodes", "", ""],
        rows.map(|(name, count, about)| [name.to_owned(), count, about.to_owned()]),
        out,
    )
}

fn listed(listed: &Listed, out: &mut Page) -> io::Result<()> {
    let Listed { nodes, sha256, never_reported, strangers } = listed;
    let count = never_reported.len();
    writeln!(
        out,
        "\n{count} of {} in the list have no report that counts (sorted names: sha256 {sha256})",
        counted(*nodes as usize, "node")
    )?;
    if !never_reported.is_empty() {
        let rows = never_reported.iter().map(|name| [name.clone()]).collect();
        some(rows, out, |rows, out| print_table(["never reported"], rows, out))?;
    }
    if !strangers.is_empty() {
        let name = |node: &Option<String>| node.clone().unwrap_or_else(|| "without a name".to_owned());
        let rows = strangers.iter().map(|of| [name(&of.node), of.report.clone()]).collect();
        writeln!(out)?;
        some(rows, out, |rows, out| print_table(["not in the list", "report"], rows, out))?;
    }
    Ok(())
}

fn milestones(answer: &Answer, out: &mut Page) -> io::Result<()> {
    if answer.milestones.is_empty() {
        return writeln!(out, "\nthe contract names no dates, so nothing can be late");
    }
    let rows = answer.milestones.iter().map(|m| {
        let late = if m.is_over && m.lacking > 0 { format!("{} days", m.days_late) } else { "-".to_owned() };
        [
            m.due.to_string(),
            m.promised.to_string(),
            m.in_time.to_string(),
            m.accepted_in_time.to_string(),
            m.lacking.to_string(),
            late,
        ]
    });
    writeln!(out)?;
    print_table(["due", "promised", "came in time", "accepted in time", "lacking now", "late by"], rows, out)
}

/// What a table of many shows of it.
fn some<T>(
    all: Vec<T>,
    out: &mut Page,
    table: impl FnOnce(Vec<T>, &mut Page) -> io::Result<()>,
) -> io::Result<()> {
    let more = all.len().saturating_sub(ROWS_MAX);
    table(all.into_iter().take(ROWS_MAX).collect(), out)?;
    if more > 0 {
        writeln!(out, "and {more} more; --format json or csv has them all")?;
    }
    Ok(())
}

fn nodes(answer: &Answer, out: &mut Page) -> io::Result<()> {
    let bad = answer.nodes.iter().filter(|node| node.state != State::Accepted);
    let rows: Vec<[String; 5]> = bad
        .flat_map(|node| {
            node.reasons.iter().map(|why| {
                let card = why.card.clone().unwrap_or_else(|| "the node".to_owned());
                [
                    node.name.clone(),
                    node.state.name().to_owned(),
                    card,
                    why.clause.clone(),
                    why.because.clone(),
                ]
            })
        })
        .collect();
    if !rows.is_empty() {
        writeln!(out)?;
        some(rows, out, |rows, out| print_table(["node", "is", "card", "clause", "because"], rows, out))?;
    }
    let again: Vec<[String; 2]> = answer
        .nodes
        .iter()
        .filter(|node| node.state == State::Accepted && node.failed_before > 0)
        .map(|node| {
            [node.name.clone(), format!("failed {} before it passed", counted(node.failed_before, "time"))]
        })
        .collect();
    if !again.is_empty() {
        writeln!(out)?;
        some(again, out, |rows, out| print_table(["accepted node", "but"], rows, out))?;
    }
    Ok(())
}

fn outliers(answer: &Answer, out: &mut Page) -> io::Result<()> {
    if answer.outliers.is_empty() {
        return Ok(());
    }
    writeln!(out, "\ncards far from the others of their kind, whatever the clauses say:")?;
    let rows = answer.outliers.iter().map(|o| {
        let (figure, median) = (o.unit.format(o.figure), o.unit.format(o.median));
        [
            o.node.clone(),
            o.card.clone(),
            o.metric.clone(),
            figure,
            median,
            format!("{:.0}", o.deviations),
            counted(o.metrics, "metric"),
        ]
    });
    some(rows.collect(), out, |rows, out| {
        print_table(["node", "card", "worst in", "has", "the others", "deviations", "far in"], rows, out)
    })
}

fn refused(answer: &Answer, out: &mut Page) -> io::Result<()> {
    if answer.refused.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::new();
    for kind in Refusal::ALL {
        let of_kind = answer.refused.iter().filter(|refused| refused.what == kind);
        rows.extend(
            of_kind.map(|refused| [kind.name().to_owned(), refused.source.clone(), refused.why.clone()]),
        );
    }
    writeln!(out)?;
    some(rows, out, |rows, out| print_table(["refused", "report", "because"], rows, out))
}

fn availability(found: &Availability, out: &mut Page) -> io::Result<()> {
    let (low, high) = found.share;
    let Availability { whole, reports, watched_hours, failures, .. } = found;
    writeln!(
        out,
        "\n{whole} of {} found every device sound, which is {:.1} to {:.1} %, with 95 % confidence",
        counted(*reports as usize, "report"),
        low * 100.0,
        high * 100.0
    )?;
    match found.mtbf_hours_at_least {
        Some(hours) => writeln!(
            out,
            "{} in {watched_hours:.1} device hours under load: at least {hours:.1} hours between failures, with 95 % confidence",
            counted(*failures as usize, "failure")
        ),
        None => writeln!(out, "no load was kept up, so nothing is said of the time between failures"),
    }
}

fn money(money: &Money, out: &mut Page) -> io::Result<()> {
    let currency = &money.currency;
    writeln!(out)?;
    match money.node_month {
        Some(month) => writeln!(out, "a node costs {month} {currency} a month")?,
        None => writeln!(out, "the price says nothing of a single node, so nothing is counted in money")?,
    }
    for (costs, unit) in [(&money.per_pflops_hour, "PFLOPS"), (&money.per_tbs_hour, "TB/s")] {
        for cost in costs {
            writeln!(
                out,
                "1 {unit} of {} costs {} {currency} an hour, as accepted nodes deliver it",
                cost.metric, cost.cost
            )?;
        }
    }
    if money.dues.is_empty() {
        return writeln!(out, "nothing is due");
    }
    let rows = money.dues.iter().map(|due| {
        let amount = match (due.amount, due.kind) {
            (Some(amount), "price_cut") => format!("{amount} {currency} a month"),
            (Some(amount), _) => format!("{amount} {currency}"),
            (None, _) => "-".to_owned(),
        };
        [
            due.kind.to_owned(),
            due.of.clone(),
            due.count.to_string(),
            amount,
            due.on.map_or("-".to_owned(), |on| on.to_string()),
        ]
    });
    writeln!(out)?;
    some(rows.collect(), out, |rows, out| {
        print_table(["due", "for", "nodes", "amount", "by or since"], rows, out)
    })?;
    writeln!(
        out,
        "credits {} {currency}, price cuts {} {currency} a month",
        money.credits, money.price_cuts_per_month
    )
}
