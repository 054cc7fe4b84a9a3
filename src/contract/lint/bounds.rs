//! Bounds that no card of this model reaches, and what they were probably meant to be.

use super::{Lint, Place, card, error, unless_meant, warning};
use crate::catalogue::bands::{BETWEEN_CARDS, demandable};
use crate::catalogue::{self, Band, Gpu};
use crate::contract::clause::{Bound, Clause, Flag, Rule, Scope, Severity, Side};
use crate::contract::inventory::MEMORY_SHARE;
use crate::contract::{Contract, Quantity};
use crate::evidence::metric::{Better, Kind, MetricName};
use crate::language::{Language, say};
use crate::units::Unit;

/// How far a bound may lie above a datasheet's figure: makers round.
const ROUNDING: f64 = 1.05;

/// How far a bound may lie above the best that was seen: few cards were, and cards of one model differ by so much.
const UNSEEN: f64 = 1.05;

/// Where nothing was seen of a card, it reaches about so much of its datasheet.
const OF_SHEET: f64 = 0.6;

/// Below so much of what healthy cards reach a broken card passes, or one of another kind.
const LAX: f64 = 0.5;

/// Below so much nobody can have meant it: a prefix or a unit is another.
const ABSURD: f64 = 0.1;

const GIB_PER_GB: f64 = 1.073_741_824;

pub(super) fn lint(contract: &Contract, l: Language) -> Vec<Lint> {
    let mut found: Vec<Lint> =
        contract.clauses.iter().filter_map(|clause| never_throttles(clause, l)).collect();
    if let Some(gpu) = card(contract) {
        found.extend(memory(contract, gpu, l));
        found.extend(little_memory(contract, gpu, l));
        for clause in contract.clauses.iter() {
            let model = Model { gpu, of_node: of_node(contract), devices: devices(contract, clause) };
            found.extend(too_much(clause, &model, l).or_else(|| far_too_lax(clause, &model, l)));
        }
    }
    found
}

/// What the contract is about.
struct Model {
    gpu: &'static Gpu,
    of_node: u32,
    /// Of which a bound is.
    devices: f64,
}

impl Model {
    fn band(&self, metric: &MetricName) -> Option<&'static Band> {
        catalogue::band(self.gpu, metric).filter(|band| band.holds_of(self.of_node))
    }
}

fn of_node(contract: &Contract) -> u32 {
    contract.inventory.as_ref().map_or(1, |inventory| inventory.devices.get())
}

/// How many devices a bound is of.
fn devices(contract: &Contract, clause: &Clause) -> f64 {
    if clause.scope == Scope::Node { f64::from(of_node(contract)) } else { 1.0 }
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

/// Far less memory than the card has, most often another prefix.
fn little_memory(contract: &Contract, gpu: &Gpu, l: Language) -> Option<Lint> {
    let promised = contract.memory_bytes()? as f64;
    let least = gpu.memory_sizes().reduce(f64::min)? * 1e9;
    (promised < least * LAX).then(|| {
        let lint = if promised < least * ABSURD { error } else { warning };
        let [promised, least] = [promised, least].map(|bytes| Unit::Byte.format(bytes));
        let write = format!("memory = {least:?}");
        let why = say!(l, "lint-little-memory", promised, card = &gpu.name, least);
        lint("little-memory", Place::Key("inventory", "memory"), why, write)
    })
}

/// A bound so far from what healthy cards reach that it holds for no card to anything.
fn far_too_lax(clause: &Clause, model: &Model, l: Language) -> Option<Lint> {
    let Model { gpu, devices, .. } = *model;
    let Rule::Bound(Bound { figure, side, quantity: bound }) = &clause.rule else { return None };
    let metric = &figure.metric;
    let Kind::Number(unit) = metric.kind() else { return None };
    if metric.better() != Some(side.better()) || bound.is_of_fleet() {
        return None;
    }
    let (healthy, instead) = match side {
        Side::Least => (least_of(model, metric)? * devices, demanded(model, metric)?),
        Side::Most => {
            let high = model.band(metric)?.high;
            (high, high / BETWEEN_CARDS)
        }
    };
    let far = match side {
        Side::Least => bound.value() / healthy,
        Side::Most => healthy / bound.value(),
    };
    (far < LAX).then(|| {
        let (healthy, bound) = (unit.format(healthy), bound.to_string());
        let write = format!("{} = {:?}", side.key(), unit.format(instead));
        let why = say!(l, "lint-far-too-lax", card = &gpu.name, healthy, bound);
        let at = Place::Clause(clause.id.clone());
        let of = if far < ABSURD { clause.severity } else { Severity::Should };
        unless_meant("far-too-lax", of, at, why, write)
    })
}

/// What a healthy card reaches at least. Of links and the like nothing is said without a band: hosts differ.
fn least_of(model: &Model, metric: &MetricName) -> Option<f64> {
    let gpu = model.gpu;
    if metric.as_str() == "memory.filled.bytes" {
        return gpu.memory_sizes().reduce(f64::min).map(|size| size * 1e9 * MEMORY_SHARE);
    }
    let is_the_cards = metric.kind().is_arithmetic() || metric.probe() == "stream";
    let of_sheet = || gpu.datasheet(metric).filter(|_| is_the_cards).map(|sheet| sheet * OF_SHEET);
    model.band(metric).map(|band| band.low).or_else(of_sheet)
}

/// What to demand instead, as a new lease does: less than the least that was seen, where anything was.
fn demanded(model: &Model, metric: &MetricName) -> Option<f64> {
    let of_one = model.band(metric).map(|band| demandable(band.low)).or_else(|| least_of(model, metric))?;
    Some(of_one * model.devices)
}

/// A bound above what the datasheet has, or above what was ever seen.
fn too_much(clause: &Clause, model: &Model, l: Language) -> Option<Lint> {
    let Model { gpu, devices, .. } = *model;
    let (metric, bound) = clause.rule.owed()?;
    let Kind::Number(unit) = metric.kind() else { return None };
    if metric.better() != Some(Better::More) || bound.is_of_fleet() {
        return None;
    }
    let (value, at) = (bound.value() / devices, Place::Clause(clause.id.clone()));
    let sheet = gpu.datasheet(metric);
    let band = model.band(metric);
    let write = demanded(model, metric)
        .map_or_else(|| say!(l, "lint-reachable"), |low| format!("at_least = {:?}", unit.format(low)));
    if let Some(sheet) = sheet.filter(|sheet| value > sheet * ROUNDING) {
        let (rule, why) = above_the_sheet(metric, unit, (bound, value), sheet, gpu, l);
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
    Some(unless_meant("unreachable", clause.severity, at, why, write))
}

fn above_the_sheet(
    metric: &MetricName,
    unit: Unit,
    (bound, of_one): (&Quantity, f64),
    sheet: f64,
    gpu: &Gpu,
    l: Language,
) -> (&'static str, String) {
    let has = say!(l, "lint-datasheet", card = &gpu.name, figure = unit.format(sheet));
    let (ratio, bound) = (of_one / sheet, bound.to_string());
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
