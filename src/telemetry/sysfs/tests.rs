//! Cards as made-up trees of the kernel's files have them.
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

/// Those that are told.
fn known(facts: &[Fact]) -> Vec<(&str, &str)> {
    facts.iter().filter_map(|fact| Some((fact.name, fact.value.as_deref().ok()?))).collect()
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

/// CDNA 3 has no sensor at the edge of its chip.
#[test]
fn a_card_without_the_first_sensor_gives_the_hottest_place_of_its_chip() {
    let files = [
        ("hwmon/hwmon4/power1_input", "750000000\n"),
        ("hwmon/hwmon4/temp2_input", "88000\n"),
        ("hwmon/hwmon4/temp2_label", "junction\n"),
        ("hwmon/hwmon4/temp3_input", "70000\n"),
        ("hwmon/hwmon4/temp3_label", "mem\n"),
        ("pcie_replay_count", "4\n"),
        (
            "ras/gpu_vram_bad_pages",
            "0x00000001 : 0x00001000 : R\n0x00000002 : 0x00001000 : P\n0x00000003 : 0x00001000 : F\n",
        ),
    ];
    let expected = Reading {
        power_mw: Some(750_000),
        temperature_c: Some(88),
        memory_temperature_c: Some(70),
        pcie_replays: Some(4),
        retired_pages: Some(1),
        retired_pages_pending: Some(2),
        ..Reading::default()
    };
    assert_eq!(reading(&files), expected);
    let none = Reading { retired_pages: Some(0), retired_pages_pending: Some(0), ..Reading::default() };
    assert_eq!(reading(&[("ras/gpu_vram_bad_pages", "")]), none);
}

#[test]
fn a_card_that_counts_why_it_is_held_down_says_so_of_the_time_between_two_looks() {
    let counted = |ticks: u32| {
        let socket = (52, ticks.to_le_bytes());
        gpu_metrics::table([1, 7], 2208, &[(24, &(9_u64 << 16).to_le_bytes()), (socket.0, &socket.1)])
    };
    let root = tree(&[("gpu_metrics", "")]);
    let file = root.path().join("sys/bus/pci/devices").join(ADDRESS).join("gpu_metrics");
    std::fs::write(&file, counted(5)).unwrap();
    let mut card = Card::find(root.path(), ADDRESS).unwrap().watched();
    let mut look = || card.read().unwrap();
    assert_eq!((look().throttle, look().energy_mj), (Some(vec![]), Some(9000)));
    std::fs::write(&file, counted(6)).unwrap();
    assert_eq!(look().throttle, Some(vec![Throttle::Thermal]));
    assert_eq!(look().throttle, Some(vec![]));
    std::fs::write(&file, "no table").unwrap();
    assert_eq!(look(), Reading::default());
}

#[test]
fn a_card_of_intel_gives_energy_and_temperature() {
    let files = [
        ("hwmon/hwmon2/energy1_input", "5000123\n"),
        ("hwmon/hwmon2/temp1_input", "48500\n"),
        ("hwmon/hwmon2/power1_max", "120000000\n"),
        ("drm/card0/gt/gt0/rps_act_freq_mhz", "2050\n"),
        ("drm/card0/gt/gt0/throttle_reason_status", "1\n"),
        ("drm/card0/gt/gt0/throttle_reason_pl1", "0\n"),
        ("drm/card0/gt/gt0/throttle_reason_prochot", "0\n"),
        ("drm/card0/gt/gt0/throttle_reason_vr_thermalert", "1\n"),
    ];
    let expected = Reading {
        energy_mj: Some(5000),
        temperature_c: Some(48),
        power_limit_mw: Some(120_000),
        clock_mhz: Some(2050),
        throttle: Some(vec![Throttle::Thermal]),
        ..Reading::default()
    };
    assert_eq!(reading(&files), expected);
}

/// The newer driver names its sensors, and the limit of a moment is another than the one that lasts.
#[test]
fn a_card_of_intel_by_its_newer_driver_names_what_it_gives() {
    let throttle = |file: &str| format!("tile1/gt1/freq0/throttle/{file}");
    let reasons = ["status", "reasons", "reason_pl4", "reason_prochot", "reason_ratl"].map(throttle);
    let mut files = vec![
        ("hwmon/hwmon2/energy2_input", "7000000\n"),
        ("hwmon/hwmon2/power1_max", "0\n"),
        ("hwmon/hwmon2/power2_max", "150000000\n"),
        ("hwmon/hwmon2/power1_cap", "300000000\n"),
        ("hwmon/hwmon2/temp2_input", "51000\n"),
        ("hwmon/hwmon2/temp2_label", "pkg\n"),
        ("hwmon/hwmon2/temp3_input", "58000\n"),
        ("hwmon/hwmon2/temp3_label", "vram\n"),
        ("tile0/gt0/freq0/act_freq", "1550\n"),
        ("tile1/gt1/freq0/act_freq", "1500\n"),
    ];
    files.extend(
        reasons.iter().zip(["1\n", "pl4\n", "1\n", "1\n", "0\n"]).map(|(file, text)| (file.as_str(), text)),
    );
    let expected = Reading {
        energy_mj: Some(7000),
        temperature_c: Some(51),
        memory_temperature_c: Some(58),
        power_limit_mw: Some(150_000),
        clock_mhz: Some(1550),
        throttle: Some(vec![Throttle::Power, Throttle::Brake]),
        ..Reading::default()
    };
    assert_eq!(reading(&files), expected);
    // A driver that has no file for heat does not say that there is none.
    let without_heat: Vec<_> =
        files.iter().filter(|(file, _)| !file.ends_with("reason_ratl")).copied().collect();
    assert_eq!(reading(&without_heat).throttle, None);
    // What cannot be read may be the reason.
    files.push(("tile0/gt0/freq0/throttle/reason_thermal", ""));
    assert_eq!(reading(&files).throttle, None);
}

#[test]
fn a_server_card_of_amd_names_its_board_and_how_it_is_divided() {
    let root = tree(&[
        ("serial_number", "692251001124\n"),
        ("product_number", "102-G30211-0C\n"),
        ("vbios_version", "113-M3000100-102\n"),
        ("current_compute_partition", "CPX\n"),
        ("current_memory_partition", "\n"),
    ]);
    let folder = root.path().join("sys/bus/pci/devices").join(ADDRESS);
    std::os::unix::fs::symlink("/sys/bus/pci/drivers/amdgpu", folder.join("driver")).unwrap();
    let facts = Card::find(root.path(), ADDRESS).unwrap().facts();
    let mut known = known(&facts);
    known.retain(|(name, _)| name.starts_with("amdgpu."));
    let expected = [
        ("amdgpu.serial", "692251001124"),
        ("amdgpu.part_number", "102-G30211-0C"),
        ("amdgpu.vbios", "113-M3000100-102"),
        ("amdgpu.compute_partition", "CPX"),
    ];
    assert_eq!(known, expected);
    let named: Vec<&str> = facts.iter().map(|fact| fact.name).collect();
    let table: Vec<&str> = super::super::FACTS.iter().map(|(name, _)| *name).collect();
    assert!(table.ends_with(&named), "every fact stands in the table, once, in its order");
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

/// A card behind a switch of its own, below a port of the machine, each a folder in that above it, as the kernel has them. For each: vendor,
/// class, speed and lanes.
fn behind(chain: &[[&str; 4]]) -> (Option<u32>, Option<u32>) {
    let root = tempfile::tempdir().unwrap();
    let mut folder = root.path().join("sys/devices/pci0000:00");
    for (n, texts) in chain.iter().enumerate() {
        folder.push(format!("0000:0{n}:00.0"));
        std::fs::create_dir_all(&folder).unwrap();
        let files = ["vendor", "class", "current_link_speed", "current_link_width"];
        files.iter().zip(texts).for_each(|(file, text)| std::fs::write(folder.join(file), text).unwrap());
    }
    let all = root.path().join("sys/bus/pci/devices");
    std::fs::create_dir_all(&all).unwrap();
    std::os::unix::fs::symlink(&folder, all.join(ADDRESS)).unwrap();
    let reading = Card::find(root.path(), ADDRESS).unwrap().read().unwrap();
    (reading.pcie_generation, reading.pcie_width)
}

#[test]
fn the_link_of_a_card_with_a_switch_on_it_is_that_of_the_switch() {
    let (port, card) = ("0x060400\n", "0x030000\n");
    let (fast, slow) = ("16.0 GT/s PCIe\n", "2.5 GT/s PCIe\n");
    let [amd, intel] = ["0x1002\n", "0x8086\n"];
    let radeon = |root: &'static str| {
        [
            [root, port, "8.0 GT/s PCIe\n", "8"],
            [amd, port, "8.0 GT/s PCIe\n", "8"],
            [amd, port, fast, "16"],
            [amd, card, fast, "16"],
        ]
    };
    assert_eq!(behind(&radeon("0x1022\n")), (Some(3), Some(8)));
    assert_eq!(behind(&radeon(intel)), (Some(3), Some(8)));
    let arc = [
        [intel, port, fast, "16"],
        [intel, port, fast, "16"],
        [intel, port, slow, "1"],
        [intel, card, slow, "1"],
    ];
    assert_eq!(behind(&arc), (Some(4), Some(16)), "the machine's port is of the same maker");
    assert_eq!(
        behind(&[[intel, port, fast, "16"], [intel, card, fast, "8"]]),
        (Some(4), Some(8)),
        "it has no switch"
    );
    let shared = [
        [intel, port, fast, "16"],
        ["0x1000\n", port, fast, "16"],
        ["0x1000\n", port, fast, "8"],
        [amd, card, fast, "8"],
    ];
    assert_eq!(behind(&shared), (Some(4), Some(8)), "the switch is the machine's");
}

#[test]
fn each_generation_has_its_rate() {
    let speeds =
        ["2.5 GT/s PCIe", "5.0 GT/s PCIe", "8.0 GT/s PCIe", "16.0 GT/s PCIe", "32.0 GT/s", "64.0 GT/s PCIe"];
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
    let expected = [
        ("pci.id", "10de:2335"),
        ("pci.subsystem_id", "10de:18be"),
        ("pci.class", "030200"),
        ("pci.generation_max", "5"),
        ("pci.width_max", "16"),
        ("pci.cards", "1"),
    ];
    assert_eq!(known(&facts), expected);
    let named: Vec<&str> = facts.iter().map(|fact| fact.name).collect();
    let table: Vec<&str> =
        super::super::FACTS.iter().map(|(name, _)| *name).filter(|n| n.starts_with("pci.")).collect();
    assert_eq!(named, table, "cards of others have no facts that amdgpu alone tells");
}
