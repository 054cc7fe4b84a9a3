//! When a load kept up tells a sick card from a healthy one: simulated cards whose fault is known, under one contract.
//! Owns the faults, the contract and what counts as noticed; prints nothing.

use gpu_assay::contract::{Contract, Parsed, Verdict, judge, parse};
use gpu_assay::engine::Profile;
use gpu_assay::evidence::event::{Event, What};
use gpu_assay::evidence::record::Recording;
use gpu_assay::evidence::{Ended, Evidence};

use crate::pipeline::{self, Run};

pub const MINUTES: u64 = 10;
/// Noise of every card, healthy or not: each time varies by so much either way.
pub const NOISE: &str = "noise=0.02";

/// One thing that may be wrong with a card.
pub struct Scenario {
    pub name: &'static str,
    /// As it stands in the selector of the first card.
    pub fault: &'static str,
    /// From when on it can be noticed, in seconds from the start.
    pub onset_s: u64,
    /// What should notice it first, which the test asserts.
    #[allow(dead_code)]
    pub by: &'static str,
    /// Devices of the node. All but the first are healthy.
    pub devices: u32,
}

const fn alone(name: &'static str, fault: &'static str, onset_s: u64, by: &'static str) -> Scenario {
    Scenario { name, fault, onset_s, by, devices: 1 }
}

const fn of_eight(name: &'static str, fault: &'static str, onset_s: u64, by: &'static str) -> Scenario {
    Scenario { devices: 8, ..alone(name, fault, onset_s, by) }
}

#[rustfmt::skip]
pub const SCENARIOS: [Scenario; 14] = [
    alone("throttles to 70 % after 2 min", "throttle=0.7@120s", 120, "tail"),
    alone("loses 3 % of its speed in 10 min", "drift=0.003/min", 0, "steady"),
    alone("one wrong element in 10^9", "upset=1000000000", 0, "errors"),
    alone("a stuck bit of memory", "stuck=9MB:5", 0, "errors"),
    alone("wrong elements, one in 10^8, from 60 °C on", "upset=100000000,upset_when=hot:60", 0, "errors"),
    alone("wrong elements only after a pause", "upset=1,upset_when=idle", 0, "errors"),
    alone("uncorrected memory errors, one a minute", "ecc=1/min", 0, "ecc"),
    alone("a driver error, Xid 79, after 2 min", "xid=79@120s", 120, "xid"),
    alone("lost after 2 min", "lost@t=120s", 120, LOST),
    alone("no answer from device call 200,000 on", "hang@call=200000", 0, LOST),
    alone("telemetry frozen", "telemetry=frozen", 0, "ecc"),
    alone("telemetry frozen, clock at 80 % of what it says", "telemetry=frozen,clocklie=0.8", 0, "rate"),
    of_eight("one of eight devices 5 % slower", "flops=0.95", 0, "lag"),
    of_eight("one of eight loses 5 % after 2 min, untold", "throttle=0.95@120s,telemetry=frozen", 120, "steady"),
];

/// Cards without a fault, alone and eight together.
pub const HEALTHY: [Scenario; 2] =
    [alone("one healthy device", "", 0, ""), of_eight("eight healthy devices", "", 0, "")];

/// In the place of a clause, where a device is lost: no clause passes then.
pub const LOST: &str = "device lost";

/// What every card is held to.
pub const CONTRACT: &str = include_str!("contract.toml");
/// Of a node: what compares its devices.
pub const OF_NODE: &str = "[[clause]]\nid = \"lag\"\nmetric = \"node.any.lag\"\nat_most = \"3 %\"\n";

pub const CARD: &str = "sim:mini,mem=16MiB,buffer=4MiB";

impl Scenario {
    fn selector(&self, device: u32, seed: u64) -> String {
        let fault =
            if device == 0 && !self.fault.is_empty() { format!(",{}", self.fault) } else { String::new() };
        let seed = seed * 8 + u64::from(device);
        format!("{CARD},{NOISE},seed={seed},index={device}{fault}")
    }

    pub fn contract(&self) -> Parsed {
        let of_node = if self.devices > 1 { OF_NODE } else { "" };
        parse("contract.toml", format!("{CONTRACT}\n{of_node}").as_bytes()).unwrap()
    }
}

/// What was noticed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The first clause that failed, or stayed open to the end, or [`LOST`].
    pub by: String,
    /// By the run's clock.
    pub at_ns: u64,
    /// Only when the run was over, by what was not known.
    pub open: bool,
}

/// Runs one card, or a node of them, and looks at each window as if the load had been meant to end with it.
pub fn first_alarm(scenario: &Scenario, contract: &Contract, seed: u64) -> Option<Alarm> {
    let events = recording(scenario, seed);
    let mut recording = Recording::begin(&events[0]).unwrap();
    for event in &events[1..] {
        recording.add(event).unwrap();
        let at_ns = event.at_ns;
        if let What::DeviceEnded(Ended::Lost { .. }) = &event.what {
            return Some(Alarm { by: LOST.to_owned(), at_ns, open: false });
        }
        // Windows of all devices end at about the same time.
        let is_window = matches!(event.what, What::Window(_)) && event.device == Some(scenario.devices - 1);
        if is_window && let Some(by) = failing(contract, recording.evidence.clone()) {
            return Some(Alarm { by, at_ns, open: false });
        }
    }
    let at_ns = events.iter().map(|event| event.at_ns).max().unwrap();
    let findings = judge(contract, &recording.evidence);
    let open = findings.into_iter().find(|finding| finding.verdict != Verdict::Pass)?;
    Some(Alarm { by: open.clause, at_ns, open: true })
}

/// The first clause that fails if all ends here.
fn failing(contract: &Contract, mut evidence: Evidence) -> Option<String> {
    for device in &mut evidence.devices {
        device.ended = Ended::Completed;
        if let Some(load) = &mut device.sustained {
            load.load.asked_ms = load.watched_ns() / 1_000_000;
        }
    }
    evidence.ended = Ended::Completed;
    judge(contract, &evidence).into_iter().find(|f| f.verdict == Verdict::Fail).map(|f| f.clause)
}

/// The events of all devices.
fn recording(scenario: &Scenario, seed: u64) -> Vec<Event> {
    let selectors: Vec<String> =
        (0..scenario.devices).map(|device| scenario.selector(device, seed)).collect();
    let probes = ["sustain"];
    let run = Run {
        profile: Profile::Standard,
        sustain_ms: MINUTES * 60_000,
        sample_ms: Profile::Standard.sample_ms(),
        ..Run::short("", &probes)
    };
    pipeline::node(&selectors, &run)
}

/// The alarms of so many runs of other seeds, on as many threads as there are.
pub fn alarms(scenario: &Scenario, seeds: u64) -> Vec<Alarm> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        let part = |first: u64| {
            scope.spawn(move || {
                let contract = scenario.contract().contract;
                let seeds = (first..seeds).step_by(threads as usize);
                seeds.filter_map(|seed| first_alarm(scenario, &contract, seed)).collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = (0..threads).map(part).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}
