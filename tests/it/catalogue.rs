//! The catalogue as people and programs meet it, and its bands beside the signed reports that they rest on.

use std::path::{Path, PathBuf};

use gpu_assay::catalogue::bands::{Band, Basis};
use gpu_assay::catalogue::{built_in, sources::SourceKind};
use gpu_assay::evidence::stats::Summary;
use gpu_assay::evidence::{Clocks, DeviceEvidence, Value};
use gpu_assay::report::Report;
use gpu_assay::seal::{Envelope, KeyId};
use serde_json::Value as Json;

use crate::process::{assay, command};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json<const N: usize>(args: [&str; N]) -> Json {
    let ended = assay([&["catalogue"], &args[..], &["--json"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// The one device of the signed report at this place in the project.
fn device(address: &str) -> DeviceEvidence {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(address);
    let envelope = Envelope::parse(&std::fs::read(&path).unwrap()).unwrap();
    let mut report = Report::unchecked(&envelope).unwrap();
    assert_eq!(report.evidence.devices.len(), 1, "{address}");
    report.evidence.devices.remove(0)
}

/// What a device reached in a band's metric, from its own samples.
fn summary(device: &DeviceEvidence, band: &Band) -> Summary {
    let load = device.sustained.as_ref().filter(|load| load.load.metric == band.metric);
    if let Some(load) = load {
        return Summary::of(&load.rates()).unwrap();
    }
    let measurement = device.measurement(&band.metric).unwrap();
    if let Value::Timed(timed) = &measurement.value {
        assert_eq!(timed.clocks(), Clocks::Agree, "{} is of clocks that disagree", band.metric);
    }
    measurement.summary().unwrap()
}

/// As written down: in at most five digits.
fn is_about(written: f64, value: f64) -> bool {
    (written / value - 1.0).abs() < 6e-4
}

#[test]
fn our_own_bands_are_what_the_signed_reports_say() {
    let all = built_in();
    let own: Vec<&Band> = all.bands.iter().filter(|band| band.basis == Basis::Own).collect();
    assert!(own.len() >= 30, "{}", own.len());
    for band in own {
        let address = |id: &String| all.source(id).unwrap().address.clone().unwrap();
        let devices: Vec<DeviceEvidence> = band.sources.iter().map(address).map(|a| device(&a)).collect();
        let found: Vec<Summary> = devices.iter().map(|device| summary(device, band)).collect();
        let least = found.iter().map(|s| s.p5).fold(f64::INFINITY, f64::min);
        let most = found.iter().map(|s| s.p95).fold(0.0, f64::max);
        let medians = found.iter().map(|s| s.p50);
        let middle = (medians.clone().fold(f64::INFINITY, f64::min) + medians.fold(0.0, f64::max)) / 2.0;
        for (written, value) in [(band.low, least), (band.typical, middle), (band.high, most)] {
            assert!(is_about(written, value), "{} of {}: {written} is {value}", band.metric, band.card);
        }
        let uuids: std::collections::BTreeSet<_> =
            devices.iter().map(|device| device.identity.as_ref().unwrap().uuid.clone().unwrap()).collect();
        assert_eq!(band.devices, Some(uuids.len() as u32), "{}", band.metric);
    }
}

#[test]
fn results_that_bands_rest_on_are_there() {
    for source in built_in().sources.iter().filter(|source| source.kind == SourceKind::Result) {
        let address = source.address.as_ref().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(address).exists(), "{address}");
    }
}

#[test]
fn every_card_is_listed_and_shown() {
    let all = json(["list"]);
    let cards = all["cards"].as_array().unwrap();
    let table = assay(["catalogue", "list"]);
    assert_eq!((table.code, cards.len()), (Some(0), built_in().gpus.len()));
    let sources: Vec<&str> =
        all["sources"].as_array().unwrap().iter().map(|source| source["id"].as_str().unwrap()).collect();
    for card in cards {
        let name = card["name"].as_str().unwrap();
        assert!(table.stdout.contains(name), "{name}");
        for fact in card["facts"].as_array().unwrap() {
            assert!(fact["confidence"].is_string(), "{name}: {fact}");
            let named = fact["sources"].as_array().unwrap();
            assert!(!named.is_empty() && named.iter().all(|id| sources.contains(&id.as_str().unwrap())));
        }
    }
    for name in ["H200 SXM", "Cambricon MLU590"] {
        let shown = assay(["catalogue", "show", name]);
        assert_eq!(shown.code, Some(0), "{}", shown.stderr);
        assert!(shown.stdout.starts_with(name) && shown.stdout.contains("Epoch AI"), "{}", shown.stdout);
    }
    // Words of a name need no quotes.
    let card = &json(["show", "nvidia", "h100", "sxm"])["card"];
    assert_eq!(card["name"], "H100 SXM5 80GB");
    let pick = |list: &str, key: &str, value: &str| {
        card[list].as_array().unwrap().iter().find(|one| one[key] == value).unwrap().clone()
    };
    assert_eq!(pick("facts", "column", "fp16")["value"], 989.4);
    assert_eq!(pick("bands", "metric", "gemm.bf16.rate")["basis"], "published");
    assert_eq!(pick("bands", "metric", "gemm.bf16.rate")["unit"], "FLOP/s");
}

#[test]
fn a_name_that_is_not_one_card_is_answered_with_those_that_it_may_be() {
    for (name, words) in [
        ("H100", "H100 SXM5 80GB, H100 PCIe 80GB, H100 NVL 94GB; name one of them"),
        ("910B", "Ascend 910B1, Ascend 910B2, Ascend 910B3, Ascend 910B4"),
        ("MI300", "did you mean \"Instinct MI300X\""),
        ("a card\u{1b}[31m", "`assay catalogue list` shows all"),
    ] {
        let ended = assay(["catalogue", "show", name]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{name}");
        assert!(ended.stderr.contains(words) && !ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
    }
}

#[test]
fn what_is_built_in_holds() {
    let checked = json(["check"]);
    assert_eq!(checked["problems"], serde_json::json!([]));
    assert_eq!(checked["sha256"], json(["list"])["sha256"]);
    let ended = assay(["catalogue", "check"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("54 cards"), "{}", ended.stdout);
}

/// A directory with the example overlay and a key.
struct Maker {
    dir: tempfile::TempDir,
}

impl Maker {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let example = assay(["catalogue", "new"]);
        assert_eq!(example.code, Some(0));
        std::fs::write(dir.path().join("cards.toml"), example.stdout).unwrap();
        let maker = Self { dir };
        assert_eq!(assay(["key", "new", text(&maker.path("key.pem"))]).code, Some(0));
        maker
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn sign(&self) -> crate::process::Ended {
        let [cards, key, out] = ["cards.toml", "key.pem", "overlay.dsse.json"].map(|name| self.path(name));
        assay(["catalogue", "sign", text(&cards), "--key", text(&key), "--out", text(&out)])
    }

    fn change(&self, from: &str, to: &str) {
        let path = self.path("cards.toml");
        let changed = std::fs::read_to_string(&path).unwrap().replace(from, to);
        std::fs::write(&path, changed).unwrap();
    }
}

#[test]
fn an_overlay_is_checked_signed_and_checked_by_others() {
    let maker = Maker::new();
    let checked = assay(["catalogue", "check", text(&maker.path("cards.toml"))]);
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains("1 card, 14 facts, 2 sources, 1 band\n"), "{}", checked.stdout);
    let signed = maker.sign();
    assert_eq!(signed.code, Some(0), "{}", signed.stderr);
    let (envelope, public) = (maker.path("overlay.dsse.json"), maker.path("key.pub.pem"));
    let verified = json(["check", text(&envelope), "--trust", text(&public)]);
    assert_eq!(verified["counts"]["cards"], 1);
    assert!(signed.stdout.contains(verified["sha256"].as_str().unwrap()), "{}", signed.stdout);
    assert!(KeyId::try_from(verified["signer"].as_str().unwrap().to_owned()).is_ok());
    // Nothing is overwritten, and another key's owner has said nothing.
    assert_eq!(maker.sign().code, Some(2));
    let stranger = Maker::new();
    let refused =
        assay(["catalogue", "check", text(&envelope), "--trust", text(&stranger.path("key.pub.pem"))]);
    assert_eq!(refused.code, Some(6), "{}", refused.stderr);
    let unnamed = assay(["catalogue", "check", text(&envelope)]);
    assert_eq!(unnamed.code, Some(2));
    assert!(unnamed.stderr.contains("--trust PUB.pem"), "{}", unnamed.stderr);
    let unsigned = assay(["catalogue", "check", text(&maker.path("cards.toml")), "--trust", text(&public)]);
    assert_eq!(unsigned.code, Some(6), "{}", unsigned.stderr);
}

#[test]
fn an_overlay_with_mistakes_is_shown_them_and_not_signed() {
    let maker = Maker::new();
    maker.change("fp16 = 204.8", "fp16 = 409.6");
    let checked = assay(["catalogue", "check", text(&maker.path("cards.toml"))]);
    assert_eq!(checked.code, Some(2));
    assert!(checked.stdout.contains("WRONG  Example X100, fp16: it is 2.000 of units"), "{}", checked.stdout);
    assert!(checked.stdout.contains("is it the sparse figure?"), "{}", checked.stdout);
    let cards = maker.path("cards.toml");
    let args = ["catalogue", "check", text(&cards), "--lang", "zh-CN"];
    let chinese = assay(args).stdout;
    assert!(
        chinese.contains("错误  Example X100, fp16：它是“单元数") && chinese.contains("2 处错误"),
        "{chinese}"
    );
    let [json, other] = [&args[..3], &args[..]].map(|args| assay(args.iter().chain(&["--json"])).stdout);
    assert_eq!(json, other, "programs read one language");
    let signed = maker.sign();
    assert_eq!((signed.code, maker.path("overlay.dsse.json").exists()), (Some(2), false));
    assert!(signed.stderr.contains("shows all"), "{}", signed.stderr);
    maker.change("format = 1", "format = one");
    let broken = assay(["catalogue", "check", text(&maker.path("cards.toml"))]);
    assert_eq!(broken.code, Some(2));
    assert!(broken.stderr.contains("cards.toml: line 3: "), "{}", broken.stderr);
    let missing = assay(["catalogue", "check", text(&maker.path("none.toml"))]);
    assert!(missing.code == Some(2) && missing.stderr.contains("cannot be read"), "{}", missing.stderr);
}

/// A report is no overlay, and the other way round.
#[test]
fn one_kind_of_statement_is_not_taken_for_another() {
    let maker = Maker::new();
    assert_eq!(maker.sign().code, Some(0));
    let (envelope, public) = (maker.path("overlay.dsse.json"), maker.path("key.pub.pem"));
    let verify = assay(["verify", text(&envelope), "--trust", text(&public)]);
    assert_eq!(verify.code, Some(6), "{}", verify.stderr);
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/nvidia-h200/2026-11-27");
    let [report, signer] = ["report.dsse.json", "signer.pub.pem"].map(|name| results.join(name));
    let check = assay(["catalogue", "check", text(&report), "--trust", text(&signer)]);
    assert_eq!(check.code, Some(6), "{}", check.stderr);
    assert!(check.stderr.contains("catalogue overlay"), "{}", check.stderr);
}

/// A reader that goes away early is nobody's mistake.
#[test]
fn a_reader_may_leave_early() {
    let mut child =
        command().args(["catalogue", "list"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
