//! What an op must be given before simulated memory carries it out: how much of which buffers, and numbers that make sense.
//! Owns these bounds; must not know what memory holds.

use super::content::TILE;
use crate::device::op::{Chains, Route, StreamKind, Tally};
use crate::device::{Buf, Op, census, walk};

/// The buffers that an op touches, with the bytes it needs of each; `Err` says which number makes no sense.
pub fn needs(op: &Op) -> Result<Vec<(Buf, u128)>, String> {
    let bytes = |n: u64, each: u64| u128::from(n) * u128::from(each);
    let area = |a: u32, b: u32, each: u64| u128::from(a) * u128::from(b) * u128::from(each);
    Ok(match *op {
        Op::Fill { dst, words, .. } => vec![(dst, bytes(words, 4))],
        Op::Scan { src, words, tally, .. } => {
            vec![(src, bytes(words, 4)), (tally, Tally::BYTES as u128)]
        }
        Op::Flip { dst, word, .. } => vec![(dst, (u128::from(word) + 1) * 4)],
        Op::Draw { dst, elements, precision, .. } => vec![(dst, bytes(elements, precision.bytes()))],
        Op::Expand { dst, elements, precision, .. } => {
            op.check()?;
            vec![(dst, bytes(elements, precision.bytes()))]
        }
        Op::Cells { dst, cells, .. } => vec![(dst, bytes(cells, Op::CELL_BYTES))],
        Op::Tree { src, chunks, out, .. } => {
            op.check()?;
            vec![(src, bytes(chunks, Op::CHUNK_BYTES)), (out, bytes(Op::tree_nodes(chunks), Op::NODE_BYTES))]
        }
        Op::Digest { src, rows, row_words, out } => {
            vec![(src, u128::from(rows) * u128::from(row_words) * 4), (out, bytes(rows, 8))]
        }
        Op::Stream { kind, a, b, c, elements } => {
            let all = bytes(elements, 4);
            match kind {
                StreamKind::Read => vec![(a, all), (c, 4)],
                StreamKind::Write => vec![(c, all)],
                StreamKind::Copy | StreamKind::Scale => vec![(a, all), (c, all)],
                StreamKind::Add | StreamKind::Triad => vec![(a, all), (b, all), (c, all)],
            }
        }
        Op::Reread { src, words, sum, .. } => vec![(src, bytes(words, 4)), (sum, 4)],
        Op::Fma { precision, chains, rounds, lanes, out, .. } => {
            check_chains(chains, rounds, lanes)?;
            vec![(out, bytes(u64::from(lanes), precision.result_bytes()))]
        }
        Op::Mma { shape, precision, turns, tiles, out, .. } => {
            if shape != TILE || u64::from(turns) * u64::from(tiles) > 1 << 40 {
                return Err(format!("{turns} turns of {tiles} tiles of a {shape:?} in one execution"));
            }
            vec![(out, area(tiles, shape.results(), precision.result_bytes()))]
        }
        Op::Gemm { precision, shape, a, b, c, .. } => {
            let each = precision.bytes();
            let result = area(shape.m, shape.n, precision.result_bytes());
            vec![(a, area(shape.m, shape.k, each)), (b, area(shape.n, shape.k, each)), (c, result)]
        }
        Op::Ring { dst, slots, stride_bytes, .. } => {
            check_ring(slots, stride_bytes)?;
            vec![(dst, area(slots, stride_bytes, 1))]
        }
        Op::Chase { ring, state, .. } => vec![(ring, 4), (state, 4)],
        Op::Census { blocks, out, .. } => vec![(out, bytes(u64::from(blocks), census::Record::BYTES))],
        Op::Walk { ring, slots, stride_bytes, blocks, out, .. } => {
            check_ring(slots, stride_bytes)?;
            vec![(ring, area(slots, stride_bytes, 1)), (out, bytes(u64::from(blocks), walk::Record::BYTES))]
        }
        Op::Copy { route, buf, words, .. } => match route {
            Route::HostToDevice(_) | Route::DeviceToHost(_) | Route::FromPeer(_) => {
                vec![(buf, bytes(words, 4))]
            }
            Route::Within(to) | Route::BothWays(to) => vec![(buf, bytes(words, 4)), (to, bytes(words, 4))],
        },
        Op::Lend { from, to } => vec![(from, 4), (to, 4)],
        // Of what each card lends, see `together.rs`.
        Op::Collective { .. } => Vec::new(),
    })
}

fn check_ring(slots: u32, stride_bytes: u32) -> Result<(), String> {
    if !slots.is_power_of_two() || stride_bytes == 0 || !stride_bytes.is_multiple_of(4) {
        return Err(format!("a ring of {slots} slots, {stride_bytes} bytes apart"));
    }
    if u64::from(slots) * u64::from(stride_bytes / 4) > 1 << 32 {
        return Err("a ring whose places do not fit into 32-bit word indices".to_owned());
    }
    Ok(())
}

fn check_chains(chains: Chains, rounds: u32, lanes: u32) -> Result<(), String> {
    if chains.accumulators == 0 || chains.accumulators > 4096 {
        return Err(format!("{} accumulators in a chain", chains.accumulators));
    }
    if rounds % 2 == 1 {
        return Err(format!("{rounds} rounds, an odd number"));
    }
    let steps = u128::from(rounds) * u128::from(lanes) * u128::from(chains.accumulators);
    if steps > 1 << 56 {
        return Err(format!("{steps} multiply-adds in one execution"));
    }
    Ok(())
}
