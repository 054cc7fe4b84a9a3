//! The CUDA backend on a driver that fails, refuses, hangs, crashes or lies: the right error, no panic, never a pass.

use std::time::Duration;

use gpu_assay::device::backend::{OpenError, OpenOptions};
use gpu_assay::device::op::{Maker, Means, Op, Precision, Route, Shape, Tally};
use gpu_assay::device::{Buf, Device, DeviceError, inventory};

use crate::cuda::{assay_on, in_child};
use crate::process::verified;
use crate::proofs::Desk;
use crate::support_cuda::{FakeCuda, calls, failed_call, fails_at, live};

const WORDS: u64 = 4096;

/// One that needs all that a launch can.
fn product(buf: Buf) -> Op {
    let shape = Shape { m: 8, n: 8, k: 16 };
    Op::Gemm { by: Maker::Ours, precision: Precision::Int8, shape, a: buf, b: buf, c: buf }
}

/// A bit of everything: memory, kernels, copies.
fn work(device: &mut dyn Device) -> Result<(), DeviceError> {
    let (memory, tally) = (device.alloc(WORDS * 4)?, device.alloc(Tally::BYTES as u64)?);
    let other = device.alloc(WORDS * 4)?;
    device.write(tally, 0, &Tally::default().encode())?;
    for op in [
        Op::Fill { dst: memory, words: WORDS, first_word: 0, seed: 5 },
        Op::Scan { src: memory, words: WORDS, first_word: 0, seed: 5, tally },
        Op::Copy { route: Route::DeviceToHost(Means::Pinned), buf: memory, words: WORDS, seed: 5 },
        Op::Copy { route: Route::BothWays(other), buf: memory, words: WORDS, seed: 5 },
        Op::Copy { route: Route::DeviceToHost(Means::Pageable), buf: memory, words: WORDS, seed: 5 },
        Op::Copy { route: Route::DeviceToHost(Means::Kernel), buf: memory, words: WORDS, seed: 5 },
        Op::Copy { route: Route::HostToDevice(Means::Pinned), buf: memory, words: WORDS, seed: 6 },
        Op::Copy { route: Route::HostToDevice(Means::Kernel), buf: memory, words: WORDS, seed: 7 },
        product(memory),
    ] {
        let ticket = device.submit(&op, 0, 1)?;
        let done = device.wait(ticket)?;
        assert_eq!(
            done.counted,
            op.units().map(|units| units as u32),
            "work that was not done was reported as done"
        );
    }
    let mut raw = [0; Tally::BYTES];
    device.read(tally, 0, &mut raw)?;
    assert_eq!((Tally::decode(&raw).words_checked, Tally::decode(&raw).words_wrong), (WORDS, 0));
    device.free(memory);
    device.free(other);
    Ok(())
}

/// Opens, works, closes. The text of the error, if there was one, and the number of calls before closing.
fn attempt() -> (Result<(), String>, u64) {
    let options = OpenOptions { wait_limit: Duration::from_secs(2) };
    let mut opened = match inventory::open("cuda:0", options) {
        Ok(opened) => opened,
        Err(error) => return (Err(error.to_string()), calls()),
    };
    let outcome = work(&mut *opened.device);
    if let Err(error) = &outcome {
        let later = opened.device.alloc(4096);
        assert_eq!(later.as_ref().err() == Some(error), error.is_final(), "{error}, then {later:?}");
    }
    (outcome.map_err(|error| error.to_string()), calls())
}

/// Calls that may fail without harm: they free what is no longer needed, ask what need not be known, or load machine
/// code where there is PTX as well.
fn is_harmless(call: &str) -> bool {
    let parts =
        ["Free", "Destroy", "Unload", "Release", "GetAttribute", "GetPCIBusId", "GetUuid", "ModuleLoad"];
    parts.iter().any(|part| call.contains(part)) || call == "cuCtxSetCurrent"
}

/// One code of each kind: out of memory, lost, a refusal, one that no header has.
#[test]
fn whichever_call_fails_nothing_passes_and_nothing_panics() {
    if in_child("cuda_faults", "whichever_call_fails_nothing_passes_and_nothing_panics", &FakeCuda::new()) {
        let (healthy, _) = attempt();
        assert_eq!((healthy, live()), (Ok(()), 0));
        for code in [2, 719, 400, 12_345] {
            for n in 1.. {
                fails_at(n, code);
                let (outcome, before_closing) = attempt();
                let call = failed_call();
                if call.is_empty() {
                    assert_eq!((outcome, live()), (Ok(()), 0), "after the last call");
                    assert!(n > 100, "only {n} calls");
                    break;
                }
                match outcome {
                    Ok(()) => assert!(
                        n > before_closing || is_harmless(&call),
                        "call {n}, {call}, failed with {code} and all was well"
                    ),
                    Err(why) => assert!(
                        why.contains(&code.to_string()) || code == 2 && why.contains("out of device memory"),
                        "call {n}, {call}, failed with {code}: {why}"
                    ),
                }
            }
        }
    }
}

#[test]
fn a_kernel_that_fails_loses_the_device_for_good() {
    if in_child(
        "cuda_faults",
        "a_kernel_that_fails_loses_the_device_for_good",
        &FakeCuda::new().with("LOSE", 2),
    ) {
        let (outcome, _) = attempt();
        assert_eq!(outcome, Err("device lost: cuEventQuery: CUDA_ERROR_LAUNCH_FAILED (719)".to_owned()));
    }
}

#[test]
fn work_that_never_ends_is_a_hang() {
    if in_child("cuda_faults", "work_that_never_ends_is_a_hang", &FakeCuda::new().with("HANG", 60)) {
        assert_eq!(attempt().0, Err("no answer from the device for 2000 ms".to_owned()));
    }
}

#[test]
fn a_driver_that_lacks_a_function_is_told_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let listed = assay_on(&FakeCuda::new().without("cuMemsetD32Async", dir.path()), ["list"]).stdout;
    assert!(listed.contains("libcuda.so.1 has no function cuMemsetD32Async"), "{listed}");
    let listed = assay_on(&FakeCuda::new().without("cuGetErrorName", dir.path()), ["list"]).stdout;
    assert!(listed.contains("Test driver, no GPU"), "{listed}");
}

#[test]
fn a_driver_that_does_not_start_says_why() {
    for (code, words) in [
        (100, "CUDA_ERROR_NO_DEVICE (100); it finds no GPU"),
        (803, "error 803 (the driver has no name for it); the driver's library"),
        (12_345, "error 12345"),
    ] {
        let listed = assay_on(&FakeCuda::new().with("FAIL", format!("1:{code}")), ["list"]).stdout;
        assert!(
            listed.contains("cuda: no devices: the CUDA driver does not start: ") && listed.contains(words),
            "{listed}"
        );
    }
    let listed = assay_on(&FakeCuda::new().with("COUNT", 0), ["list"]).stdout;
    assert!(listed.contains("the CUDA driver shows no GPU"), "{listed}");
}

#[test]
fn a_machine_without_a_driver_says_so() {
    for command in ["list", "doctor"] {
        let said = crate::process::assay([command]).stdout;
        assert!(said.contains("no CUDA driver library found"), "{command}: {said}");
    }
    let error = inventory::open("cuda:0", OpenOptions { wait_limit: Duration::from_secs(1) }).err();
    assert!(matches!(error, Some(OpenError::NoSuchDevice { .. })), "{error:?}");
}

/// A whole run on a driver with a fault, judged by a contract that a healthy one meets. What the report says.
fn judged(
    driver: &FakeCuda,
    probe: &str,
    clause: &str,
    hang_after: &str,
) -> (Option<i32>, serde_json::Value) {
    let dir = tempfile::tempdir().unwrap();
    let (contract, out) = (dir.path().join("contract.toml"), dir.path().join("out"));
    std::fs::write(
        &contract,
        format!("version = 1\nid = \"c\"\n[[clause]]\nid = \"c\"\nseverity = \"must\"\n{clause}\n"),
    )
    .unwrap();
    let (contract, place) = (contract.to_str().unwrap(), out.to_str().unwrap());
    let args = ["run", "--contract", contract, "--out", place, "--device", "cuda:0", "--profile", "quick"];
    let more = ["--duration", "1ms", "--probe", probe, "--hang-after", hang_after];
    let ended = assay_on(&driver.clone().with("MEMORY_MIB", 32), args.into_iter().chain(more));
    let (_, json) = verified(&out);
    (ended.code, json)
}

const FILLED: &str = "metric = \"memory.filled.bytes\"\nat_least = \"15 MB\"";
const ERRORS: &str = "metric = \"memory.errors.count\"\nat_most = \"0\"";

#[test]
fn a_healthy_device_passes_what_broken_ones_must_not() {
    for clause in [FILLED, ERRORS] {
        let (code, json) = judged(&FakeCuda::new(), "memory", clause, "60s");
        assert_eq!((code, &json["verdict"]), (Some(0), &"pass".into()), "{json}");
    }
}

#[test]
fn a_driver_that_prints_disturbs_nothing() {
    let driver = FakeCuda::new().with("CHATTER", 1);
    let (code, json) = judged(&driver, "memory", FILLED, "60s");
    assert_eq!((code, &json["verdict"]), (Some(0), &"pass".into()), "{json}");
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let printed = desk.prove_on("ch.json", "out", &["cuda:0"], |command| {
        driver.apply(command);
    });
    assert_eq!(printed.code, Some(0), "{}{}", printed.stdout, printed.stderr);
    assert!(printed.stderr.contains("the driver greets"), "it printed nothing: {}", printed.stderr);
}

#[test]
fn lies_and_damage_never_pass() {
    for (driver, clause, words) in [
        (FakeCuda::new().with("IDLE", 1), ERRORS, "did not do all of the work"),
        (FakeCuda::new().with("FLIP", 3), ERRORS, ""),
        (FakeCuda::new().with("HAVE_MIB", 8), FILLED, ""),
        (FakeCuda::new().with("CRASH", 200), FILLED, "signal: 6"),
        (FakeCuda::new().with("REFUSE", "5:12345"), FILLED, "error 12345"),
        (FakeCuda::new().with("LOSE", 5), FILLED, "CUDA_ERROR_LAUNCH_FAILED (719)"),
    ] {
        let (code, json) = judged(&driver, "memory", clause, "60s");
        assert!(matches!(code, Some(1 | 3)), "{driver:?}: {code:?}, {json}");
        assert_ne!(json["verdict"], "pass", "{driver:?}: {json}");
        assert!(json["findings"].to_string().contains(words), "{driver:?}: {json}");
    }
}

/// Whatever else there is to measure: it may be the same card, by a driver that is slower.
#[test]
fn where_the_driver_crashes_at_once_nothing_is_measured_in_its_place() {
    let ended = assay_on(&FakeCuda::new().with("CRASH", 1), ["run", "--measure-only", "--probe", "census"]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("cuda: the driver crashed while it was asked"), "{}", ended.stderr);
    let listed = assay_on(&FakeCuda::new().with("CRASH", 1), ["list"]).stdout;
    assert!(listed.contains("the driver crashed while it was asked"), "{listed}");
}

/// Waits that have an end, and a call that never returns: either side may be the first to notice a wait.
#[test]
fn a_driver_that_hangs_is_given_up() {
    for (driver, words) in [
        (
            FakeCuda::new().with("HANG", 200),
            &["\"hang\"", "no answer from the device", "no sign of life"][..],
        ),
        (FakeCuda::new().with("STUCK", 200), &["no sign of life"]),
    ] {
        let (code, json) = judged(&driver, "memory", FILLED, "3s");
        assert_eq!((code, &json["verdict"]), (Some(3), &"inconclusive".into()), "{json}");
        let findings = json["findings"].to_string();
        assert!(words.iter().any(|words| findings.contains(words)), "{driver:?}: {findings}");
    }
}
