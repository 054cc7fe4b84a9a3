//! Which devices there are, and which of them a run measures. Asks worker processes, never a driver.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::Failure;
use crate::device::backend::{Listed, OpenError};
use crate::device::inventory::{self, BACKENDS};
use crate::device::parts;
use crate::device::same::{self, Facts};
use crate::device::{Identity, ProvenanceKind};
use crate::engine::supervise::{self, Limit};
use crate::exit::Exit;
use crate::telemetry::{NVIDIA, NvmlFound};

/// A driver that nobody keeps awake makes all cards of a node ready first, one after the other, when it is asked.
const DRIVER_LIMIT: Duration = Duration::from_secs(120);

/// Ctrl-C ends the whole program, and its workers with it.
pub static NEVER: AtomicBool = AtomicBool::new(false);

/// What one backend finds, or why it finds nothing.
pub struct Found {
    pub backend: &'static str,
    pub devices: Result<Vec<Listed>, String>,
    /// Whether it said so itself. Of one that crashed or hung nobody knows what it has.
    pub answered: bool,
}

/// This binary, which is also the worker.
pub fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|e| {
        Failure::new(Exit::Environment, format!("the path of this program cannot be found: {e}"))
    })
}

pub fn everything(program: &Path, interrupted: &AtomicBool) -> Vec<Found> {
    let limit = Limit { time: DRIVER_LIMIT, interrupted };
    let asked = BACKENDS.iter().map(|b| (b.name, supervise::inventory(program, b.name, limit)));
    let found = asked.map(|(backend, answer)| match answer {
        Ok(devices) => Found { backend, devices, answered: true },
        Err(why) => Found { backend, devices: Err(why), answered: false },
    });
    found.collect()
}

/// What NVML there is, or why there is none.
pub fn nvml(program: &Path) -> Result<NvmlFound, String> {
    supervise::nvml(program, Limit { time: DRIVER_LIMIT, interrupted: &NEVER })
}

/// Whether a card of NVIDIA was found, for which NVML matters.
pub fn has_nvidia(found: &[Found]) -> bool {
    let listed = found.iter().filter_map(|found| found.devices.as_ref().ok()).flatten();
    let identities = listed.map(|listed| &listed.identity);
    let hardware = identities.filter(|i| i.provenance.kind() == ProvenanceKind::Hardware);
    hardware.into_iter().any(|identity| identity.vendor_id == Some(NVIDIA))
}

/// The devices of a run: those that were named, each of which must open; else all hardware, else the first software device.
/// Never a simulated device that was not asked for.
pub fn chosen(program: &Path, named: &[String], interrupted: &AtomicBool) -> Result<Vec<String>, Failure> {
    if named.is_empty() {
        return default_devices(everything(program, interrupted));
    }
    for (i, selector) in named.iter().enumerate() {
        if named[..i].contains(selector) {
            return Err(Failure::usage(format!("--device {selector} is given twice; name each device once")));
        }
        inventory::split(selector).map_err(unusable)?;
    }
    for selector in named {
        let limit = Limit { time: DRIVER_LIMIT, interrupted };
        supervise::check(program, selector, limit).map_err(unusable)?;
    }
    Ok(named.to_vec())
}

/// In the place of the one part of a card that CUDA shows, all parts that the environment gives this run.
pub fn all_parts(
    program: &Path,
    chosen: Vec<String>,
    interrupted: &AtomicBool,
) -> Result<Vec<String>, Failure> {
    let given = parts::given(|variable| std::env::var(variable).ok());
    match &chosen[..] {
        [only] if only.starts_with("cuda:") && given.len() > 1 => self::chosen(program, &given, interrupted),
        _ => Ok(chosen),
    }
}

fn unusable(error: OpenError) -> Failure {
    let exit = match &error {
        OpenError::Selector { .. } => Exit::Usage,
        OpenError::NoSuchDevice { .. } | OpenError::Refused { .. } => Exit::Environment,
    };
    Failure::new(exit, format!("{error}; `assay list` shows what there is"))
}

fn default_devices(found: Vec<Found>) -> Result<Vec<String>, Failure> {
    let mut reasons = Vec::new();
    let mut devices = Vec::new();
    for Found { backend, devices: result, answered } in found {
        match result {
            Ok(listed) => devices.extend(listed),
            // The same cards, through another driver, have other figures; those that are there are measured in any case.
            Err(why) if !answered && devices.is_empty() => {
                let what = "nothing is measured in the place of what it may have";
                let how = "`assay list` asks again, and --device measures what is named, by whatever driver";
                return Err(Failure::new(Exit::Environment, format!("{backend}: {why}; {what}; {how}")));
            }
            Err(why) => reasons.push(format!("{backend}: {why}")),
        }
    }
    let devices = each_once(devices);
    let of_kind = |kind| devices.iter().filter(move |d| d.identity.provenance.kind() == kind);
    let hardware: Vec<String> = of_kind(ProvenanceKind::Hardware).map(|d| d.selector.clone()).collect();
    if !hardware.is_empty() {
        return Ok(hardware);
    }
    if let Some(software) = of_kind(ProvenanceKind::Software).next() {
        return Ok(vec![software.selector.clone()]);
    }
    let why = if reasons.is_empty() { "no driver lists one".to_owned() } else { reasons.join("; ") };
    Err(Failure::new(
        Exit::Environment,
        format!("no device to measure ({why}); `assay doctor` says what would help"),
    ))
}

/// Devices that several drivers show are kept once, as the driver shows them that comes first: measured twice at the
/// same time, they would slow each other down.
fn each_once(listed: Vec<Listed>) -> Vec<Listed> {
    let mut kept: Vec<Listed> = Vec::new();
    for one in listed {
        if !kept.iter().any(|other| is_shown_twice(&other.identity, &one.identity)) {
            kept.push(one);
        }
    }
    kept
}

/// Whether two drivers show one card, as those of AMD and of Mesa do, or those of DirectX and Vulkan. One driver shows each of its devices
/// once, whatever they say: where that is wrong, whoever judges the run must see it.
pub(super) fn is_shown_twice(a: &Identity, b: &Identity) -> bool {
    let by = |identity: &Identity| (identity.backend.clone(), identity.driver.clone());
    by(a) != by(b) && same::same(&Facts::of(a), &Facts::of(b)).is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::Identity;

    fn listed(backend: &str, index: u32, pci_address: Option<&str>, uuid: Option<&str>) -> Listed {
        let identity = Identity {
            backend: backend.to_owned(),
            pci_address: pci_address.map(str::to_owned),
            uuid: uuid.map(str::to_owned),
            ..Identity::unknown()
        };
        Listed { selector: format!("{backend}:{index}"), identity }
    }

    /// Its cards may be those that another shows.
    #[test]
    fn a_driver_that_does_not_answer_is_not_passed_over() {
        let found = |answered| {
            let silent = Found { backend: "cuda", devices: Err("no answer".to_owned()), answered };
            let other = vec![listed("wgpu", 0, None, None)];
            vec![silent, Found { backend: "wgpu", devices: Ok(other), answered: true }]
        };
        assert_eq!(default_devices(found(true)).ok().unwrap(), ["wgpu:0"]);
        let mut known = found(false);
        known.reverse();
        assert_eq!(default_devices(known).ok().unwrap(), ["wgpu:0"]);
        let failure = default_devices(found(false)).err().unwrap();
        assert_eq!(failure.exit, Exit::Environment);
        assert!(failure.message.starts_with("cuda: no answer; nothing is measured"), "{failure}");
    }

    #[test]
    fn a_card_that_two_drivers_of_one_backend_show_is_measured_once() {
        let by = |driver: &str, index, pci_address, luid: Option<&str>| {
            let mut one = listed("wgpu", index, pci_address, None);
            one.identity.driver = driver.to_owned();
            one.identity.details.extend(luid.map(|luid| (Identity::LUID.to_owned(), luid.to_owned())));
            one
        };
        let (here, there) = (Some("0000:03:00.0"), Some("0000:04:00.0"));
        let found = vec![
            by("Vulkan radv", 0, here, None),
            by("Vulkan radv", 1, there, None),
            by("Vulkan AMD", 2, there, None),
            by("Vulkan AMD", 3, here, None),
            // Which nobody shows besides, or which says nothing.
            by("Vulkan AMD", 4, Some("0000:05:00.0"), None),
            by("Vulkan AMD", 5, None, None),
            by("Vulkan NVIDIA", 6, None, Some("a")),
            by("Dx12", 7, None, Some("b")),
            by("Dx12", 8, None, Some("a")),
            by("Dx12", 9, None, None),
        ];
        let kept: Vec<String> = each_once(found).into_iter().map(|one| one.selector).collect();
        assert_eq!(kept, ["wgpu:0", "wgpu:1", "wgpu:4", "wgpu:5", "wgpu:6", "wgpu:7", "wgpu:9"]);
    }

    #[test]
    fn a_card_that_two_backends_show_is_measured_once() {
        let found = vec![
            listed("cuda", 0, Some("0000:01:00.0"), Some("aa")),
            listed("cuda", 1, Some("0000:02:00.0"), Some("bb")),
            listed("wgpu", 0, Some("0000:02:00.0"), None),
            listed("wgpu", 1, None, Some("aa")),
            listed("wgpu", 2, None, None),
            // Drivers without UUIDs give zeros.
            listed("cuda", 2, Some("0000:04:00.0"), Some(&"0".repeat(32))),
            listed("wgpu", 5, None, Some(&"0".repeat(32))),
            // Two of one driver are two, whatever they say.
            listed("wgpu", 3, Some("0000:03:00.0"), Some("cc")),
            listed("wgpu", 4, Some("0000:03:00.0"), Some("cc")),
        ];
        let kept: Vec<String> = each_once(found).into_iter().map(|one| one.selector).collect();
        assert_eq!(kept, ["cuda:0", "cuda:1", "wgpu:2", "cuda:2", "wgpu:5", "wgpu:3", "wgpu:4"]);
    }
}
