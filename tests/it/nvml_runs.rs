//! Whole runs of the real binary on a card of NVIDIA: a software Vulkan driver that the fault layer disguises, and the
//! fake NVML beside it. Every run ends in a signed report, whatever NVML says or does.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::examples::output_within;
use crate::process::{Ended, command, verified};
use crate::support_nvml::{FakeNvml, UUID};
use crate::support_vulkan::{FaultLayer, lavapipe, only_drivers};

const LIMIT: Duration = Duration::from_secs(120);

/// `assay` on a machine with the fake's card.
fn on_card(fake: &FakeNvml, args: &[&str]) -> Ended {
    // The size that the fake gives its card.
    let layer =
        FaultLayer::new().disguised("NVIDIA H200", "10de:2335").with("UUID", UUID).with("HEAP_MIB", 143_771);
    let mut command: Command = command();
    only_drivers(layer.apply(fake.apply(&mut command)), &[lavapipe()]).args(args);
    output_within(&mut command, LIMIT).expect("assay hangs").into()
}

/// A run of the shortest probe that lasts long enough for three readings.
fn run(fake: &FakeNvml, out: &Path, more: &[&str]) -> Ended {
    let mut args = vec!["run", "--device", "wgpu:0", "--probe", "link", "--profile", "quick"];
    args.extend(["--duration", "1500ms", "--out", out.to_str().unwrap()]);
    args.extend(more);
    on_card(fake, &args)
}

fn events(out: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn contract(dir: &Path) -> String {
    let path = dir.join("contract.toml");
    let text = "version = 1\nid = \"nvml\"\n\
        [[clause]]\nid = \"ecc\"\nmetric = \"identity.nvml.ecc\"\nequals = \"enabled\"\n\
        [[clause]]\nid = \"heat\"\nnever = \"throttle.thermal\"\n\
        [[clause]]\nid = \"xid\"\nnever = \"xid\"\n";
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_run_beside_nvml_reports_facts_and_readings_and_can_be_judged_by_them() {
    let dir = tempfile::tempdir().unwrap();
    let contract = contract(dir.path());
    for (fake, name, code, says) in [
        (FakeNvml::new(), "healthy", 0, "PASS"),
        (FakeNvml::new().with("XID", "1:79"), "xid", 1, "xid was seen"),
        (FakeNvml::new().with("VALUES", "nvmlDeviceGetEccMode:0"), "ecc", 1, "\"disabled\""),
        (FakeNvml::new().with("FAIL", "nvmlDeviceRegisterEvents:3"), "unwatched", 3, "does not say xid"),
        (FakeNvml::broken(), "absent", 3, "NVML cannot be loaded"),
    ] {
        let out = dir.path().join(name);
        let ended = run(&fake, &out, &["--contract", &contract]);
        assert_eq!(ended.code, Some(code), "{name}: {}{}", ended.stdout, ended.stderr);
        let (verification, _) = verified(&out);
        assert!(
            ended.stdout.contains(says) || format!("{:?}", events(&out)).contains(says),
            "{}",
            ended.stdout
        );
        assert_eq!(verification.stdout.contains("GPU-00010203-0405"), name != "absent");
    }
    let readings =
        events(&dir.path().join("healthy")).into_iter().filter(|e| e["event"] == "reading").count();
    assert!(readings >= 3, "{readings}");
}

#[test]
fn a_lie_of_nvml_is_a_conflict_of_a_whole_run() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeNvml::new().with("TEXTS", "nvmlDeviceGetName:NVIDIA H100 80GB HBM3");
    let out = dir.path().join("out");
    let ended = run(&fake, &out, &["--measure-only"]);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(verified(&out).0.code, Some(5));
}

#[test]
fn nvml_that_crashes_or_hangs_ends_the_run_with_a_signed_report() {
    let dir = tempfile::tempdir().unwrap();
    let contract = contract(dir.path());
    for (fake, name, why) in [
        (FakeNvml::new().with("CRASH", "nvmlDeviceGetPowerUsage"), "crash", "the worker died"),
        (FakeNvml::new().with("HANG", "nvmlInit_v2"), "hang", "no sign of life"),
    ] {
        let out = dir.path().join(name);
        let ended = run(&fake, &out, &["--contract", &contract, "--hang-after", "3s"]);
        assert_eq!(ended.code, Some(3), "{name}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(why), "{name}: {}", ended.stdout);
        verified(&out);
    }
}

#[test]
fn list_and_doctor_say_whether_nvml_is_there_and_what_to_install() {
    let absent = FakeNvml::new();
    std::fs::remove_file(absent.library()).unwrap();
    for (arguments, there, missing) in [
        (["list"], "550.54.15", "no telemetry of NVIDIA cards"),
        (["doctor"], "cards listed: 8", "NVIDIA_DRIVER_CAPABILITIES"),
    ] {
        let with = on_card(&FakeNvml::new(), &arguments).stdout;
        assert!(with.contains(there) && !with.contains(missing), "{with}");
        let without = on_card(&absent, &arguments).stdout;
        assert!(without.contains(missing) && !without.contains(there), "{without}");
    }
    for verb in ["list", "doctor"] {
        let json = |fake: &FakeNvml| -> serde_json::Value {
            serde_json::from_str(&on_card(fake, &[verb, "--json"]).stdout).unwrap()
        };
        assert_eq!(json(&FakeNvml::new())["nvml"]["cards"], 8);
        assert!(json(&absent)["nvml"]["missing"].as_str().unwrap().contains("libnvidia-ml.so.1"));
    }
}
