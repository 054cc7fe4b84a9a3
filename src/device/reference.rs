//! The CPU meaning of every op: the oracle for all backends and the engine of simulated devices.
//! Owns semantics in the plainest possible form; speed is not its business. Must not know any backend.

mod hashing;
mod mma;

use std::collections::BTreeMap;

use half::{bf16, f16};

pub use self::hashing::{CELL_TURNS, cell, expanded_words, tree};
pub use self::mma::{mma_first_turn, mma_tile};
use super::draw::{self, Distribution};
use super::op::{Buf, Chains, Op, Precision, Route, Shape, StreamKind, Tally};

/// Plain memory: buffers as bytes.
#[derive(Default)]
pub struct Memory {
    buffers: BTreeMap<Buf, Vec<u8>>,
}

impl Memory {
    pub fn put(&mut self, buf: Buf, bytes: Vec<u8>) {
        self.buffers.insert(buf, bytes);
    }

    /// The content of a buffer; empty where there is none.
    pub fn get(&self, buf: Buf) -> &[u8] {
        self.buffers.get(&buf).map_or(&[], Vec::as_slice)
    }

    fn word(&self, buf: Buf, index: u64) -> u32 {
        read_word(self.get(buf), index)
    }

    fn set_word(&mut self, buf: Buf, index: u64, value: u32) {
        let at = index as usize * 4;
        if let Some(slot) = self.buffers.get_mut(&buf).and_then(|bytes| bytes.get_mut(at..at + 4)) {
            slot.copy_from_slice(&value.to_le_bytes());
        }
    }

    fn set_words(&mut self, buf: Buf, words: u64, value: impl Fn(u64) -> u32) {
        for word in 0..words {
            self.set_word(buf, word, value(word));
        }
    }

    fn fp32(&self, buf: Buf, index: u64) -> f32 {
        f32::from_bits(self.word(buf, index))
    }

    /// Runs `op` once. The return is what the host counts itself for a copy out of the device, else `None`.
    pub fn execute(&mut self, op: &Op) -> Option<u32> {
        match *op {
            Op::Fill { dst, words, first_word, seed } => {
                self.set_words(dst, words, |w| draw::pattern(seed, first_word.wrapping_add(w)));
            }
            Op::Scan { src, words, first_word, seed, tally } => {
                self.scan(src, words, first_word, seed, tally)
            }
            Op::Flip { dst, word, mask } => self.set_word(dst, word, self.word(dst, word) ^ mask),
            Op::Draw { dst, elements, precision, distribution, seed } => {
                self.put_elements(dst, precision.bytes(), elements, |i| {
                    draw::value_bits(precision, distribution, seed, i)
                });
            }
            Op::Expand { dst, elements, precision, bits, key } => {
                let mut words = vec![0; (elements * precision.bytes() / 4) as usize];
                expanded_words(precision, bits, &key, 0, &mut words);
                self.set_words(dst, words.len() as u64, |w| words[w as usize]);
            }
            Op::Cells { dst, cells, first, key } => {
                for i in 0..cells {
                    let cell = cell(&key, first.wrapping_add(i));
                    let words = Op::CELL_BYTES / 4;
                    (0..words).for_each(|w| self.set_word(dst, i * words + w, read_word(&cell, w)));
                }
            }
            Op::Tree { src, chunks, out, key } => {
                let bytes = self.get(src).get(..(chunks * Op::CHUNK_BYTES) as usize).unwrap_or_default();
                let nodes = tree(bytes, key.as_ref()).concat();
                self.set_words(out, nodes.len() as u64 / 4, |w| read_word(&nodes, w));
            }
            Op::Digest { src, rows, row_words, out } => self.digest(src, rows, row_words, out),
            Op::Stream { kind, a, b, c, elements } => self.stream(kind, [a, b, c], elements),
            Op::Reread { src, words, passes, sum } => {
                for _ in 0..passes {
                    self.stream(StreamKind::Read, [src, src, sum], words);
                }
            }
            Op::Fma { precision, chains, rounds, lanes, distribution, seed, out } => {
                self.put_elements(out, precision.result_bytes(), u64::from(lanes), |lane| {
                    fma_lane(precision, chains, rounds, distribution, seed, lane as u32)
                });
            }
            Op::Mma { shape, precision, turns, tiles, distribution, seed, out } => {
                let of = |tile| mma_tile(shape, precision, turns, distribution, seed, tile);
                let bits: Vec<u64> = (0..tiles).flat_map(of).collect();
                self.put_elements(out, precision.result_bytes(), bits.len() as u64, |i| bits[i as usize]);
            }
            Op::Gemm { precision, shape, a, b, c, .. } => self.gemm(precision, shape, [a, b, c]),
            Op::Ring { dst, slots, stride_bytes, seed } => {
                let stride = stride_bytes / 4;
                for slot in 0..slots {
                    let next = super::op::ring_after(slots, seed, slot, 1);
                    self.set_word(dst, u64::from(slot) * u64::from(stride), next * stride);
                }
            }
            Op::Chase { ring, hops, state } => {
                let mut at = self.word(state, 0);
                for _ in 0..hops {
                    at = self.word(ring, u64::from(at));
                }
                self.set_word(state, 0, at);
            }
            // No two runs are alike, or it takes several memories, see `super::collective`: nothing to compute.
            Op::Census { .. } | Op::Walk { .. } | Op::Lend { .. } | Op::Collective { .. } => {}
            Op::Copy { route, buf, words, seed } => return self.copy(route, buf, words, seed),
        }
        None
    }

    fn put_elements(&mut self, buf: Buf, bytes_each: u64, elements: u64, bits: impl Fn(u64) -> u64) {
        let Some(target) = self.buffers.get_mut(&buf) else { return };
        for (i, slot) in (0..elements).zip(target.chunks_exact_mut(bytes_each as usize)) {
            slot.copy_from_slice(&bits(i).to_le_bytes()[..bytes_each as usize]);
        }
    }

    fn digest(&mut self, src: Buf, rows: u64, row_words: u32, out: Buf) {
        for row in 0..rows {
            let first = row * u64::from(row_words);
            let [low, high] = digest((0..u64::from(row_words)).map(|i| self.word(src, first + i)));
            self.set_word(out, 2 * row, low);
            self.set_word(out, 2 * row + 1, high);
        }
    }

    fn scan(&mut self, src: Buf, words: u64, first_word: u64, seed: u64, tally: Buf) {
        let mut before = [0; Tally::BYTES];
        before.copy_from_slice(&self.get(tally)[..Tally::BYTES]);
        let mut found = Tally::decode(&before);
        for word in 0..words {
            found.note(word, self.word(src, word), draw::pattern(seed, first_word.wrapping_add(word)));
        }
        self.put(tally, found.encode().to_vec());
    }

    fn stream(&mut self, kind: StreamKind, [a, b, c]: [Buf; 3], elements: u64) {
        if kind == StreamKind::Read {
            let sum = (0..elements).fold(self.word(c, 0), |sum, i| sum.wrapping_add(self.word(a, i)));
            self.set_word(c, 0, sum);
            return;
        }
        for i in 0..elements {
            let value = match kind {
                StreamKind::Read | StreamKind::Write => draw::pattern(0, i),
                StreamKind::Copy => self.word(a, i),
                StreamKind::Scale => (StreamKind::SCALAR * self.fp32(a, i)).to_bits(),
                StreamKind::Add => (self.fp32(a, i) + self.fp32(b, i)).to_bits(),
                StreamKind::Triad => StreamKind::SCALAR.mul_add(self.fp32(b, i), self.fp32(a, i)).to_bits(),
            };
            self.set_word(c, i, value);
        }
    }

    fn gemm(&mut self, precision: Precision, shape: Shape, [a, b, c]: [Buf; 3]) {
        let k = shape.k as usize;
        let (a, b) = (elements(precision, self.get(a)), elements(precision, self.get(b)));
        let columns = u64::from(shape.n);
        self.put_elements(c, precision.result_bytes(), u64::from(shape.m) * columns, |i| {
            let (row, column) = ((i / columns) as usize, (i % columns) as usize);
            dot(precision, &a[row * k..(row + 1) * k], &b[column * k..(column + 1) * k])
        });
    }

    fn copy(&mut self, route: Route, buf: Buf, words: u64, seed: u64) -> Option<u32> {
        match route {
            Route::HostToDevice(_) | Route::FromPeer(_) => {
                self.set_words(buf, words, |w| draw::pattern(seed, w));
                None
            }
            Route::DeviceToHost(_) => Some(matching_words(self.get(buf), words, seed)),
            Route::BothWays(to) => {
                self.set_words(to, words, |w| draw::pattern(!seed, w));
                Some(matching_words(self.get(buf), words, seed))
            }
            Route::Within(to) => {
                for word in 0..words {
                    self.set_word(to, word, self.word(buf, word));
                }
                None
            }
        }
    }
}

/// How many of the first `words` words in `bytes` equal `pattern(seed, 0..)`.
pub fn matching_words(bytes: &[u8], words: u64, seed: u64) -> u32 {
    (0..words).filter(|&w| read_word(bytes, w) == draw::pattern(seed, w)).count() as u32
}

fn read_word(bytes: &[u8], index: u64) -> u32 {
    let at = index as usize * 4;
    bytes.get(at..at + 4).map_or(0, |word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

/// The two words that [`Op::Digest`] stores for a row: wrapping sums of a bijective mix of each word with its
/// place, so that the order of summation is free and one changed word always changes the first.
pub fn digest(words: impl IntoIterator<Item = u32>) -> [u32; 2] {
    let mut sums = [0u32; 2];
    for (i, word) in words.into_iter().enumerate() {
        let place = (i as u32).wrapping_mul(0x9E37_79B1);
        sums[0] = sums[0].wrapping_add(finish(word ^ place));
        sums[1] = sums[1].wrapping_add(finish(word.wrapping_add(place).wrapping_add(0x85EB_CA77)));
    }
    sums
}

fn finish(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^ (x >> 15)
}

/// One lane's result of [`Op::Fma`], as bits of [`Precision::result_bytes`].
pub fn fma_lane(
    precision: Precision,
    chains: Chains,
    rounds: u32,
    distribution: Distribution,
    seed: u64,
    lane: u32,
) -> u64 {
    let start = (0..u64::from(chains.accumulators)).map(|j| {
        draw_accumulator(precision, distribution, seed, u64::from(lane) * u64::from(chains.accumulators) + j)
    });
    let [even, odd] = super::op::fma_multipliers(precision, distribution);
    match precision {
        Precision::Fp64 => {
            let mut x: Vec<f64> = start.map(f64::from_bits).collect();
            run_chains(&mut x, chains, rounds, [even, odd], |a, m, c| a.mul_add(m, c));
            x.iter().sum::<f64>().to_bits()
        }
        // No unit chains TF32 or FP8; as FP32, so that every op means something.
        Precision::Fp32 | Precision::Tf32 | Precision::Fp8E4m3 | Precision::Fp8E5m2 => {
            let mut x: Vec<f32> = start.map(|bits| element(precision, bits) as f32).collect();
            run_chains(&mut x, chains, rounds, [even as f32, odd as f32], f32::mul_add);
            u64::from(x.iter().sum::<f32>().to_bits())
        }
        Precision::Fp16 => {
            let mut x: Vec<f16> = start.map(|bits| f16::from_bits(bits as u16)).collect();
            run_chains(&mut x, chains, rounds, [f16::from_f64(even), f16::from_f64(odd)], |a, m, c| {
                f16::from_f32(a.to_f32().mul_add(m.to_f32(), c.to_f32()))
            });
            u64::from(x.iter().map(|v| v.to_f32()).sum::<f32>().to_bits())
        }
        Precision::Bf16 => {
            let mut x: Vec<bf16> = start.map(|bits| bf16::from_bits(bits as u16)).collect();
            run_chains(&mut x, chains, rounds, [bf16::from_f64(even), bf16::from_f64(odd)], |a, m, c| {
                bf16::from_f32(a.to_f32().mul_add(m.to_f32(), c.to_f32()))
            });
            u64::from(x.iter().map(|v| v.to_f32()).sum::<f32>().to_bits())
        }
        Precision::Int32 => {
            let mut x: Vec<u32> = start.map(|bits| bits as u32).collect();
            let multipliers = [even as i32 as u32, odd as i32 as u32];
            run_chains(&mut x, chains, rounds, multipliers, |a, m, c| a.wrapping_mul(m).wrapping_add(c));
            u64::from(x.iter().fold(0u32, |sum, v| sum.wrapping_add(*v)))
        }
        Precision::Int8 => {
            let mut x: Vec<u32> = start.map(|bits| bits as u32).collect();
            run_chains(&mut x, chains, rounds, [even as u32, odd as u32], dot4);
            u64::from(x.iter().fold(0u32, |sum, v| sum.wrapping_add(*v)))
        }
    }
}

/// A chain's start. Packed bytes take all 32 bits of the hash.
fn draw_accumulator(precision: Precision, distribution: Distribution, seed: u64, index: u64) -> u64 {
    if precision == Precision::Int8 {
        u64::from(draw::hash(seed, index))
    } else {
        draw::value_bits(precision, distribution, seed, index)
    }
}

fn run_chains<T: Copy>(x: &mut [T], chains: Chains, rounds: u32, m: [T; 2], fma: impl Fn(T, T, T) -> T) {
    let n = x.len();
    for round in 0..rounds {
        let m = m[(round & 1) as usize];
        for j in 0..n {
            x[j] = fma(x[(j + chains.stride as usize) % n], m, x[j]);
        }
    }
}

/// The sum of four signed byte products, added to `c`, wrapping.
fn dot4(a: u32, b: u32, c: u32) -> u32 {
    let products = a.to_le_bytes().into_iter().zip(b.to_le_bytes());
    products.fold(c, |sum, (a, b)| sum.wrapping_add((i32::from(a as i8) * i32::from(b as i8)) as u32))
}

/// Elements as the reference computes with them: floats widened exactly, integers sign-extended.
fn elements(precision: Precision, bytes: &[u8]) -> Vec<f64> {
    bytes
        .chunks_exact(precision.bytes() as usize)
        .map(|chunk| {
            let mut wide = [0; 8];
            wide[..chunk.len()].copy_from_slice(chunk);
            element(precision, u64::from_le_bytes(wide))
        })
        .collect()
}

/// The value of an element's bits, exact in every format.
pub fn element(precision: Precision, bits: u64) -> f64 {
    match precision {
        Precision::Fp64 => f64::from_bits(bits),
        Precision::Fp32 | Precision::Tf32 => f64::from(f32::from_bits(bits as u32)),
        Precision::Bf16 => bf16::from_bits(bits as u16).to_f64(),
        Precision::Fp8E4m3 => e4m3(bits as u8),
        Precision::Fp8E5m2 => f16::from_bits((bits as u16) << 8).to_f64(),
        Precision::Fp16 => f16::from_bits(bits as u16).to_f64(),
        Precision::Int32 => f64::from(bits as u32 as i32),
        Precision::Int8 => f64::from(bits as u8 as i8),
    }
}

/// OFP8 E4M3: sign, four bits of exponent with bias 7, three of mantissa; all ones is no number.
fn e4m3(bits: u8) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 3 & 15), f64::from(bits & 7));
    let size = match exponent {
        15 if bits & 7 == 7 => f64::NAN,
        0 => mantissa * 0.5f64.powi(9),
        _ => (8.0 + mantissa) * 2f64.powi(exponent - 10),
    };
    if bits & 0x80 == 0 { size } else { -size }
}

/// One element of a GEMM's result, as bits of [`Precision::result_bytes`].
pub fn dot(precision: Precision, a: &[f64], b: &[f64]) -> u64 {
    let pairs = a.iter().zip(b);
    if precision == Precision::Fp64 {
        pairs.fold(0f64, |sum, (a, b)| a.mul_add(*b, sum)).to_bits()
    } else if precision == Precision::Fp32 {
        u64::from(pairs.fold(0f32, |sum, (a, b)| (*a as f32).mul_add(*b as f32, sum)).to_bits())
    } else if precision.is_float() {
        // Such values have products that are exact in FP32: each step rounds once, fused or not, which costs a fifth of the time.
        u64::from(pairs.fold(0f32, |sum, (a, b)| sum + (a * b) as f32).to_bits())
    } else {
        let product = |a: &f64, b: &f64| (*a as i32).wrapping_mul(*b as i32) as u32;
        u64::from(pairs.fold(0u32, |sum, (a, b)| sum.wrapping_add(product(a, b))))
    }
}

/// Row `row` of a GEMM whose inputs were drawn: `m x n` result bits, without any matrix in memory but `b`.
pub fn drawn_gemm_row(precision: Precision, shape: Shape, inputs: &DrawnInputs, row: u32) -> Vec<u64> {
    let k = u64::from(shape.k);
    let value = |seed, i| element(precision, draw::value_bits(precision, inputs.distribution, seed, i));
    let a: Vec<f64> = (0..k).map(|i| value(inputs.seed_a, u64::from(row) * k + i)).collect();
    let mut b = vec![0f64; shape.k as usize];
    (0..u64::from(shape.n))
        .map(|column| {
            for (i, slot) in (0..).zip(b.iter_mut()) {
                *slot = value(inputs.seed_b, column * k + i);
            }
            dot(precision, &a, &b)
        })
        .collect()
}

/// What the matrices of a GEMM were drawn from.
#[derive(Clone, Copy, Debug)]
pub struct DrawnInputs {
    pub distribution: Distribution,
    pub seed_a: u64,
    pub seed_b: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::op::Maker;

    /// Exact chains must give the same bits whether the device fuses or rounds twice.
    #[test]
    fn short_integer_chains_are_exact_fused_or_not() {
        let distribution = Distribution::Integers { magnitude: 2 };
        for (accumulators, stride) in [(8, 0), (14, 1), (16, 4)] {
            let chains = Chains { accumulators, stride };
            for (precision, rounds) in [(Precision::Fp32, 16), (Precision::Fp16, 4), (Precision::Bf16, 2)] {
                for lane in 0..64 {
                    let n = u64::from(accumulators);
                    let mut x: Vec<f64> = (0..n)
                        .map(|j| draw::value_bits(Precision::Fp64, distribution, 5, u64::from(lane) * n + j))
                        .map(f64::from_bits)
                        .collect();
                    run_chains(&mut x, chains, rounds, [1.0, -0.5], |a, m, c| a.mul_add(m, c));
                    let wide: f64 = x.iter().sum();
                    let narrow = fma_lane(precision, chains, rounds, distribution, 5, lane);
                    assert_eq!(f64::from(f32::from_bits(narrow as u32)), wide, "{precision:?} {chains:?}");
                    let largest = x.iter().fold(0f64, |m, v| m.max(v.abs()));
                    let scale = f64::from(1u32 << (rounds / 2));
                    let digits = 1.0 / precision.roundoff();
                    assert!(2.0 * largest * scale < digits, "{precision:?} {chains:?}: {largest}");
                }
            }
        }
    }

    #[test]
    fn long_random_chains_stay_finite() {
        for precision in [Precision::Fp32, Precision::Fp16, Precision::Bf16, Precision::Fp64] {
            for (accumulators, stride) in [(8, 0), (14, 1), (16, 4)] {
                let chains = Chains { accumulators, stride };
                let bits = fma_lane(precision, chains, 200_000, Distribution::Normal, 1, 0);
                let value = if precision == Precision::Fp64 {
                    f64::from_bits(bits)
                } else {
                    f64::from(f32::from_bits(bits as u32))
                };
                assert!(value.is_finite() && value.abs() < 1e4, "{precision:?} {chains:?}: {value}");
            }
        }
    }

    /// Else the result of a long run would be right for any data, and for no work at all.
    #[test]
    fn long_chains_do_not_forget_what_they_began_with() {
        for precision in Precision::CHAINED {
            for (accumulators, stride) in [(8, 0), (16, 0), (14, 1), (16, 4), (32, 8)] {
                let result = |seed| {
                    fma_lane(
                        precision,
                        Chains { accumulators, stride },
                        16_384,
                        Distribution::Normal,
                        seed,
                        0,
                    )
                };
                assert_ne!(result(1), result(!1), "{precision:?} {accumulators}x{stride}");
            }
        }
    }

    #[test]
    fn a_product_by_hand() {
        let mut memory = Memory::default();
        let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        memory.put(Buf(0), bytes(&[1.0, 2.0, 3.0, 4.0]));
        // Stored transposed: the columns of b are (5, 6) and (7, 8).
        memory.put(Buf(1), bytes(&[5.0, 6.0, 7.0, 8.0]));
        memory.put(Buf(2), vec![0; 16]);
        memory.execute(&Op::Gemm {
            by: Maker::Ours,
            precision: Precision::Fp32,
            shape: Shape { m: 2, n: 2, k: 2 },
            a: Buf(0),
            b: Buf(1),
            c: Buf(2),
        });
        assert_eq!(memory.get(Buf(2)), bytes(&[17.0, 23.0, 39.0, 53.0]));
    }

    #[test]
    fn a_flipped_bit_is_found_where_it_is() {
        let mut memory = Memory::default();
        memory.put(Buf(0), vec![0; 4096]);
        memory.put(Buf(1), Tally::default().encode().to_vec());
        memory.execute(&Op::Fill { dst: Buf(0), words: 1024, first_word: 1 << 33, seed: 3 });
        memory.execute(&Op::Flip { dst: Buf(0), word: 700, mask: 1 << 9 });
        memory.execute(&Op::Scan { src: Buf(0), words: 1024, first_word: 1 << 33, seed: 3, tally: Buf(1) });
        let mut bytes = [0; Tally::BYTES];
        bytes.copy_from_slice(memory.get(Buf(1)));
        let tally = Tally::decode(&bytes);
        assert_eq!((tally.words_checked, tally.words_wrong, tally.bit_mask), (1024, 1, 1 << 9));
        assert_eq!(tally.examples[0].word, 700);
    }
}
