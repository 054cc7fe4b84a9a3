//! What is asked of the driver for tests, which this process has loaded before: is this memory of that device, and do this when all of
//! those streams have come to it.

use std::ffi::c_void;
use std::sync::LazyLock;

use super::job::Job;
use super::{INVALID_ARGUMENT, Refusal, UNHANDLED_CUDA_ERROR};

type Act = unsafe extern "C" fn(*mut c_void);

struct Driver {
    order: unsafe extern "C" fn(Act, *mut c_void, *const usize, usize) -> i32,
    lies_on: extern "C" fn(i32, u64, u64) -> i32,
    count: unsafe extern "C" fn(*mut i32) -> i32,
}

/// Stays loaded to the end of the process.
static DRIVER: LazyLock<Driver> = LazyLock::new(|| {
    // SAFETY: our own library, with the functions that tests/fake_cuda declares.
    unsafe {
        let library = libloading::Library::new("libcuda.so").expect("the driver for tests");
        let driver = Driver {
            order: *library.get("assay_fake_order_together").unwrap(),
            lies_on: *library.get("assay_fake_lies_on").unwrap(),
            count: *library.get("cuDeviceGetCount").unwrap(),
        };
        std::mem::forget(library);
        driver
    }
});

pub fn devices() -> Result<i32, Refusal> {
    let mut count = 0;
    // SAFETY: the driver fills in the number.
    if unsafe { (DRIVER.count)(&mut count) } == 0 { Ok(count) } else { Err(UNHANDLED_CUDA_ERROR) }
}

pub fn lies_on(device: i32, from: u64, bytes: u64) -> Result<(), Refusal> {
    if (DRIVER.lies_on)(device, from, bytes) == 0 { Ok(()) } else { Err(INVALID_ARGUMENT) }
}

pub fn order(job: Job, streams: &[usize]) -> Result<(), Refusal> {
    unsafe extern "C" fn act(job: *mut c_void) {
        // SAFETY: made below; the driver calls this once.
        unsafe { Box::from_raw(job.cast::<Job>()) }.run();
    }
    let job = Box::into_raw(Box::new(job)).cast();
    // SAFETY: as the driver demands.
    match unsafe { (DRIVER.order)(act, job, streams.as_ptr(), streams.len()) } {
        0 => Ok(()),
        _ => Err(UNHANDLED_CUDA_ERROR),
    }
}
