//! Parses, dispatches, prints the error if there is one, ends with the documented code.

use std::io::Write as _;
use std::process::ExitCode;

use gpu_assay::{cli::help, commands, exit::Exit, visible::Shown};

fn main() -> ExitCode {
    let language = help::asked(std::env::args_os(), std::env::var_os("ASSAY_LANG"));
    let cli = match help::parse(language) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe behind --help is nobody's mistake.
            let _ = help::print(&error, language);
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Pass.into() };
        }
    };
    match std::panic::catch_unwind(|| commands::run(&cli)) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            // Nobody may be there to read it; the code says it too.
            let told = told(&failure.to_string());
            let _ = writeln!(Shown::new(anstream::stderr()), "{}: {told}", style("error"));
            failure.exit.into()
        }
        Err(_) => {
            let told = "assay has a bug and stopped; please report the lines above. Nothing was signed.";
            let _ = writeln!(std::io::stderr(), "{told}");
            Exit::Bug.into()
        }
    }
}

/// With a mark before each further line, so that none can be taken for another message, nor by a pipeline for an order.
fn told(message: &str) -> String {
    message.replace('\n', "\n  | ")
}

fn style(word: &str) -> String {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    format!("{style}{word}{style:#}")
}
