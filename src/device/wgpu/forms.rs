//! Which ops a card can run with our kernels, in which launch forms, and how fast to expect it before it was seen.
//! Owns support and choice of forms; must not know wgpu's objects.

use super::coop::{CoopForm, MatrixUnit};
use super::format::{self, Format};
use super::plan::{self, Frame};
use super::shaders::{FmaForm, GemmForm, Kernel, Order, Part, Tile};
use crate::device::Unsupported;
use crate::device::op::{Buf, Chains, Maker, Means, Op, Precision, Route};
use crate::device::shared::{self, COPY_BYTES_MAX};

/// What of an adapter decides about forms.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    pub software: bool,
    pub fp16: bool,
    pub fp64: bool,
    /// What multiplies FP16 matrices into FP32 ones, where kernels can use it.
    pub matrix: Option<MatrixUnit>,
    /// Invocations per workgroup.
    pub group_max: u32,
    /// Workgroup memory.
    pub shared_bytes: u32,
    /// Storage buffers per kernel.
    pub bindings: u32,
    pub binding_bytes: u64,
}

impl Card {
    /// Workgroups that fill the device several times over.
    pub fn groups(&self) -> u64 {
        if self.software { 256 } else { 8192 }
    }
}

pub type Form = shared::Form<Kernel>;

/// The accumulators that kernels are written out for.
const ACCUMULATORS_MAX: u32 = 64;

pub fn supports(op: &Op, card: &Card) -> Result<(), Unsupported> {
    op.check().map_err(Unsupported::us)?;
    if let Op::Draw { precision, .. } | Op::Fma { precision, .. } | Op::Gemm { precision, .. } = *op {
        format::of(precision)?;
    }
    match *op {
        Op::Fma { precision, chains, lanes, .. } => {
            has_precision(precision, card)?;
            let Chains { accumulators, stride } = chains;
            if accumulators == 0 || accumulators > ACCUMULATORS_MAX || stride >= accumulators.max(2) {
                return Err(Unsupported::us(format!(
                    "{accumulators} accumulators with stride {stride}: at most {ACCUMULATORS_MAX}, stride below"
                )));
            }
            if u64::from(lanes) * u64::from(accumulators) > u64::from(u32::MAX) {
                return Err(Unsupported::us(format!("{lanes} lanes of {accumulators} are more than 2^32")));
            }
        }
        Op::Mma { .. } => return Err(Unsupported::us("this backend has no kernel for tensor units alone")),
        Op::Gemm { by: Maker::Vendor, .. } => {
            return Err(Unsupported::us(
                "this backend calls no library of the vendor's; the CUDA backend does",
            ));
        }
        Op::Gemm { precision, .. } => {
            // FP16 inputs are widened as they are loaded, which every adapter can.
            if precision == Precision::Fp64 {
                has_precision(precision, card)?;
            }
        }
        Op::Ring { slots, stride_bytes, .. } => {
            let windows = plan::ring_windows(u64::from(slots) * u64::from(stride_bytes), card.binding_bytes);
            chase_windows(windows, card)?;
        }
        Op::Census { .. } | Op::Walk { .. } => {
            return Err(Unsupported::us("WGSL names no unit and has no clock; the CUDA backend has both"));
        }
        Op::Lend { .. } | Op::Collective { .. } => {
            return Err(Unsupported::us("wgpu lets no two devices do anything together"));
        }
        Op::Reread { words, passes, .. } if !words.is_multiple_of(Op::REREAD_WORDS) => {
            return Err(Unsupported::us(format!("{passes} passes over {words} words")));
        }
        Op::Copy { route, words, .. } => copies(route, words)?,
        Op::Expand { .. }
        | Op::Cells { .. }
        | Op::Tree { .. }
        | Op::Fill { .. }
        | Op::Scan { .. }
        | Op::Flip { .. }
        | Op::Draw { .. }
        | Op::Digest { .. }
        | Op::Stream { .. }
        | Op::Reread { .. }
        | Op::Chase { .. } => {}
    }
    let Some(kernel) = forms(op, card, &|_| 0).first().and_then(|form| form.kernel) else { return Ok(()) };
    let frame = Frame {
        binding_bytes: card.binding_bytes,
        dispatch_work: u64::MAX / 4,
        groups: card.groups(),
        buffer_bytes: &|_| 0,
    };
    plan::plan(op, kernel, &frame).map(|_| ()).map_err(Unsupported::us)
}

/// One queue, whose copies go through mapped memory and may overlap.
fn copies(route: Route, words: u64) -> Result<(), Unsupported> {
    match route {
        Route::HostToDevice(Means::Pinned) | Route::DeviceToHost(Means::Pinned) => {
            if words * 4 > COPY_BYTES_MAX {
                return Err(Unsupported::us(format!("transfers are measured up to {COPY_BYTES_MAX} bytes")));
            }
            Ok(())
        }
        Route::HostToDevice(means) | Route::DeviceToHost(means) => Err(Unsupported::us(match means {
            Means::Pinned | Means::InTurn => "wgpu does not say when one of several copies ends",
            Means::Pageable => "wgpu copies through memory of its own only",
            Means::Kernel => "wgpu gives kernels no memory of the host",
        })),
        Route::FromPeer(_) => Err(Unsupported::us("wgpu copies nothing from one device to another")),
        Route::BothWays(_) => Err(Unsupported::us("wgpu has one queue, so nothing runs both ways at once")),
        Route::Within(_) => Ok(()),
    }
}

/// DirectX and Metal have no FP64 whatever the card has, nor FP16 without the right compiler, and Vulkan drivers leave out what is slow:
/// what is missing here says nothing of the card.
fn has_precision(precision: Precision, card: &Card) -> Result<(), Unsupported> {
    let (has, name) = match precision {
        Precision::Fp64 => (card.fp64, "FP64"),
        Precision::Fp16 => (card.fp16, "FP16 arithmetic"),
        Precision::Fp32
        | Precision::Tf32
        | Precision::Bf16
        | Precision::Fp8E4m3
        | Precision::Fp8E5m2
        | Precision::Int8
        | Precision::Int32 => return Ok(()),
    };
    let lacks = || {
        format!("this driver gives shaders no {name} through wgpu; whether the card has it is not known here")
    };
    if has { Ok(()) } else { Err(Unsupported::us(lacks())) }
}

/// Counters and state take two bindings.
fn chase_windows(windows: u64, card: &Card) -> Result<(), Unsupported> {
    if windows + 2 > u64::from(card.bindings).min(18) {
        return Err(Unsupported::us(format!(
            "a ring of {windows} windows of {} bytes is more than one kernel can bind here",
            4u64 << plan::ring_shift(card.binding_bytes)
        )));
    }
    Ok(())
}

/// The launch forms of `op`, all with the same result. `bytes` tells the sizes of buffers.
pub fn forms(op: &Op, card: &Card, bytes: &dyn Fn(Buf) -> u64) -> Vec<Form> {
    match *op {
        Op::Fill { .. } => tiles(card).map(|t| Form::new(t.label(), Kernel::Fill(t, Part::Tiles))).collect(),
        Op::Scan { .. } => tiles(card).map(|t| Form::new(t.label(), Kernel::Scan(t, Part::Tiles))).collect(),
        Op::Stream { kind, .. } => {
            tiles(card).map(|t| Form::new(t.label(), Kernel::Stream(kind, t, Part::Tiles))).collect()
        }
        Op::Reread { .. } => tiles(card).map(|t| Form::new(t.label(), Kernel::Reread(t))).collect(),
        Op::Flip { .. } => vec![Form::new("single", Kernel::Flip)],
        Op::Draw { precision, .. } => {
            let form = |format| Form::new(Tile::DRAW.label(), Kernel::Draw(format, Part::Tiles));
            format::of(precision).into_iter().map(form).collect()
        }
        Op::Digest { .. } => vec![Form::new("group-per-row", Kernel::Digest)],
        Op::Fma { precision, chains, .. } => {
            format::of(precision).map_or_else(|_| Vec::new(), |format| fma_forms(format, chains))
        }
        Op::Expand { precision, .. } => {
            vec![Form::new("compression-per-invocation", Kernel::Expand(precision))]
        }
        Op::Cells { .. } => vec![Form::new("cell-per-invocation", Kernel::Cells)],
        Op::Tree { .. } => vec![Form::new("chunk-per-invocation", Kernel::TreeChunks)],
        Op::Mma { .. } => Vec::new(),
        Op::Gemm { precision, .. } => {
            format::of(precision).map_or_else(|_| Vec::new(), |format| gemm_forms(format, card))
        }
        Op::Ring { .. } => vec![Form::new("slot-per-invocation", Kernel::Ring)],
        Op::Chase { ring, .. } => {
            let windows = plan::ring_windows(bytes(ring), card.binding_bytes);
            let windows = u32::try_from(windows).unwrap_or(u32::MAX);
            vec![Form::new(format!("windows{windows}"), Kernel::Chase(windows))]
        }
        Op::Census { .. } | Op::Walk { .. } | Op::Lend { .. } | Op::Collective { .. } => Vec::new(),
        Op::Copy { .. } => vec![Form::without_kernel("driver-copy")],
    }
}

fn tiles(card: &Card) -> impl Iterator<Item = Tile> {
    let group_max = card.group_max;
    [
        (256, 4, Order::Strided),
        (256, 8, Order::Contiguous),
        (256, 1, Order::Strided),
        (64, 8, Order::Contiguous),
        (64, 16, Order::Strided),
    ]
    .into_iter()
    .map(|(group, vectors, order)| Tile { group, vectors, order })
    .filter(move |tile| tile.group <= group_max)
}

fn fma_forms(format: &'static Format, chains: Chains) -> Vec<Form> {
    let in_fours = chains.accumulators.is_multiple_of(4)
        && chains.stride.is_multiple_of(4)
        && format.precision.is_float();
    let long = format.rounds_max;
    [(long, 64, false), (long, 64, true), (long / 2, 64, false), (long / 2, 64, true), (16, 256, false)]
        .into_iter()
        .filter(|(_, _, vectors)| !vectors || in_fours)
        .map(|(unroll, group, vectors)| FmaForm { format, chains, unroll, group, vectors })
        .map(|form| Form::new(form.label(), Kernel::Fma(form)))
        .collect()
}

fn gemm_forms(format: &'static Format, card: &Card) -> Vec<Form> {
    // Fp64 takes less, so as to fit the 16 KiB of workgroup memory that every adapter has.
    let shapes: &[(u32, u32, bool)] = if format.precision == Precision::Fp64 {
        &[(4, 8, true), (4, 1, false), (2, 16, true)]
    } else {
        &[(4, 16, true), (8, 8, true), (4, 1, false), (8, 1, false)]
    };
    let plain = shapes
        .iter()
        .map(|(per, depth, staged)| GemmForm { format, per: *per, depth: *depth, staged: *staged })
        .map(|form| Form::new(form.label(), Kernel::Gemm(form)));
    let unit = card.matrix.filter(|_| format.precision == Precision::Fp16);
    unit.into_iter().flat_map(|unit| coop_forms(unit, card)).chain(plain).collect()
}

/// On matrix units: large tiles in registers first, for GPUs.
fn coop_forms(unit: MatrixUnit, card: &Card) -> impl Iterator<Item = Form> {
    let (group_max, shared_bytes) = (card.group_max, card.shared_bytes);
    [(4, true), (2, true), (4, false), (2, false)]
        .into_iter()
        .map(move |(per, staged)| CoopForm { unit, per, staged })
        .filter(move |form| form.group() <= group_max && form.shared_bytes() <= shared_bytes)
        .map(|form| Form::new(form.label(), Kernel::Coop(form)))
}

/// Work per nanosecond to expect of a kernel that has not run yet: low, so that first dispatches stay short.
pub fn first_guess(op: &Op, software: bool) -> f64 {
    let hardware = match *op {
        Op::Fill { .. }
        | Op::Scan { .. }
        | Op::Stream { .. }
        | Op::Reread { .. }
        | Op::Draw { .. }
        | Op::Expand { .. }
        | Op::Tree { .. }
        | Op::Digest { .. } => 20.0,
        Op::Cells { .. } => 0.5,
        Op::Fma { precision: Precision::Fp64, .. } | Op::Gemm { precision: Precision::Fp64, .. } => 10.0,
        Op::Fma { .. } => 200.0,
        Op::Mma { .. } | Op::Gemm { .. } => 50.0,
        Op::Ring { .. } | Op::Copy { .. } => 20.0,
        Op::Flip { .. }
        | Op::Chase { .. }
        | Op::Census { .. }
        | Op::Walk { .. }
        | Op::Lend { .. }
        | Op::Collective { .. } => 0.001,
    };
    if software && !matches!(op, Op::Chase { .. } | Op::Flip { .. }) { hardware / 20.0 } else { hardware }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Lacking;
    use crate::device::draw::Distribution;
    use crate::device::op::Shape;

    /// Through DirectX without its newer compiler a card has neither.
    #[test]
    fn what_a_driver_does_not_offer_is_not_taken_for_the_cards_lack() {
        let card = Card {
            software: false,
            fp16: false,
            fp64: false,
            matrix: None,
            group_max: 1024,
            shared_bytes: 32 << 10,
            bindings: 8,
            binding_bytes: 1 << 30,
        };
        let (chains, distribution) = (Chains { accumulators: 8, stride: 0 }, Distribution::Normal);
        let out = Buf::NONE;
        let fma = |precision| Op::Fma { precision, chains, rounds: 2, lanes: 1, distribution, seed: 1, out };
        let (by, precision, shape) = (Maker::Ours, Precision::Fp64, Shape { m: 1, n: 1, k: 1 });
        let product = Op::Gemm { by, precision, shape, a: out, b: out, c: out };
        for op in [fma(Precision::Fp64), fma(Precision::Fp16), product] {
            let lacking = supports(&op, &card).map_err(|unsupported| unsupported.by);
            assert_eq!(lacking, Err(Lacking::Us), "{op:?}");
            assert_eq!(supports(&op, &Card { fp16: true, fp64: true, ..card }), Ok(()), "{op:?}");
        }
    }
}
