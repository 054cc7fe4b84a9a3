//! Many nodes: what was promised, what came, what is wrong with it, and what is due; on fleets in which that is known.

use gpu_assay::device::{Identity, Provenance};
use gpu_assay::report::{Report, SealedBy};
use gpu_assay::seal::SecretKey;
use serde_json::Value;

use crate::process::{assay, command};
use crate::support_fleet::{CARDS, Fleet, card_of, cuts, honest, name, nodes_in, uuid_of};

const NODES: u32 = 330;

#[test]
fn of_330_nodes_twelve_came() {
    let fleet = Fleet::new();
    for node in 0..12 {
        fleet.add(node, &honest(node), "2024-03-20T08:00:00Z");
    }
    let (ended, json) = fleet.answer("2024-07-10");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let counts = &json["counts"];
    for (name, expected) in [
        ("contracted", 330),
        ("promised", 330),
        ("delivered", 12),
        ("accepted", 12),
        ("healthy", 12),
        ("missing", 318),
    ] {
        assert_eq!(counts[name], expected, "{name}: {counts}");
    }
    let milestones = json["milestones"].as_array().unwrap();
    let row = |at: usize| {
        ["promised", "in_time", "lacking", "days_late"].map(|key| milestones[at][key].as_u64().unwrap())
    };
    assert_eq!(row(0), [100, 12, 88, 101]);
    assert_eq!(row(1), [330, 12, 318, 10]);
    // A node costs 20 CNY x 8 cards x 730 h = 116,800 CNY a month; 88 nodes are 101 days late, which is capped at 30 %, and
    // 230 are 10 days late, which is 10 %.
    let credits = 116_800.0 * (88.0 * 0.30 + 230.0 * 0.10);
    // Nothing was watched; the sum of nothing is written without a sign.
    assert_eq!(json["availability"]["watched_hours"].to_string(), "0.0");
    assert_eq!(json["money"]["node_month"], "116800.00");
    assert_eq!(json["money"]["credits"], format!("{credits:.2}"));
    let due = json["money"]["dues"].as_array().unwrap();
    let terminate = due.iter().find(|due| due["kind"] == "terminate").unwrap();
    assert_eq!((&terminate["count"], &terminate["on"]), (&Value::from(318), &Value::from("2024-05-30")));

    let text = fleet.command("2024-07-10", "human").stdout;
    for part in [
        "never reported      318",
        "2024-06-30",
        "LATE BY",
        "101 days",
        "credits 5,769,920.00 CNY",
        "12 of 12 reports found every device sound, which is 73.5 to 100.0 %",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    crate::fleet_pages::of_a_late_fleet(&fleet);
}

#[test]
fn before_the_day_nothing_is_missing() {
    let fleet = Fleet::new();
    fleet.add(0, &honest(0), "2024-03-20T08:00:00Z");
    let (ended, json) = fleet.answer("2024-03-31");
    assert_eq!(ended.code, Some(0), "{}{}", ended.stderr, json["counts"]);
    assert_eq!(
        (&json["counts"]["promised"], &json["money"]["credits"]),
        (&Value::from(0), &Value::from("0.00"))
    );
    crate::fleet_pages::before_the_day(&fleet);
}

/// Node and place of cards of another kind under this kind's name.
const RELABELLED: [(u32, usize); 3] = [(10, 3), (11, 0), (200, 7)];
const SLOW: [(u32, usize); 5] = [(20, 0), (21, 1), (22, 2), (23, 3), (24, 4)];
/// A card, and the node and place that it is in again.
const DOUBLED: [(u32, u32, u32, usize); 2] = [(40, 1, 41, 6), (50, 0, 299, 0)];
/// One node's measurements under another's name.
const COPIED: u32 = 60;
const COPY: u32 = 61;
/// Signed by a stranger.
const UNKNOWN: u32 = 70;

/// The cards of a node, its faults included.
fn planted(node: u32) -> Vec<String> {
    let mut cards = honest(node);
    for (_, card) in RELABELLED.iter().filter(|(of, _)| *of == node) {
        cards[*card] =
            format!("sim:l40s,name=NVIDIA H100 80GB HBM3 (simulated),seed={},index={card}", node + 1);
    }
    for (_, card) in SLOW.iter().filter(|(of, _)| *of == node) {
        cards[*card] += ",speed=0.9";
    }
    for (of, card, _, place) in DOUBLED.iter().filter(|(_, _, again, _)| *again == node) {
        // In another slot and with other noise.
        cards[*place] = format!("{},uuid={}", card_of(node, *place as u32), uuid_of(&card_of(*of, *card)));
    }
    cards
}

/// All nodes' reports.
fn whole() -> Fleet {
    let (fleet, stranger) = (Fleet::new(), SecretKey::generate().unwrap());
    let started = "2024-06-20T08:00:00Z";
    for node in 0..NODES {
        let mut report = match node {
            COPY => fleet.report(COPIED, &planted(COPIED), started),
            _ => fleet.report(node, &planted(node), started),
        };
        report.evidence.run.node = Some(name(node));
        let key = if node == UNKNOWN { &stranger } else { &fleet.provider };
        fleet.file(&name(node), &report.seal(key).unwrap());
    }
    fleet
}

/// The cards that are blamed for a node, and the clauses.
fn blamed(json: &Value, node: u32) -> Vec<(String, String)> {
    let node = json["nodes"].as_array().unwrap().iter().find(|found| found["name"] == name(node)).unwrap();
    let whys = node["reasons"].as_array().unwrap().iter();
    whys.map(|why| (why["card"].as_str().unwrap().to_owned(), why["clause"].as_str().unwrap().to_owned()))
        .collect()
}

/// A whole fleet with faults that are known, and none besides: exactly those are found.
#[test]
fn in_a_full_fleet_exactly_what_was_planted_is_found() {
    let fleet = whole();
    let (ended, json) = fleet.answer("2024-07-10");
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);

    let refused: Vec<(&str, &str)> = json["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| (refused["what"].as_str().unwrap(), refused["source"].as_str().unwrap()))
        .map(|(what, source)| (what, source.rsplit('/').nth(1).unwrap()))
        .collect();
    assert_eq!(refused, [("unknown_key", "node-070"), ("replayed", "node-061")]);

    let mut bad: Vec<String> = RELABELLED.iter().map(|(node, _)| name(*node)).collect();
    bad.extend(SLOW.iter().map(|(node, _)| name(*node)));
    bad.extend(DOUBLED.iter().map(|(_, _, node, _)| name(*node)));
    bad.sort();
    let mut rejected = nodes_in(&json, "rejected");
    rejected.sort();
    assert_eq!(rejected, bad);
    assert_eq!(json["counts"]["delivered"], 328);
    assert_eq!(json["counts"]["accepted"], 328 - 10);
    assert_eq!(json["counts"]["undecided"], 0);

    // The very cards, and why.
    for (node, card) in RELABELLED {
        let blamed = blamed(&json, node);
        assert!(blamed.iter().any(|(_, clause)| clause == "inventory.sku"), "{blamed:?}");
        assert!(blamed.iter().all(|(of, _)| of.contains(&format!("index={card}"))), "{blamed:?}");
    }
    for (node, card) in SLOW {
        let blamed = blamed(&json, node);
        assert_eq!(blamed.len(), 1, "{blamed:?}");
        assert!(blamed[0].0.contains(&format!("index={card}")) && blamed[0].1 == "upload", "{blamed:?}");
        // Whoever takes it out needs its place.
        assert!(blamed[0].0.contains(", PCI "), "{blamed:?}");
    }
    for (of, card, node, _) in DOUBLED {
        let blamed = blamed(&json, node);
        assert_eq!(blamed, [(format!("uuid {}", uuid_of(&card_of(of, card))), "fleet.duplicate".to_owned())]);
    }
    // What is far from the others is what was slow or is another card, and nothing else.
    let mut outliers: Vec<String> =
        json["outliers"].as_array().unwrap().iter().map(|o| o["node"].as_str().unwrap().to_owned()).collect();
    outliers.sort();
    let mut far: Vec<String> = SLOW.iter().map(|(node, _)| name(*node)).collect();
    far.extend(RELABELLED.iter().map(|(node, _)| name(*node)));
    far.sort();
    assert_eq!(outliers, far);

    let csv = fleet.command("2024-07-10", "csv").stdout;
    assert_eq!(csv.lines().count(), 1 + 328 * 8);
    crate::fleet_pages::of_a_full_fleet(&fleet);
}

/// Only the last word counts, and one that was measured until it passed is told.
#[test]
fn a_repaired_node_is_accepted_and_its_failures_are_told() {
    let fleet = Fleet::new();
    let mut slow = honest(0);
    slow[2] += ",speed=0.9";
    fleet.add(0, &slow, "2024-03-20T08:00:00Z");
    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!((ended.code, nodes_in(&json, "rejected").len()), (Some(1), 1));
    // Nine tenths of what the bound is 97 % of: about 7 % are missing of 116,800 CNY. What never passed is not paid for.
    let cut = cuts(&json["money"], "if_kept");
    assert!((7_500.0..9_500.0).contains(&cut), "{cut}");
    assert_eq!(json["money"]["price_cuts_per_month"], "0.00");
    let text = fleet.command("2024-03-30", "human").stdout;
    assert!(text.contains("CNY a month, if kept") && text.contains("price cuts 0.00 CNY a month"), "{text}");

    fleet.add(0, &honest(0), "2024-03-28T08:00:00Z");
    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!((ended.code, nodes_in(&json, "accepted").len()), (Some(0), 1), "{}", ended.stderr);
    assert_eq!(json["nodes"][0]["failed_before"], 1);
    assert_eq!(json["nodes"][0]["reports"], 2);
    assert!(fleet.command("2024-03-30", "human").stdout.contains("failed 1 time before it passed"));
    // What fails after that is cheaper, and not late.
    slow[2] = slow[2].replace("speed=0.9", "speed=0.85");
    fleet.add(0, &slow, "2024-04-20T08:00:00Z");
    let (_, json) = fleet.answer("2024-07-10");
    assert_eq!((nodes_in(&json, "rejected").len(), &json["milestones"][0]["lacking"]), (1, &Value::from(99)));
    assert!(cuts(&json["money"], "owed") > cut);
    std::fs::remove_dir_all(fleet.path("reports/node-000-2024-04-20")).unwrap();
    // Copies of files are no further reports.
    let again = std::fs::read(fleet.path("reports/node-000-2024-03-28/report.dsse.json")).unwrap();
    std::fs::write(fleet.path("reports/copy.dsse.json"), again).unwrap();
    let counted = || {
        let (_, json) = fleet.answer("2024-03-30");
        let refused =
            json["refused"].as_array().unwrap().iter().map(|r| r["what"].as_str().unwrap().to_owned());
        let of = |name: &str| json["sources"][name].as_u64().unwrap();
        (of("reports"), of("repeated"), refused.collect::<Vec<_>>())
    };
    assert_eq!(counted(), (2, 1, vec![]));
    // A run that is sealed again is the same run. Its samples at another time, or in another node, are no run at all.
    let mut report = fleet.report(0, &honest(0), "2024-03-28T08:00:00Z");
    let file = |name: &str, report: &Report| fleet.file(name, &report.seal(&fleet.provider).unwrap());
    report.sealed_at = "2024-03-28T09:00:00Z".to_owned();
    file("sealed-again", &report);
    assert_eq!(counted(), (2, 2, vec![]));
    report.evidence.run.started = "2024-03-28T08:30:00Z".to_owned();
    file("two-times", &report);
    assert_eq!(counted(), (2, 2, vec!["replayed".to_owned()]));
    report.evidence.run.started = "2024-03-28T08:00:00Z".to_owned();
    report.evidence.run.node = Some("node-001".to_owned());
    file("two-nodes", &report);
    assert_eq!(counted(), (2, 2, vec!["replayed".to_owned(); 2]));
}

/// What takes too long costs as what is too slow.
#[test]
fn a_latency_beyond_its_bound_has_its_price() {
    let clause = "\n[[clause]]\nid = \"memory-latency\"\nmetric = \"chase.hbm.latency\"\nstatistic = \"p50\"\n\
                  at_most = \"BOUND ns\"\n\n[[remedy]]\nof = [\"memory-latency\"]\nkind = \"price_cut\"\ncap = \"50 %\"\n";
    let cut = |bound: f64| {
        let fleet = Fleet::with(&clause.replace("BOUND", &format!("{bound:.3}")));
        let report = fleet.report_of(&["census", "link", "chase"], 0, &honest(0), "2024-03-20T08:00:00Z");
        fleet.file("node-000", &report.seal(&fleet.provider).unwrap());
        let (_, json) = fleet.answer("2024-03-30");
        let worst = report.summaries.iter().filter(|s| s.metric.as_str() == "chase.hbm.latency");
        let worst = worst.map(|s| s.summary.p50).fold(0.0, f64::max);
        (worst, cuts(&json["money"], "if_kept"))
    };
    let (latency, nothing) = cut(1e6);
    assert_eq!(nothing, 0.0);
    // A node costs 116,800 CNY a month.
    for (bound, share) in [(latency / 1.1, 0.1), (latency / 1.4, 0.4), (latency / 1.97, 0.5)] {
        let (_, cut) = cut(bound);
        assert!((cut / 116_800.0 - share).abs() < 1e-3, "{latency} ns of {bound} ns: {cut}");
    }
}

/// Without anything that names its cards one machine could report as many nodes, each time under another name.
#[test]
fn cards_that_nothing_names_make_no_accepted_node() {
    let fleet = Fleet::new();
    let mut report = fleet.report(0, &honest(0), "2024-03-20T08:00:00Z");
    report.evidence.devices[3].identity.as_mut().unwrap().uuid = None;
    let report = Report::new(
        report.evidence,
        Some(&fleet.contract),
        SealedBy::Named,
        "2024-03-20T08:00:00Z".to_owned(),
    );
    fleet.file("unnamed", &report.seal(&fleet.provider).unwrap());
    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!(
        (ended.code, nodes_in(&json, "undecided").len()),
        (Some(3), 1),
        "{}",
        json["nodes"][0]["reasons"]
    );
    assert_eq!(json["nodes"][0]["reasons"][0]["clause"], "fleet.unnamed");
}

/// Drivers without UUIDs give zeros, and one on a CPU has the UUID of its version: neither makes cards of two nodes one.
#[test]
fn what_names_no_card_is_no_claim_to_that_of_another_node() {
    let zeros = |identity: &mut Identity| identity.uuid = Some("0".repeat(32));
    let software = |identity: &mut Identity| {
        (identity.uuid, identity.provenance) =
            (Some("ab".repeat(16)), Provenance::Software { cpu_threads: 2 });
    };
    for edit in [zeros, software] {
        let fleet = Fleet::new();
        for node in 0..2 {
            let started = "2024-03-20T08:00:00Z";
            let mut evidence = fleet.report_of(&["census"], node, &honest(node), started).evidence;
            for device in &mut evidence.devices {
                device.timeline.clear();
                edit(device.identity.as_mut().unwrap());
            }
            let report = Report::new(
                evidence,
                Some(&fleet.contract),
                SealedBy::Named,
                "2024-03-20T08:00:00Z".to_owned(),
            );
            fleet.file(&name(node), &report.seal(&fleet.provider).unwrap());
        }
        let (ended, json) = fleet.answer("2024-03-30");
        assert_eq!((ended.code, nodes_in(&json, "rejected")), (Some(3), vec![]), "{json}");
        assert_eq!(nodes_in(&json, "undecided"), ["node-000", "node-001"]);
    }
}

/// Runs that were stopped early have measured little more than how many units a card has, which is the same on all.
#[test]
fn reports_with_nothing_but_equal_counts_are_no_copies() {
    let fleet = Fleet::new();
    for node in 0..2 {
        let cards: Vec<String> =
            (0..CARDS).map(|card| format!("sim:h100,index={}", node * CARDS + card)).collect();
        let report = fleet.report_of(&["census"], node, &cards, "2024-03-20T08:00:00Z");
        fleet.file(&name(node), &report.seal(&fleet.provider).unwrap());
    }
    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!((ended.code, &json["refused"]), (Some(3), &serde_json::json!([])), "{}", ended.stderr);
    assert_eq!(nodes_in(&json, "undecided"), ["node-000", "node-001"]);
}

/// A pass does not outlive the card.
#[test]
fn a_node_that_lost_a_card_since_is_not_accepted() {
    let fleet = Fleet::new();
    fleet.add(0, &honest(0), "2024-03-20T08:00:00Z");
    let mut lost = honest(0);
    lost[5] =
        format!("{},seed=77,uuid={},lost@call=3", lost[5].replace("seed=1,", ""), uuid_of(&card_of(0, 5)));
    fleet.add(0, &lost, "2024-03-28T08:00:00Z");
    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!(
        (ended.code, nodes_in(&json, "undecided").len()),
        (Some(3), 1),
        "{}",
        json["nodes"][0]["reasons"]
    );
    assert_eq!(json["nodes"][0]["reasons"][0]["clause"], "fleet.unsound");
    assert_eq!(json["counts"]["healthy"], 0);
}

/// Whatever the contract asks for: nobody wants a card whose memory forgets.
#[test]
fn a_node_with_wrong_results_that_no_clause_asks_for_is_not_accepted() {
    let fleet = Fleet::new();
    let mut forgets = honest(0);
    forgets[5] = format!("{},flip=1MB:17", forgets[5]);
    for (node, cards) in (0..).zip([forgets, honest(1)].iter()) {
        let report = fleet.report_of(&["memory"], node, cards, "2024-03-20T08:00:00Z");
        fleet.file(&name(node), &report.seal(&fleet.provider).unwrap());
    }
    let (_, json) = fleet.answer("2024-03-30");
    let reasons = |node: usize| json["nodes"][node]["reasons"].to_string();
    assert!(reasons(0).contains("fleet.unsound") && !reasons(1).contains("fleet.unsound"), "{json}");
    assert_eq!(json["counts"]["healthy"], 1);
}

/// Cards without a fault, each with noise of its own: none is called an outlier.
#[test]
fn no_honest_fleet_has_outliers() {
    let fleet = Fleet::new();
    for node in 0..40 {
        fleet.add(node, &honest(node), "2024-03-20T08:00:00Z");
    }
    let (_, json) = fleet.answer("2024-03-30");
    assert_eq!(json["outliers"], serde_json::json!([]));
    assert_eq!(json["counts"]["accepted"], 40);
}

#[test]
fn lines_of_a_file_or_of_standard_input_count_like_files() {
    let fleet = Fleet::new();
    for node in 0..3 {
        fleet.add(node, &honest(node), "2024-03-20T08:00:00Z");
    }
    let (_, of_files) = fleet.answer("2024-03-30");
    let mut lines = Vec::new();
    for node in 0..3 {
        let file = fleet.path(&format!("reports/node-{node:03}-2024-03-20/report.dsse.json"));
        lines.extend(std::fs::read(file).unwrap());
    }
    let path = fleet.path("all.jsonl");
    std::fs::write(&path, &lines).unwrap();
    for from in [path.to_str().unwrap(), "-"] {
        let output = command()
            .args(["fleet", from, "--as-of", "2024-03-30", "--format", "json", "--contract"])
            .arg(fleet.path("contract.json"))
            .arg("--trust")
            .arg(fleet.path("provider.pub.pem"))
            .stdin(std::fs::File::open(&path).unwrap())
            .output()
            .unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["counts"], of_files["counts"], "{from}");
        let sources = json["nodes"].as_array().unwrap().iter().map(|node| node["report"].as_str().unwrap());
        assert!(sources.into_iter().all(|source| source.contains(':')), "{from}: each is named by its line");
    }
}

#[test]
fn what_is_no_report_is_refused_one_by_one() {
    let fleet = Fleet::new();
    fleet.add(0, &honest(0), "2024-03-20T08:00:00Z");
    let good = std::fs::read_to_string(fleet.path("reports/node-000-2024-03-20/report.dsse.json")).unwrap();
    let reports = fleet.path("reports");
    std::fs::write(reports.join("a-cut.dsse.json"), &good[..good.len() / 2]).unwrap();
    let mut changed: Value = serde_json::from_str(&good).unwrap();
    let payload = changed["payload"].as_str().unwrap().replacen("A", "B", 1);
    changed["payload"] = payload.into();
    std::fs::write(reports.join("b-changed.dsse.json"), changed.to_string()).unwrap();
    let other = fleet.report(1, &honest(1), "2024-03-20T08:00:00Z");
    let unjudged = Report::new(other.evidence, None, SealedBy::Named, "2024-03-20T08:00:00Z".to_owned());
    fleet.file("c-unjudged", &unjudged.seal(&fleet.provider).unwrap());
    fleet.add(2, &honest(2), "2025-01-01T08:00:00Z");
    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!(ended.code, Some(6));
    let refused: Vec<&str> =
        json["refused"].as_array().unwrap().iter().map(|r| r["what"].as_str().unwrap()).collect();
    assert_eq!(refused, ["unreadable", "changed", "other_contract", "out_of_time"], "{}", json["refused"]);
    assert_eq!(json["sources"]["reports"], 1);

    let missing = assay(["fleet", "nowhere", "--contract", "x.toml", "--trust", "y.pem"]);
    assert_eq!(missing.code, Some(2));
}
