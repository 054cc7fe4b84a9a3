//! Parts of divided cards (MIG) on a driver without a GPU, which shows a process one of them as CUDA does.

use crate::cuda::assay_on;
use crate::process::Ended;
use crate::support_cuda::FakeCuda;

/// A slice of a card, shared and partly taken: whoever judges must be able to see it.
#[test]
fn parts_of_cards_and_who_shares_them_are_on_record() {
    let details = |driver: &FakeCuda| -> serde_json::Value {
        let ended = assay_on(driver, ["worker", "--check", "cuda:0"]);
        let opened: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        opened["Ok"]["details"].clone()
    };
    let whole = details(&FakeCuda::new());
    for (name, value) in [
        ("mig", "no"),
        ("mps", "no"),
        ("compute_mode", "default"),
        ("not_bound", "the kernel names no CPUs near it"),
    ] {
        assert_eq!(whole[name], value, "{name}: {whole}");
    }
    let part = FakeCuda::new()
        .with("NAME", "NVIDIA H100 80GB HBM3 MIG 1g.10gb")
        .with("COMPUTE_MODE", 3)
        .with("MPS", 1)
        .with("TAKEN_MIB", 16)
        .under("CUDA_VISIBLE_DEVICES", "MIG-0,MIG-1")
        .under("CUDA_MPS_PIPE_DIRECTORY", "/run/mps");
    let part = details(&part);
    for (name, value) in [
        ("mig", "yes"),
        ("mps", "yes"),
        ("compute_mode", "exclusive process"),
        ("visible_devices", "MIG-0,MIG-1"),
        ("mps_pipe_directory", "/run/mps"),
    ] {
        assert_eq!(part[name], value, "{name}: {part}");
    }
    // Of 64 MiB others have 16, and the device itself has taken a little.
    let free: u64 = part["free_bytes_when_opened"].as_str().unwrap().parse().unwrap();
    assert!((47 << 20..=48 << 20).contains(&free), "{part}");
}

const NAME: &str = "NVIDIA H100 80GB HBM3 MIG 1g.10gb";
const PARTS: [&str; 2] =
    ["MIG-aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "MIG-bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"];
const CONTRACT: &str = r#"
version = 1
id = "parts"
[inventory]
devices = 2
sku = "H100 MIG 1g.10gb"
[[clause]]
id = "units"
metric = "identity.device.units"
equals = "4"
"#;

/// A run of these devices under a contract on two parts, and its events.
fn run(driver: &FakeCuda, devices: &[&str]) -> (Ended, String) {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (dir.path().join("contract.toml"), dir.path().join("out"));
    std::fs::write(&contract, CONTRACT).unwrap();
    let mut args = vec!["run", "--contract", contract.to_str().unwrap(), "--out", out.to_str().unwrap()];
    args.extend(["--profile", "quick", "--duration", "1ms", "--probe", "memory", "--probe", "peer"]);
    args.extend(devices.iter().flat_map(|device| ["--device", *device]));
    (assay_on(driver, args), std::fs::read_to_string(out.join("events.jsonl")).unwrap_or_default())
}

fn divided() -> FakeCuda {
    let uuids = PARTS.map(|part| part.trim_start_matches("MIG-").replace('-', ""));
    FakeCuda::new().with("NAME", NAME).with("PARTS", uuids.join(",")).with("MEMORY_MIB", 4)
}

/// Each is opened by a process that has it named.
#[test]
fn all_parts_of_a_divided_card_are_measured_in_one_run() {
    let [a, b] = PARTS.map(|part| format!("cuda:{part}"));
    let (ended, events) = run(&divided(), &[&a, &b]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for said in ["\"uuid\":\"aaaa", "\"uuid\":\"bbbb", "do not open devices together"] {
        assert!(events.contains(said), "{said}: {events}");
    }
    // What a process was shown is no trait of a card.
    assert!(!ended.stdout.contains("visible_devices"), "{}", ended.stdout);
}

/// A scheduler names those that a run has: CUDA reads the one variable, the runtime of containers the other.
#[test]
fn parts_that_the_environment_gives_a_run_are_all_measured() {
    let [a, b] = PARTS;
    for variable in ["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"] {
        let (ended, events) = run(&divided().under(variable, &format!("{b},{a}")), &[]);
        assert_eq!(ended.code, Some(0), "{variable}: {}{}", ended.stdout, ended.stderr);
        let selectors = format!("\"selectors\":[\"cuda:{b}\",\"cuda:{a}\"]");
        assert!(events.contains(&selectors), "{variable}: {events}");
    }
}

/// Nobody names them.
#[test]
fn that_one_part_is_shown_does_not_show_that_others_are_missing() {
    let (ended, _) = run(&divided(), &[]);
    assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("--device cuda:MIG-"), "{}", ended.stdout);
}
