//! Copies between two GPUs of the driver for tests: the sender's bytes arrive, by whatever way, whichever call fails.

use std::time::Duration;

use gpu_assay::device::backend::{OpenOptions, Opened};
use gpu_assay::device::op::{Op, Route};
use gpu_assay::device::{Buf, Device, DeviceError, Lacking, draw, inventory};

use crate::cuda::{assay_on, in_child, open};
use crate::process::verified;
use crate::support_cuda::{FakeCuda, failed_call, fails_at, is_here, live, unmeasured};

const WORDS: u64 = 3000;

fn two() -> Result<Vec<Opened>, String> {
    let options = OpenOptions { wait_limit: Duration::from_secs(60) };
    inventory::open_together(&["cuda:0", "cuda:1"], options, &mut || ()).map_err(|error| error.to_string())
}

/// Copies from `peer`, and looks at every byte of the buffer and at those behind it.
fn copied(device: &mut dyn Device, peer: u32, seed: u64) -> Result<(), DeviceError> {
    let bytes = WORDS as usize * 4;
    let buf = device.alloc(bytes as u64 + 64)?;
    device.write(buf, 0, &vec![0xA5; bytes + 64])?;
    let ticket = device.submit(&Op::Copy { route: Route::FromPeer(peer), buf, words: WORDS, seed }, 0, 2)?;
    assert_eq!(device.wait(ticket)?.counted, None);
    let mut got = vec![0; bytes + 64];
    device.read(buf, 0, &mut got)?;
    let expected: Vec<u8> = (0..WORDS).flat_map(|w| draw::pattern(seed, w).to_le_bytes()).collect();
    assert!(got[..bytes] == expected, "other data arrived than was sent");
    assert!(got[bytes..].iter().all(|byte| *byte == 0xA5), "written beyond its end");
    device.free(buf);
    Ok(())
}

fn way(device: &dyn Device, peer: u32) -> Vec<String> {
    let op = Op::Copy { route: Route::FromPeer(peer), buf: Buf::NONE, words: WORDS, seed: 1 };
    device.variants(&op).into_iter().map(|variant| variant.label).collect()
}

#[test]
fn gpus_copy_from_one_another_directly() {
    let driver = FakeCuda::new().with("COUNT", 2);
    if in_child("cuda_peers", "gpus_copy_from_one_another_directly", &driver) {
        all_ways("direct");
    }
}

#[test]
fn gpus_that_do_not_reach_each_other_copy_through_the_host() {
    let driver = FakeCuda::new().with("COUNT", 2).with("PEERS", 0);
    if in_child("cuda_peers", "gpus_that_do_not_reach_each_other_copy_through_the_host", &driver) {
        all_ways("through the host");
    }
}

/// Too many peers, as of ten cards without NVSwitch; and none at all, as under some hypervisors.
#[test]
fn gpus_that_the_driver_keeps_apart_copy_through_the_host_and_say_why() {
    const NAME: &str = "gpus_that_the_driver_keeps_apart_copy_through_the_host_and_say_why";
    if !is_here() {
        for code in [217, 711] {
            in_child("cuda_peers", NAME, &FakeCuda::new().with("COUNT", 2).with("PEERS", code));
        }
        return;
    }
    let opened = two().unwrap();
    let op = Op::Copy { route: Route::FromPeer(1), buf: Buf::NONE, words: WORDS, seed: 1 };
    let caveat = opened[0].device.variants(&op).remove(0).caveat.unwrap();
    let code = std::env::var("ASSAY_FAKE_CUDA_PEERS").unwrap();
    assert!(caveat.starts_with("the driver refuses the direct way: ") && caveat.contains(&code), "{caveat}");
    drop(opened);
    all_ways("through the host");
}

fn all_ways(expected: &str) {
    let mut opened = two().unwrap();
    for (place, peer) in [(0, 1), (1, 0)] {
        let device = &mut *opened[place].device;
        assert_eq!(way(device, peer), [expected]);
        for seed in [5, 6, 5] {
            copied(device, peer, seed).unwrap();
        }
        let own = Op::Copy { route: Route::FromPeer(place as u32), buf: Buf::NONE, words: 1, seed: 1 };
        assert_eq!(device.supports(&own).unwrap_err().by, Lacking::Us);
    }
    drop(opened);
    assert_eq!(live(), 0, "something of the devices was never freed");
    assert!(way(&*open().device, 1).is_empty(), "a device that was opened alone has no peers");
}

/// Where a call fails an error comes of it, or the copy is right all the same.
#[test]
fn whichever_call_fails_what_is_said_to_have_come_has_come() {
    let test = "whichever_call_fails_what_is_said_to_have_come_has_come";
    if in_child("cuda_peers", test, &FakeCuda::new().with("COUNT", 2)) {
        let attempt = || {
            let mut opened = two()?;
            copied(&mut *opened[1].device, 0, 9).map_err(|error| error.to_string())
        };
        attempt().unwrap();
        for code in [2, 400, 719] {
            for n in 1.. {
                fails_at(n, code);
                let outcome = attempt();
                let call = failed_call();
                if call.is_empty() {
                    assert_eq!((outcome, live()), (Ok(()), 0), "after the last call");
                    assert!(n > 60, "only {n} calls");
                    break;
                }
                // What only refuses the direct way leaves the other.
                let ways = ["cuCtxEnablePeerAccess", "cuDeviceCanAccessPeer"].contains(&call.as_str());
                assert!(!ways || outcome.is_err() == (code == 719), "{call} failed with {code}: {outcome:?}");
                assert!(call != "cuMemcpyPeerAsync" || outcome.is_err(), "{call} failed with {code}");
            }
        }
    }
}

#[test]
fn a_driver_without_these_functions_says_so_and_measures_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let driver = FakeCuda::new().with("COUNT", 2).without("cuMemcpyPeerAsync", dir.path());
    let (code, report) = run(&driver, dir.path());
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("the driver has no function that copies between GPUs"), "{report}");
}

#[test]
fn a_run_on_two_gpus_shows_the_matrix() {
    let dir = tempfile::tempdir().unwrap();
    let (code, report) = run(&FakeCuda::new().with("COUNT", 2), dir.path());
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("FROM \\ TO") && report.contains("all direct:"), "{report}");
    assert!(!report.contains("WRONG") && unmeasured(&report).is_empty(), "{report}");
}

/// The exit code and the report for people of a run of nothing but peers.
fn run(driver: &FakeCuda, dir: &std::path::Path) -> (Option<i32>, String) {
    let out = dir.join("out");
    let args = ["run", "--measure-only", "--out", out.to_str().unwrap(), "--probe", "peer"];
    let more = ["--device", "cuda:0", "--device", "cuda:1", "--profile", "quick", "--duration", "1ms"];
    let ended = assay_on(driver, args.into_iter().chain(more).chain(["--format", "human"]));
    verified(&out);
    (ended.code, std::fs::read_to_string(out.join("report.txt")).unwrap() + &ended.stderr)
}
