//! Transfers: host to device, device to host, and within the device by the driver's own copy.
//! Owns the host memory of timed copies; must not know kernels.

use std::rc::Rc;

use super::gpu::{DeviceMemory, Gpu, Lane};
use super::host_memory::{HostKind, HostMemory};
use super::memory::Memory;
use super::modules::Modules;
use super::peers::Neighbour;
use super::plan::Plan;
use super::run::{After, Reach, Runner, Slot};
use crate::device::draw;
use crate::device::op::{Means, Route};
use crate::device::shared::Transfer;
use crate::device::{DeviceError, Ticket, reference};

/// Host memory that holds a pattern, ready to be sent again.
#[derive(Default)]
pub struct Upload {
    staging: Option<HostMemory>,
    /// Seed and words of the pattern it holds.
    holds: Option<(u64, u64)>,
}

/// A copy to the host whose words are still to be compared.
#[derive(Clone, Copy)]
pub struct Landed {
    pub words: u64,
    pub repeat: u32,
    seed: u64,
    kind: HostKind,
}

/// Starts a transfer.
pub fn submit(
    gpu: &Rc<Gpu>,
    runner: &mut Runner,
    memory: &Memory,
    upload: &mut Upload,
    (transfer, neighbour): (Transfer, Option<&Neighbour>),
) -> Result<Ticket, DeviceError> {
    let Transfer { route, buf, words, seed, repeat } = transfer;
    let bytes = words * 4;
    let ours = memory.get(buf)?;
    let times = |copy: &dyn Fn() -> Result<(), DeviceError>| (0..repeat).try_for_each(|_| copy());
    match route {
        Route::Within(to) => {
            let to = memory.get(to)?;
            runner.submit_ordered(After::Nothing, |_| Ok(()), |_| times(&|| gpu.copy(ours, to, bytes)))
        }
        Route::FromPeer(_) => {
            let alone = || DeviceError::Validation { why: "there is no such neighbour".to_owned() };
            let neighbour = neighbour.ok_or_else(alone)?;
            neighbour.prepare(gpu, memory, seed, words)?;
            let copy = || neighbour.order(gpu, ours, bytes);
            runner.submit_ordered(After::Nothing, |_| Ok(()), |_| times(&copy))
        }
        Route::HostToDevice(means) => {
            let staging = upload.prepare(gpu, memory, seed, words, kind(means))?;
            runner.submit_ordered(
                After::Nothing,
                |_| Ok(()),
                |_| times(&|| gpu.upload(Lane::Main, staging, ours, 0, bytes)),
            )
        }
        Route::DeviceToHost(means) => {
            let landed = Landed { words, repeat, seed, kind: kind(means) };
            runner.submit_ordered(
                After::Landing(landed),
                |slot| make_room(gpu, slot, landed),
                |slot| times(&|| land(gpu, ours, slot, bytes)),
            )
        }
        Route::BothWays(to) => {
            let to = memory.get(to)?;
            let staging = upload.prepare(gpu, memory, !seed, words, HostKind::Pinned)?;
            let landed = Landed { words, repeat, seed, kind: HostKind::Pinned };
            runner.submit_both_ways(
                landed,
                || gpu.upload(Lane::Side, staging, to, 0, bytes),
                |slot| land(gpu, ours, slot, bytes),
            )
        }
    }
}

/// Starts a transfer that the kernel of `plan` makes itself.
pub fn submit_kernel(
    gpu: &Rc<Gpu>,
    runner: &mut Runner,
    memory: &Memory,
    modules: &mut Modules,
    upload: &mut Upload,
    (transfer, plan): (Transfer, &Plan),
) -> Result<Ticket, DeviceError> {
    let Transfer { route, words, seed, repeat, .. } = transfer;
    let reach = match route {
        Route::HostToDevice(_) => Reach::From(upload.prepare(gpu, memory, seed, words, HostKind::Pinned)?),
        Route::DeviceToHost(_) => Reach::To(Landed { words, repeat, seed, kind: HostKind::Pinned }),
        Route::BothWays(_) | Route::FromPeer(_) | Route::Within(_) => Reach::None,
    };
    runner.submit(memory, modules, plan, repeat, reach)
}

fn kind(means: Means) -> HostKind {
    match means {
        Means::Pinned | Means::InTurn | Means::Kernel => HostKind::Pinned,
        Means::Pageable => HostKind::Pageable,
    }
}

fn land(gpu: &Gpu, from: &DeviceMemory, slot: &Slot, bytes: u64) -> Result<(), DeviceError> {
    slot.landing.iter().try_for_each(|landing| gpu.download(Lane::Main, from, 0, landing, bytes))
}

/// Memory in which a copy can land.
pub fn make_room(gpu: &Rc<Gpu>, slot: &mut Slot, landed: Landed) -> Result<(), DeviceError> {
    let bytes = landed.words * 4;
    let fits = |landing: &HostMemory| landing.kind == landed.kind && landing.len() >= bytes;
    if !slot.landing.as_ref().is_some_and(fits) {
        slot.landing = None;
        slot.landing = Some(gpu.host_memory(landed.kind, bytes)?);
    }
    Ok(())
}

impl Upload {
    /// Pinned memory with the pattern in it. Only the first of many equal transfers pays for writing it.
    fn prepare(
        &mut self,
        gpu: &Rc<Gpu>,
        memory: &Memory,
        seed: u64,
        words: u64,
        kind: HostKind,
    ) -> Result<&HostMemory, DeviceError> {
        let is_of_kind = self.staging.as_ref().is_some_and(|staging| staging.kind == kind);
        let holds =
            self.holds.is_some_and(|(held_seed, held_words)| held_seed == seed && held_words >= words);
        if !(is_of_kind && holds) {
            self.holds = None;
            // A transfer may still read what is there.
            memory.finish()?;
            let fits = |staging: &HostMemory| staging.kind == kind && staging.len() >= words * 4;
            let mut staging = match self.staging.take().filter(fits) {
                Some(staging) => staging,
                None => gpu.host_memory(kind, words * 4)?,
            };
            for (word, slot) in (0..words).zip(staging.bytes_mut().chunks_exact_mut(4)) {
                slot.copy_from_slice(&draw::pattern(seed, word).to_le_bytes());
            }
            self.staging = Some(staging);
            self.holds = Some((seed, words));
        }
        let missing = || DeviceError::Validation { why: "the pattern to be sent is gone".to_owned() };
        self.staging.as_ref().ok_or_else(missing)
    }
}

/// Words that arrived as they should have, once per repeat. Only the last of equal transfers can be looked at.
pub fn count_landed(slot: &Slot, landed: Landed) -> Result<u32, DeviceError> {
    let missing = || DeviceError::Validation { why: "nothing was to arrive".to_owned() };
    let landing = slot.landing.as_ref().ok_or_else(missing)?;
    let matching = reference::matching_words(landing.bytes(), landed.words, landed.seed);
    Ok(matching.wrapping_mul(landed.repeat))
}
