//! Whether two names of a card mean the same card. Names are the machine's own word: this can contradict, never prove.
//! Owns the comparison; must not know evidence.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::device::Identity;

/// What an agreed model and a device's own word have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Same,
    Other,
    Unclear,
}

/// Compares an agreed model with what the device calls itself.
///
/// Where the catalogue knows the agreed name exactly and the device's PCI id too, they decide. Otherwise the words of
/// the name do: all of them there is the same card, a missing word with a digit in it (`h200`) is another.
pub(super) fn compare(agreed: &str, identity: &Identity) -> Match {
    let rows: Vec<&catalogue::Gpu> = catalogue::of(identity).collect();
    let named = |gpu: &catalogue::Gpu| words(&gpu.name) == words(agreed);
    if !rows.is_empty() && catalogue::gpus().iter().any(named) {
        return if rows.iter().any(|gpu| named(gpu)) { Match::Same } else { Match::Other };
    }
    let mut known = words(&identity.name);
    for gpu in rows {
        known.extend(words(&gpu.name));
    }
    let there = |word: &String| known.iter().any(|known| known == word || is_form_of(known, word));
    let missing: Vec<String> = words(agreed).into_iter().filter(|word| !there(word)).collect();
    if missing.is_empty() && !agreed.trim().is_empty() {
        Match::Same
    } else if missing.iter().any(|word| word.bytes().any(|b| b.is_ascii_digit()) && !is_size(word)) {
        Match::Other
    } else {
        Match::Unclear
    }
}

/// Whether two sources give a card the same name, apart from maker and driver.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

/// The words of a name in lower case, without makers, which some sources leave out, and without what stands in
/// parentheses, which is the driver's.
fn words(name: &str) -> BTreeSet<String> {
    const MAKERS: [&str; 6] = ["nvidia", "amd", "intel", "corporation", "r", "tm"];
    let mut depth = 0u32;
    let outside: String = name
        .chars()
        .map(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ if depth == 0 => return c,
                _ => {}
            }
            ' '
        })
        .collect();
    outside
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| !MAKERS.contains(&word.as_str()))
        .collect()
}

/// `sxm5` is a form of `sxm`, but `l40` none of `l4`.
fn is_form_of(known: &str, word: &str) -> bool {
    let letters = word.chars().all(char::is_alphabetic);
    letters && known.strip_prefix(word).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// `80gb`, `141gib`: a size, which the inventory demands on its own.
fn is_size(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    !digits.is_empty() && matches!(&word[digits.len()..], "gb" | "gib" | "g")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_and_drivers_make_no_difference() {
        assert!(same_name("NVIDIA H200", "H200"));
        assert!(same_name("AMD Radeon RX 7900 XTX (RADV NAVI31)", "Radeon RX 7900 XTX"));
        assert!(!same_name("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090 D"));
        assert!(!same_name("NVIDIA L40", "NVIDIA L40S"));
    }

    #[test]
    fn a_form_factor_may_be_named_without_its_generation() {
        assert!(is_form_of("sxm5", "sxm"));
        assert!(!is_form_of("l40", "l4"));
        assert!(!is_form_of("sxm5", "sx"));
    }
}
