//! Whether two names of a card mean the same card. Names are the machine's own word: this can contradict, never prove.
//! Owns the comparison; must not know evidence.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalogue;
use crate::catalogue::names::{self, is_form_of};
use crate::device::Identity;

/// A model by name, such as `H200 SXM`. A maker alone is none, since every card of that maker would be it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Model(String);

impl TryFrom<String> for Model {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if words(&name).is_empty() {
            return Err(format!("{name:?} names no model; write one such as \"H200 SXM\""));
        }
        Ok(Self(name))
    }
}

impl From<Model> for String {
    fn from(model: Model) -> Self {
        model.0
    }
}

impl Model {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a part of a divided card, such as `H200 MIG 1g.18gb`.
    pub(super) fn is_part(&self) -> bool {
        words(&self.0).contains("mig")
    }
}

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
pub(super) fn compare(agreed: &Model, identity: &Identity) -> Match {
    let agreed = agreed.as_str();
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
    if missing.is_empty() {
        Match::Same
    } else if missing
        .iter()
        .any(|word| word.bytes().any(|b| b.is_ascii_digit()) && names::size(word).is_none())
    {
        Match::Other
    } else {
        Match::Unclear
    }
}

/// Whether two sources give a card the same name, apart from maker and driver.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

fn words(name: &str) -> BTreeSet<String> {
    names::words(name).into_iter().collect()
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
}
