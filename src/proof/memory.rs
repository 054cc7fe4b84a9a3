//! The memory that a prover holds: cells that are slow to make and fast to read.
//! Owns their content and the sizes that can be proved; both sides compute them from here. Must not know devices.

use serde::{Deserialize, Serialize};

/// Bytes of a cell.
pub const CELL_BYTES: usize = 4096;
/// Hashes for each line of 64 bytes. To make a cell takes so many times the work of hashing it.
pub const TURNS: u32 = 64;
const LINE_BYTES: usize = 64;
/// What one line hands to the next; the rest of a hashed line says which line it is.
const CHAINED: usize = 48;

/// Memory in parts of equal size, each hashed at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    pub parts: u32,
    /// Of each part; a power of two.
    pub cells: u32,
    /// Rounds of products before each sweep over all parts.
    pub products: u32,
}

impl Memory {
    pub const CELLS_MAX: u32 = 1 << 18;
    /// Parts, and products before a sweep.
    const COUNT_MAX: u32 = 1 << 16;

    /// Whether this can be committed cell by cell.
    pub fn check(&self) -> Result<(), String> {
        if !self.cells.is_power_of_two() || !(2..=Self::CELLS_MAX).contains(&self.cells) {
            return Err(format!("cells is {}, not a power of two from 2 to {}", self.cells, Self::CELLS_MAX));
        }
        // Fewer parts than the lag between commitments and keys could be hashed before their turn.
        for (name, value, least) in [("parts", self.parts, 4), ("products", self.products, 4)] {
            if !(least..=Self::COUNT_MAX).contains(&value) {
                return Err(format!("{name} is {value}, not a number from {least} to {}", Self::COUNT_MAX));
            }
        }
        Ok(())
    }

    pub fn part_bytes(&self) -> u64 {
        u64::from(self.cells) * CELL_BYTES as u64
    }

    pub fn bytes(&self) -> u64 {
        u64::from(self.parts) * self.part_bytes()
    }
}

/// A cell: each line is hashed from the one before it, 64 times over, so that none can be had without all before it.
pub fn cell(key: &[u8; 32], index: u64) -> Vec<u8> {
    let (mut cell, mut line) = (Vec::with_capacity(CELL_BYTES), [0; LINE_BYTES]);
    for number in 0..(CELL_BYTES / LINE_BYTES) as u32 {
        for turn in 0..TURNS {
            line[CHAINED..CHAINED + 8].copy_from_slice(&index.to_le_bytes());
            line[CHAINED + 8..].copy_from_slice(&[number.to_le_bytes(), turn.to_le_bytes()].concat());
            blake3::Hasher::new_keyed(key).update(&line).finalize_xof().fill(&mut line);
        }
        cell.extend(line);
    }
    cell
}
