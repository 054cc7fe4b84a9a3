//! One demand of a contract: its rule, and how it is written in a file.
//! Owns what makes a clause sensible; must not know evidence.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::decision;
use super::nodes;
use super::peers;
use super::quantity::{Quantity, Written};
use crate::device::ProvenanceKind;
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::stats::Stat;
use crate::telemetry::Throttle;
use crate::units::Unit;

/// One demand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawClause", into = "RawClause")]
pub struct Clause {
    pub id: String,
    pub title: Option<String>,
    pub severity: Severity,
    pub rule: Rule,
    pub scope: Scope,
    /// Overrides the contract's own.
    pub accept: Option<Accept>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    AtLeast {
        figure: Figure,
        bound: Quantity,
    },
    AtMost {
        figure: Figure,
        bound: Quantity,
    },
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<Clause>", into = "Vec<Clause>")]
#[schemars(!try_from, !into)]
pub struct Clauses(#[schemars(with = "Vec<RawClause>", length(min = 1))] Vec<Clause>);

impl Clauses {
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Clause> {
        self.0.iter_mut()
    }
}

impl std::ops::Deref for Clauses {
    type Target = [Clause];

    fn deref(&self) -> &[Clause] {
        &self.0
    }
}

impl TryFrom<Vec<Clause>> for Clauses {
    type Error = String;

    fn try_from(clauses: Vec<Clause>) -> Result<Self, String> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = clauses.iter().find(|clause| !seen.insert(&clause.id)) {
            return Err(format!("two clauses have the id {:?}; give each its own", twice.id));
        }
        if clauses.is_empty() {
            return Err(
                "the contract has no clause; `assay contract new` writes some to start from".to_owned()
            );
        }
        if !clauses.iter().any(|clause| clause.severity == Severity::Must) {
            return Err("no clause is a must, so nothing could ever pass; write severity = \"must\" in one"
                .to_owned());
        }
        Ok(Self(clauses))
    }
}

impl From<Clauses> for Vec<Clause> {
    fn from(clauses: Clauses) -> Self {
        clauses.0
    }
}

/// A clause as it stands in a file. Flat, because tagged and flattened enums lose the position of errors.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    rename = "Clause",
    description = "One demand: either metric with at_least, at_most or equals, or never."
)]
pub(super) struct RawClause {
    /// Short and unique, such as `hbm-triad`.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,64}$"))]
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default = "must")]
    severity: Severity,
    /// What is measured, such as `stream.triad.rate`; `assay list --metrics` shows all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metric: Option<MetricName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_least: Option<Written>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_most: Option<Written>,
    /// The exact text of a fact, or a count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    equals: Option<Written>,
    /// With at_least as a plain number: the share of this other metric that must be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ratio_to: Option<MetricName>,
    /// A condition that must not occur; stands without a metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    never: Option<Flag>,
    /// Which figure of the samples counts. Needed for everything that is timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statistic: Option<Stat>,
    #[serde(default)]
    scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accept: Option<Accept>,
}

/// Who says nothing means it.
fn must() -> Severity {
    Severity::Must
}

/// Ids that judging itself uses.
const RESERVED: [&str; 4] = ["inventory.", "identity.", "run.", "fleet."];

impl TryFrom<RawClause> for Clause {
    type Error = String;

    fn try_from(raw: RawClause) -> Result<Self, String> {
        check_id(&raw.id)?;
        let id = raw.id.clone();
        let in_clause = |why: String| format!("clause {id:?}: {why}");
        let rule = rule(&raw).map_err(in_clause)?;
        check_scope(raw.scope, &rule).and_then(|()| peers::check(&rule, raw.scope)).map_err(in_clause)?;
        nodes::check(&rule, raw.scope).map_err(in_clause)?;
        decision::check(raw.scope, &rule).map_err(in_clause)?;
        Ok(Self {
            id: raw.id,
            title: raw.title,
            severity: raw.severity,
            rule,
            scope: raw.scope,
            accept: raw.accept,
        })
    }
}

fn check_id(id: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let shown: String = id.chars().take(80).collect();
    if id.is_empty() || id.len() > 64 || !id.chars().all(good) {
        return Err(format!("{shown:?} is not a clause id; write 1 to 64 letters, digits, '-', '_' or '.'"));
    }
    match RESERVED.iter().find(|prefix| id.starts_with(**prefix)) {
        Some(prefix) => {
            Err(format!("the id {shown:?} is taken: {prefix:?} begins the program's own findings"))
        }
        None => Ok(()),
    }
}

/// The rule that the keys of a clause spell, or what is wrong with them.
fn rule(raw: &RawClause) -> Result<Rule, String> {
    let given: Vec<&str> = [
        ("at_least", raw.at_least.is_some()),
        ("at_most", raw.at_most.is_some()),
        ("equals", raw.equals.is_some()),
        ("never", raw.never.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, given)| given.then_some(key))
    .collect();
    if given.len() > 1 {
        return Err(format!("{} cannot stand together; write one clause for each", given.join(" and ")));
    }
    if let Some(flag) = raw.never {
        return never(raw, flag);
    }
    let metric =
        raw.metric.clone().ok_or("a metric is missing; write for example metric = \"stream.triad.rate\"")?;
    if let Some(to) = &raw.ratio_to {
        return ratio(raw, metric, to.clone());
    }
    if let Some(equals) = &raw.equals {
        return self::equals(raw, metric, equals);
    }
    let (key, written) = match (&raw.at_least, &raw.at_most) {
        (Some(written), _) => ("at_least", written),
        (None, Some(written)) => ("at_most", written),
        (None, None) => {
            return Err("nothing is demanded; write at_least, at_most, equals or never".to_owned());
        }
    };
    let unit = unit_of(&metric)?;
    let Written::Text(text) = written else {
        return Err(format!("{key} needs a unit; write for example {key} = {:?}", unit.example()));
    };
    let bound = Quantity::parse_bound(unit, text).map_err(|e| format!("{key}: {e}"))?;
    let figure = figure(metric, raw.statistic)?;
    match key {
        "at_least" if bound.share().map_or(bound.value(), |share| share.share) == 0.0 => {
            Err("at_least 0 demands nothing; write what is owed".to_owned())
        }
        "at_least" => Ok(Rule::AtLeast { figure, bound }),
        _ => Ok(Rule::AtMost { figure, bound }),
    }
}

fn never(raw: &RawClause, flag: Flag) -> Result<Rule, String> {
    if raw.metric.is_some() || raw.ratio_to.is_some() || raw.statistic.is_some() {
        return Err("never stands alone, without metric, ratio_to and statistic; remove them".to_owned());
    }
    Ok(Rule::Never { flag })
}

fn ratio(raw: &RawClause, metric: MetricName, to: MetricName) -> Result<Rule, String> {
    let (unit, other) = (unit_of(&metric)?, unit_of(&to)?);
    if unit != other {
        return Err(format!(
            "{metric} is measured in {} and {to} in {}; a ratio needs the same unit on both sides",
            unit.symbol(),
            other.symbol()
        ));
    }
    if metric == to {
        return Err(format!("{metric} in ratio to itself is always 1; name another metric"));
    }
    match raw.at_least {
        Some(Written::Number(at_least)) if at_least > 0.0 => {
            Ok(Rule::Ratio { figure: figure(metric, raw.statistic)?, to, at_least })
        }
        _ => {
            Err("with ratio_to, at_least is a plain number above 0; write for example at_least = 0.9"
                .to_owned())
        }
    }
}

fn equals(raw: &RawClause, metric: MetricName, written: &Written) -> Result<Rule, String> {
    if raw.statistic.is_some() {
        return Err("equals compares one value; remove statistic".to_owned());
    }
    let value = match (metric.kind(), written) {
        (Kind::Fact, Written::Text(text)) => text.clone(),
        (Kind::Fact, Written::Number(number)) => {
            return Err(format!("{metric} is a text; write equals = \"{number}\""));
        }
        (Kind::Number(Unit::Count), Written::Number(number)) if *number >= 0.0 && number.fract() == 0.0 => {
            number.to_string()
        }
        (Kind::Number(Unit::Count), Written::Text(text)) if text.parse::<u64>().is_ok() => text.clone(),
        (Kind::Number(Unit::Count), _) => {
            return Err("equals needs a whole number; write equals = 0".to_owned());
        }
        (Kind::Number(_), _) => {
            return Err(format!("{metric} is measured, so no two runs are equal; use at_least or at_most"));
        }
    };
    Ok(Rule::Equals { metric, value })
}

fn unit_of(metric: &MetricName) -> Result<Unit, String> {
    match metric.kind() {
        Kind::Number(unit) => Ok(unit),
        Kind::Fact => Err(format!("{metric} is a text; use equals = \"...\"")),
    }
}

fn figure(metric: MetricName, statistic: Option<Stat>) -> Result<Figure, String> {
    unit_of(&metric)?;
    match (metric.is_sampled(), statistic) {
        (true, None) => {
            let names: Vec<&str> = Stat::ALL.iter().map(|stat| stat.name()).collect();
            Err(format!(
                "{metric} has many samples; say which figure counts, such as statistic = \"p50\" (one of {})",
                names.join(", ")
            ))
        }
        (false, Some(_)) => Err(format!("{metric} is one number; remove statistic")),
        (true, Some(_)) | (false, None) => Ok(Figure { metric, statistic }),
    }
}

fn check_scope(scope: Scope, rule: &Rule) -> Result<(), String> {
    let adds_up = match rule {
        Rule::AtLeast { bound, .. } | Rule::AtMost { bound, .. } => {
            !matches!(bound.unit(), Unit::Nanosecond | Unit::Share | Unit::JoulePerFlop | Unit::Kelvin)
        }
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => false,
    };
    match scope {
        Scope::Node if !adds_up => {
            Err("scope \"node\" adds up devices, and this does not add up; use \"every_device\"".to_owned())
        }
        Scope::Node | Scope::EveryDevice | Scope::AnyDevice => Ok(()),
    }
}

impl From<Clause> for RawClause {
    fn from(clause: Clause) -> Self {
        let mut raw = Self {
            id: clause.id,
            title: clause.title,
            severity: clause.severity,
            metric: None,
            at_least: None,
            at_most: None,
            equals: None,
            ratio_to: None,
            never: None,
            statistic: None,
            scope: clause.scope,
            accept: clause.accept,
        };
        let mut of = |figure: Figure| (raw.metric, raw.statistic) = (Some(figure.metric), figure.statistic);
        match clause.rule {
            Rule::AtLeast { figure, bound } => {
                of(figure);
                raw.at_least = Some(Written::Text(bound.into()));
            }
            Rule::AtMost { figure, bound } => {
                of(figure);
                raw.at_most = Some(Written::Text(bound.into()));
            }
            Rule::Ratio { figure, to, at_least } => {
                of(figure);
                raw.ratio_to = Some(to);
                raw.at_least = Some(Written::Number(at_least));
            }
            Rule::Equals { metric, value } => {
                raw.metric = Some(metric);
                raw.equals = Some(Written::Text(value));
            }
            Rule::Never { flag } => raw.never = Some(flag),
        }
        raw
    }
}

/// The metrics that a rule reads.
impl Rule {
    pub fn metrics(&self) -> Vec<&MetricName> {
        match self {
            Rule::AtLeast { figure, .. } | Rule::AtMost { figure, .. } => vec![&figure.metric],
            Rule::Ratio { figure, to, .. } => vec![&figure.metric, to],
            Rule::Equals { metric, .. } => vec![metric],
            Rule::Never { .. } => Vec::new(),
        }
    }
}
