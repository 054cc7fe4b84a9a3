//! `assay challenge`: demands a proof of work.

use std::time::Duration;

use jiff::Timestamp;

use super::results::write_new;
use super::{Failure, tell};
use crate::catalogue::{self, Gpu};
use crate::cli::{ChallengeCommand, NewChallenge};
use crate::contract::inventory::MEMORY_SHARE;
use crate::contract::{self, Contract};
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::listing::entry;
use crate::proof::challenge::{Challenge, FORMAT};
use crate::seal::SecretKey;
use crate::units::Unit;

/// Of the names before the values.
const NAMES: usize = 11;

pub fn challenge(command: &ChallengeCommand, quiet: bool, language: Language) -> Result<Exit, Failure> {
    match command {
        ChallengeCommand::New(args) => new(args, quiet, language),
    }
}

fn new(args: &NewChallenge, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let key = SecretKey::load(&args.key).map_err(Failure::usage)?;
    let devices =
        contract.as_ref().and_then(|parsed| Some(parsed.contract.inventory.as_ref()?.devices.get()));
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce)
        .map_err(|e| Failure::new(Exit::Environment, format!("the system gives no random numbers: {e}")))?;
    let agreed = contract.as_ref().and_then(|parsed| parsed.contract.proof.as_ref()?.memory.as_ref());
    let memory_bytes = match (&args.memory, agreed) {
        (Some(text), _) => Unit::Byte.parse(text).map_err(|e| Failure::usage(format!("--memory: {e}")))?,
        (None, agreed) => agreed.map_or(0.0, |memory| memory.held.0.value()),
    };
    possible(memory_bytes, contract.as_ref().map(|parsed| &parsed.contract))?;
    let now = Timestamp::now();
    let expires = now.checked_add(args.valid).map_err(Failure::usage)?;
    let challenge = Challenge {
        format: FORMAT,
        nonce,
        contract_sha256: contract.map(|parsed| parsed.sha256),
        node: args.node.clone(),
        gpus: args.gpus.or(devices).unwrap_or(1),
        memory_bytes: memory_bytes as u64,
        not_before: seconds(now),
        expires: seconds(expires),
        at_least_s: whole_seconds(args.at_least)?,
        openings: args.openings,
    };
    let envelope = challenge.seal(&key).map_err(Failure::usage)?;
    write_new(&args.out, &envelope.to_bytes())?;
    tell(quiet, |out| {
        let (gpus, seconds) = (challenge.gpus, challenge.at_least_s);
        let mut demands = say!(language, "challenge-demands", gpus = gpus, seconds = seconds);
        if challenge.memory_bytes > 0 {
            let memory = Unit::Byte.format(challenge.memory_bytes as f64);
            demands = say!(language, "challenge-demands-memory", demands, memory);
        }
        let until = say!(language, "challenge-until", time = &challenge.expires);
        entry(&say!(language, "ledger-challenge"), NAMES, args.out.display(), out)?;
        entry(&say!(language, "name-demands"), NAMES, demands, out)?;
        entry(&say!(language, "name-good-until"), NAMES, until, out)?;
        entry(&say!(language, "name-signed"), NAMES, key.public().id(), out)
    })
}

/// Memory that no card has would be demanded in vain, after the work was done.
fn possible(memory_bytes: f64, contract: Option<&Contract>) -> Result<(), Failure> {
    /// A card that is sold with 80 GB most often has 80 GiB.
    const BYTES_PER_GB: f64 = 1_073_741_824.0;
    let sku = contract.and_then(|contract| contract.inventory.as_ref()?.sku.as_ref());
    let agreed = sku.and_then(|sku| catalogue::resolve(sku.as_str()).one(sku.as_str()).ok());
    let most = |gpu: &Gpu| gpu.memory_sizes().fold(0.0, f64::max);
    let (of, gb) = match agreed.map(|gpu| (gpu, most(gpu))).filter(|(_, gb)| *gb > 0.0) {
        Some((gpu, gb)) => (gpu.name.as_str(), gb),
        None => ("any card of the catalogue", catalogue::gpus().iter().map(most).fold(0.0, f64::max)),
    };
    if memory_bytes <= gb * BYTES_PER_GB {
        return Ok(());
    }
    let asked = Unit::Byte.format(memory_bytes);
    Err(Failure::usage(format!(
        "{asked} of memory on each GPU is more than {of} has, {gb} GB; write what one GPU is to hold, such as --memory \"{} GB\"",
        (gb * MEMORY_SHARE).floor()
    )))
}

/// Whole seconds: what is shorter says nothing.
fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn whole_seconds(time: Duration) -> Result<u32, Failure> {
    let whole = u32::try_from(time.as_secs()).ok().filter(|_| time.subsec_nanos() == 0);
    whole.ok_or_else(|| Failure::usage("--at-least takes whole seconds, such as 60s"))
}
