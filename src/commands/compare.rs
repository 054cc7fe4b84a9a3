//! `assay compare`: what became worse between two reports of the same machine. Touches no device.

use std::path::Path;

use super::signed::{open, read, read_trusted, read_unverified, refused, report_beside};
use super::{Failure, print};
use crate::cli::CompareArgs;
use crate::exit::Exit;
use crate::inventory::{self, Inventory};
use crate::language::Language;
use crate::output::comparison;
use crate::report::Report;
use crate::report::compare::{Comparison, Only, compare as compared};
use crate::seal::TrustList;

pub fn compare(args: &CompareArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let is_verified = !args.trust.is_empty();
    let report = |path: &Path| -> Result<Report, Failure> {
        match is_verified {
            true => read_trusted(path, &trust),
            false if holds_certificate(path) => Err(Failure::usage(format!(
                "{}: an inventory certificate counts by its signature alone; name the signer's public key with --trust PUB.pem",
                path.display()
            ))),
            false => read_unverified(path),
        }
    };
    let certified = if is_verified { certified(&args.before, &trust)? } else { None };
    let after = report(&args.after)?;
    let comparison = match certified {
        Some((inventory, before)) => {
            let said = inventory.said_of(&after);
            Comparison { certified: Some(said), ..compared(&before, &after, args.width) }
        }
        None => compared(&report(&args.before)?, &after, args.width),
    };
    let comparison = match Only::of(&args.metric, &args.probe) {
        Some(only) => comparison.held_to(only),
        None => comparison,
    };
    if !quiet {
        print(|out| {
            if args.json {
                comparison::json(&comparison, is_verified, out)
            } else {
                comparison::human(&comparison, is_verified, out.speaking(language))
            }
        })?;
    }
    Ok(comparison.exit())
}

fn holds_certificate(file: &Path) -> bool {
    let payload = read(file).ok().and_then(|envelope| envelope.unchecked());
    payload.is_some_and(|bytes| inventory::KIND.is_of(&bytes))
}

/// The report that stands behind an inventory certificate, where the file holds one.
fn certified(file: &Path, trust: &TrustList) -> Result<Option<(Inventory, Report)>, Failure> {
    let verified = open(file, trust)?;
    if !inventory::KIND.is_of(verified.bytes()) {
        return Ok(None);
    }
    let inventory = Inventory::from_verified(&verified).map_err(|e| refused(file)(&e))?;
    let Some((report, _)) = report_beside(file, &inventory, trust)? else {
        return Err(Failure::usage(format!(
            "{}: the report that it follows from, report.dsse.json, must lie beside it; its samples are what is compared",
            file.display()
        )));
    };
    Ok(Some((inventory, report)))
}
