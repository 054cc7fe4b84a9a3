//! A list of nodes beside their reports: which never reported, and which reports are of no node of the list.

use std::collections::BTreeSet;

use serde::Serialize;

use super::names::Names;
use super::row::Row;

/// What of a list came, and what came besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub nodes: u32,
    /// Of the sorted names: what the provider was held to.
    pub sha256: String,
    /// Those without a report that counts, in the order of the list.
    pub never_reported: Vec<String>,
    /// Reports that would count, were their node in the list.
    pub strangers: Vec<Stranger>,
}

/// A report of a node that is not in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stranger {
    /// `None` where the run was told no name.
    pub node: Option<String>,
    pub report: String,
}

impl Listed {
    /// Takes the reports of other nodes out of `rows`.
    pub fn split(names: &Names<'_>, rows: &mut Vec<Row>) -> Self {
        let listed: BTreeSet<&str> = names.all().iter().copied().collect();
        let is_strange = |row: &mut Row| row.node.as_deref().is_none_or(|node| !listed.contains(node));
        let strangers = rows
            .extract_if(.., is_strange)
            .map(|row| Stranger { node: row.node, report: row.source })
            .collect();
        let reported: BTreeSet<&str> = rows.iter().filter_map(|row| row.node.as_deref()).collect();
        let never = names.all().iter().filter(|name| !reported.contains(**name));
        Self {
            nodes: super::count(names.all().iter()),
            sha256: names.sha256(),
            never_reported: never.map(|name| (*name).to_owned()).collect(),
            strangers,
        }
    }
}
