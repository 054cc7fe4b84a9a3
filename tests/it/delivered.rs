//! Clauses on what is delivered: judged on an interval of the recorded samples, and measured until that decides.

use gpu_assay::contract::{Finding, Reason, Verdict, judge};
use gpu_assay::device::Reach;
use gpu_assay::evidence::event::{Sign, What};
use gpu_assay::evidence::sequence::Decision;
use gpu_assay::evidence::stats::Stat;
use gpu_assay::evidence::*;
use gpu_assay::report::{Report, recheck};

use crate::pipeline::Run;
use crate::process::{assay, verified};
use crate::support::*;

const TRIAD: &str = "stream.triad.rate";

/// Rates around 1 GB/s by 2 %, which do not hang together.
fn noisy(samples: u64) -> Evidence {
    let rate = |n: u64| 980_000_000 + n * 7_919 % 41 * 1_000_000;
    let mut device = good_device(1);
    device.measurements.retain(|m| m.metric != metric(TRIAD));
    device.measurements.extend(rates(TRIAD, &(0..samples).map(rate).collect::<Vec<_>>()));
    evidence(vec![device])
}

fn demand(bound: &str) -> String {
    format!("metric = \"{TRIAD}\"\nat_least = \"{bound}\"\nstatistic = \"delivered\"")
}

fn found(run: &Evidence, clauses: &str) -> Finding {
    judge(&terms(clauses), run).remove(0)
}

/// Between which rates a finding says that the delivered one lies.
fn interval(finding: &Finding) -> [f64; 2] {
    let because = serde_json::to_value(&finding.because).unwrap();
    ["low", "high"].map(|end| because[end]["value"].as_f64().unwrap())
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

/// The error rate is split over clauses, whatever their severity: of each less is believed.
#[test]
fn the_error_rate_is_split_over_clauses() {
    let one_of = |count: usize| {
        let more =
            |n: usize| format!("\n[[clause]]\nid = \"c{n}\"\nseverity = \"info\"\n{}", demand("940 MB/s"));
        format!("{}{}", demand("940 MB/s"), (1..count).map(more).collect::<String>())
    };
    let width = |count| {
        let [low, high] = interval(&found(&noisy(20), &one_of(count)));
        high - low
    };
    assert!(width(10) > width(1), "{} {}", width(10), width(1));
}

/// A demand that is not met only because of our kernel fails nobody; what is met, or open, stays so.
#[test]
fn the_limit_of_our_kernel_fails_nobody() {
    let mut run = noisy(40);
    run.devices[0].measurements.last_mut().unwrap().conditions.reach = Reach::Kernel;
    expect(&run, "900 MB/s", Verdict::Pass, "delivered_enough");
    expect(&run, "1.1 GB/s", Verdict::Inconclusive, "shortfall_may_be_ours");
    expect(&run, "1.01 GB/s", Verdict::Inconclusive, "delivered_open");
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

/// What a card of 12 GB/s says of itself where its clock tells `told` of the time, and the host waits `idle_ns` more.
fn told(told: f64, idle_ns: u64) -> Evidence {
    let sample = |n: u64| {
        let took_ns = 50_000_000 + n * 7_919 % 41 * 10_000;
        Sample { device_ns: Some((took_ns as f64 * told) as u64), host_ns: took_ns + idle_ns }
    };
    let mut device = good_device(1);
    device.measurements.retain(|m| m.metric != metric(TRIAD));
    device.measurements.push(timed(TRIAD, 600_000_000, (0..400).map(sample).collect()));
    evidence(vec![device])
}

/// Time that a card leaves out is held against it, though both clocks agree as far as is asked of any other figure.
#[test]
fn a_card_passes_by_the_hosts_clock_and_fails_by_its_own() {
    expect(&told(1.0, 0), "11.5 GB/s", Verdict::Pass, "delivered_enough");
    expect(&told(0.94, 0), "12.3 GB/s", Verdict::Inconclusive, "delivered_open");
    expect(&told(0.94, 0), "11.5 GB/s", Verdict::Pass, "delivered_enough");
    expect(&told(0.94, 0), "13 GB/s", Verdict::Fail, "delivered_too_little");
    // What launches cost in software, and on a card.
    for idle_ns in [400_000, 20_000] {
        expect(&told(1.0, idle_ns), "11.5 GB/s", Verdict::Pass, "delivered_enough");
        expect(&told(1.0, idle_ns), "12.5 GB/s", Verdict::Fail, "delivered_too_little");
    }
}

/// What stands twice and has the same figure is judged by the worse.
#[test]
fn of_two_measurements_the_worse_counts() {
    let of = |is_slow: fn(u64) -> bool| {
        let rate = |n| if is_slow(n) { 980_000_000 } else { 1_020_000_000 };
        rates(TRIAD, &(0..40).map(rate).collect::<Vec<_>>()).remove(0)
    };
    let (even, step) = (of(|n| n % 2 == 0), of(|n| n < 20));
    let judged = |both: [&Measurement; 2]| {
        let mut run = noisy(0);
        run.devices[0].measurements = both.into_iter().cloned().collect();
        found(&run, &demand("900 MB/s")).verdict
    };
    assert_eq!([judged([&even, &even]), judged([&step, &step])], [Verdict::Pass, Verdict::Inconclusive]);
    assert_eq!([judged([&even, &step]), judged([&step, &even])], [Verdict::Inconclusive; 2]);
}

/// A run on a simulated card of the given clauses, which the verifier finds to be as it says.
fn measured(clauses: Option<&str>) -> Report {
    let parsed = clauses.map(contract);
    let run = Run { sample_ms: 2500, contract: parsed.as_ref(), ..Run::short("sim:mini", &["stream"]) };
    let report = run.report();
    assert_eq!(recheck(&report, parsed.as_ref()).differences, []);
    report
}

fn samples(report: &Report, name: &str) -> Vec<f64> {
    report.evidence.devices[0].measurement(&metric(name)).unwrap().figures()
}

#[test]
fn measuring_stops_when_it_is_decided_and_not_before() {
    let usual = samples(&measured(None), TRIAD);
    assert!((40..=100).contains(&usual.len()), "{}", usual.len());
    for (bound, verdict) in [("1 GB/s", Verdict::Pass), ("1 TB/s", Verdict::Fail)] {
        let report = measured(Some(&demand(bound)));
        assert_eq!(report.findings[0].verdict, verdict);
        // The first look is after 20 samples, while one more is queued.
        assert_eq!(samples(&report, TRIAD).len(), 21, "{bound}");
        // What nobody demands is measured as always.
        assert_eq!(samples(&report, "stream.copy.rate"), samples(&measured(None), "stream.copy.rate"));
    }
}

#[test]
fn what_stays_open_is_measured_for_eight_times_as_long() {
    let usual = samples(&measured(None), TRIAD);
    let between = Stat::Delivered.of(&usual).unwrap() * 1.005;
    let report = measured(Some(&demand(&format!("{between:.0} B/s"))));
    let taken = samples(&report, TRIAD).len();
    assert!(taken > 7 * usual.len() && taken <= 8 * usual.len() + 1, "{taken} of {}", usual.len());
    let [low, high] = interval(&report.findings[0]);
    assert_eq!(report.findings[0].verdict, Verdict::Inconclusive);
    assert!(low < 0.99 * between && between < high, "{low} {between} {high}");
}

/// A card that leaves out some of its time passes at nothing that it would fail honestly; one without noise is decided too.
#[test]
fn neither_a_clock_that_is_slow_nor_a_card_without_noise_misleads() {
    let verdict = |device: &str, share: f64| {
        let rate = Stat::Delivered.of(&samples(&measured(None), TRIAD)).unwrap() * share;
        let parsed = contract(&demand(&format!("{rate:.0} B/s")));
        let run = Run { sample_ms: 2500, contract: Some(&parsed), ..Run::short(device, &["stream"]) };
        run.report().findings[0].verdict
    };
    assert_eq!(verdict("sim:mini,timer=0.94", 1.05), Verdict::Inconclusive);
    for device in ["sim:mini", "sim:mini,noise=0"] {
        assert_eq!(
            [0.95, 1.05].map(|share| verdict(device, share)),
            [Verdict::Pass, Verdict::Fail],
            "{device}"
        );
    }
}

/// One clause that is decided at once does not end what another one on the same metric needs.
#[test]
fn all_that_is_demanded_is_decided_before_measuring_stops() {
    let near = Stat::Delivered.of(&samples(&measured(None), TRIAD)).unwrap() / 1.02;
    let other = demand(&format!("{near:.0} B/s"));
    let report = measured(Some(&format!("{}\n[[clause]]\nid = \"d\"\n{other}", demand("1 GB/s"))));
    assert!(report.findings.iter().all(|finding| finding.verdict == Verdict::Pass), "{:?}", report.findings);
    assert!(samples(&report, TRIAD).len() > 21);
}

/// In words: whether there was nothing left to decide, or no time left.
#[test]
fn a_finding_says_why_sampling_ended() {
    let because = |sample_ms: u64, bound: &str| {
        let parsed = contract(&demand(bound));
        let run =
            Run { sample_ms, contract: Some(&parsed), ..Run::short("sim:mini,noise=0.01", &["stream"]) };
        let report = run.report();
        report.findings[0].because.to_string()
    };
    let early = because(2500, "1 GB/s");
    assert!(early.contains("which is enough: sampling stopped early, after 2"), "{early}");
    let early = because(2500, "1 TB/s");
    assert!(early.contains("which is too little: sampling stopped early"), "{early}");
    let triad = samples(&measured(None), TRIAD);
    let near = format!("{} B/s", triad.iter().sum::<f64>() / triad.len() as f64 * 1.005);
    let open = because(300, &near);
    assert!(open.contains("which leaves it open: sampling ended after 4"), "{open}");
    // A run of other settings: this decision came with the last sample that there was time for.
    let parsed = contract(&demand("1 GB/s"));
    let run = Run { sample_ms: 2500, contract: Some(&parsed), ..Run::short("sim:mini", &["stream"]) };
    let mut evidence = run.report().evidence;
    evidence.run.sample_ms = Some(100);
    let capped = judge(&parsed.contract, &evidence)[0].because.to_string();
    assert!(capped.contains("sampling ran to its cap, 2"), "{capped}");
}

#[test]
fn who_watches_sees_what_is_decided_so_far_and_what_the_sensors_say() {
    let triad = samples(&measured(None), TRIAD);
    let near = demand(&format!("{} B/s", triad.iter().sum::<f64>() / triad.len() as f64 * 1.005));
    let parsed = contract(&format!("{}\n[[clause]]\nid = \"near\"\n{near}", demand("1 GB/s")));
    let run =
        Run { sample_ms: 1000, contract: Some(&parsed), ..Run::short("sim:mini,noise=0.01", &["stream"]) };
    let events = run.watched_through(|opened| opened);
    let mut signs: Vec<&Sign> = Vec::new();
    for event in &events {
        if let What::Progress(sign) = &event.what {
            signs.push(sign);
        }
    }
    signs.retain(|sign| sign.metric == TRIAD && sign.figure.is_some());
    let decisions = |so_far| vec![("c".to_owned(), so_far), ("near".to_owned(), Decision::Undecided)];
    assert_eq!(signs.first().unwrap().decisions, decisions(Decision::Undecided));
    assert_eq!(signs.last().unwrap().decisions, decisions(Decision::Pass));
    assert!(signs.iter().all(|sign| sign.reading.temperature_c.is_some()));
}

/// A report that says other than its samples: the verdict, how sure it is, or on how many it stands.
#[test]
fn a_forged_decision_is_refused() {
    let honest = measured(Some(&demand("1 TB/s")));
    let forged = |change: fn(&mut Finding)| {
        let mut report = honest.clone();
        change(&mut report.findings[0]);
        recheck(&report, None).differences.into_iter().map(|d| d.what).collect::<Vec<_>>()
    };
    let finding = ["finding c on sim:mini"];
    assert_eq!(forged(|finding| finding.verdict = Verdict::Pass), finding);
    let sure = |finding: &mut Finding| {
        if let Reason::DeliveredTooLittle { low, high, .. } = &mut finding.because {
            low.clone_from(high);
        }
    };
    assert_eq!(forged(sure), finding);
    let mut cut = honest.clone();
    let mut measured = cut.evidence.devices[0].measurements.iter_mut();
    let triad = measured.find(|m| m.metric == metric(TRIAD)).unwrap();
    if let Value::Timed(timed) = &mut triad.value {
        timed.samples.truncate(19);
    }
    assert!(!recheck(&cut, None).holds(), "the verdict stands on samples that are not there");
}

/// The same through the program: what the contract demands reaches the worker, and verifying and judging again agree.
#[test]
fn a_run_is_decided_verified_and_judged_again() {
    for (bound, verdict, code) in [("1 MB/s", "PASS", 0), ("1 TB/s", "FAIL", 1)] {
        let dir = tempfile::tempdir().unwrap();
        let (terms, out) = (dir.path().join("contract.toml"), dir.path().join("out"));
        let text = format!(
            "version = 1\nid = \"d\"\n{ADMITS_SIMULATED}\n[[clause]]\nid = \"c\"\n{}\n",
            demand(bound)
        );
        std::fs::write(&terms, text).unwrap();
        let (terms, events) = (terms.to_str().unwrap(), out.join("events.jsonl"));
        let probe = ["--probe", "stream", "--profile", "quick", "--device", "sim:mini"];
        let ended = assay(["run", "--contract", terms, "--out", out.to_str().unwrap()].iter().chain(&probe));
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stdout.contains("what is delivered lies from"), "{}", ended.stdout);
        assert_eq!(verified(&out).0.code, Some(code));
        let again = assay(["replay", events.to_str().unwrap(), "--contract", terms]);
        assert_eq!(again.code, Some(code), "{}", again.stderr);
        assert!(again.stdout.contains(&format!("verdict: {verdict}")), "{}", again.stdout);
        // Broken off at once and taken up again it demands the same.
        let (broken, recording) = (dir.path().join("broken"), std::fs::read_to_string(events).unwrap());
        std::fs::create_dir(&broken).unwrap();
        let begun = recording.split_inclusive('\n').next().unwrap();
        std::fs::write(broken.join("events.jsonl"), begun).unwrap();
        let ended = assay(["run", "--resume", broken.to_str().unwrap(), "--contract", terms]);
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    }
}
