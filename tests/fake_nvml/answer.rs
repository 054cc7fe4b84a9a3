//! How every function answers: what the test wishes comes first, then the rules that the real library enforces.
//! Must not know any one function.

use std::ffi::{c_char, c_uint};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nvml_wrapper_sys::bindings::*;

use crate::wishes::{self, Wishes};

pub static INITIALISED: AtomicBool = AtomicBool::new(false);

/// Its address is the handle of the card.
pub static CARD: u8 = 0;

/// Its address is the handle of a part of the card, where the test wishes for one.
pub static PART: u8 = 1;

/// A function that asks no card.
pub fn answer(name: &str, act: impl FnOnce(&Wishes) -> Result<(), nvmlReturn_t>) -> nvmlReturn_t {
    wished(name, false, act)
}

/// A function that asks a card, and cannot be asked of a part of it.
pub fn of_card(
    name: &str,
    device: nvmlDevice_t,
    act: impl FnOnce(&Wishes) -> Result<(), nvmlReturn_t>,
) -> nvmlReturn_t {
    of_either(
        name,
        device,
        |is_part, wishes| {
            if is_part { Err(nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED) } else { act(wishes) }
        },
    )
}

/// A function that asks a card or a part of it, and is told which.
pub fn of_either(
    name: &str,
    device: nvmlDevice_t,
    act: impl FnOnce(bool, &Wishes) -> Result<(), nvmlReturn_t>,
) -> nvmlReturn_t {
    wished(name, true, |wishes| {
        let handle = device.cast_const().cast();
        if handle != &raw const CARD && handle != &raw const PART {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        }
        act(handle == &raw const PART, wishes)
    })
}

fn wished(
    name: &str,
    asks_a_card: bool,
    act: impl FnOnce(&Wishes) -> Result<(), nvmlReturn_t>,
) -> nvmlReturn_t {
    let Ok(wishes) = wishes::asked() else { return nvmlReturn_enum_NVML_ERROR_UNKNOWN };
    if wishes.crashes_in(name) {
        std::process::abort();
    }
    while wishes.hangs_in(name) {
        std::thread::sleep(Duration::from_secs(1));
    }
    std::thread::sleep(Duration::from_millis(wishes.slow_ms));
    if let Some(code) = wishes.failure(name, asks_a_card) {
        return code;
    }
    if !INITIALISED.load(Ordering::SeqCst) {
        return nvmlReturn_enum_NVML_ERROR_UNINITIALIZED;
    }
    act(wishes).err().unwrap_or(nvmlReturn_enum_NVML_SUCCESS)
}

/// Writes a value where the caller wants it.
pub fn put<T>(out: *mut T, value: T) -> Result<(), nvmlReturn_t> {
    if out.is_null() {
        return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
    }
    // SAFETY: the caller passes a pointer to a value of this type.
    unsafe { *out = value };
    Ok(())
}

/// Writes a text and its zero into a buffer of `length`.
pub fn put_text(out: *mut c_char, length: c_uint, text: &str) -> Result<(), nvmlReturn_t> {
    if out.is_null() {
        return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
    }
    if text.len() >= length as usize {
        return Err(nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE);
    }
    // SAFETY: the caller passes a buffer of this length, and text and zero fit.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), out, text.len());
        *out.add(text.len()) = 0;
    }
    Ok(())
}

/// A structure must say its size and version.
pub fn check_version<T>(given: c_uint, version: c_uint) -> Result<(), nvmlReturn_t> {
    if given == size_of::<T>() as c_uint | version << 24 {
        Ok(())
    } else {
        Err(nvmlReturn_enum_NVML_ERROR_ARGUMENT_VERSION_MISMATCH)
    }
}
