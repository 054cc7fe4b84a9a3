//! What a node costs, and what each unit of what it delivers costs by that.
//! Owns this arithmetic, exact to the cent: what is beyond all amounts is unknown, never wrong.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Cost;
use crate::catalogue::{self, Resolved};
use crate::contract::terms::{Per, PflopsFigure};
use crate::contract::{Contract, Price};
use crate::evidence::metric::MetricName;
use crate::fleet::nodes::{Node, State};

/// A month is the twelfth part of a year of 365 days.
const HOURS_PER_MONTH: u32 = 730;

/// What a month of one whole node costs.
pub(super) fn node_month(contract: &Contract, price: &Price, nodes: &[Node<'_>]) -> Option<Decimal> {
    let devices = Decimal::from(contract.inventory.as_ref().map_or(1, |inventory| inventory.devices.get()));
    let hours = Decimal::from(HOURS_PER_MONTH);
    let units = match price.per {
        Per::DeviceHour => devices.checked_mul(hours)?,
        Per::DeviceMonth => devices,
        Per::NodeHour => hours,
        Per::NodeMonth => Decimal::ONE,
        Per::PflopsHour => pflops(contract, price, nodes)?.checked_mul(hours)?,
        Per::PflopsMonth => pflops(contract, price, nodes)?,
        Per::InAll => return None,
    };
    price.amount.amount.checked_mul(units)
}

/// PFLOPS of one node as the contract counts them: by the datasheet, or the mean of what accepted nodes reach.
fn pflops(contract: &Contract, price: &Price, nodes: &[Node<'_>]) -> Option<Decimal> {
    let pflops = price.pflops?;
    let metric = MetricName::parse(&format!("gemm.{}.rate", pflops.precision.name())).ok()?;
    let inventory = contract.inventory.as_ref()?;
    let dense = || {
        let Resolved::One(card) = catalogue::resolve(inventory.sku.as_ref()?.as_str()) else { return None };
        Some(card.datasheet(&metric)? * f64::from(inventory.devices.get()))
    };
    let rate = match pflops.figure {
        PflopsFigure::NominalDense => dense()?,
        PflopsFigure::NominalSparse => 2.0 * dense()?,
        PflopsFigure::Measured => {
            let rates: Vec<f64> = accepted(nodes).map(|node| rate(node, &metric)).collect();
            if rates.is_empty() {
                return None;
            }
            rates.iter().sum::<f64>() / rates.len() as f64
        }
    };
    Decimal::try_from(rate / 1e15).ok()
}

/// What an hour of the unit costs, by each `at_least` clause on such a rate.
pub(super) fn costs(
    contract: &Contract,
    nodes: &[Node<'_>],
    node_month: Option<Decimal>,
    probe: &str,
    unit: f64,
) -> Vec<Cost> {
    let Some(node_month) = node_month else { return Vec::new() };
    let owed = contract.clauses.iter().filter_map(|clause| clause.rule.owed());
    let metrics = owed.map(|(metric, _)| metric).filter(|metric| metric.probe() == probe);
    let cost = |metric: &MetricName| {
        let count = Decimal::from(accepted(nodes).count());
        let delivered: f64 = accepted(nodes).map(|node| rate(node, metric)).sum();
        let units = Decimal::try_from(delivered / unit).ok()?;
        let hour = node_month.checked_mul(count)? / Decimal::from(HOURS_PER_MONTH);
        Some(Cost { metric: metric.to_string(), cost: hour.checked_div(units)?.round_dp(4) })
    };
    metrics.filter_map(cost).collect()
}

fn accepted<'a, 'r>(nodes: &'a [Node<'r>]) -> impl Iterator<Item = &'a Node<'r>> {
    nodes.iter().filter(|node| node.state() == State::Accepted)
}

/// The medians of all cards of a node together.
fn rate(node: &Node<'_>, metric: &MetricName) -> f64 {
    let cards = node.decisive().into_iter().flat_map(|row| &row.cards);
    cards.filter_map(|card| card.median(metric.as_str())).sum()
}

/// To the cent, halves away from zero.
pub(super) fn cents(amount: Decimal) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    rounded
}

/// A share as it was written, to a millionth.
pub(super) fn share(of: f64) -> Decimal {
    Decimal::try_from(of).unwrap_or_default().round_dp(6)
}

/// `None` where a part is.
pub(super) fn sum(parts: impl IntoIterator<Item = Option<Decimal>>) -> Option<Decimal> {
    parts.into_iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part?))
}
