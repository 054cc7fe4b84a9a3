//! `assay replay`: judges a recording again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};

use super::{Failure, print, print_to};
use crate::cli::ReplayArgs;
use crate::clock::System;
use crate::contract;
use crate::evidence::{event, record};
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::human;
use crate::report::{Report, SealedBy};

pub fn replay(args: &ReplayArgs, language: Language) -> Result<Exit, Failure> {
    let contract = contract::parse::load(&args.contract).map_err(Failure::usage)?;
    let path = args.events.display();
    let from: Box<dyn BufRead> = if args.events.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&args.events).map_err(|e| {
            Failure::usage(format!("{path} cannot be opened: {e}; give the path of an events.jsonl"))
        })?;
        Box::new(BufReader::new(file))
    };
    let events = event::read(from).map_err(|e| Failure::usage(format!("{path}: {e}")))?;
    let evidence = record::fold(&events).map_err(|e| Failure::usage(format!("{path}: {e}")))?;
    let report = Report::new(evidence, Some(&contract), SealedBy::Ephemeral, System::wall());
    print(|out| human::ending(&report, out.speaking(language)))?;
    print_to(anstream::stderr().lock(), |out| writeln!(out, "{}", say!(language, "replay-unsigned")))?;
    Ok(report.exit())
}
