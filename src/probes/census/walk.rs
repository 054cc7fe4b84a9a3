//! How far each unit is from the cache that all of them share: a map that is each die's own, as far as is known.
//! Owns how it is measured; what a map says about a card is the comparison's.

use std::collections::BTreeMap;

use super::super::{by, measurement, sized};
use crate::device::draw::hash;
use crate::device::walk::{self, Record, Way};
use crate::device::{Buf, Op};
use crate::engine::Trouble;
use crate::engine::bench::Bench;
use crate::evidence::{Canary, Check, Measurement, OnUnit, Value};

/// One line of any L2 cache for each slot, 512 KiB in all: every such cache holds it.
const STRIDE_BYTES: u32 = 128;
const SLOTS: u32 = 4096;
/// Twice around, so that every walk loads every line equally often wherever it begins; and one more, so that it ends elsewhere.
const HOPS: u32 = 2 * SLOTS + 1;
/// Of each half, whose medians are kept: what disturbs one walk does not count. One more before them warms the cache up.
const WALKS: usize = 8;

/// Cycles of all walks of one half, by unit.
type Half = BTreeMap<u32, Vec<u64>>;

pub fn map(bench: &mut Bench, metric: &str, blocks: u32, seed: u64) -> Result<Measurement, Trouble> {
    let ring_op = |dst| Op::Ring { dst, slots: SLOTS, stride_bytes: STRIDE_BYTES, seed };
    let op = |first, ring, out| Op::Walk {
        ring,
        slots: SLOTS,
        stride_bytes: STRIDE_BYTES,
        first,
        hops: HOPS,
        blocks,
        out,
    };
    bench.supports(&op(0, Buf::NONE, Buf::NONE))?;
    bench.supports(&ring_op(Buf::NONE))?;
    let bytes = u64::from(blocks) * Record::BYTES;
    let (ring, out) = (bench.alloc(u64::from(SLOTS) * u64::from(STRIDE_BYTES))?, bench.alloc(bytes)?);
    bench.once(&ring_op(ring))?;
    let mut form = bench.any_form(&op(0, ring, out))?;
    let mut way = Way { slots: SLOTS, stride_bytes: STRIDE_BYTES, seed, first: 0, hops: HOPS };
    let mut halves = [Half::new(), Half::new()];
    for done in 0..=2 * WALKS {
        // Each from elsewhere: what an earlier one has found is not what this one finds.
        way.first = hash(seed, done as u64) % SLOTS;
        form.op = op(way.first, ring, out);
        bench.write(out, 0, &vec![0; bytes as usize])?;
        bench.run(&form, 1)?;
        let records = Record::read(&bench.read(out, 0, bytes)?);
        if let Some(why) = walk::broken(&records, &way) {
            return Err(Trouble::Wrong(why));
        }
        // By turns, so that what changes in time is in both.
        for record in records.iter().filter(|_| done > 0) {
            halves[done % 2].entry(record.unit).or_default().push(record.cycles);
        }
        bench.progress(done as u64 * 1000 / (2 * WALKS) as u64, None)?;
    }
    // The check sees a walk that ends elsewhere: the lowest bit of where the first block arrived.
    bench.once(&Op::Flip { dst: out, word: 2, mask: 1 })?;
    let seen = walk::broken(&Record::read(&bench.read(out, 0, bytes)?), &way).is_some();
    let canary = if seen { Canary::Caught } else { Canary::Missed };
    let check = Check::Matched { exact: (2 * WALKS as u64 + 1) * u64::from(blocks), sampled: 0, canary };
    let shape = format!("{blocks} blocks, {} times {HOPS} loads from 512 KiB in L2", 2 * WALKS);
    let value = Value::ByUnit { loads: HOPS.into(), units: medians(halves) };
    measurement(metric, value, by(&form, sized(shape)), check)
}

/// Of every unit that both halves have seen.
fn medians([first, mut second]: [Half; 2]) -> Vec<OnUnit> {
    let on = |(unit, cycles)| {
        let other = second.remove(&unit)?;
        Some(OnUnit { unit, cycles: [median(cycles)?, median(other)?] })
    };
    first.into_iter().filter_map(on).collect()
}

/// The lower one of two in the middle.
fn median(mut cycles: Vec<u64>) -> Option<u64> {
    cycles.sort_unstable();
    cycles.get(cycles.len().checked_sub(1)? / 2).copied()
}
