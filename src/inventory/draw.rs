//! Draws an inventory certificate up from a report, so that whoever has the report gets the same one.
//! Owns what gets into it and how a figure stands to those of healthy cards.

use std::time::Duration;

use jiff::Timestamp;

use super::class::{By, Class, class};
use super::{Card, CatalogueName, FORMAT, Figure, Healthy, Inventory, Refused, Slice, Standing};
use crate::catalogue::bands::Basis;
use crate::catalogue::in_use;
use crate::catalogue::{self, Band, Gpu};
use crate::contract::judge::shown::{Found, Shown, shown};
use crate::contract::when::When;
use crate::contract::{Side, conflicts};
use crate::evidence::counters;
use crate::evidence::metric::{Better, MetricName};
use crate::evidence::stats::Stat;
use crate::evidence::{DeviceEvidence, Ended, Evidence};
use crate::report::Report;
use crate::seal::Verified;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    #[error("the report's start {0:?} is no time")]
    NoTime(String),
    #[error("no time lies so far from the report's start")]
    TooLong,
}

/// `report` is what `verified` holds, and is right.
pub fn draw(report: &Report, verified: &Verified, valid: Duration) -> Result<Inventory, DrawError> {
    drawn(report, verified, |measured| measured.checked_add(valid).map_err(|_| DrawError::TooLong))
}

/// The same from the report at hand as an inventory says that it was drawn up.
pub fn again(stated: &Inventory, report: &Report, verified: &Verified) -> Result<Inventory, DrawError> {
    let again = drawn(report, verified, |_| Ok(stated.valid_until.0))?;
    // Which version drew it up does not matter.
    Ok(Inventory { tool_version: stated.tool_version.clone(), ..again })
}

fn drawn(
    report: &Report,
    verified: &Verified,
    valid_until: impl FnOnce(Timestamp) -> Result<Timestamp, DrawError>,
) -> Result<Inventory, DrawError> {
    let evidence = &report.evidence;
    let started = &evidence.run.started;
    let measured: Timestamp = started.parse().map_err(|_| DrawError::NoTime(started.clone()))?;
    Ok(Inventory {
        format: FORMAT,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        report_sha256: verified.sha256(),
        node: evidence.run.node.clone(),
        measured: When(measured),
        valid_until: When(valid_until(measured)?),
        level: report.trust_level,
        catalogue: CatalogueName {
            version: catalogue::VERSION.to_owned(),
            sha256: catalogue::digest(),
            overlays: in_use::overlays().to_vec(),
        },
        is_finished: evidence.ended == Ended::Completed,
        conflicts: conflicts(evidence).into_iter().map(|finding| finding.because).collect(),
        salt_sha256: evidence.run.salt_sha256.clone(),
        cards: evidence.devices.iter().map(|device| card(evidence, device)).collect(),
    })
}

pub(super) fn card(evidence: &Evidence, device: &DeviceEvidence) -> Card {
    let class = class(device);
    let (mut figures, mut refused) = (Vec::new(), Vec::new());
    for Shown { metric, statistic, found } in shown(evidence, device) {
        match found {
            Ok(found) => figures.push(figure(metric, statistic, found, class.map(|(gpu, _)| gpu))),
            Err(why) => refused.push(Refused { metric, verdict: why.verdict, because: why.because }),
        }
    }
    let kind = device.identity.as_ref().map(|identity| identity.provenance.kind());
    Card {
        selector: device.selector.clone(),
        name: device.identity.as_ref().map_or(String::new(), |identity| identity.name.clone()),
        kind,
        ids: device.ids().into_iter().collect(),
        memory_bytes: device.identity.as_ref().and_then(|identity| identity.memory_bytes),
        slice: slice(device),
        class: class.map(|(gpu, by): (&Gpu, By)| Class { card: gpu.name.clone(), by }),
        figures,
        refused,
    }
}

/// A part is called by its card and its profile, such as `NVIDIA H200 MIG 1g.18gb`; NVML knows the card.
fn slice(device: &DeviceEvidence) -> Option<Slice> {
    device.told().filter(|told| told.is_part)?;
    let (of, profile) = device.identity.as_ref()?.name.split_once(" MIG ").unzip();
    let fact = |name| device.fact(&MetricName::parse(name).ok()?).map(str::to_owned);
    Some(Slice {
        profile: profile.map(str::to_owned),
        of: fact("identity.nvml.name").or(of.map(str::to_owned)),
        of_uuid: fact("identity.nvml.uuid"),
    })
}

fn figure(metric: MetricName, statistic: Option<Stat>, found: Found, gpu: Option<&Gpu>) -> Figure {
    let Found { value, known } = found;
    let peak = gpu.and_then(|gpu| gpu.datasheet(&metric));
    let healthy = gpu.and_then(|gpu| catalogue::band(gpu, &metric)).map(healthy);
    Figure {
        standing: standing(&metric, found, healthy.as_ref()),
        statistic,
        value,
        at_least: known == Some(Side::Least),
        at_most: known == Some(Side::Most),
        of_datasheet: peak.map(|peak| value / peak),
        healthy,
        metric,
    }
}

pub(super) fn healthy(band: &Band) -> Healthy {
    let Band { low, high, basis, overlay, .. } = band;
    Healthy { low: *low, high: *high, basis: *basis, overlay: overlay.clone() }
}

/// What follows from a figure and the band beside it, whosever that is.
pub(super) fn standing(metric: &MetricName, found: Found, healthy: Option<&Healthy>) -> Standing {
    if FAULTS.contains(&metric.as_str()) {
        return if found.value > 0.0 { Standing::Faulty } else { Standing::Healthy };
    }
    let Some(band) = healthy else { return Standing::Unknown };
    let is_healthy = match metric.better() {
        Some(Better::Less) => found.value <= band.most(),
        Some(Better::More) | None => found.value >= band.least(),
    };
    // What may be better may be enough, and what other tools reach this one may miss by itself.
    let is_sure = found.known.is_none() && band.basis == Basis::Own;
    match (is_healthy, is_sure) {
        (true, _) => Standing::Healthy,
        (false, true) => Standing::Below,
        (false, false) => Standing::Unknown,
    }
}

/// Corrected errors and replays of the link happen to healthy cards.
const FAULTS: [&str; 5] = [
    "memory.errors.count",
    "sustain.errors.count",
    "counters.ecc_uncorrected.count",
    counters::XIDS,
    counters::REMAP_FAILURES,
];
