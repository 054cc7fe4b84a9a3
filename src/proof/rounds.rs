//! The rounds of one GPU: draw a matrix, multiply, hash the result; and later show rows of it.
//! Owns the choice of the work and its order on the device; must not know who asks.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use super::schedule::{Ask, Schedule};
use super::wire::Frame;
use super::work::{Numbers, Seeds, Work, before};
use crate::device::op::{Precision, Shape};
use crate::device::{Buf, DeviceError, Op, ProvenanceKind, Ticket};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::{Settings, Trouble};
use crate::evidence::event::{Event, Sink};

/// Products by size. The larger, the less of the time goes into what is not the product.
const LADDER: [[u32; 3]; 7] = [
    [256, 256, 512],
    [512, 512, 1024],
    [1024, 1024, 2048],
    [2048, 2048, 4096],
    [4096, 4096, 4096],
    [4096, 4096, 16384],
    [16384, 4096, 16384],
];
/// So long should a product take at least.
const PRODUCT_NS: u64 = 5_000_000;
/// What simulated devices compute, which they do word by word.
const SIMULATED: [u32; 3] = [16, 256, 64];
/// In what to compute, where several are equally fast.
const CANDIDATES: [Precision; 4] = [Precision::Int8, Precision::Fp16, Precision::Bf16, Precision::Fp32];

/// A device with its work chosen, and the memory for it.
pub struct Rounds<'a> {
    bench: Bench<'a>,
    work: Work,
    precision: Precision,
    buffers: Buffers,
    product: Tuned,
    tree: Tuned,
}

#[derive(Clone, Copy)]
struct Buffers {
    a: Buf,
    b: Buf,
    c: Buf,
    nodes: Buf,
}

impl<'a> Rounds<'a> {
    /// Chooses what this device multiplies fastest, as far as it is exact.
    pub fn choose(mut bench: Bench<'a>) -> Result<Self, Trouble> {
        let mut best: Option<(f64, Work, Precision)> = None;
        let mut refused = None;
        for precision in CANDIDATES {
            match trial(&mut bench, precision) {
                Ok((rate, work)) if best.is_none_or(|(fastest, ..)| rate > fastest) => {
                    best = Some((rate, work, precision));
                }
                Ok(_) => {}
                Err(Trouble::Unsupported(why)) => refused = Some(Trouble::Unsupported(why)),
                Err(trouble) => return Err(trouble),
            }
        }
        let nothing = || Trouble::Wrong("no number format to prove work in".to_owned());
        let (_, work, precision) = best.ok_or_else(|| refused.unwrap_or_else(nothing))?;
        let buffers = Buffers::alloc(&mut bench, &work, precision)?;
        let forms = bench.forms(&buffers.product(&work, precision));
        let product = bench.tune(forms)?;
        let forms = bench.forms(&buffers.tree(&work));
        let tree = bench.tune(forms)?;
        Ok(Self { bench, work, precision, buffers, product, tree })
    }

    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Computes rounds until `stopped`, at least one, two steps always queued. The commitment of each goes to `committed`.
    pub fn run(
        &mut self,
        seeds: &Seeds,
        stopped: &dyn Fn() -> bool,
        committed: &mut dyn FnMut(u32, [u8; 32]),
    ) -> Result<Vec<[u8; 32]>, Trouble> {
        self.draw_b(seeds)?;
        let mut roots: Vec<[u8; 32]> = Vec::new();
        let mut waiting: VecDeque<(Tuned, Ticket)> = VecDeque::new();
        let (mut round, mut step) = (0, 0);
        loop {
            while waiting.len() < 2 && (step > 0 || round == 0 || !stopped()) {
                let form = match step {
                    // Two steps in flight: what round - LAG committed is known by now.
                    0 => self.bench.any_form(&self.draw_a(&seeds.a(round, &before(&roots, round))))?,
                    1 => self.product.clone(),
                    _ => self.tree.clone(),
                };
                let ticket = self.bench.start(&form)?;
                waiting.push_back((form, ticket));
                (round, step) = if step == 2 { (round + 1, 0) } else { (round, step + 1) };
            }
            let Some((form, ticket)) = waiting.pop_front() else { return Ok(roots) };
            self.bench.finish(&form, ticket)?;
            if matches!(form.op, Op::Tree { .. }) {
                let root = self.root()?;
                committed(roots.len() as u32, root);
                roots.push(root);
            }
        }
    }

    /// Shows the rows that `ask` stands for, computing their products again.
    pub fn answer(
        &mut self,
        (gpu, seeds): (u16, &Seeds),
        roots: &[[u8; 32]],
        (ask, openings): (&[u8; 32], u32),
        shown: &mut dyn FnMut(Frame),
    ) -> Result<(), Trouble> {
        let ask = Ask { seed: ask, gpu: u32::from(gpu), count: openings };
        let [asked, _] = Schedule::new(None).questions(&ask, roots.len() as u32, self.work.m, 0);
        let mut by_round: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        for (question, asked) in (0..).zip(asked) {
            by_round.entry(asked.round).or_default().push((question, asked.row));
        }
        for (round, rows) in by_round {
            self.again(seeds, roots, round)?;
            let nodes = self.nodes()?;
            for (question, row) in rows {
                let bytes = self.work.row_bytes() as u64;
                let content = self.bench.read(self.buffers.c, u64::from(row) * bytes, bytes)?;
                shown(Frame::Row { gpu, question, path: path(&nodes, self.work.m, row), row: content });
            }
        }
        Ok(())
    }

    /// Computes a round as it was computed before.
    fn again(&mut self, seeds: &Seeds, roots: &[[u8; 32]], round: u32) -> Result<(), Trouble> {
        self.bench.once(&self.draw_a(&seeds.a(round, &before(roots, round))))?;
        for form in [self.product.clone(), self.tree.clone()] {
            self.bench.run(&form, 1)?;
        }
        match roots.get(round as usize) {
            Some(root) if *root == self.root()? => Ok(()),
            Some(_) | None => Err(Trouble::Wrong(format!(
                "round {round} gives another result than before: this device computes wrong now and then"
            ))),
        }
    }

    fn draw_a(&self, key: &[u8; 32]) -> Op {
        self.draw(self.buffers.a, self.work.m, key)
    }

    fn draw_b(&mut self, seeds: &Seeds) -> Result<(), Trouble> {
        self.bench.once(&self.draw(self.buffers.b, self.work.n, &seeds.b())).map(drop)
    }

    fn draw(&self, dst: Buf, rows: u32, key: &[u8; 32]) -> Op {
        let elements = u64::from(rows) * u64::from(self.work.k);
        expand(dst, elements, self.precision, self.work.numbers, key)
    }

    fn root(&mut self) -> Result<[u8; 32], Trouble> {
        let last = (2 * chunks(&self.work) - 2) * NODE;
        let bytes = self.bench.read(self.buffers.nodes, last, NODE)?;
        Ok(bytes.try_into().unwrap_or_default())
    }

    /// The chaining values of all rows, then of their parents, level by level, up to the root.
    fn nodes(&mut self) -> Result<Vec<[u8; 32]>, Trouble> {
        let count = 2 * u64::from(self.work.m) - 1;
        let first = 2 * chunks(&self.work) - 1 - count;
        let bytes = self.bench.read(self.buffers.nodes, first * NODE, count * NODE)?;
        Ok(bytes.as_chunks().0.to_vec())
    }
}

/// Bytes of a chaining value.
const NODE: u64 = 32;

/// How many chunks of 1024 bytes a C has.
fn chunks(work: &Work) -> u64 {
    u64::from(work.m) * work.row_bytes() as u64 / 1024
}

/// The nodes beside the path from a row to the root, lowest first.
fn path(nodes: &[[u8; 32]], m: u32, row: u32) -> Vec<[u8; 32]> {
    let (mut first, mut width, mut at) = (0, m as usize, row as usize);
    let mut path = Vec::new();
    while width > 1 {
        path.extend(nodes.get(first + (at ^ 1)));
        (first, width, at) = (first + width, width / 2, at / 2);
    }
    path
}

fn expand(dst: Buf, elements: u64, precision: Precision, numbers: Numbers, key: &[u8; 32]) -> Op {
    let (words, _) = key.as_chunks::<4>();
    let key = std::array::from_fn(|i| words.get(i).map_or(0, |word| u32::from_le_bytes(*word)));
    Op::Expand { dst, elements, precision, bits: numbers.bits(), key }
}

/// How entries of a format are added up.
fn numbers(precision: Precision) -> Numbers {
    if precision == Precision::Int8 { Numbers::Int32 } else { Numbers::Fp32 }
}

fn sized(bench: &Bench, [m, n, k]: [u32; 3], precision: Precision) -> Option<Work> {
    let work = Work { m, n, k, numbers: numbers(precision) };
    let largest = Buffers::sizes(&work, precision).into_iter().max();
    largest.is_some_and(|bytes| bytes <= bench.identity().buffer_bytes_max).then_some(work)
}

/// How fast this device multiplies in a format, in operations per nanosecond, and at which size.
fn trial(bench: &mut Bench, precision: Precision) -> Result<(f64, Work), Trouble> {
    let simulated = bench.identity().provenance.kind() == ProvenanceKind::Simulated;
    let sizes = if simulated { vec![SIMULATED] } else { LADDER.to_vec() };
    let works: Vec<Work> = sizes.into_iter().filter_map(|size| sized(bench, size, precision)).collect();
    let mut last = Err(Trouble::Wrong("this device has no room for the smallest product".to_owned()));
    for work in works {
        let buffers = match Buffers::alloc(bench, &work, precision) {
            // What there is no room for is not tried.
            Err(Trouble::Device(DeviceError::OutOfMemory { .. })) if last.is_ok() => return last,
            other => other?,
        };
        let timed = buffers.time(bench, &work, precision);
        buffers.free(bench);
        let ns = timed?;
        last = Ok((work.operations() as f64 / ns as f64, work));
        if ns >= PRODUCT_NS {
            break;
        }
    }
    last
}

impl Buffers {
    /// Of A, B, C and the hash tree, in bytes.
    fn sizes(work: &Work, precision: Precision) -> [u64; 4] {
        let area = |rows: u32, columns: u32| u64::from(rows) * u64::from(columns);
        let inputs = [work.m, work.n].map(|rows| area(rows, work.k) * precision.bytes());
        [inputs[0], inputs[1], area(work.m, work.n) * 4, (2 * chunks(work) - 1) * NODE]
    }

    fn alloc(bench: &mut Bench, work: &Work, precision: Precision) -> Result<Self, Trouble> {
        let none = Buffers { a: Buf::NONE, b: Buf::NONE, c: Buf::NONE, nodes: Buf::NONE };
        let zero = expand(Buf::NONE, 64, precision, work.numbers, &[0; 32]);
        for op in [zero, none.product(work, precision), none.tree(work)] {
            bench.supports(&op)?;
        }
        let [a, b, c, nodes] = Self::sizes(work, precision);
        Ok(Self { a: bench.alloc(a)?, b: bench.alloc(b)?, c: bench.alloc(c)?, nodes: bench.alloc(nodes)? })
    }

    fn free(self, bench: &mut Bench) {
        for buf in [self.a, self.b, self.c, self.nodes] {
            bench.free(buf);
        }
    }

    fn product(&self, work: &Work, precision: Precision) -> Op {
        let shape = Shape { m: work.m, n: work.n, k: work.k };
        Op::Gemm { precision, shape, a: self.a, b: self.b, c: self.c }
    }

    fn tree(&self, work: &Work) -> Op {
        Op::Tree { src: self.c, chunks: chunks(work), out: self.nodes }
    }

    /// The best form of the product, in nanoseconds.
    fn time(&self, bench: &mut Bench, work: &Work, precision: Precision) -> Result<u64, Trouble> {
        for (dst, rows) in [(self.a, work.m), (self.b, work.n)] {
            let elements = u64::from(rows) * u64::from(work.k);
            bench.once(&expand(dst, elements, precision, work.numbers, &[1; 32]))?;
        }
        let forms = bench.forms(&self.product(work, precision));
        let form = bench.tune(forms)?;
        let sample = bench.run(&form, 1)?;
        Ok(sample.device_ns.unwrap_or(sample.host_ns).max(1))
    }
}

/// What a prover needs of a bench: no samples, no sensors, nobody who listens.
pub fn settings(wait_limit_ms: u64) -> Settings {
    Settings {
        profile: crate::engine::Profile::Quick,
        probes: Vec::new(),
        sample_ms: 50,
        sustain_ms: 0,
        begun: None,
        contracted_bytes: None,
        seed: 0,
        demands: Vec::new(),
        wait_limit_ms,
    }
}

pub struct Nobody;

impl Sink for Nobody {
    fn event(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}
