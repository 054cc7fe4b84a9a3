//! Which backends this build has, what each finds on this machine, and how a selector names one device.
//! Owns the table of backends; must not know what is run on a device.

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Device, Identity};
use crate::clock::Clock;
use crate::telemetry::Telemetry;

/// A device ready to work, with the clock and the sensors that belong to it.
pub struct Opened {
    pub device: Box<dyn Device>,
    pub telemetry: Box<dyn Telemetry>,
    pub clock: Rc<dyn Clock>,
}

#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// How long one wait for the device may last before it counts as hung.
    pub wait_limit: Duration,
}

/// One way to reach devices. Selectors are `name:rest`; what `rest` means is the backend's business.
pub struct Backend {
    pub name: &'static str,
    /// What this backend finds; `Err` says why it finds nothing and what would help.
    pub list: fn() -> Result<Vec<Listed>, String>,
    pub open: fn(rest: &str, options: OpenOptions) -> Result<Opened, OpenError>,
}

/// All backends of this build, in the order of preference.
pub const BACKENDS: &[Backend] = &[
    #[cfg(feature = "wgpu")]
    super::wgpu::BACKEND,
    Backend { name: "sim", list: super::sim::list, open: super::sim::open },
];

/// One device as `assay list` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub selector: String,
    pub identity: Identity,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum OpenError {
    #[error("{selector:?} is not a device selector: {why}")]
    Selector { selector: String, why: String },
    #[error("no device matches {selector:?}: {why}")]
    NoSuchDevice { selector: String, why: String },
    #[error("{selector} cannot be opened: {why}")]
    Refused { selector: String, why: String },
}

/// Opens the device that `selector` names.
pub fn open(selector: &str, options: OpenOptions) -> Result<Opened, OpenError> {
    let (backend, rest) = split(selector)?;
    (backend.open)(rest, options)
}

/// The backend that a selector names, and the rest of the selector. Touches no device.
pub fn split(selector: &str) -> Result<(&'static Backend, &str), OpenError> {
    let wrong = |why: String| OpenError::Selector { selector: selector.to_owned(), why };
    let names: Vec<&str> = BACKENDS.iter().map(|b| b.name).collect();
    let (name, rest) = selector.split_once(':').ok_or_else(|| {
        wrong(format!("write backend:device, with one of the backends {}", names.join(", ")))
    })?;
    let backend = BACKENDS
        .iter()
        .find(|b| b.name == name)
        .ok_or_else(|| wrong(format!("this build has the backends {}", names.join(", "))))?;
    Ok((backend, rest))
}
