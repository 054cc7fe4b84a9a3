//! What should be the same on all cards of a node and is not: firmware, limits, modes, links, as the machine tells it.
//! Owns which facts are each card's own; must not judge any value.

use std::collections::{BTreeMap, BTreeSet};

use super::{Step, cards};
use crate::evidence::DeviceEvidence;
use crate::language::{Language, say};
use crate::report::Report;

/// What no two cards have in common, what depends on where a card sits, or on what the process was shown that opened it.
const OWN: [&str; 13] = [
    "uuid",
    "serial",
    "pci_address",
    "slot",
    "luid",
    "name",
    "memory_used_bytes",
    "free_bytes_when_opened",
    "fillable_bytes",
    "numa_node",
    "bound_cpus",
    "not_bound",
    "visible_devices",
];

/// In what some cards differ from most of their model. `None` where in nothing.
pub fn step(report: &Report, language: Language) -> Option<Step> {
    let models = models(&report.evidence.devices);
    let of_model = |devices: &Vec<&DeviceEvidence>| differences(devices, language);
    let all: Vec<String> = models.values().flat_map(of_model).collect();
    (!all.is_empty()).then(|| Step::about(say!(language, "step-odd"), all))
}

/// Cards of one name; those of another may well differ.
fn models(devices: &[DeviceEvidence]) -> BTreeMap<&str, Vec<&DeviceEvidence>> {
    let mut models: BTreeMap<&str, Vec<&DeviceEvidence>> = BTreeMap::new();
    for device in devices {
        if let Some(identity) = &device.identity {
            models.entry(&identity.name).or_default().push(device);
        }
    }
    models
}

fn differences(devices: &[&DeviceEvidence], language: Language) -> Vec<String> {
    let told: Vec<BTreeMap<String, String>> = devices.iter().map(|device| facts(device)).collect();
    let names: BTreeSet<&String> = told.iter().flat_map(BTreeMap::keys).collect();
    names.into_iter().filter_map(|name| difference(name, devices, &told, language)).collect()
}

/// Cards that say nothing of it do not differ, and where each says something else it is each one's own.
fn difference(
    name: &String,
    devices: &[&DeviceEvidence],
    told: &[BTreeMap<String, String>],
    language: Language,
) -> Option<String> {
    let values = || devices.iter().zip(told).filter_map(|(device, facts)| Some((device, facts.get(name)?)));
    let count = |value: &String| values().filter(|(_, other)| *other == value).count();
    // The first of those that are most.
    let (_, most) = values().rev().max_by_key(|(_, value)| count(value))?;
    let others: Vec<_> = values().filter(|(_, value)| *value != most).collect();
    if others.is_empty() || (values().count() > 2 && count(most) == 1) {
        return None;
    }
    let told = |(device, value): &(&&DeviceEvidence, &String)| {
        say!(language, "odd-one", card = cards::named(device, language), value = value.as_str())
    };
    let others = language.list(others.iter().map(told));
    Some(say!(language, "odd", fact = name.as_str(), most = most.as_str(), others))
}

/// What a card says of itself, and at what its sensors were seen best.
fn facts(device: &DeviceEvidence) -> BTreeMap<String, String> {
    let facts = device.facts.iter().map(|fact| (fact.metric.as_str().to_owned(), fact.value.clone()));
    let details = device.identity.iter().flat_map(|identity| &identity.details);
    let details = details.map(|(name, value)| (format!("identity.device.{name}"), value.clone()));
    let best = |of: fn(&crate::telemetry::Reading) -> Option<u32>| {
        device.timeline.iter().filter_map(|at| of(&at.reading)).max()
    };
    let sensors = [
        ("pcie_generation", best(|reading| reading.pcie_generation)),
        ("pcie_width", best(|reading| reading.pcie_width)),
        ("power_limit_mw", best(|reading| reading.power_limit_mw)),
    ];
    let sensors = sensors.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_string())));
    let is_own = |name: &str| OWN.contains(&name.rsplit('.').next().unwrap_or(name));
    facts.chain(details).chain(sensors).filter(|(name, _)| !is_own(name)).collect()
}
