//! What is kept of one GPU while its work is checked: its commitments, their times, what is asked and was shown.
//! Owns every check of one GPU; must not know frames or the other GPUs.

use super::memory;
use super::product::Batch;
use super::schedule::{Ask, History, Question, Round, Schedule};
use super::tree;
use super::wire::Gpu;
use super::work::Seeds;

/// Rounds of one GPU that are kept track of. A round that takes the 5 ms that provers aim at fills an hour with fewer.
pub const ROUNDS_MAX: u32 = 1 << 20;

/// What does not hold of a GPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("commits round {round} where round {next} is next")]
    Round { round: u32, next: usize },
    #[error("commits more than {ROUNDS_MAX} rounds")]
    TooMany,
    #[error("commits round {0}, which it was not told to begin")]
    Untold(u32),
    #[error("was told to begin round {0}, which was not its turn")]
    Told(u32),
    #[error("says that it committed {} rounds, but {came} came", .said.map_or("no".to_owned(), |said| said.to_string()))]
    Rounds { said: Option<u32>, came: usize },
    #[error("ends after {came} rounds, where {cycle} make a whole")]
    Incomplete { came: usize, cycle: u32 },
    #[error("answers question {0}, which was not asked, or answered before")]
    NotAsked(u32),
    #[error("leaves {0} questions without an answer")]
    Unanswered(usize),
    #[error("row {row} of round {round} is not what was committed")]
    Uncommitted { round: u32, row: u32 },
    #[error("row {row} of round {round} holds what no product of whole numbers can be")]
    Number { round: u32, row: u32 },
    #[error("shows rows that are not rows of the products that it was to compute")]
    Product,
    #[error("did not hash in round {round} what cell {cell} of its memory was to hold")]
    Cell { round: u32, cell: u32 },
}

/// How much was done of one kind, in which time; where times are not told apart, in that of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    pub rounds: u32,
    pub ns: u64,
}

/// What a GPU has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub rounds: u32,
    pub products: Pace,
    pub parts: Pace,
    /// From begin to the first commitment.
    pub first_root_ns: Option<u64>,
    /// The longest time between two commitments, before the first or after the last.
    pub longest_gap_ns: u64,
}

pub struct Chain {
    offered: Gpu,
    schedule: Schedule,
    /// Of the cells, where memory is to be shown.
    cells: Option<[u8; 32]>,
    seeds: Seeds,
    history: History,
    last_ns: u64,
    progress: Progress,
    /// What is asked and not answered yet: rows of products, and cells.
    rows: Vec<Option<Question>>,
    marks: Vec<Option<Question>>,
    batch: Batch,
}

impl Chain {
    /// The clock starts at `now_ns`. `secret` is what the prover cannot know.
    pub fn new(
        offered: &Gpu,
        schedule: Schedule,
        cells: Option<[u8; 32]>,
        seeds: Seeds,
        now_ns: u64,
        secret: &[u8; 32],
    ) -> Self {
        Self {
            offered: offered.clone(),
            schedule,
            cells,
            seeds,
            history: History::default(),
            last_ns: now_ns,
            progress: Progress::default(),
            rows: Vec::new(),
            marks: Vec::new(),
            batch: Batch::new(offered.work, secret),
        }
    }

    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The round that the witness is to let this GPU begin, where it is to. Nothing of it could be begun before.
    pub fn awaits(&self, halted: bool) -> Option<u32> {
        let next = self.history.roots.len() as u32;
        let ends = halted && next.is_multiple_of(self.schedule.cycle());
        self.schedule.turn(next).filter(|turn| *turn == self.history.turns.len() && !ends).map(|_| next)
    }

    /// The witness lets it begin a round. Its time begins now.
    pub fn turn(&mut self, round: u32, seed: &[u8; 32], now_ns: u64) -> Result<(), Broken> {
        if self.awaits(false) != Some(round) {
            return Err(Broken::Told(round));
        }
        self.history.turns.push(*seed);
        self.last_ns = now_ns;
        Ok(())
    }

    pub fn commit(&mut self, round: u32, root: &[u8; 32], now_ns: u64) -> Result<(), Broken> {
        let next = self.history.roots.len();
        if round as usize != next {
            return Err(Broken::Round { round, next });
        }
        if round >= ROUNDS_MAX {
            return Err(Broken::TooMany);
        }
        if self.awaits(false).is_some() {
            return Err(Broken::Untold(round));
        }
        self.history.roots.push(*root);
        let gap = self.pass(round, now_ns);
        self.pace(round).0.rounds += 1;
        self.progress.rounds += 1;
        self.progress.first_root_ns.get_or_insert(gap);
        Ok(())
    }

    /// The time since it was last heard of is that of `round`. How long that was.
    fn pass(&mut self, round: u32, now_ns: u64) -> u64 {
        let gap = now_ns - self.last_ns;
        let is_apart = self.schedule.tells_times_apart();
        let (pace, other) = self.pace(round);
        pace.ns += gap;
        if !is_apart {
            other.ns += gap;
        }
        self.progress.longest_gap_ns = self.progress.longest_gap_ns.max(gap);
        self.last_ns = now_ns;
        gap
    }

    /// What was done of the kind of `round`, and of the other.
    fn pace(&mut self, round: u32) -> (&mut Pace, &mut Pace) {
        let Progress { products, parts, .. } = &mut self.progress;
        match self.schedule.round(round) {
            Round::Product => (products, parts),
            Round::Part(_) => (parts, products),
        }
    }

    /// No more rounds come. `said` is how many the prover says there were. The time ends for all GPUs at once: whoever is through before
    /// has time in which nothing was done, and it counts to what was next.
    pub fn close(&mut self, said: Option<u32>, now_ns: u64) -> Result<(), Broken> {
        self.pass(self.history.roots.len() as u32, now_ns);
        let (came, cycle) = (self.history.roots.len(), self.schedule.cycle());
        if said.is_none_or(|said| said as usize != came) {
            return Err(Broken::Rounds { said, came });
        }
        let complete = came > 0 && came.is_multiple_of(cycle as usize);
        if complete { Ok(()) } else { Err(Broken::Incomplete { came, cycle }) }
    }

    pub fn ask(&mut self, ask: &Ask) {
        let cells = self.offered.memory.map_or(0, |memory| memory.cells);
        let rounds = self.history.roots.len() as u32;
        let asked = self.schedule.questions(ask, rounds, self.offered.work.m, cells);
        [self.rows, self.marks] = asked.map(|questions| questions.into_iter().map(Some).collect());
    }

    /// A row of a product.
    pub fn row(&mut self, question: u32, path: &[[u8; 32]], bytes: &[u8]) -> Result<(), Broken> {
        let Question { round, row } = answered(&mut self.rows, question)?;
        let work = &self.offered.work;
        let fits = bytes.len() == work.row_bytes() && path.len() == work.path_length();
        let root = fits.then(|| tree::root(None, row, bytes, path)).flatten();
        if root.is_none() || root.as_ref() != self.history.roots.get(round as usize) {
            return Err(Broken::Uncommitted { round, row });
        }
        let c = work.row(bytes).ok_or(Broken::Number { round, row })?;
        let key = self.seeds.a(round, &self.schedule.before(&self.history, round));
        self.batch.add(&key, row, &c);
        Ok(())
    }

    /// A cell of memory, which is computed here, by the path from what its hash in that round was.
    pub fn mark(&mut self, question: u32, path: &[[u8; 32]]) -> Result<(), Broken> {
        let Question { round, row } = answered(&mut self.marks, question)?;
        let wrong = Broken::Cell { round, cell: row };
        let (Some(memory), Some(cells), Round::Part(part)) =
            (self.offered.memory, &self.cells, self.schedule.round(round))
        else {
            return Err(Broken::NotAsked(question));
        };
        let cell = memory::cell(cells, u64::from(part) * u64::from(memory.cells) + u64::from(row));
        let key = self.seeds.part(round, &self.schedule.before(&self.history, round));
        let fits = path.len() == memory.cells.ilog2() as usize;
        let root = fits.then(|| tree::root(Some(&key), row, &cell, path)).flatten();
        if root.is_some() && root.as_ref() == self.history.roots.get(round as usize) {
            Ok(())
        } else {
            Err(wrong)
        }
    }

    /// Whether everything was shown, and is right.
    pub fn finish(&self) -> Result<(), Broken> {
        let left = self.rows.iter().chain(&self.marks).flatten().count();
        if left > 0 {
            return Err(Broken::Unanswered(left));
        }
        if self.batch.holds(&self.seeds.b()) { Ok(()) } else { Err(Broken::Product) }
    }
}

fn answered(questions: &mut [Option<Question>], question: u32) -> Result<Question, Broken> {
    questions.get_mut(question as usize).and_then(Option::take).ok_or(Broken::NotAsked(question))
}
