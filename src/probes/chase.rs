//! Memory latency: dependent loads around a ring, over growing working sets.

use super::{BEYOND_UNTOLD_CACHES, Probe, hides_cache, l2_bytes, may_be_cached, sized, timed};
use crate::device::op::ring_after;
use crate::device::{Buf, Identity, Op, Provenance};
use crate::engine::bench::Bench;
use crate::engine::case::Case;
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::metric::{chase_sizes, size_name};
use crate::evidence::{Canary, Check, Measurement};

/// How long does one dependent load take, cache by cache?
pub const PROBE: Probe = Probe { name: "chase", cases };

/// One load per cache line on any device there is.
const STRIDE_BYTES: u32 = 128;
/// Dependent loads of one execution; few enough that no driver's loop limit is near. Odd, so that no execution leads
/// around a ring to where it began.
const HOPS: u32 = 16_383;
/// What is said of memory itself.
const OF_MEMORY: &str = "chase.hbm.latency";

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let cap = match (&identity.provenance, settings.profile) {
        (Provenance::Software { .. }, _) => 128 << 20,
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Quick) => beyond_caches(identity),
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Standard | Profile::Acceptance) => {
            4 << 30
        }
    };
    // Memory of untold size is refused where there is less.
    let room =
        identity.fillable_bytes.or(identity.memory_bytes).map_or(beyond_caches(identity), |all| all / 2);
    let most = cap.min(room).min(identity.buffer_bytes_max);
    let sizes: Vec<u64> = chase_sizes().filter(|bytes| *bytes <= most).collect();
    let last = sizes.len().saturating_sub(1);
    let quick = settings.profile == Profile::Quick;
    let seed = settings.seed;
    let cached = sizes.last().and_then(|bytes| may_be_cached(hides_cache(identity), *bytes));
    let is_memory = cached.is_none();
    let unknown = cached
        .and_then(|why| Case::single(OF_MEMORY.to_owned(), move |_, _| Err(Trouble::Skipped(why.clone()))));
    // The quick curve keeps every third size, counted from the largest.
    sizes
        .iter()
        .enumerate()
        .filter(|(i, _)| !quick || (last - i).is_multiple_of(3))
        .filter_map(|(i, &bytes)| {
            let mut metrics = vec![format!("chase.{}.latency", size_name(bytes))];
            if i == last && is_memory {
                metrics.push(OF_MEMORY.to_owned());
            }
            let named = metrics.clone();
            Case::new(&metrics, move |bench| chase(bench, &named, bytes, seed))
        })
        .chain(unknown)
        .collect()
}

/// The working set of the quick curve's end: so large that caches answer few of the loads, of a card that does not tell how large they are
/// as well.
fn beyond_caches(identity: &Identity) -> u64 {
    let told = l2_bytes(identity).unwrap_or(0).saturating_mul(4);
    let wanted = if hides_cache(identity) { BEYOND_UNTOLD_CACHES } else { told };
    wanted.clamp(256 << 20, 4 << 30).next_power_of_two()
}

fn chase(bench: &mut Bench, metrics: &[String], bytes: u64, seed: u64) -> Result<Vec<Measurement>, Trouble> {
    let slots = (bytes / u64::from(STRIDE_BYTES)) as u32;
    let ring_op = |dst| Op::Ring { dst, slots, stride_bytes: STRIDE_BYTES, seed };
    let chase_op = |ring, state| Op::Chase { ring, hops: HOPS, state };
    bench.supports(&ring_op(Buf::NONE))?;
    bench.supports(&chase_op(Buf::NONE, Buf::NONE))?;
    let (ring, state) = (bench.alloc(bytes)?, bench.alloc(16)?);
    bench.write(state, 0, &[0; 16])?;
    bench.once(&ring_op(ring))?;
    let forms = bench.forms(&chase_op(ring, state));
    let form = bench.tune(forms)?;

    bench.write(state, 0, &[0; 16])?;
    let sampled = bench.sample(&form)?;
    let end = |executions: u64| {
        let hops = executions * u64::from(HOPS);
        (ring_after(slots, seed, 0, hops) * (STRIDE_BYTES / 4), hops)
    };
    arrived(bench, state, end(sampled.executions))?;
    // Many executions may lead back to where they began, as if nothing had been done. One more may not.
    bench.run(&form, 1)?;
    let (word, hops) = end(sampled.executions + 1);
    arrived(bench, state, (word, hops))?;
    // The check sees a walk that ends elsewhere.
    bench.once(&Op::Flip { dst: state, word: 0, mask: STRIDE_BYTES / 4 })?;
    let canary = match arrived(bench, state, (word, hops)) {
        Err(Trouble::Wrong(_)) => Canary::Caught,
        Ok(()) => Canary::Missed,
        Err(other) => return Err(other),
    };
    let check = Check::Matched { exact: hops, sampled: 0, canary };
    metrics
        .iter()
        .map(|metric| {
            let conditions = sized(format!("{} at {STRIDE_BYTES} B stride", size_name(bytes)));
            timed(metric, sampled.timed.clone(), &form, conditions, check.clone())
        })
        .collect()
}

fn arrived(bench: &mut Bench, state: Buf, (expected, hops): (u32, u64)) -> Result<(), Trouble> {
    let at = bench.read(state, 0, 4)?;
    let at = u32::from_le_bytes([at[0], at[1], at[2], at[3]]);
    if at == expected {
        return Ok(());
    }
    Err(Trouble::Wrong(format!("after {hops} hops the chase stands at word {at} instead of {expected}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::inventory::BACKENDS;

    /// An Infinity Cache holds all that a quick curve ended with before, and wgpu tells of none; nor is half of it in a large L2 memory.
    #[test]
    fn what_a_cache_may_answer_is_no_latency_of_memory() {
        let sim = BACKENDS.iter().find(|backend| backend.name == "sim").unwrap();
        let mut card = (sim.list)().unwrap().remove(0).identity;
        (card.provenance, card.buffer_bytes_max) = (Provenance::Hardware, (1 << 32) - 16);
        let mut ends = |memory: Option<u64>, l2_bytes: Option<&str>| {
            (card.memory_bytes, card.fillable_bytes) = (memory, memory);
            card.details.remove("l2_bytes");
            card.details.extend(l2_bytes.map(|bytes| ("l2_bytes".to_owned(), bytes.to_owned())));
            let settings = Settings { sample_ms: 1, seed: 1, ..Settings::new(Profile::Quick, 1) };
            let all = cases(&card, &settings);
            let of_memory =
                all.iter().find(|case| case.metrics.iter().any(|metric| metric.as_str() == OF_MEMORY));
            of_memory.unwrap().metrics[0].to_string()
        };
        assert_eq!(ends(Some(16 << 30), None), "chase.1gib.latency");
        assert_eq!(ends(None, None), "chase.1gib.latency", "it does not tell how much memory it has");
        assert_eq!(ends(Some(1 << 30), None), OF_MEMORY, "it has no room for what no cache holds");
        assert_eq!(ends(Some(16 << 30), Some("52428800")), "chase.256mib.latency");
        assert_eq!(ends(Some(16 << 30), Some("132644864")), "chase.512mib.latency");
        assert_eq!(ends(Some(16 << 30), Some("18446744073709551615")), "chase.2gib.latency");
    }
}
