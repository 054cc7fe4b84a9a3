//! What a witness signs: which work was proved, in which time by which clock, from which transcript.
//! Owns the proof's form and its arithmetic; must not know how the conversation was held.

use serde::{Deserialize, Serialize};

use super::attestation::Attested;
use super::chain::{Pace, Progress};
use super::level::TrustLevel;
use super::memory::Memory;
use super::session::Session;
use super::wire::Gpu;
use super::work::Work;
use crate::device::{Identity, ProvenanceKind};
use crate::seal::statement::{Kind, StatementError, Subject};
use crate::seal::{Envelope, SecretKey, Verified};

pub const KIND: Kind = Kind { uri: "https://gpu-assay.dev/proof/v1", what: "proof" };
/// Additions keep it, changes of meaning raise it.
const FORMAT: u32 = 1;
/// With this probability a proof says no more than what was done.
const CONFIDENCE: f64 = 0.99;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Proof {
    pub format: u32,
    pub tool_version: String,
    pub by: By,
    /// SHA-256 of the challenge's signed bytes.
    pub challenge_sha256: String,
    /// When it began by the witness's wall clock, RFC 3339.
    pub at: String,
    /// What the witness started to reach the prover.
    pub command: Vec<String>,
    /// Whether both ends say that they are one host. `None` where either does not know which it is.
    pub same_host: Option<bool>,
    pub transcript: Transcript,
    pub outcome: Outcome,
    #[serde(flatten)]
    pub figures: Figures,
}

/// Whose clock and whose questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Another process than the prover, started by whoever signs.
    Witness,
    /// The prover itself. It could ask until the questions suit it, and its clock is its own.
    Prover,
}

/// The file of all frames, by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Transcript {
    pub sha256: String,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// All rows that were asked for were shown, and are rows of the products.
    Held,
    /// Something that the prover said does not hold.
    Refuted { why: String },
    /// The prover stalled, broke off or was cut off.
    Unfinished { why: String },
}

/// What follows from the transcript.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Figures {
    /// The version of the protocol that the prover spoke. Statements from before there were turns do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u32>,
    pub gpus: Vec<Proved>,
    /// The share of wrong rows, or cells, that escapes with a probability of 1 % at most; more escapes with less.
    pub escaping_share: f64,
    /// How long all GPUs took to fill their memory, where that was demanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_ns: Option<u64>,
    /// From the questions to the last answer.
    pub answers_ns: Option<u64>,
}

/// What one GPU has committed. Where the proof held, it was done but for the escaping share. Times are by the clock of
/// [`Proof::by`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Proved {
    pub selector: String,
    /// The machine's own word.
    pub identity: Identity,
    pub work: Work,
    /// Products and parts of memory together.
    pub rounds: u32,
    /// From the clock's start to the first commitment, which depends on what was drawn then: the way there and back, and one
    /// round of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_root_ns: Option<u64>,
    /// The longest time between two commitments, or before the first.
    pub longest_gap_ns: u64,
    /// Time in which products were computed; in proofs of protocol 1 with memory, in which all was done.
    pub products_ns: u64,
    /// Multiplications and additions of whole numbers per second that were done at least. It counts those of the plain
    /// product; which unit of the card did them, in which precision, or by which algorithm, is not known.
    pub floor_per_s: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Held>,
    /// What its vendor attests of the card; `None` where the prover says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Attested>,
}

/// The memory that a GPU held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Held {
    pub bytes: u64,
    /// How often all of it was read.
    pub sweeps: u32,
    /// Time in which it was read; in proofs of protocol 1, in which all was done.
    pub sweeps_ns: u64,
    /// Bytes per second that were read at least, from wherever they lay.
    pub floor_bytes_per_s: f64,
}

impl Proved {
    /// Holds each kind against the time of both, where a statement from before there were turns tells them apart.
    fn count_all_time(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        let all_ns = self.products_ns.saturating_add(memory.sweeps_ns);
        let share = |ns: u64| ns as f64 / all_ns.max(1) as f64;
        self.floor_per_s *= share(self.products_ns);
        memory.floor_bytes_per_s *= share(memory.sweeps_ns);
        (self.products_ns, memory.sweeps_ns) = (all_ns, all_ns);
    }

    /// The time of the first round trip, and how far light comes in half of it, in metres: nobody who is farther away has
    /// computed.
    pub fn reach(&self) -> Option<(u64, f64)> {
        const METRES_PER_NS: f64 = 0.299_792_458;
        self.first_root_ns.map(|ns| (ns, ns as f64 / 2.0 * METRES_PER_NS))
    }
}

impl Figures {
    pub fn of(session: &Session, openings: u32) -> Self {
        let gpus = session.hello().map_or(&[][..], |hello| &hello.gpus);
        let escaping_share = escaping_share(openings);
        let proved = gpus.iter().zip(session.progress()).enumerate().map(|(n, (gpu, done))| Proved {
            attestation: session.attested().get(&n).cloned(),
            ..proved(gpu, &done, escaping_share)
        });
        Self {
            protocol: session.hello().map(|hello| hello.protocol),
            gpus: proved.collect(),
            escaping_share,
            fill_ns: session.fill_ns(),
            answers_ns: session.answers_ns(),
        }
    }
}

fn proved(gpu: &Gpu, done: &Progress, escaping_share: f64) -> Proved {
    let floor = |each: u64, pace: &Pace| {
        each as f64 * f64::from(pace.rounds) * (1.0 - escaping_share) * 1e9 / pace.ns.max(1) as f64
    };
    let held = |memory: &Memory| Held {
        bytes: memory.bytes(),
        sweeps: done.rounds / (memory.products + memory.parts),
        sweeps_ns: done.parts.ns,
        floor_bytes_per_s: floor(memory.part_bytes(), &done.parts),
    };
    Proved {
        selector: gpu.selector.clone(),
        identity: gpu.identity.clone(),
        work: gpu.work,
        rounds: done.rounds,
        first_root_ns: done.first_root_ns,
        longest_gap_ns: done.longest_gap_ns,
        products_ns: done.products.ns,
        floor_per_s: floor(gpu.work.operations(), &done.products),
        memory: gpu.memory.as_ref().map(held),
        attestation: None,
    }
}

/// Of rows drawn evenly, `openings` times, all are right with probability (1 - f)^openings where a share f is wrong.
pub fn escaping_share(openings: u32) -> f64 {
    1.0 - libm::pow(1.0 - CONFIDENCE, 1.0 / f64::from(openings))
}

/// The JSON Schema of the whole statement that is signed.
pub fn schema() -> String {
    KIND.schema::<Proof>()
}

impl Proof {
    pub const FORMAT: u32 = FORMAT;

    pub fn seal(&self, key: &SecretKey) -> Result<Envelope, StatementError> {
        Ok(Envelope::seal(&KIND.encode(self.subjects()?, self)?, key))
    }

    pub fn from_verified(verified: &Verified) -> Result<Self, StatementError> {
        Self::read(verified.bytes())
    }

    /// For showing: nobody has checked who signed it.
    pub fn unchecked(envelope: &Envelope) -> Result<Self, StatementError> {
        Self::read(&KIND.payload(envelope.unchecked())?)
    }

    fn read(bytes: &[u8]) -> Result<Self, StatementError> {
        let readable = |proof: &Self| KIND.check_format(proof.format, FORMAT);
        let mut proof = KIND.read(bytes, readable, Self::subjects)?;
        if proof.figures.protocol.is_none() {
            proof.figures.gpus.iter_mut().for_each(Proved::count_all_time);
        }
        Ok(proof)
    }

    /// Each device by its identity, the challenge, the transcript.
    fn subjects(&self) -> Result<Vec<Subject>, StatementError> {
        let challenge = Subject::new("challenge", self.challenge_sha256.clone());
        let transcript = Subject::new("transcript", self.transcript.sha256.clone());
        let devices = self.figures.gpus.iter();
        let devices = devices.map(|gpu| Subject::of_json(format!("device:{}", gpu.selector), &gpu.identity));
        [Ok(challenge), Ok(transcript)].into_iter().chain(devices).collect()
    }

    /// How far it can be trusted, where its signature and its transcript hold.
    pub fn level(&self) -> TrustLevel {
        let is = |kind| self.figures.gpus.iter().all(|gpu| gpu.identity.provenance.kind() == kind);
        let simulated = |gpu: &Proved| gpu.identity.provenance.kind() == ProvenanceKind::Simulated;
        if self.figures.gpus.is_empty() || self.figures.gpus.iter().any(simulated) {
            TrustLevel::L0
        } else if self.outcome == Outcome::Held
            && self.by == By::Witness
            && self.same_host == Some(false)
            && is(ProvenanceKind::Hardware)
        {
            let attested = |gpu: &Proved| matches!(gpu.attestation, Some(Attested::Verified(_)));
            if self.figures.gpus.iter().all(attested) { TrustLevel::L3 } else { TrustLevel::L2 }
        } else {
            TrustLevel::L1
        }
    }
}
