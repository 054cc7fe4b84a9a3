//! `assay seal`: signs what a run recorded before it broke off.

use std::fs::File;

use super::{Failure, run};
use crate::cli::SealArgs;
use crate::clock::System;
use crate::contract;
use crate::exit::Exit;
use crate::language::Language;
use crate::report::Report;

pub fn seal(args: &SealArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let (key, sealed_by) = run::signer(args.key.as_deref())?;
    // Held open and locked until the report is written.
    let (recording, _file) = run::broken_off(&args.directory, File::options().read(true))?;
    let report = Report::new(recording.evidence, contract.as_ref(), sealed_by, System::wall());
    let files = run::files(&report, &key, &args.format, language)?;
    files.iter().try_for_each(|file| run::write_file(&args.directory, file))?;
    if !quiet {
        run::show(&report, &args.directory, language)?;
    }
    Ok(report.exit())
}
