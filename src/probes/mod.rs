//! The probes: each answers one question about a device by running cases.
//! Owns the table of probes; must not know contracts.
//!
//! To add one: name its metrics in the table of `src/evidence/metric.rs`, with what they are in both `src/language/*.ftl`; write
//! `src/probes/<name>.rs` with one [`Probe`] value (its question above it, and a function from identity and settings to cases; `chase.rs`
//! is the shortest to copy), and put it into [`PROBES`]. A case runs ops on a `Bench`, which tunes, times, checks and reports;
//! `src/engine/check.rs` compares results with the reference, and `tests/it/lazy.rs` shows what those checks must catch. Look at it with
//! `assay run --measure-only --device sim:mini --probe <name>`. A test then demands that table and probes name the same
//! metrics, and contracts, reports, `assay list` and the README follow (`ASSAY_BLESS=1 cargo test --test it -- readme::` writes its table).
//! If no op does the work, add one to `src/device/op.rs` and its meaning to `src/device/reference.rs`; the compiler and the
//! conformance tests say what else is missing.

mod census;
mod chase;
pub mod collective;
mod fma;
mod gemm;
mod l2;
mod link;
mod memory;
mod mma;
pub mod peer;
pub mod rehearsal;
mod stream;
mod sustain;
mod vendor;

use crate::device::{Identity, Provenance, Reach};
use crate::engine::bench::Tuned;
use crate::engine::case::Case;
use crate::engine::node::{Between, CaseOf, CasesOfAll};
use crate::engine::{Settings, Trouble};
use crate::evidence::metric::MetricName;
use crate::evidence::{Check, Conditions, Measurement, Timed, Value};

/// The cases that answer one question, which stands above each of [`PROBES`].
pub struct Probe {
    pub name: &'static str,
    /// Pure: what would be measured on such a device.
    pub cases: fn(&Identity, &Settings) -> Vec<Case>,
}

/// All probes, in the order in which they run: short ones first, so that an early end leaves much.
pub const PROBES: &[Probe] = &[
    census::PROBE,
    stream::PROBE,
    l2::PROBE,
    fma::PROBE,
    gemm::PROBE,
    link::PROBE,
    chase::PROBE,
    memory::PROBE,
    // Where its kernels have not yet run on such hardware, one that breaks the device costs little else.
    mma::PROBE,
    sustain::PROBE,
    // Code of others, which may take the device down with it.
    vendor::PROBE,
];

/// The probe that runs only where a time for it is given.
pub const SUSTAIN: &str = "sustain";

/// So many bytes of memory that the device's L2 cache, where it says how large one is, helps little: read over and over, with what is
/// dropped chosen at random, six times the cache leave 1 in 400 hits.
fn beyond_caches(identity: &Identity) -> u64 {
    l2_bytes(identity).unwrap_or(0).saturating_mul(6)
}

/// How large its L2 cache is, where it says so.
fn l2_bytes(identity: &Identity) -> Option<u64> {
    identity.details.get("l2_bytes")?.parse().ok().filter(|bytes| *bytes > 0)
}

/// Four times the largest cache of a card that may not say how large its own is: the one of an MI300X.
const BEYOND_UNTOLD_CACHES: u64 = 1 << 30;

/// Whether it is a card with a cache of which it tells nothing.
fn hides_cache(identity: &Identity) -> bool {
    matches!(identity.provenance, Provenance::Hardware) && l2_bytes(identity).is_none()
}

/// Why so many bytes of such a card, touched over and over, may show a cache and no memory, where they may.
fn may_be_cached(hides_cache: bool, touched: u64) -> Option<String> {
    let [touched, wanted] = [touched, BEYOND_UNTOLD_CACHES].map(|bytes| bytes >> 20);
    let why = "may lie in a cache, whose size the device does not tell, and it has no room for";
    (hides_cache && touched < wanted).then(|| format!("{touched} MiB {why} {wanted} MiB"))
}

/// The cases of the probes that `settings` names, on such a device. Pure.
pub fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let wanted = PROBES.iter().filter(|p| settings.probes.iter().any(|name| name == p.name));
    wanted.flat_map(|probe| (probe.cases)(identity, settings)).collect()
}

/// All that can be asked for: the probes of a device, and what is measured between devices.
pub fn names() -> Vec<&'static str> {
    PROBES.iter().map(|p| p.name).chain(BETWEEN).collect()
}

/// What is measured between devices.
pub const BETWEEN: [&str; 2] = [peer::NAME, collective::NAME];

/// What of it `settings` names.
pub fn between(settings: &Settings) -> Between {
    let wanted = |name: &str| settings.probes.iter().any(|probe| probe == name);
    Between {
        pairs: wanted(peer::NAME).then_some(peer::case as CaseOf),
        all: wanted(collective::NAME).then_some(collective::cases as CasesOfAll),
    }
}

/// A timed measurement of `form`.
fn timed(
    metric: &str,
    timed: Timed,
    form: &Tuned,
    conditions: Conditions,
    check: Check,
) -> Result<Measurement, Trouble> {
    measurement(metric, Value::Timed(timed), by(form, conditions), check)
}

/// The conditions with what the launch form adds to them.
fn by(form: &Tuned, conditions: Conditions) -> Conditions {
    Conditions {
        variant: conditions.variant.or_else(|| Some(form.variant.label.clone())),
        kernel: Some(form.variant.kernel.clone()),
        caveat: form.variant.caveat.clone(),
        reach: form.variant.reach,
        ..conditions
    }
}

fn measurement(
    metric: &str,
    value: Value,
    conditions: Conditions,
    check: Check,
) -> Result<Measurement, Trouble> {
    let metric = MetricName::parse(metric).map_err(|e| Trouble::Skipped(e.to_string()))?;
    Ok(Measurement { metric, value, conditions, check })
}

/// Conditions that are nothing but a size.
fn sized(shape: String) -> Conditions {
    Conditions { shape, distribution: None, variant: None, kernel: None, caveat: None, reach: Reach::Card }
}

/// What the device can spare, where it says; else a size that every device has.
fn spare_bytes(identity: &Identity) -> u64 {
    identity.fillable_bytes.or(identity.memory_bytes).unwrap_or(512 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Profile;

    /// What is measured and what contracts can name must be the same list.
    #[test]
    fn every_number_in_the_metric_table_is_measured_by_a_case() {
        let identity = Identity {
            memory_bytes: Some(80 << 30),
            fillable_bytes: Some(80 << 30),
            buffer_bytes_max: 80 << 30,
            details: [(Identity::VENDOR_LIBRARY.to_owned(), "file".to_owned())].into(),
            ..Identity::unknown()
        };
        let settings =
            Settings { sample_ms: 1, sustain_ms: 1000, seed: 1, ..Settings::new(Profile::Standard, 1) };
        let mut measured = std::collections::BTreeSet::new();
        for probe in PROBES {
            for case in (probe.cases)(&identity, &settings) {
                for metric in case.metrics {
                    assert_eq!(metric.probe(), probe.name);
                    assert!(measured.insert(metric.to_string()), "{metric} is measured twice");
                }
            }
        }
        let named: std::collections::BTreeSet<String> = crate::evidence::metric::METRICS
            .iter()
            .filter(|row| row.kind != crate::evidence::metric::Kind::Fact)
            // Stands for what is measured between devices.
            .filter(|row| !BETWEEN.iter().any(|name| row.name.starts_with(&format!("{name}."))))
            // Follow from telemetry, and from the devices of a node beside each other.
            .filter(|row| !row.name.starts_with("counters.") && !row.name.starts_with("node."))
            .map(|row| row.name.clone())
            .collect();
        assert_eq!(measured, named);
    }
}
