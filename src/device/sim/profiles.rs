//! The cards that can be simulated: what they claim to be and how fast an honest one is.
//! Owns figures and where they come from; must not know faults. Shares of peak are plausible, not measured here.

use crate::device::op::Precision;

/// An honest card of one kind.
#[derive(Debug)]
pub struct Profile {
    /// As it stands in the selector.
    pub key: &'static str,
    pub name: &'static str,
    pub vendor_id: u32,
    pub device_id: u32,
    /// As NVIDIA counts it.
    pub compute_capability: Option<&'static str>,
    pub units: u32,
    pub clock_mhz: u32,
    pub memory_bytes: u64,
    pub buffer_bytes_max: u64,
    pub power_w: u32,
    /// Multiply-add ceilings, operations per second.
    pub fma: Rates,
    /// Dense products, operations per second.
    pub gemm: Rates,
    /// Bytes per second of device memory and of the second-level cache.
    pub memory_rate: f64,
    pub l2_rate: f64,
    pub link_rate: f64,
    /// Of one direction to any other such card, where they have links of their own; else 0.
    pub peer_rate: f64,
    pub caches: Caches,
    /// Lanes, tiles, and elements of a product that keep one unit busy: of all real cards alike.
    pub lanes_per_unit: u32,
    pub tiles_per_unit: u32,
    pub elements_per_unit: u32,
}

impl Profile {
    /// The tensor units' ceiling: what products leave of the peak, they leave themselves.
    pub fn tensor(&self, precision: Precision) -> f64 {
        let share = match precision {
            // No formats of tensor units.
            Precision::Fp32 | Precision::Int32 => 0.0,
            Precision::Fp64 => FMA / PRODUCT,
            Precision::Tf32
            | Precision::Fp16
            | Precision::Bf16
            | Precision::Fp8E4m3
            | Precision::Fp8E5m2
            | Precision::Int8 => FMA / TENSOR,
        };
        share * self.gemm.of(precision)
    }
}

/// One rate for each precision.
#[derive(Debug)]
pub struct Rates {
    pub fp64: f64,
    pub fp32: f64,
    pub tf32: f64,
    pub fp16: f64,
    pub bf16: f64,
    /// Either format; 0 where the card has none.
    pub fp8: f64,
    pub int32: f64,
    pub int8: f64,
}

impl Rates {
    pub fn of(&self, precision: Precision) -> f64 {
        match precision {
            Precision::Fp64 => self.fp64,
            Precision::Fp32 => self.fp32,
            Precision::Tf32 => self.tf32,
            Precision::Fp16 => self.fp16,
            Precision::Bf16 => self.bf16,
            Precision::Fp8E4m3 | Precision::Fp8E5m2 => self.fp8,
            Precision::Int32 => self.int32,
            Precision::Int8 => self.int8,
        }
    }
}

/// Sizes in bytes and latencies of dependent loads in nanoseconds.
#[derive(Debug)]
pub struct Caches {
    pub l1_bytes: u64,
    pub l1_ns: f64,
    pub l2_bytes: u64,
    pub l2_ns: f64,
    pub memory_ns: f64,
}

const MIB: u64 = 1 << 20;
const TERA: f64 = 1e12;
const GIGA: f64 = 1e9;

/// Datasheet rates times what good kernels reach: about 0.97 of the multiply-add peak, 0.88 of it in a product on
/// the same units, 0.65 of the tensor peak, 0.92 of the memory bandwidth.
const FMA: f64 = 0.97 * TERA;
const PRODUCT: f64 = 0.88 * TERA;
const TENSOR: f64 = 0.65 * TERA;
const STREAM: f64 = 0.92 * GIGA;

/// NVIDIA H200 SXM: 67 TFLOP/s FP32, 33.5 FP64 (67 tensor), 989.5 FP16 tensor, 1979 INT8, 4800 GB/s, 50 MiB L2.
const H200: Profile = Profile {
    key: "h200",
    name: "NVIDIA H200",
    vendor_id: 0x10de,
    device_id: 0x2335,
    compute_capability: Some("9.0"),
    units: 132,
    clock_mhz: 1980,
    memory_bytes: 143_771 * MIB,
    buffer_bytes_max: 143_771 * MIB,
    power_w: 700,
    fma: Rates {
        fp64: 33.5 * FMA,
        fp32: 67.0 * FMA,
        tf32: 67.0 * FMA,
        fp16: 133.8 * FMA,
        bf16: 133.8 * FMA,
        fp8: 0.0,
        int32: 33.5 * FMA,
        int8: 133.8 * FMA,
    },
    gemm: Rates {
        fp64: 67.0 * PRODUCT,
        fp32: 67.0 * PRODUCT,
        tf32: 494.5 * TENSOR,
        fp16: 989.5 * TENSOR,
        bf16: 989.5 * TENSOR,
        fp8: 1979.0 * TENSOR,
        int32: 33.5 * PRODUCT,
        int8: 1979.0 * TENSOR,
    },
    memory_rate: 4800.0 * STREAM,
    l2_rate: 9000.0 * GIGA,
    link_rate: 55.0 * GIGA,
    peer_rate: 378.0 * GIGA,
    caches: Caches { l1_bytes: MIB / 4, l1_ns: 21.0, l2_bytes: 50 * MIB, l2_ns: 140.0, memory_ns: 330.0 },
    lanes_per_unit: 1024,
    tiles_per_unit: 64,
    elements_per_unit: 128 * 128,
};

/// All cards. Units, clocks, rates and power: datasheets as collected in the catalogue. Memory: what the drivers
/// report. Vector FP16, INT32 and byte dot products: instructions per clock of the vendors' programming guides.
/// Latencies: published pointer-chase microbenchmarks, rounded. Links between cards: published copies between two of them.
pub const PROFILES: &[Profile] = &[
    H200,
    // NVIDIA H100 SXM5 80GB: as the H200, but 3350 GB/s.
    Profile {
        key: "h100",
        name: "NVIDIA H100 80GB HBM3",
        device_id: 0x2330,
        memory_bytes: 81_559 * MIB,
        buffer_bytes_max: 81_559 * MIB,
        gemm: Rates { tf32: 494.7 * TENSOR, fp16: 989.4 * TENSOR, bf16: 989.4 * TENSOR, ..H200.gemm },
        memory_rate: 3350.0 * STREAM,
        l2_rate: 7500.0 * GIGA,
        caches: Caches { memory_ns: 320.0, ..H200.caches },
        ..H200
    },
    // NVIDIA A100 SXM4 80GB: 19.5 TFLOP/s FP32, 9.7 FP64 (19.5 tensor), 312 FP16 tensor, 624 INT8, 2039 GB/s, PCIe 4.
    Profile {
        key: "a100",
        name: "NVIDIA A100-SXM4-80GB",
        vendor_id: 0x10de,
        device_id: 0x20b2,
        compute_capability: Some("8.0"),
        units: 108,
        clock_mhz: 1410,
        memory_bytes: 81_920 * MIB,
        buffer_bytes_max: 81_920 * MIB,
        power_w: 400,
        fma: Rates {
            fp64: 9.7 * FMA,
            fp32: 19.5 * FMA,
            tf32: 19.5 * FMA,
            fp16: 78.0 * FMA,
            bf16: 78.0 * FMA,
            fp8: 0.0,
            int32: 19.5 * FMA,
            int8: 78.0 * FMA,
        },
        gemm: Rates {
            fp64: 19.5 * PRODUCT,
            fp32: 19.5 * PRODUCT,
            tf32: 156.0 * TENSOR,
            fp16: 312.0 * TENSOR,
            bf16: 312.0 * TENSOR,
            fp8: 0.0,
            int32: 19.5 * PRODUCT,
            int8: 624.0 * TENSOR,
        },
        memory_rate: 2039.0 * STREAM,
        l2_rate: 4500.0 * GIGA,
        link_rate: 25.0 * GIGA,
        peer_rate: 276.0 * GIGA,
        caches: Caches {
            l1_bytes: 192 << 10,
            l1_ns: 27.0,
            l2_bytes: 40 * MIB,
            l2_ns: 185.0,
            memory_ns: 335.0,
        },
        ..H200
    },
    // NVIDIA L40S: 91.6 TFLOP/s FP32, 1.41 FP64, 362 FP16 tensor, 733 INT8, 864 GB/s GDDR6, 96 MiB L2, PCIe 4.
    Profile {
        key: "l40s",
        name: "NVIDIA L40S",
        vendor_id: 0x10de,
        device_id: 0x26b9,
        compute_capability: Some("8.9"),
        units: 142,
        clock_mhz: 2520,
        memory_bytes: 46_068 * MIB,
        buffer_bytes_max: 46_068 * MIB,
        power_w: 350,
        fma: Rates {
            fp64: 1.41 * FMA,
            fp32: 91.6 * FMA,
            tf32: 91.6 * FMA,
            fp16: 91.6 * FMA,
            bf16: 91.6 * FMA,
            fp8: 0.0,
            int32: 45.8 * FMA,
            int8: 183.0 * FMA,
        },
        gemm: Rates {
            fp64: 1.41 * PRODUCT,
            fp32: 91.6 * PRODUCT,
            tf32: 183.0 * TENSOR,
            fp16: 362.0 * TENSOR,
            bf16: 362.0 * TENSOR,
            fp8: 733.0 * TENSOR,
            int32: 45.8 * PRODUCT,
            int8: 733.0 * TENSOR,
        },
        memory_rate: 864.0 * STREAM,
        l2_rate: 4000.0 * GIGA,
        link_rate: 25.0 * GIGA,
        peer_rate: 0.0,
        caches: Caches {
            l1_bytes: 128 << 10,
            l1_ns: 17.0,
            l2_bytes: 96 * MIB,
            l2_ns: 110.0,
            memory_ns: 225.0,
        },
        ..H200
    },
    // AMD Instinct MI300X: 163.4 TFLOP/s FP32, 81.7 FP64 (163.4 matrix), 1307.4 FP16, 2614.9 INT8, 5300 GB/s. The
    // 256 MiB Infinity Cache stands in for the 32 MiB second level.
    Profile {
        key: "mi300x",
        name: "AMD Instinct MI300X",
        vendor_id: 0x1002,
        device_id: 0x74a1,
        compute_capability: None,
        units: 304,
        clock_mhz: 2100,
        memory_bytes: 196_592 * MIB,
        buffer_bytes_max: 196_592 * MIB,
        power_w: 750,
        fma: Rates {
            fp64: 81.7 * FMA,
            fp32: 163.4 * FMA,
            tf32: 163.4 * FMA,
            fp16: 163.4 * FMA,
            bf16: 163.4 * FMA,
            fp8: 0.0,
            int32: 20.4 * FMA,
            int8: 326.8 * FMA,
        },
        gemm: Rates {
            fp64: 163.4 * PRODUCT,
            fp32: 163.4 * PRODUCT,
            tf32: 653.7 * TENSOR,
            fp16: 1307.4 * TENSOR,
            bf16: 1307.4 * TENSOR,
            fp8: 2614.9 * TENSOR,
            int32: 20.4 * PRODUCT,
            int8: 2614.9 * TENSOR,
        },
        memory_rate: 5300.0 * STREAM,
        l2_rate: 11_000.0 * GIGA,
        link_rate: 55.0 * GIGA,
        peer_rate: 50.0 * GIGA,
        caches: Caches {
            l1_bytes: 32 << 10,
            l1_ns: 58.0,
            l2_bytes: 256 * MIB,
            l2_ns: 220.0,
            memory_ns: 360.0,
        },
        ..H200
    },
    // No real card: small enough that a whole run takes milliseconds, with memory that needs several buffers.
    Profile {
        key: "mini",
        name: "Assay Mini",
        vendor_id: 0xffff,
        device_id: 0x0001,
        compute_capability: None,
        units: 8,
        clock_mhz: 1000,
        memory_bytes: 64 * MIB,
        buffer_bytes_max: 16 * MIB,
        power_w: 50,
        fma: Rates {
            fp64: 2.0 * GIGA,
            fp32: 4.0 * GIGA,
            tf32: 4.0 * GIGA,
            fp16: 8.0 * GIGA,
            bf16: 8.0 * GIGA,
            fp8: 0.0,
            int32: 2.0 * GIGA,
            int8: 8.0 * GIGA,
        },
        gemm: Rates {
            fp64: 1.8 * GIGA,
            fp32: 3.5 * GIGA,
            tf32: 7.0 * GIGA,
            fp16: 14.0 * GIGA,
            bf16: 14.0 * GIGA,
            fp8: 28.0 * GIGA,
            int32: 1.8 * GIGA,
            int8: 28.0 * GIGA,
        },
        memory_rate: 10.0 * GIGA,
        l2_rate: 30.0 * GIGA,
        link_rate: 2.0 * GIGA,
        peer_rate: 0.0,
        caches: Caches { l1_bytes: 16 << 10, l1_ns: 10.0, l2_bytes: MIB / 4, l2_ns: 50.0, memory_ns: 200.0 },
        lanes_per_unit: 64,
        tiles_per_unit: 4,
        elements_per_unit: 16 * 16,
    },
];
