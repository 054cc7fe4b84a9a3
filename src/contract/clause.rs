//! One demand of a contract: its rule, and how it is written in a file.
//! Owns what makes a clause sensible; must not know evidence.
//!
//! To add a kind of demand: a variant of [`Rule`], its keys in `clause/raw.rs`, what may stand beside them in `clause/fits.rs`, its verdict in `judge/mod.rs`
//! (a new condition of telemetry is a [`Flag`], and `judge/telemetry.rs` says which readings show it), and its sentence in
//! `src/output/html/clauses.rs` and both `src/language/*.ftl`; the compiler names what else must know it. `ASSAY_BLESS=1 cargo test --test
//! it -- schemas::` writes the schema. `tests/it/vectors.rs` has contracts named after their defect, `tests/it/judging.rs` verdicts and
//! their reasons, and a row of `tests/it/faults/matrix.rs` must show that the demand fails where it should.

mod fits;
mod raw;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::quantity::Quantity;
use super::slip::Slip;
use crate::device::ProvenanceKind;
use crate::evidence::metric::{Better, MetricName};
use crate::evidence::stats::Stat;
use crate::telemetry::Throttle;
use raw::RawClause;

/// One demand.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "RawClause")]
pub struct Clause {
    pub id: String,
    pub title: Option<String>,
    pub severity: Severity,
    pub rule: Rule,
    pub scope: Scope,
    /// The share of cards that must meet it, where it is decided over the fleet.
    pub quorum: Option<Quantity>,
    /// So near the bound, as a share of it, nothing is decided.
    pub guard: Option<Quantity>,
    /// Overrides the contract's own.
    pub accept: Option<Accept>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    Bound(Bound),
    /// The figure of one metric as a share of another's, both by the same statistic.
    Ratio {
        figure: Figure,
        to: MetricName,
        at_least: f64,
    },
    Equals {
        metric: MetricName,
        value: String,
    },
    Never {
        flag: Flag,
    },
}

/// `at_least` or `at_most`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub figure: Figure,
    pub side: Side,
    pub quantity: Quantity,
}

/// On which side of a bound a figure must lie, or on the bound itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Least,
    Most,
}

impl Side {
    /// As contracts write it.
    pub fn key(self) -> &'static str {
        match self {
            Side::Least => "at_least",
            Side::Most => "at_most",
        }
    }

    /// Of what such a bound makes sense.
    pub fn better(self) -> Better {
        match self {
            Side::Least => Better::More,
            Side::Most => Better::Less,
        }
    }
}

/// Which number of a metric is judged. Counted metrics are one number and have no statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub metric: MetricName,
    pub statistic: Option<Stat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Decides the verdict.
    Must,
    /// Reported, does not decide.
    Should,
    /// Reported only.
    Info,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Must => "must",
            Severity::Should => "should",
            Severity::Info => "info",
        }
    }
}

/// On what a clause must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    EveryDevice,
    AnyDevice,
    /// The sum over all devices.
    Node,
    /// A share of all cards of all nodes, the quorum: `assay fleet` decides it, no single node.
    Fleet,
}

/// Conditions that telemetry must never show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Flag {
    #[serde(rename = "throttle.thermal")]
    ThrottleThermal,
    #[serde(rename = "throttle.power")]
    ThrottlePower,
    #[serde(rename = "throttle.brake")]
    ThrottleBrake,
    #[serde(rename = "ecc.uncorrected")]
    EccUncorrected,
    #[serde(rename = "xid")]
    Xid,
}

impl Flag {
    pub const ALL: [Flag; 5] =
        [Flag::ThrottleThermal, Flag::ThrottlePower, Flag::ThrottleBrake, Flag::EccUncorrected, Flag::Xid];

    pub fn name(self) -> &'static str {
        match self {
            Flag::ThrottleThermal => "throttle.thermal",
            Flag::ThrottlePower => "throttle.power",
            Flag::ThrottleBrake => "throttle.brake",
            Flag::EccUncorrected => "ecc.uncorrected",
            Flag::Xid => "xid",
        }
    }

    pub fn throttle(self) -> Option<Throttle> {
        match self {
            Flag::ThrottleThermal => Some(Throttle::Thermal),
            Flag::ThrottlePower => Some(Throttle::Power),
            Flag::ThrottleBrake => Some(Throttle::Brake),
            Flag::EccUncorrected | Flag::Xid => None,
        }
    }
}

/// Kinds of provenance that count. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<ProvenanceKind>", into = "Vec<ProvenanceKind>")]
#[schemars(!try_from, !into)]
pub struct Accept(#[schemars(length(min = 1))] Vec<ProvenanceKind>);

impl Accept {
    /// Wherever evidence comes from.
    pub(super) fn all() -> Self {
        Self(ProvenanceKind::ALL.to_vec())
    }

    pub fn takes(&self, kind: ProvenanceKind) -> bool {
        self.0.contains(&kind)
    }

    pub fn kinds(&self) -> &[ProvenanceKind] {
        &self.0
    }
}

/// What a contract that says nothing accepts. Not a verdict: it is the strictest choice there is.
impl Default for Accept {
    fn default() -> Self {
        Self(vec![ProvenanceKind::Hardware])
    }
}

impl TryFrom<Vec<ProvenanceKind>> for Accept {
    type Error = &'static str;

    fn try_from(kinds: Vec<ProvenanceKind>) -> Result<Self, Self::Error> {
        if kinds.is_empty() {
            Err("accept is empty, so nothing could ever pass; write accept = [\"hardware\"]")
        } else {
            Ok(Self(kinds))
        }
    }
}

impl From<Accept> for Vec<ProvenanceKind> {
    fn from(accept: Accept) -> Self {
        accept.0
    }
}

/// The clauses of a contract: at least one `must`, every id once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<RawClause>", into = "Vec<Clause>")]
pub struct Clauses {
    /// As they were read, until [`Clauses::check`] has made clauses of them: only there a mistake can say which clause it is in.
    written: Vec<RawClause>,
    checked: Vec<Clause>,
}

impl Clauses {
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Clause> {
        self.checked.iter_mut()
    }

    pub(super) fn check(&mut self) -> Result<(), Slip> {
        let written = std::mem::take(&mut self.written);
        self.checked = written.into_iter().enumerate().map(raw::check).collect::<Result<_, Slip>>()?;
        let mut seen = BTreeSet::new();
        if let Some(nth) = self.checked.iter().position(|clause| !seen.insert(&clause.id)) {
            return Err(Slip::Twice { nth, id: self.checked[nth].id.clone() });
        }
        if self.checked.is_empty() {
            return Err(Slip::NoClause);
        }
        let is_must = |clause: &Clause| clause.severity == Severity::Must && clause.scope != Scope::Fleet;
        if self.checked.iter().any(is_must) { Ok(()) } else { Err(Slip::NoMust) }
    }
}

impl std::ops::Deref for Clauses {
    type Target = [Clause];

    fn deref(&self) -> &[Clause] {
        &self.checked
    }
}

impl From<Vec<RawClause>> for Clauses {
    fn from(written: Vec<RawClause>) -> Self {
        Self { written, checked: Vec::new() }
    }
}

impl From<Clauses> for Vec<Clause> {
    fn from(clauses: Clauses) -> Self {
        clauses.checked
    }
}

impl schemars::JsonSchema for Clauses {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Clauses".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The clauses of a contract: at least one `must`, every id once.",
            "type": "array",
            "items": generator.subschema_for::<RawClause>(),
            "minItems": 1
        })
    }
}

impl Rule {
    /// The metrics that it reads.
    pub fn metrics(&self) -> Vec<&MetricName> {
        match self {
            Rule::Bound(bound) => vec![&bound.figure.metric],
            Rule::Ratio { figure, to, .. } => vec![&figure.metric, to],
            Rule::Equals { metric, .. } => vec![metric],
            Rule::Never { .. } => Vec::new(),
        }
    }

    /// Whether it is about what is measured between devices.
    pub fn lies_between_devices(&self) -> bool {
        self.metrics().into_iter().any(MetricName::lies_between_devices)
    }

    pub fn compares_devices(&self) -> bool {
        self.metrics().into_iter().any(MetricName::compares_devices)
    }

    /// Of what so much is demanded at least.
    pub fn owed(&self) -> Option<(&MetricName, &Quantity)> {
        let Rule::Bound(Bound { figure, side: Side::Least, quantity }) = self else { return None };
        Some((&figure.metric, quantity))
    }
}
