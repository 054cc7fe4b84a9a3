//! A fleet as tables for programs: the same rows in CSV and in Parquet, read by somebody else's reader.

use std::process::Command;

use crate::process::command;
use crate::support_fleet::{Fleet, honest};

/// Two nodes that came, and one of the list that did not; the names need quoting.
fn fleet() -> Fleet {
    let fleet = Fleet::new();
    fleet.add(0, &honest(0), "2024-03-20T08:00:00Z");
    let mut slow = honest(1);
    slow[2] += ",speed=0.5";
    fleet.add(1, &slow, "2024-03-20T08:00:00Z");
    std::fs::write(fleet.path("nodes.txt"), "node-000\nnode-001\nnode-, \"x\"\n").unwrap();
    fleet
}

fn table(fleet: &Fleet, format: &str) -> Vec<u8> {
    let args = [
        "fleet",
        "reports",
        "--contract",
        "contract.json",
        "--trust",
        "provider.pub.pem",
        "--nodes",
        "nodes.txt",
    ];
    let mut fleet_command = command();
    fleet_command.current_dir(fleet.path("")).args(args).args(["--as-of", "2024-03-30", "--format", format]);
    let output = fleet_command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
#[ignore = "needs Python with duckdb, named by ASSAY_TEST_PYTHON"]
fn parquet_holds_what_csv_holds() {
    let fleet = fleet();
    for format in ["csv", "parquet"] {
        std::fs::write(fleet.path(&format!("fleet.{format}")), table(&fleet, format)).unwrap();
    }
    // Neither lacks a row of the other; then something to be sure that there are any. Names of metrics have dots, and they are numbers.
    let program = "import duckdb\n\
        csv = \"read_csv('fleet.csv', all_varchar=true)\"\n\
        parquet = \"(select columns(*)::varchar from 'fleet.parquet')\"\n\
        names = [row[0] for row in duckdb.sql(f'describe select * from {csv}').fetchall()]\n\
        assert names == [row[0] for row in duckdb.sql(\"describe select * from 'fleet.parquet'\").fetchall()], names\n\
        same = ', '.join(f'nullif(\"{n}\", \\'\\')' if '.' not in n else f'\"{n}\"::double' for n in names)\n\
        for a, b in [(csv, parquet), (parquet, csv)]:\n    \
            lacking = duckdb.sql(f'select {same} from {a} except all select {same} from {b}').fetchall()\n    \
            assert lacking == [], lacking\n\
        print(duckdb.sql(\"select count(*), count(distinct node), count(\\\"link.h2d.rate\\\"), \\\n        \
            sum(case when state = 'missing' then 1 end), min(\\\"link.h2d.rate\\\") < 0.6 * max(\\\"link.h2d.rate\\\") \\\n        \
            from 'fleet.parquet'\").fetchall())";
    let python = std::env::var_os("ASSAY_TEST_PYTHON").unwrap_or("python3".into());
    let run = Command::new(python).current_dir(fleet.path("")).args(["-c", program]).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(said.trim(), "[(17, 3, 16, 1, True)]");
}

#[test]
fn parquet_of_nothing_is_a_file_too() {
    let fleet = fleet();
    std::fs::remove_dir_all(fleet.path("reports")).unwrap();
    std::fs::create_dir(fleet.path("reports")).unwrap();
    let file = table(&fleet, "parquet");
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"), "{} bytes", file.len());
}
