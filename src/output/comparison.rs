//! What `assay compare` says: each metric before and after, and whether it became worse.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::listing;
use super::page::Page;
use crate::evidence::Ended;
use crate::evidence::metric::{Kind, is_pair};
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::report::compare::{
    Card, Certified, Change, Comparison, Ground, LEVEL, ONE_DIE, Pair, Row, Strangers, WIDTH_BETWEEN,
};

pub fn human(comparison: &Comparison, is_verified: bool, out: &mut Page) -> io::Result<()> {
    let l = out.language;
    writeln!(out, "{}", signatures(is_verified, l))?;
    if let Some(Certified { until, covers }) = comparison.certified {
        let until = until.strftime("%Y-%m-%d").to_string();
        let certified =
            if covers { say!(l, "compare-covered", until) } else { say!(l, "compare-not-covered", until) };
        writeln!(out, "{certified}")?;
    }
    if comparison.is_reversed {
        writeln!(out, "{}", say!(l, "compare-reversed"))?;
    }
    let [level, width] = [LEVEL, comparison.width].map(|share| (100.0 * share).to_string());
    writeln!(out, "{}", say!(l, "compare-width", level = &level, width))?;
    if let Some(only) = &comparison.only {
        writeln!(out, "{}", say!(l, "compare-only", names = l.list(only.names())))?;
        if !only.open.is_empty() {
            writeln!(out, "{}", say!(l, "compare-open", names = l.list(&only.open)))?;
        }
    }
    for Pair { before, after, by, card, rows, ended } in &comparison.pairs {
        let bold = Style::new().bold();
        let devices = format!("{bold}{before} -> {after}{bold:#}");
        writeln!(out, "\n{}", say!(l, "compare-pair", devices, by = *by))?;
        writeln!(out, "{}", said(card, l))?;
        listing::print_table(head(l), rows.iter().map(|row| cells(row, l)), out)?;
        if *ended != Ended::Completed {
            writeln!(out, "{}", say!(l, "compare-ended", device = after, how = ended.said(l)))?;
        }
    }
    if !comparison.between.is_empty() {
        let bold = Style::new().bold();
        writeln!(out, "\n{bold}{}{bold:#}", say!(l, "between-devices"))?;
        // Of eight cards there are 56 pairs: those that are as they were are counted below.
        let is_shown = |row: &&Row| row.verdict != Change::Same || !is_pair(row.metric.as_str());
        let shown: Vec<&Row> = comparison.between.iter().filter(is_shown).collect();
        if !shown.is_empty() {
            listing::print_table(head(l), shown.into_iter().map(|row| cells(row, l)), out)?;
        }
        let width = (100.0 * comparison.width.max(WIDTH_BETWEEN)).to_string();
        writeln!(out, "{}", say!(l, "compare-between", width))?;
    }
    for device in &comparison.only_before {
        writeln!(out, "\n{}", say!(l, "compare-only-before", device))?;
    }
    for device in &comparison.only_after {
        writeln!(out, "\n{}", say!(l, "compare-only-after", device))?;
    }
    for Strangers { before, after, card } in &comparison.strangers {
        writeln!(out, "\n{before} -> {after}{}{}", say!(l, "list-colon"), said(card, l))?;
    }
    writeln!(out, "\n{}", say!(l, "compare-word-of-cards"))?;
    let is_map = |ground: &Ground| matches!(ground, Ground::Maps(_));
    if comparison.cards().any(|card| card.grounds.iter().any(is_map)) {
        writeln!(out, "{}", say!(l, "compare-maps", line = ONE_DIE.to_string(), level))?;
    }
    let (colour, word) = overall(comparison, l);
    let style = colour.on_default().bold();
    let (word, counts) = (format!("{style}{word}{style:#}"), counts(comparison, l));
    writeln!(out, "\n{}", say!(l, "compare-overall", word, counts))
}

/// Whether it is one card, and on what grounds.
fn said(card: &Card, l: Language) -> String {
    let grounds: Vec<String> = card.grounds.iter().map(|ground| ground.said(l)).collect();
    format!("{}{}{}", card.verdict.said(l), say!(l, "list-colon"), grounds.join(&say!(l, "list-semicolon")))
}

fn head(l: Language) -> [String; 6] {
    [
        say!(l, "head-metric"),
        say!(l, "head-before"),
        say!(l, "head-after-it"),
        say!(l, "head-after-to-before"),
        say!(l, "head-verdict"),
        say!(l, "head-because"),
    ]
}

fn signatures(is_verified: bool, l: Language) -> String {
    if is_verified { say!(l, "compare-signed") } else { say!(l, "compare-not-checked") }
}

fn overall(comparison: &Comparison, l: Language) -> (AnsiColor, String) {
    match comparison.exit() {
        Exit::Pass => (AnsiColor::Green, say!(l, "compare-pass")),
        Exit::Fail => (AnsiColor::Red, say!(l, "change-degraded")),
        Exit::Identity => (AnsiColor::Red, say!(l, "card-contradiction")),
        Exit::Inconclusive
        | Exit::Usage
        | Exit::Environment
        | Exit::Signature
        | Exit::Bug
        | Exit::Interrupted => (AnsiColor::Yellow, say!(l, "word-inconclusive")),
    }
}

/// `3 same, 1 degraded`
fn counts(comparison: &Comparison, l: Language) -> String {
    let counted = Change::ALL.into_iter().map(|change| (comparison.count(change), change.said(l)));
    let said: Vec<String> = counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, change)| say!(l, "compare-count", count, change))
        .collect();
    if said.is_empty() { say!(l, "compare-nothing") } else { l.list(said) }
}

fn cells(row: &Row, l: Language) -> [String; 6] {
    let figure = |figure: Option<f64>| match (figure, row.metric.kind()) {
        (Some(figure), Kind::Number(unit)) => unit.format(figure),
        (_, Kind::Number(_) | Kind::Fact) => "-".to_owned(),
    };
    let ratio =
        row.ratio.map_or("-".to_owned(), |r| format!("{:.4} ({:.4} .. {:.4})", r.value, r.low, r.high));
    let metric = row.metric.to_string();
    [metric, figure(row.before), figure(row.after), ratio, row.verdict.said(l), row.because.said(l)]
}

pub fn json(comparison: &Comparison, is_verified: bool, out: &mut dyn Write) -> io::Result<()> {
    let counts: BTreeMap<Change, usize> =
        Change::ALL.into_iter().map(|change| (change, comparison.count(change))).collect();
    let value = json!({
        "signatures_verified": is_verified,
        "level": LEVEL,
        "maps": { "one_die": ONE_DIE, "calibrated_on_hardware": false },
        "overall": overall(comparison, Language::English).1,
        "counts": counts,
        "comparison": comparison,
    });
    listing::print_json(&value, out)
}
