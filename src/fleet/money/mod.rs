//! What the fleet costs for what it delivers, and what is due for what it does not.
//! Owns what is said of money and what is in its sums; must not decide what is delivered.

mod dues;
mod faults;
mod price;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, day};
use super::nodes::Node;
use super::over::OverFleet;
use crate::contract::Contract;
use crate::contract::terms::Kind;
use crate::contract::when::Day;
use faults::Faults;

/// Prices and what is due, in the contract's currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Money {
    pub currency: String,
    /// Of one whole node; `None` where the contract's price does not say.
    #[schemars(with = "Option<String>")]
    pub node_month: Option<Decimal>,
    /// For one PFLOPS of each clause on a rate of products, and hour, by what accepted nodes reach.
    pub per_pflops_hour: Vec<Cost>,
    /// The same for 1 TB/s.
    pub per_tbs_hour: Vec<Cost>,
    pub dues: Vec<Due>,
    /// All credits that are owed, together; `None` where the amount of any is not known.
    #[schemars(with = "Option<String>")]
    pub credits: Option<Decimal>,
    /// By which the fleet's price for a month falls; `None` where the amount of any price cut is not known.
    #[schemars(with = "Option<String>")]
    pub price_cuts_per_month: Option<Decimal>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cost {
    pub metric: String,
    #[schemars(with = "String")]
    pub cost: Decimal,
}

/// What follows by one remedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Due {
    pub kind: DueKind,
    /// The clause, or `delivery`. Of the clauses of one remedy that a node does not meet the worst.
    pub of: String,
    pub standing: Standing,
    /// Nodes concerned; for deliveries they have no name.
    pub nodes: Vec<String>,
    pub count: u32,
    /// Of a credit in all, of a cut for each month; `None` where nothing is paid or the price does not say.
    #[schemars(with = "Option<String>")]
    pub amount: Option<Decimal>,
    /// By when the first node must be replaced, or since when the lease may be ended.
    pub on: Option<Day>,
    /// The last day to claim it, where the remedy has claim_days: so many after the day on which the days of a credit ended, or the day of
    /// counting while they go on; after the first report that failed for a price cut and a replacement; after `on` for an end of the lease.
    /// Of several nodes the first such day that is not over, else the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_by: Option<Day>,
    /// Whether that day is over for all of it. Sums have it all the same: it may have been claimed in time.
    #[serde(default)]
    pub is_past: bool,
}

/// How a remedy works, as contracts call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    Credit,
    PriceCut,
    Replace,
    Terminate,
}

/// Whether it is owed already. What is not is in no sum.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Owed,
    /// Only where nodes that never passed are kept: else nothing is paid for them, and they are late.
    IfKept,
    /// It depends on measuring again: nodes came, and nothing decides whether they are good.
    Open,
}

impl From<&Kind> for DueKind {
    fn from(kind: &Kind) -> Self {
        match kind {
            Kind::Credit { .. } => DueKind::Credit,
            Kind::PriceCut { .. } => DueKind::PriceCut,
            Kind::Replace { .. } => DueKind::Replace,
            Kind::Terminate { .. } => DueKind::Terminate,
        }
    }
}

pub fn money(
    contract: &Contract,
    nodes: &[Node<'_>],
    over_fleet: &[OverFleet],
    calendar: &Calendar,
    as_of: Timestamp,
) -> Option<Money> {
    let price = contract.price.as_ref()?;
    let node_month = price::node_month(contract, price, nodes);
    let today = day(as_of);
    let faults = Faults { contract, nodes, over_fleet, calendar, today };
    let dues = dues::dues(&faults, node_month);
    Some(Money {
        currency: price.amount.currency.clone(),
        node_month: node_month.map(price::cents),
        per_pflops_hour: price::costs(contract, nodes, node_month, "gemm", 1e15),
        per_tbs_hour: price::costs(contract, nodes, node_month, "stream", 1e12),
        credits: owed(&dues, DueKind::Credit),
        price_cuts_per_month: owed(&dues, DueKind::PriceCut),
        dues,
    })
}

/// What is owed in all, where each part is known.
fn owed(dues: &[Due], kind: DueKind) -> Option<Decimal> {
    let owed = dues.iter().filter(|due| due.kind == kind && due.standing == Standing::Owed);
    price::sum(owed.map(|due| due.amount)).map(price::cents)
}
