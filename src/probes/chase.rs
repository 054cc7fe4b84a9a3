//! Memory latency: dependent loads around a ring, over growing working sets.

use super::{Probe, sized, spare_bytes, timed};
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

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let cap = match (&identity.provenance, settings.profile) {
        (Provenance::Software { .. }, _) => 128 << 20,
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Quick) => 256 << 20,
        (Provenance::Hardware | Provenance::Simulated { .. }, Profile::Standard | Profile::Acceptance) => {
            4 << 30
        }
    };
    let most = cap.min(spare_bytes(identity) / 2).min(identity.buffer_bytes_max);
    let sizes: Vec<u64> = chase_sizes().filter(|bytes| *bytes <= most).collect();
    let last = sizes.len().saturating_sub(1);
    let quick = settings.profile == Profile::Quick;
    let seed = settings.seed;
    // The quick curve keeps every third size, counted from the largest.
    sizes
        .iter()
        .enumerate()
        .filter(|(i, _)| !quick || (last - i).is_multiple_of(3))
        .filter_map(|(i, &bytes)| {
            let mut metrics = vec![format!("chase.{}.latency", size_name(bytes))];
            if i == last {
                metrics.push("chase.hbm.latency".to_owned());
            }
            let named = metrics.clone();
            Case::new(&metrics, move |bench| chase(bench, &named, bytes, seed))
        })
        .collect()
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
