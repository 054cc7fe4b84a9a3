//! The link between host and device: copies both ways through pinned (mapped) host memory.

use super::{Probe, sized, spare_bytes, timed};
use crate::device::op::Route;
use crate::device::{Buf, Identity, Op, Provenance};
use crate::engine::bench::Bench;
use crate::engine::case::Case;
use crate::engine::{Settings, Trouble, check};
use crate::evidence::{Canary, Check, Measurement};

pub const PROBE: Probe =
    Probe { name: "link", question: "How fast does data reach the device and come back?", cases };

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let wanted = match identity.provenance {
        Provenance::Software { .. } => 32 << 20,
        Provenance::Hardware | Provenance::Simulated { .. } => 128 << 20,
    };
    let words = (wanted.min(spare_bytes(identity) / 4) >> 20 << 20).max(1 << 20) / 4;
    // Each has data of its own, so that what the other left behind is no result.
    let seed = settings.seed;
    [("link.h2d.rate", Route::HostToDevice, seed), ("link.d2h.rate", Route::DeviceToHost, seed ^ 1)]
        .into_iter()
        .filter_map(|(metric, route, seed)| {
            Case::new(&[metric.to_owned()], move |bench| {
                link(bench, metric, route, words, seed).map(|m| vec![m])
            })
        })
        .collect()
}

fn link(
    bench: &mut Bench,
    metric: &str,
    route: Route,
    words: u64,
    seed: u64,
) -> Result<Measurement, Trouble> {
    let op = |buf| Op::Copy { route, buf, words, seed };
    bench.supports(&op(Buf::NONE))?;
    let buf = bench.alloc(words * 4)?;
    // A copy in must overwrite something else; a copy out must find the pattern.
    let before = if route == Route::DeviceToHost { seed } else { !seed };
    bench.once(&Op::Fill { dst: buf, words, first_word: 0, seed: before })?;
    let forms = bench.forms(&op(buf));
    let form = bench.tune(forms)?;
    let sampled = bench.sample(&form)?;
    let check = match route {
        Route::HostToDevice | Route::Within(_) => check::holds_pattern(bench, &form.op, buf, words, seed)?,
        Route::DeviceToHost => arrives(bench, buf, words, &form)?,
    };
    timed(metric, sampled.timed, &form, sized(format!("{} MiB", words >> 18)), check)
}

/// Copies out compared every word on the host already; what remains is to show that a planted flip would have counted.
fn arrives(
    bench: &mut Bench,
    buf: Buf,
    words: u64,
    form: &crate::engine::bench::Tuned,
) -> Result<Check, Trouble> {
    bench.once(&Op::Flip { dst: buf, word: words / 2, mask: 1 })?;
    let canary = match bench.run(form, 1) {
        Err(Trouble::Wrong(_)) => Canary::Caught,
        Ok(_) => Canary::Missed,
        Err(other) => return Err(other),
    };
    Ok(Check::Matched { exact: words, sampled: 0, canary })
}
