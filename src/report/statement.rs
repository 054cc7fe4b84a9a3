//! The report as an in-toto Statement v1, which other tools read too.
//! Owns the statement around the report and its subjects; must not know signatures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Report;
use crate::seal::sha256_hex;

/// Names the report's format; the same URI is the `$id` of its JSON Schema.
pub const PREDICATE_TYPE: &str = "https://gpu-assay.dev/report/v1";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    type_: String,
    /// Each opened device by its identity, the contract by its file, the run by what was asked.
    #[schemars(length(min = 1))]
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Report,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Subject {
    pub name: String,
    /// `sha256` only.
    pub digest: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    #[error("the signed bytes are no report: {why}; was it made by a newer version of assay?")]
    Malformed { why: String },
    #[error("the statement is of type {0:?}, not {STATEMENT_TYPE:?}; this is not a report")]
    StatementType(String),
    #[error(
        "the predicate is of type {0:?}, not {PREDICATE_TYPE:?}; this is not a report, or one of a newer format"
    )]
    PredicateType(String),
    #[error("the report is of format {0}, this program reads format {known}; get a newer one", known = super::FORMAT)]
    Format(u32),
    #[error("the evidence is of format {0}, this program reads format {known}", known = crate::evidence::FORMAT)]
    EvidenceFormat(u32),
    #[error("the statement names other subjects than its report holds; do not accept it")]
    Subjects,
    #[error("the report cannot be written as JSON: {why}")]
    Encoding { why: String },
}

/// The bytes to sign.
pub fn encode(report: &Report) -> Result<Vec<u8>, ReportError> {
    let statement = Statement {
        type_: STATEMENT_TYPE.to_owned(),
        subject: subjects(report)?,
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: report.clone(),
    };
    serde_json::to_vec(&statement).map_err(encoding)
}

/// Reads signed bytes. Reports reach the rest of the program through `Report::from_verified` only.
pub(super) fn decode(bytes: &[u8]) -> Result<Report, ReportError> {
    /// What must be right before the rest is worth reading.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        #[serde(rename = "_type")]
        type_: String,
        predicate_type: String,
    }
    let malformed = |e: serde_json::Error| ReportError::Malformed { why: e.to_string() };
    let short = |text: String| text.chars().take(80).collect();
    let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
    if head.type_ != STATEMENT_TYPE {
        return Err(ReportError::StatementType(short(head.type_)));
    }
    if head.predicate_type != PREDICATE_TYPE {
        return Err(ReportError::PredicateType(short(head.predicate_type)));
    }
    let statement: Statement = serde_json::from_slice(bytes).map_err(malformed)?;
    let report = statement.predicate;
    if report.format != super::FORMAT {
        return Err(ReportError::Format(report.format));
    }
    if report.evidence.run.format != crate::evidence::FORMAT {
        return Err(ReportError::EvidenceFormat(report.evidence.run.format));
    }
    if statement.subject != subjects(&report)? {
        return Err(ReportError::Subjects);
    }
    Ok(report)
}

/// What the statement is about. Digests are over the JCS form (RFC 8785), so that others can compute them.
fn subjects(report: &Report) -> Result<Vec<Subject>, ReportError> {
    let mut subjects = Vec::new();
    for device in &report.evidence.devices {
        if let Some(identity) = &device.identity {
            subjects.push(subject(format!("device:{}", device.selector), jcs_sha256(identity)?));
        }
    }
    if let Some(contract) = &report.contract {
        subjects.push(subject(format!("contract:{}", contract.terms.id), contract.sha256.clone()));
    }
    let run = &report.evidence.run;
    subjects.push(subject(format!("run:{}", run.started), jcs_sha256(run)?));
    Ok(subjects)
}

fn subject(name: String, sha256: String) -> Subject {
    Subject { name, digest: BTreeMap::from([("sha256".to_owned(), sha256)]) }
}

fn jcs_sha256(value: &impl Serialize) -> Result<String, ReportError> {
    serde_json_canonicalizer::to_vec(value).map(|bytes| sha256_hex(&bytes)).map_err(encoding)
}

fn encoding(e: serde_json::Error) -> ReportError {
    ReportError::Encoding { why: e.to_string() }
}
