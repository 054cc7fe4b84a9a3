//! Opens what was signed, and says what is wrong with what cannot be used.
//! Owns which file each command asks for; what a statement says is checked in `check.rs`.

use std::path::Path;

use super::Failure;
use crate::exit::Exit;
use crate::fleet::envelopes::REPORT;
use crate::inventory::Inventory;
use crate::proof::beside::{self, BesideError};
use crate::proof::challenge::Issued;
use crate::report::Report;
use crate::report::difference::Difference;
use crate::seal::envelope::{EnvelopeError, LoadError};
use crate::seal::{Envelope, KeyId, TrustList, Verified};

/// The report that an inventory certificate in `file` follows from, where it lies beside it and a trusted key has signed it.
pub fn report_beside(
    file: &Path,
    inventory: &Inventory,
    trust: &TrustList,
) -> Result<Option<(Report, Verified)>, Failure> {
    let path = file.with_file_name(REPORT);
    match std::fs::metadata(&path) {
        Ok(about) if about.is_file() => {}
        // A pipe would keep whoever opens it waiting.
        Ok(_) => return Err(Failure::usage(format!("{} is no regular file", path.display()))),
        Err(_) => return Ok(None),
    }
    let verified = open(&path, trust)?;
    if verified.sha256() != inventory.report_sha256 {
        return Err(refused(&path)(&"it is not the report that the certificate beside it follows from"));
    }
    sound(&path, verified).map(Some)
}

/// A report whose figures hold.
pub fn sound(file: &Path, verified: Verified) -> Result<(Report, Verified), Failure> {
    let report = Report::from_verified(&verified).map_err(|e| refused(file)(&e))?;
    match crate::report::recheck(&report, None).differences.first() {
        None => Ok((report, verified)),
        Some(Difference { what, stated, recomputed }) => Err(refused(file)(&format!(
            "{what}: it states {stated}, its samples say {recomputed}; `assay verify` shows all"
        ))),
    }
}

/// Why a proof cannot be told from what lies beside it.
pub fn no_proof(error: BesideError) -> Failure {
    match error {
        BesideError::Unreadable { .. } => Failure::usage(error),
        BesideError::Refused { .. } => Failure::new(Exit::Signature, error.to_string()),
        BesideError::NoRandom(_) => Failure::new(Exit::Environment, error.to_string()),
    }
}

/// What is wrong with what this file holds.
pub fn refused(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> Failure {
    move |e| Failure::new(Exit::Signature, format!("{}: {e}", path.display()))
}

pub fn read(path: &Path) -> Result<Envelope, Failure> {
    read_wanted(path, "the report.dsse.json that `assay run` wrote, or another signed file")
}

/// What a challenge is, for who names another file.
pub const CHALLENGE_WANTED: &str = "the challenge that `assay challenge new` wrote";

/// What to do with the events of a run whose report is wanted.
const RECORDING: &str = "; a recording is not signed: `assay replay` judges it without a signature, `assay seal` signs what it holds";

/// A signed file, where `wanted` says which one the command takes.
pub fn read_wanted(path: &Path, wanted: &str) -> Result<Envelope, Failure> {
    let shown = path.display();
    Envelope::load(path).map_err(|e| match e {
        LoadError::Unreadable(e) => Failure::usage(format!("{shown} cannot be read: {e}; give {wanted}")),
        LoadError::Envelope(e @ EnvelopeError::Malformed { .. }) => {
            let is_recording = path.extension().is_some_and(|extension| extension == "jsonl");
            let hint = if is_recording { RECORDING } else { "" };
            Failure::new(Exit::Signature, format!("{shown}: {e}; give {wanted}{hint}"))
        }
        LoadError::Envelope(e) => Failure::new(Exit::Signature, format!("{shown}: {e}")),
    })
}

/// What a trusted key has signed.
pub fn open(path: &Path, trust: &TrustList) -> Result<Verified, Failure> {
    read(path)?.open(trust).map_err(|e| refused(path)(&e))
}

/// A challenge that a trusted key has signed; where it is said who is to ask, his.
pub fn issued(file: &Path, trust: &TrustList, asker: Option<&KeyId>) -> Result<Issued, Failure> {
    let verified = read_wanted(file, CHALLENGE_WANTED)?.open(trust).map_err(|e| refused(file)(&e))?;
    if asker.is_some_and(|asker| !verified.signers().any(|signer| signer == asker)) {
        return Err(refused(file)(&beside::NOT_ASKED));
    }
    Issued::from_verified(&verified).map_err(|e| refused(file)(&e))
}

/// A report that a trusted key has signed.
pub fn read_trusted(path: &Path, trust: &TrustList) -> Result<Report, Failure> {
    Report::from_verified(&open(path, trust)?).map_err(|e| refused(path)(&e))
}

/// A report for showing, its signature not checked.
pub fn read_unverified(path: &Path) -> Result<Report, Failure> {
    Report::unchecked(&read(path)?).map_err(|e| refused(path)(&e))
}
