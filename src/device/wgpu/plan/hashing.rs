//! The dispatches of expansions and of hash trees. Owns their cutting; pure.

use super::{Frame, GROUPS_MAX, Plan, Refusal, Step, window};
use crate::device::op::Op;
use crate::device::wgpu::shaders::Kernel;

/// Invocations of a workgroup.
const GROUP: u64 = 64;
/// Flags of a parent, as BLAKE3 has them.
const PARENT: u32 = 4;
const ROOT: u32 = 8;

/// Cuts `units` into whole workgroups, but for the last: as many at a time as take `bytes_each` of a binding and `work_each` of the time
/// of a dispatch. First and end of each part.
fn parts(
    units: u64,
    bytes_each: u64,
    work_each: u64,
    frame: &Frame<'_>,
) -> impl Iterator<Item = (u64, u64)> + use<> {
    let most = (frame.binding_bytes / bytes_each).min(frame.dispatch_work / work_each);
    let most = (most / GROUP).clamp(1, GROUPS_MAX) * GROUP;
    (0..units.div_ceil(most)).map(move |i| (i * most, units.min((i + 1) * most)))
}

fn groups(units: u64) -> [u32; 2] {
    [units.div_ceil(GROUP) as u32, 1]
}

pub fn expand(op: &Op, kernel: Kernel, frame: &Frame<'_>) -> Result<Plan, Refusal> {
    let (Op::Expand { dst, elements, precision, bits, key }, Kernel::Expand(_)) = (*op, kernel) else {
        return Err("not a kernel that expands".to_owned());
    };
    let bytes = Op::EXPAND_ELEMENTS * precision.bytes();
    let compressions = elements / Op::EXPAND_ELEMENTS;
    if compressions > u64::from(u32::MAX) {
        return Err(format!("{elements} elements are more than 2^38 - 64 of one expansion"));
    }
    let step = |(first, end): (u64, u64)| {
        let mut params = vec![first as u32, (end - first) as u32, bits];
        params.extend(key);
        Step {
            kernel,
            binds: vec![window(dst, first * bytes, end * bytes).0],
            params,
            groups: groups(end - first),
            work: (end - first) * bytes,
        }
    };
    let steps: Vec<Step> = parts(compressions, bytes, bytes, frame).map(step).collect();
    Ok(Plan { stackable: steps.len() == 1, steps, last: Vec::new() })
}

pub fn cells(op: &Op, frame: &Frame<'_>) -> Result<Plan, Refusal> {
    let Op::Cells { dst, cells, first: before, key } = *op else { return Err("no cells".to_owned()) };
    let step = |(first, end): (u64, u64)| {
        let number = before.wrapping_add(first);
        let mut params = vec![number as u32, (number >> 32) as u32, (end - first) as u32];
        params.extend(key);
        Step {
            kernel: Kernel::Cells,
            binds: vec![window(dst, first * Op::CELL_BYTES, end * Op::CELL_BYTES).0],
            params,
            groups: groups(end - first),
            work: (end - first) * Op::CELL_BYTES,
        }
    };
    let steps: Vec<Step> = parts(cells, Op::CELL_BYTES, Op::CELL_BYTES, frame).map(step).collect();
    Ok(Plan { stackable: steps.len() == 1, steps, last: Vec::new() })
}

/// Every level is a dispatch or more; the next one waits for all of it.
pub fn tree(op: &Op, frame: &Frame<'_>) -> Result<Plan, Refusal> {
    let Op::Tree { src, chunks, out, key } = *op else { return Err("no tree".to_owned()) };
    let (start, keyed) = Op::tree_start(key);
    let with_start = |params: [u32; 4]| [params.as_slice(), &start].concat();
    let nodes_bytes = Op::tree_nodes(chunks) * Op::NODE_BYTES;
    if nodes_bytes > frame.binding_bytes {
        return Err(format!("the nodes over {chunks} chunks are {nodes_bytes} bytes, more than one binding"));
    }
    let leaves = |(first, end): (u64, u64)| Step {
        kernel: Kernel::TreeChunks,
        binds: vec![
            window(src, first * Op::CHUNK_BYTES, end * Op::CHUNK_BYTES).0,
            window(out, first * Op::NODE_BYTES, end * Op::NODE_BYTES).0,
        ],
        params: with_start([first as u32, 0, (end - first) as u32, keyed]),
        groups: groups(end - first),
        work: (end - first) * Op::CHUNK_BYTES,
    };
    let mut steps: Vec<Step> = parts(chunks, Op::CHUNK_BYTES, Op::CHUNK_BYTES, frame).map(leaves).collect();
    let (mut at, mut parents) = (0, chunks / 2);
    while parents > 0 {
        let flags = if parents == 1 { PARENT | ROOT } else { PARENT };
        let level = |(first, end): (u64, u64)| Step {
            kernel: Kernel::TreeParents,
            binds: vec![window(out, 0, nodes_bytes).0],
            params: with_start([
                (at + 2 * first) as u32,
                (at + 2 * parents + first) as u32,
                (end - first) as u32,
                flags | keyed,
            ]),
            groups: groups(end - first),
            work: (end - first) * 2 * Op::NODE_BYTES,
        };
        // Their binding is the same throughout.
        steps.extend(parts(parents, 1, 2 * Op::NODE_BYTES, frame).map(level));
        (at, parents) = (at + 2 * parents, parents / 2);
    }
    Ok(Plan { steps, last: Vec::new(), stackable: false })
}
