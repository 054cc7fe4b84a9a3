//! Reports in the forms that pipelines and dashboards read, JUnit and Prometheus: each by a strict reader of its own, on
//! honest reports and on those of a hostile machine.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use gpu_assay::evidence::Evidence;
use gpu_assay::output::Format;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::pages::{HOSTILE, bandwidth, hostile, large, rendered, report};
use crate::support::*;

/// Attributes that junit-10.xsd of Jenkins's xunit plugin knows for each element that reports use, and the elements within.
const JUNIT: &[(&str, &[&str], &[&str])] = &[
    ("testsuites", &["name", "time", "tests", "failures", "errors"], &["testsuite"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname", "id", "package"],
        &["testcase", "properties", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["name", "time", "classname", "group"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("properties", &[], &["property"]),
    ("property", &["name", "value"], &[]),
    ("failure", &["type", "message"], &[]),
    ("error", &["type", "message"], &[]),
    ("skipped", &["type", "message"], &[]),
    ("system-out", &[], &[]),
];

#[derive(Default)]
struct Junit {
    /// Of each suite: its name, and the numbers of tests, failures, errors that it states.
    suites: Vec<(String, [usize; 3])>,
    /// Of each case: index of the suite, name, and what stands within.
    cases: Vec<(usize, String, Vec<String>)>,
    totals: [usize; 3],
}

fn attribute(element: &BytesStart, name: &str) -> String {
    let value = element.try_get_attribute(name).unwrap().unwrap_or_else(|| panic!("{name} is missing"));
    value.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned()
}

/// Reads JUnit XML and refuses what its schema does not know.
fn junit(text: &str) -> Junit {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    let mut found = Junit::default();
    loop {
        let event = reader.read_event().unwrap();
        let (element, is_empty) = match &event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof => break,
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => continue,
        };
        let name = element.name().as_ref().to_owned();
        let row = JUNIT.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("<{name}> is unknown"));
        match open.last() {
            Some(parent) => assert!(
                JUNIT.iter().find(|row| row.0 == *parent).unwrap().2.contains(&name.as_str()),
                "<{name}> in <{parent}>"
            ),
            None => assert_eq!(name, "testsuites"),
        }
        for attribute in element.attributes() {
            let key = attribute.unwrap().key;
            assert!(row.1.contains(&key.as_ref()), "<{name} {key:?}>");
        }
        let numbers =
            || ["tests", "failures", "errors"].map(|name| attribute(element, name).parse().unwrap());
        match name.as_str() {
            "testsuites" => found.totals = numbers(),
            "testsuite" => found.suites.push((attribute(element, "name"), numbers())),
            "testcase" => {
                assert!(!attribute(element, "classname").is_empty());
                found.cases.push((found.suites.len() - 1, attribute(element, "name"), Vec::new()));
            }
            "properties" | "property" => {}
            _ => found.cases.last_mut().unwrap().2.push(name.clone()),
        }
        if !is_empty {
            open.push(name);
        }
    }
    assert!(open.is_empty());
    found
}

#[test]
fn junit_has_a_suite_per_device_a_case_per_clause_and_counts_that_agree() {
    let mut evidence = good_run(2);
    evidence.devices[1].measurements[0] =
        rates("stream.triad.rate", &[5_000_000, 5_000_000, 5_000_000]).remove(0);
    let terms = bandwidth("100 MB/s");
    let whole = report(evidence, Some(&terms));
    let found = junit(&rendered(Format::Junit, &whole));
    let selectors: Vec<&str> = found.suites.iter().map(|suite| suite.0.as_str()).collect();
    assert_eq!(selectors, ["node", "sim:test,seed=1", "sim:test,seed=2"]);
    assert_eq!(found.cases.len(), whole.findings.len());
    let counted = |suite: Option<usize>| {
        let cases: Vec<_> =
            found.cases.iter().filter(|case| suite.is_none_or(|suite| case.0 == suite)).collect();
        let with = |name: &str| cases.iter().filter(|case| case.2.iter().any(|part| part == name)).count();
        [cases.len(), with("failure"), with("error")]
    };
    for (index, suite) in found.suites.iter().enumerate() {
        assert_eq!(suite.1, counted(Some(index)), "{}", suite.0);
    }
    assert_eq!(found.totals, counted(None));
    // Per device: the bound fails on the second only, the unmeasured is an error, the wish is never either.
    let parts = |suite: usize, clause: &str| {
        let case = found.cases.iter().find(|case| case.0 == suite && case.1 == clause).unwrap();
        case.2.join(" ")
    };
    assert_eq!([parts(1, "c"), parts(2, "c")], ["system-out", "failure"]);
    assert_eq!([parts(1, "wish"), parts(1, "open")], ["skipped", "error"]);
    let text = rendered(Format::Junit, &whole);
    assert_eq!(text.matches("found 5 MB/s").count(), 1, "a failure is said once: {text}");
    assert!(text.contains("time=\"29.000\"") && !text.contains("time=\"0\""), "{text}");
    // A viewer shows a case that passed as nothing but that: a wish that was not met is none, and breaks no build either.
    assert!(text.contains("<skipped message=\"should clause FAIL: demanded 9 TB/s"), "{text}");
    assert_eq!(text.matches(" skipped=\"1\"").count(), 2, "one wish of each device: {text}");
    // What a viewer shows of a failure is its message.
    assert!(text.contains("message=\"demanded 100 MB/s, found 5 MB/s, the demand is not met\""), "{text}");
}

#[test]
fn junit_of_a_hostile_machine_or_without_a_contract_is_well_formed() {
    let text = rendered(Format::Junit, &report(hostile(), Some(&bandwidth("1 B/s"))));
    let found = junit(&text);
    assert!(found.suites[1].0.contains("<script>alert(1)</script>") && !text.contains('\u{0}'));
    let found = junit(&rendered(Format::Junit, &report(good_run(1), None)));
    assert_eq!((found.cases.len(), found.cases[0].2.as_slice()), (1, &["skipped".to_owned()][..]));
}

#[derive(Debug, PartialEq)]
struct Series {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// Reads Prometheus's text format and refuses what a collector may refuse.
fn prometheus(text: &str) -> Vec<Series> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let (mut all, mut family, mut seen, mut families): (Vec<Series>, _, BTreeSet<String>, BTreeSet<String>) =
        (Vec::new(), String::new(), BTreeSet::new(), BTreeSet::new());
    assert!(text.ends_with('\n'));
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(is_name(name) && name.starts_with("assay_") && !words.is_empty(), "{line}");
            assert!(families.insert(name.to_owned()), "{name} stands twice");
            assert_eq!(lines.next().unwrap(), format!("# TYPE {name} gauge"));
            family = name.to_owned();
            continue;
        }
        let (labels, value) = match line.strip_prefix(&family).unwrap().strip_prefix('{') {
            Some(rest) => labels(rest),
            None => (Vec::new(), line[family.len()..].strip_prefix(' ').unwrap()),
        };
        assert!(
            labels.iter().all(|(name, _)| is_name(name)) && seen.insert(format!("{family}{labels:?}")),
            "{line}"
        );
        let value: f64 = value.parse().unwrap();
        assert!(value.is_finite());
        all.push(Series { name: family.clone(), labels, value });
    }
    all
}

/// `a="b",c="d"} 5` -> labels and `5`
fn labels(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut labels = Vec::new();
    loop {
        let (name, after) = rest.split_once("=\"").unwrap();
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    c @ ('"' | '\\') => c,
                    other => panic!("\\{other}"),
                }),
                (_, c) => value.push(c),
            }
        };
        labels.push((name.to_owned(), value));
        match after[end + 1..].split_at(1) {
            (",", more) => rest = more,
            ("}", more) => return (labels, more.strip_prefix(' ').unwrap()),
            (other, _) => panic!("{other:?}"),
        }
    }
}

/// Two devices that kept up a load, the second of which is slower at its end.
fn loaded() -> Evidence {
    let mut evidence = good_run(2);
    evidence.devices[0].sustained = Some(kept_up(&[500_000_000_000; 20]));
    evidence.devices[1].sustained =
        Some(kept_up(&[[400_000_000_000; 19].as_slice(), &[300_000_000_000]].concat()));
    evidence.devices.iter_mut().for_each(|device| device.timeline = timeline(201));
    evidence
}

/// A burn is most of what an acceptance is about: none of it may be missing where programs read.
#[test]
fn what_was_kept_up_and_counted_stands_in_the_forms_that_programs_read() {
    let report = report(loaded(), None);
    let series = prometheus(&rendered(Format::Prometheus, &report));
    let value = |name: &str, device: &str, metric: &str, statistic: &str| {
        let wanted = [("device", device), ("metric", metric), ("statistic", statistic)];
        let is_it = |s: &&Series| {
            s.name == name && wanted.iter().all(|(n, v)| s.labels.iter().any(|(a, b)| a == n && b == v))
        };
        series.iter().find(is_it).unwrap_or_else(|| panic!("{name} {wanted:?}")).value
    };
    let (rate, second) = ("assay_floating_point_operations_per_second", "sim:test,seed=2");
    assert_eq!(value(rate, second, "sustain.bf16.rate", "p50"), 400e9);
    assert_eq!(value(rate, second, "sustain.bf16.rate", "last"), 300e9);
    assert!((value("assay_ratio", second, "sustain.drift.share", "p50") - 0.25).abs() < 1e-9);
    assert_eq!(value("assay_load_seconds", second, "sustain.watched.time", "p50"), 200.0);
    assert_eq!(value("assay_events", second, "sustain.errors.count", "p50"), 0.0);
    assert_eq!(value("assay_events", second, "counters.xid.count", "p50"), 0.0);
    assert!((value("assay_ratio", "node", "node.any.lag", "p50") - 0.2).abs() < 1e-9);
    assert!(value("assay_temperature_difference_kelvin", "node", "node.temperature.spread", "p50") >= 0.0);

    let csv = rendered(Format::Csv, &report);
    for line in [
        "sim:test,seed=2\",Test Card T100,simulated,sustain.bf16.rate,FLOP/s,20,300000000000,",
        "simulated,sustain.watched.time,ns,1,200000000000,",
        "simulated,sustain.errors.count,count,1,0,",
        "simulated,counters.ecc_uncorrected.count,count,1,0,",
        "node,,,node.any.lag,1,1,0.1999",
    ] {
        assert!(csv.contains(line), "{line}: {csv}");
    }
}

/// Reports that between them have every series.
fn scraped() -> Vec<String> {
    let contract = bandwidth("1 B/s");
    let mut twice = good_run(2);
    twice.devices[1] = twice.devices[0].clone();
    let mut named = good_run(1);
    named.run.node = Some("rack3-node17".to_owned());
    let reports = [
        report(good_run(2), Some(&contract)),
        report(hostile(), Some(&contract)),
        report(twice, Some(&contract)),
        report(large(8), None),
        report(loaded(), None),
        report(named, Some(&contract)),
    ];
    reports.iter().map(|report| rendered(Format::Prometheus, report)).collect()
}

#[test]
fn prometheus_gauges_are_in_base_units_and_keep_to_the_format() {
    let texts = scraped();
    let all: Vec<Vec<Series>> = texts.iter().map(|text| prometheus(text)).collect();
    let value = |name: &str, wanted: &[(&str, &str)]| {
        let is_it = |s: &&Series| {
            s.name == name
                && wanted.iter().all(|(n, v)| s.labels.iter().any(|(name, value)| name == n && value == v))
        };
        let found: Vec<f64> = all[0].iter().filter(is_it).map(|s| s.value).collect();
        assert_eq!(found.len(), 1, "{name} {wanted:?}");
        found[0]
    };
    let first = ("device", "sim:test,seed=1");
    let uuid = format!("{:032x}", 1);
    let at = [first, ("uuid", uuid.as_str()), ("metric", "stream.triad.rate"), ("statistic", "p50")];
    assert_eq!(value("assay_bytes_per_second", &at), 1e9);
    let latency =
        value("assay_latency_seconds", &[first, ("metric", "chase.hbm.latency"), ("statistic", "p50")]);
    assert!((latency / 700e-9 - 1.0).abs() < 1e-9, "{latency}");
    assert_eq!(value("assay_clause_verdict", &[first, ("clause", "c"), ("verdict", "pass")]), 1.0);
    assert_eq!(value("assay_clause_verdict", &[first, ("clause", "c"), ("verdict", "fail")]), 0.0);
    assert_eq!(value("assay_verdict", &[("verdict", "inconclusive")]), 1.0);
    assert_eq!(value("assay_trust_level", &[]), 0.0, "simulated");
    assert_eq!(value("assay_report_timestamp_seconds", &[]), 60.0);
    assert_eq!(value("assay_device_completed", &[first]), 1.0);
    let names = all[1].iter().find(|s| s.name == "assay_device_info").unwrap();
    assert!(names.labels.contains(&("name".to_owned(), HOSTILE.to_owned())), "{names:?}");
    assert!(!all[3].iter().any(|s| s.name == "assay_verdict" && s.value > 0.0), "no contract, no verdict");
}

/// A node exporter reads all files of a machine, and refuses a series that stands in two of them.
#[test]
fn reports_of_one_machine_are_told_apart_by_node_and_contract() {
    let named = |node: Option<&str>, id: Option<&str>| {
        let mut evidence = good_run(1);
        evidence.run.node = node.map(str::to_owned);
        let mut contract = bandwidth("1 B/s");
        contract.contract.id = id.unwrap_or_default().to_owned();
        prometheus(&rendered(Format::Prometheus, &report(evidence, id.map(|_| &contract))))
    };
    let known = [
        (Some("rack3-node17"), Some("lease-2026")),
        (Some("rack3-node18"), Some("lease-2026")),
        (Some("rack3-node17"), Some("acceptance")),
        (Some("rack3-node17"), None),
        (None, Some("lease-2026")),
        (None, None),
    ];
    let mut seen = BTreeSet::new();
    for (node, contract) in known {
        for Series { name, labels, .. } in named(node, contract) {
            for (label, wanted) in [("node", node), ("contract", contract)] {
                let found = labels.iter().find(|(name, _)| name == label).map(|(_, value)| value.as_str());
                assert_eq!(found, wanted, "{label} of {name}{labels:?}");
            }
            assert!(seen.insert(format!("{name}{labels:?}")), "{name}{labels:?} stands twice");
        }
    }
    let series = named(Some("rack3-node17"), Some("lease-2026"));
    let info = series.iter().find(|series| series.name == "assay_run_info").unwrap();
    let has = |name: &str, value: &str| info.labels.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("profile", "quick") && has("contract_sha256", &bandwidth("1 B/s").sha256), "{info:?}");
}

#[test]
fn promtool_finds_nothing_to_complain_of() {
    for text in scraped() {
        let child = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            // Past the capture of the test harness, so that it is seen.
            std::io::stderr()
                .write_all(b"SKIPPED: promtool is not installed (Debian: prometheus)\n")
                .unwrap();
            return;
        };
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}
