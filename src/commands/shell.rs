//! Completion scripts and the manual page, both made from the command line's own definition.

use std::io::Write as _;

use clap::CommandFactory;

use super::{Failure, print};
use crate::cli::Cli;
use crate::exit::Exit;

pub fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "assay", &mut script);
    print(|out| out.write_all(&script))
}

pub fn manpage() -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|e| Failure::new(Exit::Bug, format!("the manual page cannot be made: {e}")))?;
    print(|out| out.write_all(&page))
}
