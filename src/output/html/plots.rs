//! What the plots of a device show: roofline, latency curve, samples, batch times, where wrong words lie.
//! Owns the choice of series and the words around them; how they are drawn is the business of `plot`.

use super::clauses;
use crate::catalogue;
use crate::device::op::Tally;
use crate::evidence::metric::{Kind, MetricName, chase_sizes, size_name};
use crate::evidence::{DeviceEvidence, Measurement, Value};
use crate::language::{Language, say};
use crate::output::plot::{self, Axis, BLUE, Look, Mark, Plot, Scale, Series, VERMILION};
use crate::report::Report;
use crate::units::Unit;

pub const LARGE: (u32, u32) = (440, 260);
pub const SMALL: (u32, u32) = (360, 170);
const HISTOGRAMS_MAX: usize = 4;

/// A plot with the words around it.
pub struct Drawing {
    pub title: String,
    pub note: String,
    pub svg: String,
    pub legend: Vec<LegendLine>,
}

pub struct LegendLine {
    pub key: String,
    pub cells: Vec<String>,
}

pub fn drawing(title: impl Into<String>, note: impl Into<String>, plot: &Plot) -> Option<Drawing> {
    let (title, note) = (title.into(), note.into());
    let svg = plot::svg(plot, &format!("{title}, {note}"))?;
    Some(Drawing { title, note, svg, legend: Vec::new() })
}

fn line(points: Vec<(f64, f64)>) -> Series {
    Series { look: Look::Line, colour: BLUE, points }
}

/// A line is not drawn over what nobody watched: `points` in pieces, without those that lie within such times.
pub fn pieces(points: &[(f64, f64)], gaps: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let is_within = |at: f64| gaps.iter().any(|(from, to)| *from < at && at < *to);
    let passed = |at: f64| gaps.iter().filter(|(_, to)| *to <= at).count();
    let watched: Vec<(f64, f64)> = points.iter().copied().filter(|point| !is_within(point.0)).collect();
    watched.chunk_by(|a, b| passed(a.0) == passed(b.0)).map(<[_]>::to_vec).collect()
}

pub fn plain(size: (u32, u32), x: Axis, y: Axis, series: Vec<Series>) -> Plot {
    Plot { size, x, y, series, bands: Vec::new(), marks: Vec::new() }
}

/// The datasheet's figure for a metric. Where the sheet has none of its own the catalogue gives the nearest upper bound
/// (tensor units for what vector units do), of which no share would be fair.
pub fn datasheet(device: &DeviceEvidence, metric: &MetricName) -> Option<f64> {
    let is_bound_only = match metric.as_str().strip_prefix("fma.") {
        Some(vector) => !matches!(vector, "fp32.rate" | "fp64.rate"),
        None => matches!(metric.as_str(), "gemm.fp32.rate" | "gemm.int32.rate"),
    };
    let peak = catalogue::peak(device.identity.as_ref()?, metric);
    peak.filter(|peak| *peak > 0.0 && !is_bound_only)
}

/// A ceiling of arithmetic: measured, and by the datasheet.
struct Ceiling<'a> {
    metric: &'a MetricName,
    measured: f64,
    peak: Option<f64>,
}

/// What memory lets through, and the ends of the axis of arithmetic intensity.
struct Memory<'a> {
    metric: &'a MetricName,
    bandwidth: f64,
    peak: Option<f64>,
    left: f64,
    right: f64,
}

/// Arithmetic over arithmetic intensity: what the memory lets through, and what the units can do. `None` without a
/// bandwidth and a ceiling.
pub fn roofline(device: &DeviceEvidence, language: Language) -> Option<Drawing> {
    let medians = || device.measurements.iter().filter_map(|m| Some((&m.metric, m.summary()?.p50)));
    // Of our own kernels: the driver's copy may take another way.
    let is_kernel =
        |metric: &MetricName| metric.probe() == "stream" && metric.as_str() != "stream.driver_copy.rate";
    let streams = medians().filter(|(metric, figure)| is_kernel(metric) && *figure > 0.0);
    let (stream, bandwidth) = streams.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let is_float = |metric: &MetricName| metric.kind() == Kind::Number(Unit::FlopPerSecond);
    let mut ceilings: Vec<Ceiling> = medians()
        .filter(|(metric, figure)| is_float(metric) && *figure > 0.0)
        .map(|(metric, measured)| Ceiling { metric, measured, peak: datasheet(device, metric) })
        .collect();
    ceilings.sort_by(|a, b| b.measured.total_cmp(&a.measured));
    let most = ceilings.iter().flat_map(|c| [Some(c.measured), c.peak]).flatten().reduce(f64::max)?;
    let (highest, least) = (ceilings.first()?.measured, ceilings.last()?.measured);
    let memory = Memory {
        metric: stream,
        bandwidth,
        peak: datasheet(device, stream),
        left: 0.2 * least / bandwidth,
        right: 10.0 * most / bandwidth,
    };
    let slope = |look, colour, bandwidth: f64, most: f64| {
        let points = vec![(memory.left, memory.left * bandwidth), (most / bandwidth, most)];
        Series { look, colour, points }
    };
    let mut series = vec![slope(Look::Line, BLUE, bandwidth, highest)];
    series.extend(memory.peak.map(|bandwidth| slope(Look::Dashed, VERMILION, bandwidth, most)));
    series.extend(ceilings.iter().flat_map(|ceiling| roofs(ceiling, &memory)));
    // Side by side, so that letters of like figures do not cover each other.
    let ridge = highest / bandwidth;
    let along = |n: usize| (n as f64 + 1.0) / (ceilings.len() as f64 + 1.0);
    let letters = ceilings.iter().enumerate().map(|(n, ceiling)| Mark {
        at: (ridge * libm::pow(memory.right / ridge, along(n)), ceiling.measured * 1.45),
        text: letter(n),
    });
    let plot = Plot {
        marks: letters.collect(),
        ..plain(LARGE, Axis::log(plot::short), Axis::log(plot::short), series)
    };
    let (title, note) = (say!(language, "plot-roofline"), say!(language, "plot-roofline-note"));
    Some(Drawing { legend: legend(&memory, &ceilings, language), ..drawing(title, note, &plot)? })
}

fn letter(n: usize) -> String {
    u32::try_from(n).ok().and_then(|n| char::from_u32('A' as u32 + n)).unwrap_or('*').to_string()
}

/// From where memory no longer holds it back: measured, and by the datasheet.
fn roofs(ceiling: &Ceiling, memory: &Memory) -> Vec<Series> {
    let roof = |look, colour, bandwidth: f64, most: f64| {
        let points = vec![((most / bandwidth).min(memory.right), most), (memory.right, most)];
        Series { look, colour, points }
    };
    let ridge = (ceiling.measured / memory.bandwidth, ceiling.measured);
    let mut series = vec![
        roof(Look::Line, BLUE, memory.bandwidth, ceiling.measured),
        Series { look: Look::Dots, colour: BLUE, points: vec![ridge] },
    ];
    let bandwidth = memory.peak.unwrap_or(memory.bandwidth);
    series.extend(ceiling.peak.map(|peak| roof(Look::Dashed, VERMILION, bandwidth, peak)));
    series
}

fn legend(memory: &Memory, ceilings: &[Ceiling], language: Language) -> Vec<LegendLine> {
    let line = |key: String, metric: &MetricName, measured: f64, peak: Option<f64>, unit: Unit| {
        let share = match peak {
            Some(peak) => {
                let percent = format!("{:.1}", 100.0 * measured / peak);
                say!(language, "percent-of", percent = percent, of = unit.format(peak))
            }
            None => say!(language, "no-datasheet-figure"),
        };
        LegendLine { key, cells: vec![metric.to_string(), unit.format(measured), share] }
    };
    let slope =
        line(say!(language, "plot-slope"), memory.metric, memory.bandwidth, memory.peak, Unit::BytePerSecond);
    let roofs = ceilings.iter().enumerate();
    let roofs = roofs.map(|(n, c)| line(letter(n), c.metric, c.measured, c.peak, Unit::FlopPerSecond));
    std::iter::once(slope).chain(roofs).collect()
}

pub fn latency(device: &DeviceEvidence, language: Language) -> Option<Drawing> {
    let points: Vec<(f64, f64)> = chase_sizes()
        .filter_map(|bytes| {
            let metric = MetricName::parse(&format!("chase.{}.latency", size_name(bytes))).ok()?;
            Some((bytes as f64, device.measurement(&metric)?.summary()?.p50))
        })
        .collect();
    let x = Axis { scale: Scale::Log2, ..Axis::linear(plot::binary_size) };
    let dots = Series { look: Look::Dots, colour: BLUE, points: points.clone() };
    let plot = plain(LARGE, x, Axis::log(plot::short), vec![line(points), dots]);
    drawing(say!(language, "plot-latency"), say!(language, "plot-latency-note"), &plot)
}

/// Rates, or latencies, of one metric's samples in the order in which they were taken.
pub fn samples(m: &Measurement, language: Language) -> Option<Drawing> {
    let (Value::Timed(timed), Kind::Number(unit)) = (&m.value, m.metric.kind()) else { return None };
    let mut elapsed = 0.0;
    let points: Vec<(f64, f64)> = timed
        .samples
        .iter()
        .zip(m.figures())
        .map(|(sample, figure)| {
            let at = elapsed;
            elapsed += sample.host_ns as f64 / 1e9;
            (at, figure)
        })
        .collect();
    let look = if points.len() < 40 { Look::Dots } else { Look::Line };
    let series = Series { look, colour: BLUE, points };
    let plot = plain(SMALL, Axis::time(), Axis::linear(plot::short), vec![series]);
    drawing(m.metric.to_string(), say!(language, "plot-over-time", unit = unit.symbol()), &plot)
}

/// The timed metrics that clauses about this device name; without any, one of each probe.
pub fn chosen<'a>(report: &Report, device: &'a DeviceEvidence, index: usize) -> Vec<&'a Measurement> {
    let is_timed = |m: &&Measurement| matches!(&m.value, Value::Timed(timed) if timed.samples.len() > 1);
    let mut named: Vec<&MetricName> = Vec::new();
    for finding in &report.findings {
        if matches!(&finding.subject, crate::contract::Subject::Device { index: on, .. } if *on as usize != index)
        {
            continue;
        }
        let metrics = clauses::clause(report, &finding.clause).map(|clause| clause.rule.metrics());
        for metric in metrics.into_iter().flatten() {
            if !named.contains(&metric) {
                named.push(metric);
            }
        }
    }
    let mut chosen: Vec<&Measurement> =
        named.into_iter().filter_map(|metric| device.measurement(metric)).filter(is_timed).collect();
    if chosen.is_empty() {
        let default = |m: &&Measurement| {
            ["fma.fp32.rate", "gemm.bf16.rate", "gemm.fp32.rate", "stream.triad.rate"]
                .contains(&m.metric.as_str())
        };
        chosen = device.measurements.iter().filter(default).filter(is_timed).collect();
    }
    chosen.truncate(HISTOGRAMS_MAX);
    chosen
}

/// How often a batch took how long.
pub fn histogram(m: &Measurement, language: Language) -> Option<Drawing> {
    let Value::Timed(timed) = &m.value else { return None };
    let times = timed.samples.iter().map(|s| (s.device_ns.unwrap_or(s.host_ns) as f64 / 1e6, 1.0));
    let note = say!(language, "plot-histogram-note", repeat = timed.repeat.to_string());
    spread(m.metric.to_string(), note, &times.collect::<Vec<_>>())
}

/// How often others had the device, and for how long.
pub fn slices(device: &DeviceEvidence, language: Language) -> Option<Drawing> {
    let of =
        |m: &Measurement| if let Value::Lengths(lengths) = &m.value { Some(lengths.clone()) } else { None };
    let (metric, lengths) = device.measurements.iter().find_map(|m| Some((m.metric.to_string(), of(m)?)))?;
    let times = lengths.times.iter().map(|(ns, count)| (*ns as f64 / 1e6, *count as f64));
    spread(metric, say!(language, "plot-slices-note"), &times.collect::<Vec<_>>())
}

/// Of so many batches each took so many milliseconds.
pub fn spread(title: String, note: String, times: &[(f64, f64)]) -> Option<Drawing> {
    let (low, high) = times.iter().fold((f64::MAX, 0f64), |(low, high), (t, _)| (low.min(*t), high.max(*t)));
    let width = ((high - low) / 24.0).max(high * 1e-4);
    if !(width.is_finite() && width > 0.0) {
        return None;
    }
    let mut bars: Vec<(f64, f64)> = (0..25).map(|n| (low + f64::from(n) * width, 0.0)).collect();
    for (time, count) in times {
        if let Some(bar) = bars.get_mut(((time - low) / width) as usize) {
            bar.1 += count;
        }
    }
    let series = Series { look: Look::Bars(width), colour: BLUE, points: bars };
    let whole = |count: f64| if count.fract() == 0.0 { plot::short(count) } else { String::new() };
    let y = Axis { from_zero: true, ..Axis::linear(whole) };
    let plot = plain(SMALL, Axis { span_least: 0.01, ..Axis::linear(plot::short) }, y, vec![series]);
    drawing(title, note, &plot)
}

/// Where wrong words lie in the memory that was filled: a failing row or column of cells shows as a line.
pub fn addresses(device: &DeviceEvidence, tally: &Tally, language: Language) -> Option<Drawing> {
    const PAGE: u64 = 4096;
    let filled = device.measurements.iter().find(|m| m.metric.as_str() == "memory.filled.bytes");
    let filled = filled?.summary()?.p50;
    let bytes = tally.examples.iter().map(|wrong| wrong.word.saturating_mul(4));
    let points = bytes.map(|at| (at as f64 / 1e9, (at % PAGE) as f64)).collect();
    let series = Series { look: Look::Dots, colour: VERMILION, points };
    let x = Axis { domain: Some((0.0, filled / 1e9)), ..Axis::linear(plot::short) };
    let y = Axis { domain: Some((0.0, PAGE as f64)), ..Axis::linear(plot::short) };
    let title = say!(language, "plot-addresses");
    drawing(title, say!(language, "plot-addresses-note"), &plain(SMALL, x, y, vec![series]))
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn no_line_crosses_what_nobody_watched() {
        let points: Vec<(f64, f64)> = (0..6).map(|n| (f64::from(n) * 10.0, 1.0)).collect();
        assert_eq!(pieces(&points, &[]), [&points[..]]);
        assert_eq!(
            pieces(&points, &[(11.0, 15.0), (30.0, 40.0)]),
            [&points[..2], &points[2..4], &points[4..]]
        );
        assert_eq!(pieces(&points, &[(11.0, 29.0)]), [&points[..2], &points[3..]], "a reading from within");
        assert!(pieces(&[], &[(11.0, 15.0)]).is_empty());
    }
}
