//! A proof checked again from its transcript, by whoever holds both: no device, no prover, no witness.
//! Owns the replay and the comparison with what was signed.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::challenge::{ChallengeError, Issued};
use super::session::{Fault, Session};
use super::statement::{By, Figures, Outcome, Proof, Transcript};
use super::wire::{Frame, Timed, WireError};

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the transcript is another than the one that was signed, or was changed since")]
    Transcript,
    #[error("the transcript is malformed: {0}")]
    Wire(String),
    #[error("the proof answers another challenge (sha256 {0})")]
    Challenge(String),
    #[error("it was begun at {0:?}, which is no time")]
    Time(String),
    #[error("it was begun when {0}")]
    Begun(ChallengeError),
    #[error("it is signed as a proof that held, but {0}")]
    Fault(#[from] Fault),
    #[error("it is signed as a proof that held, but its transcript breaks off")]
    CutShort,
    #[error("it is signed as a proof that was refuted, but its transcript holds")]
    Holds,
    #[error("the questions do not follow from what came before them: whoever proved chose them")]
    Ask,
    #[error("it states other figures than follow from its transcript")]
    Figures,
}

/// Replays `transcript`, and gives what follows from it. `secret` is drawn at random by whoever checks, after the transcript was
/// written.
pub fn recheck(
    proof: &Proof,
    issued: &Issued,
    transcript: impl Read,
    secret: [u8; 32],
) -> Result<Figures, Refusal> {
    if proof.challenge_sha256 != issued.sha256 {
        return Err(Refusal::Challenge(proof.challenge_sha256.chars().take(64).collect()));
    }
    let at = proof.at.parse().map_err(|_| Refusal::Time(proof.at.chars().take(64).collect()))?;
    issued.is_good_at(at).map_err(Refusal::Begun)?;
    let mut session = Session::new(issued, secret);
    let mut from = Digesting::new(transcript);
    let fault = replay(proof.by, &mut session, &mut from).err();
    // What follows a fault counts for the digest alone.
    io::copy(&mut from, &mut io::sink()).map_err(|e| Refusal::Wire(e.to_string()))?;
    if from.transcript() != proof.transcript {
        return Err(Refusal::Transcript);
    }
    match (&proof.outcome, fault) {
        (Outcome::Held, Some(fault)) => return Err(fault),
        (Outcome::Held, None) if !session.is_done() => return Err(Refusal::CutShort),
        // Who rents gains by it: a node that is not accepted.
        (Outcome::Refuted { .. }, None) if session.is_done() => return Err(Refusal::Holds),
        (Outcome::Held | Outcome::Refuted { .. } | Outcome::Unfinished { .. }, _) => {}
    }
    let figures = Figures::of(&session, issued.challenge.openings);
    if figures == older(&proof.figures, &figures) { Ok(figures) } else { Err(Refusal::Figures) }
}

/// The first protocol whose statements count the time after a GPU's last root, and of which kind each time was.
const ALL_TIME: u32 = 3;

/// What a proof states, but where older programs stated nothing, or more than follows, what does follow.
fn older(stated: &Figures, figures: &Figures) -> Figures {
    let mut stated = stated.clone();
    let counts_all_time = figures.protocol.is_none_or(|protocol| protocol >= ALL_TIME);
    stated.protocol = stated.protocol.or(figures.protocol);
    for (stated, gpu) in stated.gpus.iter_mut().zip(&figures.gpus) {
        stated.first_root_ns = stated.first_root_ns.or(gpu.first_root_ns);
        if !counts_all_time {
            (stated.products_ns, stated.floor_per_s) = (gpu.products_ns, gpu.floor_per_s);
            stated.longest_gap_ns = gpu.longest_gap_ns;
            stated.memory.clone_from(&gpu.memory);
        }
    }
    stated
}

fn replay(by: By, session: &mut Session, from: &mut Digesting<impl Read>) -> Result<(), Refusal> {
    loop {
        let so_far = from.digest();
        let Some(entry) = Timed::read(from).map_err(|e: WireError| Refusal::Wire(e.to_string()))? else {
            return Ok(());
        };
        let chosen = matches!(entry.frame, Frame::Ask(ask) if ask != so_far);
        if by == By::Prover && chosen {
            return Err(Refusal::Ask);
        }
        session.take(&entry)?;
    }
}

/// Hashes what passes through.
pub struct Digesting<T> {
    inner: T,
    sha256: Sha256,
    bytes: u64,
}

impl<T> Digesting<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, sha256: Sha256::new(), bytes: 0 }
    }

    /// SHA-256 of all that has passed.
    pub fn digest(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    pub fn transcript(&self) -> Transcript {
        Transcript { sha256: hex::encode(self.digest()), bytes: self.bytes }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<T: Read> Read for Digesting<T> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.pass(&out[..read]);
        Ok(read)
    }
}

impl<T: io::Write> io::Write for Digesting<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.pass(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
