//! Completion scripts and the manual page, both made from the command line's own definition.

use std::io::Write as _;

use clap::CommandFactory;

use super::{Failure, print};
use crate::cli::{Cli, help};
use crate::exit::Exit;
use crate::language::Language;

pub fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "assay", &mut script);
    print(|out| out.write_all(&script))
}

pub fn manpage(language: Language) -> Result<Exit, Failure> {
    let bug =
        |e: &dyn std::fmt::Display| Failure::new(Exit::Bug, format!("the manual page cannot be made: {e}"));
    let mut page = Vec::new();
    clap_mangen::Man::new(help::command(language)).render(&mut page).map_err(|e| bug(&e))?;
    let page = String::from_utf8(page).map_err(|e| bug(&e))?;
    print(|out| out.write_all(help::manual(page, language).as_bytes()))
}
