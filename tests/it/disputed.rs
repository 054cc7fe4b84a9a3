//! Evidence in a dispute: recordings beside reports, other texts of a contract, whose signature it is, times, and figures at their bound.

use std::path::{Path, PathBuf};

use gpu_assay::seal::{Envelope, SecretKey};
use serde_json::Value;

use crate::certificates::payload;
use crate::pages::report;
use crate::process::{Ended, assay};
use crate::support::*;

/// A lease between two parties, and a run that the provider has signed.
struct Case {
    dir: tempfile::TempDir,
}

const CLAUSE: &str =
    "[[clause]]\nid = \"upload\"\nmetric = \"link.h2d.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p50\"\n";

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let case = Self { dir };
        let party = |name: &str| {
            let key = test_key(case.dir.path(), name);
            std::fs::copy(data(&format!("keys/{name}.pub.pem")), case.path(&format!("{name}.pub.pem")))
                .unwrap();
            format!("name = \"{name}\"\nkey_sha256 = \"{}\"\n", key.public().id().as_str())
        };
        let (tenant, provider) = (party("test-a"), party("test-b"));
        let contract = format!(
            "version = 1\nid = \"dispute\"\naccept = [\"simulated\"]\n[parties.tenant]\n{tenant}[parties.provider]\n{provider}{CLAUSE}"
        );
        std::fs::write(case.path("contract.toml"), contract).unwrap();
        case.run("run", "sim:mini");
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, out: &str, device: &str) -> PathBuf {
        let [contract, key, dir] = ["contract.toml", "test-b.pem", out].map(|name| self.path(name));
        let [contract, key, to] = [&contract, &key, &dir].map(|path| path.to_str().unwrap());
        let mut args = vec!["run", "--contract", contract, "--key", key, "--out", to, "--device", device];
        args.extend(["--profile", "quick", "--duration", "1ms", "--probe", "link"]);
        let ended = assay(args);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        dir
    }

    fn verify(&self, file: &Path, more: &[&str]) -> Ended {
        let keys = ["test-a.pub.pem", "test-b.pub.pem"].map(|name| self.path(name));
        let mut args = vec!["verify", file.to_str().unwrap()];
        args.extend(keys.iter().flat_map(|key| ["--trust", key.to_str().unwrap()]));
        args.extend(more);
        assay(args)
    }

    /// The report of the run after `edit`, signed anew by the provider.
    fn forged(&self, edit: impl FnOnce(&mut Value)) -> PathBuf {
        let file = self.path("forged.dsse.json");
        let mut statement: Value = serde_json::from_str(&payload(&self.report())).unwrap();
        edit(&mut statement["predicate"]);
        let bytes = serde_json::to_vec(&statement).unwrap();
        std::fs::write(&file, Envelope::seal(&bytes, &self.provider()).to_bytes()).unwrap();
        file
    }

    fn provider(&self) -> SecretKey {
        SecretKey::load(&self.path("test-b.pem")).unwrap()
    }

    fn report(&self) -> PathBuf {
        self.path("run/report.dsse.json")
    }

    fn events(&self) -> String {
        std::fs::read_to_string(self.path("run/events.jsonl")).unwrap()
    }
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", ended.stdout, ended.stderr))
}

#[test]
fn a_recording_is_that_of_a_report_or_where_it_differs_is_said() {
    let case = Case::new();
    let events = case.events();
    let lines: Vec<&str> = events.lines().collect();
    let measured: Vec<usize> =
        (0..lines.len()).filter(|at| lines[*at].contains("\"event\":\"measured\"")).collect();
    let [first, second, ..] = measured[..] else { panic!("{measured:?}") };
    let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat();
    let (mut doubled, mut swapped) = (lines.clone(), lines.clone());
    doubled.insert(first, lines[first]);
    swapped.swap(first, second);
    let number = lines[first].split_once("\"samples\":[[").unwrap().1.split_once(',').unwrap().0;
    let other = lines[first].replacen(&format!("[[{number},"), &format!("[[1{number},"), 1);
    assert_ne!(other, lines[first]);
    let mut changed = lines.clone();
    changed[first] = &other;
    let other_run =
        std::fs::read_to_string(case.run("again", "sim:mini,seed=9").join("events.jsonl")).unwrap();
    for (name, recording, same) in [
        ("whole", lines.clone(), true),
        ("one removed", without(first), false),
        ("one doubled", doubled, false),
        ("two in another order", swapped, false),
        ("a sample changed", changed, false),
        ("cut short", lines[..lines.len() - 1].to_vec(), false),
        ("of another run", other_run.lines().collect(), false),
    ] {
        let file = case.path("events.jsonl");
        std::fs::write(&file, format!("{}\n", recording.join("\n"))).unwrap();
        let ended = case.verify(&case.report(), &["--events", file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(if same { 0 } else { 6 }), "{name}: {}{}", ended.stdout, ended.stderr);
        assert_eq!(
            ended.stdout.contains("holds the evidence of this report"),
            same,
            "{name}: {}",
            ended.stdout
        );
        assert_eq!(ended.stdout.contains("the recording says"), !same, "{name}: {}", ended.stdout);
        // The report is none the worse for it.
        assert!(ended.stdout.contains("every figure and finding follows"), "{name}: {}", ended.stdout);
        let told = json(&case.verify(&case.report(), &["--json", "--events", file.to_str().unwrap()]));
        assert_eq!(told["recording"].as_array().map(Vec::is_empty), Some(same), "{name}");
    }
    assert_eq!(json(&case.verify(&case.report(), &["--json"]))["recording"], Value::Null);
    let missing = case.verify(&case.report(), &["--events", "nowhere.jsonl"]);
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
}

#[test]
fn of_a_report_that_does_not_follow_the_recomputed_verdict_is_said() {
    let case = Case::new();
    let slow = |predicate: &mut Value| {
        for measured in predicate["evidence"]["devices"][0]["measurements"].as_array_mut().unwrap() {
            for sample in measured["value"]["samples"].as_array_mut().into_iter().flatten() {
                *sample = Value::from(vec![sample[0].as_u64().unwrap() * 9, sample[1].as_u64().unwrap() * 9]);
            }
        }
    };
    let file = case.forged(slow);
    let ended = case.verify(&file, &[]);
    assert_eq!(ended.code, Some(6), "{}", ended.stdout);
    assert!(ended.stdout.contains("\nverdict: FAIL"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("\nverdict: PASS"), "{}", ended.stdout);
    let told = json(&case.verify(&file, &["--json"]));
    assert_eq!((&told["holds"], &told["verdict"]), (&false.into(), &"fail".into()));
    let upload = told["findings"].as_array().unwrap().iter().find(|finding| finding["clause"] == "upload");
    assert_eq!(upload.unwrap()["verdict"], "fail");
    // What is only shown is what it says, and that is told.
    let shown = |file: &Path| assay(["render", file.to_str().unwrap()]);
    let note = "not what follows from its own samples";
    assert!(shown(&file).stderr.contains(note), "{}", shown(&file).stderr);
    assert!(!shown(&case.report()).stderr.contains(note));
    assert_eq!((shown(&file).code, shown(&case.report()).code), (Some(6), Some(0)));
    // Another version may have had other rules.
    let words = "do not accept it";
    assert!(ended.stdout.contains(words) && !ended.stdout.contains("version 0.0.9"), "{}", ended.stdout);
    let file = case.forged(|predicate| {
        predicate["tool"]["version"] = "0.0.9".into();
        slow(predicate);
    });
    let ended = case.verify(&file, &[]);
    assert_eq!(ended.code, Some(6));
    assert!(ended.stdout.contains("judged by version 0.0.9"), "{}", ended.stdout);
}

#[test]
fn another_text_of_the_same_terms_is_told_from_other_terms() {
    let case = Case::new();
    let text = std::fs::read_to_string(case.path("contract.toml")).unwrap();
    let verified = |text: &str, code| {
        let file = case.path("given.toml");
        std::fs::write(&file, text).unwrap();
        let given = ["--contract", file.to_str().unwrap()];
        let ended = case.verify(&case.report(), &given);
        assert_eq!(ended.code, Some(code), "{}", ended.stdout);
        let told = json(&case.verify(&case.report(), &["--json", given[0], given[1]]));
        assert_eq!(told["holds"], (code == 0), "{told}");
        (ended.stdout, told["contract_terms"].clone())
    };
    for other in [text.replace('\n', "\r\n"), format!("{text}# signed in two copies\n")] {
        let (said, terms) = verified(&other, 0);
        assert!(said.contains("another text with the same terms"), "{said}");
        assert_eq!(terms, Value::Array(Vec::new()));
    }
    let (said, terms) = verified(&text.replace("1 GB/s", "2 GB/s"), 6);
    assert!(said.contains("judged by another contract than the one you gave"), "{said}");
    assert!(said.contains("clause.upload.at_least") && said.contains("2 GB/s"), "{said}");
    assert_eq!(terms.as_array().unwrap().len(), 1, "{terms}");
    // Whoever judges the recording by it learns that too.
    let [events, given] = ["run/events.jsonl", "given.toml"].map(|name| case.path(name));
    let replayed = |contract: &Path| {
        assay(["replay", events.to_str().unwrap(), "--contract", contract.to_str().unwrap()])
    };
    let note = "made for another contract";
    assert!(replayed(&given).stderr.contains(note));
    let ours = replayed(&case.path("contract.toml"));
    assert!(!ours.stderr.contains(note), "{}", ours.stderr);
    assert!(!ours.stdout.contains("this one's key"), "nobody has signed it: {}", ours.stdout);
}

#[test]
fn whose_key_signed_is_said_of_every_signature() {
    let case = Case::new();
    let who = |ended: &Ended| {
        let signed = json(ended)["signed"].as_array().unwrap().clone();
        let said = signed.iter().filter(|entry| entry["what"] == "who is");
        said.map(|entry| entry["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (tenant, provider) = (
        "the tenant, by the key in the report's contract",
        "the provider, by the key in the report's contract",
    );
    assert_eq!(who(&case.verify(&case.report(), &["--json"])), [provider]);

    let envelope = Envelope::parse(&std::fs::read(case.report()).unwrap()).unwrap();
    let verified = envelope.open(&gpu_assay::seal::TrustList::new([case.provider().public()])).unwrap();
    let both = envelope.countersign(&verified, &SecretKey::load(&case.path("test-a.pem")).unwrap());
    let file = case.path("both.dsse.json");
    std::fs::write(&file, both.to_bytes()).unwrap();
    assert_eq!(who(&case.verify(&file, &["--json"])), [provider, tenant]);

    let stranger = SecretKey::generate().unwrap();
    let public = case.path("stranger.pub.pem");
    std::fs::write(&public, stranger.public().to_pem().unwrap()).unwrap();
    std::fs::write(&file, Envelope::seal(verified.bytes(), &stranger).to_bytes()).unwrap();
    let ended = case.verify(&file, &["--json", "--trust", public.to_str().unwrap()]);
    assert_eq!(who(&ended), ["neither tenant nor provider, by the keys in the report's contract"]);
}

#[test]
fn times_that_cannot_be_right_leave_a_report_open() {
    let case = Case::new();
    let sealed = |at: &str| case.forged(|predicate| predicate["sealed_at"] = at.into());
    for at in ["1999-12-31T23:59:59Z", "2999-12-31T23:59:59Z", "yesterday"] {
        let ended = case.verify(&sealed(at), &[]);
        assert_eq!(ended.code, Some(3), "{at}: {}", ended.stdout);
        assert!(ended.stdout.contains("Its times speak against it"), "{at}: {}", ended.stdout);
        assert!(ended.stdout.contains("every figure and finding follows"), "{at}: {}", ended.stdout);
        assert!(json(&case.verify(&sealed(at), &["--json"]))["untimely"].is_string(), "{at}");
    }
    let ended = case.verify(&case.report(), &["--json"]);
    assert_eq!((ended.code, &json(&ended)["untimely"]), (Some(0), &Value::Null));
    // Nor is it said to be passed in another form.
    let file = sealed("1999-12-31T23:59:59Z");
    let [trust, key, out] =
        ["test-b.pub.pem", "test-a.pem", "attested.dsse.json"].map(|name| case.path(name));
    let [file, trust, key, to] = [&file, &trust, &key, &out].map(|path| path.to_str().unwrap());
    let ended = assay(["attest", file, "--trust", trust, "--as", "svr", "--key", key, "--out", to]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(!payload(&out).contains("CONTRACT_PASSED"), "{}", payload(&out));
}

/// A report as the program shows it, sealed here.
fn shown(evidence: gpu_assay::evidence::Evidence, clause: Option<&str>, format: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let report = report(evidence, clause.map(contract).as_ref());
    let file = dir.path().join("report.dsse.json");
    std::fs::write(&file, report.seal(&SecretKey::generate().unwrap()).unwrap().to_bytes()).unwrap();
    let ended = assay(["render", file.to_str().unwrap(), "--format", format]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout.replace('\u{a0}', " ")
}

#[test]
fn a_figure_just_short_of_its_bound_does_not_read_as_the_bound() {
    // The slowest sample of the triad is 0.9 GB/s.
    let clause = "metric = \"stream.triad.rate\"\nat_least = \"900.04 MB/s\"\nstatistic = \"min\"";
    for (format, demanded, found) in [
        ("human", "900.04 MB/s", "  900 MB/s"),
        ("markdown", "| 900.04 MB/s |", "| 900 MB/s |"),
        ("html", "demanded 900.04 MB/s", "found 900 MB/s"),
        ("html", "at least <b translate=\"no\">900.04 MB/s</b>", "found 900 MB/s"),
        ("junit", "demanded 900.04 MB/s", "found 900 MB/s"),
    ] {
        let text = shown(good_run(1), Some(clause), format);
        assert!(text.contains(demanded) && text.contains(found), "{format}: {text}");
    }
    let share = "metric = \"stream.triad.rate\"\nratio_to = \"stream.copy.rate\"\nstatistic = \"p50\"\nat_least = 0.50004";
    let text = shown(good_run(1), Some(share), "human");
    assert!(text.contains("0.50004   0.50000"), "{text}");
}

#[test]
fn nor_do_those_of_several_cards() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let text = format!(
        "version = 1\nid = \"test\"\n{ADMITS_SIMULATED}\n[[clause]]\nid = \"triad\"\nmetric = \"stream.triad.rate\"\n\
         at_least = \"900.04 MB/s\"\nstatistic = \"min\"\n"
    );
    std::fs::write(path("contract.toml"), &text).unwrap();
    let mut run = good_run(2);
    run.devices[1].measurements.retain(|m| m.metric.as_str() != "stream.triad.rate");
    run.devices[1].measurements.extend(rates("stream.triad.rate", &[880_000_000; 3]));
    let parsed = gpu_assay::contract::parse("contract.toml", text.as_bytes()).unwrap();
    let key = SecretKey::generate().unwrap();
    std::fs::write(path("key.pub.pem"), key.public().to_pem().unwrap()).unwrap();
    let sealed = report(run, Some(&parsed)).seal(&key).unwrap();
    std::fs::write(path("report.dsse.json"), sealed.to_bytes()).unwrap();
    let (report, contract, trust) = (path("report.dsse.json"), path("contract.toml"), path("key.pub.pem"));
    let ended = assay(["fleet", &report, "--contract", &contract, "--trust", &trust]);
    assert!(
        ended.stdout.contains("demanded 900.04 MB/s, found 880 .. 900 MB/s"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
}

#[test]
fn who_reaches_exactly_what_was_written_has_reached_it() {
    // Multiplied out, 16.1 GB are 16100000000.000002 bytes and 0.7 % are 0.006999999999999999.
    let filled = 16_100_000_000;
    let mut run = good_run(1);
    let memory = run.devices[0].measurements.iter_mut().find(|m| m.metric.as_str() == "memory.filled.bytes");
    *memory.unwrap() = counted("memory.filled.bytes", filled, clean_tally(2 * filled));
    let report = report(run, Some(&contract("metric = \"memory.filled.bytes\"\nat_least = \"16.1 GB\"")));
    assert_eq!(report.verdict.map(|verdict| verdict.name()), Some("pass"), "{:?}", report.findings);
}

#[test]
fn shares_in_a_spreadsheet_have_no_percent_sign_that_makes_them_a_hundredth() {
    let mut run = good_run(1);
    let mut stolen = counted("census.stolen.share", 0, clean_tally(4096));
    stolen.value = gpu_assay::evidence::Value::Share { part: 1, whole: 5 };
    run.devices[0].measurements.push(stolen);
    let csv = shown(run, None, "csv");
    assert!(csv.contains(",census.stolen.share,1,1,0.2,"), "{csv}");
}
