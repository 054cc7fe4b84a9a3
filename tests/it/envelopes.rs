//! Signed reports named after their defect: each is refused, or found out by recomputing, as the `.txt` beside it says.
//! `ASSAY_BLESS=1 cargo test` writes them anew; old files must stay readable, so do that only for a new format.

use std::path::Path;

use gpu_assay::contract;
use gpu_assay::evidence::event;
use gpu_assay::report::{Report, SealedBy, recheck, statement};
use gpu_assay::seal::{Envelope, PublicKey, SecretKey, TrustList};
use serde_json::{Value as Json, json};

use crate::support::*;

const CLAUSE: &str = "metric = \"stream.triad.rate\"\nat_least = \"1.05 GB/s\"\nstatistic = \"p50\"";

/// What a verifier who trusts test-a says about a file.
fn outcome(file: &[u8]) -> String {
    let trust = TrustList::load(&[data("keys/test-a.pub.pem")]).unwrap();
    let verified = match Envelope::parse(file).and_then(|envelope| envelope.open(&trust)) {
        Ok(verified) => verified,
        Err(e) => return format!("refused: {e}"),
    };
    assert_eq!(verified.signer(), &PublicKey::load_all(&data("keys/test-a.pub.pem")).unwrap()[0].id());
    let report = match Report::from_verified(&verified) {
        Ok(report) => report,
        Err(e) => return format!("unreadable: {e}"),
    };
    let differences = recheck(&report, None).differences;
    match differences.is_empty() {
        true => "ok".to_owned(),
        false => {
            format!("differs: {}", differences.iter().map(|d| d.what.as_str()).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Mailers pack files, and a shell's `>` may write them in another encoding. None of that is a wrong file, and it is easily undone.
#[test]
fn a_file_that_was_packed_or_saved_otherwise_says_what_to_do() {
    let sealed = std::fs::read(data("envelopes/good.dsse.json")).unwrap();
    let recording = b"{\"event\":\"nothing of ours\"}\n".as_slice();
    let says = |of: &dyn Fn(&[u8]) -> String, text: &[u8], head: &[u8], expected: &str| {
        let said = of(&[head, text].concat());
        assert!(said.contains(expected), "{head:x?}: {said}");
    };
    let contract = |bytes: &[u8]| contract::parse::parse("lease.toml", bytes).unwrap_err().to_string();
    let events = |bytes: &[u8]| event::read(bytes).unwrap_err().to_string();
    let envelope = |bytes: &[u8]| outcome(bytes);
    let (packed, wide) = ("it is compressed; unpack it first", "it is text in UTF-16");
    for (of, text) in [
        (&contract as &dyn Fn(&[u8]) -> String, b"\xff".as_slice()),
        (&events, recording),
        (&envelope, sealed.as_slice()),
    ] {
        for head in [b"\x1f\x8b".as_slice(), b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00"] {
            says(of, text, head, packed);
        }
        says(of, text, b"\xff\xfe", wide);
        says(of, text, b"\xfe\xff", wide);
    }
    let marked = [b"\xef\xbb\xbf", sealed.as_slice()].concat();
    assert_eq!(outcome(&marked), "ok", "a mark at the beginning changes nothing that was signed");
    let plain = events(recording);
    assert_eq!(events(&[b"\xef\xbb\xbf", recording].concat()), plain);
}

#[test]
fn envelopes_end_as_their_vectors_say() {
    let dir = data("envelopes");
    if std::env::var_os("ASSAY_BLESS").is_some() {
        bless(&dir);
    }
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "txt") {
            continue;
        }
        count += 1;
        let expected = std::fs::read_to_string(format!("{}.txt", path.display())).unwrap();
        let got = outcome(&std::fs::read(&path).unwrap());
        if !got.starts_with(expected.trim()) || (expected.trim() == "ok" && got != "ok") {
            wrong.push(format!("{}\n  expected {expected}  got      {got}", path.display()));
        }
    }
    assert!(count > 30, "{count} vectors found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn payload() -> Json {
    let report =
        Report::new(good_run(1), Some(&contract(CLAUSE)), SealedBy::Named, "1970-01-01T00:00:01Z".into());
    serde_json::from_slice(&statement::encode(&report).unwrap()).unwrap()
}

/// An envelope, signed by `key`, around the good report after `edit`.
fn sealed(key: &SecretKey, edit: impl FnOnce(&mut Json)) -> Json {
    let mut payload = payload();
    edit(&mut payload);
    around(&Envelope::seal(&serde_json::to_vec(&payload).unwrap(), key))
}

fn around(envelope: &Envelope) -> Json {
    serde_json::from_slice(&envelope.to_bytes()).unwrap()
}

fn bless(dir: &Path) {
    let temporary = tempfile::tempdir().unwrap();
    let a = test_key(temporary.path(), "test-a");
    let b = test_key(temporary.path(), "test-b");
    let write = |name: &str, file: &[u8], expected: &str| {
        let path = dir.join(format!("{name}.dsse.json"));
        std::fs::write(&path, file).unwrap();
        std::fs::write(format!("{}.txt", path.display()), format!("{expected}\n")).unwrap();
    };
    let good = sealed(&a, |_| {});
    bless_envelopes(&good, &a, &b, &|name, json, expected| {
        write(name, json.to_string().as_bytes(), expected);
    });
    bless_reports(&a, &|name, json, expected| write(name, json.to_string().as_bytes(), expected));
    let file = good.to_string();
    write("cut-short", &file.as_bytes()[..file.len() / 2], "refused: the file is cut short");
    write("empty", b"", "refused: the file is cut short");
    write("not-json", b"-----BEGIN PUBLIC KEY-----", "refused: the file is not a DSSE envelope");
    write("text-behind", format!("{file} x").as_bytes(), "refused: the file is not a DSSE envelope");
    write("not-utf8", b"{\"payload\":\"\xff\"}", "refused: the file is not a DSSE envelope");
    let twice = file.replacen('{', "{\"payload\":\"e30=\",", 1);
    write("payload-twice", twice.as_bytes(), "refused: the file is not a DSSE envelope: duplicate field");
    let deep = [b"[".repeat(5000), b"]".repeat(5000)].concat();
    write("nested-too-deep", &deep, "refused: the file is not a DSSE envelope");
}

type Write<'a> = &'a dyn Fn(&str, Json, &str);

fn flip(json: &mut Json) {
    let text = json.as_str().unwrap();
    let (head, tail) = text.split_at(20);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    *json = format!("{head}{other}{}", &tail[1..]).into();
}

const CHANGED: &str = "refused: a trusted key is named, but its signature does not hold";
const STRANGER: &str = "refused: no trusted key signed this";

fn bless_envelopes(good: &Json, a: &SecretKey, b: &SecretKey, write: Write<'_>) {
    let edited = |edit: &dyn Fn(&mut Json)| {
        let mut envelope = good.clone();
        edit(&mut envelope);
        envelope
    };
    write("good", good.clone(), "ok");
    write("payload-bit-flipped", edited(&|e| flip(&mut e["payload"])), CHANGED);
    write("signature-bit-flipped", edited(&|e| flip(&mut e["signatures"][0]["sig"])), CHANGED);
    write("signature-cut-short", edited(&|e| e["signatures"][0]["sig"] = "AAAA".into()), CHANGED);
    write("signature-not-base64", edited(&|e| e["signatures"][0]["sig"] = "!".into()), CHANGED);
    write("payload-not-base64", edited(&|e| e["payload"] = "!".into()), "refused: the payload is not base64");
    write(
        "payload-type-wrong",
        edited(&|e| e["payloadType"] = "application/json".into()),
        "refused: the payload is of type \"application/json\"",
    );
    write(
        "payload-missing",
        json!({"payloadType": "application/vnd.in-toto+json", "signatures": []}),
        "refused: the file is not a DSSE envelope: missing field `payload`",
    );
    write("unsigned", edited(&|e| e["signatures"] = json!([])), "refused: the envelope holds no signature");
    write(
        "signatures-too-many",
        edited(&|e| e["signatures"] = vec![good["signatures"][0].clone(); 17].into()),
        "refused: the envelope holds 17 signatures",
    );
    write("unknown-field", edited(&|e| e["comment"] = json!({"by": "nobody"})), "ok");
    write(
        "keyid-missing",
        edited(&|e| drop(e["signatures"][0].as_object_mut().unwrap().remove("keyid"))),
        "ok",
    );
    write("keyid-lies", edited(&|e| e["signatures"][0]["keyid"] = b.public().id().as_str().into()), "ok");
    write(
        "base64-unpadded",
        edited(&|e| {
            e["signatures"][0]["sig"] =
                good["signatures"][0]["sig"].as_str().unwrap().trim_end_matches('=').into()
        }),
        "ok",
    );
    // Both alphabets differ in two letters only, so the payload must have one of them.
    let odd =
        sealed(a, |p| p["predicate"]["evidence"]["devices"][0]["facts"][0]["value"] = "???>>>~~~???".into());
    let text = odd["payload"].as_str().unwrap().to_owned();
    assert!(text.contains(['+', '/']));
    let with = |payload: String| {
        let mut odd = odd.clone();
        odd["payload"] = payload.into();
        odd
    };
    write("base64-url-safe", with(text.replace('+', "-").replace('/', "_")), "ok");
    write(
        "base64-of-two-alphabets",
        with(format!("{}-_", text.trim_end_matches('='))),
        "refused: the payload is not base64",
    );
    write("stranger", sealed(b, |_| {}), STRANGER);
    let mut forged = sealed(b, |_| {});
    forged["signatures"][0]["keyid"] = a.public().id().as_str().into();
    write("stranger-names-trusted-key", forged, CHANGED);
    let both = edited(&|e| {
        let stranger = sealed(b, |_| {})["signatures"][0].clone();
        e["signatures"] = json!([stranger, {"keyid": null, "sig": "not ours"}, good["signatures"][0]]);
    });
    write("stranger-beside-trusted", both, "ok");
}

/// A name, an edit of the statement, and what a verifier says. Validly signed, so that only reading and recomputing can
/// find the defect.
type Edited = (&'static str, fn(&mut Json), &'static str);

const STATEMENTS: &[Edited] = &[
    (
        "statement-type-unknown",
        |p| p["_type"] = "https://in-toto.io/Statement/v9".into(),
        "unreadable: the statement is of type",
    ),
    (
        "predicate-type-unknown",
        |p| p["predicateType"] = "https://example.org/x".into(),
        "unreadable: the predicate is of type",
    ),
    (
        "subject-of-another",
        |p| p["subject"][0]["digest"]["sha256"] = "00".repeat(32).into(),
        "unreadable: the statement names other subjects",
    ),
    (
        "subject-left-out",
        |p| drop(p["subject"].as_array_mut().unwrap().pop()),
        "unreadable: the statement names other subjects",
    ),
];

/// The same for the report within the statement.
const REPORTS: &[Edited] = &[
    (
        "identity-edited",
        |r| r["evidence"]["devices"][0]["identity"]["name"] = "H200".into(),
        "unreadable: the statement names other subjects",
    ),
    ("format-unknown", |r| r["format"] = 99.into(), "unreadable: the report is of format 99"),
    (
        "field-missing",
        |r| drop(r.as_object_mut().unwrap().remove("evidence")),
        "unreadable: the signed bytes are no report: missing field `evidence`",
    ),
    ("field-unknown", |r| r["mood"] = "good".into(), "ok"),
    (
        "metric-unknown",
        |r| r["summaries"][0]["metric"] = "x.y.z".into(),
        "unreadable: the signed bytes are no report: there is no metric",
    ),
    (
        "number-too-large",
        |r| r["evidence"]["devices"][0]["measurements"][0]["value"]["samples"][0][1] = 1e30.into(),
        "unreadable: the signed bytes are no report",
    ),
    (
        "number-negative",
        |r| r["evidence"]["devices"][0]["measurements"][0]["value"]["samples"][0][1] = (-1).into(),
        "unreadable: the signed bytes are no report",
    ),
    ("verdict-edited", |r| r["verdict"] = "pass".into(), "differs: verdict"),
    ("verdict-left-out", |r| r["verdict"] = Json::Null, "differs: verdict"),
    ("trust-level-raised", |r| r["trust_level"] = "L3".into(), "differs: trust level"),
    (
        "finding-edited",
        |r| r["findings"][0]["verdict"] = "pass".into(),
        "differs: finding c on sim:test,seed=1",
    ),
    (
        "finding-observed-edited",
        |r| r["findings"][0]["observed"]["value"] = 2e9.into(),
        "differs: finding c on sim:test,seed=1",
    ),
    ("findings-left-out", |r| r["findings"] = json!([]), "differs: finding c on sim:test,seed=1"),
    (
        "summary-edited",
        |r| r["summaries"][0]["p50"] = 2e9.into(),
        "differs: summary of stream.triad.rate on sim:test,seed=1",
    ),
    (
        "samples-do-not-yield-the-summary",
        |r| r["evidence"]["devices"][0]["measurements"][0]["value"]["work"] = 5.into(),
        "differs: summary of stream.triad.rate on sim:test,seed=1, finding c on sim:test,seed=1",
    ),
    (
        "summary-of-no-device",
        |r| r["summaries"][0]["device"] = 7.into(),
        "differs: summary of stream.triad.rate on a device that is not there",
    ),
    ("contract-left-out", |r| r["contract"] = Json::Null, "unreadable: the statement names other subjects"),
    (
        "contract-bound-lowered",
        |r| r["contract"]["terms"]["clause"][0]["at_least"] = "1 GB/s".into(),
        "differs: finding c on sim:test,seed=1, verdict",
    ),
    (
        "contract-clause-nonsense",
        |r| r["contract"]["terms"]["clause"][0]["at_least"] = "1 TFLOP/s".into(),
        "unreadable: the signed bytes are no report: clause \"c\": at_least",
    ),
];

fn bless_reports(a: &SecretKey, write: Write<'_>) {
    for (name, edit, expected) in STATEMENTS {
        write(name, sealed(a, edit), expected);
    }
    for (name, edit, expected) in REPORTS {
        write(name, sealed(a, |statement| edit(&mut statement["predicate"])), expected);
    }
    write(
        "payload-no-object",
        around(&Envelope::seal(b"[]", a)),
        "unreadable: the signed bytes are no report",
    );
    write(
        "payload-no-json",
        around(&Envelope::seal(b"\xff\x00", a)),
        "unreadable: the signed bytes are no report",
    );
    write(
        "payload-nested-too-deep",
        around(&Envelope::seal(&b"[".repeat(100_000), a)),
        "unreadable: the signed bytes are no report",
    );
}
