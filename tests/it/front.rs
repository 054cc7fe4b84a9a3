//! A device that stands in front of another one: it counts the calls, and it may cheat.
//! Owns the ways to cheat; asserts nothing.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use gpu_assay::clock::Clock;
use gpu_assay::device::backend::Opened;
use gpu_assay::device::op::{Route, StreamKind, Tally};
use gpu_assay::device::{Buf, Device, DeviceError, Done, Identity, Op, Reach, Ticket, Unsupported, Variant};
use gpu_assay::device::{census, walk};

/// What stands between the program and the device.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// Everything is passed on.
    Honest,
    /// The same, but no kernel uses the fastest units.
    Modest,
    /// Every call succeeds, no time passes, nothing was counted, memory reads as zeros.
    Zeros,
    /// Ops of these names take their time and claim their count, but are never run.
    Skips(&'static [&'static str]),
    /// This word of every product that has so many comes out wrong.
    Spoils(u64),
    /// This word of the result comes out wrong, once: when an op of this name is first run after so long.
    Upsets(&'static str, u64, Duration),
    /// The first op of a kind and size is run. Later ones, whatever their data, give its result again.
    Replays,
}

/// What one execution that does not happen is said to take.
const CLAIMED_NS: u64 = 5_000_000;

pub struct Front {
    inner: Box<dyn Device>,
    clock: Rc<dyn Clock>,
    how: How,
    calls: Rc<Cell<u64>>,
    /// Tickets of work that the inner device never saw.
    claimed: BTreeMap<u64, Done>,
    /// Tickets of work whose results are to be kept.
    first: BTreeMap<u64, Op>,
    results: BTreeMap<String, Vec<u8>>,
    chains: BTreeMap<String, Op>,
    upset: bool,
    tickets: u64,
}

/// Puts a front before a device; the counter shows how many calls that can fail were made.
pub fn before(opened: Opened, how: How) -> (Opened, Rc<Cell<u64>>) {
    let calls = Rc::new(Cell::new(0));
    let front = Front {
        inner: opened.device,
        clock: opened.clock.clone(),
        how,
        calls: calls.clone(),
        claimed: BTreeMap::new(),
        first: BTreeMap::new(),
        results: BTreeMap::new(),
        chains: BTreeMap::new(),
        upset: false,
        // Far above the inner device's own.
        tickets: 1 << 40,
    };
    (Opened { device: Box::new(front), ..opened }, calls)
}

/// An op without its buffers and its data: what a cache that looks at shapes would remember it by.
fn shape(op: &Op) -> String {
    let mut op = *op;
    match &mut op {
        Op::Fill { dst, first_word, seed, .. } => (*dst, *first_word, *seed) = (Buf::NONE, 0, 0),
        Op::Scan { src, first_word, seed, tally, .. } => {
            (*src, *first_word, *seed, *tally) = (Buf::NONE, 0, 0, Buf::NONE);
        }
        Op::Flip { dst, .. } => *dst = Buf::NONE,
        Op::Draw { dst, seed, .. } | Op::Ring { dst, seed, .. } => (*dst, *seed) = (Buf::NONE, 0),
        Op::Expand { dst, key, .. } => (*dst, *key) = (Buf::NONE, [0; 8]),
        Op::Cells { dst, first, key, .. } => (*dst, *first, *key) = (Buf::NONE, 0, [0; 8]),
        Op::Digest { src, out, .. } => (*src, *out) = (Buf::NONE, Buf::NONE),
        Op::Tree { src, out, key, .. } => (*src, *out, *key) = (Buf::NONE, Buf::NONE, None),
        Op::Stream { a, b, c, .. } | Op::Gemm { a, b, c, .. } => [*a, *b, *c] = [Buf::NONE; 3],
        Op::Reread { src, sum, .. } => (*src, *sum) = (Buf::NONE, Buf::NONE),
        Op::Fma { seed, out, .. } | Op::Mma { seed, out, .. } => (*seed, *out) = (0, Buf::NONE),
        Op::Chase { ring, state, .. } => (*ring, *state) = (Buf::NONE, Buf::NONE),
        Op::Census { out, .. } => *out = Buf::NONE,
        Op::Walk { ring, first, out, .. } => (*ring, *first, *out) = (Buf::NONE, 0, Buf::NONE),
        Op::Copy { route, buf, seed, .. } => {
            if let Route::Within(to) | Route::BothWays(to) = route {
                *to = Buf::NONE;
            }
            (*buf, *seed) = (Buf::NONE, 0);
        }
        Op::Lend { from, to } => (*from, *to) = (Buf::NONE, Buf::NONE),
        Op::Collective { .. } => {}
    }
    format!("{op:?}")
}

/// Where an op leaves its result, and how many bytes that is. `None` where nothing is worth remembering.
fn output(op: &Op) -> Option<(Buf, u64)> {
    match *op {
        Op::Fill { dst, words, .. } => Some((dst, words * 4)),
        Op::Scan { tally, .. } => Some((tally, Tally::BYTES as u64)),
        Op::Draw { dst, elements, precision, .. } => Some((dst, elements * precision.bytes() / 4 * 4)),
        Op::Expand { dst, elements, precision, .. } => Some((dst, elements * precision.bytes())),
        Op::Cells { dst, cells, .. } => Some((dst, cells * Op::CELL_BYTES)),
        Op::Tree { chunks, out, .. } => Some((out, Op::tree_nodes(chunks) * Op::NODE_BYTES)),
        Op::Digest { rows, out, .. } => Some((out, rows * 8)),
        Op::Stream { kind: StreamKind::Read, c, .. } => Some((c, 4)),
        Op::Stream { c, elements, .. } => Some((c, elements * 4)),
        Op::Reread { sum, .. } => Some((sum, 4)),
        Op::Gemm { shape, precision, c, .. } => {
            Some((c, u64::from(shape.m) * u64::from(shape.n) * precision.result_bytes()))
        }
        Op::Ring { dst, slots, stride_bytes, .. } => Some((dst, u64::from(slots) * u64::from(stride_bytes))),
        Op::Chase { state, .. } => Some((state, 4)),
        Op::Census { blocks, out, .. } => Some((out, u64::from(blocks) * census::Record::BYTES)),
        Op::Walk { blocks, out, .. } => Some((out, u64::from(blocks) * walk::Record::BYTES)),
        Op::Copy { route: Route::HostToDevice(_) | Route::FromPeer(_), buf, words, .. } => {
            Some((buf, words * 4))
        }
        Op::Copy { route: Route::Within(to) | Route::BothWays(to), words, .. } => Some((to, words * 4)),
        Op::Copy { route: Route::DeviceToHost(_), .. } => Some((Buf::NONE, 0)),
        // A flip is no result, and chains are run again with the data of the first.
        Op::Flip { .. } | Op::Fma { .. } | Op::Mma { .. } | Op::Lend { .. } | Op::Collective { .. } => None,
    }
}

impl Front {
    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    /// Takes work that will not be done.
    fn claim(&mut self, done: Done) -> Ticket {
        self.tickets += 1;
        self.claimed.insert(self.tickets, done);
        Ticket(self.tickets)
    }

    fn replay(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError> {
        if let Op::Fma { out: here, .. } | Op::Mma { out: here, .. } = op {
            let mut again = *self.chains.entry(shape(op)).or_insert(*op);
            if let Op::Fma { out, .. } | Op::Mma { out, .. } = &mut again {
                *out = *here;
            }
            return self.inner.submit(&again, variant, repeat);
        }
        let Some((buf, _)) = output(op) else { return self.inner.submit(op, variant, repeat) };
        if let Some(result) = self.results.get(&shape(op)) {
            if !result.is_empty() {
                self.inner.write(buf, 0, result)?;
            }
            return Ok(self.claim(plausible(op, repeat)));
        }
        let ticket = self.inner.submit(op, variant, repeat)?;
        self.first.insert(ticket.0, *op);
        Ok(ticket)
    }

    fn spoil(&mut self, op: &Op, variant: usize, repeat: u32, word: u64) -> Result<Ticket, DeviceError> {
        let ticket = self.inner.submit(op, variant, repeat)?;
        if let (Op::Gemm { c, .. }, Some((_, bytes))) = (op, output(op))
            && bytes > word * 4
        {
            self.flip(*c, word)?;
        }
        Ok(ticket)
    }

    fn upset(&mut self, op: &Op, variant: usize, repeat: u32, word: u64) -> Result<Ticket, DeviceError> {
        let ticket = self.inner.submit(op, variant, repeat)?;
        if let Op::Fma { out: buf, .. } | Op::Copy { buf, .. } = op {
            self.flip(*buf, word)?;
        }
        Ok(ticket)
    }

    fn is_after(&self, time: Duration) -> bool {
        u128::from(self.clock.now_ns()) >= time.as_nanos()
    }

    fn flip(&mut self, dst: Buf, word: u64) -> Result<(), DeviceError> {
        let flipped = self.inner.submit(&Op::Flip { dst, word, mask: 1 << 19 }, 0, 1)?;
        self.inner.wait(flipped).map(drop)
    }

    fn remember(&mut self, op: &Op) -> Result<(), DeviceError> {
        let (buf, bytes) = output(op).unwrap();
        let mut result = vec![0; bytes as usize];
        if bytes > 0 {
            self.inner.read(buf, 0, &mut result)?;
        }
        self.results.insert(shape(op), result);
        Ok(())
    }
}

fn plausible(op: &Op, repeat: u32) -> Done {
    let counted = op.units().map(|units| (units as u32).wrapping_mul(repeat));
    Done { device_ns: Some(CLAIMED_NS * u64::from(repeat)), counted }
}

impl Device for Front {
    fn identity(&self) -> &Identity {
        self.inner.identity()
    }

    fn supports(&self, op: &Op) -> Result<(), Unsupported> {
        self.inner.supports(op)
    }

    fn variants(&self, op: &Op) -> Vec<Variant> {
        let mut variants = self.inner.variants(op);
        if matches!(self.how, How::Modest) {
            variants.iter_mut().for_each(|variant| variant.reach = Reach::Kernel);
        }
        variants
    }

    fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        self.count();
        self.inner.alloc(bytes)
    }

    fn free(&mut self, buf: Buf) {
        self.inner.free(buf);
    }

    fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.count();
        self.inner.write(to, at, data)
    }

    fn read(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.count();
        if let How::Zeros = self.how {
            out.fill(0);
            return Ok(());
        }
        self.inner.read(from, at, out)
    }

    fn submit(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError> {
        self.count();
        match self.how {
            How::Zeros => Ok(self.claim(Done { device_ns: Some(0), counted: Some(0) })),
            How::Skips(names) if names.contains(&op.name()) => Ok(self.claim(plausible(op, repeat))),
            How::Replays => self.replay(op, variant, repeat),
            How::Spoils(word) => self.spoil(op, variant, repeat, word),
            How::Upsets(name, word, after) if op.name() == name && !self.upset && self.is_after(after) => {
                self.upset = true;
                self.upset(op, variant, repeat, word)
            }
            How::Honest | How::Modest | How::Skips(_) | How::Upsets(..) => {
                self.inner.submit(op, variant, repeat)
            }
        }
    }

    fn wait(&mut self, ticket: Ticket) -> Result<Done, DeviceError> {
        self.count();
        if let Some(done) = self.claimed.remove(&ticket.0) {
            self.clock.sleep(Duration::from_nanos(done.device_ns.unwrap_or(0)));
            return Ok(done);
        }
        let first = self.first.remove(&ticket.0);
        let done = self.inner.wait(ticket)?;
        if let Some(op) = first {
            self.remember(&op)?;
        }
        Ok(done)
    }
}
