//! Proofs in the forms that people in a hurry read: the trust level first, and what a proof does not say.

use gpu_assay::device::Provenance;
use gpu_assay::language::Language;
use gpu_assay::output::Format;
use gpu_assay::output::page::Page;
use gpu_assay::proof::statement::{By, Outcome, Proof};
use gpu_assay::seal::{Envelope, SecretKey, sha256_hex};

use crate::languages::english_prose;
use crate::pages::HOSTILE;
use crate::proofs::{Desk, ends};
use crate::support_proof::*;

fn rendered(format: Format, proof: &Proof, language: Language) -> String {
    let mut text = Vec::new();
    let render = format.of_proof().unwrap();
    let signed = proof.seal(&SecretKey::generate().unwrap()).unwrap();
    render(proof, &challenge(2), &signed, Page::file(&mut text).speaking(language)).unwrap();
    String::from_utf8(text).unwrap()
}

/// A proof of two cards by a witness elsewhere, changed.
fn proof(change: impl Fn(&mut Proof)) -> Proof {
    let issued = issued(&challenge(2));
    let committed = commit(&issued, &hello(&issued, SMALL), 2, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    let mut proof = signed(&issued, &frames, By::Witness);
    proof.figures.gpus.iter_mut().for_each(|gpu| gpu.identity.provenance = Provenance::Hardware);
    change(&mut proof);
    proof
}

#[test]
fn a_page_of_a_proof_says_first_how_far_to_trust_it() {
    let head = |proof: &Proof| {
        let page = rendered(Format::Html, proof, Language::English);
        page[page.find("<header").unwrap()..page.find("</header>").unwrap()].to_owned()
    };
    let held = head(&proof(|_| {}));
    let order = ["class=\"pass\"", "L2, challenged and timed by the witness", "proof: held", "OP/s"];
    let places: Vec<usize> =
        order.iter().map(|part| held.find(part).unwrap_or_else(|| panic!("{part}: {held}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    let own = head(&proof(|p| p.by = By::Prover));
    assert!(own.contains("class=\"open\"") && own.contains("L1, and no more because"), "{own}");
    let refuted = head(&proof(|p| p.outcome = Outcome::Refuted { why: HOSTILE.into() }));
    assert!(refuted.contains("class=\"fail\"") && refuted.contains("&lt;script&gt;alert(1)"), "{refuted}");
    assert!(!refuted.contains("OP/s") && !refuted.contains("<script"), "nothing was proved: {refuted}");
    let script = Provenance::Simulated { script: "sim:mini".into() };
    let simulated = head(&proof(|p| p.figures.gpus[0].identity.provenance = script.clone()));
    assert!(simulated.contains("SIMULATED") && simulated.contains("class=\"open\""), "{simulated}");
}

#[test]
fn a_proof_in_chinese_holds_no_english_prose() {
    let page = rendered(Format::Html, &proof(|_| {}), Language::Chinese);
    let found = english_prose(&page);
    assert!(found.is_empty(), "{found:#?}");
    assert!(page.contains("它没有证明什么"));
}

#[test]
fn proofs_are_shown_in_every_form_that_they_have() {
    let desk = Desk::new();
    desk.challenge("ch.json", &["--gpus", "1"]);
    ends(&desk.prove("ch.json", "out", &["sim:mini"]), 0, "proof: held");
    let render = |format: &str| desk.assay(&["render", "out/proof.dsse.json", "--format", format]);
    let statement = Envelope::load(&desk.path("out/proof.dsse.json")).unwrap().unchecked().unwrap();
    let digest = sha256_hex(&statement);
    for (format, says) in ["human", "markdown", "html", "json"].map(|format| (format, digest.as_str())) {
        ends(&render(format), 0, says);
    }
    ends(&desk.verify("out", &[]), 0, &digest);
    for (format, says) in [
        ("human", "L0, self-declared"),
        ("markdown", "# assay: proof: held"),
        ("html", "What this does not prove"),
        ("json", "\"signature\": \"not checked\""),
    ] {
        ends(&render(format), 0, says);
    }
    for format in ["csv", "junit", "prometheus"] {
        ends(&render(format), 2, "a proof has the forms human, json, markdown and html");
    }
    desk.challenge("other.json", &["--gpus", "1"]);
    std::fs::copy(desk.path("other.json"), desk.path("out/challenge.dsse.json")).unwrap();
    ends(&render("html"), 6, "answers another challenge");
    std::fs::remove_file(desk.path("out/challenge.dsse.json")).unwrap();
    ends(&render("html"), 2, "challenge.dsse.json cannot be read");
}
