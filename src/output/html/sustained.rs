//! A load that was kept up: rate, clocks, power, temperature and wrong results over one axis of time, and each wrong result.
//! Owns the choice of these; must not judge.

use maud::{Markup, html};

use super::device::figure;
use super::plots::{Drawing, SMALL, drawing, plain};
use crate::evidence::metric::Kind;
use crate::evidence::sustain::{Sensors, Span, Sustained, Window};
use crate::output::plot::{
    self, Axis, BLUE, Band, GREEN, GREY, Look, ORANGE, PURPLE, Plot, Series, VERMILION,
};
use crate::telemetry::Throttle;

pub fn part(load: &Sustained, is_drawn: bool) -> Markup {
    let asked = plot::seconds(load.load.asked_ms as f64 / 1e3);
    html! {
        h3 { "Full load kept up " span.note { (load.load.metric) ", asked for " (asked) ", watched for " (plot::seconds(load.watched_ns() as f64 / 1e9)) } }
        @if is_drawn { div.grid.small { @for drawing in drawings(load) { (figure(&drawing)) } } }
        @if load.wrong() > 0 { (faults(load)) }
    }
}

fn faults(load: &Sustained) -> Markup {
    let word = |word: Option<u32>| word.map_or("-".to_owned(), |word| format!("{word:#010x}"));
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    html! {
        div.warning {
            h3 { "\u{2718} Wrong results under load" }
            p { (load.wrong()) " of " (load.checked()) " results were wrong." }
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
            @if (load.faults.len() as u64) < load.wrong() { p.note { "The first " (load.faults.len()) " are shown." } }
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

fn drawings(load: &Sustained) -> Vec<Drawing> {
    let end = load.windows.last().map_or(0.0, |last| since(load, last.to_ns));
    let middle = |w: &Window| (since(load, w.from_ns) + since(load, w.to_ns)) / 2.0;
    let draw = |title: &str, note: String, y: Axis, series: Vec<Series>| {
        let x = Axis { domain: Some((0.0, end)), ..Axis::linear(plot::seconds) };
        let plot = Plot { bands: bands(load, end), ..plain(SMALL, x, y, series) };
        drawing(title, note, &plot)
    };
    let line = |look, colour, points| Series { look, colour, points };
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
        vec![line(look, BLUE, rates)],
    );
    let sensors = SENSORS.iter().filter_map(|(title, unit, factor, sensor)| {
        let ends = |pick: fn(Span) -> u32| {
            let seen = load
                .windows
                .iter()
                .filter_map(|w| Some((middle(w), f64::from(pick(sensor(&w.sensors)?)) * factor)));
            seen.collect()
        };
        let series =
            vec![line(Look::Line, BLUE, ends(|s| s.most)), line(Look::Dashed, GREEN, ends(|s| s.least))];
        let note = format!("{unit} over time; line: most of a window, dashed: least");
        draw(title, note, Axis::linear(plot::short), series)
    });
    let wrong: Vec<(f64, f64)> =
        load.windows.iter().filter(|w| w.wrong > 0).map(|w| (middle(w), w.wrong as f64)).collect();
    let errors = draw(
        "Wrong results under load",
        "per window, over time".to_owned(),
        Axis { from_zero: true, ..Axis::linear(plot::short) },
        vec![line(Look::Bars(end / 240.0), VERMILION, wrong)],
    );
    rate.into_iter().chain(sensors).chain(errors).collect()
}

/// Windows in which looks told of reduced clocks, and times in which nothing was watched.
fn bands(load: &Sustained, end: f64) -> Vec<Band> {
    let reasons = [(Throttle::Thermal, VERMILION), (Throttle::Power, ORANGE), (Throttle::Brake, PURPLE)];
    let throttled = reasons.into_iter().flat_map(|(reason, colour)| {
        let told = load.windows.iter().filter(move |w| w.sensors.told(reason) > 0);
        told.map(move |w| (w.from_ns, w.to_ns, reason.name(), colour))
    });
    let gaps = load.gaps.iter().map(|(from, to)| (*from, *to, "not watched", GREY));
    let band = |(from, to, name, colour)| Band { from: since(load, from), to: since(load, to), name, colour };
    plot::merged(throttled.chain(gaps).map(band).collect(), end)
}
