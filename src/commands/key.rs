//! `assay key`: make and show signing keys.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Failure, print};
use crate::cli::KeyCommand;
use crate::exit::Exit;
use crate::seal::{PublicKey, Salt, SecretKey};

pub fn key(command: &KeyCommand) -> Result<Exit, Failure> {
    match command {
        KeyCommand::New { file } => new(file),
        KeyCommand::Salt { file } => salt(file),
        KeyCommand::Show { file } => show(file),
    }
}

fn new(file: &Path) -> Result<Exit, Failure> {
    let public_file = public_path(file);
    let key = SecretKey::generate().map_err(Failure::usage)?;
    let public = key.public();
    // The public half first: a private key is never left without it.
    public.write_new(&public_file).map_err(Failure::usage)?;
    if let Err(error) = key.write_new(file) {
        let _ = std::fs::remove_file(&public_file);
        return Err(Failure::usage(error));
    }
    print(|out| {
        writeln!(out, "private key  {}   keep it secret; it signs reports", file.display())?;
        writeln!(out, "public key   {}   give it to whoever verifies them", public_file.display())?;
        writeln!(out, "fingerprint  {}", public.id())
    })
}

fn salt(file: &Path) -> Result<Exit, Failure> {
    let salt = Salt::make(file).map_err(Failure::usage)?;
    print(|out| {
        writeln!(out, "salt         {}   share it with those who may know the cards", file.display())?;
        writeln!(out, "fingerprint  {}", salt.sha256())
    })
}

/// `key.pem` -> `key.pub.pem`
fn public_path(file: &Path) -> PathBuf {
    file.with_extension("pub.pem")
}

fn show(file: &Path) -> Result<Exit, Failure> {
    let public = match PublicKey::load_all(file) {
        Ok(keys) => keys,
        Err(_) => vec![SecretKey::load(file).map_err(Failure::usage)?.public()],
    };
    for key in public {
        let pem = key.to_pem().map_err(Failure::usage)?;
        print(|out| write!(out, "fingerprint  {}\n{pem}", key.id()))?;
    }
    Ok(Exit::Pass)
}
