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
