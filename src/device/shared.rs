//! What the backends of real devices have in common: launch forms of their kernels, transfers, and how an opened device is handed out.
//! Owns these types; must not know any one backend.

use std::rc::Rc;

use super::backend::Opened;
use super::op::{Buf, Op, Route};
use super::{Device, DeviceError};
use crate::clock::System;
use crate::telemetry;

/// A launch form by one of the backend's kernels; by none where the driver or a library does the work.
pub struct Form<K> {
    pub label: String,
    pub kernel: Option<K>,
}

impl<K> Form<K> {
    pub fn new(label: impl Into<String>, kernel: K) -> Self {
        Self { label: label.into(), kernel: Some(kernel) }
    }

    pub fn without_kernel(label: impl Into<String>) -> Self {
        Self { label: label.into(), kernel: None }
    }
}

/// What a variant is answered with that is none of the forms of `op`.
pub fn no_variant<K>(op: &Op, forms: &[Form<K>], variant: usize) -> DeviceError {
    let why = format!("{} has {} variants, asked for was number {variant}", op.name(), forms.len());
    DeviceError::Validation { why }
}

/// What is to be copied, `repeat` times.
#[derive(Clone, Copy)]
pub struct Transfer {
    pub route: Route,
    pub buf: Buf,
    pub words: u64,
    pub seed: u64,
    pub repeat: u32,
}

/// The longest transfer between host and device, in bytes, and so the staging memory of each direction.
pub const COPY_BYTES_MAX: u64 = 256 << 20;

/// With the system's clock, and the sensors that belong to it.
pub fn opened(device: impl Device + 'static) -> Opened {
    let telemetry = telemetry::for_device(device.identity());
    Opened { device: Box::new(device), telemetry, clock: Rc::new(System::start()) }
}
