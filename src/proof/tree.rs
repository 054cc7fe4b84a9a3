//! Paths through a BLAKE3 hash tree.
//! Owns the step from a leaf to the root; must not know what the leaves are.

use blake3::Hasher;
use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

/// The hash that leaf `index` leads to, with the chaining values beside its path, lowest first. Leaves are whole subtrees of
/// as many bytes as `leaf`, a power of two and at least 1024. `None` for a path without a step.
pub fn root(key: Option<&[u8; 32]>, index: u32, leaf: &[u8], path: &[ChainingValue]) -> Option<[u8; 32]> {
    let (mode, mut hasher) = match key {
        Some(key) => (Mode::KeyedHash(key), Hasher::new_keyed(key)),
        None => (Mode::Hash, Hasher::new()),
    };
    hasher.set_input_offset(u64::from(index) * leaf.len() as u64);
    let mut node = hasher.update(leaf).finalize_non_root();
    let (last, lower) = path.split_last()?;
    let sides =
        |node, beside, level: usize| if index >> level & 1 == 0 { (node, beside) } else { (beside, node) };
    for (level, beside) in lower.iter().enumerate() {
        let (left, right) = sides(node, *beside, level);
        node = merge_subtrees_non_root(&left, &right, mode);
    }
    let (left, right) = sides(node, *last, lower.len());
    Some(*merge_subtrees_root(&left, &right, mode).as_bytes())
}
