//! What stands over the columns of a fleet's tables, on a terminal and on a page alike.
//! Owns which columns each table has, in their order, and what such a cell says; must not know how they are drawn.

use crate::fleet::delivery::Milestone;
use crate::language::{Language, say};

/// Dates and what stands of each.
pub fn milestones(language: Language) -> [String; 6] {
    [
        say!(language, "head-due"),
        say!(language, "head-promised"),
        say!(language, "head-in-time"),
        say!(language, "head-accepted-in-time"),
        say!(language, "head-lacking"),
        say!(language, "head-late"),
    ]
}

/// How late a date is, which stands in the last of these columns.
pub fn late(of: &Milestone, language: Language) -> String {
    match (of.is_over, of.lacking) {
        (true, 1..) => say!(language, "count-days", count = of.days_late),
        (true, 0) if of.accepted_in_time < of.promised => say!(language, "milestone-met-late"),
        (true, 0) => say!(language, "milestone-met"),
        (false, _) => say!(language, "milestone-to-come"),
    }
}

/// Nodes that are not accepted, a row for each reason.
pub fn nodes(language: Language) -> [String; 5] {
    [
        say!(language, "head-node"),
        say!(language, "head-state"),
        say!(language, "head-card"),
        say!(language, "head-clause"),
        say!(language, "head-because"),
    ]
}

/// What many nodes lack together.
pub fn by_clause(language: Language) -> [String; 3] {
    [
        say!(language, "head-clause"),
        say!(language, "head-nodes-failed"),
        say!(language, "head-nodes-undecided"),
    ]
}

/// Clauses that no node decides.
pub fn over_fleet(language: Language) -> [String; 7] {
    [
        say!(language, "head-over-fleet"),
        say!(language, "head-severity"),
        say!(language, "head-demanded"),
        say!(language, "head-met"),
        say!(language, "head-failed"),
        say!(language, "state-undecided"),
        say!(language, "head-verdict"),
    ]
}

/// Cards that a clause over the fleet is missed by.
pub fn not_met(language: Language) -> [String; 3] {
    [say!(language, "head-not-met"), say!(language, "head-node"), say!(language, "head-card")]
}

/// Reports of nodes that are not in the list.
pub fn strangers(language: Language) -> [String; 2] {
    [say!(language, "head-not-listed"), say!(language, "head-report")]
}

/// Cards far from the others.
pub fn outliers(language: Language) -> [String; 7] {
    [
        say!(language, "head-node"),
        say!(language, "head-card"),
        say!(language, "head-worst-in"),
        say!(language, "head-has"),
        say!(language, "head-others"),
        say!(language, "head-deviations"),
        say!(language, "head-far-in"),
    ]
}

/// Reports that count for nothing.
pub fn refused(language: Language) -> [String; 3] {
    [say!(language, "head-refused"), say!(language, "head-report"), say!(language, "head-because")]
}

/// What is owed.
pub fn dues(language: Language) -> [String; 6] {
    [
        say!(language, "head-remedy"),
        say!(language, "head-for"),
        say!(language, "head-nodes"),
        say!(language, "head-amount"),
        say!(language, "head-by-or-since"),
        say!(language, "head-claim-by"),
    ]
}
