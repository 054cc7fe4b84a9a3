//! The timeline as a report keeps it: column by column, equal neighbours once. A reading is mostly what the last one
//! was, so this is a fifth of the size of a list of readings.
//! Owns that form only; a column has the name of a field of [`Reading`], and none is named here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserializer, Serializer};
use serde_json::{Map, Value};

use super::TimedReading;
use crate::telemetry::Reading;

/// When each reading was taken, in nanoseconds since the device's worker began. Every other column is as long as
/// this one, or empty, or left out.
const AT_NS: &str = "at_ns";

/// Pairs of a count and the value that so many readings in a row have.
type Runs<T> = Vec<(u32, T)>;

/// Twelve days at one reading a second. A longer series belongs into a file beside the report.
const READINGS_MAX: usize = 1 << 20;
/// Texts and lists, written out for every reading, may take so many bytes in all.
const EXPANDED_BYTES_MAX: u64 = 256 << 20;

pub(super) fn serialize<S: Serializer>(timeline: &[TimedReading], serializer: S) -> Result<S::Ok, S::Error> {
    let rows: Result<Vec<Map<String, Value>>, _> = timeline.iter().map(|at| at.reading.fields()).collect();
    let rows = rows.map_err(S::Error::custom)?;
    let names: BTreeSet<&String> = rows.iter().flat_map(Map::keys).collect();
    let mut columns = serializer.serialize_map(Some(1 + names.len()))?;
    columns.serialize_entry(AT_NS, &timeline.iter().map(|at| at.at_ns).collect::<Vec<_>>())?;
    for name in names {
        columns.serialize_entry(name, &runs(rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null))))?;
    }
    columns.end()
}

fn runs<'a>(values: impl Iterator<Item = &'a Value>) -> Runs<&'a Value> {
    let mut runs: Runs<&Value> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((count, last)) if *last == value && *count < u32::MAX => *count += 1,
            _ => runs.push((1, value)),
        }
    }
    runs
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TimedReading>, D::Error> {
    let Columns { at_ns, fields } = deserializer.deserialize_map(ColumnsVisitor)?;
    check_sizes(at_ns.len(), &fields).map_err(D::Error::custom)?;
    let mut columns: Vec<_> = fields
        .iter()
        .map(|(name, runs)| {
            let values = runs.iter().flat_map(|(count, value)| std::iter::repeat_n(value, *count as usize));
            (name, values)
        })
        .collect();
    let reading = |at_ns: u64| {
        let row: Map<String, Value> = columns
            .iter_mut()
            .filter_map(|(name, values)| Some((name.to_string(), values.next()?.clone())))
            .collect();
        Ok(TimedReading { at_ns, reading: serde_json::from_value(Value::Object(row))? })
    };
    at_ns.into_iter().map(reading).collect::<Result<_, serde_json::Error>>().map_err(D::Error::custom)
}

/// Asked before anything is written out, so that a huge count costs nothing.
fn check_sizes(readings: usize, fields: &BTreeMap<String, Runs<Value>>) -> Result<(), String> {
    if readings > READINGS_MAX {
        return Err(format!("a timeline of {readings} readings, at most {READINGS_MAX} are read"));
    }
    let mut bytes = 0u64;
    for (name, runs) in fields {
        let length: u64 = runs.iter().map(|(count, _)| u64::from(*count)).sum();
        if !runs.is_empty() && length != readings as u64 {
            return Err(format!(
                "the column {name} of the timeline has {length} values for {readings} readings"
            ));
        }
        for (count, value) in runs.iter().filter(|(_, value)| !is_small(value)) {
            bytes = bytes.saturating_add(u64::from(*count).saturating_mul(value.to_string().len() as u64));
        }
    }
    if bytes > EXPANDED_BYTES_MAX {
        return Err(format!("the texts of a timeline take {bytes} bytes, more than {EXPANDED_BYTES_MAX}"));
    }
    Ok(())
}

fn is_small(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_))
}

/// The form that is read; also stands for the timeline in the report's JSON Schema.
pub(super) struct Columns {
    at_ns: Vec<u64>,
    fields: BTreeMap<String, Runs<Value>>,
}

struct ColumnsVisitor;

impl<'de> Visitor<'de> for ColumnsVisitor {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the columns of a timeline")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
        let (mut at_ns, mut fields) = (None, BTreeMap::new());
        while let Some(name) = map.next_key::<String>()? {
            let again = if name == AT_NS {
                at_ns.replace(map.next_value()?).is_some()
            } else {
                fields.insert(name.clone(), map.next_value()?).is_some()
            };
            if again {
                return Err(A::Error::custom(format!("the column {name} of a timeline stands there twice")));
            }
        }
        Ok(Columns { at_ns: at_ns.unwrap_or_default(), fields })
    }
}

impl JsonSchema for Columns {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timeline".into()
    }

    /// For each field of a reading a column of its values.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let reading = Reading::json_schema(generator);
        let times = json_schema!({
            "description": "When each reading was taken, in nanoseconds since the device's worker began.",
            "type": "array",
            "items": { "type": "integer", "format": "uint64", "minimum": 0 }
        });
        let mut columns = Map::from_iter([(AT_NS.to_owned(), times.to_value())]);
        for (name, field) in reading.get("properties").and_then(Value::as_object).into_iter().flatten() {
            columns.insert(name.clone(), column(field.clone()));
        }
        json_schema!({
            "description": "Every column is as long as `at_ns`, or empty.",
            "type": "object",
            "properties": columns
        })
    }
}

/// The schema of a column: pairs of a count and what a reading has in the field.
fn column(mut field: Value) -> Value {
    let about = field.as_object_mut().and_then(|field| {
        field.remove("default");
        field.remove("description")
    });
    let count = serde_json::json!({ "type": "integer", "format": "uint32", "minimum": 0 });
    let mut column = serde_json::json!({
        "type": "array",
        "items": { "type": "array", "prefixItems": [count, field], "minItems": 2, "maxItems": 2 }
    });
    if let (Some(column), Some(about)) = (column.as_object_mut(), about) {
        column.insert("description".to_owned(), about);
    }
    column
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::telemetry::Throttle;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder(#[serde(with = "super")] Vec<TimedReading>);

    fn reading(at_ns: u64, reading: Reading) -> TimedReading {
        TimedReading { at_ns, reading }
    }

    #[test]
    fn columns_keep_every_reading() {
        let full = Reading {
            name: Some("card".into()),
            memory_bytes: Some(u64::MAX),
            temperature_c: Some(4),
            throttle: Some(vec![Throttle::Power]),
            xid: Some(7),
            xid_codes: Some(vec![(79, 7)]),
            ..Reading::default()
        };
        let hotter = Reading { temperature_c: Some(5), throttle: Some(Vec::new()), ..full.clone() };
        let timeline = Holder(vec![
            reading(1, full.clone()),
            reading(2, Reading::default()),
            reading(3, full),
            reading(4, hotter.clone()),
            reading(5, hotter),
        ]);
        let json = serde_json::to_string(&timeline).unwrap();
        assert_eq!(serde_json::from_str::<Holder>(&json).unwrap(), timeline);
        assert!(json.starts_with(r#"{"at_ns":[1,2,3,4,5],"#), "{json}");
        assert!(json.contains(r#""temperature_c":[[1,4],[1,null],[1,4],[2,5]]"#), "{json}");
        assert!(!json.contains("power_mw"), "a column that nothing fills: {json}");
    }

    #[test]
    fn columns_of_another_length_or_type_or_twice_are_refused() {
        let text = "x".repeat(300);
        let huge = format!(r#"{{"at_ns":[{}0],"name":[[1000000,"{text}"]]}}"#, "0,".repeat(999_999));
        let many = format!(r#"{{"at_ns":[{}0]}}"#, "0,".repeat(READINGS_MAX));
        for bad in [
            r#"{"at_ns":[1,2],"xid":[[1,0]]}"#,
            r#"{"at_ns":[1],"xid":[[4294967295,0],[4294967295,0]]}"#,
            r#"{"at_ns":[1],"xid":[[1,"none"]]}"#,
            r#"{"at_ns":[1],"xid":[[1,-1]]}"#,
            r#"{"at_ns":[1],"xid":[[1,0]],"xid":[[1,1]]}"#,
            &huge,
            &many,
        ] {
            assert!(serde_json::from_str::<Holder>(bad).is_err(), "{:.80}", bad);
        }
        let empty = serde_json::to_string(&Holder(vec![reading(9, Reading::default())])).unwrap();
        assert_eq!(empty, r#"{"at_ns":[9]}"#);
        let newer = r#"{"at_ns":[9],"a_field_of_a_later_version":[[1,5]]}"#;
        assert_eq!(serde_json::from_str::<Holder>(newer).unwrap().0, [reading(9, Reading::default())]);
    }
}
