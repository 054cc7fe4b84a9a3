//! Which backends this build has, and how a selector names one device.
//! Owns the table of backends; must not know what is run on a device.

use super::backend::{Backend, OpenError, OpenOptions, Opened};

/// All backends of this build, in the order of preference.
pub const BACKENDS: &[Backend] = &[
    #[cfg(feature = "cuda")]
    super::cuda::BACKEND,
    #[cfg(feature = "wgpu")]
    super::wgpu::BACKEND,
    Backend { name: "sim", list: super::sim::list, open: super::sim::open },
];

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
