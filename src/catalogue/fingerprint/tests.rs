//! Cards of the catalogue by their own figures and by those of others, under their own names and others'.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::device::inventory;

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

fn contradictions_of(found: &Likeness) -> Vec<&str> {
    found.called.as_ref().unwrap().contradictions.iter().map(|one| one.what.as_str()).collect()
}

#[test]
fn every_trait_is_a_metric() {
    for one in &TRAITS {
        let names = match one {
            Trait::Figure(name, _) => vec![name],
            Trait::Ratio(above, below, _) => vec![above, below],
        };
        assert!(names.into_iter().all(|name| MetricName::parse(name).is_ok()), "{}", one.name());
    }
}

#[test]
fn a_card_that_does_what_its_datasheet_says_is_like_itself_and_nothing_speaks_against_it() {
    let mut compared = 0;
    for gpu in gpus() {
        let figures = figures(gpu, 0.8);
        let Some(found) = likeness(&identity(&gpu.name, gpu.ids().next()), &figures) else { continue };
        compared += 1;
        let own = found.nearest.iter().find(|near| near.gpu.name == gpu.name);
        // Cards that differ in nothing that is measured stand beside each other.
        let least = found.nearest[0].distance;
        assert!(own.is_none_or(|own| own.distance < least + 0.6) && least < 1.0, "{}: {found:?}", gpu.name);
        assert_eq!(contradictions_of(&found), [""; 0], "{}", gpu.name);
    }
    assert!(compared > 25, "{compared} cards have enough figures");
}

#[test]
fn a_card_for_games_by_the_name_of_one_for_data_centres_is_told_apart() {
    let games = card("GeForce RTX 4090");
    let h100 = card("H100 SXM5 80GB");
    let found =
        likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), &figures(games, 0.85)).unwrap();
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
    let found = likeness(&identity("NVIDIA H100 80GB HBM3", l40s.ids().next()), &figures(l40s, 0.9)).unwrap();
    let called = found.called.unwrap();
    assert!(called.gpu.name.starts_with("H100"), "{called:?}");
    assert_eq!(called.id_of.map(|gpu| gpu.name.as_str()), Some("L40S"));
    let plain = likeness(&identity("NVIDIA L40S", l40s.ids().next()), &figures(l40s, 0.9)).unwrap();
    assert!(plain.called.unwrap().id_of.is_none());
}

#[test]
fn a_slow_card_is_a_slow_one_and_one_that_is_too_fast_is_none() {
    let h100 = card("H100 SXM5 80GB");
    let of = |share| {
        likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), &figures(h100, share)).unwrap()
    };
    assert_eq!(contradictions_of(&of(0.65)), [""; 0]);
    assert!(contradictions_of(&of(1.4)).contains(&"fma.fp32.rate"));
    // An H20 has the memory of an H100 and a seventh of its tensor units.
    let h20 = likeness(&identity("NVIDIA H100 80GB HBM3", None), &figures(card("H20 96GB"), 0.9)).unwrap();
    assert!(contradictions_of(&h20).contains(&"gemm.bf16.rate : fma.fp32.rate"), "{h20:?}");
}

#[test]
fn half_of_the_units_is_a_part_of_that_card() {
    let h100 = card("H100 SXM5 80GB");
    let mut part = figures(h100, 0.8);
    part.iter_mut()
        .filter(|figure| figure.metric.as_str() == "census.units.count")
        .for_each(|f| f.value = 66.0);
    let found = likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), &part).unwrap();
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
        likeness(&identity("NVIDIA H100 80GB HBM3", h100.ids().next()), figures).unwrap()
    };
    assert_eq!(contradictions_of(&of(&few)), [""; 0]);
    few.iter_mut().for_each(|figure| figure.at_least = false);
    assert!(contradictions_of(&of(&few)).contains(&"gemm.bf16.rate"));
}

#[test]
fn few_figures_are_no_likeness_and_strange_ones_no_trouble() {
    let h100 = card("H100 SXM5 80GB");
    let who = identity("NVIDIA H100 80GB HBM3", h100.ids().next());
    assert!(likeness(&who, &figures(h100, 0.8)[..3]).is_none());
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, f64::MAX] {
        let strange: Vec<Figure> =
            figures(h100, 0.8).into_iter().map(|figure| Figure { value, ..figure }).collect();
        if let Some(found) = likeness(&who, &strange) {
            assert!(found.nearest.iter().all(|near| near.distance.is_finite()), "{value}: {found:?}");
        }
    }
    assert!(likeness(&identity("Assay Mini", None), &figures(h100, 0.8)).unwrap().called.is_none());
}
