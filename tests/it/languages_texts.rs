//! How the Chinese texts are written: marks of full width, spaces beside letters and digits only, one word for one thing. The words are
//! those of the glossary at the head of `src/language/zh-CN.ftl`.

use std::path::Path;

use gpu_assay::cli::help;
use gpu_assay::contract::template::{Keys, Source, template};
use gpu_assay::language::Language;

use crate::process::{assay, easy_contract};

/// Where a line stands, by the id of its entry, and its text.
type Line = (String, String);

/// The lines of a catalogue, without its comments.
fn entries(catalogue: &str) -> Vec<Line> {
    let mut id = String::new();
    let of = |line: &str| line.split_once(" = ").map(|(name, text)| (name.to_owned(), text.to_owned()));
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase());
    let mut lines = Vec::new();
    for line in catalogue.lines().filter(|line| !line.starts_with('#')) {
        let (name, text) = of(line).filter(|_| begins(line.trim_start_matches([' ', '.']))).unzip();
        if let Some(name) = name.filter(|_| begins(line)) {
            id = name;
        }
        lines.push((id.clone(), text.unwrap_or_else(|| line.to_owned())));
    }
    lines
}

fn texts() -> Vec<Line> {
    let mut all = entries(Language::Chinese.messages());
    all.extend(entries(help::CHINESE_TEXTS));
    let generic = template(Source::Generic, &Keys::default(), Language::Chinese);
    let lease = |sku| assay(["contract", "new", "--sku", sku, "--lang", "zh-CN"]).stdout;
    let contracts = [generic].into_iter().chain(["H200 SXM", "B200 SXM", "RTX 4090 D", "L40S"].map(lease));
    for contract in contracts {
        assert!(contract.contains("承租方"), "{contract}");
        all.extend(contract.lines().map(|line| ("contract new".to_owned(), line.to_owned())));
    }
    all
}

/// What stands for commands and values, whatever they hold.
const HOLE: char = '\u{fffc}';

/// The text without what is typed, and without values that are filled in.
fn plain(line: &str) -> String {
    let typed = line.split('`').step_by(2).collect::<Vec<_>>().join(&HOLE.to_string());
    let mut plain = String::new();
    let mut depth = 0;
    for c in typed.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => {
                depth -= 1;
                plain.push(HOLE);
            }
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Each two characters that stand beside each other, and the two around each lone space.
fn pairs(text: &str) -> Vec<(char, bool, char)> {
    let all: Vec<char> = text.chars().collect();
    let beside = all.windows(2).map(|two| (two[0], false, two[1]));
    let apart = all.windows(3).filter(|three| three[1] == ' ').map(|three| (three[0], true, three[2]));
    beside.chain(apart).collect()
}

/// What is wrong between two characters of a Chinese text, of which a space may stand between.
fn wrong(before: char, is_apart: bool, after: char) -> Option<&'static str> {
    let half = |c: char| ",;:!?()".contains(c);
    let full = |c: char| "，。：；（）、？！".contains(c);
    let letter = |c: char| c.is_ascii_alphanumeric();
    if (is_han(before) && half(after)) || (half(before) && is_han(after)) {
        return Some("a mark of half width");
    }
    match is_apart {
        // Help sets a space before the brackets of a default.
        true if after != '[' && (full(before) || full(after)) => Some("a space beside a mark of full width"),
        true if is_han(before) && is_han(after) => Some("a space within Chinese"),
        false if (is_han(before) && letter(after)) || (letter(before) && is_han(after)) => Some("no space"),
        true | false => None,
    }
}

#[test]
fn chinese_texts_have_marks_of_full_width_and_spaces_beside_letters_alone() {
    let found = |line: &str| {
        let text = plain(line);
        let inside = text.split('(').skip(1).filter_map(|rest| rest.split_once(')'));
        match inside.into_iter().any(|(inside, _)| inside.chars().any(is_han)) {
            true => Some("brackets of half width"),
            false => pairs(&text).into_iter().find_map(|(a, is_apart, b)| wrong(a, is_apart, b)),
        }
    };
    for (line, what) in [
        ("软件实现 (CPU)", "a mark of half width"),
        ("4 TB/s (assay 实测，CUDA)", "brackets of half width"),
        ("通过,不通过", "a mark of half width"),
        ("通过 ，不通过", "a space beside a mark of full width"),
        ("不 通过", "a space within Chinese"),
        ("用GPU测量", "no space"),
    ] {
        assert_eq!(found(line), Some(what), "{line}");
    }
    assert_eq!(found("软件实现（CPU）：{ $count } 个，`a`，[默认值：1]"), None);
    let all = texts();
    assert!(all.len() > 1700, "{}", all.len());
    let faults: Vec<String> =
        all.iter().filter_map(|(id, line)| found(line).map(|what| format!("{id}: {what}: {line}"))).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A word that is not written, what is written instead, and where it may stand all the same.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("检测报告", "测量报告: the other is what an accredited laboratory writes", &[]),
    ("拒收", "不合格 of a node, 拒绝验收 of what a party does", &["plan-", "assay-fleet-plan"]),
    ("坏节点", "不合格节点", &[]),
    ("可以验收", "可以通过验收: the other says that an inspection may begin", &[]),
    ("不予验收", "未达到验收要求, 请勿验收: the other is a party's decision", &[]),
    ("索要", "主张", &[]),
    ("降价", "减价", &[]),
    ("解约", "解除合同", &[]),
    ("设备丢失", "设备失联: the other is a thing that was stolen", &[]),
    ("丢失设备", "设备失联", &[]),
    ("签名成立", "签名有效", &[]),
    ("签名不成立", "签名无效", &[]),
    ("封存", "签封", &[]),
    ("尚无定论", "无法判定", &[]),
    ("健康的", "正常的", &[]),
    ("个设备", "台设备", &["about-amdgpu"]),
    ("块卡", "张卡", &[]),
    ("PCI 编号", "PCI 标识", &[]),
    ("卡的编号", "卡的标识", &[]),
    ("公钥编号", "公钥指纹", &[]),
    ("选择符", "选择器", &[]),
    ("附加目录", "补充目录", &[]),
    ("实测范围", "参考区间", &[]),
    ("料号", "部件号", &[]),
    ("复位", "重置", &[]),
    ("探针", "探测", &[]),
    ("规格书", "标称值", &[]),
    ("卡的部分", "MIG 切片", &[]),
    ("摘要值", "摘要", &[]),
    ("核验", "核对", &[]),
    ("无须", "无需", &[]),
    ("[默认：", "[默认值：", &[]),
    (" 秒", "s, as in all figures", &[]),
    (" 毫秒", "ms", &[]),
    (" 微秒", "us", &[]),
];

#[test]
fn chinese_has_one_word_for_one_thing() {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.zh-CN.md")).unwrap();
    let mut all = texts();
    all.extend(readme.lines().map(|line| ("README.zh-CN.md".to_owned(), line.to_owned())));
    let mut faults = Vec::new();
    for (id, line) in &all {
        for (word, instead, but) in WORDS {
            if line.contains(word) && !but.iter().any(|begin| id.starts_with(begin)) {
                faults.push(format!("{id}: {word}, write {instead}: {line}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Names that a party gave stand in the marks of the language, wherever a sentence quotes them.
#[test]
fn names_are_quoted_in_chinese_marks() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (contract, key, out) =
        (easy_contract(dir.path()).display().to_string(), path("key.pem"), path("run"));
    let said = |args: &[&str]| assay(args.iter().copied().chain(["--lang", "zh-CN"])).stdout;
    said(&["key", "new", &key]);
    said(&[
        "run",
        "--device",
        "sim:mini",
        "--profile",
        "quick",
        "--probe",
        "stream",
        "--key",
        &key,
        "--contract",
        &contract,
        "--out",
        &out,
    ]);
    let (report, trust) = (format!("{out}/report.dsse.json"), path("key.pub.pem"));
    let verified = said(&["verify", &report, "--trust", &trust]);
    assert!(verified.contains("模拟脚本“sim:mini”\n"), "{verified}");
    let fleet = said(&["fleet", &out, "--contract", &contract, "--trust", &trust]);
    assert!(fleet.starts_with("合同“easy”，sha256 "), "{fleet}");
    let ticket = said(&["render", &report, "--format", "markdown"]);
    assert!(ticket.starts_with("# assay：通过\n"), "{ticket}");
}
