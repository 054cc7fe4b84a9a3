//! The device seam: what every backend can be asked to do, and what it says about itself.
//! Owns the `Device` trait and its plain data; must not know probes, contracts or any one backend's ceremony.

pub mod backend;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod binding;
pub mod census;
pub mod collective;
#[cfg(feature = "cuda")]
mod cuda;
pub mod draw;
pub mod fault;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod host;
pub mod inventory;
pub mod op;
pub mod parts;
mod precision;
pub mod reference;
pub mod same;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod select;
mod sequences;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod shared;
pub mod sim;
mod tally;
mod tile;
pub mod walk;
#[cfg(feature = "wgpu")]
pub mod wgpu;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::language::{Language, say};
pub use op::{Buf, Op};

/// One measuring device. Work is named by operation; the backend picks launches, tiles and instructions.
///
/// Errors surface where they surface on hardware: late, usually in [`Device::wait`].
pub trait Device {
    fn identity(&self) -> &Identity;

    /// Whether this device can run `op`. Only the kind, precision and sizes of `op` count; its buffers may be
    /// [`Buf::NONE`].
    fn supports(&self, op: &Op) -> Result<(), Unsupported>;

    /// The launch forms in which `op` can run. All give the same result; they differ in speed. Never empty for
    /// a supported op.
    fn variants(&self, op: &Op) -> Vec<Variant>;

    /// Does what takes long before the first `op`, as far as its sizes and what was lent tell; what follows is quick. Calls `each` as a
    /// sign of life meanwhile, about every second, but not for ever. Whether it can be done, `supports` says.
    fn make_ready(&mut self, op: &Op, each: &mut dyn FnMut()) -> Result<(), DeviceError> {
        let _ = (op, each);
        Ok(())
    }

    /// Families of launch forms of `op` that have run on no hardware before, but for those that were left out. They are offered only after
    /// they were tried, which is best done by a process of its own: whatever they do there harms nothing here.
    fn on_probation(&self, op: &Op) -> Vec<Trial> {
        let _ = op;
        Vec::new()
    }

    /// What came of trying such a family: it is offered from now on, or left out, and for what reason.
    fn admit(&mut self, family: &str, outcome: Result<(), String>) {
        let _ = (family, outcome);
    }

    /// Reserves `bytes` (a multiple of 4) of device memory. The content is unspecified.
    fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError>;

    fn free(&mut self, buf: Buf);

    /// Copies `data` into `to` at byte offset `at` (both multiples of 4) and waits.
    fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError>;

    /// Copies out of `from` at byte offset `at` (both multiples of 4) and waits.
    fn read(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError>;

    /// As `read`, of what tickets have written that were waited for: does not wait for those still open, where it can.
    fn peek(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.read(from, at, out)
    }

    /// Starts `op`, `repeat` times, and returns without waiting. Tickets complete in the order of submission.
    /// At most two tickets may be open at a time.
    fn submit(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError>;

    /// Waits for `ticket`, not longer than the deadline the device was opened with.
    fn wait(&mut self, ticket: Ticket) -> Result<Done, DeviceError>;
}

/// A family of launch forms that has run on no hardware before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    pub family: &'static str,
    /// Whether it was tried here.
    pub is_offered: bool,
}

/// A submitted piece of work. Redeemed once, by [`Device::wait`].
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Ticket(pub u64);

/// What a device says about finished work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Time by the device's own clock, where it has one.
    pub device_ns: Option<u64>,
    /// Units of work that the kernels counted while they ran (see [`Op::units`]), modulo 2^32.
    /// `None` where no kernel of ours did the work.
    pub counted: Option<u32>,
}

/// One launch form of an op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Short and stable, such as `unroll64-group64`.
    pub label: String,
    /// SHA-256 of the kernel that runs, lower-case hex: of its source, or of the image where it travels compiled.
    pub kernel: String,
    /// What a reader of its figures must know, such as that it has not run on such hardware before.
    pub caveat: Option<String>,
    pub reach: Reach,
}

/// Whose limit a rate shows. The difference decides whether a demand that is not met speaks against the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Kernels that use the units that are fastest at this work on this card.
    #[default]
    Card,
    /// No kernel of ours uses them, or none has shown on such a card what it reaches: the card may reach more.
    Kernel,
}

impl Reach {
    pub fn is_card(&self) -> bool {
        *self == Reach::Card
    }
}

/// What a device claims to be. All of it is the machine's own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Identity {
    /// `wgpu`, `sim`, ...
    pub backend: String,
    pub name: String,
    pub provenance: Provenance,
    /// PCI vendor and device id.
    pub vendor_id: Option<u32>,
    pub device_id: Option<u32>,
    /// `dddd:bb:dd.f`, lower case.
    pub pci_address: Option<String>,
    /// 32 lower-case hex digits.
    pub uuid: Option<String>,
    pub driver: String,
    /// Multiprocessors, compute units or the like, where the device says.
    pub units: Option<u32>,
    /// Device memory as reported, in bytes.
    pub memory_bytes: Option<u64>,
    /// What the capacity probe may fill: the reported memory, or for software and integrated adapters what the
    /// host can spare.
    pub fillable_bytes: Option<u64>,
    /// The largest single buffer.
    pub buffer_bytes_max: u64,
    pub features: Vec<String>,
    /// What else the driver and the system say, such as clocks, ECC, sharing, and which driver file was loaded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

#[cfg(test)]
impl Identity {
    /// Hardware of which nothing is known, for tests to say more of.
    pub fn unknown() -> Self {
        Self {
            backend: "test".to_owned(),
            name: "card".to_owned(),
            provenance: Provenance::Hardware,
            vendor_id: None,
            device_id: None,
            pci_address: None,
            uuid: None,
            driver: String::new(),
            units: None,
            memory_bytes: None,
            fillable_bytes: None,
            buffer_bytes_max: 0,
            features: Vec::new(),
            details: BTreeMap::new(),
        }
    }
}

impl Identity {
    /// The detail that says which library of the card's vendor multiplies, by its file; left out where there is none.
    pub const VENDOR_LIBRARY: &str = "cublaslt_path";
    /// The one that says why there is none.
    pub const NO_VENDOR_LIBRARY: &str = "no_cublaslt";
    /// The same of the library by which devices do something together.
    pub const COLLECTIVE_LIBRARY: &str = "nccl_path";
    pub const NO_COLLECTIVE_LIBRARY: &str = "no_nccl";
    /// The detail that says what its memory is, where that may not be the card's alone.
    pub const MEMORY_IS: &str = "memory_is";
    /// The one that says what Windows calls the card until it is restarted, by whatever interface.
    pub const LUID: &str = "luid";
    /// The one that says which devices the environment lets the driver show.
    pub const VISIBLE_DEVICES: &str = "visible_devices";
    /// The one that says which devices the container has, where it has not all.
    pub const CONTAINER_DEVICES: &str = "container_devices";
}

/// Where numbers come from. Set by the device layer, carried into the signed report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Provenance {
    Hardware,
    /// A driver that runs the kernels on the CPU, with as many hardware threads as the machine has.
    Software {
        cpu_threads: u32,
    },
    /// Nothing was run on any device; `script` is the selector that was given.
    Simulated {
        script: String,
    },
}

impl Provenance {
    pub fn kind(&self) -> ProvenanceKind {
        match self {
            Provenance::Hardware => ProvenanceKind::Hardware,
            Provenance::Software { .. } => ProvenanceKind::Software,
            Provenance::Simulated { .. } => ProvenanceKind::Simulated,
        }
    }
}

/// The kind alone, as contracts name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProvenanceKind {
    Hardware,
    Software,
    Simulated,
}

impl ProvenanceKind {
    pub const ALL: [ProvenanceKind; 3] =
        [ProvenanceKind::Hardware, ProvenanceKind::Software, ProvenanceKind::Simulated];

    /// As people say it; contracts have [`Display`](std::fmt::Display)'s word.
    pub fn said(self, language: Language) -> String {
        match self {
            ProvenanceKind::Hardware => say!(language, "provenance-hardware"),
            ProvenanceKind::Software => say!(language, "provenance-software"),
            ProvenanceKind::Simulated => say!(language, "provenance-simulated"),
        }
    }
}

impl std::fmt::Display for ProvenanceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ProvenanceKind::Hardware => "hardware",
            ProvenanceKind::Software => "software",
            ProvenanceKind::Simulated => "simulated",
        })
    }
}

/// Why an op cannot run here. The difference decides between `fail` and `inconclusive`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Unsupported {
    pub by: Lacking,
    pub why: String,
}

impl Unsupported {
    pub fn card(why: impl Into<String>) -> Self {
        Self { by: Lacking::Card, why: why.into() }
    }

    pub fn us(why: impl Into<String>) -> Self {
        Self { by: Lacking::Us, why: why.into() }
    }
}

/// Who lacks the ability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lacking {
    /// The card or its driver cannot: a clause that demands it fails.
    Card,
    /// This backend of ours cannot: inconclusive.
    Us,
}

/// What goes wrong with a device. None of these is a panic, each ends as an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeviceError {
    Lost { why: String },
    OutOfMemory { bytes: u64 },
    Validation { why: String },
    Hang { after_ms: u64 },
    Crash { why: String },
}

impl std::error::Error for DeviceError {}

/// Recordings hold this, so it is always English.
impl std::fmt::Display for DeviceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said(Language::English))
    }
}

impl DeviceError {
    pub fn said(&self, language: Language) -> String {
        match self {
            DeviceError::Lost { why } => say!(language, "device-lost", why = why),
            DeviceError::OutOfMemory { bytes } => {
                say!(language, "device-out-of-memory", bytes = bytes.to_string())
            }
            DeviceError::Validation { why } => say!(language, "device-validation", why = why),
            DeviceError::Hang { after_ms } => say!(language, "device-hang", ms = after_ms.to_string()),
            DeviceError::Crash { why } => say!(language, "device-crash", why = why),
        }
    }

    /// Whether the device can be used for the next case.
    pub fn is_final(&self) -> bool {
        match self {
            DeviceError::Lost { .. } | DeviceError::Hang { .. } | DeviceError::Crash { .. } => true,
            DeviceError::OutOfMemory { .. } | DeviceError::Validation { .. } => false,
        }
    }
}
