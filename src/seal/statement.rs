//! in-toto Statements v1, the form of everything that is signed here, which other tools read too.
//! Owns the statement around a predicate and its subjects; must not know signatures or what a predicate says.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::sha256_hex;
use crate::visible::reason;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// A predicate about subjects (in-toto attestation framework, Statement layer v1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Statement<P> {
    #[serde(rename = "_type")]
    type_: String,
    /// What the predicate is about: each thing by a digest.
    #[schemars(length(min = 1))]
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: P,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Subject {
    pub name: String,
    /// `sha256` only.
    pub digest: BTreeMap<String, String>,
}

impl Subject {
    /// `sha256` is lower-case hex.
    pub fn new(name: impl Into<String>, sha256: impl Into<String>) -> Self {
        Self { name: name.into(), digest: BTreeMap::from([("sha256".to_owned(), sha256.into())]) }
    }

    /// A value by its JCS form (RFC 8785), so that others can compute the digest.
    pub fn of_json(name: impl Into<String>, value: &impl Serialize) -> Result<Self, StatementError> {
        let canonical = serde_json_canonicalizer::to_vec(value).map_err(encoding)?;
        Ok(Self::new(name, sha256_hex(&canonical)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("the signed bytes are no {what}: {why}; was it made by a newer version of assay?")]
    Malformed { what: &'static str, why: String },
    #[error("the statement is of type {found:?}, not {STATEMENT_TYPE:?}; this is not a {what}")]
    StatementType { what: &'static str, found: String },
    #[error(
        "the predicate is of type {found:?}, not {wanted:?}; this is not a {what}, or one of a newer format"
    )]
    PredicateType { what: &'static str, found: String, wanted: &'static str },
    #[error("the {what} is of format {is}, this program reads format {known}; get a newer one")]
    Format { what: &'static str, is: u32, known: u32 },
    #[error(
        "the statement names other subjects than it speaks of, as far as this version of assay reads it; where a newer one made it, \
         check it with that, else do not accept it"
    )]
    Subjects,
    #[error("the statement cannot be written as JSON: {why}")]
    Encoding { why: String },
}

impl StatementError {
    /// With the parser's reason, which may quote what it read at any length.
    fn malformed(what: &'static str, why: &serde_json::Error) -> Self {
        Self::Malformed { what, why: reason(why) }
    }
}

/// A kind of predicate: its URI, which is also the `$id` of its JSON Schema, and what people call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub uri: &'static str,
    pub what: &'static str,
}

impl Kind {
    /// The bytes to sign.
    pub fn encode(
        self,
        subject: Vec<Subject>,
        predicate: &impl Serialize,
    ) -> Result<Vec<u8>, StatementError> {
        let (type_, predicate_type) = (STATEMENT_TYPE.to_owned(), self.uri.to_owned());
        serde_json::to_vec(&Statement { type_, subject, predicate_type, predicate }).map_err(encoding)
    }

    /// Reads signed bytes: a predicate that this program can read, which `readable` is asked first, about the subjects that the statement
    /// names.
    pub fn read<P: DeserializeOwned, E: From<StatementError>>(
        self,
        bytes: &[u8],
        readable: impl FnOnce(&P) -> Result<(), E>,
        subjects: impl FnOnce(&P) -> Result<Vec<Subject>, StatementError>,
    ) -> Result<P, E> {
        let Statement { subject, predicate, .. } = self.decode(bytes)?;
        readable(&predicate)?;
        if subject == subjects(&predicate)? { Ok(predicate) } else { Err(StatementError::Subjects.into()) }
    }

    /// For `readable`.
    pub fn check_format(self, is: u32, known: u32) -> Result<(), StatementError> {
        if is == known { Ok(()) } else { Err(StatementError::Format { what: self.what, is, known }) }
    }

    /// What an envelope holds, whoever signed it.
    pub fn payload(self, unchecked: Option<Vec<u8>>) -> Result<Vec<u8>, StatementError> {
        let why = || "the payload is not base64".to_owned();
        unchecked.ok_or_else(|| StatementError::Malformed { what: self.what, why: why() })
    }

    /// What kind of statement they are is looked at first, so that the error names it.
    fn decode<P: DeserializeOwned>(self, bytes: &[u8]) -> Result<Statement<P>, StatementError> {
        let what = self.what;
        let malformed = |e: serde_json::Error| StatementError::malformed(what, &e);
        let short = |text: String| text.chars().take(80).collect();
        let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
        if head.type_ != STATEMENT_TYPE {
            return Err(StatementError::StatementType { what, found: short(head.type_) });
        }
        if head.predicate_type != self.uri {
            let (found, wanted) = (short(head.predicate_type), self.uri);
            return Err(StatementError::PredicateType { what, found, wanted });
        }
        serde_json::from_slice(bytes).map_err(malformed)
    }

    /// Whether the bytes say that they are of this kind.
    pub fn is_of(self, bytes: &[u8]) -> bool {
        serde_json::from_slice(bytes).is_ok_and(|head: Head| head.predicate_type == self.uri)
    }

    /// The schema of the signed bytes, as pretty JSON.
    pub fn schema<P: schemars::JsonSchema>(self) -> String {
        let title = format!("A gpu-assay {} as an in-toto Statement v1", self.what);
        titled(schemars::schema_for!(Statement<P>), self.uri, &title)
    }
}

/// What signed bytes are about, whatever they say of it.
pub fn subjects(bytes: &[u8]) -> Result<Vec<Subject>, StatementError> {
    #[derive(Deserialize)]
    struct Only {
        subject: Vec<Subject>,
    }
    let malformed = |e: serde_json::Error| StatementError::malformed("statement", &e);
    Ok(serde_json::from_slice::<Only>(bytes).map_err(malformed)?.subject)
}

/// A schema under a name of its own, as pretty JSON.
pub fn titled(mut schema: schemars::Schema, uri: &str, title: &str) -> String {
    schema.insert("$id".to_owned(), uri.into());
    schema.insert("title".to_owned(), title.into());
    // A schema is made of JSON values, which always print.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// What must be right before the rest is worth reading.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "_type")]
    type_: String,
    predicate_type: String,
}

fn encoding(e: serde_json::Error) -> StatementError {
    StatementError::Encoding { why: e.to_string() }
}
