//! Where the sources about one device tell different stories: the driver that works with it, telemetry, the kernel.
//! Owns what makes two stories differ; must not know clauses. None of them proves anything, but they may contradict
//! one another.

use crate::contract::finding::{Claim, Reason};
use crate::contract::sku;
use crate::device::{Identity, ProvenanceKind, same};
use crate::evidence::DeviceEvidence;
use crate::evidence::metric::MetricName;
use crate::telemetry::NVIDIA;
use crate::units::Unit;

/// Two sources may count memory with or without what the driver and ECC keep.
const MEMORY_TOLERANCE: f64 = 0.10;

/// Cores of one multiprocessor, over all architectures.
const CORES_PER_UNIT: [u64; 5] = [32, 48, 64, 128, 192];

/// Each field about which sources disagree, once.
pub(super) fn conflicts(device: &DeviceEvidence) -> Vec<Reason> {
    let Some(identity) = &device.identity else { return Vec::new() };
    // A part of a card has a name, a UUID and a size of its own. Here NVML alone says what is one: the device's word is what it is
    // held against, and cannot excuse itself.
    let is_part = fact(device, "nvml.mig").as_deref() == Some("enabled");
    let mut reasons = in_readings(device, identity, is_part);
    reasons.extend(in_facts(device, identity, is_part));
    reasons
}

/// More cards of NVIDIA were measured than its driver lists. `devices` are of one card each.
pub(super) fn too_many_cards(devices: &[&DeviceEvidence]) -> Option<Reason> {
    let is_card = |device: &&&DeviceEvidence| {
        device.identity.as_ref().is_some_and(|identity| {
            identity.vendor_id == Some(NVIDIA) && identity.provenance.kind() == ProvenanceKind::Hardware
        })
    };
    let measured = devices.iter().filter(is_card).count();
    let listed = devices.iter().filter_map(|device| count(device, "nvml.cards")).min()?;
    (measured as u64 > listed).then(|| Reason::SourcesDisagree {
        field: "number of cards".to_owned(),
        claims: vec![claim("this run", measured.to_string()), claim("NVML", listed.to_string())],
    })
}

/// What readings say beside what the device says.
fn in_readings(device: &DeviceEvidence, identity: &Identity, is_part: bool) -> Vec<Reason> {
    let readings = || device.timeline.iter().map(|at| &at.reading);
    let conflict = |field: &str, device: String, telemetry: String| Reason::IdentityConflict {
        field: field.to_owned(),
        device,
        telemetry,
    };
    let name = readings().filter_map(|r| r.name.as_ref()).find(|name| !sku::same_name(name, &identity.name));
    let uuid = readings()
        .filter_map(|r| Some((hex_digits(r.uuid.as_ref()?)?, hex_digits(identity.uuid.as_ref()?)?)))
        .find(|(telemetry, device)| telemetry != device);
    let memory = readings()
        .filter_map(|r| Some((r.memory_bytes?, identity.memory_bytes?)))
        .find(|(telemetry, device)| !fits(*device, *telemetry, is_part));
    let (name, uuid) = if is_part { (None, None) } else { (name, uuid) };
    name.map(|name| conflict("name", identity.name.clone(), name.clone()))
        .into_iter()
        .chain(uuid.map(|(telemetry, device)| conflict("uuid", device, telemetry)))
        .chain(memory.map(|(telemetry, device)| conflict("memory", bytes(device), bytes(telemetry))))
        .collect()
}

/// What the device, NVML and the kernel say.
fn in_facts(device: &DeviceEvidence, identity: &Identity, is_part: bool) -> Vec<Reason> {
    let equal = |a: &str, b: &str| a == b;
    let ids = identity.vendor_id.zip(identity.device_id);
    let own_id = ids.map(|(vendor, device)| format!("{vendor:04x}:{device:04x}"));
    let nvml = |name: &str| ("NVML", fact(device, &format!("nvml.{name}")));
    let kernel = |name: &str| ("the kernel", fact(device, &format!("pci.{name}")));
    let digits =
        |(source, uuid): (&'static str, Option<String>)| (source, uuid.as_deref().and_then(hex_digits));
    let of_whole = |claims: Vec<_>| if is_part { Vec::new() } else { claims };
    [
        disagreement(
            "name",
            of_whole(vec![("the device", Some(identity.name.clone())), nvml("name")]),
            sku::same_name,
        ),
        disagreement(
            "UUID",
            of_whole(vec![digits(("the device", identity.uuid.clone())), digits(nvml("uuid"))]),
            equal,
        ),
        disagreement(
            "PCI address",
            vec![("the device", identity.pci_address.clone()), nvml("pci_address")],
            equal,
        ),
        disagreement("PCI id", vec![("the device", own_id), nvml("pci_id"), kernel("id")], equal),
        disagreement("PCI subsystem id", vec![nvml("pci_subsystem_id"), kernel("subsystem_id")], equal),
        memory(identity.memory_bytes, count(device, "nvml.memory_bytes"), is_part),
        units(identity.units, count(device, "nvml.cores"), is_part),
        cards(count(device, "nvml.cards"), count(device, "pci.cards")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The claims about one field, if any differs from the first. Sources that say nothing do not count.
fn disagreement(
    field: &str,
    claims: Vec<(&'static str, Option<String>)>,
    same: impl Fn(&str, &str) -> bool,
) -> Option<Reason> {
    let claims: Vec<Claim> =
        claims.into_iter().filter_map(|(source, value)| Some(claim(source, value?))).collect();
    let (first, others) = claims.split_first()?;
    let differ = others.iter().any(|other| !same(&first.value, &other.value));
    differ.then(|| Reason::SourcesDisagree { field: field.to_owned(), claims: claims.clone() })
}

fn memory(device: Option<u64>, nvml: Option<u64>, is_part: bool) -> Option<Reason> {
    let (device, nvml) = device.zip(nvml)?;
    (!fits(device, nvml, is_part)).then(|| Reason::SourcesDisagree {
        field: "memory".to_owned(),
        claims: vec![claim("the device", bytes(device)), claim("NVML", bytes(nvml))],
    })
}

/// NVML counts cores of the card, the device counts multiprocessors, of which a part of the card has some.
fn units(device: Option<u32>, nvml_cores: Option<u64>, is_part: bool) -> Option<Reason> {
    let (units, cores) = device.map(u64::from).zip(nvml_cores)?;
    let fits = CORES_PER_UNIT.iter().any(|each| {
        let own = units.saturating_mul(*each);
        own == cores || (is_part && own < cores && cores.is_multiple_of(*each))
    });
    (!fits).then(|| Reason::SourcesDisagree {
        field: "number of multiprocessors".to_owned(),
        claims: vec![claim("the device", units.to_string()), claim("NVML", format!("{cores} cores"))],
    })
}

/// The kernel sees every card that NVML lists; NVML may be allowed to list fewer.
fn cards(nvml: Option<u64>, kernel: Option<u64>) -> Option<Reason> {
    let (nvml, kernel) = nvml.zip(kernel)?;
    (nvml > kernel).then(|| Reason::SourcesDisagree {
        field: "number of cards".to_owned(),
        claims: vec![claim("NVML", nvml.to_string()), claim("the kernel", kernel.to_string())],
    })
}

fn claim(source: &str, value: String) -> Claim {
    Claim { source: source.to_owned(), value }
}

fn fact(device: &DeviceEvidence, name: &str) -> Option<String> {
    let metric = MetricName::parse(&format!("identity.{name}")).ok()?;
    device.fact(&metric).map(str::to_owned)
}

fn count(device: &DeviceEvidence, name: &str) -> Option<u64> {
    fact(device, name)?.parse().ok()
}

fn bytes(bytes: u64) -> String {
    Unit::Byte.format(bytes as f64)
}

/// Whether a device, or part of one, has the memory that another source says its card has.
fn fits(device: u64, card: u64, is_part: bool) -> bool {
    same_size(device, card) || (is_part && device < card)
}

fn same_size(a: u64, b: u64) -> bool {
    a.abs_diff(b) as f64 <= a.max(b) as f64 * MEMORY_TOLERANCE
}

/// The 32 digits of a UUID, however it is written, or what hides it; `None` for ids of another kind, which cannot be compared, and for
/// those that name nothing.
fn hex_digits(uuid: &str) -> Option<String> {
    let is_hidden = uuid.len() == 64 && uuid.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = if is_hidden { Some(uuid.to_owned()) } else { same::digits(uuid) };
    digits.filter(|digits| !same::is_nil(digits))
}
