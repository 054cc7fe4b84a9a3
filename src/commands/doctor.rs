//! `assay doctor`: what is missing on this machine for which backend, and the command that fixes it.

use super::discover;
use super::{Failure, print};
use crate::cli::DoctorArgs;
use crate::device::ProvenanceKind;
use crate::exit::Exit;
use crate::output::diagnosis;
use crate::output::listing::Nvml;

pub fn doctor(args: &DoctorArgs) -> Result<Exit, Failure> {
    let program = discover::program()?;
    let found = discover::everything(&program);
    let nvidia_driver = first_existing(NVIDIA_MARKS);
    let wanted = nvidia_driver.is_some() || discover::has_nvidia(&found);
    let count = |kind: ProvenanceKind| {
        let listed = found.iter().filter_map(|f| f.devices.as_ref().ok()).flatten();
        listed.filter(|d| d.identity.provenance.kind() == kind).count()
    };
    let state = diagnosis::State {
        hardware: count(ProvenanceKind::Hardware),
        software: count(ProvenanceKind::Software),
        missing: found
            .iter()
            .filter_map(|f| f.devices.as_ref().err().map(|why| (f.backend, why.clone())))
            .collect(),
        has_backends: cfg!(any(feature = "cuda", feature = "wgpu")),
        nvidia_driver,
        nvml: Nvml { found: discover::nvml(&program), wanted },
        system: System::found(),
    };
    print(|out| diagnosis::print(&state, args.json, out))?;
    Ok(if state.hardware + state.software > 0 { Exit::Pass } else { Exit::Environment })
}

/// Where a loaded NVIDIA kernel driver shows.
const NVIDIA_MARKS: &[&str] = &["/proc/driver/nvidia/version", "/dev/nvidiactl"];

fn first_existing(paths: &[&'static str]) -> Option<&'static str> {
    paths.iter().copied().find(|path| std::path::Path::new(path).exists())
}

use diagnosis::System;

impl System {
    fn found() -> Self {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let says = |word: &str| {
            release.lines().any(|line| line.starts_with("ID") && line.to_ascii_lowercase().contains(word))
        };
        if says("debian") || says("ubuntu") {
            System::Debian
        } else if says("fedora") || says("rhel") || says("suse") {
            System::RedHat
        } else {
            System::Other
        }
    }
}
