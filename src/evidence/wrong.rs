//! Where results were wrong, whoever demanded them.

use super::metric::{Kind, MetricName};
use super::{Check, DeviceEvidence, Measurement, NodeEvidence};
use crate::units::Unit;

impl DeviceEvidence {
    /// What results were wrong of: computed, moved, or held in memory.
    pub fn wrong(&self) -> Vec<&MetricName> {
        let load = self.sustained.as_ref().filter(|load| load.is_wrong()).map(|load| &load.load.metric);
        wrong(&self.measurements).chain(load).collect()
    }
}

impl NodeEvidence {
    /// The same of what passed between devices.
    pub fn wrong(&self) -> Vec<&MetricName> {
        wrong(&self.measurements).collect()
    }
}

/// Of a scan, which several figures share, the count of errors tells.
fn wrong(measurements: &[Measurement]) -> impl Iterator<Item = &MetricName> {
    let is_wrong = |m: &&Measurement| match &m.check {
        Check::Wrong { .. } => true,
        Check::Scanned { tally, .. } => tally.words_wrong > 0 && m.metric.kind() == Kind::Number(Unit::Count),
        Check::Matched { .. } => false,
    };
    measurements.iter().filter(is_wrong).map(|m| &m.metric)
}
