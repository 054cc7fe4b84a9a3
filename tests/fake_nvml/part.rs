//! The part of the divided card (MIG), where the test wishes for one: it knows its card, its place there, its memory and who uses it. All
//! else only the card can be asked.

use std::ffi::c_uint;

use nvml_wrapper_sys::bindings::*;

use crate::answer::{CARD, of_either, put};

pub const UUID: &str = "MIG-0f0e0d0c-0b0a-0908-0706-050403020100";
pub const MEMORY_BYTES: u64 = 16_384 << 20;
/// By which errors are told to be of this part.
pub const INSTANCE: c_uint = 7;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetDeviceHandleFromMigDeviceHandle(
    device: nvmlDevice_t,
    out: *mut nvmlDevice_t,
) -> nvmlReturn_t {
    of_part("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", device, || {
        put(out, (&raw const CARD).cast_mut().cast())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetGpuInstanceId(device: nvmlDevice_t, out: *mut c_uint) -> nvmlReturn_t {
    of_part("nvmlDeviceGetGpuInstanceId", device, || put(out, INSTANCE))
}

fn of_part(name: &str, device: nvmlDevice_t, act: impl FnOnce() -> Result<(), nvmlReturn_t>) -> nvmlReturn_t {
    of_either(
        name,
        device,
        |is_part, _| {
            if is_part { act() } else { Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT) }
        },
    )
}
