//! A launch by a real Slurm, on nodes that die, hang, are down or unknown: the count names each, and a second launch for those
//! that are missing completes the fleet.

use std::time::{Duration, Instant};

use crate::process::{Ended, has_event, until};
use crate::support_launch::{Nodes, pairs};
use crate::support_slurm::Slurm;

/// The shortest limit that Slurm knows for this run is two minutes; the signal comes 45 s before, or up to 60 s sooner.
const LAUNCH: [&str; 8] = ["--time", "1s", "--within", "150s", "--retries", "1", "--gres", "gpu:1"];

fn submit(slurm: &Slurm, nodes: &Nodes, out: &str) -> Ended {
    let script = nodes.path(out).join("submit.sh");
    slurm.command("sh").arg(script).arg("--partition=main").output().unwrap().into()
}

fn log(nodes: &Nodes, node: &str) -> String {
    std::fs::read_to_string(nodes.path("results").join(node).join("slurm.txt")).unwrap_or_default()
}

/// Waits for the job whose first try failed to be put back, and not until Slurm would start it again.
fn start_again(slurm: &Slurm, nodes: &Nodes, node: &str) {
    let job = until("a job that waits for its next try", || {
        let waiting = slurm.say("squeue", &["-h", "-t", "pending", "-o", "%i %r"]);
        waiting.lines().find_map(|line| line.strip_suffix(" BeginTime").map(str::to_owned))
    });
    assert!(log(nodes, node).contains(&format!("job {job}: try 1 of 2")), "{job}: {}", log(nodes, node));
    // Slurm gives a node no new leave for a job within the second in which it took the old one back.
    slurm.say("scontrol", &["update", &format!("JobId={job}"), "StartTime=now+3"]);
}

#[test]
#[ignore = "needs Slurm and two minutes; `make test` installs it"]
fn a_fleet_with_dead_hanging_and_unknown_nodes_is_measured_and_completed() {
    let begun = Instant::now();
    // The one that is down comes first: it must not hold up the others.
    let nodes = Nodes::new(&["n5", "n2", "n1", "n9", "n3", "n4"]);
    let mut slurm = Slurm::start(&["n1", "n2", "n3", "n4", "n5"]);
    ["n1", "n2", "n3", "n4"].iter().for_each(|node| slurm.up(node));
    nodes.plant("n2", ",stall@call=20");
    nodes.plant("n3", ",stall@call=20");
    nodes.plant("n4.dies", "");

    let written = nodes.launch("slurm", "launch", &LAUNCH);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let submitted = submit(&slurm, &nodes, "launch");
    assert_eq!(submitted.code, Some(1), "{}{}", submitted.stdout, submitted.stderr);
    assert!(submitted.stderr.contains("Slurm refused them: n9\n"), "{}", submitted.stderr);

    start_again(&slurm, &nodes, "n4");
    let run = nodes.path("results/n2/run-1");
    until("a run on n2", || has_event(&run, "measured").then_some(()));
    slurm.kill("n2");
    let run = nodes.path("results/n3/run-1");
    until("a run on n3", || has_event(&run, "measured").then_some(()));
    slurm.stop("n3");
    slurm.drain(Duration::from_secs(180));

    // n2 has recorded something and sealed nothing. On n3 the device hung and the run stood still until Slurm said that its
    // time was up: it sealed what it had.
    let (code, states, json) = nodes.states();
    let expected = [
        ("n1", "accepted"),
        ("n2", "missing"),
        ("n3", "undecided"),
        ("n4", "accepted"),
        ("n5", "missing"),
        ("n9", "missing"),
    ];
    assert_eq!((code, &states), (Some(1), &pairs(&expected)), "{}{}", log(&nodes, "n2"), log(&nodes, "n3"));
    assert_eq!(json["listed"]["never_reported"], serde_json::json!(["n5", "n2", "n9"]));
    assert!(log(&nodes, "n3").contains("n3: ended with 130"), "{}", log(&nodes, "n3"));
    assert!(log(&nodes, "n4").contains(": try 2 of 2"), "{}", log(&nodes, "n4"));
    // To start one again must not start others again.
    for node in ["n1", "n3"] {
        assert_eq!(log(&nodes, node).matches(": try ").count(), 1, "{}", log(&nodes, node));
    }
    let ended = slurm.say("squeue", &["-h", "-t", "all", "-o", "%T %n"]);
    assert_eq!(ended.lines().filter(|line| line.starts_with("DEADLINE ")).count(), 2, "n2 and n5:\n{ended}");

    // The nodes are repaired, and only what is missing is launched.
    slurm.up("n2");
    slurm.up("n5");
    nodes.heal();
    let (results, key) = (nodes.text("results"), nodes.text("key.pub.pem"));
    let resume = ["--missing-from", &results, "--trust", &key];
    let written = nodes.launch("slurm", "again", &[&LAUNCH[..], &resume].concat());
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    assert!(written.stdout.starts_with("4 of 6 nodes in "), "{}", written.stdout);
    let list = std::fs::read_to_string(nodes.path("again/nodes.txt")).unwrap();
    assert_eq!(list, "n5\nn2\nn9\nn3\n");
    assert_eq!(submit(&slurm, &nodes, "again").code, Some(1));
    slurm.drain(Duration::from_secs(60));

    let (code, states, json) = nodes.states();
    let expected = expected.map(|(node, _)| (node, if node == "n9" { "missing" } else { "accepted" }));
    assert_eq!((code, &states), (Some(1), &pairs(&expected)), "{}", json["nodes"]);
    // What died was signed as far as it came, and what was accepted was not measured again.
    assert!(nodes.path("results/n2/run-1/report.dsse.json").exists(), "{}", log(&nodes, "n2"));
    assert_eq!(json["sources"]["reports"], 7, "one each, and one more of n2 and n3");
    assert!(begun.elapsed() < Duration::from_secs(240), "{:?}", begun.elapsed());
}
