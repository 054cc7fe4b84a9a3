//! What parties agree on beside bounds: how sure a figure must be, under which software, and what a single node leaves open.

use super::*;

#[test]
fn near_the_bound_nothing_is_decided() {
    // The device has 1 GB/s.
    let guarded = |bound: &str, side: &str| {
        format!("metric = \"stream.triad.rate\"\n{side} = \"{bound}\"\nstatistic = \"p50\"\nguard = \"1 %\"")
    };
    for (bound, verdict, code) in [
        ("0.98 GB/s", Verdict::Pass, "met"),
        ("0.995 GB/s", Verdict::Inconclusive, "within_guard"),
        ("1.005 GB/s", Verdict::Inconclusive, "within_guard"),
        ("1.02 GB/s", Verdict::Fail, "not_met"),
    ] {
        expect(good_device(1), &guarded(bound, "at_least"), verdict, code);
        let other = match verdict {
            Verdict::Pass => (Verdict::Fail, "not_met"),
            Verdict::Fail => (Verdict::Pass, "met"),
            Verdict::Inconclusive => (verdict, code),
        };
        expect(good_device(1), &guarded(bound, "at_most"), other.0, other.1);
    }
    let finding = on(good_device(1), &guarded("0.995 GB/s", "at_least"));
    assert!(finding.because.to_string().contains("within 1 % of the bound"), "{}", finding.because);
    // What does not count at all is not near anything.
    expect(
        without("stream.triad.rate"),
        &guarded("0.995 GB/s", "at_least"),
        Verdict::Inconclusive,
        "not_measured",
    );
    // Exactly so far from it is near, in numbers that are no more than written.
    let far = guarded("0.8 GB/s", "at_least").replace("1 %", "25 %");
    expect(good_device(1), &far, Verdict::Inconclusive, "within_guard");
    expect(good_device(1), &far.replace("25 %", "24 %"), Verdict::Pass, "met");
    let node = terms(&format!("{}\nscope = \"node\"", guarded("2.01 GB/s", "at_least")));
    let findings = judge(&node, &evidence(vec![good_device(1), good_device(2)]));
    assert_eq!(findings[0].verdict, Verdict::Inconclusive);
}

/// Whichever card comes first: a card that is clearly good decides, one that is nearly good leaves it open.
#[test]
fn the_best_device_is_chosen_by_what_is_sure() {
    let clause = "metric = \"stream.triad.rate\"\nat_least = \"10 GB/s\"\nstatistic = \"p50\"\nguard = \"1 %\"\n\
                  scope = \"any_device\"";
    let of = |mega: u64, n: u32| {
        let mut device = good_device(n);
        *measurement(&mut device, "stream.triad.rate") =
            rates("stream.triad.rate", &[mega * 1_000_000]).remove(0);
        device
    };
    for (one, other, verdict) in [
        (5_000, 9_950, Verdict::Inconclusive),
        (10_050, 10_400, Verdict::Pass),
        (5_000, 10_400, Verdict::Pass),
        (5_000, 9_000, Verdict::Fail),
    ] {
        for (first, second) in [(one, other), (other, one)] {
            let findings = judge(&terms(clause), &evidence(vec![of(first, 1), of(second, 2)]));
            assert_eq!(findings[0].verdict, verdict, "{first}, {second}: {}", findings[0].because);
        }
    }
}

#[test]
fn what_the_fleet_decides_decides_no_node() {
    let fleet = |bound: &str| {
        let clauses = format!(
            "{TRIAD}\n\n[[clause]]\nid = \"f\"\nmetric = \"stream.triad.rate\"\nstatistic = \"p50\"\nat_least = \"{bound}\"\n\
             scope = \"fleet\"\nquorum = \"99 %\""
        );
        judge(&terms(&clauses), &evidence(vec![good_device(1)]))
    };
    let of = |findings: &[Finding]| {
        let code = serde_json::to_value(&findings[1].because).unwrap()["code"].clone();
        (findings[1].severity.name(), findings[1].verdict, code.as_str().unwrap().to_owned())
    };
    assert_eq!(of(&fleet("1 GB/s")), ("info", Verdict::Pass, "met".to_owned()));
    let slow = fleet("2 GB/s");
    assert_eq!(of(&slow), ("info", Verdict::Fail, "not_met".to_owned()));
    assert_eq!(overall(&slow), Verdict::Pass);
    let median = fleet("95 % of fleet median");
    assert_eq!(of(&median), ("info", Verdict::Inconclusive, "decided_over_fleet".to_owned()));
    assert_eq!(overall(&median), Verdict::Pass);
    assert_eq!(median[1].observed, Some(Amount::Number { value: 1e9, unit: Unit::BytePerSecond }));
    // It is written and read again as it was.
    let json = serde_json::to_string(&median).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Finding>>(&json).unwrap(), median);
}

#[test]
fn software_is_pinned() {
    let pinned = |pin: &str, driver: &str| {
        let contract = contract_with(&format!("[software]\n{pin}"), TRIAD).contract;
        let mut device = good_device(1);
        device.identity.as_mut().unwrap().driver = driver.to_owned();
        let findings = judge(&contract, &evidence(vec![device]));
        let code = serde_json::to_value(&findings[0].because).unwrap()["code"].as_str().unwrap().to_owned();
        (findings[0].clause.clone(), findings[0].verdict, code)
    };
    let driver = "driver_at_least = \"570.86\"\ndriver_below = \"600\"";
    for (is, verdict, code) in [
        ("NVIDIA 570.86.15", Verdict::Pass, "met"),
        ("NVIDIA 570.9", Verdict::Fail, "not_met"),
        ("NVIDIA 600.1", Verdict::Fail, "not_met"),
        ("of some kind", Verdict::Inconclusive, "not_measured"),
    ] {
        assert_eq!(pinned(driver, is), ("software.driver".to_owned(), verdict, code.to_owned()), "{is}");
    }
    // The least is good enough and what it must lie below is not; either may stand alone.
    for (pin, verdict) in [
        ("driver_at_least = \"570.86\"", Verdict::Pass),
        ("driver_at_least = \"570.87\"", Verdict::Fail),
        ("driver_below = \"570.86\"", Verdict::Fail),
        ("driver_below = \"570.87\"", Verdict::Pass),
    ] {
        assert_eq!(pinned(pin, "NVIDIA 570.86").1, verdict, "{pin}");
    }
    let ours = gpu_assay::catalogue::digest();
    let catalogue = |sha256: &str| pinned(&format!("catalogue_sha256 = \"{sha256}\""), "x 1.0");
    assert_eq!(catalogue(&ours), ("software.catalogue".into(), Verdict::Pass, "met".into()));
    let other = catalogue(&"0".repeat(64));
    assert_eq!(other, ("software.catalogue".into(), Verdict::Inconclusive, "other_catalogue".into()));
    assert_eq!(
        pinned("assay_at_least = \"0\"", "x 1.0"),
        ("software.assay".into(), Verdict::Pass, "met".into())
    );
    assert_eq!(pinned("assay_at_least = \"1000\"", "x 1.0").1, Verdict::Fail);
}
