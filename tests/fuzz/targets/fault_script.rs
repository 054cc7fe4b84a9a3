//! Fault scripts of simulated devices: no text makes their parser panic, and what is refused is so with a place within it.
#![no_main]

use gpu_assay::device::fault::Script;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Err(refused) = Script::parse(text) else { return };
    assert!(refused.part <= text.split(',').count(), "{text:?}: {refused}");
});
