//! The loader's side of the layer interface: the structures by which one layer finds the next, and the key by
//! which a handle is known. Must not know any fault.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ash::vk;

/// `VkLayerInstanceLink` and `VkLayerDeviceLink`; the third member differs only in its type.
#[repr(C)]
pub struct Link {
    p_next: *mut Link,
    pub next_instance_proc_addr: vk::PFN_vkGetInstanceProcAddr,
    third: *const c_void,
}

impl Link {
    /// The next element's `vkGetDeviceProcAddr`.
    ///
    /// # Safety
    /// Only of a link that came from [`take_link`] with the structure type of a device.
    pub unsafe fn next_device_proc_addr(&self) -> vk::PFN_vkGetDeviceProcAddr {
        // SAFETY: in VkLayerDeviceLink the third member is this function, never null.
        unsafe { std::mem::transmute(self.third) }
    }
}

/// `VkLayerInstanceCreateInfo` and `VkLayerDeviceCreateInfo`, as far as both agree.
#[repr(C)]
struct LayerCreateInfo {
    s_type: vk::StructureType,
    p_next: *const c_void,
    function: u32,
    link: *mut Link,
}

const LAYER_LINK_INFO: u32 = 0;

/// Finds this layer's link in the chain of a create call and moves the chain on for the next layer.
///
/// # Safety
/// `p_next` is the `pNext` of the create info that the loader passed in.
pub unsafe fn take_link(mut p_next: *const c_void, s_type: vk::StructureType) -> Option<&'static Link> {
    while !p_next.is_null() {
        let info = p_next as *mut LayerCreateInfo;
        // SAFETY: every structure of the chain begins with its type and the next pointer; the rest is read only
        // after the type is known. The loader's copy is meant to be written to.
        unsafe {
            if (*info).s_type == s_type && (*info).function == LAYER_LINK_INFO {
                let link = (*info).link;
                (*info).link = (*link).p_next;
                return Some(&*link);
            }
            p_next = (*info).p_next;
        }
    }
    None
}

/// What is known about the instances or devices of this process, by dispatch table.
pub struct Known<T>(Mutex<BTreeMap<usize, Arc<T>>>);

impl<T> Known<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<usize, Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, handle: impl vk::Handle, value: T) {
        self.map().insert(key(handle), Arc::new(value));
    }

    pub fn get(&self, handle: impl vk::Handle) -> Option<Arc<T>> {
        self.map().get(&key(handle)).cloned()
    }

    pub fn remove(&self, handle: impl vk::Handle) -> Option<Arc<T>> {
        self.map().remove(&key(handle))
    }
}

/// A dispatchable handle points to the loader's dispatch table, which an instance shares with its physical
/// devices and a device with its queues and command buffers.
fn key(handle: impl vk::Handle) -> usize {
    let pointer = handle.as_raw() as *const usize;
    // SAFETY: only dispatchable handles come here, and the loader guarantees this first word.
    if pointer.is_null() { 0 } else { unsafe { *pointer } }
}

/// A function pointer as Vulkan's untyped one.
pub fn function(pointer: *const ()) -> vk::PFN_vkVoidFunction {
    // SAFETY: all callers pass functions of the system ABI, and Vulkan casts them back by name.
    unsafe { std::mem::transmute(pointer) }
}
