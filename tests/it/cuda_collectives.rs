//! What GPUs do together by NCCL (`tests/fake_nccl`, on the driver for tests): right on every one, whole runs have the figures with what
//! the library is, and where it is absent, wrong, lazy, failing, hanging or crashing nothing else suffers.

use std::path::Path;
use std::time::{Duration, Instant};

use gpu_assay::device::backend::{OpenOptions, Opened};
use gpu_assay::device::draw::{self, Distribution};
use gpu_assay::device::op::{Collective, Op, Precision};
use gpu_assay::device::{Buf, Lacking, Reach, inventory};
use serde_json::Value;

use crate::cuda::{assay_on, in_child, open};
use crate::process::verified;
use crate::support_cuda::{FakeCuda, live, live_in_nccl, nccl, ready};

const DRAWN: Distribution = Distribution::Integers { magnitude: 1000 };

fn sha256(file: &Path) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(file).unwrap()))
}

fn three() -> Vec<Opened> {
    let options = OpenOptions { wait_limit: Duration::from_secs(60) };
    inventory::open_together(&["cuda:0", "cuda:2", "cuda:1"], options, &mut || ()).unwrap()
}

fn run(opened: &mut Opened, op: &Op) {
    let ticket = opened.device.submit(op, 0, 1).unwrap_or_else(|e| panic!("{op:?}: {e}"));
    assert_eq!(opened.device.wait(ticket).unwrap_or_else(|e| panic!("{op:?}: {e}")).counted, None);
}

/// Every word on every device, and those behind it; begun by whichever.
pub fn conforms(opened: &mut [Opened], kind: Collective, starter: usize) {
    let ranks = opened.len() as u32;
    let elements = u64::from(ranks) * 1001;
    let [gives, has] = kind.sizes(ranks, elements);
    let (mut results, mut drawn) = (Vec::new(), Vec::new());
    for (rank, opened) in (0u64..).zip(opened.iter_mut()) {
        let device = &mut opened.device;
        let [from, to] = [device.alloc(gives * 4).unwrap(), device.alloc(has * 4 + 64).unwrap()];
        device.write(to, 0, &vec![0xA5; has as usize * 4 + 64]).unwrap();
        let draw = Op::Draw {
            dst: from,
            elements: gives,
            precision: Precision::Fp32,
            distribution: DRAWN,
            seed: rank,
        };
        run(opened, &Op::Lend { from, to });
        // Not waited for: what is done together comes after it by itself.
        drawn.push(opened.device.submit(&draw, 0, 1).unwrap());
        results.push([from, to]);
    }
    run(&mut opened[starter], &Op::Collective { kind, ranks, elements });
    for (opened, ticket) in opened.iter_mut().zip(drawn) {
        opened.device.wait(ticket).unwrap();
    }
    let given = |rank: u32, index: u64| {
        f32::from_bits(draw::value_bits(Precision::Fp32, DRAWN, u64::from(rank), index) as u32)
    };
    for (rank, [from, to]) in (0u32..).zip(results) {
        let device = &mut opened[rank as usize].device;
        let mut got = vec![0; has as usize * 4 + 64];
        device.read(to, 0, &mut got).unwrap();
        let expected: Vec<u8> = (0..has)
            .flat_map(|i| kind.element([ranks, rank], elements, i, &given).to_le_bytes())
            .chain([0xA5; 64])
            .collect();
        assert!(got == expected, "{kind:?} on {rank}");
        device.free(from);
        device.free(to);
    }
}

#[test]
fn every_collective_is_right_on_every_gpu_and_all_is_given_back() {
    let driver = FakeCuda::new().with("COUNT", 3).with_nccl();
    if in_child("cuda_collectives", "every_collective_is_right_on_every_gpu_and_all_is_given_back", &driver) {
        let mut opened = three();
        for kind in Collective::ALL {
            for starter in 0..3 {
                conforms(&mut opened, kind, starter);
            }
        }
        let op = |ranks| Op::Collective { kind: Collective::AllReduce, ranks, elements: 3 };
        let device = &mut opened[0].device;
        let variant = device.variants(&op(3)).remove(0);
        assert_eq!((&*variant.label, variant.reach), ("nccl-2.27.3", Reach::Kernel));
        assert_eq!(variant.kernel, sha256(nccl()));
        assert!(variant.caveat.is_some_and(|caveat| caveat.contains("not yet run on hardware")));
        let other = device.supports(&op(2)).unwrap_err();
        assert!(other.by == Lacking::Us && other.why == "3 GPUs were opened together, not 2", "{other:?}");
        // What was freed is lent no more.
        let refused = device.submit(&op(3), 0, 1).unwrap_err().to_string();
        assert!(refused.contains("GPU 0 has not lent enough memory"), "{refused}");
        assert_eq!(live_in_nccl(), 3);
        drop(opened);
        assert_eq!((live(), live_in_nccl()), (0, 0));
        let alone = open();
        for op in [op(1), Op::Lend { from: Buf::NONE, to: Buf::NONE }] {
            let why = alone.device.supports(&op).unwrap_err().why;
            assert!(why.contains("not opened together with other devices"), "{why}");
        }
    }
}

#[test]
fn the_check_on_hardware_runs_on_the_stand_in() {
    let driver = FakeCuda::new().with("COUNT", 3).with_nccl();
    in_child("hardware", "by_library_collectives_are_right_on_every_device", &driver);
}

/// The least that two devices may have, so that collectives stay small.
fn small() -> FakeCuda {
    FakeCuda::new().with("MEMORY_MIB", 4).with("COUNT", 2)
}

/// A run of two GPUs: its exit code and its events. The report verifies.
fn run_of_two(driver: &FakeCuda, probes: &[&str]) -> (Option<i32>, Vec<Value>) {
    run_for(driver, probes, "5s")
}

/// The same, where so long a silence is a hang.
fn run_for(driver: &FakeCuda, probes: &[&str], hang_after: &str) -> (Option<i32>, Vec<Value>) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut args =
        vec!["run", "--measure-only", "--device", "cuda:0", "--device", "cuda:1", "--profile", "quick"];
    args.extend(["--duration", "1ms", "--hang-after", hang_after]);
    probes.iter().for_each(|probe| args.extend(["--probe", probe]));
    args.extend(["--out", out.to_str().unwrap()]);
    let ended = assay_on(driver, args);
    verified(&out);
    let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    (ended.code, events.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn found<'a>(events: &'a [Value], event: &str, metric: &str) -> &'a Value {
    let of_kind = events.iter().filter(|line| line["event"] == event).map(|line| &line["data"]);
    of_kind
        .into_iter()
        .find(|data| data["metric"] == metric)
        .unwrap_or_else(|| panic!("no {metric}: {events:?}"))
}

const NAMES: [&str; 4] = [
    "collective.all_reduce.busbw",
    "collective.all_gather.busbw",
    "collective.reduce_scatter.busbw",
    "collective.broadcast.busbw",
];

#[test]
fn a_run_has_the_figures_and_what_the_library_is() {
    let (code, events) = run_of_two(&small().with_nccl(), &["collective", "peer"]);
    assert_eq!(code, Some(0));
    for metric in NAMES {
        let measured = found(&events, "measured", metric);
        assert_eq!(
            (&measured["check"]["kind"], &measured["check"]["canary"]),
            (&"matched".into(), &"caught".into())
        );
        assert!(measured["check"]["exact"].as_u64().unwrap() >= 2 * (16_411 + 16_384), "{measured}");
        assert_eq!(measured["conditions"]["variant"], "nccl-2.27.3");
        assert_eq!(measured["conditions"]["kernel"], *sha256(nccl()));
        assert!(measured["conditions"]["shape"].as_str().unwrap().ends_with(" KiB, 2 devices"), "{measured}");
    }
    found(&events, "measured", "peer.0-1.rate");
    let opened = events.iter().find(|line| line["event"] == "device_opened").unwrap();
    assert_eq!(opened["data"]["details"]["nccl_path"], nccl().to_str().unwrap());
    assert_eq!(opened["data"]["details"]["nccl_version"], "2.27.3");
}

#[test]
fn without_the_library_the_reason_is_told_and_it_can_be_named() {
    let (code, events) = run_of_two(&small(), &["collective", "peer"]);
    assert_eq!(code, Some(0));
    for metric in NAMES {
        let why = found(&events, "absent", metric)["reason"].to_string();
        assert!(
            why.contains("no libnccl.so.2 is on the loader's path") && why.contains("ASSAY_NCCL"),
            "{why}"
        );
    }
    found(&events, "measured", "peer.0-1.rate");
    for args in [&["list"][..], &["doctor"]] {
        let missing = assay_on(&small(), args).stdout;
        assert!(missing.contains("no libnccl.so.2 is on the loader's path"), "{missing}");
        let named = small().under("ASSAY_NCCL", nccl().to_str().unwrap());
        let there = assay_on(&named, args).stdout;
        assert!(there.contains(&format!("2.27.3, {}", nccl().display())), "{there}");
    }
    let json = assay_on(&small().with_nccl(), ["doctor", "--json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["nccl"]["version"], "2.27.3");
    let other = assay_on(&small().under("ASSAY_NCCL", "libm.so.6"), ["list"]).stdout;
    assert!(other.contains("libm.so.6 cannot be used: it has no function ncclGetVersion"), "{other}");
}

/// Wrong in one element, deaf for one rank, of no use to one, or left out: none has a figure.
#[test]
fn what_is_wrong_on_one_gpu_or_left_out_is_found() {
    for (mistake, word) in [
        ("wrong", "is wrong"),
        ("deaf", "is wrong"),
        ("mute", "element 0 of device 1 is wrong"),
        ("lazy", "element 0 of device 0 is wrong"),
    ] {
        let (code, events) = run_of_two(&small().with_nccl_that("MISTAKE", mistake), &["collective"]);
        assert_eq!(code, Some(0));
        // Of a broadcast only the first is heard.
        for metric in NAMES.into_iter().filter(|name| mistake != "deaf" || !name.contains("broadcast")) {
            let check = &found(&events, "measured", metric)["check"];
            assert_eq!(check["kind"], "wrong", "{mistake}, {metric}: {check}");
            assert!(check["why"].as_str().unwrap().contains(word), "{mistake}, {metric}: {check}");
        }
    }
}

/// Whatever a function answers, also what no header has: a reason in the place of figures, and the run goes on.
#[test]
fn a_library_that_refuses_costs_its_own_figures_only() {
    let init =
        "NCCL 2.27.3 does not start: ncclCommInitAll: ncclUnhandledCudaError (1), the stand-in was told so";
    for (function, code, metric, said) in [
        ("ncclCommInitAll", 1, NAMES[0], init),
        ("ncclCommInitAll", 1, NAMES[3], init),
        ("ncclGroupStart", 3, NAMES[1], "ncclGroupStart: ncclInternalError (3)"),
        ("ncclGroupEnd", 4711, NAMES[1], "ncclGroupEnd: answer 4711, which has no name"),
        ("ncclAllReduce", 2, NAMES[0], "ncclAllReduce: ncclSystemError (2)"),
        ("ncclAllGather", 5, NAMES[1], "ncclAllGather: ncclInvalidUsage (5)"),
        ("ncclReduceScatter", 6, NAMES[2], "ncclReduceScatter: ncclRemoteError (6)"),
        ("ncclBroadcast", -1, NAMES[3], "ncclBroadcast: answer -1, which has no name"),
    ] {
        let driver = small().with_nccl_that("FAIL", &format!("{function}:{code}"));
        let (ended, events) = run_of_two(&driver, &["collective"]);
        assert_eq!(ended, Some(0), "{function}");
        let absent = found(&events, "absent", metric);
        assert!(absent.to_string().contains(said), "{function}: {absent}");
        let other = NAMES.into_iter().find(|name| *name != metric).unwrap();
        if function.starts_with("ncclAll") {
            found(&events, "measured", other);
        }
    }
    let (_, events) = run_of_two(&small().with_nccl_that("FAIL", "ncclGetVersion:3"), &["collective"]);
    let absent = found(&events, "absent", NAMES[0]).to_string();
    assert!(absent.contains("cannot be used: ncclGetVersion: ncclInternalError (3)"), "{absent}");
}

/// The library's first steps take a minute where devices are many, longer than any other silence may last.
#[test]
fn a_library_that_starts_slowly_is_not_one_that_hangs() {
    for slow in ["ncclCommInitAll:4000", "ncclGroupEnd:4000"] {
        let (code, events) = run_for(&small().with_nccl_that("SLOW", slow), &["collective"], "2s");
        assert_eq!(code, Some(0), "{slow}: {events:?}");
        for metric in NAMES {
            assert_eq!(found(&events, "measured", metric)["check"]["kind"], "matched", "{slow}");
        }
    }
}

/// It takes the node's worker with it, after the pairs.
#[test]
fn a_library_that_crashes_or_hangs_ends_in_a_signed_report() {
    ready();
    for (fault, function, during) in [
        ("CRASH", "ncclGroupEnd", NAMES[0]),
        ("CRASH", "ncclBroadcast", NAMES[3]),
        ("HANG", "ncclCommInitAll", NAMES[0]),
        ("HANG", "ncclGroupEnd", NAMES[0]),
    ] {
        let driver = small().with_nccl_that(fault, function);
        let begun = Instant::now();
        let (code, events) = run_for(&driver, &["collective", "peer"], "2s");
        // Five times that, and then once more.
        assert!(begun.elapsed() < Duration::from_secs(30), "{fault} {function}: {:?}", begun.elapsed());
        assert!(![Some(70), Some(0)].contains(&code), "{fault} {function}: {code:?}");
        found(&events, "measured", "peer.1-0.rate");
        let ended = events.iter().find(|event| event["event"] == "node_ended").unwrap().to_string();
        assert!(ended.contains("\"lost\"") && ended.contains(during), "{fault} {function}: {ended}");
        // The devices themselves came to their end.
        let whole =
            events.iter().filter(|e| e["event"] == "device_ended" && e.to_string().contains("completed"));
        assert_eq!(whole.count(), 2, "{fault} {function}");
    }
}
