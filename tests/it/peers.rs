//! What is measured between devices: every ordered pair, checked, and judged by the slowest; a pair that is missing is never
//! a pass.

use gpu_assay::contract::{Finding, Subject, Verdict, judge};
use gpu_assay::device::{DeviceError, Reach};
use gpu_assay::engine::{Profile, Settings, node};
use gpu_assay::evidence::event::{self, Event, What};
use gpu_assay::evidence::metric::peer_name;
use gpu_assay::evidence::record::{self, RecordError};
use gpu_assay::evidence::*;
use gpu_assay::output::Format;

use crate::pages::{rendered, report as page_report};
use crate::pipeline::Run;
use crate::process::{assay, verified};
use crate::support::{contract, good_run, metric, rates, timed};

const SLOWEST: &str = "metric = \"peer.slowest.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";

/// So many good devices, and this rate between each two of them.
fn node_run(devices: u32, rate: u64) -> Evidence {
    let mut run = good_run(devices);
    let pairs = (0..devices).flat_map(|from| (0..devices).map(move |to| (from, to)));
    let measurements = pairs.filter(|(a, b)| a != b).flat_map(|(a, b)| rates(&peer_name(a, b), &[rate; 3]));
    run.node = Some(NodeEvidence {
        measurements: measurements.collect(),
        absences: Vec::new(),
        ended: Ended::Completed,
    });
    run
}

fn found(run: &Evidence, clause: &str) -> Finding {
    let mut findings = judge(&contract(clause).contract, run);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].subject, Subject::Node);
    findings.remove(0)
}

fn verdict(run: &Evidence, clause: &str) -> (Verdict, String) {
    let finding = found(run, clause);
    (finding.verdict, finding.because.to_string())
}

/// A run of three devices with one thing changed.
fn edited(edit: impl FnOnce(&mut NodeEvidence)) -> Evidence {
    let mut run = node_run(3, 2_000_000_000);
    edit(run.node.as_mut().unwrap());
    run
}

fn slow(name: &str) -> Measurement {
    rates(name, &[500_000_000; 3]).remove(0)
}

/// What devices do together by a library that is not known to reach all that they have.
#[test]
fn a_shortfall_that_may_be_ours_fails_no_node() {
    let clause = |bound: &str| {
        format!("metric = \"collective.all_reduce.busbw\"\nat_least = \"{bound}\"\nstatistic = \"p50\"")
    };
    let run = edited(|node| {
        let mut measured = rates("collective.all_reduce.busbw", &[2_000_000_000; 3]);
        measured[0].conditions.reach = Reach::Kernel;
        node.measurements.extend(measured);
    });
    assert_eq!(verdict(&run, &clause("1 GB/s")).0, Verdict::Pass);
    let (open, why) = verdict(&run, &clause("3 GB/s"));
    assert_eq!(open, Verdict::Inconclusive);
    assert!(why.starts_with("no kernel of ours is known"), "nobody is to blame for all: {why}");
    // The slowest decides, whether that is shown or may be ours.
    let pair = |reach| {
        edited(|node| {
            node.measurements[3] = slow(node.measurements[3].metric.as_str());
            node.measurements[3].conditions.reach = reach;
            node.measurements[4].conditions.reach = Reach::Kernel;
        })
    };
    assert_eq!(verdict(&pair(Reach::Kernel), SLOWEST).0, Verdict::Inconclusive);
    assert_eq!(verdict(&pair(Reach::Card), SLOWEST).0, Verdict::Fail);
}

#[test]
fn the_slowest_pair_decides() {
    let (pass, fail) = (Verdict::Pass, Verdict::Fail);
    assert_eq!(verdict(&node_run(3, 2_000_000_000), SLOWEST).0, pass);
    let one_slow = edited(|node| {
        node.measurements.retain(|m| m.metric != metric("peer.2-1.rate"));
        node.measurements.push(slow("peer.2-1.rate"));
    });
    let finding = found(&one_slow, SLOWEST);
    assert_eq!((finding.verdict, finding.observed.unwrap().to_string().as_str()), (fail, "500 MB/s"));
    assert_eq!(
        finding.because.to_string(),
        "sim:test,seed=3 -> sim:test,seed=2 (peer.2-1.rate): the demand is not met"
    );
    let of_pair = |name: &str| SLOWEST.replace("peer.slowest.rate", name);
    assert_eq!(verdict(&one_slow, &of_pair("peer.2-1.rate")).0, fail);
    assert_eq!(verdict(&one_slow, &of_pair("peer.1-2.rate")).0, pass);
    let at_most = "metric = \"peer.slowest.rate\"\nat_most = \"1 GB/s\"\nstatistic = \"p50\"";
    assert_eq!(
        (verdict(&one_slow, at_most).0, verdict(&node_run(3, 2_000_000_000), at_most).0),
        (pass, fail)
    );
}

#[test]
fn a_page_shows_all_pairs_and_marks_the_slow_ones() {
    let mut run = edited(|node| {
        node.measurements.retain(|m| m.metric != metric("peer.2-1.rate"));
        node.measurements.push(slow("peer.2-1.rate"));
        node.measurements.extend(rates("collective.all_reduce.busbw", &[7_000_000_000; 3]));
    });
    let page = |run: &Evidence| rendered(Format::Html, &page_report(run.clone(), None));
    run.run.probes.push("peer".into());
    let shown = page(&run);
    let section = shown.split("<h2>").find(|part| part.starts_with("Between devices")).unwrap();
    let section = section.split("</section>").next().unwrap();
    assert_eq!(section.matches("2.000 GB/s").count(), 5, "{section}");
    let slow = section.find("</span>500.0 MB/s").unwrap();
    assert!(section.matches('\u{25bc}').count() == 1 && section[..slow].ends_with("\u{25bc} "), "{section}");
    assert!(section.contains("collective.all_reduce.busbw") && section.contains("7.000 GB/s"), "{section}");
    assert!(!page(&good_run(3)).contains("Between devices"), "nobody asked");
}

#[test]
fn a_pair_that_is_missing_is_never_a_pass() {
    let open = |run: &Evidence, words: &str| {
        let (verdict, why) = verdict(run, SLOWEST);
        assert!(verdict == Verdict::Inconclusive && why.contains(words), "{words}: {verdict} {why}");
    };
    open(&good_run(2), "peer.0-1.rate was not measured");
    open(&node_run(1, 1), "this takes two devices at least, and 1 was");
    let gone = |node: &mut NodeEvidence| node.measurements.retain(|m| m.metric != metric("peer.1-2.rate"));
    open(
        &edited(gone),
        "peer.1-2.rate was not measured; run again without `--probe`, which measures all, or with `--probe peer` too",
    );
    let failed = DeviceError::OutOfMemory { bytes: 5 };
    open(
        &edited(|node| {
            gone(node);
            let reason = AbsenceReason::Failed { error: failed };
            node.absences.push(Absence { metric: metric("peer.1-2.rate"), reason });
        }),
        "out of device memory",
    );
    open(
        &edited(|node| {
            gone(node);
            node.ended = Ended::Lost { why: "it hung".into(), during: None };
        }),
        "it hung",
    );
    open(&edited(|node| node.ended = Ended::Unfinished), "did not complete");
    open(&edited(|node| node.measurements.push(slow("peer.1-2.rate"))), "no finite figure");
    let skewed = Sample { device_ns: Some(1), host_ns: 1_000_000_000 };
    open(
        &edited(|node| {
            gone(node);
            node.measurements.push(timed("peer.1-2.rate", 1 << 30, vec![skewed; 3]));
        }),
        "the device's clock says",
    );
    // Unless another pair shows already that the demand is not met.
    let slow_too = edited(|node| {
        gone(node);
        node.measurements.retain(|m| m.metric != metric("peer.2-0.rate"));
        node.measurements.push(slow("peer.2-0.rate"));
    });
    let at_most = SLOWEST.replace("at_least", "at_most");
    assert_eq!(
        (verdict(&slow_too, SLOWEST).0, verdict(&slow_too, &at_most).0),
        (Verdict::Fail, Verdict::Inconclusive)
    );
    let nobody = SLOWEST.replace("slowest", "0-9");
    assert_eq!(verdict(&node_run(3, 2_000_000_000), &nobody).0, Verdict::Inconclusive);
}

#[test]
fn a_wrong_result_between_devices_fails_whatever_else_is_missing() {
    let wrong = edited(|node| {
        node.measurements.retain(|m| m.metric != metric("peer.0-2.rate"));
        node.measurements.last_mut().unwrap().check = Check::Wrong { why: "flipped".into() };
    });
    let (verdict, why) = verdict(&wrong, SLOWEST);
    assert!(verdict == Verdict::Fail && why.contains("flipped"), "{verdict} {why}");
    assert!(why.starts_with("sim:test,seed=3 -> sim:test,seed=2 (peer.2-1.rate): "), "{why}");
}

/// One that hung or was lost would take the figures of all others with it.
#[test]
fn what_broke_down_is_left_in_peace_and_the_others_are_measured() {
    let run = measured_without(
        &["sim:h200", "sim:h200,index=1", "sim:h200,index=2"],
        &["peer", "collective"],
        vec![1],
    );
    let node = run.unwrap().node.unwrap();
    assert_eq!(node.ended, Ended::Completed);
    let mut names: Vec<&str> = node.measurements.iter().map(|m| m.metric.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["peer.0-2.rate", "peer.2-0.rate"]);
    let why =
        |name: &str| node.absences.iter().find(|a| a.metric == metric(name)).unwrap().reason.to_string();
    for name in
        ["peer.0-1.rate", "peer.1-0.rate", "peer.1-2.rate", "peer.2-1.rate", "collective.all_reduce.busbw"]
    {
        assert!(
            why(name).contains("sim:h200,index=1 had not come to the end of its own part"),
            "{}",
            why(name)
        );
    }
    assert_eq!(node.absences.len(), 8, "{:?}", node.absences);
}

/// Two copies of one card stand still: the others are measured all the same, and count; with it nothing more is begun.
#[test]
fn a_card_whose_copies_never_end_costs_no_other_pair_its_figure() {
    let dir = tempfile::tempdir().unwrap();
    let (terms, out) = (dir.path().join("terms.toml"), dir.path().join("out"));
    let clause = |id: &str, name: &str, bound: &str| {
        format!(
            "[[clause]]\nid = \"{id}\"\n{}\n",
            SLOWEST.replace("peer.slowest.rate", name).replace("1 GB/s", bound)
        )
    };
    let clauses = [
        clause("all", "peer.slowest.rate", "1 GB/s"),
        clause("pair", "peer.0-1.rate", "1 GB/s"),
        clause("short", "peer.0-1.rate", "2 GB/s"),
    ];
    let head = "version = 1\nid = \"x\"\naccept = [\"simulated\"]\n";
    std::fs::write(&terms, format!("{head}{}", clauses.concat())).unwrap();
    let mut args = vec!["run", "--contract", terms.to_str().unwrap(), "--out", out.to_str().unwrap()];
    args.extend(["--profile", "quick", "--duration", "1ms", "--probe", "peer", "--hang-after", "2s"]);
    for device in
        ["sim:mini,stall@peer=3", "sim:mini,index=1,stall@peer=3", "sim:mini,index=2", "sim:mini,index=3"]
    {
        args.extend(["--device", device]);
    }
    let ended = assay(&args);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains("2 copies between cards broke off")
            && ended.stdout.contains("sim:mini,index=3 (PCI"),
        "{}",
        ended.stdout
    );
    let (_, report) = verified(&out);
    let verdicts: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["inconclusive", "pass", "fail"], "{report}");
    let events = std::fs::File::open(out.join("events.jsonl")).unwrap();
    let events = event::read(std::io::BufReader::new(events)).unwrap();
    let node = record::fold(&events).unwrap().node.unwrap();
    let name = |of: &str| format!("peer.{of}.rate");
    let mut measured: Vec<String> = node.measurements.iter().map(|m| m.metric.to_string()).collect();
    measured.sort_unstable();
    assert_eq!(measured, ["0-1", "0-2", "1-0", "1-2", "2-0", "2-1"].map(name));
    let absent: Vec<(String, String)> =
        node.absences.iter().map(|a| (a.metric.to_string(), a.reason.to_string())).collect();
    let names = |has: &str| -> Vec<String> {
        absent.iter().filter(|(_, why)| why.contains(has)).map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names("no sign of life"), ["3-0", "3-1"].map(name));
    let because = "sim:mini,index=3 broke off: peer.3-0.rate, peer.3-1.rate";
    assert_eq!(names(because), ["0-3", "1-3", "2-3", "3-2"].map(name));
    assert_eq!(absent.len(), 6);
    assert!(matches!(&node.ended, Ended::Lost { during: Some(first), .. } if *first == name("3-0")));
}

#[test]
fn what_lies_between_devices_has_no_ratio_and_no_scope() {
    for (clause, words) in [
        (format!("{SLOWEST}\nscope = \"node\""), "remove scope"),
        (format!("{SLOWEST}\nscope = \"any_device\""), "remove scope"),
        (
            "metric = \"stream.copy.rate\"\nratio_to = \"peer.0-1.rate\"\nat_least = 0.1\nstatistic = \"p50\"".into(),
            "no device has a ratio",
        ),
    ] {
        let text = format!("version = 1\nid = \"x\"\n[[clause]]\nid = \"c\"\n{clause}\n");
        let error = gpu_assay::contract::parse("x.toml", text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// What a node worker would say of these devices, recorded after a run of theirs.
fn between(selectors: &[&str]) -> Result<Evidence, RecordError> {
    measured(selectors, "peer")
}

/// The same of another probe of nodes.
pub fn measured(selectors: &[&str], probe: &str) -> Result<Evidence, RecordError> {
    measured_without(selectors, &[probe], Vec::new())
}

/// The same where devices at these places broke down before.
fn measured_without(selectors: &[&str], probes: &[&str], broken: Vec<u32>) -> Result<Evidence, RecordError> {
    let mut events = Run::short(selectors[0], &["link"]).events();
    let selectors: Vec<String> = selectors.iter().map(|selector| (*selector).to_owned()).collect();
    if let What::RunStarted(info) = &mut events[0].what {
        info.selectors.clone_from(&selectors);
    }
    let end = events.pop().unwrap();
    let settings = Settings {
        probes: probes.iter().map(|probe| (*probe).to_owned()).collect(),
        sample_ms: 1,
        seed: 7,
        ..Settings::new(Profile::Quick, 1000)
    };
    let opened = selectors.len() - broken.len();
    let plan = node::NodePlan { selectors, settings, broken, told: Vec::new(), lost: Vec::new() };
    node::run(&plan, &mut events, &gpu_assay::probes::between(&plan.settings)).unwrap();
    // Opening a node full of devices must not look like hanging: a sign of life for each.
    let of_node = events
        .iter()
        .filter(|event| event.device.is_none() && !matches!(event.what, What::Absent(_)))
        .skip(1);
    let opening = of_node.take_while(|event| matches!(event.what, What::Progress(_))).count();
    let has_pairs =
        events.iter().any(|event| event.device.is_none() && matches!(event.what, What::Measured(_)));
    assert!(!has_pairs || opening == opened, "{opening} signs");
    events.push(end);
    record::fold(&events)
}

#[test]
fn every_ordered_pair_is_measured_and_says_its_way() {
    let run = between(&["sim:h200", "sim:mini", "sim:h200,index=1"]).unwrap();
    let node = run.node.unwrap();
    assert_eq!((node.ended, node.absences), (Ended::Completed, Vec::new()));
    let shown = |m: &Measurement| (m.metric.to_string(), m.conditions.variant.clone().unwrap());
    let mut pairs: Vec<(String, String)> = node.measurements.iter().map(shown).collect();
    pairs.sort();
    let pair = |from, to, way: &str| (peer_name(from, to), way.to_owned());
    let staged = "through the host";
    assert_eq!(
        pairs,
        [
            pair(0, 1, staged),
            pair(0, 2, "direct"),
            pair(1, 0, staged),
            pair(1, 2, staged),
            pair(2, 0, "direct"),
            pair(2, 1, staged)
        ]
    );
    let figure = |name| {
        let found = node.measurements.iter().find(|m| m.metric == metric(name));
        found.unwrap().summary().unwrap().p50
    };
    assert!((370e9..385e9).contains(&figure("peer.0-2.rate")), "{}", figure("peer.0-2.rate"));
    assert!(figure("peer.0-1.rate") < 2e9, "by the host link of the slower");
    for m in &node.measurements {
        assert!(
            matches!(m.check, Check::Matched { exact: 1.., canary: Canary::Caught, .. }),
            "{:?}",
            m.check
        );
    }
}

#[test]
fn data_that_never_comes_is_wrong_and_a_device_that_dies_ends_the_part() {
    let node = between(&["sim:mini", "sim:mini,index=1,lazy"]).unwrap().node.unwrap();
    let wrong = |name| {
        let found = node.measurements.iter().find(|m| m.metric == metric(name));
        matches!(found.unwrap().check, Check::Wrong { .. })
    };
    assert_eq!((wrong("peer.0-1.rate"), wrong("peer.1-0.rate")), (true, false));
    let node = between(&["sim:mini", "sim:mini,index=1,lost@call=6"]).unwrap().node.unwrap();
    assert!(
        matches!(&node.ended, Ended::Lost { during: Some(name), .. } if name == "peer.0-1.rate"),
        "{node:?}"
    );
}

#[test]
#[cfg(feature = "wgpu")]
fn devices_of_two_backends_are_apart() {
    let node = between(&["sim:mini", "wgpu:77"]).unwrap().node.unwrap();
    let absent: Vec<String> = node.absences.iter().map(|a| format!("{}: {}", a.metric, a.reason)).collect();
    assert_eq!(absent.len(), 2, "{absent:?}");
    assert!(absent[0].starts_with("peer.0-1.rate: this backend cannot"), "{absent:?}");
}

#[test]
fn the_part_of_the_node_ends_once_and_is_not_a_device() {
    let mut events = Run::short("sim:mini", &["stream"]).events();
    let end = events.pop().unwrap();
    let say = |device, what| Event { at_ns: 0, device, what };
    let node_ended = || What::NodeEnded(Ended::Completed);
    let folded = |more: Vec<Event>| {
        let all: Vec<Event> = events.iter().cloned().chain(more).chain([end.clone()]).collect();
        record::fold(&all).err()
    };
    assert_eq!(folded(vec![say(None, node_ended())]), None);
    assert_eq!(folded(vec![say(None, node_ended()), say(None, node_ended())]), Some(RecordError::AfterNode));
    let late = What::Measured(slow("peer.0-1.rate"));
    assert_eq!(folded(vec![say(None, node_ended()), say(None, late)]), Some(RecordError::AfterNode));
    let reading = What::Reading(Default::default());
    assert_eq!(folded(vec![say(None, reading)]), Some(RecordError::NoDevice));
    events.retain(|event| !matches!(event.what, What::DeviceEnded(_)));
    let all: Vec<Event> = events.iter().cloned().chain([say(Some(0), node_ended())]).collect();
    assert_eq!(record::fold(&all).err(), Some(RecordError::NoNode));
}

/// From argv to a report that verifies, with the matrix in every form.
#[test]
fn a_run_of_two_cards_shows_what_lies_between_them() {
    let dir = tempfile::tempdir().unwrap();
    let (out, terms) = (dir.path().join("out"), dir.path().join("contract.toml"));
    let text =
        format!("version = 1\nid = \"c\"\naccept = [\"simulated\"]\n[[clause]]\nid = \"peers\"\n{SLOWEST}\n");
    std::fs::write(&terms, text).unwrap();
    let mut args = vec!["run", "--contract", terms.to_str().unwrap(), "--out", out.to_str().unwrap()];
    args.extend(["--device", "sim:h200", "--device", "sim:h200,index=1", "--probe", "peer"]);
    args.extend(["--profile", "quick", "--duration", "1ms"]);
    for format in ["human", "markdown", "json", "csv"] {
        args.extend(["--format", format]);
    }
    let ended = assay(args);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("node  peer.0-1.rate: 37"), "{}", ended.stderr);
    let (_, json) = verified(&out);
    assert_eq!(json["verdict"], "pass", "{json}");
    let written = |file| std::fs::read_to_string(out.join(file)).unwrap();
    for (file, words) in [
        ("report.txt", "FROM \\ TO"),
        ("report.txt", "to that of a column, all direct:"),
        ("report.md", "from \\\\ to | 0 | 1 |"),
        ("report.json", "\"peer.1-0.rate\""),
        ("report.csv", "node,,,peer.1-0.rate,B/s,"),
    ] {
        assert!(written(file).contains(words), "{file}: {words}\n{}", written(file));
    }
}
