//! The conversation of prover and witness, step by step, as whoever checks it sees it: live, or from a transcript.
//! Owns the order of frames and every check of them; must not know who computes, nor how frames travel.

use super::challenge::Issued;
use super::product::{Batch, is_committed};
use super::wire::{Frame, Gpu, Hello, PROTOCOL, Timed};
use super::work::{Question, Seeds, before, questions};

/// Rounds of one GPU that are kept track of. A round that takes the 5 ms that provers aim at fills an hour with fewer.
pub const ROUNDS_MAX: u32 = 1 << 20;

/// What does not hold. All but [`Fault::GaveUp`] speaks against the prover, or against whoever wrote the transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the prover gave up: {0}")]
    GaveUp(String),
    #[error("a {frame} frame where {phase}")]
    OutOfTurn { frame: &'static str, phase: &'static str },
    #[error("the clock runs backwards")]
    Backwards,
    #[error("the prover speaks version {0} of the protocol, not {PROTOCOL}")]
    Protocol(u32),
    #[error("the prover answers another challenge: {0}")]
    Challenge(String),
    #[error("{shown} GPUs are to compute, not {demanded} as demanded")]
    Count { demanded: u32, shown: usize },
    #[error("GPU {gpu} offers work that proves nothing: {why}")]
    Work { gpu: usize, why: String },
    #[error("GPU {one} and GPU {other} are one card, by their own word: {by} {id}")]
    SameCard { one: usize, other: usize, by: &'static str, id: String },
    #[error("there is no GPU {0}")]
    NoGpu(u16),
    #[error("GPU {gpu} commits round {round} where round {next} is next")]
    Round { gpu: u16, round: u32, next: usize },
    #[error("GPU {gpu} commits more than {ROUNDS_MAX} rounds")]
    TooMany { gpu: u16 },
    #[error("the clock was stopped after {ran_ms} ms, before the {at_least_s} s that are demanded")]
    TooShort { ran_ms: u64, at_least_s: u32 },
    #[error("GPU {gpu} says that it committed {said:?} rounds, but {came} came")]
    Rounds { gpu: usize, said: Option<u32>, came: usize },
    #[error("GPU {gpu} committed nothing")]
    Idle { gpu: usize },
    #[error("GPU {gpu}, row {row} of round {round}: {why}")]
    Row { gpu: u16, round: u32, row: u32, why: &'static str },
    #[error("GPU {gpu} answers question {question}, which was not asked, or answered before")]
    NotAsked { gpu: u16, question: u32 },
    #[error("GPU {gpu} leaves {left} questions without an answer")]
    Unanswered { gpu: usize, left: usize },
    #[error("GPU {gpu}: the rows it shows are not rows of the products that it was to compute")]
    Product { gpu: usize },
}

/// What a GPU was found to have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub rounds: u32,
    /// From the start of the clock to the last commitment.
    pub elapsed_ns: u64,
    /// The longest time between two commitments, or before the first.
    pub longest_gap_ns: u64,
}

/// The conversation so far. After a [`Fault`] it is of no more use.
pub struct Session<'a> {
    issued: &'a Issued,
    /// What the prover cannot know: the factors of the batched test follow from it.
    secret: [u8; 32],
    phase: Phase,
    hello: Option<Hello>,
    chains: Vec<Chain>,
    now_ns: u64,
    begun_ns: u64,
    asked_ns: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    Greeted,
    Running,
    Halted,
    Closed,
    Asked,
    Done,
}

/// What is kept of one GPU.
struct Chain {
    seeds: Seeds,
    roots: Vec<[u8; 32]>,
    last_ns: u64,
    longest_gap_ns: u64,
    /// What is asked, and not answered yet.
    questions: Vec<Option<Question>>,
    batch: Batch,
}

impl<'a> Session<'a> {
    pub fn new(issued: &'a Issued, secret: [u8; 32]) -> Self {
        Self {
            issued,
            secret,
            phase: Phase::Greeting,
            hello: None,
            chains: Vec::new(),
            now_ns: 0,
            begun_ns: 0,
            asked_ns: 0,
        }
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
        (self.phase == Phase::Running).then(|| now_ns.saturating_sub(self.begun_ns))
    }

    /// Whether the witness is to speak: to start the clock, or to ask.
    pub fn is_witness_next(&self) -> bool {
        matches!(self.phase, Phase::Greeted | Phase::Closed)
    }

    /// Whether everything was shown, and holds.
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// From the question to the last answer, or to the last frame so far.
    pub fn answers_ns(&self) -> Option<u64> {
        matches!(self.phase, Phase::Asked | Phase::Done).then(|| self.now_ns - self.asked_ns)
    }

    /// What each GPU has committed so far.
    pub fn progress(&self) -> Vec<Progress> {
        let progress = |chain: &Chain| Progress {
            rounds: chain.roots.len() as u32,
            elapsed_ns: chain.last_ns - self.begun_ns,
            longest_gap_ns: chain.longest_gap_ns,
        };
        self.chains.iter().map(progress).collect()
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
            (Phase::Greeted, Frame::Begin(start)) => self.begin(start),
            (Phase::Running | Phase::Halted, Frame::Root { gpu, round, root }) => {
                self.root(*gpu, *round, root)
            }
            (Phase::Running, Frame::Halt) => self.halt(),
            (Phase::Halted, Frame::Closed(rounds)) => self.close(rounds),
            (Phase::Closed, Frame::Ask(ask)) => self.ask(ask),
            (Phase::Asked, Frame::Row { gpu, question, path, row }) => self.row(*gpu, *question, path, row),
            (Phase::Asked, Frame::Done) => self.finish(),
            (phase, frame) => Err(Fault::OutOfTurn { frame: frame.name(), phase: phase.awaits() }),
        }
    }

    fn greet(&mut self, hello: &Hello) -> Result<(), Fault> {
        if hello.protocol != PROTOCOL {
            return Err(Fault::Protocol(hello.protocol));
        }
        if hello.challenge_sha256 != self.issued.sha256 {
            return Err(Fault::Challenge(hello.challenge_sha256.chars().take(64).collect()));
        }
        let (demanded, shown) = (self.issued.challenge.gpus, hello.gpus.len());
        if shown != demanded as usize {
            return Err(Fault::Count { demanded, shown });
        }
        for (gpu, offered) in hello.gpus.iter().enumerate() {
            offered.work.check().map_err(|why| Fault::Work { gpu, why })?;
        }
        distinct(&hello.gpus)?;
        self.hello = Some(hello.clone());
        self.phase = Phase::Greeted;
        Ok(())
    }

    fn begin(&mut self, start: &[u8; 32]) -> Result<(), Fault> {
        let gpus = self.hello.iter().flat_map(|hello| &hello.gpus);
        let chain = |(gpu, offered): (u32, &Gpu)| Chain {
            seeds: Seeds::new(&self.issued.challenge.nonce, start, gpu),
            roots: Vec::new(),
            last_ns: self.now_ns,
            longest_gap_ns: 0,
            questions: Vec::new(),
            batch: Batch::new(offered.work, &self.secret),
        };
        self.chains = (0..).zip(gpus).map(chain).collect();
        self.begun_ns = self.now_ns;
        self.phase = Phase::Running;
        Ok(())
    }

    fn root(&mut self, gpu: u16, round: u32, root: &[u8; 32]) -> Result<(), Fault> {
        let chain = self.chains.get_mut(usize::from(gpu)).ok_or(Fault::NoGpu(gpu))?;
        let next = chain.roots.len();
        if round as usize != next {
            return Err(Fault::Round { gpu, round, next });
        }
        if round >= ROUNDS_MAX {
            return Err(Fault::TooMany { gpu });
        }
        chain.roots.push(*root);
        chain.longest_gap_ns = chain.longest_gap_ns.max(self.now_ns - chain.last_ns);
        chain.last_ns = self.now_ns;
        Ok(())
    }

    fn halt(&mut self) -> Result<(), Fault> {
        let (ran_ms, at_least_s) =
            ((self.now_ns - self.begun_ns) / 1_000_000, self.issued.challenge.at_least_s);
        if ran_ms < u64::from(at_least_s) * 1000 {
            return Err(Fault::TooShort { ran_ms, at_least_s });
        }
        self.phase = Phase::Halted;
        Ok(())
    }

    fn close(&mut self, rounds: &[u32]) -> Result<(), Fault> {
        for (gpu, chain) in self.chains.iter().enumerate() {
            let (said, came) = (rounds.get(gpu).copied(), chain.roots.len());
            if said.is_none_or(|said| said as usize != came) {
                return Err(Fault::Rounds { gpu, said, came });
            }
            if came == 0 {
                return Err(Fault::Idle { gpu });
            }
        }
        self.phase = Phase::Closed;
        Ok(())
    }

    fn ask(&mut self, ask: &[u8; 32]) -> Result<(), Fault> {
        for (gpu, chain) in (0..).zip(&mut self.chains) {
            let (rounds, m) = (chain.roots.len() as u32, chain.batch.work().m);
            let asked = questions(ask, gpu, rounds, m, self.issued.challenge.openings);
            chain.questions = asked.into_iter().map(Some).collect();
        }
        self.asked_ns = self.now_ns;
        self.phase = Phase::Asked;
        Ok(())
    }

    fn row(&mut self, gpu: u16, question: u32, path: &[[u8; 32]], bytes: &[u8]) -> Result<(), Fault> {
        let chain = self.chains.get_mut(usize::from(gpu)).ok_or(Fault::NoGpu(gpu))?;
        let asked = chain.questions.get_mut(question as usize).and_then(Option::take);
        let Question { round, row } = asked.ok_or(Fault::NotAsked { gpu, question })?;
        let wrong = |why| Fault::Row { gpu, round, row, why };
        let root = chain.roots.get(round as usize).ok_or(Fault::NotAsked { gpu, question })?;
        let work = *chain.batch.work();
        if !is_committed(&work, root, row, path, bytes) {
            return Err(wrong("it is not what was committed"));
        }
        let c = work.row(bytes).ok_or_else(|| wrong("it holds what no product of whole numbers can be"))?;
        let key = chain.seeds.a(round, &before(&chain.roots, round));
        chain.batch.add(&key, row, &c);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        for (gpu, chain) in self.chains.iter().enumerate() {
            let left = chain.questions.iter().flatten().count();
            if left > 0 {
                return Err(Fault::Unanswered { gpu, left });
            }
            if !chain.batch.holds(&chain.seeds.b()) {
                return Err(Fault::Product { gpu });
            }
        }
        self.phase = Phase::Done;
        Ok(())
    }
}

impl Phase {
    /// What this phase is, after "a frame where".
    fn awaits(self) -> &'static str {
        match self {
            Phase::Greeting => "the prover is to introduce itself",
            Phase::Greeted => "the clock is to be started",
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
    for (other, gpu) in gpus.iter().enumerate() {
        for (one, earlier) in gpus[..other].iter().enumerate() {
            let [a, b] = [&gpu.identity, &earlier.identity];
            // Parts of one card share its address.
            let (by, [a, b]) = match (&a.uuid, &b.uuid) {
                (Some(_), Some(_)) => ("UUID", [&a.uuid, &b.uuid]),
                _ => ("PCI address", [&a.pci_address, &b.pci_address]),
            };
            if let Some(id) = a.clone().filter(|_| a == b) {
                return Err(Fault::SameCard { one, other, by, id });
            }
        }
    }
    Ok(())
}
