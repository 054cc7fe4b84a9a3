//! The instance's half of the layer: creation, and what a physical device claims to be.

use std::ffi::{CStr, c_char};
use std::sync::atomic::Ordering;

use ash::vk;

use crate::chain::{self, Known};
use crate::device;
use crate::faults::{self, Faults};
use crate::memory::HELD;

pub struct Instance {
    pub next: ash::Instance,
    next_proc_addr: vk::PFN_vkGetInstanceProcAddr,
}

static INSTANCES: Known<Instance> = Known::new();

/// This layer's own version of an instance function.
pub fn hook(name: &CStr) -> vk::PFN_vkVoidFunction {
    let pointer = match name.to_bytes() {
        b"vkCreateInstance" => create_instance as *const (),
        b"vkDestroyInstance" => destroy_instance as *const (),
        b"vkCreateDevice" => create_device as *const (),
        b"vkEnumerateDeviceExtensionProperties" => extensions as *const (),
        b"vkGetPhysicalDeviceProperties" => properties as *const (),
        b"vkGetPhysicalDeviceProperties2" | b"vkGetPhysicalDeviceProperties2KHR" => properties2 as *const (),
        b"vkGetPhysicalDeviceMemoryProperties" => memory_properties as *const (),
        b"vkGetPhysicalDeviceMemoryProperties2" | b"vkGetPhysicalDeviceMemoryProperties2KHR" => {
            memory_properties2 as *const ()
        }
        b"vkGetPhysicalDeviceQueueFamilyProperties" => queue_properties as *const (),
        _ => return None,
    };
    chain::function(pointer)
}

pub fn next_function(instance: vk::Instance, name: *const c_char) -> vk::PFN_vkVoidFunction {
    let known = INSTANCES.get(instance)?;
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe { (known.next_proc_addr)(instance, name) }
}

unsafe extern "system" fn create_instance(
    info: *const vk::InstanceCreateInfo,
    allocator: *const vk::AllocationCallbacks,
    out: *mut vk::Instance,
) -> vk::Result {
    if let Err(why) = faults::asked() {
        eprintln!("fault layer: {why}");
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    }
    // SAFETY: the loader passes valid structures, and its link names functions of the next element.
    unsafe {
        let Some(link) = chain::take_link((*info).p_next, vk::StructureType::LOADER_INSTANCE_CREATE_INFO)
        else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let next_proc_addr = link.next_instance_proc_addr;
        let Some(create) = next_proc_addr(vk::Instance::null(), c"vkCreateInstance".as_ptr()) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let create: vk::PFN_vkCreateInstance = std::mem::transmute(create);
        let result = create(info, allocator, out);
        if result == vk::Result::SUCCESS {
            let load = |name: &CStr| std::mem::transmute(next_proc_addr(*out, name.as_ptr()));
            let next = ash::Instance::load_with(load, *out);
            INSTANCES.add(*out, Instance { next, next_proc_addr });
        }
        result
    }
}

unsafe extern "system" fn destroy_instance(
    instance: vk::Instance,
    allocator: *const vk::AllocationCallbacks,
) {
    if let Some(known) = INSTANCES.remove(instance) {
        // SAFETY: the next element's own function, with the caller's arguments.
        unsafe { (known.next.fp_v1_0().destroy_instance)(instance, allocator) }
    }
}

unsafe extern "system" fn create_device(
    card: vk::PhysicalDevice,
    info: *const vk::DeviceCreateInfo,
    allocator: *const vk::AllocationCallbacks,
    out: *mut vk::Device,
) -> vk::Result {
    let Some(known) = INSTANCES.get(card) else {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    };
    // SAFETY: as in `create_instance`.
    unsafe {
        let Some(link) = chain::take_link((*info).p_next, vk::StructureType::LOADER_DEVICE_CREATE_INFO)
        else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let next_proc_addr = link.next_device_proc_addr();
        let mut asked = *info;
        let mut names = Vec::new();
        if claims_budget(&known, card) && asked.enabled_extension_count > 0 {
            let all = std::slice::from_raw_parts(
                asked.pp_enabled_extension_names,
                asked.enabled_extension_count as usize,
            );
            names.extend(all.iter().filter(|name| CStr::from_ptr(**name) != BUDGET));
            asked.enabled_extension_count = names.len() as u32;
            asked.pp_enabled_extension_names = names.as_ptr();
        }
        let result = (known.next.fp_v1_0().create_device)(card, &asked, allocator, out);
        if result == vk::Result::SUCCESS {
            device::add(*out, next_proc_addr, faults_of(&known, card));
        }
        result
    }
}

const BUDGET: &CStr = ash::ext::memory_budget::NAME;

/// Whether a budget is claimed of this card, which its driver need not know of.
fn claims_budget(known: &Instance, card: vk::PhysicalDevice) -> bool {
    faults_of(known, card).is_some_and(|faults| faults.budget_mib.is_some())
}

/// Those of the driver, and the budget where one is claimed.
unsafe extern "system" fn extensions(
    card: vk::PhysicalDevice,
    layer: *const c_char,
    count: *mut u32,
    out: *mut vk::ExtensionProperties,
) -> vk::Result {
    let Some(known) = INSTANCES.get(card) else { return vk::Result::ERROR_INITIALIZATION_FAILED };
    // SAFETY: the caller's arguments are valid for the next element, which fills as many entries as `count` then says.
    unsafe {
        let next = known.next.fp_v1_0().enumerate_device_extension_properties;
        if !layer.is_null() || !claims_budget(&known, card) {
            return next(card, layer, count, out);
        }
        // The last entry of those that there is room for is ours.
        *count = if out.is_null() { 0 } else { (*count).saturating_sub(1) };
        let result = next(card, layer, count, out);
        if result == vk::Result::SUCCESS {
            if !out.is_null() {
                let own = vk::ExtensionProperties::default().spec_version(1);
                *out.add(*count as usize) = own.extension_name(BUDGET).unwrap_or_default();
            }
            *count += 1;
        }
        result
    }
}

/// The faults that concern this card, if any.
fn faults_of(known: &Instance, card: vk::PhysicalDevice) -> Option<&'static Faults> {
    // SAFETY: the handle is live, as the caller's call needs it to be.
    let honest = unsafe { known.next.get_physical_device_properties(card) };
    concerning(&honest)
}

fn concerning(honest: &vk::PhysicalDeviceProperties) -> Option<&'static Faults> {
    let name = honest.device_name_as_c_str().ok()?.to_string_lossy();
    faults::asked().as_ref().ok().filter(|faults| faults.concern(&name))
}

unsafe extern "system" fn properties(card: vk::PhysicalDevice, out: *mut vk::PhysicalDeviceProperties) {
    let Some(known) = INSTANCES.get(card) else { return };
    // SAFETY: the caller's arguments are valid for the next element, which fills `out`.
    unsafe {
        (known.next.fp_v1_0().get_physical_device_properties)(card, out);
        if let Some(faults) = concerning(&*out) {
            disguise(&mut *out, faults);
        }
    }
}

unsafe extern "system" fn properties2(card: vk::PhysicalDevice, out: *mut vk::PhysicalDeviceProperties2) {
    let Some(known) = INSTANCES.get(card) else { return };
    // SAFETY: as above; structures of the chain are written only after their type is known.
    unsafe {
        (known.next.fp_v1_1().get_physical_device_properties2)(card, out);
        let Some(faults) = concerning(&(*out).properties) else { return };
        disguise(&mut (*out).properties, faults);
        let Some(uuid) = faults.uuid else { return };
        let mut next = (*out).p_next as *mut vk::BaseOutStructure;
        while !next.is_null() {
            if (*next).s_type == vk::StructureType::PHYSICAL_DEVICE_ID_PROPERTIES {
                (*(next as *mut vk::PhysicalDeviceIDProperties)).device_uuid = uuid;
            } else if (*next).s_type == vk::StructureType::PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES {
                (*(next as *mut vk::PhysicalDeviceVulkan11Properties)).device_uuid = uuid;
            }
            next = (*next).p_next;
        }
    }
}

fn disguise(claim: &mut vk::PhysicalDeviceProperties, faults: &Faults) {
    if let Some(name) = &faults.name {
        let room = claim.device_name.len() - 1;
        claim.device_name.fill(0);
        for (to, from) in claim.device_name.iter_mut().zip(name.bytes().take(room)) {
            *to = from as c_char;
        }
    }
    if let Some((vendor, device)) = faults.ids {
        claim.vendor_id = vendor;
        claim.device_id = device;
        claim.device_type = vk::PhysicalDeviceType::DISCRETE_GPU;
    }
}

unsafe extern "system" fn memory_properties(
    card: vk::PhysicalDevice,
    out: *mut vk::PhysicalDeviceMemoryProperties,
) {
    let Some(known) = INSTANCES.get(card) else { return };
    // SAFETY: the caller's arguments are valid for the next element, which fills `out`.
    unsafe {
        (known.next.fp_v1_0().get_physical_device_memory_properties)(card, out);
        inflate(&mut *out, faults_of(&known, card));
    }
}

unsafe extern "system" fn memory_properties2(
    card: vk::PhysicalDevice,
    out: *mut vk::PhysicalDeviceMemoryProperties2,
) {
    let Some(known) = INSTANCES.get(card) else { return };
    // SAFETY: the caller's arguments are valid for the next element, which fills `out`.
    unsafe {
        (known.next.fp_v1_1().get_physical_device_memory_properties2)(card, out);
        inflate(&mut (*out).memory_properties, faults_of(&known, card));
        let Some(mib) = faults_of(&known, card).and_then(|faults| faults.budget_mib) else { return };
        let mut next = (*out).p_next as *mut vk::BaseOutStructure;
        while !next.is_null() {
            if (*next).s_type == vk::StructureType::PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT {
                let claim = &mut *(next as *mut vk::PhysicalDeviceMemoryBudgetPropertiesEXT);
                claim.heap_budget.fill(mib << 20);
                claim.heap_usage.fill(HELD.load(Ordering::Relaxed));
            }
            next = (*next).p_next;
        }
    }
}

unsafe extern "system" fn queue_properties(
    card: vk::PhysicalDevice,
    count: *mut u32,
    out: *mut vk::QueueFamilyProperties,
) {
    let Some(known) = INSTANCES.get(card) else { return };
    // SAFETY: the caller's arguments are valid for the next element, which fills as many entries as `count` then says.
    unsafe {
        (known.next.fp_v1_0().get_physical_device_queue_family_properties)(card, count, out);
        if out.is_null() || !faults_of(&known, card).is_some_and(|f| f.no_timer) {
            return;
        }
        for family in std::slice::from_raw_parts_mut(out, *count as usize) {
            family.timestamp_valid_bits = 0;
        }
    }
}

fn inflate(claim: &mut vk::PhysicalDeviceMemoryProperties, faults: Option<&Faults>) {
    let Some(mib) = faults.and_then(|f| f.heap_mib) else { return };
    let count = claim.memory_heap_count as usize;
    for heap in claim.memory_heaps.iter_mut().take(count) {
        heap.size = mib << 20;
    }
}
