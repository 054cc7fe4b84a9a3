//! What speaks for or against two reports being about one card, in each language; programs read it in English.
//! Owns which message says which ground; must not know how any is found.

use serde::{Serialize, Serializer};

use super::card::{Counter, Sameness, Sign};
use super::map::{Likeness, Maps};
use crate::device::ProvenanceKind;
use crate::language::{Language, say};

#[derive(Clone, Debug, PartialEq)]
pub enum Ground {
    Equal(Vec<Sign>),
    Differs {
        sign: Sign,
        before: String,
        after: String,
    },
    NotFallen(Vec<Counter>),
    Fell {
        counter: Counter,
        before: u64,
        after: u64,
    },
    /// Both name their cards, behind different salts or only one of them behind any.
    HiddenOtherwise,
    Nameless,
    /// A driver on the CPU has no card.
    Software,
    /// A part of a divided card was measured.
    Part,
    OtherKind {
        before: ProvenanceKind,
        after: ProvenanceKind,
    },
    /// What may be where names say one thing and maps another.
    UnderAnothersName,
    UnderTwoNames,
    Maps(Maps),
}

impl Ground {
    /// Whether one card cannot show this. A VBIOS is replaced by updates, some counters can be cleared.
    pub(super) fn excludes(&self) -> bool {
        match self {
            Ground::Differs { sign, .. } => *sign != Sign::Vbios,
            Ground::Fell { counter, .. } => !counter.can_be_cleared(),
            Ground::OtherKind { .. } => true,
            Ground::Equal(_)
            | Ground::NotFallen(_)
            | Ground::HiddenOtherwise
            | Ground::Nameless
            | Ground::Software
            | Ground::Part
            | Ground::UnderAnothersName
            | Ground::UnderTwoNames
            | Ground::Maps(_) => false,
        }
    }

    pub fn said(&self, l: Language) -> String {
        match self {
            Ground::Equal(signs) => {
                let signs = l.list(signs.iter().map(|sign| sign.said(l)));
                say!(l, "ground-equal", signs)
            }
            Ground::Differs { sign: Sign::Vbios, before, after } => {
                say!(l, "ground-updated", before = before, after = after)
            }
            Ground::Differs { sign, before, after } => {
                say!(l, "ground-differs", sign = sign.said(l), before = before, after = after)
            }
            Ground::NotFallen(counters) => {
                let counters = l.list(counters.iter().map(|counter| counter.said(l)));
                say!(l, "ground-not-fallen", counters)
            }
            Ground::Fell { counter, before, after } => {
                let (before, after) = (before.to_string(), after.to_string());
                let name = counter.said(l);
                if counter.can_be_cleared() {
                    say!(l, "ground-fell-or-cleared", counter = name, before, after)
                } else {
                    say!(l, "ground-fell", counter = name, before, after)
                }
            }
            Ground::HiddenOtherwise => say!(l, "ground-hidden-otherwise"),
            Ground::Nameless => say!(l, "ground-nameless"),
            Ground::Software => say!(l, "ground-software"),
            Ground::Part => say!(l, "ground-part"),
            Ground::UnderAnothersName => say!(l, "ground-under-anothers-name"),
            Ground::UnderTwoNames => say!(l, "ground-under-two-names"),
            Ground::Maps(maps) => maps.said(l),
            Ground::OtherKind { before, after } => {
                say!(l, "because-other-provenance", before = before.said(l), after = after.said(l))
            }
        }
    }
}

impl Maps {
    fn said(&self, l: Language) -> String {
        match self {
            Maps::Agree(likeness) => say!(l, "maps-agree", likeness = likeness.said(l)),
            Maps::Differ(likeness) => say!(l, "maps-differ", likeness = likeness.said(l)),
            Maps::Open(likeness) => say!(l, "maps-open", likeness = likeness.said(l)),
            Maps::Silent(when) => say!(l, "maps-silent", when = when.name()),
            Maps::Incomparable(why) => say!(l, "maps-incomparable", why = why.said(l)),
        }
    }
}

impl Likeness {
    fn said(&self, l: Language) -> String {
        let [r, low, high] = [self.r, self.low, self.high].map(|r| format!("{r:.3}"));
        say!(l, "maps-likeness", r, low, high, units = self.units)
    }
}

impl Serialize for Ground {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.said(Language::English))
    }
}

impl Sameness {
    pub fn said(self, l: Language) -> String {
        match self {
            Sameness::Same => say!(l, "card-same"),
            Sameness::Another => say!(l, "card-another"),
            Sameness::Contradiction => say!(l, "card-contradiction"),
            Sameness::Doubtful => say!(l, "card-doubtful"),
            Sameness::Unknown => say!(l, "card-unknown"),
        }
    }
}

impl Sign {
    fn said(self, l: Language) -> String {
        match self {
            Sign::Uuid => say!(l, "sign-uuid"),
            Sign::Serial => say!(l, "sign-serial"),
            Sign::BoardPart => say!(l, "sign-board-part"),
            Sign::PciId => say!(l, "fact-pci-id"),
            Sign::Subsystem => say!(l, "sign-subsystem"),
            Sign::Units => say!(l, "sign-units"),
            Sign::Vbios => say!(l, "sign-vbios"),
        }
    }
}

impl Counter {
    fn said(self, l: Language) -> String {
        match self {
            Counter::RemappedCorrected => say!(l, "lifetime-remapped-corrected"),
            Counter::RemappedUncorrected => say!(l, "lifetime-remapped-uncorrected"),
            Counter::RetiredPages => say!(l, "lifetime-retired-pages"),
            Counter::EccCorrected => say!(l, "lifetime-ecc-corrected"),
            Counter::EccUncorrected => say!(l, "lifetime-ecc-uncorrected"),
        }
    }
}
