//! Device memory and pinned memory, as host memory. Behind every allocation lies a page that nobody may touch, and
//! freed memory is never given again: a kernel that reaches beyond or comes late ends the process.

use std::ffi::{c_uint, c_void};

use super::device::put;
use super::{INVALID_VALUE, OUT_OF_MEMORY, Refusal, call};

const PAGE: u64 = 4096;
/// The alignment of device memory.
const ALIGN: u64 = 256;

/// Maps `bytes` that end as close before a forbidden page as alignment allows.
fn map(bytes: u64) -> Result<u64, Refusal> {
    let usable = bytes.next_multiple_of(ALIGN).next_multiple_of(PAGE);
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping, anywhere; its last page loses all rights.
    unsafe {
        let at = libc::mmap(std::ptr::null_mut(), (usable + PAGE) as usize, rights, kind, -1, 0);
        if at == libc::MAP_FAILED
            || libc::mprotect(at.byte_add(usable as usize), PAGE as usize, libc::PROT_NONE) != 0
        {
            return Err(OUT_OF_MEMORY);
        }
        Ok(at as u64 + usable - bytes.next_multiple_of(ALIGN))
    }
}

/// Gives the pages back and keeps the addresses forbidden.
fn unmap(at: u64, bytes: u64) {
    let first = at / PAGE * PAGE;
    let length = (at + bytes).next_multiple_of(PAGE) - first;
    // SAFETY: the range was mapped by `map` and belongs to nobody else.
    unsafe {
        libc::madvise(first as *mut c_void, length as usize, libc::MADV_DONTNEED);
        libc::mprotect(first as *mut c_void, length as usize, libc::PROT_NONE);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> i32 {
    call("cuMemGetInfo", |state| {
        state.in_context()?;
        let used: u64 = state.memory.values().sum();
        let left = (state.faults.memory_mib - state.faults.taken_mib) << 20;
        put(free, left.saturating_sub(used) as usize)?;
        put(total, (state.faults.memory_mib << 20) as usize)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAlloc_v2(at: *mut u64, bytes: usize) -> i32 {
    call("cuMemAlloc", |state| {
        state.in_context()?;
        if bytes == 0 {
            return Err(INVALID_VALUE);
        }
        let used: u64 = state.memory.values().sum();
        if used + bytes as u64 > state.faults.have_mib << 20 {
            return Err(OUT_OF_MEMORY);
        }
        let address = map(bytes as u64)?;
        state.memory.insert(address, bytes as u64);
        let owner = state.current()?;
        state.owners.insert(address, owner);
        put(at, address)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFree_v2(at: u64) -> i32 {
    call("cuMemFree", |state| {
        state.in_context()?;
        // As the real one does: everything that may use it comes first.
        state.run_everything();
        let bytes = state.memory.remove(&at).ok_or(INVALID_VALUE)?;
        state.owners.remove(&at);
        unmap(at, bytes);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemHostAlloc(at: *mut *mut c_void, bytes: usize, _flags: c_uint) -> i32 {
    call("cuMemHostAlloc", |state| {
        state.in_context()?;
        if bytes == 0 {
            return Err(INVALID_VALUE);
        }
        let address = map(bytes as u64)?;
        state.pinned.insert(address, bytes as u64);
        put(at, address as *mut c_void)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFreeHost(at: *mut c_void) -> i32 {
    call("cuMemFreeHost", |state| {
        state.in_context()?;
        state.run_everything();
        let bytes = state.pinned.remove(&(at as u64)).ok_or(INVALID_VALUE)?;
        unmap(at as u64, bytes);
        Ok(())
    })
}

/// The same address: host and device share theirs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemHostGetDevicePointer_v2(at: *mut u64, host: *mut c_void, flags: c_uint) -> i32 {
    call("cuMemHostGetDevicePointer", |state| {
        state.in_context()?;
        if flags != 0 || !state.pinned.contains_key(&(host as u64)) {
            return Err(INVALID_VALUE);
        }
        put(at, host as u64)
    })
}
