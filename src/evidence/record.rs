//! Folds events into evidence. Pure: the same recording always gives the same evidence.
//! Owns the fold; must not judge.

use super::event::{Event, What};
use super::{DeviceEvidence, Ended, Evidence, NodeEvidence, TimedReading};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("the recording does not begin with run_started")]
    NoStart,
    #[error("the recording holds two runs")]
    TwoStarts,
    #[error("the recording is of format {0}, this program reads format {known}", known = super::FORMAT)]
    Format(u32),
    #[error("an event names device {0}, but the run has only {1}")]
    NoSuchDevice(u32, usize),
    #[error("an event of a device does not say of which")]
    NoDevice,
    #[error("device {0} is opened twice")]
    OpenedTwice(u32),
    #[error("an event follows the end of device {0}")]
    AfterDevice(u32),
    #[error("an event follows the end of what was measured between devices")]
    AfterNode,
    #[error("an event of the whole node names a device")]
    NoNode,
    #[error("an event follows the end of the run")]
    AfterRun,
}

/// The evidence of a recording. What is missing stays missing: a run without an end is unfinished.
pub fn fold(events: &[Event]) -> Result<Evidence, RecordError> {
    let Some((Event { what: What::RunStarted(run), .. }, rest)) = events.split_first() else {
        return Err(RecordError::NoStart);
    };
    if run.format != super::FORMAT {
        return Err(RecordError::Format(run.format));
    }
    let devices = run.selectors.iter().map(|selector| DeviceEvidence {
        selector: selector.clone(),
        identity: None,
        facts: Vec::new(),
        measurements: Vec::new(),
        absences: Vec::new(),
        timeline: Vec::new(),
        ended: Ended::Unfinished,
    });
    let mut evidence =
        Evidence { run: run.clone(), devices: devices.collect(), node: None, ended: Ended::Unfinished };
    for event in rest {
        add(&mut evidence, event)?;
    }
    Ok(evidence)
}

/// Adds one event. An end is an end: nothing that comes after it is believed, least of all a better end.
fn add(evidence: &mut Evidence, event: &Event) -> Result<(), RecordError> {
    if evidence.ended != Ended::Unfinished {
        return Err(RecordError::AfterRun);
    }
    let Some(index) = event.device else {
        return add_to_run(evidence, &event.what);
    };
    let count = evidence.devices.len();
    let device = evidence.devices.get_mut(index as usize).ok_or(RecordError::NoSuchDevice(index, count))?;
    if device.ended != Ended::Unfinished {
        return Err(RecordError::AfterDevice(index));
    }
    match &event.what {
        What::DeviceOpened(_) if device.identity.is_some() => return Err(RecordError::OpenedTwice(index)),
        What::DeviceOpened(identity) => device.identity = Some(identity.clone()),
        What::Measured(measurement) => device.measurements.push(measurement.clone()),
        What::Fact(fact) => device.facts.push(fact.clone()),
        What::Absent(absence) => device.absences.push(absence.clone()),
        What::Reading(reading) => {
            device.timeline.push(TimedReading { at_ns: event.at_ns, reading: reading.clone() });
        }
        What::DeviceEnded(ended) => device.ended = ended.clone(),
        What::CaseStarted { .. } | What::Progress { .. } => {}
        What::RunStarted(_) => return Err(RecordError::TwoStarts),
        What::RunEnded(ended) => evidence.ended = ended.clone(),
        What::NodeEnded(_) => return Err(RecordError::NoNode),
    }
    Ok(())
}

fn add_to_run(evidence: &mut Evidence, what: &What) -> Result<(), RecordError> {
    match what {
        What::RunEnded(ended) => evidence.ended = ended.clone(),
        What::Measured(measurement) => node(evidence)?.measurements.push(measurement.clone()),
        What::Absent(absence) => node(evidence)?.absences.push(absence.clone()),
        What::NodeEnded(ended) => node(evidence)?.ended = ended.clone(),
        What::CaseStarted { .. } | What::Progress { .. } => node(evidence).map(|_| ())?,
        What::RunStarted(_) => return Err(RecordError::TwoStarts),
        What::DeviceOpened(_) | What::Fact(_) | What::Reading(_) | What::DeviceEnded(_) => {
            return Err(RecordError::NoDevice);
        }
    }
    Ok(())
}

/// What is measured between devices, as long as that is not over.
fn node(evidence: &mut Evidence) -> Result<&mut NodeEvidence, RecordError> {
    let begun = || NodeEvidence { measurements: Vec::new(), absences: Vec::new(), ended: Ended::Unfinished };
    let node = evidence.node.get_or_insert_with(begun);
    if node.ended == Ended::Unfinished { Ok(node) } else { Err(RecordError::AfterNode) }
}
