//! What no card can exceed, and what its datasheet says that it reaches.
//! Owns the limits that follow from the catalogue; must not know how anything is measured.

use super::{Gpu, of};
use crate::device::op::Precision;
use crate::device::{Identity, Provenance};
use crate::evidence::metric::{Kind, MetricName};
use crate::units::Unit;

/// Boost clocks in datasheets are guaranteed, not highest: consumer cards reach a fifth more.
const CLOCK_MARGIN: f64 = 1.25;
/// Memory and link clocks are fixed; makers round them, and good sources differ by up to 4 %.
const BANDWIDTH_MARGIN: f64 = 1.05;

/// A CPU core's limit: 6 GHz, and each cycle two fused multiply-adds over 512 bits, which is 64 operations in FP32.
const CORE_HZ: f64 = 6e9;
const CORE_BITS_PER_CYCLE: f64 = 2.0 * 2.0 * 512.0;

/// No processor follows a chain of dependent loads faster, from whatever cache: 0.5 ns is three cycles at 6 GHz.
const LOAD_NS_MIN: f64 = 0.5;

/// Above what figure, in the metric's unit, a device's measurement cannot be true. `None` where nothing is known.
///
/// From datasheet peaks times a margin for hardware and simulated cards that are found by PCI id, and from the number
/// of CPU threads for software adapters. All of these rest on the machine's own word.
pub fn ceiling(identity: &Identity, metric: &MetricName) -> Option<f64> {
    match &identity.provenance {
        Provenance::Software { cpu_threads } => software_ceiling(*cpu_threads, metric),
        Provenance::Hardware | Provenance::Simulated { .. } => {
            let margin = if arithmetic(metric).is_some() { CLOCK_MARGIN } else { BANDWIDTH_MARGIN };
            peak(identity, metric).map(|peak| peak * margin)
        }
    }
}

/// Below what figure a measurement cannot be true.
pub fn floor(metric: &MetricName) -> Option<f64> {
    metric.as_str().ends_with(".latency").then_some(LOAD_NS_MIN)
}

/// The datasheet's dense peak of the card that a device is by its PCI id, in the metric's unit; the highest where
/// models share the id.
pub fn peak(identity: &Identity, metric: &MetricName) -> Option<f64> {
    of(identity)
        .map(|gpu| peak_of(gpu, metric))
        // One model without a figure leaves the limit open for all that share its id.
        .reduce(|a, b| Some(a?.max(b?)))
        .flatten()
}

fn software_ceiling(cpu_threads: u32, metric: &MetricName) -> Option<f64> {
    let (_, precision) = arithmetic(metric)?;
    let per_cycle = CORE_BITS_PER_CYCLE / (8.0 * precision.bytes() as f64);
    Some(f64::from(cpu_threads) * CORE_HZ * per_cycle)
}

impl Gpu {
    /// What the datasheet says of this metric, in its unit: dense, and only where it says so itself.
    pub fn datasheet(&self, metric: &MetricName) -> Option<f64> {
        let tera = |count: f64| count * 1e12;
        match arithmetic(metric) {
            Some((Arithmetic::Fma, Precision::Fp64)) => self.fp64.map(tera),
            Some((Arithmetic::Fma | Arithmetic::Gemm, Precision::Fp32)) => self.fp32.map(tera),
            Some((Arithmetic::Fma, _)) => None,
            Some((Arithmetic::Mma | Arithmetic::Gemm, precision)) => {
                arithmetic_peak(self, Arithmetic::Mma, precision).map(tera)
            }
            None => peak_of(self, metric),
        }
    }
}

/// The dense peak of one card in the metric's unit. `None` where its datasheet has no figure for it.
pub fn peak_of(gpu: &Gpu, metric: &MetricName) -> Option<f64> {
    if let Some((probe, precision)) = arithmetic(metric) {
        return Some(arithmetic_peak(gpu, probe, precision)? * 1e12);
    }
    let Kind::Number(Unit::BytePerSecond) = metric.kind() else { return None };
    let gb_per_s = match metric.probe() {
        "stream" | "memory" => gpu.bandwidth_gb_per_s?,
        // Links of their own, or the host's. Switches that add up let sums over all be as fast as both directions.
        "peer" | "collective" => {
            let host = pcie_gb_per_s(gpu.pcie_gen?)? * f64::from(gpu.pcie_width?);
            let one_way = gpu.nvlink_gb_per_s.map_or(host, |both| host.max(both / 2.0));
            if metric.as_str() == "collective.all_reduce.busbw" { 2.0 * one_way } else { one_way }
        }
        "link" => {
            let directions = if metric.as_str() == "link.both.rate" { 2.0 } else { 1.0 };
            directions * pcie_gb_per_s(gpu.pcie_gen?)? * f64::from(gpu.pcie_width?)
        }
        _ => return None,
    };
    Some(gb_per_s * 1e9)
}

enum Arithmetic {
    Fma,
    Mma,
    Gemm,
}

/// Probe and precision of `fma.<precision>.rate`, and of `mma`, `gemm`, `vendor` and `sustain`.
fn arithmetic(metric: &MetricName) -> Option<(Arithmetic, Precision)> {
    let mut parts = metric.as_str().split('.');
    let probe = match parts.next()? {
        "fma" => Arithmetic::Fma,
        "mma" => Arithmetic::Mma,
        "gemm" | "vendor" | "sustain" => Arithmetic::Gemm,
        _ => return None,
    };
    let name = parts.next()?;
    Precision::ALL.into_iter().find(|precision| precision.name() == name).map(|precision| (probe, precision))
}

/// The dense peak in T(FL)OP/s. Where vector figures are not published, the nearest upper bound is taken.
fn arithmetic_peak(gpu: &Gpu, probe: Arithmetic, precision: Precision) -> Option<f64> {
    let most = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
    match (probe, precision) {
        (Arithmetic::Fma, Precision::Fp64) => gpu.fp64,
        // Where there are no such units, others do their work.
        (Arithmetic::Mma | Arithmetic::Gemm, Precision::Fp64) => most(gpu.fp64, gpu.fp64_tensor),
        (Arithmetic::Mma, Precision::Fp32 | Precision::Int32) => None,
        (Arithmetic::Mma, Precision::Fp16) => gpu.fp16,
        (Arithmetic::Mma, Precision::Bf16) => gpu.bf16,
        (Arithmetic::Mma, Precision::Int8) => gpu.int8,
        // No card multiplies 32-bit integers faster than floats.
        (Arithmetic::Fma, Precision::Fp32 | Precision::Int32) => gpu.fp32,
        // A library may take the TF32 units for it.
        (Arithmetic::Gemm, Precision::Fp32 | Precision::Int32) => most(gpu.fp32, gpu.tf32),
        (_, Precision::Tf32) => gpu.tf32,
        (_, Precision::Fp8E4m3 | Precision::Fp8E5m2) => gpu.fp8,
        (Arithmetic::Fma | Arithmetic::Gemm, Precision::Bf16) => {
            most(gpu.bf16, gpu.fp32.map(|fp32| 4.0 * fp32))
        }
        // No card's vector units do FP16 faster than four times FP32 or than its tensor units.
        (Arithmetic::Fma | Arithmetic::Gemm, Precision::Fp16) => {
            most(gpu.fp16, gpu.fp32.map(|fp32| 4.0 * fp32))
        }
        // The dot product of four bytes takes the slot of one FP32 multiply-add.
        (Arithmetic::Fma | Arithmetic::Gemm, Precision::Int8) => {
            most(gpu.int8, gpu.fp32.map(|fp32| 4.0 * fp32))
        }
    }
}

/// GB/s of one lane and direction (PCI-SIG: 8, 16, 32, 64 GT/s; 128b/130b up to generation 5).
fn pcie_gb_per_s(generation: u32) -> Option<f64> {
    match generation {
        3 => Some(0.985),
        4 => Some(1.969),
        5 => Some(3.938),
        6 => Some(7.877),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn identity(vendor_id: u32, device_id: u32, provenance: Provenance) -> Identity {
        Identity { provenance, vendor_id: Some(vendor_id), device_id: Some(device_id), ..Identity::unknown() }
    }

    fn limit(identity: &Identity, metric: &str) -> Option<f64> {
        ceiling(identity, &MetricName::parse(metric).unwrap())
    }

    #[test]
    fn limits_of_an_h200_by_hand() {
        let h200 = identity(0x10de, 0x2335, Provenance::Hardware);
        assert_eq!(of(&h200).map(|gpu| gpu.name.as_str()).collect::<Vec<_>>(), ["H200 SXM"]);
        let close = |metric, expected: f64| {
            let got = limit(&h200, metric).unwrap();
            assert!((got / expected - 1.0).abs() < 1e-9, "{metric}: {got}");
        };
        close("stream.triad.rate", 4800e9 * 1.05);
        close("fma.fp32.rate", 67e12 * 1.25);
        close("gemm.fp64.rate", 67e12 * 1.25);
        close("mma.fp64.rate", 67e12 * 1.25);
        close("mma.int8.rate", 1979e12 * 1.25);
        close("gemm.fp16.rate", 989.5e12 * 1.25);
        close("link.h2d.rate", 3.938e9 * 16.0 * 1.05);
        close("link.both.rate", 2.0 * 3.938e9 * 16.0 * 1.05);
        close("peer.0-1.rate", 450e9 * 1.05);
        close("collective.all_gather.busbw", 450e9 * 1.05);
        close("collective.all_reduce.busbw", 900e9 * 1.05);
        assert_eq!(limit(&h200, "link.h2d.latency"), None);
        assert_eq!(limit(&h200, "memory.filled.bytes"), None);
        assert_eq!(limit(&h200, "chase.hbm.latency"), None);
    }

    #[test]
    fn software_is_limited_by_its_threads_and_the_unknown_by_nothing() {
        let software = identity(0x10005, 0, Provenance::Software { cpu_threads: 2 });
        assert_eq!(limit(&software, "fma.fp32.rate"), Some(2.0 * 6e9 * 64.0));
        assert_eq!(limit(&software, "fma.fp64.rate"), Some(2.0 * 6e9 * 32.0));
        assert_eq!(limit(&software, "stream.triad.rate"), None);
        assert_eq!(limit(&identity(1, 2, Provenance::Hardware), "fma.fp32.rate"), None);
    }

    #[test]
    fn models_that_share_an_id_share_the_highest_limit() {
        let mlu370 = identity(0xcabc, 0x0370, Provenance::Hardware);
        assert_eq!(of(&mlu370).count(), 2);
        assert_eq!(limit(&mlu370, "stream.triad.rate"), Some(614.4e9 * 1.05));
    }
}
