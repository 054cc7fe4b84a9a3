//! What a terminal shows in Chinese: help and the manual page, a run while it lasts, proofs and plans. Flags, names and figures are the
//! same in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Command;
use fluent_syntax::ast::{Entry, Pattern, PatternElement};
use gpu_assay::cli::help;
use gpu_assay::language::Language;
use unicode_width::UnicodeWidthStr;

use crate::process::{assay, output_of};

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
        let above = |command: &&str| command.rsplit_once('-').map(|(above, _)| above);
        let mut at = std::iter::successors(Some(command), above);
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
        accepted(&help::command(language), &mut all);
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
