//! What challenges, proofs and reports share: keys, signatures, whom to trust.
//! Owns the envelope and its keys; must not know what the signed bytes mean.

pub mod envelope;
pub mod keys;
pub mod salt;
pub mod statement;
pub mod timestamp;
pub mod trust;

pub use envelope::{Envelope, EnvelopeError, Verified};
pub use keys::{KeyError, KeyId, PublicKey, SecretKey};
pub use salt::{Salt, SaltError};
pub use trust::TrustList;

use sha2::{Digest, Sha256};

/// SHA-256 of `bytes` as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
