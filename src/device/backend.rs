//! What a backend is: a name, a way to list devices, a way to open one.
//! Owns these types; must not know which backends there are.

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
    /// Opens several devices that then copy from one another; `None` where no two ever can.
    pub open_together: Option<OpenTogether>,
}

/// Calls `opened` after each device, since one may take long.
pub type OpenTogether =
    fn(rests: &[&str], options: OpenOptions, opened: &mut dyn FnMut()) -> Result<Vec<Opened>, OpenError>;

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
