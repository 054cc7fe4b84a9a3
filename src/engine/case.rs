//! A case: one thing to measure, as a probe describes it and the engine runs it.

use super::Trouble;
use super::bench::Bench;
use crate::evidence::Measurement;
use crate::evidence::metric::MetricName;

/// One thing to measure. `metrics` are those that it yields, the leading one first; never empty.
pub struct Case {
    pub metrics: Vec<MetricName>,
    /// Whether a run that broke off within it goes on where it was; other cases begin anew.
    pub goes_on: bool,
    pub run: Box<Run>,
}

type Run = dyn Fn(&mut Bench) -> Result<Vec<Measurement>, Trouble>;

impl Case {
    /// A case for metrics that stand in the table; `None` where a name does not, which a test of the table catches.
    pub fn new(
        metrics: &[String],
        run: impl Fn(&mut Bench) -> Result<Vec<Measurement>, Trouble> + 'static,
    ) -> Option<Case> {
        let metrics: Option<Vec<MetricName>> =
            metrics.iter().map(|name| MetricName::parse(name).ok()).collect();
        Some(Case { metrics: metrics?, goes_on: false, run: Box::new(run) })
    }

    /// A case that yields one metric, whose name `run` is given.
    pub fn single(
        metric: String,
        run: impl Fn(&mut Bench, &str) -> Result<Measurement, Trouble> + 'static,
    ) -> Option<Case> {
        let named = metric.clone();
        Case::new(&[named], move |bench| run(bench, &metric).map(|m| vec![m]))
    }
}
