//! Which device a selector names: by index, PCI address, UUID or a part of the name.
//! Owns that choice for every backend that lists real devices; must not know any of them.

use super::Identity;
use super::backend::{Listed, OpenError};

/// The one of `found`, each listed so, that `rest` names.
pub fn choose<F>(
    backend: &str,
    rest: &str,
    found: Result<Vec<F>, String>,
    listed: impl Fn(&F) -> &Listed,
) -> Result<F, OpenError> {
    let selector = || format!("{backend}:{rest}");
    let found = found.map_err(|why| OpenError::NoSuchDevice { selector: selector(), why })?;
    let all: Vec<Listed> = found.iter().map(|one| listed(one).clone()).collect();
    let index = pick(backend, rest, &all)?;
    let vanished = || OpenError::Refused { selector: selector(), why: "it vanished".to_owned() };
    found.into_iter().nth(index).ok_or_else(vanished)
}

/// The position in `all` of the one device that `rest` names: an index, a PCI address, a UUID or a part of a name.
fn pick(backend: &str, rest: &str, all: &[Listed]) -> Result<usize, OpenError> {
    let selector = format!("{backend}:{rest}");
    let wanted = rest.trim().to_lowercase();
    if wanted.is_empty() {
        let why = format!(
            "write {backend}:0, {backend}:<pci address>, {backend}:<uuid> or {backend}:<part of the name>"
        );
        return Err(OpenError::Selector { selector, why });
    }
    // A small number is an index and nothing else: out of range it must not turn into a part of some name.
    match wanted.parse::<usize>() {
        Ok(index) if index < all.len() => return Ok(index),
        Ok(index) if index < 100 => {
            let why = format!("found were {}", names(all, &(0..all.len()).collect::<Vec<_>>()));
            return Err(OpenError::NoSuchDevice { selector, why });
        }
        Ok(_) | Err(_) => {}
    }
    // Vendors' tools write GPU-11112222-3333-...
    let bare = wanted.strip_prefix("gpu-").or_else(|| wanted.strip_prefix("mig-")).unwrap_or(&wanted);
    let plain: String = bare.chars().filter(|c| *c != '-').collect();
    let exact = |i: &Identity| i.pci_address.as_deref() == Some(&wanted) || i.uuid.as_deref() == Some(&plain);
    let matches = |test: &dyn Fn(&Identity) -> bool| -> Vec<usize> {
        (0..all.len()).filter(|index| test(&all[*index].identity)).collect()
    };
    let mut found = matches(&exact);
    if found.is_empty() {
        found = matches(&|i| i.name.to_lowercase().contains(&wanted));
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(OpenError::NoSuchDevice {
            selector,
            why: format!("found were {}", names(all, &matches(&|_| true))),
        }),
        _ => {
            let why = format!("it fits {}; choose one of them by its index", names(all, &found));
            Err(OpenError::Selector { selector, why })
        }
    }
}

fn names(all: &[Listed], which: &[usize]) -> String {
    let name = |index: &usize| format!("{} ({})", all[*index].selector, all[*index].identity.name);
    which.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn listed(index: usize, name: &str, pci: Option<&str>, uuid: &str) -> Listed {
        let (pci_address, uuid) = (pci.map(str::to_owned), Some(uuid.to_owned()));
        let identity = Identity { name: name.into(), pci_address, uuid, ..Identity::unknown() };
        Listed { selector: format!("wgpu:{index}"), identity }
    }

    fn machine() -> Vec<Listed> {
        vec![
            listed(0, "NVIDIA GeForce RTX 4090", Some("0000:01:00.0"), "11112222333344445555666677778888"),
            listed(1, "NVIDIA GeForce RTX 4090", Some("0000:02:00.0"), "aaaabbbbccccddddeeeeffff00001111"),
            listed(2, "llvmpipe (LLVM 15)", None, "6d657361000000000000000000000000"),
            listed(3, "llvmpipe (LLVM 15)", None, "6d657361000000000000000000000000"),
            listed(4, "AMD Radeon 780M", None, "00000000000000000000000000000000"),
        ]
    }

    #[test]
    fn a_selector_names_one_device_in_several_ways() {
        let all = machine();
        for (rest, index) in [
            ("0", 0),
            ("3", 3),
            ("0000:02:00.0", 1),
            ("0000:02:00.0 ", 1),
            ("AAAABBBB-CCCC-DDDD-EEEE-FFFF00001111", 1),
            ("GPU-aaaabbbb-cccc-dddd-eeee-ffff00001111", 1),
            ("radeon", 4),
            // Not an index here, but a part of one name.
            ("780", 4),
        ] {
            assert_eq!(pick("wgpu", rest, &all).unwrap(), index, "{rest}");
        }
    }

    #[test]
    fn twins_are_told_apart_by_index_only() {
        let all = machine();
        for rest in ["6d657361000000000000000000000000", "llvmpipe"] {
            let message = pick("wgpu", rest, &all).unwrap_err().to_string();
            assert!(message.contains("wgpu:2 (llvmpipe (LLVM 15)), wgpu:3"), "{message}");
        }
        assert!(pick("wgpu", "4090", &all).unwrap_err().to_string().contains("wgpu:0"));
    }

    #[test]
    fn a_selector_that_fits_nothing_says_what_is_there() {
        let message = pick("wgpu", "7", &machine()).unwrap_err().to_string();
        assert!(message.contains("wgpu:4 (AMD Radeon 780M)"), "{message}");
        assert!(matches!(pick("wgpu", "", &machine()), Err(OpenError::Selector { .. })));
        assert!(matches!(pick("wgpu", "0", &[]), Err(OpenError::NoSuchDevice { .. })));
    }
}
