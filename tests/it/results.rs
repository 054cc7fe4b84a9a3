//! What lies in results/ is what was measured: every report verifies, none is simulated, the index names each folder.

use std::path::{Path, PathBuf};

use crate::process::{assay, verified};

fn folders(under: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(under).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_result_is_signed_measured_and_indexed() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let index = std::fs::read_to_string(results.join("README.md")).unwrap();
    let runs: Vec<PathBuf> = folders(&results).iter().flat_map(|device| folders(device)).collect();
    assert!(!runs.is_empty(), "the index promises results");
    for run in runs {
        let shown = run.strip_prefix(&results).unwrap().display().to_string();
        assert!(index.contains(&format!("({shown}/)")), "results/README.md does not name {shown}");
        assert!(run.join("notes.md").exists(), "{shown} does not say how it was made");
        let (_, report) = verified(&run);
        assert_ne!(report["trust_level"], "L0", "{shown} is simulated");
        let proof = run.join("proof");
        if proof.exists() {
            let [proof, key] = ["proof.dsse.json", "signer.pub.pem"].map(|name| proof.join(name));
            let ended = assay([Path::new("verify"), &proof, Path::new("--trust"), &key]);
            assert_eq!(ended.code, Some(0), "{shown}: {}{}", ended.stdout, ended.stderr);
            assert!(ended.stdout.contains("proof: held"), "{shown}: {}", ended.stdout);
        }
    }
}

/// By what the recorded cards call themselves and by their PCI ids, which must not be taken to contradict one another.
#[test]
fn a_recorded_card_is_of_the_model_that_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let contract = dir.path().join("contract.toml");
    let terms = "version = 1\nid = \"recorded\"\n\n[inventory]\ndevices = 1\nsku = \"H200 SXM\"\n\n[[clause]]\nid = \"right\"\nmetric = \
                 \"memory.errors.count\"\nat_most = \"0\"\n";
    std::fs::write(&contract, terms).unwrap();
    let runs = folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("results/nvidia-h200"));
    assert!(!runs.is_empty());
    for run in runs {
        let events = run.join("events.jsonl");
        let ended = assay([Path::new("replay"), &events, Path::new("--contract"), &contract]);
        let line = ended.stdout.lines().find(|line| line.starts_with("inventory.sku"));
        assert!(line.is_some_and(|line| line.contains("PASS")), "{}: {}", run.display(), ended.stdout);
    }
}
