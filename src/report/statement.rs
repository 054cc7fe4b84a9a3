//! The report as an in-toto Statement v1, which other tools read too.
//! Owns what a report's statement is about; must not know signatures.

use super::Report;
use crate::evidence::DEVICES_MAX;
use crate::seal::statement::{Kind, StatementError, Subject};

pub const KIND: Kind = Kind { uri: "https://gpu-assay.dev/report/v1", what: "report" };

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    #[error("{0}")]
    Statement(#[from] StatementError),
    #[error("the report is of {0} devices, and no machine has more than {DEVICES_MAX}")]
    Devices(usize),
    #[error("the evidence is of format {0}, this program reads format {known}; get a newer one", known = crate::evidence::FORMAT)]
    EvidenceFormat(u32),
}

/// The bytes to sign.
pub fn encode(report: &Report) -> Result<Vec<u8>, ReportError> {
    Ok(KIND.encode(subjects(report)?, report)?)
}

/// Reads signed bytes. Reports reach the rest of the program through `Report::from_verified` only.
pub(super) fn decode(bytes: &[u8]) -> Result<Report, ReportError> {
    KIND.read(bytes, readable, subjects)
}

fn readable(report: &Report) -> Result<(), ReportError> {
    KIND.check_format(report.format, super::FORMAT)?;
    if report.evidence.run.format != crate::evidence::FORMAT {
        return Err(ReportError::EvidenceFormat(report.evidence.run.format));
    }
    if report.evidence.devices.len() > DEVICES_MAX {
        return Err(ReportError::Devices(report.evidence.devices.len()));
    }
    Ok(())
}

/// The JSON Schema of the whole statement that is signed.
pub fn schema() -> String {
    KIND.schema::<Report>()
}

/// Each opened device by its identity, the contract by its file, the run by what was asked.
fn subjects(report: &Report) -> Result<Vec<Subject>, StatementError> {
    let mut subjects = Vec::new();
    for device in &report.evidence.devices {
        if let Some(identity) = &device.identity {
            subjects.push(Subject::of_json(format!("device:{}", device.selector), identity)?);
        }
    }
    if let Some(contract) = &report.contract {
        subjects.push(Subject::new(format!("contract:{}", contract.terms.id), contract.sha256.clone()));
    }
    let run = &report.evidence.run;
    subjects.push(Subject::of_json(format!("run:{}", run.started), run)?);
    Ok(subjects)
}
