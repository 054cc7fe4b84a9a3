//! Ed25519 keys in files that OpenSSL reads and writes too.
//! Owns key files and key ids; must not know what is signed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::files;

/// No key file is longer; what is longer was given by mistake.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// How a PEM block with a public key is labelled (RFC 7468).
const PUBLIC: &str = "PUBLIC KEY";

/// Names a key: SHA-256 of its SPKI DER, lower-case hex. Only a hint inside an envelope.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(!try_from, !into)]
pub struct KeyId(#[schemars(regex(pattern = "^[0-9a-f]{64}$"))] String);

impl KeyId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let hex = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Self(text)) } else { Err(KeyError::NotAnId) }
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{path}: there is no such key file; make one with `assay key new {path}`")]
    Missing { path: PathBuf },
    #[error("{path}: the key file cannot be read: {why}")]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("{path}: {is}, but {want} is needed here; {hint}")]
    WrongKind { path: PathBuf, is: String, want: &'static str, hint: &'static str },
    #[error(
        "{path}: others than its owner can read this secret key (mode {mode:03o}); run: chmod 600 {path}"
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error("{path}: the file exists already and a key is never overwritten; choose another name")]
    Exists { path: PathBuf },
    #[error("{path}: the key file cannot be written: {why}")]
    Unwritable { path: PathBuf, why: io::Error },
    #[error("this machine gives no random numbers for a key: {0}")]
    NoEntropy(String),
    #[error("a key id is 64 lower-case hex digits, the SHA-256 of the public key; see `assay key show`")]
    NotAnId,
    #[error("the key cannot be encoded: {0}")]
    Encoding(String),
}

/// Signs. Never printed, never serialised but into its own file.
pub struct SecretKey(SigningKey);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

impl SecretKey {
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| KeyError::NoEntropy(e.to_string()))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads a PKCS#8 PEM file that nobody but its owner may read. Keys made by OpenSSL will do.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let mut file = open(path)?;
        let text = read(path, &mut file)?;
        let key = SigningKey::from_pkcs8_pem(text.trim()).map_err(|_| Wanted::Secret.refusal(path, &text))?;
        // What is no secret may be read by anybody.
        refuse_exposed(path, &file)?;
        Ok(Self(key))
    }

    /// Writes a new file with mode 0600, in PKCS#8 **version 1**: OpenSSL 3.0 does not read version 2, which the
    /// usual encoder writes because it appends the public key.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        let bytes = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF).map_err(|e| KeyError::Encoding(e.to_string()))?;
        write_new(path, pem.as_bytes(), 0o600)
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// All keys of a file: SPKI PEM blocks, one after the other, with any text between them.
    pub fn load_all(path: &Path) -> Result<Vec<Self>, KeyError> {
        let mut file = open(path)?;
        let text = read(path, &mut file)?;
        let public = blocks(&text).filter(|(label, _)| *label == PUBLIC);
        let keys: Option<Vec<Self>> = public.map(|(_, pem)| Self::from_pem(pem)).collect();
        keys.filter(|keys| !keys.is_empty()).ok_or_else(|| Wanted::Public.refusal(path, &text))
    }

    /// Those of a file of public keys, or the one that belongs to the secret key in it.
    pub fn load_either(path: &Path) -> Result<Vec<Self>, KeyError> {
        if let Ok(keys) = Self::load_all(path) {
            return Ok(keys);
        }
        let key = SecretKey::load(path).or_else(|error| {
            if !matches!(error, KeyError::WrongKind { .. }) {
                return Err(error);
            }
            let text = read(path, &mut open(path)?)?;
            Err(Wanted::Either.refusal(path, &text))
        })?;
        Ok(vec![key.public()])
    }

    pub fn from_pem(pem: &str) -> Option<Self> {
        VerifyingKey::from_public_key_pem(pem.trim()).ok().map(Self)
    }

    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|e| KeyError::Encoding(e.to_string()))
    }

    /// Writes a new file that everyone may read.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        write_new(path, self.to_pem()?.as_bytes(), 0o644)
    }

    pub fn id(&self) -> KeyId {
        // RFC 8410: the SPKI of an Ed25519 key is this prefix and the 32 bytes of the key.
        const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        KeyId(super::sha256_hex(&[PREFIX.as_slice(), self.0.as_bytes()].concat()))
    }

    /// Strict: refuses keys of small order and signatures that could be written in two ways.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

fn open(path: &Path) -> Result<File, KeyError> {
    let unreadable = |why| KeyError::Unreadable { path: path.to_owned(), why };
    let file = File::open(path).map_err(|why| {
        if why.kind() == io::ErrorKind::NotFound {
            KeyError::Missing { path: path.to_owned() }
        } else {
            unreadable(why)
        }
    })?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

fn read(path: &Path, file: &mut File) -> Result<String, KeyError> {
    let bytes = files::whole(file, FILE_BYTES_MAX);
    let bytes = bytes.map_err(|why| KeyError::Unreadable { path: path.to_owned(), why })?;
    // Where it is no text the caller says what it should have been.
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, file: &File) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|why| KeyError::Unreadable { path: path.to_owned(), why })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Exposed { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &File) -> Result<(), KeyError> {
    Ok(())
}

/// Writes a file that was not there, for eyes that `mode` allows.
pub(super) fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), KeyError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(|why| {
        if why.kind() == io::ErrorKind::AlreadyExists {
            KeyError::Exists { path: path.to_owned() }
        } else {
            KeyError::Unwritable { path: path.to_owned(), why }
        }
    })?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|why| {
        // Half a key helps nobody, and it would block the next try.
        let _ = fs::remove_file(path);
        KeyError::Unwritable { path: path.to_owned(), why }
    })
}

/// The blocks of a PEM file, each with what it is labelled, and its text to where it ends, or the next begins.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    const BEGIN: &str = "-----BEGIN ";
    text.match_indices(BEGIN).filter_map(|(start, _)| {
        let rest = &text[start..];
        let rest = rest[BEGIN.len()..].find(BEGIN).map_or(rest, |next| &rest[..BEGIN.len() + next]);
        let (label, _) = rest[BEGIN.len()..].lines().next()?.split_once("-----")?;
        let footer = format!("-----END {label}-----");
        let end = rest.find(&footer).map_or(rest.len(), |at| at + footer.len());
        Some((label, &rest[..end]))
    })
}

/// What a block of a PEM file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Public,
    OtherPublic,
    Secret,
    OtherSecret,
    Locked,
    OpenSsh,
    Foreign,
    Certificate,
    NoKey,
}

impl Block {
    fn of((label, pem): (&str, &str)) -> Self {
        match label {
            PUBLIC if PublicKey::from_pem(pem).is_some() => Block::Public,
            PUBLIC => Block::OtherPublic,
            "PRIVATE KEY" if SigningKey::from_pkcs8_pem(pem).is_ok() => Block::Secret,
            "PRIVATE KEY" => Block::OtherSecret,
            "ENCRYPTED PRIVATE KEY" => Block::Locked,
            "OPENSSH PRIVATE KEY" => Block::OpenSsh,
            "CERTIFICATE" => Block::Certificate,
            label if label.ends_with("PRIVATE KEY") => Block::Foreign,
            _ => Block::NoKey,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Block::Public => "a public Ed25519 key",
            Block::OtherPublic => "a damaged public key or one of another kind",
            Block::Secret => "a secret key",
            Block::OtherSecret => "a damaged secret key or one of another kind",
            Block::Locked => "a key that is protected by a pass phrase",
            Block::OpenSsh => "an OpenSSH key",
            Block::Foreign => "a secret key of another kind",
            Block::Certificate => "a certificate",
            Block::NoKey => "something that is no key",
        }
    }
}

#[derive(Clone, Copy)]
enum Wanted {
    Secret,
    Public,
    Either,
}

impl Wanted {
    /// What the file holds that does not serve, what is wanted, and what to try.
    fn refusal(self, path: &Path, text: &str) -> KeyError {
        let all: Vec<Block> = blocks(text).map(Block::of).collect();
        let has = |block| all.contains(&block);
        let several = all.len() > 1;
        let want = match self {
            Wanted::Secret if several && has(Block::Secret) => "a secret Ed25519 key and nothing else",
            Wanted::Secret => "a secret Ed25519 key",
            Wanted::Public => "a public Ed25519 key",
            Wanted::Either => "an Ed25519 key",
        };
        let hint = match self {
            Wanted::Secret | Wanted::Either if has(Block::Secret) => {
                "copy the secret key's own block into a file of its own"
            }
            Wanted::Public | Wanted::Either if has(Block::Public) => "take out the block that is none",
            _ if has(Block::Locked) => "unlock a copy with `openssl pkey -in FILE -out COPY`",
            Wanted::Secret if has(Block::Public) => "give the secret key that was made with it",
            Wanted::Secret | Wanted::Either => "make an Ed25519 key with `assay key new`",
            Wanted::Public if has(Block::Secret) => {
                "give the public key that belongs to it, as `assay key show` prints it"
            }
            Wanted::Public => {
                "give the signer's *.pub.pem, which `assay key new` wrote and `assay key show` prints"
            }
        };
        KeyError::WrongKind { path: path.to_owned(), is: held(&all), want, hint }
    }
}

/// Each kind of block once, in their order.
fn held(all: &[Block]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in all.iter().map(|block| block.name()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.split_last() {
        None => "this is not a key in PEM format".to_owned(),
        Some((name, [])) if all.len() == 1 => format!("this is {name}"),
        Some((name, [])) => format!("this file holds several blocks, each {name}"),
        Some((last, names)) => format!("this file holds {} and {last}", names.join(", ")),
    }
}
