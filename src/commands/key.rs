//! `assay key`: make and show signing keys.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Failure, print, tell};
use crate::cli::KeyCommand;
use crate::exit::Exit;
use crate::language::{Language, say};
use crate::output::listing::entry;
use crate::seal::{PublicKey, Salt, SecretKey};

/// Of the names before the values.
const NAMES: usize = 11;

pub fn key(command: &KeyCommand, quiet: bool, language: Language) -> Result<Exit, Failure> {
    match command {
        KeyCommand::New { file } => new(file, quiet, language),
        KeyCommand::Salt { file } => salt(file, quiet, language),
        KeyCommand::Show { file } => show(file, language),
    }
}

fn new(file: &Path, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let public_file = public_path(file);
    let key = SecretKey::generate().map_err(Failure::usage)?;
    let public = key.public();
    // The public half first: a private key is never left without it.
    public.write_new(&public_file).map_err(Failure::usage)?;
    if let Err(error) = key.write_new(file) {
        let _ = std::fs::remove_file(&public_file);
        return Err(Failure::usage(error));
    }
    tell(quiet, |out| {
        let (private, for_others) = (file.display().to_string(), public_file.display().to_string());
        let private = say!(language, "key-keep-secret", file = private);
        let for_others = say!(language, "key-give-away", file = for_others);
        entry(&say!(language, "name-private-key"), NAMES, private, out)?;
        entry(&say!(language, "name-public-key"), NAMES, for_others, out)?;
        entry(&say!(language, "name-fingerprint"), NAMES, public.id(), out)
    })
}

fn salt(file: &Path, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let salt = Salt::make(file).map_err(Failure::usage)?;
    tell(quiet, |out| {
        let share = say!(language, "key-share-salt", file = file.display().to_string());
        entry(&say!(language, "name-salt"), NAMES, share, out)?;
        entry(&say!(language, "name-fingerprint"), NAMES, salt.sha256(), out)
    })
}

/// `key.pem` -> `key.pub.pem`
fn public_path(file: &Path) -> PathBuf {
    file.with_extension("pub.pem")
}

fn show(file: &Path, language: Language) -> Result<Exit, Failure> {
    for key in PublicKey::load_either(file).map_err(Failure::usage)? {
        let pem = key.to_pem().map_err(Failure::usage)?;
        print(|out| {
            entry(&say!(language, "name-fingerprint"), NAMES, key.id(), out)?;
            write!(out, "{pem}")
        })?;
    }
    Ok(Exit::Pass)
}
