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
    open: VecDeque<InFlight>,
    /// When the last one was seen to be done.
    ready_ns: u64,
}

struct InFlight {
    form: Tuned,
    ticket: Ticket,
    asked_ns: u64,
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
        let asked_ns = bench.now_ns();
        let ticket = bench.start(form)?;
        self.open.push_back(InFlight { form: form.clone(), ticket, asked_ns });
        Ok(finished)
    }

    /// Waits for the oldest.
    pub fn pop(&mut self, bench: &mut Bench) -> Result<Option<Finished>, Trouble> {
        let Some(InFlight { form, ticket, asked_ns }) = self.open.pop_front() else { return Ok(None) };
        let device_ns = bench.finish(&form, ticket)?;
        let now_ns = bench.now_ns();
        let sample = Sample { device_ns, host_ns: host_ns(device_ns, [asked_ns, self.ready_ns], now_ns) };
        self.ready_ns = now_ns;
        Ok(Some(Finished { form, sample }))
    }

    /// Waits for all that is open and looks at nothing: after an error the device must be free for others.
    pub fn abandon(&mut self, bench: &mut Bench) {
        while let Some(InFlight { form, ticket, .. }) = self.open.pop_front() {
            let _ = bench.finish(&form, ticket);
        }
    }
}

/// How long the host saw it run. It began after it was asked for, and no later than the one before it was seen to be done,
/// which on a busy host is long after it was. Of what lies between, the device's claim stands; without one, the longest.
fn host_ns(device_ns: Option<u64>, [asked_ns, ready_ns]: [u64; 2], now_ns: u64) -> u64 {
    let least = now_ns.saturating_sub(ready_ns);
    let most = now_ns.saturating_sub(asked_ns.min(ready_ns));
    device_ns.map_or(most, |claimed| claimed.clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::host_ns;

    #[test]
    fn a_host_that_looked_late_does_not_contradict_the_device() {
        // Asked for at 10, the one before seen to be done at 60, its own end at 110.
        for (claimed, seen) in [(Some(95), 95), (Some(50), 50), (Some(20), 50), (Some(300), 100), (None, 100)]
        {
            assert_eq!(host_ns(claimed, [10, 60], 110), seen, "{claimed:?}");
        }
        // Nothing was in flight when it was asked for.
        assert_eq!(host_ns(Some(95), [10, 10], 110), 100);
    }
}
