//! What a contract leaves open or cannot mean: one vector per rule, named after it; and the leases of 2024, which said less.

use std::collections::BTreeSet;

use gpu_assay::contract::lint::{Lint, RULES, Weight, lint};
use gpu_assay::contract::parse::{load, locate};
use gpu_assay::contract::{Contract, parse};

use crate::process::assay;
use crate::support::data;

/// As a vector's first line has it, such as `error no-date, warning no-key at 7:1`.
fn told(text: &str, lints: &[Lint]) -> String {
    let one = |lint: &Lint| {
        let at = locate(text, &lint.at).map_or(String::new(), |(line, column)| format!(" at {line}:{column}"));
        format!("{} {}{at}", lint.weight.name(), lint.rule)
    };
    let all: Vec<String> = lints.iter().map(one).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

fn vectors(dir: &str) -> Vec<(String, String, Contract)> {
    let files = std::fs::read_dir(data(dir)).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = files
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, text, load(&path).unwrap_or_else(|e| panic!("{e}")).contract)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn each_vector_is_objected_to_as_it_says() {
    let mut seen = BTreeSet::new();
    for (name, text, contract) in vectors("lint") {
        let lints = lint(&contract);
        let expected = text.lines().next().unwrap().trim_start_matches("# ");
        assert_eq!(told(&text, &lints), expected, "{name}");
        seen.extend(lints.iter().map(|lint| lint.rule));
        for lint in &lints {
            assert!(!lint.why.is_empty() && !lint.write.is_empty(), "{name}: {lint:?}");
        }
    }
    assert_eq!(seen, BTreeSet::from(RULES), "each rule has a vector");
}

/// Every JSON form is the same contract, so it is objected to alike.
#[test]
fn json_is_objected_to_as_toml_is() {
    for (name, _, contract) in vectors("lint") {
        let json = serde_json::to_string_pretty(&contract).unwrap();
        let again = parse("contract.json", json.as_bytes()).unwrap().contract;
        assert_eq!(again, contract, "{name}");
        for lint in lint(&again) {
            let at = locate(&json, &lint.at);
            let placed = matches!(lint.at, gpu_assay::contract::lint::Place::Contract) || at.is_some();
            assert!(placed, "{name}: {lint:?}");
        }
    }
}

/// What was signed in 2024, as far as it became known: see the comments in these files.
#[test]
fn the_old_leases_lack_what_they_failed_for() {
    let leases = vectors("leases");
    assert!(leases.len() >= 4);
    for (name, text, contract) in leases {
        let expected = text.lines().find_map(|line| line.strip_prefix("# lint: ")).unwrap();
        let lints = lint(&contract);
        let rules: Vec<&str> = lints.iter().map(|lint| lint.rule).collect();
        assert_eq!(rules.join(", "), expected, "{name}");
        assert!(lints.iter().any(|lint| lint.weight == Weight::Error), "{name}");
    }
}

#[test]
fn the_command_says_where_and_what_to_write_and_ends_with_2() {
    let file = data("lint/sparse-as-dense.toml");
    let ended = assay(["contract", "check", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    for part in [
        "sparse-as-dense.toml:36:1: error [sparse-as-dense]",
        "clause \"products\": 1979 TFLOP/s is the figure for matrices of which half is zero; dense, H200 SXM has 989.5 TFLOP/s",
        "write: at_least = \"",
        "1 error, 0 warnings",
    ] {
        assert!(ended.stdout.contains(part), "{part}\n{}", ended.stdout);
    }
    let good = data("lint/a-good-lease.toml");
    let ended = assay(["contract", "check", "--json", good.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["lints"], serde_json::json!([]));
}
