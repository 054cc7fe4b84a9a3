//! Device buffers by handle, and the slow path by which the host reads and writes them.
//! Owns allocation; must not know ops.

use std::collections::HashMap;
use std::rc::Rc;

use super::gpu::{DeviceMemory, Event, Gpu, Lane};
use super::host_memory::HostMemory;
use crate::device::{Buf, DeviceError};

/// Host copies go through pinned memory of this size.
const CHUNK: u64 = 4 << 20;

/// All buffers of one device.
pub struct Memory {
    gpu: Rc<Gpu>,
    buffers: HashMap<Buf, DeviceMemory>,
    next: u32,
    staging: HostMemory,
    copied: Event,
}

impl Memory {
    pub fn new(gpu: &Rc<Gpu>) -> Result<Self, DeviceError> {
        let (staging, copied) = (gpu.pinned(CHUNK)?, gpu.event_without_time()?);
        Ok(Self { gpu: Rc::clone(gpu), buffers: HashMap::new(), next: 0, staging, copied })
    }

    pub fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        let memory = self.gpu.alloc(bytes.max(4))?;
        let buf = Buf(self.next);
        self.next += 1;
        self.buffers.insert(buf, memory);
        Ok(buf)
    }

    pub fn free(&mut self, buf: Buf) {
        self.buffers.remove(&buf);
    }

    pub fn get(&self, buf: Buf) -> Result<&DeviceMemory, DeviceError> {
        let missing = || DeviceError::Validation { why: format!("there is no buffer {}", buf.0) };
        self.buffers.get(&buf).ok_or_else(missing)
    }

    pub fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.get(to)?.range(at, at.saturating_add(data.len() as u64))?;
        for (i, chunk) in (0..).zip(data.chunks(CHUNK as usize)) {
            self.staging.bytes_mut()[..chunk.len()].copy_from_slice(chunk);
            self.gpu.upload(Lane::Main, &self.staging, self.get(to)?, at + i * CHUNK, chunk.len() as u64)?;
            self.finish()?;
        }
        Ok(())
    }

    pub fn read(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.read_in(Lane::Main, from, at, out)
    }

    /// The same beside what runs: it must not be about to write there.
    pub fn peek(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.read_in(Lane::Side, from, at, out)
    }

    fn read_in(&mut self, lane: Lane, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.get(from)?.range(at, at.saturating_add(out.len() as u64))?;
        for (i, chunk) in (0..).zip(out.chunks_mut(CHUNK as usize)) {
            let (at, bytes) = (at + i * CHUNK, chunk.len() as u64);
            self.gpu.download(lane, self.get(from)?, at, &self.staging, bytes)?;
            self.wait_for(lane)?;
            chunk.copy_from_slice(&self.staging.bytes()[..chunk.len()]);
        }
        Ok(())
    }

    /// Waits for everything that was ordered.
    pub fn finish(&self) -> Result<(), DeviceError> {
        self.wait_for(Lane::Main)
    }

    fn wait_for(&self, lane: Lane) -> Result<(), DeviceError> {
        self.gpu.record(lane, &self.copied)?;
        self.gpu.wait(&self.copied)
    }
}
