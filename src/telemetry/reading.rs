//! One look at the sensors of a device. Owns the fields of a reading: each is named here and nowhere else, except by
//! those who fill or judge it. Must not know where a value comes from.

use serde::{Deserialize, Serialize};

/// One look at the sensors. Integers only; what could not be read is `None`, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Reading {
    pub name: Option<String>,
    pub uuid: Option<String>,
    pub memory_bytes: Option<u64>,
    pub memory_used_bytes: Option<u64>,
    /// Of the multiprocessors.
    pub clock_mhz: Option<u32>,
    pub memory_clock_mhz: Option<u32>,
    pub power_mw: Option<u32>,
    /// The limit that is enforced now, whoever set it.
    pub power_limit_mw: Option<u32>,
    /// Since the driver was loaded.
    pub energy_mj: Option<u64>,
    pub temperature_c: Option<u32>,
    pub memory_temperature_c: Option<u32>,
    pub fan_percent: Option<u32>,
    /// Share of the last sample period of the driver in which any kernel ran.
    pub busy_percent: Option<u32>,
    /// The same for accesses to device memory.
    pub memory_busy_percent: Option<u32>,
    /// Reasons why clocks are reduced right now; an empty list means that the device says there is none.
    pub throttle: Option<Vec<Throttle>>,
    /// The driver's own word for the reasons above (NVIDIA: clocks event reasons), unknown bits included.
    pub clock_event_reasons: Option<u64>,
    /// Uncorrected memory errors since the driver was loaded.
    pub ecc_uncorrected: Option<u64>,
    pub ecc_corrected: Option<u64>,
    /// The same over the life of the card.
    pub ecc_uncorrected_ever: Option<u64>,
    pub ecc_corrected_ever: Option<u64>,
    /// Pages of memory taken out of use, over the life of the card.
    pub retired_pages: Option<u32>,
    pub retired_pages_pending: Option<u32>,
    /// Rows of memory replaced by spare ones, over the life of the card, by what made it necessary.
    pub remapped_rows_corrected: Option<u32>,
    pub remapped_rows_uncorrected: Option<u32>,
    /// 1 where a row waits for a reset to be replaced.
    pub remapped_rows_pending: Option<u32>,
    /// 1 where a row could not be replaced.
    pub remapped_rows_failed: Option<u32>,
    pub pcie_generation: Option<u32>,
    pub pcie_width: Option<u32>,
    /// Packets that had to be sent again since the driver was loaded.
    pub pcie_replays: Option<u64>,
    /// Errors of all links together since the driver was loaded.
    pub nvlink_errors: Option<u64>,
    /// Driver error events (NVIDIA: Xid) since the run began.
    pub xid: Option<u64>,
    /// Which codes they had, and how often each came; in the order of the codes.
    pub xid_codes: Option<Vec<(u64, u64)>>,
}

impl Reading {
    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The fields that were read, by name.
    pub fn fields(&self) -> Result<serde_json::Map<String, serde_json::Value>, serde_json::Error> {
        let serde_json::Value::Object(mut fields) = serde_json::to_value(self)? else {
            // A structure is written as an object.
            return Ok(serde_json::Map::new());
        };
        fields.retain(|_, value| !value.is_null());
        Ok(fields)
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
