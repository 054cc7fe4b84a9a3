//! The figures that follow from the windows of a load: one table of names, units and meanings.
//! Owns that table; must not know how windows come about.

use super::Sustained;
use crate::chance::mtbf_at_least;
use crate::language::say;
use crate::telemetry::{About, Throttle};
use crate::units::Unit;

/// A figure that follows from the windows, whatever the format of the products.
pub struct FigureDef {
    pub name: &'static str,
    pub unit: Unit,
    pub about: About,
    /// What the sensors must tell for it.
    pub sensor: Option<&'static str>,
    pub(super) of: fn(&Sustained) -> Option<f64>,
}

/// The metric of the time for which a load was kept up and watched.
pub const WATCHED: &str = "sustain.watched.time";

/// The metric of wrong results.
pub const ERRORS: &str = "sustain.errors.count";

/// The metric of the least mean time between them.
pub const MTBE: &str = "sustain.mtbe.time";

/// The confidence of [`MTBE`], and of what errors that were counted say of the next ones: exact where they come one by one at a
/// constant rate, and on the safe side where several have one cause.
pub const ERRORS_CONFIDENCE: f64 = 0.95;

/// The metric of the time until clocks were reduced, which is a lower bound where they never were.
pub const FIRST_THROTTLE: &str = "sustain.first_throttle.time";

/// All of them, in the order in which they are shown.
pub const FIGURES: &[FigureDef] = &[
    FigureDef {
        name: "sustain.drift.share",
        unit: Unit::Share,
        about: |l, _| say!(l, "about-drift"),
        sensor: None,
        of: Sustained::drift,
    },
    FigureDef {
        name: "sustain.variation.share",
        unit: Unit::Share,
        about: |l, _| say!(l, "about-variation"),
        sensor: None,
        of: Sustained::variation,
    },
    FigureDef {
        name: "sustain.p1.latency",
        unit: Unit::Nanosecond,
        about: |l, case| say!(l, "about-product-time", case),
        sensor: None,
        of: |s| s.time_at(10),
    },
    FigureDef {
        name: "sustain.p50.latency",
        unit: Unit::Nanosecond,
        about: |l, case| say!(l, "about-product-time", case),
        sensor: None,
        of: |s| s.time_at(500),
    },
    FigureDef {
        name: "sustain.p999.latency",
        unit: Unit::Nanosecond,
        about: |l, case| say!(l, "about-product-time", case),
        sensor: None,
        of: |s| s.time_at(999),
    },
    FigureDef {
        name: ERRORS,
        unit: Unit::Count,
        about: |l, _| say!(l, "about-wrong-results"),
        sensor: None,
        of: |s| Some(s.wrong() as f64),
    },
    FigureDef {
        name: MTBE,
        unit: Unit::Nanosecond,
        about: |l, _| say!(l, "about-mtbe"),
        sensor: None,
        of: |s| Some(mtbf_at_least(s.wrong(), s.watched_ns() as f64, ERRORS_CONFIDENCE)),
    },
    FigureDef {
        name: WATCHED,
        unit: Unit::Nanosecond,
        about: |l, _| say!(l, "about-watched"),
        sensor: None,
        of: |s| Some(s.watched_ns() as f64),
    },
    FigureDef {
        name: "sustain.thermal_throttle.share",
        unit: Unit::Share,
        about: |l, case| say!(l, "about-throttled", case),
        sensor: Some("why clocks are reduced"),
        of: |s| s.throttled(Throttle::Thermal),
    },
    FigureDef {
        name: "sustain.power_throttle.share",
        unit: Unit::Share,
        about: |l, case| say!(l, "about-throttled", case),
        sensor: Some("why clocks are reduced"),
        of: |s| s.throttled(Throttle::Power),
    },
    FigureDef {
        name: "sustain.brake_throttle.share",
        unit: Unit::Share,
        about: |l, case| say!(l, "about-throttled", case),
        sensor: Some("why clocks are reduced"),
        of: |s| s.throttled(Throttle::Brake),
    },
    FigureDef {
        name: FIRST_THROTTLE,
        unit: Unit::Nanosecond,
        about: |l, _| say!(l, "about-first-throttle"),
        sensor: Some("why clocks are reduced"),
        of: |s| s.until_throttled_ns().map(|ns| ns as f64),
    },
    FigureDef {
        name: "sustain.flop.energy",
        unit: Unit::JoulePerFlop,
        about: |l, _| say!(l, "about-energy"),
        sensor: Some("the power"),
        of: Sustained::energy,
    },
];
