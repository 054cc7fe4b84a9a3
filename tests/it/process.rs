//! Runs the real binary: helpers for tests of the command line.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a finished `assay` left behind.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The program under test: the one that cargo built with these tests, or, where they run on another machine than the one that built
/// them, the one that is named.
pub fn command() -> Command {
    let named = std::env::var_os("ASSAY_TEST_PROGRAM");
    let mut command = Command::new(named.as_deref().unwrap_or(env!("CARGO_BIN_EXE_assay").as_ref()));
    command.stdin(Stdio::null()).env("NO_COLOR", "1").env_remove("ASSAY_LANG");
    command
}

#[test]
fn the_program_can_be_another_than_the_one_beside_these_tests() {
    const NAME: &str = "process::the_program_can_be_another_than_the_one_beside_these_tests";
    if std::env::var_os("ASSAY_TEST_PROGRAM").is_some() {
        assert_eq!(assay(["no-such-verb"]).code, Some(0), "it is the named one, which takes anything");
        return;
    }
    assert_eq!(assay(["no-such-verb"]).code, Some(2));
    let mut again = Command::new(std::env::current_exe().unwrap());
    let again = again.args(["--exact", NAME]).env("ASSAY_TEST_PROGRAM", "true").output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}

pub fn assay<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Ended {
    command().args(args).output().unwrap().into()
}

/// The same with more in its environment.
pub fn output_of<S: AsRef<std::ffi::OsStr>>(
    environment: &[(&str, &str)],
    args: impl IntoIterator<Item = S>,
) -> Ended {
    command().envs(environment.iter().copied()).args(args).output().unwrap().into()
}

/// Starts `assay` and leaves it running.
pub fn start<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Child {
    command().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The processes that `parent` has started and that still run.
pub fn children(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let list = std::fs::read_to_string(path).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

pub fn signal(pid: u32, name: &str) {
    // The shell's own: a bare system has no program of that name.
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// Waits until `ready` gives something, with a limit that only a defect reaches.
pub fn until<T>(what: &str, ready: impl FnMut() -> Option<T>) -> T {
    until_within(Duration::from_secs(60), what, ready)
}

pub fn until_within<T>(limit: Duration, what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(begun.elapsed() < limit, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether the event file of a run holds an event of this kind yet.
pub fn has_event(out: &Path, kind: &str) -> bool {
    let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap_or_default();
    events.contains(&format!("\"event\":\"{kind}\""))
}

/// Checks that `out` holds a signed report that verifies, and gives what `assay verify --json` says.
pub fn verified(out: &Path) -> (Ended, serde_json::Value) {
    let report = out.join("report.dsse.json");
    let ended = assay([
        "verify".as_ref(),
        report.as_os_str(),
        "--trust".as_ref(),
        out.join("signer.pub.pem").as_os_str(),
        "--json".as_ref(),
    ]);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}\n{}", ended.stdout, ended.stderr));
    assert_eq!(json["holds"], true, "{}", json["differences"]);
    (ended, json)
}

/// A contract that a simulated card of any size meets.
pub fn easy_contract(dir: &Path) -> PathBuf {
    let path = dir.join("contract.toml");
    let text = "version = 1\nid = \"easy\"\naccept = [\"simulated\", \"software\"]\n[[clause]]\nid = \"triad\"\nseverity = \"must\"\n\
                metric = \"stream.triad.rate\"\nat_least = \"1 MB/s\"\nstatistic = \"p50\"\n";
    std::fs::write(&path, text).unwrap();
    path
}
