//! What the Linux kernel says of a card on PCI: its ids and its link, and what the drivers of AMD and Intel offer
//! as files. Owns the files' names and units; must not know NVML. Elsewhere than on Linux there are no such files.

use std::path::{Path, PathBuf};

use super::{Fact, Near, Reading, Telemetry};
use crate::device::Unsupported;

/// A card by its folder in the kernel's PCI tree.
pub struct Card {
    folder: PathBuf,
    /// Where its driver keeps the sensors.
    sensors: Option<PathBuf>,
}

impl Card {
    /// The card at `address`, `dddd:bb:dd.f`, if the kernel lists it.
    pub fn find(root: &Path, address: &str) -> Option<Card> {
        let plain = address.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
        let folder = root.join("sys/bus/pci/devices").join(address);
        if !plain || !folder.is_dir() {
            return None;
        }
        let sensors = std::fs::read_dir(folder.join("hwmon")).into_iter().flatten().flatten();
        Some(Card { sensors: sensors.map(|entry| entry.path()).min(), folder })
    }

    pub fn near(&self) -> Near {
        // -1 where the machine has no such nodes.
        Near { numa_node: self.number("numa_node"), cpus: self.text("local_cpulist") }
    }

    /// What amdgpu names this card by among all, wherever it is put: 16 hex digits.
    pub fn unique_id(&self) -> Option<String> {
        let id = u64::from_str_radix(&self.text("unique_id")?, 16).ok().filter(|id| *id != 0)?;
        Some(format!("{id:016x}"))
    }

    fn text(&self, file: &str) -> Option<String> {
        read(&self.folder.join(file))
    }

    fn number(&self, file: &str) -> Option<u64> {
        self.text(file)?.parse().ok()
    }

    /// A sensor's value in the file's own unit.
    fn sensor(&self, file: &str) -> Option<u64> {
        read(&self.sensors.as_ref()?.join(file))?.parse().ok()
    }

    /// `vvvv:dddd` of two files that hold `0x....` each.
    fn ids(&self, vendor: &str, device: &str) -> Option<String> {
        Some(format!("{:04x}:{:04x}", self.hex(vendor)?, self.hex(device)?))
    }

    fn hex(&self, file: &str) -> Option<u32> {
        u32::from_str_radix(self.text(file)?.strip_prefix("0x")?, 16).ok()
    }

    fn generation(&self, file: &str) -> Option<u32> {
        generation(&self.text(file)?)
    }

    /// Lanes; the kernel writes 0 or 255 where it does not know.
    fn width(&self, file: &str) -> Option<u32> {
        small(self.number(file)?).filter(|lanes| (1..=32).contains(lanes))
    }

    /// Display and compute cards of the same vendor.
    fn cards(&self) -> Option<usize> {
        let vendor = self.hex("vendor")?;
        let all = std::fs::read_dir(self.folder.parent()?).ok()?.flatten();
        let others = all.map(|entry| Card { folder: entry.path(), sensors: None });
        // Class 03 is display, 12 is processing accelerator.
        let is_card = |class: u32| matches!(class >> 16, 0x03 | 0x12);
        Some(
            others.filter(|c| c.hex("vendor") == Some(vendor) && c.hex("class").is_some_and(is_card)).count(),
        )
    }

    fn driver(&self) -> Option<String> {
        let target = std::fs::read_link(self.folder.join("driver")).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }

    /// Uncorrected and corrected errors of the memory controller, as amdgpu counts them: `ue: 0` and `ce: 0`.
    fn memory_errors(&self) -> (Option<u64>, Option<u64>) {
        let text = self.text("ras/umc_err_count").unwrap_or_default();
        let count = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
        (count("ue:"), count("ce:"))
    }
}

impl Telemetry for Card {
    fn read(&mut self) -> Option<Reading> {
        let (ecc_uncorrected, ecc_corrected) = self.memory_errors();
        let micro = |value: u64| value / 1000;
        let power = self.sensor("power1_average").or_else(|| self.sensor("power1_input"));
        let mhz = |file| self.sensor(file).map(|hz| hz / 1_000_000).and_then(small);
        let celsius = |file| self.sensor(file).map(|milli| milli / 1000).and_then(small);
        Some(Reading {
            memory_used_bytes: self.number("mem_info_vram_used"),
            clock_mhz: mhz("freq1_input"),
            memory_clock_mhz: mhz("freq2_input"),
            power_mw: power.map(micro).and_then(small),
            power_limit_mw: self.sensor("power1_cap").map(micro).and_then(small),
            energy_mj: self.sensor("energy1_input").map(micro),
            temperature_c: celsius("temp1_input"),
            // The third sensor of amdgpu is the memory's, where it says so.
            memory_temperature_c: self
                .sensors
                .as_ref()
                .filter(|folder| read(&folder.join("temp3_label")).as_deref() == Some("mem"))
                .and_then(|_| celsius("temp3_input")),
            fan_percent: self
                .sensor("pwm1")
                .filter(|duty| *duty <= 255)
                .and_then(|duty| small(duty * 100 / 255)),
            busy_percent: self.number("gpu_busy_percent").and_then(small),
            memory_busy_percent: self.number("mem_busy_percent").and_then(small),
            ecc_uncorrected,
            ecc_corrected,
            pcie_generation: self.generation("current_link_speed"),
            pcie_width: self.width("current_link_width"),
            ..Reading::default()
        })
    }

    fn facts(&mut self) -> Vec<Fact> {
        let said = |name, value: Option<String>| Fact {
            name,
            value: value.ok_or_else(|| Unsupported::us("the kernel does not say it of this card")),
        };
        vec![
            said("pci.id", self.ids("vendor", "device")),
            said("pci.subsystem_id", self.ids("subsystem_vendor", "subsystem_device")),
            said("pci.class", self.hex("class").map(|class| format!("{class:06x}"))),
            said("pci.driver", self.driver()),
            said("pci.numa_node", self.near().numa_node.map(|node| node.to_string())),
            said("pci.generation_max", self.generation("max_link_speed").map(|n| n.to_string())),
            said("pci.width_max", self.width("max_link_width").map(|lanes| lanes.to_string())),
            said("pci.cards", self.cards().map(|cards| cards.to_string())),
        ]
    }
}

/// The first line of a file of the kernel. Such files are short; what is not one is not read to its end.
pub(super) fn read(file: &Path) -> Option<String> {
    use std::io::Read as _;
    const BYTES_MAX: u64 = 4096;
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned())
}

fn small(value: u64) -> Option<u32> {
    u32::try_from(value).ok()
}

/// `16.0 GT/s PCIe`: each generation has its own rate.
fn generation(speed: &str) -> Option<u32> {
    let rates = ["2.5", "5", "8", "16", "32", "64"];
    let rate = speed.strip_suffix(" PCIe").unwrap_or(speed).strip_suffix(" GT/s")?.trim_end_matches(".0");
    (1..).zip(rates).find(|(_, known)| *known == rate).map(|(generation, _)| generation)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ADDRESS: &str = "0000:1b:00.0";

    /// A made-up tree with one card and these files in its folder.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = root.path().join("sys/bus/pci/devices").join(ADDRESS).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    fn reading(files: &[(&str, &str)]) -> Reading {
        Card::find(tree(files).path(), ADDRESS).unwrap().read().unwrap()
    }

    #[test]
    fn a_card_of_amd_gives_what_its_driver_offers() {
        let expected = Reading {
            memory_used_bytes: Some(17_000_000),
            clock_mhz: Some(2100),
            memory_clock_mhz: Some(1300),
            power_mw: Some(750_000),
            power_limit_mw: Some(1_000_000),
            temperature_c: Some(61),
            memory_temperature_c: Some(70),
            fan_percent: Some(50),
            busy_percent: Some(99),
            ecc_uncorrected: Some(0),
            ecc_corrected: Some(3),
            pcie_generation: Some(5),
            pcie_width: Some(16),
            ..Reading::default()
        };
        let files = [
            ("vendor", "0x1002\n"),
            ("mem_info_vram_used", "17000000\n"),
            ("gpu_busy_percent", "99\n"),
            ("ras/umc_err_count", "ue: 0\nce: 3\n"),
            ("current_link_speed", "32.0 GT/s PCIe\n"),
            ("current_link_width", "16\n"),
            ("hwmon/hwmon4/power1_average", "750000000\n"),
            ("hwmon/hwmon4/power1_cap", "1000000000\n"),
            ("hwmon/hwmon4/temp1_input", "61000\n"),
            ("hwmon/hwmon4/temp3_input", "70000\n"),
            ("hwmon/hwmon4/temp3_label", "mem\n"),
            ("hwmon/hwmon4/freq1_input", "2100000000\n"),
            ("hwmon/hwmon4/freq2_input", "1300000000\n"),
            ("hwmon/hwmon4/pwm1", "128\n"),
        ];
        assert_eq!(reading(&files), expected);
    }

    #[test]
    fn a_card_of_intel_gives_energy_and_temperature() {
        let files = [("hwmon/hwmon2/energy1_input", "5000123\n"), ("hwmon/hwmon2/temp1_input", "48500\n")];
        let expected = Reading { energy_mj: Some(5000), temperature_c: Some(48), ..Reading::default() };
        assert_eq!(reading(&files), expected);
    }

    #[test]
    fn what_is_missing_or_nonsense_is_not_read() {
        let files = [
            ("current_link_speed", "Unknown"),
            ("current_link_width", "255"),
            ("gpu_busy_percent", "-1"),
            ("hwmon/hwmon0/power1_average", "a lot"),
            ("hwmon/hwmon0/temp3_input", "70000"),
            ("hwmon/hwmon0/pwm1", "256"),
        ];
        assert_eq!(reading(&files), Reading::default());
        let root = tree(&files);
        assert!(Card::find(root.path(), "0000:1c:00.0").is_none());
        assert!(Card::find(root.path(), "../devices").is_none());
    }

    #[test]
    fn a_card_of_amd_has_a_name_among_all() {
        let id = |text: &str| super::super::unique_id(tree(&[("unique_id", text)]).path(), ADDRESS);
        assert_eq!(id("5EBC3D2F8A1B0C4D\n").as_deref(), Some("00000000000000005ebc3d2f8a1b0c4d"));
        for nothing in ["", "0\n", "0000000000000000\n", "none\n"] {
            assert_eq!(id(nothing), None, "{nothing:?}");
        }
        assert_eq!(super::super::unique_id(tree(&[("vendor", "0x1002")]).path(), ADDRESS), None);
    }

    #[test]
    fn each_generation_has_its_rate() {
        let speeds = [
            "2.5 GT/s PCIe",
            "5.0 GT/s PCIe",
            "8.0 GT/s PCIe",
            "16.0 GT/s PCIe",
            "32.0 GT/s",
            "64.0 GT/s PCIe",
        ];
        for (wanted, speed) in (1..).zip(speeds) {
            assert_eq!(generation(speed), Some(wanted), "{speed}");
        }
        for bad in ["", "Unknown", "16.0", "GT/s PCIe", "3.0 GT/s PCIe"] {
            assert_eq!(generation(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_kernel_names_the_card() {
        let root = tree(&[
            ("vendor", "0x10de\n"),
            ("device", "0x2335\n"),
            ("subsystem_vendor", "0x10de"),
            ("subsystem_device", "0x18be"),
            ("class", "0x030200"),
            ("numa_node", "-1"),
            ("max_link_speed", "32.0 GT/s PCIe"),
            ("max_link_width", "16"),
        ]);
        // A bridge of the same vendor is no card.
        let bridge = root.path().join("sys/bus/pci/devices/0000:1c:00.0");
        std::fs::create_dir_all(&bridge).unwrap();
        std::fs::write(bridge.join("vendor"), "0x10de").unwrap();
        std::fs::write(bridge.join("class"), "0x068000").unwrap();
        let facts = Card::find(root.path(), ADDRESS).unwrap().facts();
        let known: Vec<(&str, &str)> =
            facts.iter().filter_map(|fact| Some((fact.name, fact.value.as_deref().ok()?))).collect();
        let expected = [
            ("pci.id", "10de:2335"),
            ("pci.subsystem_id", "10de:18be"),
            ("pci.class", "030200"),
            ("pci.generation_max", "5"),
            ("pci.width_max", "16"),
            ("pci.cards", "1"),
        ];
        assert_eq!(known, expected);
        let named: Vec<&str> = facts.iter().map(|fact| fact.name).collect();
        let table: Vec<&str> =
            super::super::FACTS.iter().map(|(name, _)| *name).filter(|n| n.starts_with("pci.")).collect();
        assert_eq!(named, table, "every fact stands in the table, once, in its order");
    }
}
