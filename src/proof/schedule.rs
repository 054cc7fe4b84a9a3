//! Which round does what, and which rounds are asked about.
//! Owns the order of products and sweeps; both sides compute it from here. Must not know what either of them is.

use super::memory::Memory;
use super::work::LAG;

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
}

impl Schedule {
    pub fn new(memory: Option<&Memory>) -> Self {
        let (products, parts) = memory.map_or((1, 0), |memory| (memory.products, memory.parts));
        Self { products, parts }
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

    /// Whether a round counts for its kind's pace. The first few after a change of kind do not: their keys are known early
    /// enough for them to be begun in the time of the other kind.
    pub fn counts(&self, round: u32) -> bool {
        if self.parts == 0 {
            return true;
        }
        match self.round(round) {
            Round::Product => round < self.cycle() || round % self.cycle() >= LAG,
            Round::Part(part) => part >= LAG,
        }
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
