//! The dispatches of a working set that is read again and again. Owns their cutting; pure.

use super::{Frame, GROUPS_MAX, ITERATIONS_MAX, Plan, Refusal, Step, window};
use crate::device::op::Buf;
use crate::device::wgpu::shaders::Kernel;

pub fn plan(
    kernel: Kernel,
    src: Buf,
    words: u64,
    passes: u32,
    sum: Buf,
    frame: &Frame<'_>,
) -> Result<Plan, Refusal> {
    let Kernel::Reread(tile) = kernel else { return Err("not a reread kernel".to_owned()) };
    let tile_words = u64::from(tile.len()) * 4;
    let tiles = words / tile_words;
    let all = tiles * u64::from(passes);
    // The kernel adds a tile's index and a pass's, and then the step.
    if words * 4 > frame.binding_bytes || all >= 1 << 31 {
        return Err(format!("{passes} passes over {words} words are more than one kernel can hold"));
    }
    let groups = frame.groups.min(GROUPS_MAX);
    let most = (frame.dispatch_work / (4 * tile_words)).clamp(1, groups * ITERATIONS_MAX);
    let step = |i: u64| {
        let (first, end) = (i * most, all.min((i + 1) * most));
        let groups = groups.min(end - first);
        Step {
            kernel,
            binds: vec![window(src, 0, words * 4).0, window(sum, 0, 4).0],
            params: [tiles, first, end, groups].map(|number| number as u32).to_vec(),
            groups: [groups as u32, 1],
            work: (end - first) * tile_words * 4,
        }
    };
    let steps = (0..all.div_ceil(most)).map(step).collect();
    Ok(Plan { steps, last: Vec::new(), stackable: false })
}
