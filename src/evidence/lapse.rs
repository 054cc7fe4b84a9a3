//! Times that clocks tell differently, or in which nothing ran: what a reader of times must know.
//! Owns the kinds there are; must not know how they are noticed.

use serde::{Deserialize, Serialize};

use crate::language::{Language, say};
use crate::units::lasting;

/// Something that times do not show, when it was noticed, on the same line of time as readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lapse {
    pub at_ns: u64,
    pub kind: LapseKind,
    /// How long it was, or by how much a clock was set.
    pub ns: u64,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LapseKind {
    /// The machine slept: monotonic time stood still.
    Slept,
    /// The program was not run: it was stopped, or the machine was frozen.
    Stood,
    /// The quota of the container kept the program from running, in slices of a tenth of a second: what is timed by the host's clock is
    /// slower for it.
    Throttled,
    /// The program ran and waited for the device, far longer than for what came before.
    Stalled,
    /// The wall clock was set ahead.
    SetAhead,
    SetBack,
}

impl LapseKind {
    pub const ALL: [Self; 6] =
        [Self::Slept, Self::Stood, Self::Throttled, Self::Stalled, Self::SetAhead, Self::SetBack];

    /// That it was so often, and how long in all.
    pub fn said(self, times: u64, ns: u64, language: Language) -> String {
        let time = lasting(ns);
        match self {
            Self::Slept => say!(language, "lapse-slept", times, time),
            Self::Stood => say!(language, "lapse-stood", times, time),
            Self::Throttled => say!(language, "lapse-throttled", time),
            Self::Stalled => say!(language, "lapse-stalled", times, time),
            Self::SetAhead => say!(language, "lapse-set-ahead", times, time),
            Self::SetBack => say!(language, "lapse-set-back", times, time),
        }
    }
}

/// Of one device; a machine with more is not one whose times mean anything.
pub const LAPSES_MAX: usize = 256;
