//! The host link under load: data out and in again, word for word.

use super::super::spare_bytes;
use super::products::fault;
use super::watch::Watch;
use crate::device::draw;
use crate::device::op::{Means, Route};
use crate::device::{Buf, Identity, Op};
use crate::engine::bench::Bench;
use crate::engine::{Trouble, check};

/// One transfer.
const BYTES: u64 = 64 << 20;

pub struct Link {
    buf: Buf,
    words: u64,
    seed: u64,
    turns: u64,
}

impl Link {
    pub fn prepare(bench: &mut Bench, identity: &Identity, seed: u64) -> Result<Self, Trouble> {
        let bytes = BYTES.min(spare_bytes(identity) / 16) / 1024 * 1024;
        let words = bytes / 4;
        for route in [Route::HostToDevice(Means::Pinned), Route::DeviceToHost(Means::Pinned)] {
            bench.supports(&Op::Copy { route, buf: Buf::NONE, words, seed })?;
        }
        Ok(Self { buf: bench.alloc(bytes)?, words, seed: !seed, turns: 0 })
    }

    /// Data in, looked at there, and out again, looked at here.
    pub fn run(&mut self, bench: &mut Bench, watch: &mut Watch) -> Result<(), Trouble> {
        let Self { buf, words, .. } = *self;
        let seed = draw::derived(self.seed, self.turns);
        self.turns += 1;
        bench.once(&Op::Copy { route: Route::HostToDevice(Means::Pinned), buf, words, seed })?;
        let found = check::scan(bench, buf, words, 0, seed)?;
        watch.checked(words);
        if found.words_wrong > 0 {
            watch.wrong(bench, fault("link, to the device"))?;
            watch.more_wrong(found.words_wrong - 1);
        }
        watch.checked(words);
        match bench.once(&Op::Copy { route: Route::DeviceToHost(Means::Pinned), buf, words, seed }) {
            Ok(_) => Ok(()),
            // Words that arrived wrong are words that were not counted.
            Err(Trouble::Wrong(_)) => watch.wrong(bench, fault("link, to the host")),
            Err(other) => Err(other),
        }
    }
}
