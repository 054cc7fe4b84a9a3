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
    /// Its PCI id is that of the agreed model, its name that of another card.
    Contradicted,
}

/// Compares an agreed model with what the device calls itself.
///
/// Where the catalogue knows the agreed name exactly and the device's PCI id too, they decide. Otherwise the words of
/// the name do: all of them there is the same card, a missing word with a digit in it (`h200`) is another. A name that means
/// another card than the PCI id does leaves open what it is. What a virtual machine has of a card (vGPU) has the card's id too, so
/// that its name alone counts.
pub(super) fn compare(agreed: &Model, identity: &Identity) -> Match {
    let agreed = agreed.as_str();
    if is_vgpu(&identity.name) {
        return match words(agreed).is_subset(&words(&identity.name)) {
            true => Match::Same,
            false if is_vgpu(agreed) => Match::Other,
            false => Match::Unclear,
        };
    }
    let rows: Vec<&catalogue::Gpu> = catalogue::of(identity).collect();
    let named = |gpu: &catalogue::Gpu| words(&gpu.name) == words(agreed);
    let another = |gpu: &catalogue::Gpu| names::means_another(&identity.name, gpu, catalogue::gpus());
    if !rows.is_empty() && catalogue::gpus().iter().any(named) {
        return match rows.iter().find(|gpu| named(gpu)) {
            None => Match::Other,
            Some(agreed) if another(agreed) => Match::Contradicted,
            Some(_) => Match::Same,
        };
    }
    if !rows.is_empty() && rows.iter().all(|gpu| another(gpu)) {
        return Match::Contradicted;
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

/// Whether it is called by a card and a share of it, as vGPUs are: `H100XL-40C`, `DC-1-24Q`, `A100-1-5CME`.
fn is_vgpu(name: &str) -> bool {
    let name = name.trim().to_ascii_uppercase();
    let share = name.rsplit_once('-').map_or("", |(_, share)| share.trim_end_matches("ME"));
    let size = share.strip_suffix(['A', 'B', 'C', 'Q']).unwrap_or_default();
    !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit())
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A device that calls itself so, with a PCI id.
    fn device(name: &str, (vendor, device): (u32, u32)) -> Identity {
        Identity {
            name: name.to_owned(),
            vendor_id: Some(vendor),
            device_id: Some(device),
            ..Identity::unknown()
        }
    }

    fn id_of(card: &str) -> (u32, u32) {
        catalogue::gpus().iter().find(|gpu| gpu.name == card).unwrap().ids().next().unwrap()
    }

    #[test]
    fn a_name_that_is_another_cards_contradicts_the_id() {
        for (agreed, card, name) in [
            ("H100 SXM5 80GB", "H100 SXM5 80GB", "NVIDIA GeForce RTX 4090"),
            ("H100", "H100 SXM5 80GB", "NVIDIA GeForce RTX 4090"),
            ("H100 SXM5 80GB", "H100 SXM5 80GB", "NVIDIA H100 PCIe"),
            ("H200 SXM", "H200 SXM", "NVIDIA H100 80GB HBM3"),
            ("L40S", "L40S", "NVIDIA L40"),
            ("A10", "A10", "NVIDIA A10G"),
        ] {
            let found = compare(&Model(agreed.to_owned()), &device(name, id_of(card)));
            assert_eq!(found, Match::Contradicted, "{agreed} of {card}, called {name}");
        }
    }

    #[test]
    fn what_drivers_call_a_card_contradicts_nothing() {
        for (agreed, name) in [
            ("H100 SXM5 80GB", "NVIDIA H100 80GB HBM3"),
            ("H100 SXM5 80GB", "NVIDIA H100"),
            ("H100 SXM5 80GB", "Graphics Device"),
            ("H100 SXM5 80GB", ""),
            ("H200 SXM", "NVIDIA H200"),
            ("A100 SXM4 80GB", "NVIDIA A100-SXM4-80GB"),
            ("L40S", "NVIDIA L40S"),
            // By the memory of its CPU.
            ("GH200 96GB", "NVIDIA GH200 480GB"),
            ("A10G", "NVIDIA A10G"),
        ] {
            assert_eq!(
                compare(&Model(agreed.to_owned()), &device(name, id_of(agreed))),
                Match::Same,
                "{name}"
            );
        }
    }

    /// Whole, with the maker, and with any words left out: boards are called shorter than the catalogue calls them.
    #[test]
    fn no_card_of_the_catalogue_contradicts_itself() {
        for gpu in catalogue::gpus() {
            let words: Vec<&str> = gpu.name.split(' ').collect();
            let shorter = (1..1u32 << words.len()).map(|kept| {
                let kept = words.iter().enumerate().filter(|(at, _)| kept & (1 << at) != 0);
                kept.map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
            });
            let names: Vec<String> = shorter.chain([format!("{} {}", gpu.vendor, gpu.name)]).collect();
            for (name, id) in names.iter().flat_map(|name| gpu.ids().map(move |id| (name, id))) {
                let found = compare(&Model(gpu.name.clone()), &device(name, id));
                assert_eq!(found, Match::Same, "{}, called {name}", gpu.name);
            }
        }
    }

    /// A virtual machine sees the card's id, whatever it has of it.
    #[test]
    fn a_vgpu_is_known_by_its_name_alone() {
        let (sxm, pcie) = (id_of("H100 SXM5 80GB"), id_of("A100 PCIe 40GB"));
        for (agreed, name, id, found) in [
            ("H100 SXM5 80GB", "NVIDIA H100XM-40C", sxm, Match::Unclear),
            ("H100", "NVIDIA H100XM-80C", sxm, Match::Unclear),
            ("H100XM-40C", "NVIDIA H100XM-40C", sxm, Match::Same),
            ("H100XM-80C", "NVIDIA H100XM-40C", sxm, Match::Other),
            ("A100 PCIe 40GB", "GRID A100-1-5CME", pcie, Match::Unclear),
            ("A100 PCIe 40GB", "NVIDIA A100-PCIE-40GB", pcie, Match::Same),
        ] {
            let is = compare(&Model(agreed.to_owned()), &device(name, id));
            assert_eq!(is, found, "{agreed}, called {name}");
        }
    }

    #[test]
    fn makers_and_drivers_make_no_difference() {
        assert!(same_name("NVIDIA H200", "H200"));
        assert!(same_name("AMD Radeon RX 7900 XTX (RADV NAVI31)", "Radeon RX 7900 XTX"));
        assert!(!same_name("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090 D"));
        assert!(!same_name("NVIDIA L40", "NVIDIA L40S"));
    }
}
