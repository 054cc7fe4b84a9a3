//! Which ops there are kernels for, and in which launch forms.
//! Owns support and choice of forms; must not call the driver.

use super::images;
use super::kernels::{FmaForm, GemmForm, Kernel, Spread, Steps, TensorForm, Tile, Units};
use super::plan::{HOPS_MAX, LAUNCH_NS};
use crate::device::op::{Chains, Means, Op, Precision, Route, StreamKind, TileShape};
use crate::device::shared::{self, COPY_BYTES_MAX};
use crate::device::{Reach, Unsupported};

pub type Form = shared::Form<Kernel>;

/// Whether kernels exist for `op`. Whether the device takes any of them is another question.
pub fn supports(op: &Op) -> Result<(), Unsupported> {
    op.check().map_err(Unsupported::us)?;
    match *op {
        Op::Fma { precision, chains: Chains { accumulators, stride }, .. } => {
            if !recurrences(precision).contains(&(accumulators, stride)) {
                return Err(Unsupported::us(format!(
                    "no {} kernel for {accumulators} accumulators with stride {stride}",
                    precision.name()
                )));
            }
        }
        Op::Mma { shape: TileShape::Warpgroup | TileShape::Block, precision: Precision::Fp64, .. } => {
            return Err(Unsupported::us("tiles so large are not made in fp64"));
        }
        Op::Mma { precision, .. } if !Precision::TENSOR.contains(&precision) => {
            return Err(Unsupported::us(format!("no {} kernel for tensor units", precision.name())));
        }
        Op::Ring { slots, stride_bytes, .. } => {
            if u64::from(slots) * u64::from(stride_bytes / 4) > 1 << 32 {
                return Err(Unsupported::us("a ring of more than 2^32 words"));
            }
        }
        Op::Reread { words, passes, .. } => {
            if !words.is_multiple_of(Op::REREAD_WORDS) || words * u64::from(passes) >= 1 << 42 {
                return Err(Unsupported::us(format!("{passes} passes over {words} words")));
            }
        }
        Op::Census { spin_ns, .. } if u64::from(spin_ns) > LAUNCH_NS => {
            return Err(Unsupported::us(format!("a census of {spin_ns} ns")));
        }
        Op::Walk { slots, stride_bytes, hops, .. } => {
            let fits = hops <= HOPS_MAX && stride_bytes.is_multiple_of(16);
            if slots == 0 || stride_bytes == 0 || !fits {
                let way = format!("a walk of {hops} hops over {slots} slots {stride_bytes} bytes apart");
                return Err(Unsupported::us(way));
            }
        }
        Op::Copy {
            route: Route::HostToDevice(_) | Route::DeviceToHost(_) | Route::BothWays(_) | Route::FromPeer(_),
            words,
            ..
        } if words > COPY_BYTES_MAX / 4 => {
            return Err(Unsupported::us(format!("transfers are measured up to {COPY_BYTES_MAX} bytes")));
        }
        Op::Expand { .. }
        | Op::Cells { .. }
        | Op::Tree { .. }
        | Op::Fill { .. }
        | Op::Scan { .. }
        | Op::Flip { .. }
        | Op::Draw { .. }
        | Op::Digest { .. }
        | Op::Stream { .. }
        | Op::Mma { .. }
        | Op::Gemm { .. }
        | Op::Chase { .. }
        | Op::Census { .. }
        | Op::Copy { .. }
        | Op::Lend { .. }
        | Op::Collective { .. } => {}
    }
    Ok(())
}

/// The recurrences that fma.cu and fma_bf16.cu are compiled for: accumulators and stride.
fn recurrences(precision: Precision) -> &'static [(u32, u32)] {
    match precision {
        Precision::Fp64 | Precision::Fp32 | Precision::Int32 => {
            &[(8, 0), (16, 0), (12, 1), (14, 1), (16, 4), (32, 8)]
        }
        Precision::Fp16 | Precision::Bf16 | Precision::Int8 => &[(8, 0), (16, 0), (16, 4)],
        Precision::Tf32 | Precision::Fp8E4m3 | Precision::Fp8E5m2 => &[],
    }
}

/// Whose limit the best of `forms` shows on compute capability `sm`. One form that uses the fastest units is enough: a card
/// on which another one wins all the same has no excuse. A family that has run on no hardware shows nobody's. How near products come to
/// their units' limit is another matter on each architecture, so that theirs count only where they have shown what they reach.
pub fn reach(forms: &[Form], sm: u32) -> Reach {
    let counts = |kernel: Kernel| {
        let multiplies =
            matches!(kernel, Kernel::Gemm(_) | Kernel::Tensor(_) | Kernel::Wide(_) | Kernel::Block(_));
        !images::untried(kernel.source())
            && (!multiplies || (images::proven(sm) && uses_the_fastest_units(kernel, sm)))
    };
    if forms.iter().any(|form| form.kernel.is_none_or(counts)) { Reach::Card } else { Reach::Kernel }
}

/// Whether compute capability `sm` has no faster units for the products of `kernel`. What runs on one generation alone is its fastest.
fn uses_the_fastest_units(kernel: Kernel, sm: u32) -> bool {
    if let Kernel::Gemm(GemmForm { units: Units::Vector, precision, .. }) = kernel {
        !multiplies_in_tensor_units(precision, sm)
    } else if let Kernel::Gemm(GemmForm { units: Units::Tensor, precision, .. })
    | Kernel::Tensor(TensorForm { steps: Steps::Common, precision, .. }) = kernel
    {
        multiplies_fastest_by_mma_sync(precision, sm)
    } else {
        true
    }
}

/// Whether compute capability `sm` has no faster instructions for such products than the `mma.sync` of 8.0 and 8.9. Hopper and the large
/// Blackwells have, and so may what comes later; in FP64 Hopper alone.
fn multiplies_fastest_by_mma_sync(precision: Precision, sm: u32) -> bool {
    matches!(sm / 10, 8 | 12) || (precision == Precision::Fp64 && sm != 90)
}

/// Whether cards of compute capability `sm` are for data centres, where FP64 is half as fast as FP32. Of what is not known yet it is
/// assumed.
pub fn has_fast_fp64(sm: u32) -> bool {
    !matches!(sm, 75 | 86..=89 | 103 | 120 | 121)
}

/// Whether compute capability `sm` has tensor units that are faster at such products than its vector units.
fn multiplies_in_tensor_units(precision: Precision, sm: u32) -> bool {
    match precision {
        Precision::Fp32 | Precision::Int32 => false,
        // Others than these have units for it that are no faster.
        Precision::Fp64 => has_fast_fp64(sm) && sm != 70,
        Precision::Fp16 => sm >= 70,
        Precision::Int8 => sm >= 75,
        Precision::Tf32 | Precision::Bf16 | Precision::Fp8E4m3 | Precision::Fp8E5m2 => true,
    }
}

/// The launch forms of `op`, all with the same result, the likeliest first.
pub fn forms(op: &Op) -> Vec<Form> {
    match *op {
        Op::Fill { .. } => TILES.iter().map(|t| Form::new(t.label(), Kernel::Fill(*t))).collect(),
        Op::Scan { .. } => TILES.iter().map(|t| Form::new(t.label(), Kernel::Scan(*t))).collect(),
        Op::Stream { kind, .. } => stream_forms(kind),
        Op::Reread { .. } => REREAD_TILES.iter().map(|t| Form::new(t.label(), Kernel::Reread(*t))).collect(),
        Op::Flip { .. } => vec![Form::new("single", Kernel::Flip)],
        Op::Draw { precision, .. } => vec![Form::new("vec4-block256", Kernel::Draw(precision))],
        Op::Expand { precision, .. } => vec![Form::new("vec4-block256", Kernel::Expand(precision))],
        Op::Cells { .. } => vec![Form::new("cell-per-thread", Kernel::Cells)],
        Op::Tree { .. } => vec![Form::new("chunk-per-thread", Kernel::TreeChunks)],
        Op::Digest { .. } => vec![Form::new("block-per-row", Kernel::Digest)],
        Op::Fma { precision, chains, .. } => [256, 128, 512]
            .into_iter()
            .map(|block| FmaForm { precision, chains, block })
            .map(|form| {
                Form::new(format!("unroll{}-block{}", form.rounds_per_turn(), form.block), Kernel::Fma(form))
            })
            .collect(),
        Op::Mma { shape: TileShape::Warpgroup, precision, .. } => {
            vec![Form::new("wgmma-64x256", Kernel::Wide(precision))]
        }
        Op::Mma { shape: TileShape::Block, precision, .. } => {
            vec![Form::new("tcgen05-128x256", Kernel::Block(precision))]
        }
        Op::Mma { precision, .. } => tensor_forms(precision),
        Op::Gemm { precision, shape, .. } => gemm_tiles(precision)
            .iter()
            .map(|(units, columns)| GemmForm { precision, units: *units, columns: *columns })
            .filter(|form| form.takes_rows(u64::from(shape.k) * precision.bytes()))
            .map(|form| Form::new(form.label(), Kernel::Gemm(form)))
            .collect(),
        Op::Ring { .. } => vec![Form::new("slot-per-thread", Kernel::Ring)],
        Op::Chase { .. } => vec![Form::new("single", Kernel::Chase)],
        Op::Census { .. } => vec![Form::new("block1024", Kernel::Census)],
        Op::Walk { .. } => vec![Form::new("block1024", Kernel::Walk)],
        Op::Copy {
            route: Route::HostToDevice(Means::Kernel) | Route::DeviceToHost(Means::Kernel), ..
        } => stream_forms(StreamKind::Copy),
        Op::Copy { .. } => vec![Form::without_kernel("driver-copy")],
        // By no kernel of ours, see `band.rs`.
        Op::Lend { .. } | Op::Collective { .. } => Vec::new(),
    }
}

const TILES: &[Tile] = &[
    Tile { vectors: 1, block: 256, spread: Spread::Tiles },
    Tile { vectors: 4, block: 256, spread: Spread::Tiles },
    Tile { vectors: 2, block: 512, spread: Spread::Tiles },
    Tile { vectors: 1, block: 1024, spread: Spread::Resident },
    Tile { vectors: 4, block: 512, spread: Spread::Resident },
];

const REREAD_TILES: &[Tile] = &[
    Tile { vectors: 2, block: 1024, spread: Spread::Resident },
    Tile { vectors: 4, block: 512, spread: Spread::Resident },
    Tile { vectors: 4, block: 256, spread: Spread::Resident },
];

/// A read ends in one addition per block to one address: only few blocks do that well.
fn stream_forms(kind: StreamKind) -> Vec<Form> {
    let fits = |tile: &&Tile| kind != StreamKind::Read || tile.spread == Spread::Resident;
    const MORE: [Tile; 3] = [
        Tile { vectors: 2, block: 1024, spread: Spread::Resident },
        Tile { vectors: 1, block: 128, spread: Spread::Tiles },
        Tile { vectors: 2, block: 128, spread: Spread::Tiles },
    ];
    TILES.iter().chain(&MORE).filter(fits).map(|t| Form::new(t.label(), Kernel::Stream(kind, *t))).collect()
}

fn tensor_forms(precision: Precision) -> Vec<Form> {
    const COMMON: &[(u32, u32)] = &[(8, 256), (8, 128), (4, 256), (4, 128)];
    let all: &[(Steps, &[(u32, u32)])] = match precision {
        Precision::Fp64 => &[(Steps::Hopper, &[(8, 256), (8, 128)]), (Steps::Common, COMMON)],
        Precision::Fp16 | Precision::Int8 => &[(Steps::Common, COMMON), (Steps::Turing, COMMON)],
        Precision::Fp32
        | Precision::Tf32
        | Precision::Bf16
        | Precision::Fp8E4m3
        | Precision::Fp8E5m2
        | Precision::Int32 => &[(Steps::Common, COMMON)],
    };
    let forms = all.iter().flat_map(|(steps, sizes)| sizes.iter().map(|size| (*steps, *size)));
    forms
        .map(|(steps, (tiles, block))| {
            let by = match steps {
                Steps::Common => "",
                Steps::Turing => "-sm75",
                Steps::Hopper => "-m16n8k4",
            };
            let label = format!("tiles{tiles}-block{block}{by}");
            Form::new(label, Kernel::Tensor(TensorForm { precision, steps, tiles, block }))
        })
        .collect()
}

/// What multiplies, and the columns of its tile.
fn gemm_tiles(precision: Precision) -> &'static [(Units, u32)] {
    match precision {
        Precision::Fp64 => &[(Units::Boxed, 128), (Units::Tensor, 128), (Units::Vector, 64)],
        Precision::Fp32 | Precision::Int32 => &[(Units::Vector, 128), (Units::Vector, 64)],
        Precision::Tf32 | Precision::Bf16 | Precision::Fp8E4m3 | Precision::Fp8E5m2 => {
            &[(Units::TensorMemory, 256), (Units::Warpgroup, 256), (Units::Tensor, 256), (Units::Tensor, 128)]
        }
        Precision::Fp16 | Precision::Int8 => &[
            (Units::TensorMemory, 256),
            (Units::Warpgroup, 256),
            (Units::Tensor, 256),
            (Units::Tensor, 128),
            (Units::Turing, 256),
            (Units::Turing, 128),
            (Units::Vector, 128),
            (Units::Vector, 64),
        ],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// On each card, the formats that no kernel there is uses the fastest units for.
    #[test]
    fn formats_without_a_kernel_for_the_fastest_units() {
        for (sm, expected) in [
            (70, &[Precision::Fp16][..]),
            (75, &[]),
            (80, &[]),
            (86, &[]),
            (89, &[]),
            (90, &[]),
            (100, &[]),
            // Of its units for INT8 nothing is known to us but that `tcgen05` does not reach them.
            (103, &[Precision::Int8]),
            (120, &[]),
        ] {
            let lacks = |precision: &Precision| {
                let of = |(units, columns): &(Units, u32)| {
                    Kernel::Gemm(GemmForm { precision: *precision, units: *units, columns: *columns })
                };
                let mut kernels = gemm_tiles(*precision).iter().map(of);
                let runs = |kernel: &Kernel| !images::candidates(kernel.source(), sm).is_empty();
                kernels.clone().any(|kernel| runs(&kernel))
                    && !kernels.any(|kernel| runs(&kernel) && uses_the_fastest_units(kernel, sm))
            };
            let found: Vec<Precision> = Precision::MULTIPLIED.into_iter().filter(lacks).collect();
            assert_eq!(found, expected, "{sm}");
        }
    }

    /// What contracts are told can be measured of products on each card.
    #[test]
    fn contracts_demand_what_there_are_kernels_for() {
        use crate::contract::means::{self, Means};
        use crate::evidence::metric::MetricName;
        let mut seen = Vec::new();
        for gpu in crate::catalogue::gpus().iter().filter(|gpu| gpu.vendor == "NVIDIA") {
            let sm: u32 = gpu.compute_capability.replace('.', "").parse().unwrap();
            for precision in Precision::MULTIPLIED {
                let of = |(units, columns): &(Units, u32)| {
                    Kernel::Gemm(GemmForm { precision, units: *units, columns: *columns })
                };
                let runs = |kernel: &Kernel| !images::candidates(kernel.source(), sm).is_empty();
                let kernels: Vec<Kernel> = gemm_tiles(precision).iter().map(of).filter(runs).collect();
                let counts = |kernel: &Kernel| {
                    uses_the_fastest_units(*kernel, sm) && !images::on_probation(kernel.source())
                };
                let expected = match kernels.as_slice() {
                    [] => Means::Lacking,
                    all if all.iter().any(counts) => Means::Whole,
                    _ => Means::Part,
                };
                let metric = MetricName::parse(&format!("gemm.{}.rate", precision.name())).unwrap();
                assert_eq!(means::of(gpu, &metric), expected, "{} {metric}", gpu.name);
                seen.push(expected);
            }
        }
        assert!([Means::Whole, Means::Part, Means::Lacking].iter().all(|means| seen.contains(means)));
    }
}
