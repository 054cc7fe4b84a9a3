//! The table `gpu_metrics` of the amdgpu driver, as far as it says why clocks are held down and what energy was used.
//! Owns its layouts (Linux, drivers/gpu/drm/amd/include/kgd_pp_interface.h); must not know files.

use std::collections::BTreeSet;

use super::super::Throttle;

/// What one look at the table tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    pub held: Held,
    /// Since the driver was loaded.
    pub energy_mj: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The reasons of this moment. `None` where the card tells of none, which may be for not knowing.
    Now(Option<Vec<Throttle>>),
    /// What must be held against an earlier look.
    Until(Residency),
}

/// For how long each reason has held since the driver was loaded, in ticks of the card's firmware. The counters wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residency([u32; 5]);

/// What the counters count, in their order: PROCHOT, package power, and the heat of socket, voltage regulators and memory.
const COUNTED: [Throttle; 5] =
    [Throttle::Brake, Throttle::Power, Throttle::Thermal, Throttle::Thermal, Throttle::Thermal];

/// Bits of the status that is the same for all chips (drivers/gpu/drm/amd/pm/swsmu/inc/amdgpu_smu.h): limits of power and of
/// current, of temperatures with those of voltage regulators, PROCHOT.
const BITS: [(std::ops::Range<u32>, Throttle); 4] = [
    (0..8, Throttle::Power),
    (16..24, Throttle::Power),
    (32..46, Throttle::Thermal),
    (46..48, Throttle::Brake),
];

impl Metrics {
    /// `None` where it is no such table, or one of a layout that says nothing of this. The layouts of the versions 1.0 to 1.2 have
    /// bits of their own for each chip, and those of 1.4 and 1.5, of the first drivers for CDNA 3, a status that is always 0.
    pub fn parse(table: &[u8]) -> Option<Self> {
        let size = usize::from(u16::from_le_bytes(bytes(table, 0)?));
        let [format, content] = bytes(table, 2)?;
        let table = table.get(..size)?;
        // 1.6 stood in two layouts before it was settled.
        match (format, content, size) {
            (1, 3, 120) => Some(Self { held: Held::Now(status(table, 112)?), energy_mj: None }),
            (1, 6, 1664) => Self::counted(table, 16, 36),
            (1, 7 | 8, _) => Self::counted(table, 24, 44),
            _ => None,
        }
    }

    fn counted(table: &[u8], energy_at: usize, counters_at: usize) -> Option<Self> {
        let energy = u64::from_le_bytes(bytes(table, energy_at)?);
        // In units of 2^-16 J.
        let energy_mj = u64::try_from((u128::from(energy) * 1000) >> 16).ok().filter(|_| energy != u64::MAX);
        let mut counters = [0; 5];
        for (n, counter) in counters.iter_mut().enumerate() {
            *counter = u32::from_le_bytes(bytes(table, counters_at + 4 * n)?);
        }
        Some(Self { held: Held::Until(Residency(counters)), energy_mj })
    }
}

impl Residency {
    /// The reasons that held at any time since `before`.
    pub fn since(self, before: Self) -> Vec<Throttle> {
        let moved = self.0.iter().zip(before.0).zip(COUNTED);
        let moved = moved.filter(|((now, before), _)| *now != before).map(|(_, reason)| reason);
        moved.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// What holds. All bits are set where a chip does not fill the field in, and chips fill in different ones, which the table does not say:
/// that none is set does not mean that nothing holds.
fn status(table: &[u8], at: usize) -> Option<Option<Vec<Throttle>>> {
    let word = u64::from_le_bytes(bytes(table, at)?);
    let is_set = |bits: &std::ops::Range<u32>| bits.clone().any(|bit| word >> bit & 1 == 1);
    let reasons = BITS.iter().filter(|(bits, _)| is_set(bits)).map(|(_, reason)| *reason);
    let reasons: Vec<Throttle> = reasons.collect::<BTreeSet<_>>().into_iter().collect();
    Some((word != u64::MAX && !reasons.is_empty()).then_some(reasons))
}

fn bytes<const N: usize>(table: &[u8], at: usize) -> Option<[u8; N]> {
    table.get(at..)?.first_chunk().copied()
}

/// A table of that version and size with these bytes in it.
#[cfg(test)]
pub fn table([format, content]: [u8; 2], size: u16, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut table = vec![0; usize::from(size)];
    table[..2].copy_from_slice(&size.to_le_bytes());
    table[2..4].copy_from_slice(&[format, content]);
    for (at, part) in parts {
        table[*at..*at + part.len()].copy_from_slice(part);
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn now(word: u64) -> Option<Vec<Throttle>> {
        let metrics = Metrics::parse(&table([1, 3], 120, &[(112, &word.to_le_bytes())])).unwrap();
        let Held::Now(reasons) = metrics.held else { panic!("{metrics:?}") };
        reasons
    }

    #[test]
    fn a_status_names_its_reasons() {
        assert_eq!(now(0), None, "the chip may not tell of what holds");
        assert_eq!(now(1 << 36), Some(vec![Throttle::Thermal]), "hot spot");
        assert_eq!(now(1 << 45), Some(vec![Throttle::Thermal]), "voltage regulator");
        assert_eq!(now(1 | 1 << 22), Some(vec![Throttle::Power]), "package power, and peak current");
        assert_eq!(
            now(1 << 47 | 1 << 32 | 1),
            Some(vec![Throttle::Thermal, Throttle::Power, Throttle::Brake])
        );
        assert_eq!(now(1 << 57), None, "a limit for the sake of a long life is none of these");
        assert_eq!(now(u64::MAX), None, "the chip does not fill it in");
    }

    /// 123 W for 1000 s, and five counters.
    fn counted(
        version: [u8; 2],
        size: u16,
        [energy_at, counters_at]: [usize; 2],
        counters: [u32; 5],
    ) -> Metrics {
        let counters: Vec<u8> = counters.iter().flat_map(|counter| counter.to_le_bytes()).collect();
        let energy = (123_000_u64 << 16).to_le_bytes();
        Metrics::parse(&table(version, size, &[(energy_at, &energy), (counters_at, &counters)])).unwrap()
    }

    #[test]
    fn counters_tell_what_held_between_two_looks() {
        let layouts = [([1, 6], 1664, [16, 36]), ([1, 7], 2208, [24, 44]), ([1, 8], 3000, [24, 44])];
        for (version, size, at) in layouts {
            let look = |counters| counted(version, size, at, counters);
            assert_eq!(look([0; 5]).energy_mj, Some(123_000_000));
            let since = |before, now| match (look(before).held, look(now).held) {
                (Held::Until(before), Held::Until(now)) => now.since(before),
                other => panic!("{other:?}"),
            };
            assert_eq!(since([7; 5], [7; 5]), []);
            assert_eq!(since([0; 5], [1, 0, 0, 0, 0]), [Throttle::Brake]);
            assert_eq!(since([0; 5], [0, 9, 0, 0, 0]), [Throttle::Power]);
            for n in 2..5 {
                let mut now = [5; 5];
                now[n] = 0;
                assert_eq!(since([5; 5], now), [Throttle::Thermal], "counter {n}, which wrapped");
            }
            assert_eq!(since([0; 5], [1; 5]), [Throttle::Thermal, Throttle::Power, Throttle::Brake]);
        }
    }

    #[test]
    fn what_says_nothing_is_not_read() {
        let known = table([1, 3], 120, &[]);
        for cut in 0..known.len() {
            assert_eq!(Metrics::parse(&known[..cut]), None, "{cut} bytes");
        }
        for (version, size) in [
            ([1, 2], 104),
            ([1, 3], 119),
            ([1, 4], 400),
            ([1, 6], 1700),
            ([1, 8], 48),
            ([1, 9], 64),
            ([2, 3], 120),
        ] {
            assert_eq!(Metrics::parse(&table(version, size, &[])), None, "{version:?} of {size} bytes");
        }
    }
}
