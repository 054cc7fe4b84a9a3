//! Lists of nodes: one name a line, none blank, none twice.
//! Owns how a list is read; what a node may be called is up to those who use it.

use std::collections::HashMap;

use crate::files;
use crate::seal::sha256_hex;

/// What is wrong with a list of names, and in which line.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ListError {
    #[error("it names no node; write one name a line")]
    Empty,
    #[error("line {0} is blank; write one name a line and remove what is none")]
    Blank(usize),
    #[error("line {line} names {name:?} again, after line {first}; name each node once")]
    Twice { line: usize, first: usize, name: String },
    #[error("line {0} is no text in UTF-8, or holds control characters; write one plain name a line")]
    NoText(usize),
}

/// Nodes, as they were named.
#[derive(Debug)]
pub struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    /// Reads one name a line. Blanks around a name do not belong to it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ListError> {
        let bytes = files::without_mark(bytes);
        let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n');
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut names = Vec::new();
        if bytes.trim_ascii().is_empty() {
            return Err(ListError::Empty);
        }
        for (line, bytes) in (1..).zip(lines) {
            let name = std::str::from_utf8(bytes).map_err(|_| ListError::NoText(line))?.trim();
            if name.is_empty() {
                return Err(ListError::Blank(line));
            }
            if name.contains(char::is_control) {
                return Err(ListError::NoText(line));
            }
            if let Some(first) = seen.insert(name, line) {
                return Err(ListError::Twice { line, first, name: name.to_owned() });
            }
            names.push(name);
        }
        Ok(Self(names))
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In the order of the file: the first stands in line 1.
    pub fn all(&self) -> &[&'a str] {
        &self.0
    }

    /// SHA-256 of the names in the order of their bytes, one a line: what the provider is held to, whatever order the file
    /// has. `LC_ALL=C sort FILE | sha256sum` says the same.
    pub fn sha256(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sha256_hex(sorted.iter().flat_map(|name| [name, "\n"]).collect::<String>().as_bytes())
    }
}
