//! Whose signatures count. The verifier names keys; nothing is trusted on first use.
//! Owns the list of keys; must not know envelopes.

use std::path::Path;

use super::keys::{KeyError, KeyId, PublicKey};

/// The keys that a verifier trusts.
#[derive(Clone, Debug, Default)]
pub struct TrustList {
    keys: Vec<PublicKey>,
}

impl TrustList {
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        let mut list = Self::default();
        for key in keys {
            if !list.keys.contains(&key) {
                list.keys.push(key);
            }
        }
        list
    }

    /// Reads public keys from PEM files; a file may hold several.
    pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for path in paths {
            keys.extend(PublicKey::load_all(path.as_ref())?);
        }
        Ok(Self::new(keys))
    }

    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    pub fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(PublicKey::id).collect()
    }
}
