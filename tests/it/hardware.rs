//! What only a GPU can show. `make hardware` runs it; without a GPU it fails, it never passes by doing nothing.

use std::time::Duration;

use gpu_assay::device::backend::OpenOptions;
use gpu_assay::device::op::Collective;
use gpu_assay::device::{Identity, ProvenanceKind, inventory};

use crate::conformance::{deep_products, each_device, library_products};
use crate::cuda_collectives;
use crate::process::*;

/// Selectors of all hardware devices of this machine.
fn hardware() -> Vec<String> {
    let listed: serde_json::Value = serde_json::from_str(&assay(["list", "--json"]).stdout).unwrap();
    let devices =
        listed["backends"].as_array().unwrap().iter().flat_map(|b| b["devices"].as_array().unwrap());
    devices
        .filter(|d| d["identity"]["provenance"]["kind"] == "hardware")
        .map(|d| d["selector"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
#[ignore = "needs a GPU; run it with `make hardware`"]
fn deep_products_equal_the_reference() {
    let mut found = 0;
    each_device(|device, identity| {
        if identity.provenance.kind() == ProvenanceKind::Hardware {
            deep_products(device);
            found += 1;
        }
    });
    assert!(found > 0, "no hardware device here; `assay doctor` says what is missing");
}

#[test]
#[ignore = "needs a GPU and cuBLASLt; run it with `make hardware`"]
fn by_library_products_equal_the_reference() {
    let mut found = 0;
    each_device(|device, identity| {
        let has = identity.details.contains_key(Identity::VENDOR_LIBRARY);
        if has && identity.provenance.kind() == ProvenanceKind::Hardware {
            found += library_products(device);
        }
    });
    assert!(found > 0, "no product by cuBLASLt here; `assay doctor` says what is missing");
}

#[test]
#[ignore = "needs GPUs and NCCL; run it with `make hardware`"]
fn by_library_collectives_are_right_on_every_device() {
    let all = hardware();
    let selectors: Vec<&str> =
        all.iter().map(String::as_str).filter(|name| name.starts_with("cuda:")).collect();
    assert!(selectors.len() > 1, "there are {all:?}, and it takes two with CUDA");
    let options = OpenOptions { wait_limit: Duration::from_secs(600) };
    let mut opened = inventory::open_together(&selectors, options, &mut || ()).unwrap();
    for kind in Collective::ALL {
        for starter in 0..selectors.len() {
            cuda_collectives::conforms(&mut opened, kind, starter);
        }
    }
}

#[test]
#[ignore = "needs a GPU; run it with `make hardware`"]
fn every_device_gives_a_whole_report_that_verifies() {
    let devices = hardware();
    assert!(!devices.is_empty(), "no hardware device here; `assay doctor` says what is missing");
    for device in &devices {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let ended = assay([
            "run",
            "--measure-only",
            "--profile",
            "quick",
            "--device",
            device,
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(ended.code, Some(0), "{device}: {}", ended.stderr);
        verified(&out);
        let csv = assay(["render", out.join("report.dsse.json").to_str().unwrap(), "--format", "csv"]).stdout;
        eprintln!("{csv}");
        assert!(!csv.contains("WRONG") && !csv.contains("MISSED"), "{csv}");
        for metric in
            ["stream.triad.rate", "fma.fp32.rate", "gemm.fp32.rate", "memory.filled.bytes", "link.h2d.rate"]
        {
            assert!(csv.contains(metric), "{device} gave no {metric}");
        }
    }
}

/// All devices of a node at the same time, because that is how they are rented.
#[test]
#[ignore = "needs a GPU; run it with `make hardware`"]
fn all_devices_at_once_give_one_report() {
    let devices = hardware();
    assert!(!devices.is_empty(), "no hardware device here; `assay doctor` says what is missing");
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let ended = assay([
        "run",
        "--measure-only",
        "--profile",
        "quick",
        "--probe",
        "stream",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (_, json) = verified(&out);
    assert_eq!(json["trust_level"], "L1");
}
