//! What a run shows while it lasts: driven on a pseudo-terminal and read off its screen, and plain lines where there is none.

use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::assay;

const CONTRACT: &str = "version = 1\nid = \"live\"\naccept = [\"simulated\"]\n\
    [[clause]]\nid = \"reads\"\nmetric = \"stream.read.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"delivered\"\n\
    [[clause]]\nid = \"copies\"\nmetric = \"stream.copy.rate\"\nat_least = \"90 GB/s\"\nstatistic = \"delivered\"\n";

pub fn arguments(dir: &Path) -> Vec<String> {
    let contract = dir.join("contract.toml");
    std::fs::write(&contract, CONTRACT).unwrap();
    let card = "sim:mini,mem=16MiB,buffer=4MiB,throttle=0.7@2s,upset=20000000";
    let [contract, out] = [contract, dir.join("out")].map(|path| path.to_str().unwrap().to_owned());
    let mut args: Vec<String> = ["run", "--contract", &contract, "--out", &out].map(str::to_owned).to_vec();
    for index in 0..8 {
        args.extend(["--device".to_owned(), format!("{card},index={index}")]);
    }
    let load = "--profile quick --duration 300ms --probe stream --probe sustain --soak 90s";
    args.extend(load.split(' ').map(str::to_owned));
    args
}

/// What a terminal of this size gets to see of a run, and each of its screens where something changed.
pub fn on_terminal(rows: u16, columns: u16, variables: &str) -> (Vec<u8>, Vec<Vec<String>>) {
    let dir = tempfile::tempdir().unwrap();
    let quoted: Vec<String> = arguments(dir.path()).iter().map(|arg| format!("'{arg}'")).collect();
    let program = env!("CARGO_BIN_EXE_assay");
    let line = format!(
        "stty rows {rows} cols {columns}; env {variables} TERM=xterm '{program}' {}",
        quoted.join(" ")
    );
    // Of util-linux: it gives its child a terminal and repeats what that gets to see.
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("the program `script` of util-linux is missing: {e}"));
    let mut bytes = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{}", String::from_utf8_lossy(&bytes));
    let mut terminal = vt100::Parser::new(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap(), 0);
    let mut screens: Vec<Vec<String>> = Vec::new();
    // A screen is whole when the cursor goes up again (`ESC [ 16 A`) or a line ends.
    for part in bytes.split_inclusive(|byte| [b'A', b'\n'].contains(byte)) {
        terminal.process(part);
        let screen: Vec<String> = terminal.screen().rows(0, columns).collect();
        if screens.last() != Some(&screen) {
            screens.push(screen);
        }
    }
    (bytes, screens)
}

pub fn seen(screens: &[Vec<String>], words: &[&str]) -> bool {
    screens.iter().flatten().any(|row| words.iter().all(|word| row.contains(word)))
}

#[test]
fn a_small_terminal_shows_eight_devices_and_is_left_clean() {
    let (bytes, screens) = on_terminal(24, 80, "NO_COLOR=1");
    for words in [
        // Of what lasts: a simulated card's short cases are over between two screens.
        &["7 sim:mini,m", " %  "][..],
        &["sim:mini,m", " %  ", "sustain.bf16.rate", "FLOP/s", " left"],
        &[" C ", " W ", " MHz", "throttled: heat"],
        &["copies: fail"],
        &["WRONG RESULT", "about ", " left", "8 fail", "8 pass"],
        &["device 6: WRONG RESULT of product", "after the start"],
    ] {
        assert!(seen(&screens, words), "never shown: {words:?}\n{}", String::from_utf8_lossy(&bytes));
    }
    // A line that wrapped would leave its device behind when the next screen is drawn.
    for screen in &screens {
        let devices = screen.iter().filter(|row| row.starts_with("3 sim:mini")).count();
        assert!(devices <= 1, "{}", screen.join("\n"));
    }
    let last = screens.last().unwrap();
    assert!(!last.iter().any(|row| row.contains(" %  ")), "the view is gone: {}", last.join("\n"));
    assert!(seen(&screens, &["verdict: FAIL"]));
    let styled = |colour: &str| String::from_utf8_lossy(&bytes).contains(colour);
    assert!(!styled("\u{1b}[3") && !styled("\u{1b}[1m"), "NO_COLOR");
}

#[test]
fn a_large_terminal_has_colours_and_says_that_nothing_is_wrong() {
    let (bytes, screens) = on_terminal(40, 120, "NO_COLOR=");
    // Of what lasts: until the load that was prepared gets its first results.
    assert!(
        seen(&screens, &["no errors", "reads: pass", "copies: fail"]),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    assert!(String::from_utf8_lossy(&bytes).contains("\u{1b}[31m"), "red");
}

#[test]
fn without_a_terminal_there_are_lines() {
    let dir = tempfile::tempdir().unwrap();
    let ended = assay(arguments(dir.path()));
    assert!(!ended.stderr.contains('\u{1b}') && !ended.stderr.contains('\r'), "{}", ended.stderr);
    let of_first = |words: &str| ended.stderr.lines().filter(|line| line.contains(words)).count();
    assert_eq!(of_first("index=0  stream.read.rate: "), 1);
    assert_eq!(of_first("index=0  WRONG RESULT of product"), 5, "the first few\n{}", ended.stderr);
    assert_eq!(of_first("index=0  more wrong results, which are only counted"), 1);
}
