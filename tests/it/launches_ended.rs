//! Launches over what stands in the place of `ssh` that end otherwise than they were meant to: nodes that die, disks that are full,
//! and people who press Ctrl-C.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use crate::launches::{Fake, nothing_is_left};
use crate::process::{Ended, assay, signal, until};
use crate::support_launch::{Nodes, pairs, program};

fn written(nodes: &Nodes, more: &[&str]) {
    let written = nodes.launch("ssh", "launch", more);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
}

fn log(nodes: &Nodes, node: &str) -> String {
    std::fs::read_to_string(nodes.path("results").join(node).join("ssh.txt")).unwrap_or_default()
}

/// What a run left behind that died with its node is signed, and counts beside the run that ended after it.
#[test]
fn a_node_that_died_while_it_was_measured_is_not_measured_until_it_passes() {
    let nodes = Nodes::new(&["n7"]);
    let fake = Fake::new(&nodes);
    nodes.plant("n7", ",stall@call=20");
    written(&nodes, &["--time", "10m"]);
    let ended = fake.run("launch");
    assert_eq!(ended.code, Some(0), "{}{}{}", ended.stdout, ended.stderr, log(&nodes, "n7"));
    let (code, states, json) = nodes.states();
    assert_eq!((code, states), (Some(0), pairs(&[("n7", "accepted")])), "{}", log(&nodes, "n7"));
    assert_eq!(json["nodes"][0]["reports"], 2, "{}", log(&nodes, "n7"));
    let report = |run: &str| nodes.text(&format!("results/n7/{run}/report.dsse.json"));
    let shown = assay(["verify", &report("run-1"), "--trust", &nodes.text("key.pub.pem"), "--json"]);
    assert!(shown.stdout.contains("\"verdict\": \"inconclusive\""), "{}", shown.stdout);
    assert!(Path::new(&report("run-2")).exists());
    assert_eq!(entries(&nodes, "n7"), ["run-1", "run-2", "ssh.txt"]);
    nothing_is_left(&nodes, "n7", 3);
}

fn entries(nodes: &Nodes, node: &str) -> Vec<String> {
    let entries = std::fs::read_dir(nodes.path("results").join(node)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What `tar` does where the disk is full: it leaves what it has.
const FULL_DISK: &str = r#"#!/bin/sh
PATH=${PATH#*:}
case "$*" in
-xf*.tar*)
    if mkdir "$HOMES/../full" 2>/dev/null; then
        tar "$@"
        for last; do :; done
        find "$last" -name report.dsse.json | while read -r report; do
            head -c 1000 "$report" >"$HOMES/../cut"
            cp "$HOMES/../cut" "$report"
        done
        echo "tar: write error: No space left on device" >&2
        exit 2
    fi
    ;;
esac
exec tar "$@"
"#;

#[test]
fn what_does_not_fit_on_the_disk_is_no_report() {
    let nodes = Nodes::new(&["n1"]);
    let fake = Fake::new(&nodes);
    program(&nodes.path("bin/tar"), FULL_DISK);
    written(&nodes, &["--retries", "0"]);
    let ended = fake.run("launch");
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, log(&nodes, "n1"));
    assert!(ended.stdout.contains("could not be unpacked in "), "{}", ended.stdout);
    assert_eq!(entries(&nodes, "n1"), ["ssh.txt"], "{}", log(&nodes, "n1"));

    // It is still on the node, and is not measured again.
    let ended = fake.run("launch");
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, log(&nodes, "n1"));
    let (code, states, json) = nodes.states();
    assert_eq!((code, states), (Some(0), pairs(&[("n1", "accepted")])));
    assert_eq!(json["sources"], json!({ "reports": 1, "repeated": 0, "others": 0, "by_other_text": 0 }));
    nothing_is_left(&nodes, "n1", 3);
}

/// What a node sends that wants to lead those who count elsewhere.
const LURES: &str = r#"#!/bin/sh
PATH=${PATH#*:}
if [ "$1" = -cf ] && [ "$5" = . ]; then
    ln -s / "$4/run/root" && mkfifo "$4/run/a.dsse.json"
fi
exec tar "$@"
"#;

#[test]
fn nodes_send_files_alone() {
    let nodes = Nodes::new(&["n1"]);
    let fake = Fake::new(&nodes);
    program(&nodes.path("bin/tar"), LURES);
    written(&nodes, &[]);
    let ended = fake.run("launch");
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, log(&nodes, "n1"));
    let run = nodes.path("results/n1/run-1");
    assert!(run.join("report.dsse.json").exists(), "{}", log(&nodes, "n1"));
    assert!(!run.join("a.dsse.json").exists() && !run.join("root").exists());
}

#[test]
fn a_launch_that_is_stopped_leaves_nothing_behind_and_says_how_to_go_on() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let nodes = Nodes::new(&["n6"]);
        let fake = Fake::new(&nodes);
        written(&nodes, &[]);
        let mut launch =
            fake.command("launch").stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let process = until("a connection", || {
            let processes = std::fs::read_to_string(nodes.path("homes/n6/processes")).ok()?;
            processes.lines().next()?.parse::<u32>().ok()
        });
        signal(launch.id(), name);
        until("the end", || launch.try_wait().unwrap());
        let ended: Ended = launch.wait_with_output().unwrap().into();
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains("start this again to wait for them"), "{}", ended.stderr);
        until("the end of ssh", || (!Path::new(&format!("/proc/{process}")).exists()).then_some(()));
    }
}
