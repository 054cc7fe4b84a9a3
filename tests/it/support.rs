//! Evidence made by hand for tests of everything after measuring. Always of simulated devices, so that none of it
//! can be taken for a measurement.

use gpu_assay::contract::{Contract, Parsed, parse};
use gpu_assay::device::op::Tally;
use gpu_assay::device::{Identity, Provenance, Reach};
use gpu_assay::evidence::metric::MetricName;
use gpu_assay::evidence::*;
use gpu_assay::seal::SecretKey;
use gpu_assay::telemetry::Reading;

pub const ADMITS_SIMULATED: &str = "accept = [\"simulated\"]";

pub fn metric(name: &str) -> MetricName {
    MetricName::parse(name).unwrap()
}

/// A contract of one clause in TOML, for simulated devices.
pub fn contract(clause: &str) -> Parsed {
    contract_with("", clause)
}

pub fn contract_with(head: &str, clauses: &str) -> Parsed {
    let text = format!(
        "version = 1\nid = \"test\"\n{ADMITS_SIMULATED}\n{head}\n[[clause]]\nid = \"c\"\n{clauses}\n"
    );
    parse("test.toml", text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

pub fn terms(clause: &str) -> Contract {
    contract(clause).contract
}

/// A device of the unknown vendor 0xffff, so that no catalogue limit applies.
pub fn identity(n: u32) -> Identity {
    Identity {
        backend: "sim".into(),
        name: "Test Card T100".into(),
        provenance: Provenance::Simulated { script: format!("sim:test,seed={n}") },
        vendor_id: Some(0xffff),
        device_id: Some(0x0001),
        pci_address: Some(format!("0000:{n:02x}:00.0")),
        uuid: Some(format!("{n:032x}")),
        driver: "test 1.0".into(),
        units: Some(16),
        memory_bytes: Some(16 << 30),
        fillable_bytes: Some(15 << 30),
        buffer_bytes_max: 1 << 30,
        features: vec!["timestamps".into()],
        details: Default::default(),
    }
}

pub fn conditions() -> Conditions {
    Conditions {
        shape: "256 MiB per array".into(),
        distribution: None,
        variant: Some("vec4-group256".into()),
        kernel: Some("00".repeat(32)),
        caveat: None,
        reach: Reach::Card,
    }
}

/// Samples that give these rates (in units per second) on both clocks, of about a second where they are about 1 GB/s.
pub fn rates(metric_name: &str, rates: &[u64]) -> Vec<Measurement> {
    // One measurement has one amount of work, so time carries the rate: work / (work / rate).
    let work = 1_000_000_000;
    let sample = |rate: &u64| {
        let ns = u64::try_from(u128::from(work) * 1_000_000_000 / u128::from(*rate)).unwrap();
        Sample { device_ns: Some(ns), host_ns: ns }
    };
    vec![timed(metric_name, work, rates.iter().map(sample).collect())]
}

pub fn timed(metric_name: &str, work: u64, samples: Vec<Sample>) -> Measurement {
    Measurement {
        metric: metric(metric_name),
        value: Value::Timed(Timed { work, repeat: 1, samples }),
        conditions: conditions(),
        check: Check::Matched { exact: 4096, sampled: 64, canary: Canary::Caught },
    }
}

pub fn counted(metric_name: &str, count: u64, tally: Tally) -> Measurement {
    Measurement {
        metric: metric(metric_name),
        value: Value::Count { count },
        conditions: conditions(),
        check: Check::Scanned { tally, canary: Canary::Caught },
    }
}

pub fn clean_tally(bytes: u64) -> Tally {
    Tally { words_checked: bytes / 4, ..Tally::default() }
}

/// Live telemetry: one reading a second, power moving, no flag raised.
pub fn timeline(readings: u64) -> Vec<TimedReading> {
    (0..readings)
        .map(|i| TimedReading {
            at_ns: i * 1_000_000_000,
            reading: Reading {
                name: Some("Test Card T100".into()),
                clock_mhz: Some(1980),
                power_mw: Some(400_000 + (i as u32 * 977) % 5000),
                temperature_c: Some(60),
                throttle: Some(Vec::new()),
                ecc_uncorrected: Some(0),
                ecc_corrected: Some(0),
                xid: Some(0),
                ..Reading::default()
            },
        })
        .collect()
}

/// A load of BF16 products kept up through windows of ten seconds, with these rates in operations a second.
pub fn kept_up(rates: &[u64]) -> sustain::Sustained {
    let load = sustain::Load {
        metric: metric("sustain.bf16.rate"),
        work: 1_000_000,
        asked_ms: 10_000 * rates.len() as u64,
        piece_ns: 0,
        conditions: conditions(),
        check: Check::Matched { exact: 4096, sampled: 0, canary: Canary::Caught },
    };
    let mut kept = sustain::Sustained::begin(load);
    for (n, rate) in (0u64..).zip(rates) {
        let span = 10_000_000_000;
        let sensors = sustain::Sensors {
            looks: 10,
            told: 10,
            clock_mhz: Some((1700, 1980).into()),
            power_mw: Some((690_000, 700_000).into()),
            temperature_c: Some(sustain::Span::of(60 + n as u32 % 20)),
            ..sustain::Sensors::default()
        };
        let (from_ns, to_ns) = (n * span, (n + 1) * span);
        let products = rate * 10 / 1_000_000;
        kept.add(sustain::Window {
            from_ns,
            to_ns,
            products,
            host_ns: span,
            checked: 5,
            sensors,
            ..Default::default()
        });
    }
    kept
}

/// A device that did everything well: triad and copy at 1 and 2 GB/s (median), 15 GiB filled without an error.
pub fn good_device(n: u32) -> DeviceEvidence {
    let filled = 15u64 << 30;
    let mut measurements = rates("stream.triad.rate", &[900_000_000, 1_000_000_000, 1_100_000_000]);
    measurements.extend(rates("stream.copy.rate", &[1_900_000_000, 2_000_000_000, 2_100_000_000]));
    measurements.push(timed(
        "chase.hbm.latency",
        1000,
        vec![Sample { device_ns: Some(700_000), host_ns: 701_000 }; 3],
    ));
    measurements.push(counted("memory.filled.bytes", filled, clean_tally(2 * filled)));
    measurements.push(counted("memory.errors.count", 0, clean_tally(2 * filled)));
    DeviceEvidence {
        selector: format!("sim:test,seed={n}"),
        identity: Some(identity(n)),
        facts: vec![Fact { metric: metric("identity.device.name"), value: "Test Card T100".into() }],
        measurements,
        absences: Vec::new(),
        timeline: timeline(30),
        lapses: Vec::new(),
        sustained: None,
        ended: Ended::Completed,
    }
}

pub fn evidence(devices: Vec<DeviceEvidence>) -> Evidence {
    Evidence {
        run: RunInfo {
            format: FORMAT,
            tool: "gpu-assay".into(),
            tool_version: "0.0.0-test".into(),
            started: "1970-01-01T00:00:00Z".into(),
            profile: "quick".into(),
            probes: vec!["stream".into(), "memory".into()],
            sustain_ms: None,
            sample_ms: None,
            seed: "0000000000000007".into(),
            contract_sha256: None,
            selectors: devices.iter().map(|d| d.selector.clone()).collect(),
            host: None,
            node: None,
            order: Order::Together,
            challenge_sha256: None,
            salt_sha256: None,
        },
        devices,
        node: None,
        resumed: Vec::new(),
        ended: Ended::Completed,
    }
}

pub fn good_run(devices: u32) -> Evidence {
    evidence((1..=devices).map(good_device).collect())
}

/// A published test key, see tests/data/keys. `dir` takes a copy that only its owner can read: Git does not keep modes,
/// and the loader refuses what others can read.
pub fn test_key(dir: &std::path::Path, name: &str) -> SecretKey {
    SecretKey::load(&private_copy(dir, name)).unwrap()
}

pub fn private_copy(dir: &std::path::Path, name: &str) -> std::path::PathBuf {
    let copy = dir.join(format!("{name}.pem"));
    std::fs::copy(data(&format!("keys/{name}.pem")), &copy).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    copy
}

pub fn data(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}
