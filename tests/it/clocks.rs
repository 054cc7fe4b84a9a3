//! Clocks that part while a load is kept up: the program is frozen, the device stalls, the machine sleeps, somebody sets the
//! clock. Nobody need sleep for it: the clock stands before the simulated one.

use std::rc::Rc;
use std::time::Duration;

use gpu_assay::clock::{Clock, Machine};
use gpu_assay::contract::{Finding, Verdict, parse};
use gpu_assay::device::backend::Opened;
use gpu_assay::evidence::lapse::{Lapse, LapseKind};
use gpu_assay::evidence::{DeviceEvidence, record};
use gpu_assay::report::{Report, SealedBy};

use crate::pipeline::Run;

const CARD: &str = "sim:mini,mem=16MiB,buffer=4MiB";
const SECOND: u64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND as i64;
/// When it happens, by the device's own time: in the middle of the load.
const AT_NS: u64 = 20 * SECOND;

/// What all clocks say more from that moment on.
#[derive(Clone, Copy, Default)]
struct Jump {
    monotonic_ns: u64,
    boot_ns: u64,
    wall_ns: i64,
    stood_ns: u64,
    throttled_ns: u64,
}

struct Jumping {
    inner: Rc<dyn Clock>,
    jump: Jump,
    slower: u64,
}

impl Jumping {
    fn jumped(&self) -> Jump {
        if self.inner.now_ns() < AT_NS { Jump::default() } else { self.jump }
    }
}

impl Clock for Jumping {
    fn now_ns(&self) -> u64 {
        self.inner.now_ns() * self.slower + self.jumped().monotonic_ns
    }

    fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration);
    }

    fn machine(&self) -> Option<Machine> {
        let (jump, now_ns) = (self.jumped(), self.now_ns());
        let boot_ns = now_ns + jump.boot_ns;
        let wall_ns = 1_700_000_000 * SECOND as i64 + boot_ns as i64 + jump.wall_ns;
        let (boot_ns, Jump { stood_ns, throttled_ns, .. }) = (Some(boot_ns), jump);
        Some(Machine { monotonic_ns: now_ns, boot_ns, wall_ns, stood_ns, throttled_ns })
    }
}

/// A load of thirty seconds by such a clock, judged.
fn kept_up(jump: Jump, slower: u64) -> (DeviceEvidence, Vec<Finding>) {
    let clauses = "version = 1\nid = \"soak\"\naccept = [\"simulated\"]\n\
        [[clause]]\nid = \"long\"\nmetric = \"sustain.watched.time\"\nat_least = \"30 s\"\n\
        [[clause]]\nid = \"right\"\nmetric = \"sustain.errors.count\"\nequals = 0\n\
        [[clause]]\nid = \"fast\"\nmetric = \"sustain.bf16.rate\"\nat_least = \"11 GFLOP/s\"\nstatistic = \"p5\"\n";
    let contract = parse("soak.toml", clauses.as_bytes()).unwrap();
    let probes = ["sustain"];
    let run = Run { sustain_ms: 30_000, contract: Some(&contract), ..Run::short(CARD, &probes) };
    let events = run.events_through(|opened| Opened {
        clock: Rc::new(Jumping { inner: opened.clock.clone(), jump, slower }),
        ..opened
    });
    let report =
        Report::new(record::fold(&events).unwrap(), Some(&contract), SealedBy::Ephemeral, String::new());
    (report.evidence.devices[0].clone(), report.findings)
}

fn verdict(findings: &[Finding], clause: &str) -> Option<Verdict> {
    findings.iter().find(|finding| finding.clause == clause).map(|finding| finding.verdict)
}

fn lapses(device: &DeviceEvidence) -> Vec<(LapseKind, u64)> {
    device.lapses.iter().map(|Lapse { kind, ns, .. }| (*kind, ns / SECOND)).collect()
}

/// The length of all gaps, and from the first window to the end of the last, in seconds.
fn spans(device: &DeviceEvidence) -> (Vec<u64>, u64) {
    let load = device.sustained.as_ref().unwrap();
    let gaps = load.gaps.iter().map(|(from, to)| (to - from) / SECOND).collect();
    let (first, last) = (load.windows.first().unwrap(), load.windows.last().unwrap());
    (gaps, (last.to_ns - first.from_ns) / SECOND)
}

#[test]
fn time_in_which_the_program_was_frozen_is_a_gap_and_is_made_up_for() {
    let frozen = Jump { monotonic_ns: 31 * SECOND, stood_ns: 31 * SECOND, ..Jump::default() };
    let (device, findings) = kept_up(frozen, 1);
    assert_eq!(spans(&device), (vec![31], 61));
    assert_eq!(lapses(&device), [(LapseKind::Stood, 31)]);
    let load = device.sustained.as_ref().unwrap();
    assert_eq!(load.watched_ns() / SECOND, 30, "what was asked for");
    assert!(load.times.iter().all(|(ns, _)| *ns < SECOND), "nobody knows what the product took");
    for clause in ["long", "right", "fast"] {
        assert_eq!(verdict(&findings, clause), Some(Verdict::Pass), "{clause}: {findings:?}");
    }
    let gap = findings.iter().find(|finding| finding.clause == "run.continuity").unwrap();
    assert_eq!(gap.verdict, Verdict::Inconclusive);
    let why = gap.because.to_string();
    assert_eq!(why, "the program was stopped or the machine frozen for 31 s, in which nobody watched");
    // Too short to be told from a busy machine.
    let late = Jump { monotonic_ns: SECOND, stood_ns: SECOND, ..Jump::default() };
    let (device, findings) = kept_up(late, 1);
    assert_eq!((spans(&device), lapses(&device)), ((vec![], 30), vec![]));
    assert_eq!(verdict(&findings, "run.continuity"), None);
}

/// The device's own fault, if it is one, is no rest for it: the time does not count, and the product is as slow as it was.
#[test]
fn a_device_that_does_not_answer_is_not_watched_and_stays_slow() {
    let (device, findings) = kept_up(Jump { monotonic_ns: 25 * SECOND, ..Jump::default() }, 1);
    assert_eq!((spans(&device), lapses(&device)), ((vec![25], 55), vec![(LapseKind::Stalled, 25)]));
    let load = device.sustained.as_ref().unwrap();
    assert_eq!(load.watched_ns() / SECOND, 30);
    let host_ns: u64 = load.windows.iter().map(|window| window.host_ns).sum();
    assert!(host_ns > 25 * SECOND, "it is in the figures: {host_ns}");
    assert_ne!(verdict(&findings, "fast"), Some(Verdict::Pass));
}

/// One that would have to be waited for without end is not: what it left says that it was not kept up.
#[test]
fn a_device_that_stands_still_for_longer_than_it_should_work_is_given_up() {
    let (device, findings) = kept_up(Jump { monotonic_ns: 3600 * SECOND, ..Jump::default() }, 1);
    let watched_ns = device.sustained.as_ref().unwrap().watched_ns();
    assert!((10 * SECOND..25 * SECOND).contains(&watched_ns), "{watched_ns}");
    assert_eq!(verdict(&findings, "long"), Some(Verdict::Inconclusive), "{findings:?}");
}

/// The same time in steps that are all as long.
#[test]
fn a_slow_device_has_no_gaps() {
    let (device, _) = kept_up(Jump::default(), 10_000);
    let load = device.sustained.as_ref().unwrap();
    let longest_ns = load.windows.iter().map(|window| window.to_ns - window.from_ns).max().unwrap();
    assert!(longest_ns > 15 * SECOND, "{longest_ns}");
    assert_eq!((load.gaps.as_slice(), device.lapses.as_slice()), (&[][..], &[][..]));
    let span_ns = load.windows.last().unwrap().to_ns - load.windows[0].from_ns;
    assert_eq!(load.watched_ns(), span_ns);
}

#[test]
fn sleep_a_quota_and_a_clock_that_was_set_are_on_record() {
    for (jump, kind, seconds, says) in [
        (Jump { boot_ns: 8 * HOUR as u64, ..Jump::default() }, LapseKind::Slept, 28_800, "slept for 8 h"),
        (
            Jump { throttled_ns: 7 * SECOND, ..Jump::default() },
            LapseKind::Throttled,
            7,
            "CPU quota of the container",
        ),
        (Jump { wall_ns: -HOUR, ..Jump::default() }, LapseKind::SetBack, 3600, "was set back by 60 min"),
        (Jump { wall_ns: 4 * HOUR, ..Jump::default() }, LapseKind::SetAhead, 14_400, "was set ahead by 4 h"),
    ] {
        let (device, findings) = kept_up(jump, 1);
        assert_eq!(lapses(&device), [(kind, seconds)]);
        assert!(device.lapses[0].at_ns.abs_diff(AT_NS) < SECOND, "{:?}", device.lapses);
        let gap = findings.iter().find(|finding| finding.clause == "run.continuity").unwrap();
        assert!(gap.because.to_string().contains(says), "{}", gap.because);
        assert_eq!(verdict(&findings, "long"), Some(Verdict::Pass));
        assert_eq!(spans(&device), (vec![], 30), "monotonic time went on");
    }
}
