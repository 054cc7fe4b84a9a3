//! Provers that do not hold the memory that they are to hold, each refused for the reason that is its own.

use gpu_assay::proof::chain::{Broken, Pace};
use gpu_assay::proof::challenge::Issued;
use gpu_assay::proof::memory::Memory;
use gpu_assay::proof::session::{Fault, Session};
use gpu_assay::proof::statement::{By, Outcome};
use gpu_assay::proof::wire::{Frame, Timed};

use super::support_proof::*;

fn with_memory() -> Issued {
    let mut terms = challenge(1);
    terms.memory_bytes = CELLS.bytes();
    issued(&terms)
}

/// Two cycles of products and a sweep, with this conduct.
fn hold_memory(conduct: &mut dyn Conduct) -> Result<(), Fault> {
    let issued = with_memory();
    let committed = commit(&issued, &hello(&issued, SMALL), 2 * (CELLS.products + CELLS.parts), conduct);
    check(&issued, &[committed.rounds(), committed.answers([5; 32], conduct)].concat())
}

#[test]
fn memory_that_is_held_holds() {
    assert_eq!(hold_memory(&mut Honest), Ok(()));
}

/// Half of the memory stands for all of it.
struct Aliased;
impl Conduct for Aliased {
    fn cell(&mut self, _round: u32, index: u64, right: Vec<u8>) -> Vec<u8> {
        let half = u64::from(CELLS.parts * CELLS.cells) / 2;
        if index < half { right } else { vec![index as u8; right.len()] }
    }
}

/// One cell of all is not kept.
struct Forgets(u64);
impl Conduct for Forgets {
    fn cell(&mut self, _round: u32, index: u64, right: Vec<u8>) -> Vec<u8> {
        if index == self.0 { vec![0; right.len()] } else { right }
    }
}

/// One bit of one cell decays after the first sweep.
struct Decays;
impl Conduct for Decays {
    fn cell(&mut self, round: u32, index: u64, mut right: Vec<u8>) -> Vec<u8> {
        if round > CELLS.products + CELLS.parts && index == 7 {
            right[4095] ^= 1;
        }
        right
    }
}

#[test]
fn memory_that_is_not_held_is_noticed() {
    assert!(matches!(broken(hold_memory(&mut Aliased)), Broken::Cell { .. }));
    assert!(matches!(broken(hold_memory(&mut Forgets(19))), Broken::Cell { .. }));
    assert!(matches!(broken(hold_memory(&mut Decays)), Broken::Cell { .. }));
}

#[test]
fn less_memory_than_demanded_or_another_order_is_refused() {
    let issued = with_memory();
    let committed = commit(&issued, &hello(&issued, SMALL), 9, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    assert_eq!(check(&issued, &frames), Ok(()));
    let mut less = hello(&issued, SMALL);
    less.gpus[0].memory = Some(Memory { parts: 4, ..CELLS });
    let first = |hello| [Timed { at_ns: 0, frame: Frame::Hello(hello) }];
    let refused = |offered| Err(Fault::Memory { gpu: 0, offered, demanded: CELLS.bytes() });
    assert_eq!(check(&issued, &first(less.clone())), refused(4 * CELLS.part_bytes()));
    less.gpus[0].memory = None;
    assert_eq!(check(&issued, &first(less.clone())), refused(0));
    for broken in
        [Memory { cells: 3, ..CELLS }, Memory { parts: 3, ..CELLS }, Memory { products: 0, ..CELLS }]
    {
        less.gpus[0].memory = Some(broken);
        assert!(
            matches!(check(&issued, &first(less.clone())), Err(Fault::Work { gpu: 0, .. })),
            "{broken:?}"
        );
    }
    for at in 1..4 {
        let mut without = frames.clone();
        without.remove(at);
        assert!(!holds(&issued, &without), "without {}", frames[at].frame.name());
    }
    let half = commit(&issued, &hello(&issued, SMALL), 7, &mut Honest);
    assert_eq!(broken(check(&issued, &half.rounds())), Broken::Incomplete { came: 7, cycle: 9 });
    // An answer that is somebody else's.
    let mut swapped = frames.clone();
    let last = frames.len() - 2;
    swapped.swap(last, last - 1);
    assert_eq!(check(&issued, &swapped), Ok(()), "answers come in any order");
    if let [
        Timed { frame: Frame::Cell { path: a, .. }, .. },
        Timed { frame: Frame::Cell { path: b, .. }, .. },
    ] = &mut swapped[last - 1..=last]
    {
        std::mem::swap(a, b);
    }
    assert!(matches!(broken(check(&issued, &swapped)), Broken::Cell { .. }));
}

/// Memory behind a link takes as long as the link does, and the floor says so.
#[test]
fn memory_that_lies_farther_away_has_a_lower_floor() {
    let issued = with_memory();
    let committed = commit(&issued, &hello(&issued, SMALL), 2 * 9, &mut Honest);
    let near = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    // A sweep reads over a link that is forty times slower.
    let mut late_ns = 0;
    let far: Vec<Timed> = near
        .iter()
        .map(|frame| {
            if let Frame::Root { round, .. } = &frame.frame {
                late_ns += if round % 9 < CELLS.products { 0 } else { 39_000_000 };
            }
            Timed { at_ns: frame.at_ns + late_ns, frame: frame.frame.clone() }
        })
        .collect();
    let floors = |frames: &[Timed]| {
        let proof = signed(&issued, frames, By::Witness);
        assert_eq!(proof.outcome, Outcome::Held);
        let gpu = proof.figures.gpus[0].clone();
        (gpu.floor_per_s, gpu.memory.unwrap().floor_bytes_per_s)
    };
    let ((work, read), (far_work, far_read)) = (floors(&near), floors(&far));
    assert_eq!(work, far_work);
    assert!((read / far_read - 40.0).abs() < 1e-9, "{read} and {far_read}");
}

/// Rounds that may have been begun in the time of the other kind do not count, their time does.
#[test]
fn work_begun_early_gives_no_better_pace() {
    let issued = with_memory();
    let committed = commit(&issued, &hello(&issued, SMALL), 2 * 9, &mut Honest);
    let mut session = Session::new(&issued, [3; 32]);
    committed.rounds().iter().for_each(|frame| session.take(frame).unwrap());
    let [done] = session.progress()[..] else { panic!() };
    // Four products and two more, of eight; three parts of five, twice. A millisecond each.
    assert_eq!(done.products, Pace { rounds: 6, ns: 8_000_000 });
    assert_eq!(done.parts, Pace { rounds: 6, ns: 10_000_000 });
    assert_eq!((done.rounds, done.longest_gap_ns), (18, 1_000_000));
}
