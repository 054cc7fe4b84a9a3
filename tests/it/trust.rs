//! From evidence to a report that a stranger can check: sealing, opening, rechecking, and what each change breaks.

use gpu_assay::contract::{Reason, Verdict};
use gpu_assay::device::Provenance;
use gpu_assay::evidence::metric::{Kind, METRICS};
use gpu_assay::evidence::{Evidence, Measurement, Sample};
use gpu_assay::exit::Exit;
use gpu_assay::language::Language;
use gpu_assay::report::ledger::ledger;
use gpu_assay::report::{Report, SealedBy, TrustLevel, recheck, trust_level};
use gpu_assay::seal::{Envelope, SecretKey, TrustList, Verified};
use gpu_assay::units::Unit;
use serde_json::Value;

use crate::support::*;

const TRIAD: &str = "metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";

/// Signed by a new key, with `edit` done to the envelope, and opened by who trusts that key.
fn sealed(report: &Report, edit: fn(&mut Value)) -> Verified {
    let key = SecretKey::generate().unwrap();
    let mut envelope = serde_json::from_slice(&report.seal(&key).unwrap().to_bytes()).unwrap();
    edit(&mut envelope);
    Envelope::parse(&serde_json::to_vec(&envelope).unwrap())
        .unwrap()
        .open(&TrustList::new([key.public()]))
        .unwrap()
}

fn seal_and_open(report: &Report) -> Report {
    Report::from_verified(&sealed(report, |_| {})).unwrap()
}

fn report(run: gpu_assay::evidence::Evidence, clause: &str) -> Report {
    Report::new(run, Some(&contract(clause)), SealedBy::Ephemeral, "1970-01-01T00:00:01Z".into())
}

#[test]
fn a_report_survives_the_envelope_and_its_recheck() {
    for (clause, verdict, exit) in [
        (TRIAD.to_owned(), Verdict::Pass, Exit::Pass),
        (TRIAD.replace("1 GB/s", "1.1 GB/s"), Verdict::Fail, Exit::Fail),
        (TRIAD.replace("triad", "add"), Verdict::Inconclusive, Exit::Inconclusive),
    ] {
        let report = report(good_run(2), &clause);
        let back = seal_and_open(&report);
        assert_eq!(back, report);
        assert_eq!((back.verdict, back.exit()), (Some(verdict), exit), "{clause}");
        assert_eq!(recheck(&back, None).differences, []);
        assert_eq!(recheck(&back, None).exit(&back), exit);
    }
}

#[test]
fn what_is_missing_is_named() {
    let report = report(good_run(1), &TRIAD.replace("triad", "add"));
    assert_eq!(report.findings[0].because, Reason::NotMeasured { metric: "stream.add.rate".into() });
    assert_eq!(
        report.findings[0].because.to_string(),
        "stream.add.rate was not measured; run again without `--probe`, which measures all, or with `--probe stream` too; where that probe ran, this device or profile has no such case"
    );
}

#[test]
fn the_verifier_may_bring_the_contract() {
    let agreed = contract(TRIAD);
    let lowered = contract(&TRIAD.replace("1 GB/s", "0.5 GB/s"));
    let report = Report::new(good_run(1), Some(&lowered), SealedBy::Named, "1970-01-01T00:00:01Z".into());
    assert!(recheck(&report, Some(&lowered)).holds());
    let against = recheck(&report, Some(&agreed));
    let what: Vec<&str> = against.differences.iter().map(|d| d.what.as_str()).collect();
    assert_eq!(what, ["contract"]);
    assert!(against.holds_by_another_contract());

    // Terms that do not belong to the digest show only beside the file.
    let mut swapped = report.clone();
    swapped.contract.as_mut().unwrap().sha256 = agreed.sha256.clone();
    let against = recheck(&swapped, Some(&agreed));
    let what: Vec<&str> = against.differences.iter().map(|d| d.what.as_str()).collect();
    assert_eq!(what, ["contract terms"]);
    assert!(!against.holds_by_another_contract());

    let mut for_another = report;
    for_another.evidence.run.contract_sha256 = Some(agreed.sha256);
    let again = recheck(&for_another, None);
    assert!(again.holds(), "a recording may be judged by another contract");
    let signed = ledger(&for_another, &sealed(&for_another, |_| {}), &again, None, Language::English).signed;
    assert!(signed.iter().any(|entry| entry.what == "made for another contract"));
}

#[test]
fn a_run_without_a_contract_judges_nothing() {
    let report = Report::new(good_run(1), None, SealedBy::Ephemeral, "1970-01-01T00:00:01Z".into());
    let back = seal_and_open(&report);
    assert_eq!((back.findings.len(), back.verdict, back.exit()), (0, None, Exit::Inconclusive));
    assert!(recheck(&back, None).holds());
    let demanded = recheck(&back, Some(&contract(TRIAD)));
    assert!(!demanded.holds());
    assert_eq!(demanded.exit(&back), Exit::Signature);

    let mut conflict = good_run(1);
    conflict.devices[0].timeline[0].reading.name = Some("Another Card".into());
    assert_eq!(Report::new(conflict, None, SealedBy::Ephemeral, String::new()).exit(), Exit::Identity);
}

#[test]
fn the_ledger_keeps_the_machines_word_apart() {
    let report = report(good_run(1), TRIAD);
    let verified = sealed(&report, |_| {});
    let unchanged = ledger(&report, &verified, &recheck(&report, None), None, Language::English);
    let find = |entries: &[gpu_assay::report::ledger::Entry], what: &str| {
        entries.iter().find(|e| e.what == what).map(|e| e.value.clone())
    };
    assert_eq!(find(&unchanged.signed, "signer"), Some(verified.signer().to_string()));
    assert_eq!(find(&unchanged.recomputed, "samples"), Some("11".into()));
    assert_eq!(find(&unchanged.recomputed, "verdict"), Some("pass".into()));
    assert_eq!(find(&unchanged.machines_word, "sim:test,seed=1: name"), Some("Test Card T100".into()));
    assert!(find(&unchanged.machines_word, "sim:test,seed=1: provenance").unwrap().starts_with("simulated"));

    // No signature covers the name of the key.
    let renamed = sealed(&report, |envelope| envelope["signatures"][0]["keyid"] = "somebody".into());
    let renamed = ledger(&report, &renamed, &recheck(&report, None), None, Language::English);
    assert_eq!(find(&unchanged.machines_word, "envelope's key name"), None);
    assert!(
        find(&renamed.machines_word, "envelope's key name").unwrap().starts_with("somebody, which is not")
    );
}

#[test]
fn simulated_and_unopened_devices_are_not_measured() {
    let level = |edit: fn(&mut Evidence)| {
        let mut run = good_run(2);
        edit(&mut run);
        trust_level(&run)
    };
    assert_eq!(level(|_| {}), TrustLevel::L0);
    assert_eq!(level(|run| set_hardware(run, 0)), TrustLevel::L0);
    assert_eq!(level(|run| (0..2).for_each(|n| set_hardware(run, n))), TrustLevel::L1);
    assert_eq!(level(|run| run.devices.clear()), TrustLevel::L0);
}

fn set_hardware(run: &mut Evidence, n: usize) {
    run.devices[n].identity.as_mut().unwrap().provenance = Provenance::Hardware;
}

/// 25 cases with 60 samples each, and a reading every second of a two-minute run.
fn ordinary() -> Evidence {
    let mut device = good_device(1);
    device.timeline = timeline(120);
    device.measurements = METRICS
        .iter()
        .filter(|row| matches!(row.kind, Kind::Number(unit) if unit != Unit::Byte && unit != Unit::Count))
        .take(25)
        .map(|row| many(&row.name, 60))
        .collect();
    evidence(vec![device])
}

fn many(metric: &str, samples: u64) -> Measurement {
    let sample = |i: u64| Sample { device_ns: Some(80_123_456 + i * 7919), host_ns: 80_223_456 + i * 7927 };
    timed(metric, 1 << 40, (0..samples).map(sample).collect())
}

#[test]
fn an_ordinary_report_is_small() {
    let file = report(ordinary(), TRIAD).seal(&SecretKey::generate().unwrap()).unwrap().to_bytes();
    assert!(file.len() <= 64 << 10, "{} bytes", file.len());
}

#[test]
fn a_report_with_a_hundred_thousand_samples_is_rechecked_whole() {
    let mut run = good_run(1);
    run.devices[0].measurements = vec![many("stream.triad.rate", 50_000), many("stream.copy.rate", 50_000)];
    let back = seal_and_open(&report(run, TRIAD));
    assert!(recheck(&back, None).holds());
    let mut changed = back;
    let gpu_assay::evidence::Value::Timed(timed) = &mut changed.evidence.devices[0].measurements[1].value
    else {
        panic!()
    };
    timed.samples[49_999].device_ns = Some(1);
    assert!(!recheck(&changed, None).holds(), "the last sample of all counts as well");
}
