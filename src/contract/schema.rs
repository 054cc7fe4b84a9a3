//! The JSON Schema of a contract file.
//! Owns the schema's title and id; its content follows from the types.

use super::Contract;
use crate::evidence::metric::METRICS;

/// Names the contract's format.
pub const SCHEMA_ID: &str = "https://gpu-assay.dev/contract/v1";

/// The schema of a contract in JSON, as pretty JSON. TOML files follow it too.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Contract);
    schema.insert("$id".to_owned(), SCHEMA_ID.into());
    schema.insert("title".to_owned(), "A gpu-assay contract".into());
    // Editors offer the names. Reports are not bound to them: a later program may measure more.
    let names: Vec<&str> = METRICS.iter().map(|row| row.name.as_str()).collect();
    if let Some(metric) = schema.pointer_mut("/$defs/MetricName").and_then(|def| def.as_object_mut()) {
        metric.insert("enum".to_owned(), names.into());
    }
    // A schema is made of JSON values, which always print.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
