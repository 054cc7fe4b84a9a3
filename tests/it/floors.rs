//! Floors that a contract demands to be proved, as shares of what was measured.

use gpu_assay::seal::Envelope;

use crate::certificates::Desk;
use crate::process::Ended;

/// A node that reported, and where asked proved its work to a witness.
fn desk(proof: &str, is_proved: bool) -> Desk {
    let desk = Desk::new();
    let contract = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    std::fs::write(desk.path("lease.toml"), format!("{contract}\n[proof]\n{proof}\n")).unwrap();
    desk.assay(
        0,
        "challenge new --contract lease.toml --key tenant.pem --node n1 --at-least 1s --out challenge.json",
    );
    desk.assay(
        0,
        "run --contract lease.toml --challenge challenge.json --device sim:mini --profile quick --probe census --probe fma --probe link --key \
         provider.pem --out got/run",
    );
    if is_proved {
        let assay = env!("CARGO_BIN_EXE_assay");
        desk.assay(
            0,
            &format!(
                "witness --challenge challenge.json --key tenant.pem --out got/proof -- {assay} prove --challenge challenge.json \
                 --device sim:mini"
            ),
        );
    }
    desk
}

const TRUST: &str = "got --contract lease.toml --trust provider.pub.pem --trust tenant.pub.pem";

fn ends(desk: &Desk, code: i32, says: &str) -> Ended {
    let ended = desk.assay(code, &format!("fleet {TRUST}"));
    assert!(ended.stdout.contains(says), "{says}: {}", ended.stdout);
    ended
}

#[test]
fn a_node_is_accepted_where_as_much_was_proved_as_was_agreed() {
    // Simulated work takes as long as the simulation does: a small part of the rate that is simulated.
    let little = "floor = \"0.0001 % of fma.int32.rate\"\nlevel = \"L0\"";
    ends(&desk(little, true), 0, "1 of 1 node answered a challenge, 1 proved work to a witness");
    // One report cannot show it, and says so.
    let verdict =
        desk(little, false).assay(3, "verify got/run/report.dsse.json --trust provider.pub.pem --json");
    let findings = &serde_json::from_str::<serde_json::Value>(&verdict.stdout).unwrap()["findings"];
    let open =
        findings.as_array().unwrap().iter().find(|finding| finding["clause"] == "proof.floor").unwrap();
    assert_eq!((&open["severity"], &open["verdict"]), (&"info".into(), &"inconclusive".into()));
    let much = desk("floor = \"100 % of fma.int32.rate\"\nlevel = \"L0\"", true);
    ends(&much, 3, "so much was proved at least, which is too little");
    let none = desk(little, false);
    ends(&none, 3, "no proof of it held");
    ends(&desk("floor = \"0.0001 % of fma.int32.rate\"", true), 3, "proved at level L0, and L2 is demanded");
    ends(
        &desk("floor = \"1 % of gemm.int8.rate\"\nlevel = \"L0\"", true),
        3,
        "gemm.int8.rate was not measured",
    );
    // What both agree to waive is waived here too.
    none.assay(0, &format!("accept {TRUST} --key tenant.pem --waive proof.floor=no_witness_yet"));
}

/// One node's report and its proof, without a fleet.
#[test]
fn a_report_is_verified_beside_what_was_proved_of_it() {
    const REPORT: &str = "got/run/report.dsse.json --trust provider.pub.pem --trust tenant.pub.pem";
    let proof = |floor: &str| format!("floor = \"{floor} of fma.int32.rate\"\nlevel = \"L0\"");
    let json = |ended: Ended| serde_json::from_str::<serde_json::Value>(&ended.stdout).unwrap();
    let (little, much) = (desk(&proof("0.0001 %"), true), desk(&proof("100 %"), true));
    let with = format!("{REPORT} --proof got/proof/proof.dsse.json");
    let shown = little.assay(0, &format!("verify {with}"));
    assert!(shown.stdout.contains("Proved to a witness"), "{}", shown.stdout);
    let shown = json(little.assay(0, &format!("verify {with} --json")));
    assert_eq!((&shown["proof_held"], &shown["unproved"]), (&true.into(), &serde_json::json!([])));
    assert!(shown["proof"]["floor_per_s"].as_f64().unwrap() > 0.0);
    let shown = json(much.assay(3, &format!("verify {with} --json")));
    assert_eq!(shown["unproved"][0]["clause"], "proof.floor");
    much.assay(3, &format!("verify {with}"));
    let without = much.assay(3, &format!("verify {REPORT}"));
    assert!(without.stdout.contains("demands a proof that is not given"), "{}", without.stdout);
    // What others sign of it says the same.
    let attested = |desk: &Desk, code: i32, form: &str| {
        let out = format!("{form}.json");
        desk.assay(code, &format!("attest {with} --key tenant.pem --as {form} --out {out}"));
        let envelope = Envelope::parse(&std::fs::read(desk.path(&out)).unwrap()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&envelope.unchecked().unwrap()).unwrap()["predicate"]
            .take()
    };
    assert_eq!(attested(&much, 3, "test-result")["failedTests"][0], "proof.floor on node");
    let properties = |predicate: serde_json::Value| predicate["properties"].to_string();
    let of_little = properties(attested(&little, 0, "svr"));
    assert!(
        of_little.contains("ASSAY_WORK_PROVED_L0") && of_little.contains("ASSAY_CONTRACT_PASSED"),
        "{of_little}"
    );
    let of_much = properties(attested(&much, 3, "svr"));
    assert!(!of_much.contains("PROVED") && !of_much.contains("ASSAY_CONTRACT_PASSED"), "{of_much}");
    // One that did not hold passes nothing, whatever the contract demands.
    let broken = Desk::new();
    broken.assay(
        0,
        "challenge new --contract lease.toml --key tenant.pem --node n1 --at-least 1s --out n1.json",
    );
    broken.assay(
        0,
        "run --contract lease.toml --challenge n1.json --device sim:mini --profile quick --probe census --probe fma --key provider.pem \
         --node n1 --out got/run",
    );
    broken.assay(0, &format!("verify {REPORT}"));
    broken.assay(3, "witness --challenge n1.json --key tenant.pem --out got/proof -- true");
    let shown = json(broken.assay(3, &format!("verify {with} --json")));
    assert_eq!((&shown["verdict"], &shown["proof_held"]), (&"pass".into(), &false.into()));
    assert_eq!(attested(&broken, 3, "test-result")["failedTests"][0], "proof on node");
    // A proof of another node.
    let other = desk(&proof("0.0001 %"), false);
    let assay = env!("CARGO_BIN_EXE_assay");
    other.assay(
        0,
        "challenge new --contract lease.toml --key tenant.pem --node n2 --at-least 1s --out n2.json",
    );
    other.assay(
        0,
        &format!("witness --challenge n2.json --key tenant.pem --out got/proof -- {assay} prove --challenge n2.json --device sim:a100"),
    );
    let refused = other.assay(6, &format!("verify {with}"));
    assert!(refused.stderr.contains("is about other cards than the report"), "{}", refused.stderr);
}

/// Who is to prove neither asks himself nor holds the watch.
#[test]
fn only_the_tenants_challenges_and_clock_count() {
    let assay = env!("CARGO_BIN_EXE_assay");
    let desk = desk("floor = \"0.0001 % of fma.int32.rate\"\nlevel = \"L0\"", false);
    desk.assay(
        0,
        "challenge new --contract lease.toml --key provider.pem --node n1 --at-least 1s --out own.json",
    );
    desk.assay(
        0,
        "run --contract lease.toml --challenge own.json --device sim:mini --profile quick --probe census --key provider.pem --out own/run",
    );
    const TRUST: &str = "--trust provider.pub.pem --trust tenant.pub.pem";
    for (file, of) in [("own.json", "provider.pub.pem"), ("challenge.json", "tenant.pub.pem")] {
        let witness = format!("witness --challenge {file} --key provider.pem --trust {of} --out got/proof");
        desk.assay(0, &format!("{witness} -- {assay} prove --challenge {file} --device sim:mini"));
        ends(&desk, 3, "no proof of it held");
        for line in [
            "verify got/run/report.dsse.json --proof got/proof/proof.dsse.json",
            "verify got/proof/proof.dsse.json --contract lease.toml",
            "verify own/run/report.dsse.json --challenge own.json",
        ] {
            let refused = desk.assay(6, &format!("{line} {TRUST}"));
            assert!(refused.stderr.contains("the tenant did not sign it"), "{line}: {}", refused.stderr);
        }
        std::fs::remove_dir_all(desk.path("got/proof")).unwrap();
    }
}

/// Memory is demanded as the contract says, and read as fast as it says.
#[test]
fn memory_counts_where_it_was_held_and_read_fast() {
    let proof = |held: &str, floor: &str| {
        format!(
            "floor = \"0.0001 % of fma.int32.rate\"\nlevel = \"L0\"\n[proof.memory]\nheld = \"{held}\"\nfloor = \"{floor}\""
        )
    };
    let held = desk(&proof("1 MB", "0.0001 % of link.h2d.rate"), true);
    ends(&held, 0, "1 of 1 node answered a challenge, 1 proved work to a witness");
    let fleet = held.assay(0, &format!("fleet {TRUST} --format json")).stdout;
    let proved = &serde_json::from_str::<serde_json::Value>(&fleet).unwrap()["nodes"][0]["proof"];
    assert!(proved["memory_bytes"].as_u64().unwrap() >= 1_000_000, "{proved}");
    assert!(proved["memory_floor_per_s"].as_f64().unwrap() > 0.0, "{proved}");
    // As where it lies behind a link.
    let slow = desk(&proof("1 MB", "100 % of link.h2d.rate"), true);
    ends(&slow, 3, "proof.memory");
    ends(&slow, 3, "so much was proved at least, which is too little");
    slow.assay(0, &format!("accept {TRUST} --key tenant.pem --waive proof.memory=slow_but_there"));
    // Under a challenge that demands less than the contract does.
    let less = desk(&proof("1 MB", "0.0001 % of link.h2d.rate"), false);
    let assay = env!("CARGO_BIN_EXE_assay");
    less.assay(0, "challenge new --contract lease.toml --key tenant.pem --node n1 --at-least 1s --memory 0.1MB --out less.json");
    less.assay(
        0,
        &format!(
            "witness --challenge less.json --key tenant.pem --out got/proof -- {assay} prove --challenge less.json --device sim:mini"
        ),
    );
    ends(&less, 3, "proof.memory");
}

#[test]
fn a_floor_that_means_nothing_is_refused() {
    let desk = Desk::new();
    let contract = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    for (proof, says) in [
        ("floor = \"60 %\"", "write for example \"50 % of gemm.int8.rate\""),
        ("floor = \"60 % of stream.triad.rate\"", "is no share of a measured rate"),
        ("floor = \"60 % of gemm.int8.speed\"", "there is no metric"),
        ("level = \"L2\"", "missing field `floor`"),
        (
            "floor = \"5 % of gemm.int8.rate\"\n[proof.memory]\nheld = \"1 MB\"\nfloor = \"5 % of gemm.int8.rate\"",
            "write for example \"20 % of stream.read.rate\"",
        ),
        (
            "floor = \"5 % of gemm.int8.rate\"\n[proof.memory]\nheld = \"0 B\"\nfloor = \"5 % of stream.read.rate\"",
            "is no memory at all",
        ),
        ("floor = \"60 % of gemm.int8.rate\"\nlevel = \"L9\"", "L9"),
    ] {
        std::fs::write(desk.path("bad.toml"), format!("{contract}\n[proof]\n{proof}\n")).unwrap();
        let refused = desk.assay(2, "contract check bad.toml");
        assert!(refused.stderr.contains(says), "{proof}: {}", refused.stderr);
    }
    let reserved = contract.replace("id = \"units\"", "id = \"proof.units\"");
    std::fs::write(desk.path("bad.toml"), reserved).unwrap();
    desk.assay(2, "contract check bad.toml");
}
