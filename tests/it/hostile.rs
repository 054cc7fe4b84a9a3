//! Reports whose signer wants a reader to see what is not there, or to see nothing: texts that a terminal, a page or a pipeline would obey,
//! and sizes that no machine has. Signed with a trusted key, since nobody else's report is shown.

use std::path::{Path, PathBuf};

use serde_json::Value;

use gpu_assay::contract::parse;
use gpu_assay::report::{Report, SealedBy};
use gpu_assay::seal::{Envelope, EnvelopeError, SecretKey, TrustList};

use crate::process::*;
use crate::support::*;

/// A title, a cleared line, a reversed and an unseen mark, an order to a pipeline, a tag and a struck-out word.
const HOSTILE: &str = "\u{1b}]0;T\u{7}\u{1b}[2K\u{202e}\u{200b}\u{9b}2J\r\n::add-mask::x <b>&amp; ~~x~~";
const CONTRACT: &str = "version = 1\nid = \"test\"\naccept = [\"simulated\"]\n[[clause]]\nid = \"c\"\n\
                        metric = \"stream.triad.rate\"\nat_least = \"1 B/s\"\nstatistic = \"p50\"\n";

struct Case {
    dir: tempfile::TempDir,
    key: SecretKey,
    report: Report,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = SecretKey::generate().unwrap();
        key.public().write_new(&dir.path().join("key.pub.pem")).unwrap();
        std::fs::write(dir.path().join("contract.toml"), CONTRACT).unwrap();
        let contract = parse("contract.toml", CONTRACT.as_bytes()).unwrap();
        let started = "1970-01-01T00:00:01Z";
        let report = Report::new(good_run(1), Some(&contract), SealedBy::Named, started.into());
        let case = Self { dir, key, report };
        let good = case.sealed("good", &serde_json::to_value(&case.report).unwrap());
        assert_eq!(assay(case.arguments(&["verify", "REPORT", "--trust", "KEY"], &good)).code, Some(0));
        case
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// The report as this JSON says, signed.
    fn sealed(&self, name: &str, report: &Value) -> PathBuf {
        let envelope = match serde_json::from_value::<Report>(report.clone()) {
            Ok(report) => report.seal(&self.key).unwrap(),
            Err(_) => {
                let mut statement: Value =
                    serde_json::from_slice(&self.report.seal(&self.key).unwrap().unchecked().unwrap())
                        .unwrap();
                statement["predicate"] = report.clone();
                Envelope::seal(&serde_json::to_vec(&statement).unwrap(), &self.key)
            }
        };
        let file = self.dir.path().join(format!("{name}.dsse.json"));
        std::fs::write(&file, envelope.to_bytes()).unwrap();
        file
    }

    fn arguments(&self, words: &[&str], report: &Path) -> Vec<String> {
        let word = |word: &&str| match *word {
            "REPORT" => report.to_str().unwrap().to_owned(),
            "GOOD" => self.path("good.dsse.json"),
            "KEY" => self.path("key.pub.pem"),
            "CONTRACT" => self.path("contract.toml"),
            word => word.to_owned(),
        };
        words.iter().map(word).collect()
    }

    /// What is shown of it as on a terminal, by every command that shows reports to people.
    fn shown(&self, report: &Path) -> Vec<(String, Ended)> {
        const COLOURS: [(&str, &str); 2] = [("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")];
        let commands: [&[&str]; 5] = [
            &["verify", "REPORT", "--trust", "KEY"],
            &["render", "REPORT", "--format", "human"],
            &["render", "REPORT", "--format", "markdown"],
            &["compare", "GOOD", "REPORT", "--trust", "KEY"],
            &["fleet", "REPORT", "--trust", "KEY", "--contract", "CONTRACT"],
        ];
        let shown = |words: &&[&str]| (words.join(" "), output_of(&COLOURS, self.arguments(words, report)));
        commands.iter().map(shown).collect()
    }
}

/// Where texts stand in it; of a list, the first.
fn texts(of: &Value, at: &str, found: &mut Vec<String>) {
    match of {
        Value::String(_) => found.push(at.to_owned()),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, of)| texts(of, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => items.iter().take(1).for_each(|of| texts(of, &format!("{at}/0"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What of the hostile text got through.
fn harm(words: &str, ended: &Ended) -> Vec<&'static str> {
    let text = format!("{}{}", ended.stdout, ended.stderr);
    let mut harm: Vec<&str> = ["\u{1b}]", "\u{7}", "\u{1b}[2K", "\u{202e}", "\u{200b}", "\u{9b}"]
        .into_iter()
        .filter(|bad| text.contains(bad))
        .collect();
    harm.extend(text.lines().any(|line| line.trim_start().starts_with("::")).then_some("an order"));
    let is_markup =
        words.contains("markdown") && [" <b>", " &amp;", " ~~x"].iter().any(|bad| ended.stdout.contains(bad));
    harm.extend(is_markup.then_some("markup"));
    harm
}

#[test]
fn no_text_of_a_report_is_obeyed_by_what_shows_it() {
    let case = Case::new();
    let report = serde_json::to_value(&case.report).unwrap();
    let mut places = Vec::new();
    texts(&report, "", &mut places);
    assert!(places.len() > 40, "{places:?}");
    let mut unreadable = 0;
    let mut harms = Vec::new();
    for place in &places {
        let mut changed = report.clone();
        *changed.pointer_mut(place).unwrap() = HOSTILE.into();
        // Words of fixed lists are all refused alike.
        unreadable += u32::from(serde_json::from_value::<Report>(changed.clone()).is_err());
        if unreadable > 2 && serde_json::from_value::<Report>(changed.clone()).is_err() {
            continue;
        }
        for (words, ended) in case.shown(&case.sealed("hostile", &changed)) {
            assert!(ended.code.is_some_and(|code| code != 70), "{place} {words}: {}", ended.stderr);
            harms.extend(harm(&words, &ended).into_iter().map(|bad| format!("{place} {words}: {bad:?}")));
        }
    }
    assert!(harms.is_empty(), "{}", harms.join("\n"));
}

/// Anybody can write this one: it names a key, and nobody signed it.
#[test]
fn no_text_of_a_strangers_envelope_is_obeyed() {
    let case = Case::new();
    let envelope = String::from_utf8(std::fs::read(case.path("good.dsse.json")).unwrap()).unwrap();
    let mut envelope: Value = serde_json::from_str(&envelope).unwrap();
    envelope["signatures"][0]["keyid"] = HOSTILE.into();
    envelope["signatures"][0]["sig"] = "AAAA".into();
    let mut other = envelope.clone();
    other["payloadType"] = HOSTILE.into();
    let mut none = envelope.clone();
    none["signatures"] = HOSTILE.into();
    for (name, envelope) in [("stranger", envelope), ("type", other), ("none", none)] {
        let file = case.dir.path().join(format!("{name}\u{1b}]0;T\u{7}\n::x.dsse.json"));
        std::fs::write(&file, envelope.to_string()).unwrap();
        for (words, ended) in case.shown(&file) {
            assert_eq!(harm(&words, &ended), [""; 0], "{name} {words}: {}{}", ended.stdout, ended.stderr);
        }
    }
}

/// A bug of ours is not what one odd report of many ends in.
#[test]
fn a_text_of_any_length_is_shown_or_refused() {
    let case = Case::new();
    let report = serde_json::to_value(&case.report).unwrap();
    let long = "A".repeat(70_000);
    for place in ["/contract/terms/id", "/evidence/devices/0/identity/name", "/findings/0/clause"] {
        let mut changed = report.clone();
        *changed.pointer_mut(place).unwrap() = long.clone().into();
        for (words, ended) in case.shown(&case.sealed("long", &changed)) {
            let said = ended.stderr.chars().take(300).collect::<String>();
            assert!(ended.code.is_some_and(|code| code != 70), "{place} {words}: {said}");
            let told = ended.stdout.len() + ended.stderr.len();
            assert!(told < 40 * long.len(), "{place} {words}: {told} bytes");
        }
    }
}

#[test]
fn a_report_of_more_devices_than_any_machine_has_is_refused() {
    let case = Case::new();
    let mut report = serde_json::to_value(&case.report).unwrap();
    let devices = report["evidence"]["devices"].as_array_mut().unwrap();
    let device = devices[0].clone();
    devices.resize(1025, device);
    for (words, ended) in case.shown(&case.sealed("many", &report)) {
        let told = format!("{}{}", ended.stdout, ended.stderr);
        let is_refused = ended.code == Some(6) && told.contains("no machine has more than 1024");
        assert!(is_refused, "{words}: {:?} {}", ended.code, told.chars().take(500).collect::<String>());
    }
}

#[test]
fn a_contract_of_more_nodes_than_there_are_is_a_slip() {
    let case = Case::new();
    let check = |nodes: u32| {
        let text = format!("{CONTRACT}[[delivery]]\ndue = 2026-01-31\nnodes = {nodes}\n");
        std::fs::write(case.path("many.toml"), text).unwrap();
        assay(["contract", "check", &case.path("many.toml")])
    };
    let refused = check(u32::MAX);
    assert!(refused.code == Some(2) && refused.stderr.contains("1000000 at most"), "{}", refused.stderr);
    assert!(check(1_000_000).stdout.contains("is well formed"));
}

/// Whoever sends a file of noise is not to keep a processor busy for minutes.
#[test]
fn what_would_take_minutes_to_try_is_refused_at_once() {
    let key = SecretKey::generate().unwrap();
    let trust = |keys: usize| TrustList::new((0..keys).map(|_| SecretKey::generate().unwrap().public()));
    let sealed = Envelope::seal(&vec![b'a'; 9 << 20], &key);
    let mut envelope: Value = serde_json::from_slice(&sealed.to_bytes()).unwrap();
    let signature = envelope["signatures"][0].clone();
    envelope["signatures"] = vec![signature; 16].into();
    let envelope = Envelope::parse(envelope.to_string().as_bytes()).unwrap();
    assert!(matches!(envelope.open(&trust(8)), Err(EnvelopeError::TooDear { keys: 8, signatures: 16, .. })));
    assert!(matches!(envelope.open(&trust(1)), Err(EnvelopeError::NotSignedByTrusted { .. })));
    // An honest one names its key, which is tried before all others.
    let strangers = (0..200).map(|_| SecretKey::generate().unwrap().public());
    let known = TrustList::new(strangers.chain([key.public()]));
    assert!(sealed.open(&known).is_ok());
}
