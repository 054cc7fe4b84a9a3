//! The one integration binary. One line per module says what it proves.

// What several modules need: a driver that misbehaves on request.
#[cfg(feature = "wgpu")]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod support_vulkan;

// The fault layer breaks a driver in the way it was asked to.
#[cfg(feature = "wgpu")]
mod layer;
