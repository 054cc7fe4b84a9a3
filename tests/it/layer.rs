//! The fault layer itself: each fault, asked for by name, reaches a plain wgpu program as it would on hardware.

use std::process::Command;
use std::time::Duration;

use crate::examples::{example, output_within};
use crate::support_vulkan::{FaultLayer, lavapipe, only_drivers, twin};

const LIMIT: Duration = Duration::from_secs(60);

/// What the probe printed under `layer`.
fn probe(layer: &FaultLayer, arguments: &[&str]) -> String {
    let output = output_within(prepared(layer).args(arguments), LIMIT).expect("the probe hangs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn prepared(layer: &FaultLayer) -> Command {
    let mut command = Command::new(example("layer", "layer_probe"));
    only_drivers(layer.apply(&mut command), &[lavapipe()]);
    command
}

fn value<'a>(lines: &'a str, key: &str) -> Option<&'a str> {
    lines.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn without_a_fault_nothing_changes() {
    let mut bare = Command::new(example("layer", "layer_probe"));
    only_drivers(&mut bare, &[lavapipe()]).arg("list");
    let bare = output_within(&mut bare, LIMIT).expect("the probe hangs");
    assert_eq!(probe(&FaultLayer::new(), &["list"]), String::from_utf8_lossy(&bare.stdout));
    let seen = probe(&FaultLayer::new(), &["work"]);
    assert_eq!(value(&seen, "wrong_words"), Some("0"), "{seen}");
    assert_eq!(value(&seen, "lost"), None, "{seen}");
}

#[test]
fn a_software_driver_passes_for_a_discrete_card() {
    let uuid = "000102030405060708090a0b0c0d0e0f";
    let layer =
        FaultLayer::new().disguised("NVIDIA H200", "10de:2335").with("UUID", uuid).with("HEAP_MIB", 144_384);
    let seen = probe(&layer, &["list"]);
    assert_eq!(value(&seen, "adapter.0.name"), Some("NVIDIA H200"));
    assert_eq!(value(&seen, "adapter.0.ids"), Some("10de:2335"));
    assert_eq!(value(&seen, "adapter.0.type"), Some("DiscreteGpu"));
    assert_eq!(value(&seen, "adapter.0.uuid"), Some(uuid));
    assert_eq!(value(&seen, "adapter.0.heap_mib"), Some("144384"));
}

#[test]
fn a_device_can_be_without_a_clock() {
    for (layer, has) in [(FaultLayer::new(), "true"), (FaultLayer::new().with("NO_TIMER", 1), "false")] {
        assert_eq!(value(&probe(&layer, &["list"]), "adapter.0.timer"), Some(has));
    }
}

#[test]
fn a_fault_can_be_kept_to_one_driver() {
    let seen = probe(
        &FaultLayer::new().disguised("NVIDIA H200", "10de:2335").with("ONLY", "SwiftShader"),
        &["list"],
    );
    assert_eq!(value(&seen, "adapter.0.type"), Some("Cpu"), "{seen}");
}

#[test]
fn a_copied_driver_is_a_twin_with_an_equal_uuid() {
    let folder = tempfile::tempdir().unwrap();
    let drivers = [lavapipe(), twin(&lavapipe(), folder.path())];
    let mut command = Command::new(example("layer", "layer_probe"));
    let output =
        output_within(only_drivers(&mut command, &drivers).arg("list"), LIMIT).expect("the probe hangs");
    let seen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(value(&seen, "adapters"), Some("2"));
    assert_eq!(value(&seen, "adapter.0.uuid"), value(&seen, "adapter.1.uuid"));
}

#[test]
fn a_loss_in_submit_reaches_the_lost_callback() {
    let seen = probe(&FaultLayer::new().with("LOSE_SUBMIT", 3), &["work"]);
    assert!(value(&seen, "lost").is_some_and(|why| why.contains("lost")), "{seen}");
    assert_eq!(value(&seen, "wrong_words"), None, "{seen}");
}

#[test]
fn a_loss_in_the_wait_makes_wgpu_panic() {
    let seen = probe(&FaultLayer::new().with("LOSE_WAIT", 3), &["work"]);
    assert_eq!(value(&seen, "panicked"), Some("true"), "{seen}");
    assert!(value(&seen, "lost").is_some(), "{seen}");
}

#[test]
fn running_out_of_memory_in_submit_loses_the_device() {
    let seen = probe(&FaultLayer::new().with("OOM_SUBMIT", 3), &["work"]);
    assert_eq!(value(&seen, "lost"), Some("Unknown Out of memory"), "{seen}");
    assert_eq!(value(&seen, "uncaptured"), Some("Out of Memory"), "{seen}");
}

#[test]
fn allocations_beyond_the_cap_are_refused_and_harmless() {
    let layer = FaultLayer::new().with("CAP_MIB", 600);
    let seen = probe(&layer, &["work", "1024"]);
    assert_eq!(value(&seen, "error"), Some("allocation: Out of Memory"), "{seen}");
    assert_eq!(value(&seen, "lost"), None, "{seen}");
    let within = probe(&layer, &["work", "128"]);
    assert_eq!(value(&within, "wrong_words"), Some("0"), "{within}");
}

#[test]
fn a_hang_runs_into_the_bounded_wait() {
    let seen = probe(&FaultLayer::new().with("HANG", 3), &["work"]);
    assert!(value(&seen, "error").is_some_and(|why| why.contains("timed out")), "{seen}");
}

#[test]
fn a_stuck_driver_never_returns() {
    let layer = FaultLayer::new().with("STUCK", 3);
    assert!(output_within(prepared(&layer).arg("work"), Duration::from_secs(4)).is_none());
}

#[test]
fn a_crash_ends_the_process() {
    let layer = FaultLayer::new().with("CRASH", 3);
    let output = output_within(prepared(&layer).arg("work"), LIMIT).expect("the probe hangs");
    assert_eq!(output.status.code(), None, "ended by a signal");
}

#[test]
fn every_submission_can_be_slowed_down() {
    let seen = probe(&FaultLayer::new().with("SLOW_MS", 50), &["work"]);
    let took: u32 = value(&seen, "work_ms").unwrap().parse().unwrap();
    assert!(took >= 16 * 50, "16 submissions took {took} ms");
    assert_eq!(value(&seen, "wrong_words"), Some("0"), "{seen}");
}

#[test]
fn a_bit_in_device_memory_changes_between_submissions() {
    let seen = probe(&FaultLayer::new().with("FLIP", 0), &["work"]);
    assert_eq!(value(&seen, "wrong_words"), Some("8"), "one in each of 8 rounds: {seen}");
}

#[test]
fn a_bit_changes_in_what_is_copied_back() {
    let seen = probe(&FaultLayer::new().with("FLIP_COPY", 8), &["work"]);
    let wrong: u32 = value(&seen, "wrong_words").unwrap().parse().unwrap();
    assert!((1..8).contains(&wrong), "the first rounds are healthy: {seen}");
}

#[test]
fn a_misspelt_fault_is_no_healthy_device() {
    let layer = FaultLayer::new().with("LOSE_SUBMIT", "three");
    let output = output_within(prepared(&layer).arg("list"), LIMIT).expect("the probe hangs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "adapters=0\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("ASSAY_LAYER_LOSE_SUBMIT"));
}
