//! Inventory certificates: what each card is and can do by its figures, drawn up again by whoever has the report, and summed.

use std::path::PathBuf;
use std::sync::LazyLock;

use gpu_assay::device::Reach;
use gpu_assay::evidence::metric::MetricName;
use gpu_assay::evidence::{Fact, Sample};
use gpu_assay::inventory::draw::draw;
use gpu_assay::report::Report;
use gpu_assay::seal::{Envelope, TrustList};
use serde_json::Value;

use crate::process::{Ended, assay};
use crate::support::timed;

/// Nodes of one card each: in order, another, slow for its kind, one that computes wrong, one that is called what it is not, the
/// first again under another name, and one whose sources contradict one another. Of two of them too little memory was looked at to see
/// what is wrong: a bad bit beyond the first GiB, and half of the memory missing. Then the first again, that computes wrong by
/// now, and later does not, and the first behind two salts.
const NODES: [(&str, &str, &str); 13] = [
    ("good", "sim:h200,seed=1", WHOLE),
    ("second", "sim:h200,seed=2", WHOLE),
    ("slow", "sim:h200,seed=3,flops=0.8", WHOLE),
    ("wrong", "sim:h200,seed=4,fma_wrong=5", WHOLE),
    ("relabelled", "sim:a100,seed=5,name=NVIDIA H200", WHOLE),
    ("double", "sim:h200,seed=1", WHOLE),
    ("torn", "sim:h200,seed=6,telemetry_name=NVIDIA A100", WHOLE),
    ("flipped", "sim:h200,seed=7,flip=41GB:17", "--profile quick"),
    ("half", "sim:h200,seed=8,mem=75GB", "--profile quick"),
    ("later", "sim:h200,seed=1,fma_wrong=5", WHOLE),
    ("mended", "sim:h200,seed=1", WHOLE),
    ("behind-a", "sim:h200,seed=1", "--profile standard --salt a.salt"),
    ("behind-b", "sim:h200,seed=1", "--profile standard --salt b.salt"),
];

const WHOLE: &str = "--profile standard";

/// Their reports, measured once for all tests: enough figures for a class, and no more.
static REPORTS: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    assert_eq!(assay(["key", "new", &at("key.pem")]).code, Some(0));
    for salt in ["a.salt", "b.salt"] {
        assert_eq!(assay(["key", "salt", &at(salt)]).code, Some(0));
    }
    for (name, device, how) in NODES {
        let run = "run --measure-only --probe census --probe fma --probe memory --duration 1s";
        let words = run.split(' ').chain(how.split(' '));
        let words = words.map(|word| if word.ends_with(".salt") { at(word) } else { word.to_owned() });
        let more = ["--device", device, "--node", name, "--key", &at("key.pem"), "--out", &at(name)];
        assay(words.chain(more.map(str::to_owned)));
    }
    dir
});

fn given(name: &str) -> String {
    REPORTS.path().join(name).display().to_string()
}

/// Whose certificates lie in a directory of their own.
pub struct Provider(tempfile::TempDir);

impl Provider {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// A report of units and chains alone.
    fn measure_chains(&self, device: &str, name: &str) {
        let (key, out) = (given("key.pem"), self.at(name));
        let args = ["run", "--measure-only", "--device", device, "--probe", "census", "--probe", "fma"];
        let more = ["--profile", "quick", "--duration", "1s", "--key", &key, "--out", &out];
        assert_eq!(assay([&args[..], &more[..]].concat()).code, Some(0));
    }

    pub fn certify(&self, name: &str, more: &[&str]) -> Ended {
        let (report, trust, key) =
            (given(&format!("{name}/report.dsse.json")), given("key.pub.pem"), given("key.pem"));
        let out = self.at(name);
        let args = ["certify", "--report", &report, "--trust", &trust, "--key", &key, "--out", &out];
        assay([&args[..], more].concat())
    }

    pub fn certificate(&self, name: &str) -> PathBuf {
        PathBuf::from(self.at(name)).join("inventory.dsse.json")
    }

    /// What `assay` says of it to whoever trusts the key, as JSON.
    fn asked(&self, command: &[&str], path: &str) -> (i32, Value) {
        let ended = assay([command, &[path, "--trust", &given("key.pub.pem"), "--json"]].concat());
        let said = serde_json::from_str(&ended.stdout);
        (ended.code.unwrap(), said.unwrap_or_else(|e| panic!("{e}: {}{}", ended.stdout, ended.stderr)))
    }

    fn verify(&self, name: &str) -> (i32, Value) {
        self.asked(&["verify"], self.certificate(name).to_str().unwrap())
    }

    fn offer(&self, more: &[&str]) -> (i32, Value) {
        self.asked(&[&["fleet", "inventory"], more].concat(), &self.at(""))
    }
}

#[test]
fn each_card_is_certified_as_what_its_figures_say() {
    let provider = Provider::new();
    for (name, exit, words) in [
        ("good", 0, "H200 SXM, as it is called, in order"),
        ("slow", 1, "H200 SXM, as it is called, slower than healthy cards"),
        ("wrong", 1, "FAULTY"),
        ("relabelled", 3, "by its figures like A100 "),
    ] {
        let ended = provider.certify(name, &[]);
        let said = format!("{name}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.code == Some(exit) && ended.stdout.contains(words), "{said}");
        assert!(ended.stdout.contains("SIMULATED: 1 card does not exist"), "{said}");
        let (verified, said) = provider.verify(name);
        assert_eq!((verified, &said["holds"], &said["report_checked"]), (exit, &true.into(), &true.into()));
    }
}

#[test]
fn a_certificate_that_says_more_than_its_report_is_refused() {
    let provider = Provider::new();
    assert_eq!(provider.certify("slow", &[]).code, Some(1));
    let file = provider.certificate("slow");
    let payload = Envelope::load(&file).unwrap().unchecked().unwrap();
    let better = String::from_utf8(payload).unwrap().replace("\"below\"", "\"healthy\"");
    let key = gpu_assay::seal::SecretKey::load(given("key.pem").as_ref()).unwrap();
    std::fs::write(&file, Envelope::seal(better.as_bytes(), &key).to_bytes()).unwrap();
    let (exit, said) = provider.verify("slow");
    assert_eq!((exit, &said["holds"]), (6, &false.into()));
    let what = said["differences"][0]["what"].as_str().unwrap();
    assert!(what.contains("fma.") && what.ends_with("standing"), "{what}");
    // Without the report nobody sees it, and that is said; the report of another node is none of it.
    let report = file.with_file_name("report.dsse.json");
    std::fs::remove_file(&report).unwrap();
    let (exit, said) = provider.verify("slow");
    assert_eq!((exit, &said["report_checked"]), (0, &false.into()));
    std::fs::copy(given("good/report.dsse.json"), &report).unwrap();
    let ended = assay(["verify", file.to_str().unwrap(), "--trust", &given("key.pub.pem")]);
    assert!(ended.code == Some(6) && ended.stderr.contains("it is not the report"), "{}", ended.stderr);
}

#[test]
fn a_certificate_keeps_nobody_waiting_and_its_names_begin_no_line() {
    let provider = Provider::new();
    assert_eq!(provider.certify("good", &[]).code, Some(0));
    let file = provider.certificate("good");
    let report = file.with_file_name("report.dsse.json");
    std::fs::remove_file(&report).unwrap();
    let key = gpu_assay::seal::SecretKey::load(given("key.pem").as_ref()).unwrap();
    let payload = Envelope::load(&file).unwrap().unchecked().unwrap();
    let mut statement: Value = serde_json::from_slice(&payload).unwrap();
    statement["predicate"]["cards"][0]["name"] = "x\n::add-mask::y".into();
    std::fs::write(&file, Envelope::seal(statement.to_string().as_bytes(), &key).to_bytes()).unwrap();
    let verify = || assay(["verify", file.to_str().unwrap(), "--trust", &given("key.pub.pem")]);
    let said = verify().stdout;
    assert!(said.contains("x ::add-mask::y") && !said.contains("\n::"), "{said}");
    #[cfg(unix)]
    {
        assert!(std::process::Command::new("mkfifo").arg(&report).status().unwrap().success());
        let ended = verify();
        assert!(ended.code == Some(2) && ended.stderr.contains("no regular file"), "{}", ended.stderr);
    }
}

#[test]
fn certificates_are_summed_by_class_and_each_card_counts_once() {
    let provider = Provider::new();
    for name in ["good", "second", "slow", "wrong", "relabelled"] {
        provider.certify(name, &[]);
    }
    let (exit, said) = provider.offer(&[]);
    let offer = &said["offer"];
    let classes: Vec<(&str, u64, u64)> = offer["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| {
            let count = |key: &str| class[key].as_u64().unwrap();
            (class["class"].as_str().unwrap(), count("cards"), count("by_figures"))
        })
        .collect();
    assert_eq!((exit, classes), (0, vec![("A100 SXM4 80GB", 1, 1), ("H200 SXM", 2, 0)]));
    let fp32 = offer["classes"][1]["rates"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rate| rate["metric"] == "fma.fp32.rate");
    let rate = |key: &str| fp32.unwrap()[key].as_f64().unwrap();
    assert!(
        (rate("sum") - 2.0 * rate("median")).abs() < 1.0 && rate("least") < 66e12 && rate("sum") > 120e12
    );
    let aside: Vec<(&str, &str)> = offer["set_aside"]
        .as_array()
        .unwrap()
        .iter()
        .map(|aside| (aside["node"].as_str().unwrap(), aside["quality"].as_str().unwrap()))
        .collect();
    assert_eq!(aside, [("slow", "slow"), ("wrong", "faulty")]);
    assert_eq!(offer["classes"][0]["uncompared"], 1, "no band of ours is of that card");
    // On whose word, from when, and by which program, at the very place.
    assert_eq!((&offer["levels"]["L0"], &offer["tool_version"]), (&5.into(), &"0.1.0".into()));
    assert!(offer["measured_from"].as_str() < offer["measured_until"].as_str(), "{offer}");
    let said = assay(["fleet", "inventory", &provider.at(""), "--trust", &given("key.pub.pem")]).stdout;
    assert!(said.contains("trust level L0 (5)") && said.contains("`assay verify CERTIFICATE"), "{said}");
    // A node whose sources contradict one another is offered as nothing.
    assert_eq!(provider.certify("torn", &[]).code, Some(5));
    let (exit, said) = provider.offer(&[]);
    let aside = said["offer"]["set_aside"].as_array().unwrap();
    assert!(
        exit == 0 && aside.iter().any(|one| one["node"] == "torn" && one["quality"] == "doubtful"),
        "{said}"
    );
    assert_eq!(said["offer"]["classes"][1]["cards"], 2);
    // The same card in another node, and the same node certified again.
    provider.certify("double", &[]);
    let again = ["--valid", "30d", "--out", &provider.at("again")];
    let (report, trust, key) = (given("second/report.dsse.json"), given("key.pub.pem"), given("key.pem"));
    let args = ["certify", "--report", &report, "--trust", &trust, "--key", &key];
    assert_eq!(assay([&args[..], &again[..]].concat()).code, Some(0));
    let (exit, said) = provider.offer(&[]);
    assert_eq!((exit, &said["offer"]["replaced"]), (5, &1.into()));
    assert_eq!(
        (&said["offer"]["doubles"][0]["node"], &said["offer"]["doubles"][0]["first"]),
        (&"good".into(), &"double".into()),
        "the newer one counts"
    );
    assert_eq!(said["offer"]["classes"][1]["cards"], 2);
}

#[test]
fn what_is_past_or_changed_counts_for_nothing() {
    let provider = Provider::new();
    provider.certify("good", &["--valid", "24h"]);
    provider.certify("second", &[]);
    let later = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(48)).unwrap().to_string();
    let (exit, said) = provider.offer(&["--as-of", &later]);
    assert_eq!((exit, &said["offer"]["classes"][0]["cards"]), (3, &1.into()));
    assert!(said["offer"]["lapsed"][0]["source"].as_str().unwrap().contains("good"));
    let file = provider.certificate("second");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1)).unwrap();
    let (exit, said) = provider.offer(&[]);
    assert_eq!((exit, said["offer"]["refused"].as_array().unwrap().len()), (6, 1));
}

#[test]
fn a_later_run_is_compared_with_the_certificate_card_by_card() {
    let provider = Provider::new();
    for (name, seed) in [("before", 1), ("again", 1), ("other", 2)] {
        provider.measure_chains(&format!("sim:h200,seed={seed}"), name);
    }
    let (key, trust, out) = (given("key.pem"), given("key.pub.pem"), provider.at("certified"));
    let report = provider.at("before/report.dsse.json");
    assay([
        "certify", "--report", &report, "--trust", &trust, "--key", &key, "--out", &out, "--valid", "24h",
    ]);
    let certificate = provider.certificate("certified");
    let compared = |after: &str| {
        let after = provider.at(&format!("{after}/report.dsse.json"));
        assay(["compare", certificate.to_str().unwrap(), &after, "--trust", &trust, "--width", "5%"])
    };
    let same = compared("again");
    let by_uuid = same.stdout.contains("one device by its uuid");
    assert!(same.code == Some(0) && by_uuid, "{}{}", same.stdout, same.stderr);
    assert!(same.stdout.contains("covers the report after"), "{}", same.stdout);
    assert!(same.stdout.contains("same card by what it says of itself: equal UUID"), "{}", same.stdout);
    // Another card is in its place.
    let other = compared("other");
    assert!(other.code == Some(3) && other.stdout.contains("only in the report before"), "{}", other.stdout);
    assert!(
        other.stdout.contains("another card by what it says of itself: UUID differs"),
        "{}",
        other.stdout
    );
    std::fs::remove_file(certificate.with_file_name("report.dsse.json")).unwrap();
    let alone = compared("again");
    assert!(alone.code == Some(2) && alone.stderr.contains("must lie beside it"), "{}", alone.stderr);
}

#[test]
fn a_node_is_measured_and_certified_in_one_go_and_nothing_is_overwritten() {
    let provider = Provider::new();
    let (key, out) = (given("key.pem"), provider.at("mini"));
    let args = [
        "certify",
        "--key",
        &key,
        "--device",
        "sim:mini",
        "--profile",
        "quick",
        "--out",
        &out,
        "--node",
        "n1",
    ];
    let ended = assay(args);
    // No card of the catalogue is so small.
    assert!(
        ended.code == Some(3) && ended.stdout.contains("like no card of the catalogue, not classed"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    assert!(ended.stdout.contains("inventory of n1, measured "), "{}", ended.stdout);
    let (exit, said) = provider.verify("mini");
    assert_eq!((exit, &said["holds"]), (3, &true.into()));
    let again = assay(args);
    assert!(again.code == Some(2) && again.stderr.contains("is there already"), "{}", again.stderr);
}

#[test]
fn a_report_without_the_memory_is_no_card_in_order() {
    let provider = Provider::new();
    provider.measure_chains("sim:h200", "some");
    let (key, report, out) = (given("key.pem"), provider.at("some/report.dsse.json"), provider.at("part"));
    let trust = given("key.pub.pem");
    let args = ["certify", "--report", &report, "--trust", &trust, "--key", &key, "--out", &out];
    let ended = assay(args);
    let says = "not all that counts was measured";
    assert!(ended.code == Some(3) && ended.stdout.contains(says), "{}{}", ended.stdout, ended.stderr);
    let (exit, said) = provider.asked(&["fleet", "inventory"], &out);
    assert_eq!((exit, &said["offer"]["set_aside"][0]["quality"]), (3, &"partial".into()));
}

/// The quick profile fills 1 GiB. What lies beyond it was not looked at, and what a driver says of it makes no card.
#[test]
fn no_card_is_in_order_whose_memory_was_not_filled() {
    let provider = Provider::new();
    let ended = provider.certify("flipped", &[]);
    for words in [
        "not all that counts was measured",
        "1.074 GB of the 150.8 GB",
        "was not looked at",
        "--profile standard",
    ] {
        assert!(ended.code == Some(3) && ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    let ended = provider.certify("half", &[]);
    for words in ["of the 75 GB that its driver names", "it is called H200 SXM, which has 141 GB"] {
        assert!(ended.code == Some(3) && ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("H200 SXM, as it is called"), "{}", ended.stdout);
    let (exit, said) = provider.offer(&[]);
    let aside: Vec<&Value> =
        said["offer"]["set_aside"].as_array().unwrap().iter().map(|one| &one["quality"]).collect();
    assert_eq!((exit, aside), (3, vec![&Value::from("partial"); 2]));
}

/// Whoever moves a card that was found bad into another node, or lets that certificate lapse, has a good older one.
#[test]
fn a_fault_that_was_found_later_outlives_older_certificates_whatever_the_node() {
    for valid in ["90d", "1h"] {
        let provider = Provider::new();
        provider.certify("good", &[]);
        provider.certify("later", &["--valid", valid]);
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2);
        let (exit, said) = provider.offer(&["--as-of", &soon.to_string()]);
        let offer = &said["offer"];
        assert_eq!((exit, &offer["classes"]), (5, &Value::Array(Vec::new())), "{said}");
        assert_eq!(
            (&offer["set_aside"][0]["node"], &offer["set_aside"][0]["quality"]),
            (&"later".into(), &"faulty".into())
        );
        assert_eq!(offer["doubles"].as_array().unwrap().len(), 1);
    }
    // Whoever measures it in another node until it passes has a certificate that says otherwise.
    let provider = Provider::new();
    provider.certify("later", &[]);
    provider.certify("mended", &[]);
    let (exit, said) = provider.offer(&[]);
    assert_eq!((exit, &said["offer"]["classes"]), (5, &Value::Array(Vec::new())), "{said}");
}

/// Behind another salt the same card has another name.
#[test]
fn cards_behind_different_salts_are_not_summed() {
    let provider = Provider::new();
    provider.certify("behind-a", &[]);
    assert_eq!(provider.offer(&[]).1["offer"]["classes"][0]["cards"], 1);
    provider.certify("behind-b", &[]);
    let (exit, said) = provider.offer(&[]);
    let count = |key: &str| said["offer"][key].as_array().unwrap().len();
    assert_eq!((exit, count("classes"), count("other_salts")), (3, 1, 1), "{said}");
    assert_eq!(said["offer"]["classes"][0]["cards"], 1);
    let table = assay(["fleet", "inventory", &provider.at(""), "--trust", &given("key.pub.pem")]);
    assert!(
        table.stdout.contains("behind another salt") && table.stdout.contains("--salt"),
        "{}",
        table.stdout
    );
}

/// The first node's report, and what is certified of its card once the report is another.
fn redrawn() -> (Report, impl Fn(&Report) -> (Value, Value)) {
    let trust = TrustList::load(&[given("key.pub.pem")]).unwrap();
    let verified = Envelope::load(given("good/report.dsse.json").as_ref()).unwrap().open(&trust).unwrap();
    let report = Report::from_verified(&verified).unwrap();
    let drawn = move |report: &Report| {
        let inventory = draw(report, &verified, std::time::Duration::from_secs(3600)).unwrap();
        let value = serde_json::to_value(&inventory.cards[0]).unwrap();
        (serde_json::to_value(inventory.cards[0].quality()).unwrap(), value)
    };
    (report, drawn)
}

/// Our kernel may take longer than the card needs.
#[test]
fn a_latency_that_may_be_ours_is_the_most_that_the_card_takes() {
    let (mut report, drawn) = redrawn();
    let sample = Sample { device_ns: Some(9_000_000), host_ns: 9_001_000 };
    let mut chase = timed("chase.hbm.latency", 1000, vec![sample; 3]);
    for (reach, at_most, standing) in
        [(Reach::Kernel, Value::from(true), "unknown"), (Reach::Card, Value::Null, "below")]
    {
        chase.conditions.reach = reach;
        report.evidence.devices[0].measurements.retain(|measurement| measurement.metric != chase.metric);
        report.evidence.devices[0].measurements.push(chase.clone());
        let (_, said) = drawn(&report);
        let figures = said["figures"].as_array().unwrap();
        let figure = figures.iter().find(|figure| figure["metric"] == "chase.hbm.latency").unwrap();
        assert_eq!((&figure["at_most"], &figure["at_least"]), (&at_most, &Value::Null), "{figure}");
        assert_eq!(figure["standing"], standing, "{figure}");
    }
}

#[test]
fn a_slice_of_a_card_is_said_to_be_one_and_is_no_card() {
    let (mut report, drawn) = redrawn();
    let whole = report.evidence.devices[0].clone();
    assert_eq!(drawn(&report).0, "good");
    let mut part = whole;
    let identity = part.identity.as_mut().unwrap();
    identity.name = "NVIDIA H200 MIG 1g.18gb".to_owned();
    identity.details.insert("mig".to_owned(), "yes".to_owned());
    let fact = |metric: &str, value: &str| Fact {
        metric: MetricName::parse(metric).unwrap(),
        value: value.to_owned(),
    };
    part.facts.push(fact("identity.nvml.name", "NVIDIA H200"));
    part.facts.push(fact("identity.nvml.uuid", "GPU-00000000-0000-0000-0000-000000000009"));
    report.evidence.devices[0] = part;
    let (quality, said) = drawn(&report);
    assert_eq!((quality, &said["class"]), (Value::from("slice"), &Value::Null), "{said}");
    assert_eq!(
        said["slice"],
        serde_json::json!({"profile": "1g.18gb", "of": "NVIDIA H200", "of_uuid": "GPU-00000000-0000-0000-0000-000000000009"})
    );
}

/// Of thousands a terminal shows some, and says how many it leaves out.
#[test]
fn a_terminal_is_not_flooded_by_what_is_not_offered() {
    let provider = Provider::new();
    assert_eq!(provider.certify("good", &[]).code, Some(0));
    for copy in 0..44 {
        let name = provider.at(&format!("good/copy-{copy:02}.dsse.json"));
        std::fs::copy(provider.certificate("good"), name).unwrap();
    }
    let (path, trust) = (provider.at(""), given("key.pub.pem"));
    let said = assay(["fleet", "inventory", &path, "--trust", &trust, "--as-of", "2099-01-01"]).stdout;
    assert_eq!(said.matches("good/").count(), 40, "{said}");
    assert!(said.contains("\nand 5 more; --json has them all\n"), "{said}");
    assert_eq!(provider.offer(&["--as-of", "2099-01-01"]).1["offer"]["lapsed"].as_array().unwrap().len(), 45);
}
