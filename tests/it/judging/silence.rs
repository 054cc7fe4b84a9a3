//! What sensors must tell before their silence means that something never was, and what a silence leaves open.

use super::*;
use gpu_assay::evidence::sustain::{Load, Sensors, Window};

const S: u64 = 1_000_000_000;
const THERMAL: &str = "never = \"throttle.thermal\"";
const XID: &str = "metric = \"counters.xid.count\"\nequals = 0";

/// A load through so many windows of ten seconds; in those of `told` the sensors said why clocks are reduced.
fn load(windows: u64, told: impl Fn(u64) -> bool) -> Sustained {
    let like = kept_up(&[1_000_000_000]);
    let mut kept = Sustained::begin(Load { asked_ms: windows * 10_000, ..like.load.clone() });
    for n in 0..windows {
        let window = like.windows[0].clone();
        let sensors = Sensors {
            told: if told(n) { 10 } else { 0 },
            power_mw: Some((690_000, 700_000 + n as u32 % 50).into()),
            ..window.sensors
        };
        kept.add(Window { from_ns: n * 10 * S, to_ns: (n + 1) * 10 * S, sensors, ..window });
    }
    kept
}

/// With readings at these seconds.
fn device(seconds: impl IntoIterator<Item = u64>, sustained: Option<Sustained>) -> DeviceEvidence {
    let mut device = edited(|d| d.sustained = sustained);
    let reading = device.timeline[0].reading.clone();
    let moving = |at: u64| Reading { power_mw: Some(400_000 + at as u32 % 977), ..reading.clone() };
    let at = |second: u64| TimedReading { at_ns: second * S, reading: moving(second) };
    device.timeline = seconds.into_iter().map(at).collect();
    device
}

/// A day has 8640 windows.
const DAY: u64 = 8640;

#[test]
fn readings_at_the_beginning_say_nothing_of_the_day() {
    let soak = || Some(load(DAY, |_| true));
    for clause in [THERMAL, "never = \"xid\"", "never = \"ecc.uncorrected\""] {
        expect(device([0, 1, 2], soak()), clause, Verdict::Inconclusive, "telemetry_silent");
        expect(device([86_390, 86_395, 86_400], soak()), clause, Verdict::Inconclusive, "telemetry_silent");
    }
    expect(device([0, 1, 2], soak()), XID, Verdict::Inconclusive, "telemetry_silent");
    // As the watch keeps them of a day: one in four minutes.
    let kept = || (0..=360).map(|n| n * 240);
    for clause in [THERMAL, "never = \"xid\"", "never = \"ecc.uncorrected\"", XID] {
        expect(device(kept(), soak()), clause, Verdict::Pass, "met");
    }
    // Whatever a counter counted shows at the end. A state that nobody saw for hours may have been.
    let ends = || [0, 1, 2, 86_398, 86_400];
    expect(device(ends(), soak()), XID, Verdict::Pass, "met");
    expect(device(ends(), soak()), "never = \"xid\"", Verdict::Pass, "met");
    expect(device(ends(), soak()), THERMAL, Verdict::Inconclusive, "telemetry_silent");
    let finding = on(device(ends(), soak()), THERMAL);
    assert!(finding.because.to_string().contains("from 2 s to 24 h"), "{}", finding.because);
}

/// Without a load the samples say how long it was.
#[test]
fn samples_take_time_in_which_someone_must_look() {
    let slow = |seconds: &[u64]| {
        let mut device = device(seconds.iter().copied(), None);
        let sample = Sample { device_ns: Some(30 * S), host_ns: 30 * S };
        *measurement(&mut device, "stream.triad.rate") = timed("stream.triad.rate", 1, vec![sample; 20]);
        device
    };
    for clause in [THERMAL, XID] {
        expect(slow(&[0, 1, 2]), clause, Verdict::Inconclusive, "telemetry_silent");
        // A driver that takes a second to answer is asked each 100 s.
        expect(slow(&[0, 110, 215, 320, 430, 535, 610]), clause, Verdict::Pass, "met");
    }
}

#[test]
fn a_run_that_broke_off_is_not_silent_meanwhile() {
    let clause = |evidence: &Evidence| judge(&terms(THERMAL), evidence).remove(1);
    let night = 10 * 3600;
    let broken = |gap_ns| {
        let mut run = evidence(vec![device((0..30).chain((0..30).map(|n| 30 + night + n)), None)]);
        run.resumed.push(Resumption { at: "2026-01-01T00:00:00Z".into(), gap_ns });
        run
    };
    assert_eq!(clause(&broken(Some(night * S))).verdict, Verdict::Pass);
    assert_eq!(clause(&broken(Some(3600 * S))).verdict, Verdict::Inconclusive);
    assert_eq!(clause(&broken(None)).verdict, Verdict::Inconclusive);
}

#[test]
fn a_share_of_what_was_hardly_told_is_none() {
    let told = |told: &dyn Fn(u64) -> bool| device((0..=360).map(|n| n * 240), Some(load(DAY, told)));
    let share = "metric = \"sustain.thermal_throttle.share\"\nat_most = \"1 %\"";
    let first =
        |hours: u64| format!("metric = \"sustain.first_throttle.time\"\nat_least = \"{} s\"", hours * 3600);
    let once = told(&|n| n < 10);
    for clause in [share, &first(24), &first(1)] {
        expect(once.clone(), clause, Verdict::Inconclusive, "sensor_silent");
    }
    expect(once, THERMAL, Verdict::Inconclusive, "telemetry_silent");
    // Half a day is what the first half shows.
    let half = told(&|n| n < DAY / 2);
    expect(half.clone(), share, Verdict::Inconclusive, "sensor_silent");
    expect(half.clone(), &first(11), Verdict::Pass, "met");
    expect(half, &first(13), Verdict::Inconclusive, "sensor_silent");
    // Each second window: whatever is made of many.
    expect(told(&|n| n % 2 == 0), share, Verdict::Inconclusive, "sensor_silent");
    let short = device((0..=40).map(|n| n * 50), Some(load(200, |n| n % 2 == 0)));
    expect(short.clone(), share, Verdict::Inconclusive, "sensor_silent");
    expect(short.clone(), THERMAL, Verdict::Inconclusive, "telemetry_silent");
    expect(short, &first(1).replace("3600", "60"), Verdict::Inconclusive, "sensor_silent");
    // For two hundredths nobody looked, a window here and there and once ten minutes.
    let patchy = told(&|n| n % 72 != 5 && !(4000..4060).contains(&n));
    expect(patchy.clone(), share, Verdict::Pass, "met");
    expect(patchy.clone(), &first(11), Verdict::Pass, "met");
    expect(patchy, &first(13), Verdict::Inconclusive, "sensor_silent");
    for windows in [60, 360, 7 * DAY] {
        let whole = device((0..=360).map(|n| n * windows / 36), Some(load(windows, |_| true)));
        expect(whole.clone(), share, Verdict::Pass, "met");
        expect(whole.clone(), THERMAL, Verdict::Pass, "met");
        expect(whole, &first(1).replace("3600", &(windows * 10).to_string()), Verdict::Pass, "met");
    }
    // A driver that takes a second to answer: one window in ten has a look.
    let seldom = device((0..=36).map(|n| n * 100), Some(seldom()));
    expect(seldom.clone(), share, Verdict::Pass, "met");
    expect(seldom, &first(1), Verdict::Pass, "met");
}

/// An hour of a load with one look in a hundred seconds.
fn seldom() -> Sustained {
    let one = load(1, |_| true);
    let mut kept = Sustained::begin(Load { asked_ms: 3_600_000, ..one.load.clone() });
    let like = &one.windows[0];
    for n in 0..360 {
        let looks = u64::from(n % 10 == 0);
        let power_mw = (looks > 0).then(|| (600_000 + n as u32, 700_000).into());
        let sensors = Sensors { looks, told: looks, power_mw, ..Sensors::default() };
        kept.add(Window { from_ns: n * 10 * S, to_ns: (n + 1) * 10 * S, sensors, ..like.clone() });
    }
    kept
}
