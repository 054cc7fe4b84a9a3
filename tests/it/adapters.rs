//! Software Vulkan adapters through the real binary: twins that give the same UUID are two devices that say they are
//! software, and a slow card misses the bound that the same card set before.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gpu_assay::evidence::metric::MetricName;
use gpu_assay::evidence::stats::Stat;
use gpu_assay::report::Report;

use crate::process::{Ended, assay, command, verified};
use crate::support_vulkan::{FaultLayer, lavapipe, only_drivers, twin};

/// `assay run` under one probe, on these drivers only, with the report in JSON besides.
fn measure(drivers: &[PathBuf], probe: &str, duration: &str, out: &Path, more: &[&str]) -> Command {
    let mut run = command();
    only_drivers(&mut run, drivers);
    run.args(["run", "--profile", "quick", "--probe", probe, "--duration", duration, "--format", "json"]);
    run.args(more).arg("--out").arg(out);
    run.stdout(Stdio::piped()).stderr(Stdio::piped());
    run
}

fn report(out: &Path) -> Report {
    serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap()
}

fn replay(out: &Path, contract: &Path) -> Ended {
    let events = out.join("events.jsonl");
    assay(["replay".as_ref(), events.as_os_str(), "--contract".as_ref(), contract.as_os_str()])
}

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn twins_are_two_devices_that_say_they_are_software() {
    let dir = tempfile::tempdir().unwrap();
    let (stock, out) = (lavapipe(), dir.path().join("out"));
    let drivers = [stock.clone(), twin(&stock, dir.path())];
    let terms = |devices: u32, accept: &str| {
        format!(
            "version = 1\nid = \"twins\"\naccept = [\"{accept}\"]\n[inventory]\ndevices = {devices}\nmemory = \"32 MB\"\n\
             [[clause]]\nid = \"errors\"\nmetric = \"memory.errors.count\"\nequals = 0\n"
        )
    };
    let contract = write(dir.path(), "two.toml", &terms(2, "software"));
    let more = ["--device", "wgpu:0", "--device", "wgpu:1", "--contract", contract.to_str().unwrap()];
    let ended: Ended = measure(&drivers, "memory", "10ms", &out, &more).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    verified(&out);

    let report = report(&out);
    let [first, second] = &report.evidence.devices[..] else { panic!("not two devices") };
    let identity = |n: usize| report.evidence.devices[n].identity.as_ref().unwrap();
    assert!(identity(0).uuid.is_some() && identity(0).uuid == identity(1).uuid);
    assert_eq!(identity(0).name, identity(1).name);
    for device in [first, second] {
        let filled = MetricName::parse("memory.filled.bytes").unwrap();
        assert!(device.measurement(&filled).is_some_and(|m| m.summary().is_some()), "{}", device.selector);
    }
    let shown = assay(["render".as_ref(), out.join("report.dsse.json").as_os_str()]).stdout;
    for device in ["wgpu:0: ", "wgpu:1: "] {
        let line = shown.lines().find(|line| line.starts_with(device)).unwrap_or_else(|| panic!("{shown}"));
        assert!(line.contains("(software on "), "{line}");
    }

    // Two are there, so three are not, and where software does not count there is none.
    let three = replay(&out, &write(dir.path(), "three.toml", &terms(3, "software")));
    assert_eq!(three.code, Some(1), "{}", three.stdout);
    let hardware = replay(&out, &write(dir.path(), "hardware.toml", &terms(2, "hardware")));
    assert_eq!(hardware.code, Some(3), "{}", hardware.stdout);
}

/// How fast a software device is depends on whatever else the machine does, and its clocks part when it does much. So
/// the slow card sleeps before each submission, which is a bound that no load can lift, and neither has a clock.
#[test]
fn a_slow_card_misses_the_bound_that_the_whole_one_set() {
    let dir = tempfile::tempdir().unwrap();
    let measured = |name: &str, layer: FaultLayer| {
        let out = dir.path().join(name);
        let mut run = measure(&[lavapipe()], "link", "10ms", &out, &["--measure-only", "--device", "wgpu:0"]);
        let ended: Ended = layer.apply(&mut run).output().unwrap().into();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        out
    };
    let whole = measured("whole", FaultLayer::new().with("NO_TIMER", 1));
    let slow = measured("slow", FaultLayer::new().with("NO_TIMER", 1).with("SLOW_MS", 200));
    let metric = MetricName::parse("link.h2d.rate").unwrap();
    let median = |out: &Path| {
        let report = report(out);
        Stat::P50.of(&report.evidence.devices[0].measurement(&metric).unwrap().figures()).unwrap()
    };
    let terms = format!(
        "version = 1\nid = \"whole\"\naccept = [\"software\"]\n[[clause]]\nid = \"upload\"\nmetric = \"{metric}\"\n\
         at_least = \"{:.0} B/s\"\nstatistic = \"p50\"\n",
        0.75 * median(&whole)
    );
    let contract = write(dir.path(), "contract.toml", &terms);
    let judged = replay(&whole, &contract);
    assert_eq!(judged.code, Some(0), "{}", judged.stdout);
    let judged = replay(&slow, &contract);
    assert_eq!(judged.code, Some(1), "{} of {}: {}", median(&slow), median(&whole), judged.stdout);
    assert!(judged.stdout.contains("the demand is not met"), "{}", judged.stdout);
}
