//! A challenge is good once, whatever becomes of the proof.

use crate::proofs::{Desk, ends};

/// Who can bring about an error here, on a disk that fills or by other means, gets no second try by it.
#[test]
fn a_challenge_is_used_up_though_its_proof_could_not_be_written() {
    let desk = Desk::new();
    desk.challenge("ch.json", &[]);
    let assay = env!("CARGO_BIN_EXE_assay");
    let prover = format!("rm -rf out; exec {assay} prove --challenge ch.json --device sim:mini");
    let lost = desk.witness("ch.json", "out", &["sh", "-c", &prover]);
    ends(&lost, 4, "cannot be written");
    ends(&desk.witness("ch.json", "again", &["true"]), 6, "has been answered before");
    // Where the prover was told nothing, it was not.
    desk.challenge("other.json", &[]);
    assert_eq!(desk.witness("other.json", "nobody", &["/no/such/program"]).code, Some(4));
    let held = desk.witness(
        "other.json",
        "held",
        &[assay, "prove", "--challenge", "other.json", "--device", "sim:mini"],
    );
    ends(&held, 0, "held");
}
