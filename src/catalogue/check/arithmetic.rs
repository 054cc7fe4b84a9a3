//! Whether a card's figures fit one another: a sparse figure taken for a dense one, a lost digit or a wrong unit does not.
//! Owns these ratios; must not know any card.

use super::{Excused, at};
use crate::catalogue::Gpu;
use crate::catalogue::problem::Problem;
use crate::language::{Language, say};

/// FP16 peak = units x operations per cycle and unit x clock.
const PEAK: &str = "fp16-arithmetic";
/// Published peaks are rounded.
const PEAK_WITHIN: f64 = 0.01;
/// No exception may be so far off: that is another figure.
const PEAK_NEVER: [f64; 2] = [0.8, 1.25];

struct Ratio {
    name: &'static str,
    of: fn(&Gpu) -> Option<f64>,
    to: fn(&Gpu) -> Option<f64>,
    plausible: [f64; 2],
}

/// What one figure is to another in all designs that there are.
const RATIOS: [Ratio; 9] = [
    Ratio { name: "bf16:fp16", of: |g| g.bf16, to: |g| g.fp16, plausible: [0.99, 1.01] },
    Ratio { name: "tf32:fp16", of: |g| g.tf32, to: |g| g.fp16, plausible: [0.45, 0.55] },
    Ratio { name: "fp8:fp16", of: |g| g.fp8, to: |g| g.fp16, plausible: [1.95, 2.05] },
    Ratio { name: "int8:fp16", of: |g| g.int8, to: |g| g.fp16, plausible: [0.95, 4.05] },
    Ratio { name: "fp4:fp8", of: |g| g.fp4, to: |g| g.fp8, plausible: [1.95, 4.05] },
    Ratio { name: "fp16:fp32", of: |g| g.fp16, to: |g| g.fp32, plausible: [1.9, 33.0] },
    Ratio { name: "fp64:fp32", of: |g| g.fp64, to: |g| g.fp32, plausible: [0.01, 1.05] },
    Ratio { name: "fp64_tensor:fp64", of: |g| g.fp64_tensor, to: |g| g.fp64, plausible: [0.95, 2.05] },
    // How often a second all of the memory can be read.
    Ratio {
        name: "memory_bandwidth_GBps:memory_GB",
        of: |g| g.bandwidth_gb_per_s,
        to: |g| g.memory_sizes().reduce(f64::min),
        plausible: [10.0, 60.0],
    },
];

pub fn check(gpu: &Gpu, excused: &mut Excused, problems: &mut Vec<Problem>, l: Language) {
    for Ratio { name, of, to, plausible: [low, high] } in RATIOS {
        let Some((of, to)) = of(gpu).zip(to(gpu)) else { continue };
        let ratio = of / to;
        if !(low..=high).contains(&ratio) && !excused.excuses(gpu, name) {
            let [of, to, low, high] = [of, to, low, high].map(|figure| figure.to_string());
            let why = say!(l, "wrong-ratio", of, to, ratio = format!("{ratio:.2}"), low, high);
            problems.push(Problem::new(at(gpu, name), why));
        }
    }
    let Some(ratio) = published_to_computed(gpu) else { return };
    let [least, most] = PEAK_NEVER;
    let possible = (least..=most).contains(&ratio);
    if possible && ((ratio - 1.0).abs() <= PEAK_WITHIN || excused.excuses(gpu, PEAK)) {
        return;
    }
    let share = format!("{ratio:.3}");
    let why = if ratio > most { say!(l, "wrong-peak-sparse", share) } else { say!(l, "wrong-peak", share) };
    problems.push(Problem::new(at(gpu, "fp16"), why));
}

/// The published FP16 peak as a share of what the units make at their clock.
pub fn published_to_computed(gpu: &Gpu) -> Option<f64> {
    let computed = f64::from(gpu.units?) * gpu.fp16_per_cycle? * gpu.fp16_mhz? * 1e6;
    Some(gpu.fp16? * 1e12 / computed)
}
