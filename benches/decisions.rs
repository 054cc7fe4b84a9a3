//! The study of sequential decisions: 20,000 simulated devices of each kind, `results/decisions/study.md`.
//! Owns how results are written down. Asserts nothing: `tests/it/decisions.rs` does, on fewer devices.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "decisions/noise.rs"]
mod noise;
#[path = "decisions/study.rs"]
mod study;

use std::fmt::Write;

use gpu_assay::chance::share_interval;
use study::{CLAUSES, ERROR_RATE, Outcome, SCENARIOS, Size, Truth, WIDTH, fixed_length, simulate};

/// Long enough that even the slowest of the promised kinds is decided now and then right at its bound.
const CAP: u32 = 2048;
/// The longest fixed length that is tried.
const LONGEST: u32 = 1200;
/// Batches as the engine makes them.
const BATCH_MS: f64 = 50.0;

fn main() {
    let devices = std::env::var("DEVICES").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let size = Size { devices, cap: CAP, seed: 20_261_125 };
    let mut text = head(size);
    for promised in [true, false] {
        text.push_str(if promised { PROMISED } else { BEYOND });
        text.push_str(TABLE);
        let mut short = Vec::new();
        for (index, scenario) in
            SCENARIOS.iter().enumerate().filter(|(_, scenario)| scenario.promised == promised)
        {
            let (rows, gain) = rows(index, size);
            text.push_str(&rows);
            short.extend(
                gain.filter(|gain| *gain < GAIN).map(|gain| format!("{} ({gain:.1})", scenario.name)),
            );
        }
        if promised {
            write!(
                text,
                "\nThree widths away, the gain is at least {GAIN:.0} but for: {}.\n",
                short.join("; ")
            )
            .unwrap();
        }
    }
    print!("{text}");
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/results/decisions/study.md"), text).unwrap();
}

/// How much less time than a fixed length is aimed at, three widths from the bound.
const GAIN: f64 = 5.0;

fn head(size: Size) -> String {
    format!(
        "# How decisions err, and how long they take\n\n\
         Written by `make study`; simulated devices only, no GPU. {} devices of each kind, seed {}. Each has {CLAUSES} clauses, \
         each decided by itself with a quarter of the device's error rate of {} %, width {} %, at most {} batches of {BATCH_MS} ms. \
         A clause is right at its bound (good), a width below it (bad), or three widths above or below.\n\n\
         *Wrong* counts devices of which any clause was decided wrongly, with the exact 99 % interval of that share: good ones that \
         fail, bad ones that pass. *Open* is the share of clauses undecided at the cap. *Fixed* is the shortest test of a length \
         chosen beforehand that errs as rarely on the same noise, which it knows; *gain* is its time over the mean time taken.\n\n\
         The constants of the sequence were chosen on noise of these kinds, by other seeds, and the two tables are parted where \
         errors rose above the promise: this shows what it does, not that it would on noise of another kind.\n",
        size.devices,
        size.seed,
        ERROR_RATE * 100.0,
        WIDTH * 100.0,
        size.cap
    )
}

const PROMISED: &str = "\n## Where the promise holds\n\n\
    The delivered rate is the long-run mean, for throttling that over the cap.\n";
const BEYOND: &str = "\n## Where it is not meant to hold\n\n\
    What changes after the last sample, or wanders further and slower than a short look shows, no early decision can see. The \
    delivered rate here is the mean over the cap, for stalls that of all time. A contract that means it must demand a run as \
    long as that. Nor can any look see stalls that are rarer than its samples: however long they may be, nothing bounds what they \
    cost, so that waiting longer before a pass would only move the line.\n";
const TABLE: &str = "\n| scenario, spread of a batch | device | wrong | 99 % interval | open | batches: mean | median | seconds | fixed | gain |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

/// With the least gain far from the bound.
fn rows(index: usize, size: Size) -> (String, Option<f64>) {
    // Where the mean itself changes there is no length to compare with.
    let fixed = SCENARIOS[index].promised.then(|| fixed_length(index, size, LONGEST)).flatten();
    let (mut rows, mut least) = (String::new(), None);
    for truth in [Truth::Good, Truth::Bad, Truth::FarAbove, Truth::FarBelow] {
        let outcome = simulate(index, truth, size);
        writeln!(rows, "{}", row(SCENARIOS[index].name, truth, &outcome, fixed)).unwrap();
        if let (Some(fixed), Truth::FarAbove | Truth::FarBelow) = (fixed, truth) {
            let gain = f64::from(fixed) / outcome.mean_batches();
            least = Some(least.map_or(gain, |least: f64| least.min(gain)));
        }
    }
    (rows, least)
}

fn row(name: &str, truth: Truth, outcome: &Outcome, fixed: Option<u32>) -> String {
    let devices = outcome.batches.len() as u64 / CLAUSES;
    let (low, high) = share_interval(outcome.wrong, devices, 0.99);
    let mean = outcome.mean_batches();
    let (fixed, gain) = match fixed {
        Some(fixed) => (fixed.to_string(), format!("{:.1}", f64::from(fixed) / mean)),
        None => ("-".to_owned(), "-".to_owned()),
    };
    let what = match truth {
        Truth::Good => "good",
        Truth::Bad => "bad",
        Truth::FarAbove => "+3 widths",
        Truth::FarBelow => "-3 widths",
    };
    format!(
        "| {name} | {what} | {} | {:.3} .. {:.3} % | {:.1} % | {mean:.0} | {} | {:.1} | {fixed} | {gain} |",
        outcome.wrong,
        low * 100.0,
        high * 100.0,
        outcome.clauses_open as f64 * 100.0 / outcome.batches.len() as f64,
        outcome.batches[outcome.batches.len() / 2],
        mean * BATCH_MS / 1000.0
    )
}
