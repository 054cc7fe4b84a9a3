//! Which adapters there are, and what each claims to be.
//! Owns enumeration and identity; must not know how work is run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::coop::MatrixUnit;
use super::raw;
use crate::device::backend::Listed;
use crate::device::{Identity, Provenance, host};
use crate::telemetry;

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
        let instance = wgpu::Instance::new(descriptor());
        let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
        let all: Vec<wgpu::AdapterInfo> = adapters.iter().map(|adapter| adapter.get_info()).collect();
        let described =
            adapters.into_iter().enumerate().map(|(index, adapter)| describe(index, adapter, &all));
        described.collect::<Vec<_>>()
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

fn descriptor() -> wgpu::InstanceDescriptor {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    // Explicit, because a debug build would switch validation layers on.
    descriptor.flags = wgpu::InstanceFlags::empty();
    // Beyond its budget a driver puts buffers into the host's memory and says nothing: in percent of it.
    descriptor.memory_budget_thresholds.for_resource_creation = Some(100);
    descriptor
}

const NOTHING_FOUND: &str = "no Vulkan, Metal or DirectX 12 adapter was found; install the GPU vendor's driver, or for \
     a software device on Debian or Ubuntu: apt-get install mesa-vulkan-drivers";

fn describe(index: usize, adapter: wgpu::Adapter, all: &[wgpu::AdapterInfo]) -> Found {
    let identity = identity(&adapter, all);
    Found { listed: Listed { selector: format!("wgpu:{index}"), identity }, adapter }
}

fn identity(adapter: &wgpu::Adapter, all: &[wgpu::AdapterInfo]) -> Identity {
    let info = adapter.get_info();
    let pci_address = pci_address(&info, all);
    let limits = adapter.limits();
    let facts = raw::vulkan_facts(adapter);
    let software = info.device_type == wgpu::DeviceType::Cpu;
    // What a driver on a CPU gives is of its version; nobody takes it for a card's name.
    let uuid = facts.uuid.filter(|_| software || names_cards(info.vendor, &info.driver));
    let by_kernel = || telemetry::unique_id(Path::new("/"), pci_address.as_deref().filter(|_| !software)?);
    let uuid = uuid.or_else(by_kernel);
    let driver = [format!("{:?}", info.backend), info.driver, info.driver_info];
    let has_budget = facts.has_budget || info.backend == wgpu::Backend::Dx12;
    let memory_is = memory_is(info.device_type, has_budget).map(str::to_owned);
    let luid = facts.luid.or_else(|| raw::luid(adapter)).filter(|_| !software);
    let details = [(Identity::MEMORY_IS, memory_is), (Identity::LUID, luid)];
    let told = |(name, what): (&str, Option<String>)| Some((name.to_owned(), what?));
    let fillable_bytes = if is_host_memory(info.device_type) {
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
        pci_address,
        uuid,
        driver: driver.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
        units: None,
        memory_bytes: facts.heap_bytes,
        fillable_bytes,
        buffer_bytes_max: limits.max_buffer_size.min(BUFFER_BYTES_CAP) / 16 * 16,
        features: features(adapter.features()),
        details: details.into_iter().filter_map(told).collect(),
    }
}

/// Where an adapter lies, of `all`. For DirectX wgpu looks it up by vendor and device: cards of the same make are given that of one of them.
fn pci_address(info: &wgpu::AdapterInfo, all: &[wgpu::AdapterInfo]) -> Option<String> {
    let make = |info: &wgpu::AdapterInfo| (info.backend, info.vendor, info.device);
    let is_guess = info.backend == wgpu::Backend::Dx12
        && all.iter().filter(|other| make(other) == make(info)).count() > 1;
    Some(info.device_pci_bus_id.to_lowercase()).filter(|bus| !bus.is_empty() && !is_guess)
}

/// Whether such a device has no memory of its own.
pub fn is_host_memory(kind: wgpu::DeviceType) -> bool {
    matches!(kind, wgpu::DeviceType::Cpu | wgpu::DeviceType::IntegratedGpu)
}

/// What must be said of what is filled on a card, where it may lie elsewhere than in memory that only the card has.
fn memory_is(kind: wgpu::DeviceType, has_budget: bool) -> Option<&'static str> {
    match kind {
        wgpu::DeviceType::IntegratedGpu => Some("shared with the host"),
        wgpu::DeviceType::DiscreteGpu | wgpu::DeviceType::VirtualGpu | wgpu::DeviceType::Other => {
            (!has_budget).then_some("perhaps the host's: the driver gives no budget of the card's own")
        }
        // Says that it is software.
        wgpu::DeviceType::Cpu => None,
    }
}

/// Whether the UUIDs of this Vulkan driver name cards, among all that there are. Those of Mesa's drivers and of others than NVIDIA's name
/// the slot: the same one in every machine.
fn names_cards(vendor: u32, driver: &str) -> bool {
    vendor == NVIDIA && !driver.contains("NVK")
}

/// Its number among PCI vendors.
const NVIDIA: u32 = 0x10de;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_beyond_the_drivers_budget_is_not_taken() {
        assert_eq!(descriptor().memory_budget_thresholds.for_resource_creation, Some(100));
    }

    #[test]
    fn memory_that_may_be_the_hosts_is_said_to_be() {
        use wgpu::DeviceType::{Cpu, DiscreteGpu, IntegratedGpu, Other, VirtualGpu};
        for has_budget in [false, true] {
            assert_eq!(memory_is(IntegratedGpu, has_budget), Some("shared with the host"));
            assert_eq!(memory_is(Cpu, has_budget), None);
            for own in [DiscreteGpu, VirtualGpu, Other] {
                assert_eq!(memory_is(own, has_budget).is_none(), has_budget, "{own:?}");
            }
        }
    }

    #[test]
    fn an_address_that_was_looked_up_for_several_cards_names_none() {
        let info = |backend, device, bus: &str| {
            let mut info = wgpu::AdapterInfo::new(wgpu::DeviceType::DiscreteGpu, backend);
            (info.vendor, info.device, info.device_pci_bus_id) = (NVIDIA, device, bus.to_owned());
            info
        };
        use wgpu::Backend::{Dx12, Vulkan};
        let all = [
            info(Vulkan, 1, "0000:01:00.0"),
            info(Vulkan, 1, "0000:02:00.0"),
            info(Dx12, 1, "0000:01:00.0"),
            info(Dx12, 1, "0000:01:00.0"),
            info(Dx12, 2, "0000:0A:00.0"),
            info(Vulkan, 3, ""),
        ];
        let addresses = all.each_ref().map(|one| pci_address(one, &all));
        let expected = [Some("0000:01:00.0"), Some("0000:02:00.0"), None, None, Some("0000:0a:00.0"), None];
        assert_eq!(addresses.each_ref().map(Option::as_deref), expected);
    }

    /// Two nodes of the same make show the same slot, and are two.
    #[test]
    fn uuids_of_slots_name_no_cards() {
        assert!(names_cards(NVIDIA, "NVIDIA"));
        for (vendor, driver) in [(0x1002, "radv"), (0x8086, "Intel open-source Mesa driver"), (NVIDIA, "NVK")]
        {
            assert!(!names_cards(vendor, driver), "{driver}");
        }
    }
}
