//! `assay doctor`: what is missing on this machine for which backend, and the command that fixes it.

use super::discover;
use super::{Failure, print};
use crate::cli::DoctorArgs;
use crate::device::{Identity, ProvenanceKind};
use crate::exit::Exit;
use crate::language::Language;
use crate::output::diagnosis;
use crate::output::listing::{Nvml, VendorLibrary};

pub fn doctor(args: &DoctorArgs, language: Language) -> Result<Exit, Failure> {
    let program = discover::program()?;
    let found = discover::everything(&program, &discover::NEVER);
    let nvidia_driver = first_existing(NVIDIA_MARKS);
    let wanted = nvidia_driver.is_some() || discover::has_nvidia(&found);
    let listed = || found.iter().filter_map(|f| f.devices.as_ref().ok()).flatten().map(|d| &d.identity);
    let count = |kind: ProvenanceKind| cards(listed().filter(|identity| identity.provenance.kind() == kind));
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
        libraries: VendorLibrary::all(listed()),
        system: System::found(),
    };
    print(|out| diagnosis::print(&state, args.json, out.speaking(language)))?;
    Ok(if state.hardware + state.software > 0 { Exit::Pass } else { Exit::Environment })
}

/// How many cards these are: one that several backends reach counts once.
fn cards<'a>(identities: impl Iterator<Item = &'a Identity>) -> usize {
    let mut seen: Vec<&Identity> = Vec::new();
    for identity in identities {
        if !seen.iter().any(|other| discover::is_shown_twice(other, identity)) {
            seen.push(identity);
        }
    }
    seen.len()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::inventory;

    fn identity(backend: &str, uuid: Option<&str>, pci_address: Option<&str>) -> Identity {
        let sim = inventory::BACKENDS.iter().find(|backend| backend.name == "sim").unwrap();
        let any = (sim.list)().unwrap().remove(0).identity;
        let [uuid, pci_address] = [uuid, pci_address].map(|text| text.map(str::to_owned));
        Identity { backend: backend.to_owned(), uuid, pci_address, ..any }
    }

    #[test]
    fn a_card_that_two_backends_reach_counts_once() {
        let (at, other) = (Some("0000:01:00.0"), Some("0000:02:00.0"));
        let counted = |identities: &[Identity]| cards(identities.iter());
        let by_cuda = identity("cuda", Some("a1"), at);
        assert_eq!(counted(&[by_cuda.clone(), identity("wgpu", None, at)]), 1);
        assert_eq!(counted(&[by_cuda.clone(), identity("wgpu", Some("a1"), None)]), 1);
        assert_eq!(counted(&[by_cuda.clone(), identity("wgpu", None, other)]), 2);
        assert_eq!(counted(&[by_cuda.clone(), identity("wgpu", None, None)]), 2);
        // Parts of one card lie at one address.
        assert_eq!(counted(&[by_cuda, identity("cuda", Some("b2"), at)]), 2);
    }
}
