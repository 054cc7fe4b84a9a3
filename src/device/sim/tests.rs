//! Simulated devices: equal to the reference, and faulty exactly as their script says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conformance;
mod faults;

use std::time::{Duration, Instant};

use super::super::backend::{OpenOptions, Opened};
use super::super::inventory;
use super::super::op::{Maker, Precision, Shape, Tally};
use super::super::{Buf, DeviceError, Done, Op, draw, reference};
use super::*;
use crate::device::draw::Distribution;

const WAIT_LIMIT: Duration = Duration::from_secs(10);

fn open(script: &str) -> Opened {
    inventory::open(&format!("sim:{script}"), OpenOptions { wait_limit: WAIT_LIMIT }).unwrap()
}

/// Runs an op to its end with its fastest variant.
fn run(opened: &mut Opened, op: Op) -> Result<Done, DeviceError> {
    let variant = opened.device.variants(&op).len().saturating_sub(1);
    let ticket = opened.device.submit(&op, variant, 1)?;
    opened.device.wait(ticket)
}

fn read(opened: &mut Opened, buf: Buf, bytes: usize) -> Vec<u8> {
    let mut out = vec![0; bytes];
    opened.device.read(buf, 0, &mut out).unwrap();
    out
}

fn words(bytes: &[u8]) -> Vec<u32> {
    exec::words_of(bytes)
}

/// Fills `bytes` of a fresh buffer, scans it with the same pattern, returns what was found.
fn fill_and_scan(opened: &mut Opened, bytes: u64) -> Tally {
    let dst = opened.device.alloc(bytes).unwrap();
    let tally = opened.device.alloc(Tally::BYTES as u64).unwrap();
    let words = bytes / 4;
    run(opened, Op::Fill { dst, words, first_word: 0, seed: 9 }).unwrap();
    // Aliased memory may have laid the fill over the tally.
    opened.device.write(tally, 0, &[0; Tally::BYTES]).unwrap();
    run(opened, Op::Scan { src: dst, words, first_word: 0, seed: 9, tally }).unwrap();
    let found = read(opened, tally, Tally::BYTES);
    opened.device.free(dst);
    opened.device.free(tally);
    Tally::decode(&found.try_into().unwrap())
}

fn gemm(precision: Precision, shape: Shape, [a, b, c]: [Buf; 3]) -> Op {
    Op::Gemm { by: Maker::Ours, precision, shape, a, b, c }
}

#[test]
fn every_profile_is_listed_opens_and_says_that_it_is_simulated() {
    let listed = list().unwrap();
    let uuids: std::collections::BTreeSet<_> = listed.iter().map(|l| l.identity.uuid.clone()).collect();
    assert_eq!(uuids.len(), PROFILES.len());
    for Listed { selector, identity } in listed {
        let opened = inventory::open(&selector, OpenOptions { wait_limit: WAIT_LIMIT }).unwrap();
        assert_eq!(*opened.device.identity(), identity);
        assert_eq!(identity.provenance, Provenance::Simulated { script: selector });
        assert!(identity.name.ends_with("(simulated)"));
    }
}

#[test]
fn a_selector_that_fits_nothing_says_what_would() {
    let fails =
        |rest: &str| super::open(rest, OpenOptions { wait_limit: WAIT_LIMIT }).err().unwrap().to_string();
    assert_eq!(
        fails("h2000"),
        "no device matches \"sim:h2000\": there is no profile \"h2000\", did you mean \"h200\"; \
         the profiles are h200, h100, a100, l40s, mi300x, mini"
    );
    assert!(fails("mini,flip=64GB:1").contains("lies beyond the 67108864 bytes of mini"));
    assert!(fails("mini,mem=0B").contains("mem is 0 bytes"));
    assert!(fails("mini,alias=1kB").contains("alias is less than"));
    assert!(fails("mini,buffer=8B").contains("buffer is less than"));
    assert!(fails("mini,flop=1").contains("part 2, at character 10"));
    assert!(fails(&"x".repeat(100_000)).len() < 1000);
}

#[test]
fn a_whole_card_is_filled_and_scanned_in_milliseconds() {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let mut opened = open("h200,flip=41GB:17,stuck=100GB:3=0");
        let bytes = 141_000_000_000;
        let began = Instant::now();
        let found = fill_and_scan(&mut opened, bytes);
        best = best.min(began.elapsed());
        assert_eq!(found.words_checked, bytes / 4);
        assert_eq!(found.examples[0].word, 41_000_000_000 / 4);
        assert_eq!(found.examples[0].got, draw::pattern(9, 41_000_000_000 / 4) ^ 1 << 17);
    }
    assert!(best < Duration::from_millis(50), "{best:?}");
}

#[test]
fn rows_of_a_product_too_large_to_compute_are_right() {
    let mut opened = open("h200");
    let shape = Shape { m: 1 << 20, n: 96, k: 64 };
    let inputs = reference::DrawnInputs { distribution: Distribution::Normal, seed_a: 1, seed_b: 2 };
    let (rows_a, rows_b) = (u64::from(shape.m * shape.k), u64::from(shape.n * shape.k));
    let a = opened.device.alloc(rows_a * 2).unwrap();
    let b = opened.device.alloc(rows_b * 2).unwrap();
    let c = opened.device.alloc(u64::from(shape.m * shape.n) * 4).unwrap();
    for (dst, elements, seed) in [(a, rows_a, 1), (b, rows_b, 2)] {
        let (precision, distribution) = (Precision::Fp16, Distribution::Normal);
        run(&mut opened, Op::Draw { dst, elements, precision, distribution, seed }).unwrap();
    }
    run(&mut opened, gemm(Precision::Fp16, shape, [a, b, c])).unwrap();
    let mut row = vec![0; shape.n as usize * 4];
    opened.device.read(c, 777_777 * u64::from(shape.n) * 4, &mut row).unwrap();
    let expected = reference::drawn_gemm_row(Precision::Fp16, shape, &inputs, 777_777);
    assert_eq!(words(&row), expected.iter().map(|bits| *bits as u32).collect::<Vec<_>>());

    // Digests of the whole are equal for equal work, and differ once an input changes; one row is the reference's.
    let out = opened.device.alloc(u64::from(shape.m) * 8).unwrap();
    let digest = Op::Digest { src: c, rows: u64::from(shape.m), row_words: shape.n, out };
    let mut digests = Vec::new();
    for flipped in [false, false, true] {
        if flipped {
            run(&mut opened, Op::Flip { dst: a, word: 5, mask: 1 }).unwrap();
        }
        run(&mut opened, gemm(Precision::Fp16, shape, [a, b, c])).unwrap();
        run(&mut opened, digest).unwrap();
        digests.push(read(&mut opened, out, shape.m as usize * 8));
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    let mut one = [0; 8];
    opened.device.read(out, 777_777 * 8, &mut one).unwrap();
    assert_eq!(words(&one), reference::digest(words(&row)));
    // The whole product would take minutes: refused, not faked.
    let mut all = vec![0; 1 << 28];
    assert!(matches!(opened.device.read(c, 0, &mut all), Err(DeviceError::Validation { .. })));
}

/// Of memory that is slow to make only what is looked at is made, from any word on; a bit that flips is in the hash.
#[test]
fn cells_are_those_of_the_reference_wherever_one_looks() {
    let mut opened = open("mini");
    let key = [3, 1, 4, 1, 5, 9, 2, 6];
    let dst = opened.device.alloc(1000 * Op::CELL_BYTES).unwrap();
    run(&mut opened, Op::Cells { dst, cells: 1000, first: 7, key }).unwrap();
    let mut across = vec![0; 8192];
    opened.device.read(dst, 998 * Op::CELL_BYTES - 4, &mut across).unwrap();
    let cells = [1004u64, 1005, 1006].map(|index| reference::cell(&key, index)).concat();
    assert_eq!(across, cells[4092..4092 + 8192]);
    run(&mut opened, Op::Cells { dst, cells: 4, first: 0, key }).unwrap();
    run(&mut opened, Op::Flip { dst, word: 2000, mask: 8 }).unwrap();
    let out = opened.device.alloc(31 * Op::NODE_BYTES).unwrap();
    run(&mut opened, Op::Tree { src: dst, chunks: 16, out, key: Some(key) }).unwrap();
    let mut bytes = (0..4).flat_map(|index| reference::cell(&key, index)).collect::<Vec<_>>();
    bytes[8000] ^= 8;
    assert_eq!(read(&mut opened, out, 31 * 32), reference::tree(&bytes, Some(&key)).concat());
}

/// A product is committed by the tree over its rows.
#[test]
fn the_tree_over_a_product_is_that_of_its_bytes() {
    let mut opened = open("mini");
    let shape = Shape { m: 32, n: 256, k: 64 };
    let (chunks, sizes) = (32u64, [32 * 64, 256 * 64, 32 * 1024, 63 * 32]);
    let [a, b, c, out] = sizes.map(|bytes| opened.device.alloc(bytes).unwrap());
    for (dst, elements, key) in [(a, sizes[0], [1; 8]), (b, sizes[1], [2; 8])] {
        run(&mut opened, Op::Expand { dst, elements, precision: Precision::Int8, bits: 8, key }).unwrap();
    }
    let tree = Op::Tree { src: c, chunks, out, key: None };
    let mut roots = Vec::new();
    for flipped in [false, true] {
        run(&mut opened, gemm(Precision::Int8, shape, [a, b, c])).unwrap();
        if flipped {
            run(&mut opened, Op::Flip { dst: c, word: 8000, mask: 1 }).unwrap();
        }
        assert_eq!(run(&mut opened, tree).unwrap().counted, Some(63));
        // What is written later is not part of it.
        run(&mut opened, Op::Fill { dst: c, words: 8192, first_word: 0, seed: 1 }).unwrap();
        let nodes = read(&mut opened, out, 63 * 32);
        run(&mut opened, gemm(Precision::Int8, shape, [a, b, c])).unwrap();
        let mut bytes = read(&mut opened, c, 32 * 1024);
        bytes[4 * 8000] ^= u8::from(flipped);
        assert_eq!(nodes, reference::tree(&bytes, None).concat());
        assert_eq!(nodes[62 * 32..], *blake3::hash(&bytes).as_bytes());
        roots.push(nodes);
    }
    assert_ne!(roots[0], roots[1]);
}

#[test]
fn trees_too_large_to_compute_are_equal_for_equal_sources_only() {
    let mut opened = open("h200");
    let (chunks, words) = (1 << 20, 1 << 28);
    let src = opened.device.alloc(words * 4).unwrap();
    let out = opened.device.alloc(Op::tree_nodes(chunks) * Op::NODE_BYTES).unwrap();
    let mut roots = Vec::new();
    for seed in [1, 1, 2] {
        run(&mut opened, Op::Fill { dst: src, words, first_word: 0, seed }).unwrap();
        run(&mut opened, Op::Tree { src, chunks, out, key: None }).unwrap();
        let mut root = [0; 32];
        opened.device.read(out, (Op::tree_nodes(chunks) - 1) * Op::NODE_BYTES, &mut root).unwrap();
        roots.push(root);
    }
    assert_eq!(roots[0], roots[1]);
    assert_ne!(roots[0], roots[2]);
}

#[test]
fn expansions_and_trees_that_make_no_sense_are_not_supported() {
    let mut opened = open("mini");
    let buf = opened.device.alloc(4096).unwrap();
    for op in [
        Op::Expand { dst: buf, elements: 64, precision: Precision::Tf32, bits: 6, key: [0; 8] },
        Op::Expand { dst: buf, elements: 63, precision: Precision::Int8, bits: 6, key: [0; 8] },
        Op::Tree { src: buf, chunks: 3, out: buf, key: None },
    ] {
        assert!(opened.device.supports(&op).is_err(), "{op:?}");
        assert!(matches!(run(&mut opened, op), Err(DeviceError::Validation { .. })), "{op:?}");
    }
    // Over its own input, and beyond the end of a buffer.
    let other = opened.device.alloc(64).unwrap();
    for op in [
        Op::Tree { src: buf, chunks: 2, out: buf, key: None },
        Op::Tree { src: buf, chunks: 4, out: other, key: None },
        Op::Expand { dst: other, elements: 128, precision: Precision::Int8, bits: 6, key: [0; 8] },
    ] {
        assert!(opened.device.supports(&op).is_ok(), "{op:?}");
        assert!(matches!(run(&mut opened, op), Err(DeviceError::Validation { .. })), "{op:?}");
    }
}

#[test]
fn rates_are_those_of_the_card() {
    let mut opened = open("h200,noise=0");
    let elements = 1u64 << 30;
    let [a, b, c] = [(); 3].map(|()| opened.device.alloc(elements * 4).unwrap());
    let op = Op::Stream { kind: crate::device::op::StreamKind::Triad, a, b, c, elements };
    let ticket = opened.device.submit(&op, 1, 10).unwrap();
    let done = opened.device.wait(ticket).unwrap();
    let rate = op.work() as f64 * 10.0 / (done.device_ns.unwrap() as f64 / 1e9);
    assert!((rate / 4800e9 - 0.92).abs() < 0.001, "{rate}");
    assert_eq!(done.counted, Some((elements * 10) as u32));
    let variants = opened.device.variants(&op);
    let slow = opened.device.submit(&op, 0, 10).unwrap();
    assert!(opened.device.wait(slow).unwrap().device_ns > done.device_ns);
    assert!(matches!(
        opened.device.submit(&op, variants.len(), 1).map(|t| opened.device.wait(t)),
        Ok(Err(_))
    ));
}

#[test]
fn latency_climbs_level_by_level() {
    let mut opened = open("h100,noise=0");
    let ring = opened.device.alloc(1 << 32).unwrap();
    let state = opened.device.alloc(4).unwrap();
    let mut before_ns = 0.0;
    for shift in [12, 16, 20, 24, 28, 32] {
        let slots = 1u32 << (shift - 6);
        run(&mut opened, Op::Ring { dst: ring, slots, stride_bytes: 64, seed: 3 }).unwrap();
        opened.device.write(state, 0, &[0; 4]).unwrap();
        let hops = 10_000_000;
        let done = run(&mut opened, Op::Chase { ring, hops, state }).unwrap();
        let ns = done.device_ns.unwrap() as f64 / f64::from(hops);
        assert!(ns >= before_ns, "{shift}: {ns} after {before_ns}");
        before_ns = ns;
        let place = crate::device::op::ring_after(slots, 3, 0, u64::from(hops)) * 16;
        assert_eq!(words(&read(&mut opened, state, 4)), [place]);
    }
    assert!((300.0..330.0).contains(&before_ns), "{before_ns}");
}

#[test]
fn submit_returns_at_once_and_two_tickets_run_one_after_the_other() {
    let mut opened = open("h200,noise=0");
    let dst = opened.device.alloc(1 << 36).unwrap();
    let op = Op::Fill { dst, words: 1 << 34, first_word: 0, seed: 1 };
    let start = opened.clock.now_ns();
    let first = opened.device.submit(&op, 0, 1).unwrap();
    let second = opened.device.submit(&op, 0, 1).unwrap();
    assert!(opened.clock.now_ns() - start < 10_000);
    assert!(matches!(opened.device.submit(&op, 0, 1), Err(DeviceError::Validation { .. })));
    let work_ns = opened.device.wait(first).unwrap().device_ns.unwrap();
    let after_first = opened.clock.now_ns() - start;
    assert!(after_first > work_ns && after_first < work_ns + 50_000);
    opened.device.wait(second).unwrap();
    let after_second = opened.clock.now_ns() - start;
    assert!(after_second > 2 * work_ns && after_second < 2 * work_ns + 50_000);
}

#[test]
fn wrong_requests_are_refused_when_waited_for() {
    let mut opened = open("mini");
    let small = opened.device.alloc(64).unwrap();
    for op in [
        Op::Fill { dst: small, words: 17, first_word: 0, seed: 0 },
        Op::Fill { dst: Buf(99), words: 1, first_word: 0, seed: 0 },
        Op::Fill { dst: small, words: u64::MAX, first_word: 0, seed: 0 },
        Op::Ring { dst: small, slots: 3, stride_bytes: 4, seed: 0 },
        Op::Ring { dst: small, slots: 0, stride_bytes: 4, seed: 0 },
        Op::Scan { src: small, words: 1, first_word: 0, seed: 0, tally: small },
        Op::Fma {
            precision: Precision::Fp32,
            chains: crate::device::op::Chains { accumulators: u32::MAX, stride: 0 },
            rounds: u32::MAX - 1,
            lanes: u32::MAX,
            distribution: Distribution::Normal,
            seed: 0,
            out: small,
        },
        gemm(Precision::Fp64, Shape { m: u32::MAX, n: u32::MAX, k: u32::MAX }, [small; 3]),
    ] {
        assert!(matches!(run(&mut opened, op), Err(DeviceError::Validation { .. })), "{op:?}");
    }
    assert!(matches!(opened.device.alloc(6), Err(DeviceError::Validation { .. })));
    assert!(matches!(opened.device.alloc(0), Err(DeviceError::Validation { .. })));
    assert!(matches!(opened.device.alloc(1 << 30), Err(DeviceError::Validation { .. })));
    assert!(matches!(opened.device.write(small, 64, &[0; 4]), Err(DeviceError::Validation { .. })));
    assert!(matches!(
        opened.device.read(small, u64::MAX - 3, &mut [0; 4]),
        Err(DeviceError::Validation { .. })
    ));
    // The card is none the worse for it.
    assert!(run(&mut opened, Op::Fill { dst: small, words: 16, first_word: 0, seed: 0 }).is_ok());
}

#[test]
fn the_same_selector_gives_the_same_bytes_and_times() {
    let story = |script: &str| {
        let mut opened = open(script);
        let found = fill_and_scan(&mut opened, 1 << 20);
        let c = opened.device.alloc(4 << 10).unwrap();
        let op = Op::Fma {
            precision: Precision::Fp32,
            chains: crate::device::op::Chains { accumulators: 8, stride: 1 },
            rounds: 64,
            lanes: 1024,
            distribution: Distribution::Normal,
            seed: 5,
            out: c,
        };
        let times: Vec<_> = (0..20).map(|_| run(&mut opened, op).unwrap().device_ns).collect();
        let reading = opened.telemetry.read().unwrap();
        (found, times, read(&mut opened, c, 4096), opened.clock.now_ns(), reading)
    };
    assert_eq!(story("mini,flip=4kB:3,seed=7"), story("mini,flip=4kB:3,seed=7"));
    assert_ne!(story("mini,seed=7").1, story("mini,seed=8").1);
}
