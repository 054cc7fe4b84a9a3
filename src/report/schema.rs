//! The JSON Schema of a report, and of the whole statement that is signed.
//! Owns the schema's title and id; its content follows from the types.

use super::statement::{PREDICATE_TYPE, Statement};

/// The schema of the signed bytes, as pretty JSON.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Statement);
    schema.insert("$id".to_owned(), PREDICATE_TYPE.into());
    schema.insert("title".to_owned(), "A gpu-assay report as an in-toto Statement v1".into());
    pretty(&schema)
}

fn pretty(schema: &schemars::Schema) -> String {
    // A schema is made of JSON values, which always print.
    serde_json::to_string_pretty(schema).unwrap_or_default() + "\n"
}
