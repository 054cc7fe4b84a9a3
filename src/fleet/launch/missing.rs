//! Which nodes of a list a launch is still for.

use std::collections::BTreeSet;

use super::node::NodeName;
use crate::fleet::intake::Intake;

/// Those without a report of a run that came to its end by itself, whatever its verdict. One that was stopped, killed or cut
/// off does not count, nor one that is refused.
pub fn missing<'a>(nodes: &[NodeName<'a>], intake: &Intake) -> Vec<NodeName<'a>> {
    let finished: BTreeSet<&str> = intake
        .rows
        .iter()
        .filter(|row| row.is_finished && !row.is_unjudged())
        .filter_map(|row| row.node.as_deref())
        .collect();
    nodes.iter().copied().filter(|node| !finished.contains(node.as_str())).collect()
}
