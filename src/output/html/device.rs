//! One device on the page: what it says it is, what was measured, its plots, its memory errors.
//! Owns the order of these; what a plot shows is the business of `plots`.

use maud::{Markup, PreEscaped, html};

use super::frame::{self, fact, heads, heads_over, prose, scroll};
use super::plots::{self, Drawing};
use super::sensors;
use super::sustained;
use crate::catalogue;
use crate::device::{Identity, Provenance};
use crate::evidence::metric::Kind;
use crate::evidence::{Check, DeviceEvidence, Ended, Measurement, Value};
use crate::language::{Language, counted, say};
use crate::output::{likeness, rows};
use crate::report::Report;
use crate::units::Unit;

pub fn section(
    report: &Report,
    device: &DeviceEvidence,
    index: usize,
    is_drawn: bool,
    language: Language,
) -> Markup {
    html! {
        section.device {
            h2 translate="no" { (device.selector) @if let Some(identity) = &device.identity { span.note { " " (identity.name) } } }
            @if device.ended != Ended::Completed { p.warning { strong { (say!(language, "did-not-complete")) } (device.ended.said(language)) } }
            @match &device.identity {
                Some(identity) => (word(device, identity, language)),
                None => p { (say!(language, "never-opened")) },
            }
            (memory_errors(device, language))
            (looks(device, language))
            @if let Some(load) = &device.sustained { (sustained::part(load, is_drawn, language)) }
            @if is_drawn { (drawings(report, device, index, language)) }
            @if !device.measurements.is_empty() || device.sustained.is_some() { (measurements(device, language)) }
            @if !device.absences.is_empty() { (absences(device, language)) }
        }
    }
}

fn looks(device: &DeviceEvidence, language: Language) -> Markup {
    let sentences = likeness::sentences(device, language);
    html! {
        @if !sentences.is_empty() {
            h3 { (say!(language, "title-looks")) " " span.note { (say!(language, "note-looks")) } }
            @for sentence in sentences { p { (sentence) (say!(language, "full-stop")) } }
        }
    }
}

/// Identity and facts: the machine's own word, and marked as such.
fn word(device: &DeviceEvidence, identity: &Identity, language: Language) -> Markup {
    let datasheets: Vec<&str> = catalogue::of(identity).map(|gpu| gpu.name.as_str()).collect();
    let kind = match &identity.provenance {
        Provenance::Hardware => say!(language, "provenance-hardware"),
        Provenance::Software { cpu_threads } => say!(language, "software-on", threads = *cpu_threads),
        Provenance::Simulated { .. } => say!(language, "simulated-nothing-measured"),
    };
    let id = |id: Option<u32>| id.map_or("-".to_owned(), |id| format!("{id:04x}"));
    let known = [
        (say!(language, "fact-name"), Some(identity.name.clone())),
        (
            say!(language, "fact-pci-id"),
            Some(format!("{}:{}", id(identity.vendor_id), id(identity.device_id))),
        ),
        (say!(language, "fact-pci-address"), identity.pci_address.clone()),
        ("UUID".to_owned(), identity.uuid.clone()),
        (say!(language, "fact-driver"), Some(identity.driver.clone())),
        (say!(language, "fact-units"), identity.units.map(|units| units.to_string())),
        (say!(language, "fact-memory"), identity.memory_bytes.map(|bytes| Unit::Byte.format(bytes as f64))),
        (say!(language, "fact-datasheet"), (!datasheets.is_empty()).then(|| datasheets.join(" / "))),
    ];
    html! {
        div.word {
            h3 { (say!(language, "title-own-word")) " " span.note { (say!(language, "note-own-word")) } }
            dl.facts {
                (fact(&say!(language, "fact-kind"), html! { (kind) }))
                @for (name, value) in known { @if let Some(value) = value { (fact(&name, frame::name(&value))) } }
            }
            @if !device.facts.is_empty() {
                details {
                    summary { (say!(language, "all-claims", count = device.facts.len())) }
                    (scroll(&say!(language, "title-own-word"), html! { table { tbody { @for fact in &device.facts {
                        tr { th.metric scope="row" { (fact.metric) } td { (frame::name(&fact.value)) } }
                    } } } }))
                }
            }
        }
    }
}

fn measurements(device: &DeviceEvidence, language: Language) -> Markup {
    // Of a card that the catalogue does not know the column would be empty.
    let is_known = device.measurements.iter().any(|m| share(device, m).is_some());
    let [metric, median, range, samples, _, check] = rows::measurements_head(language);
    let title = say!(language, "title-figures");
    let of_datasheet = is_known.then(|| say!(language, "head-of-datasheet"));
    let names = [metric, median, range, samples].into_iter().chain(of_datasheet).chain([check]);
    html! {
        h3 { (title) }
        (scroll(&title, html! { table {
            (heads_over(names, if is_known { &[1, 2, 3, 4] } else { &[1, 2, 3] }))
            tbody { @for m in &device.measurements {
                @let [metric, median, range, samples, _, check] = rows::measurement(m, language);
                tr.wrong[is_wrong(m)] {
                    th.metric scope="row" { (metric) }
                    td.figure { (median) } td.figure { (range) } td.figure { (samples) }
                    @if is_known { td.figure { (share(device, m).unwrap_or_else(|| "-".to_owned())) } }
                    td.because { @if is_wrong(m) { span aria-hidden="true" { "\u{2718} " } } (check) }
                }
            }
            @if let Some(load) = &device.sustained { @for [metric, median, range, samples, _, check] in rows::sustained(load, language) {
                tr.wrong[load.wrong() > 0 && metric == load.load.metric.as_str()] {
                    th.metric scope="row" { (metric) }
                    td.figure { (median) } td.figure { (range) } td.figure { (samples) }
                    @if is_known { td.figure { "-" } } td.because { (check) }
                }
            } }
            @for [counter, rise, range, samples, _, check] in rows::counters(device, language) { tr {
                th.metric scope="row" { (counter) }
                td.figure { (rise) } td.figure { (range) } td.figure { (samples) }
                @if is_known { td.figure { "-" } } td.because { (check) }
            } } }
        } }))
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

fn absences(device: &DeviceEvidence, language: Language) -> Markup {
    html! {
        details {
            summary { (say!(language, "absences", count = device.absences.len())) }
            (scroll(&say!(language, "head-not-measured"), html! { table {
                (heads([say!(language, "head-metric"), say!(language, "head-why")]))
                tbody { @for absence in &device.absences {
                    tr { th.metric scope="row" { (absence.metric) } td { (absence.reason.said(language)) } }
                } }
            } }))
        }
    }
}

/// Which words of memory read back wrong. Nothing at all where there were none.
fn memory_errors(device: &DeviceEvidence, language: Language) -> Markup {
    let wrong = device.measurements.iter().filter_map(|m| match &m.check {
        Check::Scanned { tally, .. } if tally.words_wrong > 0 => Some((m, tally)),
        Check::Scanned { .. } | Check::Matched { .. } | Check::Wrong { .. } => None,
    });
    // Both figures of the probe carry the same tally.
    let wrong = wrong.filter(|(m, _)| m.metric.kind() == Kind::Number(Unit::Count));
    html! {
        @for (m, tally) in wrong {
            div.warning {
                h3 { "\u{2718} " (say!(language, "title-memory-errors")) }
                p {
                    (prose(&say!(
                        language,
                        "memory-errors",
                        wrong = counted(tally.words_wrong),
                        checked = counted(tally.words_checked),
                        metric = m.metric.to_string(),
                        set = counted(tally.bits_set),
                        cleared = counted(tally.bits_cleared),
                        mask = format!("{:#010x}", tally.bit_mask)
                    )))
                }
                @if let Some(map) = plots::addresses(device, tally, language) { (figure(&map)) }
                (scroll(&say!(language, "title-memory-errors"), html! { table {
                    (heads([say!(language, "head-address"), say!(language, "head-read")]))
                    tbody { @for example in &tally.examples { tr {
                        th.digest scope="row" { (format!("{:#x}", example.word.saturating_mul(4))) }
                        td.digest { (format!("{:#010x}", example.got)) }
                    } } }
                } }))
                @if (tally.examples.len() as u64) < tally.words_wrong { p.note { (say!(language, "first-are-shown", count = tally.examples.len())) } }
            }
        }
    }
}

fn drawings(report: &Report, device: &DeviceEvidence, index: usize, language: Language) -> Markup {
    let rates: Vec<Drawing> = timed(device).filter_map(|m| plots::samples(m, language)).collect();
    let chosen = plots::chosen(report, device, index).into_iter();
    let spreads: Vec<Drawing> = chosen.filter_map(|m| plots::histogram(m, language)).collect();
    let slices: Vec<Drawing> = plots::slices(device, language).into_iter().collect();
    html! {
        div.grid {
            @if let Some(drawing) = plots::roofline(device, language) { (figure(&drawing)) }
            @if let Some(drawing) = plots::latency(device, language) { (figure(&drawing)) }
        }
        (group(&say!(language, "title-sensors"), &sensors::telemetry(device, language)))
        (group(&say!(language, "title-spreads"), &spreads))
        (group(&say!(language, "title-slices"), &slices))
        (group(&say!(language, "title-samples"), &rates))
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
                (scroll(&drawing.title, html! { table.legend { tbody { @for line in &drawing.legend { tr {
                    th scope="row" { (line.key) }
                    @for cell in &line.cells { td { (cell) } }
                } } } } }))
            }
        }
    }
}
