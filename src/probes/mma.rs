//! Arithmetic ceiling of the tensor units: products of small matrices that stay in registers.

use super::gemm::magnitude;
use super::{Probe, sized, spare_bytes, timed};
use crate::device::draw::{self, Distribution};
use crate::device::op::{Precision, TILE_STEPS, TileShape};
use crate::device::{Buf, Identity, Op};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::case::Case;
use crate::engine::check::{self, Trial, Turned};
use crate::engine::{Settings, Trouble};
use crate::evidence::{Canary, Check, Conditions, Measurement};

/// How many multiply-adds a second do the tensor units reach?
pub const PROBE: Probe = Probe { name: "mma", cases };

/// Tiles for each unit of the device, at least: whole blocks of every launch form, so that no unit is left over at the end.
const TILES_PER_UNIT: u32 = 64;
/// The same of the larger tiles, which have 128 times as many results or more; and how many are compared: each takes the CPU a while.
const WIDE_TILES_PER_UNIT: u32 = 2;
const WIDE_TILES_COMPARED: u32 = 8;
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
            let shape = TileShape::Warp;
            let work =
                Work { shape, precision, turns: 1, tiles: 1, distribution: Distribution::Normal, seed };
            Case::single(metric, move |bench, metric| fastest(bench, metric, work, units, most_bytes))
        })
        .collect()
}

/// One case of the op, all but its result buffer.
#[derive(Clone, Copy)]
struct Work {
    shape: TileShape,
    precision: Precision,
    turns: u32,
    tiles: u32,
    distribution: Distribution,
    seed: u64,
}

impl Work {
    fn op(self, out: Buf) -> Op {
        let Work { shape, precision, turns, tiles, distribution, seed } = self;
        Op::Mma { shape, precision, turns, tiles, distribution, seed, out }
    }

    fn result_bytes(self) -> u64 {
        u64::from(self.tiles) * u64::from(self.shape.results()) * self.precision.result_bytes()
    }

    /// The same on integers whose sums are exact.
    fn exact(self) -> Self {
        let magnitude = magnitude(self.precision, TILE_STEPS * self.precision.tile_depth());
        let distribution = Distribution::Integers { magnitude };
        Work { turns: EXACT_TURNS, distribution, seed: draw::derived(self.seed, 0), ..self }
    }

    fn compare(self, bench: &mut Bench, out: Buf, tiles: &[u32]) -> Result<u64, Trouble> {
        let Work { shape, precision, turns, distribution, seed, .. } = self;
        check::mma_tiles(bench, Turned { shape, precision, turns, distribution, seed }, out, tiles)
    }
}

/// By tiles of warps, and by larger ones where the device makes those: the fastest counts. What becomes of kernels that have not yet
/// run on hardware takes nothing from the others' figure.
fn fastest(
    bench: &mut Bench,
    metric: &str,
    work: Work,
    units: u32,
    most_bytes: u64,
) -> Result<Measurement, Trouble> {
    let mut fastest = mma(bench, metric, work, units, most_bytes);
    for shape in [TileShape::Warpgroup, TileShape::Block] {
        let wide = Work { shape, ..work };
        if bench.supports(&wide.op(Buf::NONE)).is_err()
            || matches!(&fastest, Err(Trouble::Device(e)) if e.is_final())
        {
            continue;
        }
        bench.release();
        let is_tried = bench.forms(&wide.op(Buf::NONE)).iter().all(|form| form.variant.caveat.is_none());
        fastest = faster(fastest, mma(bench, metric, wide, units, most_bytes), is_tried);
    }
    fastest
}

type Measured = Result<Measurement, Trouble>;

fn faster(by_warps: Measured, by_groups: Measured, is_tried: bool) -> Measured {
    let rate = |measured: &Measurement| measured.summary().map_or(0.0, |summary| summary.p50);
    match (by_warps, by_groups) {
        (_, Err(Trouble::Sink(error))) => Err(error.into()),
        (_, Err(Trouble::Device(error))) if error.is_final() => Err(error.into()),
        (_, Err(Trouble::Wrong(why))) if is_tried => Err(Trouble::Wrong(why)),
        (Ok(by_warps), Ok(by_groups)) if rate(&by_groups) > rate(&by_warps) => Ok(by_groups),
        (Ok(by_warps), Err(trouble)) => Ok(noted(by_warps, &trouble)),
        // Kernels that have not yet run on hardware speak against no card.
        (Err(Trouble::Unsupported(_)), Err(Trouble::Wrong(why))) => Err(Trouble::Skipped(why)),
        (Err(Trouble::Unsupported(_)), by_groups) => by_groups,
        (by_warps, _) => by_warps,
    }
}

/// With what became of the kernel that could have been faster.
fn noted(measured: Measurement, trouble: &Trouble) -> Measurement {
    let said = format!("larger tiles have no figure: {trouble}");
    let caveat = measured.conditions.caveat.as_ref().map_or(said.clone(), |known| format!("{known}; {said}"));
    Measurement { conditions: Conditions { caveat: Some(caveat), ..measured.conditions }, ..measured }
}

fn mma(
    bench: &mut Bench,
    metric: &str,
    work: Work,
    units: u32,
    most_bytes: u64,
) -> Result<Measurement, Trouble> {
    bench.supports(&work.op(Buf::NONE))?;
    let tile_bytes = Work { tiles: 1, ..work }.result_bytes();
    let tiles_max = (most_bytes / tile_bytes).clamp(1, u64::from(TILES_MAX)) as u32;
    let (each, compared) = match work.shape {
        TileShape::Warp => (TILES_PER_UNIT, units),
        TileShape::Warpgroup | TileShape::Block => (WIDE_TILES_PER_UNIT, WIDE_TILES_COMPARED),
    };
    let work = Work { tiles: each.saturating_mul(units).min(tiles_max), ..work };
    let out = bench.alloc(Work { tiles: tiles_max, ..work }.result_bytes())?;
    let work = sized_work(bench, work, tiles_max, out)?;
    let forms = bench.forms(&work.op(out));
    let form = bench.tune(forms)?;
    let on = |work: Work| Tuned { op: work.op(out), ..form.clone() };

    let small = small(bench, Work { tiles: EXACT_TILES, ..work.exact() }, form.index)?;
    let spread = spread(work, compared);
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

/// Every result of a few tiles of the largest shape that instructions make, bit for bit, by the only form there is. More than a block has,
/// and more turns than one, but no more of either than that: each takes the CPU a while.
pub(super) fn large_tiles(bench: &mut Bench, precision: Precision, seed: u64) -> Result<Check, Trouble> {
    let (shape, distribution) = (TileShape::Block, Distribution::Normal);
    let work = Work { shape, precision, turns: 1, tiles: 3, distribution, seed };
    small(bench, Work { turns: 2, ..work.exact() }, 0)
}

/// As [`large_tiles`] has it, whatever its numbers.
pub(super) fn large_tile(precision: Precision) -> Op {
    let (shape, distribution) = (TileShape::Block, Distribution::Normal);
    Op::Mma { shape, precision, turns: 1, tiles: 1, distribution, seed: 0, out: Buf::NONE }
}

/// Every result of a few tiles, bit for bit.
fn small(bench: &mut Bench, work: Work, index: usize) -> Result<Check, Trouble> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::device::{DeviceError, Unsupported};
    use crate::evidence::{Sample, Timed};

    fn of_rate(work: u64) -> Measurement {
        let sample = Sample { device_ns: Some(1000), host_ns: 1000 };
        let check = Check::Matched { exact: 1, sampled: 0, canary: Canary::Caught };
        let value = crate::evidence::Value::Timed(Timed { work, repeat: 1, samples: vec![sample; 5] });
        super::super::measurement("mma.bf16.rate", value, sized(String::new()), check).unwrap()
    }

    fn wrong() -> Measured {
        Err(Trouble::Wrong("tile 3 is wrong".to_owned()))
    }

    /// What came later must not take a figure away that was there before, nor hide that the device is gone.
    #[test]
    fn the_faster_counts_and_what_is_untried_spoils_nothing() {
        let untried = |by_warps, by_groups| faster(by_warps, by_groups, false);
        let unsupported = || Err(Trouble::Unsupported(Unsupported::us("none")));
        assert_eq!(untried(Ok(of_rate(10)), Ok(of_rate(20))).unwrap(), of_rate(20));
        assert_eq!(untried(Ok(of_rate(20)), Ok(of_rate(10))).unwrap(), of_rate(20));
        assert_eq!(untried(unsupported(), Ok(of_rate(10))).unwrap(), of_rate(10));
        for trouble in [wrong(), Err(DeviceError::OutOfMemory { bytes: 1 }.into())] {
            let said = trouble.as_ref().unwrap_err().to_string();
            let kept = untried(Ok(of_rate(20)), trouble).unwrap();
            assert!(kept.conditions.caveat.as_ref().unwrap().contains(&said), "{kept:?}");
            assert_eq!((kept.value, kept.check), (of_rate(20).value, of_rate(20).check));
        }
        assert!(
            matches!(untried(unsupported(), wrong()), Err(Trouble::Skipped(why)) if why.contains("tile 3"))
        );
        assert!(matches!(untried(wrong(), Ok(of_rate(10))), Err(Trouble::Wrong(_))));
        // What has run on hardware speaks of the card.
        for by_warps in [Ok(of_rate(20)), unsupported()] {
            assert!(matches!(faster(by_warps, wrong(), true), Err(Trouble::Wrong(_))));
        }
        let lost = || Err(DeviceError::Lost { why: String::new() }.into());
        assert!(matches!(untried(Ok(of_rate(20)), lost()), Err(Trouble::Device(error)) if error.is_final()));
    }
}
