//! Hides what names one card among all, in each event before anybody keeps it.
//! Owns which texts those are and how they are spelled; must not know files.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::card::SERIALS;
use super::event::{Event, What};
use crate::device::Identity;
use crate::device::same::{digits, is_nil};
use crate::seal::Salt;

/// UUIDs and serial numbers that were seen, wherever they stand in a text from then on.
pub struct Hiding {
    salt: Salt,
    /// Each spelling with what stands for it, the longest first.
    uuids: Vec<(String, String)>,
    serials: Vec<(String, String)>,
}

impl Hiding {
    pub fn new(salt: Salt) -> Self {
        Self { salt, uuids: Vec::new(), serials: Vec::new() }
    }

    /// The same event without names of cards. Equal names stay equal, so that sources that contradict one another still do.
    pub fn hidden(&mut self, event: &Event) -> Result<Event, serde_json::Error> {
        match &event.what {
            What::DeviceOpened(identity) => self.device(identity),
            What::Reading(reading) => self.uuid(reading.uuid.as_deref()),
            What::Fact(fact) if SERIALS.contains(&fact.metric.as_str()) => self.serial(&fact.value),
            What::Fact(fact) if fact.metric.as_str().ends_with(".uuid") => self.uuid(Some(&fact.value)),
            What::RunStarted(_)
            | What::Resumed(_)
            | What::CaseStarted { .. }
            | What::Progress(_)
            | What::Measured(_)
            | What::Fact(_)
            | What::Absent(_)
            | What::SustainStarted(_)
            | What::Window(_)
            | What::Fault(_)
            | What::Lapse(_)
            | What::DeviceEnded(_)
            | What::NodeEnded(_)
            | What::RunEnded(_) => {}
        }
        if self.uuids.is_empty() && self.serials.is_empty() {
            return Ok(event.clone());
        }
        self.without_names(event)
    }

    /// The same identity without the UUID.
    pub fn identity(&mut self, identity: &Identity) -> Result<Identity, serde_json::Error> {
        self.device(identity);
        self.without_names(identity)
    }

    /// Its own UUID, and those that the environment names, which may be of devices that are not opened yet.
    fn device(&mut self, identity: &Identity) {
        self.uuid(identity.uuid.as_deref());
        for detail in [Identity::VISIBLE_DEVICES, Identity::CONTAINER_DEVICES] {
            let names = identity.details.get(detail).into_iter().flat_map(|names| names.split(','));
            names.filter_map(|name| digits(name.trim())).for_each(|uuid| self.uuid(Some(&uuid)));
        }
    }

    fn without_names<T: Serialize + DeserializeOwned>(&self, of: &T) -> Result<T, serde_json::Error> {
        let mut value = serde_json::to_value(of)?;
        self.walk(&mut value);
        serde_json::from_value(value)
    }

    /// As drivers and tools spell it: with and without dashes and marks, in small letters and in capitals. Zeros name no card, which
    /// nobody could see of what hides them.
    fn uuid(&mut self, text: Option<&str>) {
        let is_known = |text: &str| self.uuids.iter().any(|(known, _)| known == text);
        let Some(text) = text.filter(|text| !is_nil(text) && !is_known(text)) else { return };
        let mut spellings = vec![text.to_owned()];
        let mut name = text.to_owned();
        if let Some(digits) = digits(text) {
            let dashed: Vec<&str> = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]).to_vec();
            let dashed = dashed.join("-");
            spellings.extend([format!("GPU-{dashed}"), format!("MIG-{dashed}")]);
            for spelling in [dashed, digits.clone()] {
                spellings.extend([spelling.to_uppercase(), spelling]);
            }
            name = digits;
        }
        let hidden = self.salt.hide(&format!("uuid {name}"));
        self.uuids.extend(spellings.into_iter().map(|spelling| (spelling, hidden.clone())));
        self.uuids.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
    }

    fn serial(&mut self, text: &str) {
        self.serials.push((text.to_owned(), self.salt.hide(&format!("serial {text}"))));
    }

    fn walk(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.replace(text),
            Value::Array(all) => all.iter_mut().for_each(|one| self.walk(one)),
            Value::Object(all) => all.values_mut().for_each(|one| self.walk(one)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Serial numbers may be short: only a text that is one is.
    fn replace(&self, text: &mut String) {
        if let Some((_, hidden)) = self.serials.iter().find(|(serial, _)| serial == text) {
            text.clone_from(hidden);
            return;
        }
        for (spelling, hidden) in &self.uuids {
            if text.contains(spelling.as_str()) {
                *text = text.replace(spelling.as_str(), hidden);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::Lacking;
    use crate::evidence::metric::MetricName;
    use crate::evidence::{Absence, AbsenceReason, Ended, Fact};

    fn event(what: What) -> Event {
        Event { at_ns: 1, device: Some(0), what }
    }

    fn fact(metric: &str, value: &str) -> Event {
        event(What::Fact(Fact { metric: MetricName::parse(metric).unwrap(), value: value.to_owned() }))
    }

    /// The environment of a run names all cards that it has, before the others are opened.
    #[test]
    fn cards_that_the_environment_names_are_hidden_with_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let mut hiding = Hiding::new(Salt::make(&dir.path().join("s")).unwrap());
        let shown = "0,GPU-00112233-4455-6677-8899-aabbccddeeff,MIG-ffeeddcc-bbaa-9988-7766-554433221100";
        for detail in [Identity::VISIBLE_DEVICES, Identity::CONTAINER_DEVICES] {
            let identity =
                Identity { details: [(detail.to_owned(), shown.to_owned())].into(), ..Identity::unknown() };
            let hidden = hiding.hidden(&event(What::DeviceOpened(identity))).unwrap();
            let text = serde_json::to_string(&hidden).unwrap();
            assert!(
                !text.contains("00112233") && !text.contains("ffeeddcc") && text.contains("\"0,"),
                "{text}"
            );
        }
    }

    #[test]
    fn every_spelling_of_a_card_is_hidden_wherever_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let salt = Salt::make(&dir.path().join("s")).unwrap();
        let uuid = salt.hide("uuid 00112233445566778899aabbccddeeff");
        let serial = salt.hide("serial 1652");
        let mut hiding = Hiding::new(salt);
        let before = fact("identity.nvml.pci_id", "1652");
        assert_eq!(hiding.hidden(&before).unwrap(), before, "nothing is known yet");
        let spelled = "GPU-00112233-4455-6677-8899-aabbccddeeff";
        let hidden = hiding.hidden(&fact("identity.nvml.uuid", spelled)).unwrap();
        assert_eq!(hidden, fact("identity.nvml.uuid", &uuid));
        assert_eq!(
            hiding.hidden(&fact("identity.nvml.serial", "1652")).unwrap(),
            fact("identity.nvml.serial", &serial)
        );
        let by_amdgpu = hiding.hidden(&fact("identity.amdgpu.serial", "1652")).unwrap();
        assert_eq!(by_amdgpu, fact("identity.amdgpu.serial", &serial));
        for spelling in [
            spelled,
            &spelled[4..],
            "00112233445566778899AABBCCDDEEFF",
            "00112233-4455-6677-8899-AABBCCDDEEFF",
        ] {
            let lost = |name: &str| {
                event(What::DeviceEnded(Ended::Lost {
                    why: format!("{name} fell off the bus"),
                    during: None,
                }))
            };
            assert_eq!(hiding.hidden(&lost(spelling)).unwrap(), lost(&uuid));
        }
        let zeros = fact("identity.nvml.uuid", "GPU-00000000-0000-0000-0000-000000000000");
        assert_eq!(hiding.hidden(&zeros).unwrap(), zeros);
        // A serial number may be a part of any number.
        let metric = MetricName::parse("identity.nvml.ecc").unwrap();
        let why = "code 16521".to_owned();
        let absent = event(What::Absent(Absence {
            metric,
            reason: AbsenceReason::Unsupported { by: Lacking::Us, why },
        }));
        assert_eq!(hiding.hidden(&absent).unwrap(), absent);
    }
}
