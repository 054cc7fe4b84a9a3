//! `assay verify`: signature, schema, and everything recomputed. Touches no device.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::witness::{CHALLENGE, TRANSCRIPT, beside, exit, refused};
use super::{Failure, print};
use crate::cli::VerifyArgs;
use crate::contract::{self, Parsed};
use crate::exit::Exit;
use crate::language::Language;
use crate::output;
use crate::output::verification::{self, Verification};
use crate::proof::challenge::Issued;
use crate::proof::recheck;
use crate::proof::statement::{self, Proof};
use crate::report::{Report, ledger};
use crate::seal::{Envelope, TrustList, Verified};

pub fn verify(args: &VerifyArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let contract = args.contract.as_deref().map(contract::parse::load).transpose().map_err(Failure::usage)?;
    let envelope = read(&args.report)?;
    let refused = refused(&args.report);
    let verified = envelope.open(&trust).map_err(|e| refused(&e))?;
    if statement::KIND.is_of(verified.bytes()) {
        return proof(args, &trust, &verified, contract.as_ref(), quiet);
    }
    let report = Report::from_verified(&verified).map_err(|e| refused(&e))?;
    let recheck = crate::report::recheck(&report, contract.as_ref());
    // Programs read one language.
    let language = if args.json { Language::English } else { language };
    let ledger = ledger::ledger(&report, &verified, &recheck, language);
    let shown = Verification { report: &report, recheck: &recheck, ledger: &ledger };
    if !quiet {
        print(|out| match args.json {
            true => verification::json(&shown, out),
            false => verification::human(&shown, out.speaking(language)),
        })?;
    }
    Ok(recheck.exit(&report))
}

/// A proof, by the challenge and the transcript that lie beside it.
fn proof(
    args: &VerifyArgs,
    trust: &TrustList,
    verified: &Verified,
    contract: Option<&Parsed>,
    quiet: bool,
) -> Result<Exit, Failure> {
    let refused_proof = refused(&args.report);
    let proof = Proof::from_verified(verified).map_err(|e| refused_proof(&e))?;
    let path = beside(&args.report, CHALLENGE);
    let refused_challenge = refused(&path);
    let opened = read(&path)?.open(trust).map_err(|e| refused_challenge(&e))?;
    let issued = Issued::from_verified(&opened).map_err(|e| refused_challenge(&e))?;
    let named = issued.challenge.contract_sha256.as_deref();
    if contract.is_some_and(|contract| named != Some(contract.sha256.as_str())) {
        return Err(refused_challenge(&"it does not name the contract that you gave"));
    }
    let path = beside(&args.report, TRANSCRIPT);
    let transcript = File::open(&path).map_err(|e| {
        Failure::usage(format!("{} cannot be read: {e}; it belongs to the proof", path.display()))
    })?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|e| Failure::new(Exit::Environment, format!("the system gives no random numbers: {e}")))?;
    recheck::recheck(&proof, &issued, BufReader::new(transcript), secret).map_err(|e| refused_proof(&e))?;
    if !quiet {
        print(|out| match args.json {
            true => output::proof::json(&proof, verified, &issued.challenge, out),
            false => output::proof::verified(&proof, verified, &issued.challenge, out),
        })?;
    }
    Ok(exit(&proof.outcome))
}

/// A report that a trusted key has signed.
pub fn read_trusted(path: &Path, trust: &TrustList) -> Result<Report, Failure> {
    let refused = refused(path);
    let verified = read(path)?.open(trust).map_err(|e| refused(&e))?;
    Report::from_verified(&verified).map_err(|e| refused(&e))
}

/// A report for showing, its signature not checked.
pub fn read_unverified(path: &Path) -> Result<Report, Failure> {
    Report::unchecked(&read(path)?)
        .map_err(|e| Failure::new(Exit::Signature, format!("{}: {e}", path.display())))
}

pub fn read(path: &Path) -> Result<Envelope, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let limit = crate::seal::envelope::FILE_BYTES_MAX as u64 + 1;
    std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|e| {
        Failure::usage(format!(
            "{shown} cannot be read: {e}; give the path of a file such as report.dsse.json"
        ))
    })?;
    Envelope::parse(&bytes).map_err(|e| Failure::new(Exit::Signature, format!("{shown}: {e}")))
}
