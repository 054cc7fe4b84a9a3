//! How often telemetry is read, and what it may cost: on a simulated device with sensors that take their time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gpu_assay::clock::{Clock, Machine};
use gpu_assay::device::backend::{OpenOptions, Opened};
use gpu_assay::device::inventory;
use gpu_assay::engine::{self, Already, Profile, Settings, WorkerPlan};
use gpu_assay::evidence::event::{Event, What};
use gpu_assay::probes;
use gpu_assay::telemetry::{Fact, Reading, Telemetry};

use crate::pipeline::Run;

/// Sensors whose every answer moves the clock on.
struct Slow {
    took: Rc<Cell<u64>>,
    open_ns: u64,
    read_ns: u64,
}

impl Slow {
    fn take(&self, ns: u64) {
        self.took.set(self.took.get() + ns);
    }
}

impl Telemetry for Slow {
    fn read(&mut self) -> Option<Reading> {
        self.take(self.read_ns);
        Some(Reading::default())
    }

    fn facts(&mut self) -> Vec<Fact> {
        self.take(self.open_ns);
        vec![Fact { name: "nvml.name", value: Ok("slow".into()) }]
    }
}

/// The device's clock, and the time that the sensors took.
struct Sum {
    device: Rc<dyn Clock>,
    took: Rc<Cell<u64>>,
}

impl Clock for Sum {
    fn now_ns(&self) -> u64 {
        self.device.now_ns() + self.took.get()
    }

    fn sleep(&self, duration: Duration) {
        self.device.sleep(duration);
    }

    fn machine(&self) -> Option<Machine> {
        None
    }
}

fn events(open: Duration, read: Duration) -> Vec<Event> {
    let settings = Settings {
        probes: vec!["stream".to_owned(), "fma".to_owned()],
        sample_ms: 2500,
        seed: 1,
        ..Settings::new(Profile::Quick, 1000)
    };
    let plan =
        WorkerPlan { device: 0, selector: "sim:mini".to_owned(), settings, already: Already::default() };
    let opened = inventory::open(&plan.selector, OpenOptions { wait_limit: Duration::from_secs(1) }).unwrap();
    let took = Rc::new(Cell::new(0));
    let opened = Opened {
        device: opened.device,
        telemetry: Box::new(Slow {
            took: took.clone(),
            open_ns: open.as_nanos() as u64,
            read_ns: read.as_nanos() as u64,
        }),
        clock: Rc::new(Sum { device: opened.clock, took }),
    };
    let mut events = Vec::new();
    engine::run(&plan, opened, &mut events, probes::cases, || Ok(())).unwrap();
    events
}

/// Times of all readings, and of the run's end.
fn times(events: &[Event]) -> (Vec<u64>, u64) {
    let readings = events.iter().filter(|event| matches!(event.what, What::Reading(_)));
    (readings.map(|event| event.at_ns).collect(), events.last().unwrap().at_ns)
}

#[test]
fn a_quick_source_is_read_once_a_second() {
    let (readings, end) = times(&events(Duration::ZERO, Duration::from_millis(5)));
    assert!(end > 15_000_000_000, "a run of {end} ns shows little");
    // The first and the last one are taken whatever the time.
    let between = &readings[1..readings.len() - 1];
    assert!(between.windows(2).all(|pair| pair[1] - pair[0] >= 1_000_000_000), "{readings:?}");
    assert!(between.len() as u64 >= end / 2_000_000_000, "{} in {end} ns", between.len());
}

#[test]
fn a_slow_source_is_read_rarely_and_never_while_samples_are_taken() {
    for read_ms in [40, 60, 300] {
        let events = events(Duration::ZERO, Duration::from_millis(read_ms));
        let (readings, end) = times(&events);
        // One before everything, one after; the others wait a hundred times as long as one takes.
        let between = (readings.len() as u64 - 2) * read_ms * 1_000_000;
        assert!(between * 100 <= end, "{read_ms} ms: {} readings in {end} ns", readings.len());
        assert!(readings.len() > 2 || read_ms * 100_000_000 > end, "{read_ms} ms: none in between");
    }
    // A batch takes 50 ms: what takes longer than that is read between cases, before the next one is announced.
    let events = events(Duration::ZERO, Duration::from_millis(60));
    let inner = &events[events.iter().position(|e| matches!(e.what, What::CaseStarted { .. })).unwrap()..];
    for pair in inner.windows(2).filter(|pair| matches!(pair[0].what, What::Reading(_))) {
        let next = &pair[1].what;
        assert!(matches!(next, What::CaseStarted { .. } | What::DeviceEnded(_)), "{next:?}");
    }
}

/// Opening NVML may take seconds on a machine that was idle. That is not how long a reading takes.
#[test]
fn a_source_that_opens_slowly_is_not_taken_for_a_slow_one() {
    let (readings, end) = times(&events(Duration::from_secs(5), Duration::from_millis(1)));
    assert!(readings.len() as u64 >= (end - 5_000_000_000) / 2_000_000_000, "{} in {end} ns", readings.len());
}

#[test]
fn silent_sensors_are_evidence_too() {
    let events = events(Duration::ZERO, Duration::ZERO);
    let silent = events.iter().filter(|event| event.what == What::Reading(Reading::default())).count();
    assert!(silent > 2, "{silent}");
    assert!(events.iter().any(|e| matches!(&e.what, What::Fact(fact) if fact.value == "slow")));
}

/// Cards train their link down while they rest, so what stands beside a link's rate was read while it was busy.
#[test]
fn the_link_is_looked_at_while_it_is_busy() {
    let report = Run::short("sim:h200", &["link"]).report();
    let device = &report.evidence.devices[0];
    assert_eq!(device.timeline[0].reading.pcie_generation, Some(1), "it rests before");
    let links = device.measurements.iter().filter(|m| m.metric.probe() == "link");
    let shapes: Vec<&str> = links.map(|m| m.conditions.shape.as_str()).collect();
    assert!(shapes.len() > 5, "{shapes:?}");
    for shape in shapes {
        assert!(shape.ends_with(", at PCIe generation 5 x16"), "{shape}");
    }
    let silent = Run::short("sim:h200,telemetry=none", &["link"]).report();
    assert_eq!(silent.evidence.devices[0].measurements[0].conditions.shape, "128 MiB");
}
