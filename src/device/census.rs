//! What the blocks of a census leave behind: on which unit each ran, when, and when time passed it by.
//! Owns the record, the laws that every one obeys, and what all units missed at once; must not know any backend.

/// The record of one block. In device memory: [`Record::WORDS`] little-endian 64-bit words in the order of the members, unit and
/// units sharing the first, then for each gap its three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The unit that the block ran on, and how many the device says there are.
    pub unit: u32,
    pub units: u32,
    /// By the clock that all units share.
    pub begin_ns: u64,
    pub end_ns: u64,
    /// By the unit's own clock.
    pub begin_cycles: u64,
    pub end_cycles: u64,
    /// The longest time from one look at the clock to the next.
    pub longest_ns: u64,
    /// How many looks came [`Record::GAP_NS`] or more after the one before.
    pub gaps: u64,
    /// The first of them, in order.
    pub kept: Vec<Gap>,
}

/// A time in which a block did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub begin_ns: u64,
    pub ns: u64,
    /// How far the unit's own clock went meanwhile.
    pub cycles: u64,
}

impl Record {
    pub const WORDS: usize = 32;
    pub const BYTES: u64 = 8 * Self::WORDS as u64;
    /// So many gaps are kept.
    pub const GAPS: usize = (Self::WORDS - Self::HEAD) / 3;
    /// Far above what a block waits for its neighbours, far below the time slice of another tenant.
    pub const GAP_NS: u64 = 200_000;
    const HEAD: usize = 8;

    pub fn decode(words: &[u64; Self::WORDS]) -> Self {
        let [first, begin_ns, end_ns, begin_cycles, end_cycles, longest_ns, gaps, _] =
            [0, 1, 2, 3, 4, 5, 6, 7].map(|i: usize| words[i]);
        let kept = Self::GAPS.min(usize::try_from(gaps).unwrap_or(usize::MAX));
        let gap = |gap: &[u64]| Gap { begin_ns: gap[0], ns: gap[1], cycles: gap[2] };
        let kept = words[Self::HEAD..].chunks_exact(3).take(kept).map(gap).collect();
        let (unit, units) = (first as u32, (first >> 32) as u32);
        Self { unit, units, begin_ns, end_ns, begin_cycles, end_cycles, longest_ns, gaps, kept }
    }

    pub fn encode(&self) -> [u64; Self::WORDS] {
        let mut words = [0; Self::WORDS];
        let head = [
            u64::from(self.unit) | u64::from(self.units) << 32,
            self.begin_ns,
            self.end_ns,
            self.begin_cycles,
            self.end_cycles,
            self.longest_ns,
            self.gaps,
            0,
        ];
        words[..Self::HEAD].copy_from_slice(&head);
        for (slot, gap) in words[Self::HEAD..].chunks_exact_mut(3).zip(&self.kept) {
            slot.copy_from_slice(&[gap.begin_ns, gap.ns, gap.cycles]);
        }
        words
    }

    /// All records in `bytes`.
    pub fn read(bytes: &[u8]) -> Vec<Self> {
        words(bytes).map(|words| Self::decode(&words)).collect()
    }

    /// Which law this record breaks, if it was to watch for `spin_ns` and not to begin before `after_ns`.
    fn breaks(&self, spin_ns: u64, after_ns: u64) -> Option<&'static str> {
        let watched = self.end_ns.wrapping_sub(self.begin_ns);
        let in_time =
            |gap: &Gap| gap.begin_ns >= self.begin_ns && gap.begin_ns.saturating_add(gap.ns) <= self.end_ns;
        let in_order = |pair: &[Gap]| pair[1].begin_ns >= pair[0].begin_ns.saturating_add(pair[0].ns);
        let length = |gap: &Gap| (Self::GAP_NS..=self.longest_ns).contains(&gap.ns);
        [
            (self.unit < self.units, "there is no such unit"),
            (self.end_ns >= self.begin_ns && self.begin_ns > after_ns, "time ran backwards"),
            (watched >= spin_ns, "it did not watch for as long as it was told to"),
            (self.end_cycles > self.begin_cycles, "the unit's clock stood still"),
            (self.longest_ns <= watched, "a gap is longer than the whole"),
            ((self.gaps > 0) == (self.longest_ns >= Self::GAP_NS), "it saw a gap and did not count it"),
            (self.kept.iter().all(|gap| in_time(gap) && length(gap)), "a gap lies outside"),
            (self.kept.windows(2).all(in_order), "gaps overlap"),
        ]
        .into_iter()
        .find_map(|(holds, law)| (!holds).then_some(law))
    }
}

/// Records of `N` little-endian 64-bit words each.
pub(super) fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u64; N]> {
    bytes.chunks_exact(8 * N).map(|bytes| {
        let mut words = [0; N];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        words
    })
}

/// The law that one of the records breaks, in words.
pub fn broken(records: &[Record], spin_ns: u64, after_ns: u64) -> Option<String> {
    let units = records.first().map_or(0, |record| record.units);
    (0..).zip(records).find_map(|(block, record): (u32, _)| {
        let differs = (record.units != units).then_some("units are counted differently");
        let law = record.breaks(spin_ns, after_ns).or(differs)?;
        Some(format!("block {block} on unit {} of {}: {law}", record.unit, record.units))
    })
}

/// How many different units the blocks ran on.
pub fn units(records: &[Record]) -> u64 {
    records.iter().map(|record| record.unit).collect::<std::collections::BTreeSet<_>>().len() as u64
}

/// What was given to somebody else while all blocks watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stolen {
    /// Each time slice, in nanoseconds, in order of time. One that began before all watched, or went on after, is cut there.
    pub slices: Vec<u64>,
    pub watched_ns: u64,
}

impl Stolen {
    pub fn ns(&self) -> u64 {
        self.slices.iter().fold(0, |sum, ns| sum.saturating_add(*ns))
    }
}

/// What all blocks missed at once. What one block alone misses is its own business.
pub fn stolen(records: &[Record]) -> Stolen {
    let begin = records.iter().map(|record| record.begin_ns).max().unwrap_or(0);
    let end = records.iter().map(Record::known_until).min().unwrap_or(0);
    if end <= begin {
        return Stolen::default();
    }
    let mut common = vec![(begin, end)];
    for record in records {
        common =
            common.iter().flat_map(|span| record.kept.iter().filter_map(|gap| gap.within(*span))).collect();
    }
    Stolen { slices: common.iter().map(|(from, to)| to - from).collect(), watched_ns: end - begin }
}

/// Of equal pieces of work and the time that each took: how much longer they took than the quickest tenth of them, where that was
/// by more than a quarter, and how long all took.
pub fn disturbed(times_ns: &[u64]) -> (u64, u64) {
    let mut sorted = times_ns.to_vec();
    sorted.sort_unstable();
    let quick = sorted.get(sorted.len() / 10).copied().unwrap_or(0);
    let late = times_ns.iter().map(|ns| ns.saturating_sub(quick)).filter(|late| *late > quick / 4);
    (late.fold(0, u64::saturating_add), times_ns.iter().copied().fold(0, u64::saturating_add))
}

impl Record {
    /// Until when all gaps are kept.
    fn known_until(&self) -> u64 {
        match self.kept.last() {
            Some(last) if self.gaps > self.kept.len() as u64 => last.begin_ns.saturating_add(last.ns),
            Some(_) | None => self.end_ns,
        }
    }
}

impl Gap {
    fn within(&self, (from, to): (u64, u64)) -> Option<(u64, u64)> {
        let (from, to) = (from.max(self.begin_ns), to.min(self.begin_ns.saturating_add(self.ns)));
        (from < to).then_some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A block that watched from 1 ms to 21 ms and missed these times, in milliseconds.
    fn watched(unit: u32, missed: &[(u64, u64)]) -> Record {
        let gap = |(from, to): &(u64, u64)| Gap { begin_ns: from * MS, ns: (to - from) * MS, cycles: 1 };
        let kept: Vec<Gap> = missed.iter().map(gap).collect();
        Record {
            unit,
            units: 4,
            begin_ns: MS,
            end_ns: 21 * MS,
            begin_cycles: 5,
            end_cycles: 6,
            longest_ns: kept.iter().map(|gap| gap.ns).max().unwrap_or(100),
            gaps: kept.len() as u64,
            kept,
        }
    }

    #[test]
    fn a_record_survives_device_memory() {
        let record = watched(3, &[(2, 4), (9, 10)]);
        let bytes: Vec<u8> = record.encode().iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(bytes.len() as u64, Record::BYTES);
        assert_eq!(Record::read(&bytes), [record]);
    }

    #[test]
    fn only_what_all_missed_at_once_was_taken() {
        let shared = [watched(0, &[(2, 4), (9, 12)]), watched(1, &[(3, 5), (8, 10), (11, 13)])];
        let taken = |slices: &[u64], watched: u64| Stolen {
            slices: slices.iter().map(|ms| ms * MS).collect(),
            watched_ns: watched * MS,
        };
        assert_eq!(stolen(&shared), taken(&[1, 1, 1], 20));
        assert_eq!(stolen(&shared).ns(), 3 * MS);
        assert_eq!(stolen(&[watched(0, &[(2, 4)]), watched(1, &[])]), taken(&[], 20));
        assert_eq!(stolen(&[watched(0, &[(2, 4)]), watched(1, &[(4, 6)])]), taken(&[], 20));
        assert_eq!(stolen(&[]), taken(&[], 0));
        // One that came when the other had gone.
        let late = Record { begin_ns: 30 * MS, end_ns: 50 * MS, ..watched(1, &[]) };
        assert_eq!(stolen(&[watched(0, &[]), late]), taken(&[], 0));
        // After more gaps than are kept nothing is known.
        let full = Record { gaps: 9, ..watched(0, &[(2, 4)]) };
        assert_eq!(stolen(&[full, watched(1, &[(2, 4)])]), taken(&[2], 3));
        assert_eq!(units(&shared), 2);
    }

    #[test]
    fn work_that_took_longer_than_the_same_work_was_disturbed() {
        assert_eq!(disturbed(&[]), (0, 0));
        assert_eq!(disturbed(&[7]), (0, 7));
        // A little more is nobody's doing.
        assert_eq!(disturbed(&[100, 100, 120, 125]), (0, 445));
        assert_eq!(disturbed(&[100, 100, 126, 400]), (326, 726));
        assert_eq!(disturbed(&[u64::MAX, 1, 1]), (u64::MAX - 1, u64::MAX));
        // Pauses now and then are no baseline.
        let mut times = vec![100; 95];
        times.extend([1; 5]);
        assert_eq!(disturbed(&times), (0, 9505));
    }

    /// What breaks a law, and a part of what is said then.
    type Breach = (fn(&mut Record), &'static str);

    #[test]
    fn every_law_can_be_broken() {
        let good = || watched(1, &[(2, 4), (9, 12)]);
        assert_eq!(broken(&[good(), watched(2, &[])], 20 * MS, 0), None);
        let changes: [Breach; 9] = [
            (|r| r.unit = 4, "no such unit"),
            (|r| r.begin_ns = 22 * MS, "backwards"),
            (|r| r.end_ns = 20 * MS, "as long as"),
            (|r| r.end_cycles = 5, "stood still"),
            (|r| r.longest_ns = 21 * MS, "longer than"),
            (|r| r.gaps = 0, "did not count"),
            (|r| r.kept[1].begin_ns = 19 * MS, "outside"),
            (|r| r.kept[0].ns = 8 * MS, "outside"),
            (|r| r.kept[1].begin_ns = 3 * MS, "overlap"),
        ];
        for (change, law) in changes {
            let mut bad = good();
            change(&mut bad);
            let said = broken(&[good(), bad], 20 * MS, 0).unwrap_or_default();
            assert!(said.contains(law) && said.starts_with("block 1"), "{law}: {said}");
        }
        assert!(broken(&[good()], 20 * MS, MS).is_some(), "it had run before");
        let other = Record { units: 5, ..good() };
        assert!(broken(&[good(), other], 20 * MS, 0).is_some());
        assert!(broken(&[Record::default()], 0, 0).is_some(), "zeros are no record");
    }
}
