//! What a run reached, for contracts that take shares of it.
//! Owns which of several devices counts; whether a figure counts is the gate's business.

use std::collections::BTreeMap;

use super::Report;
use crate::contract::judge::shown::{Found, shown};
use crate::evidence::metric::{Better, Kind, MetricName};

/// By metric the worst of all devices, as a contract writes it. What is known to one side only, counts of faults and shares are left out.
pub fn figures(report: &Report) -> BTreeMap<MetricName, String> {
    let mut worst: BTreeMap<MetricName, f64> = BTreeMap::new();
    let evidence = &report.evidence;
    for one in evidence.devices.iter().flat_map(|device| shown(evidence, device)) {
        let Ok(Found { value, known: None }) = one.found else { continue };
        // What a census samples tells cards apart, or what others took, not good cards from bad ones.
        if !one.metric.is_sampled() || one.metric.probe() == "census" {
            continue;
        }
        let is_less_better = one.metric.better() == Some(Better::Less);
        let so_far = worst.entry(one.metric).or_insert(value);
        *so_far = if is_less_better { so_far.max(value) } else { so_far.min(value) };
    }
    let written = worst.into_iter().filter_map(|(metric, value)| match metric.kind() {
        Kind::Number(unit) => Some((metric, unit.format(value))),
        Kind::Fact => None,
    });
    written.collect()
}
