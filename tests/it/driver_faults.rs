//! The wgpu backend on a driver that fails: each failure is the right `DeviceError`, stays one, and panics nowhere.
//! The child process is this test binary again, running [`the_work`] behind the fault layer.

use std::process::Command;
use std::time::Duration;

use gpu_assay::device::backend::OpenOptions;
use gpu_assay::device::inventory;
use gpu_assay::device::op::{Op, Tally};
use gpu_assay::device::{Device, DeviceError};

use crate::examples::output_within;
use crate::support_vulkan::{FaultLayer, lavapipe, only_drivers};

/// What the child must end with. Not set: the driver is healthy.
const EXPECTED: &str = "ASSAY_TEST_EXPECTED";
const WORDS: u64 = 1 << 20;
/// More than the capped driver gives.
const LARGE: u64 = 64 << 20;

fn work(device: &mut dyn Device) -> Result<Tally, DeviceError> {
    for large in [device.alloc(LARGE)?, device.alloc(LARGE)?] {
        device.free(large);
    }
    let (memory, tally) = (device.alloc(WORDS * 4)?, device.alloc(Tally::BYTES as u64)?);
    device.write(tally, 0, &Tally::default().encode())?;
    for seed in 0..6 {
        for op in [
            Op::Fill { dst: memory, words: WORDS, first_word: 0, seed },
            Op::Scan { src: memory, words: WORDS, first_word: 0, seed, tally },
        ] {
            let ticket = device.submit(&op, 0, 1)?;
            let done = device.wait(ticket)?;
            assert_eq!(done.counted, Some(WORDS as u32), "work that was not done was reported as done");
        }
    }
    let mut raw = [0; Tally::BYTES];
    device.read(tally, 0, &mut raw)?;
    Ok(Tally::decode(&raw))
}

/// On a healthy driver all words are right. Behind the fault layer the expected error comes, and comes again.
#[test]
fn the_work() {
    let options =
        OpenOptions { wait_limit: Duration::from_millis(if expected().is_some() { 2000 } else { 60_000 }) };
    let mut opened = inventory::open("wgpu:0", options).unwrap();
    let outcome = work(&mut *opened.device);
    match (expected(), outcome) {
        (None, Ok(tally)) => assert_eq!((tally.words_checked, tally.words_wrong), (6 * WORDS, 0)),
        (Some(expected), Ok(tally)) => assert_eq!(expected, format!("wrong {}", tally.words_wrong)),
        (expected, Err(error)) => {
            assert!(expected.is_some_and(|e| error.to_string().starts_with(&e)), "{error}");
            let later = opened.device.alloc(4096);
            if error.is_final() {
                assert_eq!(later, Err(error));
            } else {
                assert!(later.is_ok(), "{later:?}");
            }
        }
    }
}

fn expected() -> Option<String> {
    std::env::var(EXPECTED).ok()
}

fn fails_with(layer: &FaultLayer, expected: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "driver_faults::the_work", "--nocapture"]).env(EXPECTED, expected);
    only_drivers(layer.apply(&mut command), &[lavapipe()]);
    let output = output_within(&mut command, Duration::from_secs(60)).expect("the child hangs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "the child ran no test: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_device_lost_in_submit_is_lost() {
    for n in [3, 6, 9] {
        fails_with(&FaultLayer::new().with("LOSE_SUBMIT", n), "device lost");
    }
}

#[test]
fn a_device_lost_in_the_wait_is_lost_without_a_panic() {
    for n in [3, 6, 9] {
        fails_with(&FaultLayer::new().with("LOSE_WAIT", n), "device lost");
    }
}

#[test]
fn too_little_memory_for_a_submission_loses_the_device() {
    fails_with(&FaultLayer::new().with("OOM_SUBMIT", 6), "device lost");
}

#[test]
fn too_little_memory_for_a_buffer_is_said_and_survived() {
    fails_with(
        &FaultLayer::new().with("CAP_MIB", 48),
        "out of device memory while asking for 67108864 bytes",
    );
}

/// Drivers put into the host's memory what the card's does not hold, as if it were there.
#[test]
fn no_more_is_taken_than_the_card_says_to_have() {
    let card = || FaultLayer::new().disguised("AMD Radeon RX 7900 XTX", "1002:744c");
    fails_with(&card().with("HEAP_MIB", 100), "out of device memory while asking for 67108864 bytes");
    fails_with(&card().with("HEAP_MIB", 130), "wrong 0");
    // Others have some of it.
    fails_with(&card().with("BUDGET_MIB", 100), "out of device memory while asking for 67108864 bytes");
    fails_with(&card().with("BUDGET_MIB", 400), "wrong 0");
}

#[test]
fn work_that_never_ends_is_a_hang() {
    fails_with(&FaultLayer::new().with("HANG", 6), "no answer from the device for 2000 ms");
}
