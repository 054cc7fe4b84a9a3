//! The kernels of this backend: each specialisation by the name that it has in its image.
//! Owns names and what of their shape a launch must know; must agree with kernels/*.cu. Must not call the driver.

use super::images::Source;
use crate::device::op::{Chains, Precision, StreamKind};

/// One specialisation of one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    Fill(Tile),
    Scan(Tile),
    /// Adds a scan's counters to its tally.
    Fold,
    Flip,
    Draw(Precision),
    Expand(Precision),
    /// The chunks of a hash tree, and what lies above them.
    Cells,
    TreeChunks,
    TreeParents,
    Stream(StreamKind, Tile),
    Reread(Tile),
    Fma(FmaForm),
    Tensor(TensorForm),
    /// Tiles of warpgroups, on compute capability 9.0 alone.
    Wide(Precision),
    /// Tiles in tensor memory, on compute capability 10.0 and, but for INT8, 10.3.
    Block(Precision),
    Gemm(GemmForm),
    Digest,
    Ring,
    Chase,
    Census,
    Walk,
}

/// How a range is cut: what a block takes at a time, and how many blocks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// 16-byte vectors per thread.
    pub vectors: u32,
    /// Threads per block.
    pub block: u32,
    pub spread: Spread,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// A block for every tile.
    Tiles,
    /// As many blocks as the device holds at a time; each takes many tiles.
    Resident,
}

impl Tile {
    pub fn label(self) -> String {
        let spread = match self.spread {
            Spread::Tiles => "tiles",
            Spread::Resident => "resident",
        };
        format!("vec4x{}-block{}-{spread}", self.vectors, self.block)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FmaForm {
    pub precision: Precision,
    pub chains: Chains,
    pub block: u32,
}

impl FmaForm {
    /// Rounds in one turn of the kernel's long loop, as fma.cuh computes them: whole pairs that fit its body.
    pub fn rounds_per_turn(self) -> u32 {
        let body = match (self.precision, self.precision.is_float()) {
            (Precision::Fp64, _) => 128,
            (_, true) => 512,
            (_, false) => 256,
        };
        body / self.chains.accumulators.max(1) / 2 * 2
    }

    /// Lanes of one thread.
    pub fn lanes(self) -> u32 {
        if self.precision.bytes() == 2 { 2 } else { 1 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorForm {
    pub precision: Precision,
    pub steps: Steps,
    /// Tiles that each warp holds.
    pub tiles: u32,
    pub block: u32,
}

/// By which instructions, where there are several for a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Those of compute capability 8.0 or 8.9.
    Common,
    /// Those of compute capability 7.5.
    Turing,
    /// Those in FP64 that compute capability 9.0 alone has.
    Hopper,
}

impl TensorForm {
    /// Tiles of one block.
    pub fn of_block(self) -> u32 {
        self.block / 32 * self.tiles
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GemmForm {
    pub precision: Precision,
    pub units: Units,
    /// Columns of the tile that a block makes.
    pub columns: u32,
}

impl GemmForm {
    pub fn label(self) -> String {
        let by = match self.units {
            Units::Vector => "simt",
            Units::Tensor => "mma",
            Units::Turing => "mma-sm75",
            Units::Boxed => "dmma",
            Units::Warpgroup => "wgmma",
            Units::TensorMemory => "tcgen05",
        };
        format!("{by}-{}x{}", self.rows(), self.columns)
    }

    /// Rows of that tile.
    pub fn rows(self) -> u32 {
        if self.units == Units::Vector { self.columns } else { 128 }
    }

    /// Blocks that work at one tile together, in a cluster, one below the other.
    pub fn cluster(self) -> u32 {
        match self.units {
            Units::Vector | Units::Tensor | Units::Turing | Units::Boxed | Units::TensorMemory => 1,
            Units::Warpgroup => 2,
        }
    }

    /// The bytes of a row of a or b in memory that this form takes.
    pub fn takes_rows(self, bytes: u64) -> bool {
        match self.units {
            Units::Vector if self.columns == 128 => bytes.is_multiple_of(16),
            Units::Tensor | Units::Turing if self.columns == 256 => bytes.is_multiple_of(16),
            Units::Vector | Units::Tensor | Units::Turing => true,
            // As copies of boxes demand it; columns are signed there.
            Units::Boxed | Units::Warpgroup | Units::TensorMemory => {
                bytes > 0 && bytes.is_multiple_of(16) && bytes < 1 << 31
            }
        }
    }
}

/// What multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    Vector,
    /// By `mma.sync`, from compute capability 8.0 on.
    Tensor,
    /// By those of compute capability 7.5.
    Turing,
    /// By `mma.sync` in FP64, fed by copies of boxes, on compute capability 9.0 alone.
    Boxed,
    /// By `wgmma`, fed the same way, on compute capability 9.0 alone.
    Warpgroup,
    /// By `tcgen05`, fed the same way, on compute capability 10.0 and, but for INT8, 10.3.
    TensorMemory,
}

impl Units {
    /// As it stands in the names of kernels.
    fn name(self) -> &'static str {
        match self {
            Units::Vector => "gemm",
            Units::Tensor => "mma",
            Units::Turing => "mma_sm75",
            Units::Boxed => "dmma",
            Units::Warpgroup => "wgmma",
            Units::TensorMemory => "umma",
        }
    }
}

impl Kernel {
    pub fn source(self) -> Source {
        match self {
            Kernel::Fill(_) | Kernel::Scan(_) | Kernel::Fold | Kernel::Flip => Source::Pattern,
            Kernel::Draw(_) => Source::Draw,
            Kernel::Expand(_) | Kernel::Cells | Kernel::TreeChunks | Kernel::TreeParents => Source::Blake3,
            Kernel::Stream(..) | Kernel::Reread(_) => Source::Stream,
            Kernel::Fma(FmaForm { precision: Precision::Bf16, .. }) => Source::FmaBf16,
            Kernel::Fma(_) => Source::Fma,
            Kernel::Tensor(TensorForm { precision: Precision::Fp8E4m3 | Precision::Fp8E5m2, .. }) => {
                Source::TensorFp8
            }
            Kernel::Tensor(TensorForm { steps: Steps::Hopper, .. }) => Source::TensorFp64,
            Kernel::Tensor(TensorForm { steps: Steps::Turing, .. }) => Source::TensorSm75,
            Kernel::Tensor(_) => Source::Tensor,
            Kernel::Wide(_) => Source::TensorWgmma,
            Kernel::Block(Precision::Int8) => Source::TensorUmmaInt8,
            Kernel::Block(_) => Source::TensorUmma,
            Kernel::Gemm(GemmForm { units: Units::Vector, .. }) => Source::Gemm,
            Kernel::Gemm(GemmForm { units: Units::Turing, .. }) => Source::MmaSm75,
            Kernel::Gemm(GemmForm { units: Units::Boxed, .. }) => Source::Dmma,
            Kernel::Gemm(GemmForm { units: Units::Warpgroup, .. }) => Source::Wgmma,
            Kernel::Gemm(GemmForm { units: Units::TensorMemory, precision: Precision::Int8, .. }) => {
                Source::UmmaInt8
            }
            Kernel::Gemm(GemmForm { units: Units::TensorMemory, .. }) => Source::Umma,
            Kernel::Gemm(GemmForm { precision: Precision::Fp8E4m3 | Precision::Fp8E5m2, .. }) => {
                Source::MmaFp8
            }
            Kernel::Gemm(GemmForm { units: Units::Tensor, .. }) => Source::Mma,
            Kernel::Digest => Source::Digest,
            Kernel::Ring | Kernel::Chase => Source::Chase,
            Kernel::Census => Source::Census,
            Kernel::Walk => Source::Walk,
        }
    }

    /// Its name in the image.
    pub fn function(self) -> String {
        match self {
            Kernel::Fill(tile) => format!("fill_x{}", tile.vectors),
            Kernel::Scan(tile) => format!("scan_x{}", tile.vectors),
            Kernel::Fold => "fold".to_owned(),
            Kernel::Flip => "flip".to_owned(),
            Kernel::Draw(precision) => format!("draw_{}", precision.name()),
            Kernel::Expand(precision) => format!("expand_{}", precision.name()),
            Kernel::Cells => "cells".to_owned(),
            Kernel::TreeChunks => "tree_chunks".to_owned(),
            Kernel::TreeParents => "tree_parents".to_owned(),
            Kernel::Stream(kind, tile) => format!("stream_{}_x{}", kind.name(), tile.vectors),
            Kernel::Reread(tile) => format!("stream_reread_x{}", tile.vectors),
            Kernel::Fma(FmaForm { precision, chains, .. }) => {
                format!("fma_{}_{}x{}", precision.name(), chains.accumulators, chains.stride)
            }
            Kernel::Tensor(TensorForm { precision, steps, tiles, .. }) => {
                let of = match steps {
                    Steps::Common => "",
                    Steps::Turing => "sm75_",
                    Steps::Hopper => "hopper_",
                };
                format!("tensor_{of}{}_x{tiles}", precision.name())
            }
            Kernel::Wide(precision) => format!("tensor_wgmma_{}", precision.name()),
            Kernel::Block(precision) => format!("tensor_umma_{}", precision.name()),
            Kernel::Gemm(GemmForm { precision, units, columns }) => {
                format!("{}_{}_{columns}", units.name(), precision.name())
            }
            Kernel::Digest => "digest".to_owned(),
            Kernel::Ring => "ring".to_owned(),
            Kernel::Chase => "chase".to_owned(),
            Kernel::Census => "census".to_owned(),
            Kernel::Walk => "walk".to_owned(),
        }
    }

    /// Threads per block.
    pub fn block(self) -> u32 {
        match self {
            Kernel::Fill(tile) | Kernel::Scan(tile) | Kernel::Stream(_, tile) | Kernel::Reread(tile) => {
                tile.block
            }
            Kernel::Fma(form) => form.block,
            Kernel::Gemm(GemmForm { units: Units::Boxed | Units::Warpgroup, .. }) => 384,
            Kernel::Gemm(GemmForm { units: Units::TensorMemory, .. }) => 192,
            Kernel::Gemm(GemmForm { units: Units::Vector, columns: 128, .. }) => 128,
            Kernel::Tensor(form) => form.block,
            Kernel::Draw(_)
            | Kernel::Expand(_)
            | Kernel::TreeParents
            | Kernel::Gemm(_)
            | Kernel::Wide(_)
            | Kernel::Block(_)
            | Kernel::Digest
            | Kernel::Ring => 256,
            Kernel::Cells | Kernel::TreeChunks => 128,
            Kernel::Fold | Kernel::Flip | Kernel::Chase => 32,
            Kernel::Census | Kernel::Walk => 1024,
        }
    }

    /// Tiles of [`Op::Mma`](crate::device::Op::Mma) that a block makes.
    pub fn tiles_of_block(self) -> Option<u32> {
        if let Kernel::Tensor(form) = self {
            Some(form.of_block())
        } else {
            matches!(self, Kernel::Wide(_) | Kernel::Block(_)).then_some(2)
        }
    }

    /// Shared memory that a launch gives each block, in bytes: the slabs of mma.cuh; pipeline.cuh's slabs and barriers, or the matrices of
    /// tensor_wgmma.cu or tensor_umma.cuh, and what their alignment takes.
    pub fn shared_bytes(self) -> u32 {
        match self {
            Kernel::Gemm(GemmForm { units: Units::Turing, columns, .. }) => 2 * (128 + columns) * 64,
            Kernel::Gemm(GemmForm { units: Units::Tensor, columns: 128, .. }) => 3 * (128 + 128) * 64,
            Kernel::Gemm(GemmForm { units: Units::Tensor, columns, .. }) => 4 * (128 + columns) * 64,
            Kernel::Gemm(GemmForm { units: Units::Boxed, .. }) => 6 * (128 + 128) * 128 + 1024 + 1024,
            Kernel::Gemm(GemmForm { units: Units::Warpgroup, .. }) => 4 * (128 + 256) * 128 + 1024 + 1024,
            // Its own barriers come after those, and both parts are whole multiples of 1024 bytes.
            Kernel::Gemm(GemmForm { units: Units::TensorMemory, .. }) => 4 * (128 + 256) * 128 + 3 * 1024,
            Kernel::Wide(_) => 2 * (64 + 256) * 128 + 1024,
            // More than half of what a unit has: another block would only wait for the tensor memory of the first.
            Kernel::Block(_) => 128 << 10,
            Kernel::Gemm(GemmForm { units: Units::Vector, .. })
            | Kernel::Fill(_)
            | Kernel::Scan(_)
            | Kernel::Fold
            | Kernel::Flip
            | Kernel::Draw(_)
            | Kernel::Expand(_)
            | Kernel::Cells
            | Kernel::TreeChunks
            | Kernel::TreeParents
            | Kernel::Stream(..)
            | Kernel::Fma(_)
            | Kernel::Tensor(_)
            | Kernel::Digest
            | Kernel::Ring
            | Kernel::Chase
            | Kernel::Reread(_)
            | Kernel::Census
            | Kernel::Walk => 0,
        }
    }
}
