//! `assay` answers one question: did this machine deliver the compute that the contract names, and can a
//! third party check that answer?
//!
//! Six nouns, one direction, each plain data and each arrow one function:
//!
//! ```text
//! Plan -> Event -> Evidence -> Finding -> Report -> Envelope
//! ```
//!
//! Layers, lowest first; a module imports only from its own line or from lines above it (a test checks this):
//!
//! ```text
//! units  clock  exit  nearest  language  chance  files  cgroup  visible
//! seal
//! device  telemetry
//! evidence
//! catalogue
//! engine
//! probes
//! proof
//! contract
//! report
//! fleet
//! certificate  derived  inventory
//! output
//! commands  cli  main
//! ```
//!
//! How to add something stands at the head of the file that holds its table: a probe in `probes/mod.rs`, a number format in
//! `device/precision.rs`, a kernel in `kernels/README.md`, a backend in `device/inventory.rs`, a demand of contracts in
//! `contract/clause.rs`, an objection to them in `contract/lint/mod.rs`, a form of reports in `output/mod.rs`, a card in
//! `catalogue/mod.rs`. Each has a test that fails while something is missing, or the compiler does.

pub mod cgroup;
pub mod chance;
pub mod clock;
pub mod exit;
pub mod files;
pub mod language;
pub mod nearest;
pub mod units;
pub mod visible;

pub mod seal;

pub mod device;
pub mod telemetry;

pub mod evidence;

pub mod catalogue;

pub mod engine;
pub mod probes;

pub mod proof;

pub mod contract;

pub mod report;

pub mod fleet;

pub mod certificate;
pub mod derived;
pub mod inventory;

pub mod output;

pub mod cli;
pub mod commands;
