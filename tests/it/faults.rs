//! Each fault at the level of the whole program: it is noticed by the clause that should, with a reason, and never
//! passes; the honest card beside it does.

mod matrix;

use std::collections::BTreeMap;

use gpu_assay::contract::{Finding, Parsed, Verdict, overall, parse};
use gpu_assay::device::fault::FAULTS;

use crate::pipeline::Run;
use crate::process::{assay, verified};
use matrix::{MATRIX, Row, THROUGH_THE_BINARY};

/// Keys that describe a card, or what an honest one may do: alone they change no verdict.
const HONEST: [&str; 5] = ["seed", "index", "buffer", "noise", "library"];

impl Row {
    /// `faulty` or honest, the selector of its first device.
    fn selector(&self, faulty: bool) -> String {
        selector(self.card, self.fault, faulty)
    }

    fn contract(&self) -> String {
        format!("version = 1\nid = \"row\"\naccept = [\"simulated\"]\n{}\n", self.contract.join("\n"))
    }

    fn name(&self) -> String {
        format!("{} ({})", self.selector(true), self.probe)
    }

    /// What differs from how the row should end. Nothing, where the clause which must notice did, and says why.
    fn differs(&self, findings: &[Finding], code: Option<i32>) -> Option<String> {
        let noticed = findings.iter().find(|f| f.clause == self.notices && f.verdict == self.verdict);
        let says = noticed.is_some_and(|f| f.because.to_string().contains(self.says));
        let ends = (overall(findings), code) == (self.verdict, Some(i32::from(self.exit.code())));
        let shown: Vec<String> =
            findings.iter().map(|f| format!("{}: {}, {}", f.clause, f.verdict, f.because)).collect();
        (!(says && ends)).then(|| format!("{}: exit {code:?}\n  {}", self.name(), shown.join("\n  ")))
    }
}

fn selector(card: &str, fault: &str, faulty: bool) -> String {
    if faulty { format!("sim:{card},{fault}") } else { format!("sim:{card}") }
}

fn parsed(text: &str) -> Parsed {
    parse("row.toml", text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

#[test]
fn every_fault_is_noticed_and_the_honest_card_passes() {
    // Many rows share their honest card.
    let mut honest: BTreeMap<String, Verdict> = BTreeMap::new();
    let mut differences = Vec::new();
    for row in MATRIX {
        let contract = parsed(&row.contract());
        let probes = [row.probe];
        let report = |faulty| {
            let selector = row.selector(faulty);
            let short = Run::short(&selector, &probes);
            Run {
                profile: row.profile,
                sample_ms: row.sample_ms,
                sustain_ms: row.sustain_ms,
                contract: Some(&contract),
                ..short
            }
            .report()
        };
        let faulty = report(true);
        differences.extend(row.differs(&faulty.findings, Some(i32::from(faulty.exit().code()))));
        let key =
            format!("{} {} {} {} {}", row.card, row.probe, row.sample_ms, row.sustain_ms, row.contract());
        let verdict = honest.entry(key).or_insert_with(|| overall(&report(false).findings));
        if *verdict != Verdict::Pass {
            differences.push(format!("the honest card of {} ends as {verdict}", row.name()));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Runs a row as its user would. The report must verify, whatever happened.
fn run_binary(row: &Row, faulty: bool) -> (Option<i32>, Vec<Finding>) {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (dir.path().join("row.toml"), dir.path().join("out"));
    std::fs::write(&contract, row.contract()).unwrap();
    let sample = format!("{}ms", row.sample_ms);
    let (contract, folder) = (contract.to_str().unwrap(), out.to_str().unwrap());
    let first = row.selector(faulty);
    let mut args = vec!["run", "--contract", contract, "--out", folder, "--device", &first];
    args.extend(["--profile", row.profile.name(), "--duration", &sample, "--probe", row.probe]);
    args.extend(["--hang-after", "2s"]);
    let second = row.beside.map(|(card, fault)| selector(card, fault, faulty));
    if let Some(second) = &second {
        args.extend(["--device", second]);
    }
    let ended = assay(&args);
    let (_, json) = verified(&out);
    (ended.code, serde_json::from_value(json["findings"].clone()).unwrap())
}

#[test]
fn the_binary_ends_as_the_matrix_says() {
    for row in THROUGH_THE_BINARY {
        let (code, findings) = run_binary(row, true);
        assert_eq!(row.differs(&findings, code), None);
        assert_eq!(run_binary(row, false).0, Some(0), "the honest card of {}", row.name());
    }
}

#[test]
fn every_key_of_the_fault_script_stands_in_the_matrix() {
    let rows = || MATRIX.iter().chain(THROUGH_THE_BINARY);
    let keys = |row: &Row| -> Vec<String> {
        row.fault.split(',').map(|part| part.split('=').next().unwrap().to_owned()).collect()
    };
    for fault in FAULTS {
        let passes = HONEST.contains(&fault.key);
        let found = rows().any(|row| {
            (row.verdict == Verdict::Pass) == passes && keys(row).iter().any(|key| key == fault.key)
        });
        assert!(
            found,
            "no row of the matrix {} {}",
            if passes { "passes with" } else { "notices" },
            fault.key
        );
    }
    // What passes names honest keys only, but for a card without a clock of its own.
    for row in rows().filter(|row| row.verdict == Verdict::Pass && row.fault != "timer=none") {
        assert!(keys(row).iter().all(|key| HONEST.contains(&key.as_str())), "{} passes", row.name());
    }
}

/// The name is the machine's own word; the PCI id contradicts it, and so does the work.
#[test]
fn a_slower_card_under_the_name_of_a_faster_one_is_found_out() {
    let contract = |clause: &str| {
        let head = "version = 1\nid = \"row\"\naccept = [\"simulated\"]\n[inventory]\ndevices = 1\nsku = \"H200 SXM\"";
        parsed(&format!("{head}\n[[clause]]\nid = \"c\"\n{clause}\n"))
    };
    let fp32 = contract("metric = \"fma.fp32.rate\"\nat_least = \"60 TFLOP/s\"\nstatistic = \"p50\"");
    let verdicts = |selector: &str| -> Vec<(String, Verdict)> {
        let run = Run { contract: Some(&fp32), ..Run::short(selector, &["fma"]) };
        run.report().findings.into_iter().map(|f| (f.clause, f.verdict)).collect()
    };
    let all =
        |verdict| ["inventory.devices", "inventory.sku", "c"].map(|id| (id.to_owned(), verdict)).to_vec();
    assert_eq!(verdicts("sim:h200,name=NVIDIA H200"), all(Verdict::Pass));
    let [_, sku, work] = &verdicts("sim:a100,name=NVIDIA H200")[..] else { panic!("not three findings") };
    assert_eq!((sku.1, work.1), (Verdict::Fail, Verdict::Fail));
}
