//! A report as one page for people who decide: the verdict, the clauses, then each device with its plots. One file that
//! needs no script and no network, for a screen, a phone or paper.
//! Owns the page and its order; every text gets in by the macro, which escapes it.

mod clauses;
mod device;
mod node;
mod plots;
mod sustained;

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::rows;
use crate::contract::{Reason, Severity, Verdict};
use crate::device::ProvenanceKind;
use crate::evidence::metric::MetricName;
use crate::evidence::stats::Summary;
use crate::evidence::{Conditions, DeviceEvidence};
use crate::report::Report;

/// Devices whose plots are drawn: more make a page that no phone opens.
const DEVICES_DRAWN_MAX: usize = 16;

const STYLE: &str = include_str!("style.css");

pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let page = page(report).into_string();
    // Names come from the machine: what would turn the reading direction or hide text becomes visible.
    out.write_all(page.chars().map(visible).collect::<String>().as_bytes())
}

fn visible(c: char) -> char {
    match c {
        '\n' => c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

fn page(report: &Report) -> Markup {
    let devices = &report.evidence.devices;
    let drawn = drawn(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Even if a text got through as markup, nothing could run or be loaded.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "assay: " (verdict_words(report)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(report))
                main {
                    @if !report.findings.is_empty() { (clauses::section(report)) }
                    @if devices.len() > 1 { (node::section(devices)) }
                    @if drawn.len() < devices.len() {
                        p.note { "Plots are drawn for " (drawn.len()) " of " (devices.len()) " devices, those with the worst verdicts first. The signed report holds all samples." }
                    }
                    @for (index, device) in devices.iter().enumerate() {
                        (device::section(report, device, index, drawn.contains(&index)))
                    }
                    (conditions(devices))
                }
                (foot(report))
            }
        }
    }
}

/// Indices of the devices whose plots are drawn.
fn drawn(report: &Report) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..report.evidence.devices.len()).collect();
    indices.sort_by_key(|index| (std::cmp::Reverse(clauses::worst_on(report, *index)), *index));
    indices.truncate(DEVICES_DRAWN_MAX);
    indices
}

fn verdict_words(report: &Report) -> &'static str {
    report.verdict.map_or("no verdict", rows::verdict_word)
}

/// A word with a shape beside it, so that colour alone says nothing.
fn verdict_badge(verdict: Verdict) -> Markup {
    let (class, shape) = match verdict {
        Verdict::Pass => ("pass", "\u{2714}"),
        Verdict::Inconclusive => ("open", "?"),
        Verdict::Fail => ("fail", "\u{2718}"),
    };
    html! { span.badge.(class) { span aria-hidden="true" { (shape) } " " (rows::verdict_word(verdict)) } }
}

fn head(report: &Report) -> Markup {
    let run = &report.evidence.run;
    let class = report.verdict.map_or("open", |verdict| match verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "open",
        Verdict::Fail => "fail",
    });
    html! {
        header.(class) {
            p.kicker { "assay report" }
            h1 {
                @match report.verdict {
                    Some(verdict) => (verdict_badge(verdict)),
                    None => "No verdict: there was no contract to judge by",
                }
            }
            p.lead { (in_short(report)) }
            @if let Some(reason) = Reason::broke_off(&report.evidence) { p.warning { strong { "A gap" } ": " (reason) "." } }
            @if has_simulated(&report.evidence.devices) {
                p.warning { strong { "SIMULATED" } ": figures of simulated devices are computed, nothing was measured." }
            }
            dl.facts {
                @if let Some(contract) = &report.contract {
                    (fact("contract", html! { (contract.terms.id) @if let Some(title) = &contract.terms.title { ", " (title) } }))
                    @for (role, party) in [("tenant", &contract.terms.parties.tenant), ("provider", &contract.terms.parties.provider)] {
                        @if let Some(party) = party { (fact(role, html! { (party.name) })) }
                    }
                }
                (fact("measured", html! { (moment(&run.started)) ", " (run.profile) " profile, " (counted(run.selectors.len(), "device")) }))
                (fact("trust level", html! { (rows::trust(report)) }))
                (fact("signed by", html! { (rows::sealed_by(report)) }))
            }
        }
    }
}

/// `2026-11-24 17:09:21 UTC`; what is no time stays as it is.
fn moment(rfc3339: &str) -> String {
    let time: Option<jiff::Timestamp> = rfc3339.parse().ok();
    time.map_or(rfc3339.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// `1 device`, `8 devices`
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn fact(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// The statistics of a case, or of the windows of a load that was kept up.
fn summary(device: &DeviceEvidence, metric: &MetricName) -> Option<Summary> {
    match (device.measurement(metric), &device.sustained) {
        (Some(m), _) => m.summary(),
        (None, Some(kept)) if kept.load.metric == *metric => Summary::of(&kept.rates()),
        (None, _) => None,
    }
}

fn has_simulated(devices: &[DeviceEvidence]) -> bool {
    let mut identities = devices.iter().filter_map(|device| device.identity.as_ref());
    identities.any(|identity| identity.provenance.kind() == ProvenanceKind::Simulated)
}

/// The state of the demands in one sentence.
fn in_short(report: &Report) -> String {
    let musts = || report.findings.iter().filter(|finding| finding.severity == Severity::Must);
    let of = |verdict| musts().filter(|finding| finding.verdict == verdict).count();
    if report.verdict.is_none() {
        return "Figures only: nothing was demanded, so nothing was decided.".to_owned();
    }
    let total = counted(musts().count(), "binding demand");
    match (of(Verdict::Fail), of(Verdict::Inconclusive)) {
        (0, 0) if musts().count() == 1 => "The one binding demand is met.".to_owned(),
        (0, 0) => format!("All {total} are met."),
        (0, open) => {
            format!("Of {total} none failed, but {open} could not be decided; not measured is never a pass.")
        }
        (fails, 0) => format!("Of {total}, {fails} failed."),
        (fails, open) => format!("Of {total}, {fails} failed and {open} could not be decided."),
    }
}

/// Under what conditions each figure was taken, and by which kernel.
fn conditions(devices: &[DeviceEvidence]) -> Markup {
    let row = |metric: &MetricName, said: String, c: &Conditions| {
        html! { tr {
            th scope="row" { (metric) }
            td { (said) }
            td { (c.variant.as_deref().unwrap_or("-")) }
            td.digest { (c.kernel.as_deref().unwrap_or("-")) }
        } }
    };
    html! {
        section {
            h2 { "Conditions and kernels" }
            @for device in devices {
                details {
                    summary { (device.selector) }
                    div.scroll { table {
                        thead { tr { @for name in ["metric", "conditions", "launch form", "kernel SHA-256"] { th scope="col" { (name) } } } }
                        tbody {
                            @for m in &device.measurements { (row(&m.metric, rows::conditions(m), &m.conditions)) }
                            @for load in device.sustained.iter().map(|kept| &kept.load) {
                                (row(&load.metric, load.conditions.shape.clone(), &load.conditions))
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn foot(report: &Report) -> Markup {
    let run = &report.evidence.run;
    html! {
        footer {
            p {
                "This page is not signed and proves nothing by itself: it shows what stands in the signed report beside it. "
                "Check that with " code { "assay verify report.dsse.json --trust KEY.pub.pem" } "."
            }
            p {
                "Measured by " (run.tool) " " (run.tool_version) ", judged by " (report.tool.name) " " (report.tool.version)
                ", sealed " (moment(&report.sealed_at)) ", seed " code { (run.seed) }
                @if let Some(contract) = &report.contract { ", contract SHA-256 " code.digest { (contract.sha256) } }
                "."
            }
        }
    }
}
