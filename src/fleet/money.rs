//! What the fleet costs for what it delivers, and what is due for what it does not.
//! Owns the arithmetic of prices and remedies, exact to the cent; must not decide what is delivered.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::delivery::{day, days_between};
use super::nodes::{Node, State};
use super::over::OverFleet;
use super::row::Lacking;
use crate::catalogue::{self, Resolved};
use crate::contract::terms::{DELIVERY, Kind, Per, PflopsFigure};
use crate::contract::when::{Day, When};
use crate::contract::{Contract, Delivery, Price, Quantity, Remedy, Rule, Severity, Verdict};
use crate::evidence::metric::MetricName;

/// A month is the twelfth part of a year of 365 days.
const HOURS_PER_MONTH: u32 = 730;

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
    /// All credits together.
    #[schemars(with = "String")]
    pub credits: Decimal,
    /// By which the fleet's price for a month falls.
    #[schemars(with = "String")]
    pub price_cuts_per_month: Decimal,
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
    /// The clause, or `delivery`.
    pub of: String,
    /// Nodes concerned; for deliveries those that never came have no name.
    pub nodes: Vec<String>,
    pub count: u32,
    /// Of a credit in all, of a cut for each month; `None` where nothing is paid or the price does not say.
    #[schemars(with = "Option<String>")]
    pub amount: Option<Decimal>,
    /// By when a node must be replaced, or since when the lease may be ended.
    pub on: Option<Day>,
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

impl DueKind {
    pub fn name(self) -> &'static str {
        match self {
            DueKind::Credit => "credit",
            DueKind::PriceCut => "price_cut",
            DueKind::Replace => "replace",
            DueKind::Terminate => "terminate",
        }
    }
}

pub fn money(
    contract: &Contract,
    nodes: &[Node<'_>],
    over_fleet: &[OverFleet],
    as_of: Timestamp,
) -> Option<Money> {
    let price = contract.price.as_ref()?;
    let node_month = node_month(contract, price, nodes);
    let today = day(as_of);
    let counted = Counted { contract, nodes, over_fleet, node_month, today };
    let dues: Vec<Due> = contract.remedies.iter().flat_map(|remedy| counted.dues(remedy)).collect();
    let sum =
        |kind: DueKind| cents(dues.iter().filter(|due| due.kind == kind).filter_map(|due| due.amount).sum());
    Some(Money {
        currency: price.amount.currency.clone(),
        node_month: node_month.map(cents),
        per_pflops_hour: counted.costs("gemm", 1e15),
        per_tbs_hour: counted.costs("stream", 1e12),
        credits: sum(DueKind::Credit),
        price_cuts_per_month: sum(DueKind::PriceCut),
        dues,
    })
}

/// What a month of one whole node costs.
fn node_month(contract: &Contract, price: &Price, nodes: &[Node<'_>]) -> Option<Decimal> {
    let amount = price.amount.amount;
    let devices = Decimal::from(contract.inventory.as_ref().map_or(1, |inventory| inventory.devices.get()));
    let hours = Decimal::from(HOURS_PER_MONTH);
    let units = match price.per {
        Per::DeviceHour => devices * hours,
        Per::DeviceMonth => devices,
        Per::NodeHour => hours,
        Per::NodeMonth => Decimal::ONE,
        Per::PflopsHour => pflops(contract, price, nodes)? * hours,
        Per::PflopsMonth => pflops(contract, price, nodes)?,
        Per::InAll => return None,
    };
    Some(amount * units)
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
            let rates: Vec<f64> = accepted(nodes).map(|node| rate(node, metric.as_str())).collect();
            if rates.is_empty() {
                return None;
            }
            rates.iter().sum::<f64>() / rates.len() as f64
        }
    };
    Decimal::try_from(rate / 1e15).ok()
}

fn accepted<'a, 'r>(nodes: &'a [Node<'r>]) -> impl Iterator<Item = &'a Node<'r>> {
    nodes.iter().filter(|node| node.state() == State::Accepted)
}

/// The medians of all cards of a node together.
fn rate(node: &Node<'_>, metric: &str) -> f64 {
    node.decisive().into_iter().flat_map(|row| &row.cards).filter_map(|card| card.median(metric)).sum()
}

/// To the cent, halves away from zero.
fn cents(amount: Decimal) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    rounded
}

/// A share as it was written, to a millionth.
fn share(of: f64) -> Decimal {
    Decimal::try_from(of).unwrap_or_default().round_dp(6)
}

/// All that remedies ask about.
struct Counted<'a, 'r> {
    contract: &'a Contract,
    nodes: &'a [Node<'r>],
    over_fleet: &'a [OverFleet],
    node_month: Option<Decimal>,
    today: Date,
}

impl Counted<'_, '_> {
    /// What an hour of the unit costs, by each `at_least` clause on such a rate.
    fn costs(&self, probe: &str, unit: f64) -> Vec<Cost> {
        let Some(node_month) = self.node_month else { return Vec::new() };
        let metrics = self.contract.clauses.iter().filter_map(|clause| match &clause.rule {
            Rule::AtLeast { figure, .. } if figure.metric.probe() == probe => Some(figure.metric.as_str()),
            Rule::AtLeast { .. }
            | Rule::AtMost { .. }
            | Rule::Ratio { .. }
            | Rule::Equals { .. }
            | Rule::Never { .. } => None,
        });
        let cost = |metric: &str| {
            let nodes = accepted(self.nodes).count();
            let delivered: f64 = accepted(self.nodes).map(|node| rate(node, metric)).sum();
            let units = Decimal::try_from(delivered / unit).ok().filter(|units| !units.is_zero())?;
            let hour = node_month * Decimal::from(nodes) / Decimal::from(HOURS_PER_MONTH);
            Some(Cost { metric: metric.to_owned(), cost: (hour / units).round_dp(4) })
        };
        metrics.filter_map(cost).collect()
    }

    fn dues(&self, remedy: &Remedy) -> Vec<Due> {
        remedy
            .of
            .iter()
            .filter_map(
                |of| if of == DELIVERY { self.of_delivery(remedy) } else { self.of_clause(remedy, of) },
            )
            .collect()
    }

    /// What follows where nodes came late or are lacking.
    fn of_delivery(&self, remedy: &Remedy) -> Option<Due> {
        let late = late(&self.contract.delivery, self.nodes, self.today);
        let open: Vec<&Late> = late.iter().filter(|late| late.is_open).collect();
        let of = DELIVERY.to_owned();
        match &remedy.kind {
            Kind::Credit { per_day, cap } => {
                let days: Vec<u32> = late.iter().map(|late| late.days).collect();
                let amount = self.credit(&days, per_day, cap);
                let count = u32::try_from(late.len()).unwrap_or(u32::MAX);
                (count > 0).then_some(Due {
                    kind: DueKind::Credit,
                    of,
                    nodes: Vec::new(),
                    count,
                    amount,
                    on: None,
                })
            }
            Kind::Terminate { within_days } => {
                let since = open.iter().filter(|late| late.days > *within_days).map(|late| late.due).min()?;
                let count = u32::try_from(open.len()).unwrap_or(u32::MAX);
                let on = days_after(since, *within_days);
                Some(Due { kind: DueKind::Terminate, of, nodes: Vec::new(), count, amount: None, on })
            }
            // What did not come can be neither cheaper nor exchanged.
            Kind::PriceCut { .. } | Kind::Replace { .. } => None,
        }
    }

    /// What follows where nodes that came do not meet a clause.
    fn of_clause(&self, remedy: &Remedy, clause: &str) -> Option<Due> {
        let over = self.over_fleet.iter().find(|over| over.clause == clause);
        let failing: Vec<Failing<'_>> = match over {
            Some(over) => {
                self.nodes.iter().filter_map(|node| failing_fleet(node, over, self.today)).collect()
            }
            None => self.nodes.iter().filter_map(|node| failing(node, clause, self.today)).collect(),
        };
        // Who accepts a node as it is keeps it, at the price that is right for it.
        let failing: Vec<Failing<'_>> = match remedy.kind {
            Kind::Credit { .. } | Kind::PriceCut { .. } => failing,
            Kind::Replace { .. } | Kind::Terminate { .. } => {
                failing.into_iter().filter(|failing| !failing.is_waived).collect()
            }
        };
        let longest = failing.iter().max_by_key(|failing| failing.days)?;
        let (kind, amount, on) = match &remedy.kind {
            Kind::Credit { per_day, cap } => {
                let days: Vec<u32> = failing.iter().map(|failing| failing.days).collect();
                (DueKind::Credit, self.credit(&days, per_day, cap), None)
            }
            Kind::PriceCut { cap } => {
                let cut: Decimal = failing.iter().map(|failing| share(failing.short.min(cap.value()))).sum();
                (DueKind::PriceCut, self.node_month.map(|month| cents(month * cut)), None)
            }
            Kind::Replace { within_days } => {
                (DueKind::Replace, None, days_after(longest.since, *within_days))
            }
            Kind::Terminate { within_days } if longest.days > *within_days => {
                (DueKind::Terminate, None, days_after(longest.since, *within_days))
            }
            Kind::Terminate { .. } => return None,
        };
        let nodes = failing.iter().map(|failing| failing.node.to_owned()).collect();
        let count = u32::try_from(failing.len()).unwrap_or(u32::MAX);
        Some(Due { kind, of: clause.to_owned(), nodes, count, amount, on })
    }

    /// For each node and day, up to the cap.
    fn credit(&self, days: &[u32], per_day: &Quantity, cap: &Quantity) -> Option<Decimal> {
        let share = |days: u32| (Decimal::from(days) * share(per_day.value())).min(share(cap.value()));
        let shares: Decimal = days.iter().map(|days| share(*days)).sum();
        self.node_month.map(|month| cents(month * shares))
    }
}

fn days_after(since: Date, days: u32) -> Option<Day> {
    since.checked_add(jiff::Span::new().days(days)).ok().map(When)
}

/// One promised node that came late, or has not come.
struct Late {
    due: Date,
    days: u32,
    is_open: bool,
}

/// Accepted nodes, the earliest first, fill the places that the milestones promise in their order; so do nodes that came and of
/// which nobody has judged what was agreed, for which nothing is due before somebody has.
fn late(delivery: &Delivery, nodes: &[Node<'_>], today: Date) -> Vec<Late> {
    let unjudged = nodes.iter().filter(|node| node.is_unjudged()).filter_map(Node::since);
    let mut came: Vec<Date> = accepted(nodes).filter_map(Node::good_since).chain(unjudged).map(day).collect();
    came.sort();
    let mut came = came.into_iter();
    let mut late = Vec::new();
    let mut places = 0;
    for milestone in delivery.milestones() {
        let due = milestone.due.0;
        for _ in places..milestone.nodes.get() {
            let when = came.next();
            let days = days_between(due, when.unwrap_or(today));
            if days > 0 {
                late.push(Late { due, days, is_open: when.is_none() });
            }
        }
        places = milestone.nodes.get();
    }
    late
}

/// A node that does not meet a clause, and for how long.
struct Failing<'a> {
    node: &'a str,
    since: Date,
    days: u32,
    /// The share of the bound that is missing or too much, of the worst card.
    short: f64,
    is_waived: bool,
}

fn failing<'a>(node: &'a Node<'_>, clause: &str, today: Date) -> Option<Failing<'a>> {
    let decisive = node.decisive()?;
    let here: Vec<&Lacking> = decisive
        .musts()
        .map(|(_, lacking)| lacking)
        .filter(|lacking| lacking.clause == clause && lacking.verdict == Verdict::Fail)
        .collect();
    let is_waived = node.waives(here.first()?);
    // From the first report since the last that passed.
    let decided = node.reports.iter().rev().filter(|row| row.verdict != Verdict::Inconclusive);
    let first = decided.take_while(|row| row.verdict == Verdict::Fail).last().unwrap_or(&decisive);
    let short = here.iter().filter_map(|lacking| lacking.short).fold(0.0, f64::max);
    let since = day(first.started);
    Some(Failing { node: &node.name, since, days: days_between(since, today), short, is_waived })
}

/// A node with a card that does not meet what the fleet as a whole falls short of.
fn failing_fleet<'a>(node: &'a Node<'_>, over: &OverFleet, today: Date) -> Option<Failing<'a>> {
    if over.verdict != Verdict::Fail || over.severity != Severity::Must {
        return None;
    }
    let here: Vec<_> = over.failed.iter().filter(|card| card.node == node.name).collect();
    let decisive = node.decisive().filter(|_| !here.is_empty())?;
    let short = here.iter().filter_map(|card| card.short).fold(0.0, f64::max);
    let since = day(decisive.started);
    Some(Failing { node: &node.name, since, days: days_between(since, today), short, is_waived: over.waived })
}
