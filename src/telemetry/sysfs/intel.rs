//! Why the clocks of a card of Intel's are held down, and how fast they are, by the files of the drivers xe and i915.
//! Owns the names of these files (Linux, drivers/gpu/drm/xe/xe_gt_throttle.c and i915/gt/intel_gt_sysfs_pm.c).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::Throttle;
use super::{read, small};

/// What the names of files begin with that say of one reason each, 0 or 1, whether it holds.
const REASONS: [&str; 2] = ["reason_", "throttle_reason_"];

/// The reasons of this moment on any part of the card. `None` where a file cannot be read, and where the driver has none for a kind of
/// reason: what it does not tell of is not what never was.
pub fn throttle(card: &Path) -> Option<Vec<Throttle>> {
    let mut reasons = BTreeSet::new();
    let mut told = BTreeSet::new();
    for part in parts(card) {
        for file in entries(&part.join("freq0/throttle")).chain(entries(&part)) {
            let name = file.file_name()?.to_str()?;
            let Some(name) = REASONS.iter().find_map(|head| name.strip_prefix(head)) else { continue };
            // Whether there is any reason at all.
            if name == "status" {
                continue;
            }
            told.insert(reason(name));
            if read(&file)?.parse::<u64>().ok()? != 0 {
                reasons.insert(reason(name));
            }
        }
    }
    (told.len() == Throttle::ALL.len()).then(|| reasons.into_iter().collect())
}

/// In MHz, of the first part.
pub fn clock_mhz(card: &Path) -> Option<u32> {
    let first = parts(card).min()?;
    let clock = |file: &str| small(read(&first.join(file))?.parse().ok()?);
    clock("freq0/act_freq").or_else(|| clock("rps_act_freq_mhz"))
}

/// By the name that the driver gives it: what is no heat and no brake from outside is a limit of power or of current.
fn reason(name: &str) -> Throttle {
    match name {
        "prochot" => Throttle::Brake,
        // The running average of the temperature.
        "ratl" => Throttle::Thermal,
        name if name.contains("therm") => Throttle::Thermal,
        _ => Throttle::Power,
    }
}

/// The folders of a card's parts that have clocks of their own: of xe in its tiles, of i915 in the folder for displays.
fn parts(card: &Path) -> impl Iterator<Item = PathBuf> {
    let named = |head: &'static str| {
        move |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(head))
    };
    let tiles = entries(card).filter(named("tile"));
    let cards = entries(&card.join("drm")).filter(named("card")).map(|card| card.join("gt"));
    tiles.chain(cards).flat_map(|folder| entries(&folder)).filter(named("gt"))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
