//! What was hardly meant: a bound the wrong way round or one that limits nothing, a word that no source says, a day that is over.

use super::{Lint, Place, error, unless_meant, warning};
use crate::contract::clause::{Bound, Clause, Rule, Side};
use crate::contract::inventory::{DEVICES_MOST, DEVICES_USUAL};
use crate::contract::terms::{Kind as RemedyKind, Per};
use crate::contract::when::Day;
use crate::contract::{Contract, escaped};
use crate::evidence::sustain::WATCHED;
use crate::language::{Language, say};
use crate::telemetry;
use crate::units::Unit;

pub(super) fn lint(contract: &Contract, today: Day, l: Language) -> Vec<Lint> {
    let clauses = &contract.clauses;
    let mut found: Vec<Lint> = Vec::new();
    found.extend(clauses.iter().filter_map(|clause| wrong_direction(clause, l)));
    found.extend(clauses.iter().filter_map(|clause| more_than_all(clause, l)));
    found.extend(clauses.iter().filter_map(|clause| hardly_watched(clause, contract.is_lease(), l)));
    found.extend(clauses.iter().filter_map(|clause| unknown_word(clause, l)));
    found.extend(many_devices(contract, l));
    found.extend(one_key(contract, l));
    found.extend(past_day(contract, today, l));
    found.extend(no_days(contract, l));
    found.extend(of_twice(contract, l));
    found.extend(no_amount(contract, l));
    found
}

fn wrong_direction(clause: &Clause, l: Language) -> Option<Lint> {
    let Rule::Bound(Bound { figure, side, quantity }) = &clause.rule else { return None };
    if figure.metric.better()? == side.better() {
        return None;
    }
    let metric = figure.metric.as_str();
    let (why, instead) = match side {
        Side::Least => (say!(l, "lint-less-is-better", metric), Side::Most),
        Side::Most => (say!(l, "lint-more-is-better", metric), Side::Least),
    };
    let (at, write) =
        (Place::Clause(clause.id.clone()), format!("{} = {:?}", instead.key(), quantity.to_string()));
    Some(unless_meant("wrong-direction", clause.severity, at, why, write))
}

/// A share of a whole that may be all of it.
fn more_than_all(clause: &Clause, l: Language) -> Option<Lint> {
    let Rule::Bound(Bound { figure, side: Side::Most, quantity: bound }) = &clause.rule else { return None };
    (bound.unit() == Unit::Share && bound.value() >= 1.0 && !bound.is_of_fleet()).then(|| {
        let why = say!(l, "lint-share-of-all", metric = figure.metric.as_str(), bound = bound.to_string());
        error("share-of-all", Place::Clause(clause.id.clone()), why, "at_most = \"3 %\"")
    })
}

/// No load shows anything in so short a time, so that another unit was meant.
const WATCHED_NS_MIN: f64 = 60e9;

fn hardly_watched(clause: &Clause, is_lease: bool, l: Language) -> Option<Lint> {
    let (metric, bound) = clause.rule.owed()?;
    (metric.as_str() == WATCHED && bound.value() < WATCHED_NS_MIN).then(|| {
        let why = say!(l, "lint-hardly-watched", bound = bound.to_string());
        // A test may be as short as it likes.
        let lint = if is_lease { error } else { warning };
        lint("hardly-watched", Place::Clause(clause.id.clone()), why, "at_least = \"24 h\"".to_owned())
    })
}

/// A fact that is said by one of a few words, and never by this one.
fn unknown_word(clause: &Clause, l: Language) -> Option<Lint> {
    let Rule::Equals { metric, value } = &clause.rule else { return None };
    let words = telemetry::words(metric.as_str().strip_prefix("identity.")?)?;
    // A newer driver's code for which there is no word yet stands for itself.
    let is_known = words.contains(&value.as_str()) || value.parse::<u32>().is_ok();
    (!is_known).then(|| {
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let (metric, value, all) = (metric.as_str(), escaped(value), l.list(&quoted));
        let why = say!(l, "lint-unknown-word", metric, value, all);
        let write = format!("equals = {}", quoted.join(" | "));
        error("unknown-word", Place::Clause(clause.id.clone()), why, write)
    })
}

fn many_devices(contract: &Contract, l: Language) -> Option<Lint> {
    let devices = contract.inventory.as_ref()?.devices.get();
    (devices > DEVICES_USUAL).then(|| {
        let lint = if devices > DEVICES_MOST { error } else { warning };
        let why = say!(l, "lint-many-devices", devices, usual = DEVICES_USUAL, most = DEVICES_MOST);
        lint("many-devices", Place::Key("inventory", "devices"), why, say!(l, "lint-many-devices-write"))
    })
}

fn one_key(contract: &Contract, l: Language) -> Option<Lint> {
    let [tenant, provider] = [&contract.parties.tenant, &contract.parties.provider]
        .map(|party| party.as_ref().and_then(|party| party.key_sha256.as_ref()));
    (tenant.is_some() && tenant == provider).then(|| {
        let (why, write) = (say!(l, "lint-one-key"), say!(l, "lint-one-key-write"));
        error("one-key", Place::Key("provider", "key_sha256"), why, write)
    })
}

/// A lease that runs already has such days, hence no more than a warning.
fn past_day(contract: &Contract, today: Day, l: Language) -> Option<Lint> {
    let past = contract.delivery.milestones().iter().find(|milestone| milestone.due < today)?;
    let (due, today) = (past.due.to_string(), today.to_string());
    let why = say!(l, "lint-past-day", due, today);
    Some(warning("past-day", Place::Key("delivery", "due"), why, say!(l, "lint-past-day-write")))
}

fn no_days(contract: &Contract, l: Language) -> Option<Lint> {
    let key = contract.remedies.iter().find_map(|remedy| match remedy.kind {
        RemedyKind::Replace { within_days: 0 } | RemedyKind::Terminate { within_days: 0 } => {
            Some("within_days")
        }
        _ if remedy.claim_days == Some(0) => Some("claim_days"),
        RemedyKind::Credit { .. }
        | RemedyKind::PriceCut { .. }
        | RemedyKind::Replace { .. }
        | RemedyKind::Terminate { .. } => None,
    })?;
    Some(error("no-days", Place::Key("remedy", key), say!(l, "lint-no-days", key), format!("{key} = 5")))
}

/// One id twice in one remedy: it counts once.
fn of_twice(contract: &Contract, l: Language) -> Option<Lint> {
    let twice = |of: &[String]| {
        of.iter().enumerate().find(|(nth, id)| of[..*nth].contains(id)).map(|(_, id)| id.clone())
    };
    let id = contract.remedies.iter().find_map(|remedy| twice(&remedy.of))?;
    let why = say!(l, "lint-of-twice", id = &id);
    Some(error("of-twice", Place::Key("remedy", "of"), why, say!(l, "lint-of-twice-write", id)))
}

/// Shares of a price that no node has.
fn no_amount(contract: &Contract, l: Language) -> Option<Lint> {
    let is_paid = contract.remedies.iter().any(|remedy| match remedy.kind {
        RemedyKind::Credit { .. } | RemedyKind::PriceCut { .. } => true,
        RemedyKind::Replace { .. } | RemedyKind::Terminate { .. } => false,
    });
    let is_in_all = contract.price.as_ref().is_some_and(|price| price.per == Per::InAll);
    (is_paid && is_in_all).then(|| {
        let write = "amount = \"... USD\" and per = \"node_month\"";
        error("no-amount", Place::Key("price", "per"), say!(l, "lint-no-amount"), write)
    })
}
