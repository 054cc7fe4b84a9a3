//! Samples of a fleet: both plans keep their risks, by counting that shares nothing with theirs; draws cannot be steered.

use std::path::Path;

use gpu_assay::fleet::names::{ListError, Names};
use gpu_assay::fleet::plan::sequential::{Rule, Sequential, TESTED_MAX};
use gpu_assay::fleet::plan::{Aim, Plan, Risks, Shares, Single};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::process::assay;

/// In percent.
fn aim(lot: u32, shares: (u32, u32), risks: (u32, u32)) -> Aim {
    let share = |percent: u32| f64::from(percent) / 100.0;
    let shares = Shares { aql: share(shares.0), ltpd: share(shares.1) };
    Aim::new(lot, shares, Risks { producer: share(risks.0), consumer: share(risks.1) }).unwrap()
}

const SHARES: [(u32, u32); 6] = [(0, 5), (1, 5), (3, 20), (7, 14), (10, 30), (25, 50)];
const RISKS: [(u32, u32); 4] = [(1, 1), (5, 5), (5, 20), (30, 10)];

/// The ways to take `k` of `n`, by Pascal's triangle.
fn ways(n: u32, k: u32) -> u128 {
    let mut row = vec![1u128];
    for _ in 0..n {
        let inner = row.windows(2).map(|pair| pair[0] + pair[1]);
        row = std::iter::once(1).chain(inner).chain([1]).collect();
    }
    row.get(k as usize).copied().unwrap_or(0)
}

/// Of all samples of `tested` from a lot, how many hold at most so many bad nodes; and how many samples there are.
fn accepting(lot: u32, bad: u32, tested: u32, at_most: u32) -> (u128, u128) {
    let held = |k: u32| ways(bad, k) * ways(lot - bad, tested - k);
    ((0..=at_most.min(tested)).map(held).sum(), ways(lot, tested))
}

/// Whether a plan keeps both risks, whatever the lot, in whole numbers.
fn keeps(lot: u32, shares: (u32, u32), risks: (u32, u32), tested: u32, at_most: u32) -> bool {
    (0..=lot).all(|bad| {
        let (accepted, all) = accepting(lot, bad, tested, at_most);
        let producer = bad * 100 > shares.0 * lot || (all - accepted) * 100 <= all * u128::from(risks.0);
        let consumer = bad * 100 < shares.1 * lot || accepted * 100 <= all * u128::from(risks.1);
        producer && consumer
    })
}

#[test]
fn one_sample_keeps_both_risks_and_no_smaller_one_does() {
    for lot in [1, 2, 5, 10, 17, 20, 31] {
        for (shares, risks) in SHARES.iter().flat_map(|s| RISKS.iter().map(move |r| (*s, *r))) {
            let plan = Single::smallest(&aim(lot, shares, risks));
            let keeps = |tested, at_most| keeps(lot, shares, risks, tested, at_most);
            assert!(keeps(plan.tested, plan.accept_at_most), "{lot}, {shares:?}, {risks:?}: {plan:?}");
            let smaller = (1..plan.tested).flat_map(|n| (0..=n).map(move |c| (n, c)));
            let fewer_borne = (0..plan.accept_at_most).map(|c| (plan.tested, c));
            let better = smaller.chain(fewer_borne).find(|(n, c)| keeps(*n, *c));
            assert_eq!(better, None, "{lot}, {shares:?}, {risks:?}: {plan:?}");
        }
    }
}

#[test]
fn who_bears_more_risk_tests_no_more() {
    let risks = [1, 2, 5, 10, 20, 40];
    for lot in [10, 330, 5_000, 1_000_000] {
        let tested = |producer, consumer| Single::smallest(&aim(lot, (1, 5), (producer, consumer))).tested;
        for (fixed, pair) in risks.iter().flat_map(|fixed| risks.windows(2).map(move |pair| (*fixed, pair))) {
            assert!(tested(pair[0], fixed) >= tested(pair[1], fixed), "{lot}: {pair:?}, {fixed}");
            assert!(tested(fixed, pair[0]) >= tested(fixed, pair[1]), "{lot}: {fixed}, {pair:?}");
        }
    }
}

/// What somebody does who has only the printed rules: whether the lot is accepted, and after how many tests.
fn follow(rules: &[Rule], is_bad: impl Fn(u32) -> bool) -> (bool, u32) {
    let mut found = 0;
    for rule in rules {
        for test in rule.from_test..=rule.to_test {
            found += u32::from(is_bad(test - 1));
            let accept = rule.accept_at_most.is_some_and(|most| found <= most);
            let reject = rule.reject_from.is_some_and(|least| found >= least);
            assert!(!(accept && reject), "{rule:?}");
            if accept || reject {
                return (accept, test);
            }
        }
    }
    panic!("undecided after the last test: {rules:?}");
}

/// Every order in which the nodes of a small lot can be tested, followed to its end.
#[test]
fn one_at_a_time_does_what_its_exact_chances_say() {
    for lot in [1, 6, 11, 14] {
        for (shares, risks) in SHARES.iter().flat_map(|s| RISKS.iter().map(move |r| (*s, *r))) {
            let aim = aim(lot, shares, risks);
            let single = Single::smallest(&aim);
            let sequential = Sequential::nearest(&aim, &single).unwrap();
            let rules = sequential.rules();
            let mut seen = vec![(0u32, 0u32, 0u32); lot as usize + 1];
            for order in 0..1u32 << lot {
                let (accepted, tests) = follow(&rules, |at| order >> at & 1 == 1);
                assert!(tests <= single.tested);
                let of = &mut seen[order.count_ones() as usize];
                *of = (of.0 + 1, of.1 + u32::from(accepted), of.2 + tests);
            }
            for (bad, (orders, accepted, tests)) in (0..).zip(seen) {
                let course = sequential.course(lot, bad);
                let mean = |sum: u32| f64::from(sum) / f64::from(orders);
                let is_near = |a: f64, b: f64| (a - b).abs() < 1e-12 * b.max(1.0);
                assert!(is_near(course.accepted, mean(accepted)), "{aim:?}, {bad}: {course:?}");
                assert!(is_near(course.tested, mean(tests)), "{aim:?}, {bad}: {course:?}");
            }
        }
    }
}

/// The slack is that of rounding.
#[test]
fn one_at_a_time_keeps_the_same_risks_with_fewer_tests() {
    for lot in [10, 100, 330, 5_000, 1_000_000] {
        for (shares, risks) in SHARES.iter().flat_map(|s| RISKS.iter().map(move |r| (*s, *r))) {
            let plan = Plan::new(aim(lot, shares, risks));
            let (aim, sequential) = (plan.aim, plan.sequential.unwrap());
            let course = |bad| sequential.course(lot, bad);
            let asked = aim.risks();
            assert!(1.0 - course(aim.good()).accepted <= asked.producer + 1e-11, "{aim:?}");
            assert!(course(aim.bad()).accepted <= asked.consumer + 1e-11, "{aim:?}");
            assert_eq!(sequential.goes_on.len(), plan.single.tested as usize);
            // With more bad nodes a lot is never accepted more often, so that these two lots stand for all.
            for pair in plan.characteristic.windows(2) {
                let [one, more] = [pair[0].sequential.unwrap(), pair[1].sequential.unwrap()];
                assert!(one.accepted >= more.accepted - 1e-12, "{aim:?}: {pair:?}");
                assert!(pair[0].single >= pair[1].single - 1e-12, "{aim:?}: {pair:?}");
                assert!(one.tested <= f64::from(plan.single.tested) * (1.0 + 1e-12), "{aim:?}: {pair:?}");
            }
        }
    }
    let plan = Plan::new(aim(5_000, (1, 2), (5, 5)));
    let at = |bad| plan.characteristic.iter().find(|p| p.bad == bad).unwrap().sequential.unwrap().tested;
    let tested = f64::from(plan.single.tested);
    for (bad, share) in [(0, 0.35), (50, 0.8), (100, 0.6)] {
        assert!(at(bad) < share * tested, "{bad}: {} of {tested}", at(bad));
    }
    let long = Single { tested: TESTED_MAX + 1, accept_at_most: 300 };
    assert!(Sequential::nearest(&aim(1_000_000, (1, 2), (5, 5)), &long).is_none());
}

fn list(count: u32) -> String {
    (0..count).map(|n| format!("node-{n:03}\n")).collect()
}

/// RFC 2104, step by step.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded =
        |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect() };
    let inner = Sha256::digest([padded(0x36).as_slice(), message].concat());
    Sha256::digest([padded(0x5c).as_slice(), inner.as_slice()].concat()).to_vec()
}

#[test]
fn a_draw_is_the_same_for_all_and_whatever_the_order_of_the_file() {
    let text = list(50);
    let drawn = |text: &str, seed: &str| -> Vec<String> {
        let names = Names::parse(text.as_bytes()).unwrap();
        names.draw(seed, 12).into_iter().map(str::to_owned).collect()
    };
    let first = drawn(&text, "round 4242");
    assert_eq!(first.len(), 12);
    let mut by_hand: Vec<&str> = text.lines().collect();
    by_hand.sort_by_key(|name| hmac(b"round 4242", name.as_bytes()));
    assert_eq!(first, by_hand[..12]);
    let turned: String = text.lines().rev().map(|name| format!("  {name}\r\n")).collect();
    let marked = format!("\u{feff}{}", text.trim_end());
    for same in [turned.as_str(), marked.as_str()] {
        assert_eq!(drawn(same, "round 4242"), first);
        let sha256 = |text: &str| Names::parse(text.as_bytes()).unwrap().sha256();
        assert_eq!(sha256(same), sha256(&text));
    }
    assert_ne!(drawn(&text, "round 4243"), first);
}

/// Over many seeds each node is drawn, and tested first, as often as any other.
#[test]
fn every_node_is_drawn_equally_often() {
    let (nodes, taken, seeds) = (40u32, 10, 4_000u32);
    let text = list(nodes);
    let names = Names::parse(text.as_bytes()).unwrap();
    let (mut drawn, mut first) = (vec![0u32; nodes as usize], vec![0u32; nodes as usize]);
    for seed in 0..seeds {
        let draw = names.draw(&format!("seed {seed}"), taken);
        let at = |name: &str| name.trim_start_matches("node-").parse::<usize>().unwrap();
        first[at(draw[0])] += 1;
        draw.iter().for_each(|name| drawn[at(name)] += 1);
    }
    // Without putting back, a node's count varies by 1 - share less, and all counts together have one freedom less.
    let chi_square = |counts: &[u32], share: f64| {
        let expected = f64::from(seeds) * share;
        let squares: f64 = counts.iter().map(|n| (f64::from(*n) - expected).powi(2)).sum();
        squares / (expected * (1.0 - share)) * f64::from(nodes - 1) / f64::from(nodes)
    };
    // Of 39 freedoms: outside this once in a million times at either end.
    for chi_square in [chi_square(&drawn, 0.25), chi_square(&first, 1.0 / f64::from(nodes))] {
        assert!((10.0..97.0).contains(&chi_square), "{chi_square}");
    }
}

#[test]
fn a_list_with_a_mistake_is_refused_by_its_line() {
    let twice = ListError::Twice { line: 3, first: 1, name: "a".to_owned() };
    let cases: [(&[u8], ListError); 9] = [
        (b"", ListError::Empty),
        (b"\n \n", ListError::Empty),
        (b"a\n\nb\n", ListError::Blank(2)),
        (b"a\n \t\nb", ListError::Blank(2)),
        (b"a\nb\n\n", ListError::Blank(3)),
        (b"a\nb\n a \n", twice),
        (b"a\n\xff\n", ListError::NoText(2)),
        (b"a\n\x1b[2J\n", ListError::NoText(2)),
        (b"a\rb\n", ListError::NoText(1)),
    ];
    for (bytes, expected) in cases {
        assert_eq!(Names::parse(bytes).err(), Some(expected), "{bytes:?}");
    }
    assert_eq!(Names::parse(b"a b\nc").unwrap().count(), 2);
}

fn planned(more: &[&str]) -> crate::process::Ended {
    assay(["fleet", "plan", "--aql", "1%", "--ltpd", "5%"].iter().chain(more))
}

#[test]
fn the_plan_is_told_in_words_and_as_json() {
    let dir = tempfile::tempdir().unwrap();
    let nodes = dir.path().join("nodes.txt");
    std::fs::write(&nodes, list(330)).unwrap();
    let nodes = nodes.to_str().unwrap();
    let ended = planned(&["--lot", "330", "--nodes", nodes, "--seed", "round 4242"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for words in [
        "To decide about 330 nodes, test 107 of them, drawn by chance",
        "accept the lot if at most 2 of the tested nodes are bad",
        "reject it if 3 or more are",
        "a good lot, with at most 3 nodes bad (0.909 %), is rejected with a chance of at most 5 %",
        "a bad lot, with at least 17 nodes bad (5.152 %), is accepted with a chance of at most 5 %",
        "No sample promises that the nodes which were not tested are good.",
        "AFTER TEST",
        "TESTS ON AVERAGE",
        "openssl dgst -sha256 -hmac",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    let json = planned(&["--lot", "330", "--nodes", nodes, "--seed", "round 4242", "--json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["single"]["plan"]["tested"], 107);
    assert_eq!(json["aim"]["bad"], 17);
    let drawn: Vec<&str> = json["drawn"]["nodes_in_order_of_testing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_str().unwrap())
        .collect();
    assert_eq!(drawn.len(), 107);
    assert!(ended.stdout.contains(&drawn.join("\n")), "the same nodes in the same order");
    let rules: Vec<Rule> = Plan::new(aim(330, (1, 5), (5, 5))).sequential.unwrap().rules();
    assert_eq!(json["sequential"]["rules"], serde_json::to_value(rules).unwrap());
    let alone = planned(&["--lot", "1"]);
    assert!(alone.stdout.contains("To decide about 1 node, test all of them."), "{}", alone.stdout);
}

/// Each has a message that says what, where and what to try, and exit code 2.
#[test]
fn a_plan_that_cannot_be_is_refused_with_what_to_ask_instead() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (short, twice) = (write("short.txt", &list(9)), write("twice.txt", "a\nb\na\n"));
    let (blank, missing) = (write("blank.txt", "a\n\nb\n"), dir.path().join("missing"));
    fn path(path: &Path) -> &str {
        path.to_str().unwrap()
    }
    let cases: [(&[&str], &[&str]); 14] = [
        (&["--lot", "0"], &["--lot 0", "1 to 1000000 nodes", "give the number"]),
        (&["--lot", "1000001"], &["--lot 1000001", "give the number"]),
        (&["--lot", "many"], &["--lot", "\"many\" is no number", "for example 330"]),
        (&["--lot", "9", "--aql", "5%"], &["--aql 5 %", "--ltpd 5 %", "for example"]),
        (&["--lot", "9", "--aql", "6%"], &["--aql 6 %", "not below", "for example"]),
        (&["--lot", "9", "--ltpd", "0"], &["--ltpd 0 %", "above 0 %", "for example"]),
        (&["--lot", "9", "--aql", "60%"], &["--aql", "60%", "for example"]),
        (&["--lot", "9", "--producer-risk", "50%"], &["--producer-risk 50 %", "below 50 %", "for example"]),
        (&["--lot", "9", "--consumer-risk", "0%"], &["--consumer-risk 0 %", "above 0 %", "for example"]),
        (&["--lot", "9", "--nodes", path(&short)], &["--seed"]),
        (&["--lot", "9", "--nodes", path(&short), "--seed", " "], &["--seed", "not blank", "give a text"]),
        (&["--lot", "10", "--nodes", path(&short), "--seed", "s"], &["short.txt", "9 nodes", "--lot 9"]),
        (&["--lot", "3", "--nodes", path(&twice), "--seed", "s"], &["twice.txt", "line 3", "after line 1"]),
        (
            &["--lot", "3", "--nodes", path(&blank), "--seed", "s"],
            &["blank.txt", "line 2 is blank", "one name"],
        ),
    ];
    let missing: (&[&str], &[&str]) = (
        &["--lot", "3", "--nodes", path(&missing), "--seed", "s"],
        &["missing", "cannot be read", "give a file"],
    );
    for (args, words) in cases.into_iter().chain([missing]) {
        let mut all = vec!["fleet", "plan"];
        for (option, usual) in [("--aql", "1%"), ("--ltpd", "5%")] {
            if !args.contains(&option) {
                all.extend([option, usual]);
            }
        }
        all.extend(args);
        let ended = assay(&all);
        assert_eq!(ended.code, Some(2), "{all:?}: {}", ended.stdout);
        for word in words {
            assert!(ended.stderr.contains(word), "{all:?}: {word:?} in {}", ended.stderr);
        }
    }
}
