//! Which devices there are, and which of them a run measures. Asks worker processes, never a driver.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Failure;
use crate::device::ProvenanceKind;
use crate::device::backend::{Listed, OpenError};
use crate::device::inventory::{self, BACKENDS};
use crate::engine::supervise;
use crate::exit::Exit;
use crate::telemetry::{NVIDIA, NvmlFound};

const DRIVER_LIMIT: Duration = Duration::from_secs(30);

/// What one backend finds, or why it finds nothing.
pub struct Found {
    pub backend: &'static str,
    pub devices: Result<Vec<Listed>, String>,
}

/// This binary, which is also the worker.
pub fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|e| {
        Failure::new(Exit::Environment, format!("the path of this program cannot be found: {e}"))
    })
}

pub fn everything(program: &Path) -> Vec<Found> {
    BACKENDS
        .iter()
        .map(|b| Found { backend: b.name, devices: supervise::inventory(program, b.name, DRIVER_LIMIT) })
        .collect()
}

/// What NVML there is, or why there is none.
pub fn nvml(program: &Path) -> Result<NvmlFound, String> {
    supervise::nvml(program, DRIVER_LIMIT)
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
pub fn chosen(program: &Path, named: &[String]) -> Result<Vec<String>, Failure> {
    if named.is_empty() {
        return default_devices(everything(program));
    }
    for (i, selector) in named.iter().enumerate() {
        if named[..i].contains(selector) {
            return Err(Failure::usage(format!("--device {selector} is given twice; name each device once")));
        }
        inventory::split(selector).map_err(unusable)?;
    }
    for selector in named {
        supervise::check(program, selector, DRIVER_LIMIT).map_err(unusable)?;
    }
    Ok(named.to_vec())
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
    for Found { backend, devices: result } in found {
        match result {
            Ok(listed) => devices.extend(listed),
            Err(why) => reasons.push(format!("{backend}: {why}")),
        }
    }
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
