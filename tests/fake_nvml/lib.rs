//! Stands for the NVIDIA driver's `libnvidia-ml.so.1`: the functions that the product calls, answered for one made-up
//! card and as strict as the real ones about initialisation, handles, sizes and versions. Test-only: nothing in the
//! product knows it or its variables. What it is asked to do otherwise is `wishes`' business.
#![allow(unsafe_code, reason = "a C interface: raw handles and pointers in, values out through pointers")]
#![allow(
    clippy::missing_safety_doc,
    reason = "every function is called under the rules of the NVML manual, which say the same for all"
)]
#![allow(non_snake_case, reason = "the names are NVML's")]

mod answer;
mod attestation;
mod card;
mod events;
mod part;
mod report;
mod wishes;

use std::ffi::{c_char, c_int, c_uint};
use std::sync::atomic::Ordering;

use nvml_wrapper_sys::bindings::*;

use answer::{CARD, INITIALISED, PART, answer, of_card, put, put_text};

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> nvmlReturn_t {
    if let Err(why) = wishes::asked() {
        eprintln!("fake NVML: {why}");
        return nvmlReturn_enum_NVML_ERROR_UNKNOWN;
    }
    INITIALISED.store(true, Ordering::SeqCst);
    answer("nvmlInit_v2", |_| Ok(()))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(text: *mut c_char, length: c_uint) -> nvmlReturn_t {
    let name = "nvmlSystemGetDriverVersion";
    answer(name, |wishes| put_text(text, length, wishes.text(name, "550.54.15")))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetNVMLVersion(text: *mut c_char, length: c_uint) -> nvmlReturn_t {
    let name = "nvmlSystemGetNVMLVersion";
    answer(name, |wishes| put_text(text, length, wishes.text(name, "12.550.54.15")))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(out: *mut c_uint) -> nvmlReturn_t {
    let name = "nvmlDeviceGetCount_v2";
    answer(name, |wishes| put(out, wishes.value(name, 8) as c_uint))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByUUID(
    uuid: *const c_char,
    out: *mut nvmlDevice_t,
) -> nvmlReturn_t {
    answer("nvmlDeviceGetHandleByUUID", |wishes| {
        let card = find(uuid, |uuid| uuid == card::UUID, &CARD, out);
        card.or_else(|_| find(uuid, |uuid| wishes.is_divided() && uuid == part::UUID, &PART, out))
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByPciBusId_v2(
    address: *const c_char,
    out: *mut nvmlDevice_t,
) -> nvmlReturn_t {
    // Any number of leading zeros, in either case.
    let is_it = |address: &str| {
        address.to_uppercase().trim_start_matches('0') == card::ADDRESS.trim_start_matches('0')
    };
    answer("nvmlDeviceGetHandleByPciBusId_v2", |_| find(address, is_it, &CARD, out))
}

fn find(
    name: *const c_char,
    is_it: impl Fn(&str) -> bool,
    handle: &'static u8,
    out: *mut nvmlDevice_t,
) -> Result<(), nvmlReturn_t> {
    if name.is_null() {
        return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
    }
    // SAFETY: the caller passes a C string.
    let name = unsafe { std::ffi::CStr::from_ptr(name) };
    match name.to_str() {
        Ok(name) if is_it(name) => put(out, (&raw const *handle).cast_mut().cast()),
        Ok(_) => Err(nvmlReturn_enum_NVML_ERROR_NOT_FOUND),
        Err(_) => Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetFieldValues(
    device: nvmlDevice_t,
    count: c_int,
    values: *mut nvmlFieldValue_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetFieldValues", device, |wishes| {
        if values.is_null() || count <= 0 {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        }
        // SAFETY: the caller passes so many values.
        for value in unsafe { std::slice::from_raw_parts_mut(values, count as usize) } {
            let known = card::field(value.fieldId);
            value.nvmlReturn = if known.is_some() {
                nvmlReturn_enum_NVML_SUCCESS
            } else {
                nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED
            };
            value.valueType = nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG_LONG;
            value.value.ullVal = wishes.value(&format!("field{}", value.fieldId), known.unwrap_or(0));
        }
        Ok(())
    })
}
