//! Which known name a mistyped one probably meant.
//! Owns the distance between words; must not know what the words name.

/// The candidate closest to `word`, where one is close enough to be worth suggesting.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate, word), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 2).clamp(1, 6))
        .map(|(_, candidate)| candidate)
}

/// Edit distance, of which only the first 64 characters of `b` count: input may be of any length.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words_are_suggested_and_far_ones_are_not() {
        let keys = ["flip", "stuck", "throttle"];
        assert_eq!(nearest("flop", keys), Some("flip"));
        assert_eq!(nearest("throtle", keys), Some("throttle"));
        assert_eq!(nearest("gemm", keys), None);
        assert_eq!(nearest("", []), None);
    }
}
