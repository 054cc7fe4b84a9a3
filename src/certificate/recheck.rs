//! Compares a certificate with the one that follows from the reports at hand.
//! Owns how a difference is told; both sides come from the same functions.

use serde_json::Value;

use super::Certificate;
use crate::report::Difference;

/// What a certificate was compared with.
pub enum Chain {
    /// Nothing: the signatures alone hold.
    Signatures,
    /// The contract, by its digest.
    Contract,
    /// The contract and all reports.
    Reports(Vec<Difference>),
}

impl Chain {
    pub fn holds(&self) -> bool {
        match self {
            Chain::Signatures | Chain::Contract => true,
            Chain::Reports(differences) => differences.is_empty(),
        }
    }
}

/// More differences tell nobody anything.
const DIFFERENCES_MAX: usize = 20;

/// Where the two differ; empty where the certificate holds. Which version drew it up does not matter.
pub fn differences(stated: &Certificate, drawn: Certificate) -> Vec<Difference> {
    let drawn = Certificate { tool_version: stated.tool_version.clone(), ..drawn };
    if *stated == drawn {
        return Vec::new();
    }
    let value = |certificate: &Certificate| serde_json::to_value(certificate).unwrap_or(Value::Null);
    let mut found = Vec::new();
    compare("", &value(stated), &value(&drawn), &mut found);
    if found.is_empty() {
        // Unequal and yet the same JSON: nobody must sign that.
        found.push(difference("the certificate", &Value::Null, &Value::Null));
    }
    found
}

fn compare(at: &str, stated: &Value, drawn: &Value, found: &mut Vec<Difference>) {
    if stated == drawn || found.len() >= DIFFERENCES_MAX {
        return;
    }
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    match (stated, drawn) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let side = |of: &serde_json::Map<String, Value>| of.get(key).cloned().unwrap_or(Value::Null);
                compare(&below(key), &side(a), &side(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                let name = a.get("selector").or(a.get("name")).or(a.get("clause")).and_then(Value::as_str);
                compare(&below(name.unwrap_or(&index.to_string())), a, b, found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            found.push(difference(&format!("number of {at}"), &a.len().into(), &b.len().into()));
        }
        _ => found.push(difference(at, stated, drawn)),
    }
}

fn difference(what: &str, stated: &Value, recomputed: &Value) -> Difference {
    Difference { what: what.to_owned(), stated: stated.to_string(), recomputed: recomputed.to_string() }
}
