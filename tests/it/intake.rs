//! What may lie where reports are looked for: links, circles of them, pipes, places that lead nowhere. Each report is counted once,
//! and what cannot be looked into is named and keeps nobody waiting.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::proofs::{Desk, ends};
use crate::support_fleet::{Fleet, honest, nodes_in};
use crate::support_proof::{self, Honest, SMALL, commit, hello};

const DAY: &str = "2024-03-20T08:00:00Z";

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success(), "mkfifo {}", path.display());
}

/// Source and reason of all that was refused.
fn refused(json: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    json["refused"].as_array().unwrap().iter().map(|of| (text(&of["source"]), text(&of["why"]))).collect()
}

#[test]
fn linked_folders_of_nodes_count_once() {
    let fleet = Fleet::new();
    fleet.add(0, &honest(0), DAY);
    fleet.add(1, &honest(1), DAY);
    std::fs::create_dir(fleet.path("elsewhere")).unwrap();
    let (folder, elsewhere) = (fleet.path("reports/node-001-2024-03-20"), fleet.path("elsewhere/of-1"));
    std::fs::rename(&folder, &elsewhere).unwrap();
    symlink("../elsewhere/of-1", &folder).unwrap();
    // Comes before all others, and leads to what goes by its own name.
    symlink("node-000-2024-03-20", fleet.path("reports/a-latest")).unwrap();
    symlink("..", fleet.path("elsewhere/of-1/circle")).unwrap();
    symlink("../../reports", fleet.path("elsewhere/of-1/other-circle")).unwrap();

    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!((ended.code, refused(&json)), (Some(0), vec![]), "{}", ended.stderr);
    assert_eq!(nodes_in(&json, "accepted"), ["node-000", "node-001"]);
    assert_eq!(
        json["sources"],
        serde_json::json!({ "reports": 2, "repeated": 0, "others": 0, "by_other_text": 0 })
    );
    assert_eq!(json["nodes"][0]["report"], "reports/node-000-2024-03-20/report.dsse.json");
}

#[test]
fn what_cannot_be_looked_into_is_named_and_stops_no_count() {
    let fleet = Fleet::new();
    fleet.add(0, &honest(0), DAY);
    for folder in ["reports/a", "reports/b"] {
        std::fs::create_dir(fleet.path(folder)).unwrap();
    }
    symlink("../../not-mounted", fleet.path("reports/a/node-002")).unwrap();
    symlink("node-003", fleet.path("reports/a/node-003")).unwrap();
    pipe(&fleet.path("reports/b/report.dsse.json"));
    // Nobody asks for it.
    pipe(&fleet.path("reports/b/log.txt"));

    let (ended, json) = fleet.answer("2024-03-30");
    assert_eq!(nodes_in(&json, "accepted"), ["node-000"], "{}", ended.stderr);
    let refused = refused(&json);
    let expected = [
        ("reports/a/node-002", "No such file"),
        ("reports/a/node-003", "symbolic links"),
        ("reports/b/report.dsse.json", "it is no regular file"),
    ];
    let sources: Vec<&str> = refused.iter().map(|(source, _)| source.as_str()).collect();
    assert_eq!((ended.code, sources), (Some(6), expected.map(|(source, _)| source).to_vec()), "{refused:?}");
    assert!(refused.iter().zip(expected).all(|((_, why), (_, says))| why.contains(says)), "{refused:?}");
}

/// A run that was killed leaves what it had measured to whoever seals it, and a fleet must not look as if there were nothing.
#[test]
fn a_recording_that_nobody_sealed_is_named() {
    let fleet = Fleet::new();
    fleet.add(0, &honest(0), DAY);
    std::fs::write(fleet.path("reports/node-000-2024-03-20/events.jsonl"), "of that report\n").unwrap();
    std::fs::create_dir(fleet.path("reports/node-001")).unwrap();
    std::fs::write(fleet.path("reports/node-001/events.jsonl"), "{}\n").unwrap();
    std::fs::create_dir(fleet.path("reports/node-002")).unwrap();
    pipe(&fleet.path("reports/node-002/events.jsonl"));

    let (ended, json) = fleet.answer("2024-03-30");
    let refused = refused(&json);
    let [(source, why)] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(
        (source.as_str(), json["refused"][0]["what"].as_str()),
        ("reports/node-001", Some("unsealed"))
    );
    assert!(why.contains("nobody has sealed it"), "{why}");
    assert_eq!(
        (ended.code, nodes_in(&json, "accepted")),
        (Some(0), vec!["node-000".to_owned()]),
        "{}",
        ended.stderr
    );
    let shown = fleet.command("2024-03-30", "human");
    assert!(
        shown.stdout.contains("assay seal DIR --contract FILE") && shown.stdout.contains("node-001"),
        "{}",
        shown.stdout
    );
}

#[test]
fn pipes_beside_a_proof_keep_nobody_waiting() {
    let desk = Desk::new();
    let terms = support_proof::challenge(1);
    let issued = support_proof::issued(&terms);
    let committed = commit(&issued, &hello(&issued, SMALL), 1, &mut Honest);
    for name in ["challenge.dsse.json", "transcript.bin"] {
        desk.write(name, &terms, &committed.rounds());
        let path = desk.path(name).join(name);
        std::fs::remove_file(&path).unwrap();
        pipe(&path);
        ends(&desk.verify(name, &[]), 2, "it is no regular file");
    }
}
