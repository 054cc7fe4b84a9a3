//! Compares memory with the address pattern without looking at every word.
//! Owns the tally of a scan; must not know ops, time or addresses of the card.

use super::content::{Rule, STEPS_MAX, Source};
use crate::device::draw;
use crate::device::op::Tally;

/// Runs of other content up to this many words are compared word by word.
const EXACT_WORDS_MAX: u64 = 1 << 20;

/// Of longer ones so many words at the start are, and as many more spread over the rest stand for it.
const SAMPLE_WORDS: u64 = 1 << 12;

/// What [`crate::device::Op::Scan`] finds in `source`.
///
/// Words that hold the pattern itself, and single words that deviate from it, are counted exactly at any size.
/// Long runs of something else are judged by a sample; as two patterns agree nowhere but by chance (2^-32), all of
/// their words count as wrong.
pub fn scan(source: &Source, first_word: u64, seed: u64) -> Tally {
    let mut tally = Tally::default();
    let mut patches = source.patches.iter().copied().peekable();
    let zero = Rule::Zero;
    let mut at = 0;
    let mut pieces = source.pieces.iter().peekable();
    while at < source.words {
        if let Some((word, got)) = patches.next_if(|(word, _)| *word == at) {
            tally.note(word, got, draw::pattern(seed, first_word.wrapping_add(word)));
            at += 1;
            continue;
        }
        while pieces.next_if(|piece| piece.at + piece.words <= at).is_some() {}
        let (rule, offset, end) = match pieces.peek() {
            Some(piece) if piece.at <= at => {
                (&*piece.rule, piece.offset + (at - piece.at), piece.at + piece.words)
            }
            Some(piece) => (&zero, 0, piece.at),
            None => (&zero, 0, source.words),
        };
        let end = patches.peek().map_or(end, |(word, _)| end.min(*word)).min(source.words);
        let run =
            Run { rule, offset, at, words: end - at, expected_first: first_word.wrapping_add(at), seed };
        run.note(&mut tally);
        at = end;
    }
    tally
}

/// A run of words under one rule.
struct Run<'a> {
    rule: &'a Rule,
    offset: u64,
    /// Index of the first word within the scan.
    at: u64,
    words: u64,
    expected_first: u64,
    seed: u64,
}

impl Run<'_> {
    fn note(&self, tally: &mut Tally) {
        if let Rule::Pattern { seed, first_word } = self.rule
            && *seed == self.seed
            && first_word.wrapping_add(self.offset) == self.expected_first
        {
            tally.words_checked += self.words;
            return;
        }
        let steps = self.words as f64 * self.rule.steps_per_word();
        if self.words <= EXACT_WORDS_MAX && steps <= STEPS_MAX {
            self.note_each(tally, 0, self.words);
            return;
        }
        let head = SAMPLE_WORDS.min(self.words);
        self.note_each(tally, 0, head);
        let rest = self.words - head;
        let stride = (rest / SAMPLE_WORDS).max(1);
        let mut sample = Tally::default();
        for index in (head..self.words).step_by(usize::try_from(stride).unwrap_or(usize::MAX)) {
            self.note_each(&mut sample, index, 1);
        }
        let scale = |n: u64| u128::from(n) * u128::from(rest) / u128::from(sample.words_checked.max(1));
        tally.words_checked += rest;
        tally.words_wrong += scale(sample.words_wrong) as u64;
        tally.bits_set += scale(sample.bits_set) as u64;
        tally.bits_cleared += scale(sample.bits_cleared) as u64;
        tally.bit_mask |= sample.bit_mask;
        let room = Tally::EXAMPLES - tally.examples.len();
        tally.examples.extend(sample.examples.into_iter().take(room));
    }

    fn note_each(&self, tally: &mut Tally, from: u64, words: u64) {
        let mut chunk = [0; SAMPLE_WORDS as usize];
        for start in (from..from + words).step_by(SAMPLE_WORDS as usize) {
            let part = &mut chunk[..(from + words - start).min(SAMPLE_WORDS) as usize];
            self.rule.evaluate(self.offset + start, part);
            for (index, got) in (start..).zip(part) {
                let expected = draw::pattern(self.seed, self.expected_first.wrapping_add(index));
                tally.note(self.at + index, *got, expected);
            }
        }
    }
}

/// Adds what each of `repeat` equal scans found to what `tally` held before, as device memory would show it.
pub fn add(tally: &mut Tally, found: &Tally, repeat: u32) {
    let times = u64::from(repeat);
    tally.words_checked = tally.words_checked.wrapping_add(found.words_checked.wrapping_mul(times));
    tally.words_wrong = tally.words_wrong.wrapping_add(found.words_wrong.wrapping_mul(times));
    tally.bits_set = tally.bits_set.wrapping_add(found.bits_set.wrapping_mul(times));
    tally.bits_cleared = tally.bits_cleared.wrapping_add(found.bits_cleared.wrapping_mul(times));
    if repeat > 0 {
        tally.bit_mask |= found.bit_mask;
    }
    // After as many passes as there is room for examples, nothing more can be added.
    for _ in 0..repeat.min(Tally::EXAMPLES as u32) {
        tally.examples.sort_unstable();
        let room = Tally::EXAMPLES - tally.examples.len().min(Tally::EXAMPLES);
        tally.examples.extend(found.examples.iter().take(room));
    }
}
