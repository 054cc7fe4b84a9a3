//! What is asked of the driver for tests, which this process has loaded before: is this device memory, and do this in that stream.

use std::ffi::c_void;
use std::sync::LazyLock;

use super::product::Product;
use super::{INVALID_VALUE, Refusal};

struct Driver {
    order: unsafe extern "C" fn(unsafe extern "C" fn(*mut c_void), *mut c_void, usize) -> i32,
    holds: extern "C" fn(u64, u64) -> i32,
}

/// Stays loaded to the end of the process.
static DRIVER: LazyLock<Driver> = LazyLock::new(|| {
    // SAFETY: our own library, with the functions that tests/fake_cuda/work.rs declares.
    unsafe {
        let library = libloading::Library::new("libcuda.so").expect("the driver for tests");
        let driver = Driver {
            order: *library.get("assay_fake_order").unwrap(),
            holds: *library.get("assay_fake_holds").unwrap(),
        };
        std::mem::forget(library);
        driver
    }
});

fn answered(code: i32) -> Result<(), Refusal> {
    if code == 0 { Ok(()) } else { Err(INVALID_VALUE) }
}

/// A context of the driver must be current.
pub fn in_context() -> Result<(), Refusal> {
    const INVALID_CONTEXT: i32 = 201;
    if (DRIVER.holds)(0, 0) == INVALID_CONTEXT { Err(INVALID_VALUE) } else { Ok(()) }
}

pub fn holds(from: u64, bytes: u64) -> Result<(), Refusal> {
    answered((DRIVER.holds)(from, bytes))
}

pub fn order(product: Product, stream: usize) -> Result<(), Refusal> {
    unsafe extern "C" fn act(product: *mut c_void) {
        // SAFETY: made below; the driver calls this once.
        unsafe { Box::from_raw(product.cast::<Product>()) }.multiply();
    }
    // SAFETY: as the driver demands.
    answered(unsafe { (DRIVER.order)(act, Box::into_raw(Box::new(product)).cast(), stream) })
}
