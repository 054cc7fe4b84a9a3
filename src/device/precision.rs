//! The number formats that kernels compute in: names, sizes, and what is measured in each.
//! Owns that table; what the bits mean is code in `reference` and `draw`.
//!
//! To add one: here its name and sizes, in `draw.rs` and `reference.rs` what its bits mean, the rates of simulated cards, which column of
//! the datasheet is its peak in `src/catalogue/limits.rs`, and for each backend that has it a kernel and its row: `kernels/draw.cu`,
//! `mma.cu`, `wgmma.cu` and `src/device/cuda/forms.rs`, or `src/device/wgpu/format.rs`. Backends without it say so by themselves.

use serde::{Deserialize, Serialize};

/// Number formats that kernels compute in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    Fp64,
    Fp32,
    /// FP32 words of which ten bits of mantissa count, with FP32 accumulation: a format of tensor units, for GEMM only.
    Tf32,
    /// In a GEMM: FP16 inputs, FP32 accumulation and result. In an FMA chain: FP16 throughout.
    Fp16,
    /// As `Fp16`, with FP32's exponents and eight bits of significand.
    Bf16,
    /// FP8 with four bits of exponent, up to 448, and FP32 accumulation: a format of tensor units, for GEMM only.
    Fp8E4m3,
    /// The same with five bits of exponent: the high byte of FP16.
    Fp8E5m2,
    Int32,
    /// Four signed bytes in one 32-bit word, multiplied pairwise and added to a 32-bit sum.
    Int8,
}

impl Precision {
    pub const ALL: [Precision; 9] = [
        Precision::Fp64,
        Precision::Fp32,
        Precision::Tf32,
        Precision::Fp16,
        Precision::Bf16,
        Precision::Fp8E4m3,
        Precision::Fp8E5m2,
        Precision::Int32,
        Precision::Int8,
    ];
    /// Whose multiply-add ceiling is measured.
    pub const CHAINED: [Precision; 6] = [
        Precision::Fp64,
        Precision::Fp32,
        Precision::Fp16,
        Precision::Bf16,
        Precision::Int32,
        Precision::Int8,
    ];
    /// Whose ceiling on tensor units is measured.
    pub const TENSOR: [Precision; 7] = [
        Precision::Fp64,
        Precision::Tf32,
        Precision::Fp16,
        Precision::Bf16,
        Precision::Fp8E4m3,
        Precision::Fp8E5m2,
        Precision::Int8,
    ];
    /// Whose matrix products are measured.
    pub const MULTIPLIED: [Precision; 8] = [
        Precision::Fp64,
        Precision::Fp32,
        Precision::Tf32,
        Precision::Fp16,
        Precision::Bf16,
        Precision::Fp8E4m3,
        Precision::Fp8E5m2,
        Precision::Int8,
    ];

    /// As it stands in metric names.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Fp64 => "fp64",
            Precision::Fp32 => "fp32",
            Precision::Tf32 => "tf32",
            Precision::Fp16 => "fp16",
            Precision::Bf16 => "bf16",
            Precision::Fp8E4m3 => "fp8_e4m3",
            Precision::Fp8E5m2 => "fp8_e5m2",
            Precision::Int32 => "int32",
            Precision::Int8 => "int8",
        }
    }

    /// Bytes of one element in memory.
    pub fn bytes(self) -> u64 {
        match self {
            Precision::Fp64 => 8,
            Precision::Fp32 | Precision::Tf32 | Precision::Int32 => 4,
            Precision::Fp16 | Precision::Bf16 => 2,
            Precision::Fp8E4m3 | Precision::Fp8E5m2 | Precision::Int8 => 1,
        }
    }

    /// How deep the matrices of [`super::Op::Mma`] are: rows of 32 bytes, as tensor units take them.
    pub fn tile_depth(self) -> u32 {
        32 / self.bytes() as u32
    }

    pub fn is_float(self) -> bool {
        self.roundoff() > 0.0
    }

    /// Unit roundoff of an element, half the distance from 1 to the next value; 0 for integers, which are exact.
    pub fn roundoff(self) -> f64 {
        let significand = match self {
            Precision::Fp64 => 53,
            Precision::Fp32 => 24,
            Precision::Tf32 | Precision::Fp16 => 11,
            Precision::Bf16 => 8,
            Precision::Fp8E4m3 => 4,
            Precision::Fp8E5m2 => 3,
            Precision::Int32 | Precision::Int8 => return 0.0,
        };
        0.5f64.powi(significand)
    }

    /// Integers up to this size are elements; `None` where all are that 32 bits hold.
    pub fn integer_max(self) -> Option<u32> {
        let size = 1.0 / self.roundoff();
        (size < f64::from(u32::MAX)).then_some(size as u32)
    }

    /// Bytes of one lane's result of [`super::Op::Fma`] and of one element of a product's result: FP64, else FP32 for floats
    /// and 32 bits for integers.
    pub fn result_bytes(self) -> u64 {
        if self == Precision::Fp64 { 8 } else { 4 }
    }
}
