//! Folds events into evidence. Pure: the same recording always gives the same evidence.
//! Owns the fold; must not judge.

use super::event::{Event, What};
use super::lapse::{LAPSES_MAX, Lapse};
use super::sustain::Fault;
use super::{DeviceEvidence, Ended, Evidence, NodeEvidence, Sustained, TimedReading};
use crate::device::same;

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
    #[error("what names a card could not be hidden: {0}")]
    Unhidden(String),
    #[error("a window of device {0} is of no load")]
    NoLoad(u32),
    #[error("device {0} ends the whole run")]
    RunEndByDevice(u32),
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
    let (first, rest) = events.split_first().ok_or(RecordError::NoStart)?;
    let mut recording = Recording::begin(first)?;
    for event in rest {
        recording.add(event)?;
    }
    Ok(recording.evidence)
}

/// Evidence as it grows, event by event.
#[derive(Clone, Debug)]
pub struct Recording {
    pub evidence: Evidence,
    /// For each device, when its last event was, and what is added to the times of its events: a worker's clock begins anew
    /// where a run is resumed.
    times: Vec<Times>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    last_ns: u64,
    offset_ns: u64,
}

impl Recording {
    /// From the first event of a recording.
    pub fn begin(first: &Event) -> Result<Self, RecordError> {
        let What::RunStarted(run) = &first.what else { return Err(RecordError::NoStart) };
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
            lapses: Vec::new(),
            sustained: None,
            ended: Ended::Unfinished,
        });
        let evidence = Evidence {
            run: run.clone(),
            devices: devices.collect(),
            node: None,
            resumed: Vec::new(),
            ended: Ended::Unfinished,
        };
        let times = vec![Times::default(); run.selectors.len()];
        Ok(Self { evidence, times })
    }

    /// Adds one event. An end is an end: nothing that comes after it is believed, least of all a better end.
    pub fn add(&mut self, event: &Event) -> Result<(), RecordError> {
        if self.evidence.ended != Ended::Unfinished {
            return Err(RecordError::AfterRun);
        }
        let Some(index) = event.device else { return self.add_to_run(&event.what) };
        let count = self.evidence.devices.len();
        let known = self.evidence.devices.get_mut(index as usize).zip(self.times.get_mut(index as usize));
        let (device, times) = known.ok_or(RecordError::NoSuchDevice(index, count))?;
        if device.ended != Ended::Unfinished {
            return Err(RecordError::AfterDevice(index));
        }
        let offset_ns = times.offset_ns;
        times.last_ns = event.at_ns.saturating_add(offset_ns);
        add(device, index, &event.what, times.last_ns, offset_ns)
    }

    fn add_to_run(&mut self, what: &What) -> Result<(), RecordError> {
        let evidence = &mut self.evidence;
        match what {
            What::RunEnded(ended) => evidence.ended = ended.clone(),
            What::Resumed(resumption) => {
                for times in &mut self.times {
                    times.offset_ns = times.last_ns.saturating_add(resumption.gap_ns.unwrap_or(0));
                }
                // What lies between devices is measured in one go.
                evidence.node = evidence.node.take().filter(|node| node.ended != Ended::Unfinished);
                evidence.resumed.push(resumption.clone());
            }
            What::Measured(measurement) => node(evidence)?.measurements.push(measurement.clone()),
            What::Absent(absence) => node(evidence)?.absences.push(absence.clone()),
            What::NodeEnded(ended) => node(evidence)?.ended = ended.clone(),
            What::CaseStarted { .. } | What::Progress(_) => node(evidence).map(|_| ())?,
            What::RunStarted(_) => return Err(RecordError::TwoStarts),
            What::DeviceOpened(_)
            | What::Fact(_)
            | What::Reading(_)
            | What::SustainStarted(_)
            | What::Window(_)
            | What::Fault(_)
            | What::Lapse(_)
            | What::DeviceEnded(_) => return Err(RecordError::NoDevice),
        }
        Ok(())
    }
}

/// Adds what happened to one device, at `at_ns` on the run's own line of time. `offset_ns` is above 0 where the run was resumed.
fn add(
    device: &mut DeviceEvidence,
    index: u32,
    what: &What,
    at_ns: u64,
    offset_ns: u64,
) -> Result<(), RecordError> {
    let resumed = offset_ns > 0;
    match what {
        What::DeviceOpened(identity) => match &device.identity {
            None => device.identity = Some(identity.clone()),
            Some(before) if resumed && same::is_unchanged(before, identity) => {}
            Some(before) if resumed => {
                let why =
                    format!("the run went on with another device: {}, not {}", identity.name, before.name);
                device.ended = Ended::Lost { why, during: None };
            }
            Some(_) => return Err(RecordError::OpenedTwice(index)),
        },
        What::Measured(measurement) => device.measurements.push(measurement.clone()),
        What::Fact(fact) if resumed && device.fact(&fact.metric) == Some(fact.value.as_str()) => {}
        What::Fact(fact) => device.facts.push(fact.clone()),
        What::Absent(absence) if resumed && device.absences.contains(absence) => {}
        What::Absent(absence) => device.absences.push(absence.clone()),
        What::Reading(reading) => device.timeline.push(TimedReading { at_ns, reading: reading.clone() }),
        What::SustainStarted(load) => match &mut device.sustained {
            None => device.sustained = Some(Sustained::begin(load.clone())),
            // Its next window shows since when nobody watched.
            Some(before) if resumed && before.load.goes_on(load) => {}
            Some(_) => return Err(RecordError::TwoLoads(index)),
        },
        What::Window(window) => {
            let load = device.sustained.as_mut().ok_or(RecordError::NoLoad(index))?;
            load.add(window.later(offset_ns));
        }
        What::Fault(fault) => {
            let load = device.sustained.as_mut().ok_or(RecordError::NoLoad(index))?;
            load.add_fault(Fault { at_ns: fault.at_ns.saturating_add(offset_ns), ..fault.clone() });
        }
        // Those that are left out only repeat that times mean little here.
        What::Lapse(lapse) if device.lapses.len() < LAPSES_MAX => {
            device.lapses.push(Lapse { at_ns: lapse.at_ns.saturating_add(offset_ns), ..*lapse });
        }
        What::Lapse(_) => {}
        What::DeviceEnded(ended) => device.ended = ended.clone(),
        What::CaseStarted { .. } | What::Progress(_) => {}
        What::RunStarted(_) | What::Resumed(_) => return Err(RecordError::TwoStarts),
        What::RunEnded(_) => return Err(RecordError::RunEndByDevice(index)),
        What::NodeEnded(_) => return Err(RecordError::NoNode),
    }
    Ok(())
}

/// What is measured between devices, as long as that is not over.
fn node(evidence: &mut Evidence) -> Result<&mut NodeEvidence, RecordError> {
    let begun = || NodeEvidence { measurements: Vec::new(), absences: Vec::new(), ended: Ended::Unfinished };
    let node = evidence.node.get_or_insert_with(begun);
    if node.ended == Ended::Unfinished { Ok(node) } else { Err(RecordError::AfterNode) }
}
