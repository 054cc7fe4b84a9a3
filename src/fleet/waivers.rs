//! What parties agree to live with: clauses that a node need not meet in order to be accepted.
//! Owns what can be waived, and where. What is due for it in money stays due: see `money`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::contract::{Contract, finding};

/// One clause that is waived, on one node or on all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of a clause, or of an entry of the inventory, such as `inventory.memory`.
    pub clause: String,
    /// As the run was told with `--node`; `None` on all nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Why, for whoever reads it later.
    pub reason: String,
}

/// Findings without a clause that parties may live with. Whose card it is, and whether sources agree on that, is not among
/// them: a doubt about what was delivered is cleared by another run, not by a word.
const WAIVABLE: [&str; 7] = [
    finding::id::DEVICES,
    finding::id::MEMORY,
    finding::id::SKU,
    finding::id::CONTINUITY,
    finding::id::FRESHNESS,
    finding::id::PROOF,
    finding::id::PROOF_MEMORY,
];

const REASON_CHARS_MAX: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaiverError {
    #[error("{0:?} is no waiver; write CLAUSE=REASON, or CLAUSE@NODE=REASON for one node")]
    Form(String),
    #[error(
        "the waiver of {0} gives no reason; write it after the =, in at most {REASON_CHARS_MAX} characters"
    )]
    NoReason(String),
    #[error(
        "{0:?} cannot be waived: the contract has no such clause. It has {1}; doubts about what a card is need another run"
    )]
    Unknown(String, String),
    #[error("{0} is waived twice; once is enough")]
    Twice(String),
    #[error("{0} is waived on a node that no report names; runs are named with --node")]
    NoSuchNode(String),
}

impl FromStr for Waiver {
    type Err = WaiverError;

    fn from_str(text: &str) -> Result<Self, WaiverError> {
        let malformed = || WaiverError::Form(text.chars().take(80).collect());
        let (what, reason) = text.split_once('=').ok_or_else(malformed)?;
        let (clause, node) = match what.split_once('@') {
            Some((clause, node)) => (clause, Some(node.trim().to_owned())),
            None => (what, None),
        };
        let clause = clause.trim().to_owned();
        if clause.is_empty() || node.as_ref().is_some_and(String::is_empty) {
            return Err(malformed());
        }
        Ok(Self { clause, node, reason: reason.trim().to_owned() })
    }
}

/// Without the reason.
impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "{} on {node}", self.clause),
            None => f.write_str(&self.clause),
        }
    }
}

/// All waivers of one acceptance, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waivers(Vec<Waiver>);

impl Waivers {
    pub fn new(mut waivers: Vec<Waiver>, contract: &Contract) -> Result<Self, WaiverError> {
        waivers.sort();
        for waiver in &waivers {
            if waiver.reason.is_empty() || waiver.reason.chars().count() > REASON_CHARS_MAX {
                return Err(WaiverError::NoReason(waiver.to_string()));
            }
            let ids = || contract.clauses.iter().map(|clause| clause.id.as_str()).chain(WAIVABLE);
            if !ids().any(|id| id == waiver.clause) {
                let known = ids().collect::<Vec<_>>().join(", ");
                return Err(WaiverError::Unknown(waiver.clause.chars().take(80).collect(), known));
            }
        }
        let twice = waivers.windows(2).find(|w| w[0].clause == w[1].clause && w[0].node == w[1].node);
        match twice {
            Some(twice) => Err(WaiverError::Twice(twice[0].to_string())),
            None => Ok(Self(waivers)),
        }
    }

    /// Clauses that are waived on this node.
    pub fn of(&self, node: &str) -> Vec<&str> {
        let here = self.0.iter().filter(|waiver| waiver.node.as_deref().is_none_or(|name| name == node));
        here.map(|waiver| waiver.clause.as_str()).collect()
    }

    /// Whether a clause is waived on all nodes.
    pub fn everywhere(&self, clause: &str) -> bool {
        self.0.iter().any(|waiver| waiver.clause == clause && waiver.node.is_none())
    }

    pub fn all(&self) -> &[Waiver] {
        &self.0
    }

    /// A waiver on a node that is not among these would be signed and mean nothing.
    pub fn check_nodes<'a>(&self, nodes: impl Iterator<Item = &'a str> + Clone) -> Result<(), WaiverError> {
        let astray = self
            .0
            .iter()
            .find(|waiver| waiver.node.as_ref().is_some_and(|node| nodes.clone().all(|name| name != node)));
        astray.map_or(Ok(()), |waiver| Err(WaiverError::NoSuchNode(waiver.to_string())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn waivers_are_read_or_refused_with_the_reason() {
        let waiver: Waiver = "upload@rack3-node17=agreed on 2 March = for good".parse().unwrap();
        assert_eq!(waiver.node.as_deref(), Some("rack3-node17"));
        assert_eq!(waiver.reason, "agreed on 2 March = for good");
        for bad in ["", "upload", "=x", "@n=x", "upload@=x", " =x"] {
            assert!(matches!(bad.parse::<Waiver>(), Err(WaiverError::Form(_))), "{bad:?}");
        }
    }
}
