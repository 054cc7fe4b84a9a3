//! Two reports of one machine: what became worse, what cannot be compared, and how `assay compare` ends.

use std::path::{Path, PathBuf};

use gpu_assay::device::Provenance;
use gpu_assay::device::op::Tally;
use gpu_assay::evidence::metric::{MetricName, peer_name};
use gpu_assay::evidence::{Canary, Check, DeviceEvidence, Evidence, Measurement, NodeEvidence};
use gpu_assay::exit::Exit;
use gpu_assay::report::compare::{Change, Comparison, Only, compare};
use gpu_assay::report::{Report, SealedBy};

use crate::pipeline::Run;
use crate::process::{Ended, assay};
use crate::support::*;

const WIDTH: f64 = 0.01;

/// Rates around `level`, a tenth of a percent apart.
fn triad(level: u64) -> Measurement {
    let rate = |n: u64| level + level / 1000 * (n * 7 % 5);
    rates("stream.triad.rate", &(0..40).map(rate).collect::<Vec<_>>()).remove(0)
}

fn device(n: u32, level: u64) -> DeviceEvidence {
    let mut device = good_device(n);
    device.measurements = vec![triad(level), counted("memory.errors.count", 0, clean_tally(1 << 20))];
    device
}

fn report(evidence: Evidence) -> Report {
    Report::new(evidence, None, SealedBy::Ephemeral, "1970-01-01T00:00:00Z".into())
}

/// One device before, and the same after `change`.
fn after(change: impl FnOnce(&mut DeviceEvidence)) -> Comparison {
    let before = device(1, 1_000_000_000);
    let mut changed = before.clone();
    change(&mut changed);
    compare(&report(evidence(vec![before])), &report(evidence(vec![changed])), WIDTH)
}

fn first(comparison: &Comparison) -> (Change, String) {
    let row = comparison.rows().next().unwrap();
    (row.verdict, row.because.to_string())
}

#[test]
fn rates_that_moved_by_more_than_the_width_are_told_apart() {
    for (level, change, exit) in [
        (1_000_000_000, Change::Same, Exit::Pass),
        (995_000_000, Change::Same, Exit::Pass),
        (950_000_000, Change::Degraded, Exit::Fail),
        (1_050_000_000, Change::Improved, Exit::Pass),
    ] {
        let comparison = after(|device| device.measurements[0] = triad(level));
        assert_eq!((first(&comparison).0, comparison.exit()), (change, exit), "{level}");
        let ratio = comparison.rows().next().unwrap().ratio.unwrap();
        assert!(
            ratio.low <= ratio.value && ratio.value <= ratio.high && ratio.high - ratio.low < 0.01,
            "{ratio:?}"
        );
    }
}

/// Student's quantiles for 7 degrees of freedom say by how much.
#[test]
fn rows_with_samples_before_and_after_share_the_chance_to_err_and_no_others_do() {
    let eight = |name| rates(name, &[100, 101, 99, 100, 102, 98, 101, 99].map(|n| n * 10_000_000)).remove(0);
    let reach = |copies: [bool; 2], loads: [bool; 2]| {
        let [before, after] = [0, 1].map(|at| {
            let mut device = device(1, 1_000_000_000);
            device.measurements[0] = eight("stream.triad.rate");
            device.measurements.extend(copies[at].then(|| eight("stream.copy.rate")));
            device.sustained = loads[at].then(|| kept_up(&[1_500_000_000; 8]));
            report(evidence(vec![device]))
        });
        let ratio = compare(&before, &after, WIDTH).rows().next().unwrap().ratio.unwrap();
        libm::log(ratio.high / ratio.value)
    };
    let alone = reach([false; 2], [false; 2]);
    for (copies, loads, wider) in [
        ([true, false], [false; 2], 1.0),
        ([false; 2], [false, true], 1.0),
        ([true; 2], [false; 2], 1.151),
        ([false; 2], [true; 2], 1.151),
        ([true; 2], [true; 2], 1.244),
    ] {
        let is = reach(copies, loads) / alone;
        assert!((is / wider - 1.0).abs() < 0.02, "{copies:?}, {loads:?}: {is} and {wider}");
    }
}

#[test]
fn figures_of_other_conditions_are_not_comparable() {
    type Edit = fn(&mut DeviceEvidence);
    let edits: [(&str, Edit); 4] = [
        ("kernels differ", |d| d.measurements[0].conditions.kernel = Some("11".repeat(32))),
        ("sizes differ", |d| d.measurements[0].conditions.shape = "1 MiB".into()),
        ("distribution", |d| {
            d.measurements[0].conditions.distribution = Some(gpu_assay::device::draw::Distribution::Wide)
        }),
        ("simulated before and is hardware after", |d| {
            d.identity.as_mut().unwrap().provenance = Provenance::Hardware
        }),
    ];
    for (words, edit) in edits {
        // Far slower, and still nothing is said of it; that there are as many errors does not say it either.
        let comparison = after(|device| {
            device.measurements[0] = triad(500_000_000);
            edit(device);
        });
        let (change, because) = first(&comparison);
        assert_eq!(change, Change::NotComparable, "{words}: {because}");
        assert!(because.contains(words), "{words}: {because}");
        assert_eq!(comparison.exit(), Exit::Inconclusive, "{words}");
    }
}

#[test]
fn what_is_gone_or_wrong_now_is_never_the_same() {
    let gone = after(|device| drop(device.measurements.remove(0)));
    assert_eq!((first(&gone).0, gone.exit()), (Change::NoLongerMeasured, Exit::Inconclusive));
    let wrong = after(|device| device.measurements[0].check = Check::Wrong { why: "x".into() });
    assert_eq!((first(&wrong).0, wrong.exit()), (Change::Degraded, Exit::Fail));
    let blind = Check::Matched { exact: 1, sampled: 1, canary: Canary::Missed };
    let blind = after(|device| device.measurements[0].check = blind);
    assert_eq!((first(&blind).0, blind.exit()), (Change::Undecided, Exit::Inconclusive));
    let tally = Tally { words_checked: 9, words_wrong: 3, ..Tally::default() };
    let flipped = after(|device| device.measurements[1] = counted("memory.errors.count", 3, tally));
    assert_eq!((flipped.rows().nth(1).unwrap().verdict, flipped.exit()), (Change::Degraded, Exit::Fail));
    let few = after(|device| {
        device.measurements[0] = rates("stream.triad.rate", &[5_000_000, 5_000_000, 5_000_000]).remove(0)
    });
    assert_eq!((first(&few).0, few.exit()), (Change::Undecided, Exit::Inconclusive));
    let (none, one) = (report(evidence(Vec::new())), report(evidence(vec![device(1, 5_000_000)])));
    assert_eq!(compare(&one, &none, WIDTH).exit(), Exit::Inconclusive);
    assert_eq!(compare(&none, &none, WIDTH).exit(), Exit::Inconclusive);
}

#[test]
fn a_load_that_was_kept_up_is_compared_too() {
    let rate = |level: u64| (0..30).map(|n| level + level / 1000 * (n * 7 % 5)).collect::<Vec<_>>();
    let compared = |edit: &dyn Fn(&mut DeviceEvidence)| {
        let mut before = device(1, 1_000_000_000);
        before.sustained = Some(kept_up(&rate(500_000_000_000)));
        let mut after = before.clone();
        edit(&mut after);
        let comparison = compare(&report(evidence(vec![before])), &report(evidence(vec![after])), WIDTH);
        let rows = comparison.rows().filter(|row| row.metric.probe() == "sustain");
        let rows: Vec<_> = rows.map(|row| (row.metric.to_string(), row.verdict)).collect();
        (rows, comparison.exit())
    };
    let rate_and_errors = |rate, errors| {
        vec![("sustain.bf16.rate".to_owned(), rate), ("sustain.errors.count".to_owned(), errors)]
    };
    let kept = |device: &mut DeviceEvidence| device.sustained.take().unwrap();
    assert_eq!(compared(&|_| ()), (rate_and_errors(Change::Same, Change::Same), Exit::Pass));
    let slower = compared(&|device| device.sustained = Some(kept_up(&rate(450_000_000_000))));
    assert_eq!(slower, (rate_and_errors(Change::Degraded, Change::Same), Exit::Fail));
    let wrong = compared(&|device| device.sustained.as_mut().unwrap().windows[2].wrong = 1);
    assert_eq!(wrong, (rate_and_errors(Change::Same, Change::Degraded), Exit::Fail));
    let gone = compared(&|device| drop(kept(device)));
    assert_eq!(gone, (vec![("sustain.bf16.rate".to_owned(), Change::NoLongerMeasured)], Exit::Inconclusive));
    let shorter = compared(&|device| device.sustained.as_mut().unwrap().load.asked_ms /= 2);
    assert_eq!(shorter.0, rate_and_errors(Change::NotComparable, Change::Same));
    let other =
        |device: &mut DeviceEvidence| device.sustained.as_mut().unwrap().load.conditions.kernel = None;
    assert_eq!(compared(&other).0, rate_and_errors(Change::NotComparable, Change::Same));
}

#[test]
fn devices_are_paired_by_the_surest_sign_that_both_have() {
    let paired = |edit: &dyn Fn(&mut Vec<DeviceEvidence>)| {
        let before = vec![device(1, 5_000_000), device(2, 6_000_000)];
        let mut after = before.clone();
        edit(&mut after);
        let comparison = compare(&report(evidence(before)), &report(evidence(after)), WIDTH);
        let pairs: Vec<String> = comparison
            .pairs
            .iter()
            .map(|pair| format!("{} {} {}", pair.before, pair.after, pair.by))
            .collect();
        (pairs, comparison.exit())
    };
    let (one, two) = ("sim:test,seed=1", "sim:test,seed=2");
    // Another order, other slots and other selectors: the UUID tells.
    let (pairs, exit) = paired(&|after| {
        after.reverse();
        for (n, device) in after.iter_mut().enumerate() {
            device.selector = format!("new:{n}");
            device.identity.as_mut().unwrap().pci_address = None;
        }
    });
    assert_eq!((pairs, exit), (vec![format!("{one} new:1 uuid"), format!("{two} new:0 uuid")], Exit::Pass));
    let identity = |device: &mut DeviceEvidence, edit: fn(&mut gpu_assay::device::Identity)| {
        edit(device.identity.as_mut().unwrap())
    };
    let (pairs, _) = paired(&|after| after.iter_mut().for_each(|d| identity(d, |i| i.uuid = None)));
    assert_eq!(pairs, [format!("{one} {one} PCI address"), format!("{two} {two} PCI address")]);
    let (pairs, _) = paired(&|after| after.iter_mut().for_each(|d| d.identity = None));
    assert_eq!(pairs, [format!("{one} {one} selector"), format!("{two} {two} selector")]);
    // Another card in the same slot is another card, and a card that is gone decides nothing.
    let (pairs, exit) = paired(&|after| identity(&mut after[0], |i| i.uuid = Some("f".repeat(32))));
    assert_eq!((pairs, exit), (vec![format!("{two} {two} uuid")], Exit::Inconclusive));
}

/// Writes a signed report of one device into `dir`.
pub fn sealed(dir: &Path, name: &str, level: u64) -> PathBuf {
    sealed_of(dir, name, device(1, level))
}

fn sealed_of(dir: &Path, name: &str, device: DeviceEvidence) -> PathBuf {
    let report = report(evidence(vec![device]));
    let envelope = report.seal(&test_key(dir, "test-a")).unwrap();
    let path = dir.join(name);
    std::fs::write(&path, envelope.to_bytes()).unwrap();
    path
}

#[test]
fn the_command_says_what_changed_and_ends_with_the_documented_code() {
    let dir = tempfile::tempdir().unwrap();
    let [good, slow] =
        [("good", 1_000_000_000), ("slow", 900_000_000)].map(|(n, l)| sealed(dir.path(), n, l));
    let public = dir.path().join("public.pem");
    std::fs::write(&public, test_key(dir.path(), "test-a").public().to_pem().unwrap()).unwrap();
    let other = dir.path().join("other.pem");
    assert_eq!(assay(["key".as_ref(), "new".as_ref(), other.as_os_str()]).code, Some(0));
    let run = |before: &Path, after: &Path, more: &[&str]| -> Ended {
        let mut args = vec!["compare", before.to_str().unwrap(), after.to_str().unwrap()];
        args.extend(more);
        assay(args)
    };
    let same = run(&good, &good, &["--trust", public.to_str().unwrap()]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    assert!(same.stdout.contains("both hold") && same.stdout.contains("same or improved"), "{}", same.stdout);
    let worse = run(&good, &slow, &[]);
    assert_eq!(worse.code, Some(1));
    for words in ["NOT CHECKED", "degraded", "0.9000", "one device by its uuid"] {
        assert!(worse.stdout.contains(words), "{words}: {}", worse.stdout);
    }
    assert_eq!(run(&good, &slow, &["--width", "20%"]).code, Some(0));
    assert_eq!(run(&good, &slow, &["--quiet"]).stdout, "");
    let json = run(&good, &slow, &["--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&value["overall"], &value["signatures_verified"]), (&"degraded".into(), &false.into()));
    assert_eq!(value["comparison"]["pairs"][0]["rows"][0]["verdict"], "degraded");
    let foreign = run(&good, &slow, &["--trust", dir.path().join("other.pub.pem").to_str().unwrap()]);
    assert_eq!((foreign.code, foreign.stdout.as_str()), (Some(6), ""));
    for bad in [vec!["--width", "90%"], vec!["--width", "x"], vec!["--trust", "missing.pem"]] {
        assert_eq!(run(&good, &slow, &bad).code, Some(2), "{bad:?}");
    }
    assert_eq!(run(&good, &dir.path().join("missing"), &[]).code, Some(2));
    let help = assay(["compare", "--help"]).stdout;
    for words in ["serial number, else PCI address", "degraded", "--width", "all hold at once"] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

/// As runs put it on record: a wrong result has neither shape nor kernel.
#[test]
fn a_card_that_now_computes_wrong_results_is_degraded() {
    let card = |fault: &str| {
        let selector = format!("sim:mini,mem=4MiB,buffer=1MiB{fault}");
        Run::short(&selector, &["gemm"]).report()
    };
    let (sound, wrong) = (card(""), card(",gemm_wrong=17"));
    let comparison = compare(&sound, &wrong, WIDTH);
    assert_eq!((first(&comparison).0, comparison.exit()), (Change::Degraded, Exit::Fail));
}

#[test]
fn a_load_with_wrong_results_is_degraded_and_one_that_was_not_kept_up_is_undecided() {
    let card = |fault: &str, sustain_ms| {
        let selector = format!("sim:mini,mem=16MiB,buffer=4MiB{fault}");
        Run { sustain_ms, ..Run::short(&selector, &["link", "sustain"]) }.report()
    };
    let sound = card("", 10_000);
    let under_load = |other: &Report| {
        let comparison = compare(&sound, other, WIDTH);
        let row = comparison.rows().find(|row| row.metric.as_str() == "sustain.errors.count").unwrap();
        (row.verdict, comparison.exit())
    };
    assert_eq!(under_load(&sound).0, Change::Same);
    assert_eq!(under_load(&card(",upset=10000000", 10_000)), (Change::Degraded, Exit::Fail));
    assert_eq!(compare(&sound, &card("", 0), WIDTH).exit(), Exit::Inconclusive);
    let wrong = card(",upset=10000000", 10_000);
    assert_eq!(compare(&card("", 0), &wrong, WIDTH).exit(), Exit::Fail);
}

#[test]
fn a_device_that_did_not_come_to_its_end_decides_nothing() {
    let lost = after(|device| {
        device.ended = gpu_assay::evidence::Ended::Lost { why: "gone".to_owned(), during: None };
    });
    assert_eq!((first(&lost).0, lost.exit()), (Change::Same, Exit::Inconclusive));
}

/// Who compares two quick runs, as the README does, is to get an answer.
#[test]
fn quick_runs_have_samples_enough_to_be_compared() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let run = [
        "--quiet",
        "run",
        "--measure-only",
        "--profile",
        "quick",
        "--device",
        "sim:mini",
        "--probe",
        "link,memory",
    ];
    assert_eq!(assay(run.iter().copied().chain(["--out", out.to_str().unwrap()])).code, Some(0));
    let report = out.join("report.dsse.json");
    let compare = ["compare", report.to_str().unwrap(), report.to_str().unwrap(), "--width", "10%"];
    let ended = assay(compare.iter().chain(&["--probe", "link"]));
    assert!(ended.stdout.contains("link.h2d.rate"), "{}", ended.stdout);
    assert!(ended.code == Some(0) && !ended.stdout.contains("too few"), "{}", ended.stdout);
    // Memory is passed over too seldom for its rates, which is no fault of the link.
    assert_eq!(assay(compare).code, Some(3));
}

/// Two runs of one healthy card, of which a figure has too few samples to decide anything.
#[test]
fn a_gate_holds_only_what_it_is_about() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, edit: &dyn Fn(&mut DeviceEvidence)| -> String {
        let mut device = device(1, 1_000_000_000);
        device.measurements.extend(rates("stream.copy.rate", &[5_000_000, 5_000_000]));
        edit(&mut device);
        sealed_of(dir.path(), name, device).display().to_string()
    };
    let before = write("before", &|_| ());
    let ended = |after: &str, only: &[&str]| assay(["compare", &before, after].iter().chain(only));
    let json = |after: &str, only: &[&str]| -> serde_json::Value {
        let text = ended(after, &[only, &["--json"]].concat()).stdout;
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
    };
    let after = write("after", &|_| ());
    assert_eq!(ended(&after, &[]).code, Some(3));
    for (only, rows) in [
        (&["--metric", "stream.triad.rate"][..], &["stream.triad.rate"][..]),
        (&["--probe", "memory"], &["memory.errors.count"]),
        (
            &["--metric", "stream.triad.rate", "--probe", "memory"],
            &["stream.triad.rate", "memory.errors.count"],
        ),
        (
            &["--metric", "stream.triad.rate,memory.errors.count"],
            &["stream.triad.rate", "memory.errors.count"],
        ),
    ] {
        let held = ended(&after, only);
        assert_eq!(held.code, Some(0), "{only:?}: {}{}", held.stdout, held.stderr);
        let shown = json(&after, only)["comparison"]["pairs"][0]["rows"].clone();
        let shown: Vec<&str> =
            shown.as_array().unwrap().iter().map(|row| row["metric"].as_str().unwrap()).collect();
        assert_eq!(shown, rows, "{only:?}");
    }
    // A figure says the same beside others and alone.
    let alone = &json(&after, &["--metric", "stream.triad.rate"])["comparison"]["pairs"][0]["rows"][0];
    assert_eq!(*alone, json(&after, &[])["comparison"]["pairs"][0]["rows"][0]);
    assert_eq!(ended(&after, &["--probe", "stream"]).code, Some(3), "the copy is still undecided");
    let slow = write("slow", &|device| device.measurements[0] = triad(900_000_000));
    for (only, code) in [("stream.triad.rate", 1), ("memory.errors.count", 0)] {
        assert_eq!(ended(&slow, &["--metric", only]).code, Some(code), "{only}");
    }
}

#[test]
fn what_is_no_longer_measured_is_told_from_what_is_undecided() {
    let dir = tempfile::tempdir().unwrap();
    let few = || rates("stream.copy.rate", &[5_000_000, 5_000_000]).remove(0);
    let write = |name: &str, measurements: Vec<Measurement>| -> String {
        let mut device = device(1, 1_000_000_000);
        device.measurements = measurements;
        sealed_of(dir.path(), name, device).display().to_string()
    };
    let errors = || counted("memory.errors.count", 0, clean_tally(1 << 20));
    let before = write("before", vec![triad(1_000_000_000), errors(), few()]);
    let after = write("after", vec![errors(), few()]);
    let ended = |only: &[&str]| assay(["compare", &before, &after].iter().chain(only));
    let whole = ended(&[]);
    assert_eq!(whole.code, Some(3));
    assert!(whole.stdout.contains("(1 no longer measured, 1 undecided, 1 same)"), "{}", whole.stdout);
    let json: serde_json::Value = serde_json::from_str(&ended(&["--json"]).stdout).unwrap();
    let verdicts: Vec<&str> = json["comparison"]["pairs"][0]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["no_longer_measured", "same", "undecided"]);
    assert_eq!(json["counts"]["no_longer_measured"], 1);
    assert_eq!((&json["counts"]["undecided"], &json["counts"]["degraded"]), (&1.into(), &0.into()));
    // Who asks for it hears that it is gone; who asks for another thing does not.
    assert_eq!(ended(&["--metric", "stream.triad.rate"]).code, Some(3));
    assert_eq!(ended(&["--metric", "memory.errors.count"]).code, Some(0));
    // What stands in neither report holds nothing, and a gate that is about it does not open for what does.
    let neither = ["--metric", "memory.errors.count", "--metric", "gemm.fp32.rate", "--probe", "chase"];
    let said = ended(&neither);
    assert_eq!(said.code, Some(3), "{}", said.stdout);
    assert!(said.stdout.contains("nothing of it was compared: gemm.fp32.rate, chase"), "{}", said.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&ended(&[&neither[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(json["comparison"]["only"]["open"], serde_json::json!(["gemm.fp32.rate", "chase"]));
}

/// What one card shows must not open the gate for another, of which nothing can be compared.
#[test]
fn a_gate_opens_for_no_card_of_which_it_compares_nothing() {
    let held = |shape: &str| {
        let before = vec![device(1, 1_000_000_000), device(2, 1_000_000_000)];
        let mut after = before.clone();
        after[1].measurements[0].conditions.shape = shape.to_owned();
        let comparison = compare(&report(evidence(before)), &report(evidence(after)), WIDTH);
        let only = Only::of(&[MetricName::parse("stream.triad.rate").unwrap()], &[]).unwrap();
        let held = comparison.held_to(only);
        (held.exit(), held.only.unwrap().open)
    };
    let same = device(1, 1_000_000_000).measurements[0].conditions.shape.clone();
    assert_eq!(held(&same), (Exit::Pass, Vec::new()));
    assert_eq!(held("1 MiB"), (Exit::Inconclusive, vec!["stream.triad.rate".to_owned()]));
}

#[test]
fn a_gate_about_an_unknown_name_is_refused_with_the_nearest() {
    for (flag, name, nearest) in [
        ("--metric", "stream.traid.rate", "did you mean \"stream.triad.rate\""),
        ("--probe", "strem", "did you mean \"stream\""),
        ("--probe", "stream.triad.rate", "--metric stream.triad.rate"),
    ] {
        let ended = assay(["compare", "missing", "missing", flag, name]);
        assert!(ended.code == Some(2) && ended.stderr.contains(nearest), "{name}: {}", ended.stderr);
    }
}

/// Two devices, in this order, and what lies between them: rates of pairs by the devices' numbers, and a sum over all.
fn node_of(order: [u32; 2], pairs: [(u32, u32, u64); 2], sums: Option<u64>) -> Report {
    let mut run = evidence(order.map(|n| device(n, 1_000_000_000)).to_vec());
    let place = |n: u32| order.iter().position(|known| *known == n).unwrap() as u32;
    let around = |name: &str, level: u64| {
        rates(name, &(0..12).map(|n| level + level / 1000 * (n * 7 % 5)).collect::<Vec<_>>()).remove(0)
    };
    let pairs = pairs.map(|(from, to, level)| around(&peer_name(place(from), place(to)), level));
    let sums = sums.map(|level| around("collective.all_reduce.busbw", level));
    run.node = Some(NodeEvidence {
        measurements: pairs.into_iter().chain(sums).collect(),
        absences: Vec::new(),
        ended: gpu_assay::evidence::Ended::Completed,
    });
    report(run)
}

#[test]
fn what_lies_between_devices_is_compared_too() {
    const GOOD: u64 = 2_000_000_000;
    let before = node_of([1, 2], [(1, 2, GOOD), (2, 1, GOOD)], Some(GOOD));
    let of = |after: &Report| {
        let comparison = compare(&before, after, WIDTH);
        let told = |change| -> Vec<String> {
            comparison
                .between
                .iter()
                .filter(|row| row.verdict == change)
                .map(|row| row.metric.to_string())
                .collect()
        };
        let worse = [told(Change::Degraded), told(Change::NoLongerMeasured)].concat();
        (comparison.exit(), worse, comparison)
    };
    // A change of the little time that a pair has is none.
    for good in [GOOD, GOOD / 100 * 97] {
        let (exit, worse, comparison) = of(&node_of([1, 2], [(1, 2, GOOD), (2, 1, good)], Some(GOOD)));
        assert_eq!((exit, worse.len(), comparison.between.len()), (Exit::Pass, 0, 3));
    }
    // In another order of devices it is still the same way, by its name before.
    let slow = GOOD / 10 * 6;
    for order in [[1, 2], [2, 1]] {
        let (exit, worse, comparison) = of(&node_of(order, [(1, 2, GOOD), (2, 1, slow)], Some(GOOD)));
        assert_eq!((exit, worse), (Exit::Fail, vec!["peer.1-0.rate".to_owned()]), "{order:?}");
        let held = |name: &str| comparison.clone().held_to(Only::of(&[], &[name.to_owned()]).unwrap()).exit();
        assert_eq!((held("peer"), held("collective"), held("stream")), (Exit::Fail, Exit::Pass, Exit::Pass));
    }
    let sums = vec!["collective.all_reduce.busbw".to_owned()];
    let (exit, worse, _) = of(&node_of([1, 2], [(1, 2, GOOD), (2, 1, GOOD)], Some(slow)));
    assert_eq!((exit, worse), (Exit::Fail, sums.clone()));
    let (exit, worse, _) = of(&node_of([1, 2], [(1, 2, GOOD), (2, 1, GOOD)], None));
    assert_eq!((exit, worse), (Exit::Inconclusive, sums));
    let mut alone = before.clone();
    alone.evidence.node = None;
    assert_eq!((of(&alone).0, of(&alone).1.len()), (Exit::Inconclusive, 3));
}
