//! Whether a band can be true, and says what it rests on.
//! Owns these rules; must not know how bands are used.

use std::collections::BTreeSet;

use super::{is_first_hand, unknown};
use crate::catalogue::bands::{Band, Basis};
use crate::catalogue::data::Catalogue;
use crate::catalogue::problem::Problem;
use crate::catalogue::sources::{Confidence, SourceKind};
use crate::catalogue::{Gpu, floor, peak_of};
use crate::language::{Language, say};
use crate::units::Unit;

/// `all` cards that a band may be of.
pub fn check(catalogue: &Catalogue, all: &[Gpu], problems: &mut Vec<Problem>, l: Language) {
    let mut seen = BTreeSet::new();
    for band in &catalogue.bands {
        let place = say!(l, "at-band", metric = band.metric.as_str(), card = &band.card);
        let mut wrong = |why: String| problems.push(Problem::new(place.as_str(), why));
        if !seen.insert((band.card.as_str(), band.metric.as_str())) {
            wrong(say!(l, "wrong-band-twice"));
        }
        let Band { low, typical, high, .. } = band;
        let ordered = *low > 0.0 && low <= typical && typical <= high && high.is_finite();
        if !ordered {
            wrong(say!(l, "wrong-band-order"));
        }
        let gpu = all.iter().find(|gpu| gpu.name == band.card);
        if let Some(why) = gpu.and_then(|gpu| beyond(gpu, band, l)) {
            wrong(why);
        }
        if let Some(why) = basis(catalogue, band, l) {
            wrong(why);
        }
        problems.extend(unknown(band.sources.iter().map(String::as_str), catalogue, &place, l));
    }
}

/// Memory is sold in GB and counted in GiB.
const BYTES_PER_GB: f64 = 1_073_741_824.0;

/// How it exceeds what the card can do.
fn beyond(gpu: &Gpu, band: &Band, l: Language) -> Option<String> {
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
        return Some(say!(l, "wrong-above-datasheet", figure = shown(band.high), most = shown(most)));
    }
    let least = floor(&band.metric).filter(|least| band.low < *least)?;
    Some(say!(l, "wrong-below-all", figure = shown(band.low), least = shown(least)))
}

/// How what it says it rests on does not go with its sources.
fn basis(catalogue: &Catalogue, band: &Band, l: Language) -> Option<String> {
    let ids = || band.sources.iter().map(String::as_str);
    let is =
        |kind: SourceKind| move |id: &str| catalogue.source(id).is_some_and(|source| source.kind == kind);
    if band.sources.is_empty() {
        return Some(say!(l, "wrong-no-source"));
    }
    if band.confidence == Confidence::High && !is_first_hand(ids(), catalogue) {
        return Some(say!(l, "wrong-unread"));
    }
    match band.basis {
        Basis::Own if !ids().all(is(SourceKind::Result)) => Some(say!(l, "wrong-own-sources")),
        Basis::Own if band.devices.is_none() => Some(say!(l, "wrong-own-devices")),
        Basis::Published if ids().any(is(SourceKind::Result)) => Some(say!(l, "wrong-published")),
        Basis::Inferred if band.confidence != Confidence::Low || !ids().any(is(SourceKind::Inferred)) => {
            Some(say!(l, "wrong-inferred"))
        }
        Basis::Own | Basis::Published | Basis::Inferred => None,
    }
}
