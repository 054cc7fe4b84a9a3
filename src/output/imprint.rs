//! Which signed file a page shows, so that one on paper can be held against it.
//! Owns these words; must not check signatures.

use crate::language::{Language, say};
use crate::seal::{Envelope, KeyId, sha256_hex};

/// What an envelope holds and whose signatures it says that it bears. Nobody has checked that.
pub struct Imprint {
    /// Of the signed statement, as certificates and `assay verify` give it.
    pub sha256: String,
    keys: Vec<KeyId>,
}

impl Imprint {
    /// `None` where the envelope holds nothing that can be read.
    pub fn of(envelope: &Envelope) -> Option<Self> {
        let claimed = envelope.claimed_signers().into_iter();
        // What is no key's id could be any text.
        let keys = claimed.filter_map(|id| KeyId::try_from(id).ok()).collect();
        Some(Self { sha256: sha256_hex(&envelope.unchecked()?), keys })
    }

    pub fn said(&self, language: Language) -> String {
        self.said_with(&self.sha256, &self.keys(language), language)
    }

    /// The keys' ids, one after the other.
    pub fn keys(&self, language: Language) -> String {
        language.list(self.keys.iter().map(KeyId::as_str))
    }

    /// The same with these in the places of digest and keys.
    pub fn said_with(&self, sha256: &str, keys: &str, language: Language) -> String {
        say!(language, "imprint", sha256 = sha256, count = self.keys.len(), keys = keys)
    }
}
