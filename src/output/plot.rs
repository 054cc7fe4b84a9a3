//! Plots as SVG with real text: lines, dots, bars and bands over one pair of axes.
//! Owns thinning, colours and drawing; must not know what is plotted, nor on what page.

mod axis;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;

pub use axis::{Axis, Scale, binary_size, seconds, short};

/// Points that a line keeps: more cannot be told apart on a page.
const POINTS_MAX: usize = 400;
/// Bands that a plot keeps: more cannot be told apart either.
const BANDS_MAX: usize = 60;
/// The backend places everything at whole pixels; twice as many make lines smooth.
const SCALE: u32 = 2;
/// Height of text, of what is left free above, and of the labels below.
const FONT: u32 = 15;
const ABOVE: u32 = 8;
const BELOW: u32 = 22;

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
    pub name: String,
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
    bands.sort_by(|a, b| a.name.cmp(&b.name).then(a.from.total_cmp(&b.from)));
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
    let (bottom, top) = plot.y.range(points().map(|p| p.1).chain(marks))?;
    // Room for the names of bands, so that no line runs through them.
    let names = name_share(plot) * kinds(&plot.bands) as f64;
    let y = (bottom, bottom + (top - bottom) / (1.0 - names.min(0.6)));
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
        .margin_top(ABOVE * SCALE)
        .margin_right(20 * SCALE)
        .set_label_area_size(LabelAreaPosition::Left, 46 * SCALE)
        .set_label_area_size(LabelAreaPosition::Bottom, BELOW * SCALE)
        .build_cartesian_2d(
            Coordinates { low: left, high: right, ticks: plot.x.ticks(left, right) },
            Coordinates { low: bottom, high: top, ticks: plot.y.ticks(bottom, top) },
        )?;
    let (x_label, y_label) = (|v: &f64| plot.x.label_at(*v, right), |v: &f64| plot.y.label_at(*v, top));
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

/// How many different names bands have.
fn kinds(bands: &[Band]) -> usize {
    bands.iter().map(|band| &band.name).collect::<std::collections::BTreeSet<_>>().len()
}

/// The height of a band's name, of the height that is drawn on.
fn name_share(plot: &Plot) -> f64 {
    1.2 * f64::from(FONT) / f64::from(plot.size.1.saturating_sub(ABOVE + BELOW).max(FONT))
}

fn font() -> TextStyle<'static> {
    ("sans-serif", FONT * SCALE).into_font().color(&INK)
}

/// The name stands at the top of the band, a line lower for each further kind.
fn draw_band(plot: &Plot, band: &Band, row: usize, (bottom, top): (f64, f64), chart: &mut Chart) -> Drawn {
    let (Some(from), Some(to)) = (plot.x.place(band.from), plot.x.place(band.to)) else { return Ok(()) };
    chart.draw_series([Rectangle::new([(from, bottom), (to, top)], band.colour.mix(0.25).filled())])?;
    let is_first = plot.bands.iter().position(|other| other.name == band.name) == Some(row);
    if is_first {
        let y = top - (top - bottom) * name_share(plot) * kinds(&plot.bands[..row]) as f64;
        chart.draw_series([Text::new(band.name.clone(), (from, y), font())])?;
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
            x: Axis::time(),
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
        let band = |from: f64| Band { from, to: from + 1.0, name: "thermal".to_owned(), colour: VERMILION };
        plot.bands = merged(vec![band(5.0), band(2.0), band(6.0)], 10.0);
        plot.marks = vec![Mark { at: (3.0, 9.0), text: "<A>".into() }];
        assert_eq!(plot.bands.iter().map(|b| (b.from, b.to)).collect::<Vec<_>>(), [(2.0, 3.0), (5.0, 7.0)]);
        let drawn = svg(&plot, "").unwrap();
        for part in ["<circle", "<rect", "thermal", "&lt;A&gt;", "#D55E00", "font-family=\"sans-serif\""] {
            assert!(drawn.contains(part), "{part}");
        }
        assert_eq!(drawn.matches("thermal").count(), 1, "a name stands once for all its bands");
    }
}
