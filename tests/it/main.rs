//! The one integration binary. One line per module says what it proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// Several software adapters in one run, and a slow one beside a fast one.
#[cfg(feature = "wgpu")]
mod adapters;
// The command line as its users meet it: messages, files, exit codes, workers that die.
mod cli;
// Every op in every launch form on every device equals the CPU reference.
#[cfg(feature = "wgpu")]
mod conformance;
// The wgpu backend on a driver that fails: the right error, every time, and no panic.
#[cfg(feature = "wgpu")]
mod driver_faults;
// Signed reports, each named after its defect, are refused or found out.
mod envelopes;
// The fault matrix: each fault is noticed by the clause that should, and the honest card passes.
mod faults;
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
// Recordings judged again: the same findings, whatever was done to a recording ends as documented.
mod replay;
// The published JSON Schemas are true of what is written.
mod schemas;
// A device that does nothing, or replays old results, never has a figure that counts.
mod lazy;
// Every device call fails once, in every way: a report that shows it, and no pass.
mod sweep;
// Rules about the tree: layers, lengths, where unsafe may stand.
mod tidy;
// From evidence to a report that a stranger can check.
mod trust;
// Contracts and envelopes, each named after its defect, end as they must.
mod vectors;

// Helpers: the stations in one process, the real binary, evidence made by hand, a Vulkan driver with a fault layer.
mod front;
mod pipeline;
mod process;
mod support;
#[cfg(feature = "wgpu")]
mod support_vulkan;
