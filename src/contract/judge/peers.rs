//! Clauses about rates between devices: judged on the node, by one pair, by the slowest of all, or by what all do together.
//! Owns which figures must be there; what makes one count is the gate's business.

use super::counted::{self, Counted};
use super::gate::{self, Seen, Unusable};
use super::{Judgement, bounded};
use crate::contract::clause::{Accept, Bound, Figure, Side};
use crate::contract::finding::{Reason, Verdict};
use crate::evidence::metric::{COLLECTIVE, PEER_SLOWEST, is_pair, peer_name};
use crate::evidence::{DeviceEvidence, Ended, Evidence};

pub(super) fn judge(bound: &Bound, evidence: &Evidence, accept: &Accept) -> Judgement {
    let judged = |counted| bounded(counted, bound);
    let (least, open) = slowest(evidence, accept, &bound.figure);
    let least = least.map(|Slowest { counted, pair }| {
        pair.iter().fold(judged(Ok(counted)), |judged, (pair, name)| judged.on(pair, Some(name)))
    });
    match (least, open) {
        (Some(least), None) => least,
        // One that is too slow is too slow, whatever another may be.
        (Some(least), Some(open))
            if bound.side == Side::Least
                && least.verdict == Verdict::Fail
                && open.verdict != Verdict::Fail =>
        {
            least
        }
        (_, Some(open)) => judged(Err(open)),
        (None, None) => judged(Err(not_measured(bound.figure.metric.as_str()))),
    }
}

/// A figure, and of which pair it is, unless it is of all devices at once.
struct Slowest<'a> {
    counted: Counted,
    pair: Option<([&'a DeviceEvidence; 2], String)>,
}

/// The least of the figures that `figure` means and that count, and the worst reason for which one does not.
fn slowest<'a>(
    evidence: &'a Evidence,
    accept: &Accept,
    figure: &Figure,
) -> (Option<Slowest<'a>>, Option<Unusable>) {
    if let Err(alone) = gate::several(evidence) {
        return (None, Some(alone));
    }
    if figure.metric.probe() == COLLECTIVE {
        let all: Vec<&DeviceEvidence> = evidence.devices.iter().collect();
        return match one(evidence, accept, &all, figure.metric.as_str(), figure) {
            Ok(counted) => (Some(Slowest { counted, pair: None }), None),
            Err(unusable) => (None, Some(unusable)),
        };
    }
    let places = || (0u32..).zip(&evidence.devices);
    let pairs = places().flat_map(|from| places().map(move |to| (from, to)));
    let (mut least, mut open): (Option<Slowest>, Option<Unusable>) = (None, None);
    for ((from, sender), (to, receiver)) in pairs.filter(|((from, _), (to, _))| from != to) {
        let name = peer_name(from, to);
        if figure.metric.as_str() != PEER_SLOWEST && figure.metric.as_str() != name {
            continue;
        }
        match one(evidence, accept, &[sender, receiver], &name, figure) {
            Ok(counted) if least.as_ref().is_none_or(|least| counted.value < least.counted.value) => {
                least = Some(Slowest { counted, pair: Some(([sender, receiver], name)) });
            }
            Err(unusable) if open.as_ref().is_none_or(|open| unusable.verdict > open.verdict) => {
                open = Some(unusable);
            }
            Ok(_) | Err(_) => {}
        }
    }
    (least, open)
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
            None => completed([&node.ended, &evidence.ended]).err().unwrap_or_else(|| not_measured(name)),
        });
    };
    // It stands once in the evidence. Where it stands twice nobody may choose.
    if measured.next().is_some() {
        return Err(named(Unusable::open(Reason::NoFigure)));
    }
    gate::checked(measurement).map_err(named)?;
    // Where a worker broke off at another case, it was through with this one.
    let of_node = Some(&node.ended).filter(|ended| !matches!(ended, Ended::Lost { .. }));
    completed(of_node.into_iter().chain([&evidence.ended]))?;
    let value = counted::value(measurement, figure).map_err(named)?;
    let possible = |identity| gate::possible(identity, &measurement.metric, value);
    identities.into_iter().try_for_each(possible).map_err(named)?;
    Ok(Counted { value, one_sided: counted::one_sided(measurement) })
}

fn completed<'a>(parts: impl IntoIterator<Item = &'a Ended>) -> Result<(), Unusable> {
    match parts.into_iter().find(|ended| **ended != Ended::Completed) {
        Some(ended) => Err(Unusable::open(Reason::RunNotCompleted { ended: ended.clone() })),
        None => Ok(()),
    }
}
