//! GPUs of one process that copy from one another: directly where the driver lets them reach each other's memory, else
//! through the host.
//! Owns what a GPU holds for the others; must not know what is measured.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::api::Code;
use super::gpu::{DeviceMemory, Gpu};
use super::memory::Memory;
use crate::device::{Buf, DeviceError, Unsupported, draw};

/// How bytes come from one GPU to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    Direct,
    /// The driver stages them in host memory. `refused` is what it answered where it could have been asked for more: without NVSwitch a
    /// GPU has eight peers at most, and under some hypervisors none.
    ThroughHost {
        refused: Option<String>,
    },
}

impl Way {
    pub fn name(&self) -> &'static str {
        match self {
            Way::Direct => "direct",
            Way::ThroughHost { .. } => "through the host",
        }
    }

    /// What a reader of its figures must know.
    pub fn caveat(&self) -> Option<String> {
        match self {
            Way::Direct => None,
            Way::ThroughHost { refused } => {
                refused.as_ref().map(|why| format!("the driver refuses the direct way: {why}"))
            }
        }
    }
}

/// Another GPU, as one that copies from it sees it.
pub struct Neighbour {
    source: Rc<Source>,
    pub way: Way,
}

/// What a GPU holds for the others to copy.
pub struct Source {
    gpu: Rc<Gpu>,
    memory: RefCell<Memory>,
    /// Where, and seed and words of the pattern there.
    holds: Cell<Option<(Buf, u64, u64)>>,
}

impl Source {
    pub fn new(gpu: &Rc<Gpu>) -> Result<Rc<Self>, DeviceError> {
        gpu.enter()?;
        let memory = RefCell::new(Memory::new(gpu)?);
        Ok(Rc::new(Self { gpu: Rc::clone(gpu), memory, holds: Cell::new(None) }))
    }

    /// Whether it holds this pattern; else [`Source::fill`] must be called, when nobody copies from here any more.
    fn has(&self, seed: u64, words: u64) -> bool {
        self.holds.get().is_some_and(|(_, held, enough)| held == seed && enough >= words)
    }

    /// Leaves its own GPU entered.
    fn fill(&self, seed: u64, words: u64) -> Result<(), DeviceError> {
        const PIECE_WORDS: u64 = 1 << 20;
        self.gpu.enter()?;
        let mut memory = self.memory.borrow_mut();
        if let Some((old, ..)) = self.holds.take() {
            memory.free(old);
        }
        let buf = memory.alloc(words * 4)?;
        for first in (0..words).step_by(PIECE_WORDS as usize) {
            let piece = first..words.min(first + PIECE_WORDS);
            let bytes: Vec<u8> = piece.flat_map(|w| draw::pattern(seed, w).to_le_bytes()).collect();
            memory.write(buf, first * 4, &bytes)?;
        }
        self.holds.set(Some((buf, seed, words)));
        Ok(())
    }
}

impl Neighbour {
    pub fn new(gpu: &Gpu, source: &Rc<Source>) -> Result<Self, DeviceError> {
        Ok(Self { source: Rc::clone(source), way: gpu.way_from(&source.gpu)? })
    }

    /// Lets the other GPU hold this pattern, and makes `gpu` current again. `memory` is that of `gpu`.
    pub fn prepare(&self, gpu: &Gpu, memory: &Memory, seed: u64, words: u64) -> Result<(), DeviceError> {
        if !self.source.has(seed, words) {
            memory.finish()?;
            self.source.fill(seed, words)?;
        }
        gpu.enter()
    }

    /// Orders a copy of what the other GPU holds to the beginning of `to`, on `gpu`.
    pub fn order(&self, gpu: &Gpu, to: &DeviceMemory, bytes: u64) -> Result<(), DeviceError> {
        let missing = || DeviceError::Validation { why: "the other GPU holds nothing".to_owned() };
        let (buf, ..) = self.source.holds.get().ok_or_else(missing)?;
        let memory = self.source.memory.borrow();
        gpu.copy_from(&self.source.gpu, memory.get(buf)?, to, bytes)
    }
}

impl Gpu {
    pub fn copies_from_peers(&self) -> Result<(), Unsupported> {
        let why = || Unsupported::us("the driver has no function that copies between GPUs");
        self.api.cuMemcpyPeerAsync.map(|_| ()).ok_or_else(why)
    }

    /// Gives this GPU access to the memory of `other`, where that is possible. Only what ends the device is an error.
    fn way_from(&self, other: &Gpu) -> Result<Way, DeviceError> {
        self.enter()?;
        match self.reaches(other) {
            Ok(true) => Ok(Way::Direct),
            Ok(false) => Ok(Way::ThroughHost { refused: None }),
            Err(error) if error.is_final() => Err(error),
            Err(error) => Ok(Way::ThroughHost { refused: Some(error.to_string()) }),
        }
    }

    fn reaches(&self, other: &Gpu) -> Result<bool, DeviceError> {
        let (Some(ask), Some(enable)) = (self.api.cuDeviceCanAccessPeer, self.api.cuCtxEnablePeerAccess)
        else {
            return Ok(false);
        };
        let mut can = 0;
        // SAFETY: the driver fills in the number.
        let code = unsafe { ask(&mut can, self.device, other.device) };
        self.answer("cuDeviceCanAccessPeer", code, 0)?;
        if can == 0 {
            return Ok(false);
        }
        // SAFETY: both contexts live as long as their GPUs; this one is current.
        match unsafe { enable(other.context, 0) } {
            Code::PEER_ACCESS_ALREADY_ENABLED => Ok(true),
            code => self.answer("cuCtxEnablePeerAccess", code, 0).map(|()| true),
        }
    }

    /// Orders a copy between the beginnings of memory of `other` and of this GPU.
    fn copy_from(
        &self,
        other: &Gpu,
        from: &DeviceMemory,
        to: &DeviceMemory,
        bytes: u64,
    ) -> Result<(), DeviceError> {
        let why = || DeviceError::Validation { why: "the driver copies nothing between GPUs".to_owned() };
        let copy = self.api.cuMemcpyPeerAsync.ok_or_else(why)?;
        let (from, to) = (from.range(0, bytes)?, to.range(0, bytes)?);
        // SAFETY: both ranges are checked and lie in memory of these contexts, which lives as long as the work: this GPU's is
        // freed after its work is waited for, and the other's only when nobody copies from it any more.
        let code = unsafe { copy(to, self.context, from, other.context, bytes as usize, self.stream) };
        self.answer("cuMemcpyPeerAsync", code, 0)
    }
}
