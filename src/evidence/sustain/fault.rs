//! Wrong results under load, and which of them are kept.
//! Owns that choice; must not know how they were found.

use serde::{Deserialize, Serialize};

use super::Sustained;

/// One wrong result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(from = "Written", into = "Written")]
#[schemars(with = "Written")]
pub struct Fault {
    pub at_ns: u64,
    pub of: String,
    pub word: Option<u64>,
    pub expected: Option<u32>,
    pub got: Option<u32>,
    pub temperature_c: Option<u32>,
    pub clock_mhz: Option<u32>,
}

/// A wrong result under load.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Written {
    at_ns: u64,
    /// What was wrong: `product`, `chains`, `memory`, `link`.
    of: String,
    /// The 32-bit word of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    word: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    got: Option<u32>,
    /// The bits in which these differ, for readers: it follows from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xor: Option<u32>,
    /// What the sensors said last before it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature_c: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock_mhz: Option<u32>,
}

impl From<Written> for Fault {
    fn from(written: Written) -> Self {
        let Written { at_ns, of, word, expected, got, xor: _, temperature_c, clock_mhz } = written;
        Self { at_ns, of, word, expected, got, temperature_c, clock_mhz }
    }
}

impl From<Fault> for Written {
    fn from(fault: Fault) -> Self {
        let xor = fault.xor();
        let Fault { at_ns, of, word, expected, got, temperature_c, clock_mhz } = fault;
        Self { at_ns, of, word, expected, got, xor, temperature_c, clock_mhz }
    }
}

impl Fault {
    /// The bits that were wrong, where both words are known.
    pub fn xor(&self) -> Option<u32> {
        Some(self.expected? ^ self.got?)
    }
}

pub const FAULTS_MAX: usize = 64;
/// Of these the first and the last.
const ENDS: usize = 16;

impl Sustained {
    /// Of too many, the one between the first and the last goes whose neighbours are nearest to each other: what is left is spread
    /// over the time, whenever the load ends.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
        if self.faults.len() > FAULTS_MAX {
            let apart = |at: &usize| self.faults[at + 1].at_ns.saturating_sub(self.faults[at - 1].at_ns);
            if let Some(at) = (ENDS..=FAULTS_MAX - ENDS).min_by_key(apart) {
                self.faults.remove(at);
            }
        }
    }
}
