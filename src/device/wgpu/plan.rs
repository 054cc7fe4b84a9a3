//! From an op to dispatches: which windows of which buffers, how many workgroups, what parameters.
//! Owns the cutting of work to binding sizes and time budgets; pure, must not know wgpu's objects.

mod hashing;
mod reread;

use super::format;
use super::shaders::{FmaForm, Kernel, Part, Tile};
use crate::device::draw::Distribution;
use crate::device::op::{Buf, Op, Precision, Shape, StreamKind, fma_multiplier_words, ring_step};

/// No invocation may run more loop iterations: Mesa 22's software driver silently leaves all loops after 65,535.
pub const ITERATIONS_MAX: u64 = 32_768;
/// The portable limit of workgroups in one direction of a dispatch.
const GROUPS_MAX: u64 = 65_535;
/// Binding offsets are multiples of this on every adapter.
const ALIGN: u64 = 256;

/// What bounds a plan.
pub struct Frame<'a> {
    /// The largest binding, in bytes.
    pub binding_bytes: u64,
    /// Work (as [`Op::work`] counts) that one dispatch may hold, so that it ends within its time budget.
    pub dispatch_work: u64,
    /// Workgroups that fill the device several times over.
    pub groups: u64,
    pub buffer_bytes: &'a dyn Fn(Buf) -> u64,
}

/// A bound range of a buffer, in bytes. `at` is a multiple of 256, `bytes` of 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bind {
    pub buf: Buf,
    pub at: u64,
    pub bytes: u64,
}

/// One dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub kernel: Kernel,
    /// Bindings 1, 2, ..; binding 0 holds the counters.
    pub binds: Vec<Bind>,
    pub params: Vec<u32>,
    pub groups: [u32; 2],
    /// As [`Op::work`] counts.
    pub work: u64,
}

/// One execution of an op.
#[derive(Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Run once at the end of a ticket, whatever the repeat.
    pub last: Vec<Step>,
    /// Repeats may run side by side in one dispatch: the op gives the same result each time or only adds up, and
    /// it touches one window, so that repeats do not find windows in caches that one execution would not.
    pub stackable: bool,
}

/// Why an op cannot be planned: a sentence for a person.
pub type Refusal = String;

/// The dispatches of one execution of `op` with `kernel` as the form of its main part.
pub fn plan(op: &Op, kernel: Kernel, frame: &Frame<'_>) -> Result<Plan, Refusal> {
    match *op {
        Op::Fill { dst, words, first_word, seed } => {
            pattern(kernel, dst, words, first_word, seed, None, frame)
        }
        Op::Scan { src, words, first_word, seed, tally } => {
            pattern(kernel, src, words, first_word, seed, Some(tally), frame)
        }
        Op::Flip { dst, word, mask } => Ok(flip(dst, word, mask)),
        Op::Draw { dst, elements, precision, distribution, seed } => {
            draw(dst, elements, precision, distribution, seed, frame)
        }
        Op::Digest { src, rows, row_words, out } => digest(src, rows, row_words, out, frame),
        Op::Stream { kind, a, b, c, elements } => stream(kernel, kind, [a, b, c], elements, frame),
        Op::Reread { src, words, passes, sum } => reread::plan(kernel, src, words, passes, sum, frame),
        Op::Fma { .. } => fma(op, kernel, frame),
        Op::Expand { .. } => hashing::expand(op, kernel, frame),
        Op::Cells { .. } => hashing::cells(op, frame),
        Op::Tree { .. } => hashing::tree(op, frame),
        Op::Mma { .. } | Op::Lend { .. } | Op::Collective { .. } => Err("no such kernel".to_owned()),
        Op::Gemm { shape, a, b, c, .. } => gemm(kernel, shape, [a, b, c], frame),
        Op::Ring { dst, slots, stride_bytes, seed } => ring(dst, slots, stride_bytes, seed, frame),
        Op::Chase { ring, hops, state } => Ok(chase(kernel, ring, hops, state, frame)),
        Op::Census { .. } | Op::Walk { .. } | Op::Copy { .. } => Ok(Plan::default()),
    }
}

/// The window of `buf` that holds the bytes from `from` to `end`, and how far into it `from` lies.
fn window(buf: Buf, from: u64, end: u64) -> (Bind, u64) {
    let at = from / ALIGN * ALIGN;
    let bytes = (end - at).next_multiple_of(16);
    (Bind { buf, at, bytes }, from - at)
}

/// A piece of a range of words: whole tiles or single words, inside one window.
struct Span {
    /// First word of the window, and one past its last.
    window: [u64; 2],
    part: Part,
    /// In tiles or words, from the start of the window.
    first: u64,
    end: u64,
    loops: u64,
    groups: u64,
}

impl Span {
    fn bind(&self, buf: Buf) -> Bind {
        window(buf, self.window[0] * 4, self.window[1] * 4).0
    }

    fn words(&self, tile_words: u64) -> u64 {
        match self.part {
            Part::Tiles => (self.end - self.first) * tile_words,
            Part::Rest => self.end - self.first,
        }
    }

    /// The parameters that all range kernels begin with.
    fn params(&self) -> Vec<u32> {
        vec![self.first as u32, self.end as u32, self.loops as u32]
    }
}

/// Cuts `words` words into windows, at `breaks`, at tiles and into dispatches of at most `dispatch_words`.
fn spans(words: u64, tile_words: u64, breaks: &[u64], dispatch_words: u64, frame: &Frame<'_>) -> Vec<Span> {
    let window_words = (frame.binding_bytes / 4 / tile_words).max(1) * tile_words;
    let mut spans = Vec::new();
    let mut from = 0;
    while from < words {
        let base = from / window_words * window_words;
        let window = [base, words.min(base + window_words)];
        let end = breaks.iter().copied().filter(|b| *b > from).fold(window[1], u64::min);
        let mut push = |part, first, end, loops: u64, groups| {
            spans.push(Span { window, part, first, end, loops, groups });
        };
        let mut rest = |from: u64, end: u64| {
            if from < end {
                push(Part::Rest, from - base, end - base, 1, (end - from).div_ceil(64));
            }
        };
        let (head, tail) = (from.next_multiple_of(tile_words), end / tile_words * tile_words);
        if head >= tail {
            rest(from, end);
        } else {
            rest(from, head);
            rest(tail, end);
            let per_dispatch = (dispatch_words / tile_words).max(1);
            let mut tile = (head - base) / tile_words;
            let last = (tail - base) / tile_words;
            while tile < last {
                let tiles = per_dispatch.min(last - tile);
                let loops = tiles.div_ceil(frame.groups).max(tiles.div_ceil(GROUPS_MAX));
                push(Part::Tiles, tile, tile + tiles, loops, tiles.div_ceil(loops));
                tile += tiles;
            }
        }
        from = end;
    }
    spans
}

/// Whether a range lies in one window and one dispatch of tiles.
fn one_window(spans: &[Span]) -> bool {
    spans.windows(2).all(|pair| pair[0].window == pair[1].window)
        && spans.iter().filter(|s| s.part == Part::Tiles).count() <= 1
}

fn pattern(
    kernel: Kernel,
    buf: Buf,
    words: u64,
    first_word: u64,
    seed: u64,
    tally: Option<Buf>,
    frame: &Frame<'_>,
) -> Result<Plan, Refusal> {
    let (Kernel::Fill(tile, _) | Kernel::Scan(tile, _)) = kernel else {
        return Err("not a pattern kernel".to_owned());
    };
    let tile_words = u64::from(tile.len()) * 4;
    // Where the high half of the pattern's index changes: the kernel has one high half per dispatch.
    let to_break = (1u64 << 32) - (first_word & 0xFFFF_FFFF);
    let breaks: Vec<u64> = (0..).map(|i| to_break + (i << 32)).take_while(|b| *b < words).collect();
    let spans = spans(words, tile_words, &breaks, frame.dispatch_work / 4, frame);
    let stackable = one_window(&spans);
    let steps = spans
        .iter()
        .map(|span| {
            let base = span.window[0];
            let from = match span.part {
                Part::Tiles => span.first * tile_words,
                Part::Rest => span.first,
            };
            let high_half = (first_word.wrapping_add(base + from) >> 32) as u32;
            let mut params = span.params();
            params.push(first_word.wrapping_add(base) as u32);
            params.push(high_half.wrapping_mul(0x85EB_CA77) ^ (seed >> 32) as u32);
            params.push(seed as u32);
            params.extend([base as u32, (base >> 32) as u32]);
            let mut binds = vec![span.bind(buf)];
            binds.extend(tally.map(whole_tally));
            let kernel = match tally {
                Some(_) => Kernel::Scan(tile, span.part),
                None => Kernel::Fill(tile, span.part),
            };
            let work = span.words(tile_words) * 4;
            Step { kernel, binds, params, groups: [span.groups as u32, 1], work }
        })
        .collect();
    let last = tally.map(|tally| Step {
        kernel: Kernel::Fold,
        binds: vec![whole_tally(tally)],
        params: Vec::new(),
        groups: [1, 1],
        work: 0,
    });
    Ok(Plan { steps, last: last.into_iter().collect(), stackable })
}

fn whole_tally(tally: Buf) -> Bind {
    window(tally, 0, crate::device::op::Tally::BYTES as u64).0
}

fn flip(dst: Buf, word: u64, mask: u32) -> Plan {
    let (bind, inside) = window(dst, word * 4, word * 4 + 4);
    let params = vec![(inside / 4) as u32, mask, 0, 0, 0, 0, 0, 0];
    let step = Step { kernel: Kernel::Flip, binds: vec![bind], params, groups: [1, 1], work: 4 };
    Plan { steps: vec![step], last: Vec::new(), stackable: true }
}

fn draw(
    dst: Buf,
    elements: u64,
    precision: Precision,
    distribution: Distribution,
    seed: u64,
    frame: &Frame<'_>,
) -> Result<Plan, Refusal> {
    let format = format::of(precision).map_err(|unsupported| unsupported.why)?;
    let count = u32::try_from(elements)
        .map_err(|_| format!("{elements} elements are more than 2^32 - 1 of one draw"))?;
    let words = (elements * precision.bytes()).div_ceil(4);
    let tile_words = u64::from(Tile::DRAW.len());
    // A last word that is not full is written element by element.
    let full = elements * precision.bytes() / 4;
    let breaks = if full == words { vec![] } else { vec![full] };
    let spans = spans(words, tile_words, &breaks, frame.dispatch_work / 4, frame);
    let stackable = one_window(&spans);
    let [name, magnitude] = distribution.words();
    let steps = spans
        .iter()
        .map(|span| {
            let mut params = span.params();
            params.extend([span.window[0] as u32, count, seed as u32, (seed >> 32) as u32, name, magnitude]);
            let work = span.words(tile_words) * 4;
            let kernel = Kernel::Draw(format, span.part);
            Step { kernel, binds: vec![span.bind(dst)], params, groups: [span.groups as u32, 1], work }
        })
        .collect();
    Ok(Plan { steps, last: Vec::new(), stackable })
}

fn stream(
    kernel: Kernel,
    kind: StreamKind,
    [a, b, c]: [Buf; 3],
    elements: u64,
    frame: &Frame<'_>,
) -> Result<Plan, Refusal> {
    let Kernel::Stream(_, tile, _) = kernel else { return Err("not a stream kernel".to_owned()) };
    let tile_words = u64::from(tile.len()) * 4;
    let spans = spans(elements, tile_words, &[], frame.dispatch_work / (4 * kind.arrays()), frame);
    let stackable = one_window(&spans);
    let steps = spans
        .iter()
        .map(|span| {
            let mut params = span.params();
            params.push(span.window[0] as u32);
            let binds = match kind {
                StreamKind::Read => vec![span.bind(a), window(c, 0, 4).0],
                StreamKind::Write => vec![span.bind(c)],
                StreamKind::Copy | StreamKind::Scale => vec![span.bind(a), span.bind(c)],
                StreamKind::Add | StreamKind::Triad => vec![span.bind(a), span.bind(b), span.bind(c)],
            };
            let work = span.words(tile_words) * 4 * kind.arrays();
            let kernel = Kernel::Stream(kind, tile, span.part);
            Step { kernel, binds, params, groups: [span.groups as u32, 1], work }
        })
        .collect();
    Ok(Plan { steps, last: Vec::new(), stackable })
}

fn fma(op: &Op, kernel: Kernel, frame: &Frame<'_>) -> Result<Plan, Refusal> {
    let (Op::Fma { precision, rounds, lanes, distribution, seed, out, .. }, Kernel::Fma(form)) =
        (*op, kernel)
    else {
        return Err("not a multiply-add kernel".to_owned());
    };
    let FmaForm { unroll, group, .. } = form;
    let (blocks, pairs) = (rounds / unroll, rounds % unroll / 2);
    if u64::from(blocks + pairs) > ITERATIONS_MAX {
        return Err(format!(
            "{rounds} rounds are more than the {ITERATIONS_MAX} loop iterations of {unroll} rounds"
        ));
    }
    let [name, magnitude] = distribution.words();
    let multipliers = fma_multiplier_words(precision, distribution);
    let per_lane = (op.work() / u64::from(lanes.max(1))).max(1);
    let group = u64::from(group);
    let per_dispatch = (frame.dispatch_work / per_lane / group).clamp(1, GROUPS_MAX) * group;
    let result = precision.result_bytes();
    let per_dispatch = per_dispatch.min((frame.binding_bytes / result / group).max(1) * group);
    let mut steps = Vec::new();
    let mut first = 0;
    while first < u64::from(lanes) {
        let end = u64::from(lanes).min(first + per_dispatch);
        let (bind, inside) = window(out, first * result, end * result);
        let origin = first - inside / result;
        let mut params = vec![first as u32, end as u32, origin as u32, blocks, pairs];
        params.extend([seed as u32, (seed >> 32) as u32, name, magnitude]);
        params.extend(multipliers);
        let groups = [(end - first).div_ceil(group) as u32, 1];
        steps.push(Step { kernel, binds: vec![bind], params, groups, work: per_lane * (end - first) });
        first = end;
    }
    Ok(Plan { stackable: steps.len() == 1, steps, last: Vec::new() })
}

fn digest(src: Buf, rows: u64, row_words: u32, out: Buf, frame: &Frame<'_>) -> Result<Plan, Refusal> {
    let row_bytes = u64::from(row_words) * 4;
    if u64::from(row_words).div_ceil(512) > ITERATIONS_MAX - 64 || row_bytes + ALIGN > frame.binding_bytes {
        return Err(format!("a row of {row_words} words is too long for one workgroup and one binding"));
    }
    let fits = ((frame.binding_bytes - ALIGN) / row_bytes.max(8)).max(1);
    let in_time = (frame.dispatch_work / row_bytes.max(1)).max(1);
    let per_dispatch = fits.min(in_time).min(GROUPS_MAX);
    let mut steps = Vec::new();
    let mut first = 0;
    while first < rows {
        let end = rows.min(first + per_dispatch);
        let (from, from_inside) = window(src, first * row_bytes, end * row_bytes);
        let (to, to_inside) = window(out, first * 8, end * 8);
        let params = vec![row_words, (from_inside / 4) as u32, (to_inside / 4) as u32];
        let groups = [(end - first) as u32, 1];
        let work = (end - first) * row_bytes;
        steps.push(Step { kernel: Kernel::Digest, binds: vec![from, to], params, groups, work });
        first = end;
    }
    Ok(Plan { stackable: steps.len() == 1, steps, last: Vec::new() })
}

/// A product and how its kernel cuts it.
struct Product {
    kernel: Kernel,
    precision: Precision,
    /// Rows and columns of a workgroup.
    tile: u64,
    shape: Shape,
    bufs: [Buf; 3],
}

/// Rows and columns of a product whose matrices fit their bindings.
struct Block {
    row: [u64; 2],
    column: [u64; 2],
}

fn gemm(kernel: Kernel, shape: Shape, bufs: [Buf; 3], frame: &Frame<'_>) -> Result<Plan, Refusal> {
    let (precision, tile, step) = if let Kernel::Gemm(form) = kernel {
        (form.format.precision, form.tile(), form.depth * form.format.in_value)
    } else if let Kernel::Coop(form) = kernel {
        (Precision::Fp16, form.tile(), form.unit.side)
    } else {
        return Err("not a matrix kernel".to_owned());
    };
    let [m, n, k] = [shape.m, shape.n, shape.k].map(u64::from);
    if k.div_ceil(u64::from(step)) > ITERATIONS_MAX {
        return Err(format!("k = {k} is more than {ITERATIONS_MAX} steps of {step}"));
    }
    let tile = u64::from(tile);
    let in_row = k * precision.bytes();
    let out_row = n * precision.result_bytes();
    let room = frame.binding_bytes - ALIGN;
    let fit = |bytes: u64, all: u64| {
        let rows = room / bytes.max(1);
        if rows >= all { Some(all) } else { Some(rows / tile * tile).filter(|rows| *rows > 0) }
    };
    let too_big = || format!("{tile} rows of {m} x {n} x {k} do not fit one binding of {room} bytes");
    let rows = fit(in_row.max(out_row), m).ok_or_else(too_big)?;
    let columns = fit(in_row, n).ok_or_else(too_big)?.min(GROUPS_MAX * tile);
    let product = Product { kernel, precision, tile, shape, bufs };
    let mut steps = Vec::new();
    for row in (0..m).step_by(rows.max(1) as usize) {
        for column in (0..n).step_by(columns.max(1) as usize) {
            let block = Block { row: [row, m.min(row + rows)], column: [column, n.min(column + columns)] };
            gemm_block(&mut steps, &product, &block, frame);
        }
    }
    Ok(Plan { stackable: steps.len() == 1, steps, last: Vec::new() })
}

fn gemm_block(steps: &mut Vec<Step>, product: &Product, block: &Block, frame: &Frame<'_>) {
    let Product { kernel, precision, tile, shape, bufs: [a, b, c] } = *product;
    let (bytes, result) = (precision.bytes(), precision.result_bytes());
    let [n, k] = [shape.n, shape.k].map(u64::from);
    let [row, row_end] = block.row;
    let [column, column_end] = block.column;
    let (from_a, inside_a) = window(a, row * k * bytes, row_end * k * bytes);
    let (from_b, inside_b) = window(b, column * k * bytes, column_end * k * bytes);
    let (to, inside_c) = window(c, row * n * result, row_end * n * result);
    let (rows, columns) = (row_end - row, column_end - column);
    let tile_rows = rows.div_ceil(tile);
    let per_row = 2 * tile * columns * k;
    let per_dispatch = (frame.dispatch_work / per_row.max(1)).clamp(1, GROUPS_MAX);
    for first in (0..tile_rows).step_by(per_dispatch as usize) {
        let end = tile_rows.min(first + per_dispatch);
        let c_at = inside_c / result + column;
        let at = [inside_a / bytes, inside_b / bytes, c_at, n].map(|v| v as u32);
        let mut params = vec![rows as u32, columns as u32, shape.k, first as u32];
        params.extend(at);
        let groups = [columns.div_ceil(tile) as u32, (end - first) as u32];
        steps.push(Step {
            kernel,
            binds: vec![from_a, from_b, to],
            params,
            groups,
            work: per_row * (end - first),
        });
    }
}

fn ring(dst: Buf, slots: u32, stride_bytes: u32, seed: u64, frame: &Frame<'_>) -> Result<Plan, Refusal> {
    let (a, c) = ring_step(seed);
    let stride = u64::from(stride_bytes);
    let per_dispatch = ((frame.binding_bytes - ALIGN) / stride).clamp(1, GROUPS_MAX * 64);
    let mut steps = Vec::new();
    for first in (0..u64::from(slots)).step_by(per_dispatch as usize) {
        let end = u64::from(slots).min(first + per_dispatch);
        let (bind, inside) = window(dst, first * stride, (end - 1) * stride + 4);
        let params = vec![first as u32, end as u32, (inside / 4) as u32, stride_bytes / 4, slots - 1, a, c];
        let groups = [(end - first).div_ceil(64) as u32, 1];
        steps.push(Step {
            kernel: Kernel::Ring,
            binds: vec![bind],
            params,
            groups,
            work: (end - first) * stride,
        });
    }
    Ok(Plan { stackable: steps.len() == 1, steps, last: Vec::new() })
}

/// Words of one window of a ring: the largest power of two that one binding holds.
pub fn ring_shift(binding_bytes: u64) -> u32 {
    (binding_bytes / 4).ilog2().min(29)
}

/// Windows that a ring of `bytes` needs.
pub fn ring_windows(bytes: u64, binding_bytes: u64) -> u64 {
    (bytes / 4).div_ceil(1 << ring_shift(binding_bytes)).max(1)
}

fn chase(kernel: Kernel, ring: Buf, hops: u32, state: Buf, frame: &Frame<'_>) -> Plan {
    let bytes = (frame.buffer_bytes)(ring);
    let shift = ring_shift(frame.binding_bytes);
    let window_bytes = 4u64 << shift;
    let mut binds = vec![window(state, 0, 4).0];
    for i in 0..ring_windows(bytes, frame.binding_bytes) {
        binds.push(window(ring, i * window_bytes, bytes.min((i + 1) * window_bytes)).0);
    }
    let per_dispatch = (frame.dispatch_work / 16).clamp(1, ITERATIONS_MAX - 16) * 16;
    let mut steps = Vec::new();
    let mut left = u64::from(hops);
    while left > 0 {
        let hops = left.min(per_dispatch);
        let params = vec![(hops / 16) as u32, (hops % 16) as u32, shift];
        steps.push(Step { kernel, binds: binds.clone(), params, groups: [1, 1], work: hops });
        left -= hops;
    }
    Plan { steps, last: Vec::new(), stackable: false }
}
