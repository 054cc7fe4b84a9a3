//! What a census finds on a simulated card, its units and the time that another tenant takes; and how far each unit is from the
//! cache that all of them share. Owns these records; the world knows when they are made.

use super::behaviour::Behaviour;
use super::profiles::Profile;
use crate::device::census::{Gap, Record};
use crate::device::draw::{derived, hash};
use crate::device::walk;

/// How often the other tenant has its turn.
const TURN_NS: u64 = 10_000_000;
/// Into a turn of ours, before the other one's.
const LEAD_NS: u64 = 1_000_000;
const LOOK_NS: u64 = 100;

/// How long work takes that is begun at this time, where another tenant has the last `stolen` of each turn to itself.
pub fn between_turns(start_ns: u64, work_ns: f64, stolen: f64) -> f64 {
    let turn = TURN_NS as f64;
    let ours = turn * (1.0 - stolen);
    let at = (start_ns % TURN_NS) as f64;
    let left = (ours - at).max(0.0);
    if stolen <= 0.0 || ours <= 0.0 || work_ns <= left {
        return work_ns;
    }
    let rest = work_ns - left;
    turn - at + (rest / ours).floor() * turn + rest % ours
}

/// How long work takes that leans on memory and is begun at this time, where another tenant takes half of the bandwidth through the
/// last `crowded` of each turn.
pub fn beside(start_ns: u64, work_ns: f64, crowded: f64) -> f64 {
    if crowded <= 0.0 {
        return work_ns;
    }
    let turn = TURN_NS as f64;
    let alone = turn * (1.0 - crowded);
    // What is done by a time within a turn, and when so much is done.
    let done = |at: f64| at.min(alone) + (at - alone).max(0.0) / 2.0;
    let when = |done: f64| done.min(alone) + (done - alone).max(0.0) * 2.0;
    let at = (start_ns % TURN_NS) as f64;
    let goal = done(at) + work_ns;
    let of_turn = done(turn);
    (goal / of_turn).floor() * turn + when(goal % of_turn) - at
}

/// The records of `blocks` blocks that begin at `begin_ns`, as words of memory.
pub fn watch(behaviour: &Behaviour, blocks: u32, spin_ns: u32, begin_ns: u64) -> Vec<u32> {
    // A card that was just switched on has a clock that goes already.
    let begin_ns = begin_ns + 1;
    let taken_ns = (TURN_NS as f64 * behaviour.stolen) as u64;
    let gap = |turn: u64| Gap { begin_ns: begin_ns + turn * TURN_NS + LEAD_NS, ns: taken_ns, cycles: 0 };
    let turns = if taken_ns < Record::GAP_NS { 0 } else { u64::from(spin_ns) / TURN_NS };
    let record = Record {
        unit: 0,
        units: behaviour.units,
        begin_ns,
        end_ns: begin_ns + u64::from(spin_ns),
        begin_cycles: begin_ns,
        end_cycles: begin_ns + u64::from(spin_ns),
        longest_ns: if turns > 0 { taken_ns } else { LOOK_NS },
        gaps: turns,
        kept: (0..turns).take(Record::GAPS).map(gap).collect(),
    };
    let on_unit = |block| Record { unit: block % behaviour.units.max(1), ..record.clone() }.encode();
    halves((0..blocks).flat_map(on_unit))
}

fn halves(words: impl Iterator<Item = u64>) -> Vec<u32> {
    words.flat_map(|word| [word as u32, (word >> 32) as u32]).collect()
}

/// How far units differ, as shares of the mean: what all cards of a model have in common, and what only this die has. That is such
/// that maps of two cards correlate at 0.64, as those of two L40s were found to at 0.63 (Basaran and Alpay, arXiv 2606.22588).
const OF_THE_MODEL: f64 = 0.04;
const OF_THE_DIE: f64 = 0.03;

/// The records of one walk whose blocks arrive at `ends`, as words of memory. A die is told by seed and index, whatever UUID it
/// goes by.
pub fn walk(card: &Profile, behaviour: &Behaviour, ends: &[u32], hops: u32, begin_ns: u64) -> Vec<u32> {
    let Behaviour { seed, index, units, noise, .. } = *behaviour;
    let model = card.key.bytes().fold(0, |model, byte| derived(model, byte.into()));
    let die = derived(derived(model, seed), index);
    let at_this_time = derived(die, begin_ns);
    // From -1 to 1.
    let drawn = |from: u64, n: u32| 2.0 * f64::from(hash(from, n.into())) / f64::from(u32::MAX) - 1.0;
    let mean = f64::from(hops) * card.caches.l2_ns * f64::from(card.clock_mhz) / 1e3;
    let record = |(block, at): (u32, &u32)| {
        let unit = block % units.max(1);
        let far = 1.0 + OF_THE_MODEL * drawn(model, unit) + OF_THE_DIE * drawn(die, unit);
        let cycles = (mean * far * (1.0 + noise * drawn(at_this_time, block))) as u64;
        walk::Record { unit, units, at: *at, cycles }.encode()
    };
    halves((0..).zip(ends).flat_map(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_takes_bandwidth_slows_what_leans_on_memory() {
        const MS: f64 = 1e6;
        let takes = |start_ms: u64, work_ms: f64| beside(start_ms * 1_000_000, work_ms * MS, 0.4) / MS;
        assert_eq!((takes(0, 6.0), takes(2, 1.0)), (6.0, 1.0));
        // Into the other's turn, within it, and over several: 8 ms of work are done in each turn.
        assert_eq!((takes(5, 2.0), takes(7, 1.0), takes(0, 17.0)), (3.0, 2.0, 21.0));
        assert_eq!(beside(8_000_000, 5.0, 0.0), 5.0);
        assert_eq!(beside(0, 5.0, 1.0), 10.0);
    }

    #[test]
    fn whoever_takes_turns_makes_some_work_late_and_other_work_not() {
        const MS: f64 = 1e6;
        let takes = |start_ms: u64, work_ms: f64| between_turns(start_ms * 1_000_000, work_ms * MS, 0.3) / MS;
        assert_eq!((takes(0, 1.0), takes(6, 1.0)), (1.0, 1.0));
        // Into the other's turn, begun in it, and over several.
        assert_eq!((takes(6, 2.0), takes(8, 1.0)), (5.0, 3.0));
        assert_eq!((takes(0, 14.5), takes(20, 70.0 + 0.5)), (20.5, 100.5));
        assert_eq!(between_turns(8_000_000, 5.0, 0.0), 5.0);
        assert_eq!(between_turns(8_000_000, 5.0, 1.0), 5.0);
    }
}
