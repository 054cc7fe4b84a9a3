//! Which devices there really are: counted once each, of the model and size that was agreed, one story about each.
//! Owns findings that no clause asks for; must not know clauses.

use super::gate::{self, Seen, Unusable};
use super::sources;
use super::{Judgement, judge_device, subjects};
use crate::contract::clause::{Bound, Figure, Severity, Side};
use crate::contract::finding::{Amount, Finding, Reason, Subject, Verdict, id};
use crate::contract::inventory::{Inventory, MEMORY_SHARE};
use crate::contract::quantity::Quantity;
use crate::contract::sku::{self, Model};
use crate::contract::{Contract, Rule};
use crate::device::same::{self, Facts};
use crate::device::{Identity, parts};
use crate::evidence::metric::{FILLED, MetricName};
use crate::evidence::{DeviceEvidence, Ended, Evidence};
use crate::units::Unit;

/// Where sources disagree about what a device is. Needs no contract.
pub fn conflicts(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |clause: &str, subject: Subject, because: Reason| {
        let judgement = Judgement::undecided(Unusable::fault(because), None);
        findings.push(judgement.about(clause, Severity::Must, subject));
    };
    for (subject, device) in subjects(evidence) {
        for because in sources::conflicts(device) {
            say(id::CONFLICT, subject.clone(), because);
        }
    }
    if let Some(because) = sources::too_many_cards(&cards(evidence)) {
        say(id::CONFLICT, Subject::Node, because);
    }
    for because in duplicates(evidence) {
        say(id::DUPLICATE, Subject::Node, because);
    }
    findings
}

/// What the contract's inventory demands.
pub(super) fn judge(contract: &Contract, evidence: &Evidence) -> Vec<Finding> {
    let Some(inventory) = &contract.inventory else { return Vec::new() };
    let mut findings =
        vec![count(contract, inventory, evidence).about(id::DEVICES, Severity::Must, Subject::Node)];
    for (subject, device) in subjects(evidence) {
        let seen = Seen { evidence, device, accept: &contract.accept };
        let mut say = |clause: &str, judgement: Judgement| {
            findings.push(judgement.about(clause, Severity::Must, subject.clone()));
        };
        if let Some(memory) = &inventory.memory {
            say(id::MEMORY, filled(&seen, memory.0.value()));
        }
        if let Some(model) = &inventory.sku {
            say(id::SKU, self::model(&seen, model));
        }
    }
    findings
}

/// Cards or parts that are there, each once, and how many of them completed.
fn count(contract: &Contract, inventory: &Inventory, evidence: &Evidence) -> Judgement {
    let demanded = inventory.devices.get();
    // Whoever agrees on devices means cards, unless the model is a part of one.
    let parts_count = inventory.sku.as_ref().is_some_and(Model::is_part);
    let is_there = |device: &DeviceEvidence, other: &DeviceEvidence| match parts_count {
        true => same(other, device).is_some(),
        false => other.told().zip(device.told()).is_some_and(|(a, b)| same::share_a_card(&a, &b)),
    };
    let mut distinct: Vec<&DeviceEvidence> = Vec::new();
    let mut refused = None;
    for device in &evidence.devices {
        match gate::admitted(&Seen { evidence, device, accept: &contract.accept }) {
            Ok(_) if distinct.iter().any(|other| is_there(device, other)) => {}
            Ok(_) => distinct.push(device),
            Err(unusable) => refused = Some(unusable),
        }
    }
    let completed = distinct.iter().filter(|device| device.ended == Ended::Completed).count();
    let (present, completed) = (as_u32(distinct.len()), as_u32(completed));
    let amount = |count: u32| Amount::Number { value: f64::from(count), unit: Unit::Count };
    let (verdict, because) = if completed >= demanded {
        (Verdict::Pass, Reason::Met)
    } else if present >= demanded {
        (Verdict::Inconclusive, Reason::TooFewCompleted { completed, demanded })
    } else if let Some(unusable) = refused {
        // Some device is there but was not opened or is of a kind that does not count: not shown to be missing.
        (Verdict::Inconclusive, unusable.because)
    } else if parts_count && present == 1 {
        // CUDA shows a process one part. Who has named several knows of all.
        (Verdict::Inconclusive, Reason::PartsHidden { present, demanded })
    } else if let Some(by) = hidden(evidence, demanded) {
        (Verdict::Inconclusive, Reason::DevicesHidden { present, demanded, by })
    } else {
        (Verdict::Fail, Reason::TooFewDevices { present, demanded })
    };
    Judgement { verdict, observed: Some(amount(present)), bound: Some(amount(demanded)), because }
}

/// What let the run see fewer devices than are demanded, where something did: who gave it a part of the node, such as a scheduler, has
/// not shown that the rest is missing.
fn hidden(evidence: &Evidence, demanded: u32) -> Option<String> {
    const BY: [(&str, &str); 2] =
        [(Identity::VISIBLE_DEVICES, parts::CUDA_SHOWS), (Identity::CONTAINER_DEVICES, parts::CONTAINER_HAS)];
    let shown = |device: &DeviceEvidence| {
        let details = &device.identity.as_ref()?.details;
        BY.iter().find_map(|(detail, variable)| {
            // Whoever opens a part of a card shows it nothing else.
            let shown = details.get(*detail).filter(|shown| parts::named(&device.selector) != Some(shown))?;
            let names = shown.split(',').filter(|name| !name.trim().is_empty()).count();
            (names < demanded as usize).then(|| format!("{variable}={shown}"))
        })
    };
    evidence.devices.iter().find_map(shown)
}

fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The agreed memory, by what the memory probe filled and read back.
fn filled(seen: &Seen<'_>, agreed: f64) -> Judgement {
    let demand = MetricName::parse(FILLED).ok().zip(
        // Whole bytes, so that the quantity's text says exactly what is meant.
        Quantity::parse(Unit::Byte, &format!("{} B", (agreed * MEMORY_SHARE).ceil())).ok(),
    );
    match demand {
        Some((metric, quantity)) => {
            let figure = Figure { metric, statistic: None };
            judge_device(&Rule::Bound(Bound { figure, side: Side::Least, quantity }), seen)
        }
        None => Judgement::undecided(Unusable::open(Reason::NoFigure), None),
    }
}

/// The agreed model, by what the device calls itself.
fn model(seen: &Seen<'_>, agreed: &Model) -> Judgement {
    let text = |value: &str| Some(Amount::Text { value: value.to_owned() });
    let identity = match gate::admitted(seen) {
        Ok(identity) => identity,
        Err(unusable) => return Judgement::undecided(unusable, text(agreed.as_str())),
    };
    let is = identity.name.clone();
    // A part is called as its card is, and has its id.
    let is_part = seen.device.told().is_some_and(|told| told.is_part);
    let found = if is_part && !agreed.is_part() { sku::Match::Other } else { sku::compare(agreed, identity) };
    let id = identity.vendor_id.zip(identity.device_id);
    let (verdict, because) = match found {
        sku::Match::Same => (Verdict::Pass, Reason::SkuMatches { is }),
        sku::Match::Other => (Verdict::Fail, Reason::SkuDiffers { is }),
        sku::Match::Contradicted => {
            let id = id.map_or(String::new(), |(vendor, device)| format!("{vendor:04x}:{device:04x}"));
            (Verdict::Inconclusive, Reason::SkuContradicted { is, id })
        }
        sku::Match::Unclear => (Verdict::Inconclusive, Reason::SkuUnclear { is }),
    };
    Judgement { verdict, observed: text(&identity.name), bound: text(agreed.as_str()), because }
}

/// One device of each card: the driver lists cards, whatever parts they are divided into.
fn cards(evidence: &Evidence) -> Vec<&DeviceEvidence> {
    let mut cards: Vec<(Facts<'_>, &DeviceEvidence)> = Vec::new();
    for (told, device) in evidence.devices.iter().filter_map(|device| Some((device.told()?, device))) {
        if !cards.iter().any(|(other, _)| same::share_a_card(other, &told)) {
            cards.push((told, device));
        }
    }
    cards.into_iter().map(|(_, device)| device).collect()
}

fn duplicates(evidence: &Evidence) -> Vec<Reason> {
    let mut found = Vec::new();
    for (at, device) in evidence.devices.iter().enumerate() {
        // Named once, beside the first that it repeats.
        if let Some(reason) = evidence.devices[..at].iter().find_map(|earlier| same(earlier, device)) {
            found.push(reason);
        }
    }
    found
}

/// Whether two devices of a run are one, and by what.
fn same(a: &DeviceEvidence, b: &DeviceEvidence) -> Option<Reason> {
    let (field, value) = same::same(&a.told()?, &b.told()?)?;
    Some(Reason::SameDevice {
        selectors: vec![a.selector.clone(), b.selector.clone()],
        field: field.as_str().to_owned(),
        value: value.to_owned(),
    })
}
