//! What a load multiplies, whose limit its rate shows, and what of a long one is kept.

use gpu_assay::contract::parse;
use gpu_assay::device::Reach;
use gpu_assay::engine::{Already, Begun, Profile};
use gpu_assay::evidence::counters;
use gpu_assay::evidence::metric::MetricName;

use crate::burn::{CARD, kept_up, load};
use crate::front::{self, How};
use crate::pipeline::{Run, report};

/// However fast the device is by now: other products are another load.
#[test]
fn a_load_that_goes_on_multiplies_what_it_multiplied() {
    let probes = ["sustain"];
    let begun =
        Begun { metric: MetricName::parse("sustain.fp32.rate").unwrap(), work: 2 << 18, kept_up_ms: 1000 };
    let run = Run { profile: Profile::Standard, sustain_ms: 2000, ..Run::short(CARD, &probes) };
    let loads = |already: Already| {
        let run = Run { already, ..run.clone() };
        load(&run.report().evidence.devices[0]).load.clone()
    };
    let anew = loads(Already::default());
    let goes_on = loads(Already { load: Some(begun.clone()), ..Already::default() });
    assert!(anew.metric != begun.metric && anew.work != begun.work, "{anew:?}");
    assert_eq!((goes_on.metric, goes_on.work), (begun.metric.clone(), begun.work));
    for work in [0, 2 << 18 | 1, u64::MAX] {
        let odd = Begun { work, ..begun.clone() };
        let run = Run { already: Already { load: Some(odd), ..Already::default() }, ..run.clone() };
        let device = run.report().evidence.devices.remove(0);
        assert!(device.sustained.is_none() && !device.absences.is_empty(), "{work}");
    }
}

/// A load in the format that a clause names, whichever is fastest; where the device has none of those there is one all the same.
#[test]
fn a_load_multiplies_in_the_format_that_the_contract_names() {
    let probes = ["sustain"];
    let loads = |card: &str, named: &str| {
        let clause = format!(
            "[[clause]]\nid = \"kept\"\nmetric = \"sustain.{named}.rate\"\nat_least = \"1 FLOP/s\"\nstatistic = \"last\""
        );
        let text = format!("version = 1\nid = \"format\"\naccept = [\"simulated\"]\n{clause}");
        let parsed = parse("format.toml", text.as_bytes()).unwrap();
        let run = Run { sustain_ms: 1000, contract: Some(&parsed), ..Run::short(card, &probes) };
        let device = run.report().evidence.devices.remove(0);
        assert_eq!(load(&device).wrong(), 0, "{named}");
        load(&device).load.metric.to_string()
    };
    for format in ["bf16", "fp32", "fp64", "fp8_e4m3"] {
        assert_eq!(loads(CARD, format), format!("sustain.{format}.rate"));
    }
    assert_eq!(loads("sim:a100,mem=16MiB,buffer=4MiB", "fp8_e4m3"), "sustain.bf16.rate");
}

/// A week has few whole readings, and still it shows when the driver told an error.
#[test]
fn a_counter_that_rises_in_a_long_load_is_kept_with_its_time() {
    let at_s = 7010;
    let device = kept_up(&format!("{CARD},xid=79@{at_s}s,replays=1/min"), 4 * 3600);
    let [xids, replays] = ["counters.xid.count", "counters.pcie_replays.count"].map(|name| {
        let counter = counters::find(&MetricName::parse(name).unwrap()).unwrap();
        let times: Vec<u64> =
            counter.rises(&device.timeline).map(|(at, _)| at.at_ns / 1_000_000_000).collect();
        times
    });
    let [told_s] = xids[..] else { panic!("once: {xids:?}") };
    assert!((at_s..at_s + 15).contains(&told_s), "readings are 40 s apart: {told_s}");
    assert!((230..=240).contains(&replays.len()), "each minute: {}", replays.len());
}

#[test]
fn a_load_says_whose_limit_its_rate_shows() {
    let probes = ["sustain"];
    let run = Run { profile: Profile::Standard, sustain_ms: 1000, ..Run::short(CARD, &probes) };
    for (how, reach) in [(How::Honest, Reach::Card), (How::Modest, Reach::Kernel)] {
        let events = run.events_through(|opened| front::before(opened, how).0);
        let device = report(&events, None).evidence.devices.remove(0);
        assert_eq!(load(&device).load.conditions.reach, reach, "{how:?}");
    }
}
