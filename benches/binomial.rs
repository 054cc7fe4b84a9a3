//! Shares that were counted, and how sure one may be of them. Pure.

/// The exact (Clopper-Pearson) interval of a share at this confidence, from both tails of the binomial distribution.
pub fn exact_interval(hits: u64, of: u64, confidence: f64) -> (f64, f64) {
    let tail = (1.0 - confidence) / 2.0;
    let low = if hits == 0 { 0.0 } else { bisect(|share| at_least(hits, of, share) < tail) };
    let high = if hits == of { 1.0 } else { bisect(|share| 1.0 - at_least(hits + 1, of, share) > tail) };
    (low, high)
}

/// Where in 0 to 1 `below` ceases to hold.
fn bisect(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if below(middle) { low = middle } else { high = middle }
    }
    high
}

/// The chance of at least `hits` in `of` trials.
pub fn at_least(hits: u64, of: u64, share: f64) -> f64 {
    let (n, odds) = (of as f64, share.ln() - (-share).ln_1p());
    let mut log_term = n * (-share).ln_1p();
    let (mut fewer, mut from) = (0.0, 0.0);
    for k in 0..=of {
        *(if k < hits { &mut fewer } else { &mut from }) += log_term.exp();
        log_term += ((n - k as f64) / (k as f64 + 1.0)).ln() + odds;
    }
    // The smaller side is the one that was added up without loss.
    if fewer > from { from } else { 1.0 - fewer }
}
