//! The stations after parsing, run in this process on a device that a selector names: for tests that need thousands of runs.

use std::time::Duration;

use gpu_assay::contract::Parsed;
use gpu_assay::device::backend::{OpenOptions, Opened};
use gpu_assay::device::inventory;
use gpu_assay::engine::{self, Already, Profile, Settings, WorkerPlan};
use gpu_assay::evidence::event::{Event, What};
use gpu_assay::evidence::{Ended, FORMAT, Order, RunInfo, record};
use gpu_assay::report::{Report, SealedBy};

/// By a simulated clock, so it costs nothing.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// What a test varies.
#[derive(Clone)]
pub struct Run<'a> {
    pub selector: &'a str,
    pub probes: &'a [&'a str],
    pub profile: Profile,
    pub sample_ms: u64,
    pub sustain_ms: u64,
    pub contract: Option<&'a Parsed>,
    pub already: Already,
}

impl<'a> Run<'a> {
    /// The given probes on the given device, as short as they can be.
    pub fn short(selector: &'a str, probes: &'a [&'a str]) -> Self {
        let already = Already::default();
        Self {
            selector,
            probes,
            profile: Profile::Quick,
            sample_ms: 1,
            sustain_ms: 0,
            contract: None,
            already,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            profile: self.profile,
            probes: self.probes.iter().map(|name| (*name).to_owned()).collect(),
            sample_ms: self.sample_ms,
            sustain_ms: self.sustain_ms,
            begun: None,
            fill_bytes: self.contract.and_then(|c| c.contract.fill_bytes()),
            loads: self.contract.map_or(Vec::new(), |c| c.contract.loads()),
            demands: self.contract.map_or(Vec::new(), |c| c.contract.demands()),
            seed: 0x5EED,
            wait_limit_ms: WAIT_LIMIT.as_millis() as u64,
        }
    }

    /// Everything that happens, as the recorder would file it.
    pub fn events(&self) -> Vec<Event> {
        self.events_through(|opened| opened)
    }

    /// The same on whatever `front` puts in the place of the opened device.
    pub fn events_through(&self, front: impl FnOnce(Opened) -> Opened) -> Vec<Event> {
        let mut events = self.watched_through(front);
        events.retain(|event| !matches!(event.what, What::Progress(_)));
        events
    }

    /// The same with the signs of life.
    pub fn watched_through(&self, front: impl FnOnce(Opened) -> Opened) -> Vec<Event> {
        let settings = self.settings();
        let info = RunInfo {
            format: FORMAT,
            tool: "assay".to_owned(),
            tool_version: "test".to_owned(),
            started: "1970-01-01T00:00:00Z".to_owned(),
            profile: self.profile.name().to_owned(),
            probes: settings.probes.clone(),
            sustain_ms: (self.sustain_ms > 0).then_some(self.sustain_ms),
            sample_ms: Some(self.sample_ms),
            seed: format!("{:016x}", settings.seed),
            contract_sha256: self.contract.map(|c| c.sha256.clone()),
            selectors: vec![self.selector.to_owned()],
            host: None,
            node: None,
            order: Order::Together,
            challenge_sha256: None,
            salt_sha256: None,
        };
        let mut events = vec![Event { at_ns: 0, device: None, what: What::RunStarted(info) }];
        let plan = WorkerPlan {
            device: 0,
            selector: self.selector.to_owned(),
            settings,
            already: self.already.clone(),
        };
        let options = OpenOptions { wait_limit: WAIT_LIMIT };
        match inventory::open(self.selector, options) {
            Ok(opened) => {
                engine::run(&plan, front(opened), &mut events, gpu_assay::probes::cases, || Ok(())).unwrap()
            }
            Err(error) => events.push(Event { at_ns: 0, device: Some(0), what: engine::cannot_open(&error) }),
        }
        events.push(Event { at_ns: 0, device: None, what: What::RunEnded(Ended::Completed) });
        events
    }

    pub fn report(&self) -> Report {
        report(&self.events(), self.contract)
    }
}

/// What happens on the devices of one node, in the order of their clocks.
pub fn node(selectors: &[String], run: &Run<'_>) -> Vec<Event> {
    let (mut ends, mut all) = (Vec::new(), Vec::new());
    for (device, selector) in (0..).zip(selectors) {
        for event in (Run { selector, ..run.clone() }).events() {
            match event.device {
                Some(_) => all.push(Event { device: Some(device), ..event }),
                None if device == 0 => ends.push(event),
                None => {}
            }
        }
    }
    if let Some(Event { what: What::RunStarted(info), .. }) = ends.first_mut() {
        info.selectors = selectors.to_vec();
    }
    all.sort_by_key(|event| event.at_ns);
    let last_ns = all.last().map_or(0, |event| event.at_ns);
    let end = Event { at_ns: last_ns, ..ends.pop().unwrap() };
    ends.into_iter().chain(all).chain([end]).collect()
}

/// Events judged and put together.
pub fn report(events: &[Event], contract: Option<&Parsed>) -> Report {
    let evidence = record::fold(events).unwrap();
    Report::new(evidence, contract, SealedBy::Ephemeral, "1970-01-01T00:00:00Z".to_owned())
}
