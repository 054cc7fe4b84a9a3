//! Our own cost while a device is timed: how much of the wall time of a rate phase is kernel time, and how much goes
//! into events and telemetry. Runs cases of the product through its engine on the first wgpu device; prints medians
//! with their spread as Markdown, and asserts nothing about time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(unsafe_code, reason = "a thread's CPU time is asked of the system")]

use std::cell::Cell;
use std::io::{self, BufRead as _};
use std::rc::Rc;
use std::time::Duration;

use gpu_assay::device::backend::OpenOptions;
use gpu_assay::device::inventory;
use gpu_assay::engine::{self, Already, Profile, Settings, WorkerPlan};
use gpu_assay::evidence::event::{Event, Lines, Sign, Sink, What};
use gpu_assay::evidence::{Measurement, Value};
use gpu_assay::probes;
use gpu_assay::telemetry::{Reading, Telemetry};

const SELECTOR: &str = "wgpu:0";
const CASES: [&str; 3] = ["fma.fp32.rate", "stream.triad.rate", "gemm.fp32.rate"];
const RUNS: usize = 5;
const WAIT_LIMIT_MS: u64 = 60_000;

/// CPU time that calls of one kind take: a software device leaves little of the CPU to others, and waiting for it costs
/// the device nothing.
#[derive(Clone, Default)]
struct Spent(Rc<Cell<Duration>>);

fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of our own.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "this system has no clock of a thread's CPU time");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

impl Spent {
    fn timed<T>(&self, call: impl FnOnce() -> T) -> T {
        let begun = cpu_time();
        let value = call();
        self.0.set(self.0.get() + (cpu_time() - begun));
        value
    }

    fn take(&self) -> Duration {
        self.0.take()
    }
}

struct TimedTelemetry {
    inner: Box<dyn Telemetry>,
    spent: Spent,
}

impl Telemetry for TimedTelemetry {
    fn read(&mut self) -> Option<Reading> {
        self.spent.timed(|| self.inner.read())
    }
}

/// Shares of the wall time of one rate phase.
struct Shares {
    metric: String,
    samples: usize,
    kernel: f64,
    events: f64,
    telemetry: f64,
}

/// Passes events on as a worker does, and keeps what the rate phases cost.
struct TimedSink<W: io::Write> {
    inner: Lines<W>,
    events: Spent,
    telemetry: Spent,
    seen: Vec<Shares>,
}

impl<W: io::Write> Sink for TimedSink<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::CaseStarted { .. } => {
                self.events.take();
                self.telemetry.take();
            }
            What::Measured(measurement) => {
                let (events, telemetry) = (self.events.take(), self.telemetry.take());
                self.seen.push(shares(measurement, events, telemetry));
            }
            // Only the rate phase has figures, and only it takes readings within a case.
            What::Progress(Sign { figure: Some(_), .. }) | What::Reading(_) => {
                let inner = &mut self.inner;
                return self.events.timed(|| inner.event(event));
            }
            What::Progress(Sign { figure: None, .. })
            | What::SustainStarted(_)
            | What::Resumed(_)
            | What::Window(_)
            | What::Fault(_)
            | What::Lapse(_)
            | What::RunStarted(_)
            | What::DeviceOpened(_)
            | What::Fact(_)
            | What::Absent(_)
            | What::DeviceEnded(_)
            | What::NodeEnded(_)
            | What::RunEnded(_) => {}
        }
        self.inner.event(event)
    }
}

/// Samples follow one another without a gap: each host time begins where the one before it ended.
fn shares(measurement: &Measurement, events: Duration, telemetry: Duration) -> Shares {
    let Value::Timed(timed) = &measurement.value else { panic!("{} has no samples", measurement.metric) };
    assert!(!timed.samples.is_empty(), "{}: {:?}", measurement.metric, measurement.check);
    let wall: u64 = timed.samples.iter().map(|sample| sample.host_ns).sum();
    let kernel: Option<u64> = timed.samples.iter().map(|sample| sample.device_ns).sum();
    let share = |ns: f64| ns / wall as f64;
    Shares {
        metric: measurement.metric.to_string(),
        samples: timed.samples.len(),
        kernel: share(kernel.expect("this device has no clock of its own") as f64),
        events: share(events.as_nanos() as f64),
        telemetry: share(telemetry.as_nanos() as f64),
    }
}

/// Runs all cases once. Events go into a pipe with a reader, as those of a worker do.
fn run(profile: Profile) -> Vec<Shares> {
    let options = OpenOptions { wait_limit: Duration::from_millis(WAIT_LIMIT_MS) };
    let mut opened = inventory::open(SELECTOR, options).unwrap_or_else(|error| panic!("{error}"));
    let telemetry = Spent::default();
    opened.telemetry = Box::new(TimedTelemetry { inner: opened.telemetry, spent: telemetry.clone() });
    let settings = Settings {
        probes: ["fma", "stream", "gemm"].map(str::to_owned).to_vec(),
        seed: 1,
        ..Settings::new(profile, WAIT_LIMIT_MS)
    };
    let plan = WorkerPlan { device: 0, selector: SELECTOR.to_owned(), settings, already: Already::default() };
    let (reader, writer) = io::pipe().unwrap();
    let supervisor = std::thread::spawn(move || io::BufReader::new(reader).lines().count());
    let mut sink = TimedSink { inner: Lines(writer), events: Spent::default(), telemetry, seen: Vec::new() };
    let wanted = |identity: &_, settings: &_| {
        let mut cases = probes::cases(identity, settings);
        cases.retain(|case| CASES.contains(&case.metrics[0].to_string().as_str()));
        cases
    };
    engine::run(&plan, opened, &mut sink, wanted, || Ok(())).unwrap();
    let seen = sink.seen;
    drop(sink.inner);
    assert!(supervisor.join().unwrap() > seen.len());
    assert_eq!(seen.len(), CASES.len(), "a case gave no samples");
    seen
}

/// Median with the least and the greatest, in percent.
fn percent(values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<f64> = values.map(|share| share * 100.0).collect();
    values.sort_by(f64::total_cmp);
    let digits = |value: f64| if value >= 1.0 { format!("{value:.1}") } else { format!("{value:.3}") };
    let [low, median, high] = [0, values.len() / 2, values.len() - 1].map(|i| digits(values[i]));
    format!("{median} % ({low} .. {high})")
}

fn main() {
    println!("| profile | case | samples | kernel time / wall time | events | telemetry |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for profile in [Profile::Quick, Profile::Standard] {
        let runs: Vec<Shares> = (0..RUNS).flat_map(|_| run(profile)).collect();
        for case in CASES {
            let of_case = || runs.iter().filter(|shares| shares.metric == case);
            println!(
                "| {} | {case} | {} | {} | {} | {} |",
                profile.name(),
                of_case().map(|shares| shares.samples).sum::<usize>(),
                percent(of_case().map(|shares| shares.kernel)),
                percent(of_case().map(|shares| shares.events)),
                percent(of_case().map(|shares| shares.telemetry)),
            );
        }
    }
}
