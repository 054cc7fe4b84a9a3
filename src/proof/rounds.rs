//! The rounds of one GPU: matrices drawn, multiplied and hashed, memory hashed part by part; and later their rows and cells shown.
//! Owns the order of work on the device; must not know who asks, nor how the work was chosen.

use std::collections::{BTreeMap, VecDeque};

use super::memory::Memory;
use super::outfit::{NODE, Outfit};
use super::schedule::{Ask, History, Question, Round, Schedule};
use super::wire::{Frame, PROTOCOL};
use super::work::{Seeds, Work, words};
use crate::device::op::Op;
use crate::device::{Buf, Ticket};
use crate::engine::Trouble;
use crate::engine::bench::Tuned;

/// A device that computes rounds.
pub struct Rounds<'a> {
    outfit: Outfit<'a>,
    schedule: Schedule,
}

/// What whoever computes is told meanwhile.
pub trait Orders {
    /// Whether the cycle that is done is the last.
    fn are_to_end(&self) -> bool;
    /// What the witness says at the turn to `round`, once it has said it; `None` where it says no more, or where this may be the end
    /// and is.
    fn turn(&self, round: u32, may_end: bool) -> Option<[u8; 32]>;
}

/// A step that the device was given, and of which round it is the last.
struct Step {
    form: Tuned,
    ticket: Ticket,
    commits: Option<u32>,
}

impl<'a> Rounds<'a> {
    pub fn new(outfit: Outfit<'a>) -> Self {
        let schedule = Schedule::new(outfit.memory(), PROTOCOL);
        Self { outfit, schedule }
    }

    pub fn work(&self) -> &Work {
        &self.outfit.work
    }

    pub fn memory(&self) -> Option<&Memory> {
        self.outfit.memory()
    }

    /// Fills the memory, where there is any to fill.
    pub fn fill(&mut self, seeds: &Seeds) -> Result<(), Trouble> {
        let key = words(&seeds.cells());
        let Some(memory) = self.outfit.memory().copied() else { return Ok(()) };
        for part in 0..memory.parts {
            let (cells, first) = (u64::from(memory.cells), u64::from(part) * u64::from(memory.cells));
            let dst = self.outfit.part(part);
            self.outfit.bench.once(&Op::Cells { dst, cells, first, key })?;
        }
        Ok(())
    }

    /// Computes cycles, at least one, two steps always queued, but at turns. Each commitment goes to `committed`.
    pub fn run(
        &mut self,
        seeds: &Seeds,
        orders: &dyn Orders,
        committed: &mut dyn FnMut(u32, [u8; 32]),
    ) -> Result<History, Trouble> {
        let draw = self.outfit.draw_b(&seeds.b());
        self.outfit.bench.once(&draw)?;
        let mut history = History::default();
        let mut waiting: VecDeque<Step> = VecDeque::new();
        let mut steps: VecDeque<Tuned> = VecDeque::new();
        let mut round = 0u32;
        loop {
            while waiting.len() < 2 {
                if steps.is_empty() {
                    let may_end = round > 0 && round.is_multiple_of(self.schedule.cycle());
                    if self.schedule.turn(round).is_some() {
                        // The witness turns once it has all that lies before.
                        if !waiting.is_empty() {
                            break;
                        }
                        let Some(seed) = orders.turn(round, may_end) else { break };
                        history.turns.push(seed);
                    } else if may_end && orders.are_to_end() {
                        break;
                    }
                    // Two steps in flight: what the round before the last committed is known by now.
                    steps = self.steps(seeds, &history, round)?;
                    round += 1;
                }
                let Some(form) = steps.pop_front() else { break };
                let commits = steps.is_empty().then_some(round - 1);
                let ticket = self.outfit.bench.start(&form)?;
                waiting.push_back(Step { form, ticket, commits });
            }
            let Some(Step { form, ticket, commits }) = waiting.pop_front() else { return Ok(history) };
            self.outfit.bench.finish(&form, ticket)?;
            if let Some(round) = commits {
                let root = self.root(round)?;
                committed(round, root);
                history.roots.push(root);
            }
        }
    }

    /// What a round consists of. Rounds take turns in two places for hash trees, since one is read while the next is made.
    fn steps(&self, seeds: &Seeds, history: &History, round: u32) -> Result<VecDeque<Tuned>, Trouble> {
        let (before, nodes) = (self.schedule.before(history, round), self.outfit.nodes(round));
        Ok(match self.schedule.round(round) {
            Round::Product => {
                let draw = self.outfit.bench.any_form(&self.outfit.draw_a(&seeds.a(round, &before)))?;
                [draw, self.outfit.product.clone(), self.outfit.hash_product(nodes)].into()
            }
            Round::Part(part) => [self.outfit.hash_part(part, nodes, &seeds.part(round, &before))].into(),
        })
    }

    /// Shows the rows and cells that `ask` stands for, computing their rounds again.
    pub fn answer(
        &mut self,
        gpu: u16,
        seeds: &Seeds,
        history: &History,
        ask: &Ask,
        shown: &mut dyn FnMut(Frame),
    ) -> Result<(), Trouble> {
        let cells = self.memory().map_or(0, |memory| memory.cells);
        let asked = self.schedule.questions(ask, history.roots.len() as u32, self.outfit.work.m, cells);
        let mut by_round: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        for questions in asked {
            for (number, Question { round, row }) in (0..).zip(questions) {
                by_round.entry(round).or_default().push((number, row));
            }
        }
        for (round, questions) in by_round {
            for form in self.steps(seeds, history, round)? {
                self.outfit.bench.run(&form, 1)?;
            }
            if history.roots.get(round as usize) != Some(&self.root(round)?) {
                let what =
                    format!("round {round} gives another result than before: this device computes wrong");
                return Err(Trouble::Wrong(what));
            }
            for (question, row) in questions {
                let path = self.path(round, row)?;
                shown(match self.schedule.round(round) {
                    Round::Product => Frame::Row { gpu, question, path, row: self.row(row)? },
                    Round::Part(_) => Frame::Cell { gpu, question, path },
                });
            }
        }
        Ok(())
    }

    fn row(&mut self, row: u32) -> Result<Vec<u8>, Trouble> {
        let bytes = self.outfit.work.row_bytes() as u64;
        Ok(self.outfit.bench.read(self.outfit.c(), u64::from(row) * bytes, bytes)?)
    }

    fn root(&mut self, round: u32) -> Result<[u8; 32], Trouble> {
        let (chunks, _) = self.tree(round);
        self.node(self.outfit.nodes(round), Op::tree_nodes(chunks) - 1)
    }

    /// The nodes beside the path from a leaf, which is a row or a cell, to the root, lowest first.
    fn path(&mut self, round: u32, leaf: u32) -> Result<Vec<[u8; 32]>, Trouble> {
        let (chunks, leaves) = self.tree(round);
        let (nodes, mut width, mut at) = (self.outfit.nodes(round), u64::from(leaves), u64::from(leaf));
        let mut path = Vec::new();
        while width > 1 {
            // The nodes of a level and of all above it are the last ones.
            let first = Op::tree_nodes(chunks) - Op::tree_nodes(width);
            path.push(self.node(nodes, first + (at ^ 1))?);
            (width, at) = (width / 2, at / 2);
        }
        Ok(path)
    }

    fn node(&mut self, nodes: Buf, index: u64) -> Result<[u8; 32], Trouble> {
        // While the next round runs, which writes to the other place.
        let bytes = self.outfit.bench.peek(nodes, index * NODE, NODE)?;
        Ok(bytes.try_into().unwrap_or_default())
    }

    /// Chunks of what a round hashes, and how many leaves are asked about.
    fn tree(&self, round: u32) -> (u64, u32) {
        match (self.schedule.round(round), self.memory()) {
            (Round::Part(_), Some(memory)) => (memory.part_bytes() / Op::CHUNK_BYTES, memory.cells),
            (Round::Product | Round::Part(_), _) => (self.outfit.work.chunks(), self.outfit.work.m),
        }
    }
}
