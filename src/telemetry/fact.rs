//! What a source says of a device that does not change. Owns the names of such facts, for every build alike, so that
//! any build reads any report; must not know how they are found out.

use crate::device::Unsupported;
use crate::language::{Language, say};

/// A fact under its name in [`FACTS`], or why it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: &'static str,
    pub value: Result<String, Unsupported>,
}

/// What something means; the text is the middle part of its metric's name.
pub type About = fn(Language, &str) -> String;

const STATES: &[&str] = &["disabled", "enabled"];
const ARCHITECTURES: &[&str] =
    &["0", "1", "Kepler", "Maxwell", "Pascal", "Volta", "Turing", "Ampere", "Ada", "Hopper", "Blackwell"];
const COMPUTE_MODES: &[&str] = &["default", "exclusive thread", "prohibited", "exclusive process"];
const VIRTUALISATIONS: &[&str] = &["none", "passthrough", "vgpu", "host vgpu", "host vsga"];
const FABRICS: &[&str] = &["not supported", "not started", "in progress", "completed"];

/// The words of a fact that is said in one of a few, in the order of the codes that they stand for. A code beyond them
/// stands for itself.
pub fn words(fact: &str) -> Option<&'static [&'static str]> {
    match fact {
        "nvml.confidential_computing"
        | "nvml.confidential_devtools"
        | "nvml.ecc"
        | "nvml.ecc_pending"
        | "nvml.ecc_default"
        | "nvml.mig"
        | "nvml.mig_pending"
        | "nvml.persistence" => Some(STATES),
        "nvml.architecture" => Some(ARCHITECTURES),
        "nvml.compute_mode" => Some(COMPUTE_MODES),
        "nvml.virtualisation" => Some(VIRTUALISATIONS),
        "nvml.fabric" => Some(FABRICS),
        _ => None,
    }
}

/// Names, and what they mean, in the order in which reports show them. Sizes are in bytes, modes in the driver's words.
pub const FACTS: &[(&str, About)] = &[
    ("nvml.library", |l, _| say!(l, "about-nvml-library")),
    ("nvml.library_sha256", |l, _| say!(l, "about-nvml-library-sha256")),
    ("nvml.version", |l, _| say!(l, "about-nvml-version")),
    ("nvml.driver_version", |l, _| say!(l, "about-nvml-driver-version")),
    ("nvml.cards", |l, _| say!(l, "about-nvml-cards")),
    ("nvml.confidential_computing", |l, _| say!(l, "about-nvml-confidential-computing")),
    ("nvml.confidential_devtools", |l, _| say!(l, "about-nvml-confidential-devtools")),
    ("nvml.name", |l, _| say!(l, "about-nvml-name")),
    ("nvml.uuid", |l, _| say!(l, "about-nvml-uuid")),
    ("nvml.serial", |l, _| say!(l, "about-nvml-serial")),
    ("nvml.board_part_number", |l, _| say!(l, "about-nvml-board-part-number")),
    ("nvml.vbios", |l, _| say!(l, "about-nvml-vbios")),
    ("nvml.pci_address", |l, _| say!(l, "about-pci-address")),
    ("nvml.pci_id", |l, _| say!(l, "about-nvml-pci-id")),
    ("nvml.pci_subsystem_id", |l, _| say!(l, "about-nvml-pci-subsystem-id")),
    ("nvml.architecture", |l, _| say!(l, "about-nvml-architecture")),
    ("nvml.cores", |l, _| say!(l, "about-nvml-cores")),
    ("nvml.memory_bytes", |l, _| say!(l, "about-nvml-memory-bytes")),
    ("nvml.memory_used_bytes", |l, _| say!(l, "about-nvml-memory-used-bytes")),
    ("nvml.processes_others", |l, _| say!(l, "about-nvml-processes-others")),
    ("nvml.bar1_bytes", |l, _| say!(l, "about-nvml-bar1-bytes")),
    ("nvml.pcie_generation_max", |l, _| say!(l, "about-nvml-pcie-generation-max")),
    ("nvml.pcie_width_max", |l, _| say!(l, "about-nvml-pcie-width-max")),
    ("nvml.power_limit_mw", |l, _| say!(l, "about-nvml-power-limit-mw")),
    ("nvml.power_limit_default_mw", |l, _| say!(l, "about-nvml-power-limit-default-mw")),
    ("nvml.power_limit_min_mw", |l, _| say!(l, "about-nvml-power-limit-min-mw")),
    ("nvml.power_limit_max_mw", |l, _| say!(l, "about-nvml-power-limit-max-mw")),
    ("nvml.clock_max_mhz", |l, _| say!(l, "about-nvml-clock-max-mhz")),
    ("nvml.memory_clock_max_mhz", |l, _| say!(l, "about-nvml-memory-clock-max-mhz")),
    ("nvml.ecc", |l, _| say!(l, "about-nvml-ecc")),
    ("nvml.ecc_pending", |l, _| say!(l, "about-nvml-ecc-pending")),
    ("nvml.ecc_default", |l, _| say!(l, "about-nvml-ecc-default")),
    ("nvml.mig", |l, _| say!(l, "about-nvml-mig")),
    ("nvml.mig_pending", |l, _| say!(l, "about-nvml-mig-pending")),
    ("nvml.compute_mode", |l, _| say!(l, "about-nvml-compute-mode")),
    ("nvml.persistence", |l, _| say!(l, "about-nvml-persistence")),
    ("nvml.virtualisation", |l, _| say!(l, "about-nvml-virtualisation")),
    ("nvml.nvlinks", |l, _| say!(l, "about-nvml-nvlinks")),
    ("nvml.nvlinks_active", |l, _| say!(l, "about-nvml-nvlinks-active")),
    ("nvml.fabric", |l, _| say!(l, "about-nvml-fabric")),
    ("pci.id", |l, _| say!(l, "about-pci-id")),
    ("pci.subsystem_id", |l, _| say!(l, "about-pci-subsystem-id")),
    ("pci.class", |l, _| say!(l, "about-pci-class")),
    ("pci.driver", |l, _| say!(l, "about-pci-driver")),
    ("pci.numa_node", |l, _| say!(l, "about-pci-numa-node")),
    ("pci.slot", |l, _| say!(l, "about-pci-slot")),
    ("pci.generation_max", |l, _| say!(l, "about-pci-generation-max")),
    ("pci.width_max", |l, _| say!(l, "about-pci-width-max")),
    ("pci.cards", |l, _| say!(l, "about-pci-cards")),
    ("amdgpu.serial", |l, _| say!(l, "about-amdgpu-serial")),
    ("amdgpu.part_number", |l, _| say!(l, "about-amdgpu-part-number")),
    ("amdgpu.vbios", |l, _| say!(l, "about-amdgpu-vbios")),
    ("amdgpu.compute_partition", |l, _| say!(l, "about-amdgpu-compute-partition")),
    ("amdgpu.memory_partition", |l, _| say!(l, "about-amdgpu-memory-partition")),
];
