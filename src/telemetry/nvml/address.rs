//! How a card is named from outside: PCI addresses and UUIDs in the spellings of their sources.
//! Owns the spellings; must not know NVML's calls.

/// `dddd:bb:dd.f` in lower case, from that or from NVML's `DDDDDDDD:BB:DD.F`. `None` for what is no PCI address.
pub fn normal(address: &str) -> Option<String> {
    let mut parts = address.trim().split([':', '.']);
    let mut part = |digits_max: usize| {
        let digits = parts.next()?;
        // The parser of numbers would take a sign too.
        let good = digits.len() <= digits_max && digits.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| good)
    };
    let (domain, bus, device, function) = (part(8)?, part(2)?, part(2)?, part(1)?);
    parts.next().is_none().then(|| format!("{domain:04x}:{bus:02x}:{device:02x}.{function}"))
}

/// `GPU-8-4-4-4-12`, NVML's spelling, from 32 hex digits; `MIG-...` for a part of a card.
pub fn uuid(kind: &str, digits: &str) -> Option<String> {
    let good = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| {
        let part = |from: usize, to: usize| digits[from..to].to_ascii_lowercase();
        format!("{kind}-{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (given, wanted) in [
            ("00000000:1B:00.0", Some("0000:1b:00.0")),
            ("0000:1b:00.0", Some("0000:1b:00.0")),
            ("00010000:FF:1F.7", Some("10000:ff:1f.7")),
            ("", None),
            ("1b:00.0", None),
            ("0000:1b:00.0.0", None),
            ("0000:1b:00.", None),
            ("0000:+1:00.0", None),
            ("000000000:1b:00.0", None),
        ] {
            assert_eq!(normal(given).as_deref(), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_uuid_has_the_drivers_spelling() {
        let spelt = uuid("GPU", "000102030405060708090A0b0c0d0e0f");
        assert_eq!(spelt.as_deref(), Some("GPU-00010203-0405-0607-0809-0a0b0c0d0e0f"));
        for bad in ["", "00010203-0405-0607-0809-0a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0g"] {
            assert_eq!(uuid("GPU", bad), None, "{bad:?}");
        }
    }
}
