//! Each rule with evidence that meets it, breaks it and lacks; each condition without which nothing passes.

use gpu_assay::contract::{Amount, Finding, Reason, Subject, Verdict, exit, judge, overall};
use gpu_assay::device::op::Tally;
use gpu_assay::device::{DeviceError, Identity, Lacking};
use gpu_assay::evidence::*;
use gpu_assay::exit::Exit;
use gpu_assay::telemetry::{Reading, Throttle};
use gpu_assay::units::Unit;

use crate::support::*;

mod agreed;
mod cards;
mod kept;
mod reach;
mod silence;

const TRIAD: &str = "metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";
const FILLED: &str = "metric = \"memory.filled.bytes\"\nat_least = \"15 GiB\"";
const ERRORS: &str = "metric = \"memory.errors.count\"\nequals = 0";

fn on(device: DeviceEvidence, clause: &str) -> Finding {
    let mut findings = judge(&terms(clause), &evidence(vec![device]));
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

/// The verdict and the machine's code of the reason.
fn verdict(device: DeviceEvidence, clause: &str) -> (Verdict, String) {
    let finding = on(device, clause);
    let code = serde_json::to_value(&finding.because).unwrap()["code"].as_str().unwrap().to_owned();
    assert!(!finding.because.to_string().is_empty());
    (finding.verdict, code)
}

#[track_caller]
fn expect(device: DeviceEvidence, clause: &str, expected: Verdict, code: &str) {
    assert_eq!(verdict(device, clause), (expected, code.to_owned()), "{clause}");
}

fn edited(edit: impl FnOnce(&mut DeviceEvidence)) -> DeviceEvidence {
    let mut device = good_device(1);
    edit(&mut device);
    device
}

fn measurement<'a>(device: &'a mut DeviceEvidence, name: &str) -> &'a mut Measurement {
    device.measurements.iter_mut().find(|m| m.metric.as_str() == name).unwrap()
}

fn without(name: &str) -> DeviceEvidence {
    edited(|d| d.measurements.retain(|m| m.metric.as_str() != name))
}

#[test]
fn at_least() {
    expect(good_device(1), TRIAD, Verdict::Pass, "met");
    expect(good_device(1), &TRIAD.replace("1 GB", "1.01 GB"), Verdict::Fail, "not_met");
    expect(good_device(1), &TRIAD.replace("p50", "min"), Verdict::Fail, "not_met");
    expect(without("stream.triad.rate"), TRIAD, Verdict::Inconclusive, "not_measured");
    let finding = on(good_device(1), TRIAD);
    assert_eq!(finding.observed, Some(Amount::Number { value: 1e9, unit: Unit::BytePerSecond }));
    assert_eq!(finding.bound, Some(Amount::Number { value: 1e9, unit: Unit::BytePerSecond }));
    assert_eq!(finding.subject, Subject::Device { index: 0, selector: "sim:test,seed=1".into() });
}

#[test]
fn at_most() {
    let clause = "metric = \"chase.hbm.latency\"\nat_most = \"700 ns\"\nstatistic = \"p95\"";
    expect(good_device(1), clause, Verdict::Pass, "met");
    expect(good_device(1), &clause.replace("700 ns", "699 ns"), Verdict::Fail, "not_met");
    expect(without("chase.hbm.latency"), clause, Verdict::Inconclusive, "not_measured");
    let impossible = edited(|d| {
        let sample = Sample { device_ns: Some(400), host_ns: 401 };
        *measurement(d, "chase.hbm.latency") = timed("chase.hbm.latency", 1000, vec![sample; 3]);
    });
    expect(impossible, clause, Verdict::Inconclusive, "too_fast_to_be_true");
}

#[test]
fn ratio() {
    let clause = "metric = \"stream.triad.rate\"\nratio_to = \"stream.copy.rate\"\nat_least = 0.5\nstatistic = \"p50\"";
    expect(good_device(1), clause, Verdict::Pass, "met");
    expect(good_device(1), &clause.replace("0.5", "0.51"), Verdict::Fail, "not_met");
    expect(without("stream.copy.rate"), clause, Verdict::Inconclusive, "not_measured");
    expect(without("stream.triad.rate"), clause, Verdict::Inconclusive, "not_measured");
    let stopped = edited(|d| {
        *measurement(d, "stream.copy.rate") =
            timed("stream.copy.rate", 0, vec![Sample { device_ns: None, host_ns: 5 }])
    });
    expect(stopped, clause, Verdict::Inconclusive, "no_figure");
}

#[test]
fn equals() {
    let clause = "metric = \"identity.device.name\"\nequals = \"Test Card T100\"";
    expect(good_device(1), clause, Verdict::Pass, "met");
    expect(good_device(1), &clause.replace("T100", "T1000"), Verdict::Fail, "not_met");
    expect(edited(|d| d.facts.clear()), clause, Verdict::Inconclusive, "not_measured");
    expect(good_device(1), ERRORS, Verdict::Pass, "met");
    expect(good_device(1), &ERRORS.replace('0', "1"), Verdict::Fail, "not_met");
    expect(without("memory.errors.count"), ERRORS, Verdict::Inconclusive, "not_measured");
}

#[test]
fn never() {
    for flag in ["throttle.thermal", "throttle.power", "throttle.brake", "ecc.uncorrected", "xid"] {
        let clause = format!("never = \"{flag}\"");
        expect(good_device(1), &clause, Verdict::Pass, "met");
        let raised = edited(|d| {
            let reading = &mut d.timeline[17].reading;
            match flag {
                "throttle.thermal" => reading.throttle = Some(vec![Throttle::Thermal]),
                "throttle.power" => reading.throttle = Some(vec![Throttle::Power]),
                "throttle.brake" => reading.throttle = Some(vec![Throttle::Brake]),
                "ecc.uncorrected" => reading.ecc_uncorrected = Some(1),
                _ => reading.xid = Some(1),
            }
        });
        expect(raised.clone(), &clause, Verdict::Fail, "flag_seen");
        let died_later = DeviceEvidence { ended: Ended::Unfinished, ..raised };
        expect(died_later, &clause, Verdict::Fail, "flag_seen");
        expect(edited(|d| d.timeline.clear()), &clause, Verdict::Inconclusive, "telemetry_absent");
        expect(
            edited(|d| d.timeline[3].reading = Reading::default()),
            &clause,
            Verdict::Inconclusive,
            "telemetry_absent",
        );
        expect(edited(|d| d.timeline.truncate(2)), &clause, Verdict::Inconclusive, "telemetry_too_short");
    }
}

#[test]
fn frozen_telemetry_says_nothing() {
    let clause = "never = \"throttle.thermal\"";
    let freeze = |d: &mut DeviceEvidence| {
        let first = d.timeline[0].reading.clone();
        d.timeline.iter_mut().for_each(|at| at.reading = first.clone());
    };
    expect(edited(freeze), clause, Verdict::Inconclusive, "telemetry_frozen");
    // That a sensor said nothing for once, be it at first, does not show that it is alive.
    for silent in [0, 10] {
        let silenced = edited(|d| {
            freeze(d);
            d.timeline[silent].reading.power_mw = None;
            d.timeline[silent].reading.temperature_c = None;
        });
        expect(silenced, clause, Verdict::Inconclusive, "telemetry_frozen");
    }
    // Too short to tell: 19 readings, or 30 within a second.
    expect(
        edited(|d| {
            freeze(d);
            d.timeline.truncate(19)
        }),
        clause,
        Verdict::Inconclusive,
        "telemetry_too_short",
    );
    expect(
        edited(|d| {
            freeze(d);
            d.timeline.iter_mut().for_each(|at| at.at_ns /= 1000)
        }),
        clause,
        Verdict::Inconclusive,
        "telemetry_too_short",
    );
    // Whole degrees and a clock at its limit may stand still where no power is reported.
    expect(
        edited(|d| {
            freeze(d);
            d.timeline.iter_mut().for_each(|at| at.reading.power_mw = None)
        }),
        clause,
        Verdict::Pass,
        "met",
    );
}

#[test]
fn scopes() {
    let slow = |n| {
        let mut device = good_device(n);
        *measurement(&mut device, "stream.triad.rate") = rates("stream.triad.rate", &[500_000_000]).remove(0);
        device
    };
    let verdicts = |devices: Vec<DeviceEvidence>, clause: &str| -> Vec<Verdict> {
        judge(&terms(clause), &evidence(devices)).iter().map(|f| f.verdict).collect()
    };
    use Verdict::*;
    assert_eq!(verdicts(vec![good_device(1), slow(2)], TRIAD), [Pass, Fail]);
    let any = format!("{TRIAD}\nscope = \"any_device\"");
    assert_eq!(verdicts(vec![slow(1), good_device(2)], &any), [Pass]);
    assert_eq!(verdicts(vec![slow(1), slow(2)], &any), [Fail]);
    let node = format!("{TRIAD}\nscope = \"node\"").replace("1 GB", "1.5 GB");
    assert_eq!(verdicts(vec![slow(1), good_device(2)], &node), [Pass]);
    assert_eq!(verdicts(vec![slow(1), slow(2)], &node), [Fail]);
    let lost = DeviceEvidence { ended: Ended::Unfinished, ..good_device(3) };
    assert_eq!(verdicts(vec![good_device(1), good_device(2), lost], &node), [Inconclusive]);
    for clause in [TRIAD, &any, &node] {
        assert_eq!(verdicts(Vec::new(), clause), [Inconclusive]);
    }
}

#[test]
fn absence_says_who_lacks_what() {
    let absent = |reason| {
        let mut device = without("stream.triad.rate");
        device.absences.push(Absence { metric: metric("stream.triad.rate"), reason });
        device
    };
    let why = || "no such unit".to_owned();
    expect(
        absent(AbsenceReason::Unsupported { by: Lacking::Card, why: why() }),
        TRIAD,
        Verdict::Fail,
        "card_cannot",
    );
    expect(
        absent(AbsenceReason::Unsupported { by: Lacking::Us, why: why() }),
        TRIAD,
        Verdict::Inconclusive,
        "we_cannot",
    );
    expect(absent(AbsenceReason::Skipped { why: why() }), TRIAD, Verdict::Inconclusive, "skipped");
    let error = DeviceError::OutOfMemory { bytes: 4 };
    expect(absent(AbsenceReason::Failed { error }), TRIAD, Verdict::Inconclusive, "failed");
}

#[test]
fn only_checked_figures_count() {
    let checked = |check| edited(|d| measurement(d, "stream.triad.rate").check = check);
    expect(checked(Check::Wrong { why: "element 7".into() }), TRIAD, Verdict::Fail, "wrong_result");
    let matched = |exact, canary| Check::Matched { exact, sampled: 64, canary };
    expect(checked(matched(1, Canary::Missed)), TRIAD, Verdict::Inconclusive, "canary_missed");
    expect(checked(matched(0, Canary::Caught)), TRIAD, Verdict::Inconclusive, "nothing_compared");
    // A wrong result is a fault even if the device died afterwards.
    let died = DeviceEvidence { ended: Ended::Unfinished, ..checked(Check::Wrong { why: "x".into() }) };
    expect(died, TRIAD, Verdict::Fail, "wrong_result");
}

#[test]
fn memory_counts_only_where_it_holds_its_data() {
    let filled = 15u64 << 30;
    let scanned = |name: &str, tally, canary| {
        let name = name.to_owned();
        edited(move |d| measurement(d, &name).check = Check::Scanned { tally, canary })
    };
    let wrong = || Tally { words_wrong: 3, ..clean_tally(filled) };
    expect(good_device(1), FILLED, Verdict::Pass, "met");
    expect(scanned("memory.filled.bytes", wrong(), Canary::Caught), FILLED, Verdict::Fail, "memory_errors");
    let read_once = scanned("memory.filled.bytes", clean_tally(filled), Canary::Caught);
    expect(read_once, FILLED, Verdict::Pass, "met");
    expect(
        scanned("memory.filled.bytes", clean_tally(filled - 4), Canary::Caught),
        FILLED,
        Verdict::Inconclusive,
        "not_read_back",
    );
    expect(
        scanned("memory.filled.bytes", clean_tally(0), Canary::Caught),
        FILLED,
        Verdict::Inconclusive,
        "nothing_compared",
    );
    expect(
        scanned("memory.filled.bytes", clean_tally(filled), Canary::Missed),
        FILLED,
        Verdict::Inconclusive,
        "canary_missed",
    );
    // The count of errors is itself the finding; a probe that counts fewer than its scan is not believed.
    expect(scanned("memory.errors.count", wrong(), Canary::Caught), ERRORS, Verdict::Fail, "not_met");
    expect(
        scanned("memory.errors.count", clean_tally(filled), Canary::Missed),
        ERRORS,
        Verdict::Inconclusive,
        "canary_missed",
    );
}

#[test]
fn at_least_so_much_memory_is_enough_for_less_and_undecided_for_more() {
    let filled = 15u64 << 30;
    let bounded = |n| {
        let mut device = good_device(n);
        measurement(&mut device, "memory.filled.bytes").value =
            Value::AtLeast { count: filled, why: "the quick profile fills no more".into() };
        device
    };
    expect(bounded(1), FILLED, Verdict::Pass, "met");
    expect(bounded(1), &FILLED.replace("15 GiB", "16 GiB"), Verdict::Inconclusive, "only_a_lower_bound");
    expect(bounded(1), &FILLED.replace("at_least", "at_most"), Verdict::Inconclusive, "only_a_lower_bound");
    // More than is allowed is not less for being only a part.
    expect(
        bounded(1),
        &FILLED.replace("at_least", "at_most").replace("15 GiB", "14 GiB"),
        Verdict::Fail,
        "not_met",
    );
    let mut aliased = bounded(1);
    measurement(&mut aliased, "memory.filled.bytes").check =
        Check::Scanned { tally: Tally { words_wrong: 1, ..clean_tally(filled) }, canary: Canary::Caught };
    expect(aliased, FILLED, Verdict::Fail, "memory_errors");
    let lost = DeviceEvidence { ended: Ended::Unfinished, ..bounded(2) };
    expect(lost.clone(), FILLED, Verdict::Inconclusive, "device_not_completed");
    let node = terms(&format!("{FILLED}\nscope = \"node\""));
    for devices in [vec![bounded(1), lost.clone()], vec![lost, bounded(1)]] {
        assert_eq!(judge(&node, &evidence(devices))[0].verdict, Verdict::Inconclusive);
    }
}

#[test]
fn only_completed_runs_count() {
    let lost = Ended::Lost { why: "device lost".into(), during: Some("gemm.fp32.rate".into()) };
    for ended in [Ended::Unfinished, Ended::Interrupted, lost] {
        let device = DeviceEvidence { ended: ended.clone(), ..good_device(1) };
        expect(device.clone(), TRIAD, Verdict::Inconclusive, "device_not_completed");
        expect(device.clone(), ERRORS, Verdict::Inconclusive, "device_not_completed");
        expect(device.clone(), "never = \"xid\"", Verdict::Inconclusive, "device_not_completed");
        let not_reached = TRIAD.replace("triad", "add");
        expect(device, &not_reached, Verdict::Inconclusive, "device_not_completed");
        let run = Evidence { ended, ..good_run(1) };
        assert_eq!(overall(&judge(&terms(TRIAD), &run)), Verdict::Inconclusive);
    }
    expect(edited(|d| d.identity = None), TRIAD, Verdict::Inconclusive, "not_opened");
}

#[test]
fn only_accepted_provenance_counts() {
    let hardware_only = format!("{TRIAD}\naccept = [\"hardware\"]");
    expect(good_device(1), &hardware_only, Verdict::Inconclusive, "provenance_refused");
    expect(
        good_device(1),
        &hardware_only.replace("1 GB", "9 GB"),
        Verdict::Inconclusive,
        "provenance_refused",
    );
    let finding = on(good_device(1), &hardware_only);
    assert!(
        finding
            .because
            .to_string()
            .starts_with("the device is simulated and the contract accepts only hardware")
    );
}

#[test]
fn clocks_that_disagree_and_figures_that_are_none_never_pass() {
    let with = |sample| {
        edited(|d| {
            *measurement(d, "stream.triad.rate") = timed("stream.triad.rate", 1 << 40, vec![sample; 5])
        })
    };
    let sample = |device_ns, host_ns| Sample { device_ns, host_ns };
    expect(with(sample(Some(1_000_000_000), 2_000_000_000)), TRIAD, Verdict::Inconclusive, "clocks_disagree");
    expect(with(sample(Some(0), 0)), TRIAD, Verdict::Inconclusive, "clocks_disagree");
    expect(with(sample(None, 0)), TRIAD, Verdict::Inconclusive, "no_figure");
    expect(with(sample(None, 1_000_000_000)), TRIAD, Verdict::Pass, "met");
    expect(
        edited(|d| *measurement(d, "stream.triad.rate") = timed("stream.triad.rate", 1, Vec::new())),
        TRIAD,
        Verdict::Inconclusive,
        "no_figure",
    );
    let count_for_rate =
        edited(|d| measurement(d, "stream.triad.rate").value = Value::Count { count: u64::MAX });
    expect(count_for_rate, TRIAD, Verdict::Inconclusive, "no_figure");
    let twice = edited(|d| d.measurements.extend(rates("stream.triad.rate", &[5_000_000_000])));
    expect(twice, TRIAD, Verdict::Inconclusive, "no_figure");
}

#[test]
fn a_figure_beyond_the_datasheet_is_no_measurement() {
    let h200 = |rate| {
        edited(|d| {
            let identity = d.identity.as_mut().unwrap();
            (identity.vendor_id, identity.device_id) = (Some(0x10de), Some(0x2335));
            *measurement(d, "stream.triad.rate") = rates("stream.triad.rate", &[rate]).remove(0);
        })
    };
    expect(h200(4_900_000_000_000), TRIAD, Verdict::Pass, "met");
    expect(h200(5_100_000_000_000), TRIAD, Verdict::Inconclusive, "too_fast_to_be_true");
}

fn codes(contract: &str, run: &Evidence) -> Vec<(String, Verdict)> {
    let parsed = contract_with(contract, TRIAD);
    let findings = judge(&parsed.contract, run).into_iter();
    findings.filter(|f| f.clause != "c").map(|f| (f.clause, f.verdict)).collect()
}

#[test]
fn the_inventory_demands_memory_and_model() {
    let memory =
        |size| codes(&format!("[inventory]\ndevices = 1\nmemory = \"{size}\""), &good_run(1))[1].clone();
    // 15 GiB are filled: 95 % of 15.78 GiB.
    assert_eq!(memory("15.78 GiB"), ("inventory.memory".to_owned(), Verdict::Pass));
    assert_eq!(memory("15.8 GiB"), ("inventory.memory".to_owned(), Verdict::Fail));
    let model = |sku, edit: fn(&mut Identity)| {
        let mut run = good_run(1);
        edit(run.devices[0].identity.as_mut().unwrap());
        codes(&format!("[inventory]\ndevices = 1\nsku = \"{sku}\""), &run)
            .into_iter()
            .find(|(id, _)| id == "inventory.sku")
            .unwrap()
            .1
    };
    let as_is: fn(&mut Identity) = |_| {};
    assert_eq!(model("Test Card T100", as_is), Verdict::Pass);
    assert_eq!(model("T100 80GB", as_is), Verdict::Inconclusive);
    assert_eq!(model("Best Card", as_is), Verdict::Inconclusive);
    assert_eq!(model("T1000", as_is), Verdict::Fail);
    // The catalogue knows both: the PCI id decides, not the name.
    let d: fn(&mut Identity) = |identity| {
        (identity.vendor_id, identity.device_id) = (Some(0x10de), Some(0x2685));
        identity.name = "NVIDIA GeForce RTX 4090".into();
    };
    assert_eq!(model("GeForce RTX 4090", d), Verdict::Fail);
    assert_eq!(model("GeForce RTX 4090 D", d), Verdict::Pass);
    let h100: fn(&mut Identity) = |identity| {
        (identity.vendor_id, identity.device_id) = (Some(0x10de), Some(0x2330));
        identity.name = "NVIDIA H100 80GB HBM3".into();
    };
    for (name, verdict) in [
        ("H100 SXM5 80GB", Verdict::Pass),
        ("H100 SXM", Verdict::Pass),
        ("H100 PCIe", Verdict::Inconclusive),
        ("H200 SXM", Verdict::Fail),
    ] {
        assert_eq!(model(name, h100), verdict, "{name}");
    }
}

#[test]
fn only_must_decides_and_nothing_is_inconclusive() {
    assert_eq!(overall(&[]), Verdict::Inconclusive);
    assert_eq!(exit(&[]), Exit::Inconclusive);
    let text = format!("{TRIAD}\n[[clause]]\nid = \"d\"\nseverity = \"should\"\nnever = \"xid\"");
    let mut run = good_run(1);
    run.devices[0].timeline.clear();
    let findings = judge(&terms(&text), &run);
    assert_eq!(
        findings.iter().map(|f| f.verdict).collect::<Vec<_>>(),
        [Verdict::Pass, Verdict::Inconclusive]
    );
    assert_eq!(overall(&findings), Verdict::Pass);
}

#[test]
fn reasons_are_sentences_for_people() {
    let reason = Reason::DeviceNotCompleted {
        ended: Ended::Lost { why: "no answer for 5000 ms".into(), during: Some("stream.triad.rate".into()) },
    };
    assert_eq!(
        reason.to_string(),
        "the run of this device did not complete (no answer for 5000 ms during stream.triad.rate); run again"
    );
}
