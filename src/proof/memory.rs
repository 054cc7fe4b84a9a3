//! The memory that a prover holds: cells that are slow to make and fast to read.
//! Owns the sizes that can be proved; both sides compute with them. Must not know any device.

use serde::{Deserialize, Serialize};

use super::work::words;
use crate::device::{Op, reference};

pub const CELL_BYTES: usize = Op::CELL_BYTES as usize;

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

/// What a cell holds: each line is hashed from the one before it, 64 times over, so that none can be had without all before it.
pub fn cell(key: &[u8; 32], index: u64) -> Vec<u8> {
    reference::cell(&words(key), index)
}
