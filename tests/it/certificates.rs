//! What both parties sign about a fleet: drawn up by one, drawn up again by the other, checked by anybody.

use std::path::{Path, PathBuf};
use std::process::Command;

use gpu_assay::seal::{Envelope, SecretKey};
use serde_json::Value;

use crate::process::{Ended, assay};
use crate::support::data;
use crate::support_fleet::{Fleet, card_of, cuts, honest};

const IN_TIME: &str = "2024-03-20T08:00:00Z";

#[track_caller]
pub fn ends(ended: &Ended, code: i32, says: &str) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code), "{said}");
    assert!(said.contains(says), "no {says:?} in: {said}");
}

/// Both parties' desks: the contract and all public keys lie on each, reports and private keys where they belong.
pub struct Parties {
    fleet: Fleet,
    other: tempfile::TempDir,
}

impl Parties {
    /// Two good nodes, and one whose upload is slow.
    pub fn new() -> Self {
        Self::under("")
    }

    /// Whose lease has these further terms.
    fn under(more: &str) -> Self {
        let fleet = Fleet::with(more);
        fleet.add(0, &honest(0), IN_TIME);
        fleet.add(1, &honest(1), IN_TIME);
        let slow: Vec<String> = honest(2).iter().map(|card| format!("{card},speed=0.9")).collect();
        fleet.add(2, &slow, IN_TIME);
        Self { fleet, other: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.fleet.path(name)
    }

    /// `assay accept` by a party, on the reports in `reports`.
    pub fn accept(&self, party: &str, reports: &Path, more: &[&str]) -> Ended {
        let text = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let mut args = vec!["accept".to_owned(), reports.to_str().unwrap().to_owned()];
        args.extend(["--contract".to_owned(), text("contract.json")]);
        for key in ["provider.pub.pem", "tenant.pub.pem"] {
            args.extend(["--trust".to_owned(), text(key)]);
        }
        args.extend(["--key".to_owned(), text(&format!("{party}.pem"))]);
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        assay(args)
    }

    /// The first signature, counted on the last day of the first milestone.
    pub fn draw_up(&self, party: &str, more: &[&str]) -> Ended {
        let out = self.certificate();
        let fixed = ["--out", out.to_str().unwrap(), "--as-of", "2024-03-31"];
        self.accept(party, &self.path("reports"), &[&fixed, more].concat())
    }

    /// The second signature, counted by the same day.
    pub fn countersign(&self, party: &str, reports: &Path, more: &[&str]) -> Ended {
        let certificate = self.certificate();
        let fixed = ["--countersign", certificate.to_str().unwrap(), "--as-of", "2024-03-31"];
        self.accept(party, reports, &[&fixed, more].concat())
    }

    fn verify(&self, more: &[&str]) -> Ended {
        let text = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let certificate = self.certificate();
        let mut args = vec!["verify".to_owned(), certificate.to_str().unwrap().to_owned()];
        for key in ["provider.pub.pem", "tenant.pub.pem"] {
            args.extend(["--trust".to_owned(), text(key)]);
        }
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        assay(args)
    }

    fn verify_all(&self, reports: &Path) -> Ended {
        let contract = self.path("contract.json");
        self.verify(&["--contract", contract.to_str().unwrap(), "--reports", reports.to_str().unwrap()])
    }

    pub fn certificate(&self) -> PathBuf {
        self.path("acceptance.dsse.json")
    }

    fn predicate(&self) -> Value {
        let statement = payload(&self.certificate());
        serde_json::from_str::<Value>(&statement).unwrap()["predicate"].take()
    }

    /// The same reports under other names, so that they are read in another order.
    pub fn elsewhere(&self) -> &Path {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(self.path("reports")).unwrap() {
            files.push(entry.unwrap().path().join("report.dsse.json"));
        }
        files.sort();
        for (at, file) in files.iter().rev().enumerate() {
            std::fs::copy(file, self.other.path().join(format!("{at}.dsse.json"))).unwrap();
        }
        self.other.path()
    }
}

pub fn payload(file: &Path) -> String {
    let envelope = Envelope::parse(&std::fs::read(file).unwrap()).unwrap();
    String::from_utf8(envelope.unchecked().unwrap()).unwrap()
}

#[test]
fn both_parties_sign_what_each_draws_up_in_either_order() {
    let parties = Parties::new();
    for (first, second) in [("provider", "tenant"), ("tenant", "provider")] {
        // The day is not over, so nothing is late; one node of three is rejected.
        let drawn = parties.draw_up(first, &[]);
        ends(&drawn, 1, "ACCEPTED: 2 of 330 nodes");
        ends(&drawn, 1, "SIMULATED: 3 nodes, which delivered nothing");
        ends(&drawn, 1, "days before now");
        let half = parties.verify_all(&parties.path("reports"));
        ends(&half, 1, "NOT signed");
        ends(&half, 1, "the same certificate follows from contract and reports");
        let countersigned = parties.countersign(second, parties.elsewhere(), &[]);
        ends(&countersigned, 1, "ACCEPTED: 2 of 330 nodes");
        assert!(!countersigned.stdout.contains("NOT signed"), "{}", countersigned.stdout);
        // It holds, and says that not all of what came is accepted.
        ends(&parties.verify_all(parties.elsewhere()), 1, "the same certificate follows");
        ends(&parties.countersign(second, parties.elsewhere(), &[]), 2, "has signed already");
        ends(&parties.verify(&[]), 1, "give --contract and --reports");
        std::fs::remove_file(parties.certificate()).unwrap();
    }
}

#[test]
fn nobody_signs_what_does_not_follow_from_his_own_reports() {
    let parties = Parties::new();
    ends(&parties.draw_up("provider", &[]), 1, "next: the tenant signs");
    let before = std::fs::read(parties.certificate()).unwrap();
    // The tenant never got the report of one node.
    let elsewhere = parties.elsewhere();
    std::fs::remove_file(elsewhere.join("0.dsse.json")).unwrap();
    let refused = parties.countersign("tenant", elsewhere, &[]);
    ends(&refused, 6, "nothing was signed");
    ends(&refused, 6, "counts.delivered: the certificate says 3, the reports say 2");
    assert_eq!(std::fs::read(parties.certificate()).unwrap(), before);
    ends(&parties.verify_all(elsewhere), 6, "another certificate follows");
    // Another salt hides other names.
    let salt = parties.path("other.salt");
    std::fs::write(&salt, "0".repeat(64)).unwrap();
    let contract = parties.path("contract.json");
    let reports = parties.path("reports");
    let args = ["--contract", contract.to_str().unwrap(), "--reports", reports.to_str().unwrap()];
    ends(
        &parties.verify(&[&args[..], &["--salt", salt.to_str().unwrap()]].concat()),
        6,
        "this is not the salt",
    );
    // Any change after signing is noticed.
    let mut changed = before.clone();
    let at = changed.len() / 3;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    std::fs::write(parties.certificate(), changed).unwrap();
    assert_eq!(parties.verify(&[]).code, Some(6));
    // Nor does a word without a file help: the salt is needed.
    std::fs::write(parties.certificate(), before).unwrap();
    std::fs::remove_file(parties.path("contract.salt")).unwrap();
    ends(
        &parties.countersign("tenant", &parties.path("reports"), &[]),
        2,
        "get it from the party that made it",
    );
}

#[test]
fn what_is_waived_is_accepted_and_its_price_stays_due() {
    let parties = Parties::new();
    ends(&parties.draw_up("tenant", &[]), 1, "ACCEPTED: 2");
    let strict = parties.predicate();
    std::fs::remove_file(parties.certificate()).unwrap();
    let waived = parties.draw_up("tenant", &["--waive", "upload@node-002=its cable is replaced in May"]);
    ends(&waived, 0, "ACCEPTED: 3 of 330 nodes");
    ends(&waived, 0, "waived: upload on node-002, because: its cable is replaced in May");
    let lenient = parties.predicate();
    assert_eq!(strict["nodes"][2]["state"], "rejected");
    assert_eq!(lenient["nodes"][2]["state"], "accepted");
    assert_eq!(lenient["nodes"][2]["waived"].as_array().unwrap().len(), 8, "one for each card");
    assert!(lenient["nodes"][2].get("reasons").is_none());
    let [strict_money, lenient_money] = [&strict["money"], &lenient["money"]];
    assert!(cuts(lenient_money, "owed") > 0.0);
    assert_eq!(
        cuts(strict_money, "if_kept"),
        cuts(lenient_money, "owed"),
        "nothing is paid for what is not kept"
    );
    assert_eq!(strict_money["price_cuts_per_month"], "0.00");
    let tally = |certificate: &Value| {
        let upload =
            certificate["clauses"].as_array().unwrap().iter().find(|t| t["clause"] == "upload").unwrap();
        ["met", "waived", "failed", "undecided"].map(|key| upload[key].as_u64().unwrap())
    };
    assert_eq!((tally(&strict), tally(&lenient)), ([2, 0, 1, 0], [2, 1, 0, 0]));
    ends(&parties.verify_all(&parties.path("reports")), 3, "NOT signed");
    let same = ["--waive", "upload@node-002=its cable is replaced in May"];
    ends(&parties.countersign("provider", &parties.path("reports"), &same), 0, "waived: upload");
    ends(&parties.verify_all(&parties.path("reports")), 0, "the same certificate follows");
}

/// What is only wished, and what all cards together are to meet, decides no node.
#[test]
fn clauses_are_tallied_that_decide_a_node() {
    let clause = |id: &str, more: &str| {
        format!(
            "\n[[clause]]\nid = \"{id}\"\nmetric = \"link.d2h.rate\"\nat_least = \"1 PB/s\"\nstatistic = \"p50\"\n{more}\n"
        )
    };
    let wished = clause("wished", "severity = \"should\"");
    let parties = Parties::under(&(wished + &clause("of-all", "scope = \"fleet\"\nquorum = \"99 %\"")));
    ends(&parties.draw_up("tenant", &[]), 1, "ACCEPTED: 2");
    let certificate = parties.predicate();
    let tallied =
        certificate["clauses"].as_array().unwrap().iter().map(|tally| tally["clause"].as_str().unwrap());
    assert_eq!(tallied.collect::<Vec<_>>(), ["upload", "units"]);
}

#[test]
fn a_refusal_is_signed_too() {
    let parties = Parties::new();
    let refused = parties.draw_up("tenant", &["--refuse", "the room is not cooled"]);
    ends(&refused, 1, "REFUSED: the room is not cooled");
    assert!(!refused.stdout.contains("accepted node"), "{}", refused.stdout);
    assert_eq!(parties.predicate()["decision"]["reason"], "the room is not cooled");
    ends(&parties.verify_all(&parties.path("reports")), 1, "REFUSED");
    let same = ["--refuse", "the room is not cooled"];
    ends(&parties.countersign("provider", &parties.path("reports"), &same), 1, "REFUSED");
    ends(&parties.verify_all(&parties.path("reports")), 1, "the same certificate follows");
}

#[test]
fn no_card_can_be_told_from_a_certificate() {
    let parties = Parties::new();
    // One card twice, and a node without a name.
    let mut cards = honest(3);
    cards[0] = card_of(0, 0);
    parties.fleet.add(3, &cards, "2024-03-21T08:00:00Z");
    let mut report = parties.fleet.report(4, &honest(4), IN_TIME);
    report.evidence.run.node = None;
    parties.fleet.file("unnamed", &report.seal(&parties.fleet.provider).unwrap());
    ends(&parties.draw_up("provider", &[]), 5, "ACCEPTED");
    let certificate = payload(&parties.certificate());
    let mut ids = 0;
    for entry in std::fs::read_dir(parties.path("reports")).unwrap() {
        let report: Value =
            serde_json::from_str(&payload(&entry.unwrap().path().join("report.dsse.json"))).unwrap();
        for device in report["predicate"]["evidence"]["devices"].as_array().unwrap() {
            let serial =
                device["facts"].as_array().unwrap().iter().find(|f| f["metric"] == "identity.nvml.serial");
            let known = [device["identity"]["uuid"].as_str(), serial.and_then(|fact| fact["value"].as_str())];
            for id in known.into_iter().flatten() {
                ids += 1;
                assert!(!certificate.contains(id), "{id}");
            }
        }
    }
    assert!(ids >= 40, "{ids}");
    assert!(!certificate.contains(parties.fleet.path("").to_str().unwrap()), "no paths either");
    // Behind the salt one card is one card.
    let predicate = parties.predicate();
    let hidden = |node: usize| predicate["nodes"][node]["cards"][0]["hidden_ids"].clone();
    let nodes = predicate["nodes"].as_array().unwrap();
    let double = nodes.iter().position(|node| node["name"] == "node-003").unwrap();
    let first = nodes.iter().position(|node| node["name"] == "node-000").unwrap();
    assert_eq!(hidden(double), hidden(first));
    assert_eq!(nodes[double]["reasons"][0]["clause"], "fleet.duplicate");
    ends(&parties.countersign("tenant", parties.elsewhere(), &[]), 5, "ACCEPTED");
}

#[test]
fn what_cannot_be_signed_says_why() {
    let parties = Parties::new();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["--waive", "upload"], 2, "write CLAUSE=REASON"),
        (&["--waive", "upload="], 2, "gives no reason"),
        (&["--waive", "uplod=x"], 2, "the contract has no such clause"),
        (&["--waive", "fleet.duplicate=x"], 2, "need another run"),
        (&["--waive", "upload@node-009=x"], 2, "no report names"),
        (&["--refuse", " "], 2, "write why"),
    ];
    for (args, code, says) in cases {
        ends(&parties.draw_up("provider", args), code, says);
        assert!(!parties.certificate().exists());
    }
    let twice = ["--waive", "upload=x", "--waive", "upload=y"];
    ends(&parties.draw_up("provider", &twice), 2, "waived twice");
    let nothing = tempfile::tempdir().unwrap();
    ends(
        &parties.accept("provider", nothing.path(), &["--out", "never.dsse.json"]),
        1,
        "no node can be accepted",
    );
    let stranger = SecretKey::generate().unwrap();
    stranger.write_new(&parties.path("stranger.pem")).unwrap();
    ends(&parties.draw_up("stranger", &[]), 2, "names for neither party");
    // A contract that names no keys makes no certificate.
    let mut contract: Value =
        serde_json::from_slice(&std::fs::read(parties.path("contract.json")).unwrap()).unwrap();
    contract["parties"]["tenant"].as_object_mut().unwrap().remove("key_sha256");
    std::fs::write(parties.path("contract.json"), contract.to_string()).unwrap();
    ends(&parties.draw_up("provider", &[]), 2, "does not name the key of the tenant");
}

/// Where the commands of the whole chain run.
pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    pub fn assay(&self, code: i32, line: &str) -> Ended {
        let ended: Ended = crate::process::command()
            .current_dir(self.0.path())
            .env("XDG_STATE_HOME", self.0.path())
            .args(line.split(' '))
            .output()
            .unwrap()
            .into();
        assert_eq!(ended.code, Some(code), "{line}: {}{}", ended.stdout, ended.stderr);
        ended
    }

    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for party in ["tenant", "provider"] {
            desk.assay(0, &format!("key new {party}.pem"));
        }
        let id = |party: &str| SecretKey::load(&desk.path(&format!("{party}.pem"))).unwrap().public().id();
        let contract = format!(
            "version = 1\nid = \"chain\"\naccept = [\"simulated\"]\n\n[parties.tenant]\nname = \"T\"\nkey_sha256 = \"{}\"\n\n\
             [parties.provider]\nname = \"P\"\nkey_sha256 = \"{}\"\n\n[[delivery]]\ndue = 2100-01-01\nnodes = 1\n\n[[clause]]\n\
             id = \"units\"\nmetric = \"census.units.count\"\nat_least = \"1\"\n",
            id("tenant"),
            id("provider")
        );
        std::fs::write(desk.path("lease.toml"), contract).unwrap();
        desk
    }

    /// From the contract to a certificate that both have signed.
    pub fn chain(&self) {
        self.assay(0, "challenge new --contract lease.toml --key tenant.pem --node n1 --at-least 1s --out challenge.json");
        self.assay(
            0,
            "run --contract lease.toml --challenge challenge.json --device sim:mini --probe census --key provider.pem --out got/run",
        );
        let assay = env!("CARGO_BIN_EXE_assay");
        self.assay(
            0,
            &format!(
                "witness --challenge challenge.json --key tenant.pem --out got/proof -- {assay} prove --challenge challenge.json \
                 --device sim:mini"
            ),
        );
        self.assay(
            0,
            "accept got --contract lease.toml --trust provider.pub.pem --trust tenant.pub.pem --key provider.pem --out got/acceptance.dsse.json",
        );
        self.assay(
            0,
            "accept got --contract lease.toml --trust provider.pub.pem --trust tenant.pub.pem --key tenant.pem --countersign \
             got/acceptance.dsse.json",
        );
    }
}

#[test]
fn the_chain_from_contract_to_certificate_holds_link_by_link() {
    let desk = Desk::new();
    desk.chain();
    let trust = "--trust provider.pub.pem --trust tenant.pub.pem";
    let report = desk.assay(
        0,
        &format!("verify got/run/report.dsse.json --contract lease.toml --challenge challenge.json {trust}"),
    );
    assert!(report.stdout.contains("all data are drawn from it"), "{}", report.stdout);
    desk.assay(0, &format!("verify got/proof/proof.dsse.json --contract lease.toml {trust}"));
    let json = desk.assay(
        0,
        &format!("verify got/acceptance.dsse.json --contract lease.toml --reports got {trust} --json"),
    );
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (&json["whole"], &json["holds"], &json["reports_checked"]),
        (&true.into(), &true.into(), &true.into())
    );
    let node = &json["certificate"]["nodes"][0];
    // The certificate names the report, the challenge that it answers, and the proof that answers the same.
    assert_eq!(node["name"], "n1");
    assert_eq!(node["challenge_sha256"], node["proof"]["challenge_sha256"]);
    let sha256 = |file: &str| gpu_assay::seal::sha256_hex(payload(&desk.path(file)).as_bytes());
    assert_eq!(node["report_sha256"], sha256("got/run/report.dsse.json"));
    assert_eq!(node["challenge_sha256"], sha256("challenge.json"));
    assert_eq!(node["proof"]["sha256"], sha256("got/proof/proof.dsse.json"));
    assert_eq!(node["proof"]["level"], "L0", "what is simulated proves nothing");

    // A report that claims a challenge which it does not answer is none.
    desk.assay(
        0,
        "challenge new --contract lease.toml --key tenant.pem --node n1 --at-least 1s --out other.json",
    );
    desk.assay(
        6,
        &format!("verify got/run/report.dsse.json --contract lease.toml --challenge other.json {trust}"),
    );
    desk.assay(
        6,
        "run --contract lease.toml --challenge challenge.json --node n2 --device sim:mini --probe census --out n2",
    );
    assert!(!desk.path("n2").exists());
}

#[test]
#[ignore = "needs Python with securesystemslib[crypto] and in-toto-attestation, named by ASSAY_TEST_PYTHON"]
fn openssl_and_securesystemslib_verify_every_signature_of_the_chain() {
    let desk = Desk::new();
    desk.chain();
    let python = std::env::var_os("ASSAY_TEST_PYTHON").unwrap_or("python3".into());
    let envelopes: [(&str, &[&str], usize); 4] = [
        ("challenge.json", &["tenant.pub.pem"], 16),
        ("got/run/report.dsse.json", &["provider.pub.pem"], 16),
        ("got/proof/proof.dsse.json", &["tenant.pub.pem"], 16),
        ("got/acceptance.dsse.json", &["provider.pub.pem", "tenant.pub.pem"], 29),
    ];
    for (file, keys, checks) in envelopes {
        let run = Command::new(&python)
            .current_dir(desk.0.path())
            .arg(data("../foreign.py"))
            .arg(file)
            .args(keys)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{file}: {said}{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(said.lines().filter(|line| line.starts_with("ok: ")).count(), checks, "{file}: {said}");
    }
}

#[test]
fn a_list_of_nodes_says_who_never_came_in_the_certificate_too() {
    let parties = Parties::new();
    let list = parties.path("nodes.txt");
    std::fs::write(&list, "node-002\nnode-007\nnode-001\nnode-000\nnode-005\n").unwrap();
    ends(&parties.draw_up("provider", &["--nodes", list.to_str().unwrap()]), 1, "ACCEPTED: 2 of 330 nodes");
    let predicate = parties.predicate();
    assert_eq!(predicate["list"]["never_reported"], serde_json::json!(["node-005", "node-007"]));
    assert_eq!(predicate["list"]["nodes"], 5);
    // The list follows from the certificate; whoever checks it compares its digest with the one that was agreed on.
    ends(&parties.verify_all(&parties.path("reports")), 1, "the same certificate follows");
    let same = ["--nodes", list.to_str().unwrap()];
    ends(&parties.countersign("tenant", parties.elsewhere(), &same), 1, "ACCEPTED: 2");
    // Of a shorter list another certificate follows.
    std::fs::remove_file(parties.certificate()).unwrap();
    std::fs::write(&list, "node-000\n").unwrap();
    ends(&parties.draw_up("tenant", &["--nodes", list.to_str().unwrap()]), 0, "ACCEPTED: 1 of 330 nodes");
    assert_eq!(parties.predicate()["counts"]["delivered"], 1);
    ends(&parties.verify_all(&parties.path("reports")), 3, "the same certificate follows");
}
