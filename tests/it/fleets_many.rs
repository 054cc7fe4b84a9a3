//! More nodes than anybody looks at one by one: what they lack together, which reports are meant, and how far reading is.

use std::num::NonZero;
use std::process::{Command, Stdio};

use gpu_assay::seal::SecretKey;

use crate::process::command;
use crate::support_fleet::{Fleet, card_of, name};

/// Nodes of one card, each with a unit too few, and the last one slow as well.
fn lacking(nodes: u32) -> Fleet {
    let fleet = Fleet::new();
    for node in 0..nodes {
        let slow = if node + 1 == nodes { ",speed=0.5" } else { "" };
        let card = format!("{},units=131{slow}", card_of(node, 0));
        fleet.add(node, &[card], "2024-03-20T08:00:00Z");
    }
    fleet
}

#[test]
fn of_many_nodes_it_is_told_first_what_they_lack_together() {
    let many = lacking(13);
    let text = many.command("2024-04-10", "human").stdout;
    let told = ["CLAUSE", "inventory.devices", "units", "upload"].map(|word| {
        let line = text.lines().find(|line| line.starts_with(word));
        line.unwrap_or_else(|| panic!("no line on {word}:\n{text}")).split_whitespace().collect::<Vec<_>>()
    });
    let expected =
        ["CLAUSE NODES THAT FAIL IT NODES UNDECIDED", "inventory.devices 13 0", "units 13 0", "upload 1 0"];
    assert_eq!(told.map(|words| words.join(" ")), expected, "{text}");
    assert!(text.find("NODES THAT FAIL IT") < text.find("node-000  rejected"), "{text}");
    let page = many.command("2024-04-10", "html").stdout;
    let (together, one_by_one) = (page.find("nodes that fail it"), page.find("<th scope=\"rowgroup\""));
    assert!(together.is_some() && together < one_by_one, "{page}");

    let few = lacking(2);
    for form in ["human", "html"] {
        let told = few.command("2024-04-10", form).stdout.to_lowercase();
        assert!(!told.contains("nodes that fail it"), "{told}");
    }
}

/// As launches lay them down: in a directory of its node, by the same name everywhere.
#[test]
fn reports_are_told_apart_by_their_nodes() {
    let fleet = Fleet::new();
    let stranger = SecretKey::generate().unwrap();
    for node in 0..2 {
        let report = fleet.report(node, &[card_of(node, 0)], "2024-03-20T08:00:00Z");
        fleet.file(&format!("{}/run-1", name(node)), &report.seal(&stranger).unwrap());
    }
    let text = fleet.command("2024-03-30", "human").stdout;
    let step = text.lines().find(|line| line.contains("signed with an agreed key"));
    assert!(step.is_some_and(|step| step.ends_with(": node-000/run-1, node-001/run-1")), "{text}");
}

#[test]
fn a_terminal_shows_how_many_reports_were_read_and_is_left_clean() {
    let fleet = lacking(2);
    let program = command().get_program().to_str().unwrap().to_owned();
    let assay = format!("'{program}' fleet reports --contract contract.json --trust provider.pub.pem");
    let shown = |line: &str| {
        // Of util-linux: it gives its child a terminal and repeats what that gets to see.
        let output = Command::new("script")
            .args(["--quiet", "--return", "--command", line, "/dev/null"])
            .current_dir(fleet.path("."))
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .output();
        let output = output.unwrap_or_else(|e| panic!("the program `script` of util-linux is missing: {e}"));
        let mut terminal = vt100::Parser::new(NonZero::new(24).unwrap(), NonZero::new(80).unwrap(), 0);
        terminal.process(&output.stdout);
        (String::from_utf8_lossy(&output.stdout).into_owned(), terminal.screen().contents())
    };
    let (bytes, left) = shown(&format!("stty cols 80; {assay} >answer.txt"));
    assert!(bytes.contains("files read"), "{bytes:?}");
    assert_eq!(left.trim(), "");
    let (bytes, _) = shown(&format!("stty cols 80; {assay} --quiet >answer.txt"));
    assert_eq!(bytes, "");
}
