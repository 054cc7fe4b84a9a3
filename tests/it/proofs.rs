//! Proofs from challenge to verification, by the real binary over real pipes and on simulated devices.

use std::path::{Path, PathBuf};
use std::process::Command;

use gpu_assay::device::Provenance;
use gpu_assay::proof::challenge::Challenge;
use gpu_assay::proof::level::TrustLevel;
use gpu_assay::proof::recheck::{Digesting, Refusal, recheck};
use gpu_assay::proof::session::Fault;
use gpu_assay::proof::statement::{By, Figures, Outcome, Proof};
use gpu_assay::proof::wire::{Frame, Timed};
use gpu_assay::seal::{Envelope, SecretKey, TrustList};
use serde_json::Value as Json;

use super::process::{self, Ended, signal, until};
use super::support::data;
use super::support_proof::*;

/// A directory with a key and what it needs of the environment.
pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        assert_eq!(desk.assay(&["key", "new", "key.pem"]).code, Some(0));
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = process::command();
        command.current_dir(self.0.path()).env("XDG_STATE_HOME", self.path("state"));
        command
    }

    pub fn assay(&self, args: &[&str]) -> Ended {
        self.command().args(args).output().unwrap().into()
    }

    /// A challenge that is quickly answered.
    pub fn challenge(&self, name: &str, more: &[&str]) {
        let args =
            ["challenge", "new", "--key", "key.pem", "--at-least", "1s", "--openings", "64", "--out", name];
        let made = self.assay(&[&args, more].concat());
        assert_eq!(made.code, Some(0), "{}", made.stderr);
    }

    /// Has `command` witnessed into the directory `out`.
    pub fn witness(&self, challenge: &str, out: &str, command: &[&str]) -> Ended {
        self.witness_on(challenge, out, command, |_| ())
    }

    /// The same under what `prepare` sets up.
    pub fn witness_on(
        &self,
        challenge: &str,
        out: &str,
        command: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Ended {
        let args = [
            "witness",
            "--challenge",
            challenge,
            "--key",
            "key.pem",
            "--out",
            out,
            "--patience",
            "30s",
            "--",
        ];
        let mut witness = self.command();
        prepare(&mut witness);
        witness.args([&args, command].concat()).output().unwrap().into()
    }

    /// Has this program prove on simulated devices.
    pub fn prove(&self, challenge: &str, out: &str, devices: &[&str]) -> Ended {
        self.prove_on(challenge, out, devices, |_| ())
    }

    pub fn prove_on(
        &self,
        challenge: &str,
        out: &str,
        devices: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Ended {
        let mut command = vec![env!("CARGO_BIN_EXE_assay"), "prove", "--challenge", challenge];
        devices.iter().for_each(|device| command.extend(["--device", device]));
        self.witness_on(challenge, out, &command, prepare)
    }

    /// What the check in Python says.
    fn python(&self, out: &str) -> Ended {
        let python = std::env::var_os("ASSAY_TEST_PYTHON").unwrap_or("python3".into());
        let args = [data("../proof.py"), self.path(out), self.path("key.pub.pem")];
        Command::new(python).args(args).output().unwrap().into()
    }

    /// Writes what a witness would leave of these frames.
    pub fn write(&self, out: &str, challenge: &Challenge, frames: &[Timed]) {
        let key = SecretKey::load(&self.path("key.pem")).unwrap();
        let out = self.path(out);
        std::fs::create_dir_all(&out).unwrap();
        let issued = issued_by(challenge, &key);
        std::fs::write(out.join("challenge.dsse.json"), challenge.seal(&key).unwrap().to_bytes()).unwrap();
        std::fs::write(out.join("transcript.bin"), bytes(frames)).unwrap();
        let proof = signed(&issued, frames, By::Witness);
        std::fs::write(out.join("proof.dsse.json"), proof.seal(&key).unwrap().to_bytes()).unwrap();
    }

    pub fn verify(&self, out: &str, more: &[&str]) -> Ended {
        let report = format!("{out}/proof.dsse.json");
        self.assay(&[&["verify", &report, "--trust", "key.pub.pem"], more].concat())
    }

    /// The proof in a directory, whoever signed it.
    fn proof(&self, out: &str) -> Json {
        let envelope =
            Envelope::parse(&std::fs::read(self.path(out).join("proof.dsse.json")).unwrap()).unwrap();
        serde_json::from_slice::<Json>(&envelope.unchecked().unwrap()).unwrap()["predicate"].take()
    }
}

#[track_caller]
pub fn ends(ended: &Ended, code: i32, says: &str) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code), "{said}");
    assert!(said.contains(says), "no {says:?} in: {said}");
}

#[test]
fn work_is_proved_over_a_pipe_and_holds_for_others() {
    let desk = Desk::new();
    desk.challenge("ch.json", &["--gpus", "2", "--node", "gpu17"]);
    ends(&desk.prove("ch.json", "out", &["sim:h100", "sim:h100,index=1"]), 0, "proof: held");
    let verified = desk.verify("out", &[]);
    ends(&verified, 0, "every shown row was checked again");
    ends(&verified, 0, "for node gpu17");
    // What is simulated is worth nothing, and says so first.
    ends(&verified, 0, "L0, self-declared");
    let json: Json = serde_json::from_str(&desk.verify("out", &["--json"]).stdout).unwrap();
    assert_eq!((&json["trust_level"], &json["proof"]["outcome"]["kind"]), (&"L0".into(), &"held".into()));
    assert_eq!(json["proof"]["same_host"], cfg!(target_os = "linux"));
    assert!(json["proof"]["gpus"][1]["rounds"].as_u64().unwrap() > 0);
    let [first, longest] =
        ["first_root_ns", "longest_gap_ns"].map(|it| json["proof"]["gpus"][1][it].as_u64().unwrap());
    assert!(0 < first && first <= longest, "{first} of {longest} ns");
    ends(&verified, 0, "farther than");
    // What would not be looked at is not taken for checked.
    ends(&desk.verify("out", &["--challenge", "ch.json"]), 0, "held");
    desk.challenge("later.json", &[]);
    ends(&desk.verify("out", &["--challenge", "later.json"]), 6, "another challenge");
    ends(&desk.verify("out", &["--proof", "nowhere"]), 2, "is a proof, and --proof has no part");
    // A challenge is good once.
    ends(&desk.prove("ch.json", "again", &["sim:h100", "sim:h100,index=1"]), 6, "has been answered before");
    ends(&desk.witness("ch.json", "out", &["true"]), 6, "has been answered before");
    assert!(!desk.path("again").exists());
}

#[test]
#[ignore = "needs Python with numpy and cryptography, named by ASSAY_TEST_PYTHON"]
fn a_check_that_knows_the_protocol_alone_agrees() {
    let desk = Desk::new();
    // Short enough to be read by whoever doubts us.
    let script = std::fs::read_to_string(data("../proof.py")).unwrap();
    let code = script.splitn(3, "\"\"\"").nth(2).unwrap().lines().filter(|line| !line.is_empty()).count();
    assert!(code <= 220, "{code} lines of code");
    desk.challenge("ch.json", &["--gpus", "2"]);
    ends(&desk.prove("ch.json", "out", &["sim:h100", "sim:h100,index=1"]), 0, "held");
    let python = || desk.python("out");
    ends(&python(), 0, "GPU 1: ");
    let stated = desk.proof("out")["gpus"][0]["rounds"].to_string();
    ends(&python(), 0, &format!("GPU 0: {stated} rounds"));
    let transcript = desk.path("out/transcript.bin");
    let bytes = std::fs::read(&transcript).unwrap();
    // Of a shown row.
    let at = bytes.len() - 100;
    std::fs::write(&transcript, [&bytes[..at], &[bytes[at] ^ 1], &bytes[at + 1..]].concat()).unwrap();
    ends(&python(), 1, "another transcript was signed");
    resign(&desk, "out");
    ends(&python(), 1, "what is shown was not committed");
}

/// By its cells as they are, and not by anything that the simulation takes for them.
#[test]
fn simulated_memory_is_proved_as_memory_is() {
    let desk = Desk::new();
    for (challenge, out, size) in [("few.json", "few", "1 MB"), ("more.json", "more", "12 MB")] {
        desk.challenge(challenge, &["--memory", size]);
        ends(&desk.prove(challenge, out, &["sim:mini"]), 0, "held");
        ends(&desk.verify(out, &[]), 0, "MEMORY HELD");
    }
}

#[test]
#[ignore = "needs Python with numpy and cryptography, named by ASSAY_TEST_PYTHON"]
fn memory_is_checked_by_the_protocol_alone() {
    let desk = Desk::new();
    let mut terms = challenge(1);
    terms.memory_bytes = CELLS.bytes();
    let issued = issued_by(&terms, &SecretKey::load(&desk.path("key.pem")).unwrap());
    let committed = commit(&issued, &hello(&issued, SMALL), 3 * 9, &mut Honest);
    let mut frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    desk.write("out", &terms, &frames);
    ends(&desk.verify("out", &[]), 0, "81.92 kB");
    ends(&desk.python("out"), 0, "GPU 0: 15 rounds, at least");
    // The path of the last cell leads elsewhere.
    let last = frames.len() - 2;
    if let Frame::Cell { path, .. } = &mut frames[last].frame {
        path[0][0] ^= 1;
    }
    desk.write("out", &terms, &frames);
    ends(&desk.verify("out", &[]), 6, "did not hash in round");
    ends(&desk.python("out"), 1, "memory does not hold");
}

/// Signs a proof again for the transcript that lies beside it.
fn resign(desk: &Desk, out: &str) {
    let mut proof: Proof = serde_json::from_value(desk.proof(out)).unwrap();
    let mut digesting = Digesting::new(std::fs::File::open(desk.path(out).join("transcript.bin")).unwrap());
    std::io::copy(&mut digesting, &mut std::io::sink()).unwrap();
    proof.transcript = digesting.transcript();
    let key = SecretKey::load(&desk.path("key.pem")).unwrap();
    std::fs::write(desk.path(out).join("proof.dsse.json"), proof.seal(&key).unwrap().to_bytes()).unwrap();
}

#[test]
fn what_was_changed_after_signing_is_refused() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    ends(&desk.prove("ch.json", "out", &["sim:h100"]), 0, "held");
    let change = |name: &str, change: &dyn Fn(&mut Vec<u8>), says: &str| {
        let path = desk.path("out").join(name);
        let kept = std::fs::read(&path).unwrap();
        let mut bytes = kept.clone();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        ends(&desk.verify("out", &[]), 6, says);
        std::fs::write(&path, kept).unwrap();
    };
    change("transcript.bin", &|bytes| bytes[40] ^= 1, "transcript");
    change("transcript.bin", &|bytes| bytes.truncate(bytes.len() / 2), "transcript");
    change("transcript.bin", &|bytes| bytes.push(0), "transcript");
    desk.challenge("other.json", &[]);
    let other = std::fs::read(desk.path("other.json")).unwrap();
    change("challenge.dsse.json", &|bytes| *bytes = other.clone(), "answers another challenge");
    let edited = |bytes: &mut Vec<u8>| *bytes = edit(bytes, "held", "hold");
    change("proof.dsse.json", &edited, "changed after signing");
    // A stranger's key, and a stranger's signature beside the right one.
    ends(&desk.assay(&["key", "new", "stranger.pem"]), 0, "");
    let stranger = SecretKey::load(&desk.path("stranger.pem")).unwrap();
    let proof: Proof = serde_json::from_value(desk.proof("out")).unwrap();
    let theirs = proof.seal(&stranger).unwrap().to_bytes();
    change("proof.dsse.json", &|bytes| *bytes = theirs.clone(), "no trusted key signed this");
    let mut both: Json =
        serde_json::from_slice(&std::fs::read(desk.path("out/proof.dsse.json")).unwrap()).unwrap();
    let extra = serde_json::from_slice::<Json>(&theirs).unwrap()["signatures"][0].take();
    both["signatures"].as_array_mut().unwrap().insert(0, extra);
    std::fs::write(desk.path("out/proof.dsse.json"), both.to_string()).unwrap();
    ends(&desk.verify("out", &[]), 0, "One further signature is of no key that you trust");
    let json: Json = serde_json::from_str(&desk.verify("out", &["--json"]).stdout).unwrap();
    assert_eq!(json["unknown_signatures"], 1);
    std::fs::remove_file(desk.path("out/transcript.bin")).unwrap();
    ends(&desk.verify("out", &[]), 2, "belongs to the proof");
}

/// The envelope with `from` in its payload replaced, under the old signature.
pub fn edit(envelope: &[u8], from: &str, to: &str) -> Vec<u8> {
    use base64::Engine;
    let mut envelope: Json = serde_json::from_slice(envelope).unwrap();
    let engine = base64::engine::general_purpose::STANDARD;
    let payload = engine.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    assert!(text.contains(from));
    envelope["payload"] = engine.encode(text.replacen(from, to, 1)).into();
    envelope.to_string().into_bytes()
}

#[test]
fn challenges_that_are_not_good_are_refused() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let altered = edit(&std::fs::read(desk.path("ch.json")).unwrap(), "\"gpus\":1", "\"gpus\":2");
    std::fs::write(desk.path("altered.json"), altered).unwrap();
    ends(&desk.witness("altered.json", "out", &["true"]), 6, "changed after signing");
    ends(&desk.assay(&["key", "new", "stranger.pem"]), 0, "");
    let key = SecretKey::load(&desk.path("stranger.pem")).unwrap();
    std::fs::write(desk.path("foreign.json"), challenge(1).seal(&key).unwrap().to_bytes()).unwrap();
    ends(&desk.witness("foreign.json", "out", &["true"]), 6, "no trusted key signed this");
    let key = SecretKey::load(&desk.path("key.pem")).unwrap();
    for (from, until, says) in [
        ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "expired"),
        ("2100-01-01T00:00:00Z", "2101-01-01T00:00:00Z", "which had not come"),
    ] {
        let mut terms = challenge(1);
        (terms.not_before, terms.expires) = (from.into(), until.into());
        std::fs::write(desk.path("late.json"), terms.seal(&key).unwrap().to_bytes()).unwrap();
        ends(&desk.witness("late.json", "out", &["true"]), 6, says);
        ends(&desk.assay(&["prove", "--challenge", "late.json", "--device", "sim:h100"]), 6, says);
    }
    // A report is no challenge.
    let proof = Proof { figures: Figures::default(), ..some_proof() };
    std::fs::write(desk.path("proof.json"), proof.seal(&key).unwrap().to_bytes()).unwrap();
    ends(&desk.witness("proof.json", "out", &["true"]), 6, "this is not a challenge");
    ends(
        &desk.assay(&["witness", "--challenge", "none.json", "--key", "key.pem", "--", "true"]),
        2,
        "none.json",
    );
    for (args, says) in [
        (["--gpus", "0"], "gpus is 0, not a number from 1 to 64"),
        (["--openings", "63"], "openings is 63"),
        (["--at-least", "1500ms"], "whole seconds"),
        (["--at-least", "2h"], "at_least_s is 7200"),
    ] {
        let made = desk.assay(
            &[&["challenge", "new", "--key", "key.pem", "--out", "no.json"], args.as_slice()].concat(),
        );
        ends(&made, 2, says);
    }
    ends(&desk.assay(&["challenge", "new", "--key", "key.pem", "--out", "ch.json"]), 2, "is there already");
}

#[test]
fn provers_that_fail_are_no_trouble() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let sh = |out: &str, script: &str| desk.witness("ch.json", out, &["sh", "-c", script]);
    ends(&sh("1", "exit 3"), 3, "the prover closed early");
    ends(&sh("2", "yes"), 3, "the command printed \"y\" where the prover was to speak");
    ends(&sh("2b", "printf '\\nLast login: Mon\\nok\\n'; cat"), 3, "printed \"Last login: Mon\"");
    ends(&sh("2c", "printf '\\001\\001\\001\\001\\001'; cat"), 6, "a frame of 16843009 bytes");
    ends(&sh("3", "printf '\\011\\003\\000\\000\\000sad'"), 3, "the prover gave up: sad");
    ends(&sh("4", "printf '\\001\\377\\000\\000\\000{'"), 3, "ends within a frame");
    ends(&sh("5", "printf '\\001\\001\\000\\000\\000{'; cat"), 6, "hello frame that is malformed");
    ends(&sh("6", "printf '\\002\\040\\000\\000\\000%32d' 1; cat"), 6, "begin frame, which is the witness's");
    ends(
        &sh("7", "printf '\\010\\000\\000\\000\\000'; cat"),
        6,
        "a done frame where the prover is to introduce itself",
    );
    ends(&sh("8", "head -c 100000000 /dev/zero"), 6, "a frame of kind 0");
    ends(&desk.witness("ch.json", "9", &["/no/such/program"]), 4, "no such program");
    assert!(!desk.path("9/transcript.bin").exists());
    let silent = [
        "witness",
        "--challenge",
        "ch.json",
        "--key",
        "key.pem",
        "--out",
        "10",
        "--patience",
        "300ms",
        "--",
        "sleep",
        "60",
    ];
    ends(&desk.assay(&silent), 3, "the prover was silent for 300ms");
    // None of them used the challenge up; each left a signed statement of how it ended.
    ends(&desk.verify("5", &[]), 6, "REFUTED");
    ends(&desk.verify("10", &[]), 3, "not finished");
    ends(&desk.prove("ch.json", "11", &["sim:h100"]), 0, "held");
    desk.challenge("two.json", &["--gpus", "2"]);
    ends(&desk.prove("two.json", "12", &["sim:h100"]), 3, "demands 2 devices, and there are 1: sim:h100");
    ends(&desk.prove("two.json", "13", &["sim:h100", "sim:nothing"]), 3, "the prover gave up");
    ends(&desk.prove("two.json", "14", &["sim:h100", "sim:h100"]), 3, "is given twice");
}

#[test]
#[cfg(unix)]
fn an_interrupted_witness_says_so() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let args = ["witness", "--challenge", "ch.json", "--key", "key.pem", "--out", "out", "--", "sleep", "60"];
    let child = desk.command().args(args).stdout(std::process::Stdio::piped()).spawn().unwrap();
    until("the transcript", || desk.path("out/transcript.bin").exists().then_some(()));
    let prover = until("the prover", || process::children(child.id()).first().copied());
    signal(child.id(), "INT");
    let ended: Ended = child.wait_with_output().unwrap().into();
    ends(&ended, 130, "interrupted here");
    ends(&desk.verify("out", &[]), 3, "not finished: interrupted here");
    until("the prover's end", || (!Path::new(&format!("/proc/{prover}")).exists()).then_some(()));
}

#[test]
fn a_prover_may_be_its_own_witness_and_is_trusted_less() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let args =
        ["prove", "--challenge", "ch.json", "--device", "sim:h100", "--out", "out", "--key", "key.pem"];
    ends(&desk.assay(&args), 0, "the prover's own");
    ends(&desk.verify("out", &[]), 0, "it could ask itself until the questions suited it");
    assert_eq!(desk.proof("out")["by"], "prover");
}

#[test]
fn the_challenge_must_name_the_verifiers_contract() {
    let desk = Desk::new();
    let contract = std::fs::read_to_string(data("contracts").join("good-least.toml")).unwrap();
    std::fs::write(desk.path("good-least.toml"), &contract).unwrap();
    std::fs::write(desk.path("other.toml"), contract + "# Another text.\n").unwrap();
    desk.challenge("ch.json", &["--contract", "good-least.toml"]);
    ends(&desk.prove("ch.json", "out", &["sim:h100"]), 0, "held");
    ends(&desk.verify("out", &["--contract", "good-least.toml"]), 0, "held");
    ends(&desk.verify("out", &["--contract", "other.toml"]), 6, "does not name the contract");
}

fn some_proof() -> Proof {
    let issued = issued(&challenge(1));
    signed(&issued, &[], By::Witness)
}

/// Level L2 takes all of it: hardware, a witness elsewhere, and that the proof held.
#[test]
fn the_level_is_no_higher_than_what_was_checked() {
    let issued = issued(&challenge(2));
    let committed = commit(&issued, &hello(&issued, SMALL), 2, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    let level = |change: &dyn Fn(&mut Proof)| {
        let mut proof = signed(&issued, &frames, By::Witness);
        proof.figures.gpus.iter_mut().for_each(|gpu| gpu.identity.provenance = Provenance::Hardware);
        change(&mut proof);
        proof.level()
    };
    assert_eq!(level(&|_| {}), TrustLevel::L2);
    assert_eq!(level(&|p| p.by = By::Prover), TrustLevel::L1);
    assert_eq!(level(&|p| p.same_host = Some(true)), TrustLevel::L1);
    assert_eq!(level(&|p| p.same_host = None), TrustLevel::L1);
    assert_eq!(level(&|p| p.outcome = Outcome::Unfinished { why: String::new() }), TrustLevel::L1);
    assert_eq!(level(&|p| p.outcome = Outcome::Refuted { why: String::new() }), TrustLevel::L1);
    let software = Provenance::Software { cpu_threads: 2 };
    assert_eq!(level(&|p| p.figures.gpus[1].identity.provenance = software.clone()), TrustLevel::L1);
    let simulated = Provenance::Simulated { script: "sim:test".into() };
    assert_eq!(level(&|p| p.figures.gpus[1].identity.provenance = simulated.clone()), TrustLevel::L0);
    assert_eq!(level(&|p| p.figures.gpus.clear()), TrustLevel::L0);
}

/// Whoever signs that a proof held is believed in nothing that its transcript does not show.
#[test]
fn a_signature_is_no_substitute_for_the_transcript() {
    let issued = issued(&challenge(1));
    let committed = commit(&issued, &hello(&issued, SMALL), 4, &mut Honest);
    let rounds = committed.rounds();
    let frames = [rounds.as_slice(), &committed.answers([5; 32], &mut Honest)].concat();
    let check = |frames: &[Timed], by| {
        recheck(&signed(&issued, frames, by), &issued, bytes(frames).as_slice(), [1; 32])
    };
    let figures = signed(&issued, &frames, By::Witness).figures;
    assert_eq!(check(&frames, By::Witness), Ok(figures.clone()));
    assert_eq!(check(&frames[..frames.len() - 1], By::Witness), Err(Refusal::CutShort));
    assert_eq!(check(&rounds, By::Witness), Err(Refusal::CutShort));
    assert_eq!(check(&[], By::Witness), Err(Refusal::CutShort));
    assert_eq!(check(&frames, By::Prover), Err(Refusal::Ask));
    let mut digest = Digesting::new(Vec::new());
    rounds.iter().for_each(|frame| frame.write(&mut digest).unwrap());
    let own = [rounds.as_slice(), &committed.answers(digest.digest(), &mut Honest)].concat();
    assert_eq!(check(&own, By::Prover).map(|_| ()), Ok(()));
    // The last answer, which may be skipped without a fault in what follows, is one of another row.
    let mut swapped = frames.clone();
    let at = frames.len() - 2;
    if let (Frame::Row { row, .. }, Frame::Row { row: other, .. }) =
        (&mut swapped[at].frame, &frames[at - 1].frame)
    {
        row.clone_from(other);
    }
    assert!(matches!(check(&swapped, By::Witness), Err(Refusal::Fault(Fault::Gpu { gpu: 0, .. }))));
    let proof = signed(&issued, &frames, By::Witness);
    let faster = |change: &dyn Fn(&mut Proof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        recheck(&proof, &issued, bytes(&frames).as_slice(), [1; 32])
    };
    assert_eq!(faster(&|p| p.figures.gpus[0].floor_per_s *= 1.01), Err(Refusal::Figures));
    assert_eq!(faster(&|p| p.figures.gpus[0].rounds += 1), Err(Refusal::Figures));
    assert_eq!(faster(&|p| p.figures.gpus[0].products_ns -= 1), Err(Refusal::Figures));
    assert_eq!(faster(&|p| p.figures.gpus[0].first_root_ns = Some(1)), Err(Refusal::Figures));
    // Signed before it was counted.
    assert_eq!(faster(&|p| p.figures.gpus[0].first_root_ns = None), Ok(figures.clone()));
    assert_eq!(faster(&|p| p.figures.escaping_share = 0.0), Err(Refusal::Figures));
    assert_eq!(faster(&|p| p.transcript.bytes += 1), Err(Refusal::Transcript));
    assert!(matches!(faster(&|p| p.challenge_sha256 = "00".into()), Err(Refusal::Challenge(_))));
    assert!(matches!(faster(&|p| p.at = "2019-12-31T23:59:59Z".into()), Err(Refusal::Begun(_))));
    assert!(matches!(faster(&|p| p.at = "2100-01-01T00:00:00Z".into()), Err(Refusal::Begun(_))));
    assert_eq!(faster(&|p| p.at = "then".into()), Err(Refusal::Time("then".into())));
    // A subject for each card that is spoken of.
    let key = SecretKey::generate().unwrap();
    let opened = proof.seal(&key).unwrap().open(&TrustList::new([key.public()])).unwrap();
    assert_eq!(Proof::from_verified(&opened).unwrap(), proof);
    let statement: Json = serde_json::from_slice(opened.bytes()).unwrap();
    assert_eq!(statement["subject"].as_array().unwrap().len(), 3);
}
