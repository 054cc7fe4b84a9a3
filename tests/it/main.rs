//! The one integration binary. One line per module says what it proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
#[cfg(feature = "wgpu")]
mod support_vulkan;

// From evidence to a report that a stranger can check.
mod trust;

// The fault layer breaks a Vulkan driver in the way it was asked to.
#[cfg(feature = "wgpu")]
mod layer;
