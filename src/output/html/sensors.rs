//! What sensors and counters of a device told over time, on one axis of time, with what held its clocks down.
//! Owns the choice of these and their order; must not judge.

use super::plots::{Drawing, SMALL, drawing, pieces, plain};
use crate::evidence::counters::{COUNTERS, CounterDef, XIDS};
use crate::evidence::lapse::LapseKind;
use crate::evidence::{DeviceEvidence, TimedReading};
use crate::language::{Language, say};
use crate::output::plot::{
    self, Axis, BLUE, Band, GREEN, GREY, Look, Mark, ORANGE, PURPLE, Plot, Series, VERMILION,
};
use crate::telemetry::{Reading, Throttle};

type Words = fn(Language) -> String;

/// One quantity of the sensors: its name, and how a reading says it.
type Sensor = (Words, Look, fn(&Reading) -> Option<f64>);

const SENSORS: &[(Words, &str, &[Sensor])] = &[
    (
        |language| say!(language, "plot-clocks"),
        "MHz",
        &[
            (|language| say!(language, "sensor-multiprocessors"), Look::Line, |r| r.clock_mhz.map(f64::from)),
            (|language| say!(language, "sensor-memory"), Look::Dashed, |r| r.memory_clock_mhz.map(f64::from)),
        ],
    ),
    (
        |language| say!(language, "plot-power"),
        "W",
        &[
            (
                |language| say!(language, "sensor-drawn"),
                Look::Line,
                |r| r.power_mw.map(|mw| f64::from(mw) / 1e3),
            ),
            (
                |language| say!(language, "sensor-limit"),
                Look::Dashed,
                |r| r.power_limit_mw.map(|mw| f64::from(mw) / 1e3),
            ),
        ],
    ),
    (
        |language| say!(language, "plot-temperature"),
        "\u{b0}C",
        &[
            (|language| say!(language, "sensor-chip"), Look::Line, |r| r.temperature_c.map(f64::from)),
            (
                |language| say!(language, "sensor-memory"),
                Look::Dashed,
                |r| r.memory_temperature_c.map(f64::from),
            ),
        ],
    ),
    (
        |language| say!(language, "plot-fan"),
        "%",
        &[(|language| say!(language, "sensor-fan"), Look::Line, |r| r.fan_percent.map(f64::from))],
    ),
    (
        |language| say!(language, "plot-busy"),
        "%",
        &[
            (|language| say!(language, "sensor-units"), Look::Line, |r| r.busy_percent.map(f64::from)),
            (
                |language| say!(language, "sensor-memory"),
                Look::Dashed,
                |r| r.memory_busy_percent.map(f64::from),
            ),
        ],
    ),
];

/// Everything on one axis of time, with bands where the device says that it holds its clocks down. Counters stand there
/// only if they rose.
pub fn telemetry(device: &DeviceEvidence, language: Language) -> Vec<Drawing> {
    let Some(time) = Time::of(device) else { return Vec::new() };
    let sensors = SENSORS.iter().filter_map(|row| sensor(device, &time, row, language));
    let counters = COUNTERS.iter().filter_map(|counter| rises(device, &time, counter, language));
    sensors.chain(counters).collect()
}

/// The axis: from the first reading to the last, and when nobody watched, all in seconds since the first.
struct Time {
    first_ns: u64,
    end: f64,
    gaps: Vec<(f64, f64)>,
}

impl Time {
    fn of(device: &DeviceEvidence) -> Option<Self> {
        let (first, last) = device.timeline.first().zip(device.timeline.last())?;
        let begun = Self { first_ns: first.at_ns, end: 0.0, gaps: Vec::new() };
        let under_load = device.sustained.iter().flat_map(|load| load.gaps.iter().copied());
        let stood = device.lapses.iter().filter(|lapse| lapse.kind == LapseKind::Stood);
        let stood = stood.map(|lapse| (lapse.at_ns.saturating_sub(lapse.ns), lapse.at_ns));
        let gaps = under_load.chain(stood).map(|(from, to)| (begun.at(from), begun.at(to))).collect();
        Some(Self { end: begun.at(last.at_ns), gaps, ..begun })
    }

    fn at(&self, ns: u64) -> f64 {
        ns.saturating_sub(self.first_ns) as f64 / 1e9
    }

    fn plot(&self, device: &DeviceEvidence, y: Axis, series: Vec<Series>, language: Language) -> Plot {
        let x = Axis { domain: Some((0.0, self.end)), ..Axis::time() };
        Plot { bands: shaded(device, self, language), ..plain(SMALL, x, y, series) }
    }
}

fn sensor(
    device: &DeviceEvidence,
    time: &Time,
    (title, unit, sensors): &(Words, &str, &[Sensor]),
    language: Language,
) -> Option<Drawing> {
    let mut said = Vec::new();
    let series = sensors.iter().zip([BLUE, GREEN]).filter_map(|((name, look, value), colour)| {
        let told = device.timeline.iter();
        let points: Vec<(f64, f64)> =
            told.filter_map(|r| Some((time.at(r.at_ns), value(&r.reading)?))).collect();
        let style = if *look == Look::Dashed { "dashed" } else { "line" };
        let key = || say!(language, "plot-key", style = style, name = name(language));
        (points.len() > 1).then(|| said.push(key()))?;
        let pieces = pieces(&points, &time.gaps).into_iter();
        Some(pieces.map(|points| Series { look: *look, colour, points }).collect::<Vec<_>>())
    });
    let series: Vec<Series> = series.flatten().collect();
    let plot = time.plot(device, Axis::linear(plot::short), series, language);
    let note = say!(language, "plot-over-time-with-keys", unit = *unit, keys = language.list(&said));
    drawing(title(language), note, &plot)
}

/// When a counter rose, and by how much; driver error events with their codes.
fn rises(device: &DeviceEvidence, time: &Time, counter: &CounterDef, language: Language) -> Option<Drawing> {
    let rises: Vec<(&TimedReading, f64)> =
        counter.rises(&device.timeline).map(|(at, rise)| (at, rise as f64)).collect();
    let point = |(at, rise): &(&TimedReading, f64)| (time.at(at.at_ns), *rise);
    let mut marks = Vec::new();
    if counter.name == XIDS {
        let mut known: &[(u64, u64)] = &[];
        for rise in &rises {
            let codes = rise.0.reading.xid_codes.as_deref().unwrap_or_default();
            let new = codes.iter().filter(|code| !known.contains(code)).map(|(code, _)| code.to_string());
            marks.push(Mark { at: point(rise), text: new.collect::<Vec<_>>().join(" ") });
            known = codes;
        }
    }
    let bars = Look::Bars(time.end / 240.0);
    let series = vec![Series { look: bars, colour: BLUE, points: rises.iter().map(point).collect() }];
    let y = Axis { from_zero: true, ..Axis::linear(plot::short) };
    let plot = Plot { marks, ..time.plot(device, y, series, language) };
    drawing(counter.name, say!(language, "plot-rises-note"), &plot)
}

/// Times in which the device says that it held its clocks down, and those in which nobody watched.
fn shaded(device: &DeviceEvidence, time: &Time, language: Language) -> Vec<Band> {
    let spans_gap = |band: &Band| time.gaps.iter().any(|(from, to)| band.from <= *to && *from <= band.to);
    let throttled = Throttle::ALL.into_iter().flat_map(|reason| {
        let holds = move |reading: &TimedReading| {
            reading.reading.throttle.as_ref().is_some_and(|all| all.contains(&reason))
        };
        let pairs = device.timeline.windows(2).filter(move |two| holds(&two[0]));
        pairs.map(move |two| held(reason, (time.at(two[0].at_ns), time.at(two[1].at_ns)), language))
    });
    let unwatched = time.gaps.iter().map(|gap| unwatched(*gap, language));
    plot::merged(throttled.filter(|band| !spans_gap(band)).chain(unwatched).collect(), time.end)
}

/// A time in which clocks were held down for `reason`.
pub fn held(reason: Throttle, (from, to): (f64, f64), language: Language) -> Band {
    let (name, colour) = match reason {
        Throttle::Thermal => (say!(language, "throttle-thermal"), VERMILION),
        Throttle::Power => (say!(language, "throttle-power"), ORANGE),
        Throttle::Brake => (say!(language, "throttle-brake"), PURPLE),
    };
    Band { from, to, name, colour }
}

pub fn unwatched((from, to): (f64, f64), language: Language) -> Band {
    Band { from, to, name: say!(language, "not-watched"), colour: GREY }
}
