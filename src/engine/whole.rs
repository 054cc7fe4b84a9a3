//! Every element of a large integer product at once, by one random vector.
//! Owns that arithmetic, which is exact modulo 2^64; must not know timing, nor why a product is looked at.

use super::Trouble;
use super::bench::Bench;
use super::check::{gemm_rows, in_parts, result_value};
use crate::device::draw;
use crate::device::op::{Precision, Shape};
use crate::device::reference::{self, DrawnInputs};
use crate::device::{Buf, Op};
use crate::evidence::{Canary, Check};

/// What the rows of `C r` must be, for a random vector `r`: `A (B r)`, which takes a thousandth of the product's work.
///
/// A row with wrong elements still has the right sum in one case of 2^33 at most (Freivalds, 1977): sums are modulo 2^64, elements
/// differ by less than 2^32, so some element's difference times its random number is spread over 2^33 values.
struct Expected {
    precision: Precision,
    vector: Vec<u64>,
    sums: Vec<u64>,
}

impl Expected {
    fn of(precision: Precision, shape: Shape, inputs: &DrawnInputs, seed: u64) -> Self {
        let half = |i: u64| u64::from(draw::hash(seed, i));
        let vector: Vec<u64> = (0..u64::from(shape.n)).map(|i| half(2 * i) << 32 | half(2 * i + 1)).collect();
        let k = u64::from(shape.k);
        let value = |seed, i| {
            let bits = draw::value_bits(precision, inputs.distribution, seed, i);
            reference::element(precision, bits) as i64 as u64
        };
        let products = in_parts(u64::from(shape.n), &|columns| {
            let mut sums = vec![0u64; shape.k as usize];
            for column in columns {
                let weight = vector[column as usize];
                for (sum, i) in sums.iter_mut().zip(column * k..) {
                    *sum = sum.wrapping_add(value(inputs.seed_b, i).wrapping_mul(weight));
                }
            }
            sums
        });
        let of_b = products.into_iter().fold(vec![0u64; shape.k as usize], |mut all, part| {
            all.iter_mut().zip(part).for_each(|(sum, more)| *sum = sum.wrapping_add(more));
            all
        });
        let rows = in_parts(u64::from(shape.m), &|rows| {
            let of_row = |row| dot((row * k..).map(|i| value(inputs.seed_a, i)).zip(of_b.iter().copied()));
            rows.map(of_row).collect::<Vec<u64>>()
        });
        Self { precision, vector, sums: rows.concat() }
    }

    /// Whether a row of the result has the sum it must have. What is no whole number is wrong.
    fn is_right(&self, row: usize, bytes: &[u8]) -> bool {
        let width = self.precision.result_bytes() as usize;
        let values = bytes.chunks_exact(width).map(|bytes| result_value(self.precision, bytes));
        let is_whole = values.clone().all(|value| value.fract() == 0.0);
        let whole = values.map(|value| value as i64 as u64);
        is_whole && dot(whole.zip(self.vector.iter().copied())) == self.sums[row]
    }
}

fn dot(pairs: impl Iterator<Item = (u64, u64)>) -> u64 {
    pairs.fold(0, |sum, (a, b)| sum.wrapping_add(a.wrapping_mul(b)))
}

/// Read from the device at a time.
const BYTES_AT_ONCE: u64 = 32 << 20;

/// Compares all of `c`, the product of integers, with what it must be, and plants an error in a row that no sample of rows looks
/// at, which must be noticed. `c` is left with that error.
pub fn product(
    bench: &mut Bench,
    precision: Precision,
    shape: Shape,
    c: Buf,
    inputs: &DrawnInputs,
) -> Result<Check, Trouble> {
    bench.progress(0, None)?;
    let expected = Expected::of(precision, shape, inputs, draw::derived(inputs.seed_a, 2));
    let row_bytes = u64::from(shape.n) * precision.result_bytes();
    let at_once = (BYTES_AT_ONCE / row_bytes).max(1);
    let rows = u64::from(shape.m);
    for from in (0..rows).step_by(at_once as usize) {
        bench.progress(0, None)?;
        let count = at_once.min(rows - from);
        let bytes = bench.read(c, from * row_bytes, count * row_bytes)?;
        let wrong = (from..).zip(bytes.chunks_exact(row_bytes as usize));
        let wrong = wrong.filter(|(row, bytes)| !expected.is_right(*row as usize, bytes)).map(|(row, _)| row);
        if let Some(row) = wrong.min() {
            // Says which element, if it is still wrong.
            gemm_rows(bench, precision, shape, c, inputs, &[row as u32])?;
            return Err(Trouble::Wrong(format!(
                "the product was wrong in row {row} when all of it was read"
            )));
        }
    }
    let row = rows / 2;
    let word = row * row_bytes / 4 + precision.result_bytes() / 4 - 1;
    bench.once(&Op::Flip { dst: c, word, mask: 1 << 19 })?;
    let caught = !expected.is_right(row as usize, &bench.read(c, row * row_bytes, row_bytes)?);
    let canary = if caught { Canary::Caught } else { Canary::Missed };
    Ok(Check::Matched { exact: rows * u64::from(shape.n), sampled: 0, canary })
}
