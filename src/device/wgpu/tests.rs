//! This backend on whatever adapter is there, where the conformance harness cannot reach: cutting at small limits,
//! loops that a driver leaves early, refusals, hangs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use super::plan::{Bind, Plan, Step};
use super::shaders::FmaForm;
use super::*;
use crate::device::Reach;
use crate::device::draw::{self, Distribution};
use crate::device::op::{self, Chains, Maker, Means, Precision, Route, Shape, StreamKind, Tally};
use crate::device::reference;
use crate::device::shared::COPY_BYTES_MAX;

/// The first adapter. There must be one: a machine that tests this backend needs a driver.
fn device(wait_limit: Duration) -> WgpuDevice {
    let found = adapter::enumerate().unwrap_or_else(|why| panic!("{why}"));
    WgpuDevice::open(&found[0], OpenOptions { wait_limit }).unwrap()
}

fn patient() -> WgpuDevice {
    device(Duration::from_secs(60))
}

fn run(device: &mut WgpuDevice, op: &Op) -> Done {
    let ticket = device.submit(op, 0, 1).unwrap_or_else(|e| panic!("{op:?}: {e}"));
    device.wait(ticket).unwrap_or_else(|e| panic!("{op:?}: {e}"))
}

/// Expansions, a tree and cells whose numbers pass 2^32.
fn hashes([a, b, c]: [Buf; 3]) -> Vec<Op> {
    let formats = [(Precision::Int8, 8), (Precision::Fp16, 6), (Precision::Bf16, 5), (Precision::Fp32, 4)];
    let expand = |(precision, bits): (Precision, u32)| {
        let elements = 390_000 / precision.bytes() / 64 * 64;
        Op::Expand { dst: b, elements, precision, bits, key: [7; 8] }
    };
    let tree = Op::Tree { src: a, chunks: 256, out: c, key: Some([5; 8]) };
    let cells = Op::Cells { dst: a, cells: 90, first: (1 << 32) - 70, key: [6; 8] };
    formats.map(expand).into_iter().chain([tree, cells]).collect()
}

/// Bindings of 64 KiB and dispatches of next to no work: everything is cut wherever it can be.
#[test]
fn work_cut_into_many_windows_and_dispatches_is_the_same_work() {
    let mut device = patient();
    device.binding_bytes = 64 << 10;
    let seed = 0xABCD_0000_0001_0002;
    let distribution = Distribution::Integers { magnitude: 2 };
    let sizes = [400_000u64, 400_000, 400_000];
    let b: Vec<Buf> = sizes.iter().map(|bytes| device.alloc(*bytes).unwrap()).collect();
    let mut expected = reference::Memory::default();
    for (buf, bytes) in b.iter().zip(sizes) {
        expected.put(*buf, vec![0; bytes as usize]);
    }
    let first_word = (3 << 32) - 60_000;
    let mut ops = vec![
        Op::Fill { dst: b[0], words: 99_001, first_word, seed },
        Op::Scan { src: b[0], words: 99_001, first_word, seed, tally: b[1] },
        Op::Digest { src: b[0], rows: 71, row_words: 1_301, out: b[2] },
        Op::Ring { dst: b[0], slots: 4096, stride_bytes: 92, seed },
        Op::Fma {
            precision: Precision::Fp32,
            chains: Chains { accumulators: 14, stride: 1 },
            rounds: 16,
            lanes: 50_001,
            distribution,
            seed,
            out: b[1],
        },
    ];
    for precision in Precision::ALL {
        let (elements, shape) = (250_001 / precision.bytes(), Shape { m: 150, n: 170, k: 133 });
        ops.push(Op::Draw { dst: b[0], elements, precision, distribution, seed });
        ops.push(Op::Draw { dst: b[1], elements, precision, distribution, seed: 5 });
        ops.push(Op::Gemm { by: Maker::Ours, precision, shape, a: b[0], b: b[1], c: b[2] });
    }
    ops.extend(hashes([b[0], b[1], b[2]]));
    let elements = 99_001;
    for i in [0, 1] {
        let (precision, dst) = (Precision::Fp32, b[i]);
        ops.push(Op::Draw { dst, elements, precision, distribution, seed: i as u64 });
    }
    ops.extend(StreamKind::ALL.map(|kind| Op::Stream { kind, a: b[0], b: b[1], c: b[2], elements }));
    for op in ops {
        if let Err(unsupported) = device.supports(&op) {
            println!("not supported: {op:?}: {}", unsupported.why);
            continue;
        }
        let kernel = forms::forms(&op, &device.card(), &|_| 0)[0].kernel.unwrap();
        device.parts.as_mut().unwrap().runner.expect_rate(kernel, 1e-3);
        if let Op::Scan { tally, .. } = op {
            device.write(tally, 0, &Tally::default().encode()).unwrap();
            expected
                .put(tally, [&Tally::default().encode()[..], &expected.get(tally)[Tally::BYTES..]].concat());
        }
        expected.execute(&op);
        let done = run(&mut device, &op);
        assert_eq!(done.counted, op.units().map(|units| units as u32), "{op:?}");
        for (buf, bytes) in b.iter().zip(sizes) {
            let mut wanted = expected.get(*buf).to_vec();
            let mut got = vec![0; bytes as usize];
            device.read(*buf, 0, &mut got).unwrap();
            wanted.extend_from_slice(&got[wanted.len()..]);
            expected.put(*buf, wanted.clone());
            assert!(got == wanted, "{op:?} differs from the reference in {buf:?}");
        }
    }
}

/// Drivers may make subgroups smaller than the adapter's largest; there are then more of them than kernels need.
#[test]
#[ignore = "needs cooperative matrices; `tests/adapters.sh sid` fetches a software driver that has them"]
fn products_on_matrix_units_cut_into_windows_with_subgroups_to_spare() {
    let mut device = patient();
    let unit = device.matrix.expect("this adapter has no fitting cooperative matrices");
    device.binding_bytes = 64 << 10;
    let (precision, distribution) = (Precision::Fp16, Distribution::Integers { magnitude: 2 });
    let sizes = [60_000u64, 60_000, 120_000];
    let b: Vec<Buf> = sizes.iter().map(|bytes| device.alloc(*bytes).unwrap()).collect();
    let mut expected = reference::Memory::default();
    for (buf, bytes) in b.iter().zip(sizes) {
        expected.put(*buf, vec![0; bytes as usize]);
    }
    for (dst, seed) in [(b[0], 1), (b[1], 2)] {
        let op = Op::Draw { dst, elements: 30_000, precision, distribution, seed };
        expected.execute(&op);
        run(&mut device, &op);
    }
    for (subgroup, k) in [(1, 133), (2, 133), (1, 136), (2, 136)] {
        device.matrix = Some(MatrixUnit { subgroup: subgroup * unit.subgroup, ..unit });
        let shape = Shape { m: 150, n: 172, k };
        let op = Op::Gemm { by: Maker::Ours, precision, shape, a: b[0], b: b[1], c: b[2] };
        expected.execute(&op);
        let labels: Vec<String> = device.variants(&op).into_iter().map(|variant| variant.label).collect();
        assert!(labels[0].starts_with("coop"), "{labels:?}");
        for (variant, label) in labels.iter().enumerate().filter(|(_, label)| label.starts_with("coop")) {
            device.write(b[2], 0, &[0xFF; 120_000]).unwrap();
            let ticket = device.submit(&op, variant, 1).unwrap();
            let counted = device.wait(ticket).unwrap().counted;
            assert_eq!(counted, op.units().map(|units| units as u32), "{label}, {shape:?}");
            let mut got = vec![0; 150 * 172 * 4];
            device.read(b[2], 0, &mut got).unwrap();
            assert!(got == expected.get(b[2])[..got.len()], "{label} differs from the reference, {shape:?}");
        }
    }
}

/// A ring and a pattern larger than one binding of a software driver.
#[test]
fn memory_beyond_one_binding_is_reached() {
    let mut device = patient();
    let (slots, seed) = (1u32 << 22, 9);
    let bytes = u64::from(slots) * 64;
    let (big, small) = (device.alloc(bytes).unwrap(), device.alloc(Tally::BYTES as u64).unwrap());
    let words = bytes / 4;
    run(&mut device, &Op::Fill { dst: big, words, first_word: 1 << 40, seed });
    run(&mut device, &Op::Flip { dst: big, word: words - 3, mask: 0x10 });
    device.write(small, 0, &Tally::default().encode()).unwrap();
    run(&mut device, &Op::Scan { src: big, words, first_word: 1 << 40, seed, tally: small });
    let mut raw = [0; Tally::BYTES];
    device.read(small, 0, &mut raw).unwrap();
    let tally = Tally::decode(&raw);
    assert_eq!((tally.words_checked, tally.words_wrong, tally.bit_mask), (words, 1, 0x10));
    assert_eq!(tally.examples[0].word, words - 3);

    let ring = Op::Ring { dst: big, slots, stride_bytes: 64, seed };
    device.supports(&ring).unwrap();
    assert_eq!(run(&mut device, &ring).counted, Some(slots));
    device.write(small, 0, &[0; 4]).unwrap();
    let hops = 20_011;
    assert_eq!(run(&mut device, &Op::Chase { ring: big, hops, state: small }).counted, Some(hops));
    let mut at = [0; 4];
    device.read(small, 0, &mut at).unwrap();
    assert_eq!(u32::from_le_bytes(at), op::ring_after(slots, seed, 0, u64::from(hops)) * 16);
}

/// The stock driver of Debian 12 leaves every loop of an invocation after 65,535 iterations and says nothing.
/// Plans stay below; should one not, the count gives it away.
#[test]
fn a_loop_that_the_driver_leaves_early_is_seen_in_the_count() {
    let mut device = patient();
    let out = device.alloc(1024).unwrap();
    let chains = Chains { accumulators: 1, stride: 0 };
    let format = format::of(Precision::Fp32).unwrap();
    let form = FmaForm { format, chains, unroll: 2, group: 64, vectors: false };
    let kernel = Kernel::Fma(form);
    let (blocks, lanes) = (70_000, 64);
    let params = vec![0, lanes, 0, blocks, 0, 1, 0, 1, 0, 0, 0];
    let step = Step {
        kernel,
        binds: vec![Bind { buf: out, at: 0, bytes: 256 }],
        params,
        groups: [1, 1],
        work: u64::from(blocks),
    };
    let plan = Plan { steps: vec![step], last: Vec::new(), stackable: false };
    let parts = device.parts.as_mut().unwrap();
    let ticket = parts.runner.submit(&mut parts.gpu, &parts.memory, kernel, &plan, 1, 1.0).unwrap();
    let counted = device.wait(ticket).unwrap().counted.unwrap();
    let all = blocks * 2 * lanes;
    if device.identity.driver.contains("Mesa 22.") {
        assert!(counted < all, "this driver no longer leaves loops early: {counted} of {all}");
    } else {
        assert_eq!(counted, all);
    }
}

#[test]
fn two_tickets_may_be_open_and_a_third_is_refused() {
    let mut device = patient();
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
    let again = device.wait(Ticket(0)).unwrap_err();
    assert!(matches!(again, DeviceError::Validation { .. }), "{again}");
    let mut word = [0; 4];
    device.read(bufs[0], 44, &mut word).unwrap();
    assert_eq!(u32::from_le_bytes(word), draw::pattern(4, 11));
}

#[test]
fn device_time_lies_within_host_time() {
    let mut device = patient();
    let buf = device.alloc(1 << 20).unwrap();
    let op = Op::Fill { dst: buf, words: 1 << 18, first_word: 0, seed: 1 };
    let kernel = forms::forms(&op, &device.card(), &|_| 0)[0].kernel.unwrap();
    for rate in [None, Some(1e-3)] {
        // The second round needs several submissions: the timestamps then lie in different command buffers.
        if let Some(rate) = rate {
            device.parts.as_mut().unwrap().runner.expect_rate(kernel, rate);
        }
        let start = Instant::now();
        let ticket = device.submit(&op, 0, 20).unwrap();
        let done = device.wait(ticket).unwrap();
        let host_ns = start.elapsed().as_nanos() as u64;
        let timed = device.features.contains(wgpu::Features::TIMESTAMP_QUERY);
        assert_eq!(done.device_ns.is_some(), timed);
        assert!(done.device_ns.is_none_or(|ns| ns <= host_ns), "{done:?} in {host_ns} ns");
    }
}

/// What the host writes wgpu puts into the card's own memory, where the host can reach that: what is sent from there crosses no link.
#[test]
fn what_is_sent_to_the_device_is_not_sent_from_its_own_memory() {
    let mut device = patient();
    let (words, route) = (3 << 20, Route::HostToDevice(Means::Pinned));
    let buf = device.alloc(words * 4).unwrap();
    for seed in [5, 6] {
        run(&mut device, &Op::Copy { route, buf, words, seed });
        for word in [0, words / 2, words - 1] {
            let mut got = [0; 4];
            device.read(buf, word * 4, &mut got).unwrap();
            assert_eq!(u32::from_le_bytes(got), draw::pattern(seed, word), "word {word}");
        }
    }
    let usage = device.parts.as_ref().unwrap().upload.usage();
    let of_host = usage.contains(wgpu::BufferUsages::MAP_READ);
    assert_eq!(of_host, device.identity.driver.starts_with("Vulkan"), "{usage:?}");
}

/// Where only kernels can be timed, a copy has no time of the device's: above all not that of the work before it.
#[test]
fn a_copy_that_was_not_timed_has_no_time_of_the_device() {
    let found = adapter::enumerate().unwrap();
    let around_kernels = WANTED.difference(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);
    let options = OpenOptions { wait_limit: Duration::from_secs(60) };
    let mut device = WgpuDevice::open_with(&found[0], options, around_kernels).unwrap();
    let words = 1 << 20;
    let [buf, to] = [(); 2].map(|()| device.alloc(words * 4).unwrap());
    let fill = Op::Fill { dst: buf, words, first_word: 0, seed: 1 };
    let timed = device.features.contains(wgpu::Features::TIMESTAMP_QUERY);
    let tickets = [(); 2].map(|()| device.submit(&fill, 0, 1).unwrap());
    for ticket in tickets {
        assert_eq!(device.wait(ticket).unwrap().device_ns.is_some(), timed);
    }
    let routes = [Route::Within(to), Route::DeviceToHost(Means::Pinned), Route::HostToDevice(Means::Pinned)];
    for route in routes {
        let done = run(&mut device, &Op::Copy { route, buf, words, seed: 1 });
        assert_eq!(done.device_ns, None, "{route:?}");
    }
    assert_eq!(run(&mut device, &fill).device_ns.is_some(), timed);
}

#[test]
fn timestamps_that_begin_anew_still_tell_the_time_between() {
    use super::run::ticks_between;
    let all = (1 << 36) - 1;
    assert_eq!(ticks_between([all - 4, 5], 36), Some(10));
    assert_eq!(ticks_between([100, 350], 36), Some(250));
    assert_eq!(ticks_between([u64::MAX, 9], 64), Some(10));
    for bits in [36, 64] {
        assert_eq!(ticks_between([350, 100], bits), None, "the later one lies before");
    }
    assert_eq!(ticks_between([3, 3], 0), Some(0), "none count");
}

#[test]
fn what_cannot_be_done_is_refused_and_does_no_harm() {
    let mut device = patient();
    let buf = device.alloc(4096).unwrap();
    let other = device.alloc(4096).unwrap();
    let refused = |device: &mut WgpuDevice, op: Op, variant| match device.submit(&op, variant, 1) {
        Err(DeviceError::Validation { why }) => why,
        unexpected => panic!("{op:?}: {unexpected:?}"),
    };
    let fill = |dst, words| Op::Fill { dst, words, first_word: 0, seed: 1 };
    assert!(refused(&mut device, fill(buf, 1025), 0).contains("of a buffer of 4096"));
    assert!(refused(&mut device, fill(Buf(77), 1), 0).contains("no buffer 77"));
    assert!(refused(&mut device, fill(buf, 1), 99).contains("99"));
    let copy =
        Op::Copy { route: Route::HostToDevice(Means::Pinned), buf, words: COPY_BYTES_MAX / 4 + 1, seed: 1 };
    assert!(refused(&mut device, copy, 0).contains("bytes"));
    // The same buffer read and written in one dispatch is wgpu's to refuse.
    refused(&mut device, Op::Stream { kind: StreamKind::Copy, a: buf, b: buf, c: buf, elements: 8 }, 0);
    assert!(device.write(buf, 4096, &[0; 4]).is_err());
    assert!(device.read(Buf(9), 0, &mut [0; 4]).is_err());
    let too_much = device.alloc(device.identity.buffer_bytes_max + 16).unwrap_err();
    assert!(matches!(too_much, DeviceError::OutOfMemory { .. }), "{too_much}");
    device.free(other);
    assert!(refused(&mut device, fill(other, 1), 0).contains("no buffer"));
    assert_eq!(run(&mut device, &fill(buf, 1024)).counted, Some(1024));
}

#[test]
fn a_wait_beyond_the_limit_is_a_hang_and_stays_one() {
    let mut device = device(Duration::from_millis(30));
    let out = device.alloc(1 << 20).unwrap();
    let op = Op::Fma {
        precision: Precision::Fp32,
        chains: Chains { accumulators: 8, stride: 0 },
        rounds: 200_000,
        lanes: 1 << 18,
        distribution: Distribution::Normal,
        seed: 1,
        out,
    };
    // Taken for quick, all of it is one submission: of several, a software driver runs all but the last in the submit.
    let kernel = forms::forms(&op, &device.card(), &|_| 1 << 20)[1].kernel.unwrap();
    device.parts.as_mut().unwrap().runner.expect_rate(kernel, 1e9);
    let ticket = device.submit(&op, 1, 1).unwrap();
    let start = Instant::now();
    assert_eq!(device.wait(ticket), Err(DeviceError::Hang { after_ms: 30 }));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(device.alloc(4), Err(DeviceError::Hang { after_ms: 30 }));
    drop(device);
}

/// wgpu itself answers a lost device with success: only the callback tells.
#[test]
fn a_lost_device_is_an_error_of_every_later_call() {
    let mut device = patient();
    let buf = device.alloc(4096).unwrap();
    let op = Op::Fill { dst: buf, words: 1024, first_word: 0, seed: 1 };
    run(&mut device, &op);
    device.parts.as_ref().unwrap().gpu.device.destroy();
    let lost = |result: Result<(), DeviceError>| {
        assert!(matches!(result, Err(DeviceError::Lost { .. })), "{result:?}")
    };
    lost(device.submit(&op, 0, 1).and_then(|ticket| device.wait(ticket)).map(|_| ()));
    lost(device.alloc(4096).map(|_| ()));
    lost(device.write(buf, 0, &[0; 4]));
    lost(device.read(buf, 0, &mut [0; 4]));
    drop(device);
}

/// What contracts are told can be measured through this backend.
#[test]
fn contracts_demand_what_this_backend_multiplies_and_copies() {
    use crate::contract::means;
    use crate::evidence::metric::MetricName;
    let device = patient();
    let card = crate::catalogue::gpus().iter().find(|gpu| gpu.vendor == "AMD").unwrap();
    let (vendor_id, provenance) = (Some(0x1002), Provenance::Hardware);
    let of_amd = Identity { vendor_id, provenance, ..device.identity.clone() };
    let says = |name: String, op: &Op| {
        let metric = MetricName::parse(&name).unwrap_or_else(|e| panic!("{e}"));
        let is_ours =
            device.supports(op).is_err_and(|unsupported| unsupported.by == crate::device::Lacking::Us);
        let means = means::of(card, &metric);
        assert_eq!(means == means::Means::Lacking, is_ours, "{name}");
        let falls_short = reach::reach(op, &of_amd) == Reach::Kernel;
        assert!(is_ours || (means == means::Means::Part) == falls_short, "{name}: {means:?}");
    };
    let [a, b, c] = [Buf::NONE; 3];
    for precision in Precision::MULTIPLIED {
        let shape = Shape { m: 64, n: 64, k: 64 };
        let op = Op::Gemm { by: Maker::Ours, precision, shape, a, b, c };
        says(format!("gemm.{}.rate", precision.name()), &op);
    }
    let copies = [
        ("h2d", Route::HostToDevice(Means::Pinned)),
        ("d2h", Route::DeviceToHost(Means::Pinned)),
        ("both", Route::BothWays(a)),
        ("h2d_pageable", Route::HostToDevice(Means::Pageable)),
        ("d2h_pageable", Route::DeviceToHost(Means::Pageable)),
        ("h2d_kernel", Route::HostToDevice(Means::Kernel)),
        ("d2h_kernel", Route::DeviceToHost(Means::Kernel)),
    ];
    for (name, route) in copies {
        says(format!("link.{name}.rate"), &Op::Copy { route, buf: a, words: 1024, seed: 1 });
    }
    for kind in StreamKind::ALL {
        says(format!("stream.{}.rate", kind.name()), &Op::Stream { kind, a, b, c, elements: 1024 });
    }
    let (words, seed) = (Op::REREAD_WORDS, 1);
    says("l2.read.rate".to_owned(), &Op::Reread { src: a, words, passes: 1, sum: b });
    says("memory.write.rate".to_owned(), &Op::Fill { dst: a, words, first_word: 0, seed });
    says("memory.verify.rate".to_owned(), &Op::Scan { src: a, words, first_word: 0, seed, tally: b });
    says("chase.hbm.latency".to_owned(), &Op::Chase { ring: a, hops: 1024, state: b });
    let whole = [
        "memory.filled.bytes",
        "memory.errors.count",
        "census.disturbed.share",
        "census.disturbed_memory.share",
    ];
    for name in whole {
        assert_eq!(means::of(card, &MetricName::parse(name).unwrap()), means::Means::Whole, "{name}");
    }
}
