//! `assay contract`: write, check and describe contract files.

use std::io::Write as _;
use std::path::Path;

use super::verify::read_unverified;
use super::{Failure, print};
use crate::cli::ContractCommand;
use crate::contract;
use crate::contract::lint::{Weight, lint};
use crate::contract::template::{Source, template};
use crate::exit::Exit;
use crate::output::lints::Found;

pub fn contract(command: &ContractCommand) -> Result<Exit, Failure> {
    match command {
        ContractCommand::New { from } => new(from.as_deref()),
        ContractCommand::Check { file, json } => check(file, *json),
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

fn check(file: &Path, json: bool) -> Result<Exit, Failure> {
    let bytes = contract::parse::read(file).map_err(Failure::usage)?;
    let parsed = contract::parse(&file.display().to_string(), &bytes).map_err(Failure::usage)?;
    let lints = lint(&parsed.contract);
    // What was read as a contract is UTF-8.
    let found = Found { file, text: &String::from_utf8_lossy(&bytes), parsed: &parsed, lints: &lints };
    print(|out| if json { found.json(out) } else { found.text(out) })?;
    let wrong = lints.iter().any(|lint| lint.weight == Weight::Error);
    Ok(if wrong { Exit::Usage } else { Exit::Pass })
}
