//! What `assay doctor` says: what works, what is missing, and the exact command that fixes it.

use std::io::{self, Write};

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::listing::{Nvml, VendorLibrary};
use super::page::Page;
use crate::language::{Language, say};

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
    pub libraries: Vec<VendorLibrary>,
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

pub fn print(state: &State, json: bool, out: &mut Page) -> io::Result<()> {
    // Programs read one language.
    let l = if json { Language::English } else { out.language };
    let advice = advice(state, l);
    if json {
        let rows: Vec<_> = advice.iter().map(|a| json!({ "problem": a.problem, "fix": a.fix })).collect();
        let nvml = state.nvml.json();
        let mut value =
            json!({ "hardware": state.hardware, "software": state.software, "nvml": nvml, "advice": rows });
        for library in &state.libraries {
            value[library.key()] = library.json();
        }
        return super::listing::print_json(&value, out);
    }
    let nvml = state.nvml.line(l).filter(|_| state.nvml.found.is_ok());
    let rows = [
        (say!(l, "doctor-hardware"), Some(state.hardware.to_string())),
        (say!(l, "doctor-software"), Some(state.software.to_string())),
        ("NVML".to_owned(), nvml),
    ];
    let libraries = state.libraries.iter().map(|library| (library.name.to_owned(), Some(library.line(l))));
    for (name, value) in rows.into_iter().chain(libraries).filter_map(|(name, value)| Some((name, value?))) {
        const WIDTH: usize = 19;
        writeln!(out, "{name}{:gap$}{value}", "", gap = WIDTH.saturating_sub(name.width()))?;
    }
    for Advice { problem, fix } in &advice {
        writeln!(out, "\n{problem}\n  {fix}")?;
    }
    let ready = if state.hardware > 0 {
        say!(l, "doctor-ready")
    } else if state.software > 0 {
        say!(l, "doctor-ready-to-try")
    } else {
        say!(l, "doctor-not-ready")
    };
    writeln!(out, "\n{ready}")
}

fn advice(state: &State, l: Language) -> Vec<Advice> {
    let mut advice = Vec::new();
    if !state.has_backends {
        let problem = say!(l, "doctor-no-backend");
        advice.push(Advice { problem, fix: "cargo install --path . --features cuda,wgpu".to_owned() });
        return advice;
    }
    for (backend, why) in &state.missing {
        let fix = if *backend == "cuda" { cuda_fix(state, l) } else { vulkan_fix(state, l) };
        advice.push(Advice { problem: say!(l, "doctor-missing", backend = *backend, why), fix });
    }
    if state.nvidia_driver.is_some() && state.hardware == 0 && state.missing.is_empty() {
        let fix = match state.system {
            System::Debian => commented(
                "apt-get install libvulkan1 nvidia-vulkan-icd",
                say!(l, "fix-capabilities", flag = CAPABILITIES),
            ),
            System::RedHat | System::Other => say!(l, "fix-vulkan-part", flag = CAPABILITIES),
        };
        advice.push(Advice { problem: say!(l, "doctor-not-in-vulkan"), fix });
    }
    if let (Err(_), Some(problem)) = (&state.nvml.found, state.nvml.line(l)) {
        let problem = format!("NVML{}{problem}", say!(l, "list-colon"));
        advice.push(Advice { problem, fix: nvml_fix(state.system, l) });
    }
    advice
}

/// What lets a container have all parts of the driver.
const CAPABILITIES: &str = "NVIDIA_DRIVER_CAPABILITIES=all";
const GPUS: &str = "--gpus all";

/// A command as a shell takes it, with what else there is to know.
fn commented(command: &str, comment: String) -> String {
    format!("{command}   # {comment}")
}

/// The library must be of the kernel driver's version, so it comes with the driver.
fn nvml_fix(system: System, l: Language) -> String {
    match system {
        System::Debian => {
            commented("apt-get install libnvidia-ml1", say!(l, "fix-nvml-ubuntu", flag = CAPABILITIES))
        }
        System::RedHat => {
            commented("dnf install libnvidia-ml", say!(l, "fix-capabilities", flag = CAPABILITIES))
        }
        System::Other => say!(l, "fix-nvml-library", flag = CAPABILITIES),
    }
}

fn cuda_fix(state: &State, l: Language) -> String {
    match (state.nvidia_driver, state.system) {
        (None, _) => say!(l, "fix-nothing-without-nvidia"),
        (Some(_), System::Debian) => {
            commented("apt-get install libcuda1", say!(l, "fix-capabilities", flag = GPUS))
        }
        (Some(_), System::RedHat | System::Other) => say!(l, "fix-cuda-part", flag = GPUS),
    }
}

fn vulkan_fix(state: &State, l: Language) -> String {
    match (state.system, state.nvidia_driver) {
        (System::Debian, Some(_)) => "apt-get install libvulkan1 nvidia-vulkan-icd".to_owned(),
        (System::Debian, None) => {
            commented("apt-get install libvulkan1 mesa-vulkan-drivers", say!(l, "fix-mesa"))
        }
        (System::RedHat, _) => "dnf install vulkan-loader mesa-vulkan-drivers".to_owned(),
        (System::Other, _) => say!(l, "fix-vulkan-loader"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::telemetry::NvmlFound;

    fn said(state: &State, language: Language) -> String {
        let mut text = Vec::new();
        print(state, false, Page::file(&mut text).speaking(language)).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// Whatever is found or missing: what is not a command or the machine's word is Chinese, and commands stay as they are.
    #[test]
    fn every_advice_is_given_in_every_language() {
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for at in 0..48 {
            let backends = ["cuda", "wgpu"].into_iter().filter(|_| at & 1 == 0);
            let found = NvmlFound { version: "1".into(), driver: "2".into(), cards: 3, library: None };
            let state = State {
                hardware: at / 24,
                software: at / 2 % 2,
                missing: backends.map(|backend| (backend, "why".to_owned())).collect(),
                has_backends: true,
                nvidia_driver: (at & 4 == 0).then_some("trace"),
                nvml: Nvml { found: if at & 8 == 0 { Ok(found) } else { Err("why".into()) }, wanted: true },
                libraries: Vec::new(),
                system: [System::Debian, System::RedHat, System::Other][at / 8 % 3],
            };
            let [english, chinese] = Language::ALL.map(|language| said(&state, language));
            assert_eq!(english.lines().count(), chinese.lines().count());
            assert!(!is_chinese(&english), "{english}");
            for (line, same) in chinese.lines().zip(english.lines()) {
                let command = same.trim_start().split("   #").next().unwrap();
                let is_command = ["apt-get", "dnf"].iter().any(|tool| command.starts_with(tool));
                assert!(!is_command || line.contains(command), "{line}");
                let is_name =
                    line.is_empty() || line.contains('“') || line.trim_start() == command && is_command;
                assert!(is_name || is_chinese(line), "{line}");
            }
        }
    }
}
