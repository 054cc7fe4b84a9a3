//! The kernels of this backend and their source text: which specialisations there are, and how each is assembled.
//! Owns text only; must not know any adapter, buffer or launch.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::coop::CoopForm;
use super::format::Format;
use super::unroll;
use crate::device::op::{Chains, Precision, StreamKind};

const COMMON: &str = include_str!("../../../kernels/common.wgsl");
const PATTERN: &str = include_str!("../../../kernels/pattern.wgsl");
const DRAW: &str = include_str!("../../../kernels/draw.wgsl");
const BLAKE3: &str = include_str!("../../../kernels/blake3.wgsl");
const STREAM: &str = include_str!("../../../kernels/stream.wgsl");
const REREAD: &str = include_str!("../../../kernels/reread.wgsl");
const FMA: &str = include_str!("../../../kernels/fma.wgsl");
const GEMM: &str = include_str!("../../../kernels/gemm.wgsl");
const GEMM_COOP: &str = include_str!("../../../kernels/gemm_coop.wgsl");
const DIGEST: &str = include_str!("../../../kernels/digest.wgsl");
const CHASE: &str = include_str!("../../../kernels/chase.wgsl");

/// Counters of a kernel, and the words from one to the next (see common.wgsl).
pub const COUNTERS: usize = 256;
pub const COUNTER_STEP: usize = 8;

/// One specialisation of one kernel: everything that its text depends on, but for the adapter's subgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    Fill(Tile, Part),
    Scan(Tile, Part),
    /// Adds a scan's counters to its tally.
    Fold,
    Flip,
    Draw(&'static Format, Part),
    Expand(Precision),
    Cells,
    /// The chunks of a hash tree, and a level above them.
    TreeChunks,
    TreeParents,
    Stream(StreamKind, Tile, Part),
    Reread(Tile),
    Fma(FmaForm),
    Gemm(GemmForm),
    /// An FP16 product on matrix units.
    Coop(CoopForm),
    Digest,
    Ring,
    /// Over a ring bound as this many windows.
    Chase(u32),
}

/// Range kernels come in two parts: whole tiles without any bounds check, and single elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Tiles,
    Rest,
}

/// What one workgroup takes of a range at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    pub group: u32,
    /// Vectors (draw: words) per invocation.
    pub vectors: u32,
    pub order: Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Neighbouring invocations take neighbouring vectors: what GPUs coalesce.
    Strided,
    /// Each invocation takes its vectors in a row: what CPUs prefetch.
    Contiguous,
}

impl Tile {
    pub const DRAW: Tile = Tile { group: 64, vectors: 4, order: Order::Strided };

    /// Vectors in a tile.
    pub fn len(self) -> u32 {
        self.group * self.vectors
    }

    pub fn label(self) -> String {
        let order = match self.order {
            Order::Strided => "strided",
            Order::Contiguous => "contiguous",
        };
        format!("{order}-vec4x{}-group{}", self.vectors, self.group)
    }

    fn defines(self) -> Vec<(&'static str, String)> {
        let (at, step) = match self.order {
            Order::Strided => ("lid".to_owned(), format!("{}u", self.group)),
            Order::Contiguous => (format!("lid * {}u", self.vectors), "1u".to_owned()),
        };
        vec![
            ("GROUP", self.group.to_string()),
            ("TILE", format!("{}u", self.len())),
            ("AT", at),
            ("STEP", step),
            ("VECS", format!("{}u", self.vectors)),
        ]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FmaForm {
    pub format: &'static Format,
    pub chains: Chains,
    /// Rounds per loop iteration, even.
    pub unroll: u32,
    pub group: u32,
    /// Accumulators in 4-vectors: needs both numbers of `chains` to be multiples of 4.
    pub vectors: bool,
}

impl FmaForm {
    pub fn label(self) -> String {
        let width = if self.vectors { "vec4" } else { "scalar" };
        format!("{width}-unroll{}-group{}", self.unroll, self.group)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GemmForm {
    pub format: &'static Format,
    /// Results per invocation in each direction; a workgroup is 16 x 16.
    pub per: u32,
    /// Steps of k per loop iteration: of a tile in workgroup memory, or 1 where there is none.
    pub depth: u32,
    /// Through workgroup memory, or straight from the matrices.
    pub staged: bool,
}

impl GemmForm {
    /// Rows and columns of a workgroup's tile.
    pub fn tile(self) -> u32 {
        16 * self.per
    }

    pub fn label(self) -> String {
        let way = if self.staged { "staged" } else { "direct" };
        format!("{way}-tile{0}x{0}x{1}-register{2}x{2}", self.tile(), self.depth, self.per)
    }
}

impl Kernel {
    pub fn entry(self) -> &'static str {
        match self {
            Kernel::Fill(_, part)
            | Kernel::Scan(_, part)
            | Kernel::Draw(_, part)
            | Kernel::Stream(_, _, part) => match part {
                Part::Tiles => "tiles",
                Part::Rest => "rest",
            },
            Kernel::Reread(_) => "passes",
            Kernel::Expand(_) => "expand",
            Kernel::Cells => "cells",
            Kernel::TreeChunks => "chunks",
            Kernel::TreeParents => "parents",
            Kernel::Fold => "fold",
            Kernel::Flip => "flip",
            Kernel::Fma(_) => "lanes",
            Kernel::Gemm(_) | Kernel::Coop(_) => "product",
            Kernel::Digest => "rows",
            Kernel::Ring => "ring",
            Kernel::Chase(_) => "chase",
        }
    }

    /// The complete WGSL text.
    pub fn source(self, subgroups: bool) -> String {
        let mut defines = self.defines();
        if subgroups {
            defines.push(("SUBGROUPS", String::new()));
        }
        let assembled = |text| assemble(text, &defines, self.repeat());
        format!("{}{}{}", self.enables(), assembled(COMMON), assembled(self.stem()))
    }

    fn stem(self) -> &'static str {
        match self {
            Kernel::Fill(..) | Kernel::Scan(..) | Kernel::Fold | Kernel::Flip => PATTERN,
            Kernel::Draw(..) => DRAW,
            Kernel::Expand(_) | Kernel::Cells | Kernel::TreeChunks | Kernel::TreeParents => BLAKE3,
            Kernel::Stream(..) => STREAM,
            Kernel::Reread(_) => REREAD,
            Kernel::Fma(_) => FMA,
            Kernel::Gemm(_) => GEMM,
            Kernel::Coop(_) => GEMM_COOP,
            Kernel::Digest => DIGEST,
            Kernel::Ring | Kernel::Chase(_) => CHASE,
        }
    }

    /// How often lines are repeated that say so.
    fn repeat(self) -> u32 {
        match self {
            Kernel::Fill(tile, _)
            | Kernel::Scan(tile, _)
            | Kernel::Stream(_, tile, _)
            | Kernel::Reread(tile) => tile.vectors,
            Kernel::Draw(..) => Tile::DRAW.vectors,
            Kernel::Coop(form) => form.loads(),
            Kernel::Digest => 8,
            Kernel::Fold
            | Kernel::Flip
            | Kernel::Expand(_)
            | Kernel::Cells
            | Kernel::TreeChunks
            | Kernel::TreeParents
            | Kernel::Fma(_)
            | Kernel::Gemm(_)
            | Kernel::Ring
            | Kernel::Chase(_) => 1,
        }
    }

    fn defines(self) -> Vec<(&'static str, String)> {
        match self {
            Kernel::Fill(tile, _) => [tile.defines(), flags(&["FILL"])].concat(),
            Kernel::Scan(tile, _) => [tile.defines(), flags(&["SCAN", "TALLY"])].concat(),
            Kernel::Fold => flags(&["FOLD", "TALLY"]),
            Kernel::Flip => flags(&["FLIP"]),
            Kernel::Draw(format, _) => [Tile::DRAW.defines(), draw_defines(format)].concat(),
            Kernel::Expand(precision) => expand_defines(precision),
            Kernel::Cells => flags(&["CELLS"]),
            Kernel::TreeChunks => flags(&["CHUNKS"]),
            Kernel::TreeParents => flags(&["PARENTS"]),
            Kernel::Stream(kind, tile, _) => [tile.defines(), stream_defines(kind)].concat(),
            Kernel::Reread(tile) => tile.defines(),
            Kernel::Fma(form) => unroll::fma_defines(form),
            Kernel::Gemm(form) => unroll::gemm_defines(form),
            Kernel::Coop(form) => form.defines(),
            Kernel::Digest => Vec::new(),
            Kernel::Ring => flags(&["RING"]),
            Kernel::Chase(windows) => chase_defines(windows),
        }
    }

    /// SHA-256 of the text, lower-case hex.
    pub fn digest(self, subgroups: bool) -> String {
        hex::encode(Sha256::digest(self.source(subgroups)))
    }

    /// Whether an index comes out of device memory, which may hold anything where it is broken.
    pub fn indexes_with_memory(self) -> bool {
        matches!(self, Kernel::Chase(_))
    }

    fn enables(self) -> &'static str {
        match self {
            Kernel::Coop(_) => "enable f16;\nenable wgpu_cooperative_matrix;\n",
            Kernel::Fma(form) if form.format.chained == "f16" => "enable f16;\n",
            Kernel::Fill(..)
            | Kernel::Scan(..)
            | Kernel::Fold
            | Kernel::Flip
            | Kernel::Draw(..)
            | Kernel::Expand(_)
            | Kernel::Cells
            | Kernel::TreeChunks
            | Kernel::TreeParents
            | Kernel::Stream(..)
            | Kernel::Reread(_)
            | Kernel::Fma(_)
            | Kernel::Gemm(_)
            | Kernel::Digest
            | Kernel::Ring
            | Kernel::Chase(_) => "",
        }
    }
}

pub fn flags(names: &[&'static str]) -> Vec<(&'static str, String)> {
    names.iter().map(|name| (*name, String::new())).collect()
}

fn draw_defines(format: &Format) -> Vec<(&'static str, String)> {
    let (elements, words) = format.packed;
    let mut defines = flags(&["DRAW", format.flag]);
    defines.push(("NUMERATOR", format!("{elements}u")));
    defines.push(("DENOMINATOR", format!("{words}u")));
    defines
}

/// [`Op::Expand`](crate::device::Op::Expand) has four formats.
fn expand_defines(precision: Precision) -> Vec<(&'static str, String)> {
    flags(match precision {
        Precision::Int8 => &["EXPAND", "INT8"],
        Precision::Fp16 => &["EXPAND", "HALVES", "FP16"],
        Precision::Bf16 => &["EXPAND", "HALVES"],
        Precision::Fp32 => &["EXPAND", "FP32"],
        Precision::Fp64 | Precision::Tf32 | Precision::Fp8E4m3 | Precision::Fp8E5m2 | Precision::Int32 => {
            &["EXPAND"]
        }
    })
}

fn stream_defines(kind: StreamKind) -> Vec<(&'static str, String)> {
    let (names, expression): (&[&'static str], &str) = match kind {
        StreamKind::Read => (&["READ", "LOADS_A"], ""),
        StreamKind::Write => (&["WRITE"], "written(V)"),
        StreamKind::Copy => (&["ONE", "LOADS_A"], "aK"),
        StreamKind::Scale => (&["ONE", "LOADS_A"], "bits(3.0 * real(aK))"),
        StreamKind::Add => (&["TWO", "LOADS_A"], "bits(real(aK) + real(bK))"),
        StreamKind::Triad => (&["TWO", "LOADS_A"], "bits(fma(real(bK), vec4(3.0), real(aK)))"),
    };
    let mut defines = flags(names);
    defines.push(("EXPRESSION", expression.replace('K', "$k").replace('V', "v + $ku * $STEP")));
    defines.push(("REST_EXPRESSION", expression.replace('K', "0").replace('V', "v")));
    defines
}

fn chase_defines(windows: u32) -> Vec<(&'static str, String)> {
    let mut bindings = String::new();
    let mut next = String::new();
    for window in 0..windows {
        let _ = writeln!(
            bindings,
            "@group(0) @binding({}) var<storage, read> ring{window}: array<u32>;",
            window + 2
        );
    }
    if windows == 1 {
        next.push_str("    return ring0[at];\n");
    } else {
        next.push_str("    let i = at & ((1u << p.shift) - 1u);\n    switch (at >> p.shift) {\n");
        for window in 1..windows {
            let _ = writeln!(next, "        case {window}u: {{ return ring{window}[i]; }}");
        }
        next.push_str("        default: { return ring0[i]; }\n    }\n");
    }
    vec![("CHASE", String::new()), ("WINDOWS", bindings), ("NEXT", next)]
}

/// Chooses, repeats and replaces as common.wgsl says.
fn assemble(text: &str, defines: &[(&str, String)], repeat: u32) -> String {
    let has = |name: &str| defines.iter().any(|(known, _)| *known == name);
    let mut longest_first: Vec<&(&str, String)> = defines.iter().collect();
    longest_first.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut out = String::with_capacity(text.len());
    let mut taken: Vec<bool> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(name) = trimmed.strip_prefix("//#if ") {
            taken.push(has(name.trim()));
        } else if trimmed.starts_with("//#else") {
            if let Some(last) = taken.last_mut() {
                *last = !*last;
            }
        } else if trimmed.starts_with("//#end") {
            taken.pop();
        } else if taken.iter().all(|t| *t) && !trimmed.starts_with("//") {
            // Twice, because what is put in may hold names again.
            let replaced = (0..2).fold(line.to_owned(), |line, _| {
                longest_first
                    .iter()
                    .fold(line, |line, (name, value)| line.replace(&format!("${name}"), value))
            });
            let copies = if replaced.contains("$k") { repeat } else { 1 };
            for k in 0..copies {
                out.push_str(&replaced.replace("$k", &k.to_string()));
                out.push('\n');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::device::draw::Distribution;
    use crate::device::op::{Buf, Maker, Means, Op, Route, Shape};
    use crate::device::wgpu::coop::MatrixUnit;
    use crate::device::wgpu::forms::{self, Card};
    use wgpu::naga;

    fn validate(kernel: Kernel, subgroups: bool) {
        let source = kernel.source(subgroups);
        assert!(!source.contains('$'), "{kernel:?} leaves a placeholder:\n{source}");
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{kernel:?}: {}\n{source}", error.emit_to_string(&source)));
        assert!(
            module.entry_points.iter().any(|entry| entry.name == kernel.entry()),
            "{kernel:?} lacks its entry"
        );
        let mut validator = naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::all(),
        );
        validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
        validator.subgroup_operations(naga::valid::SubgroupOperationSet::all());
        let info = validator
            .validate(&module)
            .unwrap_or_else(|e| panic!("{kernel:?}: {}", e.emit_to_string(&source)));
        // Some of what is valid cannot be translated.
        #[cfg(not(target_vendor = "apple"))]
        {
            use naga::back::spv;
            let options = spv::Options { lang_version: (1, 3), ..spv::Options::default() };
            spv::write_vec(&module, &info, &options, None).unwrap_or_else(|e| panic!("{kernel:?}: {e}"));
        }
    }

    /// Every op there is, in every precision and kind.
    fn ops() -> Vec<Op> {
        let (b, seed) = (Buf::NONE, 1);
        let distribution = Distribution::Normal;
        let mut ops = vec![
            Op::Fill { dst: b, words: 1, first_word: 0, seed },
            Op::Scan { src: b, words: 1, first_word: 0, seed, tally: b },
            Op::Flip { dst: b, word: 0, mask: 1 },
            Op::Tree { src: b, chunks: 2, out: b, key: None },
            Op::Cells { dst: b, cells: 1, first: 0, key: [0; 8] },
            Op::Digest { src: b, rows: 1, row_words: 1, out: b },
            Op::Reread { src: b, words: Op::REREAD_WORDS, passes: 2, sum: b },
            Op::Ring { dst: b, slots: 1, stride_bytes: 64, seed },
            Op::Chase { ring: b, hops: 1, state: b },
            Op::Copy { route: Route::HostToDevice(Means::Pinned), buf: b, words: 1, seed },
        ];
        ops.extend(StreamKind::ALL.map(|kind| Op::Stream { kind, a: b, b, c: b, elements: 1 }));
        for precision in Precision::ALL {
            ops.push(Op::Draw { dst: b, elements: 1, precision, distribution, seed });
            ops.push(Op::Expand { dst: b, elements: 64, precision, bits: 6, key: [1; 8] });
            let shape = Shape { m: 1, n: 1, k: 1 };
            ops.push(Op::Gemm { by: Maker::Ours, precision, shape, a: b, b, c: b });
            for (accumulators, stride) in [(1, 0), (8, 0), (14, 1), (16, 4), (32, 8)] {
                let chains = Chains { accumulators, stride };
                ops.push(Op::Fma { precision, chains, rounds: 2, lanes: 1, distribution, seed, out: b });
            }
        }
        ops
    }

    #[test]
    fn every_specialisation_is_valid_wgsl() {
        let card = Card {
            software: false,
            fp16: true,
            fp64: true,
            matrix: Some(MatrixUnit { side: 16, subgroup: 32 }),
            group_max: 1024,
            shared_bytes: 32 << 10,
            bindings: 32,
            binding_bytes: 128 << 20,
        };
        let mut kernels = vec![Kernel::Fold, Kernel::TreeParents];
        for op in ops().into_iter().filter(|op| forms::supports(op, &card).is_ok()) {
            let forms = forms::forms(&op, &card, &|_| 0);
            assert!(!forms.is_empty(), "{op:?}");
            kernels.extend(forms.into_iter().filter_map(|form| form.kernel));
        }
        kernels.extend([2, 8, 16].map(Kernel::Chase));
        for kernel in kernels {
            for subgroups in [true, false] {
                validate(kernel, subgroups);
            }
        }
    }

    #[test]
    fn lines_are_chosen_repeated_and_replaced() {
        let text = "//#if A\na$k = $LONGER;\n//#else\nb\n//#end\n//#if B\n//#if A\nc\n//#end\nd\n//#else\n$LONG\n//#end\n";
        let defines = [("A", String::new()), ("LONG", "x".to_owned()), ("LONGER", "y".to_owned())];
        assert_eq!(assemble(text, &defines, 2), "a0 = y;\na1 = y;\nx\n");
    }
}
