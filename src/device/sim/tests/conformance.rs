//! Every op on simulated memory leaves the bytes that the reference leaves, whatever was there before.

use proptest::prelude::*;

use super::*;
use crate::device::op::{Chains, Maker, Means, Route, StreamKind, TileShape};
use crate::device::reference::Memory;

const BYTES: u64 = 2048;
const WORDS: u64 = BYTES / 4;

/// One random step: which op, on which buffers, how large.
type Step = (u8, u64, u64, usize, usize, usize, u32);

fn step() -> impl Strategy<Value = Step> {
    (0u8..17, any::<u64>(), any::<u64>(), 0usize..3, 0usize..3, 0usize..3, 1u32..4)
}

/// The ops of a step; the last one is repeated. `main` are equal buffers, `tally` takes scans.
fn ops(step: Step, main: [Buf; 3], tally: Buf) -> Vec<Op> {
    let (kind, x, y, i, j, k, _) = step;
    let (a, b, c) = (main[i], main[j], main[k]);
    let other = main[(i + 1) % 3];
    let precision = Precision::ALL[(y % 5) as usize];
    let magnitude = (x % 9) as u32;
    let distribution =
        [Distribution::Normal, Distribution::Integers { magnitude }, Distribution::Wide][(x % 3) as usize];
    let words = x % (WORDS + 1);
    let draw =
        |dst, seed| Op::Draw { dst, elements: BYTES / precision.bytes(), precision, distribution, seed };
    let stream = |kind| Op::Stream { kind, a, b, c, elements: words };
    let draw_fp32 =
        |dst, seed| Op::Draw { dst, elements: WORDS, precision: Precision::Fp32, distribution, seed };
    let flip = |dst| Op::Flip { dst, word: y % WORDS, mask: 1 };
    match kind {
        0 => vec![Op::Fill { dst: a, words, first_word: y, seed: x ^ y }],
        1 => vec![Op::Scan { src: a, words, first_word: x % 3, seed: y % 3, tally }],
        2 => vec![
            Op::Fill { dst: a, words, first_word: x % 3, seed: y % 3 },
            flip(a),
            Op::Scan { src: a, words: WORDS, first_word: x % 3, seed: y % 3, tally },
        ],
        3 => vec![Op::Flip { dst: a, word: y % WORDS, mask: x as u32 }],
        4 => vec![Op::Draw {
            dst: a,
            elements: x % (BYTES / precision.bytes()),
            precision,
            distribution,
            seed: y,
        }],
        5 => {
            let row_words = (y % 60) as u32 + 1;
            let rows = (x % 200).min(WORDS / u64::from(row_words));
            vec![Op::Digest { src: a, rows, row_words, out: other }]
        }
        6 => vec![stream(StreamKind::Read)],
        7 => vec![stream([StreamKind::Write, StreamKind::Copy][(y % 2) as usize])],
        8 => {
            let kind = [StreamKind::Scale, StreamKind::Add, StreamKind::Triad][(y % 3) as usize];
            vec![draw_fp32(a, x), draw_fp32(b, y), flip(a), stream(kind)]
        }
        9 => {
            let accumulators = (y % 16) as u32 + 1;
            let chains = Chains { accumulators, stride: (x % 5) as u32 };
            let (rounds, lanes) = (2 * (x % 8) as u32, (y % (BYTES / precision.result_bytes())) as u32);
            vec![Op::Fma { precision, chains, rounds, lanes, distribution, seed: x, out: a }]
        }
        10 => {
            let shape = Shape { m: (x % 15) as u32 + 1, n: (y % 15) as u32 + 1, k: (x / 16 % 16) as u32 + 1 };
            let c = *main.iter().find(|buf| **buf != a && **buf != b).unwrap();
            vec![draw(a, x), draw(b, y), flip(b), Op::Gemm { by: Maker::Ours, precision, shape, a, b, c }]
        }
        11 => {
            let stride_bytes = 4 << (y % 4);
            let slots = 1 << (x % 6);
            vec![Op::Ring { dst: a, slots, stride_bytes, seed: x / 8 }]
        }
        12 => chase(x, y, [a, other], flip(a)),
        13 => vec![tiles(x, y, distribution, a)],
        14 => vec![expand(x, y, a)],
        // Of drawn words: a tree over what costs more is taken from its rule and not as the reference makes it.
        15 => vec![draw(a, x), flip(a), tree(y, a, other)],
        _ => {
            let route = route(x / 2, y, [b, other]);
            vec![Op::Copy { route, buf: a, words, seed: x % 2 }]
        }
    }
}

/// Whether each word that the op leaves there stands on many. Such words of such words cost more than the simulation computes: it
/// takes them from their rules, and not as the reference does. So what the first of them left is written down.
fn gathers(op: &Op, buf: Buf) -> bool {
    let is_digest = matches!(op, Op::Digest { out, .. } if *out == buf);
    is_digest || matches!(op, Op::Stream { kind: StreamKind::Read, c, .. } if *c == buf)
}

/// Whether a sum is over this buffer.
fn reads(op: &Op, buf: Buf) -> bool {
    matches!(op, Op::Stream { a, .. } if *a == buf)
}

/// Over a ring that is whole, or of which a bit is wrong.
fn chase(x: u64, y: u64, [ring, state]: [Buf; 2], flip: Op) -> Vec<Op> {
    let start = Op::Fill { dst: state, words: 1, first_word: 0, seed: y % 8 };
    let lay = Op::Ring { dst: ring, slots: 64, stride_bytes: 16, seed: y };
    let chase = Op::Chase { ring, hops: (x % 200) as u32, state };
    if x.is_multiple_of(2) { vec![lay, start, chase] } else { vec![lay, start, flip, chase] }
}

fn tree(y: u64, src: Buf, out: Buf) -> Op {
    let key = (y % 2 == 1).then(|| std::array::from_fn(|i| draw::hash(y, i as u64)));
    Op::Tree { src, chunks: 2, out, key }
}

fn expand(x: u64, y: u64, dst: Buf) -> Op {
    let formats = [(Precision::Int8, 8), (Precision::Fp16, 6), (Precision::Bf16, 6), (Precision::Fp32, 6)];
    let (precision, bits_max) = formats[(x % 4) as usize];
    let each = Op::EXPAND_ELEMENTS;
    let elements = y % (BYTES / precision.bytes() / each + 1) * each;
    let key = std::array::from_fn(|i| draw::hash(x, i as u64));
    Op::Expand { dst, elements, precision, bits: 1 + (y >> 32) as u32 % bits_max, key }
}

fn tiles(x: u64, y: u64, distribution: Distribution, out: Buf) -> Op {
    let precision = Precision::TENSOR[(y % 7) as usize];
    let tiles_max = BYTES / 128 / precision.result_bytes();
    // Two turns at most: rows of what costs more are digested from their rule and not as the reference does it.
    let (turns, tiles) = ((x % 3) as u32, (y % (tiles_max + 1)) as u32);
    Op::Mma { shape: TileShape::Warp, precision, turns, tiles, distribution, seed: x, out }
}

/// `to` may be the buffer that is copied, `other` is not.
fn route(x: u64, y: u64, [to, other]: [Buf; 2]) -> Route {
    let means = [Means::Pinned, Means::InTurn, Means::Pageable, Means::Kernel][(x % 4) as usize];
    let routes =
        [Route::HostToDevice(means), Route::DeviceToHost(means), Route::BothWays(other), Route::Within(to)];
    routes[(y % 4) as usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_sequence_of_ops_leaves_the_bytes_of_the_reference(
        steps in prop::collection::vec(step(), 1..24), seed in any::<u64>(),
    ) {
        let mut opened = open("mini");
        let mut memory = Memory::default();
        let sizes = [BYTES, BYTES, BYTES, Tally::BYTES as u64];
        let buffers: Vec<Buf> = sizes.iter().map(|bytes| opened.device.alloc(*bytes).unwrap()).collect();
        for (index, (buf, bytes)) in buffers.iter().zip(sizes).enumerate() {
            let content: Vec<u8> = (0..bytes / 4)
                .flat_map(|w| if index == 3 { 0 } else { draw::pattern(seed, w) & 0xBFFF_FFFF }.to_le_bytes())
                .collect();
            opened.device.write(*buf, 0, &content).unwrap();
            memory.put(*buf, content);
        }
        for step in steps {
            let all = ops(step, [buffers[0], buffers[1], buffers[2]], buffers[3]);
            let last = all.len() - 1;
            for (index, op) in all.into_iter().enumerate() {
                let once = buffers.iter().any(|buf| gathers(&op, *buf) && reads(&op, *buf));
                let repeat = if index == last && !once { step.6 } else { 1 };
                let ticket = opened.device.submit(&op, 0, repeat).unwrap();
                let done = opened.device.wait(ticket).unwrap();
                let mut counted = op.units().map(|units| (units * u64::from(repeat)) as u32);
                for _ in 0..repeat {
                    let by_host = memory.execute(&op);
                    counted = by_host.map(|words| words * repeat).or(counted);
                }
                prop_assert_eq!(done.counted, counted);
                for (buf, bytes) in buffers.iter().zip(sizes) {
                    let got = read(&mut opened, *buf, bytes as usize);
                    let (got, expected) = (words(&got), words(memory.get(*buf)));
                    let first = (0..got.len()).find(|w| got[*w] != expected[*w]);
                    let pair = first.map(|w| (w, got[w], expected[w]));
                    prop_assert_eq!(pair, None, "{:?} x {} in {:?}", op, repeat, buf);
                    if gathers(&op, *buf) {
                        opened.device.write(*buf, 0, memory.get(*buf)).unwrap();
                    }
                }
            }
        }
    }
}
