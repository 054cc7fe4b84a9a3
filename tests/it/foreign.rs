//! Others verify what we sign, and refuse what was changed. `tests/foreign.py` does the same in Python.

use std::path::Path;
use std::process::{Command, Output};

use gpu_assay::report::{Report, SealedBy};
use gpu_assay::seal::SecretKey;

use crate::support::*;

const CLAUSE: &str = "metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";

/// A report signed by a new key, with both keys, as files.
fn signed(dir: &Path) -> serde_json::Value {
    let key = SecretKey::generate().unwrap();
    key.write_new(&dir.join("key.pem")).unwrap();
    key.public().write_new(&dir.join("key.pub.pem")).unwrap();
    let report =
        Report::new(good_run(2), Some(&contract(CLAUSE)), SealedBy::Named, "1970-01-01T00:00:01Z".into());
    let file = report.seal(&key).unwrap().to_bytes();
    std::fs::write(dir.join("report.dsse.json"), &file).unwrap();
    serde_json::from_slice(&file).unwrap()
}

fn openssl(dir: &Path, arguments: &[&str]) -> Output {
    let run = Command::new("openssl").current_dir(dir).args(arguments).output();
    run.unwrap_or_else(|e| panic!("this test needs openssl 3 on PATH: {e}"))
}

#[test]
fn openssl_verifies_a_report_and_refuses_a_changed_byte() {
    use base64::Engine;
    let dir = tempfile::tempdir().unwrap();
    let envelope = signed(dir.path());
    let decode = |text: &serde_json::Value| {
        base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap()
    };
    let payload = decode(&envelope["payload"]);
    let head = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len());
    let message = [head.as_bytes(), &payload].concat();
    std::fs::write(dir.path().join("sig"), decode(&envelope["signatures"][0]["sig"])).unwrap();
    let verify = |message: &[u8]| {
        std::fs::write(dir.path().join("message"), message).unwrap();
        let arguments = ["pkeyutl", "-verify", "-pubin", "-inkey", "key.pub.pem", "-rawin", "-in", "message"];
        openssl(dir.path(), &[arguments.as_slice(), &["-sigfile", "sig"]].concat()).status.success()
    };
    assert!(verify(&message));
    let mut changed = message.clone();
    changed[head.len() + payload.len() / 2] ^= 1;
    assert!(!verify(&changed));

    // And it reads the secret key that we wrote.
    let shown = openssl(dir.path(), &["pkey", "-in", "key.pem", "-pubout"]);
    let public = std::fs::read(dir.path().join("key.pub.pem")).unwrap();
    assert_eq!(shown.stdout, public, "{}", String::from_utf8_lossy(&shown.stderr));
}

#[test]
#[ignore = "needs Python with securesystemslib[crypto] and in-toto-attestation, named by ASSAY_TEST_PYTHON"]
fn securesystemslib_and_in_toto_verify_a_report() {
    let dir = tempfile::tempdir().unwrap();
    signed(dir.path());
    let python = std::env::var_os("ASSAY_TEST_PYTHON").unwrap_or("python3".into());
    let script = data("../foreign.py");
    let run = Command::new(python)
        .current_dir(dir.path())
        .arg(script)
        .args(["report.dsse.json", "key.pub.pem", "--secret", "key.pem"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok: ")).count(), 18, "{said}");
}
