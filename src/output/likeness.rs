//! What a device's figures look like, in sentences. Owns the wording.

use serde_json::json;

use crate::catalogue::fingerprint::{self, Called, Contradiction, Likeness, Near, Shown};
use crate::contract::gate;
use crate::device::ProvenanceKind;
use crate::evidence::DeviceEvidence;
use crate::evidence::metric::{Kind, MetricName};

/// What a device looks like; nothing for a driver on a CPU, nor where there are too few figures.
fn found(device: &DeviceEvidence) -> Option<Likeness> {
    let identity = device.identity.as_ref()?;
    let is_card = identity.provenance.kind() != ProvenanceKind::Software;
    fingerprint::likeness(identity, &gate::figures(device)).filter(|_| is_card)
}

/// Which cards a device looks like, and what speaks against the one that it is called.
pub fn sentences(device: &DeviceEvidence) -> Vec<String> {
    let (Some(found), Some(identity)) = (found(device), &device.identity) else { return Vec::new() };
    let near = |near: &Near| format!("{} ({:.1})", near.gpu.name, near.distance);
    let nearest = found.nearest.iter().map(near).collect::<Vec<_>>().join(", ");
    let is_like = found.nearest.first().is_some_and(|first| first.distance <= LIKE);
    let looks = if is_like { "looks like" } else { "looks like no card of the catalogue; nearest" };
    let called = match &found.called {
        None => format!("the catalogue has no card that is called {}", identity.name),
        Some(called) => beside(called),
    };
    vec![format!("{looks} {nearest}; 0 is the middle of what is plausible of a card, 1 its edge"), called]
}

fn beside(called: &Called) -> String {
    let name = &called.gpu.name;
    let id = called.id_of.map(|other| format!("its PCI id is that of {}", other.name));
    let count = called.contradictions.len();
    let told = called.contradictions.iter().take(TOLD).map(contradiction);
    let rest = (count > TOLD).then(|| format!("and so are {} more", count - TOLD));
    let against: Vec<String> = id.into_iter().chain(told).chain(rest).collect();
    if against.is_empty() {
        format!("nothing measured speaks against {name}")
    } else {
        format!("called {name}, but {}", against.join("; "))
    }
}

/// The distance up to which a card looks like one of the catalogue.
const LIKE: f64 = 1.5;
/// So many contradictions are told one by one.
const TOLD: usize = 5;

fn contradiction(found: &Contradiction) -> String {
    let shown = |shown: Shown| match (shown, MetricName::parse(&found.what).map(|metric| metric.kind())) {
        (Shown::Number(value), Ok(Kind::Number(unit))) => unit.format(value),
        (Shown::Number(value), Ok(Kind::Fact) | Err(_)) => format!("{value:.3}"),
        (Shown::Ratio(ratio), _) if ratio < 1.0 => format!("1 : {:.1}", 1.0 / ratio),
        (Shown::Ratio(ratio), _) => format!("{ratio:.1} : 1"),
    };
    format!("{} is {}, far from {}", found.what, shown(found.measured), shown(found.catalogue))
}

/// The same for programs.
pub fn json(device: &DeviceEvidence) -> Option<serde_json::Value> {
    let found = found(device)?;
    let number = |shown: Shown| match shown {
        Shown::Number(value) | Shown::Ratio(value) => value,
    };
    let near = |near: &Near| json!({ "name": near.gpu.name, "distance": near.distance });
    let contradiction = |found: &Contradiction| json!({ "what": found.what, "measured": number(found.measured), "catalogue": number(found.catalogue) });
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
