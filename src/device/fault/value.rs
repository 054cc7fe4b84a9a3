//! The values of a fault script: how each kind is written, read and bounded.
//! Owns no key and no meaning; every error is a fragment to which the caller adds place and example.

use super::{Injected, Sensors, When};
use crate::device::op::Precision;
use crate::units::Unit;

/// The unit of time that a rate is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    Second,
    Minute,
    Hour,
}

impl Per {
    pub const ALL: [Per; 3] = [Per::Second, Per::Minute, Per::Hour];

    pub fn name(self) -> &'static str {
        match self {
            Per::Second => "s",
            Per::Minute => "min",
            Per::Hour => "h",
        }
    }

    pub fn seconds(self) -> f64 {
        match self {
            Per::Second => 1.0,
            Per::Minute => 60.0,
            Per::Hour => 3600.0,
        }
    }
}

/// Whether a fault passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Often {
    Once,
    Forever,
}

impl Often {
    pub const ALL: [Often; 2] = [Often::Once, Often::Forever];

    pub fn name(self) -> &'static str {
        match self {
            Often::Once => "once",
            Often::Forever => "forever",
        }
    }
}

/// No card has more memory, no run lasts longer, no rate is further off.
const BYTES_MAX: f64 = 1e14;
const TIME_NS_MAX: f64 = 366.0 * 86_400e9;
const SHARE_MIN: f64 = 1e-6;
const SHARE_MAX: f64 = 1e6;
const DIGITS_MAX: usize = 32;
const TEXT_CHARS_MAX: usize = 64;

pub fn whole(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let digits = !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| text.parse::<u64>().ok()).flatten();
    number
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| format!("{:?} is not a whole number from {least} to {most}", super::cut(text)))
}

pub fn call(text: &str) -> Result<u64, String> {
    whole(text, 1, u64::MAX)
}

/// Plain decimal notation, so that what is printed is what was meant.
pub fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let plain = text.len() <= DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = plain.then(|| text.parse::<f64>().ok()).flatten();
    number
        .filter(|x| (least..=most).contains(x))
        .ok_or_else(|| format!("{:?} is not a plain number from {least} to {most}", super::cut(text)))
}

pub fn share(text: &str) -> Result<f64, String> {
    number(text, SHARE_MIN, SHARE_MAX)
}

pub fn bytes(text: &str) -> Result<u64, String> {
    let value = Unit::Byte.parse(&super::cut(text)).map_err(|e| e.to_string())?;
    if value <= BYTES_MAX {
        Ok(value.round() as u64)
    } else {
        Err(format!("{:?} is more than {}", super::cut(text), print_bytes(BYTES_MAX as u64)))
    }
}

pub fn time(text: &str) -> Result<u64, String> {
    let long = [Per::Minute, Per::Hour].into_iter().find_map(|per| {
        let amount = text.strip_suffix(per.name())?;
        Some(number(amount.trim(), 0.0, SHARE_MAX).map(|amount| amount * per.seconds() * 1e9))
    });
    let ns = long.unwrap_or_else(|| Unit::Nanosecond.parse(&super::cut(text)).map_err(|e| e.to_string()))?;
    if ns <= TIME_NS_MAX {
        Ok(ns.round() as u64)
    } else {
        Err(format!("{:?} is longer than {}", super::cut(text), print_time(TIME_NS_MAX as u64)))
    }
}

/// `idle`, or `hot:` and a temperature in degrees Celsius.
pub fn when(text: &str) -> Result<When, String> {
    match text.split_once(':') {
        None if text == "idle" => Ok(When::Idle),
        Some(("hot", degrees)) => whole(degrees, 0, 200).map(|from_c| When::Hot { from_c }),
        Some(_) | None => Err(format!("{:?} is neither idle nor hot and a temperature", super::cut(text))),
    }
}

pub fn text(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(format!("a name has 1 to {TEXT_CHARS_MAX} printable characters and no comma"));
    }
    Ok(text.to_owned())
}

pub fn uuid(text: &str) -> Result<String, String> {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() == 32 && text.bytes().all(hex) {
        Ok(text.to_owned())
    } else {
        Err(format!("{:?} is not 32 lower-case hex digits", super::cut(text)))
    }
}

pub fn nothing(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { Err("this key takes no value".to_owned()) }
}

/// `ADDRESS:BIT`
pub fn bit(text: &str) -> Result<(u64, u8), String> {
    let (addr, bit) =
        text.split_once(':').ok_or("a byte address, a colon and a bit from 0 to 31 are needed")?;
    Ok((bytes(addr)?, whole(bit, 0, 31)? as u8))
}

/// `ADDRESS:BIT` or `ADDRESS:BIT=0|1`
pub fn stuck(text: &str) -> Result<(u64, u8, bool), String> {
    let (place, level) = text.split_once('=').unwrap_or((text, "1"));
    let (addr, bit) = bit(place)?;
    Ok((addr, bit, whole(level, 0, 1)? == 1))
}

/// `SHARE@TIME`
pub fn share_from(text: &str) -> Result<(f64, u64), String> {
    let (amount, from) = text.split_once('@').ok_or("a share, @ and a time are needed")?;
    Ok((share(amount)?, time(from)?))
}

/// `INDEX:SHARE`
pub fn peer_share(text: &str) -> Result<(u64, f64), String> {
    let (index, amount) =
        text.split_once(':').ok_or("the index of a card, a colon and a share are needed")?;
    Ok((whole(index, 0, 255)?, share(amount)?))
}

/// `NUMBER/UNIT`
pub fn rate(text: &str) -> Result<(f64, Per), String> {
    let (amount, per) = text.split_once('/').ok_or("a number, / and one of s, min, h are needed")?;
    Ok((number(amount, 0.0, SHARE_MAX)?, one_of(per, &Per::ALL, Per::name)?))
}

/// `CODE@TIME`
pub fn xid(text: &str) -> Result<(u64, u64), String> {
    let (code, from) = text.split_once('@').ok_or("a code, @ and a time are needed")?;
    Ok((whole(code, 1, 999)?, time(from)?))
}

pub fn timer(text: &str) -> Result<Option<f64>, String> {
    if text == "none" { Ok(None) } else { share(text).map(Some) }
}

pub fn often(text: &str) -> Result<Often, String> {
    one_of(text, &Often::ALL, Often::name)
}

pub fn injected(text: &str) -> Result<Injected, String> {
    one_of(text, &Injected::ALL, Injected::name)
}

pub fn sensors(text: &str) -> Result<Sensors, String> {
    one_of(text, &Sensors::ALL, Sensors::name)
}

pub fn precision(text: &str) -> Result<Precision, String> {
    one_of(text, &Precision::ALL, Precision::name)
}

fn one_of<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|x| name(*x) == text).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|x| name(*x)).collect();
        format!("{:?} is not one of {}", super::cut(text), names.join(", "))
    })
}

/// In the largest decimal unit that leaves no fraction.
pub fn print_bytes(bytes: u64) -> String {
    exact(bytes, &[(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")], "B")
}

pub fn print_time(ns: u64) -> String {
    exact(ns, &[(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us")], "ns")
}

fn exact(value: u64, units: &[(u64, &str)], base: &str) -> String {
    let fits = units.iter().find(|(size, _)| value != 0 && value.is_multiple_of(*size));
    fits.map_or_else(|| format!("{value}{base}"), |(size, unit)| format!("{}{unit}", value / size))
}
