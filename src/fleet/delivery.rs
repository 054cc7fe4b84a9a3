//! What was promised by which day, and what was there by then.
//! Owns the counting of milestones; days are by the calendar in UTC, times by the machines' own clocks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, day};
use super::nodes::Node;
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
    /// Nodes of which a report had passed by the end of that day, whatever came after.
    pub accepted_in_time: u32,
    /// Nodes that are still lacking: promised, and no report of them ever passed.
    pub lacking: u32,
    /// Full days since, but for what the contract excludes.
    pub days_late: u32,
}

pub fn milestones(
    delivery: &Delivery,
    nodes: &[Node<'_>],
    calendar: &Calendar,
    as_of: Timestamp,
) -> Vec<Milestone> {
    let came = count(nodes.iter().filter(|node| node.came().is_some()).count());
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
                accepted_in_time: count(nodes.iter().filter(|node| by_then(node.came())).count()),
                lacking: promised.saturating_sub(came),
                days_late: calendar.days(due, today),
            }
        })
        .collect()
}

fn count(nodes: usize) -> u32 {
    u32::try_from(nodes).unwrap_or(u32::MAX)
}
