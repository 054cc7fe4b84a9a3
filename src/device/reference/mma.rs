//! The CPU meaning of `Op::Mma`: tiles that tensor units work on in registers.
//! Owns what a tile computes and how turns hang together; must not know how units spread a tile over threads.

use super::{dot, element, elements};
use crate::device::draw::{self, Distribution};
use crate::device::op::{Precision, TILE_STEPS, TileShape};

/// Bytes of a row of either.
const ROW_BYTES: usize = 32;

type Row = [u8; ROW_BYTES];

/// One tile's results, as bits of [`Precision::result_bytes`], row by row. No turn can be left out, since each decides what
/// the next one multiplies.
pub fn mma_tile(
    shape: TileShape,
    precision: Precision,
    turns: u32,
    distribution: Distribution,
    seed: u64,
    tile: u32,
) -> Vec<u64> {
    let (mut a, b) = drawn(shape, precision, distribution, seed, tile);
    // The same product again and again, each added to the sum so far.
    let long = |row: &Row| elements(precision, row).repeat(TILE_STEPS as usize);
    let b: Vec<Vec<f64>> = b.iter().map(long).collect();
    let mut results = vec![0; shape.results() as usize];
    for turn in 0..turns {
        change(precision, &mut a, results.chunks_exact(shape.columns() as usize), turn);
        for (row, results) in a.iter().map(long).zip(results.chunks_exact_mut(shape.columns() as usize)) {
            for (column, result) in b.iter().zip(results) {
                *result = dot(precision, &row, column);
            }
        }
    }
    results
}

/// What a tile's first turn gives if nothing is rounded, and the sums of magnitudes that bound what rounding can change.
pub fn mma_first_turn(
    shape: TileShape,
    precision: Precision,
    distribution: Distribution,
    seed: u64,
    tile: u32,
) -> Vec<(f64, f64)> {
    let (a, b) = drawn(shape, precision, distribution, seed, tile);
    let pairs = a.iter().flat_map(|row| b.iter().map(move |column| (row, column)));
    let sums = pairs.map(|(row, column)| {
        let products =
            elements(precision, row).into_iter().zip(elements(precision, column)).map(|(a, b)| a * b);
        products.fold((0.0, 0.0), |(sum, magnitude), product| (sum + product, magnitude + product.abs()))
    });
    let steps = f64::from(TILE_STEPS);
    sums.map(|(sum, magnitude)| (steps * sum, steps * magnitude)).collect()
}

/// The rows of a tile's first matrix and the columns of its second, drawn in this order.
fn drawn(
    shape: TileShape,
    precision: Precision,
    distribution: Distribution,
    seed: u64,
    tile: u32,
) -> (Vec<Row>, Vec<Row>) {
    let (rows, all) = (u64::from(shape.rows()), u64::from(shape.rows() + shape.columns()));
    let row = |row| drawn_row(precision, distribution, seed, u64::from(tile) * all + row);
    ((0..rows).map(row).collect(), (rows..all).map(row).collect())
}

fn drawn_row(precision: Precision, distribution: Distribution, seed: u64, row: u64) -> Row {
    let (mut bytes, depth) = ([0; ROW_BYTES], u64::from(precision.tile_depth()));
    for (i, slot) in (0..).zip(bytes.chunks_exact_mut(precision.bytes() as usize)) {
        let bits = draw::value_bits(precision, distribution, seed, row * depth + i).to_le_bytes();
        slot.copy_from_slice(&bits[..slot.len()]);
    }
    bytes
}

/// How the results so far change `a` for a turn: the signs of a word's values turn where the word's result is negative; in
/// about every second turn, by a hash of its number, where it is not, so that the matrices come to no rest. In INT8 those
/// bits turn that the result has. Word `w` of a row, the words of FP64 being its values, has the result of column
/// `2 (w mod 4) + w / 4`.
fn change<'a>(precision: Precision, a: &mut [Row], results: impl Iterator<Item = &'a [u64]>, turn: u32) {
    let format = if precision.result_bytes() == 8 { Precision::Fp64 } else { Precision::Fp32 };
    let bytes = precision.bytes() as usize;
    for (r, (row, results)) in a.iter_mut().zip(results).enumerate() {
        for (w, word) in row.chunks_exact_mut(bytes.max(4)).enumerate() {
            let result = results[2 * (w % 4) + w / 4];
            let inverted = draw::hash(0, u64::from(turn)) >> (4 * (r % 8) + w % 4) & 1 == 1;
            if precision == Precision::Int8 {
                word.iter_mut().zip(result.to_le_bytes()).for_each(|(byte, bits)| *byte ^= bits);
            } else if (element(format, result) < 0.0) != inverted {
                // Little-endian: the last byte of a value has its sign.
                word.iter_mut().skip(bytes - 1).step_by(bytes).for_each(|byte| *byte ^= 0x80);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTEGERS: Distribution = Distribution::Integers { magnitude: 2 };

    fn value(precision: Precision, bits: u64) -> f64 {
        match precision {
            Precision::Fp64 => f64::from_bits(bits),
            Precision::Int8 => f64::from(bits as u32 as i32),
            Precision::Fp32
            | Precision::Tf32
            | Precision::Fp16
            | Precision::Bf16
            | Precision::Fp8E4m3
            | Precision::Fp8E5m2
            | Precision::Int32 => f64::from(f32::from_bits(bits as u32)),
        }
    }

    #[test]
    fn a_turn_by_hand() {
        for precision in Precision::TENSOR {
            let depth = u64::from(precision.tile_depth());
            let drawn =
                |row, k| element(precision, draw::value_bits(precision, INTEGERS, 7, row * depth + k));
            let once: f64 = (0..depth).map(|k| drawn(48 + 13, k) * drawn(48 + 16 + 3, k)).sum();
            let bits = mma_tile(TileShape::Warp, precision, 1, INTEGERS, 7, 2)[13 * 8 + 3];
            assert_eq!(value(precision, bits), 64.0 * once, "{precision:?}");
            // And of a wide tile, whose matrices have 320 rows together.
            let once: f64 = (0..depth).map(|k| drawn(640 + 61, k) * drawn(640 + 64 + 203, k)).sum();
            let bits = mma_tile(TileShape::Warpgroup, precision, 1, INTEGERS, 7, 2)[61 * 256 + 203];
            assert_eq!(value(precision, bits), 64.0 * once, "{precision:?}");
        }
    }

    /// Else the result of a long run would be right for other data, or for less work.
    #[test]
    fn every_turn_and_every_seed_shows_in_the_result() {
        for precision in Precision::TENSOR {
            for distribution in [INTEGERS, Distribution::Normal] {
                let result = |turns, seed| mma_tile(TileShape::Warp, precision, turns, distribution, seed, 0);
                let mut seen: Vec<Vec<u64>> = (1..=40).map(|turns| result(turns, 1)).collect();
                seen.extend([result(40, draw::derived(1, 0)), result(40, !1)]);
                let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
                assert_eq!(distinct.len(), seen.len(), "{precision:?} {distribution:?}");
            }
        }
    }

    #[test]
    fn any_number_of_turns_stays_finite() {
        for precision in Precision::TENSOR {
            for distribution in [Distribution::Normal, Distribution::Wide] {
                let results = mma_tile(TileShape::Warp, precision, 50, distribution, 3, 0);
                let sizes = results.iter().map(|bits| value(precision, *bits).abs());
                assert!(sizes.fold(0.0, f64::max) < 1e10, "{precision:?} {distribution:?}");
            }
        }
    }
}
