//! Reports of ordinary size, made by hand: what benchmarks of reading them read.

use gpu_assay::contract::{Parsed, parse};
use gpu_assay::device::{Identity, Provenance, Reach};
use gpu_assay::evidence::metric::{Kind, METRICS, MetricName};
use gpu_assay::evidence::*;

/// A simulated device with the first 25 metrics, `samples_each` samples each, which another `seed` makes others.
pub fn evidence(samples_each: usize, seed: u64) -> Evidence {
    let numbers = METRICS.iter().filter(|row| row.kind != Kind::Fact && row.name.ends_with("e")).take(25);
    let measurements = numbers.map(|row| Measurement {
        metric: MetricName::parse(&row.name).unwrap(),
        value: Value::Timed(Timed {
            work: 1 << 28,
            repeat: 7,
            samples: (0..samples_each as u64)
                .map(|i| Sample {
                    device_ns: Some(50_000_000 + seed / 9973 + (i + seed) * 37 % 9973),
                    host_ns: 50_100_000 + (i + seed) * 41 % 9973,
                })
                .collect(),
        }),
        conditions: Conditions {
            shape: "256 MiB per array".to_owned(),
            distribution: None,
            variant: Some("vec4-group256".to_owned()),
            kernel: Some("ab".repeat(32)),
            caveat: None,
            reach: Reach::Card,
        },
        check: Check::Matched { exact: 262_161, sampled: 4096, canary: Canary::Caught },
    });
    let selector = "sim:bench".to_owned();
    let device = DeviceEvidence {
        selector: selector.clone(),
        identity: Some(identity(&selector)),
        facts: Vec::new(),
        measurements: measurements.collect(),
        absences: Vec::new(),
        timeline: Vec::new(),
        lapses: Vec::new(),
        sustained: None,
        ended: Ended::Completed,
    };
    let run = RunInfo {
        format: FORMAT,
        tool: "assay".to_owned(),
        tool_version: "bench".to_owned(),
        started: "1970-01-01T00:00:00Z".to_owned(),
        profile: "standard".to_owned(),
        probes: Vec::new(),
        sustain_ms: None,
        sample_ms: None,
        seed: "0".repeat(16),
        contract_sha256: None,
        selectors: vec![selector],
        host: None,
        node: None,
        order: Order::Together,
        challenge_sha256: None,
        salt_sha256: None,
    };
    Evidence { run, devices: vec![device], node: None, resumed: Vec::new(), ended: Ended::Completed }
}

pub fn identity(selector: &str) -> Identity {
    Identity {
        backend: "sim".to_owned(),
        name: "Bench card (simulated)".to_owned(),
        provenance: Provenance::Simulated { script: selector.to_owned() },
        vendor_id: None,
        device_id: None,
        pci_address: None,
        uuid: None,
        driver: "none".to_owned(),
        units: None,
        memory_bytes: Some(1 << 30),
        fillable_bytes: Some(1 << 30),
        buffer_bytes_max: 1 << 30,
        features: Vec::new(),
        details: Default::default(),
    }
}

pub fn contract() -> Parsed {
    let text = "version = 1\nid = \"bench\"\naccept = [\"simulated\"]\n[[clause]]\nid = \"fp32\"\n\
                metric = \"fma.fp32.rate\"\nat_least = \"1 MFLOP/s\"\nstatistic = \"p5\"\n";
    parse("bench.toml", text.as_bytes()).unwrap()
}
