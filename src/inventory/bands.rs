//! Bands of what healthy cards reach, from signed reports: an overlay of the catalogue that a person reads over and signs.
//! Owns which cards and figures make a band; what a band must be is the catalogue's business.
//!
//! Whoever is judged by bands must not be able to lower them by one bad card, and nobody knows yet how good cards of that kind are. So
//! a card makes none that is not in order for a reason that shows without bands, nor what is worse than the middle of its kind by
//! more than healthy cards differ. Where most cards of a kind are bad, that does not help: a person reads over what is signed.

use std::collections::{BTreeMap, BTreeSet};

use super::Quality;
use super::class::By;
use super::draw::card;
use crate::catalogue::bands::{BETWEEN_CARDS, Basis, Row};
use crate::catalogue::overlay::{FORMAT, Overlay};
use crate::catalogue::sources::{Confidence, Source, SourceKind, WasRead};
use crate::contract::conflicts;
use crate::contract::judge::shown::{Found, Shown, shown};
use crate::device::ProvenanceKind;
use crate::evidence::metric::{Better, Kind, MetricName};
use crate::evidence::stats::middle;
use crate::evidence::{Conditions, DeviceEvidence, Ended};
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
    kind: ProvenanceKind,
    source: String,
    /// Selector and name.
    card: String,
}

/// What makes no band.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Selector and name.
    pub card: String,
    /// Id of the report as a source.
    pub source: String,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// The whole card, which is not in order.
    Quality(Quality),
    /// The whole card, which is called otherwise than it looks.
    OtherName,
    /// This figure, which is far worse than the middle of all cards of its kind, in the metric's unit.
    FarOff { metric: MetricName, typical: f64, middle: f64 },
}

/// The bands of all cards that are in order and what they are called, and what is left out. `reports` are right, each with the SHA-256
/// of its signed bytes, and are read one after the other: all of them are more than memory should have to hold.
pub fn overlay<E>(
    reports: impl Iterator<Item = Result<(Report, String), E>>,
    title: &str,
    version: &str,
) -> Result<(Overlay, Vec<LeftOut>), E> {
    let mut seen: BTreeMap<(String, MetricName), Vec<Seen>> = BTreeMap::new();
    let (mut left_out, mut sources) = (Vec::new(), Vec::new());
    for read in reports {
        let (report, sha256) = read?;
        sources.push(source(&report, &sha256));
        for (at, device) in (0u32..).zip(&report.evidence.devices) {
            match counted(&report, device) {
                Ok(class) => {
                    for (metric, one) in figures(&report, at, device, &sha256) {
                        seen.entry((class.clone(), metric)).or_default().push(one);
                    }
                }
                Err((card, why)) => left_out.push(LeftOut { card, source: id(&sha256), why }),
            }
        }
    }
    for ((_, metric), all) in &mut seen {
        left_out.extend(far_off(metric, all));
    }
    let used: BTreeSet<&str> = seen.values().flatten().map(|one| one.source.as_str()).collect();
    sources.retain(|source| used.contains(source.id.as_str()));
    let overlay = Overlay {
        format: FORMAT,
        title: title.to_owned(),
        version: version.to_owned(),
        cards: Vec::new(),
        sources,
        provenance: Vec::new(),
        bands: seen.iter().filter_map(|((card, metric), all)| row(card, metric, all)).collect(),
        exceptions: Vec::new(),
    };
    Ok((overlay, left_out))
}

/// The class of a card whose figures count, or what it is shown as and why they do not.
fn counted(report: &Report, device: &DeviceEvidence) -> Result<String, (String, Why)> {
    let evidence = &report.evidence;
    let card = card(evidence, device);
    let is_sound = evidence.ended == Ended::Completed && conflicts(evidence).is_empty();
    let quality = if is_sound { card.quality() } else { card.quality().max(Quality::Doubtful) };
    match (quality, &card.class) {
        (Quality::Good | Quality::Uncompared, Some(class)) if class.by == By::Name => Ok(class.card.clone()),
        (Quality::Good | Quality::Uncompared, _) => Err((card.shown(), Why::OtherName)),
        (quality, _) => Err((card.shown(), Why::Quality(quality))),
    }
}

/// Takes out what is worse than the middle by more than healthy cards differ.
fn far_off(metric: &MetricName, all: &mut Vec<Seen>) -> Vec<LeftOut> {
    let Some(middle) = middle(all.iter().map(|one| one.typical).collect()) else { return Vec::new() };
    let is_far = |one: &mut Seen| match metric.better() {
        Some(Better::Less) => one.typical > middle / BETWEEN_CARDS,
        Some(Better::More) | None => one.typical < middle * BETWEEN_CARDS,
    };
    let left_out = |one: Seen| {
        let why = Why::FarOff { metric: metric.clone(), typical: one.typical, middle };
        LeftOut { card: one.card, source: one.source, why }
    };
    all.extract_if(.., is_far).map(left_out).collect()
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
        let Found { value, known } = found.ok()?;
        let is_one = metric.is_sampled() || COUNTED.contains(&metric.as_str());
        let conditions = device.measurement(&metric).map(|m| said(&m.conditions)).unwrap_or_default();
        let (low, typical, high) = match summary(&metric) {
            Some((_, of)) if metric.is_sampled() => (of.p5, of.p50, of.p95),
            Some(_) | None => (value, value, value),
        };
        let identity = device.identity.as_ref()?;
        let (kind, card) = (identity.provenance.kind(), format!("{} ({})", device.selector, identity.name));
        let seen = Seen { low, typical, high, conditions, kind, source: id(sha256), card };
        (is_one && known.is_none() && low > 0.0).then_some((metric, seen))
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
fn row(card: &str, metric: &MetricName, all: &[Seen]) -> Option<Row> {
    let Kind::Number(unit) = metric.kind() else { return None };
    let each = |pick: fn(&Seen) -> f64| all.iter().map(pick);
    let typical = middle(each(|one| one.typical).collect())?;
    let (scale, written) = scale(unit, typical)?;
    let (low, high) = (each(|one| one.low).reduce(f64::min)?, each(|one| one.high).reduce(f64::max)?);
    let mut sources: Vec<&str> = all.iter().map(|one| one.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    // A band that no card has shown says so wherever it is compared with.
    let no_hardware = all.iter().map(|one| one.kind).find(|kind| *kind != ProvenanceKind::Hardware);
    let no_hardware = no_hardware.map_or(String::new(), |kind| format!("NO HARDWARE, {kind}; "));
    Some(Row {
        cards: card.to_owned(),
        metric: metric.to_string(),
        low: low / scale,
        typical: typical / scale,
        high: high / scale,
        unit: written,
        devices: u32::try_from(all.len()).ok(),
        conditions: format!("{no_hardware}{}", all.first()?.conditions),
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
