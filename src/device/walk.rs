//! What the blocks of a walk leave behind: on which unit each went, where it arrived, and how long that took.
//! Owns the record and the laws that every one obeys; must not know any backend.

use super::census;
use super::op::ring_after;

/// The record of one block. In device memory: [`Record::WORDS`] little-endian 64-bit words in the order of the members, unit and
/// units sharing the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The unit that the block ran on, and how many the device says there are.
    pub unit: u32,
    pub units: u32,
    /// The word of the ring that the last hop led to.
    pub at: u32,
    /// By the unit's own clock.
    pub cycles: u64,
}

/// A ring as [`super::Op::Ring`] writes it, and how far every block goes along it.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub slots: u32,
    pub stride_bytes: u32,
    pub seed: u64,
    /// The slot that the first block begins at, the next one a slot further: blocks that began at one place would ask for the same
    /// line all at once.
    pub first: u32,
    pub hops: u32,
}

impl Way {
    fn slot(&self, block: u32) -> u32 {
        self.first.wrapping_add(block) % self.slots.max(1)
    }

    /// The word at which a block begins.
    pub fn start(&self, block: u32) -> u32 {
        self.slot(block) * (self.stride_bytes / 4)
    }

    fn end(&self, block: u32) -> u32 {
        ring_after(self.slots, self.seed, self.slot(block), self.hops.into()) * (self.stride_bytes / 4)
    }
}

impl Record {
    pub const WORDS: usize = 3;
    pub const BYTES: u64 = 8 * Self::WORDS as u64;

    pub fn encode(&self) -> [u64; Self::WORDS] {
        [u64::from(self.unit) | u64::from(self.units) << 32, self.at.into(), self.cycles]
    }

    /// All records in `bytes`.
    pub fn read(bytes: &[u8]) -> Vec<Self> {
        let record = |[first, at, cycles]: [u64; Self::WORDS]| Self {
            unit: first as u32,
            units: (first >> 32) as u32,
            at: at as u32,
            cycles,
        };
        census::words(bytes).map(record).collect()
    }
}

/// The law that one of the records breaks, in words.
pub fn broken(records: &[Record], way: &Way) -> Option<String> {
    let units = records.first().map_or(0, |record| record.units);
    (0..).zip(records).find_map(|(block, record): (u32, _)| {
        let Record { unit, at, cycles, .. } = *record;
        let end = way.end(block);
        let law = [
            (record.units == units, "units are counted differently".to_owned()),
            (unit < record.units, "there is no such unit".to_owned()),
            (at == end, format!("it arrived at word {at} instead of {end}")),
            (cycles >= way.hops.into(), format!("{} loads took {cycles} cycles", way.hops)),
        ];
        let (_, law) = law.into_iter().find(|(holds, _)| !holds)?;
        Some(format!("block {block} on unit {unit} of {}: {law}", record.units))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAY: Way = Way { slots: 64, stride_bytes: 128, seed: 3, first: 61, hops: 129 };

    fn walked(block: u32) -> Record {
        Record { unit: block % 4, units: 4, at: WAY.end(block), cycles: 30_000 + u64::from(block) }
    }

    #[test]
    fn a_record_survives_device_memory() {
        let all: Vec<Record> = (0..70).map(walked).collect();
        let bytes: Vec<u8> = all.iter().flat_map(Record::encode).flat_map(u64::to_le_bytes).collect();
        assert_eq!(bytes.len() as u64, 70 * Record::BYTES);
        assert_eq!(Record::read(&bytes), all);
        assert_eq!(broken(&all, &WAY), None);
        assert_ne!(WAY.start(1), WAY.end(1), "nothing done must show");
    }

    /// What breaks a law, and a part of what is said then.
    type Breach = (fn(&mut Record), &'static str);

    #[test]
    fn every_law_can_be_broken() {
        let changes: [Breach; 5] = [
            (|r| r.units = 5, "counted differently"),
            (|r| r.unit = 4, "no such unit"),
            (|r| r.at ^= 32, "instead of"),
            (|r| r.cycles = 128, "129 loads took 128 cycles"),
            (|r| *r = Record::default(), "counted differently"),
        ];
        for (change, law) in changes {
            let mut all = [walked(0), walked(1)];
            change(&mut all[1]);
            let said = broken(&all, &WAY).unwrap_or_default();
            assert!(said.contains(law) && said.starts_with("block 1"), "{law}: {said}");
        }
        assert!(broken(&[Record::default()], &WAY).is_some(), "zeros are no record");
        assert!(broken(&[walked(0)], &Way { first: 62, ..WAY }).is_some(), "it had walked before");
    }
}
