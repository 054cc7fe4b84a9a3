//! What is wrong with a contract whose every key has a value of the right kind, each with what it is about. Only showing it
//! makes words of it.
//! Owns the mistakes that concern clauses and what parts need of one another; where they stand in a file is `places`'s business.

use super::places::Step;
use super::when::Moment;

/// `nth` counts from 0, in the order of the file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Slip {
    /// No id, or one that is taken.
    #[error("{why}")]
    Id { nth: usize, why: String },
    #[error("clause {id:?}: {}", wrong.why)]
    Clause { nth: usize, id: String, wrong: Wrong },
    #[error("two clauses have the id {id:?}; give each its own")]
    Twice { nth: usize, id: String },
    #[error("the contract has no clause; `assay contract new` writes some to start from")]
    NoClause,
    #[error(
        "no clause on nodes or devices is a must, so no node could ever pass; write severity = \"must\" in one"
    )]
    NoMust,
    /// The id stands at this place of the list `of`; `known` are those that are no clauses.
    #[error("a remedy is of {name:?}, but no clause has this id; write the id of a clause, or {known}")]
    Remedy { nth: usize, of: usize, name: String, known: String },
    #[error("an exclusion from {from} until {until} is over before it begins; exchange them")]
    Exclusion { nth: usize, from: Moment, until: Moment },
}

/// What is wrong within a clause, and with which of its keys, where it is one alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub key: Option<&'static str>,
    pub why: String,
}

impl Wrong {
    pub fn with(key: &'static str, why: String) -> Self {
        Self { key: Some(key), why }
    }
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self { key: None, why }
    }
}

impl From<&str> for Wrong {
    fn from(why: &str) -> Self {
        Self::from(why.to_owned())
    }
}

impl Slip {
    /// The way to what it is about, from the whole contract.
    pub(super) fn way(&self) -> Vec<Step<'static>> {
        use Step::{Key, Name, Nth};
        match self {
            Slip::Id { nth, .. } => vec![Key("clause"), Nth(*nth)],
            Slip::Clause { nth, wrong: Wrong { key: Some(key), .. }, .. } => {
                vec![Key("clause"), Nth(*nth), Name(key)]
            }
            Slip::Clause { nth, .. } | Slip::Twice { nth, .. } => vec![Key("clause"), Nth(*nth), Key("id")],
            Slip::NoClause | Slip::NoMust => vec![Key("clause")],
            Slip::Remedy { nth, of, .. } => vec![Key("remedy"), Nth(*nth), Key("of"), Nth(*of)],
            Slip::Exclusion { nth, .. } => vec![Key("exclusion"), Nth(*nth)],
        }
    }
}
