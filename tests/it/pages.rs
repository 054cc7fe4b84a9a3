//! Reports in the forms that people in a hurry read: the page and the step summary, on honest reports and on those of a
//! hostile machine.

use std::collections::BTreeSet;

use gpu_assay::contract::{Parsed, Verdict};
use gpu_assay::device::op::{Tally, WrongWord};
use gpu_assay::evidence::lapse::{Lapse, LapseKind};
use gpu_assay::evidence::sustain::{Fault, Sensors};
use gpu_assay::evidence::{Check, Ended, Evidence, Fact, Resumption};
use gpu_assay::output::Format;
use gpu_assay::output::page::Page;
use gpu_assay::report::{Report, SealedBy};
use gpu_assay::seal::{Envelope, SecretKey};
use gpu_assay::telemetry::Throttle;

use crate::support::*;

pub const HOSTILE: &str = "<script>alert(1)</script>\"'&|`\\\u{202e}\u{0}\n{x=\"y\"} 1\n# HELP x";

pub fn report(evidence: Evidence, contract: Option<&Parsed>) -> Report {
    Report::new(evidence, contract, SealedBy::Ephemeral, "1970-01-01T00:01:00Z".into())
}

/// As a run seals it.
pub fn sealed(report: &Report) -> Envelope {
    report.seal(&SecretKey::generate().unwrap()).unwrap()
}

pub fn rendered(format: Format, report: &Report) -> String {
    let mut text = Vec::new();
    format.render(report, &sealed(report), &mut Page::file(&mut text)).unwrap();
    // Figures and their units stand together on a page.
    String::from_utf8(text).unwrap().replace('\u{a0}', " ")
}

pub fn bandwidth(at_least: &str) -> Parsed {
    let clauses = format!(
        "title = {:?}\nmetric = \"stream.triad.rate\"\nat_least = \"{at_least}\"\nstatistic = \"p5\"\n\
         [[clause]]\nid = \"wish\"\nseverity = \"should\"\nmetric = \"stream.copy.rate\"\nat_least = \"9 TB/s\"\nstatistic = \"p5\"\n\
         [[clause]]\nid = \"open\"\nmetric = \"gemm.fp32.rate\"\nat_least = \"1 FLOP/s\"\nstatistic = \"p5\"",
        "<script>title"
    );
    contract(&clauses)
}

/// Two devices of a machine that puts markup wherever it may put a text.
pub fn hostile() -> Evidence {
    let mut evidence = good_run(2);
    for device in &mut evidence.devices {
        device.selector = format!("{}{HOSTILE}", device.selector);
        let identity = device.identity.as_mut().unwrap();
        (identity.name, identity.driver) = (HOSTILE.into(), HOSTILE.into());
        identity.uuid = Some(format!("{}{HOSTILE}", identity.uuid.as_ref().unwrap()));
        device.facts = vec![Fact { metric: metric("identity.device.name"), value: HOSTILE.into() }];
        let first = &mut device.measurements[0];
        first.conditions.shape = HOSTILE.into();
        first.conditions.variant = Some(HOSTILE.into());
        first.conditions.kernel = Some(HOSTILE.into());
        first.check = Check::Wrong { why: HOSTILE.into() };
        device.ended = Ended::Lost { why: HOSTILE.into(), during: Some(HOSTILE.into()) };
    }
    evidence.run.started = HOSTILE.into();
    evidence
}

/// The names of all elements that a page has.
fn elements(page: &str) -> BTreeSet<&str> {
    let starts = page.split('<').skip(1).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    starts.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap()).collect()
}

#[test]
fn a_page_shows_the_verdict_first_then_clauses_then_devices() {
    let page = rendered(Format::Html, &report(good_run(2), Some(&bandwidth("1 TB/s"))));
    let order = [
        "\u{2718}</span> FAIL",
        "binding demands",
        "SIMULATED",
        "What to do next",
        "<h2>Clauses",
        "Devices beside each other",
        "own word",
        "Figures",
        "Conditions and kernels",
    ];
    let places: Vec<usize> =
        order.iter().map(|words| page.find(words).unwrap_or_else(|| panic!("{words}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    for part in [
        "at least <b translate=\"no\">1 TB/s</b>",
        "p5 of",
        "<svg class=\"strip\"",
        "prefers-color-scheme: dark",
        "@media print",
        "name=\"viewport\"",
        "Power",
        "verify report.dsse.json",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Nothing that a browser would load or run.
    let outside = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for word in ["http:", "https:", "src=", "@import", "url(", "<script", "<link"] {
        assert!(!outside.contains(word), "{word}");
    }
    assert!(rendered(Format::Html, &report(good_run(1), None)).contains("No verdict"));
}

#[test]
fn text_of_a_hostile_machine_stays_text_on_a_page() {
    let honest = rendered(Format::Html, &report(good_run(2), Some(&bandwidth("1 B/s"))));
    let page = rendered(Format::Html, &report(hostile(), Some(&bandwidth("1 B/s"))));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("&lt;script&gt;title"));
    let strange: Vec<&str> = elements(&page).difference(&elements(&honest)).copied().collect();
    assert!(strange.is_empty(), "elements that no honest page has: {strange:?}");
    assert!(!page.chars().any(|c| c == '\u{202e}' || (c.is_control() && c != '\n')), "text that hides text");
}

#[test]
fn a_page_shows_wrong_words_of_memory_and_bands_of_throttling() {
    let mut evidence = good_run(1);
    let tally = Tally {
        words_checked: 1000,
        words_wrong: 20,
        bits_set: 19,
        bits_cleared: 1,
        bit_mask: 1 << 17,
        examples: vec![WrongWord { word: 0x1000, got: 0xdead_beef }],
    };
    *evidence.devices[0].measurements.last_mut().unwrap() = counted("memory.errors.count", 20, tally);
    for at in &mut evidence.devices[0].timeline[10..20] {
        at.reading.throttle = Some(vec![Throttle::Thermal]);
    }
    let page = rendered(Format::Html, &report(evidence, None));
    for part in ["0x4000", "0xdeadbeef", "20 of 1000 words", "0x00020000", "\nthermal\n"] {
        assert!(page.contains(part), "{part}");
    }
    let clean = rendered(Format::Html, &report(good_run(1), None));
    assert!(!clean.contains("Memory errors") && !clean.contains("\nthermal\n"));
}

#[test]
fn a_page_shows_when_fans_turned_counters_rose_and_nobody_watched() {
    let mut evidence = good_run(1);
    let device = &mut evidence.devices[0];
    for (n, at) in (0u32..).zip(&mut device.timeline) {
        at.reading.fan_percent = Some(30 + n);
        at.reading.pcie_replays = Some(900);
        (at.reading.xid, at.reading.xid_codes) = match n {
            0..5 => (Some(0), Some(vec![])),
            5..9 => (Some(1), Some(vec![(63, 1)])),
            _ => (Some(3), Some(vec![(63, 1), (79, 2)])),
        };
    }
    device.lapses = vec![Lapse { at_ns: 12_000_000_000, kind: LapseKind::Stood, ns: 4_000_000_000 }];
    let page = rendered(Format::Html, &report(evidence, None));
    let plots = page.split("<figcaption>");
    let plot = |title: &str| plots.clone().find(|plot| plot.starts_with(&format!("<b>{title}</b>")));
    assert!(plot("Fan").unwrap().contains("\nnot watched\n"));
    let xids = plot("counters.xid.count").unwrap();
    assert!(xids.contains("\n63\n") && xids.contains("\n79\n"), "{xids}");
    assert!(plot("counters.pcie_replays.count").is_none(), "it did not rise");
}

#[test]
fn a_page_shows_a_load_that_was_kept_up() {
    let mut evidence = good_run(2);
    let mut kept = kept_up(&[500_000_000_000; 20]);
    (kept.windows[3].sensors.power, kept.windows[5].wrong) = (4, 2);
    let fault = |of: &str| Fault {
        at_ns: 52_000_000_000,
        of: of.into(),
        word: Some(77),
        expected: Some(0x10),
        got: Some(0x11),
        temperature_c: Some(64),
        clock_mhz: None,
    };
    kept.faults = vec![fault("product"), fault(HOSTILE)];
    kept.gaps = vec![(90_000_000_000, 110_000_000_000)];
    evidence.devices[0].sustained = Some(kept);
    evidence.devices[1].sustained = Some(kept_up(&[400_000_000_000; 20]));
    let terms = contract("metric = \"sustain.bf16.rate\"\nat_least = \"450 GFLOP/s\"\nstatistic = \"p50\"");
    let page = rendered(Format::Html, &report(evidence, Some(&terms)));
    for part in [
        "Rate under load",
        "Clock under load",
        "Power under load",
        "Temperature under load",
        "Wrong results under load",
        "2 of 100 results were wrong",
        "0x00000011",
        "52 s",
        "\npower\n",
        "\nnot watched\n",
        "bound 450 GFLOP/s",
        "watched for",
        "20 windows",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("slowest, 11.1 % worse than the median"));
    let beside = page.split("Devices beside each other").nth(1).unwrap();
    assert!(
        beside.find("sustain.bf16.rate").unwrap() < beside.find("stream.triad.rate").unwrap(),
        "the largest shortfall first"
    );
    assert!(!page.contains("<script"));
}

#[test]
fn a_page_says_first_that_a_run_broke_off() {
    let mut evidence = good_run(1);
    evidence.resumed = vec![Resumption { at: "1970-01-01T00:00:30Z".into(), gap_ns: Some(180_000_000_000) }];
    let page = rendered(Format::Html, &report(evidence, Some(&bandwidth("1 B/s"))));
    let gap = page.find("A gap</strong>: the run broke off once, for 180 s in all").unwrap();
    assert!(gap < page.find("<h2>Clauses").unwrap());
    assert!(!page.contains("demanded <b translate=\"no\">-"), "what has no bound demands none");
}

#[test]
fn what_is_not_met_tells_each_clause_once() {
    let contract = contract(
        "metric = \"stream.triad.rate\"\nat_least = \"9 TB/s\"\nstatistic = \"p5\"\n\
         [[clause]]\nid = \"other\"\nmetric = \"stream.copy.rate\"\nat_least = \"9 TB/s\"\nstatistic = \"p5\"",
    );
    let page = rendered(Format::Html, &report(good_run(12), Some(&contract)));
    let unmet = page.split_once("class=\"unmet\"").unwrap().1.split_once("</section>").unwrap().0;
    assert_eq!(unmet.matches("<li>").count(), 2, "{unmet}");
    assert!(unmet.contains("other") && unmet.contains("all 12 devices"), "{unmet}");
}

/// Nobody reads "accepted" above a card that computes wrongly, whatever was demanded.
#[test]
fn wrong_results_that_no_clause_asks_for_stand_beside_the_verdict() {
    let contract = contract("metric = \"stream.triad.rate\"\nat_least = \"1 B/s\"\nstatistic = \"p5\"");
    let mut evidence = good_run(2);
    let what = "stream.copy.rate on sim:1";
    evidence.devices[1].selector = "sim:1".into();
    let texts = |evidence: &Evidence| {
        let report = report(evidence.clone(), Some(&contract));
        assert!(report.verdict == Some(Verdict::Pass));
        [Format::Html, Format::Markdown, Format::Human].map(|format| rendered(format, &report))
    };
    assert!(texts(&evidence).iter().all(|text| !text.contains("Wrong results")));
    evidence.devices[1].measurements[1].check = Check::Wrong { why: "one bit".into() };
    for text in texts(&evidence) {
        assert!(text.contains("Wrong results") && text.contains(what), "{text}");
    }
}

fn step(report: &Report, words: &str) -> bool {
    [Format::Html, Format::Human].into_iter().all(|format| {
        let text = rendered(format, report);
        text.split_once("What to do next").is_some_and(|(_, steps)| steps.contains(words))
    })
}

/// Whatever the verdict, unless a failed demand is about these very figures.
#[test]
fn wrong_results_that_no_failed_demand_is_about_are_a_step() {
    let mut evidence = good_run(1);
    evidence.devices[0].measurements[1].check = Check::Wrong { why: "one bit".into() };
    let words = "results were wrong, and no failed demand is about them";
    let judged = |metric: &str, least: &str| {
        let terms = contract(&format!("metric = \"{metric}\"\nat_least = \"{least}\"\nstatistic = \"p5\""));
        report(evidence.clone(), Some(&terms))
    };
    for (report, verdict, is_told) in [
        (judged("stream.triad.rate", "1 B/s"), Some(Verdict::Pass), true),
        (judged("gemm.bf16.rate", "1 FLOP/s"), Some(Verdict::Inconclusive), true),
        (judged("stream.triad.rate", "9 TB/s"), Some(Verdict::Fail), true),
        (judged("stream.copy.rate", "1 B/s"), Some(Verdict::Fail), false),
        (report(evidence.clone(), None), None, true),
    ] {
        assert_eq!((report.verdict, step(&report, words)), (verdict, is_told));
    }
}

/// A pass hides nothing that was wished for and missed.
#[test]
fn a_wish_that_is_not_met_stands_beside_the_verdict() {
    let wish = "[[clause]]\nid = \"wish\"\nseverity = \"should\"\nmetric = \"stream.copy.rate\"\nat_least = \"9 TB/s\"\nstatistic = \"p5\"";
    let terms = contract(&format!(
        "metric = \"stream.triad.rate\"\nat_least = \"1 B/s\"\nstatistic = \"p5\"\n{wish}"
    ));
    let report = report(good_run(2), Some(&terms));
    assert_eq!(report.verdict, Some(Verdict::Pass));
    let page = rendered(Format::Html, &report);
    let head = page.split_once("</header>").unwrap().0;
    assert!(
        head.contains("1 demand that does not bind is not met: <span translate=\"no\">wish</span>."),
        "{head}"
    );
    assert!(head.contains("binding demands failed") && step(&report, "Ask the provider about the demand"));
}

#[test]
fn what_can_be_scrolled_can_be_reached_and_has_a_name_and_all_is_in_main() {
    let page = rendered(Format::Html, &report(good_run(2), Some(&bandwidth("1 TB/s"))));
    let boxes = page.matches("<div class=\"scroll\"").count();
    assert!(boxes > 3);
    assert_eq!(
        page.matches("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").count(),
        boxes
    );
    assert!(page.find("<main>").unwrap() < page.find("<header").unwrap());
}

#[test]
fn strips_of_a_clause_have_one_scale() {
    let mut evidence = good_run(2);
    evidence.devices[1].measurements[0] = rates("stream.triad.rate", &[2_000_000_000; 9]).remove(0);
    let terms = contract("metric = \"stream.triad.rate\"\nat_least = \"1 B/s\"\nstatistic = \"p5\"");
    let page = rendered(Format::Html, &report(evidence, Some(&terms)));
    let bounds: Vec<&str> = page.split("<line class=\"bound\" ").skip(1).map(|rest| &rest[..10]).collect();
    let medians: Vec<&str> = page.split("<line class=\"median\" ").skip(1).map(|rest| &rest[..10]).collect();
    assert!(
        bounds.len() == 2 && bounds[0] == bounds[1] && medians[0] != medians[1],
        "{bounds:?} {medians:?}"
    );
}

#[test]
fn what_no_sensor_told_is_not_called_never() {
    let never = |sensors: Option<Sensors>| {
        let mut evidence = good_run(1);
        let mut kept = kept_up(&[500_000_000_000; 3]);
        for window in &mut kept.windows {
            window.sensors = sensors.clone().unwrap_or_else(|| window.sensors.clone());
        }
        evidence.devices[0].sustained = Some(kept);
        rendered(Format::Markdown, &report(evidence, None)).contains("clocks were never reduced")
    };
    assert!(never(None) && !never(Some(Sensors::default())));
}

#[test]
fn wrong_results_are_folded_where_they_are_many() {
    for (count, folded) in [(8, false), (9, true)] {
        let mut evidence = good_run(1);
        let mut kept = kept_up(&[500_000_000_000; 3]);
        kept.windows[1].wrong = count;
        let fault = |at_ns| Fault {
            at_ns,
            of: "product".into(),
            word: None,
            expected: None,
            got: None,
            temperature_c: None,
            clock_mhz: None,
        };
        kept.faults = (0..count).map(fault).collect();
        evidence.devices[0].sustained = Some(kept);
        let page = rendered(Format::Html, &report(evidence, None));
        let opened = page.contains("<details open><summary>All of them, word by word");
        assert_eq!(opened, !folded, "{count}");
    }
}

/// A node of many devices, each with many samples and a wordy complaint.
pub fn large(devices: u32) -> Evidence {
    let mut evidence = good_run(devices);
    for device in &mut evidence.devices {
        let figures: Vec<u64> = (0..5000).map(|n| 1_000_000_000 + n % 977).collect();
        device.measurements[0] = rates("stream.triad.rate", &figures).remove(0);
        device.timeline = timeline(5000);
        for row in gpu_assay::evidence::metric::METRICS.iter().filter(|row| row.name.ends_with(".rate")) {
            if device.measurement(&metric(&row.name)).is_none() {
                device.measurements.extend(rates(&row.name, &[900_000_000, 1_000_000_000, 1_100_000_000]));
            }
        }
    }
    evidence
}

#[test]
fn pages_and_summaries_of_many_devices_stay_small() {
    let mut evidence = large(64);
    let contract = bandwidth("1 B/s");
    let whole = report(evidence.clone(), Some(&contract));
    let page = rendered(Format::Html, &whole);
    assert!(page.len() < 6 << 20, "{}", page.len());
    assert!(page.contains("Plots are drawn for 16 of 64 devices"));
    let summary = rendered(Format::Markdown, &whole);
    assert!(summary.len() < 1 << 20 && !summary.contains("Cut here"), "{}", summary.len());
    assert!(summary.contains(&evidence.devices[63].selector.replace('_', "\\_")));
    for device in &mut evidence.devices {
        device.measurements[0].check = Check::Wrong { why: "wrong ".repeat(5000) };
    }
    let summary = rendered(Format::Markdown, &report(evidence, Some(&contract)));
    assert!(summary.len() <= 1 << 20, "{}", summary.len());
    let (shown, note) = summary.rsplit_once("\n\nCut here").unwrap();
    assert!(note.contains("1 MiB") && shown.lines().last().unwrap().ends_with('|'));
}

#[test]
fn the_readme_names_every_form() {
    use clap::ValueEnum;
    let names: Vec<String> = Format::value_variants()
        .iter()
        .map(|format| format.to_possible_value().unwrap().get_name().to_owned())
        .collect();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&format!("--format {}", names.join("|"))), "{names:?}");
}

/// Whoever has the node finds the card by where it sits.
#[test]
fn a_card_that_is_bad_among_good_ones_is_named_by_its_place() {
    let contract = contract("metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"");
    let slow = |places: &[usize]| {
        let mut evidence = good_run(3);
        for place in places {
            evidence.devices[*place].measurements[0] =
                rates("stream.triad.rate", &[500_000_000; 3]).remove(0);
        }
        evidence
    };
    let mut evidence = slow(&[1]);
    for (of, value) in [("identity.nvml.serial", "1652"), ("identity.pci.slot", "7-1")] {
        evidence.devices[1].facts.push(Fact { metric: metric(of), value: value.into() });
    }
    let one = report(evidence, Some(&contract));
    assert!(
        step(&one, "one card of 3 that falls short")
            && step(&one, "(PCI 0000:02:00.0, slot 7-1, serial 1652): c")
    );
    let junit = rendered(Format::Junit, &one);
    assert!(
        junit.contains("<property name=\"place\" value=\"PCI 0000:02:00.0, slot 7-1, serial 1652\"/>"),
        "{junit}"
    );
    assert!(rendered(Format::Prometheus, &one).contains("pci_address=\"0000:02:00.0\""));
    assert!(rendered(Format::Markdown, &one).contains("PCI 0000:02:00.0, slot 7-1, serial 1652"));
    // Where all fall short it is no card's fault.
    assert!(!step(&report(slow(&[0, 1, 2]), Some(&contract)), "falls short"));

    let mut evidence = good_run(2);
    evidence.devices[1].ended = Ended::Lost { why: "it hung".into(), during: None };
    let lost = report(evidence, Some(&contract));
    assert!(step(&lost, "(PCI 0000:02:00.0, UUID 00000000000000000000000000000002): lost: it hung"));
    let mut evidence = lost.evidence.clone();
    evidence.devices[0].ended = evidence.devices[1].ended.clone();
    assert!(step(&report(evidence, Some(&contract)), "Look at the host and its driver first"));
}

/// A display card beside the cards that are rented, and a card that the driver lists and the run has not.
#[test]
fn more_and_fewer_cards_than_are_agreed_have_steps_of_their_own() {
    let clause = "metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"";
    let of_two = contract_with("[inventory]\ndevices = 2\nsku = \"T100\"", clause);
    let mut evidence = good_run(3);
    evidence.devices[2].identity.as_mut().unwrap().name = "Display Card".into();
    evidence.devices[2].timeline.clear();
    let words = "3 devices were measured, and the contract speaks of 2";
    assert!(step(&report(evidence.clone(), Some(&of_two)), words));
    evidence.devices.remove(0);
    assert!(!step(&report(evidence, Some(&of_two)), words), "one of two is another");

    let mut evidence = good_run(1);
    assert!(!step(&report(evidence.clone(), Some(&of_two)), "The driver lists"));
    for (name, value) in [("identity.nvml.cards", "1"), ("identity.pci.cards", "2")] {
        evidence.devices[0].facts.push(Fact { metric: metric(name), value: value.into() });
    }
    assert!(step(&report(evidence, Some(&of_two)), "The driver lists 1 cards and the kernel 2"));
}

/// Other firmware or fewer links on one card than on the others of its model, and memory that waits for a reset: no clause need ask.
#[test]
fn a_card_that_says_other_things_than_the_rest_is_named() {
    let told = |evidence: &Evidence, words: &str| step(&report(evidence.clone(), None), words);
    let say = |evidence: &mut Evidence, name: &str, values: [&str; 3]| {
        for (device, value) in evidence.devices.iter_mut().zip(values) {
            device.facts.push(Fact { metric: metric(name), value: value.into() });
        }
    };
    let mut evidence = good_run(3);
    say(&mut evidence, "identity.nvml.vbios", ["96.1", "96.1", "96.1"]);
    say(&mut evidence, "identity.nvml.serial", ["1", "1", "2"]);
    let mut own = evidence.clone();
    say(&mut own, "identity.nvml.nvlinks_active", ["7", "8", "9"]);
    assert!(!told(&own, "should be the same"), "equal, or each card's own");
    say(&mut evidence, "identity.nvml.ecc", ["enabled", "disabled", "enabled"]);
    assert!(told(&evidence, "identity.nvml.ecc is enabled on most, and on sim:test,seed=2 ("));
    evidence.devices[1].identity.as_mut().unwrap().name = "Other Card".into();
    assert!(!told(&evidence, "should be the same"), "of another model nothing is expected");

    let mut worn = good_run(2);
    assert!(!told(&worn, "rows of memory"));
    worn.devices[1].timeline.last_mut().unwrap().reading.remapped_rows_pending = Some(1);
    assert!(told(&worn, "(PCI 0000:02:00.0, UUID 00000000000000000000000000000002): rows of memory wait"));
    worn.devices[1].timeline.last_mut().unwrap().reading.remapped_rows_failed = Some(1);
    assert!(told(&worn, "rows of memory could not be replaced"));
}
