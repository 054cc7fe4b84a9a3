//! The product that a prover computes over and over: its shape, its numbers, where they come from.
//! Owns seeds and entries; both sides compute them from here. Must not know devices.

use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How results are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// Entries of 8 bits, sums in 32-bit integers.
    Int32,
    /// Entries of 6 bits, sums in FP32, which holds all integers up to 2^24 in size.
    Fp32,
}

impl Numbers {
    pub fn name(self) -> &'static str {
        match self {
            Numbers::Int32 => "int8 in int32",
            Numbers::Fp32 => "6-bit integers in fp32",
        }
    }

    /// Entries are signed numbers of so many bits: -2^(bits-1) to 2^(bits-1) - 1.
    pub fn bits(self) -> u32 {
        match self {
            Numbers::Int32 => 8,
            Numbers::Fp32 => 6,
        }
    }

    /// The deepest product whose sums are exact.
    fn depth_max(self) -> u32 {
        match self {
            Numbers::Int32 => 1 << 16,
            Numbers::Fp32 => 1 << 14,
        }
    }
}

/// `C = A B`, with A of m rows and k columns, B of k rows and n columns, C of m rows and n columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Work {
    pub m: u32,
    pub n: u32,
    pub k: u32,
    pub numbers: Numbers,
}

impl Work {
    /// Largest m and n; a row of C has at most four times as many bytes.
    pub const SIDE_MAX: u32 = 1 << 14;
    /// A row of C is a whole subtree of the hash tree: at least one chunk of 1024 bytes.
    pub const N_MIN: u32 = 256;
    /// The root of the tree is a parent.
    pub const M_MIN: u32 = 2;

    /// Whether this is a product that can be committed row by row, and whose sums are exact.
    pub fn check(&self) -> Result<(), String> {
        for (name, side, least) in [("m", self.m, Self::M_MIN), ("n", self.n, Self::N_MIN)] {
            let most = Self::SIDE_MAX;
            if !side.is_power_of_two() || !(least..=most).contains(&side) {
                return Err(format!("{name} is {side}, not a power of two from {least} to {most}"));
            }
        }
        let most = self.numbers.depth_max();
        if !self.k.is_multiple_of(64) || !(64..=most).contains(&self.k) {
            return Err(format!("k is {}, not a multiple of 64 from 64 to {most}", self.k));
        }
        Ok(())
    }

    /// Multiplications and additions of one product.
    pub fn operations(&self) -> u64 {
        2 * u64::from(self.m) * u64::from(self.n) * u64::from(self.k)
    }

    pub fn row_bytes(&self) -> usize {
        self.n as usize * 4
    }

    /// Chunks of C in its hash tree.
    pub fn chunks(&self) -> u64 {
        u64::from(self.m) * self.row_bytes() as u64 / 1024
    }

    /// Levels of the hash tree from a row of C up to the root.
    pub fn path_length(&self) -> usize {
        self.m.ilog2() as usize
    }

    /// No sum of a product is larger in size.
    fn sum_max(&self) -> i64 {
        i64::from(self.k) << (2 * (self.numbers.bits() - 1))
    }

    /// A row of C from its bytes. `None` where a number is none that a product can have: not whole, not finite, a
    /// negative zero, or too large.
    pub fn row(&self, bytes: &[u8]) -> Option<Vec<i64>> {
        let (words, rest) = bytes.as_chunks::<4>();
        if bytes.len() != self.row_bytes() || !rest.is_empty() {
            return None;
        }
        words.iter().map(|word| self.number(*word)).collect()
    }

    fn number(&self, word: [u8; 4]) -> Option<i64> {
        let value = match self.numbers {
            Numbers::Int32 => i64::from(i32::from_le_bytes(word)),
            Numbers::Fp32 => {
                let float = f32::from_le_bytes(word);
                let whole = float as i64;
                // Bit for bit, which NaN, infinity, fractions and -0 are not.
                if (whole as f32).to_bits() != float.to_bits() {
                    return None;
                }
                whole
            }
        };
        (value.abs() <= self.sum_max()).then_some(value)
    }

    /// Entries `at..at + out.len()` of the matrix that `key` stands for, row-major: the low bits of as many bytes of the
    /// extended output of keyed BLAKE3 over nothing, as signed numbers.
    pub fn entries(&self, key: &[u8; 32], at: u64, out: &mut [i8]) {
        let unused = 8 - self.numbers.bits();
        let mut stream = blake3::Hasher::new_keyed(key).finalize_xof();
        stream.set_position(at);
        let mut bytes = [0; 4096];
        for out in out.chunks_mut(bytes.len()) {
            let bytes = &mut bytes[..out.len()];
            stream.fill(bytes);
            for (entry, byte) in out.iter_mut().zip(bytes) {
                *entry = ((*byte << unused) as i8) >> unused;
            }
        }
    }
}

/// From what all matrices of one GPU are drawn. HKDF-SHA256 (RFC 5869), no salt.
pub struct Seeds {
    secret: Hkdf<Sha256>,
    gpu: u32,
}

impl Seeds {
    /// `nonce` comes from the challenge, `start` from who starts the clock; until then no matrix can be known.
    pub fn new(nonce: &[u8; 32], start: &[u8; 32], gpu: u32) -> Self {
        Self { secret: Hkdf::new(None, &[nonce.as_slice(), start].concat()), gpu }
    }

    /// The key of B (stored transposed, n rows of k), which is the same in all rounds.
    pub fn b(&self) -> [u8; 32] {
        self.key(b"B", &[])
    }

    /// The key of all cells of memory.
    pub fn cells(&self) -> [u8; 32] {
        self.key(b"M", &[])
    }

    /// What a card is to sign.
    pub fn attestation(&self) -> [u8; 32] {
        self.key(b"T", &[])
    }

    /// The key under which a part of memory is hashed in one round; `before` as for A.
    pub fn part(&self, round: u32, before: &[u8; 32]) -> [u8; 32] {
        self.key(b"P", &[round.to_le_bytes().as_slice(), before].concat())
    }

    /// The key of A (m rows of k) of one round. `before` is what it hangs on, see [`Schedule::before`](super::schedule::Schedule).
    pub fn a(&self, round: u32, before: &[u8; 32]) -> [u8; 32] {
        self.key(b"A", &[round.to_le_bytes().as_slice(), before].concat())
    }

    fn key(&self, matrix: &[u8], rest: &[u8]) -> [u8; 32] {
        let mut key = [0; 32];
        let info = [b"gpu-assay proof v1 ", matrix, &self.gpu.to_le_bytes(), rest].concat();
        // Fails only for outputs of more than 255 hashes.
        let _ = self.secret.expand(&info, &mut key);
        key
    }
}

/// A key as ops take it.
pub fn words(key: &[u8; 32]) -> [u32; 8] {
    let (words, _) = key.as_chunks::<4>();
    std::array::from_fn(|i| words.get(i).map_or(0, |word| u32::from_le_bytes(*word)))
}
