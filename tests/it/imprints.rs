//! Pages that are printed or sent on, and the signed files that they show.

use gpu_assay::output::Format;
use gpu_assay::output::page::Page;
use gpu_assay::seal::{Envelope, SecretKey, TrustList, sha256_hex};

use crate::pages::{HOSTILE, report};
use crate::process::assay;
use crate::support::{data, good_run};

/// Who holds a page on paper finds the file that it shows, and whose signature to look for.
#[test]
fn a_page_names_the_statement_that_it_shows() {
    let report = report(good_run(1), None);
    let key = SecretKey::generate().unwrap();
    let signed = report.seal(&key).unwrap();
    let shown = |format: Format, signed: &Envelope| {
        let mut text = Vec::new();
        format.render(&report, signed, &mut Page::file(&mut text)).unwrap();
        String::from_utf8(text).unwrap()
    };
    let digest = signed.open(&TrustList::new([key.public()])).unwrap().sha256();
    let mut renamed: serde_json::Value = serde_json::from_slice(&signed.to_bytes()).unwrap();
    renamed["signatures"][0]["keyid"] = HOSTILE.into();
    let renamed = Envelope::parse(renamed.to_string().as_bytes()).unwrap();
    for format in [Format::Human, Format::Markdown, Format::Html] {
        let text = shown(format, &signed);
        assert!(text.contains(&digest) && text.contains(key.public().id().as_str()), "{format:?}: {text}");
        let text = shown(format, &renamed);
        assert!(text.contains("its file names no key") && !text.contains("alert(1)"), "{format:?}: {text}");
    }
}

/// What nobody signed is not shown as if somebody had.
#[test]
fn an_envelope_without_signatures_is_no_report() {
    let dir = tempfile::tempdir().unwrap();
    let sealed = std::fs::read(data("envelopes/good.dsse.json")).unwrap();
    let mut envelope: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
    envelope["signatures"] = serde_json::json!([]);
    let file = dir.path().join("unsigned.dsse.json");
    std::fs::write(&file, envelope.to_string()).unwrap();
    let file = file.to_str().unwrap();
    for command in [
        vec!["render", file, "--format", "junit"],
        vec!["compare", file, file],
        vec!["contract", "new", "--from", file],
    ] {
        let ended = assay(&command);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(6), ""), "{command:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("the envelope holds no signature"), "{command:?}: {}", ended.stderr);
    }
}

/// The digest that a page bears is the one that checking the file gives, to people and to programs.
#[test]
fn the_name_on_a_page_is_the_one_that_verify_gives() {
    let report = data("envelopes/good.dsse.json");
    let (report, key) = (report.to_str().unwrap(), data("keys/test-a.pub.pem"));
    let digest =
        Envelope::load(report.as_ref()).unwrap().unchecked().map(|bytes| sha256_hex(&bytes)).unwrap();
    let verify = ["verify", report, "--trust", key.to_str().unwrap()];
    let said = assay(verify);
    assert!(said.stdout.contains(&format!("sha256:{digest}")), "{}", said.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&assay([&verify[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(json["statement_sha256"], digest);
    for form in ["human", "markdown", "html"] {
        let page = assay(["render", report, "--format", form]).stdout;
        assert!(page.contains(&digest), "{form}: {page}");
    }
}
