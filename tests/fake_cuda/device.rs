//! What the driver says about itself and its devices, and their contexts.

use std::ffi::{c_char, c_int, c_uint};

use super::state::CURRENT;
use super::{INVALID_CONTEXT, INVALID_DEVICE, INVALID_VALUE, PEER_ACCESS_ALREADY_ENABLED, Refusal, call};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuInit(flags: c_uint) -> i32 {
    call("cuInit", |state| {
        if flags != 0 {
            return Err(INVALID_VALUE);
        }
        state.initialised = true;
        if state.faults.chatter {
            println!("the driver greets whoever reads this");
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> i32 {
    call("cuDriverGetVersion", |_| put(version, 12_040))
}

/// Names of the codes that it gives itself; others have none, as on a driver that is older than its caller.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorName(code: c_int, name: *mut *const c_char) -> i32 {
    let text = match code {
        0 => c"CUDA_SUCCESS",
        1 => c"CUDA_ERROR_INVALID_VALUE",
        2 => c"CUDA_ERROR_OUT_OF_MEMORY",
        3 => c"CUDA_ERROR_NOT_INITIALIZED",
        100 => c"CUDA_ERROR_NO_DEVICE",
        200 => c"CUDA_ERROR_INVALID_IMAGE",
        201 => c"CUDA_ERROR_INVALID_CONTEXT",
        209 => c"CUDA_ERROR_NO_BINARY_FOR_GPU",
        400 => c"CUDA_ERROR_INVALID_HANDLE",
        500 => c"CUDA_ERROR_NOT_FOUND",
        700 => c"CUDA_ERROR_ILLEGAL_ADDRESS",
        719 => c"CUDA_ERROR_LAUNCH_FAILED",
        999 => c"CUDA_ERROR_UNKNOWN",
        _ => return INVALID_VALUE,
    };
    // SAFETY: the caller gives a place for the pointer.
    unsafe { *name = text.as_ptr() };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> i32 {
    call("cuDeviceGetCount", |state| put(count, state.faults.count))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGet(device: *mut c_int, ordinal: c_int) -> i32 {
    call("cuDeviceGet", |state| {
        known(ordinal, state.faults.count)?;
        put(device, ordinal)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetName(name: *mut c_char, length: c_int, device: c_int) -> i32 {
    call("cuDeviceGetName", |state| {
        known(device, state.faults.count)?;
        put_text(name, length, &state.faults.name)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, device: c_int) -> i32 {
    call("cuDeviceTotalMem", |state| {
        known(device, state.faults.count)?;
        put(bytes, (state.faults.memory_mib << 20) as usize)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_int, device: c_int) -> i32 {
    call("cuDeviceGetAttribute", |state| {
        known(device, state.faults.count)?;
        let sm = state.faults.sm as c_int;
        let answer = match attribute {
            13 | 36 => 1_000_000,     // clocks, in kHz
            16 => state.faults.units, // multiprocessors
            17 | 18 | 32 => 0,        // watchdog, integrated, ECC
            20 => state.faults.compute_mode,
            37 => 64,      // memory bus, in bits
            38 => 1 << 20, // L2 cache
            39 => 2048,    // threads per multiprocessor
            75 => sm / 10, // compute capability
            76 => sm % 10,
            133 => state.faults.mps,
            _ => return Err(INVALID_VALUE),
        };
        put(value, answer)
    })
}

/// An address that no machine has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetPCIBusId(address: *mut c_char, length: c_int, device: c_int) -> i32 {
    call("cuDeviceGetPCIBusId", |state| {
        known(device, state.faults.count)?;
        let other = state.faults.address.clone().filter(|_| device == 0);
        put_text(address, length, &other.unwrap_or_else(|| format!("FFFF:FF:1F.{device}")))
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetUuid_v2(uuid: *mut [u8; 16], device: c_int) -> i32 {
    call("cuDeviceGetUuid", |state| {
        known(device, state.faults.count)?;
        let mut bytes = *b"TEST-NOT-A-GPU-0";
        bytes[15] += device as u8;
        put(uuid, state.faults.uuid.filter(|_| device == 0).unwrap_or(bytes))
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRetain(context: *mut usize, device: c_int) -> i32 {
    call("cuDevicePrimaryCtxRetain", |state| {
        known(device, state.faults.count)?;
        *state.contexts.entry(device).or_default() += 1;
        put(context, handle(device))
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRelease_v2(device: c_int) -> i32 {
    call("cuDevicePrimaryCtxRelease", |state| {
        let count = state.contexts.get_mut(&device).filter(|count| **count > 0).ok_or(INVALID_CONTEXT)?;
        *count -= 1;
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxSetCurrent(context: usize) -> i32 {
    call("cuCtxSetCurrent", |state| {
        let device =
            (0..state.faults.count).find(|device| handle(*device) == context).ok_or(INVALID_CONTEXT)?;
        CURRENT.set(Some(device));
        state.in_context()
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceCanAccessPeer(can: *mut c_int, device: c_int, peer: c_int) -> i32 {
    call("cuDeviceCanAccessPeer", |state| {
        known(device, state.faults.count)?;
        known(peer, state.faults.count)?;
        put(can, c_int::from(device != peer && state.faults.peers != 0))
    })
}

/// Once for each context that is to be reached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxEnablePeerAccess(peer: usize, flags: c_uint) -> i32 {
    call("cuCtxEnablePeerAccess", |state| {
        let (own, peer) = (state.current()?, state.device_of(peer)?);
        if flags != 0 || own == peer || state.faults.peers == 0 {
            return Err(INVALID_VALUE);
        }
        if state.faults.peers > 1 {
            return Err(state.faults.peers);
        }
        if state.reaches.insert((own, peer)) { Ok(()) } else { Err(PEER_ACCESS_ALREADY_ENABLED) }
    })
}

pub fn handle(device: c_int) -> usize {
    0xC0 + 0x100 * device as usize
}

fn known(device: c_int, count: c_int) -> Result<(), Refusal> {
    if (0..count).contains(&device) { Ok(()) } else { Err(INVALID_DEVICE) }
}

/// Stores a result where the caller wants it.
pub fn put<T>(place: *mut T, value: T) -> Result<(), Refusal> {
    if place.is_null() {
        return Err(INVALID_VALUE);
    }
    // SAFETY: the caller gives a place for a value of this type.
    unsafe { place.write(value) };
    Ok(())
}

fn put_text(place: *mut c_char, length: c_int, text: &str) -> Result<(), Refusal> {
    if place.is_null() || length <= 0 {
        return Err(INVALID_VALUE);
    }
    let kept = text.len().min(length as usize - 1);
    // SAFETY: the caller gives a place for `length` bytes.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), place.cast(), kept);
        place.add(kept).write(0);
    }
    Ok(())
}
