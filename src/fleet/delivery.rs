//! What was promised by which day, and what was there by then.
//! Owns the counting of milestones; days are by the calendar in UTC, times by the machines' own clocks.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::nodes::{Node, State};
use crate::contract::Delivery;
use crate::contract::when::Day;

/// One milestone and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Milestone {
    pub due: Day,
    /// All nodes promised by then.
    pub promised: u32,
    /// Whether the day is over.
    pub is_over: bool,
    /// Nodes that had reported by the end of that day.
    pub in_time: u32,
    /// Nodes that are accepted now and were so by the end of that day.
    pub accepted_in_time: u32,
    /// Nodes that are still lacking: promised and not accepted, as things stand.
    pub lacking: u32,
    /// Full days since.
    pub days_late: u32,
}

pub fn milestones(delivery: &Delivery, nodes: &[Node<'_>], as_of: Timestamp) -> Vec<Milestone> {
    let accepted = count(nodes.iter().filter(|node| node.state() == State::Accepted).count());
    let today = day(as_of);
    delivery
        .milestones()
        .iter()
        .map(|milestone| {
            let (due, promised) = (milestone.due.0, milestone.nodes.get());
            let by_then = |when: Option<Timestamp>| when.is_some_and(|when| day(when) <= due);
            Milestone {
                due: milestone.due,
                promised,
                is_over: today > due,
                in_time: count(nodes.iter().filter(|node| by_then(node.since())).count()),
                accepted_in_time: count(
                    nodes
                        .iter()
                        .filter(|node| node.state() == State::Accepted && by_then(node.good_since()))
                        .count(),
                ),
                lacking: promised.saturating_sub(accepted),
                days_late: days_between(due, today),
            }
        })
        .collect()
}

/// The day in UTC.
pub fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// Full days from one to the other; none where it lies before.
pub fn days_between(from: Date, to: Date) -> u32 {
    let days = from.until(to).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or(0)
}

fn count(nodes: usize) -> u32 {
    u32::try_from(nodes).unwrap_or(u32::MAX)
}
