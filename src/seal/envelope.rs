//! The DSSE envelope, v1.0.2: exact bytes and who signed them.
//! Owns sealing and opening; must not know what the bytes say. Only [`Envelope::open`] makes a [`Verified`].

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use super::keys::{KeyId, SecretKey};
use super::trust::TrustList;
use crate::files;
use crate::visible::{in_short, reason};

/// The only payload that this program seals and opens.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Larger files are not reports of ours. A report of ordinary size is a thousandth of this.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// More signatures than parties could have; a limit, so that a hostile file costs little.
const SIGNATURES_MAX: usize = 16;

/// So much is hashed at most to find out who signed, which anybody's file asks of us: all of it, once for each signature and key.
const HASHED_BYTES_MAX: usize = 1 << 30;

/// A payload and its signatures. Unknown fields are ignored, as the specification demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Base64 of the exact bytes.
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
struct Signature {
    /// An unauthenticated hint. It decides nothing.
    #[serde(default)]
    keyid: Option<String>,
    /// Base64 of the 64 bytes.
    sig: String,
}

/// Bytes that a trusted key has signed. There is no other way to make one than [`Envelope::open`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    bytes: Vec<u8>,
    signers: Signers,
    hint: Option<String>,
    unknown: usize,
}

/// Trusted keys that signed, in the order of their signatures. There is one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Signers {
    first: KeyId,
    others: Vec<KeyId>,
}

impl Verified {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The name by which certificates and pages mean exactly these bytes.
    pub fn sha256(&self) -> String {
        super::sha256_hex(&self.bytes)
    }

    /// The trusted key that signed, the first one of several, whatever the envelope's hint said.
    pub fn signer(&self) -> &KeyId {
        &self.signers.first
    }

    /// Every trusted key that signed these bytes.
    pub fn signers(&self) -> impl Iterator<Item = &KeyId> {
        std::iter::once(&self.signers.first).chain(&self.signers.others)
    }

    /// Signatures that no trusted key made: by somebody else, or by nobody. They say nothing.
    pub fn unknown_signatures(&self) -> usize {
        self.unknown
    }

    /// What the envelope named as the signer's key where that is another one. No signature covers it.
    pub fn wrong_hint(&self) -> Option<&str> {
        self.hint.as_deref().filter(|hint| *hint != self.signers.first.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the file has {bytes} bytes, an envelope at most {FILE_BYTES_MAX}; is it a signed report?")]
    TooLarge { bytes: usize },
    #[error("the file is cut short or empty ({why}); get it again")]
    CutShort { why: String },
    #[error("the file is not a DSSE envelope: {why}")]
    Malformed { why: String },
    #[error("the payload is of type {0:?}, not {PAYLOAD_TYPE:?}; this is not a report")]
    PayloadType(String),
    #[error("the {0} is not base64; the file was damaged or changed")]
    Base64(&'static str),
    #[error("the envelope holds no signature")]
    Unsigned,
    #[error("the envelope holds {0} signatures, at most {SIGNATURES_MAX} are read")]
    TooManySignatures(usize),
    #[error(
        "to try {keys} keys on {signatures} signatures of {bytes} bytes takes too long; name the signer's key alone with --trust"
    )]
    TooDear { keys: usize, signatures: usize, bytes: usize },
    #[error("no key to trust was given; name the signer's public key with --trust PUB.pem")]
    NoTrust,
    #[error(
        "no trusted key signed this: either it was changed after signing, or somebody else signed it \
         (it names the key {}, trusted: {}); get the signer's public key from the signer, not with the report",
        list(.claimed), list(.trusted)
    )]
    NotSignedByTrusted { claimed: Vec<String>, trusted: Vec<String> },
    #[error("a trusted key is named, but its signature does not hold: the report was changed after signing")]
    BadSignature { keyid: KeyId },
}

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("it cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("{0}")]
    Envelope(#[from] EnvelopeError),
}

fn list(ids: &[String]) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}

impl Envelope {
    /// Signs exactly `payload`.
    pub fn seal(payload: &[u8], key: &SecretKey) -> Self {
        Self {
            payload: encode(payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signature::new(payload, key)],
        }
    }

    /// The same payload with one more signature, over what was verified. What `key` has signed already stays as it is.
    pub fn countersign(mut self, verified: &Verified, key: &SecretKey) -> Self {
        if verified.signers().all(|signer| *signer != key.public().id()) {
            self.signatures.push(Signature::new(verified.bytes(), key));
        }
        self
    }

    /// Reads a file that holds one.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Self::read(File::open(path).map_err(LoadError::Unreadable)?)
    }

    /// The same of what is open already.
    pub fn read(from: impl Read) -> Result<Self, LoadError> {
        let mut bytes = Vec::new();
        let limit = FILE_BYTES_MAX as u64 + 1;
        from.take(limit).read_to_end(&mut bytes).map_err(LoadError::Unreadable)?;
        Ok(Self::parse(&bytes)?)
    }

    /// Reads an envelope, which has a signature at least. Nothing in it is believed before [`Envelope::open`].
    pub fn parse(file: &[u8]) -> Result<Self, EnvelopeError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(EnvelopeError::TooLarge { bytes: file.len() });
        }
        let malformed = |e: serde_json::Error| match files::no_text(file) {
            Some(known) => EnvelopeError::Malformed { why: known.to_owned() },
            None if e.is_eof() => EnvelopeError::CutShort { why: reason(&e) },
            None => EnvelopeError::Malformed { why: reason(&e) },
        };
        let envelope: Self = serde_json::from_slice(files::without_mark(file)).map_err(malformed)?;
        match envelope.signatures.len() {
            0 => Err(EnvelopeError::Unsigned),
            1..=SIGNATURES_MAX => Ok(envelope),
            more => Err(EnvelopeError::TooManySignatures(more)),
        }
    }

    /// The envelope as a file: one line of JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and lists of strings always serialise.
        let mut file = serde_json::to_vec(self).unwrap_or_default();
        file.push(b'\n');
        file
    }

    /// The signed bytes, if a trusted key signed them. One valid signature is enough; those of other keys are ignored.
    pub fn open(&self, trust: &TrustList) -> Result<Verified, EnvelopeError> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::PayloadType(shown(&self.payload_type)));
        }
        if trust.keys().is_empty() {
            return Err(EnvelopeError::NoTrust);
        }
        let bytes = decode(&self.payload).ok_or(EnvelopeError::Base64("payload"))?;
        let message = pae(&self.payload_type, &bytes);
        let mut tries = HASHED_BYTES_MAX / message.len();
        let mut valid = Vec::new();
        for signature in &self.signatures {
            let signer = self.signer(signature, &message, trust, &mut tries)?;
            valid.extend(signer.map(|key| (key, signature.keyid.as_ref())));
        }
        let mut valid = valid.into_iter();
        let Some((first, hint)) = valid.next() else { return Err(self.refusal(trust)) };
        let mut others: Vec<KeyId> = Vec::new();
        let mut unknown = self.signatures.len() - 1;
        for (signer, _) in valid {
            unknown -= 1;
            // One key that signs twice is one signer.
            if signer != first && !others.contains(&signer) {
                others.push(signer);
            }
        }
        Ok(Verified { bytes, hint: hint.map(|id| shown(id)), signers: Signers { first, others }, unknown })
    }

    /// The trusted key that made a signature over `message`. The one that it names is tried first, and is the one of all who sign in
    /// earnest; to find out of others takes some of the `tries` that are left.
    fn signer(
        &self,
        signature: &Signature,
        message: &[u8],
        trust: &TrustList,
        tries: &mut usize,
    ) -> Result<Option<KeyId>, EnvelopeError> {
        // What is not 64 bytes of base64 may be of a kind that we do not know: not ours, not fatal.
        let sig = decode(&signature.sig).and_then(|sig| <[u8; 64]>::try_from(sig).ok());
        let Some(sig) = sig else { return Ok(None) };
        let mut keys: Vec<_> = trust.keys().iter().map(|key| (key, key.id())).collect();
        keys.sort_by_key(|(_, id)| signature.keyid.as_deref() != Some(id.as_str()));
        for (key, id) in keys {
            let dear = || EnvelopeError::TooDear {
                keys: trust.keys().len(),
                signatures: self.signatures.len(),
                bytes: message.len(),
            };
            *tries = tries.checked_sub(1).ok_or_else(dear)?;
            if key.verifies(message, &sig) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The payload without a look at the signatures: for showing, never for judging.
    pub fn unchecked(&self) -> Option<Vec<u8>> {
        decode(&self.payload)
    }

    /// Ids of the keys that the signatures name. Hints, not evidence.
    pub fn claimed_signers(&self) -> Vec<String> {
        let named = self.signatures.iter().filter_map(|s| s.keyid.as_ref());
        named.map(|id| shown(id)).collect()
    }

    fn refusal(&self, trust: &TrustList) -> EnvelopeError {
        let (claimed, trusted) = (self.claimed_signers(), trust.ids());
        match trusted.iter().find(|id| claimed.iter().any(|c| c == id.as_str())) {
            Some(keyid) => EnvelopeError::BadSignature { keyid: keyid.clone() },
            None => EnvelopeError::NotSignedByTrusted {
                claimed,
                trusted: trusted.into_iter().map(String::from).collect(),
            },
        }
    }
}

impl Signature {
    fn new(payload: &[u8], key: &SecretKey) -> Self {
        let sig = key.sign(&pae(PAYLOAD_TYPE, payload));
        Self { keyid: Some(key.public().id().into()), sig: encode(&sig) }
    }
}

/// A hint, cut short: it may be of any length, and hold anything.
fn shown(hint: &str) -> String {
    in_short(hint, 80)
}

/// The bytes that are signed: type and payload, each with its length, so that neither can be taken for the other.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {} {} ", payload_type.len(), payload_type, payload.len());
    [head.as_bytes(), payload].concat()
}

fn encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Either alphabet, with or without padding: the specification leaves the choice to the writer.
fn decode(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_signed_bytes_are_those_of_the_specification() {
        // The example of the DSSE protocol document.
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn what_is_sealed_opens_for_those_who_trust_the_key() {
        let key = SecretKey::generate().unwrap();
        let envelope = Envelope::parse(&Envelope::seal(b"{}", &key).to_bytes()).unwrap();
        let opened = envelope.open(&TrustList::new([key.public()])).unwrap();
        assert_eq!((opened.bytes(), opened.signer()), (b"{}".as_slice(), &key.public().id()));

        assert_eq!(opened.wrong_hint(), None);

        let mut renamed = envelope.clone();
        renamed.signatures[0].keyid = Some("somebody".into());
        let opened = renamed.open(&TrustList::new([key.public()])).unwrap();
        assert_eq!((opened.signer(), opened.wrong_hint()), (&key.public().id(), Some("somebody")));

        let stranger = TrustList::new([SecretKey::generate().unwrap().public()]);
        assert!(matches!(envelope.open(&stranger), Err(EnvelopeError::NotSignedByTrusted { .. })));
        assert_eq!(envelope.open(&TrustList::default()), Err(EnvelopeError::NoTrust));
    }

    #[test]
    fn two_parties_sign_one_payload_in_either_order_and_count_once_each() {
        let (one, two) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let trust = TrustList::new([one.public(), two.public()]);
        for (first, second) in [(&one, &two), (&two, &one)] {
            let mut envelope = Envelope::seal(b"agreed", first);
            for key in [second, second, first] {
                let verified = envelope.open(&trust).unwrap();
                envelope = envelope.countersign(&verified, key);
            }
            let signers: Vec<KeyId> = envelope.open(&trust).unwrap().signers().cloned().collect();
            assert_eq!(signers, [first.public().id(), second.public().id()]);
            assert_eq!(envelope.signatures.len(), 2);
            let alone = envelope.open(&TrustList::new([second.public()])).unwrap();
            assert_eq!(alone.signers().count(), 1, "a key that is not trusted signs nothing");

            // A signature that was copied twice is one signer still.
            envelope.signatures = vec![envelope.signatures[0].clone(), envelope.signatures[0].clone()];
            assert_eq!(envelope.open(&trust).unwrap().signers().count(), 1);
        }
    }

    #[test]
    fn every_changed_byte_of_the_payload_is_noticed() {
        let key = SecretKey::generate().unwrap();
        let trust = TrustList::new([key.public()]);
        let sealed = Envelope::seal(b"a payload", &key);
        for at in 0..b"a payload".len() {
            let mut bytes = b"a payload".to_vec();
            bytes[at] ^= 1;
            let payload = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let changed = Envelope { payload, ..sealed.clone() };
            assert!(matches!(changed.open(&trust), Err(EnvelopeError::BadSignature { .. })), "byte {at}");
        }
    }
}
