//! What a device may get wrong on random data, against a model of units that keep sums short.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::device::draw::Distribution;

#[test]
fn parts_are_the_whole_in_order() {
    for count in [0, 1, 7, 1000] {
        let parts = in_parts(count, &|part: Range<u64>| part.collect::<Vec<u64>>());
        assert_eq!(parts.concat(), (0..count).collect::<Vec<u64>>());
    }
}

/// Whether this process can have no threads; if not, the test of this name passes in one that cannot: no machine has room for the
/// stacks of its threads.
pub fn is_without_threads(name: &str) -> bool {
    if std::env::var_os("RUST_MIN_STACK").is_some() {
        return true;
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", name, "--test-threads=1"]).env("RUST_MIN_STACK", "4611686018427387904");
    let ended = again.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    false
}

#[test]
fn parts_are_the_whole_where_there_can_be_no_threads() {
    if is_without_threads("engine::check::tests::parts_are_the_whole_where_there_can_be_no_threads") {
        parts_are_the_whole_in_order();
    }
}

#[test]
fn what_is_wrong_or_blind_once_is_so_of_both() {
    let matched = |canary| Check::Matched { exact: 1, sampled: 2, canary };
    let scanned = |canary| Check::Scanned { tally: Tally { words_checked: 3, ..Tally::default() }, canary };
    let (seen, missed) = (Canary::Caught, Canary::Missed);
    let wrong = || Check::Wrong { why: "wrong".to_owned() };
    for sound in [matched(seen), scanned(seen)] {
        assert_eq!(joined(sound.clone(), wrong()), wrong());
        assert_eq!(joined(wrong(), sound), wrong());
    }
    assert_eq!(
        joined(matched(seen), matched(missed)),
        Check::Matched { exact: 2, sampled: 4, canary: missed }
    );
    for (one, other) in [(matched(missed), scanned(seen)), (matched(seen), scanned(missed))] {
        assert_eq!(joined(one.clone(), other.clone()), scanned(missed));
        assert_eq!(joined(other, one), scanned(missed));
    }
}

const FP8: [Precision; 2] = [Precision::Fp8E4m3, Precision::Fp8E5m2];
const DEPTH: usize = 32;

/// Row `row` of the rows that a tile is drawn from.
fn row(precision: Precision, distribution: Distribution, seed: u64, row: u64) -> [f64; DEPTH] {
    std::array::from_fn(|k| {
        let index = row * DEPTH as u64 + k as u64;
        reference::element(precision, draw::value_bits(precision, distribution, seed, index))
    })
}

/// The power of two that `value` begins with; of 0 a very small one.
fn exponent(value: f64) -> i32 {
    (value.to_bits() >> 52 & 0x7FF) as i32 - 1023
}

fn cut(value: f64, exponent: i32) -> f64 {
    const PLACES: i32 = 13;
    let quantum = 2f64.powi(exponent - PLACES);
    (value / quantum).trunc() * quantum
}

/// The sum after `steps` steps of units that keep 13 binary places below the largest exponent of a step.
fn short_sum(a: &[f64; DEPTH], b: &[f64; DEPTH], steps: u32) -> f64 {
    let pairs = || a.iter().zip(b);
    let largest = pairs().map(|(a, b)| exponent(*a) + exponent(*b)).max().unwrap();
    let products = |exponent| pairs().map(|(a, b)| cut(a * b, exponent)).sum::<f64>();
    let (mut sum, mut known) = (0.0, None);
    for _ in 0..steps {
        let scale = largest.max(exponent(sum)).max(-100);
        // The same again as long as the scale is.
        let step = match known {
            Some((at, step)) if at == scale => step,
            _ => products(scale),
        };
        known = Some((scale, step));
        let next: f64 = step + cut(sum, scale);
        sum = cut(next, exponent(next).max(-100));
    }
    sum
}

/// How far results of `tiles` are off, as parts of the bound: of every 61st place and of what `wrong` makes of the operands.
fn worst(
    (shape, precision, distribution): (TileShape, Precision, Distribution),
    seed: u64,
    tiles: &[u32],
    result: &dyn Fn([f64; DEPTH], &[f64; DEPTH]) -> f64,
) -> f64 {
    let (rows, columns) = (u64::from(shape.rows()), u64::from(shape.columns()));
    let mut worst = 0f64;
    for tile in tiles {
        let expected = reference::mma_first_turn(shape, precision, distribution, seed, *tile);
        let first = u64::from(*tile) * (rows + columns);
        for place in (0..rows * columns).step_by(if shape == TileShape::Warp { 1 } else { 61 }) {
            let a = row(precision, distribution, seed, first + place / columns);
            let b = row(precision, distribution, seed, first + rows + place % columns);
            let (value, magnitude) = expected[place as usize];
            worst = worst.max((result(a, &b) - value).abs() / (tile_bound(precision) * magnitude));
        }
    }
    worst
}

#[test]
fn short_sums_in_fp8_are_right_and_wrong_operands_are_not() {
    for shape in [TileShape::Warp, TileShape::Warpgroup, TileShape::Block] {
        for precision in FP8 {
            for distribution in [Distribution::Normal, Distribution::Wide] {
                let what = (shape, precision, distribution);
                let (mut honest, mut wrong) = (0f64, f64::INFINITY);
                for run in 0..10 {
                    let (seed, tiles) = (draw::derived(7, run), [5, 77, 140, 201]);
                    honest = honest.max(worst(what, seed, &tiles, &|a, b| short_sum(&a, b, TILE_STEPS)));
                    // One value of the 32 with the other sign, in a single tile.
                    wrong = wrong.min(worst(what, seed, &tiles[..1], &|mut a, b| {
                        a[13] = -a[13];
                        short_sum(&a, b, TILE_STEPS)
                    }));
                }
                println!("{what:?}: {honest} of the bound, {wrong} with a wrong operand");
                // Small products in E5M2 end in a bit that short sums still keep.
                let shows = distribution == Distribution::Wide || precision == Precision::Fp8E4m3;
                let most = if distribution == Distribution::Wide { 0.9 } else { 0.5 };
                assert!(honest < most && (honest > 0.0 || !shows), "{what:?}: {honest} of the bound");
                assert!(wrong > 2.0, "{what:?}: a wrong operand is {wrong} of the bound");
            }
        }
    }
}

/// What the comment at [`tile_bound`] says, and that the exact phase makes up for it: its integers lose nothing in short sums.
#[test]
fn a_step_left_out_shows_in_the_exact_phase_of_fp8() {
    let left_out = |distribution| {
        let what = (TileShape::Warp, Precision::Fp8E4m3, distribution);
        let steps = |steps| move |a: [f64; DEPTH], b: &[f64; DEPTH]| short_sum(&a, b, steps);
        [worst(what, 3, &[0, 1], &steps(TILE_STEPS)), worst(what, 3, &[0, 1], &steps(TILE_STEPS - 1))]
    };
    let [_, random] = left_out(Distribution::Normal);
    assert!(random < 1.0, "{random}: it shows after all, and the comment is wrong");
    let [whole, integers] = left_out(Distribution::Integers { magnitude: 2 });
    assert!(whole == 0.0 && integers > 0.0, "{whole} {integers}");
}
