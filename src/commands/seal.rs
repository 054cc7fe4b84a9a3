//! `assay seal`: signs what a run recorded before it broke off.

use std::fs::File;

use super::{Failure, print_note, run};
use crate::cli::SealArgs;
use crate::clock::System;
use crate::contract;
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::report::Report;

pub fn seal(args: &SealArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let (key, sealed_by) = run::signer(args.key.as_deref())?;
    // Held open and locked until the report is written.
    let (recording, _file) = run::broken_off(&args.directory, File::options().read(true))?;
    let made_for = recording.evidence.run.contract_sha256.clone();
    let report = Report::new(recording.evidence, contract.as_ref(), sealed_by, System::wall());
    let files = run::files(&report, &key, &args.format, language)?;
    files.iter().try_for_each(|file| run::write_file(&args.directory, file))?;
    if !quiet {
        run::show(&report, &args.directory, language)?;
        let ours = contract.map(|contract| contract.sha256);
        if let Some(made_for) = made_for.filter(|made_for| ours.as_ref() != Some(made_for)) {
            print_note(&match ours {
                Some(ours) => say!(language, "replay-other-contract", made_for = made_for, ours = ours),
                None => say!(language, "seal-by-none", made_for = made_for),
            })?;
        }
    }
    Ok(report.exit())
}
