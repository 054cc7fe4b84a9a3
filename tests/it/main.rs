//! The one integration binary. One line per module says what it proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// Each rule met, broken and without evidence; each condition without which nothing passes.
mod judging;
// Laws of judging for any evidence, and of reading for any bytes.
mod laws;
// The published JSON Schemas are true of what is written.
mod schemas;
mod support;
#[cfg(feature = "wgpu")]
mod support_vulkan;

// From evidence to a report that a stranger can check.
mod trust;

// The fault layer breaks a Vulkan driver in the way it was asked to.
#[cfg(feature = "wgpu")]
mod layer;
// Contracts and envelopes, each named after its defect, end as they must.
mod vectors;

// The stations after parsing, in this process.
mod pipeline;
