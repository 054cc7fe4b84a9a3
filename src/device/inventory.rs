//! Which backends this build has, and how a selector names one device.
//! Owns the table of backends; must not know what is run on a device.
//!
//! To add one: a [`Device`](super::Device) and a [`Backend`] in `src/device/<name>/`, a row of [`BACKENDS`], and a feature in `Cargo.toml`.
//! Begin with `alloc`, `read`, `write` and `Op::Fill`, and let `supports` refuse the rest with `Unsupported::us`: that is inconclusive,
//! never a failure. What an op means is `src/device/reference.rs`; `tests/it/conformance.rs` compares every op that is supported, in every
//! form, on every device that the backend lists. `shared.rs`, `select.rs` and `binding.rs` have what real devices need beside kernels,
//! `wgpu/` is the smaller one to copy. Then `src/contract/means.rs` says what is measured through it, so that contracts are told, and
//! `tests/it/tidy.rs` where its unsafe code stands.

use super::backend::{Backend, OpenError, OpenOptions, Opened};

/// All backends of this build, in the order of preference.
pub const BACKENDS: &[Backend] = &[
    #[cfg(feature = "cuda")]
    super::cuda::BACKEND,
    #[cfg(feature = "wgpu")]
    super::wgpu::BACKEND,
    Backend {
        name: "sim",
        list: super::sim::list,
        open: super::sim::open,
        open_together: Some(super::sim::open_together),
    },
];

/// Opens the device that `selector` names.
pub fn open(selector: &str, options: OpenOptions) -> Result<Opened, OpenError> {
    let (backend, rest) = split(selector)?;
    (backend.open)(rest, options)
}

/// Opens devices of one backend that then copy from one another, in the order of `selectors`; calls `opened` after each.
pub fn open_together(
    selectors: &[&str],
    options: OpenOptions,
    opened: &mut dyn FnMut(),
) -> Result<Vec<Opened>, OpenError> {
    let mut rests = Vec::new();
    let mut together = None;
    for selector in selectors {
        let (backend, rest) = split(selector)?;
        together = backend.open_together;
        rests.push(rest);
    }
    let nothing = || OpenError::Refused {
        selector: selectors.join(" and "),
        why: "no backend opens them together".to_owned(),
    };
    together.ok_or_else(nothing)?(&rests, options, opened)
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
