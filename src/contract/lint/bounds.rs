//! Bounds that no card of this model reaches, and what they were probably meant to be.

use super::{Lint, Place, card, error, warning};
use crate::catalogue::{self, Gpu};
use crate::contract::clause::{Clause, Flag, Rule, Severity};
use crate::contract::{Contract, Quantity};
use crate::evidence::metric::{Kind, MetricName};
use crate::units::Unit;

/// How far a bound may lie above a datasheet's figure: makers round.
const ROUNDING: f64 = 1.05;

/// How far a bound may lie above the best that was seen: few cards were, and cards of one model differ by so much.
const UNSEEN: f64 = 1.05;

const GIB_PER_GB: f64 = 1.073_741_824;

pub(super) fn lint(contract: &Contract) -> Vec<Lint> {
    let mut found: Vec<Lint> = contract.clauses.iter().filter_map(never_throttles).collect();
    if let Some(gpu) = card(contract) {
        found.extend(memory(contract, gpu));
        found.extend(contract.clauses.iter().filter_map(|clause| too_much(clause, gpu)));
    }
    found
}

/// A load at full power is held at its limit by the power cap: that is what the cap is for.
fn never_throttles(clause: &Clause) -> Option<Lint> {
    (clause.rule == Rule::Never { flag: Flag::ThrottlePower } && clause.severity == Severity::Must).then(|| {
        let why = "matrix products at full power reach the power limit on every healthy card, which then lowers its clocks as it is built \
                   to: no card can meet this";
        let write = "never = \"throttle.thermal\", and a bound on sustain.<precision>.rate";
        error("no-throttle-at-all", Place::Clause(clause.id.clone()), why, write)
    })
}

/// More memory than the card has, most often GiB for GB.
fn memory(contract: &Contract, gpu: &Gpu) -> Option<Lint> {
    let promised = contract.memory_bytes()? as f64;
    let most = gpu.memory_sizes().fold(0.0, f64::max) * 1e9;
    // A card that is sold with 80 GB most often has 80 GiB.
    let on_the_card = most * GIB_PER_GB;
    (most > 0.0 && promised > on_the_card).then(|| {
        let promised = Unit::Byte.format(promised);
        let why = format!(
            "this is {promised} (GB is 10^9 bytes, GiB is 2^30), more than any {} has: {}",
            gpu.name,
            Unit::Byte.format(most)
        );
        error(
            "memory-unit",
            Place::Key("inventory", "memory"),
            why,
            format!("memory = {:?}", Unit::Byte.format(most)),
        )
    })
}

/// A bound above what the datasheet has, or above what was ever seen.
fn too_much(clause: &Clause, gpu: &Gpu) -> Option<Lint> {
    let Rule::AtLeast { figure, bound } = &clause.rule else { return None };
    let metric = &figure.metric;
    let Kind::Number(unit) = metric.kind() else { return None };
    let (value, at) = (bound.value(), Place::Clause(clause.id.clone()));
    let sheet = gpu.datasheet(metric);
    let band = catalogue::band(gpu, metric);
    let instead = band.map(|band| band.low).or(sheet.map(|sheet| sheet * 0.6));
    let write = instead.map_or("a bound that the card reaches".to_owned(), |low| {
        format!("at_least = {:?}", unit.format(low))
    });
    if let Some(sheet) = sheet.filter(|sheet| value > sheet * ROUNDING) {
        let (rule, why) = above_the_sheet(metric, unit, bound, sheet, gpu);
        return Some(error(rule, at, why, write));
    }
    let band = band.filter(|band| value > band.high * UNSEEN)?;
    let why = format!(
        "no {} was seen to reach {bound}: healthy ones reach {} to {} ({})",
        gpu.name,
        unit.format(band.low),
        unit.format(band.high),
        band.conditions
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
) -> (&'static str, String) {
    let has = format!("{} has {} by its datasheet", gpu.name, unit.format(sheet));
    let ratio = bound.value() / sheet;
    let twice = (1.9..=2.1).contains(&ratio);
    match metric.probe() {
        "gemm" | "mma" | "sustain" if twice => (
            "sparse-as-dense",
            format!("{bound} is the figure for matrices of which half is zero; dense, {has}"),
        ),
        "peer" if twice => (
            "both-directions",
            format!(
                "{bound} is the sum of both directions of the link; {metric} is one direction, and of that {has}"
            ),
        ),
        _ => ("above-datasheet", format!("{bound} is more than the card can do: {has}")),
    }
}
