//! Whether equal pieces of work take equal time: little arithmetic, and little copies of memory. Owns those pieces; what follows from
//! their times is the census's business.

use crate::device::draw::{Distribution, derived, inverted};
use crate::device::op::{Chains, Precision, StreamKind};
use crate::device::{Buf, Identity, Op, census};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::check;
use crate::engine::queue::Queue;
use crate::engine::{Profile, Trouble};
use crate::evidence::{Canary, Check, Conditions, Measurement, Value};
use crate::probes::{by, l2_bytes, measurement, sized, stream};

/// Pieces of equal work, and for how long at most they are done.
const PIECES: usize = 4000;
const PIECES_NS: u64 = 2_000_000_000;
const PIECES_MIN: usize = 40;
/// Each takes so long at least: far less than the time slice of another tenant, far more than what a launch varies by.
const PIECE_NS: u64 = 100_000;
/// Clocks rise before that.
const WARM_NS: u64 = 300_000_000;

/// Does the same little work again and again. Needs nothing of a device but that it computes, and sees whoever takes turns with
/// us; one who computes beside us all the time slows every piece, and shows in rates alone.
pub fn disturbed(bench: &mut Bench, metric: &str, seed: u64) -> Result<Measurement, Trouble> {
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
    let shape = format!("pieces of {} lanes, {} rounds", Piece::LANES, piece.rounds);
    let conditions = by(&form, Conditions { distribution: Some(Piece::DISTRIBUTION), ..sized(shape) });
    let check = Check::Matched { exact: times.len() as u64, sampled: 0, canary: Canary::Caught };
    measurement(metric, Value::Share { part, whole }, conditions, check)
}

/// The same of copies within device memory: sees also whoever uses its bandwidth now and then while computing beside us.
pub fn disturbed_memory(
    bench: &mut Bench,
    metric: &str,
    bytes: [u64; 2],
    seed: u64,
) -> Result<Measurement, Trouble> {
    let copy = Copies::long_enough(bench, bytes, seed)?;
    let form = bench.any_form(&copy.op())?;
    warm(bench, &form)?;
    let before = copy.holds(bench, &form, 0)?;
    let times = times(bench, &form)?;
    let check = check::joined(before, copy.holds(bench, &form, 1)?);
    let (part, whole) = census::disturbed(&times);
    let shape = format!("copies of {} MiB", copy.bytes >> 20);
    measurement(metric, Value::Share { part, whole }, by(&form, sized(shape)), check)
}

/// Bytes of one copy: at least so many that no cache holds them, at most what may be taken.
pub fn copied_bytes(identity: &Identity) -> [u64; 2] {
    let most = stream::array_bytes(identity, Profile::Quick);
    let l2 = l2_bytes(identity);
    // Where it is not told, they need not be beyond the largest: they only have to take the same time.
    let most = if l2.is_some() { most } else { most.min(256 << 20) };
    let least = l2.and_then(|bytes| bytes.checked_next_power_of_two()?.checked_mul(2));
    [least.map_or(most, |least| least.clamp(1 << 20, most)), most]
}

/// One array to another.
struct Copies {
    from: Buf,
    to: Buf,
    bytes: u64,
    seed: u64,
}

impl Copies {
    fn alloc(bench: &mut Bench, bytes: u64, seed: u64) -> Result<Self, Trouble> {
        Ok(Self { from: bench.alloc(bytes)?, to: bench.alloc(bytes)?, bytes, seed })
    }

    fn op(&self) -> Op {
        let Self { from, to, bytes, .. } = *self;
        Op::Stream { kind: StreamKind::Copy, a: from, b: from, c: to, elements: bytes / 4 }
    }

    fn long_enough(bench: &mut Bench, [least, most]: [u64; 2], seed: u64) -> Result<Self, Trouble> {
        let mut bytes = least;
        loop {
            let copies = Self::alloc(bench, bytes, seed)?;
            let form = bench.any_form(&copies.op())?;
            bench.run(&form, 1)?;
            let sample = bench.run(&form, 1)?;
            if bytes.saturating_mul(2) > most || sample.device_ns.unwrap_or(sample.host_ns) >= PIECE_NS {
                return Ok(copies);
            }
            bench.free(copies.from);
            bench.free(copies.to);
            bytes *= 2;
        }
    }

    /// A copy of what was never copied before, over something else: whoever leaves it out, or has it from before, is noticed.
    fn holds(&self, bench: &mut Bench, form: &Tuned, n: u64) -> Result<Check, Trouble> {
        let (words, seed) = (self.bytes / 4, derived(self.seed, n));
        bench.once(&Op::Fill { dst: self.from, words, first_word: 0, seed })?;
        bench.once(&Op::Fill { dst: self.to, words, first_word: 0, seed: inverted(seed) })?;
        bench.run(form, 1)?;
        check::holds_pattern(bench, &form.op, self.to, words, seed)
    }
}

/// Chains of multiply-adds.
#[derive(Clone, Copy)]
struct Piece {
    rounds: u32,
    seed: u64,
}

impl Piece {
    const LANES: u32 = 1 << 13;
    const ROUNDS_MIN: u32 = 2;
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

/// How long each piece took. Where the device keeps time itself one piece runs while the next waits behind it, so that it begins when the
/// device comes to it: a host that is busy elsewhere between ordering and starting one would be taken for somebody on the device.
fn times(bench: &mut Bench, form: &Tuned) -> Result<Vec<u64>, Trouble> {
    let is_stamped = bench.run(form, 1)?.device_ns.is_some();
    let (begun, mut times, mut queue) = (bench.now_ns(), Vec::with_capacity(PIECES), Queue::default());
    while times.len() < PIECES && (times.len() < PIECES_MIN || bench.now_ns() - begun < PIECES_NS) {
        let done = if is_stamped {
            queue.push(bench, form).map(|finished| finished.map(|finished| finished.sample))
        } else {
            bench.run(form, 1).map(Some)
        };
        match done {
            Ok(Some(sample)) => times.push(sample.device_ns.unwrap_or(sample.host_ns)),
            Ok(None) => {}
            Err(trouble) => {
                queue.abandon(bench);
                return Err(trouble);
            }
        }
        bench.progress(times.len() as u64 * 1000 / PIECES as u64, None)?;
    }
    queue.abandon(bench);
    Ok(times)
}
