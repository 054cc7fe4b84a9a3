#!/usr/bin/env python3
"""Takes away each check of proofs in turn and demands that a test notices.

    mutants.py [RESULT.md]

Works on a copy below target/, with a small test program of its own, so that a check takes seconds to try. Prints a line for
each mutation, and a table to RESULT.md; exits 1 where one survives. Takes about half an hour.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "target/mutants/tree"
# Of tests/it only what belongs to the check of proofs; none of it runs a prover of ours.
PROGRAM = """
#[path = "it/support.rs"] mod support;
#[path = "it/support_proof.rs"] mod support_proof;
#[path = "it/process.rs"] mod process;
#[path = "it/cheats.rs"] mod cheats;
#[path = "it/cheats_memory.rs"] mod cheats_memory;
#[path = "it/proofs.rs"] mod proofs;
#[path = "it/support_attest.rs"] mod support_attest;
#[path = "it/attestations.rs"] mod attestations;
"""
TESTS = ["cheats::", "cheats_memory::", "proofs::a_signature", "proofs::the_level", "attestations::"]

# File, what it checks, the code, and the code without the check.
MUTANTS = [
    ("session", "time runs forwards", "if *at_ns < self.now_ns", "if false"),
    ("session", "the protocol's version", "if !(1..=PROTOCOL).contains(&hello.protocol)", "if false"),
    ("session", "which challenge is answered", "if hello.challenge_sha256 != self.issued.sha256", "if false"),
    ("session", "how many GPUs", "if hello.gpus.len() != demanded.gpus as usize", "if false"),
    ("session", "the work's limits", "offered.work.check().and(memory)", "memory"),
    ("session", "the memory's limits", "offered.work.check().and(memory)", "offered.work.check()"),
    ("session", "how much memory", "if offered < demanded ||", "if false ||"),
    ("session", "that cards are different", "distinct(&hello.gpus)?;", ""),
    ("../device/same", "parts of a card by UUID", "let are_two_parts = a.is_part && b.is_part && are_told_apart;", "let are_two_parts = false;"),
    ("session", "how long the clock ran", "if ran_ms < u64::from(at_least_s) * 1000", "if false"),
    ("session", "that memory is filled first", "if demanded.memory_bytes > 0 { Phase::Empty }", "if false { Phase::Empty }"),
    ("session", "what the prover says it committed", "self.each(|gpu, chain| chain.close(rounds.get(gpu).copied(), now_ns))?;", "let _ = (now_ns, rounds);"),
    ("session", "everything, at the end", "self.each(|_, chain| chain.finish())?;", ""),
    ("session", "that the prover goes on", "(_, Frame::Failed(why)) =>", "(Phase::Done, Frame::Failed(why)) =>"),
    ("chain", "the order of rounds", "if round as usize != next", "if false"),
    ("chain", "how many rounds are kept", "if round >= ROUNDS_MAX", "if false"),
    ("chain", "the number of rounds", "if said.is_none_or(|said| said as usize != came)", "if false"),
    ("chain", "whole cycles", "came.is_multiple_of(cycle as usize)", "true"),
    ("chain", "some work at all", "came > 0 &&", "true &&"),
    ("chain", "that a question is answered once", ".and_then(Option::take)", ".and_then(|asked| *asked)"),
    ("chain", "that rows were committed", "root.is_none() || root.as_ref() != self.history.roots.get(round as usize)", "root.is_none()"),
    ("chain", "that rows enter the test", "self.batch.add(&key, row, &c);", "let _ = key;"),
    ("chain", "that cells were committed", "root.is_some() && root.as_ref() == self.history.roots.get(round as usize)", "root.is_some()"),
    ("chain", "that all was shown", "if left > 0", "if false"),
    ("chain", "that rows are rows of products", "if self.batch.holds(&self.seeds.b())", "if true"),
    ("chain", "that no kind is begun early", "if self.awaits(false).is_some()", "if false"),
    ("chain", "that turns are due", "if self.awaits(false) != Some(round)", "if false"),
    ("chain", "that a turn begins the time", "self.last_ns = now_ns;\n        Ok(())\n    }\n\n    pub fn commit", "Ok(())\n    }\n\n    pub fn commit"),
    ("chain", "the time of all, without turns", "if !is_apart", "if false"),
    ("chain", "the time after the last root", "self.pass(self.history.roots.len() as u32, now_ns);", "let _ = now_ns;"),
    ("recheck", "that what is called refuted is", "(Outcome::Refuted { .. }, None) if session.is_done() => return Err(Refusal::Holds),", ""),
    ("schedule", "the turns before products", "Some(part) => part,", "Some(part) => part + 1,"),
    ("schedule", "the turns before parts", "None => at,", "None => at + 1,"),
    ("schedule", "what hangs on a turn", "if self.since_turn(round) >= LAG", "if round >= LAG"),
    ("recheck", "what older proofs state", "if !counts_all_time", "if true"),
    ("work", "how large a number can be", "(value.abs() <= self.sum_max()).then_some(value)", "Some(value)"),
    ("work", "that numbers are whole", "if (whole as f32).to_bits() != float.to_bits()", "if false"),
    ("work", "m is a power of two", "!side.is_power_of_two() ||", "false ||"),
    ("work", "the depth of exact sums", "!(64..=most).contains(&self.k)", "false"),
    ("work", "that rounds are chained", "let info = [b\"gpu-assay proof v1 \", matrix, &self.gpu.to_le_bytes(), rest].concat();",
     "let info = [b\"gpu-assay proof v1 \", matrix, &self.gpu.to_le_bytes(), &rest[..rest.len().min(4)]].concat();"),
    ("memory", "how large cells' parts are", "!self.cells.is_power_of_two() ||", "false ||"),
    ("memory", "how many parts", "if !(least..=Self::COUNT_MAX).contains(&value)", "if false"),
    ("product", "all columns of C", "self.c.iter().enumerate().all(", "self.c.iter().enumerate().take(1).all("),
    ("product", "all digits of sums", "const LIMBS: usize = 4;", "const LIMBS: usize = 2;"),
    ("recheck", "the challenge's digest", "if proof.challenge_sha256 != issued.sha256", "if false"),
    ("recheck", "the transcript's digest", "if from.transcript() != proof.transcript", "if false"),
    ("recheck", "when it was begun", "issued.is_good_at(at).map_err(Refusal::Begun)?;", "let _: jiff::Timestamp = at;"),
    ("recheck", "a prover's own questions", "if by == By::Prover && chosen", "if false && chosen"),
    ("recheck", "faults", "(Outcome::Held, Some(fault)) => return Err(fault),", ""),
    ("recheck", "that it was finished", "if !session.is_done()", "if false"),
    ("recheck", "the figures", "if figures == older(&proof.figures, &figures)", "if true"),
    ("statement", "who kept the clock", "&& self.by == By::Witness", ""),
    ("statement", "two hosts", "&& self.same_host == Some(false)", ""),
    ("statement", "hardware", "&& is(ProvenanceKind::Hardware)", ""),
    ("statement", "that it held", "self.outcome == Outcome::Held", "true"),
    ("statement", "that every card is attested", "if self.figures.gpus.iter().all(attested)", "if self.figures.gpus.iter().any(attested)"),
    ("session", "that attested cards are different", "if other.key_sha256 == card.key_sha256", "if false && other.key_sha256 == card.key_sha256"),
    ("session", "that a card is attested once", "Some(_) => Err(contradicts(Contradiction::Twice)),", "Some(_) => Ok(()),"),
    ("work", "whose attestation it is", 'self.key(b"T", &[])', 'Self { gpu: 0, secret: self.secret.clone() }.key(b"T", &[])'),
    ("attestation/mod", "what a card signed", "if report.nonce != nonce", "if false"),
    ("attestation/mod", "the report's signature", "leaf.key().verify(report.signed, &signature).map_err(|_| Contradiction::Signature)?;", "let _ = signature;"),
    ("attestation/mod", "the firmware's digest", "if report.firmware().is_some_and(|digest| !leaf.mentions(digest))", "if false"),
    ("attestation/mod", "by which key a card is known", "certificates.get(1).filter(|next| next.sha256() != root.sha256()).unwrap_or(leaf)", "leaf"),
    ("attestation/spdm", "that a signature was asked for", "|| requested & SIGNATURE_REQUESTED == 0", ""),
    ("attestation/spdm", "that the lengths add up", "!rest.rest.is_empty() ||", "false ||"),
    ("attestation/spdm", "how many measurements", "count(record, 4)? != usize::from(blocks)", "false"),
    ("attestation/chain", "the names of issuers", "if self.x509.tbs_certificate().issuer() != issuer.x509.tbs_certificate().subject()", "if false"),
    ("attestation/chain", "the certificates' signatures", "Some(signature) => issuer.key.verify(&part, &signature).map_err(|_| bad),", "Some(_) => { let _ = part; Ok(()) }"),
    ("attestation/chain", "who is an authority", "BasicConstraints { ca: true, path_len_constraint }", "BasicConstraints { ca: _, path_len_constraint }"),
    ("attestation/chain", "how long a chain may be", "if path_len_constraint.is_some_and(|most| below > usize::from(most))", "if false && path_len_constraint.is_some()"),
    ("attestation/chain", "whose key signs certificates", "if !usage.key_cert_sign()", "if false && !usage.key_cert_sign()"),
    ("attestation/chain", "whose key signs data", "first.signs_data().map_err(Some)?;", ""),
    ("attestation/chain", "what is critical", "extension.critical && !UNDERSTOOD.contains(&extension.extn_id)", "false && !UNDERSTOOD.contains(&extension.extn_id)"),
    ("attestation/chain", "when certificates are valid", "if at.iter().all(good)", "if true || at.iter().all(good)"),
    ("attestation/chain", "the root", "roots.iter().find(|root| root.der == last.der)", "roots.iter().find(|_| true)"),
]


def copied():
    shutil.rmtree(COPY, ignore_errors=True)
    names = ["Cargo.toml", "Cargo.lock", "src", "kernels", "benches"]
    COPY.mkdir(parents=True)
    for name in names:
        source = ROOT / name
        shutil.copytree(source, COPY / name) if source.is_dir() else shutil.copy(source, COPY / name)
    shutil.copytree(ROOT / "tests", COPY / "tests", ignore=shutil.ignore_patterns("fuzz", "__pycache__"))
    shutil.copytree(ROOT / "tests/fuzz/seeds", COPY / "tests/fuzz/seeds")
    (COPY / "tests/check.rs").write_text(PROGRAM)
    with (COPY / "Cargo.toml").open("a") as manifest:
        manifest.write('\n[[test]]\nname = "check"\npath = "tests/check.rs"\n')


def test():
    """How the tests end: "passed", "failed", or "does not compile"."""
    # Our own code, optimised, takes longer to make than it saves here.
    environment = os.environ | {"CARGO_TARGET_DIR": str(ROOT / "target/mutants/build"), "CARGO_PROFILE_DEV_OPT_LEVEL": "0"}
    dependencies = ["--config", 'profile.dev.package."*".opt-level=1']
    cargo = ["cargo", *dependencies, "test", "--quiet", "--no-default-features", "--test", "check"]
    compiled = subprocess.run([*cargo, "--no-run"], cwd=COPY, env=environment, capture_output=True, text=True)
    if compiled.returncode:
        return "does not compile", compiled.stderr
    ran = subprocess.run([*cargo, "--", *TESTS], cwd=COPY, env=environment, capture_output=True, text=True)
    return ("passed" if ran.returncode == 0 else "failed"), ran.stdout


def main():
    copied()
    ended, said = test()
    if ended != "passed":
        sys.exit(f"without any mutation the tests end with: {ended}\n{said}")
    rows, survived = [], 0
    for name, what, code, without in MUTANTS:
        path = COPY / f"src/proof/{name}.rs"
        text = path.read_text()
        if text.count(code) != 1:
            sys.exit(f"{path}: {code!r} stands {text.count(code)} times, not once; this list is old")
        path.write_text(text.replace(code, without))
        ended, said = test()
        path.write_text(text)
        survived += ended != "failed"
        by = said.count(" panicked at ")
        print(f"{name}: {what}: {'noticed' if ended == 'failed' else ended.upper()}", flush=True)
        rows.append(f"| `{name}.rs` | {what} | {'noticed by ' + str(by) if ended == 'failed' else ended} |")
    if len(sys.argv) > 1:
        head = "# Each check of proofs, taken away\n\nBy `tests/mutants.py`: what the tests of the check say when one check is gone.\n"
        table = "\n".join(["", "| file | check | tests |", "| --- | --- | --- |", *rows, ""])
        Path(sys.argv[1]).write_text(head + table)
    sys.exit(f"{survived} mutations survived" if survived else 0)


if __name__ == "__main__":
    main()
