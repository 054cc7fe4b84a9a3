//! Fault scripts of simulated devices: what is taken prints as a script that means the same.
#![no_main]

use gpu_assay::device::fault::Script;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(script) = Script::parse(text) else { return };
    let printed = script.to_string();
    assert_eq!(Script::parse(&printed).as_ref(), Ok(&script), "{text:?} prints as {printed:?}");
});
