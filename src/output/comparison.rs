//! What `assay compare` says: each metric before and after, and whether it became worse.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::listing;
use super::page::Page;
use crate::evidence::Ended;
use crate::evidence::metric::Kind;
use crate::exit::Exit;
use crate::language::Language;
use crate::report::compare::{Certified, Change, Comparison, LEVEL, Pair, Row};

const COLUMNS: [&str; 6] = ["metric", "before", "after", "after / before", "verdict", "because"];

pub fn human(comparison: &Comparison, is_verified: bool, out: &mut Page) -> io::Result<()> {
    writeln!(out, "signatures: {}", signatures(is_verified))?;
    let (level, width) = (100.0 * LEVEL, 100.0 * comparison.width);
    if let Some(Certified { until, covers }) = comparison.certified {
        let of = if covers { "covers" } else { "DOES NOT COVER" };
        writeln!(out, "certificate: valid until {}, {of} the report after", until.strftime("%Y-%m-%d"))?;
    }
    writeln!(out, "medians, intervals of {level} %; a change of at most {width} % is none")?;
    let bold = Style::new().bold();
    for Pair { before, after, by, rows: compared, ended } in &comparison.pairs {
        writeln!(out, "\n{bold}{before} -> {after}{bold:#}, one device by its {by}")?;
        listing::print_table(COLUMNS, compared.iter().map(cells), out)?;
        if *ended != Ended::Completed {
            writeln!(out, "{after}, after: {}", ended.said(Language::English))?;
        }
    }
    for (selectors, when) in [(&comparison.only_before, "before"), (&comparison.only_after, "after")] {
        for selector in selectors {
            writeln!(out, "\n{selector}: only in the report {when}")?;
        }
    }
    let (colour, word) = overall(comparison);
    let style = colour.on_default().bold();
    writeln!(out, "\ncomparison: {style}{word}{style:#} ({})", counts(comparison))
}

fn signatures(is_verified: bool) -> &'static str {
    if is_verified {
        "both hold, by keys that you trust"
    } else {
        "NOT CHECKED; name the keys that you trust with --trust"
    }
}

fn overall(comparison: &Comparison) -> (AnsiColor, &'static str) {
    match comparison.exit() {
        Exit::Pass => (AnsiColor::Green, "same or improved"),
        Exit::Fail => (AnsiColor::Red, "degraded"),
        Exit::Inconclusive
        | Exit::Usage
        | Exit::Environment
        | Exit::Identity
        | Exit::Signature
        | Exit::Bug
        | Exit::Interrupted => (AnsiColor::Yellow, "inconclusive"),
    }
}

/// `3 same, 1 degraded`
fn counts(comparison: &Comparison) -> String {
    let all = [Change::Degraded, Change::Undecided, Change::Same, Change::Improved, Change::NotComparable];
    let said =
        all.into_iter().map(|change| (comparison.count(change), change.name())).filter(|(n, _)| *n > 0);
    let said: Vec<String> = said.map(|(n, name)| format!("{n} {name}")).collect();
    if said.is_empty() { "no metric in both".to_owned() } else { said.join(", ") }
}

fn cells(row: &Row) -> [String; 6] {
    let figure = |figure: Option<f64>| match (figure, row.metric.kind()) {
        (Some(figure), Kind::Number(unit)) => unit.format(figure),
        (_, Kind::Number(_) | Kind::Fact) => "-".to_owned(),
    };
    let ratio =
        row.ratio.map_or("-".to_owned(), |r| format!("{:.4} ({:.4} .. {:.4})", r.value, r.low, r.high));
    let verdict = row.verdict.name().to_owned();
    [row.metric.to_string(), figure(row.before), figure(row.after), ratio, verdict, row.because.clone()]
}

pub fn json(comparison: &Comparison, is_verified: bool, out: &mut dyn Write) -> io::Result<()> {
    let value = json!({
        "signatures_verified": is_verified,
        "level": LEVEL,
        "overall": overall(comparison).1,
        "comparison": comparison,
    });
    listing::print_json(&value, out)
}
