//! A fleet in name for launches: a contract, a key, a list, and a stand-in for `assay` on the nodes that gives each its own
//! simulated card, with the faults that a test plants.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{Ended, assay};

/// What a quick run on a simulated card meets.
const CONTRACT: &str = r#"
version = 1
id = "fleet"
accept = ["simulated"]

[[clause]]
id = "units"
metric = "census.units.count"
at_least = "1"

[[clause]]
id = "upload"
metric = "link.h2d.rate"
at_least = "1 MB/s"
statistic = "p50"
"#;

/// Short, and with a device that may stand still for longer than the launch lets it run.
pub const RUN: [&str; 9] =
    ["--", "--profile", "quick", "--probe", "census", "--probe", "link", "--hang-after", "10m"];

/// Gives each node a card of its own, with its own noise: equal samples are copies. `FAULTS/NODE` holds what its selector has besides; `FAULTS/NODE.dies` lets the next run
/// end without a report, once.
const ON_NODE: &str = r#"#!/bin/sh
assay='ASSAY'
faults='FAULTS'
[ "$1" = run ] || exec "$assay" "$@"
last=
for word; do
    [ "$last" != --node ] || node=$word
    last=$word
done
if [ -e "$faults/$node.dies" ]; then
    rm "$faults/$node.dies"
    exit 70
fi
number=$(echo "$node" | tr -dc 0-9)
exec "$assay" "$@" --device "sim:mini,noise=0.002,seed=$number,index=$number$(cat "$faults/$node" 2>/dev/null)"
"#;

pub struct Nodes {
    pub dir: tempfile::TempDir,
}

impl Nodes {
    /// A directory whose name a shell would misread, were it not quoted.
    pub fn new(list: &[&str]) -> Self {
        let dir = tempfile::Builder::new().prefix("it's $(HOME) %j ").tempdir().unwrap();
        let nodes = Self { dir };
        std::fs::write(nodes.path("contract.toml"), CONTRACT).unwrap();
        std::fs::write(nodes.path("nodes.txt"), list.join("\n")).unwrap();
        std::fs::create_dir(nodes.path("faults")).unwrap();
        let quoted = |path: &Path| path.display().to_string().replace('\'', r"'\''");
        let script = ON_NODE
            .replace("ASSAY", &quoted(Path::new(env!("CARGO_BIN_EXE_assay"))))
            .replace("FAULTS", &quoted(&nodes.path("faults")));
        program(&nodes.path("on-node"), &script);
        let made = assay(["key", "new", &nodes.text("key.pem")]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        nodes
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// What a node's card has besides, such as `,stall@call=20`.
    pub fn plant(&self, node: &str, fault: &str) {
        std::fs::write(self.path("faults").join(node), fault).unwrap();
    }

    pub fn heal(&self) {
        for fault in std::fs::read_dir(self.path("faults")).unwrap() {
            std::fs::remove_file(fault.unwrap().path()).unwrap();
        }
    }

    /// `assay fleet launch` by `what` into the directory `out`, with what every test has.
    pub fn launch(&self, what: &str, out: &str, more: &[&str]) -> Ended {
        let mut args: Vec<String> = ["fleet", "launch", what].map(str::to_owned).to_vec();
        for (option, name) in [("--nodes", "nodes.txt"), ("--contract", "contract.toml"), ("--out", out)] {
            args.extend([option.to_owned(), self.text(name)]);
        }
        if what != "kubernetes" {
            for (option, name) in [("--results", "results"), ("--assay", "on-node"), ("--key", "key.pem")] {
                args.extend([option.to_owned(), self.text(name)]);
            }
        }
        args.extend(more.iter().map(|more| (*more).to_owned()));
        args.extend(RUN.map(str::to_owned));
        assay(args)
    }

    /// `assay fleet` on the results, beside the list.
    pub fn count(&self, form: &str) -> Ended {
        let (results, contract, key) =
            (self.text("results"), self.text("contract.toml"), self.text("key.pub.pem"));
        let list = self.text("nodes.txt");
        assay([
            "fleet",
            &results,
            "--contract",
            &contract,
            "--trust",
            &key,
            "--nodes",
            &list,
            "--format",
            form,
        ])
    }

    /// What is said of each node, in the order of their names, and the code.
    pub fn states(&self) -> (Option<i32>, Vec<(String, String)>, Value) {
        let ended = self.count("json");
        let json: Value = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", ended.stdout, ended.stderr));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of_nodes = json["nodes"].as_array().unwrap().iter();
        let mut states: Vec<_> = of_nodes.map(|node| (text(&node["name"]), text(&node["state"]))).collect();
        let never = json["listed"]["never_reported"].as_array().unwrap().iter();
        states.extend(never.map(|name| (text(name), "missing".to_owned())));
        states.sort();
        (ended.code, states, json)
    }
}

pub fn program(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Names beside states, to compare with what [`Nodes::states`] gives.
pub fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect()
}
