//! Workers that are shell scripts: who begins when, who may say what, and how each end is put on record.

#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::engine::{Already, Profile, Settings};

fn plan(device: u32) -> WorkerPlan {
    let settings = Settings { sample_ms: 1, ..Settings::new(Profile::Quick, 1) };
    WorkerPlan { device, selector: "none:".to_owned(), settings, already: Already::default() }
}

/// What is heard of a worker that runs this script, and how the run ends.
#[cfg(unix)]
fn hear(script: &str) -> (Vec<What>, Ended) {
    let interrupted = AtomicBool::new(false);
    let (heard, ended) = hear_all(script, &[plan(0)], Order::Together, None, &interrupted);
    (heard.into_iter().map(|event| event.what).collect(), ended)
}

/// The same of one such worker for every plan.
#[cfg(unix)]
fn hear_all(
    script: &str,
    plans: &[WorkerPlan],
    order: Order,
    node: Option<&NodePlan>,
    interrupted: &AtomicBool,
) -> (Vec<Event>, Ended) {
    hear_within(Duration::from_secs(60), script, plans, order, node, interrupted)
}

/// The same where silence of so long is hanging.
#[cfg(unix)]
fn hear_within(
    hang_after: Duration,
    script: &str,
    plans: &[WorkerPlan],
    order: Order,
    node: Option<&NodePlan>,
    interrupted: &AtomicBool,
) -> (Vec<Event>, Ended) {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("worker");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let orders = Orders { program: &program, plans, order, node, hang_after, interrupted };
    let mut heard = Vec::new();
    let ended = run(&orders, |event| heard.push(event));
    (heard, ended)
}

/// Whoever was stopped or frozen itself must not take its workers for silent: here it is kept from listening.
#[test]
#[cfg(unix)]
fn a_worker_that_was_not_listened_to_does_not_hang() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("worker");
    let at_end = serde_json::to_string(&ended(Some(0), Instant::now(), Ended::Completed)).unwrap();
    let at_first = Event { what: What::Progress(Default::default()), at_ns: 0, device: Some(0) };
    let at_first = serde_json::to_string(&at_first).unwrap();
    let script = format!("#!/bin/sh\nread -r plan\necho '{at_first}'\nsleep 3.5\necho '{at_end}'\n");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (interrupted, plans) = (AtomicBool::new(false), [plan(0)]);
    let (order, hang_after) = (Order::Together, Duration::from_millis(2200));
    let orders =
        Orders { program: &program, plans: &plans, order, node: None, hang_after, interrupted: &interrupted };
    let mut last = None;
    run(&orders, |event| {
        if matches!(event.what, What::Progress(_)) {
            std::thread::sleep(Duration::from_millis(2500));
        }
        last = Some(event.what);
    });
    assert_eq!(last, Some(What::DeviceEnded(Ended::Completed)));
}

/// A driver that makes eight cards ready first is not one that hangs; what is silent for longer is.
#[test]
#[cfg(unix)]
fn a_worker_has_longer_for_its_first_word() {
    let last = |script: &str| {
        let interrupted = AtomicBool::new(false);
        let limit = Duration::from_secs(1);
        let (heard, _) = hear_within(limit, script, &[plan(0)], Order::Together, None, &interrupted);
        heard.into_iter().last().unwrap().what
    };
    let at_end = serde_json::to_string(&ended(Some(0), Instant::now(), Ended::Completed)).unwrap();
    let slow = format!("read -r plan\nsleep 1.3\necho '{at_end}'\nsleep 0.1");
    assert_eq!(last(&slow), What::DeviceEnded(Ended::Completed));
    let What::DeviceEnded(Ended::Lost { why, .. }) = last("sleep 60") else { panic!() };
    assert!(why.ends_with("for 2 s"), "{why}");
}

/// Each of two workers says where it is to be, and is there for a while. The second must not see the first.
#[test]
#[cfg(unix)]
fn workers_run_together_or_one_at_a_time() {
    for (order, met) in [(Order::Together, true), (Order::OneAtATime, false)] {
        let dir = tempfile::tempdir().unwrap();
        let marks = dir.path().display();
        let said = serde_json::to_string(&ended(Some(7), Instant::now(), Ended::Completed)).unwrap();
        let (before, after) = said.split_once(":7").unwrap();
        // Looks for company for a while: another that left its number here and still runs.
        let script = format!(
            "read plan; d=$(echo \"$plan\" | sed 's/.*\"device\":\\([0-9]*\\).*/\\1/')\necho $$ > {marks}/$d\n\
             for i in 1 2 3 4 5 6 7 8 9 10; do\n\
             for f in {marks}/[0-9]; do [ $f != {marks}/$d ] && kill -0 $(cat $f) && : > {marks}/met; done\n\
             sleep 0.05\ndone\necho '{before}:'$d'{after}'\nsleep 0.1"
        );
        let interrupted = AtomicBool::new(false);
        let (heard, how) = hear_all(&script, &[plan(3), plan(5)], order, None, &interrupted);
        assert_eq!(how, Ended::Completed);
        let mut devices: Vec<Option<u32>> = heard.iter().map(|event| event.device).collect();
        devices.sort_unstable();
        assert_eq!(devices, [Some(3), Some(5)], "{heard:?}");
        assert_eq!(dir.path().join("met").exists(), met, "{order:?}");
    }
}

fn node() -> NodePlan {
    NodePlan {
        selectors: Vec::new(),
        settings: plan(0).settings,
        broken: Vec::new(),
        told: Vec::new(),
        lost: Vec::new(),
    }
}

/// Those whose turn never came end as those do that were stopped.
#[test]
#[cfg(unix)]
fn an_interrupted_run_ends_every_part() {
    let interrupted = AtomicBool::new(true);
    let (plans, node) = ([plan(0), plan(1), plan(2)], node());
    let (heard, how) = hear_all("sleep 60", &plans, Order::OneAtATime, Some(&node), &interrupted);
    assert_eq!(how, Ended::Interrupted);
    let ends: Vec<_> = heard.into_iter().map(|event| (event.device, event.what)).collect();
    let end = |device| (Some(device), What::DeviceEnded(Ended::Interrupted));
    assert_eq!(ends, [end(0), end(1), end(2), (None, What::NodeEnded(Ended::Interrupted))]);
}

/// The worker of the node begins when those of the devices are gone, is told apart from them, and must not speak for them.
#[test]
#[cfg(unix)]
fn the_node_has_its_turn_last() {
    let dir = tempfile::tempdir().unwrap();
    let line = |event: &Event| serde_json::to_string(event).unwrap();
    let device = line(&ended(Some(0), Instant::now(), Ended::Completed));
    for (said, expected) in [
        (What::NodeEnded(Ended::Completed), None),
        (What::RunEnded(Ended::Completed), Some("an event of the run")),
        (What::DeviceEnded(Ended::Completed), Some("an event of the run")),
    ] {
        let said = line(&Event { at_ns: 1, device: None, what: said });
        let mark = dir.path().join("here");
        let mark = mark.display();
        let script = format!(
            "if [ \"$2\" = --node ]; then [ -e {mark} ] && exit 9; echo '{said}'; sleep 0.1\n\
             else : > {mark}; echo '{device}'; sleep 0.2; rm {mark}; fi"
        );
        let interrupted = AtomicBool::new(false);
        let (heard, how) = hear_all(&script, &[plan(0)], Order::Together, Some(&node()), &interrupted);
        assert_eq!((how, heard.len()), (Ended::Completed, 2), "{heard:?}");
        assert_eq!(heard[1].device, None);
        match (&heard[1].what, expected) {
            (What::NodeEnded(Ended::Completed), None) => {}
            (What::NodeEnded(Ended::Lost { why, .. }), Some(words)) if why.contains(words) => {}
            (other, _) => panic!("{said}: {other:?}"),
        }
    }
}

/// Each worker of a node breaks off at a case: the rest is begun again, but not for ever, and the node ends once.
#[test]
#[cfg(unix)]
fn a_node_that_breaks_off_goes_on_but_not_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let line = |what| serde_json::to_string(&Event { at_ns: 1, device: None, what }).unwrap();
    let begun = line(What::CaseStarted { metric: "peer.0-1.rate".into(), case: 0, cases: 9 });
    let (before, after) = begun.split_once("0-1").unwrap();
    // The n-th worker is told of n - 1 cases that others were at.
    let script = format!(
        "read -r plan\nn=$(ls {0} | grep -c ^n)\n: > {0}/n$n; echo \"$plan\" > {0}/plan\n\
         echo '{before}'$n'-9{after}'; kill -9 $$",
        dir.path().display()
    );
    let interrupted = AtomicBool::new(false);
    let (heard, how) = hear_all(&script, &[], Order::Together, Some(&node()), &interrupted);
    assert_eq!(how, Ended::Completed, "the run itself");
    let ends: Vec<&What> =
        heard.iter().map(|event| &event.what).filter(|what| matches!(what, What::NodeEnded(_))).collect();
    let [What::NodeEnded(Ended::Lost { during: Some(during), .. })] = ends[..] else { panic!("{ends:?}") };
    assert_eq!(during, "peer.0-9.rate", "the first");
    let lost = heard.iter().filter_map(|event| {
        let What::Absent(absence) = &event.what else { return None };
        Some(absence.metric.to_string())
    });
    assert_eq!(lost.collect::<Vec<_>>(), [0, 1, 2, 3].map(|n| format!("peer.{n}-9.rate")));
    let plan = std::fs::read_to_string(dir.path().join("plan")).unwrap();
    let plan: NodePlan = serde_json::from_str(&plan).unwrap();
    assert_eq!((plan.told.len(), plan.lost.len()), (3, 3));
}

/// It is put on record as any other that is lost, and is not left to run unheard.
#[test]
#[cfg(unix)]
fn a_worker_that_no_thread_can_listen_to_is_lost() {
    const NAME: &str = "engine::supervise::tests::a_worker_that_no_thread_can_listen_to_is_lost";
    if !crate::engine::check::tests::is_without_threads(NAME) {
        return;
    }
    let (heard, ended) = hear("exec sleep 600");
    let [What::DeviceEnded(Ended::Lost { why, during: None })] = &heard[..] else { panic!("{heard:?}") };
    assert!(why.starts_with("the worker cannot be started: "), "{why}");
    assert_eq!(ended, Ended::Completed);
}

/// A worker that is through with its plan still has a driver to close, and its exit is not taken from it.
#[test]
#[cfg(unix)]
fn a_worker_may_exit_in_peace() {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("exited");
    let ended = serde_json::to_string(&ended(Some(0), Instant::now(), Ended::Completed)).unwrap();
    let heard = hear(&format!("echo '{ended}'\nsleep 0.3\n: > '{}'", mark.display()));
    assert_eq!(heard, (vec![What::DeviceEnded(Ended::Completed)], Ended::Completed));
    assert!(mark.exists());
}

/// Else it could begin or end the recording, or speak for other devices.
#[test]
#[cfg(unix)]
fn a_worker_speaks_for_its_own_device_only() {
    let event = |device, what| serde_json::to_string(&Event { at_ns: 1, device, what }).unwrap();
    for (line, said) in [
        (event(Some(1), What::DeviceEnded(Ended::Completed)), "an event of another device"),
        (event(None, What::RunEnded(Ended::Completed)), "an event of another device"),
        (event(Some(0), What::RunEnded(Ended::Completed)), "an event of the run"),
        ("{\"at_ns\":1".to_owned(), "EOF while parsing"),
    ] {
        let (heard, ended) = hear(&format!("echo '{line}'\nsleep 0.1"));
        let [What::DeviceEnded(Ended::Lost { why, .. })] = &heard[..] else { panic!("{line}: {heard:?}") };
        assert!(why.contains(said), "{line}: {why}");
        assert_eq!(ended, Ended::Completed, "the run itself went on");
    }
}

/// Whoever did not come to the end of its own part is not disturbed by the node's.
#[test]
#[cfg(unix)]
fn the_node_is_told_which_devices_broke_down() {
    let line = |event: &Event| serde_json::to_string(event).unwrap();
    let lost = line(&ended(Some(3), Instant::now(), Ended::Lost { why: "it hung".to_owned(), during: None }));
    let whole = line(&ended(Some(5), Instant::now(), Ended::Completed));
    let said = line(&Event { at_ns: 1, device: None, what: What::NodeEnded(Ended::Completed) });
    let script = format!(
        "read -r plan\nif [ \"$2\" = --node ]; then case \"$plan\" in *'\"broken\":[1,3]'*) echo '{said}';; esac\n\
         else case \"$plan\" in *'\"device\":3'*) echo '{lost}';; *) echo '{whole}';; esac; fi; sleep 0.1"
    );
    let plan_of_node = NodePlan { broken: vec![1], ..node() };
    let interrupted = AtomicBool::new(false);
    let plans = [plan(3), plan(5)];
    let (heard, how) = hear_all(&script, &plans, Order::Together, Some(&plan_of_node), &interrupted);
    assert_eq!(how, Ended::Completed);
    assert_eq!(heard.last().unwrap().what, What::NodeEnded(Ended::Completed), "{heard:?}");
}
