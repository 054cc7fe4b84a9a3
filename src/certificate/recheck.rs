//! Compares a certificate with the one that follows from the reports at hand.
//! Owns what of it is compared; both sides come from the same functions.

use super::Certificate;
use crate::report::Difference;
use crate::report::difference::between;

/// What a certificate was compared with.
pub enum Chain {
    /// Nothing: the signatures alone hold.
    Signatures,
    /// The contract, by its digest.
    Contract,
    /// The contract and all reports.
    Reports(Vec<Difference>),
}

impl Chain {
    pub fn holds(&self) -> bool {
        match self {
            Chain::Signatures | Chain::Contract => true,
            Chain::Reports(differences) => differences.is_empty(),
        }
    }
}

/// Where the two differ; empty where the certificate holds. Which version drew it up does not matter.
pub fn differences(stated: &Certificate, drawn: Certificate) -> Vec<Difference> {
    between(stated, &Certificate { tool_version: stated.tool_version.clone(), ..drawn })
}
