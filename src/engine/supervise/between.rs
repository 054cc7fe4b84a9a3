//! The node's part: where its worker breaks off at one case, another does those that are left.
//! Owns how often; what is left, and who is left in peace, the plan tells the worker.

use super::{Job, Orders, turn};
use crate::device::DeviceError;
use crate::engine::node::NodePlan;
use crate::evidence::event::{Event, What};
use crate::evidence::metric::{MetricName, is_pair};
use crate::evidence::{Absence, AbsenceReason, Ended, Measurement};

/// Workers that may break off before the rest is left: each may have been waited for until it was taken to hang. Two are enough to find
/// one card that nothing can be done with.
const LOSSES_MAX: usize = 4;

/// Carries `plan` out, unless the run is over already. The node ends once: as the first worker did that broke off, else as the last.
pub fn run(orders: &Orders, mut plan: NodePlan, how: Ended, mut take: impl FnMut(Event)) -> Ended {
    let mut first = None;
    loop {
        let (mut told, mut end) = (Vec::new(), None);
        let how = turn(orders, &[Job::Node(&plan)], how.clone(), |event| {
            told.extend(tells_of(&event.what));
            if let What::NodeEnded(_) = event.what {
                end = Some(event);
            } else {
                take(event);
            }
        });
        plan.told.append(&mut told);
        let Some(end) = end else { return how };
        let lost = lost(&end);
        if let Some((metric, why)) = lost.clone().filter(|(metric, _)| !plan.told.contains(metric)) {
            plan.told.push(metric.clone());
            let reason = AbsenceReason::Failed { error: DeviceError::Lost { why } };
            take(Event { what: What::Absent(Absence { metric, reason }), ..end.clone() });
        }
        // What all do together comes last, and who breaks off at it would at the rest of it.
        let pair = lost.map(|(metric, _)| metric).filter(|metric| is_pair(metric.as_str()));
        let goes_on = pair.is_some() && plan.lost.len() + 1 < LOSSES_MAX;
        plan.lost.extend(pair);
        if !goes_on {
            let is_over = how != Ended::Completed;
            take(first.filter(|_| !is_over).unwrap_or(end));
            return how;
        }
        first.get_or_insert(end);
    }
}

fn tells_of(what: &What) -> Option<MetricName> {
    if let What::Measured(Measurement { metric, .. }) | What::Absent(Absence { metric, .. }) = what {
        return Some(metric.clone());
    }
    None
}

/// The case at which a worker broke off, and why.
fn lost(end: &Event) -> Option<(MetricName, String)> {
    let What::NodeEnded(Ended::Lost { why, during: Some(during) }) = &end.what else { return None };
    Some((MetricName::parse(during).ok()?, why.clone()))
}
