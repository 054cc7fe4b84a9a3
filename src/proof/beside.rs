//! A proof with what lies beside it: the challenge that it answers and the transcript that it stands on.
//! Owns the files' names and checking all three together.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::challenge::Issued;
use super::recheck;
use super::statement::Proof;
use crate::files;
use crate::seal::envelope::LoadError;
use crate::seal::{Envelope, KeyId, TrustList, Verified};

pub const PROOF: &str = "proof.dsse.json";
pub const CHALLENGE: &str = "challenge.dsse.json";
pub const TRANSCRIPT: &str = "transcript.bin";

/// Why it does not count that somebody else than the tenant asked, or timed.
pub const NOT_ASKED: &str = "the tenant did not sign it, whose key the contract names; what others asked, or timed, shows him nothing";

#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    #[error("{} cannot be read: {why}; it belongs to the proof", path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("{}: {why}", path.display())]
    Refused { path: PathBuf, why: String },
    #[error("the system gives no random numbers: {0}")]
    NoRandom(getrandom::Error),
}

/// The proof in `file`, whose signature holds, checked again from its challenge and its transcript, with the figures that follow
/// from these. A trusted key must have signed the challenge too; where it is said who is to ask, his must have signed both.
pub fn check(
    file: &Path,
    verified: &Verified,
    trust: &TrustList,
    asker: Option<&KeyId>,
) -> Result<(Proof, Issued), BesideError> {
    let asked = |by: &Verified, path: &Path| match asker {
        Some(asker) if !by.signers().any(|signer| signer == asker) => Err(refused(path, &NOT_ASKED)),
        Some(_) | None => Ok(()),
    };
    asked(verified, file)?;
    let mut proof = Proof::from_verified(verified).map_err(|e| refused(file, &e))?;
    let (path, envelope) = challenge(file)?;
    let opened = envelope.open(trust).map_err(|e| refused(&path, &e))?;
    asked(&opened, &path)?;
    let issued = Issued::from_verified(&opened).map_err(|e| refused(&path, &e))?;
    let path = file.with_file_name(TRANSCRIPT);
    let transcript = files::open_regular(&path).map_err(|why| BesideError::Unreadable { path, why })?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(BesideError::NoRandom)?;
    let transcript = BufReader::new(transcript);
    proof.figures = recheck::recheck(&proof, &issued, transcript, secret).map_err(|e| refused(file, &e))?;
    Ok((proof, issued))
}

/// The proof in `file` with its challenge, for showing: nobody has checked who signed them, nor what they stand on.
pub fn unchecked(file: &Path, envelope: &Envelope) -> Result<(Proof, Issued), BesideError> {
    let proof = Proof::unchecked(envelope).map_err(|e| refused(file, &e))?;
    let (path, envelope) = challenge(file)?;
    let issued = Issued::unchecked(&envelope).map_err(|e| refused(&path, &e))?;
    if issued.sha256 != proof.challenge_sha256 {
        return Err(refused(&path, &"the proof beside it answers another challenge"));
    }
    Ok((proof, issued))
}

/// The challenge beside a proof, and where that is.
fn challenge(proof: &Path) -> Result<(PathBuf, Envelope), BesideError> {
    let path = proof.with_file_name(CHALLENGE);
    match files::open_regular(&path).map_err(LoadError::Unreadable).and_then(Envelope::read) {
        Ok(envelope) => Ok((path, envelope)),
        Err(LoadError::Unreadable(why)) => Err(BesideError::Unreadable { path, why }),
        Err(LoadError::Envelope(e)) => Err(refused(&path, &e)),
    }
}

fn refused(path: &Path, why: &dyn std::fmt::Display) -> BesideError {
    BesideError::Refused { path: path.to_owned(), why: why.to_string() }
}
