//! What this program has means to measure on a card of the catalogue, before it has seen one: NVIDIA's through CUDA and NVML, others'
//! through wgpu and the kernel's files, accelerators without a driver for that not at all. Owns that table, to which tests hold what the
//! backends say themselves.

use crate::catalogue::Gpu;
use crate::contract::clause::Flag;
use crate::device::op::Precision;
use crate::evidence::counters::REMAP_FAILURES;
use crate::evidence::metric::MetricName;

/// Whether a demand for a figure can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    Whole,
    /// By kernels of ours that leave some of the fastest units idle, or may not even run, or have not shown that they come to what the card
    /// can: what falls short stays undecided.
    Part,
    Lacking,
}

/// Of `metric` on `card`.
pub fn of(card: &Gpu, metric: &MetricName) -> Means {
    match (maker(card), rate_of(metric)) {
        (Maker::Nvidia { sm }, Some((probe, precision))) => with_cuda(probe, precision, sm),
        (Maker::Nvidia { sm }, None) if sm < 80 && metric.as_str() == REMAP_FAILURES => Means::Lacking,
        (Maker::Nvidia { .. }, None) => Means::Whole,
        (Maker::Wgpu { .. }, Some((probe, precision))) => with_wgpu(probe, precision),
        (Maker::Wgpu { is_amd }, None) => without_nvml(metric, is_amd),
        (Maker::NoWay, _) => Means::Lacking,
    }
}

/// Whether telemetry of `card` tells this. AMD's driver tells no reasons of clocks, and its messages are not read.
pub fn tells(card: &Gpu, flag: Flag) -> bool {
    match maker(card) {
        Maker::Nvidia { .. } => true,
        Maker::Wgpu { is_amd } => is_amd && flag == Flag::EccUncorrected,
        Maker::NoWay => false,
    }
}

/// Whether there is any way to cards of this maker.
pub fn any(card: &Gpu) -> bool {
    maker(card) != Maker::NoWay
}

/// The metric of the same product by the vendor's library, where that can be measured on `card`.
pub fn by_vendor(card: &Gpu, product: &MetricName) -> Option<MetricName> {
    let metric = format!("vendor.{}", product.as_str().strip_prefix("gemm.")?);
    MetricName::parse(&metric).ok().filter(|metric| of(card, metric) == Means::Whole)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    /// Compute capability 9.0 is 90.
    Nvidia {
        sm: u32,
    },
    /// Only AMD's driver tells of memory errors.
    Wgpu {
        is_amd: bool,
    },
    NoWay,
}

fn maker(card: &Gpu) -> Maker {
    match card.vendor.as_str() {
        "NVIDIA" => Maker::Nvidia { sm: card.compute_capability.replace('.', "").parse().unwrap_or(0) },
        "Huawei" | "Cambricon" | "Hygon" => Maker::NoWay,
        "Intel" if card.arch.starts_with("Gaudi") => Maker::NoWay,
        vendor => Maker::Wgpu { is_amd: vendor == "AMD" },
    }
}

/// `gemm` and `bf16` of `gemm.bf16.rate`.
fn rate_of(metric: &MetricName) -> Option<(&str, Precision)> {
    let (probe, rest) = metric.as_str().split_once('.')?;
    let name = rest.strip_suffix(".rate")?;
    Precision::ALL.into_iter().find(|precision| precision.name() == name).map(|precision| (probe, precision))
}

fn with_cuda(probe: &str, precision: Precision, sm: u32) -> Means {
    let is_fp8 = matches!(precision, Precision::Fp8E4m3 | Precision::Fp8E5m2);
    let is_young = is_fp8 || matches!(precision, Precision::Bf16 | Precision::Tf32);
    // Only `tcgen05` reaches all units of the large Blackwells, where ours are on probation; before Turing ours reach no tensor units.
    let is_idle = match sm / 10 {
        10 => is_young || matches!(precision, Precision::Fp16 | Precision::Int8),
        _ => sm == 70 && precision == Precision::Fp16,
    };
    match probe {
        "fma" if precision == Precision::Bf16 && sm < 80 => Means::Lacking,
        "fma" => Means::Whole,
        "vendor" if is_fp8 && sm < 89 || is_young && sm < 80 => Means::Lacking,
        "vendor" => Means::Whole,
        _ if is_young && sm < 80 || is_fp8 && !(matches!(sm, 89 | 90 | 100 | 103) || sm / 10 == 12) => {
            Means::Lacking
        }
        "mma" if sm < 75 => Means::Lacking,
        _ if is_idle => Means::Part,
        _ => Means::Whole,
    }
}

fn with_wgpu(probe: &str, precision: Precision) -> Means {
    let has = matches!(
        precision,
        Precision::Fp64 | Precision::Fp32 | Precision::Fp16 | Precision::Int32 | Precision::Int8
    );
    match probe {
        "fma" | "gemm" | "sustain" if has => Means::Part,
        _ => Means::Lacking,
    }
}

fn without_nvml(metric: &MetricName, is_amd: bool) -> Means {
    let name = metric.as_str();
    let has = match metric.probe() {
        // Equal pieces of work can be timed anywhere.
        "census" => name.starts_with("census.disturbed"),
        "mma" | "vendor" | "peer" | "collective" => false,
        "counters" => is_amd && name.starts_with("counters.ecc_"),
        "link" => matches!(name, "link.h2d.rate" | "link.d2h.rate"),
        "identity" => !name.starts_with("identity.nvml."),
        _ => true,
    };
    let is_timed = name.ends_with(".rate") || metric.probe() == "chase";
    match (has, is_timed) {
        (true, false) => Means::Whole,
        (true, true) => Means::Part,
        (false, _) => Means::Lacking,
    }
}
