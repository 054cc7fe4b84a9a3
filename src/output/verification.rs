//! What `assay verify` says: what was signed, what was recomputed, what is only the machine's own word.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::page::Page;
use super::{human, likeness, listing};
use crate::fleet::proofs::Beside;
use crate::fleet::words::Said;
use crate::language::{Language, say};
use crate::report::ledger::{Entry, Ledger};
use crate::report::recheck::CONTRACT;
use crate::report::{Recheck, Report};
use crate::units::Unit;

/// A report whose signature holds, and what checking the rest gave.
pub struct Verification<'a> {
    pub report: &'a Report,
    pub recheck: &'a Recheck,
    pub ledger: &'a Ledger,
    /// What was proved of its cards.
    pub beside: Option<&'a Beside>,
}

pub fn human(v: &Verification, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    section(&say!(language, "section-signed"), &v.ledger.signed, out)?;
    section(&say!(language, "section-recomputed"), &v.ledger.recomputed, out)?;
    section(&say!(language, "section-own-word"), &v.ledger.machines_word, out)?;
    if let Some(beside) = v.beside {
        section(&say!(language, "section-proved"), &proved(beside, language), out)?;
    }
    for device in &v.report.evidence.devices {
        for sentence in likeness::sentences(device, language) {
            writeln!(out, "{}", say!(language, "ledger-of", of = &device.selector, what = sentence))?;
        }
    }
    for difference in &v.recheck.differences {
        let (what, stated, recomputed) = (&difference.what, &difference.stated, &difference.recomputed);
        let ours = match what == CONTRACT {
            true => say!(language, "differs-you-demand"),
            false => say!(language, "differs-samples-say"),
        };
        let theirs = say!(language, "differs-report-says");
        writeln!(out, "\n{}", say!(language, "differs", what = what))?;
        writeln!(out, "  {theirs:15}  {stated}\n  {ours:15}  {recomputed}")?;
    }
    human::verdict(v.report, out)?;
    let (colour, words) = if v.recheck.holds() {
        (AnsiColor::Green, say!(language, "verified-holds"))
    } else if v.recheck.holds_by_another_contract() {
        (AnsiColor::Red, say!(language, "verified-by-another-contract"))
    } else {
        (AnsiColor::Red, say!(language, "verified-not"))
    };
    let style = colour.on_default().bold();
    writeln!(out, "{}", say!(language, "verification", words = format!("{style}{words}{style:#}")))
}

/// What was done at least by a witness's clock, and what of the contract that leaves open.
fn proved(beside: &Beside, language: Language) -> Vec<Entry> {
    let entry = |what: String, value: String| Entry { what, value };
    let Some(proof) = beside.proved.held() else {
        let value = say!(language, "reason-not-proved");
        return vec![entry(say!(language, "name-trust"), value)];
    };
    let mut entries = vec![
        entry(say!(language, "name-trust"), format!("{:?}", proof.level)),
        entry(say!(language, "proof-head-least"), Unit::OpPerSecond.format(proof.floor_per_s)),
    ];
    if let (Some(bytes), Some(rate)) = (proof.memory_bytes, proof.memory_floor_per_s) {
        entries.push(entry(say!(language, "proof-head-memory"), Unit::Byte.format(bytes as f64)));
        entries.push(entry(say!(language, "proof-head-read"), Unit::BytePerSecond.format(rate)));
    }
    let open = beside.unproved.iter().map(|lacking| entry(lacking.clause.clone(), lacking.said(language)));
    entries.into_iter().chain(open).collect()
}

fn section(title: &str, entries: &[Entry], out: &mut Page) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{title}{bold:#}")?;
    // In columns of a terminal: a Chinese character takes two.
    let width = entries.iter().map(|entry| entry.what.width()).max().unwrap_or(0);
    for Entry { what, value } in entries {
        writeln!(out, "  {what}{:gap$}  {value}", "", gap = width - what.width())?;
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
        "proof": v.beside.map(|beside| &beside.proved.summary),
        "proof_held": v.beside.map(|beside| beside.proved.held),
        "unproved": v.beside.map(|beside| &beside.unproved),
        "looks_like": v.report.evidence.devices.iter().filter_map(likeness::json).collect::<Vec<_>>(),
    });
    listing::print_json(&value, out)
}
