//! What is owed beside clauses: nodes by dates, a price, what follows where something falls short, what does not count.
//! Owns what makes each of these sensible on its own; what they lack together is the lint's business.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::money::Money;
use super::quantity::Quantity;
use super::when::{Day, Moment};
use crate::device::op::Precision;
use crate::evidence::metric::{self, MetricName};

/// More than anybody lets. Each that is late is told, so that a slip would take all memory.
const NODES_MAX: u32 = 1_000_000;

/// So many nodes by a date, those of earlier dates included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// The last day on which the nodes are still in time, such as `2027-01-31`, by the calendar in UTC.
    pub due: Day,
    pub nodes: NonZeroU32,
}

/// Milestones in order: later ones promise more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<Milestone>", into = "Vec<Milestone>")]
#[schemars(!try_from, !into)]
pub struct Delivery(Vec<Milestone>);

impl Delivery {
    pub fn milestones(&self) -> &[Milestone] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nodes that are owed in all.
    pub fn nodes(&self) -> Option<NonZeroU32> {
        self.0.last().map(|last| last.nodes)
    }
}

impl TryFrom<Vec<Milestone>> for Delivery {
    type Error = String;

    fn try_from(milestones: Vec<Milestone>) -> Result<Self, String> {
        if let Some(Milestone { nodes, .. }) = milestones.iter().find(|of| of.nodes.get() > NODES_MAX) {
            return Err(format!("delivery: {nodes} nodes; {NODES_MAX} at most are counted, is it a slip?"));
        }
        let disordered =
            milestones.windows(2).find(|pair| pair[0].due >= pair[1].due || pair[0].nodes >= pair[1].nodes);
        match disordered.map(|pair| (&pair[0], &pair[1])) {
            Some((first, next)) => Err(format!(
                "delivery: {} nodes by {} after {} nodes by {}; nodes counts all that are owed by a date, so write later dates with \
                 more nodes",
                next.nodes, next.due, first.nodes, first.due
            )),
            None => Ok(Self(milestones)),
        }
    }
}

impl From<Delivery> for Vec<Milestone> {
    fn from(delivery: Delivery) -> Self {
        delivery.0
    }
}

/// What is paid for what is delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Such as `2.40 USD`.
    pub amount: Money,
    pub per: Per,
    /// What one PFLOPS is, where the price is for so many ("P").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pflops: Option<Pflops>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    DeviceHour,
    DeviceMonth,
    NodeHour,
    NodeMonth,
    PflopsHour,
    PflopsMonth,
    /// One sum for everything.
    InAll,
}

impl Per {
    /// Whether it is paid by compute, not by pieces.
    pub fn is_compute(self) -> bool {
        match self {
            Per::PflopsHour | Per::PflopsMonth => true,
            Per::DeviceHour | Per::DeviceMonth | Per::NodeHour | Per::NodeMonth | Per::InAll => false,
        }
    }
}

/// 10^15 operations a second, of what kind and by whose word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pflops {
    pub precision: Precision,
    pub figure: PflopsFigure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PflopsFigure {
    /// The datasheet's dense peak.
    NominalDense,
    /// The datasheet's peak for matrices of which half is zero: twice the dense one, and reached by no dense product.
    NominalSparse,
    /// The median of `gemm.<precision>.rate`.
    Measured,
}

/// What follows where a clause is not met, or nodes are late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "RawRemedy", into = "RawRemedy")]
#[schemars(!try_from, !into, with = "RawRemedy")]
pub struct Remedy {
    /// Ids of clauses or of what the inventory demands, or [`DELIVERY`]. Of those that a node does not meet the worst counts.
    pub of: Vec<String>,
    pub kind: Kind,
    /// Within so many days it must be claimed: see [`Due::claim_by`](crate::fleet::money::Due::claim_by).
    pub claim_days: Option<u32>,
}

/// In [`Remedy::of`]: nodes that a milestone promised and that are not there.
pub const DELIVERY: &str = "delivery";

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// For each day and each node concerned, this share of its price for a month is credited, up to `cap` of that price.
    Credit { per_day: Quantity, cap: Quantity },
    /// The node's price falls by the share by which the figure falls short, up to `cap`. What no figure tells, a wrong result or what must
    /// equal or never be, is `cap`.
    PriceCut { cap: Quantity },
    /// The node is replaced within so many days.
    Replace { within_days: u32 },
    /// The tenant may end the lease if it is not put right within so many days.
    Terminate { within_days: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum KindName {
    Credit,
    PriceCut,
    Replace,
    Terminate,
}

/// A remedy as it stands in a file. Flat, because tagged and flattened enums lose the position of errors.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Remedy", description = "What follows where a clause is not met, or nodes are late.")]
struct RawRemedy {
    /// Ids of clauses, "inventory.devices", "inventory.sku" or "inventory.memory" where the inventory names them, or "delivery". Of those that
    /// a node does not meet the worst counts for it, not the sum.
    #[schemars(length(min = 1))]
    of: Vec<String>,
    /// credit: for each day and node concerned, from the first report in which it failed in the clause to the next that met it, per_day of the
    /// node's price for a month, up to cap. price_cut: the node's price falls by the share by which its worst card misses the bound, up to
    /// cap; what no figure tells (a wrong result, what must equal or never be) is the whole cap. All price cuts of a node together are at most
    /// its price. replace: the node is replaced within_days. terminate: the tenant may end the lease where it is not put right within_days.
    kind: KindName,
    /// A share, such as "1 %".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per_day: Option<String>,
    /// A share, such as "30 %".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    within_days: Option<u32>,
    /// Within so many days it must be claimed: after the day on which the days of a credit ended, or the day of counting while they go on;
    /// after the first report that failed for price_cut and replace; after the day since which the lease may be ended for terminate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim_days: Option<u32>,
}

impl TryFrom<RawRemedy> for Remedy {
    type Error = String;

    fn try_from(raw: RawRemedy) -> Result<Self, String> {
        if raw.of.is_empty() {
            return Err(format!("a remedy of nothing; write of = [{DELIVERY:?}] or the ids of clauses"));
        }
        let RawRemedy { of, kind, per_day, cap, within_days, claim_days } = raw;
        let share = |key: &str, text: Option<String>, example: &str| {
            let text = text
                .ok_or_else(|| format!("this remedy needs {key}; write for example {key} = {example:?}"))?;
            Quantity::parse_part(key, &text, example)
        };
        let days = |days: Option<u32>| {
            days.ok_or_else(|| "this remedy needs within_days; write for example within_days = 5".to_owned())
        };
        let superfluous = match kind {
            KindName::Credit => within_days.map(|_| "within_days"),
            KindName::PriceCut => within_days.map(|_| "within_days").or(per_day.as_ref().map(|_| "per_day")),
            KindName::Replace | KindName::Terminate => {
                per_day.as_ref().map(|_| "per_day").or(cap.as_ref().map(|_| "cap"))
            }
        };
        if let Some(key) = superfluous {
            return Err(format!("{key} means nothing for this kind of remedy; remove it"));
        }
        let kind = match kind {
            KindName::Credit => {
                Kind::Credit { per_day: share("per_day", per_day, "1 %")?, cap: share("cap", cap, "30 %")? }
            }
            KindName::PriceCut => Kind::PriceCut { cap: share("cap", cap, "30 %")? },
            KindName::Replace => Kind::Replace { within_days: days(within_days)? },
            KindName::Terminate => Kind::Terminate { within_days: days(within_days)? },
        };
        Ok(Self { of, kind, claim_days })
    }
}

impl From<Remedy> for RawRemedy {
    fn from(remedy: Remedy) -> Self {
        let Remedy { of, kind, claim_days } = remedy;
        let text = |share: Quantity| Some(String::from(share));
        let (kind, per_day, cap, within_days) = match kind {
            Kind::Credit { per_day, cap } => (KindName::Credit, text(per_day), text(cap), None),
            Kind::PriceCut { cap } => (KindName::PriceCut, None, text(cap), None),
            Kind::Replace { within_days } => (KindName::Replace, None, None, Some(within_days)),
            Kind::Terminate { within_days } => (KindName::Terminate, None, None, Some(within_days)),
        };
        Self { of, kind, per_day, cap, within_days, claim_days }
    }
}

/// A time that does not count, for either side: each 24 hours of it make a delay a day shorter and a term a day longer, and reports that
/// began in it count only where they pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    pub from: Moment,
    pub until: Moment,
    /// Such as `announced maintenance`.
    pub reason: String,
}

/// A signed run of a good card or node, kept by the parties, of which bounds may be shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// SHA-256 of the report's file.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// Medians that it reached, by metric, such as `"gemm.bf16.rate" = "700 TFLOP/s"`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub figures: Figures,
}

/// Quantities by metric, each in its metric's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<MetricName, String>", into = "BTreeMap<MetricName, String>")]
pub struct Figures(BTreeMap<MetricName, Quantity>);

impl Figures {
    pub fn get(&self, metric: &MetricName) -> Option<&Quantity> {
        self.0.get(metric)
    }
}

impl TryFrom<BTreeMap<MetricName, String>> for Figures {
    type Error = String;

    fn try_from(texts: BTreeMap<MetricName, String>) -> Result<Self, String> {
        let read = |(metric, text): (MetricName, String)| {
            let metric::Kind::Number(unit) = metric.kind() else {
                return Err(format!("{metric} is a text, of which there are no shares"));
            };
            let quantity = Quantity::parse(unit, &text).map_err(|e| format!("{metric}: {e}"))?;
            Ok((metric, quantity))
        };
        texts.into_iter().map(read).collect::<Result<_, String>>().map(Self)
    }
}

impl From<Figures> for BTreeMap<MetricName, String> {
    fn from(figures: Figures) -> Self {
        figures.0.into_iter().map(|(metric, quantity)| (metric, quantity.into())).collect()
    }
}
