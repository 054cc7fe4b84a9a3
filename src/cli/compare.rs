//! Flags of `assay compare`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::percent;
use crate::evidence::metric::{METRICS, MetricName};
use crate::nearest::nearest;
use crate::probes;

/// Say what became worse between two reports of the same machine, before and after
///
/// Devices are paired by UUID or serial number, else PCI address, else selector. Of each pair it says whether it is one card:
/// by names, by what a card cannot change, by counters that only grow over its life. That is the hosts' word: a claim, no
/// proof. Per metric: the ratio of the means with an interval, and a verdict. The intervals of a comparison all hold at once in
/// 99 % of cases, as long as neighbouring samples correlate by no more than 0.8: few samples show only gross changes. Figures of
/// different kernels, sizes, data or kinds of device are not comparable. Ends with 0 where everything that can be compared is the same or improved,
/// 1 where something degraded, 3 where that cannot be told, something is no longer measured, or the report after began before the
/// other, 5 where the reports contradict each other about a card. A gate names the figures that it is about with --metric and
/// --probe; all others then do not count.
/// Samples of one run do not show how runs differ: what one pair of reports calls degraded, a second pair should confirm.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The signed report of before (report.dsse.json), or an inventory certificate with its report beside it
    pub before: PathBuf,
    /// The signed report of after
    pub after: PathBuf,
    /// A public key that is trusted to sign; may be given several times [default: signatures are not checked, and the
    /// output says so, but for --quiet]
    #[arg(long, value_name = "PUB.pem")]
    pub trust: Vec<PathBuf>,
    /// A change of at most this share is none
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "1%")]
    pub width: f64,
    /// Hold only this metric, as `assay list --metrics` names it; several are separated by commas or given one by one. Its interval
    /// is as wide as beside all others. Where nothing of a name can be compared the exit code is 3
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = MetricName::parse)]
    pub metric: Vec<MetricName>,
    /// Hold only the metrics of this probe, beside those of --metric
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = probe)]
    pub probe: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What metrics begin with: the probes, and what is read and derived without one.
fn probe(name: &str) -> Result<String, String> {
    let of_metrics = METRICS.iter().filter_map(|row| row.name.split('.').next());
    let known: BTreeSet<&str> = of_metrics.chain(probes::names()).collect();
    if known.contains(name) {
        return Ok(name.to_owned());
    }
    let hint = match nearest(name, known.iter().copied()) {
        _ if MetricName::parse(name).is_ok() => format!("it is a metric, write --metric {name}"),
        Some(nearest) => format!("did you mean {nearest:?}"),
        None => format!("there are {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    Err(format!("there is no such probe; {hint}"))
}
