//! What a terminal shows in Chinese: help and the manual page, a run while it lasts, proofs and plans. Flags, names and figures are the
//! same in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Command;
use fluent_syntax::ast::{Entry, Pattern, PatternElement};
use gpu_assay::cli::help;
use gpu_assay::language::Language;
use unicode_width::UnicodeWidthStr;

use crate::languages::prose_in;
use crate::live;
use crate::process::{Ended, assay, output_of};

/// Command and attribute, as in the catalogue of help.
type Key = (String, Option<String>);

fn plain(pattern: &Pattern<&str>) -> String {
    let text = |element: &PatternElement<&str>| match element {
        PatternElement::TextElement { value } => (*value).to_owned(),
        PatternElement::Placeable { .. } => String::new(),
    };
    pattern.elements.iter().map(text).collect()
}

fn catalogue() -> BTreeMap<Key, String> {
    let resource = fluent_syntax::parser::parse(help::CHINESE_TEXTS).unwrap_or_else(|(_, e)| panic!("{e:?}"));
    let mut entries = BTreeMap::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let id = message.id.name.to_owned();
        let attributes = message.attributes.iter().map(|a| (Some(a.id.name.to_owned()), plain(&a.value)));
        let value = message.value.as_ref().map(|value| (None, plain(value)));
        for (attribute, text) in value.into_iter().chain(attributes) {
            let again = entries.insert((id.clone(), attribute.clone()), text);
            assert!(again.is_none(), "{id} {attribute:?} stands twice");
        }
    }
    entries
}

/// What of the English help each entry of the catalogue stands for.
struct Found {
    entries: BTreeMap<Key, String>,
    stands_for: BTreeMap<Key, BTreeSet<String>>,
}

impl Found {
    fn note(&mut self, command: &str, attribute: Option<&str>, english: String) {
        let key = (command.to_owned(), attribute.map(str::to_owned));
        assert!(self.entries.contains_key(&key), "nothing says {english:?}: {key:?}");
        self.stands_for.entry(key).or_default().insert(english);
    }

    /// Where no command says it itself, one above it does.
    fn note_argument(&mut self, command: &str, name: &str, english: String) {
        let mut at = std::iter::successors(Some(command), |below| Some(below.rsplit_once('-')?.0));
        let has = |command: &&str| self.entries.contains_key(&((*command).to_owned(), Some(name.to_owned())));
        let of = at.find(has).unwrap_or_else(|| panic!("nothing says {english:?}: {command}, {name}"));
        self.note(of, Some(name), english);
    }

    fn walk(&mut self, command: &Command, id: &str) {
        let about = command.get_about().unwrap_or_else(|| panic!("{id} has no help")).to_string();
        if let Some(long) = command.get_long_about() {
            let more = long.to_string().strip_prefix(&about).unwrap().trim_start().to_owned();
            self.note(id, Some("more"), more);
        }
        self.note(id, None, about);
        if let Some(after) = command.get_after_help() {
            self.note(id, Some("after"), after.to_string());
        }
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let name = arg.get_id().as_str();
            assert!(arg.get_long_help().is_none(), "{id} {name}: there is no place for a long help");
            if let Some(help) = arg.get_help() {
                self.note_argument(id, name, help.to_string());
            }
            for value in arg.get_possible_values() {
                if let Some(help) = value.get_help() {
                    self.note_argument(id, &format!("{name}-{}", value.get_name()), help.to_string());
                }
            }
        }
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            self.walk(below, &format!("{id}-{}", below.get_name()));
        }
    }
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn all_help_is_there_in_chinese_and_no_more() {
    let mut found = Found { entries: catalogue(), stands_for: BTreeMap::new() };
    found.walk(&help::command(Language::English), "assay");
    for (key, english) in &found.stands_for {
        assert_eq!(english.len(), 1, "one text stands for several: {key:?}: {english:#?}");
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/help.rs");
    let source = std::fs::read_to_string(source).unwrap();
    for (key @ (id, _), text) in &found.entries {
        let is_said = found.stands_for.contains_key(key) || source.contains(&format!("\"{id}\")"));
        assert!(is_said, "nothing of the English help is {key:?}");
        assert!(
            !text.is_ascii() || ["env-after"].contains(&id.as_str()),
            "{key:?} is not in Chinese: {text}"
        );
    }
}

/// Everything that is typed.
fn accepted(command: &Command, into: &mut Vec<String>) {
    into.push(format!("{} {}", command.get_name(), command.is_hide_set()));
    for arg in command.get_arguments() {
        let values: Vec<String> =
            arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        let defaults = arg.get_default_values();
        into.push(format!("{arg} {:?} {} {values:?} {defaults:?}", arg.get_short(), arg.is_required_set()));
    }
    command.get_subcommands().for_each(|below| accepted(below, into));
}

#[test]
fn flags_and_values_are_the_same_in_every_language() {
    let all = Language::ALL.map(|language| {
        let mut all = Vec::new();
        let mut command = help::command(language);
        command.build();
        accepted(&command, &mut all);
        all
    });
    assert!(all[0].len() > 200);
    assert_eq!(all[0], all[1]);
}

fn paths(command: &Command, above: &[String], into: &mut Vec<Vec<String>>) {
    into.push(above.to_vec());
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        paths(below, &[above, &[below.get_name().to_owned()]].concat(), into);
    }
}

#[test]
fn help_is_in_chinese_wherever_it_is_asked_for() {
    let mut all = Vec::new();
    paths(&help::command(Language::English), &[], &mut all);
    let parsers = [
        "Usage",
        "Options:",
        "Commands:",
        "Arguments:",
        "Print ",
        "default:",
        "ossible values",
        "env:",
        "phrase-",
    ];
    for path in &all {
        let spoken = ["--lang", "zh-CN"].into_iter().chain(path.iter().map(String::as_str));
        for flag in ["-h", "--help"] {
            let ended = output_of(&[("COLUMNS", "80")], spoken.clone().chain([flag]));
            assert_eq!(ended.code, Some(0), "{path:?}");
            for words in parsers {
                assert!(!ended.stdout.contains(words), "{path:?}: {words}\n{}", ended.stdout);
            }
            assert!(
                ended.stdout.contains("用法： assay") && ended.stdout.contains("选项："),
                "{}",
                ended.stdout
            );
            let is_short = |line: &&str| line.width() <= 80 || line.starts_with("用法");
            assert_eq!(ended.stdout.lines().find(|line| !is_short(line)), None, "{path:?}");
        }
    }
    let whole = assay(["--lang", "zh-CN", "fleet", "--help"]).stdout;
    assert_eq!(output_of(&[("ASSAY_LANG", "zh-CN")], ["help", "fleet"]).stdout, whole);
    assert_eq!(assay(["fleet", "--help", "--lang=zh-CN"]).stdout, whole, "wherever it stands");
    let manual = assay(["--lang", "zh-CN", "manpage"]).stdout;
    assert!(manual.contains(".SH 名称\n") && manual.contains("[默认值：en]"), "{manual}");
    let titles = manual.lines().filter_map(|line| line.strip_prefix(".SH "));
    assert!(titles.clone().count() >= 6 && titles.clone().all(is_chinese), "{manual}");
    assert!(!is_chinese(&assay(["manpage"]).stdout));
    // Mistakes are told as they are in English.
    let ended = output_of(&[("ASSAY_LANG", "zh-CN")], ["run", "--no-such-flag"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("unexpected argument"), "{}", ended.stderr);
}

#[test]
fn a_run_tells_how_far_it_is_in_chinese() {
    let (bytes, screens) = live::on_terminal(24, 80, "NO_COLOR=1 ASSAY_LANG=zh-CN");
    for words in [
        &["7 sim:mini,m", " %  "][..],
        &["sim:mini,m", " %  ", "sustain.bf16.rate", "FLOP/s", "剩余 "],
        &[" C ", " W ", " MHz", "降频：过热"],
        &["copies：不通过"],
        &["个错误结果", "，约剩 ", "8 项不通过", "8 项通过"],
        &["设备 6：结果错误：product", "发现"],
        &["测量用时 "],
        &["结论：不通过"],
    ] {
        assert!(live::seen(&screens, words), "never shown: {words:?}\n{}", String::from_utf8_lossy(&bytes));
    }
    // A line that wrapped would leave its device behind when the next screen is drawn.
    for screen in &screens {
        let devices = screen.iter().filter(|row| row.starts_with("3 sim:mini")).count();
        assert!(devices <= 1, "{}", screen.join("\n"));
    }
}

#[test]
fn lines_of_a_run_are_in_chinese_and_its_events_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let run = live::arguments(dir.path());
    let ended = assay(run.iter().map(String::as_str).chain(["--lang", "zh-CN"]));
    let of_first = |words: &str| ended.stderr.lines().filter(|line| line.contains(words)).count();
    assert_eq!(of_first("index=0  stream.read.rate："), 1, "{}", ended.stderr);
    assert_eq!(of_first("index=0  结果错误：product"), 5, "the first few\n{}", ended.stderr);
    assert_eq!(of_first("index=0  还有更多错误结果，此后只计数"), 1);
    assert_eq!(of_first("index=0  sustain.bf16.rate：持续满载 90 s"), 1, "{}", ended.stderr);
    for line in ended.stderr.lines() {
        assert!(is_chinese(line) || line.contains("：") || line.trim_end().ends_with("："), "{line}");
    }
    let events = std::fs::read_to_string(dir.path().join("out/events.jsonl")).unwrap();
    assert!(!is_chinese(&events));
}

/// In one directory: a key, a challenge, a proof without a witness.
struct Proved {
    dir: tempfile::TempDir,
    said: [Ended; 3],
}

impl Proved {
    fn in_chinese() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let (key, challenge, out) = (path("key.pem"), path("challenge.json"), path("proof"));
        let said = |args: &[&str]| {
            let ended = assay(args.iter().copied().chain(["--lang", "zh-CN"]));
            assert_eq!(ended.code, Some(0), "{args:?}: {}{}", ended.stdout, ended.stderr);
            ended
        };
        let said = [
            said(&["key", "new", &key]),
            said(&[
                "challenge",
                "new",
                "--key",
                &key,
                "--out",
                &challenge,
                "--at-least",
                "2s",
                "--node",
                "n1",
            ]),
            said(&["prove", "--challenge", &challenge, "--device", "sim:mini", "--out", &out, "--key", &key]),
        ];
        Self { dir, said }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }
}

#[test]
fn proofs_and_what_is_made_for_them_are_shown_in_chinese() {
    let proved = Proved::in_chinese();
    let [key, challenge, proof] = &proved.said;
    let shown = assay([
        "verify",
        &proved.path("proof/proof.dsse.json"),
        "--trust",
        &proved.path("key.pub.pem"),
        "--lang",
        "zh-CN",
    ]);
    let fingerprint = assay(["key", "show", &proved.path("key.pub.pem"), "--lang", "zh-CN"]);
    let stamp = assay(["timestamp", &proved.path("challenge.json"), "--lang", "zh-CN"]);
    for (ended, words) in [
        (key, &["私钥         ", "请妥善保密", "公钥         ", "指纹         "][..]),
        (
            challenge,
            &["质询         ", "要求         1 个 GPU，计算 2 s", "有效期至     ", "只能用于一次证明"],
        ),
        (
            proof,
            &[
                "可信等级     L0，仅为自述",
                "时钟         证明方自己的时钟",
                "由节点 n1 应答",
                "开始时间     ",
                "轮数",
                "至少达到",
            ],
        ),
        (proof, &["出示了 460 行", "证明：成立", "签名证明      ", "公钥          "]),
        (
            &shown,
            &[
                "签名密钥     ",
                "出示了 460 行",
                "验证：签名有效，由对话记录可得出上述数值；出示的每一行都重新核对过",
            ],
        ),
        (&fingerprint, &["指纹         "]),
        (&stamp, &["请求     ", "字节加时间戳", "下一步   curl"]),
    ] {
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for word in words {
            assert!(ended.stdout.contains(word), "{word:?} is not in: {}", ended.stdout);
        }
        // Names of cards, commands and keys are nobody's prose.
        let others = ["Assay Mini", "curl", "-----"];
        let is_ours = |line: &&str| !others.iter().any(|word| line.contains(word));
        let lines = ended.stdout.lines().filter(is_ours);
        let prose: Vec<String> = lines.flat_map(prose_in).collect();
        assert!(prose.is_empty(), "{prose:?}\n{}", ended.stdout);
    }
    let json = |args: &[&str]| {
        let file = proved.path("proof/proof.dsse.json");
        let key = proved.path("key.pub.pem");
        assay(["verify", &file, "--trust", &key, "--json"].into_iter().chain(args.iter().copied())).stdout
    };
    assert_eq!(json(&["--lang", "zh-CN"]), json(&[]), "programs read one language");
}

#[test]
fn plans_and_launches_are_told_in_chinese() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let names: Vec<String> = (0..40).map(|n| format!("node{n}")).collect();
    std::fs::write(path("nodes"), names.join("\n")).unwrap();
    let contract = crate::process::easy_contract(dir.path()).display().to_string();
    let plan = |more: &[&str]| {
        let args = ["fleet", "plan", "--lot", "40", "--aql", "1%", "--ltpd", "20%", "--nodes"];
        let (nodes, seed) = (path("nodes"), ["--seed", "later", "--lang", "zh-CN"]);
        let args: Vec<&str> = args.into_iter().chain([nodes.as_str()]).chain(seed).collect();
        assay(args.into_iter().chain(more.iter().copied()))
    };
    let shown = plan(&[]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    for words in [
        "要对 40 个节点作出决定",
        "则接收整批",
        "合格批（不合格节点至多",
        "也可以逐个测试",
        "平均测试数",
        "以种子“later”从 ",
    ] {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    let lines = shown.stdout.lines().map(|line| line.split('`').step_by(2).collect::<String>());
    let prose: Vec<String> = lines.flat_map(|line| prose_in(&line)).collect();
    assert!(prose.is_empty(), "{prose:?}");
    assert!(!is_chinese(&plan(&["--json"]).stdout));
    let out = path("launch");
    let results = path("results");
    let nodes = path("nodes");
    let ssh = [
        "fleet",
        "launch",
        "ssh",
        "--nodes",
        &nodes,
        "--contract",
        &contract,
        "--out",
        &out,
        "--results",
        &results,
    ];
    let ended = assay(ssh.into_iter().chain(["--lang", "zh-CN"]));
    let told = format!("已为 40 个节点写出作业文件，位于 {out}；下一步：sh {out}/launch.sh\n");
    assert_eq!(ended.stdout, told, "{}", ended.stderr);
    let script = std::fs::read_to_string(dir.path().join("launch/launch.sh")).unwrap();
    assert!(!is_chinese(&script), "what runs on nodes is in one language");
}
