//! The devices of a node beside each other, metric by metric: who is the slowest, and by how much.
//! Owns that comparison; must not judge it.

use maud::{Markup, html};

use crate::evidence::DeviceEvidence;
use crate::evidence::metric::{Better, Kind, METRICS, MetricName};
use crate::evidence::stats::middle;
use crate::language::{Language, say};
use crate::units::Unit;

/// Rows of a comparison; of more devices the slowest are shown.
const ROWS_MAX: usize = 16;
/// A difference that is worth a mark.
const NOTABLE: f64 = 0.02;

struct Row<'a> {
    selector: &'a str,
    figure: f64,
    /// How much worse than the median of all devices; negative is better.
    deficit: f64,
}

struct Comparison<'a> {
    metric: &'a str,
    unit: Unit,
    median: f64,
    /// The slowest first.
    rows: Vec<Row<'a>>,
}

pub fn section(devices: &[DeviceEvidence], language: Language) -> Markup {
    let mut all: Vec<Comparison> =
        METRICS.iter().filter_map(|row| compare(&row.name, row.kind, devices)).collect();
    all.sort_by(|a, b| b.worst().total_cmp(&a.worst()));
    html! {
        section {
            h2 { (say!(language, "title-beside")) }
            p.note { (say!(language, "note-beside")) }
            @if all.is_empty() { p { (say!(language, "nothing-beside")) } }
            div.grid.small { @for comparison in &all { (figure(comparison, language)) } }
        }
    }
}

impl Comparison<'_> {
    fn worst(&self) -> f64 {
        self.rows.first().map_or(0.0, |row| row.deficit)
    }
}

/// `None` where fewer than two devices have a figure. Of the latency curve only its end is compared.
fn compare<'a>(name: &'a str, kind: Kind, devices: &'a [DeviceEvidence]) -> Option<Comparison<'a>> {
    let Kind::Number(unit) = kind else { return None };
    let metric = MetricName::parse(name).ok()?;
    if !kind.is_rate() && unit != Unit::Nanosecond {
        return None;
    }
    if metric.probe() == "chase" && name != "chase.hbm.latency" {
        return None;
    }
    let figures = devices
        .iter()
        .filter_map(|device| Some((device.selector.as_str(), super::summary(device, &metric)?.p50)));
    let figures: Vec<(&str, f64)> = figures.collect();
    let median = middle(figures.iter().map(|f| f.1).collect()).filter(|median| *median > 0.0)?;
    let mut rows: Vec<Row> = figures
        .into_iter()
        .map(|(selector, figure)| {
            let above = figure / median - 1.0;
            Row {
                selector,
                figure,
                deficit: if metric.better() == Some(Better::Less) { above } else { -above },
            }
        })
        .collect();
    rows.sort_by(|a, b| b.deficit.total_cmp(&a.deficit));
    (rows.len() > 1).then_some(Comparison { metric: name, unit, median, rows })
}

fn figure(c: &Comparison, language: Language) -> Markup {
    let most = c.rows.iter().map(|row| row.figure).fold(0.0, f64::max);
    let percent = |value: f64| format!("width:{:.1}%", if most > 0.0 { 100.0 * value / most } else { 0.0 });
    let notable = c.worst() >= NOTABLE;
    html! {
        figure.bars {
            figcaption { span.metric translate="no" { (c.metric) } " " span.note { (say!(language, "median-of-devices", median = c.unit.format(c.median))) } }
            @for (place, row) in c.rows.iter().take(ROWS_MAX).enumerate() {
                div.bar.slowest[place == 0 && notable] {
                    span.who translate="no" { (row.selector) }
                    span.track { span.fill style=(percent(row.figure)) {} }
                    span.figure { (c.unit.in_column(row.figure)) }
                    @if place == 0 {
                        span.mark {
                            @if notable { "\u{25bc} " (say!(language, "slowest-by", percent = format!("{:.1}", 100.0 * row.deficit))) }
                            @else { (say!(language, "slowest-within", percent = format!("{:.0}", 100.0 * NOTABLE))) }
                        }
                    }
                }
            }
            @if c.rows.len() > ROWS_MAX { p.note { (say!(language, "faster-not-shown", count = c.rows.len() - ROWS_MAX)) } }
        }
    }
}
