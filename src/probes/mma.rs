//! Arithmetic ceiling of the tensor units: products of small matrices that stay in registers.

use super::gemm::magnitude;
use super::{Probe, sized, spare_bytes, timed};
use crate::device::draw::{self, Distribution};
use crate::device::op::{Precision, TILE_RESULTS, TILE_STEPS};
use crate::device::{Buf, Identity, Op};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::case::Case;
use crate::engine::check::{self, Trial, Turned};
use crate::engine::{Settings, Trouble};
use crate::evidence::{Canary, Check, Conditions, Measurement};

pub const PROBE: Probe =
    Probe { name: "mma", question: "How many multiply-adds a second do the tensor units reach?", cases };

/// Tiles for each unit of the device, at least: whole blocks of every launch form, so that no unit is left over at the end.
const TILES_PER_UNIT: u32 = 64;
/// Where a device does not say how many units it has.
const UNITS: u32 = 16;
const TILES_MAX: u32 = 1 << 20;
/// More turns would no longer make the set-up smaller.
const TURNS_MAX: u32 = 256;
/// One execution should take this long, so that launches and the last blocks do not count.
const EXECUTION_NS: u64 = 20_000_000;
/// Turns of the exact phase: enough that what each leaves to the next shows.
const EXACT_TURNS: u32 = 3;
/// Tiles of which every result is compared. The last warp of any form is not full.
const EXACT_TILES: u32 = 5;
/// Tiles that are compared on random data.
const SAMPLED_TILES: u32 = 4;

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let seed = settings.seed;
    let units = identity.units.unwrap_or(UNITS).max(1);
    let most_bytes = identity.buffer_bytes_max.min(spare_bytes(identity) / 4);
    Precision::TENSOR
        .into_iter()
        .filter_map(|precision| {
            let metric = format!("mma.{}.rate", precision.name());
            let tile_bytes = u64::from(TILE_RESULTS) * precision.result_bytes();
            let tiles_max = (most_bytes / tile_bytes).clamp(1, u64::from(TILES_MAX)) as u32;
            let tiles = (TILES_PER_UNIT.saturating_mul(units)).min(tiles_max);
            let work = Work { precision, turns: 1, tiles, distribution: Distribution::Normal, seed };
            Case::single(metric, move |bench, metric| mma(bench, metric, work, units, tiles_max))
        })
        .collect()
}

/// One case of the op, all but its result buffer.
#[derive(Clone, Copy)]
struct Work {
    precision: Precision,
    turns: u32,
    tiles: u32,
    distribution: Distribution,
    seed: u64,
}

impl Work {
    fn op(self, out: Buf) -> Op {
        let Work { precision, turns, tiles, distribution, seed } = self;
        Op::Mma { precision, turns, tiles, distribution, seed, out }
    }

    fn result_bytes(self) -> u64 {
        u64::from(self.tiles) * u64::from(TILE_RESULTS) * self.precision.result_bytes()
    }

    /// The same on integers whose sums are exact.
    fn exact(self) -> Self {
        let magnitude = magnitude(self.precision, TILE_STEPS * self.precision.tile_depth());
        let distribution = Distribution::Integers { magnitude };
        Work { turns: EXACT_TURNS, distribution, seed: draw::derived(self.seed, 0), ..self }
    }

    fn compare(self, bench: &mut Bench, out: Buf, tiles: &[u32]) -> Result<u64, Trouble> {
        let Work { precision, turns, distribution, seed, .. } = self;
        check::mma_tiles(bench, Turned { precision, turns, distribution, seed }, out, tiles)
    }
}

fn mma(
    bench: &mut Bench,
    metric: &str,
    work: Work,
    units: u32,
    tiles_max: u32,
) -> Result<Measurement, Trouble> {
    bench.supports(&work.op(Buf::NONE))?;
    let out = bench.alloc(Work { tiles: tiles_max, ..work }.result_bytes())?;
    let work = sized_work(bench, work, tiles_max, out)?;
    let forms = bench.forms(&work.op(out));
    let form = bench.tune(forms)?;
    let on = |work: Work| Tuned { op: work.op(out), ..form.clone() };

    let small = small(bench, work.exact(), form.index)?;
    let spread = spread(work, units);
    let whole = at_size(bench, work.exact(), &on(work.exact()), out, &spread)?;
    let once = Work { turns: 1, ..work };
    bench.run(&on(once), 1)?;
    let sampled = once.compare(bench, out, &spread[..spread.len().min(SAMPLED_TILES as usize)])?;
    let steady = check::steady(bench, &form, out, work.result_bytes())?;
    let other = on(Work { seed: !work.seed, ..work });
    check::remembers_nothing(bench, &other, out, work.result_bytes(), &steady.digest)?;
    let random = Check::Matched { exact: 0, sampled, canary: steady.canary };

    let conditions = Conditions {
        distribution: Some(Distribution::Normal),
        ..sized(format!("{} tiles, {} turns", work.tiles, work.turns))
    };
    let check = check::joined(check::joined(small, whole), random);
    timed(metric, steady.sampled.timed, &form, conditions, check)
}

/// Doubles the turns, then the tiles, until one execution takes long enough.
fn sized_work(bench: &mut Bench, mut work: Work, tiles_max: u32, out: Buf) -> Result<Work, Trouble> {
    loop {
        let form = bench.any_form(&work.op(out))?;
        bench.run(&form, 1)?;
        let sample = bench.run(&form, 1)?;
        bench.progress(0, None)?;
        if sample.device_ns.unwrap_or(sample.host_ns) >= EXECUTION_NS {
            return Ok(work);
        }
        if work.turns < TURNS_MAX {
            work.turns *= 2;
        } else if work.tiles <= tiles_max / 2 {
            work.tiles *= 2;
        } else {
            return Ok(work);
        }
    }
}

/// Up to `count` tiles from all over the device, one somewhere in each of so many parts.
fn spread(work: Work, count: u32) -> Vec<u32> {
    let part = (work.tiles / count).max(1);
    let places = (0..work.tiles / part).take(count as usize);
    places.map(|i| i * part + draw::hash(work.seed, u64::from(i)) % part).collect()
}

/// Every result of a few tiles, bit for bit.
fn small(bench: &mut Bench, work: Work, index: usize) -> Result<Check, Trouble> {
    let work = Work { tiles: EXACT_TILES, ..work };
    let trial =
        Trial { bytes: &[work.result_bytes()], output: 0, program: &|bufs| (Vec::new(), work.op(bufs[0])) };
    check::exact(bench, &trial, index)
}

/// Tiles from all over the device at full size, bit for bit, with a planted error that must be noticed.
fn at_size(bench: &mut Bench, work: Work, form: &Tuned, out: Buf, tiles: &[u32]) -> Result<Check, Trouble> {
    bench.run(form, 1)?;
    let exact = work.compare(bench, out, tiles)?;
    // The highest word of a tile's last result, so that the flip shows in every format.
    let end = Work { tiles: tiles.first().copied().unwrap_or_default() + 1, ..work }.result_bytes();
    bench.once(&Op::Flip { dst: out, word: end / 4 - 1, mask: 1 << 19 })?;
    let canary = match work.compare(bench, out, tiles) {
        Err(Trouble::Wrong(_)) => Canary::Caught,
        Ok(_) => Canary::Missed,
        Err(other) => return Err(other),
    };
    Ok(Check::Matched { exact, sampled: 0, canary })
}
