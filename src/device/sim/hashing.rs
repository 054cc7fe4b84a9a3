//! Hash trees over simulated memory: computed when somebody looks, once, or taken from the rule where that would take too long.
//! Owns what such a tree costs; what its nodes are is the reference's. Must not know addresses or time.

use std::cell::OnceCell;

use super::content::{STEPS_MAX, Source, blend};
use super::exec::words_of;
use crate::device::{Op, draw, reference};

/// What hashing adds to reading a word.
const STEPS_PER_WORD: f64 = 8.0;

/// Words of memory that consists of cells, from word `from` on.
pub fn cells(first: u64, key: &[u32; 8], from: u64, out: &mut [u32]) {
    const WORDS: u64 = Op::CELL_BYTES / 4;
    let (mut at, end) = (from, from + out.len() as u64);
    while at < end {
        let cell = words_of(&reference::cell(key, first.wrapping_add(at / WORDS)));
        let stop = end.min((at / WORDS + 1) * WORDS);
        let inside = &cell[(at % WORDS) as usize..][..(stop - at) as usize];
        out[(at - from) as usize..(stop - from) as usize].copy_from_slice(inside);
        at = stop;
    }
}

/// The tree over a snapshot of whole chunks.
#[derive(Debug)]
pub struct Tree {
    pub src: Source,
    key: Option<[u32; 8]>,
    nodes: OnceCell<Vec<u32>>,
}

impl Tree {
    pub fn over(src: Source, key: Option<[u32; 8]>) -> Self {
        Self { src, key, nodes: OnceCell::new() }
    }

    pub fn fingerprint(&self) -> u64 {
        let key = self.key.map_or(0, |key| key.iter().fold(1, |sum, word| blend(sum, &[u64::from(*word)])));
        blend(12, &[self.src.fingerprint(), key])
    }

    /// About how many steps the first look costs, at however few words.
    fn steps(&self) -> f64 {
        self.src.steps() + STEPS_PER_WORD * self.src.words as f64
    }

    /// About how many steps the next look costs beside its words.
    pub fn steps_to_come(&self) -> f64 {
        if self.nodes.get().is_some() || self.steps() > STEPS_MAX { 0.0 } else { self.steps() }
    }

    /// The words of its nodes from index `from`. Where hashing would cost too much, words that are equal for equal sources, but
    /// no hashes of them.
    pub fn evaluate(&self, from: u64, out: &mut [u32]) {
        if self.steps() > STEPS_MAX {
            let print = self.fingerprint();
            for (i, word) in (from..).zip(out) {
                *word = draw::hash(print, i);
            }
            return;
        }
        let nodes = self.nodes.get_or_init(|| {
            let mut words = vec![0; self.src.words as usize];
            self.src.read(0, &mut words);
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            words_of(&reference::tree(&bytes, self.key.as_ref()).concat())
        });
        let rest = nodes.get(from as usize..).unwrap_or_default();
        for (word, node) in out.iter_mut().zip(rest) {
            *word = *node;
        }
    }
}
