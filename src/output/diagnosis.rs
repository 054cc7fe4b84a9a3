//! What `assay doctor` says: what works, what is missing, and the exact command that fixes it.

use std::io::{self, Write};

use serde_json::json;

use super::listing::Nvml;

/// What was found on this machine.
pub struct State {
    pub hardware: usize,
    pub software: usize,
    /// Backend and the reason why it finds nothing.
    pub missing: Vec<(&'static str, String)>,
    /// Whether this build can reach any device at all.
    pub has_backends: bool,
    /// A trace of a loaded NVIDIA kernel driver.
    pub nvidia_driver: Option<&'static str>,
    pub nvml: Nvml,
    pub system: System,
}

/// Whose package manager the fixes are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum System {
    Debian,
    RedHat,
    Other,
}

/// One thing to do.
struct Advice {
    problem: String,
    fix: String,
}

pub fn print(state: &State, json: bool, out: &mut dyn Write) -> io::Result<()> {
    let advice = advice(state);
    if json {
        let rows: Vec<_> = advice.iter().map(|a| json!({ "problem": a.problem, "fix": a.fix })).collect();
        let nvml = state.nvml.json();
        let value =
            json!({ "hardware": state.hardware, "software": state.software, "nvml": nvml, "advice": rows });
        return super::listing::print_json(&value, out);
    }
    writeln!(out, "hardware devices   {}", state.hardware)?;
    writeln!(out, "software devices   {}", state.software)?;
    if let (Ok(_), Some(line)) = (&state.nvml.found, state.nvml.line()) {
        writeln!(out, "NVML               {line}")?;
    }
    for Advice { problem, fix } in &advice {
        writeln!(out, "\n{problem}\n  {fix}")?;
    }
    let ready = if state.hardware > 0 {
        "\nReady: `assay run --contract FILE` measures the hardware devices."
    } else if state.software > 0 {
        "\nReady to try out: `assay run` measures the CPU's software device; only a contract that accepts \"software\" can pass on it."
    } else {
        "\nNothing can be measured yet. `assay run --device sim:h200 ...` shows a run on a simulated card, marked as such."
    };
    writeln!(out, "{ready}")
}

fn advice(state: &State) -> Vec<Advice> {
    let mut advice = Vec::new();
    if !state.has_backends {
        advice.push(Advice {
            problem: "This build has no GPU backend: it verifies, judges, replays and simulates.".to_owned(),
            fix: "cargo install --path . --features cuda,wgpu".to_owned(),
        });
        return advice;
    }
    for (backend, why) in &state.missing {
        let fix = if *backend == "cuda" { cuda_fix(state) } else { vulkan_fix(state) };
        advice.push(Advice { problem: format!("{backend}: {why}"), fix });
    }
    if state.nvidia_driver.is_some() && state.hardware == 0 && state.missing.is_empty() {
        advice.push(Advice {
            problem: "An NVIDIA kernel driver is loaded, but Vulkan does not list the card.".to_owned(),
            fix: match state.system {
                System::Debian => "apt-get install libvulkan1 nvidia-vulkan-icd   # in a container: run it with NVIDIA_DRIVER_CAPABILITIES=all",
                System::RedHat | System::Other => {
                    "install the Vulkan part of the NVIDIA driver; in a container run it with NVIDIA_DRIVER_CAPABILITIES=all"
                }
            }
            .to_owned(),
        });
    }
    if let (Err(_), Some(problem)) = (&state.nvml.found, state.nvml.line()) {
        advice.push(Advice { problem: format!("NVML: {problem}"), fix: nvml_fix(state.system).to_owned() });
    }
    advice
}

/// The library must be of the kernel driver's version, so it comes with the driver.
fn nvml_fix(system: System) -> &'static str {
    match system {
        System::Debian => {
            "apt-get install libnvidia-ml1   # on Ubuntu libnvidia-compute-<version of the driver>; in a container: run it with NVIDIA_DRIVER_CAPABILITIES=all"
        }
        System::RedHat => {
            "dnf install libnvidia-ml   # in a container: run it with NVIDIA_DRIVER_CAPABILITIES=all"
        }
        System::Other => {
            "install the NVML library of the NVIDIA driver; in a container run it with NVIDIA_DRIVER_CAPABILITIES=all"
        }
    }
}

fn cuda_fix(state: &State) -> String {
    let fix = match (state.nvidia_driver, state.system) {
        (None, _) => "nothing to do without an NVIDIA GPU; with one, install NVIDIA's driver",
        (Some(_), System::Debian) => "apt-get install libcuda1   # in a container: run it with --gpus all",
        (Some(_), System::RedHat | System::Other) => {
            "install the CUDA part of the NVIDIA driver; in a container: run it with --gpus all"
        }
    };
    fix.to_owned()
}

fn vulkan_fix(state: &State) -> String {
    let fix = match (state.system, state.nvidia_driver) {
        (System::Debian, Some(_)) => "apt-get install libvulkan1 nvidia-vulkan-icd",
        (System::Debian, None) => {
            "apt-get install libvulkan1 mesa-vulkan-drivers   # AMD, Intel, and a software device on the CPU"
        }
        (System::RedHat, _) => "dnf install vulkan-loader mesa-vulkan-drivers",
        (System::Other, _) => "install a Vulkan loader and your card's Vulkan driver",
    };
    fix.to_owned()
}
