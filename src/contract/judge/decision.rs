//! Clauses on what is delivered: decided on an interval, at error rates that the device is promised.
//! Owns those rates; the interval itself is evidence's business.

use super::Judgement;
use super::counted::{self, Counted};
use super::gate::Seen;
use crate::contract::Contract;
use crate::contract::clause::{Bound, Clause, Figure, Rule, Side};
use crate::contract::finding::{Amount, Reason, Sampling, Verdict};
use crate::engine::bench::Cap;
use crate::evidence::metric::MetricName;
use crate::evidence::sequence::{Decision, Demand};
use crate::evidence::stats::Stat;
use crate::evidence::{Measurement, Value};
use crate::units::Unit;

/// The chance to reject a good device, and the chance to accept a bad one. Split evenly over its clauses.
const ERROR_RATE: f64 = 0.001;
/// The share of a bound that does not matter: whoever delivers less than the bound by so much is bad.
const WIDTH: f64 = 0.01;

/// The metric and the bound of a rule that is decided so.
fn bound_of(rule: &Rule) -> Option<(&MetricName, f64)> {
    let Rule::Bound(Bound { figure, side: Side::Least, quantity }) = rule else { return None };
    (figure.statistic == Some(Stat::Delivered)).then(|| (&figure.metric, quantity.value()))
}

impl Contract {
    /// What must be delivered, so that measuring may stop as soon as it is decided.
    pub fn demands(&self) -> Vec<Demand> {
        demands(&self.clauses).into_iter().flatten().collect()
    }
}

/// What each of these clauses demands; `None` where a clause is not decided so.
pub(super) fn demands(clauses: &[Clause]) -> Vec<Option<Demand>> {
    let count = clauses.iter().filter(|clause| bound_of(&clause.rule).is_some()).count();
    let error = ERROR_RATE / count.max(1) as f64;
    let demand = |clause: &Clause| {
        let (metric, bound) = bound_of(&clause.rule)?;
        Some(Demand { clause: clause.id.clone(), metric: metric.clone(), bound, width: WIDTH, error })
    };
    clauses.iter().map(demand).collect()
}

pub(super) fn judge(seen: &Seen<'_>, demand: &Demand, unit: Unit) -> Judgement {
    let amount = |value| Amount::Number { value, unit };
    let bound = Some(amount(demand.bound));
    let figure = Figure { metric: demand.metric.clone(), statistic: Some(Stat::Delivered) };
    let Counted { value, one_sided } = match counted::of(seen, &figure) {
        Ok(counted) => counted,
        Err(unusable) => return Judgement::undecided(unusable, bound),
    };
    // Where the metric stands twice and has the same figure, the worse counts.
    let measured = seen.device.measurements.iter().filter(|m| m.metric == demand.metric);
    let sample_ms = seen.evidence.run.sample_ms;
    let worst = measured
        .map(|m| decided(demand, m, sampling(m, sample_ms), amount))
        .max_by_key(|(verdict, _)| *verdict);
    let (verdict, because) = match (worst, one_sided) {
        (Some((Verdict::Fail, _)), Some((_, open))) => (Verdict::Inconclusive, open),
        (Some(decided), _) => decided,
        (None, _) => (Verdict::Inconclusive, Reason::NoFigure),
    };
    Judgement { verdict, observed: Some(amount(value)), bound, because }
}

/// Why the samples of `measured` are no more, where so much time was given to a case that decides nothing.
fn sampling(measured: &Measurement, sample_ms: Option<u64>) -> Sampling {
    let (Value::Timed(timed), Some(sample_ms)) = (&measured.value, sample_ms) else {
        return Sampling::Unknown;
    };
    let cap = Cap::deciding(sample_ms);
    let took_ns = timed.samples.iter().fold(0u64, |sum, sample| sum.saturating_add(sample.host_ns));
    if timed.samples.len() < cap.samples && took_ns < cap.ns { Sampling::Decided } else { Sampling::Cap }
}

fn decided(
    demand: &Demand,
    measured: &Measurement,
    sampling: Sampling,
    amount: impl Fn(f64) -> Amount,
) -> (Verdict, Reason) {
    let rates = measured.figures_by_each_clock();
    let samples = rates[0].len() as u64;
    let (interval, decision) = demand.decide(&rates);
    let Some(interval) = interval else {
        return (Verdict::Inconclusive, Reason::TooFewSamples { samples });
    };
    let (low, high) = (amount(interval.low), amount(interval.high));
    match decision {
        Decision::Pass => (Verdict::Pass, Reason::DeliveredEnough { low, high, samples, sampling }),
        Decision::Fail => (Verdict::Fail, Reason::DeliveredTooLittle { low, high, samples, sampling }),
        Decision::Undecided => (Verdict::Inconclusive, Reason::DeliveredOpen { low, high, samples }),
    }
}
