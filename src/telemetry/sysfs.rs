//! What the Linux kernel says of a card on PCI: its ids and its link, and what the drivers of AMD and Intel offer
//! as files. Owns the files' names and units; must not know NVML. Elsewhere than on Linux there are no such files.

mod gpu_metrics;
mod intel;

use std::path::{Path, PathBuf};

use self::gpu_metrics::{Held, Metrics, Residency};
use super::{Fact, Near, Reading, Telemetry, Throttle};
use crate::device::Unsupported;
use crate::files;

/// No table of a driver and no list of bad pages is longer, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A card by its folder in the kernel's PCI tree.
pub struct Card {
    folder: PathBuf,
    /// Where its driver keeps the sensors.
    sensors: Option<PathBuf>,
    /// What had held its clocks down when they were last looked at, where the driver counts that.
    held: Option<Residency>,
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
        Some(Card { sensors: sensors.map(|entry| entry.path()).min(), folder, held: None })
    }

    /// The same, whose first reading tells what has held its clocks down since now.
    pub fn watched(mut self) -> Card {
        let metrics = self.metrics();
        self.throttle(metrics.as_ref());
        self
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
        self.sensor_text(file)?.parse().ok()
    }

    fn sensor_text(&self, file: &str) -> Option<String> {
        read(&self.sensors.as_ref()?.join(file))
    }

    /// `vvvv:dddd` of two files that hold `0x....` each.
    fn ids(&self, vendor: &str, device: &str) -> Option<String> {
        Some(format!("{:04x}:{:04x}", self.hex(vendor)?, self.hex(device)?))
    }

    fn hex(&self, file: &str) -> Option<u32> {
        u32::from_str_radix(self.text(file)?.strip_prefix("0x")?, 16).ok()
    }

    /// The end of the link between card and machine: the card itself, or the port that faces the machine of a switch on the card, as those
    /// of AMD and Intel have one. Behind it the card's own link is one inside of it, which says what it likes: Intel's, 2.5 GT/s by one lane.
    fn link(&self) -> PathBuf {
        let real = std::fs::canonicalize(&self.folder).unwrap_or_default();
        let vendor = self.text("vendor");
        let of_same = |folder: &&Path| {
            let text = |file| read(&folder.join(file));
            vendor.is_some()
                && text("vendor") == vendor
                && text("class").is_some_and(|class| class.starts_with("0x0604"))
        };
        let mut above = real.ancestors().skip(1).take_while(of_same).take(2);
        let port = above.next().and(above.next());
        // A port of the machine itself has none of its devices above it.
        let faces_machine = |port: &&Path| port.parent().is_some_and(|above| above.join("vendor").exists());
        port.filter(faces_machine).map_or_else(|| self.folder.clone(), Path::to_owned)
    }

    fn generation(&self, file: &str) -> Option<u32> {
        generation(&read(&self.link().join(file))?)
    }

    /// Lanes; the kernel writes 0 or 255 where it does not know.
    fn width(&self, file: &str) -> Option<u32> {
        small(read(&self.link().join(file))?.parse().ok()?).filter(|lanes| (1..=32).contains(lanes))
    }

    /// Display and compute cards of the same vendor.
    fn cards(&self) -> Option<usize> {
        let vendor = self.hex("vendor")?;
        let all = std::fs::read_dir(self.folder.parent()?).ok()?.flatten();
        let others = all.map(|entry| Card { folder: entry.path(), sensors: None, held: None });
        // Class 03 is display, 12 is processing accelerator.
        let is_card = |class: u32| matches!(class >> 16, 0x03 | 0x12);
        Some(
            others.filter(|c| c.hex("vendor") == Some(vendor) && c.hex("class").is_some_and(is_card)).count(),
        )
    }

    /// What the chassis calls the place that the card sits in. The kernel keeps each with the address of the device in it, `dddd:bb:dd`.
    fn slot(&self) -> Option<String> {
        let (device, _) = self.folder.file_name()?.to_str()?.rsplit_once('.')?;
        let slots = std::fs::read_dir(self.folder.ancestors().nth(2)?.join("slots")).ok()?.flatten();
        let of_card = slots.filter(|slot| read(&slot.path().join("address")).as_deref() == Some(device));
        of_card.map(|slot| slot.file_name().to_string_lossy().into_owned()).min()
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

    /// Pages of memory that are known to be bad: those taken out of use, and those that are still in it, since that waits or failed. A
    /// line for each ends in `R`, or in `P` or `F` (drivers/gpu/drm/amd/amdgpu/amdgpu_ras.c).
    fn bad_pages(&self) -> Option<(u32, u32)> {
        let list = files::read_at_most(&self.folder.join("ras/gpu_vram_bad_pages"), FILE_BYTES_MAX).ok()?;
        let list = String::from_utf8_lossy(&list);
        let ending = |marks: &[&str]| {
            let last = list.lines().filter_map(|line| line.rsplit(':').next());
            u32::try_from(last.filter(|last| marks.contains(&last.trim())).count()).ok()
        };
        Some((ending(&["R"])?, ending(&["P", "F"])?))
    }

    /// The number of the temperature sensor that has the first of these names.
    fn thermometer(&self, names: &[&str]) -> Option<u32> {
        let is = |n: u32, name| self.sensor_text(&format!("temp{n}_label")).as_deref() == Some(name);
        names.iter().find_map(|name| (1..=SENSORS_MAX).find(|n| is(*n, *name)))
    }

    fn celsius(&self, sensor: u32) -> Option<u32> {
        self.sensor(&format!("temp{sensor}_input")).map(|milli| milli / 1000).and_then(small)
    }

    /// Of the card, or of the hottest place of its chip where the driver does not say that, as of AMD's from CDNA 3 on.
    fn temperature_c(&self) -> Option<u32> {
        match self.thermometer(&["edge", "junction", "pkg"]) {
            Some(sensor) => self.celsius(sensor),
            // i915 has one without a name.
            None => self.celsius(1).filter(|_| self.sensor_text("temp1_label").is_none()),
        }
    }

    /// The limit that holds for longer than a moment; 0 where there is none.
    fn power_limit_mw(&self) -> Option<u32> {
        // Intel's drivers have that of a moment as `power1_cap`, and one of the chip alone where there is none of the card.
        let limits = ["power1_max", "power2_max", "power1_cap"].map(|file| self.sensor(file));
        small(limits.into_iter().flatten().find(|limit| *limit > 0)? / 1000)
    }

    fn metrics(&self) -> Option<Metrics> {
        Metrics::parse(&files::read_at_most(&self.folder.join("gpu_metrics"), FILE_BYTES_MAX).ok()?)
    }

    /// What holds the clocks down, or has since the last look where the driver only counts that.
    fn throttle(&mut self, metrics: Option<&Metrics>) -> Option<Vec<Throttle>> {
        match metrics.map(|metrics| &metrics.held) {
            Some(Held::Now(reasons)) => reasons.clone(),
            Some(Held::Until(now)) => self.held.replace(*now).map(|before| now.since(before)),
            None => intel::throttle(&self.folder),
        }
    }

    /// What amdgpu alone tells, of server cards above all.
    fn facts_of_amdgpu(&self) -> Vec<Fact> {
        let files = [
            ("amdgpu.serial", "serial_number"),
            ("amdgpu.part_number", "product_number"),
            ("amdgpu.vbios", "vbios_version"),
            ("amdgpu.compute_partition", "current_compute_partition"),
            ("amdgpu.memory_partition", "current_memory_partition"),
        ];
        files.map(|(name, file)| said(name, self.text(file).filter(|text| !text.is_empty()))).to_vec()
    }
}

/// Temperature sensors of a card.
const SENSORS_MAX: u32 = 8;

fn said(name: &'static str, value: Option<String>) -> Fact {
    let value = value.ok_or_else(|| Unsupported::us("the kernel does not say it of this card"));
    Fact { name, value }
}

impl Telemetry for Card {
    fn read(&mut self) -> Option<Reading> {
        let metrics = self.metrics();
        let throttle = self.throttle(metrics.as_ref());
        let (ecc_uncorrected, ecc_corrected) = self.memory_errors();
        let micro = |value: u64| value / 1000;
        let power = self.sensor("power1_average").or_else(|| self.sensor("power1_input"));
        let mhz = |file| self.sensor(file).map(|hz| hz / 1_000_000).and_then(small);
        let (retired_pages, retired_pages_pending) = self.bad_pages().unzip();
        let energy = self.sensor("energy1_input").or_else(|| self.sensor("energy2_input"));
        Some(Reading {
            memory_used_bytes: self.number("mem_info_vram_used"),
            clock_mhz: mhz("freq1_input").or_else(|| intel::clock_mhz(&self.folder)),
            memory_clock_mhz: mhz("freq2_input"),
            power_mw: power.map(micro).and_then(small),
            power_limit_mw: self.power_limit_mw(),
            energy_mj: energy.map(micro).or_else(|| metrics?.energy_mj),
            temperature_c: self.temperature_c(),
            memory_temperature_c: self.thermometer(&["mem", "vram"]).and_then(|sensor| self.celsius(sensor)),
            fan_percent: self
                .sensor("pwm1")
                .filter(|duty| *duty <= 255)
                .and_then(|duty| small(duty * 100 / 255)),
            busy_percent: self.number("gpu_busy_percent").and_then(small),
            memory_busy_percent: self.number("mem_busy_percent").and_then(small),
            ecc_uncorrected,
            ecc_corrected,
            throttle,
            retired_pages,
            retired_pages_pending,
            pcie_replays: self.number("pcie_replay_count"),
            pcie_generation: self.generation("current_link_speed"),
            pcie_width: self.width("current_link_width"),
            ..Reading::default()
        })
    }

    fn facts(&mut self) -> Vec<Fact> {
        let driver = self.driver();
        let of_amdgpu = driver.as_deref() == Some("amdgpu");
        let mut facts = vec![
            said("pci.id", self.ids("vendor", "device")),
            said("pci.subsystem_id", self.ids("subsystem_vendor", "subsystem_device")),
            said("pci.class", self.hex("class").map(|class| format!("{class:06x}"))),
            said("pci.driver", driver),
            said("pci.numa_node", self.near().numa_node.map(|node| node.to_string())),
            said("pci.slot", self.slot()),
            said("pci.generation_max", self.generation("max_link_speed").map(|n| n.to_string())),
            said("pci.width_max", self.width("max_link_width").map(|lanes| lanes.to_string())),
            said("pci.cards", self.cards().map(|cards| cards.to_string())),
        ];
        if of_amdgpu {
            facts.extend(self.facts_of_amdgpu());
        }
        facts
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
mod tests;
