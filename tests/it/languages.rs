//! One catalogue of messages for each language: the same ids and values in all, each said somewhere and each that is said there;
//! pages in Chinese hold no English prose, and nothing that is signed depends on the language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::ValueEnum;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use gpu_assay::contract::parse;
use gpu_assay::contract::template::{Keys, Source, template};
use gpu_assay::language::Language;
use gpu_assay::output::Format;
use gpu_assay::output::page::Page;
use unicode_width::UnicodeWidthStr;

use crate::pages::{bandwidth, report, sealed};
use crate::process::{assay, output_of};
use crate::support::*;

type Messages = BTreeMap<String, BTreeSet<String>>;

/// The ids of a catalogue, each with the values that it asks for.
fn catalogue(language: Language) -> Messages {
    let text = language.messages();
    let resource =
        fluent_syntax::parser::parse(text).unwrap_or_else(|(_, errors)| panic!("{language:?}: {errors:?}"));
    let mut messages = Messages::new();
    for entry in &resource.body {
        if let Entry::Message(message) = entry {
            let mut values = BTreeSet::new();
            collect(message.value.as_ref().unwrap(), &mut values);
            let again = messages.insert(message.id.name.to_owned(), values);
            assert!(again.is_none(), "{language:?}: {} stands twice", message.id.name);
        }
    }
    messages
}

fn collect(pattern: &Pattern<&str>, values: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_from(expression, values);
        }
    }
}

fn collect_from(expression: &Expression<&str>, values: &mut BTreeSet<String>) {
    match expression {
        Expression::Select { selector, variants } => {
            collect_inline(selector, values);
            variants.iter().for_each(|variant| collect(&variant.value, values));
        }
        Expression::Inline(inline) => collect_inline(inline, values),
    }
}

fn collect_inline(inline: &InlineExpression<&str>, values: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            values.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => collect_from(expression, values),
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        InlineExpression::FunctionReference { id, .. }
        | InlineExpression::MessageReference { id, .. }
        | InlineExpression::TermReference { id, .. } => {
            panic!("{} is no value; a message stands for itself", id.name)
        }
    }
}

/// What the source says: each `say!(language, "id", name = value, name, ...)` with the names of its values.
fn said(source: &str) -> Vec<(String, BTreeSet<String>)> {
    let calls = source.split("say!(").skip(1);
    let call = |rest: &str| {
        let (before, rest) = rest.split_once('"')?;
        let (id, after) = rest.split_once('"')?;
        let is_call = before.trim_end().ends_with(',') && !before.contains([')', '$']);
        is_call.then(|| (id.to_owned(), names(after)))
    };
    calls.filter_map(call).collect()
}

/// The names that stand alone or before a lone `=`, outside of brackets and texts, up to the bracket that ends the call.
fn names(rest: &str) -> BTreeSet<String> {
    let (mut depth, mut in_text, mut plain) = (0, false, String::new());
    let mut characters = rest.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if in_text => drop(characters.next()),
            '"' => in_text = !in_text,
            _ if in_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let parts = plain.split(',').map(|part| part.split_once(" = ").map_or(part, |(name, _)| name).trim());
    parts.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path.display().to_string(), product));
        }
    }
    found
}

#[test]
fn all_languages_have_the_same_messages_with_the_same_values() {
    let english = catalogue(Language::English);
    assert!(english.len() > 300);
    for language in Language::ALL {
        let other = catalogue(language);
        for (id, values) in &english {
            assert_eq!(other.get(id), Some(values), "{language:?}: {id}");
        }
        for id in other.keys() {
            assert!(english.contains_key(id), "{language:?}: {id} is in no other language");
        }
        let marks = '\u{2066}'..='\u{2069}';
        assert!(!language.messages().chars().any(|c| marks.contains(&c)), "{language:?}: marks of direction");
    }
    let names: Vec<String> = Language::value_variants()
        .iter()
        .map(|language| language.to_possible_value().unwrap().get_name().to_owned())
        .collect();
    assert_eq!(names, Language::ALL.map(Language::tag), "the command line names languages as pages do");
}

#[test]
fn every_message_is_said_and_all_that_is_said_exists() {
    let example = r#"say!(out.language, "a-b", x = f(1, y = 2), w, z = if a == b { "c = d," } else { e })"#;
    assert_eq!(said(example), [("a-b".to_owned(), ["w", "x", "z"].map(str::to_owned).into())]);
    assert!(said("say!($language, $id)").is_empty());

    let english = catalogue(Language::English);
    let mut used = BTreeSet::new();
    for (path, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        for (id, values) in said(&text).into_iter().filter(|(id, _)| id != "id") {
            assert_eq!(english.get(&id), Some(&values), "{path}: {id}");
            used.insert(id);
        }
    }
    let unused: Vec<&String> = english.keys().filter(|id| !used.contains(*id)).collect();
    assert!(unused.is_empty(), "no source says {unused:?}");
}

pub fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// Where the value stands in a line of two columns, in columns of a terminal.
fn value_column(line: &str) -> usize {
    let name = line.trim_start().split("  ").next().unwrap();
    let value = line.trim_start()[name.len()..].trim_start();
    line[..line.len() - value.len()].width()
}

/// Units and names that are the same in every language.
const STANDARD: &[&str] = &[
    "GB",
    "GiB",
    "MiB",
    "KiB",
    "TB",
    "MHz",
    "ns",
    "ms",
    "us",
    "min",
    "UTC",
    "SHA",
    "FLOP",
    "TFLOP",
    "GFLOP",
    "PFLOPS",
    "PCI",
    "UUID",
    "CPU",
    "GPU",
    "CSV",
    "JSON",
    "assay",
    "Holm",
    "SIMULATED",
];

/// Runs of three English words and more in the text of a page, and in what is read out or shown beside it. Names, commands and
/// recorded texts are marked as such on the page, or stand in quotation marks.
pub fn english_prose(page: &str) -> Vec<String> {
    let attributes = ["aria-label=\"", "data-label=\""].into_iter().flat_map(|name| page.split(name).skip(1));
    let attributes = attributes.filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    let mut texts: Vec<String> = visible_text(page).lines().map(str::to_owned).collect();
    texts.extend(attributes);
    texts.iter().flat_map(|text| prose_in(text)).collect()
}

pub fn prose_in(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '“' => depth += 1,
            '”' => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let is_prose = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | ',' | '\'' | '-');
    let runs = plain.split(|c: char| !is_prose(c));
    let words = |run: &str| {
        run.split([' ', ',', '-']).filter(|word| word.len() > 1 && !STANDARD.contains(word)).count()
    };
    runs.filter(|run| words(run) >= 3).map(str::to_owned).collect()
}

/// What stands on a page without its markup; what is marked as a name, a recording or a command is left out.
fn visible_text(page: &str) -> String {
    let (mut text, mut open) = (String::new(), Vec::<(String, bool)>::new());
    for piece in page.split('<').skip(1) {
        let Some((tag, after)) = piece.split_once('>') else { continue };
        let name = tag.trim_start_matches('/');
        let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
        if !["b", "span", "strong", "i"].contains(&name.as_str()) {
            text.push('\n');
        }
        if tag.starts_with('/') {
            while open.pop().is_some_and(|(opened, _)| opened != name) {}
        } else if !tag.ends_with('/') && !tag.starts_with('!') && !["meta", "br"].contains(&name.as_str()) {
            let marks = ["translate=\"no\"", "lang=\"en\"", "class=\"metric", "class=\"digest"];
            let is_left_out = marks.iter().any(|mark| tag.contains(mark));
            let is_hidden = ["style", "code"].contains(&name.as_str());
            open.push((name, is_left_out || is_hidden));
        }
        if !open.iter().any(|(_, is_left_out)| *is_left_out) {
            text.push_str(after);
        }
    }
    text
}

fn chinese(
    evidence: gpu_assay::evidence::Evidence,
    contract: Option<&gpu_assay::contract::Parsed>,
) -> String {
    let mut text = Vec::new();
    let report = report(evidence, contract);
    Format::Html
        .render(&report, &sealed(&report), Page::file(&mut text).speaking(Language::Chinese))
        .unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn english_prose_is_noticed() {
    let page = "<!DOCTYPE html><html lang=\"zh-CN\"><p>中文 <b>left out here</b>，<code>assay run it now</code></p>\
                <td translate=\"no\">NVIDIA H100 SXM five</td><p>“quoted as it was”好</p><i aria-label=\"seen by no eye\"></i>";
    assert_eq!(english_prose(page), [" left out here", "seen by no eye"]);
}

#[test]
fn a_report_in_chinese_holds_no_english_prose() {
    let mut worst = crate::pages::hostile();
    worst.devices.push(good_device(3));
    worst.devices[2].sustained = Some(kept_up(&[500_000_000_000; 20]));
    worst.devices[2].sustained.as_mut().unwrap().windows[4].wrong = 2;
    let broken = {
        let mut evidence = good_run(1);
        evidence.resumed = vec![gpu_assay::evidence::Resumption {
            at: "1970-01-01T00:00:30Z".into(),
            gap_ns: Some(1_000_000_000),
        }];
        evidence
    };
    let terms = bandwidth("1 TB/s");
    for (evidence, contract) in
        [(good_run(2), Some(&terms)), (good_run(1), None), (broken, Some(&terms)), (worst, Some(&terms))]
    {
        let page = chinese(evidence, contract);
        let found = english_prose(&page);
        assert!(found.is_empty(), "{found:#?}");
        assert!(page.contains("<html lang=\"zh-CN\">") && page.contains("下一步怎么做"));
        assert!(!page.contains("[title-"), "a message is missing");
    }
}

/// The same run, judged and sealed: only the page differs.
#[test]
fn what_is_signed_does_not_depend_on_the_language() {
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name).display().to_string();
    let run = |name: &str, more: &[&str]| {
        let all =
            ["run", "--device", "sim:mini", "--profile", "quick", "--probe", "link", "--seed", "7", "--out"];
        let (out, formats) =
            (out(name), ["--format", "html", "--format", "json", "--format", "csv", "--format", "junit"]);
        let ended =
            assay(all.iter().copied().chain([out.as_str()]).chain(formats).chain(more.iter().copied()));
        assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    };
    run("zh", &["--lang", "zh-CN"]);
    let read = |name: &str, file: &str| std::fs::read_to_string(dir.path().join(name).join(file)).unwrap();
    assert!(is_chinese(&read("zh", "report.html")));
    for file in ["report.json", "report.csv", "report.junit.xml", "events.jsonl"] {
        assert!(!is_chinese(&read("zh", file)), "{file}");
    }
    let rendered = |more: &[(&str, &str)], args: &[&str]| {
        let report = format!("{}/report.dsse.json", out("zh"));
        output_of(more, ["render", &report, "--format", "html"].into_iter().chain(args.iter().copied()))
    };
    assert_eq!(rendered(&[], &["--lang", "zh-CN"]).stdout, read("zh", "report.html"));
    assert_eq!(rendered(&[("ASSAY_LANG", "zh-CN")], &[]).stdout, read("zh", "report.html"));
    assert!(!is_chinese(&rendered(&[("ASSAY_LANG", "zh-CN")], &["--lang", "en"]).stdout));
    let (report, key) = (format!("{}/report.dsse.json", out("zh")), format!("{}/signer.pub.pem", out("zh")));
    let verified = |args: &[&str]| {
        assay(["verify", &report, "--trust", &key, "--lang", "zh-CN"].into_iter().chain(args.iter().copied()))
            .stdout
    };
    assert!(verified(&[]).contains("签名有效，全部数值与判定均可由样本得出"));
    assert!(!is_chinese(&verified(&["--json"])), "programs read one language");
    // Values stand below one another, though the names before them are of characters that are two columns wide.
    let text = verified(&[]);
    let columns: BTreeSet<usize> =
        text.lines().skip(1).take_while(|line| !line.is_empty()).map(value_column).collect();
    assert_eq!(columns.len(), 1, "{text}");
    let unknown = rendered(&[], &["--lang", "fr"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("zh-CN"), "{}", unknown.stderr);
}

/// The texts of a JSON answer that machines and makers wrote.
fn recorded(value: &serde_json::Value, found: &mut Vec<String>) {
    const KEYS: [&str; 7] = ["id", "rule", "name", "driver", "title", "address", "features"];
    for (key, value) in value.as_object().into_iter().flatten() {
        let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let texts = texts.iter().filter_map(|text| text.as_str()).filter(|_| KEYS.contains(&key.as_str()));
        found.extend(texts.map(str::to_owned));
    }
    let inner = value.as_object().into_iter().flat_map(|object| object.values());
    inner.chain(value.as_array().into_iter().flatten()).for_each(|inner| recorded(inner, found));
}

#[test]
fn commands_speak_chinese_on_a_terminal_and_one_language_to_programs() {
    let dir = tempfile::tempdir().unwrap();
    let [before, after] = [("before", 1_000_000_000), ("after", 900_000_000)]
        .map(|(name, level)| crate::compare::sealed(dir.path(), name, level).display().to_string());
    let lease = data("leases");
    let lease = std::fs::read_dir(lease).unwrap().next().unwrap().unwrap().path().display().to_string();
    for args in [
        &["list"][..],
        &["list", "--metrics"],
        &["doctor"],
        &["catalogue", "list"],
        &["catalogue", "show", "H200", "SXM"],
        &["catalogue", "check"],
        &["compare", &before, &after],
        &["contract", "check", &lease],
    ] {
        let said = |more: &[&str]| assay(args.iter().chain(more)).stdout;
        let (english, chinese) = (said(&["--lang", "en"]), said(&["--lang", "zh-CN"]));
        assert_eq!(said(&[]), english);
        assert!(!is_chinese(&english) && is_chinese(&chinese), "{english}{chinese}");
        let json = said(&["--json"]);
        assert_eq!(said(&["--json", "--lang", "zh-CN"]), json, "programs read one language");
        let mut names = vec![lease.clone()];
        recorded(&serde_json::from_str(&json).unwrap(), &mut names);
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let plain = names.iter().fold(chinese.clone(), |text, name| text.replace(name, "."));
        let lines =
            plain.lines().filter(|line| !line.starts_with("  apt-get ") && !line.starts_with("  dnf "));
        let plain = lines.map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join("."));
        let prose: Vec<String> = plain.flat_map(|line| prose_in(&line)).collect();
        assert!(prose.is_empty(), "{prose:#?}\n{chinese}");
    }
}

/// Comments, titles and names differ; what is agreed does not.
#[test]
fn templates_are_the_same_contract_in_every_language() {
    let device = good_device(1);
    for source in [Source::Generic, Source::Measured { device: &device, devices: 1, against: Some("x = y") }]
    {
        let [english, chinese] = Language::ALL.map(|language| {
            let text = template(source, &Keys::default(), language);
            let comments: Vec<&str> = text.lines().filter(|line| line.starts_with("# ")).collect();
            let are_chinese =
                comments.iter().filter(|line| !line.contains(" = ")).all(|line| is_chinese(line));
            assert_eq!(are_chinese, language == Language::Chinese, "{text}");
            let contract = parse("new.toml", text.as_bytes()).unwrap().contract;
            let mut agreed = serde_json::to_value(&contract).unwrap();
            let clauses = agreed["clause"].as_array_mut().unwrap();
            clauses.iter_mut().for_each(|clause| drop(clause.as_object_mut().unwrap().remove("title")));
            agreed.as_object_mut().unwrap().retain(|key, _| !["title", "parties"].contains(&key.as_str()));
            agreed
        });
        assert_eq!(english, chinese);
    }
    let new = assay(["--lang", "zh-CN", "contract", "new"]).stdout;
    assert_eq!(new, template(Source::Generic, &Keys::default(), Language::Chinese));
}
