//! What policy engines and time-stamping authorities are given: in forms that others define, read by others' programs.

use std::process::{Command, Output};

use serde_json::Value;

use crate::certificates::{Desk, payload};
use crate::support::data;

const TRUST: &str = "--trust provider.pub.pem --trust tenant.pub.pem";

fn statement(desk: &Desk, file: &str) -> Value {
    serde_json::from_str(&payload(&desk.path(file))).unwrap()
}

fn attest(desk: &Desk, code: i32, file: &str, form: &str, more: &str) -> Value {
    let out = format!("{}.{form}.json", file.replace('/', "-"));
    desk.assay(code, &format!("attest {file} --as {form} --key tenant.pem --out {out} {TRUST}{more}"));
    statement(desk, &out)
}

#[test]
fn policy_engines_are_told_what_passed_and_what_did_not() {
    let desk = Desk::new();
    desk.chain();
    let report = "got/run/report.dsse.json";
    let told = attest(&desk, 0, report, "test-result", " --contract lease.toml");
    assert_eq!(told["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(told["predicate"]["result"], "PASSED");
    assert!(
        told["predicate"]["passedTests"].as_array().unwrap().contains(&"units on sim:mini".into()),
        "{told}"
    );
    assert_eq!(told["predicate"]["failedTests"], Value::Array(Vec::new()));
    // The statement names the contract that was the policy, and what it is about: the report, and the devices in it.
    let contract = gpu_assay::seal::sha256_hex(&std::fs::read(desk.path("lease.toml")).unwrap());
    assert_eq!(told["predicate"]["configuration"][0]["digest"]["sha256"], contract);
    let sha256 = gpu_assay::seal::sha256_hex(payload(&desk.path(report)).as_bytes());
    assert_eq!(told["subject"][0]["digest"]["sha256"], sha256);
    assert_eq!(told["subject"][1]["name"], "device:sim:mini");

    let svr = attest(&desk, 0, report, "svr", "");
    assert_eq!(svr["predicateType"], "https://in-toto.io/attestation/svr/v0.2");
    let properties = ["SIGNED_BY_TRUSTED_KEY", "RECOMPUTED_FROM_SAMPLES", "LEVEL_L0", "CONTRACT_PASSED"];
    let properties = properties.map(|name| Value::from(format!("ASSAY_{name}")));
    assert_eq!(svr["predicate"]["properties"], Value::Array(properties.to_vec()));
    assert_eq!(svr["predicate"]["verifier"]["policies"][0]["digest"]["sha256"], contract);

    let certificate = "got/acceptance.dsse.json";
    let svr = attest(&desk, 0, certificate, "svr", " --contract lease.toml --reports got");
    let properties =
        ["ACCEPTED_BY_TENANT", "ACCEPTED_BY_PROVIDER", "RECOMPUTED_FROM_REPORTS", "CONTRACT_PASSED"];
    let properties = properties.map(|name| Value::from(format!("ASSAY_{name}")));
    assert_eq!(svr["predicate"]["properties"], Value::Array(properties.to_vec()));
    // What was not recomputed is the word of who signed.
    std::fs::remove_file(desk.path("got-acceptance.dsse.json.svr.json")).unwrap();
    let svr = attest(&desk, 0, certificate, "svr", " --contract lease.toml");
    assert!(!svr.to_string().contains("CONTRACT_PASSED"), "{svr}");
    let told = attest(&desk, 0, certificate, "test-result", "");
    assert_eq!(
        (&told["predicate"]["result"], &told["predicate"]["passedTests"][0]),
        (&"PASSED".into(), &"n1".into())
    );
}

#[test]
fn what_one_party_has_signed_alone_passes_nowhere() {
    let desk = Desk::new();
    desk.chain();
    desk.assay(0, &format!("accept got --contract lease.toml {TRUST} --key provider.pem --out half.json"));
    let told = attest(&desk, 3, "half.json", "test-result", " --contract lease.toml --reports got");
    assert_eq!(told["predicate"]["result"], "FAILED");
    assert_eq!(told["predicate"]["failedTests"], serde_json::json!(["signed by the tenant"]));
    let svr = attest(&desk, 3, "half.json", "svr", "");
    assert_eq!(svr["predicate"]["properties"], serde_json::json!(["ASSAY_ACCEPTED_BY_PROVIDER"]));
}

/// The node that came is good, and both have signed; the second one was due long ago.
#[test]
fn what_never_came_passes_nowhere() {
    let desk = Desk::new();
    let lease = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    std::fs::write(
        desk.path("lease.toml"),
        lease.replace("due = 2100-01-01\nnodes = 1", "due = 2025-01-01\nnodes = 2"),
    )
    .unwrap();
    desk.assay(
        0,
        "run --contract lease.toml --device sim:mini --probe census --key provider.pem --out got/run",
    );
    let accept = format!("accept got --contract lease.toml {TRUST}");
    desk.assay(1, &format!("{accept} --key provider.pem --out both.json"));
    desk.assay(1, &format!("{accept} --key tenant.pem --countersign both.json"));
    let told = attest(&desk, 1, "both.json", "test-result", " --contract lease.toml --reports got");
    assert_eq!(told["predicate"]["result"], "FAILED");
    assert_eq!(told["predicate"]["failedTests"], serde_json::json!(["2 nodes by 2025-01-01"]));
    let svr = attest(&desk, 1, "both.json", "svr", "");
    assert!(!svr.to_string().contains("CONTRACT_PASSED"), "{svr}");
}

#[test]
fn what_failed_or_was_not_decided_passes_nowhere() {
    let desk = Desk::new();
    let contract = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    std::fs::write(desk.path("hard.toml"), contract.replace("at_least = \"1\"", "at_least = \"1000\""))
        .unwrap();
    let run = "run --device sim:mini --key provider.pem";
    desk.assay(1, &format!("{run} --contract hard.toml --probe census --out failed"));
    desk.assay(3, &format!("{run} --contract lease.toml --probe link --out open"));
    desk.assay(3, &format!("{run} --probe census --out free"));
    for (directory, code) in [("failed", 1), ("open", 3)] {
        let file = format!("{directory}/report.dsse.json");
        let told = attest(&desk, code, &file, "test-result", "");
        assert_eq!(told["predicate"]["result"], "FAILED");
        assert!(
            told["predicate"]["failedTests"].as_array().unwrap().contains(&"units on sim:mini".into()),
            "{told}"
        );
        let svr = attest(&desk, code, &file, "svr", "");
        assert!(!svr.to_string().contains("CONTRACT_PASSED"), "{svr}");
    }
    let nothing =
        "attest free/report.dsse.json --as svr --key tenant.pem --out free.json --trust provider.pub.pem";
    let ended = desk.assay(2, nothing);
    assert!(ended.stderr.contains("judged by no contract"), "{}", ended.stderr);
    // By another contract than the policy's own: nothing is signed.
    let other = "attest failed/report.dsse.json --as svr --key tenant.pem --out other.json --trust provider.pub.pem --contract lease.toml";
    let ended = desk.assay(6, other);
    assert!(ended.stderr.contains("nothing is signed"), "{}", ended.stderr);
    assert!(!desk.path("other.json").exists() && !desk.path("free.json").exists());
}

#[test]
#[ignore = "needs Python with securesystemslib[crypto] and in-toto-attestation, named by ASSAY_TEST_PYTHON"]
fn in_toto_reads_the_statements_that_are_derived() {
    let desk = Desk::new();
    desk.chain();
    let python = std::env::var_os("ASSAY_TEST_PYTHON").unwrap_or("python3".into());
    let run = |args: &[&str]| {
        let output = Command::new(&python).current_dir(desk.path("")).args(args).output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}");
        said
    };
    let script = data("../foreign.py");
    for form in ["test-result", "svr"] {
        attest(&desk, 0, "got/acceptance.dsse.json", form, "");
        let file = format!("got-acceptance.dsse.json.{form}.json");
        let said = run(&[script.to_str().unwrap(), &file, "tenant.pub.pem"]);
        assert_eq!(said.lines().filter(|line| line.starts_with("ok: ")).count(), 16, "{said}");
    }
    let program = "import base64, json\n\
        from google.protobuf import json_format\n\
        from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult\n\
        envelope = json.load(open('got-acceptance.dsse.json.test-result.json'))\n\
        predicate = json.loads(base64.b64decode(envelope['payload']))['predicate']\n\
        read = json_format.ParseDict(predicate, TestResult())\n\
        print(read.result, list(read.passed_tests), read.configuration[0].name)";
    assert_eq!(
        run(&["-c", program]).trim(),
        "PASSED ['n1', 'signed by the tenant', 'signed by the provider'] chain"
    );
}

fn openssl(desk: &Desk, line: &str) -> Output {
    let run = Command::new("openssl").current_dir(desk.path("")).args(line.split(' ')).output();
    run.unwrap_or_else(|e| panic!("this test needs openssl 3 on PATH: {e}"))
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn openssl_stamps_what_is_asked_and_finds_the_stamp_true() {
    let desk = Desk::new();
    std::fs::write(desk.path("acceptance.dsse.json"), "what both have signed\n").unwrap();
    let ended = desk.assay(0, "timestamp acceptance.dsse.json");
    assert!(ended.stdout.contains("acceptance.dsse.json.tsq"), "{}", ended.stdout);
    desk.assay(2, "timestamp acceptance.dsse.json");
    desk.assay(2, "timestamp no-such-file");
    let asked = succeeds(&openssl(&desk, "ts -query -in acceptance.dsse.json.tsq -text"));
    assert!(
        asked.contains("Hash Algorithm: sha256") && asked.contains("Certificate required: yes"),
        "{asked}"
    );

    // An authority of our own.
    let config = "[tsa]\nserial = ./serial\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n\
        digests = sha256\nordering = yes\ness_cert_id_chain = no\naccuracy = secs:1\n\
        [stamps]\nextendedKeyUsage = critical,timeStamping\n[dn]\n[req]\ndistinguished_name = dn\n";
    std::fs::write(desk.path("tsa.cnf"), config).unwrap();
    std::fs::write(desk.path("serial"), "01\n").unwrap();
    succeeds(&openssl(
        &desk,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config tsa.cnf -extensions stamps -subj /CN=authority \
         -keyout authority.key -out authority.pem -days 2",
    ));
    succeeds(&openssl(
        &desk,
        "ts -reply -config tsa.cnf -section tsa -queryfile acceptance.dsse.json.tsq -signer authority.pem -inkey authority.key \
         -out acceptance.dsse.json.tsr",
    ));
    let verify = "ts -verify -in acceptance.dsse.json.tsr -CAfile authority.pem";
    for by in ["-data acceptance.dsse.json", "-queryfile acceptance.dsse.json.tsq"] {
        let said = succeeds(&openssl(&desk, &format!("{verify} {by}")));
        assert!(said.contains("Verification: OK"), "{said}");
    }
    std::fs::write(desk.path("acceptance.dsse.json"), "what nobody has signed\n").unwrap();
    assert!(!openssl(&desk, &format!("{verify} -data acceptance.dsse.json")).status.success());
}
