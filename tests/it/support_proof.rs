//! A prover in plain arithmetic for tests of the check, and the ways in which it can cheat. Knows the protocol's text
//! and the seeds; shares no code with the prover of the program.

use std::collections::BTreeMap;

use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root};
use gpu_assay::proof::chain::Broken;
use gpu_assay::proof::challenge::{Challenge, Issued};
use gpu_assay::proof::memory::{self, CELL_BYTES, Memory};
use gpu_assay::proof::recheck::Digesting;
use gpu_assay::proof::schedule::{Ask, History, Question, Round, Schedule};
use gpu_assay::proof::session::{Fault, Session};
use gpu_assay::proof::statement::{By, Figures, Outcome, Proof};
use gpu_assay::proof::wire::{Frame, Gpu, Hello, Timed};
use gpu_assay::proof::work::{Numbers, Seeds, Work};
use gpu_assay::seal::{SecretKey, TrustList};

use super::support::identity;

pub const SMALL: Work = Work { m: 64, n: 256, k: 64, numbers: Numbers::Int32 };
pub const CELLS: Memory = Memory { parts: 5, cells: 4, products: 4 };
const MS: u64 = 1_000_000;

pub fn challenge(gpus: u32) -> Challenge {
    Challenge {
        format: 1,
        nonce: [7; 32],
        contract_sha256: None,
        node: None,
        gpus,
        memory_bytes: 0,
        not_before: "2020-01-01T00:00:00Z".into(),
        expires: "2100-01-01T00:00:00Z".into(),
        at_least_s: 1,
        openings: 64,
    }
}

pub fn issued(challenge: &Challenge) -> Issued {
    issued_by(challenge, &SecretKey::generate().unwrap())
}

pub fn issued_by(challenge: &Challenge, key: &SecretKey) -> Issued {
    let envelope = challenge.seal(key).unwrap();
    Issued::from_verified(&envelope.open(&TrustList::new([key.public()])).unwrap()).unwrap()
}

pub fn hello(issued: &Issued, work: Work) -> Hello {
    let memory = (issued.challenge.memory_bytes > 0).then_some(CELLS);
    let gpu = |n| Gpu { selector: format!("sim:test,index={n}"), identity: identity(n), work, memory };
    Hello {
        protocol: 3,
        challenge_sha256: issued.sha256.clone(),
        host_sha256: None,
        gpus: (0..issued.challenge.gpus).map(gpu).collect(),
    }
}

/// One product: the matrices, row-major, B transposed.
pub struct Job<'a> {
    pub work: &'a Work,
    pub round: u32,
    pub a: Vec<i8>,
    pub b: &'a [i8],
}

impl Job<'_> {
    /// One row of the product, as it should be.
    pub fn row(&self, row: u32) -> Vec<i64> {
        let k = self.work.k as usize;
        let a = &self.a[row as usize * k..][..k];
        let dot = |b: &[i8]| a.iter().zip(b).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
        self.b.chunks(k).map(dot).collect()
    }
}

/// A row as it is stored.
pub fn stored(work: &Work, row: &[i64]) -> Vec<u8> {
    let word = |value: &i64| match work.numbers {
        Numbers::Int32 => (*value as i32).to_le_bytes(),
        Numbers::Fp32 => (*value as f32).to_le_bytes(),
    };
    row.iter().flat_map(word).collect()
}

/// What a prover does at each step. As it stands, the honest thing.
pub trait Conduct {
    /// The bytes of one row of C.
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        stored(job.work, &job.row(row))
    }

    /// What is committed for a C.
    fn root(&mut self, c: &[u8]) -> [u8; 32] {
        *blake3::hash(c).as_bytes()
    }

    /// What lies in a cell when it is hashed, where `right` is what should.
    fn cell(&mut self, _round: u32, _index: u64, right: Vec<u8>) -> Vec<u8> {
        right
    }

    /// What is shown of the asked row, where `c` is what was committed. `None` for no answer.
    fn shown(&mut self, _job: &Job, _question: Question, row: &[u8]) -> Option<Vec<u8>> {
        Some(row.to_vec())
    }
}

pub struct Honest;
impl Conduct for Honest {}

/// What a round commits to, and the key where there is one.
type Hashed = (Option<[u8; 32]>, Vec<u8>);

/// The rounds of all GPUs, committed, ready to be asked.
pub struct Committed {
    pub issued: Issued,
    pub hello: Hello,
    start: [u8; 32],
    seeds: Vec<Seeds>,
    histories: Vec<History>,
    /// By GPU and round: a C, or a part of memory, which are hashed under the key.
    hashed: Vec<Vec<Hashed>>,
    bs: Vec<Vec<i8>>,
}

pub fn commit(issued: &Issued, hello: &Hello, rounds: u32, conduct: &mut dyn Conduct) -> Committed {
    commit_from(issued, hello, [9; 32], rounds, conduct)
}

/// The same after a beginning that the witness chose.
pub fn commit_from(
    issued: &Issued,
    hello: &Hello,
    start: [u8; 32],
    rounds: u32,
    conduct: &mut dyn Conduct,
) -> Committed {
    let mut committed = Committed {
        issued: issued.clone(),
        hello: hello.clone(),
        start,
        seeds: Vec::new(),
        histories: Vec::new(),
        hashed: Vec::new(),
        bs: Vec::new(),
    };
    for (gpu, offered) in (0..).zip(&hello.gpus) {
        let work = &offered.work;
        let seeds = Seeds::new(&issued.challenge.nonce, &start, gpu);
        let cells = Seeds::new(&issued.challenge.nonce, &FILL, gpu).cells();
        let mut b = vec![0; work.n as usize * work.k as usize];
        work.entries(&seeds.b(), 0, &mut b);
        let (mut history, mut hashed) = (History::default(), Vec::new());
        let schedule = schedule(hello, gpu as usize);
        for round in 0..rounds {
            if let Some(turn) = schedule.turn(round) {
                history.turns.push(said_at(turn));
            }
            let before = schedule.before(&history, round);
            let bytes = match schedule.round(round) {
                Round::Product => {
                    let job = job(work, &seeds, &b, &before, round);
                    let c: Vec<u8> = (0..work.m).flat_map(|row| conduct.row(&job, row)).collect();
                    history.roots.push(conduct.root(&c));
                    (None, c)
                }
                Round::Part(part) => {
                    let count = offered.memory.unwrap().cells;
                    let mut cell = |i: u32| {
                        let index = u64::from(part) * u64::from(count) + u64::from(i);
                        conduct.cell(round, index, memory::cell(&cells, index))
                    };
                    let part: Vec<u8> = (0..count).flat_map(&mut cell).collect();
                    let key = seeds.part(round, &before);
                    history.roots.push(*blake3::keyed_hash(&key, &part).as_bytes());
                    (Some(key), part)
                }
            };
            hashed.push(bytes);
        }
        committed.histories.push(history);
        committed.hashed.push(hashed);
        committed.seeds.push(seeds);
        committed.bs.push(b);
    }
    committed
}

/// From what the cells of memory follow.
const FILL: [u8; 32] = [4; 32];

/// What the witness says at a turn.
fn said_at(turn: usize) -> [u8; 32] {
    [100 + turn as u8; 32]
}

fn schedule(hello: &Hello, gpu: usize) -> Schedule {
    Schedule::new(hello.gpus[gpu].memory.as_ref(), hello.protocol)
}

fn job<'a>(work: &'a Work, seeds: &Seeds, b: &'a [i8], before: &[u8; 32], round: u32) -> Job<'a> {
    let mut a = vec![0; work.m as usize * work.k as usize];
    work.entries(&seeds.a(round, before), 0, &mut a);
    Job { work, round, a, b }
}

impl Committed {
    /// All frames up to the end of the last round, a millisecond apart, the clock stopped after two seconds.
    pub fn rounds(&self) -> Vec<Timed> {
        let mut frames = vec![Frame::Hello(self.hello.clone())];
        if self.issued.challenge.memory_bytes > 0 {
            frames.extend([Frame::Fill(FILL), Frame::Filled]);
        }
        frames.push(Frame::Begin(self.start));
        let count = self.histories.first().map_or(0, |history| history.roots.len()) as u32;
        for round in 0..count {
            for (gpu, history) in (0..).zip(&self.histories) {
                if let Some(turn) = schedule(&self.hello, usize::from(gpu)).turn(round) {
                    frames.push(Frame::Turn { gpu, round, seed: history.turns[turn] });
                }
                frames.push(Frame::Root { gpu, round, root: history.roots[round as usize] });
            }
        }
        let mut timed: Vec<Timed> =
            (1..).zip(frames).map(|(ms, frame)| Timed { at_ns: ms * MS, frame }).collect();
        timed.push(Timed { at_ns: 2000 * MS, frame: Frame::Halt });
        let closed = vec![count; self.histories.len()];
        timed.push(Timed { at_ns: 2001 * MS, frame: Frame::Closed(closed) });
        timed
    }

    /// What one GPU is asked: rows and cells.
    pub fn questions(&self, gpu: u16, seed: &[u8; 32]) -> [Vec<Question>; 2] {
        let offered = &self.hello.gpus[usize::from(gpu)];
        let ask = Ask { seed, gpu: u32::from(gpu), count: self.issued.challenge.openings };
        let rounds = self.histories[usize::from(gpu)].roots.len() as u32;
        let cells = offered.memory.map_or(0, |memory| memory.cells);
        schedule(&self.hello, usize::from(gpu)).questions(&ask, rounds, offered.work.m, cells)
    }

    /// The question and all answers.
    pub fn answers(&self, ask: [u8; 32], conduct: &mut dyn Conduct) -> Vec<Timed> {
        let mut frames = vec![Frame::Ask(ask)];
        for (gpu, offered) in (0..).zip(&self.hello.gpus) {
            let (work, at) = (&offered.work, usize::from(gpu));
            let mut trees = BTreeMap::new();
            let mut path = |asked: Question, leaf: usize| -> Vec<[u8; 32]> {
                let (key, bytes) = &self.hashed[at][asked.round as usize];
                let tree = trees.entry(asked.round).or_insert_with(|| tree(key.as_ref(), leaf, bytes));
                (0..).zip(tree).map(|(level, nodes)| nodes[asked.row as usize >> level ^ 1]).collect()
            };
            let [rows, cells] = self.questions(gpu, &ask);
            for (question, asked) in (0..).zip(rows) {
                let committed = self.row(at, asked.round, asked.row);
                let job = Job { work, round: asked.round, a: Vec::new(), b: &self.bs[at] };
                if let Some(row) = conduct.shown(&job, asked, committed) {
                    frames.push(Frame::Row { gpu, question, path: path(asked, work.row_bytes()), row });
                }
            }
            for (question, asked) in (0..).zip(cells) {
                frames.push(Frame::Cell { gpu, question, path: path(asked, CELL_BYTES) });
            }
        }
        frames.push(Frame::Done);
        frames.into_iter().map(|frame| Timed { at_ns: 2002 * MS, frame }).collect()
    }

    /// A row as it was committed.
    pub fn row(&self, gpu: usize, round: u32, row: u32) -> &[u8] {
        let bytes = self.hello.gpus[gpu].work.row_bytes();
        &self.hashed[gpu][round as usize].1[row as usize * bytes..][..bytes]
    }

    /// The job of a question, with its A.
    pub fn job(&self, gpu: usize, round: u32) -> Job<'_> {
        let before = schedule(&self.hello, gpu).before(&self.histories[gpu], round);
        job(&self.hello.gpus[gpu].work, &self.seeds[gpu], &self.bs[gpu], &before, round)
    }
}

/// The hash tree over leaves of so many bytes, lowest level first.
fn tree(key: Option<&[u8; 32]>, leaf: usize, bytes: &[u8]) -> Vec<Vec<[u8; 32]>> {
    let mode = key.map_or(Mode::Hash, Mode::KeyedHash);
    let subtree = |(at, bytes): (usize, &[u8])| {
        let mut hasher = key.map_or_else(blake3::Hasher::new, blake3::Hasher::new_keyed);
        hasher.set_input_offset((at * leaf) as u64);
        hasher.update(bytes).finalize_non_root()
    };
    let mut levels: Vec<Vec<[u8; 32]>> = vec![bytes.chunks(leaf).enumerate().map(subtree).collect()];
    while levels[levels.len() - 1].len() > 2 {
        let pairs = levels[levels.len() - 1].chunks(2);
        levels.push(pairs.map(|pair| merge_subtrees_non_root(&pair[0], &pair[1], mode)).collect());
    }
    levels
}

/// Feeds all frames to a session, up to the first fault.
pub fn check(issued: &Issued, frames: &[Timed]) -> Result<(), Fault> {
    let mut session = Session::new(issued, [3; 32]);
    frames.iter().try_for_each(|frame| session.take(frame))?;
    assert!(session.is_done(), "no fault, but not done");
    Ok(())
}

/// A whole conversation with one GPU.
pub fn converse(work: Work, rounds: u32, conduct: &mut dyn Conduct) -> Result<(), Fault> {
    let issued = issued(&challenge(1));
    let committed = commit(&issued, &hello(&issued, work), rounds, conduct);
    let frames = [committed.rounds(), committed.answers([5; 32], conduct)].concat();
    check(&issued, &frames)
}

/// What would be signed for these frames by somebody who claims that they hold.
pub fn signed(issued: &Issued, frames: &[Timed], by: By) -> Proof {
    let mut session = Session::new(issued, [0; 32]);
    let _ = frames.iter().try_for_each(|frame| session.take(frame));
    let mut transcript = Digesting::new(Vec::new());
    frames.iter().for_each(|frame| frame.write(&mut transcript).unwrap());
    Proof {
        format: Proof::FORMAT,
        tool_version: "test".into(),
        by,
        challenge_sha256: issued.sha256.clone(),
        at: "2026-01-01T00:00:00Z".into(),
        command: Vec::new(),
        same_host: Some(false),
        transcript: transcript.transcript(),
        outcome: Outcome::Held,
        figures: Figures::of(&session, issued.challenge.openings),
    }
}

/// A transcript as it lies in its file.
pub fn bytes(frames: &[Timed]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frames.iter().for_each(|frame| frame.write(&mut bytes).unwrap());
    bytes
}

/// What is wrong with the only GPU.
pub fn broken(ended: Result<(), Fault>) -> Broken {
    match ended {
        Err(Fault::Gpu { gpu: 0, broken }) => broken,
        other => panic!("{other:?}"),
    }
}

/// Whether all frames pass, and say all there is to say.
pub fn holds(issued: &Issued, frames: &[Timed]) -> bool {
    let mut session = Session::new(issued, [3; 32]);
    frames.iter().all(|frame| session.take(frame).is_ok()) && session.is_done()
}
