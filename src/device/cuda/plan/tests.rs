//! Plans without a driver: what is launched fits the compiled kernels, and the parts are the whole.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use super::*;
use crate::device::cuda::forms;
use crate::device::draw::Distribution;
use crate::device::op::{Chains, Maker, Means, Route, TileShape};

const B: Buf = Buf(0);
const GIB: u64 = 1 << 30;

/// An H100, a card for games that drives a display, and the smallest card there is.
const CARDS: [Card; 3] = [
    Card { units: 132, threads_per_unit: 2048, fast_fp64: true, launch_ns: UNWATCHED_LAUNCH_NS },
    Card { units: 82, threads_per_unit: 1536, fast_fp64: false, launch_ns: LAUNCH_NS },
    Card { units: 1, threads_per_unit: 1024, fast_fp64: false, launch_ns: LAUNCH_NS },
];

/// Every op in every precision and kind, from tiny to larger than 32 bits can count.
fn ops() -> Vec<Op> {
    let (seed, distribution) = (1, Distribution::Normal);
    let mut ops = vec![Op::Flip { dst: B, word: 40 * GIB, mask: 1 }];
    ops.push(Op::Census { blocks: 264, spin_ns: 20_000_000, out: B });
    let (slots, stride_bytes, first) = (4096, 128, 7);
    ops.push(Op::Walk { ring: B, slots, stride_bytes, first, hops: 8193, blocks: 264, out: Buf(1) });
    for words in [1, 4097, 36 * GIB + 3] {
        ops.push(Op::Fill { dst: B, words, first_word: u64::MAX - 5, seed });
        ops.push(Op::Scan { src: B, words, first_word: 7, seed, tally: Buf(1) });
        ops.extend(StreamKind::ALL.map(|kind| Op::Stream { kind, a: B, b: B, c: B, elements: words }));
        ops.extend(Precision::ALL.map(|precision| Op::Draw {
            dst: B,
            elements: words,
            precision,
            distribution,
            seed,
        }));
        ops.push(Op::Digest { src: B, rows: words, row_words: 3, out: B });
    }
    let formats = [(Precision::Int8, 8), (Precision::Fp16, 6), (Precision::Bf16, 6), (Precision::Fp32, 6)];
    for elements in [64, 4160, 36 * GIB + 64] {
        let key = [u32::MAX; 8];
        ops.extend(formats.map(|(precision, bits)| Op::Expand { dst: B, elements, precision, bits, key }));
    }
    for (cells, first) in [(1, 0), (1 << 18, 5), ((1 << 20) + 3, u64::MAX - 7)] {
        ops.push(Op::Cells { dst: B, cells, first, key: [u32::MAX; 8] });
    }
    ops.extend((1..=20).map(|level| Op::Tree { src: B, chunks: 1 << level, out: Buf(1), key: None }));
    for passes in [1, 1000] {
        ops.push(Op::Reread { src: B, words: 13 * Op::REREAD_WORDS, passes, sum: B });
        ops.push(Op::Reread { src: B, words: 1 << 23, passes, sum: B });
    }
    for hops in [1, 16_384, 1 << 22] {
        ops.push(Op::Chase { ring: B, hops, state: B });
    }
    for slots in [1, 1 << 27] {
        ops.push(Op::Ring { dst: B, slots, stride_bytes: 128, seed });
    }
    for precision in Precision::ALL {
        for (m, n, k) in [(1, 1, 1), (129, 97, 65), (100_000, 60_000, 30_000)] {
            let shape = Shape { m, n, k };
            ops.push(Op::Gemm { by: Maker::Ours, precision, shape, a: B, b: B, c: B });
        }
        for (turns, tiles) in [(1, 1), (64, 1 << 16), (1, 1 << 23)] {
            for shape in [TileShape::Warp, TileShape::Warpgroup, TileShape::Block] {
                ops.push(Op::Mma { shape, precision, turns, tiles, distribution, seed, out: B });
            }
        }
        for (accumulators, stride) in [(8, 0), (12, 1), (14, 1), (16, 0), (16, 4), (32, 8)] {
            let chains = Chains { accumulators, stride };
            let op = |rounds, lanes| Op::Fma { precision, chains, rounds, lanes, distribution, seed, out: B };
            ops.extend([op(2, 1), op(4096, 1 << 22), op(2, u32::MAX)]);
        }
    }
    ops.retain(|op| forms::supports(op).is_ok());
    ops
}

/// Every op in each of its forms on each card.
fn each_plan(mut test: impl FnMut(&Op, &Card, Plan)) {
    for op in ops() {
        for form in forms::forms(&op) {
            let kernel = form.kernel.unwrap();
            for card in &CARDS {
                test(
                    &op,
                    card,
                    plan(&op, kernel, card).unwrap_or_else(|| panic!("{op:?} as {}", form.label)),
                );
            }
        }
    }
}

/// What `line` declares: `.param .u64 name` or `.param .align 64 .b8 name[128]`.
fn size(line: &str) -> Option<u64> {
    let rest = line.trim().strip_prefix(".param ")?;
    Some(match rest.strip_prefix(".u") {
        Some(bits) => bits[..2].parse::<u64>().unwrap() / 8,
        None => rest.split(['[', ']']).nth(1).unwrap().parse().unwrap(),
    })
}

/// The sizes of the arguments of every kernel, and the most threads of its blocks, as the PTX declares them.
fn declared() -> BTreeMap<String, (Vec<u64>, u32)> {
    let built = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels/built")).unwrap();
    let paths = built.map(|entry| entry.unwrap().path());
    let mut kernels = BTreeMap::new();
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "ptx")) {
        let text = std::fs::read_to_string(path).unwrap();
        for entry in text.split(".visible .entry ").skip(1) {
            let (name, rest) = entry.split_once('(').unwrap();
            let (parameters, rest) = rest.split_once(')').unwrap();
            let sizes = parameters.lines().filter_map(size).collect();
            let threads = rest.split(".maxntid ").nth(1).unwrap().split([',', '\n']).next().unwrap();
            kernels.insert(name.to_owned(), (sizes, threads.trim().parse().unwrap()));
        }
    }
    kernels
}

#[test]
fn every_launch_fits_its_kernel() {
    let kernels = declared();
    let mut launched = std::collections::BTreeSet::new();
    each_plan(|op, _, plan| {
        for launch in plan.launches.iter().chain(&plan.last) {
            let name = launch.kernel.function();
            let (sizes, threads_max) =
                kernels.get(&name).unwrap_or_else(|| panic!("there is no kernel {name}"));
            assert!(
                launch.kernel.block() <= *threads_max && launch.kernel.block().is_multiple_of(32),
                "{name}"
            );
            assert!((1..=BLOCKS_MAX).contains(&u64::from(launch.blocks)), "{op:?}");
            assert_eq!(launch.arguments.len(), sizes.len(), "{name}");
            for (argument, size) in launch.arguments.iter().zip(sizes) {
                match argument {
                    Argument::Number(number) => assert!(*size == 8 || *number < 1 << 32, "{name}: {number}"),
                    Argument::Range { .. } | Argument::Counters => assert_eq!(*size, 8, "{name}"),
                    Argument::Map { .. } => assert_eq!(*size, 128, "{name}"),
                }
            }
            launched.insert(name);
        }
    });
    let unused: Vec<&String> = kernels.keys().filter(|name| !launched.contains(*name)).collect();
    assert!(unused.is_empty(), "compiled and never launched: {unused:?}");
}

/// The ranges that a plan gives for one argument, joined where they touch.
fn joined(plan: &Plan, argument: usize) -> Vec<(u64, u64)> {
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for launch in &plan.launches {
        let (from, end) = match launch.arguments[argument] {
            Argument::Range { from, end, .. } => (from, end),
            Argument::Map { from, rows, row_bytes, .. } => (from, from + rows * row_bytes),
            Argument::Number(_) | Argument::Counters => panic!("{launch:?}"),
        };
        match joined.last_mut() {
            Some(last) if last.1 == from => last.1 = end,
            Some(_) | None => joined.push((from, end)),
        }
    }
    joined
}

#[test]
fn the_parts_of_a_range_are_the_whole() {
    each_plan(|op, _, plan| {
        let whole = match *op {
            Op::Fill { words, .. } | Op::Scan { words, .. } => Some((0, words * 4)),
            Op::Draw { elements, precision, .. } | Op::Expand { elements, precision, .. } => {
                Some((0, elements * precision.bytes()))
            }
            Op::Cells { cells, .. } => Some((0, cells * Op::CELL_BYTES)),
            Op::Digest { rows, row_words, .. } => Some((0, rows * u64::from(row_words) * 4)),
            Op::Gemm { shape, precision, .. } => {
                Some((0, u64::from(shape.m) * u64::from(shape.k) * precision.bytes()))
            }
            Op::Stream { .. }
            | Op::Tree { .. }
            | Op::Reread { .. }
            | Op::Flip { .. }
            | Op::Fma { .. }
            | Op::Mma { .. }
            | Op::Ring { .. }
            | Op::Chase { .. }
            | Op::Census { .. }
            | Op::Walk { .. }
            | Op::Lend { .. }
            | Op::Collective { .. }
            | Op::Copy { .. } => None,
        };
        if let Some(whole) = whole {
            assert_eq!(joined(&plan, 0), [whole], "{op:?}");
        }
        if let Op::Fma { lanes: all, .. } | Op::Mma { tiles: all, .. } = *op {
            let number = |launch: &Launch, i: usize| match launch.arguments[i] {
                Argument::Number(number) => number,
                Argument::Range { .. } | Argument::Map { .. } | Argument::Counters => panic!("{launch:?}"),
            };
            let ends = plan.launches.iter().fold(0, |from, launch| {
                assert_eq!(number(launch, 0), from);
                number(launch, 1)
            });
            assert_eq!(ends, u64::from(all));
        }
    });
}

/// Every chunk and every level once, each level after the one below it and from where that one ends.
#[test]
fn the_levels_of_a_tree_are_its_nodes() {
    each_plan(|op, _, plan| {
        let Op::Tree { chunks, .. } = *op else { return };
        let number = |launch: &Launch, i: usize| match launch.arguments[i] {
            Argument::Number(number) => number,
            Argument::Range { .. } | Argument::Map { .. } | Argument::Counters => panic!("{launch:?}"),
        };
        let is_leaves = |launch: &Launch| launch.kernel == Kernel::TreeChunks;
        let (leaves, parents): (Vec<_>, Vec<_>) = plan.launches.into_iter().partition(is_leaves);
        let firsts = leaves.iter().map(|launch| number(launch, 2));
        let mut next = 0;
        for (first, launch) in firsts.zip(&leaves) {
            assert_eq!(first, next);
            next += number(launch, 1);
        }
        assert_eq!(next, chunks);
        let leaves = Plan { launches: leaves, last: None };
        assert_eq!(joined(&leaves, 0), [(0, chunks * 1024)]);
        assert_eq!(joined(&leaves, 3), [(0, chunks * 32)]);
        let (mut at, mut children) = (0, chunks);
        for launch in parents {
            let Argument::Range { buf: Buf(1), from, end } = launch.arguments[0] else {
                panic!("{launch:?}")
            };
            assert_eq!((from, number(&launch, 1)), (at * 32, children));
            let blocks = u64::from(launch.blocks);
            // No block needs what another makes.
            assert!(children / blocks >= 1 << number(&launch, 2), "{launch:?}");
            assert!(children / blocks / 2 <= u64::from(launch.kernel.block()), "{launch:?}");
            for _ in 0..number(&launch, 2) {
                at += children;
                children /= 2;
            }
            assert_eq!(end, (at + children) * 32, "{launch:?}");
        }
        assert_eq!((at + children, children), (2 * chunks - 1, 1));
    });
}

#[test]
fn no_launch_holds_more_work_than_its_time_allows() {
    each_plan(|op, card, plan| {
        let parts = plan.launches.len() as u64;
        let slowest = match *op {
            Op::Fma { precision, .. } => operations_per_ns(precision, card),
            Op::Mma { precision, .. } => tiles_per_ns(precision, card),
            Op::Gemm { .. } => {
                let Kernel::Gemm(form) = plan.launches[0].kernel else { panic!("{op:?}") };
                products_per_ns(form, card)
            }
            Op::Chase { hops, .. } => return assert!(u64::from(hops) <= parts * u64::from(HOPS_MAX)),
            Op::Fill { .. }
            | Op::Scan { .. }
            | Op::Flip { .. }
            | Op::Draw { .. }
            | Op::Expand { .. }
            | Op::Cells { .. }
            | Op::Tree { .. }
            | Op::Digest { .. }
            | Op::Stream { .. }
            | Op::Reread { .. } => BYTES_PER_NS,
            Op::Walk { hops, .. } => return assert!(hops <= HOPS_MAX),
            Op::Ring { .. }
            | Op::Census { .. }
            | Op::Copy { .. }
            | Op::Lend { .. }
            | Op::Collective { .. } => return,
        };
        // What cannot be cut: eight rows of tiles, a block of lanes or tiles for each unit.
        let least = match *op {
            Op::Gemm { shape, .. } => 2 * 8 * 256 * u64::from(shape.n) * u64::from(shape.k),
            Op::Fma { lanes: all, .. } => by_all_units(2 * 512, card) * op.work() / u64::from(all),
            Op::Mma { tiles: all, .. } => by_all_units(64, card) * op.work() / u64::from(all),
            Op::Fill { .. }
            | Op::Scan { .. }
            | Op::Flip { .. }
            | Op::Draw { .. }
            | Op::Expand { .. }
            | Op::Cells { .. }
            | Op::Tree { .. }
            | Op::Digest { .. }
            | Op::Stream { .. }
            | Op::Reread { .. }
            | Op::Ring { .. }
            | Op::Chase { .. }
            | Op::Census { .. }
            | Op::Walk { .. }
            | Op::Lend { .. }
            | Op::Collective { .. }
            | Op::Copy { .. } => 4 * Op::REREAD_WORDS,
        };
        let most = card.launch_work(slowest).max(least);
        assert!(op.work() <= parts * most, "{op:?}: {parts} launches of at most {most}");
    });
}

/// What is cut into less than one block for each unit is no faster done, and measures a part of the card.
#[test]
fn every_launch_of_chains_and_tiles_gives_each_unit_a_block() {
    each_plan(|op, card, plan| {
        if let Op::Fma { .. } | Op::Mma { .. } = op {
            let (_, all_but_the_last) = plan.launches.split_last().unwrap();
            for launch in all_but_the_last {
                assert!(launch.blocks.is_multiple_of(card.units), "{op:?} in {} blocks", launch.blocks);
            }
        }
    });
}

#[test]
fn a_kernel_of_another_op_is_no_plan() {
    let op = Op::Fill { dst: B, words: 1, first_word: 0, seed: 1 };
    let tile = Tile { vectors: 1, block: 256, spread: Spread::Tiles };
    assert!(plan(&op, Kernel::Scan(tile), &CARDS[0]).is_none());
    let copy = Op::Copy { route: Route::HostToDevice(Means::Pinned), buf: B, words: 1, seed: 1 };
    assert!(plan(&copy, Kernel::Flip, &CARDS[0]).unwrap().launches.is_empty());
}

/// By what the smallest card does in a nanosecond, products would be cut into launches of few waves of tiles each: on an A100 one of this
/// size in three, which left a tenth of its units idle, and the one that proofs are made of in sixteen.
#[test]
fn products_are_whole_where_nothing_kills_long_launches() {
    let a100 = Card { units: 108, threads_per_unit: 2048, fast_fp64: true, launch_ns: UNWATCHED_LAUNCH_NS };
    let watched = Card { launch_ns: LAUNCH_NS, ..a100 };
    let launches = |card: &Card, [m, n, k]: [u32; 3]| {
        let op = Op::Gemm {
            by: Maker::Ours,
            precision: Precision::Bf16,
            shape: Shape { m, n, k },
            a: B,
            b: B,
            c: B,
        };
        let kernel =
            Kernel::Gemm(GemmForm { precision: Precision::Bf16, units: Units::Tensor, columns: 256 });
        plan(&op, kernel, card).unwrap().launches.len()
    };
    assert_eq!([&watched, &a100].map(|card| launches(card, [8192; 3])), [3, 1]);
    assert_eq!([&watched, &a100].map(|card| launches(card, [16_384, 4096, 65_536])), [16, 2]);
}
