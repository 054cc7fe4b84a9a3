//! Which adapters there are, what each claims to be, and which one a selector names.
//! Owns enumeration and identity; must not know how work is run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::coop::MatrixUnit;
use super::{host, raw};
use crate::device::backend::{Listed, OpenError};
use crate::device::{Identity, Provenance};

/// Larger buffers bring nothing and meet more driver limits.
const BUFFER_BYTES_CAP: u64 = 4 << 30;

/// An adapter and what it says about itself.
pub struct Found {
    pub adapter: wgpu::Adapter,
    pub listed: Listed,
}

/// All adapters of the native APIs, in the order in which the system lists them.
pub fn enumerate() -> Result<Vec<Found>, String> {
    let found = catch_unwind(AssertUnwindSafe(|| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
        // Explicit, because a debug build would switch validation layers on.
        descriptor.flags = wgpu::InstanceFlags::empty();
        let instance = wgpu::Instance::new(descriptor);
        let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
        adapters.into_iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect::<Vec<_>>()
    }));
    match found {
        Ok(found) if found.is_empty() => Err(NOTHING_FOUND.to_owned()),
        Ok(found) => Ok(found),
        Err(_) => {
            Err("the graphics driver crashed while it was asked for its adapters; update the driver"
                .to_owned())
        }
    }
}

const NOTHING_FOUND: &str = "no Vulkan, Metal or DirectX 12 adapter was found; install the GPU vendor's driver, or for \
     a software device on Debian or Ubuntu: apt-get install mesa-vulkan-drivers";

fn describe(index: usize, adapter: wgpu::Adapter) -> Found {
    let identity = identity(&adapter);
    Found { listed: Listed { selector: format!("wgpu:{index}"), identity }, adapter }
}

fn identity(adapter: &wgpu::Adapter) -> Identity {
    let info = adapter.get_info();
    let limits = adapter.limits();
    let facts = raw::vulkan_facts(adapter);
    let driver = [format!("{:?}", info.backend), info.driver, info.driver_info];
    let software = info.device_type == wgpu::DeviceType::Cpu;
    let in_host_memory = software || info.device_type == wgpu::DeviceType::IntegratedGpu;
    let fillable_bytes = if in_host_memory {
        facts.heap_bytes.into_iter().chain(host::spare_bytes()).min()
    } else {
        facts.heap_bytes
    };
    let provenance = if software {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Provenance::Software { cpu_threads: u32::try_from(threads).unwrap_or(u32::MAX) }
    } else {
        Provenance::Hardware
    };
    Identity {
        backend: "wgpu".to_owned(),
        name: info.name,
        provenance,
        vendor_id: (info.vendor != 0).then_some(info.vendor),
        device_id: (info.device != 0).then_some(info.device),
        pci_address: Some(info.device_pci_bus_id.to_lowercase()).filter(|bus| !bus.is_empty()),
        uuid: facts.uuid,
        driver: driver.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
        units: None,
        memory_bytes: facts.heap_bytes,
        fillable_bytes,
        buffer_bytes_max: limits.max_buffer_size.min(BUFFER_BYTES_CAP) / 16 * 16,
        features: features(adapter.features()),
    }
}

/// The matrix unit that multiplies FP16 into FP32, if kernels can use it with these `features`. Only in the square
/// shapes that WGSL has, and only on Vulkan: for Metal, naga writes kernels that address matrices in fours wrongly.
pub fn matrix_unit(adapter: &wgpu::Adapter, features: wgpu::Features) -> Option<MatrixUnit> {
    use wgpu::CooperativeScalarType::{F16, F32};
    let info = adapter.get_info();
    let needed = wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX
        | wgpu::Features::SHADER_F16
        | wgpu::Features::SUBGROUP;
    if info.backend != wgpu::Backend::Vulkan || !features.contains(needed) {
        return None;
    }
    let offered = adapter.cooperative_matrix_properties();
    let fits = |unit: &MatrixUnit| {
        // Kernels give each invocation at least one element.
        unit.side * unit.side >= unit.subgroup
            && offered.iter().any(|shape| {
                [shape.m_size, shape.n_size, shape.k_size] == [unit.side; 3]
                    && (shape.ab_type, shape.cr_type) == (F16, F32)
            })
    };
    [16, 8].map(|side| MatrixUnit { side, subgroup: info.subgroup_max_size }).into_iter().find(fits)
}

/// The features that decide what can be measured, by the names used in reports.
fn features(available: wgpu::Features) -> Vec<String> {
    [
        (wgpu::Features::SHADER_F16, "fp16"),
        (wgpu::Features::SHADER_F64, "fp64"),
        (wgpu::Features::SUBGROUP, "subgroups"),
        (wgpu::Features::TIMESTAMP_QUERY, "timestamps"),
        (wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX, "cooperative-matrix"),
    ]
    .into_iter()
    .filter(|(feature, _)| available.contains(*feature))
    .map(|(_, name)| name.to_owned())
    .collect()
}

/// The position in `all` of the one device that `rest` names: an index, a PCI address, a UUID or a part of a name.
pub fn pick(rest: &str, all: &[Listed]) -> Result<usize, OpenError> {
    let selector = format!("wgpu:{rest}");
    let wanted = rest.trim().to_lowercase();
    if wanted.is_empty() {
        let why = "write wgpu:0, wgpu:<pci address>, wgpu:<uuid> or wgpu:<part of the name>".to_owned();
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
    let plain: String = wanted.chars().filter(|c| *c != '-').collect();
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
        let identity = Identity {
            backend: "wgpu".into(),
            name: name.into(),
            provenance: Provenance::Hardware,
            vendor_id: None,
            device_id: None,
            pci_address: pci.map(str::to_owned),
            uuid: Some(uuid.to_owned()),
            driver: String::new(),
            units: None,
            memory_bytes: None,
            fillable_bytes: None,
            buffer_bytes_max: 0,
            features: vec![],
        };
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
            ("radeon", 4),
            // Not an index here, but a part of one name.
            ("780", 4),
        ] {
            assert_eq!(pick(rest, &all).unwrap(), index, "{rest}");
        }
    }

    #[test]
    fn twins_are_told_apart_by_index_only() {
        let all = machine();
        for rest in ["6d657361000000000000000000000000", "llvmpipe"] {
            let message = pick(rest, &all).unwrap_err().to_string();
            assert!(message.contains("wgpu:2 (llvmpipe (LLVM 15)), wgpu:3"), "{message}");
        }
        assert!(pick("4090", &all).unwrap_err().to_string().contains("wgpu:0"));
    }

    #[test]
    fn a_selector_that_fits_nothing_says_what_is_there() {
        let message = pick("7", &machine()).unwrap_err().to_string();
        assert!(message.contains("wgpu:4 (AMD Radeon 780M)"), "{message}");
        assert!(matches!(pick("", &machine()), Err(OpenError::Selector { .. })));
        assert!(matches!(pick("0", &[]), Err(OpenError::NoSuchDevice { .. })));
    }
}
