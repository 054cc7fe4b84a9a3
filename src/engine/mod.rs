//! The run: what will be measured, measured case by case, every outcome an event.
//! Owns the plan and the loop over cases; must not know contracts or any one probe's arithmetic.

pub mod bench;
pub mod case;
pub mod check;
mod lookout;
pub mod node;
pub mod queue;
pub mod supervise;
pub mod together;
pub mod whole;

use std::io;

use serde::{Deserialize, Serialize};

use crate::device::backend::{OpenError, Opened};
use crate::device::op::Precision;
use crate::device::{DeviceError, Identity, Reach, Unsupported};
use crate::evidence::event::{Sink, What};
use crate::evidence::metric::MetricName;
use crate::evidence::sequence::Demand;
use crate::evidence::{Absence, AbsenceReason, Check, Conditions, Ended, Fact, Measurement, Timed, Value};
use crate::telemetry;
use bench::Bench;
use case::Case;

/// What one worker is to do. Checked in full before any device is touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerPlan {
    /// Index of the device in the run.
    pub device: u32,
    pub selector: String,
    pub settings: Settings,
    /// What was measured before the run broke off.
    #[serde(default)]
    pub already: Already,
}

/// What a run that goes on need not do again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Already {
    pub metrics: Vec<MetricName>,
    pub load: Option<Begun>,
}

/// A load that a run which goes on had begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    pub metric: MetricName,
    /// Operations of one product.
    pub work: u64,
    pub kept_up_ms: u64,
}

/// How thoroughly to measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub profile: Profile,
    /// Names of probes, in the order of their table.
    pub probes: Vec<String>,
    /// Time for the samples of one case.
    pub sample_ms: u64,
    /// For how long a load is kept up; 0 for not at all.
    pub sustain_ms: u64,
    /// What of that is done, where a run goes on that had broken off.
    #[serde(default)]
    pub begun: Option<Begun>,
    /// How much memory the contract wants filled and read, in bytes.
    pub fill_bytes: Option<u64>,
    pub seed: u64,
    /// In which formats the contract has a load kept up; none leaves it to the device.
    #[serde(default)]
    pub loads: Vec<Precision>,
    /// What must be delivered. Sampling goes on until it is decided, or eight times as long as otherwise.
    #[serde(default)]
    pub demands: Vec<Demand>,
    /// How long one wait for the device may last.
    pub wait_limit_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Every probe in a minute or two; 1 GiB of memory.
    Quick,
    /// Minutes; at least 95 % of the memory.
    Standard,
    /// As standard, and a full load kept up for seven minutes: about ten in all, since the rest takes three.
    Acceptance,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Profile::Quick => "quick",
            Profile::Standard => "standard",
            Profile::Acceptance => "acceptance",
        }
    }

    pub fn sample_ms(self) -> u64 {
        match self {
            Profile::Quick => 300,
            Profile::Standard | Profile::Acceptance => 2500,
        }
    }

    /// For how long a load is kept up where nothing else is said.
    pub fn sustain_ms(self) -> u64 {
        match self {
            Profile::Quick | Profile::Standard => 0,
            Profile::Acceptance => 420_000,
        }
    }
}

impl Settings {
    /// No probe yet; samples as long as the profile has them, and nothing to keep up, to fill or to decide.
    pub fn new(profile: Profile, wait_limit_ms: u64) -> Self {
        Self {
            profile,
            probes: Vec::new(),
            sample_ms: profile.sample_ms(),
            sustain_ms: 0,
            begun: None,
            fill_bytes: None,
            seed: 0,
            loads: Vec::new(),
            demands: Vec::new(),
            wait_limit_ms,
        }
    }

    /// Length of one sample: long enough that launches and clock ticks do not count, and so that a case keeps
    /// at most about fifty samples.
    pub fn batch_ms(&self) -> u64 {
        (self.sample_ms / 50).max(50)
    }
}

/// Why a case ends without its figure.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("{0}")]
    Device(#[from] DeviceError),
    #[error("{}", .0.why)]
    Unsupported(Unsupported),
    /// The device gave a wrong result, or counted other work than it was given.
    #[error("{0}")]
    Wrong(String),
    #[error("{0}")]
    Skipped(String),
    /// Nobody takes our events any more: the run is over.
    #[error("events cannot be written: {0}")]
    Sink(#[from] io::Error),
}

/// Runs a worker's whole plan on an opened device, whose identity decides on the `cases`. Everything that happens, failures included, goes to `sink`; the only error is
/// that `sink` does not take it. `ready` returns when measuring may begin: all devices of a node start together.
pub fn run(
    plan: &WorkerPlan,
    mut opened: Opened,
    sink: &mut dyn Sink,
    cases: impl FnOnce(&Identity, &Settings) -> Vec<Case>,
    ready: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    let identity = opened.device.identity().clone();
    let mut bench = Bench::new(std::slice::from_mut(&mut opened), &plan.settings, Some(plan.device), sink);
    bench.emit(What::DeviceOpened(identity.clone()))?;
    ready()?;
    for fact in facts(&identity) {
        bench.emit(What::Fact(fact))?;
    }
    // Before the first reading: a source that opens slowly must not pass for one that reads slowly.
    for fact in bench.telemetry_facts() {
        bench.emit(claim(fact)?)?;
    }
    bench.read_telemetry()?;
    let mut settings = plan.settings.clone();
    settings.begun = plan.already.load.clone();
    let mut cases = cases(&identity, &settings);
    cases.retain(|case| case.goes_on || !case.metrics.iter().any(|m| plan.already.metrics.contains(m)));
    let ended = run_cases(&cases, &mut bench)?;
    bench.read_telemetry()?;
    bench.emit(What::DeviceEnded(ended))
}

fn run_cases(cases: &[Case], bench: &mut Bench) -> io::Result<Ended> {
    for (index, case) in (0u32..).zip(cases) {
        bench.begin(&case.metrics[0], index, cases.len() as u32)?;
        if let Some(error) = run_case(case, bench)? {
            return Ok(Ended::Lost { why: error.to_string(), during: Some(case.metrics[0].to_string()) });
        }
    }
    Ok(Ended::Completed)
}

/// Runs one case. Returns the error after which the device cannot be used any more.
fn run_case(case: &Case, bench: &mut Bench) -> io::Result<Option<DeviceError>> {
    let outcome = (case.run)(bench);
    bench.release();
    let (reason, lost) = match outcome {
        Ok(measurements) => {
            for measurement in measurements {
                bench.emit(What::Measured(measurement))?;
            }
            return Ok(None);
        }
        Err(Trouble::Wrong(why)) => {
            for metric in &case.metrics {
                bench.emit(What::Measured(wrong(metric, &why)))?;
            }
            return Ok(None);
        }
        Err(Trouble::Sink(error)) => return Err(error),
        Err(Trouble::Device(error)) => {
            let lost = error.is_final().then(|| error.clone());
            (AbsenceReason::Failed { error }, lost)
        }
        Err(Trouble::Unsupported(Unsupported { by, why })) => (AbsenceReason::Unsupported { by, why }, None),
        Err(Trouble::Skipped(why)) => (AbsenceReason::Skipped { why }, None),
    };
    for metric in &case.metrics {
        bench.emit(What::Absent(Absence { metric: metric.clone(), reason: reason.clone() }))?;
    }
    Ok(lost)
}

/// A case whose result was wrong has no figure, only that.
fn wrong(metric: &MetricName, why: &str) -> Measurement {
    Measurement {
        metric: metric.clone(),
        value: Value::Timed(Timed { work: 0, repeat: 0, samples: Vec::new() }),
        conditions: Conditions {
            shape: String::new(),
            distribution: None,
            variant: None,
            kernel: None,
            caveat: None,
            reach: Reach::Card,
        },
        check: Check::Wrong { why: why.to_owned() },
    }
}

fn facts(identity: &Identity) -> Vec<Fact> {
    let hex = |id: Option<u32>| id.map(|id| format!("{id:04x}"));
    [
        ("name", Some(identity.name.clone())),
        ("vendor_id", hex(identity.vendor_id)),
        ("device_id", hex(identity.device_id)),
        ("pci_address", identity.pci_address.clone()),
        ("uuid", identity.uuid.clone()),
        ("driver", Some(identity.driver.clone())),
        ("units", identity.units.map(|n| n.to_string())),
        ("memory_bytes", identity.memory_bytes.map(|n| n.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| {
        let metric = MetricName::parse(&format!("identity.device.{name}")).ok()?;
        Some(Fact { metric, value: value? })
    })
    .collect()
}

/// A fact that telemetry gives, or its absence.
fn claim(fact: telemetry::Fact) -> io::Result<What> {
    let metric = MetricName::parse(&format!("identity.{}", fact.name)).map_err(io::Error::other)?;
    Ok(match fact.value {
        Ok(value) => What::Fact(Fact { metric, value }),
        Err(Unsupported { by, why }) => {
            What::Absent(Absence { metric, reason: AbsenceReason::Unsupported { by, why } })
        }
    })
}

/// What a worker says when its device cannot be opened.
pub fn cannot_open(error: &OpenError) -> What {
    What::DeviceEnded(Ended::Lost { why: error.to_string(), during: None })
}
