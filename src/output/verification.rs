//! What `assay verify` says: what was signed, what was recomputed, what is only the machine's own word.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::page::Page;
use super::{human, likeness, listing};
use crate::report::ledger::{Entry, Ledger};
use crate::report::recheck::CONTRACT;
use crate::report::{Recheck, Report};

/// A report whose signature holds, and what checking the rest gave.
pub struct Verification<'a> {
    pub report: &'a Report,
    pub recheck: &'a Recheck,
    pub ledger: &'a Ledger,
}

pub fn human(v: &Verification, out: &mut Page) -> io::Result<()> {
    section("Signed: by this key, and unchanged since", &v.ledger.signed, out)?;
    section("Recomputed here from the raw samples", &v.ledger.recomputed, out)?;
    section("The machine's own word, which nothing here confirms", &v.ledger.machines_word, out)?;
    for device in &v.report.evidence.devices {
        for sentence in likeness::sentences(device, out.language) {
            writeln!(out, "{}: {sentence}", device.selector)?;
        }
    }
    for difference in &v.recheck.differences {
        let (what, stated, recomputed) = (&difference.what, &difference.stated, &difference.recomputed);
        let ours = if what == CONTRACT { "you demand" } else { "the samples say" };
        writeln!(out, "\nDIFFERS: {what}\n  the report says  {stated}\n  {ours:15}  {recomputed}")?;
    }
    human::verdict(v.report, out)?;
    let (colour, words) = if v.recheck.holds() {
        (AnsiColor::Green, "the signature holds, and every figure and finding follows from the samples")
    } else if v.recheck.holds_by_another_contract() {
        (
            AnsiColor::Red,
            "the signature holds and the report follows from its samples, but it was judged by another contract than the \
             one you gave; ask for a run by that one, or judge the recording by it: `assay replay events.jsonl --contract`",
        )
    } else {
        (
            AnsiColor::Red,
            "the signature holds, but the report does not follow from its own samples; do not accept it",
        )
    };
    let style = colour.on_default().bold();
    writeln!(out, "verification: {style}{words}{style:#}")
}

fn section(title: &str, entries: &[Entry], out: &mut Page) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{title}{bold:#}")?;
    let width = entries.iter().map(|e| e.what.chars().count()).max().unwrap_or(0);
    for Entry { what, value } in entries {
        writeln!(out, "  {what:width$}  {value}")?;
    }
    writeln!(out)
}

pub fn json(v: &Verification, out: &mut dyn Write) -> io::Result<()> {
    let value = json!({
        "signature": "valid",
        "holds": v.recheck.differences.is_empty(),
        "verdict": v.report.verdict,
        "trust_level": v.report.trust_level,
        "signed": v.ledger.signed,
        "recomputed": v.ledger.recomputed,
        "machines_word": v.ledger.machines_word,
        "differences": v.recheck.differences,
        "findings": v.report.findings,
        "looks_like": v.report.evidence.devices.iter().filter_map(likeness::json).collect::<Vec<_>>(),
    });
    listing::print_json(&value, out)
}
