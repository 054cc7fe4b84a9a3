//! The number formats that WGSL has, and how the kernels write them.
//! Owns that table; must not know how text is put together.

use crate::device::Unsupported;
use crate::device::op::Precision;

/// One format, by the words that stand for it in kernels/*.wgsl.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Format {
    pub precision: Precision,
    /// The flag that selects its lines.
    pub flag: &'static str,
    /// How many elements lie in how many 32-bit words of memory.
    pub packed: (u32, u32),
    /// Types of an accumulator of multiply-add chains, and of their sum.
    pub chained: &'static str,
    pub chain_sum: &'static str,
    /// Rounds of chains that are written out at most. Packed bytes and halves may be emulated, with many instructions a
    /// step: long bodies then only cost compile time. The steps of FP32 are so short that a loop of 64 rounds still costs
    /// them some percent.
    pub rounds_max: u32,
    /// Types in products: as stored, as computed with, and of the result; and how many elements of k one value holds.
    pub element: &'static str,
    pub value: &'static str,
    pub result: &'static str,
    pub in_value: u32,
    pub product_flags: &'static [&'static str],
}

const FORMATS: [Format; 5] = [
    Format {
        precision: Precision::Fp64,
        flag: "FP64",
        packed: (1, 2),
        chained: "f64",
        chain_sum: "f64",
        rounds_max: 64,
        element: "f64",
        value: "f64",
        result: "f64",
        in_value: 1,
        product_flags: &["PLAIN", "FLOAT"],
    },
    Format {
        precision: Precision::Fp32,
        flag: "FP32",
        packed: (1, 1),
        chained: "f32",
        chain_sum: "f32",
        rounds_max: 128,
        element: "f32",
        value: "f32",
        result: "f32",
        in_value: 1,
        product_flags: &["PLAIN", "FLOAT"],
    },
    Format {
        precision: Precision::Fp16,
        flag: "FP16",
        packed: (2, 1),
        chained: "f16",
        chain_sum: "f32",
        rounds_max: 32,
        element: "u32",
        value: "f32",
        result: "f32",
        in_value: 1,
        product_flags: &["FP16", "FLOAT"],
    },
    Format {
        precision: Precision::Int32,
        flag: "INT32",
        packed: (1, 1),
        chained: "u32",
        chain_sum: "u32",
        rounds_max: 64,
        element: "u32",
        value: "u32",
        result: "u32",
        in_value: 1,
        product_flags: &["PLAIN", "INT32"],
    },
    Format {
        precision: Precision::Int8,
        flag: "INT8",
        packed: (4, 1),
        chained: "u32",
        chain_sum: "u32",
        rounds_max: 32,
        element: "u32",
        value: "u32",
        result: "u32",
        in_value: 4,
        product_flags: &["BYTES"],
    },
];

/// How WGSL writes `precision`, where it can.
pub fn of(precision: Precision) -> Result<&'static Format, Unsupported> {
    const { &FORMATS }
        .iter()
        .find(|format| format.precision == precision)
        .ok_or_else(|| Unsupported::us(format!("WGSL has no {}", precision.name())))
}
