//! Latency maps: of one die they agree, of two they differ, and they ask for a look where names say otherwise.

use gpu_assay::chance::share_interval;
use gpu_assay::device::Provenance;
use gpu_assay::engine::Profile;
use gpu_assay::evidence::{Canary, Check, DeviceEvidence, Measurement, OnUnit, Value};
use gpu_assay::exit::Exit;
use gpu_assay::report::Report;
use gpu_assay::report::compare::{
    Card, Comparison, Ground, LEVEL, Likeness, Maps, ONE_DIE, Sameness, compare,
};
use proptest::prelude::*;

use super::{card, in_words, report};
use crate::pipeline::Run;
use crate::process::assay;
use crate::support::*;

/// A map as it stands in evidence, both halves alike but for what `half` adds to the second.
fn map(units: impl IntoIterator<Item = (u32, u64, u64)>) -> Measurement {
    Measurement {
        metric: metric("census.l2.cycles"),
        value: Value::ByUnit { loads: 1000, units: units.into_iter().map(OnUnit::from).collect() },
        conditions: conditions(),
        check: Check::Matched { exact: 9, sampled: 0, canary: Canary::Caught },
    }
}

fn with(map: Measurement) -> Report {
    let mut device = card(1);
    device.measurements.push(map);
    report(evidence(vec![device]))
}

fn maps(card: &Card) -> Option<&Maps> {
    card.grounds.iter().find_map(|ground| match ground {
        Ground::Maps(maps) => Some(maps),
        Ground::Equal(_)
        | Ground::Differs { .. }
        | Ground::NotFallen(_)
        | Ground::Fell { .. }
        | Ground::HiddenOtherwise
        | Ground::Nameless
        | Ground::Software
        | Ground::Part
        | Ground::OtherKind { .. }
        | Ground::UnderAnothersName
        | Ground::UnderTwoNames => None,
    })
}

fn told(before: &Report, after: &Report) -> (Option<Maps>, Comparison) {
    let comparison = compare(before, after, 0.01);
    (comparison.pairs.first().and_then(|pair| maps(&pair.card).cloned()), comparison)
}

/// Numbers that look drawn from a bell, and are always the same.
struct Bell(u64);

impl Bell {
    fn next(&mut self) -> f64 {
        // Box and Muller, from the high bits of a linear congruence.
        let mut even = || {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        let (radius, turn) = ((-2.0 * libm::log(even())).sqrt(), even());
        radius * libm::cos(std::f64::consts::TAU * turn)
    }
}

/// Maps of two dies whose units correlate at `rho`.
fn two_dies(bell: &mut Bell, units: u32, rho: f64) -> [Measurement; 2] {
    let drawn: Vec<[f64; 2]> = (0..units)
        .map(|_| {
            let (common, own) = (bell.next(), bell.next());
            [common, rho * common + (1.0 - rho * rho).sqrt() * own]
        })
        .collect();
    [0, 1].map(|side| {
        let cycles = |on: &[f64; 2]| (1e9 + 1e7 * on[side]) as u64;
        map((0..).zip(&drawn).map(|(unit, on)| (unit, cycles(on), cycles(on))))
    })
}

/// How often each end of the interval misses a correlation that lies exactly at the line between one die and two.
#[test]
fn maps_of_two_dies_agree_by_chance_as_seldom_as_the_interval_promises() {
    const PAIRS: u64 = 6000;
    let mut bell = Bell(7);
    for units in [16, 132] {
        let mut wrong = [0u64; 2];
        for _ in 0..PAIRS {
            let [a, b] = two_dies(&mut bell, units, ONE_DIE).map(with);
            match told(&a, &b).0.unwrap() {
                Maps::Agree(_) => wrong[0] += 1,
                Maps::Differ(_) => wrong[1] += 1,
                Maps::Open(_) => {}
                Maps::Silent(_) | Maps::Incomparable(_) => panic!("{units} units"),
            }
        }
        let promised = (1.0 - LEVEL) / 2.0;
        for wrong in wrong {
            // Clopper and Pearson: the exact interval of what was counted. Over few units z is nearly normal only.
            let (low, high) = share_interval(wrong, PAIRS, 0.999);
            assert!(low <= promised, "{units} units: {wrong} of {PAIRS}, at least {low}");
            assert!(high >= promised / 2.0, "{units} units: {wrong} of {PAIRS} could not have shown more");
        }
    }
}

#[test]
fn what_is_published_of_one_die_and_of_two_is_told_apart() {
    let mut bell = Bell(9);
    for (rho, agree) in [(0.63, false), (0.999, true)] {
        for _ in 0..50 {
            let [a, b] = two_dies(&mut bell, 142, rho).map(with);
            let (maps, comparison) = told(&a, &b);
            let card = &comparison.pairs[0].card;
            assert_eq!(matches!(maps, Some(Maps::Agree(_))), agree, "{maps:?}");
            assert_eq!(matches!(maps, Some(Maps::Differ(_))), !agree, "{maps:?}");
            let (verdict, exit) =
                if agree { (Sameness::Same, Exit::Pass) } else { (Sameness::Doubtful, Exit::Inconclusive) };
            assert_eq!((card.verdict, comparison.exit()), (verdict, exit));
        }
    }
}

/// By the probe, on a simulated card with 64 units.
fn measured(script: &str, profile: Profile) -> Report {
    let selector = format!("sim:mini,units=64,{script}");
    Run { profile, ..Run::short(&selector, &["census"]) }.report()
}

#[test]
fn simulated_cards_know_themselves_again_and_nobody_else() {
    const CARDS: usize = 24;
    let seeds: Vec<String> = (1..=CARDS).map(|seed| format!("seed={seed}")).collect();
    let first: Vec<Report> = seeds.iter().map(|seed| measured(seed, Profile::Quick)).collect();
    for (seed, before) in seeds.iter().zip(&first) {
        // At another time, with other noise.
        let after = measured(seed, Profile::Standard);
        let map = |report: &Report| report.evidence.devices[0].measurements.last().map(|m| m.value.clone());
        assert_ne!(map(before), map(&after));
        let (maps, comparison) = told(before, &after);
        assert!(
            matches!(maps, Some(Maps::Agree(Likeness { r, units: 64, .. })) if r > 0.99),
            "{seed}: {maps:?}"
        );
        assert_eq!(comparison.pairs[0].card.verdict, Sameness::Same);
    }
    let (mut pairs, mut agree, mut sum) = (0u64, 0u64, 0.0);
    for (n, before) in first.iter().enumerate() {
        for after in &first[..n] {
            let comparison = compare(before, after, 0.01);
            let [strangers] = &comparison.strangers[..] else { panic!("{comparison:?}") };
            match maps(&strangers.card) {
                Some(Maps::Differ(likeness) | Maps::Open(likeness)) => sum += likeness.r,
                other => {
                    agree += 1;
                    assert!(matches!(other, Some(Maps::Agree(_))), "{other:?}");
                }
            }
            assert_eq!(strangers.card.verdict, Sameness::Another);
            pairs += 1;
        }
    }
    // Cards of one model have much in common: that is what makes it hard.
    let mean = sum / pairs as f64;
    assert!((0.5..0.75).contains(&mean), "{mean}");
    let (_, most) = share_interval(agree, pairs, 0.99);
    assert!(most <= 0.02, "{agree} of {pairs} agree by chance, which may be up to {most}");
}

fn uuid(report: &Report) -> String {
    report.evidence.devices[0].identity.as_ref().unwrap().uuid.clone().unwrap()
}

#[test]
fn a_card_under_anothers_name_and_one_under_two_are_to_be_looked_at() {
    let (one, two) = (measured("seed=1", Profile::Quick), measured("seed=2", Profile::Quick));
    let posing = measured(&format!("seed=2,uuid={}", uuid(&one)), Profile::Standard);
    let comparison = compare(&one, &posing, 0.01);
    let said = in_words(&comparison.pairs[0].card);
    assert_eq!(
        (comparison.pairs[0].card.verdict, comparison.exit()),
        (Sameness::Doubtful, Exit::Inconclusive)
    );
    for words in ["one card may answer under another's name", "equal UUID", "the latency maps differ (r = "] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Among others it is found as well.
    let renamed = measured(&format!("seed=1,uuid={}", "ab".repeat(16)), Profile::Standard);
    let both = |a: &Report, b: &Report| {
        let devices = [a, b].map(|report| report.evidence.devices[0].clone());
        report(evidence(devices.to_vec()))
    };
    let comparison = compare(&both(&one, &two), &both(&measured("seed=3", Profile::Quick), &renamed), 0.01);
    let [strangers] = &comparison.strangers[..] else { panic!("{comparison:?}") };
    assert_eq!(strangers.card.verdict, Sameness::Doubtful);
    let said = in_words(&strangers.card);
    assert!(
        said.contains("one card may go by two names") && said.contains("the latency maps agree"),
        "{said}"
    );
    assert_eq!(comparison.exit(), Exit::Inconclusive);
}

#[test]
fn what_tells_no_units_apart_or_does_not_count_says_nothing() {
    let good: Vec<(u32, u64, u64)> = (0..32)
        .map(|unit| (unit, 1_000_000 + u64::from(unit * unit), 1_000_001 + u64::from(unit * unit)))
        .collect();
    let compared = |before: Measurement, edit: &dyn Fn(&mut DeviceEvidence)| {
        let (a, mut b) = (with(before.clone()), with(before));
        edit(&mut b.evidence.devices[0]);
        let (maps, comparison) = told(&a, &b);
        let card = &comparison.pairs[0].card;
        (maps, in_words(card), card.verdict)
    };
    let same = |before: Measurement, edit: &dyn Fn(&mut DeviceEvidence), words: &str| {
        let (maps, said, verdict) = compared(before, edit);
        assert!(said.contains(words), "{words}: {said}");
        assert!(!matches!(maps, Some(Maps::Agree(_) | Maps::Differ(_))), "{words}: {maps:?}");
        verdict
    };
    let nothing: &dyn Fn(&mut DeviceEvidence) = &|_| ();
    assert!(matches!(compared(map(good.clone()), nothing).0, Some(Maps::Agree(_))));
    let flat = map(good.iter().map(|(unit, ..)| (*unit, 5, 5)));
    assert_eq!(same(flat, nothing, "the latency map before tells no unit from another"), Sameness::Same);
    let noise = map(good.iter().map(|(unit, ..)| (*unit, u64::from(unit * 7 % 5), u64::from(unit * 3 % 7))));
    assert_eq!(same(noise, nothing, "the latency map before tells no unit"), Sameness::Same);
    same(map(good[..7].to_vec()), nothing, "7 units are in both, 8 are needed");
    let last = |device: &mut DeviceEvidence, edit: &dyn Fn(&mut Measurement)| {
        edit(device.measurements.last_mut().unwrap());
    };
    let whole = || map(good.clone());
    same(whole(), &|d| last(d, &|m| m.conditions.kernel = None), "cannot be compared: the kernels differ");
    same(whole(), &|d| last(d, &|m| m.conditions.shape.push('x')), "the sizes differ");
    let missed = Check::Matched { exact: 1, sampled: 0, canary: Canary::Missed };
    same(whole(), &|d| last(d, &|m| m.check = missed.clone()), "missed a planted error after");
    same(whole(), &|d| last(d, &|m| m.value = Value::Count { count: 1 }), "0 units are in both");
    let (gone, said, verdict) = compared(whole(), &|d| drop(d.measurements.pop()));
    assert_eq!((gone, verdict), (None, Sameness::Same), "{said}");
    let (software, ..) = compared(whole(), &|d| {
        d.identity.as_mut().unwrap().provenance = Provenance::Software { cpu_threads: 1 };
    });
    assert_eq!(software, None);
}

proptest! {
    /// Whatever stands in two reports, each way round the same is said.
    #[test]
    fn any_two_maps_are_told_alike_from_either_side(
        a in prop::collection::vec((0u32..12, any::<u64>(), any::<u64>()), 0..24),
        b in prop::collection::vec((0u32..12, any::<u64>(), any::<u64>()), 0..24),
        alike in any::<bool>(),
        loads in prop::option::of(0u64..2),
    ) {
        let double = |of: &[(u32, u64, u64)]| map(of.iter().map(|(unit, cycles, _)| (*unit, *cycles, *cycles)));
        let [a, b] = [&a, &b].map(|of| {
            let mut map = if alike { double(of) } else { map(of.clone()) };
            if let (Value::ByUnit { loads, .. }, Some(other)) = (&mut map.value, loads) {
                *loads = other;
            }
            with(map)
        });
        let (there, back) = (told(&a, &b).0, told(&b, &a).0);
        match (there, back) {
            (Some(Maps::Agree(a)), Some(Maps::Agree(b)))
            | (Some(Maps::Differ(a)), Some(Maps::Differ(b)))
            | (Some(Maps::Open(a)), Some(Maps::Open(b))) => {
                prop_assert!((a.r - b.r).abs() < 1e-9 && a.units == b.units);
                prop_assert!(a.low <= a.r && a.r <= a.high, "{:?}", a);
            }
            (Some(Maps::Silent(_)), Some(Maps::Silent(_)))
            | (Some(Maps::Incomparable(_)), Some(Maps::Incomparable(_)))
            | (None, None) => {}
            (there, back) => prop_assert!(false, "{:?} and {:?}", there, back),
        }
    }
}

#[test]
fn the_command_says_that_maps_are_not_calibrated() {
    let dir = tempfile::tempdir().unwrap();
    let run = |out: &str, device: &str, more: &[&str]| {
        let out = dir.path().join(out);
        let mut args = vec!["run", "--measure-only", "--probe", "census", "--device", device, "--out"];
        args.push(out.to_str().unwrap());
        args.extend(more);
        assert_eq!(assay(&args).code, Some(0));
        out.join("report.dsse.json").to_str().unwrap().to_owned()
    };
    let before = run("before", "sim:mini,units=64,seed=4", &["--profile", "quick"]);
    let after = run("after", "sim:mini,units=64,seed=4", &[]);
    let said = assay(["compare", &before, &after]).stdout;
    for words in [
        "same card by what it says of itself: equal UUID",
        "the latency maps agree (r = 0.9",
        "64 units)",
        "not calibrated on hardware yet",
        "tells units apart",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let value: serde_json::Value =
        serde_json::from_str(&assay(["compare", &before, &after, "--json"]).stdout).unwrap();
    assert_eq!(value["maps"]["calibrated_on_hardware"], false);
    let chinese = assay(["compare", &before, &after, "--lang", "zh-CN"]).stdout;
    assert!(chinese.contains("延迟图一致") && chinese.contains("尚未在硬件上标定"), "{chinese}");
}
