//! Work that is in several streams at once: done once, when all of them have come to it.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::state::State;
use super::work::{Foreign, Work};
use super::{INVALID_VALUE, call};

/// What a library for tests orders for several devices.
pub struct Joint {
    streams: Vec<usize>,
    work: Foreign,
    begun: AtomicBool,
}

/// For libraries for tests: puts one call into these streams of any contexts, to be made when all have come to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn assay_fake_order_together(
    act: unsafe extern "C" fn(*mut c_void),
    on: *mut c_void,
    streams: *const usize,
    count: usize,
) -> i32 {
    call("assay_fake_order_together", |state| {
        // SAFETY: the caller gives so many streams.
        let streams = unsafe { std::slice::from_raw_parts(streams, count) }.to_vec();
        streams.iter().try_for_each(|stream| state.stream(*stream).map(|_| ()))?;
        let work = Foreign::new(act, on);
        let joint = Arc::new(Joint { streams, work, begun: AtomicBool::new(false) });
        for stream in &joint.streams {
            state.stream(*stream)?.push_back(Work::Together(Arc::clone(&joint)));
        }
        Ok(())
    })
}

/// Whether these bytes are memory of this device; 0 if they are.
#[unsafe(no_mangle)]
pub extern "C" fn assay_fake_lies_on(device: i32, from: u64, bytes: u64) -> i32 {
    call(
        "assay_fake_lies_on",
        |state| {
            if state.lies_on(device, from, bytes) { Ok(()) } else { Err(INVALID_VALUE) }
        },
    )
}

impl State {
    /// One stream has come to it: all others are let come to it, too, and then it is done.
    pub fn meet(&mut self, joint: &Arc<Joint>) {
        if joint.begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let is_it = |work: &Work| matches!(work, Work::Together(other) if Arc::ptr_eq(other, joint));
        for stream in &joint.streams {
            if self.streams.get(stream).is_some_and(|queue| queue.iter().any(is_it)) {
                self.run_while(*stream, |work| !is_it(work));
            }
        }
        joint.work.act();
    }
}
