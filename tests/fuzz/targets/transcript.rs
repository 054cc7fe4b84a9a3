//! A transcript from anywhere: refused or found to hold, never a panic, and read as it was written.
#![no_main]

use gpu_assay::proof::challenge::{Challenge, Issued};
use gpu_assay::proof::recheck::recheck;
use gpu_assay::proof::session::Session;
use gpu_assay::proof::statement::{By, Figures, Outcome, Proof, Transcript};
use gpu_assay::proof::wire::Timed;
use libfuzzer_sys::fuzz_target;

/// As `tests/it/cheats.rs` has it, which keeps the seeds.
fn issued() -> Issued {
    let challenge = Challenge {
        format: 1,
        nonce: [7; 32],
        contract_sha256: None,
        node: None,
        gpus: 1,
        memory_bytes: 0,
        not_before: "2020-01-01T00:00:00Z".into(),
        expires: "2100-01-01T00:00:00Z".into(),
        at_least_s: 1,
        openings: 4,
    };
    Issued { challenge, sha256: "ab".repeat(32) }
}

fuzz_target!(|data: &[u8]| {
    let issued = issued();
    let mut session = Session::new(&issued, [1; 32]);
    let mut from = data;
    while let Ok(Some(entry)) = Timed::read(&mut from) {
        let mut written = Vec::new();
        entry.write(&mut written).expect("a vector takes everything");
        let again = Timed::read(&mut written.as_slice()).expect("what was written can be read");
        assert_eq!(again.as_ref(), Some(&entry));
        if session.take(&entry).is_err() {
            break;
        }
    }
    let proof = Proof {
        format: Proof::FORMAT,
        tool_version: String::new(),
        by: By::Prover,
        challenge_sha256: issued.sha256.clone(),
        at: "2026-01-01T00:00:00Z".into(),
        command: Vec::new(),
        same_host: Some(false),
        transcript: Transcript { sha256: String::new(), bytes: 0 },
        outcome: Outcome::Held,
        figures: Figures::of(&session, issued.challenge.openings),
    };
    // No digest was signed, so that nothing may hold.
    assert!(recheck(&proof, &issued, data, [1; 32]).is_err());
});
