//! Whose the device is while it is measured: the units that work runs on, and time that all of them lost at once; and which one it
//! is, by how far each unit is from the cache.

mod pieces;
mod walk;

use super::{Probe, by, measurement, sized};
use crate::device::census::{self, Record, Stolen};
use crate::device::{Buf, Identity, Op};
use crate::engine::bench::Bench;
use crate::engine::case::Case;
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::{Canary, Check, Conditions, Lengths, Measurement, Value};

/// Is the whole device there, is it mine alone while I look, and which one is it?
pub const PROBE: Probe = Probe { name: "census", cases };

/// How long each look takes: many time slices of another tenant, if there is one.
const SPIN_NS: u32 = 20_000_000;

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let blocks = blocks(identity);
    let looks = match settings.profile {
        Profile::Quick => 3,
        Profile::Standard | Profile::Acceptance => 50,
    };
    let count = Case::single("census.units.count".to_owned(), move |bench, metric| {
        let looks = look(bench, blocks, 2)?;
        let most = looks.found.iter().map(|records| census::units(records)).max().unwrap_or(0);
        looks.measurement(metric, Value::Count { count: most })
    });
    let stolen = Case::new(&STOLEN.map(str::to_owned), move |bench| stolen(bench, blocks, looks));
    let seed = settings.seed;
    let map = Case::single("census.l2.cycles".to_owned(), move |bench, metric| {
        walk::map(bench, metric, blocks, seed)
    });
    let disturbed = Case::single("census.disturbed.share".to_owned(), move |bench, metric| {
        pieces::disturbed(bench, metric, seed)
    });
    let bytes = pieces::copied_bytes(identity);
    let copies = Case::single("census.disturbed_memory.share".to_owned(), move |bench, metric| {
        pieces::disturbed_memory(bench, metric, bytes, seed)
    });
    count.into_iter().chain(stolen).chain(disturbed).chain(copies).chain(map).collect()
}

/// How much of the time others had, and how long at a time.
const STOLEN: [&str; 2] = ["census.stolen.share", "census.slice.time"];

fn stolen(bench: &mut Bench, blocks: u32, times: usize) -> Result<Vec<Measurement>, Trouble> {
    let looks = look(bench, blocks, times)?;
    let each: Vec<Stolen> = looks.found.iter().map(|records| census::stolen(records)).collect();
    if each.iter().any(|stolen| stolen.watched_ns < u64::from(SPIN_NS) / 10) {
        return Err(Trouble::Skipped("the blocks did not run at the same time".to_owned()));
    }
    let part = each.iter().map(Stolen::ns).sum();
    let whole = each.iter().map(|stolen| stolen.watched_ns).sum();
    let slices = Lengths::of(each.iter().flat_map(|stolen| stolen.slices.iter().copied()));
    let values = [Value::Share { part, whole }, Value::Lengths(slices)];
    STOLEN.into_iter().zip(values).map(|(metric, value)| looks.measurement(metric, value)).collect()
}

/// As many blocks of 1024 threads as the device holds at a time, so that none of its units stays without.
fn blocks(identity: &Identity) -> u32 {
    let threads = identity.details.get("threads_per_unit").and_then(|threads| threads.parse::<u32>().ok());
    identity.units.unwrap_or(1).saturating_mul((threads.unwrap_or(1024) / 1024).max(1)).clamp(1, 1 << 16)
}

/// What several looks, one after the other, have found.
struct Looks {
    found: Vec<Vec<Record>>,
    canary: Canary,
    conditions: Conditions,
}

impl Looks {
    fn measurement(&self, metric: &str, value: Value) -> Result<Measurement, Trouble> {
        let exact = self.found.iter().map(|records| records.len() as u64).sum();
        let check = Check::Matched { exact, sampled: 0, canary: self.canary };
        measurement(metric, value, self.conditions.clone(), check)
    }
}

/// Takes a census so many times. Each must obey its laws and come after the one before; a record that was spoilt must be noticed.
fn look(bench: &mut Bench, blocks: u32, times: usize) -> Result<Looks, Trouble> {
    let op = |out| Op::Census { blocks, spin_ns: SPIN_NS, out };
    bench.supports(&op(Buf::NONE))?;
    let bytes = u64::from(blocks) * Record::BYTES;
    let out = bench.alloc(bytes)?;
    let form = bench.any_form(&op(out))?;
    let spin_ns = u64::from(SPIN_NS);
    let (mut found, mut after_ns) = (Vec::new(), 0);
    for done in 1..=times {
        bench.write(out, 0, &vec![0; bytes as usize])?;
        bench.run(&form, 1)?;
        let records = Record::read(&bench.read(out, 0, bytes)?);
        if let Some(why) = census::broken(&records, spin_ns, after_ns) {
            return Err(Trouble::Wrong(why));
        }
        after_ns = records.iter().map(|record| record.end_ns).max().unwrap_or(0);
        found.push(records);
        bench.progress(done as u64 * 1000 / times as u64, None)?;
    }
    // The highest bit of the first block's unit.
    bench.once(&Op::Flip { dst: out, word: 0, mask: 1 << 31 })?;
    let seen = census::broken(&Record::read(&bench.read(out, 0, bytes)?), spin_ns, 0).is_some();
    let canary = if seen { Canary::Caught } else { Canary::Missed };
    let shape = format!("{blocks} blocks, {times} times {} ms", SPIN_NS / 1_000_000);
    Ok(Looks { found, canary, conditions: by(&form, sized(shape)) })
}
