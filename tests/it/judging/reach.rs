//! Whose limit a rate shows: what a kernel reaches that does not use the card's fastest units.

use gpu_assay::device::Reach;
use gpu_assay::evidence::lapse::{Lapse, LapseKind};

use super::*;

/// A rate of a kernel that does not use the card's fastest units is at least what the card has.
#[test]
fn a_shortfall_that_may_be_ours_fails_nobody() {
    const CODE: &str = "shortfall_may_be_ours";
    let by_ours = |name: &str| edited(|d| measurement(d, name).conditions.reach = Reach::Kernel);
    let triad = || by_ours("stream.triad.rate");
    let more = TRIAD.replace("1 GB", "1.01 GB");
    expect(triad(), TRIAD, Verdict::Pass, "met");
    expect(triad(), &more, Verdict::Inconclusive, CODE);
    expect(good_device(1), &more, Verdict::Fail, "not_met");
    assert_eq!(on(triad(), &more).observed, on(good_device(1), &more).observed);
    // What may be more is not shown to be little, and is too much where it is so already.
    let most = |bound: &str| TRIAD.replace("at_least = \"1 GB/s\"", &format!("at_most = \"{bound}\""));
    expect(triad(), &most("1 GB/s"), Verdict::Inconclusive, CODE);
    expect(triad(), &most("0.9 GB/s"), Verdict::Fail, "not_met");
    let ratio = "metric = \"stream.triad.rate\"\nratio_to = \"stream.copy.rate\"\nat_least = 0.5\nstatistic = \"p50\"";
    expect(triad(), ratio, Verdict::Pass, "met");
    expect(triad(), &ratio.replace("0.5", "0.51"), Verdict::Inconclusive, CODE);
    expect(by_ours("stream.copy.rate"), ratio, Verdict::Inconclusive, CODE);
    // A wrong result is the card's all the same.
    let mut wrong = triad();
    measurement(&mut wrong, "stream.triad.rate").check = Check::Wrong { why: "wrong".into() };
    expect(wrong, &more, Verdict::Fail, "wrong_result");
    for (bound, verdict) in [("2 GB/s", Verdict::Pass), ("2.01 GB/s", Verdict::Inconclusive)] {
        let node = terms(&format!("{}\nscope = \"node\"", TRIAD.replace("1 GB/s", bound)));
        let findings = judge(&node, &evidence(vec![triad(), good_device(2)]));
        assert_eq!(findings[0].verdict, verdict, "{bound}");
    }
}

/// A latency is the other way round: our kernel may take longer than the card needs, and the less it took the better.
#[test]
fn a_latency_that_may_be_ours_is_good_enough_and_never_too_long() {
    const CODE: &str = "shortfall_may_be_ours";
    let clause = |bound: &str| format!("metric = \"chase.hbm.latency\"\n{bound}\nstatistic = \"p50\"");
    let ours = || edited(|d| measurement(d, "chase.hbm.latency").conditions.reach = Reach::Kernel);
    let (enough, less) = (clause("at_most = \"700 ns\""), clause("at_most = \"699 ns\""));
    expect(ours(), &enough, Verdict::Pass, "met");
    expect(ours(), &less, Verdict::Inconclusive, CODE);
    expect(good_device(1), &less, Verdict::Fail, "not_met");
    expect(ours(), &clause("at_least = \"700 ns\""), Verdict::Inconclusive, CODE);
    expect(ours(), &clause("at_least = \"701 ns\""), Verdict::Fail, "not_met");
}

/// What the host's clock alone timed while a quota kept the program from running may have been faster.
#[test]
fn a_shortfall_under_a_quota_fails_nobody() {
    let held_back = |device_ns: Option<u64>| {
        edited(|d| {
            let sample = Sample { device_ns, host_ns: 1000 };
            *measurement(d, "stream.triad.rate") = timed("stream.triad.rate", 1000, vec![sample; 3]);
            d.lapses = vec![Lapse { at_ns: 5, kind: LapseKind::Throttled, ns: 7_000_000_000 }];
        })
    };
    let judged = |device: DeviceEvidence, clause: &str| {
        // The last: that there was a quota is told before it.
        let finding = judge(&terms(clause), &evidence(vec![device])).pop().unwrap();
        (finding.verdict, finding.because)
    };
    let more = TRIAD.replace("1 GB", "1.01 GB");
    let lapsed = Reason::Lapsed { lapse: LapseKind::Throttled, times: 1, ns: 7_000_000_000 };
    assert_eq!(judged(held_back(None), TRIAD), (Verdict::Pass, Reason::Met));
    assert_eq!(judged(held_back(None), &more), (Verdict::Inconclusive, lapsed));
    // The device's own clock stood for nobody, and without a quota nothing excuses.
    assert_eq!(judged(held_back(Some(999)), &more), (Verdict::Fail, Reason::NotMet));
    let mut free = held_back(None);
    free.lapses.clear();
    assert_eq!(judged(free, &more), (Verdict::Fail, Reason::NotMet));

    let slow = edited(|d| {
        let sample = Sample { device_ns: None, host_ns: 701_000 };
        *measurement(d, "chase.hbm.latency") = timed("chase.hbm.latency", 1000, vec![sample; 3]);
        d.lapses = vec![Lapse { at_ns: 5, kind: LapseKind::Throttled, ns: 7_000_000_000 }];
    });
    for (bound, verdict) in [("701 ns", Verdict::Pass), ("700 ns", Verdict::Inconclusive)] {
        let clause = format!("metric = \"chase.hbm.latency\"\nat_most = \"{bound}\"\nstatistic = \"p50\"");
        assert_eq!(judged(slow.clone(), &clause).0, verdict, "{bound}");
    }
}
