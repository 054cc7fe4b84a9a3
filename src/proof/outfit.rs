//! What a device is given to prove with: the work that it is best at, the memory for it, and the launch forms.
//! Owns that choice, by trial; must not know rounds.

use std::io;

use super::memory::{CELL_BYTES, Memory};
use super::work::{Numbers, Work, words};
use crate::device::op::{Maker, Precision, Shape};
use crate::device::{Buf, DeviceError, Op, ProvenanceKind};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::{Settings, Trouble};
use crate::evidence::event::{Event, Sink};

/// Products by size. The larger, the less of the time goes into what is not the product.
const LADDER: [[u32; 3]; 8] = [
    [256, 256, 512],
    [512, 512, 1024],
    [1024, 1024, 2048],
    [2048, 2048, 4096],
    [4096, 4096, 4096],
    [4096, 4096, 16384],
    [16384, 4096, 16384],
    [16384, 4096, 65536],
];
/// So long should a product take at least.
const PRODUCT_NS: u64 = 5_000_000;
/// What simulated devices compute, which they do word by word.
const SIMULATED: [u32; 3] = [16, 256, 64];
/// In what to compute, where several are equally fast.
const CANDIDATES: [Precision; 4] = [Precision::Int8, Precision::Fp16, Precision::Bf16, Precision::Fp32];
/// Parts that memory should have at least, so that a sweep is many rounds.
const PARTS: u64 = 8;
/// So many products before a sweep are enough, if they take no longer than this.
const LONGER: f64 = 100.0;
const LONGER_NS: f64 = 1e9;
/// Bytes of a node of a hash tree.
pub const NODE: u64 = Op::NODE_BYTES;

pub struct Outfit<'a> {
    pub bench: Bench<'a>,
    pub work: Work,
    pub product: Tuned,
    precision: Precision,
    matrices: Matrices,
    hash: Tuned,
    nodes: [Buf; 2],
    memory: Option<(Memory, Vec<Buf>)>,
}

impl<'a> Outfit<'a> {
    /// Chooses what this device multiplies fastest, as far as it is exact, and takes memory for it, and so much more to fill.
    pub fn choose(mut bench: Bench<'a>, memory_bytes: u64) -> Result<Self, Trouble> {
        let mut best: Option<(f64, Work, Precision)> = None;
        let mut refused = Trouble::Wrong("no number format to prove work in".to_owned());
        for precision in CANDIDATES {
            match trial(&mut bench, precision) {
                Ok((rate, work)) if best.is_none_or(|(fastest, ..)| rate > fastest) => {
                    best = Some((rate, work, precision));
                }
                Ok(_) => {}
                Err(Trouble::Unsupported(why)) => refused = Trouble::Unsupported(why),
                Err(trouble) => return Err(trouble),
            }
        }
        let (rate, work, precision) = best.ok_or(refused)?;
        let matrices = Matrices::alloc(&mut bench, &work, precision)?;
        let forms = bench.forms(&matrices.product(&work, precision));
        let product = bench.tune(forms)?;
        let (cells, parts) = sizes(memory_bytes, bench.identity().buffer_bytes_max);
        let leaves = work.chunks().max(cells * CELL_BYTES as u64 / Op::CHUNK_BYTES);
        let mut place = || bench.alloc(Op::tree_nodes(leaves) * NODE);
        let nodes = [place()?, place()?];
        let forms = bench.forms(&matrices.tree(&work, nodes[0]));
        let hash = bench.tune(forms)?;
        let mut outfit = Self { bench, work, product, precision, matrices, hash, nodes, memory: None };
        if memory_bytes > 0 {
            outfit.memory = Some(outfit.take_memory(cells, parts, work.operations() as f64 / rate)?);
        }
        Ok(outfit)
    }

    /// As many products as take about the time of a sweep lie before each, and more where these take next to no time beside the turns
    /// between, of which each is a way to the witness and back.
    fn take_memory(
        &mut self,
        cells: u64,
        parts: u64,
        product_ns: f64,
    ) -> Result<(Memory, Vec<Buf>), Trouble> {
        self.bench.supports(&Op::Cells { dst: Buf::NONE, cells, first: 0, key: [0; 8] })?;
        let bytes = cells * CELL_BYTES as u64;
        let buffers: Vec<Buf> = (0..parts).map(|_| self.bench.alloc(bytes)).collect::<Result<_, _>>()?;
        let src = *buffers.first().ok_or_else(|| Trouble::Wrong("no memory to fill".to_owned()))?;
        // Zeros, whose hash takes as long as that of anything else.
        self.bench.write(src, 0, &[0; 4])?;
        let part = self.hash(src, bytes, self.nodes[0], Some([0; 8]));
        let sample = self.bench.run(&part, 1)?;
        let part_ns = sample.device_ns.unwrap_or(sample.host_ns) as f64;
        let product_ns = product_ns.max(1.0);
        let as_long = part_ns * parts as f64 / product_ns;
        let products = as_long.max((LONGER_NS / product_ns).min(LONGER)).clamp(4.0, 1000.0) as u32;
        let memory = Memory { parts: parts as u32, cells: cells as u32, products };
        memory.check().map_err(Trouble::Wrong)?;
        Ok((memory, buffers))
    }

    pub fn memory(&self) -> Option<&Memory> {
        self.memory.as_ref().map(|(memory, _)| memory)
    }

    /// Where a part lies.
    pub fn part(&self, part: u32) -> Buf {
        let parts = self.memory.as_ref().map(|(_, parts)| parts.as_slice()).unwrap_or_default();
        parts.get(part as usize).copied().unwrap_or(Buf::NONE)
    }

    /// Where the hash tree of a round goes.
    pub fn nodes(&self, round: u32) -> Buf {
        self.nodes[round as usize % 2]
    }

    pub fn c(&self) -> Buf {
        self.matrices.c
    }

    pub fn draw_a(&self, key: &[u8; 32]) -> Op {
        expand(self.matrices.a, self.work.m, &self.work, self.precision, key)
    }

    pub fn draw_b(&self, key: &[u8; 32]) -> Op {
        expand(self.matrices.b, self.work.n, &self.work, self.precision, key)
    }

    pub fn hash_product(&self, nodes: Buf) -> Tuned {
        self.hash(self.matrices.c, self.work.chunks() * Op::CHUNK_BYTES, nodes, None)
    }

    pub fn hash_part(&self, part: u32, nodes: Buf, key: &[u8; 32]) -> Tuned {
        let bytes = self.memory().map_or(0, Memory::part_bytes);
        self.hash(self.part(part), bytes, nodes, Some(words(key)))
    }

    fn hash(&self, src: Buf, bytes: u64, out: Buf, key: Option<[u32; 8]>) -> Tuned {
        Tuned { op: Op::Tree { src, chunks: bytes / Op::CHUNK_BYTES, out, key }, ..self.hash.clone() }
    }
}

/// Cells of a part, and how many parts so much memory takes.
fn sizes(memory_bytes: u64, buffer_bytes_max: u64) -> (u64, u64) {
    let cell = CELL_BYTES as u64;
    let most = (memory_bytes / PARTS).min(buffer_bytes_max) / cell;
    let cells = most.clamp(2, u64::from(Memory::CELLS_MAX));
    let cells = 1 << cells.ilog2();
    (cells, memory_bytes.div_ceil(cells * cell).max(PARTS))
}

/// The matrices of a product.
#[derive(Clone, Copy)]
struct Matrices {
    a: Buf,
    b: Buf,
    c: Buf,
}

impl Matrices {
    const NONE: Self = Self { a: Buf::NONE, b: Buf::NONE, c: Buf::NONE };

    /// Of A, B and C, in bytes.
    fn sizes(work: &Work, precision: Precision) -> [u64; 3] {
        let area = |rows: u32, columns: u32| u64::from(rows) * u64::from(columns);
        let [a, b] = [work.m, work.n].map(|rows| area(rows, work.k) * precision.bytes());
        [a, b, area(work.m, work.n) * 4]
    }

    fn alloc(bench: &mut Bench, work: &Work, precision: Precision) -> Result<Self, Trouble> {
        let none = Self::NONE;
        let draw = expand(Buf::NONE, work.m, work, precision, &[0; 32]);
        for op in [draw, none.product(work, precision), none.tree(work, Buf::NONE)] {
            bench.supports(&op)?;
        }
        let [a, b, c] = Self::sizes(work, precision);
        Ok(Self { a: bench.alloc(a)?, b: bench.alloc(b)?, c: bench.alloc(c)? })
    }

    fn free(self, bench: &mut Bench) {
        for buf in [self.a, self.b, self.c] {
            bench.free(buf);
        }
    }

    fn product(&self, work: &Work, precision: Precision) -> Op {
        let shape = Shape { m: work.m, n: work.n, k: work.k };
        Op::Gemm { by: Maker::Ours, precision, shape, a: self.a, b: self.b, c: self.c }
    }

    fn tree(&self, work: &Work, out: Buf) -> Op {
        Op::Tree { src: self.c, chunks: work.chunks(), out, key: None }
    }

    /// The best form of the product, in nanoseconds.
    fn time(&self, bench: &mut Bench, work: &Work, precision: Precision) -> Result<u64, Trouble> {
        for (dst, rows) in [(self.a, work.m), (self.b, work.n)] {
            bench.once(&expand(dst, rows, work, precision, &[1; 32]))?;
        }
        let forms = bench.forms(&self.product(work, precision));
        let form = bench.tune(forms)?;
        let sample = bench.run(&form, 1)?;
        Ok(sample.device_ns.unwrap_or(sample.host_ns).max(1))
    }
}

/// Draws `rows` rows of k entries.
fn expand(dst: Buf, rows: u32, work: &Work, precision: Precision, key: &[u8; 32]) -> Op {
    let elements = u64::from(rows) * u64::from(work.k);
    Op::Expand { dst, elements, precision, bits: work.numbers.bits(), key: words(key) }
}

/// How fast this device multiplies in a format, in operations per nanosecond, and at which size.
fn trial(bench: &mut Bench, precision: Precision) -> Result<(f64, Work), Trouble> {
    let simulated = bench.identity().provenance.kind() == ProvenanceKind::Simulated;
    let numbers = if precision == Precision::Int8 { Numbers::Int32 } else { Numbers::Fp32 };
    let most = bench.identity().buffer_bytes_max;
    let sizes = if simulated { vec![SIMULATED] } else { LADDER.to_vec() };
    let works =
        sizes.into_iter().map(|[m, n, k]| Work { m, n, k, numbers }).filter(|work| work.check().is_ok());
    let mut last = Err(Trouble::Wrong("this device has no room for the smallest product".to_owned()));
    for work in works.filter(|work| Matrices::sizes(work, precision).iter().all(|bytes| *bytes <= most)) {
        let matrices = match Matrices::alloc(bench, &work, precision) {
            // What there is no room for is not tried.
            Err(Trouble::Device(DeviceError::OutOfMemory { .. })) if last.is_ok() => return last,
            other => other?,
        };
        let timed = matrices.time(bench, &work, precision);
        matrices.free(bench);
        let ns = timed?;
        last = Ok((work.operations() as f64 / ns as f64, work));
        if ns >= PRODUCT_NS {
            break;
        }
    }
    last
}

/// What a prover needs of a bench: no samples, no sensors, nobody who listens.
pub fn settings(wait_limit_ms: u64) -> Settings {
    Settings { sample_ms: 50, ..Settings::new(crate::engine::Profile::Quick, wait_limit_ms) }
}

pub struct Nobody;

impl Sink for Nobody {
    fn event(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}
