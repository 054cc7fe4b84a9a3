//! The figures that follow from the windows of a load: one table of names, units and meanings.
//! Owns that table; must not know how windows come about.

use super::Sustained;
use crate::telemetry::Throttle;
use crate::units::Unit;

/// A figure that follows from the windows, whatever the format of the products.
pub struct FigureDef {
    pub name: &'static str,
    pub unit: Unit,
    pub about: &'static str,
    /// What the sensors must tell for it.
    pub sensor: Option<&'static str>,
    pub(super) of: fn(&Sustained) -> Option<f64>,
}

/// The metric of wrong results.
pub const ERRORS: &str = "sustain.errors.count";

/// The metric of the time until clocks were reduced, which is a lower bound where they never were.
pub const FIRST_THROTTLE: &str = "sustain.first_throttle.time";

/// All of them, in the order in which they are shown.
pub const FIGURES: &[FigureDef] = &[
    FigureDef {
        name: "sustain.drift.share",
        unit: Unit::Share,
        about: "how much slower products are in the last window than in the first minute",
        sensor: None,
        of: Sustained::drift,
    },
    FigureDef {
        name: "sustain.variation.share",
        unit: Unit::Share,
        about: "standard deviation of the windows' rates, of their mean",
        sensor: None,
        of: Sustained::variation,
    },
    FigureDef {
        name: "sustain.p1.latency",
        unit: Unit::Nanosecond,
        about: "p1 of the time of one product",
        sensor: None,
        of: |s| s.time_at(0.01),
    },
    FigureDef {
        name: "sustain.p50.latency",
        unit: Unit::Nanosecond,
        about: "p50 of the time of one product",
        sensor: None,
        of: |s| s.time_at(0.5),
    },
    FigureDef {
        name: "sustain.p999.latency",
        unit: Unit::Nanosecond,
        about: "p999 of the time of one product",
        sensor: None,
        of: |s| s.time_at(0.999),
    },
    FigureDef {
        name: ERRORS,
        unit: Unit::Count,
        about: "wrong results under load: products, chains, memory, link",
        sensor: None,
        of: |s| Some(s.wrong() as f64),
    },
    FigureDef {
        name: "sustain.watched.time",
        unit: Unit::Nanosecond,
        about: "how long the load was kept up and watched",
        sensor: None,
        of: |s| Some(s.watched_ns() as f64),
    },
    FigureDef {
        name: "sustain.thermal_throttle.share",
        unit: Unit::Share,
        about: "looks at the sensors that told of thermal_throttle",
        sensor: Some("why clocks are reduced"),
        of: |s| s.throttled(Throttle::Thermal),
    },
    FigureDef {
        name: "sustain.power_throttle.share",
        unit: Unit::Share,
        about: "looks at the sensors that told of power_throttle",
        sensor: Some("why clocks are reduced"),
        of: |s| s.throttled(Throttle::Power),
    },
    FigureDef {
        name: "sustain.brake_throttle.share",
        unit: Unit::Share,
        about: "looks at the sensors that told of brake_throttle",
        sensor: Some("why clocks are reduced"),
        of: |s| s.throttled(Throttle::Brake),
    },
    FigureDef {
        name: FIRST_THROTTLE,
        unit: Unit::Nanosecond,
        about: "until clocks were first reduced for heat or by an external brake",
        sensor: Some("why clocks are reduced"),
        of: |s| s.until_throttled_ns().map(|ns| ns as f64),
    },
    FigureDef {
        name: "sustain.flop.energy",
        unit: Unit::JoulePerFlop,
        about: "energy of one operation of the products: power while they run, times their time",
        sensor: Some("the power"),
        of: Sustained::energy,
    },
];
