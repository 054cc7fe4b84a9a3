//! What a census finds on a simulated card: its units, and the time that another tenant takes.
//! Owns these records; the world knows when they are made.

use super::behaviour::Behaviour;
use crate::device::census::{Gap, Record};

/// How often the other tenant has its turn.
const TURN_NS: u64 = 10_000_000;
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
