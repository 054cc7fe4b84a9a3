//! What a census finds on a simulated card: its units, and the time that another tenant takes.
//! Owns these records; the world knows when they are made.

use super::behaviour::Behaviour;
use crate::device::census::{Gap, Record};

/// How often the other tenant has its turn.
const TURN_NS: u64 = 10_000_000;

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
/// Into a turn of ours, before the other one's.
const LEAD_NS: u64 = 1_000_000;
const LOOK_NS: u64 = 100;

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
    let words = (0..blocks).flat_map(on_unit);
    words.flat_map(|word| [word as u32, (word >> 32) as u32]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
