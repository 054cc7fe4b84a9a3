//! `assay prove`: answers a challenge, to a witness or to nobody.

use std::io::{self, BufWriter, IsTerminal};
use std::time::Duration;

use jiff::Timestamp;

use super::verify::read;
use super::witness::{Session, refused};
use super::{Failure, discover, run};
use crate::cli::ProveArgs;
use crate::exit::Exit;
use crate::proof::challenge::Issued;
use crate::proof::prove;
use crate::proof::statement::By;

/// How long we wait for ourselves.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn prove(args: &ProveArgs, quiet: bool) -> Result<Exit, Failure> {
    let envelope = read(&args.challenge)?;
    let refused = refused(&args.challenge);
    let issued = Issued::unchecked(&envelope).map_err(|e| refused(&e))?;
    issued.is_good_at(Timestamp::now()).map_err(|e| refused(&e))?;
    let program = discover::program()?;
    let devices = discover::chosen(&program, &args.device)?;
    let demanded = issued.challenge.gpus as usize;
    if devices.len() < demanded {
        return Err(Failure::new(
            Exit::Fail,
            format!(
                "the challenge demands {demanded} GPUs, and there are {}: {}",
                devices.len(),
                devices.join(", ")
            ),
        ));
    }
    let devices = &devices[..demanded];
    if args.out.is_none() {
        return answer(&issued, devices);
    }
    let (key, _) = run::signer(args.key.as_deref())?;
    let mut command = vec![program.display().to_string(), "prove".to_owned(), "--challenge".to_owned()];
    command.push(args.challenge.display().to_string());
    command.extend(devices.iter().map(|device| format!("--device={device}")));
    let session = Session {
        issued: &issued,
        envelope: &envelope,
        by: By::Prover,
        command: &command,
        patience: PATIENCE,
        key: &key,
        out: args.out.as_deref(),
    };
    session.hold(quiet).map(|(exit, _)| exit)
}

/// Speaks with the witness.
fn answer(issued: &Issued, devices: &[String]) -> Result<Exit, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::usage(
            "prove speaks with a witness on its standard input; start it as \
             `assay witness --challenge FILE --key KEY -- assay prove --challenge FILE`, or give --out to prove without one",
        ));
    }
    let mut to = BufWriter::new(io::stdout().lock());
    prove::prove(issued, devices, io::stdin(), &mut to)
        .map(|()| Exit::Pass)
        .map_err(|why| Failure::new(Exit::Environment, why))
}
