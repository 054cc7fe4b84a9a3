//! What a device holds: allocations, buffers, mappings, the last copy. Caps the first and changes bits in the
//! others; must not know submissions.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};

use ash::vk;

use crate::chain;
use crate::device::DEVICES;

/// Bytes of all allocations of this process.
pub static HELD: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
pub struct Memory {
    allocations: Vec<(vk::DeviceMemory, u64)>,
    /// In the order of creation.
    buffers: Vec<Buffer>,
    mapped: Vec<(vk::DeviceMemory, Mapping)>,
    last_copy: Option<(vk::Buffer, u64)>,
}

struct Buffer {
    handle: vk::Buffer,
    bytes: u64,
    place: Option<(vk::DeviceMemory, u64)>,
}

/// Where the application sees a piece of memory.
#[derive(Clone, Copy)]
struct Mapping {
    at: *mut u8,
    offset: u64,
}

// SAFETY: the pointer is only used for single bytes of memory that is idle at that time.
unsafe impl Send for Mapping {}

impl Memory {
    /// Changes one bit in the middle of the largest buffer, the first of equals. The device must be idle.
    pub fn flip_largest(&self, next: &ash::Device) {
        if let Some(largest) = self.buffers.iter().rev().max_by_key(|b| b.bytes) {
            self.flip(next, largest.handle, largest.bytes / 2);
        }
    }

    /// Changes one bit of what was copied last, once for each copy. The device must be idle.
    pub fn flip_copied(&mut self, next: &ash::Device) {
        if let Some((buffer, offset)) = self.last_copy.take() {
            self.flip(next, buffer, offset);
        }
    }

    fn flip(&self, next: &ash::Device, buffer: vk::Buffer, offset: u64) {
        let found = self.buffers.iter().find(|b| b.handle == buffer).and_then(|b| b.place);
        let Some((memory, start)) = found else { return };
        let at = start + offset;
        if let Some((_, mapping)) = self.mapped.iter().find(|(m, _)| *m == memory) {
            if at >= mapping.offset {
                // SAFETY: the application's own mapping of this memory, inside a buffer that is bound there.
                unsafe { *mapping.at.add((at - mapping.offset) as usize) ^= 0x10 };
            }
            return;
        }
        // SAFETY: the memory is live and not mapped; software drivers can map all of their memory.
        unsafe {
            match next.map_memory(memory, at, 1, vk::MemoryMapFlags::empty()) {
                Ok(byte) => {
                    *(byte as *mut u8) ^= 0x10;
                    next.unmap_memory(memory);
                }
                Err(error) => eprintln!("fault layer: this memory cannot be reached: {error}"),
            }
        }
    }
}

/// This layer's own version of a function that concerns memory.
pub fn hook(name: &CStr) -> vk::PFN_vkVoidFunction {
    let pointer = match name.to_bytes() {
        b"vkAllocateMemory" => allocate_memory as *const (),
        b"vkFreeMemory" => free_memory as *const (),
        b"vkMapMemory" => map_memory as *const (),
        b"vkUnmapMemory" => unmap_memory as *const (),
        b"vkCreateBuffer" => create_buffer as *const (),
        b"vkDestroyBuffer" => destroy_buffer as *const (),
        b"vkBindBufferMemory" => bind_buffer_memory as *const (),
        b"vkCmdCopyBuffer" => cmd_copy_buffer as *const (),
        _ => return None,
    };
    chain::function(pointer)
}

unsafe extern "system" fn allocate_memory(
    device: vk::Device,
    info: *const vk::MemoryAllocateInfo,
    allocator: *const vk::AllocationCallbacks,
    out: *mut vk::DeviceMemory,
) -> vk::Result {
    let Some(known) = DEVICES.get(device) else { return vk::Result::ERROR_DEVICE_LOST };
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe {
        let bytes = (*info).allocation_size;
        let mut state = known.state();
        let held: u64 = state.memory.allocations.iter().map(|(_, bytes)| bytes).sum();
        if known.faults.and_then(|f| f.cap_mib).is_some_and(|mib| held.saturating_add(bytes) > mib << 20) {
            return vk::Result::ERROR_OUT_OF_DEVICE_MEMORY;
        }
        let result = (known.next.fp_v1_0().allocate_memory)(device, info, allocator, out);
        if result == vk::Result::SUCCESS {
            state.memory.allocations.push((*out, bytes));
            HELD.fetch_add(bytes, Ordering::Relaxed);
        }
        result
    }
}

unsafe extern "system" fn free_memory(
    device: vk::Device,
    memory: vk::DeviceMemory,
    allocator: *const vk::AllocationCallbacks,
) {
    let Some(known) = DEVICES.get(device) else { return };
    {
        let mut state = known.state();
        let freed = state.memory.allocations.extract_if(.., |(m, _)| *m == memory);
        HELD.fetch_sub(freed.map(|(_, bytes)| bytes).sum(), Ordering::Relaxed);
        state.memory.mapped.retain(|(m, _)| *m != memory);
    }
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe { (known.next.fp_v1_0().free_memory)(device, memory, allocator) }
}

unsafe extern "system" fn map_memory(
    device: vk::Device,
    memory: vk::DeviceMemory,
    offset: u64,
    size: u64,
    flags: vk::MemoryMapFlags,
    out: *mut *mut std::ffi::c_void,
) -> vk::Result {
    let Some(known) = DEVICES.get(device) else { return vk::Result::ERROR_DEVICE_LOST };
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe {
        let result = (known.next.fp_v1_0().map_memory)(device, memory, offset, size, flags, out);
        if result == vk::Result::SUCCESS {
            known.state().memory.mapped.push((memory, Mapping { at: *out as *mut u8, offset }));
        }
        result
    }
}

unsafe extern "system" fn unmap_memory(device: vk::Device, memory: vk::DeviceMemory) {
    let Some(known) = DEVICES.get(device) else { return };
    known.state().memory.mapped.retain(|(m, _)| *m != memory);
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe { (known.next.fp_v1_0().unmap_memory)(device, memory) }
}

unsafe extern "system" fn create_buffer(
    device: vk::Device,
    info: *const vk::BufferCreateInfo,
    allocator: *const vk::AllocationCallbacks,
    out: *mut vk::Buffer,
) -> vk::Result {
    let Some(known) = DEVICES.get(device) else { return vk::Result::ERROR_DEVICE_LOST };
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe {
        let result = (known.next.fp_v1_0().create_buffer)(device, info, allocator, out);
        if result == vk::Result::SUCCESS {
            known.state().memory.buffers.push(Buffer { handle: *out, bytes: (*info).size, place: None });
        }
        result
    }
}

unsafe extern "system" fn destroy_buffer(
    device: vk::Device,
    buffer: vk::Buffer,
    allocator: *const vk::AllocationCallbacks,
) {
    let Some(known) = DEVICES.get(device) else { return };
    known.state().memory.buffers.retain(|b| b.handle != buffer);
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe { (known.next.fp_v1_0().destroy_buffer)(device, buffer, allocator) }
}

unsafe extern "system" fn bind_buffer_memory(
    device: vk::Device,
    buffer: vk::Buffer,
    memory: vk::DeviceMemory,
    offset: u64,
) -> vk::Result {
    let Some(known) = DEVICES.get(device) else { return vk::Result::ERROR_DEVICE_LOST };
    for known in known.state().memory.buffers.iter_mut().filter(|b| b.handle == buffer) {
        known.place = Some((memory, offset));
    }
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe { (known.next.fp_v1_0().bind_buffer_memory)(device, buffer, memory, offset) }
}

unsafe extern "system" fn cmd_copy_buffer(
    commands: vk::CommandBuffer,
    from: vk::Buffer,
    to: vk::Buffer,
    count: u32,
    regions: *const vk::BufferCopy,
) {
    let Some(known) = DEVICES.get(commands) else { return };
    // SAFETY: the caller passes `count` regions; the next element's own function, with the caller's arguments.
    unsafe {
        if let Some(last) = std::slice::from_raw_parts(regions, count as usize).last() {
            known.state().memory.last_copy = Some((to, last.dst_offset + last.size / 2));
        }
        (known.next.fp_v1_0().cmd_copy_buffer)(commands, from, to, count, regions);
    }
}
