//! Which reports show that they are as new as they say: those that answer a challenge which is at hand.

use serde_json::Value;

use crate::certificates::{Desk, ends, payload};
use crate::support_fleet::{Fleet, honest, nodes_in};

const TRUST: &str = "--contract lease.toml --trust provider.pub.pem --trust tenant.pub.pem";

fn fleet(desk: &Desk, code: i32, more: &str) -> Value {
    let ended = desk.assay(code, &format!("fleet got {TRUST} --format json{more}"));
    serde_json::from_str(&ended.stdout).unwrap()
}

fn reason(json: &Value) -> [&str; 2] {
    let reason = &json["nodes"][0]["reasons"][0];
    ["clause", "because"].map(|key| reason[key].as_str().unwrap_or_default())
}

/// A node measured under a challenge that somebody signed.
fn challenged(by: &str) -> Desk {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("asked")).unwrap();
    desk.assay(
        0,
        &format!("challenge new --contract lease.toml --key {by}.pem --node n1 --out asked/n1.json"),
    );
    desk.assay(
        0,
        "run --contract lease.toml --challenge asked/n1.json --device sim:mini --probe census --key provider.pem --out got/run",
    );
    desk
}

#[test]
fn a_report_whose_challenge_is_left_out_is_undecided_until_somebody_gives_it() {
    let desk = challenged("tenant");
    let beside = fleet(&desk, 0, "");
    assert_eq!((&beside["challenged"], &beside["counts"]["accepted"]), (&1.into(), &1.into()));
    std::fs::remove_file(desk.path("got/run/challenge.dsse.json")).unwrap();
    let without = fleet(&desk, 3, "");
    assert_eq!((&without["challenged"], &without["counts"]["undecided"]), (&0.into(), &1.into()));
    let [clause, because] = reason(&without);
    assert!(clause == "fleet.challenge" && because.contains("--challenge"), "{without}");
    for given in [" --challenge asked/n1.json", " --challenge asked"] {
        assert_eq!(fleet(&desk, 0, given)["challenged"], 1, "{given}");
    }
    // The same where it is signed, and where that is checked.
    let accept = format!("accept got {TRUST} --key tenant.pem --out acceptance.json");
    desk.assay(3, &accept);
    desk.assay(0, &format!("{accept} --challenge asked"));
    desk.assay(3, &format!("verify acceptance.json {TRUST} --reports got --challenge asked/n1.json"));
    desk.assay(6, &format!("verify acceptance.json {TRUST} --reports got"));
    let shown = desk.assay(0, &format!("fleet got {TRUST} --challenge asked"));
    assert!(shown.stdout.contains("1 of 1 node answered a challenge"), "{}", shown.stdout);
    let page = desk.assay(0, &format!("fleet got {TRUST} --challenge asked --format html"));
    assert!(page.stdout.contains("1 of 1 node answered a challenge"), "{}", page.stdout);
}

#[test]
fn who_answers_does_not_ask() {
    let desk = challenged("provider");
    assert_eq!(reason(&fleet(&desk, 3, ""))[0], "fleet.challenge");
}

#[test]
fn a_contract_can_demand_an_answer_to_a_challenge() {
    let desk = Desk::new();
    let lease = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    let lease = lease.replace("id = \"chain\"", "id = \"chain\"\nfreshness = \"challenge\"");
    std::fs::write(desk.path("lease.toml"), lease).unwrap();
    let run = "run --contract lease.toml --device sim:mini --probe census --key provider.pem --node n1";
    ends(&desk.assay(3, &format!("{run} --out got/none")), 3, "it answers no challenge");
    let json = fleet(&desk, 3, "");
    assert_eq!(reason(&json)[0], "run.freshness");
    // The parties may live with it.
    desk.assay(
        0,
        &format!("accept got {TRUST} --key tenant.pem --out waived.json --waive run.freshness=known"),
    );
    desk.assay(0, "challenge new --contract lease.toml --key tenant.pem --node n1 --out n1.json");
    desk.assay(0, &format!("{run} --challenge n1.json --out got/fresh"));
    assert_eq!(fleet(&desk, 0, "")["challenged"], 1);
    let verify = format!("verify got/fresh/report.dsse.json {TRUST}");
    ends(&desk.assay(3, &verify), 3, "that challenge is not given (--challenge FILE)");
    let attest = format!("attest got/fresh/report.dsse.json {TRUST} --as test-result --key tenant.pem");
    let result = |file: &str| {
        let statement: Value = serde_json::from_str(&payload(&desk.path(file))).unwrap();
        statement["predicate"]["result"].as_str().unwrap().to_owned()
    };
    desk.assay(3, &format!("{attest} --out open.json"));
    desk.assay(0, &format!("{attest} --out closed.json --challenge n1.json"));
    assert_eq!([result("open.json"), result("closed.json")], ["FAILED", "PASSED"]);
    desk.assay(0, &format!("{verify} --challenge n1.json"));
}

#[test]
fn times_that_no_run_takes_leave_a_node_undecided() {
    let fleet = Fleet::new();
    let began = "2024-03-20T08:00:00Z";
    let hour_ms = 3_600_000;
    for (node, sealed, sustain_ms, taken_up) in [
        (0, "2024-03-20T09:00:00Z", None, None),
        (1, "2024-03-21T08:00:01Z", None, None),
        (2, "2024-03-20T07:59:59Z", None, None),
        (3, "2024-03-22T07:00:00Z", Some(24 * hour_ms), None),
        (4, "2024-04-20T08:00:00Z", None, Some("2024-04-20T07:00:00Z")),
        (5, "some day", None, None),
    ] {
        let mut report = fleet.report(node, &honest(node), began);
        report.sealed_at = sealed.to_owned();
        report.evidence.run.sustain_ms = sustain_ms;
        report.evidence.resumed.extend(
            taken_up.map(|at: &str| gpu_assay::evidence::Resumption { at: at.to_owned(), gap_ns: None }),
        );
        let judged = gpu_assay::report::Report::new(
            report.evidence,
            Some(&fleet.contract),
            report.sealed_by,
            report.sealed_at,
        );
        fleet.file(&format!("node-{node}"), &judged.seal(&fleet.provider).unwrap());
    }
    let (_, json) = fleet.answer("2024-05-01");
    assert_eq!(nodes_in(&json, "undecided"), ["node-001", "node-002", "node-005"], "{json}");
    for node in [1, 2, 5] {
        let reason = &json["nodes"][node]["reasons"][0];
        assert!(
            reason["clause"] == "fleet.time" && reason["because"].as_str().unwrap().contains(began),
            "{reason}"
        );
    }
}

#[test]
fn a_node_judged_by_another_text_of_the_contract_is_there_and_undecided() {
    let ours = Fleet::new();
    let late = |fleet: &Fleet| {
        let (ended, json) = fleet.answer("2024-04-10");
        let due = json["money"]["dues"].as_array().unwrap().iter().find(|due| due["kind"] == "credit");
        (ended.code, due.unwrap()["count"].clone(), json)
    };
    ours.add(0, &honest(0), "2024-03-20T08:00:00Z");
    assert_eq!(late(&ours).1, 99);
    let text = std::fs::read_to_string(ours.path("contract.json")).unwrap();
    let theirs = text.replacen("{", "{\"title\":\"theirs\",", 1);
    let theirs = gpu_assay::contract::parse("theirs.json", theirs.as_bytes()).unwrap();
    let mut slow = honest(1);
    slow[0] += ",speed=0.9";
    for (node, cards) in [(1, slow), (2, honest(2))] {
        let report = ours.report(node, &cards, "2024-03-20T08:00:00Z");
        let report = gpu_assay::report::Report::new(
            report.evidence,
            Some(&theirs),
            report.sealed_by,
            report.sealed_at,
        );
        ours.file(&format!("node-{node}"), &report.seal(&ours.provider).unwrap());
    }
    let (code, count, json) = late(&ours);
    assert_eq!((code, &count), (Some(1), &97.into()), "{json}");
    assert_eq!(nodes_in(&json, "undecided"), ["node-001", "node-002"]);
    assert_eq!(json["refused"], serde_json::json!([]));
    let reason = &json["nodes"][1]["reasons"][0];
    assert_eq!(reason["clause"], "fleet.contract");
    for part in [theirs.sha256.as_str(), ours.contract.sha256.as_str(), "another text", "same id"] {
        assert!(reason["because"].as_str().unwrap().contains(part), "{reason}");
    }
    // What is short on it is not claimed either.
    let cuts = json["money"]["price_cuts_per_month"].as_str();
    assert_eq!(cuts, Some("0.00"));
}

#[test]
fn another_text_with_the_same_terms_judges_alike_and_is_named() {
    let ours = Fleet::new();
    let text = std::fs::read_to_string(ours.path("contract.json")).unwrap();
    let theirs = gpu_assay::contract::parse("theirs.json", format!("{text}\n").as_bytes()).unwrap();
    assert_ne!(theirs.sha256, ours.contract.sha256);
    let report = ours.report(0, &honest(0), "2024-03-20T08:00:00Z");
    let report =
        gpu_assay::report::Report::new(report.evidence, Some(&theirs), report.sealed_by, report.sealed_at);
    ours.file("node-0", &report.seal(&ours.provider).unwrap());
    let (ended, json) = ours.answer("2024-03-21");
    assert_eq!((ended.code, nodes_in(&json, "accepted").len()), (Some(0), 1), "{json}");
    assert_eq!(json["sources"]["by_other_text"], 1);
    for form in ["human", "html"] {
        let shown = ours.command("2024-03-21", form).stdout;
        assert!(
            shown.contains("judged by another text of the contract, whose terms are the same"),
            "{shown}"
        );
    }
}
