//! Device memory bandwidth: the STREAM kernels, and the driver's own copy beside them.

use super::{
    BEYOND_UNTOLD_CACHES, Probe, beyond_caches, hides_cache, may_be_cached, sized, spare_bytes, timed,
};
use crate::device::draw::{Distribution, inverted, pattern, value_bits};
use crate::device::op::{Precision, Route, StreamKind};
use crate::device::{Buf, Identity, Op, Provenance};
use crate::engine::bench::{Bench, Sampled, Tuned};
use crate::engine::case::Case;
use crate::engine::check::{self, Trial};
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::{Canary, Check, Conditions, Measurement};

/// How fast does the device move data within its own memory?
pub const PROBE: Probe = Probe { name: "stream", cases };

/// The exact phase runs on an odd size, so that the last, partly filled group is tried as well.
const EXACT_ELEMENTS: u64 = 256 * 1024 + 17;
/// Elements compared one by one after the rate phase.
const SAMPLED: u64 = 4096;

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let arrays = Size { bytes: array_bytes(identity, settings.profile), hides_cache: hides_cache(identity) };
    let seed = settings.seed;
    let kinds = StreamKind::ALL.into_iter().filter_map(move |kind| {
        let metric = format!("stream.{}.rate", kind.name());
        Case::single(metric, move |bench, metric| stream(bench, metric, kind, arrays, seed))
    });
    kinds.chain(driver_copy(arrays, seed)).collect()
}

/// Of each array.
#[derive(Clone, Copy)]
struct Size {
    bytes: u64,
    hides_cache: bool,
}

impl Size {
    /// Whether so many of them, read or written over and over, show the memory and no cache.
    fn shows_memory(self, arrays: u64) -> Result<(), Trouble> {
        may_be_cached(self.hides_cache, self.bytes * arrays).map_or(Ok(()), |why| Err(Trouble::Skipped(why)))
    }
}

/// Large against any cache, small against any memory.
pub(super) fn array_bytes(identity: &Identity, profile: Profile) -> u64 {
    if hides_cache(identity) {
        // Of memory of untold size as well, which is refused where there is less.
        let room = identity.fillable_bytes.or(identity.memory_bytes).map_or(u64::MAX, |bytes| bytes / 4);
        let fits = BEYOND_UNTOLD_CACHES.min(room).min(identity.buffer_bytes_max);
        return (fits >> 20 << 20).max(1 << 20);
    }
    let wanted = match (&identity.provenance, profile) {
        (Provenance::Software { .. }, _) => 64 << 20,
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Quick) => {
            beyond_caches(identity).max(256 << 20)
        }
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Standard | Profile::Acceptance) => {
            beyond_caches(identity).max(1 << 30)
        }
    };
    let least = wanted.min(spare_bytes(identity) / 6).min(identity.buffer_bytes_max);
    (least >> 20 << 20).max(1 << 20)
}

/// The three arrays of the rate phase.
struct Arrays {
    kind: StreamKind,
    a: Buf,
    b: Buf,
    c: Buf,
    bytes: u64,
    seed: u64,
}

fn stream(
    bench: &mut Bench,
    metric: &str,
    kind: StreamKind,
    size: Size,
    seed: u64,
) -> Result<Measurement, Trouble> {
    size.shows_memory(kind.arrays())?;
    let bytes = size.bytes;
    let arrays = Arrays::alloc(bench, kind, bytes, seed)?;
    arrays.draw(bench)?;
    let forms = bench.forms(&arrays.op());
    let form = bench.tune(forms)?;
    let exact_op = |bufs: &[Buf]| exact_program(kind, bufs, seed);
    let trial = Trial { bytes: &[4 * EXACT_ELEMENTS; 3], output: 2, program: &exact_op };
    let exact = check::exact(bench, &trial, form.index)?;

    let (sampled, random) = match kind {
        StreamKind::Read => Sum { of: arrays.a, bytes, passes: 1, to: arrays.c }.sampled(bench, &form)?,
        StreamKind::Write | StreamKind::Copy | StreamKind::Scale | StreamKind::Add | StreamKind::Triad => {
            arrays.results(bench, &form)?
        }
    };
    let conditions = Conditions {
        distribution: Some(Distribution::Normal),
        ..sized(format!("{} MiB per array", bytes >> 20))
    };
    timed(metric, sampled.timed, &form, conditions, check::joined(exact, random))
}

fn exact_program(kind: StreamKind, bufs: &[Buf], seed: u64) -> (Vec<Op>, Op) {
    let draw = |dst, seed| Op::Draw {
        dst,
        elements: EXACT_ELEMENTS,
        precision: Precision::Fp32,
        distribution: Distribution::Integers { magnitude: 1000 },
        seed,
    };
    let op = Op::Stream { kind, a: bufs[0], b: bufs[1], c: bufs[2], elements: EXACT_ELEMENTS };
    (vec![draw(bufs[0], seed), draw(bufs[1], !seed)], op)
}

impl Arrays {
    fn alloc(bench: &mut Bench, kind: StreamKind, bytes: u64, seed: u64) -> Result<Self, Trouble> {
        let [a, b, c] = [bench.alloc(bytes)?, bench.alloc(bytes)?, bench.alloc(bytes)?];
        let arrays = Self { kind, a, b, c, bytes, seed };
        bench.supports(&arrays.op())?;
        Ok(arrays)
    }

    fn draw(&self, bench: &mut Bench) -> Result<(), Trouble> {
        for (dst, seed) in [(self.a, self.seed), (self.b, !self.seed)] {
            let (precision, distribution) = (Precision::Fp32, Distribution::Normal);
            bench.once(&Op::Draw { dst, elements: self.bytes / 4, precision, distribution, seed })?;
        }
        Ok(())
    }

    fn op(&self) -> Op {
        Op::Stream { kind: self.kind, a: self.a, b: self.b, c: self.c, elements: self.bytes / 4 }
    }

    /// Samples a kernel that leaves an array, and compares elements of a last run: on other data and over other content, so that
    /// an old result would show.
    fn results(&self, bench: &mut Bench, form: &Tuned) -> Result<(Sampled, Check), Trouble> {
        let steady = check::steady(bench, form, self.c, self.bytes)?;
        let other = Self { seed: inverted(self.seed), ..*self };
        other.draw(bench)?;
        bench.once(&Op::Fill { dst: self.c, words: self.bytes / 4, first_word: 0, seed: self.seed })?;
        bench.run(form, 1)?;
        let sampled = other.compare(bench)?;
        Ok((steady.sampled, Check::Matched { exact: 0, sampled, canary: steady.canary }))
    }

    /// Compares elements of the result with the reference. Returns how many.
    fn compare(&self, bench: &mut Bench) -> Result<u64, Trouble> {
        let first = self.bytes / 8;
        let count = SAMPLED.min(self.bytes / 4 - first);
        let got = bench.read(self.c, first * 4, count * 4)?;
        match (first..).zip(got.chunks_exact(4)).find(|(i, bytes)| !self.is_right(*i, word(bytes))) {
            None => Ok(count),
            Some((i, bytes)) => {
                let (name, bits) = (self.kind.name(), word(bytes));
                Err(Trouble::Wrong(format!(
                    "element {i} after {name} has the wrong value, bits {bits:#010x}"
                )))
            }
        }
    }

    /// Whether `bits` is what the formula gives at `i`, within one rounding more than the device needs.
    fn is_right(&self, i: u64, bits: u32) -> bool {
        let value = |seed| {
            let bits = value_bits(Precision::Fp32, Distribution::Normal, seed, i);
            f64::from(f32::from_bits(bits as u32))
        };
        let (a, b, scalar) = (value(self.seed), value(!self.seed), f64::from(StreamKind::SCALAR));
        let (expected, magnitude) = match self.kind {
            StreamKind::Read | StreamKind::Write => return bits == pattern(0, i),
            StreamKind::Copy => (a, 0.0),
            StreamKind::Scale => (scalar * a, scalar * a.abs()),
            StreamKind::Add => (a + b, a.abs() + b.abs()),
            StreamKind::Triad => (a + scalar * b, a.abs() + scalar * b.abs()),
        };
        (f64::from(f32::from_bits(bits)) - expected).abs() <= magnitude * f64::from(f32::EPSILON)
    }
}

/// An op that adds the sum of all words of a buffer, so many times over, to the first word of another.
pub(super) struct Sum {
    pub of: Buf,
    pub bytes: u64,
    pub passes: u32,
    pub to: Buf,
}

impl Sum {
    /// Samples it: the last sum must be a multiple of the first, and follow a bit that was flipped since.
    pub(super) fn sampled(&self, bench: &mut Bench, form: &Tuned) -> Result<(Sampled, Check), Trouble> {
        const MASK: u32 = 1 << 16;
        let first = self.once(bench, form)?;
        let sampled = bench.sample(form)?;
        let executions = sampled.executions;
        let got = word(&bench.read(self.to, 0, 4)?);
        let expected = first.wrapping_mul((executions as u32).wrapping_add(1));
        if got != expected {
            return Err(Trouble::Wrong(format!(
                "{executions} reads summed to {got:#x} instead of {expected:#x}: the sum differed between repeats"
            )));
        }
        bench.once(&Op::Flip { dst: self.of, word: self.bytes / 8, mask: MASK })?;
        let change = self.once(bench, form)?.wrapping_sub(first);
        let flipped = MASK.wrapping_mul(self.passes);
        let seen = change == flipped || change == flipped.wrapping_neg();
        let canary = if seen { Canary::Caught } else { Canary::Missed };
        Ok((sampled, Check::Matched { exact: 0, sampled: 1, canary }))
    }

    fn once(&self, bench: &mut Bench, form: &Tuned) -> Result<u32, Trouble> {
        bench.write(self.to, 0, &[0; 4])?;
        bench.run(form, 1)?;
        Ok(word(&bench.read(self.to, 0, 4)?))
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |word, byte| (word << 8) | u32::from(*byte))
}

fn driver_copy(size: Size, seed: u64) -> Option<Case> {
    Case::single("stream.driver_copy.rate".to_owned(), move |bench, metric| {
        let (bytes, words) = (size.bytes, size.bytes / 4);
        bench.supports(&Op::Copy { route: Route::Within(Buf::NONE), buf: Buf::NONE, words, seed })?;
        size.shows_memory(2)?;
        let [from, to] = [bench.alloc(bytes)?, bench.alloc(bytes)?];
        bench.once(&Op::Fill { dst: from, words, first_word: 0, seed })?;
        let op = Op::Copy { route: Route::Within(to), buf: from, words, seed };
        let forms = bench.forms(&op);
        let form = bench.tune(forms)?;
        let sampled = bench.sample(&form)?;
        let check = check::holds_pattern(bench, &op, to, words, seed)?;
        timed(metric, sampled.timed, &form, sized(format!("{} MiB", bytes >> 20)), check)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::inventory::BACKENDS;

    /// An Infinity Cache holds what a quick run moved before, and wgpu tells of none.
    #[test]
    fn what_a_cache_of_untold_size_may_hold_is_no_figure_of_memory() {
        let sim = BACKENDS.iter().find(|backend| backend.name == "sim").unwrap();
        let mut card = (sim.list)().unwrap().remove(0).identity;
        (card.provenance, card.buffer_bytes_max) = (Provenance::Hardware, (1 << 31) - 16);
        card.details.remove("l2_bytes");
        let sizes = |card: &Identity, memory: Option<u64>| {
            let card = Identity { memory_bytes: memory, fillable_bytes: memory, ..card.clone() };
            let bytes = array_bytes(&card, Profile::Quick);
            let shown = [1, 2, 3].map(|arrays| {
                match (Size { bytes, hides_cache: hides_cache(&card) }).shows_memory(arrays) {
                    Ok(()) => true,
                    Err(Trouble::Skipped(why)) => !why.contains("may lie in a cache"),
                    Err(_) => false,
                }
            });
            (bytes >> 20, shown)
        };
        assert_eq!(sizes(&card, Some(16 << 30)), (1024, [true; 3]));
        assert_eq!(sizes(&card, None), (1024, [true; 3]));
        assert_eq!(sizes(&card, Some(2 << 30)), (512, [false, true, true]));
        assert_eq!(sizes(&card, Some(1 << 30)), (256, [false; 3]));
        card.provenance = Provenance::Software { cpu_threads: 2 };
        assert_eq!(sizes(&card, Some(16 << 30)), (64, [true; 3]));
        card.provenance = Provenance::Hardware;
        card.details.insert("l2_bytes".to_owned(), "52428800".to_owned());
        assert_eq!(sizes(&card, Some(16 << 30)), (300, [true; 3]));
    }

    /// Some cards of 2025 have L2 caches that hold half of what a quick run read before, and gave back a tenth more than their memory can.
    #[test]
    fn arrays_are_large_against_the_cache_that_the_device_names() {
        let sim = BACKENDS.iter().find(|backend| backend.name == "sim").unwrap();
        let listed = (sim.list)().unwrap();
        let mut card = listed.into_iter().find(|one| one.selector == "sim:h100").unwrap().identity;
        for (l2_bytes, quick, standard) in
            [("52428800", 300, 1024), ("134217728", 768, 1024), ("268435456", 1536, 1536), ("", 256, 1024)]
        {
            card.details.insert("l2_bytes".to_owned(), l2_bytes.to_owned());
            let found = [Profile::Quick, Profile::Standard].map(|profile| array_bytes(&card, profile) >> 20);
            assert_eq!(found, [quick, standard], "{l2_bytes}");
        }
    }
}
