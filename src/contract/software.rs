//! Versions that results are comparable under: of the driver, of this program, of the catalogue.
//! Owns how versions are written and compared.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The software pin of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// The oldest driver that counts, such as `570.86`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver_at_least: Option<Version>,
    /// The first driver that no longer counts, such as `600`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver_below: Option<Version>,
    /// The oldest version of this program that may measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assay_at_least: Option<Version>,
    /// SHA-256 of the catalogue that models and datasheets are looked up in, as `assay catalogue check` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub catalogue_sha256: Option<String>,
}

/// Numbers with dots between them, such as `570.86.15`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(!try_from, !into)]
pub struct Version(#[schemars(regex(pattern = "^[0-9]+(\\.[0-9]+)*$"))] String);

impl Version {
    fn parts(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.split('.').map(|part| part.parse().unwrap_or(u64::MAX))
    }

    /// The first version in a text, such as `Vulkan NVIDIA 570.86.15`.
    pub(super) fn within(text: &str) -> Option<Self> {
        let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
        let dotted = words.filter(|word| word.trim_matches('.').contains('.'));
        dotted.map(|word| word.trim_matches('.').to_owned()).find_map(|word| word.try_into().ok())
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_number =
            |part: &str| !part.is_empty() && part.len() < 19 && part.bytes().all(|b| b.is_ascii_digit());
        match text.split('.').all(is_number) {
            true => Ok(Self(text)),
            false => {
                let shown: String = text.chars().take(40).collect();
                Err(format!("{shown:?} is no version; write numbers with dots, such as \"570.86\""))
            }
        }
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Part by part; what is not written is 0.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.parts(), other.parts());
        loop {
            match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (x, y) if x.unwrap_or(0) == y.unwrap_or(0) => {}
                (x, y) => return x.unwrap_or(0).cmp(&y.unwrap_or(0)),
            }
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |text: &str| Version::try_from(text.to_owned()).unwrap();
        let order = ["0.9", "0.10", "570", "570.86", "570.86.15", "570.124.06", "1000"];
        for pair in order.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("570").cmp(&version("570.0.0")), Ordering::Equal);
        for bad in ["", ".", "570.", "v570", "5 70", "99999999999999999999"] {
            assert!(Version::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        let within = |text: &str| Version::within(text).map(String::from);
        assert_eq!(within("Vulkan NVIDIA 570.86.15").as_deref(), Some("570.86.15"));
        assert_eq!(within("llvmpipe Mesa 22.3.6 (LLVM 15.0.6)").as_deref(), Some("22.3.6"));
        assert_eq!(within("no version"), None);
    }
}
