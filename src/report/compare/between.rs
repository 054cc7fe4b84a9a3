//! What lies between the devices of a node, before and after: each pair of devices that both reports have, and all at once.
//! Owns which figure of one report is held against which of the other; how two are held against each other is its parent's business.

use super::{Asked, Because, Change, Row, card, figure, judge};
use crate::evidence::metric::{MetricName, is_pair, pair, peer_name};
use crate::evidence::{DeviceEvidence, Ended, Measurement, NodeEvidence, Value};

/// Each of many pairs has half a second, which shows no less. One link of eighteen is a little more.
pub const WIDTH: f64 = 0.05;

/// The devices of both reports, and for each before the place of the same one after.
pub(super) struct Nodes<'a> {
    pub before: (&'a [card::Side<'a>], Option<&'a NodeEvidence>),
    pub after: (&'a [card::Side<'a>], Option<&'a NodeEvidence>),
    pub partners: &'a [Option<(usize, &'static str)>],
}

/// One figure, by its name in either report, and the device that it is measured on.
struct Held<'a> {
    names: [MetricName; 2],
    on: [&'a DeviceEvidence; 2],
}

impl<'a> Nodes<'a> {
    /// In the order of the report before, by its names: places may have changed.
    fn held(&self) -> Vec<Held<'a>> {
        let of = |node: Option<&'a NodeEvidence>| node.map_or(&[][..], |node| &node.measurements[..]);
        let new = of(self.after.1).iter().filter(|m| !is_pair(m.metric.as_str()));
        let new = new.filter(|m| find(self.before.1, &m.metric).is_none());
        let names = of(self.before.1).iter().chain(new).map(|m| &m.metric);
        names.filter_map(|name| self.one(name)).collect()
    }

    /// `None` of a pair of which a device is gone, which is told of the device.
    fn one(&self, name: &MetricName) -> Option<Held<'a>> {
        let device = |sides: &'a [card::Side<'a>], at: usize| sides.get(at).map(|side| side.device);
        let Some((from, to)) = pair(name.as_str()) else {
            let on = [device(self.before.0, 0)?, device(self.after.0, 0)?];
            return Some(Held { names: [name.clone(), name.clone()], on });
        };
        let place = |before: u32| Some((*self.partners.get(before as usize)?)?.0);
        let (from, there) = (place(from)?, place(to)?);
        let after = peer_name(u32::try_from(from).ok()?, u32::try_from(there).ok()?);
        let on = [device(self.before.0, to as usize)?, device(self.after.0, there)?];
        Some(Held { names: [name.clone(), MetricName::parse(&after).ok()?], on })
    }

    fn measurements(&self, held: &Held<'_>) -> [Option<&'a Measurement>; 2] {
        let [before, after] = &held.names;
        [find(self.before.1, before), find(self.after.1, after)]
    }

    /// In how many rows samples are held against samples.
    pub(super) fn sampled(&self) -> usize {
        let is_sampled = |m: Option<&Measurement>| m.is_some_and(|m| matches!(m.value, Value::Timed(_)));
        self.held().iter().filter(|held| self.measurements(held).into_iter().all(is_sampled)).count()
    }

    pub(super) fn rows(&self, asked: Asked) -> Vec<Row> {
        let asked = Asked { width: asked.width.max(WIDTH), ..asked };
        self.held().iter().map(|held| self.row(held, asked)).collect()
    }

    fn row(&self, held: &Held<'_>, asked: Asked) -> Row {
        let [a, b] = self.measurements(held);
        let [before, after] = held.on;
        let (verdict, ratio, because) = match (a, b) {
            (Some(a), Some(b)) => judge((before, a), (after, b), asked),
            (Some(_), None) => (Change::NoLongerMeasured, None, self.not_measured(&held.names[1])),
            (None, _) => (Change::NotComparable, None, Because::NotMeasuredBefore),
        };
        let metric = held.names[0].clone();
        Row { metric, before: figure(a), after: figure(b), ratio, verdict, because }
    }

    fn not_measured(&self, name: &MetricName) -> Because {
        let absence =
            self.after.1.and_then(|node| node.absences.iter().find(|absence| absence.metric == *name));
        match (absence, self.after.1.map(|node| &node.ended)) {
            (Some(absence), _) => Because::NotMeasuredAfter(Some(absence.reason.clone())),
            (None, Some(ended)) if *ended != Ended::Completed => Because::NotCompletedAfter,
            (None, _) => Because::NotMeasuredAfter(None),
        }
    }
}

fn find<'a>(node: Option<&'a NodeEvidence>, name: &MetricName) -> Option<&'a Measurement> {
    node?.measurements.iter().find(|m| m.metric == *name)
}
