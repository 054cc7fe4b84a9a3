//! `assay verify`: signature, schema, and everything recomputed. Touches no device.

use std::io::Read;
use std::path::Path;

use super::{Failure, print};
use crate::cli::VerifyArgs;
use crate::contract;
use crate::exit::Exit;
use crate::output::verification::{self, Verification};
use crate::report::{Report, ledger, recheck};
use crate::seal::{Envelope, TrustList};

pub fn verify(args: &VerifyArgs, quiet: bool) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let envelope = read(&args.report)?;
    let path = args.report.display();
    let refused = |e: &dyn std::fmt::Display| Failure::new(Exit::Signature, format!("{path}: {e}"));
    let verified = envelope.open(&trust).map_err(|e| refused(&e))?;
    let report = Report::from_verified(&verified).map_err(|e| refused(&e))?;
    let recheck = recheck(&report, contract.as_ref());
    let ledger = ledger::ledger(&report, &verified, &recheck);
    let shown = Verification { report: &report, recheck: &recheck, ledger: &ledger };
    if !quiet {
        print(
            |out| if args.json { verification::json(&shown, out) } else { verification::human(&shown, out) },
        )?;
    }
    Ok(recheck.exit(&report))
}

/// A report that a trusted key has signed.
pub fn read_trusted(path: &Path, trust: &TrustList) -> Result<Report, Failure> {
    let refused =
        |e: &dyn std::fmt::Display| Failure::new(Exit::Signature, format!("{}: {e}", path.display()));
    let verified = read(path)?.open(trust).map_err(|e| refused(&e))?;
    Report::from_verified(&verified).map_err(|e| refused(&e))
}

/// A report for showing, its signature not checked.
pub fn read_unverified(path: &Path) -> Result<Report, Failure> {
    Report::unchecked(&read(path)?)
        .map_err(|e| Failure::new(Exit::Signature, format!("{}: {e}", path.display())))
}

fn read(path: &Path) -> Result<Envelope, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let limit = crate::seal::envelope::FILE_BYTES_MAX as u64 + 1;
    std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|e| {
        Failure::usage(format!("{shown} cannot be read: {e}; give the path of a report.dsse.json"))
    })?;
    Envelope::parse(&bytes).map_err(|e| Failure::new(Exit::Signature, format!("{shown}: {e}")))
}
