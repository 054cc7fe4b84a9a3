//! The conversation of prover and witness, step by step, as whoever checks it sees it: live, or from a transcript.
//! Owns the order of frames; must not know who computes, nor how frames travel.

use std::collections::BTreeMap;

use super::attestation::{self, Attested, Card, Contradiction, Roots};
use super::chain::{Broken, Chain, Progress};
use super::challenge::Issued;
use super::schedule::{Ask, Schedule};
use super::wire::{Frame, Gpu, Hello, PROTOCOL, Timed};
use super::work::Seeds;
use crate::device::same::{self, Facts};
use crate::telemetry::Attestation;

/// What does not hold. All but [`Fault::GaveUp`] speaks against the prover, or against whoever wrote the transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the prover gave up: {0}")]
    GaveUp(String),
    #[error("a {frame} frame where {phase}")]
    OutOfTurn { frame: &'static str, phase: &'static str },
    #[error("the clock runs backwards")]
    Backwards,
    #[error("the prover speaks version {0} of the protocol, of which this program knows 1 to {PROTOCOL}")]
    Protocol(u32),
    #[error("the prover answers another challenge: {0}")]
    Challenge(String),
    #[error("{shown} GPUs are to compute, not {demanded} as demanded")]
    Count { demanded: u32, shown: usize },
    #[error("GPU {gpu} offers work that proves nothing: {why}")]
    Work { gpu: usize, why: String },
    #[error("GPU {gpu} offers to fill {offered} bytes of memory, not {demanded} as demanded")]
    Memory { gpu: usize, offered: u64, demanded: u64 },
    #[error("GPU {one} and GPU {other} are one card, by their own word: {by} {id}")]
    SameCard { one: usize, other: usize, by: &'static str, id: String },
    #[error("there is no GPU {0}")]
    NoGpu(u16),
    #[error("the clock was stopped after {ran_ms} ms, before the {at_least_s} s that are demanded")]
    TooShort { ran_ms: u64, at_least_s: u32 },
    #[error("GPU {gpu} {broken}")]
    Gpu { gpu: usize, broken: Broken },
    #[error("GPU {gpu} {why}")]
    Attestation { gpu: usize, why: Contradiction },
}

/// The conversation so far. After a [`Fault`] it is of no more use.
pub struct Session<'a> {
    issued: &'a Issued,
    /// What the prover cannot know: the factors of the batched test follow from it.
    secret: [u8; 32],
    phase: Phase,
    hello: Option<Hello>,
    /// From what the cells of memory follow, where there are any.
    fill: Option<[u8; 32]>,
    chains: Vec<Chain>,
    roots: &'a Roots,
    /// What each GPU is to have its card sign, once that is known.
    nonces: Vec<[u8; 32]>,
    attested: BTreeMap<usize, Attested>,
    now_ns: u64,
    /// When the last of the witness's frames was sent.
    said_ns: u64,
    fill_ns: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    /// Memory is demanded, and not filled yet.
    Empty,
    Filling,
    Ready,
    Running,
    Halted,
    Closed,
    Asked,
    Done,
}

/// What the witness has to say next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    Fill,
    Begin,
    Turn { gpu: u16, round: u32 },
    Ask,
}

impl<'a> Session<'a> {
    pub fn new(issued: &'a Issued, secret: [u8; 32]) -> Self {
        Self {
            issued,
            secret,
            phase: Phase::Greeting,
            hello: None,
            fill: None,
            chains: Vec::new(),
            roots: Roots::in_use(),
            nonces: Vec::new(),
            attested: BTreeMap::new(),
            now_ns: 0,
            said_ns: 0,
            fill_ns: None,
        }
    }

    /// The same with other roots for what vendors attest.
    pub fn trusting(self, roots: &'a Roots) -> Self {
        Self { roots, ..self }
    }

    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// The time of the last frame.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// How long the clock has been running at `now_ns`, where it is.
    pub fn runs_for_ns(&self, now_ns: u64) -> Option<u64> {
        (self.phase == Phase::Running).then(|| now_ns.saturating_sub(self.said_ns))
    }

    /// Whether the witness is to speak, and what.
    pub fn cue(&self) -> Option<Cue> {
        match self.phase {
            Phase::Empty => Some(Cue::Fill),
            Phase::Ready => Some(Cue::Begin),
            Phase::Running | Phase::Halted => {
                let halted = self.phase == Phase::Halted;
                let turn =
                    |(gpu, chain): (u16, &Chain)| Some(Cue::Turn { gpu, round: chain.awaits(halted)? });
                (0..).zip(&self.chains).find_map(turn)
            }
            Phase::Closed => Some(Cue::Ask),
            Phase::Greeting | Phase::Filling | Phase::Asked | Phase::Done => None,
        }
    }

    /// Whether everything was shown, and holds.
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// How long it took to fill the memory, where that was demanded.
    pub fn fill_ns(&self) -> Option<u64> {
        self.fill_ns
    }

    /// From the question to the last answer, or to the last frame so far.
    pub fn answers_ns(&self) -> Option<u64> {
        matches!(self.phase, Phase::Asked | Phase::Done).then(|| self.now_ns - self.said_ns)
    }

    /// What each GPU has committed so far.
    pub fn progress(&self) -> Vec<Progress> {
        self.chains.iter().map(Chain::progress).collect()
    }

    /// What each GPU's vendor attests of it, by the GPU's number, where the prover said anything of it.
    pub fn attested(&self) -> &BTreeMap<usize, Attested> {
        &self.attested
    }

    /// The next frame, from either side.
    pub fn take(&mut self, Timed { at_ns, frame }: &Timed) -> Result<(), Fault> {
        if *at_ns < self.now_ns {
            return Err(Fault::Backwards);
        }
        self.now_ns = *at_ns;
        match (self.phase, frame) {
            (_, Frame::Failed(why)) => Err(Fault::GaveUp(why.chars().take(500).collect())),
            (Phase::Greeting, Frame::Hello(hello)) => self.greet(hello),
            (Phase::Empty, Frame::Fill(seed)) => {
                (self.fill, self.said_ns) = (Some(*seed), self.now_ns);
                self.next(Phase::Filling)
            }
            (Phase::Filling, Frame::Filled) => {
                self.fill_ns = Some(self.now_ns - self.said_ns);
                self.next(Phase::Ready)
            }
            (Phase::Ready, Frame::Begin(start)) => self.begin(start),
            (Phase::Running | Phase::Halted, Frame::Root { gpu, round, root }) => {
                let now_ns = self.now_ns;
                self.chain(*gpu, |chain| chain.commit(*round, root, now_ns))
            }
            (Phase::Running | Phase::Halted, Frame::Turn { gpu, round, seed }) => {
                let now_ns = self.now_ns;
                self.chain(*gpu, |chain| chain.turn(*round, seed, now_ns))
            }
            (Phase::Running, Frame::Halt) => self.halt(),
            (Phase::Halted, Frame::Closed(rounds)) => {
                let now_ns = self.now_ns;
                self.each(|gpu, chain| chain.close(rounds.get(gpu).copied(), now_ns))?;
                self.next(Phase::Closed)
            }
            (Phase::Closed, Frame::Ask(seed)) => self.ask(seed),
            (Phase::Asked, Frame::Row { gpu, question, path, row }) => {
                self.chain(*gpu, |chain| chain.row(*question, path, row))
            }
            (Phase::Asked, Frame::Cell { gpu, question, path }) => {
                self.chain(*gpu, |chain| chain.mark(*question, path))
            }
            (Phase::Asked, Frame::Attestation { gpu, given }) => self.attest(*gpu, given),
            (Phase::Asked, Frame::Done) => {
                self.each(|_, chain| chain.finish())?;
                self.next(Phase::Done)
            }
            (phase, frame) => Err(Fault::OutOfTurn { frame: frame.name(), phase: phase.awaits() }),
        }
    }

    fn next(&mut self, phase: Phase) -> Result<(), Fault> {
        self.phase = phase;
        Ok(())
    }

    fn chain(&mut self, gpu: u16, then: impl FnOnce(&mut Chain) -> Result<(), Broken>) -> Result<(), Fault> {
        let gpu_index = usize::from(gpu);
        let chain = self.chains.get_mut(gpu_index).ok_or(Fault::NoGpu(gpu))?;
        then(chain).map_err(|broken| Fault::Gpu { gpu: gpu_index, broken })
    }

    fn each(&mut self, check: impl Fn(usize, &mut Chain) -> Result<(), Broken>) -> Result<(), Fault> {
        let mut chains = self.chains.iter_mut().enumerate();
        chains.try_for_each(|(gpu, chain)| check(gpu, chain).map_err(|broken| Fault::Gpu { gpu, broken }))
    }

    fn greet(&mut self, hello: &Hello) -> Result<(), Fault> {
        let demanded = &self.issued.challenge;
        if !(1..=PROTOCOL).contains(&hello.protocol) {
            return Err(Fault::Protocol(hello.protocol));
        }
        if hello.challenge_sha256 != self.issued.sha256 {
            return Err(Fault::Challenge(hello.challenge_sha256.chars().take(64).collect()));
        }
        if hello.gpus.len() != demanded.gpus as usize {
            return Err(Fault::Count { demanded: demanded.gpus, shown: hello.gpus.len() });
        }
        for (gpu, offered) in hello.gpus.iter().enumerate() {
            let memory = offered.memory.as_ref().map_or(Ok(()), |memory| memory.check());
            offered.work.check().and(memory).map_err(|why| Fault::Work { gpu, why })?;
            let (offered, demanded) =
                (offered.memory.map_or(0, |memory| memory.bytes()), demanded.memory_bytes);
            if offered < demanded || (demanded == 0 && offered > 0) {
                return Err(Fault::Memory { gpu, offered, demanded });
            }
        }
        distinct(&hello.gpus)?;
        self.hello = Some(hello.clone());
        self.next(if demanded.memory_bytes > 0 { Phase::Empty } else { Phase::Ready })
    }

    fn begin(&mut self, start: &[u8; 32]) -> Result<(), Fault> {
        let gpus = self.hello.iter().flat_map(|hello| &hello.gpus);
        let protocol = self.hello.as_ref().map_or(PROTOCOL, |hello| hello.protocol);
        let nonce = &self.issued.challenge.nonce;
        let chain = |(gpu, offered): (u32, &Gpu)| {
            let cells = self.fill.map(|seed| Seeds::new(nonce, &seed, gpu).cells());
            let schedule = Schedule::new(offered.memory.as_ref(), protocol);
            Chain::new(offered, schedule, cells, Seeds::new(nonce, start, gpu), self.now_ns, &self.secret)
        };
        self.chains = (0..).zip(gpus).map(chain).collect();
        self.said_ns = self.now_ns;
        self.next(Phase::Running)
    }

    fn halt(&mut self) -> Result<(), Fault> {
        let (ran_ms, at_least_s) =
            ((self.now_ns - self.said_ns) / 1_000_000, self.issued.challenge.at_least_s);
        if ran_ms < u64::from(at_least_s) * 1000 {
            return Err(Fault::TooShort { ran_ms, at_least_s });
        }
        self.next(Phase::Halted)
    }

    fn ask(&mut self, seed: &[u8; 32]) -> Result<(), Fault> {
        let count = self.issued.challenge.openings;
        for (gpu, chain) in (0..).zip(&mut self.chains) {
            chain.ask(&Ask { seed, gpu, count });
            self.nonces.push(Seeds::new(&self.issued.challenge.nonce, seed, gpu).attestation());
        }
        self.said_ns = self.now_ns;
        self.next(Phase::Asked)
    }

    /// What is there must hold; what is not is no fault.
    fn attest(&mut self, number: u16, given: &Result<Attestation, String>) -> Result<(), Fault> {
        let gpu = usize::from(number);
        let nonce = self.nonces.get(gpu).ok_or(Fault::NoGpu(number))?;
        let contradicts = |why| Fault::Attestation { gpu, why };
        let attested = match given {
            Ok(given) => Attested::Verified(self.card(given, nonce).map_err(contradicts)?),
            Err(why) => Attested::Absent { why: why.chars().filter(|c| !c.is_control()).take(500).collect() },
        };
        match self.attested.insert(gpu, attested) {
            None => Ok(()),
            Some(_) => Err(contradicts(Contradiction::Twice)),
        }
    }

    /// The card that is attested, which no other GPU may be.
    fn card(&self, given: &Attestation, nonce: &[u8; 32]) -> Result<Card, Contradiction> {
        let no_time = |_| Contradiction::Chain("the challenge says no time");
        let at = self.issued.challenge.good().map_err(no_time)?;
        let card = attestation::check(given, nonce, &at, self.roots)?;
        let is_it = |other: &Attested| matches!(other, Attested::Verified(other) if other.key_sha256 == card.key_sha256);
        match self.attested.iter().find(|(_, other)| is_it(other)) {
            Some((other, _)) => Err(Contradiction::SameCard(*other)),
            None => Ok(card),
        }
    }
}

impl Phase {
    /// What this phase is, after "a frame where".
    fn awaits(self) -> &'static str {
        match self {
            Phase::Greeting => "the prover is to introduce itself",
            Phase::Empty => "the memory is to be filled",
            Phase::Filling => "the memory is being filled",
            Phase::Ready => "the clock is to be started",
            Phase::Running => "rounds are computed",
            Phase::Halted => "the last rounds are finished",
            Phase::Closed => "rows are to be asked for",
            Phase::Asked => "rows are shown",
            Phase::Done => "all is said",
        }
    }
}

/// No card may answer for two, as far as their own word tells them apart.
fn distinct(gpus: &[Gpu]) -> Result<(), Fault> {
    let told: Vec<Facts<'_>> = gpus.iter().map(|gpu| Facts::of(&gpu.identity)).collect();
    for (other, gpu) in told.iter().enumerate() {
        let same = |(one, earlier)| Some((one, same::same(earlier, gpu)?));
        if let Some((one, (by, id))) = told[..other].iter().enumerate().find_map(same) {
            return Err(Fault::SameCard { one, other, by: by.as_str(), id: id.to_owned() });
        }
    }
    Ok(())
}
