//! Units: what a figure is counted in, how a person writes it, how it is printed.
//! Owns parsing and printing of quantities; must not know any metric.

use serde::{Deserialize, Serialize};

/// What a number counts. Every metric has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Unit {
    /// Floating-point operations per second; a fused multiply-add counts as two.
    #[serde(rename = "FLOP/s")]
    FlopPerSecond,
    /// Integer operations per second; a multiply-add counts as two.
    #[serde(rename = "OP/s")]
    OpPerSecond,
    #[serde(rename = "B/s")]
    BytePerSecond,
    #[serde(rename = "B")]
    Byte,
    #[serde(rename = "ns")]
    Nanosecond,
    #[serde(rename = "count")]
    Count,
    /// Of a whole, 1 being all of it, which is its name for programs; people write percent. Was called "%" before, with the same
    /// figures.
    #[serde(rename = "1", alias = "%")]
    Share,
    /// Energy of one floating-point operation.
    #[serde(rename = "J/FLOP")]
    JoulePerFlop,
    /// A difference of temperatures; as many degrees Celsius.
    #[serde(rename = "K")]
    Kelvin,
    /// Of a unit's own clock.
    #[serde(rename = "cycles")]
    Cycle,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error("{0:?} has no number in front; write for example {1:?}")]
    NoNumber(String, &'static str),
    #[error("{0:?} is not a finite number of at least 0")]
    NotFinite(String),
    #[error("{text:?} has no unit; write for example {example:?}")]
    NoUnit { text: String, example: &'static str },
    #[error("the unit {given:?} does not fit, this is measured in {unit}; write for example {example:?}")]
    WrongUnit { given: String, unit: &'static str, example: &'static str },
}

/// As times are written.
const TIMES: &str = "h, min, s, ms, us or ns";

impl Unit {
    pub const ALL: [Unit; 10] = [
        Unit::FlopPerSecond,
        Unit::OpPerSecond,
        Unit::BytePerSecond,
        Unit::Byte,
        Unit::Nanosecond,
        Unit::Count,
        Unit::Share,
        Unit::JoulePerFlop,
        Unit::Kelvin,
        Unit::Cycle,
    ];

    pub fn symbol(self) -> &'static str {
        match self {
            Unit::FlopPerSecond => "FLOP/s",
            Unit::OpPerSecond => "OP/s",
            Unit::BytePerSecond => "B/s",
            Unit::Byte => "B",
            Unit::Nanosecond => "ns",
            Unit::Count => "count",
            Unit::Share => "%",
            Unit::JoulePerFlop => "J/FLOP",
            Unit::Kelvin => "K",
            Unit::Cycle => "cycles",
        }
    }

    /// A well-formed quantity, for error messages and templates.
    pub fn example(self) -> &'static str {
        match self {
            Unit::FlopPerSecond => "60 TFLOP/s",
            Unit::OpPerSecond => "120 TOP/s",
            Unit::BytePerSecond => "3.2 TB/s",
            Unit::Byte => "140 GB",
            Unit::Nanosecond => "700 ns",
            Unit::Count => "0",
            Unit::Share => "2 %",
            Unit::JoulePerFlop => "1.2 pJ/FLOP",
            Unit::Kelvin => "8 K",
            Unit::Cycle => "250 cycles",
        }
    }

    /// Suffixes a person may write after the prefix, longest first.
    fn spellings(self) -> &'static [&'static str] {
        match self {
            Unit::FlopPerSecond => &["FLOP/s", "FLOPS", "Flop/s"],
            Unit::OpPerSecond => &["OP/s", "OPS"],
            Unit::BytePerSecond => &["B/s"],
            Unit::Byte => &["B"],
            Unit::Nanosecond => &["s"],
            Unit::Count => &[""],
            Unit::Share => &["%"],
            Unit::JoulePerFlop => &["J/FLOP"],
            Unit::Kelvin => &["K"],
            Unit::Cycle => &["cycles"],
        }
    }

    fn prefixes(self) -> &'static [(&'static str, f64)] {
        const DECIMAL: &[(&str, f64)] = &[
            ("", 1.0),
            ("k", 1e3),
            ("K", 1e3),
            ("M", 1e6),
            ("G", 1e9),
            ("T", 1e12),
            ("P", 1e15),
            ("E", 1e18),
        ];
        const BYTES: &[(&str, f64)] = &[
            ("", 1.0),
            ("k", 1e3),
            ("K", 1e3),
            ("M", 1e6),
            ("G", 1e9),
            ("T", 1e12),
            ("P", 1e15),
            ("Ki", 1024.0),
            ("Mi", 1_048_576.0),
            ("Gi", 1_073_741_824.0),
            ("Ti", 1_099_511_627_776.0),
        ];
        const TIME: &[(&str, f64)] = &[("n", 1.0), ("u", 1e3), ("µ", 1e3), ("m", 1e6), ("", 1e9)];
        match self {
            Unit::FlopPerSecond | Unit::OpPerSecond => DECIMAL,
            Unit::BytePerSecond | Unit::Byte => BYTES,
            Unit::Nanosecond => TIME,
            Unit::Count => &[("", 1.0)],
            Unit::Share => &[("", 0.01)],
            Unit::JoulePerFlop => &[("f", 1e-15), ("p", 1e-12), ("n", 1e-9), ("", 1.0)],
            Unit::Kelvin | Unit::Cycle => &[("", 1.0)],
        }
    }

    /// Reads what a person wrote, such as `3.2 TB/s` or `140 GiB`, into this unit's base.
    ///
    /// GB is 10^9 and GiB is 2^30 bytes, always.
    pub fn parse(self, text: &str) -> Result<f64, QuantityError> {
        let trimmed = text.trim();
        let split = trimmed
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | '_')))
            .unwrap_or(trimmed.len());
        // An exponent belongs to the number only where digits follow it: `1e9 B` but not `1 EB`.
        let split = match trimmed[split..].strip_prefix(['e', 'E']) {
            Some(rest) => {
                let sign = usize::from(rest.starts_with(['+', '-']));
                let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
                if digits == 0 { split } else { split + 1 + sign + digits }
            }
            None => split,
        };
        let (number, suffix) = trimmed.split_at(split);
        let suffix = suffix.trim();
        let digits = number.replace('_', "");
        let number: f64 =
            digits.parse().map_err(|_| QuantityError::NoNumber(text.to_owned(), self.example()))?;
        let factor = self.factor(suffix).ok_or_else(|| {
            if suffix.is_empty() {
                QuantityError::NoUnit { text: text.to_owned(), example: self.example() }
            } else {
                QuantityError::WrongUnit {
                    given: suffix.to_owned(),
                    unit: if self == Unit::Nanosecond { TIMES } else { self.symbol() },
                    example: self.example(),
                }
            }
        })?;
        let value = shifted(&digits, factor).unwrap_or(number * factor);
        if value.is_finite() && value >= 0.0 {
            Ok(value)
        } else {
            Err(QuantityError::NotFinite(text.to_owned()))
        }
    }

    fn factor(self, suffix: &str) -> Option<f64> {
        match (self, suffix) {
            (Unit::Count, "count") => return Some(1.0),
            (Unit::Nanosecond, "min") => return Some(60e9),
            (Unit::Nanosecond, "h") => return Some(3_600e9),
            _ => {}
        }
        self.spellings().iter().find_map(|spelling| {
            let prefix = suffix.strip_suffix(spelling)?;
            self.prefixes().iter().find(|(p, _)| *p == prefix).map(|(_, factor)| *factor)
        })
    }

    /// Prints a value of this unit's base with at most four significant digits and the prefix that fits.
    pub fn format(self, value: f64) -> String {
        self.with_digits(value, DIGITS)
    }

    /// Two figures with four digits, or with as many as it takes that the less one reads as less.
    pub fn apart(self, one: f64, other: f64) -> [String; 2] {
        let both = |digits| [one, other].map(|value| self.with_digits(value, digits));
        let tells = |[a, b]: &[String; 2]| {
            let (Ok(a), Ok(b)) = (self.parse(a), self.parse(b)) else { return true };
            a.partial_cmp(&b) == one.partial_cmp(&other)
        };
        (DIGITS..DIGITS_MOST).map(both).find(tells).unwrap_or_else(|| both(DIGITS_MOST))
    }

    fn with_digits(self, value: f64, digits: usize) -> String {
        self.written(value, |value| short(significant(value, digits)))
    }

    /// The same with four digits always, for figures that stand below one another.
    pub fn in_column(self, value: f64) -> String {
        self.written(value, |shown| if value == 0.0 { "0".to_owned() } else { significant(shown, DIGITS) })
    }

    fn written(self, value: f64, digits: impl Fn(f64) -> String) -> String {
        match self {
            Unit::Count => format!("{value}"),
            Unit::Share => format!("{} %", digits(value * 100.0)),
            Unit::Kelvin | Unit::Cycle => format!("{} {}", digits(value), self.symbol()),
            Unit::JoulePerFlop if value < 1e-9 => format!("{} pJ/FLOP", digits(value * 1e12)),
            Unit::JoulePerFlop => format!("{} nJ/FLOP", digits(value * 1e9)),
            Unit::Nanosecond if value < 1e3 => format!("{} ns", digits(value)),
            Unit::Nanosecond if value < 1e6 => format!("{} us", digits(value / 1e3)),
            Unit::Nanosecond if value < 1e9 => format!("{} ms", digits(value / 1e6)),
            Unit::Nanosecond if value < 120e9 => format!("{} s", digits(value / 1e9)),
            Unit::Nanosecond if value < 7_200e9 => format!("{} min", digits(value / 60e9)),
            Unit::Nanosecond => format!("{} h", digits(value / 3_600e9)),
            Unit::FlopPerSecond | Unit::OpPerSecond | Unit::BytePerSecond | Unit::Byte => {
                let (prefix, factor) =
                    [("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15)]
                        .into_iter()
                        .rev()
                        .find(|(_, factor)| value >= *factor)
                        .unwrap_or(("", 1.0));
                format!("{} {prefix}{}", digits(value / factor), self.symbol())
            }
        }
    }
}

/// As many as a reader takes in.
const DIGITS: usize = 4;
/// No number of 64 bits has more.
const DIGITS_MOST: usize = 17;

/// So many digits that count.
fn significant(value: f64, digits: usize) -> String {
    let whole_digits = if value >= 1.0 { (libm::log10(value).floor() as usize).saturating_add(1) } else { 1 };
    let decimals = digits.saturating_sub(whole_digits);
    format!("{value:.decimals$}")
}

/// Digits times a power of ten, as the number nearest to what that is: a product is rounded twice, and a bound may then lie beyond the
/// very figure that it names. `None` where the factor is no power of ten.
fn shifted(digits: &str, factor: f64) -> Option<f64> {
    let power = libm::log10(factor).round() as i32;
    let is_decimal = format!("1e{power}").parse() == Ok(factor);
    let (digits, own) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let power = own.parse::<i32>().ok()?.checked_add(power)?;
    if is_decimal { format!("{digits}e{power}").parse().ok() } else { None }
}

/// Without zeros that say nothing.
fn short(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A time for people, to a tenth of the unit that fits.
pub fn lasting(ns: u64) -> String {
    let seconds = ns as f64 / 1e9;
    let (value, unit) = match seconds {
        ..180.0 => (seconds, "s"),
        ..10_800.0 => (seconds / 60.0, "min"),
        _ => (seconds / 3600.0, "h"),
    };
    format!("{} {unit}", (value * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report may state any number.
    #[test]
    fn numbers_of_any_size_are_written() {
        for value in [f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MIN_POSITIVE] {
            for unit in [Unit::Share, Unit::Byte, Unit::Nanosecond, Unit::FlopPerSecond] {
                assert!(!unit.format(value).is_empty());
            }
        }
    }

    #[test]
    fn quantities_read_as_a_person_writes_them() {
        for (unit, text, value) in [
            (Unit::BytePerSecond, "3.2 TB/s", 3.2e12),
            (Unit::BytePerSecond, "3.2TB/s", 3.2e12),
            (Unit::Byte, "140 GB", 140e9),
            (Unit::Byte, "1 GiB", 1_073_741_824.0),
            (Unit::Byte, "1e9 B", 1e9),
            (Unit::FlopPerSecond, "60 TFLOPS", 60e12),
            (Unit::FlopPerSecond, "1 EFLOP/s", 1e18),
            (Unit::OpPerSecond, "2 POP/s", 2e15),
            (Unit::Nanosecond, "1.5 us", 1500.0),
            (Unit::Nanosecond, "10 min", 600e9),
            (Unit::Nanosecond, "24 h", 86_400e9),
            (Unit::Count, "0", 0.0),
            (Unit::Share, "2.5 %", 0.025),
            (Unit::JoulePerFlop, "2 pJ/FLOP", 2e-12),
            (Unit::Kelvin, "8 K", 8.0),
        ] {
            assert_eq!(unit.parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn a_unit_that_does_not_fit_is_refused_with_an_example() {
        let error = Unit::BytePerSecond.parse("60 TFLOP/s").map_err(|e| e.to_string());
        assert_eq!(
            error,
            Err("the unit \"TFLOP/s\" does not fit, this is measured in B/s; write for example \"3.2 TB/s\""
                .into())
        );
        for bad in ["", "GB/s", "nan B/s", "inf B/s", "-1 B/s", "1e999 B/s", "3.2", "3.2 T B/s", "1 gb/s"] {
            assert!(Unit::BytePerSecond.parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn printing_keeps_four_digits() {
        assert_eq!(Unit::BytePerSecond.format(3.2e12), "3.2 TB/s");
        assert_eq!(Unit::FlopPerSecond.format(168_234_000_000.0), "168.2 GFLOP/s");
        assert_eq!(Unit::Nanosecond.format(93.456), "93.46 ns");
        assert_eq!(Unit::Count.format(0.0), "0");
        assert_eq!(Unit::Byte.format(0.0), "0 B");
        assert_eq!(Unit::BytePerSecond.in_column(3.2e12), "3.200 TB/s");
        assert_eq!((Unit::Byte.in_column(0.0), Unit::Count.in_column(3.0)), ("0 B".into(), "3".into()));
        assert_eq!(Unit::JoulePerFlop.format(0.7123e-12), "0.712 pJ/FLOP");
    }

    #[test]
    fn a_quantity_is_the_number_nearest_to_what_was_written() {
        for (unit, text, value) in [
            (Unit::Byte, "8.3 GB", 8_300_000_000.0),
            (Unit::BytePerSecond, "4.1 GB/s", 4_100_000_000.0),
            (Unit::Share, "0.7 %", 0.007),
            (Unit::Share, "19.9 %", 0.199),
            (Unit::Nanosecond, "16.1 us", 16_100.0),
            (Unit::Byte, "8.3e3 MB", 8_300_000_000.0),
            (Unit::Byte, "1.5 KiB", 1536.0),
            (Unit::Nanosecond, "1.5 h", 5_400e9),
        ] {
            assert_eq!(unit.parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_less_never_reads_as_equal() {
        let told = |unit: Unit, one, other| unit.apart(one, other).join(", ");
        let rate = Unit::BytePerSecond;
        assert_eq!(told(rate, 9.9924e9, 9.992_026_889e9), "9.9924 GB/s, 9.992 GB/s");
        assert_eq!(told(rate, 9e9, 8.999_96e9), "9 GB/s, 8.99996 GB/s");
        assert_eq!(told(Unit::Byte, 1e9, 999_960_000.0), "1 GB, 999.96 MB");
        assert_eq!(told(Unit::Share, 0.02, 0.020_000_4), "2 %, 2.00004 %");
        // Where four digits tell, and where nothing is to be told, there are no more.
        assert_eq!(told(rate, 9e9, 9.992_026_889e9), "9 GB/s, 9.992 GB/s");
        assert_eq!(told(rate, 9e9, 9e9), "9 GB/s, 9 GB/s");
        let next = f64::from_bits(9e9_f64.to_bits() - 1);
        assert_ne!(rate.apart(9e9, next)[0], rate.apart(9e9, next)[1]);
    }

    /// A program that reads 0.2 and a percent sign takes a hundredth of it.
    #[test]
    fn programs_read_shares_of_one_and_what_was_signed_before_stays_readable() {
        let written = serde_json::to_string(&Unit::Share);
        assert_eq!(written.ok().as_deref(), Some("\"1\""));
        for name in ["\"1\"", "\"%\""] {
            assert_eq!(serde_json::from_str::<Unit>(name).ok(), Some(Unit::Share), "{name}");
        }
    }

    #[test]
    fn every_example_parses_in_its_own_unit() {
        for unit in Unit::ALL {
            assert!(unit.parse(unit.example()).is_ok(), "{unit:?}");
        }
    }
}
