//! Transfers: host to device, device to host, and within the device by the driver's own copy.
//! Owns the staging memory of timed copies; must not know kernels.

use super::faults::Guarded;
use super::memory::{self, Memory};
use super::run::{After, Landed, Runner, Slot};
use crate::device::draw;
use crate::device::op::{Means, Route};
use crate::device::shared::Transfer;
use crate::device::{DeviceError, Ticket};

/// Lets buffers that the host may read be sent from. wgpu puts what the host writes into the card's own memory where the host can reach all
/// of that, as it can on most cards by now: from there nothing would cross the link. What the host reads lies in the host's.
pub const FEATURE_OF_VULKAN: wgpu::Features = wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;

/// Host memory that holds a pattern, ready to be sent again.
pub struct Upload {
    /// What makes wgpu put it into the host's memory.
    usage: wgpu::BufferUsages,
    staging: Option<wgpu::Buffer>,
    /// Seed and words of the pattern it holds.
    holds: Option<(u64, u64)>,
}

/// Starts a transfer.
pub fn submit(
    gpu: &mut Guarded,
    runner: &mut Runner,
    memory: &Memory,
    upload: &mut Upload,
    transfer: Transfer,
) -> Result<Ticket, DeviceError> {
    let Transfer { route, buf, words, seed, repeat } = transfer;
    let bytes = words * 4;
    let ours = memory.range(buf, 0, bytes)?;
    match route {
        Route::Within(to) => {
            let to = memory.range(to, 0, bytes)?;
            let slot = runner.take_slot()?;
            runner.submit_copy(gpu, slot, After::Nothing, |encoder, _| {
                for _ in 0..repeat {
                    encoder.copy_buffer_to_buffer(ours, 0, to, 0, bytes);
                }
            })
        }
        Route::HostToDevice(Means::Pinned) => {
            let staging = upload.prepare(gpu, runner, seed, words)?;
            let slot = runner.take_slot()?;
            runner.submit_copy(gpu, slot, After::Nothing, |encoder, _| {
                for _ in 0..repeat {
                    encoder.copy_buffer_to_buffer(&staging, 0, ours, 0, bytes);
                }
            })
        }
        Route::DeviceToHost(Means::Pinned) => {
            let mut slot = runner.take_slot()?;
            if let Err(error) = make_room(gpu, &mut slot, bytes) {
                runner.return_slot(gpu, slot);
                return Err(error);
            }
            let after = After::Landing(Landed { bytes, seed, repeat });
            runner.submit_copy(gpu, slot, after, |encoder, slot| {
                for landing in slot.landing.iter().cycle().take(repeat as usize) {
                    encoder.copy_buffer_to_buffer(ours, 0, landing, 0, bytes);
                }
            })
        }
        Route::HostToDevice(Means::InTurn | Means::Pageable | Means::Kernel)
        | Route::DeviceToHost(Means::InTurn | Means::Pageable | Means::Kernel)
        | Route::BothWays(_)
        | Route::FromPeer(_) => {
            Err(DeviceError::Validation { why: format!("wgpu has no way for {}", route.name()) })
        }
    }
}

fn make_room(gpu: &mut Guarded, slot: &mut Slot, bytes: u64) -> Result<(), DeviceError> {
    if slot.landing.as_ref().is_none_or(|landing| landing.size() < bytes) {
        slot.landing = None;
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        slot.landing = Some(memory::create(gpu, "landing", bytes, usage)?);
    }
    Ok(())
}

impl Upload {
    /// On a device with these features.
    pub fn new(features: wgpu::Features) -> Self {
        use wgpu::BufferUsages as Use;
        let usage = if features.contains(FEATURE_OF_VULKAN) {
            Use::MAP_READ | Use::COPY_DST | Use::COPY_SRC
        } else {
            Use::MAP_WRITE | Use::COPY_SRC
        };
        Self { usage, staging: None, holds: None }
    }

    /// Of the staging memory that there is.
    #[cfg(test)]
    pub fn usage(&self) -> wgpu::BufferUsages {
        self.staging.as_ref().map_or(wgpu::BufferUsages::empty(), wgpu::Buffer::usage)
    }

    /// Staging memory with the pattern in it. Only the first of many equal transfers pays for writing it.
    fn prepare(
        &mut self,
        gpu: &mut Guarded,
        runner: &Runner,
        seed: u64,
        words: u64,
    ) -> Result<wgpu::Buffer, DeviceError> {
        if let (Some(staging), Some((held_seed, held_words))) = (&self.staging, self.holds)
            && held_seed == seed
            && held_words >= words
        {
            return Ok(staging.clone());
        }
        self.holds = None;
        let bytes = words * 4;
        let staging = match self.staging.take() {
            Some(staging) if staging.size() >= bytes => staging,
            _ => memory::create(gpu, "upload", bytes, self.usage)?,
        };
        if self.usage.contains(wgpu::BufferUsages::MAP_WRITE) {
            // Mapping waits for a transfer that still reads the staging memory.
            let submission = gpu.scoped(0, |_| {
                let submission = runner.queue.submit([]);
                staging.slice(..).map_async(wgpu::MapMode::Write, |_| {});
                submission
            })?;
            gpu.wait(&submission)?;
            write_pattern(gpu, &staging, seed, words)?;
        } else {
            bring_pattern(gpu, &runner.queue, &staging, seed, words)?;
        }
        self.holds = Some((seed, words));
        self.staging = Some(staging.clone());
        Ok(staging)
    }
}

/// Has the device write the pattern there, which comes to it by other memory, piece by piece.
fn bring_pattern(
    gpu: &mut Guarded,
    queue: &wgpu::Queue,
    staging: &wgpu::Buffer,
    seed: u64,
    words: u64,
) -> Result<(), DeviceError> {
    const PIECE_WORDS: u64 = 4 << 20;
    for from in (0..words).step_by(PIECE_WORDS as usize) {
        let piece = from..words.min(from + PIECE_WORDS);
        let piece: Vec<u8> = piece.flat_map(|word| draw::pattern(seed, word).to_le_bytes()).collect();
        let submission = gpu.scoped(piece.len() as u64, |_| {
            queue.write_buffer(staging, from * 4, &piece);
            queue.submit([])
        })?;
        gpu.wait(&submission)?;
    }
    Ok(())
}

fn write_pattern(
    gpu: &mut Guarded,
    staging: &wgpu::Buffer,
    seed: u64,
    words: u64,
) -> Result<(), DeviceError> {
    let written = match staging.slice(..).get_mapped_range_mut() {
        Ok(mut mapped) => {
            // In pieces that stay in cache: mapped memory may be uncached, and is only ever written in order.
            let mut piece = vec![0u8; 1 << 16];
            let mut from = 0;
            while from < words {
                let here = (words - from).min(piece.len() as u64 / 4);
                for (word, slot) in (from..from + here).zip(piece.chunks_exact_mut(4)) {
                    slot.copy_from_slice(&draw::pattern(seed, word).to_le_bytes());
                }
                let at = from as usize * 4;
                let bytes = here as usize * 4;
                mapped.slice(at..at + bytes).copy_from_slice(&piece[..bytes]);
                from += here;
            }
            Ok(())
        }
        Err(error) => Err(DeviceError::Lost { why: format!("staging memory cannot be written: {error}") }),
    };
    staging.unmap();
    written.map_err(|error| gpu.broke(error))
}

/// Words that arrived as they should have, once per repeat. Only the last of equal transfers can be looked at.
pub fn count_landed(gpu: &mut Guarded, slot: &Slot, landed: Landed) -> Result<u32, DeviceError> {
    let Some(landing) = &slot.landing else {
        return Err(DeviceError::Validation { why: "nothing was to arrive".to_owned() });
    };
    let matching =
        memory::with_mapped(gpu, landing, landed.bytes, |bytes| matching_words(bytes, landed.seed))?;
    Ok(matching.wrapping_mul(landed.repeat))
}

/// As `reference::matching_words`, in one pass.
fn matching_words(bytes: &[u8], seed: u64) -> u32 {
    let words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    (0..).zip(words).map(|(i, word)| u32::from(word == draw::pattern(seed, i))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::reference;

    #[test]
    fn arrivals_are_counted_as_the_reference_counts() {
        let mut bytes: Vec<u8> = (0..1000).flat_map(|w| draw::pattern(9, w).to_le_bytes()).collect();
        bytes[401] ^= 4;
        bytes[3999] ^= 128;
        assert_eq!(matching_words(&bytes, 9), 998);
        assert_eq!(matching_words(&bytes, 9), reference::matching_words(&bytes, 1000, 9));
        assert_eq!(matching_words(&bytes, 8), reference::matching_words(&bytes, 1000, 8));
    }
}
