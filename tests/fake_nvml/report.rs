//! An attestation report as a card would make it, signed by any key. Used by the fake card and by tests that have none.

use p384::ecdsa::signature::Signer;
use p384::ecdsa::{Signature, SigningKey};

/// The digest of the made-up firmware, which the certificate of the key names too.
pub const FIRMWARE: [u8; 48] = [0xf1; 48];
pub const DRIVER: &str = "550.54.15";

/// All of a report but its signature: the request with its nonce, the answer with one measurement and some opaque data.
pub fn unsigned(nonce: &[u8; 32]) -> Vec<u8> {
    let entry = |kind: u16, value: &[u8]| {
        [&kind.to_le_bytes()[..], &(value.len() as u16).to_le_bytes(), value].concat()
    };
    let opaque = [
        entry(6, &[0, 0x9f, 0, 0x96, 1, 0, 0, 0]),
        entry(3, format!("{DRIVER}\0").as_bytes()),
        entry(20, &FIRMWARE),
    ]
    .concat();
    let measurement = [&[1, 1, 51, 0, 1, 48, 0][..], &[0xab; 48]].concat();
    let length = (measurement.len() as u32).to_le_bytes();
    [
        &[0x11, 0xe0, 0x01, 0xff][..],
        nonce,
        &[0],
        &[0x11, 0x60, 0, 0, 1],
        &length[..3],
        &measurement,
        &[0xcd; 32],
        &(opaque.len() as u16).to_le_bytes(),
        &opaque,
    ]
    .concat()
}

pub fn signed(unsigned: &[u8], key: &SigningKey) -> Vec<u8> {
    let signature: Signature = key.sign(unsigned);
    [unsigned, &signature.to_bytes()].concat()
}
