//! Envelopes: no input opens with a key that did not sign it, and what is written is read back.
#![no_main]

use std::sync::LazyLock;

use gpu_assay::report::Report;
use gpu_assay::seal::{Envelope, SecretKey, TrustList};
use libfuzzer_sys::fuzz_target;

static STRANGER: LazyLock<TrustList> =
    LazyLock::new(|| TrustList::new([SecretKey::generate().expect("the system gives random bytes").public()]));

fuzz_target!(|bytes: &[u8]| {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    assert!(envelope.open(&STRANGER).is_err(), "opened with a key that signed nothing");
    let again = Envelope::parse(&envelope.to_bytes()).expect("what was written can be read");
    assert_eq!(again.unchecked(), envelope.unchecked());
    let _ = (envelope.claimed_signers(), Report::unchecked(&envelope));
});
