//! A report on a terminal.

use std::io::{self, Write};

use super::advice::{self, NAMES_MAX, Step};
use super::findings;
use super::imprint::Imprint;
use super::likeness;
use super::listing::{entry, print_table};
use super::page::Page;
use super::rows::{self, Matrix};
use super::table::wrapped;
use crate::contract::Verdict;
use crate::evidence::{DeviceEvidence, Ended, NodeEvidence};
use crate::language::say;
use crate::report::Report;
use crate::seal::Envelope;
use anstyle::{AnsiColor, Style};

/// Everything: devices, measurements, findings, verdict.
pub fn whole(report: &Report, signed: &Envelope, out: &mut Page) -> io::Result<()> {
    let (run, language) = (&report.evidence.run, out.language);
    let (version, profile, started) = (&run.tool_version, &run.profile, &run.started);
    writeln!(
        out,
        "{}",
        say!(language, "report-line", version = version, profile = profile, started = started)
    )?;
    for (name, value) in [
        (say!(language, "name-trust"), rows::trust(report, language)),
        (say!(language, "name-measured"), run.order.said(language)),
        (say!(language, "name-signed"), rows::sealed_by(report, language)),
    ] {
        entry(&name, 11, value, out)?;
    }
    imprint(signed, out)?;
    for device in &report.evidence.devices {
        device_tables(device, out)?;
    }
    if let Some(node) = &report.evidence.node {
        node_tables(node, report, out)?;
    }
    decision(report, out)
}

/// Which signed file this shows.
pub fn imprint(signed: &Envelope, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    Imprint::of(signed).map_or(Ok(()), |imprint| writeln!(out, "{}", imprint.said(language)))
}

fn device_tables(device: &DeviceEvidence, out: &mut Page) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "\n{bold}{}{bold:#}", rows::device_line(device, out.language))?;
    if device.ended != Ended::Completed {
        writeln!(out, "{}", device.ended.said(out.language))?;
    }
    for sentence in likeness::sentences(device, out.language) {
        writeln!(out, "{sentence}")?;
    }
    if !device.measurements.is_empty() || device.sustained.is_some() {
        let language = out.language;
        print_table(rows::measurements_head(language), rows::measurements(device, language), out)?;
    }
    if !device.absences.is_empty() {
        let language = out.language;
        let absences = rows::absences(&device.absences, language);
        print_table(rows::absences_head(language), absences, out)?;
    }
    Ok(())
}

/// What was measured between devices.
fn node_tables(node: &NodeEvidence, report: &Report, out: &mut Page) -> io::Result<()> {
    let bold = Style::new().bold();
    let language = out.language;
    writeln!(out, "\n{bold}{}{bold:#}", say!(language, "between-devices"))?;
    if node.ended != Ended::Completed {
        writeln!(out, "{}", node.ended.said(language))?;
    }
    if let Some(Matrix { about, head, rows }) = rows::peers(&report.evidence, language) {
        writeln!(out, "{about}")?;
        print_table(head, rows, out)?;
    }
    let together = rows::together(node, language);
    if !together.is_empty() {
        print_table(rows::measurements_head(language), together, out)?;
    }
    let troubles = rows::node_troubles(node, language);
    if !troubles.is_empty() {
        print_table(rows::absences_head(language), troubles, out)?;
    }
    Ok(())
}

/// What a run ends with: how far it can be trusted, then what was found.
pub fn ending(report: &Report, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    entry(&say!(language, "name-trust"), 11, rows::trust(report, language), out)?;
    decision(report, out)
}

/// The verdict, and what to do next.
fn decision(report: &Report, out: &mut Page) -> io::Result<()> {
    verdict(report, out)?;
    writeln!(out)?;
    steps(&advice::report(report, out.language), out)
}

/// What to do next, numbered; of many names some.
pub fn steps(steps: &[Step], out: &mut Page) -> io::Result<()> {
    let language = out.language;
    writeln!(out, "{}", say!(language, "title-steps"))?;
    for (at, step) in steps.iter().enumerate() {
        let number = format!("{}. ", at + 1);
        let mut text = step.what.clone();
        if !step.about.is_empty() {
            text += &say!(language, "gap-before-names");
            text += &language.list(step.about.iter().take(NAMES_MAX));
        }
        if let more @ 1.. = step.about.len().saturating_sub(NAMES_MAX) {
            text += &format!(" {}", say!(language, "and-more", count = more));
        }
        let note = step.note.iter().map(String::as_str);
        let room = out.width.map_or(usize::MAX, |width| usize::from(width).saturating_sub(number.len()));
        let lines = std::iter::once(text.as_str()).chain(note).flat_map(|text| wrapped(text, room));
        for (at, line) in lines.enumerate() {
            let (lead, indent) = if at == 0 { (number.as_str(), 0) } else { ("", number.len()) };
            writeln!(out, "{lead}{:indent$}{line}", "")?;
        }
    }
    Ok(())
}

/// The findings and the verdict.
pub fn verdict(report: &Report, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    if !report.findings.is_empty() {
        writeln!(out)?;
        let rows = findings::rows(&report.findings, language);
        print_table(findings::head(language), rows, out)?;
    }
    if let Some(what) = rows::wrong_results(&report.evidence, language) {
        let style = style(Verdict::Fail);
        writeln!(
            out,
            "\n{style}{}{style:#}{}",
            say!(language, "wrong-results"),
            say!(language, "wrong-results-of", what = what)
        )?;
    }
    writeln!(out)?;
    if rows::has_simulated(&report.evidence.devices) {
        let (word, because) = (say!(language, "simulated"), say!(language, "simulated-because"));
        writeln!(out, "{OPEN}{word}{OPEN:#}{because}")?;
    }
    match report.verdict {
        Some(verdict) => {
            let style = style(verdict);
            let word = format!("{style}{}{style:#}", rows::verdict_word(verdict, language));
            writeln!(out, "{}", say!(language, "verdict-line", word = word))
        }
        None => writeln!(out, "{}", say!(language, "no-verdict-line")),
    }
}

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const OPEN: Style = AnsiColor::Yellow.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => GOOD,
        Verdict::Inconclusive => OPEN,
        Verdict::Fail => BAD,
    }
}
