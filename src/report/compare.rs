//! Two reports of the same machine, before and after: what became worse, metric by metric. Pure and repeatable.
//! Owns pairing, comparability and the interval of a ratio; must not know contracts or how anything is shown.

use serde::Serialize;

use super::Report;
use crate::evidence::metric::{Better, Kind, MetricName};
use crate::evidence::stats::Stat;
use crate::evidence::sustain::{ERRORS, Sustained};
use crate::evidence::{Check, Conditions, DeviceEvidence, Ended, Measurement, Value};
use crate::exit::Exit;
use crate::units::Unit;

mod because;
mod between;
mod card;
mod ground;
mod interval;
mod map;
mod only;
mod sound;
#[cfg(test)]
mod tests;

pub use because::{Because, Unsound, When};
pub use between::WIDTH as WIDTH_BETWEEN;
pub use card::{Card, Counter, Sameness, Sign};
pub use ground::Ground;
pub use interval::{LEVEL, SAMPLES_MIN};
pub use map::{Likeness, Maps, ONE_DIE};
pub use only::Only;

use sound::{unsound, unsound_load};

/// All devices of both reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// A change of at most this share is none.
    pub width: f64,
    pub pairs: Vec<Pair>,
    /// What lies between the devices, by the places that they have in the report before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<Row>,
    /// Selectors of devices that have no counterpart in the other report.
    pub only_before: Vec<String>,
    pub only_after: Vec<String>,
    /// Of devices without a counterpart: the two that are left, where one is left of each report, and any two whose names and
    /// figures do not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strangers: Vec<Strangers>,
    /// Where the report before stands behind a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certified: Option<Certified>,
    /// Whether the report after began before the other, by their machines' clocks: what became better then became worse.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_reversed: bool,
    /// Where some metrics alone were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

/// What a certificate says of the run after.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Certified {
    pub until: jiff::Timestamp,
    /// Whether that run began in its time, by the machine's own clock.
    pub covers: bool,
}

/// Two devices that are not taken for one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Strangers {
    pub before: String,
    pub after: String,
    pub card: Card,
}

/// One device in both reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    pub before: String,
    pub after: String,
    /// By what they are taken for one device: `uuid`, `serial`, `PCI address` or `selector`.
    pub by: &'static str,
    pub card: Card,
    pub rows: Vec<Row>,
    /// How its part of the report after ended, or the run where that did not come to its end.
    pub ended: Ended,
}

/// One metric of one device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub metric: MetricName,
    pub before: Option<f64>,
    pub after: Option<f64>,
    /// The mean after as a share of the mean before.
    pub ratio: Option<Ratio>,
    pub verdict: Change,
    pub because: Because,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Improved,
    /// Not worse by more than the width, and not shown to be better by more than it.
    Same,
    NotComparable,
    /// Nothing shows that it is not worse.
    Undecided,
    /// Measured before and not after.
    NoLongerMeasured,
    Degraded,
}

impl Change {
    /// The worst first.
    pub const ALL: [Change; 6] = [
        Change::Degraded,
        Change::NoLongerMeasured,
        Change::Undecided,
        Change::Same,
        Change::Improved,
        Change::NotComparable,
    ];
}

impl Comparison {
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.pairs.iter().flat_map(|pair| &pair.rows).chain(&self.between)
    }

    /// What is said of whether they are one card, of all pairs and strangers.
    pub fn cards(&self) -> impl Iterator<Item = &Card> {
        let strangers = self.strangers.iter().map(|strangers| &strangers.card);
        self.pairs.iter().map(|pair| &pair.card).chain(strangers)
    }

    pub fn count(&self, change: Change) -> usize {
        self.rows().filter(|row| row.verdict == change).count()
    }

    /// A device that is gone is not the same machine, and one that did not come to its end has not shown that it still does:
    /// nothing is decided. Reports that contradict each other about a card are worse than a slow one.
    pub fn exit(&self) -> Exit {
        let is = |verdict| self.cards().any(|card| card.verdict == verdict);
        // Equal counts of errors alone do not make a machine as fast as it was.
        let compares = |row: &Row| row.ratio.is_some();
        // Unless whoever asks for them alone says that it is they that count.
        let is_open = match &self.only {
            Some(only) => !only.open.is_empty(),
            None => !self.rows().any(compares),
        };
        if is(Sameness::Contradiction) {
            Exit::Identity
        } else if self.count(Change::Degraded) > 0 {
            Exit::Fail
        } else if is_open
            || self.count(Change::Undecided) > 0
            || self.count(Change::NoLongerMeasured) > 0
            || !self.only_before.is_empty()
            || is(Sameness::Another)
            || is(Sameness::Doubtful)
            || self.is_reversed
            || self.certified.is_some_and(|certified| !certified.covers)
            || self.pairs.iter().any(|pair| pair.ended != Ended::Completed)
        {
            Exit::Inconclusive
        } else {
            Exit::Pass
        }
    }
}

pub fn compare(before: &Report, after: &Report, width: f64) -> Comparison {
    let (sides, others) = (card::sides(before), card::sides(after));
    let partners = card::partners(&sides, &others);
    let pairs = sides.iter().zip(&partners).filter_map(|(side, partner)| {
        let (at, by) = (*partner)?;
        Some((*side, *others.get(at)?, by))
    });
    let pairs: Vec<_> = pairs.collect();
    let nodes = between::Nodes {
        before: (&sides, before.evidence.node.as_ref()),
        after: (&others, after.evidence.node.as_ref()),
        partners: &partners,
    };
    let sampled = pairs.iter().map(|(before, after, _)| sampled(before.device, after.device)).sum::<usize>()
        + nodes.sampled();
    let asked = Asked { width, error: (1.0 - LEVEL) / sampled.max(1) as f64 };
    let alone: Vec<card::Side> =
        sides.iter().zip(&partners).filter(|(_, partner)| partner.is_none()).map(|(side, _)| *side).collect();
    let taken = |at: usize| partners.iter().flatten().any(|(partner, _)| *partner == at);
    let new: Vec<card::Side> =
        others.iter().enumerate().filter(|(at, _)| !taken(*at)).map(|(_, side)| *side).collect();
    let is_last = alone.len() == 1 && new.len() == 1;
    let strangers = alone.iter().flat_map(|side| new.iter().map(|other| strangers(*side, *other)));
    let is_odd = |one: &Strangers| !matches!(one.card.verdict, Sameness::Another | Sameness::Unknown);
    let selectors = |sides: &[card::Side]| sides.iter().map(|side| side.device.selector.clone()).collect();
    Comparison {
        width,
        pairs: pairs.into_iter().map(|(before, after, by)| pair(before, after, by, asked)).collect(),
        between: nodes.rows(asked),
        only_before: selectors(&alone),
        only_after: selectors(&new),
        strangers: strangers.filter(|one| is_last || is_odd(one)).collect(),
        certified: None,
        is_reversed: is_reversed(before, after),
        only: None,
    }
}

fn is_reversed(before: &Report, after: &Report) -> bool {
    let began = |report: &Report| report.evidence.run.started.parse::<jiff::Timestamp>().ok();
    began(before).zip(began(after)).is_some_and(|(before, after)| after < before)
}

/// What is asked of each row.
#[derive(Clone, Copy)]
struct Asked {
    width: f64,
    /// The chance that the interval of one row may have to miss: any row that degraded makes the whole comparison fail, and there
    /// may be hundreds, so that they share what the comparison may have.
    error: f64,
}

/// In how many rows samples are held against samples, at most.
fn sampled(before: &DeviceEvidence, after: &DeviceEvidence) -> usize {
    let is_sampled = |m: &&Measurement| matches!(m.value, Value::Timed(_));
    let both = before.measurements.iter().filter(is_sampled).filter_map(|m| after.measurement(&m.metric));
    both.filter(is_sampled).count() + usize::from(before.sustained.is_some() && after.sustained.is_some())
}

fn pair(before: card::Side, after: card::Side, by: &'static str, asked: Asked) -> Pair {
    Pair {
        before: before.device.selector.clone(),
        after: after.device.selector.clone(),
        by,
        card: card::card(before, after),
        rows: rows(before.device, after.device, asked),
        ended: after.ended().clone(),
    }
}

fn strangers(before: card::Side, after: card::Side) -> Strangers {
    let selector = |side: card::Side| side.device.selector.clone();
    Strangers { before: selector(before), after: selector(after), card: card::card(before, after) }
}

/// All metrics that either of them has, in the order of the report before.
fn rows(before: &DeviceEvidence, after: &DeviceEvidence, asked: Asked) -> Vec<Row> {
    let new = after.measurements.iter().filter(|m| before.measurement(&m.metric).is_none());
    let metrics = before.measurements.iter().chain(new).map(|m| &m.metric);
    let rows = metrics.map(|metric| row(metric, before, after, asked));
    let load = match (&before.sustained, &after.sustained) {
        (Some(load), _) => kept_up(load, before, after, asked),
        (None, Some(load)) => new_errors(load).into_iter().collect(),
        (None, None) => Vec::new(),
    };
    rows.chain(load).collect()
}

/// Wrong results of a load of which nothing is known before: there should be none.
fn new_errors(load: &Sustained) -> Option<Row> {
    let (metric, wrong) = (MetricName::parse(ERRORS).ok()?, load.wrong());
    let because = Because::WrongResults;
    let after = Some(wrong as f64);
    let row = Row { metric, before: None, after, ratio: None, verdict: Change::Degraded, because };
    (wrong > 0).then_some(row)
}

/// The load that was kept up before, and how it went after: its rate, and its wrong results.
fn kept_up(load: &Sustained, before: &DeviceEvidence, after: &DeviceEvidence, asked: Asked) -> Vec<Row> {
    let row = |metric: &MetricName, [before, after]: [Option<f64>; 2], (verdict, ratio, because): Judged| {
        Row { metric: metric.clone(), before, after, ratio, verdict, because }
    };
    let metric = &load.load.metric;
    let mean = |load: &Sustained| Stat::Mean.of(&load.rates());
    let Some(other) = after.sustained.as_ref().filter(|other| other.load.metric == *metric) else {
        let judged = (Change::NoLongerMeasured, None, not_measured(metric, after));
        return vec![row(metric, [mean(load), None], judged)];
    };
    let sides = [(before, &load.load.conditions), (after, &other.load.conditions)];
    let (a, b) = (load.rates(), other.rates());
    let rate = match differing(sides[0], sides[1]) {
        Some(why) => (Change::NotComparable, None, why),
        None if load.load.asked_ms != other.load.asked_ms => {
            (Change::NotComparable, None, Because::AnotherTime)
        }
        None => match [(before, load), (after, other)].into_iter().find_map(unsound_load) {
            Some(why) => (Change::Undecided, None, Because::Unsound(why, None)),
            None => of_samples(&a, &b, metric, asked),
        },
    };
    let mut rows = vec![row(metric, [mean(load), mean(other)], rate)];
    rows.extend(MetricName::parse(ERRORS).ok().map(|errors| {
        let counts = [load, other].map(Sustained::wrong);
        row(
            &errors,
            counts.map(|count| Some(count as f64)),
            counted(counts[0], counts[1], &errors, asked.width),
        )
    }));
    rows
}

fn row(metric: &MetricName, before: &DeviceEvidence, after: &DeviceEvidence, asked: Asked) -> Row {
    let (a, b) = (before.measurement(metric), after.measurement(metric));
    let (verdict, ratio, because) = match (a, b) {
        (Some(a), Some(b)) => judge((before, a), (after, b), asked),
        (Some(_), None) => (Change::NoLongerMeasured, None, not_measured(metric, after)),
        (None, _) => (Change::NotComparable, None, Because::NotMeasuredBefore),
    };
    Row { metric: metric.clone(), before: figure(a), after: figure(b), ratio, verdict, because }
}

/// What is shown of it.
fn figure(m: Option<&Measurement>) -> Option<f64> {
    let statistic = |m: &Measurement| match m.value {
        Value::Timed(_) => Stat::Mean,
        Value::Count { .. }
        | Value::Share { .. }
        | Value::AtLeast { .. }
        | Value::ByUnit { .. }
        | Value::Lengths(_) => Stat::P50,
    };
    m.and_then(|m| statistic(m).of(&m.figures()))
}

fn not_measured(metric: &MetricName, after: &DeviceEvidence) -> Because {
    match after.absence(metric) {
        Some(absence) => Because::NotMeasuredAfter(Some(absence.reason.clone())),
        None if after.ended != Ended::Completed => Because::NotCompletedAfter,
        None => Because::NotMeasuredAfter(None),
    }
}

type Judged = (Change, Option<Ratio>, Because);

fn judge(
    before: (&DeviceEvidence, &Measurement),
    after: (&DeviceEvidence, &Measurement),
    asked: Asked,
) -> Judged {
    let (a, b) = (before.1, after.1);
    let open = |why: Because| (Change::NotComparable, None, why);
    // A wrong result has no conditions that could differ.
    if let (None, Some(why), true) = (unsound(before.0, a), unsound(after.0, b), is_wrong(b)) {
        return (Change::Degraded, None, Because::Unsound(why, Some(When::After)));
    }
    if let Some(why) = differing((before.0, &a.conditions), (after.0, &b.conditions)) {
        return open(why);
    }
    match (unsound(before.0, a), unsound(after.0, b)) {
        (Some(why), _) => return open(Because::Unsound(why, Some(When::Before))),
        (None, Some(why)) => return (Change::Undecided, None, Because::Unsound(why, Some(When::After))),
        (None, None) => {}
    }
    if a.metric.kind() == Kind::Fact {
        return open(Because::NoFigure);
    }
    match (&a.value, &b.value) {
        (Value::Timed(_), Value::Timed(_)) => of_samples(&a.figures(), &b.figures(), &a.metric, asked),
        (Value::Count { count: count_before }, Value::Count { count: count_after }) => {
            counted(*count_before, *count_after, &a.metric, asked.width)
        }
        (Value::AtLeast { .. }, _) | (_, Value::AtLeast { .. }) => open(Because::LowerBoundOnly),
        (Value::Share { .. }, Value::Share { .. }) => not_more((a, b), Stat::P50, |_| asked.width),
        (Value::Lengths(_), Value::Lengths(_)) => not_more((a, b), Stat::Max, |a| a * asked.width),
        (Value::ByUnit { .. }, Value::ByUnit { .. }) => open(Because::TellsUnitsApart),
        (
            Value::Timed(_)
            | Value::Count { .. }
            | Value::Share { .. }
            | Value::ByUnit { .. }
            | Value::Lengths(_),
            Value::Timed(_)
            | Value::Count { .. }
            | Value::Share { .. }
            | Value::ByUnit { .. }
            | Value::Lengths(_),
        ) => open(Because::TimedAndCounted),
    }
}

/// Which condition differs, so that the figures say nothing about each other.
fn differing(
    before: (&DeviceEvidence, &Conditions),
    after: (&DeviceEvidence, &Conditions),
) -> Option<Because> {
    let kind = |device: &DeviceEvidence| device.identity.as_ref().map(|i| i.provenance.kind());
    let kinds = (kind(before.0), kind(after.0));
    if kinds.0 != kinds.1 {
        return Some(Because::OtherProvenance { before: kinds.0, after: kinds.1 });
    }
    let (a, b) = (before.1, after.1);
    if a.kernel != b.kernel {
        Some(Because::OtherKernels)
    } else if a.shape != b.shape {
        Some(Because::OtherSizes { before: a.shape.clone(), after: b.shape.clone() })
    } else if a.distribution != b.distribution {
        Some(Because::OtherData)
    } else {
        None
    }
}

fn is_wrong(m: &Measurement) -> bool {
    matches!(m.check, Check::Wrong { .. })
}

/// Counts have no noise, but no two runs fill memory to the same byte.
fn counted(a: u64, b: u64, metric: &MetricName, width: f64) -> Judged {
    if metric.kind() != Kind::Number(Unit::Byte) {
        let (fewer, more) = match metric.better() {
            Some(Better::More) => (Change::Degraded, Change::Improved),
            Some(Better::Less) | None => (Change::Improved, Change::Degraded),
        };
        let (change, why) = match b.cmp(&a) {
            std::cmp::Ordering::Less => (fewer, Because::Fewer),
            std::cmp::Ordering::Equal => (Change::Same, Because::AsMany),
            std::cmp::Ordering::Greater => (more, Because::More),
        };
        return (change, None, why);
    }
    if a == 0 {
        return (Change::NotComparable, None, Because::NothingBefore);
    }
    let value = b as f64 / a as f64;
    decide(Ratio { value, low: value, high: value }, Better::More, width)
}

/// Shares of time that somebody else took, and how long at a time: more is worse.
fn not_more((a, b): (&Measurement, &Measurement), by: Stat, width: impl Fn(f64) -> f64) -> Judged {
    let figure = |m: &Measurement| by.of(&m.figures());
    match (figure(a), figure(b)) {
        (Some(a), Some(b)) if b <= a + width(a) => (Change::Same, None, Because::NotMoreThanTheWidth),
        (Some(_), Some(_)) => (Change::Degraded, None, Because::MoreThanTheWidth),
        (None, _) | (_, None) => (Change::Undecided, None, Because::NoShare),
    }
}

/// Rates or latencies in the order in which they were taken.
fn of_samples(a: &[f64], b: &[f64], metric: &MetricName, asked: Asked) -> Judged {
    match interval::ratio_of_means(a, b, asked.error) {
        Ok(ratio) => decide(ratio, metric.better().unwrap_or(Better::More), asked.width),
        Err(why) => (Change::Undecided, None, why),
    }
}

fn decide(ratio: Ratio, better: Better, width: f64) -> Judged {
    // Turned so that more is better, and a latency that grew by the width weighs as much as a rate that fell by it.
    let (low, high) = match better {
        Better::More => (ratio.low, ratio.high),
        Better::Less => (2.0 - ratio.high, 2.0 - ratio.low),
    };
    let (change, because) = if high < 1.0 - width {
        (Change::Degraded, Because::WorseThanTheWidth)
    } else if low < 1.0 - width {
        (Change::Undecided, Because::TooWide)
    } else if low > 1.0 + width {
        (Change::Improved, Because::BetterThanTheWidth)
    } else {
        (Change::Same, Because::NotWorseThanTheWidth)
    };
    (change, Some(ratio), because)
}
