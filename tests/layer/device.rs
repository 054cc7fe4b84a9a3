//! The device's half of the layer: counts submissions and breaks submitting and waiting as was asked for.
//! What lies in memory is `memory`'s business.

use std::ffi::{CStr, c_char};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ash::vk;

use crate::chain::{self, Known};
use crate::faults::{After, Faults};
use crate::memory::{self, Memory};

pub struct Device {
    pub next: ash::Device,
    next_proc_addr: vk::PFN_vkGetDeviceProcAddr,
    /// `None` for a device that stays healthy.
    pub faults: Option<&'static Faults>,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    submissions: u64,
    lost: bool,
    pub memory: Memory,
}

pub static DEVICES: Known<Device> = Known::new();

pub fn add(device: vk::Device, next_proc_addr: vk::PFN_vkGetDeviceProcAddr, faults: Option<&'static Faults>) {
    // SAFETY: the next element's own function, for the device that it has just made.
    let load = |name: &CStr| unsafe { std::mem::transmute(next_proc_addr(device, name.as_ptr())) };
    // SAFETY: as above.
    let next = unsafe { ash::Device::load_with(load, device) };
    DEVICES.add(device, Device { next, next_proc_addr, faults, state: Mutex::default() });
}

/// This layer's own version of a device function.
pub fn hook(name: &CStr) -> vk::PFN_vkVoidFunction {
    let pointer = match name.to_bytes() {
        b"vkDestroyDevice" => destroy_device as *const (),
        b"vkQueueSubmit" => queue_submit as *const (),
        b"vkWaitForFences" => wait_for_fences as *const (),
        b"vkGetFenceStatus" => get_fence_status as *const (),
        b"vkWaitSemaphores" | b"vkWaitSemaphoresKHR" => wait_semaphores as *const (),
        b"vkGetSemaphoreCounterValue" | b"vkGetSemaphoreCounterValueKHR" => counter_value as *const (),
        _ => return memory::hook(name),
    };
    chain::function(pointer)
}

pub fn next_function(device: vk::Device, name: *const c_char) -> vk::PFN_vkVoidFunction {
    let known = DEVICES.get(device)?;
    // SAFETY: the next element's own function, with the caller's arguments.
    unsafe { (known.next_proc_addr)(device, name) }
}

impl Device {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the fault that `which` picks has begun after `submissions`.
    fn begun(&self, submissions: u64, which: fn(&Faults) -> After) -> bool {
        self.faults.and_then(which).is_some_and(|after| submissions >= after)
    }

    /// What a wait returns without asking the driver.
    fn loss_in_wait(&self) -> Option<vk::Result> {
        let mut state = self.state();
        state.lost |= self.begun(state.submissions, |f| f.lose_wait);
        state.lost.then_some(vk::Result::ERROR_DEVICE_LOST)
    }
}

unsafe extern "system" fn destroy_device(device: vk::Device, allocator: *const vk::AllocationCallbacks) {
    if let Some(known) = DEVICES.remove(device) {
        // SAFETY: the next element's own function, with the caller's arguments.
        unsafe { (known.next.fp_v1_0().destroy_device)(device, allocator) }
    }
}

unsafe extern "system" fn queue_submit(
    queue: vk::Queue,
    count: u32,
    submits: *const vk::SubmitInfo,
    fence: vk::Fence,
) -> vk::Result {
    let Some(known) = DEVICES.get(queue) else { return vk::Result::ERROR_DEVICE_LOST };
    let before = {
        let mut state = known.state();
        state.submissions += 1;
        state.lost |= known.begun(state.submissions - 1, |f| f.lose_submit);
        if state.lost {
            return vk::Result::ERROR_DEVICE_LOST;
        }
        state.submissions - 1
    };
    if known.begun(before, |f| f.crash) {
        std::process::abort();
    }
    while known.begun(before, |f| f.stuck) {
        std::thread::sleep(Duration::from_secs(1));
    }
    if known.begun(before, |f| f.oom_submit) {
        return vk::Result::ERROR_OUT_OF_DEVICE_MEMORY;
    }
    if known.begun(before, |f| f.hang) {
        return vk::Result::SUCCESS;
    }
    if let Some(ms) = known.faults.and_then(|f| f.slow_ms) {
        std::thread::sleep(Duration::from_millis(ms));
    }
    // SAFETY: the next element's own functions, with the caller's arguments.
    unsafe {
        if known.begun(before, |f| f.flip) && known.next.queue_wait_idle(queue).is_ok() {
            known.state().memory.flip_largest(&known.next);
        }
        let result = (known.next.fp_v1_0().queue_submit)(queue, count, submits, fence);
        if known.begun(before, |f| f.flip_copy) && known.next.queue_wait_idle(queue).is_ok() {
            known.state().memory.flip_copied(&known.next);
        }
        result
    }
}

/// A function that waits, or asks, for work to be done: passes on unless the device is lost.
macro_rules! wait_function {
    ($name:ident, $version:ident, $next:ident, $($argument:ident: $type:ty),*) => {
        unsafe extern "system" fn $name(device: vk::Device, $($argument: $type),*) -> vk::Result {
            let Some(known) = DEVICES.get(device) else { return vk::Result::ERROR_DEVICE_LOST };
            if let Some(loss) = known.loss_in_wait() {
                return loss;
            }
            // SAFETY: the next element's own function, with the caller's arguments.
            unsafe { (known.next.$version().$next)(device, $($argument),*) }
        }
    };
}

wait_function!(wait_for_fences, fp_v1_0, wait_for_fences,
    count: u32, fences: *const vk::Fence, all: vk::Bool32, timeout: u64);
wait_function!(get_fence_status, fp_v1_0, get_fence_status, fence: vk::Fence);
wait_function!(wait_semaphores, fp_v1_2, wait_semaphores, info: *const vk::SemaphoreWaitInfo, timeout: u64);
wait_function!(counter_value, fp_v1_2, get_semaphore_counter_value, semaphore: vk::Semaphore, value: *mut u64);
