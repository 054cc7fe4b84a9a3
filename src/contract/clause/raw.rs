//! A clause as it is written in a file: flat keys, of which a rule is made, or what is wrong with them.
//! Owns the keys and what may stand together.

use serde::{Deserialize, Serialize};

use super::super::quantity::{Quantity, Written};
use super::super::slip::{Slip, Wrong};
use super::{Accept, Bound, Clause, Figure, Flag, Rule, Scope, Severity, Side, fits};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::stats::Stat;
use crate::units::Unit;

/// A clause as it stands in a file. Flat, because tagged and flattened enums lose the position of errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    rename = "Clause",
    description = "One demand: either metric with at_least, at_most or equals, or never."
)]
pub struct RawClause {
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
    /// With scope "fleet": the share of all cards that must meet it, such as "99 %".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quorum: Option<String>,
    /// The uncertainty of the figure, as a share of the bound, such as "1 %": so near the bound the clause is inconclusive, on either
    /// side (guarded acceptance and rejection, as in ISO 14253-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accept: Option<Accept>,
}

/// Who says nothing means it.
fn must() -> Severity {
    Severity::Must
}

/// Ids that judging itself uses.
const RESERVED: [&str; 6] = ["inventory.", "identity.", "run.", "fleet.", "software.", "proof."];

/// The clause that is written, the `nth` of its contract.
pub(super) fn check((nth, raw): (usize, RawClause)) -> Result<Clause, Slip> {
    check_id(&raw.id).map_err(|why| Slip::Id { nth, why })?;
    let id = raw.id.clone();
    sensible(raw).map_err(|wrong| Slip::Clause { nth, id, wrong })
}

fn sensible(raw: RawClause) -> Result<Clause, Wrong> {
    let rule = rule(&raw)?;
    fits::scope(&rule, raw.scope)?;
    let quorum = raw.quorum.as_deref().map(|text| share("quorum", text, "99 %")).transpose()?;
    fits::quorum(&rule, raw.scope, quorum.is_some())?;
    let guard = raw.guard.as_deref().map(|text| guard(text, &rule)).transpose()?;
    Ok(Clause {
        id: raw.id,
        title: raw.title,
        severity: raw.severity,
        rule,
        scope: raw.scope,
        quorum,
        guard,
        accept: raw.accept,
    })
}

fn share(key: &'static str, text: &str, example: &str) -> Result<Quantity, Wrong> {
    Quantity::parse_part(key, text, example).map_err(|why| Wrong::with(key, why))
}

fn guard(text: &str, rule: &Rule) -> Result<Quantity, Wrong> {
    let guard = share("guard", text, "1 %")?;
    let why = match rule {
        Rule::Bound(bound) if bound.figure.statistic == Some(Stat::Delivered) => {
            "statistic \"delivered\" has an interval of its own; remove guard"
        }
        Rule::Bound(_) if guard.value() < 1.0 => return Ok(guard),
        Rule::Bound(_) => "a guard of 100 % decides nothing; write for example guard = \"1 %\"",
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => {
            "guard goes with at_least or at_most and a quantity; remove it"
        }
    };
    Err(Wrong::with("guard", why.to_owned()))
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
fn rule(raw: &RawClause) -> Result<Rule, Wrong> {
    let given: Vec<&'static str> = [
        ("at_least", raw.at_least.is_some()),
        ("at_most", raw.at_most.is_some()),
        ("equals", raw.equals.is_some()),
        ("never", raw.never.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, given)| given.then_some(key))
    .collect();
    if let [first, _, ..] = given[..] {
        let why = format!("{} cannot stand together; write one clause for each", given.join(" and "));
        return Err(Wrong::with(first, why));
    }
    if let Some(flag) = raw.never {
        return Ok(never(raw, flag)?);
    }
    let metric =
        raw.metric.clone().ok_or("a metric is missing; write for example metric = \"stream.triad.rate\"")?;
    if let Some(to) = &raw.ratio_to {
        return Ok(ratio(raw, metric, to.clone())?);
    }
    if let Some(equals) = &raw.equals {
        return Ok(self::equals(raw, metric, equals)?);
    }
    let (side, written) = match (&raw.at_least, &raw.at_most) {
        (Some(written), _) => (Side::Least, written),
        (None, Some(written)) => (Side::Most, written),
        (None, None) => return Err("nothing is demanded; write at_least, at_most, equals or never".into()),
    };
    let key = side.key();
    let quantity = quantity(key, written, unit_of(&metric)?).map_err(|why| Wrong::with(key, why))?;
    let figure = figure(metric, raw.statistic)?;
    not_the_better_half(&figure, side)?;
    if side == Side::Least && quantity.share().map_or(quantity.value(), |share| share.share) == 0.0 {
        return Err(Wrong::with(key, "at_least 0 demands nothing; write what is owed".to_owned()));
    }
    Ok(Rule::Bound(Bound { figure, side, quantity }))
}

fn quantity(key: &str, written: &Written, unit: Unit) -> Result<Quantity, String> {
    match written {
        Written::Text(text) => Quantity::parse_bound(unit, text).map_err(|e| format!("{key}: {e}")),
        // What is counted has no unit.
        Written::Number(_) if unit != Unit::Count => {
            Err(format!("{key} needs a unit; write for example {key} = {:?}", unit.example()))
        }
        Written::Number(number) => {
            let whole = whole(*number)
                .ok_or_else(|| format!("{key} needs a whole number; write for example {key} = 0"))?;
            Quantity::parse(unit, &whole).map_err(|e| format!("{key}: {e}"))
        }
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
            let figure = figure(metric, raw.statistic)?;
            not_the_better_half(&figure, Side::Least)?;
            Ok(Rule::Ratio { figure, to, at_least })
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
        (Kind::Number(Unit::Count), written) => {
            let count = match written {
                Written::Text(text) => text.parse::<u64>().ok().map(|_| text.clone()),
                Written::Number(number) => whole(*number),
            };
            count.ok_or("equals needs a whole number; write equals = 0")?
        }
        (Kind::Number(_), _) => {
            return Err(format!("{metric} is measured, so no two runs are equal; use at_least or at_most"));
        }
    };
    Ok(Rule::Equals { metric, value })
}

/// A count as a text.
fn whole(number: f64) -> Option<String> {
    (number >= 0.0 && number.fract() == 0.0).then(|| number.to_string())
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

/// The better half of the samples shows nothing of the others, and of few samples its percentiles are the best one alone.
fn not_the_better_half(figure: &Figure, side: Side) -> Result<(), String> {
    if figure.metric.better() != Some(side.better()) {
        return Ok(());
    }
    let (better, instead) = match side {
        Side::Least => ([Stat::P95, Stat::P99, Stat::Max], Stat::P5),
        Side::Most => ([Stat::P5, Stat::P1, Stat::Min], Stat::P95),
    };
    let Some(chosen) = figure.statistic.filter(|statistic| better.contains(statistic)) else { return Ok(()) };
    Err(format!(
        "statistic {:?} counts the best samples alone, which show nothing of all others; write for example statistic = {:?}",
        chosen.name(),
        instead.name()
    ))
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
            quorum: clause.quorum.map(String::from),
            guard: clause.guard.map(String::from),
            accept: clause.accept,
        };
        let mut of = |figure: Figure| (raw.metric, raw.statistic) = (Some(figure.metric), figure.statistic);
        match clause.rule {
            Rule::Bound(Bound { figure, side, quantity }) => {
                of(figure);
                let written = Some(Written::Text(quantity.into()));
                match side {
                    Side::Least => raw.at_least = written,
                    Side::Most => raw.at_most = written,
                }
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
