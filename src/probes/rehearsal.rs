//! Kernels that have run on no hardware before, tried on this very device before anything is measured: a process of its own does this,
//! so that whatever they do costs no figure and speaks against no card.
//! Owns what is tried; must not know processes.

use super::gemm::{self, Product};
use super::{mma, sustain};
use crate::device::backend::Opened;
use crate::device::draw::Distribution;
use crate::device::op::{Maker, Precision, Shape};
use crate::device::reference::DrawnInputs;
use crate::device::{Buf, Device, Op};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::event::Event;

/// Bytes of k: more than any pipeline holds at a time, and no whole number of its steps.
const ROW_BYTES: u32 = 9 * 128 + 16;
/// The tile that is largest, and how many of them each unit gets.
const TILE: (u32, u32) = (128, 256);
const TILES_PER_UNIT: u32 = 3;
const WAIT_MS: u64 = 10_000;
const SEED: u64 = 1;

/// What kernels on probation are for: products, and the ceilings of units.
fn ops() -> impl Iterator<Item = (Precision, Op)> {
    let product = |precision| (precision, gemm::odd_product((Maker::Ours, precision), [Buf::NONE; 3]));
    let tile = |precision| (precision, mma::large_tile(precision));
    Precision::MULTIPLIED.into_iter().map(product).chain(Precision::TENSOR.into_iter().map(tile))
}

/// The families of kernels that wait to be tried on `device`, of those that these probes use.
pub fn families(device: &dyn Device, probes: &[impl AsRef<str>]) -> Vec<&'static str> {
    let has = |name: &str| probes.iter().any(|probe| probe.as_ref() == name);
    let (products, tiles) = (has(gemm::PROBE.name) || has(sustain::PROBE.name), has(mma::PROBE.name));
    let asked = ops().filter(|(_, op)| if let Op::Mma { .. } = op { tiles } else { products });
    let waiting = asked.flat_map(|(_, op)| device.on_probation(&op)).filter(|trial| !trial.is_offered);
    let mut families: Vec<&str> = waiting.map(|trial| trial.family).collect();
    families.sort_unstable();
    families.dedup();
    families
}

/// All that only `family` makes: small products in full, and one that keeps all units busy for several tiles by a few rows; a few tiles.
pub fn rehearse(opened: &mut Opened, family: &str) -> Result<(), Trouble> {
    let mut said: Vec<Event> = Vec::new();
    let settings = Settings::new(Profile::Quick, WAIT_MS);
    let mut bench = Bench::new(std::slice::from_mut(opened), &settings, None, &mut said);
    let known: Vec<Vec<Tuned>> = ops().map(|(_, op)| bench.forms(&op)).collect();
    bench.admit(family, Ok(()));
    for ((precision, op), known) in ops().zip(known) {
        let is_new = |form: &Tuned| known.iter().all(|known| known.variant.label != form.variant.label);
        for form in bench.forms(&op).into_iter().filter(is_new) {
            if let Op::Mma { .. } = op {
                mma::large_tiles(&mut bench, precision, SEED)?;
            } else {
                gemm::odd_shape(&mut bench, (Maker::Ours, precision), SEED, form.index)?;
                busy(&mut bench, precision, &form)?;
            }
            bench.release();
        }
    }
    Ok(())
}

fn busy(bench: &mut Bench, precision: Precision, form: &Tuned) -> Result<(), Trouble> {
    let tiles = TILES_PER_UNIT.saturating_mul(bench.identity().units.unwrap_or(1).min(1024));
    let down = (f64::from(2 * tiles).sqrt() as u32).max(1);
    let (m, n) = (TILE.0 * down, TILE.1 * tiles.div_ceil(down));
    let k = ROW_BYTES / precision.bytes() as u32;
    let product = Product::alloc(bench, (Maker::Ours, precision), Shape { m, n, k })?;
    let distribution = Distribution::Integers { magnitude: gemm::magnitude(precision, k) };
    let inputs = DrawnInputs { distribution, seed_a: SEED, seed_b: !SEED };
    product.draw(bench, &inputs)?;
    bench.run(&Tuned { op: product.op(), ..form.clone() }, 1)?;
    product.rows(bench, &inputs).map(drop)
}
