//! Attestations beside the fake NVML: what telemetry gets of a card that signs, refuses or lies, and what that makes of whole
//! proofs by the real binary, on a software Vulkan driver that is disguised as a card.

use std::time::Duration;

use gpu_assay::proof::attestation::check;
use gpu_assay::telemetry::Attestation;

use super::attestations::{NONCE, today};
use super::examples::output_within;
use super::process::{Ended, command};
use super::support_attest::Vendor;
use super::support_nvml::{FakeNvml, UUID, probe};
use super::support_vulkan::{FaultLayer, lavapipe, only_drivers};

/// What telemetry gets of the fake's card for a nonce.
fn told(fake: &FakeNvml, uuid: &str) -> serde_json::Value {
    let mut command = probe(0, uuid, "-", "/");
    command.arg(hex::encode(NONCE));
    let output = output_within(fake.apply(&mut command), Duration::from_secs(60)).expect("the probe hangs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A folder with the key and the certificates of a card, as the fake wants them.
fn folder(vendor: &Vendor) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), hex::encode(vendor.keys[0].to_bytes())).unwrap();
    std::fs::write(folder.path().join("chain.pem"), vendor.chain()).unwrap();
    std::fs::write(folder.path().join("root.pem"), &vendor.certificates()[3]).unwrap();
    folder
}

fn attesting(folder: &tempfile::TempDir, lie: &str) -> FakeNvml {
    FakeNvml::new().with("TEXTS", format!("attestation:{};lie:{lie}", folder.path().display()))
}

#[test]
fn a_card_signs_what_it_is_asked_to() {
    let vendor = Vendor::new(1);
    let folder = folder(&vendor);
    let fake = attesting(&folder, "");
    let told = told(&fake, UUID);
    let given = Attestation {
        report: hex::decode(told["report"].as_str().unwrap()).unwrap(),
        chain: told["chain"].as_str().unwrap().into(),
    };
    assert_eq!(given.chain, vendor.chain().into_bytes());
    assert!(check(&given, &NONCE, &today(), &vendor.roots()).is_ok());
    let facts = fake.told(0);
    assert_eq!(facts.fact("nvml.confidential_computing"), "enabled");
    assert_eq!(FakeNvml::new().told(0).fact("nvml.confidential_computing"), "disabled");
}

#[test]
fn why_there_is_no_attestation_is_said() {
    let folder = folder(&Vendor::new(1));
    let (chain, report) =
        ("nvmlDeviceGetConfComputeGpuCertificate", "nvmlDeviceGetConfComputeGpuAttestationReport");
    for (fake, why) in [
        (FakeNvml::new(), "confidential computing is off (NVML: "),
        (FakeNvml::new().with("VALUES", "nvmlSystemGetConfComputeState:1"), "NVML: "),
        (FakeNvml::new().with("FAIL", "nvmlSystemGetConfComputeState:3"), "NVML: "),
        (FakeNvml::new().lacking("nvmlSystemGetConfComputeState"), "not supported by this card"),
        (FakeNvml::broken(), "NVML cannot be loaded"),
        (attesting(&folder, "").lacking(chain), "no nvmlDeviceGetConfComputeGpuCertificate"),
        (attesting(&folder, "").lacking(report), "no nvmlDeviceGetConfComputeGpuAttestationReport"),
        (attesting(&folder, "").with("FAIL", format!("{report}:12345")), "12345"),
        (attesting(&folder, "").with("VALUES", "attestationReportSize:4294967295"), "4294967295 bytes"),
        (attesting(&folder, "").with("VALUES", "attestationCertChainSize:5121"), "5121 bytes"),
        (attesting(&folder, "").with("VALUES", "attestationReportSize:0"), "0 bytes"),
    ] {
        let said = told(&fake, UUID);
        assert!(said["why"].as_str().is_some_and(|said| said.contains(why)), "{why}: {said}");
    }
    let stranger = told(&FakeNvml::new(), "ffffffffffffffffffffffffffffffff");
    assert!(stranger["why"].as_str().unwrap().contains("NVML lists no such card"), "{stranger}");
}

/// A proof by this program on a disguised card.
struct Proved {
    witnessed: Ended,
    dir: tempfile::TempDir,
}

fn assay(dir: &tempfile::TempDir, fake: &FakeNvml, args: &[&str]) -> Ended {
    let layer =
        FaultLayer::new().disguised("NVIDIA H200", "10de:2335").with("UUID", UUID).with("HEAP_MIB", 143_771);
    let mut command = command();
    let command = only_drivers(layer.apply(fake.apply(&mut command)), &[lavapipe()]);
    command.current_dir(dir.path()).env("XDG_STATE_HOME", dir.path()).args(args);
    output_within(command, Duration::from_secs(120)).expect("assay hangs").into()
}

fn prove(fake: &FakeNvml, more: &[&str]) -> Proved {
    let dir = tempfile::tempdir().unwrap();
    let made = "challenge new --key key.pem --at-least 1s --openings 64 --out ch.json";
    assert_eq!(assay(&dir, fake, &["key", "new", "key.pem"]).code, Some(0));
    assert_eq!(assay(&dir, fake, &made.split(' ').collect::<Vec<_>>()).code, Some(0));
    let program = env!("CARGO_BIN_EXE_assay");
    let mut args = vec!["witness", "--challenge", "ch.json", "--key", "key.pem", "--out", "out"];
    args.extend(more);
    args.extend(["--", program, "prove", "--challenge", "ch.json", "--device", "wgpu:0"]);
    Proved { witnessed: assay(&dir, fake, &args), dir }
}

impl Proved {
    fn verify(&self, more: &[&str]) -> Ended {
        let args = ["verify", "out/proof.dsse.json", "--trust", "key.pub.pem"];
        assay(&self.dir, &FakeNvml::new(), &[&args, more].concat())
    }
}

#[track_caller]
fn ends(ended: &Ended, code: i32, says: &str) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    // Tables break lines.
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ended.code, Some(code), "{said}");
    assert!(flat.contains(says), "no {says:?} in: {said}");
}

#[test]
fn a_proof_carries_the_attestation_to_whoever_verifies_it() {
    let folder = folder(&Vendor::new(1));
    let root = folder.path().join("root.pem");
    let trusting = ["--attestation-root", root.to_str().unwrap()];
    let proved = prove(&attesting(&folder, ""), &trusting);
    ends(&proved.witnessed, 0, "CN=Card of vendor 1; driver 550.54.15, firmware 96.00.9F.00.01");
    ends(&proved.verify(&trusting), 0, "CN=Card of vendor 1");
    ends(&proved.verify(&trusting), 0, "revoked since (OCSP)");
    // Both ends are one host.
    ends(&proved.verify(&trusting), 0, "L1, and no more because prover and witness are one host");
    let json: serde_json::Value =
        serde_json::from_str(&proved.verify(&[&trusting[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(json["proof"]["gpus"][0]["attestation"]["kind"], "verified");
    // Who does not trust that root has no proof at all.
    ends(&proved.verify(&[]), 6, "GPU 0 is attested under a root that is not its vendor's");
    std::fs::write(proved.dir.path().join("no.pem"), "none").unwrap();
    ends(&proved.verify(&["--attestation-root", "no.pem"]), 2, "holds no roots for --attestation-root");
    ends(&proved.verify(&["--attestation-root", "none.pem"]), 2, "none.pem cannot be read");
}

#[test]
fn an_absent_attestation_is_stated_and_no_failure() {
    let proved = prove(&FakeNvml::new(), &[]);
    ends(&proved.witnessed, 0, "no: confidential computing is off (NVML: ");
    ends(&proved.verify(&[]), 0, "no: confidential computing is off (NVML: ");
    ends(&proved.verify(&["--lang", "zh-CN"]), 0, "厂商的硬件证明");
}

/// A driver that never answers is a prover that is silent.
#[test]
fn a_driver_that_hangs_ends_the_proof() {
    let folder = folder(&Vendor::new(1));
    let hangs = attesting(&folder, "").with("HANG", "nvmlDeviceGetConfComputeGpuAttestationReport");
    ends(&prove(&hangs, &["--patience", "5s"]).witnessed, 3, "the prover was silent for 5s");
}

#[test]
fn a_card_that_lies_has_its_proof_refuted() {
    let folder = folder(&Vendor::new(1));
    let root = folder.path().join("root.pem");
    let trusting = ["--attestation-root", root.to_str().unwrap()];
    for (lie, trusting, says) in [
        ("nonce", &trusting[..], "made for another challenge"),
        ("signature", &trusting[..], "not signed by its key"),
        ("garbage", &trusting[..], "report that is malformed"),
        ("chain", &trusting[..], "certificates of its attestation that do not hold"),
        ("", &[], "a root that is not its vendor's (sha256 "),
    ] {
        let proved = prove(&attesting(&folder, lie), trusting);
        ends(&proved.witnessed, 6, says);
        ends(&proved.verify(trusting), 6, says);
    }
}
