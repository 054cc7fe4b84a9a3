//! The record of a load as it runs: windows of products and sensors, wrong results, signs of life.
//! Owns what becomes an event and when; must not know what the loads are.

use std::collections::BTreeMap;

use crate::engine::Trouble;
use crate::engine::bench::Bench;
use crate::evidence::Sample;
use crate::evidence::event::What;
use crate::evidence::sustain::{Fault, Load, Sensors, Span, Window, three_digits};
use crate::telemetry::{Reading, Throttle};

/// Longest window of the recording: what a run that dies loses.
const WINDOW_NS_MAX: u64 = 10_000_000_000;
const WINDOW_NS_MIN: u64 = 1_000_000_000;
/// Windows in a short load.
const WINDOWS_MIN: u64 = 60;
/// Looks at the sensors in a window.
const LOOKS: u64 = 10;
/// Whole readings that are kept of all looks.
const READINGS: u64 = 360;
/// Wrong results told one by one; after that they are only counted.
const FAULTS_TOLD: u64 = 1000;

/// What the device is busy with while it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    Products,
    /// Other loads, a pause, or the end of a batch.
    Other,
}

pub struct Watch {
    load: Load,
    begun_ns: u64,
    left_ns: u64,
    window_ns: u64,
    window: Window,
    times: BTreeMap<u64, u64>,
    last: Option<Reading>,
    next_look_ns: u64,
    next_reading_ns: u64,
    told: u64,
}

impl Watch {
    /// `done_ms` of it were kept up before the run broke off.
    pub fn begin(bench: &mut Bench, load: Load, done_ms: u64) -> Result<Self, Trouble> {
        bench.emit(What::SustainStarted(load.clone()))?;
        let begun_ns = bench.now_ns();
        let window_ns = (load.asked_ms * 1_000_000 / WINDOWS_MIN).clamp(WINDOW_NS_MIN, WINDOW_NS_MAX);
        Ok(Self {
            begun_ns,
            left_ns: (load.asked_ms.saturating_sub(done_ms)) * 1_000_000,
            window_ns,
            window: Window { from_ns: begun_ns, ..Window::default() },
            times: BTreeMap::new(),
            last: None,
            next_look_ns: begun_ns,
            next_reading_ns: begun_ns,
            told: 0,
            load,
        })
    }

    pub fn begun_ns(&self) -> u64 {
        self.begun_ns
    }

    pub fn asked_ns(&self) -> u64 {
        self.load.asked_ms * 1_000_000
    }

    pub fn until_ns(&self) -> u64 {
        self.begun_ns + self.left_ns
    }

    /// One product more.
    pub fn product(&mut self, sample: Sample) {
        let window = &mut self.window;
        window.device_ns = match window.products {
            0 => sample.device_ns,
            _ => window.device_ns.and_then(|ns| Some(ns + sample.device_ns?)),
        };
        window.products += 1;
        window.host_ns += sample.host_ns;
        *self.times.entry(three_digits(sample.device_ns.unwrap_or(sample.host_ns))).or_default() += 1;
    }

    /// Results that were compared.
    pub fn checked(&mut self, results: u64) {
        self.window.checked += results;
    }

    /// A wrong result, with what the sensors said last.
    pub fn wrong(&mut self, bench: &mut Bench, fault: Fault) -> Result<(), Trouble> {
        self.window.wrong += 1;
        self.told += 1;
        if self.told > FAULTS_TOLD {
            return Ok(());
        }
        let last = self.last.as_ref();
        let fault = Fault {
            at_ns: bench.now_ns(),
            temperature_c: last.and_then(|r| r.temperature_c),
            clock_mhz: last.and_then(|r| r.clock_mhz),
            ..fault
        };
        bench.emit(What::Fault(fault))?;
        Ok(())
    }

    /// Adds to the number of wrong results what is not told one by one.
    pub fn more_wrong(&mut self, results: u64) {
        self.window.wrong += results;
    }

    /// Looks at the sensors, closes the window and gives a sign of life, each where it is time.
    pub fn tick(&mut self, bench: &mut Bench, during: During) -> Result<(), Trouble> {
        let now_ns = bench.now_ns();
        if now_ns >= self.next_look_ns && bench.may_look() {
            self.look(bench, during)?;
            self.next_look_ns = now_ns + self.window_ns / LOOKS;
        }
        if now_ns >= self.window.from_ns + self.window_ns {
            self.close(bench)?;
        }
        let ns = self.window.device_ns.unwrap_or(self.window.host_ns) as f64;
        let figure = (ns > 0.0).then(|| self.load.work as f64 * self.window.products as f64 / (ns / 1e9));
        let permille = (now_ns - self.begun_ns) * 1000 / self.left_ns.max(1);
        bench.progress(permille, figure)?;
        Ok(())
    }

    /// The last window.
    pub fn end(mut self, bench: &mut Bench) -> Result<(), Trouble> {
        self.close(bench)
    }

    fn look(&mut self, bench: &mut Bench, during: During) -> Result<(), Trouble> {
        let Some(reading) = bench.look() else { return Ok(()) };
        let now_ns = bench.now_ns();
        let sensors = &mut self.window.sensors;
        take(sensors, &reading);
        if let (During::Products, Some(power_mw)) = (during, reading.power_mw) {
            sensors.multiplying += 1;
            sensors.multiplying_mw += u64::from(power_mw);
        }
        let hindered = |reason: &Throttle| *reason != Throttle::Power;
        if reading.throttle.iter().flatten().any(hindered) {
            sensors.throttled_ns.get_or_insert(now_ns);
        }
        if now_ns >= self.next_reading_ns {
            self.next_reading_ns = now_ns + (self.asked_ns() / READINGS).max(WINDOW_NS_MIN);
            bench.emit(What::Reading(reading.clone()))?;
        }
        self.last = Some(reading);
        Ok(())
    }

    fn close(&mut self, bench: &mut Bench) -> Result<(), Trouble> {
        let now_ns = bench.now_ns();
        let next = Window { from_ns: now_ns, ..Window::default() };
        let mut window = std::mem::replace(&mut self.window, next);
        window.to_ns = now_ns;
        window.times = std::mem::take(&mut self.times).into_iter().collect();
        bench.emit(What::Window(window))?;
        Ok(())
    }
}

fn take(sensors: &mut Sensors, reading: &Reading) {
    let widened =
        |span: &mut Option<Span>, value: Option<u32>| *span = Span::joined(*span, value.map(Span::of));
    sensors.looks += 1;
    widened(&mut sensors.clock_mhz, reading.clock_mhz);
    widened(&mut sensors.power_mw, reading.power_mw);
    widened(&mut sensors.temperature_c, reading.temperature_c);
    if let Some(reasons) = &reading.throttle {
        let told = |reason| u64::from(reasons.contains(&reason));
        sensors.told += 1;
        sensors.thermal += told(Throttle::Thermal);
        sensors.power += told(Throttle::Power);
        sensors.brake += told(Throttle::Brake);
    }
}
