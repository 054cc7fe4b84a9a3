//! The published JSON Schemas: as the golden copies say, and true of real contracts, reports and envelopes.
//! `ASSAY_BLESS=1 cargo test` rewrites the copies after a change that was meant.

use gpu_assay::contract::parse;
use gpu_assay::device::Lacking;
use gpu_assay::evidence::*;
use gpu_assay::proof::{challenge, statement::By, wire};
use gpu_assay::report::{Report, SealedBy, statement};
use gpu_assay::seal::{Envelope, SecretKey};
use serde_json::Value as Json;

use crate::support::*;

fn golden(name: &str, schema: &str) -> Json {
    let path = data("schemas").join(name);
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::write(&path, schema).unwrap();
    }
    let copy = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(copy == schema, "{} is not what the types say; ASSAY_BLESS=1 rewrites it", path.display());
    serde_json::from_str(schema).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Json, instance: &Json) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(instance).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn contracts_follow_their_schema() {
    let schema = golden("contract.schema.json", &gpu_assay::contract::schema::schema());
    for file in ["good-least.toml", "good-every-rule.toml"] {
        let text = std::fs::read_to_string(data("contracts").join(file)).unwrap();
        assert_valid(&schema, &serde_json::to_value(toml::from_str::<toml::Value>(&text).unwrap()).unwrap());
        let contract = parse(file, text.as_bytes()).unwrap().contract;
        assert_valid(&schema, &serde_json::to_value(contract).unwrap());
    }
    // The schema refuses what it can know about, so that editors show it.
    let validator = jsonschema::validator_for(&schema).unwrap();
    for file in [
        "key-unknown",
        "severity-unknown",
        "clauses-empty",
        "clauses-missing",
        "statistic-unknown",
        "version-unknown",
        "accept-nothing",
        "bound-array",
        "key-id-malformed",
        "inventory-no-devices",
        "never-unknown",
        "metric-unknown",
        "clause-id-with-spaces",
    ] {
        let text = std::fs::read_to_string(data("contracts").join(format!("{file}.toml"))).unwrap();
        let json = serde_json::to_value(toml::from_str::<toml::Value>(&text).unwrap()).unwrap();
        assert!(!validator.is_valid(&json), "{file}");
    }
}

#[test]
fn reports_follow_their_schema() {
    let schema = golden("report.schema.json", &gpu_assay::report::statement::schema());
    let contract = parse("c.toml", &std::fs::read(data("contracts/good-every-rule.toml")).unwrap()).unwrap();
    let mut odd = good_run(3);
    odd.devices[0].identity = None;
    odd.devices[1].ended = Ended::Lost { why: "gone".into(), during: Some("stream.triad.rate".into()) };
    odd.devices[2].absences.push(Absence {
        metric: metric("gemm.fp64.rate"),
        reason: AbsenceReason::Unsupported { by: Lacking::Card, why: "no FP64 units".into() },
    });
    odd.devices[2].measurements[0].check = Check::Wrong { why: "element 3".into() };
    for (run, contract) in
        [(good_run(2), Some(&contract)), (odd, Some(&contract)), (good_run(1), None), (good_run(0), None)]
    {
        let report = Report::new(run, contract, SealedBy::Ephemeral, "1970-01-01T00:00:00Z".into());
        let bytes = statement::encode(&report).unwrap();
        assert_valid(&schema, &serde_json::from_slice(&bytes).unwrap());
    }
}

#[test]
fn challenges_proofs_and_greetings_follow_their_schemas() {
    use crate::support_proof as proof;
    let json = |bytes: &[u8]| serde_json::from_slice::<Json>(bytes).unwrap();
    let schema = golden("challenge.schema.json", &challenge::schema());
    let mut terms = proof::challenge(8);
    (terms.node, terms.contract_sha256) = (Some("gpu17".into()), Some("00".repeat(32)));
    let key = SecretKey::generate().unwrap();
    for terms in [&terms, &proof::challenge(1)] {
        assert_valid(&schema, &json(&terms.seal(&key).unwrap().unchecked().unwrap()));
    }
    let schema = golden("hello.schema.json", &wire::hello_schema());
    let issued = proof::issued(&proof::challenge(2));
    assert_valid(&schema, &serde_json::to_value(proof::hello(&issued, proof::SMALL)).unwrap());
    let schema = golden("proof.schema.json", &gpu_assay::proof::statement::schema());
    let committed = proof::commit(&issued, &proof::hello(&issued, proof::SMALL), 2, &mut proof::Honest);
    for frames in [committed.rounds(), Vec::new()] {
        for by in [By::Witness, By::Prover] {
            let proof = proof::signed(&issued, &frames, by);
            assert_valid(&schema, &json(&proof.seal(&key).unwrap().unchecked().unwrap()));
        }
    }
}

#[test]
fn overlays_follow_their_schema() {
    use gpu_assay::catalogue::overlay::{EXAMPLE, Overlay, schema};
    let schema = golden("catalogue-overlay.schema.json", &schema());
    let key = SecretKey::generate().unwrap();
    let overlay = Overlay::parse(EXAMPLE.as_bytes()).unwrap();
    let signed = overlay.seal(&key).unwrap().unchecked().unwrap();
    assert_valid(&schema, &serde_json::from_slice(&signed).unwrap());
}

#[test]
fn inventories_follow_their_schema() {
    let schema = golden("inventory.schema.json", &gpu_assay::inventory::schema());
    let provider = crate::inventory::Provider::new();
    for name in ["good", "wrong"] {
        provider.certify(name, &[]);
        let signed = Envelope::load(&provider.certificate(name)).unwrap().unchecked().unwrap();
        assert_valid(&schema, &serde_json::from_slice(&signed).unwrap());
    }
}

#[test]
fn certificates_follow_their_schema() {
    use crate::certificates::{Parties, payload};
    let schema = golden("acceptance.schema.json", &gpu_assay::certificate::schema());
    for more in [["--waive", "upload=agreed"], ["--refuse", "too slow"]] {
        let parties = Parties::new();
        parties.draw_up("provider", &more);
        assert_valid(&schema, &serde_json::from_str(&payload(&parties.certificate())).unwrap());
    }
}
