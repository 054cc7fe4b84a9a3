//! A Vulkan layer that makes a healthy driver misbehave, so that the wgpu path meets every failure without
//! broken hardware. Owns the entry points that the loader calls; which fault happens when is `faults`' business.
//! Test-only: nothing in the product knows this layer or its variables.
#![allow(unsafe_code, reason = "a Vulkan layer is a C interface: raw handles in, function pointers out")]
#![allow(
    clippy::missing_safety_doc,
    reason = "every entry point is called by the Vulkan loader under the rules of the Vulkan specification"
)]

mod chain;
mod device;
mod faults;
mod instance;
mod memory;

use std::ffi::{CStr, c_char};

use ash::vk;

/// `VkNegotiateLayerInterface` of the loader's layer interface.
#[repr(C)]
pub struct NegotiateLayerInterface {
    s_type: u32,
    p_next: *mut std::ffi::c_void,
    version: u32,
    get_instance_proc_addr: Option<vk::PFN_vkGetInstanceProcAddr>,
    get_device_proc_addr: Option<vk::PFN_vkGetDeviceProcAddr>,
    get_physical_device_proc_addr: vk::PFN_vkVoidFunction,
}

/// The one exported symbol: tells the loader where the other entry points are.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn vkNegotiateLoaderLayerInterfaceVersion(
    interface: *mut NegotiateLayerInterface,
) -> vk::Result {
    // SAFETY: the loader passes a valid structure of its own.
    let interface = unsafe { &mut *interface };
    if interface.version < 2 {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    }
    interface.version = 2;
    interface.get_instance_proc_addr = Some(get_instance_proc_addr);
    interface.get_device_proc_addr = Some(get_device_proc_addr);
    interface.get_physical_device_proc_addr = None;
    vk::Result::SUCCESS
}

unsafe extern "system" fn get_instance_proc_addr(
    instance: vk::Instance,
    name: *const c_char,
) -> vk::PFN_vkVoidFunction {
    // SAFETY: the caller passes a C string.
    let wanted = unsafe { CStr::from_ptr(name) };
    match wanted.to_bytes() {
        b"vkGetInstanceProcAddr" => return chain::function(get_instance_proc_addr as *const ()),
        b"vkGetDeviceProcAddr" => return chain::function(get_device_proc_addr as *const ()),
        _ => {}
    }
    instance::hook(wanted)
        .or_else(|| device::hook(wanted))
        .or_else(|| instance::next_function(instance, name))
}

unsafe extern "system" fn get_device_proc_addr(
    device: vk::Device,
    name: *const c_char,
) -> vk::PFN_vkVoidFunction {
    // What the driver does not have (an extension that is off) must stay absent.
    let below = device::next_function(device, name)?;
    // SAFETY: the caller passes a C string.
    let wanted = unsafe { CStr::from_ptr(name) };
    if wanted == c"vkGetDeviceProcAddr" {
        return chain::function(get_device_proc_addr as *const ());
    }
    device::hook(wanted).or(Some(below))
}
