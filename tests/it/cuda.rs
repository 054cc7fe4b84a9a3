//! The CUDA backend on a driver without a GPU: every op in every form against the reference, and the whole program from
//! argv to a verified report. A test that needs the driver in its own process runs itself again in a child.

use std::process::Command;
use std::time::{Duration, Instant};

use gpu_assay::device::backend::{OpenOptions, Opened};
use gpu_assay::device::draw::Distribution;
use gpu_assay::device::op::{Chains, Maker, Means, Op, Precision, Route, Shape, StreamKind, TileShape};
use gpu_assay::device::{Buf, Device, DeviceError, Lacking, Reach, draw, inventory, reference};

use crate::examples::output_within;
use crate::process::{Ended, command, verified};
use crate::support_cuda::{FakeCuda, is_here, live, unmeasured};

/// Runs one test of this binary again, on a driver for tests. Whether this is that child.
pub fn in_child(module: &str, test: &str, driver: &FakeCuda) -> bool {
    if is_here() {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("{module}::{test}"), "--nocapture", "--include-ignored"]);
    let output = output_within(driver.apply(&mut child), Duration::from_secs(600)).expect("the child hangs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "the child ran no test: {said}");
    false
}

pub fn open() -> Opened {
    let options = OpenOptions { wait_limit: Duration::from_secs(60) };
    inventory::open("cuda:0", options).unwrap_or_else(|error| panic!("{error}"))
}

pub fn run(device: &mut dyn Device, op: &Op) -> gpu_assay::device::Done {
    let ticket = device.submit(op, 0, 1).unwrap_or_else(|e| panic!("{op:?}: {e}"));
    device.wait(ticket).unwrap_or_else(|e| panic!("{op:?}: {e}"))
}

/// `assay` with these arguments, on this driver.
pub fn assay_on<S: AsRef<std::ffi::OsStr>>(driver: &FakeCuda, args: impl IntoIterator<Item = S>) -> Ended {
    let mut command = command();
    driver.apply(command.args(args)).output().unwrap().into()
}

#[test]
fn every_op_in_every_form_equals_the_reference() {
    if in_child("cuda", "every_op_in_every_form_equals_the_reference", &FakeCuda::new()) {
        crate::conformance::conforms(&mut *open().device);
        assert_eq!(live(), 0, "something of the device was never freed");
    }
}

/// A launch holds 100 MB where there is one unit: what begins elsewhere than at the beginning must be as right.
#[test]
fn expansions_and_trees_of_several_launches_equal_the_reference() {
    let small = FakeCuda::new().with("UNITS", 1).with("MEMORY_MIB", 256);
    if in_child("cuda", "expansions_and_trees_of_several_launches_equal_the_reference", &small) {
        let mut opened = open();
        let (chunks, key) = (1 << 17, [3; 8]);
        let src = opened.device.alloc(chunks * Op::CHUNK_BYTES).unwrap();
        let out = opened.device.alloc(Op::tree_nodes(chunks) * Op::NODE_BYTES).unwrap();
        let (precision, bits, elements) = (Precision::Fp32, 6, chunks * Op::CHUNK_BYTES / 4);
        run(&mut *opened.device, &Op::Expand { dst: src, elements, precision, bits, key });
        run(&mut *opened.device, &Op::Tree { src, chunks, out, key: None });
        let mut bytes = vec![0; (chunks * Op::CHUNK_BYTES) as usize];
        opened.device.read(src, 0, &mut bytes).unwrap();
        let mut words = vec![0; elements as usize];
        reference::expanded_words(precision, bits, &key, 0, &mut words);
        let differs = |(i, word): (usize, &u32)| bytes[4 * i..][..4] != word.to_le_bytes();
        assert_eq!(words.iter().enumerate().position(differs), None, "word of the expansion");
        let mut nodes = vec![0; (Op::tree_nodes(chunks) * Op::NODE_BYTES) as usize];
        opened.device.read(out, 0, &mut nodes).unwrap();
        let expected = reference::tree(&bytes, None).concat();
        assert_eq!(nodes.iter().zip(&expected).position(|(a, b)| a != b), None, "byte of the tree");
    }
}

/// As [`in_child`], on a driver of each of these compute capabilities.
fn on_each(test: &str, capabilities: &[u32]) -> bool {
    capabilities.iter().fold(false, |_, sm| in_child("cuda", test, &FakeCuda::new().with("SM", sm)))
}

/// The kernels that only some architectures have.
#[test]
fn products_equal_the_reference_on_the_units_that_only_some_cards_have() {
    const HERE: &str = "products_equal_the_reference_on_the_units_that_only_some_cards_have";
    const ALL: [(u32, [Precision; 2], &str); 2] = [
        (75, [Precision::Fp16, Precision::Int8], "mma-sm75-128x256"),
        (89, [Precision::Fp8E4m3, Precision::Fp8E5m2], "mma-128x256"),
    ];
    if !on_each(HERE, &ALL.map(|(sm, ..)| sm)) {
        return;
    }
    let mut opened = open();
    let (_, precisions, form) = of_this_card(&opened, &ALL, |(sm, ..)| *sm);
    for precision in precisions {
        let (shape, [a, b, c]) = (Shape { m: 1, n: 1, k: 64 }, [Buf::NONE; 3]);
        let op = Op::Gemm { by: Maker::Ours, precision: *precision, shape, a, b, c };
        assert_eq!(opened.device.variants(&op)[0].label, *form);
    }
    crate::conformance::multiplies(&mut *opened.device, precisions);
    // More slabs than stages.
    crate::conformance::products(&mut *opened.device, Maker::Ours, precisions, &[[100, 130, 528]]);
}

/// The one of `all` whose compute capability is this device's.
fn of_this_card<'a, T>(opened: &Opened, all: &'a [T], sm: impl Fn(&T) -> u32) -> &'a T {
    let capability = &opened.device.identity().details["compute_capability"];
    all.iter().find(|one| *capability == format!("{}.{}", sm(one) / 10, sm(one) % 10)).unwrap()
}

/// What a product falls short by counts against a card only where our kernels have shown what they reach.
#[test]
fn a_product_says_whose_limit_it_shows() {
    if !on_each("a_product_says_whose_limit_it_shows", &[75, 80, 86, 89, 90, 100, 120]) {
        return;
    }
    let opened = open();
    let (shape, none) = (Shape { m: 1, n: 1, k: 64 }, Buf::NONE);
    let is_hopper = opened.device.identity().details["compute_capability"] == "9.0";
    let expected = if is_hopper { Reach::Card } else { Reach::Kernel };
    let mut found = 0;
    for precision in Precision::MULTIPLIED {
        let op = Op::Gemm { by: Maker::Ours, precision, shape, a: none, b: none, c: none };
        for variant in opened.device.variants(&op) {
            assert_eq!(variant.reach, expected, "{precision:?}, {}", variant.label);
            found += 1;
        }
    }
    assert!(found >= 7, "{found}");
    let stream = Op::Stream { kind: StreamKind::Copy, a: none, b: none, c: none, elements: 1 };
    assert!(opened.device.variants(&stream).iter().all(|variant| variant.reach == Reach::Card));
}

/// Before compute capability 8.0 there are no such instructions; and of a family that is new, no hardware has shown anything yet.
#[test]
fn chains_in_bf16_come_with_ampere_and_say_that_they_are_untried() {
    const NAME: &str = "chains_in_bf16_come_with_ampere_and_say_that_they_are_untried";
    if !on_each(NAME, &[75, 80, 90]) {
        return;
    }
    let opened = open();
    let chains = |precision| {
        let (chains, distribution) = (Chains { accumulators: 8, stride: 0 }, Distribution::Normal);
        Op::Fma { precision, chains, rounds: 2, lanes: 2, distribution, seed: 0, out: Buf::NONE }
    };
    let caveat = |precision| opened.device.variants(&chains(precision)).first().map(|v| v.caveat.clone());
    match &*opened.device.identity().details["compute_capability"] {
        "7.5" => {
            let unsupported = opened.device.supports(&chains(Precision::Bf16)).unwrap_err();
            assert!(
                unsupported.why.contains("no fma_bf16 kernels for compute capability 7.5"),
                "{unsupported:?}"
            );
        }
        "8.0" => {
            let untried = Some(Some("kernels for sm_80 have not yet run on hardware".to_owned()));
            assert_eq!(caveat(Precision::Bf16), untried);
        }
        _ => {
            let untried = Some(Some("fma_bf16 kernels have not yet run on hardware".to_owned()));
            assert_eq!((caveat(Precision::Fp16), caveat(Precision::Bf16)), (Some(None), untried));
            // What such a kernel falls short by is no fault of the card.
            let reach = |precision| opened.device.variants(&chains(precision))[0].reach;
            assert_eq!([Precision::Fp16, Precision::Bf16].map(reach), [Reach::Card, Reach::Kernel]);
        }
    }
}

/// The tensor units of Hopper have instructions in FP64 of their own.
#[test]
fn tiles_in_fp64_have_the_instructions_of_the_card() {
    const ALL: [(u32, &str, Reach); 2] =
        [(80, "tiles8-block256", Reach::Kernel), (90, "tiles8-block256-m16n8k4", Reach::Card)];
    if !on_each("tiles_in_fp64_have_the_instructions_of_the_card", &ALL.map(|(sm, ..)| sm)) {
        return;
    }
    let opened = open();
    let tiles = Op::Mma {
        shape: TileShape::Warp,
        precision: Precision::Fp64,
        turns: 1,
        tiles: 1,
        distribution: Distribution::Normal,
        seed: 0,
        out: Buf::NONE,
    };
    let expected = of_this_card(&opened, &ALL, |(sm, ..)| *sm);
    let variants = opened.device.variants(&tiles);
    assert_eq!((&*variants[0].label, variants[0].reach), (expected.1, expected.2));
}

/// What has no other form in FP8 has this one; FP64 has none of it, and neither has any other card.
#[test]
fn warpgroups_make_tiles_on_hopper_alone() {
    let here = "warpgroups_make_tiles_on_hopper_alone";
    if !on_each(here, &[80, 89, 90, 100, 120]) {
        return;
    }
    let opened = open();
    let is_hopper = opened.device.identity().details["compute_capability"] == "9.0";
    for precision in Precision::ALL {
        let (shape, distribution) = (TileShape::Warpgroup, Distribution::Normal);
        let op = Op::Mma { shape, precision, turns: 1, tiles: 1, distribution, seed: 0, out: Buf::NONE };
        let variants = opened.device.variants(&op);
        let has = is_hopper && Precision::TENSOR.contains(&precision) && precision != Precision::Fp64;
        assert_eq!(variants.len(), usize::from(has), "{precision:?}");
        for variant in variants {
            assert_eq!((&*variant.label, variant.reach), ("wgmma-64x256", Reach::Kernel));
            assert!(variant.caveat.unwrap().contains("tensor_wgmma kernels have not yet run on hardware"));
        }
    }
}

/// Formats that products have which are fed by copies of boxes, and the form of each.
const BY_BOXES: [(Precision, &str); 7] = [
    (Precision::Fp64, "dmma-128x128"),
    (Precision::Fp16, "wgmma-128x256"),
    (Precision::Bf16, "wgmma-128x256"),
    (Precision::Tf32, "wgmma-128x256"),
    (Precision::Fp8E4m3, "wgmma-128x256"),
    (Precision::Fp8E5m2, "wgmma-128x256"),
    (Precision::Int8, "wgmma-128x256"),
];

/// On Hopper: more tiles than blocks, more slabs than stages, fewer of both, tiles that lie outside on two sides.
#[test]
fn products_by_boxes_equal_the_reference() {
    if in_child("cuda", "products_by_boxes_equal_the_reference", &FakeCuda::new()) {
        let mut opened = open();
        let shapes = [[1, 1, 16], [270, 259, 144], [5, 258, 528]];
        let precisions = BY_BOXES.map(|(precision, _)| precision);
        crate::conformance::products(&mut *opened.device, Maker::Ours, &precisions, &shapes);
        let product = |precision, k| {
            let (shape, [a, b, c]) = (Shape { m: 129, n: 97, k }, [Buf::NONE; 3]);
            Op::Gemm { by: Maker::Ours, precision, shape, a, b, c }
        };
        for (precision, form) in BY_BOXES {
            let labels = |k| opened.device.variants(&product(precision, k)).into_iter().map(|v| v.label);
            assert!(labels(80).next().is_some_and(|first| first == form), "{precision:?}");
            assert!(labels(65).all(|label| label != form), "{precision:?}");
        }
        assert!(opened.device.supports(&product(Precision::Fp8E4m3, 65)).is_err());
        drop(opened);
        assert_eq!(live(), 0);
    }
}

/// A look at what is done does not wait for what is not: the driver for tests does what it was asked for when it is asked about it.
#[test]
fn a_look_beside_does_not_wait() {
    if in_child("cuda", "a_look_beside_does_not_wait", &FakeCuda::new()) {
        let mut opened = open();
        let device = &mut *opened.device;
        let dst = device.alloc(4096).unwrap();
        let fill = |seed| Op::Fill { dst, words: 1024, first_word: 0, seed };
        run(device, &fill(1));
        let ticket = device.submit(&fill(2), 0, 1).unwrap();
        let [mut before, mut after] = [[0; 64]; 2];
        device.peek(dst, 32, &mut before).unwrap();
        device.read(dst, 32, &mut after).unwrap();
        assert_eq!(before[..4], draw::pattern(1, 8).to_le_bytes());
        assert_eq!(after[..4], draw::pattern(2, 8).to_le_bytes());
        device.wait(ticket).unwrap();
    }
}

/// One box of a matrix never comes: the kernel gives up, and counts less than was asked for.
#[test]
fn a_product_that_waits_for_ever_gives_up_and_counts_less() {
    if in_child(
        "cuda",
        "a_product_that_waits_for_ever_gives_up_and_counts_less",
        &FakeCuda::new().with("LOSE_BOX", 5),
    ) {
        let mut opened = open();
        let device = &mut *opened.device;
        let [a, b, c] = [(); 3].map(|()| device.alloc(1 << 18).unwrap());
        let shape = Shape { m: 200, n: 256, k: 256 };
        let op = Op::Gemm { by: Maker::Ours, precision: Precision::Bf16, shape, a, b, c };
        assert_eq!(device.variants(&op)[0].label, "wgmma-128x256");
        let counted = u64::from(run(device, &op).counted.unwrap());
        assert!(counted < op.units().unwrap(), "{counted}");
        let fill = Op::Fill { dst: a, words: 1024, first_word: 0, seed: 1 };
        assert_eq!(run(device, &fill).counted, Some(1024), "the device is as well as before");
    }
}

/// Drivers before CUDA 12.0 cannot describe a matrix for copies of boxes.
#[test]
fn an_old_driver_multiplies_without_warpgroups() {
    let dir = tempfile::tempdir().unwrap();
    let old = FakeCuda::new().without("cuTensorMapEncodeTiled", dir.path());
    if in_child("cuda", "an_old_driver_multiplies_without_warpgroups", &old) {
        let opened = open();
        let product = |precision| {
            let (shape, [a, b, c]) = (Shape { m: 64, n: 64, k: 64 }, [Buf::NONE; 3]);
            Op::Gemm { by: Maker::Ours, precision, shape, a, b, c }
        };
        assert_eq!(opened.device.variants(&product(Precision::Bf16))[0].label, "mma-128x256");
        assert_eq!(opened.device.variants(&product(Precision::Fp64))[0].label, "mma-128x128");
        let unsupported = opened.device.supports(&product(Precision::Fp8E4m3)).unwrap_err();
        assert!(unsupported.why.contains("cuTensorMapEncodeTiled"), "{}", unsupported.why);
    }
}

/// Where there is no machine code for a device the driver compiles the PTX, from the same sources.
#[test]
fn a_device_of_an_unknown_kind_gets_ptx() {
    if in_child("cuda", "a_device_of_an_unknown_kind_gets_ptx", &FakeCuda::new().with("SM", 87)) {
        let mut opened = open();
        let buf = opened.device.alloc(4096).unwrap();
        let op = Op::Fill { dst: buf, words: 1024, first_word: 3, seed: 9 };
        let ptx = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels/built/pattern.ptx")).unwrap();
        let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(ptx));
        let variant = &opened.device.variants(&op)[0];
        assert_eq!(variant.kernel, digest);
        assert_eq!(variant.caveat.as_deref(), Some("kernels for sm_87 have not yet run on hardware"));
        assert_eq!(run(&mut *opened.device, &op).counted, Some(1024));
        let mut word = [0; 4];
        opened.device.read(buf, 40, &mut word).unwrap();
        assert_eq!(u32::from_le_bytes(word), draw::pattern(9, 13));
    }
}

#[test]
fn a_device_without_kernels_says_so_for_every_op() {
    if in_child("cuda", "a_device_without_kernels_says_so_for_every_op", &FakeCuda::new().with("SM", 61)) {
        let opened = open();
        let shape = Shape { m: 1, n: 1, k: 1 };
        let none = Buf::NONE;
        for op in [
            Op::Gemm { by: Maker::Ours, precision: Precision::Fp32, shape, a: none, b: none, c: none },
            Op::Stream { kind: StreamKind::Copy, a: none, b: none, c: none, elements: 1 },
        ] {
            let unsupported = opened.device.supports(&op).unwrap_err();
            assert_eq!(unsupported.by, Lacking::Us);
            assert!(unsupported.why.contains("compute capability 6.1"), "{}", unsupported.why);
        }
    }
}

#[test]
fn two_tickets_may_be_open_and_a_third_is_refused() {
    if in_child("cuda", "two_tickets_may_be_open_and_a_third_is_refused", &FakeCuda::new()) {
        let mut opened = open();
        let device = &mut *opened.device;
        let bufs = [device.alloc(1 << 20).unwrap(), device.alloc(1 << 20).unwrap()];
        let fill = |dst, seed| Op::Fill { dst, words: 1 << 18, first_word: 0, seed };
        let first = device.submit(&fill(bufs[0], 1), 0, 3).unwrap();
        let second = device.submit(&fill(bufs[1], 2), 1, 5).unwrap();
        let third = device.submit(&fill(bufs[0], 3), 0, 1).unwrap_err();
        assert!(third.to_string().contains("tickets are open"), "{third}");
        assert_eq!(device.wait(first).unwrap().counted, Some(3 << 18));
        let next = device.submit(&fill(bufs[0], 4), 0, 1).unwrap();
        assert_eq!(device.wait(second).unwrap().counted, Some(5 << 18));
        assert_eq!(device.wait(next).unwrap().counted, Some(1 << 18));
        let again = device.wait(gpu_assay::device::Ticket(0)).unwrap_err();
        assert!(matches!(again, DeviceError::Validation { .. }), "{again}");
        let mut word = [0; 4];
        device.read(bufs[0], 44, &mut word).unwrap();
        assert_eq!(u32::from_le_bytes(word), draw::pattern(4, 11));
        // Dropped while work is under way: it is waited for, then all is freed.
        let _unfinished = device.submit(&fill(bufs[1], 5), 0, 2).unwrap();
        drop(opened);
        assert_eq!(live(), 0);
    }
}

#[test]
fn device_time_lies_within_host_time() {
    if in_child("cuda", "device_time_lies_within_host_time", &FakeCuda::new()) {
        let mut opened = open();
        let buf = opened.device.alloc(1 << 20).unwrap();
        let op = Op::Fill { dst: buf, words: 1 << 18, first_word: 0, seed: 1 };
        let begun = Instant::now();
        let device_ns = run(&mut *opened.device, &op).device_ns.unwrap();
        assert!(device_ns > 0 && u128::from(device_ns) <= begun.elapsed().as_nanos(), "{device_ns} ns");
    }
}

#[test]
fn what_cannot_be_done_is_refused_and_does_no_harm() {
    if in_child("cuda", "what_cannot_be_done_is_refused_and_does_no_harm", &FakeCuda::new()) {
        let mut opened = open();
        let device = &mut *opened.device;
        let (buf, other) = (device.alloc(4096).unwrap(), device.alloc(4096).unwrap());
        let refused = |device: &mut dyn Device, op: Op, variant| match device.submit(&op, variant, 1) {
            Err(DeviceError::Validation { why }) => why,
            unexpected => panic!("{op:?}: {unexpected:?}"),
        };
        let fill = |dst, words| Op::Fill { dst, words, first_word: 0, seed: 1 };
        assert!(refused(device, fill(buf, 1025), 0).contains("of a buffer of 4096"));
        assert!(refused(device, fill(Buf(77), 1), 0).contains("no buffer 77"));
        assert!(refused(device, fill(buf, 1), 99).contains("99"));
        let copy = Op::Copy { route: Route::HostToDevice(Means::Pinned), buf, words: 1 << 27, seed: 1 };
        assert!(refused(device, copy, 0).contains("bytes"));
        assert!(device.write(buf, 4096, &[0; 4]).is_err());
        assert!(device.read(buf, u64::MAX - 1, &mut [0; 4]).is_err());
        let too_much = device.alloc(1 << 40).unwrap_err();
        assert_eq!(too_much, DeviceError::OutOfMemory { bytes: 1 << 40 });
        device.free(other);
        assert!(refused(device, fill(other, 1), 0).contains("no buffer"));
        assert_eq!(run(device, &fill(buf, 1024)).counted, Some(1024));
    }
}

#[test]
fn a_selector_finds_the_device_by_index_address_and_uuid() {
    let driver = FakeCuda::new().with("COUNT", 2);
    let uuid = "GPU-54455354-2d4e-4f54-2d41-2d4750552d31";
    for (selector, address) in
        [("cuda:1", "1f.1"), ("cuda:FFFF:FF:1F.0", "1f.0"), (&format!("cuda:{uuid}"), "1f.1")]
    {
        let ended = assay_on(&driver, ["worker", "--check", selector]);
        assert!(ended.stdout.contains(address), "{selector}: {}{}", ended.stdout, ended.stderr);
    }
    let listed = assay_on(&driver, ["list"]).stdout;
    for words in ["cuda:0", "cuda:1", "Test driver, no GPU"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    const UNTRIED: &str = "have not yet run on hardware";
    assert!(!listed.contains(UNTRIED), "{listed}");
    let listed = assay_on(&driver.with("SM", 80), ["list"]).stdout;
    assert!(listed.contains(&format!("cuda:1: kernels for sm_80 {UNTRIED}")), "{listed}");
}

/// Every probe that the quick profile has, through the real program. No figure is judged: the CPU that plays the device
/// also keeps the host's time, so their clocks need not agree.
#[test]
#[ignore = "takes a minute: the kernels run on the CPU; `make test` runs it"]
fn a_whole_run_ends_in_a_report_that_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let args = ["run", "--measure-only", "--out", out.to_str().unwrap(), "--device", "cuda:0"];
    let more = ["--profile", "quick", "--duration", "1ms", "--format", "human"];
    // Little memory: what is moved to and fro is moved by a processor.
    let small = FakeCuda::new().with("MEMORY_MIB", 24);
    let ended = assay_on(&small, args.into_iter().chain(more));
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    verified(&out);
    let report = std::fs::read_to_string(out.join("report.txt")).unwrap();
    assert!(
        !report.contains("WRONG") && !report.contains("MISSED") && unmeasured(&report).is_empty(),
        "{report}"
    );
    for words in ["Test driver, no GPU", "dmma-128x128", "chase.hbm.latency"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    for detail in ["\"library_path\":", "\"library_sha256\":", "\"compute_capability\":\"9.0\""] {
        assert!(events.contains(detail), "{detail} is not in the identity");
    }
}
