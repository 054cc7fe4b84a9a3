//! `assay prove`: answers a challenge, to a witness or to nobody.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use super::signed::{CHALLENGE_WANTED, read_wanted, refused};
use super::witness::Session;
use super::{Failure, discover, private_output, run};
use crate::cli::ProveArgs;
use crate::exit::Exit;
use crate::language::Language;
use crate::proof::challenge::Issued;
use crate::proof::prove::{self, Task};
use crate::proof::statement::By;
use crate::proof::wire::Frame;
use crate::seal::{Envelope, Salt};

pub fn prove(args: &ProveArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    match &args.out {
        Some(out) => to_nobody(args, out, quiet, language),
        None => to_witness(args),
    }
}

/// The challenge and what will answer it.
struct Planned {
    envelope: Envelope,
    issued: Issued,
    program: PathBuf,
    devices: Vec<String>,
    salt: Option<Salt>,
}

fn plan(args: &ProveArgs) -> Result<Planned, Failure> {
    let envelope = read_wanted(&args.challenge, CHALLENGE_WANTED)?;
    let refused = refused(&args.challenge);
    let issued = Issued::unchecked(&envelope).map_err(|e| refused(&e))?;
    issued.is_good_at(Timestamp::now()).map_err(|e| refused(&e))?;
    let program = discover::program()?;
    let mut devices = discover::chosen(&program, &args.device, &discover::NEVER)?;
    let (demanded, found) = (issued.challenge.gpus as usize, devices.len());
    if found < demanded {
        let named = devices.join(", ");
        let text = format!("the challenge demands {demanded} devices, and there are {found}: {named}");
        return Err(Failure::new(Exit::Fail, text));
    }
    devices.truncate(demanded);
    let salt = args.salt.as_deref().map(Salt::load).transpose().map_err(Failure::usage)?;
    if salt.is_some() {
        run::name_no_card(&devices)?;
    }
    Ok(Planned { envelope, issued, program, devices, salt })
}

/// Without a witness we are our own, and start ourselves as its prover.
fn to_nobody(args: &ProveArgs, out: &Path, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let plan = plan(args)?;
    let (key, _) = run::signer(args.key.as_deref())?;
    let mut command = vec![plan.program.display().to_string(), "prove".to_owned(), "--challenge".to_owned()];
    command.push(args.challenge.display().to_string());
    command.extend(plan.devices.iter().map(|device| format!("--device={device}")));
    if let Some(salt) = &args.salt {
        command.extend(["--salt".to_owned(), salt.display().to_string()]);
    }
    let session = Session {
        issued: &plan.issued,
        envelope: &plan.envelope,
        by: By::Prover,
        command: &command,
        patience: args.patience,
        key: &key,
        out: Some(out),
        language,
    };
    session.hold(&AtomicBool::new(false), quiet)
}

/// Whatever goes wrong, the witness is told, since nobody may look at this end.
fn to_witness(args: &ProveArgs) -> Result<Exit, Failure> {
    if io::stdin().is_terminal() || io::stdout().is_terminal() {
        return Err(Failure::usage(
            "prove speaks with a witness on its standard input and output; start it as \
             `assay witness --challenge FILE --key KEY -- assay prove --challenge FILE`, or give --out to prove without one",
        ));
    }
    let to = private_output::take();
    let mut to = to.map(BufWriter::new).map_err(|e| Failure::new(Exit::Environment, e.to_string()))?;
    let plan = plan(args).inspect_err(|failure| {
        // It may be gone too.
        let _ = to.write_all(&Frame::Failed(failure.to_string()).encode()).and_then(|()| to.flush());
    })?;
    let task = Task {
        issued: &plan.issued,
        selectors: &plan.devices,
        salt: plan.salt.as_ref(),
        patience: args.patience,
    };
    prove::prove(&task, io::stdin(), to)
        .map(|()| Exit::Pass)
        .map_err(|why| Failure::new(Exit::Environment, why))
}
