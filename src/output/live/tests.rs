//! The lines fit every terminal and say what they should, whatever happens.

#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::engine::{Already, Profile, Settings};
use crate::evidence::FORMAT;
use crate::evidence::sustain::Window;
use unicode_width::UnicodeWidthStr;

const SMALL: Size = Size { width: 80, height: 24 };

fn settings(demands: Vec<Demand>) -> Settings {
    Settings { sample_ms: 300, sustain_ms: 60_000, seed: 1, demands, ..Settings::new(Profile::Quick, 1000) }
}

fn demand(clause: &str, metric: &str) -> Demand {
    let metric = MetricName::parse(metric).unwrap();
    Demand { clause: clause.to_owned(), metric, bound: 1e9, width: 0.01, error: 1e-3 }
}

fn view(selectors: &[String], demands: &[Demand], begun: Instant, language: Language) -> View {
    let run = RunInfo {
        format: FORMAT,
        tool: "assay".to_owned(),
        tool_version: "test".to_owned(),
        started: String::new(),
        profile: "quick".to_owned(),
        probes: Vec::new(),
        sustain_ms: Some(60_000),
        sample_ms: None,
        seed: String::new(),
        contract_sha256: None,
        selectors: selectors.to_vec(),
        host: None,
        node: None,
        order: Order::Together,
        challenge_sha256: None,
        salt_sha256: None,
    };
    let plans = (0u32..).zip(selectors).map(|(device, selector)| WorkerPlan {
        device,
        selector: selector.clone(),
        settings: settings(demands.to_vec()),
        already: Already::default(),
    });
    View::new(&run, &plans.collect::<Vec<_>>(), begun, language)
}

fn sign(metric: &str, permille: u32, decisions: &[(&str, Decision)]) -> What {
    What::Progress(Sign {
        metric: metric.to_owned(),
        permille,
        figure: Some(812.3e12),
        reading: Reading {
            temperature_c: Some(64),
            power_mw: Some(512_900),
            clock_mhz: Some(1755),
            throttle: Some(vec![Throttle::Thermal, Throttle::Power]),
            xid: (permille < 300).then_some(2),
            ..Reading::default()
        },
        decisions: decisions.iter().map(|(clause, decision)| ((*clause).to_owned(), *decision)).collect(),
    })
}

fn started(metric: &str, case: u32) -> What {
    What::CaseStarted { metric: metric.to_owned(), case, cases: 4 }
}

/// A view of devices that have measured for ten seconds, and the time it is.
fn busy(selectors: &[String], demands: &[Demand], what: &[What]) -> (View, Instant) {
    busy_in(Language::English, selectors, demands, what)
}

fn busy_in(language: Language, selectors: &[String], demands: &[Demand], what: &[What]) -> (View, Instant) {
    let begun = Instant::now();
    let mut view = view(selectors, demands, begun, language);
    let identity = crate::device::inventory::open(
        "sim:mini",
        crate::device::backend::OpenOptions { wait_limit: Duration::from_secs(1) },
    );
    let opened = What::DeviceOpened(identity.unwrap().device.identity().clone());
    let all: Vec<&What> = std::iter::once(&opened).chain(what).collect();
    for device in 0..selectors.len() as u32 {
        for (place, what) in all.iter().enumerate() {
            let passed_ns = 10_000_000_000 * place as u64 / (all.len() as u64 - 1).max(1);
            let event = Event { at_ns: passed_ns, device: Some(device), what: (*what).clone() };
            view.event(&event, begun + Duration::from_nanos(passed_ns));
        }
    }
    (view, begun + Duration::from_secs(10))
}

#[test]
fn eight_devices_fit_every_terminal() {
    let selectors: Vec<String> =
        (0..8).map(|n| format!("sim:h200,index={n},name=K\u{e4}rtchen \u{1f525},flip=41GB:17")).collect();
    let demands: Vec<Demand> = (0..30).map(|n| demand(&format!("clause-{n}"), "gemm.bf16.rate")).collect();
    let what = [started("gemm.bf16.rate", 0), sign("gemm.bf16.rate", 500, &[("clause-7", Decision::Fail)])];
    let (view, now) = busy(&selectors, &demands, &what);
    for (width, height, expected) in
        [(80, 24, 17), (120, 40, 17), (80, 17, 9), (20, 5, 9), (1, 1, 9), (0, 0, 9)]
    {
        let lines = view.lines(Size { width, height }, now, false);
        assert_eq!(lines.len(), expected, "{width}x{height}");
        for line in &lines {
            assert!(line.len() <= width.saturating_sub(1), "{width}x{height}: {line}");
            assert!(line.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{line}");
        }
    }
    let lines = view.lines(SMALL, now, false);
    assert!(lines[2].contains("clause-7: fail") && lines[2].ends_with("+29"), "{}", lines[2]);
}

#[test]
fn a_device_tells_its_state_its_errors_and_its_decisions() {
    let demands = [demand("bw", "stream.triad.rate"), demand("tensor", "gemm.bf16.rate")];
    let what = [
        started("gemm.fp32.rate", 0),
        started("stream.triad.rate", 1),
        sign("stream.triad.rate", 250, &[("bw", Decision::Pass)]),
        What::Window(Window { wrong: 3, ..Window::default() }),
    ];
    let (view, now) = busy(&["sim:mini".to_owned()], &demands, &what);
    let wide = Size { width: 120, height: 24 };
    let [run, one, two] = &view.lines(wide, now, false)[..] else { panic!() };
    assert!(one.starts_with("0 sim:mini") && one.contains("stream.triad.rate  812.3 TB/s"), "{one}");
    // A case took a quarter of ten seconds, a quarter of the next half of them; another and a minute of load are to come. The line of
    // the run says the same.
    assert!(one.contains(" 31 %") && one.ends_with(" 1:17 left"), "{one}");
    assert!(run.starts_with("0:10, about 1:17 left"), "{run}");
    let state =
        "  64 C   512 W  1755 MHz  3 WRONG  2 Xid  throttled: heat, power  tensor: undecided  bw: pass";
    assert_eq!(two.trim(), state.trim());
    assert!(run.starts_with("0:10") && run.ends_with("3 WRONG RESULTS   1 undecided   1 pass"), "{run}");
}

/// Nobody reads "no errors" above a card that is lost or of which the driver tells errors.
#[test]
fn a_run_in_which_a_card_is_in_trouble_does_not_say_that_there_are_no_errors() {
    let wide = Size { width: 120, height: 24 };
    let lines = |what: &[What]| {
        let (view, now) = busy(&["sim:mini".to_owned()], &[], what);
        view.lines(wide, now, false)
    };
    let good = [started("gemm.fp32.rate", 0), sign("gemm.fp32.rate", 500, &[])];
    assert!(lines(&good).iter().filter(|line| line.contains("no errors")).count() == 2);
    let xid = [started("gemm.fp32.rate", 0), sign("gemm.fp32.rate", 250, &[])];
    let lost =
        [good[0].clone(), good[1].clone(), What::DeviceEnded(Ended::Lost { why: "x".into(), during: None })];
    for what in [&xid[..], &lost[..]] {
        let lines = lines(what);
        assert!(lines[0].ends_with("1 card in trouble"), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("no errors")), "{lines:?}");
    }
}

#[test]
fn in_chinese_the_lines_fit_as_well_and_their_columns_stand_below_one_another() {
    let selectors: Vec<String> =
        (0..8).map(|n| format!("sim:h200,index={n},name=\u{663e}\u{5361} \u{1f525}K\u{e4}rtchen")).collect();
    let demands: Vec<Demand> = (0..30).map(|n| demand(&format!("clause-{n}"), "gemm.bf16.rate")).collect();
    let what = [
        started("gemm.fp32.rate", 0),
        started("gemm.bf16.rate", 1),
        sign("gemm.bf16.rate", 500, &[("clause-7", Decision::Fail)]),
        What::Window(Window { wrong: 3, ..Window::default() }),
    ];
    let (mut view, now) = busy_in(Language::Chinese, &selectors, &demands, &what);
    for (width, height) in
        [(200, 40), (120, 40), (80, 24), (41, 24), (40, 24), (20, 5), (2, 2), (1, 1), (0, 0)]
    {
        for line in view.lines(Size { width, height }, now, false) {
            assert!(line.width_cjk() <= width.saturating_sub(1), "{width}x{height}: {line}");
            assert!(!line.contains(['\u{1f525}', '\u{e4}']), "{line}");
        }
    }
    let lost =
        Ended::Lost { why: "the driver \u{1f525}".to_owned(), during: Some("gemm.bf16.rate".to_owned()) };
    view.event(&Event { at_ns: 11_000_000_000, device: Some(1), what: What::DeviceEnded(lost) }, now);
    let lines = view.lines(SMALL, now, false);
    assert!(
        lines[0].starts_with("0:10，约剩") && lines[0].contains("24 个错误结果   8 项不通过"),
        "{}",
        lines[0]
    );
    assert!(lines[1].ends_with("剩余 1:07") && lines[1].width() == 79, "{}", lines[1]);
    assert!(lines[2].contains("3 个错误  降频：过热、功耗  clause-7：不通过  +29"), "{}", lines[2]);
    assert!(lines[3].contains("测量 gemm.bf16.rate 时设备失联：“the driver ?"), "{}", lines[3]);
    let columns = |line: &String| line.split(" %  ").next().unwrap().width();
    assert!(lines[1..].iter().step_by(2).all(|line| columns(line) == columns(&lines[1])));
}

#[test]
fn the_time_left_counts_the_load_and_the_cases_to_come() {
    let left = |what: &[What]| {
        let (view, now) = busy(&["wgpu:0".to_owned()], &[], what);
        view.left(now).map(|left| left.as_secs())
    };
    // A case of 5 s, half of the next, another like the first, and a minute of load.
    let half = [started("gemm.fp32.rate", 0), started("gemm.fp32.rate", 1), sign("gemm.fp32.rate", 500, &[])];
    let seconds = left(&half).unwrap();
    assert!((66..=68).contains(&seconds), "{seconds}");
    assert_eq!(left(&[]), None, "nothing is known yet");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let (view, now) = busy(&["sim:mini".to_owned()], &[], &[started("gemm.fp32.rate", 0)]);
    assert!(view.lines(SMALL, now, true).concat().contains('\u{1b}'));
    assert!(!view.lines(SMALL, now, false).concat().contains('\u{1b}'));
    let plain: Vec<String> =
        view.lines(SMALL, now, true).iter().map(|l| anstream::adapter::strip_str(l).to_string()).collect();
    assert_eq!(plain, view.lines(SMALL, now, false), "a colour takes no room");
}
