//! The machine around the devices, by its own word: processor, memory, kernel, what it runs inside of, network.
//! Owns the reading of /proc and /sys for that, which works on Linux; elsewhere nothing is known. Runs no vendor's code.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::sysfs;

/// What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Host {
    /// Maker and model as the firmware gives them.
    pub machine: Option<String>,
    pub cpu: Option<String>,
    /// Hardware threads that the kernel runs.
    pub cpu_threads: Option<u32>,
    pub memory_bytes: Option<u64>,
    pub numa_nodes: Option<u32>,
    pub kernel: Option<String>,
    /// Whether the processor says that it is a virtual one.
    pub hypervisor: Option<bool>,
    /// Which kind of container this seems to run in; `None` where nothing points to one.
    pub container: Option<String>,
    /// Adapters with hardware behind them.
    pub network: Vec<Adapter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Adapter {
    pub name: String,
    pub driver: Option<String>,
    pub speed_mbps: Option<u64>,
}

impl Host {
    /// Reads the system whose /proc and /sys lie below `root`.
    pub fn read(root: &Path) -> Host {
        let text = |file: &str| sysfs::read(&root.join(file));
        let cpuinfo = std::fs::read_to_string(root.join("proc/cpuinfo")).unwrap_or_default();
        let meminfo = std::fs::read_to_string(root.join("proc/meminfo")).unwrap_or_default();
        let product = [text("sys/class/dmi/id/sys_vendor"), text("sys/class/dmi/id/product_name")];
        let product: Vec<String> = product.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let threads =
            cpuinfo.lines().filter(|line| key_value(line).is_some_and(|(key, _)| key == "processor"));
        Host {
            machine: (!product.is_empty()).then(|| product.join(" ")),
            cpu: value(&cpuinfo, "model name").or_else(|| arm(&cpuinfo)),
            cpu_threads: u32::try_from(threads.count()).ok().filter(|threads| *threads > 0),
            memory_bytes: meminfo_bytes(&meminfo, "MemTotal"),
            numa_nodes: numa_nodes(root),
            kernel: text("proc/sys/kernel/osrelease"),
            hypervisor: value(&cpuinfo, "flags")
                .map(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            container: container(root),
            network: network(root),
        }
    }
}

/// A line of /proc/meminfo, in bytes.
pub fn meminfo_bytes(meminfo: &str, key: &str) -> Option<u64> {
    let kib: u64 = value(meminfo, key)?.strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// What an Arm processor is, of which the kernel gives numbers only: by name those that stand in servers with GPUs, else the numbers.
/// Names as in the kernel's arch/arm64/include/asm/cputype.h.
fn arm(cpuinfo: &str) -> Option<String> {
    const NAMES: [(&str, &str, &str); 8] = [
        ("0x41", "0xd0c", "Arm Neoverse N1"),
        ("0x41", "0xd40", "Arm Neoverse V1"),
        ("0x41", "0xd49", "Arm Neoverse N2"),
        ("0x41", "0xd4f", "Arm Neoverse V2"),
        ("0x41", "0xd84", "Arm Neoverse V3"),
        ("0x41", "0xd8e", "Arm Neoverse N3"),
        ("0xc0", "0xac3", "Ampere-1"),
        ("0xc0", "0xac4", "Ampere-1A"),
    ];
    let (maker, part) = (value(cpuinfo, "CPU implementer")?, value(cpuinfo, "CPU part")?);
    let known = NAMES.iter().find(|(m, p, _)| (*m, *p) == (maker.as_str(), part.as_str()));
    Some(known.map_or_else(|| format!("Arm, maker {maker}, part {part}"), |(.., name)| (*name).to_owned()))
}

/// The first value of `key` in lines of `key : value`.
fn value(text: &str, key: &str) -> Option<String> {
    text.lines().filter_map(key_value).find(|(k, _)| *k == key).map(|(_, value)| value.to_owned())
}

fn key_value(line: &str) -> Option<(&str, &str)> {
    line.split_once(':').map(|(key, value)| (key.trim(), value.trim()))
}

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

fn numa_nodes(root: &Path) -> Option<u32> {
    let is_node = |name: &&String| name.strip_prefix("node").is_some_and(|n| n.parse::<u32>().is_ok());
    let nodes = names(&root.join("sys/devices/system/node")).iter().filter(is_node).count();
    u32::try_from(nodes).ok().filter(|nodes| *nodes > 0)
}

/// By the marks that container runtimes leave, the most telling first.
fn container(root: &Path) -> Option<String> {
    let groups = std::fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mounts = std::fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
    let by_text = [("kubepods", "kubernetes"), ("docker", "docker"), ("libpod", "podman"), ("lxc", "lxc")];
    let in_group = by_text.iter().find(|(mark, _)| groups.contains(mark));
    // With a group namespace of its own a container sees "/"; the files that a runtime mounts into it still tell.
    let in_mount = by_text
        .iter()
        .find(|(mark, _)| mounts.lines().any(|line| line.contains(" /etc/hostname ") && line.contains(mark)));
    let by_file = [("run/.containerenv", "podman"), (".dockerenv", "docker")];
    in_group
        .or(in_mount)
        .or_else(|| by_file.iter().find(|(file, _)| root.join(file).exists()))
        .map(|(_, kind)| (*kind).to_owned())
}

fn network(root: &Path) -> Vec<Adapter> {
    let adapter = |class: &str, name: String, speed: fn(&Path) -> Option<u64>| {
        let folder = root.join("sys/class").join(class).join(&name);
        // Bridges, tunnels and the loopback have no device.
        let device = folder.join("device");
        let driver = std::fs::read_link(device.join("driver")).ok();
        let driver = driver.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        device.exists().then(|| Adapter { speed_mbps: speed(&folder), driver, name })
    };
    let ethernet = names(&root.join("sys/class/net")).into_iter();
    let infiniband = names(&root.join("sys/class/infiniband")).into_iter();
    ethernet
        .filter_map(|name| adapter("net", name, |folder| sysfs::read(&folder.join("speed"))?.parse().ok()))
        .chain(infiniband.filter_map(|name| adapter("infiniband", name, infiniband_mbps)))
        .collect()
}

/// `400 Gb/sec (4X NDR)`
fn infiniband_mbps(folder: &Path) -> Option<u64> {
    let rate = sysfs::read(&folder.join("ports/1/rate"))?;
    let gigabits: f64 = rate.split_once(" Gb/sec")?.0.parse().ok()?;
    (gigabits > 0.0).then_some((gigabits * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_host_is_read_from_its_files() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let core = |n| {
            format!("processor\t: {n}\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu hypervisor sse\n\n")
        };
        write(root, "proc/cpuinfo", &(core(0) + &core(1)));
        write(root, "proc/meminfo", "MemTotal:       24737676 kB\nMemFree: 5 kB\n");
        write(root, "proc/sys/kernel/osrelease", "6.1.0-test\n");
        write(root, "proc/self/cgroup", "0::/kubepods/besteffort/pod1\n");
        write(root, "sys/class/dmi/id/sys_vendor", "Maker\n");
        write(root, "sys/class/dmi/id/product_name", "Server 1\n");
        write(root, "sys/devices/system/node/node0/x", "");
        write(root, "sys/devices/system/node/node1/x", "");
        write(root, "sys/devices/system/node/online", "0-1");
        write(root, "sys/class/net/lo/speed", "");
        write(root, "sys/class/net/eth0/speed", "100000\n");
        write(root, "sys/class/net/eth0/device/vendor", "0x15b3");
        write(root, "sys/class/infiniband/mlx5_0/ports/1/rate", "400 Gb/sec (4X NDR)\n");
        write(root, "sys/class/infiniband/mlx5_0/device/vendor", "0x15b3");
        let adapter = |name: &str, speed_mbps| Adapter { name: name.into(), driver: None, speed_mbps };
        let expected = Host {
            machine: Some("Maker Server 1".into()),
            cpu: Some("Some CPU @ 3 GHz".into()),
            cpu_threads: Some(2),
            memory_bytes: Some(24_737_676 * 1024),
            numa_nodes: Some(2),
            kernel: Some("6.1.0-test".into()),
            hypervisor: Some(true),
            container: Some("kubernetes".into()),
            network: vec![adapter("eth0", Some(100_000)), adapter("mlx5_0", Some(400_000))],
        };
        assert_eq!(Host::read(root), expected);
    }

    #[test]
    fn a_processor_of_arm_is_told_by_its_numbers() {
        let cpu = |maker: &str, part: &str| {
            let root = tempfile::tempdir().unwrap();
            let core =
                format!("processor\t: 0\nFeatures\t: fp\nCPU implementer\t: {maker}\nCPU part\t: {part}\n");
            write(root.path(), "proc/cpuinfo", &core);
            let host = Host::read(root.path());
            assert_eq!((host.cpu_threads, host.hypervisor), (Some(1), None));
            host.cpu
        };
        assert_eq!(cpu("0x41", "0xd4f").as_deref(), Some("Arm Neoverse V2"));
        assert_eq!(cpu("0x51", "0xd4f").as_deref(), Some("Arm, maker 0x51, part 0xd4f"));
    }

    #[test]
    fn what_is_not_there_is_not_known() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Host::read(root.path()), Host::default());
    }

    #[test]
    fn containers_are_known_by_their_marks() {
        for (file, text, kind) in [
            (".dockerenv", "", Some("docker")),
            ("run/.containerenv", "", Some("podman")),
            ("proc/self/cgroup", "0::/\n", None),
            ("proc/self/cgroup", "4:memory:/docker/0123\n", Some("docker")),
            (
                "proc/self/mountinfo",
                "1 2 8:1 /var/lib/docker/containers/01/hostname /etc/hostname rw - ext4 /dev/a rw\n",
                Some("docker"),
            ),
        ] {
            let root = tempfile::tempdir().unwrap();
            write(root.path(), file, text);
            assert_eq!(container(root.path()).as_deref(), kind, "{file} {text}");
        }
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let text = "MemTotal:       24737676 kB\nMemAvailable:   20000000 kB\nBuffers: 1 kB\n";
        assert_eq!(meminfo_bytes(text, "MemAvailable"), Some(20_480_000_000));
        for bad in
            ["", "MemAvailable: lots kB", "MemAvailable: 99999999999999999999 kB", "MemAvailable: 5 MB"]
        {
            assert_eq!(meminfo_bytes(bad, "MemAvailable"), None, "{bad}");
        }
    }
}
