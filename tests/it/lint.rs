//! What a contract leaves open or cannot mean: one vector per rule, named after it; and the leases of 2024, which said less.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gpu_assay::catalogue::gpus;
use gpu_assay::contract::lint::{Lint, Place, RULES, Weight, lint};
use gpu_assay::contract::means;
use gpu_assay::contract::money::Money;
use gpu_assay::contract::parse::{load, locator};
use gpu_assay::contract::template::{Keys, Lease, lease};
use gpu_assay::contract::when::{Day, When};
use gpu_assay::contract::{Contract, Rule, parse};
use gpu_assay::language::Language;

use crate::process::assay;
use crate::support::data;

/// As a vector's first line has it, such as `error no-date, warning no-key at 7:1`.
fn told(text: &str, lints: &[Lint]) -> String {
    let one = |lint: &Lint| {
        let at = locator("contract.toml", text)(&lint.at)
            .map_or(String::new(), |(line, column)| format!(" at {line}:{column}"));
        format!("{} {}{at}", lint.weight.said(Language::English), lint.rule)
    };
    let all: Vec<String> = lints.iter().map(one).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

/// The day on which all contracts here are read.
fn today() -> Day {
    When("2024-06-01".parse().unwrap())
}

fn vectors(dir: &str) -> Vec<(String, String, Contract)> {
    let files = std::fs::read_dir(data(dir)).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = files
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, text, load(&path).unwrap_or_else(|e| panic!("{e}")).contract)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn each_vector_is_objected_to_as_it_says() {
    let mut seen = BTreeSet::new();
    for (name, text, contract) in vectors("lint") {
        let lints = lint(&contract, today(), Language::English);
        let expected = text.lines().next().unwrap().trim_start_matches("# ");
        assert_eq!(told(&text, &lints), expected, "{name}");
        seen.extend(lints.iter().map(|lint| lint.rule));
        for lint in &lints {
            assert!(!lint.why.is_empty() && !lint.write.is_empty(), "{name}: {lint:?}");
        }
    }
    assert_eq!(seen, BTreeSet::from(RULES), "each rule has a vector");
}

/// The same objections in the same places; only the words differ, and what is written into the contract does not.
#[test]
fn objections_are_raised_in_every_language() {
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (name, _, contract) in vectors("lint").into_iter().chain(vectors("leases")) {
        let [english, chinese] = Language::ALL.map(|language| lint(&contract, today(), language));
        assert_eq!(english.len(), chinese.len(), "{name}");
        for (one, other) in english.iter().zip(&chinese) {
            assert_eq!((one.rule, one.weight, &one.at), (other.rule, other.weight, &other.at));
            assert!(!is_chinese(&one.why) && is_chinese(&other.why), "{name}: {}", other.why);
            assert!(is_chinese(&other.write) || one.write == other.write, "{name}: {}", other.write);
        }
    }
}

/// Every JSON form is the same contract, so it is objected to alike.
#[test]
fn json_is_objected_to_as_toml_is() {
    for (name, _, contract) in vectors("lint") {
        let json = serde_json::to_string_pretty(&contract).unwrap();
        let again = parse("contract.json", json.as_bytes()).unwrap().contract;
        assert_eq!(again, contract, "{name}");
        for lint in lint(&again, today(), Language::English) {
            let at = locator("contract.json", &json)(&lint.at);
            let placed = matches!(lint.at, Place::Contract) || at.is_some();
            assert!(placed, "{name}: {lint:?}");
        }
    }
}

/// What was signed in 2024, as far as it became known: see the comments in these files.
#[test]
fn the_old_leases_lack_what_they_failed_for() {
    let leases = vectors("leases");
    assert!(leases.len() >= 4);
    for (name, text, contract) in leases {
        let expected = text.lines().find_map(|line| line.strip_prefix("# lint: ")).unwrap();
        let lints = lint(&contract, today(), Language::English);
        let rules: Vec<&str> = lints.iter().map(|lint| lint.rule).collect();
        assert_eq!(rules.join(", "), expected, "{name}");
        assert!(lints.iter().any(|lint| lint.weight == Weight::Error), "{name}");
    }
}

#[test]
fn the_command_says_where_and_what_to_write_and_ends_with_2() {
    let file = data("lint/sparse-as-dense.toml");
    let ended = assay(["contract", "check", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    for part in [
        "sparse-as-dense.toml:37:6: error [sparse-as-dense]",
        "clause \"products\": 1979 TFLOP/s is the figure for matrices of which half is zero; dense, H200 SXM has 989.5 TFLOP/s",
        "write: at_least = \"",
        "1 error, 0 warnings",
    ] {
        assert!(ended.stdout.contains(part), "{part}\n{}", ended.stdout);
    }
    let good = data("lint/a-good-lease.toml");
    let ended = assay(["contract", "check", "--json", good.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["lints"], serde_json::json!([]));
}

/// For every card and in both languages: nothing is to be objected to but that the keys are missing, and what cannot be measured.
#[test]
fn a_new_lease_leaves_nothing_open_but_the_keys() {
    for card in gpus() {
        for language in [Language::English, Language::Chinese] {
            let terms = Lease {
                card,
                nodes: 41.try_into().unwrap(),
                devices: 8.try_into().unwrap(),
                due: When("2027-01-31".parse().unwrap()),
                price: Some(Money::try_from("2.40 USD".to_owned()).unwrap()),
                language,
                keys: Keys::default(),
            };
            let text = lease(&terms);
            let contract =
                parse("lease.toml", text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}")).contract;
            assert_eq!(contract.delivery.nodes(), Some(terms.nodes));
            // Cards that this program has no way to, and those of which it may not use all.
            let mut expected = Vec::new();
            if !means::any(card) {
                expected.extend(["unmeasured", "no-compute", "no-bandwidth"]);
            } else if card.fp16.or(card.fp32).is_none() {
                expected.push("no-compute");
            } else if card.vendor != "NVIDIA" {
                expected.push("part-of-units");
            }
            if means::any(card) && card.vendor != "NVIDIA" {
                expected.insert(0, "part-of-units");
            }
            if card.memory_sizes().count() == 0 {
                expected.push("no-memory");
            }
            expected.push("no-key");
            let rules: Vec<&str> =
                lint(&contract, today(), Language::English).iter().map(|lint| lint.rule).collect();
            assert_eq!(rules, expected, "{}", card.name);
        }
    }
}

/// What is demanded of some cards for which the usual clauses would decide nothing, and how many of them a node holds.
#[test]
fn a_lease_demands_what_can_be_told_of_its_card() {
    let demanded = |sku: &str| {
        let ended = assay(["contract", "new", "--sku", sku]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let contract = parse("lease.toml", ended.stdout.as_bytes()).unwrap().contract;
        let figures = contract.clauses.iter().filter_map(|clause| {
            let (metric, bound) = clause.rule.owed()?;
            Some(format!("{metric} {bound}"))
        });
        let of: Vec<String> = figures.collect();
        (of, contract.inventory.unwrap().devices.get(), ended.stdout)
    };
    let (b200, ..) = demanded("B200 SXM");
    assert!(b200.iter().any(|one| one == "vendor.bf16.rate 1.65 PFLOP/s"), "{b200:?}");
    assert!(b200.iter().any(|one| one == "vendor.fp8_e4m3.rate 3.26 PFLOP/s"), "{b200:?}");
    assert!(!b200.iter().any(|one| one.starts_with("gemm") || one.starts_with("sustain.bf16")), "{b200:?}");
    let (rtx, devices, text) = demanded("RTX 4090 D");
    assert!(rtx.iter().any(|one| one == "gemm.bf16.rate 50 % of datasheet"), "{rtx:?}");
    assert!(rtx.iter().any(|one| one == "stream.triad.rate 60 % of datasheet"), "{rtx:?}");
    assert!(devices == 8 && text.contains("not a slow one"), "{text}");
    let (mi300x, _, text) = demanded("MI300X");
    assert!(mi300x.iter().any(|one| one == "gemm.fp16.rate 50 % of datasheet"), "{mi300x:?}");
    assert!(
        !text.contains("counters.xid") && !text.contains("throttle.thermal") && !text.contains("bf16"),
        "{text}"
    );
    assert_eq!([demanded("GB200").1, demanded("GB300").1], [4, 4]);

    // Counters that a card does not have as it is delivered would keep every node of it undecided.
    let counted = |sku: &str| {
        let text = demanded(sku).2;
        let has = |word: &str| text.contains(&format!("metric = \"counters.{word}.count\"\nequals = 0"));
        ["ecc_uncorrected", "remap_pending", "remap_failure", "xid"].map(has)
    };
    for stacked in ["A100 SXM4 80GB", "H100 PCIe 80GB", "H200 SXM", "GB200", "GB300"] {
        assert_eq!(counted(stacked), [true; 4], "{stacked}");
    }
    assert_eq!(counted("V100 SXM2"), [true, true, false, true], "it retires pages");
    assert_eq!(counted("L40S"), [true, false, false, true]);
    assert_eq!(counted("RTX 4090"), [false, false, false, true]);
    let h200 = demanded("H200 SXM").2;
    let replaced = h200.lines().rfind(|line| line.starts_with("of = "));
    let is_replaced = |of: &str| of.contains("\"no-remap-pending\", \"no-remap-failure\"");
    assert!(replaced.is_some_and(is_replaced), "{h200}");
}

/// One program must not tell two numbers: what is to be written instead is what a new lease demands.
#[test]
fn what_to_write_is_what_a_new_lease_demands() {
    let lease = assay(["contract", "new", "--sku", "H200 SXM", "--price", "2 USD"]).stdout;
    let bound = "at_least = \"604 TFLOP/s\"";
    assert!(lease.contains(bound), "{lease}");
    let dir = tempfile::tempdir().unwrap();
    let rules = |text: &str, rule: &str| {
        let file = dir.path().join("lease.toml");
        std::fs::write(&file, text).unwrap();
        let told = assay(["contract", "check", file.to_str().unwrap()]).stdout;
        let about = told.split("\n\n").find(|about| about.contains(&format!("[{rule}]")));
        assert!(about.is_some_and(|about| about.contains(bound)), "{rule}: {told}");
    };
    rules(&lease.replace(bound, "at_least = \"900 TFLOP/s\""), "unreachable");
    rules(&lease.replace(bound, "at_least = \"604 GFLOP/s\""), "far-too-lax");
    let no_compute = "version = 1\nid = \"x\"\n[inventory]\ndevices = 8\nsku = \"H200 SXM\"\n[price]\namount = \"2 USD\"\n\
                      per = \"device_hour\"\n[[clause]]\nid = \"c\"\nmetric = \"link.h2d.rate\"\nat_least = \"50 GB/s\"\n\
                      statistic = \"p50\"\n";
    rules(no_compute, "no-compute");
}

#[test]
fn an_ambiguous_name_makes_no_lease() {
    let ended = assay(["contract", "new", "--sku", "H100", "--nodes", "41"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("H100 SXM5 80GB") && ended.stdout.is_empty(), "{}", ended.stderr);
    let ended = assay([
        "contract", "new", "--sku", "H200 SXM", "--nodes", "41", "--lang", "zh-CN", "--price", "20 CNY",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("nodes = 41") && ended.stdout.contains("承租方"), "{}", ended.stdout);
}

/// A share is judged as the quantity that it comes to.
#[test]
fn a_share_is_of_what_the_contract_names() {
    let bound = |at_least: &str| {
        let text = format!(
            "version = 1\nid = \"x\"\n[inventory]\ndevices = 1\nsku = \"H200 SXM\"\n[reference]\nsha256 = \"{}\"\n[reference.figures]\n\
             \"gemm.bf16.rate\" = \"700 TFLOP/s\"\n[[clause]]\nid = \"c\"\nmetric = \"gemm.bf16.rate\"\nstatistic = \"p50\"\n\
             at_least = \"{at_least}\"\n",
            "ab".repeat(32)
        );
        let contract = parse("x.toml", text.as_bytes()).unwrap().contract;
        let (_, bound) = contract.clauses[0].rule.owed().unwrap();
        (bound.value(), bound.to_string())
    };
    assert_eq!(bound("60 % of datasheet"), (0.6 * 989.5e12, "60 % of datasheet".to_owned()));
    assert_eq!(bound("95 % of reference"), (0.95 * 700e12, "95 % of reference".to_owned()));
    assert_eq!(bound("600 TFLOP/s"), (600e12, "600 TFLOP/s".to_owned()));
}

/// A report of these devices, in a directory of its own.
fn measured(dir: &Path, devices: &[&str], more: &[&str]) -> PathBuf {
    let out = dir.join("out");
    let mut args =
        vec!["--quiet", "run", "--profile", "quick", "--probe", "memory", "--out", out.to_str().unwrap()];
    args.extend(devices.iter().flat_map(|device| ["--device", device]));
    args.extend(more);
    let ended = assay(&args);
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
    out.join("report.dsse.json")
}

#[test]
fn a_contract_from_a_report_has_as_many_devices() {
    let dir = tempfile::tempdir().unwrap();
    let devices = ["sim:mini", "sim:mini,index=1", "sim:mini,index=2"];
    let report = measured(dir.path(), &devices, &["--measure-only"]);
    let ended = assay(["contract", "new", "--from", report.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let contract = parse("new.toml", ended.stdout.as_bytes()).unwrap().contract;
    assert_eq!(contract.inventory.unwrap().devices.get(), 3);
}

/// Whoever copies the figures of a broken card into a contract has that card accepted for ever.
#[test]
fn a_contract_takes_no_bounds_from_a_device_that_is_at_fault() {
    let dir = tempfile::tempdir().unwrap();
    let (broken, good) = ("sim:mini,flip=1MB:17", "sim:mini,index=1");
    let report = measured(dir.path(), &[broken, good], &["--measure-only"]);
    let ended = assay(["contract", "new", "--from", report.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    assert!(ended.stderr.contains(broken) && ended.stderr.contains("read back wrong"), "{}", ended.stderr);

    // Beside a good one it is told of.
    let dir = tempfile::tempdir().unwrap();
    let report = measured(dir.path(), &[good, broken], &["--measure-only"]);
    let ended = assay(["contract", "new", "--from", report.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains(broken) && ended.stdout.contains("DID NOT PASS"), "{}", ended.stderr);
}

#[test]
fn a_contract_from_a_report_that_failed_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let strict = dir.path().join("strict.toml");
    let text = "version = 1\nid = \"x\"\naccept = [\"simulated\"]\n[[clause]]\nid = \"large\"\nmetric = \"memory.filled.bytes\"\n\
                at_least = \"9 TB\"\n";
    std::fs::write(&strict, text).unwrap();
    let report = measured(dir.path(), &["sim:mini"], &["--contract", strict.to_str().unwrap()]);
    let ended = assay(["contract", "new", "--from", report.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("did not pass") && ended.stderr.contains("large"), "{}", ended.stderr);
    assert!(ended.stdout.contains("# THE REPORT") && ended.stdout.contains("# large ("), "{}", ended.stdout);
    parse("new.toml", ended.stdout.as_bytes()).unwrap();
}

/// What a driver calls the card, and a number before the card, are read alike by every command.
#[test]
fn names_of_cards_are_read_alike_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let lease = assay(["contract", "new", "--sku", "NVIDIA H100 80GB HBM3", "--price", "2.40 USD"]).stdout;
    assert!(lease.contains("sku = \"H100 SXM5 80GB\""), "{lease}");
    let file = dir.path().join("lease.toml");
    for (sku, code, says) in
        [("NVIDIA H100 80GB HBM3", 0, ""), ("8x H100 SXM", 2, "sku = \"H100 SXM5 80GB\", and devices = 8")]
    {
        std::fs::write(&file, lease.replace("H100 SXM5 80GB", sku)).unwrap();
        let ended = assay(["contract", "check", file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(code), "{sku}: {}", ended.stdout);
        assert!(ended.stdout.contains(says), "{sku}: {}", ended.stdout);
    }
    for command in
        [&["contract", "new", "--sku", "8x H100 SXM"][..], &["catalogue", "show", "8x", "H100", "SXM"]]
    {
        let ended = assay(command);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
        assert!(
            ended.stderr.contains("\"H100 SXM5 80GB\"") && !ended.stderr.contains("H200"),
            "{}",
            ended.stderr
        );
    }
}

/// How many of a card's links lead to one other is the board's: what switches or a bridge give is demanded of no node without them.
#[test]
fn bounds_of_links_are_of_nodes_that_have_them() {
    let peers = |sku: &str, devices: u32| {
        let card = gpus().iter().find(|gpu| gpu.name == sku).unwrap();
        let terms = Lease {
            card,
            nodes: 41.try_into().unwrap(),
            devices: devices.try_into().unwrap(),
            due: When("2027-01-31".parse().unwrap()),
            price: None,
            language: Language::English,
            keys: Keys::default(),
        };
        let text = lease(&terms);
        assert!(text.contains("metric = \"peer.slowest.rate\"") || devices == 1, "{text}");
        let contract =
            parse("lease.toml", text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}")).contract;
        let of_peers = |rule: &Rule| rule.metrics().iter().any(|metric| metric.probe() == "peer");
        contract.clauses.iter().any(|clause| of_peers(&clause.rule))
    };
    assert!(peers("H200 SXM", 8) && peers("H100 NVL 94GB", 2));
    assert!(!peers("H200 SXM", 4) && !peers("H200 SXM", 2) && !peers("H100 NVL 94GB", 8));

    let rules = |sku: &str, devices: u32, clause: &str| -> Vec<&str> {
        let text = format!(
            "version = 1\nid = \"x\"\n[inventory]\ndevices = {devices}\nsku = \"{sku}\"\n[[clause]]\nid = \"c\"\n{clause}\n"
        );
        let contract = parse("x.toml", text.as_bytes()).unwrap().contract;
        let found = lint(&contract, today(), Language::English);
        found.into_iter().map(|lint| lint.rule).filter(|rule| *rule != "no-lease").collect()
    };
    let least =
        |bound: &str| format!("metric = \"peer.slowest.rate\"\nat_least = \"{bound}\"\nstatistic = \"p50\"");
    assert_eq!(rules("H100 SXM5 80GB", 8, &least("130 GB/s")), ["far-too-lax"]);
    assert!(rules("H100 SXM5 80GB", 4, &least("130 GB/s")).is_empty(), "a third of the links");
    assert!(rules("H100 NVL 94GB", 8, &least("40 GB/s")).is_empty(), "through the host");
    assert_eq!(rules("H200 SXM", 4, &least("900 GB/s")), ["both-directions"]);
}

/// No datasheet says what two cards, or all, reach together.
#[test]
fn links_have_no_share_of_a_datasheet() {
    for metric in ["peer.slowest.rate", "peer.0-1.rate", "collective.all_reduce.busbw"] {
        let text = format!(
            "version = 1\nid = \"x\"\n[inventory]\ndevices = 8\nsku = \"H200 SXM\"\n[[clause]]\nid = \"c\"\nmetric = \"{metric}\"\n\
             at_least = \"80 % of datasheet\"\nstatistic = \"p50\"\n"
        );
        let error = parse("x.toml", text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("has no figure for {metric}; write a quantity")), "{error}");
    }
}

#[test]
fn a_clause_that_takes_more_devices_than_a_node_has_is_told() {
    let told = |devices: u32, metric: &str, rule: &str| {
        let text = format!(
            "version = 1\nid = \"x\"\n[inventory]\ndevices = {devices}\n[[clause]]\nid = \"c\"\nmetric = \"{metric}\"\n{rule}\n"
        );
        let contract = parse("x.toml", text.as_bytes()).unwrap().contract;
        let found =
            lint(&contract, today(), Language::English).into_iter().find(|lint| lint.rule == "unmeasured");
        found.map(|lint| lint.why)
    };
    let rate = "at_least = \"1 GB/s\"\nstatistic = \"p50\"";
    for (needs, metric, rule) in [
        (2, "peer.slowest.rate", rate),
        (6, "peer.5-0.rate", rate),
        (2, "collective.broadcast.busbw", rate),
        (2, "node.any.lag", "at_most = \"5 %\""),
    ] {
        let why = told(needs - 1, metric, rule).unwrap_or_else(|| panic!("{metric}"));
        assert!(why.contains(&format!("takes {needs} devices, and a node has {}", needs - 1)), "{why}");
        assert_eq!(told(needs, metric, rule), None);
    }
}
