//! Whether two reports are about one card, by what it says of itself, and by counters that only grow over its life.
//! Owns which signs speak for and against that, and pairing; must not know figures. All of it is the machine's own word.

use serde::Serialize;

use super::ground::Ground;
use super::map::{Maps, maps};
use crate::device::{Identity, ProvenanceKind};
use crate::evidence::{DeviceEvidence, Ended};
use crate::report::Report;
use crate::telemetry::Reading;

/// Whether it is one card, and on what grounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    pub verdict: Sameness,
    pub grounds: Vec<Ground>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sameness {
    /// It answers under the same name, and nothing speaks against that.
    Same,
    Another,
    /// It answers under the same name and shows what no card can become.
    Contradiction,
    /// What it says of itself and how far its units are from the cache do not fit.
    Doubtful,
    /// Nothing that names one card among all stands in both reports.
    Unknown,
}

/// What a card says of itself and cannot easily change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    Uuid,
    Serial,
    BoardPart,
    PciId,
    Subsystem,
    Units,
    Vbios,
}

/// What is counted over a card's life, and kept on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    RemappedCorrected,
    RemappedUncorrected,
    RetiredPages,
    EccCorrected,
    EccUncorrected,
}

/// One device of one report.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub device: &'a DeviceEvidence,
    /// SHA-256 of the salt that its names are hidden behind.
    salt: Option<&'a String>,
    run: &'a Ended,
}

impl<'a> Side<'a> {
    /// How its part of the run ended, or the run where that did not come to its end.
    pub fn ended(&self) -> &'a Ended {
        if self.device.ended == Ended::Completed { self.run } else { &self.device.ended }
    }
}

pub(super) fn sides(report: &Report) -> Vec<Side<'_>> {
    let salt = report.evidence.run.salt_sha256.as_ref();
    let run = &report.evidence.ended;
    report.evidence.devices.iter().map(|device| Side { device, salt, run }).collect()
}

impl Sign {
    const ALL: [Sign; 7] =
        [Sign::Uuid, Sign::Serial, Sign::BoardPart, Sign::PciId, Sign::Subsystem, Sign::Units, Sign::Vbios];

    /// One card among all, not a model.
    fn is_name(self) -> bool {
        matches!(self, Sign::Uuid | Sign::Serial)
    }

    fn of(self, device: &DeviceEvidence) -> Option<String> {
        let identity = |pick: fn(&Identity) -> Option<String>| device.identity.as_ref().and_then(pick);
        let id = |i: &Identity| Some(format!("{:04x}:{:04x}", i.vendor_id?, i.device_id?));
        match self {
            Sign::Uuid => device.told().and_then(|told| told.uuid).map(str::to_owned),
            Sign::Serial => device.serials().next().map(str::to_owned),
            Sign::BoardPart => fact(device, "identity.nvml.board_part_number")
                .or_else(|| fact(device, "identity.amdgpu.part_number")),
            Sign::PciId => identity(id),
            Sign::Subsystem => fact(device, "identity.nvml.pci_subsystem_id")
                .or_else(|| fact(device, "identity.pci.subsystem_id")),
            // Multi-process services show a share of them.
            Sign::Units => identity(|i| {
                let shared = i.details.get("mps").is_some_and(|mps| mps == "yes");
                i.units.filter(|_| !shared).map(|units| units.to_string())
            }),
            Sign::Vbios => {
                fact(device, "identity.nvml.vbios").or_else(|| fact(device, "identity.amdgpu.vbios"))
            }
        }
    }

    /// Of both, where both tell. Names that are hidden otherwise cannot be compared.
    fn of_both(self, before: Side, after: Side) -> Option<(String, String)> {
        if self.is_name() && before.salt != after.salt {
            return None;
        }
        self.of(before.device).zip(self.of(after.device))
    }

    fn agrees(self, before: Side, after: Side) -> Option<bool> {
        self.of_both(before, after).map(|(a, b)| a == b)
    }
}

fn fact(device: &DeviceEvidence, name: &str) -> Option<String> {
    device.facts.iter().find(|fact| fact.metric.as_str() == name).map(|fact| fact.value.clone())
}

impl Counter {
    const ALL: [Counter; 5] = [
        Counter::RemappedCorrected,
        Counter::RemappedUncorrected,
        Counter::RetiredPages,
        Counter::EccCorrected,
        Counter::EccUncorrected,
    ];

    /// Whether an administrator can set it back (NVML: nvmlDeviceClearEccErrorCounts).
    pub(super) fn can_be_cleared(self) -> bool {
        matches!(self, Counter::EccCorrected | Counter::EccUncorrected)
    }

    fn told(self, device: &DeviceEvidence) -> impl Iterator<Item = u64> {
        let of = move |r: &Reading| match self {
            Counter::RemappedCorrected => r.remapped_rows_corrected.map(u64::from),
            Counter::RemappedUncorrected => r.remapped_rows_uncorrected.map(u64::from),
            Counter::RetiredPages => r.retired_pages.map(u64::from),
            Counter::EccCorrected => r.ecc_corrected_ever,
            Counter::EccUncorrected => r.ecc_uncorrected_ever,
        };
        device.timeline.iter().filter_map(move |at| of(&at.reading))
    }
}

/// By what two devices are taken for one, the surest first.
const PAIRED_BY: [&str; 4] = ["uuid", "serial", "PCI address", "selector"];

/// For each of `sides` which of `others` it is taken for, and by what: the surest signs have the first choice.
pub(super) fn partners(sides: &[Side], others: &[Side]) -> Vec<Option<(usize, &'static str)>> {
    let mut partners: Vec<Option<(usize, &'static str)>> = vec![None; sides.len()];
    for by in PAIRED_BY {
        for (at, side) in sides.iter().enumerate() {
            if partners[at].is_some() {
                continue;
            }
            let is_free = |other: &usize| !partners.iter().flatten().any(|(taken, _)| taken == other);
            let fits = |other: &usize| paired_by(*side, others[*other]) == Some(by);
            partners[at] = (0..others.len()).filter(is_free).find(fits).map(|other| (other, by));
        }
    }
    partners
}

/// A weaker sign counts only where the UUID is not known on both sides: another card in the same slot is another card.
fn paired_by(before: Side, after: Side) -> Option<&'static str> {
    let [uuid, serial, address, selector] = PAIRED_BY;
    let place = |side: Side| side.device.identity.as_ref().and_then(|i| i.pci_address.clone());
    match (Sign::Uuid.agrees(before, after), Sign::Serial.agrees(before, after)) {
        (Some(true), _) => Some(uuid),
        (_, Some(true)) => Some(serial),
        (Some(false), _) => None,
        (None, _) => match place(before).zip(place(after)) {
            Some((a, b)) => (a == b).then_some(address),
            None => (before.device.selector == after.device.selector).then_some(selector),
        },
    }
}

/// What both say, one beside the other.
pub(super) fn card(before: Side, after: Side) -> Card {
    if let Some((verdict, ground)) = of_no_card(before, after) {
        return Card { verdict, grounds: vec![ground] };
    }
    let signs = || Sign::ALL.into_iter().filter_map(|sign| Some((sign, sign.of_both(before, after)?)));
    let equal: Vec<Sign> = signs().filter(|(_, (a, b))| a == b).map(|(sign, _)| sign).collect();
    let differing = signs().filter(|(_, (a, b))| a != b);
    let differing = differing.map(|(sign, (before, after))| Ground::Differs { sign, before, after });
    let (kept, fell) = counters(before.device, after.device);
    let against: Vec<Ground> = differing.chain(fell).collect();
    let is_named = equal.iter().any(|sign| sign.is_name());
    let by_its_word = match (is_named, against.iter().any(Ground::excludes)) {
        (true, true) => Sameness::Contradiction,
        (true, false) => Sameness::Same,
        (false, true) => Sameness::Another,
        (false, false) => Sameness::Unknown,
    };
    // Whoever cleared a counter may have had a reason.
    let is_cleared = against.iter().any(|ground| matches!(ground, Ground::Fell { .. }));
    let maps = maps(before.device, after.device);
    // A map decides nothing alone: it asks for a look where names say otherwise.
    let (verdict, guess) = match (by_its_word, &maps) {
        (Sameness::Same, Some(Maps::Differ(_))) => (Sameness::Doubtful, Some(Ground::UnderAnothersName)),
        (Sameness::Another, Some(Maps::Agree(_))) => (Sameness::Doubtful, Some(Ground::UnderTwoNames)),
        (Sameness::Same, _) if is_cleared => (Sameness::Doubtful, None),
        (by_its_word, _) => (by_its_word, None),
    };
    let unnamed = if before.salt == after.salt { Ground::Nameless } else { Ground::HiddenOtherwise };
    let has_names = signs().any(|(sign, _)| sign.is_name());
    let grounds = guess.into_iter().chain(against).chain((!has_names).then_some(unnamed));
    let equal = (!equal.is_empty()).then_some(Ground::Equal(equal));
    let kept = (!kept.is_empty()).then_some(Ground::NotFallen(kept));
    Card { verdict, grounds: grounds.chain(equal).chain(kept).chain(maps.map(Ground::Maps)).collect() }
}

/// What decides before anything that they say of themselves.
fn of_no_card(before: Side, after: Side) -> Option<(Sameness, Ground)> {
    let (a, b) = before.device.told().zip(after.device.told())?;
    if a.kind != b.kind {
        Some((Sameness::Another, Ground::OtherKind { before: a.kind, after: b.kind }))
    } else if a.kind == ProvenanceKind::Software {
        Some((Sameness::Unknown, Ground::Software))
    } else {
        // Within a run their UUIDs tell parts apart; over time a card is divided anew.
        (a.is_part || b.is_part).then_some((Sameness::Unknown, Ground::Part))
    }
}

/// Those that both tell and that did not fall, and those that fell.
fn counters(before: &DeviceEvidence, after: &DeviceEvidence) -> (Vec<Counter>, Vec<Ground>) {
    let (mut kept, mut fell) = (Vec::new(), Vec::new());
    for counter in Counter::ALL {
        let told = counter.told(before).max().zip(counter.told(after).min());
        match told {
            Some((before, after)) if after < before => fell.push(Ground::Fell { counter, before, after }),
            Some(_) => kept.push(counter),
            None => {}
        }
    }
    (kept, fell)
}
