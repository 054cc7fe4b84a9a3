//! One short file per verb: resolve inputs, call the stations, say what happened.
//! Owns the mapping from failures to exit codes; must not measure, judge or render itself.

mod accept;
mod attest;
mod catalogue;
mod certify;
mod challenge;
mod check;
mod compare;
mod contract;
mod discover;
mod doctor;
mod fleet;
mod key;
mod list;
mod private_output;
mod prove;
mod render;
mod replay;
mod results;
mod run;
mod seal;
mod shell;
mod signals;
mod signed;
mod timestamp;
mod verify;
mod witness;
mod worker;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::output::page::Page;
use crate::visible::Shown;

/// Why a command ends early: what failed, on what, what to try.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub exit: Exit,
    pub message: String,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// An input that cannot be used.
    pub fn usage(error: impl std::fmt::Display) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }

    /// A file that cannot be written.
    pub fn cannot_write(path: &Path, error: &std::io::Error) -> Self {
        let is = |kinds: &[io::ErrorKind]| kinds.contains(&error.kind());
        let hint = if is(&[io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded]) {
            "; free some space or choose another place with --out"
        } else if is(&[io::ErrorKind::FileTooLarge]) {
            "; lift the limit on the size of files (ulimit -f) or choose another place with --out"
        } else if is(&[io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem]) {
            "; choose a directory you may write to"
        } else {
            ""
        };
        Self::new(Exit::Environment, format!("{} cannot be written: {error}{hint}", path.display()))
    }
}

/// Runs the command that was typed.
pub fn run(cli: &Cli) -> Result<Exit, Failure> {
    signals::outlive_large_files();
    catalogue::put_in_use(&cli.overlay, &cli.overlay_trust)?;
    cli.attestation_root.as_deref().map_or(Ok(()), check::put_roots_in_use)?;
    match &cli.command {
        Command::List(args) => list::list(args, cli.lang),
        Command::Run(args) => run::run(args, cli.quiet, cli.lang),
        Command::Seal(args) => seal::seal(args, cli.quiet, cli.lang),
        Command::Verify(args) => verify::verify(args, cli.quiet, cli.lang),
        Command::Attest(args) => attest::attest(args, cli.quiet, cli.lang),
        Command::Timestamp(args) => timestamp::timestamp(args, cli.quiet, cli.lang),
        Command::Compare(args) => compare::compare(args, cli.quiet, cli.lang),
        Command::Replay(args) => replay::replay(args, cli.lang),
        Command::Render(args) => render::render(args, cli.lang),
        Command::Contract(command) => contract::contract(command, cli.lang),
        Command::Catalogue(command) => catalogue::catalogue(command, cli.quiet, cli.lang),
        Command::Certify(args) => certify::certify(args, cli.quiet, cli.lang),
        Command::Accept(args) => accept::accept(args, cli.quiet, cli.lang),
        Command::Fleet(args) => fleet::fleet(args, cli.quiet, cli.lang),
        Command::Challenge(command) => challenge::challenge(command, cli.quiet, cli.lang),
        Command::Witness(args) => witness::witness(args, cli.quiet, cli.lang),
        Command::Prove(args) => prove::prove(args, cli.quiet, cli.lang),
        Command::Key(command) => key::key(command, cli.quiet, cli.lang),
        Command::Doctor(args) => doctor::doctor(args, cli.lang),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Manpage => shell::manpage(cli.lang),
        Command::Worker(args) => worker::worker(args),
    }
}

/// Prints on the standard output. A reader that goes away early is nobody's mistake; a full disk is one.
fn print(print: impl FnOnce(&mut Page) -> io::Result<()>) -> Result<Exit, Failure> {
    let out = anstream::stdout();
    // What another program reads stays as it is.
    match out.is_terminal() || out.current_choice() != anstream::ColorChoice::Never {
        true => print_to(out.lock(), |out| print(&mut Page::standard(&mut Shown::new(out)))),
        false => print_to(out.lock(), |out| print(&mut Page::standard(out))),
    }
}

/// The same for what is no text.
fn print_bytes(print: impl FnOnce(&mut Page) -> io::Result<()>) -> Result<Exit, Failure> {
    print_to(io::stdout().lock(), |out| print(&mut Page::standard(out)))
}

/// A word beside what is printed, for whoever looks.
fn print_note(note: &str) -> Result<Exit, Failure> {
    print_to(anstream::stderr().lock(), |out| writeln!(Shown::new(out), "{note}"))
}

/// Says what was done, unless nothing is to be said. What was asked for itself is always printed.
fn tell(quiet: bool, say: impl FnOnce(&mut Page) -> io::Result<()>) -> Result<Exit, Failure> {
    if quiet { Ok(Exit::Pass) } else { print(say) }
}

fn print_to(to: impl Write, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Exit, Failure> {
    let mut out = BufWriter::new(to);
    match print(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(Exit::Pass),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Pass),
        Err(error) => {
            Err(Failure::new(Exit::Environment, format!("the standard output cannot be written: {error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_says_what_to_try() {
        for (kind, hint) in [
            (io::ErrorKind::StorageFull, "free some space"),
            (io::ErrorKind::PermissionDenied, "choose a directory you may write to"),
            (io::ErrorKind::ReadOnlyFilesystem, "choose a directory you may write to"),
        ] {
            let said = Failure::cannot_write(Path::new("out"), &kind.into()).message;
            assert!(said.contains(hint), "{said}");
        }
    }
}
