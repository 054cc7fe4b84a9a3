//! The n-th device call fails, for every n and every kind of error: a report is left, the failure stands in it, and it
//! never passes where a demanded figure is concerned.

use gpu_assay::contract::{Parsed, Severity, Verdict, clause::Rule, parse};
use gpu_assay::evidence::{AbsenceReason, DeviceEvidence, Ended, Value};
use gpu_assay::report::Report;

use crate::front::{self, How};
use crate::pipeline::{self, Run};

/// A miniature run: card, probes, and the clauses it is judged by. Not all that is measured is demanded.
struct Plan {
    selector: &'static str,
    probes: &'static [&'static str],
    clauses: &'static [(&'static str, &'static str)],
    errors: &'static [&'static str],
}

const EVERY_ERROR: &[&str] = &["lost", "memory", "validation", "hang", "crash"];
/// After the first no call can succeed, after the second the next case begins: where a run takes longer.
const BOTH_KINDS: &[&str] = &["lost", "validation"];
const CALLS_MAX: u64 = 300;

const LINKS: Plan = Plan {
    selector: "sim:mini",
    probes: &["link"],
    clauses: &[("link.d2h.rate", "at_least = \"1 GB/s\"\nstatistic = \"p50\"")],
    errors: BOTH_KINDS,
};
const MOVING: Plan = Plan {
    selector: "sim:mini",
    probes: &["chase", "memory"],
    clauses: &[
        ("chase.hbm.latency", "at_most = \"1 us\"\nstatistic = \"p50\""),
        ("memory.filled.bytes", "at_least = \"60 MiB\""),
        ("memory.errors.count", "equals = 0"),
    ],
    errors: EVERY_ERROR,
};
const CHAINS: Plan = Plan {
    selector: "sim:mini,no=fp64,no=fp16,no=int8",
    probes: &["fma"],
    clauses: &[("fma.fp32.rate", "at_least = \"1 GFLOP/s\"\nstatistic = \"p50\"")],
    errors: BOTH_KINDS,
};
const PRODUCTS: Plan = Plan {
    selector: "sim:mini,mem=256KiB,buffer=64KiB,no=fp64,no=tf32,no=fp16,no=bf16,no=fp8_e4m3,no=fp8_e5m2",
    probes: &["gemm"],
    clauses: &[("gemm.fp32.rate", "at_least = \"1 MFLOP/s\"\nstatistic = \"p50\"")],
    errors: BOTH_KINDS,
};
const STREAMS: Plan = Plan {
    selector: "sim:mini,mem=8MiB,buffer=2MiB",
    probes: &["stream"],
    clauses: &[("stream.triad.rate", "at_least = \"1 GB/s\"\nstatistic = \"p50\"")],
    errors: &["lost"],
};

impl Plan {
    fn contract(&self) -> Parsed {
        let mut text = "version = 1\nid = \"sweep\"\naccept = [\"simulated\"]\n".to_owned();
        for (metric, demand) in self.clauses {
            text += &format!("[[clause]]\nid = \"{metric}\"\nmetric = \"{metric}\"\n{demand}\n");
        }
        parse("sweep.toml", text.as_bytes()).unwrap()
    }

    /// The report of a run with this much more in the script, and how many device calls it made.
    fn run(&self, contract: &Parsed, script: &str) -> (Report, u64) {
        let selector = format!("{}{script}", self.selector);
        let run = Run { contract: Some(contract), ..Run::short(&selector, self.probes) };
        let mut calls = None;
        let events = run.events_through(|opened| {
            let (opened, counter) = front::before(opened, How::Honest);
            calls = Some(counter);
            opened
        });
        (pipeline::report(&events, Some(contract)), calls.unwrap().get())
    }

    fn demands(&self, metric: &str) -> bool {
        self.clauses.iter().any(|(demanded, _)| *demanded == metric)
    }

    /// What the report says of a failure: metrics that are missing for it, or `None` where nothing shows.
    fn shown(&self, report: &Report, unfailed: &DeviceEvidence) -> Option<Vec<String>> {
        let device = &report.evidence.devices[0];
        let failed = device.absences.iter().filter(|a| matches!(a.reason, AbsenceReason::Failed { .. }));
        let mut metrics: Vec<String> = failed.map(|a| a.metric.to_string()).collect();
        // Refused memory is no error to the probe that looks for its end: it is less memory.
        if filled(device) < filled(unfailed) {
            metrics.push("memory.filled.bytes".to_owned());
        }
        (!metrics.is_empty()).then_some(metrics)
    }
}

fn filled(device: &DeviceEvidence) -> Option<u64> {
    device.measurements.iter().find_map(|m| match m.value {
        Value::Count { count } => (m.metric.as_str() == "memory.filled.bytes").then_some(count),
        Value::Timed(_)
        | Value::Share { .. }
        | Value::AtLeast { .. }
        | Value::ByUnit { .. }
        | Value::Lengths(_) => None,
    })
}

/// Fails every call of a plan once with every error.
fn sweep(plan: &Plan) {
    let contract = plan.contract();
    assert!(contract.contract.clauses.iter().all(|c| c.severity == Severity::Must));
    assert!(!contract.contract.clauses.iter().any(|c| matches!(c.rule, Rule::Never { .. })));
    let (unfailed, calls) = plan.run(&contract, "");
    assert_eq!(unfailed.verdict, Some(Verdict::Pass), "{:?}", unfailed.findings);
    assert!((1..=CALLS_MAX).contains(&calls), "{calls} device calls");
    let unfailed = &unfailed.evidence.devices[0];
    let (mut passed, mut undemanded) = (0, 0);
    for error in plan.errors {
        for call in 1..=calls {
            let (report, _) = plan.run(&contract, &format!(",fail@call={call},error={error}"));
            let shown = plan.shown(&report, unfailed);
            let shown = shown.unwrap_or_else(|| {
                // Refused once, the same memory was had in smaller pieces.
                assert_eq!(*error, "memory", "{error} at call {call} of {calls} left no trace");
                Vec::new()
            });
            let ended = &report.evidence.devices[0].ended;
            let harmless = *ended == Ended::Completed && !shown.iter().any(|metric| plan.demands(metric));
            let pass = report.verdict == Some(Verdict::Pass);
            assert_eq!(pass, harmless, "{error} at call {call}: {shown:?}, {ended:?}, {:?}", report.findings);
            passed += u64::from(pass);
            undemanded += u64::from(!shown.iter().any(|metric| plan.demands(metric)));
        }
        let (beyond, _) = plan.run(&contract, &format!(",fail@call={},error={error}", calls + 1));
        let beyond = &beyond.evidence.devices[0];
        assert_eq!((&beyond.measurements, &beyond.absences), (&unfailed.measurements, &unfailed.absences));
        assert_eq!((&beyond.timeline, &beyond.ended), (&unfailed.timeline, &unfailed.ended));
    }
    // Both kinds of call were met: those of demanded figures and others.
    let all = calls * plan.errors.len() as u64;
    assert!(passed > 0 && undemanded < all, "{passed} passed, {undemanded} undemanded, {all} in all");
}

#[test]
fn every_call_over_the_link_may_fail() {
    sweep(&LINKS);
}

#[test]
fn every_call_that_moves_data_may_fail() {
    sweep(&MOVING);
}

#[test]
fn every_call_of_multiply_add_chains_may_fail() {
    sweep(&CHAINS);
}

#[test]
fn every_call_of_products_may_fail() {
    sweep(&PRODUCTS);
}

/// All streams make more calls than a miniature run should. The first two of them, a sum and an array, are swept.
#[test]
fn every_call_of_the_first_streams_may_fail() {
    let contract = STREAMS.contract();
    let (unfailed, _) = STREAMS.run(&contract, "");
    assert_eq!(unfailed.verdict, Some(Verdict::Pass), "{:?}", unfailed.findings);
    let mut during = std::collections::BTreeSet::new();
    for call in 1..=120 {
        let (report, _) = STREAMS.run(&contract, &format!(",fail@call={call},error=lost"));
        assert_eq!(report.verdict, Some(Verdict::Inconclusive), "call {call}: {:?}", report.findings);
        let Ended::Lost { during: Some(metric), .. } = &report.evidence.devices[0].ended else {
            panic!("call {call} left no trace")
        };
        during.insert(metric.clone());
    }
    assert!(during.contains("stream.read.rate") && during.contains("stream.write.rate"), "{during:?}");
}
