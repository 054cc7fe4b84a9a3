//! `assay witness`: times a prover, asks it, signs what was proved.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::check::proof_exit;
use super::signed::{CHALLENGE_WANTED, read_wanted, refused};
use super::{Failure, print, results, signals};
use crate::cli::WitnessArgs;
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::listing::entry;
use crate::output::proof::{self, Watch};
use crate::proof::beside::{CHALLENGE, PROOF, TRANSCRIPT};
use crate::proof::challenge::Issued;
use crate::proof::nonces::{self, Claim, NonceError};
use crate::proof::statement::{By, Proof};
use crate::proof::witness::{self, Orders, Trouble};
use crate::seal::{Envelope, SecretKey, TrustList};

pub fn witness(args: &WitnessArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let key = SecretKey::load(&args.key).map_err(Failure::usage)?;
    let trust = match args.trust.as_slice() {
        [] => TrustList::new([key.public()]),
        named => TrustList::load(named).map_err(Failure::usage)?,
    };
    let envelope = read_wanted(&args.challenge, CHALLENGE_WANTED)?;
    let refused = refused(&args.challenge);
    let verified = envelope.open(&trust).map_err(|e| refused(&e))?;
    let issued = Issued::from_verified(&verified).map_err(|e| refused(&e))?;
    issued.is_good_at(Timestamp::now()).map_err(|e| refused(&e))?;
    let place = nonces::place().map_err(Failure::usage)?;
    let claim = Claim::new(&place, &issued.challenge.nonce).map_err(|error| match &error {
        NonceError::Used(_) => refused(&error),
        NonceError::Unwritable { .. } | NonceError::NoPlace => {
            Failure::new(Exit::Environment, error.to_string())
        }
    })?;
    let session = Session {
        issued: &issued,
        envelope: &envelope,
        by: By::Witness,
        command: &args.command,
        patience: args.patience,
        key: &key,
        out: args.out.as_deref(),
        language,
    };
    let begun = AtomicBool::new(false);
    let held = session.hold(&begun, quiet);
    if !begun.into_inner() {
        claim.release();
    }
    held
}

/// A conversation, and where what comes of it goes.
pub struct Session<'a> {
    pub issued: &'a Issued,
    pub envelope: &'a Envelope,
    pub by: By,
    pub command: &'a [String],
    pub patience: Duration,
    pub key: &'a SecretKey,
    pub out: Option<&'a Path>,
    pub language: Language,
}

impl Session<'_> {
    /// Holds it, signs and shows the proof. From when `begun` is true on, the challenge is used up.
    pub fn hold(&self, begun: &AtomicBool, quiet: bool) -> Result<Exit, Failure> {
        let out = results::directory(self.out, "assay-proof", &[PROOF, TRANSCRIPT])?;
        let interrupted = signals::interruption()?;
        let orders = Orders {
            issued: self.issued,
            by: self.by,
            command: self.command,
            patience: self.patience,
            interrupted: &interrupted,
            begun,
        };
        let at = Timestamp::now();
        let transcript = out.join(TRANSCRIPT);
        let file = File::create_new(&transcript).map_err(|e| Failure::cannot_write(&transcript, &e))?;
        let mut watch = Watch::start(self.issued.challenge.at_least_s, quiet, self.language);
        let witnessed = witness::witness(&orders, &file, &mut |session, now| watch.see(session, now));
        watch.finish();
        let witnessed = witnessed.map_err(|error| {
            // Nothing was said that is worth keeping.
            let _ = std::fs::remove_file(&transcript);
            self.failed(&error, &transcript)
        })?;
        file.sync_all().map_err(|e| Failure::cannot_write(&transcript, &e))?;
        let proof = Proof {
            format: Proof::FORMAT,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            by: self.by,
            challenge_sha256: self.issued.sha256.clone(),
            at: at.to_string(),
            command: self.command.to_vec(),
            same_host: witnessed.same_host,
            transcript: witnessed.transcript,
            outcome: witnessed.outcome,
            figures: witnessed.figures,
        };
        self.deliver(&proof, &out)?;
        if !quiet {
            self.show(&proof, &out)?;
        }
        let interrupted = interrupted.load(Ordering::Relaxed);
        Ok(if interrupted { Exit::Interrupted } else { proof_exit(&proof.outcome) })
    }

    fn show(&self, proof: &Proof, out: &Path) -> Result<Exit, Failure> {
        let language = self.language;
        let (signed, key) = (say!(language, "name-signed-proof"), say!(language, "name-public-key"));
        print(|to| {
            proof::human(proof, &self.issued.challenge, to.speaking(language))?;
            writeln!(to)?;
            entry(&signed, 12, out.join(PROOF).display(), to)?;
            entry(&key, 12, out.join(results::PUBLIC_KEY).display(), to)
        })
    }

    fn failed(&self, trouble: &Trouble, transcript: &Path) -> Failure {
        let program = self.command.first().map_or("", String::as_str);
        let text = match trouble {
            Trouble::Transcript(error) => return Failure::cannot_write(transcript, error),
            Trouble::Command(error) if error.kind() == std::io::ErrorKind::NotFound => {
                format!("{program}: there is no such program; what follows -- starts the prover")
            }
            Trouble::Command(_) | Trouble::Random(_) => {
                format!("the proof could not be witnessed: {trouble}")
            }
        };
        Failure::new(Exit::Environment, text)
    }

    fn deliver(&self, proof: &Proof, out: &Path) -> Result<(), Failure> {
        let envelope = proof.seal(self.key).map_err(|e| Failure::new(Exit::Bug, e.to_string()))?;
        let public = self.key.public().to_pem().map_err(Failure::usage)?;
        results::write_atomically(out, CHALLENGE, &self.envelope.to_bytes())?;
        results::write_atomically(out, results::PUBLIC_KEY, public.as_bytes())?;
        results::write_signed(out, PROOF, &envelope.to_bytes())
    }
}
