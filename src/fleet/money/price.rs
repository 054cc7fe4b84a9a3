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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use crate::evidence::metric::METRICS;
    use crate::fleet::money::Money;
    use crate::fleet::money::tests::{FAIL, LEASE, Miss, answered, row};
    use crate::fleet::row::{Card, Row};

    /// A node of two cards with these rates of BF16 products.
    fn node(name: &str, rates: [f64; 2], misses: &[Miss]) -> Row {
        let at = METRICS.iter().position(|metric| metric.name == "gemm.bf16.rate").unwrap();
        let mut one = row(name, "01-20", misses);
        let ids = BTreeSet::from([format!("second uuid of {name}")]);
        one.cards.push(Card { ids, ..one.cards[0].clone() });
        for (card, rate) in one.cards.iter_mut().zip(rates) {
            card.medians = vec![(u16::try_from(at).unwrap(), rate)];
        }
        one
    }

    /// What a month of a node costs, and what an hour of a PFLOPS costs by that.
    fn costs(per: &str, figure: &str, rows: &[Row]) -> [String; 2] {
        const CLAUSE: &str = "[[clause]]\nid = \"products\"\nmetric = \"gemm.bf16.rate\"\nstatistic = \"p50\"\nat_least = \"600 TFLOP/s\"\n";
        let pflops = match figure {
            "" => String::new(),
            figure => format!("\npflops = {{ precision = \"bf16\", figure = \"{figure}\" }}"),
        };
        let lease = LEASE.replace("\"node_month\"", &format!("\"{per}\"{pflops}")) + CLAUSE;
        let lease = lease.replace("devices = 1", "devices = 2");
        let Money { node_month, per_pflops_hour, .. } =
            answered(&lease, rows.to_vec(), "02-01", &[]).money.unwrap();
        let hour = per_pflops_hour.first().map(|cost| cost.cost);
        [node_month, hour].map(|sum| sum.map_or(String::new(), |sum| sum.to_string()))
    }

    /// Two cards have 1.9788 PFLOPS by their datasheet; by measurement one node has 1.5 and the other 1.3, and a third is not accepted.
    #[test]
    fn a_node_costs_what_it_has_of_that_by_which_it_is_paid() {
        let bad = node("c", [9e14; 2], &[("upload", FAIL, None)]);
        let all = [node("a", [7e14, 8e14], &[]), node("b", [6e14, 7e14], &[]), bad];
        for (per, figure, month, pflops_hour) in [
            ("node_month", "", "10000.00", "9.7847"),
            ("node_hour", "", "7300000.00", "7142.8571"),
            ("device_month", "", "20000.00", "19.5695"),
            ("device_hour", "", "14600000.00", "14285.7143"),
            ("pflops_month", "measured", "14000.00", "13.6986"),
            ("pflops_hour", "measured", "10220000.00", "10000"),
            ("pflops_month", "nominal_dense", "19788.00", "19.3620"),
            ("pflops_month", "nominal_sparse", "39576.00", "38.7241"),
        ] {
            assert_eq!(costs(per, figure, &all), [month, pflops_hour], "{per} {figure}");
        }
        assert_eq!(costs("pflops_month", "measured", &[]), ["", ""], "nothing was accepted");
    }
}
