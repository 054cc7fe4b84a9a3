//! Facts about cards with where they come from, what no card can exceed, and what healthy ones reach.
//! Owns the embedded tables and what follows from them; must not know contracts. It never grants a pass.
//!
//! `gpus.csv` holds what datasheets say, `sources.csv` and `provenance.csv` what each cell of it rests on, `bands.csv` what was
//! measured. To add a card: its row in `gpus.csv` by the datasheet, dense figures only, what it rests on in the other two, and bands where
//! something was measured; then raise the version in `data.rs`, which a test asks for. `assay catalogue check` says what does not fit, such
//! as a peak that units and clocks do not give. Who only needs it here writes an overlay: `assay catalogue new`. A simulated card of it
//! is a row of `src/device/sim/profiles.rs`.
//!
//! A line of provenance that names a column wins over one that does not, then one that names a card.

pub mod bands;
pub mod check;
pub mod columns;
pub mod data;
pub mod fingerprint;
mod gpu;
pub mod in_use;
mod limits;
pub mod names;
pub mod overlay;
pub mod problem;
pub mod sources;

use std::sync::LazyLock;

pub use self::bands::Band;
pub use self::data::{Catalogue, VERSION};
pub use self::gpu::Gpu;
pub use self::in_use::digest;
pub use self::limits::{ceiling, floor, peak, peak_of};
pub use self::names::Resolved;

use self::problem::Problem;
use crate::device::Identity;
use crate::evidence::metric::MetricName;
use crate::language::Language;

static BUILT_IN: LazyLock<(Catalogue, Vec<Problem>)> = LazyLock::new(Catalogue::built_in);

/// The catalogue that is built in.
pub fn built_in() -> &'static Catalogue {
    &BUILT_IN.0
}

/// The catalogue that everything is compared with: what is built in, and beside it the overlays that this process was given.
pub fn in_use() -> &'static Catalogue {
    in_use::catalogue().unwrap_or_else(built_in)
}

/// All cards that the catalogue knows.
pub fn gpus() -> &'static [Gpu] {
    &in_use().gpus
}

/// What card a name means.
pub fn resolve(name: &str) -> Resolved<'static> {
    names::resolve(name, gpus())
}

/// What healthy cards of this kind reach, where that is known.
pub fn band(gpu: &Gpu, metric: &MetricName) -> Option<&'static Band> {
    in_use().band(gpu, metric)
}

/// The cards that a device may be by its PCI id. Several models may share an id.
pub fn of(identity: &Identity) -> impl Iterator<Item = &'static Gpu> + use<> {
    let id = identity.vendor_id.zip(identity.device_id);
    gpus().iter().filter(move |gpu| id.is_some_and(|id| gpu.ids().any(|known| known == id)))
}

/// The cards that a device may be by what it calls itself.
pub fn named_by(name: &str) -> impl Iterator<Item = &'static Gpu> + use<> {
    names::named_by(name, gpus())
}

/// Everything that is wrong with the built-in data. A test sees to it that that is nothing.
pub fn check(language: Language) -> Vec<Problem> {
    let mut problems = BUILT_IN.1.clone();
    problems.extend(check::check(built_in(), &[], language));
    problems
}

#[cfg(test)]
mod tests;
