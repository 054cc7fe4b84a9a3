//! Running plans: tickets, events around them, counters, waiting.
//! Owns what is in flight; must not know how ops are cut.

use std::collections::VecDeque;
use std::rc::Rc;

use super::copy::{self, Landed};
use super::gpu::{DeviceMemory, Event, Gpu, Lane, Value};
use super::host_memory::HostMemory;
use super::memory::Memory;
use super::modules::Modules;
use super::plan::{Argument, HOST, Launch, Plan};
use crate::device::{DeviceError, Done, Ticket};

/// Open tickets, as the device seam allows.
const TICKETS: usize = 2;
/// 256 counters of 64 bits, one in every 32 bytes (see common.cuh).
const COUNTER_BYTES: u64 = 256 * 32;

/// Result slots and open tickets of one device.
pub struct Runner {
    gpu: Rc<Gpu>,
    free: Vec<Slot>,
    open: VecDeque<Open>,
    next: u64,
}

/// What one ticket writes its results to.
pub struct Slot {
    counters: DeviceMemory,
    readback: HostMemory,
    begun: Event,
    ended: Event,
    /// After the results have been copied back.
    ready: Event,
    /// After what ran beside has ended.
    beside: Event,
    /// Where copies to the host land; made when first needed.
    pub landing: Option<HostMemory>,
}

struct Open {
    id: u64,
    slot: Slot,
    after: After,
}

/// Where the count of a ticket comes from.
#[derive(Clone, Copy)]
pub enum After {
    Counters,
    /// No kernel of ours ran.
    Nothing,
    /// The host looks at what arrived.
    Landing(Landed),
    /// The host does so if the kernels say that they sent all of it.
    CountersAndLanding(Landed),
}

/// The host memory of a ticket that its kernels reach.
pub enum Reach<'a> {
    None,
    From(&'a HostMemory),
    To(Landed),
}

impl Runner {
    pub fn new(gpu: &Rc<Gpu>) -> Result<Self, DeviceError> {
        let mut free = Vec::new();
        for _ in 0..TICKETS {
            free.push(Slot {
                counters: gpu.alloc(COUNTER_BYTES)?,
                readback: gpu.pinned(COUNTER_BYTES)?,
                begun: gpu.event_with_time()?,
                ended: gpu.event_with_time()?,
                ready: gpu.event_without_time()?,
                beside: gpu.event_without_time()?,
                landing: None,
            });
        }
        Ok(Self { gpu: Rc::clone(gpu), free, open: VecDeque::new(), next: 0 })
    }

    /// Starts `plan` `repeat` times.
    pub fn submit(
        &mut self,
        memory: &Memory,
        modules: &mut Modules,
        plan: &Plan,
        repeat: u32,
        reach: Reach<'_>,
    ) -> Result<Ticket, DeviceError> {
        let gpu = Rc::clone(&self.gpu);
        let after = match reach {
            Reach::None | Reach::From(_) => After::Counters,
            Reach::To(landed) => After::CountersAndLanding(landed),
        };
        self.start(after, |slot| {
            if let Reach::To(landed) = reach {
                copy::make_room(&gpu, slot, landed)?;
            }
            let host = match reach {
                Reach::None => None,
                Reach::From(staging) => Some(staging),
                Reach::To(_) => slot.landing.as_ref(),
            };
            // Everything is resolved before the first launch, so that a refusal leaves nothing half done.
            let resolved = |launch: &Launch| resolve(&gpu, memory, slot, host, launch);
            let mut all = plan.launches.iter().map(resolved).collect::<Result<Vec<_>, _>>()?;
            let mut last = plan.last.iter().map(resolved).collect::<Result<Vec<_>, _>>()?;
            let mut functions = Vec::new();
            for launch in plan.launches.iter().chain(&plan.last) {
                functions.push(modules.function(launch.kernel)?);
            }
            let (of_all, of_last) = functions.split_at(all.len());
            gpu.clear(&slot.counters, COUNTER_BYTES / 4)?;
            gpu.record(Lane::Main, &slot.begun)?;
            for _ in 0..repeat {
                for ((launch, function), arguments) in plan.launches.iter().zip(of_all).zip(&mut all) {
                    gpu.launch(*function, launch.grid(), arguments)?;
                }
            }
            for ((launch, function), arguments) in plan.last.iter().zip(of_last).zip(&mut last) {
                gpu.launch(*function, launch.grid(), arguments)?;
            }
            gpu.record(Lane::Main, &slot.ended)?;
            gpu.download(Lane::Main, &slot.counters, 0, &slot.readback, COUNTER_BYTES)
        })
    }

    /// Starts what `order` orders, between two events: copies, and work of others than our kernels.
    pub fn submit_ordered(
        &mut self,
        after: After,
        prepare: impl FnOnce(&mut Slot) -> Result<(), DeviceError>,
        order: impl FnOnce(&Slot) -> Result<(), DeviceError>,
    ) -> Result<Ticket, DeviceError> {
        let gpu = Rc::clone(&self.gpu);
        self.start(after, |slot| {
            prepare(slot)?;
            gpu.record(Lane::Main, &slot.begun)?;
            order(slot)?;
            gpu.record(Lane::Main, &slot.ended)
        })
    }

    /// The same, with `aside` before each `order` beside it: both begin together, and the later end counts.
    pub fn submit_both_ways(
        &mut self,
        landed: Landed,
        aside: impl Fn() -> Result<(), DeviceError>,
        order: impl Fn(&Slot) -> Result<(), DeviceError>,
    ) -> Result<Ticket, DeviceError> {
        let gpu = Rc::clone(&self.gpu);
        self.start(After::Landing(landed), |slot| {
            copy::make_room(&gpu, slot, landed)?;
            gpu.record(Lane::Main, &slot.begun)?;
            gpu.hold(Lane::Side, &slot.begun)?;
            let ordered = (0..landed.repeat).try_for_each(|_| aside().and_then(|()| order(slot)));
            // Whatever was ordered is waited for.
            gpu.record(Lane::Side, &slot.beside)?;
            gpu.hold(Lane::Main, &slot.beside)?;
            ordered?;
            gpu.record(Lane::Main, &slot.ended)
        })
    }

    /// Orders work that uses a free slot, and opens a ticket for it.
    fn start(
        &mut self,
        after: After,
        order: impl FnOnce(&mut Slot) -> Result<(), DeviceError>,
    ) -> Result<Ticket, DeviceError> {
        let why = || format!("more than {TICKETS} tickets are open; wait for one first");
        let mut slot = self.free.pop().ok_or_else(|| DeviceError::Validation { why: why() })?;
        let ordered = order(&mut slot).and_then(|()| self.gpu.record(Lane::Main, &slot.ready));
        if let Err(error) = ordered {
            // What was ordered before the refusal comes to its end before the slot is used again: one stream.
            self.free.push(slot);
            return Err(error);
        }
        let id = self.next;
        self.next += 1;
        self.open.push_back(Open { id, slot, after });
        Ok(Ticket(id))
    }

    pub fn wait(&mut self, ticket: &Ticket) -> Result<Done, DeviceError> {
        let place = self.open.iter().position(|open| open.id == ticket.0);
        let Some(Open { slot, after, .. }) = place.and_then(|place| self.open.remove(place)) else {
            return Err(DeviceError::Validation { why: format!("ticket {} is not open", ticket.0) });
        };
        let done = self.gpu.wait(&slot.ready).and_then(|()| self.finish(&slot, after));
        self.free.push(slot);
        done
    }

    fn finish(&self, slot: &Slot, after: After) -> Result<Done, DeviceError> {
        let device_ns = self.gpu.elapsed_ns(&slot.begun, &slot.ended)?;
        let counted = match after {
            After::Counters => Some(sum(slot.readback.bytes())),
            After::Nothing => None,
            After::Landing(landed) => Some(copy::count_landed(slot, landed)?),
            After::CountersAndLanding(landed) => {
                let sent = sum(slot.readback.bytes());
                let all = (landed.words as u32).wrapping_mul(landed.repeat);
                Some(if sent == all { copy::count_landed(slot, landed)? } else { sent })
            }
        };
        Ok(Done { device_ns, counted })
    }
}

/// The counters added up, modulo 2^32.
fn sum(counters: &[u8]) -> u32 {
    counters.chunks_exact(32).fold(0, |sum, c| sum.wrapping_add(u32::from_le_bytes([c[0], c[1], c[2], c[3]])))
}

/// The arguments of a launch as the kernel gets them.
fn resolve(
    gpu: &Gpu,
    memory: &Memory,
    slot: &Slot,
    host: Option<&HostMemory>,
    launch: &Launch,
) -> Result<Vec<Value>, DeviceError> {
    let value = |argument: &Argument| match (*argument, host) {
        (Argument::Range { buf: HOST, from, end }, Some(host)) => {
            host.device_range(from, end).map(Value::Word)
        }
        (Argument::Number(number), _) => Ok(Value::Word(number)),
        (Argument::Range { buf, from, end }, _) => memory.get(buf)?.range(from, end).map(Value::Word),
        (Argument::Map { buf, from, rows, row_bytes }, _) => {
            let at = memory.get(buf)?.range(from, from + rows * row_bytes)?;
            gpu.tensor_map(at, rows, row_bytes).map(|map| Value::Map(Box::new(map)))
        }
        (Argument::Counters, _) => slot.counters.range(0, COUNTER_BYTES).map(Value::Word),
    };
    launch.arguments.iter().map(value).collect()
}
