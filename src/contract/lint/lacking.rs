//! What a lease leaves open: the model, the number, the date, the price, the compute, the time, what follows.

use super::{Lint, Place, card, error, warning};
use crate::contract::clause::{Rule, Severity};
use crate::contract::terms::DELIVERY;
use crate::contract::{Contract, Party};
use crate::evidence::metric::{Kind, MetricName};
use crate::units::Unit;

pub(super) fn lint(contract: &Contract) -> Vec<Lint> {
    if !contract.is_lease() {
        let why = "there is no price, no date and no remedy: this says what is tested, and is no lease";
        let write = "nothing, for a test; for a lease start from `assay contract new --sku ... --nodes ... --gpus-per-node ...`";
        return vec![warning("no-lease", Place::Contract, why, write)];
    }
    let mut found: Vec<Lint> = of_the_deal(contract).collect();
    found.extend(of_the_compute(contract));
    found.extend(of_remedies(contract));
    found.extend(of_keys(contract));
    found
}

fn of_the_deal(contract: &Contract) -> impl Iterator<Item = Lint> {
    let missing =
        |is: bool, rule, why: &str, write: &str| is.then(|| error(rule, Place::Contract, why, write));
    let inventory = contract.inventory.as_ref();
    [
        missing(
            inventory.is_none_or(|inventory| inventory.sku.is_none()),
            "no-model",
            "no model is named, so that any card would do",
            "[inventory] with sku = \"H200 SXM\"",
        ),
        missing(
            inventory.is_none(),
            "no-count",
            "nothing says how many devices a node has",
            "[inventory] with devices = 8",
        ),
        missing(
            contract.delivery.is_empty(),
            "no-date",
            "no number of nodes is owed by any date, so that nothing is ever late",
            "[[delivery]] with due = \"2027-01-31\" and nodes = 12",
        ),
        missing(
            contract.price.is_none(),
            "no-price",
            "no price is named, so that no remedy comes to any money",
            "[price] with amount = \"2.40 USD\" and per = \"device_hour\"",
        ),
    ]
    .into_iter()
    .flatten()
}

/// What the devices must do, and for how long.
fn of_the_compute(contract: &Contract) -> Vec<Lint> {
    let owed = |is: &dyn Fn(&MetricName) -> bool| {
        contract.clauses.iter().any(|clause| {
            let Rule::AtLeast { figure, .. } = &clause.rule else { return false };
            clause.severity == Severity::Must && is(&figure.metric)
        })
    };
    let computes = |metric: &MetricName| match metric.kind() {
        Kind::Number(Unit::FlopPerSecond | Unit::OpPerSecond) => true,
        Kind::Number(
            Unit::BytePerSecond
            | Unit::Byte
            | Unit::Nanosecond
            | Unit::Count
            | Unit::Share
            | Unit::JoulePerFlop
            | Unit::Kelvin,
        )
        | Kind::Fact => false,
    };
    let bound = |metric: &str| bound_for(contract, metric);
    let mut found = Vec::new();
    if !owed(&computes) {
        let why = "no amount of compute is owed: no must clause has at_least on a rate of operations";
        found.push(error("no-compute", Place::Contract, why, bound("gemm.bf16.rate")));
    }
    if !owed(&|metric| metric.probe() == "stream") {
        let why = "no memory bandwidth is owed, which is what most cards of a lesser kind lack";
        found.push(warning("no-bandwidth", Place::Contract, why, bound("stream.triad.rate")));
    }
    if contract.memory_bytes().is_none() {
        let why = "no amount of memory is owed";
        let write = card(contract)
            .and_then(|gpu| gpu.memory_sizes().reduce(f64::min))
            .map_or("memory = \"141 GB\" under [inventory]".to_owned(), |gb| {
                format!("memory = \"{gb} GB\" under [inventory]")
            });
        found.push(warning("no-memory", Place::Contract, why, write));
    }
    if !owed(&|metric| metric.as_str() == "sustain.watched.time") {
        let why = "nothing says for how long the compute must be kept up: a card that throttles after five minutes would pass";
        let write =
            "metric = \"sustain.watched.time\" with at_least = \"24 h\", and a bound on sustain.bf16.rate";
        found.push(error("no-duration", Place::Contract, why, write));
    }
    found
}

/// A clause for this metric with a bound that healthy cards of the model reach.
fn bound_for(contract: &Contract, metric: &str) -> String {
    let low = card(contract).zip(MetricName::parse(metric).ok()).and_then(|(gpu, metric)| {
        let Kind::Number(unit) = metric.kind() else { return None };
        let low = crate::catalogue::band(gpu, &metric)?.low;
        Some(unit.format(low))
    });
    let low = low.unwrap_or_else(|| "...".to_owned());
    format!("metric = {metric:?} with at_least = {low:?} and statistic = \"p50\"")
}

fn of_remedies(contract: &Contract) -> Vec<Lint> {
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
    let why = format!("nothing follows where {names} is not met");
    let write =
        format!("[[remedy]] with of = [{names}], kind = \"credit\", per_day = \"1 %\" and cap = \"30 %\"");
    vec![error("no-remedy", Place::Contract, why, write)]
}

fn of_keys(contract: &Contract) -> Option<Lint> {
    let named = |party: &Option<Party>| party.as_ref().is_some_and(|party| party.key_sha256.is_some());
    let missing: Vec<&str> = [("tenant", &contract.parties.tenant), ("provider", &contract.parties.provider)]
        .into_iter()
        .filter_map(|(who, party)| (!named(party)).then_some(who))
        .collect();
    (!missing.is_empty()).then(|| {
        let why = format!(
            "no key of the {} is named, so that anybody could sign for them",
            missing.join(" and of the ")
        );
        let write = format!(
            "key_sha256 = \"...\" under [parties.{}], as `assay key show` prints it",
            missing.join("], [parties.")
        );
        warning("no-key", Place::Contract, why, write)
    })
}
