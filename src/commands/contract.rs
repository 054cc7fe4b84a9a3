//! `assay contract`: write, check and describe contract files.

use std::io::Write as _;
use std::path::Path;

use super::verify::read_unverified;
use super::{Failure, print};
use crate::cli::ContractCommand;
use crate::contract;
use crate::contract::template::{Source, template};
use crate::exit::Exit;

pub fn contract(command: &ContractCommand) -> Result<Exit, Failure> {
    match command {
        ContractCommand::New { from } => new(from.as_deref()),
        ContractCommand::Check { file } => check(file),
        ContractCommand::Schema => print(|out| out.write_all(contract::schema::schema().as_bytes())),
    }
}

fn new(from: Option<&Path>) -> Result<Exit, Failure> {
    let text = match from {
        None => template(Source::Generic),
        Some(path) => {
            let report = read_unverified(path)?;
            let device = report.evidence.devices.first().ok_or_else(|| {
                Failure::usage(format!("{} measured no device to take bounds from", path.display()))
            })?;
            template(Source::Measured(device))
        }
    };
    print(|out| out.write_all(text.as_bytes()))
}

fn check(file: &Path) -> Result<Exit, Failure> {
    let parsed = contract::parse::load(file).map_err(Failure::usage)?;
    let (id, clauses) = (&parsed.contract.id, parsed.contract.clauses.len());
    print(|out| {
        let ending = if clauses == 1 { "" } else { "s" };
        writeln!(out, "{}: contract {id:?} is well formed, {clauses} clause{ending}", file.display())?;
        writeln!(out, "sha256 {}", parsed.sha256)
    })
}
