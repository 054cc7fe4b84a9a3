//! What a party chooses and no report says: whoever signs too chooses the same, by its own words.
//! Owns when two choose alike, and how a choice is written as options; must not know files.

use jiff::{SignedDuration, Timestamp};

use super::{Certificate, Decision};
use crate::fleet::calendar::day;
use crate::fleet::waivers::{Waiver, Waivers};
use crate::visible::quoted;

/// The clocks of two parties differ by no more.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

pub struct Choices {
    /// `None` where it was left at now.
    pub as_of: Option<Timestamp>,
    pub since: Option<Timestamp>,
    /// Of the list of nodes, as [`Names::sha256`](crate::fleet::names::Names::sha256) has it.
    pub list_sha256: Option<String>,
    pub waivers: Waivers,
    pub decision: Decision,
}

/// Whether a moment is still to come, whoever's clock is right.
pub fn is_to_come(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) > CLOCKS_APART
}

impl Choices {
    /// Whether the certificate was drawn up by these. Two who count by now count by the same day.
    pub fn are_those_of(&self, certificate: &Certificate, now: Timestamp) -> bool {
        let counted = certificate.as_of.0;
        let by_the_same_day = match self.as_of {
            Some(as_of) => as_of == counted,
            None => day(counted) == day(now) && !is_to_come(counted, now),
        };
        by_the_same_day
            && self.since == certificate.since.map(|since| since.0)
            && self.list_sha256.as_ref() == certificate.list.as_ref().map(|list| &list.sha256)
            && self.waivers.all() == certificate.waivers
            && self.decision == certificate.decision
    }
}

/// The choices behind a certificate, as the options of who makes the same.
pub fn options(certificate: &Certificate) -> String {
    let mut options = vec![format!("--as-of {}", certificate.as_of)];
    options.extend(certificate.since.map(|since| format!("--since {since}")));
    options.extend(
        certificate.list.as_ref().map(|list| {
            format!("--nodes NODES.txt (its {} names have the sha256 {})", list.nodes, list.sha256)
        }),
    );
    let waiver = |Waiver { clause, node, reason }: &Waiver| {
        let at = node.as_ref().map_or(String::new(), |node| format!("@{node}"));
        format!("--waive {}", quoted(&format!("{clause}{at}={reason}")))
    };
    options.extend(certificate.waivers.iter().map(waiver));
    match &certificate.decision {
        Decision::Accepted => {}
        Decision::Refused { reason } => options.push(format!("--refuse {}", quoted(reason))),
    }
    options.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_minutes_are_not_still_to_come() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(!is_to_come(now + CLOCKS_APART, now));
        assert!(is_to_come(now + CLOCKS_APART + SignedDuration::from_secs(1), now));
    }
}
