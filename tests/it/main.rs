//! The one integration binary. One line per module says what it proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// Several software adapters in one run, and a slow one beside a fast one.
#[cfg(feature = "wgpu")]
mod adapters;
// What a card's vendor attests of it: what holds is verified, what does not refutes the proof, nothing is no fault.
mod attestations;
// What a technician and an auditor are told can be done as it is told.
mod audited;
// Counters, energy, and the devices of a node beside each other.
mod beside;
// A load that is kept up, and runs that break off within it.
mod burn;
// The catalogue: every figure has a source, our own bands follow from signed reports, overlays are checked and signed.
mod catalogue;
// The command line as its users meet it: messages, files, exit codes, workers that die.
mod cli;
mod clocks;
// Two reports of one machine: degraded, same, improved, not comparable.
mod compare;
// Provers and witnesses that fall silent or do not listen.
#[cfg(unix)]
mod deaf;
// Sequential decisions err as rarely as promised, on simulated devices.
mod decisions;
// Clauses on what is delivered: decided on an interval, measured until that decides.
mod delivered;
// What somebody signs or hands over who wants to be believed.
mod counterparty;
mod derived;
mod disputed;
// What all devices of a node do together: on simulated cards, and by a library on a driver without a GPU.
mod collectives;
#[cfg(feature = "cuda")]
mod cuda_collectives;
// Every op in every launch form on every device equals the CPU reference.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod conformance;
// The vendor's library of products beside ours, on a driver without a GPU.
#[cfg(feature = "cuda")]
mod cublaslt;
// The CUDA backend from its kernels to a verified report, on a driver without a GPU.
#[cfg(feature = "cuda")]
mod cuda;
// The CUDA backend on a driver that fails, hangs, crashes or lies.
#[cfg(feature = "cuda")]
mod cuda_faults;
// Parts of divided cards, on that driver.
#[cfg(feature = "cuda")]
mod cuda_parts;
// Copies between GPUs, on that driver.
#[cfg(feature = "cuda")]
mod cuda_peers;
// Kernels that have run on no hardware, tried first and left out where they fail, on that driver.
#[cfg(feature = "cuda")]
mod cuda_trials;
// The wgpu backend on a driver that fails: the right error, every time, and no panic.
#[cfg(feature = "wgpu")]
mod driver_faults;
mod elsewhere;
// Signed reports, each named after its defect, are refused or found out.
mod envelopes;
// The fault matrix: each fault is noticed by the clause that should, and the honest card passes.
mod faults;
// Many nodes: counted, and as a page for a manager.
mod fleet_pages;
mod fleet_tables;
mod fleets;
mod fleets_many;
// Which nodes of a list never reported, and who reported that is in none.
mod listed;
mod load;
// Others verify what we sign.
mod floors;
mod foreign;
// Mistakes of people: each message names what is wanted.
mod hints;
// What only a GPU can show.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod hardware;
// The script that runs it all on a machine with a GPU, and writes it down.
#[cfg(feature = "cuda")]
mod hardware_script;
mod hidden;
// Reports that are made to deceive whoever looks at them.
mod hostile;
mod imprints;
// Links, circles and pipes among reports.
#[cfg(unix)]
mod intake;
mod inventory;
// Each rule met, broken and without evidence; each condition without which nothing passes.
mod judging;
// Key files of ours and of OpenSSL, and each mistake with them.
mod keys;
// Laws of judging for any evidence, and of reading for any bytes.
mod laws;
// The fault layer breaks a Vulkan driver in the way it was asked to.
#[cfg(feature = "wgpu")]
mod layer;
// Messages in each language, and pages in them.
mod languages;
mod languages_reasons;
mod languages_terminal;
mod languages_texts;
// Job files for many nodes: safe to run whatever they were given, tried with `ssh` in name and Kubernetes' schemas.
#[cfg(unix)]
mod launches;
// By `ssh` in name: nodes that die, disks that are full, launches that are stopped.
#[cfg(unix)]
mod launches_ended;
// What a machine refuses while a run goes on, and who does not read.
#[cfg(target_os = "linux")]
mod limits;
// What a run shows while it lasts.
mod lint;
mod live;
#[cfg(target_os = "linux")]
mod looks;
mod nonces;
// Telemetry of NVIDIA cards beside a fake NVML that answers, refuses, lies, lacks functions, hangs and crashes.
#[cfg(feature = "nvml")]
mod nvml;
// What cards attest through that NVML, and proofs of the real binary with it.
#[cfg(all(feature = "nvml", feature = "wgpu"))]
mod nvml_attestations;
// Whole runs on a card that Vulkan and NVML describe, alike or not.
#[cfg(all(feature = "nvml", feature = "wgpu"))]
mod nvml_runs;
// What is measured between devices, and how it is judged.
mod peers;
// Reports as a page and as a step summary; what a hostile machine writes stays text.
mod pages;
// Samples of a fleet keep the risks that they promise, and nobody can choose who is drawn.
mod plans;
// Proofs of work, from challenge to verification.
mod proof_pages;
mod proofs;
// Reports for pipelines and dashboards, read strictly.
mod pipelines;
// The README: its commands run, its tables are those of the program.
mod readme;
// What lies in results/ verifies.
mod results;
// Whether two reports are about one card, and how sure that is.
mod same_card;
// How often telemetry is read, and what it may cost.
mod sampling;
// Recordings judged again: the same findings, whatever was done to a recording ends as documented.
mod replay;
// The published JSON Schemas are true of what is written.
mod schemas;
// A device that does nothing, or replays old results, never has a figure that counts.
mod lazy;
// A launch by a real Slurm, in which nodes die and hang. It waits for minutes, and tests begin in the order of their names: this one
// is early, so that others run meanwhile.
#[cfg(target_os = "linux")]
mod against_slurm;
// What driver, NVML and kernel say about one card: each lie is a conflict.
mod sources;
// Every device call fails once, in every way: a report that shows it, and no pass.
mod sweep;
// Rules about the tree: layers, lengths, where unsafe may stand.
mod tidy;
// Devices measured together and one at a time.
mod order;
mod over_fleet;
mod overlays;
// What both parties sign, and what each chooses for it.
mod certificates;
mod choices;
mod fresh;
// What pipelines and policies are given.
mod templates;
// Provers that cheat, and what they are refused for.
mod cheats;
mod cheats_chance;
mod cheats_memory;
#[cfg(unix)]
mod cheats_piped;
// From evidence to a report that a stranger can check.
mod trust;
// Contracts and envelopes, each named after its defect, end as they must.
mod vectors;
mod whole_memory;

// Helpers: programs that cargo builds for tests, the stations in one process, the real binary, evidence made by hand, a
// CUDA driver and an NVML without a GPU, a Vulkan driver with a fault layer.
#[cfg(any(feature = "cuda", feature = "wgpu", feature = "nvml"))]
mod examples;
mod exclusive;
mod front;
mod pipeline;
mod process;
mod support;
mod support_attest;
#[cfg(feature = "cuda")]
mod support_cuda;
mod support_fleet;
#[cfg(unix)]
mod support_launch;
#[cfg(feature = "nvml")]
mod support_nvml;
mod support_proof;
#[cfg(target_os = "linux")]
mod support_slurm;
#[cfg(feature = "wgpu")]
mod support_vulkan;
