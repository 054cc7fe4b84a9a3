//! Matrix products without end: each result is digested on the device and compared with the first, which was checked.
//! Owns the ring of results that lets the device go on while earlier ones are compared, and the search for the wrong word.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::super::gemm;
use super::super::{by, sized, spare_bytes};
use super::watch::{During, Watch};
use crate::device::op::{Maker, Precision, Shape};
use crate::device::{Buf, Identity, Op};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::queue::{Finished, Queue};
use crate::engine::{Begun, Settings, Trouble};
use crate::evidence::metric::MetricName;
use crate::evidence::sustain::{Fault, Load, SUSTAINED, USUAL, rate_of};
use crate::evidence::{Canary, Check, Conditions, Sample};

/// Results that are kept until they were compared.
const RING: usize = 4;
/// Wrong rows of one product that are looked at word by word.
const ROWS_SEARCHED: usize = 4;

pub struct Products {
    precision: Precision,
    shape: Shape,
    check: Check,
    conditions: Conditions,
    ring: Vec<Slot>,
    queue: Queue,
    /// The digest of each row of a right result, and the digest of these.
    rows: Vec<u8>,
    digest: Vec<u8>,
    /// The product that these are of.
    first: Sample,
}

/// One result on its way: what makes it, and what is left of it to compare.
struct Slot {
    c: Buf,
    rows: Buf,
    digest: Buf,
    steps: [Tuned; 3],
}

impl Products {
    /// Chooses the format in which this device multiplies fastest, of those that the contract names if it has any, or what it
    /// multiplied when the run broke off, and checks its product thoroughly.
    pub fn prepare(bench: &mut Bench, identity: &Identity, settings: &Settings) -> Result<Self, Trouble> {
        let (precision, sizes) = match &settings.begun {
            Some(begun) => taken_up(begun)?,
            None => {
                let precision = chosen(bench, identity, &settings.loads)?;
                (precision, sizes(identity, precision))
            }
        };
        let checked = gemm::checked(bench, (Maker::Ours, precision), settings.seed, &sizes)?;
        let gemm::Checked { product, form, check, distribution } = checked;
        let shape = product.shape;
        let size = sized(format!("{}x{}x{}", shape.m, shape.n, shape.k));
        let conditions = by(&form, Conditions { distribution: Some(distribution), ..size });
        let mut ring = vec![slot(bench, &product, &form, product.c)?];
        for _ in 1..RING {
            let c = bench.alloc(product.result_bytes())?;
            ring.push(slot(bench, &product, &form, c)?);
        }
        let mut products = Self {
            precision,
            shape,
            check,
            conditions,
            ring,
            queue: Queue::default(),
            rows: Vec::new(),
            digest: Vec::new(),
            first: Sample { device_ns: None, host_ns: 0 },
        };
        products.learn(bench)?;
        Ok(products)
    }

    pub fn load(&self, asked_ms: u64) -> Result<Load, Trouble> {
        let metric =
            MetricName::parse(&rate_of(self.precision)).map_err(|e| Trouble::Skipped(e.to_string()))?;
        let work = self.ring[0].steps[0].op.work();
        let (conditions, check) = (self.conditions.clone(), self.check.clone());
        Ok(Load { metric, work, asked_ms, piece_ns: 0, conditions, check })
    }

    /// How long a product takes before the load begins.
    pub fn first(&self) -> Sample {
        self.first
    }

    /// Digests the checked result, and shows that the digest sees a flipped bit of it.
    fn learn(&mut self, bench: &mut Bench) -> Result<(), Trouble> {
        let first = &self.ring[0];
        let [multiply, digests @ ..] = &first.steps;
        self.first = bench.run(multiply, 1)?;
        for step in digests {
            bench.run(step, 1)?;
        }
        self.rows = bench.read(first.rows, 0, u64::from(self.shape.m) * 8)?;
        self.digest = bench.read(first.digest, 0, 8)?;
        bench.once(&Op::Flip { dst: first.c, word: u64::from(self.shape.n), mask: 1 << 7 })?;
        bench.run(&first.steps[1], 1)?;
        bench.run(&first.steps[2], 1)?;
        let same = bench.read(first.digest, 0, 8)? == self.digest;
        if let (true, Check::Matched { canary, .. }) = (same, &mut self.check) {
            *canary = Canary::Missed;
        }
        Ok(())
    }

    /// Fills the ring with products and compares them all.
    pub fn batch(&mut self, bench: &mut Bench, watch: &mut Watch) -> Result<(), Trouble> {
        for at in 0..self.ring.len() {
            for step in 0..self.ring[at].steps.len() {
                let finished = self.queue.push(bench, &self.ring[at].steps[step])?;
                note(finished.as_ref(), watch);
            }
            watch.tick(bench, During::Products)?;
        }
        while let Some(finished) = self.queue.pop(bench)? {
            note(Some(&finished), watch);
        }
        for at in 0..self.ring.len() {
            watch.checked(1);
            if bench.read(self.ring[at].digest, 0, 8)? != self.digest {
                self.search(bench, watch, at)?;
            }
        }
        Ok(())
    }

    /// Batches for so long.
    pub fn burst(&mut self, bench: &mut Bench, watch: &mut Watch, length: Duration) -> Result<(), Trouble> {
        let until_ns = bench.now_ns() + length.as_nanos() as u64;
        while bench.now_ns() < until_ns {
            self.batch(bench, watch)?;
        }
        Ok(())
    }

    pub fn abandon(&mut self, bench: &mut Bench) {
        self.queue.abandon(bench);
    }

    /// Which words of a wrong result are wrong: its rows are digested already, and doing the product again gives what they
    /// should be.
    fn search(&self, bench: &mut Bench, watch: &mut Watch, at: usize) -> Result<(), Trouble> {
        let slot = &self.ring[at];
        let digests = bench.read(slot.rows, 0, self.rows.len() as u64)?;
        let pairs = digests.chunks_exact(8).zip(self.rows.chunks_exact(8));
        let wrong: Vec<u64> =
            (0..).zip(pairs).filter(|(_, (got, right))| got != right).map(|(row, _)| row).collect();
        let row_words = u64::from(self.shape.n) * self.precision.result_bytes() / 4;
        let mut bad = Vec::new();
        for row in wrong.iter().take(ROWS_SEARCHED) {
            bad.push((*row, bench.read(slot.c, row * row_words * 4, row_words * 4)?));
        }
        for step in &slot.steps {
            bench.run(step, 1)?;
        }
        let again = bench.read(slot.rows, 0, self.rows.len() as u64)?;
        let mut told = 0;
        for (row, bad) in bad {
            let place = row as usize * 8..row as usize * 8 + 8;
            let right = if again[place.clone()] == self.rows[place] {
                Some(bench.read(slot.c, row * row_words * 4, row_words * 4)?)
            } else {
                None
            };
            told += tell(bench, watch, "product", row * row_words, &bad, right.as_deref())?;
        }
        // The digest of the digests was wrong, and no row was: the error lies in what compares.
        if told == 0 {
            watch.wrong(bench, fault("digest"))?;
        }
        Ok(())
    }
}

/// Tells the differing words of a result, each wrong by itself; without the right ones only that there are some.
pub fn tell(
    bench: &mut Bench,
    watch: &mut Watch,
    of: &str,
    first_word: u64,
    bad: &[u8],
    right: Option<&[u8]>,
) -> Result<u64, Trouble> {
    let Some(right) = right else {
        watch.wrong(bench, Fault { word: Some(first_word), ..fault(&format!("{of}, again and again")) })?;
        return Ok(1);
    };
    let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let differing = (first_word..)
        .zip(bad.chunks_exact(4).zip(right.chunks_exact(4)))
        .filter(|(_, (got, expected))| got != expected);
    let mut told = 0;
    for (at, (got, expected)) in differing {
        let (expected, got) = (Some(word(expected)), Some(word(got)));
        watch.wrong(bench, Fault { word: Some(at), expected, got, ..fault(of) })?;
        told += 1;
    }
    Ok(told)
}

/// A fault of which nothing more is known yet.
pub fn fault(of: &str) -> Fault {
    Fault {
        at_ns: 0,
        of: of.to_owned(),
        word: None,
        expected: None,
        got: None,
        temperature_c: None,
        clock_mhz: None,
    }
}

/// Products count; digests only compare.
fn note(finished: Option<&Finished>, watch: &mut Watch) {
    if let Some(Finished { form, sample }) = finished
        && matches!(form.op, Op::Gemm { .. })
    {
        watch.product(*sample);
    }
}

fn slot(bench: &mut Bench, product: &gemm::Product, form: &Tuned, c: Buf) -> Result<Slot, Trouble> {
    let rows_count = u64::from(product.shape.m);
    let row_words = (u64::from(product.shape.n) * product.precision.result_bytes() / 4) as u32;
    let (rows, digest) = (bench.alloc(rows_count * 8)?, bench.alloc(8)?);
    let of_rows = Op::Digest { src: c, rows: rows_count, row_words, out: rows };
    let of_all = Op::Digest { src: rows, rows: 1, row_words: 2 * product.shape.m, out: digest };
    let multiply = Tuned { op: product.into(c), ..form.clone() };
    let steps = [multiply, bench.any_form(&of_rows)?, bench.any_form(&of_all)?];
    Ok(Slot { c, rows, digest, steps })
}

/// Inputs, and a ring of results, in a quarter of what there is.
fn sizes(identity: &Identity, precision: Precision) -> RangeInclusive<u32> {
    let bytes = 2 * precision.bytes() + RING as u64 * precision.result_bytes();
    gemm::sizes(identity, precision, spare_bytes(identity) / 4 / bytes)
}

/// The product of a load that goes on: what it was, however fast the device is by now.
fn taken_up(begun: &Begun) -> Result<(Precision, RangeInclusive<u32>), Trouble> {
    let precision = SUSTAINED.into_iter().find(|precision| begun.metric.as_str() == rate_of(*precision));
    let size = gemm::all_sizes().find(|size| begun.work == 2 * u64::from(*size).pow(3));
    match (precision, size) {
        (Some(precision), Some(size)) => Ok((precision, size..=size)),
        (None, _) | (_, None) => {
            let Begun { metric, work, .. } = begun;
            Err(Trouble::Skipped(format!("this version has no load {metric} of {work} operations a product")))
        }
    }
}

/// How much faster a later format of the list must be: units that are equally fast differ by noise, on a busy host by a third and
/// more, and a contract names one.
const CLEARLY: f64 = 1.5;

/// The heaviest of `named`; where the device has none of them, there is still a load.
fn chosen(bench: &mut Bench, identity: &Identity, named: &[Precision]) -> Result<Precision, Trouble> {
    match heaviest(bench, identity, named) {
        Err(Trouble::Unsupported(_) | Trouble::Skipped(_)) => heaviest(bench, identity, &USUAL),
        chosen => chosen,
    }
}

/// The format of the fastest products: what it draws most power with.
fn heaviest(bench: &mut Bench, identity: &Identity, of: &[Precision]) -> Result<Precision, Trouble> {
    let mut best: Option<(Precision, f64)> = None;
    let mut refusal = None;
    for precision in of.iter().copied() {
        match gemm::trial(bench, precision, &sizes(identity, precision)) {
            Ok(rate) if best.is_none_or(|(_, known)| rate > CLEARLY * known) => {
                best = Some((precision, rate))
            }
            Ok(_) => {}
            Err(Trouble::Unsupported(why)) => refusal = Some(why),
            Err(other) => return Err(other),
        }
    }
    match (best, refusal) {
        (Some((precision, _)), _) => Ok(precision),
        (None, Some(why)) => Err(Trouble::Unsupported(why)),
        (None, None) => Err(Trouble::Skipped("no format to multiply in".to_owned())),
    }
}
