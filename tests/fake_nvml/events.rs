//! Sets of events: created, registered for a card, polled. Delivers the Xid codes that were wished for.

use std::ffi::{c_uint, c_ulonglong};
use std::sync::Mutex;

use nvml_wrapper_sys::bindings::*;

use crate::answer::{CARD, answer, of_card, put};

#[derive(Default)]
struct State {
    registered: bool,
    polls: u64,
    delivered: usize,
}

/// There is one set; its address is the handle.
static STATE: Mutex<State> = Mutex::new(State { registered: false, polls: 0, delivered: 0 });

fn state() -> std::sync::MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn handle() -> nvmlEventSet_t {
    (&raw const STATE).cast_mut().cast()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetCreate(out: *mut nvmlEventSet_t) -> nvmlReturn_t {
    answer("nvmlEventSetCreate", |_| put(out, handle()))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceRegisterEvents(
    device: nvmlDevice_t,
    kinds: c_ulonglong,
    set: nvmlEventSet_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceRegisterEvents", device, |_| {
        if set != handle() {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        }
        state().registered |= kinds & c_ulonglong::from(nvmlEventTypeXidCriticalError) != 0;
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetWait_v2(
    set: nvmlEventSet_t,
    out: *mut nvmlEventData_t,
    _timeout_ms: c_uint,
) -> nvmlReturn_t {
    answer("nvmlEventSetWait_v2", |wishes| {
        if set != handle() {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        }
        let mut state = state();
        let next = wishes.xids.get(state.delivered).filter(|(polls, _)| state.polls >= *polls);
        let Some((_, code)) = next.filter(|_| state.registered) else {
            state.polls += 1;
            return Err(nvmlReturn_enum_NVML_ERROR_TIMEOUT);
        };
        state.delivered += 1;
        put(
            out,
            nvmlEventData_t {
                device: (&raw const CARD).cast_mut().cast(),
                eventType: c_ulonglong::from(nvmlEventTypeXidCriticalError),
                eventData: *code,
                gpuInstanceId: wishes.value("instance", u64::from(c_uint::MAX)) as c_uint,
                computeInstanceId: c_uint::MAX,
            },
        )
    })
}
