//! A load that is kept up: runs that break off are sealed or go on, wrong results are told word by word, and however long
//! it takes nothing grows.

#[path = "../../benches/faults/study.rs"]
mod study;

use std::path::Path;
use std::time::{Duration, Instant};

use gpu_assay::contract::{Verdict, judge, parse};
use gpu_assay::engine::Profile;
use gpu_assay::evidence::metric::MetricName;
use gpu_assay::evidence::sustain::{FAULTS_MAX, Fault, WINDOWS_MAX};
use gpu_assay::evidence::{DeviceEvidence, Evidence, Sustained};
use serde_json::Value;

use crate::front::{self, How};
use crate::pipeline::{Run, report};
use crate::process::{Ended, assay, children, start, verified};

pub const CARD: &str = "sim:mini,mem=16MiB,buffer=4MiB";

pub fn kept_up(selector: &str, seconds: u64) -> DeviceEvidence {
    let probes = ["sustain"];
    let run = Run { profile: Profile::Standard, sustain_ms: seconds * 1000, ..Run::short(selector, &probes) };
    run.report().evidence.devices.remove(0)
}

pub fn load(device: &DeviceEvidence) -> &Sustained {
    device.sustained.as_ref().unwrap()
}

#[test]
fn a_wrong_element_is_told_with_its_word_and_what_it_should_be() {
    let device = kept_up(&format!("{CARD},upset=50000000,seed=3"), 60);
    let load = load(&device);
    assert!(load.wrong() > 3, "{} wrong results", load.wrong());
    assert_eq!(load.wrong(), load.faults.len() as u64, "each is told");
    for fault in &load.faults {
        assert_eq!(fault.of, "product", "{fault:?}");
        let (expected, got) = (fault.expected.unwrap(), fault.got.unwrap());
        assert_eq!(expected ^ got, 1, "the simulation flips the lowest bit: {fault:?}");
        assert!(fault.word.unwrap() < 256 * 256 && fault.temperature_c.is_some(), "{fault:?}");
    }
    let ordered = load.faults.windows(2).all(|pair| pair[0].at_ns <= pair[1].at_ns);
    assert!(ordered, "{:?}", load.faults);
}

/// All of it is taken before anything is counted, and nothing may need more then.
#[test]
fn memory_that_is_full_to_the_last_byte_is_tested() {
    let probes = ["memory"];
    let run = Run { profile: Profile::Standard, ..Run::short("sim:mini,mem=16MiB", &probes) };
    let device = run.report().evidence.devices.remove(0);
    assert_eq!(device.absences, []);
    let filled = MetricName::parse("memory.filled.bytes").unwrap();
    assert!(device.measurement(&filled).unwrap().figures()[0] > 15.9e6);
}

/// However many there are: the first, the last, and some of all the time between.
#[test]
fn wrong_results_are_kept_from_all_of_the_time() {
    let device = kept_up(&format!("{CARD},upset=1000000,seed=3"), 600);
    let load = load(&device);
    assert!(load.wrong() > 1500, "{} wrong results", load.wrong());
    let at_s: Vec<u64> = load.faults.iter().map(|fault| fault.at_ns / 1_000_000_000).collect();
    assert_eq!(at_s.len(), FAULTS_MAX);
    assert!(at_s.windows(2).all(|pair| pair[0] <= pair[1]), "{at_s:?}");
    let ends_s = load.windows.last().unwrap().to_ns / 1_000_000_000;
    assert!(at_s[15] < ends_s / 10 && at_s[63] + 30 > ends_s, "{at_s:?} of {ends_s}");
    let widest = at_s[15..=48].windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(widest < ends_s / 8, "an even sample: {at_s:?}");
}

/// Whatever of the load it is that goes wrong: which word, what it should be, and which bits differ.
#[test]
fn chains_and_transfers_tell_their_wrong_words_as_well() {
    let probes = ["sustain"];
    let run = Run { profile: Profile::Standard, sustain_ms: 60_000, ..Run::short(CARD, &probes) };
    for (op, of) in [("fma", "chains"), ("copy", "link, to the device")] {
        let events =
            run.events_through(|opened| front::before(opened, How::Upsets(op, 9, Duration::from_secs(30))).0);
        let device = report(&events, None).evidence.devices.remove(0);
        let faults = &load(&device).faults;
        // What arrived wrong leaves as it arrived.
        assert!((1..=2).contains(&faults.len()), "{of}: {faults:?}");
        assert_eq!((faults[0].of.as_str(), faults[0].word), (of, Some(9)));
        assert_eq!(faults[0].xor(), Some(1 << 19), "{of}: {faults:?}");
        let json = serde_json::to_value(&faults[0]).unwrap();
        assert_eq!(json["xor"], 1 << 19);
        assert_eq!(serde_json::from_value::<Fault>(json).unwrap(), faults[0]);
    }
}

#[test]
fn upsets_of_a_hot_card_come_late_and_those_after_a_pause_at_once() {
    let first = |fault: &str| {
        let device = kept_up(&format!("{CARD},{fault}"), 120);
        load(&device).faults.first().unwrap().clone()
    };
    let hot = first("upset=1000,upset_when=hot:60");
    assert!(hot.temperature_c.unwrap() >= 59 && hot.at_ns > 10_000_000_000, "{hot:?}");
    assert_eq!(first("upset=1,upset_when=idle").of, "product");
}

/// One wrong element in rows that no sample looks at, time and again: it must not become what all later products are compared
/// with.
#[test]
fn an_element_that_is_always_wrong_is_found_in_the_first_product() {
    let probes = ["sustain"];
    let run = Run { sustain_ms: 10_000, ..Run::short(CARD, &probes) };
    let checks = |how| {
        let events = run.events_through(|opened| front::before(opened, how).0);
        report(&events, None).evidence.devices.remove(0)
    };
    let word = 100 * 256 + 7;
    let spoilt = checks(How::Spoils(word));
    let why = format!("{:?}", spoilt.measurements.first().map(|m| &m.check));
    assert!(why.contains("the product is wrong at row 100, column 7"), "{why}");
    assert!(spoilt.sustained.is_none());
    assert_eq!(checks(How::Honest).sustained.unwrap().wrong(), 0);
}

/// A long load keeps few whole readings, and every look counts.
#[test]
fn heat_between_two_readings_is_seen() {
    let clause = "version = 1\nid = \"cool\"\naccept = [\"simulated\"]\n[[clause]]\nid = \"cool\"\nnever = \"throttle.thermal\"";
    let contract = parse("cool.toml", clause.as_bytes()).unwrap().contract;
    let probes = ["sustain"];
    let mut evidence = Run { sustain_ms: 60_000, ..Run::short(CARD, &probes) }.report().evidence;
    let verdict = |evidence: &Evidence| judge(&contract, evidence).last().unwrap().verdict;
    assert_eq!(verdict(&evidence), Verdict::Pass);
    evidence.devices[0].sustained.as_mut().unwrap().windows[2].sensors.thermal = 1;
    assert_eq!(verdict(&evidence), Verdict::Fail);
}

/// The study of `benches/faults.rs` on fewer cards.
#[test]
fn each_fault_is_noticed_by_what_should_notice_it() {
    for scenario in &study::SCENARIOS {
        let found = study::alarms(scenario, 2);
        let by: Vec<&str> = found.iter().map(|alarm| alarm.by.as_str()).collect();
        assert_eq!(by, [scenario.by; 2], "{}: {found:?}", scenario.name);
        let early = found.iter().find(|alarm| alarm.at_ns < scenario.onset_s * 1_000_000_000);
        assert_eq!(early, None, "{}: before it set in", scenario.name);
    }
}

#[test]
fn no_seed_of_noise_raises_an_alarm() {
    for (scenario, seeds) in study::HEALTHY.iter().zip([24, 2]) {
        assert_eq!(study::alarms(scenario, seeds), [], "{}", scenario.name);
    }
}

/// A finished run in `out`, judged by a contract beside it, and the bytes of its recording.
fn finished(dir: &Path) -> Vec<u8> {
    let contract = "version = 1\nid = \"soak\"\naccept = [\"simulated\"]\n\
        [[clause]]\nid = \"triad\"\nmetric = \"stream.triad.rate\"\nat_least = \"8 GB/s\"\nstatistic = \"p5\"\n\
        [[clause]]\nid = \"kept\"\nmetric = \"sustain.bf16.rate\"\nat_least = \"13 GFLOP/s\"\nstatistic = \"last\"\n\
        [[clause]]\nid = \"no-errors\"\nmetric = \"sustain.errors.count\"\nequals = 0\n\
        [[clause]]\nid = \"long\"\nmetric = \"sustain.watched.time\"\nat_least = \"2 min\"\n";
    std::fs::write(dir.join("contract.toml"), contract).unwrap();
    let out = dir.join("whole");
    let (contract, folder) = (dir.join("contract.toml"), out.to_str().unwrap().to_owned());
    let mut args = vec!["run", "--contract", contract.to_str().unwrap(), "--out", &folder];
    args.extend(["--device", CARD, "--device", "sim:mini,mem=16MiB,buffer=4MiB,index=1"]);
    args.extend([
        "--profile",
        "quick",
        "--duration",
        "50ms",
        "--probe",
        "stream",
        "--probe",
        "sustain",
        "--soak",
        "2m",
    ]);
    let ended = assay(&args);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    std::fs::read(out.join("events.jsonl")).unwrap()
}

/// What a run leaves that loses its power after so many bytes of its recording.
fn cut(dir: &Path, name: &str, recording: &[u8]) -> String {
    let out = dir.join(name);
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("events.jsonl"), recording).unwrap();
    out.to_str().unwrap().to_owned()
}

fn judged(verb: &[&str], dir: &Path, out: &str) -> (Ended, Value) {
    let contract = dir.join("contract.toml");
    let ended = assay(verb.iter().copied().chain([out, "--contract", contract.to_str().unwrap()]));
    assert!(Path::new(out).join("report.dsse.json").exists(), "{verb:?}: {}", ended.stderr);
    let (_, json) = verified(Path::new(out));
    (ended, json)
}

fn verdict_of<'a>(json: &'a Value, clause: &str) -> Vec<&'a str> {
    let findings = json["findings"].as_array().unwrap().iter();
    findings.filter(|f| f["clause"] == clause).map(|f| f["verdict"].as_str().unwrap()).collect()
}

/// Wherever the power fails, within a line or between two: what was recorded is sealed, says where it stops, and never passes;
/// taken up again it comes to its end, with the gap on record.
#[test]
fn a_run_that_broke_off_anywhere_is_sealed_or_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let recording = finished(dir.path());
    let first_line = recording.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for (i, part) in [0, 1, 30, 55, 80, 99].into_iter().enumerate() {
        let at = first_line + (recording.len() - first_line) * part / 100;
        let sealed = cut(dir.path(), &format!("sealed{i}"), &recording[..at]);
        let (ended, json) = judged(&["seal"], dir.path(), &sealed);
        assert_eq!(ended.code, Some(3), "{part} %: {}{}", ended.stdout, ended.stderr);
        assert!(
            verdict_of(&json, "long").iter().all(|verdict| *verdict == "inconclusive"),
            "{part} %: {json}"
        );

        let resumed = cut(dir.path(), &format!("resumed{i}"), &recording[..at]);
        let (ended, json) = judged(&["run", "--resume"], dir.path(), &resumed);
        assert_eq!(ended.code, Some(0), "{part} %: {}{}", ended.stdout, ended.stderr);
        for clause in ["triad", "kept", "no-errors", "long"] {
            assert_eq!(verdict_of(&json, clause), ["pass", "pass"], "{clause}, {part} %");
        }
        assert_eq!(verdict_of(&json, "run.continuity"), ["inconclusive"], "{part} %: {json}");
    }
}

#[test]
fn what_cannot_be_sealed_or_resumed_says_why_and_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let recording = finished(dir.path());
    let whole = dir.path().join("whole").to_str().unwrap().to_owned();
    let half = cut(dir.path(), "half", &recording[..recording.len() / 2]);
    let empty = cut(dir.path(), "empty", b"");
    let nothing = dir.path().join("nothing").to_str().unwrap().to_owned();
    let broken = cut(dir.path(), "broken", b"{\"at_ns\":0}\n{\n");
    let unsealed = cut(dir.path(), "unsealed", &recording);
    for (args, says) in [
        (vec!["run", "--resume", &unsealed], "came to its end and was not sealed; `assay seal"),
        (vec!["seal", &whole], "report.dsse.json is there already"),
        (vec!["run", "--resume", &whole], "report.dsse.json is there already"),
        (vec!["seal", &empty], "is empty"),
        (vec!["run", "--resume", &nothing], "cannot be opened"),
        (vec!["seal", &broken], "line 1 of the recording is not an event"),
        (vec!["run", "--resume", &half], "the run was begun for sha256:"),
        (vec!["run", "--resume", &half, "--soak", "1h"], "cannot be used with"),
        (vec!["run", "--probe", "sustain", "--device", CARD, "--out", &nothing], "--soak 10m"),
    ] {
        let ended = assay(&args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{args:?}: {}", ended.stderr);
    }
    assert_eq!(
        std::fs::read(Path::new(&half).join("events.jsonl")).unwrap(),
        &recording[..recording.len() / 2]
    );
}

/// The lines of a recording, written so much later.
fn redated(recording: &[u8], by: jiff::SignedDuration) -> Vec<u8> {
    let lines = std::str::from_utf8(recording).unwrap().lines().map(|line| {
        let mut event: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        let wall: jiff::Timestamp = event["wall"].as_str().unwrap().parse().unwrap();
        event.insert("wall".into(), (wall + by).to_string().into());
        serde_json::to_string(&event).unwrap() + "\n"
    });
    lines.collect::<String>().into_bytes()
}

fn without_dates(recording: &[u8]) -> Vec<u8> {
    let lines = std::str::from_utf8(recording).unwrap().lines().map(|line| {
        let mut event: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        event.remove("wall");
        serde_json::to_string(&event).unwrap() + "\n"
    });
    lines.collect::<String>().into_bytes()
}

/// A copy is as new as it was made, and of what lies in the future nobody knows how long ago it was.
#[test]
fn the_gap_of_a_run_comes_from_its_lines_and_may_be_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let recording = finished(dir.path());
    let cut_at = recording[..recording.len() / 2].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let hour = jiff::SignedDuration::from_hours(1);
    let resumed = |name: &str, recording: &[u8], file_is_later: Duration| {
        let out = cut(dir.path(), name, recording);
        let events =
            std::fs::File::options().append(true).open(Path::new(&out).join("events.jsonl")).unwrap();
        events.set_modified(std::time::SystemTime::now() + file_is_later).unwrap();
        let (_, json) = judged(&["run", "--resume"], dir.path(), &out);
        let findings = json["findings"].as_array().unwrap();
        let gap = findings.iter().find(|f| f["clause"] == "run.continuity").unwrap()["because"].clone();
        let text = assay(["render", &format!("{out}/report.dsse.json"), "--format", "json"]).stdout;
        let report: Value = serde_json::from_str(&text).unwrap();
        (report["evidence"]["resumed"][0]["gap_ns"].as_u64(), gap.to_string())
    };
    let cut_off = &recording[..cut_at];
    let (gap_ns, _) = resumed("copied", &redated(cut_off, -hour), Duration::ZERO);
    assert!((3_600_000_000_000..7_200_000_000_000).contains(&gap_ns.unwrap()), "{gap_ns:?}");
    let (gap_ns, because) = resumed("future", &redated(cut_off, hour), Duration::ZERO);
    assert_eq!(gap_ns, None, "{because}");
    assert!(because.contains("unknown"), "{because}");
    let undated = without_dates(cut_off);
    let (gap_ns, because) = resumed("touched", &undated, Duration::from_secs(3600));
    assert_eq!(gap_ns, None, "{because}");
}

/// A real driver and a real kill: the parent dies in the middle of a load, and so do its workers.
#[test]
#[cfg(all(target_os = "linux", feature = "wgpu"))]
fn a_load_on_software_vulkan_survives_the_death_of_its_parent() {
    use crate::process::{signal, until};
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("killed");
    let args =
        ["run", "--measure-only", "--device", "wgpu:0", "--probe", "sustain", "--soak", "15s", "--duration"];
    let mut run = start(args.iter().chain(&["50ms", "--out", out.to_str().unwrap()]));
    let windows = || {
        let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap_or_default();
        (events.matches("\"event\":\"window\"").count() >= 3).then_some(())
    };
    until("three windows", windows);
    let workers = children(run.id());
    signal(run.id(), "KILL");
    run.wait().unwrap();
    until("the end of the workers", || {
        workers.iter().all(|pid| !Path::new(&format!("/proc/{pid}/exe")).exists()).then_some(())
    });
    let sealed = cut(dir.path(), "sealed", &std::fs::read(out.join("events.jsonl")).unwrap());
    let ended = assay(["seal", &sealed]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    verified(Path::new(&sealed));
    let ended = assay(["run", "--measure-only", "--resume", out.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    verified(&out);
    let text = assay(["render", out.join("report.dsse.json").to_str().unwrap(), "--format", "json"]).stdout;
    let report: Value = serde_json::from_str(&text).unwrap();
    let load = &report["evidence"]["devices"][0]["sustained"];
    assert_eq!(load["gaps"].as_array().unwrap().len(), 1, "{load}");
    assert!(load["windows"].as_array().unwrap().iter().all(|window| window["wrong"] == 0), "{load}");
}

/// A real driver, and processes that are stopped for a moment: a freezer, a paused VM and a suspended host look the same.
#[test]
#[cfg(all(target_os = "linux", feature = "wgpu"))]
fn time_in_which_a_load_on_software_vulkan_is_stopped_does_not_count() {
    use crate::process::{signal, until};
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("stopped");
    let args =
        ["run", "--measure-only", "--device", "wgpu:0", "--probe", "sustain", "--soak", "10s", "--duration"];
    let mut run = start(args.iter().chain(&["50ms", "--out", out.to_str().unwrap()]));
    until("two windows", || {
        let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap_or_default();
        (events.matches("\"event\":\"window\"").count() >= 2).then_some(())
    });
    let stopped = [vec![run.id()], children(run.id())].concat();
    stopped.iter().for_each(|pid| signal(*pid, "STOP"));
    std::thread::sleep(Duration::from_secs(4));
    stopped.iter().for_each(|pid| signal(*pid, "CONT"));
    assert_eq!(run.wait().unwrap().code(), Some(0));
    let text = assay(["render", out.join("report.dsse.json").to_str().unwrap(), "--format", "json"]).stdout;
    let report: Value = serde_json::from_str(&text).unwrap();
    let device = &report["evidence"]["devices"][0];
    let gaps = device["sustained"]["gaps"].as_array().unwrap();
    let longest = gaps.iter().map(|gap| gap[1].as_u64().unwrap() - gap[0].as_u64().unwrap()).max().unwrap();
    assert!(longest > 3_900_000_000, "{gaps:?}");
    let lapses = device["lapses"].as_array().unwrap();
    assert!(lapses.iter().any(|lapse| lapse["kind"] == "stood"), "{lapses:?}");
    let windows = device["sustained"]["windows"].as_array().unwrap();
    let ends = |name: &str, at: usize| windows[at][name].as_u64().unwrap();
    let span = ends("to_ns", windows.len() - 1) - ends("from_ns", 0);
    assert!(span - longest >= 10_000_000_000, "made up for: {span}");
}

/// Peak resident memory of a process, in bytes.
fn peak_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// A week by the simulated clock, on a card so slow that it takes few products, and chains take minutes: which is no gap.
#[test]
#[cfg(target_os = "linux")]
fn a_week_grows_neither_memory_nor_files() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("week");
    let mut args = vec!["run", "--measure-only", "--device", "sim:mini,mem=16MiB,buffer=4MiB,speed=0.002"];
    args.extend([
        "--probe",
        "sustain",
        "--soak",
        "168h",
        "--hang-after",
        "10m",
        "--out",
        out.to_str().unwrap(),
    ]);
    let mut run = start(&args);
    let begun = Instant::now();
    let mut most = 0;
    let status = loop {
        let workers: u64 = children(run.id()).into_iter().map(peak_bytes).sum();
        most = most.max(peak_bytes(run.id()) + workers);
        if let Some(status) = run.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(900), "a simulated week takes too long");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(0));
    let bytes = |name: &str| std::fs::metadata(out.join(name)).unwrap().len();
    assert!(most < 256 << 20, "{} MiB of memory", most >> 20);
    assert!(bytes("events.jsonl") < 200 << 20, "{} MiB of events", bytes("events.jsonl") >> 20);
    assert!(bytes("report.dsse.json") < 128 << 10, "{} KiB of report", bytes("report.dsse.json") >> 10);
    let (_, json) = verified(&out);
    assert!(json["verdict"].is_null(), "{json}");
    let text = assay(["render", out.join("report.dsse.json").to_str().unwrap(), "--format", "json"]).stdout;
    let report: Value = serde_json::from_str(&text).unwrap();
    let device = &report["evidence"]["devices"][0];
    assert!(
        device["lapses"].is_null() && device["sustained"]["gaps"].is_null(),
        "slow is not absent: {device}"
    );
    let windows = device["sustained"]["windows"].as_array().unwrap().len();
    assert!((WINDOWS_MAX / 2..=WINDOWS_MAX).contains(&windows), "{windows} windows");
}
