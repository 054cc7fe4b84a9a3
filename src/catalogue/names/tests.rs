//! Names as contracts, drivers and people write them.

use super::*;
use crate::catalogue::gpus;

/// The cards that a name means, and for none a question mark and the one that was perhaps meant.
fn meant(name: &str) -> Vec<String> {
    match resolve(name, gpus()) {
        Resolved::One(gpu) => vec![gpu.name.clone()],
        Resolved::Several(several) => several.iter().map(|gpu| gpu.name.clone()).collect(),
        Resolved::Counted { count, cards } => {
            vec![count.to_string()].into_iter().chain(cards.iter().map(|gpu| gpu.name.clone())).collect()
        }
        Resolved::None { nearest } => {
            vec!["?".to_owned()].into_iter().chain(nearest.map(|gpu| gpu.name.clone())).collect()
        }
    }
}

#[test]
fn every_card_is_known_by_its_own_name_however_it_is_written() {
    for gpu in gpus() {
        let plain = gpu.name.replace(['-', '_'], " ");
        for name in [&gpu.name, &gpu.name.to_uppercase(), &gpu.name.to_lowercase(), &plain] {
            assert_eq!(meant(name), [gpu.name.as_str()], "{name}");
        }
        assert_eq!(meant(&format!("{} {} ", gpu.vendor, gpu.name)), [gpu.name.as_str()]);
    }
}

#[test]
fn a_name_that_fits_one_card_is_that_card() {
    for (name, card) in [
        ("H100 SXM", "H100 SXM5 80GB"),
        ("H100-SXM5", "H100 SXM5 80GB"),
        ("NVIDIA H100 80GB SXM", "H100 SXM5 80GB"),
        ("NVIDIA Hopper H100 SXM", "H100 SXM5 80GB"),
        ("H100 94GB", "H100 NVL 94GB"),
        ("NVIDIA H100 PCIe", "H100 PCIe 80GB"),
        ("H200 SXM5", "H200 SXM"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM5 80GB"),
        ("NVIDIA B300 SXM6 AC", "B300 SXM"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000 Blackwell Server"),
        ("AMD Instinct MI300X OAM", "Instinct MI300X"),
        ("NVIDIA A100-SXM4-80GB", "A100 SXM4 80GB"),
        ("A100 PCIe 40 GB", "A100 PCIe 40GB"),
        ("A100 80G PCIE", "A100 PCIe 80GB"),
        ("Tesla V100-SXM2-32GB", "V100 SXM2"),
        ("Tesla T4", "T4"),
        ("L40", "L40"),
        ("l40s", "L40S"),
        ("L4", "L4"),
        ("NVIDIA GeForce RTX 4090", "GeForce RTX 4090"),
        ("RTX4090", "GeForce RTX 4090"),
        ("rtx 4090d", "GeForce RTX 4090 D"),
        ("RTX 4090 D", "GeForce RTX 4090 D"),
        ("5090", "GeForce RTX 5090"),
        ("RTX 6000 Ada", "RTX 6000 Ada Generation"),
        ("RTX PRO 6000 Server", "RTX PRO 6000 Blackwell Server"),
        ("B200", "B200 SXM"),
        ("GB200", "GB200 (per GPU)"),
        ("NVIDIA GB300", "GB300 (per GPU)"),
        ("H20", "H20 96GB"),
        ("AMD MI300X", "Instinct MI300X"),
        ("MI250X", "Instinct MI250X (2 GCD)"),
        ("Intel Gaudi3", "Gaudi 3"),
        ("Huawei Ascend 910B3", "Ascend 910B3"),
        ("Moore Threads S4000", "MTT S4000"),
        ("DCU K100-AI", "Hygon DCU K100_AI"),
        ("MLU370 X8", "Cambricon MLU370-X8"),
    ] {
        assert_eq!(meant(name), [card], "{name}");
    }
}

#[test]
fn a_name_that_fits_several_cards_is_none_of_them() {
    for (name, cards) in [
        ("H100", 3),
        ("H100 80GB", 2),
        ("A100", 4),
        ("A100 SXM", 2),
        ("A100 80GB", 2),
        ("A800", 2),
        ("H200", 2),
        ("NVIDIA H200 141GB", 2),
        ("H800", 2),
        ("V100 32GB", 2),
        ("910B", 4),
        ("Ascend 910B", 4),
        ("4090", 2),
        ("RTX 6000", 3),
        ("RTX PRO 6000", 2),
        ("MLU370", 2),
        ("Gaudi", 2),
        ("SXM", 9),
        ("Ada", 7),
    ] {
        let found = meant(name);
        assert_eq!(found.len(), cards, "{name}: {found:?}");
        assert!(!found.contains(&"?".to_owned()), "{name}: {found:?}");
    }
}

#[test]
fn a_name_that_fits_no_card_is_answered_with_the_nearest() {
    for (name, nearest) in [
        ("H210 SXM", Some("H200 SXM")),
        ("MI300", Some("Instinct MI300X")),
        ("A70", Some("A10")),
        ("RTX 4090 48GB", None),
        ("H20 141GB", None),
        ("Workstation", Some("RTX PRO 6000 Blackwell Workstation")),
        ("NVIDIA", None),
        ("GPU", None),
        ("", None),
        ("(H100)", None),
        ("eight of the best cards", None),
    ] {
        let found = meant(name);
        assert_eq!(found[0], "?", "{name}: {found:?}");
        if let Some(nearest) = nearest {
            assert_eq!(found.get(1).map(String::as_str), Some(nearest), "{name}");
        }
    }
}

#[test]
fn no_input_is_too_strange() {
    let long = "H100 ".repeat(50_000);
    for name in
        [long.as_str(), &"x".repeat(1 << 20), "\u{0}\u{202e}ＳＸＭ", "((((", "))))H100", "é̷ 80gbgb 1e999gb"]
    {
        let _ = meant(name);
    }
    assert_eq!(meant(&long).len(), 3);
}

#[test]
fn a_form_may_be_named_without_its_number() {
    assert!(is_form_of("sxm5", "sxm") && is_form_of("910b2", "910b"));
    for (known, word) in
        [("l40", "l4"), ("sxm5", "sx"), ("a100", "a"), ("mi300x", "mi"), ("sxm", "sxm"), ("rtx4090", "rtx")]
    {
        assert!(!is_form_of(known, word), "{known} {word}");
    }
}

#[test]
fn sizes_are_read() {
    assert_eq!((size("80gb"), size("141gib"), size("24g")), (Some(80.0), Some(141.0), Some(24.0)));
    for word in ["gb", "h100", "80", "80tb", "a80gb"] {
        assert_eq!(size(word), None, "{word}");
    }
}

#[test]
fn a_number_of_cards_leads_to_those_cards_and_to_no_other() {
    for name in ["8x H100 SXM", "8 x H100 SXM", "8xH100 SXM", "8 × H100 SXM", "8*H100 SXM", "H100 SXM*8"] {
        assert_eq!(meant(name), ["8", "H100 SXM5 80GB"], "{name}");
    }
    assert_eq!(meant("2x 4x NVIDIA H100 80GB HBM3"), ["2", "H100 SXM5 80GB"]);
    assert_eq!(meant("8x H100").len(), 4);
    assert_eq!(meant("8x something else"), ["8"]);
    assert_eq!(meant(&"1x".repeat(100_000)), ["1"]);
    let shown = resolve("8x H100 SXM", gpus()).one("8x H100 SXM");
    assert_eq!(
        shown.map(|gpu| gpu.name.as_str()).map_err(|e| e.to_string()),
        Err("\"8x H100 SXM\" says how many cards too; name the card alone, \"H100 SXM5 80GB\", and write devices = 8 in a contract, or \
         --gpus-per-node 8 for a new one"
            .to_owned())
    );
}
