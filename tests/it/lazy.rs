//! A device that does nothing, leaves one kind of work out, or gives old results as new has no figure that counts:
//! probe by probe, metric by metric.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use gpu_assay::contract::{Parsed, Verdict, parse};
use gpu_assay::engine::Profile;
use gpu_assay::evidence::metric::{Kind, METRICS, MetricDef, PEER_SLOWEST, chase_sizes, size_name};
use gpu_assay::evidence::sustain::{FIRST_THROTTLE, MTBE};
use gpu_assay::probes::PROBES;
use gpu_assay::units::Unit;

use crate::front::{self, How};
use crate::pipeline::{self, Run};

/// A card for each probe on which it takes a moment.
const CARDS: [(&str, &str); 11] = [
    ("stream", "sim:mini,mem=16MiB,buffer=2MiB"),
    ("fma", "sim:mini,mem=16MiB,buffer=2MiB"),
    ("mma", "sim:mini,mem=16MiB,buffer=2MiB"),
    ("gemm", "sim:mini,mem=4MiB,buffer=1MiB"),
    ("vendor", "sim:mini,mem=4MiB,buffer=1MiB,library"),
    ("l2", "sim:mini"),
    ("census", "sim:mini"),
    ("link", "sim:mini"),
    ("chase", "sim:mini"),
    ("memory", "sim:mini"),
    ("sustain", "sim:mini,mem=16MiB,buffer=2MiB"),
];

/// Everything that a kernel does.
const ALL_OPS: &[&str] = &[
    "fill", "scan", "flip", "draw", "digest", "stream", "reread", "fma", "mma", "gemm", "ring", "chase",
    "census", "walk", "copy",
];

/// One clause for every metric that is a number, which any figure meets as long as it counts.
fn anything_goes() -> Parsed {
    let mut text = "version = 1\nid = \"anything\"\naccept = [\"simulated\"]\n".to_owned();
    for row in METRICS.iter() {
        let demand = match row.kind {
            Kind::Fact => continue,
            Kind::Number(Unit::Nanosecond) if [FIRST_THROTTLE, MTBE].contains(&row.name.as_str()) => {
                "at_least = \"1 s\""
            }
            Kind::Number(Unit::Nanosecond) if row.name.starts_with("sustain.") => "at_most = \"1 h\"",
            Kind::Number(Unit::Nanosecond) => "at_most = \"1 s\"\nstatistic = \"p50\"",
            Kind::Number(Unit::Count) if row.name == "census.units.count" => "at_least = \"1\"",
            Kind::Number(Unit::Count) => "equals = 0",
            Kind::Number(Unit::Share) => "at_most = \"100 %\"",
            Kind::Number(Unit::JoulePerFlop) => "at_most = \"1 J/FLOP\"",
            Kind::Number(Unit::Cycle) => "at_most = \"1000000 cycles\"\nstatistic = \"p50\"",
            Kind::Number(Unit::Kelvin) => "at_most = \"1000 K\"",
            Kind::Number(Unit::Byte) => "at_least = \"1 B\"",
            Kind::Number(Unit::BytePerSecond) => "at_least = \"1 B/s\"\nstatistic = \"p50\"",
            Kind::Number(Unit::FlopPerSecond) => "at_least = \"1 FLOP/s\"\nstatistic = \"p50\"",
            Kind::Number(Unit::OpPerSecond) => "at_least = \"1 OP/s\"\nstatistic = \"p50\"",
        };
        text += &format!("[[clause]]\nid = \"{0}\"\nmetric = \"{0}\"\n{demand}\n", row.name);
    }
    parse("anything.toml", text.as_bytes()).unwrap()
}

/// Why each metric of `probe` counts or not, on its card with `script` behind `how`.
fn reasons(probe: &str, script: &str, how: How) -> BTreeMap<String, (Verdict, String)> {
    let (_, card) = CARDS.iter().find(|(name, _)| *name == probe).unwrap();
    let (selector, probes, contract) = (format!("{card}{script}"), [probe], anything_goes());
    let run = Run {
        profile: Profile::Standard,
        sustain_ms: 10_000,
        contract: Some(&contract),
        ..Run::short(&selector, &probes)
    };
    let events = run.events_through(|opened| front::before(opened, how).0);
    let findings = pipeline::report(&events, Some(&contract)).findings.into_iter();
    findings
        .filter(|f| f.clause.split('.').next() == Some(probe))
        .map(|f| (f.clause, (f.verdict, f.because.to_string())))
        .collect()
}

/// The metrics of `probe` that count on an honest card.
fn honest(probe: &str) -> &'static [String] {
    static KNOWN: OnceLock<BTreeMap<&str, Vec<String>>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let counted = |probe: &str| {
            let reasons = reasons(probe, "", How::Honest).into_iter();
            reasons.filter(|(_, (verdict, _))| *verdict == Verdict::Pass).map(|(metric, _)| metric).collect()
        };
        PROBES.iter().map(|probe| (probe.name, counted(probe.name))).collect()
    });
    &known[probe]
}

#[test]
fn on_an_honest_card_every_metric_counts() {
    // The card's buffers hold no larger ring than 16 MiB.
    let too_large: Vec<String> = chase_sizes()
        .filter(|bytes| *bytes > 16 << 20)
        .map(|bytes| format!("chase.{}.latency", size_name(bytes)))
        .collect();
    // Between devices is another matter, see the tests of peers and of collectives; others are no probe's.
    let of_nobody = |name: &str| {
        let others = ["node.", "counters.", "collective."];
        name == PEER_SLOWEST || others.iter().any(|start| name.starts_with(start))
    };
    let of_devices = |row: &&MetricDef| row.kind != Kind::Fact && !of_nobody(&row.name);
    for row in METRICS.iter().filter(of_devices) {
        let probe = row.name.split('.').next().unwrap();
        let expected = !too_large.contains(&row.name) && !not_heaviest(&row.name);
        assert_eq!(honest(probe).contains(&row.name), expected, "{}", row.name);
    }
}

/// A load is kept up in one format, here the fastest: the contract names all.
fn not_heaviest(metric: &str) -> bool {
    metric.starts_with("sustain.") && metric.ends_with(".rate") && metric != "sustain.fp8_e4m3.rate"
}

#[test]
fn no_figure_of_a_device_that_does_nothing_counts() {
    for (script, how) in [
        (",lazy", How::Honest),
        (",uncounted", How::Honest),
        ("", How::Zeros),
        ("", How::Skips(ALL_OPS)),
        ("", How::Replays),
    ] {
        for probe in PROBES {
            let reasons = reasons(probe.name, script, how);
            for metric in honest(probe.name) {
                let (verdict, because) = &reasons[metric];
                assert_ne!(*verdict, Verdict::Pass, "{metric} on {script:?} behind {how:?}: {because}");
                let noticed = ["wrong result", "missed a planted error"].iter().any(|w| because.contains(w));
                assert!(noticed, "{metric} on {script:?} behind {how:?}: {because}");
            }
        }
    }
}

/// Which figures lean on which op: without it they do not count, and all others still do.
#[rustfmt::skip]
const LEANS: &[(&str, &[&str])] = &[
    ("fill", &["census.disturbed_memory.", "link.d2h", "link.both.", "memory.", "stream.driver_copy.", "sustain."]),
    ("scan", &["census.disturbed_memory.", "link.h2d", "link.both.", "memory.", "stream.driver_copy.", "sustain."]),
    ("flip", &["stream.", "l2.", "census.disturbed_memory.", "census.units.", "census.stolen.", "census.slice.", "census.l2.", "fma.", "mma.", "gemm.", "vendor.", "link.", "chase.", "memory.", "sustain."]),
    ("draw", &["stream.read.", "stream.copy.", "stream.scale.", "stream.add.", "stream.triad.", "l2.", "gemm.", "vendor.", "sustain."]),
    ("digest", &["census.disturbed.", "stream.write.", "stream.copy.", "stream.scale.", "stream.add.", "stream.triad.", "fma.", "mma.", "gemm.", "vendor.", "sustain."]),
    ("stream", &["census.disturbed_memory.", "stream.read.", "stream.write.", "stream.copy.", "stream.scale.", "stream.add.", "stream.triad."]),
    ("reread", &["l2."]),
    ("fma", &["fma.", "sustain.", "census.disturbed."]),
    ("mma", &["mma."]),
    ("gemm", &["gemm.", "vendor.", "sustain."]),
    ("ring", &["chase.", "census.l2."]),
    ("chase", &["chase."]),
    ("census", &["census.units.", "census.stolen.", "census.slice."]),
    ("walk", &["census.l2."]),
    ("copy", &["link.", "stream.driver_copy.", "sustain."]),
];

#[test]
fn work_of_one_kind_that_is_left_out_is_missed_where_it_matters() {
    assert_eq!(LEANS.iter().map(|(op, _)| *op).collect::<Vec<_>>(), ALL_OPS);
    for (op, leaning) in LEANS {
        let leans = |metric: &str| leaning.iter().any(|start| metric.starts_with(start));
        for probe in PROBES.iter().filter(|probe| honest(probe.name).iter().any(|m| leans(m))) {
            let reasons = reasons(probe.name, "", How::Skips(std::slice::from_ref(op)));
            for metric in honest(probe.name) {
                let (verdict, because) = &reasons[metric];
                assert_eq!(*verdict != Verdict::Pass, leans(metric), "{metric} without {op}: {because}");
            }
        }
    }
}
