//! Telemetry of NVIDIA cards, beside the fake NVML: everything that a healthy card says arrives, and whatever the
//! library lacks, refuses or does, the run goes on and nothing that was not read is a zero.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use gpu_assay::contract::{Reason, Verdict, judge};
use gpu_assay::evidence::TimedReading;
use gpu_assay::telemetry::{FACTS, Reading};
use sha2::{Digest as _, Sha256};

use crate::examples::output_within;
use crate::support::{evidence, good_device, terms};
use crate::support_nvml::{ADDRESS, FakeNvml, Told, UUID, probe};

/// Every function of a card, an event set or the system that telemetry calls and can do without.
const FUNCTIONS: &[&str] = &[
    "nvmlDeviceGetArchitecture",
    "nvmlDeviceGetBAR1MemoryInfo",
    "nvmlDeviceGetBoardPartNumber",
    "nvmlDeviceGetClockInfo",
    "nvmlDeviceGetComputeMode",
    "nvmlDeviceGetComputeRunningProcesses_v3",
    "nvmlDeviceGetCurrPcieLinkGeneration",
    "nvmlDeviceGetCurrPcieLinkWidth",
    "nvmlDeviceGetCurrentClocksEventReasons",
    "nvmlDeviceGetDefaultEccMode",
    "nvmlDeviceGetEccMode",
    "nvmlDeviceGetEnforcedPowerLimit",
    "nvmlDeviceGetFanSpeed",
    "nvmlDeviceGetFieldValues",
    "nvmlDeviceGetGpuFabricInfoV",
    "nvmlDeviceGetGraphicsRunningProcesses_v3",
    "nvmlDeviceGetMaxClockInfo",
    "nvmlDeviceGetMaxPcieLinkGeneration",
    "nvmlDeviceGetMaxPcieLinkWidth",
    "nvmlDeviceGetMemoryInfo_v2",
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetName",
    "nvmlDeviceGetNumGpuCores",
    "nvmlDeviceGetNvLinkState",
    "nvmlDeviceGetPciInfo_v3",
    "nvmlDeviceGetPcieReplayCounter",
    "nvmlDeviceGetPersistenceMode",
    "nvmlDeviceGetPowerManagementDefaultLimit",
    "nvmlDeviceGetPowerManagementLimitConstraints",
    "nvmlDeviceGetPowerUsage",
    "nvmlDeviceGetSerial",
    "nvmlDeviceGetSupportedClocksEventReasons",
    "nvmlDeviceGetTemperature",
    "nvmlDeviceGetTotalEccErrors",
    "nvmlDeviceGetTotalEnergyConsumption",
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetUtilizationRates",
    "nvmlDeviceGetVbiosVersion",
    "nvmlDeviceGetVirtualizationMode",
    "nvmlDeviceRegisterEvents",
    "nvmlEventSetCreate",
    "nvmlEventSetWait_v2",
    "nvmlSystemGetConfComputeState",
];

/// Fields that the fake's card does not have, and those that NVML never fills because they are facts.
const NEVER_READ: [&str; 5] = ["name", "uuid", "memory_bytes", "retired_pages", "retired_pages_pending"];

#[test]
fn a_healthy_card_tells_every_fact_once() {
    let fake = FakeNvml::new();
    let told = fake.told(0);
    let named: BTreeSet<&str> = told.facts.keys().map(String::as_str).collect();
    let table: BTreeSet<&str> =
        FACTS.iter().map(|(name, _)| *name).filter(|name| name.starts_with("nvml.")).collect();
    assert_eq!(named, table);
    let digest = hex::encode(Sha256::digest(std::fs::read(fake.library()).unwrap()));
    for (name, value) in [
        ("library", fake.library().to_str().unwrap()),
        ("library_sha256", &digest),
        ("uuid", "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("pci_address", ADDRESS),
        ("pci_id", "10de:2335"),
        ("pci_subsystem_id", "10de:18be"),
        ("architecture", "Hopper"),
        ("power_limit_min_mw", "200000"),
        ("power_limit_max_mw", "700000"),
        ("ecc", "enabled"),
        ("mig", "disabled"),
        ("virtualisation", "passthrough"),
        ("nvlinks", "18"),
        ("nvlinks_active", "17"),
        ("fabric", "completed"),
        ("processes_others", "2"),
    ] {
        assert_eq!(told.fact(&format!("nvml.{name}")), value, "{name}");
    }
}

#[test]
fn a_healthy_card_fills_every_field_of_a_reading() {
    let told = FakeNvml::new().told(2);
    for (field, value) in told.readings[0].as_object().unwrap() {
        assert_eq!(value.is_null(), NEVER_READ.contains(&field.as_str()), "{field} is {value}");
    }
    let reading: Reading = serde_json::from_value(told.readings[1].clone()).unwrap();
    assert_eq!((reading.throttle, reading.clock_event_reasons), (Some(Vec::new()), Some(0)));
    assert_eq!((reading.ecc_uncorrected, reading.ecc_uncorrected_ever), (Some(0), Some(4)));
    assert_eq!((reading.remapped_rows_corrected, reading.memory_temperature_c), (Some(1), Some(62)));
    assert_eq!((reading.nvlink_errors, reading.xid), (Some(7), Some(0)));
    assert_ne!(told.readings[0]["power_mw"], told.readings[1]["power_mw"]);
}

#[test]
fn a_card_is_found_by_its_uuid_or_its_address_and_never_otherwise() {
    let fake = FakeNvml::new();
    let stranger = "ffffffffffffffffffffffffffffffff";
    let told = |uuid, address| {
        let mut command = probe(1, uuid, address, "/");
        Told::from(output_within(fake.apply(&mut command), Duration::from_secs(60)).unwrap())
    };
    for (uuid, address) in [(UUID, "-"), ("-", ADDRESS), (stranger, ADDRESS), (UUID, "0000:01:00.0")] {
        assert_eq!(told(uuid, address).fact("nvml.pci_address"), ADDRESS, "{uuid} {address}");
    }
    let lost = told(stranger, "0000:01:00.0");
    let (by, why) = lost.missing("nvml.name");
    assert!(by == "us" && why.contains("GPU-ffffffff-") && why.contains("0000:01:00.0"), "{by}: {why}");
    assert_eq!(lost.fact("nvml.cards"), "8", "the library is there all the same");
    assert!(lost.readings[0].is_null());
    assert!(told("-", "-").missing("nvml.name").1.contains("neither a UUID nor a PCI address"));
}

/// The driver says little of a part itself: what it does not, the card says. Memory, processes and errors are the part's own.
#[test]
fn a_part_of_a_card_is_told_of_by_the_card() {
    let part = "0f0e0d0c0b0a09080706050403020100";
    let told = |wish: &str, more: &str| {
        let fake = FakeNvml::new().with("VALUES", format!("nvmlDeviceGetMigMode:1{more}")).with("XID", wish);
        let mut command = probe(1, part, "-", "/");
        Told::from(output_within(fake.apply(&mut command), Duration::from_secs(60)).unwrap())
    };
    let healthy = told("", "");
    for (name, value) in [
        ("nvml.name", "NVIDIA H200"),
        ("nvml.uuid", "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("nvml.mig", "enabled"),
        ("nvml.ecc", "enabled"),
        ("nvml.memory_bytes", "17179869184"),
        ("nvml.processes_others", "0"),
    ] {
        assert_eq!(healthy.fact(name), value, "{name}");
    }
    assert_eq!(unknown(&healthy), 0);
    let errors = |more: &str| told("0:31", more).readings[0]["xid"].as_u64();
    // Of the whole card, of this part, of another.
    assert_eq!([errors(""), errors(",instance:7"), errors(",instance:9")], [Some(1), Some(1), Some(0)]);
}

#[test]
fn without_a_working_library_the_reason_is_told_and_nothing_else() {
    let nowhere = FakeNvml::new();
    std::fs::remove_file(nowhere.library()).unwrap();
    for (fake, reason) in [
        (nowhere, "libnvidia-ml.so.1"),
        (FakeNvml::broken(), "cannot be loaded"),
        (FakeNvml::new().with("FAIL", "nvmlInit_v2:9"), "the kernel driver is not loaded"),
        (FakeNvml::new().with("FAIL", "nvmlInit_v2:18"), "different versions"),
        (FakeNvml::new().with("FAIL", "nvmlInit_v2:4711"), "4711"),
        (FakeNvml::new().lacking("nvmlInit_v2"), "no nvmlInit_v2"),
    ] {
        let told = fake.told(1);
        assert_eq!(told.facts.len(), 1, "{:?}", told.facts);
        let (by, why) = told.missing("nvml.library");
        assert!(by == "us" && why.contains(reason), "{why}");
        assert!(told.readings[0].is_null());
    }
}

/// Without NVML the kernel still knows the link, and its ids of the card.
#[test]
fn the_kernel_stands_in_and_speaks_beside() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("sys/bus/pci/devices").join(ADDRESS);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, text) in [
        ("vendor", "0x10de"),
        ("device", "0x2335"),
        ("class", "0x030200"),
        ("current_link_speed", "16.0 GT/s PCIe"),
        ("current_link_width", "8"),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
    // The chassis' own name of the place, as the kernel has it without the function of the device.
    for (slot, address) in [("6", "0000:77:00"), ("7-1", ADDRESS.split_once('.').unwrap().0)] {
        let folder = root.path().join("sys/bus/pci/slots").join(slot);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("address"), format!("{address}\n")).unwrap();
    }
    let told = |fake: &FakeNvml, address| {
        let mut command = probe(1, UUID, address, root.path().to_str().unwrap());
        Told::from(output_within(fake.apply(&mut command), Duration::from_secs(60)).unwrap())
    };
    let without = told(&FakeNvml::broken(), ADDRESS);
    assert_eq!(
        (&without.readings[0]["pcie_generation"], &without.readings[0]["pcie_width"]),
        (&4.into(), &8.into())
    );
    assert!(without.readings[0]["power_mw"].is_null());
    assert_eq!((without.fact("pci.id"), without.fact("pci.slot")), ("10de:2335", "7-1"));
    // NVML tells the address where the device does not.
    let beside = told(&FakeNvml::new(), "-");
    assert_eq!((beside.fact("pci.id"), beside.fact("nvml.pci_id")), ("10de:2335", "10de:2335"));
    assert_eq!(beside.readings[0]["pcie_width"], 16, "NVML's own word comes first");
}

/// The facts and fields that are not known, of all that could be.
fn unknown(told: &Told) -> usize {
    let facts = told.facts.values().filter(|fact| fact["value"].is_null()).count();
    let fields = told.readings[0].as_object().unwrap().iter();
    facts + fields.filter(|(name, value)| value.is_null() && !NEVER_READ.contains(&name.as_str())).count()
}

#[test]
fn every_function_may_be_missing_refuse_or_answer_in_an_unknown_code() {
    let healthy = FakeNvml::new().told(1);
    assert_eq!(unknown(&healthy), 0);
    for function in FUNCTIONS {
        let lacking = FakeNvml::new().lacking(function).told(1);
        let strange = FakeNvml::new().with("FAIL", format!("{function}:12345")).told(1);
        let refused = FakeNvml::new().with("FAIL", format!("{function}:3")).told(1);
        // What reasons a card can tell is only asked to read a word that this one does not give.
        let unseen = *function == "nvmlDeviceGetSupportedClocksEventReasons";
        assert_eq!((unknown(&strange) == 0, unknown(&refused) == 0), (unseen, unseen), "{function}");
        // Two functions have an older form that says the same.
        let has_older_form = matches!(
            *function,
            "nvmlDeviceGetMemoryInfo_v2"
                | "nvmlDeviceGetCurrentClocksEventReasons"
                | "nvmlDeviceGetSupportedClocksEventReasons"
        );
        assert_eq!(unknown(&lacking) == 0, has_older_form, "{function}");
        for told in [&lacking, &strange, &refused] {
            assert_eq!(
                told.facts.len(),
                healthy.facts.len(),
                "{function}: a fact went missing without a reason"
            );
        }
        for (name, fact) in &strange.facts {
            let text = fact["why"].as_str().unwrap_or("12345");
            assert!(text.contains("12345"), "{function}: {name}: {text}");
            assert_ne!(fact["by"], "card", "{function}: {name}");
        }
    }
    let refused = FakeNvml::new().with("FAIL", "nvmlDeviceGetSerial:3").told(0);
    assert_eq!(refused.missing("nvml.serial").0, "card");
    let lacking = FakeNvml::new().lacking("nvmlDeviceGetSerial").told(0);
    assert!(lacking.missing("nvml.serial").1.contains("no nvmlDeviceGetSerial"));
}

#[test]
fn an_older_driver_knows_the_fabric_in_its_older_form() {
    let fake = FakeNvml::new().with("VALUES", "fabric_version:2,fabric:1");
    assert_eq!(fake.told(0).fact("nvml.fabric"), "not started");
}

#[test]
fn a_lost_card_says_nothing_rather_than_zero() {
    let told = FakeNvml::new().with("FAIL", "*:15,nvmlEventSetCreate:15").told(2);
    for reading in &told.readings {
        let filled: Vec<_> =
            reading.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()).collect();
        assert!(filled.is_empty(), "{filled:?}");
    }
    assert!(told.missing("nvml.name").1.contains("fell off the bus"));
}

#[test]
fn odd_texts_and_numbers_are_kept_harmless() {
    let fake = FakeNvml::new()
        .with("TEXTS", "nvmlDeviceGetSerial:;nvmlDeviceGetName:a\u{1b}[31mb\u{7f};busId:nonsense")
        .with("VALUES", "nvmlDeviceGetComputeMode:77,nvmlDeviceGetArchitecture:4294967295,strangers:600");
    let told = fake.told(0);
    assert_eq!(told.fact("nvml.name"), "a[31mb");
    assert!(told.missing("nvml.serial").1.contains("empty text"));
    assert_eq!(told.fact("nvml.pci_address"), "nonsense");
    assert_eq!(told.fact("nvml.compute_mode"), "77");
    assert_eq!(told.fact("nvml.architecture"), "4294967295");
    assert!(told.missing("nvml.processes_others").1.contains("insufficient size"));
}

#[test]
fn errors_of_the_driver_are_counted_by_code() {
    let told = FakeNvml::new().with("XID", "1:79,1:48,2:79,2:4000").told(4);
    let codes = |n: usize| (told.readings[n]["xid"].clone(), told.readings[n]["xid_codes"].clone());
    assert_eq!(codes(0), (0.into(), serde_json::json!([])));
    assert_eq!(codes(1), (2.into(), serde_json::json!([[48, 1], [79, 1]])));
    assert_eq!(codes(3), (4.into(), serde_json::json!([[48, 1], [79, 2], [4000, 1]])));
    let unwatched = FakeNvml::new().with("FAIL", "nvmlEventSetWait_v2:999").told(1);
    assert!(unwatched.readings[0]["xid"].is_null() && unwatched.readings[0]["xid_codes"].is_null());
}

/// `readings` of a fake, one second apart, judged by a clause.
fn judged(fake: &FakeNvml, readings: u32, never: &str) -> (Verdict, Reason) {
    let told = fake.told(readings);
    let mut device = good_device(1);
    device.timeline = (0..)
        .zip(&told.readings)
        .map(|(second, reading)| TimedReading {
            at_ns: second * 1_000_000_000,
            reading: serde_json::from_value(reading.clone()).unwrap(),
        })
        .collect();
    let finding = judge(&terms(&format!("never = \"{never}\"")), &evidence(vec![device])).remove(0);
    (finding.verdict, finding.because)
}

#[test]
fn what_must_never_be_seen_is_seen() {
    let values = |values: &str| FakeNvml::new().with("VALUES", values);
    let reasons = "nvmlDeviceGetCurrentClocksEventReasons";
    for (fake, never) in [
        (values(&format!("{reasons}:0x40")), "throttle.thermal"),
        (values(&format!("{reasons}:0x20")), "throttle.thermal"),
        (values(&format!("{reasons}:0x4")), "throttle.power"),
        (values(&format!("{reasons}:0x80")), "throttle.brake"),
        (values("ecc10:1"), "ecc.uncorrected"),
        (FakeNvml::new().with("XID", "5:79"), "xid"),
    ] {
        let (verdict, because) = judged(&fake, 25, never);
        assert!(
            matches!((verdict, &because), (Verdict::Fail, Reason::FlagSeen { .. })),
            "{never}: {because}"
        );
        assert_eq!(judged(&FakeNvml::new(), 25, never), (Verdict::Pass, Reason::Met), "{never}");
    }
    let untold = values(&format!("{reasons}:0x8,nvmlDeviceGetSupportedClocksEventReasons:0xf"));
    let (verdict, because) = judged(&untold, 25, "throttle.thermal");
    assert!(
        matches!((verdict, &because), (Verdict::Inconclusive, Reason::TelemetryAbsent { .. })),
        "{because}"
    );
}

#[test]
fn silence_is_no_proof() {
    for (fake, never) in [
        (FakeNvml::new().with("FAIL", "nvmlDeviceGetTotalEccErrors:3"), "ecc.uncorrected"),
        (FakeNvml::new().with("FAIL", "nvmlDeviceRegisterEvents:3"), "xid"),
        (FakeNvml::new().with("FAIL", "nvmlDeviceGetCurrentClocksEventReasons:999"), "throttle.thermal"),
    ] {
        let (verdict, because) = judged(&fake, 25, never);
        assert!(
            matches!((verdict, &because), (Verdict::Inconclusive, Reason::TelemetryAbsent { .. })),
            "{because}"
        );
    }
    let (verdict, because) = judged(&FakeNvml::new().with("FROZEN", 1), 25, "throttle.thermal");
    assert!(
        matches!((verdict, &because), (Verdict::Inconclusive, Reason::TelemetryFrozen { .. })),
        "{because}"
    );
}

/// What the library does to its own process is contained by the process.
#[test]
fn a_crash_and_a_hang_are_what_they_are() {
    let crash = FakeNvml::new().with("CRASH", "nvmlDeviceGetPowerUsage");
    let output = output_within(crash.apply(&mut probe(1, UUID, "-", "/")), Duration::from_secs(60)).unwrap();
    assert!(output.status.signal().is_some(), "{:?}", output.status);
    let hang = FakeNvml::new().with("HANG", "nvmlDeviceGetPowerUsage");
    assert!(output_within(hang.apply(&mut probe(1, UUID, "-", "/")), Duration::from_secs(2)).is_none());
}

#[test]
fn a_misspelt_wish_is_no_healthy_card() {
    let fake = FakeNvml::new().with("VALUES", "nvmlDeviceGetPowerUsage:lots");
    let output = output_within(fake.apply(&mut probe(1, UUID, "-", "/")), Duration::from_secs(60)).unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("ASSAY_NVML_VALUES"));
}
