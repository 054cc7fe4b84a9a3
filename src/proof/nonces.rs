//! Challenges that were answered already, so that none is answered twice.
//! Owns the files that say so; must not know what a challenge demands.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A nonce that is being used. Unless it is kept, it may be used again.
#[derive(Debug)]
pub struct Claim {
    file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum NonceError {
    #[error("this challenge has been answered before ({0} says so); make a new one")]
    Used(PathBuf),
    #[error(
        "whether this challenge was answered before cannot be kept in {path}: {why}; set XDG_STATE_HOME to a place of yours"
    )]
    Unwritable { path: PathBuf, why: io::Error },
    #[error("there is no place to keep which challenges were answered; set HOME or XDG_STATE_HOME")]
    NoPlace,
}

/// Where they are kept: below the user's state directory (XDG Base Directory Specification).
pub fn place() -> Result<PathBuf, NonceError> {
    let given = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = given.or_else(|| Some(std::env::home_dir()?.join(".local/state")));
    Ok(state.ok_or(NonceError::NoPlace)?.join("gpu-assay/challenges"))
}

impl Claim {
    /// Claims `nonce` for one proof. Of several that try, one succeeds.
    pub fn new(place: &Path, nonce: &[u8; 32]) -> Result<Self, NonceError> {
        let file = place.join(hex::encode(nonce));
        let claimed = fs::create_dir_all(place).and_then(|()| {
            OpenOptions::new().write(true).create_new(true).open(&file).and_then(|f| f.sync_all())
        });
        match claimed {
            Ok(()) => Ok(Self { file }),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => Err(NonceError::Used(file)),
            Err(why) => Err(NonceError::Unwritable { path: place.to_path_buf(), why }),
        }
    }

    /// Gives it back: nothing was begun.
    pub fn release(self) {
        // Should that fail, the challenge counts as used, which is the safe side.
        let _ = fs::remove_file(self.file);
    }
}
