//! The one integration binary. One line per module says what it proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// The command line as its users meet it: messages, files, exit codes, workers that die.
mod cli;
// Every op in every launch form on every device equals the CPU reference.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod conformance;
// The CUDA backend from its kernels to a verified report, on a driver without a GPU.
#[cfg(feature = "cuda")]
mod cuda;
// The CUDA backend on a driver that fails, hangs, crashes or lies.
#[cfg(feature = "cuda")]
mod cuda_faults;
// The wgpu backend on a driver that fails: the right error, every time, and no panic.
#[cfg(feature = "wgpu")]
mod driver_faults;
// Signed reports, each named after its defect, are refused or found out.
mod envelopes;
// Others verify what we sign.
mod foreign;
// What only a GPU can show.
mod hardware;
// Each rule met, broken and without evidence; each condition without which nothing passes.
mod judging;
// Key files of ours and of OpenSSL, and each mistake with them.
mod keys;
// Laws of judging for any evidence, and of reading for any bytes.
mod laws;
// The fault layer breaks a Vulkan driver in the way it was asked to.
#[cfg(feature = "wgpu")]
mod layer;
// The README: its commands run, its tables are those of the program.
mod readme;
// The published JSON Schemas are true of what is written.
mod schemas;
// Rules about the tree: layers, lengths, where unsafe may stand.
mod tidy;
// From evidence to a report that a stranger can check.
mod trust;
// Contracts and envelopes, each named after its defect, end as they must.
mod vectors;

// Helpers: the stations in one process, the real binary, evidence made by hand, a Vulkan driver with a fault layer.
mod pipeline;
mod process;
mod support;
#[cfg(feature = "cuda")]
mod support_cuda;
#[cfg(feature = "wgpu")]
mod support_vulkan;
