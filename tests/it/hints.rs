//! What a person is told who gave the wrong file, flag or number: which one is wanted, and never what leads in a circle.

use std::path::Path;
use std::process::{Command, Stdio};

use gpu_assay::contract::{Reason, parse};
use gpu_assay::device::fault::FAULTS;
use gpu_assay::language::Language;
use gpu_assay::seal::{SecretKey, TrustList};

use crate::process::{Ended, assay};
use crate::support::*;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn refused(ended: &Ended, code: i32, says: &[&str], never: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    for part in says {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    for part in never {
        assert!(!ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

/// Following it must measure what is missing, and not leave out the rest.
#[test]
fn what_was_not_measured_is_measured_by_what_the_hint_names() {
    let hint = |metric: &str| Reason::NotMeasured { metric: metric.to_owned() }.said(Language::English);
    for metric in ["sustain.bf16.rate", "sustain.watched.time", "sustain.errors.count"] {
        let said = hint(metric);
        assert!(said.contains("`--soak 24h`") && said.contains("`--profile acceptance`"), "{said}");
        assert!(!said.contains("--probe"), "{said}");
    }
    for (metric, probe) in [("stream.triad.rate", "stream"), ("vendor.bf16.rate", "vendor")] {
        let said = hint(metric);
        assert!(
            said.contains("without `--probe`") && said.contains(&format!("`--probe {probe}` too")),
            "{said}"
        );
    }
}

/// Two are needed between devices, whatever the contract's inventory demands.
#[test]
fn a_single_device_is_told_that_two_are_needed() {
    let parsed = contract_with(
        "[inventory]\ndevices = 8\n",
        "metric = \"peer.slowest.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"\n",
    );
    let findings = gpu_assay::contract::judge(&parsed.contract, &good_run(1));
    let said = |clause: &str| {
        findings.iter().find(|finding| finding.clause == clause).unwrap().because.said(Language::English)
    };
    assert!(said("inventory.devices").contains("of 8 demanded devices 1"), "{}", said("inventory.devices"));
    assert!(said("c").contains("this takes two devices at least, and 1 was there"), "{}", said("c"));
}

/// Whoever says for how long a load is kept up wants it kept up.
#[test]
fn a_soak_is_kept_up_beside_probes_that_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let ended = assay([
        "--quiet",
        "run",
        "--measure-only",
        "--profile",
        "quick",
        "--probe",
        "chase",
        "--soak",
        "10s",
        "--device",
        "sim:mini",
        "--out",
        text(&out),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    assert!(events.contains("\"probes\":[\"chase\",\"sustain\"]") && events.contains("chase.hbm.latency"));
    assert!(events.contains("\"sustain_started\""), "no load");
}

/// Of what is signed and shown people read words, not the program's own notation.
#[test]
fn the_place_of_a_wrong_word_is_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let ended = assay([
        "--quiet",
        "run",
        "--measure-only",
        "--profile",
        "quick",
        "--probe",
        "link",
        "--duration",
        "1ms",
        "--device",
        "sim:mini,mem=16MiB,buffer=2MiB,flip=1KB:3",
        "--format",
        "json",
        "--out",
        text(&out),
    ]);
    let report = std::fs::read_to_string(out.join("report.json")).unwrap();
    assert!(report.contains("the first seen at word 250"), "{}{report}", ended.stderr);
    assert!(!report.contains("Some("), "{report}");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_no_secret_is_not_to_be_hidden() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let others =
        |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let public = private_copy(dir.path(), "test-a.pub");
    let contract = dir.path().join("contract.toml");
    std::fs::write(&contract, "version = 1\n").unwrap();
    for (path, is) in
        [(&public, "this is a public Ed25519 key"), (&contract, "this is not a key in PEM format")]
    {
        others(path);
        let said = SecretKey::load(path).unwrap_err().to_string();
        assert!(said.contains(is) && !said.contains("chmod"), "{said}");
    }
    let shown = assay(["key", "show", text(&contract)]);
    refused(
        &shown,
        2,
        &["this is not a key in PEM format, but an Ed25519 key is needed here"],
        &["chmod", "secret"],
    );
    // A secret that others can read is still named as one.
    let secret = private_copy(dir.path(), "test-a");
    others(&secret);
    assert!(SecretKey::load(&secret).unwrap_err().to_string().contains("chmod 600"));
    // Whose key is trusted is not for the verifier to make.
    let said = TrustList::load(&[contract]).unwrap_err().to_string();
    assert!(said.contains("give the signer's *.pub.pem") && !said.contains("make an"), "{said}");
}

#[test]
fn each_command_names_the_file_that_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (none, junk, key) = (file("none.json"), file("junk.json"), private_copy(dir.path(), "test-a"));
    std::fs::write(&junk, "{}").unwrap();
    let never = ["report.dsse.json"];
    for (challenge, code) in [(&none, 2), (&junk, 6)] {
        let wanted = ["give the challenge that `assay challenge new` wrote"];
        let witness = ["witness", "--challenge", challenge, "--key", text(&key), "--", "true"];
        refused(&assay(["prove", "--challenge", challenge, "--device", "sim:mini"]), code, &wanted, &never);
        refused(&assay(["run", "--challenge", challenge, "--device", "sim:mini"]), code, &wanted, &never);
        refused(&assay(witness), code, &wanted, &never);
    }
    refused(&assay(["render", &none]), 2, &["report.dsse.json"], &[]);
}

/// What a prover says is not for people to look at.
#[test]
fn prove_on_a_terminal_says_how_it_is_started() {
    let line = format!("'{}' prove --challenge none.json < /dev/null", env!("CARGO_BIN_EXE_assay"));
    let ended = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("the program `script` of util-linux is missing: {e}"));
    let shown = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.code() == Some(2) && shown.contains("assay witness --challenge FILE"), "{shown}");
}

#[test]
fn no_challenge_demands_memory_that_no_card_has() {
    let dir = tempfile::tempdir().unwrap();
    let (key, lease) = (private_copy(dir.path(), "test-a"), dir.path().join("lease.toml"));
    std::fs::write(&lease, assay(["contract", "new", "--sku", "H200 SXM", "--price", "2 USD"]).stdout)
        .unwrap();
    let new = |out: &str, more: &[&str]| {
        let out = dir.path().join(out);
        assay(["challenge", "new", "--key", text(&key), "--out", text(&out)].iter().chain(more))
    };
    refused(&new("a.json", &["--memory", "1 PB"]), 2, &["1 PB", "any card of the catalogue has", "GB"], &[]);
    let of_the_card = ["--contract", text(&lease), "--memory", "200 GB"];
    refused(&new("b.json", &of_the_card), 2, &["200 GB", "more than H200 SXM has, 141 GB"], &[]);
    let ended = new("c.json", &["--contract", text(&lease), "--memory", "134 GB"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("134 GB of memory held on each"), "{}", ended.stdout);
    assert!(!dir.path().join("a.json").exists() && !dir.path().join("b.json").exists());
}

#[test]
fn a_new_lease_is_of_days_to_come_and_of_nodes_that_there_are() {
    let new = |flag: &str, value: &str| assay(["contract", "new", "--sku", "H200 SXM", flag, value]);
    refused(&new("--due", "2020-01-01"), 2, &["--due 2020-01-01 is over", "write a day to come"], &[]);
    for count in ["0", "65", "100000"] {
        refused(&new("--gpus-per-node", count), 2, &["from 1 to 64", "--nodes"], &[]);
    }
    let ended = new("--gpus-per-node", "64");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(parse("lease.toml", ended.stdout.as_bytes()).is_ok());
}

/// What a script may say is found where its mistakes send people.
#[test]
fn every_key_of_a_simulated_card_is_explained() {
    let shown = assay(["--lang", "en", "list", "--simulated"]);
    let chinese = assay(["--lang", "zh-CN", "list", "--simulated"]).stdout;
    assert!(shown.stdout.contains("sim:h200"), "{}", shown.stdout);
    for fault in FAULTS {
        let about = [Language::English, Language::Chinese].map(|language| fault.about(language));
        let rows = [&shown.stdout, &chinese]
            .map(|table| table.lines().any(|line| line.starts_with(&format!("{}  ", fault.example))));
        assert_eq!(rows, [true, true], "{}", fault.key);
        assert!(about.iter().all(|about| !about.starts_with('[')) && about[0] != about[1], "{about:?}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&assay(["list", "--simulated", "--json"]).stdout).unwrap();
    assert_eq!(json["keys"].as_array().unwrap().len(), FAULTS.len());
    let wrong = assay(["run", "--device", "sim:mini,flop=0.5"]);
    refused(&wrong, 2, &["did you mean \"flip\"", "`assay list --simulated` shows all"], &["the keys are"]);
}
