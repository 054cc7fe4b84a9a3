//! A clause judged: what was found, what was demanded, and why the verdict is what it is.
//! Owns verdicts and their reasons in words; must not know how they are reached.

use serde::{Deserialize, Serialize};

use super::clause::{Flag, Severity};
use crate::device::{DeviceError, ProvenanceKind};
use crate::evidence::{Ended, Evidence};
use crate::exit::Exit;
use crate::units::Unit;

/// Ordered so that the worst wins. There is no default: an empty set is inconclusive, see [`overall`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Inconclusive,
    Fail,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "fail",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One clause judged on one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// Id of the clause, or one of [`id`]'s for what is judged without a clause.
    pub clause: String,
    pub severity: Severity,
    pub subject: Subject,
    pub verdict: Verdict,
    /// What was found; `None` where nothing was.
    pub observed: Option<Amount>,
    /// What was demanded.
    pub bound: Option<Amount>,
    pub because: Reason,
}

impl Finding {
    /// What was demanded and found, and the reason: for readers who see nothing else.
    pub fn in_short(&self) -> String {
        let demanded = self.bound.iter().map(|bound| format!("demanded {bound}, "));
        let found = self.observed.iter().map(|found| format!("found {found}, "));
        demanded.chain(found).chain([self.because.to_string()]).collect()
    }
}

/// Clause ids of findings that no clause asks for.
pub mod id {
    pub const DEVICES: &str = "inventory.devices";
    pub const MEMORY: &str = "inventory.memory";
    pub const SKU: &str = "inventory.sku";
    /// Sources disagree about one device.
    pub const CONFLICT: &str = "identity.conflict";
    /// The run broke off and was taken up again.
    pub const CONTINUITY: &str = "run.continuity";
    /// Two devices of a run are one.
    pub const DUPLICATE: &str = "identity.duplicate";
    /// The driver's version is not one that was agreed on.
    pub const DRIVER: &str = "software.driver";
    /// This program's version is not.
    pub const ASSAY: &str = "software.assay";
    /// The catalogue that shares are taken of is not.
    pub const CATALOGUE: &str = "software.catalogue";
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    Device { index: u32, selector: String },
    Node,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Device { selector, .. } => f.write_str(selector),
            Subject::Node => f.write_str("node"),
        }
    }
}

/// A number with its unit, a share of one, or a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Amount {
    Number { value: f64, unit: Unit },
    Ratio { value: f64 },
    Text { value: String },
}

impl Amount {
    /// In its unit's base; `None` where it is a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Amount::Number { value, .. } | Amount::Ratio { value } => Some(*value),
            Amount::Text { .. } => None,
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Amount::Number { value, unit } => f.write_str(&unit.format(*value)),
            Amount::Ratio { value } => write!(f, "{value:.3}"),
            // A number that was demanded as it stands needs no marks around it.
            Amount::Text { value } if value.parse::<f64>().is_ok() => f.write_str(value),
            Amount::Text { value } => write!(f, "{value:?}"),
        }
    }
}

/// Why a verdict is what it is. The tag is the machine's code, the sentence is for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Reason {
    #[error("the demand is met")]
    Met,
    #[error("the demand is not met")]
    NotMet,
    #[error(
        "it lies within {guard} of the bound, which is the figure's uncertainty; run again, or measure longer"
    )]
    WithinGuard { guard: Amount },
    #[error("the figure counts; whether it is enough is decided over the fleet, by `assay fleet`")]
    DecidedOverFleet,
    #[error(
        "the contract is about the catalogue {pinned}, and this program has {has}; judge it by the version of then"
    )]
    OtherCatalogue { pinned: String, has: String },
    #[error("what is delivered lies from {low} to {high}, which is enough: {}", sampled(*.samples, *.sampling))]
    DeliveredEnough { low: Amount, high: Amount, samples: u64, sampling: Sampling },
    #[error("what is delivered lies from {low} to {high}, which is too little: {}", sampled(*.samples, *.sampling))]
    DeliveredTooLittle { low: Amount, high: Amount, samples: u64, sampling: Sampling },
    #[error(
        "what is delivered lies from {low} to {high}, which leaves it open: sampling ended after {samples} samples \
         without a decision; run again with a longer `--duration`"
    )]
    DeliveredOpen { low: Amount, high: Amount, samples: u64 },
    #[error(
        "{samples} samples are too few, or hang together too much, to decide on; run again with a longer `--duration`"
    )]
    TooFewSamples { samples: u64 },
    #[error("no device was measured; see `assay list` for the devices of this machine")]
    NoDevice,
    #[error("the device was never opened ({}); see `assay doctor`", how(.ended))]
    NotOpened { ended: Ended },
    #[error(
        "the device is {is} and the contract accepts only {}; measure the real device, or let both parties agree on \
         accept = [\"{is}\"]", kinds(.accepted)
    )]
    ProvenanceRefused { is: ProvenanceKind, accepted: Vec<ProvenanceKind> },
    #[error("{metric} was not measured; {}", how_to_measure(.metric))]
    NotMeasured { metric: String },
    #[error("the run of this device did not complete ({}); run again", how(.ended))]
    DeviceNotCompleted { ended: Ended },
    #[error("the run did not complete ({}); run again", how(.ended))]
    RunNotCompleted { ended: Ended },
    #[error("the device cannot do what is demanded: {why}")]
    CardCannot { why: String },
    #[error("this backend cannot measure it: {why}; try another backend, `assay list` shows them")]
    WeCannot { why: String },
    #[error("the measurement failed: {error}; run again, and see `assay doctor` if it fails again")]
    Failed { error: DeviceError },
    #[error("it was skipped: {why}")]
    Skipped { why: String },
    #[error("the device computed a wrong result: {why}")]
    WrongResult { why: String },
    #[error("{wrong} of {checked} results under load were wrong, so no figure of it counts")]
    WrongUnderLoad { wrong: u64, checked: u64 },
    #[error("the load was kept up for {} s of {} s; run again", seconds(*.watched_ns), seconds(*.asked_ns))]
    NotKeptUp { watched_ns: u64, asked_ns: u64 },
    #[error("the run broke off {}, for {} s in all, in which nobody watched", so_often(*.times), seconds(*.gap_ns))]
    BrokeOff { times: u64, gap_ns: u64 },
    #[error("the check missed a planted error, so nothing it says counts; run again and report this")]
    CanaryMissed,
    #[error(
        "no result was compared with the reference, so the figure does not count; run again and report this"
    )]
    NothingCompared,
    #[error("{words} words read back wrong, so this memory does not hold its data")]
    MemoryErrors { words: u64 },
    #[error("only {checked} of {filled} bytes were read back and checked; run again and report this")]
    NotReadBack { filled: u64, checked: u64 },
    #[error(
        "the device's clock says {device_ns} ns where the host's says {host_ns} ns, so no rate can be believed; run \
         again on an idle machine, and distrust the driver if it stays"
    )]
    ClocksDisagree { device_ns: u64, host_ns: u64 },
    #[error("it is at least this much, more was not tried: {why}; run again with `--profile standard`")]
    OnlyALowerBound { why: String },
    #[error(
        "no kernel of ours is known to reach all that this card has, which may be more; take another tool's word for it, or \
         demand what this kernel reaches on a good card"
    )]
    ShortfallMayBeOurs,
    #[error("the samples give no finite figure; run again and report this")]
    NoFigure,
    #[error(
        "{figure} is beyond what such a device can do ({limit}), so it is no measurement; distrust the machine's clocks \
         or its PCI id"
    )]
    TooFastToBeTrue { figure: Amount, limit: Amount },
    #[error(
        "the devices were measured one at a time, and at the same time they may be slower; run again without \
         `--one-at-a-time`, or let both parties agree on measured = \"alone\""
    )]
    MeasuredAlone,
    #[error("telemetry does not say {}; it needs a driver that does, see `assay doctor`", .flag.name())]
    TelemetryAbsent { flag: Flag },
    #[error("telemetry does not say {what}; it needs a driver that does, see `assay doctor`")]
    SensorSilent { what: String },
    #[error(
        "clocks were not reduced in that time, and what comes later nobody saw; run again with a longer `--soak`"
    )]
    NeverThrottled,
    #[error("{readings} readings of telemetry are too few to say never; run longer, with `--duration`")]
    TelemetryTooShort { readings: u64 },
    #[error(
        "clock, power and temperature did not change once in {readings} readings over {seconds} s, so telemetry is \
         frozen; reload the driver and run again"
    )]
    TelemetryFrozen { readings: u64, seconds: u64 },
    #[error("{} was seen in {readings} readings, first at {} s", .flag.name(), seconds(*.at_ns))]
    FlagSeen { flag: Flag, readings: u64, at_ns: u64 },
    #[error(
        "of {demanded} demanded devices {present} were there and measured; without `--device` all are measured, and \
         simulated ones are told apart by `index`, as in `sim:h200,index=1`"
    )]
    TooFewDevices { present: u32, demanded: u32 },
    #[error(
        "{completed} of {demanded} demanded devices completed their run; see the events for what happened to the others"
    )]
    TooFewCompleted { completed: u32, demanded: u32 },
    #[error("the device calls itself {is:?}; this is the machine's own word, the clauses test it")]
    SkuMatches { is: String },
    #[error("the device calls itself {is:?}, which is another model")]
    SkuDiffers { is: String },
    #[error(
        "the device calls itself {is:?}, which neither confirms nor contradicts the model; compare them yourself"
    )]
    SkuUnclear { is: String },
    #[error("the {field} is {device:?} by the device and {telemetry:?} by its telemetry")]
    IdentityConflict { field: String, device: String, telemetry: String },
    #[error("the sources disagree about the {field}: {}", told(.claims))]
    SourcesDisagree { field: String, claims: Vec<Claim> },
    #[error("{} are one device: both have the {field} {value}; measure it once", .selectors.join(" and "))]
    SameDevice { selectors: Vec<String>, field: String, value: String },
}

impl Reason {
    /// That the run broke off, where it did and was taken up again.
    pub fn broke_off(evidence: &Evidence) -> Option<Self> {
        let times = evidence.resumed.len() as u64;
        let gap_ns = evidence.resumed.iter().fold(0u64, |sum, at| sum.saturating_add(at.gap_ns));
        (times > 0).then_some(Self::BrokeOff { times, gap_ns })
    }
}

/// Why sampling ended where something was to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// It could have gone on.
    Decided,
    /// It could not.
    Cap,
    /// The recording does not say for how long it could.
    Unknown,
}

/// What one source says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Claim {
    pub source: String,
    pub value: String,
}

fn sampled(samples: u64, sampling: Sampling) -> String {
    match sampling {
        Sampling::Decided => {
            format!("sampling stopped early, after {samples} samples, because it was decided")
        }
        Sampling::Cap => format!("sampling ran to its cap, {samples} samples"),
        Sampling::Unknown => format!("after {samples} samples"),
    }
}

fn how(ended: &Ended) -> String {
    match ended {
        Ended::Completed => "completed".to_owned(),
        Ended::Unfinished => "its events stop without an end".to_owned(),
        Ended::Interrupted => "interrupted".to_owned(),
        Ended::Lost { why, during: None } => why.clone(),
        Ended::Lost { why, during: Some(during) } => format!("{why} during {during}"),
    }
}

fn kinds(kinds: &[ProvenanceKind]) -> String {
    kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn told(claims: &[Claim]) -> String {
    let says = |claim: &Claim| format!("{} says {:?}", claim.source, claim.value);
    claims.iter().map(says).collect::<Vec<_>>().join(", ")
}

fn how_to_measure(metric: &str) -> String {
    match metric.split('.').next().unwrap_or_default() {
        "counters" => "run again with a driver that tells it, see `assay doctor`".to_owned(),
        "identity" => "no source on this machine tells it, see `assay doctor`".to_owned(),
        probe => format!("run again with `--probe {probe}`"),
    }
}

fn so_often(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}

fn seconds(ns: u64) -> f64 {
    (ns / 100_000_000) as f64 / 10.0
}

/// The verdict of a set of findings: only `must` counts, the worst wins, nothing is inconclusive.
pub fn overall(findings: &[Finding]) -> Verdict {
    let musts = findings.iter().filter(|finding| finding.severity == Severity::Must);
    musts.map(|finding| finding.verdict).max().unwrap_or(Verdict::Inconclusive)
}

/// The exit code of a set of findings.
pub fn exit(findings: &[Finding]) -> Exit {
    let by_verdict = match overall(findings) {
        Verdict::Pass => Exit::Pass,
        Verdict::Inconclusive => Exit::Inconclusive,
        Verdict::Fail => Exit::Fail,
    };
    let conflict = findings.iter().any(|f| matches!(f.clause.as_str(), id::CONFLICT | id::DUPLICATE));
    if conflict { by_verdict.worst(Exit::Identity) } else { by_verdict }
}
