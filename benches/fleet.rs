//! How long `assay fleet` takes for many reports of ordinary size, and in how much memory; `results/fleet/scaling.md`.
//! Asserts nothing about time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ordinary;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gpu_assay::contract::Parsed;
use gpu_assay::report::{Report, SealedBy};
use gpu_assay::seal::SecretKey;
use ordinary::{contract, evidence};

const SIZES: [u64; 3] = [1_000, 10_000, 100_000];
const RUNS: usize = 3;
/// Reports of each node, one a day.
const OF_NODE: u64 = 10;

fn main() {
    let largest = std::env::var("REPORTS").ok().and_then(|n| n.parse().ok()).unwrap_or(u64::MAX);
    let dir = tempfile::tempdir().unwrap();
    let (key, contract) = (SecretKey::generate().unwrap(), contract());
    std::fs::write(dir.path().join("key.pub.pem"), key.public().to_pem().unwrap()).unwrap();
    std::fs::write(dir.path().join("contract.json"), serde_json::to_vec(&contract.contract).unwrap())
        .unwrap();
    let bytes = std::fs::read(dir.path().join("contract.json")).unwrap();
    let contract = gpu_assay::contract::parse("contract.json", &bytes).unwrap();
    let mut text = head();
    for size in SIZES.into_iter().filter(|size| *size <= largest) {
        let bytes = write(dir.path(), size, &key, &contract);
        let mut runs: Vec<(f64, u64)> = (0..RUNS).map(|_| run(dir.path(), size)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (median, _) = runs[RUNS / 2];
        let peak = runs.iter().map(|(_, peak)| *peak).max().unwrap();
        writeln!(
            text,
            "| {size} | {:.0} MB | {median:.2} s | {:.2} .. {:.2} s | {:.0} | {} MiB |",
            bytes as f64 / 1e6,
            runs[0].0,
            runs[RUNS - 1].0,
            size as f64 / median,
            peak >> 10
        )
        .unwrap();
        eprintln!("{size}");
    }
    print!("{text}");
    let results = concat!(env!("CARGO_MANIFEST_DIR"), "/results/fleet");
    std::fs::create_dir_all(results).unwrap();
    std::fs::write(format!("{results}/scaling.md"), text).unwrap();
}

fn head() -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |name| name.trim_start_matches([' ', '\t', ':']));
    format!(
        "# How many reports a fleet may have\n\nWritten by `cargo bench --bench fleet`: `assay fleet` on made reports of ordinary size (1500 \
         samples, {OF_NODE} of each node), each with its own samples and signature, verified and judged again. {threads} threads, {cpu}; \
         median of {RUNS} runs, the files in the page cache where they fit.\n\n\
         | reports | bytes | time | min .. max | reports a second | peak memory |\n| --- | --- | --- | --- | --- | --- |\n"
    )
}

/// Writes so many reports, one in each line; gives their bytes.
fn write(dir: &Path, size: u64, key: &SecretKey, contract: &Parsed) -> u64 {
    let mut file = std::io::BufWriter::new(std::fs::File::create(dir.join(format!("{size}.jsonl"))).unwrap());
    let mut bytes = 0;
    for at in 0..size {
        let mut evidence = evidence(60, at);
        let (node, day) = (at / OF_NODE, at % OF_NODE + 1);
        evidence.run.node = Some(format!("node-{node}"));
        evidence.run.started = format!("2026-01-{day:02}T00:00:00Z");
        if let Some(identity) = &mut evidence.devices[0].identity {
            identity.uuid = Some(format!("{node:032x}"));
        }
        let report =
            Report::new(evidence, Some(contract), SealedBy::Named, "2026-01-01T00:00:00Z".to_owned());
        let envelope = report.seal(key).unwrap().to_bytes();
        bytes += envelope.len() as u64;
        file.write_all(&envelope).unwrap();
    }
    bytes
}

/// Seconds, and the peak of resident memory in KiB.
fn run(dir: &Path, size: u64) -> (f64, u64) {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args([
            "fleet",
            &format!("{size}.jsonl"),
            "--contract",
            "contract.json",
            "--trust",
            "key.pub.pem",
            "--format",
            "csv",
        ])
        .current_dir(dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        let about = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    assert_eq!(status.code(), Some(0), "all reports pass");
    (begun.elapsed().as_secs_f64(), peak)
}
