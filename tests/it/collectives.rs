//! What all devices of a node do together, on simulated cards: measured and right on every one, wrong where one of them errs, and judged
//! on the node.

use gpu_assay::contract::{Subject, Verdict, judge};
use gpu_assay::device::DeviceError;
use gpu_assay::device::op::Collective;
use gpu_assay::evidence::metric::collective_name;
use gpu_assay::evidence::*;

use crate::peers::measured;
use crate::process::{assay, verified};
use crate::support::{contract, good_run, metric, rates};

const CLAUSE: &str = "metric = \"collective.all_reduce.busbw\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";

fn of_node(selectors: &[&str]) -> NodeEvidence {
    measured(selectors, "collective").unwrap().node.unwrap()
}

fn found(node: &NodeEvidence, kind: Collective) -> &Measurement {
    let name = collective_name(kind);
    node.measurements.iter().find(|m| m.metric.as_str() == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_collective_is_right_on_every_device_and_as_fast_as_the_slowest_way() {
    let node = of_node(&["sim:h200", "sim:h200,index=1", "sim:h200,index=2"]);
    assert_eq!((&node.ended, &node.absences[..], node.measurements.len()), (&Ended::Completed, &[][..], 4));
    for kind in Collective::ALL {
        let measured = found(&node, kind);
        // A part of 16411 words on each, then blocks of 16384: a million words or a little less.
        let blocks = (1 << 20) / (3 * 16_384);
        let parts = if kind == Collective::ReduceScatter { 1 } else { 3 };
        let exact = 3 * parts * (16_411 + blocks * 16_384);
        assert_eq!(measured.check, Check::Matched { exact, sampled: 0, canary: Canary::Caught }, "{kind:?}");
        let rate = measured.summary().unwrap().p50;
        assert!((310e9..325e9).contains(&rate), "{kind:?}: {rate}");
        assert_eq!(measured.conditions.shape, "4032 KiB, 3 devices");
    }
    // One slow card, or one without links of its own, holds up all.
    for other in ["sim:h200,index=2,speed=0.5", "sim:mini"] {
        let node = of_node(&["sim:h200", "sim:h200,index=1", other]);
        let rate = found(&node, Collective::AllReduce).summary().unwrap().p50;
        assert!(rate < 165e9, "{other}: {rate}");
    }
}

/// Whichever device errs, and whichever of them began.
#[test]
fn what_is_wrong_on_one_device_is_wrong_for_all() {
    for place in 0..3 {
        for (fault, words) in [
            ("collective_wrong=5", format!("element 5 of device {place} is wrong")),
            ("lazy", "is wrong".to_owned()),
        ] {
            let card = |at| {
                format!(
                    "sim:mini,index={at}{}",
                    if at == place { format!(",{fault}") } else { String::new() }
                )
            };
            let [a, b, c] = [0, 1, 2].map(card);
            let node = of_node(&[&a, &b, &c]);
            for kind in Collective::ALL {
                let check = &found(&node, kind).check;
                let Check::Wrong { why } = check else { panic!("{fault} on {place}, {kind:?}: {check:?}") };
                assert!(why.contains(&words) && why.contains(kind.name()), "{fault} on {place}: {why}");
            }
        }
    }
}

#[test]
fn a_device_that_is_lost_ends_the_part() {
    let node = of_node(&["sim:mini", "sim:mini,index=1,lost@call=40"]);
    assert!(
        matches!(&node.ended, Ended::Lost { during: Some(name), .. } if name.starts_with("collective.")),
        "{node:?}"
    );
    let node = of_node(&["sim:mini", "sim:mini,index=1,mem=1MiB,oom=64KiB"]);
    assert!(matches!(
        &node.absences[0].reason,
        AbsenceReason::Failed { error: DeviceError::OutOfMemory { .. } }
    ));
}

#[test]
#[cfg(feature = "wgpu")]
fn devices_of_two_backends_do_nothing_together() {
    let node = of_node(&["sim:mini", "sim:mini,index=1", "wgpu:77"]);
    assert!(node.measurements.is_empty(), "{node:?}");
    assert_eq!(node.absences.len(), 4, "{node:?}");
    let said = node.absences[0].reason.to_string();
    assert!(said.contains("sim and wgpu do not open devices together"), "{said}");
}

/// So many good devices, and this rate of sums over all.
fn run_of(devices: u32, rate: u64) -> Evidence {
    let mut run = good_run(devices);
    run.node = Some(NodeEvidence {
        measurements: rates("collective.all_reduce.busbw", &[rate; 3]),
        absences: Vec::new(),
        ended: Ended::Completed,
    });
    run
}

fn verdict(run: &Evidence, clause: &str) -> (Verdict, String) {
    let finding = judge(&contract(clause).contract, run).remove(0);
    assert_eq!(finding.subject, Subject::Node);
    (finding.verdict, finding.because.to_string())
}

#[test]
fn a_clause_is_judged_on_the_node_and_what_is_missing_never_passes() {
    assert_eq!(verdict(&run_of(3, 2_000_000_000), CLAUSE).0, Verdict::Pass);
    assert_eq!(verdict(&run_of(3, 500_000_000), CLAUSE).0, Verdict::Fail);
    let open = |run: &Evidence, words: &str| {
        let (verdict, why) = verdict(run, CLAUSE);
        assert!(verdict == Verdict::Inconclusive && why.contains(words), "{words}: {verdict} {why}");
    };
    open(
        &good_run(2),
        "collective.all_reduce.busbw was not measured; run again without `--probe`, which measures all, or with `--probe collective` too; where that probe ran, this device or profile has no such case",
    );
    open(&run_of(1, 2_000_000_000), "this takes two devices at least, and 1 was");
    let mut edited = run_of(2, 2_000_000_000);
    let node = edited.node.as_mut().unwrap();
    node.measurements.clear();
    let reason = AbsenceReason::Unsupported { by: gpu_assay::device::Lacking::Us, why: "no library".into() };
    node.absences.push(Absence { metric: metric("collective.all_reduce.busbw"), reason });
    open(&edited, "no library");
    let mut twice = run_of(2, 2_000_000_000);
    let node = twice.node.as_mut().unwrap();
    node.measurements.push(node.measurements[0].clone());
    open(&twice, "no finite figure");
    // One device of which nothing is known spoils the figure of all.
    let mut unknown = run_of(3, 2_000_000_000);
    unknown.devices[2].identity = None;
    assert_ne!(verdict(&unknown, CLAUSE).0, Verdict::Pass);
    let mut wrong = run_of(2, 2_000_000_000);
    wrong.node.as_mut().unwrap().measurements[0].check = Check::Wrong { why: "flipped".into() };
    assert_eq!(verdict(&wrong, CLAUSE).0, Verdict::Fail);
    let text = format!("version = 1\nid = \"x\"\n[[clause]]\nid = \"c\"\n{CLAUSE}\nscope = \"any_device\"\n");
    let error = gpu_assay::contract::parse("x.toml", text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("judged on the node; remove scope"), "{error}");
}

/// From argv to a report that verifies, in every form that people read.
#[test]
fn a_run_of_eight_cards_shows_what_they_do_together() {
    let dir = tempfile::tempdir().unwrap();
    let (out, terms) = (dir.path().join("out"), dir.path().join("contract.toml"));
    let head = "version = 1\nid = \"c\"\naccept = [\"simulated\"]\n[[clause]]\nid = \"sums\"\n";
    std::fs::write(&terms, format!("{head}{CLAUSE}\n")).unwrap();
    let mut args = vec!["run".to_owned(), "--contract".into(), terms.to_str().unwrap().into()];
    args.extend(["--out".into(), out.to_str().unwrap().into(), "--probe".into(), "collective".into()]);
    args.extend((0..8).flat_map(|index| ["--device".to_owned(), format!("sim:h200,index={index}")]));
    args.extend(["--profile", "quick", "--duration", "1ms"].map(str::to_owned));
    args.extend(
        ["human", "markdown", "json", "csv"].into_iter().flat_map(|f| ["--format".into(), f.to_owned()]),
    );
    let ended = assay(args);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let (_, json) = verified(&out);
    assert_eq!(json["verdict"], "pass", "{json}");
    let written = |file| std::fs::read_to_string(out.join(file)).unwrap();
    for (file, words) in [
        ("report.txt", "collective.all_reduce.busbw"),
        ("report.txt", "4 MiB, 8 devices"),
        ("report.md", "| collective.reduce\\_scatter.busbw |"),
        ("report.json", "\"collective.all_gather.busbw\""),
        ("report.csv", "node,,,collective.broadcast.busbw,B/s,"),
    ] {
        assert!(written(file).contains(words), "{file}: {words}\n{}", written(file));
    }
    assert!(!written("report.txt").contains("FROM \\ TO"), "nobody asked for pairs");
}
