//! The command line as its users meet it: what it prints, what it leaves on disk, how it ends.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::process::*;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A short run on a simulated card, with more arguments.
fn run_args<'a>(contract: &'a Path, out: &'a Path, device: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["run", "--contract", text(contract), "--out", text(out), "--device", device];
    args.extend(["--profile", "quick", "--duration", "1ms", "--probe", "stream"]);
    args.extend(more);
    args
}

#[test]
fn a_run_ends_with_a_verdict_and_a_report_that_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    let key = dir.path().join("key.pem");
    assert_eq!(assay(["key", "new", text(&key)]).code, Some(0));
    let formats = ["markdown", "csv", "json", "human", "html", "junit", "prometheus"];
    let mut more = vec!["--key", text(&key)];
    more.extend(formats.iter().flat_map(|format| ["--format", format]));
    let ended = assay(run_args(&contract, &out, "sim:mini", &more));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("verdict: PASS"), "{}", ended.stdout);
    let forms = ["report.md", "report.csv", "report.json", "report.txt", "report.html", "assay.prom"];
    for file in forms.into_iter().chain(["report.junit.xml", "events.jsonl", "report.dsse.json"]) {
        let written = std::fs::read_to_string(out.join(file)).unwrap();
        let names_clauses_only = ["report.dsse.json", "report.junit.xml"].contains(&file);
        assert!(written.contains("stream.triad.rate") || names_clauses_only, "{file}");
        assert!(!written.contains('\u{1b}'), "{file} holds terminal codes");
    }
    let (report, public) = (out.join("report.dsse.json"), dir.path().join("key.pub.pem"));
    let verify = assay(["verify", text(&report), "--trust", text(&public), "--contract", text(&contract)]);
    assert_eq!(verify.code, Some(0), "{}", verify.stderr);
    for words in [
        "Signed:",
        "Recomputed here",
        "The machine's own word",
        "SIMULATED",
        "every figure and finding follows",
    ] {
        let shown = verify.stdout.to_lowercase();
        assert!(shown.contains(&words.to_lowercase()), "{words}: {}", verify.stdout);
    }
    let replay = assay(["replay", text(&out.join("events.jsonl")), "--contract", text(&contract)]);
    assert_eq!(replay.code, Some(0), "{}", replay.stderr);
    assert!(replay.stdout.contains("verdict: PASS"));
}

#[test]
fn without_a_contract_nothing_is_decided_unless_only_measuring_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name: &str, device: &str, more: &[&str]| {
        let out = dir.path().join(name);
        let mut args = vec!["run", "--out", text(&out), "--device", device, "--profile", "quick"];
        args.extend(["--duration", "1ms", "--probe", "stream"]);
        args.extend(more);
        let ended = assay(args);
        (ended.code, out)
    };
    let (code, out) = run("forgotten", "sim:mini", &[]);
    assert_eq!((code, verified(&out).0.code), (Some(3), Some(3)));
    let (code, out) = run("asked", "sim:mini", &["--measure-only"]);
    assert_eq!((code, verified(&out).0.code), (Some(0), Some(3)), "a report without a verdict is no pass");
    let (code, _) = run("lost", "sim:mini,lost@call=40", &["--measure-only"]);
    assert_eq!(code, Some(3), "what was asked for was not measured");
    let contract = easy_contract(dir.path());
    let (code, out) = run("both", "sim:mini", &["--measure-only", "--contract", text(&contract)]);
    assert_eq!((code, out.exists()), (Some(2), false), "one of the two is a mistake");
}

#[test]
fn a_changed_byte_a_foreign_key_and_another_contract_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    assert_eq!(assay(run_args(&contract, &out, "sim:mini", &[])).code, Some(0));
    let (report, public) = (out.join("report.dsse.json"), out.join("signer.pub.pem"));

    let mut bytes = std::fs::read(&report).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    let changed = dir.path().join("changed.json");
    std::fs::write(&changed, &bytes).unwrap();
    let ended = assay(["verify", text(&changed), "--trust", text(&public)]);
    assert_eq!(ended.code, Some(6));
    assert!(ended.stderr.contains("changed after signing"), "{}", ended.stderr);

    std::fs::write(&changed, &bytes[..middle]).unwrap();
    let ended = assay(["verify", text(&changed), "--trust", text(&public)]);
    assert_eq!(ended.code, Some(6));
    assert!(ended.stderr.contains("cut short"), "{}", ended.stderr);

    let other = dir.path().join("other.pem");
    assay(["key", "new", text(&other)]);
    let ended = assay(["verify", text(&report), "--trust", text(&dir.path().join("other.pub.pem"))]);
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);

    let stricter = dir.path().join("stricter.toml");
    let terms = std::fs::read_to_string(&contract).unwrap().replace("1 MB/s", "2 MB/s");
    std::fs::write(&stricter, terms).unwrap();
    let ended = assay(["verify", text(&report), "--trust", text(&public), "--contract", text(&stricter)]);
    assert_eq!(ended.code, Some(6));
    assert!(ended.stdout.contains("DIFFERS: contract"), "{}", ended.stdout);
    assert!(ended.stdout.contains("judged by another contract than the one you gave"), "{}", ended.stdout);
}

/// Each has a message that says what, where and what to try, and the documented exit code.
#[test]
fn bad_input_is_answered_with_what_where_and_what_to_try() {
    let dir = tempfile::tempdir().unwrap();
    let contract = easy_contract(dir.path());
    let write = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let base = std::fs::read_to_string(&contract).unwrap();
    let metric = write("metric.toml", &base.replace("stream.triad.rate", "stream.triad.rat"));
    let unit = write("unit.toml", &base.replace("1 MB/s", "1 GFLOP/s"));
    let garbage = write("garbage.json", "not json");
    let missing = dir.path().join("missing");
    let out = dir.path().join("out");
    let taken = dir.path().join("taken");
    assert_eq!(assay(run_args(&contract, &taken, "sim:mini", &[])).code, Some(0));
    let exposed = dir.path().join("exposed.pem");
    assay(["key", "new", text(&exposed)]);
    std::fs::set_permissions(&exposed, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (report, public) = (taken.join("report.dsse.json"), taken.join("signer.pub.pem"));

    let cases: Vec<(Vec<&str>, i32, &[&str])> = vec![
        (run_args(&missing, &out, "sim:mini", &[]), 2, &["missing", "cannot be read", "give the path"]),
        (run_args(&metric, &out, "sim:mini", &[]), 2, &["metric.toml:", "did you mean"]),
        (run_args(&unit, &out, "sim:mini", &[]), 2, &["unit.toml:", "does not fit", "write for example"]),
        (run_args(&contract, &out, "sim:nosuch", &[]), 4, &["nosuch", "assay list"]),
        (run_args(&contract, &out, "cuda", &[]), 2, &["\"cuda\"", "backends"]),
        (run_args(&contract, &out, "sim:mini", &["--device", "sim:mini"]), 2, &["given twice"]),
        (run_args(&contract, &out, "sim:mini", &["--key", text(&missing)]), 2, &["missing", "assay key new"]),
        (run_args(&contract, &out, "sim:mini", &["--key", text(&exposed)]), 2, &["exposed.pem", "chmod 600"]),
        (run_args(&contract, &out, "sim:mini", &["--probe", "warp"]), 2, &["'warp'", "stream"]),
        (run_args(&contract, &taken, "sim:mini", &[]), 2, &["there already", "--out"]),
        (
            run_args(&contract, Path::new("/proc/nowhere"), "sim:mini", &[]),
            4,
            &["/proc/nowhere", "cannot be written"],
        ),
        (vec!["verify", text(&garbage), "--trust", text(&garbage)], 2, &["garbage.json"]),
        (vec!["verify", text(&missing), "--trust", text(&public)], 2, &["cannot be read"]),
        (vec!["render", text(&garbage)], 6, &["garbage.json"]),
        (vec!["replay", text(&report), "--contract", text(&contract)], 2, &["line 1", "not an event"]),
        (vec!["key", "new", text(&exposed)], 2, &["exposed"]),
        (vec!["contract", "check", text(&missing)], 2, &["cannot be read"]),
    ];
    for (args, code, words) in cases {
        let ended = assay(&args);
        assert_eq!(ended.code, Some(code), "{args:?}: {}{}", ended.stderr, ended.stdout);
        for word in words {
            assert!(ended.stderr.contains(word), "{args:?}: {word:?} is not in: {}", ended.stderr);
        }
        assert!(!out.join("report.dsse.json").exists(), "{args:?} left a report");
    }
}

#[test]
fn quiet_prints_nothing_and_a_closed_pipe_is_nobodys_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    let [key, salt] = ["quiet.pem", "quiet.salt"].map(|name| dir.path().join(name).display().to_string());
    for args in [["key", "new", &key], ["key", "salt", &salt]] {
        let ended = assay([&args[..], &["--quiet"]].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{args:?}: {}", ended.stderr);
    }
    let ended = assay(run_args(&contract, &out, "sim:mini", &["--quiet"]));
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    for args in [vec!["list", "--metrics"], vec!["manpage"], vec!["completions", "bash"], vec!["--help"]] {
        let mut child = start(&args);
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn events_go_where_they_are_asked_for_and_a_full_disk_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    let ended = assay(run_args(&contract, &out, "sim:mini", &["--events", "-"]));
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.lines().all(|line| line.starts_with('{')), "{}", ended.stdout);
    assert_eq!(ended.stdout, std::fs::read_to_string(out.join("events.jsonl")).unwrap());

    let full = dir.path().join("full");
    let ended = assay(run_args(&contract, &full, "sim:mini", &["--events", "/dev/full"]));
    assert_eq!(ended.code, Some(4));
    assert!(
        ended.stderr.contains("/dev/full") && ended.stderr.contains("free some space"),
        "{}",
        ended.stderr
    );
    // What could be written was written, and it was said at once.
    verified(&full);
    let (warned, measured) = (ended.stderr.find("WARNING: "), ended.stderr.find("stream.read.rate"));
    assert!(warned.unwrap() < measured.unwrap(), "{}", ended.stderr);
}

/// No file may grow beyond a limit that the recording reaches: neither it nor the report can be written.
#[test]
#[cfg(unix)]
fn on_a_full_disk_the_run_goes_on_and_its_verdict_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    let limited = format!("ulimit -f 8; exec {} \"$@\"", env!("CARGO_BIN_EXE_assay"));
    let args = run_args(&contract, &out, "sim:mini", &[]);
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(limited).arg("sh").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = shell.spawn().unwrap();
    let (mut said, mut stderr) = (BufReader::new(run.stderr.take().unwrap()), String::new());
    while !stderr.contains("Ctrl-C gives up") {
        assert_ne!(said.read_line(&mut stderr).unwrap(), 0, "{stderr}");
    }
    signal(run.id(), "TERM");
    said.read_to_string(&mut stderr).unwrap();
    let ended = Ended { stderr, ..run.wait_with_output().unwrap().into() };
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stdout.contains("verdict: PASS"), "{}", ended.stdout);
    let warning = ended.stderr.find("WARNING: ").unwrap_or_else(|| panic!("{}", ended.stderr));
    assert!(warning < ended.stderr.rfind("sim:mini").unwrap(), "at once: {}", ended.stderr);
    assert_eq!(ended.stderr.matches("WARNING: ").count(), 2, "once each: {}", ended.stderr);
    for says in [
        "events.jsonl cannot be written",
        "report.dsse.json cannot be written",
        "assay seal",
        "which ends before the run did",
    ] {
        assert!(ended.stderr.contains(says), "{says}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("at path"), "{}", ended.stderr);
    let sealed = assay(["seal", out.to_str().unwrap(), "--contract", contract.to_str().unwrap()]);
    assert_eq!(sealed.code, Some(3), "{}", sealed.stderr);
    verified(&out);
}

/// The process of a device is gone from one moment to the next; the rest of the program is not.
#[test]
fn a_crashed_worker_still_leaves_a_signed_inconclusive_report() {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    let ended = assay(run_args(&contract, &out, "sim:mini,crash@call=40", &[]));
    assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    let (_, json) = verified(&out);
    assert_eq!(json["verdict"], "inconclusive");
    assert!(json.to_string().contains("the worker died (signal: 6"), "{json}");
}

#[test]
fn a_worker_that_stands_still_is_given_up_at_the_deadline_and_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    let begun = Instant::now();
    let more = ["--hang-after", "2s", "--device", "sim:mini,index=1"];
    let ended = assay(run_args(&contract, &out, "sim:mini,stall@call=40", &more));
    assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let (_, json) = verified(&out);
    let findings = json["findings"].to_string();
    assert!(findings.contains("the device hung: no sign of life from its worker for 2 s"), "{findings}");
    let verdicts: Vec<&str> =
        json["findings"].as_array().unwrap().iter().map(|f| f["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["inconclusive", "pass"]);
}

/// Starts a run whose worker is in the middle of its work, does something to it, and checks what is left.
#[track_caller]
fn disturbed(
    signal_name: &str,
    hang_after: &str,
    disturb: impl Fn(u32, u32),
    code: i32,
) -> serde_json::Value {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    // The worker stalls for ever at this call: it is in the middle until something happens to it.
    let mut child = start(run_args(&contract, &out, "sim:mini,stall@call=60", &["--hang-after", hang_after]));
    let parent = child.id();
    let worker = until("a worker", || {
        let started = has_event(&out, "measured");
        children(parent).first().copied().filter(|_| started)
    });
    disturb(parent, worker);
    let begun = Instant::now();
    let status = child.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "{signal_name}: {:?}", begun.elapsed());
    assert_eq!(status.code(), Some(code), "{signal_name}");
    let (_, json) = verified(&out);
    assert_eq!(json["verdict"], "inconclusive");
    json
}

#[test]
fn a_worker_killed_in_the_middle_leaves_a_signed_inconclusive_report() {
    let json = disturbed("KILL", "60s", |_, worker| signal(worker, "KILL"), 3);
    assert!(json["findings"].to_string().contains("the worker died (signal: 9"), "{json}");
}

#[test]
fn a_worker_stopped_in_the_middle_leaves_a_signed_inconclusive_report() {
    let json = disturbed("STOP", "3s", |_, worker| signal(worker, "STOP"), 3);
    assert!(json["findings"].to_string().contains("no sign of life"), "{json}");
}

#[test]
fn ctrl_c_ends_with_a_signed_partial_report() {
    for name in ["INT", "TERM"] {
        let json = disturbed(name, "60s", |parent, _| signal(parent, name), 130);
        assert!(json["findings"].to_string().contains("interrupted"), "{json}");
    }
}

#[test]
fn probes_and_forms_may_be_lists() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let lists = ["--probe", "link,chase", "--format", "csv,json", "--profile", "quick"];
    let ended =
        assay(["run", "--measure-only", "--device", "sim:mini", "--out", text(&out)].iter().chain(&lists));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let csv = std::fs::read_to_string(out.join("report.csv")).unwrap();
    assert!(
        csv.contains("link.h2d.rate") && csv.contains("chase.4kib.latency") && !csv.contains("fma."),
        "{csv}"
    );
    assert!(out.join("report.json").exists());
}

#[test]
fn listing_names_every_device_and_metric() {
    let listed: serde_json::Value = serde_json::from_str(&assay(["list", "--json"]).stdout).unwrap();
    let sim = listed["backends"].as_array().unwrap().iter().find(|b| b["backend"] == "sim").unwrap();
    assert!(sim["devices"].as_array().unwrap().iter().any(|d| d["selector"] == "sim:h200"));
    let metrics = assay(["list", "--metrics"]).stdout;
    for row in gpu_assay::evidence::metric::METRICS.iter() {
        assert!(metrics.contains(&row.name), "{}", row.name);
    }
}

#[test]
fn a_new_contract_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("new.toml");
    std::fs::write(&file, assay(["contract", "new"]).stdout).unwrap();
    let ended = assay(["contract", "check", text(&file)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let (contract, out) = (easy_contract(dir.path()), dir.path().join("out"));
    assert_eq!(assay(run_args(&contract, &out, "sim:mini", &[])).code, Some(0));
    let measured = assay(["contract", "new", "--from", text(&out.join("report.dsse.json"))]).stdout;
    std::fs::write(&file, &measured).unwrap();
    let ended = assay(["contract", "check", text(&file)]);
    assert_eq!(ended.code, Some(0), "{}\n{measured}", ended.stderr);
}
