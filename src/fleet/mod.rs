//! Many signed reports as one answer: what was promised, what came, what is good, which cards are not.

pub mod chance;
pub mod plan;
