//! A request that a time-stamping authority answers, so that a signature can be shown to be no younger than its stamp.
//! Owns the request (RFC 3161, section 2.4.1). Asking and checking the answer is OpenSSL's business, and any client's.

use der::asn1::{Null, ObjectIdentifier, OctetStringRef, Uint};
use der::{Encode, Sequence};
use sha2::{Digest, Sha256};

const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

#[derive(Sequence)]
struct TimeStampReq<'a> {
    version: u8,
    message_imprint: MessageImprint<'a>,
    nonce: Uint,
    cert_req: bool,
}

#[derive(Sequence)]
struct MessageImprint<'a> {
    hash_algorithm: AlgorithmIdentifier,
    hashed_message: &'a OctetStringRef,
}

#[derive(Sequence)]
struct AlgorithmIdentifier {
    algorithm: ObjectIdentifier,
    parameters: Null,
}

#[derive(Debug, thiserror::Error)]
pub enum TimestampError {
    #[error("the system gives no random numbers: {0}")]
    NoRandom(#[from] getrandom::Error),
    #[error("the request cannot be written: {0}")]
    Encoding(#[from] der::Error),
}

/// The request for a stamp on `file` in DER: its SHA-256, a fresh nonce, and the wish to get the authority's certificate too.
pub fn request(file: &[u8]) -> Result<Vec<u8>, TimestampError> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce)?;
    let digest = Sha256::digest(file);
    let request = TimeStampReq {
        version: 1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifier { algorithm: SHA256, parameters: Null },
            hashed_message: OctetStringRef::new(&digest)?,
        },
        nonce: Uint::new(&nonce)?,
        cert_req: true,
    };
    Ok(request.to_der()?)
}
