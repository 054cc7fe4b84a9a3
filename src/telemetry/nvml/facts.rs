//! What NVML says of the library, of the driver and of a card that does not change while it is measured.
//! Owns the wording of such facts; must not know readings or how NVML is called.

use nvml_wrapper_sys::bindings::NVML_NVLINK_MAX_LINKS;

use super::card::{Card, Clock};
use super::raw::Library;
use super::refusal::{Answer, Refusal};
use super::{address, library};
use crate::device::Unsupported;
use crate::telemetry::{Fact, words};

/// A fact as NVML answered it.
fn fact(name: &'static str, answer: Answer<String>) -> Fact {
    Fact { name, value: answer.map_err(|refusal| unsupported(&refusal)) }
}

/// One that NVML gives as a number.
fn number(name: &'static str, answer: Answer<impl ToString>) -> Fact {
    fact(name, answer.map(|number| number.to_string()))
}

/// One that NVML gives as a code for one of its words; a code beyond them stands for itself.
fn word(name: &'static str, answer: Answer<u32>) -> Fact {
    let words = words(name).unwrap_or_default();
    let spell = |code: u32| words.get(code as usize).map_or(code.to_string(), |word| (*word).to_owned());
    fact(name, answer.map(spell))
}

/// What a card lacks by its own word is not our failure.
fn unsupported(refusal: &Refusal) -> Unsupported {
    let why = format!("NVML: {refusal}");
    if refusal.is_the_cards() { Unsupported::card(why) } else { Unsupported::us(why) }
}

pub fn of_library(nvml: Library) -> Vec<Fact> {
    let unknown = || Unsupported::us("this system does not tell where a library was loaded from");
    let path = nvml.address().and_then(library::file_at).ok_or_else(unknown);
    let digest = path.clone().and_then(|path| library::digest(&path).map_err(Unsupported::us));
    let confidential = nvml.confidential_computing();
    vec![
        Fact { name: "nvml.library", value: path },
        Fact { name: "nvml.library_sha256", value: digest },
        fact("nvml.version", nvml.version()),
        fact("nvml.driver_version", nvml.driver_version()),
        number("nvml.cards", nvml.cards()),
        word("nvml.confidential_computing", confidential.clone().map(|(on, _)| on)),
        word("nvml.confidential_devtools", confidential.map(|(_, devtools)| devtools)),
    ]
}

pub fn of_card(card: Card) -> Vec<Fact> {
    [identity(card), sizes(card), limits(card), modes(card), links(card)].into_iter().flatten().collect()
}

fn identity(card: Card) -> Vec<Fact> {
    let pci = card.pci();
    let id = |(vendor, device): (u16, u16)| format!("{vendor:04x}:{device:04x}");
    let place = pci.as_ref().map_err(Clone::clone).map(|pci| {
        // What does not look like an address stays as it is, for people to see.
        address::normal(&pci.address).unwrap_or_else(|| pci.address.clone())
    });
    vec![
        fact("nvml.name", card.name()),
        fact("nvml.uuid", card.uuid()),
        fact("nvml.serial", card.serial()),
        fact("nvml.board_part_number", card.board_part_number()),
        fact("nvml.vbios", card.vbios()),
        fact("nvml.pci_address", place),
        fact("nvml.pci_id", pci.as_ref().map(|pci| id(pci.id)).map_err(Clone::clone)),
        fact("nvml.pci_subsystem_id", pci.as_ref().map(|pci| id(pci.subsystem_id)).map_err(Clone::clone)),
        word("nvml.architecture", card.architecture()),
    ]
}

fn sizes(card: Card) -> Vec<Fact> {
    let memory = card.memory();
    let bytes = |bytes: fn(&super::card::Memory) -> u64| memory.as_ref().map(bytes).map_err(Clone::clone);
    vec![
        number("nvml.cores", card.cores()),
        number("nvml.memory_bytes", bytes(|memory| memory.bytes)),
        number("nvml.memory_used_bytes", bytes(|memory| memory.used_bytes)),
        Fact { name: "nvml.processes_others", value: others(card.processes(), std::process::id()) },
        number("nvml.bar1_bytes", card.bar1_bytes()),
        number("nvml.pcie_generation_max", card.pcie_generation_max()),
        number("nvml.pcie_width_max", card.pcie_width_max()),
    ]
}

/// How many other processes have the card open. This one does as well; where the driver does not list it, as in a
/// container, it does not list the others either, and nothing is known.
fn others(listed: Answer<Vec<u32>>, own: u32) -> Result<String, Unsupported> {
    let mut pids = listed.map_err(|refusal| unsupported(&refusal))?;
    pids.sort_unstable();
    pids.dedup();
    if pids.contains(&own) {
        Ok((pids.len() - 1).to_string())
    } else {
        Err(Unsupported::us(
            "the driver does not list this process among the card's, so it does not list all",
        ))
    }
}

fn limits(card: Card) -> Vec<Fact> {
    let power = card.power_limits_mw();
    vec![
        number("nvml.power_limit_mw", card.power_limit_mw()),
        number("nvml.power_limit_default_mw", card.power_limit_default_mw()),
        number("nvml.power_limit_min_mw", power.clone().map(|(least, _)| least)),
        number("nvml.power_limit_max_mw", power.map(|(_, most)| most)),
        number("nvml.clock_max_mhz", card.clock_max_mhz(Clock::Multiprocessors)),
        number("nvml.memory_clock_max_mhz", card.clock_max_mhz(Clock::Memory)),
    ]
}

fn modes(card: Card) -> Vec<Fact> {
    let (ecc, mig) = (card.ecc_modes(), card.mig_modes());
    vec![
        word("nvml.ecc", ecc.clone().map(|(now, _)| now)),
        word("nvml.ecc_pending", ecc.map(|(_, pending)| pending)),
        word("nvml.ecc_default", card.ecc_default()),
        word("nvml.mig", mig.clone().map(|(now, _)| now)),
        word("nvml.mig_pending", mig.map(|(_, pending)| pending)),
        word("nvml.compute_mode", card.compute_mode()),
        word("nvml.persistence", card.persistence()),
        word("nvml.virtualisation", card.virtualisation()),
    ]
}

fn links(card: Card) -> Vec<Fact> {
    let answers: Vec<Answer<bool>> =
        (0..NVML_NVLINK_MAX_LINKS).map(|link| card.nvlink_is_active(link)).collect();
    let known: Vec<bool> = answers.iter().flatten().copied().collect();
    // A link that does not exist is refused; where all are, the first refusal says why.
    let refused = answers.into_iter().next().and_then(Result::err).filter(|_| known.is_empty());
    let count = |links: usize| refused.clone().map_or(Ok(links), Err);
    vec![
        number("nvml.nvlinks", count(known.len())),
        number("nvml.nvlinks_active", count(known.iter().filter(|active| **active).count())),
        word("nvml.fabric", card.fabric_state()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_processes_are_counted_only_where_all_are_listed() {
        assert_eq!(others(Ok(vec![7, 9, 9, 8]), 7), Ok("2".to_owned()));
        assert_eq!(others(Ok(vec![7]), 7), Ok("0".to_owned()));
        assert!(others(Ok(vec![9]), 7).is_err());
        assert!(others(Ok(Vec::new()), 7).is_err());
    }

    #[test]
    fn a_code_without_a_word_stands_for_itself() {
        assert_eq!(word("nvml.ecc", Ok(1)).value, Ok("enabled".to_owned()));
        assert_eq!(word("nvml.ecc", Ok(7)).value, Ok("7".to_owned()));
    }
}
