//! Why a row of a comparison is judged as it is, in each language; programs read it in English.
//! Owns which message says which reason; must not know how it is decided.

use serde::{Serialize, Serializer};

use super::Change;
use crate::device::ProvenanceKind;
use crate::evidence::AbsenceReason;
use crate::language::{Language, say};

/// One of the two reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

impl When {
    pub(super) fn name(self) -> &'static str {
        match self {
            When::Before => "before",
            When::After => "after",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    WorseThanTheWidth,
    BetterThanTheWidth,
    NotWorseThanTheWidth,
    TooWide,
    TooFewSamples {
        when: When,
        samples: usize,
        needed: usize,
    },
    NothingAboveZero,
    /// Of counts of errors.
    Fewer,
    AsMany,
    More,
    WrongResults,
    NothingBefore,
    /// Of a share that should be small.
    NotMoreThanTheWidth,
    MoreThanTheWidth,
    NoShare,
    NotMeasuredBefore,
    NotMeasuredAfter(Option<AbsenceReason>),
    NotCompletedAfter,
    NoFigure,
    LowerBoundOnly,
    TimedAndCounted,
    /// By how far each is from the cache, which depends on clocks; it says which card it is.
    TellsUnitsApart,
    TooFewUnits {
        units: usize,
        needed: usize,
    },
    /// A figure that does not count, and in which report, where one is meant.
    Unsound(Unsound, Option<When>),
    AnotherTime,
    /// `None` where the device was never opened.
    OtherProvenance {
        before: Option<ProvenanceKind>,
        after: Option<ProvenanceKind>,
    },
    OtherKernels,
    OtherSizes {
        before: String,
        after: String,
    },
    OtherData,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsound {
    WrongResult,
    CanaryMissed,
    NothingCompared,
    ClocksDisagree,
    NoFigure,
    /// No such device can reach it.
    BeyondAll,
}

impl Because {
    pub fn said(&self, l: Language) -> String {
        use Because as B;
        match self {
            B::WorseThanTheWidth => say!(l, "because-worse"),
            B::BetterThanTheWidth => say!(l, "because-better"),
            B::NotWorseThanTheWidth => say!(l, "because-not-worse"),
            B::TooWide => say!(l, "because-too-wide"),
            B::TooFewSamples { when, samples, needed } => {
                say!(l, "because-too-few-samples", samples, when = when.name(), needed)
            }
            B::NothingAboveZero => say!(l, "because-nothing-above-zero"),
            B::Fewer => say!(l, "because-fewer"),
            B::AsMany => say!(l, "because-as-many"),
            B::More => say!(l, "because-more"),
            B::WrongResults => say!(l, "because-wrong-results"),
            B::NothingBefore => say!(l, "because-nothing-before"),
            B::NotMoreThanTheWidth => say!(l, "because-share-not-more"),
            B::MoreThanTheWidth => say!(l, "because-share-more"),
            B::NoShare => say!(l, "because-no-share"),
            B::NotMeasuredBefore => say!(l, "because-not-measured-before"),
            B::NotMeasuredAfter(None) => say!(l, "because-not-measured-after"),
            B::NotMeasuredAfter(Some(why)) => say!(l, "because-absent-after", why = why.said(l)),
            B::NotCompletedAfter => say!(l, "because-not-completed-after"),
            B::NoFigure => say!(l, "because-no-figure"),
            B::LowerBoundOnly => say!(l, "because-lower-bound-only"),
            B::TimedAndCounted => say!(l, "because-timed-and-counted"),
            B::TellsUnitsApart => say!(l, "because-tells-units-apart"),
            B::TooFewUnits { units, needed } => say!(l, "because-too-few-units", units, needed),
            B::Unsound(why, None) => why.said(l),
            B::Unsound(why, Some(when)) => {
                say!(l, "because-unsound", why = why.said(l), when = when.name())
            }
            B::AnotherTime => say!(l, "because-another-time"),
            B::OtherProvenance { before, after } => {
                let [before, after] = [before, after].map(|kind| provenance(*kind, l));
                say!(l, "because-other-provenance", before, after)
            }
            B::OtherKernels => say!(l, "because-other-kernels"),
            B::OtherSizes { before, after } => say!(l, "because-other-sizes", before, after),
            B::OtherData => say!(l, "because-other-data"),
        }
    }
}

fn provenance(kind: Option<ProvenanceKind>, l: Language) -> String {
    kind.map_or_else(|| say!(l, "provenance-unknown"), |kind| kind.said(l))
}

impl Unsound {
    fn said(self, l: Language) -> String {
        match self {
            Unsound::WrongResult => say!(l, "because-wrong-result"),
            Unsound::CanaryMissed => say!(l, "because-canary-missed"),
            Unsound::NothingCompared => say!(l, "because-nothing-compared"),
            Unsound::BeyondAll => say!(l, "because-beyond-all"),
            Unsound::ClocksDisagree => say!(l, "because-clocks-disagree"),
            Unsound::NoFigure => say!(l, "because-samples-without-figure"),
        }
    }
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said(Language::English))
    }
}

impl Serialize for Because {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Change {
    pub fn said(self, l: Language) -> String {
        match self {
            Change::Improved => say!(l, "change-improved"),
            Change::Same => say!(l, "change-same"),
            Change::NotComparable => say!(l, "change-not-comparable"),
            Change::Undecided => say!(l, "change-undecided"),
            Change::NoLongerMeasured => say!(l, "change-no-longer-measured"),
            Change::Degraded => say!(l, "change-degraded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_said_in_every_language() {
        use Because as B;
        let text = || "8192".to_owned();
        let kind = Some(ProvenanceKind::Software);
        let skipped = AbsenceReason::Skipped { why: text() };
        let mut all = vec![
            B::WorseThanTheWidth,
            B::BetterThanTheWidth,
            B::NotWorseThanTheWidth,
            B::TooWide,
            B::NothingAboveZero,
            B::Fewer,
            B::AsMany,
            B::More,
            B::WrongResults,
            B::NothingBefore,
            B::NotMoreThanTheWidth,
            B::MoreThanTheWidth,
            B::NoShare,
            B::NotMeasuredBefore,
            B::NotMeasuredAfter(None),
            B::NotMeasuredAfter(Some(skipped)),
            B::NotCompletedAfter,
            B::NoFigure,
            B::LowerBoundOnly,
            B::TimedAndCounted,
            B::TellsUnitsApart,
            B::TooFewUnits { units: 3, needed: 8 },
            B::AnotherTime,
            B::OtherProvenance { before: None, after: kind },
            B::OtherKernels,
            B::OtherSizes { before: text(), after: text() },
            B::OtherData,
        ];
        for why in [
            Unsound::WrongResult,
            Unsound::CanaryMissed,
            Unsound::NothingCompared,
            Unsound::ClocksDisagree,
            Unsound::NoFigure,
            Unsound::BeyondAll,
        ] {
            all.extend([None, Some(When::Before), Some(When::After)].map(|when| B::Unsound(why, when)));
        }
        all.extend([When::Before, When::After].map(|when| B::TooFewSamples { when, samples: 3, needed: 8 }));
        let mut seen = std::collections::BTreeSet::new();
        for (reason, language) in all.iter().flat_map(|reason| Language::ALL.map(|l| (reason, l))) {
            let said = reason.said(language);
            let is_chinese = said.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert_eq!(is_chinese, language == Language::Chinese, "{said}");
            assert!(!said.contains("{$") && seen.insert(said), "{reason:?}");
        }
    }
}
