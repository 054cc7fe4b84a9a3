//! Reads contract files, TOML or JSON. Every error says where and what to try.
//! Owns positions in files; what makes a clause sensible is the clause's business.

use std::path::Path;

use super::Contract;
use super::lint::Place;
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
    let text = match std::str::from_utf8(bytes) {
        // Some editors begin a file with a byte order mark.
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(e) => {
            let valid = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
            let why = "this is not UTF-8 text; save the contract as UTF-8".to_owned();
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

/// Line and column, both from 1.
pub type At = (usize, usize);

fn json(text: &str) -> Result<Contract, (At, String)> {
    serde_json::from_str(text).map_err(|e| {
        let why = e.to_string();
        // serde_json repeats the position in its sentence.
        let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
        (place(text, why).unwrap_or((e.line().max(1), e.column().max(1))), in_words(why))
    })
}

fn toml(text: &str) -> Result<Contract, (At, String)> {
    toml::from_str(text).map_err(|e: toml::de::Error| {
        let at = e.span().map_or((1, 1), |span| position(text, span.start));
        (place(text, e.message()).unwrap_or(at), in_words(e.message()))
    })
}

/// A message on one line, of bounded length, that cannot write to a terminal what its reader does not see.
fn in_words(why: &str) -> String {
    const CHARS_MAX: usize = 400;
    let clean: String =
        why.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect();
    let helps = clean.contains("; ") || clean.contains("expected one of");
    if helps { clean } else { format!("{clean}; `assay contract new` shows a whole contract") }
}

/// Line and column, both from 1, of a byte offset; columns count characters.
fn position(text: &str, offset: usize) -> At {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Where a mistake stands that a clause or the list of clauses found about itself. The deserialisers only know where
/// the clause or the list begins or ends.
fn place(text: &str, why: &str) -> Option<At> {
    if let Some(rest) = why.strip_prefix("two clauses have the id ") {
        return ids(text, rest.split(';').next()?).nth(1).map(|at| position(text, at));
    }
    if let Some(rest) = why.strip_prefix("a remedy is of ") {
        let from = text.find("[[remedy]]").or_else(|| text.find("\"remedy\""))?;
        return text[from..].find(rest.split(',').next()?).map(|at| position(text, from + at));
    }
    let (id, rest) = why.strip_prefix("clause ")?.split_once(": ")?;
    let at = ids(text, id).next()?;
    let begin = text[..at].rfind(['{', '[']).unwrap_or(0);
    let end = text[at..].find(['}', '[']).map_or(text.len(), |end| at + end);
    // A message about one key begins with it.
    let key =
        rest.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).next().filter(|key| key.contains('_'));
    let key = key.and_then(|key| text[begin..end].find(key)).map(|offset| begin + offset);
    Some(position(text, key.unwrap_or(at)))
}

/// Line and column of what an objection is about.
pub fn locate(text: &str, at: &Place) -> Option<At> {
    let at = match at {
        Place::Clause(id) => ids(text, &format!("{id:?}")).next()?,
        Place::Key(table, key) => {
            let heads = [format!("[{table}]"), format!(".{table}]"), format!("{table:?}")];
            let table = heads.iter().find_map(|head| text.find(head))?;
            let is_key = |at: usize| {
                text[at + key.len()..].trim_start_matches('"').trim_start().starts_with(['=', ':'])
            };
            text[table..].match_indices(key).map(|(at, _)| table + at).find(|at| is_key(*at))?
        }
        Place::Contract => return None,
    };
    Some(position(text, at))
}

/// Offsets at which `id` (in quotes) is the value of a key `id`.
fn ids<'a>(text: &'a str, id: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_value = |before: &str| {
        let key = before.trim_end().strip_suffix(['=', ':'])?.trim_end().trim_end_matches('"');
        key.ends_with("id").then_some(())
    };
    text.match_indices(id).map(|(at, _)| at).filter(move |at| is_value(&text[..*at]).is_some())
}
