//! An attestation from anywhere: checked without a panic, and nothing holds for a number that was never signed. Two bytes
//! say how long the report is that comes first; certificates follow.
#![no_main]

use gpu_assay::proof::attestation::{Roots, check};
use gpu_assay::telemetry::Attestation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((length, rest)) = data.split_first_chunk() else { return };
    let (report, chain) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*length))));
    let attestation = Attestation { report: report.to_vec(), chain: chain.to_vec() };
    // That of the report, so that what comes after is reached.
    let nonce = report.get(4..36).and_then(|nonce| nonce.try_into().ok()).unwrap_or([0; 32]);
    let at = ["2026-06-01T00:00:00Z".parse().expect("a time")];
    if let Ok(card) = check(&attestation, &nonce, &at, Roots::in_use()) {
        assert!(card.name.contains("GH100"), "somebody else's card: {card:?}");
    }
});
