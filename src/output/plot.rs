//! Plots as SVG with real text: lines, dots, bars and bands over one pair of axes.
//! Owns ticks, thinning, colours and drawing; must not know what is plotted, nor on what page.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;

/// Points that a line keeps: more cannot be told apart on a page.
const POINTS_MAX: usize = 400;
/// Bands that a plot keeps: more cannot be told apart either.
const BANDS_MAX: usize = 60;
/// So that noise does not look like collapse.
const SPAN_LEAST: f64 = 0.1;
/// The backend places everything at whole pixels; twice as many make lines smooth.
const SCALE: u32 = 2;

/// Colours that the colour-blind can tell apart (Okabe and Ito). The page's style sheet knows them by these values and
/// turns them for dark rooms; none of them says anything that words or shapes do not say too.
pub const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
pub const VERMILION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
pub const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
pub const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
pub const PURPLE: RGBColor = RGBColor(0xcc, 0x79, 0xa7);
const INK: RGBColor = RGBColor(0x11, 0x11, 0x11);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
pub const GREY: RGBColor = RGBColor(0x88, 0x88, 0x88);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// In decades.
    Log10,
    /// In powers of two, for sizes.
    Log2,
}

pub struct Axis {
    pub scale: Scale,
    /// What stands at a tick.
    pub label: fn(f64) -> String,
    /// Whether zero must be seen.
    pub from_zero: bool,
    /// A linear axis spans at least this share of what it shows.
    pub span_least: f64,
    /// What must lie on the axis, so that plots below each other have one axis.
    pub domain: Option<(f64, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Look {
    Line,
    Dashed,
    Dots,
    /// Bars of this width, which begin at the points' x.
    Bars(f64),
}

pub struct Series {
    pub look: Look,
    pub colour: RGBColor,
    pub points: Vec<(f64, f64)>,
}

/// A stretch of the x axis in which something held.
pub struct Band {
    pub from: f64,
    pub to: f64,
    pub name: &'static str,
    pub colour: RGBColor,
}

/// A word beside a point.
pub struct Mark {
    pub at: (f64, f64),
    pub text: String,
}

pub struct Plot {
    pub size: (u32, u32),
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    pub bands: Vec<Band>,
    pub marks: Vec<Mark>,
}

impl Axis {
    pub fn linear(label: fn(f64) -> String) -> Self {
        Self { scale: Scale::Linear, label, from_zero: false, span_least: SPAN_LEAST, domain: None }
    }

    pub fn log(label: fn(f64) -> String) -> Self {
        Self { scale: Scale::Log10, ..Self::linear(label) }
    }

    /// Where `value` lies on the axis, in what the backend draws linearly; `None` where it has no place.
    fn place(&self, value: f64) -> Option<f64> {
        let placed = match self.scale {
            Scale::Linear => value,
            Scale::Log10 => value.log10(),
            Scale::Log2 => value.log2(),
        };
        placed.is_finite().then_some(placed)
    }

    fn value(&self, placed: f64) -> f64 {
        match self.scale {
            Scale::Linear => placed,
            Scale::Log10 => 10f64.powf(placed),
            Scale::Log2 => placed.exp2(),
        }
    }

    /// From where to where, around `placed`: `None` where there is nothing.
    fn range(&self, placed: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
        let ends = self.domain.into_iter().flat_map(|(low, high)| [low, high]);
        let (mut low, mut high) = placed
            .chain(ends.filter_map(|end| self.place(end)))
            .map(|v| (v, v))
            .reduce(|(low, high), (v, _)| (low.min(v), high.max(v)))?;
        if self.from_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let least = match self.scale {
            Scale::Linear => self.span_least * low.abs().max(high.abs()).max(f64::MIN_POSITIVE),
            Scale::Log10 | Scale::Log2 => 1.0,
        };
        let missing = (least - (high - low)).max(0.0) / 2.0;
        let margin = 0.04 * (high - low).max(least);
        let low = if self.from_zero && low == 0.0 { 0.0 } else { low - missing - margin };
        let (low, high) = (low, high + missing + margin);
        (low.is_finite() && high.is_finite() && low < high).then_some((low, high))
    }

    /// Round figures between `low` and `high`, placed. At most a dozen, whatever the range.
    fn ticks(&self, low: f64, high: f64) -> Vec<f64> {
        let step = match self.scale {
            Scale::Linear => round_step((high - low) / 4.5),
            Scale::Log10 if high - low < 2.5 => return fine_decades(low, high),
            Scale::Log10 | Scale::Log2 => ((high - low) / 6.0).ceil().max(1.0),
        };
        let first = (low / step).ceil();
        let ticks = (0..12).map(|n| (first + f64::from(n)) * step);
        ticks.take_while(|tick| *tick <= high).collect()
    }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= least).unwrap_or(least)
}

/// 1, 2 and 5 of each decade.
fn fine_decades(low: f64, high: f64) -> Vec<f64> {
    let first = low.floor();
    let ticks = (0..4).flat_map(|n| [1f64, 2.0, 5.0].map(|digit| first + f64::from(n) + digit.log10()));
    ticks.filter(|tick| (low..=high).contains(tick)).collect()
}

/// `3.2T`, `700`, `20k`: a figure at a tick, whose unit stands in the caption.
pub fn short(value: f64) -> String {
    let prefixes = [("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)];
    let (prefix, factor) =
        prefixes.into_iter().find(|(_, factor)| value.abs() >= *factor * 0.9999).unwrap_or(("", 1.0));
    let text = format!("{:.3}", value / factor);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}{prefix}", if text == "-0" { "0" } else { text })
}

/// `0.5 s`, `12 s`, `4 min`, `30 h`
pub fn seconds(value: f64) -> String {
    let (value, unit) = match value {
        v if v >= 3.0 * 3600.0 => (v / 3600.0, "h"),
        v if v >= 180.0 => (v / 60.0, "min"),
        v => (v, "s"),
    };
    format!("{} {unit}", short(value))
}

/// `4 KiB`, `64 MiB`
pub fn binary_size(value: f64) -> String {
    let prefixes = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let (prefix, shift) =
        prefixes.into_iter().find(|(_, s)| value >= f64::from(1u32 << s)).unwrap_or(("B", 0));
    format!("{} {prefix}", short(value / f64::from(1u32 << shift)))
}

/// At most [`POINTS_MAX`] of `points`: of each stretch the lowest and the highest, in their order.
fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= POINTS_MAX {
        return points;
    }
    let stretch = points.len().div_ceil(POINTS_MAX / 2);
    let mut kept = Vec::with_capacity(POINTS_MAX);
    for part in points.chunks(stretch) {
        let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (Some(low), Some(high)) = (part.iter().min_by(by_y), part.iter().max_by(by_y)) else { continue };
        kept.extend(if low.0 <= high.0 { [*low, *high] } else { [*high, *low] });
    }
    kept
}

/// At most `BANDS_MAX` bands of one name: neighbours with less than a hundredth of the plot between them become one.
pub fn merged(mut bands: Vec<Band>, span: f64) -> Vec<Band> {
    bands.sort_by(|a, b| a.name.cmp(b.name).then(a.from.total_cmp(&b.from)));
    let mut kept: Vec<Band> = Vec::new();
    for band in bands {
        match kept.last_mut() {
            Some(last) if last.name == band.name && band.from - last.to < span / 100.0 => {
                last.to = last.to.max(band.to);
            }
            _ => kept.push(band),
        }
    }
    kept.truncate(BANDS_MAX);
    kept
}

/// What is placed on both axes already.
struct Placed {
    look: Look,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

/// The plot, or `None` where there is nothing to draw. `about` says in words what it shows.
pub fn svg(plot: &Plot, about: &str) -> Option<String> {
    let placed: Vec<Placed> = plot.series.iter().map(|series| place(plot, series)).collect();
    let points = || placed.iter().flat_map(|series| &series.points);
    let ends = placed.iter().flat_map(|series| match series.look {
        Look::Bars(width) => series.points.iter().map(|p| p.0 + width).collect(),
        Look::Line | Look::Dashed | Look::Dots => Vec::new(),
    });
    let marks = plot.marks.iter().filter_map(|mark| plot.y.place(mark.at.1));
    points().next()?;
    let x = plot.x.range(points().map(|p| p.0).chain(ends))?;
    let y = plot.y.range(points().map(|p| p.1).chain(marks))?;
    let mut text = String::new();
    draw(plot, &placed, (x, y), &mut text).ok()?;
    let label = about.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    Some(text.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1))
}

fn place(plot: &Plot, series: &Series) -> Placed {
    let points = series.points.iter().filter_map(|(x, y)| Some((plot.x.place(*x)?, plot.y.place(*y)?)));
    Placed { look: series.look, colour: series.colour, points: thin(points.collect()) }
}

/// One axis as the backend knows it: linear, with our ticks.
struct Coordinates {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Ranged for Coordinates {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        from + (share * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Coordinates, Coordinates>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

fn draw(plot: &Plot, placed: &[Placed], ranges: ((f64, f64), (f64, f64)), out: &mut String) -> Drawn {
    let ((left, right), (bottom, top)) = ranges;
    let size = (plot.size.0 * SCALE, plot.size.1 * SCALE);
    let root: DrawingArea<_, Shift> = SVGBackend::with_string(out, size).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin_top(8 * SCALE)
        .margin_right(20 * SCALE)
        .set_label_area_size(LabelAreaPosition::Left, 46 * SCALE)
        .set_label_area_size(LabelAreaPosition::Bottom, 22 * SCALE)
        .build_cartesian_2d(
            Coordinates { low: left, high: right, ticks: plot.x.ticks(left, right) },
            Coordinates { low: bottom, high: top, ticks: plot.y.ticks(bottom, top) },
        )?;
    let (x_label, y_label) =
        (|v: &f64| (plot.x.label)(plot.x.value(*v)), |v: &f64| (plot.y.label)(plot.y.value(*v)));
    chart
        .configure_mesh()
        .bold_line_style(GRID.stroke_width(SCALE))
        .axis_style(GREY.stroke_width(SCALE))
        .label_style(font())
        .x_label_formatter(&x_label)
        .y_label_formatter(&y_label)
        .draw()?;
    for (row, band) in plot.bands.iter().enumerate() {
        draw_band(plot, band, row, (bottom, top), &mut chart)?;
    }
    for series in placed {
        draw_series(series, bottom, &mut chart)?;
    }
    for mark in &plot.marks {
        if let (Some(x), Some(y)) = (plot.x.place(mark.at.0), plot.y.place(mark.at.1)) {
            chart.draw_series([Text::new(mark.text.clone(), (x, y), font())])?;
        }
    }
    drop(chart);
    root.present()
}

fn font() -> TextStyle<'static> {
    ("sans-serif", 15 * SCALE).into_font().color(&INK)
}

/// The name stands at the top of the band, a line lower for each further kind.
fn draw_band(plot: &Plot, band: &Band, row: usize, (bottom, top): (f64, f64), chart: &mut Chart) -> Drawn {
    let (Some(from), Some(to)) = (plot.x.place(band.from), plot.x.place(band.to)) else { return Ok(()) };
    chart.draw_series([Rectangle::new([(from, bottom), (to, top)], band.colour.mix(0.25).filled())])?;
    let is_first = plot.bands.iter().position(|other| other.name == band.name) == Some(row);
    if is_first {
        let kinds =
            plot.bands[..row].iter().map(|other| other.name).collect::<std::collections::BTreeSet<_>>();
        let y = top - (top - bottom) * 0.09 * kinds.len() as f64;
        chart.draw_series([Text::new(band.name, (from, y), font())])?;
    }
    Ok(())
}

fn draw_series(series: &Placed, bottom: f64, chart: &mut Chart) -> Drawn {
    let points = series.points.iter().copied();
    let line = series.colour.stroke_width(SCALE * 3 / 2);
    let drawn = match series.look {
        Look::Line => chart.draw_series(LineSeries::new(points, line)),
        Look::Dashed => chart.draw_series(DashedLineSeries::new(points, 6 * SCALE, 4 * SCALE, line)),
        Look::Dots => chart.draw_series(points.map(|at| Circle::new(at, 3 * SCALE, series.colour.filled()))),
        Look::Bars(width) => chart.draw_series(
            points.map(|(x, y)| Rectangle::new([(x, bottom), (x + width * 0.92, y)], series.colour.filled())),
        ),
    };
    drawn.map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn line(points: Vec<(f64, f64)>) -> Plot {
        Plot {
            size: (440, 200),
            x: Axis::linear(seconds),
            y: Axis::linear(short),
            series: vec![Series { look: Look::Line, colour: BLUE, points }],
            bands: Vec::new(),
            marks: Vec::new(),
        }
    }

    #[test]
    fn thinning_keeps_the_lowest_and_the_highest_in_order() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|n| (f64::from(n), 1.0)).collect();
        (points[7777].1, points[7778].1, points[55_555].1) = (9.0, -9.0, 11.0);
        let kept = thin(points.clone());
        assert!(kept.len() <= POINTS_MAX, "{}", kept.len());
        assert!(kept.windows(2).all(|two| two[0].0 <= two[1].0));
        for at in [7777, 7778, 55_555] {
            assert!(kept.contains(&points[at]), "{at}");
        }
        assert_eq!(thin(points[..POINTS_MAX].to_vec()), points[..POINTS_MAX]);
    }

    #[test]
    fn ticks_are_round_and_few_whatever_the_range() {
        let linear = Axis::linear(short);
        assert_eq!(linear.ticks(0.0, 10.0), [0.0, 5.0, 10.0]);
        assert_eq!(linear.ticks(96.0, 104.0), [96.0, 98.0, 100.0, 102.0, 104.0]);
        let sizes = Axis { scale: Scale::Log2, ..Axis::linear(binary_size) };
        let labels: Vec<String> = sizes.ticks(11.5, 32.5).iter().map(|t| binary_size(t.exp2())).collect();
        assert_eq!(labels, ["4 KiB", "64 KiB", "1 MiB", "16 MiB", "256 MiB", "4 GiB"]);
        for (low, high) in [(-1e300, 1e300), (0.0, f64::MIN_POSITIVE), (1e15, 1e15 + 1.0), (-300.0, 308.0)] {
            for axis in [Axis::linear(short), Axis::log(short)] {
                assert!(axis.ticks(low, high).len() <= 12);
            }
        }
    }

    #[test]
    fn nonsense_is_left_out_and_nothing_gives_no_plot() {
        assert!(svg(&line(Vec::new()), "").is_none());
        assert!(svg(&line(vec![(0.0, f64::NAN), (f64::INFINITY, 1.0)]), "").is_none());
        let huge = f64::from(u32::MAX).powi(4);
        for points in [
            vec![(0.0, 5.0)],
            vec![(0.0, 0.0), (1.0, 0.0)],
            vec![(0.0, 5.0), (1.0, f64::NAN), (2.0, 6.0)],
            vec![(0.0, 1.8e19), (1.8e19, 1.8e19 + 2048.0)],
            vec![(0.0, -huge), (1.0, huge)],
        ] {
            let drawn = svg(&line(points.clone()), "a & \"b\" <c>").unwrap();
            assert!(
                drawn.contains("<polyline") && !drawn.contains("NaN") && !drawn.contains("inf"),
                "{points:?}"
            );
            assert!(drawn.contains("aria-label=\"a &amp; &quot;b&quot; &lt;c>\""), "{drawn:.200}");
        }
        let mut log = line(vec![(0.0, 0.0), (1.0, -1.0)]);
        log.y = Axis::log(short);
        assert!(svg(&log, "").is_none(), "what has no logarithm has no place");
    }

    #[test]
    fn every_look_is_drawn_and_bands_have_their_names() {
        let mut plot = line((0..10).map(|n| (f64::from(n), f64::from(n * n))).collect());
        for look in [Look::Dashed, Look::Dots, Look::Bars(1.0)] {
            plot.series.push(Series { look, colour: VERMILION, points: plot.series[0].points.clone() });
        }
        let band = |from: f64| Band { from, to: from + 1.0, name: "thermal", colour: VERMILION };
        plot.bands = merged(vec![band(5.0), band(2.0), band(6.0)], 10.0);
        plot.marks = vec![Mark { at: (3.0, 9.0), text: "<A>".into() }];
        assert_eq!(plot.bands.iter().map(|b| (b.from, b.to)).collect::<Vec<_>>(), [(2.0, 3.0), (5.0, 7.0)]);
        let drawn = svg(&plot, "").unwrap();
        for part in ["<circle", "<rect", "thermal", "&lt;A&gt;", "#D55E00", "font-family=\"sans-serif\""] {
            assert!(drawn.contains(part), "{part}");
        }
        assert_eq!(drawn.matches("thermal").count(), 1, "a name stands once for all its bands");
    }

    #[test]
    fn figures_at_ticks_are_short() {
        let shown = [short(0.0), short(3.25e12), short(700.0), short(1e15), short(0.25), short(-2000.0)];
        assert_eq!(shown, ["0", "3.25T", "700", "1P", "0.25", "-2k"]);
        let times = [seconds(12.0), seconds(240.0), seconds(108_000.0)];
        assert_eq!(times, ["12 s", "4 min", "30 h"]);
    }
}
