//! Whether a figure may be compared at all: checked, on clocks that agree, and not beyond what any such device can reach.
//! Owns these conditions; must not know what is compared with what.

use super::because::Unsound;
use crate::contract::judge::gate;
use crate::evidence::metric::MetricName;
use crate::evidence::stats::Stat;
use crate::evidence::{Canary, Check, Clocks, DeviceEvidence, Measurement, Sustained, Value};

/// Why a figure of a device does not count.
pub(super) fn unsound(device: &DeviceEvidence, m: &Measurement) -> Option<Unsound> {
    let no_figure = || m.summary().is_none().then_some(Unsound::NoFigure);
    let beyond = || match &m.value {
        Value::Timed(_) => beyond_all(device, &m.metric, &m.figures()),
        Value::Count { .. }
        | Value::Share { .. }
        | Value::AtLeast { .. }
        | Value::ByUnit { .. }
        | Value::Lengths(_) => None,
    };
    unsound_check(&m.check, m.clocks()).or_else(no_figure).or_else(beyond)
}

/// The same of a load that was kept up.
pub(super) fn unsound_load((device, load): (&DeviceEvidence, &Sustained)) -> Option<Unsound> {
    let beyond = || beyond_all(device, &load.load.metric, &load.rates());
    unsound_check(&load.load.check, load.clocks()).or_else(beyond)
}

/// By the mean, which is what is compared.
fn beyond_all(device: &DeviceEvidence, metric: &MetricName, figures: &[f64]) -> Option<Unsound> {
    let (identity, mean) = (device.identity.as_ref()?, Stat::Mean.of(figures)?);
    (!gate::is_possible(identity, metric, mean)).then_some(Unsound::BeyondAll)
}

fn unsound_check(check: &Check, clocks: Clocks) -> Option<Unsound> {
    match (check, clocks) {
        (Check::Wrong { .. }, _) => Some(Unsound::WrongResult),
        (
            Check::Matched { canary: Canary::Missed, .. } | Check::Scanned { canary: Canary::Missed, .. },
            _,
        ) => Some(Unsound::CanaryMissed),
        (Check::Matched { exact: 0, .. }, _) => Some(Unsound::NothingCompared),
        (Check::Scanned { tally, .. }, _) if tally.words_checked == 0 => Some(Unsound::NothingCompared),
        (_, Clocks::Disagree { .. }) => Some(Unsound::ClocksDisagree),
        (Check::Matched { .. } | Check::Scanned { .. }, Clocks::Agree | Clocks::HostOnly) => None,
    }
}
