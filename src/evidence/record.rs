//! Folds events into evidence. Pure: the same recording always gives the same evidence.
//! Owns the fold; must not judge.

use super::event::{Event, What};
use super::{DeviceEvidence, Ended, Evidence, Sustained, TimedReading};

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
    #[error("device {0} keeps up two loads at once")]
    TwoLoads(u32),
    #[error("a window of device {0} is of no load")]
    NoLoad(u32),
    #[error("an event follows the end of device {0}")]
    AfterDevice(u32),
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
        sustained: None,
        ended: Ended::Unfinished,
    });
    let mut evidence = Evidence { run: run.clone(), devices: devices.collect(), ended: Ended::Unfinished };
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
        What::SustainStarted(load) => match &device.sustained {
            None => device.sustained = Some(Sustained::begin(load.clone())),
            Some(_) => return Err(RecordError::TwoLoads(index)),
        },
        What::Window(window) => {
            device.sustained.as_mut().ok_or(RecordError::NoLoad(index))?.add(window.clone());
        }
        What::Fault(fault) => {
            device.sustained.as_mut().ok_or(RecordError::NoLoad(index))?.add_fault(fault.clone());
        }
        What::DeviceEnded(ended) => device.ended = ended.clone(),
        What::CaseStarted { .. } | What::Progress { .. } => {}
        What::RunStarted(_) => return Err(RecordError::TwoStarts),
        What::RunEnded(ended) => evidence.ended = ended.clone(),
    }
    Ok(())
}

fn add_to_run(evidence: &mut Evidence, what: &What) -> Result<(), RecordError> {
    match what {
        What::RunEnded(ended) => {
            evidence.ended = ended.clone();
            Ok(())
        }
        What::RunStarted(_) => Err(RecordError::TwoStarts),
        What::DeviceOpened(_)
        | What::CaseStarted { .. }
        | What::Progress { .. }
        | What::Measured(_)
        | What::Fact(_)
        | What::Absent(_)
        | What::Reading(_)
        | What::SustainStarted(_)
        | What::Window(_)
        | What::Fault(_)
        | What::DeviceEnded(_) => Err(RecordError::NoDevice),
    }
}
