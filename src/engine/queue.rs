//! Work that never lets the device wait: one piece runs, the next is queued behind it.
//! Owns what is in flight and whose time is whose; must not know what the work is.

use std::collections::VecDeque;

use super::Trouble;
use super::bench::{Bench, Tuned};
use crate::device::Ticket;
use crate::evidence::Sample;

/// Tickets that a device takes at a time.
const OPEN_MAX: usize = 2;

/// Executions in flight, the oldest first.
#[derive(Default)]
pub struct Queue {
    open: VecDeque<(Tuned, Ticket)>,
    /// When the last one was done: from then on the time is the next one's.
    ready_ns: u64,
}

/// One execution that came to its end.
pub struct Finished {
    pub form: Tuned,
    pub sample: Sample,
}

impl Queue {
    /// Queues one execution of `form`, after waiting for the oldest where there is no room.
    pub fn push(&mut self, bench: &mut Bench, form: &Tuned) -> Result<Option<Finished>, Trouble> {
        let finished = if self.open.len() >= OPEN_MAX { self.pop(bench)? } else { None };
        if self.open.is_empty() {
            self.ready_ns = bench.now_ns();
        }
        let ticket = bench.start(form)?;
        self.open.push_back((form.clone(), ticket));
        Ok(finished)
    }

    /// Waits for the oldest.
    pub fn pop(&mut self, bench: &mut Bench) -> Result<Option<Finished>, Trouble> {
        let Some((form, ticket)) = self.open.pop_front() else { return Ok(None) };
        let device_ns = bench.finish(&form, ticket)?;
        let now_ns = bench.now_ns();
        let sample = Sample { device_ns, host_ns: now_ns.saturating_sub(self.ready_ns) };
        self.ready_ns = now_ns;
        Ok(Some(Finished { form, sample }))
    }

    /// Waits for all that is open and looks at nothing: after an error the device must be free for others.
    pub fn abandon(&mut self, bench: &mut Bench) {
        while let Some((form, ticket)) = self.open.pop_front() {
            let _ = bench.finish(&form, ticket);
        }
    }
}
