//! Everything that was measured, as plain data without opinion.
//! Owns the shape of evidence and how figures are derived from it; must not know contracts.

mod card;
pub mod counters;
pub mod event;
pub mod hiding;
pub mod lapse;
pub mod lengths;
pub mod mean;
pub mod metric;
pub mod record;
pub mod sequence;
pub mod stats;
pub mod sustain;
mod timed;
mod timeline;
mod wrong;

use serde::{Deserialize, Serialize};

use crate::device::draw::Distribution;
use crate::device::op::Tally;
use crate::device::{DeviceError, Identity, Lacking, Reach};
use crate::language::{Language, say};
use crate::telemetry::Reading;
use crate::telemetry::host::Host;
use lapse::{Lapse, LapseKind};
pub use lengths::Lengths;
use metric::{Kind, MetricName};
pub use sustain::Sustained;
pub use timed::{Clocks, Sample, Timed};

/// A whole run on one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    pub run: RunInfo,
    pub devices: Vec<DeviceEvidence>,
    /// `None` where nothing was measured between devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeEvidence>,
    /// Each time that the run broke off and was taken up again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Resumption>,
    pub ended: Ended,
}

/// What was measured between devices, after each had its turn. `peer.0-1.rate` is from the first of
/// [`Evidence::devices`] to the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NodeEvidence {
    pub measurements: Vec<Measurement>,
    pub absences: Vec<Absence>,
    pub ended: Ended,
}

/// How a run that had broken off went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Resumption {
    /// Wall-clock time by the host's own clock, RFC 3339.
    pub at: String,
    /// How long nothing was recorded, by the host's own clock; `None` where that does not tell, since it went backwards.
    pub gap_ns: Option<u64>,
}

/// What was asked for, by which program, on which machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunInfo {
    /// Version of the event and evidence format.
    pub format: u32,
    pub tool: String,
    pub tool_version: String,
    /// Wall-clock start by the host's own clock, RFC 3339.
    pub started: String,
    pub profile: String,
    /// Probes that were asked for, in order.
    pub probes: Vec<String>,
    /// For how long a load was to be kept up; `None` where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sustain_ms: Option<u64>,
    /// Time for the samples of one case. `None` in recordings of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_ms: Option<u64>,
    /// The seed that all data was drawn from, 16 hex digits.
    pub seed: String,
    /// SHA-256 of the contract file, where there was one.
    pub contract_sha256: Option<String>,
    /// One entry per device, in the order of [`Evidence::devices`].
    pub selectors: Vec<String>,
    /// `None` in recordings of before it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// What the node is called where many are counted, as the run was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    #[serde(default, skip_serializing_if = "Order::is_together")]
    pub order: Order,
    /// SHA-256 of the signed bytes of the challenge that it answers: the seed is drawn from that one's nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_sha256: Option<String>,
    /// SHA-256 of the salt behind which UUIDs and serial numbers are hidden; `None` where they stand as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt_sha256: Option<String>,
}

/// When the devices of a run were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// All at the same time, as they are rented; they share what the node has one of. The only order there was at first.
    #[default]
    Together,
    /// Each while the others rested.
    OneAtATime,
}

impl Order {
    pub fn is_together(&self) -> bool {
        *self == Order::Together
    }
}

impl Order {
    pub fn said(self, language: Language) -> String {
        match self {
            Order::Together => say!(language, "order-together"),
            Order::OneAtATime => say!(language, "order-one-at-a-time"),
        }
    }
}

impl std::fmt::Display for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said(Language::English))
    }
}

pub const FORMAT: u32 = 1;
/// More than any node has. A limit, since who reads evidence compares its devices with one another.
pub const DEVICES_MAX: usize = 1024;

/// Everything about one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeviceEvidence {
    /// `wgpu:0`, `sim:h200,seed=7`, ...
    pub selector: String,
    pub identity: Option<Identity>,
    pub facts: Vec<Fact>,
    pub measurements: Vec<Measurement>,
    pub absences: Vec<Absence>,
    #[serde(with = "timeline")]
    #[schemars(with = "timeline::Columns")]
    pub timeline: Vec<TimedReading>,
    /// Where times say less than they seem to, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lapses: Vec<Lapse>,
    /// The load that was kept up, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sustained: Option<Sustained>,
    pub ended: Ended,
}

/// How a run or a device's part of it came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ended {
    Completed,
    /// The events stop without an end.
    Unfinished,
    Interrupted,
    /// `during` names the case that was being measured.
    Lost {
        why: String,
        during: Option<String>,
    },
}

impl Ended {
    pub fn said(&self, language: Language) -> String {
        match self {
            Ended::Completed => say!(language, "ended-completed"),
            Ended::Unfinished => say!(language, "ended-unfinished"),
            Ended::Interrupted => say!(language, "ended-interrupted"),
            Ended::Lost { why, during: Some(during) } => {
                say!(language, "ended-lost-during", why = why, during = during)
            }
            Ended::Lost { why, during: None } => say!(language, "ended-lost", why = why),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fact {
    pub metric: MetricName,
    pub value: String,
}

/// Something that was not measured, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Absence {
    pub metric: MetricName,
    pub reason: AbsenceReason,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AbsenceReason {
    Unsupported { by: Lacking, why: String },
    Failed { error: DeviceError },
    Skipped { why: String },
}

impl AbsenceReason {
    pub fn said(&self, language: Language) -> String {
        match self {
            AbsenceReason::Unsupported { by: Lacking::Card, why } => {
                say!(language, "absence-card-cannot", why = why)
            }
            AbsenceReason::Unsupported { by: Lacking::Us, why } => {
                say!(language, "absence-we-cannot", why = why)
            }
            AbsenceReason::Failed { error } => error.said(language),
            AbsenceReason::Skipped { why } => say!(language, "absence-skipped", why = why),
        }
    }
}

impl std::fmt::Display for AbsenceReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said(Language::English))
    }
}

/// One measured case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Measurement {
    pub metric: MetricName,
    pub value: Value,
    pub conditions: Conditions,
    pub check: Check,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Value {
    Timed(Timed),
    Count {
        count: u64,
    },
    /// A part of a whole, both counted in the same.
    Share {
        part: u64,
        whole: u64,
    },
    /// At least this many; why no more was tried.
    AtLeast {
        count: u64,
        why: String,
    },
    /// So many loads on each unit of the device, one after the other.
    ByUnit {
        loads: u64,
        units: Vec<OnUnit>,
    },
    /// How long each of several times was; there may be none.
    Lengths(Lengths),
}

/// What one unit took, in cycles of its own clock, in two halves of the measurement: `[unit, first, second]` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(from = "(u32, u64, u64)", into = "(u32, u64, u64)")]
#[schemars(with = "(u32, u64, u64)")]
pub struct OnUnit {
    pub unit: u32,
    pub cycles: [u64; 2],
}

impl From<(u32, u64, u64)> for OnUnit {
    fn from((unit, first, second): (u32, u64, u64)) -> Self {
        Self { unit, cycles: [first, second] }
    }
}

impl From<OnUnit> for (u32, u64, u64) {
    fn from(OnUnit { unit, cycles: [first, second] }: OnUnit) -> Self {
        (unit, first, second)
    }
}

/// Under what conditions a figure was taken. Figures are comparable only between equal conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Conditions {
    /// Sizes of the op, such as `8192x8192x8192` or `256 MiB per array`.
    pub shape: String,
    pub distribution: Option<Distribution>,
    /// The launch form that won the tuning.
    pub variant: Option<String>,
    /// SHA-256 of the kernel: of its source, or of the image where it travels compiled.
    pub kernel: Option<String>,
    /// What a reader must know of that kernel, such as that it has not run on such hardware before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caveat: Option<String>,
    /// Left out where it is the card's.
    #[serde(default, skip_serializing_if = "Reach::is_card")]
    pub reach: Reach,
}

/// What is known about the correctness of the results behind a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Check {
    /// `exact` result elements equalled the reference bit for bit, `sampled` more did within the stated bound,
    /// every kernel counted the work it was asked for, and a planted error was or was not noticed.
    Matched { exact: u64, sampled: u64, canary: Canary },
    /// Something was wrong: what, where, expected, got.
    Wrong { why: String },
    /// Pattern test of memory: what was found is the tally itself.
    Scanned { tally: Tally, canary: Canary },
}

/// Whether the check has shown that it can see an error on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Canary {
    Caught,
    Missed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TimedReading {
    pub at_ns: u64,
    pub reading: Reading,
}

impl Measurement {
    /// Whether the clocks that timed it agree; what no clock timed contradicts none.
    pub fn clocks(&self) -> Clocks {
        match &self.value {
            Value::Timed(timed) => timed.clocks(),
            Value::Count { .. }
            | Value::Share { .. }
            | Value::AtLeast { .. }
            | Value::ByUnit { .. }
            | Value::Lengths(_) => Clocks::Agree,
        }
    }

    /// The figures of this measurement in its metric's unit.
    pub fn figures(&self) -> Vec<f64> {
        match (&self.value, self.metric.kind()) {
            (Value::Timed(timed), Kind::Number(unit)) => timed.figures(unit),
            (Value::Count { count } | Value::AtLeast { count, .. }, Kind::Number(_)) => vec![*count as f64],
            (Value::Share { part, whole }, Kind::Number(_)) => vec![*part as f64 / *whole as f64],
            (Value::ByUnit { loads, units }, Kind::Number(_)) => {
                let mean = |on: &OnUnit| (on.cycles[0] as f64 + on.cycles[1] as f64) / 2.0 / *loads as f64;
                units.iter().map(mean).collect()
            }
            (Value::Lengths(lengths), Kind::Number(_)) => lengths.figures(),
            (_, Kind::Fact) => Vec::new(),
        }
    }

    /// The same by the host's clock beside them, where they depend on any.
    pub fn figures_by_each_clock(&self) -> [Vec<f64>; 2] {
        match (&self.value, self.metric.kind()) {
            (Value::Timed(timed), Kind::Number(unit)) => timed.figures_by_each_clock(unit),
            (_, Kind::Number(_) | Kind::Fact) => [self.figures(), self.figures()],
        }
    }

    pub fn summary(&self) -> Option<stats::Summary> {
        stats::Summary::of(&self.figures())
    }
}

impl DeviceEvidence {
    pub fn measurement(&self, metric: &MetricName) -> Option<&Measurement> {
        self.measurements.iter().find(|m| m.metric == *metric)
    }

    pub fn fact(&self, metric: &MetricName) -> Option<&str> {
        self.facts.iter().find(|f| f.metric == *metric).map(|f| f.value.as_str())
    }

    /// For how long, and how often, times were such; `None` where they never were.
    pub fn lapsed(&self, kind: LapseKind) -> Option<(u64, u64)> {
        let of_kind = self.lapses.iter().filter(|lapse| lapse.kind == kind);
        let (ns, times) = of_kind.fold((0u64, 0), |(ns, times), one| (ns.saturating_add(one.ns), times + 1));
        (times > 0).then_some((ns, times))
    }

    pub fn absence(&self, metric: &MetricName) -> Option<&Absence> {
        self.absences.iter().find(|a| a.metric == *metric)
    }
}
