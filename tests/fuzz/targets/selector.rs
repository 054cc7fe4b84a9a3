//! Device selectors: one that is taken names a backend of this build.
#![no_main]

use gpu_assay::device::inventory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok((backend, rest)) = inventory::split(text) {
        assert_eq!(text, format!("{}:{rest}", backend.name));
    }
});
