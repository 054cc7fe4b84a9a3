//! Bounds that no card of this model reaches, and what they were probably meant to be.

use super::{Lint, Place, card, error, warning};
use crate::catalogue::{self, Gpu};
use crate::contract::clause::{Clause, Flag, Rule, Severity};
use crate::contract::{Contract, Quantity};
use crate::evidence::metric::{Kind, MetricName};
use crate::language::{Language, say};
use crate::units::Unit;

/// How far a bound may lie above a datasheet's figure: makers round.
const ROUNDING: f64 = 1.05;

/// How far a bound may lie above the best that was seen: few cards were, and cards of one model differ by so much.
const UNSEEN: f64 = 1.05;

const GIB_PER_GB: f64 = 1.073_741_824;

pub(super) fn lint(contract: &Contract, l: Language) -> Vec<Lint> {
    let mut found: Vec<Lint> =
        contract.clauses.iter().filter_map(|clause| never_throttles(clause, l)).collect();
    if let Some(gpu) = card(contract) {
        found.extend(memory(contract, gpu, l));
        found.extend(contract.clauses.iter().filter_map(|clause| too_much(clause, gpu, l)));
    }
    found
}

/// A load at full power is held at its limit by the power cap: that is what the cap is for.
fn never_throttles(clause: &Clause, l: Language) -> Option<Lint> {
    (clause.rule == Rule::Never { flag: Flag::ThrottlePower } && clause.severity == Severity::Must).then(
        || {
            let (why, write) = (say!(l, "lint-no-throttle-at-all"), say!(l, "lint-no-throttle-at-all-write"));
            error("no-throttle-at-all", Place::Clause(clause.id.clone()), why, write)
        },
    )
}

/// More memory than the card has, most often GiB for GB.
fn memory(contract: &Contract, gpu: &Gpu, l: Language) -> Option<Lint> {
    let promised = contract.memory_bytes()? as f64;
    let most = gpu.memory_sizes().fold(0.0, f64::max) * 1e9;
    // A card that is sold with 80 GB most often has 80 GiB.
    let on_the_card = most * GIB_PER_GB;
    (most > 0.0 && promised > on_the_card).then(|| {
        let [promised, most] = [promised, most].map(|bytes| Unit::Byte.format(bytes));
        let write = format!("memory = {most:?}");
        let why = say!(l, "lint-memory-unit", promised, card = &gpu.name, most);
        error("memory-unit", Place::Key("inventory", "memory"), why, write)
    })
}

/// A bound above what the datasheet has, or above what was ever seen.
fn too_much(clause: &Clause, gpu: &Gpu, l: Language) -> Option<Lint> {
    let Rule::AtLeast { figure, bound } = &clause.rule else { return None };
    let metric = &figure.metric;
    let Kind::Number(unit) = metric.kind() else { return None };
    let (value, at) = (bound.value(), Place::Clause(clause.id.clone()));
    let sheet = gpu.datasheet(metric);
    let band = catalogue::band(gpu, metric);
    let instead = band.map(|band| band.low).or(sheet.map(|sheet| sheet * 0.6));
    let write =
        instead.map_or_else(|| say!(l, "lint-reachable"), |low| format!("at_least = {:?}", unit.format(low)));
    if let Some(sheet) = sheet.filter(|sheet| value > sheet * ROUNDING) {
        let (rule, why) = above_the_sheet(metric, unit, bound, sheet, gpu, l);
        return Some(error(rule, at, why, write));
    }
    let band = band.filter(|band| value > band.high * UNSEEN)?;
    let [low, high] = [band.low, band.high].map(|figure| unit.format(figure));
    let why = say!(
        l,
        "lint-unreachable",
        card = &gpu.name,
        bound = bound.to_string(),
        low,
        high,
        conditions = &band.conditions
    );
    Some(match clause.severity {
        Severity::Must => error("unreachable", at, why, write),
        Severity::Should | Severity::Info => warning("unreachable", at, why, write),
    })
}

fn above_the_sheet(
    metric: &MetricName,
    unit: Unit,
    bound: &Quantity,
    sheet: f64,
    gpu: &Gpu,
    l: Language,
) -> (&'static str, String) {
    let has = say!(l, "lint-datasheet", card = &gpu.name, figure = unit.format(sheet));
    let (ratio, bound) = (bound.value() / sheet, bound.to_string());
    let twice = (1.9..=2.1).contains(&ratio);
    match metric.probe() {
        "gemm" | "vendor" | "mma" | "sustain" if twice => {
            ("sparse-as-dense", say!(l, "lint-sparse-as-dense", bound, has))
        }
        "peer" if twice => {
            ("both-directions", say!(l, "lint-both-directions", bound, metric = metric.as_str(), has))
        }
        _ => ("above-datasheet", say!(l, "lint-above-datasheet", bound, has)),
    }
}
