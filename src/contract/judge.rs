//! Judges evidence against a contract. Pure: no clock, no files, no chance.
//! Owns the order of findings; what makes a figure count is the gate's business.

use super::clause::{Accept, Clause, Figure, Rule, Scope};
use super::finding::{Amount, Finding, Reason, Subject, Verdict};
use super::gate::{self, Seen};
use super::{Contract, decision, inventory, telemetry};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::sequence::Demand;
use crate::evidence::{DeviceEvidence, Evidence};
use crate::units::Unit;

/// One demand judged on one subject, before it is said whose demand it was.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgement {
    pub verdict: Verdict,
    pub observed: Option<Amount>,
    pub bound: Option<Amount>,
    pub because: Reason,
}

impl Judgement {
    pub(super) fn compare(holds: bool, observed: Amount, bound: Amount) -> Self {
        let (verdict, because) =
            if holds { (Verdict::Pass, Reason::Met) } else { (Verdict::Fail, Reason::NotMet) };
        Self { verdict, observed: Some(observed), bound: Some(bound), because }
    }

    pub(super) fn undecided(unusable: gate::Unusable, bound: Option<Amount>) -> Self {
        Self { verdict: unusable.verdict, observed: unusable.observed, bound, because: unusable.because }
    }

    pub(super) fn about(self, clause: &str, severity: super::Severity, subject: Subject) -> Finding {
        let Self { verdict, observed, bound, because } = self;
        Finding { clause: clause.to_owned(), severity, subject, verdict, observed, bound, because }
    }
}

/// All findings: what sources disagree on, what the inventory demands, then clause by clause in the contract's order.
pub fn judge(contract: &Contract, evidence: &Evidence) -> Vec<Finding> {
    let mut findings = inventory::conflicts(evidence);
    findings.extend(inventory::judge(contract, evidence));
    for (clause, demand) in contract.clauses.iter().zip(decision::demands(&contract.clauses)) {
        let accept = clause.accept.as_ref().unwrap_or(&contract.accept);
        judge_clause(clause, demand.as_ref(), accept, evidence, &mut findings);
    }
    findings
}

fn judge_clause(
    clause: &Clause,
    demand: Option<&Demand>,
    accept: &Accept,
    evidence: &Evidence,
    findings: &mut Vec<Finding>,
) {
    let mut say = |subject, judgement: Judgement| {
        findings.push(judgement.about(&clause.id, clause.severity, subject));
    };
    if evidence.devices.is_empty() {
        return say(Subject::Node, Judgement::undecided(gate::Unusable::open(Reason::NoDevice), None));
    }
    let each = evidence.devices.iter().map(|device| {
        let seen = Seen { evidence, device, accept };
        match (&clause.rule, demand) {
            (Rule::AtLeast { bound, .. }, Some(demand)) => decision::judge(&seen, demand, bound.unit()),
            (rule, _) => judge_device(rule, &seen),
        }
    });
    match clause.scope {
        Scope::EveryDevice => {
            for ((subject, _), judgement) in subjects(evidence).zip(each) {
                say(subject, judgement);
            }
        }
        Scope::AnyDevice => {
            // The best device decides; the first of equals, so that the order of findings is stable.
            if let Some(((subject, _), best)) =
                subjects(evidence).zip(each).min_by_key(|(_, judgement)| judgement.verdict)
            {
                say(subject, best);
            }
        }
        Scope::Node => say(Subject::Node, judge_node(&clause.rule, evidence, accept)),
    }
}

pub(super) fn subjects(evidence: &Evidence) -> impl Iterator<Item = (Subject, &DeviceEvidence)> {
    (0u32..)
        .zip(&evidence.devices)
        .map(|(index, device)| (Subject::Device { index, selector: device.selector.clone() }, device))
}

pub(super) fn judge_device(rule: &Rule, seen: &Seen<'_>) -> Judgement {
    match rule {
        Rule::AtLeast { figure, bound } => {
            bounded(gate::figure(seen, figure), bound.value(), bound.unit(), Side::Least)
        }
        Rule::AtMost { figure, bound } => {
            bounded(gate::figure(seen, figure), bound.value(), bound.unit(), Side::Most)
        }
        Rule::Ratio { figure, to, at_least } => ratio(seen, figure, to, *at_least),
        Rule::Equals { metric, value } => equals(seen, metric, value),
        Rule::Never { flag } => telemetry::never(seen, *flag),
    }
}

#[derive(Clone, Copy)]
enum Side {
    Least,
    Most,
}

fn bounded(figure: Result<f64, gate::Unusable>, bound: f64, unit: Unit, side: Side) -> Judgement {
    let amount = |value| Amount::Number { value, unit };
    let figure = match (figure, side) {
        // What is at least this much is enough where at least so much is demanded.
        (
            Err(gate::Unusable {
                observed: Some(Amount::Number { value, .. }),
                because: Reason::OnlyALowerBound { .. },
                ..
            }),
            Side::Least,
        ) if value >= bound => Ok(value),
        (figure, _) => figure,
    };
    match figure {
        Ok(value) => {
            let holds = match side {
                Side::Least => value >= bound,
                Side::Most => value <= bound,
            };
            Judgement::compare(holds, amount(value), amount(bound))
        }
        Err(unusable) => Judgement::undecided(unusable, Some(amount(bound))),
    }
}

/// The sum over all devices. One device that does not count leaves the sum undecided, the worst of them says why.
fn judge_node(rule: &Rule, evidence: &Evidence, accept: &Accept) -> Judgement {
    let (figure, bound, side) = match rule {
        Rule::AtLeast { figure, bound } => (figure, bound, Side::Least),
        Rule::AtMost { figure, bound } => (figure, bound, Side::Most),
        // The contract's reader refuses these; a hand-made contract finds nothing either.
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => {
            return Judgement::undecided(gate::Unusable::open(Reason::NoFigure), None);
        }
    };
    let figures = evidence.devices.iter().map(|device| {
        // What one device has at least says nothing about the sum while another is undecided.
        gate::figure(&Seen { evidence, device, accept }, figure)
            .map_err(|unusable| gate::Unusable { observed: None, ..unusable })
    });
    let mut sum: Result<f64, gate::Unusable> = Ok(0.0);
    for figure in figures {
        sum = match (sum, figure) {
            (Ok(sum), Ok(value)) => Ok(sum + value),
            (Err(first), Err(other)) if other.verdict > first.verdict => Err(other),
            (Err(first), _) => Err(first),
            (Ok(_), Err(other)) => Err(other),
        };
    }
    bounded(sum, bound.value(), bound.unit(), side)
}

fn ratio(seen: &Seen<'_>, figure: &Figure, to: &MetricName, at_least: f64) -> Judgement {
    let base = Figure { metric: to.clone(), statistic: figure.statistic };
    let both = gate::figure(seen, figure).and_then(|of| Ok((of, gate::figure(seen, &base)?)));
    let bound = Amount::Ratio { value: at_least };
    match both {
        Ok((of, to)) if to > 0.0 && (of / to).is_finite() => {
            Judgement::compare(of / to >= at_least, Amount::Ratio { value: of / to }, bound)
        }
        Ok(_) => Judgement::undecided(gate::Unusable::open(Reason::NoFigure), Some(bound)),
        Err(unusable) => Judgement::undecided(unusable, Some(bound)),
    }
}

fn equals(seen: &Seen<'_>, metric: &MetricName, value: &str) -> Judgement {
    let text = |value: &str| Amount::Text { value: value.to_owned() };
    let observed = match metric.kind() {
        Kind::Fact => gate::fact(seen, metric).map(|fact| (fact == value, text(fact))),
        Kind::Number(unit) => {
            let figure = Figure { metric: metric.clone(), statistic: None };
            gate::figure(seen, &figure).map(|count| {
                (
                    value.parse::<f64>().is_ok_and(|wanted| wanted == count),
                    Amount::Number { value: count, unit },
                )
            })
        }
    };
    match observed {
        Ok((holds, observed)) => Judgement::compare(holds, observed, text(value)),
        Err(unusable) => Judgement::undecided(unusable, Some(text(value))),
    }
}
