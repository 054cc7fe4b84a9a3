//! A load that was kept up: what happened in each window of time, and the figures that follow.
//! Owns the shape of that evidence, how it stays small however long it runs, and its arithmetic, which the verifier runs
//! as well; must not know how a load is made.

mod fault;
mod figures;
mod told;
mod watched;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::metric::MetricName;
use super::stats::Stat;
use super::{Check, Clocks, Conditions, Sample, Timed};
use crate::device::op::Precision;
use crate::telemetry::Throttle;
pub use fault::{FAULTS_MAX, Fault};
pub use figures::{ERRORS, ERRORS_CONFIDENCE, FIGURES, FIRST_THROTTLE, FigureDef, MTBE, WATCHED};
pub use told::Silence;
pub use watched::{middle_ns, step_ns_max, window_ns};

/// Formats in which a load may be kept up: those of which the device's fastest is taken, unless the contract names others.
pub const USUAL: [Precision; 4] = [Precision::Bf16, Precision::Fp16, Precision::Tf32, Precision::Fp32];
/// All of them. Narrower ones are faster and draw no more: BF16 holds an H200 at its power limit for 92 % of the time already
/// (results/nvidia-h200/2026-11-26-load).
pub const SUSTAINED: [Precision; 6] =
    [Precision::Bf16, Precision::Fp16, Precision::Tf32, Precision::Fp32, Precision::Fp8E4m3, Precision::Fp64];

/// The metric of a load of products in this format.
pub fn rate_of(precision: Precision) -> String {
    format!("sustain.{}.rate", precision.name())
}

/// What is kept up, said before the first window, so that a run that breaks off still says what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Load {
    /// The metric of its rate, such as `sustain.bf16.rate`.
    pub metric: MetricName,
    /// Operations of one product.
    pub work: u64,
    /// For how long it was asked.
    pub asked_ms: u64,
    /// How long the longest other piece of it took before it began: chains, a buffer of memory, a transfer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub piece_ns: u64,
    pub conditions: Conditions,
    /// Of the first product, with which all others are compared.
    pub check: Check,
}

/// What happened between two times. In the recording about ten seconds; in the evidence as many of those as keep it small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Window {
    pub from_ns: u64,
    pub to_ns: u64,
    /// Products, and their time by the device's clock, where it has one, and by the host's.
    pub products: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_ns: Option<u64>,
    pub host_ns: u64,
    /// Results compared, of all kinds of load, and those that were wrong.
    pub checked: u64,
    pub wrong: u64,
    #[serde(default)]
    pub sensors: Sensors,
    /// How long products took, in nanoseconds to four digits, and how many took so long. In the evidence they stand
    /// together, see [`Sustained::times`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<(u64, u64)>,
}

/// What the sensors said in a window. The machine's own word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Sensors {
    /// Looks that found something.
    pub looks: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_mhz: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_mw: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_temperature_c: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_percent: Option<Span>,
    /// Looks that told reasons for reduced clocks, and how many of them told which.
    #[serde(skip_serializing_if = "is_zero")]
    pub told: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub thermal: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub power: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub brake: u64,
    /// Looks at the power while products ran, and the sum of what they saw.
    #[serde(skip_serializing_if = "is_zero")]
    pub multiplying: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub multiplying_mw: u64,
    /// When a look first told of clocks reduced for heat or by a brake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttled_ns: Option<u64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The least and the greatest value seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
#[schemars(with = "(u32, u32)")]
pub struct Span {
    pub least: u32,
    pub most: u32,
}

impl From<(u32, u32)> for Span {
    fn from((least, most): (u32, u32)) -> Self {
        Self { least, most }
    }
}

impl From<Span> for (u32, u32) {
    fn from(span: Span) -> Self {
        (span.least, span.most)
    }
}

impl Span {
    pub fn of(value: u32) -> Self {
        Self { least: value, most: value }
    }

    pub fn joined(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(a), Some(b)) => Some(Self { least: a.least.min(b.least), most: a.most.max(b.most) }),
            (either, None) | (None, either) => either,
        }
    }
}

impl Sensors {
    pub fn told(&self, reason: Throttle) -> u64 {
        match reason {
            Throttle::Thermal => self.thermal,
            Throttle::Power => self.power,
            Throttle::Brake => self.brake,
        }
    }

    fn absorb(&mut self, other: &Sensors) {
        self.looks = self.looks.saturating_add(other.looks);
        self.clock_mhz = Span::joined(self.clock_mhz, other.clock_mhz);
        self.power_mw = Span::joined(self.power_mw, other.power_mw);
        self.temperature_c = Span::joined(self.temperature_c, other.temperature_c);
        self.memory_temperature_c = Span::joined(self.memory_temperature_c, other.memory_temperature_c);
        self.fan_percent = Span::joined(self.fan_percent, other.fan_percent);
        self.told = self.told.saturating_add(other.told);
        self.thermal = self.thermal.saturating_add(other.thermal);
        self.power = self.power.saturating_add(other.power);
        self.brake = self.brake.saturating_add(other.brake);
        self.multiplying = self.multiplying.saturating_add(other.multiplying);
        self.multiplying_mw = self.multiplying_mw.saturating_add(other.multiplying_mw);
        self.throttled_ns = self.throttled_ns.or(other.throttled_ns);
    }
}

impl Load {
    /// Whether `other` is the same load, taken up again.
    pub fn goes_on(&self, other: &Load) -> bool {
        self.metric == other.metric && self.work == other.work && self.asked_ms == other.asked_ms
    }
}

impl Window {
    /// The same on a line of time that began so much earlier.
    pub fn later(&self, by_ns: u64) -> Self {
        let (from_ns, to_ns) = (self.from_ns.saturating_add(by_ns), self.to_ns.saturating_add(by_ns));
        let throttled_ns = self.sensors.throttled_ns.map(|at| at.saturating_add(by_ns));
        let sensors = Sensors { throttled_ns, ..self.sensors.clone() };
        Self { from_ns, to_ns, sensors, ..self.clone() }
    }

    fn absorb(&mut self, next: &Window) {
        // A device whose clock came or went has none.
        self.device_ns = match (self.products, next.products) {
            (_, 0) => self.device_ns,
            (0, _) => next.device_ns,
            _ => self.device_ns.and_then(|ns| Some(ns.saturating_add(next.device_ns?))),
        };
        self.to_ns = next.to_ns;
        self.products = self.products.saturating_add(next.products);
        self.host_ns = self.host_ns.saturating_add(next.host_ns);
        self.checked = self.checked.saturating_add(next.checked);
        self.wrong = self.wrong.saturating_add(next.wrong);
        self.sensors.absorb(&next.sensors);
    }
}

/// Everything about the load of one device. Its size does not grow with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sustained {
    pub load: Load,
    /// The first minute of it: what later windows are compared with.
    pub first: Window,
    pub windows: Vec<Window>,
    /// How many windows of the recording one of these stands for; the last may be fewer.
    pub each: u32,
    /// Windows of the recording in the last of these.
    pub in_last: u32,
    /// How long all products took, as in [`Window::times`].
    pub times: Vec<(u64, u64)>,
    /// Wrong results in order of time: the first, the last and some between; [`Window::wrong`] counts them all.
    pub faults: Vec<Fault>,
    /// Times in which nobody watched: the run had broken off, or it stood still. From and to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<(u64, u64)>,
}

/// Windows that are kept; twice as many are made one of two.
pub const WINDOWS_MAX: usize = 240;
const FIRST_NS: u64 = 60_000_000_000;
/// Of the times of products.
const DIGITS: u8 = 4;

impl Sustained {
    pub fn begin(load: Load) -> Self {
        Self {
            load,
            first: Window::default(),
            windows: Vec::new(),
            each: 1,
            in_last: 0,
            times: Vec::new(),
            faults: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// Adds the next window of the recording.
    pub fn add(&mut self, window: Window) {
        let mut window = window;
        self.gap_before(&window);
        self.add_times(&std::mem::take(&mut window.times));
        let begun_ns = self.windows.first().map_or(window.from_ns, |first| first.from_ns);
        if window.to_ns.saturating_sub(begun_ns)
            <= FIRST_NS.min(self.load.asked_ms.saturating_mul(1_000_000 / 4))
        {
            if self.windows.is_empty() {
                self.first.from_ns = window.from_ns;
            }
            self.first.absorb(&window);
        }
        match self.windows.last_mut() {
            Some(last) if self.in_last < self.each => {
                last.absorb(&window);
                self.in_last += 1;
            }
            Some(_) | None => {
                self.windows.push(window);
                self.in_last = 1;
            }
        }
        if self.windows.len() >= WINDOWS_MAX && self.in_last >= self.each {
            self.halve();
        }
    }

    /// Makes one window of each two.
    fn halve(&mut self) {
        let pairs = self.windows.chunks(2).filter_map(|pair| {
            let (first, rest) = pair.split_first()?;
            let mut joined = first.clone();
            rest.iter().for_each(|next| joined.absorb(next));
            Some(joined)
        });
        self.windows = pairs.collect();
        self.each = self.each.saturating_mul(2);
        self.in_last = self.each;
    }

    /// Both are in order of time.
    fn add_times(&mut self, more: &[(u64, u64)]) {
        for (ns, count) in more.iter().map(|(ns, count)| (four_digits(*ns), *count)) {
            match self.times.binary_search_by_key(&ns, |(known, _)| *known) {
                Ok(at) => self.times[at].1 = self.times[at].1.saturating_add(count),
                Err(at) => self.times.insert(at, (ns, count)),
            }
        }
    }

    /// Whole windows with products. The last may be a short rest of the time, in which little shows.
    fn busy(&self) -> impl DoubleEndedIterator<Item = &Window> {
        let mut times: Vec<u64> = self.windows.iter().map(|w| w.host_ns).collect();
        times.sort_unstable();
        // Of the usual one: a single product that took very long makes no other window short.
        let usual = times.get(times.len() / 2).copied().unwrap_or(0);
        self.windows.iter().filter(move |w| w.products > 0 && w.host_ns >= usual / 4)
    }

    /// Time by the clock that all windows have.
    fn time_ns(&self, window: &Window) -> u64 {
        let by_device = self.busy().all(|w| w.device_ns.is_some());
        window.device_ns.filter(|_| by_device).unwrap_or(window.host_ns)
    }

    fn rate(&self, window: &Window) -> f64 {
        self.load.work as f64 * window.products as f64 / (self.time_ns(window) as f64 / 1e9)
    }

    /// The rate of each window in order of time, in operations a second.
    pub fn rates(&self) -> Vec<f64> {
        self.busy().map(|window| self.rate(window)).collect()
    }

    /// The same windows and their rates, for those who show them over time.
    pub fn rated(&self) -> impl Iterator<Item = (&Window, f64)> {
        self.busy().map(|window| (window, self.rate(window)))
    }

    pub fn wrong(&self) -> u64 {
        self.windows.iter().fold(0, |sum, w| sum.saturating_add(w.wrong))
    }

    /// Whether a result was, of the first product or of any later.
    pub fn is_wrong(&self) -> bool {
        self.wrong() > 0 || matches!(self.load.check, Check::Wrong { .. })
    }

    pub fn checked(&self) -> u64 {
        self.windows.iter().fold(0, |sum, w| sum.saturating_add(w.checked))
    }

    pub fn clocks(&self) -> Clocks {
        let sample = |w: &Window| Sample { device_ns: w.device_ns, host_ns: w.host_ns };
        Timed { work: self.load.work, repeat: 1, samples: self.busy().map(sample).collect() }.clocks()
    }

    /// The time that so many of 1000 products did not exceed, by the nearest rank.
    fn time_at(&self, permille: u64) -> Option<f64> {
        let mut histogram = Histogram::<u64>::new(DIGITS).ok()?;
        for (ns, count) in &self.times {
            histogram.record_n(*ns, *count).ok()?;
        }
        let products = histogram.len();
        let rank = (u128::from(products) * u128::from(permille)).div_ceil(1000).max(1);
        // Half a product less, lest rounding should make it one more.
        let at = histogram.value_at_quantile((rank as f64 - 0.5) / products as f64);
        // What it counts together is one of the times, since they have no more digits.
        self.times.iter().map(|(ns, _)| *ns).find(|ns| histogram.equivalent(*ns, at)).map(|ns| ns as f64)
    }

    /// Whether a power sensor told one and the same value through all of a load with steps and pauses: it is not alive.
    fn stands_still(&self) -> bool {
        let power = self.windows.iter().map(|w| w.sensors.power_mw).fold(None, Span::joined);
        power.is_some_and(|span| span.least == span.most)
    }

    /// Energy of one operation of the products: the power while they ran, times their time. `None` where the sensors told too
    /// little of it.
    fn energy(&self) -> Option<f64> {
        let told = || self.busy().filter(|w| w.sensors.multiplying > 0);
        let products = |windows: &mut dyn Iterator<Item = &Window>| {
            windows.fold(0u64, |sum, w| sum.saturating_add(w.products))
        };
        let (of_told, of_all) = (products(&mut told()), products(&mut self.busy()));
        let joules: f64 = told()
            .map(|w| {
                let watts = w.sensors.multiplying_mw as f64 / w.sensors.multiplying as f64 / 1e3;
                watts * self.time_ns(w) as f64 / 1e9
            })
            .sum();
        let work = self.load.work as f64 * of_told as f64;
        (work > 0.0 && of_told >= of_all / 2 && !self.stands_still()).then(|| joules / work)
    }

    /// How much slower the last window is than the first minute, as a share; 0 where it is not.
    fn drift(&self) -> Option<f64> {
        let last = self.busy().next_back()?;
        let (first, last) = (self.rate(&self.first), self.rate(last));
        let drift = 1.0 - last / first;
        // A window of no time is as fast as one likes.
        (first > 0.0 && drift.is_finite()).then(|| drift.max(0.0))
    }

    /// Standard deviation of the windows' rates, as a share of their mean.
    fn variation(&self) -> Option<f64> {
        let rates = self.rates();
        let mean = Stat::Mean.of(&rates)?;
        let squares = rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>();
        (mean > 0.0).then(|| (squares / rates.len() as f64).sqrt() / mean)
    }

    /// The figure of `metric`, and for the rate by which statistic of its windows; `None` where the metric is not of this load
    /// or nothing is known of it.
    pub fn figure(&self, metric: &MetricName, statistic: Option<Stat>) -> Option<f64> {
        if *metric == self.load.metric {
            return statistic?.of(&self.rates());
        }
        FIGURES.iter().find(|row| row.name == metric.as_str()).and_then(|row| (row.of)(self))
    }

    /// Whether `metric` belongs to this load.
    pub fn tells(&self, metric: &MetricName) -> bool {
        *metric == self.load.metric || FIGURES.iter().any(|row| row.name == metric.as_str())
    }
}

/// A time to four digits, so that there are few different ones however many products there were: never less than it was, and more by
/// less than one part in a thousand.
pub fn four_digits(ns: u64) -> u64 {
    let unit = 10u64.pow(ns.max(1).ilog10().saturating_sub(3));
    ns.div_ceil(unit).saturating_mul(unit)
}

#[cfg(test)]
mod tests;
