//! The README is true: its commands run. So is the table of metrics. Its translation has its commands and links.
//! `ASSAY_BLESS=1 cargo test readme` rewrites the table of metrics after a change that was meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use gpu_assay::evidence::metric::{Kind, METRICS};
use gpu_assay::language::Language;

const ENGLISH: &str = "README.md";
const CHINESE: &str = "README.zh-CN.md";

fn readme() -> String {
    written(ENGLISH)
}

fn written(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// What a README says in every language alike.
#[derive(Default, Debug, PartialEq)]
struct Skeleton {
    /// Kind and lines of each block of code, without comments.
    blocks: Vec<(String, Vec<String>)>,
    /// How many of each level.
    headings: BTreeMap<usize, usize>,
    /// How many cells each row has, by tables.
    tables: Vec<Vec<usize>>,
    links: BTreeSet<String>,
    /// What prose says in code.
    spans: BTreeSet<String>,
}

impl Skeleton {
    fn of(text: &str) -> Self {
        let mut found = Self::default();
        let (mut prose, mut inside, mut in_table) = (String::new(), false, false);
        for line in text.lines() {
            let is_row = !inside && line.starts_with('|');
            let level = line.chars().take_while(|c| *c == '#').count();
            if let Some(kind) = line.strip_prefix("```") {
                inside = !inside;
                found.blocks.extend(inside.then(|| (kind.to_owned(), Vec::new())));
            } else if inside {
                found.blocks.last_mut().unwrap().1.push(without_comment(line).to_owned());
            } else if is_row {
                found.tables.extend((!in_table).then(Vec::new));
                found.tables.last_mut().unwrap().push(line.matches('|').count() - 1);
            } else if level > 0 {
                *found.headings.entry(level).or_default() += 1;
            }
            if !inside && !line.starts_with("```") {
                prose.extend([line, "\n"]);
            }
            in_table = is_row;
        }
        assert!(!inside, "a block of code does not end");
        let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        found.links = targets.map(|(target, _)| target.to_owned()).collect();
        let spans = prose.split('`').skip(1).step_by(2);
        found.spans = spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        found
    }
}

fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| line[..*at].chars().next_back().is_none_or(char::is_whitespace);
    let comment = line.match_indices('#').map(|(at, _)| at).find(begins);
    line[..comment.unwrap_or(line.len())].trim_end()
}

/// Metrics that differ in the middle of their names only, and in that word where it stands in what they are.
struct Family {
    probe: String,
    cases: Vec<String>,
    quantity: String,
    units: Vec<&'static str>,
    /// Of the first; and of all, with that word left out.
    about: [String; 2],
}

/// The metrics as people read them, a row for each family.
fn metric_table() -> String {
    let mut families: Vec<Family> = Vec::new();
    for row in METRICS.iter() {
        let Kind::Number(unit) = row.kind else { continue };
        let parts: Vec<&str> = row.name.split('.').collect();
        let [probe, case, quantity] = parts[..] else { panic!("{}", row.name) };
        let about = row.about(Language::English);
        let about = [about.clone(), about.replace(case, "…")];
        let same = |f: &&mut Family| f.probe == probe && f.quantity == quantity && f.about[1] == about[1];
        match families.last_mut().filter(same) {
            Some(family) => {
                family.cases.push(case.to_owned());
                if !family.units.contains(&unit.symbol()) {
                    family.units.push(unit.symbol());
                }
            }
            None => families.push(Family {
                probe: probe.to_owned(),
                cases: vec![case.to_owned()],
                quantity: quantity.to_owned(),
                units: vec![unit.symbol()],
                about,
            }),
        }
    }
    families.iter().map(Family::line).collect()
}

impl Family {
    fn line(&self) -> String {
        let Self { probe, quantity, .. } = self;
        let (cases, about) = match &self.cases[..] {
            [one] => (one.clone(), &self.about[0]),
            [first, .., last] if probe == "chase" => (format!("{first}..{last}"), &self.about[1]),
            several => (format!("{{{}}}", several.join(",")), &self.about[1]),
        };
        format!("| `{probe}.{cases}.{quantity}` | {} | {about} |\n", self.units.join(", "))
    }
}

#[test]
fn every_metric_is_described() {
    let (begin, end) = ("<!-- metrics -->\n", "<!-- /metrics -->");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/probes/README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (table, after) = rest.split_once(end).unwrap();
    let expected = metric_table();
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::write(path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(table, expected, "ASSAY_BLESS=1 cargo test readme rewrites the table");
}

/// Every `sh` block, in order, in one directory, with this build of `assay` on the path.
#[test]
fn readme_commands_run() {
    let text = readme();
    let blocks: Vec<&str> =
        text.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(blocks.len() >= 4);
    let dir = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_assay")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    for block in blocks {
        let output = Command::new("sh")
            .args(["-euc", block])
            .current_dir(dir.path())
            .env("PATH", &path)
            .env("XDG_STATE_HOME", dir.path().join("state"))
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{block}\n{out}\n{err}");
    }
}

#[test]
fn readme_is_short_and_names_every_exit_code() {
    let text = readme();
    assert!(text.lines().count() <= 250);
    for exit in gpu_assay::exit::Exit::ALL {
        assert!(text.contains(&format!("{} ", exit.code())), "{exit:?}");
    }
}

#[test]
fn a_skeleton_is_what_all_languages_share() {
    let english = "# a\n[b](B) `j\nk`\n## c\n```sh\nd e#f  # g\n# h\n```\n\
                   | i |\n\n| l | m | [n](N) |\n| - | - | - |\n";
    let skeleton = Skeleton::of(english);
    let lines = vec!["d e#f".to_owned(), String::new()];
    assert_eq!(skeleton.blocks, [("sh".to_owned(), lines)]);
    assert_eq!(skeleton.headings, BTreeMap::from([(1, 1), (2, 1)]));
    assert_eq!(skeleton.tables, [vec![1], vec![3, 3]]);
    assert_eq!(skeleton.links, BTreeSet::from(["B".to_owned(), "N".to_owned()]));
    assert_eq!(skeleton.spans, BTreeSet::from(["j k".to_owned()]));
    for (was, is) in [("  # g", " # 庚"), ("# h", "# 辛"), ("# a", "# 甲"), ("[b]", "[乙]"), ("l |", "壬 |")]
    {
        assert_eq!(Skeleton::of(&english.replace(was, is)), skeleton, "{was}");
    }
    for (was, is) in [("d e", "d"), ("sh", "console"), ("## c", "c"), ("(B)", "(C)"), ("j", "x"), ("l |", "")]
    {
        assert_ne!(Skeleton::of(&english.replace(was, is)), skeleton, "{was}");
    }
}

#[test]
fn the_chinese_readme_says_the_same() {
    let (english, chinese) = (written(ENGLISH), written(CHINESE));
    assert!(chinese.lines().count() <= 260);
    assert_eq!(english.lines().nth(1), Some(&*format!("[简体中文]({CHINESE})")));
    assert_eq!(chinese.lines().nth(1), Some(&*format!("[English]({ENGLISH})")));
    let (mut expected, mut found) = (Skeleton::of(&english), Skeleton::of(&chinese));
    assert!(expected.links.remove(CHINESE) && found.links.remove(ENGLISH));
    assert!(expected.blocks.len() >= 8 && expected.tables.len() == 1 && expected.links.len() >= 10);
    assert_eq!(found.blocks, expected.blocks);
    assert_eq!(found.headings, expected.headings);
    assert_eq!(found.tables, expected.tables);
    assert_eq!(found.links, expected.links);
    let apart: Vec<_> = found.spans.symmetric_difference(&expected.spans).collect();
    assert!(apart.is_empty(), "said in code by one of the two only: {apart:?}");
}
