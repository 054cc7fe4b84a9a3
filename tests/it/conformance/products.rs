//! Products, and tiles of them that stay in registers.

use gpu_assay::device::Device;
use gpu_assay::device::draw::Distribution;
use gpu_assay::device::op::{Maker, Op, Precision, Shape, TileShape};

use super::{Agree, Bench, DISTRIBUTIONS, drawn, garbage};

/// Whole warps of tiles and parts of them.
pub fn tiles_in(bench: &mut Bench<'_>, precision: Precision) {
    tiles_of(bench, TileShape::Warp, precision, &[(1, 1), (75, 3), (9, 13)], 3);
}

/// The same of warpgroups, each of whose tiles is as large as 128 of those.
pub fn wide_tiles_in(bench: &mut Bench<'_>, precision: Precision) {
    tiles_of(bench, TileShape::Warpgroup, precision, &[(1, 1), (3, 3), (2, 2)], 3);
}

/// And of the large Blackwells, twice as large again: few, as the reference takes a while for each.
pub fn large_tiles_in(bench: &mut Bench<'_>, precision: Precision) {
    tiles_of(bench, TileShape::Block, precision, &[(3, 1), (1, 2)], 1);
}

/// So many tiles and turns on integers; on other data, where what one turn leaves to the next may differ, one turn of `others` tiles.
fn tiles_of(
    bench: &mut Bench<'_>,
    shape: TileShape,
    precision: Precision,
    exact: &[(u32, u32)],
    others: u32,
) {
    let integers =
        exact.iter().map(|&(tiles, turns)| (tiles, turns, Distribution::Integers { magnitude: 2 }));
    let others = [(others, 1, Distribution::Normal), (others, 1, Distribution::Wide)];
    let repeat = if shape == TileShape::Block { 1 } else { 2 };
    for (tiles, turns, distribution) in integers.chain(others) {
        let exact = !precision.is_float() || matches!(distribution, Distribution::Integers { .. });
        // Ada's and Hopper's units keep about 14 bits of a sum in FP8, and what they lose with every step adds up.
        let within = if precision.bytes() == 1 { 5e-2 } else { 1e-4 };
        let agree = if exact { Agree::Bits } else { Agree::Within(within) };
        let out = garbage(u64::from(tiles * shape.results()) * precision.result_bytes());
        bench.case(&[out], repeat, agree, |b| Op::Mma {
            shape,
            precision,
            turns,
            tiles,
            distribution,
            seed: 0x0000_0002_8000_0001,
            out: b[0],
        });
    }
}

pub const SHAPES: [[u32; 3]; 8] = [
    [1, 1, 1],
    [2, 3, 5],
    [64, 64, 64],
    [16, 80, 33],
    [65, 63, 130],
    [130, 129, 17],
    [1, 200, 257],
    // Whole tiles of every form beside edges, with rows that begin at multiples of 16 bytes.
    [144, 132, 80],
];

pub fn products_in(bench: &mut Bench<'_>, by: Maker, precision: Precision, shapes: &[[u32; 3]]) {
    for &[m, n, k] in shapes {
        for distribution in DISTRIBUTIONS {
            let exact = !precision.is_float() || matches!(distribution, Distribution::Integers { .. });
            let within = match precision {
                Precision::Fp64 => f64::from(k) * 1e-15,
                // As there.
                Precision::Fp8E4m3 | Precision::Fp8E5m2 => 2e-3,
                Precision::Fp32
                | Precision::Tf32
                | Precision::Fp16
                | Precision::Bf16
                | Precision::Int32
                | Precision::Int8 => f64::from(k) * 1e-6,
            };
            let agree = if exact { Agree::Bits } else { Agree::Within(within) };
            let a = drawn(precision, distribution, 11, u64::from(m * k));
            let b = drawn(precision, distribution, 12, u64::from(n * k));
            let c = garbage(u64::from(m * n) * precision.result_bytes());
            bench.case(&[a, b, c], 2, agree, |b| Op::Gemm {
                by,
                precision,
                shape: Shape { m, n, k },
                a: b[0],
                b: b[1],
                c: b[2],
            });
        }
    }
}

/// Products and tiles in these formats, every one of which the device must have.
pub fn multiplies(device: &mut dyn Device, precisions: &[Precision]) {
    products(device, Maker::Ours, precisions, &SHAPES);
    if device.identity().backend == "cuda" {
        let mut bench = Bench::new(device);
        precisions.iter().for_each(|precision| tiles_in(&mut bench, *precision));
        assert!(bench.cases > 0 && bench.skipped.is_empty(), "{:?}", bench.skipped);
    }
}

/// Products in these formats and shapes, every one of which the device must have.
pub fn products(device: &mut dyn Device, by: Maker, precisions: &[Precision], shapes: &[[u32; 3]]) {
    let mut bench = Bench::new(device);
    precisions.iter().for_each(|precision| products_in(&mut bench, by, *precision, shapes));
    assert!(bench.cases > 0 && bench.skipped.is_empty(), "{:?}", bench.skipped);
}

/// Products and large tiles in these formats, in the likeliest form of each, every one of which the device must have.
pub fn in_first_form(device: &mut dyn Device, precisions: &[Precision], shapes: &[[u32; 3]]) {
    let mut bench = Bench { forms: 1, ..Bench::new(device) };
    precisions.iter().for_each(|precision| {
        products_in(&mut bench, Maker::Ours, *precision, shapes);
        large_tiles_in(&mut bench, *precision);
    });
    assert!(bench.cases > 0 && bench.skipped.is_empty(), "{:?}", bench.skipped);
}

/// Products by the library of the card's vendor, in every format that it has: how many that were.
pub fn library_products(device: &mut dyn Device) -> usize {
    let mut bench = Bench::new(device);
    let shapes = [[144, 112, 80], [16, 16, 16], [16, 240, 96]];
    Precision::MULTIPLIED
        .iter()
        .for_each(|precision| products_in(&mut bench, Maker::Vendor, *precision, &shapes));
    eprintln!("{} cases; not here: {:#?}", bench.cases, bench.skipped);
    bench.cases
}

/// More steps along k than any pipeline is deep, in every form: what overtakes what shows only where it happens. On integers, whose
/// sums are exact in any order as long as they are small. Too much for devices that a processor plays.
pub fn deep_products(device: &mut dyn Device) {
    let [m, n, k] = [129, 257, 8192];
    let distribution = Distribution::Integers { magnitude: 2 };
    let mut bench = Bench::new(device);
    for precision in Precision::MULTIPLIED {
        let a = drawn(precision, distribution, 13, u64::from(m * k));
        let b = drawn(precision, distribution, 14, u64::from(n * k));
        let c = garbage(u64::from(m * n) * precision.result_bytes());
        bench.case(&[a, b, c], 1, Agree::Bits, |b| Op::Gemm {
            by: Maker::Ours,
            precision,
            shape: Shape { m, n, k },
            a: b[0],
            b: b[1],
            c: b[2],
        });
    }
    assert!(bench.cases > 0, "no products here");
}
