//! `assay replay`: judges a recording again.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::{Failure, print, print_note};
use crate::cli::ReplayArgs;
use crate::clock::System;
use crate::contract;
use crate::evidence::{Evidence, event, record};
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::human;
use crate::report::{Report, SealedBy};

pub fn replay(args: &ReplayArgs, language: Language) -> Result<Exit, Failure> {
    let contract = contract::parse::load(&args.contract).map_err(Failure::usage)?;
    let evidence = recorded(&args.events)?;
    let made_for = evidence.run.contract_sha256.clone().filter(|sha256| *sha256 != contract.sha256);
    // Nobody seals it, so nothing is to be said of a key.
    let report = Report::new(evidence, Some(&contract), SealedBy::Named, System::wall());
    print(|out| human::ending(&report, out.speaking(language)))?;
    if let Some(sha256) = made_for {
        let ours = &contract.sha256;
        print_note(&say!(language, "replay-other-contract", made_for = sha256, ours = ours))?;
    }
    print_note(&say!(language, "replay-unsigned"))?;
    Ok(report.exit())
}

/// What a recording comes to; `-` is the standard input.
pub fn recorded(events: &Path) -> Result<Evidence, Failure> {
    let path = events.display();
    let from: Box<dyn BufRead> = if events.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(events).map_err(|e| {
            Failure::usage(format!("{path} cannot be opened: {e}; give the path of an events.jsonl"))
        })?;
        Box::new(BufReader::new(file))
    };
    let events = event::read(from).map_err(|e| Failure::usage(format!("{path}: {e}")))?;
    record::fold(&events).map_err(|e| Failure::usage(format!("{path}: {e}")))
}
