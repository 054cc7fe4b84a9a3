//! `assay seal`: signs what a run recorded before it broke off.

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
    let evidence = run::broken_off(&args.directory)?.evidence;
    let report = Report::new(evidence, contract.as_ref(), sealed_by, System::wall());
    run::write_results(&args.directory, &report, &key, &args.format, language)?;
    if !quiet {
        run::show(&report, &args.directory, language)?;
    }
    Ok(report.exit())
}
