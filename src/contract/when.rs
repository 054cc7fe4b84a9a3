//! Dates and times as contracts have them: RFC 3339 texts, or in TOML its own dates.
//! Owns how they are read; must not know what happens then.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day such as `2027-01-31`, in UTC.
pub type Day = When<jiff::civil::Date>;
/// A moment such as `2027-01-31T06:00:00Z`.
pub type Moment = When<jiff::Timestamp>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct When<T>(pub T);

/// What a text may be read as.
pub trait Time: FromStr + fmt::Display {
    /// Of the JSON Schema.
    const FORMAT: &'static str;
    const EXAMPLE: &'static str;
}

impl Time for jiff::civil::Date {
    const FORMAT: &'static str = "date";
    const EXAMPLE: &'static str = "2027-01-31";
}

impl Time for jiff::Timestamp {
    const FORMAT: &'static str = "date-time";
    const EXAMPLE: &'static str = "2027-01-31T06:00:00Z";
}

impl<T: fmt::Display> fmt::Display for When<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Time> Serialize for When<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: Time> Deserialize<'de> for When<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Time> Visitor<'de> for Reader<T> {
            type Value = When<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a {} such as {}", T::FORMAT, T::EXAMPLE)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<When<T>, E> {
                let read = text.parse().map(When);
                read.map_err(|_| {
                    E::custom(format_args!(
                        "{text:?} is no {}; write for example {:?}",
                        T::FORMAT,
                        T::EXAMPLE
                    ))
                })
            }

            /// A date without quotes.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<When<T>, A::Error> {
                let datetime = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
                self.visit_str(&datetime.to_string())
            }
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

impl<T: Time> schemars::JsonSchema for When<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        if T::FORMAT == "date" { "Day".into() } else { "Moment".into() }
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": T::FORMAT })
    }
}
