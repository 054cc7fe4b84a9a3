//! One device on the page: what it says it is, what was measured, its plots, its memory errors.
//! Owns the order of these; what a plot shows is the business of `plots`.

use maud::{Markup, PreEscaped, html};

use super::plots::{self, Drawing};
use super::{counted, fact, sustained};
use crate::catalogue;
use crate::device::{Identity, Provenance};
use crate::evidence::metric::Kind;
use crate::evidence::{Check, DeviceEvidence, Ended, Measurement, Value};
use crate::output::{likeness, rows};
use crate::report::Report;
use crate::units::Unit;

pub fn section(report: &Report, device: &DeviceEvidence, index: usize, is_drawn: bool) -> Markup {
    html! {
        section.device {
            h2 { (device.selector) @if let Some(identity) = &device.identity { span.note { " " (identity.name) } } }
            @if device.ended != Ended::Completed { p.warning { strong { "Did not complete: " } (rows::ended(&device.ended)) } }
            @match &device.identity {
                Some(identity) => (word(device, identity)),
                None => p { "The device was never opened." },
            }
            (memory_errors(device))
            (looks(device))
            @if let Some(load) = &device.sustained { (sustained::part(load, is_drawn)) }
            @if is_drawn { (drawings(report, device, index)) }
            @if !device.measurements.is_empty() || device.sustained.is_some() { (measurements(device)) }
            @if !device.absences.is_empty() { (absences(device)) }
        }
    }
}

fn looks(device: &DeviceEvidence) -> Markup {
    let sentences = likeness::sentences(device);
    html! {
        @if !sentences.is_empty() {
            h3 { "What it looks like " span.note { "by what was measured, beside the catalogue" } }
            @for sentence in sentences { p { (sentence) "." } }
        }
    }
}

/// Identity and facts: the machine's own word, and marked as such.
fn word(device: &DeviceEvidence, identity: &Identity) -> Markup {
    let datasheets: Vec<&str> = catalogue::of(identity).map(|gpu| gpu.name.as_str()).collect();
    let kind = match &identity.provenance {
        Provenance::Hardware => "hardware".to_owned(),
        Provenance::Software { cpu_threads } => {
            format!("software on {}", counted(*cpu_threads as usize, "CPU thread"))
        }
        Provenance::Simulated { .. } => "SIMULATED, nothing was measured".to_owned(),
    };
    let id = |id: Option<u32>| id.map_or("-".to_owned(), |id| format!("{id:04x}"));
    let known = [
        ("name", Some(identity.name.clone())),
        ("kind", Some(kind)),
        ("PCI id", Some(format!("{}:{}", id(identity.vendor_id), id(identity.device_id)))),
        ("PCI address", identity.pci_address.clone()),
        ("UUID", identity.uuid.clone()),
        ("driver", Some(identity.driver.clone())),
        ("units", identity.units.map(|units| units.to_string())),
        ("memory", identity.memory_bytes.map(|bytes| Unit::Byte.format(bytes as f64))),
        ("datasheet of that PCI id", (!datasheets.is_empty()).then(|| datasheets.join(" or "))),
    ];
    html! {
        div.word {
            h3 { "The machine's own word " span.note { "claims of driver and system, which nothing here confirms" } }
            dl.facts { @for (name, value) in known { @if let Some(value) = value { (fact(name, html! { (value) })) } } }
            @if !device.facts.is_empty() {
                details {
                    summary { "All " (counted(device.facts.len(), "claim")) }
                    div.scroll { table { tbody { @for fact in &device.facts { tr { th scope="row" { (fact.metric) } td { (fact.value) } } } } } }
                }
            }
        }
    }
}

fn measurements(device: &DeviceEvidence) -> Markup {
    // Of a card that the catalogue does not know the column would be empty.
    let is_known = device.measurements.iter().any(|m| share(device, m).is_some());
    let heads = ["metric", "median", "p5 .. p95", "samples", "of the datasheet", "result check"];
    let heads = heads.into_iter().filter(|head| is_known || *head != "of the datasheet");
    html! {
        h3 { "Figures" }
        div.scroll { table {
            thead { tr { @for name in heads { th scope="col" { (name) } } } }
            tbody { @for m in &device.measurements {
                @let [metric, median, range, samples, _, check] = rows::measurement(m);
                tr.wrong[is_wrong(m)] {
                    th scope="row" { (metric) }
                    td.figure { (median) } td.figure { (range) } td.figure { (samples) }
                    @if is_known { td.figure { (share(device, m).unwrap_or_else(|| "-".to_owned())) } }
                    td.because { @if is_wrong(m) { span aria-hidden="true" { "\u{2718} " } } (check) }
                }
            }
            @if let Some(load) = &device.sustained { @for [metric, median, range, samples, _, check] in rows::sustained(load) {
                tr.wrong[load.wrong() > 0 && metric == load.load.metric.as_str()] {
                    th scope="row" { (metric) }
                    td.figure { (median) } td.figure { (range) } td.figure { (samples) }
                    @if is_known { td.figure { "-" } } td.because { (check) }
                }
            } }
            @for [counter, rise, range, samples, _, check] in rows::counters(device) { tr {
                th scope="row" { (counter) }
                td.figure { (rise) } td.figure { (range) } td.figure { (samples) }
                @if is_known { td.figure { "-" } } td.because { (check) }
            } } }
        } }
    }
}

fn is_wrong(m: &Measurement) -> bool {
    match &m.check {
        Check::Wrong { .. } => true,
        Check::Scanned { tally, .. } => tally.words_wrong > 0,
        Check::Matched { .. } => false,
    }
}

/// The median as a share of the datasheet's peak, where the catalogue knows the card.
fn share(device: &DeviceEvidence, m: &Measurement) -> Option<String> {
    let (peak, summary) = plots::datasheet(device, &m.metric).zip(m.summary())?;
    Some(format!("{:.1} %", 100.0 * summary.p50 / peak))
}

fn absences(device: &DeviceEvidence) -> Markup {
    html! {
        details {
            summary { "Not measured: " (counted(device.absences.len(), "metric")) }
            div.scroll { table {
                thead { tr { th scope="col" { "metric" } th scope="col" { "why" } } }
                tbody { @for absence in &device.absences { tr { th scope="row" { (absence.metric) } td { (absence.reason) } } } }
            } }
        }
    }
}

/// Which words of memory read back wrong. Nothing at all where there were none.
fn memory_errors(device: &DeviceEvidence) -> Markup {
    let wrong = device.measurements.iter().filter_map(|m| match &m.check {
        Check::Scanned { tally, .. } if tally.words_wrong > 0 => Some((m, tally)),
        Check::Scanned { .. } | Check::Matched { .. } | Check::Wrong { .. } => None,
    });
    // Both figures of the probe carry the same tally.
    let wrong = wrong.filter(|(m, _)| m.metric.kind() == Kind::Number(Unit::Count));
    html! {
        @for (m, tally) in wrong {
            div.warning {
                h3 { "\u{2718} Memory errors" }
                p {
                    (tally.words_wrong) " of " (tally.words_checked) " words read back wrong (" (m.metric) "): "
                    (tally.bits_set) " bits set, " (tally.bits_cleared) " cleared, at the bit positions of " code { (format!("{:#010x}", tally.bit_mask)) } "."
                }
                div.scroll { table {
                    thead { tr { th scope="col" { "byte address within the buffer" } th scope="col" { "word that was read" } } }
                    tbody { @for example in &tally.examples { tr {
                        th.digest scope="row" { (format!("{:#x}", example.word.saturating_mul(4))) }
                        td.digest { (format!("{:#010x}", example.got)) }
                    } } }
                } }
                @if (tally.examples.len() as u64) < tally.words_wrong { p.note { "The first " (tally.examples.len()) " are shown." } }
            }
        }
    }
}

fn drawings(report: &Report, device: &DeviceEvidence, index: usize) -> Markup {
    let rates: Vec<Drawing> = timed(device).filter_map(plots::samples).collect();
    let spreads: Vec<Drawing> =
        plots::chosen(report, device, index).into_iter().filter_map(plots::histogram).collect();
    html! {
        div.grid {
            @if let Some(drawing) = plots::roofline(device) { (figure(&drawing)) }
            @if let Some(drawing) = plots::latency(device) { (figure(&drawing)) }
        }
        (group("Sensors while it worked", &plots::telemetry(device)))
        (group("Time of a batch, how often", &spreads))
        (group("Samples in the order of time", &rates))
    }
}

fn timed(device: &DeviceEvidence) -> impl Iterator<Item = &Measurement> {
    // The latency curve has its own plot.
    device.measurements.iter().filter(|m| m.metric.probe() != "chase" && matches!(m.value, Value::Timed(_)))
}

fn group(title: &str, drawings: &[Drawing]) -> Markup {
    html! {
        @if !drawings.is_empty() {
            h3 { (title) }
            div.grid.small { @for drawing in drawings { (figure(drawing)) } }
        }
    }
}

pub fn figure(drawing: &Drawing) -> Markup {
    html! {
        figure {
            figcaption { b { (drawing.title) } " " span.note { (drawing.note) } }
            (PreEscaped(&drawing.svg))
            @if !drawing.legend.is_empty() {
                div.scroll { table.legend { tbody { @for line in &drawing.legend { tr {
                    th scope="row" { (line.key) }
                    @for cell in &line.cells { td { (cell) } }
                } } } } }
            }
        }
    }
}
