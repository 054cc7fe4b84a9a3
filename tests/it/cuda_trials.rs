//! Products of the large Blackwells, by kernels that have run on no hardware: they are right on the driver for tests, are offered after
//! a trial in a process of its own alone, and cost nothing where they fail.

use gpu_assay::device::draw::Distribution;
use gpu_assay::device::op::{Maker, Op, Precision, Shape};
use gpu_assay::device::{Buf, Device, Reach, Trial};
use gpu_assay::probes::{self, rehearsal};

use crate::cuda::{assay_on, in_child, open, run};
use crate::process::verified;
use crate::support_cuda::{FakeCuda, flip_descriptors, live};

const FORM: &str = "tcgen05-128x256";
const ALL: [&str; 4] = ["tensor_umma", "tensor_umma_int8", "umma", "umma_int8"];

fn product(precision: Precision) -> Op {
    let (shape, [a, b, c]) = (Shape { m: 129, n: 97, k: 80 }, [Buf::NONE; 3]);
    Op::Gemm { by: Maker::Ours, precision, shape, a, b, c }
}

fn labels(device: &dyn Device, precision: Precision) -> Vec<String> {
    device.variants(&product(precision)).into_iter().map(|variant| variant.label).collect()
}

/// The formats in which the first of both multiplies so; the second does not in INT8.
const FORMATS: [Precision; 6] = [
    Precision::Bf16,
    Precision::Fp16,
    Precision::Tf32,
    Precision::Fp8E4m3,
    Precision::Fp8E5m2,
    Precision::Int8,
];

/// Of two units: three tiles for each, so that a set of sums is used again; more slabs than stages; fewer of both; tiles that lie outside
/// on two sides.
#[test]
fn products_into_tensor_memory_equal_the_reference() {
    for (sm, families) in [(100, &ALL[..]), (103, &["tensor_umma", "umma"])] {
        let here = "products_into_tensor_memory_equal_the_reference";
        if !in_child("cuda_trials", here, &FakeCuda::new().with("SM", sm).with("UNITS", 2)) {
            continue;
        }
        let mut opened = open();
        let device = &mut *opened.device;
        if device.identity().details["compute_capability"] != format!("{}.{}", sm / 10, sm % 10) {
            continue;
        }
        assert_eq!(rehearsal::families(device, &probes::names()), families);
        families.iter().for_each(|family| device.admit(family, Ok(())));
        for precision in FORMATS {
            let first = device.variants(&product(precision)).into_iter().next().unwrap();
            let is_here = sm == 100 || precision != Precision::Int8;
            assert_eq!(first.label, if is_here { FORM } else { "mma-128x256" }, "{precision:?}");
            assert!(first.caveat.is_some_and(|caveat| caveat.contains("have not yet run on hardware")));
            assert_eq!(first.reach, Reach::Kernel);
        }
        let formats = if sm == 100 { &FORMATS[..] } else { &FORMATS[..1] };
        crate::conformance::in_first_form(device, formats, &[[1, 1, 16], [270, 259, 144], [5, 258, 528]]);
        drop(opened);
        assert_eq!(live(), 0);
    }
}

/// Every bit of what the units are told counts, but for one field that they do not look at in matrices that lie as ours do: a kernel that
/// gets one wrong is found out.
#[test]
fn a_wrong_bit_in_a_descriptor_is_noticed() {
    if in_child("cuda_trials", "a_wrong_bit_in_a_descriptor_is_noticed", &FakeCuda::new().with("SM", 100)) {
        let mut opened = open();
        let device = &mut *opened.device;
        device.admit("umma", Ok(()));
        let (precision, shape) = (Precision::Bf16, Shape { m: 128, n: 256, k: 64 });
        let [a, b, c] = [128 * 64 * 2, 256 * 64 * 2, 128 * 256 * 4].map(|bytes| device.alloc(bytes).unwrap());
        for (dst, elements, seed) in [(a, 128 * 64, 1), (b, 256 * 64, 2)] {
            let distribution = Distribution::Integers { magnitude: 2 };
            run(device, &Op::Draw { dst, elements, precision, distribution, seed });
        }
        let mut product = |wrong| {
            flip_descriptors(wrong);
            run(device, &Op::Gemm { by: Maker::Ours, precision, shape, a, b, c });
            let mut result = vec![0; 128 * 256 * 4];
            device.read(c, 0, &mut result).unwrap();
            result
        };
        let right = product(None);
        // Those of a, of b, and of the instruction.
        for bit in 0..64 + 64 + 32 {
            let is_unread = bit < 128 && (16..30).contains(&(bit % 64));
            assert_eq!(product(Some(bit)) == right, is_unread, "bit {bit}");
        }
    }
}

/// One box of a matrix never comes: the kernel gives up, gives its tensor memory back, and counts less than was asked for.
#[test]
fn a_product_into_tensor_memory_that_waits_for_ever_gives_up_and_counts_less() {
    let here = "a_product_into_tensor_memory_that_waits_for_ever_gives_up_and_counts_less";
    if in_child("cuda_trials", here, &FakeCuda::new().with("SM", 100).with("LOSE_BOX", 5)) {
        let mut opened = open();
        let device = &mut *opened.device;
        device.admit("umma", Ok(()));
        let [a, b, c] = [(); 3].map(|()| device.alloc(1 << 18).unwrap());
        let shape = Shape { m: 200, n: 256, k: 256 };
        let op = Op::Gemm { by: Maker::Ours, precision: Precision::Bf16, shape, a, b, c };
        assert_eq!(device.variants(&op)[0].label, FORM);
        let counted = u64::from(run(device, &op).counted.unwrap());
        assert!(counted < op.units().unwrap(), "{counted}");
        let fill = Op::Fill { dst: a, words: 1024, first_word: 0, seed: 1 };
        assert_eq!(run(device, &fill).counted, Some(1024), "the device is as well as before");
    }
}

#[test]
fn what_was_not_tried_is_not_offered_and_what_failed_says_so() {
    if in_child(
        "cuda_trials",
        "what_was_not_tried_is_not_offered_and_what_failed_says_so",
        &FakeCuda::new().with("SM", 100),
    ) {
        let mut opened = open();
        let device = &mut *opened.device;
        assert_eq!(labels(device, Precision::Bf16)[0], "mma-128x256");
        let unsupported = device.supports(&product(Precision::Fp8E4m3)).unwrap_err();
        assert!(unsupported.why.contains("were not tried here first"), "{unsupported:?}");
        let trial = |is_offered| vec![Trial { family: "umma", is_offered }];
        assert_eq!(device.on_probation(&product(Precision::Bf16)), trial(false));
        device.admit("umma", Ok(()));
        assert_eq!(device.on_probation(&product(Precision::Bf16)), trial(true));
        assert_eq!(labels(device, Precision::Bf16)[0], FORM);
        // What is on no probation is nobody's to leave out.
        device.admit("mma", Err("out".to_owned()));
        device.admit("umma", Err("it ended in flames".to_owned()));
        assert!(device.on_probation(&product(Precision::Bf16)).is_empty());
        let first = &device.variants(&product(Precision::Bf16))[0];
        assert_eq!(first.label, "mma-128x256");
        let caveat = first.caveat.as_deref().unwrap();
        assert!(caveat.contains("umma kernels") && caveat.contains("it ended in flames"), "{caveat}");
        let unsupported = device.supports(&product(Precision::Fp8E4m3)).unwrap_err();
        assert!(unsupported.why.contains("it ended in flames"), "{unsupported:?}");
    }
}

/// What a trial in a process of its own says of a family, on a driver with these faults.
fn tried(driver: &FakeCuda, family: &str) -> String {
    assay_on(driver, ["worker", "--check", "cuda:0", "--rehearse", family]).stdout
}

#[test]
fn a_trial_tells_right_from_wrong_and_from_what_breaks_the_device() {
    let small = FakeCuda::new().with("SM", 100).with("UNITS", 1).with("MEMORY_MIB", 8);
    for family in ["umma_int8", "tensor_umma_int8"] {
        assert_eq!(tried(&small, family), "{\"Ok\":null}\n");
    }
    for (family, fault, which, why) in [
        ("umma", "SPOIL_KERNELS", "umma_fp16:2", "the product is wrong at row 0, column 0"),
        ("umma", "LOSE_KERNELS", "umma_fp8", "CUDA_ERROR_LAUNCH_FAILED"),
        ("tensor_umma", "SPOIL_KERNELS", "tensor_umma_fp16:1", "the result of mma is wrong"),
    ] {
        let said = tried(&small.clone().with(fault, which), family);
        assert!(said.contains(why), "{family}, {fault}: {said}");
    }
}

/// Where kernels that nobody has tried break the device, the others' figure stands; where they are wrong, but only after a trial that was
/// right, in which they ran twice, that figure is open and those that follow stand. The report says what became of them.
#[test]
fn kernels_that_fail_are_left_out_and_what_may_be_the_cards_fault_stays_open() {
    let small = FakeCuda::new().with("SM", 100).with("UNITS", 1).with("MEMORY_MIB", 2);
    for (fault, which, forms) in [
        ("LOSE_KERNELS", "umma_int8", [FORM, FORM, "mma-128x256"]),
        ("SPOIL_KERNELS", "umma_tf32:3", ["is wrong", "mma-128x256", FORM]),
    ] {
        let driver = small.clone().with(fault, which);
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let args = ["run", "--measure-only", "--out", out.to_str().unwrap(), "--device", "cuda:0"];
        let more = ["--profile", "quick", "--probe", "gemm", "--duration", "1ms", "--format", "human"];
        let ended = assay_on(&driver, args.into_iter().chain(more));
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        verified(&out);
        let report = std::fs::read_to_string(out.join("report.txt")).unwrap();
        assert!(!report.contains("WRONG"), "{report}");
        for (metric, form) in ["gemm.tf32.rate", "gemm.bf16.rate", "gemm.int8.rate"].into_iter().zip(forms) {
            let line = report.lines().find(|line| line.starts_with(metric)).unwrap();
            assert!(line.contains(form), "{metric}, {form}: {report}");
            let is_open = line.contains("skipped: ");
            assert_eq!(is_open, form == "is wrong", "nobody can tell whether it was the card: {report}");
        }
        for words in ["not yet run on hardware", "failed here and were left out"] {
            assert!(report.contains(words), "{words}: {report}");
        }
    }
}
