//! One collective of all ranks: what each gives and has, and how it may go wrong.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    AllReduce,
    AllGather,
    ReduceScatter,
    Broadcast,
}

/// What all ranks must agree on: which collective, and how many elements it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct What {
    pub kind: Kind,
    pub count: usize,
}

impl What {
    /// Elements that a rank gives, and those that it has afterwards.
    pub fn sizes(self, ranks: usize) -> [usize; 2] {
        match self.kind {
            Kind::AllReduce | Kind::Broadcast => [self.count, self.count],
            Kind::AllGather => [self.count, self.count * ranks],
            Kind::ReduceScatter => [self.count * ranks, self.count],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    pub what: What,
    /// From where and to where, by rank. The memory was looked at when it was ordered.
    pub at: Vec<[u64; 2]>,
}

/// How results go wrong.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Mistake {
    #[default]
    None,
    /// In one element of the last rank.
    Wrong,
    /// What the last rank gives is left out.
    Deaf,
    /// The last rank has nothing of it.
    Mute,
    /// What was done once is not done again with the same buffers.
    Lazy,
}

pub const MISTAKES: [(&str, Mistake); 4] =
    [("wrong", Mistake::Wrong), ("deaf", Mistake::Deaf), ("mute", Mistake::Mute), ("lazy", Mistake::Lazy)];

/// What is done and which mistake is made.
static MADE: Mutex<Option<(HashSet<Job>, Mistake)>> = Mutex::new(None);

/// Chooses the mistake of all that comes.
pub fn make(mistake: Mistake) {
    MADE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((HashSet::new(), mistake)).1 = mistake;
}

impl Job {
    pub fn run(&self) {
        let (again, mistake) = match &mut *MADE.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((done, mistake)) => (!done.insert(self.clone()), *mistake),
            None => (false, Mistake::None),
        };
        if again && mistake == Mistake::Lazy {
            return;
        }
        let ranks = self.at.len();
        let [gives, has] = self.what.sizes(ranks);
        // SAFETY: memory of the driver, looked at when this was ordered.
        let mut given: Vec<Vec<f32>> = self
            .at
            .iter()
            .map(|[from, _]| unsafe { std::slice::from_raw_parts(*from as *const f32, gives) }.to_vec())
            .collect();
        if mistake == Mistake::Deaf {
            given[ranks - 1].fill(0.0);
        }
        let hears = ranks - usize::from(mistake == Mistake::Mute);
        for (rank, [_, to]) in self.at.iter().enumerate().take(hears) {
            // SAFETY: as above; the caller gives room for so many.
            let result = unsafe { std::slice::from_raw_parts_mut(*to as *mut f32, has) };
            self.fill(rank, &given, result);
            if mistake == Mistake::Wrong && rank == ranks - 1 {
                result[has / 3] += 1.0;
            }
        }
    }

    fn fill(&self, rank: usize, given: &[Vec<f32>], result: &mut [f32]) {
        let count = self.what.count;
        match self.what.kind {
            Kind::Broadcast => result.copy_from_slice(&given[0]),
            Kind::AllGather => {
                given.iter().zip(result.chunks_mut(count)).for_each(|(from, to)| to.copy_from_slice(from))
            }
            // From the last rank to the first: the order must not matter.
            Kind::AllReduce | Kind::ReduceScatter => {
                let first = if self.what.kind == Kind::AllReduce { 0 } else { rank * count };
                result.fill(0.0);
                for from in given.iter().rev() {
                    result.iter_mut().zip(&from[first..]).for_each(|(sum, more)| *sum += more);
                }
            }
        }
    }
}
