//! Recordings judged again: the same findings byte for byte, and whatever was done to a recording ends as documented.

use std::path::{Path, PathBuf};

use gpu_assay::contract::{Parsed, parse};
use gpu_assay::device::ProvenanceKind;
use gpu_assay::evidence::{event, record};
use gpu_assay::report::{Report, SealedBy, TrustLevel};

use crate::process::{Ended, assay};
use crate::support::data;

const CONTRACT: &str = "version = 1\nid = \"replay\"\naccept = [\"simulated\"]\n\
    [[clause]]\nid = \"upload\"\nmetric = \"link.h2d.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"\n\
    [[clause]]\nid = \"errors\"\nmetric = \"memory.errors.count\"\nequals = 0\n\
    [[clause]]\nid = \"no-xid\"\nnever = \"xid\"\n";

fn contract() -> Parsed {
    parse("replay.toml", CONTRACT.as_bytes()).unwrap()
}

/// A run of the real binary: how it ended, its recording, its report, and the folder that holds the contract.
struct Recorded {
    dir: tempfile::TempDir,
    ended: Ended,
    events: String,
    report: Report,
}

fn run(selectors: &[&str]) -> Recorded {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (dir.path().join("replay.toml"), dir.path().join("out"));
    std::fs::write(&contract, CONTRACT).unwrap();
    let mut args = vec!["run", "--contract", contract.to_str().unwrap(), "--out", out.to_str().unwrap()];
    args.extend(["--profile", "quick", "--duration", "1ms", "--format", "json"]);
    args.extend(["--probe", "link", "--probe", "memory"]);
    args.extend(selectors.iter().flat_map(|selector| ["--device", *selector]));
    let ended = assay(&args);
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let (events, report) = (read("events.jsonl"), serde_json::from_str(&read("report.json")).unwrap());
    Recorded { dir, ended, events, report }
}

/// What the program makes of a recording, in this process.
fn judged(recording: &[u8], contract: &Parsed) -> Result<Report, String> {
    let events = event::read(recording).map_err(|e| e.to_string())?;
    let evidence = record::fold(&events).map_err(|e| e.to_string())?;
    Ok(Report::new(evidence, Some(contract), SealedBy::Ephemeral, "1970-01-01T00:00:00Z".to_owned()))
}

/// What `assay replay` makes of it.
fn replay(recording: &str, contract: &Path) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("events.jsonl");
    std::fs::write(&file, recording).unwrap();
    assay(["replay".as_ref(), file.as_os_str(), "--contract".as_ref(), contract.as_os_str()])
}

impl Recorded {
    fn replay(&self, recording: &str) -> Ended {
        replay(recording, &self.dir.path().join("replay.toml"))
    }

    fn lines(&self) -> Vec<&str> {
        self.events.lines().collect()
    }
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn bytes(findings: &[gpu_assay::contract::Finding]) -> Vec<u8> {
    serde_json::to_vec(findings).unwrap()
}

/// The position of the only line with this event.
fn position(lines: &[&str], event: &str) -> usize {
    let found: Vec<usize> =
        (0..lines.len()).filter(|at| lines[*at].contains(&format!("\"event\":\"{event}\""))).collect();
    assert_eq!(found.len(), 1, "{event} stands in lines {found:?}");
    found[0]
}

#[test]
fn a_recording_judged_again_gives_the_same_findings() {
    for (selectors, code) in [
        (&["sim:mini"][..], 0),
        (&["sim:mini,flip=3MB:7", "sim:mini,index=1"], 1),
        (&["sim:mini,lost@call=30", "sim:mini,index=1"], 3),
        (&["sim:mini,crash@call=30"], 3),
        (&["sim:mini,telemetry_mem=1GB"], 5),
        (&["sim:mini", "sim:mini,noise=0.01"], 5),
    ] {
        let run = run(selectors);
        assert_eq!(run.ended.code, Some(code), "{selectors:?}: {}", run.ended.stderr);
        let again = judged(run.events.as_bytes(), &contract()).unwrap();
        assert_eq!(bytes(&again.findings), bytes(&run.report.findings), "{selectors:?}");
        assert_eq!((&again.evidence, again.verdict), (&run.report.evidence, run.report.verdict));
        // The same words to the same exit code.
        let replayed = run.replay(&run.events);
        assert_eq!(replayed.code, Some(code), "{selectors:?}");
        assert!(run.ended.stdout.starts_with(&replayed.stdout), "{}", replayed.stdout);
        assert!(replayed.stderr.contains("a recording is not signed"), "{}", replayed.stderr);
    }
}

#[test]
fn a_recording_cut_anywhere_is_incomplete_or_no_recording() {
    let run = run(&["sim:mini"]);
    let (contract, whole) = (contract(), run.events.as_bytes());
    let first_line = run.events.find('\n').unwrap();
    for cut in 0..=whole.len() {
        match judged(&whole[..cut], &contract) {
            Ok(report) => {
                assert!(cut > first_line, "judged without its first line, cut at {cut}");
                assert_eq!(report.exit().code() == 0, cut == whole.len(), "cut at {cut}");
            }
            Err(why) => {
                assert!(cut <= first_line, "cut at {cut}: {why}");
                assert_eq!(why, "the recording does not begin with run_started");
            }
        }
    }
    let replayed = run.replay(&run.events[..whole.len() - 1]);
    assert_eq!(replayed.code, Some(3));
    assert!(replayed.stdout.contains("its events stop without an end"), "{}", replayed.stdout);
    let replayed = run.replay("");
    assert_eq!(replayed.code, Some(2));
    assert!(replayed.stderr.contains("does not begin with run_started"), "{}", replayed.stderr);
}

#[test]
fn without_an_end_nothing_passes() {
    let run = run(&["sim:mini"]);
    for end in ["device_ended", "run_ended"] {
        let mut lines = run.lines();
        lines.remove(position(&lines, end));
        let replayed = run.replay(&joined(&lines));
        assert_eq!(replayed.code, Some(3), "without {end}: {}", replayed.stdout);
        assert!(replayed.stdout.contains("its events stop without an end"), "{}", replayed.stdout);
    }
}

#[test]
fn what_contradicts_the_order_of_a_run_is_refused() {
    let run = run(&["sim:mini"]);
    let lines = run.lines();
    let at = |event: &str| position(&lines, event);
    let (start, opened) = (at("run_started"), at("device_opened"));
    let (device_end, run_end) = (at("device_ended"), at("run_ended"));
    let interrupted = lines[run_end].replace("completed", "interrupted");
    let unlucky = lines[device_end].replace("completed", "interrupted");
    let with = |place: usize, line: &str| {
        let mut lines = lines.clone();
        lines.insert(place, line);
        joined(&lines)
    };
    let swapped = {
        let mut lines = lines.clone();
        lines.swap(device_end, run_end);
        joined(&lines)
    };
    let other_device = lines[device_end].replace("\"device\":0", "\"device\":7");
    let no_device = lines[device_end].replace("\"device\":0", "\"device\":null");
    for (recording, says) in [
        // A second end, the better one last or first.
        (with(run_end, lines[run_end]), "an event follows the end of the run"),
        (with(run_end, &interrupted), "an event follows the end of the run"),
        (with(device_end, &unlucky), "an event follows the end of device 0"),
        (with(device_end + 1, lines[opened + 1]), "an event follows the end of device 0"),
        (swapped, "an event follows the end of the run"),
        (with(opened, lines[opened]), "device 0 is opened twice"),
        (with(opened, lines[start]), "the recording holds two runs"),
        (joined(&lines[1..]), "the recording does not begin with run_started"),
        (with(opened, &other_device), "an event names device 7, but the run has only 1"),
        (with(opened, &no_device), "an event of a device does not say of which"),
        (run.events.replace("\"format\":1", "\"format\":9"), "the recording is of format 9"),
    ] {
        let replayed = run.replay(&recording);
        assert_eq!(replayed.code, Some(2), "{says}: {}{}", replayed.stdout, replayed.stderr);
        assert!(replayed.stderr.contains(says), "{says:?} is not in {}", replayed.stderr);
    }
}

#[test]
fn lines_of_something_else_are_refused_where_they_stand() {
    let run = run(&["sim:mini"]);
    let lines = run.lines();
    let huge = "x".repeat(event::LINE_BYTES_MAX + 1);
    let unknown = lines[1].replace("device_opened", "device_blessed");
    let metric = lines.iter().find(|line| line.contains("\"measured\"")).unwrap();
    let metric = metric.replace("\"metric\":\"link.h2d.rate\"", "\"metric\":\"link.h2d.speed\"");
    for foreign in ["", "# a comment", "{}", "[1, 2]", "null", "\u{0}", &unknown, &metric, &huge] {
        let mut lines = lines.clone();
        lines.insert(2, foreign);
        let replayed = run.replay(&joined(&lines));
        let shown: String = foreign.chars().take(40).collect();
        assert_eq!(replayed.code, Some(2), "{shown:?}: {}", replayed.stdout);
        assert!(replayed.stderr.contains("line 3 of the recording"), "{shown:?}: {}", replayed.stderr);
        assert!(replayed.stderr.len() < 1000, "{shown:?} gives a message of {}", replayed.stderr.len());
    }
    // Line ends of another system are still line ends.
    assert_eq!(run.replay(&run.events.replace('\n', "\r\n")).code, Some(0));
}

/// Workers write as they go, so how the lines of several devices mix is chance.
#[test]
fn how_the_lines_of_devices_mix_makes_no_difference() {
    let run = run(&["sim:mini,flip=3MB:7", "sim:mini,index=1"]);
    let contract = contract();
    let lines = run.lines();
    let (inner, ends) = (&lines[1..lines.len() - 1], [lines[0], lines[lines.len() - 1]]);
    let of = |device: usize| -> Vec<&str> {
        let own = format!("\"device\":{device},");
        inner.iter().copied().filter(|line| line.contains(&own)).collect()
    };
    let (first, second) = (of(0), of(1));
    assert_eq!(first.len() + second.len(), inner.len());
    let longest = first.len().max(second.len());
    let by_turns: Vec<&str> =
        (0..longest).flat_map(|i| [first.get(i), second.get(i)]).flatten().copied().collect();
    for mixed in [[first.clone(), second.clone()].concat(), [second, first].concat(), by_turns] {
        let recording = joined(&[&ends[..1], &mixed, &ends[1..]].concat());
        let again = judged(recording.as_bytes(), &contract).unwrap();
        assert_eq!(bytes(&again.findings), bytes(&run.report.findings));
    }
}

/// `name.jsonl` is a recording, `name.toml` a contract whose first line says how it ends: `# verdict: pass`. Recordings of
/// real cards belong here; those of simulated ones are named so.
#[test]
fn every_recording_that_is_kept_ends_as_its_contract_says() {
    let folder = data("recordings");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let recordings: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|e| e == "jsonl")).collect();
    assert!(!recordings.is_empty());
    for file in recordings {
        let (name, terms) = (file.display(), file.with_extension("toml"));
        let text = std::fs::read_to_string(&terms).unwrap_or_else(|e| panic!("{}: {e}", terms.display()));
        let expected = text.lines().next().unwrap().strip_prefix("# verdict: ");
        let contract = parse("contract.toml", text.as_bytes()).unwrap();
        let report =
            judged(&std::fs::read(&file).unwrap(), &contract).unwrap_or_else(|e| panic!("{name}: {e}"));
        let verdict = report.verdict.map(|verdict| verdict.name());
        assert_eq!(verdict, expected, "{name}: {:?}", report.findings);
        let identities = report.evidence.devices.iter().flat_map(|device| &device.identity);
        let simulated = identities.filter(|i| i.provenance.kind() == ProvenanceKind::Simulated).count();
        let says = file.file_name().unwrap().to_string_lossy().starts_with("simulated-");
        assert_eq!(says, simulated > 0, "{name} holds {simulated} simulated devices");
        assert!(simulated == 0 || report.trust_level == TrustLevel::L0, "{name}");
        let replayed = assay(["replay".as_ref(), file.as_os_str(), "--contract".as_ref(), terms.as_os_str()]);
        assert_eq!(replayed.code, Some(i32::from(report.exit().code())), "{name}: {}", replayed.stderr);
    }
}

#[test]
fn a_recording_in_the_place_of_a_report_is_told_what_takes_it() {
    let (recording, key) = (data("recordings/simulated-mini.jsonl"), data("keys/test-a.pub.pem"));
    let [recording, key] = [&recording, &key].map(|path| path.to_str().unwrap());
    for command in [&["render", recording][..], &["verify", "--trust", key, recording]] {
        let ended = assay(command);
        assert_eq!(ended.code, Some(6), "{}", ended.stderr);
        assert!(ended.stderr.contains("`assay seal` signs what it holds"), "{}", ended.stderr);
    }
}
