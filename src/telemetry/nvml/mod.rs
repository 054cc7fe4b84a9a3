//! NVML, what the NVIDIA driver says about its cards. Opened by workers only: it runs the vendor's code.
//! Owns how a card is found: by its UUID or its PCI address, never by an index, whose order nobody promises.

mod address;
mod card;
mod facts;
mod library;
mod raw;
mod readings;
mod refusal;

use super::{Attestation, Fact, NvmlFound, Reading, Telemetry};
use crate::device::{Identity, Unsupported};
use raw::Library;
use readings::Sensors;

/// Says what NVML there is.
pub fn found() -> Result<NvmlFound, String> {
    let nvml = Library::load()?;
    let text = |answer: refusal::Answer<String>| answer.unwrap_or_else(|refusal| refusal.to_string());
    Ok(NvmlFound {
        version: text(nvml.version()),
        driver: text(nvml.driver_version()),
        cards: nvml.cards().map_err(|refusal| refusal.to_string())?,
        library: nvml.address().and_then(library::file_at),
    })
}

/// A card, as NVML knows it.
pub struct Card {
    nvml: Library,
    card: card::Card,
    sensors: Sensors,
}

/// Opens the card that a device is. Where there is none, the facts say what is missing.
pub fn open(identity: &Identity) -> Result<Card, Vec<Fact>> {
    let missing = |name, why| Fact { name, value: Err(Unsupported::us(why)) };
    let nvml = Library::load().map_err(|why| vec![missing("nvml.library", why)])?;
    let card = find(nvml, identity).map_err(|why| {
        let mut facts = facts::of_library(nvml);
        facts.push(missing("nvml.name", why));
        facts
    })?;
    Ok(Card { nvml, card, sensors: Sensors::new(card) })
}

/// Has the card that a device is sign `nonce`.
pub fn attest(identity: &Identity, nonce: &[u8; 32]) -> Result<Attestation, String> {
    let nvml = Library::load()?;
    let card = find(nvml, identity)?;
    let chain = card.attestation_chain();
    let signed = chain.and_then(|chain| Ok(Attestation { report: card.attestation_report(nonce)?, chain }));
    signed.map_err(|refusal| match nvml.confidential_computing() {
        Ok((0, _)) => format!("confidential computing is off (NVML: {refusal})"),
        Ok(_) | Err(_) => format!("NVML: {refusal}"),
    })
}

fn find(nvml: Library, identity: &Identity) -> Result<card::Card, String> {
    let uuid = identity.uuid.as_deref().unwrap_or_default();
    let uuids = ["GPU", "MIG"].into_iter().filter_map(|kind| address::uuid(kind, uuid));
    let by_uuid = uuids.map(|uuid| nvml.card_by_uuid(&uuid).map_err(|refusal| (uuid, refusal)));
    let by_address = identity
        .pci_address
        .iter()
        .map(|address| nvml.card_by_address(address).map_err(|refusal| (address.clone(), refusal)));
    let mut tried = Vec::new();
    for answer in by_uuid.chain(by_address) {
        match answer {
            Ok(card) => return Ok(card.with_its_whole()),
            Err((name, refusal)) => tried.push(format!("{name}: {refusal}")),
        }
    }
    Err(match tried.len() {
        0 => "NVML: the device gives neither a UUID nor a PCI address to find the card by".to_owned(),
        _ => format!("NVML lists no such card ({})", tried.join("; ")),
    })
}

impl Card {
    /// The PCI address by NVML, `dddd:bb:dd.f`.
    pub fn pci_address(&self) -> Option<String> {
        address::normal(&self.card.pci().ok()?.address)
    }
}

impl Telemetry for Card {
    fn read(&mut self) -> Option<Reading> {
        Some(self.sensors.read())
    }

    fn facts(&mut self) -> Vec<Fact> {
        let mut facts = facts::of_library(self.nvml);
        facts.extend(facts::of_card(self.card));
        facts
    }
}
