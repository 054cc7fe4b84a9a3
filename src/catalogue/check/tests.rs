//! Each rule is shown to catch what it is for, on the built-in tables with one mistake in them.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::catalogue::bands::{Basis, Row};
use crate::catalogue::built_in;
use crate::catalogue::sources::{Confidence, Line, Source, SourceKind, WasRead};
use crate::language::Language;

/// What is found wrong after a change to the built-in catalogue.
#[track_caller]
fn wrong(change: impl FnOnce(&mut Catalogue)) -> String {
    let mut catalogue = built_in().clone();
    change(&mut catalogue);
    let problems: Vec<String> =
        check(&catalogue, &[], Language::English).iter().map(Problem::to_string).collect();
    problems.join("\n")
}

fn card<'a>(catalogue: &'a mut Catalogue, name: &str) -> &'a mut Gpu {
    catalogue.gpus.iter_mut().find(|gpu| gpu.name == name).unwrap()
}

#[track_caller]
fn finds(words: &str, change: impl FnOnce(&mut Catalogue)) {
    let found = wrong(change);
    assert!(found.contains(words), "{words:?} is not in {found:?}");
}

#[test]
fn figures_that_cannot_be_are_found() {
    assert_eq!(wrong(|_| {}), "");
    finds("H200 SXM, memory_bandwidth_GBps: 4.8 is not between", |c| {
        card(c, "H200 SXM").bandwidth_gb_per_s = Some(4.8)
    });
    finds("H200 SXM, fp32: NaN is not between", |c| card(c, "H200 SXM").fp32 = Some(f64::NAN));
    finds("A10, pcie_width: a link has", |c| card(c, "A10").pcie_width = Some(12));
    finds("\"80GB\" is not one or several sizes", |c| card(c, "H200 SXM").memory_gb = "80GB".into());
    finds("is not a PCI id", |c| card(c, "H200 SXM").pci_ids = "10DE:2335".into());
    finds("is not a PCI id", |c| card(c, "H200 SXM").pci_ids = "10de:2335 note".into());
    finds("H100 SXM5 80GB has the same id 10de:2330", |c| card(c, "H200 SXM").pci_ids = "10de:2330".into());
    finds("vendor: is empty", |c| card(c, "T4").vendor.clear());
    finds("does not mean one card alone", |c| card(c, "L40S").name = "L40".into());
    finds("does not mean one card alone", |c| card(c, "T4").name = "Tesla".into());
}

#[test]
fn figures_that_do_not_fit_one_another_are_found() {
    finds("H200 SXM, fp16: it is 2.000 of units x operations per cycle x clock; is it the sparse", |c| {
        card(c, "H200 SXM").fp16 = Some(1979.0);
    });
    finds("bf16:fp16", |c| card(c, "H200 SXM").bf16 = Some(1979.0));
    finds("fp8:fp16", |c| card(c, "H200 SXM").fp8 = Some(3958.0));
    finds("tf32:fp16", |c| card(c, "H200 SXM").tf32 = Some(989.0));
    finds("memory_bandwidth_GBps:memory_GB", |c| card(c, "H200 SXM").bandwidth_gb_per_s = Some(480.0));
    finds("correct it, or write an exception", |c| card(c, "H200 SXM").units = Some(134));
    finds("exception fp16-arithmetic of L40S: nothing needs it", |c| card(c, "L40S").fp16 = Some(366.4));
    finds("int8:fp16", |c| c.exceptions.retain(|one| one.card != "B300 SXM"));
}

/// The named exceptions stay what they are, and most cards can be worked out.
#[test]
fn peaks_are_units_times_clock() {
    let ratios: Vec<(&str, f64)> = built_in()
        .gpus
        .iter()
        .filter_map(|gpu| Some((gpu.name.as_str(), arithmetic::published_to_computed(gpu)?)))
        .collect();
    assert!(ratios.len() >= 35, "{}", ratios.len());
    let mut off: Vec<&str> =
        ratios.iter().filter(|(_, r)| (r - 1.0).abs() > 0.01).map(|(name, _)| *name).collect();
    off.sort_unstable();
    assert_eq!(off, ["Ascend 910B2", "H100 NVL 94GB", "H20 96GB", "H200 NVL", "L40S"]);
    assert!(ratios.iter().all(|(_, ratio)| (0.8..1.25).contains(ratio)), "{ratios:?}");
}

fn line(card: &str, columns: &str, sources: &str, confidence: Confidence) -> Line {
    Line { card: card.into(), columns: columns.into(), sources: sources.into(), confidence }
}

#[test]
fn cells_without_a_source_are_found() {
    finds("T4, tdp_W: nothing says where it comes from", |c| {
        c.provenance.retain(|line| !(line.card == "T4" && line.columns == "*"));
    });
}

#[test]
fn lines_that_say_nothing_true_are_found() {
    let adds = |words: &str, one: Line| finds(words, |c| c.provenance.push(one));
    adds("fp4 is empty", line("H200 SXM", "fp4", "epoch-ai", Confidence::Low));
    adds("no cell rests on it", line("H200 SXM", "fp4", "epoch-ai", Confidence::Low));
    adds("two lines of provenance speak of it", line("H200 SXM", "fp16", "epoch-ai", Confidence::Low));
    adds("there is no such card", line("H300", "*", "epoch-ai", Confidence::Low));
    adds("there is no column \"fp128\"", line("H200 SXM", "fp128", "epoch-ai", Confidence::Low));
    adds("there is no source \"hearsay\"", line("H200 SXM", "fp32", "hearsay", Confidence::Low));
    adds("it names no source", line("H200 SXM", "fp32", " ", Confidence::Low));
    adds("none of its sources was read", line("H200 SXM", "fp32", "h200-datasheet", Confidence::High));
    adds("none of its sources was read", line("H200 SXM", "fp32", "inferred", Confidence::High));
}

#[test]
fn sources_that_nothing_rests_on_are_found() {
    let source = |id: &str, title: &str| Source {
        id: id.into(),
        title: title.into(),
        address: None,
        kind: SourceKind::Press,
        read: WasRead::Yes,
    };
    finds("source \"new\": no figure rests on it", |c| c.sources.push(source("new", "New")));
    finds("source \"epoch-ai\": it is listed twice", |c| c.sources.push(source("epoch-ai", "Again")));
    finds("made of small letters", |c| c.sources.push(source("a b", "New")));
    finds("it has no title", |c| c.sources.push(source("new", " ")));
}

/// A band of our own of a card, with changes.
fn band(change: impl FnOnce(&mut Row)) -> Result<Vec<crate::catalogue::Band>, String> {
    let mut row = Row {
        cards: "H200 SXM".into(),
        metric: "link.h2d_pageable.rate".into(),
        low: 7.0,
        typical: 8.0,
        high: 9.0,
        unit: "GB/s".into(),
        devices: Some(1),
        conditions: String::new(),
        basis: Basis::Own,
        sources: "assay-h200-2026-11-26".into(),
        confidence: Confidence::Low,
    };
    change(&mut row);
    row.bands(&built_in().gpus)
}

#[test]
fn bands_that_cannot_be_are_found() {
    let adds =
        |words: &str, change: &dyn Fn(&mut Row)| finds(words, |c| c.bands.extend(band(change).unwrap()));
    assert_eq!(wrong(|c| c.bands.extend(band(|_| {}).unwrap())), "");
    adds("90 GB/s is above the datasheet's 63.01 GB/s", &|row| row.high = 90.0);
    adds("does not rise", &|row| row.typical = 6.0);
    adds("does not rise", &|row| row.low = 0.0);
    adds("does not rise", &|row| row.high = f64::NAN);
    adds("it is there twice", &|row| row.metric = "link.h2d.rate".into());
    adds("below what any device can do", &|row| {
        (row.metric, row.unit, row.low) = ("chase.4kib.latency".into(), "ns".into(), 0.1);
    });
    adds("must be signed reports", &|row| row.sources = "clpeak".into());
    adds("say how many devices", &|row| row.devices = None);
    adds("a result of our own", &|row| row.basis = Basis::Published);
    adds("its confidence is low", &|row| row.basis = Basis::Inferred);
    adds("it names no source", &|row| row.sources.clear());
    adds("there is no source", &|row| row.sources = "assay-h200-2026-11-26 hearsay".into());
}

#[test]
fn bands_that_mean_nothing_are_refused() {
    let refused = |words: &str, change: &dyn Fn(&mut Row)| {
        let why = band(change).unwrap_err();
        assert!(why.contains(words), "{why}");
    };
    refused("there is no metric \"link.rate\"", &|row| row.metric = "link.rate".into());
    refused("there is no card \"H200\"", &|row| row.cards = "H200".into());
    refused("does not fit", &|row| row.unit = "TFLOP/s".into());
    refused("is a text", &|row| row.metric = "identity.device.name".into());
    refused("has no peak of l2.read.rate", &|row| {
        (row.metric, row.unit) = ("l2.read.rate".into(), "% of datasheet".into());
    });
    assert_eq!(band(|row| row.cards = "H200 SXM; H200 NVL".into()).unwrap().len(), 2);
}
