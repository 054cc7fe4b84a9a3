//! What a device's figures look like, in sentences. Owns the wording.

use serde_json::json;

use crate::catalogue::columns;
use crate::catalogue::fingerprint::{self, Called, Contradiction, Likeness, Near, Shown};
use crate::contract::judge::shown;
use crate::device::ProvenanceKind;
use crate::evidence::DeviceEvidence;
use crate::evidence::metric::{Kind, MetricName};
use crate::language::{Language, say};

/// What a device looks like; nothing for a driver on a CPU, nor where there are too few figures.
fn found(device: &DeviceEvidence) -> Option<Likeness> {
    let identity = device.identity.as_ref()?;
    let is_card = identity.provenance.kind() != ProvenanceKind::Software;
    fingerprint::likeness(identity, &shown::measured(device)).filter(|_| is_card)
}

/// Which cards a device looks like, and what speaks against the one that it is called.
pub fn sentences(device: &DeviceEvidence, language: Language) -> Vec<String> {
    let (Some(found), Some(identity)) = (found(device), &device.identity) else { return Vec::new() };
    let near = |near: &Near| {
        say!(language, "looks-near", name = &near.gpu.name, distance = format!("{:.1}", near.distance))
    };
    let nearest = language.list(found.nearest.iter().map(near));
    let is_like = found.nearest.first().is_some_and(Near::is_like);
    let looks = if is_like {
        say!(language, "looks-like", nearest = nearest)
    } else {
        say!(language, "looks-like-none", nearest = nearest)
    };
    let called = match &found.called {
        None => say!(language, "looks-unknown", name = &identity.name),
        Some(called) => beside(called, language),
    };
    vec![looks, called]
}

fn beside(called: &Called, language: Language) -> String {
    let name = &called.gpu.name;
    let id = called.id_of.map(|other| say!(language, "looks-id-of", name = &other.name));
    let count = called.contradictions.len();
    let told = called.contradictions.iter().take(TOLD).map(|found| contradiction(found, language));
    let rest = (count > TOLD).then(|| say!(language, "looks-more", count = count - TOLD));
    let against: Vec<String> = id.into_iter().chain(told).chain(rest).collect();
    if against.is_empty() {
        return say!(language, "looks-as-called", name = name);
    }
    say!(language, "looks-but", name = name, against = against.join(&say!(language, "list-semicolon")))
}

/// So many contradictions are told one by one.
const TOLD: usize = 5;

fn contradiction(found: &Contradiction, language: Language) -> String {
    let column = columns::column(&found.what);
    let metric = MetricName::parse(&found.what).map(|metric| metric.kind());
    let shown = |shown: Shown| match (shown, &metric) {
        (Shown::Number(value), Ok(Kind::Number(unit))) => unit.format(value),
        (Shown::Number(value), Ok(Kind::Fact) | Err(_)) => {
            let unit = column.map_or("", |column| column.unit);
            format!("{} {unit}", (value * 10.0).round() / 10.0).trim().to_owned()
        }
        (Shown::Ratio(ratio), _) if ratio < 1.0 => format!("1 : {:.1}", 1.0 / ratio),
        (Shown::Ratio(ratio), _) => format!("{ratio:.1} : 1"),
        (Shown::Needs(capability), _) => capability.to_string(),
        (Shown::Refused, _) => String::new(),
    };
    let what = column.map_or_else(|| found.what.clone(), |column| (column.label)(language));
    let (measured, catalogue) = (shown(found.measured), shown(found.catalogue));
    match found.measured {
        Shown::Needs(_) => {
            let Shown::Number(has) = found.catalogue else { return String::new() };
            say!(language, "looks-ran", what = what, needs = measured, has = has.to_string())
        }
        Shown::Refused => say!(language, "looks-refused", what = what, catalogue = catalogue),
        Shown::Number(_) | Shown::Ratio(_) if found.is_own_word => {
            say!(language, "looks-own-word", what = what, measured = measured, catalogue = catalogue)
        }
        Shown::Number(_) | Shown::Ratio(_) => {
            say!(language, "looks-contradiction", what = what, measured = measured, catalogue = catalogue)
        }
    }
}

/// The same for programs.
pub fn json(device: &DeviceEvidence) -> Option<serde_json::Value> {
    let found = found(device)?;
    let number = |shown: Shown| match shown {
        Shown::Number(value) | Shown::Ratio(value) => json!(value),
        Shown::Needs(capability) => json!({ "needs_compute_capability": capability }),
        Shown::Refused => json!("refused"),
    };
    let near = |near: &Near| json!({ "name": near.gpu.name, "distance": near.distance });
    let contradiction = |found: &Contradiction| json!({ "what": found.what, "measured": number(found.measured), "catalogue": number(found.catalogue), "own_word": found.is_own_word });
    let called = |called: &Called| {
        json!({
            "name": called.gpu.name,
            "id_of": called.id_of.map(|other| &other.name),
            "contradictions": called.contradictions.iter().map(contradiction).collect::<Vec<_>>(),
        })
    };
    Some(json!({
        "device": device.selector,
        "nearest": found.nearest.iter().map(near).collect::<Vec<_>>(),
        "called": found.called.as_ref().map(called),
    }))
}
