//! Clauses on what is delivered: judged on an interval of the recorded samples, and measured until that decides.

use gpu_assay::contract::{Finding, Verdict, judge};
use gpu_assay::evidence::*;

use crate::pipeline::Run;
use crate::support::*;

/// Rates around 1 GB/s by 2 %, which do not hang together.
fn noisy(samples: u64) -> Evidence {
    let rate = |n: u64| 980_000_000 + n * 7_919 % 41 * 1_000_000;
    let mut device = good_device(1);
    device.measurements.retain(|m| m.metric != metric("stream.triad.rate"));
    device.measurements.extend(rates("stream.triad.rate", &(0..samples).map(rate).collect::<Vec<_>>()));
    evidence(vec![device])
}

fn demand(bound: &str) -> String {
    format!("metric = \"stream.triad.rate\"\nat_least = \"{bound}\"\nstatistic = \"delivered\"")
}

fn found(run: &Evidence, clauses: &str) -> Finding {
    judge(&terms(clauses), run).remove(0)
}

#[track_caller]
fn expect(run: &Evidence, bound: &str, verdict: Verdict, code: &str) {
    let finding = found(run, &demand(bound));
    let because = serde_json::to_value(&finding.because).unwrap();
    assert_eq!((finding.verdict, because["code"].as_str().unwrap()), (verdict, code), "{finding:?}");
}

#[test]
fn what_is_delivered_is_decided_on_an_interval() {
    expect(&noisy(40), "900 MB/s", Verdict::Pass, "delivered_enough");
    expect(&noisy(40), "1.1 GB/s", Verdict::Fail, "delivered_too_little");
    expect(&noisy(40), "1.01 GB/s", Verdict::Inconclusive, "delivered_open");
    expect(&noisy(19), "1 MB/s", Verdict::Inconclusive, "too_few_samples");
    expect(&noisy(0), "1 MB/s", Verdict::Inconclusive, "no_figure");
    let finding = found(&noisy(40), &demand("900 MB/s"));
    assert!(finding.because.to_string().contains("lies from 9"), "{}", finding.because);
    // Nothing that the gate asks for is left out: a wrong result stays one, however fast.
    let mut wrong = noisy(40);
    wrong.devices[0].measurements.last_mut().unwrap().check = Check::Wrong { why: "wrong".into() };
    expect(&wrong, "900 MB/s", Verdict::Fail, "wrong_result");
}

/// What one clause may decide on is not enough for one of many, as the error rate is split among them.
#[test]
fn the_error_rate_is_split_over_clauses() {
    let alone = demand("940 MB/s");
    let one_of = |count: usize| {
        let more = |n: usize| format!("\n[[clause]]\nid = \"c{n}\"\n{alone}");
        format!("{alone}{}", (1..count).map(more).collect::<String>())
    };
    let width = |count| match found(&noisy(20), &one_of(count)).because {
        gpu_assay::contract::Reason::DeliveredEnough { low, high }
        | gpu_assay::contract::Reason::DeliveredOpen { low, high, .. } => match (low, high) {
            (
                gpu_assay::contract::Amount::Number { value: low, .. },
                gpu_assay::contract::Amount::Number { value: high, .. },
            ) => high - low,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert!(width(10) > width(1), "{} {}", width(10), width(1));
}

#[test]
fn more_is_never_worse_and_nothing_is_never_enough() {
    for samples in [0, 10, 25, 60, 200] {
        for bound in ["900 MB/s", "990 MB/s", "1.01 GB/s", "1.1 GB/s"] {
            let mut run = noisy(samples);
            let mut before = found(&run, &demand(bound)).verdict;
            for _ in 0..20 {
                if let Value::Timed(timed) = &mut run.devices[0].measurements.last_mut().unwrap().value {
                    timed.work += timed.work / 100;
                }
                let after = found(&run, &demand(bound)).verdict;
                assert!(after <= before, "{samples} {bound}: {before} became {after}");
                before = after;
            }
            run.devices[0].measurements.pop();
            assert_eq!(found(&run, &demand(bound)).verdict, Verdict::Inconclusive);
        }
    }
}

/// Samples of triad on a simulated card, and what the clause says of them.
fn measured(bound: Option<&str>) -> (usize, Option<Verdict>) {
    let parsed = bound.map(|bound| contract(&demand(bound)));
    let run = Run { sample_ms: 2500, contract: parsed.as_ref(), ..Run::short("sim:mini", &["stream"]) };
    let report = run.report();
    let triad = report.evidence.devices[0].measurement(&metric("stream.triad.rate")).unwrap();
    let samples = triad.figures().len();
    assert!(gpu_assay::report::recheck(&report, parsed.as_ref()).differences.is_empty());
    (samples, report.findings.first().map(|finding| finding.verdict))
}

#[test]
fn measuring_stops_when_it_is_decided_and_not_before() {
    let (usual, _) = measured(None);
    assert!((30..=100).contains(&usual), "{usual}");
    let (good, passed) = measured(Some("1 GB/s"));
    assert_eq!((passed, good < 25), (Some(Verdict::Pass), true), "{good}");
    let (bad, failed) = measured(Some("1 TB/s"));
    assert_eq!((failed, bad < 25), (Some(Verdict::Fail), true), "{bad}");
}
