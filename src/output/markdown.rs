//! A report for a ticket or a pull request.

use std::io::{self, Write};

use super::rows;
use crate::report::Report;

pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let run = &report.evidence.run;
    match report.verdict {
        Some(verdict) => writeln!(out, "# assay: {}\n", rows::verdict_word(verdict))?,
        None => writeln!(out, "# assay: no verdict, there was no contract to judge by\n")?,
    }
    writeln!(out, "* profile {}, started {}, assay {}", run.profile, run.started, run.tool_version)?;
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
        table(&rows::MEASUREMENTS, rows::measurements(device), out)?;
        if !device.absences.is_empty() {
            writeln!(out)?;
            let absences = device.absences.iter().map(|a| [a.metric.to_string(), a.reason.to_string()]);
            table(&rows::ABSENCES, absences, out)?;
        }
    }
    Ok(())
}

fn table<const N: usize>(
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "| {} |", header.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(N))?;
    for row in rows {
        writeln!(out, "| {} |", row.map(|text| cell(&text)).join(" | "))?;
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
