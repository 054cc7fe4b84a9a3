//! Host memory for copies: pinned, which the device reaches by itself, and pageable, which the driver must stage.
//! Owns its allocation and end; must not know what is copied.
#![allow(unsafe_code)]

use std::rc::Rc;

use super::gpu::Gpu;
use crate::device::{DeviceError, Unsupported};

/// Pinned memory that kernels may reach as well.
const MAPPED: u32 = 2;

impl Gpu {
    /// Host memory that the device can reach directly.
    pub fn pinned(self: &Rc<Self>, bytes: u64) -> Result<HostMemory, DeviceError> {
        let mut at = std::ptr::null_mut();
        let size = usize::try_from(bytes).map_err(|_| DeviceError::OutOfMemory { bytes })?;
        // SAFETY: the driver fills in the address.
        let code = unsafe { (self.api.cuMemHostAlloc)(&mut at, size, MAPPED) };
        self.answer("cuMemHostAlloc", code, bytes)?;
        if at.is_null() {
            return Err(DeviceError::Validation {
                why: "cuMemHostAlloc gave no memory and no error".to_owned(),
            });
        }
        // SAFETY: the driver gave `size` bytes at `at`; zeroed, so that reading them is defined.
        unsafe { std::ptr::write_bytes(at.cast::<u8>(), 0, size) };
        Ok(HostMemory { gpu: Rc::clone(self), kind: HostKind::Pinned, at: at.cast(), bytes: size })
    }

    /// Host memory like any other, of which the driver knows nothing.
    pub fn pageable(self: &Rc<Self>, bytes: u64) -> Result<HostMemory, DeviceError> {
        let size = usize::try_from(bytes).map_err(|_| DeviceError::OutOfMemory { bytes })?;
        // Written, so that every page is there before time is taken.
        let mut memory = vec![0u8; size].into_boxed_slice();
        memory.fill(1);
        let at = Box::into_raw(memory).cast();
        Ok(HostMemory { gpu: Rc::clone(self), kind: HostKind::Pageable, at, bytes: size })
    }

    /// Memory of this kind.
    pub fn host_memory(self: &Rc<Self>, kind: HostKind, bytes: u64) -> Result<HostMemory, DeviceError> {
        match kind {
            HostKind::Pinned => self.pinned(bytes),
            HostKind::Pageable => self.pageable(bytes),
        }
    }

    /// Whether kernels can be told where pinned memory lies.
    pub fn maps_host_memory(&self) -> Result<(), Unsupported> {
        let why = || Unsupported::us("the driver does not say where a kernel finds pinned memory");
        self.api.cuMemHostGetDevicePointer_v2.map(|_| ()).ok_or_else(why)
    }
}

/// Whose pages host memory has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// Locked by the driver.
    Pinned,
    /// The system's, which may move them.
    Pageable,
}

/// Host memory for copies.
pub struct HostMemory {
    gpu: Rc<Gpu>,
    pub kind: HostKind,
    at: *mut u8,
    bytes: usize,
}

impl HostMemory {
    pub fn len(&self) -> u64 {
        self.bytes as u64
    }

    /// Where the host finds it.
    pub(super) fn at(&self) -> *mut u8 {
        self.at
    }

    pub(super) fn holds(&self, bytes: u64) -> Result<(), DeviceError> {
        if bytes > self.len() {
            let why = format!("{bytes} bytes do not fit staging memory of {}", self.bytes);
            return Err(DeviceError::Validation { why });
        }
        Ok(())
    }

    /// Where a kernel finds the bytes from `from` to `end`. Pinned memory only, which the driver checks.
    pub fn device_range(&self, from: u64, end: u64) -> Result<u64, DeviceError> {
        self.holds(from.max(end))?;
        let why = || DeviceError::Validation { why: "the driver maps no host memory".to_owned() };
        let ask = self.gpu.api.cuMemHostGetDevicePointer_v2.ok_or_else(why)?;
        let mut at = 0;
        // SAFETY: the memory is alive; the driver fills in the address.
        let code = unsafe { ask(&mut at, self.at.cast(), 0) };
        self.gpu.answer("cuMemHostGetDevicePointer", code, 0)?;
        Ok(at + from)
    }

    /// The content. Whoever ordered copies into it has waited for them.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the memory lives as long as this value and was written at first.
        unsafe { std::slice::from_raw_parts(self.at, self.bytes) }
    }

    /// The content, to be changed. Whoever ordered copies from or into it has waited for them.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and nobody else has it.
        unsafe { std::slice::from_raw_parts_mut(self.at, self.bytes) }
    }
}

impl Drop for HostMemory {
    fn drop(&mut self) {
        match self.kind {
            // SAFETY: allocated once, freed here only.
            HostKind::Pinned => self.gpu.free(|api| unsafe { (api.cuMemFreeHost)(self.at.cast()) }),
            // The driver of a broken device may still write to it.
            HostKind::Pageable if self.gpu.is_broken() => {}
            HostKind::Pageable => {
                let memory = std::ptr::slice_from_raw_parts_mut(self.at, self.bytes);
                // SAFETY: made from a box of this length, and freed here only.
                drop(unsafe { Box::from_raw(memory) });
            }
        }
    }
}
