//! tests/hardware.sh: it needs a GPU to pass, says what it did, and calls nothing hardware that is none. What the checks in it
//! find is not asked here: short runs on the driver for tests stand for them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::process::verified;
use crate::support_cuda::FakeCuda;
use crate::support_nvml::{ADDRESS, FakeNvml, UUID};

/// The script, with `tests` in the place of the test binary.
fn script(tests: &str, out: &Path) -> Command {
    let mut script = Command::new("sh");
    script.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hardware.sh")).env("ASSAY_TESTS", tests);
    script.env("ASSAY", env!("CARGO_BIN_EXE_assay")).env("OUT", out);
    script.envs([("RUNS", "2"), ("PROFILE", "quick"), ("SOAK", "no")]);
    script.env("ARGUMENTS", "--probe stream --duration 1ms");
    script.envs([("PROOF", "1s"), ("HOLD", "256 kB"), ("TORCH", "/bin/false")]);
    script
}

/// A test binary in name: says that it ran so many tests, all right.
fn stand_in(dir: &Path, passed: u32) -> String {
    let path = dir.join(format!("passed-{passed}"));
    let says = format!("test result: ok. {passed} passed; 0 failed; 0 ignored");
    std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// The contract of the run under load, with one word in the place of another.
fn acceptance(dir: &Path, word: &str, by: &str) -> std::path::PathBuf {
    let whole = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/acceptance.toml"));
    let whole = whole.unwrap();
    assert!(whole.contains(word));
    let file = dir.join("acceptance.toml");
    std::fs::write(&file, whole.replace(word, by)).unwrap();
    file
}

/// Where a script that kept results below this folder has put them.
fn kept(dir: &Path) -> std::path::PathBuf {
    let inside = |folder: &Path| std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    inside(&inside(&dir.join("kept")))
}

#[test]
fn the_script_writes_down_what_it_did_and_does_not_call_it_hardware() {
    let dir = tempfile::tempdir().unwrap();
    let output = FakeCuda::new()
        .apply(&mut script(&stand_in(dir.path(), 1), &dir.path().join("kept")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let folder = kept(dir.path());
    let notes = std::fs::read_to_string(folder.join("notes.md")).unwrap();
    for words in [
        "**Not hardware.**",
        "| conformance: products | pass |",
        "| a proof of 1s of work and 256 kB of memory, checked twice | pass |",
        "| products beside cuBLASLt's | NOT RUN: /bin/false has no PyTorch",
        "| verify 2 | pass |",
        "| products by cuBLASLt | NOT RUN: it is not here",
        "| collectives by NCCL | NOT RUN: 1 devices",
        "| ten minutes of acceptance, under load | NOT RUN, as asked |",
        "| no_cublaslt | | no libcublasLt is on the loader's path",
        " fma.bf16.rate ",
        " vendor.bf16.rate ",
        " census.l2.cycles ",
        " collective.broadcast.busbw ",
        "| stream.copy.rate : stream.driver_copy.rate | ",
    ] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    assert!(folder.join("NOT-HARDWARE").exists());
    verified(&folder);
}

#[test]
fn a_check_that_fails_is_a_failure_of_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut script = script("/bin/false", dir.path());
    let output = FakeCuda::new().apply(script.envs([("RUNS", "0"), ("PROOF", "no")])).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("| conformance: hashes | FAIL |"), "{said}");
    assert!(said.contains("| ten minutes of acceptance, under load | NOT RUN, as asked |"), "{said}");
}

/// On a simulated card, whose ten minutes are short and whose speed stays, and which the contract then must name.
#[test]
fn what_is_well_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let mut script = script(&stand_in(dir.path(), 1), &dir.path().join("kept"));
    script.envs([("RUNS", "1"), ("PROOF", "no"), ("SOAK", "7m")]);
    script.env("ACCEPTANCE", acceptance(dir.path(), "\"hardware\"", "\"simulated\""));
    script.env("ARGUMENTS", "--device sim:mini --probe memory --duration 1ms");
    let output = FakeCuda::new().apply(&mut script).output().unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("| ten minutes of acceptance, under load | pass |"), "{said}");
    assert!(said.contains("| verify acceptance | pass |"), "{said}");
    let (_, json) = verified(&kept(dir.path()).join("acceptance"));
    assert_eq!(json["findings"].as_array().unwrap().len(), 9, "{json}");
}

/// A card of which nobody counts the errors is accepted by no load. Beside NVML the rest can be decided; what of it hangs on a clock that a
/// processor keeps while it plays the card is not asked.
#[test]
fn what_acceptance_leaves_open_is_no_pass() {
    for monitored in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut script = script(&stand_in(dir.path(), 1), &dir.path().join("kept"));
        script.envs([("RUNS", "0"), ("PROOF", "no"), ("SOAK", "10s")]);
        script.env("ARGUMENTS", "--probe memory --duration 1ms");
        let mut driver = FakeCuda::new().with("MEMORY_MIB", 4);
        // The same card, by NVML.
        let nvml = FakeNvml::new()
            .with("TEXTS", "nvmlDeviceGetName:Test driver, no GPU")
            .with("VALUES", "memory:4194304,nvmlDeviceGetNumGpuCores:512,nvmlDeviceGetCount_v2:1");
        if monitored {
            driver = driver.with("UUID", UUID).with("ADDRESS", ADDRESS);
            driver = driver.beside(nvml.library().parent().unwrap());
            nvml.apply(&mut script);
        }
        let output = driver.apply(&mut script).output().unwrap();
        let said = said(&output);
        assert!(said.contains("| verify acceptance | pass |"), "{said}");
        if !monitored {
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("| ten minutes of acceptance, under load | FAIL |"), "{said}");
        }
        let (_, json) = verified(&kept(dir.path()).join("acceptance"));
        for (clause, decided) in [
            ("integrity", true),
            ("memory", true),
            ("ecc", monitored),
            ("xid", monitored),
            ("cool", monitored),
        ] {
            let findings = json["findings"].as_array().unwrap();
            let finding = findings.iter().find(|finding| finding["clause"] == clause).unwrap();
            let expected = if decided { "pass" } else { "inconclusive" };
            assert_eq!(finding["verdict"], expected, "{finding}");
        }
    }
}

/// Such as after a test was renamed.
#[test]
fn a_check_that_runs_no_test_is_no_pass() {
    let dir = tempfile::tempdir().unwrap();
    let mut script = script(&stand_in(dir.path(), 0), &dir.path().join("kept"));
    let output = FakeCuda::new().apply(script.envs([("RUNS", "0"), ("PROOF", "no")])).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("| conformance: hashes | FAIL |"), "{}", said(&output));
}

#[test]
fn nothing_that_is_not_hardware_lies_among_results() {
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("results");
    let output = FakeCuda::new().apply(&mut script("/bin/true", &results)).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("is not hardware") && !results.exists(), "{}", said(&output));
}

#[test]
fn without_a_gpu_it_fails_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let blind = dir.path().join("assay");
    std::fs::write(&blind, "#!/bin/sh\necho '{ \"backends\": [] }'\n").unwrap();
    std::fs::set_permissions(&blind, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = script("/bin/true", &dir.path().join("out")).env("ASSAY", &blind).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("no GPU here"), "{}", said(&output));
}
