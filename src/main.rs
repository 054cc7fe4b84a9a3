//! Parses, dispatches, prints the error if there is one, ends with the documented code.

use std::process::ExitCode;

use clap::Parser;
use gpu_assay::{cli::Cli, commands, exit::Exit};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe behind --help is nobody's mistake.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Pass.into() };
        }
    };
    match std::panic::catch_unwind(|| commands::run(&cli)) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            anstream::eprintln!("{}: {failure}", style("error"));
            failure.exit.into()
        }
        Err(_) => {
            eprintln!("assay has a bug and stopped; please report the lines above. Nothing was signed.");
            Exit::Bug.into()
        }
    }
}

fn style(word: &str) -> String {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    format!("{style}{word}{style:#}")
}
