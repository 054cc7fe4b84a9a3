//! Clauses about rates between devices: judged on the node, by one pair, by the slowest of all, or by what all do together.
//! Owns which figures must be there; what makes one count is the gate's business.

use super::clause::{Accept, Figure, Rule, Scope};
use super::finding::Reason;
use super::gate::{self, Counted, Seen, Unusable};
use super::judge::{Judgement, Side, bounded};
use crate::evidence::metric::{MetricName, PEER_SLOWEST, is_pair, peer_name};
use crate::evidence::{DeviceEvidence, Ended, Evidence, NodeEvidence};

/// The probe whose figures are of all devices at once.
const COLLECTIVE: &str = "collective";

/// Whether a rule is about what is measured between devices.
pub(super) fn concerns(rule: &Rule) -> bool {
    metrics(rule).into_iter().any(lies_between)
}

fn metrics(rule: &Rule) -> Vec<&MetricName> {
    match rule {
        Rule::AtLeast { figure, .. } | Rule::AtMost { figure, .. } => vec![&figure.metric],
        Rule::Ratio { figure, to, .. } => vec![&figure.metric, to],
        Rule::Equals { metric, .. } => vec![metric],
        Rule::Never { .. } => Vec::new(),
    }
}

/// Whether no one device has such a figure.
pub(super) fn lies_between(metric: &MetricName) -> bool {
    ["peer", COLLECTIVE].contains(&metric.probe())
}

/// What a clause about pairs may not demand.
pub(super) fn check(rule: &Rule, scope: Scope) -> Result<(), String> {
    let Some(metric) = metrics(rule).into_iter().find(|metric| lies_between(metric)) else { return Ok(()) };
    if let Rule::Ratio { .. } = rule {
        return Err(format!("{metric} lies between devices, so no device has a ratio to it; use at_least"));
    }
    match scope {
        Scope::EveryDevice => Ok(()),
        Scope::AnyDevice | Scope::Node | Scope::Fleet => {
            Err(format!("{metric} lies between devices and is judged on the node; remove scope"))
        }
    }
}

pub(super) fn judge(rule: &Rule, evidence: &Evidence, accept: &Accept) -> Judgement {
    let (figure, bound, side) = match rule {
        Rule::AtLeast { figure, bound } => (figure, bound, Side::Least),
        Rule::AtMost { figure, bound } => (figure, bound, Side::Most),
        // The contract's reader refuses these; a hand-made contract finds nothing either.
        Rule::Ratio { .. } | Rule::Equals { .. } | Rule::Never { .. } => {
            return Judgement::undecided(Unusable::open(Reason::NoFigure), None);
        }
    };
    match slowest(evidence, accept, figure) {
        Ok(Slowest { counted, pair }) => {
            let judgement = bounded(Ok(counted), bound.value(), bound.unit(), side);
            pair.iter().fold(judgement, |judged, (pair, name)| judged.on(pair, Some(name)))
        }
        Err(unusable) => bounded(Err(unusable), bound.value(), bound.unit(), side),
    }
}

/// A figure, and of which pair it is, unless it is of all devices at once.
struct Slowest<'a> {
    counted: Counted,
    pair: Option<([&'a DeviceEvidence; 2], String)>,
}

/// The least of the figures that `figure` means. One that does not count leaves all undecided, the worst says why.
fn slowest<'a>(evidence: &'a Evidence, accept: &Accept, figure: &Figure) -> Result<Slowest<'a>, Unusable> {
    let present = u32::try_from(evidence.devices.len()).unwrap_or(u32::MAX);
    if present < 2 {
        return Err(Unusable::open(Reason::TooFewDevices { present, demanded: 2 }));
    }
    if figure.metric.probe() == COLLECTIVE {
        let all: Vec<&DeviceEvidence> = evidence.devices.iter().collect();
        let counted = one(evidence, accept, &all, figure.metric.as_str(), figure)?;
        return Ok(Slowest { counted, pair: None });
    }
    let places = || (0u32..).zip(&evidence.devices);
    let pairs = places().flat_map(|from| places().map(move |to| (from, to)));
    let mut least: Option<Result<Slowest<'a>, Unusable>> = None;
    for ((from, sender), (to, receiver)) in pairs.filter(|((from, _), (to, _))| from != to) {
        let name = peer_name(from, to);
        if figure.metric.as_str() != PEER_SLOWEST && figure.metric.as_str() != name {
            continue;
        }
        let one = one(evidence, accept, &[sender, receiver], &name, figure);
        let one = one.map(|counted| Slowest { counted, pair: Some(([sender, receiver], name)) });
        least = Some(match (least, one) {
            (None, one) => one,
            (Some(Ok(a)), Ok(b)) => Ok(if b.counted.value < a.counted.value { b } else { a }),
            (Some(Err(first)), Err(other)) if other.verdict > first.verdict => Err(other),
            (Some(Err(first)), _) => Err(first),
            (Some(Ok(_)), Err(other)) => Err(other),
        });
    }
    least.unwrap_or_else(|| Err(not_measured(figure.metric.as_str())))
}

fn not_measured(metric: &str) -> Unusable {
    Unusable::open(Reason::NotMeasured { metric: metric.to_owned() })
}

/// The figure of this name, which lies between these devices.
fn one(
    evidence: &Evidence,
    accept: &Accept,
    devices: &[&DeviceEvidence],
    name: &str,
    figure: &Figure,
) -> Result<Counted, Unusable> {
    // Of all at once no device is to be named.
    let named = |unusable: Unusable| if is_pair(name) { unusable.on(devices, Some(name)) } else { unusable };
    let identities = devices.iter().copied().map(|device| {
        gate::admitted(&Seen { evidence, device, accept }).map_err(|unusable| unusable.on(&[device], None))
    });
    let identities = identities.collect::<Result<Vec<_>, _>>()?;
    let node = evidence.node.as_ref().ok_or_else(|| not_measured(name))?;
    let mut measured = node.measurements.iter().filter(|m| m.metric.as_str() == name);
    let Some(measurement) = measured.next() else {
        return Err(match node.absences.iter().find(|absence| absence.metric.as_str() == name) {
            Some(absence) => named(gate::absent(&absence.reason)),
            None => completed(evidence, node).err().unwrap_or_else(|| not_measured(name)),
        });
    };
    // It stands once in the evidence. Where it stands twice nobody may choose.
    if measured.next().is_some() {
        return Err(named(Unusable::open(Reason::NoFigure)));
    }
    gate::checked(measurement).map_err(named)?;
    completed(evidence, node)?;
    let value = gate::value(measurement, figure).map_err(named)?;
    let possible = |identity| gate::possible(identity, &measurement.metric, value);
    identities.into_iter().try_for_each(possible).map_err(named)?;
    Ok(Counted { value, at_least: gate::at_least(measurement) })
}

fn completed(evidence: &Evidence, node: &NodeEvidence) -> Result<(), Unusable> {
    match [&node.ended, &evidence.ended].into_iter().find(|ended| **ended != Ended::Completed) {
        Some(ended) => Err(Unusable::open(Reason::RunNotCompleted { ended: ended.clone() })),
        None => Ok(()),
    }
}
