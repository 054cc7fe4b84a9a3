//! What a lease leaves open: the model, the number, the date, the price, the compute, the time, what follows.

use super::{Lint, Place, card, error, warning};
use crate::catalogue::bands::demandable;
use crate::contract::clause::Severity;
use crate::contract::terms::DELIVERY;
use crate::contract::{Contract, Party};
use crate::device::ProvenanceKind;
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::sustain::WATCHED;
use crate::language::{Language, say};

pub(super) fn lint(contract: &Contract, l: Language) -> Vec<Lint> {
    if !contract.is_lease() {
        let (why, write) = (say!(l, "lint-no-lease"), say!(l, "lint-no-lease-write"));
        return vec![warning("no-lease", Place::Contract, why, write)];
    }
    let mut found: Vec<Lint> = of_the_deal(contract, l).collect();
    found.extend(no_card(contract, l));
    found.extend(of_the_compute(contract, l));
    found.extend(of_remedies(contract, l));
    found.extend(of_keys(contract, l));
    found
}

fn of_the_deal(contract: &Contract, l: Language) -> impl Iterator<Item = Lint> {
    let missing =
        |is: bool, rule, why: String, write: String| is.then(|| error(rule, Place::Contract, why, write));
    let inventory = contract.inventory.as_ref();
    [
        missing(
            inventory.is_none_or(|inventory| inventory.sku.is_none()),
            "no-model",
            say!(l, "lint-no-model"),
            say!(l, "lint-no-model-write"),
        ),
        missing(inventory.is_none(), "no-count", say!(l, "lint-no-count"), say!(l, "lint-no-count-write")),
        missing(
            contract.delivery.is_empty(),
            "no-date",
            say!(l, "lint-no-date"),
            say!(l, "lint-no-date-write"),
        ),
        missing(
            contract.price.is_none(),
            "no-price",
            say!(l, "lint-no-price"),
            say!(l, "lint-no-price-write"),
        ),
    ]
    .into_iter()
    .flatten()
}

/// Computed figures, or those of a driver on the CPU, meet a lease without any card.
fn no_card(contract: &Contract, l: Language) -> Option<Lint> {
    let others = contract.accept.kinds().iter().filter(|kind| **kind != ProvenanceKind::Hardware);
    let others: Vec<String> = others.map(|kind| format!("\"{kind}\"")).collect();
    (!others.is_empty()).then(|| {
        let why = say!(l, "lint-no-card", kinds = l.list(&others));
        error("no-card", Place::Contract, why, "accept = [\"hardware\"]")
    })
}

/// What the devices must do, and for how long.
fn of_the_compute(contract: &Contract, l: Language) -> Vec<Lint> {
    let owed = |is: &dyn Fn(&MetricName) -> bool| {
        contract.clauses.iter().any(|clause| {
            clause.severity == Severity::Must && clause.rule.owed().is_some_and(|(metric, _)| is(metric))
        })
    };
    let computes = |metric: &MetricName| metric.kind().is_arithmetic();
    let bound = |metric: &str| bound_for(contract, metric, l);
    let mut found = Vec::new();
    if !owed(&computes) {
        let why = say!(l, "lint-no-compute");
        found.push(error("no-compute", Place::Contract, why, bound("gemm.bf16.rate")));
    }
    if !owed(&|metric| metric.probe() == "stream") {
        let why = say!(l, "lint-no-bandwidth");
        found.push(warning("no-bandwidth", Place::Contract, why, bound("stream.triad.rate")));
    }
    if contract.memory_bytes().is_none() {
        let size = card(contract).and_then(|gpu| gpu.memory_sizes().reduce(f64::min)).unwrap_or(141.0);
        let write = say!(l, "lint-no-memory-write", size = size.to_string());
        found.push(warning("no-memory", Place::Contract, say!(l, "lint-no-memory"), write));
    }
    if !owed(&|metric| metric.as_str() == WATCHED) {
        let (why, write) = (say!(l, "lint-no-duration"), say!(l, "lint-no-duration-write"));
        found.push(error("no-duration", Place::Contract, why, write));
    }
    found
}

/// A clause for this metric with a bound that healthy cards of the model reach.
fn bound_for(contract: &Contract, metric: &str, l: Language) -> String {
    let low = card(contract).zip(MetricName::parse(metric).ok()).and_then(|(gpu, metric)| {
        let Kind::Number(unit) = metric.kind() else { return None };
        let low = crate::catalogue::band(gpu, &metric)?.low;
        Some(unit.format(demandable(low)))
    });
    let low = low.unwrap_or_else(|| "...".to_owned());
    say!(l, "lint-bound-write", metric, low)
}

fn of_remedies(contract: &Contract, l: Language) -> Vec<Lint> {
    let covered = |name: &str| contract.remedies.iter().any(|remedy| remedy.of.iter().any(|of| of == name));
    let open: Vec<&str> = contract
        .clauses
        .iter()
        .filter(|clause| clause.severity == Severity::Must)
        .map(|clause| clause.id.as_str())
        .chain((!contract.delivery.is_empty()).then_some(DELIVERY))
        .filter(|name| !covered(name))
        .collect();
    if open.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = open.iter().map(|name| format!("{name:?}")).collect();
    let names = names.join(", ");
    let why = say!(l, "lint-no-remedy", names = &names);
    let write = say!(l, "lint-no-remedy-write", names);
    vec![error("no-remedy", Place::Contract, why, write)]
}

fn of_keys(contract: &Contract, l: Language) -> Option<Lint> {
    let named = |party: &Option<Party>| party.as_ref().is_some_and(|party| party.key_sha256.is_some());
    let named = [&contract.parties.tenant, &contract.parties.provider].map(named);
    let (who, tables) = match named {
        [true, true] => return None,
        [false, true] => ("tenant", "[parties.tenant]"),
        [true, false] => ("provider", "[parties.provider]"),
        [false, false] => ("both", "[parties.tenant], [parties.provider]"),
    };
    let (why, write) = (say!(l, "lint-no-key", who), say!(l, "lint-no-key-write", tables));
    Some(warning("no-key", Place::Contract, why, write))
}
