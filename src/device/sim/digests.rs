//! Digests of rows of simulated memory: computed, remembered, or taken from the rule where computing would take too long.
//! Owns what makes two rows equal without looking at them; must not know addresses or time.

use std::cell::RefCell;
use std::collections::HashMap;

use super::content::{Rule, STEPS_MAX, Source};
use crate::device::{draw, reference};

/// Rows that would cost too much to compute are digested from their rule instead: equal for equal work, but not
/// equal to the reference. Few rows are always computed.
pub fn digest_words(src: &Source, row_words: u32, from: u64, out: &mut [u32]) {
    let rows = (out.len() as u64).div_ceil(2);
    let steps = rows as f64 * f64::from(row_words) * src.steps_per_word();
    let shortcut = steps > STEPS_MAX;
    let prints = Prints::of(src);
    let mut words = vec![0; if shortcut { 0 } else { row_words as usize }];
    let mut last: Option<(u64, [u32; 2])> = None;
    for (index, slot) in (from..).zip(out) {
        let row = index / 2;
        let pair = match (last, shortcut) {
            (Some((known, pair)), _) if known == row => pair,
            (_, true) => {
                let print = prints.of_row(row_words, row);
                [draw::hash(print, 2 * row), draw::hash(print, 2 * row + 1)]
            }
            (_, false) => known_digest(src, row_words, row, &prints, || {
                src.read(row * u64::from(row_words), &mut words);
                reference::digest(words.iter().copied())
            }),
        };
        last = Some((row, pair));
        *slot = pair[(index & 1) as usize];
    }
}

/// What tells sources apart: with and without the one element of a product that is wrong, and where that lies.
struct Prints {
    sound: u64,
    whole: u64,
    wrong_word: Option<u64>,
}

impl Prints {
    fn of(src: &Source) -> Self {
        let wrong_word = src.pieces.iter().find_map(|piece| {
            let Rule::Product(product) = &*piece.rule else { return None };
            let word = product.wrong? * (product.precision.result_bytes() / 4);
            Some((word + piece.at).saturating_sub(piece.offset))
        });
        Self { sound: src.print(Rule::sound_fingerprint), whole: src.fingerprint(), wrong_word }
    }

    /// Rows without the wrong element are as if there were none.
    fn of_row(&self, row_words: u32, row: u64) -> u64 {
        let within = |word: u64| word / u64::from(row_words.max(1)) == row;
        if self.wrong_word.is_some_and(within) { self.whole } else { self.sound }
    }
}

/// Rows that cost at least so many steps to compute are remembered, so many of them.
const REMEMBERED_STEPS_MIN: f64 = 65_536.0;
const REMEMBERED_MAX: usize = 1 << 16;

thread_local! {
    /// Digests by the fingerprint of their source, the length of the row and its number: work repeated a million times is
    /// computed once.
    static REMEMBERED: RefCell<HashMap<(u64, u32, u64), [u32; 2]>> = RefCell::default();
}

/// The digest of a row of `src`, from memory where the same was computed before.
fn known_digest(
    src: &Source,
    row_words: u32,
    row: u64,
    prints: &Prints,
    compute: impl FnOnce() -> [u32; 2],
) -> [u32; 2] {
    if src.steps_per_word() * f64::from(row_words) < REMEMBERED_STEPS_MIN {
        return compute();
    }
    let key = (prints.of_row(row_words, row), row_words, row);
    if let Some(known) = REMEMBERED.with_borrow(|known| known.get(&key).copied()) {
        return known;
    }
    let digest = compute();
    REMEMBERED.with_borrow_mut(|known| {
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(key, digest);
    });
    digest
}
