//! Transfers: host to device, device to host, and within the device by the driver's own copy.
//! Owns the pinned memory of timed copies; must not know kernels.

use std::rc::Rc;

use super::gpu::{Gpu, Pinned};
use super::memory::Memory;
use super::run::{After, Runner, Slot};
use crate::device::draw;
use crate::device::op::{Buf, Route};
use crate::device::{DeviceError, Ticket, reference};

/// Host memory that holds a pattern, ready to be sent again.
#[derive(Default)]
pub struct Upload {
    staging: Option<Pinned>,
    /// Seed and words of the pattern it holds.
    holds: Option<(u64, u64)>,
}

/// What is to be copied, `repeat` times.
#[derive(Clone, Copy)]
pub struct Transfer {
    pub route: Route,
    pub buf: Buf,
    pub words: u64,
    pub seed: u64,
    pub repeat: u32,
}

/// A copy to the host whose words are still to be compared.
#[derive(Clone, Copy)]
pub struct Landed {
    words: u64,
    seed: u64,
    repeat: u32,
}

/// Starts a transfer.
pub fn submit(
    gpu: &Rc<Gpu>,
    runner: &mut Runner,
    memory: &Memory,
    upload: &mut Upload,
    transfer: Transfer,
) -> Result<Ticket, DeviceError> {
    let Transfer { route, buf, words, seed, repeat } = transfer;
    let bytes = words * 4;
    let ours = memory.get(buf)?;
    let times = |copy: &dyn Fn() -> Result<(), DeviceError>| (0..repeat).try_for_each(|_| copy());
    match route {
        Route::Within(to) => {
            let to = memory.get(to)?;
            runner.submit_copies(After::Nothing, |_| Ok(()), |_| times(&|| gpu.copy(ours, to, bytes)))
        }
        Route::HostToDevice => {
            let staging = upload.prepare(gpu, memory, seed, words)?;
            runner.submit_copies(
                After::Nothing,
                |_| Ok(()),
                |_| times(&|| gpu.upload(staging, ours, 0, bytes)),
            )
        }
        Route::DeviceToHost => {
            let after = After::Landing(Landed { words, seed, repeat });
            runner.submit_copies(
                after,
                |slot| make_room(gpu, slot, bytes),
                |slot| {
                    times(&|| {
                        slot.landing.iter().try_for_each(|landing| gpu.download(ours, 0, landing, bytes))
                    })
                },
            )
        }
    }
}

fn make_room(gpu: &Rc<Gpu>, slot: &mut Slot, bytes: u64) -> Result<(), DeviceError> {
    if slot.landing.as_ref().is_none_or(|landing| landing.len() < bytes) {
        slot.landing = None;
        slot.landing = Some(gpu.pinned(bytes)?);
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
    ) -> Result<&Pinned, DeviceError> {
        if self.holds.is_none_or(|(held_seed, held_words)| held_seed != seed || held_words < words) {
            self.holds = None;
            // A transfer may still read what is there.
            memory.finish()?;
            let fits = |staging: &Pinned| staging.len() >= words * 4;
            let mut staging = match self.staging.take().filter(fits) {
                Some(staging) => staging,
                None => gpu.pinned(words * 4)?,
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
