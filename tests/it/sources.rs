//! The sources about one card: where they agree nothing happens, where any of them differs there is a conflict.

use gpu_assay::contract::finding::Claim;
use gpu_assay::contract::{Finding, Reason, Subject, conflicts, exit, judge};
use gpu_assay::device::{Identity, Provenance};
use gpu_assay::evidence::{Evidence, Fact};
use gpu_assay::exit::Exit;
use gpu_assay::telemetry::Reading;

use crate::support::*;

const TRIAD: &str = "metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";

#[test]
fn telemetry_that_contradicts_the_device_is_a_conflict() {
    let with = |edit: fn(&mut Reading)| {
        let mut run = good_run(1);
        edit(&mut run.devices[0].timeline[4].reading);
        let findings = judge(&terms(TRIAD), &run);
        (findings.len(), exit(&findings))
    };
    assert_eq!(with(|_| {}), (1, Exit::Pass));
    assert_eq!(with(|r| r.name = Some("NVIDIA Test Card T100 (driver)".into())), (1, Exit::Pass));
    assert_eq!(with(|r| r.name = Some("Test Card T10".into())), (2, Exit::Identity));
    assert_eq!(with(|r| r.uuid = Some(format!("GPU-{:08x}-0000-0000-0000-{:012X}", 0, 1))), (1, Exit::Pass));
    assert_eq!(with(|r| r.uuid = Some("ff".repeat(16))), (2, Exit::Identity));
    assert_eq!(with(|r| r.uuid = Some("0123456789abcdef".into())), (1, Exit::Pass));
    assert_eq!(with(|r| r.memory_bytes = Some(15 << 30)), (1, Exit::Pass));
    assert_eq!(with(|r| r.memory_bytes = Some(8 << 30)), (2, Exit::Identity));
}

/// A card of which all sources say the same.
const AGREED: &[(&str, &str)] = &[
    ("nvml.name", "NVIDIA H200"),
    ("nvml.uuid", "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f"),
    ("nvml.pci_address", "0000:1b:00.0"),
    ("nvml.pci_id", "10de:2335"),
    ("nvml.pci_subsystem_id", "10de:18be"),
    ("nvml.cores", "16896"),
    ("nvml.memory_bytes", "150754820096"),
    ("nvml.mig", "disabled"),
    ("nvml.cards", "8"),
    ("pci.id", "10de:2335"),
    ("pci.subsystem_id", "10de:18be"),
    ("pci.cards", "8"),
];

fn card() -> Identity {
    Identity {
        name: "NVIDIA H200".into(),
        provenance: Provenance::Hardware,
        vendor_id: Some(0x10de),
        device_id: Some(0x2335),
        pci_address: Some("0000:1b:00.0".into()),
        uuid: Some("000102030405060708090a0b0c0d0e0f".into()),
        units: Some(132),
        memory_bytes: Some(150_754_820_096),
        ..identity(1)
    }
}

/// A run of that card where these facts are otherwise; an empty one is missing.
fn run(edits: &[(&str, &str)], identity: Identity) -> Evidence {
    let mut run = good_run(1);
    let device = &mut run.devices[0];
    device.timeline.clear();
    device.identity = Some(identity);
    let edit = |name: &str| edits.iter().find(|(edited, _)| *edited == name).map(|(_, value)| *value);
    device.facts = AGREED
        .iter()
        .map(|(name, agreed)| (*name, edit(name).unwrap_or(agreed)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| Fact { metric: metric(&format!("identity.{name}")), value: value.into() })
        .collect();
    run
}

fn fields(findings: &[Finding]) -> Vec<String> {
    let field = |finding: &Finding| {
        let Reason::SourcesDisagree { field, .. } = &finding.because else { panic!("{}", finding.because) };
        field.clone()
    };
    findings.iter().map(field).collect()
}

#[test]
fn sources_that_agree_or_are_silent_are_no_conflict() {
    assert_eq!(conflicts(&run(&[], card())), []);
    for (name, _) in AGREED {
        assert_eq!(conflicts(&run(&[(name, "")], card())), [], "without {name}");
    }
    let silent = Identity {
        vendor_id: None,
        device_id: None,
        pci_address: None,
        uuid: None,
        units: None,
        memory_bytes: None,
        ..card()
    };
    assert_eq!(conflicts(&run(&[], silent)), []);
    for same in [
        ("nvml.name", "H200"),
        ("nvml.uuid", "GPU-00010203-0405-0607-0809-0A0B0C0D0E0F"),
        ("nvml.memory_bytes", "144000000000"),
        // A container that may use some of the machine's cards.
        ("nvml.cards", "1"),
    ] {
        assert_eq!(conflicts(&run(&[same], card())), [], "{same:?}");
    }
}

#[test]
fn each_lie_is_a_conflict_about_its_field() {
    for (lie, field) in [
        (("nvml.name", "NVIDIA H100"), "name"),
        (("nvml.uuid", "GPU-ffffffff-0405-0607-0809-0a0b0c0d0e0f"), "UUID"),
        (("nvml.pci_address", "0000:1c:00.0"), "PCI address"),
        (("nvml.pci_id", "10de:2330"), "PCI id"),
        (("pci.id", "10de:2330"), "PCI id"),
        (("nvml.pci_subsystem_id", "10de:0001"), "PCI subsystem id"),
        (("nvml.cores", "14592"), "number of multiprocessors"),
        (("nvml.memory_bytes", "85520809984"), "memory"),
        (("nvml.cards", "9"), "number of cards"),
        (("nvml.cards", "0"), "number of cards"),
    ] {
        let run = run(&[lie], card());
        assert_eq!(fields(&conflicts(&run)), [field], "{lie:?}");
        let findings = judge(&terms(TRIAD), &run);
        assert_eq!(exit(&findings), Exit::Identity, "{lie:?}");
    }
    let lied = conflicts(&run(&[("pci.id", "10de:2330")], card())).remove(0);
    assert_eq!(
        lied.because.to_string(),
        "the sources disagree about the PCI id: the device says \"10de:2335\", NVML says \"10de:2335\", \
         the kernel says \"10de:2330\""
    );
}

#[test]
fn a_part_of_a_card_may_be_smaller_and_named_otherwise_and_never_larger() {
    let part = |memory_bytes| Identity {
        name: "NVIDIA H200 MIG 1g.18gb".into(),
        uuid: Some("ab".repeat(16)),
        memory_bytes: Some(memory_bytes),
        units: Some(16),
        ..card()
    };
    let mig = ("nvml.mig", "enabled");
    assert_eq!(conflicts(&run(&[mig], part(18 << 30))), []);
    assert_eq!(fields(&conflicts(&run(&[mig], part(282 << 30)))), ["memory"]);
    let many = Identity { units: Some(1000), ..part(18 << 30) };
    assert_eq!(fields(&conflicts(&run(&[mig], many))), ["number of multiprocessors"]);
    let undivided = ["name", "UUID", "memory", "number of multiprocessors"];
    assert_eq!(fields(&conflicts(&run(&[], part(18 << 30)))), undivided);
}

/// Telemetry that watches the card says what the card is.
#[test]
fn readings_of_a_card_contradict_no_part_of_it() {
    let read = |mig: &str, memory_bytes| {
        let part =
            Identity { uuid: Some("ab".repeat(16)), memory_bytes: Some(memory_bytes), units: None, ..card() };
        let mut run = run(&[("nvml.mig", mig), ("nvml.uuid", ""), ("nvml.memory_bytes", "")], part);
        run.devices[0].timeline = timeline(1);
        run.devices[0].timeline[0].reading = Reading {
            name: Some("NVIDIA H200".into()),
            uuid: Some("cd".repeat(16)),
            memory_bytes: Some(141 << 30),
            ..Reading::default()
        };
        conflicts(&run).len()
    };
    assert_eq!(
        [read("enabled", 18 << 30), read("enabled", 282 << 30), read("disabled", 18 << 30)],
        [0, 1, 2]
    );
}

/// The driver lists cards, not their parts.
#[test]
fn parts_of_one_card_are_no_more_cards_than_the_driver_lists() {
    let two = |second: &str| {
        let part = |digits: &str, address: &str| Identity {
            name: "NVIDIA H200 MIG 1g.18gb".into(),
            uuid: Some(digits.repeat(16)),
            pci_address: Some(address.into()),
            memory_bytes: Some(18 << 30),
            units: None,
            details: [("mig".to_owned(), "yes".to_owned())].into(),
            ..card()
        };
        let edits = |address| {
            [("nvml.cards", "1"), ("pci.cards", ""), ("nvml.mig", "enabled"), ("nvml.pci_address", address)]
        };
        let mut both = run(&edits("0000:1b:00.0"), part("ab", "0000:1b:00.0"));
        both.devices.extend(run(&edits(second), part("cd", second)).devices);
        fields(&conflicts(&both))
    };
    assert_eq!(two("0000:1b:00.0"), Vec::<String>::new());
    assert_eq!(two("0000:1c:00.0"), ["number of cards"]);
}

#[test]
fn no_more_cards_are_measured_than_the_driver_lists() {
    let two = |second: &str| {
        let mut both = run(&[("nvml.cards", "1"), ("pci.cards", "")], card());
        let other = Identity { pci_address: Some(second.into()), uuid: None, ..card() };
        let edits = [("nvml.cards", "1"), ("pci.cards", ""), ("nvml.uuid", ""), ("nvml.pci_address", "")];
        both.devices.extend(run(&edits, other).devices);
        conflicts(&both)
    };
    let findings = two("0000:1c:00.0");
    assert_eq!(fields(&findings), ["number of cards"]);
    assert_eq!(findings[0].subject, Subject::Node);
    let says = |source: &str, value: &str| Claim { source: source.into(), value: value.into() };
    let claims = vec![says("this run", "2"), says("NVML", "1")];
    let because = Reason::SourcesDisagree { field: "number of cards".into(), claims };
    assert_eq!(findings[0].because, because);
    // One card that is measured twice is that conflict and no other.
    let twice = two("0000:1b:00.0");
    assert!(matches!(twice[..], [Finding { because: Reason::SameDevice { .. }, .. }]), "{twice:?}");
}
