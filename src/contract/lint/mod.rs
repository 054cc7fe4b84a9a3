//! What a contract says that cannot be meant, and what a lease should say and does not: each with the reason and a line to write.
//! Owns the order and the form of these; the rules stand in the files beside it.
//!
//! To add one: its name in [`RULES`], a function in the file whose subject it is, its sentences in both `src/language/*.ftl`, and a
//! contract in `tests/data/lint` that it objects to, whose first line says so.

mod bounds;
mod lacking;
mod measured;
mod names;
mod slips;

use serde::Serialize;

pub use super::places::Place;
use super::when::Day;
use super::{Contract, Severity};
use crate::catalogue::{self, Gpu, Resolved};
use crate::language::{Language, say};

/// The rules there are.
pub const RULES: [&str; 40] = [
    "unknown-sku",
    "ambiguous-sku",
    "counted-sku",
    "p-undefined",
    "p-sparse",
    "p-unused",
    "unmeasured",
    "part-of-units",
    "no-throttle-at-all",
    "memory-unit",
    "sparse-as-dense",
    "both-directions",
    "above-datasheet",
    "unreachable",
    "far-too-lax",
    "little-memory",
    "wrong-direction",
    "share-of-all",
    "share-of-much",
    "hardly-watched",
    "unknown-word",
    "many-devices",
    "one-key",
    "past-day",
    "no-days",
    "in-decades",
    "of-twice",
    "no-amount",
    "no-lease",
    "no-model",
    "no-count",
    "no-date",
    "no-price",
    "no-card",
    "no-compute",
    "no-bandwidth",
    "no-memory",
    "no-duration",
    "no-remedy",
    "no-key",
];

/// One objection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// Short and unique, such as `sparse-as-dense`.
    pub rule: &'static str,
    pub weight: Weight,
    pub at: Place,
    pub why: String,
    /// What to write instead, or in addition.
    pub write: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It cannot be meant so, or leaves open what a lease is about.
    Error,
    /// It could be said better.
    Warning,
}

impl Weight {
    pub fn said(self, language: Language) -> String {
        match self {
            Weight::Error => say!(language, "weight-error"),
            Weight::Warning => say!(language, "weight-warning"),
        }
    }
}

/// All objections, in the order of the rules, for readers of that language. `today` tells which days are over.
pub fn lint(contract: &Contract, today: Day, language: Language) -> Vec<Lint> {
    let mut found = names::lint(contract, language);
    found.extend(measured::lint(contract, language));
    found.extend(bounds::lint(contract, language));
    found.extend(slips::lint(contract, today, language));
    found.extend(lacking::lint(contract, language));
    found
}

/// The card that the inventory names, where it names exactly one.
fn card(contract: &Contract) -> Option<&'static Gpu> {
    match catalogue::resolve(contract.inventory.as_ref()?.sku.as_ref()?.as_str()) {
        Resolved::One(gpu) => Some(gpu),
        Resolved::Several(_) | Resolved::None { .. } | Resolved::Counted { .. } => None,
    }
}

fn error(rule: &'static str, at: Place, why: impl Into<String>, write: impl Into<String>) -> Lint {
    Lint { rule, weight: Weight::Error, at, why: why.into(), write: write.into() }
}

fn warning(rule: &'static str, at: Place, why: impl Into<String>, write: impl Into<String>) -> Lint {
    Lint { weight: Weight::Warning, ..error(rule, at, why, write) }
}

/// An error where it decides the verdict. What is only wished for may be meant so.
fn unless_meant(rule: &'static str, of: Severity, at: Place, why: String, write: String) -> Lint {
    match of {
        Severity::Must => error(rule, at, why, write),
        Severity::Should | Severity::Info => warning(rule, at, why, write),
    }
}
