//! Clauses that compare the devices of a node with one another: how far the slowest lags, how far temperatures lie apart.
//! Owns what is compared; what makes a figure of one device count is the gate's business.

use super::counted::{self, Counted};
use super::gate::{self, Seen, Unusable};
use super::telemetry::{self, Kept};
use super::{Judgement, bounded};
use crate::contract::clause::{Accept, Bound, Figure};
use crate::contract::finding::{Amount, Reason};
use crate::evidence::metric::{LAG, METRICS, MetricName, SPREAD, lagging};
use crate::evidence::stats::{Stat, middle};
use crate::evidence::sustain::Span;
use crate::evidence::{DeviceEvidence, Evidence};

pub(super) fn judge(bound: &Bound, evidence: &Evidence, accept: &Accept) -> Judgement {
    match compared(evidence, accept, &bound.figure.metric) {
        Err(unusable) => bounded(Err(unusable), bound),
        // Whatever lies between figures that may be more may itself be less or more.
        Ok(Farthest { value, open: Some(because), .. }) => {
            let observed = Some(Amount::Number { value, unit: bound.quantity.unit() });
            bounded(Err(Unusable { observed, ..Unusable::open(because) }), bound)
        }
        Ok(Farthest { value, open: None, device, rate }) => {
            let counted = Counted { value, one_sided: None };
            bounded(Ok(counted), bound).on(&[device], rate.as_ref().map(MetricName::as_str))
        }
    }
}

/// How far off a device is that no other is farther off than, and in what rate.
struct Farthest<'a> {
    value: f64,
    /// Why a figure that it follows from is known to one side only, where one is.
    open: Option<Reason>,
    device: &'a DeviceEvidence,
    rate: Option<MetricName>,
}

/// Each figure that compares devices, of all devices whatever they are, where it counts.
pub fn figures(evidence: &Evidence) -> Vec<(MetricName, f64)> {
    let accept = Accept::all();
    let of_rates = rates(evidence).filter_map(|rate| {
        let [probe, case, _] = rate.as_str().split('.').collect::<Vec<_>>()[..] else { return None };
        Some(format!("node.{probe}_{case}.lag"))
    });
    let names = [SPREAD.to_owned(), LAG.to_owned()].into_iter().chain(of_rates);
    let figure = |name: String| {
        let metric = MetricName::parse(&name).ok()?;
        let Farthest { value, .. } = compared(evidence, &accept, &metric).ok()?;
        Some((metric, value))
    };
    names.filter_map(figure).collect()
}

/// With why it is not known, where a figure that it follows from may be more.
fn compared<'a>(
    evidence: &'a Evidence,
    accept: &Accept,
    metric: &MetricName,
) -> Result<Farthest<'a>, Unusable> {
    gate::several(evidence)?;
    match (metric.as_str(), lagging(metric.as_str())) {
        (SPREAD, _) => spread(evidence, accept),
        (LAG, _) => {
            let lags = rates(evidence).map(|rate| lag(evidence, accept, rate));
            let nothing = || Unusable::open(Reason::NotMeasured { metric: metric.to_string() });
            let farthest = lags.reduce(|one, other| gate::both(one, other, farther));
            farthest.unwrap_or_else(|| Err(nothing()))
        }
        (_, Some(rate)) => {
            let rate = MetricName::parse(&rate).map_err(|_| Unusable::open(Reason::NoFigure))?;
            lag(evidence, accept, rate)
        }
        (_, None) => Err(Unusable::open(Reason::NoFigure)),
    }
}

/// The rates that any device has. What the devices share the host's link for says nothing of them.
fn rates(evidence: &Evidence) -> impl Iterator<Item = MetricName> {
    let has = |metric: &MetricName| {
        evidence.devices.iter().any(|device| {
            device.measurement(metric).is_some()
                || device.sustained.as_ref().is_some_and(|load| load.load.metric == *metric)
        })
    };
    let all = METRICS.iter().filter_map(|row| MetricName::parse(&row.name).ok());
    all.filter(|m| m.probe() != "link" && m.kind().is_rate()).filter(has)
}

fn farther<'a>(a: Farthest<'a>, b: Farthest<'a>) -> Farthest<'a> {
    let (most, less) = if b.value > a.value { (b, a) } else { (a, b) };
    Farthest { open: most.open.or(less.open), ..most }
}

/// How far the least median lies below the middle of the others': of two devices, a middle of both would halve the distance.
fn lag<'a>(evidence: &'a Evidence, accept: &Accept, rate: MetricName) -> Result<Farthest<'a>, Unusable> {
    let figure = Figure { metric: rate, statistic: Some(Stat::P50) };
    let of_device = |device: &'a DeviceEvidence| {
        let counted = counted::of(&Seen { evidence, device, accept }, &figure);
        counted.map(|counted| (device, counted)).map_err(|unusable| unusable.on(&[device], None))
    };
    let mut counted = evidence.devices.iter().map(of_device).collect::<Result<Vec<_>, _>>()?;
    counted.sort_by(|(_, a), (_, b)| b.value.total_cmp(&a.value));
    let open = counted.iter().find_map(|(_, counted)| counted.one_sided.clone()).map(|(_, because)| because);
    let least = counted.pop();
    let others = middle(counted.iter().map(|(_, counted)| counted.value).collect());
    let of_others = least.zip(others).filter(|(_, others)| *others > 0.0);
    let ((device, least), others) = of_others.ok_or_else(|| Unusable::open(Reason::NoFigure))?;
    Ok(Farthest { value: 1.0 - least.value / others, open, device, rate: Some(figure.metric) })
}

/// How far the hottest device gets above the one that stays coolest.
fn spread<'a>(evidence: &'a Evidence, accept: &Accept) -> Result<Farthest<'a>, Unusable> {
    let silent = || Reason::SensorSilent { what: "the temperature".to_owned() };
    let hottest = |device: &'a DeviceEvidence| {
        let seen = Seen { evidence, device, accept };
        gate::admitted(&seen)?;
        gate::completed(&seen)?;
        telemetry::watched(&seen, |reading| reading.temperature_c.is_some(), silent(), Kept::State)?;
        let read = device.timeline.iter().filter_map(|at| at.reading.temperature_c);
        let windows = device.sustained.iter().flat_map(|load| &load.windows);
        let kept_up = windows.filter_map(|window| window.sensors.temperature_c).map(|span: Span| span.most);
        read.chain(kept_up).max().ok_or_else(|| Unusable::open(silent()))
    };
    let hottest = |device| {
        hottest(device).map(|celsius| (celsius, device)).map_err(|unusable| unusable.on(&[device], None))
    };
    let all = evidence.devices.iter().map(hottest).collect::<Result<Vec<_>, Unusable>>()?;
    let least = all.iter().map(|(celsius, _)| *celsius).min();
    let most = all.into_iter().max_by_key(|(celsius, _)| *celsius);
    let (least, (most, device)) = least.zip(most).ok_or_else(|| Unusable::open(Reason::NoFigure))?;
    Ok(Farthest { value: f64::from(most - least), open: None, device, rate: None })
}
