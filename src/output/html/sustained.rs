//! A load that was kept up: rate, clocks, power, temperature and wrong results over one axis of time, and each wrong result.
//! Owns the choice of these; must not judge.

use maud::{Markup, html};

use super::device::figure;
use super::frame::{heads, recorded, scroll};
use super::plots::{self, Drawing, drawing, plain};
use super::sensors;
use crate::evidence::metric::Kind;
use crate::evidence::sustain::{Sensors, Span, Sustained, Window};
use crate::language::{Language, counted, say};
use crate::output::plot::{self, Axis, BLUE, Band, GREEN, Look, Plot, Series, VERMILION};
use crate::telemetry::Throttle;

/// Wide, since what matters is when.
const SIZE: (u32, u32) = (440, 190);
/// Wrong results that are shown without being asked for.
const FAULTS_OPEN_MAX: usize = 8;

pub fn part(load: &Sustained, is_drawn: bool, language: Language) -> Markup {
    let asked = plot::seconds(load.load.asked_ms as f64 / 1e3);
    html! {
        h3 {
            (say!(language, "title-load")) " "
            span.note {
                span.metric translate="no" { (load.load.metric) }
                (say!(language, "load-times", asked = asked, watched = plot::seconds(load.watched_ns() as f64 / 1e9)))
            }
        }
        @if is_drawn { (timelines(load, language)) }
        @if load.wrong() > 0 { (faults(load, language)) }
    }
}

fn timelines(load: &Sustained, language: Language) -> Markup {
    let end = load.windows.last().map_or(0.0, |last| since(load, last.to_ns));
    let is_shaded = !bands(load, end, language).is_empty();
    html! {
        @if is_shaded {
            p.note { (say!(language, "note-shaded")) }
        }
        div.grid { @for drawing in drawings(load, end, language) { (figure(&drawing)) } }
    }
}

fn faults(load: &Sustained, language: Language) -> Markup {
    let word = |word: Option<u32>| word.map_or("-".to_owned(), |word| format!("{word:#010x}"));
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let names = [
        say!(language, "head-after"),
        say!(language, "head-of"),
        say!(language, "head-word"),
        say!(language, "head-expected"),
        say!(language, "head-got"),
        "XOR".to_owned(),
        "\u{b0}C".to_owned(),
        "MHz".to_owned(),
    ];
    html! {
        div.warning {
            h3 { "\u{2718} " (say!(language, "title-wrong-under-load")) }
            p { (say!(language, "wrong-under-load", wrong = counted(load.wrong()), checked = counted(load.checked()))) }
            details open[load.faults.len() <= FAULTS_OPEN_MAX] {
                summary {
                    @if (load.faults.len() as u64) < load.wrong() { (say!(language, "some-word-by-word", count = load.faults.len())) }
                    @else { (say!(language, "all-word-by-word")) }
                }
                (scroll(&say!(language, "title-wrong-under-load"), html! { table {
                    (heads(&names))
                    tbody { @for fault in &load.faults { tr {
                        td.figure { (plot::seconds(since(load, fault.at_ns))) }
                        td { (recorded(&fault.of)) }
                        td.figure { (number(fault.word)) }
                        td.digest { (word(fault.expected)) }
                        td.digest { (word(fault.got)) }
                        td.digest { (word(fault.xor())) }
                        td.figure { (number(fault.temperature_c.map(u64::from))) }
                        td.figure { (number(fault.clock_mhz.map(u64::from))) }
                    } } }
                } }))
            }
        }
    }
}

/// Seconds since the load began.
fn since(load: &Sustained, at_ns: u64) -> f64 {
    let begun = load.windows.first().map_or(0, |first| first.from_ns);
    at_ns.saturating_sub(begun) as f64 / 1e9
}

type Sensor = (fn(Language) -> String, &'static str, f64, fn(&Sensors) -> Option<Span>);

const SENSORS: &[Sensor] = &[
    (|language| say!(language, "plot-clock-under-load"), "MHz", 1.0, |s| s.clock_mhz),
    (|language| say!(language, "plot-power-under-load"), "W", 1e-3, |s| s.power_mw),
    (|language| say!(language, "plot-temperature-under-load"), "\u{b0}C", 1.0, |s| s.temperature_c),
    (
        |language| say!(language, "plot-memory-temperature-under-load"),
        "\u{b0}C",
        1.0,
        |s| s.memory_temperature_c,
    ),
    (|language| say!(language, "plot-fan-under-load"), "%", 1.0, |s| s.fan_percent),
];

fn drawings(load: &Sustained, end: f64, language: Language) -> Vec<Drawing> {
    let middle = |w: &Window| (since(load, w.from_ns) + since(load, w.to_ns)) / 2.0;
    let draw = |title: String, note: String, y: Axis, series: Vec<Series>| {
        let x = Axis { domain: Some((0.0, end)), ..Axis::time() };
        let plot = Plot { bands: bands(load, end, language), ..plain(SIZE, x, y, series) };
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
        say!(language, "plot-rate-under-load"),
        say!(language, "plot-rate-note", unit = unit),
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
        let note = say!(language, "plot-sensor-note", unit = *unit);
        draw(title(language), note, Axis::linear(plot::short), series)
    });
    let wrong: Vec<(f64, f64)> =
        load.windows.iter().filter(|w| w.wrong > 0).map(|w| (middle(w), w.wrong as f64)).collect();
    let errors = draw(
        say!(language, "title-wrong-under-load"),
        say!(language, "plot-wrong-note"),
        Axis { from_zero: true, ..Axis::linear(plot::short) },
        lines(Look::Bars(end / 240.0), VERMILION, wrong),
    );
    let times: Vec<(f64, f64)> =
        load.times.iter().map(|(ns, count)| (*ns as f64 / 1e6, *count as f64)).collect();
    let title = say!(language, "plot-times-under-load");
    let times = plots::spread(title, say!(language, "plot-times-note"), &times);
    rate.into_iter().chain(sensors).chain(times).chain(errors).collect()
}

/// Windows in which looks told of reduced clocks, and times in which nothing was watched.
fn bands(load: &Sustained, end: f64, language: Language) -> Vec<Band> {
    let seconds = |from: u64, to: u64| (since(load, from), since(load, to));
    let throttled = Throttle::ALL.into_iter().flat_map(|reason| {
        let told = load.windows.iter().filter(move |w| w.sensors.told(reason) > 0);
        told.map(move |w| sensors::held(reason, seconds(w.from_ns, w.to_ns), language))
    });
    let gaps = load.gaps.iter().map(|(from, to)| sensors::unwatched(seconds(*from, *to), language));
    plot::merged(throttled.chain(gaps).collect(), end)
}
