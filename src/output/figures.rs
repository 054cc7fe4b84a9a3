//! All figures of a report as numbers, for forms that programs read: cases, the load that was kept up, counters, what lies
//! between devices.
//! Owns that list; forms own names and layout.

use super::rows;
use crate::contract::judge::nodes;
use crate::evidence::counters::COUNTERS;
use crate::evidence::metric::{METRICS, MetricName};
use crate::evidence::stats::{Stat, Summary};
use crate::evidence::{DeviceEvidence, Evidence, Measurement, Sustained, Value};
use crate::language::Language;

/// One of them.
pub struct Figure {
    pub metric: MetricName,
    /// `None` where something was measured and gave no figure.
    pub summary: Option<Summary>,
    /// What is left of a rate at the end of a load.
    pub last: Option<f64>,
    /// Whether it is of samples, and not one number.
    pub is_sampled: bool,
    /// In English: programs read one language.
    pub check: String,
}

impl Figure {
    fn of_case(m: &Measurement) -> Self {
        let [.., check] = rows::measurement(m, Language::English);
        let is_sampled = matches!(m.value, Value::Timed(_) | Value::ByUnit { .. } | Value::Lengths(_));
        Self { metric: m.metric.clone(), summary: m.summary(), last: None, is_sampled, check }
    }

    fn number(metric: MetricName, value: f64, check: String) -> Self {
        Self { metric, summary: Summary::of(&[value]), last: None, is_sampled: false, check }
    }
}

/// Of a device. What telemetry does not tell is left out.
pub fn of_device(device: &DeviceEvidence) -> Vec<Figure> {
    let cases = device.measurements.iter().map(Figure::of_case);
    let load = device.sustained.iter().flat_map(of_load);
    let counters = COUNTERS.iter().filter_map(|counter| {
        let rise = counter.rise(&device.timeline)? as f64;
        let check = rows::machines_word(Language::English);
        Some(Figure::number(MetricName::parse(counter.name).ok()?, rise, check))
    });
    cases.chain(load).chain(counters).collect()
}

fn of_load(load: &Sustained) -> Vec<Figure> {
    let told = METRICS.iter().filter_map(|row| MetricName::parse(&row.name).ok()).filter(|m| load.tells(m));
    let figure = |metric: MetricName| {
        let [.., check] = rows::kept_up(load, &metric, Language::English);
        if metric != load.load.metric {
            return Some(Figure::number(metric.clone(), load.figure(&metric, None)?, check));
        }
        let (summary, last) = (Summary::of(&load.rates()), load.figure(&metric, Some(Stat::Last)));
        Some(Figure { metric, summary, last, is_sampled: true, check })
    };
    told.filter_map(figure).collect()
}

/// Of the node: rates between devices, and how far these lie apart.
pub fn of_node(evidence: &Evidence) -> Vec<Figure> {
    let between = evidence.node.iter().flat_map(|node| &node.measurements).map(Figure::of_case);
    let apart = nodes::figures(evidence).into_iter();
    between.chain(apart.map(|(metric, value)| Figure::number(metric, value, String::new()))).collect()
}
