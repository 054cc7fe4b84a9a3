//! Laws of judging that hold for any evidence, and of reading that hold for any bytes.

use gpu_assay::contract::{Contract, Verdict, judge, overall, parse};
use gpu_assay::device::op::Tally;
use gpu_assay::device::{Lacking, Provenance, Reach};
use gpu_assay::evidence::*;
use gpu_assay::report::{Report, SealedBy, recheck};
use gpu_assay::seal::Envelope;
use gpu_assay::telemetry::Throttle;
use proptest::prelude::*;

use crate::support::*;

/// Clauses of every rule, near enough to the good device's figures to go either way.
const CLAUSES: [&str; 10] = [
    "metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"",
    "metric = \"stream.copy.rate\"\nat_least = \"1.85 GB/s\"\nstatistic = \"min\"",
    "metric = \"stream.copy.rate\"\nat_most = \"3 GB/s\"\nstatistic = \"max\"",
    "metric = \"chase.hbm.latency\"\nat_most = \"700 ns\"\nstatistic = \"p95\"",
    "metric = \"memory.filled.bytes\"\nat_least = \"15 GiB\"",
    "metric = \"memory.errors.count\"\nequals = 0",
    "metric = \"stream.triad.rate\"\nratio_to = \"stream.copy.rate\"\nat_least = 0.5\nstatistic = \"p50\"",
    "metric = \"identity.device.name\"\nequals = \"Test Card T100\"",
    "never = \"throttle.thermal\"",
    "never = \"xid\"",
];

/// One thing that is different from a good run.
#[derive(Clone, Debug)]
struct Edit {
    device: usize,
    what: u8,
    at: usize,
    size: u64,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (0..3usize, 0..16u8, 0..40usize, 1..5_000_000_000u64);
    prop::collection::vec(edit.prop_map(|(device, what, at, size)| Edit { device, what, at, size }), 1..4)
}

fn apply(run: &mut Evidence, edit: &Edit) {
    let Some(device) = run.devices.get_mut(edit.device) else { return };
    if edit.what < 9 {
        let count = device.measurements.len();
        let Some(measurement) = device.measurements.get_mut(edit.at.checked_rem(count).unwrap_or(0)) else {
            return;
        };
        return damage(measurement, edit);
    }
    let reading = device.timeline.get_mut(edit.at).map(|at| &mut at.reading);
    match edit.what {
        9 => reading.into_iter().for_each(|r| r.throttle = Some(vec![Throttle::Thermal])),
        10 => reading.into_iter().for_each(|r| r.xid = Some(edit.size)),
        11 => device.ended = Ended::Lost { why: "lost".into(), during: None },
        12 => run.ended = Ended::Interrupted,
        13 => remove(device, edit.at),
        14 => device.identity.iter_mut().for_each(|i| i.provenance = Provenance::Hardware),
        _ => device.facts.iter_mut().for_each(|f| f.value = "Other Card".into()),
    }
}

fn damage(measurement: &mut Measurement, edit: &Edit) {
    let canary = if edit.size.is_multiple_of(2) { Canary::Caught } else { Canary::Missed };
    match (edit.what, &mut measurement.value) {
        (0, _) => measurement.check = Check::Wrong { why: "wrong".into() },
        (1, _) => measurement.check = Check::Matched { exact: edit.size % 3, sampled: 0, canary },
        (2, _) => {
            let tally = Tally { words_wrong: edit.size % 3, ..clean_tally(edit.size * 8) };
            measurement.check = Check::Scanned { tally, canary };
        }
        (3, Value::Timed(timed)) => timed.samples.iter_mut().for_each(|s| s.device_ns = None),
        (4, Value::Timed(timed)) => timed.samples.iter_mut().for_each(|s| s.host_ns = edit.size),
        (5, Value::Timed(timed)) => timed.work = edit.size,
        (5, Value::Count { count }) => *count = edit.size,
        (6, Value::Timed(timed)) => timed.samples.truncate(edit.at % 3),
        (7, Value::Timed(timed)) => timed.samples.iter_mut().for_each(|s| s.device_ns = Some(edit.size)),
        (8, _) => measurement.conditions.reach = Reach::Kernel,
        _ => measurement.conditions.variant = None,
    }
}

/// Takes one piece of evidence away.
fn remove(device: &mut DeviceEvidence, which: usize) {
    let measurements = device.measurements.len();
    match which {
        0 => device.timeline.clear(),
        1 => device.identity = None,
        2 => device.facts.clear(),
        3 => device.absences.clear(),
        4 => device.ended = Ended::Unfinished,
        5 => device.timeline.truncate(1),
        6 => device.timeline.iter_mut().for_each(|at| at.reading = Default::default()),
        _ if measurements == 0 => {}
        _ if which.is_multiple_of(2) => drop(device.measurements.remove(which % measurements)),
        _ => match &mut device.measurements[which % measurements].value {
            Value::Timed(timed) => timed.samples.clear(),
            Value::Count { .. }
            | Value::Share { .. }
            | Value::AtLeast { .. }
            | Value::ByUnit { .. }
            | Value::Lengths(_) => {
                drop(device.measurements.remove(which % measurements));
            }
        },
    }
}

fn clauses() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..CLAUSES.len(), 1..5)
}

/// A contract of these clauses, for as many devices as the run has.
fn agreed(devices: usize, clauses: &[usize]) -> Contract {
    let mut text =
        format!("version = 1\nid = \"laws\"\n{ADMITS_SIMULATED}\n[inventory]\ndevices = {devices}\n");
    for (n, clause) in clauses.iter().enumerate() {
        text.push_str(&format!("[[clause]]\nid = \"c{n}\"\n{}\n", CLAUSES[*clause]));
    }
    parse("laws.toml", text.as_bytes()).unwrap().contract
}

fn run_of(devices: usize, edits: &[Edit]) -> Evidence {
    let mut run = good_run(devices as u32);
    edits.iter().for_each(|edit| apply(&mut run, edit));
    run
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn removing_evidence_never_yields_pass(
        devices in 1..3usize, edits in edits(), clauses in clauses(), from in 0..2usize, which in 0..20usize,
    ) {
        let mut run = run_of(devices, &edits);
        let contract = agreed(devices, &clauses);
        let before = overall(&judge(&contract, &run));
        remove(&mut run.devices[from % devices], which);
        let after = overall(&judge(&contract, &run));
        prop_assert!(before == Verdict::Pass || after != Verdict::Pass, "{before} became {after}");
    }

    #[test]
    fn removing_a_device_or_all_never_yields_pass(devices in 1..4usize, edits in edits(), clauses in clauses(), from in 0..3usize) {
        let mut run = run_of(devices, &edits);
        let contract = agreed(devices, &clauses);
        run.devices.remove(from % devices);
        prop_assert_ne!(overall(&judge(&contract, &run)), Verdict::Pass);
        run.devices.clear();
        prop_assert_ne!(overall(&judge(&contract, &run)), Verdict::Pass);
    }

    #[test]
    fn what_a_clause_demands_cannot_be_left_out(clause in 0..CLAUSES.len()) {
        let contract = agreed(1, &[clause]);
        prop_assert_eq!(overall(&judge(&contract, &good_run(1))), Verdict::Pass);
        let mut run = good_run(1);
        run.devices[0].measurements.clear();
        run.devices[0].facts.clear();
        run.devices[0].timeline.clear();
        prop_assert_eq!(overall(&judge(&contract, &run)), Verdict::Inconclusive);
    }

    #[test]
    fn better_numbers_never_worsen(devices in 1..3usize, edits in edits(), times in 1..100u64, clause in 0..2usize) {
        let mut run = run_of(devices, &edits);
        let contract = agreed(devices, &[clause, 3, 4]);
        let before = overall(&judge(&contract, &run));
        for measurement in run.devices.iter_mut().flat_map(|d| &mut d.measurements) {
            // More work in the same time: higher rates, lower latencies. A hundredfold stays within what is possible.
            if let Value::Timed(timed) = &mut measurement.value {
                timed.work *= times;
            }
        }
        let after = judge(&contract, &run);
        prop_assert!(overall(&after) <= before, "{before} became worse: {after:?}");
    }

    #[test]
    fn an_added_clause_never_improves(devices in 0..3usize, edits in edits(), clauses in clauses(), added in 0..CLAUSES.len()) {
        let run = run_of(devices, &edits);
        let contract = |clauses: &[usize]| agreed(devices.max(1), clauses);
        let before = overall(&judge(&contract(&clauses), &run));
        let more = [clauses.as_slice(), &[added]].concat();
        prop_assert!(overall(&judge(&contract(&more), &run)) >= before);
    }

    #[test]
    fn a_report_agrees_with_its_own_samples(devices in 0..3usize, edits in edits(), clauses in clauses()) {
        let mut run = run_of(devices, &edits);
        if let Some(device) = run.devices.first_mut() {
            let reason = AbsenceReason::Unsupported { by: Lacking::Us, why: "no".into() };
            device.absences.push(Absence { metric: metric("stream.add.rate"), reason });
        }
        let contract = agreed(devices.max(1), &clauses);
        let parsed = parse("laws.json", &serde_json::to_vec(&contract).unwrap()).unwrap();
        prop_assert_eq!(&parsed.contract, &contract);
        let report = Report::new(run, Some(&parsed), SealedBy::Named, "1970-01-01T00:00:00Z".into());
        let back: Report = serde_json::from_slice(&serde_json::to_vec(&report).unwrap()).unwrap();
        prop_assert_eq!(&back, &report);
        let differences = recheck(&back, Some(&parsed)).differences;
        prop_assert!(differences.is_empty(), "{differences:?}");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = parse("x.toml", text.as_bytes());
        let _ = parse("x.json", text.as_bytes());
        let _ = Envelope::parse(text.as_bytes());
    }

    #[test]
    fn any_damage_to_a_contract_is_read_or_refused(at in 0..2000usize, byte in any::<u8>(), cut in 0..2000usize) {
        for file in ["good-every-rule.toml", "good-least.json"] {
            let mut bytes = std::fs::read(data("contracts").join(file)).unwrap();
            let length = bytes.len();
            bytes[at % length] = byte;
            if let Err(e) = parse(file, &bytes) {
                let wording = e.to_string();
                prop_assert!(wording.starts_with(&format!("{file}:")), "{}", wording);
            }
            let _ = parse(file, &bytes[..cut % length]);
        }
    }
}
