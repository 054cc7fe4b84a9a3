//! The host link under load: data out and in again, word for word.

use super::super::spare_bytes;
use super::memory;
use super::products::fault;
use super::watch::Watch;
use crate::device::draw;
use crate::device::op::{Means, Route, Tally};
use crate::device::{Buf, Identity, Op};
use crate::engine::bench::Bench;
use crate::engine::{Trouble, check};

/// One transfer.
const BYTES: u64 = 64 << 20;

pub struct Link {
    buf: Buf,
    tally: Buf,
    words: u64,
    seed: u64,
    turns: u64,
    /// One transfer, before the load began.
    pub took_ns: u64,
}

impl Link {
    pub fn prepare(bench: &mut Bench, identity: &Identity, seed: u64) -> Result<Self, Trouble> {
        let bytes = BYTES.min(spare_bytes(identity) / 16) / 1024 * 1024;
        let words = bytes / 4;
        for route in [Route::HostToDevice(Means::Pinned), Route::DeviceToHost(Means::Pinned)] {
            bench.supports(&Op::Copy { route, buf: Buf::NONE, words, seed })?;
        }
        let (buf, tally) = (bench.alloc(bytes)?, bench.alloc(Tally::BYTES as u64)?);
        let begun_ns = bench.now_ns();
        bench.once(&Op::Copy { route: Route::HostToDevice(Means::Pinned), buf, words, seed })?;
        Ok(Self { buf, tally, words, seed: !seed, turns: 0, took_ns: bench.now_ns() - begun_ns })
    }

    /// Data in, looked at there, and out again, looked at here.
    pub fn run(&mut self, bench: &mut Bench, watch: &mut Watch) -> Result<(), Trouble> {
        let Self { buf, words, tally, .. } = *self;
        let seed = draw::derived(self.seed, self.turns);
        self.turns += 1;
        bench.once(&Op::Copy { route: Route::HostToDevice(Means::Pinned), buf, words, seed })?;
        let scan = bench.any_form(&Op::Scan { src: buf, words, first_word: 0, seed, tally })?;
        let (_, found) = check::scan_with(bench, &scan, tally, words)?;
        memory::tell(bench, watch, "link, to the device", (0, seed), &found)?;
        watch.checked(words);
        match bench.once(&Op::Copy { route: Route::DeviceToHost(Means::Pinned), buf, words, seed }) {
            Ok(_) => Ok(()),
            // Words that arrived wrong are words that were not counted; which they were the copy does not say.
            Err(Trouble::Wrong(_)) => watch.wrong(bench, fault("link, to the host")),
            Err(other) => Err(other),
        }
    }
}
