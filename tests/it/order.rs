//! Devices measured together and one at a time: who waits for whom, what is signed of it, and what counts.

use gpu_assay::contract::{Verdict, judge};
use gpu_assay::evidence::Order;

use crate::process::{assay, verified};
use crate::support::{contract_with, good_run};

const TRIAD: &str = "metric = \"stream.triad.rate\"\nat_least = \"0.5 GB/s\"\nstatistic = \"p50\"";

/// Verdict and reason of each finding on so many good devices, measured in this order.
fn judged(head: &str, clause: &str, devices: u32, order: Order) -> Vec<(Verdict, String)> {
    let mut run = good_run(devices);
    run.run.order = order;
    let findings = judge(&contract_with(head, clause).contract, &run);
    findings.into_iter().map(|f| (f.verdict, f.because.to_string())).collect()
}

#[test]
fn rates_of_devices_that_had_the_node_for_themselves_do_not_pass() {
    let verdicts = |head, clause: &str, devices, order| -> Vec<Verdict> {
        judged(head, clause, devices, order).into_iter().map(|(verdict, _)| verdict).collect()
    };
    let (pass, open, fail) = (Verdict::Pass, Verdict::Inconclusive, Verdict::Fail);
    assert_eq!(verdicts("", TRIAD, 2, Order::Together), [pass, pass]);
    let alone = judged("", TRIAD, 2, Order::OneAtATime);
    assert!(alone.iter().all(|(v, why)| *v == open && why.contains("one at a time")), "{alone:?}");
    assert_eq!(alone.len(), 2);
    let node = format!("{TRIAD}\nscope = \"node\"");
    assert_eq!(verdicts("", &node, 2, Order::OneAtATime), [open]);
    // One device is alone in any order, and parties may agree on less.
    assert_eq!(verdicts("", TRIAD, 1, Order::OneAtATime), [pass]);
    assert_eq!(verdicts("measured = \"alone\"", TRIAD, 2, Order::OneAtATime), [pass, pass]);
    assert_eq!(verdicts("measured = \"alone\"", TRIAD, 2, Order::Together), [pass, pass]);
    // What is too slow alone is too slow; what is no rate does not depend on company.
    let more = TRIAD.replace("0.5", "5");
    assert_eq!(verdicts("", &more, 2, Order::OneAtATime), [fail, fail]);
    let errors = "metric = \"memory.errors.count\"\nequals = 0";
    assert_eq!(verdicts("", errors, 2, Order::OneAtATime), [pass, pass]);
}

#[test]
fn a_run_says_in_which_order_it_measured() {
    for (flag, order, words) in [
        (None, Order::Together, "all devices at the same time"),
        (Some("--one-at-a-time"), Order::OneAtATime, "one device at a time"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let mut args = vec!["run", "--measure-only", "--out", out.to_str().unwrap(), "--profile", "quick"];
        args.extend(["--device", "sim:mini", "--device", "sim:mini,index=1", "--probe", "stream"]);
        args.extend(["--duration", "1ms", "--format", "human", "--format", "markdown"]);
        args.extend(flag);
        let ended = assay(args);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let (_, json) = verified(&out);
        assert!(json["machines_word"].to_string().contains(words), "{json}");
        for file in ["report.txt", "report.md"] {
            assert!(std::fs::read_to_string(out.join(file)).unwrap().contains(words), "{file}");
        }
        let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
        assert_eq!(events.contains("\"order\":\"one_at_a_time\""), order == Order::OneAtATime);
        let place = |device: u32, event: &str| {
            let mut lines =
                events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            lines.position(|e| e["device"] == device && e["event"] == event).unwrap()
        };
        let waits = place(1, "device_opened") > place(0, "device_ended");
        assert_eq!(waits, order == Order::OneAtATime, "{events}");
    }
}
