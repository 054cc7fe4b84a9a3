//! Bandwidth of the L2 cache: one working set that it holds, read many times over in one launch.

use super::stream::Sum;
use super::{Probe, l2_bytes, sized, timed};
use crate::device::draw::Distribution;
use crate::device::op::Precision;
use crate::device::{Buf, Identity, Op, Provenance};
use crate::engine::bench::Bench;
use crate::engine::case::Case;
use crate::engine::check::{self, Trial};
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::{Conditions, Measurement};

/// How fast does the cache that all units share deliver data?
pub const PROBE: Probe = Probe { name: "l2", cases };

/// Each tile and each pass more than once around, and a last pass that is one of several.
const EXACT: WorkingSet = WorkingSet { words: 5 * Op::REREAD_WORDS, passes: 3 };

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let (set, shape) = working_set(identity, settings.profile);
    let seed = settings.seed;
    Case::single("l2.read.rate".to_owned(), move |bench, metric| read(bench, metric, set, &shape, seed))
        .into_iter()
        .collect()
}

#[derive(Clone, Copy)]
struct WorkingSet {
    words: u64,
    passes: u32,
}

/// What is read, and how that is told.
fn working_set(identity: &Identity, profile: Profile) -> (WorkingSet, String) {
    let l2_bytes = l2_bytes(identity);
    let bytes = match (l2_bytes, &identity.provenance) {
        // Caches in two halves keep what both halves want twice, and something of everybody else.
        (Some(bytes), _) => bytes / 4,
        (None, Provenance::Software { .. }) => 1 << 20,
        // No more than the smallest of today's cards hold: each die of an MI300X has 4 MiB.
        (None, Provenance::Hardware | Provenance::Simulated { .. }) => 2 << 20,
    };
    let words = (bytes / 4 / Op::REREAD_WORDS).max(1) * Op::REREAD_WORDS;
    let all: u64 = match (&identity.provenance, profile) {
        (Provenance::Software { .. }, _) => 64 << 20,
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Quick) => 256 << 20,
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Standard | Profile::Acceptance) => {
            4 << 30
        }
    };
    let passes = (all / (words * 4)).clamp(1, 1 << 14) as u32;
    let cache = match l2_bytes {
        Some(bytes) => format!("an L2 cache of {} KiB", bytes >> 10),
        None => "an L2 cache of unknown size".to_owned(),
    };
    (WorkingSet { words, passes }, format!("{} KiB for {cache}, {passes} passes", words >> 8))
}

fn read(
    bench: &mut Bench,
    metric: &str,
    set: WorkingSet,
    shape: &str,
    seed: u64,
) -> Result<Measurement, Trouble> {
    let op = |set: WorkingSet, src, sum| {
        let WorkingSet { words, passes } = set;
        Op::Reread { src, words, passes, sum }
    };
    bench.supports(&op(set, Buf::NONE, Buf::NONE))?;
    let draw = |dst, set: WorkingSet| {
        let (elements, distribution) = (set.words, Distribution::Normal);
        Op::Draw { dst, elements, precision: Precision::Fp32, distribution, seed }
    };
    let (src, sum) = (bench.alloc(set.words * 4)?, bench.alloc(4)?);
    bench.once(&draw(src, set))?;
    let forms = bench.forms(&op(set, src, sum));
    let form = bench.tune(forms)?;
    let trial = Trial {
        bytes: &[EXACT.words * 4, 4],
        output: 1,
        program: &|bufs| (vec![draw(bufs[0], EXACT)], op(EXACT, bufs[0], bufs[1])),
    };
    let exact = check::exact(bench, &trial, form.index)?;
    let whole = Sum { of: src, bytes: set.words * 4, passes: set.passes, to: sum };
    let (sampled, steady) = whole.sampled(bench, &form)?;
    let conditions = Conditions { distribution: Some(Distribution::Normal), ..sized(shape.to_owned()) };
    timed(metric, sampled.timed, &form, conditions, check::joined(exact, steady))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::inventory::BACKENDS;

    /// A working set as large as a cache is read from behind it.
    #[test]
    fn a_cache_of_untold_size_is_not_filled_to_its_brim() {
        let sim = BACKENDS.iter().find(|backend| backend.name == "sim").map(|backend| (backend.list)());
        let mut card =
            sim.and_then(Result::ok).map(|mut all| all.remove(0).identity).unwrap_or_else(Identity::unknown);
        card.provenance = Provenance::Hardware;
        for (l2_bytes, set) in [(None, 2 << 20), (Some("52428800"), 12 << 20)] {
            card.details.remove("l2_bytes");
            card.details.extend(l2_bytes.map(|bytes| ("l2_bytes".to_owned(), bytes.to_owned())));
            let (found, _) = working_set(&card, Profile::Quick);
            assert!(
                (set * 9 / 10..=set * 11 / 10).contains(&(found.words * 4)),
                "{l2_bytes:?}: {} words",
                found.words
            );
        }
    }
}
