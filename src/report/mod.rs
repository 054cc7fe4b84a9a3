//! What is signed: evidence, the contract it was judged against, and the findings.
//! Owns the report's shape and the only way to read one back; must not know how it is shown.

pub mod compare;
pub mod difference;
pub mod ledger;
pub mod recheck;
pub mod reference;
pub mod statement;

use serde::{Deserialize, Serialize};

use crate::catalogue;
use crate::catalogue::in_use::{self, OverlayName};
use crate::contract::{Contract, Finding, Parsed, Verdict, conflicts, finding, judge, overall};
use crate::device::ProvenanceKind;
use crate::evidence::metric::MetricName;
use crate::evidence::stats::Summary;
use crate::evidence::{self, Evidence};
use crate::exit::Exit;
use crate::seal::{Envelope, SecretKey, Verified};

pub use crate::proof::level::TrustLevel;
pub use difference::Difference;
pub use recheck::{Recheck, recheck};
pub use statement::ReportError;

/// Version of the report's shape. Additions keep it, changes of meaning raise it.
pub const FORMAT: u32 = 1;

/// Everything about one run, ready to be signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Report {
    pub format: u32,
    /// The program that judged and sealed; the one that measured stands in the evidence.
    pub tool: Tool,
    pub sealed_by: SealedBy,
    /// Wall-clock time of sealing by the host's own clock, RFC 3339.
    pub sealed_at: String,
    pub trust_level: TrustLevel,
    /// SHA-256 of the catalogue that it was judged with, overlays included, as a contract pins it; `None` where it was not judged,
    /// or by a program that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue_sha256: Option<String>,
    /// What it was judged with beside the built-in catalogue; empty where it was not judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<OverlayName>,
    /// `None` for a run that only measured.
    pub contract: Option<ContractCopy>,
    /// `None` where there is no contract.
    pub verdict: Option<Verdict>,
    pub findings: Vec<Finding>,
    /// Statistics of every measurement, for readers that do not compute. The samples decide.
    pub summaries: Vec<DeviceSummary>,
    pub evidence: Evidence,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// What stands behind the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SealedBy {
    /// A key that was made for this report and thrown away: it shows that nothing was changed since, not who sealed.
    Ephemeral,
    /// A key that somebody keeps.
    Named,
}

/// The contract as it was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ContractCopy {
    /// SHA-256 of the contract file's bytes.
    pub sha256: String,
    pub terms: Contract,
}

impl From<&Parsed> for ContractCopy {
    fn from(parsed: &Parsed) -> Self {
        Self { sha256: parsed.sha256.clone(), terms: parsed.contract.clone() }
    }
}

/// Statistics of one measurement of one device, or between two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeviceSummary {
    /// Index into the evidence's devices; `None` for what was measured between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u32>,
    pub metric: MetricName,
    #[serde(flatten)]
    pub summary: Summary,
}

impl Report {
    /// Judges `evidence` and puts everything together. `sealed_at` is RFC 3339.
    pub fn new(
        evidence: Evidence,
        contract: Option<&Parsed>,
        sealed_by: SealedBy,
        sealed_at: String,
    ) -> Self {
        let findings = contract.map_or(Vec::new(), |parsed| judge(&parsed.contract, &evidence));
        Self {
            format: FORMAT,
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            sealed_by,
            sealed_at,
            trust_level: trust_level(&evidence),
            catalogue_sha256: contract.map(|_| catalogue::digest()),
            overlays: contract.map_or(Vec::new(), |_| in_use::overlays().to_vec()),
            contract: contract.map(ContractCopy::from),
            verdict: contract.map(|_| overall(&findings)),
            findings,
            summaries: summaries(&evidence),
            evidence,
        }
    }

    /// Serialises once and signs exactly those bytes.
    pub fn seal(&self, key: &SecretKey) -> Result<Envelope, ReportError> {
        Ok(Envelope::seal(&statement::encode(self)?, key))
    }

    /// The only way to read a report in order to rely on it: from bytes that a trusted key has signed.
    pub fn from_verified(verified: &Verified) -> Result<Self, ReportError> {
        statement::decode(verified.bytes())
    }

    /// A report for showing only: nobody has checked who signed it or whether it was changed.
    pub fn unchecked(envelope: &Envelope) -> Result<Self, ReportError> {
        statement::decode(&statement::KIND.payload(envelope.unchecked())?)
    }

    /// The exit code that this report states.
    pub fn exit(&self) -> Exit {
        exit(self.verdict, &self.findings, &self.evidence)
    }
}

/// Where nothing was demanded nothing was decided, but a run may still contradict itself.
fn exit(verdict: Option<Verdict>, findings: &[Finding], evidence: &Evidence) -> Exit {
    match verdict {
        Some(_) => finding::exit(findings),
        None if conflicts(evidence).is_empty() => Exit::Inconclusive,
        None => Exit::Identity,
    }
}

/// Statistics of every measurement that has any.
pub fn summaries(evidence: &Evidence) -> Vec<DeviceSummary> {
    let between = evidence.node.iter().flat_map(|node| &node.measurements).filter_map(|m| {
        Some(DeviceSummary { device: None, metric: m.metric.clone(), summary: m.summary()? })
    });
    (0u32..)
        .zip(&evidence.devices)
        .flat_map(|(index, device)| {
            let cases = device.measurements.iter().map(|m| (m.metric.clone(), m.summary()));
            let load = device.sustained.iter().map(|s| (s.load.metric.clone(), Summary::of(&s.rates())));
            let all: Vec<_> = cases.chain(load).collect();
            all.into_iter().filter_map(move |(metric, summary)| {
                Some(DeviceSummary { device: Some(index), metric, summary: summary? })
            })
        })
        .chain(between)
        .collect()
}

/// L1 at most: evidence names the challenge that it answers, but all of it is the machine's own account. What a witness timed and a
/// vendor attests stands in a proof, which has a level of its own, see [`Proof::level`](crate::proof::statement::Proof::level).
pub fn trust_level(evidence: &Evidence) -> TrustLevel {
    let measured = |device: &evidence::DeviceEvidence| match &device.identity {
        Some(identity) => identity.provenance.kind() != ProvenanceKind::Simulated,
        // A device that never opened adds nothing, neither truth nor simulation.
        None => device.measurements.is_empty() && device.sustained.is_none(),
    };
    let any = evidence.devices.iter().any(|device| device.identity.is_some());
    if any && evidence.devices.iter().all(measured) { TrustLevel::L1 } else { TrustLevel::L0 }
}
