//! The report of an NVIDIA card, as its driver hands it out: an SPDM 1.1 request for measurements and the answer to it
//! (DMTF DSP0274, GET_MEASUREMENTS and MEASUREMENTS), one behind the other.
//! Owns the layout; must not know keys. Nothing read from here is believed.

const VERSION: u8 = 0x11;
const GET_MEASUREMENTS: u8 = 0xe0;
const MEASUREMENTS: u8 = 0x60;
/// In the request: the answer is to be signed.
const SIGNATURE_REQUESTED: u8 = 1;
/// ECDSA with P-384: r and s.
pub const SIGNATURE_BYTES: usize = 96;
/// What NVIDIA puts into the opaque data, by its numbers.
const DRIVER: u16 = 3;
const VBIOS: u16 = 6;
const FIRMWARE: u16 = 20;

/// A report, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// That of the request, which is whoever asked.
    pub nonce: &'a [u8; 32],
    /// What the signature covers: all but the signature.
    pub signed: &'a [u8],
    pub signature: &'a [u8; SIGNATURE_BYTES],
    opaque: &'a [u8],
}

impl<'a> Report<'a> {
    /// `Err` says what is malformed.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (signed, signature) = bytes.split_last_chunk().ok_or("it is too short")?;
        let mut rest = Fields { rest: signed };
        let [version, code, requested, _] = *rest.array()?;
        if [version, code] != [VERSION, GET_MEASUREMENTS] || requested & SIGNATURE_REQUESTED == 0 {
            return Err("it does not begin with an SPDM 1.1 request for signed measurements");
        }
        let nonce = rest.array()?;
        let [_slot] = *rest.array()?;
        let [version, code, _, _, blocks] = *rest.array()?;
        if [version, code] != [VERSION, MEASUREMENTS] {
            return Err("its request is not followed by SPDM 1.1 measurements");
        }
        let [low, middle, high] = *rest.array()?;
        let record = rest.take(usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16)?;
        let _answerers_nonce: &[u8; 32] = rest.array()?;
        let length = rest.number()?;
        let opaque = rest.take(length)?;
        if !rest.rest.is_empty() || count(record, 4)? != usize::from(blocks) {
            return Err("its lengths do not add up");
        }
        count(opaque, 4)?;
        Ok(Self { nonce, signed, signature, opaque })
    }

    /// The version of the driver, in its own spelling.
    pub fn driver(&self) -> Option<String> {
        let text = self.field(DRIVER)?.split(|byte| *byte == 0).next()?;
        let text = std::str::from_utf8(text).ok()?;
        (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then(|| text.to_owned())
    }

    /// The version of the card's firmware, as drivers spell it.
    pub fn vbios(&self) -> Option<String> {
        let [d, c, b, a, e, ..] = self.field(VBIOS)? else { return None };
        Some(format!("{a:02X}.{b:02X}.{c:02X}.{d:02X}.{e:02X}"))
    }

    /// What the firmware is by its digest, which the signing key's certificate names too.
    pub fn firmware(&self) -> Option<&'a [u8]> {
        self.field(FIRMWARE)
    }

    fn field(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = Fields { rest: self.opaque };
        loop {
            let (kind, length) = (rest.number().ok()?, rest.number().ok()?);
            let value = rest.take(length).ok()?;
            if kind == usize::from(wanted) {
                return Some(value);
            }
        }
    }
}

/// How many entries there are, each of a head whose last two bytes are the length of what follows it.
fn count(bytes: &[u8], head: usize) -> Result<usize, &'static str> {
    let (mut rest, mut found) = (Fields { rest: bytes }, 0);
    while !rest.rest.is_empty() {
        rest.take(head - 2)?;
        let length = rest.number()?;
        rest.take(length)?;
        found += 1;
    }
    Ok(found)
}

struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let (field, rest) = self.rest.split_at_checked(length).ok_or("it breaks off")?;
        self.rest = rest;
        Ok(field)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], &'static str> {
        let (field, rest) = self.rest.split_first_chunk().ok_or("it breaks off")?;
        self.rest = rest;
        Ok(field)
    }

    fn number(&mut self) -> Result<usize, &'static str> {
        self.array().map(|bytes| usize::from(u16::from_le_bytes(*bytes)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const REAL: &[u8] = include_bytes!("../../../tests/data/attestation/gh100.report.bin");

    #[test]
    fn a_real_report_is_taken_apart() {
        let report = Report::parse(REAL).unwrap();
        assert_eq!(report.nonce, &REAL[4..36]);
        assert_eq!([report.signed, report.signature].concat(), REAL);
        assert_eq!(report.firmware().unwrap().len(), 48);
        assert_eq!(report.field(21), Some(&b"U"[..]));
        assert_eq!(report.field(99), None);
    }

    proptest! {
        #[test]
        fn anything_is_refused_or_taken_apart(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            at in 0..REAL.len(),
            change in any::<u8>(),
            length in 0..REAL.len(),
        ) {
            let mut changed = REAL.to_vec();
            changed[at] ^= change;
            let follows = [&REAL[..42], &bytes].concat();
            for bytes in [&bytes[..], &changed, &changed[..length], &follows] {
                if let Ok(report) = Report::parse(bytes) {
                    prop_assert_eq!(report.signed.len() + SIGNATURE_BYTES, bytes.len());
                    let _ = (report.driver(), report.vbios(), report.firmware());
                }
            }
        }
    }
}
