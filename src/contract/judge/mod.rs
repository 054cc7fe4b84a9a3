//! Judges evidence against a contract. Pure: no clock, no files, no chance.
//! Owns the order of findings; what makes a figure count is the gate's business.

mod counted;
mod decision;
pub mod gate;
mod inventory;
pub mod nodes;
mod peers;
pub mod shown;
mod software;
mod sources;
mod telemetry;

pub use inventory::conflicts;

use super::clause::{Accept, Bound, Clause, Figure, Rule, Scope, Severity, Side};
use super::finding::{Amount, Finding, Reason, Subject, Verdict, id};
use super::proof::Proof;
use super::quantity::Quantity;
use super::{Contract, Freshness, Measured};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::sequence::Demand;
use crate::evidence::{DeviceEvidence, Evidence, Order};
use crate::units::Unit;
use counted::Counted;
use gate::Seen;

/// One demand judged on one subject, before it is said whose demand it was.
#[derive(Clone, Debug, PartialEq)]
struct Judgement {
    pub verdict: Verdict,
    pub observed: Option<Amount>,
    pub bound: Option<Amount>,
    pub because: Reason,
}

impl Judgement {
    fn compare(holds: bool, observed: Amount, bound: Amount) -> Self {
        let (verdict, because) =
            if holds { (Verdict::Pass, Reason::Met) } else { (Verdict::Fail, Reason::NotMet) };
        Self { verdict, observed: Some(observed), bound: Some(bound), because }
    }

    fn undecided(unusable: gate::Unusable, bound: Option<Amount>) -> Self {
        Self { verdict: unusable.verdict, observed: unusable.observed, bound, because: unusable.because }
    }

    /// What is not a pass hangs on these devices.
    fn on(self, devices: &[&DeviceEvidence], metric: Option<&str>) -> Self {
        match self.verdict {
            Verdict::Pass => self,
            Verdict::Inconclusive | Verdict::Fail => {
                Self { because: self.because.on(devices, metric), ..self }
            }
        }
    }

    fn about(self, clause: &str, severity: Severity, subject: Subject) -> Finding {
        let Self { verdict, observed, bound, because } = self;
        Finding { clause: clause.to_owned(), severity, subject, verdict, observed, bound, because }
    }
}

/// All findings: what sources disagree on, what the inventory demands, then clause by clause in the contract's order.
pub fn judge(contract: &Contract, evidence: &Evidence) -> Vec<Finding> {
    let mut findings = conflicts(evidence);
    findings.extend(continuity(evidence));
    findings.extend(inventory::judge(contract, evidence));
    findings.extend(software::judge(contract, evidence));
    // No report can show it, and none may hide that it is open.
    findings.extend(contract.proof.iter().flat_map(Proof::clauses).map(|clause| {
        let open = gate::Unusable::open(Reason::ShownByAProof);
        Judgement::undecided(open, None).about(clause, Severity::Info, Subject::Node)
    }));
    findings.extend(contract.freshness.map(|freshness| fresh(freshness, evidence)));
    for (clause, demand) in contract.clauses.iter().zip(decision::demands(&contract.clauses)) {
        let from = findings.len();
        let accept = clause.accept.as_ref().unwrap_or(&contract.accept);
        judge_clause(clause, demand.as_ref(), accept, evidence, &mut findings);
        if is_timed(&clause.rule) && shows_less(contract, evidence) {
            findings[from..].iter_mut().for_each(open_if_passed);
        }
    }
    findings
}

/// Whether a rule is about figures that come from samples of one device. What lies between devices has its own time.
fn is_timed(rule: &Rule) -> bool {
    match rule {
        Rule::Bound(Bound { figure, .. }) | Rule::Ratio { figure, .. } => {
            (figure.statistic.is_some() && !rule.lies_between_devices()) || rule.compares_devices()
        }
        Rule::Equals { .. } | Rule::Never { .. } => false,
    }
}

/// Whether devices had the node for themselves and the contract wants them measured together.
fn shows_less(contract: &Contract, evidence: &Evidence) -> bool {
    let alone = evidence.run.order == Order::OneAtATime && evidence.devices.len() > 1;
    alone && contract.measured == Measured::Together
}

/// What fails alone fails together as well; what passes alone may not.
fn open_if_passed(finding: &mut Finding) {
    if finding.verdict == Verdict::Pass {
        (finding.verdict, finding.because) = (Verdict::Inconclusive, Reason::MeasuredAlone);
    }
}

/// Nobody knows what happened while a run was broken off or stood still, nor why it did. That decides nothing, and should be known.
fn continuity(evidence: &Evidence) -> impl Iterator<Item = Finding> {
    Reason::gaps(evidence).into_iter().map(|reason| {
        let open = Judgement::undecided(gate::Unusable::open(reason), None);
        open.about(id::CONTINUITY, Severity::Should, Subject::Node)
    })
}

/// Whether a run names what shows that it is fresh. Whether it answers that, no report can show, but the challenge.
fn fresh(Freshness::Challenge: Freshness, evidence: &Evidence) -> Finding {
    let (severity, because) = match &evidence.run.challenge_sha256 {
        Some(challenge) => (Severity::Info, Reason::NamesAChallenge { challenge: challenge.clone() }),
        None => (Severity::Must, Reason::AnswersNoChallenge),
    };
    Judgement::undecided(gate::Unusable::open(because), None).about(id::FRESHNESS, severity, Subject::Node)
}

fn judge_clause(
    clause: &Clause,
    demand: Option<&Demand>,
    accept: &Accept,
    evidence: &Evidence,
    findings: &mut Vec<Finding>,
) {
    // What is decided over the fleet decides nothing of a node.
    let severity = if clause.scope == Scope::Fleet { Severity::Info } else { clause.severity };
    let mut say = |subject, judgement: Judgement| {
        findings.push(judgement.about(&clause.id, severity, subject));
    };
    if evidence.devices.is_empty() {
        return say(Subject::Node, Judgement::undecided(gate::Unusable::open(Reason::NoDevice), None));
    }
    let on_node = |judge: fn(&Bound, &Evidence, &Accept) -> Judgement| match &clause.rule {
        Rule::Bound(bound) => guarded(clause, judge(bound, evidence, accept)),
        // The contract's reader refuses these; a hand-made contract finds nothing either.
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => {
            Judgement::undecided(gate::Unusable::open(Reason::NoFigure), None)
        }
    };
    if clause.rule.lies_between_devices() {
        return say(Subject::Node, on_node(peers::judge));
    }
    if clause.rule.compares_devices() {
        return say(Subject::Node, on_node(nodes::judge));
    }
    let each = evidence.devices.iter().map(|device| {
        let seen = Seen { evidence, device, accept };
        let judgement = match (&clause.rule, demand) {
            (Rule::Bound(bound), Some(demand)) => decision::judge(&seen, demand, bound.quantity.unit()),
            (rule, _) => judge_device(rule, &seen),
        };
        // Before the best is chosen, which else hung on the order of devices.
        guarded(clause, judgement)
    });
    match clause.scope {
        Scope::EveryDevice | Scope::Fleet => {
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
        Scope::Node => say(Subject::Node, on_node(judge_node)),
    }
}

/// So near the bound the uncertainty of the figure decides, and so nothing does.
fn guarded(clause: &Clause, judgement: Judgement) -> Judgement {
    let Some(guard) = clause.guard.as_ref().map(Quantity::value) else { return judgement };
    let number = |amount: &Option<Amount>| amount.as_ref().and_then(Amount::number);
    let because =
        if let Reason::On { because, .. } = &judgement.because { because } else { &judgement.because };
    match (because, number(&judgement.observed), number(&judgement.bound)) {
        (Reason::Met | Reason::NotMet, Some(observed), Some(bound))
            if (observed - bound).abs() <= guard * bound =>
        {
            let because = Reason::WithinGuard { guard: Amount::Number { value: guard, unit: Unit::Share } };
            Judgement { verdict: Verdict::Inconclusive, because, ..judgement }
        }
        _ => judgement,
    }
}

/// Whether a device has a figure that the fleet can be judged by.
fn over_fleet(seen: &Seen<'_>, figure: &Figure, unit: Unit) -> Judgement {
    let open = match counted::of(seen, figure) {
        Ok(Counted { value, one_sided }) => gate::Unusable {
            observed: Some(Amount::Number { value, unit }),
            ..gate::Unusable::open(one_sided.map_or(Reason::DecidedOverFleet, |(_, because)| because))
        },
        Err(unusable) => unusable,
    };
    Judgement::undecided(open, None)
}

fn subjects(evidence: &Evidence) -> impl Iterator<Item = (Subject, &DeviceEvidence)> {
    (0u32..)
        .zip(&evidence.devices)
        .map(|(index, device)| (Subject::Device { index, selector: device.selector.clone() }, device))
}

fn judge_device(rule: &Rule, seen: &Seen<'_>) -> Judgement {
    match rule {
        Rule::Bound(Bound { figure, quantity, .. }) if quantity.is_of_fleet() => {
            over_fleet(seen, figure, quantity.unit())
        }
        Rule::Bound(bound) => bounded(counted::of(seen, &bound.figure), bound),
        Rule::Ratio { figure, to, at_least } => ratio(seen, figure, to, *at_least),
        Rule::Equals { metric, value } => equals(seen, metric, value),
        Rule::Never { flag } => telemetry::never(seen, *flag),
    }
}

fn bounded(figure: Result<Counted, gate::Unusable>, bound: &Bound) -> Judgement {
    let Bound { side, quantity, .. } = bound;
    let (unit, bound) = (quantity.unit(), quantity.value());
    let amount = |value| Amount::Number { value, unit };
    let counted = match figure {
        Ok(counted) => counted,
        Err(unusable) => return Judgement::undecided(unusable, Some(amount(bound))),
    };
    let holds = match side {
        Side::Least => counted.value >= bound,
        Side::Most => counted.value <= bound,
    };
    settled(left_open(counted.one_sided, *side, holds), holds, amount(counted.value), amount(bound))
}

/// What may be more is enough where so much is demanded, and too much where no more is allowed; all else stays open. So does the
/// reverse of what may be less.
fn left_open(one_sided: Option<(Side, Reason)>, side: Side, holds: bool) -> Option<Reason> {
    one_sided.filter(|(known, _)| (*known != side) == holds).map(|(_, because)| because)
}

/// Compares, unless something leaves the matter open.
fn settled(open: Option<Reason>, holds: bool, observed: Amount, bound: Amount) -> Judgement {
    match open {
        Some(because) => {
            let unusable = gate::Unusable { observed: Some(observed), ..gate::Unusable::open(because) };
            Judgement::undecided(unusable, Some(bound))
        }
        None => Judgement::compare(holds, observed, bound),
    }
}

/// The sum over all devices. One device that does not count leaves the sum undecided, the worst of them says why.
fn judge_node(bound: &Bound, evidence: &Evidence, accept: &Accept) -> Judgement {
    let of_device = |device| counted::of(&Seen { evidence, device, accept }, &bound.figure);
    let figures = evidence.devices.iter().map(of_device);
    let add = |sum: Counted, more: Counted| Counted {
        value: sum.value + more.value,
        one_sided: sum.one_sided.or(more.one_sided),
    };
    let none = Ok(Counted { value: 0.0, one_sided: None });
    bounded(figures.fold(none, |sum, figure| gate::both(sum, figure, add)), bound)
}

fn ratio(seen: &Seen<'_>, figure: &Figure, to: &MetricName, at_least: f64) -> Judgement {
    let base = Figure { metric: to.clone(), statistic: figure.statistic };
    let both = counted::of(seen, figure).and_then(|of| Ok((of, counted::of(seen, &base)?)));
    let bound = Amount::Ratio { value: at_least };
    match both {
        Ok((of, to)) if to.value > 0.0 && (of.value / to.value).is_finite() => {
            let value = of.value / to.value;
            let holds = value >= at_least;
            let of_base = to.one_sided.map(|(_, because)| because);
            let open = of_base.or_else(|| left_open(of.one_sided, Side::Least, holds));
            settled(open, holds, Amount::Ratio { value }, bound)
        }
        Ok(_) => Judgement::undecided(gate::Unusable::open(Reason::NoFigure), Some(bound)),
        Err(unusable) => Judgement::undecided(unusable, Some(bound)),
    }
}

fn equals(seen: &Seen<'_>, metric: &MetricName, value: &str) -> Judgement {
    let text = |value: &str| Amount::Text { value: value.to_owned() };
    let observed = match metric.kind() {
        Kind::Fact => gate::fact(seen, metric).map(|fact| (None, fact == value, text(fact))),
        Kind::Number(unit) => {
            let figure = Figure { metric: metric.clone(), statistic: None };
            counted::of(seen, &figure).map(|Counted { value: count, one_sided }| {
                let wanted = value.parse::<f64>().ok();
                // What is more already stays more; nothing that is counted may be less.
                let open = one_sided.filter(|_| wanted.is_none_or(|wanted| count <= wanted));
                (
                    open.map(|(_, because)| because),
                    wanted == Some(count),
                    Amount::Number { value: count, unit },
                )
            })
        }
    };
    match observed {
        Ok((open, holds, observed)) => settled(open, holds, observed, text(value)),
        Err(unusable) => Judgement::undecided(unusable, Some(text(value))),
    }
}
