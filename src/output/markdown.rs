//! A report for a ticket or a pull request.

use std::io::{self, Write};

use super::{likeness, rows};
use crate::report::Report;

/// What the step summary of a pipeline takes on the largest host of pipelines: 1 MiB.
const BYTES_MAX: usize = 1 << 20;
const CUT: &str = "\nCut here, because such a page may hold 1 MiB; the signed report holds everything.\n";

pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Vec::new();
    whole(report, &mut page)?;
    if page.len() > BYTES_MAX {
        // At the end of a line, so that no table row is torn.
        let most = BYTES_MAX - CUT.len();
        let end = page[..most].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        page.truncate(end);
        page.extend_from_slice(CUT.as_bytes());
    }
    out.write_all(&page)
}

fn whole(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let run = &report.evidence.run;
    match report.verdict {
        Some(verdict) => writeln!(out, "# assay: {}\n", rows::verdict_word(verdict))?,
        None => writeln!(out, "# assay: no verdict, there was no contract to judge by\n")?,
    }
    writeln!(out, "* profile {}, started {}, assay {}", run.profile, run.started, run.tool_version)?;
    writeln!(out, "* measured {}", run.order)?;
    writeln!(out, "* trust level {}", rows::trust(report))?;
    writeln!(out, "* signed by {}", rows::sealed_by(report))?;
    if let Some(contract) = &report.contract {
        writeln!(out, "* contract {}, sha256 `{}`", cell(&contract.terms.id), contract.sha256)?;
    }
    if !report.findings.is_empty() {
        writeln!(out, "\n## Findings\n")?;
        table(&rows::FINDINGS, report.findings.iter().map(rows::finding), out)?;
    }
    for device in &report.evidence.devices {
        writeln!(out, "\n## {}\n", cell(&rows::device_line(device)))?;
        writeln!(out, "{}\n", cell(&rows::ended(&device.ended)))?;
        for sentence in likeness::sentences(device) {
            writeln!(out, "{}\n", cell(&sentence))?;
        }
        table(&rows::MEASUREMENTS, rows::measurements(device), out)?;
        if !device.absences.is_empty() {
            writeln!(out)?;
            let absences = device.absences.iter().map(|a| [a.metric.to_string(), a.reason.to_string()]);
            table(&rows::ABSENCES, absences, out)?;
        }
    }
    let Some(node) = &report.evidence.node else { return Ok(()) };
    writeln!(out, "\n## {}\n\n{}\n", rows::PEERS, cell(&rows::ended(&node.ended)))?;
    let matrix = rows::peers(&report.evidence).unwrap_or_default();
    if let Some((header, rest)) = matrix.split_first() {
        table(&header.iter().map(|name| cell(name)).collect::<Vec<_>>(), rest.iter().cloned(), out)?;
    }
    let troubles = rows::peer_troubles(node);
    if !troubles.is_empty() {
        writeln!(out)?;
        table(&rows::ABSENCES, troubles.into_iter(), out)?;
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
            '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' => {
                safe.push('\\');
                safe.push(c);
            }
            '\n' | '\r' => safe.push(' '),
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    safe
}
