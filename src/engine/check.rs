//! Is what the device computed right? Exact comparison with the reference, canaries, digests, sampled elements.
//! Owns the comparisons; must not know timing or contracts.

use std::ops::Range;

use super::Trouble;
use super::bench::{Bench, Sampled, Tuned};
use crate::device::draw;
use crate::device::op::{Precision, Shape, TILE_STEPS, Tally, TileShape};
use crate::device::reference::{self, DrawnInputs, Memory};
use crate::device::{Buf, Op};
use crate::evidence::{Canary, Check, Sample};

type Program<'a> = dyn Fn(&[Buf]) -> (Vec<Op>, Op) + 'a;

/// A small computation that the reference runs as well.
pub struct Trial<'a> {
    /// Sizes of the buffers it uses, in bytes. They start zeroed.
    pub bytes: &'a [u64],
    /// From the buffers: what prepares them, and the op under trial.
    pub program: &'a Program<'a>,
    /// Which buffer holds the result.
    pub output: usize,
}

/// Runs `trial` on the device, in launch form `index`, and on the reference; both must agree in every word. Then plants a flipped
/// bit in the device's result, which the same comparison must notice.
pub fn exact(bench: &mut Bench, trial: &Trial, index: usize) -> Result<Check, Trouble> {
    let mut buffers = Vec::new();
    let mut memory = Memory::default();
    for bytes in trial.bytes {
        let buf = bench.alloc(*bytes)?;
        let zeros = vec![0; *bytes as usize];
        bench.write(buf, 0, &zeros)?;
        memory.put(buf, zeros);
        buffers.push(buf);
    }
    let (setup, op) = (trial.program)(&buffers);
    for step in &setup {
        bench.once(step)?;
        memory.execute(step);
    }
    let form = form_at(bench, &op, index)?;
    bench.run(&form, 1)?;
    memory.execute(&op);
    let output = buffers[trial.output];
    let bytes = trial.bytes[trial.output];
    compare(&op, &bench.read(output, 0, bytes)?, memory.get(output))?;

    let words = bytes / 4;
    bench.once(&Op::Flip { dst: output, word: words / 2, mask: 1 << 12 })?;
    let canary = match compare(&op, &bench.read(output, 0, bytes)?, memory.get(output)) {
        Err(_) => Canary::Caught,
        Ok(()) => Canary::Missed,
    };
    for buf in buffers {
        bench.free(buf);
    }
    Ok(Check::Matched { exact: words, sampled: 0, canary })
}

fn form_at(bench: &Bench, op: &Op, index: usize) -> Result<Tuned, Trouble> {
    bench.supports(op)?;
    bench
        .forms(op)
        .into_iter()
        .nth(index)
        .ok_or_else(|| Trouble::Wrong(format!("the backend has no launch form {index} for {}", op.name())))
}

fn compare(op: &Op, got: &[u8], expected: &[u8]) -> Result<(), Trouble> {
    let differing = got.chunks_exact(4).zip(expected.chunks_exact(4)).position(|(g, e)| g != e);
    match differing {
        None if got.len() == expected.len() => Ok(()),
        None => Err(Trouble::Wrong(format!("the result of {} has the wrong length", op.name()))),
        Some(word) => {
            let at = word * 4;
            Err(Trouble::Wrong(format!(
                "the result of {} is wrong at word {word}: expected {}, got {}",
                op.name(),
                hex::encode(&expected[at..at + 4]),
                hex::encode(&got[at..at + 4])
            )))
        }
    }
}

/// Both checks hold, or neither counts: one that was wrong, or blind, is so of both.
pub fn joined(first: Check, second: Check) -> Check {
    let blind = |one: Canary, other: Canary| if one == Canary::Missed { one } else { other };
    match (first, second) {
        (wrong @ Check::Wrong { .. }, _) | (_, wrong @ Check::Wrong { .. }) => wrong,
        (
            Check::Matched { exact, sampled, canary },
            Check::Matched { exact: more, sampled: more_sampled, canary: other },
        ) => Check::Matched {
            exact: exact + more,
            sampled: sampled + more_sampled,
            canary: blind(canary, other),
        },
        (Check::Scanned { tally, canary }, Check::Matched { canary: other, .. })
        | (Check::Matched { canary: other, .. }, Check::Scanned { tally, canary }) => {
            Check::Scanned { tally, canary: blind(canary, other) }
        }
        (Check::Scanned { mut tally, canary }, Check::Scanned { tally: more, canary: other }) => {
            tally.absorb(&more, 0);
            Check::Scanned { tally, canary: blind(canary, other) }
        }
    }
}

/// Samples of work that gave the same result every time.
pub struct Steady {
    pub sampled: Sampled,
    /// Of the result.
    pub digest: Vec<u8>,
    /// Whether the digest has shown that it sees a flipped bit.
    pub canary: Canary,
}

/// Samples `form`, whose result lies in the first `bytes` of `result`, and compares the result before with the one after.
pub fn steady(bench: &mut Bench, form: &Tuned, result: Buf, bytes: u64) -> Result<Steady, Trouble> {
    bench.run(form, 1)?;
    let before = digest(bench, result, bytes)?;
    let sampled = bench.sample(form)?;
    same_digest(&form.op, &before, &digest(bench, result, bytes)?)?;
    let flip = Op::Flip { dst: result, word: bytes / 8, mask: 1 << 20 };
    bench.once(&flip)?;
    let seen = digest(bench, result, bytes)? != before;
    bench.once(&flip)?;
    let canary = if seen { Canary::Caught } else { Canary::Missed };
    Ok(Steady { sampled, digest: before, canary })
}

/// `other`, which is work whose digest is `before` but on other data, must give another result: an old one would show.
pub fn remembers_nothing(
    bench: &mut Bench,
    other: &Tuned,
    result: Buf,
    bytes: u64,
    before: &[u8],
) -> Result<(), Trouble> {
    bench.run(other, 1)?;
    if digest(bench, result, bytes)? == before {
        return Err(Trouble::Wrong("other data gave the same result: it is an old one".to_owned()));
    }
    Ok(())
}

/// Over a result that was spoilt the same work must give the right one again: where nobody counts the work, this shows that it is not left
/// out when nothing has changed.
pub fn does_it_again(
    bench: &mut Bench,
    form: &Tuned,
    result: Buf,
    bytes: u64,
    before: &[u8],
) -> Result<(), Trouble> {
    bench.once(&Op::Flip { dst: result, word: bytes / 8, mask: 1 << 20 })?;
    bench.run(form, 1)?;
    same_digest(&form.op, before, &digest(bench, result, bytes)?)
}

/// Words of a block that has a digest of its own.
pub const DIGEST_WORDS: u32 = 16_384;

/// A digest of `bytes` of `src`, computed on the device: equal results have equal digests.
pub fn digest(bench: &mut Bench, src: Buf, bytes: u64) -> Result<Vec<u8>, Trouble> {
    let words = bytes / 4;
    let row_words = DIGEST_WORDS.min(words as u32);
    let rows = words / u64::from(row_words);
    let out = bench.alloc(rows * 8)?;
    bench.once(&Op::Digest { src, rows, row_words, out })?;
    let digest = bench.read(out, 0, rows * 8)?;
    bench.free(out);
    Ok(digest)
}

/// Fails where a result changed between two runs of the same work.
fn same_digest(op: &Op, before: &[u8], after: &[u8]) -> Result<(), Trouble> {
    match before.chunks_exact(8).zip(after.chunks_exact(8)).position(|(b, a)| b != a) {
        None => Ok(()),
        Some(row) => Err(Trouble::Wrong(format!(
            "repeating {} gave another result: the digest of block {row} changed",
            op.name()
        ))),
    }
}

/// Scans `words` of `src` for the pattern of `seed` from `first_word` on.
pub fn scan(bench: &mut Bench, src: Buf, words: u64, first_word: u64, seed: u64) -> Result<Tally, Trouble> {
    let tally = bench.alloc(Tally::BYTES as u64)?;
    let form = bench.any_form(&Op::Scan { src, words, first_word, seed, tally })?;
    let (_, found) = scan_with(bench, &form, tally, words)?;
    bench.free(tally);
    Ok(found)
}

/// One scan by `form`, with a tally that is there already: where memory is full there is no room for one.
pub fn scan_with(
    bench: &mut Bench,
    form: &Tuned,
    tally: Buf,
    words: u64,
) -> Result<(Sample, Tally), Trouble> {
    bench.write(tally, 0, &[0; Tally::BYTES])?;
    let sample = bench.run(form, 1)?;
    Ok((sample, read_tally(bench, tally, words)?))
}

/// What one scan of `words` found. One that did not look at all of them is no scan.
fn read_tally(bench: &mut Bench, tally: Buf, words: u64) -> Result<Tally, Trouble> {
    let mut bytes = [0; Tally::BYTES];
    bytes.copy_from_slice(&bench.read(tally, 0, Tally::BYTES as u64)?);
    let found = Tally::decode(&bytes);
    if found.words_checked == words {
        Ok(found)
    } else {
        Err(Trouble::Wrong(format!("the scan looked at {} of {words} words", found.words_checked)))
    }
}

/// Checks that `words` of `src` hold the pattern of `seed`, and that a planted flip would have been seen.
pub fn holds_pattern(bench: &mut Bench, op: &Op, src: Buf, words: u64, seed: u64) -> Result<Check, Trouble> {
    let found = scan(bench, src, words, 0, seed)?;
    if found.words_wrong > 0 {
        let first = found.examples.first();
        let first =
            first.map_or(String::new(), |example| format!(", the first seen at word {}", example.word));
        let (wrong, name) = (found.words_wrong, op.name());
        return Err(Trouble::Wrong(format!("{wrong} of {words} words are wrong after {name}{first}")));
    }
    let canary = planted_flip(bench, src, words, 0, seed)?;
    Ok(Check::Matched { exact: words, sampled: 0, canary })
}

/// Flips one bit in the middle, scans, and flips it back: only exactly that error may be reported.
pub fn planted_flip(
    bench: &mut Bench,
    src: Buf,
    words: u64,
    first_word: u64,
    seed: u64,
) -> Result<Canary, Trouble> {
    let flip = Op::Flip { dst: src, word: words / 2, mask: 1 << 20 };
    bench.once(&flip)?;
    let seen = scan(bench, src, words, first_word, seed)?;
    bench.once(&flip)?;
    let caught = seen.words_wrong == 1 && seen.examples.first().is_some_and(|e| e.word == words / 2);
    Ok(if caught { Canary::Caught } else { Canary::Missed })
}

/// Compares rows of a GEMM result with the exact sums of products of what was drawn: bit for bit on integers, else within the forward
/// error bound `(k + 2) u sum|a||b|` of any order of summation (N. Higham, Accuracy and Stability of Numerical
/// Algorithms, section 3.5). Returns how many elements were compared.
pub fn gemm_rows(
    bench: &mut Bench,
    precision: Precision,
    shape: Shape,
    c: Buf,
    inputs: &DrawnInputs,
    rows: &[u32],
) -> Result<u64, Trouble> {
    let expected = exact_rows(precision, shape, inputs, rows);
    let row_bytes = u64::from(shape.n) * precision.result_bytes();
    for (row, expected) in rows.iter().zip(&expected) {
        let got = bench.read(c, u64::from(*row) * row_bytes, row_bytes)?;
        let got =
            got.chunks_exact(precision.result_bytes() as usize).map(|bytes| result_value(precision, bytes));
        for (column, (got, (value, magnitude))) in got.zip(expected).enumerate() {
            let bound = match inputs.distribution {
                draw::Distribution::Integers { .. } => 0.0,
                draw::Distribution::Normal | draw::Distribution::Wide => {
                    f64::from(shape.k + 2) * roundoff(precision) * magnitude
                }
            };
            let error = (got - value).abs();
            if error > bound || error.is_nan() {
                return Err(Trouble::Wrong(format!(
                    "the product is wrong at row {row}, column {column}: expected {value} within {bound:e}, got {got}"
                )));
            }
        }
    }
    Ok(rows.len() as u64 * u64::from(shape.n))
}

/// What tiles of [`Op::Mma`] were drawn from and how often they turned.
#[derive(Clone, Copy, Debug)]
pub struct Turned {
    pub shape: TileShape,
    pub precision: Precision,
    pub turns: u32,
    pub distribution: draw::Distribution,
    pub seed: u64,
}

/// Compares tiles with the reference: bit for bit on integers, else the results of their only turn within the error bound
/// that [`gemm_rows`] has. Returns how many results were compared.
pub fn mma_tiles(bench: &mut Bench, turned: Turned, out: Buf, tiles: &[u32]) -> Result<u64, Trouble> {
    let Turned { shape, precision, turns, distribution, seed } = turned;
    let width = precision.result_bytes();
    let bytes = u64::from(shape.results()) * width;
    for tile in tiles {
        let got = bench.read(out, u64::from(*tile) * bytes, bytes)?;
        let got = got.chunks_exact(width as usize).map(|bytes| result_value(precision, bytes));
        let expected: Vec<(f64, f64)> = match distribution {
            draw::Distribution::Integers { .. } => {
                let bits =
                    reference::mma_tile(shape, precision, turns, distribution, seed, *tile).into_iter();
                bits.map(|bits| (result_value(precision, &bits.to_le_bytes()[..width as usize]), 0.0))
                    .collect()
            }
            draw::Distribution::Normal | draw::Distribution::Wide => {
                reference::mma_first_turn(shape, precision, distribution, seed, *tile)
            }
        };
        for (place, (got, (value, magnitude))) in got.zip(expected).enumerate() {
            let bound = tile_bound(precision) * magnitude;
            let error = (got - value).abs();
            if error > bound || error.is_nan() {
                return Err(Trouble::Wrong(format!(
                    "tile {tile} of the tensor units is wrong at result {place}: expected {value} within {bound:e}, got {got}"
                )));
            }
        }
    }
    Ok(tiles.len() as u64 * u64::from(shape.results()))
}

/// What a tile's sums may be off after one turn, in parts of the sum of magnitudes. In FP8 the units of Ada and Hopper keep sums short: of
/// every product of a step, and of the sum so far, that is lost which lies below 13 binary places of the largest among them. A tile
/// repeats its operands, so that the losses have one sign and add up; allowed is more than twice the most that a model of such units
/// loses on data as it is timed. A step left out of the 64 changes no sum by more, and does not show on random data in FP8: that none is
/// missing the exact phase shows, whose sums such units keep whole.
fn tile_bound(precision: Precision) -> f64 {
    let depth = precision.tile_depth();
    let kept = match precision {
        Precision::Fp8E4m3 | Precision::Fp8E5m2 => 4.0 * 0.5f64.powi(13) / f64::from(depth),
        Precision::Fp64
        | Precision::Fp32
        | Precision::Tf32
        | Precision::Fp16
        | Precision::Bf16
        | Precision::Int32
        | Precision::Int8 => 0.0,
    };
    f64::from(TILE_STEPS * depth + 2) * roundoff(precision).max(kept)
}

/// For each row the exact elements, and the sums of magnitudes that bound their rounding.
fn exact_rows(
    precision: Precision,
    shape: Shape,
    inputs: &DrawnInputs,
    rows: &[u32],
) -> Vec<Vec<(f64, f64)>> {
    let k = u64::from(shape.k);
    let value =
        |seed, i| reference::element(precision, draw::value_bits(precision, inputs.distribution, seed, i));
    let a: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| (0..k).map(|i| value(inputs.seed_a, u64::from(*row) * k + i)).collect())
        .collect();
    let part = |columns: Range<u64>| {
        let mut results = vec![Vec::new(); rows.len()];
        for column in columns {
            let b: Vec<f64> = (0..k).map(|i| value(inputs.seed_b, column * k + i)).collect();
            for (row, result) in a.iter().zip(&mut results) {
                result.push(row.iter().zip(&b).fold((0.0, 0.0), |(sum, magnitude), (a, b)| {
                    let product = a * b;
                    (sum + product, magnitude + product.abs())
                }));
            }
        }
        results
    };
    in_parts(u64::from(shape.n), &part).into_iter().fold(vec![Vec::new(); rows.len()], |mut all, part| {
        all.iter_mut().zip(part).for_each(|(row, more): (&mut Vec<_>, Vec<_>)| row.extend(more));
        all
    })
}

/// What `work` makes of consecutive parts of `0..count`, a part for each CPU: drawing a matrix again takes one of them
/// seconds.
pub(super) fn in_parts<T: Send>(count: u64, work: &(dyn Fn(Range<u64>) -> T + Sync)) -> Vec<T> {
    let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64);
    let each = count.div_ceil(cpus).max(1);
    std::thread::scope(|scope| {
        let parts = (0..count).step_by(each as usize).map(|from| from..count.min(from + each));
        let spawn = |part: Range<u64>| {
            let elsewhere = part.clone();
            let running = std::thread::Builder::new().spawn_scoped(scope, move || work(elsewhere));
            running.map_err(|_| part)
        };
        let running: Vec<_> = parts.map(spawn).collect();
        let done = running.into_iter().map(|part| match part {
            Ok(running) => running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // Where there can be no more threads, here.
            Err(part) => work(part),
        });
        done.collect()
    })
}

pub(super) fn result_value(precision: Precision, bytes: &[u8]) -> f64 {
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    let bits = u64::from_le_bytes(wide);
    if precision == Precision::Fp64 {
        f64::from_bits(bits)
    } else if precision.is_float() {
        f64::from(f32::from_bits(bits as u32))
    } else {
        f64::from(bits as u32 as i32)
    }
}

/// Unit roundoff of the format that sums are kept in. The exact sums are themselves FP64.
fn roundoff(precision: Precision) -> f64 {
    if precision == Precision::Fp64 {
        f64::EPSILON
    } else if precision.is_float() {
        f64::from(f32::EPSILON) / 2.0
    } else {
        0.0
    }
}

#[cfg(test)]
pub(super) mod tests;
