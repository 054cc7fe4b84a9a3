//! Rules about the tree itself: who may import whom, how long files and functions are, where `unsafe` may stand.
//! Each rule is a function over one file's text, shown to catch a violation before it is applied to all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const README_LINES_MAX: usize = 250;

const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "Makefile",
    "README.md",
    "README.zh-CN.md",
    "rustfmt.toml",
    "benches",
    "kernels",
    "results",
    "src",
    "tests",
    // Where the property tests keep the inputs that failed once.
    "proptest-regressions",
];

/// Where `unsafe` may stand, below src/.
const UNSAFE_ALLOWED: &[&str] = &["device/cuda/", "device/wgpu/raw.rs", "telemetry/nvml/raw.rs"];

const MUST_NOT_PANIC: &[&str] = &[".unwrap()", ".expect(", "panic!", "todo!", "unimplemented!"];

/// Paths that only mean something on one machine. Written apart, so that this file does not contain them.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What version control does not keep.
fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || name.starts_with("assay-") || ["target", "out", "__pycache__"].contains(&name)
}

/// Every kept file below `folder` with one of these extensions, by its path from the root, and its text.
fn files(folder: &str, extensions: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if is_ignored(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| extensions.contains(&&*e.to_string_lossy())) {
                let from_root = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                let text = std::fs::read(&path).unwrap();
                // Some test data is deliberately no UTF-8.
                found.push((from_root, String::from_utf8_lossy(&text).into_owned()));
            }
        }
    }
    found.sort();
    found
}

fn rust_files() -> Vec<(String, String)> {
    ["src", "tests", "benches"].iter().flat_map(|folder| files(folder, &["rs"])).collect()
}

/// The product's own code: no files of tests, and no `mod tests` at the foot of the others.
fn product_files() -> Vec<(String, String)> {
    let is_test = |path: &str| path.ends_with("/tests.rs") || path.contains("/tests/");
    files("src", &["rs"])
        .into_iter()
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| (path, without_tests(&code_only(&text)).to_owned()))
        .collect()
}

fn without_tests(code: &str) -> &str {
    code.find("#[cfg(test)]\nmod tests {").map_or(code, |at| &code[..at])
}

/// `text` with the inside of comments, strings and characters blanked, line for line.
fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + skipped(&bytes[at..]).max(1);
        if end > at + 1 {
            out[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        }
        at = end;
    }
    String::from_utf8(out).unwrap()
}

/// How many bytes of comment, string or character `rest` begins with.
fn skipped(rest: &[u8]) -> usize {
    let until = |pattern: &[u8]| rest.windows(pattern.len()).position(|w| w == pattern);
    let hashes = rest.iter().skip(1).take_while(|b| **b == b'#').count();
    match rest {
        [b'/', b'/', ..] => until(b"\n").unwrap_or(rest.len()),
        [b'/', b'*', ..] => until(b"*/").map_or(rest.len(), |at| at + 2),
        [b'r', b'"' | b'#', ..] if rest.get(1 + hashes) == Some(&b'"') => {
            let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
            let body = &rest[2 + hashes..];
            let found = body.windows(close.len()).position(|w| w == close);
            found.map_or(rest.len(), |at| 2 + hashes + at + close.len())
        }
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        // A character, not a lifetime.
        [b'\'', _, b'\'', ..] => 3,
        [b'\'', first, ..] if *first >= 0x80 => quoted(rest, b'\''),
        _ => 1,
    }
}

fn quoted(rest: &[u8], close: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != close {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Line of each module, read from the picture in src/lib.rs; the lowest is 0.
fn layers(lib: &str) -> BTreeMap<String, usize> {
    let picture = lib.split("```text").find(|part| part.contains("units  clock")).unwrap();
    let lines = picture.lines().map(|line| line.trim_start_matches("//!").trim());
    lines
        .take_while(|line| !line.starts_with("```"))
        .filter(|line| !line.is_empty())
        .enumerate()
        .flat_map(|(height, line)| line.split_whitespace().map(move |name| (name.to_owned(), height)))
        .collect()
}

/// The modules of this crate that `code` names: `crate::a`, `crate::{a, b::c}`, `gpu_assay::a`.
fn named_modules(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in ["crate::", "gpu_assay::"].iter().flat_map(|prefix| code.split(prefix).skip(1)) {
        let Some(group) = rest.strip_prefix('{') else {
            names.push(identifier(rest));
            continue;
        };
        let mut depth = 1;
        let mut expects = true;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' => expects |= depth == 1,
                _ if expects && depth == 1 && character.is_alphabetic() => {
                    names.push(identifier(&group[at..]));
                    expects = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn imports_upwards(path: &str, code: &str, layers: &BTreeMap<String, usize>) -> Vec<String> {
    let own = identifier(path.trim_start_matches("src/"));
    if own == "lib" {
        return Vec::new();
    }
    let Some(height) = layers.get(&own) else {
        return vec![format!("{path}: {own:?} stands in no layer of src/lib.rs")];
    };
    let above = |name: &String| layers.get(name).is_some_and(|other| other > height);
    named_modules(code)
        .iter()
        .filter(|name| above(name))
        .map(|name| format!("{path} imports {name}"))
        .collect()
}

fn too_long(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX { vec![format!("{path} has {lines} lines")] } else { Vec::new() }
}

/// Functions of more than the permitted lines, in code as rustfmt leaves it.
fn long_functions(path: &str, code: &str) -> Vec<String> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if !line.split_whitespace().take_while(|word| !word.contains('=')).any(|word| word == "fn") {
            continue;
        }
        let head = lines[first..].iter().position(|l| l.trim_end().ends_with(['{', ';', '}']));
        let Some(open) = head.map(|n| first + n).filter(|n| lines[*n].trim_end().ends_with('{')) else {
            continue;
        };
        let close = format!("{}}}", " ".repeat(indent));
        let Some(length) = lines[open..].iter().position(|l| l.trim_end() == close) else { continue };
        let length = open - first + length + 1;
        if length > FUNCTION_LINES_MAX {
            found.push(format!("{path}:{} is a function of {length} lines", first + 1));
        }
    }
    found
}

fn unsafe_outside(path: &str, code: &str) -> Vec<String> {
    let below = path.trim_start_matches("src/");
    let has = code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
    let allowed = UNSAFE_ALLOWED.iter().any(|allowed| below.starts_with(allowed));
    if has && !allowed { vec![format!("{path} holds unsafe code")] } else { Vec::new() }
}

fn may_panic(path: &str, code: &str) -> Vec<String> {
    let lines = code.lines().enumerate();
    lines
        .filter_map(|(n, line)| {
            MUST_NOT_PANIC
                .iter()
                .find(|call| line.contains(**call))
                .map(|call| format!("{path}:{} {call}", n + 1))
        })
        .collect()
}

fn does_not_say_what_it_is(path: &str, text: &str) -> Vec<String> {
    if text.starts_with("//! ") { Vec::new() } else { vec![format!("{path} does not open with //!")] }
}

fn names_a_machine(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| MACHINE_PATHS.iter().any(|machine| line.contains(machine)))
        .map(|(n, line)| format!("{path}:{}: {}", n + 1, line.trim()))
        .collect()
}

fn strange_at_top(name: &str) -> bool {
    !(is_ignored(name) || name.starts_with("LICENSE") || TOP_LEVEL.contains(&name))
}

/// Applies a rule to files and fails with all that it finds.
fn holds(files: Vec<(String, String)>, rule: impl Fn(&str, &str) -> Vec<String>) {
    assert!(!files.is_empty(), "no files were found");
    let found: Vec<String> = files.iter().flat_map(|(path, text)| rule(path, text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn modules_import_from_their_own_line_or_below() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let layers = layers(&lib);
    assert!(layers["units"] < layers["device"] && layers["report"] < layers["cli"], "{layers:?}");
    for bad in
        ["use crate::report::Report;", "use crate::{units, report::{self, Report}};", "crate::cli::x()"]
    {
        assert_eq!(imports_upwards("src/device/mod.rs", bad, &layers).len(), 1, "{bad}");
    }
    for good in ["use crate::{units, clock::{report, Clock}};", "use super::report;", "crate::device::Device"]
    {
        assert!(imports_upwards("src/device/mod.rs", good, &layers).is_empty(), "{good}");
    }
    assert_eq!(imports_upwards("src/new.rs", "", &layers).len(), 1);
    holds(product_files(), |path, code| imports_upwards(path, code, &layers));
}

#[test]
fn files_are_short() {
    assert_eq!(too_long("a.rs", &"\n".repeat(FILE_LINES_MAX + 1)).len(), 1);
    assert!(too_long("a.rs", &"\n".repeat(FILE_LINES_MAX)).is_empty());
    holds(rust_files(), too_long);
}

#[test]
fn functions_are_short() {
    let function =
        |lines: usize| format!("    pub(crate) fn f(\n    ) {{\n{}    }}\n", "        a();\n".repeat(lines));
    assert_eq!(long_functions("a.rs", &function(FUNCTION_LINES_MAX - 2)).len(), 1);
    assert!(long_functions("a.rs", &function(FUNCTION_LINES_MAX - 3)).is_empty());
    assert!(long_functions("a.rs", &format!("fn declared();\n{}}}\n", "\n".repeat(99))).is_empty());
    holds(rust_files(), |path, text| long_functions(path, &code_only(text)));
}

#[test]
fn unsafe_stands_only_where_drivers_are_called() {
    assert_eq!(unsafe_outside("src/report/mod.rs", "unsafe { x() }").len(), 1);
    assert!(unsafe_outside("src/device/wgpu/raw.rs", "unsafe { x() }").is_empty());
    assert!(unsafe_outside("src/report/mod.rs", &code_only("// unsafe\n\"unsafe\" unsafe_code")).is_empty());
    let code = |(path, text): (String, String)| (path, code_only(&text));
    holds(files("src", &["rs"]).into_iter().map(code).collect(), unsafe_outside);
}

#[test]
fn the_product_does_not_panic_on_purpose() {
    for bad in ["x.unwrap();", "x.expect(\"\")", "panic!()", "todo!()", "unimplemented!()"] {
        assert_eq!(may_panic("src/a.rs", bad).len(), 1, "{bad}");
    }
    assert!(may_panic("src/a.rs", "x.unwrap_or(1)").is_empty());
    assert!(may_panic("src/a.rs", without_tests("#[cfg(test)]\nmod tests {\n x.unwrap() }")).is_empty());
    holds(product_files(), may_panic);
}

#[test]
fn every_file_says_what_it_is() {
    assert_eq!(does_not_say_what_it_is("a.rs", "use std;").len(), 1);
    holds(rust_files(), does_not_say_what_it_is);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    assert_eq!(names_a_machine("a", &format!("in {}x", MACHINE_PATHS[0])).len(), 1);
    let kinds = [
        "rs", "toml", "md", "sh", "py", "wgsl", "cu", "json", "jsonl", "csv", "txt", "lock", "yaml", "sbatch",
    ];
    holds(files("", &kinds), names_a_machine);
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    assert!(strange_at_top("notes.txt") && strange_at_top("doc") && !strange_at_top("LICENSE-MIT"));
    let names =
        std::fs::read_dir(root()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    let strange: Vec<String> = names.filter(|name| strange_at_top(name)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap_or_default();
    assert!(readme.lines().count() <= README_LINES_MAX);
}

#[test]
fn strings_and_comments_are_not_code() {
    let text =
        "let a = \"{ \\\" unsafe\"; // unsafe {\nlet b = r#\"unsafe \" {\"#; '{'; '\\'' &'a x /* unsafe */";
    let code = code_only(text);
    assert_eq!((code.len(), code.lines().count()), (text.len(), 2));
    assert!(!code.contains("unsafe") && !code.contains('{') && code.contains("&'a x"), "{code}");
}
