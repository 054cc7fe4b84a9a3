//! Launches: what is written can be run, whatever it was given; nodes that fail, hang or lose their connection are told; a
//! launch for what is missing is for exactly that.

use std::process::{Command, Output};

use serde_json::Value;

use crate::process::{Ended, assay};
use crate::support::data;
use crate::support_launch::{Nodes, pairs, program};

const SLURM: [&str; 4] = ["assay.sbatch", "submit.sh", "nodes.txt", "contract.toml"];
const SSH: [&str; 5] = ["launch.sh", "node.sh", "remote.sh", "nodes.txt", "contract.toml"];
const KUBERNETES: [&str; 4] = ["job.yaml", "Dockerfile", "nodes.txt", "contract.toml"];
const CLUSTER: [&str; 4] = ["--image", "registry.example/assay:1", "--claim", "results"];

fn files(nodes: &Nodes, out: &str) -> Vec<String> {
    let entries = std::fs::read_dir(nodes.path(out)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn sorted<const N: usize>(names: [&str; N]) -> Vec<String> {
    let mut names = names.map(str::to_owned).to_vec();
    names.sort();
    names
}

fn read(nodes: &Nodes, out: &str, name: &str) -> String {
    std::fs::read_to_string(nodes.path(out).join(name)).unwrap()
}

/// All three, with a key and arguments that a shell would obey, were they not quoted.
fn write_all(nodes: &Nodes) {
    let odd = nodes.launch("slurm", "slurm", &["--gres", "gpu:h100:8"]);
    assert_eq!(odd.code, Some(0), "{}", odd.stderr);
    let odd = nodes.launch("ssh", "ssh", &["--parallel", "3"]);
    assert_eq!(odd.code, Some(0), "{}", odd.stderr);
    let odd = nodes.launch("kubernetes", "kubernetes", &CLUSTER);
    assert_eq!(odd.code, Some(0), "{}", odd.stderr);
}

#[test]
fn each_launch_is_a_new_directory_with_its_files() {
    let nodes = Nodes::new(&["n1", "n2"]);
    write_all(&nodes);
    assert_eq!(files(&nodes, "slurm"), sorted(SLURM));
    assert_eq!(files(&nodes, "ssh"), sorted(SSH));
    assert_eq!(files(&nodes, "kubernetes"), sorted(KUBERNETES));
    for out in ["slurm", "ssh", "kubernetes"] {
        assert_eq!(read(&nodes, out, "nodes.txt"), "n1\nn2\n");
        assert_eq!(read(&nodes, out, "contract.toml"), read(&nodes, ".", "contract.toml"));
    }
    let batch = read(&nodes, "slurm", "assay.sbatch");
    // A quick run is given 15 minutes, and Slurm two more.
    for line in ["#SBATCH --time=17", "#SBATCH --signal=B:TERM@45", "#SBATCH --gres=gpu:h100:8"] {
        assert!(batch.lines().any(|of| of == line), "{line}\n{batch}");
    }
    let before = batch.clone();
    let again = nodes.launch("slurm", "slurm", &[]);
    assert_eq!(again.code, Some(2), "{}", again.stdout);
    assert!(again.stderr.contains("is there already") && again.stderr.contains("--out"), "{}", again.stderr);
    assert_eq!(read(&nodes, "slurm", "assay.sbatch"), before);
}

/// The shell itself reads every script, and comes to the same words as were given.
/// A lease demands a load of a day: whoever launches by it need not say so again, and may say otherwise.
#[test]
fn a_load_is_kept_up_for_as_long_as_the_contract_demands() {
    let nodes = Nodes::new(&["n1"]);
    let contract = read(&nodes, ".", "contract.toml");
    let clause = "[[clause]]\nid = \"day\"\nmetric = \"sustain.watched.time\"\nat_least = \"24 h\"\n";
    std::fs::write(nodes.path("contract.toml"), format!("{contract}\n{clause}")).unwrap();
    let ended = nodes.launch("slurm", "day", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let batch = read(&nodes, "day", "assay.sbatch");
    // A day, a quarter of an hour for the rest, and two minutes for Slurm.
    assert!(batch.contains("'--soak' '86400s'") && batch.contains("#SBATCH --time=1457\n"), "{batch}");
    let (list, contract, out) = (nodes.text("nodes.txt"), nodes.text("contract.toml"), nodes.text("shorter"));
    let launch = ["fleet", "launch", "ssh", "--nodes", &list, "--contract", &contract, "--out", &out];
    let ended = assay(launch.iter().chain(&["--results", "results", "--", "--soak", "10m"]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let remote = read(&nodes, "shorter", "remote.sh");
    assert!(remote.contains("'--soak' '10m'") && !remote.contains("86400s"), "{remote}");
}

#[test]
fn scripts_are_read_by_a_shell_as_they_were_meant() {
    let nodes = Nodes::new(&["n1"]);
    write_all(&nodes);
    let scripts = [("slurm", "assay.sbatch"), ("slurm", "submit.sh")].into_iter();
    for (out, script) in scripts.chain(["launch.sh", "node.sh", "remote.sh"].map(|script| ("ssh", script))) {
        let path = nodes.path(out).join(script);
        let read = Command::new("sh").arg("-n").arg(&path).output().unwrap();
        assert!(read.status.success(), "{script}: {}", String::from_utf8_lossy(&read.stderr));
    }
    // The lines that only set variables.
    let batch = read(&nodes, "slurm", "assay.sbatch");
    let lines = batch.lines().filter(|line| line.starts_with("assay=") || line.starts_with("results="));
    let script = format!("{}\nprintf '%s\\n' \"$assay\" \"$results\"", lines.collect::<Vec<_>>().join("\n"));
    let said = Command::new("sh").args(["-euc", &script]).output().unwrap().stdout;
    let expected = format!("{}\n{}\n", nodes.text("on-node"), nodes.text("results"));
    assert_eq!(String::from_utf8(said).unwrap(), expected);
}

#[test]
#[ignore = "needs shellcheck; `make test` installs it"]
fn shellcheck_finds_nothing_in_the_scripts() {
    let nodes = Nodes::new(&["n1"]);
    write_all(&nodes);
    let check = |out: &str, script: &str| -> Output {
        // That nothing between single quotes is expanded is what they are for.
        let options = ["--shell=sh", "--exclude=SC2016"];
        let run = Command::new("shellcheck").args(options).arg(nodes.path(out).join(script)).output();
        run.unwrap_or_else(|e| {
            panic!("this test needs shellcheck; `sh tests/setup.sh shellcheck` installs it: {e}")
        })
    };
    for (out, script) in [
        ("slurm", "assay.sbatch"),
        ("slurm", "submit.sh"),
        ("ssh", "launch.sh"),
        ("ssh", "node.sh"),
        ("ssh", "remote.sh"),
    ] {
        let checked = check(out, script);
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
    // And it would notice.
    program(&nodes.path("ssh/bad.sh"), "#!/bin/sh\nrm $1\n");
    assert!(!check("ssh", "bad.sh").status.success());
}

#[test]
fn what_no_launch_can_take_is_refused_with_what_to_write() {
    let nodes = Nodes::new(&["n1"]);
    let refused = |what: &str, more: &[&str], words: &[&str]| {
        let ended = nodes.launch(what, "out", more);
        assert_eq!(ended.code, Some(2), "{more:?}: {}", ended.stdout);
        for word in words {
            assert!(ended.stderr.contains(word), "{more:?}: {word:?} is not in: {}", ended.stderr);
        }
        assert!(!nodes.path("out").exists(), "{more:?}");
    };
    refused("slurm", &["--gres", "gpu:8 --uid=0"], &["--gres", "gpu:8"]);
    refused("slurm", &["--within", "5m"], &["--within", "shorter than one try"]);
    refused("slurm", &["--time", "soon"], &["\"soon\" is not a time"]);
    refused("slurm", &["--retries", "101"], &["--retries"]);
    refused("slurm", &["--trust", "key.pub.pem"], &["--missing-from"]);
    refused("slurm", &["--missing-from", "nowhere"], &["nowhere cannot be read"]);
    refused("kubernetes", &["--image", "a\nb", "--claim", "c"], &["--image", "control character"]);
    refused("kubernetes", &["--image", "a", "--claim", "C D"], &["--claim", "no name of an object"]);
    let resource = ["--image", "a", "--claim", "c", "--resource", "gpu: 8"];
    refused("kubernetes", &resource, &["--resource", "names no resource"]);

    let run = |arguments: &[&str], words: &[&str]| {
        let (list, contract, out) = (nodes.text("nodes.txt"), nodes.text("contract.toml"), nodes.text("out"));
        let launch = ["fleet", "launch", "ssh", "--nodes", &list, "--contract", &contract, "--out", &out];
        let ended = assay(launch.iter().chain(&["--results", "results"]).chain(arguments));
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stdout);
        for word in words {
            assert!(ended.stderr.contains(word), "{arguments:?}: {word:?} is not in: {}", ended.stderr);
        }
        assert!(!nodes.path("out").exists(), "{arguments:?}");
    };
    run(&["--", "--node", "n1"], &["--node is for the launch to set"]);
    run(&["--", "--soka", "1h"], &["none of `assay run`", "--soka"]);
    run(&["--", "--events", "a\nb"], &["control character"]);
    run(&["--assay", "bin/assay"], &["--assay", "absolute path"]);
    run(&["--key", "key.pem"], &["--key", "absolute path"]);
    run(&["--key", "/a\n/b"], &["--key", "control character"]);
}

#[test]
fn odd_names_of_nodes_are_refused_by_their_line() {
    let nodes = Nodes::new(&["n1"]);
    for odd in
        ["a b", "it's", "$(reboot)", "`x`", "a;b", "../n1", "..", "-oProxyCommand=x", "a\"b", "n[1-9]", "ü"]
    {
        std::fs::write(nodes.path("nodes.txt"), format!("n1\n{odd}\n")).unwrap();
        for (what, more) in [("slurm", &[][..]), ("ssh", &[]), ("kubernetes", &CLUSTER)] {
            let ended = nodes.launch(what, "out", more);
            assert_eq!(ended.code, Some(2), "{odd}: {}", ended.stdout);
            let words =
                [format!("line 2 names {odd:?}"), "letters, digits".to_owned(), "nodes.txt: ".to_owned()];
            assert!(words.iter().all(|word| ended.stderr.contains(word)), "{odd}: {}", ended.stderr);
            assert!(!nodes.path("out").exists(), "{odd}");
        }
    }
    std::fs::write(nodes.path("nodes.txt"), "Upper\n").unwrap();
    let ended = nodes.launch("kubernetes", "out", &CLUSTER);
    assert!(ended.stderr.contains("line 1") && ended.stderr.contains("lower-case"), "{}", ended.stderr);
    assert_eq!(nodes.launch("ssh", "out", &[]).code, Some(0));
}

/// What stands in the place of `ssh`: runs the command here, in a home directory for each node.
/// n5 cannot be reached, n6 never answers, and the first connection to n2 and n3 breaks after a second. n7 loses its power once it
/// has measured something, and comes back without what slowed it down.
const FAKE_SSH: &str = r#"#!/bin/sh
while :; do
    case $1 in
    -o | -l) shift 2 ;;
    *) break ;;
    esac
done
node=$1
shift
home="$HOMES/$node"
mkdir -p "$home" && cd "$home" || exit 255
echo "$*" >>connections
echo "$$" >>processes
export HOME="$home"
# Kills a process with all that it has started.
power_off() {
    set -- "$1" $(cat "/proc/$1/task/$1/children")
    kill -9 "$1"
    shift
    for child; do
        power_off "$child"
    done
}
case $node in
n5)
    echo "ssh: connect to host n5 port 22: No route to host" >&2
    exit 255
    ;;
n6) exec sleep 600 ;;
n2 | n3)
    if mkdir broken 2>/dev/null; then
        # The pipes end with the connection; the run does not.
        cat | sh -c "$*" | cat >/dev/null &
        sleep 1
        exit 255
    fi
    ;;
n7)
    if mkdir died 2>/dev/null; then
        exec 3<&0
        sh -c "$*" <&3 >/dev/null &
        until grep -rqs '"event":"measured"' .assay-launch; do
            sleep 0.1
        done
        power_off $!
        rm "$HOMES/../faults/n7"
        exit 255
    fi
    ;;
esac
exec sh -c "$*"
"#;

pub struct Fake<'a> {
    nodes: &'a Nodes,
}

impl Fake<'_> {
    pub fn new(nodes: &Nodes) -> Fake<'_> {
        std::fs::create_dir_all(nodes.path("bin")).unwrap();
        std::fs::create_dir_all(nodes.path("homes")).unwrap();
        program(&nodes.path("bin/ssh"), FAKE_SSH);
        Fake { nodes }
    }

    pub fn command(&self, out: &str) -> Command {
        let path = format!("{}:{}", self.nodes.text("bin"), std::env::var("PATH").unwrap());
        let mut launch = Command::new("sh");
        launch.arg(self.nodes.path(out).join("launch.sh")).args(["-l", "ubuntu"]);
        launch.env("PATH", path).env("HOMES", self.nodes.path("homes"));
        launch
    }

    pub fn run(&self, out: &str) -> Ended {
        self.command(out).output().unwrap().into()
    }
}

/// So many connections were made, and the node is as it was.
pub fn nothing_is_left(nodes: &Nodes, node: &str, connections: usize) {
    let home = nodes.path("homes").join(node);
    let ids = std::fs::read_dir(home.join(".assay-launch")).unwrap();
    let left: Vec<_> = ids.flat_map(|id| std::fs::read_dir(id.unwrap().path()).unwrap()).collect();
    assert!(left.is_empty(), "{node}: {left:?}");
    let made = std::fs::read_to_string(home.join("connections")).unwrap();
    assert_eq!(made.lines().count(), connections, "{node}: {made}");
}

#[test]
fn ssh_brings_the_results_of_all_nodes_that_can_be_measured() {
    let nodes = Nodes::new(&["n1", "n2", "n3", "n4", "n5", "n6"]);
    let fake = Fake::new(&nodes);
    nodes.plant("n3", ",stall@call=20");
    nodes.plant("n4.dies", "");
    let written = nodes.launch("ssh", "launch", &["--time", "6s", "--parallel", "6"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    // Nobody waits here as long as for a real node: 6 s for the run, 45 s to seal, 300 s to bring it.
    let script = read(&nodes, "launch", "node.sh");
    assert!(script.contains("timeout -k 10 351 ssh"), "{script}");
    std::fs::write(nodes.path("launch/node.sh"), script.replace("timeout -k 10 351", "timeout -k 1 20"))
        .unwrap();

    let ended = fake.run("launch");
    let logs = || -> String {
        let log = |n: u32| {
            std::fs::read_to_string(nodes.path(&format!("results/n{n}/ssh.txt"))).unwrap_or_default()
        };
        (1..=6).map(log).collect()
    };
    assert_eq!(ended.code, Some(1), "{}{}{}", ended.stdout, ended.stderr, logs());
    assert!(ended.stdout.contains("3 nodes finished"), "{}{}", ended.stdout, logs());
    assert!(ended.stderr.contains("not finished: n3 n5 n6\n"), "{}{}", ended.stderr, logs());
    assert!(ended.stdout.contains("n6: no end in time, and no answer"), "{}", ended.stdout);
    assert!(ended.stdout.contains("n3: try 2 ended with 124"), "{}", ended.stdout);
    let expected = [
        ("n1", "accepted"),
        ("n2", "accepted"),
        ("n3", "undecided"),
        ("n4", "accepted"),
        ("n5", "missing"),
        ("n6", "missing"),
    ];
    let (code, states, json) = nodes.states();
    assert_eq!((code, &states), (Some(1), &pairs(&expected)), "{}", logs());
    assert_eq!(
        json["sources"]["reports"],
        4,
        "a broken connection starts no run beside the first: {}",
        logs()
    );
    for (node, connections) in [("n1", 2), ("n2", 3), ("n3", 3), ("n4", 4)] {
        nothing_is_left(&nodes, node, connections);
    }

    nodes.heal();
    program(&nodes.path("bin/ssh"), &FAKE_SSH.replace("n5)", "none)").replace("n6)", "none)"));
    let results = nodes.text("results");
    let written = nodes.launch("ssh", "again", &["--missing-from", &results]);
    assert!(written.stdout.starts_with("3 of 6 nodes in "), "{}{}", written.stdout, written.stderr);
    assert_eq!(read(&nodes, "again", "nodes.txt"), "n3\nn5\nn6\n");
    let ended = fake.run("again");
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let (code, states, _) = nodes.states();
    assert_eq!((code, states), (Some(0), pairs(&expected.map(|(node, _)| (node, "accepted")))));

    let nothing = nodes.launch("ssh", "third", &["--missing-from", &results]);
    assert_eq!(nothing.code, Some(0), "{}", nothing.stderr);
    assert!(nothing.stdout.contains("each of the 6 nodes has a finished report"), "{}", nothing.stdout);
    assert!(!nodes.path("third").exists());
}

#[test]
fn reports_of_strangers_and_of_other_contracts_leave_a_node_missing() {
    let nodes = Nodes::new(&["n1", "n2", "n3"]);
    let stranger = assay(["key", "new", &nodes.text("stranger.pem")]);
    assert_eq!(stranger.code, Some(0));
    let text = read(&nodes, ".", "contract.toml").replace("\"fleet\"", "\"other\"");
    std::fs::write(nodes.path("other.toml"), text).unwrap();
    for (node, contract, key) in [
        ("n1", "contract.toml", "key.pem"),
        ("n2", "contract.toml", "stranger.pem"),
        ("n3", "other.toml", "key.pem"),
    ] {
        let (contract, key, out) =
            (nodes.text(contract), nodes.text(key), nodes.text(&format!("results/{node}")));
        let run = ["run", "--contract", &contract, "--key", &key, "--out", &out, "--node", node];
        let device = ["--device", "sim:mini", "--profile", "quick", "--probe", "census", "--probe", "link"];
        assert_eq!(assay(run.iter().chain(&device)).code, Some(0), "{node}");
    }
    let (results, key) = (nodes.text("results"), nodes.text("key.pub.pem"));
    let launched = |out: &str, more: &[&str]| {
        let ended = nodes.launch("ssh", out, &[&["--missing-from", results.as_str()], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let told = if out == "whole" { "a report there" } else { "2 reports there" };
        let is_told = ended.stderr.contains(told) && ended.stderr.contains("report.dsse.json (");
        assert!(is_told, "{out}: {:?}", ended.stderr);
        read(&nodes, out, "nodes.txt")
    };
    assert_eq!(launched("known", &["--trust", &key]), "n2\nn3\n");
    // Without keys to trust, the signer's own shows that a report is whole.
    assert_eq!(launched("whole", &[]), "n3\n");
    let report = nodes.path("results/n1/report.dsse.json");
    let mut changed: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    changed["payload"] = changed["payload"].as_str().unwrap().replacen('A', "B", 1).into();
    std::fs::write(&report, changed.to_string()).unwrap();
    assert_eq!(launched("changed", &[]), "n1\nn3\n");
}

/// Parts of cards are another resource, and what libraries share between devices does not fit what containers have for it.
#[test]
fn a_cluster_is_asked_for_what_its_gpus_are_called() {
    let nodes = Nodes::new(&["n1"]);
    let limit = |out: &str, more: &[&str]| {
        let ended = nodes.launch("kubernetes", out, &[&CLUSTER, more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let manifest = read(&nodes, out, "job.yaml");
        assert!(
            manifest.contains("mountPath: /dev/shm") && manifest.contains("medium: Memory"),
            "{manifest}"
        );
        let mut lines = manifest.lines().skip_while(|line| line.trim() != "limits:").skip(1);
        lines.next().unwrap().trim().to_owned()
    };
    assert_eq!(limit("cards", &[]), "\"nvidia.com/gpu\": 1");
    let parts = ["--gpus", "7", "--resource", "nvidia.com/mig-1g.18gb"];
    assert_eq!(limit("parts", &parts), "\"nvidia.com/mig-1g.18gb\": 7");
}

/// What a shell, YAML, a template or Kubernetes itself would misread, were it not quoted.
const ODD: &str = "$(NODE) 'x' \"y\" \\ #{{node}}: \u{2028}";
const ODD_IMAGE: &str = "registry.example/\u{e9}:1 # $(x)";

/// The documents of a manifest, which Kubernetes' own schemas accept.
fn accepted(nodes: &Nodes) -> Vec<Value> {
    let mut launch: Vec<String> = ["fleet", "launch", "kubernetes"].map(str::to_owned).to_vec();
    for (option, name) in [("--nodes", "nodes.txt"), ("--contract", "contract.toml"), ("--out", "out")] {
        launch.extend([option.to_owned(), nodes.text(name)]);
    }
    let cluster = ["--image", ODD_IMAGE, "--claim", "results", "--key-secret", "signer", "--gpus", "8"];
    let more = ["--time", "10m", "--retries", "2", "--within", "1h", "--", "--events", ODD];
    launch.extend(cluster.iter().chain(&more).map(|word| (*word).to_owned()));
    let written = assay(launch);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let python = std::env::var_os("ASSAY_TEST_PYTHON").unwrap_or("python3".into());
    let mut check = Command::new(python);
    check.arg(data("../kubernetes.py")).arg(nodes.path("out/job.yaml")).args(["1.29", "1.33", "1.37"]);
    let run = check.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    // By each version: three documents, and six defects that it refuses.
    assert_eq!(said.lines().filter(|line| line.starts_with("ok: ")).count(), 3 * (3 + 6), "{said}");
    let documents: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    documents.as_array().unwrap().clone()
}

#[test]
#[ignore = "needs Python with kubernetes-validate, named by ASSAY_TEST_PYTHON"]
fn kubernetes_schemas_accept_the_manifest_and_refuse_a_broken_one() {
    use base64::Engine as _;
    let nodes = Nodes::new(&["gpu-1", "gpu-2.example"]);
    let documents = accepted(&nodes);
    assert_eq!(documents.len(), 3);
    let contract = documents[0]["binaryData"]["contract.toml"].as_str().unwrap();
    let contract = base64::engine::general_purpose::STANDARD.decode(contract).unwrap();
    assert_eq!(contract, std::fs::read(nodes.path("contract.toml")).unwrap(), "its digest is of these bytes");
    for (job, node) in documents[1..].iter().zip(["gpu-1", "gpu-2.example"]) {
        let (spec, pod) = (&job["spec"], &job["spec"]["template"]["spec"]);
        assert_eq!((&spec["backoffLimit"], &spec["activeDeadlineSeconds"]), (&2.into(), &3600.into()));
        let terms = &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        let expected = serde_json::json!([{ "matchFields": [{ "key": "metadata.name", "operator": "In", "values": [node] }] }]);
        assert_eq!(terms["nodeSelectorTerms"], expected);
        let container = &pod["containers"][0];
        assert_eq!(container["image"], ODD_IMAGE);
        assert_eq!(container["resources"]["limits"]["nvidia.com/gpu"], 8);
        let args: Vec<&str> =
            container["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        // Kubernetes puts a value for $(NODE), and $ for $$.
        let doubled = ODD.replace('$', "$$");
        let expected = [
            "run",
            "--contract",
            "/contract/contract.toml",
            "--node",
            "$(NODE)",
            "--out",
            "/results/$(NODE)/$(POD)",
            "--key",
            "/key/key.pem",
            "--events",
            &doubled,
        ];
        assert_eq!(args, expected);
    }
    assert_ne!(documents[1]["metadata"]["name"], documents[2]["metadata"]["name"]);
    let recipe = read(&nodes, "out", "Dockerfile");
    assert!(recipe.contains("NVIDIA_DRIVER_CAPABILITIES=compute,utility"), "{recipe}");
}
