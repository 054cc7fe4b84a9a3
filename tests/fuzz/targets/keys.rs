//! Public keys in PEM: one that is taken can be written and is the same key again.
#![no_main]

use gpu_assay::seal::PublicKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(key) = PublicKey::from_pem(text) else { return };
    let written = key.to_pem().expect("a key that was read can be written");
    assert_eq!(PublicKey::from_pem(&written).map(|k| k.id()), Some(key.id()));
});
