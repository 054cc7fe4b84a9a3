//! A list of nodes beside their reports.

use serde_json::Value;

use crate::support_fleet::{Fleet, honest, nodes_in};

/// Beside a list the answer names who never reported, and whose reports count for nothing.
#[test]
fn a_list_tells_who_never_reported_and_who_is_not_of_the_fleet() {
    let fleet = Fleet::new();
    for node in [0, 2, 3, 4] {
        fleet.add(node, &honest(node), "2024-03-20T08:00:00Z");
    }
    let mut unnamed = fleet.report(5, &honest(5), "2024-03-20T08:00:00Z");
    unnamed.evidence.run.node = None;
    fleet.file("unnamed", &unnamed.seal(&fleet.provider).unwrap());
    let list = fleet.path("nodes.txt");
    let listed = |names: &str, format: &str| {
        std::fs::write(&list, names).unwrap();
        fleet.command_with("2024-03-30", format, &["--nodes", list.to_str().unwrap()])
    };
    let names = "node-000\nnode-009\nnode-002\nnode-001\nnode-003\n";
    let ended = listed(names, "json");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    let (list, counts) = (&json["listed"], &json["counts"]);
    assert_eq!(list["never_reported"], serde_json::json!(["node-009", "node-001"]));
    let strangers = list["strangers"].as_array().unwrap();
    let mut strange: Vec<_> =
        strangers.iter().map(|of| (&of["node"], of["report"].as_str().unwrap())).collect();
    // In the order of time; at one time those without a name come first.
    strange.reverse();
    assert!(strange[0].0 == "node-004" && strange[0].1.ends_with("node-004-2024-03-20/report.dsse.json"));
    assert!(
        strange[1].0.is_null() && strange[1].1.ends_with("unnamed/report.dsse.json") && strange.len() == 2
    );
    // Of the list: those that came and those that did not. Nobody else is counted.
    for (count, expected) in
        [("delivered", 3), ("accepted", 3), ("healthy", 3), ("missing", 2), ("promised", 0)]
    {
        assert_eq!(counts[count], expected, "{count}: {counts}");
    }
    assert_eq!((&json["sources"]["reports"], &list["nodes"]), (&3.into(), &5.into()));
    assert_eq!(nodes_in(&json, "accepted"), ["node-000", "node-002", "node-003"]);

    let text = listed(names, "human").stdout;
    for words in [
        "2 of 5 nodes in the list have no report that counts",
        "node-009",
        "2 reports of nodes that are not in the list",
        "node-004",
        "without a name",
        "never reported      2",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let csv = listed(names, "csv").stdout;
    assert_eq!(csv.lines().count(), 1 + 3 * 8 + 2 + 2, "{csv}");
    assert!(csv.contains("\nnode-001,missing,,,") && csv.contains("\nnode-004,not listed,,"), "{csv}");

    let complete = listed("node-000\nnode-002\nnode-003\nnode-004\n", "json");
    assert_eq!(complete.code, Some(0), "{}", complete.stderr);
    let without: Value = serde_json::from_str(&fleet.command("2024-03-30", "json").stdout).unwrap();
    assert!(without["listed"].is_null() && without["counts"]["delivered"] == 5, "{}", without["counts"]);
    let blank = listed("node-000\n\nnode-002\n", "json");
    assert!(blank.code == Some(2) && blank.stderr.contains("line 2 is blank"), "{}", blank.stderr);
}
