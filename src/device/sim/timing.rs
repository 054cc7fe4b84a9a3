//! How long an op takes on an honest card, in which launch forms it comes, and how hot it makes the card.
//! Owns the speed model; must not know faults, memory content or the clock.

use super::profiles::{Caches, Profile};
use crate::device::op::{Means, Precision, Route, StreamKind};
use crate::device::{Op, Reach, Variant};

/// Between the driver taking work and the first instruction of it.
pub const LAUNCH_NS: f64 = 5_000.0;

/// What an op leans on, which decides which faults slow it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Compute,
    Memory,
    Cache,
    Latency,
    Link,
    /// As long as was asked for, however fast the card is.
    Clock,
}

/// Time and strain of one execution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    pub bound: Bound,
    pub ns: f64,
    /// Share of the power limit above idle.
    pub load: f64,
}

/// The launch forms of an op, each with the share of its best speed.
fn forms(op: &Op) -> &'static [(&'static str, f64)] {
    match op {
        Op::Fma { .. } => &[("lanes1", 0.94), ("lanes4", 1.0)],
        Op::Mma { .. } => &[("tiles4", 0.96), ("tiles8", 1.0)],
        Op::Gemm { .. } => &[("tile64", 0.87), ("tile128", 1.0)],
        Op::Stream { .. } => &[("vec1", 0.91), ("vec4", 1.0)],
        Op::Fill { .. }
        | Op::Scan { .. }
        | Op::Flip { .. }
        | Op::Draw { .. }
        | Op::Expand { .. }
        | Op::Cells { .. }
        | Op::Tree { .. }
        | Op::Digest { .. }
        | Op::Reread { .. }
        | Op::Ring { .. }
        | Op::Chase { .. }
        | Op::Census { .. }
        | Op::Walk { .. }
        | Op::Copy { .. }
        | Op::Lend { .. }
        | Op::Collective { .. } => &[("plain", 1.0)],
    }
}

/// What an op computes in and how fast an honest card would be at it.
pub fn arithmetic(card: &Profile, op: &Op) -> Option<(Precision, f64)> {
    match *op {
        Op::Fma { precision, .. } => Some((precision, card.fma.of(precision))),
        Op::Mma { precision, .. } => Some((precision, card.tensor(precision))),
        Op::Gemm { precision, .. } => Some((precision, card.gemm.of(precision))),
        Op::Fill { .. }
        | Op::Scan { .. }
        | Op::Flip { .. }
        | Op::Draw { .. }
        | Op::Expand { .. }
        | Op::Cells { .. }
        | Op::Tree { .. }
        | Op::Digest { .. }
        | Op::Stream { .. }
        | Op::Reread { .. }
        | Op::Census { .. }
        | Op::Walk { .. }
        | Op::Ring { .. }
        | Op::Chase { .. }
        | Op::Copy { .. }
        | Op::Lend { .. }
        | Op::Collective { .. } => None,
    }
}

pub fn variants(op: &Op, kernel: &str) -> Vec<Variant> {
    let variant = |(label, _): &(&str, f64)| Variant {
        label: (*label).to_owned(),
        kernel: kernel.to_owned(),
        caveat: None,
        reach: Reach::Card,
    };
    forms(op).iter().map(variant).collect()
}

/// What one execution costs; `ring_bytes` is the working set of a chase. `None` where there is no such form.
pub fn cost(card: &Profile, op: &Op, variant: usize, ring_bytes: u64) -> Option<Cost> {
    let (_, share) = forms(op).get(variant)?;
    let mut cost = best(card, op, ring_bytes);
    cost.ns /= share;
    Some(cost)
}

fn best(card: &Profile, op: &Op, ring_bytes: u64) -> Cost {
    let work = op.work() as f64;
    let moved = |bytes: f64, share: f64| memory(card, bytes, share);
    match op {
        Op::Fma { precision, lanes, .. } => {
            let busy = busy(f64::from(*lanes), card.lanes_per_unit, card.units);
            Cost { bound: Bound::Compute, ns: seconds_ns(work, card.fma.of(*precision) * busy), load: 0.8 }
        }
        Op::Mma { precision, tiles, .. } => {
            let busy = busy(f64::from(*tiles), card.tiles_per_unit, card.units);
            Cost { bound: Bound::Compute, ns: seconds_ns(work, card.tensor(*precision) * busy), load: 1.0 }
        }
        Op::Gemm { precision, shape, .. } => {
            let (m, n, k) = (f64::from(shape.m), f64::from(shape.n), f64::from(shape.k));
            let busy = busy(m * n, card.elements_per_unit, card.units);
            let ns = seconds_ns(work, card.gemm.of(*precision) * busy);
            let bytes = (m + n) * k * precision.bytes() as f64 + m * n * precision.result_bytes() as f64;
            let moved = moved(bytes, 1.0);
            let load = if !matches!(precision, Precision::Fp64 | Precision::Fp32 | Precision::Int32) {
                0.97
            } else {
                0.85
            };
            if moved.ns > ns { moved } else { Cost { bound: Bound::Compute, ns, load } }
        }
        Op::Chase { hops, .. } => {
            let ns = f64::from(*hops) * latency_ns(&card.caches, ring_bytes);
            Cost { bound: Bound::Latency, ns, load: 0.1 }
        }
        Op::Walk { hops, .. } => {
            Cost { bound: Bound::Latency, ns: f64::from(*hops) * card.caches.l2_ns, load: 0.1 }
        }
        Op::Census { spin_ns, .. } => Cost { bound: Bound::Clock, ns: f64::from(*spin_ns), load: 0.1 },
        Op::Copy { route, words, .. } => match route {
            Route::HostToDevice(means) | Route::DeviceToHost(means) => by(*means, card, *words as f64 * 4.0),
            Route::BothWays(_) => link(card, work / BOTH_WAYS),
            // Whoever knows the other card asks `from_peer`.
            Route::FromPeer(_) => from_peer(card, card, work),
            Route::Within(_) => moved(work, 0.97),
        },
        Op::Stream { kind, .. } => moved(
            work,
            match kind {
                StreamKind::Read => 1.02,
                StreamKind::Write => 0.98,
                StreamKind::Copy | StreamKind::Scale => 0.99,
                StreamKind::Add | StreamKind::Triad => 1.0,
            },
        ),
        Op::Reread { words, passes, .. } => {
            let pass = moved((words * 4) as f64, 1.0);
            Cost { ns: pass.ns * f64::from(*passes), ..pass }
        }
        Op::Fill { .. } | Op::Ring { .. } => moved(work, 0.97),
        Op::Scan { .. } | Op::Digest { .. } => moved(work, 0.95),
        Op::Draw { .. } => moved(work, 0.5),
        Op::Expand { .. } | Op::Tree { .. } => moved(work, 0.3),
        Op::Cells { .. } => moved(work, 0.005),
        Op::Flip { .. } | Op::Lend { .. } => moved(work, 1.0),
        // Whoever knows the other cards says more.
        Op::Collective { .. } => from_peer(card, card, work),
    }
}

/// Both directions of a link together, as a multiple of one.
const BOTH_WAYS: f64 = 1.85;
/// From ordering a small transfer behind another to its end.
const TRANSFER_NS: f64 = 2_000.0;

/// How far apart two cards are, as it stands in reports.
pub fn way(card: &Profile, other: &Profile) -> &'static str {
    if card.peer_rate.min(other.peer_rate) > 0.0 { "direct" } else { "through the host" }
}

/// Memory of another card to this one: over links between them, else over both host links, one after the other in part.
pub fn from_peer(card: &Profile, other: &Profile, bytes: f64) -> Cost {
    let direct = card.peer_rate.min(other.peer_rate);
    let rate = if direct > 0.0 { direct } else { card.link_rate.min(other.link_rate) * 0.6 };
    Cost { bound: Bound::Link, ns: seconds_ns(bytes, rate), load: 0.2 }
}

/// Host memory to or from the card, by these means.
fn by(means: Means, card: &Profile, bytes: f64) -> Cost {
    let Cost { bound, ns, load } = link(card, bytes);
    let ns = match means {
        Means::Pinned => ns,
        Means::InTurn => ns + TRANSFER_NS,
        Means::Pageable => ns / 0.3,
        Means::Kernel => ns / 0.9,
    };
    Cost { bound, ns, load }
}

/// Host memory to or from the card by its copy engines.
pub fn link(card: &Profile, bytes: f64) -> Cost {
    Cost { bound: Bound::Link, ns: seconds_ns(bytes, card.link_rate), load: 0.1 }
}

fn memory(card: &Profile, bytes: f64, share: f64) -> Cost {
    let cached = bytes <= card.caches.l2_bytes as f64;
    let (bound, rate) = if cached { (Bound::Cache, card.l2_rate) } else { (Bound::Memory, card.memory_rate) };
    Cost { bound, ns: seconds_ns(bytes, rate * share), load: 0.6 }
}

fn seconds_ns(work: f64, rate: f64) -> f64 {
    work / rate * 1e9
}

/// The share of the units that so many work items keep busy.
fn busy(items: f64, per_unit: u32, units: u32) -> f64 {
    (items / (f64::from(per_unit) * f64::from(units))).clamp(1e-3, 1.0)
}

/// Mean time of a dependent load over a working set: what does not fit goes one level further out.
fn latency_ns(caches: &Caches, bytes: u64) -> f64 {
    let hit = |size: u64| (size as f64 / bytes.max(1) as f64).min(1.0);
    let (l1, l2) = (hit(caches.l1_bytes), hit(caches.l2_bytes));
    caches.l1_ns * l1 + caches.l2_ns * (l2 - l1) + caches.memory_ns * (1.0 - l2)
}
