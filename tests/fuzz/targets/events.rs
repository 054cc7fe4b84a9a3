//! Recordings: what is read can be written and read again, and folds without trouble.
#![no_main]

use gpu_assay::evidence::event::{Lines, Sink, read};
use gpu_assay::evidence::record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(events) = read(bytes) else { return };
    let mut lines = Lines(Vec::new());
    for event in &events {
        lines.event(event).expect("an event that was read can be written");
    }
    assert_eq!(read(lines.0.as_slice()).expect("what was written can be read"), events);
    if let Ok(evidence) = record::fold(&events) {
        for measurement in evidence.devices.iter().flat_map(|d| &d.measurements) {
            let _ = measurement.summary();
        }
    }
});
