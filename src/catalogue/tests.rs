//! The built-in tables are whole, and every figure in them says where it comes from.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::catalogue::sources::Confidence;

/// SHA-256 of the data of [`VERSION`].
const DIGEST: &str = "3646d6130a2a8ccb465c069dcadd580bf26702b596421065e4dc638e49b98868";

#[test]
fn nothing_is_wrong_with_the_tables() {
    let problems: Vec<String> = check(Language::English).iter().map(Problem::to_string).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_row_is_read() {
    let lines = |text: &str| text.lines().count() - 1;
    let all = built_in();
    assert_eq!(all.gpus.len(), lines(include_str!("gpus.csv")));
    assert_eq!(all.sources.len(), lines(include_str!("sources.csv")));
    assert_eq!(all.provenance.len(), lines(include_str!("provenance.csv")));
    assert_eq!(all.exceptions.len(), lines(include_str!("exceptions.csv")));
    assert!(all.bands.len() > lines(include_str!("bands.csv")));
    assert!(all.gpus.len() >= 49 && check::cells_filled(all) >= 864);
    let known = gpus().iter().filter(|gpu| gpu.ids().count() > 0).count();
    assert_eq!(known, gpus().iter().filter(|gpu| !gpu.pci_ids.is_empty()).count());
}

#[test]
fn changed_data_is_a_new_version() {
    assert_eq!(digest(), DIGEST, "the data of {VERSION} changed: raise VERSION, then write its digest here");
}

#[test]
fn the_more_specific_line_says_where_a_cell_comes_from() {
    let h200 = gpus().iter().find(|gpu| gpu.name == "H200 SXM").unwrap();
    let origin = |column| {
        let origin = built_in().origin(h200, column).unwrap();
        let ids: Vec<&str> = origin.sources.iter().map(|source| source.id.as_str()).collect();
        (ids.join(" "), origin.confidence)
    };
    assert_eq!(origin("memory_GB"), ("h200-datasheet".to_owned(), Confidence::Medium));
    assert_eq!(origin("fp16"), ("ml-engineering epoch-ai".to_owned(), Confidence::High));
    assert_eq!(origin("nvlink_GBps_total"), ("h200-datasheet mlperf-4.1".to_owned(), Confidence::Medium));
    assert_eq!(origin("arith_clock_MHz"), ("inferred".to_owned(), Confidence::Low));
}

#[test]
fn bands_are_found_by_card_and_metric() {
    let metric = |name| MetricName::parse(name).unwrap();
    let card = |name: &str| gpus().iter().find(|gpu| gpu.name == name).unwrap();
    let own = band(card("H200 SXM"), &metric("stream.triad.rate")).unwrap();
    assert_eq!((own.typical, own.basis, own.devices), (4.4105e12, bands::Basis::Own, Some(2)));
    let inferred = band(card("H800 SXM5 80GB"), &metric("gemm.bf16.rate")).unwrap();
    assert!((inferred.typical / (0.803 * 989e12) - 1.0).abs() < 1e-9, "{}", inferred.typical);
    assert_eq!(band(card("H200 SXM"), &metric("link.h2d_pageable.rate")), None);
}
