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
    fn name(self) -> &'static str {
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
    ClocksDisagree,
    NoFigure,
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
            Change::Degraded => say!(l, "change-degraded"),
        }
    }
}
