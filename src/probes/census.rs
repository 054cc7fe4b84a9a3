//! Whose the device is while it is measured: the units that work runs on, time that all of them lost at once, and work that took
//! longer than the same work before.

use super::{Probe, by, measurement, sized};
use crate::device::census::{self, Record};
use crate::device::draw::Distribution;
use crate::device::op::{Chains, Precision};
use crate::device::{Buf, Identity, Op};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::case::Case;
use crate::engine::check;
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::{Canary, Check, Conditions, Measurement, Value};

pub const PROBE: Probe = Probe {
    name: "census",
    question: "Is the whole device there, and is it mine alone while I look?",
    cases,
};

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
    let stolen = Case::single("census.stolen.share".to_owned(), move |bench, metric| {
        let looks = look(bench, blocks, looks)?;
        let each = || looks.found.iter().map(|records| census::stolen(records));
        if each().any(|(_, watched)| watched < u64::from(SPIN_NS) / 10) {
            return Err(Trouble::Skipped("the blocks did not run at the same time".to_owned()));
        }
        let (part, whole) = each().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        looks.measurement(metric, Value::Share { part, whole })
    });
    let seed = settings.seed;
    let disturbed = Case::single("census.disturbed.share".to_owned(), move |bench, metric| {
        disturbed(bench, metric, seed)
    });
    count.into_iter().chain(stolen).chain(disturbed).collect()
}

/// Pieces of equal work, and for how long at most they are done.
const PIECES: usize = 4000;
const PIECES_NS: u64 = 2_000_000_000;
const PIECES_MIN: usize = 100;
/// Each takes so long at least: far less than the time slice of another tenant, far more than what a launch varies by.
const PIECE_NS: u64 = 100_000;
/// Clocks rise before that.
const WARM_NS: u64 = 300_000_000;

/// Does the same little work again and again. Needs nothing of a device but that it computes, and sees whoever takes turns with
/// us; one who computes beside us all the time slows every piece, and shows in rates alone.
fn disturbed(bench: &mut Bench, metric: &str, seed: u64) -> Result<Measurement, Trouble> {
    let bytes = u64::from(Piece::LANES) * Precision::Fp32.result_bytes();
    bench.supports(&Piece { rounds: Piece::ROUNDS_MIN, seed }.op(Buf::NONE))?;
    let out = bench.alloc(bytes)?;
    let piece = long_enough(bench, seed, out)?;
    let form = bench.any_form(&piece.op(out))?;
    let other = Tuned { op: Piece { seed: !seed, ..piece }.op(out), ..form.clone() };
    warm(bench, &form)?;
    let before = check::digest(bench, out, bytes)?;
    check::remembers_nothing(bench, &other, out, bytes, &before)?;
    let times = times(bench, &form)?;
    if check::digest(bench, out, bytes)? != before {
        return Err(Trouble::Wrong("repeating the same piece of work gave another result".to_owned()));
    }
    check::remembers_nothing(bench, &other, out, bytes, &before)?;
    let (part, whole) = census::disturbed(&times);
    let shape = format!("{} pieces of {} lanes, {} rounds", times.len(), Piece::LANES, piece.rounds);
    let conditions = by(&form, Conditions { distribution: Some(Piece::DISTRIBUTION), ..sized(shape) });
    let check = Check::Matched { exact: times.len() as u64, sampled: 0, canary: Canary::Caught };
    measurement(metric, Value::Share { part, whole }, conditions, check)
}

/// Chains of multiply-adds.
#[derive(Clone, Copy)]
struct Piece {
    rounds: u32,
    seed: u64,
}

impl Piece {
    const LANES: u32 = 1 << 14;
    const ROUNDS_MIN: u32 = 64;
    const ROUNDS_MAX: u32 = 1 << 14;
    const DISTRIBUTION: Distribution = Distribution::Normal;

    fn op(self, out: Buf) -> Op {
        Op::Fma {
            precision: Precision::Fp32,
            chains: Chains { accumulators: 16, stride: 0 },
            rounds: self.rounds,
            lanes: Self::LANES,
            distribution: Self::DISTRIBUTION,
            seed: self.seed,
            out,
        }
    }
}

fn long_enough(bench: &mut Bench, seed: u64, out: Buf) -> Result<Piece, Trouble> {
    let mut piece = Piece { rounds: Piece::ROUNDS_MIN, seed };
    loop {
        let form = bench.any_form(&piece.op(out))?;
        bench.run(&form, 1)?;
        let sample = bench.run(&form, 1)?;
        if piece.rounds >= Piece::ROUNDS_MAX || sample.device_ns.unwrap_or(sample.host_ns) >= PIECE_NS {
            return Ok(piece);
        }
        piece.rounds *= 2;
    }
}

fn warm(bench: &mut Bench, form: &Tuned) -> Result<(), Trouble> {
    let begun = bench.now_ns();
    while bench.now_ns() - begun < WARM_NS {
        bench.run(form, 1)?;
        bench.progress(0, None)?;
    }
    Ok(())
}

fn times(bench: &mut Bench, form: &Tuned) -> Result<Vec<u64>, Trouble> {
    let (begun, mut times) = (bench.now_ns(), Vec::with_capacity(PIECES));
    while times.len() < PIECES && (times.len() < PIECES_MIN || bench.now_ns() - begun < PIECES_NS) {
        let sample = bench.run(form, 1)?;
        times.push(sample.device_ns.unwrap_or(sample.host_ns));
        bench.progress(times.len() as u64 * 1000 / PIECES as u64, None)?;
    }
    Ok(times)
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
