//! Whether two devices are one card, by what each says of itself: the one rule, and which words name a card among all.
//! Owns which facts decide; must not know where the devices come from, nor what follows from the answer.

use std::collections::BTreeSet;

use super::{Identity, ProvenanceKind};

/// What decides. All of it is the machine's own word.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub kind: ProvenanceKind,
    /// 32 lower-case hex digits, or what hides them. `None` also for what names no card: drivers without UUIDs give zeros, and a
    /// driver on a CPU gives the one of its version.
    pub uuid: Option<&'a str>,
    /// `dddd:bb:dd.f`, lower case.
    pub pci_address: Option<&'a str>,
    /// What the system calls it until it is restarted.
    pub luid: Option<&'a str>,
    /// One of the parts of a divided card (MIG). They share its address, and each has a UUID of its own.
    pub is_part: bool,
}

/// By what two devices are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    PciAddress,
    Uuid,
    Luid,
}

impl By {
    pub fn as_str(self) -> &'static str {
        match self {
            By::PciAddress => "PCI address",
            By::Uuid => "UUID",
            By::Luid => "LUID",
        }
    }
}

impl<'a> Facts<'a> {
    pub fn of(identity: &'a Identity) -> Self {
        let kind = identity.provenance.kind();
        let names_a_card = |uuid: &&str| kind != ProvenanceKind::Software && !is_nil(uuid);
        Self {
            kind,
            uuid: identity.uuid.as_deref().filter(names_a_card),
            pci_address: identity.pci_address.as_deref(),
            luid: identity.details.get(Identity::LUID).map(String::as_str),
            is_part: identity.details.get("mig").is_some_and(|mig| mig == "yes"),
        }
    }
}

/// By what two devices of one machine, at one time, are the same one, and the word that both give; `None` where nothing says so.
///
/// One address is one card, whatever UUIDs are told, but for parts of a card that UUIDs tell apart. Serial numbers do not count:
/// they are of boards, which may carry several cards.
pub fn same<'a>(a: &Facts<'a>, b: &Facts<'_>) -> Option<(By, &'a str)> {
    // What is simulated lies at no address of the machine.
    if a.kind != b.kind {
        return None;
    }
    let uuid = a.uuid.filter(|_| a.uuid == b.uuid);
    let are_told_apart = uuid.is_none() && a.uuid.is_some() && b.uuid.is_some();
    let are_two_parts = a.is_part && b.is_part && are_told_apart;
    let address = a.pci_address.filter(|_| a.pci_address == b.pci_address && !are_two_parts);
    let luid = a.luid.filter(|_| a.luid == b.luid && !are_told_apart);
    let found = [(By::PciAddress, address), (By::Uuid, uuid), (By::Luid, luid)];
    found.into_iter().find_map(|(by, word)| Some((by, word?)))
}

/// Whether both are the same card or parts of one.
pub fn share_a_card(a: &Facts<'_>, b: &Facts<'_>) -> bool {
    // As if they were whole: then one address is one card.
    same(&Facts { is_part: false, ..*a }, &Facts { is_part: false, ..*b }).is_some()
}

/// Whether a run that goes on still has the device that it began with. Not [`same`]: the selector has opened it again, so nothing by
/// which it was known may have changed or gone, not even the driver through which it is reached. What changes with use does not count.
pub fn is_unchanged(before: &Identity, now: &Identity) -> bool {
    let known_by = |identity: &Identity| {
        let Identity { backend, name, uuid, pci_address, .. } = identity.clone();
        (backend, name, uuid, pci_address, identity.provenance.kind())
    };
    known_by(before) == known_by(now)
}

/// What stands before a serial number among [`names`].
const SERIAL: &str = "serial ";

/// What names a device among those of all machines and times: `uuid ...`, and `serial ...` where it is no part of a card. Empty
/// where nothing does. An address names nothing there: every machine has the same.
pub fn names<'a>(facts: Option<&Facts<'_>>, serials: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let uuid = facts.and_then(|facts| facts.uuid).map(|uuid| format!("uuid {uuid}"));
    let is_part = facts.is_some_and(|facts| facts.is_part);
    let serials = serials.into_iter().filter(|_| !is_part).map(|serial| format!("{SERIAL}{serial}"));
    uuid.into_iter().chain(serials).collect()
}

/// Whether one of [`names`] is of a board, which may carry several cards.
pub fn is_of_board(name: &str) -> bool {
    name.starts_with(SERIAL)
}

/// The 32 digits of a UUID, however it is written, in small letters.
pub fn digits(uuid: &str) -> Option<String> {
    let uuid = uuid.trim_start_matches("GPU-").trim_start_matches("MIG-");
    let digits: String = uuid.chars().filter(|c| *c != '-').collect();
    let good = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| digits.to_ascii_lowercase())
}

/// Whether it is none but zeros, which a driver without a UUID gives.
pub fn is_nil(uuid: &str) -> bool {
    digits(uuid).is_some_and(|digits| digits.bytes().all(|b| b == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Facts<'static> = Facts {
        kind: ProvenanceKind::Hardware,
        uuid: Some("a"),
        pci_address: Some("1"),
        luid: None,
        is_part: false,
    };
    const PART: Facts<'static> = Facts { is_part: true, ..CARD };

    #[test]
    fn one_address_or_one_uuid_is_one_card() {
        let other = Facts { uuid: Some("b"), pci_address: Some("2"), ..CARD };
        let nameless = Facts { uuid: None, pci_address: None, ..CARD };
        let (address, uuid) = (Some((By::PciAddress, "1")), Some((By::Uuid, "a")));
        for (a, b, is) in [
            (CARD, CARD, address),
            (CARD, other, None),
            (CARD, Facts { pci_address: None, ..CARD }, uuid),
            (CARD, Facts { pci_address: Some("2"), ..CARD }, uuid),
            (CARD, Facts { uuid: None, ..CARD }, address),
            (CARD, Facts { uuid: Some("b"), ..CARD }, address),
            (CARD, nameless, None),
            (nameless, nameless, None),
            (CARD, Facts { kind: ProvenanceKind::Simulated, ..CARD }, None),
        ] {
            assert_eq!((same(&a, &b), same(&b, &a)), (is, is), "{a:?} {b:?}");
            assert_eq!(share_a_card(&a, &b), is.is_some());
        }
    }

    /// Windows has it of every card, by whatever interface, and none is given twice before it is restarted.
    #[test]
    fn what_the_system_calls_a_card_is_one_card() {
        let by_vulkan = Facts { uuid: None, luid: Some("x"), ..CARD };
        let by_directx = Facts { pci_address: None, ..by_vulkan };
        assert_eq!(same(&by_vulkan, &by_directx), Some((By::Luid, "x")));
        for other in [Facts { luid: Some("y"), ..by_directx }, Facts { luid: None, ..by_directx }] {
            assert_eq!(same(&by_vulkan, &other), None, "{other:?}");
        }
        let part = |uuid| Facts { uuid: Some(uuid), ..by_directx };
        assert_eq!(same(&part("a"), &part("b")), None);
        assert!(names(Some(&by_directx), []).is_empty());
    }

    #[test]
    fn parts_of_a_card_are_told_apart_by_uuids_alone() {
        let another = Facts { uuid: Some("b"), ..PART };
        assert_eq!(same(&PART, &another), None);
        assert!(share_a_card(&PART, &another));
        let address = Some((By::PciAddress, "1"));
        for once_more in [PART, CARD, Facts { uuid: None, ..PART }, Facts { uuid: Some("b"), ..CARD }] {
            assert_eq!(same(&PART, &once_more), address, "{once_more:?}");
        }
    }

    #[test]
    fn zeros_and_serial_numbers_of_parts_name_nothing() {
        assert!(is_nil("GPU-00000000-0000-0000-0000-000000000000") && !is_nil("0") && !is_nil(""));
        let all = |facts, serials: &[&'static str]| Vec::from_iter(names(facts, serials.iter().copied()));
        assert_eq!(all(Some(&CARD), &["9"]), ["serial 9", "uuid a"]);
        assert_eq!(all(Some(&PART), &["9"]), ["uuid a"]);
        assert_eq!(all(None, &["9"]), ["serial 9"]);
        assert!(is_of_board("serial 9") && !is_of_board("uuid a"));
    }
}
