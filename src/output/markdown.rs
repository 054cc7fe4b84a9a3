//! A report for a ticket or a pull request.

use std::io::{self, Write};

use super::findings;
use super::imprint::Imprint;
use super::likeness;
use super::page::Page;
use super::proof::{facts, meaning, outcome, tables};
use super::rows::{self, Matrix};
use crate::language::{Language, say};
use crate::proof::challenge::Challenge;
use crate::proof::statement::{Outcome, Proof};
use crate::report::Report;
use crate::seal::Envelope;
use crate::visible::visible;

/// What the step summary of a pipeline takes on the largest host of pipelines: 1 MiB.
const BYTES_MAX: usize = 1 << 20;

pub fn report(report: &Report, signed: &Envelope, out: &mut Page) -> io::Result<()> {
    let (language, mut page) = (out.language, Vec::new());
    let cut = format!("\n{}\n", say!(language, "cut-here"));
    whole(report, signed, language, &mut page)?;
    if page.len() > BYTES_MAX {
        // At the end of a line, so that no table row is torn.
        let most = BYTES_MAX - cut.len();
        let end = page[..most].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        page.truncate(end);
        page.extend_from_slice(cut.as_bytes());
    }
    out.write_all(&page)
}

fn whole(report: &Report, signed: &Envelope, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let run = &report.evidence.run;
    match report.verdict {
        Some(verdict) => title(rows::verdict_word(verdict, language), language, out)?,
        None => title(say!(language, "no-verdict-because"), language, out)?,
    }
    let [version, profile, started] = [&run.tool_version, &run.profile, &run.started].map(|text| cell(text));
    writeln!(
        out,
        "* {}",
        say!(language, "run-line", version = version, profile = profile, started = started)
    )?;
    for (name, value) in [
        (say!(language, "name-trust"), rows::trust(report, language)),
        (say!(language, "name-measured"), run.order.said(language)),
        (say!(language, "name-signed"), rows::sealed_by(report, language)),
    ] {
        writeln!(out, "* {}", say!(language, "name-and-value", name = name, value = value))?;
    }
    if let Some(contract) = &report.contract {
        let id = cell(&contract.terms.id);
        // In the span of code that it stands in no mark can be escaped.
        let sha256: String = contract.sha256.chars().filter(char::is_ascii_alphanumeric).collect();
        writeln!(out, "* {}", say!(language, "contract-line", id = id, sha256 = sha256))?;
    }
    imprint(signed, language, out)?;
    if let Some(what) = rows::wrong_results(&report.evidence, language) {
        let (head, of) =
            (say!(language, "wrong-results"), say!(language, "wrong-results-of", what = cell(&what)));
        writeln!(out, "\n**{head}**{of}")?;
    }
    if !report.findings.is_empty() {
        writeln!(out, "\n## {}\n", say!(language, "title-findings"))?;
        let rows = findings::rows(&report.findings, language);
        table(&findings::head(language), rows.into_iter(), out)?;
    }
    for device in &report.evidence.devices {
        writeln!(out, "\n## {}\n", cell(&rows::device_line(device, language)))?;
        writeln!(out, "{}\n", cell(&device.ended.said(language)))?;
        for sentence in likeness::sentences(device, language) {
            writeln!(out, "{}\n", cell(&sentence))?;
        }
        table(&rows::measurements_head(language), rows::measurements(device, language), out)?;
        if !device.absences.is_empty() {
            writeln!(out)?;
            let absences = rows::absences(&device.absences, language);
            table(&rows::absences_head(language), absences, out)?;
        }
    }
    let Some(node) = &report.evidence.node else { return Ok(()) };
    writeln!(out, "\n## {}\n\n{}\n", say!(language, "between-devices"), cell(&node.ended.said(language)))?;
    if let Some(Matrix { about, head, rows }) = rows::peers(&report.evidence, language) {
        writeln!(out, "{}\n", cell(&about))?;
        table(&head.iter().map(|name| cell(name)).collect::<Vec<_>>(), rows.into_iter(), out)?;
    }
    let together = rows::together(node, language);
    if !together.is_empty() {
        writeln!(out)?;
        table(&rows::measurements_head(language), together.into_iter(), out)?;
    }
    let troubles = rows::node_troubles(node, language);
    if !troubles.is_empty() {
        writeln!(out)?;
        table(&rows::absences_head(language), troubles.into_iter(), out)?;
    }
    Ok(())
}

fn title(what: impl Into<String>, language: Language, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}\n", say!(language, "page-title", what = what.into()))
}

/// Which signed file this shows.
fn imprint(signed: &Envelope, language: Language, out: &mut dyn Write) -> io::Result<()> {
    Imprint::of(signed).map_or(Ok(()), |imprint| writeln!(out, "* {}", imprint.said(language)))
}

/// A proof for a ticket.
pub fn proof(proof: &Proof, challenge: &Challenge, signed: &Envelope, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let proved = say!(language, "proof-outcome", words = outcome(proof, language));
    title(cell(&proved), language, out)?;
    for (name, value) in facts(proof, challenge, language) {
        writeln!(out, "* {}", say!(language, "name-and-value", name = name, value = cell(&value)))?;
    }
    imprint(signed, language, out)?;
    for of in tables(proof, language) {
        writeln!(out)?;
        table(&of.head, of.rows.into_iter(), out)?;
    }
    if proof.outcome == Outcome::Held {
        writeln!(out, "\n{}", meaning(proof, challenge, language))?;
    }
    Ok(())
}

fn table<H: AsRef<str>, R: IntoIterator<Item = String>>(
    header: &[H],
    rows: impl Iterator<Item = R>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let header: Vec<&str> = header.iter().map(AsRef::as_ref).collect();
    writeln!(out, "| {} |", header.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(header.len()))?;
    for row in rows {
        let cells: Vec<String> = row.into_iter().map(|text| cell(&text)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// Text from a device or a contract must not become markup.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '&' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            '\n' | '\r' => safe.push(' '),
            c if c.is_control() => {}
            c => safe.push(visible(c)),
        }
    }
    safe
}
