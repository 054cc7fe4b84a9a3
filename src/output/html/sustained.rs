//! A load that was kept up: rate, clocks, power, temperature and wrong results over one axis of time, and each wrong result.
//! Owns the choice of these; must not judge.

use maud::{Markup, html};

use super::device::figure;
use super::plots::{self, Drawing, drawing, plain};
use crate::evidence::metric::Kind;
use crate::evidence::sustain::{Sensors, Span, Sustained, Window};
use crate::output::plot::{self, Axis, BLUE, Band, GREEN, Look, ORANGE, PURPLE, Plot, Series, VERMILION};
use crate::telemetry::Throttle;

/// Wide, since what matters is when.
const SIZE: (u32, u32) = (440, 190);
/// Wrong results that are shown without being asked for.
const FAULTS_OPEN_MAX: usize = 8;

pub fn part(load: &Sustained, is_drawn: bool) -> Markup {
    let asked = plot::seconds(load.load.asked_ms as f64 / 1e3);
    html! {
        h3 { "Full load kept up " span.note { (load.load.metric) ", asked for " (asked) ", watched for " (plot::seconds(load.watched_ns() as f64 / 1e9)) } }
        @if is_drawn { (timelines(load)) }
        @if load.wrong() > 0 { (faults(load)) }
    }
}

fn timelines(load: &Sustained) -> Markup {
    let end = load.windows.last().map_or(0.0, |last| since(load, last.to_ns));
    let is_shaded = !bands(load, end).is_empty();
    html! {
        @if is_shaded {
            p.note { "Shaded: when the device said that it held its clocks down, and for what, and when nobody watched." }
        }
        div.grid { @for drawing in drawings(load, end) { (figure(&drawing)) } }
    }
}

fn faults(load: &Sustained) -> Markup {
    let word = |word: Option<u32>| word.map_or("-".to_owned(), |word| format!("{word:#010x}"));
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    html! {
        div.warning {
            h3 { "\u{2718} Wrong results under load" }
            p { (load.wrong()) " of " (load.checked()) " results were wrong." }
            details open[load.faults.len() <= FAULTS_OPEN_MAX] {
                summary { @if (load.faults.len() as u64) < load.wrong() { "The first " (load.faults.len()) } @else { "All of them" } ", word by word" }
                div.scroll { table {
                    thead { tr { @for name in ["after", "of", "word", "expected", "got", "\u{b0}C", "MHz"] { th scope="col" { (name) } } } }
                    tbody { @for fault in &load.faults { tr {
                        td.figure { (plot::seconds(since(load, fault.at_ns))) }
                        td { (fault.of) }
                        td.figure { (number(fault.word)) }
                        td.digest { (word(fault.expected)) }
                        td.digest { (word(fault.got)) }
                        td.figure { (number(fault.temperature_c.map(u64::from))) }
                        td.figure { (number(fault.clock_mhz.map(u64::from))) }
                    } } }
                } }
            }
        }
    }
}

/// Seconds since the load began.
fn since(load: &Sustained, at_ns: u64) -> f64 {
    let begun = load.windows.first().map_or(0, |first| first.from_ns);
    at_ns.saturating_sub(begun) as f64 / 1e9
}

type Sensor = (&'static str, &'static str, f64, fn(&Sensors) -> Option<Span>);

const SENSORS: &[Sensor] = &[
    ("Clock under load", "MHz", 1.0, |s| s.clock_mhz),
    ("Power under load", "W", 1e-3, |s| s.power_mw),
    ("Temperature under load", "\u{b0}C", 1.0, |s| s.temperature_c),
];

fn drawings(load: &Sustained, end: f64) -> Vec<Drawing> {
    let middle = |w: &Window| (since(load, w.from_ns) + since(load, w.to_ns)) / 2.0;
    let draw = |title: &str, note: String, y: Axis, series: Vec<Series>| {
        let x = Axis { domain: Some((0.0, end)), ..Axis::time() };
        let plot = Plot { bands: bands(load, end), ..plain(SIZE, x, y, series) };
        drawing(title, note, &plot)
    };
    let gaps: Vec<(f64, f64)> =
        load.gaps.iter().map(|(from, to)| (since(load, *from), since(load, *to))).collect();
    let lines = |look, colour, points: Vec<(f64, f64)>| {
        let pieces = plots::pieces(&points, &gaps).into_iter();
        pieces.map(move |points| Series { look, colour, points }).collect::<Vec<_>>()
    };
    let rates: Vec<(f64, f64)> = load.rated().map(|(window, rate)| (middle(window), rate)).collect();
    let unit = match load.load.metric.kind() {
        Kind::Number(unit) => unit.symbol(),
        Kind::Fact => "",
    };
    let look = if rates.len() < 40 { Look::Dots } else { Look::Line };
    let rate = draw(
        "Rate under load",
        format!("{unit} over time, window by window"),
        Axis::linear(plot::short),
        lines(look, BLUE, rates),
    );
    let sensors = SENSORS.iter().filter_map(|(title, unit, factor, sensor)| {
        let ends = |pick: fn(Span) -> u32| {
            let seen = load
                .windows
                .iter()
                .filter_map(|w| Some((middle(w), f64::from(pick(sensor(&w.sensors)?)) * factor)));
            seen.collect()
        };
        let most = lines(Look::Line, BLUE, ends(|s| s.most));
        let least = lines(Look::Dashed, GREEN, ends(|s| s.least));
        let series = most.into_iter().chain(least).collect();
        let note = format!("{unit} over time; line: most of a window, dashed: least");
        draw(title, note, Axis::linear(plot::short), series)
    });
    let wrong: Vec<(f64, f64)> =
        load.windows.iter().filter(|w| w.wrong > 0).map(|w| (middle(w), w.wrong as f64)).collect();
    let errors = draw(
        "Wrong results under load",
        "per window, over time".to_owned(),
        Axis { from_zero: true, ..Axis::linear(plot::short) },
        lines(Look::Bars(end / 240.0), VERMILION, wrong),
    );
    rate.into_iter().chain(sensors).chain(errors).collect()
}

/// Windows in which looks told of reduced clocks, and times in which nothing was watched.
fn bands(load: &Sustained, end: f64) -> Vec<Band> {
    let reasons = [(Throttle::Thermal, VERMILION), (Throttle::Power, ORANGE), (Throttle::Brake, PURPLE)];
    let throttled = reasons.into_iter().flat_map(|(reason, colour)| {
        let told = load.windows.iter().filter(move |w| w.sensors.told(reason) > 0);
        told.map(move |w| Band {
            from: since(load, w.from_ns),
            to: since(load, w.to_ns),
            name: reason.name(),
            colour,
        })
    });
    let gaps = load.gaps.iter().map(|(from, to)| plots::unwatched(since(load, *from), since(load, *to)));
    plot::merged(throttled.chain(gaps).collect(), end)
}
