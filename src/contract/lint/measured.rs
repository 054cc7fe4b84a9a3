//! Clauses that stay undecided whatever the card does, because this program has no means to measure what they are about.

use super::{Lint, Place, card, error, unless_meant, warning};
use crate::catalogue::Gpu;
use crate::contract::Contract;
use crate::contract::clause::{Clause, Rule, Severity};
use crate::contract::means::{self, Means};
use crate::evidence::metric::{MetricName, pair};
use crate::language::{Language, say};

pub(super) fn lint(contract: &Contract, l: Language) -> Vec<Lint> {
    let devices = contract.inventory.as_ref().map(|inventory| inventory.devices.get());
    let too_few = contract.clauses.iter().filter_map(|clause| too_few(clause, devices?, l));
    too_few.chain(on_card(contract, l)).collect()
}

/// What takes more devices than a node has.
fn too_few(clause: &Clause, devices: u32, l: Language) -> Option<Lint> {
    let metric = clause.rule.metrics().into_iter().find(|metric| devices < needed(metric))?;
    let why = say!(l, "lint-too-few", what = metric.as_str(), needed = needed(metric), devices);
    let write = say!(l, "lint-unmeasured-write");
    Some(unless_meant("unmeasured", clause.severity, Place::Clause(clause.id.clone()), why, write))
}

/// How many devices there must be. Those of a run are counted from 0.
fn needed(metric: &MetricName) -> u32 {
    match metric.probe() {
        "peer" => pair(metric.as_str()).map_or(2, |(from, to)| from.max(to).saturating_add(1)),
        "collective" | "node" => 2,
        _ => 1,
    }
}

fn on_card(contract: &Contract, l: Language) -> Vec<Lint> {
    let Some(gpu) = card(contract) else { return Vec::new() };
    if !means::any(gpu) {
        let (why, write) = (say!(l, "lint-no-way", card = &gpu.name), say!(l, "lint-no-way-write"));
        return vec![error("unmeasured", Place::Key("inventory", "sku"), why, write)];
    }
    contract.clauses.iter().flat_map(|clause| of(clause, gpu, l)).collect()
}

fn of(clause: &Clause, gpu: &Gpu, l: Language) -> Vec<Lint> {
    let at = || Place::Clause(clause.id.clone());
    if let Rule::Never { flag } = clause.rule
        && !means::tells(gpu, flag)
    {
        let why = say!(l, "lint-unmeasured", what = flag.name(), card = &gpu.name);
        let write = say!(l, "lint-unmeasured-write");
        return vec![unless_meant("unmeasured", clause.severity, at(), why, write)];
    }
    let metrics = clause.rule.metrics().into_iter();
    metrics.filter_map(|metric| of_metric(clause.severity, at(), metric, gpu, l)).collect()
}

fn of_metric(of: Severity, at: Place, metric: &MetricName, gpu: &Gpu, l: Language) -> Option<Lint> {
    let by_vendor = means::by_vendor(gpu, metric).map(|metric| format!("metric = \"{metric}\""));
    match means::of(gpu, metric) {
        Means::Whole => None,
        Means::Lacking => {
            let why = say!(l, "lint-unmeasured", what = metric.as_str(), card = &gpu.name);
            let write = by_vendor.unwrap_or_else(|| say!(l, "lint-unmeasured-write"));
            Some(unless_meant("unmeasured", of, at, why, write))
        }
        Means::Part if of == Severity::Must => {
            let why = say!(l, "lint-part-of-units", metric = metric.as_str(), card = &gpu.name);
            let write = by_vendor.unwrap_or_else(|| say!(l, "lint-part-of-units-write"));
            Some(warning("part-of-units", at, why, write))
        }
        Means::Part => None,
    }
}
