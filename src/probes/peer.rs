//! From the memory of one device to that of another: every ordered pair, directly or through the host, as the driver can.
//! Runs in the node worker, after every device had its turn.

use super::{sized, spare_bytes, timed};
use crate::device::op::Route;
use crate::device::{Buf, Identity, Op, draw};
use crate::engine::bench::Bench;
use crate::engine::case::Case;
use crate::engine::node::Pair;
use crate::engine::{Settings, Trouble, check};
use crate::evidence::Measurement;
use crate::evidence::metric::peer_name;

pub const NAME: &str = "peer";

/// Pairs grow with the square of the devices, so that each has less time than a case of one device.
pub const SAMPLE_MS_MAX: u64 = 500;
const BYTES: u64 = 128 << 20;

/// The case of a pair, on the device that data goes to, whose identity this is.
pub fn case(pair: Pair, identity: &Identity, settings: &Settings) -> Option<Case> {
    let words = (BYTES.min(spare_bytes(identity) / 4) >> 20 << 20).max(1 << 20) / 4;
    // Data of the sender's own, so that data of another is no result.
    let seed = settings.seed ^ u64::from(draw::hash(settings.seed, u64::from(pair.from)));
    Case::single(peer_name(pair.from, pair.to), move |bench, metric| copy(bench, metric, pair, words, seed))
}

fn copy(bench: &mut Bench, metric: &str, pair: Pair, words: u64, seed: u64) -> Result<Measurement, Trouble> {
    let op = |buf| Op::Copy { route: Route::FromPeer(pair.peer), buf, words, seed };
    bench.supports(&op(Buf::NONE))?;
    let buf = bench.alloc(words * 4)?;
    // What comes must overwrite something else.
    bench.once(&Op::Fill { dst: buf, words, first_word: 0, seed: !seed })?;
    let forms = bench.forms(&op(buf));
    let form = bench.tune(forms)?;
    let sampled = bench.sample(&form)?;
    let check = check::holds_pattern(bench, &form.op, buf, words, seed)?;
    timed(metric, sampled.timed, &form, sized(format!("{} MiB", words >> 18)), check)
}
