//! A clause judged: what was found, what was demanded, and why the verdict is what it is.
//! Owns verdicts and their reasons; `words` says them, and neither knows how they are reached.

use serde::{Deserialize, Serialize};

use super::clause::{Flag, Severity};
use crate::device::{DeviceError, ProvenanceKind};
use crate::evidence::lapse::LapseKind;
use crate::evidence::{DeviceEvidence, Ended, Evidence};
use crate::exit::Exit;
use crate::proof::level::TrustLevel;
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

/// Clause ids of findings that no clause asks for.
pub mod id {
    pub const DEVICES: &str = "inventory.devices";
    pub const MEMORY: &str = "inventory.memory";
    pub const SKU: &str = "inventory.sku";
    /// Sources disagree about one device.
    pub const CONFLICT: &str = "identity.conflict";
    /// The run broke off and was taken up again.
    pub const CONTINUITY: &str = "run.continuity";
    /// The run answers a challenge.
    pub const FRESHNESS: &str = "run.freshness";
    /// Two devices of a run are one.
    pub const DUPLICATE: &str = "identity.duplicate";
    /// The driver's version is not one that was agreed on.
    pub const DRIVER: &str = "software.driver";
    /// This program's version is not.
    pub const ASSAY: &str = "software.assay";
    /// The catalogue that shares are taken of is not.
    pub const CATALOGUE: &str = "software.catalogue";
    /// What was proved to a witness is not what was agreed. Of nodes only, counted over all.
    pub const PROOF: &str = "proof.floor";
    /// The same of memory.
    pub const PROOF_MEMORY: &str = "proof.memory";
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    Device { index: u32, selector: String },
    Node,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Reason {
    Met,
    NotMet,
    /// Of what is judged on the node: which devices, by their selectors, and which of their figures it hangs on. Of two, data goes from
    /// the first to the second.
    On {
        devices: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metric: Option<String>,
        because: Box<Reason>,
    },
    /// Nearer to the bound than the figure is sure.
    WithinGuard {
        guard: Amount,
    },
    /// There is a figure; whether it is enough is decided over all nodes.
    DecidedOverFleet,
    ShownByAProof,
    /// The file of the challenge shows whether it is answered.
    NamesAChallenge {
        challenge: String,
    },
    AnswersNoChallenge,
    /// No proof of the node held, or the last did not.
    NotProved,
    /// What was proved may be less than what is true.
    ProvedLittle,
    ProvedAtLevel {
        is: TrustLevel,
        demanded: TrustLevel,
    },
    OtherCatalogue {
        pinned: String,
        has: String,
    },
    DeliveredEnough {
        low: Amount,
        high: Amount,
        samples: u64,
        sampling: Sampling,
    },
    DeliveredTooLittle {
        low: Amount,
        high: Amount,
        samples: u64,
        sampling: Sampling,
    },
    DeliveredOpen {
        low: Amount,
        high: Amount,
        samples: u64,
    },
    TooFewSamples {
        samples: u64,
    },
    NoDevice,
    NotOpened {
        ended: Ended,
    },
    ProvenanceRefused {
        is: ProvenanceKind,
        accepted: Vec<ProvenanceKind>,
    },
    NotMeasured {
        metric: String,
    },
    DeviceNotCompleted {
        ended: Ended,
    },
    RunNotCompleted {
        ended: Ended,
    },
    CardCannot {
        why: String,
    },
    WeCannot {
        why: String,
    },
    Failed {
        error: DeviceError,
    },
    Skipped {
        why: String,
    },
    WrongResult {
        why: String,
    },
    WrongUnderLoad {
        wrong: u64,
        checked: u64,
    },
    NotKeptUp {
        watched_ns: u64,
        asked_ns: u64,
    },
    BrokeOff {
        times: u64,
        gap_ns: u64,
        /// Of these times, how many of which nobody knows how long they were.
        #[serde(default, skip_serializing_if = "is_zero")]
        unknown: u64,
    },
    /// On the device on which it was most.
    Lapsed {
        lapse: LapseKind,
        times: u64,
        ns: u64,
    },
    CanaryMissed,
    NothingCompared,
    MemoryErrors {
        words: u64,
    },
    NotReadBack {
        filled: u64,
        checked: u64,
    },
    ClocksDisagree {
        device_ns: u64,
        host_ns: u64,
    },
    OnlyALowerBound {
        why: String,
    },
    ShortfallMayBeOurs,
    NoFigure,
    TooFastToBeTrue {
        figure: Amount,
        limit: Amount,
    },
    MeasuredAlone,
    TelemetryAbsent {
        flag: Flag,
    },
    SensorSilent {
        what: String,
    },
    NeverThrottled,
    NoErrorSoFar,
    TelemetryTooShort {
        readings: u64,
    },
    TelemetrySilent {
        from_ns: u64,
        to_ns: u64,
    },
    TelemetryFrozen {
        readings: u64,
        seconds: u64,
    },
    FlagSeen {
        flag: Flag,
        readings: u64,
        at_ns: u64,
    },
    TooFewDevices {
        present: u32,
        demanded: u32,
    },
    /// The run was not let see them all.
    DevicesHidden {
        present: u32,
        demanded: u32,
        by: String,
    },
    /// It was shown one part of divided cards, as every process is.
    PartsHidden {
        present: u32,
        demanded: u32,
    },
    TooFewCompleted {
        completed: u32,
        demanded: u32,
    },
    SkuMatches {
        is: String,
    },
    SkuDiffers {
        is: String,
    },
    SkuUnclear {
        is: String,
    },
    /// The name is another card's than the PCI id.
    SkuContradicted {
        is: String,
        id: String,
    },
    IdentityConflict {
        field: String,
        device: String,
        telemetry: String,
    },
    SourcesDisagree {
        field: String,
        claims: Vec<Claim>,
    },
    SameDevice {
        selectors: Vec<String>,
        field: String,
        value: String,
    },
}

impl Reason {
    /// The same of these devices alone.
    pub(super) fn on(self, devices: &[&DeviceEvidence], metric: Option<&str>) -> Self {
        let devices = devices.iter().map(|device| device.selector.clone()).collect();
        Self::On { devices, metric: metric.map(str::to_owned), because: Box::new(self) }
    }

    /// When nobody watched, or times say less than they seem to: the worst of each kind, since all devices are of one machine.
    pub fn gaps(evidence: &Evidence) -> Vec<Self> {
        let of_kind = |lapse: LapseKind| {
            let (ns, times) = evidence.devices.iter().filter_map(|device| device.lapsed(lapse)).max()?;
            Some(Self::Lapsed { lapse, times, ns })
        };
        let broke_off = Self::broke_off(evidence).into_iter();
        broke_off.chain(LapseKind::ALL.into_iter().filter_map(of_kind)).collect()
    }

    /// That the run broke off, where it did and was taken up again.
    fn broke_off(evidence: &Evidence) -> Option<Self> {
        let times = evidence.resumed.len() as u64;
        let known = evidence.resumed.iter().filter_map(|at| at.gap_ns);
        let unknown = times - known.clone().count() as u64;
        let gap_ns = known.fold(0, u64::saturating_add);
        (times > 0).then_some(Self::BrokeOff { times, gap_ns, unknown })
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
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
