//! A CUDA driver library without a GPU: host memory for device memory, and the kernels' own sources run on the CPU.
//! It enforces the contracts of the real one, late errors included, and can be told to break in every way that one
//! does. Test-only: nothing in the product knows it or its variables.
#![allow(unsafe_code, reason = "a driver library is a C interface: raw handles and pointers")]
#![allow(
    clippy::missing_safety_doc,
    reason = "every function is called under the rules of the CUDA driver interface"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken test driver may stop the test"
)]
#![allow(non_snake_case, reason = "the names of the interface")]

mod boxes;
mod device;
mod faults;
mod image;
mod kernels;
mod memory;
mod state;
mod together;
mod work;

use std::sync::{Mutex, PoisonError};

use faults::Fault;
use state::State;

/// A refusal, by its number in the interface.
pub type Refusal = i32;

pub const INVALID_VALUE: Refusal = 1;
pub const OUT_OF_MEMORY: Refusal = 2;
pub const NOT_INITIALIZED: Refusal = 3;
pub const INVALID_DEVICE: Refusal = 101;
pub const INVALID_IMAGE: Refusal = 200;
pub const INVALID_CONTEXT: Refusal = 201;
pub const NO_BINARY_FOR_GPU: Refusal = 209;
pub const INVALID_HANDLE: Refusal = 400;
pub const NOT_FOUND: Refusal = 500;
pub const NOT_READY: Refusal = 600;
pub const LAUNCH_OUT_OF_RESOURCES: Refusal = 701;
pub const PEER_ACCESS_ALREADY_ENABLED: Refusal = 704;
pub const LAUNCH_FAILED: Refusal = 719;

static STATE: Mutex<Option<State>> = Mutex::new(None);

/// Runs one call of the interface: counts it, breaks it if that was asked for, else does it.
pub fn call(name: &str, act: impl FnOnce(&mut State) -> Result<(), Refusal>) -> i32 {
    let mut guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let state = guard.get_or_insert_with(State::from_environment);
    state.calls += 1;
    match state.faults.at(state.calls) {
        Some(Fault::Fail(code)) => return state.fails_with(name, code),
        Some(Fault::Crash) => std::process::abort(),
        Some(Fault::Stuck) => loop {
            std::thread::park();
        },
        None => {}
    }
    if let Some(code) = state.sticky {
        return code;
    }
    if !state.initialised && name != "cuInit" && name != "cuDriverGetVersion" {
        return NOT_INITIALIZED;
    }
    match act(state) {
        Ok(()) => 0,
        Err(code) => code,
    }
}

/// For tests in the same process: forgets everything and lets call `fail_at` (0: none) answer `code`. The library stays
/// initialised.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_reset(fail_at: u64, code: i32) {
    let mut guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut state = State::from_environment();
    state.initialised = true;
    state.faults.fail = (fail_at > 0).then_some((fail_at, code));
    *guard = Some(state);
}

/// The calls since the last reset.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_calls() -> u64 {
    STATE.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |state| state.calls)
}

/// How many handles and allocations have not been freed.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_live() -> u64 {
    STATE.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, State::live)
}

/// The name of the call that was made to fail, or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_failed() -> *const std::ffi::c_char {
    let guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    guard.as_ref().and_then(|state| state.failed.as_ref()).map_or(c"".as_ptr(), |name| name.as_ptr())
}
