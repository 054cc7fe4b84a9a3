//! What a machine refuses while a run goes on: room on its disk, readers, threads, a supervisor; and what two runs want at once.
//! Nothing that was measured is lost, and whoever asks for the end gets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::process::*;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A short run into `out`.
fn short(out: &Path) -> Vec<&str> {
    let more = ["--device", "sim:mini", "--profile", "quick", "--duration", "1ms", "--probe", "stream"];
    ["run", "--measure-only", "--out", text(out)].into_iter().chain(more).collect()
}

/// One that stands still in the middle until it is ended.
fn endless(out: &Path) -> Vec<&str> {
    short(out)
        .into_iter()
        .map(|word| if word == "sim:mini" { "sim:mini,stall@call=60" } else { word })
        .collect()
}

/// It stands still, and these are the processes in which it measures.
fn standing(run: &Child, out: &Path) -> Vec<u32> {
    until("a worker in the middle", || {
        let workers = children(run.id());
        (has_event(out, "measured") && !workers.is_empty()).then_some(workers)
    })
}

fn ended(run: &mut Child) -> Option<i32> {
    until("the end of the run", || run.try_wait().unwrap()).code()
}

/// Reads on until these words came; all that was read.
fn read_until(from: &mut impl BufRead, words: &str) -> String {
    let mut read = String::new();
    while !read.contains(words) {
        assert_ne!(from.read_line(&mut read).unwrap(), 0, "{words:?} never came: {read}");
    }
    read
}

/// What the shell's words before it leave of `assay` with these arguments.
fn in_shell(before: &str, args: &[&str]) -> Command {
    let assay = command();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{before}; exec \"$0\" \"$@\"")).arg(assay.get_program()).args(args);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("ASSAY_LANG");
    shell
}

/// Files may have any size again.
fn lift_limit(run: &Child) {
    let pid = Pid::from_raw(run.id().cast_signed());
    prlimit(pid, Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
}

/// A pipe that takes nothing more, and whose reader is there but does not read.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(b"x").is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (reader, writer)
}

#[test]
fn a_run_that_goes_on_is_neither_sealed_nor_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut run = start(endless(&out));
    standing(&run, &out);
    for verb in [vec!["seal", text(&out)], vec!["run", "--resume", text(&out)]] {
        let refused = assay(&verb);
        assert_eq!(refused.code, Some(2), "{verb:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("a run is going on in"), "{verb:?}: {}", refused.stderr);
    }
    assert!(!has_event(&out, "resumed") && !out.join("report.dsse.json").exists());
    signal(run.id(), "TERM");
    assert_eq!(ended(&mut run), Some(130));
    verified(&out);
}

#[test]
fn nothing_that_was_recorded_or_signed_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let [out, mine] = ["out", "mine"].map(|name| dir.path().join(name));
    std::fs::write(&mine, "precious").unwrap();
    let refused = assay([short(&out), vec!["--events", text(&mine)]].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("another with --events"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "precious");
    assert!(!out.join("events.jsonl").exists(), "the next try can have the same directory");

    let mut run = start(endless(&out));
    standing(&run, &out);
    std::fs::write(out.join("report.dsse.json"), "precious").unwrap();
    signal(run.id(), "TERM");
    assert_eq!(ended(&mut run), Some(2));
    assert_eq!(std::fs::read_to_string(out.join("report.dsse.json")).unwrap(), "precious");
}

/// From the first line on there is no room, until there is: what happened meanwhile is not lost.
#[test]
fn a_disk_that_is_full_for_a_while_cuts_nothing_off() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let args = [endless(&out), vec!["--events", "-"]].concat();
    let mut run = in_shell("ulimit -S -f 1", &args).spawn().unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap());
    let mut copy = BufReader::new(run.stdout.take().unwrap());
    read_until(&mut said, "events.jsonl cannot be written");
    let mut all = read_until(&mut copy, "\"measured\"");
    lift_limit(&run);
    signal(run.id(), "TERM");
    copy.read_to_string(&mut all).unwrap();
    assert_eq!(ended(&mut run), Some(130));
    assert_eq!(std::fs::read_to_string(out.join("events.jsonl")).unwrap(), all);
    verified(&out);
}

#[test]
fn a_report_that_finds_no_room_is_written_when_there_is_some() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut run = in_shell("ulimit -S -f 8", &short(&out)).spawn().unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap());
    let told = read_until(&mut said, "Ctrl-C gives up");
    assert!(told.contains("report.dsse.json cannot be written") && !told.contains("at path"), "{told}");
    lift_limit(&run);
    assert_eq!(ended(&mut run), Some(0));
    assert!(has_event(&out, "run_ended"));
    verified(&out);
}

#[test]
fn nobody_who_does_not_read_holds_up_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("stderr");
    let (_unread, full) = full_pipe();
    let mut run = command().args(short(&out)).stdout(Stdio::null()).stderr(full).spawn().unwrap();
    assert_eq!(ended(&mut run), Some(0));
    verified(&out);

    // The verdict waits for its reader, but not against the will of whoever ends it.
    let out = dir.path().join("stdout");
    let (_unread, full) = full_pipe();
    let mut run = command().args(short(&out)).stdout(full).stderr(Stdio::null()).spawn().unwrap();
    until("the report", || out.join("signer.pub.pem").exists().then_some(()));
    signal(run.id(), "TERM");
    assert_eq!(ended(&mut run), Some(130));
    verified(&out);

    let out = dir.path().join("events");
    let (_unread, full) = full_pipe();
    let args = [short(&out), vec!["--events", "-"]].concat();
    let mut run = command().args(args).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    until("the report", || out.join("signer.pub.pem").exists().then_some(()));
    signal(run.id(), "TERM");
    assert_eq!(ended(&mut run), Some(4));
    let mut said = String::new();
    run.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("- cannot be written: nobody has read it"), "{said}");
    verified(&out);
}

/// A mask of signals of a process, as Linux tells it.
fn signals(pid: u32, mask: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask)).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap()
}

/// As `nohup` and shells do it for jobs in the background.
#[test]
fn signals_that_are_ignored_stay_ignored() {
    let [hup, int, term]: [u64; 3] = [1, 1 << 1, 1 << 14];
    let dir = tempfile::tempdir().unwrap();
    for (name, before, ignored) in
        [("nohup", "trap '' HUP", hup), ("background", "trap '' INT", int), ("plain", "true", 0)]
    {
        let out = dir.path().join(name);
        let mut run = in_shell(before, &endless(&out)).spawn().unwrap();
        standing(&run, &out);
        let all = hup | int | term;
        // Whoever runs these tests may ignore some too.
        let ignored = ignored | signals(std::process::id(), "SigIgn:") & all;
        assert_eq!(signals(run.id(), "SigIgn:") & all, ignored, "{name}");
        assert_eq!(signals(run.id(), "SigCgt:") & all, all & !ignored, "{name}");
        signal(run.id(), "TERM");
        assert_eq!(ended(&mut run), Some(130), "{name}");
    }
}

/// More for a thread's stack than any machine has.
const NO_THREADS: [(&str, &str); 1] = [("RUST_MIN_STACK", "4611686018427387904")];

#[test]
fn without_threads_a_run_says_so_and_a_fleet_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let [out, refused] = ["out", "refused"].map(|name| dir.path().join(name));
    let ended = output_of(&NO_THREADS, short(&refused));
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("a thread cannot be started"), "{}", ended.stderr);

    assert_eq!(assay(short(&out)).code, Some(0));
    let (public, contract) = (out.join("signer.pub.pem"), easy_contract(dir.path()));
    let fleet = ["fleet", text(&out), "--trust", text(&public), "--contract", text(&contract)];
    let (with, without) = (assay(fleet), output_of(&NO_THREADS, fleet));
    let counted = |ended: &Ended| {
        let lines = ended.stdout.lines().filter(|line| !line.starts_with("as of")).map(str::to_owned);
        (ended.code, lines.collect::<Vec<_>>())
    };
    assert!(with.stdout.contains("1 refused report"), "{}{}", with.stdout, with.stderr);
    assert_eq!(counted(&without), counted(&with), "{}", without.stderr);
}

#[test]
fn an_error_that_nobody_can_read_has_its_code_all_the_same() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = command().args(["verify", "missing", "--trust", "missing"]).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

/// Reports hold serial numbers: whoever shuts others out of what he makes does so of them too.
#[test]
fn results_are_for_whom_the_umask_lets_read_them() {
    let dir = tempfile::tempdir().unwrap();
    for (umask, expected) in [("077", 0o600), ("022", 0o644), ("002", 0o664)] {
        let out = dir.path().join(umask);
        let ended = in_shell(&format!("umask {umask}"), &short(&out)).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        for file in std::fs::read_dir(&out).unwrap().map(|file| file.unwrap()) {
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{:?} under {umask}", file.file_name());
        }
    }
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let ended = output_of(&[("ASSAY_LANG", "")], ["list", "--metrics"]);
    assert_eq!(
        (ended.code, ended.stdout),
        (Some(0), assay(["list", "--metrics"]).stdout),
        "{}",
        ended.stderr
    );
    assert_eq!(output_of(&[("ASSAY_LANG", "xx")], ["list", "--metrics"]).code, Some(2));
}

/// As `LANG` is written on most machines.
#[test]
fn a_language_may_be_spelled_as_a_locale() {
    for args in [&["list", "--metrics"][..], &["compare", "--help"]] {
        for (language, spellings) in [
            ("zh-CN", &["zh_CN", "zh_CN.UTF-8", "zh_CN.utf8", "zh", "zh-Hans-CN"][..]),
            ("en", &["en_US.UTF-8", "en_GB", "en", "C", "C.UTF-8", "POSIX", "en_US@euro"]),
        ] {
            let wanted = assay(args.iter().chain(&["--lang", language]));
            assert_eq!(wanted.code, Some(0), "{}", wanted.stderr);
            for spelling in spellings {
                let ended = output_of(&[("ASSAY_LANG", *spelling)], args);
                assert_eq!(
                    (ended.code, &ended.stdout),
                    (Some(0), &wanted.stdout),
                    "{spelling}: {}",
                    ended.stderr
                );
                assert_eq!(
                    assay(args.iter().chain(&["--lang", spelling])).stdout,
                    wanted.stdout,
                    "{spelling}"
                );
            }
        }
    }
    for refused in ["zh_TW.UTF-8", "fr_FR.UTF-8", ".UTF-8", "english", "_"] {
        let ended = output_of(&[("ASSAY_LANG", refused)], ["list", "--metrics"]);
        assert!(
            ended.code == Some(2) && ended.stderr.contains("possible values: en, zh-CN"),
            "{}",
            ended.stderr
        );
    }
}

/// Waits until a process does nothing any more, whether or not anybody takes note of its end.
fn until_gone(pid: u32) {
    until("the end of a worker", || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        (status.is_empty() || status.contains("State:\tZ")).then_some(())
    });
}

#[test]
fn a_worker_that_stands_still_dies_with_its_supervisor() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut run = start(endless(&out));
    let workers = standing(&run, &out);
    run.kill().unwrap();
    run.wait().unwrap();
    workers.into_iter().for_each(until_gone);
    let orphan = assay(["worker", "--list", "sim", "--parent", "1"]);
    assert_eq!((orphan.code, orphan.stdout.as_str()), (Some(4), ""), "{}", orphan.stderr);
}

/// Opening a named pipe takes until somebody writes to it.
#[test]
#[cfg(feature = "cuda")]
fn a_driver_that_never_opens_is_left_when_the_end_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let made = Command::new("mkfifo").arg(dir.path().join("libcuda.so.1")).status().unwrap();
    assert!(made.success());
    let begin = |args: &[&str]| {
        let mut stuck = command();
        stuck.args(args).env("LD_LIBRARY_PATH", dir.path());
        let stuck = stuck.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let worker = until("a worker that asks the driver", || {
            children(stuck.id()).into_iter().find(|worker| {
                let what = std::fs::read_to_string(format!("/proc/{worker}/cmdline")).unwrap_or_default();
                what.contains("worker") && what.contains("cuda")
            })
        });
        (stuck, worker)
    };
    let (mut run, worker) = begin(&["run", "--measure-only", "--device", "cuda:0", "--out", text(&out)]);
    signal(run.id(), "TERM");
    assert_eq!(ended(&mut run), Some(130));
    let mut said = String::new();
    run.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("interrupted before anything was measured") && !out.exists(), "{said}");
    until_gone(worker);

    let (mut list, worker) = begin(&["list"]);
    list.kill().unwrap();
    list.wait().unwrap();
    until_gone(worker);
}
