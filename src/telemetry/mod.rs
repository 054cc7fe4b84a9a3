//! What the machine says about itself while it works: clocks, power, heat, error counters.
//! Owns the reading and the trait; must not know probes. Every value is the machine's own word.

use serde::{Deserialize, Serialize};

/// A source of readings for one device.
pub trait Telemetry {
    /// The current reading. Where nothing can be read, every field is `None`; a reading never fails.
    fn read(&mut self) -> Reading;
}

/// Telemetry of a device that has none.
pub struct Absent;

impl Telemetry for Absent {
    fn read(&mut self) -> Reading {
        Reading::default()
    }
}

/// One look at the sensors. Integers only; what could not be read is `None`, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Reading {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_mhz: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_mw: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<u32>,
    /// Reasons why clocks are reduced right now; an empty list means that the device says there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Vec<Throttle>>,
    /// Uncorrected memory errors since the driver was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecc_uncorrected: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecc_corrected: Option<u64>,
    /// Driver error events (NVIDIA: Xid) since the run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xid: Option<u64>,
}

impl Reading {
    pub fn is_empty(&self) -> bool {
        *self == Reading::default()
    }
}

/// Why a device holds its clocks down.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Throttle {
    /// Too hot.
    Thermal,
    /// The power limit is reached; normal under full tensor load.
    Power,
    /// An external brake, such as the power supply's.
    Brake,
}

impl Throttle {
    pub const ALL: [Throttle; 3] = [Throttle::Thermal, Throttle::Power, Throttle::Brake];

    pub fn name(self) -> &'static str {
        match self {
            Throttle::Thermal => "thermal",
            Throttle::Power => "power",
            Throttle::Brake => "brake",
        }
    }
}
