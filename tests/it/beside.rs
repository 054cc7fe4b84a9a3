//! Figures that no probe measures: counters before and after the run, energy and the first throttle of a load, and the devices of a
//! node beside each other. Each met, broken, and without the evidence that it needs.

use gpu_assay::contract::{Verdict, judge};
use gpu_assay::device::Reach;
use gpu_assay::evidence::*;
use gpu_assay::output::Format;
use gpu_assay::output::page::Page;
use gpu_assay::report::{Report, SealedBy, recheck, summaries};
use gpu_assay::telemetry::Reading;

use crate::pages::sealed;
use crate::support::{contract, evidence, good_device, good_run, kept_up, rates, terms, timed, timeline};

/// How a clause on `metric` ends on a run, what was found, and why.
fn on(run: &Evidence, metric: &str, demand: &str) -> (Verdict, String, String) {
    let findings = judge(&terms(&format!("metric = \"{metric}\"\n{demand}")), run);
    let finding = findings.iter().max_by_key(|finding| finding.verdict).unwrap();
    let observed = finding.observed.as_ref().map_or(String::new(), ToString::to_string);
    (finding.verdict, observed, finding.because.to_string())
}

#[track_caller]
fn ends(run: &Evidence, metric: &str, demand: &str, verdict: Verdict, words: &str) {
    let (is, observed, why) = on(run, metric, demand);
    assert!(
        is == verdict && format!("{observed}; {why}").contains(words),
        "{metric} {demand}: {is} {observed} {why}"
    );
}

const PASS: Verdict = Verdict::Pass;
const FAIL: Verdict = Verdict::Fail;
const OPEN: Verdict = Verdict::Inconclusive;

/// A run of one device whose readings were changed.
fn read(mut edit: impl FnMut(usize, &mut Reading)) -> Evidence {
    let mut device = good_device(1);
    device.timeline.iter_mut().enumerate().for_each(|(at, timed)| edit(at, &mut timed.reading));
    evidence(vec![device])
}

#[test]
fn counters_are_judged_by_how_far_they_rose() {
    let (replays, none) = ("counters.pcie_replays.count", "equals = 0");
    ends(&good_run(1), replays, none, OPEN, "telemetry does not say PCIe replays");
    ends(&read(|_, r| r.pcie_replays = Some(900)), replays, none, PASS, "0; the demand is met");
    let rose = |from: usize| read(move |at, r| r.pcie_replays = Some(900 + at.saturating_sub(from) as u64));
    ends(&rose(27), replays, none, FAIL, "2; the demand is not met");
    ends(&rose(27), replays, "at_most = \"2\"", PASS, "2");
    let silent_once = read(|at, r| r.pcie_replays = (at != 3).then_some(900));
    ends(&silent_once, replays, none, OPEN, "does not say");
    // What came has come, whatever happened later; what did not come yet may come.
    let broken_off = |mut run: Evidence| {
        run.devices[0].ended = Ended::Interrupted;
        run
    };
    ends(&broken_off(rose(27)), replays, none, FAIL, "not met");
    ends(&broken_off(rose(27)), replays, "at_most = \"2\"", OPEN, "did not complete");
    ends(&broken_off(rose(30)), replays, none, OPEN, "did not complete");
    let frozen = read(|_, r| (r.pcie_replays, r.power_mw) = (Some(1), Some(1000)));
    ends(&frozen, replays, none, OPEN, "frozen");
    ends(&good_run(1), "counters.xid.count", none, PASS, "0");
    ends(&read(|_, r| r.xid = Some(1)), "counters.xid.count", none, FAIL, "1");
}

/// A device under a load of 1 GFLOP/s for a minute, changed window by window.
fn loaded(mut edit: impl FnMut(usize, &mut sustain::Window)) -> Evidence {
    let mut device = good_device(1);
    let mut load = kept_up(&[1_000_000_000; 6]);
    load.windows.iter_mut().enumerate().for_each(|(at, window)| edit(at, window));
    device.sustained = Some(load);
    evidence(vec![device])
}

#[test]
fn energy_is_the_power_while_products_run() {
    let energy = "sustain.flop.energy";
    let told = |windows: usize| {
        loaded(move |at, window| {
            if at < windows {
                // Two looks of 400 and 600 W.
                (window.sensors.multiplying, window.sensors.multiplying_mw) = (2, 1_000_000);
            }
        })
    };
    ends(&told(6), energy, "at_most = \"500 nJ/FLOP\"", PASS, "500 nJ/FLOP");
    ends(&told(6), energy, "at_most = \"499 nJ/FLOP\"", FAIL, "500 nJ/FLOP");
    ends(&told(3), energy, "at_most = \"500 nJ/FLOP\"", PASS, "500 nJ/FLOP");
    ends(&told(2), energy, "at_most = \"500 nJ/FLOP\"", OPEN, "telemetry does not say the power");
}

#[test]
fn the_first_throttle_is_timed_and_none_is_a_lower_bound() {
    let first = "sustain.first_throttle.time";
    let after = |seconds: u64| {
        loaded(move |at, window| {
            window.sensors.throttled_ns = (at as u64 == seconds / 10).then_some(seconds * 1_000_000_000);
        })
    };
    ends(&after(20), first, "at_least = \"20 s\"", PASS, "20 s");
    ends(&after(20), first, "at_least = \"21 s\"", FAIL, "20 s");
    let never = loaded(|_, _| ());
    ends(&never, first, "at_least = \"1 min\"", PASS, "60 s");
    ends(&never, first, "at_least = \"61 s\"", OPEN, "what comes later nobody saw");
    let silent = loaded(|_, window| window.sensors.told = 0);
    ends(&silent, first, "at_least = \"1 s\"", OPEN, "telemetry does not say why clocks are reduced");
}

/// A minute without an error shows 20 s, with 95 % confidence.
#[test]
fn so_long_between_errors_is_shown_by_time_that_was_watched_and_by_no_error() {
    let mtbe = "sustain.mtbe.time";
    let right = loaded(|_, _| ());
    ends(&right, mtbe, "at_least = \"20 s\"", PASS, "20.03 s");
    ends(&right, mtbe, "at_least = \"21 s\"", OPEN, "so short a time shows no more");
    let wrong = loaded(|at, window| window.wrong = u64::from(at == 2));
    ends(&wrong, mtbe, "at_least = \"1 s\"", FAIL, "1 of");
}

const AT_MOST_2: &str = "at_most = \"2 %\"";

#[test]
fn a_slow_device_lags_behind_the_median_of_its_node() {
    let triad = "node.stream_triad.lag";
    ends(&good_run(3), triad, AT_MOST_2, PASS, "0 %");
    let mut slow = good_run(3);
    slow.devices[1].measurements[0] = rates("stream.triad.rate", &[950_000_000; 3]).remove(0);
    ends(&slow, triad, AT_MOST_2, FAIL, "5 %");
    ends(&slow, "node.any.lag", AT_MOST_2, FAIL, "5 %");
    ends(&slow, "node.any.lag", AT_MOST_2, FAIL, "sim:test,seed=2 (stream.triad.rate): ");
    ends(&slow, "node.stream_copy.lag", AT_MOST_2, PASS, "0 %");
    // Of two, the middle of both would halve it.
    let mut pair = good_run(2);
    pair.devices[1].measurements[0] = rates("stream.triad.rate", &[905_000_000; 3]).remove(0);
    ends(&pair, triad, "at_most = \"9 %\"", FAIL, "9.5 %");
    ends(&good_run(1), triad, AT_MOST_2, OPEN, "this takes two devices at least, and 1 was");
    let mut missing = good_run(3);
    missing.devices[2].measurements.remove(0);
    for metric in [triad, "node.any.lag"] {
        ends(&missing, metric, AT_MOST_2, OPEN, "sim:test,seed=3: stream.triad.rate was not measured");
    }
    let mut alone = good_run(3);
    alone.run.order = Order::OneAtATime;
    ends(&alone, triad, AT_MOST_2, OPEN, "one at a time");
    let mut wrong = good_run(3);
    wrong.devices[0].measurements[0].check = Check::Wrong { why: "bits".to_owned() };
    ends(&wrong, "node.any.lag", AT_MOST_2, FAIL, "bits");
}

/// Where a card may reach more than was measured, how far it lags is not known, whichever way that would turn out.
#[test]
fn what_may_be_more_leaves_open_how_far_it_lags() {
    let (triad, why) = ("node.stream_triad.lag", "no kernel of ours is known");
    for slow in [1_000_000_000, 950_000_000] {
        let mut run = good_run(3);
        run.devices[1].measurements[0] = rates("stream.triad.rate", &[slow; 3]).remove(0);
        run.devices[2].measurements[0].conditions.reach = Reach::Kernel;
        for metric in [triad, "node.any.lag"] {
            ends(&run, metric, AT_MOST_2, OPEN, why);
        }
        ends(&run, "node.stream_copy.lag", AT_MOST_2, PASS, "0 %");
    }
}

#[test]
fn the_hottest_device_is_compared_with_the_coolest() {
    let (spread, demand) = ("node.temperature.spread", "at_most = \"10 K\"");
    let mut run = good_run(3);
    ends(&run, spread, demand, PASS, "0 K");
    run.devices[2].timeline[7].reading.temperature_c = Some(75);
    ends(&run, spread, demand, FAIL, "15 K");
    let mut load = good_run(2);
    load.devices[0].sustained = Some(kept_up(&[1_000_000_000; 16]));
    ends(&load, spread, demand, OPEN, "telemetry told nothing from 29 s to 160 s");
    load.devices[0].timeline = timeline(161);
    ends(&load, spread, demand, FAIL, "15 K");
    run.devices[1].timeline[3].reading.temperature_c = None;
    ends(&run, spread, demand, OPEN, "does not say the temperature");
}

/// A number of errors says how many to expect at most, and counters are shown, in every form that people read.
#[test]
fn reports_show_counters_and_what_so_few_errors_say_of_more() {
    let run = loaded(|_, window| (window.checked, window.wrong) = (100_000, 0));
    let report = Report::new(run, None, SealedBy::Named, "1970-01-01T00:00:00Z".into());
    for format in [Format::Human, Format::Markdown, Format::Html] {
        let mut text = Vec::new();
        format
            .render(
                &report,
                &sealed(&report),
                &mut Page::file(&mut anstream::StripStream::new(&mut text as &mut dyn std::io::Write)),
            )
            .unwrap();
        let text = String::from_utf8(text).unwrap().replace(['\n', '\\'], " ");
        let words: String = text.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
        for expected in ["4.99e-6 of results", "179.744 an hour", "3.7", "counters.xid.count"] {
            assert!(words.contains(expected), "{format:?} {expected}: {words}");
        }
    }
}

/// What lies between devices stands among the summaries, and a forged one is told.
#[test]
fn rates_between_devices_are_summarised() {
    let mut run = good_run(2);
    let sample = Sample { device_ns: Some(1_000_000_000), host_ns: 1_000_000_000 };
    let measurements = vec![timed("peer.0-1.rate", 5_000_000_000, vec![sample; 3])];
    run.node = Some(NodeEvidence { measurements, absences: Vec::new(), ended: Ended::Completed });
    let all = summaries(&run);
    let last = all.last().unwrap();
    assert_eq!((last.device, last.metric.as_str(), last.summary.p50), (None, "peer.0-1.rate", 5e9));
    let given = contract("metric = \"peer.0-1.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"");
    let mut report = Report::new(run, Some(&given), SealedBy::Named, "1970-01-01T00:00:00Z".into());
    assert!(recheck(&report, Some(&given)).holds());
    report.summaries.last_mut().unwrap().summary.p50 = 6e9;
    assert_eq!(recheck(&report, Some(&given)).differences[0].what, "summary of peer.0-1.rate");
}
