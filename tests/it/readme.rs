//! The README is true: its commands run. So is the table of metrics.
//! `ASSAY_BLESS=1 cargo test readme` rewrites the table of metrics after a change that was meant.

use std::path::Path;
use std::process::Command;

use gpu_assay::evidence::metric::{Kind, METRICS};

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
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
        let about = [row.about.clone(), row.about.replace(case, "…")];
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
