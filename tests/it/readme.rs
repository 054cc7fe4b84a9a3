//! The README is true: its commands run, its tables are those of the program.
//! `ASSAY_BLESS=1 cargo test readme` rewrites the table of metrics after a change that was meant.

use std::path::Path;
use std::process::Command;

use gpu_assay::evidence::metric::{Kind, METRICS};

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The metrics as the README shows them. The latency curve's points stand in one row.
fn metric_table() -> String {
    let mut table = String::new();
    for row in METRICS.iter() {
        let unit = match row.kind {
            Kind::Number(unit) => unit.symbol(),
            Kind::Fact => continue,
        };
        let curve = row.name.starts_with("chase.") && row.name != "chase.hbm.latency";
        match (curve, row.name.as_str()) {
            (true, "chase.4kib.latency") => {
                table.push_str("| `chase.4kib.latency` .. `chase.4gib.latency` | ns | dependent load over a working set of that size |\n");
            }
            (true, _) => {}
            (false, name) => table.push_str(&format!("| `{name}` | {unit} | {} |\n", row.about)),
        }
    }
    table
}

#[test]
fn readme_shows_every_metric() {
    let (begin, end) = ("<!-- metrics -->\n", "<!-- /metrics -->");
    let text = readme();
    let (before, rest) = text.split_once(begin).unwrap();
    let (table, after) = rest.split_once(end).unwrap();
    let expected = metric_table();
    if std::env::var_os("ASSAY_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
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
