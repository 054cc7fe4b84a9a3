//! What a source says of a device that does not change. Owns the names of such facts, for every build alike, so that
//! any build reads any report; must not know how they are found out.

use crate::device::Unsupported;

/// A fact under its name in [`FACTS`], or why it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: &'static str,
    pub value: Result<String, Unsupported>,
}

/// Names, and what they mean, in the order in which reports show them. Sizes are in bytes, modes in the driver's words.
pub const FACTS: &[(&str, &str)] = &[
    ("nvml.library", "path of the NVML library that was loaded"),
    ("nvml.library_sha256", "SHA-256 of that file"),
    ("nvml.version", "version of the NVML library"),
    ("nvml.driver_version", "version of the NVIDIA kernel driver"),
    ("nvml.cards", "how many cards NVML lists"),
    ("nvml.name", "card name"),
    ("nvml.uuid", "card UUID"),
    ("nvml.serial", "serial number of the board"),
    ("nvml.board_part_number", "part number of the board"),
    ("nvml.vbios", "version of the VBIOS"),
    ("nvml.pci_address", "PCI address, dddd:bb:dd.f"),
    ("nvml.pci_id", "PCI vendor and device id, vvvv:dddd"),
    ("nvml.pci_subsystem_id", "PCI subsystem vendor and device id, vvvv:dddd"),
    ("nvml.architecture", "architecture of the chip"),
    ("nvml.cores", "CUDA cores"),
    ("nvml.memory_bytes", "device memory in all"),
    ("nvml.memory_used_bytes", "device memory in use when the run began, this program's share included"),
    ("nvml.processes_others", "other processes that had the card open when the run began"),
    ("nvml.bar1_bytes", "window through which the host reaches device memory"),
    ("nvml.pcie_generation_max", "highest PCIe generation of card and slot"),
    ("nvml.pcie_width_max", "most PCIe lanes of card and slot"),
    ("nvml.power_limit_mw", "power limit that was set when the run began"),
    ("nvml.power_limit_default_mw", "power limit that the card comes with"),
    ("nvml.power_limit_min_mw", "lowest power limit that can be set"),
    ("nvml.power_limit_max_mw", "highest power limit that can be set"),
    ("nvml.clock_max_mhz", "highest clock of the multiprocessors"),
    ("nvml.memory_clock_max_mhz", "highest clock of the memory"),
    ("nvml.ecc", "whether memory is protected by ECC"),
    ("nvml.ecc_pending", "the same after the next reboot"),
    ("nvml.ecc_default", "the same as the card comes"),
    ("nvml.mig", "whether the card is partitioned (MIG)"),
    ("nvml.mig_pending", "the same after the next reset"),
    ("nvml.compute_mode", "who may use the card at the same time"),
    ("nvml.persistence", "whether the driver stays loaded without users"),
    ("nvml.virtualisation", "whether the card is a whole one, passed through, or a vGPU"),
    ("nvml.nvlinks", "NVLink links that the card has"),
    ("nvml.nvlinks_active", "how many of them are active"),
    ("nvml.fabric", "whether the card has joined its NVLink fabric"),
    ("pci.id", "PCI vendor and device id by the kernel, vvvv:dddd"),
    ("pci.subsystem_id", "PCI subsystem vendor and device id by the kernel, vvvv:dddd"),
    ("pci.class", "PCI class by the kernel, six hex digits"),
    ("pci.driver", "kernel driver that has the card"),
    ("pci.numa_node", "NUMA node that the card is attached to"),
    ("pci.generation_max", "highest PCIe generation by the kernel"),
    ("pci.width_max", "most PCIe lanes by the kernel"),
    ("pci.cards", "how many display and compute cards of this vendor the kernel lists"),
];
