//! Examples that were computed by hand: a node costs 10,000.00 USD a month, one is due by the end of January.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::{Due, DueKind, Money, Standing, price};
use crate::contract::when::When;
use crate::contract::{Reason, Severity, Verdict, parse};
use crate::evidence::metric::METRICS;
use crate::fleet::doubt::Doubt;
use crate::fleet::intake::Intake;
use crate::fleet::proofs::{ProofSummary, Proved};
use crate::fleet::row::{Card, Lacking, Row};
use crate::fleet::waivers::Waivers;
use crate::fleet::{Answer, Span, answer};
use crate::proof::level::TrustLevel;

pub(super) const LEASE: &str = r#"
version = 1
id = "lease"
[inventory]
devices = 1
sku = "H100 SXM5 80GB"
[[delivery]]
due = 2026-01-31
nodes = 1
[price]
amount = "10000 USD"
per = "node_month"
[[clause]]
id = "upload"
metric = "link.h2d.rate"
at_least = "52 GB/s"
statistic = "p50"
[[clause]]
id = "download"
metric = "link.d2h.rate"
at_least = "52 GB/s"
statistic = "p50"
[[clause]]
id = "cool"
never = "throttle.thermal"
[[clause]]
id = "most"
metric = "stream.copy.rate"
at_least = "3 TB/s"
statistic = "p50"
scope = "fleet"
quorum = "100 %"
"#;

const LATE: &str = r#"[[remedy]]
of = ["delivery"]
kind = "credit"
per_day = "1 %"
cap = "30 %"
[[remedy]]
of = ["delivery"]
kind = "terminate"
within_days = 60
"#;

fn cut(of: &str, cap: u32) -> String {
    format!("[[remedy]]\nof = [{of}]\nkind = \"price_cut\"\ncap = \"{cap} %\"\n")
}

fn credit(of: &str, cap: u32) -> String {
    format!("[[remedy]]\nof = [{of}]\nkind = \"credit\"\nper_day = \"1 %\"\ncap = \"{cap} %\"\n")
}

pub(super) const FAIL: Verdict = Verdict::Fail;
const OPEN: Verdict = Verdict::Inconclusive;

/// A clause that is not met, and the share that is missing.
pub(super) type Miss = (&'static str, Verdict, Option<f64>);

fn lacking((clause, verdict, short): Miss) -> Lacking {
    let severity = if clause == "most" { Severity::Info } else { Severity::Must };
    let (demanded, found, because) = (None, None, Reason::NotMet);
    Lacking { clause: clause.to_owned(), severity, verdict, demanded, found, because, short, identity: false }
}

/// A report of that day, in 2026, on one card of this node.
pub(super) fn row(node: &str, day: &str, misses: &[Miss]) -> Row {
    let verdicts = misses.iter().filter(|(clause, ..)| *clause != "most").map(|(_, verdict, _)| *verdict);
    let verdict = verdicts.max().unwrap_or(Verdict::Pass);
    let card = Card {
        selector: "cuda:0".to_owned(),
        name: "H100".to_owned(),
        kind: None,
        pci_address: None,
        ids: BTreeSet::from([format!("uuid of {node}")]),
        verdict,
        lacking: misses.iter().copied().map(lacking).collect(),
        medians: Vec::new(),
    };
    Row {
        source: format!("{node} {day}"),
        payload: Sha256::digest(format!("{node} {day}")).into(),
        samples: None,
        node: Some(node.to_owned()),
        started: format!("2026-{day}T08:00:00Z").parse().unwrap(),
        challenge: None,
        salt: None,
        level: TrustLevel::L1,
        is_finished: true,
        verdict,
        lacking: Vec::new(),
        cards: vec![card],
        is_wrong: false,
        watched_s: 0.0,
        failures: 0,
        by_other_text: false,
        doubts: Vec::new(),
    }
}

/// What these reports come to at the end of that day.
pub(super) fn answered(lease: &str, rows: Vec<Row>, day: &str, waivers: &[&str]) -> Answer {
    let parsed = parse("lease.toml", lease.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let waivers = waivers.iter().map(|waiver| waiver.parse().unwrap()).collect();
    let waivers = Waivers::new(waivers, &parsed.contract).unwrap();
    let intake = Intake { rows, proofs: Vec::new(), refused: Vec::new(), others: 0 };
    let as_of = format!("2026-{day}T23:59:59Z").parse().unwrap();
    answer(&parsed, intake, Span { since: None, as_of }, None, &waivers)
}

fn money(remedies: &str, rows: Vec<Row>, day: &str) -> Money {
    answered(&format!("{LEASE}{remedies}"), rows, day, &[]).money.unwrap()
}

fn sums(money: &Money) -> [String; 2] {
    let shown = |sum: Option<Decimal>| sum.map_or("?".to_owned(), |sum| sum.to_string());
    [shown(money.credits), shown(money.price_cuts_per_month)]
}

/// What each due is for, how it stands, and how much it is.
fn rows_of(money: &Money) -> Vec<(&str, Standing, String)> {
    let shown = |due: &Due| due.amount.map_or("?".to_owned(), |amount| amount.to_string());
    money.dues.iter().map(|due| (due.of.as_str(), due.standing, shown(due))).collect()
}

#[test]
fn what_once_came_is_never_late() {
    let rows = |till: usize| {
        let all = [("01-20", vec![]), ("05-01", vec![("upload", FAIL, Some(0.1))]), ("06-03", vec![])];
        all.into_iter().take(till).map(|(day, misses)| row("n", day, &misses)).collect::<Vec<_>>()
    };
    for reports in 1..=3 {
        let answer = answered(&format!("{LEASE}{LATE}"), rows(reports), "11-29", &[]);
        assert_eq!(answer.money.unwrap().dues, [], "{reports}");
        let milestone = &answer.milestones[0];
        assert_eq!((milestone.accepted_in_time, milestone.lacking), (1, 0), "{reports}");
        assert_eq!(answer.counts.rejected, u32::from(reports == 2), "what it is now is another matter");
    }
    // What came on the twelfth day is twelve days late for ever.
    let late = vec![row("n", "01-20", &[("upload", FAIL, None)]), row("n", "02-12", &[])];
    assert_eq!(sums(&money(LATE, late, "11-29"))[0], "1200.00");
    // A card that is another node's came with that node.
    let mut doubled = row("m", "01-21", &[]);
    doubled.cards[0].ids = row("n", "01-20", &[]).cards[0].ids.clone();
    let two = LEASE.replace("nodes = 1", "nodes = 2");
    let lease = format!("{two}{LATE}");
    let answer = answered(&lease, vec![row("n", "01-20", &[]), doubled.clone()], "02-10", &[]);
    assert_eq!(sums(&answer.money.unwrap())[0], "1000.00");
    // Unless it had come with cards of its own before.
    let rows = vec![row("n", "01-20", &[]), row("m", "01-20", &[]), doubled];
    let answer = answered(&lease, rows, "02-10", &[]);
    assert_eq!((answer.counts.rejected, answer.money.unwrap().dues.len()), (1, 0));
}

/// A proof of the node that held, or did not, on that day.
fn proved(day: u32, held: bool) -> Proved {
    let summary = ProofSummary {
        sha256: format!("{day:064}"),
        challenge_sha256: "0".repeat(64),
        at: When(format!("2026-02-{day:02}T00:00:00Z").parse().unwrap()),
        level: TrustLevel::L2,
        gpus: 1,
        floor_per_s: 6e14,
        memory_bytes: None,
        memory_floor_per_s: None,
    };
    let (source, ids, attested) = (format!("proof {day}"), BTreeSet::new(), BTreeSet::new());
    Proved { source, node: Some("n".to_owned()), ids, attested, held, summary }
}

#[test]
fn what_was_proved_once_came_and_what_never_was_is_open() {
    let lease = format!("{LEASE}{LATE}[proof]\nfloor = \"50 % of gemm.int8.rate\"\n");
    let parsed = parse("lease.toml", lease.as_bytes()).unwrap();
    let at = METRICS.iter().position(|metric| metric.name == "gemm.int8.rate").unwrap();
    for (proofs, standing) in [
        (vec![proved(1, true)], None),
        (vec![proved(1, true), proved(2, false)], None),
        (vec![proved(2, false)], Some(Standing::Open)),
        (vec![], Some(Standing::Open)),
    ] {
        let mut report = row("n", "01-20", &[]);
        report.cards[0].medians = vec![(u16::try_from(at).unwrap(), 1e15)];
        let intake = Intake { rows: vec![report], proofs, refused: Vec::new(), others: 0 };
        let span = Span { since: None, as_of: "2026-11-29T00:00:00Z".parse().unwrap() };
        let dues = answer(&parsed, intake, span, None, &Waivers::default()).money.unwrap().dues;
        assert_eq!(dues.first().map(|due| due.standing), standing);
    }
}

/// What was known then must not change with what is added later.
#[test]
fn proofs_of_another_time_do_not_count_and_are_refused() {
    let parsed =
        parse("lease.toml", format!("{LEASE}[proof]\nfloor = \"50 % of gemm.int8.rate\"\n").as_bytes())
            .unwrap();
    let at = METRICS.iter().position(|metric| metric.name == "gemm.int8.rate").unwrap();
    let of = |since: &str, as_of: &str| {
        let mut report = row("n", "02-02", &[]);
        report.cards[0].medians = vec![(u16::try_from(at).unwrap(), 1e15)];
        let proofs = vec![proved(4, true), proved(6, false)];
        let intake = Intake { rows: vec![report], proofs, refused: Vec::new(), others: 0 };
        let span = Span { since: Some(since.parse().unwrap()), as_of: as_of.parse().unwrap() };
        let answer = answer(&parsed, intake, span, None, &Waivers::default());
        let refused: Vec<String> = answer.refused.into_iter().map(|refused| refused.source).collect();
        (answer.counts.accepted, refused)
    };
    let [early, third, fifth, seventh] =
        ["01-01", "02-03", "02-05", "02-07"].map(|day| format!("2026-{day}T00:00:00Z"));
    assert_eq!(of(&early, &third), (0, vec!["proof 4".to_owned(), "proof 6".to_owned()]));
    assert_eq!(of(&early, &fifth), (1, vec!["proof 6".to_owned()]));
    assert_eq!(of(&early, &seventh), (0, vec![]));
}

#[test]
fn the_worst_clause_of_a_remedy_counts_and_no_node_costs_less_than_nothing() {
    let reports = || {
        let misses: [Miss; 3] =
            [("upload", FAIL, Some(0.1)), ("download", FAIL, Some(0.2)), ("inventory.sku", FAIL, None)];
        vec![row("n", "01-20", &[]), row("n", "02-01", &misses)]
    };
    let of = |remedies: &str| money(remedies, reports(), "02-05");
    let two = of(&cut("\"upload\", \"upload\", \"download\"", 50));
    assert_eq!(rows_of(&two), [("download", Standing::Owed, "2000.00".to_owned())]);
    // What is another card is the whole cap.
    let sku = cut("\"upload\", \"inventory.sku\"", 50);
    assert_eq!(rows_of(&of(&sku)), [("inventory.sku", Standing::Owed, "5000.00".to_owned())]);
    let three = of(&[sku.clone(), cut("\"download\"", 50), cut("\"inventory.sku\"", 45)].concat());
    let parts: Vec<String> = rows_of(&three).into_iter().map(|(_, _, amount)| amount).collect();
    assert_eq!(parts, ["5000.00", "2000.00", "3000.00"]);
    assert_eq!(sums(&three)[1], "10000.00");
    // To the cent, too: halves are rounded up only once.
    let odd = LEASE.replace("10000 USD", "100.01 USD") + &sku + &sku;
    assert_eq!(sums(&answered(&odd, reports(), "02-05", &[]).money.unwrap())[1], "100.01");
    // Nor does it pay twice for one delay.
    let late = [credit("\"delivery\", \"delivery\"", 30), LATE.replace("terminate", "replace")].concat();
    assert_eq!(sums(&money(&late, Vec::new(), "02-05"))[0], "1000.00", "five days in two remedies");
}

#[test]
fn what_never_passed_is_late_and_not_cheaper() {
    let remedies = [LATE, &cut("\"upload\"", 50)].concat();
    let bad = || vec![row("n", "01-20", &[("upload", FAIL, Some(0.25))])];
    let found = money(&remedies, bad(), "02-10");
    let expected = [("delivery", Standing::Owed, "1000.00"), ("upload", Standing::IfKept, "2500.00")];
    assert_eq!(rows_of(&found), expected.map(|(of, standing, sum)| (of, standing, sum.to_owned())));
    assert_eq!(sums(&found), ["1000.00", "0.00"]);
    // Who keeps it by a waiver pays less for it, and it was not late.
    let kept = answered(&format!("{LEASE}{remedies}"), bad(), "02-10", &["upload=kept"]).money.unwrap();
    assert_eq!(sums(&kept), ["0.00", "2500.00"]);
    // Where something else is amiss it is not kept.
    let worse = vec![row("n", "01-20", &[("upload", FAIL, Some(0.25)), ("cool", FAIL, None)])];
    let found = answered(&format!("{LEASE}{remedies}"), worse, "02-10", &["upload=kept"]).money.unwrap();
    assert_eq!(sums(&found), ["1000.00", "0.00"]);
    // One remedy pays once.
    let found = money(&credit("\"delivery\", \"upload\"", 30), bad(), "02-10");
    let expected = [("delivery", Standing::Owed, "1000.00"), ("upload", Standing::IfKept, "2100.00")];
    assert_eq!(rows_of(&found), expected.map(|(of, standing, sum)| (of, standing, sum.to_owned())));
}

#[test]
fn credits_are_for_the_days_of_each_clause() {
    let each = [credit("\"upload\"", 100), credit("\"download\"", 100)].concat();
    // One clause failed since January, the other since May.
    let rows = || {
        vec![
            row("n", "01-20", &[("download", FAIL, Some(0.1))]),
            row("n", "05-01", &[("download", FAIL, Some(0.1)), ("upload", FAIL, Some(0.1))]),
        ]
    };
    let found = money(&each, rows(), "05-11");
    assert_eq!(rows_of(&found)[0], ("upload", Standing::Owed, "1000.00".to_owned()));
    assert_eq!(rows_of(&found)[1].2, "10000.00", "111 days, up to the cap");
    // What was put right was wrong all the same, each time; a report that says nothing of it ends nothing.
    let upload: Miss = ("upload", FAIL, Some(0.1));
    let again = |last: &'static str| {
        let mut lacks = row("n", "06-02", &[]);
        lacks.lacking = vec![lacking(("inventory.devices", FAIL, Some(0.5)))];
        vec![
            row("n", "01-20", &[]),
            row("n", "06-01", &[upload]),
            lacks,
            row("n", "06-03", &[("upload", OPEN, None)]),
            row("n", "06-05", &[("download", FAIL, None)]),
            row("n", "07-01", &[upload]),
            row("n", last, &[]),
        ]
    };
    for (last, amount) in [("07-04", "700.00"), ("08-30", "6400.00")] {
        let found = money(&credit("\"upload\"", 100), again(last), "11-29");
        assert_eq!(sums(&found)[0], amount, "4 days, and those to {last}");
    }
    assert_eq!(sums(&money(&credit("\"upload\"", 30), again("08-30"), "11-29"))[0], "3000.00", "the cap");
    // In one remedy the clause that failed for longer.
    let found = money(&credit("\"upload\", \"download\"", 100), again("07-04"), "11-29");
    assert_eq!(rows_of(&found), [("download", Standing::Owed, "2600.00".to_owned())]);
    // Waived faults keep their credit.
    let lease = format!("{LEASE}{}", credit("\"upload\"", 100));
    let found = answered(&lease, again("07-04"), "11-29", &["upload=agreed"]).money.unwrap();
    assert_eq!(sums(&found)[0], "700.00");
}

/// Else a credit would end with a report that leaves its challenge out, or that was judged by other terms.
#[test]
fn what_is_doubted_puts_nothing_right() {
    let text = |name: &str| name.to_owned();
    for doubt in [
        Doubt::Unanswered { challenge: text("c") },
        Doubt::Untimely { started: text("s"), sealed: text("t") },
        Doubt::ToCome { started: text("s") },
        Doubt::OtherText { judged: text("j"), ours: text("o") },
    ] {
        let mut doubted = row("n", "06-02", &[]);
        doubted.doubts = vec![doubt];
        let rows = vec![row("n", "01-20", &[]), row("n", "06-01", &[("upload", FAIL, Some(0.1))]), doubted];
        assert_eq!(sums(&money(&credit("\"upload\"", 100), rows, "06-11"))[0], "1000.00");
    }
}

#[test]
fn a_clause_over_the_fleet_runs_from_the_first_report_of_the_streak() {
    let most: Miss = ("most", FAIL, Some(0.2));
    let rows = || vec![row("n", "01-20", &[]), row("n", "03-01", &[most]), row("n", "03-05", &[most])];
    let found = money(&[credit("\"most\"", 100), cut("\"most\"", 50)].concat(), rows(), "03-11");
    assert_eq!(sums(&found), ["1000.00", "2000.00"]);
    let mut repaired = rows();
    repaired.push(row("n", "03-09", &[]));
    assert_eq!(money(&credit("\"most\"", 100), repaired, "03-11").dues, []);
}

#[test]
fn what_no_figure_tells_is_the_whole_cap() {
    for clause in ["upload", "cool", "inventory.devices"] {
        let rows = vec![row("n", "01-20", &[]), row("n", "02-01", &[(clause, FAIL, None)])];
        assert_eq!(sums(&money(&cut(&format!("{clause:?}"), 40), rows, "02-05"))[1], "4000.00", "{clause}");
    }
}

#[test]
fn what_is_undecided_is_in_no_sum_and_ends_no_lease() {
    let undecided = vec![row("n", "01-20", &[("upload", OPEN, None)])];
    let found = money(LATE, undecided.clone(), "11-29");
    assert_eq!(rows_of(&found), [("delivery", Standing::Open, "3000.00".to_owned())]);
    assert_eq!(sums(&found), ["0.00", "0.00"]);
    // Nor is a pass one where other results of the same report were wrong.
    let mut unsound = row("n", "01-20", &[]);
    unsound.is_wrong = true;
    assert_eq!(money(LATE, vec![unsound], "11-29").dues[0].standing, Standing::Open);
    // What did not come at all is late all the same.
    let two = LEASE.replace("nodes = 1", "nodes = 2");
    let found = answered(&format!("{two}{LATE}"), undecided, "02-10", &[]).money.unwrap();
    let expected = [("delivery", Standing::Owed, "1000.00"), ("delivery", Standing::Open, "1000.00")];
    assert_eq!(rows_of(&found), expected.map(|(of, standing, sum)| (of, standing, sum.to_owned())));
    assert_eq!(sums(&found)[0], "1000.00");
}

#[test]
fn excluded_time_makes_no_delay_and_takes_no_pass() {
    let excluded =
        "[[exclusion]]\nfrom = 2026-02-03T00:00:00Z\nuntil = 2026-02-08T00:00:00Z\nreason = \"r\"\n";
    let remedies = [LATE, &credit("\"upload\"", 100), excluded].concat();
    assert_eq!(sums(&money(&remedies, Vec::new(), "02-20"))[0], "1500.00");
    let found = money(&remedies, Vec::new(), "04-10");
    let terminate = found.dues.iter().find(|due| due.kind == DueKind::Terminate).unwrap();
    assert_eq!(terminate.on.unwrap().to_string(), "2026-04-06", "60 days, and 5 that do not count");
    assert!(money(&remedies, Vec::new(), "04-06").dues.iter().all(|due| due.kind != DueKind::Terminate));
    // The third and the fourth day do not count; failures of those days are none, passes are.
    let rows = vec![row("n", "02-04", &[("upload", FAIL, Some(0.5))]), row("n", "02-05", &[])];
    assert_eq!(sums(&money(&remedies, rows, "11-29"))[0], "200.00");
    let answer = answered(&format!("{LEASE}{remedies}"), Vec::new(), "02-20", &[]);
    assert_eq!(answer.milestones[0].days_late, 15);
}

#[test]
fn each_due_has_a_last_day_to_claim_it() {
    let claim = |remedy: &str| remedy.replace("\n[[", "\nclaim_days = 30\n[[") + "claim_days = 30\n";
    let upload: Miss = ("upload", FAIL, Some(0.1));
    let by = |remedies: &str, rows: Vec<Row>, today: &str| -> Vec<(String, bool, String)> {
        let money = money(&claim(remedies), rows, today);
        let shown = |due: &Due| {
            let amount = due.amount.map_or("-".to_owned(), |amount| amount.to_string());
            (due.claim_by.unwrap().to_string(), due.is_past, amount)
        };
        money.dues.iter().map(shown).collect()
    };
    let told = |all: &[(&str, bool, &str)]| -> Vec<(String, bool, String)> {
        all.iter().map(|(day, is_past, sum)| (day.to_string(), *is_past, sum.to_string())).collect()
    };
    // From the day on which it came.
    let came = || vec![row("n", "02-10", &[])];
    let late = credit("\"delivery\"", 30);
    assert_eq!(by(&late, came(), "03-12"), told(&[("2026-03-12", false, "1000.00")]));
    assert_eq!(by(&late, came(), "03-13"), told(&[("2026-03-12", true, "1000.00")]));
    // While the days go on, from the day of counting; the end of the lease from the day on which it is allowed.
    assert_eq!(by(&late, Vec::new(), "02-10"), told(&[("2026-03-12", false, "1000.00")]));
    let found = by(LATE, Vec::new(), "06-10");
    assert_eq!(found, told(&[("2026-07-10", false, "3000.00"), ("2026-05-01", true, "-")]));
    // Later places make no new right.
    let two = LEASE.replace("[price]", "[[delivery]]\ndue = 2026-05-31\nnodes = 3\n[price]");
    let found = answered(&format!("{two}{}", claim(LATE)), Vec::new(), "06-10", &[]).money.unwrap();
    let end = &found.dues[1];
    assert_eq!((end.count, end.on.unwrap().to_string(), end.is_past), (3, "2026-04-01".to_owned(), true));
    assert_eq!(end.claim_by.unwrap().to_string(), "2026-05-01");
    // Price cuts from the first report that failed.
    let rows = || vec![row("n", "01-20", &[]), row("n", "02-01", &[upload]), row("n", "03-20", &[upload])];
    assert_eq!(by(&cut("\"upload\"", 50), rows(), "03-21"), told(&[("2026-03-03", true, "1000.00")]));
    // What was put right long ago is past, what began anew is not; both are in the sum.
    let mut again = rows();
    again.insert(2, row("n", "02-04", &[]));
    let found = by(&credit("\"upload\"", 30), again, "03-25");
    assert_eq!(found, told(&[("2026-04-24", false, "500.00"), ("2026-03-06", true, "300.00")]));
}

#[test]
fn what_is_not_known_is_no_sum() {
    let in_all = LEASE.replace("node_month", "in_all");
    let remedies = [LATE, &cut("\"upload\"", 50)].concat();
    let rows = vec![row("n", "02-10", &[]), row("n", "02-20", &[("upload", FAIL, Some(0.1))])];
    let found = answered(&format!("{in_all}{remedies}"), rows, "03-01", &[]).money.unwrap();
    assert_eq!(sums(&found), ["?", "?"]);
    // Nothing of what is priceless is nothing.
    let good = vec![row("n", "01-20", &[])];
    let found = answered(&format!("{in_all}{remedies}"), good, "03-01", &[]).money.unwrap();
    assert_eq!(sums(&found), ["0.00", "0.00"]);
    assert_eq!(price::sum([Some(Decimal::MAX), Some(Decimal::ONE)]), None);
    assert_eq!(price::sum([Some(Decimal::ONE), None]), None);
}

#[test]
fn the_dearest_lease_there_can_be_is_reckoned_or_not_but_never_ends_the_program() {
    let dear = LEASE
        .replace("10000 USD", "1000000000000000 USD")
        .replace("node_month", "device_hour")
        .replace("devices = 1", "devices = 4294967295")
        .replace("nodes = 1", "nodes = 1000");
    let lease = [&dear, LATE, &cut("\"upload\"", 100)].concat();
    let rows = (0..100).flat_map(|node| {
        let node = format!("n{node}");
        [row(&node, "01-20", &[]), row(&node, "02-01", &[("upload", FAIL, None)])]
    });
    let found = answered(&lease, rows.collect(), "06-01", &[]).money.unwrap();
    assert_eq!(sums(&found), ["?", "?"]);
    assert_eq!(found.node_month.unwrap().to_string(), "3135326125350000000000000000.0");
}
