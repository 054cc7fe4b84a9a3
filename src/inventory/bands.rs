//! Bands of what healthy cards reach, from signed reports: an overlay of the catalogue that a person reads over and signs.
//! Owns which figures make a band; what a band must be is the catalogue's business.

use std::collections::BTreeMap;

use super::class::{By, class};
use crate::catalogue::bands::{Basis, Row};
use crate::catalogue::overlay::{FORMAT, Overlay};
use crate::catalogue::sources::{Confidence, Source, SourceKind, WasRead};
use crate::contract::shown::{Found, Shown, shown};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::stats::middle;
use crate::evidence::{Conditions, DeviceEvidence};
use crate::report::Report;
use crate::units::Unit;

/// Counted figures that say what a card is. All others are of samples.
const COUNTED: [&str; 2] = ["memory.filled.bytes", "census.units.count"];

/// What one device showed of one metric.
struct Seen {
    low: f64,
    typical: f64,
    high: f64,
    conditions: String,
    source: String,
}

/// The bands of all cards that are what they are called. `reports` are right, each with the SHA-256 of its signed bytes.
pub fn overlay(reports: &[(Report, String)], title: &str, version: &str) -> Overlay {
    let mut seen: BTreeMap<(String, String), Vec<Seen>> = BTreeMap::new();
    for (report, sha256) in reports {
        for (at, device) in (0u32..).zip(&report.evidence.devices) {
            let Some((gpu, By::Name)) = class(device) else { continue };
            for (metric, one) in figures(report, at, device, sha256) {
                seen.entry((gpu.name.clone(), metric.to_string())).or_default().push(one);
            }
        }
    }
    let used = |id: &str| seen.values().flatten().any(|one| one.source == id);
    let sources = reports.iter().filter(|(_, sha256)| used(&id(sha256)));
    Overlay {
        format: FORMAT,
        title: title.to_owned(),
        version: version.to_owned(),
        cards: Vec::new(),
        sources: sources.map(|(report, sha256)| source(report, sha256)).collect(),
        provenance: Vec::new(),
        bands: seen.iter().filter_map(|((card, metric), all)| row(card, metric, all)).collect(),
        exceptions: Vec::new(),
    }
}

fn id(sha256: &str) -> String {
    format!("report-{}", sha256.get(..12).unwrap_or(sha256))
}

fn source(report: &Report, sha256: &str) -> Source {
    let run = &report.evidence.run;
    let day = run.started.get(..10).unwrap_or(&run.started);
    let node = run.node.as_ref().map_or(String::new(), |node| format!(" of {node}"));
    Source {
        id: id(sha256),
        title: format!("Signed report{node} of {day}, sha256 {sha256}"),
        address: None,
        kind: SourceKind::Result,
        read: WasRead::Yes,
    }
}

/// Figures that count and are not lower bounds only.
fn figures(report: &Report, at: u32, device: &DeviceEvidence, sha256: &str) -> Vec<(MetricName, Seen)> {
    let summary = |metric: &MetricName| {
        let mine = report.summaries.iter().filter(|summary| summary.device == Some(at));
        mine.map(|summary| (&summary.metric, &summary.summary)).find(|(of, _)| *of == metric)
    };
    let figure = |Shown { metric, found, .. }: Shown| {
        let Found { value, at_least } = found.ok()?;
        let is_one = metric.is_sampled() || COUNTED.contains(&metric.as_str());
        let conditions = device.measurement(&metric).map(|m| said(&m.conditions)).unwrap_or_default();
        let (low, typical, high) = match summary(&metric) {
            Some((_, of)) if metric.is_sampled() => (of.p5, of.p50, of.p95),
            Some(_) | None => (value, value, value),
        };
        let seen = Seen { low, typical, high, conditions, source: id(sha256) };
        (is_one && !at_least && low > 0.0).then_some((metric, seen))
    };
    shown(&report.evidence, device).into_iter().filter_map(figure).collect()
}

fn said(of: &Conditions) -> String {
    let data = of.distribution.as_ref().map(|data| format!("{} data", format!("{data:?}").to_lowercase()));
    [Some(of.shape.clone()), data]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// From the lowest to the highest of all devices.
fn row(card: &str, metric: &str, all: &[Seen]) -> Option<Row> {
    let Kind::Number(unit) = MetricName::parse(metric).ok()?.kind() else { return None };
    let each = |pick: fn(&Seen) -> f64| all.iter().map(pick);
    let typical = middle(each(|one| one.typical).collect())?;
    let (scale, written) = scale(unit, typical)?;
    let (low, high) = (each(|one| one.low).reduce(f64::min)?, each(|one| one.high).reduce(f64::max)?);
    let mut sources: Vec<&str> = all.iter().map(|one| one.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    Some(Row {
        cards: card.to_owned(),
        metric: metric.to_owned(),
        low: low / scale,
        typical: typical / scale,
        high: high / scale,
        unit: written,
        devices: u32::try_from(all.len()).ok(),
        conditions: all.first()?.conditions.clone(),
        basis: Basis::Own,
        sources: sources.join(" "),
        confidence: if all.len() > 1 { Confidence::Medium } else { Confidence::Low },
    })
}

/// The unit in which people write such a figure, and how much one of it is.
fn scale(unit: Unit, value: f64) -> Option<(f64, String)> {
    let written = unit.format(value);
    let written = written.split_once(' ').map_or(unit.symbol(), |(_, written)| written);
    Some((unit.parse(&format!("1 {written}")).ok()?, written.to_owned()))
}
