//! What a party chooses and no report says: whoever signs too chooses the same, by its own words.
//! Owns when two choose alike, and how a choice is written as options; must not know files.

use jiff::{SignedDuration, Timestamp};

use super::{Certificate, Decision};
use crate::fleet::calendar::day;
use crate::fleet::launch::words::word;
use crate::fleet::waivers::{Waiver, Waivers};
use crate::language::{Language, say};

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
pub fn options(certificate: &Certificate, language: Language) -> String {
    let mut options = vec![format!("--as-of {}", certificate.as_of)];
    options.extend(certificate.since.map(|since| format!("--since {since}")));
    options.extend(certificate.list.as_ref().map(|list| {
        say!(language, "certificate-choice-nodes", nodes = list.nodes.to_string(), sha256 = &list.sha256)
    }));
    let waiver = |Waiver { clause, node, reason }: &Waiver| {
        let at = node.as_ref().map_or(String::new(), |node| format!("@{node}"));
        format!("--waive {}", word(&format!("{clause}{at}={reason}")))
    };
    options.extend(certificate.waivers.iter().map(waiver));
    match &certificate.decision {
        Decision::Accepted => {}
        Decision::Refused { reason } => options.push(format!("--refuse {}", word(reason))),
    }
    options.join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Whoever makes one other choice has not made those of the certificate.
    #[test]
    fn each_choice_is_repeated() {
        let key = "ab".repeat(32);
        let certificate = serde_json::json!({
            "format": 2, "tool_version": "0", "contract": { "id": "c", "sha256": key },
            "parties": { "tenant": key, "provider": key }, "decision": { "kind": "accepted" },
            "as_of": "2026-03-31T08:00:00Z", "since": "2026-01-01T00:00:00Z", "milestones": [], "clauses": [], "nodes": [],
            "list": { "sha256": key, "nodes": 1, "never_reported": [] },
            "counts": { "contracted": 1, "promised": 0, "delivered": 0, "healthy": 0, "accepted": 0, "undecided": 0,
                        "rejected": 0, "missing": 0 },
            "waivers": [], "money": null, "salt_sha256": key,
        });
        let certificate: Certificate = serde_json::from_value(certificate).unwrap();
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let same = || Choices {
            as_of: Some(at("2026-03-31T08:00:00Z")),
            since: Some(at("2026-01-01T00:00:00Z")),
            list_sha256: Some(key.clone()),
            waivers: Waivers::default(),
            decision: Decision::Accepted,
        };
        let now = at("2026-03-31T20:00:00Z");
        let are = |choices: &Choices, now: &str| choices.are_those_of(&certificate, at(now));
        assert!(same().are_those_of(&certificate, now));
        let reason = "r".to_owned();
        let waived: Waiver = "upload=agreed".parse().unwrap();
        for other in [
            Choices { as_of: Some(now), ..same() },
            Choices { since: None, ..same() },
            Choices { list_sha256: None, ..same() },
            Choices { decision: Decision::Refused { reason }, ..same() },
        ] {
            assert!(!other.are_those_of(&certificate, now));
        }
        let lenient = Certificate { waivers: vec![waived], ..certificate.clone() };
        assert!(!same().are_those_of(&lenient, now));
        // Who leaves it at now counts by the day, but not by one that is to come.
        let today = Choices { as_of: None, ..same() };
        assert!(are(&today, "2026-03-31T20:00:00Z"));
        assert!(!are(&today, "2026-04-01T00:00:00Z"));
        assert!(!are(&today, "2026-03-31T07:00:00Z"));
    }

    #[test]
    fn the_next_minutes_are_not_still_to_come() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(!is_to_come(now + CLOCKS_APART, now));
        assert!(is_to_come(now + CLOCKS_APART + SignedDuration::from_secs(1), now));
    }
}
