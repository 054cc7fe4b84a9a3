//! Everything that exists in the driver, and who may use it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::CString;
use std::time::Instant;

use super::device::handle;
use super::faults::Faults;
use super::image::Signature;
use super::kernels::Kernels;
use super::work::Work;
use super::{INVALID_CONTEXT, INVALID_HANDLE, Refusal};

thread_local! {
    /// The device whose context is current on this thread.
    pub static CURRENT: Cell<Option<i32>> = const { Cell::new(None) };
}

pub struct State {
    pub calls: u64,
    /// Launches that were ordered, and those that ran.
    pub launches: u64,
    pub ran: u64,
    /// Of these, those of kernels that are to be spoilt.
    pub suspects: u64,
    pub initialised: bool,
    /// The code of a failed kernel: the answer to everything from then on.
    pub sticky: Option<i32>,
    pub faults: Faults,
    /// The call that was made to fail.
    pub failed: Option<CString>,
    /// How often each device's context is retained.
    pub contexts: HashMap<i32, u32>,
    /// Allocations of device memory by address: how long they are.
    pub memory: BTreeMap<u64, u64>,
    /// The device that each of them lies on.
    pub owners: BTreeMap<u64, i32>,
    /// Who was given access to whose memory.
    pub reaches: BTreeSet<(i32, i32)>,
    /// The same for pinned host memory.
    pub pinned: BTreeMap<u64, u64>,
    pub streams: HashMap<usize, VecDeque<Work>>,
    pub events: HashMap<usize, Event>,
    pub modules: HashMap<usize, Vec<Signature>>,
    pub functions: HashMap<usize, Function>,
    pub kernels: Option<Kernels>,
    next: usize,
}

/// A kernel of a module: what it takes, and the shared memory that a launch may give each block.
#[derive(Clone)]
pub struct Function {
    pub module: usize,
    pub signature: Signature,
    pub shared_max: u32,
}

#[derive(Clone, Copy)]
pub struct Event {
    pub timed: bool,
    pub recorded: Recorded,
}

#[derive(Clone, Copy)]
pub enum Recorded {
    Never,
    /// In a stream, not reached; and whether somebody has asked.
    Queued {
        asked: bool,
    },
    At(Instant),
}

impl State {
    pub fn from_environment() -> Self {
        Self {
            calls: 0,
            launches: 0,
            ran: 0,
            suspects: 0,
            initialised: false,
            sticky: None,
            faults: Faults::from_environment(),
            failed: None,
            contexts: HashMap::new(),
            memory: BTreeMap::new(),
            owners: BTreeMap::new(),
            reaches: BTreeSet::new(),
            pinned: BTreeMap::new(),
            streams: HashMap::new(),
            events: HashMap::new(),
            modules: HashMap::new(),
            functions: HashMap::new(),
            kernels: None,
            next: 0x1000,
        }
    }

    /// A handle that was never given before.
    pub fn handle(&mut self) -> usize {
        self.next += 16;
        self.next
    }

    pub fn fails_with(&mut self, call: &str, code: i32) -> i32 {
        self.failed = CString::new(call).ok();
        if (700..800).contains(&code) || code == 999 {
            self.sticky = Some(code);
        }
        code
    }

    pub fn live(&self) -> u64 {
        let handles = self.streams.len() + self.events.len() + self.modules.len();
        let contexts: u32 = self.contexts.values().sum();
        (handles + self.memory.len() + self.pinned.len()) as u64 + u64::from(contexts)
    }

    /// The current context must be one that is retained.
    pub fn in_context(&self) -> Result<(), Refusal> {
        self.current().map(|_| ())
    }

    /// The device of the current context.
    pub fn current(&self) -> Result<i32, Refusal> {
        CURRENT.get().filter(|device| self.is_retained(*device)).ok_or(INVALID_CONTEXT)
    }

    /// The device of a retained context.
    pub fn device_of(&self, context: usize) -> Result<i32, Refusal> {
        let mut all = 0..self.faults.count;
        all.find(|device| handle(*device) == context && self.is_retained(*device)).ok_or(INVALID_CONTEXT)
    }

    fn is_retained(&self, device: i32) -> bool {
        self.contexts.get(&device).is_some_and(|count| *count > 0)
    }

    /// Whether these bytes are memory of this device.
    pub fn lies_on(&self, device: i32, from: u64, bytes: u64) -> bool {
        let owner = self.owners.range(..=from).next_back().map(|(_, owner)| *owner);
        holds(&self.memory, from, bytes) && owner == Some(device)
    }

    pub fn stream(&mut self, handle: usize) -> Result<&mut VecDeque<Work>, Refusal> {
        self.in_context()?;
        self.streams.get_mut(&handle).ok_or(INVALID_HANDLE)
    }

    pub fn event(&mut self, handle: usize) -> Result<&mut Event, Refusal> {
        self.in_context()?;
        self.events.get_mut(&handle).ok_or(INVALID_HANDLE)
    }
}

/// Whether `from .. from + bytes` lies in one of `regions`.
pub fn holds(regions: &BTreeMap<u64, u64>, from: u64, bytes: u64) -> bool {
    let region = regions.range(..=from).next_back();
    region.is_some_and(|(at, length)| from.checked_add(bytes).is_some_and(|end| end <= at + length))
}
