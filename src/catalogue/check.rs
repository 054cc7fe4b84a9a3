//! What must be true of a catalogue before anybody relies on it.
//! Owns these rules, for the built-in tables and for those of others alike; must not know where tables are kept.

mod arithmetic;
mod bands;
mod provenance;

use super::columns::COLUMNS;
use super::data::{Catalogue, Exception};
use super::names::{self, Resolved};
use super::problem::Problem;
use super::{Gpu, sources};
use crate::language::{Language, say};

/// Other cards have the same PCI id.
const SHARED_ID: &str = "shared-pci-id";

/// Everything that is wrong with a catalogue that is to stand beside these other cards, for readers of that language.
pub fn check(catalogue: &Catalogue, beside: &[Gpu], l: Language) -> Vec<Problem> {
    let all = [beside, &catalogue.gpus].concat();
    let mut problems = Vec::new();
    let mut excused = Excused { exceptions: &catalogue.exceptions, used: Vec::new() };
    for gpu in &catalogue.gpus {
        name(gpu, &all, &mut problems, l);
        cells(gpu, &mut problems, l);
        ids(gpu, &all, &mut excused, &mut problems, l);
        arithmetic::check(gpu, &mut excused, &mut problems, l);
    }
    provenance::check(catalogue, &mut problems, l);
    bands::check(catalogue, &all, &mut problems, l);
    problems.extend(excused.needless(l));
    problems
}

/// How many cells hold a fact.
pub fn cells_filled(catalogue: &Catalogue) -> usize {
    catalogue.gpus.iter().map(|gpu| COLUMNS.iter().filter(|column| column.of(gpu).is_some()).count()).sum()
}

/// The exceptions, and which of them were needed.
struct Excused<'a> {
    exceptions: &'a [Exception],
    used: Vec<&'a Exception>,
}

impl<'a> Excused<'a> {
    /// Whether `rule` need not hold of this card.
    fn excuses(&mut self, gpu: &Gpu, rule: &str) -> bool {
        let found = self.exceptions.iter().find(|one| one.card == gpu.name && one.rule == rule);
        self.used.extend(found);
        found.is_some()
    }

    fn needless(&self, l: Language) -> impl Iterator<Item = Problem> {
        self.exceptions.iter().filter(|one| !self.used.contains(one)).map(move |one| {
            let at = say!(l, "at-exception", rule = &one.rule, card = &one.card);
            Problem::new(at, say!(l, "wrong-needless"))
        })
    }
}

fn at(gpu: &Gpu, column: &str) -> String {
    format!("{}, {column}", gpu.name)
}

/// A name must mean the card, and no other.
fn name(gpu: &Gpu, gpus: &[Gpu], problems: &mut Vec<Problem>, l: Language) {
    if gpu.vendor.is_empty() {
        problems.push(Problem::new(at(gpu, "vendor"), say!(l, "wrong-no-maker")));
    }
    let twice = gpus.iter().filter(|other| other.name == gpu.name).count() > 1;
    let meant = matches!(names::resolve(&gpu.name, gpus), Resolved::One(one) if one.name == gpu.name);
    if twice || !meant {
        let at = say!(l, "at-card", name = format!("{:?}", gpu.name));
        problems.push(Problem::new(at, say!(l, "wrong-not-one-card")));
    }
}

/// Numbers must be such as there are.
fn cells(gpu: &Gpu, problems: &mut Vec<Problem>, l: Language) {
    for column in &COLUMNS {
        let (Some(cell), Some([low, high])) = (column.of(gpu), column.bounds()) else { continue };
        let within = matches!(cell, super::columns::Cell::Number(n) if (low..=high).contains(&n));
        if !within {
            let [cell, low, high] = [cell.to_string(), low.to_string(), high.to_string()];
            let why = say!(l, "wrong-not-between", cell, low, high, unit = column.unit);
            problems.push(Problem::new(at(gpu, column.name), why));
        }
    }
    const SIZES: std::ops::RangeInclusive<f64> = 1.0..=2048.0;
    let pieces = if gpu.memory_gb.is_empty() { 0 } else { gpu.memory_gb.split('|').count() };
    if pieces != gpu.memory_sizes().filter(|size| SIZES.contains(size)).count() {
        let why = say!(l, "wrong-sizes", cell = format!("{:?}", gpu.memory_gb));
        problems.push(Problem::new(at(gpu, "memory_GB"), why));
    }
    if gpu.pcie_width.is_some_and(|lanes| !lanes.is_power_of_two()) {
        problems.push(Problem::new(at(gpu, "pcie_width"), say!(l, "wrong-lanes")));
    }
}

/// PCI ids must be such, and of one card alone.
fn ids(gpu: &Gpu, gpus: &[Gpu], excused: &mut Excused, problems: &mut Vec<Problem>, l: Language) {
    let hex = |part: &str| part.len() == 4 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    for (id, note) in gpu.id_entries() {
        let formed = id.split_once(':').is_some_and(|(vendor, device)| hex(vendor) && hex(device));
        let noted = note.is_empty() || (note.starts_with('(') && note.ends_with(')'));
        if !(formed && noted) {
            let why = say!(l, "wrong-pci-id", cell = format!("{:?}", format!("{id} {note}").trim()));
            problems.push(Problem::new(at(gpu, "pci_device_ids"), why));
        }
    }
    for id in gpu.ids() {
        let mut others = gpus.iter().take_while(|other| other.name != gpu.name);
        let Some(other) = others.find(|other| other.ids().any(|theirs| theirs == id)) else { continue };
        if !excused.excuses(gpu, SHARED_ID) {
            let same = format!("{:04x}:{:04x}", id.0, id.1);
            let why = say!(l, "wrong-shared-id", card = &other.name, id = same);
            problems.push(Problem::new(at(gpu, "pci_device_ids"), why));
        }
    }
}

/// Whether one of these sources was read, so that a figure may count as certain.
fn is_first_hand<'a>(ids: impl Iterator<Item = &'a str>, catalogue: &Catalogue) -> bool {
    let mut sources = ids.filter_map(|id| catalogue.source(id));
    sources.any(sources::Source::is_first_hand)
}

/// Sources that are named and not listed.
fn unknown<'a>(
    ids: impl Iterator<Item = &'a str>,
    catalogue: &Catalogue,
    at: &str,
    l: Language,
) -> Vec<Problem> {
    let missing = ids.filter(|id| catalogue.source(id).is_none());
    missing.map(|id| Problem::new(at, say!(l, "wrong-no-such-source", id = format!("{id:?}")))).collect()
}

#[cfg(test)]
mod tests;
