//! How often a card that is mine alone is taken for one that others use, and the reverse: counted on simulated cards and in recorded runs, kept in
//! results/.

use std::path::Path;
use std::time::Duration;

use gpu_assay::device::backend::OpenOptions;
use gpu_assay::device::inventory;
use gpu_assay::engine::{self, Already, Profile, Settings, WorkerPlan};
use gpu_assay::evidence::Value;
use gpu_assay::evidence::event::{Event, What};
use gpu_assay::evidence::stats::Stat;
use gpu_assay::output::Format;
use gpu_assay::probes;
use gpu_assay::report::Report;

use crate::pages::rendered;
use crate::pipeline::Run;

/// What a contract may allow, for instance.
const ALLOWED: f64 = 0.01;
const METRICS: [&str; 3] = ["census.stolen.share", "census.disturbed.share", "census.disturbed_memory.share"];

/// A kind of card, and how many of them are looked at.
struct Kind {
    what: &'static str,
    script: &'static str,
    cards: u32,
    /// Whether a share above what is allowed is right, by each metric.
    alarms: [bool; 3],
}

const KINDS: [Kind; 10] = [
    Kind { what: "alone, times uniform within 1 %", script: "noise=0.01", cards: 200, alarms: [false; 3] },
    Kind { what: "alone, times uniform within 5 %", script: "noise=0.05", cards: 200, alarms: [false; 3] },
    Kind { what: "alone, times uniform within 10 %", script: "noise=0.1", cards: 200, alarms: [false; 3] },
    // Where equal work takes very different times by itself, nothing is shown by it.
    Kind {
        what: "alone, times uniform within 20 %",
        script: "noise=0.2",
        cards: 25,
        alarms: [false, true, true],
    },
    Kind {
        what: "another tenant, 3 % of the time",
        script: "noise=0.05,stolen=0.03",
        cards: 25,
        alarms: [true; 3],
    },
    Kind { what: "another tenant, 10 %", script: "noise=0.05,stolen=0.1", cards: 25, alarms: [true; 3] },
    Kind { what: "another tenant, 30 %", script: "noise=0.05,stolen=0.3", cards: 25, alarms: [true; 3] },
    // Who is beside us and leaves us all units shows in memory alone.
    Kind {
        what: "a tenant beside us, half of the bandwidth for 3 % of the time",
        script: "noise=0.05,crowded=0.03",
        cards: 25,
        alarms: [false, false, true],
    },
    Kind {
        what: "the same for 30 %",
        script: "noise=0.05,crowded=0.3",
        cards: 25,
        alarms: [false, false, true],
    },
    Kind { what: "the same for all of it", script: "noise=0.05,crowded=1", cards: 25, alarms: [false; 3] },
];

/// The shares that the census finds.
fn shares(script: &str, seed: u32) -> [f64; 3] {
    let settings = Settings {
        probes: vec!["census".to_owned()],
        sample_ms: 50,
        seed: u64::from(seed),
        ..Settings::new(Profile::Quick, 1000)
    };
    let selector = format!("sim:mini,seed={seed},{script}");
    let opened = inventory::open(&selector, OpenOptions { wait_limit: Duration::from_secs(1) }).unwrap();
    let plan = WorkerPlan { device: 0, selector, settings, already: Already::default() };
    let mut events: Vec<Event> = Vec::new();
    engine::run(&plan, opened, &mut events, probes::cases, || Ok(())).unwrap();
    METRICS.map(|metric| {
        let measured = events.iter().filter_map(|event| {
            if let What::Measured(measured) = &event.what { Some(measured) } else { None }
        });
        let found = measured.filter(|m| m.metric.as_str() == metric).map(|m| m.value.clone()).next();
        match found {
            Some(Value::Share { part, whole }) => part as f64 / whole as f64,
            other => panic!("{metric}: {other:?}"),
        }
    })
}

const HEAD: &str = "\
# Whether a card is mine alone

How often the census showed more than 1 % of a card's time in others' hands: `stolen` by blocks that watch the clocks, which only CUDA can,
`disturbed` by short pieces of equal arithmetic, and `disturbed_memory` by copies of equal size within device memory, which every backend
can. Both take the quickest tenth of their own pieces for the idle card, and count what a piece takes longer than those where that is more
than a quarter. So neither sees who slows every piece alike, by computing or using memory beside us all the time: that shows in rates, against
the datasheet or another card. Nor do they see who came before or after.

## Simulated cards

`cargo test --test it exclusive` counts again and compares with this file; `ASSAY_BLESS=1` rewrites it.

Their times are uniform within so much of an honest card's, on either side. So the counts hold for such noise only: within 10 % no time is a
quarter longer than the quickest tenth, whatever its chance. Where times are normal, the same arithmetic on 25 times 4000 of them says more than
1 % in none at a standard deviation of 5 %, in 18 at 7.5 %, and in all 25 at 10 %; so it does in all 25 where one time in twenty is half as long
again. A card of which equal work takes so different times alarms without a tenant.

| card | cards | `stolen` above 1 % | in the mean | `disturbed` above 1 % | in the mean | `disturbed_memory` above 1 % | in the mean |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

const RECORDED: &str = "
## A driver on a CPU

llvmpipe on two cores, from [llvmpipe.csv](llvmpipe.csv), one line for each `assay run --measure-only --profile quick --probe census`. There
was no machine without other programs: `first` ran with precedence over all of them (`nice -n -20`), `beside` after them (`nice -n 5`) with
two programs more that kept both cores busy. A driver on a CPU has no device to itself: what the system does besides delays its work as
another tenant would, so that on such a device a bound of 1 % alarms without one. `stolen` needs clocks that WGSL has not.

| runs | of them | `disturbed` above 1 % | in the median | `disturbed_memory` above 1 % | in the median |
| --- | --- | --- | --- | --- | --- |
";

const TAIL: &str = "
## Hardware

On an H200 that was ours alone, `stolen` was 0 of 50 looks of 20 ms, twice ([reports](../nvidia-h200)), and beside another program 42.8 %
([notes](../nvidia-h200/2026-11-26-load/notes.md)). `disturbed` and `disturbed_memory` have not run on hardware.
";

/// What the recorded runs of a driver on a CPU showed.
fn recorded() -> String {
    const RUNS: &str = include_str!("../../results/census/llvmpipe.csv");
    let rows: Vec<Vec<&str>> = RUNS.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut text = RECORDED.to_owned();
    for how in ["first", "beside"] {
        let rows: Vec<&Vec<&str>> = rows.iter().filter(|row| row[0] == how).collect();
        assert!(rows.len() >= 6, "{how}");
        text += &format!("| {how} | {}", rows.len());
        for at in [1, 3] {
            let share =
                |row: &&Vec<&str>| row[at].parse::<f64>().unwrap() / row[at + 1].parse::<f64>().unwrap();
            let shares: Vec<f64> = rows.iter().map(share).collect();
            let above = shares.iter().filter(|share| **share > ALLOWED).count();
            text += &format!(" | {above} | {:.2} %", Stat::P50.of(&shares).unwrap() * 100.0);
        }
        text += " |\n";
    }
    text
}

#[test]
fn who_is_alone_is_rarely_suspected_and_who_is_not_is_found() {
    let mut text = HEAD.to_owned();
    for Kind { what, script, cards, alarms } in KINDS {
        let all: Vec<[f64; 3]> = (1..=cards).map(|seed| shares(script, seed)).collect();
        text += &format!("| {what} | {cards}");
        for (of, is_right) in alarms.into_iter().enumerate() {
            let above = all.iter().filter(|shares| shares[of] > ALLOWED).count();
            let mean = all.iter().map(|shares| shares[of]).sum::<f64>() / f64::from(cards);
            assert_eq!(above, if is_right { cards as usize } else { 0 }, "{what}: {}", METRICS[of]);
            text += &format!(" | {above} | {:.2} %", mean * 100.0);
        }
        text += " |\n";
    }
    text += &recorded();
    text += TAIL;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/census/alone.md");
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} is not what is counted; ASSAY_BLESS=1 rewrites it:\n{text}", path.display());
}

/// 50 looks of 20 ms at a tenant who has 2 ms of each 10.
#[test]
fn each_slice_that_another_tenant_took_is_counted_by_its_length() {
    let report =
        |device: &str| Run { profile: Profile::Standard, ..Run::short(device, &["census"]) }.report();
    let (shared, alone) = (report("sim:mini,stolen=0.2"), report("sim:mini"));
    let slices = |report: &Report| {
        let measured = &report.evidence.devices[0].measurements;
        let slices = measured.iter().find(|m| m.metric.as_str() == "census.slice.time").unwrap();
        let Value::Lengths(lengths) = &slices.value else { panic!("{slices:?}") };
        lengths.times.clone()
    };
    assert_eq!((slices(&shared), slices(&alone)), (vec![(2_000_000, 100)], Vec::new()));
    let title = "Time slices that others took, how often";
    for (report, figure, drawn) in [(&shared, "2.000 ms", true), (&alone, "none", false)] {
        for format in [Format::Human, Format::Markdown, Format::Html] {
            let text = rendered(format, report);
            let row = text.lines().find(|line| line.contains("census.slice.time")).unwrap_or_default();
            assert!(format == Format::Html || row.contains(figure), "{format:?}: {row}");
            assert_eq!(text.contains(title), format == Format::Html && drawn, "{format:?}");
        }
    }
}
