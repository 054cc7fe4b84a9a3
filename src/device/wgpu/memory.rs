//! Device buffers by handle, and the slow path by which the host reads and writes them.
//! Owns allocation; must not know ops.

use std::collections::HashMap;

use super::faults::Guarded;
use crate::device::{Buf, DeviceError, host};

/// Host copies go through staging memory of this size.
const CHUNK: u64 = 16 << 20;
/// Drivers that compute in host memory never report a lack of it, the system kills the process instead.
const HOST_RESERVE: u64 = 1 << 30;

/// All buffers of one device.
pub struct Memory {
    buffers: HashMap<Buf, Held>,
    next: u32,
    lies: Lies,
    staging: Option<wgpu::Buffer>,
}

/// Where device memory lies.
#[derive(Clone, Copy)]
pub enum Lies {
    /// In the host's.
    Host,
    /// On the card, which says to have so many bytes: what is more would lie elsewhere.
    Card { bytes: Option<u64> },
}

struct Held {
    buffer: wgpu::Buffer,
    /// As asked for; the buffer itself may be a little larger.
    bytes: u64,
}

impl Memory {
    pub fn new(lies: Lies) -> Self {
        Self { buffers: HashMap::new(), next: 0, lies, staging: None }
    }

    /// Whether there is room for so many more bytes. Drivers put into the host's memory what the card's does not hold, and the system kills
    /// who takes too much of that: neither says so.
    fn has_room(&self, bytes: u64) -> bool {
        let (wanted, room) = match self.lies {
            Lies::Host => (bytes.saturating_add(HOST_RESERVE), host::available_bytes()),
            Lies::Card { bytes: room } => {
                (self.buffers.values().map(|held| held.bytes).fold(bytes, u64::saturating_add), room)
            }
        };
        room.is_none_or(|room| wanted <= room)
    }

    /// Reserves `bytes` and touches all of them, so that no later pass pays for page faults or zero-filling.
    pub fn alloc(&mut self, gpu: &mut Guarded, queue: &wgpu::Queue, bytes: u64) -> Result<Buf, DeviceError> {
        if !self.has_room(bytes) {
            return Err(DeviceError::OutOfMemory { bytes });
        }
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffer = create(gpu, "device", bytes, usage)?;
        let submission = gpu.scoped(bytes, |device| {
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.clear_buffer(&buffer, 0, None);
            queue.submit([encoder.finish()])
        })?;
        gpu.wait(&submission)?;
        let buf = Buf(self.next);
        self.next += 1;
        self.buffers.insert(buf, Held { buffer, bytes });
        Ok(buf)
    }

    pub fn free(&mut self, gpu: &mut Guarded, buf: Buf) {
        if let Some(held) = self.buffers.remove(&buf) {
            held.buffer.destroy();
            drop(held);
            gpu.tidy();
        }
    }

    /// The size that was asked for; 0 where there is no such buffer.
    pub fn bytes(&self, buf: Buf) -> u64 {
        self.buffers.get(&buf).map_or(0, |held| held.bytes)
    }

    /// The buffer, if it holds the bytes from `at` to `end`.
    pub fn range(&self, buf: Buf, at: u64, end: u64) -> Result<&wgpu::Buffer, DeviceError> {
        let held = self
            .buffers
            .get(&buf)
            .ok_or_else(|| DeviceError::Validation { why: format!("there is no buffer {}", buf.0) })?;
        if at > end || end > held.buffer.size() {
            let why = format!("bytes {at} to {end} of a buffer of {} were asked for", held.bytes);
            return Err(DeviceError::Validation { why });
        }
        Ok(&held.buffer)
    }

    pub fn write(
        &mut self,
        gpu: &mut Guarded,
        queue: &wgpu::Queue,
        to: Buf,
        at: u64,
        data: &[u8],
    ) -> Result<(), DeviceError> {
        let buffer = self.range(to, at, at + data.len() as u64)?.clone();
        for (i, chunk) in (0..).zip(data.chunks(CHUNK as usize)) {
            let submission = gpu.scoped(CHUNK, |_| {
                queue.write_buffer(&buffer, at + i * CHUNK, chunk);
                queue.submit([])
            })?;
            gpu.wait(&submission)?;
        }
        Ok(())
    }

    pub fn read(
        &mut self,
        gpu: &mut Guarded,
        queue: &wgpu::Queue,
        from: Buf,
        at: u64,
        out: &mut [u8],
    ) -> Result<(), DeviceError> {
        let buffer = self.range(from, at, at + out.len() as u64)?.clone();
        let staging = match self.staging.take() {
            Some(staging) => staging,
            None => create(gpu, "read", CHUNK, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)?,
        };
        for (i, chunk) in (0..).zip(out.chunks_mut(CHUNK as usize)) {
            let bytes = chunk.len() as u64;
            let submission = gpu.scoped(bytes, |device| {
                let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                encoder.copy_buffer_to_buffer(&buffer, at + i * CHUNK, &staging, 0, bytes);
                let submission = queue.submit([encoder.finish()]);
                staging.slice(..bytes).map_async(wgpu::MapMode::Read, |_| {});
                submission
            })?;
            gpu.wait(&submission)?;
            with_mapped(gpu, &staging, bytes, |mapped| chunk.copy_from_slice(mapped))?;
        }
        self.staging = Some(staging);
        Ok(())
    }
}

/// Creates a buffer of at least `bytes` bytes.
pub fn create(
    gpu: &mut Guarded,
    label: &str,
    bytes: u64,
    usage: wgpu::BufferUsages,
) -> Result<wgpu::Buffer, DeviceError> {
    let size = bytes.max(16).next_multiple_of(16);
    gpu.scoped(bytes, |device| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        })
    })
}

/// Looks at the first `bytes` of a buffer whose mapping was asked for before the last wait, then unmaps it.
pub fn with_mapped<T>(
    gpu: &mut Guarded,
    buffer: &wgpu::Buffer,
    bytes: u64,
    look: impl FnOnce(&[u8]) -> T,
) -> Result<T, DeviceError> {
    let seen = match buffer.slice(..bytes).get_mapped_range() {
        Ok(mapped) => Ok(look(&mapped)),
        // The mapping fails where the device is gone; the callback may come later than the answer.
        Err(error) => Err(DeviceError::Lost { why: format!("results cannot be read back: {error}") }),
    };
    buffer.unmap();
    seen.map_err(|error| gpu.broke(error))
}
