//! Memory capacity and integrity: every byte holds its own value, all at the same time, both ways round.

use super::{Probe, beyond_caches, measurement, sized, timed};
use crate::device::draw::inverted;
use crate::device::op::Tally;
use crate::device::{Buf, DeviceError, Identity, Op};
use crate::engine::bench::{Bench, Tuned};
use crate::engine::case::Case;
use crate::engine::check;
use crate::engine::queue::{Finished, Queue};
use crate::engine::{Profile, Settings, Trouble};
use crate::evidence::{Canary, Check, Measurement, Sample, Timed, Value};
use crate::units::Unit;

/// Does every byte of the promised memory hold its own value?
pub const PROBE: Probe = Probe { name: "memory", cases };

/// One buffer's size where the device allows it. Many buffers keep any single allocation limit out of the figure.
const CHUNK_BYTES: u64 = 1 << 30;
const CHUNK_BYTES_MIN: u64 = 16 << 20;
/// Of the size that was tried first, the smallest part that is: the rest of a small memory.
const CHUNK_PARTS_MAX: u64 = 256;
const CHUNK_GRAIN_BYTES: u64 = 64 << 10;
const QUICK_BYTES: u64 = 1 << 30;
const UNTOLD: &str = "the device does not say how much it has";
/// What canaries look at of a buffer, and tuning at least: little against the whole.
const TRIAL_WORDS: u64 = 4 << 20;

const METRICS: [&str; 4] =
    ["memory.filled.bytes", "memory.errors.count", "memory.write.rate", "memory.verify.rate"];

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    let target = Target::of(identity, settings);
    let seed = settings.seed;
    let buffer_max = identity.buffer_bytes_max;
    let trial_words = TRIAL_WORDS.max(beyond_caches(identity) / 4);
    let caveat = caveat(identity);
    let case = move |bench: &mut Bench| {
        let mut measured = memory(bench, target, buffer_max, trial_words, seed)?;
        measured
            .iter_mut()
            .for_each(|one| one.conditions.caveat = one.conditions.caveat.take().or(caveat.clone()));
        Ok(measured)
    };
    Case::new(&METRICS.map(str::to_owned), case).into_iter().collect()
}

/// What is to be said of memory that may not be the card's alone.
fn caveat(identity: &Identity) -> Option<String> {
    identity.details.get(Identity::MEMORY_IS).map(|what| format!("memory is {what}"))
}

/// How much to fill.
#[derive(Clone, Copy)]
struct Target {
    bytes: u64,
    /// All that the device is to have, or that the contract asks for: how much must be read before no error means none.
    /// `None` where nobody says.
    enough: Option<u64>,
    /// Why no more is tried, where the device may have more.
    capped: Option<&'static str>,
}

impl Target {
    /// What the contract asks for, else 95 % of the spare memory, of which the quick profile fills 1 GiB at most.
    fn of(identity: &Identity, settings: &Settings) -> Self {
        // Rounded up to whole megabytes, so that no demand is ever missed by a remainder.
        let rounded = |bytes: u64| bytes.div_ceil(1 << 20) << 20;
        let spare = identity.fillable_bytes.or(identity.memory_bytes);
        let whole = spare.map(|bytes| rounded(bytes.div_ceil(100) * 95));
        if let Some(asked) = settings.fill_bytes.map(rounded) {
            let may_have_more = whole.is_none_or(|whole| asked < whole);
            return Self {
                bytes: asked,
                enough: Some(asked),
                capped: may_have_more.then_some("no more was demanded"),
            };
        }
        let (bytes, capped) = match (whole, settings.profile) {
            (None, _) => (QUICK_BYTES, Some(UNTOLD)),
            (Some(whole), Profile::Quick) if whole > QUICK_BYTES => {
                (QUICK_BYTES, Some("the quick profile stops at 1 GiB"))
            }
            (Some(whole), Profile::Quick | Profile::Standard | Profile::Acceptance) => (whole, None),
        };
        Self { bytes, enough: whole, capped }
    }

    /// Bytes that were filled. Where the device gave out first, there is no more.
    fn filled(self, bytes: u64) -> Value {
        match self.capped {
            Some(why) if bytes >= self.bytes => Value::AtLeast { count: bytes, why: why.to_owned() },
            Some(_) | None => Value::Count { count: bytes },
        }
    }

    /// Errors in so many bytes that were read. In the rest there may be more.
    fn errors(self, count: u64, bytes: u64) -> Value {
        let said = |bytes: u64| Unit::Byte.format(bytes as f64);
        let why = match self.enough {
            Some(enough) if bytes >= enough => return Value::Count { count },
            Some(enough) if bytes < self.bytes => {
                format!("the device had no memory for more than {} of {}", said(bytes), said(enough))
            }
            Some(enough) => format!("{} of {} were filled and read", said(bytes), said(enough)),
            None => format!("{} were filled and read; {UNTOLD}", said(bytes)),
        };
        Value::AtLeast { count, why }
    }
}

/// One buffer and the index of its first word in the whole.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    pub buf: Buf,
    pub words: u64,
    pub first_word: u64,
}

impl Chunk {
    fn beginning(&self, words: u64) -> Self {
        Self { words: self.words.min(words), ..*self }
    }
}

fn memory(
    bench: &mut Bench,
    target: Target,
    buffer_max: u64,
    trial_words: u64,
    seed: u64,
) -> Result<Vec<Measurement>, Trouble> {
    // Before all others, which may leave no room for it.
    let tally = bench.alloc(Tally::BYTES as u64)?;
    let chunks = allocate(bench, target.bytes, buffer_max)?;
    let filled: u64 = chunks.iter().map(|c| c.words * 4).sum();
    let largest = chunks.first().map_or(0, |c| c.words);
    let mut passes = Passes::new(bench, &chunks, trial_words, tally)?;
    for seed in [seed, inverted(seed)] {
        passes.fill(bench, seed)?;
        passes.verify(bench, seed)?;
    }
    // The canary's scans have their own.
    bench.free(tally);
    let canary = canary(bench, &chunks, inverted(seed))?;

    let Passes { fill_form, scan_form, writes, verifies, tally, .. } = passes;
    let check = Check::Scanned { tally, canary };
    let shape = || sized(format!("{filled} bytes in {} buffers", chunks.len()));
    let errors = match &check {
        Check::Scanned { tally, .. } => tally.words_wrong,
        Check::Matched { .. } | Check::Wrong { .. } => 0,
    };
    let series = |samples| Timed { work: largest * 4, repeat: 1, samples };
    Ok(vec![
        measurement(METRICS[0], target.filled(filled), shape(), check.clone())?,
        measurement(METRICS[1], target.errors(errors, filled), shape(), check.clone())?,
        timed(METRICS[2], series(writes), &fill_form, shape(), check.clone())?,
        timed(METRICS[3], series(verifies), &scan_form, shape(), check)?,
    ])
}

/// As many buffers as it takes; when one is refused, half the size is tried, down to 16 MiB, or less of a small memory.
pub(super) fn allocate(bench: &mut Bench, target: u64, buffer_max: u64) -> Result<Vec<Chunk>, Trouble> {
    // Never nothing, whatever the device says: nothing could be asked for without end.
    let mut size = CHUNK_BYTES.min(buffer_max >> 20 << 20).max(1 << 20).min(target);
    let least = (size / CHUNK_PARTS_MAX).clamp(CHUNK_GRAIN_BYTES, CHUNK_BYTES_MIN);
    let (mut chunks, mut total) = (Vec::new(), 0);
    while total < target {
        let bytes = size.min(target - total);
        match bench.alloc(bytes) {
            Ok(buf) => {
                chunks.push(Chunk { buf, words: bytes / 4, first_word: total / 4 });
                total += bytes;
                bench.progress(total * 200 / target, None)?;
            }
            Err(DeviceError::OutOfMemory { .. }) if size / 2 >= least => {
                size = size / 2 / CHUNK_GRAIN_BYTES * CHUNK_GRAIN_BYTES
            }
            Err(DeviceError::OutOfMemory { .. }) if !chunks.is_empty() => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(chunks)
}

struct Passes<'a> {
    chunks: &'a [Chunk],
    fill_form: Tuned,
    scan_form: Tuned,
    tally_buf: Buf,
    writes: Vec<Sample>,
    verifies: Vec<Sample>,
    tally: Tally,
    done: u64,
}

impl<'a> Passes<'a> {
    fn new(
        bench: &mut Bench,
        chunks: &'a [Chunk],
        trial_words: u64,
        tally_buf: Buf,
    ) -> Result<Self, Trouble> {
        let first =
            chunks.first().ok_or_else(|| Trouble::Skipped("no memory could be allocated".to_owned()))?;
        bench.write(tally_buf, 0, &[0; Tally::BYTES])?;
        let trial = first.beginning(trial_words);
        let forms = bench.forms(&fill_op(&trial, 0));
        let fill_form = bench.tune(forms)?;
        let forms = bench.forms(&scan_op(&trial, 0, tally_buf));
        let scan_form = bench.tune(forms)?;
        let tally = Tally::default();
        Ok(Self {
            chunks,
            fill_form,
            scan_form,
            tally_buf,
            writes: Vec::new(),
            verifies: Vec::new(),
            tally,
            done: 0,
        })
    }

    /// One chunk is filled while the next waits behind it: what the host takes to order one is felt where a device fills a chunk in a
    /// fifth of a millisecond. Without a clock of the device's own one by one, since then the host's is all there is.
    fn fill(&mut self, bench: &mut Bench, seed: u64) -> Result<(), Trouble> {
        let mut queue = Queue::default();
        let filled = self.fill_through(&mut queue, bench, seed);
        queue.abandon(bench);
        filled
    }

    fn fill_through(&mut self, queue: &mut Queue, bench: &mut Bench, seed: u64) -> Result<(), Trouble> {
        for chunk in self.chunks {
            let form = Tuned { op: fill_op(chunk, seed), ..self.fill_form.clone() };
            if self.writes.last().is_some_and(|sample| sample.device_ns.is_some()) {
                let done = queue.push(bench, &form)?;
                self.filled(bench, done)?;
            } else {
                let sample = bench.run(&form, 1)?;
                self.filled(bench, Some(Finished { form, sample }))?;
            }
        }
        while let Some(done) = queue.pop(bench)? {
            self.filled(bench, Some(done))?;
        }
        Ok(())
    }

    fn filled(&mut self, bench: &mut Bench, done: Option<Finished>) -> Result<(), Trouble> {
        let Some(Finished { form, sample }) = done else { return Ok(()) };
        if form.op.units() == fill_op(&self.chunks[0], 0).units() {
            self.writes.push(sample);
        }
        self.step(bench)
    }

    fn verify(&mut self, bench: &mut Bench, seed: u64) -> Result<(), Trouble> {
        for chunk in self.chunks {
            let form = Tuned { op: scan_op(chunk, seed, self.tally_buf), ..self.scan_form.clone() };
            let (sample, found) = check::scan_with(bench, &form, self.tally_buf, chunk.words)?;
            if chunk.words == self.chunks[0].words {
                self.verifies.push(sample);
            }
            self.tally.absorb(&found, chunk.first_word);
            self.step(bench)?;
        }
        Ok(())
    }

    fn step(&mut self, bench: &mut Bench) -> Result<(), Trouble> {
        self.done += 1;
        bench.progress(200 + self.done * 800 / (4 * self.chunks.len() as u64), None)?;
        Ok(())
    }
}

pub(super) fn fill_op(chunk: &Chunk, seed: u64) -> Op {
    Op::Fill { dst: chunk.buf, words: chunk.words, first_word: chunk.first_word, seed }
}

pub(super) fn scan_op(chunk: &Chunk, seed: u64, tally: Buf) -> Op {
    Op::Scan { src: chunk.buf, words: chunk.words, first_word: chunk.first_word, seed, tally }
}

/// Plants a flip in the first and in the last buffer; each must be seen in its place. On memory that has errors already
/// it must change what is seen of them: the word that is hit may be wrong before and after.
fn canary(bench: &mut Bench, chunks: &[Chunk], seed: u64) -> Result<Canary, Trouble> {
    let last = chunks.last().filter(|_| chunks.len() > 1);
    for chunk in [chunks.first(), last].into_iter().flatten() {
        let Chunk { buf, words, first_word } = chunk.beginning(TRIAL_WORDS);
        let before = check::scan(bench, buf, words, first_word, seed)?;
        let seen = if before.words_wrong == 0 {
            check::planted_flip(bench, buf, words, first_word, seed)?
        } else {
            bench.once(&Op::Flip { dst: buf, word: words / 2, mask: 1 << 20 })?;
            let after = check::scan(bench, buf, words, first_word, seed)?;
            let bits = |tally: &Tally| tally.bits_set + tally.bits_cleared;
            if bits(&after) == bits(&before) { Canary::Missed } else { Canary::Caught }
        };
        if seen == Canary::Missed {
            return Ok(Canary::Missed);
        }
    }
    Ok(Canary::Caught)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::inventory::BACKENDS;

    fn settings(profile: Profile) -> Settings {
        Settings { sample_ms: 1, seed: 1, ..Settings::new(profile, 1) }
    }

    #[test]
    fn memory_that_may_be_the_hosts_is_said_to_be() {
        let sim = BACKENDS.iter().find(|backend| backend.name == "sim").unwrap();
        let mut card = (sim.list)().unwrap().remove(0).identity;
        assert_eq!(caveat(&card), None);
        card.details.insert(Identity::MEMORY_IS.to_owned(), "shared with the host".to_owned());
        assert_eq!(caveat(&card).as_deref(), Some("memory is shared with the host"));
    }

    /// Some drivers do not tell: then a part was read, whatever that is of.
    #[test]
    fn no_part_is_all_where_nobody_says_how_much_there_is() {
        let sim = BACKENDS.iter().find(|backend| backend.name == "sim").unwrap();
        let told = (sim.list)().unwrap().remove(0).identity;
        let untold = Identity { memory_bytes: None, fillable_bytes: None, ..told.clone() };
        for profile in [Profile::Quick, Profile::Standard] {
            let settings = settings(profile);
            let target = Target::of(&untold, &settings);
            for value in [target.filled(target.bytes), target.errors(0, target.bytes)] {
                assert!(matches!(value, Value::AtLeast { .. }), "{profile:?}: {value:?}");
            }
            let asked = Target::of(&untold, &Settings { fill_bytes: Some(8 << 20), ..settings });
            assert_eq!(asked.errors(0, 8 << 20), Value::Count { count: 0 });
        }
        let whole = Target::of(&told, &settings(Profile::Standard));
        assert_eq!(whole.errors(0, whole.bytes), Value::Count { count: 0 });
        let part = whole.errors(0, whole.bytes - 1);
        let says = |why: &str| why.starts_with("the device had no memory for more than");
        assert!(matches!(&part, Value::AtLeast { why, .. } if says(why)), "{part:?}");
    }
}
