//! What a scan of memory found, as numbers and as bytes in device memory.
//! Owns that layout; must not know how a scan is done.

use serde::{Deserialize, Serialize};

/// What [`super::Op::Scan`] found. In device memory: little-endian 64-bit fields in the order of the members, then
/// [`Tally::EXAMPLES`] pairs of word index (within the buffer) and the word that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tally {
    pub words_checked: u64,
    pub words_wrong: u64,
    /// Bits that read 1 where 0 was written.
    pub bits_set: u64,
    /// Bits that read 0 where 1 was written.
    pub bits_cleared: u64,
    /// Every bit position that was ever wrong.
    pub bit_mask: u64,
    /// The first wrong words met, in order of address; at most [`Tally::EXAMPLES`].
    pub examples: Vec<WrongWord>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct WrongWord {
    pub word: u64,
    pub got: u32,
}

impl Tally {
    pub const EXAMPLES: usize = 16;
    const FIELDS: usize = 5;
    pub const BYTES: usize = 8 * (Self::FIELDS + 2 * Self::EXAMPLES);

    pub fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        let field = |i: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[8 * i..8 * i + 8]);
            u64::from_le_bytes(word)
        };
        let kept = Self::EXAMPLES.min(usize::try_from(field(1)).unwrap_or(usize::MAX));
        let mut examples: Vec<WrongWord> = (0..kept)
            .map(|i| WrongWord {
                word: field(Self::FIELDS + 2 * i),
                got: field(Self::FIELDS + 2 * i + 1) as u32,
            })
            .collect();
        examples.sort_unstable();
        Self {
            words_checked: field(0),
            words_wrong: field(1),
            bits_set: field(2),
            bits_cleared: field(3),
            bit_mask: field(4),
            examples,
        }
    }

    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let pairs = self.examples.iter().take(Self::EXAMPLES).flat_map(|e| [e.word, u64::from(e.got)]);
        let fields = [self.words_checked, self.words_wrong, self.bits_set, self.bits_cleared, self.bit_mask];
        for (slot, value) in bytes.chunks_exact_mut(8).zip(fields.into_iter().chain(pairs)) {
            slot.copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    /// Adds what was found in a buffer whose first word is word `first_word` of the whole.
    pub fn absorb(&mut self, part: &Tally, first_word: u64) {
        self.words_checked += part.words_checked;
        self.words_wrong += part.words_wrong;
        self.bits_set += part.bits_set;
        self.bits_cleared += part.bits_cleared;
        self.bit_mask |= part.bit_mask;
        let free = Self::EXAMPLES.saturating_sub(self.examples.len());
        let moved = part.examples.iter().map(|e| WrongWord { word: first_word + e.word, got: e.got });
        self.examples.extend(moved.take(free));
    }

    /// Counts one word that was read.
    pub fn note(&mut self, word: u64, got: u32, expected: u32) {
        self.words_checked += 1;
        let wrong = got ^ expected;
        if wrong == 0 {
            return;
        }
        self.words_wrong += 1;
        self.bits_set += u64::from((wrong & got).count_ones());
        self.bits_cleared += u64::from((wrong & expected).count_ones());
        self.bit_mask |= u64::from(wrong);
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push(WrongWord { word, got });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_survives_device_memory() {
        let mut tally = Tally::default();
        for word in 0..40 {
            tally.note(word, 0xF0, if word % 2 == 0 { 0xF0 } else { 0x0F });
        }
        assert_eq!(
            (tally.words_checked, tally.words_wrong, tally.bits_set, tally.bits_cleared),
            (40, 20, 80, 80)
        );
        assert_eq!(Tally::decode(&tally.encode()), tally);
    }
}
