//! Names that only those who hold a secret can tell: serial numbers and UUIDs, each hidden behind a keyed hash.
//! Owns the salt's file and the hash; must not know what is hidden.

use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::keys;
use super::sha256_hex;
use crate::files;

/// 32 random bytes that the parties of one contract share. Equal names stay equal behind it, so that one card that is
/// counted twice still shows; without it nobody can try serial numbers until one fits.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

#[derive(Debug, thiserror::Error)]
pub enum SaltError {
    #[error(
        "{path}: there is no such salt; get it from the party that made it, or make one with `assay key salt`"
    )]
    Missing { path: PathBuf },
    #[error("{path}: the salt cannot be read: {why}")]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("{path}: this is no salt, which is one line of 64 hexadecimal digits; name another with --salt")]
    Malformed { path: PathBuf },
    #[error("{path}: no salt can be made here: {why}")]
    Unwritable { path: PathBuf, why: String },
}

impl Salt {
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub fn load(path: &Path) -> Result<Self, SaltError> {
        let text = files::read_at_most(path, 1024).map_err(|why| {
            let path = path.to_owned();
            let is_missing = why.kind() == std::io::ErrorKind::NotFound;
            if is_missing { SaltError::Missing { path } } else { SaltError::Unreadable { path, why } }
        })?;
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text.trim_ascii(), &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(SaltError::Malformed { path: path.to_owned() }),
        }
    }

    /// The salt in this file, which is made where there is none, for its owner's eyes.
    pub fn load_or_make(path: &Path) -> Result<Self, SaltError> {
        match Self::load(path) {
            Err(SaltError::Missing { path }) => Self::make(&path),
            other => other,
        }
    }

    /// A new salt in this file, which must not be there yet.
    pub fn make(path: &Path) -> Result<Self, SaltError> {
        let unwritable = |why: String| SaltError::Unwritable { path: path.to_owned(), why };
        let salt = Self::generate().map_err(|e| unwritable(e.to_string()))?;
        keys::write_new(path, format!("{}\n", hex::encode(salt.0)).as_bytes(), 0o600)
            .map_err(|e| unwritable(e.to_string()))?;
        Ok(salt)
    }

    /// HMAC-SHA256 of a name under the salt, as lower-case hex (RFC 2104).
    pub fn hide(&self, name: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(name.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Binds whoever signs to this salt, and tells nothing of it.
    pub fn sha256(&self) -> String {
        sha256_hex(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_hidden_as_the_standard_says() {
        // printf 'uuid GPU-1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707...
        let salt = Salt([7; 32]);
        assert_eq!(
            salt.hide("uuid GPU-1"),
            "b1bec9b00bd2c7498d80cf4ac1a648ea76a3585e6cefe370af327c098c1f6e1e"
        );
        assert_ne!(salt.hide("uuid GPU-1"), Salt([8; 32]).hide("uuid GPU-1"));
    }

    #[test]
    fn a_salt_is_made_once_and_what_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lease.salt");
        assert!(matches!(Salt::load(&path), Err(SaltError::Missing { .. })));
        let made = Salt::load_or_make(&path).unwrap();
        assert!(Salt::load_or_make(&path).unwrap() == made && Salt::load(&path).unwrap() == made);
        for bad in [b"".as_slice(), b"abc", &[0xff; 64], "0".repeat(63).as_bytes(), "0".repeat(66).as_bytes()]
        {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(Salt::load_or_make(&path), Err(SaltError::Malformed { .. })));
        }
    }
}
