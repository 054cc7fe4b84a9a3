//! Windows that are merged, figures by hand, gaps.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::device::Reach;
use crate::evidence::Canary;

fn load(asked_ms: u64) -> Load {
    let conditions = Conditions {
        shape: "1x1x1".to_owned(),
        distribution: None,
        variant: None,
        kernel: None,
        caveat: None,
        reach: Reach::Card,
    };
    let check = Check::Matched { exact: 1, sampled: 0, canary: Canary::Caught };
    let metric = MetricName::parse("sustain.bf16.rate").unwrap();
    Load { metric, work: 1000, asked_ms, piece_ns: 0, conditions, check }
}

/// A window of ten seconds in which each of 1,000 products took `ns`.
fn window(index: u64, ns: u64) -> Window {
    Window {
        from_ns: index * 10_000_000_000,
        to_ns: (index + 1) * 10_000_000_000,
        products: 1000,
        device_ns: Some(1000 * ns),
        host_ns: 1000 * ns,
        checked: 1000,
        times: vec![(ns, 1000)],
        ..Window::default()
    }
}

#[test]
fn however_many_windows_there_are_few_are_kept_and_nothing_is_lost() {
    let mut sustained = Sustained::begin(load(604_800_000));
    for index in 0..60_480 {
        sustained.add(window(index, 9_000_000 + index % 7 * 10_000));
        assert!(sustained.windows.len() <= WINDOWS_MAX);
    }
    assert!(sustained.windows.len() >= WINDOWS_MAX / 2);
    assert_eq!(sustained.checked(), 60_480_000);
    assert_eq!(sustained.watched_ns(), 604_800_000_000_000);
    assert_eq!(sustained.times.iter().map(|(_, count)| count).sum::<u64>(), 60_480_000);
    assert_eq!(sustained.first.products, 6000, "the first minute stays apart");
    assert!(serde_json::to_vec(&sustained).unwrap().len() < 48 << 10);
    let contiguous = sustained.windows.windows(2).all(|pair| pair[0].to_ns == pair[1].from_ns);
    assert!(contiguous);
}

#[test]
fn figures_by_hand() {
    let mut sustained = Sustained::begin(load(240_000));
    (0..12).for_each(|i| sustained.add(window(i, 1_000_000)));
    (12..24).for_each(|i| sustained.add(window(i, 1_250_000)));
    let figure =
        |name: &str, statistic| sustained.figure(&MetricName::parse(name).unwrap(), statistic).unwrap();
    assert_eq!(figure("sustain.bf16.rate", Some(Stat::Max)), 1e6);
    assert!((figure("sustain.bf16.rate", Some(Stat::Last)) - 0.8e6).abs() < 1e-3);
    assert!((figure("sustain.drift.share", None) - 0.2).abs() < 1e-9);
    assert!((figure("sustain.variation.share", None) - 1.0 / 9.0).abs() < 1e-9);
    assert!((figure("sustain.p50.latency", None) / 1e6 - 1.0).abs() < 2e-3);
    assert!((figure("sustain.p999.latency", None) / 1.25e6 - 1.0).abs() < 2e-3);
    assert_eq!(figure("sustain.watched.time", None), 240e9);
    // No wrong result in that time: the logarithm of 20 is the mean of which none at all has a chance of 5 %.
    assert!((figure("sustain.mtbe.time", None) / (240e9 / libm::log(20.0)) - 1.0).abs() < 1e-12);
    assert_eq!(sustained.figure(&MetricName::parse("sustain.fp16.rate").unwrap(), Some(Stat::P50)), None);
    let silent = MetricName::parse("sustain.thermal_throttle.share").unwrap();
    assert_eq!(sustained.figure(&silent, None), None, "no sensor told anything");
    sustained.windows[0].wrong = 1;
    let mtbe = sustained.figure(&MetricName::parse("sustain.mtbe.time").unwrap(), None).unwrap();
    assert!(
        (mtbe / (240e9 / 4.743_864_518) - 1.0).abs() < 1e-9,
        "half the 95 % point of chi-square of 4: {mtbe}"
    );
}

#[test]
fn a_gap_is_no_time_that_was_watched() {
    let mut sustained = Sustained::begin(load(600_000));
    sustained.add(window(0, 1_000_000));
    (4..6).for_each(|i| sustained.add(window(i, 1_000_000)));
    assert_eq!(sustained.watched_ns(), 30_000_000_000);
    sustained.halve();
    assert_eq!(sustained.windows.len(), 2);
    assert_eq!(sustained.watched_ns(), 30_000_000_000, "also where windows were made one");
}

/// What a frozen process left before gaps were noticed: each window begins where the last ended.
#[test]
fn a_window_counts_for_no_more_than_its_products_explain() {
    let ms = |from: u64, to: u64, products: u64, product: u64| Window {
        from_ns: from * 1_000_000,
        to_ns: to * 1_000_000,
        products,
        host_ns: products * product * 1_000_000,
        times: vec![(product * 1_000_000, products)],
        ..Window::default()
    };
    let watched = |windows: &[Window]| {
        let mut sustained = Sustained::begin(load(30_000));
        windows.iter().for_each(|window| sustained.add(window.clone()));
        sustained.watched_ns() / 1_000_000
    };
    let frozen = [
        ms(11_100, 12_100, 3, 330),
        ms(12_100, 13_200, 3, 330),
        ms(13_200, 44_400, 1, 31_000),
        ms(44_400, 44_700, 1, 300),
    ];
    assert!(watched(&frozen) < 15_000, "{} ms", watched(&frozen));
    let slow: Vec<Window> = (0..4).map(|i| ms(i * 20_000, (i + 1) * 20_000, 1, 20_000)).collect();
    assert_eq!(watched(&slow), 80_000, "a slow device is watched all the time");
    let again = [ms(0, 1_000, 3, 330), ms(0, 1_000, 3, 330), ms(500, 1_500, 3, 330)];
    assert_eq!(watched(&again), 1_500, "nothing is watched twice");
}

/// Also where each two of the recording became one.
#[test]
fn many_gaps_are_joined_and_never_count_as_watched() {
    let mut sustained = Sustained::begin(load(86_400_000));
    let mut watched_ns = 0;
    for index in (0..3000).filter(|index| index % 7 != 3) {
        sustained.add(window(index, 1_000_000));
        watched_ns += 10_000_000_000u64;
    }
    assert!(sustained.gaps.len() <= 64, "{}", sustained.gaps.len());
    assert!(sustained.watched_ns() < watched_ns && sustained.watched_ns() > watched_ns / 10);
    assert!(sustained.gaps.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{:?}", sustained.gaps);
}

#[test]
fn the_middle_of_times() {
    assert_eq!(middle_ns([]), None);
    assert_eq!(middle_ns([(5, 1)]), Some(5));
    assert_eq!(middle_ns([(1, 10), (5, 9), (900, 1)]), Some(5));
    assert_eq!(middle_ns([(1, u64::MAX), (5, u64::MAX)]), Some(1));
}

#[test]
fn times_keep_four_digits_and_are_never_shorter() {
    for (ns, kept) in [
        (0, 0),
        (7, 7),
        (9_999, 9_999),
        (12_345, 12_350),
        (10_099_999, 10_100_000),
        (10_000_000, 10_000_000),
        (u64::MAX, u64::MAX),
    ] {
        assert_eq!(four_digits(ns), kept);
        assert_eq!(four_digits(kept), kept, "who counts again counts the same");
    }
}

/// Bounds on them are met by what is exactly as long, and by nothing longer.
#[test]
fn times_of_products_are_those_of_their_rank() {
    let time = |times: &[(u64, u64)], name: &str| {
        let mut sustained = Sustained::begin(load(60_000));
        sustained.add(Window { times: times.to_vec(), ..window(0, 1) });
        sustained.figure(&MetricName::parse(name).unwrap(), None)
    };
    let [p1, p50, p999] = ["sustain.p1.latency", "sustain.p50.latency", "sustain.p999.latency"];
    assert_eq!(time(&[(10_000_000, 1000)], p999), Some(10e6));
    assert_eq!(time(&[(10_099_000, 1000)], p999), Some(10.1e6));
    assert_eq!(time(&[(10_000_000, 999), (50_000_000, 1)], p999), Some(10e6));
    assert_eq!(time(&[(10_000_000, 998), (50_000_000, 2)], p999), Some(50e6));
    assert_eq!(time(&[(10_000_000, 500), (50_000_000, 500)], p50), Some(10e6));
    assert_eq!(time(&[(7_000_000, 1), (10_000_000, 99)], p1), Some(7e6));
    assert_eq!(time(&[], p50), None);
    // As recordings of before have them.
    assert_eq!(time(&[(10_000_000, 3), (10_100_000, 3)], p999), Some(10.1e6));
}

/// Else a last window of no time would hide that all before it were slow.
#[test]
fn a_window_of_no_time_has_no_drift() {
    let mut sustained = Sustained::begin(load(240_000));
    (0..23).for_each(|i| sustained.add(window(i, 1_000_000)));
    sustained.add(Window { device_ns: Some(0), ..window(23, 1_000_000) });
    for name in ["sustain.drift.share", "sustain.variation.share"] {
        assert_eq!(sustained.figure(&MetricName::parse(name).unwrap(), None), None, "{name}");
    }
    assert_eq!(sustained.figure(&sustained.load.metric, Some(Stat::P50)), None);
}

#[test]
fn sensors_that_stand_still_tell_nothing() {
    let share = |most| {
        let mut sustained = Sustained::begin(load(240_000));
        for i in 0..24 {
            let power_mw = Some(Span { least: 300_000, most });
            let sensors = Sensors { looks: 10, told: 10, power_mw, ..Sensors::default() };
            sustained.add(Window { sensors, ..window(i, 1_000_000) });
        }
        sustained.figure(&MetricName::parse("sustain.thermal_throttle.share").unwrap(), None)
    };
    assert_eq!((share(300_000), share(300_001)), (None, Some(0.0)));
}

#[test]
fn numbers_of_a_broken_recording_overflow_nothing() {
    let most = u64::MAX;
    let sensors =
        Sensors { looks: most, told: most, thermal: most, power: most, brake: most, ..Sensors::default() };
    let window = Window {
        from_ns: 0,
        to_ns: most,
        products: most,
        device_ns: Some(most),
        host_ns: most,
        checked: most,
        wrong: most,
        sensors,
        times: vec![(most, most)],
    };
    let mut sustained = Sustained::begin(Load { work: most, ..load(most) });
    (0..1000).for_each(|_| sustained.add(window.clone()));
    for figure in FIGURES {
        let _ = sustained.figure(&MetricName::parse(figure.name).unwrap(), None);
    }
    assert_eq!((sustained.wrong(), sustained.told(Throttle::Brake)), (most, Some((0, most))));
}
