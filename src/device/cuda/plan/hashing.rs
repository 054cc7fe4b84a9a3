//! The launches of expansions and of hash trees. Owns their cutting, and how many levels of a tree one launch makes; pure.

use super::{Argument, BYTES_PER_NS, Card, Launch, grid, pieces};
use crate::device::cuda::kernels::Kernel;
use crate::device::op::{Buf, Op};

pub fn expand(op: &Op, card: &Card) -> Option<Vec<Launch>> {
    let Op::Expand { dst, elements, precision, bits, key } = *op else { return None };
    let kernel = Kernel::Expand(precision);
    let threads = u64::from(kernel.block());
    let launch = |piece: super::Piece| {
        let mut arguments = vec![piece.range(dst, precision.bytes())];
        arguments.extend([piece.elements, piece.first, u64::from(bits)].map(Argument::Number));
        arguments.extend(words(key));
        arguments.push(Argument::Counters);
        let blocks = (piece.elements / Op::EXPAND_ELEMENTS).div_ceil(threads);
        Launch { kernel, blocks: grid(blocks.min(8 * card.resident(kernel.block()))), arguments }
    };
    Some(pieces(elements, precision.bytes(), BYTES_PER_NS, card).map(launch).collect())
}

fn words(words: [u32; 8]) -> impl Iterator<Item = Argument> {
    words.into_iter().map(|word| Argument::Number(u64::from(word)))
}

/// A multiprocessor of any generation makes a sixteenth of a byte in a nanosecond, or more.
pub fn cells(op: &Op, card: &Card) -> Option<Vec<Launch>> {
    let Op::Cells { dst, cells, first, key } = *op else { return None };
    let kernel = Kernel::Cells;
    let launch = |piece: super::Piece| {
        let number = first.wrapping_add(piece.first);
        let mut arguments = vec![piece.range(dst, Op::CELL_BYTES), piece.count(), Argument::Number(number)];
        arguments.extend(words(key));
        arguments.push(Argument::Counters);
        Launch { kernel, blocks: grid(piece.elements.div_ceil(u64::from(kernel.block()))), arguments }
    };
    Some(pieces(cells, 16 * Op::CELL_BYTES, BYTES_PER_NS, card).map(launch).collect())
}

pub fn tree(op: &Op, card: &Card) -> Option<Vec<Launch>> {
    let Op::Tree { src, chunks, out, key } = *op else { return None };
    let (start, keyed) = Op::tree_start(key);
    let begin = || words(start).chain([Argument::Number(u64::from(keyed)), Argument::Counters]);
    let kernel = Kernel::TreeChunks;
    let leaves = pieces(chunks, Op::CHUNK_BYTES, BYTES_PER_NS, card).map(|piece| {
        let mut arguments = vec![
            piece.range(src, Op::CHUNK_BYTES),
            piece.count(),
            Argument::Number(piece.first),
            piece.range(out, Op::NODE_BYTES),
        ];
        arguments.extend(begin());
        Launch { kernel, blocks: grid(piece.elements.div_ceil(u64::from(kernel.block()))), arguments }
    });
    Some(leaves.chain(parents(chunks, out, begin)).collect())
}

/// A block makes the levels above so many nodes as twice its threads.
fn parents<B: Iterator<Item = Argument>>(
    chunks: u64,
    out: Buf,
    begin: impl Fn() -> B,
) -> impl Iterator<Item = Launch> {
    let kernel = Kernel::TreeParents;
    let children_max = 2 * u64::from(kernel.block());
    let (nodes, mut children) = (Op::tree_nodes(chunks), chunks);
    std::iter::from_fn(move || {
        if children < 2 {
            return None;
        }
        let (of_launch, levels) = (children, children.min(children_max).ilog2());
        children >>= levels;
        // The nodes of this level and of all above it are the last ones.
        let node = |left: u64| (nodes - Op::tree_nodes(left)) * Op::NODE_BYTES;
        let end = if children == 1 { nodes * Op::NODE_BYTES } else { node(children / 2) };
        let mut arguments = vec![
            Argument::Range { buf: out, from: node(of_launch), end },
            Argument::Number(of_launch),
            Argument::Number(u64::from(levels)),
        ];
        arguments.extend(begin());
        Some(Launch { kernel, blocks: grid(of_launch / children_max), arguments })
    })
}
