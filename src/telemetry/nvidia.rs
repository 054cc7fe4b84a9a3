//! An NVIDIA card: what NVML says of it, beside what the kernel's PCI tree says of it.
//! Owns how the two are joined; must not know how either is asked.

use std::path::{Path, PathBuf};

use super::{Fact, Reading, Telemetry, nvml, sysfs};
use crate::device::Identity;

pub struct Nvidia {
    identity: Identity,
    root: PathBuf,
    /// `None` until it is first asked: checking or listing a device must not wait for a driver that hangs.
    opened: Option<Opened>,
}

struct Opened {
    /// Or the facts that say what is missing.
    nvml: Result<nvml::Card, Vec<Fact>>,
    kernel: Option<sysfs::Card>,
}

impl Nvidia {
    pub fn new(identity: &Identity, root: &Path) -> Self {
        Self { identity: identity.clone(), root: root.to_owned(), opened: None }
    }

    fn opened(&mut self) -> &mut Opened {
        self.opened.get_or_insert_with(|| {
            let nvml = nvml::open(&self.identity);
            let by_nvml = || nvml.as_ref().ok().and_then(nvml::Card::pci_address);
            let address = self.identity.pci_address.clone().or_else(by_nvml);
            let kernel = address.and_then(|address| sysfs::Card::find(&self.root, &address));
            Opened { nvml, kernel }
        })
    }
}

impl Telemetry for Nvidia {
    /// Without NVML the kernel still knows the card's link.
    fn read(&mut self) -> Option<Reading> {
        let Opened { nvml, kernel } = self.opened();
        match nvml {
            Ok(card) => card.read(),
            Err(_) => kernel.as_mut().and_then(Telemetry::read),
        }
    }

    fn facts(&mut self) -> Vec<Fact> {
        let Opened { nvml, kernel } = self.opened();
        let mut facts = match nvml {
            Ok(card) => card.facts(),
            Err(missing) => missing.clone(),
        };
        facts.extend(kernel.iter_mut().flat_map(Telemetry::facts));
        facts
    }
}
