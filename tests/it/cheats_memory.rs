//! Provers that do not hold the memory that they are to hold, each refused for the reason that is its own.

use gpu_assay::proof::chain::Broken;
use gpu_assay::proof::challenge::Issued;
use gpu_assay::proof::memory::Memory;
use gpu_assay::proof::recheck::{Refusal, recheck};
use gpu_assay::proof::session::Fault;
use gpu_assay::proof::statement::{By, Outcome, Proof, Proved};
use gpu_assay::proof::wire::{Frame, Hello, Timed};

use gpu_assay::seal::SecretKey;

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

/// A commitment kept back, to have done more by then, would make the time of the other kind shorter: nothing of it can be begun before.
#[test]
fn no_time_of_one_kind_is_taken_for_that_of_the_other() {
    let issued = with_memory();
    let committed = commit(&issued, &hello(&issued, SMALL), 2 * 9, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    let figures = |frames: &[Timed]| signed(&issued, frames, By::Witness).figures.gpus.remove(0);
    let honest = figures(&frames);
    let sweeps_ns = |proved: &Proved| proved.memory.as_ref().map(|held| held.sweeps_ns);
    // With what is left of the two seconds after the last root, when a product was next.
    assert_eq!((honest.products_ns, sweeps_ns(&honest)), (1_984_000_000, Some(10_000_000)));
    // The last product of a cycle comes late; the sweep then has what it always had.
    let held_back = |frame: &Timed| matches!(frame.frame, Frame::Root { round: 3, .. });
    let from = frames.iter().position(held_back).unwrap();
    let mut late = frames.clone();
    for frame in &mut late[from..] {
        frame.at_ns += 50_000_000;
    }
    assert_eq!(check(&issued, &late), Ok(()));
    let late = figures(&late);
    assert_eq!((late.products_ns, sweeps_ns(&late)), (2_034_000_000, Some(10_000_000)));
    // What was done before it was told to is refused, and so is a turn where none is due.
    let is_turn = |frame: &Timed| matches!(frame.frame, Frame::Turn { .. });
    let untold: Vec<Timed> = frames.iter().filter(|frame| !is_turn(frame)).cloned().collect();
    assert_eq!(broken(check(&issued, &untold)), Broken::Untold(4));
    let at = frames.iter().position(is_turn).unwrap();
    for (to, turn) in [(at - 1, 4), (at + 1, 4), (at, 5)] {
        let mut moved = frames.clone();
        moved[at].frame = Frame::Turn { gpu: 0, round: turn, seed: [100; 32] };
        moved.swap(at, to);
        let times: Vec<u64> = frames.iter().map(|frame| frame.at_ns).collect();
        moved.iter_mut().zip(times).for_each(|(frame, at_ns)| frame.at_ns = at_ns);
        let broken = broken(check(&issued, &moved));
        assert!(matches!(broken, Broken::Untold(4) | Broken::Told(4 | 5)), "{to} {turn}: {broken}");
    }
}

/// Protocol 1 had no turns: there only both kinds together took the time that they took.
#[test]
fn older_proofs_of_memory_count_all_their_time_for_each_kind() {
    let issued = with_memory();
    let older = Hello { protocol: 1, ..hello(&issued, SMALL) };
    let committed = commit(&issued, &older, 2 * 9, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    let mut proof = signed(&issued, &frames, By::Witness);
    let follows = proof.figures.clone();
    let gpu = &mut proof.figures.gpus[0];
    assert_eq!((gpu.products_ns, gpu.memory.as_ref().unwrap().sweeps_ns), (1_997_000_000, 1_997_000_000));
    // What such a program stated.
    (gpu.products_ns, gpu.floor_per_s) = (8_000_000, 2.0 * gpu.floor_per_s);
    let again = recheck(&proof, &issued, bytes(&frames).as_slice(), [1; 32]);
    assert_eq!(again, Ok(follows.clone()));
    // Such a program did not say which protocol it was. Shown unchecked, its statement claims no more either.
    proof.figures.protocol = None;
    let memory = proof.figures.gpus[0].memory.as_mut().unwrap();
    (memory.sweeps_ns, memory.floor_bytes_per_s) = (10_000_000, 9e9);
    proof.figures.gpus[0].floor_per_s = 9e12;
    let shown = Proof::unchecked(&proof.seal(&SecretKey::generate().unwrap()).unwrap()).unwrap().figures;
    let gpu = &shown.gpus[0];
    let memory = gpu.memory.as_ref().unwrap();
    assert_eq!((gpu.products_ns, memory.sweeps_ns), (18_000_000, 18_000_000));
    assert!((gpu.floor_per_s / 4e12 - 1.0).abs() < 1e-9, "{}", gpu.floor_per_s);
    assert!((memory.floor_bytes_per_s / 5e9 - 1.0).abs() < 1e-9, "{}", memory.floor_bytes_per_s);
    let again = recheck(&proof, &issued, bytes(&frames).as_slice(), [1; 32]);
    assert_eq!(again, Ok(follows.clone()));
    proof.figures.gpus[0].rounds += 1;
    let again = recheck(&proof, &issued, bytes(&frames).as_slice(), [1; 32]);
    assert_eq!(again, Err(Refusal::Figures));
}

/// Who rents gains by calling refuted what holds: a node that is not accepted.
#[test]
fn what_holds_cannot_be_called_refuted() {
    let issued = crate::support_proof::issued(&challenge(1));
    let committed = commit(&issued, &hello(&issued, SMALL), 4, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    let refuted = |frames: &[Timed]| {
        let outcome = Outcome::Refuted { why: "GPU 0 shows nothing".to_owned() };
        let proof = Proof { outcome, ..signed(&issued, frames, By::Witness) };
        recheck(&proof, &issued, bytes(frames).as_slice(), [1; 32]).map(|_| ())
    };
    assert_eq!(refuted(&frames), Err(Refusal::Holds));
    assert_eq!(refuted(&frames[..frames.len() - 1]), Ok(()));
}

/// One card that computes for two, one after the other, would have its whole rate for each, were time not counted in which one of them
/// does nothing. So would one that stops early.
#[test]
fn the_time_of_all_ends_at_once() {
    let issued = crate::support_proof::issued(&challenge(2));
    for (protocol, again) in [(3, Err(Refusal::Figures)), (2, Ok(())), (1, Ok(()))] {
        let committed = commit(&issued, &Hello { protocol, ..hello(&issued, SMALL) }, 4, &mut Honest);
        let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
        let ended = frames.iter().position(|at| matches!(at.frame, Frame::Closed(_))).unwrap();
        let mut late = frames.clone();
        late[ended..].iter_mut().for_each(|at| at.at_ns += 1_000_000_000);
        let [proof, late_proof] = [&frames, &late].map(|frames| signed(&issued, frames, By::Witness));
        for (early, late) in proof.figures.gpus.iter().zip(&late_proof.figures.gpus) {
            assert_eq!(late.products_ns, early.products_ns + 1_000_000_000);
            assert_eq!(late.longest_gap_ns, early.longest_gap_ns + 1_000_000_000);
            let slower = early.products_ns as f64 / late.products_ns as f64;
            assert!((late.floor_per_s / early.floor_per_s / slower - 1.0).abs() < 1e-9);
        }
        // What programs stated that did not count it; they spoke older protocols.
        let stated = Proof { figures: proof.figures, ..late_proof.clone() };
        let found = recheck(&stated, &issued, bytes(&late).as_slice(), [1; 32]);
        assert_eq!(found, again.map(|()| late_proof.figures), "{protocol}");
    }
}
