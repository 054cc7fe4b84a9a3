//! Fleets in which the truth is known: simulated nodes of eight cards each, their lease, and what `assay fleet` says of them.

use gpu_assay::contract::{Parsed, parse};
use gpu_assay::evidence::event::What;
use gpu_assay::evidence::record;
use gpu_assay::report::{Report, SealedBy};
use gpu_assay::seal::{Envelope, SecretKey};
use serde_json::Value;

use crate::pipeline::{self, Run};
use crate::process::{Ended, command};

pub const CARDS: u32 = 8;

/// 330 nodes in two steps, as in the case of 2024, with bounds that an honest simulated H100 meets.
const LEASE: &str = r#"
version = 1
id = "lease-330"
accept = ["simulated"]

[inventory]
devices = 8
sku = "H100 SXM5 80GB"

[[delivery]]
due = 2024-03-31
nodes = 100

[[delivery]]
due = 2024-06-30
nodes = 330

[price]
amount = "20 CNY"
per = "device_hour"

[[clause]]
id = "upload"
metric = "link.h2d.rate"
at_least = "UPLOAD"
statistic = "p50"

[[clause]]
id = "units"
metric = "census.units.count"
at_least = "132"

[[remedy]]
of = ["delivery"]
kind = "credit"
per_day = "1 %"
cap = "30 %"

[[remedy]]
of = ["delivery"]
kind = "terminate"
within_days = 60

[[remedy]]
of = ["upload"]
kind = "price_cut"
cap = "50 %"

[[remedy]]
of = ["units"]
kind = "replace"
within_days = 5
"#;

fn lease(tenant: &SecretKey, provider: &SecretKey, more: &str) -> Parsed {
    let healthy = Run::short("sim:h100", &["link"]).report();
    let rate = healthy.summaries.iter().find(|s| s.metric.as_str() == "link.h2d.rate").unwrap().summary.p50;
    let text = LEASE.replace("\"UPLOAD\"", &format!("\"{:.0} B/s\"", rate * 0.97));
    let party = |role: &str, key: &SecretKey| {
        format!("\n[parties.{role}]\nname = \"the {role}\"\nkey_sha256 = \"{}\"\n", key.public().id())
    };
    let text = text + &party("tenant", tenant) + &party("provider", provider) + more;
    parse("lease.toml", text.as_bytes()).unwrap()
}

/// A place with the contract, two keys, and reports.
pub struct Fleet {
    dir: tempfile::TempDir,
    pub contract: Parsed,
    pub provider: SecretKey,
}

impl Fleet {
    pub fn new() -> Self {
        Self::with("")
    }

    /// With more in the lease.
    pub fn with(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (tenant, provider) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let contract = lease(&tenant, &provider, more);
        std::fs::write(dir.path().join("contract.json"), serde_json::to_vec(&contract.contract).unwrap())
            .unwrap();
        // The digest is of the file that the command reads.
        let bytes = std::fs::read(dir.path().join("contract.json")).unwrap();
        let contract = parse("contract.json", &bytes).unwrap();
        for (name, key) in [("tenant", &tenant), ("provider", &provider)] {
            key.write_new(&dir.path().join(format!("{name}.pem"))).unwrap();
            key.public().write_new(&dir.path().join(format!("{name}.pub.pem"))).unwrap();
        }
        std::fs::create_dir(dir.path().join("reports")).unwrap();
        Self { dir, contract, provider }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// Measures the cards of a node.
    pub fn report(&self, node: u32, cards: &[String], started: &str) -> Report {
        self.report_of(&["census", "link"], node, cards, started)
    }

    pub fn report_of(&self, probes: &[&str], node: u32, cards: &[String], started: &str) -> Report {
        let mut events =
            pipeline::node(cards, &Run { contract: Some(&self.contract), ..Run::short("", probes) });
        if let What::RunStarted(info) = &mut events[0].what {
            info.node = Some(format!("node-{node:03}"));
            info.started = started.to_owned();
        }
        let evidence = record::fold(&events).unwrap();
        Report::new(evidence, Some(&self.contract), SealedBy::Named, started.to_owned())
    }

    pub fn file(&self, name: &str, envelope: &Envelope) {
        let path = self.path("reports").join(name);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("report.dsse.json"), envelope.to_bytes()).unwrap();
    }

    pub fn add(&self, node: u32, cards: &[String], started: &str) {
        let report = self.report(node, cards, started);
        self.file(&format!("node-{node:03}-{}", &started[..10]), &report.seal(&self.provider).unwrap());
    }

    /// What `assay fleet` says of all reports.
    pub fn answer(&self, as_of: &str) -> (Ended, Value) {
        let ended = self.command(as_of, "json");
        let json = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", ended.stdout, ended.stderr));
        (ended, json)
    }

    pub fn command(&self, as_of: &str, format: &str) -> Ended {
        self.command_with(as_of, format, &[])
    }

    pub fn command_with(&self, as_of: &str, format: &str, more: &[&str]) -> Ended {
        let files = ["reports", "--contract", "contract.json", "--trust", "provider.pub.pem"];
        let mut fleet = command();
        fleet.current_dir(self.dir.path()).arg("fleet").args(files);
        fleet.args(["--as-of", as_of, "--format", format]).args(more).output().unwrap().into()
    }
}

/// Honest cards of a node: each has its own noise.
pub fn honest(node: u32) -> Vec<String> {
    (0..CARDS).map(|card| card_of(node, card)).collect()
}

pub fn card_of(node: u32, card: u32) -> String {
    format!("sim:h100,noise=0.002,seed={},index={card}", node + 1)
}

pub fn nodes_in(json: &Value, state: &str) -> Vec<String> {
    let nodes = json["nodes"].as_array().unwrap().iter().filter(|node| node["state"] == state);
    nodes.map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

/// The price cuts that stand so, together.
pub fn cuts(money: &Value, standing: &str) -> f64 {
    let dues = money["dues"].as_array().unwrap().iter();
    let cuts = dues.filter(|due| due["kind"] == "price_cut" && due["standing"] == standing);
    cuts.map(|due| due["amount"].as_str().unwrap().parse::<f64>().unwrap()).sum()
}

pub fn name(node: u32) -> String {
    format!("node-{node:03}")
}

pub fn uuid_of(selector: &str) -> String {
    let report = Run::short(selector, &["census"]).report();
    report.evidence.devices[0].identity.as_ref().unwrap().uuid.clone().unwrap()
}
