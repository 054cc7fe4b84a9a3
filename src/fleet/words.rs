//! What is said of reports and nodes, in each language; the same words in English are part of the answer's JSON.
//! Owns which message says what; must not know on what page it stands.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Because;
use super::doubt::Doubt;
use super::intake::{Cause, Refusal};
use super::nodes::State;
use super::row::Lacking;
use crate::contract::in_short;
use crate::language::{Language, say};

/// What has a sentence in each language.
pub trait Said {
    fn said(&self, language: Language) -> String;
}

/// For programs, which read one language.
pub(super) fn in_english<T: Said, S: Serializer>(of: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&of.said(Language::English))
}

impl Said for Because {
    fn said(&self, language: Language) -> String {
        match self {
            Because::Claimed { again, first, of } => {
                say!(language, "fleet-claimed", again = again, first = first, of = of)
            }
            Because::Doubted(doubt) => doubt.said(language),
            Because::Lacking(lacking) => lacking.said(language),
        }
    }
}

impl Said for Doubt {
    fn said(&self, language: Language) -> String {
        match self {
            Doubt::Unnamed => say!(language, "fleet-unnamed"),
            Doubt::Unsound => say!(language, "fleet-unsound"),
            Doubt::Unanswered { challenge } => say!(language, "fleet-unanswered", challenge = challenge),
            Doubt::Untimely { started, sealed } => {
                say!(language, "fleet-untimely", started = started, sealed = sealed)
            }
            Doubt::ToCome { started } => say!(language, "time-to-come", started = started),
            Doubt::OtherText { judged, ours } => {
                say!(language, "fleet-other-text", judged = judged, ours = ours)
            }
        }
    }
}

impl Said for Lacking {
    fn said(&self, language: Language) -> String {
        in_short(self.demanded.as_ref(), self.found.as_ref(), &self.because, language)
    }
}

impl Serialize for Lacking {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lacking = serializer.serialize_struct("Lacking", 6)?;
        lacking.serialize_field("clause", &self.clause)?;
        lacking.serialize_field("severity", &self.severity)?;
        lacking.serialize_field("verdict", &self.verdict)?;
        lacking.serialize_field("because", &self.said(Language::English))?;
        lacking.serialize_field("short", &self.short)?;
        lacking.serialize_field("identity", &self.identity)?;
        lacking.end()
    }
}

impl Said for State {
    fn said(&self, language: Language) -> String {
        match self {
            State::Accepted => say!(language, "state-accepted"),
            State::Undecided => say!(language, "state-undecided"),
            State::Rejected => say!(language, "state-rejected"),
        }
    }
}

impl Said for Refusal {
    fn said(&self, language: Language) -> String {
        match self {
            Refusal::Unreadable => say!(language, "refusal-unreadable"),
            Refusal::UnknownKey => say!(language, "refusal-unknown-key"),
            Refusal::Changed => say!(language, "refusal-changed"),
            Refusal::Contradicts => say!(language, "refusal-contradicts"),
            Refusal::OtherRules => say!(language, "refusal-other-rules"),
            Refusal::OtherContract => say!(language, "refusal-other-contract"),
            Refusal::OutOfTime => say!(language, "refusal-out-of-time"),
            Refusal::Replayed => say!(language, "refusal-replayed"),
            Refusal::OtherSalt => say!(language, "refusal-other-salt"),
            Refusal::Unsealed => say!(language, "refusal-unsealed"),
        }
    }
}

impl Said for Cause {
    fn said(&self, language: Language) -> String {
        match self {
            Cause::Told(text) => say!(language, "recorded", text = text),
            Cause::Stranger { claimed, trusted } => {
                let (claimed, trusted) = (language.list(claimed), language.list(trusted));
                say!(language, "cause-stranger", claimed = claimed, trusted = trusted)
            }
            Cause::Changed => say!(language, "cause-changed"),
            Cause::JudgedBy(Some(id)) => say!(language, "cause-judged-by", id = id),
            Cause::JudgedBy(None) => say!(language, "cause-judged-by-none"),
            Cause::Differs { what, stated, recomputed } => {
                say!(language, "cause-differs", what = what, stated = stated, recomputed = recomputed)
            }
            Cause::ToCome { began } => say!(language, "cause-to-come", began = began.to_string()),
            Cause::Before { began, since } => {
                say!(language, "cause-before", began = began.to_string(), since = since.to_string())
            }
            Cause::Excluded { from, until, reason } => {
                say!(language, "cause-excluded", from = from, until = until, reason = reason)
            }
            Cause::CopyOf { first } => say!(language, "cause-copy-of", first = first),
            Cause::Unsealed => say!(language, "cause-unsealed"),
            Cause::OtherSalt { first } => say!(language, "cause-other-salt", first = first),
        }
    }
}
