//! Dense matrix products: exact on integers first, then timed on random data.

use std::ops::RangeInclusive;

use super::{Probe, sized, spare_bytes, timed};
use crate::device::draw::{self, Distribution};
use crate::device::op::{Maker, Precision, Shape};
use crate::device::reference::DrawnInputs;
use crate::device::{Buf, Identity, Op, ProvenanceKind};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::case::Case;
use crate::engine::check::{self, Trial};
use crate::engine::{Settings, Trouble, whole};
use crate::evidence::{Canary, Check, Conditions, Measurement};

/// How fast are dense matrix products, and are they right?
pub const PROBE: Probe = Probe { name: "gemm", cases };

/// Not multiples of any tile: the edges are tried as well. Rows of every format are multiples of 16 bytes, as in the shapes that
/// are timed, so that both have the same launch forms.
const ODD: Shape = Shape { m: 129, n: 97, k: 80 };
/// The same for libraries that take FP8 only in multiples of 16.
const ODD_OF_VENDORS: Shape = Shape { m: 144, n: 112, k: 80 };
const SIZE_MIN: u32 = 512;
const SIZE_MAX: u32 = 8192;
/// The size grows until one product takes this long.
const PRODUCT_NS: u64 = 5_000_000;

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    cases_by(Maker::Ours, PROBE.name, identity, settings)
}

/// A case of `probe` for every format.
pub(super) fn cases_by(by: Maker, probe: &str, identity: &Identity, settings: &Settings) -> Vec<Case> {
    let seed = settings.seed;
    Precision::MULTIPLIED
        .into_iter()
        .filter_map(|precision| {
            let metric = format!("{probe}.{}.rate", precision.name());
            let bytes = 2 * precision.bytes() + precision.result_bytes();
            let sizes = sizes(identity, precision, spare_bytes(identity) / 2 / bytes);
            Case::single(metric, move |bench, metric| gemm(bench, metric, (by, precision), seed, &sizes))
        })
        .collect()
}

/// The smallest and the largest size to try, of products with at most so many elements a matrix.
pub(super) fn sizes(identity: &Identity, precision: Precision, elements_max: u64) -> RangeInclusive<u32> {
    let elements = elements_max.min(identity.buffer_bytes_max / precision.result_bytes());
    let fits = |size: &u32| u64::from(*size) * u64::from(*size) <= elements;
    let largest = all_sizes().rev().find(fits).unwrap_or(32);
    SIZE_MIN.min(largest)..=largest
}

/// Every size that a square product can have, ascending.
pub(super) fn all_sizes() -> impl DoubleEndedIterator<Item = u32> {
    (5..=SIZE_MAX.ilog2()).map(|power| 1 << power)
}

/// Magnitude of integers for which `k` products sum exactly in FP32: `k m^2 <= 2^24`, and 2^13 for FP8, of whose sums some
/// tensor units keep about 14 bits. INT8 sums are exact in full range.
pub(super) fn magnitude(precision: Precision, k: u32) -> u32 {
    if precision == Precision::Int8 {
        return 127;
    }
    let largest_sum = if precision.bytes() == 1 { 1u32 << 13 } else { 1 << 24 };
    let most = precision.integer_max().unwrap_or(32).min(32);
    (f64::from(largest_sum / k).sqrt() as u32).clamp(1, most)
}

/// By whom, and in which format.
type Multiplied = (Maker, Precision);

/// The matrices of one product.
pub(super) struct Product {
    by: Maker,
    pub precision: Precision,
    pub shape: Shape,
    a: Buf,
    b: Buf,
    pub c: Buf,
}

impl Product {
    /// Rows are whole numbers of 4 bytes.
    pub fn alloc(bench: &mut Bench, (by, precision): Multiplied, shape: Shape) -> Result<Self, Trouble> {
        let area = |rows: u32, columns: u32| u64::from(rows) * u64::from(columns);
        let a = bench.alloc(area(shape.m, shape.k) * precision.bytes())?;
        let b = bench.alloc(area(shape.n, shape.k) * precision.bytes())?;
        let c = bench.alloc(area(shape.m, shape.n) * precision.result_bytes())?;
        Ok(Self { by, precision, shape, a, b, c })
    }

    fn free(self, bench: &mut Bench) {
        for buf in [self.a, self.b, self.c] {
            bench.free(buf);
        }
    }

    pub fn op(&self) -> Op {
        self.into(self.c)
    }

    /// The same product with another place for its result.
    pub fn into(&self, c: Buf) -> Op {
        let Self { by, precision, shape, a, b, .. } = *self;
        Op::Gemm { by, precision, shape, a, b, c }
    }

    pub fn draw(&self, bench: &mut Bench, inputs: &DrawnInputs) -> Result<(), Trouble> {
        let Shape { m, n, k } = self.shape;
        for (dst, rows, seed) in [(self.a, m, inputs.seed_a), (self.b, n, inputs.seed_b)] {
            let elements = u64::from(rows) * u64::from(k);
            let (precision, distribution) = (self.precision, inputs.distribution);
            bench.once(&Op::Draw { dst, elements, precision, distribution, seed })?;
        }
        Ok(())
    }

    pub fn result_bytes(&self) -> u64 {
        u64::from(self.shape.m) * u64::from(self.shape.n) * self.precision.result_bytes()
    }

    pub fn rows(&self, bench: &mut Bench, inputs: &DrawnInputs) -> Result<u64, Trouble> {
        let m = self.shape.m;
        check::gemm_rows(bench, self.precision, self.shape, self.c, inputs, &[0, m / 3, m - 1])
    }
}

fn gemm(
    bench: &mut Bench,
    metric: &str,
    multiplied: Multiplied,
    seed: u64,
    sizes: &RangeInclusive<u32>,
) -> Result<Measurement, Trouble> {
    excused(bench, multiplied, |bench| measured(bench, metric, multiplied, seed, sizes))
}

/// Does `act`, and once more without the kernels that have run on no hardware before, where these broke off: they take no figure from
/// the card that others have. Where they were wrong, after a trial in which they were right, nobody can tell whether it was the card: then
/// there is no figure, and they are left out from here on. What is wrong without them is wrong.
fn excused<T>(
    bench: &mut Bench,
    multiplied: Multiplied,
    act: impl Fn(&mut Bench) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let op = odd_product(multiplied, [Buf::NONE; 3]);
    let (trouble, families) = match act(bench) {
        Err(trouble @ Trouble::Wrong(_)) => (trouble, bench.on_probation(&op)),
        Err(Trouble::Device(error)) if !error.is_final() => (error.into(), bench.on_probation(&op)),
        done => return done,
    };
    if families.is_empty() {
        return Err(trouble);
    }
    bench.release();
    families.iter().for_each(|family| bench.admit(family, Err(trouble.to_string())));
    if matches!(trouble, Trouble::Wrong(_)) || bench.supports(&op).is_err() {
        return Err(Trouble::Skipped(trouble.to_string()));
    }
    act(bench)
}

fn measured(
    bench: &mut Bench,
    metric: &str,
    multiplied: Multiplied,
    seed: u64,
    sizes: &RangeInclusive<u32>,
) -> Result<Measurement, Trouble> {
    let Checked { product, form, check, distribution } = checked_once(bench, multiplied, seed, sizes)?;
    let steady = check::steady(bench, &form, product.c, product.result_bytes())?;
    if form.op.units().is_none() {
        check::does_it_again(bench, &form, product.c, product.result_bytes(), &steady.digest)?;
    }
    let random = Check::Matched { exact: 0, sampled: 0, canary: steady.canary };

    let Shape { m, n, k } = product.shape;
    let conditions = Conditions { distribution: Some(distribution), ..sized(format!("{m}x{n}x{k}")) };
    timed(metric, steady.sampled.timed, &form, conditions, check::joined(check, random))
}

/// A product in its best launch form, whose result was compared and still lies in `c`.
pub(super) struct Checked {
    pub product: Product,
    pub form: Tuned,
    pub check: Check,
    /// What the inputs were drawn from in the end.
    pub distribution: Distribution,
}

/// A simulated product of more multiply-adds than this exists only row by row.
const SIMULATED_WHOLE_MAX: u64 = 1 << 24;

/// Sizes, tunes and checks a product: exact on integers in odd and in full size, sampled rows on random data. That every element is
/// compared shows that no unit of the device is wrong time and again: one that was wrong only once differs from all that follow. The case
/// must hold no buffers yet.
pub(super) fn checked(
    bench: &mut Bench,
    multiplied: Multiplied,
    seed: u64,
    sizes: &RangeInclusive<u32>,
) -> Result<Checked, Trouble> {
    excused(bench, multiplied, |bench| checked_once(bench, multiplied, seed, sizes))
}

fn checked_once(
    bench: &mut Bench,
    multiplied: Multiplied,
    seed: u64,
    sizes: &RangeInclusive<u32>,
) -> Result<Checked, Trouble> {
    let op = odd_product(multiplied, [Buf::NONE; 3]);
    bench.make_ready(&op)?;
    bench.supports(&op)?;
    let (product, form) = sized_and_tuned(bench, multiplied, seed, sizes)?;
    let odd = odd_shape(bench, multiplied, seed, form.index)?;
    let at_size = exact_at_size(bench, &product, &form, seed)?;
    let distribution = Distribution::Normal;
    let inputs = DrawnInputs { distribution, seed_a: seed, seed_b: !seed };
    product.draw(bench, &inputs)?;
    bench.run(&form, 1)?;
    let sampled = product.rows(bench, &inputs)?;
    let random = Check::Matched { exact: 0, sampled, canary: Canary::Caught };
    Ok(Checked { product, form, check: check::joined(check::joined(odd, at_size), random), distribution })
}

/// How fast this device multiplies in `precision`, by a short trial, in operations a second. As above.
pub(super) fn trial(
    bench: &mut Bench,
    precision: Precision,
    sizes: &RangeInclusive<u32>,
) -> Result<f64, Trouble> {
    let multiplied = (Maker::Ours, precision);
    bench.supports(&odd_product(multiplied, [Buf::NONE; 3]))?;
    let (product, form) = excused(bench, multiplied, |bench| sized_and_tuned(bench, multiplied, 0, sizes))?;
    let sample = bench.run(&form, 1)?;
    let ns = sample.device_ns.unwrap_or(sample.host_ns).max(1);
    let rate = form.op.work() as f64 / (ns as f64 / 1e9);
    product.free(bench);
    Ok(rate)
}

/// Grows the product until it takes long enough, with the best launch form at each size.
fn sized_and_tuned(
    bench: &mut Bench,
    multiplied: Multiplied,
    seed: u64,
    sizes: &RangeInclusive<u32>,
) -> Result<(Product, Tuned), Trouble> {
    let inputs = DrawnInputs { distribution: Distribution::Normal, seed_a: seed, seed_b: !seed };
    let mut size = *sizes.start();
    loop {
        let product = Product::alloc(bench, multiplied, Shape { m: size, n: size, k: size })?;
        // A library may have a product at one size and none at another.
        bench.supports(&product.op())?;
        product.draw(bench, &inputs)?;
        let forms = bench.forms(&product.op());
        let form = bench.tune(forms)?;
        let sample = bench.run(&form, 1)?;
        let long_enough = sample.device_ns.unwrap_or(sample.host_ns) >= PRODUCT_NS;
        if long_enough || size * 2 > *sizes.end() {
            return Ok((product, form));
        }
        product.free(bench);
        size *= 2;
    }
}

pub(super) fn odd_product((by, precision): Multiplied, [a, b, c]: [Buf; 3]) -> Op {
    Op::Gemm { by, precision, shape: odd(by), a, b, c }
}

fn odd(by: Maker) -> Shape {
    match by {
        Maker::Ours => ODD,
        Maker::Vendor => ODD_OF_VENDORS,
    }
}

/// Every element of a product of odd sizes, bit for bit.
pub(super) fn odd_shape(
    bench: &mut Bench,
    multiplied: Multiplied,
    seed: u64,
    index: usize,
) -> Result<Check, Trouble> {
    let (precision, Shape { m, n, k }) = (multiplied.1, odd(multiplied.0));
    let area = |rows: u32, columns: u32| u64::from(rows) * u64::from(columns);
    let padded = |bytes: u64| bytes.div_ceil(4) * 4;
    let draw = |dst, elements, seed| Op::Draw {
        dst,
        elements,
        precision,
        distribution: Distribution::Integers { magnitude: magnitude(precision, k) },
        seed,
    };
    let trial = Trial {
        bytes: &[
            padded(area(m, k) * precision.bytes()),
            padded(area(n, k) * precision.bytes()),
            padded(area(m, n) * precision.result_bytes()),
        ],
        output: 2,
        program: &|bufs| {
            let op = odd_product(multiplied, [bufs[0], bufs[1], bufs[2]]);
            (vec![draw(bufs[0], area(m, k), seed), draw(bufs[1], area(n, k), !seed)], op)
        },
    };
    check::exact(bench, &trial, index)
}

/// The product at its full size on integers, bit for bit, with a planted error that must be noticed.
fn exact_at_size(bench: &mut Bench, product: &Product, form: &Tuned, seed: u64) -> Result<Check, Trouble> {
    let magnitude = magnitude(product.precision, product.shape.k);
    let inputs = DrawnInputs {
        distribution: Distribution::Integers { magnitude },
        seed_a: draw::derived(seed, 0),
        seed_b: draw::derived(seed, 1),
    };
    product.draw(bench, &inputs)?;
    bench.run(form, 1)?;
    let is_simulated = bench.identity().provenance.kind() == ProvenanceKind::Simulated;
    if !is_simulated || form.op.work() / 2 <= SIMULATED_WHOLE_MAX {
        return whole::product(bench, product.precision, product.shape, product.c, &inputs);
    }
    let exact = product.rows(bench, &inputs)?;
    // The highest word of an element of the first row, so that the flip shows in every format.
    let word = product.precision.result_bytes() / 4 - 1;
    bench.once(&Op::Flip { dst: product.c, word, mask: 1 << 19 })?;
    let canary = match product.rows(bench, &inputs) {
        Err(Trouble::Wrong(_)) => Canary::Caught,
        Ok(_) => Canary::Missed,
        Err(other) => return Err(other),
    };
    Ok(Check::Matched { exact, sampled: 0, canary })
}
