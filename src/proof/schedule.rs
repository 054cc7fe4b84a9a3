//! Which round does what, and which rounds are asked about.
//! Owns the order of products and sweeps; both sides compute it from here. Must not know what either of them is.

use super::memory::Memory;

/// What a round hangs on that has nothing before it.
const NOTHING: [u8; 32] = [0; 32];
/// How many rounds lie between a commitment and the matrix that depends on it, so that hashing one product overlaps with
/// the next.
const LAG: u32 = 2;

/// What a round is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    Product,
    /// A part of memory is hashed.
    Part(u32),
}

/// Cycles of some products and a sweep over all parts; without memory, of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    products: u32,
    parts: u32,
    has_turns: bool,
}

/// What later rounds hang on: what was committed, and what the witness said at each turn from one kind to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub roots: Vec<[u8; 32]>,
    pub turns: Vec<[u8; 32]>,
}

impl Schedule {
    /// As version `protocol` has it.
    pub fn new(memory: Option<&Memory>, protocol: u32) -> Self {
        let (products, parts) = memory.map_or((1, 0), |memory| (memory.products, memory.parts));
        Self { products, parts, has_turns: parts > 0 && protocol >= 2 }
    }

    /// Whether the times of products and of parts are told apart, by turns or because there are no parts. Before there were turns a
    /// prover could keep a commitment back, and have the time of one kind taken for that of the other.
    pub fn tells_times_apart(&self) -> bool {
        self.has_turns || self.parts == 0
    }

    /// Rounds of a cycle. Provers stop at its end.
    pub fn cycle(&self) -> u32 {
        self.products + self.parts
    }

    pub fn round(&self, round: u32) -> Round {
        match (round % self.cycle()).checked_sub(self.products) {
            None => Round::Product,
            Some(part) => Round::Part(part),
        }
    }

    /// Which turn comes before a round, counted from 0: each first round of a kind but the very first has one.
    pub fn turn(&self, round: u32) -> Option<usize> {
        let is_first = self.has_turns && self.since_turn(round) == 0;
        self.turns_until(round).checked_sub(1).filter(|_| is_first)
    }

    /// Rounds since the last turn, or since the beginning.
    fn since_turn(&self, round: u32) -> u32 {
        let at = round % self.cycle();
        match at.checked_sub(self.products) {
            _ if !self.has_turns => round,
            Some(part) => part,
            None => at,
        }
    }

    fn turns_until(&self, round: u32) -> usize {
        let is_part = u32::from(round % self.cycle() >= self.products);
        if self.has_turns { (round / self.cycle() * 2 + is_part) as usize } else { 0 }
    }

    /// What a round hangs on: what round - 2 committed, or where a turn lies between, what was said there.
    pub fn before(&self, history: &History, round: u32) -> [u8; 32] {
        let earlier = if self.since_turn(round) >= LAG {
            history.roots.get((round - LAG) as usize)
        } else {
            self.turns_until(round).checked_sub(1).and_then(|turn| history.turns.get(turn))
        };
        earlier.copied().unwrap_or(NOTHING)
    }

    /// The products and the parts that were asked about, of `rounds` in all: each as the round and the row or cell of it.
    pub fn questions(&self, ask: &Ask, rounds: u32, rows: u32, cells: u32) -> [Vec<Question>; 2] {
        let cycles = rounds / self.cycle();
        let product = |n: u32| n / self.products * self.cycle() + n % self.products;
        let products = ask.questions(&[], cycles * self.products, rows, product);
        if self.parts == 0 {
            return [products, Vec::new()];
        }
        let part = |n: u32| n / self.parts * self.cycle() + self.products + n % self.parts;
        [products, ask.questions(b"M", cycles * self.parts, cells, part)]
    }
}

/// One row or cell that is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    pub round: u32,
    pub row: u32,
}

/// What one GPU is asked: so many questions of each kind, which follow from `seed`.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub seed: &'a [u8; 32],
    pub gpu: u32,
    pub count: u32,
}

impl Ask<'_> {
    /// Evenly over all rounds of a kind and all their rows, with repetition. Each takes 8 bytes of the extended output of
    /// BLAKE3 keyed with the seed over the GPU's number and the kind, as a fraction of 2^64.
    fn questions(&self, kind: &[u8], rounds: u32, rows: u32, nth: impl Fn(u32) -> u32) -> Vec<Question> {
        let message = [self.gpu.to_le_bytes().as_slice(), kind].concat();
        let mut stream = blake3::Hasher::new_keyed(self.seed).update(&message).finalize_xof();
        let all = u128::from(rounds) * u128::from(rows);
        let mut question = || {
            let mut bytes = [0; 8];
            stream.fill(&mut bytes);
            let at = (u128::from(u64::from_le_bytes(bytes)) * all) >> 64;
            let (round, row) = (at / u128::from(rows), at % u128::from(rows));
            Question { round: nth(round as u32), row: row as u32 }
        };
        (0..self.count).map(|_| question()).collect()
    }
}
