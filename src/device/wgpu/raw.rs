//! What wgpu does not offer safely: the experimental token, shader modules without added checks, and facts that
//! only a driver tells. The only file of this backend with unsafe code; must not know ops.
#![allow(unsafe_code)]

/// Leave to use experimental features (cooperative matrices).
pub fn experimental() -> wgpu::ExperimentalFeatures {
    // SAFETY: the token only states that bugs of experimental features are expected and reported.
    unsafe { wgpu::ExperimentalFeatures::enabled() }
}

/// Compiles one of our own kernels without the index clamps and loop counters that wgpu would add.
pub fn trusted_module(device: &wgpu::Device, label: &str, source: String) -> wgpu::ShaderModule {
    let descriptor =
        wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(source.into()) };
    // SAFETY: the text comes from `shaders`, not from outside. Its indices are computed from parameters that `plan`
    // derives from binding sizes, which are checked against the buffers before a dispatch; all loops are finite.
    // Kernels that index with what they read from memory are not compiled here.
    unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
}

/// What a Vulkan driver says beyond wgpu's own adapter information.
#[derive(Clone, Debug, Default)]
pub struct VulkanFacts {
    /// 32 lower-case hex digits.
    pub uuid: Option<String>,
    /// The largest device-local heap, in bytes.
    pub heap_bytes: Option<u64>,
    /// Whether it says how much of its heaps may still be taken, which allocations then keep to.
    pub has_budget: bool,
    /// As [`luid`] gives it.
    pub luid: Option<String>,
    /// How many lower bits of a timestamp count.
    pub timestamp_bits: Option<u32>,
}

#[cfg(not(target_vendor = "apple"))]
pub fn vulkan_facts(adapter: &wgpu::Adapter) -> VulkanFacts {
    use ash::vk;

    // SAFETY: the guard is only read from, nothing of it is destroyed or kept.
    let Some(hal) = (unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }) else {
        return VulkanFacts::default();
    };
    let shared = hal.shared_instance();
    let instance = shared.raw_instance();
    let physical = hal.raw_physical_device();
    // SAFETY: instance and physical device are alive while the guard is held.
    let memory = unsafe { instance.get_physical_device_memory_properties(physical) };
    let heaps = memory.memory_heaps.iter().take(memory.memory_heap_count as usize);
    let heap_bytes = heaps
        .filter(|heap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL))
        .map(|heap| heap.size)
        .max();
    let device_version = hal.physical_device_capabilities().properties().api_version;
    // The query that yields the UUID is part of Vulkan 1.1; below that its entry point does not exist.
    let both_know = shared.instance_api_version().min(device_version) >= vk::API_VERSION_1_1;
    let ids = both_know.then(|| {
        let mut id = vk::PhysicalDeviceIDProperties::default();
        let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut id);
        // SAFETY: as above; the chain of structures lives until the call returns.
        unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
        id
    });
    let uuid = ids.map(|id| hex::encode(id.device_uuid));
    let luid = ids.filter(|id| id.device_luid_valid != vk::FALSE).map(|id| hex::encode(id.device_luid));
    let has_budget = hal.physical_device_capabilities().supports_extension(ash::ext::memory_budget::NAME);
    // SAFETY: as above.
    let families = unsafe { instance.get_physical_device_queue_family_properties(physical) };
    // wgpu works with the first.
    let timestamp_bits = families.first().map(|family| family.timestamp_valid_bits);
    VulkanFacts { uuid, heap_bytes, has_budget, luid, timestamp_bits }
}

#[cfg(target_vendor = "apple")]
pub fn vulkan_facts(_: &wgpu::Adapter) -> VulkanFacts {
    VulkanFacts::default()
}

/// What Windows calls the adapter of DirectX until it is restarted: 16 lower-case hex digits.
#[cfg(target_os = "windows")]
pub fn luid(adapter: &wgpu::Adapter) -> Option<String> {
    // SAFETY: the guard is only read from, nothing of it is destroyed or kept.
    let hal = unsafe { adapter.as_hal::<wgpu::hal::api::Dx12>() }?;
    // SAFETY: the adapter is alive while the guard is held.
    let luid = unsafe { hal.raw_adapter().GetDesc() }.ok()?.AdapterLuid;
    Some(hex::encode([luid.LowPart.to_le_bytes(), luid.HighPart.to_le_bytes()].concat()))
}

#[cfg(not(target_os = "windows"))]
pub fn luid(_: &wgpu::Adapter) -> Option<String> {
    None
}
