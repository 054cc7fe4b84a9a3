//! What must be proved of each node to a witness, beside its report: see `assay challenge` and `assay witness`.
//! Owns how it is written; whether it was proved is counted over all nodes.

use serde::{Deserialize, Serialize};

use crate::evidence::metric::{Kind, MetricName};
use crate::proof::level::TrustLevel;
use crate::units::Unit;

/// Counts no node as accepted of which this was not proved by a proof that held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What the slowest GPU must have done at least, as a share of what the fastest was measured to do.
    #[schemars(with = "String")]
    pub floor: Floor,
    /// How far the proof can be trusted, at least: L2 is hardware that a witness on another machine timed, L3 hardware
    /// that its vendor attests as well.
    #[serde(default = "level")]
    pub level: TrustLevel,
}

fn level() -> TrustLevel {
    TrustLevel::L2
}

/// Such as `50 % of gemm.int8.rate`: operations on whole numbers, as a share of a measured rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for Floor {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown: String = text.chars().take(80).collect();
        let hint = || {
            format!("{shown:?} is no share of a measured rate; write for example \"50 % of gemm.int8.rate\"")
        };
        let (share, metric) = text.split_once(" of ").ok_or_else(hint)?;
        let share = Unit::Share.parse(share).map_err(|_| hint())?;
        let metric = MetricName::parse(metric.trim()).map_err(|e| e.to_string())?;
        let is_rate = matches!(metric.kind(), Kind::Number(Unit::FlopPerSecond | Unit::OpPerSecond));
        if !(is_rate && share > 0.0 && share <= 1.0) {
            return Err(hint());
        }
        Ok(Self { text, share, metric })
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
        let floor = Floor::try_from("50 % of gemm.int8.rate".to_owned()).unwrap();
        assert_eq!((floor.share(), floor.metric().as_str()), (0.5, "gemm.int8.rate"));
        for bad in [
            "",
            "50 %",
            "0 % of gemm.int8.rate",
            "101 % of gemm.int8.rate",
            "1 of stream.triad.rate",
            "5 % of x",
        ] {
            assert!(Floor::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
