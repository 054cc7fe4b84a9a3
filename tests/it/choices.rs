//! Who countersigns makes the first party's choices himself, or signs nothing.

use crate::certificates::{Desk, Parties, ends};

#[test]
fn nobody_signs_choices_that_he_did_not_make() {
    let parties = Parties::new();
    let list = parties.path("nodes.txt");
    std::fs::write(&list, "node-000\nnode-001\nnode-002\n").unwrap();
    let list = list.to_str().unwrap();
    let all = ["--waive", "upload@node-002=it's late", "--since", "2024-03-01", "--nodes", list];
    ends(&parties.draw_up("tenant", &all), 0, "ACCEPTED: 3 of 330 nodes");
    let before = std::fs::read(parties.certificate()).unwrap();
    let reports = parties.path("reports");
    for less in [
        &all[2..],
        &[&all[..2], &all[4..]].concat(),
        &all[..4],
        &[&all[..], &["--refuse", "x"]].concat(),
        &[&["--waive", "upload@node-002=another reason"], &all[2..]].concat(),
    ] {
        let refused = parties.countersign("provider", &reports, less);
        ends(&refused, 6, "nothing was signed");
        for option in [
            r"--waive 'upload@node-002=it'\''s late'",
            "--since 2024-03-01T00:00:00Z",
            "--as-of 2024-03-31T23:59:59.999999999Z",
            "--nodes NODES.txt (its 3 names have the sha256 ",
        ] {
            ends(&refused, 6, option);
        }
    }
    let certificate = parties.certificate();
    let today = [&["--countersign", certificate.to_str().unwrap()], &all[..]].concat();
    ends(&parties.accept("provider", &reports, &today), 6, "--as-of 2024-03-31");
    assert_eq!(std::fs::read(&certificate).unwrap(), before);
    ends(&parties.countersign("provider", &reports, &all), 0, "waived: upload");
}

#[test]
fn a_refusal_is_countersigned_by_who_refuses_for_the_same_reason() {
    let parties = Parties::new();
    ends(&parties.draw_up("tenant", &["--refuse", "the room is not cooled"]), 1, "REFUSED");
    let reports = parties.path("reports");
    ends(&parties.countersign("provider", &reports, &[]), 6, "--refuse 'the room is not cooled'");
    ends(&parties.countersign("provider", &reports, &["--refuse", "it is loud"]), 6, "nothing was signed");
}

#[test]
fn the_next_command_makes_the_same_choices() {
    let parties = Parties::new();
    let drawn = parties.draw_up("tenant", &["--waive", "upload=x"]);
    ends(&drawn, 0, "--as-of 2024-03-31T23:59:59.999999999Z --waive 'upload=x'`");
}

/// A list of nodes has no name that both parties know: what is said of it stands beside the option, in the reader's language.
#[test]
fn the_next_command_is_told_in_chinese() {
    let parties = Parties::new();
    let list = parties.path("nodes.txt");
    std::fs::write(&list, "node-000\nnode-001\nnode-002\n").unwrap();
    let drawn =
        parties.draw_up("tenant", &["--nodes", list.to_str().unwrap(), "--refuse", "x", "--lang", "zh-CN"]);
    ends(&drawn, 1, "--nodes NODES.txt（其 3 个名称排序后的 sha256 为 ");
}

#[test]
fn no_day_to_come_is_signed() {
    let parties = Parties::new();
    let out = parties.certificate();
    for day in ["2999-01-01", "2999-01-01T00:00:00Z"] {
        let args = ["--out", out.to_str().unwrap(), "--as-of", day];
        ends(&parties.accept("tenant", &parties.path("reports"), &args), 2, "still to come");
    }
    assert!(!out.exists());
}

/// Both count by now, and the second has a report that the first did not know.
#[test]
fn who_counts_by_now_counts_all_that_there_is() {
    let desk = Desk::new();
    let measured = |node: &str| {
        desk.assay(
            0,
            &format!(
                "run --contract lease.toml --device sim:mini --probe census --node {node} --key provider.pem --out got/{node}"
            ),
        );
    };
    measured("n1");
    let accept = "accept got --contract lease.toml --trust provider.pub.pem --trust tenant.pub.pem --key";
    desk.assay(0, &format!("{accept} tenant.pem --out acceptance.json"));
    measured("n1-again");
    let refused = desk.assay(6, &format!("{accept} provider.pem --countersign acceptance.json"));
    ends(&refused, 6, "--as-of ");
    std::fs::remove_dir_all(desk.path("got/n1-again")).unwrap();
    desk.assay(0, &format!("{accept} provider.pem --countersign acceptance.json"));
}
