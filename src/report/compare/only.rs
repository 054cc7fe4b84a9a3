//! What a gate is about: some metrics and probes of a comparison, and whether anything of each was compared.
//! Owns the choice of rows; must not know how a row is judged.

use serde::Serialize;

use super::{Change, Comparison, Pair, Row};
use crate::evidence::metric::{MetricName, PEER_SLOWEST, is_pair};

/// The metrics that count, and the probes of which all count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Only {
    pub metrics: Vec<MetricName>,
    pub probes: Vec<String>,
    /// Those of them of which nothing was compared on some device: there they would hold nothing without anybody being told.
    pub open: Vec<String>,
}

impl Only {
    /// `None` where nothing is named, so that everything counts.
    pub fn of(metrics: &[MetricName], probes: &[String]) -> Option<Self> {
        let only = Self { metrics: metrics.to_vec(), probes: probes.to_vec(), open: Vec::new() };
        (!only.names().is_empty()).then_some(only)
    }

    pub fn names(&self) -> Vec<&str> {
        self.metrics.iter().map(MetricName::as_str).chain(self.probes.iter().map(String::as_str)).collect()
    }
}

/// Whether a row is of the metric or the probe of that name. The slowest pair is one of all.
fn is_of(row: &Row, name: &str) -> bool {
    let is_pair = name == PEER_SLOWEST && is_pair(row.metric.as_str());
    row.metric.as_str() == name || row.metric.probe() == name || is_pair
}

/// Whether a metric or probe lies between devices.
fn is_between(name: &str) -> bool {
    matches!(name.split('.').next(), Some("peer" | "collective"))
}

impl Comparison {
    /// The same with those rows alone. Their intervals stay as wide as beside all others, so that nobody makes a figure look surer by
    /// choosing it.
    pub fn held_to(mut self, only: Only) -> Self {
        for pair in &mut self.pairs {
            pair.rows.retain(|row| only.names().iter().any(|name| is_of(row, name)));
        }
        self.between.retain(|row| only.names().iter().any(|name| is_of(row, name)));
        let compares = |row: &Row, name: &str| is_of(row, name) && row.verdict != Change::NotComparable;
        let is_open = |name: &&str| {
            let lacks = |pair: &Pair| !pair.rows.iter().any(|row| compares(row, name));
            if is_between(name) {
                return !self.between.iter().any(|row| compares(row, name));
            }
            self.pairs.is_empty() || self.pairs.iter().any(lacks)
        };
        let open = only.names().into_iter().filter(is_open).map(str::to_owned).collect();
        self.only = Some(Only { open, ..only });
        self
    }
}
