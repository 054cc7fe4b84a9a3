//! Clauses that no node decides: a quorum of all cards, and shares of the fleet's median.

use serde_json::Value;

use crate::support_fleet::{Fleet, honest, nodes_in};

const IN_TIME: &str = "2024-03-20T08:00:00Z";

/// Four nodes of eight cards; in `slow` of them one card is slower by so much.
fn fleet(clauses: &str, slow: u32, speed: f64) -> Fleet {
    let fleet = Fleet::with(clauses);
    for node in 0..4 {
        let mut cards = honest(node);
        if node < slow {
            cards[3] += &format!(",speed={speed}");
        }
        fleet.add(node, &cards, IN_TIME);
    }
    fleet
}

fn quorum(bound: &str, quorum: &str) -> String {
    format!(
        "\n[[clause]]\nid = \"most\"\nmetric = \"link.d2h.rate\"\nstatistic = \"p50\"\nat_least = \"{bound}\"\nscope = \"fleet\"\n\
         quorum = \"{quorum}\"\n\n[[remedy]]\nof = [\"most\"]\nkind = \"price_cut\"\ncap = \"50 %\"\n"
    )
}

fn over(json: &Value) -> &Value {
    &json["over_fleet"][0]
}

#[test]
fn a_share_of_all_cards_must_reach_the_fleets_median() {
    // The slow card still meets the clause on its node, which demands 97 %.
    let fleet_of = |slow: u32, demanded: &str| fleet(&quorum("99 % of fleet median", demanded), slow, 0.98);
    let (ended, json) = fleet_of(0, "100 %").answer("2024-03-30");
    assert_eq!(ended.code, Some(0), "{json}");
    assert_eq!((&over(&json)["verdict"], &over(&json)["cards"]), (&"pass".into(), &32.into()));
    assert!(over(&json)["median"].as_f64().unwrap() > 1e9);

    let (ended, json) = fleet_of(2, "100 %").answer("2024-03-30");
    assert_eq!(ended.code, Some(1), "{json}");
    assert_eq!(nodes_in(&json, "accepted").len(), 4, "no node fails by it");
    let failed: Vec<&str> =
        over(&json)["failed"].as_array().unwrap().iter().map(|card| card["node"].as_str().unwrap()).collect();
    assert_eq!(failed, ["node-000", "node-001"]);
    let due = json["money"]["dues"].as_array().unwrap().iter().find(|due| due["of"] == "most").unwrap();
    assert_eq!((&due["kind"], &due["count"]), (&"price_cut".into(), &2.into()));

    // 30 of 32 cards are 93.75 %.
    for (demanded, code, verdict) in [("93.75 %", 0, "pass"), ("93.8 %", 1, "fail")] {
        let (ended, json) = fleet_of(2, demanded).answer("2024-03-30");
        assert_eq!((ended.code, &over(&json)["verdict"]), (Some(code), &verdict.into()), "{json}");
        let nothing = json["money"]["dues"].as_array().unwrap().iter().all(|due| due["of"] != "most");
        assert_eq!(nothing, code == 0);
    }
    let human = fleet_of(2, "100 %").command("2024-03-30", "human").stdout;
    assert!(human.contains("CLAUSE OVER THE FLEET") && human.contains("100 % of 32 cards"), "{human}");
}

#[test]
fn a_fixed_bound_may_be_owed_by_a_share_of_cards() {
    let (ended, json) = fleet(&quorum("1 TB/s", "50 %"), 0, 1.0).answer("2024-03-30");
    assert_eq!((ended.code, &over(&json)["verdict"]), (Some(1), &"fail".into()));
    assert_eq!(over(&json)["failed"].as_array().unwrap().len(), 32);
    let (ended, json) = fleet(&quorum("1 GB/s", "100 %"), 0, 1.0).answer("2024-03-30");
    assert_eq!((ended.code, &over(&json)["verdict"]), (Some(0), &"pass".into()));
    // What was never measured is met by nobody, and missed by nobody.
    let unmeasured = quorum("1 GB/s", "100 %").replace("link.d2h.rate", "stream.triad.rate");
    let (ended, json) = fleet(&unmeasured, 0, 1.0).answer("2024-03-30");
    assert_eq!((ended.code, &over(&json)["verdict"]), (Some(3), &"inconclusive".into()), "{json}");
    assert_eq!(over(&json)["undecided"], 32);
}

#[test]
fn a_manager_reads_of_the_fleet_as_a_whole_in_both_languages() {
    let fleet = fleet(&quorum("99 % of fleet median", "100 %"), 2, 0.98);
    let list = fleet.path("nodes.txt");
    std::fs::write(&list, "node-000\nnode-001\nnode-002\nnode-009\n").unwrap();
    let page = |language: &str| {
        let more = ["--lang", language, "--nodes", list.to_str().unwrap()];
        fleet.command_with("2024-03-30", "html", &more).stdout
    };
    let english = page("en");
    for words in [
        "Clauses over the fleet",
        "clause “most” is missed by 2 cards",
        "The list of nodes",
        "node-009",
        "node-003",
    ] {
        assert!(english.contains(words), "{words}");
    }
    let chinese = page("zh-CN");
    for words in ["机群条款", "条款“most”有 2 张卡未达到", "节点清单", "不在清单中", "从未报告"]
    {
        assert!(chinese.contains(words), "{words}");
    }
}
