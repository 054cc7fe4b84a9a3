//! What `assay verify` says: what was signed, what was recomputed, what is only the machine's own word.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::page::Page;
use super::{human, likeness, listing};
use crate::fleet::doubt::Doubt;
use crate::fleet::proofs::Beside;
use crate::fleet::words::Said;
use crate::language::{Language, say};
use crate::report::ledger::{Entry, Ledger};
use crate::report::recheck::CONTRACT;
use crate::report::{Difference, Recheck, Report};
use crate::units::Unit;
use crate::visible::in_one_line;

/// A report whose signature holds, and what checking the rest gave.
pub struct Verification<'a> {
    pub report: &'a Report,
    /// Of the statement that was signed.
    pub statement_sha256: String,
    pub recheck: &'a Recheck,
    pub ledger: &'a Ledger,
    /// What was proved of its cards.
    pub beside: Option<&'a Beside>,
    /// Where a recording says otherwise, where one was given.
    pub recording: Option<&'a [Difference]>,
    pub untimely: Option<Doubt>,
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
        let is_contract = difference.what == CONTRACT;
        let ours = match is_contract {
            true => say!(language, "differs-you-demand"),
            false => say!(language, "differs-samples-say"),
        };
        differs(difference, &ours, out)?;
        let mut terms = v.recheck.terms.iter().filter(|_| is_contract);
        terms.try_for_each(|term| differs(term, &ours, out))?;
    }
    let recording = say!(language, "differs-recording-says");
    v.recording.iter().copied().flatten().try_for_each(|of| differs(of, &recording, out))?;
    human::verdict(&v.recheck.recomputed(v.report), out)?;
    if let Some(doubt) = &v.untimely {
        writeln!(out, "{}", say!(language, "verified-untimely", doubt = doubt.said(language)))?;
    }
    if let Some(differences) = v.recording {
        let words = match differences {
            [] => say!(language, "verified-recording"),
            _ => say!(language, "verified-other-recording"),
        };
        writeln!(out, "{words}")?;
    }
    let (colour, words) = outcome(v, language);
    let style = colour.on_default().bold();
    writeln!(out, "{}", say!(language, "verification", words = format!("{style}{words}{style:#}")))
}

fn differs(difference: &Difference, ours: &str, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let Difference { what, stated, recomputed } = difference;
    let [stated, recomputed] = [stated, recomputed].map(|told| in_one_line(&told.to_string()).into_owned());
    let theirs = say!(language, "differs-report-says");
    writeln!(out, "\n{}", say!(language, "differs", what = what))?;
    writeln!(out, "  {theirs:18}  {stated}\n  {ours:18}  {recomputed}")
}

/// Whether the report holds, and if not, what may be the matter with it.
fn outcome(v: &Verification, language: Language) -> (AnsiColor, String) {
    const OURS: &str = env!("CARGO_PKG_VERSION");
    let judge = &v.report.tool.version;
    match v.recheck.holds_by_another_contract() {
        _ if v.recheck.holds() => (AnsiColor::Green, say!(language, "verified-holds")),
        true if v.recheck.holds_by_another_text() => {
            (AnsiColor::Green, say!(language, "verified-by-another-text"))
        }
        true => (AnsiColor::Red, say!(language, "verified-by-another-contract")),
        // What follows from samples may follow from overlays too.
        false if v.recheck.is_by_other_overlays() => {
            (AnsiColor::Red, say!(language, "verified-by-other-overlays"))
        }
        false if judge == OURS => (AnsiColor::Red, say!(language, "verified-not")),
        // Rules, words and the catalogue change: what another version judged may be honest.
        false => (AnsiColor::Red, say!(language, "verified-not-by-this-version", judge = judge, ours = OURS)),
    }
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

/// A name that is longer moves its own value alone.
const WIDEST: usize = 100;

fn section(title: &str, entries: &[Entry], out: &mut Page) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{title}{bold:#}")?;
    // In columns of a terminal: a Chinese character takes two.
    let width = entries.iter().map(|entry| entry.what.width()).max().unwrap_or(0).min(WIDEST);
    for [what, value] in entries.iter().map(|entry| [&entry.what, &entry.value].map(|text| in_one_line(text)))
    {
        writeln!(out, "  {what}{:gap$}  {value}", "", gap = width.saturating_sub(what.width()))?;
    }
    writeln!(out)
}

pub fn json(v: &Verification, out: &mut dyn Write) -> io::Result<()> {
    let recomputed = v.recheck.recomputed(v.report);
    let value = json!({
        "signature": "valid",
        "statement_sha256": v.statement_sha256,
        "holds": v.recheck.holds() || v.recheck.holds_by_another_text(),
        "verdict": recomputed.verdict,
        "trust_level": recomputed.trust_level,
        "signed": v.ledger.signed,
        "recomputed": v.ledger.recomputed,
        "machines_word": v.ledger.machines_word,
        "differences": v.recheck.differences,
        "contract_terms": v.recheck.terms,
        "recording": v.recording,
        "untimely": v.untimely.as_ref().map(|doubt| doubt.said(Language::English)),
        "findings": recomputed.findings,
        "proof": v.beside.map(|beside| &beside.proved.summary),
        "proof_held": v.beside.map(|beside| beside.proved.held),
        "unproved": v.beside.map(|beside| &beside.unproved),
        "looks_like": v.report.evidence.devices.iter().filter_map(likeness::json).collect::<Vec<_>>(),
    });
    listing::print_json(&value, out)
}
