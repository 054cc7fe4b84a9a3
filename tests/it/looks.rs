//! What a card looks like by its figures, in everything that people and programs read.

use std::path::Path;

use crate::pipeline::Run;
use crate::process::{assay, verified};

/// A short run of what makes a likeness and is soon simulated; the report's directory.
fn measured(device: &str) -> tempfile::TempDir {
    run(device, "quick", &["census", "fma", "stream"])
}

fn run(device: &str, profile: &str, probes: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut words =
        vec!["run", "--measure-only", "--profile", profile, "--duration", "5ms", "--device", device];
    for probe in probes {
        words.extend(["--probe", probe]);
    }
    words.extend(["--out", out.to_str().unwrap()]);
    let ended = assay(words);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    dir
}

/// What speaks against the name of a device, by programs: what, and whether only the machine says so.
fn against(device: &str) -> Vec<(String, bool)> {
    let dir = run(device, "standard", &["census", "fma", "chase", "mma"]);
    let (_, verification) = verified(&dir.path().join("out"));
    let called = &verification["looks_like"][0]["called"];
    assert!(called["name"].is_string(), "{device}: {verification}");
    let one = |one: &serde_json::Value| {
        (one["what"].as_str().unwrap().to_owned(), one["own_word"].as_bool().unwrap())
    };
    called["contradictions"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn nothing_speaks_against_a_healthy_card_of_any_class() {
    for card in ["h200", "h100", "a100", "l40s", "mi300x"] {
        assert_eq!(against(&format!("sim:{card}")), [], "{card}");
    }
}

/// Halves of its L2 answer each unit for themselves, so that latencies rise from 33 MiB on.
#[test]
fn nothing_speaks_against_a_card_that_was_measured() {
    for run in ["2026-11-26", "2026-11-27"] {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/nvidia-h200").join(run);
        let (_, verification) = verified(&report);
        let looks = &verification["looks_like"][0];
        assert_eq!(looks["called"]["name"], "H200 SXM", "{run}");
        assert_eq!(looks["called"]["contradictions"], serde_json::json!([]), "{run}");
        assert_eq!(looks["nearest"][0]["name"], "H200 SXM", "{run}");
    }
}

#[test]
fn caches_instructions_and_the_machines_own_words_speak_against_another_name() {
    let found = against("sim:a100,name=NVIDIA H100 80GB HBM3");
    for (what, own_word) in
        [("mma.fp8_e4m3.rate", false), ("census.units.count", false), ("compute_capability", true)]
    {
        assert!(found.contains(&(what.to_owned(), own_word)), "{what}: {found:?}");
    }
    let found = against("sim:h100,name=NVIDIA A10");
    assert!(found.contains(&("l2_MiB".to_owned(), false)), "{found:?}");
    assert!(found.contains(&("mma.fp8_e4m3.rate".to_owned(), false)), "{found:?}");
    let text =
        rendered(&run("sim:l40s,name=NVIDIA H100 80GB HBM3", "quick", &["census", "fma", "chase"]), "human");
    assert!(text.contains("its compute capability is 8.9 by its own word, far from 9"), "{text}");
    assert!(text.contains("its power limit is 350 W by its own word, far from 700 W"), "{text}");
}

fn rendered(dir: &tempfile::TempDir, format: &str) -> String {
    assay(["render", dir.path().join("out/report.dsse.json").to_str().unwrap(), "--format", format]).stdout
}

#[test]
fn a_card_by_another_name_is_called_what_it_says_and_contradicted_by_what_it_does() {
    let dir = measured("sim:l40s,name=NVIDIA H100 80GB HBM3");
    for format in ["human", "markdown", "html"] {
        let text = rendered(&dir, format);
        for words in ["looks like ", "L40S (", "its PCI id is that of L40S"] {
            assert!(text.contains(words), "{format}: {words}: {text}");
        }
        assert!(
            text.replace("\\_", "_").contains("fma.fp64.rate : fma.fp32.rate is 1 : "),
            "{format}: {text}"
        );
        assert!(!text.to_lowercase().contains("fake"), "{format}: nobody is called a liar");
    }
    let (_, verification) = verified(&dir.path().join("out"));
    let looks = &verification["looks_like"][0];
    assert_eq!(looks["called"]["id_of"], "L40S");
    let contradictions = looks["called"]["contradictions"].as_array().unwrap();
    assert!(contradictions.iter().any(|one| one["what"] == "census.units.count"), "{looks}");
}

#[test]
fn nothing_speaks_against_an_honest_card() {
    let text = rendered(&measured("sim:h100"), "human");
    assert!(text.contains("looks like H"), "{text}");
    assert!(text.contains("nothing measured speaks against H100"), "{text}");
}

/// Few lanes take long enough there, and would leave most of the card idle.
#[test]
fn a_format_that_is_slow_is_measured_on_the_whole_card() {
    for (card, tera) in [("sim:a100", 9.7), ("sim:l40s", 1.41)] {
        let report = Run::short(card, &["fma"]).report();
        let fp64 = report.summaries.iter().find(|s| s.metric.as_str() == "fma.fp64.rate").unwrap();
        assert!((0.9..1.0).contains(&(fp64.summary.p50 / (tera * 1e12))), "{card}: {}", fp64.summary.p50);
    }
}

#[test]
fn a_part_of_a_card_is_told_by_its_units() {
    let text = rendered(&measured("sim:a100,units=42"), "human");
    assert!(text.contains("census.units.count is 42, far from 108"), "{text}");
}
