//! The link between host and device: copies both ways, alone and together, by copy engines, by the driver's staging and by
//! kernels, and how long a small one takes.

use super::{Probe, sized, spare_bytes, timed};
use crate::device::op::{Means, Route};
use crate::device::{Buf, Identity, Op, Provenance};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::case::Case;
use crate::engine::{Settings, Trouble, check};
use crate::evidence::{Canary, Check, Measurement};
use crate::telemetry::Reading;

/// How fast does data reach the device and come back?
pub const PROBE: Probe = Probe { name: "link", cases };

const CASES: [(&str, Route); 9] = [
    ("link.h2d.rate", Route::HostToDevice(Means::Pinned)),
    ("link.d2h.rate", Route::DeviceToHost(Means::Pinned)),
    ("link.both.rate", Route::BothWays(Buf::NONE)),
    ("link.h2d_pageable.rate", Route::HostToDevice(Means::Pageable)),
    ("link.d2h_pageable.rate", Route::DeviceToHost(Means::Pageable)),
    ("link.h2d_kernel.rate", Route::HostToDevice(Means::Kernel)),
    ("link.d2h_kernel.rate", Route::DeviceToHost(Means::Kernel)),
    ("link.h2d.latency", Route::HostToDevice(Means::InTurn)),
    ("link.d2h.latency", Route::DeviceToHost(Means::InTurn)),
];

/// What a small transfer moves: a page, which takes its link no time worth mentioning and is still copied as any other is.
const SMALL_BYTES: u64 = 4096;

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let wanted = match identity.provenance {
        Provenance::Software { .. } => 32 << 20,
        Provenance::Hardware | Provenance::Simulated { .. } => 128 << 20,
    };
    let large = (wanted.min(spare_bytes(identity) / 4) >> 20 << 20).max(1 << 20);
    (0..)
        .zip(CASES)
        .filter_map(|(index, (metric, route))| {
            let words = if metric.ends_with(".latency") { SMALL_BYTES } else { large } / 4;
            // Each has data of its own, so that what another left behind is no result.
            let seed = settings.seed ^ index;
            Case::single(metric.to_owned(), move |bench, metric| link(bench, metric, route, words, seed))
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
    bench.supports(&Op::Copy { route, buf: Buf::NONE, words, seed })?;
    let (buf, route, other) = match route {
        Route::BothWays(_) => {
            let (buf, to) = (bench.alloc(words * 4)?, bench.alloc(words * 4)?);
            (buf, Route::BothWays(to), Some(to))
        }
        Route::HostToDevice(_) | Route::DeviceToHost(_) | Route::FromPeer(_) | Route::Within(_) => {
            (bench.alloc(words * 4)?, route, None)
        }
    };
    // A copy in must overwrite something else; a copy out must find the pattern.
    let before = if matches!(route, Route::HostToDevice(_)) { !seed } else { seed };
    for dst in [Some(buf), other].into_iter().flatten() {
        bench.once(&Op::Fill { dst, words, first_word: 0, seed: before })?;
    }
    let forms = bench.forms(&Op::Copy { route, buf, words, seed });
    let form = bench.tune(forms)?;
    let (sampled, meanwhile) = bench.sample_watched(&form)?;
    let check = match route {
        Route::HostToDevice(_) | Route::FromPeer(_) | Route::Within(_) => {
            check::holds_pattern(bench, &form.op, buf, words, seed)?
        }
        Route::DeviceToHost(_) => arrives(bench, buf, words, &form)?,
        Route::BothWays(to) => {
            let came = check::holds_pattern(bench, &form.op, to, words, !seed)?;
            check::joined(came, arrives(bench, buf, words, &form)?)
        }
    };
    let size =
        if words * 4 < 1 << 20 { format!("{} KiB", words >> 8) } else { format!("{} MiB", words >> 18) };
    let conditions =
        sized([Some(size), meanwhile.and_then(trained)].into_iter().flatten().collect::<Vec<_>>().join(", "));
    timed(metric, sampled.timed, &form, conditions, check)
}

/// To what the link was trained while it was busy: cards let it rest at less.
fn trained(reading: Reading) -> Option<String> {
    let (generation, width) = (reading.pcie_generation?, reading.pcie_width?);
    Some(format!("at PCIe generation {generation} x{width}"))
}

/// Copies out compared every word on the host already; what remains is to show that a planted flip would have counted.
fn arrives(bench: &mut Bench, buf: Buf, words: u64, form: &Tuned) -> Result<Check, Trouble> {
    bench.once(&Op::Flip { dst: buf, word: words / 2, mask: 1 })?;
    let canary = match bench.run(form, 1) {
        Err(Trouble::Wrong(_)) => Canary::Caught,
        Ok(_) => Canary::Missed,
        Err(other) => return Err(other),
    };
    Ok(Check::Matched { exact: words, sampled: 0, canary })
}
