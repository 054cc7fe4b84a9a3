//! Where something that was signed differs from what follows from the evidence at hand.
//! Owns how a difference is told; must not know what was signed.

use serde::Serialize;
use serde_json::Value;

/// Something that is stated otherwise than the samples say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where, such as `summary of stream.triad.rate on wgpu:0`.
    pub what: String,
    pub stated: String,
    pub recomputed: String,
}

/// More differences tell nobody anything.
const DIFFERENCES_MAX: usize = 20;

/// Where two of one kind differ, by their JSON forms; empty where they are equal.
pub fn between<T: PartialEq + Serialize>(stated: &T, drawn: &T) -> Vec<Difference> {
    if stated == drawn {
        return Vec::new();
    }
    let value = |of: &T| serde_json::to_value(of).unwrap_or(Value::Null);
    let mut found = Vec::new();
    compare("", &value(stated), &value(drawn), &mut found);
    if found.is_empty() {
        // Unequal and yet the same JSON: nobody must sign that.
        found.push(difference("all of it", &Value::Null, &Value::Null));
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
                let keys = ["selector", "name", "clause", "id", "metric"];
                let name = keys.iter().find_map(|key| a.get(key)).and_then(Value::as_str);
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
