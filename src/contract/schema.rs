//! The JSON Schema of a contract file.
//! Owns the schema's title and id; its content follows from the types.

use super::Contract;

/// Names the contract's format.
pub const SCHEMA_ID: &str = "https://gpu-assay.dev/contract/v1";

/// The schema of a contract in JSON, as pretty JSON. TOML files follow it too.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Contract);
    schema.insert("$id".to_owned(), SCHEMA_ID.into());
    schema.insert("title".to_owned(), "A gpu-assay contract".into());
    // A schema is made of JSON values, which always print.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
