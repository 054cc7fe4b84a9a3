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
    found.extend(clauses.iter().filter_map(|clause| too_much_of_a_whole(clause, l)));
    found.extend(clauses.iter().filter_map(|clause| hardly_watched(clause, contract.is_lease(), l)));
    found.extend(clauses.iter().filter_map(|clause| unknown_word(clause, l)));
    found.extend(many_devices(contract, l));
    found.extend(one_key(contract, l));
    found.extend(past_day(contract, today, l));
    found.extend(no_days(contract, l));
    found.extend(in_decades(contract, today, l));
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

/// No healthy card loses so much of its time or of its rate.
const LOST_MOST: f64 = 0.1;

/// What a load at full power may well be for most of its time: that is what the power cap is for.
const AT_THE_CAP: &str = "sustain.power_throttle.share";

/// A share of a whole that may be all of it, or more than a healthy card ever loses.
fn too_much_of_a_whole(clause: &Clause, l: Language) -> Option<Lint> {
    let Rule::Bound(Bound { figure, side: Side::Most, quantity: bound }) = &clause.rule else { return None };
    if bound.unit() != Unit::Share || bound.is_of_fleet() {
        return None;
    }
    let (metric, share, at) = (figure.metric.as_str(), bound.value(), Place::Clause(clause.id.clone()));
    let bound = bound.to_string();
    let write = "at_most = \"3 %\"";
    if share >= 1.0 {
        return Some(error("share-of-all", at, say!(l, "lint-share-of-all", metric, bound), write));
    }
    (share > LOST_MOST && metric != AT_THE_CAP)
        .then(|| warning("share-of-much", at, say!(l, "lint-share-of-much", metric, bound), write))
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
    let (at, due) = due_days(contract).find(|(_, due)| *due < today)?;
    let why = say!(l, "lint-past-day", due = due.to_string(), today = today.to_string());
    Some(warning("past-day", at, why, say!(l, "lint-past-day-write")))
}

fn no_days(contract: &Contract, l: Language) -> Option<Lint> {
    let (at, key, _) = remedy_days(contract).find(|(_, _, days)| *days == 0)?;
    Some(error("no-days", at, say!(l, "lint-no-days", key), format!("{key} = 5")))
}

/// No lease of compute waits for so long.
const YEARS_MOST: u16 = 10;

fn in_decades(contract: &Contract, today: Day, l: Language) -> Option<Lint> {
    let years = |due: Day| due.0.year().saturating_sub(today.0.year());
    let day = due_days(contract).find(|(_, due)| years(*due) > YEARS_MOST.cast_signed());
    let day = day.map(|(at, due)| (at, due.to_string()));
    let days = || remedy_days(contract).find(|(_, _, days)| days / 366 >= YEARS_MOST.into());
    let (at, text) = day.or_else(|| days().map(|(at, key, days)| (at, format!("{key} = {days}"))))?;
    let why = say!(l, "lint-in-decades", text, years = YEARS_MOST);
    Some(error("in-decades", at, why, say!(l, "lint-in-decades-write")))
}

fn due_days(contract: &Contract) -> impl Iterator<Item = (Place, Day)> {
    let milestones = contract.delivery.milestones().iter().enumerate();
    milestones.map(|(nth, milestone)| (Place::Nth("delivery", nth, "due"), milestone.due))
}

/// How many days there are for what, by its key.
fn remedy_days(contract: &Contract) -> impl Iterator<Item = (Place, &'static str, u32)> {
    contract.remedies.iter().enumerate().flat_map(|(nth, remedy)| {
        let within = match remedy.kind {
            RemedyKind::Replace { within_days } | RemedyKind::Terminate { within_days } => Some(within_days),
            RemedyKind::Credit { .. } | RemedyKind::PriceCut { .. } => None,
        };
        let all = [("within_days", within), ("claim_days", remedy.claim_days)];
        all.into_iter().filter_map(move |(key, days)| Some((Place::Nth("remedy", nth, key), key, days?)))
    })
}

/// One id twice in one remedy: it counts once.
fn of_twice(contract: &Contract, l: Language) -> Option<Lint> {
    let twice = |of: &[String]| {
        of.iter().enumerate().find(|(nth, id)| of[..*nth].contains(id)).map(|(_, id)| id.clone())
    };
    let (nth, id) =
        contract.remedies.iter().enumerate().find_map(|(nth, remedy)| Some((nth, twice(&remedy.of)?)))?;
    let why = say!(l, "lint-of-twice", id = &id);
    Some(error("of-twice", Place::Nth("remedy", nth, "of"), why, say!(l, "lint-of-twice-write", id)))
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
