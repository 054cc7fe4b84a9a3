//! The record of a load as it runs: windows of products and sensors, wrong results, signs of life, and when nobody watched.
//! Owns what becomes an event and when; must not know what the loads are.

use std::collections::BTreeMap;

use crate::clock::NOTABLE;
use crate::engine::Trouble;
use crate::engine::bench::Bench;
use crate::evidence::Sample;
use crate::evidence::counters::COUNTERS;
use crate::evidence::event::What;
use crate::evidence::lapse::{Lapse, LapseKind};
use crate::evidence::sustain::{
    Fault, Load, Sensors, Span, Window, four_digits, middle_ns, step_ns_max, window_ns,
};
use crate::telemetry::{Reading, Throttle};

/// Looks at the sensors in a window.
const LOOKS: u64 = 10;
/// Whole readings that are kept of all looks.
const READINGS: u64 = 360;
const READING_NS_MIN: u64 = 1_000_000_000;
/// Whole readings that are kept beside those because a counter rose, so that it shows when it did.
const RISES_TOLD: u64 = 1000;
/// Wrong results told one by one; after that so many of each window, and its last.
const FAULTS_TOLD: u64 = 1000;
const FAULTS_OF_WINDOW: u64 = 4;

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
    /// In which nobody watched, and what of it the device is to blame for.
    gaps_ns: u64,
    stalled_ns: u64,
    window_ns: u64,
    window: Window,
    times: BTreeMap<u64, u64>,
    /// How long all products took so far, by whichever clock says more.
    all_times: BTreeMap<u64, u64>,
    /// When the last step ended, and for how long the program had not been run until then.
    step: (u64, u64),
    /// Products of this step.
    step_products: Vec<Sample>,
    last: Option<Reading>,
    /// The last reading that was kept, and how many were because a counter rose.
    kept: Option<Reading>,
    rises_told: u64,
    next_look_ns: u64,
    next_reading_ns: u64,
    told: u64,
    told_of_window: u64,
    /// The last wrong result of this window, if it was not told yet.
    untold: Option<Fault>,
}

impl Watch {
    /// `done_ms` of it were kept up before the run broke off; `first` is a product from before it begins.
    pub fn begin(bench: &mut Bench, load: Load, done_ms: u64, first: Sample) -> Result<Self, Trouble> {
        bench.emit(What::SustainStarted(load.clone()))?;
        let begun_ns = bench.now_ns();
        Ok(Self {
            begun_ns,
            left_ns: (load.asked_ms.saturating_sub(done_ms)) * 1_000_000,
            gaps_ns: 0,
            stalled_ns: 0,
            window_ns: window_ns(load.asked_ms),
            window: Window { from_ns: begun_ns, ..Window::default() },
            times: BTreeMap::new(),
            all_times: BTreeMap::from([(longest(first), 1)]),
            step: (begun_ns, bench.stood_ns().unwrap_or(0)),
            step_products: Vec::new(),
            last: None,
            kept: None,
            rises_told: 0,
            next_look_ns: begun_ns,
            next_reading_ns: begun_ns,
            told: 0,
            told_of_window: 0,
            untold: None,
            load,
        })
    }

    pub fn asked_ns(&self) -> u64 {
        self.load.asked_ms * 1_000_000
    }

    pub fn left_ns(&self) -> u64 {
        self.left_ns
    }

    /// Whether it was kept up until `watched_ns`, or is not worth waiting for: it stood still for as long as it was asked for.
    pub fn is_through(&self, bench: &Bench, watched_ns: u64) -> bool {
        self.watched_ns(bench) >= watched_ns || self.stalled_ns > self.asked_ns()
    }

    /// For how long the load was kept up and watched.
    fn watched_ns(&self, bench: &Bench) -> u64 {
        bench.now_ns().saturating_sub(self.begun_ns + self.gaps_ns)
    }

    /// One product more.
    pub fn product(&mut self, sample: Sample) {
        self.step_products.push(sample);
    }

    fn add(&mut self, sample: Sample) {
        let window = &mut self.window;
        window.device_ns = match window.products {
            0 => sample.device_ns,
            _ => window.device_ns.and_then(|ns| Some(ns + sample.device_ns?)),
        };
        window.products += 1;
        window.host_ns += sample.host_ns;
        let by_device = four_digits(sample.device_ns.unwrap_or(sample.host_ns));
        *self.times.entry(by_device).or_default() += 1;
        *self.all_times.entry(longest(sample)).or_default() += 1;
    }

    /// Results that were compared.
    pub fn checked(&mut self, results: u64) {
        self.window.checked += results;
    }

    /// A wrong result, with what the sensors said last.
    pub fn wrong(&mut self, bench: &mut Bench, fault: Fault) -> Result<(), Trouble> {
        self.window.wrong += 1;
        let last = self.last.as_ref();
        let fault = Fault {
            at_ns: bench.now_ns(),
            temperature_c: last.and_then(|r| r.temperature_c),
            clock_mhz: last.and_then(|r| r.clock_mhz),
            ..fault
        };
        if self.told >= FAULTS_TOLD && self.told_of_window >= FAULTS_OF_WINDOW {
            self.untold = Some(fault);
            return Ok(());
        }
        self.told += 1;
        self.told_of_window += 1;
        bench.emit(What::Fault(fault))?;
        Ok(())
    }

    /// Adds to the number of wrong results what is not told one by one.
    pub fn more_wrong(&mut self, results: u64) {
        self.window.wrong += results;
    }

    /// Ends a step: looks at the sensors, closes the window and gives a sign of life, each where it is time.
    pub fn tick(&mut self, bench: &mut Bench, during: During) -> Result<(), Trouble> {
        let now_ns = self.end_step(bench)?;
        if now_ns >= self.next_look_ns && bench.may_look() {
            self.look(bench, during)?;
            self.next_look_ns = now_ns + self.window_ns / LOOKS;
        }
        if now_ns >= self.window.from_ns + self.window_ns {
            self.close(bench, now_ns)?;
        }
        let ns = self.window.device_ns.unwrap_or(self.window.host_ns) as f64;
        let figure = (ns > 0.0).then(|| self.load.work as f64 * self.window.products as f64 / (ns / 1e9));
        let permille = self.watched_ns(bench) * 1000 / self.left_ns.max(1);
        bench.progress(permille, figure)?;
        Ok(())
    }

    /// The last window.
    pub fn end(mut self, bench: &mut Bench) -> Result<(), Trouble> {
        self.close(bench, bench.now_ns())
    }

    /// A step in which the program stood still, or far longer than all others, is a gap: the window ends before it, and the next
    /// begins after it. What its products took nobody knows in the first case. In the second the device took it, and is as slow.
    /// Returns when it ended.
    fn end_step(&mut self, bench: &mut Bench) -> Result<u64, Trouble> {
        let (began_ns, had_stood_ns) = self.step;
        let (now_ns, stood_ns) = (bench.now_ns(), bench.stood_ns().unwrap_or(had_stood_ns));
        self.step = (now_ns, stood_ns);
        let products = std::mem::take(&mut self.step_products);
        let took_ns = now_ns.saturating_sub(began_ns);
        let stood = u128::from(stood_ns.saturating_sub(had_stood_ns)) > NOTABLE.as_nanos();
        // Nearly all steps are so short that how long products take makes no difference.
        let stalled = !stood && took_ns > step_ns_max(&self.load, 0) && took_ns > self.step_ns_max();
        if stood || stalled {
            self.close(bench, began_ns)?;
            self.window.from_ns = now_ns;
            self.gaps_ns += took_ns;
        }
        if stalled {
            self.stalled_ns += took_ns;
            bench.emit(What::Lapse(Lapse { at_ns: now_ns, kind: LapseKind::Stalled, ns: took_ns }))?;
        }
        if !stood {
            products.into_iter().for_each(|product| self.add(product));
        }
        Ok(now_ns)
    }

    fn step_ns_max(&self) -> u64 {
        let middle_ns = middle_ns(self.all_times.iter().map(|(ns, count)| (*ns, *count)));
        step_ns_max(&self.load, middle_ns.unwrap_or(0))
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
        let is_due = now_ns >= self.next_reading_ns;
        let rose = self.rises_told < RISES_TOLD
            && self.kept.as_ref().is_some_and(|kept| COUNTERS.iter().any(|c| c.rose(kept, &reading)));
        if is_due || rose {
            self.rises_told += u64::from(!is_due);
            self.next_reading_ns = now_ns + (self.asked_ns() / READINGS).max(READING_NS_MIN);
            self.kept = Some(reading.clone());
            bench.emit(What::Reading(reading.clone()))?;
        }
        self.last = Some(reading);
        Ok(())
    }

    fn close(&mut self, bench: &mut Bench, to_ns: u64) -> Result<(), Trouble> {
        self.told_of_window = 0;
        if let Some(fault) = self.untold.take() {
            bench.emit(What::Fault(fault))?;
        }
        let next = Window { from_ns: to_ns, ..Window::default() };
        let mut window = std::mem::replace(&mut self.window, next);
        window.to_ns = to_ns;
        window.times = std::mem::take(&mut self.times).into_iter().collect();
        bench.emit(What::Window(window))?;
        Ok(())
    }
}

fn longest(product: Sample) -> u64 {
    four_digits(product.host_ns.max(product.device_ns.unwrap_or(0)))
}

fn take(sensors: &mut Sensors, reading: &Reading) {
    let widened =
        |span: &mut Option<Span>, value: Option<u32>| *span = Span::joined(*span, value.map(Span::of));
    sensors.looks += 1;
    widened(&mut sensors.clock_mhz, reading.clock_mhz);
    widened(&mut sensors.power_mw, reading.power_mw);
    widened(&mut sensors.temperature_c, reading.temperature_c);
    widened(&mut sensors.memory_temperature_c, reading.memory_temperature_c);
    widened(&mut sensors.fan_percent, reading.fan_percent);
    if let Some(reasons) = &reading.throttle {
        let told = |reason| u64::from(reasons.contains(&reason));
        sensors.told += 1;
        sensors.thermal += told(Throttle::Thermal);
        sensors.power += told(Throttle::Power);
        sensors.brake += told(Throttle::Brake);
    }
}
