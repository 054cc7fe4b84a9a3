//! What somebody signs, or hands over, who wants to be believed: keys that are no party's, figures that no card reaches, the older run
//! for the newer one; and what whoever reads it later must not take for fraud.

use gpu_assay::evidence::{Check, DeviceEvidence, Ended};
use gpu_assay::exit::Exit;
use gpu_assay::report::compare::{Change, Comparison, compare};
use gpu_assay::report::{Report, SealedBy};
use gpu_assay::seal::statement::Subject;
use gpu_assay::seal::{Envelope, SecretKey, TrustList};
use serde_json::Value;

use crate::certificates::{Desk, ends, payload};
use crate::support::*;

/// The statement in `file` after `edit`, signed anew by these keys.
fn forged(desk: &Desk, file: &str, keys: &[&str], edit: impl FnOnce(&mut Value)) {
    let mut statement: Value = serde_json::from_str(&payload(&desk.path(file))).unwrap();
    edit(&mut statement);
    let key = |name: &&str| SecretKey::load(&desk.path(&format!("{name}.pem"))).unwrap();
    let keys: Vec<SecretKey> = keys.iter().map(key).collect();
    let trust = TrustList::new(keys.iter().map(SecretKey::public));
    let sealed = Envelope::seal(&serde_json::to_vec(&statement).unwrap(), &keys[0]);
    let verified = sealed.open(&trust).unwrap();
    let sealed = keys.iter().fold(sealed, |sealed, key| sealed.countersign(&verified, key));
    std::fs::write(desk.path("forged.dsse.json"), sealed.to_bytes()).unwrap();
}

/// Where every key is trusted that signs reports, a node's own could stand for a party that never signed.
#[test]
fn a_certificate_is_signed_by_the_parties_of_the_contract_or_by_nobody() {
    let desk = Desk::new();
    desk.assay(0, "key new node.pem");
    desk.assay(0, "run --contract lease.toml --device sim:mini --probe census --key provider.pem --node n1 --out got/run");
    let trust = "--trust tenant.pub.pem --trust provider.pub.pem --trust node.pub.pem";
    let accept = format!("accept got --contract lease.toml {trust} --key");
    desk.assay(0, &format!("{accept} provider.pem --out acceptance.dsse.json"));
    let id = |name: &str| SecretKey::load(&desk.path(&format!("{name}.pem"))).unwrap().public().id();
    let as_tenant = |name: &str| {
        let id = id(name).as_str().to_owned();
        move |certificate: &mut Value| certificate["predicate"]["parties"]["tenant"] = id.into()
    };
    let verify = format!("verify forged.dsse.json {trust}");

    forged(&desk, "acceptance.dsse.json", &["provider"], as_tenant("provider"));
    let attest = format!("attest forged.dsse.json {trust} --as svr --key tenant.pem --out result.dsse.json");
    for line in [&verify, &format!("{verify} --contract lease.toml"), &attest] {
        ends(&desk.assay(6, line), 6, "one key is named for both parties");
    }
    forged(&desk, "acceptance.dsse.json", &["provider", "node"], as_tenant("node"));
    for line in [&verify, &attest] {
        ends(&desk.assay(6, &format!("{line} --contract lease.toml")), 6, "names other keys for the parties");
    }
    assert!(!desk.path("result.dsse.json").exists());
    // Without a contract nothing else says whose keys they are, and that is told.
    let said = desk.assay(0, &verify).stdout;
    assert!(said.contains("the keys that the certificate itself names"), "{said}");
}

/// One device before and after, with an identity that the catalogue knows.
fn compared(change: impl FnOnce(&mut DeviceEvidence)) -> Comparison {
    let mut before = good_device(1);
    let identity = before.identity.as_mut().unwrap();
    (identity.vendor_id, identity.device_id) = (Some(0x10de), Some(0x2335));
    before.measurements = rates("stream.triad.rate", &[4_000_000_000_000; 40]);
    let mut after = before.clone();
    change(&mut after);
    compare(&report(before, |_| ()), &report(after, |_| ()), 0.01)
}

fn report(device: DeviceEvidence, edit: impl FnOnce(&mut gpu_assay::evidence::Evidence)) -> Report {
    let mut evidence = evidence(vec![device]);
    edit(&mut evidence);
    Report::new(evidence, None, SealedBy::Ephemeral, "1970-01-01T00:00:00Z".into())
}

#[test]
fn a_figure_that_no_such_card_reaches_is_no_improvement() {
    let verdict = |comparison: &Comparison| comparison.rows().next().unwrap().verdict;
    let faster =
        compared(|device| device.measurements = rates("stream.triad.rate", &[4_700_000_000_000; 40]));
    assert_eq!((verdict(&faster), faster.exit()), (Change::Improved, Exit::Pass));
    let beyond =
        compared(|device| device.measurements = rates("stream.triad.rate", &[48_000_000_000_000; 40]));
    assert_eq!((verdict(&beyond), beyond.exit()), (Change::Undecided, Exit::Inconclusive));
    assert_eq!(beyond.rows().next().unwrap().because.to_string(), "no such device can reach this after");
    let unchecked = compared(|device| {
        let Check::Matched { exact, .. } = &mut device.measurements[0].check else { panic!() };
        *exact = 0;
    });
    assert_eq!((verdict(&unchecked), unchecked.exit()), (Change::Undecided, Exit::Inconclusive));
}

#[test]
fn a_run_that_broke_off_is_as_good_as_none() {
    let mut device = good_device(1);
    device.measurements = rates("stream.triad.rate", &[900_000_000; 40]);
    let whole = report(device.clone(), |_| ());
    assert_eq!(compare(&whole, &whole, 0.01).exit(), Exit::Pass);
    let cut = report(device, |evidence| evidence.ended = Ended::Interrupted);
    let comparison = compare(&whole, &cut, 0.01);
    assert_eq!((&comparison.pairs[0].ended, comparison.exit()), (&Ended::Interrupted, Exit::Inconclusive));
}

/// Whoever names them the wrong way round is told of an improvement where the card became slower.
#[test]
fn the_older_report_is_the_one_before() {
    let slow =
        |device: &mut DeviceEvidence| device.measurements = rates("stream.triad.rate", &[800_000_000; 40]);
    let mut device = good_device(1);
    device.measurements = rates("stream.triad.rate", &[900_000_000; 40]);
    let at = |device: DeviceEvidence, day: &str| {
        report(device, |evidence| evidence.run.started = format!("2026-11-{day}T00:00:00Z"))
    };
    let (old, mut device) = (at(device.clone(), "01"), device);
    slow(&mut device);
    let new = at(device, "02");
    assert_eq!(compare(&old, &new, 0.01).exit(), Exit::Fail);
    assert!(!compare(&old, &new, 0.01).is_reversed && !compare(&old, &old, 0.01).is_reversed);
    let swapped = compare(&new, &old, 0.01);
    assert!(swapped.is_reversed);
    assert_eq!(swapped.exit(), Exit::Inconclusive);
}

#[test]
fn a_certificate_to_compare_with_is_read_by_its_signature_alone() {
    let desk = Desk::new();
    desk.assay(3, "certify --device sim:mini --profile quick --key provider.pem --out stock");
    let line = "compare stock/inventory.dsse.json stock/report.dsse.json";
    ends(&desk.assay(2, line), 2, "name the signer's public key with --trust");
    // A quick run of a slow card has too few samples to tell more.
    ends(&desk.assay(3, &format!("{line} --trust provider.pub.pem")), 3, "covers the report after");
}

/// What an older program cannot read is no forgery.
#[test]
fn what_a_newer_program_adds_is_not_called_a_forgery() {
    let desk = Desk::new();
    desk.assay(0, "run --contract lease.toml --device sim:mini --probe census --key provider.pem --out run");
    let verify = "verify forged.dsse.json --trust provider.pub.pem";
    forged(&desk, "run/report.dsse.json", &["provider"], |report| {
        let run = &mut report["predicate"]["evidence"]["run"];
        run["of_2036"] = "x".into();
        // It names all of the run, as a subject.
        let subject = Subject::of_json(format!("run:{}", run["started"].as_str().unwrap()), run).unwrap();
        *report["subject"].as_array_mut().unwrap().last_mut().unwrap() =
            serde_json::to_value(subject).unwrap();
    });
    ends(&desk.assay(6, verify), 6, "where a newer one made it");
    forged(&desk, "run/report.dsse.json", &["provider"], |report| {
        report["predicate"]["evidence"]["run"]["format"] = 2.into();
    });
    ends(&desk.assay(6, verify), 6, "get a newer one");
}

/// Rules and catalogue change: whoever counts old reports must not be told to accuse who signed them.
#[test]
fn a_fleet_does_not_accuse_who_judged_by_other_rules() {
    let desk = Desk::new();
    desk.assay(
        0,
        "run --contract lease.toml --device sim:mini --probe census --key provider.pem --node n1 --out run",
    );
    std::fs::create_dir(desk.path("got")).unwrap();
    let fleet = |version: &str| {
        forged(&desk, "run/report.dsse.json", &["provider"], |report| {
            report["predicate"]["findings"][0]["observed"] = Value::Null;
            report["predicate"]["tool"]["version"] = version.into();
        });
        std::fs::rename(desk.path("forged.dsse.json"), desk.path("got/report.dsse.json")).unwrap();
        desk.assay(6, "fleet got --contract lease.toml --trust provider.pub.pem").stdout
    };
    let ours = fleet(env!("CARGO_PKG_VERSION"));
    assert!(ours.contains("contradicts its samples") && ours.contains("Keep as evidence"), "{ours}");
    let others = fleet("0.0.9");
    assert!(others.contains("judged by other rules") && others.contains("before you accuse"), "{others}");
    assert!(!others.contains("Keep as evidence"), "{others}");
}

#[cfg(unix)]
#[test]
fn the_next_command_takes_a_files_name_as_one_word() {
    let desk = Desk::new();
    std::fs::write(desk.path("a;$(id).json"), "{}").unwrap();
    let said = desk.assay(0, "timestamp a;$(id).json").stdout;
    assert!(said.contains("--data-binary @'a;$(id).json.tsq' URL > 'a;$(id).json.tsr'"), "{said}");
}
