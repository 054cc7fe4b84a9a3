//! Speed of verifying: signature, schema and everything recomputed, as `assay verify` does it, in one process.
//! Prints medians with their spread; asserts nothing about time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../ordinary.rs"]
mod ordinary;
mod proofs;

use std::hint::black_box;
use std::time::Instant;

use gpu_assay::report::{Report, SealedBy, recheck};
use gpu_assay::seal::{Envelope, SecretKey, TrustList};
use ordinary::{contract, evidence};

const RUNS: usize = 15;

fn main() {
    println!("| report | samples | bytes | verify, median | min .. max | per second, one core |");
    println!("| --- | --- | --- | --- | --- | --- |");
    show("ordinary size", 60);
    show("100,000 samples", 5000);
    proofs::table();
}

fn show(name: &str, samples_each: usize) {
    let key = SecretKey::generate().unwrap();
    let (evidence, contract) = (evidence(samples_each, 0), contract());
    let samples: usize = evidence.devices[0].measurements.len() * samples_each;
    let report = Report::new(evidence, Some(&contract), SealedBy::Named, "1970-01-01T00:00:00Z".to_owned());
    let file = report.seal(&key).unwrap().to_bytes();
    let trust = TrustList::new([key.public()]);
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            let envelope = Envelope::parse(black_box(&file)).unwrap();
            let report = Report::from_verified(&envelope.open(&trust).unwrap()).unwrap();
            assert!(recheck(&report, Some(&contract)).differences.is_empty());
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let (low, median, high) = (seconds[0], seconds[RUNS / 2], seconds[RUNS - 1]);
    println!(
        "| {name} | {samples} | {} | {:.2} ms | {:.2} .. {:.2} ms | {:.0} |",
        file.len(),
        median * 1e3,
        low * 1e3,
        high * 1e3,
        1.0 / median
    );
}
