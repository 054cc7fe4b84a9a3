//! Arithmetic ceiling of the vector units: register-resident multiply-add chains.

use super::{Probe, sized, spare_bytes, timed};
use crate::device::draw::Distribution;
use crate::device::op::{Chains, Precision};
use crate::device::{Buf, Identity, Op, ProvenanceKind, reference};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::case::Case;
use crate::engine::check::{self, Trial};
use crate::engine::{Settings, Trouble};
use crate::evidence::{Canary, Check, Conditions, Measurement};

/// How many multiply-adds a second do the vector units reach?
pub const PROBE: Probe = Probe { name: "fma", cases };

const fn chains(accumulators: u32, stride: u32) -> Chains {
    Chains { accumulators, stride }
}

/// Recurrences worth trying, the likeliest first: what keeps one device busy serialises on another. Few registers hold
/// emulated formats well, and their long bodies take drivers seconds to compile. Whole numbers wrap around, so a compiler may make one
/// multiplication of `x m + x` over and over (rustc's does): in theirs each chain adds another's word.
fn candidates(precision: Precision) -> &'static [Chains] {
    if precision == Precision::Int32 {
        const { &[chains(14, 1), chains(16, 4), chains(12, 1), chains(32, 8)] }
    } else if precision.bytes() >= 4 {
        const { &[chains(16, 0), chains(14, 1), chains(16, 4), chains(8, 0), chains(12, 1), chains(32, 8)] }
    } else {
        const { &[chains(8, 0), chains(16, 4), chains(16, 0)] }
    }
}

/// Rounds of one execution in the rate phase: far below any loop limit once unrolled.
const ROUNDS: u32 = 16_384;
/// Rounds of the sampled comparison on random data, where rounding may differ: few, so that the bound stays tight.
const SAMPLED_ROUNDS: u32 = 64;
const SAMPLED_LANES: u32 = 256;
const LANES_MIN: u32 = 1 << 12;
const LANES_MAX: u32 = 1 << 22;
/// One execution should take this long, so that launches do not count.
const EXECUTION_NS: u64 = 4_000_000;
/// And not much longer than this: some systems take the device away from what does not end.
const EXECUTION_NS_MAX: u64 = 250_000_000;

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let seed = settings.seed;
    let most_bytes = identity.buffer_bytes_max.min(spare_bytes(identity) / 4);
    Precision::CHAINED
        .into_iter()
        .filter_map(|precision| {
            let metric = format!("fma.{}.rate", precision.name());
            Case::single(metric, move |bench, metric| fma(bench, metric, precision, most_bytes, seed))
        })
        .collect()
}

/// One case of the recurrence, all but its result buffer.
#[derive(Clone, Copy)]
struct Work {
    precision: Precision,
    chains: Chains,
    rounds: u32,
    lanes: u32,
    distribution: Distribution,
    seed: u64,
}

impl Work {
    fn op(self, out: Buf) -> Op {
        let Work { precision, chains, rounds, lanes, distribution, seed } = self;
        Op::Fma { precision, chains, rounds, lanes, distribution, seed, out }
    }

    fn result_bytes(self) -> u64 {
        u64::from(self.lanes) * self.precision.result_bytes()
    }
}

fn fma(
    bench: &mut Bench,
    metric: &str,
    precision: Precision,
    most_bytes: u64,
    seed: u64,
) -> Result<Measurement, Trouble> {
    let (work, form, out) = tuned(bench, precision, most_bytes, seed)?;
    let exact = exact(bench, work, form.index)?;
    let sampled = random(bench, work, form.index)?;
    let steady = check::steady(bench, &form, out, work.result_bytes())?;
    let other = Tuned { op: Work { seed: !work.seed, ..work }.op(out), ..form.clone() };
    check::remembers_nothing(bench, &other, out, work.result_bytes(), &steady.digest)?;
    let random = Check::Matched { exact: 0, sampled, canary: steady.canary };

    let conditions = Conditions {
        distribution: Some(Distribution::Normal),
        variant: Some(format!("{}x{}-{}", work.chains.accumulators, work.chains.stride, form.variant.label)),
        ..sized(format!("{} lanes, {ROUNDS} rounds", work.lanes))
    };
    timed(metric, steady.sampled.timed, &form, conditions, check::joined(exact, random))
}

/// Chains in FP32 that keep the vector units busy, checked: their launch form, where the results go, how many there are.
pub(super) fn load(
    bench: &mut Bench,
    most_bytes: u64,
    seed: u64,
) -> Result<(Tuned, Buf, u32, Check), Trouble> {
    let (work, form, out) = tuned(bench, Precision::Fp32, most_bytes, seed)?;
    let exact = exact(bench, work, form.index)?;
    let sampled = random(bench, work, form.index)?;
    bench.run(&form, 1)?;
    let digest = check::digest(bench, out, work.result_bytes())?;
    let other = Tuned { op: Work { seed: !work.seed, ..work }.op(out), ..form.clone() };
    check::remembers_nothing(bench, &other, out, work.result_bytes(), &digest)?;
    let random = Check::Matched { exact: 0, sampled, canary: Canary::Caught };
    Ok((form, out, work.lanes, check::joined(exact, random)))
}

/// Work that takes long enough, in its best launch form, and where its results go.
fn tuned(
    bench: &mut Bench,
    precision: Precision,
    most_bytes: u64,
    seed: u64,
) -> Result<(Work, Tuned, Buf), Trouble> {
    let work = Work {
        precision,
        chains: candidates(precision)[0],
        rounds: ROUNDS,
        lanes: LANES_MIN,
        distribution: Distribution::Normal,
        seed,
    };
    bench.supports(&work.op(Buf::NONE))?;
    let lanes_max = u64::from(LANES_MAX).min(most_bytes / precision.result_bytes()) as u32;
    let out = bench.alloc(u64::from(lanes_max.max(LANES_MIN)) * precision.result_bytes())?;
    let work = Work { lanes: enough_lanes(bench, work, lanes_max, out)?, ..work };
    let (form, chains) = tune(bench, work, out)?;
    Ok((Work { chains, ..work }, form, out))
}

/// Lanes that make whole blocks of any size, and keep all pipes of a unit busy.
const LANES_OF_UNIT: u32 = 1024;

/// Where a card does not say how many units it has: as many as most have.
const UNITS_UNTOLD: u32 = 128;

/// How many units are to show that they are right; `None` of a CPU's threads, which nothing ties to lanes.
fn units_to_show(identity: &Identity) -> Option<u32> {
    let is_card = identity.provenance.kind() == ProvenanceKind::Hardware;
    identity.units.or(is_card.then_some(UNITS_UNTOLD))
}

/// Lanes that fill all units equally, where units are told and there is room for so many.
fn lanes_of_all(units: Option<u32>, lanes_max: u32) -> Option<u32> {
    units?.checked_mul(LANES_OF_UNIT).filter(|all| (LANES_MIN..=lanes_max).contains(all))
}

/// Twice as many, but not past those that fill all units: from there on units stay equally full.
fn more_lanes(lanes: u32, all: Option<u32>, lanes_max: u32) -> Option<u32> {
    let twice = lanes.checked_mul(2)?;
    let more = all.filter(|all| lanes < *all).map_or(twice, |all| twice.min(all));
    (more <= lanes_max).then_some(more)
}

/// So many that one execution takes long enough, and that no unit idles: on a card that is slow in a format few lanes take long too.
/// Where it takes very long, that is enough.
fn enough_lanes(bench: &mut Bench, work: Work, lanes_max: u32, out: Buf) -> Result<u32, Trouble> {
    let all = lanes_of_all(bench.identity().units, lanes_max);
    let mut lanes = LANES_MIN;
    loop {
        let form = bench.any_form(&Work { lanes, ..work }.op(out))?;
        bench.run(&form, 1)?;
        let sample = bench.run(&form, 1)?;
        bench.progress(0, None)?;
        let ns = sample.device_ns.unwrap_or(sample.host_ns);
        let is_full = all.is_none_or(|all| lanes >= all);
        if ns >= EXECUTION_NS_MAX || (ns >= EXECUTION_NS && is_full) {
            return Ok(lanes);
        }
        let Some(more) = more_lanes(lanes, all, lanes_max) else { return Ok(lanes) };
        lanes = more;
    }
}

/// The best recurrence in one of its two likeliest launch forms, then the best of all launch forms of that recurrence:
/// drivers may take long to compile each. One form would not do, since what is slow in scalars may be the fastest in vectors.
fn tune(bench: &mut Bench, work: Work, out: Buf) -> Result<(Tuned, Chains), Trouble> {
    let ops = candidates(work.precision).iter().map(|chains| Work { chains: *chains, ..work }.op(out));
    let supported: Vec<Op> = ops.filter(|op| bench.supports(op).is_ok()).collect();
    let forms = supported.iter().map(|op| bench.forms(op));
    let (first, second): (Vec<_>, Vec<_>) = forms.map(two_of).unzip();
    let likeliest = first.into_iter().chain(second).flatten().collect();
    let best = bench.tune(likeliest)?;
    let forms = bench.forms(&best.op);
    let form = bench.tune(forms)?;
    let Op::Fma { chains, .. } = form.op else {
        return Err(Trouble::Wrong("tuning returned another op".to_owned()));
    };
    Ok((form, chains))
}

fn two_of(forms: Vec<Tuned>) -> (Option<Tuned>, Option<Tuned>) {
    let mut forms = forms.into_iter();
    (forms.next(), forms.next())
}

/// How many rounds integer chains stay exact in `precision`, fused or not (shown by a test of the reference).
fn exact_rounds(precision: Precision) -> u32 {
    match precision.roundoff() {
        // Wrapping integers are exact for ever; after this many every bit was reached.
        0.0 => 32,
        wide if wide < 1e-6 => 16,
        half if half < 1e-3 => 4,
        _ => 2,
    }
}

/// Every lane of a run in which each unit has its share, bit for bit: a unit that is wrong time and again shows nowhere else, since its
/// results are the same each time. The last block is not full.
fn exact(bench: &mut Bench, work: Work, index: usize) -> Result<Check, Trouble> {
    let work = Work {
        rounds: exact_rounds(work.precision),
        lanes: lanes_of_all(units_to_show(bench.identity()), work.lanes).unwrap_or(LANES_MIN) + 33,
        distribution: Distribution::Integers { magnitude: 2 },
        ..work
    };
    let trial =
        Trial { bytes: &[work.result_bytes()], output: 0, program: &|bufs| (Vec::new(), work.op(bufs[0])) };
    check::exact(bench, &trial, index)
}

/// Compares lanes on random data with the reference. Each round may round differently where the device does not
/// fuse, so the bound is `rounds * u * sum|x|` with `|x| <= 4`, twice over for the two roundings.
fn random(bench: &mut Bench, work: Work, index: usize) -> Result<u64, Trouble> {
    let work = Work { rounds: SAMPLED_ROUNDS, lanes: SAMPLED_LANES, ..work };
    let out = bench.alloc(work.result_bytes())?;
    let form = bench.forms(&work.op(out)).into_iter().nth(index);
    let form = form.ok_or_else(|| Trouble::Wrong("the launch form is not there for few lanes".to_owned()))?;
    bench.run(&form, 1)?;
    let got = bench.read(out, 0, work.result_bytes())?;
    let width = work.precision.result_bytes() as usize;
    for (lane, bytes) in (0..work.lanes).zip(got.chunks_exact(width)) {
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(bytes);
        let got = u64::from_le_bytes(wide);
        let expected =
            reference::fma_lane(work.precision, work.chains, work.rounds, work.distribution, work.seed, lane);
        if !close(work, got, expected) {
            return Err(Trouble::Wrong(format!(
                "lane {lane} of the multiply-add chains is {got:#x} where {expected:#x} was expected"
            )));
        }
    }
    bench.free(out);
    Ok(u64::from(work.lanes))
}

fn close(work: Work, got: u64, expected: u64) -> bool {
    let precision = work.precision;
    if !precision.is_float() {
        return got == expected;
    }
    let (got, expected) = if precision == Precision::Fp64 {
        (f64::from_bits(got), f64::from_bits(expected))
    } else {
        (single(got), single(expected))
    };
    let largest = 4.0 * f64::from(work.chains.accumulators);
    (got - expected).abs() <= 2.0 * f64::from(work.rounds) * precision.roundoff() * largest
}

fn single(bits: u64) -> f64 {
    f64::from(f32::from_bits(bits as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x m + x, n times over, is x (m + 1)^n in numbers that wrap around: one multiplication, and the same result.
    #[test]
    fn chains_of_whole_numbers_cannot_be_folded() {
        assert!(candidates(Precision::Int32).iter().all(|chains| chains.stride > 0));
    }

    #[test]
    fn lanes_fill_all_units_equally_where_there_is_room() {
        let steps = |units, lanes_max| {
            let all = lanes_of_all(units, lanes_max);
            std::iter::successors(Some(LANES_MIN), move |lanes| more_lanes(*lanes, all, lanes_max)).skip(4)
        };
        let first = |units, lanes_max| steps(units, lanes_max).take(4).collect::<Vec<_>>();
        let powers = [1 << 16, 1 << 17, 1 << 18, 1 << 19];
        let all = 132 * 1024;
        assert_eq!(first(Some(132), LANES_MAX), [1 << 16, 1 << 17, all, 2 * all]);
        assert_eq!(first(Some(8), LANES_MAX), powers);
        assert_eq!(first(Some(132), 1 << 17), [1 << 16, 1 << 17], "no room");
        for units in [None, Some(0), Some(1), Some(u32::MAX)] {
            assert_eq!(first(units, LANES_MAX), powers, "{units:?}");
        }
        assert_eq!(steps(Some(132), LANES_MAX).last(), Some(16 * all));
    }
}
