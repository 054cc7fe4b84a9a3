//! Whether a band can be true, and says what it rests on.
//! Owns these rules; must not know how bands are used.

use std::collections::BTreeSet;

use super::{Problem, is_first_hand, unknown};
use crate::catalogue::bands::{Band, Basis};
use crate::catalogue::data::Catalogue;
use crate::catalogue::sources::{Confidence, SourceKind};
use crate::catalogue::{Gpu, floor, peak_of};
use crate::units::Unit;

/// `all` cards that a band may be of.
pub fn check(catalogue: &Catalogue, all: &[Gpu], problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for band in &catalogue.bands {
        let place = format!("band {} of {}", band.metric, band.card);
        let mut wrong = |why: &str| problems.push(Problem::new(place.as_str(), why));
        if !seen.insert((band.card.as_str(), band.metric.as_str())) {
            wrong("it is there twice; keep the one that rests on more");
        }
        let Band { low, typical, high, .. } = band;
        let ordered = *low > 0.0 && low <= typical && typical <= high && high.is_finite();
        if !ordered {
            wrong("it does not rise from low over typical to high, all above 0");
        }
        let gpu = all.iter().find(|gpu| gpu.name == band.card);
        if let Some(why) = gpu.and_then(|gpu| beyond(gpu, band)) {
            wrong(&why);
        }
        if let Some(why) = basis(catalogue, band) {
            wrong(why);
        }
        problems.extend(unknown(band.sources.iter().map(String::as_str), catalogue, &place));
    }
}

/// Memory is sold in GB and counted in GiB.
const BYTES_PER_GB: f64 = 1_073_741_824.0;

/// How it exceeds what the card can do.
fn beyond(gpu: &Gpu, band: &Band) -> Option<String> {
    let most = match band.metric.as_str() {
        "memory.filled.bytes" => gpu.memory_sizes().reduce(f64::max).map(|gb| gb * BYTES_PER_GB),
        "census.units.count" => gpu.units.map(f64::from),
        _ => peak_of(gpu, &band.metric),
    };
    let shown = |value| match band.metric.kind() {
        crate::evidence::metric::Kind::Number(unit) => Unit::format(unit, value),
        crate::evidence::metric::Kind::Fact => value.to_string(),
    };
    if let Some(most) = most.filter(|most| band.high > *most) {
        return Some(format!("{} is above the datasheet's {}", shown(band.high), shown(most)));
    }
    let least = floor(&band.metric).filter(|least| band.low < *least)?;
    Some(format!("{} is below what any device can do, {}", shown(band.low), shown(least)))
}

/// How what it says it rests on does not go with its sources.
fn basis(catalogue: &Catalogue, band: &Band) -> Option<&'static str> {
    let ids = || band.sources.iter().map(String::as_str);
    let is =
        |kind: SourceKind| move |id: &str| catalogue.source(id).is_some_and(|source| source.kind == kind);
    if band.sources.is_empty() {
        return Some("it names no source");
    }
    if band.confidence == Confidence::High && !is_first_hand(ids(), catalogue) {
        return Some("confidence is high, but none of its sources was read; say medium or low");
    }
    match band.basis {
        Basis::Own if !ids().all(is(SourceKind::Result)) => {
            Some("it is called own; its sources must be signed reports, of kind result")
        }
        Basis::Own if band.devices.is_none() => Some("it is called own; say how many devices it rests on"),
        Basis::Published if ids().any(is(SourceKind::Result)) => {
            Some("it is called published, but one of its sources is a result of our own")
        }
        Basis::Inferred if band.confidence != Confidence::Low || !ids().any(is(SourceKind::Inferred)) => {
            Some("it is inferred; its confidence is low, and one of its sources of kind inferred")
        }
        Basis::Own | Basis::Published | Basis::Inferred => None,
    }
}
