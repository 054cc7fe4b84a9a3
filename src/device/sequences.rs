//! The sequences that ops follow: the multipliers of chains from round to round, the places of a ring from hop to hop.
//! Owns these numbers; must not know memory or any backend.

use super::draw::{self, Distribution};
use super::precision::Precision;

/// The two multipliers of [`super::Op::Fma`], which alternate from round to round.
///
/// On integers they double and halve, so short chains stay exact; on other data they are tiny and cancel, so that
/// values stay finite over any number of rounds while mantissas keep moving.
pub fn fma_multipliers(precision: Precision, distribution: Distribution) -> [f64; 2] {
    match (precision, distribution) {
        // Even, so that a chain without neighbours multiplies by odd numbers: by even ones it would soon be zero, whatever it began with.
        (Precision::Int32, _) => [2.0, -6.0],
        // Four packed signed bytes: (1, -2, 3, -1) and (-1, 1, -2, 3).
        (Precision::Int8, _) => [f64::from(0xFF03_FE01_u32), f64::from(0x03FE_01FF_u32)],
        (_, Distribution::Integers { .. }) => [1.0, -0.5],
        // 2^-6 still moves a BF16 mantissa, 2^-9 one of FP16; 2^-17 does so for the wider formats.
        (Precision::Bf16, _) => [0.015_625, -0.015_625],
        (Precision::Fp16, _) => [0.001_953_125, -0.001_953_125],
        (_, Distribution::Normal | Distribution::Wide) => [7.629_394_531_25e-6, -7.629_394_531_25e-6],
    }
}

/// [`fma_multipliers`] as the word that kernels are given: FP32 bits for floats, which each format takes from there.
pub fn fma_multiplier_words(precision: Precision, distribution: Distribution) -> [u32; 2] {
    fma_multipliers(precision, distribution).map(|m| {
        if precision.is_float() {
            (m as f32).to_bits()
        } else if m < 0.0 {
            m as i32 as u32
        } else {
            m as u32
        }
    })
}

/// The linear congruence behind [`super::Op::Ring`]: slot to next slot, `x * a + c` modulo the number of slots.
/// Full period by Hull and Dobell: `c` odd, `a` one more than a multiple of 4.
pub fn ring_step(seed: u64) -> (u32, u32) {
    let a = (draw::hash(seed, 0) & !7) | 5;
    let c = draw::hash(seed, 1) | 1;
    (a, c)
}

/// Where `hops` steps lead from slot `start`, in time logarithmic in `hops`.
pub fn ring_after(slots: u32, seed: u64, start: u32, mut hops: u64) -> u32 {
    let (mut a, mut c) = ring_step(seed);
    let (mut total_a, mut total_c) = (1u32, 0u32);
    while hops > 0 {
        if hops & 1 == 1 {
            total_a = total_a.wrapping_mul(a);
            total_c = total_c.wrapping_mul(a).wrapping_add(c);
        }
        c = c.wrapping_mul(a.wrapping_add(1));
        a = a.wrapping_mul(a);
        hops >>= 1;
    }
    start.wrapping_mul(total_a).wrapping_add(total_c) & (slots - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_visits_every_slot_once() {
        for slots in [1u32, 2, 64, 4096] {
            let (a, c) = ring_step(11);
            let mut at = 0u32;
            for hop in 1..=slots {
                at = at.wrapping_mul(a).wrapping_add(c) & (slots - 1);
                assert_eq!(at == 0, hop == slots, "{slots} slots, hop {hop}");
                assert_eq!(at, ring_after(slots, 11, 0, u64::from(hop)));
            }
        }
    }
}
