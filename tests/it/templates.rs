//! The templates for pipelines and policies: what GitHub, GitLab and a policy engine make of them, and that they do what they say.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::certificates::Desk;
use crate::process::signal;
use crate::support::data;

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn python(script: &str, args: &[&Path]) -> String {
    let python = std::env::var_os("ASSAY_TEST_PYTHON").unwrap_or("python3".into());
    let output = Command::new(python).arg(data("..").join(script)).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A desk with a contract that a simulated card passes, and one that it fails.
fn desk() -> Desk {
    let desk = Desk::new();
    let contract = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    std::fs::write(desk.path("hard.toml"), contract.replace("at_least = \"1\"", "at_least = \"1000\""))
        .unwrap();
    desk
}

fn bash(desk: &Desk, script: &str, variables: &[(&str, &str)]) -> Output {
    // As runners start it.
    let mut bash = Command::new("bash");
    bash.args(["-eo", "pipefail", "-c", script]).current_dir(desk.path(""));
    bash.env("ASSAY", env!("CARGO_BIN_EXE_assay")).envs(variables.iter().copied()).output().unwrap()
}

#[test]
#[ignore = "needs Python with check-jsonschema, named by ASSAY_TEST_PYTHON"]
fn pipelines_run_verify_and_publish() {
    let templates = [root(".github/actions/assay/action.yml"), root(".github/gitlab/assay.yml")];
    let said = python("pipelines.py", &[&templates[0], &templates[1]]);
    assert_eq!(said.lines().filter(|line| line.starts_with("ok: ")).count(), 5, "{said}");
    let scripts: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    for (contract, out, code) in [("lease.toml", "good", 0), ("hard.toml", "bad", 1)] {
        let desk = desk();
        let (summary, output) = (desk.path("summary"), desk.path("output"));
        let variables = [
            ("CONTRACT", contract),
            ("KEY", "provider.pem"),
            ("ARGUMENTS", "--device\nsim:mini\n--probe\ncensus\n"),
            ("OUT", out),
            ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
            ("GITHUB_OUTPUT", output.to_str().unwrap()),
        ];
        let [measure, verify] = [0, 1].map(|at| scripts["github"][at].as_str().unwrap());
        let measured = bash(&desk, measure, &variables);
        assert!(measured.status.success(), "{}", String::from_utf8_lossy(&measured.stderr));
        // Once more into the same directory: what lies there is of an earlier run.
        let again = bash(&desk, measure, &variables);
        let said = String::from_utf8_lossy(&again.stdout).into_owned();
        assert!(again.status.code() == Some(2) && said.contains("::error::"), "{said}");
        let told = std::fs::read_to_string(&output).unwrap();
        assert!(told.contains(&format!("exit-code={code}\nreport={out}/report.dsse.json\n")), "{told}");
        assert!(std::fs::read_to_string(&summary).unwrap().contains("census.units.count"));
        for file in ["report.dsse.json", "report.junit.xml", "report.html", "report.md"] {
            assert!(desk.path(out).join(file).exists(), "{file}");
        }
        let text = code.to_string();
        let rest = [("CODE", text.as_str()), ("TRUST", "provider.pub.pem")];
        let by = |more: &[(&str, &str)]| {
            bash(&desk, verify, &[&variables[..], &rest, more].concat()).status.code()
        };
        assert_eq!(by(&[]), Some(code));
        // Signed by somebody else than who is trusted.
        assert_eq!(by(&[("TRUST", "tenant.pub.pem")]), Some(6));
        let nothing = [("OUT", "nothing"), ("CODE", "4")];
        let nothing = bash(&desk, verify, &[&variables[..], &rest, &nothing].concat());
        assert_eq!(nothing.status.code(), Some(4));
        assert!(String::from_utf8_lossy(&nothing.stdout).contains("left no report"));
        // Where nothing could be verified, a good run is no success either.
        let unverified = by(&[("TRUST", "no-such-key.pem")]);
        assert_eq!(unverified, Some(if code == 0 { 2 } else { code }));

        let desk = self::desk();
        let variables = [
            ("ASSAY_CONTRACT", contract),
            ("ASSAY_ARGUMENTS", "--device sim:mini --probe census --key provider.pem"),
            ("ASSAY_OUT", out),
            ("ASSAY_TRUST", "provider.pub.pem"),
        ];
        let script = scripts["gitlab"].as_str().unwrap();
        let unverified = [("ASSAY_OUT", "unverified"), ("ASSAY_TRUST", "no-such-key.pem")];
        let ended = bash(&desk, script, &[&variables[..], &unverified].concat());
        assert_eq!(ended.status.code(), Some(if code == 0 { 2 } else { code }));
        let ended = bash(&desk, script, &variables);
        assert_eq!(ended.status.code(), Some(code), "{}", String::from_utf8_lossy(&ended.stderr));
        let junit = scripts["junit"].as_str().unwrap().replace("$ASSAY_OUT", out);
        assert!(desk.path(&junit).exists(), "{junit}");
    }
}

/// A runner that cancels a job interrupts the shell, and no other program.
#[cfg(unix)]
#[test]
#[ignore = "needs Python with check-jsonschema, named by ASSAY_TEST_PYTHON"]
fn a_cancelled_job_leaves_a_signed_report() {
    let templates = [root(".github/actions/assay/action.yml"), root(".github/gitlab/assay.yml")];
    let said = python("pipelines.py", &[&templates[0], &templates[1]]);
    let scripts: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let desk = desk();
    let mut shell = Command::new("bash")
        .args(["-eo", "pipefail", "-c", scripts["github"][0].as_str().unwrap()])
        .current_dir(desk.path(""))
        .env("ASSAY", env!("CARGO_BIN_EXE_assay"))
        .envs([("CONTRACT", "lease.toml"), ("KEY", "provider.pem"), ("OUT", "cut")])
        .env("ARGUMENTS", "--device\nsim:mini\n--probe\ncensus\n--probe\nsustain\n--soak\n10m\n")
        .envs([("GITHUB_STEP_SUMMARY", desk.path("summary")), ("GITHUB_OUTPUT", desk.path("output"))])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is under way once it says what it does.
    let mut lines = BufReader::new(shell.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("opened")));
    signal(shell.id(), "INT");
    let rest: Vec<String> = lines.collect();
    assert!(shell.wait().unwrap().success(), "{rest:?}");
    assert!(std::fs::read_to_string(desk.path("output")).unwrap().contains("exit-code=130"));
    for file in ["report.dsse.json", "report.junit.xml"] {
        assert!(desk.path("cut").join(file).exists(), "{file}");
    }
}

#[test]
#[ignore = "needs Python with regopy, named by ASSAY_TEST_PYTHON"]
fn a_policy_lets_pass_what_passed_by_that_contract_alone() {
    let desk = desk();
    for (contract, out, code) in [("lease.toml", "good", 0), ("hard.toml", "bad", 1)] {
        let run = "run --device sim:mini --probe census --key provider.pem";
        desk.assay(code, &format!("{run} --contract {contract} --out {out}"));
        let attest = "--as test-result --key tenant.pem --trust provider.pub.pem";
        desk.assay(code, &format!("attest {out}/report.dsse.json {attest} --out {out}.json"));
    }
    let sha256 = |file: &str| gpu_assay::seal::sha256_hex(&std::fs::read(desk.path(file)).unwrap());
    let policy = root(".github/policy/accepted.rego");
    let says = |statement: &str, contract: &str| {
        python("policy.py", &[&policy, &desk.path(statement), Path::new(&sha256(contract))])
    };
    let good = says("good.json", "lease.toml");
    assert!(good.contains("true") && !good.contains("judged by another"), "{good}");
    let other = says("good.json", "hard.toml");
    assert!(other.contains("false") && other.contains("it was judged by another contract"), "{other}");
    let bad = says("bad.json", "hard.toml");
    assert!(bad.contains("false") && bad.contains("units on sim:mini did not pass"), "{bad}");
}
