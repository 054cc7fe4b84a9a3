//! What all devices of a node do together by their vendor's library, as programs that use several of them do: sums over all, and every
//! rank's data on every other. Runs in the node worker, after the pairs. Figures are bus bandwidths, as nccl-tests counts them.

use super::{sized, spare_bytes, timed};
use crate::device::op::Collective;
use crate::device::{Identity, Op, ProvenanceKind, draw};
use crate::engine::bench::Bench;
use crate::engine::case::Case;
use crate::engine::check::{self, DIGEST_WORDS};
use crate::engine::together::Work;
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::metric::collective_name;
use crate::evidence::{Check, Conditions, Measurement};

pub const NAME: &str = "collective";

/// Bytes of the larger side of each rank. Every word of a simulated one is computed, on one CPU.
fn bytes(identities: &[&Identity], profile: Profile) -> u64 {
    let simulated = |identity: &&Identity| identity.provenance.kind() == ProvenanceKind::Simulated;
    let wanted = match profile {
        _ if identities.iter().any(simulated) => 4 << 20,
        Profile::Quick => 128 << 20,
        Profile::Standard | Profile::Acceptance => 1 << 30,
    };
    identities.iter().map(|identity| spare_bytes(identity) / 8).fold(wanted, u64::min)
}

/// A case for every collective; identities are those of all devices.
pub fn cases(identities: &[&Identity], settings: &Settings) -> Vec<Case> {
    let (bytes, seed) = (bytes(identities, settings.profile), settings.seed);
    Collective::ALL
        .into_iter()
        .filter_map(|kind| {
            // Data of its own, so that what another left behind is no result.
            let seed = draw::derived(seed, kind as u64);
            Case::single(collective_name(kind), move |bench, metric| {
                measure(bench, metric, kind, (bytes, seed))
            })
        })
        .collect()
}

/// Of whole kibibytes.
fn size(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{} KiB", bytes >> 10)
    }
}

/// Elements of a part in the exact phase: a multiple of nothing.
const ODD: u64 = 16_411;

fn measure(
    bench: &mut Bench,
    metric: &str,
    kind: Collective,
    (bytes, seed): (u64, u64),
) -> Result<Measurement, Trouble> {
    let ranks = bench.ranks();
    let all = u64::from(ranks);
    // Every rank's part consists of whole blocks.
    let block = all * u64::from(DIGEST_WORDS);
    let elements = (bytes / 4 / block).max(1) * block;
    let op = Op::Collective { kind, ranks, elements };
    bench.make_ready(&op)?;
    bench.supports(&op)?;

    let odd = Work::prepare(bench, kind, all * ODD, !seed)?;
    let form = odd.form(bench)?;
    bench.run(&form, 1)?;
    odd.is_right(bench)?;
    let canary = odd.planted(bench, |bench| odd.is_right(bench))?;
    let exact = Check::Matched { exact: odd.results()[1], sampled: 0, canary };
    odd.free(bench);

    let work = Work::prepare(bench, kind, elements, seed)?;
    let form = work.form(bench)?;
    bench.run(&form, 1)?;
    let digests = work.digests(bench)?;
    work.has(bench, &digests)?;
    let canary = work.planted(bench, |bench| work.has(bench, &digests))?;
    let sampled = bench.sample(&form)?;
    work.has(bench, &digests)?;
    // Nobody counts this work: over spoilt results it must give the right ones again.
    work.spoil(bench)?;
    bench.run(&form, 1)?;
    work.has(bench, &digests)?;

    let at_size = Check::Matched { exact: work.results()[1], sampled: 0, canary };
    let conditions = Conditions {
        distribution: Some(work.distribution),
        ..sized(format!("{}, {ranks} devices", size(elements * 4)))
    };
    timed(metric, sampled.timed, &form, conditions, check::joined(exact, at_size))
}
