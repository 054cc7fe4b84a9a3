//! A number with its unit, as the parties wrote it.
//! Owns the pairing of text and value; must not know metrics.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::{QuantityError, Unit};

/// What was written and what it means, in `unit`'s base. The text is kept, so that a report shows the parties' own
/// words; the value always follows from it, and from the contract's own base where it is a share of something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "String")]
pub struct Quantity {
    text: String,
    value: f64,
    unit: Unit,
    share: Option<Share>,
}

/// `90 % of datasheet`: a bound that stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub share: f64,
    pub of: Base,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The maker's dense peak of the model that the inventory names.
    Datasheet,
    /// What the contract's reference run reached, by its median.
    Reference,
    /// The median of the medians of all cards of the fleet.
    FleetMedian,
}

impl Base {
    pub fn name(self) -> &'static str {
        match self {
            Base::Datasheet => "datasheet",
            Base::Reference => "reference",
            Base::FleetMedian => "fleet median",
        }
    }

    /// Reads what stands after `% of`.
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "datasheet" => Ok(Base::Datasheet),
            "reference" => Ok(Base::Reference),
            "fleet median" => Ok(Base::FleetMedian),
            "first minute" => Err("what a load loses since its first minute is a metric; write metric = \"sustain.drift.share\" with \
                                   at_most = \"2 %\""
                .to_owned()),
            "node median" => Err("how far a device lags behind the others is a metric; write metric = \"node.any.lag\" with at_most = \
                                  \"5 %\""
                .to_owned()),
            other => {
                let other: String = other.chars().take(40).collect();
                Err(format!("{other:?} is nothing to take a share of; write % of datasheet, % of reference, or % of fleet median"))
            }
        }
    }
}

impl Quantity {
    pub fn parse(unit: Unit, text: &str) -> Result<Self, QuantityError> {
        const CHARS_MAX: usize = 64;
        if text.len() > CHARS_MAX {
            let shown = text.chars().take(CHARS_MAX).collect();
            return Err(QuantityError::NoNumber(shown, unit.example()));
        }
        Ok(Self { text: text.to_owned(), value: unit.parse(text)?, unit, share: None })
    }

    /// Reads what `key` has: a share above 0 and up to 100 %.
    pub fn parse_part(key: &str, text: &str, example: &str) -> Result<Self, String> {
        match Self::parse(Unit::Share, text) {
            Ok(share) if share.value > 0.0 && share.value <= 1.0 => Ok(share),
            Ok(_) => Err(format!(
                "{key}: {text:?} is not between 0 and 100 %; write for example {key} = {example:?}"
            )),
            Err(e) => Err(format!("{key}: {e}")),
        }
    }

    /// Reads a bound, which may be a share of something: then its value is known once the whole contract is.
    pub fn parse_bound(unit: Unit, text: &str) -> Result<Self, String> {
        let Some((share, of)) = text.split_once(" of ") else {
            return Self::parse(unit, text).map_err(|e| e.to_string());
        };
        let share = Unit::Share.parse(share).map_err(|e| e.to_string())?;
        let share = Share { share, of: Base::parse(of)? };
        // Not NaN, which is not equal to itself; nothing but the fleet's count reads it where it is never settled.
        Ok(Self { text: text.to_owned(), value: f64::INFINITY, unit, share: Some(share) })
    }

    /// The share that this is, and of what.
    pub fn share(&self) -> Option<Share> {
        self.share
    }

    /// In figures, even where it was written as a share.
    pub fn in_full(&self) -> String {
        if self.is_of_fleet() { self.text.clone() } else { self.unit.format(self.value) }
    }

    /// Whether the whole is known only once all nodes have reported.
    pub fn is_of_fleet(&self) -> bool {
        self.share.is_some_and(|share| share.of == Base::FleetMedian)
    }

    /// Says what a whole is, where this is a share.
    pub(super) fn settle(&mut self, whole: f64) {
        if let Some(Share { share, .. }) = self.share {
            self.value = share * whole;
        }
    }

    pub fn value(&self) -> f64 {
        self.value
    }

    pub fn unit(&self) -> Unit {
        self.unit
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.text
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A quantity of bytes, where the unit is clear from the place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Bytes(pub Quantity);

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let quantity = Quantity::parse(Unit::Byte, &text).map_err(|e| e.to_string())?;
        if quantity.value() > 0.0 { Ok(Self(quantity)) } else { Err(format!("{text:?} is no memory at all")) }
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        bytes.0.into()
    }
}

/// A bound before its metric is known: text with a unit, or a plain number. An untagged enum would lose the position
/// of errors, hence the visitor.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    Text(String),
    Number(f64),
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity such as \"3.2 TB/s\" or a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Written, E> {
                Ok(Written::Text(text.to_owned()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Written, E> {
                if number.is_finite() {
                    Ok(Written::Number(number))
                } else {
                    Err(E::custom(format_args!("{number} is not a bound; write a finite number")))
                }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Written, E> {
                Ok(Written::Number(number as f64))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Written, E> {
                Ok(Written::Number(number as f64))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Serialize for Written {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Written::Text(text) => serializer.serialize_str(text),
            Written::Number(number) => serializer.serialize_f64(*number),
        }
    }
}

impl schemars::JsonSchema for Written {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A quantity with its unit, such as \"3.2 TB/s\"; a plain number for counts, and with ratio_to.",
            "type": ["string", "number"]
        })
    }
}
