//! Names of cards behind a salt: nowhere in what is written, and still one name for one card.

use serde_json::Value;

use crate::certificates::{Desk, payload};

const RUN: &str = "run --contract lease.toml --key provider.pem --probe census --salt lease.salt";
const COUNT: &str = "nodes --contract lease.toml --trust provider.pub.pem --trust tenant.pub.pem";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.assay(0, "key salt lease.salt");
    desk
}

fn predicate(desk: &Desk, file: &str) -> Value {
    let mut statement: Value = serde_json::from_str(&payload(&desk.path(file))).unwrap();
    statement["predicate"].take()
}

/// The UUID of a simulated card, as a run that hides nothing has it.
fn uuid(desk: &Desk, device: &str) -> String {
    desk.assay(0, &format!("run --measure-only --probe census --device {device} --out plain"));
    let found = predicate(desk, "plain/report.dsse.json");
    let uuid = found["evidence"]["devices"][0]["identity"]["uuid"].as_str().unwrap().to_owned();
    std::fs::remove_dir_all(desk.path("plain")).unwrap();
    uuid
}

#[test]
fn no_card_is_named_in_anything_that_a_run_writes() {
    let desk = desk();
    let uuid = uuid(&desk, "sim:mini,seed=1");
    let formats = ["human", "json", "markdown", "csv", "html", "junit", "prometheus"];
    let formats: String = formats.iter().map(|form| format!(" --format {form}")).collect();
    desk.assay(0, &format!("{RUN} --device sim:mini,seed=1 --node n1 --out nodes/n1{formats}"));
    let dashed = format!("{}-{}-", &uuid[..8], &uuid[8..12]);
    let mut files = 0;
    for entry in std::fs::read_dir(desk.path("nodes/n1")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = if path.to_string_lossy().ends_with(".dsse.json") { payload(&path) } else { text };
        assert!(!text.contains(&uuid) && !text.contains(&dashed), "{}", path.display());
        files += 1;
    }
    assert!(files >= 10, "{files}");
    // It is judged and verified like any other.
    desk.assay(0, "verify nodes/n1/report.dsse.json --trust provider.pub.pem --contract lease.toml");
    desk.assay(0, "replay nodes/n1/events.jsonl --contract lease.toml");
}

#[test]
fn sources_that_contradict_one_another_still_do() {
    let desk = desk();
    let lie = "telemetry_uuid=00112233445566778899aabbccddeeff";
    let plain = desk
        .assay(5, &format!("run --contract lease.toml --probe census --device sim:mini,{lie} --out plain"));
    assert!(plain.stdout.contains("identity.conflict"), "{}", plain.stdout);
    // The selector holds a UUID, which nothing may show.
    let named = desk.assay(2, &format!("{RUN} --device sim:mini,{lie} --out hidden"));
    assert!(named.stderr.contains("name it by its index"), "{}", named.stderr);
}

#[test]
fn one_card_in_two_nodes_shows_behind_one_salt_and_is_refused_behind_two() {
    let desk = desk();
    for (node, seed) in [("n1", 1), ("n2", 2), ("n3", 1)] {
        desk.assay(0, &format!("{RUN} --device sim:mini,seed={seed} --node {node} --out nodes/{node}"));
    }
    let said = desk.assay(5, &format!("fleet {COUNT}")).stdout;
    assert!(said.contains("fleet.duplicate") && said.contains("n3"), "{said}");
    // Behind another salt the same card is another name.
    std::fs::remove_dir_all(desk.path("nodes/n3")).unwrap();
    desk.assay(0, "key salt other.salt");
    for (node, salt) in [("n3", "--salt other.salt"), ("n4", "")] {
        let run = RUN.replace(" --salt lease.salt", "");
        desk.assay(
            0,
            &format!("{run} {salt} --device sim:mini,seed=1 --node {node} --out nodes/{node}")
                .replace("  ", " "),
        );
    }
    let said = desk.assay(5, &format!("fleet {COUNT}")).stdout;
    assert_eq!(said.matches("hidden otherwise  ").count(), 2, "{said}");
}

#[test]
fn a_certificate_names_hidden_cards_as_it_would_name_known_ones() {
    let desk = desk();
    let accept = |name: &str| {
        desk.assay(0, &format!("accept {COUNT} --key tenant.pem --out {name}"));
        predicate(&desk, name)["nodes"][0]["cards"].take()
    };
    let run = |hide: &str| {
        let _ = std::fs::remove_dir_all(desk.path("nodes"));
        desk.assay(
            0,
            &format!(
                "{}{hide} --device sim:mini,seed=1 --node n1 --out nodes/n1",
                RUN.replace(" --salt lease.salt", "")
            ),
        );
    };
    run(" --salt lease.salt");
    let hidden = accept("a.dsse.json");
    let other = desk.assay(2, &format!("accept {COUNT} --key tenant.pem --out b.dsse.json --salt none.salt"));
    assert!(other.stderr.contains("there is no such salt"), "{}", other.stderr);
    desk.assay(0, "key salt other.salt");
    let other =
        desk.assay(2, &format!("accept {COUNT} --key tenant.pem --out b.dsse.json --salt other.salt"));
    assert!(other.stderr.contains("behind another salt"), "{}", other.stderr);
    run("");
    assert_eq!(accept("c.dsse.json"), hidden);
    assert_eq!(hidden[0]["hidden_ids"][0].as_str().unwrap().len(), 64);
}

#[test]
fn a_salt_is_never_overwritten_and_what_is_none_is_refused() {
    let desk = desk();
    let again = desk.assay(2, "key salt lease.salt");
    assert!(again.stderr.contains("no salt can be made here"), "{}", again.stderr);
    std::fs::write(desk.path("lease.salt"), "sodium chloride").unwrap();
    let wrong = desk.assay(2, &format!("{RUN} --device sim:mini --out x"));
    assert!(wrong.stderr.contains("this is no salt"), "{}", wrong.stderr);
    assert!(!desk.path("x").exists());
}

/// The same card behind the same salt, whether it reports or proves.
#[test]
fn a_proof_names_no_card_and_still_belongs_to_its_report() {
    let desk = desk();
    let uuid = uuid(&desk, "sim:mini,seed=1");
    desk.assay(0, &format!("{RUN} --device sim:mini,seed=1 --out run"));
    desk.assay(0, "challenge new --contract lease.toml --key tenant.pem --at-least 1s --out challenge.json");
    let assay = env!("CARGO_BIN_EXE_assay");
    let prove = format!("{assay} prove --challenge challenge.json --device sim:mini,seed=1");
    desk.assay(
        0,
        &format!(
            "witness --challenge challenge.json --key tenant.pem --out proof -- {prove} --salt lease.salt"
        ),
    );
    let proof = std::fs::read(desk.path("proof/transcript.bin")).unwrap();
    let said = String::from_utf8_lossy(&proof).into_owned() + &payload(&desk.path("proof/proof.dsse.json"));
    assert!(!said.contains(&uuid), "{uuid}");
    let trust = "--trust provider.pub.pem --trust tenant.pub.pem --proof proof/proof.dsse.json";
    desk.assay(0, &format!("verify run/report.dsse.json {trust}"));
    let plain = RUN.replace(" --salt lease.salt", "");
    desk.assay(0, &format!("{plain} --device sim:mini,seed=1 --out plain"));
    let refused = desk.assay(6, &format!("verify plain/report.dsse.json {trust}"));
    assert!(refused.stderr.contains("is about other cards"), "{}", refused.stderr);
}
