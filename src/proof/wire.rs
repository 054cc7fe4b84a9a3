//! The frames that prover and witness exchange, and the transcript that keeps them.
//! Owns their bytes; must not know what they mean together. Nothing read from here is believed.

use std::io::{self, Read, Write};

use blake3::hazmat::ChainingValue;
use serde::{Deserialize, Serialize};

use super::memory::Memory;
use super::work::Work;
use crate::device::Identity;
use crate::seal::statement::titled;
use crate::telemetry::Attestation;
use crate::visible::reason;

pub const PROTOCOL: u32 = 3;
/// No frame has a longer body: a row of the largest product with its path is a fifteenth of this.
pub const BODY_MAX: u32 = 1 << 20;
/// Kind and length.
pub const HEAD: usize = 5;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    Hello(Hello),
    /// The clock starts. The prover could not know these bytes before.
    Begin([u8; 32]),
    Root {
        gpu: u16,
        round: u32,
        root: [u8; 32],
    },
    /// Finish the rounds that are begun, begin no other.
    Halt,
    /// How many rounds each GPU has committed.
    Closed(Vec<u32>),
    /// From what the rows that are to be shown follow.
    Ask([u8; 32]),
    /// The answer to one question: a row of C, with the chaining values beside its path, lowest first.
    Row {
        gpu: u16,
        question: u32,
        path: Vec<ChainingValue>,
        row: Vec<u8>,
    },
    Done,
    /// The prover gives up, and why.
    Failed(String),
    /// Fill the memory with cells that follow from this, which the prover could not know before.
    Fill([u8; 32]),
    Filled,
    /// The answer to one question about memory: the chaining values beside a cell's path.
    Cell {
        gpu: u16,
        question: u32,
        path: Vec<ChainingValue>,
    },
    /// What the card's vendor attests of it, or why there is nothing.
    Attestation {
        gpu: u16,
        given: Result<Attestation, String>,
    },
    /// Begin this round, which is of another kind than the one before and hangs on these bytes.
    Turn {
        gpu: u16,
        round: u32,
        seed: [u8; 32],
    },
}

/// How the prover introduces itself. All of it is its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hello {
    pub protocol: u32,
    /// Which challenge it answers.
    pub challenge_sha256: String,
    /// SHA-256 of the nonce and the id of the boot of its host, where the system gives one.
    pub host_sha256: Option<String>,
    pub gpus: Vec<Gpu>,
}

/// The JSON Schema of the hello message.
pub fn hello_schema() -> String {
    let title = "The first message of a gpu-assay prover";
    titled(schemars::schema_for!(Hello), "https://gpu-assay.dev/hello/v1", title)
}

/// A GPU and what it will compute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gpu {
    pub selector: String,
    pub identity: Identity,
    pub work: Work,
    /// What it will fill, where memory is demanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the stream ends within a frame")]
    Cut,
    #[error("a frame of kind {0}, which the protocol does not have")]
    Kind(u8),
    #[error("a frame of {bytes} bytes, where at most {BODY_MAX} are allowed")]
    Length { kind: u8, bytes: u32 },
    #[error("a {name} frame that is malformed: {why}")]
    Body { name: &'static str, why: String },
    #[error("the stream cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Frame {
    pub fn name(&self) -> &'static str {
        NAMES[usize::from(self.kind()) - 1]
    }

    fn kind(&self) -> u8 {
        match self {
            Frame::Hello(_) => 1,
            Frame::Begin(_) => 2,
            Frame::Root { .. } => 3,
            Frame::Halt => 4,
            Frame::Closed(_) => 5,
            Frame::Ask(_) => 6,
            Frame::Row { .. } => 7,
            Frame::Done => 8,
            Frame::Failed(_) => 9,
            Frame::Fill(_) => 10,
            Frame::Filled => 11,
            Frame::Cell { .. } => 12,
            Frame::Attestation { .. } => 13,
            Frame::Turn { .. } => 14,
        }
    }

    /// Whether the prover may send it; the others are the witness's.
    pub fn is_provers(&self) -> bool {
        !matches!(self, Frame::Begin(_) | Frame::Halt | Frame::Ask(_) | Frame::Fill(_) | Frame::Turn { .. })
    }

    pub fn encode(&self) -> Vec<u8> {
        let body = self.body();
        // A longer body than a length can say is refused by whoever reads it.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        [[self.kind()].as_slice(), &length.to_le_bytes(), &body].concat()
    }

    fn body(&self) -> Vec<u8> {
        match self {
            // Plain data always serialises.
            Frame::Hello(hello) => serde_json::to_vec(hello).unwrap_or_default(),
            Frame::Begin(bytes) | Frame::Ask(bytes) | Frame::Fill(bytes) => bytes.to_vec(),
            Frame::Root { gpu, round, root } | Frame::Turn { gpu, round, seed: root } => {
                [gpu.to_le_bytes().as_slice(), &round.to_le_bytes(), root].concat()
            }
            Frame::Halt | Frame::Done | Frame::Filled => Vec::new(),
            Frame::Closed(rounds) => rounds.iter().flat_map(|rounds| rounds.to_le_bytes()).collect(),
            Frame::Row { gpu, question, path, row } => {
                let head =
                    [gpu.to_le_bytes().as_slice(), &question.to_le_bytes(), &[path.len() as u8]].concat();
                [head, path.concat(), row.clone()].concat()
            }
            Frame::Cell { gpu, question, path } => {
                [gpu.to_le_bytes().as_slice(), &question.to_le_bytes(), &path.concat()].concat()
            }
            Frame::Attestation { gpu, given } => {
                let (report, rest) = given.as_ref().map_or_else(
                    |why| (&[][..], why.as_bytes()),
                    |given| (given.report.as_slice(), given.chain.as_slice()),
                );
                // A longer report than a length can say is refused by whoever reads it.
                let length = u32::try_from(report.len()).unwrap_or(u32::MAX);
                [gpu.to_le_bytes().as_slice(), &length.to_le_bytes(), report, rest].concat()
            }
            Frame::Failed(why) => why.as_bytes().to_vec(),
        }
    }

    fn decode(kind: u8, body: Vec<u8>) -> Result<Self, WireError> {
        let name =
            kind.checked_sub(1).and_then(|at| NAMES.get(usize::from(at))).ok_or(WireError::Kind(kind))?;
        let malformed = |why: &str| WireError::Body { name, why: why.to_owned() };
        let mut fields = Fields { rest: &body, name };
        let frame = match kind {
            1 => {
                return serde_json::from_slice(&body).map(Frame::Hello).map_err(|e| malformed(&reason(&e)));
            }
            2 => Frame::Begin(fields.take()?),
            3 => Frame::Root {
                gpu: u16::from_le_bytes(fields.take()?),
                round: u32::from_le_bytes(fields.take()?),
                root: fields.take()?,
            },
            4 => Frame::Halt,
            5 => {
                let (rounds, rest) = fields.rest.as_chunks::<4>();
                fields.rest = rest;
                Frame::Closed(rounds.iter().map(|rounds| u32::from_le_bytes(*rounds)).collect())
            }
            6 => Frame::Ask(fields.take()?),
            7 => {
                let (gpu, question) =
                    (u16::from_le_bytes(fields.take()?), u32::from_le_bytes(fields.take()?));
                let [levels] = fields.take()?;
                let path = (0..levels).map(|_| fields.take()).collect::<Result<_, _>>()?;
                Frame::Row { gpu, question, path, row: std::mem::take(&mut fields.rest).to_vec() }
            }
            8 => Frame::Done,
            10 => Frame::Fill(fields.take()?),
            11 => Frame::Filled,
            12 => {
                let (gpu, question) =
                    (u16::from_le_bytes(fields.take()?), u32::from_le_bytes(fields.take()?));
                let (path, rest) = fields.rest.as_chunks();
                fields.rest = rest;
                Frame::Cell { gpu, question, path: path.to_vec() }
            }
            13 => {
                let gpu = u16::from_le_bytes(fields.take()?);
                let given = attestation(u32::from_le_bytes(fields.take()?), &mut fields.rest);
                Frame::Attestation { gpu, given: given.map_err(malformed)? }
            }
            14 => Frame::Turn {
                gpu: u16::from_le_bytes(fields.take()?),
                round: u32::from_le_bytes(fields.take()?),
                seed: fields.take()?,
            },
            _ => return String::from_utf8(body).map(Frame::Failed).map_err(|_| malformed("it is not UTF-8")),
        };
        if fields.rest.is_empty() { Ok(frame) } else { Err(malformed("it is too long")) }
    }

    /// The next frame; `None` where the stream ends between two.
    pub fn read(from: &mut impl Read) -> Result<Option<Self>, WireError> {
        let mut head = [0; HEAD];
        if read_all(from, &mut head)? == 0 {
            return Ok(None);
        }
        Self::read_body(head, from).map(Some)
    }

    fn read_body([kind, length @ ..]: [u8; HEAD], from: &mut impl Read) -> Result<Self, WireError> {
        let bytes = u32::from_le_bytes(length);
        if bytes > BODY_MAX {
            return Err(WireError::Length { kind, bytes });
        }
        let mut body = vec![0; bytes as usize];
        if read_all(from, &mut body)? < body.len() {
            return Err(WireError::Cut);
        }
        Self::decode(kind, body)
    }
}

const NAMES: [&str; 14] = [
    "hello",
    "begin",
    "root",
    "halt",
    "closed",
    "ask",
    "row",
    "done",
    "failed",
    "fill",
    "filled",
    "cell",
    "attestation",
    "turn",
];

/// A report of so many bytes and its certificates, or without a report why there is none.
fn attestation(length: u32, rest: &mut &[u8]) -> Result<Result<Attestation, String>, &'static str> {
    let (report, chain) = rest.split_at_checked(length as usize).ok_or("it is too short")?;
    *rest = &[];
    if report.is_empty() {
        return std::str::from_utf8(chain).map(|why| Err(why.to_owned())).map_err(|_| "it is not UTF-8");
    }
    if report.len() > Attestation::REPORT_MAX || chain.len() > Attestation::CHAIN_MAX {
        return Err("it is too long");
    }
    Ok(Ok(Attestation { report: report.to_vec(), chain: chain.to_vec() }))
}

/// Fills `out`, or nothing where the stream has ended. Between is [`WireError::Cut`].
fn read_all(from: &mut impl Read, out: &mut [u8]) -> Result<usize, WireError> {
    let mut filled = 0;
    while filled < out.len() {
        match from.read(&mut out[filled..]) {
            Ok(0) if filled == 0 => return Ok(0),
            Ok(0) => return Err(WireError::Cut),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

struct Fields<'a> {
    rest: &'a [u8],
    name: &'static str,
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let too_short = || WireError::Body { name: self.name, why: "it is too short".to_owned() };
        let (field, rest) = self.rest.split_first_chunk().ok_or_else(too_short)?;
        self.rest = rest;
        Ok(*field)
    }
}

/// A frame with the time at which the witness sent it or had received it, in nanoseconds of its monotonic clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    pub at_ns: u64,
    pub frame: Frame,
}

impl Timed {
    /// As it stands in a transcript: the time as eight bytes, then the frame.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&self.at_ns.to_le_bytes())?;
        to.write_all(&self.frame.encode())
    }

    /// The next entry of a transcript; `None` at its end.
    pub fn read(from: &mut impl Read) -> Result<Option<Self>, WireError> {
        let mut at = [0; 8];
        if read_all(from, &mut at)? == 0 {
            return Ok(None);
        }
        let frame = Frame::read(from)?.ok_or(WireError::Cut)?;
        Ok(Some(Self { at_ns: u64::from_le_bytes(at), frame }))
    }
}
