//! Reads contract files, TOML or JSON. Every error says where and what to try.
//! Owns files and messages; where the parts of one stand and what is wrong with them is others' business.

use std::path::Path;

pub use super::places::At;
use super::places::{self, Place, position};
use super::slip::Slip;
use super::{Contract, settle};
use crate::files;
use crate::seal::sha256_hex;

/// No contract is longer; what is longer was given by mistake.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// A contract together with the digest that names its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub contract: Contract,
    /// SHA-256 of the file's bytes, lower-case hex.
    pub sha256: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error("{file}: the contract cannot be read: {why}; give the path of a TOML or JSON file")]
    Unreadable { file: String, why: std::io::Error },
    #[error("{file}: the contract has more than {FILE_BYTES_MAX} bytes; is it the right file?")]
    TooLarge { file: String },
    #[error("{file}:{line}:{column}: {why}")]
    Wrong { file: String, line: usize, column: usize, why: String },
}

/// Reads a contract file.
pub fn load(path: &Path) -> Result<Parsed, ContractError> {
    parse(&path.display().to_string(), &read(path)?)
}

/// The bytes of a contract file, as many as it takes to see that there are too many.
pub fn read(path: &Path) -> Result<Vec<u8>, ContractError> {
    use std::io::Read;
    let file = path.display().to_string();
    let unreadable = |why| ContractError::Unreadable { file: file.clone(), why };
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    std::fs::File::open(path).and_then(|f| f.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

/// Reads a contract. `file` stands in messages, and its extension decides between TOML and JSON; where it has
/// neither, a `{` at the beginning does.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Parsed, ContractError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ContractError::TooLarge { file: file.to_owned() });
    }
    let wrong = |(line, column): (usize, usize), why: String| ContractError::Wrong {
        file: file.to_owned(),
        line,
        column,
        why,
    };
    let text = match std::str::from_utf8(files::without_mark(bytes)) {
        Ok(text) => text,
        Err(e) => {
            let valid = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
            let known = files::no_text(bytes);
            let why = known.unwrap_or("this is not UTF-8 text; save the contract as UTF-8").to_owned();
            return Err(wrong(position(&valid, valid.len()), why));
        }
    };
    let contract = if is_json(file, text) { json(text) } else { toml(text) };
    let contract = contract.map_err(|(at, why)| wrong(at, why))?;
    Ok(Parsed { contract, sha256: sha256_hex(bytes) })
}

/// Which of the two forms a contract is in: by the ending of its file, else by its first character.
pub fn is_json(file: &str, text: &str) -> bool {
    match Path::new(file).extension().and_then(|e| e.to_str()) {
        Some(e) if e.eq_ignore_ascii_case("json") => true,
        Some(e) if e.eq_ignore_ascii_case("toml") => false,
        _ => text.trim_start().starts_with('{'),
    }
}

fn json(text: &str) -> Result<Contract, (At, String)> {
    let wrong = |e: serde_json::Error| {
        let why = e.to_string();
        // serde_json repeats the position in its sentence.
        let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
        ((e.line().max(1), e.column().max(1)), in_words(why))
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let contract = settle::read(&mut reader).map_err(wrong)?;
    reader.end().map_err(wrong)?;
    contract.map_err(|slip| placed(text, true, &slip))
}

fn toml(text: &str) -> Result<Contract, (At, String)> {
    let wrong = |e: toml::de::Error| {
        (e.span().map_or((1, 1), |span| position(text, span.start)), in_words(e.message()))
    };
    let reader = toml::Deserializer::parse(text).map_err(wrong)?;
    settle::read(reader).map_err(wrong)?.map_err(|slip| placed(text, false, &slip))
}

fn placed(text: &str, is_json: bool, slip: &Slip) -> (At, String) {
    (places::find(text, is_json, &slip.way()).unwrap_or((1, 1)), in_words(&slip.to_string()))
}

/// A message on one line, of bounded length, that cannot write to a terminal what its reader does not see.
fn in_words(why: &str) -> String {
    const CHARS_MAX: usize = 400;
    let clean: String =
        why.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect();
    let helps = clean.contains("; ") || clean.contains("expected one of");
    if helps { clean } else { format!("{clean}; `assay contract new` shows a whole contract") }
}

/// Finds line and column of what objections to a contract are about. `file` as in [`parse`].
pub fn locator<'a>(file: &str, text: &'a str) -> impl Fn(&Place) -> Option<At> + use<'a> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    places::of_objections(text, is_json(file, text))
}
