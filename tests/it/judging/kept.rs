//! The figures of a load that was kept up: what of them counts where results were wrong, the run broke off, or our kernel is the limit.

use super::*;
use gpu_assay::device::Reach;
use gpu_assay::evidence::lapse::{Lapse, LapseKind};

const FAIL: Verdict = Verdict::Fail;
const OPEN: Verdict = Verdict::Inconclusive;
const PASS: Verdict = Verdict::Pass;
const NO_ERROR: &str = "metric = \"sustain.errors.count\"\nequals = 0";
const FAST: &str = "metric = \"sustain.bf16.rate\"\nat_least = \"1 GFLOP/s\"\nstatistic = \"p50\"";
/// The time of one product.
const PROMPT: &str = "metric = \"sustain.p50.latency\"\nat_most = \"1 ns\"";
const STEADY: &str = "metric = \"sustain.drift.share\"\nat_most = \"1 %\"";

/// Windows with these rates, of which the first has so many wrong results.
fn loaded(rates: &[u64], wrong: u64) -> DeviceEvidence {
    edited(|d| {
        let mut load = kept_up(rates);
        load.windows[0].wrong = wrong;
        load.times = vec![(1_000_000, load.windows.iter().map(|window| window.products).sum())];
        d.sustained = Some(load);
    })
}

const GOOD: &[u64] = &[1_500_000_000; 4];
const SLOW: &[u64] = &[500_000_000; 4];
/// Four fifths of its first windows in the end.
const WORN: &[u64] = &[1_500_000_000, 1_500_000_000, 1_500_000_000, 1_200_000_000];

#[test]
fn each_wrong_result_is_one_and_none_takes_the_whole_load() {
    for (wrong, [no_error, fast, steady]) in [
        (0, [(PASS, "met"), (PASS, "met"), (PASS, "met")]),
        (1, [(FAIL, "not_met"), (FAIL, "wrong_under_load"), (FAIL, "wrong_under_load")]),
    ] {
        expect(loaded(GOOD, wrong), NO_ERROR, no_error.0, no_error.1);
        expect(loaded(GOOD, wrong), FAST, fast.0, fast.1);
        expect(loaded(GOOD, wrong), STEADY, steady.0, steady.1);
    }
    // Broken off, or shorter than it was asked for.
    let broken = |wrong| {
        let mut device = loaded(GOOD, wrong);
        device.ended = Ended::Unfinished;
        device
    };
    let short = |wrong| {
        let mut device = loaded(GOOD, wrong);
        device.sustained.as_mut().unwrap().load.asked_ms += 1;
        device
    };
    expect(broken(0), NO_ERROR, OPEN, "device_not_completed");
    expect(short(0), NO_ERROR, OPEN, "not_kept_up");
    for device in [broken(1), short(1)] {
        expect(device.clone(), NO_ERROR, FAIL, "not_met");
        expect(device, FAST, FAIL, "wrong_under_load");
    }
    expect(broken(0), FAST, OPEN, "device_not_completed");
    expect(short(0), FAST, OPEN, "not_kept_up");
}

/// How steady it is shows whatever the rate.
#[test]
fn where_our_kernel_is_the_limit_what_hangs_on_its_speed_is_open_and_nothing_else() {
    let ours = |rates: &[u64]| {
        let mut device = loaded(rates, 0);
        device.sustained.as_mut().unwrap().load.conditions.reach = Reach::Kernel;
        device
    };
    expect(ours(SLOW), FAST, OPEN, "shortfall_may_be_ours");
    expect(ours(GOOD), FAST, PASS, "met");
    expect(ours(GOOD), PROMPT, OPEN, "shortfall_may_be_ours");
    expect(ours(GOOD), &PROMPT.replace("ns", "s"), PASS, "met");
    expect(loaded(GOOD, 0), PROMPT, FAIL, "not_met");
    expect(ours(SLOW), STEADY, PASS, "met");
    expect(ours(WORN), STEADY, FAIL, "not_met");
    expect(loaded(SLOW, 0), FAST, FAIL, "not_met");
}

/// The load's windows have the host's clock alone.
#[test]
fn a_quota_that_held_the_program_back_leaves_speed_open_and_nothing_else() {
    let judged = |rates: &[u64], clause: &str| {
        let mut device = loaded(rates, 0);
        device.lapses = vec![Lapse { at_ns: 5, kind: LapseKind::Throttled, ns: 7_000_000_000 }];
        // The last: that there was a quota is told before it.
        judge(&terms(clause), &evidence(vec![device])).pop().unwrap().verdict
    };
    assert_eq!(judged(SLOW, FAST), OPEN);
    assert_eq!(judged(GOOD, FAST), PASS);
    assert_eq!(judged(GOOD, PROMPT), OPEN);
    assert_eq!(judged(WORN, STEADY), FAIL);
}

#[test]
fn a_share_is_the_part_of_the_whole() {
    let alone = |bound: &str| format!("metric = \"census.stolen.share\"\nat_most = \"{bound}\"");
    let shared = || {
        edited(|d| {
            let mut stolen = counted("census.stolen.share", 0, clean_tally(4096));
            stolen.value = Value::Share { part: 3, whole: 200 };
            stolen.check = Check::Matched { exact: 1, sampled: 0, canary: Canary::Caught };
            d.measurements.push(stolen);
        })
    };
    expect(shared(), &alone("1.5 %"), PASS, "met");
    expect(shared(), &alone("1.4 %"), FAIL, "not_met");
}
