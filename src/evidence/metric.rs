//! The metrics there are: name, unit, meaning. One table for contracts, reports, `assay list` and the docs.
//! Owns names and units; must not know how anything is measured.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::counters::COUNTERS;
use super::sustain::{self, SUSTAINED};
use crate::device::op::{Collective, Precision, StreamKind};
use crate::language::{Language, say};
use crate::nearest::nearest;
use crate::telemetry::{About, FACTS};
use crate::units::Unit;

/// One row of the table.
#[derive(Clone, Debug)]
pub struct MetricDef {
    /// `probe.case.quantity`
    pub name: String,
    pub kind: Kind,
    about: About,
}

impl MetricDef {
    pub fn about(&self, language: Language) -> String {
        (self.about)(language, self.name.split('.').nth(1).unwrap_or_default())
    }
}

/// What a metric's evidence looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Timed or counted, in this unit.
    Number(Unit),
    /// A text that the machine gives.
    Fact,
}

impl Kind {
    /// Work or bytes by time.
    pub fn is_rate(self) -> bool {
        self.is_arithmetic() || self == Self::Number(Unit::BytePerSecond)
    }

    /// Operations by time.
    pub fn is_arithmetic(self) -> bool {
        matches!(self, Self::Number(Unit::FlopPerSecond | Unit::OpPerSecond))
    }
}

/// Which figures are better ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    More,
    Less,
}

/// Working sets of the latency curve, in bytes: powers of two from 4 KiB to 4 GiB.
pub fn chase_sizes() -> impl Iterator<Item = u64> {
    (12..=32).map(|shift| 1u64 << shift)
}

/// `4kib`, `64mib`, ...: a working set as it stands in metric names.
pub fn size_name(bytes: u64) -> String {
    match bytes.trailing_zeros() {
        0..=19 => format!("{}kib", bytes >> 10),
        20..=29 => format!("{}mib", bytes >> 20),
        _ => format!("{}gib", bytes >> 30),
    }
}

/// What is measured of memory, of the host link, and of whose the device is.
const MOVES: &[(&str, Unit, About)] = &[
    ("stream.driver_copy.rate", Unit::BytePerSecond, |l, _| say!(l, "about-driver-copy")),
    ("l2.read.rate", Unit::BytePerSecond, |l, _| say!(l, "about-l2")),
    (FILLED, Unit::Byte, |l, _| say!(l, "about-filled")),
    ("memory.errors.count", Unit::Count, |l, _| say!(l, "about-memory-errors")),
    ("memory.write.rate", Unit::BytePerSecond, |l, _| say!(l, "about-memory-write")),
    ("memory.verify.rate", Unit::BytePerSecond, |l, _| say!(l, "about-memory-verify")),
    ("link.h2d.rate", Unit::BytePerSecond, |l, _| say!(l, "about-h2d")),
    ("link.d2h.rate", Unit::BytePerSecond, |l, _| say!(l, "about-d2h")),
    ("link.both.rate", Unit::BytePerSecond, |l, _| say!(l, "about-link-both")),
    ("link.h2d_pageable.rate", Unit::BytePerSecond, |l, _| say!(l, "about-h2d-pageable")),
    ("link.d2h_pageable.rate", Unit::BytePerSecond, |l, _| say!(l, "about-d2h-pageable")),
    ("link.h2d_kernel.rate", Unit::BytePerSecond, |l, _| say!(l, "about-h2d-kernel")),
    ("link.d2h_kernel.rate", Unit::BytePerSecond, |l, _| say!(l, "about-d2h-kernel")),
    ("link.h2d.latency", Unit::Nanosecond, |l, case| say!(l, "about-link-latency", case)),
    ("link.d2h.latency", Unit::Nanosecond, |l, case| say!(l, "about-link-latency", case)),
    (UNITS, Unit::Count, |l, _| say!(l, "about-units")),
    ("census.stolen.share", Unit::Share, |l, _| say!(l, "about-stolen")),
    ("census.slice.time", Unit::Nanosecond, |l, _| say!(l, "about-slice")),
    ("census.disturbed.share", Unit::Share, |l, _| say!(l, "about-disturbed")),
    ("census.disturbed_memory.share", Unit::Share, |l, _| say!(l, "about-disturbed-memory")),
    ("census.l2.cycles", Unit::Cycle, |l, _| say!(l, "about-l2-cycles")),
];

/// The metric of memory that held its own data.
pub const FILLED: &str = "memory.filled.bytes";

/// The metric of units that did work.
const UNITS: &str = "census.units.count";

/// The slowest of all `peer.<a>-<b>.rate`, which it stands for in [`METRICS`].
pub const PEER_SLOWEST: &str = "peer.slowest.rate";

/// The probe whose figures are of all devices at once.
pub const COLLECTIVE: &str = "collective";

/// `collective.<kind>.busbw`: of all devices of a run.
pub fn collective_name(kind: Collective) -> String {
    format!("collective.{}.busbw", kind.name())
}

/// What the devices of a node show beside each other.
const NODE: &[(&str, Unit, About)] = &[
    (SPREAD, Unit::Kelvin, |l, _| say!(l, "about-spread")),
    (LAG, Unit::Share, |l, _| say!(l, "about-lag")),
];

/// The metric of the difference of temperatures.
pub const SPREAD: &str = "node.temperature.spread";
/// The greatest of all `node.<probe>_<case>.lag`, which it stands for in [`METRICS`].
pub const LAG: &str = "node.any.lag";

/// The rate that `node.<probe>_<case>.lag` compares between devices.
pub fn lagging(name: &str) -> Option<String> {
    let (probe, case) = name.strip_prefix("node.")?.strip_suffix(".lag")?.split_once('_')?;
    let rate = format!("{probe}.{case}.rate");
    (probe != "peer" && METRICS.iter().any(|row| row.name == rate)).then_some(rate)
}

/// From device `from` of a run to device `to`.
pub fn peer_name(from: u32, to: u32) -> String {
    format!("peer.{from}-{to}.rate")
}

/// Whether this is `peer.<a>-<b>.rate`, as [`peer_name`] writes it, of two devices.
pub fn is_pair(name: &str) -> bool {
    pair(name).is_some()
}

/// The places of the two devices.
pub fn pair(name: &str) -> Option<(u32, u32)> {
    let (from, to) = name.strip_prefix("peer.")?.strip_suffix(".rate")?.split_once('-')?;
    let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    (from != to && peer_name(from, to) == name).then_some((from, to))
}

/// Every metric, in the order in which reports show them.
pub static METRICS: LazyLock<Vec<MetricDef>> = LazyLock::new(table);

fn table() -> Vec<MetricDef> {
    let mut rows = Vec::new();
    let mut row = |name: String, kind, about: About| rows.push(MetricDef { name, kind, about });
    for (fact, about) in DEVICE_FACTS {
        row(format!("identity.device.{fact}"), Kind::Fact, *about);
    }
    for (fact, about) in FACTS {
        row(format!("identity.{fact}"), Kind::Fact, *about);
    }
    for (probe, precisions, about) in RATES {
        for precision in *precisions {
            let unit = if precision.is_float() { Unit::FlopPerSecond } else { Unit::OpPerSecond };
            row(format!("{probe}.{}.rate", precision.name()), Kind::Number(unit), *about);
        }
    }
    let bandwidth = Kind::Number(Unit::BytePerSecond);
    for kind in StreamKind::ALL {
        let name = format!("stream.{}.rate", kind.name());
        row(name, bandwidth, |l, case| say!(l, "about-stream", case));
    }
    for (name, unit, about) in MOVES {
        row((*name).to_owned(), Kind::Number(*unit), *about);
    }
    row(PEER_SLOWEST.to_owned(), bandwidth, |l, _| say!(l, "about-peer"));
    for kind in Collective::ALL {
        row(collective_name(kind), bandwidth, |l, case| say!(l, "about-collective", case));
    }
    let ns = Kind::Number(Unit::Nanosecond);
    for bytes in chase_sizes() {
        let name = format!("chase.{}.latency", size_name(bytes));
        row(name, ns, |l, case| say!(l, "about-chase", case));
    }
    row("chase.hbm.latency".to_owned(), ns, |l, _| say!(l, "about-chase-largest"));
    for precision in SUSTAINED {
        let name = sustain::rate_of(precision);
        row(name, Kind::Number(Unit::FlopPerSecond), |l, case| say!(l, "about-sustained", case));
    }
    for figure in sustain::FIGURES {
        row(figure.name.to_owned(), Kind::Number(figure.unit), figure.about);
    }
    for counter in COUNTERS {
        row(counter.name.to_owned(), Kind::Number(Unit::Count), counter.about);
    }
    for (name, unit, about) in NODE {
        row((*name).to_owned(), Kind::Number(*unit), *about);
    }
    rows
}

const DEVICE_FACTS: &[(&str, About)] = &[
    ("name", |l, _| say!(l, "about-device-name")),
    ("vendor_id", |l, _| say!(l, "about-vendor-id")),
    ("device_id", |l, _| say!(l, "about-device-id")),
    ("pci_address", |l, _| say!(l, "about-pci-address")),
    ("uuid", |l, _| say!(l, "about-device-uuid")),
    ("driver", |l, _| say!(l, "about-device-driver")),
    ("units", |l, _| say!(l, "about-device-units")),
    ("memory_bytes", |l, _| say!(l, "about-device-memory")),
];

/// Rates of operations: probe, in what precisions, and what it measures.
const RATES: &[(&str, &[Precision], About)] = &[
    ("fma", &Precision::CHAINED, |l, case| say!(l, "about-fma", case)),
    ("mma", &Precision::TENSOR, |l, case| say!(l, "about-mma", case)),
    ("gemm", &Precision::MULTIPLIED, |l, case| say!(l, "about-gemm", case)),
    ("vendor", &Precision::MULTIPLIED, |l, case| say!(l, "about-vendor", case)),
];

/// A metric's name, known to stand in [`METRICS`].
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct MetricName(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no metric {name:?}{}; `assay list --metrics` shows them all", hint(.nearest))]
pub struct UnknownMetric {
    pub name: String,
    pub nearest: Option<String>,
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or(String::new(), |name| format!(", did you mean {name:?}"))
}

impl MetricName {
    pub fn parse(name: &str) -> Result<Self, UnknownMetric> {
        if is_pair(name) || lagging(name).is_some() || METRICS.iter().any(|row| row.name == name) {
            return Ok(Self(name.to_owned()));
        }
        let nearest = nearest(name, METRICS.iter().map(|row| row.name.as_str())).map(str::to_owned);
        // An absurdly long name is cut: the message must stay readable.
        Err(UnknownMetric { name: name.chars().take(80).collect(), nearest })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first part, which names the probe.
    pub fn probe(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// Whether it is measured between devices, so that no one device has such a figure.
    pub fn lies_between_devices(&self) -> bool {
        ["peer", COLLECTIVE].contains(&self.probe())
    }

    /// Whether it compares the devices of a node.
    pub fn compares_devices(&self) -> bool {
        self.probe() == "node"
    }

    /// `None` for what tells cards apart, and is no better or worse.
    pub fn better(&self) -> Option<Better> {
        // How long a load went well; of units more are better, of all else that is counted fewer.
        let is_good = self.probe() == "sustain" && self.0.ends_with(".time") || self.0 == UNITS;
        match self.kind() {
            Kind::Number(Unit::Nanosecond | Unit::Count) if is_good => Some(Better::More),
            Kind::Number(Unit::FlopPerSecond | Unit::OpPerSecond | Unit::BytePerSecond | Unit::Byte) => {
                Some(Better::More)
            }
            Kind::Number(
                Unit::Nanosecond | Unit::Count | Unit::Share | Unit::JoulePerFlop | Unit::Kelvin,
            ) => Some(Better::Less),
            Kind::Number(Unit::Cycle) | Kind::Fact => None,
        }
    }

    /// Whether there are many figures of it, so that a statistic must say which counts.
    pub fn is_sampled(&self) -> bool {
        match self.kind() {
            Kind::Number(Unit::FlopPerSecond | Unit::OpPerSecond | Unit::BytePerSecond | Unit::Cycle) => true,
            // Of a load that was kept up each percentile is a metric of its own.
            Kind::Number(Unit::Nanosecond) => self.probe() != "sustain",
            Kind::Number(Unit::Byte | Unit::Count | Unit::Share | Unit::JoulePerFlop | Unit::Kelvin)
            | Kind::Fact => false,
        }
    }

    pub fn kind(&self) -> Kind {
        if is_pair(&self.0) {
            return Kind::Number(Unit::BytePerSecond);
        }
        if lagging(&self.0).is_some() {
            return Kind::Number(Unit::Share);
        }
        METRICS.iter().find(|row| row.name == self.0).map_or(Kind::Fact, |row| row.kind)
    }
}

impl TryFrom<String> for MetricName {
    type Error = UnknownMetric;

    fn try_from(name: String) -> Result<Self, UnknownMetric> {
        Self::parse(&name)
    }
}

impl From<MetricName> for String {
    fn from(name: MetricName) -> Self {
        name.0
    }
}

impl std::fmt::Display for MetricName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_have_three_parts() {
        let mut seen = std::collections::BTreeSet::new();
        for row in METRICS.iter() {
            assert_eq!(row.name.split('.').count(), 3, "{}", row.name);
            assert!(seen.insert(&row.name), "{} stands twice", row.name);
        }
    }

    #[test]
    fn pairs_of_devices_have_names_of_their_own() {
        for name in ["peer.0-1.rate", "peer.15-3.rate", "peer.slowest.rate"] {
            assert_eq!(MetricName::parse(name).map(|m| m.kind()), Ok(Kind::Number(Unit::BytePerSecond)));
        }
        for bad in ["peer.1-1.rate", "peer.01-2.rate", "peer.0-.rate", "peer.-1-0.rate", "peer.0-1.latency"] {
            assert!(MetricName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_rate_of_a_device_can_lag() {
        for name in ["node.gemm_fp8_e4m3.lag", "node.stream_triad.lag", "node.sustain_bf16.lag", LAG] {
            assert_eq!(MetricName::parse(name).map(|m| m.kind()), Ok(Kind::Number(Unit::Share)), "{name}");
        }
        for bad in
            ["node.peer_slowest.lag", "node.gemm_bf16.rate", "node.memory_filled.lag", "node.chase_hbm.lag"]
        {
            assert!(MetricName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_name_gets_a_suggestion() {
        let error = MetricName::parse("stream.triad.bandwidth").map_err(|e| e.nearest);
        assert_eq!(
            MetricName::parse("gemm.fp32.rat").map_err(|e| e.nearest),
            Err(Some("gemm.fp32.rate".into()))
        );
        assert!(error.is_err());
    }
}
