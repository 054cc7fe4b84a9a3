//! What a technician at the rack and an auditor of many cards read: each hint is followed as it is written, and each figure
//! says whose word it is.

use gpu_assay::contract::parse;
use gpu_assay::report::{Report, recheck};
use serde_json::Value;

use crate::certificates::{Desk, payload};

const RUN: &str =
    "run --device sim:mini --probe census --profile quick --key provider.pem --node n1 --out got/run";
const FLEET: &str = "fleet got --contract lease.toml --trust provider.pub.pem";

/// A directory that holds the recording of the run alone.
fn copied(desk: &Desk, to: &str) {
    std::fs::create_dir_all(desk.path(to)).unwrap();
    std::fs::copy(desk.path("got/run/events.jsonl"), desk.path(to).join("events.jsonl")).unwrap();
}

fn predicate(desk: &Desk) -> Value {
    let mut statement: Value =
        serde_json::from_str(&payload(&desk.path("got/run/report.dsse.json"))).unwrap();
    statement["predicate"].take()
}

#[test]
fn a_report_by_another_contract_counts_once_it_is_signed_anew_as_the_fleet_says() {
    for judged_by in ["--measure-only", "--contract other.toml"] {
        let desk = Desk::new();
        let lease = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
        std::fs::write(desk.path("other.toml"), lease.replace("\"chain\"", "\"another\"")).unwrap();
        desk.assay(0, &format!("{RUN} {judged_by}"));
        let said = desk.assay(3, FLEET).stdout;
        assert!(said.contains("`assay seal DIR --contract FILE --key KEY.pem`"), "{said}");
        copied(&desk, "got/again");
        desk.assay(0, "seal got/again --contract lease.toml --key provider.pem");
        let said = desk.assay(0, FLEET).stdout;
        assert!(said.contains("by 1 report that counts, 1 refused report"), "{said}");
    }
}

#[test]
fn what_is_sealed_by_another_contract_than_its_run_was_made_for_says_so() {
    let desk = Desk::new();
    desk.assay(0, &format!("{RUN} --contract lease.toml"));
    let made_for = predicate(&desk)["contract"]["sha256"].as_str().unwrap().to_owned();
    copied(&desk, "by-none");
    let by_none = desk.assay(3, "seal by-none --key provider.pem").stderr;
    assert!(by_none.contains(&made_for), "{by_none}");
    assert!(by_none.contains("`assay seal DIR --contract FILE --key KEY.pem`"), "{by_none}");
    let lease = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    std::fs::write(desk.path("other.toml"), lease.replace("\"chain\"", "\"another\"")).unwrap();
    copied(&desk, "by-other");
    let by_other = desk.assay(0, "seal by-other --contract other.toml --key provider.pem").stderr;
    assert!(by_other.contains("another contract") && by_other.contains(&made_for), "{by_other}");
    copied(&desk, "by-its-own");
    let by_own = desk.assay(0, "seal by-its-own --contract lease.toml --key provider.pem").stderr;
    assert!(!by_own.contains("note:"), "{by_own}");
}

#[test]
fn a_report_names_the_catalogue_that_it_was_judged_with() {
    let desk = Desk::new();
    desk.assay(0, &format!("{RUN} --contract lease.toml"));
    let digest = gpu_assay::catalogue::digest();
    let mut report = predicate(&desk);
    assert_eq!(report["catalogue_sha256"], digest.as_str());
    let verify = "verify got/run/report.dsse.json --trust provider.pub.pem";
    let said = desk.assay(0, verify).stdout;
    assert!(said.contains(&format!("sha256:{digest}")), "{said}");
    // Another one by itself is no fault, and may be the cause of what is otherwise.
    let differences = |report: &Value| {
        let report: Report = serde_json::from_value(report.clone()).unwrap();
        let differences = recheck(&report, None).differences;
        differences.into_iter().map(|difference| difference.what).collect::<Vec<_>>()
    };
    report["catalogue_sha256"] = "00".repeat(32).into();
    assert_eq!(differences(&report), [""; 0]);
    // Nor does it make the report a false one where no more than another contract is demanded of it.
    let other = std::fs::read_to_string(desk.path("lease.toml")).unwrap().replace("\"chain\"", "\"another\"");
    let other = parse("other.toml", other.as_bytes()).unwrap();
    let by_other = recheck(&serde_json::from_value(report.clone()).unwrap(), Some(&other));
    assert_eq!(by_other.differences.len(), 1, "{:?}", by_other.differences);
    report["verdict"] = "fail".into();
    assert_eq!(differences(&report), ["verdict", "catalogue"]);
    report["catalogue_sha256"] = digest.into();
    assert_eq!(differences(&report), ["verdict"]);
}

/// A table that is read without all else must not make simulated cards, or figures that nobody timed, look like others.
#[test]
fn each_row_of_a_fleets_table_says_what_the_card_is_and_on_whose_word() {
    let desk = Desk::new();
    desk.assay(
        0,
        &format!("{RUN} --contract lease.toml").replace("sim:mini", "sim:mini,name=H100,seed=1,index=2"),
    );
    let json: Value = serde_json::from_str(&desk.assay(0, &format!("{FLEET} --format json")).stdout).unwrap();
    let csv = desk.assay(0, &format!("{FLEET} --format csv")).stdout;
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let header = csv.headers().unwrap().clone();
    let row = csv.records().next().unwrap().unwrap();
    let told = |name: &str| {
        let at = header.iter().position(|column| column == name);
        at.and_then(|at| row.get(at)).unwrap_or("no such column").to_owned()
    };
    let node = &json["nodes"][0];
    assert_eq!((told("kind"), told("level")), ("simulated".to_owned(), "L0".to_owned()));
    assert_eq!(told("pci_address"), node["cards"][0]["pci_address"].as_str().unwrap());
    assert_eq!(told("report_sha256"), node["report_sha256"].as_str().unwrap());
    assert_eq!(json["tool_version"], env!("CARGO_PKG_VERSION"));
}
