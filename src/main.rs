//! Parses, dispatches, prints the error if there is one, ends with the documented code.

use std::io::Write as _;
use std::process::ExitCode;

use gpu_assay::{cli::help, commands, exit::Exit};

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
            let _ = writeln!(anstream::stderr(), "{}: {failure}", style("error"));
            failure.exit.into()
        }
        Err(_) => {
            let told = "assay has a bug and stopped; please report the lines above. Nothing was signed.";
            let _ = writeln!(std::io::stderr(), "{told}");
            Exit::Bug.into()
        }
    }
}

fn style(word: &str) -> String {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    format!("{style}{word}{style:#}")
}
