//! The study of loads kept up: how soon each fault of a simulated card is noticed, by which clause, and how often healthy
//! cards raise an alarm; `results/faults/study.md`. Owns how results are written down. Asserts nothing: `tests/it/burn.rs`
//! does, on fewer cards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../tests/it/pipeline.rs"]
mod pipeline;
#[path = "faults/study.rs"]
mod study;

use std::collections::BTreeMap;
use std::fmt::Write;

use gpu_assay::chance::share_interval;
use study::{Alarm, CARD, CONTRACT, HEALTHY, MINUTES, NOISE, OF_NODE, SCENARIOS, Scenario, alarms};

fn main() {
    let number = |name, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let (seeds, healthy): (u64, u64) = (number("SEEDS", 50), number("HEALTHY", 1000));
    let mut text = head(seeds);
    for scenario in &SCENARIOS {
        writeln!(text, "{}", noticed(scenario, seeds, &alarms(scenario, seeds))).unwrap();
        eprintln!("{}", scenario.name);
    }
    text.push_str(FALSE_ALARMS);
    for scenario in &HEALTHY {
        let runs = healthy / u64::from(scenario.devices);
        writeln!(text, "{}", false_alarms(scenario, runs, &alarms(scenario, runs))).unwrap();
    }
    write!(
        text,
        "\n## The contract\n\n```toml\n{CONTRACT}\n# Where there are eight devices.\n{OF_NODE}```\n"
    )
    .unwrap();
    print!("{text}");
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/results/faults");
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(format!("{dir}/study.md"), text).unwrap();
}

fn head(seeds: u64) -> String {
    format!(
        "# How soon a load kept up tells a sick card from a healthy one\n\n\
         Written by `make faults`; simulated cards only (`{CARD},{NOISE}` and the fault), no GPU. Each row is {seeds} runs with \
         `--soak {MINUTES}m`, each of another seed of the card. The contract below is judged at the end of every window of 10 s as \
         if the load had been meant to end there; the time of the first clause that fails is counted, by the run's clock, from when \
         the fault sets in, so that preparing the load (10 s to 20 s) and, for what has no answer, the wait limit of 10 s are part of it.\n\n\
         | fault | noticed | first by | seconds: median | 95 % | latest |\n| --- | --- | --- | --- | --- | --- |\n"
    )
}

const FALSE_ALARMS: &str = "\n## False alarms\n\n\
    An alarm is any clause that fails at the end of any window, or does not pass at the end of the run.\n\n\
    | run | runs | false alarms | exact 99 % interval |\n| --- | --- | --- | --- |\n";

fn noticed(scenario: &Scenario, seeds: u64, alarms: &[Alarm]) -> String {
    let mut by: BTreeMap<String, u64> = BTreeMap::new();
    for alarm in alarms {
        let open = if alarm.open { ", open at the end" } else { "" };
        *by.entry(format!("{}{open}", alarm.by)).or_default() += 1;
    }
    let by: Vec<String> = match by.len() {
        1 => by.into_keys().collect(),
        _ => by.iter().map(|(clause, count)| format!("{clause} ({count})")).collect(),
    };
    let mut after: Vec<f64> =
        alarms.iter().map(|alarm| alarm.at_ns as f64 / 1e9 - scenario.onset_s as f64).collect();
    after.sort_by(f64::total_cmp);
    let at =
        |share: f64| after.get((share * after.len() as f64).ceil() as usize - 1).copied().unwrap_or(f64::NAN);
    format!(
        "| {} (`{}`) | {} of {seeds} | {} | {:.0} | {:.0} | {:.0} |",
        scenario.name,
        scenario.fault,
        alarms.len(),
        by.join(", "),
        at(0.5),
        at(0.95),
        at(1.0)
    )
}

fn false_alarms(scenario: &Scenario, runs: u64, alarms: &[Alarm]) -> String {
    let (low, high) = share_interval(alarms.len() as u64, runs, 0.99);
    format!("| {} | {runs} | {} | {:.2} .. {:.2} % |", scenario.name, alarms.len(), low * 100.0, high * 100.0)
}
