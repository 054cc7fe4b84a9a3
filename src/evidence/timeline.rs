//! The timeline as a report keeps it: column by column, equal neighbours once. A reading is mostly what the last one
//! was, so this is a fifth of the size of a list of readings.
//! Owns that form only; must not know what readings mean.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::TimedReading;
use crate::telemetry::{Reading, Throttle};

/// Pairs of a count and the value that so many readings in a row have; empty where no reading has the field.
type Runs<T> = Vec<(u32, Option<T>)>;

/// Every column is as long as `at_ns`, or empty.
#[derive(Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
#[schemars(rename = "Timeline")]
pub(super) struct Columns {
    /// When each reading was taken, in nanoseconds since the device's worker began.
    at_ns: Vec<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    name: Runs<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uuid: Runs<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    memory_bytes: Runs<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clock_mhz: Runs<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    power_mw: Runs<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    temperature_c: Runs<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    throttle: Runs<Vec<Throttle>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ecc_uncorrected: Runs<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ecc_corrected: Runs<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    xid: Runs<u64>,
}

pub(super) fn serialize<S: Serializer>(timeline: &[TimedReading], serializer: S) -> Result<S::Ok, S::Error> {
    let mut columns = Columns::default();
    for TimedReading { at_ns, reading } in timeline {
        // Names every field, so that a new one cannot be forgotten here.
        let Reading {
            name,
            uuid,
            memory_bytes,
            clock_mhz,
            power_mw,
            temperature_c,
            throttle,
            ecc_uncorrected,
            ecc_corrected,
            xid,
        } = reading;
        columns.at_ns.push(*at_ns);
        extend(&mut columns.name, name);
        extend(&mut columns.uuid, uuid);
        extend(&mut columns.memory_bytes, memory_bytes);
        extend(&mut columns.clock_mhz, clock_mhz);
        extend(&mut columns.power_mw, power_mw);
        extend(&mut columns.temperature_c, temperature_c);
        extend(&mut columns.throttle, throttle);
        extend(&mut columns.ecc_uncorrected, ecc_uncorrected);
        extend(&mut columns.ecc_corrected, ecc_corrected);
        extend(&mut columns.xid, xid);
    }
    clear_if_none(&mut columns.name);
    clear_if_none(&mut columns.uuid);
    clear_if_none(&mut columns.memory_bytes);
    clear_if_none(&mut columns.clock_mhz);
    clear_if_none(&mut columns.power_mw);
    clear_if_none(&mut columns.temperature_c);
    clear_if_none(&mut columns.throttle);
    clear_if_none(&mut columns.ecc_uncorrected);
    clear_if_none(&mut columns.ecc_corrected);
    clear_if_none(&mut columns.xid);
    columns.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TimedReading>, D::Error> {
    let columns = Columns::deserialize(deserializer)?;
    let mut timeline: Vec<TimedReading> = columns
        .at_ns
        .iter()
        .map(|at_ns| TimedReading { at_ns: *at_ns, reading: Reading::default() })
        .collect();
    let filled = fill(&mut timeline, columns.name, |r| &mut r.name)
        .and_then(|()| fill(&mut timeline, columns.uuid, |r| &mut r.uuid))
        .and_then(|()| fill(&mut timeline, columns.memory_bytes, |r| &mut r.memory_bytes))
        .and_then(|()| fill(&mut timeline, columns.clock_mhz, |r| &mut r.clock_mhz))
        .and_then(|()| fill(&mut timeline, columns.power_mw, |r| &mut r.power_mw))
        .and_then(|()| fill(&mut timeline, columns.temperature_c, |r| &mut r.temperature_c))
        .and_then(|()| fill(&mut timeline, columns.throttle, |r| &mut r.throttle))
        .and_then(|()| fill(&mut timeline, columns.ecc_uncorrected, |r| &mut r.ecc_uncorrected))
        .and_then(|()| fill(&mut timeline, columns.ecc_corrected, |r| &mut r.ecc_corrected))
        .and_then(|()| fill(&mut timeline, columns.xid, |r| &mut r.xid));
    filled.map_err(serde::de::Error::custom)?;
    Ok(timeline)
}

fn extend<T: Clone + PartialEq>(runs: &mut Runs<T>, value: &Option<T>) {
    match runs.last_mut() {
        Some((count, last)) if last == value && *count < u32::MAX => *count += 1,
        _ => runs.push((1, value.clone())),
    }
}

fn clear_if_none<T>(runs: &mut Runs<T>) {
    if runs.iter().all(|(_, value)| value.is_none()) {
        runs.clear();
    }
}

/// Writes a column into the readings. Its length is checked first, so that a huge count costs nothing.
fn fill<T: Clone>(
    timeline: &mut [TimedReading],
    runs: Runs<T>,
    field: fn(&mut Reading) -> &mut Option<T>,
) -> Result<(), String> {
    let (length, readings) = (runs.iter().map(|(count, _)| u64::from(*count)).sum::<u64>(), timeline.len());
    if !runs.is_empty() && length != readings as u64 {
        return Err(format!("a column of the timeline has {length} values for {readings} readings"));
    }
    let values = runs.into_iter().flat_map(|(count, value)| std::iter::repeat_n(value, count as usize));
    for (at, value) in timeline.iter_mut().zip(values) {
        *field(&mut at.reading) = value;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder(#[serde(with = "super")] Vec<TimedReading>);

    fn reading(at_ns: u64, reading: Reading) -> TimedReading {
        TimedReading { at_ns, reading }
    }

    #[test]
    fn columns_keep_every_reading() {
        let full = Reading {
            name: Some("card".into()),
            uuid: Some("u".into()),
            memory_bytes: Some(1),
            clock_mhz: Some(2),
            power_mw: Some(3),
            temperature_c: Some(4),
            throttle: Some(vec![Throttle::Power]),
            ecc_uncorrected: Some(5),
            ecc_corrected: Some(6),
            xid: Some(7),
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
        assert!(json.contains("\"temperature_c\":[[1,4],[1,null],[1,4],[2,5]]"), "{json}");
    }

    #[test]
    fn columns_of_another_length_are_refused() {
        for bad in
            [r#"{"at_ns":[1,2],"xid":[[1,0]]}"#, r#"{"at_ns":[1],"xid":[[4294967295,0],[4294967295,0]]}"#]
        {
            assert!(serde_json::from_str::<Holder>(bad).is_err(), "{bad}");
        }
        let empty = serde_json::to_string(&Holder(vec![reading(9, Reading::default())])).unwrap();
        assert_eq!(empty, r#"{"at_ns":[9]}"#);
    }
}
