//! What must be proved of each node to a witness, beside its report: see `assay challenge` and `assay witness`.
//! Owns how it is written; whether it was proved is counted over all nodes.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::finding::id;
use super::quantity::Bytes;
use crate::evidence::metric::{Kind, MetricName};
use crate::proof::level::TrustLevel;
use crate::units::Unit;

/// Counts no node as accepted of which this was not proved by a proof that held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What the slowest GPU must have done at least, as a share of what the fastest was measured to do.
    #[serde(deserialize_with = "of_work")]
    #[schemars(with = "String")]
    pub floor: Floor,
    /// What each GPU must have held full meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// How far the proof can be trusted, at least: L2 is hardware that a witness on another machine timed, L3 hardware
    /// that its vendor attests as well.
    #[serde(default = "level")]
    pub level: TrustLevel,
}

/// Memory that is held, and so near that it is read fast: host memory is read over its link, many times slower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Of each GPU, such as `134 GB`.
    pub held: Bytes,
    /// What the slowest GPU must have read of it at least, as a share of what the fastest was measured to do. Reading takes
    /// hashing, so that it is less than the measured rate everywhere.
    #[serde(deserialize_with = "of_memory")]
    #[schemars(with = "String")]
    pub floor: Floor,
}

impl Proof {
    /// Ids of what is demanded, as findings and waivers name it.
    pub fn clauses(&self) -> impl Iterator<Item = &'static str> + use<> {
        let memory = self.memory.is_some().then_some(id::PROOF_MEMORY);
        std::iter::once(id::PROOF).chain(memory)
    }
}

fn level() -> TrustLevel {
    TrustLevel::L2
}

/// Such as `50 % of gemm.int8.rate`: what was proved, as a share of a measured rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "String")]
pub struct Floor {
    text: String,
    share: f64,
    metric: MetricName,
}

impl Floor {
    pub fn share(&self) -> f64 {
        self.share
    }

    pub fn metric(&self) -> &MetricName {
        &self.metric
    }
}

/// Rates that a floor can be a share of, with an example.
struct Rates {
    units: &'static [Unit],
    example: &'static str,
}

const WORK: Rates =
    Rates { units: &[Unit::FlopPerSecond, Unit::OpPerSecond], example: "50 % of gemm.int8.rate" };
const MEMORY: Rates = Rates { units: &[Unit::BytePerSecond], example: "20 % of stream.read.rate" };

fn of_work<'de, D: Deserializer<'de>>(from: D) -> Result<Floor, D::Error> {
    WORK.read(String::deserialize(from)?).map_err(D::Error::custom)
}

fn of_memory<'de, D: Deserializer<'de>>(from: D) -> Result<Floor, D::Error> {
    MEMORY.read(String::deserialize(from)?).map_err(D::Error::custom)
}

impl Rates {
    fn read(&self, text: String) -> Result<Floor, String> {
        let shown: String = text.chars().take(80).collect();
        let hint =
            || format!("{shown:?} is no share of a measured rate; write for example {:?}", self.example);
        let (share, metric) = text.split_once(" of ").ok_or_else(hint)?;
        let share = Unit::Share.parse(share).map_err(|_| hint())?;
        let metric = MetricName::parse(metric.trim()).map_err(|e| e.to_string())?;
        let is_rate = matches!(metric.kind(), Kind::Number(unit) if self.units.contains(&unit));
        if !(is_rate && share > 0.0 && share <= 1.0) {
            return Err(hint());
        }
        Ok(Floor { text, share, metric })
    }
}

impl From<Floor> for String {
    fn from(floor: Floor) -> Self {
        floor.text
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_floor_is_a_share_of_a_rate_of_operations() {
        let floor = WORK.read("50 % of gemm.int8.rate".to_owned()).unwrap();
        assert_eq!((floor.share(), floor.metric().as_str()), (0.5, "gemm.int8.rate"));
        for rates in [WORK, MEMORY] {
            assert!(rates.read(rates.example.to_owned()).is_ok());
        }
        assert!(MEMORY.read(WORK.example.to_owned()).is_err());
        for bad in [
            "",
            "50 %",
            "0 % of gemm.int8.rate",
            "101 % of gemm.int8.rate",
            "1 of stream.triad.rate",
            "5 % of x",
        ] {
            assert!(WORK.read(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
