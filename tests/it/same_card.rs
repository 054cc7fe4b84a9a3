//! Whether two reports are about one card: what it says of itself, and counters that only grow over its life.

mod maps;

use gpu_assay::device::Provenance;
use gpu_assay::evidence::{DeviceEvidence, Evidence, Fact};
use gpu_assay::exit::Exit;
use gpu_assay::language::Language;
use gpu_assay::report::compare::{Card, Comparison, Ground, Sameness, compare};
use gpu_assay::report::{Report, SealedBy};
use gpu_assay::telemetry::Reading;
use proptest::prelude::*;

use crate::compare::sealed;
use crate::process::assay;
use crate::support::*;

const SERIAL: &str = "identity.nvml.serial";
const BOARD: &str = "identity.nvml.board_part_number";
const SUBSYSTEM: &str = "identity.nvml.pci_subsystem_id";
const VBIOS: &str = "identity.nvml.vbios";

fn report(evidence: Evidence) -> Report {
    Report::new(evidence, None, SealedBy::Ephemeral, "1970-01-01T00:00:00Z".into())
}

fn told(device: &mut DeviceEvidence, name: &str, value: &str) {
    device.facts.retain(|fact| fact.metric.as_str() != name);
    device.facts.push(Fact { metric: metric(name), value: value.into() });
}

fn sense(device: &mut DeviceEvidence, change: impl Fn(&mut Reading)) {
    device.timeline.iter_mut().for_each(|at| change(&mut at.reading));
}

/// A card that tells all there is, with long enough samples to be compared.
fn card(n: u32) -> DeviceEvidence {
    let mut device = good_device(n);
    device.measurements = rates("stream.triad.rate", &[1_000_000_000; 20]);
    for (name, value) in [
        (SERIAL, format!("165{n}")),
        (BOARD, "900-1".into()),
        (SUBSYSTEM, "10de:1".into()),
        (VBIOS, "96".into()),
    ] {
        told(&mut device, name, &value);
    }
    sense(&mut device, |reading| {
        reading.remapped_rows_corrected = Some(0);
        reading.remapped_rows_uncorrected = Some(3);
        reading.ecc_corrected_ever = Some(7);
    });
    device
}

type Edit = fn(&mut DeviceEvidence);

fn identity_of(device: &mut DeviceEvidence) -> &mut gpu_assay::device::Identity {
    device.identity.as_mut().unwrap()
}

/// One card before, and the same after `edit`, which may concern both.
fn compared(both: Edit, edit: Edit) -> Comparison {
    let mut before = card(1);
    both(&mut before);
    let mut after = before.clone();
    edit(&mut after);
    compare(&report(evidence(vec![before])), &report(evidence(vec![after])), 0.01)
}

fn nameless(device: &mut DeviceEvidence) {
    identity_of(device).uuid = None;
    device.facts.retain(|fact| fact.metric.as_str() != SERIAL);
}

fn in_words(card: &Card) -> String {
    card.grounds.iter().map(|ground| ground.said(Language::English)).collect::<Vec<_>>().join("; ")
}

use Sameness as S;

/// What holds of both, what changes after, and what is said then.
type Told = (Edit, Edit, Sameness, Exit, &'static str);

const NOTHING: Edit = |_| ();

const CASES: &[Told] = &[
    (NOTHING, NOTHING, S::Same, Exit::Pass, "equal UUID, serial number, part number of the board, PCI id"),
    (NOTHING, NOTHING, S::Same, Exit::Pass, "no lifetime counter fell (rows remapped after corrected"),
    (NOTHING, |d| sense(d, |r| r.remapped_rows_uncorrected = Some(4)), S::Same, Exit::Pass, "no lifetime"),
    (NOTHING, |d| told(d, VBIOS, "97"), S::Same, Exit::Pass, "as after an update: 96 before, 97 after"),
    (NOTHING, |d| d.facts.clear(), S::Same, Exit::Pass, "equal UUID, PCI id, number of units"),
    (NOTHING, |d| d.timeline.clear(), S::Same, Exit::Pass, "equal UUID, serial number"),
    // The same UUID, and what no card can become.
    (
        NOTHING,
        |d| told(d, SERIAL, "9"),
        S::Contradiction,
        Exit::Identity,
        "serial number differs: 1651 before, 9 after",
    ),
    (
        NOTHING,
        |d| told(d, BOARD, "900-2"),
        S::Contradiction,
        Exit::Identity,
        "part number of the board differs",
    ),
    (NOTHING, |d| told(d, SUBSYSTEM, "10de:2"), S::Contradiction, Exit::Identity, "PCI subsystem id differs"),
    (NOTHING, |d| identity_of(d).device_id = Some(2), S::Contradiction, Exit::Identity, "PCI id differs"),
    (
        NOTHING,
        |d| identity_of(d).units = Some(12),
        S::Contradiction,
        Exit::Identity,
        "units differs: 16 before, 12 after",
    ),
    (
        NOTHING,
        |d| sense(d, |r| r.remapped_rows_uncorrected = Some(1)),
        S::Contradiction,
        Exit::Identity,
        "uncorrected errors fell from 3 to 1, which no card does",
    ),
    (
        NOTHING,
        |d| sense(d, |r| r.ecc_corrected_ever = Some(0)),
        S::Doubtful,
        Exit::Inconclusive,
        "somebody cleared it",
    ),
    (
        NOTHING,
        |d| identity_of(d).uuid = Some("f".repeat(32)),
        S::Contradiction,
        Exit::Identity,
        "UUID differs",
    ),
    // Multi-process services show a share of the units.
    (
        NOTHING,
        |d| {
            identity_of(d).units = Some(12);
            identity_of(d).details.insert("mps".into(), "yes".into());
        },
        S::Same,
        Exit::Pass,
        "equal UUID",
    ),
    // Without a name nothing says that it is the same, but much that it is not.
    (nameless, NOTHING, S::Unknown, Exit::Pass, "no name of a card stands in both reports"),
    (
        nameless,
        |d| told(d, BOARD, "900-2"),
        S::Another,
        Exit::Inconclusive,
        "part number of the board differs",
    ),
    (
        nameless,
        |d| sense(d, |r| r.remapped_rows_uncorrected = Some(2)),
        S::Another,
        Exit::Inconclusive,
        "fell from 3 to 2",
    ),
    (
        |d| identity_of(d).uuid = None,
        |d| told(d, SERIAL, "9"),
        S::Another,
        Exit::Inconclusive,
        "serial number differs",
    ),
    // Drivers without UUIDs give zeros.
    (
        |d| {
            nameless(d);
            identity_of(d).uuid = Some("0".repeat(32));
        },
        NOTHING,
        S::Unknown,
        Exit::Pass,
        "no name of a card stands in both reports",
    ),
    (
        NOTHING,
        |d| told(d, "identity.nvml.mig", "enabled"),
        S::Unknown,
        Exit::Pass,
        "a part of a divided card",
    ),
    (
        NOTHING,
        |d| told(d, "identity.amdgpu.compute_partition", "CPX"),
        S::Unknown,
        Exit::Pass,
        "a part of a divided card",
    ),
    (
        |d| {
            nameless(d);
            told(d, "identity.amdgpu.compute_partition", "SPX");
            told(d, "identity.amdgpu.serial", "8");
        },
        |d| told(d, "identity.amdgpu.serial", "9"),
        S::Another,
        Exit::Inconclusive,
        "serial number differs",
    ),
    (
        |d| identity_of(d).provenance = Provenance::Software { cpu_threads: 4 },
        NOTHING,
        S::Unknown,
        Exit::Pass,
        "a driver that runs on the CPU has no card",
    ),
    (
        NOTHING,
        |d| identity_of(d).provenance = Provenance::Hardware,
        S::Another,
        Exit::Inconclusive,
        "simulated before and is hardware after",
    ),
];

#[test]
fn one_card_is_told_by_its_names_and_by_nothing_that_speaks_against_them() {
    for (both, edit, verdict, exit, words) in CASES {
        let comparison = compared(*both, *edit);
        let [pair] = &comparison.pairs[..] else { panic!("{words}: {comparison:?}") };
        let said = in_words(&pair.card);
        assert_eq!((pair.card.verdict, comparison.exit()), (*verdict, *exit), "{words}: {said}");
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn another_name_is_another_card_and_of_two_that_are_left_it_is_said_why() {
    let reports = |cards: &[u32]| report(evidence(cards.iter().map(|n| card(*n)).collect()));
    let one = compare(&reports(&[1, 2]), &reports(&[2, 3]), 0.01);
    let [strangers] = &one.strangers[..] else { panic!("{one:?}") };
    assert_eq!((one.pairs.len(), strangers.card.verdict), (1, Sameness::Another));
    assert!(in_words(&strangers.card).contains("UUID differs"), "{strangers:?}");
    assert_eq!(one.exit(), Exit::Inconclusive);
    assert_eq!(compare(&reports(&[1, 2]), &reports(&[3, 4]), 0.01).strangers, []);
}

/// Parts of one board have one serial number: it must not take what the UUID tells apart.
#[test]
fn the_surest_sign_has_the_first_choice() {
    let report_of = |cards: &[u32]| {
        let parts = cards.iter().map(|n| {
            let mut part = card(*n);
            told(&mut part, SERIAL, "1650");
            told(&mut part, "identity.nvml.mig", "enabled");
            part
        });
        report(evidence(parts.collect()))
    };
    let comparison = compare(&report_of(&[1, 2]), &report_of(&[2, 3]), 0.01);
    let pairs: Vec<_> =
        comparison.pairs.iter().map(|pair| (&pair.before[..], &pair.after[..], pair.by)).collect();
    let [one, two, three] = ["sim:test,seed=1", "sim:test,seed=2", "sim:test,seed=3"];
    assert_eq!(pairs, [(one, three, "serial"), (two, two, "uuid")]);
    assert!(comparison.pairs.iter().all(|pair| pair.card.verdict == Sameness::Unknown));
}

/// They share their driver's UUID, which pairs none of them.
#[test]
fn software_adapters_are_paired_by_what_was_asked_for() {
    let report_of = |cards: [u32; 2]| {
        let adapters = cards.map(|n| {
            let mut adapter = card(n);
            let identity = identity_of(&mut adapter);
            identity.provenance = Provenance::Software { cpu_threads: 4 };
            (identity.uuid, identity.pci_address) = (Some("ab".repeat(16)), None);
            adapter.facts.clear();
            adapter
        });
        report(evidence(adapters.to_vec()))
    };
    let comparison = compare(&report_of([1, 2]), &report_of([2, 1]), 0.01);
    assert_eq!(comparison.pairs.len(), 2);
    assert!(comparison.pairs.iter().all(|pair| pair.before == pair.after && pair.by == "selector"));
}

#[test]
fn hidden_names_compare_behind_one_salt_and_not_behind_two() {
    let hidden = |salt: Option<&str>, uuid: &str| {
        let mut device = card(1);
        identity_of(&mut device).uuid = Some(uuid.repeat(32));
        told(&mut device, SERIAL, &uuid.repeat(64));
        let mut evidence = evidence(vec![device]);
        evidence.run.salt_sha256 = salt.map(str::to_owned);
        report(evidence)
    };
    let verdict = |before: &Report, after: &Report| {
        let comparison = compare(before, after, 0.01);
        let pair = comparison.pairs.first().map(|pair| (pair.by, pair.card.verdict, in_words(&pair.card)));
        (pair, comparison.exit())
    };
    let one = hidden(Some("aa"), "1");
    let (Some((by, same, _)), exit) = verdict(&one, &one) else { panic!() };
    assert_eq!((by, same, exit), ("uuid", Sameness::Same, Exit::Pass));
    assert_eq!(verdict(&one, &hidden(Some("aa"), "2")).0, None, "another card behind the same salt");
    for other in [hidden(Some("bb"), "2"), hidden(None, "1")] {
        let (Some((by, unknown, said)), exit) = verdict(&one, &other) else { panic!("{other:?}") };
        assert_eq!((by, unknown, exit), ("PCI address", Sameness::Unknown, Exit::Pass));
        assert!(said.contains("not hidden behind the same salt"), "{said}");
    }
}

/// What some card may say of itself: much of it nothing.
fn any_card() -> impl Strategy<Value = DeviceEvidence> {
    let few = || prop::option::of(0u32..3);
    let facts = prop::collection::vec(few(), 4);
    let counters = prop::collection::vec((few(), few(), few()), 0..3);
    (facts, few(), few(), few(), counters, any::<bool>()).prop_map(
        |(facts, uuid, id, units, counters, known)| {
            let mut device = good_device(1);
            for (name, value) in [SERIAL, BOARD, SUBSYSTEM, VBIOS].into_iter().zip(facts) {
                if let Some(value) = value {
                    told(&mut device, name, &value.to_string());
                }
            }
            let identity = identity_of(&mut device);
            identity.uuid = uuid.map(|n| n.to_string());
            (identity.vendor_id, identity.device_id, identity.units) = (id, id, units);
            device.timeline.truncate(counters.len());
            for (at, (rows, pages, ecc)) in device.timeline.iter_mut().zip(counters) {
                at.reading.remapped_rows_corrected = rows;
                at.reading.retired_pages = pages;
                at.reading.ecc_corrected_ever = ecc.map(u64::from);
            }
            if !known {
                device.identity = None;
            }
            device
        },
    )
}

fn told_both_ways(a: &DeviceEvidence, b: &DeviceEvidence) -> [Option<Card>; 2] {
    let [a, b] = [a, b].map(|device| report(evidence(vec![device.clone()])));
    [(&a, &b), (&b, &a)].map(|(before, after)| {
        let comparison = compare(before, after, 0.01);
        let pair = comparison.pairs.into_iter().next().map(|pair| pair.card);
        pair.or(comparison.strangers.into_iter().next().map(|strangers| strangers.card))
    })
}

fn reversed(ground: &Ground) -> Ground {
    let mut ground = ground.clone();
    if let Ground::Differs { before, after, .. } = &mut ground {
        std::mem::swap(before, after);
    } else if let Ground::OtherKind { before, after } = &mut ground {
        std::mem::swap(before, after);
    }
    ground
}

fn of_counters(ground: &Ground) -> bool {
    matches!(ground, Ground::Fell { .. } | Ground::NotFallen(_))
}

proptest! {
    /// Whatever is missing: one statement, which is the same read from either side but for what time has made.
    #[test]
    fn both_sides_tell_the_same(a in any_card(), b in any_card()) {
        let [Some(there), Some(back)] = told_both_ways(&a, &b) else { panic!("nothing is said") };
        let mirrored: Vec<Ground> = back.grounds.iter().filter(|g| !of_counters(g)).map(reversed).collect();
        let plain: Vec<Ground> = there.grounds.iter().filter(|g| !of_counters(g)).cloned().collect();
        prop_assert_eq!(mirrored, plain);
        if !there.grounds.iter().chain(&back.grounds).any(|g| matches!(g, Ground::Fell { .. })) {
            prop_assert_eq!(there.verdict, back.verdict);
        }
        for card in [&there, &back] {
            prop_assert!(!card.grounds.is_empty());
            for language in Language::ALL {
                for said in card.grounds.iter().map(|ground| ground.said(language)) {
                    prop_assert!(!said.is_empty() && !said.contains("{$"), "{}", said);
                }
            }
        }
    }

    /// A name that both have and that differs is never the same card, and one that is equal never just another.
    #[test]
    fn names_decide(a in any_card(), b in any_card()) {
        let [Some(card), _] = told_both_ways(&a, &b) else { panic!("nothing is said") };
        let names = |device: &DeviceEvidence| {
            let uuid = device.identity.as_ref().and_then(|i| i.uuid.clone());
            let serial = device.facts.iter().find(|f| f.metric.as_str() == SERIAL).map(|f| f.value.clone());
            // What no driver describes has no kind either, and still its serial number.
            [uuid, serial]
        };
        let both: Vec<bool> =
            names(&a).into_iter().zip(names(&b)).filter_map(|(a, b)| Some(a? == b?)).collect();
        match card.verdict {
            Sameness::Same => prop_assert!(both.contains(&true) && !both.contains(&false)),
            Sameness::Contradiction => prop_assert!(both.contains(&true)),
            Sameness::Another => prop_assert!(!both.contains(&true)),
            Sameness::Unknown => prop_assert!(both.is_empty()),
            // Nobody has a map here.
            Sameness::Doubtful => {
                let is_cleared = card.grounds.iter().any(|ground| matches!(ground, Ground::Fell { .. }));
                prop_assert!(both.contains(&true) && is_cleared);
            }
        }
    }
}

#[test]
fn the_command_names_a_contradiction_and_ends_with_five() {
    let dir = tempfile::tempdir().unwrap();
    let key = test_key(dir.path(), "test-a");
    let write = |name: &str, device: DeviceEvidence| {
        let path = dir.path().join(name);
        std::fs::write(&path, report(evidence(vec![device])).seal(&key).unwrap().to_bytes()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut younger = card(1);
    sense(&mut younger, |reading| reading.remapped_rows_uncorrected = Some(1));
    // Slower as well: what the reports contradict each other in comes first.
    younger.measurements = rates("stream.triad.rate", &[500_000_000; 20]);
    let (before, after) = (write("before", card(1)), write("after", younger));
    let said = assay(["compare", &before, &after]);
    assert_eq!(said.code, Some(5), "{}", said.stdout);
    for words in [
        "contradiction: the lifetime counter",
        "fell from 3 to 1, which no card does",
        "a claim, no proof",
        "comparison: contradiction",
    ] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    let chinese = assay(["compare", &before, &after, "--lang", "zh-CN"]);
    assert!(
        chinese.stdout.contains("自相矛盾") && chinese.stdout.contains("从 3 减到 1"),
        "{}",
        chinese.stdout
    );
    let json = assay(["compare", &before, &after, "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &value["overall"]), (Some(5), &"contradiction".into()));
    let card = &value["comparison"]["pairs"][0]["card"];
    assert_eq!(card["verdict"], "contradiction");
    assert!(card["grounds"][0].as_str().unwrap().contains("fell from 3 to 1"), "{card}");
    for word in ["fake", "fraud"] {
        assert!(!said.stdout.to_lowercase().contains(word), "{word}");
    }
    // A report that names nothing else still says whose it is.
    let plain = sealed(dir.path(), "plain", 1_000_000_000);
    let same = assay(["compare", plain.to_str().unwrap(), plain.to_str().unwrap()]);
    assert!(same.stdout.contains("same card by what it says of itself: equal UUID"), "{}", same.stdout);
}
