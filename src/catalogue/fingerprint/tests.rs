//! Cards of the catalogue by their own figures and by those of others, under their own names and others'.

#![allow(clippy::unwrap_used)]
use super::traits::Trait;
use super::*;
use crate::device::inventory;
use crate::device::op::Precision;

/// A device of that name and PCI id.
fn identity(name: &str, id: Option<(u32, u32)>) -> Identity {
    let sim = inventory::BACKENDS.iter().find(|backend| backend.name == "sim").unwrap();
    let any = (sim.list)().unwrap().remove(0).identity;
    Identity { name: name.to_owned(), vendor_id: id.map(|id| id.0), device_id: id.map(|id| id.1), ..any }
}

fn card(name: &str) -> &'static Gpu {
    gpus().iter().find(|gpu| gpu.name == name).unwrap()
}

/// All that the catalogue says of a card, rates at `share` of it.
fn figures(gpu: &Gpu, share: f64) -> Vec<Figure> {
    let figure = |one: &Trait| {
        let Trait::Figure(name, _) = one else { return None };
        let says = *one.of_card(gpu).first()?;
        let share = if name.ends_with(".rate") { share } else { 1.0 };
        Some(Figure { metric: MetricName::parse(name).unwrap(), value: says * share, at_least: false })
    };
    TRAITS.iter().filter_map(figure).collect()
}

fn figure(name: String, value: f64) -> Figure {
    Figure { metric: MetricName::parse(&name).unwrap(), value, at_least: false }
}

/// Nothing but these.
fn only(figures: Vec<Figure>) -> Measured {
    Measured { figures, ..Measured::default() }
}

/// The card, as it says itself.
fn own(gpu: &Gpu) -> Identity {
    let mut who = identity(&gpu.name, gpu.ids().next());
    who.details.insert("compute_capability".to_owned(), gpu.compute_capability.clone());
    who
}

/// How L2 forgets: at random, so that half is answered at twice its size, or all at once where a half of it is full.
#[derive(Clone, Copy, Debug)]
enum Forgets {
    AtRandom,
    InHalves,
}

fn curve(l2_mib: f64, forgets: Forgets) -> impl Iterator<Item = Figure> {
    (0..=10).map(move |step| {
        let mib = f64::from(1 << step);
        let hits = match forgets {
            Forgets::AtRandom => (l2_mib / mib).min(1.0),
            Forgets::InHalves => f64::from(u8::from(mib <= 0.6 * l2_mib)),
        };
        let name = if step == 10 { "1gib".to_owned() } else { format!("{}mib", 1 << step) };
        figure(format!("chase.{name}.latency"), 145.0 * hits + 350.0 * (1.0 - hits))
    })
}

/// All that is to be known of a card, where the catalogue knows it.
fn whole(gpu: &Gpu, share: f64, forgets: Forgets) -> Measured {
    let tensor = Precision::TENSOR.into_iter().filter_map(|precision| {
        let name = format!("mma.{}.rate", precision.name());
        let says = gpu.datasheet(&MetricName::parse(&name).unwrap())?;
        Some(figure(name, says * share))
    });
    let curve = gpu.l2_mib.map(|l2| curve(l2, forgets)).into_iter().flatten();
    Measured {
        figures: figures(gpu, share).into_iter().chain(tensor).chain(curve).collect(),
        refused: Vec::new(),
        power_default_w: gpu.tdp_w,
        power_limit_w: gpu.tdp_w.map(|w| w * 0.6),
    }
}

fn contradictions_of(found: &Likeness) -> Vec<&str> {
    found.called.as_ref().unwrap().contradictions.iter().map(|one| one.what.as_str()).collect()
}

#[test]
fn every_trait_is_a_metric() {
    for one in &TRAITS {
        let names = match one {
            Trait::Figure(name, _) => vec![name],
            Trait::Ratio(above, below, _) => vec![above, below],
            Trait::Column(name, ..) => {
                assert!(crate::catalogue::columns::column(name).is_some(), "{name}");
                continue;
            }
        };
        assert!(names.into_iter().all(|name| MetricName::parse(name).is_ok()), "{}", one.name());
    }
}

#[test]
fn a_card_that_does_what_its_datasheet_says_is_like_itself_and_nothing_speaks_against_it() {
    for forgets in [Forgets::AtRandom, Forgets::InHalves] {
        let mut compared = 0;
        for gpu in gpus() {
            let Some(found) = likeness(&own(gpu), &whole(gpu, 0.8, forgets)) else { continue };
            compared += 1;
            let own = found.nearest.iter().find(|near| near.gpu.name == gpu.name);
            // Cards that differ in nothing that is measured stand beside each other.
            let least = found.nearest[0].distance;
            let is_like = own.is_none_or(|own| own.distance < least + 0.6) && least < 1.0;
            assert!(is_like, "{}: {found:?}", gpu.name);
            assert_eq!(contradictions_of(&found), [""; 0], "{} {forgets:?}", gpu.name);
        }
        assert!(compared > 25, "{compared} cards have enough figures");
    }
}

#[test]
fn a_card_for_games_by_the_name_of_one_for_data_centres_is_told_apart() {
    let games = card("GeForce RTX 4090");
    let h100 = card("H100 SXM5 80GB");
    let found =
        likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), &only(figures(games, 0.85))).unwrap();
    assert!(found.nearest[0].gpu.name.starts_with("GeForce RTX 4090"), "{:?}", found.nearest);
    assert!(found.called.as_ref().unwrap().gpu.name.starts_with("H100"));
    let against = contradictions_of(&found);
    for what in
        ["census.units.count", "memory.filled.bytes", "fma.fp64.rate : fma.fp32.rate", "gemm.bf16.rate"]
    {
        assert!(against.contains(&what), "{what}: {against:?}");
    }
    let ratio = &found.called.unwrap().contradictions;
    let ratio = ratio.iter().find(|one| one.what.contains(" : ")).unwrap();
    assert!(matches!(ratio.measured, Shown::Ratio(ratio) if ratio < 1.0 / 60.0), "{ratio:?}");
}

#[test]
fn a_name_that_the_pci_id_does_not_bear_out_is_told() {
    let l40s = card("L40S");
    let found =
        likeness(&identity("NVIDIA H100 80GB HBM3", l40s.ids().next()), &only(figures(l40s, 0.9))).unwrap();
    let called = found.called.unwrap();
    assert!(called.gpu.name.starts_with("H100"), "{called:?}");
    assert_eq!(called.id_of.map(|gpu| gpu.name.as_str()), Some("L40S"));
    let plain = likeness(&identity("NVIDIA L40S", l40s.ids().next()), &only(figures(l40s, 0.9))).unwrap();
    assert!(plain.called.unwrap().id_of.is_none());
}

#[test]
fn a_slow_card_is_a_slow_one_and_one_that_is_too_fast_is_none() {
    let h100 = card("H100 SXM5 80GB");
    let of = |share| {
        likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), &only(figures(h100, share))).unwrap()
    };
    assert_eq!(contradictions_of(&of(0.65)), [""; 0]);
    assert!(contradictions_of(&of(1.4)).contains(&"fma.fp32.rate"));
    // An H20 has the memory of an H100 and a seventh of its tensor units.
    let h20 =
        likeness(&identity("NVIDIA H100 80GB HBM3", None), &only(figures(card("H20 96GB"), 0.9))).unwrap();
    assert!(contradictions_of(&h20).contains(&"gemm.bf16.rate : fma.fp32.rate"), "{h20:?}");
}

#[test]
fn half_of_the_units_is_a_part_of_that_card() {
    let h100 = card("H100 SXM5 80GB");
    let mut part = figures(h100, 0.8);
    part.iter_mut()
        .filter(|figure| figure.metric.as_str() == "census.units.count")
        .for_each(|f| f.value = 66.0);
    let found = likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), &only(part)).unwrap();
    assert_eq!(contradictions_of(&found), ["census.units.count"]);
    assert!(found.nearest[0].gpu.name.starts_with("H"), "{:?}", found.nearest);
}

#[test]
fn what_may_be_more_is_never_too_little() {
    let h100 = card("H100 SXM5 80GB");
    let mut few = figures(h100, 0.8);
    for figure in few.iter_mut().filter(|figure| figure.metric.as_str().starts_with("gemm.")) {
        figure.value /= 10.0;
        figure.at_least = true;
    }
    let of = |figures: &[Figure]| {
        likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), &only(figures.to_vec())).unwrap()
    };
    assert_eq!(contradictions_of(&of(&few)), [""; 0]);
    few.iter_mut().for_each(|figure| figure.at_least = false);
    assert!(contradictions_of(&of(&few)).contains(&"gemm.bf16.rate"));
}

#[test]
fn few_figures_are_no_likeness_and_strange_ones_no_trouble() {
    let h100 = card("H100 SXM5 80GB");
    let who = identity("NVIDIA H100 80GB HBM3", h100.ids().next());
    assert!(likeness(&who, &only(figures(h100, 0.8)[..3].to_vec())).is_none());
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, f64::MAX] {
        let strange: Vec<Figure> =
            figures(h100, 0.8).into_iter().map(|figure| Figure { value, ..figure }).collect();
        if let Some(found) = likeness(&who, &only(strange)) {
            assert!(found.nearest.iter().all(|near| near.distance.is_finite()), "{value}: {found:?}");
        }
    }
    assert!(likeness(&identity("Assay Mini", None), &only(figures(h100, 0.8))).unwrap().called.is_none());
}

/// A healthy H100 by its own name, but for one thing.
fn h100_but(change: impl FnOnce(&mut Identity, &mut Measured)) -> Likeness {
    let h100 = card("H100 SXM5 80GB");
    let (mut who, mut measured) = (own(h100), whole(h100, 0.8, Forgets::InHalves));
    change(&mut who, &mut measured);
    likeness(&who, &measured).unwrap()
}

fn with_l2(measured: &mut Measured, l2_mib: f64) {
    measured.figures.retain(|figure| figure.metric.probe() != "chase");
    measured.figures.extend(curve(l2_mib, Forgets::AtRandom));
}

#[test]
fn each_trait_alone_contradicts_a_name() {
    assert_eq!(contradictions_of(&h100_but(|_, _| {})), [""; 0]);
    let cache = h100_but(|_, measured| with_l2(measured, 6.0));
    assert_eq!(contradictions_of(&cache), ["l2_MiB"]);
    let cell = &cache.called.unwrap().contradictions[0];
    assert!(
        matches!((cell.measured, cell.catalogue), (Shown::Number(mib), Shown::Number(50.0)) if mib < 13.0)
    );
    let other = h100_but(|who, _| drop(who.details.insert("compute_capability".into(), "8.9".into())));
    assert_eq!(contradictions_of(&other), ["compute_capability"]);
    for (default_w, limit_w) in [(350.0, 350.0), (700.0, 350.0), (700.0, 1000.0)] {
        let limited = h100_but(|_, measured| {
            (measured.power_default_w, measured.power_limit_w) = (Some(default_w), Some(limit_w));
        });
        assert_eq!(contradictions_of(&limited), ["tdp_W"], "{default_w} {limit_w}");
        assert!(limited.called.unwrap().contradictions[0].is_own_word);
    }
    let fp8 = MetricName::parse("mma.fp8_e4m3.rate").unwrap();
    let refused = h100_but(|_, measured| {
        measured.figures.retain(|figure| figure.metric != fp8);
        measured.refused.push(fp8.clone());
    });
    assert_eq!(contradictions_of(&refused), ["mma.fp8_e4m3.rate"]);
    // The other way round: an A100 has no such instruction, whatever its catalogue lists.
    let a100 = card("A100 SXM4 80GB");
    let mut able = whole(a100, 0.8, Forgets::AtRandom);
    able.figures.push(figure(fp8.to_string(), 1e15));
    let able = likeness(&own(a100), &able).unwrap();
    assert_eq!(contradictions_of(&able), ["mma.fp8_e4m3.rate"]);
    assert_eq!(able.called.unwrap().contradictions[0].measured, Shown::Needs(8.9));
}

#[test]
fn what_the_machine_says_itself_makes_no_card_like_another() {
    let honest = h100_but(|_, _| {});
    let says = h100_but(|who, measured| {
        who.details.insert("compute_capability".into(), "7.5".into());
        (measured.power_default_w, measured.power_limit_w) = (Some(70.0), Some(70.0));
    });
    let near = |found: &Likeness| found.nearest.iter().map(|near| near.distance).collect::<Vec<_>>();
    assert_eq!(near(&honest), near(&says));
    assert_eq!(contradictions_of(&says), ["compute_capability", "tdp_W"]);
    // Nor is it a figure, of which a likeness needs four.
    let few = Measured { figures: figures(card("H100 SXM5 80GB"), 0.8)[..3].to_vec(), ..honest_words() };
    assert!(likeness(&own(card("H100 SXM5 80GB")), &few).is_none());
}

fn honest_words() -> Measured {
    Measured { figures: Vec::new(), ..whole(card("H100 SXM5 80GB"), 0.8, Forgets::AtRandom) }
}

#[test]
fn where_little_is_known_nothing_is_said() {
    // Of an H20 the catalogue has neither cache nor power limit.
    let h20 = card("H20 96GB");
    let mut measured = whole(h20, 0.8, Forgets::AtRandom);
    with_l2(&mut measured, 6.0);
    (measured.power_default_w, measured.power_limit_w) = (Some(70.0), Some(70.0));
    assert_eq!(contradictions_of(&likeness(&own(h20), &measured).unwrap()), [""; 0]);
    // A part of a card has a part of its L2; a coarse curve, and one that does not rise, show no size.
    let silent: [fn(&mut Identity, &mut Measured); 3] = [
        |who, _| drop(who.details.insert("mig".into(), "yes".into())),
        |_, measured| measured.figures.retain(|figure| figure.metric.as_str() != "chase.8mib.latency"),
        |_, measured| {
            let curve = measured.figures.iter_mut().filter(|figure| figure.metric.probe() == "chase");
            curve.for_each(|figure| figure.value = 300.0 + figure.value / 20.0);
        },
    ];
    for silence in silent {
        let found = h100_but(|who, measured| {
            with_l2(measured, 6.0);
            silence(who, measured);
        });
        assert_eq!(contradictions_of(&found), [""; 0]);
    }
}
